"""The table of what an evaluation may remember: recorded, whole, and measured as it says."""

import json
from pathlib import Path

import pytest
import torch

from nanogpt_lib.checkpoint import load_checkpoint, save_checkpoint
from nanogpt_lib.data import CharTokenizer, train_val_split
from nanogpt_lib.evaluation import chances, evaluate_split
from nanogpt_lib.files import DATA
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.ngrams import NGramLM
from nanogpt_lib.recorded.evaluators import BEFORE, ORDER, load_rows, measure
from nanogpt_lib.training_run import TrainConfig, TrainingRun


def losses() -> dict[str, float]:
    return {row.name: row.loss for row in load_rows()}


@pytest.mark.slow
def test_the_first_row_is_the_shipped_models_loss(splits: tuple[torch.Tensor, torch.Tensor]) -> None:
    model = load_checkpoint(DATA / "checkpoints" / "shakespeare").model
    assert losses()["the model, in blocks"] == pytest.approx(evaluate_split(model, splits[1]), abs=2e-4)


def test_who_may_remember_more_pays_less() -> None:
    found = losses()
    rows = list(found.values())
    assert sorted(rows[:4], reverse=True) == rows[:4]
    assert found["PPMd, a compressor of files"] < found["PPMd, set back"]


def test_the_rows_are_measured_as_they_say(tmp_path: Path) -> None:
    """On a small model and text, each from its parts."""
    text = "to be or not to be, that is the question\n" * 40
    tokenizer = CharTokenizer.from_text(text)
    config = GPTConfig(vocab_size=tokenizer.vocab_size, block_size=80, n_embd=8, n_head=2, n_layer=1)
    run = TrainingRun(GPT(config), TrainConfig(batch_size=1, max_iters=1, learning_rate=0.1))
    save_checkpoint(tmp_path / "small", run, tokenizer, text=text)
    train, val = train_val_split(torch.tensor(tokenizer.encode(text)))
    rows = measure(tmp_path / "small", text)
    assert rows[0].loss == pytest.approx(evaluate_split(run.model, val))
    alone, frozen = chances(run.model, val, BEFORE), NGramLM(train, ORDER, tokenizer.vocab_size).chances(val)
    assert rows[1].loss == pytest.approx(-alone.log().mean().item())
    assert rows[2].loss == pytest.approx(-frozen[BEFORE - ORDER :].log().mean().item()), (
        "counts alone do best"
    )
    assert rows[0].remembers == "up to 80 characters"


def test_a_damaged_table_names_the_command_that_makes_it(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(json.dumps([["a", "b", "c"]]))
    with pytest.raises(ValueError, match=r"python -m nanogpt_lib\.recorded\.evaluators"):
        load_rows(tmp_path / "rows.json")
