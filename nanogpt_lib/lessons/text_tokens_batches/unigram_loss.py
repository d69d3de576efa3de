"""The loss of a model that knows how often each character occurs, and nothing else."""

import math
from collections import Counter
from collections.abc import Callable

import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.texts import passage, published


def splits(seed: int) -> list[tuple]:
    """Return the two splits of the real text for the first seed, for others pieces of them; and a short text."""
    _, known, train, val = published()
    generator = torch.Generator().manual_seed(seed)
    if seed:
        train, val = passage(train, 200_000, generator), passage(val, 20_000, generator)
        val = val[torch.bincount(train, minlength=len(known))[val] > 0]  # nothing that train has not
    short = torch.cat([torch.arange(5), torch.randint(5, (20,), generator=generator)])
    few = torch.randint(5, (9,), generator=generator)
    return [(train, val, len(known)), (train, train, len(known)), (short, few, 6)]  # id 5 never comes


ex = Exercise(
    prompt="Write unigram_loss(train, data, vocab_size): count how often each id occurs in train, and return the mean surprise at the ids of data, in nats (-log p, natural logarithm).",
    hints=(
        "Counts divided by their sum are probabilities. Each character of data costs -log of its probability.",
        "torch.bincount(train, minlength=vocab_size) counts. probs[data] looks up one probability a character.",
        "probs = counts / counts.sum(); return -probs[data].log().mean().item()",
    ),
    inputs=splits,
    see=lambda case: {
        "in_nats": case.got * math.log(2),
        "its_log": case.got.log(),
        "characters": len(case.inputs[1]),
    },
    note=lambda values: f"{values[1]:.3f} on what was counted, {values[0]:.3f} on what was held back.",
    rtol=1e-5,
    atol=1e-3,
)


@ex.right
def unigram_loss(train: torch.Tensor, data: torch.Tensor, vocab_size: int) -> float:
    counts = torch.bincount(train, minlength=vocab_size)
    probs = counts / counts.sum()
    return -probs[data].log().mean().item()  # how surprised, on average, by each character of data


@ex.also_right
def surprise_by_counters(train, data, vocab_size):
    counted, asked = Counter(train.tolist()), Counter(data.tolist())
    return -sum(n * math.log(counted[i] / len(train)) for i, n in asked.items()) / len(data)


@ex.also_right
def surprise_in_float64(a, b, v):
    p = torch.zeros(v, dtype=torch.float64)
    p.index_add_(0, a, torch.ones(len(a), dtype=torch.float64))
    return -(p / len(a))[b].log().sum() / b.numel()


def shares(ids: torch.Tensor, V: int) -> torch.Tensor:
    """Return the share of each id, (V,) float64."""
    return torch.bincount(ids, minlength=V).double() / len(ids)


def smoothed_loss(train: torch.Tensor, data: torch.Tensor, V: int, more: float) -> float:
    """Return the loss where so much is added to every count."""
    counts = torch.bincount(train, minlength=V).double() + more
    return -(counts / counts.sum())[data].log().mean().item()


def from_probs(loss: Callable) -> Callable:
    """Return the answer that makes a loss of the probabilities of what really came."""
    return lambda train, data, V: loss(shares(train, V)[data]).item()


