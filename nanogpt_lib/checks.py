"""Refuse bad input with one form of message: what was expected, what arrived, what to do.

Every public function calls these at its boundary, so that a slip is named where it was
made and not forty lines further down. `expect` does the same for a notebook's facts.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from numbers import Integral, Real

import torch
from torch import nn

from nanogpt_lib.messages import described, is_dense
from nanogpt_lib.messages import problem as problem  # every file imports it from here


def plain(value: object) -> object:
    """Return the number that a numpy scalar or a tensor without dimensions holds, also within a tuple.

    Anything else comes back as it is. Only Python's own numbers can be written into a JSON file.

    Example:
        >>> plain(torch.tensor(3)), plain((torch.tensor(0.5), "text"))
        (3, (0.5, 'text'))
    """
    if type(value) is tuple:
        return tuple(map(plain, value))
    holds_one = getattr(value, "ndim", None) == 0 and not getattr(value, "is_meta", False)
    return value.item() if holds_one else value  # type: ignore[attr-defined]


def _whole(value: object) -> int | None:
    number = plain(value)
    return int(number) if isinstance(number, Integral) and not isinstance(number, bool) else None


def _finite(value: object) -> float | None:
    number = plain(value)
    if not isinstance(number, Real) or isinstance(number, bool):
        return None
    try:
        found = float(number)
    except OverflowError:  # a whole number of 400 digits
        return None
    return found if math.isfinite(found) else None


def whole_number(name: str, value: object) -> int:
    """Return the value as Python's int, known to be a whole number.

    Args:    name: what to call it in the message.   value: an int, or one from numpy or torch.
    Raises:  ValueError: it is no whole number; 2.0, True and "2" are none.
    Example:
        >>> whole_number("step", torch.tensor(-4))
        -4
    """
    number = _whole(value)
    if number is None:
        raise problem(f"a whole number {name}", f"{name}={described(value)}", "Pass it as an int.")
    return number


def positive_int(name: str, value: object) -> int:
    """Return the value as Python's int, known to be a whole number of at least 1.

    Args:    name: what to call it in the message.   value: an int, or one from numpy or torch.
    Raises:  ValueError: it is no whole number, or below 1.
    Example:
        >>> positive_int("n_head", 4)
        4
    """
    number = _whole(value)
    if number is None or number < 1:
        raise problem(
            f"a whole number {name} >= 1", f"{name}={described(value)}", f"Choose a positive {name}."
        )
    return number


def seed_number(name: str, value: object) -> int:
    """Return the value as Python's int, known to be a seed that a torch generator takes.

    Args:    name: what to call it in the message.   value: an int, or one from numpy or torch.
    Raises:  ValueError: it is no whole number, or outside [-2**63, 2**64).
    Example:
        >>> seed_number("seed", 1337)
        1337
    """
    number = whole_number(name, value)
    if not -(2**63) <= number < 2**64:
        raise problem(
            f"-2**63 <= {name} < 2**64", f"{name}={described(number)}", "Choose a seed of fewer digits."
        )
    return number


def real_number(name: str, value: object) -> float:
    """Return the value as Python's float, known to be a finite number.

    Args:    name: what to call it in the message.   value: a number, or one from numpy or torch.
    Raises:  ValueError: it is no number, NaN or infinite; True and "0.5" are no numbers.
    Example:
        >>> real_number("scale", torch.tensor(0.5)), real_number("scale", 2)
        (0.5, 2.0)
    """
    number = _finite(value)
    if number is None:
        raise problem(
            f"a finite number {name}", f"{name}={described(value)}", f"Pass {name} as an int or a float."
        )
    return number


def probability(name: str, value: object) -> float:
    """Return the value as Python's float, known to lie in [0, 1].

    Args:    name: what to call it in the message.   value: a number, or one from numpy or torch.
    Raises:  ValueError: it lies outside [0, 1], is NaN, or no number.
    Example:
        >>> probability("dropout", 0.2)
        0.2
    """
    number = _finite(value)
    if number is None or not 0.0 <= number <= 1.0:
        raise problem(f"0 <= {name} <= 1", f"{name}={described(value)}", f"Choose a {name} between 0 and 1.")
    return number


def yes_or_no(name: str, value: object) -> bool:
    """Return the value as Python's bool; a text such as "no" would count as True.

    Args:    name: what to call it in the message.   value: True or False, or one from numpy or torch.
    Raises:  ValueError: it is anything else.
    Example:
        >>> yes_or_no("residual", torch.tensor(False))
        False
    """
    flag = plain(value)
    if not isinstance(flag, bool):
        raise problem(f"{name} to be True or False", f"{name}={described(value)}", "Pass one of the two.")
    return flag


def settle(config: object, check: Callable[[str, object], object], *names: str) -> None:
    """Put what the check returns in place of these fields of a frozen configuration.

    Args:    config: a frozen dataclass, in its `__post_init__`.   check: called with name and value.
             names: the fields.
    Raises:  ValueError: as the check does.
    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Size:
        ...     width: int
        ...     def __post_init__(self):
        ...         settle(self, positive_int, "width")
        >>> Size(torch.tensor(3))
        Size(width=3)
    """
    for name in names:
        object.__setattr__(config, name, check(name, getattr(config, name)))


def one_of(name: str, value: str, known: Iterable[str]) -> str:
    """Return the same value, known to be one of those that exist.

    Args:    name: what to call it in the message.   value: what the caller passed.
             known: what exists, in the order in which to list it.
    Raises:  ValueError: there is no such value; it lists those that there are.
    Example:
        >>> one_of("norm", "pre", ("pre", "post"))
        'pre'
    """
    if not isinstance(value, str) or value not in known:
        raise problem(
            f"{name} to be one of {', '.join(map(repr, known))}",
            described(value),
            f"Choose one of them for {name}.",
        )
    return value


def shape(name: str, tensor: object, *sizes: object) -> tuple[int, ...]:
    """Return the tensor's shape, known to have these sizes; a letter stands for any size.

    Args:    name: what to call it in the message.   tensor: what the caller passed.
             sizes: one per dimension, a number where it is fixed, a letter where it is free;
             `...` before them stands for any dimensions, or none.
    Returns: the shape as a tuple, to unpack as `B, T, C = shape("x", x, "B", "T", "C")`.
    Raises:  ValueError: no tensor, another number of dimensions, or another size where one is fixed.
    Example:
        >>> shape("x", torch.zeros(4, 8, 2), "B", "T", 2), shape("x", torch.zeros(4, 8, 2), ..., 2)
        ((4, 8, 2), (4, 8, 2))
    """
    if not isinstance(tensor, torch.Tensor) or not is_dense(tensor):
        raise problem(
            f"{name} as a tensor of shape {_sizes(sizes)}", described(tensor), "Pass a torch.Tensor."
        )
    found = tuple(tensor.shape)
    named = sizes[1:] if sizes[:1] == (...,) else sizes
    last = found[max(0, len(found) - len(named)) :] if len(named) < len(sizes) else found
    fits = len(last) == len(named) and all(
        isinstance(want, str) or want == have for want, have in zip(named, last, strict=True)
    )
    if not fits:
        raise problem(
            f"{name} of shape {_sizes(sizes)}",
            f"shape {found}",
            f"Check which axis of {name} is batch, time and channel.",
        )
    return found


def _sizes(sizes: tuple[object, ...]) -> str:
    return "(" + ", ".join("..." if size is ... else str(size) for size in sizes) + ")"


def token_ids(name: str, idx: torch.Tensor, vocab_size: int) -> torch.Tensor:
    """Return the same tensor, known to hold int64 ids in [0, vocab_size).

    On a GPU only the type is checked: reading the values would make the device wait.

    Args:    name: what to call it in the message.   idx: any shape.   vocab_size: V.
    Raises:  ValueError: no tensor, another dtype, or an id out of range (names the first one and its place).
    Example:
        >>> token_ids("idx", torch.tensor([[0, 64]]), vocab_size=65)
        tensor([[ 0, 64]])
    """
    shape(name, idx, ...)
    vocab_size = positive_int("vocab_size", vocab_size)
    if idx.dtype != torch.long:
        raise problem(
            f"{name} as torch.long (int64) ids", f"dtype {idx.dtype}", f"Convert with {name}.long()."
        )
    if idx.device.type == "cpu" and idx.numel() and not (0 <= idx.min() and idx.max() < vocab_size):
        place = ((idx < 0) | (idx >= vocab_size)).nonzero()[0].tolist()
        raise problem(
            f"every id of {name} in [0, {vocab_size})",
            f"{idx[tuple(place)].item()} at index {place}",
            "Encode the text with the tokenizer that belongs to this model.",
        )
    return idx


@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """Put the model into evaluation mode without gradients; afterwards every module is as it was.

    Each module's own mode comes back, also after an exception: `model.train()` at the end
    would switch on dropout that somebody had switched off.

    Raises:  ValueError: it is no module of torch.
    Example:
        >>> layer = nn.Dropout(0.5)
        >>> with evaluating(layer) as quiet:
        ...     quiet.training
        False
        >>> layer.training
        True
    """
    if not isinstance(model, nn.Module):
        raise problem("a model, a module of torch", described(model), "Build it first, as GPT(config).")
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        for module, mode in modes.items():
            module.training = mode


def expect(label: str, value: float, *, near: float, within: float = 0.0) -> None:
    """Print one stable line when a measured fact holds, and stop the notebook when it does not.

    The line shows the band and not the measured digits, which change with the processor.

    Args:    label: what was measured, with its unit.   value: the measurement.
             near: the value claimed.   within: how far off it may be (0: exactly equal).
    Raises:  AssertionError: the value lies outside its band (or is NaN); it tells the value.
             ValueError: no number, or a negative width of the band.
    Example:
        >>> expect("validation loss (nats per character)", 2.4837, near=2.48, within=0.03)
        ✓ validation loss (nats per character): 2.48, within 0.03
    """
    real_number("near", near)  # printed as it was written, like the width of the band
    if real_number("within", within) < 0:
        raise problem("within >= 0", f"within={within}", "Give the band's half width; 0 is exactly equal.")
    measured = plain(value)
    if not isinstance(measured, Real):
        raise problem("a measured number", described(value), "Pass one number, not a row of them.")
    if not math.isclose(float(measured), near, rel_tol=0.0, abs_tol=within):
        raise AssertionError(
            f"{label}: expected {near} within {within}, got {float(measured):.6g}. Run the notebook from "
            "the top (Kernel, Restart and Run All Cells); if it still differs, the claim in the text is "
            "wrong here: please report it."
        )
    print(f"✓ {label}: {near:,}" + (f", within {within}" if within else " exactly"))
