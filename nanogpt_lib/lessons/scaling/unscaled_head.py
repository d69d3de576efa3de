"""Find the head whose scores were not scaled, by the entropy of its weights."""

import math

import numpy as np
import torch

from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.lessons.scaling.shared import listed


def layers(seed: int) -> list[tuple]:
    """Return weights of several heads, one of them from raw scores; some with a causal mask, whose zeros are exact.

    In each but the last, one head is scaled twice over, so it is flatter than the others. In the first,
    a head that is scaled has a single row as sharp as can be.
    """
    generator = torch.Generator().manual_seed(seed)
    inputs: list[tuple] = []
    for n_head, T, head_size, masked in [
        (5, 8, 64, False),
        (4, 16, 32, True),
        (3, 12, 64, False),
        (6, 8, 64, True),
        (2, 10, 32, False),
    ]:
        first = {0: 3, 2: 0}.get(len(inputs), 1)  # so that "always 0" is right once, and not at first
        raw = 0 if first == 0 else int(torch.randint(first, n_head, (), generator=generator))
        q, k = torch.randn(2, n_head, T, head_size, generator=generator)
        scale = torch.full((n_head, 1, 1), head_size**-0.5)
        scale[raw] = 1.0
        if n_head > 2:
            scale[raw - 1] = 1 / head_size
        scores = q @ k.mT * scale
        if not inputs:
            scores[1, 3, 5] = 50.0
        if masked:
            scores = scores.masked_fill(~causal_mask(T), float("-inf"))
        inputs.append((scores.softmax(-1),))
    return [*inputs, *with_a_zero(generator), each_elsewhere(generator)]


def with_a_zero(generator: torch.Generator) -> list[tuple]:
    """Return two layers without a mask in which one weight of one head that is scaled is exactly 0.

    The head that is not scaled has a flat first and last row.
    """
    layers = []
    for raw, other in ((1, 3), (3, 2)):
        q, k = torch.randn(2, 4, 8, 64, generator=generator)
        scores = q @ k.mT * 64**-0.5
        scores[raw] *= 8
        scores[raw, [0, -1]] = 0.0  # one row does not tell
        scores[other, 2, 4] = float("-inf")
        layers.append((scores.softmax(-1),))
    return layers


def each_elsewhere(generator: torch.Generator) -> tuple:
    """Return a layer in which every row of the raw head looks somewhere else: on average it looks everywhere."""
    scores = torch.randn(3, 9, 9, generator=generator)
    scores[1] = 8 * torch.eye(9)[torch.randperm(9, generator=generator)]
    return (scores.softmax(-1),)


def entropies(weights: torch.Tensor) -> torch.Tensor:
    """Return the entropy of every row, (n_head, T)."""
    return torch.special.entr(weights).sum(-1)


class Heads:
    """The learner's answer, and what the layer really holds."""

    def __init__(self, case: Case) -> None:
        (weights,) = case.inputs
        self.n_head, self.T, _ = weights.shape
        self.rows, self.zeros = self.n_head * self.T, int((weights == 0).sum())
        means = ", ".join(f"{value:.2f}" for value in entropies(weights).mean(-1))
        most = f"ln {self.T} = {math.log(self.T):.2f}"
        self.of_each = f"the mean entropies of heads 0 to {self.n_head - 1} are {means} ({most})"
        self.answered = f"You answered {int(case.got)}"


ex = Exercise(
    prompt="Write unscaled_head(weights): weights is (n_head, T, T), and the scores of exactly one head were not scaled before the softmax. Return the index of that head.",
    hints=(
        "What do raw scores do to a softmax? Look at section 2, and measure it for each head.",
        "The entropy of a row is minus the sum of p log p; average it over the rows of each head. Beware of p = 0 under a causal mask: torch.special.entr(p) gives -p log p, and 0 there.",
        "torch.special.entr(weights).sum(dim=-1).mean(dim=-1).argmin().item()",
    ),
    inputs=layers,
    see=Heads,
    note=lambda values: (
        f"It was heads {listed(map(float, values[:5]))} of the first five layers, two of them with a causal mask."
    ),
)


@ex.right
def unscaled_head(weights: torch.Tensor) -> int:
    entropy = torch.special.entr(weights).sum(dim=-1)  # (n_head, T); entr(0) is 0, where 0 * log(0) is NaN
    return entropy.mean(dim=-1).argmin().item()  # the sharpest: its scores were the largest


@ex.also_right
def head_with_the_largest_weights(w):
    return w.max(dim=2).values.mean(dim=1).argmax()


@ex.also_right
def head_by_python(w):
    bits = [
        sum(-p * np.log2(p) for row in head.tolist() for p in row if p > 0) / len(head) for head in w.double()
    ]
    return min(range(len(bits)), key=bits.__getitem__)


@ex.also_right
def head_by_squares(weights):
    return int(np.argsort((weights.numpy() ** 2).sum((1, 2)))[-1])


