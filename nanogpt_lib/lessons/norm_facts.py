"""What a norm keeps apart and lets back, and which of its layers a stack calls.

The facts of notebook 08's exercises.
"""

from collections import namedtuple
from collections.abc import Callable

import torch
from torch import nn

from nanogpt_lib.attention import FusedAttention
from nanogpt_lib.kit.diagnose import MOVED
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.models import built
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers
from nanogpt_lib.layers import FeedForward, LayerNorm

NAMES = ("x", "gamma", "beta")
N_HEAD = 2  # of the attention in a stack

Parts = namedtuple("Parts", "ln1 sa ln2 ffwd")


def _waves(shape: torch.Size) -> torch.Tensor:
    """Other numbers at every place: equal ones could cancel, or be just what a norm takes away."""
    return torch.arange(1.0, shape.numel() + 1).cos().reshape(shape)


def _gradients(output: object, tensors: list) -> list:
    """What reaches each tensor from a weighted mean of the output; None where nothing does."""
    if not isinstance(output, torch.Tensor) or not output.requires_grad:
        return [None] * len(tensors)
    loss = (output * _waves(output.shape)).mean()
    return list(torch.autograd.grad(loss, tensors, allow_unused=True))


def normed(
    layer_norm: Callable, x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, eps: float
) -> dict:
    """The output, whether the inputs are as before, and what gradients reach them.

    No gradients where a row is constant: they are hundreds of times larger there, and rounding is too.
    """
    given = x, gamma, beta
    before = [one.clone() for one in given]
    found: dict = {"output": layer_norm(*given, eps)}
    changed = [name for name, was, now in zip(NAMES, before, given, strict=True) if not torch.equal(was, now)]
    if changed:
        found["inputs"] = Fact(
            tuple(changed), f"{' and '.join(changed)} changed: {len(changed)} of 3 inputs."
        )
        return found
    found["inputs"] = Fact((), "x, gamma and beta are as before.")
    if (x == x[..., :1]).all(dim=-1).any():
        return found
    tensors = [one.requires_grad_() for one in before]
    reached = _gradients(layer_norm(*tensors, eps), tensors)
    for name, tensor, gradient in zip(NAMES, tensors, reached, strict=True):
        found[f"gradient of {name}"] = torch.zeros_like(tensor) if gradient is None else gradient
    return found


def leaks(normaliser: Callable, x: torch.Tensor, eps: float) -> dict:
    """The output, and whether a row moves when later rows or other sequences get new numbers."""
    before = x.clone()
    found: dict = {"output": normaliser(x, eps)}
    rows = numbers(found["output"])
    if rows is None or rows.shape != before.shape:
        return found

    def anew(place: tuple) -> torch.Tensor:
        other = before.clone()
        other[place] = 3 * _waves(other[place].shape)
        again = numbers(normaliser(other, eps))
        if again is None or again.shape != rows.shape:
            raise Refusal(f"For x of shape {tuple(other.shape)} your function gave two kinds of results.")
        return (again - rows).abs().amax(dim=-1)  # (B, T): by how much each row moved

    B, T, _ = before.shape
    found["time"], worst = Fact(False, "No row moves when a later one gets new numbers."), MOVED
    for later in range(1, T):
        moved, row = anew((0, later))[0, :later].max(dim=0)
        if moved > worst:
            said = f"New numbers at position {later} move position {row}, before it, by {moved:.2g}."
            found["time"], worst = Fact(True, said), moved
    found["batch"] = Fact(False, "No row moves when another sequence gets new numbers.")
    if B > 1 and (moved := anew((1,))[0].max()) > MOVED:
        found["batch"] = Fact(True, f"New numbers in sequence 1 move sequence 0 by up to {moved:.2g}.")
    return found


def parts(C: int, block_size: int, n_layer: int, seed: int) -> tuple[list[Parts], LayerNorm]:
    """The layers of a small pre-norm model, each norm with its own gain and shift.

    Returns: n_layer times (ln1, sa, ln2, ffwd); the last norm, ln_f.
    Example:
        >>> blocks, ln_f = parts(C=6, block_size=4, n_layer=2, seed=0)
        >>> len(blocks), blocks[0].sa(torch.zeros(1, 4, 6)).shape
        (2, torch.Size([1, 4, 6]))
    """
    generator = torch.Generator().manual_seed(seed)

    @torch.no_grad()
    def norm() -> LayerNorm:
        layer = LayerNorm(C)
        layer.weight += 0.3 * torch.randn(C, generator=generator)
        layer.bias += 0.3 * torch.randn(C, generator=generator)
        return layer

    @torch.no_grad()
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
    """The output, the calls in their order, whether x is as before, and whether all weights learn."""
    blocks, ln_f = parts(x.shape[2], x.shape[1], n_layer, seed)
    before, calls = x.clone(), []

    def watched(layer: nn.Module, name: str, of: str = "") -> Callable:
        def call(stream: torch.Tensor) -> torch.Tensor:
            calls.append(f"{name}{of}")
            return layer(stream)

        return call

    seen = [
        Parts(*(watched(layer, name, f" of block {number}") for name, layer in block._asdict().items()))
        for number, block in enumerate(blocks)
    ]
    found: dict = {"output": stack(x, seen, watched(ln_f, "ln_f"))}
    got = numbers(found["output"])
    if got is None or got.shape != before.shape:
        return found
    found["calls"] = Fact(tuple(calls), f"Your {len(calls)} calls: {', '.join(calls)}.")
    moved = gap(x, before)
    found["x"] = Fact(moved == 0, f"After stack(x, blocks, ln_f), x is off by up to {moved:.2g}.")
    if moved:
        return found
    weights = [weight for layer in (*sum(blocks, ()), ln_f) for weight in layer.parameters()]
    arrived = sum(gradient is not None for gradient in _gradients(found["output"], weights))
    said = f"{arrived} of the {len(weights)} weights and shifts get a gradient."
    found["gradients"] = Fact(arrived == len(weights), said)
    return found
