"""Both explorers of notebook 09 in a real browser: what they show, mouse, keyboard, widths, speed."""

import re

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage, set_input
from looks import (
    PIXELS,
    best_times,
    drawn_anew,
    in_window,
    page_of,
    said,
    went_well,
)

pytestmark = pytest.mark.browser

SOON = 50  # milliseconds, of the median; a machine with nothing else to do takes 10 to 25
SETUP = """
from nanogpt_lib.kit.widget import number
from nanogpt_lib.widgets.curve_explorer import CurveExplorer
from nanogpt_lib.widgets.dropout_explorer import DropoutExplorer, _percent, dropout_in_words
explorer = DropoutExplorer()
explorer
"""
CURVES = "curves = CurveExplorer('dropout')\ncurves"
CELLS = [SETUP, CURVES, "other = CurveExplorer('shipped', step=0); other"]
DROPOUT, CURVE, OTHER = range(3)
P = "p, the share to drop"
STEP = "read at step"


opened = page_of(CELLS)


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """The same page for every test, with every choice where it was at first."""
    opened.python(
        "explorer.p, explorer.mask = 0.2, 0\n"
        "curves.step, curves.splits = 2999, ['train', 'val']\n"
        "curves.variants = ['p = 0', 'p = 0.2', 'p = 0.5']"
    )
    expect(said(opened.widgets.nth(DROPOUT))).to_contain_text("This draw keeps 31 of 36")
    expect(said(opened.widgets.nth(CURVE))).to_contain_text("Step 2999. p = 0: gap 2.279")
    expect(opened.widgets.nth(CURVE).get_by_role("rowheader", name="p = 0.5")).to_be_visible()
    for split in ("training", "validation"):
        expect(opened.widgets.nth(CURVE).get_by_label(split, exact=True)).to_be_checked()
    return opened


@pytest.fixture
def widget(notebook: NotebookPage) -> Locator:
    return notebook.widget(DROPOUT)


@pytest.fixture
def curve(notebook: NotebookPage) -> Locator:
    return notebook.widget(CURVE)


def cells(table: Locator) -> list[list[str]]:
    """What can be seen in the body of a table, row by row, as text; bars are left out."""
    return [
        row.locator("td:not([aria-hidden])").all_inner_texts()
        for row in table.locator("tbody tr").all()
        if row.is_visible()
    ]


def weights_in_python(notebook: NotebookPage) -> list[list[str]]:
    """What the first table should show, asked of Python."""
    return eval(
        notebook.python(
            "s = explorer.state()\n"
            "shown = lambda t, c: number(s.weights[t, c], 2) if s.kept[t, c] else '×' if c <= t else ''\n"
            "print([[shown(t, c) for c in range(8)] + [number(s.sums[t], 2)] for t in range(8)])"
        )
    )


def many_in_python(notebook: NotebookPage) -> list[list[str]]:
    return eval(
        notebook.python(
            "s = explorer.state()\n"
            "print([[number(m, 2), number(d, 2), _percent(z)] "
            "for m, d, z in zip(s.means, s.deviations, s.zeros, strict=True)])"
        )
    )


# --- the dropout explorer -------------------------------------------------------------------------


def test_what_is_seen_is_what_python_computed(notebook: NotebookPage, widget: Locator) -> None:
    for p, mask in ((0.2, 0), (0.0, 3), (0.7, 2), (1.0, 11)):
        notebook.python(f"explorer.p, explorer.mask = {p}, {mask}")
        words = notebook.python(f"print(dropout_in_words(explorer.state(), {p}), end='')")
        expect(said(widget)).to_have_text(words)
        expect(widget).to_contain_text(f"draw {mask + 1} of 12")
        assert cells(widget.locator(".dro-weights")) == weights_in_python(notebook)
        assert cells(widget.locator(".dro-many")) == many_in_python(notebook)


def test_a_dropped_weight_is_marked_apart_from_the_future_and_from_what_is_kept(widget: Locator) -> None:
    kinds = widget.locator(".dro-weights td.dro-cell").evaluate_all(
        "(all) => all.map((one) => [one.className, one.textContent, one.getAttribute('aria-label')])"
    )
    assert len(kinds) == 64
    for name, text, label in kinds:
        expected = {"dro-dropped": ("×", "dropped"), "dro-future": ("", None)}.get(name.split()[-1])
        assert (text, label) == expected if expected else (re.fullmatch(r"\d\.\d\d", text) and label is None)
    looks = {
        kind: widget.locator(f".dro-weights td.dro-{kind}").first.evaluate(
            "(one) => { const s = getComputedStyle(one); return s.backgroundImage + s.backgroundColor; }"
        )
        for kind in ("kept", "dropped", "future")
    }
    assert len(set(looks.values())) == 3
    assert "gradient" in looks["dropped"]


