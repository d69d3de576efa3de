"""The table of logits, and the loss that every model here is judged by."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers import close, random_ids
from nanogpt_lib.bigram import BigramLM, lm_loss
from nanogpt_lib.ngrams import bigram_counts, bigram_loss, smoothed


@given(st.integers(1, 3), st.integers(1, 5), st.integers(1, 7), st.integers(0, 99))
def test_the_loss_is_the_mean_surprise_by_hand(B: int, T: int, V: int, seed: int) -> None:
    logits = torch.randn(B, T, V, generator=torch.Generator().manual_seed(seed))
    targets = random_ids(B, T, vocab_size=V, seed=seed)
    probs = logits.exp() / logits.exp().sum(-1, keepdim=True)
    surprises = [-probs[b, t, targets[b, t]].log() for b in range(B) for t in range(T)]
    close(lm_loss(logits, targets), sum(surprises) / len(surprises), within=1e-5)


@given(st.integers(1, 100))
def test_a_model_that_knows_nothing_costs_the_logarithm_of_v(V: int) -> None:
    loss = lm_loss(torch.zeros(2, 3, V), torch.zeros(2, 3, dtype=torch.long))
    assert math.isclose(loss, math.log(V), rel_tol=1e-6, abs_tol=1e-6)


def test_the_loss_is_finite_also_where_probabilities_are_not() -> None:
    """A softmax taken before the loss would say log(0)."""
    assert lm_loss(torch.tensor([[[1000.0, 0.0]]]), torch.tensor([[1]])) == 1000


@pytest.mark.parametrize("shape", [(2, 4), (3, 2), (6,)])
def test_targets_of_another_shape_are_refused(shape: tuple) -> None:
    """(3, 2) has as many ids as (2, 3): flattened, they would be compared in the wrong order."""
    with pytest.raises(ValueError, match=r"targets of shape \(2, 3\)"):
        lm_loss(torch.zeros(2, 3, 5), torch.zeros(shape, dtype=torch.long))


def test_logits_without_three_dimensions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"logits of shape \(B, T, V\), got shape \(6, 5\)"):
        lm_loss(torch.zeros(6, 5), torch.zeros(6, dtype=torch.long))


def test_a_target_outside_the_vocabulary_is_named() -> None:
    """-100 is torch's sign for 'ignore', and would vanish from the mean."""
    with pytest.raises(ValueError, match=r"every id of targets in \[0, 5\), got -100 at index \[0, 1\]"):
        lm_loss(torch.zeros(1, 2, 5), torch.tensor([[0, -100]]))


def test_each_position_gets_the_row_of_its_own_character() -> None:
    model, idx = BigramLM(7), random_ids(2, 3, vocab_size=7)
    logits, loss = model(idx)
    assert torch.equal(logits, model.token_embedding_table.weight[idx])
    assert loss is None


def test_with_targets_the_loss_is_the_loss_of_those_logits() -> None:
    model, idx, targets = BigramLM(7), random_ids(2, 3, vocab_size=7), random_ids(2, 3, vocab_size=7, seed=1)
    logits, loss = model(idx, targets)
    assert logits.shape == (2, 3, 7)
    assert torch.equal(loss, lm_loss(logits, targets))


def test_a_table_of_counted_probabilities_has_the_counted_loss() -> None:
    """The net and the counting are the same model; training can only find what counting knows."""
    data = random_ids(200, vocab_size=5)
    probs = smoothed(bigram_counts(data, 5))
    model = BigramLM(5)
    model.load_state_dict({"token_embedding_table.weight": probs.log().float()})
    assert math.isclose(
        model(data[None, :-1], data[None, 1:])[1].item(), bigram_loss(probs, data), rel_tol=1e-5
    )


def test_training_on_one_batch_comes_down_to_its_counted_optimum() -> None:
    data = random_ids(100, vocab_size=4)
    model = BigramLM(4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0)
    for _ in range(200):
        loss = model(data[None, :-1], data[None, 1:])[1]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    counted = bigram_loss(smoothed(bigram_counts(data, 4), alpha=0), data)
    assert math.isclose(loss.item(), counted, abs_tol=0.01)


@pytest.mark.parametrize(
    ("idx", "named"),
    [
        (torch.tensor([0]), r"idx of shape \(B, T\)"),
        (torch.tensor([[7]]), r"every id of idx in \[0, 7\), got 7"),
        (torch.tensor([[0.0]]), r"idx as torch\.long"),
    ],
)
def test_ids_of_another_kind_are_refused(idx: torch.Tensor, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        BigramLM(7)(idx)


@pytest.mark.parametrize("vocab_size", [0, -3, 2.0])
def test_a_vocabulary_needs_a_size(vocab_size: object) -> None:
    with pytest.raises(ValueError, match="vocab_size"):
        BigramLM(vocab_size)
