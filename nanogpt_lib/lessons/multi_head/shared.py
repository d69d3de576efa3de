"""The inputs that two exercises of this lesson share."""

import torch


def between(low: int, high: int, generator: torch.Generator) -> int:
    """Return a whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def layers(seed: int) -> list[tuple]:
    """Return some (x, n_head, seed of the weights): x and n_head say which sizes a layer has."""
    generator = torch.Generator().manual_seed(seed)
    inputs = []
    for n_head, head_size in [(3, 2), (2, between(3, 5, generator)), (4, between(1, 3, generator))]:
        B, T = between(1, 3, generator), between(4, 6, generator)
        x = torch.randn(B, T, n_head * head_size, generator=generator)
        inputs.append((x, n_head, between(0, 10**6, generator)))
    return inputs
