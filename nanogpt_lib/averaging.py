"""Average the past in three ways that give the same numbers: loop, matrix product, softmax.

The third is the form that attention keeps: replace its zeros by scores that depend on the
text, and the average becomes a choice.

Taught in: averaging_the_past.
"""

import torch

from nanogpt_lib.checks import positive_int
from nanogpt_lib.kinds import device_of, floats, room


def causal_mask(T: int, device: torch.device | None = None) -> torch.Tensor:
    """Return which position may see which: True on and below the diagonal.

    Args:    T: number of positions.   device: where the mask lives.
    Returns: (T, T) bool; mask[query, key] is True where the key is not in the query's future.
    Raises:  ValueError: T is no positive whole number, or device is none.
    Example:
        >>> causal_mask(3).int()
        tensor([[1, 0, 0],
                [1, 1, 0],
                [1, 1, 1]], dtype=torch.int32)

    Source:  Vaswani et al. (2017), section 3.2.3.   Taught in: averaging_the_past.
    """
    T = positive_int("T", T)
    room("a mask", T, T)
    return torch.ones(T, T, dtype=torch.bool, device=device_of(device)).tril()


def average_loop(x: torch.Tensor) -> torch.Tensor:
    """Replace each position by the mean of itself and all before it, in two loops.

    Args:    x: (B, T, C) float.
    Returns: (B, T, C) float; row t is the mean of rows 0 to t.
    Raises:  ValueError: x is no tensor of floats, or has not three dimensions.
    Example:
        >>> average_loop(torch.tensor([[[2.0], [4.0], [9.0]]])).flatten()
        tensor([2., 3., 5.])

    Taught in: averaging_the_past.
    """
    B, T, _ = floats("x", x, "B", "T", "C")
    out = torch.zeros_like(x)
    for b in range(B):
        for t in range(T):
            out[b, t] = x[b, : t + 1].mean(dim=0)
    return out


def average_tril(x: torch.Tensor) -> torch.Tensor:
    """Compute the same means as one matrix product: row t of the weights is 1 / (t + 1), up to t.

    Args:    x: (B, T, C) float.
    Returns: (B, T, C) float; equal to `average_loop` up to rounding.
    Raises:  ValueError: x is no tensor of floats, or has not three dimensions.
    Example:
        >>> average_tril(torch.tensor([[[2.0], [4.0], [9.0]]])).flatten()
        tensor([2., 3., 5.])

    Taught in: averaging_the_past.
    """
    _, T, _ = floats("x", x, "B", "T", "C")
    weights = causal_mask(T, x.device).to(x.dtype)
    weights = weights / weights.sum(dim=1, keepdim=True)
    return weights @ x  # (T, T) @ (B, T, C) -> (B, T, C)


def average_softmax(x: torch.Tensor) -> torch.Tensor:
    """Compute the same means from equal scores: the future at minus infinity, then a softmax.

    Args:    x: (B, T, C) float.
    Returns: (B, T, C) float; equal to `average_loop` up to rounding.
    Raises:  ValueError: x is no tensor of floats, or has not three dimensions.
    Example:
        >>> average_softmax(torch.tensor([[[2.0], [4.0], [9.0]]])).flatten()
        tensor([2., 3., 5.])

    Source:  the form of Vaswani et al. (2017), section 3.2.1.   Taught in: averaging_the_past.
    """
    _, T, _ = floats("x", x, "B", "T", "C")
    scores = torch.zeros(T, T, dtype=x.dtype, device=x.device)
    weights = scores.masked_fill(~causal_mask(T, x.device), float("-inf")).softmax(dim=-1)
    return weights @ x  # (T, T) @ (B, T, C) -> (B, T, C)
