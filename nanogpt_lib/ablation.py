"""Switch off heads and measure how the loss changes.

A head is switched off where its output enters the projection: zeros stand there instead, and
everything else is the model's own forward pass. A head that looks busy in a map of weights may
leave the loss where it was; only a measurement tells.

Taught in: multi_head and looking_inside.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn

from nanogpt_lib.checks import evaluating, plain, problem
from nanogpt_lib.heads import Attention, layers_of_heads
from nanogpt_lib.kinds import items_of
from nanogpt_lib.messages import described
from nanogpt_lib.promises import loss_of


class HeadLosses(NamedTuple):
    """The loss with every head on (`base`), and how far it rises without each head (`rise[layer, head]`).

    Both are in nats per character. A rise below zero means that the loss falls: the head does harm there.

    Taught in: multi_head and looking_inside.
    """

    base: float
    rise: dict[tuple[int, int], float]


@contextmanager
def without_heads(model: nn.Module, heads: Iterable[tuple[int, int]]) -> Iterator[nn.Module]:
    """Switch off some heads of the model; afterwards, also after an error, they are on again.

    Gradients, the mode and the weights stay as they are, and several of these may be nested.

    Args:    model: a GPT, or any module that holds MultiHeadAttention or FusedAttention.
             heads: pairs (layer, head), both counted from 0 as `trace` counts them; giving a
             pair twice changes nothing.
    Raises:  ValueError: no attention in the model; no such layer or head (it says which there are).
    Example:
        >>> from nanogpt_lib.model import GPT, GPTConfig
        >>> model = GPT(GPTConfig(vocab_size=5, block_size=4, n_embd=8, n_head=2, n_layer=3))
        >>> idx = torch.tensor([[0, 1, 2]])
        >>> with without_heads(model, [(0, 1), (2, 0)]):
        ...     logits, _ = model(idx)
        >>> torch.equal(logits, model(idx)[0])
        False

    Source:  Michel et al. (2019), with zeros for the head.   Taught in: multi_head and looking_inside.
    """
    layers = _layers(model)
    off: list[set[int]] = [set() for _ in layers]
    for pair in items_of("heads", heads):
        layer, head = _existing(pair, layers)
        off[layer].add(head)
    with ExitStack() as stack:
        for attention, switched_off in zip(layers, off, strict=True):
            if switched_off:
                mask = _columns(attention, switched_off)
                stack.callback(attention.proj.register_forward_pre_hook(_zeros_where(mask)).remove)
        yield model


def loss_without(
    model: nn.Module, idx: torch.Tensor, targets: torch.Tensor, heads: Iterable[tuple[int, int]] = ()
) -> float:
    """Return the loss in evaluation mode with these heads switched off.

    Args:    model: returns (logits, loss).   idx, targets: (B, T) int64.
             heads: pairs (layer, head) as for `without_heads`; none of them by default.
    Returns: nats per character.
    Raises:  ValueError: as `without_heads`.
    Example:
        >>> from nanogpt_lib.model import GPT, GPTConfig
        >>> model = GPT(GPTConfig(vocab_size=5, block_size=4, n_embd=8, n_head=2, n_layer=1))
        >>> idx, targets = torch.tensor([[0, 1, 2]]), torch.tensor([[1, 2, 3]])
        >>> loss_without(model, idx, targets) == model(idx, targets)[1].item()
        True

    Taught in: multi_head and looking_inside.
    """
    with without_heads(model, heads), evaluating(model):
        return loss_of(model(idx, targets)).item()


def head_losses(model: nn.Module, idx: torch.Tensor, targets: torch.Tensor) -> HeadLosses:
    """Measure how far the loss rises when one head is switched off, for each head alone.

    The rises do not add up: if two heads do the same work, the loss rises little without one of them
    and much without both.

    Args:    model: returns (logits, loss).   idx, targets: (B, T) int64, the batch to measure on.
    Returns: the loss with every head on, and the rise without each (layer, head).
    Raises:  ValueError: no attention in the model.
    Example:
        >>> from nanogpt_lib.model import GPT, GPTConfig
        >>> model = GPT(GPTConfig(vocab_size=5, block_size=4, n_embd=8, n_head=2, n_layer=2))
        >>> list(head_losses(model, torch.tensor([[0, 1, 2]]), torch.tensor([[1, 2, 3]])).rise)
        [(0, 0), (0, 1), (1, 0), (1, 1)]

    Source:  Michel et al. (2019), section 3.2.   Taught in: multi_head and looking_inside.
    """
    pairs = [
        (layer, head) for layer, attention in enumerate(_layers(model)) for head in range(attention.n_head)
    ]
    base = loss_without(model, idx, targets)
    return HeadLosses(base, {pair: loss_without(model, idx, targets, [pair]) - base for pair in pairs})


def _layers(model: nn.Module) -> list[Attention]:
    """Return the model's layers of heads, of which there is at least one."""
    layers = layers_of_heads(model)
    if not layers:
        raise problem(
            "a model with MultiHeadAttention or FusedAttention",
            f"{type(model).__name__}, which holds neither",
            "Pass a GPT, or a module that holds one of them.",
        )
    return layers


def _existing(pair: tuple[int, int], layers: list[Attention]) -> tuple[int, int]:
    """Return the same pair, known to name a head that exists."""
    numbers: list[Any] = [plain(number) for number in pair] if isinstance(pair, tuple | list) else []
    if len(numbers) != 2 or any(
        not isinstance(number, int) or isinstance(number, bool) for number in numbers
    ):
        raise _no_pairs(pair)
    layer, head = numbers
    if not 0 <= layer < len(layers):
        raise _no_such("layer", len(layers), pair)
    if not 0 <= head < layers[layer].n_head:
        raise _no_such(f"head of layer {layer}", layers[layer].n_head, pair)
    return layer, head


def _no_pairs(arrived: object) -> ValueError:
    shown = repr(arrived) if isinstance(arrived, tuple | list) and len(arrived) <= 4 else described(arrived)
    return problem("heads as pairs (layer, head) of whole numbers", shown, "Write a list of pairs: [(0, 1)].")


def _no_such(what: str, count: int, pair: tuple[int, int]) -> ValueError:
    return problem(
        f"a {what} from 0 to {count - 1}",
        f"(layer, head) = {tuple(pair)}",
        "Layers and heads are counted from 0.",
    )


def _columns(attention: Attention, heads: set[int]) -> torch.Tensor:
    """Return which inputs of the projection come from these heads, side by side: (C,) bool."""
    place = torch.arange(attention.proj.in_features, device=attention.proj.weight.device)
    return torch.isin(place // attention.head_size, torch.tensor(sorted(heads), device=place.device))


def _zeros_where(mask: torch.Tensor) -> Callable[[nn.Module, tuple[torch.Tensor]], torch.Tensor]:
    # Filled and not multiplied: a head that has gone to infinity is switched off too.
    return lambda _, joined: joined[0].masked_fill(mask, 0.0)
