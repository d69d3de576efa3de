"""Say what form a result has that should have another: its type, its shape, its dtype.

Each question gets what came and what was wanted, and answers in words or not at all. In its words {} stands
for the input.
"""

from typing import Any

import numpy
import torch

from nanogpt_lib.kit.outcome import Fact, alike, as_numbers, numbers
from nanogpt_lib.kit.plain import MOST, described, size


def too_large(got: Any, want: Any, axes: str) -> str:
    """Say which shape was wanted, where so many numbers came that to look at them would take long."""
    if size(got) <= MOST or isinstance(want, Fact):
        return ""
    if hasattr(got, "shape"):
        return _shape_in_words(tuple(got.shape), tuple(as_numbers(want).shape), axes)
    return f"Expected {size(want):,} numbers, got a {type(got).__name__} of {size(got):,}{{}}."


def wrong_type(got: Any, want: Any) -> str:
    """Say what came where a tensor or a number is wanted."""
    if isinstance(want, Fact):
        return ""
    expected = "a tensor" if isinstance(want, torch.Tensor) else "one number"
    if got is None:
        return f"Expected {expected}, got None. Is a `return` missing?"
    if isinstance(got, list | tuple) and isinstance(want, torch.Tensor) and want.ndim:
        return f"Expected {expected}, got a {type(got).__name__} of length {len(got)}.{_parts(got, want)}"
    return f"Expected {expected}, got {described(got)}." if numbers(got) is None else ""


def _parts(got: list | tuple, want: torch.Tensor) -> str:
    """What to do with the parts of a list: return one of them alone, or join them."""
    for i, part in enumerate(got):
        if alike(part, want, rtol=1e-4, atol=1e-6):
            return f" Its part {i} is right: return that one alone."
    if len(got) in want.shape:
        return " Join the parts with torch.stack(parts) or torch.tensor(parts)."
    return ""


def wrong_shape(got: Any, want: Any, axes: str) -> str:
    """Say which shape was wanted; `axes` names its dimensions, such as "B, T, C"."""
    if isinstance(want, Fact):
        return ""
    mine, theirs = tuple(as_numbers(got).shape), tuple(as_numbers(want).shape)
    if mine == theirs or (theirs == () and as_numbers(got).numel() == 1):  # (1,) holds one number too
        return ""
    return _shape_in_words(mine, theirs, axes)


def _shape_in_words(mine: tuple, theirs: tuple, axes: str) -> str:
    if theirs == ():
        return f"Expected one number, got shape {mine}{{}}."
    named = f"({axes}) = " if axes and len(theirs) == axes.count(",") + 1 else ""
    return f"Expected shape {named}{theirs}, got {mine}{{}}."


def wrong_dtype(got: Any, want: Any) -> str:
    """Say which dtype was wanted, where the one that came keeps too little."""
    if not isinstance(want, torch.Tensor) or not hasattr(got, "dtype"):
        return ""
    mine = got.dtype if isinstance(got, torch.Tensor) else _dtype_of_array(got)
    if want.is_floating_point():
        if not mine.is_floating_point:
            return f"Expected float32 or float64, got {mine}{{}}. Whole numbers lose what is after the point."
        if torch.finfo(mine).bits < 32:
            return f"Expected float32 or float64, got {mine}{{}}, which keeps about 3 digits."
    elif mine != want.dtype:
        return f"Expected {want.dtype}, got {mine}{{}}. Convert it with .long()."
    return ""


def _dtype_of_array(array: Any) -> torch.dtype:
    """What torch calls the dtype of an array; float64 where it has no name for it, as for long doubles."""
    try:
        return torch.as_tensor(numpy.asarray(array)).dtype
    except (TypeError, ValueError):
        return torch.float64
