"""Run an answer once on one input, and compare two outcomes."""

import copy
import functools
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy
import torch

from nanogpt_lib.process import one_thread

SEED = 1337  # for whatever an answer draws


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
    error: Exception | None = None
    changed: str = ""  # how it changed its input, in words
    nothing: bool = False  # one of the functions returned None
    dots: bool = False  # one of the functions returned `...`


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep all three random streams where they are, whatever is drawn inside the block.

    Inside, torch uses one thread: on sizes this small, two spend their time waiting for each other.
    """
    before = torch.get_rng_state(), random.getstate(), numpy.random.get_state()  # noqa: NPY002
    try:
        with one_thread():
            yield
    finally:
        torch.set_rng_state(before[0])
        random.setstate(before[1])
        numpy.random.set_state(before[2])  # noqa: NPY002


def seed_everything(seed: int = SEED) -> None:
    """Set all three global random streams, since an answer may draw from any of them."""
    torch.default_generator.manual_seed(seed)  # torch.manual_seed also walks the stack, each time
    random.seed(seed)
    numpy.random.seed(seed)  # noqa: NPY002


def observe(run: Callable, answers: tuple, inputs: tuple) -> Outcome:
    """Run the answer once, on copies, with the seeds set; an error becomes part of the outcome.

    KeyboardInterrupt is not caught: an endless loop can be stopped.

    Args:    run: run(*answers, *inputs) gives the value to compare.   answers: the functions.
             inputs: what they are run on.
    Example:
        >>> observe(lambda answer, x: answer(x), (float,), ("2",)).value
        2.0
    """
    returned: list[Any] = []  # None and `...`, wherever a function gave one

    def watched(answer: Callable) -> Callable:
        @functools.wraps(answer, updated=())
        def call(*args: Any, **keywords: Any) -> Any:
            result = answer(*args, **keywords)
            parts = result if isinstance(result, tuple) else (result,)
            returned.extend(part for part in parts if part is None or part is ...)
            return result

        return call

    given = copy.deepcopy(inputs)
    seed_everything()
    try:
        value, raised = run(*map(watched, answers), *given), None
    except Exception as error:
        value, raised = None, error
    changed = _changed(inputs, given) if raised is None else ""
    return Outcome(value, raised, changed, nothing=None in returned, dots=... in returned)


def _changed(before: tuple, after: tuple) -> str:
    for old, new in zip(before, after, strict=True):
        if not isinstance(old, torch.Tensor):
            continue
        if old.shape != new.shape:
            return f"it had shape {tuple(old.shape)} and now has {tuple(new.shape)}"
        moved = (old != new) & ~((old != old) & (new != new))  # NaN differs from itself
        if moved.any():
            place = moved.nonzero()[0].tolist()
            was, now = old[tuple(place)].item(), new[tuple(place)].item()
            return f"the element at {place} was {was:.4g} and is now {now:.4g}"
    return ""


def numbers(value: Any) -> torch.Tensor | None:
    """Return the value as float64, for comparing; None where it is no number and no array of numbers.

    Example:
        >>> numbers([1, 2]), numbers("two")
        (tensor([1., 2.], dtype=torch.float64), None)
    """
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().double() if not value.is_complex() else None
    if isinstance(value, str | dict | None) or value is ...:
        return None
    try:
        # numpy first: it takes arrays, scalars and nested lists; lists of small tensors go to torch
        return torch.as_tensor(numpy.asarray(value, dtype=numpy.float64)).clone()
    except (TypeError, ValueError, RuntimeError):
        return None


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
        return bool(got == want)
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


def _kind(error: Exception | None) -> tuple[type, str]:
    """Sizes and ids in the words may differ from draw to draw, so digits do not count."""
    return type(error), re.sub(r"\d+", "#", str(error))
