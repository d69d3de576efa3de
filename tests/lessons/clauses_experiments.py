"""The statements on experiments, clause by clause, and right answers in more styles."""

import math
from statistics import fmean, stdev, variance

import numpy as np
import torch
import torch.nn.functional as F

from clauses import broken, right
from nanogpt_lib.lessons import experiments as ex

mean_ci, sort_claims = ex.mean_ci.answer, ex.sort_claims.answer
plan, loss_per_position = ex.plan.answer, ex.loss_per_position.answer


def interval(half):
    """A mean_ci with half(values, t95) for its half-width."""

    def answer(values, t95):
        if len(values) < 2:
            raise ValueError("a single run has no deviation")
        return fmean(values), half(values, t95)

    return answer


def one_value(instead):
    return lambda values, t95: mean_ci(values, t95) if len(values) > 1 else instead(values)


def half_of(gaps, t95):
    return t95[len(gaps) - 1] * stdev(gaps) / len(gaps) ** 0.5


def real_if(rule, words=("real", "within noise")):
    """A sort_claims by rule(gaps, t95)."""

    def answer(claims, t95):
        gaps = {name: [x - y for x, y in zip(a, b, strict=True)] for name, (a, b) in claims.items()}
        return {name: words[0] if rule(one, t95) else words[1] for name, one in gaps.items()}

    return answer


