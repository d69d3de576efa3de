"""The curve explorer without a browser: its numbers against the recorded runs, and what it refuses."""

import dataclasses
import re
from statistics import mean

import nbformat
import pytest

from javascript import evaluate
from nanogpt_lib.kit.widget import number
from nanogpt_lib.recorded.experiments import experiments
from nanogpt_lib.recorded.runs import load_runs
from nanogpt_lib.widgets.curve_explorer import CurveExplorer, curve_explorer_state, curve_in_words
from notebook_files import FOLDER

# In these each variant takes steps of another size, and so other steps were evaluated.
OTHER_STEPS = ("batch size", "ladder", "recipe, equal time")
SAME_STEPS = [name for name in experiments() if name not in OTHER_STEPS]


@pytest.fixture(scope="module")
def explorer() -> CurveExplorer:
    """One for all tests that only look."""
    return CurveExplorer()


# --- the numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("experiment", SAME_STEPS)
def test_every_recorded_experiment_can_be_looked_at(experiment: str) -> None:
    """Notebook 12 shows others than notebook 09."""
    explorer, runs = CurveExplorer(experiment), load_runs(experiment)
    assert [state.variant for state in explorer.state()] == list(dict.fromkeys(run.variant for run in runs))
    assert [seed for state in explorer.state() for seed in state.seeds] == [run.seed for run in runs]
    assert explorer.step == runs[0].curve[-1].step
    assert "nan" not in explorer.static_html().lower()


@pytest.mark.parametrize("experiment", OTHER_STEPS)
def test_an_experiment_judged_at_other_steps_is_refused(experiment: str) -> None:
    with pytest.raises(ValueError, match=r"^Expected all runs evaluated at the same \d+ steps, got '"):
        CurveExplorer(experiment)


def test_means_and_lowest_are_those_of_the_files() -> None:
    runs = load_runs("dropout")
    for state in curve_explorer_state(runs):
        own = [run for run in runs if run.variant == state.variant]
        for at, step in enumerate(state.steps):
            judged = [run.curve[at] for run in own]
            assert {record.step for record in judged} == {step}
            assert [losses[at] for losses in state.train] == [record.train_loss for record in judged]
            assert [losses[at] for losses in state.val] == [record.val_loss for record in judged]
            assert state.train_mean[at] == pytest.approx(mean(record.train_loss for record in judged))
            assert state.val_mean[at] == pytest.approx(mean(record.val_loss for record in judged))
        lowest = [min(run.curve, key=lambda record: record.val_loss) for run in own]
        assert [state.steps[place] for place in state.best] == [record.step for record in lowest]
        assert state.lowest == pytest.approx(mean(record.val_loss for record in lowest))
        assert state.ends == [run.val_loss for run in own]


def test_the_table_says_what_the_notebook_prints(explorer: CurveExplorer) -> None:
    """A learner sees both on one page. The notebook's own cell prints: two lines for each p."""
    notebook = nbformat.read(FOLDER / "09_dropout.ipynb", as_version=4)
    texts = [
        output.get("text", "")
        for cell in notebook.cells
        if cell.cell_type == "code" and "lowest: {mean(b.val_loss for b in best)" in cell.source
        for output in cell.outputs
    ]
    found = re.findall(
        r"(p = \S+) +step 300: ([\d.]+) lowest: ([\d.]+) at steps \[([\d, ]+)\]\s+"
        r"end: ([\d.]+ ± [\d.]+) \(n = 3\), training ([\d.]+)",
        "".join(texts),
    )
    assert len(found) == 3, texts
    at = explorer.layout_of["steps"].index(300)
    for (variant, early, lowest, steps, end, training), name, curve in zip(
        found, explorer.layout_of["variants"], explorer.curves, strict=True
    ):
        assert variant == name
        assert curve["columns"][at][1] == early
        assert curve["lasting"] == [lowest, steps, end]
        assert float(curve["columns"][-1][0]) == pytest.approx(float(training), abs=0.0051)


def test_the_words_hold_at_every_step() -> None:
    for experiment in ("dropout", "depth without residual", "shipped"):
        for state in curve_explorer_state(load_runs(experiment)):
            for at in range(len(state.steps)):
                words = curve_in_words(state, at)
                gap = state.val_mean[at] - state.train_mean[at]
                assert words.startswith(f"{state.variant}: gap {number(gap)}, validation ")
                above = mean(losses[at] - min(losses) for losses in state.val)  # another way to the same
                if above < 1e-9:
                    assert words.endswith("validation at its lowest.")
                    continue
                assert f" {number(above)} above its lowest, " in words
                turned = [losses.index(min(losses)) for losses in state.val]
                assert ("still to come" in words) == all(place > at for place in turned)
                assert ("behind it" in words) == all(place < at for place in turned)
                if "about here" in words:
                    assert min(turned) <= at <= max(turned)


def test_nothing_shown_is_near_the_edge_of_its_rounding() -> None:
    """Stored outputs are compared exactly; a sum in another order may differ in the last bit."""
    for experiment in SAME_STEPS:
        for state in curve_explorer_state(load_runs(experiment)):
            last = [state.train_mean[-1], state.val_mean[-1], state.val_mean[-1] - state.train_mean[-1]]
            for value in [*last, state.lowest, state.val_mean[-1] - state.lowest]:
                assert number(value - 1e-9) == number(value + 1e-9), f"{value} may be written in two ways"


