"""What becomes of attention when heads are cut, joined, filled or switched off as an answer does it.

The facts of notebook 06's exercises.
"""

import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.attention import FusedAttention, MultiHeadAttention
from nanogpt_lib.kit.diagnose import CHANGE, MOVED, Observe
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.models import built
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers

PARTS = ("query", "key", "value")  # in the order in which `FusedAttention` piles them up


# --- cut and join ---------------------------------------------------------------------------------


def first_row_off(
    source: torch.Tensor, name: str, got: torch.Tensor, want: torch.Tensor
) -> tuple[list[int], str]:
    """The first row that is not right: its place, and what it holds and should hold; else [] and nothing.

    Args:    source: where all the numbers are from.   name: of the source.
             got, want: (..., row), the learner's and the right one.
    Example:
        >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> first_row_off(x, "x", x.T, x)
        ([0], 'holds x[0, 0], x[1, 0]; it should hold x[0, 0:2]')
    """
    mine, theirs = numbers(got), numbers(want)
    off = ~torch.isclose(mine, theirs, rtol=1e-4, atol=1e-6).all(-1)
    if not off.any():
        return [], ""
    place = off.nonzero()[0].tolist()
    holds, should = (_whence(rows[tuple(place)], source, name) for rows in (mine, theirs))
    return place, f"holds {holds}; it should hold {should}"


def _whence(row: torch.Tensor, source: torch.Tensor, name: str) -> str:
    """Which elements of the source these numbers are, written as an index."""
    found = []
    for value in row:
        places = (numbers(source) == value).nonzero().tolist()
        if not places:
            return f"{value:.3g}, which is nowhere in {name}"
        found.append(places[0])
    *where, first = found[0]
    if len(row) > 1 and found == [[*where, first + i] for i in range(len(row))]:
        return f"{name}[{', '.join(map(str, where))}, {first}:{first + len(row)}]"
    return ", ".join(f"{name}{place}" for place in found)


@torch.no_grad()
def consequence(split: Callable, merge: Callable, x: torch.Tensor, n_head: int) -> tuple[str, float]:
    """What `FusedAttention` would compute, if it cut and joined its heads like this.

    Args:    split: (x, n_head) to heads.   merge: heads to (B, T, C).   x: (B, T, C).
    Returns: which position saw its future, in words, or nothing; how far the output is off.
    Example:
        >>> def straight(x, n_head):
        ...     return x.reshape(len(x), n_head, x.shape[1], -1)
        >>> leak, off = consequence(straight, lambda heads: heads.reshape(1, 4, 6), torch.randn(1, 4, 6), 2)
        >>> leak, off > 0.1
        ('', True)
    """
    B, T, C = x.shape
    fused = built(FusedAttention, C, n_head, T, seed=B * T * C)
    out = _attend(split, merge, fused, x)
    off = gap(out, fused(x))
    for later in range(1, T):
        changed = x.clone()
        changed[:, later] += CHANGE
        moved = (_attend(split, merge, fused, changed) - out).abs()[:, :later].amax(dim=(0, 2))
        if moved.max() > MOVED:
            earlier = int((moved > MOVED).nonzero()[0])
            return (
                f"adding {CHANGE:g} to position {later} moves position {earlier} by {moved[earlier]:.2g}",
                off,
            )
    return "", off


def _attend(split: Callable, merge: Callable, fused: FusedAttention, x: torch.Tensor) -> torch.Tensor:
    # contiguous, as the exercise's own inputs are: a view that works there works here
    parts = [part.contiguous() for part in F.linear(x, fused.qkv).chunk(3, dim=-1)]
    q, k, v = (split(part, fused.n_head).double() for part in parts)
    heads = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=fused.scale).contiguous()
    return F.linear(merge(heads).double(), fused.proj.weight.double(), fused.proj.bias.double())


def in_attention(split: Callable, merge: Callable, x: torch.Tensor, n_head: int) -> str:
    """The same as a sentence: a leak first, for it is worse. Nothing where an answer refuses."""
    try:
        leak, off = consequence(split, merge, x, n_head)
    except Refusal:
        return ""
    return f" In attention the future leaks: {leak}." if leak else f" Attention is off by up to {off:.2g}."


def observed(observe: Observe) -> Callable:
    """A learner's answer, to be called on further inputs; raises Refusal where it fails on them."""

    def answer(*inputs: object) -> torch.Tensor:
        value = numbers(observe(inputs).value)
        if value is None:
            raise Refusal("The answer fails on this input.")
        return value

    return answer


