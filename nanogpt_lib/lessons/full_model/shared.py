"""What the exercises of this lesson share: a small model, facts in an order, and an error on one line."""

from collections.abc import Iterable
from typing import Any

import torch

from nanogpt_lib.model import GPT, GPTConfig

VOCABULARY = 13  # of the small models: more than any block_size here, so an id is no position


def drawn(config: GPTConfig, seed: int) -> GPT:
    """Return a GPT none of whose numbers is where it starts: a gain of 1 or a shift of 0 would go unnoticed."""
    generator = torch.Generator().manual_seed(seed)
    model = GPT(config, generator=generator)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.5 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def until_wrong(facts: Iterable[tuple[str, Any, bool]]) -> dict[str, Any]:
    """Return what was found out, by name, up to the first thing that is not right.

    Args:    facts: (name, what was found, whether that is right), each found when it is asked for.
    Example:
        >>> until_wrong([("logits", 1.0, True), ("loss", 2.0, False), ("gradients", 3.0, True)])
        {'logits': 1.0, 'loss': 2.0}
    """
    found = {}
    for name, fact, is_right in facts:
        found[name] = fact
        if not is_right:
            break
    return found


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, or nothing."""
    return (str(error).splitlines() or [""])[0]


def in_words(error: Exception) -> str:
    """Return an error's type and its first line.

    Example:
        >>> in_words(ValueError("wrong hash"))
        'ValueError: wrong hash'
    """
    return f"{type(error).__name__}: {first_line(error)}"
