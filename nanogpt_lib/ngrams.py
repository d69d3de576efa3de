"""Predict by counting alone, as a baseline: a network is worth its training only if it does better.

The baselines are uniform guessing (ln V), letter frequencies, the counted bigram, and the interpolated
n-gram with longer contexts.

Taught in: text_tokens_batches and bigram.
"""

import math

import torch

from nanogpt_lib.checks import positive_int, problem, real_number, shape, token_ids, whole_number
from nanogpt_lib.kinds import count, ids, random_stream, real_numbers, room, same_device


def unigram_counts(data: torch.Tensor, vocab_size: int) -> torch.Tensor:
    """Count how often each id occurs.

    Args:    data: (N,) int64 ids.   vocab_size: V.
    Returns: (V,) int64.
    Raises:  ValueError: an id outside [0, V), or another dtype.
    Example:
        >>> unigram_counts(torch.tensor([0, 1, 1]), vocab_size=3)
        tensor([1, 2, 0])

    Taught in: text_tokens_batches.
    """
    return torch.bincount(_row("data", data, vocab_size), minlength=vocab_size)


def bigram_counts(data: torch.Tensor, vocab_size: int) -> torch.Tensor:
    """Count how often each id follows each other one: row = the character before, column = the one after.

    Args:    data: (N,) int64 ids.   vocab_size: V.
    Returns: (V, V) int64, which sums to N - 1.
    Raises:  ValueError: an id outside [0, V), or another dtype.
    Example:
        >>> bigram_counts(torch.tensor([0, 1, 0, 1, 1]), vocab_size=2)
        tensor([[0, 2],
                [1, 1]])

    Source:  Shannon (1948), section 3.   Taught in: bigram.
    """
    _row("data", data, vocab_size)
    room("a table of counts", vocab_size, vocab_size)
    pairs = data[:-1] * vocab_size + data[1:]
    return torch.bincount(pairs, minlength=vocab_size**2).view(vocab_size, vocab_size)


def smoothed(counts: torch.Tensor, alpha: float = 1.0) -> torch.Tensor:
    """Return probabilities from counts, with `alpha` imagined sightings of everything.

    Without them a pair never seen has probability 0, and meeting it costs an infinite loss.

    Args:    counts: (..., V), one distribution per row.   alpha: > 0, or 0 if no row is empty.
    Returns: (..., V) float64; every row sums to 1.
    Raises:  ValueError: alpha is negative or no finite number, a count is, or a row would be 0 / 0.
    Example:
        >>> smoothed(torch.tensor([3, 0]), alpha=1.0)
        tensor([0.8000, 0.2000], dtype=torch.float64)

    Source:  Laplace (1814), the rule of succession.   Taught in: bigram.
    """
    real_numbers("counts", counts, ..., "V")
    if not bool((counts >= 0).all() and torch.isfinite(counts).all()):
        raise problem("counts >= 0", "a negative one or none", "Count with unigram_counts or bigram_counts.")
    alpha = real_number("alpha", alpha)
    raised = counts.double() + alpha
    totals = raised.sum(-1, keepdim=True)
    if alpha < 0 or bool((totals <= 0).any()):
        raise problem(
            "alpha > 0 where a row of counts is empty", f"alpha={alpha}", "Take alpha=1 to begin with."
        )
    return raised / totals


def unigram_loss(probs: torch.Tensor, data: torch.Tensor) -> float:
    """Return the mean surprise at each character, when all are predicted with the same probabilities.

    Args:    probs: (V,), sums to 1.   data: (N,) int64 ids.
    Returns: nats per character; infinite where an id of probability 0 occurs.
    Raises:  ValueError: no ids, one of another vocabulary, or rows that are no probabilities.
    Example:
        >>> round(unigram_loss(torch.full((65,), 1 / 65), torch.arange(65)), 4)
        4.1744

    Source:  Shannon (1948), cross-entropy.   Taught in: text_tokens_batches.
    """
    _row("data", data, len(_probabilities(probs, "V")), at_least=1)
    same_device("data", data, probs)
    return -probs.log()[data].mean().item()


