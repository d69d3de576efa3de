"""What attention did, observed in the forward pass that really happened.

Hooks read each head's queries, keys, values and weights as the model computes them; nothing is
computed a second time by other code. The stages in between follow from those by the very
function that the head calls, `attention_steps`.

Taught in: self_attention to looking_inside.
"""

from contextlib import ExitStack
from typing import NamedTuple

import torch
from torch import nn

from nanogpt_lib.attention import AttentionSteps, FusedAttention, Head, attention_steps
from nanogpt_lib.checks import evaluating, problem
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
        """All attention weights as one tensor, (n_layer, n_head, B, T, T)."""
        return torch.stack([torch.stack([head.weights for head in layer]) for layer in self.stages])


def trace(model: GPT, idx: torch.Tensor) -> Trace:
    """Runs the model once, in evaluation mode, and keeps what every head computed on the way.

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
    if any(isinstance(block.sa, FusedAttention) for block in model.blocks):
        raise problem(
            'a model with attention="heads"',
            'attention="fused", whose weights never leave the kernel',
            "Build GPT(dataclasses.replace(model.config, attention='heads')), then load this model's "
            "weights into it: observable.load_state_dict(model.state_dict()).",
        )
    with ExitStack() as stack:
        stack.enter_context(evaluating(model))
        seen = [[_watch(head, stack) for head in block.sa.heads] for block in model.blocks]
        stream = [_watch_output(block, stack) for block in model.blocks]
        entered: list[torch.Tensor] = []
        stack.callback(model.blocks.register_forward_pre_hook(lambda _, x: entered.extend(x)).remove)
        logits, _ = model(idx)
    stages = [[_stages(*watched) for watched in layer] for layer in seen]
    return Trace(logits, stages, entered + [out[0] for out in stream])


class _Watched(NamedTuple):
    """One head, and lists into which its forward pass puts what it computed."""

    head: Head
    q: list[torch.Tensor]
    k: list[torch.Tensor]
    v: list[torch.Tensor]
    weights: list[torch.Tensor]
    output: list[torch.Tensor]


def _watch(head: Head, stack: ExitStack) -> _Watched:
    # In evaluation mode dropout hands on the weights that it is given.
    watched = (head.query, head.key, head.value, head.dropout, head)
    return _Watched(head, *(_watch_output(module, stack) for module in watched))


def _watch_output(module: nn.Module, stack: ExitStack) -> list[torch.Tensor]:
    """A list that receives the module's output; the hook goes when the stack closes."""
    seen: list[torch.Tensor] = []
    stack.callback(module.register_forward_hook(lambda _, __, out: seen.append(out)).remove)
    return seen


def _stages(head: Head, q: list, k: list, v: list, weights: list, output: list) -> AttentionSteps:
    T = q[0].shape[-2]
    steps = attention_steps(q[0], k[0], v[0], scale=head.scale, mask=head.mask[:T, :T])
    return steps._replace(weights=weights[0], output=output[0])
