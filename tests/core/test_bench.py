"""The command that measures speed: what it measures, in which order, and what it tells."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from helpers import ROOT, one_thread
from nanogpt_lib.bench import __main__ as command
from nanogpt_lib.bench import forms as forms_module
from nanogpt_lib.bench import peer
from nanogpt_lib.bench.forms import COMPILED, DRAFTS, PEERS, TRAINING, WRITING, Form, forms_of, made_ready
from nanogpt_lib.bench.hardware import Machine, this_machine
from nanogpt_lib.bench.in_turn import Measured, in_turn, quartiles
from nanogpt_lib.bench.memory import peak_megabytes
from nanogpt_lib.bench.picture import as_png, described, drawn
from nanogpt_lib.bench.rows import as_json, fastest, rows_of, table
from nanogpt_lib.bench.settings import LONG, SETTINGS, Setting
from nanogpt_lib.costs import parameter_ledger
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.machine import bfloat16_gain
from nanogpt_lib.model import GPTConfig
from nanogpt_lib.muon import Muon
from nanogpt_lib.presets import preset
from nanogpt_lib.training_run import advance

SMALL = GPTConfig(vocab_size=65, block_size=8, n_embd=8, n_head=2, n_layer=1)
TRAIN, WRITE = Setting(True, 2, SMALL), Setting(False, 1, SMALL)
MACHINE = Machine("System", "3", "2", 2, 2, "AVX2", 60.0, 0.05, None)
FAKE_PEER = """
import time
import torch
from types import SimpleNamespace

GPT2Config = SimpleNamespace

