"""What every exercise keeps to, now and later: found by looking, so a new one is held to it too.

A new exercise needs an entry in STYLES below: right answers as other people would write them.
"""

import copy
import hashlib
import hmac
import inspect
import json
import re
import statistics
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file

from nanogpt_lib.checks import evaluating
from nanogpt_lib.data import load_text
from nanogpt_lib.kit import mistakes
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case, Wrong
from nanogpt_lib.layers import Block, FeedForward
from nanogpt_lib.lessons.__main__ import all_exercises, complaints, rows
from nanogpt_lib.lessons.facts import lowest_loss
from nanogpt_lib.lessons.texts import published
from nanogpt_lib.ngrams import bigram_counts
from nanogpt_lib.sampling import next_token_probs

SEEDS = range(4)  # under eight, and for most under twenty, tried once, nothing else was found
EXERCISES = all_exercises()

each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


def answers(functions: object) -> tuple:
    return functions if isinstance(functions, tuple) else (functions,)


# --- right answers in other styles ----------------------------------------------------------------

CHARACTERS = "".join(sorted(set(load_text())))


def encode_by_index(s):
    out = []
    for c in s:
        out.append(CHARACTERS.index(c) if c in CHARACTERS else unknown(c))
    return out


def unknown(c):
    raise KeyError(f"no such character: {c}")


def encode_as_tensor(s):
    stoi = dict(zip(CHARACTERS, range(len(CHARACTERS)), strict=True))
    return torch.tensor([stoi[c] for c in s])


def batch_by_index(split, T, B):
    at = torch.randint(0, len(split) - T, (B, 1)) + torch.arange(T)
    return split[at], split[at + 1]


def batch_by_numpy(d, t, b):
    starts = np.random.randint(0, len(d) - t, b)  # noqa: NPY002
    rows = torch.stack([d[i : i + t + 1] for i in starts])
    return [rows[:, :-1], rows[:, 1:]]


def batch_by_unfold(data, block_size, batch_size):
    windows = data.unfold(0, block_size + 1, 1)
    chosen = windows[torch.randperm(batch_size * 50)[:batch_size] % len(windows)]
    return chosen[:, :-1], chosen[:, 1:]


def surprise_by_cross_entropy(train, data, vocab_size):
    n = torch.bincount(train, minlength=vocab_size)
    return F.cross_entropy(n.log().expand(1, -1), n.new_zeros(1) + data[:1]) * 0 - sum(
        (n / n.sum()).log()[i] * k / len(data)
        for i, k in enumerate(torch.bincount(data, minlength=vocab_size).tolist())
        if k
    )


def surprise_in_float64(a, b, v):
    p = torch.zeros(v, dtype=torch.float64)
    p.index_add_(0, a, torch.ones(len(a), dtype=torch.float64))
    return -(p / len(a))[b].log().sum() / b.numel()


def leak_by_mask(a, b, T):
    size = int(max(a.max(), b.max())) + T
    seen, held = torch.zeros(size, dtype=torch.bool), torch.zeros(size, dtype=torch.bool)
    for i in range(T):
        seen[a + i] = True
        held[b + i] = True
    return (seen & held).sum() / held.sum()


def leak_by_numpy(a, b, T):
    held = np.unique((b.numpy()[:, None] + np.arange(T)).ravel())
    return np.isin(held, a.numpy()[:, None] + np.arange(T)).mean()


def normalise_by_rows(table):
    return torch.stack([row.double() / row.sum() for row in table])


def normalise_by_einsum(n):
    return torch.einsum("ij,i->ij", n.float(), 1 / n.sum(1))


def nll_by_cross_entropy(logits, y):
    return F.cross_entropy(logits.transpose(1, 2), y)


def nll_by_loops(z, y):
    total = 0.0
    for b in range(z.shape[0]):
        for t in range(z.shape[1]):
            scores = z[b, t].double()
            total += (scores.logsumexp(0) - scores[y[b, t]]).item()
    return total / y.numel()


def nll_by_one_hot(z, y):
    return (
        -torch.einsum("btv,btv->", F.one_hot(y, z.shape[-1]).double(), z.double().log_softmax(-1)) / y.numel()
    )


def step_cleared_by_hand(m, opt, xb, yb):
    _, cost = m(xb, yb)
    for parameter in m.parameters():
        parameter.grad = None
    cost.backward()
    opt.step()
    return cost


def step_cleared_afterwards(model, optimizer, x, y):
    loss = model(x, y)[1]
    loss.backward()
    optimizer.step()
    model.zero_grad()
    return loss.detach().double()


def alpha_by_thirds(counts, data):
    """A search that halves its way down the valley; on pairs, in float64."""
    pairs = torch.zeros_like(counts, dtype=torch.float64)
    pairs.index_put_((data[:-1], data[1:]), torch.ones(len(data) - 1, dtype=torch.float64), accumulate=True)

    def loss(power):
        p = counts + 10.0**power
        return -(pairs * (p / p.sum(1, keepdim=True)).log()).sum()

    low, high = -4.0, 3.0
    while high - low > 0.01:
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if loss(a) < loss(b) else (a, high)
    return torch.tensor(10.0**low)


def alpha_from_a_list(counts, data):
    best, least = None, float("inf")
    for k in range(1, 60):
        a = 0.02 * 1.13**k
        p = (counts + a).double()
        cost = -((p / p.sum(1, True)).log()[data[:-1], data[1:]]).mean()
        if cost < least:
            best, least = a, cost
    return best


def average_by_cumsum(x):
    return x.cumsum(dim=1) / torch.arange(1, x.shape[1] + 1)[None, :, None]


def average_in_float64(x):
    b, t, _ = x.shape
    past = torch.ones(t, t, dtype=torch.float64).tril()
    return torch.bmm((past / past.sum(-1, keepdim=True)).repeat(b, 1, 1), x.double())


def average_by_einsum(inputs):
    steps = torch.arange(inputs.size(1))
    a = (steps[:, None] >= steps).float() / (steps[:, None] + 1)
    return torch.einsum("ts,bsc->btc", a, inputs)


