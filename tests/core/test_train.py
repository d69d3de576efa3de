"""The command: what it prints, what it keeps, and how it ends."""

import re
import shutil
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import torch

from helpers import ROOT, one_thread, python, same_bits, weights_of
from nanogpt_lib import train as command
from nanogpt_lib.checkpoint import load_checkpoint
from nanogpt_lib.machine import bfloat16_gain, suited
from nanogpt_lib.model import GPTConfig
from nanogpt_lib.presets import PRESETS, SUITED
from nanogpt_lib.train import main
from nanogpt_lib.training_run import TrainConfig

ROW = re.compile(r"step \d+: train loss \d+\.\d{4}, val loss \d+\.\d{4}")
SMALL = [
    "--preset=reference-baseline",
    *("--block-size=8", "--n-embd=12", "--n-head=3", "--n-layer=1", "--dropout=0.2"),
    *("--batch-size=4", "--eval-interval=4", "--eval-iters=2"),
]


@pytest.fixture
def own_text(tmp_path: Path) -> Path:
    path = tmp_path / "mine.txt"
    path.write_text("the cat sat on the mat; the rat sat on the cat.\n" * 20, encoding="utf-8")
    return path


def rows(capsys: pytest.CaptureFixture) -> list[str]:
    return capsys.readouterr().out.splitlines()


# --- what it prints -------------------------------------------------------------------------------


def test_every_row_has_the_form_of_the_reference(own_text: Path, capsys: pytest.CaptureFixture) -> None:
    """A notebook's plot and a shell's grep read these lines."""
    assert main([*SMALL, "--text", str(own_text), "--max-iters", "9"]) == 0
    out, err = capsys.readouterr()
    assert [line.split(":")[0] for line in out.splitlines()] == ["step 0", "step 4", "step 8"]
    assert all(ROW.fullmatch(line) for line in out.splitlines())
    assert re.fullmatch(r"9 steps in \d+\.\d seconds\n", err)


def test_the_same_seed_prints_the_same_rows_and_another_seed_others(
    own_text: Path, capsys: pytest.CaptureFixture
) -> None:
    printed = []
    for seed in ("1", "1", "2"):
        main([*SMALL, "--text", str(own_text), "--max-iters", "5", "--seed", seed])
        printed.append(rows(capsys))
    assert printed[0] == printed[1] != printed[2]


def test_a_sample_of_the_length_asked_for_follows_the_rows(
    own_text: Path, capsys: pytest.CaptureFixture
) -> None:
    main([*SMALL, "--text", str(own_text), "--max-iters", "1", "--sample", "30"])
    row, _, sample = capsys.readouterr().out.partition("\n")
    assert ROW.fullmatch(row)
    assert len(sample) == 31  # and the end of its line
    assert set(sample) <= set(own_text.read_text(encoding="utf-8"))


