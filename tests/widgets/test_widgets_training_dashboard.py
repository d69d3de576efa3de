"""The training dashboard without a browser: turns between the cells, stops that lose nothing, folders."""

import asyncio
import json
import math
import re
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from helpers import (
    global_stream_untouched,
    in_a_kernel,
    interrupted,
    mixed_modes,
    modes,
    random_ids,
    same_bits,
    tiny_gpt,
    until,
    weights_of,
)
from javascript import evaluate
from nanogpt_lib import checkpoint as checkpoint_module
from nanogpt_lib.bigram import BigramLM
from nanogpt_lib.checkpoint import load_checkpoint
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.kit import turns as turns_module
from nanogpt_lib.optimizer import rate_factor
from nanogpt_lib.sampling import generate
from nanogpt_lib.training_run import Record, TrainConfig, TrainingRun, train
from nanogpt_lib.widgets import training_dashboard as module
from nanogpt_lib.widgets.training_dashboard import (
    SAMPLES,
    Sample,
    TrainingDashboard,
    evaluation_in_words,
    progress_of,
    rate_curve,
)

TOKENIZER = CharTokenizer("\n abcdef<>/")  # 11 characters
TRAIN, VAL = random_ids(300), random_ids(100, seed=1)
CONFIG = TrainConfig(
    batch_size=4,
    max_iters=12,
    learning_rate=1e-2,
    eval_interval=6,
    eval_iters=3,
    schedule="cosine",
    warmup_iters=3,
)
LEVELS = {"uniform": 2.398, "letters": 1.5}
SHORT = Sample(length=5)
both_streams = pytest.mark.parametrize("stream", ["own generator", "global"])


def a_run(stream: str = "own generator", config: TrainConfig = CONFIG, **changes: object) -> TrainingRun:
    """A run with dropout, which always begins in the same way."""
    generator = torch.Generator().manual_seed(7) if stream == "own generator" else None
    run = TrainingRun(tiny_gpt(**{"dropout": 0.2} | changes), config, generator)
    torch.manual_seed(7 if generator is None else 99)
    return run


def dashboard(run: TrainingRun, **arguments: object) -> TrainingDashboard:
    settings = {"baselines": LEVELS, "sample": SHORT} | arguments
    return TrainingDashboard(run, TRAIN, VAL, TOKENIZER, **settings)


def everything(run: TrainingRun) -> dict[str, object]:
    """All that must be equal: weights, moments, curve, and where the random stream stands."""
    state = torch.get_rng_state() if run.generator is None else run.generator.get_state()
    return {
        "weights": weights_of(run.model),
        "moments": dict(run.optimizer.state_dict()["state"]),
        "curve": [list(record[:3]) for record in run.curve],
        "step": run.step,
        "stream": state,
    }


def uninterrupted(stream: str = "own generator", **arguments: object) -> dict[str, object]:
    run = a_run(stream, **arguments)
    list(train(run, TRAIN, VAL))
    return everything(run)


async def resting(*dashboards: TrainingDashboard) -> None:
    await until(lambda: all(one.state != "training" for one in dashboards))


@pytest.fixture(autouse=True)
def _one_piece_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "TURN_SECONDS", 0)
    monkeypatch.setattr(turns_module, "REST_SECONDS", 0)


# --- nothing is lost ------------------------------------------------------------------------------


@both_streams
def test_a_training_in_turns_is_the_training_at_once(stream: str) -> None:
    """With dropout and samples: one draw more from the run's stream, and all that follows differs."""
    run = a_run(stream)

    async def cell() -> None:
        one = dashboard(run)
        one.train()
        await resting(one)
        assert one.state == "done"

    in_a_kernel(cell)
    same_bits(everything(run), uninterrupted(stream))


@both_streams
def test_stopped_and_continued_at_every_step_is_uninterrupted(stream: str) -> None:
    run, stops = a_run(stream), []

    async def cell() -> None:
        one = dashboard(run)
        while not run.is_done:
            one.train()
            here = run.step
            await until(lambda here=here: run.step > here)
            one.stop()
            await resting(one)
            stops.append(run.step)
            assert one.state in ("stopped", "done")

    in_a_kernel(cell)
    assert stops == list(range(1, 13)), "Stop takes effect after the step that is being made"
    same_bits(everything(run), uninterrupted(stream))


