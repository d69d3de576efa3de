"""Find what was done instead: the altered right answer that does just what a wrong answer does."""

import copy
import inspect
import itertools
import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from nanogpt_lib.kit.along import own_number
from nanogpt_lib.kit.altered import Altered, alterations
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
    seed_everything,
)
from nanogpt_lib.kit.relations import RELATED, Pair, related, sizes_of, thing
from nanogpt_lib.kit.reshaped import reshaped
from nanogpt_lib.kit.slips import slips
from nanogpt_lib.kit.where import only_where, settings, the_same_everywhere

ENOUGH = 24  # bits that must agree: then hardly one alteration of a few hundred does so by accident
PATIENCE = 0.2  # seconds of computing, for each way of looking for a cause
BITS = 13  # what one number says that agrees to four digits


Gives = Callable[[Callable], bool] | None  # whether an answer gives in one call what the learner's gave


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
        if not wrong or not all(calls):
            return ""
        names = tuple(inspect.signature(self.right).parameters)
        args = [of_one[0].args for of_one in calls]
        sizes = [_sizes(one, names) for one in args]
        if of_values := any(next(self._parts(one), None) for one in wrong):
            pairs, theirs = self._pairs(wrong, dict(zip(map(id, runs), sizes, strict=True)))
        else:
            pairs, theirs = self._pairs_of_results(calls, sizes)
        telling = [call for of_one in calls for call in of_one if not self._agree(call.got, call.want)]
        first = min(telling, key=lambda call: _size(call.args), default=None)
        gives = self._alone(first) if first else None
        relation = related(pairs, theirs, self.axes, rtol=self.rtol, atol=self.atol) if pairs else ""
        return (
            self._same_everywhere(runs, sizes)
            or self._reshaped(wrong)
            or (relation if relation.startswith(RELATED) else "")
            or (self._altered(wrong, names, first.args, gives) if first else "")
            or self._own_number(pairs)
            or self._slipped(runs, gives)
            or only_where([settings(one, names) for one in args], [self._is_wrong(one) for one in runs])
            or (relation if of_values else "")  # of what is drawn, no place says anything
        )

    def _is_wrong(self, one: Run) -> bool:
        return not same(one.outcome, Outcome(one.want), rtol=self.rtol, atol=self.atol)

    def _agree(self, one: Any, other: Any) -> bool:
        if isinstance(one, tuple) and isinstance(other, tuple):
            return len(one) == len(other) and all(map(self._agree, one, other))
        return alike(one, other, rtol=self.rtol, atol=self.atol)

    def _calls(self, one: Run) -> list[Call]:
        calls: list[Call] = []
        gots = list(one.outcome.results)

        def spy(*args: Any, **keywords: Any) -> Any:
            given, want, got = copy.deepcopy(args), None, None
            try:
                want = self.right(*args, **keywords)
                got = gots.pop(0) if gots else None
            finally:  # an error may be what is asked for
                if want is None or got is not None:  # else the learner's answer was not called so often
                    calls.append(Call(given, want, got))
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

    def _reshaped(self, wrong: list[Run]) -> str:
        """How a result of another shape comes from the right one, where on any input it is another."""
        pairs = [(got, want) for one in wrong for _, got, want in self._parts(one)]
        pairs.sort(key=lambda pair: pair[0].shape == pair[1].shape)  # another shape first
        if not pairs or pairs[0][0].shape == pairs[0][1].shape:
            return ""
        close = partial(torch.allclose, rtol=self.rtol, atol=self.atol)
        found = reshaped(pairs, self.axes, lambda a, b: a.shape == b.shape and close(a, b))
        return f"{RELATED}{found}." if found else ""

    def _own_number(self, pairs: list[Pair]) -> str:
        if not pairs:
            return ""
        own = own_number(
            pairs,
            partial(torch.allclose, rtol=self.rtol, atol=self.atol),
            lambda d: thing(self.axes, d, pairs[0][1].ndim),
        )
        return f"{RELATED}{own}." if own else ""

    def _pairs_of_results(
        self, calls: list[list[Call]], sizes: list[dict[str, int]]
    ) -> tuple[list[Pair], list[dict[str, int]]]:
        """(got, want) of what the answer returned, where only facts about that are compared."""
        pairs, theirs = [], []
        for (call, *_), size in zip(calls, sizes, strict=True):
            if call.want is None:
                continue  # an error is what is asked for
            got, want = _all_numbers(call.got), _all_numbers(call.want)
            if got is None or want is None or got.shape != want.shape:
                return [], []
            if not self._agree(got, want):
                pairs.append((got, want))
                theirs.append(size)
        return pairs, theirs

    def _altered(self, wrong: list[Run], names: tuple[str, ...], args: tuple, gives: Gives) -> str:
        if sum(map(self._bits, wrong)) < ENOUGH:
            return ""
        smallest_first = sorted(wrong, key=lambda one: _size(one.inputs))
        of_values = any(next(self._parts(one), None) for one in wrong)  # else a run costs much more
        end = math.inf if of_values else time.thread_time() + PATIENCE
        for group in alterations(self.right, names, args, few=gives is None):
            if found := self._doing_so(group, smallest_first, gives, end):
                return _in_words(found)
        return ""

    def _slipped(self, runs: list[Run], gives: Gives) -> str:
        """Which slip in the code of the right answer does so on every input, the right ones as well."""
        first_wrong = sorted(runs, key=lambda one: (not self._is_wrong(one), _size(one.inputs)))
        known = slips(self.right)  # made once, and not in the time for looking
        return _in_words(self._doing_so(known, first_wrong, gives, time.thread_time() + PATIENCE))

    def _doing_so(self, altered: Iterable[Altered], runs: list[Run], gives: Gives, end: float) -> list[str]:
        """The words for those that do as the learner's answer does on all of these runs, until time is up."""
        found: dict[str, None] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an alteration of ours is no news to the learner
            for words, answer in altered:
                if (gives is None or gives(answer)) and all(self._does_so(answer, one) for one in runs):
                    found[words] = None
                if time.thread_time() > end:
                    break
        return list(found)

    def _alone(self, call: Call) -> Gives:
        """Whether an answer gives in one call what the learner's gave; None where only a whole run tells."""

        def returns(answer: Callable, result: Any, args: tuple) -> bool:
            seed_everything()
            try:
                return self._agree(answer(*args), result)
            except Exception:  # an alteration that does not fit is none
                return False

        try:
            args = copy.deepcopy(call.args)
        except RuntimeError:  # a model with hooks of its own
            return None
        if not returns(self.right, call.want, args) or changed(call.args, args):
            return None
        return lambda answer: returns(answer, call.got, copy.deepcopy(call.args))

    def _does_so(self, answer: Callable, one: Run) -> bool:
        theirs = observe(self.run, (answer,), one.inputs)
        return (
            theirs.error is None
            and same(one.outcome, theirs, rtol=self.rtol, atol=self.atol)
            and _facts(one.outcome.value) == _facts(theirs.value)
        )

    def _bits(self, one: Run) -> float:
        """How much there is in what the answer gave that can agree with anything."""
        bits = float(
            BITS
            * sum(got != want for got, want in zip(_facts(one.outcome.value), _facts(one.want), strict=False))
        )
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


def _in_words(found: list[str]) -> str:
    """One or two causes; of more, nobody knows which it is."""
    return f"{RELATED}{'either ' * (len(found) == 2)}{', or '.join(found)}." if len(found) in (1, 2) else ""


def _all_numbers(value: Any) -> torch.Tensor | None:
    """A number, an array, or the values of a dict, as one array."""
    return numbers(list(value.values()) if isinstance(value, dict) else value)


def _facts(value: Any) -> list[str]:
    """What is said of a result, with its numbers."""
    return [got.said for _, got, _ in leaves(value, value) if isinstance(got, Fact)]


def _sizes(args: tuple, names: tuple[str, ...]) -> dict[str, int]:
    lists = zip(names, args, strict=False)
    return sizes_of(args, names) | {
        f"len({name})": len(arg) for name, arg in lists if isinstance(arg, list | dict)
    }


def _size(value: Any) -> int:
    if isinstance(value, torch.Tensor):
        return value.numel()
    return sum(map(_size, value)) if isinstance(value, list | tuple) else 1
