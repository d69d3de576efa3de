"""A stack of blocks: a norm before each part, and one at the end."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.draws import seeded
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.layernorm.stack_calls import first_other_call, stacked


def to_stack(seed: int) -> list[tuple]:
    """Return (x, n_layer, seed of the weights)."""
    generator = seeded(seed)
    return [
        (torch.randn(B, T, 6, generator=generator), n_layer, seed + 10 * n_layer)
        for B, T, n_layer in [(2, 4, 2), (1, 5, 1), (3, 3, 4)]
    ]


def right_order(observe: Observe, run: Run) -> str:
    got, want = run.outcome.value, run.want
    return "" if got["calls"] == want["calls"] else f"{first_other_call(got, want)}. {got['calls'].said}"


def stream(case: Case) -> dict:
    """Return the first call that is another, and how far the output is off."""
    output, right = (numbers(found["output"]) for found in (case.got, case.want))
    return {
        "call": first_other_call(case.got, case.want),
        "off": f"Your output is off by up to {gap(output, right):.2g}",
        "std": output.std(),
        "right_std": right.std(),
    }


ex = Exercise(
    prompt="Write stack(x, blocks, ln_f): x (B, T, C) goes through every block, with a norm before each part, and through the last norm. A block is a tuple (ln1, sa, ln2, ffwd) of layers to call. x itself stays as it is, and gradients must come back to all weights.",
    hints=(
        "A block is two sums. What is added comes from a part, and the part reads through its own norm.",
        "x + part(norm(x)), twice in every block. What does the second one start from? What ends it all?",
        "In the loop x = x + sa(ln1(x)), then x = x + ffwd(ln2(x)); after the loop return ln_f(x).",
    ),
    inputs=to_stack,
    run=stacked,
    see=stream,
    holds=(right_order,),
    note=lambda values: (
        f"On the first input your {len(values[0]['_calls'])} calls came in the right order, ln_f last, and all weights get their gradients."
    ),
    axes="B, T, C",
    atol=1e-5,
)


@ex.right
def stack(x: torch.Tensor, blocks: list, ln_f: torch.nn.Module) -> torch.Tensor:
    for ln1, sa, ln2, ffwd in blocks:
        x = x + sa(ln1(x))
        x = x + ffwd(ln2(x))
    return ln_f(x)


@ex.also_right
def stack_by_name(x, blocks, ln_f):
    for block in blocks:
        for part, norm in ((block.sa, block.ln1), (block.ffwd, block.ln2)):
            x = torch.add(part(norm(x)), x)
    return ln_f(x)


@ex.also_right
def stack_by_recursion(x, blocks, ln_f):
    if not blocks:
        return ln_f(x)
    ln1, sa, ln2, ffwd = blocks[0]
    middle = sa(ln1(x)) + x
    return stack_by_recursion(middle + ffwd(ln2(middle)), blocks[1:], ln_f)


def of_blocks(block: Callable, last: bool = True) -> Callable:
    """Return the answer of such blocks, block(x, ln1, sa, ln2, ffwd), with the last norm or without."""

    def answer(x, blocks, ln_f):
        for parts in blocks:
            x = block(x, *parts)
        return ln_f(x) if last else x

    return answer


def either_way(*blocks: Callable) -> list[Callable]:
    """Return the answers of such blocks, each with the last norm and without."""
    return [of_blocks(block, last) for block in blocks for last in (True, False)]


def plus(x, part, norm=lambda x: x):
    return x + part(norm(x))


def right(x, ln1, sa, ln2, ffwd):
    return plus(plus(x, sa, ln1), ffwd, ln2)


def last_in_every(x, blocks, ln_f):
    for parts in blocks:
        x = ln_f(right(x, *parts))
    return x


def in_place(x, ln1, sa, ln2, ffwd):
    x += sa(ln1(x))
    x += ffwd(ln2(x))
    return x


ex.mistake(
    "the norm after the sum",
    "{call}, before any norm: this is post-norm, as in 2017. Here each part is to read normalised numbers.",
    *either_way(lambda x, ln1, sa, ln2, ffwd: ln2(plus(ln1(plus(x, sa)), ffwd))),
)
ex.mistake(
    "the norm after the part, before the sum",
    "{call}, before any norm: you normalised what a part writes. Normalise what it reads.",
    *either_way(lambda x, ln1, sa, ln2, ffwd: plus(plus(x, ln1, sa), ln2, ffwd)),
)
ex.mistake(
    "no last norm",
    "{call}, so the stream leaves as it has grown: spread {std:.2g}, where it should be {right_std:.2g}. Which layer has not been called?",
    of_blocks(right, last=False),
)


ex.mistake(
    "the last norm in every block",
    "{call}, where another block was still to come: that puts a norm across the stream. ln_f comes once.",
    last_in_every,
    lambda x, blocks, ln_f: ln_f(last_in_every(x, blocks, ln_f)),
)
ex.mistake(
    "the last norm comes first",
    "{call}. The head at the top is to get normalised numbers, so ln_f comes last.",
    lambda x, blocks, ln_f: of_blocks(right, last=False)(ln_f(x), blocks, ln_f),
)
ex.mistake(
    "no norm before the feed-forward layer",
    "{call}, which read the stream as it was. Attention has its norm; this part needs one too.",
    *either_way(lambda x, ln1, sa, ln2, ffwd: plus(plus(x, sa, ln1), ffwd)),
)
ex.mistake(
    "no norm before attention",
    "{call}, which read the stream as it was. The other part has its norm; this one needs one too.",
    *either_way(lambda x, ln1, sa, ln2, ffwd: plus(plus(x, sa), ffwd, ln2)),
)
ex.mistake(
    "no norm in the blocks",
    "{call}, and no norm of a block is among them. Each part reads through a norm of its own.",
    *either_way(lambda x, ln1, sa, ln2, ffwd: plus(plus(x, sa), ffwd)),
)
ex.mistake(
    "one norm for both parts",
    "{call}, the same norm as for the block's other part. A block has two, with gains of their own.",
    *either_way(
        lambda x, ln1, sa, ln2, ffwd: right(x, ln1, sa, ln1, ffwd),
        lambda x, ln1, sa, ln2, ffwd: right(x, ln2, sa, ln2, ffwd),
    ),
)
ex.mistake(
    "the two norms are swapped",
    "{call}. It runs all the same, but ln1 stands before attention.",
    *either_way(lambda x, ln1, sa, ln2, ffwd: right(x, ln2, sa, ln1, ffwd)),
)


ex.mistake(
    "both parts read the first norm's result",
    "{call}: it read the old ln1(x), without what attention had just added. Normalise anew after the sum.",
    *either_way(lambda x, ln1, sa, ln2, ffwd: x + sa(copy := ln1(x)) + ffwd(copy)),
)
ex.mistake(
    "the stream itself is normalised",
    "{off}. What passes by is normalised as well: x = ln1(x) replaces the stream. Only what a part reads goes through a norm.",
    *either_way(lambda x, ln1, sa, ln2, ffwd: plus(ln2(plus(ln1(x), sa)), ffwd)),
)
ex.mistake(
    "the sums are missing",
    "{off}: each part replaces the stream. It should add to what passes by, as in notebook 07.",
    *either_way(lambda x, ln1, sa, ln2, ffwd: ffwd(ln2(sa(ln1(x))))),
)
ex.mistake(
    "one sum is missing",
    "{off}: one of the parts adds to the stream, and the other replaces it.",
    *either_way(
        lambda x, ln1, sa, ln2, ffwd: plus(sa(ln1(x)), ffwd, ln2),
        lambda x, ln1, sa, ln2, ffwd: ffwd(ln2(plus(x, sa, ln1))),
    ),
)
ex.mistake(
    "the parts side by side",
    "{off}: both parts of a block read the same x. The second is to read what the first has added to.",
    *either_way(lambda x, ln1, sa, ln2, ffwd: x + sa(ln1(x)) + ffwd(ln2(x))),
)
ex.mistake(
    "the second sum starts from the old stream",
    "{off}: the feed-forward part read what attention had added, and then the sum left it out.",
    *either_way(lambda x, ln1, sa, ln2, ffwd: x + ffwd(ln2(plus(x, sa, ln1)))),
)
ex.mistake(
    "feed-forward before attention",
    "{call}. First communicate, then compute.",
    *either_way(
        lambda x, ln1, sa, ln2, ffwd: right(x, ln2, ffwd, ln1, sa),
        lambda x, ln1, sa, ln2, ffwd: right(x, ln1, ffwd, ln2, sa),
    ),
)
ex.mistake(
    "ends after the first block",
    "{call}, with blocks still to come. Is the last norm, or the return, inside the loop?",
    lambda x, blocks, ln_f: stack(x, blocks[:1], ln_f),
)


ex.mistake(
    "every block starts from the beginning",
    "{off}: all blocks were called, and only the last one counts. Does each receive what the one before it made?",
    lambda x, blocks, ln_f: ln_f([right(x, *parts) for parts in blocks][-1]),
)
ex.mistake(
    "adds into x in place",
    "{x} x += ... writes into the tensor that was given. Make a new one: x = x + ...",
    of_blocks(in_place),
)
ex.mistake(
    "adds in place on a copy",
    "{gradients} A norm keeps what it has read, and += has written over it. Make a new tensor: x = x + ...",
    lambda x, blocks, ln_f: of_blocks(in_place)(x.clone(), blocks, ln_f),
)
