"""What an evaluation may remember: growing counts are those of a model that is counted anew each time."""

import math

import pytest
import torch

from nanogpt_lib.evaluation import chances, evaluate_split
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.ngrams import NGramLM
from nanogpt_lib.remembering import best_weight, growing_chances, mixed_loss

V = 5
DATA = torch.randint(V, (90,), generator=torch.Generator().manual_seed(4))
MODEL = GPT(GPTConfig(vocab_size=V, block_size=6, n_embd=8, n_head=2, n_layer=1))


@pytest.mark.parametrize("order", [0, 1, 3])
def test_growing_counts_are_those_of_a_model_counted_anew_before_every_character(order: int) -> None:
    start = 40
    anew = [
        NGramLM(DATA[:place], order, V).probs(DATA[:place])[DATA[place]].item() for place in range(start, 90)
    ]
    assert growing_chances(DATA, start, order, V).tolist() == pytest.approx(anew, abs=1e-12)


def test_a_frozen_model_gives_the_chances_whose_mean_surprise_is_its_loss() -> None:
    counted = NGramLM(DATA[:60], 2, V)
    given = counted.chances(DATA[60:])
    one_by_one = [counted.probs(DATA[60:place])[DATA[place]].item() for place in range(62, 90)]
    assert given.tolist() == pytest.approx(one_by_one, abs=1e-12)
    assert counted.loss(DATA[60:]) == pytest.approx(-given.log().mean().item(), abs=1e-12)


@pytest.mark.parametrize("before", [1, 4, 6])
@pytest.mark.parametrize("N", [7, 20, 90])
def test_every_character_is_predicted_from_so_many_or_more_before_it(before: int, N: int) -> None:
    """Each place by itself, with the longest context that a block in the overlap leaves it."""
    data = DATA[:N]
    given = chances(MODEL, data, before, batch_size=2)
    assert len(given) == N - before
    probs = [
        {
            MODEL(data[place - length : place][None])[0][0, -1].double().softmax(-1)[data[place]].item()
            for length in range(before, min(6, place) + 1)
        }
        for place in range(before, N)
    ]
    for one, possible in zip(given.tolist(), probs, strict=True):
        assert min(abs(one - other) for other in possible) < 1e-6


def test_one_character_before_is_what_blocks_without_overlap_measure() -> None:
    given = chances(MODEL, DATA[:61], before=1)
    assert -given.log().mean().item() == pytest.approx(evaluate_split(MODEL, DATA[:61]), abs=1e-6)


def test_the_best_weight_beats_both_models_and_either_alone_is_a_weight_too() -> None:
    one, other = torch.tensor([0.9, 0.1, 0.4]), torch.tensor([0.1, 0.8, 0.4])
    weight = best_weight(one, other)
    alone = [mixed_loss(one, other, end) for end in (1.0, 0.0)]
    assert alone == pytest.approx([-p.log().mean().item() for p in (one, other)])
    assert mixed_loss(one, other, weight) < min(alone)
    assert best_weight(one, one * 0.5) == 1.0
    assert math.isclose(mixed_loss(one, other, 0.5), -((one + other) / 2).log().mean().item(), rel_tol=1e-6)


def test_what_cannot_be_evaluated_is_refused() -> None:
    with pytest.raises(ValueError, match="before <= 6"):
        chances(MODEL, DATA, before=7)
    with pytest.raises(ValueError, match="before <= 2"):
        chances(MODEL, DATA[:3], before=3)
    with pytest.raises(ValueError, match="order <= start < 90"):
        growing_chances(DATA, 90, 2, V)
    with pytest.raises(ValueError, match="fit into an int64"):
        growing_chances(DATA, 80, 40, V)
    with pytest.raises(ValueError, match="at least one id"):
        mixed_loss(DATA[:0].double(), DATA[:0].double(), 0.5)
