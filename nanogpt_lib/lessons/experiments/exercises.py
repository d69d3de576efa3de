"""Experiments: an interval from a few seeds, claims that hold or not, a plan, and a loss by position.

Each solution lends its name to its exercise.

Taught in: experiments.
"""

import functools
import math
from collections.abc import Callable
from statistics import fmean, median, pstdev, stdev

import torch
import torch.nn.functional as F

from nanogpt_lib.checkpoint import CHECKPOINTS, load_checkpoint
from nanogpt_lib.evaluation import loss_by_position
from nanogpt_lib.kit.legacy import Case, Exercise, Wrong
from nanogpt_lib.kit.outcome import Refusal, numbers
from nanogpt_lib.kit.statistics import T95, half_width
from nanogpt_lib.lessons.claim_facts import (
    EQUAL,
    NOISE,
    REAL,
    SIMULATED,
    estimated,
    first_wrong_claim,
    kept,
    listed,
    recorded_claims,
    right_half,
    simulated_claims,
    sorted_claims,
)
from nanogpt_lib.lessons.texts import published

# --- mean_ci --------------------------------------------------------------------------------------


def mean_ci(values: list, t95: dict) -> tuple:
    n = len(values)
    if n < 2:
        raise ValueError("One run has no spread: its loss could be luck. Train at least two seeds.")
    mean = sum(values) / n
    spread = (sum((value - mean) ** 2 for value in values) / (n - 1)) ** 0.5
    return mean, t95[n - 1] * spread / n**0.5  # t times the standard error


def _few(seed: int) -> list[tuple]:
    """Three recorded losses, some drawn ones, and a single one."""
    generator = torch.Generator().manual_seed(seed)
    recorded = recorded_claims()["norm after, norm before"][0]
    cases = [list(recorded)]
    for n in (3, 2, 6, 10):
        middle, spread = (
            1.5 + torch.rand((), generator=generator),
            0.005 + 0.05 * torch.rand((), generator=generator),
        )
        drawn = middle + spread * torch.randn(n, generator=generator, dtype=torch.float64)
        cases.append([round(value, 4) for value in drawn.tolist()])
    return [(values,) for values in [*cases, recorded[:1]]]


def _mine(case: Case) -> str:
    (values,) = case.inputs
    mean, half = (float(case.got[part]) for part in ("mean", "half-width"))
    return f"For the losses {listed(values)} you have {mean:.4f} ± {half:.4f}"


def _caught(case: Case, half: Callable | None = None) -> str:
    """How many simulated intervals as wide as the learner's hold the truth."""
    (values,) = case.inputs
    times = float(case.got["half-width"]) / half_width(values)
    right = kept(half or (lambda draws: times * right_half(draws)), len(values))
    return f"of {SIMULATED:,} simulated intervals of that width {right:,} contain the truth, and 9,500 should"


def _need_two(values: list) -> None:
    if len(values) < 2:
        raise ValueError("one run has no spread")


def _interval(width: Callable, middle: Callable = fmean, need: Callable = _need_two) -> Callable:
    """mean_ci from width(values, n, t95) and the rest as it should be."""

    def mean_ci(values, t95):
        need(values)
        return middle(values), width(values, len(values), t95)

    return mean_ci


def _right(values, n, t95):
    return half_width(values)


def _one_gives(half: Callable) -> Callable:
    return lambda values, t95: (
        mean_ci.answer(values, t95) if len(values) > 1 else (values[0], half(values, t95))
    )


def _raises(error: Exception) -> Callable:
    def half(values, t95):
        raise error

    return _one_gives(half)


def _width(name: str, said: Callable, *widths: Callable) -> Wrong:
    """A mistake in the half-width, from what to say of a case and widths(values, n, t95)."""
    return Wrong(name, lambda case: f"{_mine(case)}. {said(case)}", *map(_interval, widths))


