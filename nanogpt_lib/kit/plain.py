"""Make plain numbers of whatever an answer returned, or say in words why there are none in it."""

import inspect
import reprlib
from collections.abc import Callable
from typing import Any

import numpy
import torch

MOST = 10_000_000  # numbers in a result; the largest right one has far fewer
DEEPEST = 64  # lists within lists; numpy takes no more
_short = reprlib.Repr()
_short.maxlevel, _short.maxlist, _short.maxtuple, _short.maxset, _short.maxdict = 3, 30, 30, 30, 30


def size(value: Any, depth: int = 0) -> int:
    """Return how many numbers a result has, unread; lists count as if all rows were like the first.

    Example:
        >>> size(torch.zeros(1).expand(10**6, 10**6)), size([[1, 2], [3, 4]]), size(5)
        (1000000000000, 4, 1)
    """
    if isinstance(value, torch.Tensor):
        return 0 if value.is_nested else value.numel()
    if isinstance(value, numpy.ndarray):
        return int(value.size)
    if not isinstance(value, list | tuple | range) or not value or depth == DEEPEST:
        return 1
    return len(value) * size(value[0], depth + 1)


def is_emptied(tensor: torch.Tensor) -> bool:
    """Return whether the memory of a tensor was given back; torch reads on all the same, and may crash.

    Example:
        >>> emptied = torch.zeros(3)
        >>> _ = emptied.untyped_storage().resize_(0)
        >>> is_emptied(emptied), is_emptied(torch.zeros(3))
        (True, False)
    """
    if tensor.is_nested or tensor.is_meta or tensor.layout is not torch.strided or not tensor.numel():
        return False
    steps = zip(tensor.shape, tensor.stride(), strict=True)
    last = tensor.storage_offset() + sum((length - 1) * step for length, step in steps)
    return tensor.untyped_storage().nbytes() < (last + 1) * tensor.element_size()


def plain(value: Any) -> torch.Tensor | None:
    """Return the value as float64; None where it is no number and no array of real numbers.

    Sparse and quantized tensors count as what they stand for.

    Example:
        >>> plain([1, 2]), plain(torch.eye(2).to_sparse()).shape, plain(1j), plain(["1"])
        (tensor([1., 2.], dtype=torch.float64), torch.Size([2, 2]), None, None)
    """
    if isinstance(value, str | bytes | dict | None) or value is ...:
        return None
    if isinstance(value, torch.Tensor):
        return _of_tensor(value)
    try:
        array = numpy.asarray(_without_gradients(value))
        return _of_array(array)
    except Exception:  # an object of the learner's may raise whatever it likes from __array__ or __float__
        return None


def _of_tensor(value: torch.Tensor) -> torch.Tensor | None:
    if value.is_nested or value.is_meta or value.is_complex() or is_emptied(value):
        return None
    value = value.detach()
    if value.layout is not torch.strided:
        value = value.to_dense()
    if value.is_quantized:
        value = value.dequantize()
    return value.cpu().double()


def _without_gradients(value: Any) -> Any:
    """A list of losses that require gradients, as numpy takes it."""
    if isinstance(value, list | tuple) and value and isinstance(value[0], torch.Tensor | list | tuple):
        return [_without_gradients(part) for part in value]
    return value.detach() if isinstance(value, torch.Tensor) else value


def _of_array(array: numpy.ndarray) -> torch.Tensor | None:
    if array.dtype.kind not in "biufO":
        return None  # text, dates, complex numbers
    if array.dtype.kind == "O" and any(isinstance(part, str | bytes) for part in array.flat):
        return None
    return torch.as_tensor(numpy.asarray(array, dtype=numpy.float64)).clone()


# What has no plain numbers, why, and what to do about it.
KINDS: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (inspect.isgenerator, "a generator, which has computed nothing yet. Write return where you wrote yield"),
    (inspect.isasyncgen, "an async generator. Write def instead of async def, and return instead of yield"),
    (inspect.iscoroutine, "a coroutine, which has computed nothing yet. Write def instead of async def"),
    (inspect.isroutine, "a function. Call it, with brackets, and return what comes back"),
    (inspect.isclass, "a class. Return what it computes"),
    (lambda value: isinstance(value, torch.nn.Module), "a module. Call it, and return what comes back"),
    (
        lambda value: isinstance(value, torch.Tensor) and value.is_nested,
        "a nested tensor, whose rows have lengths of their own. Join equal ones with torch.stack(rows)",
    ),
    (
        lambda value: isinstance(value, torch.Tensor) and value.is_complex(),
        "complex numbers. Take the real part: .real",
    ),
    (
        lambda value: isinstance(value, torch.Tensor) and value.is_meta,
        'a tensor on the device "meta", which has a shape and no numbers. Leave out device="meta"',
    ),
    (
        lambda value: isinstance(value, torch.Tensor) and is_emptied(value),
        "a tensor whose memory was given back. Leave its storage alone",
    ),
)


def described(value: Any) -> str:
    """Return what came where numbers are wanted, with why it is none or how it looks.

    Example:
        >>> described(x for x in (1, 2)), described("two")
        ('a generator, which has computed nothing yet. Write return where you wrote yield', "str: 'two'")
    """
    for is_it, words in KINDS:
        if is_it(value):
            return words
    return f"{type(value).__name__}: {brief(value)!r}"


def brief(value: Any) -> str:
    """Return the first 60 characters of how a value looks, whatever it is and however long.

    Example:
        >>> brief([0] * 10**6)[:9]
        '[0, 0, 0,'
    """
    if isinstance(value, list | tuple | set | frozenset | dict):
        return _short.repr(value)[:60]
    if isinstance(value, torch.Tensor) and (value.is_meta or is_emptied(value)):
        return f"shape {tuple(value.shape)}"
    return words_of(value)[:60]


def words_of(value: Any, most: int = 500) -> str:
    """Return an error or another object as text, cut where it is long; its own `__str__` may raise.

    Example:
        >>> words_of(ValueError("no")), words_of(ValueError("no" * 9), most=5)
        ('no', 'nonon…')
    """
    try:
        text = str(value)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"(nothing can be shown: its __str__ raised {type(error).__name__})"
    return text if len(text) <= most else text[:most] + "…"
