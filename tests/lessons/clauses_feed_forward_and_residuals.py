"""The statements on feed-forward layers and residuals, clause by clause, and right answers in more styles."""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from clauses import broken, right
from nanogpt_lib.lessons import feed_forward_and_residuals as ex

feed_forward, block, scale_writers = (ex.feed_forward.answer, ex.block.answer, ex.scale_writers.answer)


class Layer(nn.Module):
    """A layer that does as its function says: out, back and x are given."""

    def __init__(self, n_embd, compute, width=4, **biases):
        super().__init__()
        self.out = nn.Linear(n_embd, width * n_embd, bias=biases.get("first", True))
        self.back = nn.Linear(width * n_embd, n_embd, bias=biases.get("second", True))
        self.compute = compute

    def forward(self, x):
        return self.compute(self.out, self.back, x)


def layer(compute=lambda out, back, x: back(F.relu(out(x))), **changes):
    return lambda n_embd: Layer(n_embd, compute, **changes)


@torch.no_grad()
def multiplied(blocks, factor=None, weights=lambda b: [b.sa.proj.weight, b.ffwd.net[2].weight]):
    for one in blocks:
        for weight in weights(one):
            weight *= factor or (2 * len(blocks)) ** -0.5
    return blocks


def twice(blocks):
    return multiplied(multiplied(blocks))


def with_biases(b):
    return [*b.sa.proj.parameters(), *b.ffwd.net[2].parameters()]


def in_place(x, sa, ffwd, ln1, ln2):
    x += sa(ln1(x))
    return x + ffwd(ln2(x))


def turned(block):
    for weight in (block.sa.proj.weight, block.ffwd.net[2].weight):
        weight.data.neg_()
    return block


BROKEN = [
    broken(
        "scale_writers",
        "a positive factor",
        "the sign is turned",
        lambda blocks: [flipped for flipped in ex.scale_writers.answer(blocks) if turned(flipped)],
    ),
    broken("feed_forward", "relu", "there is no ReLU", layer(lambda out, back, x: back(out(x)))),
    broken(
        "feed_forward",
        "relu and no other bend",
        "the bend is another",
        layer(lambda out, back, x: back(F.gelu(out(x)))),
    ),
    broken(
        "feed_forward",
        "relu in the middle",
        "a second ReLU stands at the end",
        layer(lambda out, back, x: F.relu(back(F.relu(out(x))))),
    ),
    broken("feed_forward", "b1 and b2", "a bias is forgotten", layer(second=False)),
    broken("feed_forward", "four times as wide", "the middle is not four times as wide", layer(width=2)),
    broken(
        "feed_forward",
        "the formula, without x added",
        "the residual sum is inside",
        layer(lambda out, back, x: x + back(F.relu(out(x)))),
    ),
    broken(
        "feed_forward",
        "the formula, without chance",
        "a dropout is inside",
        lambda C: nn.Sequential(*feed_forward(C), nn.Dropout(0.1)),
    ),
    broken(
        "feed_forward",
        "the formula, without a norm",
        "",
        lambda C: nn.Sequential(nn.LayerNorm(C, elementwise_affine=False), *feed_forward(C)),
    ),
    broken(
        "feed_forward",
        "each position by itself",
        "the positions are averaged",
        layer(lambda out, back, x: back(F.relu(out(x))).mean(1, keepdim=True).expand_as(x)),
    ),
    broken("feed_forward", "a torch module", "", lambda C: lambda x: x),
    broken(
        "feed_forward", "gradients for all", "", layer(lambda out, back, x: back(F.relu(out(x)).detach()))
    ),
    broken(
        "block",
        "attention reads ln1's copy",
        "a part reads the stream as it is",
        lambda x, sa, ffwd, ln1, ln2: block(x, sa, ffwd, lambda x: x, ln2),
    ),
    broken(
        "block",
        "and adds its change",
        "only the feed-forward layer has a way round",
        lambda x, sa, ffwd, ln1, ln2: (x := sa(ln1(x))) + ffwd(ln2(x)),
    ),
    broken(
        "block",
        "to the stream",
        "the change is added to a norm's copy",
        lambda x, sa, ffwd, ln1, ln2: (x := (y := ln1(x)) + sa(y)) + ffwd(ln2(x)),
    ),
    broken(
        "block",
        "first attention",
        "the feed-forward layer comes first",
        lambda x, sa, ffwd, ln1, ln2: block(x, ffwd, sa, ln2, ln1),
    ),
    broken(
        "block",
        "then ffwd",
        "both parts read the same x",
        lambda x, sa, ffwd, ln1, ln2: x + sa(ln1(x)) + ffwd(ln2(x)),
    ),
    broken(
        "block",
        "ffwd reads ln2's copy",
        "one norm serves both parts",
        lambda x, sa, ffwd, ln1, ln2: block(x, sa, ffwd, ln1, ln1),
    ),
    broken(
        "block", "both changes once", "", lambda x, sa, ffwd, ln1, ln2: 2 * block(x, sa, ffwd, ln1, ln2) - x
    ),
    broken("block", "x itself stays", "x is changed in place", in_place),
    broken("block", "gradients come back", "", lambda x, *parts: block(x.detach(), *parts).detach()),
    broken(
        "scale_writers",
        "multiply, by one over the root of all writers",
        "a block is counted as one writer",
        lambda b: multiplied(b, len(b) ** -0.5),
    ),
    broken("scale_writers", "by a root", "the root is missing", lambda b: multiplied(b, 0.5 / len(b))),
    broken("scale_writers", "by one factor, once", "the root is missing", twice),
    broken(
        "scale_writers",
        "the weights",
        "the biases are scaled as well",
        lambda b: multiplied(b, weights=with_biases),
    ),
    broken(
        "scale_writers",
        "of all writers",
        "only attention's writers are scaled",
        lambda b: multiplied(b, weights=lambda one: [one.sa.proj.weight]),
    ),
    broken(
        "scale_writers",
        "in all blocks",
        "each block has a factor of its own",
        lambda b: multiplied(b[:-1], (2 * len(b)) ** -0.5) and b,
    ),
    broken(
        "scale_writers",
        "of the writers alone",
        "everything is scaled",
        lambda b: multiplied(b, weights=lambda one: list(one.parameters())),
    ),
    broken("scale_writers", "in place", "copies are scaled", lambda b: multiplied(copy.deepcopy(b))),
    broken(
        "scale_writers",
        "however many blocks there are",
        "the factor of twelve blocks, everywhere",
        lambda b: multiplied(b, 24**-0.5),
    ),
    broken("scale_writers", "return blocks", "nothing is returned", lambda b: multiplied(b) and None),
]


