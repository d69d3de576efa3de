"""Measure how much dot products of random vectors vary."""

from collections.abc import Callable

import numpy as np
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.scaling.laws import PAIRS, dot_facts


def three_sizes(seed: int) -> list[tuple]:
    """Return one input: three head sizes, near 8, 16 and 32, and the seed of the first generator."""
    sizes = (8, 16, 32)
    if seed:
        generator = torch.Generator().manual_seed(seed)
        sizes = tuple(int(torch.randint(n - 2, n + 3, (), generator=generator)) for n in sizes)
    return [(sizes, 100 * seed)]


ex = Exercise(
    prompt="Write var_dot(head_size, generator): draw 20,000 queries and 20,000 keys with torch.randn(..., generator=generator), and return the variance of their 20,000 dot products.",
    hints=(
        "Draw q and k, both (20000, head_size): row i of one belongs to row i of the other.",
        "A dot product multiplies entry by entry and adds up along the row. That leaves 20,000 numbers, and it is their variance that is asked for.",
        "scores = (q * k).sum(dim=-1); return scores.var().item()",
    ),
    inputs=three_sizes,
    run=dot_facts,
    note=lambda values: f"{values[0]['variance'].said} The same seed gives the same number again.",
)


@ex.right
def var_dot(head_size: int, generator: torch.Generator) -> float:
    q = torch.randn(20_000, head_size, generator=generator)
    k = torch.randn(20_000, head_size, generator=generator)
    scores = (q * k).sum(dim=-1)  # (20000,): each query with its own key
    return scores.var().item()


@ex.also_right
def variance_by_einsum(n, g):
    q, k = torch.randn(2, 20_000, n, generator=g, dtype=torch.float64)
    return torch.einsum("pn,pn->p", q, k).var(correction=0)


@ex.also_right
def variance_of_eight_keys_for_each_query(head_size, generator):
    q = torch.randn(5_000, 1, head_size, generator=generator)
    scores = q @ torch.randn(5_000, 8, head_size, generator=generator).transpose(1, 2)
    return float((scores**2).mean() - scores.mean() ** 2)


@ex.also_right
def variance_by_numpy(head_size, generator):
    draw = np.random.default_rng(generator.initial_seed())
    return np.var(draw.standard_normal((2, 20_000, head_size)).prod(0).sum(-1))


def drawn(of: Callable, pairs: int = 5_000, draw: Callable = torch.randn) -> Callable:
    """Return the answer that makes this of q and k, both (pairs, head_size); so many are enough to know a law."""

    def var_dot(head_size, generator):
        q, k = (draw(pairs, head_size, generator=generator) for _ in range(2))
        return of(q, k).item()

    return var_dot


def dot(q, k):
    return (q * k).sum(-1)


ex.mistake(
    "the spread instead of the variance",
    "{variance} That is the spread, .std(). The variance is its square: .var().",
    drawn(lambda q, k: dot(q, k).std()),
)
ex.mistake(
    "the mean of the products instead of their sum",
    "{variance} That becomes smaller as the vectors become longer: you took the mean of the products in each row. A dot product is their sum.",
    drawn(lambda q, k: (q * k).mean(-1).var()),
)
ex.mistake(
    "nothing was added up",
    "{variance} About 1 whatever the size: so much varies a single entry, a single product q_i k_i, or a score that has been scaled already. A raw score adds up head_size products.",
    drawn(lambda q, k: (q * k).var()),
    drawn(lambda q, k: q.var()),
    drawn(lambda q, k: (dot(q, k) * q.shape[-1] ** -0.5).var()),
)
ex.mistake(
    "the mean instead of the variance",
    "{variance} Those are means: dot products of random vectors are positive as often as negative. How far they lie from 0 is what the variance measures.",
    drawn(lambda q, k: dot(q, k).mean()),
    drawn(lambda q, k: (q * k).mean()),
)


def variance(q, k):
    return dot(q, k).var()


def evenly(low: float, high: float) -> Callable:
    """Return a stand-in for torch.randn that draws evenly between two numbers."""
    return lambda *size, generator: low + (high - low) * torch.rand(*size, generator=generator)


ex.mistake(
    "uniform instead of normal draws",
    "{variance} They grow as they should, but are too small: torch.rand draws evenly from 0 to 1, and such entries do not have variance 1. torch.randn does.",
    drawn(variance, draw=evenly(0, 1)),
    drawn(variance, draw=evenly(-0.5, 0.5)),
    drawn(variance, draw=evenly(-1, 1)),
)
ex.mistake(
    "a vector with itself",
    "{variance} Twice as much as it should be: query and key are one vector here, and its product with itself is a squared length. Draw k anew.",
    drawn(lambda q, k: variance(q, q)),
)
ex.mistake(
    "too few draws",
    "{variance} With so few draws chance decides: two measurements should agree within 5 %. Draw 20,000 pairs.",
    drawn(variance, pairs=30),
    drawn(variance, pairs=200),
    drawn(variance, pairs=2_000),
    drawn(variance, pairs=5_000),
)


@ex.mistake(
    "one key for all queries",
    "{variance} More queries do not help here: either all of them met the same key, or a few keys met all of them, and their lengths decide. Draw a key for each query.",
)
def _(head_size, generator):
    q = torch.randn(2_000, head_size, generator=generator)
    k = torch.randn(head_size, generator=generator)
    return (q @ k).var().item()


ex.mistake(
    "a single pair",
    "{variance} That is the variance among the entries of one pair. Draw 20,000 pairs; each gives one dot product, and it is these that vary.",
    drawn(lambda q, k: (q * k).var(), pairs=1),
    drawn(lambda q, k: q.var(), pairs=1),
)
ex.mistake(
    "the variance of one number",
    "{variance} One pair gives one dot product, and a single number does not vary: 0 / 0. Draw 20,000 pairs.",
    drawn(lambda q, k: (dot(q, k) - dot(q, k)).sum() / 0, pairs=1),  # .var(), without its warning
)
ex.mistake(
    "added up over the pairs",
    "{variance} That many come together when you add up along dim=0, over the pairs. A dot product runs along a row: dim=-1.",
    drawn(lambda q, k: (q * k).sum(0).var()),
)
ex.mistake(
    "the squares are not averaged",
    "{variance} That is the sum of the squares of all scores. A variance is their mean.",
    drawn(lambda q, k: dot(q, k).square().sum(), pairs=PAIRS),
)
ex.mistake(
    "nothing was drawn",
    "Right, but not measured: {chance} What is drawn at random comes out a little different for each seed. Draw, do not round, and let the numbers say it.",
    lambda head_size, generator: head_size,
)
ex.mistake(
    "a seed set inside",
    "Nearly: {chance} A seed that is set inside the function, or a generator made there, undoes the one that you are given. Draw from that one.",
    lambda head_size, generator: var_dot(head_size, generator.manual_seed(1337)),
    lambda head_size, generator: var_dot(head_size, torch.Generator().manual_seed(1)),
)


@ex.mistake(
    "the generator is not used",
    "Nearly: {seed} Whoever repeats your measurement must get the same number: pass generator=generator to every torch.randn.",
)
def _(head_size, generator):
    q, k = torch.randn(2, 20_000, head_size)
    return variance(q, k).item()


ex.mistake(
    "the number is rounded",
    "Nearly: {digits} Return what was measured, with all of its digits.",
    drawn(lambda q, k: dot(q, k).var().round(decimals=1), 20_000),
)
