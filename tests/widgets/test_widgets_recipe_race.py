"""The recipe race without a browser: numbers and words against the recorded runs, and what it refuses."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import fmean, median, stdev

import pytest

from javascript import evaluate
from nanogpt_lib.kit.widget import number
from nanogpt_lib.recorded.recipe import KINDS, race
from nanogpt_lib.recorded.runs import RecordedRun, load_runs
from nanogpt_lib.widgets.recipe_race import Racer, RecipeRace, gap, race_in_words, racers, recipe_name

T95_OF_3 = 4.303  # Student's t for three seeds
WORDS = {"rate": "the falling rate", "parts": "the new parts", "Muon": "Muon", "pairs": "the pairs"}


@pytest.fixture(scope="module")
def widget() -> RecipeRace:
    """One for all tests that only look."""
    return RecipeRace()


@pytest.fixture(scope="module")
def runs() -> list[RecordedRun]:
    """All that is recorded of the race."""
    return load_runs("race")


def of(runs: list[RecordedRun], variant: str) -> list[RecordedRun]:
    return [run for run in runs if run.variant == variant]


def half(values: list[float]) -> float:
    return T95_OF_3 * stdev(values) / 3**0.5


def pairs(widget: RecipeRace) -> Iterator[tuple[Racer, Racer, str]]:
    """Every racer against every other one, and the sentence that the browser gets."""
    known = list(widget._racers.values())
    for yours, row in zip(known, widget.words, strict=True):
        for other, words in zip(known, row, strict=True):
            yield yours, other, words


# --- the numbers ----------------------------------------------------------------------------------


def test_every_combination_of_the_four_changes_has_a_racer(widget: RecipeRace) -> None:
    assert sorted(widget._racers) == sorted(race())
    for ticks in product((False, True), repeat=4):
        kinds = [kind for kind, tick in zip(KINDS, ticks, strict=True) if tick]
        widget_of = RecipeRace(kinds)
        assert widget_of.state()[0].kinds == kinds
        assert widget_of.state()[1].name == "nothing"


def test_the_curves_are_those_of_the_files(runs: list[RecordedRun]) -> None:
    for racer in racers(runs):
        own = of(runs, racer.name)
        assert racer.seeds == [run.seed for run in own]
        assert racer.ends == [run.val_loss for run in own]
        for at in range(len(own[0].curve)):
            records = [run.curve[at] for run in own]
            losses = sorted(record.val_loss for record in records)
            assert racer.mean[at] == pytest.approx(sum(losses) / 3)
            assert (racer.low[at], racer.high[at]) == (losses[0], losses[-1])
            assert racer.seconds[at] == median(record.seconds for record in records)
            assert racer.characters[at] == records[0].step * own[0].train.batch_size * own[0].model.block_size
        assert racer.seconds == sorted(racer.seconds)


def test_the_browser_gets_the_curves_and_the_rows_lowest_loss_first(
    widget: RecipeRace, runs: list[RecordedRun]
) -> None:
    losses = [fmean(run.val_loss for run in of(runs, row["cells"][0])) for row in widget.racers]
    assert losses == sorted(losses)
    plain = median(run.curve[-1].seconds for run in of(runs, "nothing"))
    for racer, row in zip(racers(runs), widget.racers, strict=True):
        own = of(runs, racer.name)
        ends = [run.val_loss for run in own]
        low, high = fmean(ends) - half(ends), fmean(ends) + half(ends)
        times = median(run.curve[-1].seconds for run in own) / plain
        assert row["cells"] == [
            racer.name,
            number(fmean(ends)),
            f"{number(low)} to {number(high)}",
            f"× {number(times, 2)}",
        ]
        for name in ("mean", "low", "high"):
            assert row[name] == pytest.approx(getattr(racer, name), abs=5.1e-5)
        assert row["seconds"] == pytest.approx(racer.seconds, abs=5.1e-3)
        assert (row["characters"], row["kinds"]) == (racer.characters, racer.kinds)


def test_it_is_small_enough_to_travel(widget: RecipeRace) -> None:
    state = widget.get_state()
    del state["_esm"], state["_css"]
    assert len(json.dumps(state)) < 100_000


def test_seeds_judged_at_other_steps_are_no_racer(runs: list[RecordedRun]) -> None:
    shorter = replace(runs[1], curve=runs[1].curve[:-1])
    with pytest.raises(ValueError, match=r"^Expected all seeds of 'nothing' evaluated at the same \d+ steps"):
        racers([runs[0], shorter, runs[2]])


def test_nothing_shown_is_near_the_edge_of_its_rounding(widget: RecipeRace) -> None:
    """Stored outputs are compared exactly; a sum in another order may differ in the last bit."""
    for yours, other, _ in pairs(widget):
        lower, wide = gap(yours, other)
        mean = fmean(yours.ends)
        for value in (
            mean,
            mean - half(yours.ends),
            mean + half(yours.ends),
            lower,
            lower - wide,
            lower + wide,
        ):
            assert number(value - 1e-9) == number(value + 1e-9), f"{value} may be written in two ways"


# --- the words ------------------------------------------------------------------------------------


def test_the_words_say_what_two_recipes_differ_in(widget: RecipeRace) -> None:
    for yours, other, words in pairs(widget):
        if yours is other:
            assert words.startswith("Both racers have the same recipe.")
            continue
        first = words.split(". ")[0]
        for kind in KINDS:
            assert (WORDS[kind] in first) == ((kind in yours.kinds) != (kind in other.kinds)), words
        has, _, lacks = first.partition(", but not ")
        if first.startswith("Your racer goes without"):
            has, lacks = "", first
        assert all((WORDS[kind] in has) == (kind in yours.kinds) for kind in KINDS if WORDS[kind] in first)
        assert all((WORDS[kind] in lacks) == (kind in other.kinds) for kind in KINDS if WORDS[kind] in first)


def test_the_words_say_by_how_much_and_whether_the_interval_covers_zero(
    widget: RecipeRace, runs: list[RecordedRun]
) -> None:
    for yours, other, words in pairs(widget):
        if yours is other:
            continue
        losses = [{run.seed: run.val_loss for run in of(runs, one.name)} for one in (yours, other)]
        gaps = [losses[1][seed] - losses[0][seed] for seed in losses[0]]
        mean, wide = fmean(gaps), half(gaps)
        side = "lower" if mean >= 0 else "higher"
        assert f"Its loss ends {number(abs(mean))} {side} " in words
        assert ("covers zero" in words) == (mean - wide <= 0 <= mean + wide)
        ends = re.findall(r"(\d\.\d{3})(?: (lower|higher))? to (\d\.\d{3})(?: (lower|higher))?", words)
        [(first, from_, last, to)] = ends
        signs = {"lower": 1, "higher": -1}
        found = sorted([signs[from_ or side] * float(first), signs[to or side] * float(last)])
        assert found == pytest.approx([mean - wide, mean + wide], abs=6e-4)
        times = yours.seconds[-1] / other.seconds[-1]
        told = re.search(r"It takes (?:(\d\.\d\d) times )?as long\.$", words)
        assert float(told[1] or 1) == pytest.approx(times, abs=0.0051)


def made(name: str, ends: list[float], seconds: float = 10.0) -> Racer:
    """A racer with these losses at its ends."""
    return Racer(name, [0.1, seconds], [0, 100], [4.2, 2.0], [4.1, 1.9], [4.3, 2.1], [1, 2, 3], ends)


def test_a_difference_that_every_seed_shows_is_clear_of_zero_though_the_seeds_lie_far_apart() -> None:
    """Paired by seed: what both have in common is no doubt about the difference."""
    yours, other = made("Muon", [1.9, 2.0, 2.1], 13.5), made("nothing", [2.0, 2.101, 2.199])
    assert race_in_words(yours, other) == (
        "Your racer adds Muon. Its loss ends 0.100 lower (95 % interval: 0.098 to 0.102). "
        "It takes 1.35 times as long."
    )
    assert race_in_words(other, yours) == (
        "Your racer goes without Muon. Its loss ends 0.100 higher (95 % interval: 0.098 to 0.102). "
        "It takes 0.74 times as long."
    )


def test_a_difference_that_luck_explains_is_said_to_tell_nothing() -> None:
    yours, other = made("rate, pairs", [1.9, 2.0, 2.1]), made("parts", [2.0, 1.98, 2.11], 10.01)
    assert race_in_words(yours, other) == (
        "Your racer has the falling rate and the pairs, but not the new parts. Its loss ends 0.030 lower on "
        "average, but the 95 % interval covers zero (0.125 higher to 0.185 lower): these 3 seeds do not tell "
        "which recipe is better. It takes as long."
    )


@pytest.mark.parametrize(
    ("yours", "other", "says"),
    [
        ("rate, parts, Muon", "nothing", "Your racer adds the falling rate, the new parts and Muon. "),
        ("nothing", "Muon, pairs", "Your racer goes without Muon and the pairs. "),
        ("pairs", "rate, Muon", "Your racer has the pairs, but not the falling rate or Muon. "),
        (
            "rate",
            "parts, Muon, pairs",
            "Your racer has the falling rate, but not the new parts, Muon or the pairs. ",
        ),
    ],
)
def test_several_changes_are_listed_as_a_sentence_lists_them(yours: str, other: str, says: str) -> None:
    ends = [2.0, 2.1, 2.2]
    assert race_in_words(made(yours, ends), made(other, ends)).startswith(says)


def test_the_very_same_losses_tell_nothing_either() -> None:
    words = race_in_words(made("rate", [2.0, 2.1, 2.2]), made("parts", [2.0, 2.1, 2.2]))
    assert "ends 0.000 lower on average, but the 95 % interval covers zero" in words


def test_every_change_is_explained_by_more_than_its_own_name(widget: RecipeRace) -> None:
    assert [kind for kind, _ in widget.layout_of["kinds"]] == list(KINDS)
    assert all(len(says.split()) > 3 for _, says in widget.layout_of["kinds"])
    for kind, says in widget.layout_of["kinds"]:
        assert kind == "Muon" or says == ", ".join(KINDS[kind])


def test_the_machine_is_named_and_what_holds_elsewhere_is_said(
    widget: RecipeRace, runs: list[RecordedRun]
) -> None:
    for machine in {run.machine for run in runs}:
        assert machine in widget.layout_of["made"]
    assert "the ratios between recipes stay about the same" in widget.layout_of["made"]
    assert widget.layout_of["made"] in widget.static_html()


# --- as the browser reads it ----------------------------------------------------------------------


def test_the_browser_reads_the_last_evaluation_at_the_end(widget: RecipeRace) -> None:
    expression = "rows.map((row) => m.reached(row, m.longest(rows)))"
    said = evaluate("widgets/recipe_race", expression, rows=widget.racers)
    assert said == [
        f"{number(row['mean'][-1])}, arrived after {number(row['seconds'][-1], 1)} s" for row in widget.racers
    ]


# --- the widget -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"ticks": ["speed"]}, r"the change to be one of 'rate', 'parts', 'Muon', 'pairs', got 'speed'\."),
        ({"ticks": "rate"}, r"ticks as a row of items, got 'rate'\."),
        ({"ticks": 3}, r"ticks as a row of items, got 3\."),
        ({"against": ["muon"]}, r"the change to be one of .*got 'muon'\."),
        ({"against": [["Muon"]]}, r"the change to be one of .*got \['Muon'\]\."),
        ({"axis": "steps"}, r"axis to be one of 'seconds', 'characters', got 'steps'\."),
        ({"share": 1.5}, r"0 <= share <= 1, got share=1\.5\."),
        ({"share": float("nan")}, r"0 <= share <= 1, got share=nan\."),
        ({"share": "half"}, r"0 <= share <= 1, got share='half'\."),
        (
            {"folder": "nowhere"},
            r"a recorded run in data/runs/race-nothing-1337\.json, got FileNotFoundError",
        ),
    ],
)
def test_bad_input_is_told_with_its_remedy(bad: dict, says: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected {says}"):
        RecipeRace(**bad)


def test_traits_refuse_what_the_constructor_refuses_and_keep_what_was() -> None:
    widget = RecipeRace(["Muon"], against=["rate"], axis="characters", share=0.5)
    for name, value in (("ticks", ["x"]), ("against", ["x"]), ("axis", "x"), ("share", -0.1)):
        with pytest.raises(ValueError, match="^Expected "):
            setattr(widget, name, value)
    assert (widget.ticks, widget.against, widget.axis, widget.share) == (
        ["Muon"],
        ["rate"],
        "characters",
        0.5,
    )


def test_changes_come_in_the_order_of_the_recipe_each_once() -> None:
    widget = RecipeRace(["pairs", "rate", "pairs"], against=("Muon", "parts"))
    assert (widget.ticks, widget.against) == (["rate", "pairs"], ["parts", "Muon"])
    assert recipe_name(widget.ticks) == "rate, pairs"


def test_the_still_picture_shows_the_pair_and_all_recipes(widget: RecipeRace, tmp_path: Path) -> None:
    pair = RecipeRace(["rate", "pairs"], against=["parts"])
    html = pair.static_html()
    yours, other = pair.state()
    assert html.startswith(
        "<p><b>rate, pairs against parts.</b> Your racer has the falling rate and the pairs, "
    )
    assert html.count('<th scope="row">') == 16
    for name, role in (("rate, pairs", "yours"), ("parts", "the other"), ("nothing", "")):
        assert re.search(rf'<th scope="row">{name}</th>(?:<td>[^<]*</td>){{3}}<td>{role}</td>', html)
    for row in pair.racers:
        assert "".join(f"<td>{cell}</td>" for cell in row["cells"][1:]) in html
    assert repr(pair) == (
        f"RecipeRace: rate, pairs {number(fmean(yours.ends))} against parts {number(fmean(other.ends))}. "
        + race_in_words(yours, other)
    )
    assert re.search(r'<th scope="row">nothing</th>(?:<td>[^<]*</td>){3}<td>both</td>', widget.static_html())