def test_two_dashboards_at_once_and_cells_that_draw_leave_one_another_alone() -> None:
    one_run, other_run = a_run(), a_run(seed=2)
    wanted = [uninterrupted(), uninterrupted(seed=2)]
    torch.manual_seed(3)
    drawn = torch.rand(200)

    async def cell() -> list[torch.Tensor]:
        one, other = dashboard(one_run), dashboard(other_run)
        torch.manual_seed(3)
        mine = []
        one.train(), other.train()
        while one.state == other.state == "training":
            mine.append(torch.rand(1))
            await asyncio.sleep(0)
        await resting(one, other)
        return mine

    mine = torch.cat(in_a_kernel(cell))
    assert len(mine) > 10
    same_bits(mine, drawn[: len(mine)])
    for run, whole in zip((one_run, other_run), wanted, strict=True):
        same_bits(everything(run), whole)


@pytest.mark.parametrize("call", [1, 4, 6, 7, 9, 12, 13, 15, 18, 30])
def test_an_interrupt_at_any_moment_stops_between_two_pieces_and_loses_nothing(call: int) -> None:
    """Calls 1-6 judge step 0, 7-12 are steps and 13-18 judge step 6 (without a sample, which calls too)."""
    run = a_run()
    interrupted(run.model, [call])

    async def cell() -> None:
        one = dashboard(run, sample=None)
        one.train()
        await resting(one)
        if call != 30:  # the last step: all is done
            assert one.state == "stopped"
            assert one.now["words"].startswith(f"Stopped before step {run.step} by the kernel's interrupt.")
            assert modes(run.model) == [True] * len(modes(run.model))
            one.train()
            await resting(one)

    in_a_kernel(cell)
    same_bits(everything(run), uninterrupted())


def test_an_interrupt_stops_all_that_train_and_nobody_listens_afterwards() -> None:
    async def cell() -> None:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a kernel is between two cells
        try:
            both = [dashboard(a_run()), dashboard(a_run())]
            for one in both:
                one.train()
            await until(lambda: all(one.run.step > 2 for one in both))
            signal.raise_signal(signal.SIGINT)  # between two turns
            await resting(*both)
            assert all("by the kernel's interrupt" in one.now["words"] for one in both)
            assert all(2 < one.run.step < 12 for one in both)
            await asyncio.sleep(0)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        finally:
            signal.signal(signal.SIGINT, before)

    in_a_kernel(cell)


def test_an_async_cell_keeps_its_own_interrupts_between_the_turns() -> None:
    heard = []

    async def cell() -> None:
        before = signal.signal(signal.SIGINT, lambda *_: heard.append(True))
        try:
            one = dashboard(a_run())
            one.train()
            await until(lambda: one.run.step > 2)
            signal.raise_signal(signal.SIGINT)
            await resting(one)
            assert one.state == "done"
        finally:
            signal.signal(signal.SIGINT, before)

    in_a_kernel(cell)
    assert heard == [True]


def test_stop_from_another_thread_cuts_a_evaluation_short_which_is_then_made_anew() -> None:
    """Where a kernel hears its widgets in a thread, Stop need not wait for 400 batches."""
    run, calls = a_run(), []

    async def cell() -> None:
        one = dashboard(run, sample=None)

        def stop(*_: object) -> None:
            calls.append(run.step)
            if len(calls) == 15:  # in the middle of the evaluation of step 6
                other = threading.Thread(target=one._hear, args=[None, {"do": "stop"}, []])
                other.start(), other.join()

        hook = run.model.register_forward_hook(stop)
        one.train()
        await resting(one)
        assert (len(calls), run.step, len(run.curve)) == (15, 6, 1)
        assert one.state == "stopped"
        assert not run.model._forward_pre_hooks
        hook.remove()
        one.train()
        await resting(one)

    in_a_kernel(cell)
    same_bits(everything(run), uninterrupted())


