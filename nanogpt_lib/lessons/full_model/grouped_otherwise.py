"""Groups of parameters, sorted by other questions than the right one."""

from collections.abc import Callable

import torch


def sorting(
    decays: Callable,
    stays: Callable | None = None,
    among: Callable = lambda name: True,
    of: Callable = lambda name, p: p,
) -> Callable:
    """Return the answer that groups of(name, p) by what decays(name, p), and what stays(name, p), among some names.

    Without `stays` everything else does.
    """

    def groups(model, weight_decay):
        named = [(name, p) for name, p in model.named_parameters() if among(name)]
        other = stays or (lambda name, p: not decays(name, p))
        return [
            {"params": [of(name, p) for name, p in named if decays(name, p)], "weight_decay": weight_decay},
            {"params": [of(name, p) for name, p in named if other(name, p)], "weight_decay": 0.0},
        ]

    return groups


def matrix(name: str, p: torch.Tensor) -> bool:
    return p.dim() >= 2


def vector(name: str, p: torch.Tensor) -> bool:
    return p.dim() < 2
