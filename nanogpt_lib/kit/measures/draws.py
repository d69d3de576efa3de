"""Draws that exercises make for their inputs."""

import torch


def between(low: int, high: int, generator: torch.Generator) -> int:
    """Draw a whole number from low to high, both included.

    Example:
        >>> between(3, 3, torch.Generator())
        3
    """
    return int(torch.randint(low, high + 1, (), generator=generator))


def seeded(seed: int) -> torch.Generator:
    """Return a new generator with this seed.

    Example:
        >>> between(0, 99, seeded(1)) == between(0, 99, seeded(1))
        True
    """
    return torch.Generator().manual_seed(seed)