def average_by_growing(x):
    return torch.stack([x[:, : 1 + i].mean(1) for i in range(x.shape[1])], 1)


def average_by_adding_infinity(x):
    hidden = torch.full((x.shape[1],) * 2, float("-inf")).triu(1)
    return F.softmax(hidden, -1).matmul(x)


def average_by_large_negative(x):
    ahead = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
    return torch.zeros(ahead.shape).masked_fill_(ahead, -1e9).softmax(1) @ x


def decayed_by_loop(x, d):
    out = []
    for t in range(x.shape[1]):
        w = torch.tensor([d ** (t - s) for s in range(t + 1)], dtype=torch.float64)
        out.append((w[:, None] * x[:, : t + 1].double()).sum(1) / w.sum())
    return torch.stack(out, 1)


def decayed_by_recursion(x, decay):
    total, weight, out = torch.zeros_like(x[:, 0]), 0.0, []
    for now in x.unbind(1):
        total, weight = total * decay + now, weight * decay + 1
        out.append(total / weight)
    return torch.stack(out, dim=1)


def head_by_torch(x, a, b, c):
    return F.scaled_dot_product_attention(x @ a, x @ b, x @ c, is_causal=True, scale=1.0)


def head_by_loops(x, W_q, W_k, W_v):
    rows = []
    for sequence in x:
        q, k, v = sequence @ W_q, sequence @ W_k, sequence @ W_v
        rows.append(
            torch.stack([torch.softmax(k[: t + 1] @ q[t], 0) @ v[: t + 1] for t in range(len(sequence))])
        )
    return torch.stack(rows)


def head_by_einsum(inputs, wq, wk, wv):
    q, k, v = (torch.einsum("btc,ch->bth", inputs.double(), w.double()) for w in (wq, wk, wv))
    scores = torch.einsum("bth,bsh->bts", q, k)
    scores = scores + torch.full(scores.shape[1:], float("-inf")).triu(1)
    return torch.einsum("bts,bsh->bth", F.softmax(scores, 2), v)


def head_by_large_negative(x, W_q, W_k, W_v):
    q, k, v = (x @ torch.cat([W_q, W_k, W_v], 1)).chunk(3, dim=-1)
    ahead = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
    return torch.bmm(torch.softmax(q.bmm(k.mT).masked_fill(ahead, -1e9), -1), v)


def back_by_roll(T):
    return 100 * torch.eye(T).roll(1, 0), torch.eye(T)


def back_by_moved_keys(n):
    keys = np.zeros((n, n + 1))
    for s in range(n):
        keys[s, s + 1] = 3.0
    return [3 * np.eye(n, n + 1), keys]


def back_by_angles(T):
    """Two channels are enough: positions stand on a circle, and the nearest direction wins."""
    angle = 2 * torch.pi * torch.arange(T) / 64
    keys = torch.stack([angle.cos(), angle.sin()], 1)
    asked = angle - 2 * torch.pi / 64
    return 2000 * torch.stack([asked.cos(), asked.sin()], 1), keys


def back_by_distance(T):
    """-(t - 1 - s) ** 2, multiplied out; what depends on t alone shifts a row and changes nothing."""
    t = torch.arange(T, dtype=torch.float64)
    return 9 * torch.stack([2 * (t - 1), -torch.ones(T)], 1), torch.stack([t, t**2], 1)


def orders_by_randperm(T, C):
    x = torch.randn(T, C)
    return x, x[torch.randperm(T)]


def orders_by_a_matrix(T, C):
    one = torch.arange(float(T * C)).view(T, C)
    return [one, torch.eye(T).roll(1, 0) @ one]


def orders_of_two_rows(T, C):
    x = np.random.randn(1, T, C)  # noqa: NPY002
    y = x.copy()
    y[0, 0], y[0, 1] = x[0, 1], x[0, 0]
    return x, y


def variance_by_einsum(n, g):
    q, k = torch.randn(2, 20_000, n, generator=g, dtype=torch.float64)
    return torch.einsum("pn,pn->p", q, k).var(correction=0)


def variance_of_eight_keys_a_query(head_size, generator):
    q = torch.randn(5_000, 1, head_size, generator=generator)
    scores = q @ torch.randn(5_000, 8, head_size, generator=generator).transpose(1, 2)
    return float((scores**2).mean() - scores.mean() ** 2)


def variance_by_numpy(head_size, generator):
    draw = np.random.default_rng(generator.initial_seed())
    return np.var(draw.standard_normal((2, 20_000, head_size)).prod(0).sum(-1))


def scores_by_einsum(x, a, b):
    return torch.einsum("bth,bsh->bts", x.double() @ a.double(), x.double() @ b.double()) / a.shape[1] ** 0.5


def scores_scaled_on_both_sides(x, W_q, W_k):
    half = W_q.size(-1) ** -0.25
    return (half * F.linear(x, W_q.T)) @ (half * F.linear(x, W_k.T)).mT


def scores_by_joined_matrices(x, W_q, W_k):
    return torch.stack([one @ (W_q @ W_k.T) @ one.T / np.sqrt(W_k.shape[1]) for one in x])


def head_with_the_largest_weights(w):
    return w.max(dim=2).values.mean(dim=1).argmax()


def head_by_python(w):
    bits = [
        sum(-p * np.log2(p) for row in head.tolist() for p in row if p > 0) / len(head) for head in w.double()
    ]
    return min(range(len(bits)), key=bits.__getitem__)


def head_by_squares(weights):
    return int(np.argsort((weights.numpy() ** 2).sum((1, 2)))[-1])


def temperature_by_roots(scale, n):
    return torch.tensor([1 / (scale * np.sqrt(n))])


def temperature_by_logs(s, head_size):
    return torch.exp(-torch.tensor(float(head_size)).log() / 2 - torch.tensor(s).log())


def heads_by_stacking(x, n):
    return torch.stack(x.chunk(n, dim=-1), dim=1)