def test_the_slider_is_turned_by_keyboard_and_the_notebook_stays(
    notebook: NotebookPage, widget: Locator
) -> None:
    slider = widget.get_by_label(P)
    slider.focus()
    before = notebook.active_cell()
    for key in ("ArrowRight", "ArrowUp", "ArrowRight", "j", "d", "d"):  # j: next cell, d d: delete cell
        notebook.page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuetext", "0.5")
    expect(said(widget)).to_contain_text("each raised to 2 times its size")
    assert notebook.active_cell() == before
    assert len(notebook.cells()) == len(CELLS)
    notebook.python_comes_to("explorer.p", 0.5)
    assert cells(widget.locator(".dro-many"))[1] == many_in_python(notebook)[1] == ["1.00", "0.71", "25 %"]
    notebook.page.keyboard.press("End")
    expect(said(widget)).to_contain_text("With p = 1 everything is dropped")
    notebook.python_comes_to("explorer.p", 1.0)


def test_draw_again_shows_other_holes_while_the_standard_deviation_stays(
    notebook: NotebookPage, widget: Locator
) -> None:
    again = widget.get_by_role("button", name="Draw again")
    mask, many = cells(widget.locator(".dro-weights")), cells(widget.locator(".dro-many"))
    again.click()
    again.click()
    expect(widget).to_contain_text("draw 3 of 12")
    expect(said(widget)).to_contain_text("1 row is all zero")  # row 0, as the notebook sends one to find
    notebook.python_comes_to("explorer.mask", 2)
    after = cells(widget.locator(".dro-weights"))
    assert after[0] == ["×", *[""] * 7, "0.00"]
    assert after != mask
    assert cells(widget.locator(".dro-many")) == many
    expect(widget.locator(".dro-nothing")).to_have_count(1)
    again.focus()
    for _ in range(10):
        notebook.page.keyboard.press("Enter")
    expect(widget).to_contain_text("draw 1 of 12")
    assert cells(widget.locator(".dro-weights")) == mask


def test_a_bar_is_as_long_as_its_standard_deviation(notebook: NotebookPage, widget: Locator) -> None:
    notebook.python("explorer.p = 0.8")
    expect(said(widget)).to_contain_text("each raised to 5 times its size")
    lengths = widget.locator(".nano-fill").evaluate_all(
        "(bars) => bars.map((bar) => bar.clientWidth / bar.parentElement.clientWidth)"
    )
    deviations = eval(notebook.python("print(explorer.state().deviations.tolist())"))
    assert lengths == pytest.approx([deviation / 3.2 for deviation in deviations], abs=0.01)


def test_a_change_is_read_aloud_with_the_sums(widget: Locator) -> None:
    widget.get_by_role("button", name="Draw again").click()
    aloud = widget.locator("[aria-live=polite]")
    sums = ", ".join(row[-1] for row in cells(widget.locator(".dro-weights")))
    expect(aloud).to_contain_text(f"Draw 2, sums of the rows: {sums}.")


# --- the curve explorer ---------------------------------------------------------------------------


def test_the_table_reads_each_step_as_python_does(notebook: NotebookPage, curve: Locator) -> None:
    for step in (2999, 300, 0):
        notebook.python(f"curves.step = {step}")
        expect(said(curve)).to_contain_text(f"Step {step}. ")
        at = f"curves.layout_of['steps'].index({step})"
        expected = eval(notebook.python(f"print([c['columns'][{at}] + c['lasting'] for c in curves.curves])"))
        assert cells(curve.locator(".cur-table")) == expected
        label = curve.locator(".cur-picture canvas").get_attribute("aria-label")
        assert f"At step {step}: p = 0 training {expected[0][0]}, validation {expected[0][1]}; " in label
    assert cells(notebook.widget(OTHER).locator(".cur-table"))[0][3:] == ["1.498", "2250", "1.508"]


def test_the_step_is_moved_by_keyboard_and_the_notebook_stays(notebook: NotebookPage, curve: Locator) -> None:
    slider = curve.get_by_label(STEP)
    slider.focus()
    before = notebook.active_cell()
    picture = curve.locator(".cur-picture canvas").evaluate(PIXELS)
    for key in ["ArrowLeft"] * 5 + ["j", "d", "d"]:
        notebook.page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuetext", "2500")
    expect(said(curve)).to_contain_text("Step 2500. p = 0: gap ")
    drawn_anew(curve.locator(".cur-picture canvas"), picture)
    assert notebook.active_cell() == before
    assert len(notebook.cells()) == len(CELLS)
    notebook.python_comes_to("curves.step", 2500)
    notebook.page.keyboard.press("Home")
    notebook.python_comes_to("curves.step", 0)


