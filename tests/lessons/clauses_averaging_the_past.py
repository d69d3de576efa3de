"""The statements on averaging the past, clause by clause, and right answers in more styles."""

import numpy as np
import torch

from clauses import broken, right
from nanogpt_lib.lessons import averaging_the_past as ex

loop, product, softmax = ex.avg_loop.answer, ex.avg_tril.answer, ex.avg_softmax.answer
decayed = ex.decayed_average.answer


def by(weights_of):
    """The answer that multiplies x by weights made from T, and from a decay where there is one."""
    return lambda x, *decay: weights_of(x.shape[1], *decay) @ x


def rows(matrix):
    return matrix / matrix.sum(1, keepdim=True)


def scores(T, fill, diagonal=0):
    return torch.zeros(T, T).masked_fill(torch.ones(T, T).tril(diagonal) == 0, fill)


def powers(T, decay):
    ago = torch.arange(T)[:, None] - torch.arange(T)
    return (decay ** ago.clamp(min=0).float()).tril()


def in_place(x):
    for t in reversed(range(x.shape[1])):
        x[:, t] = x[:, : t + 1].mean(1)
    return x


INFINITY = float("inf")
BROKEN = [
    broken("avg_loop", "the mean", "adds up without dividing", lambda x: x.cumsum(1)),
    broken(
        "avg_loop",
        "the mean, not the median",
        "the median",
        lambda x: torch.stack([x[:, : t + 1].median(1).values for t in range(x.shape[1])], 1),
    ),
    broken(
        "avg_loop",
        "rows 0 to t",
        "leaves out position t itself",
        by(lambda T: rows(torch.ones(T, T).tril(-1))),
    ),
    broken(
        "avg_loop",
        "from row 0 on",
        "looks back one step only",
        by(lambda T: rows(torch.ones(T, T).tril().triu(-1))),
    ),
    broken(
        "avg_loop",
        "no later row",
        "averages the whole sequence",
        lambda x: x.mean(1, keepdim=True).expand_as(x),
    ),
    broken("avg_loop", "of its own sequence", "", lambda x: loop(x.mean(0, keepdim=True).expand_as(x))),
    broken("avg_loop", "every channel", "", lambda x: loop(x).flip(-1)),
    broken(
        "avg_loop",
        "every sequence",
        "fills the first sequence only",
        lambda x: torch.cat([loop(x[:1]), 0 * x[1:]]),
    ),
    broken("avg_loop", "(B, T, C)", "", lambda x: loop(x)[:, -1]),
    broken("avg_loop", "x stays as it is", "", in_place),
    broken("avg_tril", "the mean", "adds up without dividing", by(lambda T: torch.ones(T, T).tril())),
    broken("avg_tril", "of t + 1 rows", "divides by T", by(lambda T: torch.ones(T, T).tril() / T)),
    broken(
        "avg_tril",
        "each row by its own sum",
        "keepdim is missing",
        by(lambda T: torch.ones(T, T).tril() / torch.ones(T, T).tril().sum(1)),
    ),
    broken(
        "avg_tril", "rows 0 to t", "sees one position too far", by(lambda T: rows(torch.ones(T, T).tril(1)))
    ),
    broken("avg_tril", "the past", "looks forward", by(lambda T: rows(torch.ones(T, T).triu()))),
    broken(
        "avg_softmax", "scores of 0", "", by(lambda T: (scores(T, -INFINITY) + torch.arange(T)).softmax(1))
    ),
    broken("avg_softmax", "a mask", "the mask changes nothing", by(lambda T: torch.zeros(T, T).softmax(1))),
    broken("avg_softmax", "a mask that hides", "masks with -1", by(lambda T: scores(T, -1.0).softmax(1))),
    broken(
        "avg_softmax", "a mask that hides all of the future", "", by(lambda T: scores(T, -5.0).softmax(1))
    ),
    broken("avg_softmax", "and a softmax", "no softmax", by(lambda T: scores(T, -INFINITY))),
    broken(
        "avg_softmax",
        "of each row",
        "softmax over the wrong dim",
        by(lambda T: scores(T, -INFINITY).softmax(0)),
    ),
    broken(
        "avg_softmax",
        "after the mask",
        "masks after the softmax",
        by(lambda T: torch.zeros(T, T).softmax(1).tril()),
    ),
    broken(
        "avg_softmax",
        "row t itself counts",
        "hides position t itself",
        by(lambda T: scores(T, -INFINITY, -1).softmax(1)),
    ),
    broken("decayed_average", "decay ** s", "", lambda x, decay: decayed(x, decay**2)),
    broken(
        "decayed_average",
        "decay ** s, not exp(-decay * s)",
        "",
        lambda x, decay: decayed(x, float(np.exp(-decay))),
    ),
    broken(
        "decayed_average",
        "s steps back",
        "the oldest counts most",
        by(lambda T, d: rows((d ** torch.arange(T).float()).expand(T, T).tril())),
    ),
    broken("decayed_average", "the weights sum to 1", "the rows are not normalised", by(powers)),
    broken(
        "decayed_average",
        "of every row",
        "divides by t + 1",
        by(lambda T, d: powers(T, d) / torch.arange(1, T + 1)[:, None]),
    ),
    broken(
        "decayed_average",
        "of the past",
        "fades on both sides",
        by(lambda T, d: rows(powers(T, d) + powers(T, d).tril(-1).T)),
    ),
    broken("decayed_average", "decay 0 too", "NaN at decay 0", by(lambda T, d: rows(d * powers(T, d)))),
    broken("decayed_average", "any decay", "decay does nothing", lambda x, decay: loop(x)),
]


def by_numpy(x, decay=1.0):
    """Everything in numpy: nobody asks for gradients here."""
    a, T = x.numpy(), x.shape[1]
    ago = np.maximum(np.arange(T)[:, None] - np.arange(T), 0)
    weights = np.tril(np.power(float(decay), ago))
    return np.einsum("ts,bsc->btc", weights / weights.sum(1, keepdims=True), a)


def by_loops(x):
    out = torch.empty_like(x)
    for b, sequence in enumerate(x):
        total = torch.zeros(x.shape[2])
        for t, row in enumerate(sequence):
            total = total + row
            out[b, t] = total / (t + 1)
    return out


RIGHT = [
    *(
        right(name, "by numpy, an array", by_numpy)
        for name in ("avg_loop", "avg_tril", "avg_softmax", "decayed_average")
    ),
    *(
        right(name, "by numpy, a tensor", lambda *given: torch.tensor(by_numpy(*given)))
        for name in ("avg_tril", "decayed_average")
    ),
    *(right(name, "by loops", by_loops) for name in ("avg_loop", "avg_tril", "avg_softmax")),
    right(
        "avg_softmax", "minus infinity added", by(lambda T: torch.full((T, T), -INFINITY).triu(1).softmax(-1))
    ),
    right("avg_softmax", "in place on a clone", lambda x: x.clone().copy_(softmax(x))),
    right(
        "avg_tril",
        "einsum in float64",
        lambda x: torch.einsum(
            "ts,bsc->btc", rows(torch.ones(x.shape[1], x.shape[1]).double().tril()), x.double()
        ),
    ),
    right("decayed_average", "in float64", lambda x, decay: decayed(x.double().float(), decay).double()),
]
