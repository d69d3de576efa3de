"""Only the fewest likeliest that together reach p stay."""

import math

import torch
import torch.nn.functional as F

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.sampling.cut_otherwise import (
    at_least_the_last,
    both,
    by_number,
    sharing,
    single,
    with_first,
)
from nanogpt_lib.lessons.sampling.nucleus import Nucleus, keeps_as_many, nucleus, sums_to_1
from nanogpt_lib.lessons.sampling.shared import counted_from_the_front, divided, greedy, refused, rows, sizes


def to_share(seed: int) -> list[tuple]:
    """Return some (probs, p): by hand, p reached exactly, one row, rows, a p that the first holds alone, p = 1, and equals."""
    B, V, generator = sizes(seed)
    four = torch.tensor([0.25, 0.0625, 0.5, 0.1875])
    exact = torch.tensor([[0.0625, 0.5, 0.1875, 0.25], [0.125, 0.03125, 0.75, 0.09375]])

    def probs(*shape: int) -> torch.Tensor:
        sharpness = torch.linspace(0.7, 2.5, shape[0])[:, None] if len(shape) > 1 else 1.5
        return (sharpness * torch.randn(shape, generator=generator)).softmax(dim=-1)

    def safe(probs: torch.Tensor, low: float, high: float) -> float:
        """Return a p that no sum comes near, so that rounding decides nothing."""
        sums = probs.sort(dim=-1, descending=True).values.cumsum(dim=-1).flatten()
        choices = torch.linspace(low, high, 60)
        return round(choices[(choices[:, None] - sums).abs().amin(dim=1).argmax()].item(), 4)

    one, several, square, few = probs(V), probs(B, V), probs(V, V), probs(B, V)
    steep = torch.tensor([20.0, 0.0, -5.0])[torch.randperm(3, generator=generator)].softmax(dim=-1)
    return [
        (four, 0.6),
        (exact, 0.75),
        (one, safe(one, 0.6, 0.9)),
        (several, safe(several, 0.6, 0.9)),
        (square, safe(square, 0.5, 0.9)),
        (few, 0.03),
        (steep, 1.0),
        (probs(B, V), 1.0),
        (several, safe(several, 0.95, 0.995)),
        (torch.tensor([0.125, 0.25, 0.25, 0.25, 0.125]), 0.45),
    ]


ex = Exercise(
    prompt="Write top_p(probs, p): in each row of probs (V,) or (B, V) only the fewest likeliest that together reach p, divided by their sum, at their old places. The likeliest always stays; p = 1 keeps all.",
    hints=(
        "Go down from the likeliest and add up. Who stays is decided by what the likelier ones hold already.",
        "sort gives the values and the order; cumsum - values is what stands before each. scatter brings values back to the places in order. And p = 1: what does a rounded sum do there?",
        "ordered, order = probs.sort(dim=-1, descending=True); before = ordered.cumsum(dim=-1) - ordered; zeros.scatter(-1, order, ordered * (before < p)); divide by its sum. p = 1 first, by itself.",
    ),
    inputs=to_share,
    run=nucleus,
    see=Nucleus,
    holds=(keeps_as_many, sums_to_1),
    note=lambda values: (
        f"Of 0.25, 0.0625, 0.5, 0.1875 with p = 0.6 you keep {int(values[0]['kept'].sum())}; with p = 1 all {int(values[6]['kept'].sum())} of a row whose first already rounds to 1."
    ),
    probe="(Measured on 0.25, 0.0625, 0.5, 0.1875.)",
)


@ex.right
def top_p(probs: torch.Tensor, p: float) -> torch.Tensor:
    if p == 1:  # a rounded sum would drop what is very unlikely
        return probs
    ordered, order = probs.sort(dim=-1, descending=True)
    before = ordered.cumsum(dim=-1) - ordered  # what the likelier ones hold together
    kept = torch.zeros_like(probs).scatter(-1, order, ordered * (before < p))  # back in the old order
    return kept / kept.sum(dim=-1, keepdim=True)


@ex.also_right
def shared_by_python(probs, p):
    def row(values):
        kept, total = [0.0] * len(values), 0.0
        for i in sorted(range(len(values)), key=lambda i: -values[i]):
            if p == 1 or total < p:
                kept[i] = values[i]
                total += values[i]
        return [value / sum(kept) for value in kept]

    return torch.tensor([row(one) for one in rows(probs).tolist()], dtype=torch.float64).reshape(probs.shape)


@ex.also_right
def shared_by_shifting(probs, p):
    """The first always stays: the list of those to be removed is moved by one place."""
    sorted_probs, order = torch.sort(probs, descending=True)
    removed = sorted_probs.cumsum(dim=-1) >= p if p < 1 else torch.zeros_like(probs, dtype=torch.bool)
    removed = torch.cat([torch.zeros_like(removed[..., :1]), removed[..., :-1]], dim=-1)
    kept = probs * ~torch.empty_like(removed).scatter_(-1, order, removed)
    return F.normalize(kept, p=1, dim=-1)


