"""Measure what an evaluation may remember: counts that go on growing while they are evaluated, and mixtures.

A frozen model has learned from the training text alone. A model that keeps counting has also seen all of the
validation text before the character that it predicts, as a compressor of files has. Both are honest, and
their losses answer different questions.

Taught in: faster_and_bigger.
"""

import torch

from nanogpt_lib.checks import positive_int, probability, problem, token_ids, whole_number
from nanogpt_lib.kinds import floats, ids, room
from nanogpt_lib.ngrams import require_numbers

WEIGHTS = [step / 20 for step in range(21)]  # of the first of two models in a mixture


def growing_chances(data: torch.Tensor, start: int, order: int, vocab_size: int) -> torch.Tensor:
    """Return the probability of each id from `start` on, by counts of all that stands before it.

    They are those of an `NGramLM` that is counted anew before every id, and cost no more than counting once:
    how often something was seen before a place is its rank among its equals.

    Args:    data: (N,) int64 ids, the training text and then the text to be evaluated.
             start: where the evaluation begins, at least `order`.   order, vocab_size: as in `NGramLM`.
    Returns: (N - start,) float64.
    Raises:  ValueError: an id outside [0, V), or a start that leaves no context or no id.
    Example:
        >>> growing_chances(torch.tensor([0, 1, 0, 1]), start=2, order=0, vocab_size=2)
        tensor([0.5000, 0.4000], dtype=torch.float64)

    Source:  Witten and Bell (1991), method C; Cleary and Witten (1984) let counts grow.
             Taught in: faster_and_bigger.
    """
    V, order = positive_int("vocab_size", vocab_size), whole_number("order", order)
    room("a row of counts", V)
    token_ids("data", ids("data", data, "N"), V)
    if not 0 <= order <= whole_number("start", start) < len(data):
        raise problem(
            f"0 <= order <= start < {len(data)}, the number of ids",
            f"order={order}, start={start}",
            "Begin after the training text.",
        )
    require_numbers(order, V)
    chances = torch.full((len(data) - start,), 1 / V, dtype=torch.float64)
    context = torch.zeros(len(data), dtype=torch.long)  # the number of what stands before each id
    for length in range(order + 1):
        if length:
            context[length:] += data[:-length] * V ** (length - 1)
        seen, total, kinds = (
            row[start - length :].double() for row in _before(context[length:], data[length:], V)
        )
        mixed = (seen + kinds * chances) / (total + kinds).clamp(min=1)
        chances = torch.where(total > 0, mixed, chances)
    return chances


def _before(context: torch.Tensor, chosen: torch.Tensor, V: int) -> tuple[torch.Tensor, ...]:
    """Return for each place how often its pair and its context came before, with how many different ids."""
    pairs = context * V + chosen
    seen, total = _rank(pairs), _rank(context)
    order = context.argsort(stable=True)
    is_new = (seen == 0)[order].long()
    new_before = is_new.cumsum(0) - is_new
    kinds = torch.empty_like(new_before)
    first = torch.arange(len(order)) - total[order]  # where this context's places begin in that order
    kinds[order] = new_before - new_before[first]
    return seen, total, kinds


def _rank(values: torch.Tensor) -> torch.Tensor:
    """Return for each place how many equal values stand before it."""
    ordered, order = values.sort(stable=True)
    _, sizes = ordered.unique_consecutive(return_counts=True)
    begins = (sizes.cumsum(0) - sizes).repeat_interleave(sizes)
    rank = torch.empty_like(values)
    rank[order] = torch.arange(len(values)) - begins
    return rank


def mixed_loss(one: torch.Tensor, other: torch.Tensor, weight: float) -> float:
    """Return the loss of a mixture in nats per character: weight times the first, and the rest the second.

    Args:    one, other: (N,) float, the probabilities that two models gave to the same ids.
             weight: of the first, 0 to 1.
    Raises:  ValueError: different numbers of ids, none, or a weight outside [0, 1].
    Example:
        >>> round(mixed_loss(torch.tensor([0.5, 0.1]), torch.tensor([0.1, 0.5]), weight=0.5), 3)
        1.204

    Taught in: faster_and_bigger.
    """
    (N,) = floats("one", one, "N")
    floats("other", other, N)
    if N == 0:
        raise problem("at least one id", "none", "Evaluate a longer text.")
    mixture = probability("weight", weight) * one + (1 - weight) * other
    loss: float = -mixture.log().mean().item()
    return loss


def best_weight(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the weight of the first model with which the mixture's loss is lowest, in steps of 0.05.

    Choose it on a text that the evaluation does not use.

    Args:    as `mixed_loss`.
    Raises:  ValueError: as `mixed_loss`.
    Example:
        >>> round(best_weight(torch.tensor([0.5, 0.1]), torch.tensor([0.1, 0.5])), 2)
        0.5

    Taught in: faster_and_bigger.
    """
    return min(WEIGHTS, key=lambda weight: mixed_loss(one, other, weight))