ex.mistake(
    "the flattest head",
    "{answered}, and {of_each}. Yours is the most even of all: its scores are small. Raw scores are large. If you meant the sharpest, is a minus sign missing?",
    lambda weights: entropies(weights).mean(-1).argmax().item(),
)
ex.mistake(
    "counts from 1",
    "{answered}; there are {n_head} heads, and the first has index 0.",
    lambda weights: unscaled_head(weights) + 1,
)
ex.mistake(
    "the first head below ln T",
    "{answered} for each layer, and {of_each}. Either 0 stands in your code, or you took the first head below ln T, and every head is: it is the most that there can be. Compare the heads with each other.",
    lambda weights: 0,
)
ex.mistake(
    "0 * log(0)",
    "{answered}, where {zeros} weights are exactly 0, hidden by a mask. Either you took log(0), which is minus infinity, and 0 times that is NaN, as is then the entropy of every head; or you compared the smallest weights, and these are 0 in every head. Let p = 0 count 0.",
    lambda weights: (-weights * weights.log()).sum(-1).mean(-1).argmin().item(),
    lambda weights: weights.amin((1, 2)).argmin().item(),
)
ex.mistake(
    "the minus sign comes last",
    "{answered}, and an index is not negative here. Python reads -(p * log p).sum().argmin() as minus the index. Put the minus inside, before argmin sees the numbers.",
    lambda weights: -(-entropies(weights)).mean(-1).argmin().item(),
    lambda weights: -(weights * weights.log()).sum(-1).mean(-1).argmin().item(),
)
ex.mistake(
    "judges by the sharpest row",
    "{answered}, and {of_each}. One of its {T} rows is very sharp, and that may well be meant. Judge a head by all of its rows: take the mean.",
    lambda weights: entropies(weights).amin(-1).argmin().item(),
)
ex.mistake(
    "a row instead of a head",
    "{answered}; there are {n_head} heads. You averaged over the heads, dim 0, which leaves one number for each row. Keep dim 0, and average over the rows.",
    lambda weights: entropies(weights).mean(0).argmin().item(),
)
ex.mistake(
    "an index into all rows",
    "{answered}, but there are {n_head} heads: argmin of a (n_head, T) tensor counts through all its {rows} rows. Average over the rows first.",
    lambda weights: entropies(weights).argmin().item(),
)
ex.mistake(
    "all entropies instead of one index",
    "You returned {count} numbers, from {least:.3g} to {greatest:.3g}. Those are entropies; average the rows of each head, and return which of the {heads} heads stands out.",
    lambda weights: entropies(weights).mean(-1),
    lambda weights: (-weights * weights.log()).sum(-1).mean(-1),
    entropies,
    lambda weights: (-weights * weights.log()).sum(-1),
    see=lambda case: {
        "count": case.got.numel(),
        "least": case.got.min(),
        "greatest": case.got.max(),
        "heads": len(case.inputs[0]),
    },
)
ex.mistake(
    "the entropy instead of the index",
    "You answered {entropy:.3g}: that is the smallest mean entropy. Asked for is which of the {heads} heads has it.",
    lambda weights: entropies(weights).mean(-1).min().item(),
    see=lambda case: {"entropy": float(case.got), "heads": len(case.inputs[0])},
)
ex.mistake(
    "a place among all weights",
    "{answered}; there are {n_head} heads. argmax without dim counts through all {n_head} x {T} x {T} weights. Make one number of each head first.",
    lambda weights: weights.argmax().item(),
    lambda weights: weights.argmin().item(),
)
ex.mistake(
    "one row for the whole head",
    "{answered}, and {of_each}. You looked at one row of each head: under a causal mask row 0 is the same in all. Average over the rows.",
    lambda weights: weights[:, 0].amax(-1).argmax().item(),
    lambda weights: entropies(weights)[:, 0].argmin().item(),
    lambda weights: weights[:, -1].amax(-1).argmax().item(),
    lambda weights: entropies(weights)[:, -1].argmin().item(),
)
ex.mistake(
    "the weight instead of the index",
    "You answered {weight:.3g}: that is how large the weights are. Asked for is in which of the {heads} heads they are so large.",
    lambda weights: weights.amax(-1).mean(-1).max().item(),
    lambda weights: weights.max().item(),
    lambda weights: weights.square().sum((1, 2)).max().item(),
    see=lambda case: {"weight": float(case.got), "heads": len(case.inputs[0])},
)
ex.mistake(
    "all weights of a head are added up",
    "{answered}, and {of_each}. Every row of weights sums to 1, so those of each head sum to {T}: only rounding decided. Measure how uneven a row is.",
    lambda weights: weights.sum((1, 2)).argmax().item(),
    lambda weights: weights.mean((1, 2)).argmax().item(),
)
ex.mistake(
    "the mean of the rows instead of each row",
    "{answered}, and {of_each}. You averaged the rows of each head first. Rows that look sharply, each somewhere else, have an even mean: measure each row, then average.",
    lambda weights: entropies(weights.mean(1)).argmin().item(),
    lambda weights: weights.mean(1).amax(-1).argmax().item(),
    lambda weights: weights.mean(1).square().sum(-1).argmax().item(),
)
ex.mistake(
    "a few weights for the whole head",
    "{answered}, and {of_each}. You looked at the diagonal of each head alone, or at one column. Where a head looks is not how sharply it looks: take whole rows.",
    lambda weights: weights.diagonal(dim1=1, dim2=2).mean(1).argmax().item(),
    lambda weights: weights[:, :, 0].mean(1).argmax().item(),
    lambda weights: weights[:, :, -1].mean(1).argmax().item(),
)