def chains(turns: turns_module.Turns) -> int:
    """How many turns the loop is about to give."""
    waiting = asyncio.get_running_loop()._ready
    return sum(getattr(one._callback, "__self__", 0) is turns and not one._cancelled for one in waiting)


def test_train_pressed_twice_trains_once_and_stop_with_train_right_after_goes_on() -> None:
    run = a_run()

    async def cell() -> None:
        one = dashboard(run)
        one.train(), one.train()
        one.stop(), one.train()  # before the first turn
        assert chains(one._turns) == 1
        await until(lambda: run.step == 2)
        assert turns_module._running == [one._turns]
        one.stop(), one.train()
        assert turns_module._running == [one._turns]
        assert chains(one._turns) == 1
        await resting(one)
        assert not turns_module._running

    in_a_kernel(cell)
    same_bits(everything(run), uninterrupted())


def test_a_cell_that_trains_the_run_meanwhile_is_gone_on_from() -> None:
    run = a_run()

    async def cell() -> None:
        one = dashboard(run)
        one.train()
        await until(lambda: run.step == 3)
        steps = train(run, TRAIN, VAL)
        next(steps)  # three steps, and the evaluation of step 6
        assert run.step == 6
        await resting(one)
        assert [step for step, *_ in one.curve] == [0, 6, 11]

    in_a_kernel(cell)
    same_bits(everything(run), uninterrupted())


def test_without_anybody_watching_it_stops_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "UNSEEN", 4)

    async def cell() -> None:
        one = dashboard(a_run(), sample=None)
        one.train()
        await resting(one)
        assert "since no browser was watching" in one.now["words"]
        assert one.run.step == 4
        one.train()
        while one.state == "training":
            one._hear(None, {"do": "seen"}, [])
            await asyncio.sleep(0)
        assert one.state == "done"

    in_a_kernel(cell)


def test_start_again_is_the_run_as_it_came() -> None:
    run = a_run()
    before = everything(run)

    async def cell() -> None:
        one = dashboard(run)
        one.train()
        with pytest.raises(ValueError, match="Stop it first"):
            one.start_again()
        await resting(one)
        one._hear(None, {"do": "again"}, [])
        await until(lambda: run.step == 0)
        same_bits(everything(run), before)
        assert (one.state, one.samples, one.curve) == ("new", [], [])
        one.train()
        await resting(one)

    in_a_kernel(cell)
    same_bits(everything(run), uninterrupted())


# --- what goes wrong is said ----------------------------------------------------------------------


def test_a_loss_that_is_no_number_is_told_in_its_own_words_and_spoils_no_weights() -> None:
    run = a_run()
    with torch.no_grad():
        run.model.lm_head.bias[0] = math.inf
    before = weights_of(run.model)

    async def cell() -> TrainingDashboard:
        one = dashboard(run, sample=None)
        one.train()
        await resting(one)
        return one

    one = in_a_kernel(cell)
    assert one.state == "failed"
    assert one.now["words"] == (
        "It stopped before step 0 with this message: Expected a finite loss, got nan at step 0. No step "
        "has been made yet, so look at the model: its weights and its scale."
    )
    assert isinstance(one.error, ValueError)
    assert one.curve[0][1:3] == [None, None], "JSON has no word for what is not a number"
    assert "not a number" in one.static_html()
    same_bits(weights_of(run.model), before)


def test_another_error_is_told_with_its_name_and_kept() -> None:
    run = a_run()

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    async def cell() -> TrainingDashboard:
        one = dashboard(run)
        hook = run.model.register_forward_hook(fail)
        one.train()
        await resting(one)
        hook.remove()
        assert one.now["words"].endswith("with this message: RuntimeError: out of memory")
        one.train()
        await resting(one)
        return one

    assert in_a_kernel(cell).state == "done"
    same_bits(everything(run), uninterrupted())


