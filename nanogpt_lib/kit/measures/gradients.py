"""Measures of what comes back from an output to what it was made of."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from nanogpt_lib.kit.outcome import Refusal


def waves(shape: torch.Size) -> torch.Tensor:
    """Return another number at every place: equal ones could cancel, or be just what a norm takes away.

    Example:
        >>> waves(torch.Size([2]))
        tensor([ 0.5403, -0.4161])
    """
    return torch.arange(1.0, shape.numel() + 1).cos().reshape(shape)


@contextmanager
def numpy_refused() -> Iterator[None]:
    """Say, where torch refuses to hand a tensor to numpy, that no gradient comes back through numpy."""
    try:
        yield
    except RuntimeError as error:
        if "numpy()" not in str(error):
            raise
        words = "no gradient comes back through numpy. Compute with torch from the input to the return."
        raise Refusal(f"torch raised RuntimeError: {words}").with_traceback(error.__traceback__) from error


def gradients(output: object, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor | None]:
    """Return what reaches each tensor from a weighted mean of the output; None where nothing does.

    Args:    output: an answer's, whatever it is.   tensors: that require a gradient.
    Example:
        >>> a, b = torch.ones(2, requires_grad=True), torch.ones(1, requires_grad=True)
        >>> gradients(2 * a, [a, b])
        [tensor([ 0.5403, -0.4161]), None]
    """
    if not isinstance(output, torch.Tensor) or not output.requires_grad:
        return [None] * len(tensors)
    loss = (output * waves(output.shape)).mean()
    return list(torch.autograd.grad(loss, tensors, allow_unused=True))
