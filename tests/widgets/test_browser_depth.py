"""The depth explorer in a real browser: what it shows, mouse, keyboard, narrow windows, speed."""

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage, choose_next, set_input
from looks import best_times, hold_knob, in_window, page_of, said, went_well

pytestmark = pytest.mark.browser

SOON = 50  # milliseconds, of the median; a machine with nothing else to do takes 10 to 25
SETUP = """
from nanogpt_lib.widgets.depth_explorer import DepthExplorer, brief, depth_in_words
explorer = DepthExplorer()
explorer
"""
CELLS = [SETUP, "lost = DepthExplorer(24, False, 'gpt2', seed=2); lost"]
WIDGET, LOST = range(2)
PICTURES = "(root) => [...root.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL())"


opened = page_of(CELLS)


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """The same page for every test, with every choice where it was at first."""
    opened.python(
        "explorer.n_layer, explorer.residual, explorer.init, explorer.norm = 12, True, 'torch', False"
    )
    expect(said(opened.widgets.nth(WIDGET))).to_contain_text("goes from 1.0 to 4.6: it grows")
    return opened


@pytest.fixture
def widget(notebook: NotebookPage) -> Locator:
    return notebook.widget(WIDGET)


def table(widget: Locator) -> list[list[str]]:
    """The numbers of every layer, as text; the table is opened for it, and closed again."""
    summary = widget.get_by_text("The numbers of every layer")
    summary.click()
    expect(widget.locator("tbody tr").first).to_be_visible()
    rows = widget.locator("tbody tr:visible").all()
    found = [row.locator("td").all_inner_texts() for row in rows]
    summary.click()
    return found


def numbers_in_python(notebook: NotebookPage, name: str = "explorer") -> list[list[str]]:
    """What that table should show, asked of Python."""
    return eval(notebook.python(f"print([list(map(brief, place)) for place in zip(*{name}.state())])"))


@pytest.mark.parametrize(("index", "name"), [(WIDGET, "explorer"), (LOST, "lost")])
def test_what_is_seen_is_what_python_computed(notebook: NotebookPage, index: int, name: str) -> None:
    widget = notebook.widget(index)
    expect(said(widget)).to_have_text(notebook.python(f"print(depth_in_words({name}.state()), end='')"))
    numbers = numbers_in_python(notebook, name)
    assert table(widget) == numbers
    forwards, backwards = widget.locator("canvas").all()
    assert f"{numbers[-1][0]} at the output; between inputs {numbers[-1][1]}." in forwards.get_attribute(
        "aria-label"
    )
    assert f"{numbers[0][2]} at the input." in backwards.get_attribute("aria-label")
    expect(widget).to_contain_text(f"gradient; at the input {numbers[0][2]}")


def test_the_slider_is_turned_by_keyboard_and_the_notebook_stays(
    notebook: NotebookPage, widget: Locator
) -> None:
    slider = widget.get_by_label("layers", exact=True)
    slider.focus()
    before = notebook.active_cell()
    for key in ("ArrowRight", "ArrowUp", "j", "d", "d"):  # j and d d are JupyterLab's: next cell, delete cell
        notebook.page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuetext", "14")
    assert notebook.active_cell() == before
    assert len(notebook.cells()) == len(CELLS)
    notebook.python_comes_to("explorer.n_layer", 14)
    assert table(widget) == numbers_in_python(notebook)
    slider.focus()
    notebook.page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "1")
    notebook.python_comes_to("explorer.n_layer", 1)
    assert len(table(widget)) == 2
    assert "through 1 layer," in widget.locator("canvas").first.get_attribute("aria-label")


def test_the_slider_is_dragged_by_mouse(notebook: NotebookPage, widget: Locator) -> None:
    hold_knob(widget.get_by_label("layers", exact=True), 11 / 23, 1)  # it stands at 12, between 1 and 24
    expect(said(widget)).to_contain_text("goes from 1.0 to 68: it grows")
    notebook.page.mouse.up()
    notebook.python_comes_to("explorer.n_layer", 24)


def test_without_the_bypass_hardly_anything_reaches_layer_1(notebook: NotebookPage, widget: Locator) -> None:
    pictures = widget.evaluate(PICTURES)
    expect(widget.locator(".nano-sign")).to_have_text("arrives")
    widget.get_by_label("bypass").click()
    expect(said(widget)).to_contain_text("2.1e-5 reaches the input: layer 1 is hardly told what to change.")
    expect(widget.locator(".nano-sign")).to_have_text("fades")
    expect(widget.locator(".nano-light")).to_have_attribute("data-light", "fades")
    assert all(new != old for new, old in zip(widget.evaluate(PICTURES), pictures, strict=True))
    notebook.python_comes_to("explorer.residual", False)
    widget.get_by_label("norm before each layer").click()
    expect(said(widget)).to_contain_text("3.6 reaches the input: layer 1 is told what to change.")
    notebook.python_comes_to("explorer.norm", True)
    assert table(widget) == numbers_in_python(notebook)


def test_the_menu_and_the_boxes_are_turned_by_keyboard(notebook: NotebookPage, widget: Locator) -> None:
    widget.get_by_label("weights start as").focus()
    notebook.page.keyboard.press("ArrowDown")
    expect(said(widget)).to_contain_text("goes from 1.0 to 1.1: it keeps its size")
    notebook.python_comes_to("explorer.init", "small")
    notebook.page.keyboard.press("End")
    notebook.python_comes_to("explorer.init", "he")
    expect(widget.locator(".nano-sign")).to_have_text("swells")
    widget.get_by_label("bypass").focus()
    notebook.page.keyboard.press("Space")
    notebook.python_comes_to("explorer.residual", False)
    expect(widget.locator(".nano-sign")).to_have_text("arrives")
    assert table(widget) == numbers_in_python(notebook)


def test_an_open_table_follows_the_slider(notebook: NotebookPage, widget: Locator) -> None:
    summary = widget.get_by_text("The numbers of every layer")
    summary.focus()
    notebook.page.keyboard.press("Enter")
    notebook.python("explorer.n_layer, explorer.residual = 3, False")
    expect(widget.locator("tbody tr:visible")).to_have_count(4)
    found = [row.locator("td").all_inner_texts() for row in widget.locator("tbody tr:visible").all()]
    assert found == numbers_in_python(notebook)
    summary.click()


@pytest.mark.parametrize(("window", "side_by_side"), [(1000, True), (800, False)])
def test_the_panels_stand_side_by_side_where_there_is_room(
    notebook: NotebookPage, window: int, side_by_side: bool
) -> None:
    with in_window(notebook, window):
        widget = notebook.widget(WIDGET)
        left, right = (panel.bounding_box() for panel in widget.locator(".nano-panel").all())
        assert (left["y"] == right["y"]) == side_by_side
        assert widget.locator("canvas").first.evaluate("(c) => c.clientWidth") == int(left["width"])


@pytest.mark.timed
def test_the_pictures_follow_the_hand(notebook: NotebookPage, widget: Locator) -> None:
    inputs = {
        "layers": set_input("input[type=range]", [24, 1, 12]),
        "bypass": "(root) => root.querySelector('input[type=checkbox]').click()",
        "start": choose_next(),
    }
    times = best_times(notebook, widget, inputs)
    assert max(times.values()) < SOON, times


def test_nothing_went_wrong_on_the_way(notebook: NotebookPage) -> None:
    """Last of this page, so that it looks back on all the others."""
    went_well(notebook)
