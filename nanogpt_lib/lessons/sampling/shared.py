"""What the exercises of this lesson share: sizes, some ways to give out shares, and what their messages measure."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.mistakes import Case, Mistake


def sizes(seed: int) -> tuple[int, int, torch.Generator]:
    """Return B, V and a generator; B and V are never the same."""
    generator = torch.Generator().manual_seed(seed)
    B, more = (int(torch.randint(low, low + 3, (), generator=generator)) for low in (3, 4))
    return B, B + more, generator


def rows(values: torch.Tensor) -> torch.Tensor:
    """Return (V,) or (B, V) as rows."""
    return values.reshape(-1, values.shape[-1])


def greedy(logits: torch.Tensor) -> torch.Tensor:
    """Return 1 for the first highest of each row, and 0 for the others."""
    return torch.zeros_like(logits).scatter(-1, logits.argmax(dim=-1, keepdim=True), 1.0)


def divided(values: torch.Tensor) -> torch.Tensor:
    """Return the values, each divided by the sum of its row."""
    return values / values.sum(dim=-1, keepdim=True)


def raised(case: Case) -> str:
    """Return what the learner's function raised, in words."""
    first = (str(case.error).splitlines() or [""])[0]
    return f"your function raised {type(case.error).__name__}: {first.rstrip('.')}"


def refused(case: Case) -> dict[str, object]:
    """Return the fields of a message on an error: on which shape, and what was raised."""
    return {"shape": tuple(case.inputs[0].shape), "raised": raised(case)}


def sum_off(values: torch.Tensor) -> str:
    """Return which row's sum is farthest from 1, in words."""
    sums = values.double().sum(-1).flatten()
    row = int((sums - 1).abs().argmax())
    return f"your row {row} sums to {sums[row]:.3g}, not to 1"


class Kept:
    """Which ids an answer keeps and which it should, in the first row where that differs; row is None if in none.

    Args:    mine, right: (..., V), True for what is kept.
    """

    def __init__(self, mine: torch.Tensor, right: torch.Tensor) -> None:
        off = (rows(mine) != rows(right)).any(dim=-1).nonzero()
        self.row = int(off[0]) if len(off) else None
        self.mask = rows(mine)[self.row or 0]
        self.ids, self.right = (rows(kept)[self.row or 0].nonzero()[:, 0].tolist() for kept in (mine, right))
        where = f" in row {self.row or 0}" if mine.ndim > 1 else ""
        self.said = f"you keep {len(self.ids)} of {mine.shape[-1]}{where}"


def counted_from_the_front(what: str, *functions: Callable) -> Mistake:
    """Return the mistake that works on (B, V) and not on (V,); `what` comes in these shapes."""
    return Mistake(
        "the axis is counted from the front",
        "With {what} of shape {shape} {raised}. (V,) and (B, V) are both asked for; counted from the end, the vocabulary has one number in both.",
        *functions,
        see=lambda case: {"what": what, **refused(case)},
    )
