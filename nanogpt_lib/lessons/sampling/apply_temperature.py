"""Probabilities at a temperature, with 0 as its corner."""

import numpy as np
import torch
import torch.nn.functional as F

from nanogpt_lib.kit.diagnose import Observe, Run, rows_sum_to_1
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.sampling.heated_otherwise import at_0, both, limited, softly
from nanogpt_lib.lessons.sampling.shared import (
    counted_from_the_front,
    divided,
    greedy,
    raised,
    rows,
    sizes,
    sum_off,
)


def to_heat(seed: int) -> list[tuple]:
    """Return some (logits, temperature): cold, hot, as it is, greedy, with equals at the top, very sure, and at both ends.

    The first is a single short row, so that a message can be checked by hand.
    """
    B, V, generator = sizes(seed)

    def logits(*shape: int) -> torch.Tensor:
        return 1.5 * torch.randn(shape, generator=generator)

    def warm(low: float) -> float:
        return round(low + float(torch.rand((), generator=generator)), 2)

    top = torch.randperm(V, generator=generator)[:2]
    close, equals = logits(B, V), logits(B, V)
    close[0, top] = close[0].max() + torch.tensor([1.0, 1.02])  # close, and not the same
    equals[0, top] = equals[0].max() + 1
    return [
        (torch.tensor([2.0, 1.0, 0.0]), 0.5),
        (logits(V), warm(1.5)),
        (logits(B, V), round(warm(0.9) / 2, 2)),
        (logits(V, V), warm(1.2)),
        (logits(B, V), 1.0),
        (close, 0.0),
        (equals, 0.0),
        (60 * logits(B, V), 0.5),
        (logits(B, V), 0.05),
        (close, 0.005),
        (torch.tensor([0.0, 2.0**-10, 0.0]), 2.0**-12),
        (logits(B, V), 30.0),
        (logits(B, V), 300.0),
        (logits(V), 0.0),
    ]


def order_kept(observe: Observe, run: Run) -> str:
    """Say in which row another id is the likeliest than the one with the highest logit."""
    likeliest, right = (numbers(value).argmax(dim=-1).flatten() for value in (run.outcome.value, run.want))
    if torch.equal(likeliest, right):
        return ""
    row = int((likeliest != right).nonzero()[0])
    return f"In row {row} your likeliest is id {likeliest[row]}, and the highest logit has id {right[row]}{run.said}. No temperature changes who is first."


class Heated:
    """What the learner's values are like: the first row's likeliest, the sums, and how many are no numbers."""

    def __init__(self, case: Case) -> None:
        logits, T = case.inputs
        self.highest, self.given = logits.max(), tuple(logits.shape)
        if case.error is not None:
            self.shows = raised(case)
            self.instead = f"{self.shows}."
            return
        plain, mine = rows(logits)[0].softmax(-1), rows(case.got)[0]
        self.likeliest, self.first_id = mine.max(), int(mine.argmax())
        self.top = f"At T = {T:g} your likeliest has {self.likeliest:.3g}; at T = 1 it has {plain.max():.3g}"
        self.sum_off = f"At T = {T:g} {sum_off(case.got)}"
        self.bad = f"{int((~case.got.isfinite()).sum())} of {case.got.numel()} values are not finite"
        self.instead = f"{self.bad}: a division by zero gives infinities, and their difference is no number."
        self.largest, self.least_sure = case.got.max(), case.got.amax(-1).min()
        self.shape = tuple(case.got.shape)
        self.shows = sum_off(case.got) if self.shape == self.given else f"you return shape {self.shape}"


