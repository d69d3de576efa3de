"""The statements on self-attention, clause by clause, and right answers in more styles."""

import numpy as np
import torch
import torch.nn.functional as F

from clauses import broken, right
from nanogpt_lib.lessons import self_attention as ex

head, look_back, two_orders = ex.head_forward.answer, ex.look_back.answer, ex.two_orders.answer


def attended(scores_of=lambda q, k: q @ k.mT, weights_of=None, scale=1.0, diagonal=0):
    """One head; what is given is done otherwise."""

    def forward(x, W_q, W_k, W_v):
        q, k, v = x @ W_q, x @ W_k, x @ W_v
        scores = scores_of(q, k) * (scale(x, W_q) if callable(scale) else scale)
        if weights_of is not None:
            return weights_of(scores) @ v
        T = x.shape[1]
        return scores.masked_fill(torch.ones(T, T).tril(diagonal) == 0, float("-inf")).softmax(-1) @ v

    return forward


def weights(x, W_q, W_k):
    T = x.shape[1]
    scores = x @ W_q @ (x @ W_k).mT
    return scores.masked_fill(torch.ones(T, T).tril() == 0, float("-inf")).softmax(-1)


def toward(step, strength=10.0):
    return lambda T: (strength * torch.eye(T).roll(step, 1), torch.eye(T))


BROKEN = [
    broken("two_orders", "each (T, C)", "", lambda T, C: [x[None] for x in ex.two_orders.answer(T, C)]),
    broken("head_forward", "causal", "no mask", attended(weights_of=lambda s: s.softmax(-1))),
    broken("head_forward", "causal, itself included", "hides position t itself", attended(diagonal=-1)),
    broken("head_forward", "causal, not one further", "sees one position too far", attended(diagonal=1)),
    broken(
        "head_forward",
        "without a scale",
        "the scores are scaled",
        attended(scale=lambda x, W: W.shape[1] ** -0.5),
    ),
    broken("head_forward", "without a scale by T", "", attended(scale=lambda x, W: x.shape[1] ** -0.5)),
    broken("head_forward", "q = x @ W_q", "query and key are swapped", lambda x, a, b, c: head(x, b, a, c)),
    broken(
        "head_forward",
        "each matrix (C, head_size)",
        "the matrices lie on their side",
        lambda x, *W: head(x, *(w.T for w in W)),
    ),
    broken(
        "head_forward", "W_v", "averages the keys instead of the values", lambda x, a, b, c: head(x, a, b, b)
    ),
    broken(
        "head_forward",
        "self-attention within a sequence",
        "",
        lambda x, *W: head(x.mean(0, keepdim=True).expand_as(x), *W),
    ),
    broken("head_forward", "every sequence for itself", "", lambda x, *W: head(x.flip(0), *W)),
    broken("head_forward", "the output", "returns the weights", lambda x, a, b, c: weights(x, a, b)),
    broken(
        "head_forward",
        "gradients come back to all three",
        "the way back is cut",
        lambda x, *W: head(x, *(w.detach() for w in W)),
    ),
    broken(
        "head_forward",
        "gradients come back: no numpy",
        "",
        lambda x, *W: torch.tensor(head(x, *(torch.tensor(w.numpy()) for w in W))),
    ),
    broken("look_back", "the one before it", "looks at itself", toward(0)),
    broken(
        "look_back",
        "one back, not two",
        "looks two back",
        lambda T: (torch.tensor(10 * np.eye(T, k=-2)), torch.eye(T)),
    ),
    broken("look_back", "the query asks for the one before", "asks for the position after it", toward(1)),
    broken("look_back", "at least 0.9", "too weak", lambda T: (4 * torch.eye(T).roll(1, 0), torch.eye(T))),
    broken("look_back", "T up to 32", "too weak", lambda T: (5 * torch.eye(T).roll(1, 0), torch.eye(T))),
    broken(
        "look_back",
        "every position but 0",
        "the last row is left out",
        lambda T: (10 * torch.eye(T).roll(1, 0) * (torch.arange(T) < T - 1)[:, None], torch.eye(T)),
    ),
    broken("look_back", "W_q and W_k", "", lambda T: 10 * torch.eye(T).roll(1, 0)),
    broken("look_back", "each (T, head_size)", "", lambda T: (torch.eye(8), torch.eye(8))),
    broken("two_orders", "they differ", "twice the same", lambda T, C: (torch.ones(T, C).cumsum(0),) * 2),
    broken(
        "two_orders", "the same rows", "no row in common", lambda T, C: (torch.randn(T, C), torch.randn(T, C))
    ),
    broken(
        "two_orders",
        "whole rows",
        "the channels are shuffled",
        lambda T, C: (x := torch.randn(T, C), x.flip(1)),
    ),
    broken(
        "two_orders",
        "every row",
        "rows are drawn with repetition",
        lambda T, C: (x := torch.randn(T, C), x[torch.randint(T, (T,))]),
    ),
    broken(
        "two_orders",
        "at other places, with the same numbers",
        "other values",
        lambda T, C: (x := torch.randn(T, C), -x),
    ),
    broken("two_orders", "two inputs", "", lambda T, C: torch.randn(T, C)),
    broken("two_orders", "each (T, C)", "", lambda T, C: (x := torch.randn(C, T), x.flip(0))),
]


def head_of_torch(x, W_q, W_k, W_v):
    """A mask of True and False, in float64."""
    q, k, v = (x.double() @ W.double() for W in (W_q, W_k, W_v))
    seen = torch.ones(x.shape[1], x.shape[1]).tril().bool()
    return F.scaled_dot_product_attention(q, k, v, attn_mask=seen, scale=1.0)


def head_in_place(x, W_q, W_k, W_v):
    scores = (x @ W_q) @ (x @ W_k).transpose(1, 2)
    scores[:, ~torch.ones(x.shape[1], x.shape[1]).tril().bool()] = -torch.inf
    return F.softmax(scores, dim=-1) @ (x @ W_v)


RIGHT = [
    right("head_forward", "torch's own, in float64", head_of_torch),
    right("head_forward", "in place on what was made", head_in_place),
    right("head_forward", "F.linear", lambda x, a, b, c: head(x, *(w.T.contiguous().T for w in (a, b, c)))),
    right("look_back", "arrays", lambda T: (20 * np.eye(T, k=-1), np.eye(T))),
    right("look_back", "lists of lists", lambda T: [(30 * np.eye(T, k=-1)).tolist(), np.eye(T).tolist()]),
    right(
        "look_back",
        "a wide head",
        lambda T: (torch.cat([9 * torch.eye(T).roll(1, 0), torch.zeros(T, 3)], 1), torch.eye(T, T + 3)),
    ),
    right(
        "two_orders", "arrays", lambda T, C: (x := np.random.default_rng(1).random((T, C)), x[::-1].copy())
    ),
    right("two_orders", "lists", lambda T, C: [(x := torch.randn(T, C).tolist()), x[1:] + x[:1]]),
    right(
        "two_orders", "two rows change places", lambda T, C: (x := torch.randn(T, C), x[[1, 0, *range(2, T)]])
    ),
]
