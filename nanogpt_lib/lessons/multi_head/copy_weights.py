"""Fill the fused form by hand with the numbers of the listed one."""

import copy
import itertools
import re
from collections.abc import Callable

import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.lessons.multi_head.copied import PARTS, Filled, copied, right_pieces
from nanogpt_lib.lessons.multi_head.shared import layers

ex = Exercise(
    prompt="Write copy_weights(listed, fused): fill a FusedAttention by hand with the numbers of a MultiHeadAttention, and return fused. listed.heads[h].query.weight, and the same for key and value, is (head_size, C); fused.qkv is (3 * C, C): all queries on top, then all keys, then all values. Both have a proj.",
    hints=(
        "qkv is a pile of 3 * n_head small matrices. Which is the topmost, and which comes under it? And what else in the layer has numbers?",
        "torch.cat piles up the matrices of a list. Write into a parameter with fused.qkv.copy_(...), under torch.no_grad(). proj has two parameters.",
        "queries = [head.query.weight for head in listed.heads], the same for keys and values; fused.qkv.copy_(torch.cat(queries + keys + values)); then proj.weight and proj.bias.",
    ),
    inputs=layers,
    run=copied,
    see=Filled,
    holds=(right_pieces,),
    note=lambda values: (
        f"The outputs of listed and fused differ by {max(gap(value['output'], value['_right']) for value in values):.1e} at most."
    ),
    axes="B, T, C",
)


@ex.right
def copy_weights(listed: torch.nn.Module, fused: torch.nn.Module) -> torch.nn.Module:
    queries = [head.query.weight for head in listed.heads]  # each (head_size, C)
    keys = [head.key.weight for head in listed.heads]
    values = [head.value.weight for head in listed.heads]
    with torch.no_grad():  # we write the numbers ourselves, no gradient does
        fused.qkv.copy_(torch.cat(queries + keys + values))  # (3 * C, C)
        fused.proj.weight.copy_(listed.proj.weight)
        fused.proj.bias.copy_(listed.proj.bias)
    return fused


@ex.also_right
@torch.no_grad()
def copied_by_views(listed, fused):
    for name, view in fused.head_weights().items():
        view.copy_(listed.get_parameter(name).detach())
    fused.proj.load_state_dict(listed.proj.state_dict())
    return fused


@ex.also_right
def copied_by_rows(listed, fused):
    C, size = fused.n_embd, fused.n_embd // fused.n_head
    for h, head in enumerate(listed.heads):
        for part, layer in enumerate([head.query, head.key, head.value]):
            fused.qkv.data[part * C + h * size : part * C + (h + 1) * size] = layer.weight.data
    fused.proj.weight.data = listed.proj.weight.data.clone()
    fused.proj.bias.data[:] = listed.proj.bias.data
    return fused


@ex.also_right
def copied_by_new_parameters(listed, fused):
    pile = [getattr(head, part).weight for part in PARTS for head in listed.heads]
    fused.qkv = torch.nn.Parameter(torch.cat(pile).detach())
    fused.proj = copy.deepcopy(listed.proj)
    return fused


@ex.also_right
def copied_by_a_state(listed, fused):
    state = listed.state_dict()
    pile = [state.pop(f"heads.{h}.{part}.weight") for part in PARTS for h in range(fused.n_head)]
    fused.load_state_dict({"qkv": torch.vstack(pile), **state})
    return fused


def lists_of(listed):
    return [[getattr(head, part).weight for head in listed.heads] for part in PARTS]


def in_place(fused, matrix):
    fused.qkv.copy_(matrix)


def by_force(fused, matrix):
    fused.qkv.data = matrix


def filled(join: Callable, put: Callable = in_place, proj: tuple = ("weight", "bias")) -> Callable:
    """Return the answer that makes one matrix of the three lists in another way, or puts it in another way."""

    @torch.no_grad()
    def copy_weights(listed, fused):
        put(fused, join(*lists_of(listed)))
        for name in proj:
            getattr(fused.proj, name).copy_(getattr(listed.proj, name))
        return fused

    return copy_weights


def pile(q, k, v):
    return torch.cat([*q, *k, *v])


def in_order(order: tuple) -> Callable:
    return lambda *lists: torch.cat([matrix for part in order for matrix in lists[part]])


def head_by_head(order: tuple) -> Callable:
    return lambda *lists: torch.cat([lists[part][head] for head in range(len(lists[0])) for part in order])


ex.mistake(
    "another order than q, k, v",
    "{first_piece_off}. All the pieces are there, but queries, keys and values stand in another order: the output is off by up to {output_off:.2g}.",
    *[filled(in_order(order)) for order in itertools.permutations(range(3)) if order != (0, 1, 2)],
)
ex.mistake(
    "head after head",
    "{first_piece_off}. You piled up head after head, each with its three matrices; fused takes the first third of the rows as queries: the output is off by up to {output_off:.2g}.",
    *[filled(head_by_head(order)) for order in [(0, 1, 2), (1, 0, 2), (1, 2, 0)]],
)
ex.mistake(
    "every block on its side",
    "{first_piece_off}. The shape is right, because the block of all queries is C by C, but the blocks lie on their side: the output is off by up to {output_off:.2g}. Nothing needs a .T.",
    filled(lambda *lists: torch.cat([torch.cat(matrices).T for matrices in lists])),
)


