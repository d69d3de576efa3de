"""Counted baselines, held to a second implementation with dictionaries."""

import math
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers import close, global_stream_untouched
from nanogpt_lib.ngrams import (
    NGramLM,
    bigram_counts,
    bigram_loss,
    smoothed,
    unigram_counts,
    unigram_loss,
)

V = 4
some_ids = st.lists(st.integers(0, V - 1), min_size=5, max_size=40)


def witten_bell(ids: list[int], order: int) -> dict[tuple[int, ...], dict[int, float]]:
    """Witten and Bell's method C as its definition reads: context -> id -> probability."""
    after: dict[tuple[int, ...], Counter] = defaultdict(Counter)
    for length in range(order + 1):
        for place in range(length, len(ids)):
            after[tuple(ids[place - length : place])][ids[place]] += 1

    def p(context: tuple[int, ...], id_: int) -> float:
        lower = p(context[1:], id_) if context else 1 / V
        seen = after.get(context)
        if not seen:
            return lower
        return (seen[id_] + len(seen) * lower) / (seen.total() + len(seen))

    contexts = {tuple(ids[i : i + order]) for i in range(len(ids) - order + 1)} | {(0,) * order, (3,) * order}
    return {context: {id_: p(context, id_) for id_ in range(V)} for context in contexts}


@given(some_ids)
def test_counts_are_the_counts_of_a_dictionary(ids: list[int]) -> None:
    data = torch.tensor(ids)
    singles, pairs = Counter(ids), Counter(pairwise(ids))
    assert unigram_counts(data, V).tolist() == [singles[i] for i in range(V)]
    assert bigram_counts(data, V).tolist() == [[pairs[i, j] for j in range(V)] for i in range(V)]


@pytest.mark.parametrize("count", [unigram_counts, bigram_counts, lambda data, V: NGramLM(data, 1, V)])
def test_an_id_outside_the_vocabulary_is_refused(count: object) -> None:
    """`bincount` would answer with more than V numbers, or mix two pairs up."""
    with pytest.raises(ValueError, match=r"in \[0, 4\), got 4 at index \[2\]"):
        count(torch.tensor([0, 1, 4]), V)


@given(st.lists(st.integers(0, 9), min_size=V, max_size=V), st.floats(0.01, 5))
def test_smoothing_adds_alpha_to_every_count(counts: list[int], alpha: float) -> None:
    probs = smoothed(torch.tensor(counts), alpha)
    expected = [(count + alpha) / (sum(counts) + V * alpha) for count in counts]
    close(probs, torch.tensor(expected, dtype=torch.float64), within=1e-12)
    assert math.isclose(probs.sum(), 1)


def test_without_smoothing_the_probabilities_are_the_shares() -> None:
    assert smoothed(torch.tensor([[3, 1]]), alpha=0).tolist() == [[0.75, 0.25]]


@pytest.mark.parametrize(("counts", "alpha"), [([[3, 1], [0, 0]], 0), ([[3, 1]], -0.5)])
def test_a_row_that_would_be_nothing_over_nothing_is_refused(counts: list, alpha: float) -> None:
    with pytest.raises(ValueError, match=f"alpha={alpha}.*alpha=1"):
        smoothed(torch.tensor(counts), alpha)


@given(some_ids)
def test_losses_are_the_mean_surprise_by_hand(ids: list[int]) -> None:
    data = torch.tensor(ids)
    single, pair = smoothed(unigram_counts(data, V)), smoothed(bigram_counts(data, V))
    by_hand = -sum(math.log(single[i]) for i in ids) / len(ids)
    assert math.isclose(unigram_loss(single, data), by_hand, rel_tol=1e-9)
    steps = list(pairwise(ids))
    by_hand = -sum(math.log(pair[i, j]) for i, j in steps) / len(steps)
    assert math.isclose(bigram_loss(pair, data), by_hand, rel_tol=1e-9)


