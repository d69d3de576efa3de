"""Several heads: cut the channels and join them again, fill the fused form by hand, switch one head off.

Each solution lends its name to its exercise.

Taught in: multi_head.
"""

import itertools
import operator
import re
from collections.abc import Callable

import torch
import torch.nn.functional as F

from nanogpt_lib.averaging import average_tril
from nanogpt_lib.kit.diagnose import MOVED, Observe, Run
from nanogpt_lib.kit.legacy import Case, Exercise, Wrong
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.head_facts import (
    PARTS,
    consequence,
    copied,
    first_row_off,
    in_attention,
    observed,
    without,
    without_each,
)


def _between(low: int, high: int, generator: torch.Generator) -> int:
    return int(torch.randint(low, high + 1, (), generator=generator))


# --- cut and join: what the two exercises share ---------------------------------------------------


def _sizes(seed: int) -> list[tuple[int, int, int, int]]:
    """(B, n_head, T, head_size): all different, some the same, and each of them 1 in turn."""
    generator = torch.Generator().manual_seed(seed)
    B, n_head, head_size, more = (_between(2, 4, generator) for _ in range(4))
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


def _no_gradient(observe: Observe, run: Run) -> str:
    first, *rest = run.inputs
    result = observe((first.clone().requires_grad_(), *rest)).value
    if isinstance(result, torch.Tensor) and result.requires_grad:
        return ""
    return (
        f"0 of {first.numel()} numbers get a gradient through your result{run.said}: a model could not "
        "learn through it. Stay with tensors from the input to the return."
    )


def _shape(case: Case) -> str:
    return f"Your result has shape {tuple(case.got.shape)}"


# --- split_heads ----------------------------------------------------------------------------------


