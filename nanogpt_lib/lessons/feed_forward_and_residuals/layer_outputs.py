"""How many numbers a feed-forward layer has, and what it computes once ours are copied into it."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.kit.diagnose import CHANGE, MOVED
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.draws import seeded
from nanogpt_lib.kit.measures.gradients import gradients
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers


def laid_out(feed_forward: Callable, x: torch.Tensor, seed: int) -> dict:
    """Return how many numbers the layer has, and what it computes once ours are copied into it.

    Keys with `_` are for messages.
    """
    C = x.shape[2]
    layer = feed_forward(C)
    if not isinstance(layer, nn.Module):
        raise Refusal(f"Expected a torch module for n_embd={C}, got {type(layer).__name__}.")
    layer.eval()
    shapes = [tuple(parameter.shape) for parameter in layer.parameters()]
    sizes = sorted(parameter.numel() for parameter in layer.parameters())
    listed = ", ".join(map(str, shapes)) if len(shapes) <= 6 else f"{len(shapes)} of them"
    said = f"With n_embd = {C} your layer has {sum(sizes):,} parameters ({listed})."
    sides = [side for shape in shapes if len(shape) == 2 for side in shape]  # a matrix may lie on either side
    middle = next((side for side in sides[:2] if side != C), C)
    found: dict = {"parameters": Fact(tuple(sizes), said), "_C": C, "_middle": middle}
    if sizes != [C, 4 * C, 4 * C * C, 4 * C * C]:
        return found
    generator = seeded(seed)
    W1 = torch.randn(C, 4 * C, generator=generator) * C**-0.5
    b1 = torch.randn(4 * C, generator=generator)
    W2 = torch.randn(4 * C, C, generator=generator) * (4 * C) ** -0.5
    b2 = torch.randn(C, generator=generator)
    kept, right = x.clone(), F.relu(x @ W1 + b1) @ W2 + b2
    _fill(layer, (W1, W2), (b1, b2))
    output = layer(x)
    if (values := numbers(output)) is None or values.shape != right.shape:
        return {**found, "output": output}
    if gap(output, right) > 1e-4:  # perhaps the second layer was made before the first
        _fill(layer, (W2, W1), (b1, b2))
        if gap(layer(kept.clone()), right) > 1e-4:
            _fill(layer, (W1, W2), (b1, b2))
        output = layer(kept.clone())
    found["output"] = output.detach() if isinstance(output, torch.Tensor) else output
    parameters = [parameter for parameter in layer.parameters() if parameter.requires_grad]
    reached = sum(gradient is not None for gradient in gradients(output, parameters))
    found["gradients"] = Fact(reached, f"{reached} of the layer's 4 parameters get a gradient.")
    found |= _for_messages(layer, kept, torch.as_tensor(output).detach(), right)
    return found | {"in training": _in_training(layer, kept, output)}


@torch.no_grad()
def _for_messages(layer: nn.Module, x: torch.Tensor, output: torch.Tensor, right: torch.Tensor) -> dict:
    """Return how far the output is off, and what other inputs tell.

    How far it is off if x is subtracted; how far the mean of the outputs for x and for -x is from that
    for 0 (no bend, no distance), and the output from that for the positive part of x; how many of the
    numbers are 0; which position moved although another one was edited.
    """
    return {
        "_off": gap(output, right),
        "_off_without_x": gap(output - x, right),
        "_bend": gap((layer(-x) + output) / 2, layer(torch.zeros_like(x))),
        "_by_negatives": gap(output, layer(x.relu())),
        "_zeros": int((output == 0).sum()),
        "_numbers": output.numel(),
        "_mixes": _mixes(layer, x),
    }


@torch.no_grad()
def _in_training(layer: nn.Module, x: torch.Tensor, quiet: object) -> Fact:
    """Return whether the layer computes the same in training mode as in use."""
    noisy = numbers(layer.train()(x.clone()))
    differ = int((noisy - numbers(quiet)).abs().gt(MOVED).sum())
    said = f"In training mode {differ} of the {noisy.numel()} numbers of your output are others than in use."
    return Fact(differ == 0, said)


@torch.no_grad()
def _fill(layer: nn.Module, matrices: tuple, biases: tuple) -> None:
    """Copy ours into the four parameters; a matrix may lie on either side."""
    left = list(matrices)
    for parameter in layer.parameters():
        bias = next((one for one in biases if one.numel() == parameter.numel()), None)
        source = left.pop(0) if bias is None else bias.reshape(parameter.shape)
        parameter.copy_(source if source.shape == parameter.shape else source.T)


def _mixes(layer: nn.Module, x: torch.Tensor) -> str:
    """Say which position moved although another was edited; or nothing."""
    before = layer(x.clone())
    for edited in range(x.shape[1]):
        other = x.clone()
        other[:, edited] += CHANGE
        moved = (layer(other) - before).abs().amax(dim=(0, 2))
        moved[edited] = 0
        if moved.max() > MOVED:
            heard = int(moved.argmax())
            return f"adding {CHANGE:g} to position {edited} moved position {heard} by {moved[heard]:.2g}"
    return ""