def by_matrices(C):
    """No Linear: four parameters and an einsum."""

    class Matrices(nn.Module):
        def __init__(self):
            super().__init__()
            self.W1, self.b1 = nn.Parameter(torch.randn(C, 4 * C)), nn.Parameter(torch.zeros(4 * C))
            self.W2, self.b2 = nn.Parameter(torch.randn(4 * C, C)), nn.Parameter(torch.zeros(C))

        def forward(self, x):
            hidden = torch.einsum("btc,ch->bth", x, self.W1) + self.b1
            return torch.einsum("bth,hc->btc", hidden.relu(), self.W2) + self.b2

    return Matrices()


@torch.no_grad()
def by_copy(blocks):
    for one in blocks:
        for weight in (one.sa.proj.weight, one.ffwd.net[2].weight):
            weight.copy_(torch.from_numpy(weight.numpy() / np.sqrt(2 * len(blocks))))
    return list(blocks)


def writers(blocks):
    return [w.data for one in blocks for w in (one.sa.proj.weight, one.ffwd.net[2].weight)]


RIGHT = [
    right("feed_forward", "four parameters", by_matrices),
    right("feed_forward", "clamp", layer(lambda out, back, x: back(out(x).clamp_min(0)))),
    right(
        "feed_forward",
        "torch.maximum",
        layer(lambda out, back, x: back(torch.maximum(out(x), torch.zeros(())))),
    ),
    right(
        "block",
        "in place on a clone",
        lambda x, sa, ffwd, ln1, ln2: (y := x.clone() + sa(ln1(x))) + ffwd(ln2(y)),
    ),
    right("block", "in float64 at the end", lambda *given: block(*given).double()),
    right("scale_writers", "by numpy, in place", by_copy),
    right(
        "scale_writers",
        "torch._foreach",
        lambda b: (torch._foreach_mul_(writers(b), (2 * len(b)) ** -0.5), b)[1],
    ),
]
