"""How loud a stack's writers are: by what factor each was scaled, and what all of them add together."""

import copy
import functools
from collections.abc import Callable, Iterable

import torch
from torch import nn

from nanogpt_lib.kit.measures.draws import seeded
from nanogpt_lib.kit.outcome import Fact, numbers
from nanogpt_lib.layers import Block

WIDTH, TIME, BATCH = 64, 8, 8  # wide enough that a standard deviation is near what it is expected to be
FAINT = 1e-4  # how large the biases are
NEAR = 0.04  # the standard deviation of drawn weights may be this share off
CALM = (0.9, 1.1)  # what all writers together may add, in units of one change
WRITERS = {"sa.proj.weight": "attention", "ffwd.net.2.weight": "the feed-forward layers"}


@functools.lru_cache(maxsize=128)
def calm_stack(n_layer: int, seed: int) -> tuple[nn.ModuleList, torch.Tensor, float]:
    """Return blocks whose writers write changes of standard deviation 1, into a stream that stays calm.

    Also the stream that enters, and the standard deviation of all that these blocks add to it.
    """
    generator = seeded(seed)
    x = torch.randn(BATCH, TIME, WIDTH, generator=generator)
    stream, blocks = x, nn.ModuleList(Block(WIDTH, 4, TIME, attention="fused") for _ in range(n_layer))
    with torch.no_grad():
        for block in blocks:
            for name, parameter in block.named_parameters():
                if parameter.ndim == 2:
                    drawn = torch.randn(parameter.shape, generator=generator)
                    parameter.copy_(drawn * parameter.shape[1] ** -0.5)
                elif name.endswith("bias"):
                    parameter.zero_()
            sums = ((block.sa, block.ln1, block.sa.proj), (block.ffwd, block.ln2, block.ffwd.net[2]))
            for part, norm, writer in sums:
                change = part(norm(stream))
                writer.weight /= change.std()
                stream = stream + change / change.std() * (2 * n_layer) ** -0.5
    loud = _together(blocks, x)
    _fill_biases(blocks, seeded(seed + 1))
    return blocks, x, loud


@torch.no_grad()
def _fill_biases(blocks: nn.ModuleList, generator: torch.Generator) -> None:
    """Give every bias small numbers: too small to be heard, and seen if somebody scales them."""
    for name, parameter in blocks.named_parameters():
        if name.endswith("bias"):
            parameter.copy_(FAINT * torch.randn(parameter.shape, generator=generator))


@torch.no_grad()
def _together(blocks: list, x: torch.Tensor) -> float:
    """Return the standard deviation of all that the blocks add to x."""
    stream = x
    for block in blocks:
        stream = block(stream)
    return (stream - x).std().item()


def started(scale_writers: Callable, n_layer: int, seed: int) -> dict:
    """Return by how much each kind of writer was scaled, whether all else is as before, how loud all are, and what came back.

    Keys with `_` are for messages: factors by writer, standard deviations before and after.
    """
    made, x, loud = calm_stack(n_layer, seed)
    blocks = [copied(block) for block in made]
    before = [dict(block.named_parameters()) for block in made]
    result = scale_writers(blocks)
    after = [dict(block.named_parameters()) for block in blocks]
    found: dict = {"_before": loud, "_after": _together(blocks, x), "_factors": {}}
    for name, of_whom in WRITERS.items():
        sizes = [numbers(now[name]).std().item() for now in after]
        pairs = [(numbers(now[name]), numbers(old[name])) for now, old in zip(after, before, strict=False)]
        factors = [(now * old).sum().item() / old.square().sum().item() for now, old in pairs]
        found["_factors"][name] = factors
        if any(
            not torch.allclose(now, by * old, atol=1e-6)
            for (now, old), by in zip(pairs, factors, strict=True)
        ):
            said = f"With {n_layer} blocks, the writers of {of_whom} are no multiple of what they were."
            found[name] = Fact("other numbers", said)
            continue
        said = f"With {n_layer} blocks, the writers of {of_whom} start {_span(factors)} times as large."
        found[name] = Fact(_kind(factors, sizes, n_layer), said)
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
    found["returned"] = _returned(result, blocks)
    return found


def _returned(result: object, blocks: list) -> Fact:
    """Return whether the blocks themselves came back, in a list or in another collection."""
    parts = list(result) if isinstance(result, Iterable) else []
    same = sum(one is other for one, other in zip(parts, blocks, strict=False))
    kind = "the blocks" if same == len(blocks) == len(parts) else "nothing" if result is None else "another"
    said = f"Of the {len(blocks)} blocks that you were given, you return {same}."
    return Fact(kind, said)


def copied(module: nn.Module) -> nn.Module:
    """Return what copy.deepcopy would, many times as fast: a check copies hundreds of blocks."""
    other = copy.copy(module)
    for name, value in vars(module).items():
        if isinstance(value, dict):
            vars(other)[name] = value.copy()
    for name, parameter in module._parameters.items():
        other._parameters[name] = None if parameter is None else nn.Parameter(parameter.detach().clone())
    for name, part in module._modules.items():
        other._modules[name] = copied(part)
    return other


def _span(factors: list[float]) -> str:
    low, high = min(factors), max(factors)
    return f"{low:.3g}" if high - low <= 2 * NEAR * abs(high) else f"{low:.3g} to {high:.3g}"


def _kind(factors: list[float], sizes: list[float], n_layer: int) -> str:
    """Return what the factor amounts to."""
    known = {
        "as asked": (2 * n_layer) ** -0.5,
        "one per block": n_layer**-0.5,
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
    if all(abs(one / (0.02 * (2 * n_layer) ** -0.5) - 1) < NEAR for one in sizes):
        return "from 0.02"
    if max(factors) - min(factors) > 2 * NEAR * max(map(abs, factors)):
        return "another in each block"
    return f"{factors[0]:.2g}"
