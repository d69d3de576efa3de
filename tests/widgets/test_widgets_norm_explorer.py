"""The norm explorer without a browser: its numbers, in Python and in JavaScript, and what it refuses."""

import ast
import itertools
import re

import jupytext
import numpy as np
import pytest
import torch

from javascript import evaluate
from nanogpt_lib.kit.widget import number
from nanogpt_lib.layers import layer_norm
from nanogpt_lib.widgets.norm_explorer import (
    AXES,
    GROUPS,
    LINE,
    PARTS,
    SCALES,
    SHIFTS,
    NormExplorer,
    X,
    norm_explorer_state,
)
from notebook_files import FOLDER

TEXT = FOLDER / "source" / "08_layernorm.md"
SEEN = {"layer": (0.0, 0.0), "batch": (0.50, 1.11), "sequence": (0.95, 0.0), "all": (0.63, 1.29)}
CHANGES = [  # some of the 3,003, with both ends of each slider and what is 0 or negative
    (part, shift, scale)
    for part in PARTS
    for shift in (-10, -1, 0, 5, 10)
    for scale in (-3, -0.5, 0, 0.5, 1, 3)
]


@pytest.fixture(scope="module")
def lesson() -> dict:
    """What notebook 08 defines: its table, its function and its axes."""
    wanted = {"line", "places", "features", "x", "AXES", "normalise"}
    cells = [cell for cell in jupytext.read(TEXT).cells if cell.cell_type == "code"]
    names: dict = {"torch": torch}
    for cell in cells:
        for node in ast.parse(cell.source).body:
            defines = {
                getattr(node, "name", None),
                *(getattr(t, "id", None) for t in getattr(node, "targets", [])),
            }
            if defines & wanted and not wanted <= names.keys():
                exec(compile(ast.Module([node], []), TEXT.name, "exec"), names)
    assert wanted <= names.keys(), f"{TEXT.name} no longer defines {wanted - names.keys()}"
    return names


# --- the numbers ----------------------------------------------------------------------------------


def test_the_table_and_the_axes_are_those_of_the_notebook(lesson: dict) -> None:
    assert lesson["line"] == LINE
    np.testing.assert_array_equal(lesson["x"].numpy(), X)
    assert lesson["AXES"] == {name: dims for name, (_, dims) in AXES.items()}


@pytest.mark.parametrize("axis", AXES)
def test_the_numbers_are_those_that_the_notebook_computes(lesson: dict, axis: str) -> None:
    for part, shift, scale in CHANGES:
        state = norm_explorer_state(axis, part, shift=shift, scale=scale)
        x = torch.tensor(state.x)
        expected = lesson["normalise"](x, AXES[axis][1])
        np.testing.assert_allclose(state.normalised, expected, rtol=0, atol=1e-10)
        if axis == "layer":
            ours = layer_norm(x, torch.ones(3).double(), torch.zeros(3).double())
            np.testing.assert_allclose(state.normalised, ours, rtol=0, atol=1e-10)


@pytest.mark.parametrize("axis", AXES)
def test_t_moves_as_far_as_the_prose_says(axis: str) -> None:
    state = norm_explorer_state(axis)
    assert (round(state.time, 2), round(state.batch, 2)) == SEEN[axis]
    printed = (FOLDER / f"{TEXT.stem}.ipynb").read_text(encoding="utf-8")
    by_time, by_batch = SEEN[axis]
    assert re.search(
        rf"{axis} +t moves by {by_time:.2f} if its future changes, by {by_batch:.2f} if its neighbour",
        printed,
    )


@pytest.mark.parametrize("axis", AXES)
def test_a_light_warns_exactly_where_the_axes_reach(axis: str) -> None:
    """Measured on the changed table; a change that multiplies by 0 may hide a leak, and then it is told."""
    for part, shift, scale in CHANGES:
        state = norm_explorer_state(axis, part, shift=shift, scale=scale)
        for at, (moved, where) in enumerate(((state.time, "future"), (state.batch, "neighbour"))):
            reaches = (1 - at) in AXES[axis][1]
            assert (f"it sees its {where}" in state.words[at]) == reaches, (part, shift, scale)
            assert (f"it does not see its {where}" in state.words[at]) != reaches
            assert state.lights[at] == ("closed" if not reaches else "leak" if moved > 1e-9 else "hidden")
            assert ("hides it" in state.words[at]) == (state.lights[at] == "hidden")
            assert scale == 0 or state.lights[at] != "hidden"
    if axis == "batch":
        assert norm_explorer_state(axis, "place", scale=0).lights[0] == "hidden"