ex = Exercise(
    prompt="Write apply_temperature(logits, temperature): the probabilities of logits (V,) or (B, V) at any temperature >= 0. At 0 all goes to the highest logit, and of equals to the first.",
    hints=(
        "One temperature cannot be divided by. What should come out there, and in which row goes what?",
        "Divide the logits, before the softmax over the last axis. argmax(dim=-1) gives the first of equals.",
        "At 0: torch.zeros_like(logits).scatter(-1, logits.argmax(dim=-1, keepdim=True), 1.0). Otherwise (logits / temperature).softmax(dim=-1).",
    ),
    inputs=to_heat,
    see=Heated,
    holds=(rows_sum_to_1, order_kept),
    note=lambda values: (
        f"On (2, 1, 0) the likeliest has {values[0].max():.3f} at T = 0.5. T = 0 is greedy, T = 1 the plain softmax, and nowhere did another come first."
    ),
    probe="(Measured on the logits 2, 1, 0.)",
)


@ex.right
def apply_temperature(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    if temperature == 0:
        first = logits.argmax(dim=-1, keepdim=True)  # of equals the first
        return torch.zeros_like(logits).scatter(-1, first, 1.0)
    return (logits / temperature).softmax(dim=-1)


@ex.also_right
def heated_by_log_softmax(z, T):
    if T > 0:
        return torch.log_softmax(z.double() / T, dim=-1).exp()
    return F.one_hot(z.argmax(dim=-1), num_classes=z.shape[-1]).float()


@ex.also_right
def heated_row_by_row(logits, T):
    def row(values):
        if not T:
            return torch.tensor([float(i == values.index(max(values))) for i in range(len(values))])
        shares = [np.exp((value - max(values)) / T) for value in values]
        return torch.tensor(shares) / sum(shares)

    return torch.stack([row(one.tolist()) for one in rows(logits)]).view_as(logits)


ex.mistake(
    "the temperature changes nothing",
    "{top}: nothing changed. Did you divide the probabilities? What all are divided by, the new sum divides out again. Cool or heat before there are probabilities.",
    *both(lambda logits, T: divided(logits.softmax(dim=-1) / T)),
    lambda logits, T: logits.softmax(dim=-1),
)
ex.mistake(
    "the probabilities are divided, and left so",
    "{sum_off}. You divided probabilities by T, so their sum is divided too. Cool or heat what comes before them.",
    *both(lambda logits, T: logits.softmax(dim=-1) / T),
)
ex.mistake(
    "the logits are multiplied",
    "{top}. Cold should give more to the first and heat less; yours goes the other way.",
    *both(lambda logits, T: (logits * T).softmax(dim=-1)),
)
ex.mistake(
    "softmax along the wrong axis",
    "{sum_off}: your columns sum to 1 instead, so a character competes with itself in other rows. Which axis is the vocabulary?",
    *both(lambda logits, T: (logits / T).softmax(dim=0)),
)
ex.mistake(
    "softmax over the whole batch",
    "{sum_off}: all rows share one sum. Every row is a choice of its own.",
    *both(lambda logits, T: (logits / T).flatten().softmax(0).view_as(logits)),
)
ex.mistake(
    counted_from_the_front(
        "logits",
        *both(lambda logits, T: (logits / T).softmax(dim=1)),
        at_0(lambda logits: F.one_hot(logits.argmax(dim=1), logits.shape[1]).float()),
        at_0(lambda logits: F.one_hot(logits.argmax(dim=1), logits.shape[-1]).float()),
        at_0(lambda logits: torch.zeros_like(logits).scatter(1, logits.argmax(1, keepdim=True), 1.0)),
    )
)
ex.mistake(
    "T = 0 divides by zero",
    "At T = {temperature:g} {instead} What should come out there? Give it a line of its own.",
    softly,
    lambda logits, T: (logits * (1 / T)).softmax(dim=-1),
)
ex.mistake(
    "T = 0 is taken as off",
    "At T = {temperature:g} your likeliest has {likeliest:.3g}: that is the plain softmax, which is T = 1. The colder, the surer; what is the end of that?",
    at_0(lambda logits: logits.softmax(dim=-1)),
)
ex.mistake(
    "T = 0 gives an id",
    "At T = {temperature:g} you return shape {shape}, and the logits have {given}: an id says which one, and probabilities are asked for, all but one of them 0.",
    at_0(lambda logits: logits.argmax(dim=-1)),
    at_0(lambda logits: logits.argmax(dim=-1, keepdim=True)),
)
ex.mistake(
    "at T = 0 equals share",
    "At T = {temperature:g} two logits of row 0 are equally high, and you give each {likeliest:.3g}. That is where ever smaller T lead, and a fair choice; here, as in the library, all goes to the first.",
    at_0(lambda logits: divided((logits == logits.amax(dim=-1, keepdim=True)).float())),
    lambda logits, T: softly(logits, max(T, 1e-3)),
    lambda logits, T: softly(logits, max(T, 1e-12)),
)
ex.mistake(
    "a small T in place of 0",
    "At T = {temperature:g} your likeliest has {least_sure:.4g} in one of the rows, and should have 1: a T that is only small leaves something to logits that are close.",
    lambda logits, T: softly(logits, max(T, 0.1)),
    lambda logits, T: softly(logits, max(T, 0.01)),
)
ex.mistake(
    "the temperature has limits",
    "{top}. That is not what this temperature makes: either T is kept between limits of your own, or something is added to it. Any T above 0 is to be taken as it is.",
    *map(limited, (0.1, 0.01, 1e-3, 0, 0, 0, 0.1, 0.1), (1e9, 1e9, 1e9, 2, 10, 100, 10, 2)),
)
ex.mistake(
    "at T = 0 each of equals gets 1",
    "{sum_off}: two logits are equally high. Of equals, the first alone.",
    at_0(lambda logits: (logits == logits.amax(dim=-1, keepdim=True)).float()),
)
ex.mistake(
    "at T = 0 the last of equals",
    "At T = {temperature:g} two logits of row 0 are equally high, and you chose id {first_id}, the later one. The first is asked for.",
    at_0(lambda logits: greedy(logits.flip(-1)).flip(-1)),
)
ex.mistake(
    "at T = 0 one for the whole batch",
    "At T = {temperature:g} {shows}: your argmax found one place in all {given[0]} rows. Each row has a highest of its own; name the axis.",
    at_0(lambda logits: F.one_hot(logits.argmax(), logits.shape[-1]).float()),
    at_0(lambda logits: greedy(logits.flatten()).view_as(logits)),
)
ex.mistake("always greedy", "{top}. All on the first is T = 0 only.", lambda logits, T: greedy(logits))
ex.mistake(
    "no softmax",
    "{sum_off}: these are logits at that temperature. What makes them probabilities?",
    *both(lambda logits, T: logits / T),
)
ex.mistake(
    "softmax twice",
    "{top}, and T below 1 should sharpen. How many softmaxes are there in yours?",
    *both(lambda logits, T: softly(logits, T).softmax(dim=-1)),
)
ex.mistake(
    "the temperature comes after the softmax",
    "{top}. You heated probabilities and made a softmax of them; what lies between 0 and 1 comes out nearly even.",
    *both(lambda logits, T: softly(logits.softmax(dim=-1), T)),
)
ex.mistake(
    "log-probabilities",
    "At T = {temperature:g} your largest value is {largest:.3g}, and no probability is below 0. You took their logarithms.",
    *both(lambda logits, T: (logits / T).log_softmax(dim=-1)),
)
ex.mistake(
    "the power is not divided by its sum",
    "{sum_off}. The power 1 / T is right; what is missing after it?",
    *both(lambda logits, T: logits.softmax(dim=-1) ** (1 / T)),
)
ex.mistake(
    "exp runs over",
    "With logits up to {highest:.0f} {bad}: exp of more than 88 is infinite in 32 bits. The softmax of torch lowers all by the highest first.",
    *both(lambda logits, T: divided((logits / T).exp())),
)
