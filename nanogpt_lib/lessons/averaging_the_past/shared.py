"""What the four exercises of this lesson share: their inputs, what their messages measure, some mistakes.

The first input of each is the identity matrix (B = 1, C = T = 8). There the output is the weights
themselves, so that a message can show the learner their own weights.
"""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.diagnose import no_future, weights_sum_to_1
from nanogpt_lib.kit.mistakes import Case, Mistake

SIDE = 8  # T of the first input


def identity_first(seed: int) -> list[tuple]:
    """Return the identity matrix, then random x of several shapes."""
    generator = torch.Generator().manual_seed(seed)
    B, T, C = (int(torch.randint(2, 7, (), generator=generator)) for _ in range(3))
    shapes = [(B, T, C), (1, T + 1, C), (B, 1, C), (1, 1, 1), (B + 1, T, 1)]
    drawn = [(torch.randn(shape, generator=generator),) for shape in shapes]
    return [(torch.eye(SIDE)[None],), *drawn]


class Weights:
    """The learner's weights on the identity matrix: row t says how much position t takes of each."""

    def __init__(self, case: Case) -> None:
        self.got = case.got
        self.weight = case.got[0]
        self.row_sum = self.weight.sum(-1)
        self.future = [row[t + 1 :].sum() for t, row in enumerate(self.weight)]
        self.nan = self.weight.isnan().sum(-1)
        self.T, self.last_row = SIDE, SIDE - 1
        self.last_sum, self.last_nan = self.row_sum[-1], self.nan[-1]
        self.worst_row = int((self.row_sum - 1).abs().argmax())
        self.worst_sum = self.row_sum[self.worst_row]


ASKED = {
    "see": Weights,
    "holds": (no_future, weights_sum_to_1),
    "axes": "B, T, C",
    "probe": "(Measured with the identity matrix for x: there the output is the weights themselves.)",
}
MEANS = {
    **ASKED,
    "inputs": identity_first,
    "note": "No position sees its future, and the weights of every row sum to 1.",
}


def weighted(weights_of: Callable) -> Callable:
    """Return the answer that multiplies x by weights made from T, and from the decay where there is one."""
    return lambda x, *decay: weights_of(x.shape[1], *decay).to(x.dtype) @ x


def tril(T: int, diagonal: int = 0) -> torch.Tensor:
    """Return ones on and below a diagonal, (T, T)."""
    return torch.ones(T, T).tril(diagonal)


def normalised(weights: torch.Tensor) -> torch.Tensor:
    """Return the matrix with every row divided by its sum."""
    return weights / weights.sum(dim=1, keepdim=True)


def sum_of_past(x: torch.Tensor) -> torch.Tensor:
    """Return running sums over time, each added up on its own."""
    return torch.stack([x[:, : t + 1].sum(dim=1) for t in range(x.shape[1])], dim=1)


def mean_of_all(x: torch.Tensor) -> torch.Tensor:
    """Return the mean over the whole sequence, at every position."""
    return x.mean(dim=1, keepdim=True).expand(x.shape)


adds_up = Mistake(
    "adds up without dividing",
    "Row {last_row} of your weights sums to {last_sum:.3g}, not to 1: you added up the past and did not divide by how many there are.",
    sum_of_past,
)

divides_by_T = Mistake(
    "divides by T",
    "Row 0 of your weights sums to {row_sum[0]:.3g}: you divided every sum by T = {T}. Row t adds up t + 1 positions, so divide it by t + 1.",
    lambda x: sum_of_past(x) / x.shape[1],
)

transposed = Mistake(
    "the weights are transposed",
    "Row {last_row} of your weights sums to {last_sum:.3g}, and row 0 gives {future[0]:.3g} to its future: the right weights stand on their side. Multiply by weights, not by weights.T.",
    weighted(lambda T: normalised(tril(T)).T),
)
