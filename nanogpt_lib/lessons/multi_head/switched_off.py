"""What attention gives without each of its heads, as an answer switches them off."""

import itertools
from collections.abc import Callable

import torch
import torch.nn.functional as F

from nanogpt_lib.attention import MultiHeadAttention
from nanogpt_lib.kit.diagnose import MOVED
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.models import built
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import Fact, numbers


def without(head: int) -> str:
    """Return the key of the output without this head."""
    return f"without head {head}"


def without_each(ablate: Callable, x: torch.Tensor, n_head: int, seed: int) -> dict:
    """Return the output without each head in turn, how a loss changes, and whether attention is as before.

    Keys with `_` are for messages: the output of all heads, and the projection's bias.
    """
    sizes = x.shape[2], n_head, x.shape[1], seed
    attention, given = built(MultiHeadAttention, *sizes), x.clone()
    full = attention(x).detach()
    found: dict = {"_full": full, "_bias": attention.proj.bias.detach().clone()}
    rises, damage = [], Fact("as before", "attention(x) itself is as before.")
    for head in range(n_head):
        found[without(head)] = ablate(attention, x, head)
        rises.append(_loss(found[without(head)], full) - _loss(full, full))
        if (moved := gap(attention(given), full)) > MOVED:
            said = f"After ablate(attention, x, {head}), attention(x) is off by {moved:.2g}."
            damage = Fact("changed", said)
            attention = built(MultiHeadAttention, *sizes)  # so that the next head is judged alone
    return {**found, "loss": torch.tensor(rises), "attention": damage}


def _loss(output: object, full: torch.Tensor) -> float:
    """Return, in nats, how badly an output guesses which channel is the whole layer's largest."""
    values = numbers(output)
    if values is None or values.shape != full.shape:
        return float("nan")
    return F.cross_entropy(3 * values.flatten(0, 1), full.argmax(-1).flatten()).item()


class Without:
    """The output without the first head for which it is not right; `there` are the channels of that head's number."""

    def __init__(self, case: Case) -> None:
        x, n_head, _ = case.inputs
        wrong = (h for h in range(n_head) if gap(case.got[without(h)], case.want[without(h)]) > MOVED)
        self.head = next(wrong, 0)  # all are right where only the layer has changed
        got, want = (numbers(outputs[without(self.head)]) for outputs in (case.got, case.want))
        full, bias = numbers(case.got["_full"]), numbers(case.got["_bias"])
        there = slice(*(x.shape[2] // n_head * h for h in (self.head, self.head + 1)))
        self.place = f"[..., {there.start}:{there.stop}]"
        self.off = f"Without head {self.head} your output is off by up to {gap(got, want):.2g}"
        self.largest_there = got[..., there].abs().max()
        self.from_bias = gap(got[..., there], bias[there])
        self.from_full = gap(got, full)
        self.times = ((got - bias) * (want - bias)).sum() / ((want - bias) ** 2).sum()
        self.channel = int(bias.abs().argmax())
        self.channel_off = (got - want)[..., self.channel].mean()
        self.n_head, self.n_embd = n_head, x.shape[2]


def taken_for(case: Case) -> dict:
    """Return which head was asked for, which other was switched off in its place, and how far off that is."""
    got, want = case.got, case.want
    pairs = itertools.permutations(range(case.inputs[1]), 2)
    asked, other = min(pairs, key=lambda pair: gap(got[without(pair[0])], want[without(pair[1])]) > MOVED)
    return {"asked": asked, "other": other, "off": gap(got[without(asked)], want[without(asked)])}
