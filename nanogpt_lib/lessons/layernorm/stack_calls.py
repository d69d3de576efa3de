"""Which of its layers a stack calls, in which order, and what comes back to them."""

from collections import namedtuple
from collections.abc import Callable

import torch
from torch import nn

from nanogpt_lib.fused_attention import FusedAttention
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.draws import seeded
from nanogpt_lib.kit.measures.gradients import gradients
from nanogpt_lib.kit.measures.models import built
from nanogpt_lib.kit.outcome import Fact, numbers
from nanogpt_lib.layers import FeedForward, LayerNorm

N_HEAD = 2  # of the attention in a stack

Parts = namedtuple("Parts", "ln1 sa ln2 ffwd")


@torch.no_grad()
def parts(C: int, block_size: int, n_layer: int, seed: int) -> tuple[list[Parts], LayerNorm]:
    """Return the layers of a small pre-norm model, each norm with its own gain and shift.

    Returns: n_layer times (ln1, sa, ln2, ffwd); the last norm, ln_f.
    Example:
        >>> blocks, ln_f = parts(C=6, block_size=4, n_layer=2, seed=0)
        >>> len(blocks), blocks[0].sa(torch.zeros(1, 4, 6)).shape
        (2, torch.Size([1, 4, 6]))
    """
    generator = seeded(seed)

    def norm() -> LayerNorm:
        layer = LayerNorm(C)
        layer.weight += 0.3 * torch.randn(C, generator=generator)
        layer.bias += 0.3 * torch.randn(C, generator=generator)
        return layer

    def feed_forward() -> FeedForward:
        layer = FeedForward(C)
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * C**-0.5)
        return layer

    blocks = [
        Parts(norm(), built(FusedAttention, C, N_HEAD, block_size, seed + number), norm(), feed_forward())
        for number in range(n_layer)
    ]
    return blocks, norm()


def stacked(stack: Callable, x: torch.Tensor, n_layer: int, seed: int) -> dict:
    """Return the output, the calls in their order, whether x is as before, and whether all weights learn."""
    blocks, ln_f = parts(x.shape[2], x.shape[1], n_layer, seed)
    before, calls = x.clone(), []

    def watched(layer: nn.Module, name: str) -> Callable:
        def call(stream: torch.Tensor) -> torch.Tensor:
            calls.append(name)
            return layer(stream)

        return call

    seen = [
        Parts(*(watched(layer, f"{name} of block {number}") for name, layer in block._asdict().items()))
        for number, block in enumerate(blocks)
    ]
    found: dict = {"output": stack(x, seen, watched(ln_f, "ln_f"))}
    got = numbers(found["output"])
    if got is None or got.shape != before.shape:
        return found
    found["calls"] = Fact(tuple(calls), f"Your {len(calls)} calls: {', '.join(calls)}.")
    found["_calls"] = calls
    moved = gap(x, before)
    found["x"] = Fact(moved == 0, f"After stack(x, blocks, ln_f), x is off by up to {moved:.2g}.")
    if moved:
        return found
    weights = [weight for layer in (*sum(blocks, ()), ln_f) for weight in layer.parameters()]
    try:
        arrived = sum(gradient is not None for gradient in gradients(found["output"], weights))
    except RuntimeError as error:  # torch noticed that a number it needs was overwritten
        words = str(error).partition(":")[0]
        said = f"On the way back through your {len(calls)} calls torch raised RuntimeError: {words}."
        return found | {"gradients": Fact("raised", said)}
    said = f"{arrived} of the {len(weights)} weights and shifts get a gradient."
    found["gradients"] = Fact(arrived == len(weights), said)
    return found


def first_other_call(got: dict, want: dict) -> str:
    """Return, in words, the first call that is not the one that should have been made."""
    mine, right = got["_calls"], want["_calls"]
    pairs = enumerate(zip(mine, right, strict=False))
    number = next((n for n, (a, b) in pairs if a != b), min(len(mine), len(right)))
    if not mine:
        return "You made 0 calls"
    if number == len(mine):
        return f"You made {len(mine)} calls, and the last went to {mine[-1]}"
    return f"Call {number + 1} of your {len(mine)} went to {mine[number]}"
