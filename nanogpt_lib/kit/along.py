"""Say whether each row of a result, or each of its heads, is right but for a number of its own."""

from collections.abc import Callable

import torch

Alike = Callable[[torch.Tensor, torch.Tensor], bool]
Pair = tuple[torch.Tensor, torch.Tensor]
LEAST = 3  # numbers in a row, else any two rows are proportional
ROW = "each row along the last dimension"


def own_number(pairs: list[Pair], alike: Alike, name: Callable[[int], str]) -> str:
    """Return in words which factor, or which summand, each row has of its own; nothing where none has.

    Args:    pairs: (got, want) of every input that is not right.   alike: whether two tensors agree.
             name: what stands along a dimension.
    Example:
        >>> want = torch.tensor([[1.0, 2, 4], [3, 1, 1]])
        >>> got = torch.tensor([[2.0], [0.5]]) * want
        >>> print(own_number([(got, want)], torch.allclose, str))
        ... # doctest: +NORMALIZE_WHITESPACE
        right but for a factor of its own for each 0: 2 for the first, 0.5 for the next:
        look at what each is divided by
    """
    ndim = pairs[0][1].ndim
    if ndim < 2 or any(want.ndim != ndim for _, want in pairs):
        return ""
    tables: list[tuple[str, Callable]] = [
        (f"each {name(d)}", lambda x, d=d: x.movedim(d, 0).flatten(1)) for d in range(ndim)
    ]
    tables.append((ROW, lambda x: x.flatten(0, -2)))
    for words, as_rows in tables:
        rows = [(as_rows(got), as_rows(want)) for got, want in pairs]
        if not all(_says_much(want) for _, want in rows):
            continue
        for what, numbers, put in ((_FACTOR, _factors, torch.mul), (_SUMMAND, _summands, torch.add)):
            found = [numbers(got, want) for got, want in rows]
            if all(alike(got, put(want, by)) for (got, want), by in zip(rows, found, strict=True)):
                first, second = found[0][0].item(), found[0][1].item()
                (own, look), at = what, f"{first:.4g} for the first, {second:.4g} for the next"
                return f"right but for {own.format(words)}: {at}: {look}"
    return ""


_FACTOR = "a factor of its own for {}", "look at what each is divided by"
_SUMMAND = "a summand of its own for {}", "look at what is added to each"


def _says_much(want: torch.Tensor) -> bool:
    """Whether there are two rows at least, and in most of them numbers enough that are not all the same."""
    if len(want) < 2 or want.shape[1] < LEAST:
        return False
    varied = ((want.abs() > 1e-6).sum(1) > 1) & (want.std(1) > 1e-4)
    return bool(2 * varied.sum() > len(want))


def _factors(got: torch.Tensor, want: torch.Tensor) -> torch.Tensor:
    at = want.abs().argmax(1, keepdim=True)
    largest = want.gather(1, at)
    return torch.where(largest == 0, 1.0, got.gather(1, at) / torch.where(largest == 0, 1.0, largest))


def _summands(got: torch.Tensor, want: torch.Tensor) -> torch.Tensor:
    return (got - want).mean(1, keepdim=True)
