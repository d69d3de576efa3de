"""Run an answer once on one input, and compare two outcomes."""

import copy
import functools
import inspect
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy
import torch

from nanogpt_lib.kit.changed import changed
from nanogpt_lib.kit.plain import MOST, described, is_emptied, plain, size, words_of

SEED = 1337  # for whatever an answer draws
FEW = 8  # calls whose results are kept


class Refusal(Exception):
    """Raised with what an exercise says about an answer that it cannot even measure."""


@dataclass(frozen=True)
class Fact:
    """Something found out about an answer whose values are random: compared by value, told in words.

    Args:    value: equal for equal behaviour, whatever was drawn.   said: a sentence with a number.
    Example:
        >>> Fact(0, "y starts 0 characters after x.") == Fact(0, "another wording")
        True
    """

    value: Any
    said: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fact) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True)
class Outcome:
    """What came of one run: a value or an error, and what the answer did on the way."""

    value: Any = None
    error: BaseException | None = None
    changed: str = ""  # how it changed its input, in words
    returned: str = ""  # what the answer returned, in words, where the error came only after that
    nothing: bool = False  # one of the functions returned None
    dots: bool = False  # one of the functions returned `...`
    results: tuple = ()  # what the functions returned, call by call; the first few


def seed_everything(seed: int = SEED) -> None:
    """Set all three global random streams, since an answer may draw from any of them."""
    torch.default_generator.manual_seed(seed)  # torch.manual_seed also walks the stack, each time
    random.seed(seed)
    numpy.random.seed(seed)  # noqa: NPY002


def observe(run: Callable, answers: tuple, inputs: tuple) -> Outcome:
    """Run the answer once, on copies, with the seeds set; an error becomes part of the outcome.

    So does sys.exit(). KeyboardInterrupt is not caught: an endless loop can be stopped.

    Args:    run: run(*answers, *inputs) gives the value to compare.   answers: the functions.
             inputs: what they are run on.
    Example:
        >>> observe(lambda answer, x: answer(x), (float,), ("2",)).value
        2.0
    """
    returned: list[Any] = []  # None and `...`, wherever a function gave one
    results: list[Any] = []
    last: list[str] = []  # what the function gave that was called last; nothing while it is at work

    def watched(answer: Callable) -> Callable:
        @functools.wraps(answer, updated=())
        def call(*args: Any, **keywords: Any) -> Any:
            last.clear()
            result = answer(*args, **keywords)
            last.append(type(result).__name__)
            if len(results) < FEW:
                results.append(result)
            parts = result if isinstance(result, tuple) else (result,)
            if inspect.iscoroutine(result):
                result.close()  # else Python complains later that nobody waited for it
            for part in (*args, *keywords.values(), *parts):
                if isinstance(part, torch.Tensor) and is_emptied(part):
                    raise Refusal(f"Your function left {described(part)}.")  # torch would crash on it
            returned.extend(part for part in parts if part is None or part is ...)
            return result

        return call

    given = copy.deepcopy(inputs)
    seed_everything()
    try:
        value, raised = run(*map(watched, answers), *given), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit is none of the Exceptions, nor need one of their own be
        value, raised = None, error
    moved = changed(inputs, given) if raised is None else ""
    gave = last[0] if raised is not None and last else ""
    return Outcome(
        value, raised, moved, gave, nothing=None in returned, dots=... in returned, results=tuple(results)
    )


def numbers(value: Any) -> torch.Tensor | None:
    """Return the value as float64, for comparing; None where it is no number and no array of numbers.

    Raises:  Refusal: there are so many numbers that to look at them would take long.
    Example:
        >>> numbers([1, 2]), numbers("two")
        (tensor([1., 2.], dtype=torch.float64), None)
    """
    if size(value) > MOST:
        shape = f"shape {tuple(value.shape)}, " if hasattr(value, "shape") else ""
        raise Refusal(f"Your result has {shape}{size(value):,} numbers: far more than were asked for.")
    return plain(value)


def is_too_large(value: Any) -> bool:
    """Return whether a result, or a part of it, has more numbers than `numbers` looks at.

    Example:
        >>> is_too_large({"x": torch.zeros(1).expand(10**6, 10**6)})
        True
    """
    return any(size(part) > MOST for part in (value.values() if isinstance(value, dict) else (value,)))


def as_numbers(value: Any) -> torch.Tensor:
    """Return the value as float64, where it is known to be a number or an array of numbers.

    Example:
        >>> as_numbers(2)
        tensor(2., dtype=torch.float64)
    """
    found = numbers(value)
    assert found is not None, f"{value!r} is no number; whoever calls this has looked before"
    return found


def leaves(got: Any, want: Any, label: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield (label, got, want) of every part to compare; a key that starts with `_` is only for messages.

    Where a part of `want` is missing in `got`, only the parts before it are compared.
    """
    if isinstance(want, dict) and isinstance(got, dict):
        for key in want:
            if key not in got:
                break
            if not key.startswith("_"):
                yield from leaves(got[key], want[key], key)
    else:
        yield label, got, want


def alike(got: Any, want: Any, *, rtol: float, atol: float) -> bool:
    """Return whether two values are the same up to rounding; dtype does not matter, NaN equals NaN.

    Example:
        >>> alike(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0 + 1e-7]), rtol=1e-4, atol=1e-6)
        True
        >>> alike(torch.zeros(2), torch.zeros(3), rtol=1e-4, atol=1e-6)
        False
    """
    if isinstance(want, dict):
        if not isinstance(got, dict):
            return False
        keys = [{key for key in part if not key.startswith("_")} for part in (got, want)]
        return keys[0] == keys[1] and all(alike(got[k], want[k], rtol=rtol, atol=atol) for k in keys[1])
    if isinstance(want, str | Fact | None):
        return isinstance(got, type(want)) and bool(got == want)
    if size(got) > MOST:
        return False
    mine, theirs = numbers(got), numbers(want)
    if mine is None or theirs is None:
        return False
    if {mine.numel(), theirs.numel()} == {1} and 0 in (mine.ndim, theirs.ndim):
        mine, theirs = mine.reshape(()), theirs.reshape(())  # (1,) holds one number too
    if mine.shape != theirs.shape:
        return False
    return torch.allclose(mine, theirs, rtol=rtol, atol=atol, equal_nan=True)


def same(got: Outcome, want: Outcome, *, rtol: float, atol: float) -> bool:
    """Return whether two runs had the same result: equal values, or the same error in the same words."""
    if got.error is None and want.error is None:
        return alike(got.value, want.value, rtol=rtol, atol=atol)
    return _kind(got.error) == _kind(want.error)


def _kind(error: BaseException | None) -> tuple[type, str]:
    """Sizes and ids in the words may differ from draw to draw, so digits do not count."""
    return type(error), re.sub(r"\d+", "#", words_of(error))
