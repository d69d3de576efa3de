"""Say how an answer changed what it was given."""

from collections.abc import Iterator
from typing import Any

import numpy
import torch

from nanogpt_lib.kit.plain import is_emptied


def changed(before: Any, after: Any) -> str:
    """Return the first difference, in words with its place; nothing where all is as it was.

    Looks into lists, tuples, dicts, arrays and the tensors of modules.

    Args:    before: a copy of the inputs.   after: the inputs that the answer was given.
    Example:
        >>> changed((torch.zeros(2),), (torch.tensor([0.0, 3.0]),))
        'the element at [1] was 0 and is now 3'
        >>> changed(([1, 2],), ([1, 2, 3],))
        'it had length 2 and now has 3'
    """
    return next(_differences(before, after), "")


def _differences(before: Any, after: Any) -> Iterator[str]:
    if type(after) is not type(before):
        yield f"a {type(before).__name__} became a {type(after).__name__}"
        return
    match before:
        case torch.Tensor():
            yield from _in_tensor(before, after)
        case numpy.ndarray():
            yield from _in_tensor(torch.as_tensor(before), torch.as_tensor(after))
        case torch.nn.Module():
            yield from _differences(before.state_dict(), after.state_dict())
        case list() | tuple() | dict() if len(before) != len(after):
            yield f"it had length {len(before)} and now has {len(after)}"
        case list() | tuple():
            for old, new in zip(before, after, strict=True):
                yield from _differences(old, new)
        case dict() if list(before) != list(after):
            yield f"it had the keys {list(before)} and now has {list(after)}"
        case dict():
            for key in before:
                yield from _differences(before[key], after[key])
        case int() | float() | str() if before != after and before == before:  # NaN differs from itself
            yield f"{before!r} is now {after!r}"


def _in_tensor(before: torch.Tensor, after: torch.Tensor) -> Iterator[str]:
    if before.shape != after.shape:
        yield f"it had shape {tuple(before.shape)} and now has {tuple(after.shape)}"
    elif is_emptied(after):
        yield "its memory was given back, so its numbers are lost"
    elif before.dtype != after.dtype:
        yield f"it had dtype {before.dtype} and now has {after.dtype}"
    else:
        moved = (before != after) & ~((before != before) & (after != after))  # NaN differs from itself
        if moved.any():
            place = moved.nonzero()[0].tolist()
            was, now = before[tuple(place)].item(), after[tuple(place)].item()
            yield f"the element at {place} was {was:.4g} and is now {now:.4g}"
