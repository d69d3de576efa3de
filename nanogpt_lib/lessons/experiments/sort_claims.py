"""Claims that one variant is better than another: each is real, or within noise."""

from collections.abc import Callable
from statistics import fmean, median, pstdev, stdev

import numpy
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.statistics import T95, half_width
from nanogpt_lib.lessons.experiments.claims import (
    EQUAL,
    NOISE,
    REAL,
    first_wrong_claim,
    simulated_claims,
    sorted_claims,
)
from nanogpt_lib.lessons.experiments.mean_ci import ci_by_statistics
from nanogpt_lib.lessons.experiments.shared import gaps_of, recorded_claims


def claims_to_sort(seed: int) -> list[tuple]:
    """Return simulated pairs of three seeds, the recorded ones, and pairs of other numbers of seeds."""
    return [
        simulated_claims((3,), 200, 2 * seed),
        (recorded_claims(), set()),
        simulated_claims((2, 4, 5, 6), 60, 2 * seed + 1),
        simulated_claims((8, 9, 10, 11), 80, 2 * seed + 1),
    ]


def from_to() -> str:
    """Return the interval of a recorded gap that is within noise, in words."""
    gaps = gaps_of(*recorded_claims()["norm after, norm before"])
    low, high = fmean(gaps) - half_width(gaps), fmean(gaps) + half_width(gaps)
    return f"from {low:+.3f} to {high:+.3f}"


class Verdicts:
    """How many simulated pairs the learner calls real, of those without and with a difference."""

    def __init__(self, case: Case) -> None:
        wrong, without, right, others = case.got["_counts"]
        rule = case.want["_counts"]
        self.called = (
            f"Of {without} simulated pairs without any difference you call {wrong} real, where the interval of the gaps calls {rule[0]}; "
            f"of {others} with one you call {right}, and it calls {rule[2]}"
        )
        self.not_real = len(case.inputs[0]) - wrong - right
        self.from_to = from_to()


ex = Exercise(
    prompt="Write sort_claims(claims, t95): claims is {name: (a, b)}, where a[i] and b[i] are the losses of two variants with the same seed. Return {name: verdict}: 'real' if 0 lies outside the 95 % interval of the mean gap, seed by seed, and 'within noise' otherwise.",
    hints=(
        "Make one list of each pair first: what did each seed do in a that it did not do in b?",
        "The gaps are a few values like any others: E1 gives their mean and its interval. Where is 0?",
        "half = t95[n - 1] * (spread of the gaps) / n ** 0.5; real if abs(mean of the gaps) > half.",
    ),
    inputs=claims_to_sort,
    run=sorted_claims,
    see=Verdicts,
    holds=(first_wrong_claim,),
    note=lambda values: (
        f"Of {values[0]['_counts'][1]} simulated pairs without any difference you call {values[0]['_counts'][0]} real: by design it errs on about 5 in 100. "
        f"And noise is not equality: the norm after or before may still differ by anything {from_to()}."
    ),
)


@ex.right
def sort_claims(claims: dict, t95: dict) -> dict:
    verdicts = {}
    for name, (a, b) in claims.items():
        gaps = torch.tensor(a) - torch.tensor(b)  # each seed with itself
        half = t95[len(gaps) - 1] * gaps.std() / len(gaps) ** 0.5
        verdicts[name] = "real" if gaps.mean().abs() > half else "within noise"
    return verdicts


@ex.also_right
def claims_by_ends(claims, t95):
    out = {}
    for name, (a, b) in claims.items():
        mean, half = ci_by_statistics([y - x for x, y in zip(a, b, strict=True)], t95)
        out[name] = "within noise" if mean - half < 0 < mean + half else "real"
    return out


@ex.also_right
def claims_by_covariance(claims, t95):
    def t(a, b):
        n, (aa, ab, _, bb) = len(a), numpy.cov(a, b).ravel()
        return abs(numpy.mean(a) - numpy.mean(b)) / ((aa + bb - 2 * ab) / n) ** 0.5

    return {key: "real" if t(a, b) > t95[len(a) - 1] else NOISE for key, (a, b) in claims.items()}


def real_if(rule: Callable, real: str = REAL, noise: str = NOISE) -> Callable:
    """Return sort_claims by a rule(a, b)."""
    return lambda claims, t95: {name: real if rule(a, b) else noise for name, (a, b) in claims.items()}


