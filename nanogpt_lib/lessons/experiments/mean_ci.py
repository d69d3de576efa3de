"""The mean of a few seeds' losses, and half of its 95 % confidence interval."""

import math
import statistics
from collections.abc import Callable
from statistics import fmean, median, median_high, median_low, pstdev, stdev

import numpy
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.statistics import T95, half_width
from nanogpt_lib.lessons.experiments.intervals import SIMULATED, Interval, estimated, kept, right_half
from nanogpt_lib.lessons.experiments.shared import recorded_claims


def few_losses(seed: int) -> list[tuple]:
    """Return three recorded losses, some drawn ones, and a single one."""
    generator = torch.Generator().manual_seed(seed)
    recorded = recorded_claims()["norm after, norm before"][0]
    cases = [list(recorded)]
    for n in (3, 2, 6, 10):
        middle = 1.5 + torch.rand((), generator=generator)
        deviation = 0.005 + 0.05 * torch.rand((), generator=generator)
        drawn = middle + deviation * torch.randn(n, generator=generator, dtype=torch.float64)
        cases.append([round(value, 4) for value in drawn.tolist()])
    return [(values,) for values in [*cases, recorded[:1]]]


def note(values: list) -> str:
    yours, others = kept(right_half, 3), kept(lambda draws: 1.96 / T95[2] * right_half(draws), 3)
    return f"For three values, {yours:,} of {SIMULATED:,} simulated intervals like yours contain the truth; with 1.96 standard errors it would be {others:,}."


ex = Exercise(
    prompt="Write mean_ci(values, t95): return (mean, half-width of the 95 % confidence interval) for the losses of a few seeds; t95 gives Student's t by degrees of freedom. A single value must raise a ValueError that says why.",
    hints=(
        "Three steps: the spread of the values, the standard error of their mean, and t times that.",
        "n values around their own mean have n - 1 degrees of freedom: that is what the sum of squares is divided by, and where to look in t95. A mean of n values scatters less than one value.",
        "Half-width: t95[n - 1] * spread / n ** 0.5. First: if n < 2, raise ValueError with a sentence.",
    ),
    inputs=few_losses,
    run=estimated,
    see=Interval,
    note=note,
)


@ex.right
def mean_ci(values: list, t95: dict) -> tuple:
    n = len(values)
    if n < 2:
        raise ValueError("One run has no spread: its loss could be luck. Train at least two seeds.")
    mean = sum(values) / n
    spread = (sum((value - mean) ** 2 for value in values) / (n - 1)) ** 0.5
    return mean, t95[n - 1] * spread / n**0.5  # t times the standard error


@ex.also_right
def ci_by_torch(values, t95):
    v = torch.tensor(values)
    if v.numel() == 1:
        raise ValueError("nothing is known of the spread of a single run")
    return v.mean(), t95[len(v) - 1] * (v.var() / len(v)).sqrt()


@ex.also_right
def ci_by_statistics(losses, t):
    spread = statistics.stdev(losses)  # raises a ValueError of its own for a single value
    return [statistics.mean(losses), spread / numpy.sqrt(len(losses)) * t[len(losses) - 1]]


@ex.also_right
def ci_by_numpy(values, t95):
    if len(values) == 1:
        raise ValueError("two seeds at least")
    return numpy.mean(values), t95[len(values) - 1] * numpy.std(values) / (len(values) - 1) ** 0.5


def interval(width: Callable, middle: Callable = fmean) -> Callable:
    """Return mean_ci with width(values, n, t95) for its half-width, or with another middle."""

    def mean_ci(values, t95):
        if len(values) < 2:
            raise ValueError("one run has no spread")
        return middle(values), width(values, len(values), t95)

    return mean_ci


def for_one(half: Callable) -> Callable:
    """Return mean_ci that gives half(t95) for the half-width of a single value."""
    return lambda values, t95: mean_ci(values, t95) if len(values) > 1 else (values[0], half(t95))


def raises(error: Exception) -> Callable:
    """Return mean_ci that raises another error for a single value."""

    def half(t95):
        raise error

    return for_one(half)


