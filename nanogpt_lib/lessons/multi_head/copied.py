"""What became of a fused layer, and of the listed one, after an answer has copied the weights."""

import copy
import itertools
from collections.abc import Callable

import torch
from torch import nn

from nanogpt_lib.attention import MultiHeadAttention
from nanogpt_lib.fused_attention import FusedAttention
from nanogpt_lib.kit.diagnose import CHANGE, MOVED, Observe, Run
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.models import built
from nanogpt_lib.kit.mistakes import Case, case_of
from nanogpt_lib.kit.outcome import Fact, Refusal

PARTS = ("query", "key", "value")  # in the order in which `FusedAttention` piles them up


class ByHand(FusedAttention):
    """`FusedAttention` without its shortcut, which would do the whole exercise in one line."""

    def load_state_dict(self, state_dict, *args, **keywords):
        """Raise Refusal where the hook would have to make qkv."""
        if "qkv" not in state_dict:
            raise Refusal(
                f"load_state_dict was given {len(state_dict)} tensors, and no qkv. In the library a hook makes qkv for it; in this exercise you do what the hook does."
            )
        return super().load_state_dict(state_dict, *args, **keywords)


def copied(copy_weights: Callable, x: torch.Tensor, n_head: int, seed: int) -> dict:
    """Return what fused computes after copying, whether listed is as before, fused the one given, and the memory of each its own.

    Keys with `_` are for messages: the output of fused before, that of listed, the weights of both.
    """
    _, T, C = x.shape
    listed = built(MultiHeadAttention, C, n_head, T, seed)
    fused = built(ByHand, C, n_head, T, seed + 1)
    before = copy.deepcopy(listed.state_dict())
    found: dict = {"_before": fused(x).detach(), "_right": listed(x).detach(), "_listed": before}
    given, fused = fused, copy_weights(listed, fused)
    if not isinstance(fused, FusedAttention):
        raise Refusal(f"Expected fused back, got {'None' if fused is None else type(fused).__name__}.")
    found["qkv"] = _qkv_shape(fused.qkv, C, n_head)
    if found["qkv"].value != "as asked":
        return found
    found["output"] = fused(x).detach()
    found["_qkv"], found["_proj"] = fused.qkv.detach().clone(), copy.deepcopy(fused.proj.state_dict())
    moved = [name for name, now in listed.state_dict().items() if not torch.equal(now, before[name])]
    found["listed"] = Fact(not moved, f"{len(moved)} of the {len(before)} weights of listed have changed.")
    off = gap(given(x), found["_right"])
    found["given"] = Fact(fused is given, f"The fused that you were given is off by up to {off:.2g}.")
    found["memory"] = _memory(listed, fused, x)
    return found


def _qkv_shape(qkv: torch.Tensor, C: int, n_head: int) -> Fact:
    shape = tuple(qkv.shape)
    kinds = {(3 * C, C): "as asked", (C, 3 * C): "on its side", (C // n_head, 3 * n_head * C): "side by side"}
    return Fact(kinds.get(shape, "another"), f"fused.qkv has shape {shape}; (3 * C, C) is {(3 * C, C)}.")


@torch.no_grad()
def _memory(listed: nn.Module, fused: nn.Module, x: torch.Tensor) -> Fact:
    """Return whether training one of the two would change the other."""
    before = fused(x)
    for parameter in listed.parameters():
        parameter += CHANGE
    moved = gap(fused(x), before)
    said = f"Adding {CHANGE:g} to the weights of listed moves the output of fused by {moved:.3g}."
    return Fact(moved == 0, said)


class Filled:
    """How far the learner's fused layer is from the listed one, as a whole and piece by piece."""

    def __init__(self, case: Case) -> None:
        self.case, self.n_head, self.rows = case, case.inputs[1], 3 * case.inputs[0].shape[2]
        self.raised = type(case.error).__name__

    @property
    def output_off(self) -> float:
        return gap(self.case.got["output"], self.case.got["_right"])

    @property
    def moved(self) -> float:
        return gap(self.case.got["output"], self.case.got["_before"])

    @property
    def proj_off(self) -> dict[str, float]:
        theirs, right = self.case.got["_proj"], self.case.got["_listed"]
        return {name: gap(theirs[name], right[f"proj.{name}"]) for name in theirs}

    @property
    def first_piece_off(self) -> str:
        """The first small matrix of fused.qkv that is not the one that belongs there."""
        listed, size = self.case.got["_listed"], self.rows // 3 // self.n_head
        pieces = self.case.got["_qkv"].split(size)
        for number, (part, head) in enumerate(itertools.product(PARTS, range(self.n_head))):
            if not torch.equal(pieces[number], listed[f"heads.{head}.{part}.weight"]):
                place = f"fused.qkv[{number * size}:{(number + 1) * size}]"
                return f"{place} holds {whose(pieces[number], listed)}; it should hold head {head}'s {part} weights"
        return ""

    @property
    def misfit(self) -> str:
        """What copy_ said of a matrix of another shape, or what came of one that was put in by force."""
        if self.case.error is not None:
            return f"copy_ raised {self.raised}: {self.case.error}."
        if "output" in self.case.got:
            return f"{self.first_piece_off}, and the output is off by up to {self.output_off:.2g}."
        return self.case.got["qkv"].said


def whose(piece: torch.Tensor, listed: dict) -> str:
    """Return which weights of listed these are, as they are or changed, in words."""
    if not piece.any():
        return "zeros"
    for name, weight in listed.items():
        if not name.startswith("heads."):
            continue
        _, head, part, _ = name.split(".")
        for changed, how in (
            (weight, ""),
            (weight.flip(0), ", the last row first"),
            (weight.flip(1), ", the last column first"),
        ):
            if torch.equal(piece, changed):
                return f"head {head}'s {part} weights{how}"
        times = (piece * weight).sum() / weight.square().sum()
        if torch.allclose(piece, times * weight, atol=1e-6):
            return f"{times:.3g} times head {head}'s {part} weights"
    return "no head's weights"


def right_pieces(observe: Observe, run: Run) -> str:
    """Say which piece of the fused layer is not the one that belongs there, if one is not."""
    case = case_of(run)
    if not isinstance(case.got, dict) or not {"output", "_right"} <= set(case.got):
        return ""
    filled = Filled(case)
    if filled.output_off <= MOVED:
        return ""
    if piece := filled.first_piece_off:
        return f"{piece}: the output is off by up to {filled.output_off:.2g}."
    name, off = max(filled.proj_off.items(), key=lambda each: each[1])
    return f"qkv is right, and fused.proj.{name} differs from listed's by up to {off:.2g}: the output is off by up to {filled.output_off:.2g}."