# --- fill -----------------------------------------------------------------------------------------


class ByHand(FusedAttention):
    """`FusedAttention` without its shortcut, which would do the whole exercise in one line."""

    def load_state_dict(self, state_dict, *args, **keywords):
        """Raises Refusal where the hook would have to make qkv."""
        if "qkv" not in state_dict:
            raise Refusal(
                f"load_state_dict was given {len(state_dict)} tensors, and no qkv. In the library a hook "
                "makes qkv for it; in this exercise you do what the hook does."
            )
        return super().load_state_dict(state_dict, *args, **keywords)


def copied(copy_weights: Callable, x: torch.Tensor, n_head: int, seed: int) -> dict:
    """What fused computes after copying, and whether listed is as before and the memory of each its own.

    Keys with `_` are for messages: the output of fused before, that of listed, the weights of both.
    """
    _, T, C = x.shape
    listed = built(MultiHeadAttention, C, n_head, T, seed)
    fused = built(ByHand, C, n_head, T, seed + 1)
    before = copy.deepcopy(listed.state_dict())
    found: dict = {"_before": fused(x).detach(), "_right": listed(x).detach(), "_listed": before}
    fused = copy_weights(listed, fused)
    if not isinstance(fused, FusedAttention):
        raise Refusal(f"Expected fused back, got {'None' if fused is None else type(fused).__name__}.")
    found["qkv"] = _qkv_shape(fused.qkv, C, n_head)
    if found["qkv"].value != "as asked":
        return found
    found["output"] = fused(x).detach()
    found["_qkv"], found["_proj"] = fused.qkv.detach().clone(), copy.deepcopy(fused.proj.state_dict())
    moved = [name for name, now in listed.state_dict().items() if not torch.equal(now, before[name])]
    found["listed"] = Fact(not moved, f"{len(moved)} of the {len(before)} weights of listed have changed.")
    found["memory"] = _memory(listed, fused, x)
    return found


def _qkv_shape(qkv: torch.Tensor, C: int, n_head: int) -> Fact:
    shape = tuple(qkv.shape)
    kinds = {(3 * C, C): "as asked", (C, 3 * C): "on its side", (C // n_head, 3 * n_head * C): "side by side"}
    return Fact(kinds.get(shape, "another"), f"fused.qkv has shape {shape}; (3 * C, C) is {(3 * C, C)}.")


@torch.no_grad()
def _memory(listed: nn.Module, fused: nn.Module, x: torch.Tensor) -> Fact:
    """Whether training one of the two would change the other."""
    before = fused(x)
    for parameter in listed.parameters():
        parameter += CHANGE
    moved = gap(fused(x), before)
    said = f"Adding {CHANGE:g} to the weights of listed moves the output of fused by {moved:.3g}."
    return Fact(moved == 0, said)


# --- switch off -----------------------------------------------------------------------------------


def without_each(ablate: Callable, x: torch.Tensor, n_head: int, seed: int) -> dict:
    """The output without each head in turn, what a loss says to it, and whether attention is as before.

    Keys with `_` are for messages: the output of all heads, and the projection's bias.
    """
    sizes = x.shape[2], n_head, x.shape[1], seed
    attention, given = built(MultiHeadAttention, *sizes), x.clone()
    full = attention(x).detach()
    found: dict = {"_full": full, "_bias": attention.proj.bias.detach().clone()}
    rises, damage = [], Fact("as before", "attention(x) itself is as before.")
    for head in range(n_head):
        found[without(head)] = ablate(attention, x, head)
        rises.append(_loss(found[without(head)], full) - _loss(full, full))
        if (moved := gap(attention(given), full)) > MOVED:
            damage = Fact(
                "changed", f"After ablate(attention, x, {head}), attention(x) is off by {moved:.2g}."
            )
            attention = built(MultiHeadAttention, *sizes)  # so that the next head is judged alone
    return {**found, "loss": torch.tensor(rises), "attention": damage}


def without(head: int) -> str:
    """The key of the output without this head."""
    return f"without head {head}"


def _loss(output: object, full: torch.Tensor) -> float:
    """In nats, how badly an output guesses which channel is the whole layer's largest."""
    values = numbers(output)
    if values is None or values.shape != full.shape:
        return float("nan")
    return F.cross_entropy(3 * values.flatten(0, 1), full.argmax(-1).flatten()).item()
