"""Recorded trainings: whole, of these settings, and repeatable."""

import json
from dataclasses import replace

import pytest
import torch

from nanogpt_lib import runs
from nanogpt_lib.data import TEXT_SHA256, CharTokenizer, load_text, train_val_split
from nanogpt_lib.model import GPT
from nanogpt_lib.runs import RUNS, SEEDS, experiments, load_runs, main, record, save
from nanogpt_lib.training import TrainingRun, train

EVERY = [
    (name, variant, seed)
    for name, variants in experiments().items()
    for variant in variants
    for seed in SEEDS
]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Experiments of one variant that train in a moment, on two seeds."""
    (_, variants) = next(iter(experiments().items()))
    model, config = next(iter(variants.values()))
    model = replace(model, block_size=4, n_embd=8, n_head=2, n_layer=1)
    config = replace(config, max_iters=3, eval_iters=2, eval_interval=2)
    monkeypatch.setattr(runs, "experiments", lambda: {"tiny": {"only one": (model, config)}})
    monkeypatch.setattr(runs, "SEEDS", (1, 2))


def test_the_variants_of_an_experiment_differ_in_one_field() -> None:
    for name, variants in experiments().items():
        settings = [{**vars(model), **vars(config)} for model, config in variants.values()]
        differing = {field for one in settings for field in one if one[field] != settings[0][field]}
        assert len(differing) == 1, f"{name} varies {differing}"


@pytest.mark.parametrize("name", experiments())
def test_every_experiment_is_recorded_with_every_seed_and_its_present_settings(name: str) -> None:
    """A setting that was changed after the recording would give a caption that its curve contradicts."""
    recorded = load_runs(name)
    assert [(run.variant, run.seed) for run in recorded] == [(v, s) for n, v, s in EVERY if n == name]
    for run in recorded:
        model, config = experiments()[name][run.variant]
        assert (run.model, run.train) == (model, replace(config, seed=run.seed))
        assert run.text_sha256 == TEXT_SHA256
        assert run.curve[-1].step == run.train.max_iters - 1, "an unfinished run"
        assert run.machine
        assert run.minutes > 0
        assert set(run.versions) == {"python", "torch", "nanogpt_lib"}


def test_no_file_in_the_folder_is_left_over() -> None:
    known = {run.file_name for name in experiments() for run in load_runs(name)}
    assert {path.name for path in RUNS.glob("*.json")} == known


@pytest.mark.slow
@pytest.mark.parametrize(("name", "variant", "seed"), EVERY)
def test_the_first_evaluation_of_a_recorded_run_repeats(name: str, variant: str, seed: int) -> None:
    """Weights and batches at the start come from the seed alone: a record that was typed, or made by other
    code, does not match to four digits."""
    text = load_text()
    splits = train_val_split(torch.tensor(CharTokenizer.from_text(text).encode(text)))
    (recorded,) = [run for run in load_runs(name) if (run.variant, run.seed) == (variant, seed)]
    generator = torch.Generator().manual_seed(seed)
    run = TrainingRun(GPT(recorded.model, generator), recorded.train, generator)
    first = next(iter(train(run, *splits)))
    assert first[:3] == pytest.approx(recorded.curve[0][:3], abs=1e-4)


def test_a_recorded_run_comes_back_as_it_was_saved(small: None, tmp_path) -> None:
    run = record("tiny", "only one", 1, "a test", "to be or not to be\n" * 20)
    assert save(run, tmp_path).name == "tiny-only-one-1.json"
    save(record("tiny", "only one", 2, "a test", "to be or not to be\n" * 20), tmp_path)
    assert load_runs("tiny", tmp_path)[0] == run


def test_a_missing_or_damaged_record_names_the_command_that_makes_it(small: None, tmp_path) -> None:
    with pytest.raises(ValueError, match=r"tiny-only-one-1\.json.*python -m nanogpt_lib\.runs tiny"):
        load_runs("tiny", tmp_path)
    (tmp_path / "tiny-only-one-1.json").write_text(json.dumps({"seed": 1}))
    with pytest.raises(ValueError, match="python -m nanogpt_lib.runs tiny"):
        load_runs("tiny", tmp_path)


def test_an_unknown_experiment_is_refused_with_the_names_that_exist(capsys: pytest.CaptureFixture) -> None:
    assert main(["colour"]) == 2
    assert "scale" in capsys.readouterr().err
