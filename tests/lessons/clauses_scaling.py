"""The statements on scaling, clause by clause, and right answers in more styles."""

import numpy as np
import torch

from clauses import broken, right
from nanogpt_lib.lessons import scaling as ex

scaled, unscaled_head = ex.scaled_scores.answer, ex.unscaled_head.answer
temperature, var_dot = ex.temperature_of.answer, ex.var_dot.answer


def times(factor):
    """The scores with another factor, of x and W_q."""
    return lambda x, W_q, W_k: x @ W_q @ (x @ W_k).mT * factor(x, W_q)


def of_pairs(value, pairs=20_000):
    def measured(n, generator):
        q, k = (torch.randn(pairs, n, generator=generator) for _ in range(2))
        return value(q, k)

    return measured


BROKEN = [
    broken(
        "var_dot",
        "with all of its digits",
        "the number is rounded",
        lambda head_size, generator: round(ex.var_dot.answer(head_size, generator), 1),
    ),
    broken("scaled_scores", "scaled", "no scale", times(lambda x, W: 1)),
    broken("scaled_scores", "by head_size", "the root of n_embd", times(lambda x, W: W.shape[0] ** -0.5)),
    broken("scaled_scores", "by its root", "head_size without the root", times(lambda x, W: 1 / W.shape[1])),
    broken(
        "scaled_scores",
        "divided, not multiplied",
        "multiplied by the root",
        times(lambda x, W: W.shape[1] ** 0.5),
    ),
    broken(
        "scaled_scores",
        "every query with every key",
        "",
        lambda x, a, b: (x @ a * (x @ b)).sum(-1) * a.shape[1] ** -0.5,
    ),
    broken(
        "scaled_scores",
        "queries are rows",
        "queries and keys are swapped",
        lambda x, a, b: scaled(x, a, b).mT,
    ),
    broken(
        "scaled_scores",
        "no mask",
        "the future is masked",
        lambda x, a, b: scaled(x, a, b) + torch.full((x.shape[1],) * 2, -torch.inf).triu(1),
    ),
    broken("scaled_scores", "no mask, not even of 0", "", lambda x, a, b: scaled(x, a, b).tril()),
    broken(
        "scaled_scores", "no softmax", "the softmax is taken", lambda x, a, b: scaled(x, a, b).softmax(-1)
    ),
    broken("scaled_scores", "gradients come back", "", lambda x, a, b: scaled(x, a, b).detach()),
    broken(
        "scaled_scores",
        "gradients come back: no numpy",
        "",
        lambda x, a, b: torch.from_numpy(scaled(x, a, b).detach().numpy()),
    ),
    broken(
        "temperature_of",
        "properly scaled scores",
        "the proper scale is forgotten",
        lambda scale, n: 1 / scale,
    ),
    broken("temperature_of", "divided by the temperature", "upside down", lambda scale, n: scale * n**0.5),
    broken("temperature_of", "head_size ** -0.5", "the root is forgotten", lambda scale, n: 1 / n / scale),
    broken(
        "temperature_of",
        "the right scale has temperature 1",
        "the root on the wrong side",
        lambda scale, n: n**0.5 / scale,
    ),
    broken("temperature_of", "of any scale", "always 1", lambda scale, n: 1),
    broken("unscaled_head", "not scaled", "the flattest head", lambda w: w.amax(-1).mean(-1).argmin()),
    broken(
        "unscaled_head",
        "the index",
        "the entropy instead of the index",
        lambda w: torch.special.entr(w).sum(-1).mean(-1).min(),
    ),
    broken(
        "unscaled_head", "the index of that head, from 0", "counts from 1", lambda w: unscaled_head(w) + 1
    ),
    broken(
        "unscaled_head",
        "one index",
        "all entropies instead of one index",
        lambda w: torch.special.entr(w).sum(-1).mean(-1),
    ),
    broken("unscaled_head", "all of a head", "judges by the sharpest row", lambda w: w.amax((1, 2)).argmax()),
    broken(
        "unscaled_head",
        "masked layers too",
        "0 * log(0)",
        lambda w: (w * w.log()).sum((1, 2)).nan_to_num(9).argmax(),
    ),
    broken(
        "unscaled_head",
        "by all weights, not by the smallest",
        "0 * log(0)",
        lambda w: w.flatten(1).min(1).values.argmin(),
    ),
    broken("unscaled_head", "whatever the layer", "the first head below ln T", lambda w: 0),
    broken("unscaled_head", "whatever the layer, not the last", "", lambda w: len(w) - 1),
    broken("var_dot", "20,000 queries", "too few draws", of_pairs(lambda q, k: (q * k).sum(-1).var(), 5_000)),
    broken(
        "var_dot",
        "the variance",
        "the spread instead of the variance",
        of_pairs(lambda q, k: (q * k).sum(-1).std()),
    ),
    broken(
        "var_dot",
        "of dot products",
        "the mean of the products instead of their sum",
        of_pairs(lambda q, k: (q * k).mean(-1).var()),
    ),
    broken(
        "var_dot", "queries and keys", "a vector with itself", of_pairs(lambda q, k: (q * q).sum(-1).var())
    ),
    broken(
        "var_dot",
        "of raw ones",
        "nothing was added up",
        of_pairs(lambda q, k: ((q * k).sum(-1) / q.shape[1] ** 0.5).var()),
    ),
    broken(
        "var_dot",
        "with torch.randn",
        "uniform instead of normal draws",
        lambda n, g: (torch.rand(20_000, n, generator=g) * torch.rand(20_000, n, generator=g)).sum(-1).var(),
    ),
    broken("var_dot", "generator=generator", "the generator is not used", lambda n, g: var_dot(n, None)),
    broken("var_dot", "the variance of those", "nothing was drawn", lambda n, g: float(n)),
]

RIGHT = [
    right(
        "scaled_scores",
        "einsum in float64",
        lambda x, a, b: (
            torch.einsum("btc,ch,dh,bsd->bts", x.double(), a.double(), b.double(), x.double())
            / a.shape[1] ** 0.5
        ),
    ),
    right(
        "scaled_scores",
        "q is scaled",
        lambda x, a, b: torch.bmm(x @ a / np.sqrt(a.shape[1]), (x @ b).transpose(1, 2)),
    ),
    right("temperature_of", "an array", lambda scale, n: 1 / (np.array(scale) * np.sqrt(n))),
    right("temperature_of", "a tensor", lambda scale, n: 1 / (scale * torch.tensor(n).sqrt())),
    right("unscaled_head", "xlogy", lambda w: (-torch.special.xlogy(w, w)).sum((1, 2)).argmin()),
    right(
        "unscaled_head",
        "by numpy",
        lambda w: np.array([(-p[p > 0] * np.log(p[p > 0])).sum() for p in w.numpy()]).argmin(),
    ),
    right(
        "unscaled_head",
        "a small number inside the log",
        lambda w: float((w * (w + 1e-12).log()).sum((1, 2)).argmax()),
    ),
    right("var_dot", "by numpy afterwards", of_pairs(lambda q, k: np.var((q * k).sum(1).numpy(), ddof=1))),
    right("var_dot", "vecdot", of_pairs(lambda q, k: torch.linalg.vecdot(q, k).var())),
]
