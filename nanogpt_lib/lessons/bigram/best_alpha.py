"""How much to add to every count, found by search on text that was not counted."""

import functools
import math
from collections.abc import Callable

import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers
from nanogpt_lib.lessons.texts import passage, published
from nanogpt_lib.ngrams import bigram_counts, smoothed

UNLIKE = 0.6  # of the data that is unlike the text: there the best alpha is about 5
NEAR_ENOUGH = 0.002  # nats: how far above the lowest loss an alpha may be


def pair_loss(counts: torch.Tensor, pairs: torch.Tensor, alpha: float) -> float:
    """Return the bigram loss on a text whose pairs were counted once for all alphas, so that it is quick."""
    return -(pairs * smoothed(counts, alpha).log()).sum().item() / pairs.sum().item()


def losses(counts: torch.Tensor, data: torch.Tensor, alphas: list[float]) -> list[tuple[float, float]]:
    """Return (loss on data, alpha) for every alpha."""
    pairs = bigram_counts(data, len(counts))
    return [(pair_loss(counts, pairs, alpha), alpha) for alpha in alphas]


def lowest_loss(counts: torch.Tensor, data: torch.Tensor) -> tuple[float, float]:
    """Return the lowest loss on data and its alpha, by a fine search."""
    return min(losses(counts, data, [10 ** (k / 30) for k in range(-100, 31)]))


@functools.cache
def whole_text() -> tuple:
    _, known, train, val = published()
    counts = bigram_counts(train, len(known))
    return counts, val, lowest_loss(counts, val)


def short_and_long(seed: int) -> list[tuple]:
    """Return counts of a short text, of a longer one, of one unlike the data, and at the end of all the training text."""
    _, known, train, val = published()
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for length in (3_000, 8_000):
        counts = bigram_counts(passage(train, length, generator), len(known))
        data = passage(val, 5_000, generator)
        cases.append((counts, data, lowest_loss(counts, data)))
    counts = bigram_counts(passage(train, 3_000, generator), len(known))
    data, anything = passage(val, 5_000, generator), torch.randint(len(known), (5_000,), generator=generator)
    data = torch.where(torch.rand(5_000, generator=generator) < UNLIKE, anything, data)
    cases.append((counts, data, lowest_loss(counts, data)))
    often = (
        counts * (1 + 39 * (torch.arange(len(counts)) % 2))[:, None]
    )  # every other row: a column is no row
    data = passage(val, 5_000, generator)
    return [*cases, (often, data, lowest_loss(often, data)), whole_text()]


def goodness(
    best_alpha: Callable, counts: torch.Tensor, data: torch.Tensor, lowest: tuple
) -> dict[str, Fact]:
    """Return how good the chosen alpha is, beside `lowest`: the lowest loss and its alpha."""
    raw = best_alpha(counts, data)
    number = numbers(raw)
    if number is None or number.numel() != 1:
        raise Refusal(f"Expected one number alpha, got {type(raw).__name__}: {str(raw)[:60]!r}.")
    alpha, (least, best) = number.item(), lowest
    beside = f"the lowest is {least:.4f}, at alpha = {best:.2g}."
    if not 0 < alpha < math.inf:
        kind = "nothing" if alpha == 0 else "not above 0"
        return {"alpha": Fact(kind, f"alpha = {alpha:.3g} gives no finite loss; {beside}")}
    loss = pair_loss(counts, bigram_counts(data, len(counts)), alpha)
    if loss <= least + NEAR_ENOUGH:
        value = "near enough"
    elif abs(alpha - least) < NEAR_ENOUGH:
        value = "the loss"
    elif alpha == 1:
        value = "one"
    else:
        far = "" if 1 / 20 < alpha / best < 20 else "far "
        value = far + ("too small" if alpha < best else "too large")
    return {"alpha": Fact(value, f"alpha = {alpha:.3g} gives a loss of {loss:.4f}; {beside}")}


ex = Exercise(
    prompt="Write best_alpha(counts, data): the alpha > 0 that, added to every count, gives the lowest bigram loss on data. A number is fine too; it is judged on the whole text.",
    hints=(
        "Write the loss as a function of alpha. Then try many values and keep the best.",
        "Try alphas that grow by a factor, such as 0.001 to 10 in steps of 12%: small ones differ as much as large ones. Judge them on data, not on the counts.",
        "loss(alpha): probs = (counts + alpha) / (counts + alpha).sum(dim=1, keepdim=True), then the mean of -log probs[data[:-1], data[1:]]; return min(candidates, key=loss).",
    ),
    inputs=short_and_long,
    run=goodness,
    takes_value=True,
    note=lambda values: values[-1]["alpha"].said,
)


