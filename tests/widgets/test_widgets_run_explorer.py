"""The run explorer without a browser: its numbers against the records, who wins, and a run of one's own."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from statistics import fmean, stdev

import pytest
import torch

from helpers import in_a_kernel, until
from javascript import evaluate
from nanogpt_lib.data import CharTokenizer, train_val_split
from nanogpt_lib.evaluation import evaluate_split
from nanogpt_lib.kit import turns as turns_module
from nanogpt_lib.kit.statistics import T95
from nanogpt_lib.kit.widget import number
from nanogpt_lib.lessons import experiments as ex
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.recorded.experiments import experiments
from nanogpt_lib.recorded.runs import RecordedRun, load_runs
from nanogpt_lib.training_run import Record
from nanogpt_lib.widgets import own_run, run_explorer
from nanogpt_lib.widgets.own_run import FIELDS, OwnRun, own_settings
from nanogpt_lib.widgets.run_explorer import (
    DRAW,
    RunExplorer,
    RunSummary,
    common_end,
    gap_in_words,
    gaps_between,
    place_in_words,
    places,
    read_at,
    run_summaries,
    same_setting_took,
    verdict,
)

NAMES = ["depth", "norm", "dropout", "shipped"]
TEXT = "to be or not to be, that is the question.\n" * 60
SMALL = FIELDS | {"block_size": "8", "n_embd": "16", "n_layer": "1", "seconds": "1"}


@pytest.fixture(scope="module")
def explorer() -> RunExplorer:
    """One for all tests that only look."""
    return RunExplorer(NAMES)


@cache
def one_of_depth() -> RunSummary:
    return run_summaries(load_runs("depth"))[0]


def made(variant: str, ends: list[float], seeds: tuple = (1, 2, 3), **changed: object) -> RunSummary:
    """A variant of "depth" with these losses at its ends."""
    seeds = list(seeds[: len(ends)])
    return one_of_depth()._replace(variant=variant, ends=ends, seeds=seeds, **changed)


def faster(runs: list[RecordedRun], times: int) -> list[RecordedRun]:
    """The same runs as if each had read so many times as much in a step, in so many steps less."""
    return [
        replace(
            run,
            variant=f"{run.variant}, faster",
            train=replace(run.train, batch_size=run.train.batch_size * times),
            curve=[record._replace(step=record.step // times) for record in run.curve],
        )
        for run in runs
    ]


# --- the table ------------------------------------------------------------------------------------


def test_every_row_is_what_was_recorded(explorer: RunExplorer) -> None:
    for row in explorer.rows:
        runs = [run for run in load_runs(row["experiment"]) if run.variant == row["variant"]]
        assert row["seeds"] == [run.seed for run in runs]
        assert row["steps"] == [record.step for record in runs[0].curve]
        for run, train, val, seconds in zip(runs, row["train"], row["val"], row["seconds"], strict=True):
            assert train == pytest.approx([record.train_loss for record in run.curve], abs=5.1e-5)
            assert val == pytest.approx([record.val_loss for record in run.curve], abs=5.1e-5)
            assert seconds == pytest.approx([record.seconds for record in run.curve], abs=0.051)
        ends = [run.val_loss for run in runs]
        wanted = number(fmean(ends)) + (f" ± {number(stdev(ends))}" if len(ends) > 1 else "")
        config = runs[0].train
        read = config.max_iters * config.batch_size * runs[0].model.block_size
        parameters = GPT(runs[0].model).parameter_count()
        assert row["cells"][3:6] == [str(len(runs)), wanted, f"{read:,}"]
        assert row["cells"][7] == f"{parameters:,}"
        assert row["ranks"] == pytest.approx(
            [len(runs), fmean(ends), read, fmean(run.minutes for run in runs), parameters], abs=6e-4
        )


def test_what_differs_names_the_factor_what_follows_it_and_what_changed_from_the_first() -> None:
    def told(name: str) -> list[str]:
        chosen = experiments()[name]
        runs = {
            variant: replace(
                load_runs("depth")[0], experiment=name, variant=variant, model=model, train=config
            )
            for variant, (model, config) in chosen.variants.items()
        }
        return [run_explorer._differs(runs, variant) for variant in chosen.variants]

    assert told("heads")[:2] == ["n_head=1", "n_head=2"]
    assert told("batch size")[0] == "batch_size=8, max_iters=2,000"
    assert told("learning rate")[0] == "learning_rate=0.0003"
    assert told("third rung")[:3] == ["the others begin from it", "learning_rate=0.005", "batch_size=32"]
    assert "n_embd=192" in told("shipped")[0]


def test_all_that_is_recorded_is_shown_and_small_enough_to_travel() -> None:
    """Needs every record of data/runs/."""
    explorer = RunExplorer()
    assert [row["key"] for row in explorer.rows] == [
        f"{name}: {variant}" for name, chosen in experiments().items() for variant in chosen.variants
    ]
    state = explorer.get_state()
    del state["_esm"], state["_css"]
    assert len(json.dumps(state)) < 300_000
    assert "shipped" not in explorer.questions
    assert "nan" not in explorer.static_html().lower()
    for name, asked in explorer.questions.items():
        assert sorted(asked["order"]) == sorted(experiments()[name].variants)
        assert asked["answer"] in [*asked["order"], DRAW]


def test_the_same_training_took_different_times_and_that_is_said() -> None:
    runs = load_runs("depth")
    assert same_setting_took(runs) == ""
    slower = [replace(run, minutes=3.0) for run in runs if run.seed == 1337]
    assert "recorded 2 times, took 0.1 to 3.0 minutes" in same_setting_took([*runs, *slower])


# --- who wins -------------------------------------------------------------------------------------


def test_the_verdict_is_that_of_the_exercise() -> None:
    """Both stand in one notebook; a pair that one calls real and the other noise would be a riddle."""
    for name in ("scale", "depth", "norm", "dropout"):
        for first in (summaries := run_summaries(load_runs(name))):
            for other in summaries:
                gaps = gaps_between(other.ends, first.ends, other.seeds, first.seeds)
                if first is other:
                    assert gap_in_words(gaps, 0.0) == "the very same losses with every seed"
                    continue
                called = ex.sort_claims.answer({"claim": (other.ends, first.ends)}, T95)["claim"]
                words = gap_in_words(gaps, fmean(other.ends) - fmean(first.ends))
                assert words.endswith("more than noise" if called == "real" else "within the noise")


def test_a_mean_gap_of_four_fifths_of_what_luck_makes_is_noise() -> None:
    """Between 0.01 and 0.03 three gaps have the half width 4.303 * 0.01 / sqrt(3) = 0.0248."""
    assert gap_in_words([0.01, 0.02, 0.03], 0.02).endswith("luck alone makes up to 0.025: within the noise")
    assert gap_in_words([0.02, 0.03, 0.04], 0.03).endswith("luck alone makes up to 0.025: more than noise")


def test_a_winner_a_draw_and_a_single_seed_are_told_apart() -> None:
    low = made("low", [2.00, 2.01, 2.02])
    near = made("near", [2.03, 2.00, 2.05])
    far = made("far", [2.31, 2.30, 2.32])
    won = verdict([far, low])
    assert (won.order, won.answer, won.drawn) == (["low", "far"], "low", ["low"])
    assert won.in_words() == f"The winner is low; far is {won.words[0]}."
    assert won.words[0].startswith("0.300 apart; seed by seed that varies by 0.010, so luck alone")
    drawn = verdict([near, far, low])
    assert (drawn.order, drawn.answer, drawn.drawn) == (["low", "near", "far"], DRAW, ["low", "near"])
    assert drawn.in_words().startswith(
        "There is no winner: a draw. low is lowest, but near lies so near that"
    )
    single = verdict([made("low", [2.0]), made("far", [2.3])])
    assert single.answer == "low"
    assert single.in_words() == (
        "low is lowest; far is 0.300 apart; fewer than two seeds in common, so nobody knows what is luck: "
        "a second seed might disagree."
    )


@pytest.mark.slow
def test_of_pairs_that_do_not_differ_about_one_in_twenty_is_called_a_win() -> None:
    draw = torch.Generator().manual_seed(5)
    called = 0
    for _ in range(1_000):
        a, b = (2 + 0.01 * torch.randn(2, 3, generator=draw, dtype=torch.float64)).tolist()
        called += len(verdict([made("a", a), made("b", b)]).drawn) == 1
    assert 25 < called < 80


def test_only_seeds_that_both_have_are_compared() -> None:
    assert gaps_between([3.0, 5.0], [1.0, 2.0], [7, 8], [8, 9]) == [4.0]
    assert gaps_between([3.0], [1.0], [7], [8]) == []


# --- reading --------------------------------------------------------------------------------------


def test_a_curve_is_read_on_the_line_between_two_evaluations_and_not_beyond_its_ends() -> None:
    one = run_summaries(load_runs("depth"))[1]
    middle = [(a + b) / 2 for a, b in ((losses[2], losses[3]) for losses in one.val)]
    assert read_at(one, "steps", 250) == pytest.approx(middle)
    assert read_at(one, "characters", 250 * 16 * 32) == pytest.approx(middle)
    assert read_at(one, "steps", 999) == pytest.approx([losses[-1] for losses in one.val])
    assert read_at(one, "steps", 0) == pytest.approx([losses[0] for losses in one.val])
    assert read_at(one, "steps", 999.1) is None
    assert read_at(one, "seconds", 0.0) is None
    fastest = min(seconds[-1] for seconds in one.seconds)
    assert read_at(one, "seconds", fastest + 0.1) is None
    assert common_end([one], "seconds") == fastest


def test_at_equal_characters_steps_of_another_size_meet() -> None:
    runs = load_runs("depth")[:3]
    slow, quick = run_summaries(runs)[0], run_summaries(faster(runs, 4))[0]
    assert common_end([slow, quick], "steps") == 249
    assert common_end([slow, quick], "characters") == 249 * 64 * 32
    assert read_at(quick, "characters", 200 * 2048) == pytest.approx(
        read_at(slow, "characters", 200 * 2048), abs=1e-9
    )


def test_the_browser_reads_and_ranks_as_python_does(explorer: RunExplorer) -> None:
    shown = explorer.rows[:4]
    summaries = [explorer._known[row["key"]] for row in shown]
    t95 = explorer.layout_of["t95"]
    for axis in ("steps", "characters", "seconds"):
        end = common_end(summaries, axis)
        assert evaluate("widgets/run_explorer", f"m.commonEnd(rows, '{axis}')", rows=shown) == end
        for at in (0.3 * end, end):
            expression = f"rows.map((row) => m.readAt(row, '{axis}', {at}))"
            found = evaluate("widgets/run_explorer", expression, rows=shown)
            for one, losses in zip(summaries, found, strict=True):
                assert losses == pytest.approx(read_at(one, axis, at))
            expression = (
                f"m.ranked(rows, '{axis}', {at}, t95).map(({{row, loss, words}}) => [row.key, loss, words])"
            )
            explorer.ticked, explorer.axis, explorer.at = [row["key"] for row in shown], axis, at
            rows = evaluate("widgets/run_explorer", expression, rows=shown, t95=t95)
            html = explorer.static_html()
            for key, loss, words in rows:
                assert f'<th scope="row">{key}</th><td>{loss}</td><td>{words}</td>' in html
            assert [key for key, *_ in rows] == re.findall(r'<th scope="row">([^<]*: [^<]*)</th>', html)


def test_the_browser_says_gaps_and_places_as_python_does() -> None:
    all_gaps = [[], [0.1], [0.0, 0.0], [0.01, 0.02, 0.03], [0.01, -0.02, 0.005], [0.1] * 5 + [0.2]]
    expression = "all.map((gaps) => m.gapInWords(gaps, 0.0125, t95))"
    said = evaluate("widgets/run_explorer", expression, all=all_gaps, t95=[T95[n] for n in sorted(T95)])
    assert said == [gap_in_words(gaps, 0.0125) for gaps in all_gaps]
    pairs = [["steps", 999], ["characters", 511488.4], ["seconds", 12.34], ["seconds", 0]]
    said = evaluate("widgets/run_explorer", "pairs.map(([axis, at]) => m.inWords(axis, at))", pairs=pairs)
    assert said == [place_in_words(axis, at) for axis, at in pairs]


def test_seeds_judged_at_other_steps_are_no_variant() -> None:
    runs = load_runs("depth")
    with pytest.raises(ValueError, match=r"^Expected all seeds of '1 block' evaluated at the same 11 steps"):
        run_summaries([*runs[:2], replace(runs[2], curve=runs[2].curve[:-1])])


# --- a run of one's own ---------------------------------------------------------------------------


def finished_from(run: OwnRun) -> OwnRun:
    while run.go_on():
        pass
    return run


def finished(fields: dict) -> OwnRun:
    return finished_from(OwnRun(fields, TEXT))


@pytest.mark.slow
def test_a_run_lasts_as_long_as_it_was_told_and_is_evaluated_at_equal_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a clock on which each step and each evaluation takes 1/64 of a second."""
    ticks = count()
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks) / 64)
    run = finished(SMALL | {"seconds": "2"})
    seconds = [record.seconds for record in run.curve]
    assert [64 * one for one in seconds] == [1, 18, 35, 52, 69, 86, 103, 120, 128]
    assert run.curve[-1].step == run.step == 128 - len(seconds)
    assert run.curve[-1].val_loss < run.curve[0].val_loss


