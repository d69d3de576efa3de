"""From a profile, which part to make faster next, and what the whole step gains: Amdahl's law."""

import math
from collections.abc import Callable

import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.faster_and_bigger.savings import Saving, chosen, profiles, times

ex = Exercise(
    prompt="Write next_saving(shares, faster): shares is {part: its share of a step's time}, with sum 1; faster is {part: how many times as fast that part could be made}, and lacks the parts for which nobody knows how. Choose the one part that shortens the step most. Return (part, times): how many times as fast the whole step then is. Where no change helps, return (None, 1.0).",
    hints=(
        "What is left of a step after one part has become faster? All the others, as they were, and the rest of that part.",
        "A part with the share s that becomes f times as fast takes s / f, so the step takes 1 - s + s / f. A factor below 1 makes a part slower.",
        "left = {part: 1 - shares[part] + shares[part] / factor for part, factor in faster.items()}; take the smallest, if it is below 1, and return it with 1 / left[part].",
    ),
    inputs=profiles,
    run=chosen,
    see=Saving,
    note=lambda values: (
        f"In the first profile the optimiser could become ten times as fast, and attention has the largest share. Neither is the next thing to do: the feed-forward layer makes the step {float(values[0]['times']):.2f} times as fast."
    ),
)


@ex.right
def next_saving(shares: dict, faster: dict) -> tuple:
    best, shortest = None, 1.0  # a step as it is now
    for part, factor in faster.items():
        left = 1 - shares[part] + shares[part] / factor
        if left < shortest:
            best, shortest = part, left
    return best, 1 / shortest


@ex.also_right
def saving_by_max(shares, faster):
    saved = {part: share - share / faster.get(part, 1) for part, share in shares.items()}
    part = max(saved, key=saved.get)
    return (part, 1 / (1 - saved[part])) if saved[part] > 0 else (None, 1)


@ex.also_right
def saving_by_whole_steps(shares, faster):
    options = [(1.0, None)]
    for changed in faster:
        step = sum(share / (faster[part] if part == changed else 1) for part, share in shares.items())
        options.append((step, changed))
    step, part = min(options, key=lambda option: option[0])
    return [part, torch.tensor(1.0) / step]


def choosing(value: Callable, gives: Callable = times, least: float = 1.0) -> Callable:
    """Return next_saving that takes the part of the highest value, and says `gives` of it."""

    def answer(shares, faster):
        part = max(faster, key=lambda part: value(shares[part], faster[part]))
        helps = times(shares, faster, part) > least
        return (part, gives(shares, faster, part)) if helps else (None, 1.0)

    return answer


def saved(share: float, factor: float) -> float:
    return share - share / factor


def saying(gives: Callable) -> Callable:
    """Return next_saving that chooses rightly, and says something else of the step: gives(share, factor)."""
    return choosing(saved, lambda shares, faster, part: gives(shares[part], faster[part]))


ex.mistake(
    "the largest share",
    "{instead} You took the part with the largest share ({profile}). A large part that can hardly be made faster saves little.",
    choosing(lambda share, factor: share),
    lambda shares, faster: choosing(lambda share, factor: share, least=-1.0)(shares, faster),
)
ex.mistake(
    "the largest factor",
    "{instead} You took the part that can be made fastest ({profile}). Ten times as fast saves little where little time is spent.",
    choosing(lambda share, factor: factor),
    choosing(lambda share, factor: factor, least=-1.0),
)
ex.mistake(
    "share times factor",
    "{instead} You multiplied share and factor ({profile}). Saved is the share minus what is left of it: s - s / f.",
    choosing(lambda share, factor: share * factor),
    choosing(lambda share, factor: share * factor, least=-1.0),
)
ex.mistake(
    "the factor of the part for the whole",
    "{said}. That is what {part} alone becomes. The other {rest} of the step take as long as before.",
    saying(lambda share, factor: factor),
    see=lambda case: Saving(case).__dict__ | {"rest": f"{1 - Saving(case).share:.0%}"},
)
ex.mistake(
    "the part is taken away",
    "{said}. That is the step without {part}, the limit that no factor can pass. With a factor of {factor:g} some of it is left.",
    saying(lambda share, factor: 1 / (1 - share)),
)
ex.mistake(
    "the time in place of how many times",
    "{said}: that is what is left of the step, as a share. How many times as fast is 1 divided by it.",
    saying(lambda share, factor: 1 - share + share / factor),
)
ex.mistake(
    "the saving in place of how many times",
    "{said}: that is the share of the step that is saved. The step takes the rest, and 1 divided by that is asked for.",
    saying(lambda share, factor: share - share / factor),
)
ex.mistake(
    "a saving is added to 1",
    "{said}. You add the share that is saved to 1. To save half of a step makes it twice as fast, and not one and a half times.",
    saying(lambda share, factor: 1 + share - share / factor),
)
ex.mistake(
    "an average of the factors",
    "{said}. You average the factor of {part} and the 1 of the rest, weighted by their time. Times add up, factors do not.",
    saying(lambda share, factor: 1 - share + share * factor),
)
ex.mistake(
    "all changes at once",
    "{said}. That is what all the changes give together; asked for is one of them, the next.",
    choosing(saved, lambda shares, faster, part: 1 / sum(s / faster.get(p, 1) for p, s in shares.items())),
    choosing(
        saved,
        lambda shares, faster, part: 1 / sum(s / max(1, faster.get(p, 1)) for p, s in shares.items()),
    ),
)
ex.mistake(
    "a change that does not help",
    "{said}, with the profile {profile}. No part there can be made faster: the honest answer is None, and 1.",
    choosing(saved, least=-1.0),
)
ex.mistake(
    "not a number where nothing helps",
    "{said}, with the profile {profile}. Where nothing changes the step is once as fast as before: 1.0.",
    lambda shares, faster: (lambda part, t: (part, t if part else 0.0))(*next_saving(shares, faster)),
    lambda shares, faster: (lambda part, t: (part, t if part else math.inf))(*next_saving(shares, faster)),
)