def test_the_step_is_moved_by_mouse_and_the_keys_go_on_from_there(
    notebook: NotebookPage, curve: Locator
) -> None:
    canvas = curve.locator(".cur-picture canvas")
    canvas.scroll_into_view_if_needed()
    box, mouse = canvas.bounding_box(), notebook.page.mouse
    middle = box["y"] + box["height"] / 2

    def place(step: int) -> float:
        return box["x"] + 42 + (box["width"] - 42 - 14) * step / 2999

    mouse.move(place(2000), middle)
    expect(said(curve)).to_contain_text("Step 2999. ")  # only to pass over it reads nothing
    mouse.down()
    expect(said(curve)).to_contain_text("Step 2000. ")
    mouse.move(place(310), middle, steps=6)
    expect(said(curve)).to_contain_text("Step 300. p = 0: gap 0.260, validation 0.137 above its lowest")
    mouse.move(box["x"] - 40, middle)  # beyond the edge it stays at the first
    expect(said(curve)).to_contain_text("Step 0. ")
    mouse.up()
    notebook.page.keyboard.press("ArrowRight")
    expect(said(curve)).to_contain_text("Step 100. ")
    notebook.python_comes_to("curves.step", 100)


def test_variants_and_losses_are_ticked(notebook: NotebookPage, curve: Locator) -> None:
    canvas = curve.locator(".cur-picture canvas")
    pictures = {canvas.evaluate(PIXELS)}
    drawn = int(curve.get_attribute("data-drawn"))

    def next_picture() -> None:
        nonlocal drawn
        notebook.page.wait_for_function(
            "([root, drawn]) => root.dataset.drawn > drawn", arg=[curve.element_handle(), drawn]
        )
        drawn = int(curve.get_attribute("data-drawn"))
        pictures.add(canvas.evaluate(PIXELS))

    curve.get_by_label("p = 0", exact=True).uncheck()
    next_picture()
    assert len(cells(curve.locator(".cur-table"))) == 2
    expect(said(curve)).not_to_contain_text("p = 0:")
    notebook.python_comes_to("curves.variants", ["p = 0.2", "p = 0.5"])
    curve.get_by_label("training", exact=True).focus()
    notebook.page.keyboard.press("Space")
    next_picture()
    notebook.python_comes_to("curves.splits", ["val"])
    assert "Curves of validation loss." in canvas.get_attribute("aria-label")
    curve.get_by_label("p = 0", exact=True).check()
    next_picture()
    notebook.python_comes_to("curves.variants", ["p = 0", "p = 0.2", "p = 0.5"])
    for name in ("p = 0", "p = 0.2", "p = 0.5"):
        curve.get_by_label(name, exact=True).uncheck()
    expect(said(curve)).to_have_text("Tick a variant to see its curves.")
    next_picture()
    assert cells(curve.locator(".cur-table")) == []
    expect(canvas).to_have_attribute("aria-label", "An empty picture: tick a variant and a loss.")
    assert len(pictures) == 5


# --- both -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("window", "side_by_side"), [(1000, True), (800, False)])
def test_the_panels_stand_side_by_side_where_there_is_room(
    notebook: NotebookPage, window: int, side_by_side: bool
) -> None:
    with in_window(notebook, window):
        widget = notebook.widget(DROPOUT)
        left, right = (panel.bounding_box() for panel in widget.locator(".nano-panel").all())
        assert (left["y"] == right["y"]) == side_by_side
        curve = notebook.widget(CURVE)
        canvas, box = curve.locator(".cur-picture canvas"), curve.locator(".cur-picture")
        assert canvas.evaluate("(c) => c.clientWidth") == int(box.bounding_box()["width"])
        assert curve.locator(".cur-scroll").evaluate("(one) => one.scrollWidth <= one.clientWidth")


@pytest.mark.timed
def test_the_pictures_follow_the_hand(notebook: NotebookPage, widget: Locator, curve: Locator) -> None:
    of_dropout = {
        "p": set_input("input[type=range]", [10, 0, 5]),
        "draw again": "(root) => root.querySelector('button').click()",
    }
    of_curves = {
        "step": set_input("input[type=range]", [0, 30, 15]),
        "variant": "(root) => root.querySelector('input[type=checkbox]').click()",
    }
    times = best_times(notebook, widget, of_dropout) | best_times(notebook, curve, of_curves)
    assert max(times.values()) < SOON, times


def test_nothing_went_wrong_on_the_way(notebook: NotebookPage) -> None:
    """Last of this page, so that it looks back on all the others."""
    went_well(notebook)
