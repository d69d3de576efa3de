"""Attention as a formula: scores, scale, mask, softmax, weighted sum.

This is the one place where it is computed with plain operations; every head calls it.

Taught in: self_attention (the steps) and scaling (the scale).
"""

from collections.abc import Callable
from itertools import zip_longest
from typing import NamedTuple

import torch

from nanogpt_lib.checks import problem, real_number, shape
from nanogpt_lib.kinds import floats, function, same_device


class AttentionSteps(NamedTuple):
    """The five stages of attention, in order; q for queries, k for keys.

    scores (..., Tq, Tk) before the scale, scaled after it, masked with minus infinity where a
    key may not be seen, weights with rows that sum to 1, output (..., Tq, head_size).

    Source:  Vaswani et al. (2017), equation 1.   Taught in: self_attention.
    """

    scores: torch.Tensor
    scaled: torch.Tensor
    masked: torch.Tensor
    weights: torch.Tensor
    output: torch.Tensor


def attention_steps(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    *,
    scale: float | None = None,
    mask: torch.Tensor | None = None,
    dropout: Callable[[torch.Tensor], torch.Tensor] | None = None,
) -> AttentionSteps:
    """Compute scaled dot-product attention, with every stage on the way.

    Args:    q: (..., Tq, head_size).   k: (..., Tk, head_size).   v: (..., Tk, any size).
             scale: what scores are multiplied by; None is head_size ** -0.5.
             mask: (Tq, Tk) bool, True where a key may be seen; None shows every key.
             dropout: applied to the weights on their way to the output, or None.
    Returns: scores, scaled, masked, weights (before dropout) and output.
    Raises:  ValueError: the sizes disagree, or a query may see no key (its row would be NaN).
    Example:
        >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> attention_steps(x, x, x, mask=torch.ones(2, 2).tril() > 0).weights
        tensor([[1.0000, 0.0000],
                [0.3302, 0.6698]])

    Source:  Vaswani et al. (2017), equation 1.   Taught in: self_attention.
    """
    *_, Tq, head_size = floats("q", q, ..., "Tq", "head_size")
    *_, Tk, k_size = floats("k", k, ..., "Tk", "head_size", like=q)
    floats("v", v, ..., "Tk", "any size", like=q)
    if k_size != head_size or v.shape[-2] != Tk or not _side_by_side(q, k, v):
        raise problem(
            "k as wide as q, and one row of v for every row of k",
            f"q {tuple(q.shape)}, k {tuple(k.shape)}, v {tuple(v.shape)}",
            "Project queries and keys to one head_size, keys and values from one source.",
        )
    if mask is not None:
        shape("mask", mask, Tq, Tk)
        if mask.dtype != torch.bool:
            raise problem("a mask of True and False", f"dtype {mask.dtype}", "Compare it: mask > 0.")
        same_device("mask", mask, q)
        if mask.device.type == "cpu" and not bool(mask.any(-1).all()):
            blind = int((~mask.any(-1)).nonzero()[0])
            raise problem(
                "a mask that lets every query see a key",
                f"row {blind} all False",
                "A softmax over nothing is NaN; let a position see at least itself.",
            )
    if isinstance(scale, torch.Tensor):  # a factor that is learned keeps its gradient
        floats("scale", scale, like=q)
    else:
        scale = head_size**-0.5 if scale is None else real_number("scale", scale)
    if dropout is not None:
        function("dropout", dropout, "Pass nn.Dropout(p).")
    scores = q @ k.transpose(-2, -1)  # (..., Tq, Tk)
    scaled = scores * scale
    masked = scaled if mask is None else scaled.masked_fill(~mask, float("-inf"))
    weights = masked.softmax(dim=-1)
    output = (weights if dropout is None else dropout(weights)) @ v
    return AttentionSteps(scores, scaled, masked, weights, output)


def _side_by_side(*tensors: torch.Tensor) -> bool:
    """Tell whether the axes before the last two are alike, or 1, or missing."""
    axes = zip_longest(*(reversed(tensor.shape[:-2]) for tensor in tensors), fillvalue=1)
    return all(len({size for size in sizes if size != 1}) <= 1 for sizes in axes)