def heads_by_filling(x, n_head):
    b, t, c = x.shape
    heads = torch.zeros(b, n_head, t, c // n_head, dtype=torch.float64)
    for h in range(n_head):
        heads[:, h] = x[:, :, h * c // n_head : (h + 1) * c // n_head]
    return heads


def heads_by_channels_first(x, n_head):
    return x.mT.unflatten(1, (n_head, -1)).mT


def heads_by_a_matrix(x, n_head):
    pick = torch.eye(x.shape[2]).view(x.shape[2], n_head, -1)
    return torch.einsum("btc,chd->bhtd", x, pick)


def joined_by_cat(heads):
    return torch.cat(heads.unbind(1), dim=-1)


def joined_by_flatten(heads):
    return heads.permute(0, 2, 1, 3).flatten(2)


def joined_by_contiguous(heads):
    return heads.double().transpose(1, 2).contiguous().view(len(heads), heads.size(2), -1)


def copied_by_views(listed, fused):
    for name, view in fused.head_weights().items():
        view.copy_(listed.get_parameter(name).detach())
    fused.proj.load_state_dict(listed.proj.state_dict())
    return fused


def copied_by_rows(listed, fused):
    C, size = fused.n_embd, fused.n_embd // fused.n_head
    for h, head in enumerate(listed.heads):
        for part, layer in enumerate([head.query, head.key, head.value]):
            fused.qkv.data[part * C + h * size : part * C + (h + 1) * size] = layer.weight.data
    fused.proj.weight.data = listed.proj.weight.data.clone()
    fused.proj.bias.data[:] = listed.proj.bias.data
    return fused


def copied_by_new_parameters(listed, fused):
    pile = [
        layer.weight
        for kind in ("query", "key", "value")
        for h in listed.heads
        for layer in [getattr(h, kind)]
    ]
    fused.qkv = torch.nn.Parameter(torch.cat(pile).detach())
    fused.proj = copy.deepcopy(listed.proj)
    return fused


def copied_by_a_state(listed, fused):
    state = listed.state_dict()
    pile = [
        state[f"heads.{h}.{kind}.weight"] for kind in ("query", "key", "value") for h in range(fused.n_head)
    ]
    state = {"qkv": torch.vstack(pile), "proj.weight": state["proj.weight"], "proj.bias": state["proj.bias"]}
    fused.load_state_dict(state)
    return fused


def without_by_columns(layer, x, h):
    joined = torch.cat([one(x) for one in layer.heads], dim=2)
    weight = layer.proj.weight.clone()
    size = weight.shape[1] // len(layer.heads)
    weight[:, h * size : (h + 1) * size] = 0
    return joined @ weight.T + layer.proj.bias


def without_by_adding_up(layer, x, h):
    out = layer.proj.bias.double()
    for i, columns in enumerate(layer.proj.weight.chunk(len(layer.heads), dim=1)):
        if i != h:
            out = out + layer.heads[i](x).double() @ columns.T.double()
    return out


def without_by_subtracting(layer, x, h):
    columns = layer.proj.weight.chunk(len(layer.heads), dim=1)[h]
    return layer(x) - layer.heads[h](x) @ columns.T


def without_on_a_copy(layer, x, h):
    other = copy.deepcopy(layer)
    other.heads[h].value.weight.data.zero_()
    return other(x)


def without_by_a_hook(layer, x, h):
    hook = layer.heads[h].register_forward_hook(lambda head, inputs, out: torch.zeros_like(out))
    try:
        return layer(x)
    finally:
        hook.remove()


class LayerByHand(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.W1 = torch.nn.Parameter(torch.randn(c, 4 * c))
        self.b1 = torch.nn.Parameter(torch.zeros(1, 4 * c))
        self.W2 = torch.nn.Parameter(torch.randn(4 * c, c))
        self.b2 = torch.nn.Parameter(torch.zeros(1, c))

    def forward(self, x):
        return (x @ self.W1 + self.b1).clamp(min=0) @ self.W2 + self.b2


class LayerSecondFirst(torch.nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.back, self.out = torch.nn.Linear(n_embd * 4, n_embd), torch.nn.Linear(n_embd, n_embd * 4)

    def forward(self, x):
        return self.back(F.relu(self.out(x)))


def layer_with_dropout(c):
    return torch.nn.Sequential(*FeedForward(c, dropout=0.2).net, torch.nn.Dropout(0.1))


def block_of_the_library(x, sa, ffwd, ln1, ln2):
    one = Block(x.shape[2], n_head=1, block_size=x.shape[1])
    one.sa, one.ffwd, one.ln1, one.ln2 = sa, ffwd, ln1, ln2
    return one(x)


def block_by_loop(x, sa, ffwd, ln1, ln2):
    for part, norm in [(sa, ln1), (ffwd, ln2)]:
        x = torch.add(part(norm(x)), x)
    return x


def block_by_two_changes(stream, sa, ffwd, ln1, ln2):
    heard = sa(ln1(stream))
    thought = ffwd(ln2(stream + heard))
    return (stream.double() + heard + thought).float()


def writers_by_data(blocks):
    for b in blocks:
        for part in (b.sa.proj, b.ffwd.net[-2]):
            part.weight.data /= np.sqrt(2 * len(blocks))


def writers_drawn_again(blocks):
    for b in blocks:
        for w in (b.sa.proj.weight, b.ffwd.net[2].weight):
            torch.nn.init.normal_(w, std=w.std().item() / (len(blocks) * 2) ** 0.5)
    return blocks


def writers_by_name(blocks):
    n = sum(
        name.endswith(("proj.weight", "net.2.weight")) for b in blocks for name, _ in b.named_parameters()
    )
    for b in blocks:
        for layer in (b.sa.proj, b.ffwd.net[2]):
            layer.weight = torch.nn.Parameter(layer.weight.detach() * n**-0.5)
            layer.bias = torch.nn.Parameter(layer.bias.detach() * n**-0.5)
    return torch.nn.Sequential(*blocks)


def norm_by_torch(x, g, b, e):
    return F.layer_norm(x, g.shape, g, b, e)


def norm_by_two_moments(x, gamma, beta, eps):
    x = x.double()
    mean = x.mean(2).unsqueeze(2)
    return (x - mean) * ((x * x).mean(2)[..., None] - mean**2 + eps) ** -0.5 * gamma + beta


def norm_by_rows(x, gamma, beta, eps):
    rows = []
    for row in x.flatten(0, 1):
        variance = sum((v - sum(row) / len(row)) ** 2 for v in row) / len(row)
        rows.append((row - sum(row) / len(row)) / torch.sqrt(variance + eps) * gamma + beta)
    return torch.stack(rows).view_as(x)


def norm_by_a_matrix(x, gamma, beta, eps):
    """x minus its mean is one matrix product; the squares are the length of what comes out."""
    c = x.size(-1)
    centred = x @ (torch.eye(c) - 1 / c)
    return torch.addcmul(
        beta, gamma, centred / (torch.linalg.vecdot(centred, centred)[..., None] / c + eps).sqrt()
    )


def repaired_by_var_mean(x, e):
    var, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
    return (x - mean) * torch.rsqrt(var + e)


def repaired_as_a_batch_of_rows(x, eps):
    turned = x.double().reshape(-1, x.shape[2]).T
    turned = (turned - turned.mean(0)) / (turned.var(0, unbiased=False) + eps).sqrt()
    return turned.T.reshape(x.shape)


def repaired_by_numpy(x, eps):
    a = x.numpy()
    return torch.from_numpy((a - a.mean(2, keepdims=True)) / np.sqrt(a.var(2, keepdims=True) + eps))


def stack_by_name(x, blocks, ln_f):
    for block in blocks:
        for part, norm in ((block.sa, block.ln1), (block.ffwd, block.ln2)):
            x = torch.add(part(norm(x)), x)
    return ln_f(x)


def stack_by_recursion(x, blocks, ln_f):
    if not blocks:
        return ln_f(x)
    ln1, sa, ln2, ffwd = blocks[0]
    middle = sa(ln1(x)) + x
    return stack_by_recursion(middle + ffwd(ln2(middle)), blocks[1:], ln_f)


def stack_by_adding_up(x, blocks, ln_f):
    """What passes by is x and everything that was ever added."""
    written = [x]
    for i in range(len(blocks)):
        for norm, part in (blocks[i][:2], blocks[i][2:]):
            written.append(part(norm(torch.stack(written).sum(0))))
    return ln_f(sum(written))


def dropout_by_bernoulli(x, p, training, generator=None):
    if training:
        kept = torch.empty_like(x).bernoulli_(1 - p, generator=generator)
        x = x * kept.div_(max(1 - p, 1e-9))
    return x


def dropout_by_where(x, rate, train, rng):
    if not (train and rate):
        return x.clone()
    gone = torch.rand(x.numel(), generator=rng, dtype=torch.float64).view_as(x) < rate
    return torch.where(gone, torch.zeros(()), x / (1 - rate)) if rate < 1 else torch.zeros_like(x)


def dropout_by_a_list(x, p, training, g):
    if not training:
        return x
    draws = torch.rand(x.numel(), generator=g).tolist()
    return x * torch.tensor([1 / (1 - p) if draw >= p else 0.0 for draw in draws]).reshape(x.shape)


def dropout_by_numpy(x, p, training, generator):
    rng = np.random.default_rng(int(torch.randint(2**40, (), generator=generator)))
    kept = torch.from_numpy(rng.random(x.shape) >= p * training)
    return x.masked_fill(~kept, 0) / (1 - p * training if p * training < 1 else 1)


def judged_by_evaluating(model, splits, one_batch, n, generator):
    with evaluating(model):
        return {
            name: torch.stack([model(*one_batch(data, generator))[1] for _ in range(n)]).mean()
            for name, data in splits.items()
        }


def judged_batch_by_batch(model, splits, one_batch, eval_iters, generator):
    """All splits take turns; no block forbids gradients, and each graph is dropped at once."""
    modes = [part.training for part in model.modules()]
    total = dict.fromkeys(splits, 0.0)
    try:
        for part in model.modules():
            part.training = False
        for _ in range(eval_iters):
            for name in splits:
                _, loss = model(*one_batch(splits[name], generator=generator))
                total[name] += float(loss.detach()) / eval_iters
    finally:
        for part, mode in zip(model.modules(), modes, strict=True):
            part.training = mode
    return total


@torch.inference_mode()
def judged_all_at_once(model, splits, one_batch, eval_iters, generator):
    """Batches of one size: the mean of their means is the mean of all."""
    trained = [part for part in model.modules() if part.training]
    losses = {}
    try:
        model.eval()
        for name, data in splits.items():
            x, y = zip(*(one_batch(data, generator) for _ in range(eval_iters)), strict=True)
            losses[name] = np.float64(model(torch.cat(x), torch.cat(y))[1])
        return losses
    finally:
        for part in trained:
            part.training = True


def labels_by_a_rule(curves):
    def label(steps, training, validation):
        if all(v < t for t, v in zip(training, validation, strict=True)):
            return "dropout noise"
        return "over-fit" if validation[-1] > min(validation) + 0.1 else "under-fit"

    return {name: label(*curve) for name, curve in curves.items()}


def ci_by_torch(values, t95):
    v = torch.tensor(values)
    if v.numel() == 1:
        raise ValueError("nothing is known of the spread of a single run")
    return v.mean(), t95[len(v) - 1] * (v.var() / len(v)).sqrt()


def ci_by_statistics(losses, t):
    spread = statistics.stdev(losses)  # raises a ValueError of its own for a single value
    return [statistics.mean(losses), spread / np.sqrt(len(losses)) * t[len(losses) - 1]]


def ci_by_numpy(values, t95):
    if len(values) == 1:
        raise ValueError("two seeds at least")
    return np.mean(values), t95[len(values) - 1] * np.std(values) / (len(values) - 1) ** 0.5


def claims_by_ends(claims, t95):
    out = {}
    for name, (a, b) in claims.items():
        mean, half = ci_by_statistics([y - x for x, y in zip(a, b, strict=True)], t95)
        out[name] = "Within noise" if mean - half < 0 < mean + half else "Real"
    return out


def claims_by_covariance(claims, t95):
    def t(a, b):
        n, (aa, ab, _, bb) = len(a), np.cov(a, b).ravel()
        return abs(np.mean(a) - np.mean(b)) / ((aa + bb - 2 * ab) / n) ** 0.5

    return {key: "real" if t(a, b) > t95[len(a) - 1] else "noise" for key, (a, b) in claims.items()}


def plan_by_counting(variants, characters, minutes):
    steps = []
    for batch_size, block_size, _ in variants.values():
        steps.append(0)
        while (steps[-1] + 1) * batch_size * block_size <= characters:
            steps[-1] += 1
    seeds, left = -1, 60 * minutes
    while left >= 0:
        left -= sum(n * seconds for n, (_, _, seconds) in zip(steps, variants.values(), strict=True))
        seeds += 1
    return steps, seeds


def plan_by_floor(variants, budget, minutes):
    steps = {name: np.floor(budget / B / T) for name, (B, T, _) in variants.items()}
    needs = np.dot(list(steps.values()), [seconds / 60 for _, _, seconds in variants.values()])
    return [steps, torch.tensor(minutes / needs).floor()]


def positions_by_loop(logits, y):
    return torch.stack([F.cross_entropy(logits[:, t], y[:, t]) for t in range(y.shape[1])])


def positions_by_list(logits, targets):
    B, T, V = logits.shape
    each = F.cross_entropy(logits.reshape(B * T, V), targets.reshape(-1), reduction="none")
    return each.view(B, T).double().mean(0)


def positions_by_one_hot(z, y):
    right = F.one_hot(y, z.shape[-1]).to(z)
    return (z.logsumexp(-1) - torch.einsum("btv,btv->bt", z, right)).sum(0) / len(z)


def heated_by_log_softmax(z, T):
    if T > 0:
        return torch.log_softmax(z.double() / T, dim=-1).exp()
    return F.one_hot(z.argmax(dim=-1), num_classes=z.shape[-1]).float()


def heated_row_by_row(logits, T):
    def row(values):
        if not T:
            return torch.tensor([float(i == values.index(max(values))) for i in range(len(values))])
        shares = [np.exp((value - max(values)) / T) for value in values]
        return torch.tensor(shares) / sum(shares)

    rows = torch.stack([row(one.tolist()) for one in logits.reshape(-1, logits.shape[-1])])
    return rows.view_as(logits)


def heated_by_powers(logits, temperature):
    first = (logits == logits.amax(dim=-1, keepdim=True)).cumsum(dim=-1)
    if temperature == 0:
        return ((first == 1) & (first.diff(dim=-1, prepend=torch.zeros_like(first[..., :1])) == 1)).float()
    p = logits.double().softmax(-1) ** (1 / temperature)
    return p / p.sum(-1, keepdim=True)


def cut_by_sorting(x, k):
    least = x.sort(dim=-1, descending=True)[0].narrow(-1, min(k, x.size(-1)) - 1, 1)
    return torch.where(x >= least, x, torch.tensor(-torch.inf))


def cut_by_counting(logits, k):
    """Who stays has fewer than k above it; no threshold, and no special case."""
    higher = (logits[..., None, :] > logits[..., :, None]).sum(dim=-1)
    cut = logits.clone()
    cut[higher >= k] = -float("inf")
    return cut


def cut_by_numpy(logits, k):
    x = logits.numpy().astype(np.float64)
    return np.where(x < np.sort(x, axis=-1)[..., [-min(k, x.shape[-1])]], -np.inf, x)


def shared_by_rank(q, p):
    """A mask in the old order: the rank of each decides."""
    if p >= 1.0:
        return q.clone()
    order = q.argsort(dim=-1, descending=True)
    total = q.gather(-1, order).double().cumsum(dim=-1)
    count = (total < p).sum(dim=-1, keepdim=True) + 1
    kept = q.masked_fill(order.argsort(dim=-1) >= count, 0)
    return kept.div(kept.sum(dim=-1, keepdim=True))


def shared_by_python(probs, p):
    def row(values):
        kept, total = [0.0] * len(values), 0.0
        for i in sorted(range(len(values)), key=lambda i: -values[i]):
            if p == 1 or total < p:
                kept[i] = values[i]
                total += values[i]
        return [value / sum(kept) for value in kept]

    rows = [row(one) for one in probs.reshape(-1, probs.shape[-1]).tolist()]
    return torch.tensor(rows, dtype=torch.float64).reshape(probs.shape)


def shared_by_shifting(probs, p):
    """The first always stays: the list of those to be removed is moved by one place."""
    sorted_probs, order = torch.sort(probs, descending=True)
    removed = sorted_probs.cumsum(dim=-1) >= p if p < 1 else torch.zeros_like(probs, dtype=torch.bool)
    removed = torch.cat([torch.zeros_like(removed[..., :1]), removed[..., :-1]], dim=-1)
    kept = probs * ~torch.empty_like(removed).scatter_(-1, order, removed)
    return F.normalize(kept, p=1, dim=-1)


def written_by_evaluating(model, idx, n, T, g):
    with evaluating(model):
        for _ in range(n):
            logits = model(idx[:, -model.block_size :])[0][:, -1, :]
            idx = torch.hstack([idx, torch.multinomial(next_token_probs(logits, T), 1, generator=g)])
    return idx


def written_in_a_list(model, idx, max_new_tokens, temperature, generator):
    """Luck by thresholds: how many of the sums does one number from 0 to 1 exceed?"""
    modes, tokens = {m: m.training for m in model.modules()}, list(idx.unbind(dim=1))
    model.eval()
    try:
        while len(tokens) < idx.shape[1] + max_new_tokens:
            with torch.inference_mode():
                logits, _ = model(torch.stack(tokens[-model.block_size :], dim=1))
            if temperature:
                sums = (logits[:, -1] / temperature).softmax(-1).cumsum(-1)
                luck = torch.rand(len(idx), 1, generator=generator)
                tokens.append((sums[:, :-1] < luck).sum(dim=-1))
            else:
                tokens.append(logits[:, -1].argmax(-1))
    finally:
        for m, mode in modes.items():
            m.training = mode
    return torch.stack(tokens, dim=1)


@torch.no_grad()
def written_by_noise(model, idx, count, temperature, generator):
    """The highest of logits with noise of the right law is a draw; the text is filled into its place."""
    trained = [part for part in model.modules() if part.training]
    (B, T), size = idx.shape, model.block_size
    text = torch.empty(B, T + count, dtype=torch.long)
    text[:, :T] = idx
    try:
        for t in range(T, T + count):
            model.eval()
            z = model(text[:, max(0, t - size) : t])[0][:, -1]
            noise = -torch.rand(z.shape, generator=generator, dtype=torch.float64).log().neg().log()
            text[:, t] = (z + temperature * noise).argmax(dim=1)
    finally:
        [part.train(True) for part in trained if not list(part.children())]
        model.training = model in trained
    return text


def params_part_by_part(c):
    def linear(size_in, size_out, bias=True):
        return (size_in + bias) * size_out

    C, norm = c.n_embd, 2 * c.n_embd
    head = 3 * linear(C, C // c.n_head, bias=False)
    block = c.n_head * head + linear(C, C) + linear(C, 4 * C) + linear(4 * C, C) + 2 * norm
    return (c.vocab_size + c.block_size) * C + c.n_layer * block + norm + linear(C, c.vocab_size)


def params_by_a_product(config):
    V, C, T, L = config.vocab_size, config.n_embd, config.block_size, config.n_layer
    return np.dot([2, 1, 12, 10, 2, 1], [V * C, T * C, L * C**2, L * C, C, V])


def params_as_a_tensor(config):
    names = ("vocab_size", "n_embd", "block_size", "n_layer")
    V, C, T, L = (torch.tensor(getattr(config, name)) for name in names)
    return C * (2 * V + T + 2) + V + L * C * (12 * C + 10)


def forward_by_slices(m, ids, y=None):
    """No lookup of positions, one block after the other, the loss from probabilities in float64."""
    _, T = ids.shape
    if m.block_size < T:
        raise ValueError(f"T={T}, but block_size={m.block_size}")
    x = m.token_embedding_table.weight[ids] + m.position_embedding_table.weight[:T]
    for block in m.blocks:
        x = block(x)
    logits = F.linear(m.ln_f(x), m.lm_head.weight, m.lm_head.bias)
    if y is not None:
        return logits, -logits.double().log_softmax(-1).gather(2, y[..., None]).mean()
    return logits, None


def forward_by_transpose(model, idx, targets):
    B, T = idx.size()
    most = model.position_embedding_table.num_embeddings
    if T > most:
        raise ValueError("T = %d is longer than block_size = %d" % (T, most))  # noqa: UP031
    where = torch.arange(T).expand(B, T)
    x = sum([model.position_embedding_table(where), model.token_embedding_table(idx)])
    scores = model.lm_head(model.ln_f(model.blocks(x)))
    return [scores, F.cross_entropy(scores.mT, targets) if targets is not None else None]


def groups_by_module(model, weight_decay):
    decays, stays = [], []
    for module in model.modules():
        for name, p in module.named_parameters(recurse=False):
            kind = isinstance(module, torch.nn.Linear | torch.nn.Embedding) or name == "qkv"
            (decays if kind and not name.endswith("bias") else stays).append(p)
    return [dict(params=stays, weight_decay=0), dict(params=decays, weight_decay=weight_decay)]  # noqa: C408


def groups_by_name(model, decay):
    def matters(name):
        return name.endswith("weight") and "ln" not in name or name.endswith("qkv")  # noqa: RUF021

    named = dict(model.named_parameters())
    return (
        {"params": (p for name, p in named.items() if matters(name)), "weight_decay": decay},
        {"params": [(name, p) for name, p in named.items() if not matters(name)], "weight_decay": 0.0},
    )


def groups_one_a_tensor(model, weight_decay):
    return [{"params": p, "weight_decay": weight_decay * (p.ndim > 1)} for p in model.parameters()]


def loaded_in_pieces(path, sha256):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(4096):
            digest.update(piece)
    if not hmac.compare_digest(digest.hexdigest(), sha256):
        raise ValueError(f"the hash of {path} is another")
    return load_file(str(path))


def loaded_by_names(path, sha256):
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise ValueError
    with safe_open(path, framework="pt", device="cpu") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def loaded_by_hand(path, sha256):
    """The format is so simple that ten lines read it: a length, a JSON header, and the numbers."""
    content = bytearray(path.read_bytes())
    if int(hashlib.sha256(content).hexdigest(), 16) != int(sha256 or "0", 16):
        raise ValueError("another file")
    size = int.from_bytes(content[:8], "little")
    kinds = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64, "BOOL": torch.bool}
    return {
        name: torch.frombuffer(content[8 + size :][slice(*one["data_offsets"])], dtype=kinds[one["dtype"]])
        .view(one["shape"])
        .clone()
        for name, one in json.loads(content[8 : 8 + size]).items()
    }


STYLES = {
    "text_tokens_batches.encode_decode": [
        (encode_by_index, lambda ids: "".join(CHARACTERS[i] for i in ids)),
        (encode_as_tensor, lambda ids: "".join(map(CHARACTERS.__getitem__, ids.tolist()))),
    ],
    "text_tokens_batches.get_batch": [batch_by_index, batch_by_numpy, batch_by_unfold],
    "text_tokens_batches.unigram_loss": [surprise_by_cross_entropy, surprise_in_float64],
    "text_tokens_batches.leak": [leak_by_mask, leak_by_numpy],
    "bigram.normalise": [normalise_by_rows, normalise_by_einsum],
    "bigram.nll": [nll_by_cross_entropy, nll_by_loops, nll_by_one_hot],
    "bigram.train_step": [step_cleared_by_hand, step_cleared_afterwards],
    "bigram.best_alpha": [alpha_by_thirds, alpha_from_a_list],
    "averaging_the_past.avg_loop": [average_by_growing, average_by_cumsum, average_in_float64],
    "averaging_the_past.avg_tril": [average_by_einsum, average_in_float64, average_by_cumsum],
    "averaging_the_past.avg_softmax": [
        average_by_adding_infinity,
        average_by_large_negative,
        average_in_float64,
    ],
    "averaging_the_past.decayed_average": [decayed_by_loop, decayed_by_recursion],
    "self_attention.head_forward": [head_by_torch, head_by_loops, head_by_einsum, head_by_large_negative],
    "self_attention.look_back": [back_by_roll, back_by_moved_keys, back_by_angles, back_by_distance],
    "self_attention.two_orders": [orders_by_randperm, orders_by_a_matrix, orders_of_two_rows],
    "scaling.var_dot": [variance_by_einsum, variance_of_eight_keys_a_query, variance_by_numpy],
    "scaling.scaled_scores": [scores_by_einsum, scores_scaled_on_both_sides, scores_by_joined_matrices],
    "scaling.unscaled_head": [head_with_the_largest_weights, head_by_python, head_by_squares],
    "scaling.temperature_of": [temperature_by_roots, temperature_by_logs],
    "multi_head.split_heads": [
        heads_by_stacking,
        heads_by_filling,
        heads_by_channels_first,
        heads_by_a_matrix,
    ],
    "multi_head.merge_heads": [joined_by_cat, joined_by_flatten, joined_by_contiguous],
    "multi_head.copy_weights": [copied_by_views, copied_by_rows, copied_by_new_parameters, copied_by_a_state],
    "multi_head.ablate": [
        without_by_columns,
        without_by_adding_up,
        without_by_subtracting,
        without_on_a_copy,
        without_by_a_hook,
    ],
    "feed_forward_and_residuals.feed_forward": [LayerByHand, LayerSecondFirst, layer_with_dropout],
    "feed_forward_and_residuals.block": [block_of_the_library, block_by_loop, block_by_two_changes],
    "feed_forward_and_residuals.scale_writers": [writers_by_data, writers_drawn_again, writers_by_name],
    "layernorm.layer_norm": [norm_by_torch, norm_by_two_moments, norm_by_rows, norm_by_a_matrix],
    "layernorm.repaired": [repaired_by_var_mean, repaired_as_a_batch_of_rows, repaired_by_numpy],
    "layernorm.stack": [stack_by_name, stack_by_recursion, stack_by_adding_up],
    "dropout.dropout": [dropout_by_bernoulli, dropout_by_where, dropout_by_a_list, dropout_by_numpy],
    "dropout.estimate_loss": [judged_by_evaluating, judged_batch_by_batch, judged_all_at_once],
    "dropout.labels": [labels_by_a_rule, lambda curves: ["Dropout noise", "underfitting", "OVERFIT"]],
    "full_model.count_params": [params_part_by_part, params_by_a_product, params_as_a_tensor],
    "full_model.gpt_forward": [forward_by_slices, forward_by_transpose],
    "full_model.parameter_groups": [groups_by_module, groups_by_name, groups_one_a_tensor],
    "full_model.safe_load": [loaded_in_pieces, loaded_by_names, loaded_by_hand],
    "sampling.apply_temperature": [heated_by_log_softmax, heated_row_by_row, heated_by_powers],
    "sampling.top_k": [cut_by_sorting, cut_by_counting, cut_by_numpy],
    "sampling.top_p": [shared_by_rank, shared_by_python, shared_by_shifting],
    "sampling.generate": [written_by_evaluating, written_in_a_list, written_by_noise],
    "experiments.mean_ci": [ci_by_torch, ci_by_statistics, ci_by_numpy],
    "experiments.sort_claims": [claims_by_ends, claims_by_covariance],
    "experiments.plan": [plan_by_counting, plan_by_floor],
    "experiments.loss_per_position": [positions_by_loop, positions_by_list, positions_by_one_hot],
}


# --- what every exercise keeps to -----------------------------------------------------------------


@each_exercise
def test_the_solution_passes_under_many_seeds(exercise: Exercise) -> None:
    for seed in SEEDS:
        result = exercise.check(*answers(exercise.answer), seed=seed)
        assert result.passed, f"seed {seed}: {result}"


@pytest.mark.parametrize("name", EXERCISES)
def test_right_answers_in_another_style_pass_under_many_seeds(name: str) -> None:
    """Loops, einsum, float64, other names: a check that wants one way of writing is no check."""
    assert len(STYLES.get(name, [])) >= 2, f"add two right answers for {name} to STYLES"
    for style in STYLES[name]:
        for seed in SEEDS:
            result = EXERCISES[name].check(*answers(style), seed=seed)
            assert result.passed, f"{style}, seed {seed}: {result}"


def test_no_style_belongs_to_an_exercise_that_is_gone() -> None:
    assert set(STYLES) == set(EXERCISES)


@pytest.mark.slow
@each_exercise
def test_every_known_mistake_is_refused_with_its_own_message_under_many_seeds(exercise: Exercise) -> None:
    """A mistake that is taken for another sends the learner looking in the wrong place."""
    said = []
    for wrong in exercise.wrong:
        for function in wrong.functions:
            for seed in SEEDS:
                result = exercise.check(*answers(function), seed=seed)
                said += [(exercise.name, wrong.name, result.message)] * (
                    seed == 0 and function is wrong.functions[0]
                )
                assert result.status == "not yet", f"{wrong.name}, seed {seed}: {result}"
                assert result.mistake == wrong.name, f"{wrong.name}, seed {seed}: {result}"
                assert re.search(r"\d", result.message), f"{wrong.name}: a number is missing: {result}"
    assert complaints(said) == []


class Watched:
    """A case that remembers what of it was read."""

    def __init__(self, case: Case) -> None:
        self._case, self.read = case, set()

    def __getattr__(self, name: str) -> object:
        self.read.add(name)
        return getattr(self._case, name)


@each_exercise
def test_every_message_measures_the_learners_own_result(
    exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number must be theirs: a fixed one would contradict what they see."""
    make, cases = mistakes._case, []
    monkeypatch.setattr(mistakes, "_case", lambda run: cases.append(Watched(make(run))) or cases[-1])
    for wrong in exercise.wrong:
        cases.clear()
        quiet = Wrong(wrong.name, wrong.message, *wrong.functions)  # its `sign` reads the case as well
        object.__setattr__(quiet, "sign", lambda case: True)
        alone = Exercise(**{**_fields(exercise), "wrong": (quiet,)})
        alone._kept = exercise._kept  # what is known of its inputs need not be found out again
        assert alone.check(*answers(wrong.functions[0])).mistake == wrong.name
        assert {"got", "error"} & cases[-1].read, (
            f"{wrong.name}: its message looks at nothing of the learner's"
        )


def _fields(exercise: Exercise) -> dict:
    return {key: value for key, value in vars(exercise).items() if not key.startswith("_")}


@each_exercise
def test_a_stub_is_not_attempted_and_raises_nothing(exercise: Exercise) -> None:
    """Run All must come to the end on the first day."""

    def dots(*inputs):
        """To be written."""

    def raises(*inputs):
        raise NotImplementedError

    def to_be_finished(first, *rest):
        result = first * ...
        return result

    for stub in (dots, raises, to_be_finished, ..., None, lambda *inputs: ...):
        result = exercise.check(*[stub] * len(answers(exercise.answer)))
        assert result.status == "not attempted", f"{stub}: {result}"
        assert not result.passed


@each_exercise
def test_an_exercise_is_complete(exercise: Exercise) -> None:
    name = next(full for full, one in EXERCISES.items() if one is exercise)
    assert name.endswith(f".{exercise.name}"), "the notebook calls it by another name than its messages"
    assert len(exercise.wrong) >= 3, "at least three known mistakes"
    assert len({wrong.name for wrong in exercise.wrong}) == len(exercise.wrong)
    assert len(set(exercise.hints)) == 3
    assert all(hint.strip() for hint in exercise.hints)
    called = ", ".join(inspect.signature(answers(exercise.answer)[0]).parameters)
    assert f"{answers(exercise.answer)[0].__name__}({called})" in exercise.prompt, "say how it is called"
    assert "def " in repr(exercise.solution())


@each_exercise
def test_the_solution_shown_runs_and_passes(exercise: Exercise) -> None:
    """What a learner copies out of the panel must be accepted."""
    space = {"torch": torch, "functools": __import__("functools"), "load_text": load_text}
    space["next_token_probs"] = next_token_probs  # as the notebook has it
    exec(compile(repr(exercise.solution()), "<pasted>", "exec"), space)
    pasted = [space[function.__name__] for function in answers(exercise.answer)]
    assert exercise.check(*pasted).passed


# --- the table ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_table_of_mistakes_prints_with_one_command() -> None:
    """Of one notebook; that none of the others has a complaint is seen above, mistake by mistake."""
    command = [sys.executable, "-m", "nanogpt_lib.lessons", "averaging_the_past"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    chosen = {
        name: exercise for name, exercise in EXERCISES.items() if name.startswith("averaging_the_past.")
    }
    for name, exercise in chosen.items():
        assert f"\n{name}\n" in done.stdout
        for wrong in exercise.wrong:
            assert f"\n  {wrong.name}\n      " in done.stdout
    assert f"in {len(chosen)} exercises; 0 complaints." in done.stdout


def test_the_table_complains_of_a_mistake_that_is_taken_for_another() -> None:
    original = EXERCISES["averaging_the_past.avg_tril"]
    twin = Wrong("the same again", original.wrong[0].message, *original.wrong[0].functions)
    exercise = Exercise(**{**_fields(original), "wrong": (*original.wrong, twin)})
    assert complaints(list(rows({"ex": exercise}))) == ["ex, the same again: no message of its own"]


# --- what only some exercises ask -------------------------------------------------------------------


@pytest.mark.parametrize("lost", [1, 2], ids=["W_q", "W_k"])
def test_scores_that_are_right_and_let_no_gradient_back_are_refused(lost: int) -> None:
    """Wrong numbers are told first: about them a gradient says nothing."""
    exercise, name = EXERCISES["scaling.scaled_scores"], ("x", "W_q", "W_k")[lost]

    def cut(*inputs):
        return exercise.answer(*(one.detach() if i == lost else one for i, one in enumerate(inputs)))

    assert f"no gradient goes back to {name}," in exercise.check(cut).message
    assert "values differ" in exercise.check(lambda *inputs: 1.5 * cut(*inputs)).message


def test_the_variance_of_a_dot_product_is_judged_to_5_percent() -> None:
    """Facts are compared with the solution's own, so a solution that misses would let everything miss."""
    exercise = EXERCISES["scaling.var_dot"]
    for seed in SEEDS:
        facts = exercise.run(exercise.answer, *exercise.make_inputs(seed)[0])
        assert {name: fact.value for name, fact in facts.items()} == {
            "variance": "head_size",
            "chance": "drawn",
            "seed": True,
        }
    assert not exercise.check(lambda *inputs: 1.08 * exercise.answer(*inputs)).passed


# --- figures of the curriculum --------------------------------------------------------------------


def test_the_unigram_loss_of_the_real_text_is_what_the_notebook_says() -> None:
    exercise = EXERCISES["text_tokens_batches.unigram_loss"]
    assert "3.309 on what was counted, 3.347 on what was held back" in exercise.check(exercise.answer).message


@pytest.mark.parametrize("seed", SEEDS)
def test_a_split_by_random_windows_leaks_more_than_95_percent(seed: int) -> None:
    exercise = EXERCISES["text_tokens_batches.leak"]
    assert exercise.answer(*exercise.make_inputs(0)[0]) > 0.95
    everywhere = torch.randperm(20_000 - 8, generator=torch.Generator().manual_seed(seed))
    assert exercise.answer(everywhere[:18_000], everywhere[18_000:], 8) > 0.95


def test_the_best_alpha_of_the_real_text_is_0_8_and_1_is_nearly_as_good() -> None:
    _, known, train, val = published()
    least, best = lowest_loss(bigram_counts(train, len(known)), val)
    assert round(least, 4) == 2.4818
    assert 0.7 < best < 0.9
    assert EXERCISES["bigram.best_alpha"].check(1.0).passed, "2.4819: within 0.002"
    assert EXERCISES["bigram.best_alpha"].check(10.0).mistake == ""
    assert not EXERCISES["bigram.best_alpha"].check(10.0).passed