def test_a_step_at_which_not_all_were_judged_is_no_comparison() -> None:
    runs = load_runs("heads")
    shorter = dataclasses.replace(runs[4], curve=runs[4].curve[:-1])
    with pytest.raises(
        ValueError, match=r"^Expected all runs evaluated at the same 11 steps, got '2 heads', seed"
    ):
        curve_explorer_state([*runs[:4], shorter])
    with pytest.raises(ValueError, match=r"^Expected at least one recorded run, got none\."):
        curve_explorer_state([])


# --- what the browser gets ------------------------------------------------------------------------


def test_the_browser_gets_the_curves_and_the_texts_of_every_step(explorer: CurveExplorer) -> None:
    steps = explorer.layout_of["steps"]
    for state, curve in zip(explorer.state(), explorer.curves, strict=True):
        for field in ("train", "val", "train_mean", "val_mean", "best"):
            assert curve[field] == getattr(state, field)
        assert curve["words"] == [curve_in_words(state, at) for at in range(len(steps))]
        for at, (train, val, gap) in enumerate(curve["columns"]):
            assert (train, val) == (number(state.train_mean[at]), number(state.val_mean[at]))
            assert float(gap) == pytest.approx(float(val) - float(train.replace("−", "-")), abs=0.0011)


@pytest.mark.parametrize("experiment", SAME_STEPS)
def test_the_picture_has_room_for_every_evaluation_after_the_first(experiment: str) -> None:
    explorer = CurveExplorer(experiment)
    losses = [losses for state in explorer.state() for losses in state.train + state.val]
    found = evaluate("widgets/pictures/curves", "m.range(losses)", losses=losses)
    later = [loss for one in losses for loss in one[1:]]
    assert found["low"] < min(later)
    assert found["high"] > max(later)
    assert 3 <= len(found["lines"]) <= 8
    assert all(found["low"] <= line <= found["high"] for line in found["lines"])


# --- the widget -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"step": 5}, r"a step with an evaluation: \[0, 100, .*2999\], got step=5\."),
        ({"step": 300.0}, r"a step .* got step=300\.0\."),
        ({"step": "300"}, r"a step .* got step='300'\."),
        ({"variants": "p = 0"}, r"variants as a list of names, got variants='p = 0'\."),
        ({"variants": ["p = 1"]}, r"variant to be one of 'p = 0', 'p = 0\.2', 'p = 0\.5', got 'p = 1'\."),
        ({"splits": ["test"]}, r"split to be one of 'train', 'val', got 'test'\."),
        ({"splits": [["val"]]}, r"split to be one of 'train', 'val', got \['val'\]\."),
        ({"experiment": "luck"}, r"the experiment to be one of .*'dropout'.*got 'luck'\."),
    ],
)
def test_bad_input_is_told_with_its_remedy(bad: dict, says: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected {says}"):
        CurveExplorer(**bad)


def test_traits_refuse_what_the_constructor_refuses_and_keep_what_was() -> None:
    explorer = CurveExplorer("heads", step=100, variants=["1 head"], splits=["val"])
    for name, value in (("step", 50), ("variants", ["3 heads"]), ("splits", ["test"])):
        with pytest.raises(ValueError, match="^Expected "):
            setattr(explorer, name, value)
    assert (explorer.step, explorer.variants, explorer.splits) == (100, ["1 head"], ["val"])


def test_names_come_in_the_order_of_the_experiment_each_once() -> None:
    explorer = CurveExplorer(variants=["p = 0.5", "p = 0", "p = 0.5"], splits=["val", "train"])
    assert explorer.variants == ["p = 0", "p = 0.5"]
    assert explorer.splits == ["train", "val"]
    explorer.variants = []
    assert repr(explorer) == "CurveExplorer: dropout at step 2999: no variant ticked"
    assert "<tbody></tbody>" in explorer.static_html()


def test_the_still_picture_shows_the_ticked_variants_at_this_step() -> None:
    explorer = CurveExplorer(step=300, variants=["p = 0", "p = 0.5"])
    html = explorer.static_html()
    assert "<b>dropout, step 300.</b>" in html
    assert html.count('<th scope="row">') == 2
    assert "p = 0.2" not in html
    for state in explorer.state():
        assert curve_in_words(state, 3) in html
        assert f"<td>{number(state.val_mean[3])}</td>" in html
        assert f"<td>{number(state.lowest)}</td>" in html
    assert "the first 20,000 characters of the training split" in html
    assert "all of the training split" in CurveExplorer("heads").static_html()
    assert repr(explorer).startswith(
        "CurveExplorer: dropout at step 300: p = 0 training 2.286, validation 2.546"
    )


def test_the_answers_of_the_notebooks_tasks_hold(explorer: CurveExplorer) -> None:
    none, some, much = explorer.state()
    at = dict(zip(none.steps, range(len(none.steps)), strict=True))
    for other, first in ((some, 900), (much, 1400)):
        below = [
            step for step in none.steps if step >= 300 and other.val_mean[at[step]] < none.val_mean[at[step]]
        ]
        assert below == none.steps[at[first] :]  # from there on, and never before
    assert sorted(none.best)[1] == at[800]
    assert sorted(some.best)[1] == at[1900]
    gaps = {
        state.variant: [v - t for v, t in zip(state.val_mean, state.train_mean, strict=True)]
        for state in (none, some)
    }
    assert gaps["p = 0.2"][at[1900]] > gaps["p = 0"][at[800]] + 0.1
    assert some.val_mean[at[1900]] < none.val_mean[at[800]] - 0.02