def as_wide_as(width: Callable[[int, int], int]) -> Callable[[Case], bool]:
    """Return whether copy_ took the matrix, or refused one of this width (made from C and n_head)."""

    def when(case: Case) -> bool:
        found = re.findall(r"tensor b \((\d+)\)", str(case.error))
        return case.error is None or found == [str(width(case.inputs[0].shape[2], case.inputs[1]))]

    return when


def on_its_side(q, k, v):
    return pile(q, k, v).T


def side_by_side(q, k, v):
    return torch.cat([*q, *k, *v], dim=1)


ex.mistake(
    "the matrix is transposed",
    "{misfit} The matrix lies on its side. A weight of Linear is (out, in), and so is qkv: nothing needs a .T.",
    filled(on_its_side),
    filled(on_its_side, by_force),
    when=as_wide_as(lambda C, n_head: 3 * C),
)
ex.mistake(
    "side by side instead of piled up",
    "{misfit} Along dim=1 torch.cat puts the matrices side by side. Pile up their rows.",
    filled(side_by_side),
    filled(side_by_side, by_force),
    filled(lambda q, k, v: side_by_side(q, k, v).reshape(-1, q[0].shape[1])),
    when=as_wide_as(lambda C, n_head: 3 * n_head * C),
)
ex.mistake(
    "the projection is forgotten",
    "fused.proj.weight differs from listed's by up to {proj_off[weight]:.2g}: the heads are copied, and what mixes them is not; the output is off by up to {output_off:.2g}.",
    filled(pile, proj=()),
)
ex.mistake(
    "the projection's bias is forgotten",
    "fused.proj.bias differs from listed's by up to {proj_off[bias]:.2g}: its weight is copied, and it has a second parameter; the output is off by up to {output_off:.2g}.",
    filled(pile, proj=("weight",)),
)


@ex.mistake(
    "qkv is forgotten",
    "{first_piece_off}. The projection is copied, and qkv holds its own numbers still: the output is off by up to {output_off:.2g}.",
)
def _(listed, fused):
    fused.proj.load_state_dict(listed.proj.state_dict())
    return fused


ex.mistake(
    "nothing was copied",
    "The output of fused has moved by {moved:.2g}: it has its own numbers still. A name that gets another value, as in qkv = ..., is not fused.",
    lambda listed, fused: fused,
)


@ex.mistake(
    "the wrong way round", "{listed} You wrote the numbers of fused into listed: a.copy_(b) changes a."
)
@torch.no_grad()
def _(listed, fused):
    listed.load_state_dict(fused.state_dict())
    return fused


@ex.mistake(
    "a copy is filled",
    "{given} What you return is another layer, and that one is right. Fill the one that is given, and return it.",
)
def _(listed, fused):
    return copy_weights(listed, copy.deepcopy(fused))


@ex.mistake(
    "both use one projection",
    "{memory} The two share memory, so training one would change the other. Copy the numbers.",
)
def _(listed, fused):
    filled(pile, proj=())(listed, fused).proj = listed.proj
    return fused


@ex.mistake(
    "writes without no_grad",
    "torch raised {raised}: gradients follow the {rows} rows of fused.qkv, and would have to follow your writing. Write under `with torch.no_grad():`.",
    lambda listed, fused: fused.qkv.copy_(pile(*lists_of(listed))),
)
def _(listed, fused):
    fused.qkv[:1] = listed.heads[0].query.weight[:1]


@ex.mistake(
    "puts a tensor in the parameter's place",
    "torch raised {raised}: fused.qkv is a parameter, and a plain tensor cannot take its place. Write the {rows} rows into it.",
)
def _(listed, fused):
    fused.qkv = pile(*lists_of(listed))


ex.mistake(
    "leaves it to load_state_dict",
    "{error}",
    lambda listed, fused: fused.load_state_dict(listed.state_dict()),
)
ex.mistake(
    "the matrices of one head for all",
    "{first_piece_off}. Every head got the matrices of the same one: does the loop use its index? The output is off by up to {output_off:.2g}.",
    *(filled(lambda q, k, v, h=h: pile([q[h]] * len(q), [k[h]] * len(q), [v[h]] * len(q))) for h in (0, -1)),
)
ex.mistake(
    "queries, keys and values are the same matrices",
    "{first_piece_off}. One kind of matrix was copied three times: the output is off by up to {output_off:.2g}.",
    *(filled(lambda *lists, part=part: pile(*[lists[part]] * 3)) for part in range(3)),
)
ex.mistake(
    "the rows are dealt out in turn",
    "{first_piece_off}. You took one row of the queries, one of the keys and one of the values in turn: the output is off by up to {output_off:.2g}. Pile them up: torch.cat.",
    filled(lambda *lists: torch.stack([torch.cat(one) for one in lists], 1).flatten(0, 1)),
)
ex.mistake(
    "each matrix was turned and cut anew",
    "{first_piece_off}. Each was turned on its side and then cut into the old shape, so its numbers stand elsewhere: the output is off by up to {output_off:.2g}. Nothing needs a .T.",
    filled(lambda *lists: pile(*[[one.T.reshape(one.shape) for one in each] for each in lists])),
)


@ex.mistake(
    "only the queries are copied",
    "{first_piece_off}. The queries are right, and below them fused has its own numbers still: the output is off by up to {output_off:.2g}.",
)
@torch.no_grad()
def _(listed, fused):
    queries = torch.cat(lists_of(listed)[0])
    fused.qkv[: len(queries)] = queries
    fused.proj.load_state_dict(listed.proj.state_dict())
    return fused