def planned(steps=lambda N, B, T: N // (B * T), seeds=lambda seconds, times: int(seconds // sum(times))):
    """A plan with other steps, or another number of seeds."""

    def answer(variants, characters, minutes):
        made = {name: steps(characters, B, T) for name, (B, T, _) in variants.items()}
        times = [made[name] * one for name, (_, _, one) in variants.items()]
        return made, seeds(60 * minutes, times)

    return answer


def losses(logits, targets):
    return F.cross_entropy(logits.mT, targets, reduction="none")


BROKEN = [
    broken(
        "sort_claims",
        "in these words",
        "",
        lambda claims, t95: {
            name: word.split()[-1] for name, word in ex.sort_claims.answer(claims, t95).items()
        },
    ),
    broken(
        "mean_ci",
        "the mean",
        "the median in place of the mean",
        lambda v, t95: (float(np.median(v)), mean_ci(v, t95)[1]),
    ),
    broken("mean_ci", "the half-width", "the full width", interval(lambda v, t95: 2 * half_of(v, t95))),
    broken(
        "mean_ci",
        "(mean, half-width)",
        "the two ends",
        lambda v, t95: (mean_ci(v, t95)[0] - mean_ci(v, t95)[1], sum(mean_ci(v, t95))),
    ),
    broken(
        "mean_ci",
        "the spread with n - 1",
        "the squares are divided by n",
        interval(lambda v, t95: t95[len(v) - 1] * np.std(v) / len(v) ** 0.5),
    ),
    broken(
        "mean_ci",
        "of the mean",
        "the root of n is forgotten",
        interval(lambda v, t95: t95[len(v) - 1] * stdev(v)),
    ),
    broken(
        "mean_ci",
        "by degrees of freedom",
        "looked up for n",
        interval(lambda v, t95: t95[len(v)] * stdev(v) / len(v) ** 0.5),
    ),
    broken(
        "mean_ci", "Student's t", "1.96 whatever n", interval(lambda v, t95: 1.96 * stdev(v) / len(v) ** 0.5)
    ),
    broken(
        "mean_ci",
        "a root",
        "the variance in place of the spread",
        interval(lambda v, t95: t95[len(v) - 1] * variance(v) / len(v) ** 0.5),
    ),
    broken(
        "mean_ci", "a single value must raise", "NaN for one value", one_value(lambda v: (v[0], math.nan))
    ),
    broken("mean_ci", "a ValueError", "another error for one value", one_value(lambda v: {}[0])),
    broken(
        "mean_ci",
        "that says why",
        "an error without words",
        one_value(lambda v: (_ for _ in ()).throw(ValueError)),
    ),
    broken(
        "sort_claims",
        "the mean gap",
        "the signs of the gaps are dropped",
        real_if(lambda g, t95: fmean(map(abs, g)) > half_of(g, t95)),
    ),
    broken(
        "sort_claims",
        "on either side of 0",
        "the sign is forgotten",
        real_if(lambda g, t95: fmean(g) > half_of(g, t95)),
    ),
    broken(
        "sort_claims",
        "the 95 % interval",
        "all seeds agree",
        real_if(lambda g, t95: min(g) > 0 or max(g) < 0),
    ),
    broken(
        "sort_claims",
        "of the mean",
        "the root of n is forgotten",
        real_if(lambda g, t95: abs(fmean(g)) > half_of(g, t95) * len(g) ** 0.5),
    ),
    broken(
        "sort_claims",
        "for as many seeds as there are",
        "4.303 whatever n",
        real_if(lambda g, t95: abs(fmean(g)) > t95[2] * stdev(g) / len(g) ** 0.5),
    ),
    broken(
        "sort_claims",
        "seed by seed",
        "the seeds are not paired",
        lambda claims, t95: {
            name: "real"
            if abs(fmean(a) - fmean(b)) > t95[len(a) - 1] * ((variance(a) + variance(b)) / len(a)) ** 0.5
            else "within noise"
            for name, (a, b) in claims.items()
        },
    ),
    broken(
        "sort_claims",
        "'real' outside",
        "the labels are swapped",
        real_if(lambda g, t95: abs(fmean(g)) > half_of(g, t95), ("within noise", "real")),
    ),
    broken(
        "sort_claims",
        "'within noise'",
        "not shown is called equal",
        real_if(lambda g, t95: abs(fmean(g)) > half_of(g, t95), ("real", "equal")),
    ),
    broken(
        "sort_claims",
        "a verdict for each",
        "",
        lambda claims, t95: dict(list(sort_claims(claims, t95).items())[:2]),
    ),
    broken("plan", "whole steps", "steps that are not whole", planned(lambda N, B, T: N / (B * T))),
    broken(
        "plan", "without reading more", "past the budget", planned(lambda N, B, T: math.ceil(N / (B * T)))
    ),
    broken("plan", "characters", "block_size is forgotten", planned(lambda N, B, T: N // B)),
    broken("plan", "each variant its own steps", "", planned(lambda N, B, T: 1000)),
    broken(
        "plan",
        "whole seeds, finished",
        "a seed that is not finished",
        planned(seeds=lambda s, times: math.ceil(s / sum(times))),
    ),
    broken(
        "plan",
        "a seed that fits to the last second is finished",
        "a seed that fits exactly is left out",
        planned(seeds=lambda s, times: math.ceil(s / sum(times)) - 1),
    ),
    broken(
        "plan",
        "0 where none can be finished",
        "at least one seed",
        planned(seeds=lambda s, times: max(1, int(s // sum(times)))),
    ),
    broken(
        "plan",
        "for all variants",
        "one variant for all",
        planned(seeds=lambda s, times: int(s // max(times))),
    ),
    broken(
        "plan",
        "in so many minutes",
        "minutes in place of seconds",
        planned(seeds=lambda s, times: int(s / 60 // sum(times))),
    ),
    broken(
        "plan",
        "whatever the minutes are",
        "the same number of seeds each time",
        planned(seeds=lambda s, times: 0),
    ),
    broken("plan", "(steps, seeds)", "", lambda *given: plan(*given)[0]),
    broken("loss_per_position", "(T,)", "one number for all", lambda z, y: losses(z, y).mean()),
    broken(
        "loss_per_position",
        "at each position",
        "averaged over the positions",
        lambda z, y: losses(z, y).mean(1),
    ),
    broken(
        "loss_per_position",
        "averaged over the batch",
        "a sum in place of a mean",
        lambda z, y: losses(z, y).sum(0),
    ),
    broken("loss_per_position", "the mean, not the median", "", lambda z, y: losses(z, y).median(0).values),
    broken("loss_per_position", "in nats", "bits", lambda z, y: losses(z, y).mean(0) / math.log(2)),
    broken(
        "loss_per_position",
        "the cross-entropy of the logits",
        "softmax twice",
        lambda z, y: losses(z.softmax(-1), y).mean(0),
    ),
    broken(
        "loss_per_position",
        "of its own target",
        "the targets are shifted again",
        lambda z, y: losses(z, y.roll(1, 1)).mean(0),
    ),
    broken(
        "loss_per_position",
        "each alone",
        "the mean so far",
        lambda z, y: losses(z, y).mean(0).cumsum(0) / torch.arange(1, y.shape[1] + 1),
    ),
]


def by_numpy(z, y):
    p = np.take_along_axis(z.softmax(-1).numpy(), y.numpy()[..., None], -1)[..., 0]
    return -np.log(p).mean(0)


RIGHT = [
    right("mean_ci", "an array", lambda v, t95: np.array(mean_ci(v, t95))),
    right("mean_ci", "a tensor", lambda v, t95: torch.tensor(mean_ci(v, t95))),
    right("mean_ci", "a list of numpy numbers", lambda v, t95: [np.float64(one) for one in mean_ci(v, t95)]),
    right(
        "sort_claims",
        "the two ends",
        real_if(lambda g, t95: not -half_of(g, t95) < fmean(g) < half_of(g, t95)),
    ),
    right("plan", "a list of steps", lambda *given: (list(plan(*given)[0].values()), plan(*given)[1])),
    right(
        "plan",
        "floats that are whole",
        lambda *given: ({n: float(s) for n, s in plan(*given)[0].items()}, float(plan(*given)[1])),
    ),
    right(
        "plan",
        "divmod",
        planned(lambda N, B, T: divmod(N, B * T)[0], lambda s, times: math.floor(s / sum(times))),
    ),
    right("loss_per_position", "an array", by_numpy),
    right("loss_per_position", "in float64", lambda z, y: losses(z.double(), y).mean(0)),
]
