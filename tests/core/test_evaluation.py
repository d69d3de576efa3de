"""The estimate on random batches, and the measurement on a whole split."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers import global_stream_untouched, interrupted, mixed_modes, modes, random_ids, tiny_gpt
from nanogpt_lib.bigram import BigramLM, lm_loss
from nanogpt_lib.data import get_batch
from nanogpt_lib.evaluation import estimate_loss, evaluate_split, loss_by_position

SPLITS = {"train": random_ids(200), "val": random_ids(100, seed=1)}


def test_the_estimate_is_the_mean_over_the_batches_drawn_split_by_split() -> None:
    model = tiny_gpt()
    estimates = estimate_loss(model, SPLITS, 4, 5, torch.Generator().manual_seed(3))
    random = torch.Generator().manual_seed(3)
    for name in ("train", "val"):
        losses = [model(*get_batch(SPLITS[name], 8, 4, random))[1] for _ in range(5)]
        assert math.isclose(estimates[name], torch.stack(losses).mean().item(), rel_tol=1e-6)
    assert list(estimates) == ["train", "val"]


def test_an_estimate_with_a_generator_repeats_and_leaves_the_global_stream_alone() -> None:
    model = tiny_gpt(dropout=0.5)
    with global_stream_untouched():
        first, again, other = (
            estimate_loss(model, SPLITS, 4, 5, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
        )
    assert first == again != other


JUDGES = {
    "estimate_loss": lambda model: estimate_loss(model, SPLITS, 4, 1),
    "evaluate_split": lambda model: evaluate_split(model, SPLITS["val"]),
    "loss_by_position": lambda model: loss_by_position(model, SPLITS["val"]),
}


@pytest.mark.parametrize("judge", JUDGES)
def test_dropout_rests_during_a_judgement_and_every_mode_comes_back(judge: str) -> None:
    model = tiny_gpt(dropout=0.5)
    before = mixed_modes(model)
    seen: list[bool] = []
    model.blocks[0].ffwd.register_forward_hook(lambda module, *_: seen.extend(modes(module)))
    model.lm_head.register_forward_hook(lambda *_: seen.append(torch.is_grad_enabled()))
    JUDGES[judge](model)
    assert seen
    assert not any(seen)
    assert modes(model) == before


def failing(*_: object) -> None:
    raise RuntimeError("on purpose")


@pytest.mark.parametrize("how", ["error", "Ctrl-C"])
def test_every_mode_comes_back_also_after_an_error_or_a_stop(how: str) -> None:
    """A model left in evaluation mode would go on training without dropout, and nobody would see it."""
    model = tiny_gpt(dropout=0.5)
    interrupted(model, [1, 2, 3]) if how == "Ctrl-C" else model.register_forward_hook(failing)
    before = mixed_modes(model)
    with pytest.raises((RuntimeError, KeyboardInterrupt)):
        estimate_loss(model, SPLITS, 4, 5)
    assert modes(model) == before
    with pytest.raises((RuntimeError, KeyboardInterrupt)):
        evaluate_split(model, SPLITS["val"])
    assert modes(model) == before
    with pytest.raises((RuntimeError, KeyboardInterrupt)):
        loss_by_position(model, SPLITS["val"])
    assert modes(model) == before
    assert torch.is_grad_enabled()


def test_the_measurement_draws_nothing_and_repeats_to_the_last_bit() -> None:
    model = tiny_gpt(dropout=0.5)
    with global_stream_untouched():
        assert evaluate_split(model, SPLITS["val"]) == evaluate_split(model, SPLITS["val"])
        first, again = (loss_by_position(model, SPLITS["val"]) for _ in range(2))
    assert torch.equal(first, again)


@given(st.integers(9, 90), st.integers(1, 20))
def test_the_measurement_is_the_mean_over_every_whole_block_by_hand(length: int, batch_size: int) -> None:
    """Every character after the first is predicted once, but for fewer than a block at the end."""
    model, data = tiny_gpt().eval(), random_ids(length)
    blocks = (length - 1) // 8
    losses = []
    for block in range(blocks):
        start = 8 * block
        logits, _ = model(data[None, start : start + 8])
        losses.append(lm_loss(logits, data[None, start + 1 : start + 9]).item())
    assert math.isclose(evaluate_split(model, data, batch_size), sum(losses) / blocks, rel_tol=1e-6)


@given(st.integers(9, 90), st.integers(1, 20))
def test_the_mean_over_the_positions_is_the_loss_over_the_split(length: int, batch_size: int) -> None:
    """A last batch that is smaller than the others must not weigh as much as they do."""
    model, data = tiny_gpt(), random_ids(length)
    by_position = loss_by_position(model, data, batch_size)
    assert by_position.shape == (8,)
    assert math.isclose(by_position.mean(), evaluate_split(model, data), rel_tol=1e-6)


def test_the_loss_at_a_position_is_that_of_the_prediction_made_there() -> None:
    """The mean would not notice positions in another order, or one target too early."""
    model, data = tiny_gpt().eval(), random_ids(25)  # three blocks
    for t, loss in enumerate(loss_by_position(model, data, batch_size=2).tolist()):
        said = [model(data[None, start : start + t + 1])[0][0, -1] for start in (0, 8, 16)]
        wanted = [data[start + t + 1] for start in (0, 8, 16)]
        surprise = [-logits.log_softmax(-1)[char].item() for logits, char in zip(said, wanted, strict=True)]
        assert math.isclose(loss, sum(surprise) / 3, rel_tol=1e-5)


@pytest.mark.parametrize("length", [0, 8])
def test_data_without_a_whole_block_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"at least 9 ids.*got {length}"):
        evaluate_split(tiny_gpt(), random_ids(length))
    with pytest.raises(ValueError, match=f"at least 9 ids.*got {length}"):
        loss_by_position(tiny_gpt(), random_ids(length))
    with pytest.raises(ValueError, match=f"at least 9 ids.*got {length}"):
        estimate_loss(tiny_gpt(), {"val": random_ids(length)}, 4, 5)


def test_counts_below_1_are_refused() -> None:
    """The mean over no batch is NaN."""
    with pytest.raises(ValueError, match="eval_iters >= 1"):
        estimate_loss(tiny_gpt(), SPLITS, 4, 0)
    with pytest.raises(ValueError, match="batch_size >= 1"):
        evaluate_split(tiny_gpt(), SPLITS["val"], batch_size=0)
    with pytest.raises(ValueError, match="batch_size >= 1"):
        loss_by_position(tiny_gpt(), SPLITS["val"], batch_size=0)


def test_the_loss_of_a_bigram_over_a_split_is_that_over_all_its_pairs() -> None:
    model, data = BigramLM(11), SPLITS["val"]
    expected = model(data[None, :-1], data[None, 1:])[1].item()
    assert math.isclose(evaluate_split(model, data), expected, rel_tol=1e-6)


def test_any_model_with_a_block_size_and_a_loss_can_be_judged() -> None:
    model = nn.Module()
    model.block_size, model.forward = 3, lambda idx, targets: (None, torch.tensor(1.25))
    assert estimate_loss(model, SPLITS, 4, 5) == {"train": 1.25, "val": 1.25}
    assert evaluate_split(model, SPLITS["val"]) == 1.25