ex.mistake(
    "the one that crosses p is dropped",
    "{kept}. That does not reach p. The one that crosses it belongs in; and where the first alone crosses, yours would keep nothing. What stands before it decides.",
    *both(stays=lambda ordered, total, p: total <= p),
    *both(stays=lambda ordered, total, p: total < p),
)
ex.mistake(
    "the one that crosses p is dropped, the first kept",
    "{kept}. That does not reach p. You saved the first; the one that crosses p belongs in everywhere, not only there.",
    *both(stays=with_first(lambda ordered, total, p: total <= p)),
    *both(stays=with_first(lambda ordered, total, p: total < p)),
)
ex.mistake(
    "one more than needed",
    "{kept}; without the last of them p was reached already.",
    sharing(stays=lambda ordered, total, p: total - ordered <= p),
    *both(stays=lambda ordered, total, p: total - ordered - ordered.roll(1, -1) < p),
)
ex.mistake(
    "all that tie with the last stay",
    "{kept}. The last that is needed has equals, and you kept them all: you compare values with a limit. Only the fewest are to stay: go by places, not by values.",
    *single(at_least_the_last),
)
ex.mistake(
    "p = 1 drops by rounding",
    "{kept}, rounded. In 32 bits the first is 1 already, so nothing more seemed to be needed. p = 1 is no limit: ask for it first.",
    sharing(at_1=False),
)
ex.mistake(
    "not divided by the sum",
    "{sum_off}. What was cut away is missing: share it out.",
    *both(finish=lambda kept: kept),
)
ex.mistake(
    "divided by the sum of the whole batch",
    "{sum_off}: all rows together do. Each row is a choice of its own.",
    *both(finish=lambda kept: kept / kept.sum()),
)
ex.mistake(
    "a softmax in place of the division",
    "{kept}: a softmax gives something to a 0 as well. To make a sum 1, divide by it.",
    *both(finish=lambda kept: kept.softmax(dim=-1)),
)
ex.mistake(
    "left in falling order",
    "The likeliest has id {likeliest}, and your largest value stands at {largest}: your values are still sorted. Whose are they?",
    *both(back=lambda kept, order, probs: kept),
)
ex.mistake(
    "brought back the wrong way",
    "The likeliest has id {likeliest}, and your largest value stands at {largest}. Place i of the sorted row belongs to id order[i]: you read there, and must write there.",
    *both(back=lambda kept, order, probs: kept.gather(-1, order)),
)
ex.mistake(
    "the mask is not brought back",
    "{kept}. Your mask belongs to the sorted row, and you laid it on the row as it was.",
    *both(back=lambda kept, order, probs: probs * (kept > 0)),
)
ex.mistake(
    "sorted in rising order",
    "{kept}. You added up from the least likely. Who comes first?",
    sharing(descending=False),
)
ex.mistake(
    "added up without sorting",
    "{kept}. You added up in the vocabulary's order, which is not the falling one.",
    *single(lambda probs, p: probs.cumsum(dim=-1) - probs < p),
    *single(lambda probs, p: probs.cumsum(dim=-1) <= p),
)
ex.mistake(
    "each judged alone",
    "{kept}. You compare each single probability with a limit. p is a share that several hold together.",
    single(lambda probs, p: probs > 1 - p)[0],
    *single(lambda probs, p: probs >= p),
    *single(lambda probs, p: probs < p),
    *single(lambda probs, p: probs > p),
    lambda probs, p: (probs * (probs > p)) / (probs * (probs > p)).sum(-1, keepdim=True).clamp(min=1e-9),
    *single(lambda probs, p: probs >= p * probs.amax(dim=-1, keepdim=True)),
    single(lambda probs, p: probs >= (1 - p) * probs.amax(dim=-1, keepdim=True))[0],
)
ex.mistake(
    "p as a share of the vocabulary",
    "{kept}. p is a share of the probability, not of the number of characters.",
    *single(by_number),
    *single(lambda probs, p: by_number(probs, p, math.floor)),
    *single(lambda probs, p: by_number(probs, p, math.ceil)),
)
ex.mistake(
    "added up over the batch",
    "{kept}: the sum ran down the batch. The vocabulary is the last axis.",
    *both(sum_axis=0),
    *both(
        axis=0, sum_axis=0, back=lambda kept, order, probs: torch.zeros_like(probs).scatter(0, order, kept)
    ),
)
ex.mistake(counted_from_the_front("probabilities", *both(axis=1)))
ex.mistake(
    "the sum lost its axis",
    "With probabilities of shape {shape} {raised}. One sum a row is asked for, of shape (B, 1), so that it meets its own row.",
    *both(finish=lambda kept: kept / kept.sum(dim=-1)),
    see=refused,
)
ex.mistake(
    "the mask itself",
    "{ones} of your {size} values are True, and probabilities are asked for. What do those who stay have, and what the others?",
    *both(finish=lambda kept: kept > 0),
)
ex.mistake(
    "nothing is cut", "{kept}. Where does the cut happen, and is its result returned?", lambda probs, p: probs
)
ex.mistake(
    "only the likeliest",
    "{kept}. That is greedy, whatever p is.",
    *single(lambda probs, p: greedy(probs) > 0),
)
ex.mistake(
    "one choice for the whole batch",
    "{kept}: the first row decided for all. Each row has likeliest of its own.",
    lambda probs, p: divided(probs * (top_p(probs.reshape(-1, probs.shape[-1])[0], p) > 0)),
)
ex.mistake(
    "1 - p in place of p",
    "{kept}. You cut at 1 - p. What is asked for is that those who stay reach p together.",
    lambda probs, p: top_p(probs, max(1 - p, 1e-9)),
)
ex.mistake(
    "divided by p",
    "{sum_off}. Those who stay hold p or more, so p is not their sum. Divide by that.",
    lambda probs, p: sharing(finish=lambda kept: kept)(probs, p) / p,
    lambda probs, p: sharing(finish=lambda kept: kept, at_1=False)(probs, p) / p,
)
ex.mistake(
    "all that stay get the same",
    "{kept}, and each of the first row has the same share. Those who stay keep their proportions: divide them by their sum.",
    *both(finish=lambda kept: divided((kept > 0).float())),
)
