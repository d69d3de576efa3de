"""The trained models that come with the project: whole, small, and as good as is said of them."""

import pytest
import torch

from nanogpt_lib.checkpoint import CHECKPOINTS, load_checkpoint
from nanogpt_lib.data import TEXT_SHA256, load_text, train_val_split
from nanogpt_lib.evaluation import evaluate_split
from nanogpt_lib.recorded.experiments import experiments
from nanogpt_lib.recorded.runs import load_run

KEPT = {
    variant: (name, variant, seed)
    for name, chosen in experiments().items()
    if chosen.keep
    for variant in chosen.variants
    for seed in chosen.seeds
}


def test_every_kept_model_is_there_and_no_other() -> None:
    assert {folder.name for folder in CHECKPOINTS.iterdir()} == set(KEPT)


@pytest.mark.slow
@pytest.mark.parametrize("name", KEPT)
def test_a_shipped_model_has_the_recorded_loss_on_the_whole_validation_split(name: str) -> None:
    recorded = load_run(*KEPT[name])
    checkpoint = load_checkpoint(CHECKPOINTS / name)
    assert (checkpoint.model.config, checkpoint.run.config) == (recorded.model, recorded.train)
    assert checkpoint.run.is_done
    assert checkpoint.text_sha256 == TEXT_SHA256
    ids = torch.tensor(checkpoint.tokenizer.encode(load_text()))
    _, val_data = train_val_split(ids)
    assert evaluate_split(checkpoint.model, val_data) == pytest.approx(recorded.val_loss, abs=1e-4)


def test_the_model_that_the_notebooks_use_reaches_what_was_promised() -> None:
    """1.55 nats per character on all of the validation split; the best counted model has 1.67."""
    assert load_run(*KEPT["shakespeare"]).val_loss <= 1.55


def test_shipped_models_are_small() -> None:
    size = sum(path.stat().st_size for path in CHECKPOINTS.rglob("*") if path.is_file())
    assert size < 10e6
