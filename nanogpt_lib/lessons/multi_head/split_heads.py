"""Cut the channels into heads: one view, one transpose."""

import torch

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.lessons.multi_head.cut_and_join import (
    consequence,
    cut,
    first_row_off,
    in_attention,
    lets_gradients_through,
    observed,
    right_channels,
    sizes,
    straight,
    straight_back,
)


def to_split(seed: int) -> list[tuple]:
    """Return some (x, n_head)."""
    generator = torch.Generator().manual_seed(seed)
    return [
        (torch.randn(B, T, n_head * head_size, generator=generator), n_head)
        for B, n_head, T, head_size in sizes(seed)
    ]


def misplaced(inputs: tuple, got: torch.Tensor, want: torch.Tensor) -> str:
    """Return what the first row that is not right holds, in words; nothing where all is right."""
    place, off = first_row_off(inputs[0], "x", got, want)
    return f"Your {place}, head {place[1]} at position {place[2]}, {off}" if off else ""


def every_row_in_its_place(observe: Observe, run: Run) -> str:
    """Say which row is not in its place, and what that does to attention."""
    if not (off := misplaced(run.inputs, run.outcome.value, run.want)):
        return ""
    return f"{off}{run.said}." + in_attention(observed(observe), right_channels, *run.inputs)


class Heads:
    """The shape of the learner's heads, how wide they should be, and what the first wrong row holds."""

    def __init__(self, case: Case) -> None:
        x, n_head = case.inputs
        self.case, self.shape, self.head_size = case, tuple(case.got.shape), x.shape[2] // n_head

    @property
    def misplaced(self) -> str:
        return misplaced(self.case.inputs, self.case.got, self.case.want)

    @property
    def off_in_attention(self) -> float:
        return consequence(straight, straight_back, *self.case.inputs)[1]


ex = Exercise(
    prompt="Write split_heads(x, n_head): cut the C channels of x (B, T, C) into n_head equal pieces, side by side, and return (B, n_head, T, head_size): the first piece is head 0's. Gradients must come back through it.",
    hints=(
        "Two moves, and their order matters: cut the channels of each position, then swap two axes.",
        "A view may cut the last axis in two. Which four sizes are there then, in memory's order?",
        "x.view(B, T, n_head, C // n_head), then transpose(1, 2).",
    ),
    inputs=to_split,
    see=Heads,
    holds=(every_row_in_its_place, lets_gradients_through),
    note="Every head has its own channels, of every position, in the order of time.",
    axes="B, n_head, T, head_size",
)


@ex.right
def split_heads(x: torch.Tensor, n_head: int) -> torch.Tensor:
    B, T, C = x.shape
    heads = x.view(B, T, n_head, C // n_head)  # the channels of each position, cut into n_head pieces
    return heads.transpose(1, 2)  # (B, T, n_head, head_size) -> (B, n_head, T, head_size)


@ex.also_right
def heads_by_stacking(x, n):
    return torch.stack(x.chunk(n, dim=-1), dim=1)


@ex.also_right
def heads_by_filling(x, n_head):
    b, t, c = x.shape
    heads = torch.zeros(b, n_head, t, c // n_head, dtype=torch.float64)
    for h in range(n_head):
        heads[:, h] = x[:, :, h * c // n_head : (h + 1) * c // n_head]
    return heads


@ex.also_right
def heads_by_channels_first(x, n_head):
    return x.mT.unflatten(1, (n_head, -1)).mT


@ex.also_right
def heads_by_a_matrix(x, n_head):
    pick = torch.eye(x.shape[2]).view(x.shape[2], n_head, -1)
    return torch.einsum("btc,chd->bhtd", x, pick)


ex.mistake(
    "views straight into the final shape",
    "{misplaced}. A view moves no number, it only cuts the row of them in other places. Undone by the same view, no test for leaks would notice; attention would be off by up to {off_in_attention:.2g}. Cut the last axis first.",
    straight,
)
ex.mistake(
    "the transpose is missing",
    "Your result has shape {shape}, which is (B, T, n_head, head_size): the cut is right, and time still stands before the heads. One more move.",
    cut,
)
ex.mistake(
    "n_head and head_size are swapped",
    "Your result has shape {shape}: you made {shape[1]} heads of {shape[3]} channels. Here n_head is {n_head}, so head_size is {head_size}.",
    lambda x, n_head: cut(x, x.shape[2] // n_head).transpose(1, 2),
)
ex.mistake(
    "deals the channels out in turn",
    "{misplaced}. You dealt channel c to head c % {n_head}. The channels of a head lie side by side: in the view n_head stands before head_size.",
    lambda x, n_head: cut(x, x.shape[2] // n_head).permute(0, 3, 1, 2),
)
ex.mistake(
    "T and head_size are swapped",
    "Your result has shape {shape}: in every head time comes last, with {shape[3]} positions. The rows of a head are its positions: (T, head_size).",
    lambda x, n_head: cut(x, n_head).permute(0, 2, 3, 1),
)
ex.mistake(
    "transposes first, then reshapes",
    "{misplaced}. You swapped time and channels before the cut, and a reshape does not swap them back. Cut first, then swap.",
    lambda x, n_head: x.transpose(1, 2).reshape(straight(x, n_head).shape),
)
ex.mistake(
    "cuts time",
    "Your result has shape {shape}: every head has all {shape[3]} channels, and only a part of the time. Cut the last axis.",
    lambda x, n_head: torch.stack(x.chunk(n_head, dim=1), dim=1),
    lambda x, n_head: x.view(x.shape[0], n_head, x.shape[1] // n_head, x.shape[2]),
)
ex.mistake(
    "the heads stand before the batch",
    "Your result has shape {shape}: the {shape[0]} heads come first, then the batch. torch.stack makes one tensor of a list of parts; which axis should be the new one?",
    lambda x, n_head: torch.stack(x.chunk(n_head, dim=-1)),
)
ex.mistake(
    "every head gets all channels",
    "Your result has shape {shape}: each head has all {shape[3]} channels. The heads share them, {head_size} for each.",
    lambda x, n_head: x[:, None].repeat(1, n_head, 1, 1),
)
