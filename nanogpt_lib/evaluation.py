"""Evaluate a model: estimate its loss on random batches, or measure it on a whole split or by position.

The estimate is quick and noisy, and is what the reference printed; the others have no randomness.
An estimate and a measurement are never mixed in one table.

Taught in: bigram (the estimate) and experiments (the measurement).
"""

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.checks import evaluating, positive_int, problem
from nanogpt_lib.data import get_batch
from nanogpt_lib.kinds import ids, mapping, room
from nanogpt_lib.promises import block_size_of, loss_of, module_of, scored

LOWER = "Lower the learning rate, and start again or go on from the last good checkpoint."


def estimate_loss(
    model: nn.Module,
    splits: dict[str, torch.Tensor],
    batch_size: int,
    eval_iters: int,
    generator: torch.Generator | None = None,
) -> dict[str, float]:
    """Estimate the mean loss of each split on random batches, in evaluation mode; it has noise.

    The model's mode comes back as it was, also after an exception.

    Args:    model: returns (logits, loss), and has a block_size.   splits: name to ids (N,).
             batch_size: B.   eval_iters: batches per split.   generator: None is the global stream.
    Returns: name to nats per character.
    Raises:  ValueError: a split is too short for a block, or a count below 1.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> sorted(estimate_loss(BigramLM(8), {"val": torch.arange(8)}, 2, 3))
        ['val']

    Source:  order of draws as the reference's script.   Taught in: bigram and full_model.
    """
    eval_iters, block_size = positive_int("eval_iters", eval_iters), block_size_of(model)
    mapping("splits", splits, 'Pass a name for each split: {"val": val_data}.')
    room("a list of losses", eval_iters)
    estimates = {}
    with evaluating(model):
        for name, data in splits.items():
            losses = torch.zeros(eval_iters)
            for k in range(eval_iters):
                x, y = get_batch(data, block_size, batch_size, generator)
                losses[k] = loss_of(model(x, y))
            estimates[name] = losses.mean().item()
    return estimates


def evaluate_split(model: nn.Module, data: torch.Tensor, batch_size: int = 64) -> float:
    """Measure the loss over a whole split in blocks that do not overlap: no randomness, so no noise.

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

    Taught in: experiments.
    """
    batches = _whole_blocks(model, data, batch_size)
    total = 0.0
    with evaluating(model):
        for xb, yb in batches:
            total += loss_of(model(xb, yb)).item() * len(xb)
    return total / sum(len(xb) for xb, _ in batches)


def loss_by_position(model: nn.Module, data: torch.Tensor, batch_size: int = 64) -> torch.Tensor:
    """Measure the loss at each position of the block, over a whole split: what a longer past is worth.

    Position t predicts from t + 1 characters, itself included. The mean over the positions is what
    `evaluate_split` gives.

    Args:    model: returns (logits, loss), and has a block_size.   data: (N,) int64 ids.
             batch_size: blocks at a time; changes the speed, not the result.
    Returns: (T,) float64, nats per character, over every whole block.
    Raises:  ValueError: the data holds no whole block, or batch_size is below 1.
    Example:
        >>> import math
        >>> from nanogpt_lib.model import GPT, GPTConfig
        >>> model = GPT(GPTConfig(vocab_size=8, block_size=4, n_embd=8, n_head=2, n_layer=1))
        >>> losses = loss_by_position(model, torch.arange(8))
        >>> len(losses), math.isclose(losses.mean(), evaluate_split(model, torch.arange(8)), rel_tol=1e-6)
        (4, True)

    Taught in: experiments.
    """
    batches = _whole_blocks(model, data, batch_size)
    totals = torch.zeros(batches[0][0].shape[1], dtype=torch.float64, device=data.device)
    with evaluating(model):
        for xb, yb in batches:
            logits, _ = scored(model(xb))
            totals += F.cross_entropy(logits.transpose(1, 2), yb, reduction="none").sum(dim=0).double()
    return totals / sum(len(xb) for xb, _ in batches)


