"""The statements on speed, clause by clause, and right answers in more styles."""

import math

import numpy
import torch
import torch.nn.functional as F

from clauses import broken, right
from nanogpt_lib.lessons import faster_and_bigger as ex

kv_step, kernel_attention, orthogonalise, next_saving = (
    ex.kv_step.answer,
    ex.kernel_attention.answer,
    ex.orthogonalise.answer,
    ex.next_saving.answer,
)


def stepping(
    look=lambda n: n + 1,
    count=lambda n: n + 1,
    scale=lambda D: D**-0.5,
    full=lambda n, S: n == S,
    error=lambda: ValueError("full"),
    key=lambda x, W_q, W_k, W_v: x @ W_k,
    spoil=False,
):
    def answer(x, cache, W_q, W_k, W_v):
        n, S = cache["length"], cache["keys"].shape[1]
        if full(n, S):
            if spoil:
                cache["length"] = 0
            raise error()
        cache["keys"][:, n], cache["values"][:, n] = key(x, W_q, W_k, W_v), x @ W_v
        cache["length"] = count(n)
        scores = torch.einsum("bd,bsd->bs", x @ W_q, cache["keys"][:, : look(n)]) * scale(W_q.shape[1])
        return torch.einsum("bs,bsd->bd", scores.softmax(-1), cache["values"][:, : look(n)])

    return answer


def masked(mask=lambda Tq, Tk: torch.ones(Tq, Tk).tril(Tk - Tq) > 0, scale=lambda s: s, p=0.0):
    return lambda q, k, v, s: F.scaled_dot_product_attention(
        q, k, v, mask(q.shape[2], k.shape[2]), p, scale=scale(s)
    )


def by_svd(lengths):
    def answer(update):
        U, S, Vh = torch.linalg.svd(update, full_matrices=False)
        return U @ torch.diag(lengths(S)) @ Vh

    return answer


def told(part=lambda part, shares, faster: part, times=lambda t: t):
    def answer(shares, faster):
        best, t = next_saving(shares, faster)
        return part(best, shares, faster), times(t) if best else t

    return answer