@ex.right
def best_alpha(counts: torch.Tensor, data: torch.Tensor) -> float:
    def loss(alpha: float) -> float:
        probs = (counts + alpha) / (counts + alpha).sum(dim=1, keepdim=True)
        return -probs[data[:-1], data[1:]].log().mean().item()

    candidates = [10 ** (k / 20) for k in range(-60, 21)]  # from 0.001 to 10, each 12% more
    return min(candidates, key=loss)


@ex.also_right
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


@ex.also_right
def alpha_from_a_list(counts, data):
    best, least = None, float("inf")
    for k in range(1, 60):
        a = 0.02 * 1.13**k
        p = (counts + a).double()
        cost = -((p / p.sum(1, True)).log()[data[:-1], data[1:]]).mean()
        if cost < least:
            best, least = a, cost
    return best


def coarsely(counts: torch.Tensor, data: torch.Tensor, largest: int = 2) -> list[tuple[float, float]]:
    """Return (loss, alpha) for every alpha up to a power of 10."""
    return losses(counts, data, [10 ** (k / 10) for k in range(-40, 10 * largest + 1)])


ex.mistake(
    "chosen on the training text",
    "{alpha} So small a value is best for the very counts that it came from: either you chose on them, or it is a fixed number, or the smallest that you tried. Choose on data, which was not counted.",
    *(
        lambda counts, data, least=least: min((pair_loss(counts, counts, a), a) for a in (least, 0.1, 1.0))[1]
        for least in (1e-4, 1e-2, 3e-2, 5e-2)
    ),
)


def otherwise(of: Callable) -> Callable:
    """Return the answer that looks for the lowest of(counts + alpha, pairs of the data)."""

    def best_alpha(counts, data):
        pairs, alphas = bigram_counts(data, len(counts)), [10 ** (k / 30) for k in range(-100, 31)]
        return min(alphas, key=lambda alpha: of(counts + alpha, pairs).item())

    return best_alpha


ex.mistake(
    "the columns are divided by their sums",
    "{alpha} You divided each column by its sum: dim=0. What follows a character is in its row: dim=1.",
    otherwise(lambda smooth, pairs: -(pairs * (smooth / smooth.sum(0)).log()).sum()),
)
ex.mistake(
    "no smoothing",
    "{alpha} With nothing added, a pair never seen has probability 0.",
    lambda counts, data: 0.0,
)
ex.mistake(
    "always 1",
    "{alpha} 1 is a good start for a long text; for a short one it drowns the counts. Search.",
    lambda counts, data: 1.0,
)
ex.mistake(
    "far too large each time",
    "{alpha} So much drowns the counts. Either a fixed number is too large for them, or the largest that you tried came back, or a place in your list instead of the value that stands there.",
    *(lambda counts, data, alpha=alpha: alpha for alpha in (10.0, 30.0, 60.0, 1e3)),
)
ex.mistake(
    "the highest loss instead of the lowest",
    "{alpha} So much drowns the counts: look for the lowest loss, min.",
    *(lambda counts, data, most=most: max(coarsely(counts, data, most))[1] for most in (2, 1, 3)),
)
ex.mistake(
    "a number that is not above 0",
    "{alpha} What is added to every count must be above 0, and no more than a number. What does your function return?",
    lambda counts, data: -1.0,
    lambda counts, data: math.inf,
    lambda counts, data: math.nan,
)
ex.mistake(
    "the loss instead of alpha",
    "{alpha} Return the alpha that belongs to the lowest loss.",
    lambda counts, data: min(coarsely(counts, data))[0],
)
ex.mistake(
    "too few candidates",
    "{alpha} The best lies between two of yours, or beyond the last: either they are too far apart, or whole numbers, or they end too early. Let each be some percent above the one before.",
    *(
        lambda counts, data, tried=tried: min(losses(counts, data, tried))[1]
        for tried in (
            [10.0**k for k in range(-4, 3)],
            [10.0**k for k in range(-3, 2)],
            [float(k) for k in range(1, 20)],
            [k / 2 for k in range(1, 20)],
            [k / 10 for k in range(1, 11)],
        )
    ),
)
ex.mistake(
    "the largest that was tried",
    "{alpha} You give the same large value for other texts too. Either it is a fixed number, or the largest that you tried came back: because the highest loss was taken for the lowest, or because each sum grew by alpha once, where alpha was added to all V counts of a row.",
    *(lambda counts, data, alpha=alpha: alpha for alpha in (5.0, 3.0, 2.0)),
)
ex.mistake(
    "the pairs are read backwards",
    "{alpha} You looked up data[1:] before data[:-1]. The row is the character before, the column the one after it.",
    otherwise(lambda smooth, pairs: -(pairs.T * (smooth / smooth.sum(1, keepdim=True)).log()).sum()),
)