def test_where_judging_takes_long_it_is_done_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks) / 4)
    run = finished(SMALL | {"seconds": "6"})
    assert [record.seconds for record in run.curve] == [0.25, 1.5, 2.75, 4.0, 5.25, 6.0]


def test_its_loss_is_that_of_evaluate_split_on_the_model_at_its_end() -> None:
    run = OwnRun(SMALL, TEXT)
    while run.phase == "training":
        run.go_on()
    _, val_data = train_val_split(torch.tensor(CharTokenizer.from_text(TEXT).encode(TEXT)))
    wanted = evaluate_split(run._run.model, val_data)
    finished_from(run)
    assert run.val_loss == pytest.approx(wanted, abs=1e-6)
    assert run._measured == (len(val_data) - 1) // 8


def test_a_long_split_is_measured_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_run, "MOST_READ", 40)
    run = OwnRun({**SMALL, "batch_size": "5"}, TEXT)
    run.stop()
    while run.phase == "training":
        run.go_on()
    for _ in range(3):
        run.go_on()
    assert (run.phase, run._measured) == ("measuring", 15)
    finished_from(run)
    _, val_data = train_val_split(torch.tensor(CharTokenizer.from_text(TEXT).encode(TEXT)))
    assert run.val_loss == pytest.approx(evaluate_split(run._run.model, val_data), abs=1e-6)


