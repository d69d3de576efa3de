"""The norm itself: each position over its own features, then a gain and a shift."""

from collections.abc import Callable

import numpy
import torch
import torch.nn.functional as F

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.errors import raised
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.layernorm.norm_gradients import gradients_arrive, normed
from nanogpt_lib.lessons.layernorm.shared import (
    Normalised,
    centred,
    mean_square,
    normal,
    table_first,
    unbiased,
)


def with_gain_and_shift(seed: int) -> list[tuple]:
    (table, *others), generator = table_first(seed)
    cases = [(table[0], torch.ones(3), torch.zeros(3), table[1])]
    for x, eps in others:
        gain, shift = torch.randn(2, x.shape[-1], generator=generator).clone().unbind()
        cases.append((x, 1 + 0.5 * gain, shift, eps))
    x, (gain, shift) = torch.randn(2, 3, 5, generator=generator), torch.randn(2, 5, generator=generator)
    return [*cases[:-1], (0.1 * x, gain, shift, 0.1), cases[-1]]  # an eps that is larger than the variance


class Rows(Normalised):
    """What became of the rows: the value that is farthest off, and the largest mean of a row."""

    @property
    def worst(self) -> str:
        place = numpy.unravel_index(int((self.output - self.want).abs().argmax()), self.output.shape)
        at = [int(index) for index in place]
        return f"At {at} you have {self.output[place]:.3g}, and it should be {self.want[place]:.3g}"

    @property
    def means(self) -> str:
        return (
            f"{self.b}, and your rows have means of up to {self.output.mean(dim=-1).abs().max():.3g}, not 0"
        )


def not_finite(case: Case) -> dict:
    """Return how many values are not numbers, and the first row with one."""
    bad = ~numbers(case.got["output"]).isfinite()
    place = numpy.unravel_index(int(bad.int().argmax()), bad.shape)
    return {"bad": int(bad.sum()), "all": bad.numel(), "row": [int(index) for index in place[:2]]}


def gradient_off(case: Case) -> dict:
    """Return how far the gradient of x is off, as a share of its largest value."""
    got, want = (numbers(found["gradient of x"]) for found in (case.got, case.want))
    return {"gradient_off": gap(got, want) / want.abs().max()}


ex = Exercise(
    prompt="Write layer_norm(x, gamma, beta, eps): each position of x (B, T, C) normalised over its own C features, with the biased variance and eps in the root; then times gamma (C,), plus beta (C,). Gradients must come back to x, gamma and beta.",
    hints=(
        "One position at a time: its mean, its variance, a root. Then gain and shift, which all share.",
        "keepdim=True keeps (B, T, 1), so that each row meets its own mean. The squares are divided by C.",
        "centred = x - x.mean(dim=-1, keepdim=True); variance = centred.square().mean(dim=-1, keepdim=True); then gamma * centred / (variance + eps).sqrt() + beta.",
    ),
    inputs=with_gain_and_shift,
    run=normed,
    see=Rows,
    holds=(gradients_arrive,),
    note="It is what torch's own F.layer_norm gives, constant rows stay finite, and x, gamma and beta get their gradients.",
    axes="B, T, C",
    probe="(Measured on the table of section 1, with gamma 1 and beta 0.)",
)


@ex.right
def layer_norm(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, eps: float) -> torch.Tensor:
    centred = x - x.mean(dim=-1, keepdim=True)  # each position's own mean, (B, T, 1)
    variance = centred.square().mean(dim=-1, keepdim=True)  # divided by C, not by C - 1
    return gamma * centred / (variance + eps).sqrt() + beta


@ex.also_right
def norm_by_torch(x, g, b, e):
    return F.layer_norm(x, g.shape, g, b, e)


@ex.also_right
def norm_by_two_moments(x, gamma, beta, eps):
    x = x.double()
    mean = x.mean(2).unsqueeze(2)
    return (x - mean) * ((x * x).mean(2)[..., None] - mean**2 + eps) ** -0.5 * gamma + beta


@ex.also_right
def norm_by_rows(x, gamma, beta, eps):
    rows = []
    for row in x.flatten(0, 1):
        variance = sum((v - sum(row) / len(row)) ** 2 for v in row) / len(row)
        rows.append((row - sum(row) / len(row)) / torch.sqrt(variance + eps) * gamma + beta)
    return torch.stack(rows).view_as(x)


def stretched(middle: Callable) -> Callable:
    """Return the answer with another way to normalise: middle(x, eps)."""
    return lambda x, gamma, beta, eps: gamma * middle(x, eps) + beta


def over(*dims: int) -> Callable:
    """Return the answer that normalises over these axes."""
    return stretched(lambda x, eps: normal(x, eps, dims))


