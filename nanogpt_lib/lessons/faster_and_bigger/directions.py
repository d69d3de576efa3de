"""The directions of a matrix and how long each is, of an update and of what an answer makes of it."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers

NEAR = (0.65, 1.35)  # a few matrix products reach 1 only roughly, and that is enough
GONE = 0.05  # a direction shorter than this is none


def to_turn(seed: int) -> list[tuple]:
    """Return some (update,): square, wide, tall, with a row of zeros, large, and all zeros."""
    generator = torch.Generator().manual_seed(seed)

    def update(rows: int, columns: int, lengths: list[float]) -> torch.Tensor:
        while True:
            drawn = torch.randn(rows, columns, generator=generator)
            U, _, Vh = torch.linalg.svd(drawn, full_matrices=False)
            if rows < columns or (Vh - Vh.mT).abs().max() > 0.3:
                break  # else V would be as good as V^T
        return U @ torch.diag(torch.tensor(lengths)) @ Vh

    lone = update(4, 6, [1.0, 0.5, 0.3, 0.1])
    lone[1] = 0.0  # three directions are left
    return [
        (update(3, 3, [2.0, 0.6, 0.1]),),
        (update(3, 7, [0.4, 0.1, 0.02]),),
        (update(6, 4, [1.5, 0.9, 0.3, 0.05]),),
        (lone,),
        (update(4, 4, [60.0, 20.0, 9.0, 2.0]),),
        (torch.zeros(3, 5),),
    ]


def turned(orthogonalise: Callable, update: torch.Tensor) -> dict[str, object]:
    """Return the lengths of the answer's directions, and the directions, all made equally long.

    A length near 1 counts as 1, and one near 0 as 0, since there are rougher and finer ways to get there.
    """
    result = numbers(orthogonalise(update))
    if result is None or result.shape != update.shape:
        shape = f"shape {tuple(result.shape)}" if result is not None else "no tensor"
        raise Refusal(f"Expected a matrix like the update, shape {tuple(update.shape)}, got {shape}.")
    bad = int((~result.isfinite()).sum())
    found: dict[str, object] = {
        "finite": Fact(bad, f"{bad} of your {result.numel()} numbers are not finite.")
    }
    if bad:
        return found
    U, lengths, Vh = torch.linalg.svd(result, full_matrices=False)
    near = (lengths > NEAR[0]) & (lengths < NEAR[1])
    settled = torch.where(near, 1.0, torch.where(lengths < GONE, 0.0, lengths))
    kept = (lengths > GONE).double()
    return found | {"lengths": settled, "directions": U @ torch.diag(kept) @ Vh, "_lengths": lengths}


class Turned:
    """The lengths before and after, in words, and what is not finite."""

    def __init__(self, case: Case) -> None:
        (update,) = case.inputs
        before = [round(length, 2) for length in torch.linalg.svdvals(update).tolist()]
        self.shape, self.bad = tuple(update.shape), case.got["finite"].said if case.got else ""
        self.came = self.bad.rstrip(".")
        if case.got and "_lengths" in case.got:
            after = [round(length, 2) for length in case.got["_lengths"].tolist()]
            self.lengths = f"The update's directions have the lengths {before}, yours {after}"
            self.came = self.lengths
            self.count = int((case.got["_lengths"] > GONE).sum())
            self.wanted = int((case.want["_lengths"] > GONE).sum())
            same = (case.got["directions"] * case.want["directions"]).sum() / max(1, self.wanted)
            self.same = f"your directions agree with the update's to {same:.2f}, where 1 is the same"