def bigram_loss(probs: torch.Tensor, data: torch.Tensor) -> float:
    """Return the mean surprise at each character, given the one before it.

    Args:    probs: (V, V), every row sums to 1.   data: (N,) int64 ids, N >= 2.
    Returns: nats per character, over the N - 1 characters that have one before them.
    Raises:  ValueError: fewer than two ids, one of another vocabulary, or rows that are no probabilities.
    Example:
        >>> bigram_loss(torch.eye(3), torch.tensor([1, 1, 1])) == 0.0
        True

    Source:  Shannon (1948), cross-entropy.   Taught in: bigram.
    """
    shape("probs", _probabilities(probs, "V", "V"), len(probs), len(probs))
    _row("data", data, len(probs), at_least=2)
    same_device("data", data, probs)
    return -probs.log()[data[:-1], data[1:]].mean().item()


def _row(name: str, data: torch.Tensor, vocab_size: int, at_least: int = 0) -> torch.Tensor:
    """Return the same ids, known to be so many or more, in one row, and of this vocabulary."""
    room("a row of counts", positive_int("vocab_size", vocab_size))
    token_ids(name, ids(name, data), vocab_size)
    if len(data) < at_least:
        raise problem(f"at least {at_least} ids in {name}", f"{len(data)}", "Take a longer text.")
    return data


def _probabilities(probs: torch.Tensor, *sizes: str) -> torch.Tensor:
    """Return the same tensor, known to have rows of numbers that are not negative and sum to 1."""
    real_numbers("probs", probs, *sizes)
    if not bool((probs >= 0).all() and ((probs.sum(-1) - 1).abs() < 1e-3).all()):
        raise problem(
            "probs with rows that sum to 1",
            "others, or a negative number",
            "Make them with smoothed(counts).",
        )
    return probs


def require_numbers(order: int, vocab_size: int) -> None:
    """Refuse contexts that are too long to be numbered, each with the id after it, in base V.

    Raises:  ValueError: V ** (order + 1) is above the highest int64.
    Example:
        >>> require_numbers(order=8, vocab_size=65)

    Taught in: text_tokens_batches.
    """
    order, vocab_size = count("order", order), positive_int("vocab_size", vocab_size)
    if (order + 1) * math.log2(vocab_size) >= 63:
        raise problem(
            f"vocab_size ** (order + 1) to fit into an int64, as {vocab_size} ** {order + 1} does not",
            f"order={order}",
            "Take a shorter context.",
        )