ex.mistake(
    "the unbiased variance",
    "{b}: too small by the root of C / (C - 1). torch's var and std divide by C - 1 unless told otherwise, as in section 2.",
    stretched(unbiased),
)
ex.mistake(
    "torch's std, with eps added to it",
    "{b}. Two slips in one: std divides by C - 1 unless told otherwise, and eps was added to the root, not to the variance inside it.",
    stretched(lambda x, eps: centred(x) / (x.std(-1, keepdim=True) + eps)),
)
ex.mistake(
    "eps outside the root",
    "{worst}, with eps = {eps:g}. You added eps to the spread; it belongs to the variance.",
    stretched(lambda x, eps: centred(x) / (mean_square(centred(x)).sqrt() + eps)),
)
ex.mistake(
    "no eps",
    "{bad} of {all} values are not finite, the first in row {row}, whose features are all the same: 0 divided by 0. What should stand beside the variance?",
    stretched(lambda x, eps: normal(x, 0)),
    stretched(lambda x, eps: unbiased(x, 0)),
    see=not_finite,
)
ex.mistake(
    "eps as the least that is allowed",
    "{worst}, with eps = {eps:g}. You took the larger of two, eps and what you measured. eps is added to the variance, whatever that is.",
    stretched(lambda x, eps: centred(x) / mean_square(centred(x)).clamp_min(eps).sqrt()),
    stretched(lambda x, eps: centred(x) / mean_square(centred(x)).sqrt().clamp_min(eps)),
    stretched(lambda x, eps: centred(x) / x.std(-1, keepdim=True).clamp_min(eps)),
    stretched(lambda x, eps: centred(x) / x.var(-1, keepdim=True).clamp_min(eps).sqrt()),
)
ex.mistake(
    "an eps of its own",
    "{worst}, with eps = {eps:g}: you took 1e-5 or another number of your own. Take the eps that is given.",
    stretched(lambda x, eps: normal(x, 1e-5)),
    stretched(lambda x, eps: normal(x, 1e-6)),
    stretched(lambda x, eps: normal(x, 1e-8)),
)
for name, dims, said in (
    ("time", (1,), "It is each feature's mean over time that is 0: dim=1 is time."),
    ("the batch", (0,), "It is the mean of the two sequences that is 0: dim=0 is the batch."),
    ("time and features", (1, 2), "The mean of each whole block is 0. A position stands alone."),
    ("batch and time", (0, 1), "This is a batch norm: each feature, over all positions."),
    ("everything", (0, 1, 2), "One mean and one variance served all positions of all sequences."),
):
    ex.mistake(f"over {name}", f"{{means}}. {said}", over(*dims))

ex.mistake(
    "keepdim is missing",
    "torch raised {kind}: {words}. A mean over the last axis has lost that axis, so it cannot find its row. What keeps the axis, with size 1?",
    stretched(lambda x, eps: (x - x.mean(-1)) / (x.var(-1, correction=0) + eps).sqrt()),
    stretched(lambda x, eps: (x - x.mean(-1)) / (mean_square(centred(x)) + eps).sqrt()),
    stretched(lambda x, eps: centred(x) / (x.var(-1, correction=0) + eps).sqrt()),
    see=raised,
)
ex.mistake(
    "the mean is not subtracted",
    "{means}. You divided by the spread, and the mean is still in. Both are to go: shift first, then scale.",
    stretched(lambda x, eps: x / (mean_square(centred(x)) + eps).sqrt()),
)
ex.mistake(
    "the mean square of x, nothing subtracted",
    "{means}. This is RMSNorm, which many newer models use: no mean. A layer norm takes it away first.",
    stretched(lambda x, eps: x / (mean_square(x) + eps).sqrt()),
)
ex.mistake(
    "the variance is not centred",
    "{b}: your variance squares x itself, and not the distances from the mean.",
    stretched(lambda x, eps: centred(x) / (mean_square(x) + eps).sqrt()),
)
ex.mistake(
    "no root",
    "{b}: you divided by the variance, which is a square. Distances are divided by their spread.",
    stretched(lambda x, eps: centred(x) / (mean_square(centred(x)) + eps)),
)
ex.mistake(
    "only shifted",
    "{b}: the mean is subtracted, and nothing was divided. Divide by the root of the variance, so that the variance becomes 1.",
    stretched(lambda x, eps: centred(x)),
)
ex.mistake(
    "gamma and beta are not used",
    "{worst}: the row is normalised, and then gain and shift are missing.",
    lambda x, gamma, beta, eps: normal(x, eps),
)
ex.mistake(
    "gamma is not used",
    "{worst}: beta has been added, and nothing was multiplied.",
    lambda x, gamma, beta, eps: normal(x, eps) + beta,
)
ex.mistake(
    "beta is not used",
    "{worst}: gamma has been multiplied, and nothing was added.",
    lambda x, gamma, beta, eps: gamma * normal(x, eps),
)
ex.mistake(
    "beta is multiplied by gamma too",
    "{worst}: you added beta first, and then gamma stretched it. Stretch, then move.",
    lambda x, gamma, beta, eps: gamma * (normal(x, eps) + beta),
)
ex.mistake(
    "gamma and beta are swapped",
    "{b}, the same in all features: you multiplied by beta, which is 0, and added gamma, which is 1.",
    lambda x, gamma, beta, eps: beta * normal(x, eps) + gamma,
)
ex.mistake(
    "mean and variance are detached",
    "The output is right, and the gradient of x is off by {gradient_off:.0%} of its largest value: x moves its mean and its variance too, and that way back is cut. Do without detach, .data and no_grad.",
    stretched(
        lambda x, eps: (
            (x - x.mean(-1, True).detach()) / (x.var(-1, correction=0, keepdim=True).detach() + eps).sqrt()
        )
    ),
    stretched(lambda x, eps: centred(x) / (mean_square(centred(x)).detach() + eps).sqrt()),
    see=gradient_off,
)


@ex.mistake(
    "writes into x",
    "{inputs} x -= ... writes into the tensor that was given, and a block still needs it for its sum. Make a new one: x - ...",
)
def _(x, gamma, beta, eps):
    x -= x.mean(-1, keepdim=True)
    return gamma * x / (mean_square(x) + eps).sqrt() + beta


ex.mistake(
    "the mean of the absolute values",
    "{b}: you divided by the mean of the distances from the mean. The standard deviation is the root of the mean of their squares.",
    stretched(lambda x, eps: centred(x) / (centred(x).abs().mean(-1, keepdim=True) + eps)),
    stretched(lambda x, eps: centred(x) / centred(x).abs().mean(-1, keepdim=True)),
)
