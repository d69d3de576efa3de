"""Say how a result of another shape is related to the right one: axes moved or joined, a mean left out."""

import itertools
from collections.abc import Callable, Iterator

import torch

Alike = Callable[[torch.Tensor, torch.Tensor], bool]
Pair = tuple[torch.Tensor, torch.Tensor]
MOST_AXES = 4


def reshaped(pairs: list[Pair], axes: str, alike: Alike) -> str:
    """Return in words how results of another shape come from the right ones; nothing where no way is found.

    Args:    pairs: (got, want) of every input that is not right.   axes: names of the dimensions.
             alike: whether two tensors agree.
    Example:
        >>> want = torch.arange(6.0).reshape(2, 3)
        >>> reshaped([(want.T, want)], "B, T", torch.equal)
        'the right numbers with the axes in the order T, B; asked for is B, T'
        >>> reshaped([(want[None], want)], "B, T", torch.equal)
        'the right numbers in the right order, only cut into another shape: (1, 2, 3) in place of (2, 3)'
    """
    of_one_rank = len({want.ndim for _, want in pairs}) == 1
    if max(want.ndim for _, want in pairs) > MOST_AXES:
        return ""
    for words, holds in _ways(pairs[0], axes):
        if (of_one_rank or holds is _in_another_shape) and all(
            holds(got, want, alike) for got, want in pairs
        ):
            return words
    return ""


Holds = Callable[[torch.Tensor, torch.Tensor, Alike], bool]


def _ways(first: Pair, axes: str) -> Iterator[tuple[str, Holds]]:
    got, want = first
    if got.ndim == want.ndim:
        for order in list(itertools.permutations(range(want.ndim)))[1:]:
            yield _in_order(order, axes), lambda g, w, alike, order=order: alike(g, w.permute(order))
    if got.numel() == want.numel():
        cut = f"only cut into another shape: {tuple(got.shape)} in place of {tuple(want.shape)}"
        yield f"the right numbers in the right order, {cut}", _in_another_shape
    if want.ndim == 0:
        yield "right once its mean is taken: mean() over all of it is missing", _taken(torch.mean)
        yield "right once it is added up: sum() over all of it is missing", _taken(torch.sum)
        for step, words in ((torch.argmax, "argmax"), (torch.argmin, "argmin")):
            yield f"right once its place is asked for: {words}() is missing", _taken(step)
    if got.ndim == want.ndim + 1:
        for d in range(got.ndim):
            for step in ("mean", "sum"):
                words = f"right once its {step} is taken along dimension {d}: that step is missing"
                yield words, _taken(lambda g, d=d, step=step: getattr(g, step)(d))


def _in_order(order: tuple[int, ...], axes: str) -> str:
    names = axes.split(", ")
    if len(names) != len(order):
        names = [f"dimension {d}" for d in range(len(order))]
    mine = ", ".join(names[d] for d in order)
    return f"the right numbers with the axes in the order {mine}; asked for is {', '.join(names)}"


def _in_another_shape(got: torch.Tensor, want: torch.Tensor, alike: Alike) -> bool:
    return got.numel() == want.numel() and alike(got.reshape(want.shape), want)


def _taken(step: Callable[[torch.Tensor], torch.Tensor]) -> Holds:
    def holds(got: torch.Tensor, want: torch.Tensor, alike: Alike) -> bool:
        if got.ndim <= want.ndim or got.is_complex():
            return False
        taken = step(got)
        return taken.shape == want.shape and alike(taken.double(), want.double())

    return holds
