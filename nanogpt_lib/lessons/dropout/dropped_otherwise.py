"""Dropouts that do as the right one does but for one thing."""

from collections.abc import Callable

import torch


def drawn(shape: list, p: float, generator: torch.Generator) -> torch.Tensor:
    """Return the right mask."""
    return torch.rand(shape, generator=generator) >= p


def dropping(
    make: Callable,
    corners: bool = True,
    in_use: Callable = lambda x, p: x,
    shared: tuple = (),
    kept: Callable = drawn,
) -> Callable:
    """Return the answer in which make(x, kept, p) drops.

    Args:    corners: p = 0 and p = 1 are cases of their own.   in_use: in_use(x, p), what comes in use.
             shared: the axes along which one draw decides for all.   kept: draws the mask, kept(shape, p, generator).
    """

    def answer(x, p, training, generator):
        if not training:
            return in_use(x, p)
        if corners and p in (0, 1):
            return x * (1 - p)
        shape = [1 if axis in shared else size for axis, size in enumerate(x.shape)]
        return make(x, kept(shape, p, generator), p)

    return answer


def plain(x, kept, p):
    return x * kept / (1 - p)


def by_factor(x, kept, p):
    return x * kept * (1 / (1 - p))  # at p = 1 Python raises where a tensor gives NaN


def shrunk(x, p):
    return x * (1 - p)


def in_place(x, kept, p):
    x *= kept
    return x / (1 - p) if p < 1 else x


def exactly(axes: tuple) -> Callable:
    """Return a way to draw a mask that drops the share p of every group along these axes, as near as can be."""

    def kept(shape: list, p: float, generator: torch.Generator) -> torch.Tensor:
        others = [axis for axis in range(3) if axis not in axes]
        luck = torch.rand(shape, generator=generator).permute(*others, *axes)
        rank = luck.flatten(len(others)).argsort(-1).argsort(-1)
        mask = rank >= round(p * rank.shape[-1])
        places = [[*others, *axes].index(axis) for axis in range(3)]
        return mask.view(luck.shape).permute(*places)

    return kept


def in_pairs(axis: int) -> Callable:
    """Return a way to draw a mask in which two neighbours along an axis share a draw."""

    def kept(shape: list, p: float, generator: torch.Generator) -> torch.Tensor:
        half = [(size + 1) // 2 if at == axis else size for at, size in enumerate(shape)]
        mask = drawn(half, p, generator).repeat_interleave(2, dim=axis)
        return mask.narrow(axis, 0, shape[axis])

    return kept
