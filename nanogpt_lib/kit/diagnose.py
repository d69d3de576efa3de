"""Say what is wrong with an answer that no known mistake explains, by one question after the other.

Did it raise an error? Has it another type, another shape, another dtype? Did it change its input? Is
something not finite? Does an invariant fail (a position sees the future, rows do not sum to 1)? Do the
values differ? The first question that finds something is answered to the learner.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy
import torch

from nanogpt_lib.kit.attempt import own_line
from nanogpt_lib.kit.forms import too_large, wrong_dtype, wrong_shape, wrong_type
from nanogpt_lib.kit.neighbours import saw_its_neighbour
from nanogpt_lib.kit.outcome import Fact, Outcome, Refusal, alike, as_numbers, leaves, numbers, same
from nanogpt_lib.kit.plain import words_of
from nanogpt_lib.kit.relations import related, sizes_of

CHANGE = 1.0  # what is added to the future when looking for a leak
MOVED = 1e-5  # more than rounding: the sizes here are of order 1


@dataclass(frozen=True)
class Run:
    """One input with what came of it: the learner's outcome, the solution's, and how to say which it was."""

    inputs: tuple
    outcome: Outcome
    want: Any
    said: str  # "for x of shape (2, 3, 4)", or nothing


Observe = Callable[[tuple], Outcome]  # runs the learner's answer on other inputs
Invariant = Callable[[Observe, Run], str]  # what is broken, in words with a number, or nothing


def diagnose(
    runs: list[Run],
    observe: Observe,
    invariants: tuple[Invariant, ...],
    *,
    axes: str,
    rtol: float,
    atol: float,
    names: tuple[str, ...] = (),
    solve: Observe | None = None,
) -> str:
    """Return the first thing that is wrong, in words with its number; nothing if the answer is right.

    Args:    runs: the answer on every input.   observe: runs it on one more.
             invariants: what must hold besides.   axes: names of the dimensions, such as "B, T, C".
             rtol, atol: how far values may be off.   names: of the inputs, where the answer sees them.
             solve: runs the right answer.
    Example:
        >>> run = Run((), Outcome(torch.zeros(2)), torch.zeros(3), "")
        >>> diagnose([run], lambda inputs: run.outcome, (), axes="", rtol=1e-4, atol=1e-6)
        'Expected shape (3,), got (2,).'
    """
    found = next(_found(runs, observe, invariants, axes, rtol, atol), "")
    return found or _wrong_values(runs, observe, solve or observe, axes, names, rtol, atol)


def _found(
    runs: list[Run], observe: Observe, invariants: tuple[Invariant, ...], axes: str, rtol: float, atol: float
) -> Iterator[str]:
    for run in runs:
        if run.outcome.error is not None:
            yield raised(run)
    questions = (partial(too_large, axes=axes), wrong_type, partial(wrong_shape, axes=axes), wrong_dtype)
    for question in questions:
        yield from _asked(runs, question)
    for run in runs:
        if run.outcome.changed:
            yield (
                f"Your function changed its input{run.said}: {run.outcome.changed}. Whoever called it still "
                "needs it: work on a copy (x.clone()), or compute a new tensor."
            )
    yield from _asked(runs, _not_finite)
    yield from _kept_state(runs[0], observe, rtol, atol)  # else what follows is told of noise
    for invariant in invariants:
        for run in runs:
            if broken := invariant(observe, run):
                yield broken


def _wrong_values(
    runs: list[Run],
    observe: Observe,
    solve: Observe,
    axes: str,
    names: tuple[str, ...],
    rtol: float,
    atol: float,
) -> str:
    """What is said of values that differ: one of them, and how they are related to the right ones."""
    parts = [
        (run, label, got, want)
        for run in runs
        for label, got, want in leaves(run.outcome.value, run.want)
        if not alike(got, want, rtol=rtol, atol=atol)
    ]
    if not parts:
        return ""
    run, label, got, want = parts[0]
    words = _different(got, want, rtol, atol).replace("{}", run.said)
    if isinstance(want, Fact):
        return words
    if seen := saw_its_neighbour(run.inputs, run.outcome.value, observe, solve, axes):
        return seen
    same_part = [part for part in parts if part[1] == label]
    pairs = [
        (as_numbers(got).reshape(as_numbers(want).shape), as_numbers(want)) for *_, got, want in same_part
    ]
    sizes = [sizes_of(run.inputs, names) for run, *_ in same_part]
    relation = related(pairs, sizes, axes, rtol=rtol, atol=atol)
    return f"{label}: " * bool(label) + f"{words} {relation}".rstrip()


def _asked(runs: list[Run], question: Callable[[Any, Any], str]) -> Iterator[str]:
    for run in runs:
        for label, got, want in leaves(run.outcome.value, run.want):
            if answer := question(got, want):
                where = f"{label}: " if label and not isinstance(want, Fact) else ""
                yield where + answer.replace("{}", run.said)


def raised(run: Run) -> str:
    """Return what to say of an error: its type, its words, and the input that it met."""
    error = run.outcome.error
    assert error is not None, "whoever calls this has seen an error"
    words = (words_of(error).splitlines() or [""])[0]
    if isinstance(error, Refusal):
        return words + (" Is a `return` missing?" if run.outcome.nothing else "")
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        return f"Your function raised {kind}{run.said}: return the result, instead of ending the program."
    if run.outcome.returned and own_line(error) is None:
        what = (
            f"Your function returned {run.outcome.returned}{run.said}, and what is done with it raised {kind}"
        )
    else:
        what = f"Your function raised {kind}{run.said}"
    return what + (f": {words}" if words else ".")


def _kept_state(run: Run, observe: Observe, rtol: float, atol: float) -> Iterator[str]:
    """The same input gives the same result, or something is left from the calls before."""
    again = observe(run.inputs)
    if run.outcome.error is None and not same(again, run.outcome, rtol=rtol, atol=atol):
        yield (
            f"Called again with the same input{run.said}, your function gave another result"
            f"{_apart(run, again)}: something is left from the calls before (a global, or a list as a "
            "default value), or it draws from a source of its own. Start afresh in every call."
        )


def _apart(run: Run, again: Outcome) -> str:
    """The first two numbers that differ between two calls, in words."""
    for _, second, first in leaves(again.value, run.outcome.value):
        one, other = numbers(first), numbers(second)
        if one is not None and other is not None and one.shape == other.shape and (one != other).any():
            at = int((one != other).flatten().int().argmax())
            return f" ({one.flatten()[at].item():.4g}, then {other.flatten()[at].item():.4g})"
    return ""


def _not_finite(got: Any, want: Any) -> str:
    if isinstance(want, Fact) or not as_numbers(want).isfinite().all():
        return ""
    mine = as_numbers(got)
    bad = ~mine.isfinite()
    if not bad.any():
        return ""
    place = bad.nonzero()[0].tolist()
    value = str(mine[tuple(place)].item())
    what = {"nan": "NaN (not a number)"}.get(value, value)
    if not place:
        return f"Your result{{}} is {what}."
    return f"{int(bad.sum())} of {mine.numel()} values{{}} are not finite; the first is {what}, at {place}."


def _different(got: Any, want: Any, rtol: float, atol: float) -> str:
    if isinstance(want, Fact):
        return f"{got.said if isinstance(got, Fact) else got} Right would be: {want.said}"
    mine, theirs = as_numbers(got).reshape(as_numbers(want).shape), as_numbers(want)
    gap = (mine - theirs).abs()
    if not theirs.ndim:
        return f"Expected {theirs.item():.6g}, got {mine.item():.6g}{{}}."
    off = int((gap > atol + rtol * theirs.abs()).sum())
    place = numpy.unravel_index(int(gap.argmax()), gap.shape)  # torch's own imports sympy, for seconds
    at = [int(index) for index in place]
    return (
        f"{off} of {gap.numel()} values differ{{}}. The worst is at {at}: "
        f"expected {theirs[place].item():.6g}, got {mine[place].item():.6g}."
    )


def no_future(observe: Observe, run: Run) -> str:
    """Say which position saw which, if any saw a later one; for answers f(x, ...) with x (B, T, C).

    One position is changed at a time, and the output before it must stay as it was.
    """
    x, *rest = run.inputs
    before = as_numbers(run.outcome.value)
    for later in range(1, x.shape[1]):
        changed = x.clone()
        changed[:, later] += CHANGE
        after = numbers(observe((changed, *rest)).value)
        if after is None or after.shape != before.shape:
            continue  # not the same function any more: the other questions see to it
        moved = (after - before).abs()[:, :later].amax(dim=(0, 2))  # (later,)
        if moved.max() > MOVED:
            earlier = int((moved > MOVED).nonzero()[0])
            return (
                f"Position {earlier} saw position {later}, its future: adding {CHANGE:g} to "
                f"position {later} moved your output at position {earlier} by {moved[earlier]:.2g}{run.said}."
            )
    return ""


def weights_sum_to_1(observe: Observe, run: Run) -> str:
    """Say which row of weights does not sum to 1; for answers f(x, ...) with x (B, T, C).

    Where every input is 1, a weighted mean is 1, and any weighted sum is the sum of its weights.
    """
    x, *rest = run.inputs
    sums = numbers(observe((torch.ones_like(x), *rest)).value)
    if sums is None or sums.ndim != 3:
        return ""
    off = (sums - 1).abs().amax(dim=(0, 2))  # (T,)
    if not (off > MOVED).any():
        return ""
    t = int((off > MOVED).nonzero()[0])
    worst = sums[:, t].flatten()[(sums[:, t].flatten() - 1).abs().argmax()]
    return f"Row {t} of your weights sums to {worst:.3g}, not to 1{run.said}: the mean of ones must be 1."


def rows_sum_to_1(observe: Observe, run: Run) -> str:
    """Say which row of the result does not sum to 1; for answers that are probabilities (..., V)."""
    sums = as_numbers(run.outcome.value).sum(-1).flatten()
    off = (sums - 1).abs() > MOVED
    if not off.any():
        return ""
    row = int(off.nonzero()[0])
    return f"Row {row} sums to {sums[row]:.3g}, not to 1{run.said}."