ex.mistake(
    "the squares are divided by n",
    "{mine}. So {caught}. The values lie nearer to their own mean than to the truth, so a sum of squares divided by n is too small.",
    interval(lambda values, n, t95: t95[n - 1] * pstdev(values) / n**0.5),
)
ex.mistake(
    "the root of n is forgotten",
    "{mine}. So {caught}: too careful. That is how far a single run may lie; the mean of {n} scatters less.",
    interval(lambda values, n, t95: t95[n - 1] * stdev(values)),
)
ex.mistake(
    "n in place of its root",
    "{mine}. So {caught}. Four times the runs halve the error of a mean, and you have it quartered.",
    interval(lambda values, n, t95: t95[n - 1] * stdev(values) / n),
)
ex.mistake(
    "n - 1 under the root as well",
    "{mine}. So {caught}. The - 1 belongs to the spread; a mean of {n} values is a mean of as many.",
    interval(lambda values, n, t95: t95[n - 1] * stdev(values) / (n - 1) ** 0.5),
)
ex.mistake(
    "1.96 whatever n",
    "{mine}. So {caught}. About 1.96 is right for hundreds of values. With {n} the spread itself is a guess; t95 makes up for that.",
    interval(lambda values, n, t95: 1.96 * stdev(values) / n**0.5),
    interval(lambda values, n, t95: 2 * stdev(values) / n**0.5),
)
ex.mistake(
    "4.303 whatever n",
    "{mine}. So {caught}. 4.303 belongs to three values, and here are {n}: t95 has a number for every n.",
    interval(lambda values, n, t95: t95[2] * stdev(values) / n**0.5),
    interval(lambda values, n, t95: t95[2] * stdev(values) / 3**0.5),
)
ex.mistake(
    "looked up for n",
    "{mine}. So {caught}. You read t95[{n}]; its keys are degrees of freedom, and one of them went into the mean.",
    interval(lambda values, n, t95: t95[n] * stdev(values) / n**0.5),
)
ex.mistake(
    "the spread itself",
    "{mine}. So {caught}. Yours is the standard deviation: it says how far single runs lie apart, and does not shrink with more of them.",
    interval(lambda values, n, t95: stdev(values)),
    interval(lambda values, n, t95: pstdev(values)),
)
ex.mistake(
    "the standard error itself",
    "{mine}. So {caught}. That is one standard error. How many does t95 ask for?",
    interval(lambda values, n, t95: stdev(values) / n**0.5),
    interval(lambda values, n, t95: pstdev(values) / n**0.5),
)
ex.mistake(
    "the range in place of the spread",
    "{mine}. You put the range, from lowest to highest, where the standard deviation belongs. It widens with more seeds; a spread does not.",
    interval(lambda values, n, t95: t95[n - 1] * (max(values) - min(values)) / n**0.5),
)
ex.mistake(
    "the mean distance in place of the spread",
    "{mine}. You averaged the distances from the mean. The spread is the root of the averaged squares, divided by n - 1.",
    interval(lambda values, n, t95: t95[n - 1] * fmean(abs(v - fmean(values)) for v in values) / n**0.5),
    interval(
        lambda values, n, t95: t95[n - 1] * sum(abs(v - fmean(values)) for v in values) / (n - 1) / n**0.5
    ),
)
ex.mistake(
    "looked up for n - 2",
    "{mine}. So {caught}. One degree of freedom went into the mean, not two: t95[n - 1].",
    interval(lambda values, n, t95: t95[max(1, n - 2)] * stdev(values) / n**0.5),
)
ex.mistake(
    "half the range",
    "{mine}. So {caught_by_half_range}. From lowest to highest is what was seen, and more seeds only widen it.",
    interval(lambda values, n, t95: (max(values) - min(values)) / 2),
)
ex.mistake(
    "the whole range",
    "{mine}. So {caught_by_range}. From lowest to highest is what was seen: more seeds only widen it, where an interval of the mean should shrink.",
    interval(lambda values, n, t95: max(values) - min(values)),
)
ex.mistake(
    "the variance in place of the spread",
    "{mine}. A square of nats is no width: the same losses in thousandths of a nat would give {thousandths:.4g} thousandths, and that is not the same. Is a root missing?",
    interval(lambda values, n, t95: t95[n - 1] * stdev(values) ** 2 / n**0.5),
    interval(lambda values, n, t95: t95[n - 1] * stdev(values) ** 2 / n),
    interval(lambda values, n, t95: t95[n - 1] * pstdev(values) ** 2 / n**0.5),
    interval(lambda values, n, t95: stdev(values) ** 2),
)
ex.mistake(
    "the full width",
    "{mine}. So {caught}. What stands after ± goes to both sides: yours is the whole interval, end to end.",
    interval(lambda values, n, t95: 2 * half_width(values)),
)


@ex.mistake(
    "the two ends",
    "You return {mean:.4f} and {half:.4f}: the two ends of the interval. Asked for are its middle and how far it reaches each way.",
)
def _(values, t95):
    mean, half = mean_ci(values, t95)
    return mean - half, mean + half


ex.mistake(
    "the half-width comes first",
    "You return {mean:.4f} and {half:.4f}: the first should be the mean.",
    lambda values, t95: mean_ci(values, t95)[::-1],
)
ex.mistake(
    "the best seed in place of the mean",
    "{mine}. The first is the lowest of the {n}: with more seeds it would sink further, though the model stays the same.",
    interval(lambda values, n, t95: half_width(values), min),
)
ex.mistake(
    "the median in place of the mean",
    "{mine}. The first is the median; t belongs to the mean.",
    interval(lambda values, n, t95: half_width(values), median),
    interval(lambda values, n, t95: half_width(values), median_high),
    interval(lambda values, n, t95: half_width(values), median_low),
)
ex.mistake(
    "NaN for one value",
    "{one value} 0 divided by 0: nobody has seen a spread. NaN would travel silently into your table; stop, and say why.",
    for_one(lambda t95: math.nan),
)
ex.mistake(
    "zero for one value",
    "{one value} That promises that another seed would give just the same loss. Nothing is known of that: raise a ValueError that says so.",
    for_one(lambda t95: 0.0),
)
ex.mistake(
    "some number for one value",
    "{one value} From one run nobody can know how far another would lie. Raise a ValueError that says so.",
    for_one(lambda t95: math.inf),
    for_one(lambda t95: t95[1]),
)
ex.mistake(
    "another error for one value",
    "{one value} Whoever calls you cannot count on that: look at n first, and raise a ValueError that says why one run is not enough.",
    raises(KeyError(0)),
    raises(ZeroDivisionError("float division by zero")),
    raises(AssertionError("n")),
)
ex.mistake(
    "an error without words",
    "Nearly: {one value} Say in it why one run is not enough.",
    raises(ValueError()),
)
