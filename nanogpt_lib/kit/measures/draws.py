"""What the inputs of exercises are drawn with."""

import torch


def between(low: int, high: int, generator: torch.Generator) -> int:
    """Draw a whole number from low to high, both included.

    Example:
        >>> between(4, 4, torch.Generator())
        4
    """
    return int(torch.randint(low, high + 1, (), generator=generator))