def test_a_pair_never_seen_costs_infinitely_much_without_smoothing() -> None:
    data = torch.tensor([0, 1, 0, 1])
    probs = smoothed(bigram_counts(data, 2), alpha=0)
    assert bigram_loss(probs, data) == 0.0
    assert bigram_loss(probs, torch.tensor([1, 1])) == math.inf
    assert unigram_loss(torch.tensor([1.0, 0.0]), torch.tensor([1])) == math.inf


def test_no_other_table_beats_the_counted_one_on_what_was_counted() -> None:
    """The counts are the maximum of the likelihood: every step away from them costs."""
    data = torch.randint(V, (300,))
    counted = smoothed(bigram_counts(data, V), alpha=0)
    for _ in range(20):
        other = 0.95 * counted + 0.05 * torch.rand(V, V).double().softmax(-1)
        assert bigram_loss(other, data) > bigram_loss(counted, data)


@given(some_ids, st.integers(0, 3))
def test_probabilities_follow_the_definition_also_after_new_contexts(ids: list[int], order: int) -> None:
    model = NGramLM(torch.tensor(ids), order, V)
    for context, expected in witten_bell(ids, order).items():
        probs = model.probs(torch.tensor(context, dtype=torch.long))
        close(probs, torch.tensor([expected[i] for i in range(V)], dtype=torch.float64), within=1e-12)
        assert math.isclose(probs.sum(), 1)


@given(some_ids, st.integers(0, 3), some_ids)
def test_the_loss_is_the_mean_surprise_of_those_probabilities(
    ids: list[int], order: int, judged: list[int]
) -> None:
    model = NGramLM(torch.tensor(ids), order, V)
    data = torch.tensor(judged)
    by_hand = [-model.probs(data[:place])[judged[place]].log() for place in range(order, len(judged))]
    assert math.isclose(model.loss(data), sum(by_hand) / len(by_hand), rel_tol=1e-9)


def test_only_the_last_characters_of_a_long_context_count() -> None:
    model = NGramLM(torch.randint(V, (200,)), 2, V)
    assert torch.equal(model.probs(torch.tensor([3, 3, 1, 2])), model.probs(torch.tensor([1, 2])))


def test_a_longer_context_predicts_the_real_text_better(splits: tuple) -> None:
    """Unigram, bigram, trigram: 3.3, 2.5 and 2.0 nats per character, so the order cannot come by luck."""
    train, val = splits
    losses = [NGramLM(train, order, 65).loss(val[:20_000]) for order in range(3)]
    assert losses[0] > losses[1] + 0.5 > losses[2] + 0.7


@pytest.mark.parametrize("order", [-1, 3, 4])
def test_an_order_below_0_or_without_a_full_context_is_refused(order: int) -> None:
    with pytest.raises(ValueError, match=f"0 <= order < 3.*order={order}"):
        NGramLM(torch.tensor([0, 1, 2]), order, V)


def test_an_order_whose_codes_would_not_fit_into_an_int64_is_refused() -> None:
    """65 ** 11 wraps around, and contexts would silently be mistaken for others."""
    data = torch.randint(65, (50,))
    NGramLM(data, 9, 65)
    with pytest.raises(ValueError, match=r"65 \*\* 11"):
        NGramLM(data, 10, 65)


def test_a_text_too_short_to_judge_on_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 2 ids, got 2"):
        NGramLM(torch.tensor([0, 1, 2]), 2, V).loss(torch.tensor([0, 1]))


def test_a_sample_keeps_its_start_and_repeats_with_its_seed() -> None:
    model, start = NGramLM(torch.randint(V, (200,)), 2, V), torch.tensor([1])
    with global_stream_untouched():
        first, again, other = (
            model.sample(30, start, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
        )
    assert len(first) == 31
    assert first[0] == 1
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_sample_goes_only_where_the_probabilities_allow() -> None:
    """0, 1, 2, 3, 0, ... counted so often that another step has odds of 1 in 5,000 each: none in 20."""
    model = NGramLM(torch.arange(40_000) % V, 1, V)
    assert torch.equal(model.sample(20, torch.tensor([0])), torch.arange(21) % V)
