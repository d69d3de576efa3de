"""The dropout explorer without a browser: its numbers, in Python and in JavaScript, and what it refuses."""

import math
import re
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from javascript import evaluate
from nanogpt_lib.kit.widget import number
from nanogpt_lib.widgets.dropout_explorer import (
    LINE,
    MASKS,
    REPEATS,
    SHARES,
    DropoutExplorer,
    dropout_explorer_state,
    dropout_in_words,
)
from notebook_files import FOLDER, defined_in

ROWS = np.arange(1, 9)  # how many weights a row has


@pytest.fixture(scope="module")
def explorer() -> DropoutExplorer:
    """One for all tests that only look."""
    return DropoutExplorer()


@pytest.fixture(scope="module")
def lesson() -> SimpleNamespace:
    """The functions that notebook 09 defines, as they stand there."""
    return defined_in("09_dropout", "draw", "my_dropout", torch=torch)


# --- the numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("p", SHARES[:-1])
def test_a_mask_is_what_the_notebooks_own_dropout_draws(lesson: SimpleNamespace, p: float) -> None:
    """The widget says so, and a learner who tries it must find the same holes."""
    weights = torch.ones(8, 8).tril() / torch.arange(1, 9)[:, None]
    for mask in (0, 2, MASKS - 1):
        expected = lesson.my_dropout(weights, p, lesson.draw(mask + 1))
        state = dropout_explorer_state(p, mask)
        np.testing.assert_allclose(state.weights, expected, rtol=1e-6)
        np.testing.assert_allclose(state.sums, expected.sum(dim=-1), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(state.kept, expected.numpy() > 0)


@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_what_many_masks_give_is_what_the_notebooks_own_dropout_gives(
    lesson: SimpleNamespace, p: float
) -> None:
    weights = torch.ones(8, 8).tril() / torch.arange(1, 9)[:, None]
    sums = lesson.my_dropout(weights.expand(REPEATS, 8, 8), p, lesson.draw(1)).sum(dim=-1)
    state = dropout_explorer_state(p)
    np.testing.assert_allclose(state.means, sums.mean(dim=0), atol=1e-4)
    np.testing.assert_allclose(state.deviations, sums.std(dim=0), atol=1e-4)
    np.testing.assert_allclose(state.zeros, (sums == 0).float().mean(dim=0), atol=1e-6)


@pytest.mark.parametrize("p", SHARES[:-1])
def test_many_masks_come_near_what_the_formulas_say(p: float) -> None:
    """Independent of any drawing: a row of n weights has deviation sqrt(p / (1 - p) / n), vanishes with p^n.

    Six standard errors: a right widget fails once in 500 million rows.
    """
    state = dropout_explorer_state(p)
    deviation = np.sqrt(p / (1 - p) / ROWS)
    np.testing.assert_array_less(np.abs(state.means - 1), 6 * deviation / math.sqrt(REPEATS) + 1e-9)
    np.testing.assert_allclose(state.deviations, deviation, rtol=0.06)
    error = np.sqrt(p**ROWS * (1 - p**ROWS) / REPEATS)
    np.testing.assert_array_less(np.abs(state.zeros - p**ROWS), 6 * error + 2 / REPEATS)


def test_the_numbers_of_the_lesson_are_on_the_screen() -> None:
    """Notebook 09 says so in section 3 and in its receipt."""
    source = (FOLDER / "source" / "09_dropout.md").read_text(encoding="utf-8")
    assert "The sum of row 0 has a spread of 0.5, the last of 0.18" in source
    assert "In 20 % of all draws." in source
    words = dropout_in_words(dropout_explorer_state(0.2), 0.2)
    assert "a standard deviation of 0.50 in row 0 (all zero in 20 % of draws) and 0.18 in row 7" in words


def test_a_larger_p_drops_more_of_the_same_draw(explorer: DropoutExplorer) -> None:
    for mask in range(MASKS):
        kept = [explorer._states[p, mask].kept for p in SHARES]
        for less, more in pairwise(kept):
            assert not (more & ~less).any()
        assert kept[0].sum() == 36
        assert kept[-1].sum() == 0


def test_nothing_is_dropped_at_0_and_all_at_1() -> None:
    none, all_of_it = dropout_explorer_state(0.0, 3), dropout_explorer_state(1.0, 3)
    np.testing.assert_array_equal(none.sums, np.ones(8))
    np.testing.assert_array_equal(none.deviations, np.zeros(8))
    assert not any(part.any() for part in (all_of_it.weights, all_of_it.sums, all_of_it.deviations))
    assert all_of_it.zeros.tolist() == [1.0] * 8


def test_draw_again_meets_a_row_0_that_vanishes_at_0_2(explorer: DropoutExplorer) -> None:
    """The notebook sends the learner to look for one; a fifth of all draws have it."""
    gone = [mask for mask in range(MASKS) if explorer._states[0.2, mask].sums[0] == 0]
    assert gone[0] == 2
    assert gone != list(range(MASKS))


def test_what_is_made_leaves_the_global_random_stream_alone() -> None:
    before = torch.get_rng_state()
    dropout_explorer_state(0.5)
    assert torch.equal(before, torch.get_rng_state())


# --- in words -------------------------------------------------------------------------------------


def test_the_words_hold_for_every_choice(explorer: DropoutExplorer) -> None:
    """Each number in them is found anew."""
    for (p, _), state in explorer._states.items():
        words = dropout_in_words(state, p)
        if p in (0.0, 1.0):
            assert f"every row sums to {1 - int(p)}" in words
            continue
        kept, factor = re.match(
            r"This draw keeps (\d+) of 36 weights, each raised to ([\d.]+) ", words
        ).groups()
        assert int(kept) == (state.weights > 0).sum()
        assert float(factor) == pytest.approx(1 / (1 - p), abs=0.005)
        empty = (state.weights.sum(axis=1) == 0).sum()
        assert f"; {empty or 'no'} row{'s are' if empty > 1 else ' is'} all zero." in words
        deviations = re.findall(r"([\d.]+) in row", words)
        assert [float(one) for one in deviations] == pytest.approx(state.deviations[[0, 7]], abs=0.0051)
        assert f"all zero in {100 * state.zeros[0]:.0f} % of draws" in words
        assert state.means == pytest.approx(np.ones(8), abs=0.05)  # "about 1"


# --- the same in JavaScript -----------------------------------------------------------------------


def test_javascript_picks_out_of_the_list_what_python_put_there(explorer: DropoutExplorer) -> None:
    theirs = evaluate(
        "widgets/dropout_explorer",
        "layout.shares.flatMap((p) => Array.from({ length: layout.masks }, (_, mask) => {"
        "const state = m.unpack(new Float32Array(numbers), layout, p, mask);"
        "return { ...state, kinds: state.cells.map((row) => row.map(m.kind)) }; }))",
        layout=explorer.layout_of,
        numbers=np.frombuffer(explorer.numbers, dtype=np.float32).tolist(),
    )
    for at, ((p, _), state) in enumerate(explorer._states.items()):
        their = theirs[at]
        assert (their["choice"], their["share"]) == (at, SHARES.index(p))
        assert explorer.words[at] == dropout_in_words(state, p)
        kinds = np.where(state.kept, "kept", "dropped")
        kinds[np.triu_indices(8, 1)] = "future"
        assert their["kinds"] == kinds.tolist()
        np.testing.assert_allclose(np.array(their["cells"])[state.kept], state.weights[state.kept], rtol=1e-6)
        for field in ("sums", "means", "deviations"):
            np.testing.assert_allclose(getattr(state, field), their[field], rtol=1e-6, err_msg=field)
    assert len(theirs) == len(SHARES) * MASKS


def test_the_shares_that_the_table_shows_are_those_of_the_draws(explorer: DropoutExplorer) -> None:
    for p, told in zip(SHARES, explorer.layout_of["zeros"], strict=True):
        for zero, text in zip(explorer._states[p, 0].zeros, told, strict=True):
            value = float(text.removesuffix(" %").lstrip("<"))
            assert value == pytest.approx(100 * zero, abs=0.1 if zero < 0.0095 else 0.501)
            assert (value > 0) == (zero > 0)  # what happens now and then is not told as never


# --- the widget -----------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.25, -0.1, 1.1, math.nan, True, "0.2", None, [0.2]])
def test_a_p_that_is_not_on_the_slider_is_told_with_its_remedy(p: object) -> None:
    for make in (dropout_explorer_state, DropoutExplorer):
        with pytest.raises(
            ValueError, match=r"^Expected p as one of \[0\.0, 0\.1, .*\], got p=.*one of these"
        ):
            make(p)


@pytest.mark.parametrize("mask", [-1, MASKS, 0.0, True, "0"])
def test_a_mask_that_was_not_drawn_is_told_with_its_remedy(mask: object) -> None:
    for make in (dropout_explorer_state, DropoutExplorer):
        with pytest.raises(ValueError, match=rf"^Expected 0 <= mask < {MASKS}, got mask={mask!r}\. Choose"):
            make(0.2, mask=mask)


def test_traits_refuse_what_the_constructor_refuses_and_keep_what_was() -> None:
    explorer = DropoutExplorer(0.5, mask=3)
    for name, value in (("p", 0.25), ("mask", MASKS)):
        with pytest.raises(ValueError, match="^Expected "):
            setattr(explorer, name, value)
    assert (explorer.p, explorer.mask) == (0.5, 3)


def test_the_state_follows_the_choice() -> None:
    explorer = DropoutExplorer(1)  # a whole number is a share, too
    for p, mask in ((1.0, 0), (0.7, 5)):
        explorer.p, explorer.mask = p, mask
        np.testing.assert_array_equal(explorer.state().weights, dropout_explorer_state(p, mask).weights)


def test_the_still_picture_shows_this_mask_and_many() -> None:
    explorer = DropoutExplorer(0.2, mask=2)
    html, state = explorer.static_html(), explorer.state()
    assert dropout_in_words(state, 0.2) in html
    assert html.count("<td>×</td>") == 36 - state.kept.sum()
    assert html.count("<td></td>") == 28
    for row in range(8):
        assert f">row {row}: {'␣' if LINE[row] == ' ' else LINE[row]}</th>" in html
        assert f"<td>{number(state.sums[row], 2)}</td></tr>" in html
        assert f"<td>{number(state.deviations[row], 2)}</td>" in html
    assert "<td>20 %</td>" in html
    assert repr(explorer) == (
        "DropoutExplorer: p = 0.2, mask 2: row sums 0.00, 1.25, 0.83, 0.63, 0.50, 1.04, 1.25, 1.09; "
        "standard deviation over 20,000 draws 0.50 in row 0, 0.18 in row 7"
    )


def test_the_numbers_at_both_ends_of_the_slider_are_written_without_noise() -> None:
    assert "row sums 1.00, 1.00" in repr(DropoutExplorer(0.0))
    assert "row sums 0.00, 0.00" in repr(DropoutExplorer(1.0))


def test_what_travels_in_single_precision_is_written_with_the_same_digits(explorer: DropoutExplorer) -> None:
    """1.015 is the mean of a row; half the numbers at such an edge would read differently on the page."""
    for state in explorer._states.values():
        for value in np.concatenate([state.weights[state.kept], state.sums, state.means, state.deviations]):
            assert number(float(np.float32(value)), 2) == number(float(value), 2)


def test_none_of_the_twelve_draws_keeps_row_0_at_09(explorer: DropoutExplorer) -> None:
    """The answer to the notebook's task; over 20,000 draws the mean is about 1 all the same."""
    assert [explorer._states[0.9, mask].sums[0] for mask in range(MASKS)] == [0.0] * 12
    assert explorer._states[0.9, 0].means[0] == pytest.approx(1, abs=0.02)
    assert dropout_explorer_state(0.5).zeros[1] == pytest.approx(0.25, abs=0.01)
    assert {float(explorer._states[0.5, mask].sums[1]) for mask in range(MASKS)} == {0.0, 1.0, 2.0}