mean_ci = Exercise(
    name="mean_ci",
    prompt=(
        "Write mean_ci(values, t95): return (mean, half-width of the 95 % confidence interval) for the "
        "losses of a few seeds; t95 gives Student's t by degrees of freedom. A single value must raise a "
        "ValueError that says why."
    ),
    answer=mean_ci,
    make_inputs=_few,
    run=estimated,
    note=lambda values: (
        f"For three values, {kept(right_half, 3):,} of {SIMULATED:,} simulated intervals like yours contain "
        "the truth; with 1.96 standard errors it would be "
        f"{kept(lambda d: 1.96 / T95[2] * right_half(d), 3):,}."
    ),
    hints=(
        "Three steps: the spread of the values, the standard error of their mean, and t times that.",
        (
            "n values around their own mean have n - 1 degrees of freedom: that is what the sum of squares "
            "is divided by, and where to look in t95. A mean of n values scatters less than one value."
        ),
        "Half-width: t95[n - 1] * spread / n ** 0.5. First: if n < 2, raise ValueError with a sentence.",
    ),
    wrong=(
        _width(
            "the squares are divided by n",
            lambda case: (
                f"So {_caught(case)}. The values lie nearer to their own mean than to the truth, so a sum of "
                "squares divided by n is too small."
            ),
            lambda values, n, t95: t95[n - 1] * pstdev(values) / n**0.5,
        ),
        _width(
            "the root of n is forgotten",
            lambda case: (
                f"So {_caught(case)}: too careful. That is how far a single run may lie; the mean of "
                f"{len(case.inputs[0])} scatters less."
            ),
            lambda values, n, t95: t95[n - 1] * stdev(values),
        ),
        _width(
            "n in place of its root",
            lambda case: (
                f"So {_caught(case)}. Four times the runs halve the error of a mean, and you have it "
                "quartered."
            ),
            lambda values, n, t95: t95[n - 1] * stdev(values) / n,
        ),
        _width(
            "n - 1 under the root as well",
            lambda case: (
                f"So {_caught(case)}. The - 1 belongs to the spread; a mean of {len(case.inputs[0])} values "
                "is a mean of as many."
            ),
            lambda values, n, t95: t95[n - 1] * stdev(values) / (n - 1) ** 0.5,
        ),
        _width(
            "1.96 whatever n",
            lambda case: (
                f"So {_caught(case)}. About 1.96 is right for hundreds of values. With "
                f"{len(case.inputs[0])} the spread itself is a guess; t95 makes up for that."
            ),
            lambda values, n, t95: 1.96 * stdev(values) / n**0.5,
            lambda values, n, t95: 2 * stdev(values) / n**0.5,
        ),
        _width(
            "4.303 whatever n",
            lambda case: (
                f"So {_caught(case)}. {T95[2]} belongs to three values, and here are "
                f"{len(case.inputs[0])}: t95 has a number for every n."
            ),
            lambda values, n, t95: t95[2] * stdev(values) / n**0.5,
            lambda values, n, t95: t95[2] * stdev(values) / 3**0.5,
        ),
        _width(
            "looked up for n",
            lambda case: (
                f"So {_caught(case)}. You read t95[{len(case.inputs[0])}]; its keys are degrees of freedom, "
                "and one of them went into the mean."
            ),
            lambda values, n, t95: t95[n] * stdev(values) / n**0.5,
        ),
        _width(
            "the spread itself",
            lambda case: (
                f"So {_caught(case)}. Yours is the standard deviation: it says how far single runs lie "
                "apart, and does not shrink with more of them."
            ),
            lambda values, n, t95: stdev(values),
            lambda values, n, t95: pstdev(values),
        ),
        _width(
            "the standard error itself",
            lambda case: f"So {_caught(case)}. That is one standard error. How many does t95 ask for?",
            lambda values, n, t95: stdev(values) / n**0.5,
            lambda values, n, t95: pstdev(values) / n**0.5,
        ),
        _width(
            "half the range",
            lambda case: (
                f"So {_caught(case, lambda d: (d.amax(1) - d.amin(1)) / 2)}. From lowest to highest is what "
                "was seen, and more seeds only widen it."
            ),
            lambda values, n, t95: (max(values) - min(values)) / 2,
        ),
        _width(
            "the whole range",
            lambda case: (
                f"So {_caught(case, lambda d: d.amax(1) - d.amin(1))}. From lowest to highest is what was "
                "seen: more seeds only widen it, where an interval of the mean should shrink."
            ),
            lambda values, n, t95: max(values) - min(values),
        ),
        _width(
            "the variance in place of the spread",
            lambda case: (
                "A square of nats is no width: the same losses in thousandths of a nat would give "
                f"{float(case.got['half-width']) * 1e6:.4g} thousandths, and that is not the same. Is a root "
                "missing?"
            ),
            lambda values, n, t95: t95[n - 1] * stdev(values) ** 2 / n**0.5,
            lambda values, n, t95: t95[n - 1] * stdev(values) ** 2 / n,
            lambda values, n, t95: t95[n - 1] * pstdev(values) ** 2 / n**0.5,
            lambda values, n, t95: stdev(values) ** 2,
        ),
        _width(
            "the full width",
            lambda case: (
                f"So {_caught(case)}. What stands after ± goes to both sides: yours is the whole interval, "
                "end to end."
            ),
            lambda values, n, t95: 2 * half_width(values),
        ),
        Wrong(
            "the two ends",
            lambda case: (
                f"You return {float(case.got['mean']):.4f} and {float(case.got['half-width']):.4f}: the two "
                "ends of the interval. Asked for are its middle and how far it reaches each way."
            ),
            lambda values, t95: tuple(
                mean_ci.answer(values, t95)[0] + side * mean_ci.answer(values, t95)[1] for side in (-1, 1)
            ),
        ),
        Wrong(
            "the half-width comes first",
            lambda case: (
                f"You return {float(case.got['mean']):.4f} and {float(case.got['half-width']):.4f}: the "
                "first should be the mean."
            ),
            lambda values, t95: mean_ci.answer(values, t95)[::-1],
        ),
        Wrong(
            "the best seed in place of the mean",
            lambda case: (
                f"{_mine(case)}. The first is the lowest of the {len(case.inputs[0])}: with more seeds it "
                "would sink further, though the model stays the same."
            ),
            _interval(_right, min),
        ),
        Wrong(
            "the median in place of the mean",
            lambda case: f"{_mine(case)}. The first is the median; t belongs to the mean.",
            _interval(_right, median),
        ),
        Wrong(
            "NaN for one value",
            lambda case: (
                f"{case.got['one value'].said} 0 divided by 0: nobody has seen a spread. NaN would travel "
                "silently into your table; stop, and say why."
            ),
            _one_gives(lambda values, t95: math.nan),
            lambda values, t95: mean_ci.answer(values, t95) if len(values) > 1 else (math.nan, math.nan),
        ),
        Wrong(
            "zero for one value",
            lambda case: (
                f"{case.got['one value'].said} That promises that another seed would give just the same "
                "loss. Nothing is known of that: raise a ValueError that says so."
            ),
            _one_gives(lambda values, t95: 0.0),
        ),
        Wrong(
            "some number for one value",
            lambda case: (
                f"{case.got['one value'].said} From one run nobody can know how far another would lie. Raise "
                "a ValueError that says so."
            ),
            _one_gives(lambda values, t95: math.inf),
            _one_gives(lambda values, t95: t95[1]),
        ),
        Wrong(
            "another error for one value",
            lambda case: (
                f"{case.got['one value'].said} Whoever calls you cannot count on that: look at n first, and "
                "raise a ValueError that says why one run is not enough."
            ),
            _raises(KeyError(0)),
            _raises(ZeroDivisionError("float division by zero")),
            _raises(AssertionError("n")),
        ),
        Wrong(
            "an error without words",
            lambda case: f"Nearly: {case.got['one value'].said} Say in it why one run is not enough.",
            _raises(ValueError()),
        ),
    ),
)


