"""Two inputs that prove that a head without a mask is blind to order."""

from collections.abc import Callable

import numpy as np
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.self_attention.relation import relation


def sizes(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    T, C = (int(torch.randint(6, 10, (), generator=generator)) for _ in range(2))
    return [(8, 4), (T, C), (C + 1, T)]


ex = Exercise(
    prompt="Write two_orders(T, C): two inputs x and y, each (T, C), which prove that a head without a mask is blind to order. They differ, and yet the head gives every row of y what it gave that row in x.",
    hints=(
        "Two texts with the same characters in another order: what is the same, and what is elsewhere?",
        "A position is a row of x. Begin with T different rows, such as torch.randn(T, C), and let y hold the same rows at other places.",
        "x[order] picks rows: order can be torch.randperm(T), or another list of 0 to T - 1 out of order.",
    ),
    inputs=sizes,
    run=relation,
    note=lambda values: values[0]["order"].said,
)


@ex.right
def two_orders(T: int, C: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(T, C)
    y = x.flip(0)  # the last position first: the same vectors, elsewhere
    return x, y


@ex.also_right
def orders_by_randperm(T, C):
    x = torch.randn(T, C)
    return x, x[torch.randperm(T)]


@ex.also_right
def orders_by_a_matrix(T, C):
    one = torch.arange(float(T * C)).view(T, C)
    return [one, torch.eye(T).roll(1, 0) @ one]


@ex.also_right
def orders_of_two_rows(T, C):
    x = np.random.randn(T, C)  # noqa: NPY002
    y = x.copy()
    y[0], y[1] = x[1], x[0]
    return x, y


def from_x(y_of: Callable, x_of: Callable = torch.randn) -> Callable:
    """Return the two_orders that makes y from x."""

    def two_orders(T, C):
        x = x_of(T, C)
        return x, y_of(x)

    return two_orders


ex.mistake(
    "twice the same",
    "{order} Of two equal inputs one expects equal outputs: that proves nothing. Move the rows.",
    from_x(torch.clone),
)
ex.mistake(
    "all rows are alike",
    "{order} You may have moved them, but nobody can see it. Begin with rows that differ.",
    from_x(lambda x: x.flip(0), x_of=torch.ones),
)
ex.mistake(
    "no row in common",
    "{order} So nothing says which row of y to compare with which row of x. Do not draw y anew, and do not change its numbers: move the rows of x.",
    from_x(torch.randn_like),
)
ex.mistake(
    "other values",
    "{order} The rows stayed where they were and got other values. Order means the same rows at other places.",
    from_x(lambda x: 2 * x),
    from_x(lambda x: x + 1),
)
ex.mistake(
    "the channels are shuffled",
    "{order} You moved the channels inside each row, dim 1. A position is a row: move along dim 0.",
    from_x(lambda x: x.flip(1)),
)
ex.mistake(
    "each channel is shuffled on its own",
    "{order} That tears the rows apart: a position moves with all its channels. Use one order for whole rows, x[order].",
    from_x(lambda x: torch.stack([column.roll(step) for step, column in enumerate(x.T)], dim=1)),
)
ex.mistake(
    "the numbers are scattered",
    "{order} You moved single numbers, across rows and channels. A position moves with all its channels: x[order].",
    from_x(lambda x: x.flatten().roll(1).reshape(x.shape)),
)
ex.mistake(
    "rows are drawn with repetition",
    "{order} torch.randint may draw a row twice and leave another out. An order has each once: torch.randperm(T).",
    from_x(lambda x: x[torch.randint(len(x), (len(x),))]),
)
ex.mistake(
    "one row is replaced",
    "{order} Another character is another text. Keep all rows, and move them.",
    from_x(lambda x: torch.cat([torch.zeros_like(x[:1]), x[1:]])),
)


@ex.mistake(
    "position embeddings are included",
    "{order} That happens when the places are added after the shuffling: then the same character elsewhere is another input, and the head is not blind any more. Leave the places out.",
)
def _(T, C):
    tokens, places = torch.randn(T, C), torch.randn(T, C)
    return tokens + places, tokens.flip(0) + places
