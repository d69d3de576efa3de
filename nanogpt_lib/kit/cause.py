"""Find what was done instead: the altered right answer that does just what a wrong answer does."""

import copy
import inspect
import itertools
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from nanogpt_lib.kit.along import own_number
from nanogpt_lib.kit.altered import alterations
from nanogpt_lib.kit.changed import changed
from nanogpt_lib.kit.diagnose import Run
from nanogpt_lib.kit.outcome import (
    Fact,
    Outcome,
    alike,
    as_numbers,
    is_too_large,
    leaves,
    numbers,
    observe,
    same,
)
from nanogpt_lib.kit.relations import RELATED, Pair, related, sizes_of, thing
from nanogpt_lib.kit.where import only_where, settings, the_same_everywhere

ENOUGH = 24  # bits that must agree: then hardly one alteration of a few hundred does so by accident
BITS = 13  # what one number says that agrees to four digits


@dataclass(frozen=True)
class Call:
    """One call of an answer: its arguments, what the right one returned, and what the learner's did."""

    args: tuple
    want: Any
    got: Any


@dataclass(frozen=True)
class Cause:
    """Looks for what a wrong answer did instead.

    Args:    run: how an exercise runs an answer.   right: the right one.   axes: names of the dimensions.
             rtol, atol: how far values may be off.
    Example:
        >>> cause = Cause(lambda answer, x, y: answer(x, y), lambda x, y: x - 2 * y, "", 1e-4, 1e-6)
        >>> given = ((0.3, 0.7), (1.6, 0.5))
        >>> wrong = [Outcome(value, results=(value,)) for value in (0.1, -2.7)]
        >>> cause.of([Run(one, got, one[0] - 2 * one[1], "") for one, got in zip(given, wrong)])
        'Yours is the right result with x and y exchanged: look which goes where.'
    """

    run: Callable
    right: Callable
    axes: str
    rtol: float
    atol: float

    def of(self, runs: list[Run]) -> str:
        """Return what was done instead, in words; nothing where nothing is found."""
        runs = [one for one in runs if one.want is not None]  # where no error is asked for
        if not all(map(_can_be_compared, runs)):
            return ""
        wrong = [one for one in runs if self._is_wrong(one)]
        calls = [self._calls(one) for one in runs]
        if not wrong or not all(calls) or not any(next(self._parts(one), None) for one in wrong):
            return ""
        names = tuple(inspect.signature(self.right).parameters)
        args = [of_one[0].args for of_one in calls]
        sizes = [_sizes(one, names) for one in args]
        pairs, theirs = self._pairs(wrong, dict(zip(map(id, runs), sizes, strict=True)))
        return (
            self._same_everywhere(runs, sizes)
            or self._related(pairs, theirs)
            or self._altered(wrong, [call for of_one in calls for call in of_one], names)
            or self._own_number(pairs)
            or only_where([settings(one, names) for one in args], [self._is_wrong(one) for one in runs])
        )

    def _is_wrong(self, one: Run) -> bool:
        return not same(one.outcome, Outcome(one.want), rtol=self.rtol, atol=self.atol)

    def _agree(self, one: Any, other: Any) -> bool:
        if isinstance(one, tuple) and isinstance(other, tuple):
            return len(one) == len(other) and all(map(self._agree, one, other))
        return alike(one, other, rtol=self.rtol, atol=self.atol)

    def _calls(self, one: Run) -> list[Call]:
        calls: list[Call] = []
        got = iter(one.outcome.results)

        def spy(*args: Any, **keywords: Any) -> Any:
            given, want = copy.deepcopy(args), None
            try:
                want = self.right(*args, **keywords)
            finally:  # an error may be what is asked for
                calls.append(Call(given, want, None if want is None else next(got, None)))
            return want

        observe(self.run, (spy,), one.inputs)
        return calls

    def _parts(self, one: Run) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
        """(label, got, want) of all that is wrong and should be an array of numbers."""
        for label, got, want in leaves(one.outcome.value, one.want):
            if not isinstance(want, Fact | str | None) and not self._agree(got, want):
                mine, theirs = as_numbers(got), as_numbers(want)
                yield (
                    label,
                    mine.reshape(theirs.shape) if mine.numel() == theirs.numel() == 1 else mine,
                    theirs,
                )

    def _same_everywhere(self, runs: list[Run], sizes: list[dict[str, int]]) -> str:
        values = [numbers(value) for one in runs for value in (one.outcome.value, one.want)]
        single = [value.item() for value in values if value is not None and value.numel() == 1]
        return the_same_everywhere(single[::2], single[1::2], sizes) if len(single) == len(values) else ""

    def _pairs(self, wrong: list[Run], sizes: dict[int, dict]) -> tuple[list[Pair], list[dict[str, int]]]:
        """(got, want) of the first part that is wrong, and the sizes; none where a shape is another."""
        label = next((label for label, *_ in self._parts(wrong[0])), "")
        parts = [
            (got, want, sizes[id(one)])
            for one in wrong
            for name, got, want in self._parts(one)
            if name == label
        ]
        if any(got.shape != want.shape for got, want, _ in parts):
            return [], []
        return [(got, want) for got, want, _ in parts], [size for *_, size in parts]

    def _related(self, pairs: list[Pair], sizes: list[dict[str, int]]) -> str:
        if not pairs:
            return ""
        words = related(pairs, sizes, self.axes, rtol=self.rtol, atol=self.atol)
        return words if words.startswith(RELATED) else ""

    def _own_number(self, pairs: list[Pair]) -> str:
        if not pairs:
            return ""
        own = own_number(
            pairs,
            partial(torch.allclose, rtol=self.rtol, atol=self.atol),
            lambda d: thing(self.axes, d, pairs[0][1].ndim),
        )
        return f"{RELATED}{own}." if own else ""

    def _altered(self, wrong: list[Run], calls: list[Call], names: tuple[str, ...]) -> str:
        telling = [call for call in calls if not self._agree(call.got, call.want)]
        if not telling or sum(map(self._bits, wrong)) < ENOUGH:
            return ""
        call = min(telling, key=lambda call: _size(call.args))
        smallest_first = sorted(wrong, key=lambda one: _size(one.inputs))
        gives = self._alone(call)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an alteration of ours is no news to the learner
            for group in alterations(self.right, names, call.args, few=gives is None):
                found = [
                    words
                    for words, answer in group
                    if (gives is None or gives(answer))
                    and all(self._does_so(answer, one) for one in smallest_first)
                ]
                if found := list(dict.fromkeys(found)):
                    either = "either " * (len(found) == 2)
                    return f"{RELATED}{either}{', or '.join(found)}." if len(found) < 3 else ""
        return ""

    def _alone(self, call: Call) -> Callable[[Callable], bool] | None:
        """Whether an answer gives in one call what the learner's gave; None where only a whole run tells."""
        args = copy.deepcopy(call.args)

        def returns(answer: Callable, result: Any) -> bool:
            try:
                return self._agree(answer(*args), result)
            except Exception:  # an alteration that does not fit is none
                return False

        if not returns(self.right, call.want) or changed(call.args, args):
            return None
        return partial(returns, result=call.got)

    def _does_so(self, answer: Callable, one: Run) -> bool:
        return same(one.outcome, observe(self.run, (answer,), one.inputs), rtol=self.rtol, atol=self.atol)

    def _bits(self, one: Run) -> float:
        """How much there is in what the answer gave that can agree with anything."""
        bits = 0.0
        for _, got, want in self._parts(one):
            told = got
            if got.shape == want.shape:
                told = got[~torch.isclose(got, want, rtol=self.rtol, atol=self.atol)]
            for value in itertools.islice(told.flatten().tolist(), 2 * ENOUGH):
                whole = math.isfinite(value) and value == round(value)
                bits += min(BITS, math.log2(abs(value) + 2)) if whole else BITS
        return bits


def _can_be_compared(one: Run) -> bool:
    if one.outcome.error is not None or one.outcome.changed or is_too_large(one.outcome.value):
        return False
    parts = leaves(one.outcome.value, one.want)
    return all(isinstance(want, Fact | str | None) or numbers(got) is not None for _, got, want in parts)


def _sizes(args: tuple, names: tuple[str, ...]) -> dict[str, int]:
    lists = zip(names, args, strict=False)
    return sizes_of(args, names) | {
        f"len({name})": len(arg) for name, arg in lists if isinstance(arg, list | dict)
    }


def _size(value: Any) -> int:
    if isinstance(value, torch.Tensor):
        return value.numel()
    return sum(map(_size, value)) if isinstance(value, list | tuple) else 1
