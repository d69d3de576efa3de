"""What a feed-forward layer, a block, and a stack of blocks do that are made as an answer makes them.

The facts of notebook 07's exercises.
"""

import copy
import functools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.attention import MultiHeadAttention
from nanogpt_lib.kit.diagnose import CHANGE, MOVED
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.models import built
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers
from nanogpt_lib.layers import Block, FeedForward, LayerNorm

WIDTH, TIME, BATCH = 64, 8, 8  # of the stacks: wide enough that a spread is near what it is expected to be
NEAR = 0.04  # a spread of drawn weights may be this share off
CALM = (0.9, 1.1)  # what all writers together may add, in units of one change


def _noise(*shape: int, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(*shape, generator=generator)


# --- a feed-forward layer -------------------------------------------------------------------------


def laid_out(feed_forward: Callable, x: torch.Tensor, seed: int) -> dict:
    """How many numbers the layer has, and what it computes once ours are copied into it.

    Keys with `_` are for messages: shapes; the outputs for -x, for 0 and for the positive part of x;
    the position that moved although another one was edited.
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
    found: dict = {"parameters": Fact(tuple(sizes), said), "_shapes": shapes}
    if sizes != [C, 4 * C, 4 * C * C, 4 * C * C]:
        return found
    generator = torch.Generator().manual_seed(seed)
    W1, b1 = _noise(C, 4 * C, generator=generator) * C**-0.5, _noise(4 * C, generator=generator)
    W2, b2 = _noise(4 * C, C, generator=generator) * (4 * C) ** -0.5, _noise(C, generator=generator)
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
    found["gradients"] = _trained(layer, output)
    with torch.no_grad():
        found["_mirrored"], found["_empty"] = layer(-kept), layer(torch.zeros_like(kept))
        found["_positive"], found["_mixes"] = layer(kept.relu()), _mixes(layer, kept)
    return found


@torch.no_grad()
def _fill(layer: nn.Module, matrices: tuple, biases: tuple) -> None:
    """Copies ours into the four parameters; a matrix may lie on either side."""
    left = list(matrices)
    for parameter in layer.parameters():
        bias = next((one for one in biases if one.numel() == parameter.numel()), None)
        source = left.pop(0) if bias is None else bias.reshape(parameter.shape)
        parameter.copy_(source if source.shape == parameter.shape else source.T)


def _trained(layer: nn.Module, output: object) -> Fact:
    parameters = [parameter for parameter in layer.parameters() if parameter.requires_grad]
    gradients: list = []
    if isinstance(output, torch.Tensor) and output.requires_grad:
        factors = torch.arange(1.0, output.numel() + 1).cos().reshape(output.shape)
        gradients = list(torch.autograd.grad((output * factors).sum(), parameters, allow_unused=True))
    got = sum(gradient is not None for gradient in gradients)
    return Fact(got, f"{got} of the layer's 4 parameters get a gradient.")


def _mixes(layer: nn.Module, x: torch.Tensor) -> str:
    """Which position moved although another was edited, in words; or nothing."""
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


# --- a block --------------------------------------------------------------------------------------


class Silent(nn.Module):
    """A part that has nothing to say."""

    def forward(self, x):
        return torch.zeros_like(x)


def block_parts(x: torch.Tensor, n_head: int, seed: int) -> dict[str, nn.Module]:
    """sa, ffwd, ln1 and ln2 for x (B, T, C); each norm has a gain and a shift of its own."""
    C, T = x.shape[2], x.shape[1]
    generator = torch.Generator().manual_seed(seed)
    parts = {
        "sa": built(MultiHeadAttention, C, n_head, T, seed),
        "ffwd": built(lambda C, n_head, T: FeedForward(C), C, n_head, T, seed + 1),
        "ln1": LayerNorm(C),
        "ln2": LayerNorm(C),
    }
    with torch.no_grad():
        for norm in (parts["ln1"], parts["ln2"]):
            norm.weight.add_(0.5 * _noise(C, generator=generator))
            norm.bias.add_(0.5 * _noise(C, generator=generator))
    return parts


def streamed(block: Callable, x: torch.Tensor, n_head: int, seed: int) -> dict:
    """What the block makes of x, whether x is as before, and whether a gradient comes back to it.

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
        with torch.no_grad():
            found[key] = block(
                given.clone(), *(Silent() if name in silent else part for name, part in parts.items())
            )
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


# --- a stack --------------------------------------------------------------------------------------


WRITERS = {"sa.proj.weight": "attention", "ffwd.net.2.weight": "the feed-forward layers"}


@functools.lru_cache(maxsize=128)
def _stack(n_layer: int, seed: int) -> tuple[nn.ModuleList, torch.Tensor, float]:
    """Blocks with zero biases; each writer writes changes of spread 1, into a stream that stays calm.

    Also the stream that enters, and the spread of all that these blocks add to it.
    """
    generator = torch.Generator().manual_seed(seed)
    x = _noise(BATCH, TIME, WIDTH, generator=generator)
    stream, blocks = x, nn.ModuleList(Block(WIDTH, 4, TIME, attention="fused") for _ in range(n_layer))
    with torch.no_grad():
        for block in blocks:
            for name, parameter in block.named_parameters():
                if parameter.ndim == 2:
                    drawn = _noise(*parameter.shape, generator=generator)
                    parameter.copy_(drawn * parameter.shape[1] ** -0.5)
                elif name.endswith("bias"):
                    parameter.zero_()
            sums = ((block.sa, block.ln1, block.sa.proj), (block.ffwd, block.ln2, block.ffwd.net[2]))
            for part, norm, writer in sums:
                change = part(norm(stream))
                writer.weight /= change.std()
                stream = stream + change / change.std() * (2 * n_layer) ** -0.5
    return blocks, x, _together(blocks, x)


@torch.no_grad()
def _together(blocks: list, x: torch.Tensor) -> float:
    """The spread of all that the blocks add to x."""
    stream = x
    for block in blocks:
        stream = block(stream)
    return (stream - x).std().item()


def started(scale_writers: Callable, n_layer: int, seed: int) -> dict:
    """By how much each kind of writer was scaled, whether all else is as before, and how loud all are.

    Keys with `_` are for messages: factors by writer, the spreads before and after.
    """
    made, x, loud = _stack(n_layer, seed)
    blocks = [_copied(block) for block in made]
    before = [dict(block.named_parameters()) for block in made]
    scale_writers(blocks)
    after = [dict(block.named_parameters()) for block in blocks]
    found: dict = {"_before": loud, "_after": _together(blocks, x), "_factors": {}}
    for name, of_whom in WRITERS.items():
        spreads = [numbers(now[name]).std().item() for now in after]
        factors = [
            spread / numbers(old[name]).std().item() for spread, old in zip(spreads, before, strict=False)
        ]
        found["_factors"][name] = factors
        said = f"With {n_layer} blocks, the writers of {of_whom} start {_span(factors)} times as large."
        found[name] = Fact(_kind(factors, spreads, n_layer), said)
    changed = [
        name
        for old, now in zip(before, after, strict=False)
        for name in old
        if name not in WRITERS and not (name in now and torch.equal(old[name], now[name]))
    ]
    found["_changed"] = changed
    such = f", such as {changed[0]}." if changed else "."
    said = f"{len(changed)} parameters that do not write to the stream have changed{such}"
    found["others"] = Fact(tuple(sorted(set(changed))), said)
    said = f"All that {n_layer} blocks add has a spread of {found['_after']:.2f}."
    found["spread"] = Fact(CALM[0] <= found["_after"] <= CALM[1], said)
    return found


def _copied(module: nn.Module) -> nn.Module:
    """As copy.deepcopy, and many times as fast: a check copies hundreds of blocks."""
    other = copy.copy(module)
    for name, value in vars(module).items():
        if isinstance(value, dict):
            vars(other)[name] = value.copy()
    for name, parameter in module._parameters.items():
        other._parameters[name] = None if parameter is None else nn.Parameter(parameter.detach().clone())
    for name, part in module._modules.items():
        other._modules[name] = _copied(part)
    return other


def _span(factors: list[float]) -> str:
    low, high = min(factors), max(factors)
    return f"{low:.3g}" if high - low <= 2 * NEAR * high else f"{low:.3g} to {high:.3g}"


def _kind(factors: list[float], spreads: list[float], n_layer: int) -> str:
    """What the factor amounts to: drawn weights hit it only nearly."""
    known = {
        "as asked": (2 * n_layer) ** -0.5,
        "one a block": n_layer**-0.5,
        "one over the blocks": 1 / n_layer,
        "one over the writers": 1 / (2 * n_layer),
        "up, by the writers": (2 * n_layer) ** 0.5,
        "up, by the blocks": n_layer**0.5,
        "as before": 1.0,
        "of twelve": 24**-0.5,
    }
    for name, factor in known.items():
        if all(abs(one / factor - 1) < NEAR for one in factors):
            return name
    if all(abs(one / (0.02 * (2 * n_layer) ** -0.5) - 1) < NEAR for one in spreads):
        return "from 0.02"
    if max(factors) - min(factors) > 2 * NEAR * max(factors):
        return "another in each block"
    return f"{factors[0]:.2g}"
