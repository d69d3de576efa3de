"""What split_heads and merge_heads share: their sizes, where a row comes from, and what becomes of attention."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from nanogpt_lib.fused_attention import FusedAttention
from nanogpt_lib.kit.diagnose import CHANGE, MOVED, Observe, Run
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.models import built
from nanogpt_lib.kit.outcome import Refusal, numbers
from nanogpt_lib.lessons.multi_head.shared import between


def sizes(seed: int) -> list[tuple[int, int, int, int]]:
    """Return some (B, n_head, T, head_size): all different, some the same, and each of them 1 in turn."""
    generator = torch.Generator().manual_seed(seed)
    B, n_head, head_size, more = (between(2, 4, generator) for _ in range(4))
    T = n_head + more
    return [
        (1, 2, 4, 3),
        (B, n_head, T, head_size + 1),
        (B, n_head, n_head, head_size),
        (n_head, n_head, T, n_head),
        (B + 1, n_head, 1, head_size),
        (B, 1, T, head_size),
        (1, n_head, T, 1),
    ]


def cut(x: torch.Tensor, n_head: int) -> torch.Tensor:
    """Return the channels of every position in n_head pieces, (B, T, n_head, head_size)."""
    return x.unflatten(2, (n_head, -1))


def right_heads(x: torch.Tensor, n_head: int) -> torch.Tensor:
    """Return what split_heads is to give."""
    return cut(x, n_head).transpose(1, 2)


def right_channels(heads: torch.Tensor) -> torch.Tensor:
    """Return what merge_heads is to give."""
    return heads.transpose(1, 2).flatten(2)


def straight(x: torch.Tensor, n_head: int) -> torch.Tensor:
    """Return x in the shape of heads, with every number where it lay in memory."""
    return x.reshape(x.shape[0], n_head, x.shape[1], -1)


def straight_back(heads: torch.Tensor) -> torch.Tensor:
    """Return heads in the shape of x, with every number where it lay in memory."""
    return heads.reshape(heads.shape[0], heads.shape[2], -1)


def lets_gradients_through(observe: Observe, run: Run) -> str:
    """Say that no gradient comes through the answer, if none does."""
    first, *rest = run.inputs
    result = observe((first.clone().requires_grad_(), *rest)).value
    if isinstance(result, torch.Tensor) and result.requires_grad:
        return ""
    return f"0 of {first.numel()} numbers get a gradient through your result{run.said}: a model could not learn through it. Stay with tensors from the input to the return."


def first_row_off(
    source: torch.Tensor, name: str, got: torch.Tensor, want: torch.Tensor
) -> tuple[list[int], str]:
    """Return the place of the first row that is not right, with what it holds and should hold; else [] and nothing.

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
    holds, should = (whence(rows[tuple(place)], source, name) for rows in (mine, theirs))
    return place, f"holds {holds}; it should hold {should}"


def whence(row: torch.Tensor, source: torch.Tensor, name: str) -> str:
    """Return which elements of the source these numbers are, written as an index."""
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
    """Return what `FusedAttention` would compute, if it cut and joined its heads like this.

    Args:    split: (x, n_head) to heads.   merge: heads to (B, T, C).   x: (B, T, C).
    Returns: which position saw its future, in words, or nothing; how far the output is off.
    Example:
        >>> leak, off = consequence(straight, straight_back, torch.randn(1, 4, 6), 2)
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
            leak = f"adding {CHANGE:g} to position {later} moves position {earlier} by {moved[earlier]:.2g}"
            return leak, off
    return "", off


def _attend(split: Callable, merge: Callable, fused: FusedAttention, x: torch.Tensor) -> torch.Tensor:
    # contiguous, as the exercise's own inputs are: a view that works there works here
    parts = [part.contiguous() for part in F.linear(x, fused.qkv).chunk(3, dim=-1)]
    q, k, v = (split(part, fused.n_head).double() for part in parts)
    heads = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=fused.scale).contiguous()
    return F.linear(merge(heads).double(), fused.proj.weight.double(), fused.proj.bias.double())


def in_attention(split: Callable, merge: Callable, x: torch.Tensor, n_head: int) -> str:
    """Return the same as a sentence: a leak first, for it is worse. Nothing where an answer refuses."""
    try:
        leak, off = consequence(split, merge, x, n_head)
    except Refusal:
        return ""
    return f" In attention the future leaks: {leak}." if leak else f" Attention is off by up to {off:.2g}."


def observed(observe: Observe) -> Callable:
    """Return a learner's answer, to be called on further inputs; it raises Refusal where it fails on them."""

    def answer(*inputs: object) -> torch.Tensor:
        value = numbers(observe(inputs).value)
        if value is None:
            raise Refusal("The answer fails on this input.")
        return value

    return answer