def chances(model: nn.Module, data: torch.Tensor, before: int, batch_size: int = 64) -> torch.Tensor:
    """Return the probability that the model gave to each id with `before` ids or more before it.

    The blocks overlap by before - 1 positions. In blocks without overlap the first character of each is
    predicted from one character alone, which no text that is read from its beginning asks of a model.

    Args:    model: returns (logits, loss), and has a block_size.   data: (N,) int64 ids.
             before: 1 to block_size.   batch_size: blocks at a time; changes the speed, not the result.
    Returns: (N - before,) float64; minus the mean of their logarithms is a loss in nats per character.
    Raises:  ValueError: before is above block_size, or no id has so many before it.
    Example:
        >>> from nanogpt_lib.model import GPT, GPTConfig
        >>> model = GPT(GPTConfig(vocab_size=8, block_size=4, n_embd=8, n_head=2, n_layer=1))
        >>> chances(model, torch.arange(8), before=3).shape
        torch.Size([5])

    Taught in: faster_and_bigger.
    """
    T, N = block_size_of(model), len(ids("data", data))
    before, batch_size = positive_int("before", before), positive_int("batch_size", batch_size)
    if not before <= min(T, N - 1):
        raise problem(
            f"before <= {min(T, N - 1)}, of block_size={T} and {N} ids", f"{before}", "Ask for fewer before."
        )
    T = min(T, N - 1)
    starts = torch.arange(0, N - T, T - before + 1)
    starts = torch.cat(
        [starts, torch.tensor([N - T - 1])]
    ).unique()  # the last block ends where the data does
    places = starts[:, None] + torch.arange(T)  # (blocks, T)
    found = torch.zeros(N - 1, dtype=torch.float64, device=data.device)
    with evaluating(model):
        for at in places.split(min(batch_size, len(places))):
            probs = scored(model(data[at]))[0].double().softmax(-1)
            given = probs.gather(-1, data[at + 1][..., None])[..., 0]  # (B, T), of the ids that came
            found[at[:, before - 1 :]] = given[:, before - 1 :]
    return found[before - 1 :]


def require_finite(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> None:
    """Refuse a model with a weight that is no finite number, or without a finite loss on this batch.

    Weights can be finite and yet so large that nothing comes of them but NaN.

    Args:    model: returns (logits, loss); its mode stays as it is.   x, y: (B, T) ids and targets.
    Raises:  ValueError: as said; the weight is named.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> ids = torch.tensor([[0, 1]])
        >>> require_finite(BigramLM(8), ids, ids)

    Taught in: full_model.
    """
    block_size_of(model)
    require_finite_weights(model)
    with evaluating(model):
        loss = loss_of(model(x, y))
    if not torch.isfinite(loss):
        raise problem("a model with a finite loss", f"{loss.item()}", LOWER)


def require_finite_weights(model: nn.Module) -> None:
    """Refuse a model with a weight that is no finite number.

    Raises:  ValueError: as said; the weight is named.
    Taught in: full_model.
    """
    for name, weights in module_of(model).named_parameters():
        if not torch.isfinite(weights).all():
            raise problem(f"finite numbers in {name}", "NaN or infinity", LOWER)


def _whole_blocks(
    model: nn.Module, data: torch.Tensor, batch_size: int
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return inputs and targets in blocks that do not overlap, batch_size at a time, without the rest."""
    batch_size, block_size = positive_int("batch_size", batch_size), block_size_of(model)
    blocks = (len(ids("data", data)) - 1) // block_size
    if blocks < 1:
        raise problem(
            f"at least {block_size + 1} ids, a block and the one after it", f"{len(data)}", "Take more."
        )
    length = blocks * block_size
    x = data[:length].view(blocks, block_size)
    at_once = min(batch_size, blocks)
    y = data[1 : length + 1].view(blocks, block_size)
    return list(zip(x.split(at_once), y.split(at_once), strict=True))