# --- sort_claims ----------------------------------------------------------------------------------


def sort_claims(claims: dict, t95: dict) -> dict:
    verdicts = {}
    for name, (a, b) in claims.items():
        gaps = torch.tensor(a) - torch.tensor(b)  # each seed with itself
        half = t95[len(gaps) - 1] * gaps.std() / len(gaps) ** 0.5
        verdicts[name] = "real" if gaps.mean().abs() > half else "within noise"
    return verdicts


def _claims(seed: int) -> list[tuple]:
    """Simulated pairs of three seeds, the recorded ones, and pairs of other numbers of seeds."""
    return [
        simulated_claims((3,), 200, 2 * seed),
        (recorded_claims(), set()),
        simulated_claims((2, 4, 5, 6), 60, 2 * seed + 1),
    ]


def _verdict(is_real: Callable, real: str = REAL, noise: str = NOISE) -> Callable:
    """sort_claims from a rule on (a, b, the gaps between them)."""

    def sort_claims(claims, t95):
        return {
            name: real if is_real(a, b, [x - y for x, y in zip(a, b, strict=True)]) else noise
            for name, (a, b) in claims.items()
        }

    return sort_claims


def _gap(gaps: list) -> float:
    return abs(fmean(gaps))


def _outside(half: Callable) -> Callable:
    """A rule: the mean gap is wider than half(a, b)."""
    return _verdict(lambda a, b, gaps: _gap(gaps) > half(a, b))


def _spread_of(half: Callable) -> Callable:
    """A rule: the mean gap is wider than half(gaps, n)."""
    return _verdict(lambda a, b, gaps: _gap(gaps) > half(gaps, len(gaps)))


def _unpaired(a: list, b: list, degrees: Callable) -> float:
    n = len(a)
    square_a, square_b = stdev(a) ** 2 / n, stdev(b) ** 2 / n
    both = (square_a + square_b) ** 2 / (square_a**2 + square_b**2) * (n - 1)  # Welch's
    return T95[min(10, degrees(n, both))] * (square_a + square_b) ** 0.5


def _called(case: Case) -> str:
    """How many simulated pairs the learner calls real, of those without and with a difference."""
    wrong, without, right, others = case.got["_counts"]
    rule = case.want["_counts"]
    return (
        f"Of {without} simulated pairs without any difference you call {wrong} real, where the interval of "
        f"the gaps calls {rule[0]}; of {others} with one you call {right}, and it calls {rule[2]}"
    )


def _rule(name: str, said: str, *functions: Callable) -> Wrong:
    return Wrong(name, lambda case: f"{_called(case)}. {said}", *functions)


def _not_equal() -> str:
    a, b = recorded_claims()["norm after, norm before"]
    gaps = [x - y for x, y in zip(a, b, strict=True)]
    low, high = fmean(gaps) - half_width(gaps), fmean(gaps) + half_width(gaps)
    return f"from {low:+.3f} to {high:+.3f}"