def test_outside_a_notebook_train_says_what_to_do_instead() -> None:
    one = dashboard(a_run())
    with pytest.raises(ValueError, match=re.escape("got plain Python. Call train(run, ...) instead.")):
        one.train()
    one._hear(None, {"do": "train"}, [])
    assert "Call train(run, ...) instead." in one.now["words"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"train_data": TRAIN[:8]}, "train_data of at least 9 ids"),
        ({"val_data": VAL[:3]}, "val_data of at least 9 ids"),
        ({"sample": Sample(length=0)}, "a whole number length >= 1"),
        ({"run": TrainingRun(BigramLM(11), CONFIG), "folder": "x"}, "a GPT, which can be saved"),
        ({"sample": Sample(length=10**12)}, "a sample of at most 10,000 characters"),
        ({"sample": Sample(seed="x")}, "a whole number seed"),
        ({"sample": Sample(seed=2**70)}, "seed < 2**64"),
        ({"sample": Sample(temperature=math.nan)}, "a finite temperature >= 0"),
        ({"sample": Sample(temperature="hot")}, "a finite temperature >= 0"),
        ({"sample": Sample(prompt=3)}, "prompt to be a text"),
        ({"folder": __file__}, "a folder that can be written"),
        ({"folder": Path(__file__, "deeper")}, "(Not a directory). Give another folder."),
        ({"tokenizer": CharTokenizer("abc")}, "every id of train_data in [0, 3)"),
        (
            {"tokenizer": CharTokenizer("\n abcdef<>/XYZ")},
            "a model of the 14 characters of the tokenizer, got one of 11",
        ),
        (
            {"run": TrainingRun(BigramLM(12), CONFIG)},
            "a model of the 11 characters of the tokenizer, got one of 12",
        ),
        ({"run": TrainingRun(BigramLM(11), replace(CONFIG, train_chars=1))}, "train_chars > 1"),
        ({"val_data": VAL + 5}, "every id of val_data in [0, 11)"),
        ({"train_data": TRAIN[None]}, "train_data of shape (N)"),
    ],
    ids=lambda value: None if isinstance(value, dict) else re.sub(r"\W+", " ", value)[:30],
)
def test_what_cannot_be_shown_is_refused(arguments: dict, says: str) -> None:
    settings = {"run": a_run(), "train_data": TRAIN, "val_data": VAL, "tokenizer": TOKENIZER} | arguments
    with pytest.raises(ValueError, match=re.escape(says)):
        TrainingDashboard(**settings)


def test_a_run_of_the_global_stream_comes_with_a_warning() -> None:
    assert "global random stream" in dashboard(a_run("global")).layout_of["notes"][0]
    assert dashboard(a_run()).layout_of["notes"] == []


# --- samples --------------------------------------------------------------------------------------


def test_a_sample_is_the_librarys_and_leaves_modes_and_streams_alone() -> None:
    run, seen = a_run(), {}

    async def cell() -> TrainingDashboard:
        one = dashboard(run, sample=Sample(prompt="ab", length=7, seed=5, temperature=0.5))
        mixed = mixed_modes(run.model)
        one.train()
        while one.state == "training":
            if one._writing and not one._writing[1]:
                start = torch.tensor([TOKENIZER.encode("ab")])
                luck = torch.Generator().manual_seed(5)
                written = generate(run.model, start, 7, temperature=0.5, generator=luck)
                seen[run.step] = TOKENIZER.decode(written[0, 2:].tolist())
            assert modes(run.model) == mixed
            await asyncio.sleep(0)
        return one

    with global_stream_untouched():
        one = in_a_kernel(cell)
    assert one.samples == [[step, text] for step, text in seen.items()]
    assert [step for step, _ in one.samples] == [0, 6, 11]


def test_a_run_that_comes_trained_is_shown_at_once_with_what_it_writes_now() -> None:
    run = a_run()
    list(train(run, TRAIN, VAL))
    before = everything(run)
    one = dashboard(run)
    assert [row[0] for row in one.curve] == [0, 6, 11]
    assert [step for step, _ in one.samples] == [12]
    assert one.state == "done"
    same_bits(everything(run), before)
    assert "At step 12 it wrote:" in one.static_html()
    assert repr(one).startswith("TrainingDashboard: done, 12 of 12 steps; at step 11: training ")


