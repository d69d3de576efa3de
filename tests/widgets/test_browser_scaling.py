"""The scaling explorer in a real browser: what it shows, mouse, keyboard, narrow windows, speed."""

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage, choose_next, set_input
from looks import (
    PIXELS,
    best_times,
    drawn_anew,
    hold_knob,
    in_window,
    page_of,
    said,
    went_well,
)

pytestmark = pytest.mark.browser

SOON = 50  # milliseconds, of the median; a machine with nothing else to do takes 10 to 25
SETUP = """
from nanogpt_lib.kit.widget import amount
from nanogpt_lib.widgets.scaling_explorer import ScalingExplorer, scaling_in_words
explorer = ScalingExplorer()
explorer
"""
CELLS = [SETUP, "cold = ScalingExplorer(256, 'none', query=3, seed=2); cold"]
WIDGET, COLD = range(2)

opened = page_of(CELLS)


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """The same page for every test, with every choice where it was at first."""
    opened.python("explorer.head_size, explorer.divisor, explorer.query = 64, 'root of head_size', 0")
    expect(said(opened.widgets.nth(WIDGET))).to_contain_text("Divided by 8, ")
    expect(opened.widgets.nth(WIDGET)).to_contain_text("One example: query 0")
    return opened


@pytest.fixture
def widget(notebook: NotebookPage) -> Locator:
    return notebook.widget(WIDGET)


def row(widget: Locator, name: str) -> list[str]:
    """The cells of the row that begins so, as text."""
    line = widget.get_by_role("row").filter(has=widget.page.get_by_role("rowheader", name=name))
    return [text for text in line.first.locator("td").all_inner_texts() if text]


def numbers_in_python(notebook: NotebookPage, name: str = "explorer") -> list[list[str]]:
    """What the widget's table should show, asked of Python: of each measure all queries, the example."""
    return eval(
        notebook.python(
            f"s, q = {name}.state(), {name}.query\n"
            "own = [amount(value) for value in s.row_measures[q]]\n"
            "fields = ('largest', 'entropy', 'sensitivity', 'gradient_median', 'gradient_mean')\n"
            "print([[amount(getattr(s, field)), *own[at : at + 1]] for at, field in enumerate(fields)])"
        )
    )


def numbers_on_the_page(widget: Locator) -> list[list[str]]:
    names = ("largest weight", "entropy in nats", "sum of p(1 − p)", "query, median", "query, mean")
    return [row(widget, name) for name in names]


@pytest.mark.parametrize(("index", "name"), [(WIDGET, "explorer"), (COLD, "cold")])
def test_what_is_seen_is_what_python_computed(notebook: NotebookPage, index: int, name: str) -> None:
    widget = notebook.widget(index)
    expect(said(widget)).to_have_text(notebook.python(f"print(scaling_in_words({name}.state()), end='')"))
    assert numbers_on_the_page(widget) == numbers_in_python(notebook, name)
    weights = eval(
        notebook.python(f"print([amount(w) for w in {name}.state().weights[{name}.query].tolist()])")
    )
    assert [row(widget, f"key {key}")[-1] for key in range(8)] == weights
    spread = notebook.python(f"print(amount({name}.state().spread), end='')")
    assert f"spread {spread}, " in widget.locator("canvas").get_attribute("aria-label")


def test_the_slider_is_turned_by_keyboard_and_the_notebook_stays(
    notebook: NotebookPage, widget: Locator
) -> None:
    slider = widget.get_by_label("head_size", exact=True)
    slider.focus()
    before = notebook.active_cell()
    for key in ("ArrowRight", "ArrowUp", "j", "d", "d"):  # j and d d are JupyterLab's: next cell, delete cell
        notebook.page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuetext", "256")
    expect(said(widget)).to_contain_text("Divided by 16, the scores have a spread of 0.998: undecided")
    assert notebook.active_cell() == before
    assert len(notebook.cells()) == len(CELLS)
    notebook.python_comes_to("explorer.head_size", 256)
    assert numbers_on_the_page(widget) == numbers_in_python(notebook)
    notebook.page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "1")
    notebook.python_comes_to("explorer.head_size", 1)


def test_the_slider_is_dragged_by_mouse(notebook: NotebookPage, widget: Locator) -> None:
    hold_knob(widget.get_by_label("head_size", exact=True), 6 / 8, 2 / 8)  # it stands at 64
    expect(said(widget)).to_contain_text("Divided by 2, ")
    notebook.page.mouse.up()
    notebook.python_comes_to("explorer.head_size", 4)