@pytest.mark.parametrize("part", ["vowel", "consonant", "place"])
def test_what_the_norm_erases_leaves_the_leaks_as_they_were(part: str) -> None:
    """A z that kept its old units in a column of new ones would leak by another amount."""
    plain, changed = norm_explorer_state("batch"), norm_explorer_state("batch", part, shift=10, scale=0.5)
    assert "erases" in changed.words[2]
    assert (changed.time, changed.batch) == pytest.approx((plain.time, plain.batch), abs=1e-3)


@pytest.mark.parametrize("axis", AXES)
def test_the_norm_erases_a_change_of_one_whole_group_and_no_other(axis: str) -> None:
    """A group that is shifted, or scaled by more than 0, is as before; a space stays constant in any case."""
    groups = norm_explorer_state(axis).groups
    for part, shift, scale in CHANGES:
        state = norm_explorer_state(axis, part, shift=shift, scale=scale)
        cells = PARTS[part][1]
        whole = (groups.ravel() == groups.flat[cells[0]]).sum() == len(cells)
        whole &= len({groups.flat[cell] for cell in cells}) == 1
        constant = np.ptp(X.flat[cells]) == 0
        if (shift, scale) == (0, 1):
            assert "none yet" in state.words[2]
        elif (state.x == X).all():
            assert "leaves every number of the table" in state.words[2]
        else:
            erased = whole and (scale > 0 or constant)
            assert ("erases" in state.words[2]) == erased, (part, shift, scale)
            assert (state.change.max() < 0.005) == erased


@pytest.mark.parametrize(
    ("axis", "part", "shift", "scale", "says"),
    [
        ("layer", "position 0", 0, 1, "Change: none yet. Choose a position"),
        ("layer", "position 0", 5, 1, "t of block 0 plus 5. After the norm every number is as it was"),
        (
            "layer",
            "position 0",
            5,
            3,
            "t of block 0 times 3, plus 5. After the norm it moves by less than 0.005",
        ),
        (
            "layer",
            "position 0",
            0,
            -1,
            "t of block 0 times −1. After the norm it moves by up to 2.83, the rest stays",
        ),
        ("layer", "position 2", 0, 3, "space of block 0 times 3. That leaves every number of the table"),
        ("batch", "vowel", -4, 1, "vowel minus 4. After the norm every number is as it was"),
        (
            "batch",
            "vowel",
            0,
            0.5,
            "vowel times 0.5. After the norm it moves by less than 0.005, the rest stays",
        ),
        ("sequence", "position 0", 5, 3, "it moves by up to 0.63, the rest moves by up to 1.42."),
    ],
)
def test_the_words_say_what_the_change_did(axis: str, part: str, shift: int, scale: float, says: str) -> None:
    assert says in norm_explorer_state(axis, part, shift=shift, scale=scale).words[2]


@pytest.mark.parametrize(("axis", "count"), [("layer", 8), ("batch", 3), ("sequence", 2), ("all", 1)])
def test_each_group_has_its_mean_and_variance_before_and_after(axis: str, count: int) -> None:
    state = norm_explorer_state(axis, "position 1", shift=-2, scale=2)
    assert len(state.statistics) == len(GROUPS[axis]) == count
    dims = AXES[axis][1]
    for column, table in ((0, state.x), (2, state.normalised)):
        np.testing.assert_allclose(state.statistics[:, column], table.mean(dims).ravel(), atol=1e-12)
        np.testing.assert_allclose(state.statistics[:, column + 1], table.var(dims).ravel(), atol=1e-12)
    assert np.abs(state.statistics[:, 2]).max() < 1e-12
    for before, after in state.statistics[:, [1, 3]]:
        assert after == pytest.approx(before / (before + 1e-5), abs=1e-12)


def test_both_histograms_count_every_number_once() -> None:
    for part, shift, scale in CHANGES:
        state = norm_explorer_state("all", part, shift=shift, scale=scale)
        assert state.counts.sum(axis=1).tolist() == [24, 24]
        for values, limit, counts in zip(
            (state.x, state.normalised), state.limits, state.counts, strict=True
        ):
            assert np.abs(values).max() <= limit
            np.testing.assert_array_equal(counts, np.histogram(values, 21, (-limit, limit))[0])


# --- the same in JavaScript -----------------------------------------------------------------------


