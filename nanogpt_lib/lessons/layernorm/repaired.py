"""A norm that leaked, through its mean and through its variance, and is repaired."""

from collections.abc import Callable

import numpy as np
import torch

from nanogpt_lib.kit.diagnose import MOVED, Observe, Run
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.gradients import waves
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers
from nanogpt_lib.lessons.layernorm.shared import (
    B,
    Normalised,
    centred,
    mean_square,
    normal,
    row,
    table_first,
    unbiased,
)


def leaks(normaliser: Callable, x: torch.Tensor, eps: float) -> dict:
    """Return the output, and whether a row moves when later rows or other sequences get new numbers."""
    before = x.clone()
    found: dict = {"output": normaliser(x, eps)}
    rows = numbers(found["output"])
    if rows is None or rows.shape != before.shape:
        return found

    def anew(place: tuple) -> torch.Tensor:
        other = before.clone()
        other[place] = 3 * waves(other[place].shape)
        again = numbers(normaliser(other, eps))
        if again is None or again.shape != rows.shape:
            raise Refusal(f"For x of shape {tuple(other.shape)} your function gave two kinds of results.")
        return (again - rows).abs().amax(dim=-1)  # (B, T): by how much each row moved

    found["time"], worst = Fact(False, "No row moves when a later one gets new numbers."), MOVED
    for later in range(1, before.shape[1]):
        moved, first = anew((0, later))[0, :later].max(dim=0)
        if moved > worst:
            said = f"New numbers at position {later} move position {first}, before it, by {moved:.2g}."
            found["time"], worst = Fact(True, said), moved
    found["batch"] = Fact(False, "No row moves when another sequence gets new numbers.")
    if len(before) > 1 and (moved := anew((1,))[0].max()) > MOVED:
        found["batch"] = Fact(True, f"New numbers in sequence 1 move sequence 0 by up to {moved:.2g}.")
    return found


def told(found: dict) -> str:
    """Return the leaks that were found, in words, or nothing."""
    facts = [found.get(key) for key in ("time", "batch")]
    return " ".join(fact.said for fact in facts if fact and fact.value)


def no_leak(observe: Observe, run: Run) -> str:
    return told(run.outcome.value)