ex.mistake(
    "counts the data that it judges",
    "{got:.4g} is too good: you counted data itself. The probabilities come from train, else the model has seen the answers.",
    lambda train, data, V: unigram_loss(data, data, V),
)
ex.mistake(
    "bits for nats",
    "{got:.4g} is in bits: {got:.4g} × ln 2 = {in_nats:.4g}. For nats take log, not log2.",
    from_probs(lambda p: -p.log2().mean()),
)
ex.mistake(
    "log to base 10",
    "{got:.4g} comes from log10. Nats are the natural logarithm: log.",
    from_probs(lambda p: -p.log10().mean()),
)
ex.mistake(
    "sum instead of mean",
    "{got:.4g} is the sum over {characters:,} characters. Divide by how many there are, so that texts of any length compare: mean().",
    from_probs(lambda p: -p.log().sum()),
)
ex.mistake(
    "the minus is missing",
    "{got:.4g} is below 0. The logarithm of a probability is negative; surprise is -log p.",
    from_probs(lambda p: p.log().mean()),
)
ex.mistake(
    "the mean before the log",
    "{got:.4g} is -log of the mean probability. Take the logarithm of each probability first, then the mean.",
    from_probs(lambda p: -p.mean().log()),
)
ex.mistake(
    "another number than the mean",
    "{got:.4g} is the median, the largest or the smallest surprise. Asked for is the mean over all characters: mean().",
    from_probs(lambda p: -p.log().median()),
    from_probs(lambda p: (-p.log()).median()),
    from_probs(lambda p: (-p.log()).max()),
    from_probs(lambda p: (-p.log()).min()),
)
ex.mistake(
    "the log is missing",
    "{got:.4g} is a mean of probabilities, or 1 minus it, or minus it. The surprise at a character is -log p.",
    from_probs(lambda p: 1 - p.mean()),
    from_probs(lambda p: -p.mean()),
    from_probs(lambda p: p.mean()),
)
ex.mistake(
    "divided by the length of data",
    "{got:.4g} comes from counts that do not sum to 1 as probabilities: the counts of train were divided by {characters:,}, the length of data. Divide them by their own sum.",
    lambda train, data, V: (
        -(torch.bincount(train, minlength=V).double() / len(data))[data].log().mean().item()
    ),
)
ex.mistake(
    "perplexity",
    "{got:.4g} is the perplexity, exp of the loss. Its logarithm is {its_log:.4g}.",
    from_probs(lambda p: (-p.log().mean()).exp()),
)
ex.mistake(
    "all characters equally likely",
    "{got:.4g} is ln {vocab_size}, as if nothing had been counted. Use the counts of train.",
    lambda train, data, V: math.log(V),
)
ex.mistake(
    "the counts are smoothed",
    "On {characters:,} characters {got:.4g}, where the counts alone give {want:.4g}: you added something to every count. That comes in notebook 02.",
    *(lambda train, data, V, more=more: smoothed_loss(train, data, V, more) for more in (1, 0.5, 0.1)),
)
ex.mistake(
    "the mean over the vocabulary",
    "{got:.4g} weighs all {vocab_size} characters alike. Look up probs[data], so that frequent ones count more often.",
    lambda train, data, V: -shares(train, V).log().mean().item(),
    lambda train, data, V: -(shares(train, V) + 1e-12).log().mean().item(),
    lambda train, data, V: -shares(train, V)[shares(train, V) > 0].log().mean().item(),
)
ex.mistake(
    "every kind of character once",
    "{got:.4g} is the mean over the kinds of characters in data. A character that comes often counts as often as it comes: probs[data], not probs[data.unique()].",
    lambda train, data, V: unigram_loss(train, data.unique(), V),
)
ex.mistake(
    "the entropy of train",
    "{got:.4g} is the entropy of train's own characters: data does not come into it. The mean is taken over the ids of data.",
    lambda train, data, V: unigram_loss(train, train, V),
)
ex.mistake(
    "a softmax of the counts",
    "{got:.4g} comes from a softmax, which takes exp of the counts, here up to exp({top}). A probability is a count divided by the sum of all.",
    lambda train, data, V: -torch.bincount(train, minlength=V).float().softmax(0)[data].log().mean().item(),
    lambda train, data, V: -torch.bincount(train, minlength=V).float().log_softmax(0)[data].mean().item(),
    see=lambda case: {"top": int(torch.bincount(case.inputs[0]).max())},
)
ex.mistake(
    "a softmax of the probabilities",
    "{got:.4g} comes from cross_entropy, which takes a softmax of what it gets: of probabilities it makes nearly equal ones. Give it their logarithms, or take -log p yourself.",
    lambda train, data, V: -shares(train, V).log_softmax(-1)[data].mean().item(),
)
