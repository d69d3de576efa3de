"""Profiles of a step, and what an answer says of the next saving."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.measures.draws import between
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers

PARTS = ("attention", "feed-forward", "head and loss", "backward pass", "optimiser", "drawing the batch")


def profiles(seed: int) -> list[tuple]:
    """Return some (shares, faster): where the largest share, or the largest factor, is the wrong choice."""
    generator = torch.Generator().manual_seed(seed)
    fixed = [
        (
            {"attention": 0.5, "feed-forward": 0.3, "optimiser": 0.2},
            {"attention": 1.2, "feed-forward": 3.0, "optimiser": 10.0},
        ),
        ({"attention": 0.2, "feed-forward": 0.8}, {"attention": 1.5, "feed-forward": 0.05}),
        ({"attention": 0.6, "feed-forward": 0.4}, {"attention": 1.0, "feed-forward": 0.5}),
        ({"backward pass": 0.9, "optimiser": 0.1}, {"optimiser": 4.0}),
    ]
    drawn = []
    while len(drawn) < 4:
        count = between(3, 6, generator)
        sizes = [between(5, 60, generator) for _ in range(count)]
        shares = {part: size / sum(sizes) for part, size in zip(PARTS, sizes, strict=False)}
        faster = {part: between(5, 60, generator) / 10 for part in shares}
        saved = sorted(share * (1 - 1 / faster[part]) for part, share in shares.items())
        if saved[-1] > 0.03 and saved[-1] - saved[-2] > 0.01:
            drawn.append((shares, faster))
    return fixed + drawn


def chosen(next_saving: Callable, shares: dict, faster: dict) -> dict[str, object]:
    """Return the part that the answer chooses, and how many times as fast the whole step becomes."""
    raw = next_saving(dict(shares), dict(faster))
    if not isinstance(raw, tuple | list) or len(raw) != 2:
        raise Refusal(f"Expected (part, times): a name and a number, got {type(raw).__name__} {raw!r:.60}.")
    part, times = raw
    if not (part is None or part in shares) or numbers(times) is None:
        raise Refusal(
            f"Expected one of {', '.join(shares)}, or None, and a number; got ({part!r}, {times!r:.40})."
        )
    return {"part": Fact(part or "none", _judged(part, shares, faster)), "times": times}


def _judged(part: str | None, shares: dict, faster: dict) -> str:
    """Say what a choice gives, and what the best one gives."""
    best = max(faster, key=lambda part: times(shares, faster, part))
    gives = times(shares, faster, part) if part in faster else 1.0
    most = max(1.0, times(shares, faster, best))
    return f"You choose {part}: the whole step is then {gives:.3g} times as fast. The best choice gives {most:.3g} times."


def times(shares: dict, faster: dict, part: str) -> float:
    """Return how many times as fast the whole step is when this part alone is made faster."""
    return 1 / (1 - shares[part] + shares[part] / faster[part])


class Saving:
    """What the learner chose, what that gives, and what the best choice gives."""

    def __init__(self, case: Case) -> None:
        shares, faster = case.inputs
        mine = case.got["part"].value
        self.times = float(numbers(case.got["times"]))
        self.part = mine
        self.said = f"You choose {mine} and a step {self.times:.3g} times as fast"
        self.profile = ", ".join(
            f"{part} {share:.0%}" + (f" (× {faster[part]:g})" if part in faster else "")
            for part, share in shares.items()
        )
        self.instead = case.got["part"].said
        self.share = shares.get(mine, 0.0)
        self.factor = faster.get(mine, 1.0)