def test_text_that_looks_like_markup_stays_text() -> None:
    one = dashboard(a_run(), sample=Sample(prompt="<b>"), baselines={"<i>best</i>": 1.0})
    one._texts = {0: "</pre><a>"}
    html = one.static_html()
    assert "&lt;/pre&gt;&lt;a&gt;" in html
    assert "&lt;i&gt;best&lt;/i&gt; 1.00" in html
    assert "<i>best" not in html


# --- the folder -----------------------------------------------------------------------------------


def test_a_folder_is_saved_into_at_every_evaluation_and_at_stop_and_gone_on_from(tmp_path: Path) -> None:
    folder, run, saved = tmp_path / "live", a_run(), []
    wanted = uninterrupted()

    async def first() -> list:
        one = dashboard(run, folder=folder)
        assert not folder.exists(), "nothing is written before Train"
        one.train()
        while run.step < 8:
            if (folder / "checkpoint.json").exists():
                saved.append(load_checkpoint(folder).run.step)
            await asyncio.sleep(0)
        one.stop()
        await resting(one)
        return one.samples

    samples = in_a_kernel(first)
    assert set(saved) == {0, 6}
    stopped = run.step
    assert load_checkpoint(folder).run.step == stopped
    fresh = a_run()
    model, torch_state = fresh.model, torch.get_rng_state()

    async def second() -> None:
        one = dashboard(fresh, folder=folder)
        assert fresh.model is model, "the learner's own objects go on"
        assert (fresh.step, one.state, one.samples[:2]) == (stopped, "stopped", samples)
        assert one.now["words"] == f"Goes on from step {stopped}, as it was saved in live."
        assert torch.equal(torch_state, torch.get_rng_state())
        one.train()
        await resting(one)

    in_a_kernel(second)
    same_bits(everything(fresh), wanted)
    assert load_checkpoint(folder).run.step == 12


def test_a_run_that_is_further_than_its_folder_is_kept(tmp_path: Path) -> None:
    run = a_run()

    async def cell() -> None:
        one = dashboard(run, folder=tmp_path)
        one.train()
        await until(lambda: run.step == 3)
        one.stop()
        list(train(run, TRAIN, VAL))
        assert dashboard(run, folder=tmp_path).run.step == 12

    in_a_kernel(cell)
    same_bits(everything(run), uninterrupted())


def test_a_new_dashboard_stops_the_older_one_of_the_same_folder_and_goes_on_from_its_last_step(
    tmp_path: Path,
) -> None:
    """As when a cell is run again while its training goes on."""
    fresh = a_run()

    async def cell() -> None:
        old = dashboard(a_run(), folder=tmp_path)
        old.train()
        await until(lambda: old.run.step == 4)
        new = dashboard(fresh, folder=tmp_path)
        assert (old.state, fresh.step) == ("stopped", 4)
        new.train()
        await resting(new)
        assert old.run.step == 4

    in_a_kernel(cell)
    same_bits(everything(fresh), uninterrupted())


def test_a_folder_with_another_run_is_refused_and_never_written_over(tmp_path: Path) -> None:
    async def cell() -> None:
        late = dashboard(a_run(config=replace(CONFIG, max_iters=9)), folder=tmp_path)
        one = dashboard(a_run(), folder=tmp_path)
        one.train()
        await until(lambda: one.run.step == 2)
        one.stop()
        with pytest.raises(ValueError, match="one that holds a run with max_iters=12. Give another folder"):
            dashboard(a_run(config=replace(CONFIG, max_iters=9)), folder=tmp_path)
        late.train()  # made while the folder was empty
        await resting(late)
        assert "one that holds a run with max_iters=12" in late.now["words"]

    in_a_kernel(cell)
    assert load_checkpoint(tmp_path).run.step == 2


def test_a_save_that_fails_stops_the_training_says_why_and_leaves_the_run_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, real = a_run(), checkpoint_module.write_atomically

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def cell() -> None:
        one = dashboard(run, folder=tmp_path)
        monkeypatch.setattr(checkpoint_module, "write_atomically", full)
        one.train()
        await resting(one)
        assert one.state == "failed"
        assert "No space left on device" in one.now["words"]
        monkeypatch.setattr(checkpoint_module, "write_atomically", real)
        one.train()
        await resting(one)
        assert one.state == "done"

    in_a_kernel(cell)
    same_bits(everything(run), uninterrupted())
    assert load_checkpoint(tmp_path).run.step == 12


