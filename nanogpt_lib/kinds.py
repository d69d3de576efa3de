"""Refuse the wrong kind of thing where it arrives: a text where ids are wanted, a seed where a generator is.

`checks` knows numbers and shapes; this file knows texts, ids, floats, paths and generators. Each function
returns what it was given, so that a boundary is one line.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from nanogpt_lib.checks import plain, problem, real_number, shape, whole_number
from nanogpt_lib.messages import described, is_dense

Thing = TypeVar("Thing")
Key = TypeVar("Key")
Function = TypeVar("Function", bound=Callable[..., object])
MOST = 2**31  # numbers in one tensor; no lesson comes near, and torch would fill the memory


def mapping(name: str, value: Mapping[Key, Thing], remedy: str) -> Mapping[Key, Thing]:
    """Return the same value, known to be a dict or the like.

    Raises:  ValueError: it is something else.
    Example:
        >>> mapping("splits", {"val": 1}, "Pass a dict.")
        {'val': 1}
    """
    if not isinstance(value, Mapping):
        raise problem(f"{name} as a dict", described(value), remedy)
    return value


def instance(name: str, value: object, kind: type[Thing], remedy: str) -> Thing:
    """Return the same value, known to be an object of this class.

    Args:    name: what to call it in the message.   value: what the caller passed.
             kind: the class.   remedy: how to get such an object.
    Raises:  ValueError: it is an object of another class.
    Example:
        >>> instance("generator", None, torch.Generator, "Make one: torch.Generator().")
        Traceback (most recent call last):
        ValueError: Expected generator to be a Generator, got None. Make one: torch.Generator().
    """
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise problem(f"{name} to be {article} {kind.__name__}", described(value), remedy)
    return value


def function(name: str, value: Function, remedy: str = "Pass it without its brackets.") -> Function:
    """Return the same value, known to be something that can be called.

    Args:    name: what to call it in the message.   value: what the caller passed.
             remedy: how to pass one.
    Raises:  ValueError: it cannot be called.
    Example:
        >>> function("compute", 0.5)
        Traceback (most recent call last):
        ValueError: Expected compute to be a function, got 0.5. Pass it without its brackets.
    """
    if not callable(value):
        raise problem(f"{name} to be a function", described(value), remedy)
    return value


def count(name: str, value: object) -> int:
    """Return the value as Python's int, known to be a whole number of at least 0.

    Raises:  ValueError: it is no whole number, or negative.
    Example:
        >>> count("max_new_tokens", 0)
        0
    """
    number = whole_number(name, value)
    if number < 0:
        raise problem(f"{name} >= 0", f"{name}={described(value)}", "Take 0 for none.")
    return number


def not_negative(name: str, value: object) -> float:
    """Return the value as Python's float, known to be a finite number of at least 0.

    Raises:  ValueError: it is no number, NaN, infinite or negative.
    Example:
        >>> not_negative("eps", 1e-5)
        1e-05
    """
    number = real_number(name, value)
    if number < 0:
        raise problem(f"{name} >= 0", f"{name}={described(value)}", "Take 0 for none.")
    return number


def text_of(name: str, value: object) -> str:
    """Return the same value, known to be a text.

    Args:    name: what to call it in the message.   value: what the caller passed.
    Raises:  ValueError: it is something else; bytes get the way to decode them.
    Example:
        >>> text_of("text", "to be")
        'to be'
    """
    if not isinstance(value, str):
        decode = f'Decode it first: {name}.decode("utf-8").'
        remedy = decode if isinstance(value, bytes) else "Pass characters between quotes."
        raise problem(f"{name} to be a text (str)", described(value), remedy)
    return value


def items_of(name: str, value: object) -> list[Any]:
    """Return the items of a list, an iterator, an array or a tensor, with Python's own numbers among them.

    Args:    name: what to call it in the message.   value: what the caller passed.
    Raises:  ValueError: it has no items, or is a text.
    Example:
        >>> items_of("idx", torch.tensor([2, 1])), items_of("idx", (np.int64(2), 1))
        ([2, 1], [2, 1])
    """
    is_one = isinstance(value, str | bytes) or getattr(value, "ndim", 1) == 0
    is_hidden = isinstance(value, torch.Tensor) and (value.is_meta or not is_dense(value))
    if is_one or is_hidden or not isinstance(value, Iterable):
        raise problem(f"{name} as a row of items", described(value), "Pass a list or a tensor.")
    return list(value.tolist()) if hasattr(value, "tolist") else [plain(item) for item in value]


def path_of(name: str, value: object) -> Path:
    """Return the value as a path, known to be one or its text, and one that a file can have.

    Raises:  ValueError: it is something else, or no name can be like it, as where a file's content is passed.
    Example:
        >>> path_of("folder", "runs").name
        'runs'
    """
    if not isinstance(value, str | Path):
        raise problem(f"{name} as a path", described(value), 'Pass a text such as "my-run", or a Path.')
    path = Path(value)
    if "\0" in str(value) or any(len(part.encode("utf-8", "replace")) > 255 for part in path.parts):
        arrived = f"{described(str(value))}, which no file can be called"
        raise problem(f"{name} as a path", arrived, "Pass the name of a file or folder, not what is in it.")
    return path


def array_of(name: str, values: object) -> np.ndarray:
    """Return the values as an array of floats, of any shape.

    Raises:  ValueError: a text, rows of different lengths, or what holds no numbers.
    Example:
        >>> array_of("x", [1, 2])
        array([1., 2.])
    """
    try:
        if isinstance(values, torch.Tensor) and values.is_floating_point():
            values = values.double()  # numpy has no bfloat16
        taken = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values
        return np.array(taken, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError):
        rows = [len(row) for row in values if isinstance(row, list)] if isinstance(values, list) else []
        arrived = "rows that differ in length" if len(set(rows)) > 1 else described(values)
        raise problem(f"{name} as numbers", arrived, "Pass a list or an array.") from None


def ids(name: str, value: object, *sizes: str) -> torch.Tensor:
    """Return the same value, known to be int64 ids, in one row unless `sizes` says otherwise.

    Args:    name: what to call it in the message.   value: what the caller passed.
             sizes: a letter per dimension; one, N, by default.
    Raises:  ValueError: a text, a list, another dtype or another number of dimensions; it says how to
             convert that.
    Example:
        >>> ids("data", torch.tensor([3, 1]))
        tensor([3, 1])
    """
    if isinstance(value, torch.Tensor):
        shape(name, value, *(sizes or ("N",)))
        if value.dtype == torch.long:
            return value
        raise problem(
            f"{name} as torch.long (int64) ids", f"dtype {value.dtype}", f"Convert with {name}.long()."
        )
    is_row = isinstance(value, list | tuple | np.ndarray)
    remedy = f"torch.tensor({name})" if is_row else "torch.tensor(tokenizer.encode(text))"
    raise problem(f"{name} as a tensor of ids", described(value), f"Convert with {remedy}.")


def floats(name: str, value: object, *sizes: object, like: torch.Tensor | None = None) -> tuple[int, ...]:
    """Return the shape of a tensor of floats, as `checks.shape` does.

    Args:    name: what to call it in the message.   value: what the caller passed.   sizes: as for `shape`.
             like: weights that it meets in a product, which torch wants in one dtype on one device.
    Raises:  ValueError: no tensor, no floats, another shape; or not as `like` is.
    Example:
        >>> floats("x", torch.zeros(4, 8, 2), "B", "T", 2)
        (4, 8, 2)
    """
    found = shape(name, value, *sizes)
    assert isinstance(value, torch.Tensor), "shape has looked"
    if not value.is_floating_point():
        raise problem(f"{name} as floats", f"dtype {value.dtype}", f"Convert with {name}.float().")
    if like is None:
        return found
    same_device(name, value, like)
    if value.dtype != like.dtype and not torch.is_autocast_enabled(like.device.type):
        raise problem(
            f"{name} as {like.dtype}, like what it meets",
            f"{value.dtype}",
            f"Convert with {name}.to({like.dtype}).",
        )
    return found


def real_numbers(name: str, value: object, *sizes: object) -> tuple[int, ...]:
    """Return the shape of a tensor whose numbers can be compared: none of them complex, and none left out.

    Args:    name: what to call it in the message.   value: what the caller passed.   sizes: as for `shape`.
    Raises:  ValueError: no tensor, another shape, complex numbers, or the device "meta", which has none.
    Example:
        >>> real_numbers("counts", torch.tensor([3, 0]), "V")
        (2,)
    """
    found = shape(name, value, *sizes)
    assert isinstance(value, torch.Tensor), "shape has looked"
    if value.is_complex() or value.is_meta:
        told = f"dtype {value.dtype} on {value.device}"
        raise problem(f"{name} as real numbers", told, "Pass a tensor of ints or floats.")
    return found


def same_device(name: str, value: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return the same tensor, known to be on the device of the other one.

    Raises:  ValueError: it is on another device.
    Example:
        >>> same_device("x", torch.zeros(1), torch.ones(1))
        tensor([0.])
    """
    if value.device != other.device:
        raise problem(
            f"{name} on {other.device}, like what it meets",
            f"{name} on {value.device}",
            f'Move it: {name}.to("{other.device}").',
        )
    return value