class Leaking(Normalised):
    """What leaked, and what became of some rows of the table."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.leaks = told(case.got)
        self.first, self.mean = row(self.output[0, 0]), self.output.mean(-1)

    @property
    def b_mean(self) -> torch.Tensor:
        return self.mean[B]

    @property
    def b_variance(self) -> torch.Tensor:
        return self.output[B].var(correction=0)


ex = Exercise(
    prompt="Repair the leaking norm of the task as repaired(x, eps): x is (B, T, C), and every row of C numbers gets mean 0 and variance 1 by itself. No row may move when another gets new numbers.",
    hints=(
        "Two lines look at other rows. For each mean ask: whose numbers does it add up?",
        "x.mean(dim=...) adds up along the axes that it names. Which axis holds one row's own features?",
        "Take dim=-1 in both lines, the mean's and the variance's.",
    ),
    inputs=lambda seed: table_first(seed)[0],
    run=leaks,
    see=Leaking,
    holds=(no_leak,),
    note="New numbers later in time, or in another sequence, move no row: nothing leaks.",
    axes="B, T, C",
    atol=1e-4,  # where all of a row is one number, its mean in 32 bits may be that far off
    probe="(Measured on the table of section 1.)",
)


@ex.right
def repaired(x: torch.Tensor, eps: float) -> torch.Tensor:
    mean = x.mean(dim=-1, keepdim=True)  # was dim=(0, 1): other sequences and other positions
    centred = x - mean
    variance = centred.square().mean(dim=-1, keepdim=True)  # was dim=1: other positions
    return centred / (variance + eps).sqrt()


@ex.also_right
def repaired_by_var_mean(x, e):
    var, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
    return (x - mean) * torch.rsqrt(var + e)


@ex.also_right
def repaired_as_a_batch_of_rows(x, eps):
    turned = x.double().reshape(-1, x.shape[2]).T
    turned = (turned - turned.mean(0)) / (turned.var(0, unbiased=False) + eps).sqrt()
    return turned.T.reshape(x.shape)


@ex.also_right
def repaired_by_numpy(x, eps):
    a = x.numpy()
    return torch.from_numpy((a - a.mean(2, keepdims=True)) / np.sqrt(a.var(2, keepdims=True) + eps))


def over(mean: tuple, variance: tuple | None = None) -> Callable:
    """Return the answer with other axes."""
    return lambda x, eps: normal(x, eps, mean, variance)


def over_the_past(x, eps, of=lambda x: x):
    """Normalise with the running mean and variance of each feature, or of what `of` makes of them."""
    steps = torch.arange(1.0, x.shape[1] + 1)[:, None]
    mean, square = of(x).cumsum(1) / steps, of(x.square()).cumsum(1) / steps
    return (x - mean) / ((square - mean.square()).clamp(min=0) + eps).sqrt()


def centred_in_time(x):
    """Return each feature minus its mean up to there."""
    return x - x.cumsum(1) / torch.arange(1.0, x.shape[1] + 1)[:, None]


ex.mistake("both leaks are still there", "{leaks} Neither line has been repaired.", over((0, 1), (1,)))
ex.mistake(
    "only the mean is repaired",
    "{leaks} The mean is each row's own now. What does the variance add up?",
    over((-1,), (1,)),
    over((-1,), (0, 1)),
)
ex.mistake(
    "only the variance is repaired",
    "{leaks} The variance stays within the row now, and the mean does not.",
    over((0, 1), (-1,)),
    over((1,), (-1,)),
    over((0,), (-1,)),
)
ex.mistake("over time", "{leaks} Other sequences stay out, the future does not: dim=1 is time.", over((1,)))
ex.mistake("over the batch", "{leaks} Time is shut out, neighbours are not: dim=0 is the batch.", over((0,)))
ex.mistake("over batch and time", "{leaks} Both lines agree now: on a batch norm.", over((0, 1)))
ex.mistake(
    "over time and features",
    "{leaks} The features are right, but all rows of a block share one mean.",
    over((1, 2)),
)
ex.mistake(
    "over batch and features",
    "{leaks} The features are right, but rows at the same position share one mean.",
    over((0, 2)),
)
ex.mistake("over everything", "{leaks} One mean of all numbers lets all of them in.", over((0, 1, 2)))


@ex.mistake(
    "the window reaches into the future",
    "{leaks} Your running mean does not end at its own position.",
    lambda x, eps: over_the_past(x.flip(1), eps).flip(1),
)
def _(x, eps):
    rows = []
    for t in range(x.shape[1]):
        seen = x[:, : t + 2]
        rows.append((x[:, t] - seen.mean(1)) / (seen.var(1, correction=0) + eps).sqrt())
    return torch.stack(rows, 1)


ex.mistake(
    "over the past of each feature",
    "Nothing leaks, and row [0, 0] has become {first}: the first position has no past to differ from. Each row is to be normalised by itself.",
    over_the_past,
)
ex.mistake(
    "over the past and the features",
    "Nothing leaks, and row [0, 1] has a mean of {mean[0][1]:.3g}, not 0: the rows before it still count. Each row is to be normalised by itself.",
    lambda x, eps: over_the_past(x, eps, of=lambda x: x.mean(-1, keepdim=True)),
)
ex.mistake(
    "only scaled",
    "Nothing leaks, and {b}: its mean is {b_mean:.3g}, not 0. The shift is missing.",
    lambda x, eps: x / (mean_square(x) + eps).sqrt(),
    lambda x, eps: x / (mean_square(centred(x)) + eps).sqrt(),
)
ex.mistake(
    "only shifted",
    "Nothing leaks, and {b}: its variance is {b_variance:.3g}, not 1. The scale is missing.",
    lambda x, eps: centred(x),
)
ex.mistake(
    "no root",
    "Nothing leaks, and {b}: its variance is {b_variance:.3g}, not 1. You divided by the variance; its root is the standard deviation.",
    lambda x, eps: centred(x) / (mean_square(centred(x)) + eps),
)
ex.mistake(
    "scaled to length 1",
    "Nothing leaks, and {b}: the squares of the row add up to 1. Their mean is to be 1, after the row's own mean is subtracted.",
    lambda x, eps: torch.nn.functional.normalize(x, dim=-1),
    lambda x, eps: torch.nn.functional.normalize(centred(x), dim=-1),
)
ex.mistake("nothing is normalised", "Nothing leaks, and nothing happens: {b}.", lambda x, eps: x.clone())
ex.mistake(
    "the unbiased variance",
    "Nothing leaks, and {b}: its squares were divided by C - 1, not by C.",
    unbiased,
)
ex.mistake(
    "only the scale is the row's own",
    "Nothing leaks, and row [0, 0] has become {first}: each feature lost the mean of its own past, not the row its mean. Subtract the mean of the row.",
    lambda x, eps: centred_in_time(x) / (mean_square(centred_in_time(x)) + eps).sqrt(),
)
ex.mistake(
    "the first position for all",
    "Row [0, 1] has a mean of {mean[0][1]:.3g}, not 0: every position was brought to size with the numbers of position 0. Each row has its own mean and its own variance.",
    lambda x, eps: (
        (x - x[:, :1].mean(-1, True)) / (x[:, :1].var(-1, correction=0, keepdim=True) + eps).sqrt()
    ),
)
