"""What the exercises on text, tokens and batches measure on the real text."""

import pytest
import torch

from nanogpt_lib.lessons import text_tokens_batches as ex

SEEDS = range(4)


def test_the_unigram_loss_of_the_real_text_is_what_the_notebook_says() -> None:
    exercise = ex.unigram_loss
    assert "3.309 on what was counted, 3.347 on what was held back" in exercise.check(exercise.answer).message


@pytest.mark.parametrize("seed", SEEDS)
def test_a_split_by_random_windows_leaks_more_than_95_percent(seed: int) -> None:
    exercise = ex.leak
    assert exercise.answer(*exercise.inputs(0)[0]) > 0.95
    everywhere = torch.randperm(20_000 - 8, generator=torch.Generator().manual_seed(seed))
    assert exercise.answer(everywhere[:18_000], everywhere[18_000:], 8) > 0.95
