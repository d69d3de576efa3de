"""The same means as one product: a triangle of ones, each row divided by its sum."""

import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.averaging_the_past.avg_loop import average_by_cumsum, average_in_float64
from nanogpt_lib.lessons.averaging_the_past.shared import (
    MEANS,
    adds_up,
    divides_by_T,
    mean_of_all,
    normalised,
    transposed,
    tril,
    weighted,
)

ex = Exercise(
    prompt="Write avg_tril(x): the same means as avg_loop, as one product of a (T, T) matrix with x.",
    hints=(
        "A row of the product is a sum of rows of x. So row t of the matrix says how much of each row to take.",
        "torch.tril(torch.ones(T, T)) has ones where looking is allowed. Its rows sum to 1, 2, 3, ...: make each sum to 1.",
        "weights = weights / weights.sum(dim=1, keepdim=True), then weights @ x.",
    ),
    **MEANS,
)


@ex.right
def avg_tril(x: torch.Tensor) -> torch.Tensor:
    T = x.shape[1]
    weights = torch.tril(torch.ones(T, T))
    weights = weights / weights.sum(dim=1, keepdim=True)  # every row sums to 1
    return weights @ x  # (T, T) @ (B, T, C) -> (B, T, C)


@ex.also_right
def average_by_einsum(inputs):
    steps = torch.arange(inputs.size(1))
    a = (steps[:, None] >= steps).float() / (steps[:, None] + 1)
    return torch.einsum("ts,bsc->btc", a, inputs)


ex.also_right(average_in_float64)
ex.also_right(average_by_cumsum)

ex.mistake(adds_up, divides_by_T)
ex.mistake(
    "keepdim is missing",
    "Row {last_row} of your weights sums to {last_sum:.3g}, not to 1: without keepdim=True the sums are a row, and each column was divided by the sum of another row.",
    weighted(lambda T: tril(T) / tril(T).sum(dim=1)),
)
ex.mistake(
    "normalises the columns",
    "Row 0 of your weights sums to {row_sum[0]:.3g}, not to 1: dim=0 makes the columns sum to 1. The past of a position is a row: dim=1.",
    weighted(lambda T: tril(T) / tril(T).sum(dim=0, keepdim=True)),
)
ex.mistake(
    "looks forward",
    "Row 0 gives {future[0]:.3g} of its weight to positions after it: the ones are above the diagonal. Take tril, the lower triangle.",
    weighted(lambda T: normalised(torch.ones(T, T).triu())),
)
ex.mistake(
    "leaves out position t itself",
    "Row 1 of your weights gives itself {weight[1][1]:.3g}; it should be 0.5. The diagonal belongs to the past: torch.tril(ones), without diagonal=-1.",
    weighted(lambda T: normalised(tril(T, -1))),
    weighted(lambda T: tril(T, -1) / tril(T, -1).sum(dim=1, keepdim=True).clamp(min=1)),
)
ex.mistake(
    "sees one position too far",
    "Row 0 gives {future[0]:.3g} of its weight to position 1, its future: diagonal=1 keeps one place too many. Leave it at 0.",
    weighted(lambda T: normalised(tril(T, 1))),
)
ex.mistake(
    "no triangle",
    "Row 0 gives {future[0]:.3g} of its weight to positions after it: every one of the {T} positions counts. Cut the matrix with torch.tril before you divide.",
    mean_of_all,
)
ex.mistake(transposed)
