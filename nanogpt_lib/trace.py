"""Observe what attention does in the forward pass that really happens.

Hooks read each head's queries, keys, values and weights as the model computes them; no other code
computes them a second time. The stages in between follow from those by the function that the
head itself calls, `attention_steps`.

Taught in: self_attention to looking_inside.
"""

from contextlib import ExitStack
from typing import NamedTuple

import torch

from nanogpt_lib.checks import evaluating
from nanogpt_lib.dot_product import AttentionSteps
from nanogpt_lib.heads import layers_of_heads, watch_output
from nanogpt_lib.kinds import instance
from nanogpt_lib.model import GPT


class Trace(NamedTuple):
    """One forward pass: logits (B, T, V); stages[layer][head]; stream[layer] (B, T, C).

    `stream` has n_layer + 1 entries: what enters the first block, then what leaves each.

    Taught in: self_attention.
    """

    logits: torch.Tensor
    stages: list[list[AttentionSteps]]
    stream: list[torch.Tensor]

    @property
    def weights(self) -> torch.Tensor:
        """Return all attention weights as one tensor, (n_layer, n_head, B, T, T)."""
        return torch.stack([torch.stack([head.weights for head in layer]) for layer in self.stages])


def trace(model: GPT, idx: torch.Tensor) -> Trace:
    """Run the model once, in evaluation mode, and keep what every head computed on the way.

    Args:    model: a GPT with attention="heads".   idx: (B, T) int64, T <= block_size.
    Returns: logits, the five stages of every head, and the residual stream after every block.
    Raises:  ValueError: the model's attention is fused; the message says how to get one to look into.
    Example:
        >>> from nanogpt_lib.model import GPTConfig
        >>> model = GPT(GPTConfig(vocab_size=5, block_size=4, n_embd=8, n_head=2, n_layer=3))
        >>> trace(model, torch.tensor([[0, 1, 2]])).weights.shape
        torch.Size([3, 2, 1, 3, 3])

    Taught in: self_attention.
    """
    instance("model", model, GPT, "Build one: GPT(config).")
    with ExitStack() as hooks:
        hooks.enter_context(evaluating(model))
        layers = [layer.watch_steps(hooks) for layer in layers_of_heads(model)]
        stream = [watch_output(block, hooks) for block in model.blocks]
        entered: list[torch.Tensor] = []
        hooks.callback(model.blocks.register_forward_pre_hook(lambda _, x: entered.extend(x)).remove)
        logits, _ = model(idx)
    return Trace(logits, [steps() for steps in layers], entered + [out[0] for out in stream])