@pytest.mark.parametrize(
    "error", [TypeError("odd"), RuntimeError("odd"), MemoryError("odd"), KeyError("odd")]
)
@pytest.mark.parametrize("place", ["save_checkpoint", "write_atomically"])
def test_a_save_that_fails_for_any_reason_says_it_in_the_widget(
    place: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The widget went on to say "Not trained yet: press Train", but for an OSError or ValueError."""

    def broken(*_: object, **__: object) -> None:
        raise error

    async def cell() -> None:
        one = dashboard(a_run(), folder=tmp_path)
        monkeypatch.setattr(module, place, broken)
        one.train()
        await resting(one)
        assert one.state == "failed"
        assert one.now["state"] == "failed"
        assert one.now["words"].count(f"{type(error).__name__}: {error}") == 1

    in_a_kernel(cell)


def test_a_second_save_that_fails_keeps_the_first_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cell() -> dict[str, bytes]:
        one = dashboard(a_run(), folder=tmp_path)
        one.train()
        await until(lambda: one.run.step == 8)
        good = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        monkeypatch.setattr(checkpoint_module, "write_atomically", no_space)
        await resting(one)
        assert one.now["state"] == "failed"
        assert "It stopped before step 11 with this message: OSError: [Errno 28] No space" in one.now["words"]
        assert one.now["words"] in one.static_html().replace("&#x27;", "'")
        monkeypatch.undo()
        return good

    good = in_a_kernel(cell)
    assert load_checkpoint(tmp_path).run.step == 6
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {name: kept[name] for name in good if name != SAMPLES} == {
        name: content for name, content in good.items() if name != SAMPLES
    }
    again = a_run()
    assert dashboard(again, folder=tmp_path).samples == json.loads(good[SAMPLES])
    assert [record.step for record in again.curve] == [0, 6]


def no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_weights_without_their_card_are_not_removed(tmp_path: Path) -> None:
    """The first save would have taken them for what an older one has left."""
    checkpoint_module.save_checkpoint(tmp_path, a_run(), TOKENIZER)
    (tmp_path / "checkpoint.json").unlink()
    with pytest.raises(ValueError, match=r"weights-\w+.safetensors without its checkpoint.json. Put its"):
        dashboard(a_run(), folder=tmp_path)


@pytest.mark.parametrize("error", [TypeError("odd"), RuntimeError("odd")])
def test_a_save_that_fails_at_stop_says_it_in_the_widget(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    async def cell() -> None:
        one = dashboard(a_run(), folder=tmp_path)
        one.train()
        await until(lambda: one.run.step == 2)
        monkeypatch.setattr(module, "save_checkpoint", broken)
        one.stop()
        assert one.now["state"] == "stopped"
        assert f"It could not be saved: {type(error).__name__}: odd" in one.now["words"]

    in_a_kernel(cell)


def test_a_run_that_could_not_be_saved_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    run = a_run()
    run.optimizer = torch.optim.SGD(run.model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="AdamW or Muon, with which a checkpoint can go on, got SGD"):
        dashboard(run, folder=tmp_path)
    assert dashboard(TrainingRun(run.model, CONFIG, optimizer=run.optimizer)).state == "new"


@pytest.mark.parametrize("content", ["{", "3", '[["a", 1]]', "[1]", "[" * 100_000], ids=range(5))
def test_damaged_samples_are_named(content: str, tmp_path: Path) -> None:
    run = a_run()
    list(train(run, TRAIN, VAL))
    checkpoint_module.save_checkpoint(tmp_path, run, TOKENIZER)
    (tmp_path / SAMPLES).write_text(content)
    with pytest.raises(ValueError, match=f"Expected {SAMPLES} with pairs"):
        dashboard(a_run(), folder=tmp_path)


# --- what is told ---------------------------------------------------------------------------------


def test_progress_counts_what_was_read_and_how_fast() -> None:
    run = TrainingRun(tiny_gpt(), CONFIG, step=3, seconds=1.5)
    p = progress_of(run)
    assert (p.read, p.per_second, p.to_go) == (3 * 4 * 8, 64.0, 4.5)
    assert p.rate == 1e-2 * rate_factor(3, 12, 3, "cosine")
    assert progress_of(TrainingRun(tiny_gpt(), CONFIG)).per_second is None
    assert progress_of(TrainingRun(tiny_gpt(), CONFIG, step=12)).rate == 1e-2 * rate_factor(
        11, 12, 3, "cosine"
    )


@pytest.mark.parametrize(("max_iters", "warmup_iters"), [(1, 0), (12, 3), (5000, 100)])
def test_the_curve_of_the_rate_has_its_start_its_height_and_its_end(
    max_iters: int, warmup_iters: int
) -> None:
    config = replace(CONFIG, max_iters=max_iters, warmup_iters=warmup_iters)
    points = rate_curve(TrainingRun(tiny_gpt(), config))
    steps = [step for step, _ in points]
    assert (steps[0], steps[-1]) == (0, max_iters - 1)
    assert steps == sorted(set(steps))
    assert max(rate for _, rate in points) == 1e-2
    assert len(points) < 130


def test_a_evaluation_says_which_levels_it_lies_below() -> None:
    levels = {"a": 3.0, "b": 2.0, "c": 1.0}
    said = [evaluation_in_words(Record(1000, 2.5, loss, 0.0), levels) for loss in (0.5, 1.5, 4.0, math.nan)]
    assert [one.split("validation ")[1] for one in said] == [
        "0.500. Below a (3.00), b (2.00) and c (1.00).",
        "1.500. Below a (3.00) and b (2.00), not below c (1.00).",
        "4.000. Not below a (3.00), b (2.00) or c (1.00).",
        "not a number. Not below a (3.00), b (2.00) or c (1.00).",
    ]
    assert said[0].startswith("Step 1,000: training 2.500")
    assert evaluation_in_words(Record(0, 1.0, 1.0, 0.0), {}) == "Step 0: training 1.000, validation 1.000."


def test_before_the_first_step_it_says_what_to_press_and_its_still_picture_is_always_the_same() -> None:
    one, other = dashboard(a_run()), dashboard(a_run())
    assert one.now["words"] == "Not trained yet: press Train."
    assert one.now["state"] == "new"
    assert repr(one) == "TrainingDashboard: not trained yet, 0 of 12 steps"
    bundles = [each._repr_mimebundle_()[0]["text/html"] for each in (one, other)]
    assert bundles[0] == bundles[1]
    assert "uniform 2.40, letters 1.50" in bundles[0]


def test_the_still_picture_of_a_trained_run_holds_its_evaluations_and_its_samples() -> None:
    async def cell() -> TrainingDashboard:
        one = dashboard(a_run())
        one.train()
        await resting(one)
        return one

    one = in_a_kernel(cell)
    html = one.static_html()
    for step, train_loss, val_loss, _ in one.curve:
        assert f"step {step}</th><td>{train_loss:.3f}</td><td>{val_loss:.3f}</td>" in html
    assert html.count("it wrote:</p>") == 3
    assert json.dumps(one.get_state(["curve", "samples", "now", "layout_of"]), allow_nan=False)


def test_a_long_training_is_told_in_rows_that_are_spread_evenly() -> None:
    assert module._spread(list(range(100)), 5) == [0, 25, 50, 74, 99]
    assert module._spread([1, 2], 5) == [1, 2]


# --- the browser's own half -----------------------------------------------------------------------


def test_the_browser_knows_every_state_that_python_tells() -> None:
    text = (Path(module.__file__).with_suffix(".js")).read_text(encoding="utf-8")
    labels = re.search(r"const LABELS = \{(.*?)\}", text)[1]
    assert set(re.findall(r"(\w+):", labels)) == {"new", "training", "stopped", "failed", "done"}
    assert evaluate("widgets/training_dashboard", "m.rateText(0.00396)") == "0.00396"
