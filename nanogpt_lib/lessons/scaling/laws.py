"""Which law the variances of dot products follow, as an answer measures them, and what chance has to do with it."""

import math
import warnings
from collections.abc import Callable
from statistics import mean, stdev

import torch

from nanogpt_lib.kit.outcome import Fact, Refusal, numbers
from nanogpt_lib.lessons.scaling.shared import listed

PAIRS = 20_000  # what the exercise asks for
WITHIN = 0.05  # with that many the answer's own deviation is 1.3 % at most, so an honest one stays inside
ALIKE = 0.1  # how near a known law is told; they are farther apart than that
TOO_WIDE = 1.45  # times what chance makes of 20,000 pairs; a quarter of them makes 2 of it
SEEDS = 60  # further ones, to tell one reason for a wide answer from another
LAWS: dict[str, Callable[[int], float]] = {  # what comes out for head_size n, by slip
    "head_size": lambda n: n,
    "the root": lambda n: n**0.5,
    "one": lambda n: 1,
    "the mean of products": lambda n: 1 / n,
    "with itself": lambda n: 2 * n,
    "even from 0": lambda n: 7 / 144 * n,  # each entry: variance 1/12, mean 1/2
    "even around 0": lambda n: n / 144,
    "even from -1": lambda n: n / 9,
    "the sum of squares": lambda n: PAIRS * n,
}


def dot_facts(var_dot: Callable, sizes: tuple[int, ...], seed: int) -> dict[str, Fact]:
    """Return what var_dot measures, one fact after the other, up to the first that is not right.

    Args:    sizes: the head sizes, in rising order.   seed: of the first generator.
    Returns: "variance", the law that it follows; "chance", whether two seeds differ; "seed",
             whether the same seed gives the same number.
    """

    def measured(size: int, more: int = 0) -> float:
        return one_number(var_dot(size, torch.Generator().manual_seed(seed + more)))

    smallest, largest = sizes[0], sizes[-1]
    first = [measured(size) for size in sizes]
    said = f"Measured for head_size {listed(sizes)}: {listed(first)}."
    found = list(zip(sizes, first, strict=True))
    kind = law_of(found)
    if kind != "not finite":  # further seeds: one may fit a law by luck
        found += [(largest, measured(largest, 1)), *((smallest, measured(smallest, k)) for k in (1, 2, 3))]
        kind = law_of(found)
    if kind == "head_size":
        kind, said = few(measured, smallest) or (kind, said)
    if kind == "another":
        kind, said = wide(measured, largest) or (kind, said)
    facts = {"variance": Fact(kind, said)}
    if kind != "head_size":
        return facts
    one, other = (value for size, value in found if size == largest)
    said = f"two seeds gave {listed([one, other])} for head_size {largest}."
    facts["chance"] = Fact("drawn" if one != other else "counted out" if one == largest else "fixed", said)
    if one == other:
        return facts
    rounded = all(abs(value - round(value, 1)) < 1e-5 for _, value in found)
    said = f"your variances end after one digit behind the point, if not before: {listed(first)}."
    facts["digits"] = Fact("rounded" if rounded else "all of them", said)
    if rounded:
        return facts
    again = measured(smallest)
    said = f"the same seed gave {first[0]:.6g} and then {again:.6g} for head_size {smallest}."
    return facts | {"seed": Fact(first[0] == again, said)}


def one_number(raw: object) -> float:
    """Return the number that an answer gave; raise Refusal where it gave something else."""
    value = numbers(raw)
    if value is None or value.numel() != 1:
        shape = "" if value is None else f" of shape {tuple(value.shape)}"
        raise Refusal(f"Expected one number, the variance, got {type(raw).__name__}{shape}.")
    return value.item()


def law_of(found: list[tuple[int, float]]) -> str:
    """Return the law that every (head_size, variance) follows, as far as chance allows."""
    if not all(math.isfinite(value) for _, value in found):
        return "not finite"
    for name, law in LAWS.items():
        within = WITHIN if name == "head_size" else ALIKE
        if all(abs(value / law(n) - 1) < within for n, value in found):
            return name
    if all(abs(value) < 0.1 * n**0.5 for n, value in found):
        return "nearly 0"
    if all(value > 10 * n for n, value in found):
        return "over the pairs"
    return "another"


def few(measured: Callable, smallest: int) -> tuple[str, str] | None:
    """Return that an answer varies more from seed to seed than 20,000 pairs do, and its range in words; or None."""
    values = [measured(smallest, more) for more in range(SEEDS)]
    by_chance = smallest * ((2 + 6 / smallest) / PAIRS) ** 0.5  # the standard deviation of such a variance
    if stdev(values) < TOO_WIDE * by_chance:
        return None
    said = f"With {SEEDS} different seeds head_size {smallest} gave anything from {min(values):.3g} to {max(values):.3g}."
    return "few", said


def wide(measured: Callable, largest: int) -> tuple[str, str] | None:
    """Return why an answer varies from seed to seed, and its range in words.

    Args:    measured: measured(size, more) is the answer with another seed.   largest: head size.
    Returns: None where the answer does not vary, or for a reason that is not known.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # head_size 1 is our idea, and torch's words on it no news
        few = [measured(largest, more) for more in range(6)]
        if max(few) - min(few) < WITHIN * abs(mean(few)):
            return None
        small, large = ([measured(size, more) for more in range(SEEDS)] for size in (1, largest))
    low, high = min(large), max(large)
    said = f"With {SEEDS} different seeds head_size {largest} gave anything from {low:.3g} to {high:.3g}."
    if 0.6 < mean(large) < 1.6:
        return "one pair", said
    if not (0.7 < mean(large) / largest < 1.4 and all(map(math.isfinite, small))):
        return None
    # the squared length of one key varies much more among short keys; a mean of few draws hardly does
    lengths = stdev(small) / mean(small) > 3.3 * stdev(large) / mean(large)
    return "one for all" if lengths else "few", said
