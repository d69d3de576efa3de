"""Counted models refuse what they would answer with NaN, or with the probabilities of other ids."""

import math

import numpy as np
import pytest
import torch

from nanogpt_lib.ngrams import (
    NGramLM,
    bigram_counts,
    bigram_loss,
    smoothed,
    unigram_counts,
    unigram_loss,
)

IDS = torch.tensor([0, 1, 2, 1, 0, 1, 2])
MODEL = NGramLM(IDS, order=2, vocab_size=3)
STRANGE = {
    "another vocabulary": torch.tensor([0, 1, 3]),
    "a negative id": torch.tensor([0, 1, -1]),
    "floats": torch.tensor([0.0, 1.0, 2.0]),
    "two rows": torch.tensor([[0, 1, 2]]),
}


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize(
    "use",
    [
        lambda ids: MODEL.loss(ids),
        lambda ids: MODEL.probs(ids),
        lambda ids: MODEL.sample(2, ids),
        lambda ids: NGramLM(ids, 1, 3),
        lambda ids: unigram_counts(ids, 3),
        lambda ids: bigram_counts(ids, 3),
        lambda ids: unigram_loss(torch.full((3,), 1 / 3), ids),
        lambda ids: bigram_loss(torch.full((3, 3), 1 / 3), ids),
    ],
    ids=[
        "loss",
        "probs",
        "sample",
        "count",
        "unigram_counts",
        "bigram_counts",
        "unigram_loss",
        "bigram_loss",
    ],
)
def test_ids_of_another_kind_are_refused(use: object, kind: str) -> None:
    """An id too large met the next context's counts, and a negative one wrapped around."""
    with pytest.raises(ValueError, match="^Expected "):
        use(STRANGE[kind])


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_ids_are_refused_and_not_answered_with_nan(count: int) -> None:
    with pytest.raises(ValueError, match=f"more than 2 ids, got {count}"):
        MODEL.loss(IDS[:count])
    assert math.isfinite(MODEL.loss(IDS[:3]))


def test_no_ids_have_no_loss() -> None:
    with pytest.raises(ValueError, match="at least 1 ids in data, got 0"):
        unigram_loss(torch.full((3,), 1 / 3), IDS[:0])
    for count in (0, 1):
        with pytest.raises(ValueError, match=f"at least 2 ids in data, got {count}"):
            bigram_loss(torch.full((3, 3), 1 / 3), IDS[:count])


@pytest.mark.parametrize("alpha", [math.nan, math.inf, -math.inf, -1, "1", None, True])
def test_an_alpha_that_is_none_is_refused(alpha: object) -> None:
    with pytest.raises(ValueError, match="alpha"):
        smoothed(torch.tensor([3, 1]), alpha)


@pytest.mark.parametrize("counts", [[-1, 4], [math.nan, 1.0], [math.inf, 1.0]])
def test_counts_that_are_none_are_refused(counts: list) -> None:
    with pytest.raises(ValueError, match="counts >= 0"):
        smoothed(torch.tensor(counts))


@pytest.mark.parametrize("probs", [[0.5, 0.5, 0.5], [2.0, 3.0, 1.0], [1.5, -0.5, 0.0], [math.nan, 0.5, 0.5]])
def test_rows_that_are_no_probabilities_are_refused(probs: list) -> None:
    """Counts in their place gave a negative loss."""
    with pytest.raises(ValueError, match="rows that sum to 1"):
        unigram_loss(torch.tensor(probs), IDS)
    with pytest.raises(ValueError, match="rows that sum to 1"):
        bigram_loss(torch.tensor([probs] * 3), IDS)


@pytest.mark.parametrize("order", [-1, 7, 1.0, "1", None, True, math.nan])
def test_an_order_that_is_none_is_refused(order: object) -> None:
    with pytest.raises(ValueError, match="order"):
        NGramLM(IDS, order, 3)


@pytest.mark.parametrize("vocab_size", [0, -3, 3.0, None, True])
def test_a_vocabulary_size_that_is_none_is_refused(vocab_size: object) -> None:
    with pytest.raises(ValueError, match="vocab_size"):
        NGramLM(IDS, 1, vocab_size)


@pytest.mark.parametrize("length", [-1, 1.0, "3", None])
def test_a_length_that_is_none_is_refused(length: object) -> None:
    with pytest.raises(ValueError, match="length"):
        MODEL.sample(length, IDS)


def test_whole_numbers_of_numpy_and_an_order_of_0_are_taken() -> None:
    model = NGramLM(IDS, np.int64(0), np.int32(3))
    assert model.loss(IDS) == NGramLM(IDS, 0, 3).loss(IDS)
    assert len(model.sample(np.int64(4), IDS[:0])) == 4
