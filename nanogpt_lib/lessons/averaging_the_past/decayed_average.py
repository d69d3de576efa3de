"""A mean with a fading memory: the further back, the less a position counts."""

import torch

from nanogpt_lib.averaging import average_tril, causal_mask
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.averaging_the_past.shared import ASKED, identity_first, normalised, weighted


def with_decays(seed: int) -> list[tuple]:
    """Return the inputs of the other exercises, each with a decay, then some with the decays 0 and 1."""
    eye, *drawn = identity_first(seed)
    decays = (0.5, 0.9, 1.0, 0.0, 0.7, 0.3)
    inputs = [(*one, decay) for one, decay in zip([eye, *drawn], decays, strict=True)]
    return [*inputs, (*drawn[0], 0.0), (*drawn[1], 1.0), (*drawn[4], 0.8)]


ex = Exercise(
    prompt="Write decayed_average(x, decay): a mean of the past in which a position s steps back counts decay ** s, and the weights of every row sum to 1.",
    hints=(
        "As avg_tril, but the ones become powers of decay: 1 on the diagonal, decay beside it, and so on.",
        "How long ago is t - s: torch.arange(T)[:, None] - torch.arange(T). Keep the lower triangle, and divide each row by its sum.",
        "weights = torch.tril(decay ** ago.clamp(min=0).float()): clamp keeps 0 from a negative power; then as in avg_tril.",
    ),
    inputs=with_decays,
    note="Decay 1 gives the plain mean, decay 0 gives x back, and every row sums to 1.",
    **ASKED,
)


@ex.right
def decayed_average(x: torch.Tensor, decay: float) -> torch.Tensor:
    T = x.shape[1]
    ago = torch.arange(T)[:, None] - torch.arange(T)  # (T, T): how long ago, negative in the future
    weights = torch.tril(decay ** ago.clamp(min=0).float())  # 0 ** 0 is 1: decay 0 keeps the present
    weights = weights / weights.sum(dim=1, keepdim=True)
    return weights @ x


@ex.also_right
def decayed_by_loop(x, d):
    out = []
    for t in range(x.shape[1]):
        w = torch.tensor([d ** (t - s) for s in range(t + 1)], dtype=torch.float64)
        out.append((w[:, None] * x[:, : t + 1].double()).sum(1) / w.sum())
    return torch.stack(out, 1)


@ex.also_right
def decayed_by_recursion(x, decay):
    total, weight, out = torch.zeros_like(x[:, 0]), 0.0, []
    for now in x.unbind(1):
        total, weight = total * decay + now, weight * decay + 1
        out.append(total / weight)
    return torch.stack(out, dim=1)


def steps_back(T):
    return torch.arange(T)[:, None] - torch.arange(T)


def faded(T, decay):
    return (decay ** steps_back(T).clamp(min=0).float()).tril()


ex.mistake(
    "the rows are not normalised",
    "Row {last_row} of your weights sums to {last_sum:.3g} with decay 0.5, not to 1: divide each row by its sum.",
    weighted(faded),
)
ex.mistake(
    "divides by t + 1",
    "Row {last_row} of your weights sums to {last_sum:.3g} with decay 0.5: you divided by how many there are. With a decay they do not count 1 each: divide by the sum of weights.",
    weighted(lambda T, decay: faded(T, decay) / torch.arange(1, T + 1)[:, None]),
)
ex.mistake(
    "the oldest counts most",
    "Row 1 gives position 0 the weight {weight[1][0]:.3g} and itself {weight[1][1]:.3g}: the powers run the wrong way. The present has decay ** 0 = 1.",
    weighted(lambda T, decay: normalised((decay ** torch.arange(T).float()).expand(T, T).tril())),
)
ex.mistake(
    "fades on both sides",
    "Row 0 gives {future[0]:.3g} of its weight to positions after it: abs(t - s) fades into the future as well. Keep the lower triangle.",
    weighted(lambda T, decay: normalised(decay ** steps_back(T).abs().float())),
)


@ex.mistake(
    "NaN at decay 0",
    "With decay 0, {bad} of {all} values are NaN. The present must keep its weight 0 ** 0 = 1: count the steps back from 0, and do not go through log(0).",
    weighted(lambda T, decay: normalised((decay ** (steps_back(T).clamp(min=0) + 1.0)).tril())),
    see=lambda case: {"bad": int(case.got.isnan().sum()), "all": case.got.numel()},
)
@weighted
def _(T, decay):
    scores = steps_back(T) * torch.tensor(decay).log()
    return scores.masked_fill(~causal_mask(T), float("-inf")).softmax(dim=-1)


@ex.mistake(
    "a moving average",
    "Row 1 gives position 0 the weight {weight[1][0]:.3g}, not 0.333, with decay 0.5: decay * before + (1 - decay) * now is another average: position 0 counts too much in it.",
)
def _(x, decay):
    out = [x[:, 0]]
    for t in range(1, x.shape[1]):
        out.append(decay * out[-1] + (1 - decay) * x[:, t])
    return torch.stack(out, dim=1)


ex.mistake(
    "keepdim is missing",
    "Row {worst_row} of your weights sums to {worst_sum:.3g} with decay 0.5: without keepdim=True each column was divided by the sum of another row.",
    weighted(lambda T, decay: faded(T, decay) / faded(T, decay).sum(dim=1)),
)
ex.mistake(
    "normalises the columns",
    "Row 0 of your weights sums to {row_sum[0]:.3g} with decay 0.5: dim=0 makes the columns sum to 1. The past of a position is a row: dim=1.",
    weighted(lambda T, decay: faded(T, decay) / faded(T, decay).sum(dim=0)),
)
ex.mistake(
    "decay does nothing",
    "With decay 0.5, row 1 gives position 0 the weight {weight[1][0]:.3g}, as much as itself: this is the plain mean. It should be 0.333.",
    lambda x, decay: average_tril(x),
)
ex.mistake(
    "a softmax of the powers",
    "Row {last_row} gives itself {weight[7][7]:.3g} with decay 0.5, not 0.502: a softmax takes exp of the powers. They are weights already: divide each row by its sum.",
    weighted(lambda T, decay: faded(T, decay).masked_fill(~causal_mask(T), float("-inf")).softmax(dim=-1)),
)
ex.mistake(
    "fades in equal steps",
    "Row 2 gives position 0 the weight {weight[2][0]:.3g} with decay 0.5, not 0.143: you take something away for every step. A position s steps back counts decay ** s: multiply.",
    weighted(lambda T, decay: normalised((1 - decay * steps_back(T)).clamp(min=0).tril())),
    weighted(lambda T, decay: normalised((1 - (1 - decay) * steps_back(T)).clamp(min=0).tril())),
)
