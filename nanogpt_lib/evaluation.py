"""How good is a model? Estimated on random batches, or measured on a whole split.

The first is quick and noisy, and is what the reference printed; the second has no randomness.
The two are never mixed in one table.

Taught in: notebooks/02 (the estimate) and 12 (the measurement).
"""

import torch
from torch import nn

from nanogpt_lib.checks import evaluating, positive_int, problem
from nanogpt_lib.data import get_batch


def estimate_loss(
    model: nn.Module,
    splits: dict[str, torch.Tensor],
    batch_size: int,
    eval_iters: int,
    generator: torch.Generator | None = None,
) -> dict[str, float]:
    """Mean loss over random batches of each split, in evaluation mode; an estimate with noise.

    The model's mode comes back as it was, also after an exception.

    Args:    model: returns (logits, loss), and has a block_size.   splits: name to ids (N,).
             batch_size: B.   eval_iters: batches a split.   generator: None is the global stream.
    Returns: name to nats per character.
    Raises:  ValueError: a split is too short for a block, or a count below 1.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> sorted(estimate_loss(BigramLM(8), {"val": torch.arange(8)}, 2, 3))
        ['val']

    Source:  own; order of draws as the reference's script.   Taught in: notebooks/02 and 10.
    """
    positive_int("eval_iters", eval_iters)
    estimates = {}
    with evaluating(model):
        for name, data in splits.items():
            losses = torch.zeros(eval_iters)
            for k in range(eval_iters):
                x, y = get_batch(data, model.block_size, batch_size, generator)
                losses[k] = model(x, y)[1]
            estimates[name] = losses.mean().item()
    return estimates


def evaluate_split(model: nn.Module, data: torch.Tensor, batch_size: int = 64) -> float:
    """Loss over a whole split in blocks that do not overlap: no randomness, so no noise.

    Args:    model: returns (logits, loss), and has a block_size.   data: (N,) int64 ids.
             batch_size: blocks at a time; changes the speed, not the result.
    Returns: nats per character, over every whole block; fewer than block_size ids at the end
             are left out.
    Raises:  ValueError: the data holds no whole block, or batch_size is below 1.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> model = BigramLM(8)
        >>> evaluate_split(model, torch.arange(8)) == evaluate_split(model, torch.arange(8))
        True

    Source:  own.   Taught in: notebooks/12.
    """
    T = model.block_size
    positive_int("batch_size", batch_size)
    blocks = (len(data) - 1) // T
    if blocks < 1:
        raise problem(f"at least {T + 1} ids, a block and the one after it", f"{len(data)}", "Take more.")
    x, y = data[: blocks * T].view(blocks, T), data[1 : blocks * T + 1].view(blocks, T)
    total = 0.0
    with evaluating(model):
        for xb, yb in zip(x.split(batch_size), y.split(batch_size), strict=True):
            total += model(xb, yb)[1].item() * len(xb)
    return total / blocks
