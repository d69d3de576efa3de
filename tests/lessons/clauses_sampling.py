"""The statements on sampling, clause by clause, and right answers in more styles."""

import numpy as np
import torch

from clauses import broken, right
from nanogpt_lib.lessons import sampling as ex
from nanogpt_lib.sampling import next_token_probs

apply_temperature, top_k, top_p, generate = (
    ex.apply_temperature.answer,
    ex.top_k.answer,
    ex.top_p.answer,
    ex.generate.answer,
)


def heated(middle, at_0=None):
    return lambda logits, T: middle(logits, T) if T else (at_0 or first)(logits)


def first(logits):
    return torch.zeros_like(logits).scatter(-1, logits.argmax(-1, keepdim=True), 1.0)


def cut(threshold, fill=-torch.inf):
    return lambda logits, k: logits.masked_fill(logits < threshold(logits, min(k, logits.shape[-1])), fill)


def kth(logits, k):
    return logits.topk(k, dim=-1).values[..., -1:]


def nucleus(
    stays=lambda before, p: before < p,
    whole=lambda p: p == 1,
    share=lambda kept: kept / kept.sum(-1, keepdim=True),
):
    def answer(probs, p):
        if whole(p):
            return probs
        ordered, order = probs.sort(dim=-1, descending=True)
        kept = ordered * stays(ordered.cumsum(-1) - ordered, p)
        return share(torch.zeros_like(probs).scatter(-1, order, kept))

    return answer


def all_that_tie(probs, p):
    kept = nucleus()(probs, p)
    least = (
        kept.masked_fill(kept == 0, 2.0).amin(-1, keepdim=True)
        * probs.amax(-1, keepdim=True)
        / kept.amax(-1, keepdim=True)
    )
    kept = probs * (probs >= least * (1 - 1e-6))
    return kept / kept.sum(-1, keepdim=True)


def written(
    crop=lambda idx, size: idx[:, -size:],
    probs=lambda logits, T: next_token_probs(logits, T),
    draw=lambda probs, g: torch.multinomial(probs, 1, generator=g),
    gradients=False,
    evaluation=True,
    put_back=lambda part, mode: mode,
):
    def answer(model, idx, max_new_tokens, temperature, generator):
        modes = [(part, part.training) for part in model.modules()]
        if evaluation:
            model.eval()
        try:
            with torch.set_grad_enabled(gradients):
                for _ in range(max_new_tokens):
                    logits = model(crop(idx, model.block_size))[0][:, -1]
                    idx = torch.cat([idx, draw(probs(logits, temperature), generator)], 1)
        finally:
            for part, mode in modes:
                part.training = put_back(part, mode)
        return idx

    return answer


def appended_in_place(model, idx, n, T, g):
    text = generate(model, idx, n, T, g)
    idx.fill_(0)
    return text