def test_help_names_every_field_that_can_be_overridden(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for config in (GPTConfig, TrainConfig):
        for field in fields(config):
            option = f"--{field.name.replace('_', '-')}"
            assert bool(re.search(rf"{option}[ ,]", said)) == (field.name != "vocab_size"), option


# --- overrides ------------------------------------------------------------------------------------

OVERRIDES = {
    "block_size": 6,
    "n_embd": 8,
    "n_head": 2,
    "n_layer": 2,
    "dropout": 0.25,
    "attention": "fused",
    "scale": 0.3,
    "init": "gpt2",
    "residual": False,
    "norm": "post",
    "norm_kind": "rms",
    "activation": "relu2",
    "position": "rotary",
    "qk_norm": True,
    "pairs": True,
    "smear": True,
    "batch_size": 3,
    "max_iters": 2,
    "learning_rate": 0.02,
    "eval_interval": 7,
    "eval_iters": 1,
    "seed": 5,
    "train_chars": 60,
    "schedule": "cosine",
    "warmup_iters": 1,
    "weight_decay": 0.1,
    "precision": "bfloat16",
    "optimizer": "muon",
    "muon_rate": 0.5,
}
SWITCHES = {"residual": "--no-residual", "qk_norm": "--qk-norm", "pairs": "--pairs", "smear": "--smear"}


def test_every_field_can_be_overridden_and_reaches_its_configuration(own_text: Path, tmp_path: Path) -> None:
    options = [
        f"--{name.replace('_', '-')}={value}" for name, value in OVERRIDES.items() if name not in SWITCHES
    ]
    options += SWITCHES.values()
    arguments = ["--preset", "reference-wider", "--text", str(own_text), "--out", str(tmp_path / "out")]
    assert main([*arguments, *options]) == 0
    run = load_checkpoint(tmp_path / "out").run
    assert vars(run.model.config) | vars(run.config) == OVERRIDES | {"vocab_size": 14}


def test_what_is_not_overridden_stays_as_the_setting_has_it(
    own_text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is trained: the run is caught as it begins."""
    begun = []
    monkeypatch.setattr(command, "train", lambda run, *_, **__: begun.append(run) or [])
    for name, (model, config) in PRESETS.items():
        if name in SUITED:
            model, config = suited(model, config, bfloat16_gain())
        main(["--preset", name, "--text", str(own_text), "--block-size", "8"])
        run = begun.pop()
        assert vars(run.model.config) == vars(model) | {"vocab_size": 14, "block_size": 8}
        assert run.config == config
        rates = {group["lr"] for group in run.optimizer.param_groups}
        assert rates == {config.learning_rate} | ({config.muon_rate} if config.optimizer == "muon" else set())


@pytest.mark.parametrize(("gain", "precision"), [(6.0, "bfloat16"), (0.05, "float32")])
def test_the_fast_setting_asks_the_processor_says_what_it_chose_and_obeys(
    gain: float,
    precision: str,
    own_text: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    begun = []
    monkeypatch.setattr(command, "train", lambda run, *_, **__: begun.append(run) or [])
    monkeypatch.setattr(command, "bfloat16_gain", lambda: gain)
    begin = ["--preset", "fast", "--text", str(own_text), "--block-size", "8"]
    main(begin)
    assert begun.pop().config.precision == precision
    assert f"precision {precision}" in capsys.readouterr().err
    main([*begin, "--precision", "float32", "--attention", "heads"])
    run = begun.pop()
    assert (run.config.precision, run.model.config.attention) == ("float32", "heads")
    assert "training with precision float32, attention heads" in capsys.readouterr().err


# --- keeping and going on -------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [4, 6], ids=["at a row", "between rows"])
def test_a_resumed_run_prints_the_rows_of_the_uninterrupted_one(
    stop: int, own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With dropout; stopped by a real SIGINT in the step before `stop`, which is ended first."""
    arguments = [*SMALL, "--text", str(own_text), "--max-iters", "13"]
    assert main([*arguments, "--out", str(tmp_path / "whole")]) == 0
    whole = rows(capsys)
    real = command.GPT.forward
    calls = []

    def stopped_at(self: object, *inputs: object) -> tuple:
        calls.append(None)
        judged = 4 * (1 + (stop - 1) // 4)  # two batches of two splits each time
        if len(calls) == judged + stop:
            signal.raise_signal(signal.SIGINT)
        return real(self, *inputs)

    monkeypatch.setattr(command.GPT, "forward", stopped_at)
    assert main([*arguments, "--out", str(tmp_path / "part")]) == 130
    monkeypatch.undo()
    out, err = capsys.readouterr()
    assert err == f"stopped before step {stop}; go on with --resume {tmp_path / 'part'}\n"
    resumed = ["--resume", str(tmp_path / "part"), "--out", str(tmp_path / "part"), "--text", str(own_text)]
    assert main(resumed) == 0
    assert out.splitlines() + rows(capsys) == whole
    one, two = (load_checkpoint(tmp_path / name) for name in ("whole", "part"))
    same_bits(weights_of(two.model), weights_of(one.model))
    assert one.run.step == two.run.step == 13


def test_a_finished_run_can_be_given_more_steps_and_another_rate(
    own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = ["--out", str(tmp_path / "out"), "--text", str(own_text)]
    main([*SMALL, *out, "--max-iters", "5"])
    rows(capsys)
    assert main(["--resume", str(tmp_path / "out"), *out, "--max-iters", "9", "--learning-rate", "0.5"]) == 0
    assert [line.split(":")[0] for line in rows(capsys)] == ["step 8"]
    run = load_checkpoint(tmp_path / "out").run
    assert (run.step, run.config.learning_rate, run.optimizer.param_groups[0]["lr"]) == (9, 0.5, 0.5)


def test_a_finished_run_says_that_it_is_finished_and_how_to_go_on(
    own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """It ended with 0 and printed what a run prints that has just been made."""
    text = ["--text", str(own_text)]
    main([*SMALL, *text, "--max-iters=5", "--out", str(tmp_path)])
    assert "finished" not in capsys.readouterr().err
    assert main(["--resume", str(tmp_path), *text, "--sample=3"]) == 0
    out, err = capsys.readouterr()
    assert "this run is finished, all 5 steps are made; for more, raise --max-iters, as to 10\n" in err
    assert len(out) == 4, "its sample is still written"


def test_a_run_that_diverged_is_told_to_go_on_with_a_lower_rate(
    own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """What is kept goes on with the rate of its card, which would end it in the same way."""
    out = ["--out", str(tmp_path), "--text", str(own_text)]
    assert main([*SMALL, *out, "--max-iters=9", "--learning-rate=1e30"]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told == f"step 0 is kept: go on from it with --resume {tmp_path} --learning-rate 0.001"
    assert main([*told.partition("with ")[2].split(" "), *out]) == 0


def test_weights_without_their_card_are_not_removed_by_a_new_run(
    own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Whoever lost the small file, or copied only the large one, lost that one too."""
    begin = [*SMALL, "--text", str(own_text), "--max-iters=1", "--out", str(tmp_path)]
    main(begin)
    card = tmp_path / "checkpoint.json"
    said = card.read_bytes()
    card.unlink()
    before = everything_in(tmp_path)
    capsys.readouterr()
    assert main(begin) == 2
    err = capsys.readouterr().err
    assert (
        f"which holds {next(iter(before))} without its checkpoint.json. Give another folder; or put its"
        in err
    )
    assert everything_in(tmp_path) == before
    card.write_bytes(said)
    assert load_checkpoint(tmp_path).run.is_done, "the message's way works"
    card.unlink()
    assert main([*begin, "--force"]) == 0


def test_too_few_train_chars_are_named_and_not_the_text(
    own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main([*SMALL, "--text", str(own_text), "--train-chars=3", "--out", str(tmp_path / "o")]) == 2
    assert "got train_chars=3. Raise train_chars" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def everything_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


RESUMED = OVERRIDES | {"max_iters": 15, "schedule": "cosine", "warmup_iters": 12, "train_chars": 40}
# The stream goes on where it stood, so that another seed would be recorded and not used; so would the rest.
REFUSED = {"seed", "optimizer", "muon_rate"}


@pytest.mark.parametrize("name", [field.name for field in fields(TrainConfig)])
def test_an_option_beside_resume_takes_effect_or_is_refused_before_anything_is_written(
    name: str, own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """`--weight-decay` was ignored, and the checkpoint could not be opened; a new field is tried, too."""
    out, plain = tmp_path / "out", tmp_path / "plain"
    text = ["--text", str(own_text)]
    main([*SMALL, *text, "--max-iters", "10", "--out", str(out)])
    shutil.copytree(out, plain)
    before = everything_in(out)
    resume = ["--resume", str(out), "--out", str(out), *text]
    option = f"--{name.replace('_', '-')}={RESUMED[name]}"
    capsys.readouterr()
    if name in REFUSED:
        assert main([*resume, "--max-iters=14", option]) == 2
        assert f"got {RESUMED[name]}" in capsys.readouterr().err
        assert everything_in(out) == before
        return
    assert main([*resume, "--max-iters=14", option]) == 0
    assert main(["--resume", str(plain), "--out", str(plain), *text, "--max-iters=14"]) == 0
    changed, other = load_checkpoint(out).run, load_checkpoint(plain).run
    assert getattr(changed.config, name) == RESUMED[name]
    same_curve = [r[:3] for r in changed.curve] == [r[:3] for r in other.curve]
    same_weights = all(map(torch.equal, changed.model.parameters(), other.model.parameters()))
    assert not (same_curve and same_weights), f"{name} is recorded, and changes nothing"
    assert main([*resume, "--max-iters=20"]) == 0  # it opens again


@pytest.mark.parametrize(("old", "new"), [(0.1, 0.5), (None, 5.0), (0.5, 0.0)])
def test_another_decay_keeps_the_running_means(
    old: float | None, new: float, own_text: Path, tmp_path: Path
) -> None:
    out = ["--out", str(tmp_path / "out"), "--text", str(own_text)]
    main([*SMALL, *out, "--max-iters=6", *([] if old is None else [f"--weight-decay={old}"])])
    before = load_checkpoint(tmp_path / "out").resume()
    assert main(["--resume", str(tmp_path / "out"), *out, f"--weight-decay={new}"]) == 0  # no step is left
    after = load_checkpoint(tmp_path / "out").resume()
    assert [group["weight_decay"] for group in after.optimizer.param_groups] == [new, 0.0]
    for one, other in zip(before.model.parameters(), after.model.parameters(), strict=True):
        same_bits(dict(after.optimizer.state[other]), dict(before.optimizer.state[one]))


def test_fewer_steps_than_were_made_are_refused(
    own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = ["--out", str(tmp_path / "out"), "--text", str(own_text)]
    main([*SMALL, *out, "--max-iters=5"])
    before = everything_in(tmp_path / "out")
    assert main(["--resume", str(tmp_path / "out"), *out, "--max-iters=3"]) == 2
    assert "Expected max_iters >= 5, the steps already made, got 3" in capsys.readouterr().err
    assert everything_in(tmp_path / "out") == before


@pytest.mark.parametrize("way", ["a new run", "a resumed run of another folder"])
def test_a_folder_with_another_run_is_refused_with_the_way_on(
    way: str, own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """A finished run was replaced, with exit status 0."""
    out, text = tmp_path / "out", ["--text", str(own_text)]
    main([*SMALL, *text, "--max-iters=5", "--out", str(out)])
    main([*SMALL, *text, "--max-iters=2", "--out", str(tmp_path / "other")])
    before = everything_in(out)
    begin = SMALL if way == "a new run" else ["--resume", str(tmp_path / "other")]
    capsys.readouterr()
    assert main([*begin, *text, "--max-iters=4", "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"Give another folder; or go on from it with --resume {out} --out {out}; or replace it" in said.err
    assert everything_in(out) == before
    assert main([*begin, *text, "--max-iters=4", "--out", str(out), "--force"]) == 0
    assert load_checkpoint(out).run.step == 4


def test_a_folder_is_known_again_under_another_spelling(own_text: Path, tmp_path: Path) -> None:
    out, text = tmp_path / "out", ["--text", str(own_text)]
    main([*SMALL, *text, "--max-iters=2", "--out", str(out)])
    (tmp_path / "x").mkdir()
    same = tmp_path / "x" / ".." / "out"
    assert main(["--resume", str(same), *text, "--max-iters=4", "--out", str(out)]) == 0


@pytest.mark.parametrize(("steps", "kept"), [(9, 0), (1, 0)], ids=["on the way", "in the last step"])
def test_numbers_that_are_none_never_take_the_place_of_the_last_good_state(
    steps: int, kept: int, own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """NaN was saved over it; after the last step even with exit status 0."""
    options = ["--learning-rate=1e30", "--eval-interval=1", f"--max-iters={steps}"]
    assert main([*SMALL, *options, "--text", str(own_text), "--out", str(tmp_path / "out")]) == 2
    err = capsys.readouterr().err
    assert "Lower the learning rate" in err
    assert f"step {kept} is kept: go on from it with --resume {tmp_path / 'out'} --learning-rate" in err
    good = load_checkpoint(tmp_path / "out").run
    assert good.step == kept
    assert all(torch.isfinite(weights).all() for weights in good.model.parameters())


def test_ctrl_c_after_a_step_that_spoiled_the_weights_leaves_the_last_good_state(
    own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights are finite then, and so large that the model gives NaN."""
    real, calls = command.GPT.forward, []

    def stopped(self: object, *inputs: object) -> tuple:
        calls.append(None)
        if len(calls) == 5:  # four of the evaluation, and the first step
            signal.raise_signal(signal.SIGINT)
        return real(self, *inputs)

    monkeypatch.setattr(command.GPT, "forward", stopped)
    options = ["--learning-rate=1e30", "--max-iters=9", "--text", str(own_text)]
    assert main([*SMALL, *options, "--out", str(tmp_path / "out")]) == 2
    monkeypatch.undo()
    assert "Expected a model that gives finite scores" in capsys.readouterr().err
    assert load_checkpoint(tmp_path / "out").run.step == 0


@pytest.mark.slow
@pytest.mark.every  # five in a row, the first as this one, are in test_commands.py
def test_ctrl_c_ends_with_130_and_a_checkpoint_to_go_on_from(own_text: Path, tmp_path: Path) -> None:
    """In a process of its own, as from a terminal."""
    arguments = [*SMALL, "--text", own_text, "--max-iters", "1000000", "--out", tmp_path / "out"]
    process = subprocess.Popen(
        [sys.executable, "-m", "nanogpt_lib.train", *map(str, arguments)],
        cwd=ROOT,
        env=one_thread(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        first, second = process.stdout.readline(), process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert first.startswith("step 0: ")
    assert second.startswith("step 4: ")
    assert load_checkpoint(tmp_path / "out").run.step >= (4 if "go on with --resume" in err else 0)


def test_ctrl_c_without_a_folder_says_that_nothing_was_kept(
    own_text: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "train", lambda *_, **__: [])  # ends before it is done
    assert main([*SMALL, "--text", str(own_text)]) == 130
    assert "nothing was kept: give --out FOLDER" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["load_text", "save_checkpoint", "stream"])
def test_ctrl_c_while_loading_saving_or_writing_ends_without_a_traceback(
    place: str, own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(command, place, stop)
    arguments = ["--text", str(own_text), "--out", str(tmp_path / "out"), "--max-iters", "1", "--sample", "5"]
    assert main([*SMALL, *arguments]) == 130
    kept = f"step 1 is kept: go on from it with --resume {tmp_path / 'out'}\n" if place == "stream" else ""
    assert capsys.readouterr().err.endswith(f"stopped\n{kept}")


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--preset", "baseline"], "reference-baseline"),
        ([], "one of the arguments --preset --resume is required"),
        (["--preset", "reference-deep", "--resume", "x"], "not allowed with"),
        ([*SMALL, "--n-embd", "twelve"], "argument --n-embd: Expected a whole number, got 'twelve'"),
        ([*SMALL, "--n-embd", "13"], "error: Expected n_embd to split into n_head equal heads"),
        ([*SMALL, "--attention", "flash"], "error: Expected attention to be one of"),
        ([*SMALL, "--dropout", "2"], "error: Expected 0 <= dropout <= 1"),
        ([*SMALL, "--scale", "nan"], "error: Expected a finite number scale, got scale=nan"),
        ([*SMALL, "--dropout", "nan"], "error: Expected 0 <= dropout <= 1"),
        ([*SMALL, "--learning-rate", "inf"], "error: Expected a finite number learning_rate"),
        ([*SMALL, "--weight-decay", "nan"], "error: Expected a finite number weight_decay"),
        ([*SMALL, "--weight-decay", "-1"], "error: Expected weight_decay >= 0"),
        ([*SMALL, "--warmup-iters", "-1"], "error: Expected 0 <= warmup_iters < max_iters"),
        ([*SMALL, "--max-iters", "0"], "error: Expected a whole number max_iters >= 1"),
        ([*SMALL, "--block-size", "500"], "error: Expected at least 5001 characters"),
        ([*SMALL, "--text", "no such file"], "error: Expected the path of a text file"),
        (["--resume", "no such folder"], "error: Expected a folder with checkpoint.json"),
    ],
)
def test_bad_input_ends_with_2_and_a_message(
    options: list[str], named: str, own_text: Path, capsys: pytest.CaptureFixture
) -> None:
    """An exception that got through would fail the test; so would a row on the screen."""
    text = [] if "--text" in options else ["--text", str(own_text)]
    try:
        status = main([*text, *options])
    except SystemExit as ended:  # how argparse says it
        status = ended.code
    out, err = capsys.readouterr()
    assert status == 2
    assert named in err
    assert out == ""


@pytest.mark.slow
def test_as_a_process_it_ends_with_2_and_without_a_traceback() -> None:
    done = python("-m", "nanogpt_lib.train", "--preset", "reference-baseline", "--n-head", "7")
    assert done.returncode == 2
    assert done.stderr.startswith("error: Expected n_embd to split")
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_made_ends_with_2(own_text: Path, capsys: pytest.CaptureFixture) -> None:
    assert main([*SMALL, "--text", str(own_text), "--max-iters", "1", "--out", str(own_text)]) == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "option", "named"),
    [
        (lambda text: text.replace("cat", "tac"), [], "the text that this checkpoint was trained on"),
        (lambda text: text.replace("cat", "cow"), [], "which differ in"),
        (lambda text: text, ["--n-layer", "2"], "no option of the model beside --resume, got n_layer"),
    ],
)
def test_a_run_goes_on_with_its_own_text_and_model_alone(
    change: object,
    option: list[str],
    named: str,
    own_text: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    out = ["--out", str(tmp_path / "out"), "--text", str(own_text)]
    main([*SMALL, *out, "--max-iters", "2"])
    own_text.write_text(change(own_text.read_text(encoding="utf-8")), encoding="utf-8")
    assert main(["--resume", str(tmp_path / "out"), *out, "--max-iters", "4", *option]) == 2
    assert named in capsys.readouterr().err
    assert load_checkpoint(tmp_path / "out").run.step == 2


@pytest.mark.parametrize("option", ["--out", "--text", "--resume"])
@pytest.mark.parametrize(("path", "told"), [("", "an empty one"), ("x" * 300, "which no file can be called")])
def test_a_path_that_is_none_is_refused_at_once(
    option: str, path: str, told: str, capsys: pytest.CaptureFixture
) -> None:
    """An empty one, as of a shell's variable that is not set, was taken for the folder of the moment."""
    start = [] if option == "--resume" else [*SMALL, "--max-iters", "1"]
    with pytest.raises(SystemExit, match="2"):
        main([*start, f"{option}={path}"])
    assert told in capsys.readouterr().err


def test_ctrl_c_during_a_save_tells_what_is_kept(
    own_text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """The save comes to its end, and then it is said how to go on from it."""
    own = command.save_checkpoint

    def interrupted(*arguments: object, **keywords: object) -> None:
        own(*arguments, **keywords)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "save_checkpoint", interrupted)
    assert main([*SMALL, "--text", str(own_text), "--max-iters", "1", "--out", str(tmp_path / "o")]) == 130
    assert f"step 0 is kept: go on from it with --resume {tmp_path / 'o'}" in capsys.readouterr().err