sort_claims = Exercise(
    name="sort_claims",
    prompt=(
        "Write sort_claims(claims, t95): claims is {name: (a, b)}, where a[i] and b[i] are the losses of two "
        "variants with the same seed. Return {name: verdict}: 'real' if 0 lies outside the 95 % interval of "
        "the mean gap, seed by seed, and 'within noise' otherwise."
    ),
    answer=sort_claims,
    make_inputs=_claims,
    run=sorted_claims,
    invariants=(first_wrong_claim,),
    note=lambda values: (
        f"Of {values[0]['_counts'][1]} simulated pairs without any difference you call "
        f"{values[0]['_counts'][0]} real: by design it errs on about 5 in 100. And noise is not equality: "
        f"the norm after or before may still differ by anything {_not_equal()}."
    ),
    hints=(
        "Make one list of each pair first: what did each seed do in a that it did not do in b?",
        "The gaps are a few values like any others: E1 gives their mean and its interval. Where is 0?",
        "half = t95[n - 1] * (spread of the gaps) / n ** 0.5; real if abs(mean of the gaps) > half.",
    ),
    wrong=(
        _rule(
            "any difference is real",
            "Two means, or two best seeds, always differ a little. How large a gap would chance alone make?",
            _verdict(lambda a, b, gaps: fmean(a) != fmean(b)),
            _verdict(lambda a, b, gaps: min(a) != min(b)),
        ),
        _rule(
            "lower is real",
            "You ask which mean, or which best seed, is lower. One of the two always is.",
            _verdict(lambda a, b, gaps: fmean(a) < fmean(b)),
            _verdict(lambda a, b, gaps: fmean(a) > fmean(b)),
            _verdict(lambda a, b, gaps: min(a) < min(b)),
            _verdict(lambda a, b, gaps: min(a) > min(b)),
        ),
        _rule(
            "all seeds agree",
            "Three gaps with one sign look convincing, but three coins fall alike one time in four. How far "
            "the gaps lie apart must count as well.",
            _verdict(lambda a, b, gaps: min(gaps) > 0 or max(gaps) < 0),
        ),
        _rule(
            "the sign is forgotten",
            "You find gaps of one sign only. A real difference may be negative: a may be the lower one.",
            _verdict(lambda a, b, gaps: fmean(gaps) > half_width(gaps)),
            _verdict(lambda a, b, gaps: -fmean(gaps) > half_width(gaps)),
        ),
        _rule(
            "two intervals that overlap",
            "You want the intervals of a and b apart. That asks for too much: their widths add up, and what "
            "a seed brings to both is counted twice. One interval is enough: that of the gaps.",
            _outside(lambda a, b: half_width(a) + half_width(b)),
        ),
        _rule(
            "the spread of one variant alone",
            "You hold the gap against the interval of one of the two. The other was not measured "
            "exactly either.",
            *[
                _outside(lambda a, b, half=half: half(half_width(a), half_width(b)))
                for half in (lambda a, b: a, lambda a, b: b, min, max)
            ],
        ),
        _rule(
            "ranges that overlap",
            "You ask whether every loss of one lies below every loss of the other. A lucky seed, lucky in "
            "both, hides a difference that each seed shows.",
            _verdict(lambda a, b, gaps: max(a) < min(b) or max(b) < min(a)),
        ),
        _rule(
            "the seeds are not paired",
            "You took the spreads of a and b apart. But the seeds are shared: luck that comes to both drops "
            "out of a[i] - b[i], and with it most of the noise.",
            *[
                _outside(lambda a, b, degrees=degrees: _unpaired(a, b, degrees))
                for degrees in (
                    lambda n, both: 2 * n - 2,
                    lambda n, both: n - 1,
                    lambda n, both: int(both),
                    lambda n, both: round(both),
                )
            ],
        ),
        _rule(
            "1.96 whatever n",
            "That many standard errors are enough for hundreds of seeds. What does t95 say for yours?",
            _spread_of(lambda gaps, n: 1.96 * stdev(gaps) / n**0.5),
            _spread_of(lambda gaps, n: 2 * stdev(gaps) / n**0.5),
        ),
        _rule(
            "4.303 whatever n",
            f"With three seeds yours is right. But {T95[2]} belongs to three, and these pairs have fewer "
            "seeds or more: t95 has a number for every n.",
            _spread_of(lambda gaps, n: T95[2] * stdev(gaps) / n**0.5),
            _spread_of(lambda gaps, n: T95[2] * stdev(gaps) / 3**0.5),
        ),
        _rule(
            "looked up for n",
            "You read t95[n]; n gaps have n - 1 degrees of freedom.",
            _spread_of(lambda gaps, n: T95[n] * stdev(gaps) / n**0.5),
        ),
        _rule(
            "the spread of the gaps alone",
            "You hold the mean gap against the spread of single gaps. A mean scatters less, and t95 wants "
            "its say.",
            _spread_of(lambda gaps, n: stdev(gaps)),
            _spread_of(lambda gaps, n: pstdev(gaps)),
        ),
        _rule(
            "the standard error alone",
            "One standard error holds the truth only two times in three or so. How many does t95 ask for?",
            _spread_of(lambda gaps, n: stdev(gaps) / n**0.5),
            _spread_of(lambda gaps, n: pstdev(gaps) / n**0.5),
        ),
        _rule(
            "the root of n is forgotten",
            "Your interval is that of a single gap; the mean of several scatters less.",
            _spread_of(lambda gaps, n: T95[n - 1] * stdev(gaps)),
        ),
        _rule(
            "the squares are divided by n",
            "The spread of so few gaps comes out too small that way. By what must the squares be divided?",
            _spread_of(lambda gaps, n: T95[n - 1] * pstdev(gaps) / n**0.5),
        ),
        _rule(
            "a fixed limit",
            "You hold every gap against one number. How much noise there is differs from pair to pair: let "
            "the gaps themselves say it.",
            *[
                _verdict(lambda a, b, gaps, limit=limit: _gap(gaps) > limit)
                for limit in (0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
            ],
        ),
        _rule(
            "the labels are swapped",
            "Your condition is the right one. Which verdict belongs to which side?",
            _verdict(lambda a, b, gaps: _gap(gaps) > half_width(gaps), NOISE, REAL),
        ),
        Wrong(
            "not shown is called equal",
            lambda case: (
                f"You call {sum(fact.value == EQUAL for name, fact in case.got.items() if name[0] != '_')} "
                "pairs equal. Few seeds cannot show that: the norm after or before may differ by anything "
                f"{_not_equal()}, and 0 is only one number in there. Say 'within noise'."
            ),
            _verdict(lambda a, b, gaps: _gap(gaps) > half_width(gaps), noise=EQUAL),
        ),
    ),
)


# --- plan -----------------------------------------------------------------------------------------


def plan(variants: dict, characters: int, minutes: float) -> tuple:
    steps, one_seed = {}, 0.0
    for name, (batch_size, block_size, seconds) in variants.items():
        steps[name] = characters // (batch_size * block_size)  # a step reads that many
        one_seed += steps[name] * seconds  # every variant is trained once with each seed
    return steps, int(minutes * 60 // one_seed)


def _plans(seed: int) -> list[tuple]:
    """(variants, characters, minutes); how many seeds fit never hangs on rounding."""
    generator = torch.Generator().manual_seed(seed)

    def whole(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=generator))

    cases = [({"second rung": (16, 32, 0.02), "third rung": (32, 128, 0.17)}, 1_003_854, 10)]
    for count, rounds in ((3, 3.2), (2, 5.7), (4, 0.6), (3, 11.6)):
        variants = {
            f"variant {i + 1}": (2 ** whole(2, 6), 2 ** whole(3, 8), whole(100, 300) / 1000)
            for i in range(count)
        }
        characters = whole(400_000, 900_000) * 2 + 1  # odd: no budget comes out even
        total = sum(characters // (B * T) * seconds for B, T, seconds in variants.values())
        cases.append((variants, characters, round(rounds * total / 60, 2)))
    even = {"one": (16, 32, 0.05), "two": (8, 32, 0.03)}
    return [*cases, (even, 512_000, 9)]


def _planned(plan: Callable, variants: dict, characters: int, minutes: float) -> dict:
    raw = plan(dict(variants), characters, minutes)
    if not isinstance(raw, tuple | list) or len(raw) != 2:
        raise Refusal(
            f"Expected (steps, seeds), a dict and a whole number, got {type(raw).__name__} {raw!r:.60}."
        )
    steps, seeds = raw
    if isinstance(steps, tuple | list) and len(steps) == len(variants):
        steps = dict(zip(variants, steps, strict=True))
    if not isinstance(steps, dict) or set(steps) != set(variants):
        raise Refusal(f"Expected steps as a dict with {list(variants)}, got {steps!r:.60}.")
    return {f"steps of {name}": steps[name] for name in variants} | {"seeds": seeds}


def _steps(case: Case) -> tuple[str, float, float]:
    """(the variant whose steps are most wrong, its steps, the characters that they read)."""
    variants = case.inputs[0]
    off = {
        name: abs(float(case.got[f"steps of {name}"]) / float(case.want[f"steps of {name}"]) - 1)
        for name in variants
    }
    name = max(off, key=off.__getitem__)
    steps = float(case.got[f"steps of {name}"])
    batch_size, block_size, _ = variants[name]
    return name, steps, steps * batch_size * block_size


def _reads(case: Case) -> str:
    (variants, characters, _), (name, steps, read) = case.inputs, _steps(case)
    batch_size, block_size, _ = variants[name]
    return (
        f"{name} makes {steps:,.10g} steps in your plan, with batches of {batch_size} times {block_size}: "
        f"that reads {read:,.10g} characters of {characters:,}"
    )


def _takes(case: Case) -> str:
    variants, _, minutes = case.inputs
    times = [
        float(case.want[f"steps of {name}"]) * seconds / 60 for name, (_, _, seconds) in variants.items()
    ]
    return (
        f"Seeds that you plan in {minutes:g} minutes: {float(case.got['seeds']):,.6g}. The runs of one seed "
        f"take {listed(times, 2)} minutes"
    )


def _with(
    a_step: Callable = lambda B, T, characters, count: characters // (B * T),
    rounds: Callable = lambda minutes, times, seconds: int(minutes * 60 // sum(times)),
) -> Callable:
    """plan with another number of steps, or of seeds; `times` are the seconds of each variant's run."""

    def plan(variants, characters, minutes):
        steps = {name: a_step(B, T, characters, len(variants)) for name, (B, T, _) in variants.items()}
        seconds = [one for _, _, one in variants.values()]
        times = [n * one for n, one in zip(steps.values(), seconds, strict=True)]
        return steps, rounds(minutes, times, seconds)

    return plan


def _same_steps(choose: Callable) -> Callable:
    def equal_steps(variants, characters, minutes):
        steps = choose([characters // (B * T) for B, T, _ in variants.values()])
        one_seed = sum(steps * seconds for _, _, seconds in variants.values())
        return dict.fromkeys(variants, steps), int(minutes * 60 // one_seed)

    return equal_steps


def _reading(name: str, said: str, *functions: Callable) -> Wrong:
    return Wrong(name, lambda case: f"{_reads(case)}. {said}", *functions)


def _timing(name: str, said: str, *rounds: Callable) -> Wrong:
    return Wrong(name, lambda case: f"{_takes(case)}. {said}", *[_with(rounds=one) for one in rounds])


plan = Exercise(
    name="plan",
    prompt=(
        "Write plan(variants, characters, minutes): variants is {name: (batch_size, block_size, seconds a "
        "step)}. Return (steps, seeds): a dict with how many whole steps each variant may make without "
        "reading more than that many characters a run, and how many seeds can be finished for all variants."
    ),
    answer=plan,
    make_inputs=_plans,
    run=_planned,
    note=lambda values: (
        f"Both rungs read the same text, in {values[0]['steps of second rung']:,} and "
        f"{values[0]['steps of third rung']:,} steps: at equal steps the third would have read eight times "
        f"as much. {int(values[0]['seeds'])} seeds each, and an interval can be told."
    ),
    hints=(
        "How many characters does one step read? A batch is batch_size rows of block_size characters.",
        (
            "A step that goes past the budget is not made: whole numbers only, downwards. And a seed is only "
            "worth something if every variant was trained with it: how long do they take together?"
        ),
        "steps = characters // (batch_size * block_size); seeds = minutes * 60 // (sum of steps * seconds).",
    ),
    rtol=0.0,
    wrong=(
        _reading(
            "block_size is forgotten",
            "A row of a batch is not one character.",
            _with(lambda B, T, characters, count: characters // B),
        ),
        _reading(
            "batch_size is forgotten",
            "A step reads all rows of its batch.",
            _with(lambda B, T, characters, count: characters // T),
        ),
        _reading(
            "neither is counted",
            "A step is not a character.",
            _with(lambda B, T, characters, count: characters),
        ),
        _reading(
            "past the budget",
            "The last step goes past the budget. What is not whole is left out.",
            _with(lambda B, T, characters, count: -(-characters // (B * T))),
            _with(lambda B, T, characters, count: characters // (B * T) + 1),
            _with(lambda B, T, characters, count: round(characters / (B * T))),
        ),
        _reading(
            "steps that are not whole",
            "No training makes a part of a step.",
            _with(lambda B, T, characters, count: characters / (B * T)),
        ),
        _reading(
            "equal steps in place of equal characters",
            "All your variants make as many steps as one of them; but their steps are not equally large, and "
            "who reads more text learns more. What is to be equal?",
            *map(_same_steps, (lambda s: s[0], lambda s: s[-1], min, max, lambda s: sum(s) // len(s))),
        ),
        _reading(
            "the budget is shared out",
            "You gave each variant a part of the characters. The budget is for each run.",
            _with(lambda B, T, characters, count: characters // count // (B * T)),
            _with(lambda B, T, characters, count: characters // (count * B * T)),
        ),
        _reading(
            "block_size + 1",
            "You count the target after the last character as read. A row of T characters is T predictions; "
            "so the library counts as well.",
            _with(lambda B, T, characters, count: characters // (B * (T + 1))),
        ),
        _timing(
            "one variant for all",
            "You counted only one of them. A seed is worth something when every variant was trained with it.",
            lambda minutes, times, seconds: int(minutes * 60 // times[0]),
            lambda minutes, times, seconds: int(minutes * 60 // times[-1]),
            lambda minutes, times, seconds: int(minutes * 60 // max(times)),
            lambda minutes, times, seconds: int(minutes * 60 // min(times)),
        ),
        _timing(
            "runs in place of seeds",
            "That many single runs fit. How many runs does one seed need?",
            lambda minutes, times, seconds: int(minutes * 60 // (sum(times) / len(times))),
            lambda minutes, times, seconds: int(minutes * 60 // sum(times)) * len(times),
        ),
        _timing(
            "minutes in place of seconds",
            "The clock of the steps counts seconds, and yours counts minutes.",
            lambda minutes, times, seconds: int(minutes // sum(times)),
        ),
        _timing(
            "the steps are forgotten",
            "You added up the seconds of one step of each. A run has more than one.",
            lambda minutes, times, seconds: int(minutes * 60 // sum(seconds)),
        ),
        _timing(
            "a seed that is not finished",
            "For the last of them the time does not suffice, and a half-trained model says nothing.",
            lambda minutes, times, seconds: math.ceil(minutes * 60 / sum(times)),
            lambda minutes, times, seconds: round(minutes * 60 / sum(times)),
            lambda minutes, times, seconds: int(minutes * 60 // sum(times)) + 1,
        ),
        _timing(
            "seeds that are not whole",
            "What does a part of a seed tell? Only whole ones count.",
            lambda minutes, times, seconds: minutes * 60 / sum(times),
        ),
        _timing(
            "at least one seed",
            "Together that is more than there is: the honest answer is 0, before you begin.",
            lambda minutes, times, seconds: max(1, int(minutes * 60 // sum(times))),
        ),
        _timing(
            "the minutes are shared out",
            "You gave each variant an equal part of the time, so the quick ones wait for the slowest. Train "
            "seed by seed, and only the sum counts.",
            lambda minutes, times, seconds: int(min(minutes * 60 / len(times) // one for one in times)),
        ),
    ),
)


# --- loss_per_position ----------------------------------------------------------------------------


def loss_per_position(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    log_probs = logits.log_softmax(dim=-1)  # (B, T, V)
    losses = -log_probs.gather(-1, targets.unsqueeze(-1)).squeeze(-1)  # (B, T)
    return losses.mean(dim=0)  # over the batch: (T,)


@functools.cache
def _of_the_shipped_model() -> torch.Tensor:
    """Its loss at each position, over 32 blocks of the validation split: (T,)."""
    model = load_checkpoint(CHECKPOINTS / "shakespeare").model
    *_, val = published()
    return loss_by_position(model, val[: 32 * model.block_size + 1], batch_size=8)


def _on_the_shipped_model() -> str:
    losses = _of_the_shipped_model()
    return (
        f"On 32 blocks the shipped model pays {losses[0]:.2f} nats at its first position, with one character "
        f"to go on, and {losses[-16:].mean():.2f} over the last 16 of {len(losses)}; the mean "
        f"{losses.mean():.2f} hides that."
    )


def _positions(seed: int) -> list[tuple]:
    """logits (B, T, V) and targets (B, T); all sizes different, all the same, each 1."""
    generator = torch.Generator().manual_seed(seed)
    B = int(torch.randint(2, 4, (), generator=generator))
    cases = []
    for B_, T, V in [(B, 4, 7), (5, 3, 6), (4, 4, 4), (1, 6, 5), (6, 1, 5)]:
        logits = 1.5 * torch.randn(B_, T, V, generator=generator)
        cases.append((logits, torch.randint(V, (B_, T), generator=generator)))
    return cases


def _losses(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits.mT, targets, reduction="none")  # (B, T)


def _sizes(case: Case) -> str:
    B, T, V = case.inputs[0].shape
    return f"B = {B}, T = {T}, V = {V}"


def _at(case: Case) -> str:
    """The position that is farthest off, with the right loss beside."""
    got, want = case.got, numbers(case.want)
    t = int((got - want).abs().argmax())
    right = f"where the mean of the batch is {want[t]:.4g}"
    return f"With {_sizes(case)} you have {got[t]:.4g} at position {t}, {right}"


def _shape(case: Case) -> str:
    return f"With {_sizes(case)} you return shape {tuple(case.got.shape)}"


def _from_losses(of: Callable) -> Callable:
    return lambda logits, targets: of(_losses(logits, targets))


def _class_last(logits, targets):
    return F.cross_entropy(logits, targets, reduction="none").mean(0)


def _not_flat(logits, targets):
    return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets, reduction="none").mean(0)


def _index_all(logits, targets):
    """Every row with every column of the targets' places: the right one is chosen from the wrong row."""
    B, T, V = logits.shape
    return -logits.log_softmax(-1).view(-1, V)[torch.arange(B * T), targets.T.reshape(-1)].view(B, T).mean(0)


loss_per_position = Exercise(
    name="loss_per_position",
    prompt=(
        "Write loss_per_position(logits, targets): logits is (B, T, V), targets is (B, T). Return (T,): the "
        "cross-entropy at each position, in nats, averaged over the batch."
    ),
    answer=loss_per_position,
    make_inputs=_positions,
    note=lambda values: _on_the_shipped_model(),
    axes="T",
    hints=(
        "First the loss of every single prediction, (B, T), without any mean. Then average one dimension.",
        (
            "cross_entropy(..., reduction='none') gives single losses, but wants the classes second: (B, V, "
            "T), or all predictions in a list: (B * T, V). Mind which way you shape the list back."
        ),
        "F.cross_entropy(logits.transpose(1, 2), targets, reduction='none').mean(dim=0)",
    ),
    wrong=(
        Wrong(
            "averaged over the positions",
            lambda case: (
                f"{_shape(case)}: one loss for each of the {case.inputs[0].shape[0]} rows. Average the other "
                "dimension, and the positions stay."
            ),
            _from_losses(lambda losses: losses.mean(1)),
        ),
        Wrong(
            "one number for all",
            lambda case: (
                f"{_shape(case)}: {case.got.item():.4g} is the loss that you know already, the mean over all "
                "positions. Here each position is to have its own."
            ),
            lambda logits, targets: _losses(logits, targets).mean(),
        ),
        Wrong(
            "no mean at all",
            lambda case: f"{_shape(case)}: the single losses. Which dimension is to be averaged away?",
            _losses,
        ),
        Wrong(
            "a sum in place of a mean",
            lambda case: f"{_at(case)}. That is the sum: twice the batch, twice the loss.",
            _from_losses(lambda losses: losses.sum(0)),
        ),
        Wrong(
            "divided by T",
            lambda case: f"{_at(case)}. You divided by the positions; how many were added up?",
            _from_losses(lambda losses: losses.sum(0) / losses.shape[1]),
        ),
        Wrong(
            "batch and positions are mixed",
            lambda case: (
                f"{_at(case)}. The single losses are right, but lie in rows of T, one sequence after the "
                "other; you cut them otherwise, so a position got its neighbour's."
            ),
            _from_losses(lambda losses: losses.reshape(losses.shape[::-1]).mean(1)),
            _from_losses(lambda losses: losses.reshape(losses.shape[::-1]).T.reshape(losses.shape).mean(0)),
        ),
        Wrong(
            "view in place of transpose",
            lambda case: (
                f"{_at(case)}. (B, T, V) was cut anew into (B, V, T): every number is in another place. To "
                "swap two dimensions, transpose."
            ),
            lambda logits, targets: F.cross_entropy(
                logits.reshape(logits.shape[0], logits.shape[2], logits.shape[1]), targets, reduction="none"
            ).mean(0),
        ),
        Wrong(
            "the targets lie in another order than the logits",
            lambda case: (
                f"{_at(case)}. Position by position, sequence by sequence: flatten logits and targets the "
                "same way round."
            ),
            _index_all,
        ),
        Wrong(
            "the classes are not second",
            lambda case: (
                f"torch refuses: {str(case.error).rstrip('.')}. cross_entropy looks for its classes in "
                f"dimension 1, and logits with {_sizes(case)} have them last."
            ),
            _class_last,
        ),
        Wrong(
            "only one of the two is flat",
            lambda case: (
                f"torch refuses: {str(case.error).rstrip('.')}. With {_sizes(case)} the logits became a "
                "list, and the targets did not."
            ),
            _not_flat,
        ),
        Wrong(
            "softmax twice",
            lambda case: (
                f"{_at(case)}. cross_entropy takes a softmax itself; of probabilities it makes nearly even "
                "ones. Give it the logits."
            ),
            lambda logits, targets: _losses(logits.softmax(-1), targets).mean(0),
        ),
        Wrong(
            "a position is lost",
            lambda case: (
                f"You return {case.got.numel()} losses for {case.inputs[0].shape[1]} positions. The targets "
                "stand one further already, in the same place as their logits: nothing is to be cut off."
            ),
            lambda logits, targets: _losses(logits[:, :-1], targets[:, 1:]).mean(0),
            lambda logits, targets: _losses(logits[:, 1:], targets[:, :-1]).mean(0),
        ),
        Wrong(
            "the targets are shifted again",
            lambda case: (
                f"{_at(case)}. The targets stand one further already: targets[:, t] belongs to logits[:, t]."
            ),
            lambda logits, targets: _losses(logits, targets.roll(-1, 1)).mean(0),
            lambda logits, targets: _losses(logits, targets.roll(1, 1)).mean(0),
        ),
        Wrong(
            "the perplexity",
            lambda case: f"{_at(case)}. That is exp of a loss, a perplexity; asked for are nats.",
            _from_losses(lambda losses: losses.mean(0).exp()),
            _from_losses(lambda losses: losses.exp().mean(0)),
        ),
        Wrong(
            "bits",
            lambda case: (
                f"{_at(case)}. That is {1 / math.log(2):.3f} times as much: bits. Asked for are nats."
            ),
            _from_losses(lambda losses: losses.mean(0) / math.log(2)),
        ),
        Wrong(
            "the mean so far",
            lambda case: (
                f"{_at(case)}. Yours is the mean of all positions up to there; each is to stand alone."
            ),
            _from_losses(lambda losses: losses.mean(0).cumsum(0) / torch.arange(1, losses.shape[1] + 1)),
        ),
        Wrong(
            "the log comes last",
            lambda case: (
                f"{_at(case)}. You averaged probabilities and took the log of that. The log comes first, or "
                "a single bad guess counts for too little."
            ),
            _from_losses(lambda losses: -(-losses).exp().mean(0).log()),
        ),
        Wrong(
            "the sign",
            lambda case: (
                f"{_at(case)}. A log-probability is never above 0, and a loss never below. The minus?"
            ),
            _from_losses(lambda losses: -losses.mean(0)),
        ),
        Wrong(
            "no log",
            lambda case: (
                f"{_at(case)}. That is a mean probability, or what is missing to 1. Where is the log?"
            ),
            _from_losses(lambda losses: (-losses).exp().mean(0)),
            _from_losses(lambda losses: 1 - (-losses).exp().mean(0)),
        ),
        Wrong(
            "no softmax",
            lambda case: (
                f"{_at(case)}. That is the target's raw score; it says nothing without all the others."
            ),
            lambda logits, targets: -logits.gather(-1, targets[..., None])[..., 0].mean(0),
        ),
        Wrong(
            "softmax along another dimension",
            lambda case: (
                f"{_at(case)}. The probabilities of the {case.inputs[0].shape[2]} characters at one place "
                "should sum to 1: softmax along the last dimension."
            ),
            *[
                lambda logits, targets, dim=dim: (
                    -logits.log_softmax(dim).gather(-1, targets[..., None])[..., 0].mean(0)
                )
                for dim in (0, 1)
            ],
        ),
    ),
)