BROKEN = [
    broken("apply_temperature", "probabilities", "no softmax", heated(lambda z, T: z / T)),
    broken(
        "apply_temperature",
        "at any temperature",
        "the temperature has limits",
        heated(lambda z, T: (z / max(T, 0.1)).softmax(-1)),
    ),
    broken(
        "apply_temperature",
        "at any temperature, a hot one too",
        "the temperature has limits",
        heated(lambda z, T: (z / min(T, 2.0)).softmax(-1)),
    ),
    broken(
        "apply_temperature",
        "of the logits",
        "the temperature changes nothing",
        heated(lambda z, T: z.softmax(-1)),
    ),
    broken(
        "apply_temperature",
        "divided by it",
        "the logits are multiplied",
        heated(lambda z, T: (z * T).softmax(-1)),
    ),
    broken(
        "apply_temperature",
        "(V,) or (B, V)",
        "the axis is counted from the front",
        heated(lambda z, T: (z / T).softmax(1)),
    ),
    broken("apply_temperature", "at 0 as well", "T = 0 divides by zero", lambda z, T: (z / T).softmax(-1)),
    broken(
        "apply_temperature",
        "at 0 all of it",
        "at T = 0 equals share",
        lambda z, T: (z / max(T, 1e-6)).softmax(-1),
    ),
    broken(
        "apply_temperature",
        "of equals to the first",
        "at T = 0 the last of equals",
        heated(lambda z, T: (z / T).softmax(-1), lambda z: first(z.flip(-1)).flip(-1)),
    ),
    broken("top_k", "-inf", "what is dropped becomes 0", cut(kth, 0.0)),
    broken(
        "top_k",
        "minus infinity, not nearly",
        "what is dropped becomes a large negative number",
        cut(kth, -1e9),
    ),
    broken("top_k", "in each row", "one threshold for the whole batch", cut(lambda z, k: kth(z, k).min())),
    broken(
        "top_k", "below its k-th highest", "one too many", cut(lambda z, k: kth(z, min(k + 1, z.shape[-1])))
    ),
    broken(
        "top_k",
        "what ties with the k-th stays",
        "ties are cut",
        lambda z, k: torch.full_like(z, -torch.inf).scatter(
            -1, (w := z.topk(min(k, z.shape[-1]))).indices, w.values
        ),
    ),
    broken(
        "top_k", "a k above V keeps all", "a k above V", lambda z, k: z.masked_fill(z < kth(z, k), -torch.inf)
    ),
    broken("top_k", "the logits", "probabilities", lambda z, k: top_k(z, k).softmax(-1)),
    broken("top_k", "the logits stay as they are", "", lambda z, k: z.copy_(top_k(z, k))),
    broken("top_p", "the fewest", "one more than needed", nucleus(lambda before, p: before - 0.0 <= p)),
    broken("top_p", "the fewest, of equals too", "all that tie with the last stay", all_that_tie),
    broken(
        "top_p",
        "that reach p",
        "the one that crosses p is dropped",
        lambda probs, p: nucleus(
            lambda before, p: (
                before.roll(-1, -1).masked_fill(torch.arange(probs.shape[-1]) == probs.shape[-1] - 1, 1.0)
                <= p
            )
        )(probs, p),
    ),
    broken("top_p", "divided by their sum", "not divided by the sum", nucleus(share=lambda kept: kept)),
    broken(
        "top_p",
        "by the sum of the row",
        "divided by the sum of the whole batch",
        nucleus(share=lambda kept: kept / kept.sum()),
    ),
    broken(
        "top_p",
        "at their old places",
        "left in falling order",
        lambda probs, p: top_p(probs.sort(descending=True).values, p),
    ),
    broken("top_p", "p = 1 keeps all", "p = 1 drops by rounding", nucleus(whole=lambda p: False)),
    broken(
        "generate",
        "behind it",
        "the prompt is missing",
        lambda m, idx, *rest: generate(m, idx, *rest)[:, idx.shape[1] :],
    ),
    broken(
        "generate",
        "drawn",
        "the likeliest instead of a draw",
        written(draw=lambda probs, g: probs.argmax(-1, keepdim=True)),
    ),
    broken(
        "generate",
        "each row for itself",
        "one row speaks for the whole batch",
        written(draw=lambda probs, g: torch.multinomial(probs[:1].expand_as(probs), 1, generator=g)),
    ),
    broken("generate", "as many as asked", "", lambda m, idx, n, *rest: generate(m, idx, n - 1, *rest)),
    broken("generate", "at most block_size", "no crop", written(crop=lambda idx, size: idx)),
    broken(
        "generate",
        "the last of them",
        "cropped at the wrong end",
        written(crop=lambda idx, size: idx[:, :size]),
    ),
    broken(
        "generate",
        "at a temperature",
        "the temperature is not used",
        written(probs=lambda z, T: z.softmax(-1)),
    ),
    broken(
        "generate", "at 0 as well", "T = 0 divides by zero", written(probs=lambda z, T: (z / T).softmax(-1))
    ),
    broken("generate", "in evaluation mode", "dropout is left on", written(evaluation=False)),
    broken("generate", "without gradients", "gradients are recorded", written(gradients=True)),
    broken(
        "generate",
        "each part has its old mode",
        "always ends in training mode",
        written(put_back=lambda part, mode: True),
    ),
    broken(
        "generate",
        "from the generator",
        "the generator is not used",
        written(draw=lambda probs, g: torch.multinomial(probs, 1)),
    ),
    broken("generate", "idx itself stays", "", appended_in_place),
]


def heated_by_numpy(logits, T):
    z = logits.numpy().astype(np.float64)
    if T == 0:
        return np.eye(z.shape[-1])[z.argmax(-1)]
    e = np.exp((z - z.max(-1, keepdims=True)) / T)
    return e / e.sum(-1, keepdims=True)


def cut_in_place(logits, k):
    out = logits.clone()
    out[out < out.sort(descending=True).values[..., [min(k, out.shape[-1]) - 1]]] = -torch.inf
    return out


def nucleus_by_numpy(probs, p):
    rows = probs.reshape(-1, probs.shape[-1]).numpy().astype(np.float64)
    out = np.zeros_like(rows)
    for row, mine in zip(rows, out, strict=True):
        total = 0.0
        for i in np.argsort(-row, kind="stable"):
            if total >= p and p < 1:
                break
            mine[i], total = row[i], total + row[i]
    return (out / out.sum(-1, keepdims=True)).reshape(probs.shape)


RIGHT = [
    right("apply_temperature", "an array", heated_by_numpy),
    right(
        "apply_temperature",
        "logsumexp",
        heated(lambda z, T: (z / T - (z / T).logsumexp(-1, keepdim=True)).exp()),
    ),
    right("top_k", "in place on a clone", cut_in_place),
    right("top_k", "in float64", lambda z, k: top_k(z.double(), k)),
    right("top_p", "an array", nucleus_by_numpy),
    right("top_p", "in float64", lambda probs, p: top_p(probs.double(), p)),
    right(
        "generate",
        "a softmax of one's own",
        written(probs=lambda z, T: first(z) if T == 0 else (z / T).softmax(-1)),
    ),
]
