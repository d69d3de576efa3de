"""Say how a wrong result is related to the right one: the sign, a factor, an axis, a row.

Each relation is a fact about the numbers and holds on every input that is not right; where two explain
the same numbers both are told, and where more do none is.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from functools import partial

import torch

Pair = tuple[torch.Tensor, torch.Tensor]  # got and want, float64, of one shape, on one input
Relation = tuple[Callable[[torch.Tensor], torch.Tensor], str]  # from the right result to yours, in words

RELATED = "Yours is "  # how a relation begins
FEW = 64  # rows, when looking for their order
THINGS = {
    "B": "sequence",
    "T": "position",
    "C": "channel",
    "V": "id",
    "n_head": "head",
    "head_size": "channel",
}

OF_NUMBERS: tuple[Relation, ...] = (
    (torch.neg, "the right result with the other sign: a minus is missing, or there is one too many"),
    (lambda w: 1 - w, "1 minus the right result: the share of all the rest"),
    (lambda w: 1 + w, "the right result plus 1: look where the counting begins and ends"),
    (lambda w: w - 1, "the right result minus 1: look where the counting begins and ends"),
    (lambda w: 100 * w, "100 times the right result: in percent, where the share itself is asked for"),
    (lambda w: w / 100, "a hundredth of the right result: divided by 100 once too often"),
    (
        lambda w: w / math.log(2),
        "the right result divided by ln 2 = 0.6931: in bits, where nats are asked for (log, not log2)",
    ),
    (
        lambda w: w * math.log(2),
        "the right result times ln 2 = 0.6931: that turns bits into nats, and these are nats already",
    ),
    (lambda w: w / math.log(10), "the right result divided by ln 10: log10 was taken where log is asked for"),
    (torch.exp, "exp of the right result: one exp() too many, or one log() is missing"),
    (torch.log, "the logarithm of the right result: one log() too many, or one exp() is missing"),
    (lambda w: -torch.log(w), "minus the logarithm of the right result: the step that undoes it is missing"),
    (torch.reciprocal, "1 divided by the right result: two sides of a division are swapped"),
    (torch.square, "the square of the right result: a root is missing, or something was squared twice"),
    (torch.sqrt, "the root of the right result: there is one root too many, or a square is missing"),
    (torch.abs, "the right result without its sign: leave out abs()"),
    (torch.round, "the right result rounded to whole numbers: keep what is after the point"),
    (torch.trunc, "the right result cut to whole numbers: keep what is after the point"),
)


def related(pairs: list[Pair], sizes: list[dict[str, int]], axes: str, *, rtol: float, atol: float) -> str:
    """Return how the wrong results are related to the right ones, in words; nothing where nothing is found.

    Args:    pairs: (got, want) of every input that is not right, float64.
             sizes: what may have been multiplied or divided by, by name, for the same inputs.
             axes: names of the dimensions, such as "B, T, C".   rtol, atol: how far values may be off.
    Example:
        >>> wants = [torch.tensor(2.5), torch.tensor(0.7)]
        >>> related([(-want, want) for want in wants], [{}, {}], "", rtol=1e-4, atol=1e-6)
        'Yours is the right result with the other sign: a minus is missing, or there is one too many.'
        >>> related([(want + 0.3 * want**2, want) for want in wants], [{}, {}], "", rtol=1e-4, atol=1e-6)
        ''
    """

    def alike(one: torch.Tensor, other: torch.Tensor) -> bool:
        return one.shape == other.shape and torch.allclose(one, other, rtol=rtol, atol=atol, equal_nan=False)

    of_one_rank = len({want.ndim for _, want in pairs}) == 1
    makers = [*OF_NUMBERS, *(_moves(pairs[0][1], axes) if of_one_rank else ())]
    found = [words for make, words in makers if all(alike(got, make(want)) for got, want in pairs)]
    found += [] if found else _rounded(pairs)
    if not found and all(got.isfinite().all() for got, _ in pairs):
        found = [words for words in (_factor(pairs, sizes, alike), _shift(pairs, alike)) if words]
    if not found and of_one_rank:
        found = list(_another_order(pairs, axes, alike))
    if len(found) in (1, 2):
        return f"{RELATED}{'either ' * (len(found) == 2)}{', or '.join(found)}."
    wrong = [~torch.isclose(got, want, rtol=rtol, atol=atol) for got, want in pairs]
    return _only_there(wrong, axes) if of_one_rank and not found else ""


def sizes_of(inputs: tuple, names: tuple[str, ...]) -> dict[str, int]:
    """Return what a sum or a mean over the inputs may have been taken of, by the names that the learner sees.

    Example:
        >>> sizes_of((torch.zeros(2, 3), 5), ("x", "n"))
        {'x.shape[0]': 2, 'x.shape[1]': 3, 'x.numel()': 6, 'n': 5}
    """
    found: dict[str, int] = {}
    for name, value in zip(names, inputs, strict=False):
        if isinstance(value, torch.Tensor):
            found |= {f"{name}.shape[{d}]": length for d, length in enumerate(value.shape)}
            if value.ndim > 1:
                found[f"{name}.numel()"] = value.numel()
            if value.ndim > 2:
                found[f"{name}.shape[0] * {name}.shape[1]"] = value.shape[0] * value.shape[1]
        elif isinstance(value, int) and not isinstance(value, bool):
            found[name] = value
    return found


def thing(axes: str, dimension: int, ndim: int) -> str:
    """Return what stands along a dimension, by its name.

    Example:
        >>> thing("B, T, C", 1, 3), thing("", 1, 3)
        ('position', 'index of dimension 1')
    """
    names = axes.split(", ") if axes else []
    return THINGS.get(names[dimension] if len(names) == ndim else "", f"index of dimension {dimension}")


def _moves(want: torch.Tensor, axes: str) -> Iterator[Relation]:
    """The same numbers in other places: turned round, shifted, two axes swapped."""
    dimensions = range(want.ndim)
    for d in dimensions:
        name = f" ({axes.split(', ')[d]})" if axes and axes.count(",") + 1 == want.ndim else ""
        along = f"dimension {d}{name}"
        turned = (
            f"the right result with its two parts along {along} exchanged: look which goes where"
            if want.shape[d] == 2
            else f"the right result turned round along {along}: its first comes last"
        )
        yield partial(torch.flip, dims=(d,)), turned
        for place, words in ((0, "first"), (-1, "last")):
            if want.shape[d] > 1:
                yield (
                    partial(_everywhere, d=d, place=place),
                    f"the {words} of the right result along {along}, at every place: the others are not used",
                )
        if want.shape[d] > 2:
            yield (
                partial(_one_late, d=d),
                f"the right result one place late along {along}: only the first stands where it belongs",
            )
            for step, words in ((1, "later"), (-1, "earlier")):
                yield (
                    partial(torch.roll, shifts=step, dims=d),
                    f"the right result shifted along {along}: every value stands one place {words}",
                )
    for a, b in itertools.combinations(dimensions, 2):
        yield (
            partial(torch.transpose, dim0=a, dim1=b),
            f"the right result with the dimensions {a} and {b} swapped: look for a transpose, or for i and j",
        )


def _everywhere(w: torch.Tensor, d: int, place: int) -> torch.Tensor:
    return w.select(d, place).unsqueeze(d).expand_as(w)


def _one_late(w: torch.Tensor, d: int) -> torch.Tensor:
    return torch.cat([w.narrow(d, 0, 1), w.narrow(d, 0, w.shape[d] - 1)], d)


Alike = Callable[[torch.Tensor, torch.Tensor], bool]


def _says_much(pairs: list[Pair]) -> bool:
    """Whether a factor or a shift found in these numbers can be no accident."""
    return sum(want.numel() for _, want in pairs) > 1 and any(
        (want - pairs[0][1].flatten()[0]).abs().max() > 1e-3 for _, want in pairs
    )


def _factor(pairs: list[Pair], sizes: list[dict[str, int]], alike: Alike) -> str:
    factors = []
    for got, want in pairs:
        at = int(want.abs().argmax())
        if not want.flatten()[at]:
            return ""
        factors.append((got.flatten()[at] / want.flatten()[at]).item())
        if not alike(got, factors[-1] * want):
            return ""
    same = max(factors) - min(factors) < 1e-4 * abs(factors[0])
    for name in sizes[0]:
        numbers = [size.get(name, 0) for size in sizes]
        if min(numbers) < 2 or (same and not _says_much(pairs)):
            continue
        for power, words in POWERS.items():
            expected = [number**power for number in numbers]
            if all(math.isclose(f, e, rel_tol=1e-4) for f, e in zip(factors, expected, strict=True)):
                return words.format(name=name, n=numbers[0])
    if abs(factors[0]) < 1e-9 or not _says_much(pairs):
        return ""
    if not same and (fixed := _fixed(factors, sizes)):
        return fixed
    if same:
        return (
            f"the right result times {factors[0]:.5g}, on every input and at every place: look for a factor"
        )
    if all(want.numel() > 1 for _, want in pairs):
        return f"the right result times {factors[0]:.5g}, at every place: look for a factor"
    return ""


def _fixed(factors: list[float], sizes: list[dict[str, int]]) -> str:
    """Which number stands where a size belongs, if one does on every input."""
    for name in sizes[0]:
        numbers = [size.get(name, 0) for size in sizes]
        if min(numbers) < 1 or len(set(numbers)) < 2:
            continue
        for power, of in ((1.0, "{}"), (0.5, "the root of {}")):
            for sign in (power, -power):
                ratios = [f * n**sign for f, n in zip(factors, numbers, strict=True)]
                if max(ratios) - min(ratios) < 1e-4 * abs(ratios[0]):
                    number = ratios[0] if sign > 0 else 1 / ratios[0]
                    return (
                        f"the right result with {number:.4g} where {of.format(name)} belongs, on every input"
                    )
    return ""


POWERS = {
    1.0: "the right result times {n}, which is {name}: a sum for a mean, or a division is missing",
    -1.0: "the right result divided by {n}, which is {name}: a mean for a sum, or one division too many",
    0.5: "the right result times the root of {n}, which is {name}: look for that root",
    -0.5: "the right result divided by the root of {n}, which is {name}: look for that root",
}


def _rounded(pairs: list[Pair]) -> list[str]:
    """To how many decimals the results are rounded, if they are; a half may have gone up or down."""
    for decimals in (1, 2, 3):
        unit = 10.0**-decimals
        if all(
            (got - unit * torch.round(got / unit)).abs().max() < 1e-6
            and (got - want).abs().max() < 0.5001 * unit
            for got, want in pairs
        ):
            return [f"the right result rounded to {decimals} decimal{'s' * (decimals > 1)}: do not round"]
    return []


def _shift(pairs: list[Pair], alike: Alike) -> str:
    if not _says_much(pairs):
        return ""
    shifts = [(got - want).mean().item() for got, want in pairs]
    if not all(alike(got, want + by) for (got, want), by in zip(pairs, shifts, strict=True)):
        return ""
    same = max(shifts) - min(shifts) < 1e-4 * abs(shifts[0])
    if not same and not all(want.numel() > 1 for _, want in pairs):
        return ""
    return f"the right result plus {shifts[0]:.5g}{' on every input' * same}: something is added to all of it"


def _another_order(pairs: list[Pair], axes: str, alike: Alike) -> Iterator[str]:
    ndim = pairs[0][1].ndim
    for d in range(ndim):
        if all(_permuted(_rows(got, d), _rows(want, d), alike) for got, want in pairs):
            name = thing(axes, d, ndim)
            yield f"the right result in another order along dimension {d}: look at which {name} stands where"
            return


def _permuted(got: torch.Tensor, want: torch.Tensor, alike: Alike) -> bool:
    if not 2 < len(want) <= FEW or want.shape[1] < 2:
        return False
    places = torch.cdist(got, want).argmin(dim=1)
    return len(set(places.tolist())) == len(want) and alike(got, want[places])


def _rows(tensor: torch.Tensor, d: int) -> torch.Tensor:
    """The tensor as a table with one row for each place along dimension d."""
    return tensor.movedim(d, 0).reshape(tensor.shape[d], -1)


def _only_there(wrong: list[torch.Tensor], axes: str) -> str:
    """Where all that is wrong lies, if that is one row, one column, one head or the diagonal."""
    ndim = wrong[0].ndim
    for d in range(ndim):
        places = [_rows(mask, d).any(dim=1).nonzero().flatten().tolist() for mask in wrong]
        lengths = [mask.shape[d] for mask in wrong]
        if any(len(place) != 1 for place in places) or max(lengths) < 3:
            continue
        name, at = thing(axes, d, ndim), [place[0] for place in places]
        if set(at) == {0}:
            return f"All that is wrong is at {name} 0, the first; the others are right."
        if all(place == length - 1 for place, length in zip(at, lengths, strict=True)):
            return f"All that is wrong is at {name} {at[0]}, the last; the others are right."
        return f"All that is wrong is at {name} {at[0]}; the others are right."
    if ndim > 1 and all(mask.shape[-1] == mask.shape[-2] > 2 for mask in wrong):
        eye = [torch.eye(mask.shape[-1], dtype=torch.bool) for mask in wrong]
        if not any((mask & ~one).any() for mask, one in zip(wrong, eye, strict=True)):
            return "All that is wrong is on the diagonal; the other values are right."
    return ""
