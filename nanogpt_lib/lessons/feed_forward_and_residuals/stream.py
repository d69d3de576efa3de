"""What a block makes of its stream: with its parts, with silent ones, and on the way back."""

from collections.abc import Callable

import torch
from torch import nn

from nanogpt_lib.attention import MultiHeadAttention
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.draws import seeded
from nanogpt_lib.kit.measures.models import built
from nanogpt_lib.kit.outcome import Fact, numbers
from nanogpt_lib.layers import FeedForward, LayerNorm


class Silent(nn.Module):
    """A part that has nothing to say."""

    def forward(self, x):
        return torch.zeros_like(x)


def block_parts(x: torch.Tensor, n_head: int, seed: int) -> dict[str, nn.Module]:
    """Return sa, ffwd, ln1 and ln2 for x (B, T, C); each norm has a gain and a shift of its own."""
    C, T = x.shape[2], x.shape[1]
    generator = seeded(seed)
    parts = {
        "sa": built(MultiHeadAttention, C, n_head, T, seed),
        "ffwd": built(lambda C, n_head, T: FeedForward(C), C, n_head, T, seed + 1),
        "ln1": LayerNorm(C),
        "ln2": LayerNorm(C),
    }
    with torch.no_grad():
        for norm in (parts["ln1"], parts["ln2"]):
            norm.weight.add_(0.5 * torch.randn(C, generator=generator))
            norm.bias.add_(0.5 * torch.randn(C, generator=generator))
    return parts


def streamed(block: Callable, x: torch.Tensor, n_head: int, seed: int) -> dict:
    """Return what the block makes of x, whether x is as before, and whether a gradient comes back to it.

    Keys with `_` are for messages: the order of the calls; the output with both parts silent, or one.
    """
    parts, given, calls = block_parts(x, n_head, seed), x.clone(), []
    hooks = [
        part.register_forward_hook(lambda part, inputs, output, name=name: calls.append(name))
        for name, part in parts.items()
    ]
    output = block(x, *parts.values())
    for hook in hooks:
        hook.remove()
    if (values := numbers(output)) is None or values.shape != x.shape:
        return {"output": output}
    found = {"output": output.detach() if isinstance(output, torch.Tensor) else output}
    moved = gap(x, given)
    found["x"] = Fact(moved == 0, f"Your block changed x itself, by up to {moved:.2g}.")
    found["gradient"] = _comes_back(block, given, parts)
    found["_calls"] = calls
    for key, silent in (("_silent", ("sa", "ffwd")), ("_no_sa", ("sa",)), ("_no_ffwd", ("ffwd",))):
        left = [Silent() if name in silent else part for name, part in parts.items()]
        with torch.no_grad():
            found[key] = block(given.clone(), *left)
    return found


def _comes_back(block: Callable, given: torch.Tensor, parts: dict) -> Fact:
    source = given.clone().requires_grad_()
    output = block(source * 1, *parts.values())
    if not (isinstance(output, torch.Tensor) and output.requires_grad):
        return Fact("none", f"The gradient reaches 0 of the {given.numel()} numbers of x.")
    try:
        (gradient,) = torch.autograd.grad(output.sum(), source, allow_unused=True)
    except RuntimeError as error:  # torch noticed that a number it needs was overwritten
        words = str(error).split(":")[0]
        return Fact("raised", f"On the way back torch raised RuntimeError: {words}.")
    reached = 0 if gradient is None else int((gradient != 0).sum())
    value = "arrives" if reached else "none"
    return Fact(value, f"The gradient reaches {reached} of the {given.numel()} numbers of x.")