BROKEN = [
    broken(
        "kv_step",
        "the new key and value into the next place",
        "",
        stepping(key=lambda x, *_: x @ x.mT @ x @ _[1]),
    ),
    broken(
        "kv_step",
        "of what is kept, the new one too",
        "the new position does not see itself",
        stepping(look=lambda n: n),
    ),
    broken("kv_step", "and nothing else", "looks at empty places", stepping(look=lambda n: None)),
    broken("kv_step", "count it in length", "length is not counted", stepping(count=lambda n: n)),
    broken("kv_step", "the scale", "the scale is missing", stepping(scale=lambda D: 1.0)),
    broken("kv_step", "its root", "divided by head_size", stepping(scale=lambda D: 1 / D)),
    broken(
        "kv_step",
        "the key from W_k",
        "values in place of keys",
        stepping(key=lambda x, W_q, W_k, W_v: x @ W_v),
    ),
    broken(
        "kv_step",
        "a full cache must raise",
        "another error when it is full",
        stepping(full=lambda n, S: False),
    ),
    broken(
        "kv_step",
        "a ValueError",
        "another error when it is full",
        stepping(error=lambda: OverflowError("full")),
    ),
    broken("kv_step", "that says so", "an error without words", stepping(error=ValueError)),
    broken(
        "kv_step", "only when it is full", "full one place too early", stepping(full=lambda n, S: n == S - 1)
    ),
    broken("kv_step", "and stay as it was", "written before it is refused", stepping(spoil=True)),
    broken(
        "kernel_attention",
        "the last positions",
        "the kernel's own mask is at the front",
        masked(lambda Tq, Tk: torch.ones(Tq, Tk).tril() > 0),
    ),
    broken("kernel_attention", "causal", "nothing is masked", masked(lambda Tq, Tk: None)),
    broken(
        "kernel_attention",
        "the past, and not the future",
        "the mask is upside down",
        masked(lambda Tq, Tk: torch.ones(Tq, Tk).tril(Tk - Tq) == 0),
    ),
    broken("kernel_attention", "multiplied by scale", "divided by the scale", masked(scale=lambda s: 1 / s)),
    broken(
        "kernel_attention", "by that scale", "the scale is left to the kernel", masked(scale=lambda s: None)
    ),
    broken("kernel_attention", "nothing is dropped", "dropout is on", masked(p=0.5)),
    broken(
        "kernel_attention",
        "gradients must come back",
        "the gradient is cut",
        torch.no_grad()(lambda *args: masked()(*args)),
    ),
    broken(
        "kernel_attention",
        "by the kernel",
        "plain operations",
        lambda q, k, v, s: (
            (s * torch.einsum("bhqd,bhkd->bhqk", q, k))
            .masked_fill(torch.ones(q.shape[2], k.shape[2]).tril(k.shape[2] - q.shape[2]) == 0, -math.inf)
            .softmax(-1)
            @ v
        ),
    ),
    broken(
        "orthogonalise",
        "the same directions",
        "other directions, by a QR decomposition",
        lambda u: torch.linalg.qr(u)[0] if u.shape[0] >= u.shape[1] else torch.linalg.qr(u.T)[0].T,
    ),
    broken("orthogonalise", "each of length about 1", "nothing is changed", by_svd(lambda S: S)),
    broken(
        "orthogonalise",
        "each, and not the longest alone",
        "divided by the longest",
        by_svd(lambda S: S / S.max().clamp(min=1e-9)),
    ),
    broken(
        "orthogonalise",
        "what has no length stays without one",
        "a direction is made up",
        by_svd(torch.ones_like),
    ),
    broken("orthogonalise", "of any shape", "", lambda u: orthogonalise(u) if len(u) <= u.shape[1] else u),
    broken(
        "orthogonalise",
        "a matrix of zeros",
        "zeros are divided by zero",
        lambda u: orthogonalise(u) if u.any() else u / u.norm(),
    ),
    broken(
        "next_saving",
        "the part that shortens the step most",
        "the largest share",
        lambda shares, faster: (lambda part: (part, 1 / (1 - shares[part] + shares[part] / faster[part])))(
            max(faster, key=shares.get)
        ),
    ),
    broken(
        "next_saving",
        "and not the fastest change",
        "the largest factor",
        lambda shares, faster: (lambda part: (part, 1 / (1 - shares[part] + shares[part] / faster[part])))(
            max(faster, key=faster.get)
        ),
    ),
    broken(
        "next_saving",
        "the whole step",
        "the factor of the part for the whole",
        lambda shares, faster: (lambda part, t: (part, faster[part] if part else t))(
            *next_saving(shares, faster)
        ),
    ),
    broken(
        "next_saving",
        "how many times as fast",
        "the time in place of how many times",
        told(times=lambda t: 1 / t),
    ),
    broken(
        "next_saving",
        "one part",
        "all changes at once",
        lambda shares, faster: (
            lambda part, t: (part, 1 / sum(s / faster.get(p, 1) for p, s in shares.items()) if part else t)
        )(*next_saving(shares, faster)),
    ),
    broken(
        "next_saving",
        "where no change helps",
        "a change that does not help",
        lambda shares, faster: (lambda part: (part, 1 / (1 - shares[part] + shares[part] / faster[part])))(
            min(faster, key=lambda part: shares[part] / faster[part] - shares[part])
        ),
    ),
    broken(
        "next_saving",
        "(None, 1.0)",
        "not a number where nothing helps",
        lambda shares, faster: (lambda part, t: (part, t if part else 0))(*next_saving(shares, faster)),
    ),
]


def step_by_numpy(x, cache, W_q, W_k, W_v):
    n = int(cache["length"])
    if not n < cache["keys"].shape[1]:
        raise ValueError("forget the text first")
    cache["keys"][:, n] = x @ W_k
    cache["values"][:, n] = x @ W_v
    cache["length"] += 1
    q, K, V = (x @ W_q).numpy(), cache["keys"].numpy()[:, : n + 1], cache["values"].numpy()[:, : n + 1]
    weights = numpy.exp(numpy.einsum("bd,bsd->bs", q, K) / numpy.sqrt(q.shape[-1]))
    return (weights[..., None] * V).sum(1) / weights.sum(1, keepdims=True)


def saving_by_sorting(shares, faster):
    rows = sorted((1 - shares[part] * (1 - 1 / factor), part) for part, factor in faster.items())
    left, part = rows[0]
    return (part, 1 / left) if left < 1 else (None, 1.0)


RIGHT = [
    right("kv_step", "numpy", step_by_numpy),
    right("kv_step", "einsum", stepping()),
    right("kernel_attention", "an own mask, by position", masked()),
    right(
        "kernel_attention",
        "causal where it is the same",
        lambda q, k, v, s: (
            F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=s)
            if q.shape == k.shape
            else masked()(q, k, v, s)
        ),
    ),
    right("orthogonalise", "the polar factor", by_svd(lambda S: (S > 1e-5).float())),
    right("orthogonalise", "lengths that are only near 1", by_svd(lambda S: 0.8 * (S > 1e-5).float())),
    right("next_saving", "sorted", saving_by_sorting),
]
