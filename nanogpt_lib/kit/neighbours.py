"""Say whether one sequence of a batch sees another; each must be computed as if it were alone."""

from collections.abc import Callable
from typing import Any

import torch

from nanogpt_lib.kit.outcome import Outcome, leaves, numbers

CHANGE = 1.0  # what is added to another sequence
MOVED = 1e-5  # more than rounding


def saw_its_neighbour(
    inputs: tuple,
    value: Any,
    observe: Callable[[tuple], Outcome],
    solve: Callable[[tuple], Outcome],
    axes: str = "",
) -> str:
    """Return which sequence of the batch saw which, in words; nothing where none did, or where it should.

    For answers f(x, ...) where x is (B, T, C), or ids (B, T), and the result begins with B as well.

    Args:    inputs: one input.   value: the answer's result on it.   observe: runs the answer on another.
             solve: runs the right answer.   axes: names of the result's dimensions; none without a batch.
    """
    if axes and not axes.startswith("B"):
        return ""
    x = inputs[0] if inputs else None
    if not isinstance(x, torch.Tensor) or x.ndim != (3 if x.is_floating_point() else 2) or len(x) < 2:
        return ""
    changed = x.clone()
    changed[1] = x[1] + CHANGE if x.is_floating_point() else x[1].roll(1)
    other = (changed, *inputs[1:])
    moved = _moved(value, observe(other).value, len(x))
    if moved <= MOVED or _moved(solve(inputs).value, solve(other).value, len(x)) > 0:
        return ""
    how = f"adding {CHANGE:g} to sequence 1" if x.is_floating_point() else "shifting the ids of sequence 1"
    return (
        f"Sequence 0 saw sequence 1, its neighbour in the batch: {how} moved your result for sequence 0 "
        f"by {moved:.2g}. Each is computed as if it were alone: look for a dim that takes in the batch."
    )


def _moved(before: Any, after: Any, length: int) -> float:
    """By how much the first row of what begins with the batch has moved."""
    most = 0.0
    for _, new, old in leaves(after, before):
        one, other = numbers(old), numbers(new)
        if one is None or other is None or one.shape != other.shape or not one.ndim or len(one) != length:
            continue
        most = max(most, (one[0] - other[0]).abs().nan_to_num(0.0).max().item() if one[0].numel() else 0.0)
    return most