def device_of(device: object) -> torch.device | None:
    """Return the device, known to be one, or None for torch's default.

    Raises:  ValueError: torch knows no such device.
    Example:
        >>> device_of("cpu")
        device(type='cpu')
    """
    try:
        if device is None or isinstance(device, str | torch.device):
            return None if device is None else torch.device(device)
    except RuntimeError:
        pass  # a name that torch does not know: said below
    raise problem("a device of torch, or None", f"device={described(device)}", 'Take "cpu" or "cuda".')


def room(what: str, *sizes: int) -> None:
    """Refuse a tensor that no lesson needs and that would fill the memory, before torch makes it.

    Args:    what: what to call it in the message.   sizes: of the tensor.
    Raises:  ValueError: more than 2**31 numbers, 8 GB as floats.
    Example:
        >>> room("a mask", 256, 256)
    """
    if math.prod(sizes) > MOST:
        raise problem(
            f"{what} of at most {MOST:,} numbers",
            f"{' * '.join(map(described, sizes))}",
            "Choose smaller sizes.",
        )


def random_stream(generator: object) -> torch.Generator | None:
    """Return the same generator, known to be one, or None for torch's global stream.

    Raises:  ValueError: it is something else; a seed gets the call that makes a generator of it.
    Example:
        >>> random_stream(None) is None
        True
    """
    if generator is None or isinstance(generator, torch.Generator):
        return generator
    seed = generator if isinstance(generator, int) and not isinstance(generator, bool) else 1337
    raise problem(
        "a torch.Generator, or None for torch's global stream",
        f"generator={described(generator)}",
        f"Make one: torch.Generator().manual_seed({seed if abs(seed) < 2**63 else 1337}).",
    )