def split_heads(x: torch.Tensor, n_head: int) -> torch.Tensor:
    B, T, C = x.shape
    heads = x.view(B, T, n_head, C // n_head)  # the channels of each position, cut into n_head pieces
    return heads.transpose(1, 2)  # (B, T, n_head, head_size) -> (B, n_head, T, head_size)


def _to_split(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    return [
        (torch.randn(B, T, n_head * head_size, generator=generator), n_head)
        for B, n_head, T, head_size in _sizes(seed)
    ]


def _split_off(inputs: tuple, got, want) -> str:
    place, off = first_row_off(inputs[0], "x", got, want)
    return f"Your {place}, head {place[1]} at position {place[2]}, {off}" if off else ""


def _misplaced_in_heads(observe: Observe, run: Run) -> str:
    if not (off := _split_off(run.inputs, run.outcome.value, run.want)):
        return ""
    return f"{off}{run.said}." + in_attention(observed(observe), merge_heads.answer, *run.inputs)


def _held(case: Case) -> str:
    return _split_off(case.inputs, case.got, case.want)


def _head_size(case: Case) -> int:
    return case.inputs[0].shape[2] // case.inputs[1]


def _cut(x, n_head):
    return x.unflatten(2, (n_head, -1))  # (B, T, n_head, head_size)


def _straight(x, n_head):
    return x.reshape(x.shape[0], n_head, x.shape[1], -1)


def _straight_back(heads):
    return heads.reshape(heads.shape[0], heads.shape[2], -1)


split_heads = Exercise(
    name="split_heads",
    prompt=(
        "Write split_heads(x, n_head): cut the C channels of x (B, T, C) into n_head equal pieces, side by "
        "side, and return (B, n_head, T, head_size): the first piece is head 0's."
    ),
    answer=split_heads,
    make_inputs=_to_split,
    invariants=(_misplaced_in_heads, _no_gradient),
    note=lambda values: "Every head has its own channels, of every position, in the order of time.",
    axes="B, n_head, T, head_size",
    hints=(
        "Two moves, and their order matters: cut the channels of each position, then swap two axes.",
        "A view may cut the last axis in two. Which four sizes are there then, in memory's order?",
        "x.view(B, T, n_head, C // n_head), then transpose(1, 2).",
    ),
    wrong=(
        Wrong(
            "views straight into the final shape",
            lambda case: (
                f"{_held(case)}. A view moves no number, it only cuts the row of them in other places. "
                "Undone by the same view, no test for leaks would notice; attention would be off by up to "
                f"{consequence(_straight, _straight_back, *case.inputs)[1]:.2g}. Cut the last axis first."
            ),
            _straight,
        ),
        Wrong(
            "the transpose is missing",
            lambda case: (
                f"{_shape(case)}, which is (B, T, n_head, head_size): the cut is right, and time still "
                "stands before the heads. One more move."
            ),
            _cut,
        ),
        Wrong(
            "n_head and head_size are swapped",
            lambda case: (
                f"{_shape(case)}: you made {case.got.shape[1]} heads of {case.got.shape[3]} channels. Here "
                f"n_head is {case.inputs[1]}, so head_size is {_head_size(case)}."
            ),
            lambda x, n_head: _cut(x, x.shape[2] // n_head).transpose(1, 2),
        ),
        Wrong(
            "deals the channels out in turn",
            lambda case: (
                f"{_held(case)}. You dealt channel c to head c % {case.inputs[1]}. The channels of a head "
                "lie side by side: in the view n_head stands before head_size."
            ),
            lambda x, n_head: _cut(x, x.shape[2] // n_head).permute(0, 3, 1, 2),
        ),
        Wrong(
            "T and head_size are swapped",
            lambda case: (
                f"{_shape(case)}: in every head time comes last, with {case.got.shape[3]} positions. The "
                "rows of a head are its positions: (T, head_size)."
            ),
            lambda x, n_head: _cut(x, n_head).permute(0, 2, 3, 1),
        ),
        Wrong(
            "transposes first, then reshapes",
            lambda case: (
                f"{_held(case)}. You swapped time and channels before the cut, and a reshape does not swap "
                "them back. Cut first, then swap."
            ),
            lambda x, n_head: x.transpose(1, 2).reshape(_straight(x, n_head).shape),
        ),
        Wrong(
            "cuts time",
            lambda case: (
                f"{_shape(case)}: every head has all {case.got.shape[3]} channels, and only a part of the "
                "time. Cut the last axis."
            ),
            lambda x, n_head: torch.stack(x.chunk(n_head, dim=1), dim=1),
            lambda x, n_head: x.view(x.shape[0], n_head, x.shape[1] // n_head, x.shape[2]),
        ),
        Wrong(
            "the heads stand before the batch",
            lambda case: (
                f"{_shape(case)}: the {len(case.got)} heads come first, then the batch. torch.stack makes "
                "one tensor of a list of parts; which axis should be the new one?"
            ),
            lambda x, n_head: torch.stack(x.chunk(n_head, dim=-1)),
        ),
        Wrong(
            "every head gets all channels",
            lambda case: (
                f"{_shape(case)}: each head has all {case.got.shape[3]} channels. The heads share them, "
                f"{_head_size(case)} for each."
            ),
            lambda x, n_head: x[:, None].repeat(1, n_head, 1, 1),
        ),
    ),
)


# --- merge_heads ----------------------------------------------------------------------------------


def merge_heads(heads: torch.Tensor) -> torch.Tensor:
    B, n_head, T, head_size = heads.shape
    joined = heads.transpose(1, 2)  # (B, n_head, T, head_size) -> (B, T, n_head, head_size)
    return joined.reshape(B, T, n_head * head_size)  # the pieces of each position, side by side


def _to_merge(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    return [(torch.randn(sizes, generator=generator),) for sizes in _sizes(seed)]


def _merge_off(heads: torch.Tensor, got, want) -> str:
    size = heads.shape[3]
    pieces = (numbers(one).unflatten(2, (-1, size)) for one in (got, want))
    place, off = first_row_off(heads, "heads", *pieces)
    return f"Your [{place[0]}, {place[1]}, {place[2] * size}:{(place[2] + 1) * size}] {off}" if off else ""


def _merged_by(merge: Callable, heads: torch.Tensor) -> str:
    return in_attention(split_heads.answer, merge, merge_heads.answer(heads), heads.shape[1])


def _misplaced_after_merging(observe: Observe, run: Run) -> str:
    if not (off := _merge_off(*run.inputs, run.outcome.value, run.want)):
        return ""
    return f"{off}{run.said}." + _merged_by(observed(observe), *run.inputs)


def _joined_wrongly(case: Case) -> str:
    return _merge_off(*case.inputs, case.got, case.want)


def _in_turn(heads):
    return heads.permute(0, 2, 3, 1).flatten(2)


def _time_with_channels(heads):
    return _straight_back(heads.mT.reshape(heads.shape))


merge_heads = Exercise(
    name="merge_heads",
    prompt=(
        "Write merge_heads(heads): undo split_heads. heads is (B, n_head, T, head_size); return (B, T, C), "
        "with the channels of head 0 first."
    ),
    answer=merge_heads,
    make_inputs=_to_merge,
    invariants=(_misplaced_after_merging, _no_gradient),
    note=lambda values: "What split_heads cut is whole again, and no position got anything of another.",
    axes="B, T, C",
    hints=(
        "The two moves of split_heads, each undone, in the opposite order.",
        "First time before the heads again, then two axes into one. Does memory lie in that order by now?",
        "heads.transpose(1, 2).reshape(B, T, n_head * head_size): a view refuses here, reshape copies.",
    ),
    wrong=(
        Wrong(
            "does not transpose back",
            lambda case: (
                f"{_joined_wrongly(case)}. The heads still stood before time when you joined them."
                f"{_merged_by(_straight_back, *case.inputs)}"
            ),
            _straight_back,
        ),
        Wrong(
            "a view after the transpose",
            lambda case: (
                f"view raised {type(case.error).__name__} for heads of shape "
                f"{tuple(case.inputs[0].shape)}: after the transpose the numbers no longer lie in memory in "
                "the order in which you read them, and a view moves none. You need one that copies."
            ),
            lambda heads: heads.transpose(1, 2).view(heads.shape[0], heads.shape[2], -1),
        ),
        Wrong(
            "not joined",
            lambda case: (
                f"{_shape(case)}: time is back in its place, but every position still has "
                f"{case.got.shape[2]} rows of {case.got.shape[3]}. Make one axis of the last two."
            ),
            lambda heads: heads.transpose(1, 2),
        ),
        Wrong(
            "takes the channels in turn",
            lambda case: (
                f"{_joined_wrongly(case)}. You took one channel of each head in turn. The channels of a "
                f"head stay side by side.{_merged_by(_in_turn, *case.inputs)}"
            ),
            _in_turn,
        ),
        Wrong(
            "swaps time with the channels",
            lambda case: (
                f"{_joined_wrongly(case)}. You swapped time with head_size; it belongs before the heads."
                f"{_merged_by(_time_with_channels, *case.inputs)}"
            ),
            _time_with_channels,
        ),
        Wrong(
            "adds the heads up",
            lambda case: (
                f"{_shape(case)}: {case.got.shape[2]} channels are one head's width, so the "
                f"{case.inputs[0].shape[1]} heads were added up or averaged. Put them side by side."
            ),
            lambda heads: heads.sum(dim=1),
            lambda heads: heads.mean(dim=1),
        ),
        Wrong(
            "one head after the other in time",
            lambda case: (
                f"{_shape(case)}: {case.got.shape[1]} positions, where there were {case.inputs[0].shape[2]}. "
                "You joined the heads along time; join them along the channels."
            ),
            lambda heads: torch.cat(heads.unbind(1), dim=1),
        ),
        Wrong(
            "joins the sequences of the batch",
            lambda case: (
                f"{_shape(case)}: {len(case.got)} heads come first. Going through a tensor goes through its "
                "first axis, the batch; heads.unbind(1) gives the heads."
            ),
            lambda heads: torch.cat(list(heads), dim=-1),
        ),
    ),
)


# --- copy_weights ---------------------------------------------------------------------------------


def copy_weights(listed: torch.nn.Module, fused: torch.nn.Module) -> torch.nn.Module:
    queries = [head.query.weight for head in listed.heads]  # each (head_size, C)
    keys = [head.key.weight for head in listed.heads]
    values = [head.value.weight for head in listed.heads]
    with torch.no_grad():  # we write the numbers ourselves, no gradient does
        fused.qkv.copy_(torch.cat(queries + keys + values))  # (3 * C, C)
        fused.proj.weight.copy_(listed.proj.weight)
        fused.proj.bias.copy_(listed.proj.bias)
    return fused


def _layers(seed: int) -> list[tuple]:
    """(x, n_head, seed of the weights): x and n_head say which sizes."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for n_head, head_size in [(3, 2), (2, _between(3, 5, generator)), (4, _between(1, 3, generator))]:
        B, T = _between(1, 3, generator), _between(4, 6, generator)
        x = torch.randn(B, T, n_head * head_size, generator=generator)
        cases.append((x, n_head, _between(0, 10**6, generator)))
    return cases


def _by_copy(fused, matrix):
    fused.qkv.copy_(matrix)


def _by_data(fused, matrix):
    fused.qkv.data = matrix


def _by_assignment(fused, matrix):
    fused.qkv = matrix


def _filled(join: Callable, put: Callable = _by_copy, proj: tuple = ("weight", "bias")) -> Callable:
    """copy_weights with another way to make one matrix of the three lists, or to put it in its place."""

    @torch.no_grad()
    def copy_weights(listed, fused):
        put(fused, join(*([getattr(head, part).weight for head in listed.heads] for part in PARTS)))
        for name in proj:
            getattr(fused.proj, name).copy_(getattr(listed.proj, name))
        return fused

    return copy_weights


def _pile(q, k, v):
    return torch.cat([*q, *k, *v])


def _reversed_heads(q, k, v):
    return _pile(q[::-1], k[::-1], v[::-1])


def _blocks_on_their_side(*lists):
    return torch.cat([torch.cat([matrix.T for matrix in matrices], dim=1) for matrices in lists])


def _all_on_its_side(q, k, v):
    return _pile(q, k, v).T


def _side_by_side(q, k, v):
    return torch.cat([*q, *k, *v], dim=1)


def _side_by_side_then_viewed(q, k, v):
    return _side_by_side(q, k, v).reshape(-1, q[0].shape[1])


def _in_order(order):
    return lambda *lists: torch.cat([matrix for part in order for matrix in lists[part]])


def _head_by_head(order):
    return lambda *lists: torch.cat([lists[part][head] for head in range(len(lists[0])) for part in order])


def _only_projection(listed, fused):
    fused.proj.load_state_dict(listed.proj.state_dict())
    return fused


@torch.no_grad()
def _wrong_way_round(listed, fused):
    for name, weight in fused.head_weights().items():
        listed.get_parameter(name).copy_(weight)
    listed.proj.load_state_dict(fused.proj.state_dict())
    return fused


def _one_projection(listed, fused):
    fused = _filled(_pile, proj=())(listed, fused)
    fused.proj = listed.proj
    return fused


def _one_memory(listed, fused):
    fused = _filled(_pile, proj=())(listed, fused)
    fused.proj.weight.data, fused.proj.bias.data = listed.proj.weight.data, listed.proj.bias.data
    return fused


def _with_gradients(listed, fused):
    fused.qkv.copy_(_pile(*([getattr(head, part).weight for head in listed.heads] for part in PARTS)))


def _with_gradients_in_slices(listed, fused):
    fused.qkv[:1] = listed.heads[0].query.weight[:1]


def _loaded(listed, fused):
    fused.load_state_dict(listed.state_dict())


def _output_off(case: Case) -> str:
    return f"the output is off by up to {gap(case.got['output'], case.got['_right']):.2g}"


def _first_piece_off(case: Case) -> str:
    """The first small matrix of fused.qkv that is not the one that belongs there."""
    qkv, n_head, listed = case.got["_qkv"], case.inputs[1], case.got["_listed"]
    size = qkv.shape[1] // n_head
    for number, (part, head) in enumerate(itertools.product(PARTS, range(n_head))):
        rows = qkv[number * size : (number + 1) * size]
        if not torch.equal(rows, listed[f"heads.{head}.{part}.weight"]):
            place = f"fused.qkv[{number * size}:{(number + 1) * size}]"
            return f"{place} holds {_whose(rows, listed)}; it should hold head {head}'s {part} weights"
    return ""


def _whose(rows: torch.Tensor, listed: dict) -> str:
    for name, weight in listed.items():
        if torch.equal(rows, weight):
            _, head, part, _ = name.split(".")
            return f"head {head}'s {part} weights"
    return "no head's weights"


def _projection_off(case: Case, name: str) -> str:
    off = gap(case.got["_proj"][name], case.got["_listed"][f"proj.{name}"])
    return f"fused.proj.{name} differs from listed's by up to {off:.2g}"


def _what_shape(case: Case) -> str:
    if case.error is not None:
        return f"copy_ raised {type(case.error).__name__}: {case.error}."
    if "output" in case.got:
        return f"{_first_piece_off(case)}, and {_output_off(case)}."
    return case.got["qkv"].said


def _as_wide_as(width: Callable[[int, int], int]) -> Callable[[Case], bool]:
    """Whether a matrix of this width (of C, n_head) is what copy_ refused, if it refused one."""

    def sign(case: Case) -> bool:
        found = re.findall(r"tensor b \((\d+)\)", str(case.error))
        return case.error is None or found == [str(width(case.inputs[0].shape[2], case.inputs[1]))]

    return sign


_MIXED = [order for order in itertools.permutations(range(3)) if order != (0, 1, 2)]

copy_weights = Exercise(
    name="copy_weights",
    prompt=(
        "Write copy_weights(listed, fused): fill a FusedAttention by hand with the numbers of a "
        "MultiHeadAttention, and return fused. listed.heads[h].query.weight, and the same for key and "
        "value, is (head_size, C); fused.qkv is (3 * C, C): all queries on top, then all keys, then all "
        "values. Both have a proj."
    ),
    answer=copy_weights,
    make_inputs=_layers,
    run=copied,
    note=lambda values: (
        "The outputs of listed and fused differ by "
        f"{max(gap(value['output'], value['_right']) for value in values):.1e} at most."
    ),
    axes="B, T, C",
    hints=(
        (
            "qkv is a pile of 3 * n_head small matrices. Which is the topmost, and which comes under it? "
            "And what else in the layer has numbers?"
        ),
        (
            "torch.cat piles up the matrices of a list. Write into a parameter with fused.qkv.copy_(...), "
            "under torch.no_grad(). proj has two parameters."
        ),
        (
            "queries = [head.query.weight for head in listed.heads], the same for keys and values; "
            "fused.qkv.copy_(torch.cat(queries + keys + values)); then proj.weight and proj.bias."
        ),
    ),
    wrong=(
        Wrong(
            "another order than q, k, v",
            lambda case: (
                f"{_first_piece_off(case)}. All the pieces are there, but queries, keys and values stand in "
                f"another order: {_output_off(case)}."
            ),
            *[_filled(_in_order(order)) for order in _MIXED],
        ),
        Wrong(
            "head after head",
            lambda case: (
                f"{_first_piece_off(case)}. You piled up head after head, each with its three matrices; "
                f"fused takes the first third of the rows as queries: {_output_off(case)}."
            ),
            *[_filled(_head_by_head(order)) for order in [(0, 1, 2), (1, 0, 2), (1, 2, 0)]],
        ),
        Wrong(
            "the heads in reverse",
            lambda case: (
                f"{_first_piece_off(case)}. The heads stand in reverse, and proj expects them in the list's "
                f"order: {_output_off(case)}."
            ),
            _filled(_reversed_heads),
        ),
        Wrong(
            "every block on its side",
            lambda case: (
                f"{_first_piece_off(case)}. The shape is right, because the block of all queries is C by C, "
                f"but the blocks lie on their side: {_output_off(case)}. Nothing needs a .T."
            ),
            _filled(_blocks_on_their_side),
        ),
        Wrong(
            "the matrix is transposed",
            lambda case: (
                f"{_what_shape(case)} The matrix lies on its side. A weight of Linear is (out, in), and so "
                "is qkv: nothing needs a .T."
            ),
            _filled(_all_on_its_side),
            _filled(_all_on_its_side, _by_data),
            sign=_as_wide_as(lambda C, n_head: 3 * C),
        ),
        Wrong(
            "side by side instead of piled up",
            lambda case: (
                f"{_what_shape(case)} Along dim=1 torch.cat puts the matrices side by side. Pile up their "
                "rows."
            ),
            _filled(_side_by_side),
            _filled(_side_by_side, _by_data),
            _filled(_side_by_side_then_viewed),
            sign=_as_wide_as(lambda C, n_head: 3 * n_head * C),
        ),
        Wrong(
            "the projection is forgotten",
            lambda case: (
                f"{_projection_off(case, 'weight')}: the heads are copied, and what mixes them is not; "
                f"{_output_off(case)}."
            ),
            _filled(_pile, proj=()),
        ),
        Wrong(
            "the projection's bias is forgotten",
            lambda case: (
                f"{_projection_off(case, 'bias')}: its weight is copied, and it has a second parameter; "
                f"{_output_off(case)}."
            ),
            _filled(_pile, proj=("weight",)),
        ),
        Wrong(
            "qkv is forgotten",
            lambda case: (
                f"{_first_piece_off(case)}. The projection is copied, and qkv holds its own numbers still: "
                f"{_output_off(case)}."
            ),
            _only_projection,
        ),
        Wrong(
            "nothing was copied",
            lambda case: (
                f"The output of fused has moved by {gap(case.got['output'], case.got['_before']):.2g}: it "
                "has its own numbers still. A name that gets another value, as in qkv = ..., is not fused."
            ),
            lambda listed, fused: fused,
        ),
        Wrong(
            "the wrong way round",
            lambda case: (
                f"{case.got['listed'].said} You wrote the numbers of fused into listed: a.copy_(b) changes a."
            ),
            _wrong_way_round,
        ),
        Wrong(
            "both use one projection",
            lambda case: (
                f"{case.got['memory'].said} The two share memory, so training one would change the other. "
                "Copy the numbers."
            ),
            _one_projection,
            _one_memory,
        ),
        Wrong(
            "writes without no_grad",
            lambda case: (
                f"torch raised {type(case.error).__name__}: gradients follow the "
                f"{3 * case.inputs[0].shape[2]} rows of fused.qkv, and would have to follow your writing. "
                "Write under `with torch.no_grad():`."
            ),
            _with_gradients,
            _with_gradients_in_slices,
        ),
        Wrong(
            "puts a tensor in the parameter's place",
            lambda case: (
                f"torch raised {type(case.error).__name__}: fused.qkv is a parameter, and a plain tensor "
                f"cannot take its place. Write the {3 * case.inputs[0].shape[2]} rows into it."
            ),
            _filled(_pile, _by_assignment),
        ),
        Wrong("leaves it to load_state_dict", lambda case: f"{case.error}", _loaded),
    ),
)


# --- ablate ---------------------------------------------------------------------------------------


def ablate(attention: torch.nn.Module, x: torch.Tensor, head: int) -> torch.Tensor:
    outputs = [one(x) for one in attention.heads]  # n_head times (B, T, head_size)
    outputs[head] = torch.zeros_like(outputs[head])
    return attention.proj(torch.cat(outputs, dim=-1))


def _head(case: Case) -> int:
    """The first head of which the answer is not right."""
    return next(h for h in range(case.inputs[1]) if gap(case.got[without(h)], case.want[without(h)]) > MOVED)


def _outputs(case: Case) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(yours, the right one, that of all heads) for that head."""
    key = without(_head(case))
    return numbers(case.got[key]), numbers(case.want[key]), numbers(case.got["_full"])


def _away(case: Case) -> str:
    got, want, _ = _outputs(case)
    return f"Without head {_head(case)} your output is off by up to {gap(got, want):.2g}"


def _own_channels(case: Case) -> slice:
    size = case.inputs[0].shape[2] // case.inputs[1]
    return slice(_head(case) * size, (_head(case) + 1) * size)


def _place(case: Case) -> str:
    own = _own_channels(case)
    return f"[..., {own.start}:{own.stop}]"


def _taken_for(case: Case) -> str:
    """Which head was asked for, and which other was switched off in its place."""
    for asked, other in itertools.permutations(range(case.inputs[1]), 2):
        if gap(case.got[without(asked)], case.want[without(other)]) < MOVED:
            off = gap(case.got[without(asked)], case.want[without(asked)])
            return f"Asked for head {asked}, you switched off head {other}: off by up to {off:.2g}"
    return ""


def _times(case: Case) -> str:
    """How many times too much the output adds to the bias."""
    got, want, _ = _outputs(case)
    bias = numbers(case.got["_bias"])
    return f"{((got - bias) * (want - bias)).sum() / ((want - bias) ** 2).sum():.3g}"


def _over_bias(case: Case) -> str:
    """How far the output's channels of the head's number are from the bias alone."""
    own = _own_channels(case)
    return f"{gap(_outputs(case)[0][..., own], case.got['_bias'][own]):g}"


def _missing_bias(case: Case) -> str:
    got, want, _ = _outputs(case)
    channel = int(numbers(case.got["_bias"]).abs().argmax())
    return f"channel {channel} of your output is off by {(got - want)[..., channel].mean():.3g} everywhere"


def _widths(case: Case) -> tuple[int, int]:
    """What reached the projection, and what it takes, as torch's complaint has it: (12x4 and 6x6)."""
    (_, came), (takes, _) = re.findall(r"(\d+)x(\d+)", str(case.error))
    return int(came), int(takes)


def _each(attention, x):
    return [one(x) for one in attention.heads]


def _with_head(instead: Callable) -> Callable:
    """ablate with something else in the head's place: instead(its output, attention.heads[head], x)."""

    def ablate(attention, x, head):
        outputs = _each(attention, x)
        outputs[head] = instead(outputs[head], attention.heads[head], x)
        return attention.proj(torch.cat(outputs, dim=-1))

    return ablate


_right = _with_head(lambda out, head, x: 0 * out)


def _zeros_at(index: Callable) -> Callable:
    """ablate with zeros elsewhere in what enters the projection: index(head, n_head, head_size)."""

    def ablate(attention, x, head):
        joined = torch.cat(_each(attention, x), dim=-1)
        joined[index(head, len(attention.heads), attention.heads[0].head_size)] = 0
        return attention.proj(joined)

    return ablate


def _slice(head, attention):
    size = attention.heads[0].head_size
    return slice(head * size, (head + 1) * size)


def _another(which: Callable) -> Callable:
    return lambda attention, x, head: _right(attention, x, which(head, len(attention.heads)))


def _zero_rows(attention, x, head):
    weight = attention.proj.weight.clone()
    weight[_slice(head, attention)] = 0
    return F.linear(torch.cat(_each(attention, x), dim=-1), weight, attention.proj.bias)


def _zero_output(attention, x, head):
    out = attention(x).clone()
    out[..., _slice(head, attention)] = 0
    return out


def _zero_input(attention, x, head):
    x = x.clone()
    x[..., _slice(head, attention)] = 0
    return attention(x)


def _louder(attention, x, head):
    n_head, bias = len(attention.heads), attention.proj.bias
    return (_right(attention, x, head) - bias) * n_head / (n_head - 1) + bias


def _louder_with_bias(attention, x, head):
    return _right(attention, x, head) * len(attention.heads) / (len(attention.heads) - 1)


def _alone(attention, x, head):
    outputs = [out if number == head else 0 * out for number, out in enumerate(_each(attention, x))]
    return attention.proj(torch.cat(outputs, dim=-1))


def _left_out(attention, x, head):
    kept = [out for number, out in enumerate(_each(attention, x)) if number != head]
    return attention.proj(torch.cat(kept, dim=-1))


def _unprojected(attention, x, head):
    return torch.cat(
        [0 * out if number == head else out for number, out in enumerate(_each(attention, x))], -1
    )


def _columns_in_place(attention, x, head):
    attention.proj.weight[:, _slice(head, attention)] = 0
    return attention(x)


def _values_in_place(attention, x, head):
    attention.heads[head].value.weight.zero_()
    return attention(x)


def _queries_in_place(attention, x, head):
    attention.heads[head].query.weight.zero_()
    return attention(x)


_columns_for_good, _values_for_good, _equal_for_good = map(
    torch.no_grad(), (_columns_in_place, _values_in_place, _queries_in_place)
)


ablate = Exercise(
    name="ablate",
    prompt=(
        "Write ablate(attention, x, head): the output (B, T, C) of a MultiHeadAttention with one head "
        "switched off. Zeros enter attention.proj where that head's output would; all else stays as it is, "
        "attention itself too."
    ),
    answer=ablate,
    make_inputs=_layers,
    run=without_each,
    atol=1e-5,  # sums in another order differ by about 1e-6, also where they nearly cancel
    note=lambda values: (
        f"On the first input, switching off one head after the other changes a loss by "
        f"{', '.join(f'{rise:+.3f}' for rise in values[0]['loss'].tolist())} nats."
    ),
    axes="B, T, C",
    hints=(
        "Run the heads yourself, one by one, as MultiHeadAttention does. Where is a head still by itself?",
        (
            "outputs = [one(x) for one in attention.heads] is a list with (B, T, head_size) for each head. "
            "Silence one of them, and keep its place."
        ),
        "outputs[head] = torch.zeros_like(outputs[head]), then attention.proj(torch.cat(outputs, dim=-1)).",
    ),
    wrong=(
        Wrong(
            "rows of the projection for columns",
            lambda case: (
                f"Your output{_place(case)} is at most {_over_bias(case)} away from the bias, and in the "
                "other channels all heads still speak. A row of proj.weight makes one channel that goes out; "
                "what comes in from one head is not in a row."
            ),
            _zero_rows,
        ),
        Wrong(
            "zeros in the projection's output",
            lambda case: (
                f"Your output{_place(case)} is {_outputs(case)[0][..., _own_channels(case)].abs().max():g} "
                "everywhere, and the other channels are as with all heads. After the projection each channel "
                "is a mixture of all heads: silence the head before it."
            ),
            _zero_output,
        ),
        Wrong(
            "another head is switched off",
            lambda case: f"{_taken_for(case)}. Heads are counted from 0, from the front.",
            _another(lambda head, n_head: (head - 1) % n_head),
            _another(lambda head, n_head: (head + 1) % n_head),
            _another(lambda head, n_head: n_head - 1 - head),
            _zeros_at(lambda head, n_head, size: (..., slice((head - 1) * size, head * size))),
            _zeros_at(lambda head, n_head, size: (..., slice((head + 1) * size, (head + 2) * size))),
        ),
        Wrong(
            "every n-th channel is switched off",
            lambda case: (
                f"{_away(case)}: with a step of {case.inputs[1]} you took channels of every head. Joined, "
                "the channels of one head lie side by side."
            ),
            _zeros_at(lambda head, n_head, size: (..., slice(head, None, n_head))),
        ),
        Wrong(
            "positions are switched off, not channels",
            lambda case: (
                f"{_away(case)}: at some positions you silenced all heads, and at the others none. The "
                "second axis is time; channels are the last."
            ),
            _zeros_at(lambda head, n_head, size: (slice(None), slice(head * size, (head + 1) * size))),
        ),
        Wrong(
            "the other heads are made louder",
            lambda case: (
                f"What your output adds to the bias is {_times(case)} times what it should be. Dropout "
                "makes up for what it drops; here the others stay as they are."
            ),
            _louder,
            _louder_with_bias,
        ),
        Wrong(
            "the head's weights became equal",
            lambda case: (
                f"{_away(case)}: equal scores are not silence. The head still passes on the mean of its "
                "past. Silence what comes out of it."
            ),
            _with_head(lambda out, head, x: average_tril(head.value(x))),
            _equal_for_good,
        ),
        Wrong(
            "the head's mean is left",
            lambda case: (
                f"{_away(case)}: the head still says its mean over time, at every position, and that knows "
                "the future. Zeros belong there."
            ),
            _with_head(lambda out, head, x: out.mean(dim=1, keepdim=True).expand_as(out)),
        ),
        Wrong(
            "the bias is gone",
            lambda case: (
                f"Without head {_head(case)}, {_missing_bias(case)}: that is the bias. It belongs to the "
                "projection and not to a head, so it stays."
            ),
            lambda attention, x, head: _right(attention, x, head) - attention.proj.bias,
        ),
        Wrong(
            "all the other heads are switched off",
            lambda case: (
                f"{_away(case)}: this is head {_head(case)} alone. Keep the others, and silence this one."
            ),
            _alone,
        ),
        Wrong(
            "what the head adds",
            lambda case: (
                f"{_away(case)}: you returned what head {_head(case)} adds to the output. Return the "
                "output without it."
            ),
            lambda attention, x, head: attention(x) - _right(attention, x, head),
        ),
        Wrong(
            "nothing is switched off",
            lambda case: (
                f"Without head {_head(case)} your output differs from attention(x) by "
                f"{gap(_outputs(case)[0], _outputs(case)[2]):g}. Did your zeros reach the projection?"
            ),
            lambda attention, x, head: attention(x),
        ),
        Wrong(
            "a slice of x is switched off",
            lambda case: (
                f"{_away(case)}: you hid x{_place(case)} from every head. A head reads all "
                f"{case.inputs[0].shape[2]} channels; only what the heads say is divided among them."
            ),
            _zero_input,
        ),
        Wrong(
            "the head's place is gone",
            lambda case: (
                "The heads that are left bring {} channels, and the projection takes {}. Keep the silent "
                "head's place, so that the others keep theirs.".format(*_widths(case))
            ),
            _left_out,
            sign=lambda case: operator.lt(*_widths(case)),
        ),
        Wrong(
            "the projection is left out",
            lambda case: (
                f"{_away(case)}, and its {_place(case)} is "
                f"{_outputs(case)[0][..., _own_channels(case)].abs().max():g}: these are the heads side by "
                "side. The layer ends with attention.proj."
            ),
            _unprojected,
        ),
        Wrong(
            "writes into the layer's weights",
            lambda case: (
                f"torch raised {type(case.error).__name__}: you wrote into one of the layer's own weights, "
                f"which gradients follow. Leave all {case.inputs[1]} heads and the projection alone: change "
                "what the head says, or a clone."
            ),
            _columns_in_place,
            _values_in_place,
        ),
        Wrong(
            "the head is switched off for good",
            lambda case: (
                f"{case.got['attention'].said} The output is right, but you have changed the layer. Change "
                "what the head says, or work on a copy."
            ),
            _columns_for_good,
            _values_for_good,
        ),
    ),
)
