"""The published text as ids, read once and only when an exercise needs it."""

import functools

import torch

from nanogpt_lib.data import CharTokenizer, load_text, train_val_split


@functools.cache
def published() -> tuple[str, str, torch.Tensor, torch.Tensor]:
    """Return the text, its vocabulary, and the ids of its two splits.

    Returns: text, vocabulary (V characters), train (N,) int64, val (M,) int64.
    Example:
        >>> text, vocabulary, train, val = published()
        >>> len(vocabulary), len(train), len(val)
        (65, 1003854, 111540)
    """
    text = load_text()
    tokenizer = CharTokenizer.from_text(text)
    train, val = train_val_split(torch.tensor(tokenizer.encode(text)))
    return text, tokenizer.vocabulary, train, val


def passage(ids: torch.Tensor, length: int, generator: torch.Generator) -> torch.Tensor:
    """Draw a piece of the ids from a random place: (length,) int64."""
    start = int(torch.randint(len(ids) - length + 1, (), generator=generator))
    return ids[start : start + length].clone()