def test_without_scaling_one_key_takes_nearly_all(notebook: NotebookPage, widget: Locator) -> None:
    picture = widget.locator("canvas").evaluate(PIXELS)
    widget.get_by_label("scores divided by").select_option(label="1 (no scaling)")
    expect(said(widget)).to_contain_text("Divided by 1, the scores have a spread of 8.054: by chance")
    expect(widget.locator(".nano-sign")).to_have_text("> 1")
    expect(widget.locator(".nano-light")).to_have_attribute("data-light", "sharp")
    assert row(widget, "largest weight")[0] == "0.875"
    expect(widget).to_contain_text("Scores that enter the softmax (<0.1 % beyond ±32)")
    widths = widget.locator(".nano-panel .nano-fill").evaluate_all(
        "(bars) => bars.map((bar) => bar.clientWidth / bar.parentElement.clientWidth)"
    )
    weights = eval(notebook.python("print(explorer.state().weights[0].tolist())"))
    assert widths == pytest.approx(weights, abs=0.01)
    drawn_anew(widget.locator("canvas"), picture)
    notebook.python_comes_to("explorer.divisor", "none")


def test_the_menu_is_turned_by_keyboard(notebook: NotebookPage, widget: Locator) -> None:
    widget.get_by_label("scores divided by").focus()
    notebook.page.keyboard.press("ArrowDown")
    expect(said(widget)).to_contain_text("Divided by 16, the scores have a spread of 0.503: the weights are")
    expect(widget.locator(".nano-sign")).to_have_text("< 1")
    notebook.python_comes_to("explorer.divisor", "root of n_embd")
    notebook.page.keyboard.press("End")
    expect(said(widget)).to_contain_text("Divided by 4,096, ")
    notebook.python_comes_to("explorer.divisor", "head_size squared")
    assert numbers_on_the_page(widget) == numbers_in_python(notebook)


def test_draw_again_shows_other_keys_while_the_averages_stay(notebook: NotebookPage, widget: Locator) -> None:
    again = widget.get_by_role("button", name="Draw again")
    before, weights = numbers_on_the_page(widget), [row(widget, f"key {key}") for key in range(8)]
    picture = widget.locator("canvas").evaluate(PIXELS)
    again.click()
    expect(widget).to_contain_text("One example: query 1 and its 8 keys")
    expect(widget).to_contain_text("the 8 scores of query 1")
    notebook.python_comes_to("explorer.query", 1)
    after = numbers_on_the_page(widget)
    assert after == numbers_in_python(notebook)
    assert [pair[0] for pair in after] == [pair[0] for pair in before]
    assert [row(widget, f"key {key}") for key in range(8)] != weights
    drawn_anew(widget.locator("canvas"), picture)  # its scores are marked below the histogram
    again.focus()
    for _ in range(15):
        notebook.page.keyboard.press("Enter")
    expect(widget).to_contain_text("One example: query 0 and its 8 keys")
    assert numbers_on_the_page(widget) == before


def test_a_screen_reader_finds_the_picture_and_the_example(widget: Locator) -> None:
    expect(widget.get_by_role("img")).to_have_count(1)
    expect(widget.get_by_role("columnheader", name="query 0")).to_have_count(1)


def test_a_change_is_read_aloud_with_the_example(widget: Locator) -> None:
    widget.get_by_role("button", name="Draw again").click()
    aloud = widget.locator("[aria-live=polite]")
    expect(aloud).to_contain_text("the scores have a spread of 1.007")
    largest, entropy = (row(widget, name)[1] for name in ("largest weight", "entropy in nats"))
    expect(aloud).to_contain_text(f"Query 1: largest weight {largest}, entropy {entropy}.")


@pytest.mark.parametrize(("window", "side_by_side"), [(1000, True), (800, False)])
def test_the_panels_stand_side_by_side_where_there_is_room(
    notebook: NotebookPage, window: int, side_by_side: bool
) -> None:
    with in_window(notebook, window):
        widget = notebook.widget(WIDGET)
        left, right = (panel.bounding_box() for panel in widget.locator(".nano-panel").all())
        assert (left["y"] == right["y"]) == side_by_side
        assert widget.locator("canvas").evaluate("(c) => c.clientWidth") == int(left["width"])


@pytest.mark.timed
def test_the_pictures_follow_the_hand(notebook: NotebookPage, widget: Locator) -> None:
    inputs = {
        "head_size": set_input("input[type=range]", [8, 0, 4]),
        "divisor": choose_next(),
        "draw again": "(root) => root.querySelector('button').click()",
    }
    times = best_times(notebook, widget, inputs)
    assert max(times.values()) < SOON, times


def test_nothing_went_wrong_on_the_way(notebook: NotebookPage) -> None:
    """Last of this page, so that it looks back on all the others."""
    went_well(notebook)
