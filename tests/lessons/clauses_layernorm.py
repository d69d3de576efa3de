"""The statements on layer norms, clause by clause, and right answers in more styles."""

import numpy as np
import torch
import torch.nn.functional as F

from clauses import broken, right
from nanogpt_lib.lessons import layernorm as ex

layer_norm, repaired, stack = ex.layer_norm.answer, ex.repaired.answer, ex.stack.answer


def normed(dim=-1, correction=0, root=lambda variance, eps: (variance + eps).sqrt()):
    """x normalised in another way."""

    def of(x, eps):
        variance = x.var(dim, correction=correction, keepdim=True)
        return (x - x.mean(dim, keepdim=True)) / root(variance, eps)

    return of


def with_gain(of):
    return lambda x, gamma, beta, eps: gamma * of(x, eps) + beta


def stacked(block, ends=lambda x, ln_f: ln_f(x)):
    def answer(x, blocks, ln_f):
        for parts in blocks:
            x = block(x, *parts)
        return ends(x, ln_f)

    return answer


def whole(x, ln1, sa, ln2, ffwd):
    x = x + sa(ln1(x))
    return x + ffwd(ln2(x))


def centred_in_place(x, gamma, beta, eps):
    x.sub_(x.mean(-1, keepdim=True))
    return layer_norm(x, gamma, beta, eps)


def variance_over_time(x, eps):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(1, keepdim=True) + eps).sqrt()


BROKEN = [
    broken("layer_norm", "over its own features", "over time", with_gain(normed(1))),
    broken("layer_norm", "each position alone", "over time and features", with_gain(normed((1, 2)))),
    broken("layer_norm", "the biased variance", "the unbiased variance", with_gain(normed(correction=1))),
    broken("layer_norm", "eps", "no eps", with_gain(normed(root=lambda v, eps: v.sqrt()))),
    broken(
        "layer_norm",
        "eps in the root",
        "eps outside the root",
        with_gain(normed(root=lambda v, eps: v.sqrt() + eps)),
    ),
    broken(
        "layer_norm",
        "eps is added",
        "eps as the least that is allowed",
        with_gain(normed(root=lambda v, eps: v.clamp_min(eps).sqrt())),
    ),
    broken(
        "layer_norm",
        "the eps that is given",
        "an eps of its own",
        with_gain(normed(root=lambda v, eps: (v + 1e-5).sqrt())),
    ),
    broken("layer_norm", "in the root", "no root", with_gain(normed(root=lambda v, eps: v + eps))),
    broken("layer_norm", "times gamma", "gamma is not used", lambda x, g, b, eps: repaired(x, eps) + b),
    broken("layer_norm", "times gamma itself", "", lambda x, g, b, eps: repaired(x, eps) * (1 + g) + b),
    broken("layer_norm", "plus beta", "beta is not used", lambda x, g, b, eps: repaired(x, eps) * g),
    broken(
        "layer_norm",
        "then beta",
        "beta is multiplied by gamma too",
        lambda x, g, b, eps: (repaired(x, eps) + b) * g,
    ),
    broken(
        "layer_norm", "gradients come back to x", "", lambda x, g, b, eps: layer_norm(x.detach(), g, b, eps)
    ),
    broken(
        "layer_norm",
        "gradients come back: no numpy",
        "",
        lambda x, *rest: layer_norm(torch.from_numpy(x.numpy()), *rest),
    ),
    broken("layer_norm", "x stays as it is", "writes into x", centred_in_place),
    broken(
        "repaired",
        "mean 0",
        "only scaled",
        lambda x, eps: x / (x.square().mean(-1, keepdim=True) + eps).sqrt(),
    ),
    broken("repaired", "variance 1", "only shifted", lambda x, eps: x - x.mean(-1, keepdim=True)),
    broken("repaired", "variance 1, not nearly", "the unbiased variance", normed(correction=1)),
    broken("repaired", "every row by itself: time", "over time and features", normed((1, 2))),
    broken("repaired", "every row by itself: the batch", "over batch and features", normed((0, 2))),
    broken("repaired", "in mean and variance", "only the mean is repaired", variance_over_time),
    broken("repaired", "eps", "", normed(root=lambda v, eps: v.sqrt())),
    broken("repaired", "(B, T, C)", "", lambda x, eps: repaired(x, eps)[0]),
    broken(
        "stack",
        "every block",
        "ends after the first block",
        lambda x, blocks, ln_f: stack(x, blocks[:1], ln_f),
    ),
    broken("stack", "in their order", "", lambda x, blocks, ln_f: stack(x, blocks[::-1], ln_f)),
    broken(
        "stack",
        "a norm before each part",
        "no norm before attention",
        stacked(lambda x, ln1, sa, ln2, ffwd: whole(x, lambda x: x, sa, ln2, ffwd)),
    ),
    broken(
        "stack",
        "before, not after",
        "the norm after the sum",
        stacked(lambda x, ln1, sa, ln2, ffwd: ln2((x := ln1(x + sa(x))) + ffwd(x))),
    ),
    broken(
        "stack",
        "its own norm",
        "one norm for both parts",
        stacked(lambda x, ln1, sa, ln2, ffwd: whole(x, ln1, sa, ln1, ffwd)),
    ),
    broken("stack", "through the last norm", "no last norm", stacked(whole, ends=lambda x, ln_f: x)),
    broken("stack", "the last norm once", "", stacked(whole, ends=lambda x, ln_f: ln_f(ln_f(x)))),
    broken(
        "stack",
        "each part adds",
        "the sums are missing",
        stacked(lambda x, ln1, sa, ln2, ffwd: ffwd(ln2(sa(ln1(x))))),
    ),
    broken("stack", "gradients come back", "", lambda x, blocks, ln_f: stack(x, blocks, ln_f).detach()),
    broken(
        "stack",
        "gradients come back to every block",
        "",
        stacked(lambda x, *parts: whole(x.detach(), *parts)),
    ),
    broken("stack", "x stays as it is", "", lambda x, blocks, ln_f: stack(x.mul_(1.5), blocks, ln_f)),
]


def by_numpy(x, eps):
    """Nobody asks `repaired` for gradients."""
    a = x.numpy().astype(np.float64)
    return (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, keepdims=True) + eps)


def by_loops(x, gamma, beta, eps):
    rows = []
    for row in x.reshape(-1, x.shape[-1]):
        mean = row.sum() / len(row)
        variance = ((row - mean) ** 2).sum() / len(row)
        rows.append((row - mean) * (variance + eps) ** -0.5 * gamma + beta)
    return torch.stack(rows).reshape(x.shape)


def in_place_on_a_clone(x, eps):
    y = x.clone()
    y -= y.mean(-1, keepdim=True)
    y /= (y.square().mean(-1, keepdim=True) + eps).sqrt()
    return y


RIGHT = [
    right("layer_norm", "by loops", by_loops),
    right("layer_norm", "addcmul", lambda x, g, b, eps: torch.addcmul(b, g, repaired(x, eps))),
    right(
        "layer_norm",
        "F.layer_norm in float64",
        lambda x, g, b, eps: F.layer_norm(x.double(), x.shape[-1:], g.double(), b.double(), eps),
    ),
    right("repaired", "an array", by_numpy),
    right("repaired", "F.layer_norm", lambda x, eps: F.layer_norm(x, (x.shape[2],), eps=eps)),
    right("repaired", "in place on a clone", in_place_on_a_clone),
    right("stack", "in float64 at the end", lambda *given: stack(*given).double()),
    right("stack", "a function for a block", stacked(whole)),
]
