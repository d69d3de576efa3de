"""The same means once more: scores of 0, minus infinity for the future, a softmax."""

import torch
import torch.nn.functional as F

from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.averaging_the_past.avg_loop import average_in_float64
from nanogpt_lib.lessons.averaging_the_past.shared import MEANS, transposed, weighted

ex = Exercise(
    prompt="Write avg_softmax(x): the same means once more, from scores of 0, a mask and a softmax.",
    hints=(
        "Begin with scores of zero, (T, T). A softmax of equal scores gives equal weights. Which score gives the weight 0?",
        "exp(-inf) is 0. So put -inf where the future is, and take the softmax after that, along each row.",
        'scores.masked_fill(torch.tril(torch.ones(T, T)) == 0, float("-inf")), then torch.softmax(scores, dim=-1), then weights @ x.',
    ),
    **MEANS,
)


@ex.right
def avg_softmax(x: torch.Tensor) -> torch.Tensor:
    T = x.shape[1]
    scores = torch.zeros(T, T)
    future = torch.tril(torch.ones(T, T)) == 0
    scores = scores.masked_fill(future, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ x  # (T, T) @ (B, T, C) -> (B, T, C)


@ex.also_right
def average_by_adding_infinity(x):
    hidden = torch.full((x.shape[1],) * 2, float("-inf")).triu(1)
    return F.softmax(hidden, -1).matmul(x)


@ex.also_right
def average_by_large_negative(x):
    ahead = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
    return torch.zeros(ahead.shape).masked_fill_(ahead, -1e9).softmax(1) @ x


ex.also_right(average_in_float64)


def masked(visible: torch.Tensor, fill: float = float("-inf")) -> torch.Tensor:
    """Return scores of 0 where something is visible, and `fill` elsewhere."""
    return torch.zeros(visible.shape).masked_fill(~visible, fill)


def hidden(scores: torch.Tensor) -> torch.Tensor:
    return scores.masked_fill(~causal_mask(scores.shape[-1]), float("-inf")).softmax(dim=-1)


ex.mistake(
    "masks after the softmax",
    "Row 3 of your weights sums to {row_sum[3]:.3g}, not to 1: you masked after the softmax, so the weights were never renormalised. Mask the scores first.",
    weighted(lambda T: torch.zeros(T, T).softmax(dim=-1).tril()),
)
ex.mistake(
    "the mask changes nothing",
    'Row 0 gives {future[0]:.3g} of its weight to its future, as if there were no mask: 0 (or nearly 0, such as 1e-10) is a score like any other, and masked_fill returns a new tensor. Keep its result, and fill with float("-inf").',
    weighted(lambda T: masked(causal_mask(T), 0.0).softmax(dim=-1)),
    weighted(lambda T: masked(causal_mask(T), 1e-10).softmax(dim=-1)),
)
ex.mistake(
    "masks with -1",
    'Row 0 still gives {future[0]:.3g} of its weight to its future: exp(-1) is 0.37, not 0. Fill with float("-inf"). (Or are your scores 1 for the past and 0 for the future? That is the same: a difference of 1.)',
    weighted(lambda T: masked(causal_mask(T), -1.0).softmax(dim=-1)),
)
ex.mistake(
    "softmax over the wrong dim",
    "Row 0 of your weights sums to {row_sum[0]:.3g} and row {last_row} to {last_sum:.3g}: dim=0 (or -2) makes the columns sum to 1. Take dim=-1.",
    weighted(lambda T: masked(causal_mask(T)).softmax(dim=-2)),
)
ex.mistake(
    "hides position t itself",
    "{nan[0]} of {T} values of row 0 are NaN: position 0 may not even see itself, and a softmax over nothing but -inf is 0 / 0. Keep the diagonal: tril == 0.",
    weighted(lambda T: masked(causal_mask(T).tril(-1)).softmax(dim=-1)),
)
ex.mistake(
    "masks the past",
    "Row 0 gives {future[0]:.3g} of its weight to its future: you hid the past. Fill where tril == 0, not where it is 1.",
    weighted(lambda T: masked(causal_mask(T).T).softmax(dim=-1)),
)
ex.mistake(
    "masks the past and position t",
    "{last_nan} of {T} values of row {last_row} are NaN: you hid everything but the future, and the last row has none. Fill where tril == 0, not where it is 1.",
    weighted(lambda T: masked(~causal_mask(T)).softmax(dim=-1)),
)
ex.mistake(
    "no softmax",
    "{bad} of {all} values are not finite: the scores, with their -inf, were multiplied with x. Take the softmax first.",
    weighted(lambda T: masked(causal_mask(T))),
    see=lambda case: {"bad": int((~case.got.isfinite()).sum()), "all": case.got.numel()},
)
ex.mistake(transposed)
ex.mistake(
    "the scores are products of x",
    "Row 2 gives itself {weight[2][2]:.3g}, not 0.333: your scores are x @ x.mT, so alike positions hear each other more. That is attention, the next notebook; here all scores are 0.",
    lambda x: hidden(x @ x.mT) @ x,
    lambda x: hidden(x @ x.mT * x.shape[-1] ** -0.5) @ x,
)
ex.mistake(
    "position 0 hears nobody",
    "Row 0 of your weights sums to {row_sum[0]:.3g}, not to 1: position t itself was hidden, and the NaN of row 0 replaced. Keep the diagonal: tril == 0.",
    weighted(lambda T: masked(causal_mask(T).tril(-1)).softmax(dim=-1).nan_to_num(0.0)),
)
