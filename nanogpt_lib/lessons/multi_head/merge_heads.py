"""Join the heads again: the two moves of split_heads undone, in the opposite order."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.multi_head.cut_and_join import (
    first_row_off,
    in_attention,
    lets_gradients_through,
    observed,
    right_channels,
    right_heads,
    sizes,
    straight_back,
)


def to_merge(seed: int) -> list[tuple]:
    """Return some heads, (B, n_head, T, head_size)."""
    generator = torch.Generator().manual_seed(seed)
    return [(torch.randn(each, generator=generator),) for each in sizes(seed)]


def misplaced(heads: torch.Tensor, got: torch.Tensor, want: torch.Tensor) -> str:
    """Return what the first piece that is not right holds, in words; nothing where all is right."""
    size = heads.shape[3]
    pieces = (numbers(one).unflatten(2, (-1, size)) for one in (got, want))
    place, off = first_row_off(heads, "heads", *pieces)
    return f"Your [{place[0]}, {place[1]}, {place[2] * size}:{(place[2] + 1) * size}] {off}" if off else ""


def joined_by(merge: Callable, heads: torch.Tensor) -> str:
    """Return what becomes of attention that joins its heads like this."""
    return in_attention(right_heads, merge, right_channels(heads), heads.shape[1])


def every_piece_in_its_place(observe: Observe, run: Run) -> str:
    """Say which piece is not in its place, and what that does to attention."""
    if not (off := misplaced(*run.inputs, run.outcome.value, run.want)):
        return ""
    return f"{off}{run.said}." + joined_by(observed(observe), *run.inputs)


ex = Exercise(
    prompt="Write merge_heads(heads): undo split_heads. heads is (B, n_head, T, head_size); return (B, T, C), with the channels of head 0 first. Gradients must come back through it.",
    hints=(
        "The two moves of split_heads, each undone, in the opposite order.",
        "First time before the heads again, then two axes into one. Does memory lie in that order by now?",
        "heads.transpose(1, 2).reshape(B, T, n_head * head_size): a view refuses here, reshape copies.",
    ),
    inputs=to_merge,
    see=lambda case: {"shape": tuple(case.got.shape), "given": tuple(case.inputs[0].shape)},
    holds=(every_piece_in_its_place, lets_gradients_through),
    note="What split_heads cut is whole again, and no position got anything of another.",
    axes="B, T, C",
)


@ex.right
def merge_heads(heads: torch.Tensor) -> torch.Tensor:
    B, n_head, T, head_size = heads.shape
    joined = heads.transpose(1, 2)  # (B, n_head, T, head_size) -> (B, T, n_head, head_size)
    return joined.reshape(B, T, n_head * head_size)  # the pieces of each position, side by side


ex.also_right(right_channels)


@ex.also_right
def joined_by_cat(heads):
    return torch.cat(heads.unbind(1), dim=-1)


@ex.also_right
def joined_by_contiguous(heads):
    return heads.double().transpose(1, 2).contiguous().view(len(heads), heads.size(2), -1)


def misplaces(name: str, message: str, merge: Callable) -> None:
    """Add a mistake that leaves the shape right; its message may tell what it does to attention."""

    def see(case: Case) -> dict[str, str]:
        off = misplaced(*case.inputs, case.got, case.want)
        return {"misplaced": off, "in_attention": joined_by(merge, *case.inputs)}

    ex.mistake(name, message, merge, see=see)


misplaces(
    "does not transpose back",
    "{misplaced}. The heads still stood before time when you joined them.{in_attention}",
    straight_back,
)
ex.mistake(
    "a view after the transpose",
    "view raised {kind} for heads of shape {given}: after the transpose the numbers no longer lie in memory in the order in which you read them, and a view moves none. You need one that copies.",
    lambda heads: heads.transpose(1, 2).view(heads.shape[0], heads.shape[2], -1),
    see=lambda case: {"kind": type(case.error).__name__, "given": tuple(case.inputs[0].shape)},
)
ex.mistake(
    "not joined",
    "Your result has shape {shape}: time is back in its place, but every position still has {shape[2]} rows of {shape[3]}. Make one axis of the last two.",
    lambda heads: heads.transpose(1, 2),
)
misplaces(
    "takes the channels in turn",
    "{misplaced}. You took one channel of each head in turn. The channels of a head stay side by side.{in_attention}",
    lambda heads: heads.permute(0, 2, 3, 1).flatten(2),
)
misplaces(
    "swaps time with the channels",
    "{misplaced}. You swapped time with head_size; it belongs before the heads.{in_attention}",
    lambda heads: straight_back(heads.mT.reshape(heads.shape)),
)
ex.mistake(
    "adds the heads up",
    "Your result has shape {shape}: {shape[2]} channels are one head's width, so the {given[1]} heads were added up or averaged. Put them side by side.",
    lambda heads: heads.sum(dim=1),
    lambda heads: heads.mean(dim=1),
)
ex.mistake(
    "one head after the other in time",
    "Your result has shape {shape}: {shape[1]} positions, where there were {given[2]}. You joined the heads along time; join them along the channels.",
    lambda heads: torch.cat(heads.unbind(1), dim=1),
)
ex.mistake(
    "joins the sequences of the batch",
    "Your result has shape {shape}: {shape[0]} heads come first. Going through a tensor goes through its first axis, the batch; heads.unbind(1) gives the heads.",
    lambda heads: torch.cat(list(heads), dim=-1),
)
