"""A head set by hand: every position looks at the one before it."""

from collections.abc import Callable

import numpy as np
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.self_attention.aim import aim

LONGEST = 32


def lengths(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    short = int(torch.randint(3, 7, (), generator=generator))
    long = int(torch.randint(10, 15, (), generator=generator))
    return [(8,), (2,), (short,), (long,), (LONGEST,)]


ex = Exercise(
    prompt="Write look_back(T): two matrices W_q and W_k, each (T, head_size), with which every position but 0 gives at least 0.9 of its weight to the one before it. x is torch.eye(T), position t being a one at place t; the mask is causal, there is no scale, and T goes up to 32.",
    hints=(
        "With x = torch.eye(T), row t of W_k is the key of position t, and row t of W_q its query. So you write queries and keys down directly.",
        "Let W_k be torch.eye(T): position s is found by a one at place s. Which place must the query of position t have its one at? And how large must it be, beside up to 31 scores of 0?",
        "torch.diag(torch.ones(T - 1), -1) has its ones one step below the diagonal: row t at place t - 1. Multiply by 10, since exp(10) outweighs 31 times exp(0) by far.",
    ),
    inputs=lengths,
    run=aim,
    note=lambda values: values[-1]["aim"].said,
)


@ex.right
def look_back(T: int) -> tuple[torch.Tensor, torch.Tensor]:
    W_k = torch.eye(T)  # position s answers with a one at place s
    W_q = 10 * torch.diag(torch.ones(T - 1), -1)  # position t asks for a one at place t - 1
    return W_q, W_k


@ex.also_right
def back_by_roll(T):
    return 100 * torch.eye(T).roll(1, 0), torch.eye(T)


@ex.also_right
def back_by_moved_keys(n):
    keys = np.zeros((n, n + 1))
    for s in range(n):
        keys[s, s + 1] = 3.0
    return [3 * np.eye(n, n + 1), keys]


@ex.also_right
def back_by_angles(T):
    """Two channels are enough: positions stand on a circle, and the nearest direction wins."""
    angle = 2 * torch.pi * torch.arange(T) / 64
    keys = torch.stack([angle.cos(), angle.sin()], 1)
    asked = angle - 2 * torch.pi / 64
    return 2000 * torch.stack([asked.cos(), asked.sin()], 1), keys


@ex.also_right
def back_by_distance(T):
    """-(t - 1 - s) ** 2, multiplied out; what depends on t alone shifts a row and changes nothing."""
    t = torch.arange(T, dtype=torch.float64)
    return 9 * torch.stack([2 * (t - 1), -torch.ones(T)], 1), torch.stack([t, t**2], 1)


def queries(W_q: Callable) -> Callable:
    """Return the look_back whose keys are torch.eye(T), with other queries, made from T."""
    return lambda T: (W_q(T), torch.eye(T))


def asks(step: int, strength: float = 10.0) -> Callable:
    """Return the W_q with which position t asks for position t + step, where there is one."""
    return lambda T: strength * (torch.arange(T)[:, None] + step == torch.arange(T)).float()


def without_row(row: int) -> list[Callable]:
    """Return the W_q that asks for nothing in one row; in the second, row 0 asks for the last position."""
    return [
        lambda T, make=make: make(T).index_fill(0, torch.tensor(row % T), 0.0)
        for make in (asks(-1), lambda T: 10 * torch.eye(T).roll(1, 0))
    ]


ex.mistake(
    "looks at itself",
    "{aim} Query and key of a position agree, so it finds itself. The query of position t must agree with the key of t - 1.",
    queries(asks(0)),
)
ex.mistake(
    "asks for the position after it",
    "{aim} Position t asks for t + 1, which the mask hides, so its weight goes elsewhere. The query of t must agree with the key of t - 1; or did W_q and W_k change places?",
    queries(asks(1)),
    queries(lambda T: 10 * torch.eye(T).roll(1, 1)),
)
ex.mistake(
    "too weak",
    "{aim} The place is right, but 0.9 is asked for. A score of 0 still counts exp(0) = 1, and there are many of them: make the right score larger.",
    *(queries(asks(-1, strength)) for strength in (1.0, 2.5, 4.0, 4.25, 5.0)),
)
ex.mistake(
    "the sign is wrong",
    "{aim} The position before has the lowest score of all: your query and its key point in opposite directions.",
    *(queries(asks(-1, strength)) for strength in (-10.0, -20.0, -100.0, -1.0)),
)
ex.mistake(
    "asks for the whole past",
    "{aim} All positions before t score alike. Only the key of t - 1 is to agree with the query of t.",
    *(queries(lambda T, by=by: by * torch.ones(T, T).tril(-1)) for by in (1.0, 10.0, 20.0, 100.0)),
)
ex.mistake(
    "looks two back",
    "{aim} That is two steps back; one is asked for, t - 1.",
    queries(asks(-2)),
)
ex.mistake(
    "always looks at position 0",
    "{aim} All queries find the key of position 0. Each position needs a query of its own, which agrees with the key of t - 1.",
    queries(lambda T: 10 * torch.eye(T)[:1].repeat(T, 1)),
)
ex.mistake(
    "all scores are alike",
    "{aim} No key scores higher than another, so the softmax shares equally. Keys must differ, and a query must agree with one of them.",
    queries(lambda T: torch.ones(T, T)),
)
ex.mistake(
    "row 1 is left out",
    "{aim} All other positions are right: only position 1 does not look back. It has a position before it, too.",
    *map(queries, without_row(1)),
)
ex.mistake(
    "the last row is left out",
    "{aim} All other positions are right: only the last one does not look back. The last row is T - 1, where range(1, T) ends.",
    *map(queries, without_row(-1)),
)
ex.mistake(
    "infinitely strong",
    "{aim} Infinity times 0 is not a number. A large finite factor is enough: the softmax makes of it as good as 1.",
    queries(lambda T: float("inf") * torch.eye(T).roll(-1, 1)),
)