def outside(half: Callable) -> Callable:
    """Return sort_claims that calls a pair real if its mean gap is wider than half(gaps, n)."""
    return real_if(lambda a, b: apart(a, b) > half(gaps_of(a, b), len(a)))


def apart(a: list, b: list) -> float:
    return abs(fmean(gaps_of(a, b)))


def unpaired(degrees: Callable) -> Callable:
    """Return sort_claims by the deviations of a and b apart, with degrees(n, Welch's) of freedom."""

    def rule(a, b):
        n = len(a)
        square_a, square_b = stdev(a) ** 2 / n, stdev(b) ** 2 / n
        welch = (square_a + square_b) ** 2 / (square_a**2 + square_b**2) * (n - 1)
        return apart(a, b) > T95[min(10, degrees(n, welch))] * (square_a + square_b) ** 0.5

    return real_if(rule)


ex.mistake(
    "any difference is real",
    "{called}. Two means, or two best seeds, always differ a little. How large a gap would chance alone make?",
    real_if(lambda a, b: fmean(a) != fmean(b)),
)
ex.mistake(
    "lower is real",
    "{called}. You ask which mean, or which best seed, is lower. One of the two always is.",
    real_if(lambda a, b: fmean(a) < fmean(b)),
    real_if(lambda a, b: fmean(a) > fmean(b)),
    real_if(lambda a, b: min(a) < min(b)),
    real_if(lambda a, b: min(a) > min(b)),
)
ex.mistake(
    "all seeds agree",
    "{called}. Three gaps with one sign look convincing, but three coins fall alike one time in four. How far the gaps lie apart must count as well.",
    real_if(lambda a, b: min(gaps_of(a, b)) > 0 or max(gaps_of(a, b)) < 0),
)
ex.mistake(
    "the sign is forgotten",
    "{called}. You find gaps of one sign only. A real difference may be negative: a may be the lower one.",
    real_if(lambda a, b: fmean(gaps_of(a, b)) > half_width(gaps_of(a, b))),
    real_if(lambda a, b: fmean(gaps_of(b, a)) > half_width(gaps_of(b, a))),
)
ex.mistake(
    "the signs of the gaps are dropped",
    "{called}. You took the mean of absolute gaps: then gaps that cancel each other add up, and with enough seeds every claim becomes real. Take the mean first, and its size afterwards.",
    real_if(lambda a, b: fmean(map(abs, gaps_of(a, b))) > half_width(gaps_of(a, b))),
    real_if(lambda a, b: fmean(map(abs, gaps_of(a, b))) > half_width([abs(gap) for gap in gaps_of(a, b)])),
)
ex.mistake(
    "two intervals that overlap",
    "{called}. You want the intervals of a and b apart. That asks for too much: their widths add up, and what a seed brings to both is counted twice. One interval is enough: that of the gaps.",
    real_if(lambda a, b: apart(a, b) > half_width(a) + half_width(b)),
)
ex.mistake(
    "the spread of one variant alone",
    "{called}. You hold the gap against the interval of one of the two. The other was not measured exactly either.",
    real_if(lambda a, b: apart(a, b) > half_width(a)),
    real_if(lambda a, b: apart(a, b) > half_width(b)),
    real_if(lambda a, b: apart(a, b) > min(half_width(a), half_width(b))),
    real_if(lambda a, b: apart(a, b) > max(half_width(a), half_width(b))),
)
ex.mistake(
    "ranges that overlap",
    "{called}. You ask whether every loss of one lies below every loss of the other. A lucky seed, lucky in both, hides a difference that each seed shows.",
    real_if(lambda a, b: max(a) < min(b) or max(b) < min(a)),
)
ex.mistake(
    "the seeds are not paired",
    "{called}. You took the spreads of a and b apart. But the seeds are shared: luck that comes to both drops out of a[i] - b[i], and with it most of the noise.",
    unpaired(lambda n, welch: 2 * n - 2),
    unpaired(lambda n, welch: n - 1),
    unpaired(lambda n, welch: int(welch)),
    unpaired(lambda n, welch: round(welch)),
)
ex.mistake(
    "1.96 whatever n",
    "{called}. That many standard errors are enough for hundreds of seeds. What does t95 say for yours?",
    outside(lambda gaps, n: 1.96 * stdev(gaps) / n**0.5),
    outside(lambda gaps, n: 2 * stdev(gaps) / n**0.5),
)
ex.mistake(
    "4.303 whatever n",
    "{called}. With three seeds yours is right. But 4.303 belongs to three, and these pairs have fewer seeds or more: t95 has a number for every n.",
    outside(lambda gaps, n: T95[2] * stdev(gaps) / n**0.5),
    outside(lambda gaps, n: T95[2] * stdev(gaps) / 3**0.5),
)
ex.mistake(
    "looked up for n",
    "{called}. You read t95[n]; n gaps have n - 1 degrees of freedom.",
    outside(lambda gaps, n: T95[n] * stdev(gaps) / n**0.5),
    outside(lambda gaps, n: T95[min(n, 10)] * stdev(gaps) / n**0.5),
)
ex.mistake(
    "the spread of the gaps alone",
    "{called}. You hold the mean gap against the spread of single gaps. A mean scatters less, and t95 wants its say.",
    outside(lambda gaps, n: stdev(gaps)),
    outside(lambda gaps, n: pstdev(gaps)),
)
ex.mistake(
    "the standard error alone",
    "{called}. One standard error holds the truth only two times in three or so. How many does t95 ask for?",
    outside(lambda gaps, n: stdev(gaps) / n**0.5),
    outside(lambda gaps, n: pstdev(gaps) / n**0.5),
)
ex.mistake(
    "another number than the mean gap",
    "{called}. You hold the sum of the gaps, the largest, or the median against the interval. It is the interval of the mean gap.",
    real_if(lambda a, b: abs(sum(gaps_of(a, b))) > half_width(gaps_of(a, b))),
    real_if(lambda a, b: max(map(abs, gaps_of(a, b))) > half_width(gaps_of(a, b))),
    real_if(lambda a, b: abs(median(gaps_of(a, b))) > half_width(gaps_of(a, b))),
)
ex.mistake(
    "half of the interval, or twice",
    "{called}. Your interval has another width: it reaches t standard errors each way, so the half-width is not halved or doubled once more.",
    outside(lambda gaps, n: half_width(gaps) / 2),
    outside(lambda gaps, n: 2 * half_width(gaps)),
)
ex.mistake(
    "the root of n is forgotten",
    "{called}. Your interval is that of a single gap; the mean of several scatters less.",
    outside(lambda gaps, n: T95[n - 1] * stdev(gaps)),
)
ex.mistake(
    "the squares are divided by n",
    "{called}. The spread of so few gaps comes out too small that way. By what must the squares be divided?",
    outside(lambda gaps, n: T95[n - 1] * pstdev(gaps) / n**0.5),
)
ex.mistake(
    "a fixed limit",
    "{called}. You hold every gap against one number. How much noise there is differs from pair to pair: let the gaps themselves say it.",
    *(outside(lambda gaps, n, limit=limit: limit) for limit in (0.005, 0.01, 0.02, 0.03, 0.05, 0.1)),
)
ex.mistake(
    "the labels are swapped",
    "{called}. Your condition is the right one. Which verdict belongs to which side?",
    real_if(lambda a, b: apart(a, b) > half_width(gaps_of(a, b)), NOISE, REAL),
)
ex.mistake(
    "not shown is called equal",
    "You call {not_real} pairs equal. Few seeds cannot show that: the norm after or before may differ by anything {from_to}, and 0 is only one number in there. Say 'within noise'.",
    real_if(lambda a, b: apart(a, b) > half_width(gaps_of(a, b)), noise=EQUAL),
)
ex.mistake(
    "sorted before they are paired",
    "{called}. You sorted the losses first, so a gap lies between two seeds. a[i] and b[i] share seed i: leave them where they are.",
    real_if(lambda a, b: apart(a, b) > half_width(gaps_of(sorted(a), sorted(b)))),
)
ex.mistake(
    "only the first three seeds",
    "{called}. With three seeds yours is right. But some pairs have more, and all of them count.",
    real_if(lambda a, b: apart(a[:3], b[:3]) > half_width(gaps_of(a, b)[:3])),
)
ex.mistake(
    "a limit in percent",
    "{called}. You hold every gap against a share of the loss. How much noise there is differs from pair to pair: let the gaps themselves say it.",
    *(
        real_if(lambda a, b, share=share: apart(a, b) > share * fmean(b))
        for share in (0.005, 0.01, 0.02, 0.05)
    ),
)