def test_one_piece_is_one_step_and_stop_ends_the_training_with_a_last_evaluation() -> None:
    run = OwnRun({**SMALL, "seconds": "60"}, TEXT)
    run.go_on()  # the first evaluation
    assert (run.step, len(run.curve)) == (0, 1)
    run.go_on()
    run.go_on()
    assert run.step == 2
    run.stop()
    finished_from(run)
    assert run.step == run.curve[-1].step == 2
    assert run.was_stopped


def test_a_loss_that_is_no_number_is_refused_also_where_the_time_is_up_before_the_next_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A training of one step once ended with a row whose loss was NaN."""
    ticks = count()
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks) / 2)
    run = OwnRun({**SMALL, "learning_rate": "1e30"}, TEXT)
    run.go_on()
    with pytest.raises(ValueError, match=r"^Expected a finite loss, got (nan|inf) at step 1\. Lower the"):
        finished_from(run)


def test_it_begins_with_the_weights_of_a_recorded_run_of_that_seed_and_leaves_the_global_stream() -> None:
    torch.manual_seed(1)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    run = OwnRun(SMALL, TEXT)
    run.go_on()
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    sizes = {"block_size": 8, "n_embd": 16, "n_head": 4, "n_layer": 1}
    recorded = GPTConfig(vocab_size=len(set(TEXT)), **sizes)  # as experiments() would have it
    same = GPT(recorded, torch.Generator().manual_seed(1337))
    idx = torch.arange(8)[None]
    fresh = OwnRun(SMALL, TEXT)._run.model
    torch.testing.assert_close(fresh(idx)[0], same(idx)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("n_head", "3", "Expected n_embd to split into n_head equal heads, got n_embd=64, n_head=3"),
        ("n_head", "four", "Expected a whole number n_head >= 1, got n_head='four'."),
        ("batch_size", "0", "Expected a whole number batch_size >= 1, got batch_size=0."),
        ("block_size", "1.5", "Expected a whole number block_size >= 1, got block_size='1.5'."),
        ("learning_rate", "-1", "Expected learning_rate > 0, got -1.0."),
        ("learning_rate", "nan", "Expected a finite number learning_rate, got learning_rate=nan."),
        ("learning_rate", "fast", "Expected a number for learning_rate, got 'fast'."),
        ("dropout", "1.5", "Expected 0 <= dropout <= 1, got dropout=1.5."),
        ("seed", "-1", "Expected a seed from 0 to 2,147,483,647, got seed=-1."),
        ("seed", "luck", "Expected a seed from 0 to 2,147,483,647, got seed='luck'."),
        ("seconds", "61", "Expected 1 to 60 seconds, got seconds='61'."),
        ("n_embd", "1000000", "Expected at most 1,000,000 parameters, for a laptop, got"),
        ("batch_size", "100000", "Expected at most 8,192 characters per step"),
        ("n_head", "64", None),
    ],
)
def test_a_bad_setting_is_refused_in_words(field: str, typed: str, says: str | None) -> None:
    if says is None:
        assert own_settings(FIELDS | {field: typed}, 65)[0].n_head == 64
        return
    with pytest.raises(ValueError, match="^" + re.escape(says)):
        own_settings(FIELDS | {field: typed}, 65)


def test_many_scores_are_refused_before_they_fill_the_memory() -> None:
    many = {"block_size": "1024", "batch_size": "8", "n_head": "64"}
    with pytest.raises(ValueError, match="^Expected at most 20,000,000 attention scores per step"):
        own_settings(FIELDS | many, 65)


# --- what the browser asks ------------------------------------------------------------------------


@pytest.fixture
def explorers(monkeypatch: pytest.MonkeyPatch) -> Callable[[], RunExplorer]:
    """Widgets that learn from a small text, one piece in each turn; to be made in a kernel."""
    monkeypatch.setattr(run_explorer, "load_text", lambda: TEXT)
    monkeypatch.setattr(turns_module, "TURN_SECONDS", 0)
    monkeypatch.setattr(turns_module, "REST_SECONDS", 0)
    return lambda: RunExplorer(["depth"])


def ask(explorer: RunExplorer, do: str, **more: object) -> None:
    """As the browser does."""
    explorer._hear(explorer, {"do": do, **more}, [])


async def trained(explorer: RunExplorer, **fields: str) -> None:
    """From Train to the end; somebody watches."""
    before = explorer.now["report"]
    ask(explorer, "train", fields=SMALL | fields)
    await until(lambda: explorer.now["report"] > before)
    await rested(explorer)


async def rested(explorer: RunExplorer) -> None:
    while explorer.now["is_running"]:
        ask(explorer, "seen")
        await asyncio.sleep(0)


def test_a_run_takes_turns_with_the_cells_and_becomes_a_row(explorers: Callable[[], RunExplorer]) -> None:
    async def cell() -> None:
        explorer, told = explorers(), []
        explorer.observe(lambda change: told.append(json.loads(json.dumps(change["new"]))), "now")
        ask(explorer, "train", fields=SMALL | {"learning_rate": "0.01"})
        assert explorer.now["words"] == "", "nothing is trained while a cell runs"
        await until(lambda: len(told) > 2)
        cells_meanwhile = len(told)
        await rested(explorer)
        assert len(told) > cells_meanwhile
        assert told[0]["words"] == "Training: step 0, 0.0 seconds."
        assert told[1]["curve"][0][0] == 0
        assert re.match(r"Training: step 1, \d\.\d seconds, validation \d\.\d{3}\.$", told[2]["words"])
        assert re.match(r"Measuring on the whole validation split \(step \d+, ", told[-2]["words"])
        (row,) = explorer.own
        assert row["cells"][:2] == ["yours", "yours 1"]
        assert row["cells"][2] == "learning_rate=0.01, block_size=8, n_embd=16, n_layer=1, seed=1337"
        assert row["cells"][3] == "1"
        assert row["ranks"][2] == row["steps"][-1] * 16 * 8
        assert re.match(
            rf"Done: yours 1 has loss {row['cells'][4]} on the whole validation split after \d\.\d seconds, "
            r"[\d,]+ characters\. One seed: no standard deviation\.$",
            told[-1]["words"],
        )
        assert explorer.ticked[-1] == "yours 1"
        assert "yours 1" in explorer.static_html()
        assert "4 variants of 2 experiments" in repr(explorer)

    in_a_kernel(cell)


def test_stop_and_the_kernels_interrupt_end_the_training_and_what_was_learned_is_measured(
    explorers: Callable[[], RunExplorer],
) -> None:
    async def cell() -> None:
        explorer = explorers()
        for times, end in enumerate((lambda: ask(explorer, "stop"), turns_module._interrupt), 1):
            ask(explorer, "train", fields=SMALL | {"seconds": "60"})
            await until(lambda: explorer._run is not None and explorer._run.step > 2)
            run, step, told = explorer._run, explorer._run.step, []
            explorer.observe(lambda change, told=told: told.append(change["new"]["words"]), "now")
            end()
            await until(lambda told=told: told)
            assert told[0].startswith(f"Stopping: step {step}, ")
            ask(explorer, "stop")  # once more does nothing more
            await rested(explorer)
            assert run.curve[-1].step == run.step == step
            assert explorer.own[-1]["key"] == f"yours {times}"
            assert explorer.own[-1]["cells"][2].endswith("(stopped)")

    in_a_kernel(cell)


def test_a_second_interrupt_and_a_browser_that_is_gone_end_it_without_a_row(
    explorers: Callable[[], RunExplorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cell() -> None:
        explorer = explorers()
        ask(explorer, "train", fields=SMALL | {"seconds": "60"})
        await until(lambda: explorer._run is not None and explorer._run.step == 2)
        turns_module._interrupt()
        await until(lambda: explorer.now["words"].startswith("Stopping"))
        turns_module._interrupt()
        await until(lambda: not explorer.now["is_running"])
        assert explorer.now["words"] == "Given up at step 2 by the kernel's interrupt."
        monkeypatch.setattr(turns_module, "UNSEEN", 4)
        ask(explorer, "train", fields=SMALL | {"seconds": "60"})
        await until(lambda: explorer.now["is_running"])
        await until(lambda: not explorer.now["is_running"])
        assert explorer.now["words"] == "Given up at step 4, since no browser was watching."
        assert explorer.own == []
        assert not turns_module._running

    in_a_kernel(cell)


def test_what_the_library_refuses_is_told_and_the_widget_goes_on(
    explorers: Callable[[], RunExplorer],
) -> None:
    async def cell() -> None:
        explorer = explorers()
        await trained(explorer, n_head="3")
        assert explorer.now["words"].startswith("Expected n_embd")
        await trained(explorer, learning_rate="1e30", seconds="5")
        assert explorer.now["words"].startswith("Expected a finite loss, got ")
        assert explorer.own == []
        ask(explorer, "stop")  # with nothing under way
        await trained(explorer)
        assert [row["key"] for row in explorer.own] == ["yours 1"]

    in_a_kernel(cell)


def test_a_second_page_cannot_replace_the_run_under_way(explorers: Callable[[], RunExplorer]) -> None:
    async def cell() -> None:
        explorer = explorers()
        ask(explorer, "train", fields=SMALL | {"seconds": "60"})
        await until(lambda: explorer._run is not None)
        run = explorer._run
        ask(explorer, "train", fields=SMALL)
        await until(lambda: run.step == 2)
        assert explorer._run is run
        ask(explorer, "stop")
        await rested(explorer)
        assert len(explorer.own) == 1

    in_a_kernel(cell)


def test_outside_a_notebook_train_says_that_it_needs_one(explorers: Callable[[], RunExplorer]) -> None:
    explorer = explorers()
    ask(explorer, "train", fields=SMALL)
    assert (
        explorer.now["words"]
        == "Expected a notebook's kernel, got plain Python. Run this cell in a notebook."
    )
    assert not explorer.now["is_running"]


def test_the_text_is_read_only_when_a_run_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted() -> str:
        raise AssertionError("nobody has asked")

    monkeypatch.setattr(run_explorer, "load_text", unwanted)
    RunExplorer(["depth"]).static_html()


# --- the widget -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"names": ["luck"]}, "the experiment to be one of .*got 'luck'"),
        ({"view": "win"}, "view to be one of 'compare', 'predict', 'run', got 'win'"),
        ({"axis": "hours"}, "axis to be one of 'steps', 'characters', 'seconds', got 'hours'"),
        ({"ticked": ["heads: 4 heads"]}, "a curve to be one of .*got 'heads: 4 heads'"),
        ({"question": "shipped"}, "question to be one of .*got 'shipped'"),
    ],
)
def test_bad_input_is_told_with_its_remedy(bad: dict, says: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected {says}"):
        RunExplorer(**{"names": NAMES, **bad})


def test_missing_records_are_told_with_the_command_that_makes_them(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"python -m nanogpt_lib\.recorded 'depth'"):
        RunExplorer(["depth"], folder=tmp_path)


def test_more_curves_than_can_be_told_apart_are_refused() -> None:
    explorer = RunExplorer(["depth", "norm", "dropout", "scale"])
    with pytest.raises(ValueError, match="^Expected at most 12 curves, got 13"):
        explorer.ticked = [row["key"] for row in explorer.rows[:13]]
    assert len(explorer.ticked) == 3


def test_of_an_experiment_with_more_variants_than_colours_the_first_are_ticked() -> None:
    """The race has sixteen: without `ticked` it could not be shown at all."""
    explorer = RunExplorer(["race"])
    assert explorer.ticked == [row["key"] for row in explorer.rows[:12]]
    assert len(explorer.rows) == 16


def test_the_score_counts_what_was_revealed() -> None:
    explorer = RunExplorer(NAMES, view="predict")
    explorer.tried = {"depth": "8 blocks", "norm": "before", "dropout": DRAW}
    right = [guess == explorer.questions[name]["answer"] for name, guess in explorer.tried.items()]
    assert right == [True, False, True]
    assert explorer.score == (2, 3)
    assert repr(explorer) == "RunExplorer: who wins 'depth'? 2 of 3 guesses right so far"


def test_a_question_is_stored_without_its_answer_in_sight() -> None:
    explorer = RunExplorer(NAMES, view="predict", question="norm")
    html = explorer.static_html()
    before, folded = html.split("<details><summary>Answer</summary>")
    for variant in ("before", "after", "none"):
        assert f'<th scope="row">{variant}</th>' in before
    assert re.search(r"\d\.\d{3}", before) is None
    assert explorer.questions["norm"]["told"] in folded
    assert repr(explorer) == "RunExplorer: who wins 'norm'? 0 of 0 guesses right so far"


def test_the_still_picture_holds_the_reading_and_every_run(explorer: RunExplorer) -> None:
    explorer = RunExplorer(NAMES, ticked=["depth: 8 blocks", "dropout: p = 0"], at=2000)
    html = explorer.static_html()
    assert "The ticked curves at 2,000 steps" in html
    assert '<th scope="row">depth: 8 blocks</th><td>ended</td><td>ended at 999 steps</td>' in html
    for row in explorer.rows:
        assert f"<td>{row['cells'][4]}</td>" in html
    assert "evaluations included" in html
    assert repr(explorer).endswith("at 2,000 steps dropout: p = 0 2.667, depth: 8 blocks ended")
    assert repr(RunExplorer(["depth"], ticked=[])).endswith("nothing ticked")


def test_nothing_stored_is_near_the_edge_of_its_rounding() -> None:
    """Stored outputs are compared exactly; a sum in another order may differ in the last bit."""
    for name in NAMES:
        for one in run_summaries(load_runs(name)):
            losses = read_at(one, "steps", common_end([one], "steps"))
            for values in (one.ends, losses):
                found = [fmean(values), *([stdev(values)] if len(values) > 1 else [])]
                for value in found:
                    assert number(value - 1e-9) == number(value + 1e-9), f"{one.key}: {value}"


def test_records_are_what_places_say(explorer: RunExplorer) -> None:
    one = explorer._known["depth: 1 block"]
    assert places(one, "characters")[0][:2] == [0, 51_200]
    assert places(one, "seconds") == one.seconds
    assert isinstance(load_runs("depth")[0].curve[0], Record)
