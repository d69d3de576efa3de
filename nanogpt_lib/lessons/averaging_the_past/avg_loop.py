"""The mean of the past as two loops."""

import torch

from nanogpt_lib.averaging import average_loop
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.averaging_the_past.shared import (
    MEANS,
    adds_up,
    divides_by_T,
    mean_of_all,
    sum_of_past,
)

ex = Exercise(
    prompt="Write avg_loop(x): x is (B, T, C), and row t of the result is the mean of rows 0 to t.",
    hints=(
        "Two loops: one over the batch (b), one over time (t). Inside, look at one short piece of x.",
        "The past of position t, itself included, is x[b, :t + 1]: a slice stops before its end.",
        "out[b, t] = x[b, :t + 1].mean(dim=0): dim=0 is time here, so C numbers remain.",
    ),
    **MEANS,
)


@ex.right
def avg_loop(x: torch.Tensor) -> torch.Tensor:
    B, T, C = x.shape
    out = torch.zeros(B, T, C)
    for b in range(B):
        for t in range(T):
            out[b, t] = x[b, : t + 1].mean(dim=0)  # rows 0 to t, so t + 1 of them
    return out


@ex.also_right
def average_by_growing(x):
    return torch.stack([x[:, : 1 + i].mean(1) for i in range(x.shape[1])], 1)


@ex.also_right
def average_by_cumsum(x):
    return x.cumsum(dim=1) / torch.arange(1, x.shape[1] + 1)[None, :, None]


@ex.also_right
def average_in_float64(x):
    b, t, _ = x.shape
    past = torch.ones(t, t, dtype=torch.float64).tril()
    return torch.bmm((past / past.sum(-1, keepdim=True)).repeat(b, 1, 1), x.double())


@ex.mistake(
    "leaves out position t itself",
    "Row 1 of your weights gives itself {weight[1][1]:.3g}; it should be 0.5. x[b, :t] stops before t: take x[b, :t + 1].",
    lambda x: torch.stack([x[:, :t].mean(dim=1) for t in range(x.shape[1])], dim=1),
)
def stays_at_zero_where_nothing_is_before(x):
    return torch.stack([x[:, :t].sum(dim=1) / max(t, 1) for t in range(x.shape[1])], dim=1)


ex.mistake(
    "averages the whole sequence",
    "Row 0 gives {future[0]:.3g} of its weight to positions after it: you averaged all {T} positions. Position t may use x[b, :t + 1] only.",
    mean_of_all,
)


@ex.mistake(
    "averages the future",
    "Row 0 gives {future[0]:.3g} of its weight to positions after it: x[b, t:] is the future. The past is x[b, :t + 1].",
)
def _(x):
    return torch.stack([x[:, t:].mean(dim=1) for t in range(x.shape[1])], dim=1)


ex.mistake(adds_up, divides_by_T)
ex.mistake(
    "divides by t",
    "Row 1 of your weights sums to {row_sum[1]:.3g}, not to 1: you divided by t. Rows 0 to t are t + 1 rows.",
    lambda x: sum_of_past(x) / torch.arange(x.shape[1])[:, None],
)


@ex.mistake(
    "averages the channels as well",
    "At position 0 all channels hold {weight[0][0]:.3g}: mean() without dim averaged the channels too. Take mean(dim=0) of x[b, :t + 1].",
)
def _(x):
    means = [x[:, : t + 1].mean(dim=(1, 2)) for t in range(x.shape[1])]
    return torch.stack(means, dim=1)[..., None].expand(x.shape)


@ex.mistake(
    "writes its means into x",
    "Row 2 gives position 0 the weight {weight[2][0]:.3g}, not 0.333: you wrote the means into x, so later rows averaged averages. Write into a new tensor, torch.zeros_like(x).",
)
def _(x):
    for t in range(x.shape[1]):
        x[:, t] = x[:, : t + 1].mean(dim=1)
    return x


@ex.mistake(
    "fills the first sequence only",
    "Sequence 1 of the batch has {zeros} zeros in its result: only sequence 0 was filled. Loop over b too.",
    see=lambda case: {"zeros": int((case.got[1] == 0).sum())},
)
def _(x):
    out = torch.zeros_like(x)
    out[0] = average_loop(x)[0]
    return out


@ex.mistake(
    "looks back one step only",
    "Row 2 gives position 0 the weight {weight[2][0]:.3g}, not 0.333: you averaged positions t - 1 and t. The slice starts at 0.",
)
def _(x):
    return torch.stack([x[:, max(t - 1, 0) : t + 1].mean(dim=1) for t in range(x.shape[1])], dim=1)


@ex.mistake(
    "leaves out position t itself, but for the first",
    "Row 1 of your weights gives itself {weight[1][1]:.3g}; it should be 0.5. Row 0 is right, and from row 1 on x[b, :t] stops before t: take x[b, :t + 1].",
)
def _(x):
    return torch.stack([x[:, : max(t, 1)].mean(dim=1) for t in range(x.shape[1])], dim=1)


ex.mistake(
    "the median",
    "Row 2 gives position 0 the weight {weight[2][0]:.3g}, not 0.333: you took the median. A mean adds up and divides.",
    lambda x: torch.stack([x[:, : t + 1].median(dim=1).values for t in range(x.shape[1])], dim=1),
)


@ex.mistake(
    "the mean of two means",
    "Row 2 gives position 0 the weight {weight[2][0]:.3g}, not 0.333: you took the middle between the mean before and x[b, t], so the newest counts half. Each of the t + 1 positions counts alike.",
)
def _(x):
    out = x.clone()
    for t in range(1, x.shape[1]):
        out[:, t] = (out[:, t - 1] + x[:, t]) / 2
    return out