def test_javascript_gives_the_same_numbers_and_the_same_words() -> None:
    """The picture is drawn by one, the stored output by the other; they must never tell two things."""
    cases = [[axis, *change] for axis, change in itertools.product(AXES, CHANGES)]
    theirs = evaluate(
        "widgets/norm_explorer",
        "cases.map((one) => m.explore(layout, ...one))",
        layout=NormExplorer().layout_of,
        cases=cases,
    )
    for (axis, part, shift, scale), their in zip(cases, theirs, strict=True):
        ours = norm_explorer_state(axis, part, shift=shift, scale=scale)
        assert [list(ours.words), list(ours.lights)] == [their["words"], their["lights"]]
        for field in (
            "x",
            "groups",
            "counts",
            "limits",
            "statistics",
            "normalised",
            "change",
            "time",
            "batch",
        ):
            expected = np.array(their[field]).reshape(np.shape(getattr(ours, field)))
            np.testing.assert_allclose(getattr(ours, field), expected, rtol=0, atol=1e-9, err_msg=field)


# --- the widget -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"axis": "time"}, r"axis as one of \['layer', .*got axis='time'"),
        ({"axis": 2}, "got axis=2"),
        ({"axis": ["layer"]}, r"got axis=\['layer'\]"),
        ({"part": "t"}, r"part as one of \['position 0', .*'place'\], got part='t'"),
        ({"shift": 11}, "shift as one of the whole numbers from −10 to 10, got shift=11"),
        ({"shift": 0.5}, "got shift=0.5"),
        ({"shift": True}, "got shift=True"),
        ({"scale": 4}, "scale as one of −3 to 3 in halves, got scale=4"),
        ({"scale": 0.25}, "got scale=0.25"),
        ({"scale": float("nan")}, "got scale=nan"),
    ],
)
def test_bad_input_is_told_with_its_remedy(wrong: dict, says: str) -> None:
    for make in (norm_explorer_state, NormExplorer):
        with pytest.raises(ValueError, match=rf"^Expected .*{says}\. Choose one of these\.$"):
            make(**{"axis": "layer"} | wrong)


def test_traits_refuse_what_the_constructor_refuses_and_keep_what_was() -> None:
    explorer = NormExplorer("batch", part="vowel", shift=2, scale=0.5)
    for name, value in (("axis", "time"), ("part", "t"), ("shift", 11), ("scale", 0.25)):
        with pytest.raises(ValueError, match="^Expected "):
            setattr(explorer, name, value)
    assert (explorer.axis, explorer.part, explorer.shift, explorer.scale) == ("batch", "vowel", 2, 0.5)


def test_a_whole_number_is_a_scale_too() -> None:
    """A slider sends 2 for 2.0."""
    for scale in (int(value) for value in SCALES if value == int(value)):
        explorer = NormExplorer(scale=scale)
        explorer.scale = scale
        assert explorer.state().x[0, 0, 2] == 20 * scale


def test_the_state_follows_the_choice() -> None:
    explorer = NormExplorer()
    explorer.axis, explorer.part, explorer.shift, explorer.scale = "all", "place", SHIFTS[0], SCALES[0]
    expected = norm_explorer_state("all", "place", shift=SHIFTS[0], scale=SCALES[0])
    np.testing.assert_array_equal(explorer.state().normalised, expected.normalised)


def test_the_still_picture_holds_every_number_and_the_words() -> None:
    explorer = NormExplorer("batch", part="position 2", shift=-1, scale=2)
    html, state = explorer.static_html(), explorer.state()
    for value in [*state.normalised.ravel(), *state.statistics.ravel()]:
        assert f"<td>{number(value, 2)}</td>" in html
    assert "<td>−1</td>" in html
    assert all(words in html for words in state.words)
    assert repr(explorer) == (
        f"NormExplorer: axis batch, 3 means and variances, space of block 0 minus 1, t moves by "
        f"{state.time:.2f} with its future, {state.batch:.2f} with its neighbour"
    ).replace("block 0 minus", "block 0 times 2, minus")
    assert repr(NormExplorer("all")).startswith(
        "NormExplorer: axis all, 1 mean and variance, t moves by 0.63 "
    )


@pytest.mark.parametrize("axis", AXES)
def test_nothing_stored_is_near_the_edge_of_its_rounding(axis: str) -> None:
    """Stored outputs are compared exactly. Exact halves are written alike, since `number` nudges them."""
    state = norm_explorer_state(axis)
    for value in map(float, [*state.normalised.ravel(), *state.statistics.ravel(), state.time, state.batch]):
        assert number(value - 1e-9, 2) == number(value + 1e-9, 2), f"{value} may be written in two ways"