class NGramLM:
    """A model that predicts from the last `order` characters by counting, and leans on shorter contexts.

    Each order mixes what it saw with what the next shorter one predicts. The shorter one has as much
    weight as there were different characters after the context: a context that has continued in many
    ways will continue in new ones.

    Args:    data: (N,) int64 ids to count.   order: characters of context; 0 is the unigram.
             vocab_size: V.
    Raises:  ValueError: order below 0 or too high for the vocabulary, an id outside [0, V), or
             fewer than order + 1 ids.
    Example:
        >>> model = NGramLM(torch.tensor([0, 1, 0, 1, 0]), order=1, vocab_size=2)
        >>> model.probs(torch.tensor([0])).round(decimals=3)
        tensor([0.1900, 0.8100], dtype=torch.float64)

    Source:  Witten and Bell (1991), method C, interpolated.   Taught in: text_tokens_batches.
    """

    def __init__(self, data: torch.Tensor, order: int, vocab_size: int) -> None:
        vocab_size = positive_int("vocab_size", vocab_size)
        if not 0 <= whole_number("order", order) < len(_row("data", data, vocab_size)):
            raise problem(
                f"0 <= order < {len(data)}, the number of ids",
                f"order={order}",
                "Take a shorter context or a longer text.",
            )
        order = whole_number("order", order)
        require_numbers(order, vocab_size)
        self.order = order
        self.vocab_size = vocab_size
        self.tables = [self._count(data, length) for length in range(order + 1)]

    def _codes(self, data: torch.Tensor, length: int) -> torch.Tensor:
        """Return each context of this length as one number in base V: (N - length + 1,)."""
        code = torch.zeros(len(data) - length + 1, dtype=torch.long)
        for place in range(length):
            code = code * self.vocab_size + data[place : place + len(code)]
        return code

    def _count(self, data: torch.Tensor, length: int) -> tuple[torch.Tensor, ...]:
        """Count what was seen: (pairs, how often, contexts, how often, with how many continuations)."""
        pairs, pair_counts = self._codes(data, length + 1).unique(return_counts=True)  # sorted
        contexts, kinds = (pairs // self.vocab_size).unique_consecutive(return_counts=True)
        totals = torch.zeros_like(contexts)
        totals.index_add_(0, torch.arange(len(contexts)).repeat_interleave(kinds), pair_counts)
        return pairs, pair_counts, contexts, totals, kinds

    def _mix(
        self, length: int, contexts: torch.Tensor, ids: torch.Tensor, lower: torch.Tensor
    ) -> torch.Tensor:
        """Return p(id | context) from this order's counts and the next lower order's probabilities."""
        pairs, pair_counts, seen, totals, kinds = self.tables[length]
        seen_times = _look_up(pairs, pair_counts, contexts * self.vocab_size + ids)
        total = _look_up(seen, totals, contexts)
        kind = _look_up(seen, kinds, contexts)
        mixed = (seen_times + kind * lower) / (total + kind).clamp(min=1)
        return torch.where(total > 0, mixed, lower)  # never seen: the lower order decides alone

    def probs(self, context: torch.Tensor) -> torch.Tensor:
        """Return (V,) float64 probabilities of what follows the last `order` ids of `context`.

        Where the context is shorter, it is what follows all of it. Raises ValueError as the class does.
        """
        _row("context", context, self.vocab_size)
        ids = torch.arange(self.vocab_size)
        mixed = torch.full((self.vocab_size,), 1 / self.vocab_size, dtype=torch.float64)
        for length in range(min(self.order, len(context)) + 1):
            code = self._codes(context[len(context) - length :], length)
            mixed = self._mix(length, code.repeat(self.vocab_size), ids, mixed)
        return mixed

    def loss(self, data: torch.Tensor) -> float:
        """Return the mean surprise in nats per character, over the ids with a full context before them.

        Raises ValueError where there is no such id, or one of another vocabulary.
        """
        return -self.chances(data).log().mean().item()

    def chances(self, data: torch.Tensor) -> torch.Tensor:
        """Return the probability of each id that has a full context before it: (N - order,) float64.

        Raises ValueError as `loss` does.
        """
        targets = _row("data", data, self.vocab_size)[self.order :]
        if not len(targets):
            raise problem(f"more than {self.order} ids", f"{len(data)}", "Judge on a longer text.")
        mixed = torch.full((len(targets),), 1 / self.vocab_size, dtype=torch.float64)
        for length in range(self.order + 1):
            contexts = self._codes(data[self.order - length : -1], length)[: len(targets)]
            mixed = self._mix(length, contexts, targets, mixed)
        return mixed

    def sample(
        self, length: int, start: torch.Tensor, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Return `start` and `length` drawn ids after it: (len(start) + length,) int64.

        Raises ValueError for a negative length, or an id of another vocabulary.
        """
        idx = _row("start", start, self.vocab_size)
        length, generator = count("length", length), random_stream(generator)
        room("a text", len(idx) + length)
        for _ in range(length):
            drawn = torch.multinomial(self.probs(idx), 1, generator=generator)
            idx = torch.cat([idx, drawn])
        return idx


def _look_up(keys: torch.Tensor, values: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the value at each wanted key of a sorted table, 0 where the key is not in it."""
    place = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
    return torch.where(keys[place] == wanted, values[place], 0)