class GPT2LMHeadModel(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.table = torch.nn.Embedding(config.vocab_size, config.vocab_size)

    def forward(self, idx):
        return SimpleNamespace(logits=self.table(idx))

    def generate(self, idx, *, max_new_tokens, **settings):
        return idx.expand(1, 1 + max_new_tokens)
"""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that take milliseconds in place of the real ones, and no process for the memory."""
    monkeypatch.setattr(command, "SETTINGS", {"A": TRAIN, "127": WRITE})
    for name in list(SETTINGS):
        monkeypatch.setitem(SETTINGS, name, WRITE if name == "127" else TRAIN)
    monkeypatch.setattr(command, "peak_megabytes", lambda *_: 12.5)


@pytest.fixture
def fake_peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module called transformers whose model costs next to nothing."""
    path = tmp_path / "transformers.py"
    path.write_text(FAKE_PEER, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "transformers", raising=False)
    yield path
    sys.modules.pop("transformers", None)


class Clock:
    """Time that passes only where somebody works."""

    def __init__(self) -> None:
        self.now, self.worked = 0.0, []

    def __call__(self) -> float:
        return self.now

    def form(self, name: str, *seconds: float, fails_at: int = -1) -> Callable[[], Callable[[], None]]:
        """A form whose pieces take these seconds in turn, the last again and again."""
        done = 0

        def piece() -> None:
            nonlocal done
            if done == fails_at:
                raise RuntimeError(f"{name} cannot\nat all")
            self.now += seconds[min(done, len(seconds) - 1)]
            self.worked.append(name)
            done += 1

        return lambda: piece


@pytest.mark.parametrize(
    ("name", "rung"),
    [("A", "reference-baseline"), ("B", "reference-wider"), ("C", "reference-deep"), ("D", "shakespeare")],
)
def test_a_setting_has_the_sizes_of_the_preset_that_it_stands_for(name: str, rung: str) -> None:
    model, config = preset(rung)
    assert SETTINGS[name].model == replace(model, scale=None, dropout=0.0, init="torch")
    assert SETTINGS[name].batch_size == config.batch_size
    assert SETTINGS[name].characters == config.batch_size * model.block_size


def test_the_other_settings_are_what_they_are_called() -> None:
    assert sum(parameter_ledger(SETTINGS["large"].model).values()) == 10_788_929
    assert [SETTINGS[name].characters for name in ("127", "255", "shipped")] == [127, 255, 127]
    assert [SETTINGS[name].model.n_embd for name in ("127", "255")] == [64, 128]
    assert SETTINGS["shipped"].model == SETTINGS["D"].model, "the shipped model's sizes"


def test_the_forms_work_in_turn_after_a_warm_up_that_is_not_counted() -> None:
    clock = Clock()
    measured = in_turn({"a": clock.form("a", 9.0, 1.0), "b": clock.form("b", 7.0, 1.0)}, 10.0, clock)
    assert clock.worked == ["a", "b"] * 11
    assert measured == Measured({"a": [1.0] * 10, "b": [1.0] * 10}, {})


def test_a_short_piece_is_repeated_within_a_visit_and_a_long_one_is_done_three_times() -> None:
    clock = Clock()
    measured = in_turn({"short": clock.form("short", 0.5), "long": clock.form("long", 8.0)}, 10.0, clock)
    assert clock.worked[:8] == [*["short"] * 2, "long"] * 2 + ["short"] * 2
    assert measured.seconds == {"short": [0.5] * 20, "long": [8.0] * 3}


def test_a_piece_that_takes_longer_than_all_its_seconds_is_counted_from_the_first() -> None:
    clock = Clock()
    assert in_turn({"a": clock.form("a", 3.0, 2.0)}, 1.0, clock).seconds == {"a": [3.0, 2.0, 2.0]}


@pytest.mark.parametrize("at", [0, 1, 4])
def test_a_form_that_fails_is_told_and_the_others_go_on(at: int) -> None:
    clock = Clock()
    forms = {"bad": clock.form("bad", 1.0, fails_at=at), "good": clock.form("good", 1.0)}
    measured = in_turn(forms, 10.0, clock)
    assert measured == Measured({"good": [1.0] * 10}, {"bad": "RuntimeError: bad cannot"})
    assert clock.worked.count("bad") == at


def test_a_form_that_cannot_be_made_ready_is_told() -> None:
    def ready() -> Callable[[], None]:
        raise ImportError("no such library")

    assert in_turn({"bad": ready}, 1.0).failed == {"bad": "ImportError: no such library"}


def test_quartiles_are_those_of_numpy() -> None:
    for many in (2, 3, 4, 10, 11):
        times = np.random.default_rng(many).random(many)
        assert quartiles(times.tolist()) == pytest.approx(np.quantile(times, [0.25, 0.5, 0.75]))
    with pytest.raises(ValueError, match="at least two times"):
        quartiles([1.0])


FORMS = {
    "heads": Form(),
    "fused": Form({"attention": "fused"}),
    "short": Form(train={"precision": "bfloat16"}),
    "slow peer": Form(is_peer=True),
    "fast peer": Form(is_peer=True),
    "broken": Form(),
}
TIMES = {
    "heads": [0.4, 0.5, 0.6],
    "fused": [0.2, 0.2, 0.3],
    "short": [0.1] * 3,
    "slow peer": [1.0] * 4,
    "fast peer": [0.25] * 3,
}


def measured_rows() -> list:
    measured = Measured(TIMES, {"broken": "RuntimeError: it is"})
    return rows_of("A", TRAIN, FORMS, measured, {"heads": 12.345, "fused": None})


def test_speeds_and_ratios_are_those_of_the_medians() -> None:
    heads, fused, _, slow, fast, broken = measured_rows()
    assert TRAIN.characters == 16
    assert (heads.milliseconds, heads.speed, heads.pieces) == (500.0, 32.0, 3)
    assert (heads.low, heads.high) == pytest.approx((16 / 0.55, 16 / 0.45)), "the slower quarter is the low"
    assert (heads.times_base, heads.times_peer) == (1.0, 0.5)
    assert (fused.times_base, fused.times_peer) == (2.5, 1.25), "beside the fastest peer, not the first"
    assert (slow.times_peer, fast.times_peer, fast.times_base) == (0.25, 1.0, 2.0)
    assert (broken.failed, broken.speed, broken.times_base) == ("RuntimeError: it is", None, None)


def test_the_fastest_is_our_own_and_told_for_float32_alone_too() -> None:
    rows = measured_rows()
    assert (fastest(rows, "float32").form, fastest(rows).form) == ("fused", "short")
    told = table(TRAIN, rows).splitlines()[-2:]
    assert told == [
        "fastest in float32: fused, 2.50 times heads, 1.25 times the fastest peer",
        "fastest in any precision: short, 5.00 times heads, 2.50 times the fastest peer",
    ]
    assert fastest([row for row in rows if row.failed or row.is_peer]) is None


def test_the_table_and_the_json_file_hold_the_same_numbers() -> None:
    rows = measured_rows()
    kept = json.loads(as_json(MACHINE, {"A": TRAIN}, rows, seconds=1.5))
    lines = [re.split(r"  +", line) for line in table(TRAIN, rows).splitlines()]
    cells = {line[0]: line[1:] for line in lines}
    assert [row["form"] for row in kept["rows"]] == list(FORMS)
    for row in kept["rows"][:-1]:
        told, others = cells[row["form"]], [row["times_base"], row["times_peer"]]
        expected = [f"{row['milliseconds']:.1f}", f"{row['speed']:,.0f}"]
        expected += [f"{row['low']:,.0f} to {row['high']:,.0f}", *(f"{ratio:.2f}" for ratio in others)]
        memory = "-" if row["megabytes"] is None else f"{row['megabytes']:.0f}"
        assert told == [*expected, memory, str(row["pieces"])]
    assert "broken: failed, RuntimeError: it is" in table(TRAIN, rows)
    assert (kept["machine"], kept["settings"]) == (MACHINE.words, {"A": TRAIN.words})


def test_the_picture_has_a_bar_for_each_form_and_whiskers_to_its_quartiles(tmp_path: Path) -> None:
    rows = measured_rows()
    fig = drawn([*rows, replace(rows[0], setting="B")], {"A": "ten words", "B": "more"})
    first, second = fig.axes
    bars = [bar.get_width() for bar in first.patches]
    assert bars == [row.speed for row in rows if row.speed]
    whiskers = [segment[:, 0].tolist() for segment in first.collections[0].get_segments()]
    assert whiskers == [pytest.approx([row.low, row.high]) for row in rows if row.speed]
    assert [label.get_text() for label in first.get_yticklabels()] == list(FORMS)[:-1]
    assert (first.get_title("left"), len(second.patches)) == ("A: ten words", 1)
    assert first.yaxis_inverted(), "the first on top, as in the table"
    (tmp_path / "bench.png").write_bytes(as_png(rows, {"A": "ten words"}))
    with Image.open(tmp_path / "bench.png") as image:
        assert image.text["Description"] == described(rows)
    assert "A: heads 32, fused 80, short 160" in described(rows)


def test_no_title_of_the_picture_is_cut() -> None:
    """That of the shipped model used to go on beyond the right edge."""
    words = {name: setting.words for name, setting in SETTINGS.items()}
    fig = drawn([replace(measured_rows()[0], setting=name) for name in SETTINGS], words)
    fig.canvas.draw()
    ends = [ax.title.get_window_extent().x1 for ax in fig.axes]
    assert max(ends) < fig.bbox.x1


@pytest.mark.parametrize("name", TRAINING)
def test_every_form_of_training_makes_a_step_of_a_training_run(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step of `training_run`, with no evaluation in it."""
    made = []
    monkeypatch.setattr(forms_module, "advance", lambda run, *data: made.append((run, advance(run, *data))))
    piece = made_ready(TRAIN, TRAINING[name], torch.arange(65))
    for _ in range(2):
        piece()
    (run, first), (_, second) = made
    assert (run.step, first, second) == (3, None, None)
    assert run.config.batch_size == TRAIN.batch_size
    assert run.config.precision == TRAINING[name].precision
    assert isinstance(run.optimizer, Muon) == ("Muon" in name)
    assert run.model.config == replace(SMALL, **TRAINING[name].model)


def test_compiling_is_no_part_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes longer than all seconds of a form, and used to be counted as its first step."""
    compiled, used = torch.nn.Identity(), []
    monkeypatch.setattr(torch, "compile", lambda model: compiled)
    monkeypatch.setattr(forms_module, "advance", lambda run, x, y, model: used.append(model))
    made_ready(TRAIN, COMPILED["fused, compiled"], torch.arange(65))
    assert used == [compiled] * 2


def test_one_thread_is_used_where_the_form_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(forms_module, "advance", lambda *_: seen.append(torch.get_num_threads()))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for name in ("fused", "fused, one thread"):
            made_ready(TRAIN, TRAINING[name], torch.arange(65))()
        assert (seen, torch.get_num_threads()) == ([2, 1], 2)
    finally:
        torch.set_num_threads(before)


def test_each_way_to_write_gives_a_text_of_its_length() -> None:
    ids = torch.arange(200) % 65
    for form in (WRITING | DRAFTS).values():
        assert made_ready(WRITE, form, ids)().shape == (1, 1 + WRITE.characters)


def test_the_shipped_setting_writes_with_the_trained_model(text: str) -> None:
    ids = torch.tensor(CharTokenizer.from_text(text).encode(text))
    torch.manual_seed(1)
    written = made_ready(SETTINGS["shipped"], WRITING["cache"], ids)()[0]
    words = CharTokenizer.from_text(text).decode(written).split()
    known = set(text.split())
    assert sum(word in known for word in words) > len(words) / 2, words  # noise has next to none


def test_drafts_are_for_a_trained_model_and_the_peer_is_there_only_if_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for there in (False, True):
        monkeypatch.setattr(peer, "is_installed", lambda there=there: there)
        for setting in SETTINGS.values():
            forms = forms_of(setting)
            assert any(form.is_peer for form in forms.values()) == there
            assert any(form.has_drafts for form in forms.values()) == (setting.checkpoint is not None)
            assert not any(form.is_compiled for form in forms.values())
    assert COMPILED.keys() <= forms_of(SETTINGS["A"], compiled=True).keys()


@pytest.mark.slow
def test_memory_is_measured_in_a_process_of_its_own() -> None:
    """The step keeps four numbers for each that it learns: the weight, its gradient and two moments."""
    wide = Setting(True, 1, replace(SMALL, n_embd=512, n_head=2))
    numbers = sum(parameter_ledger(wide.model).values())
    peak = peak_megabytes(wide, Form({"attention": "fused"}), torch.arange(65))
    assert 4 * 4 * numbers / 1e6 * 0.9 < peak < 4 * 4 * numbers / 1e6 + 60
    assert peak_megabytes(wide, Form({"attention": "nix"}), torch.arange(65)) is None
    assert peak_megabytes(wide, Form(is_compiled=True), torch.arange(65)) is None


def test_the_machine_is_told_without_its_name() -> None:
    machine = this_machine()
    assert machine.threads == torch.get_num_threads()
    assert machine.float32 > 0
    assert machine.bfloat16_gain == bfloat16_gain(), "what the preset fast goes by"
    assert set(machine._fields) == set(MACHINE._fields)
    assert "60 GFLOP/s in float32, in bfloat16 0.05 times as fast" in MACHINE.words


@pytest.mark.usefixtures("small")
def test_the_command_measures_beside_a_peer_and_keeps_table_json_and_picture(
    fake_peer: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "new" / "folder"
    assert command.main(["--all", "--seconds", "0.01", "--out", str(out)]) == 0
    told, err = capsys.readouterr()
    assert "without a peer" not in err
    kept = json.loads((out / "bench.json").read_text(encoding="utf-8"))
    assert [row["form"] for row in kept["rows"] if row["setting"] == "127"] == [*WRITING, *PEERS]
    assert all(row["times_peer"] and row["times_base"] and row["megabytes"] == 12.5 for row in kept["rows"])
    for row in kept["rows"]:
        assert f"{row['low']:,.0f} to {row['high']:,.0f}" in told
    with Image.open(out / "bench.png") as image:
        assert "GPT2LMHeadModel" in image.text["Description"]


@pytest.mark.usefixtures("small")
def test_a_peer_that_fails_is_told_and_is_the_status(fake_peer: Path, capsys: pytest.CaptureFixture) -> None:
    fake_peer.write_text("raise ImportError('another version is needed')", encoding="utf-8")
    assert command.main(["--settings", "127", "--seconds", "0.01"]) == 1
    told = capsys.readouterr().out
    assert "GPT2LMHeadModel: failed, ImportError: another version is needed" in told
    assert "fastest in float32: " in told


@pytest.mark.usefixtures("small")
def test_an_interrupt_keeps_the_settings_that_were_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def interrupted(ready: dict, seconds: float) -> Measured:
        if "cache" in ready:
            raise KeyboardInterrupt
        return in_turn(ready, seconds)

    monkeypatch.setattr(peer, "is_installed", lambda: False)
    monkeypatch.setattr(command, "is_installed", lambda: False)
    monkeypatch.setattr(command, "in_turn", interrupted)
    assert command.main(["--all", "--seconds", "0.01", "--out", str(tmp_path)]) == 130
    err = capsys.readouterr().err
    assert f"stopped; what was measured so far is in {tmp_path}" in err
    assert "without a peer: for one, pip install" in err
    kept = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert {row["setting"] for row in kept["rows"]} == {"A"}
    assert {row["times_peer"] for row in kept["rows"]} == {None}


@pytest.mark.slow
@pytest.mark.every
@pytest.mark.skipif(os.name == "nt", reason="Windows measures no memory, and has no groups of processes")
def test_an_interrupt_while_memory_is_measured_ends_without_a_traceback() -> None:
    """Ctrl-C in a terminal reaches the process that measures too, which used to print where it was."""
    with subprocess.Popen(
        [sys.executable, "-m", "nanogpt_lib.bench", "--settings", "large"],
        cwd=ROOT,
        env=one_thread() | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as done:
        assert any("measuring" in line for line in done.stderr)
        time.sleep(8)  # the server imports torch; then the first form takes longer than a minute
        os.killpg(done.pid, signal.SIGINT)
        pressed = time.monotonic()
        err = done.stderr.read()
        assert (done.wait(timeout=60), "Traceback" in err) == (130, False), err
        assert err.endswith("stopped\n")
        assert time.monotonic() - pressed < 15, "it waited for the measurement to end"


def test_without_a_compiler_the_option_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("PATH", "")
    assert command.main(["--compile"]) == 2
    assert "Expected a C++ compiler for --compile, got none on the path. Install" in capsys.readouterr().err


def test_what_takes_seconds_per_step_is_measured_only_where_it_is_asked_for() -> None:
    usual = command._parser().parse_args([]).settings
    assert usual == ["A", "B", "D", "127", "255", "shipped"]
    assert set(usual) | set(LONG) == set(SETTINGS)
