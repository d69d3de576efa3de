"""The depth explorer in a real browser: mouse, keyboard, Python, both themes, narrow windows, speed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from browser import VIEW, NotebookPage, open_notebook, set_input
from test_browser_attention import CONTRAST, PIXELS
from test_browser_scaling import OVERLAPS, STICKS_OUT

pytestmark = pytest.mark.browser

SOON = 50  # milliseconds, of the median; a machine with nothing else to do takes 10 to 25
SETUP = """
from nanogpt_lib.widgets.depth_explorer import DepthExplorer, brief, depth_in_words
explorer = DepthExplorer()
explorer
"""
CELLS = [SETUP, "explorer", "lost = DepthExplorer(24, False, 'gpt2', seed=2); lost"]
WIDGET, AGAIN, LOST = range(3)
PICTURES = "(root) => [...root.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL())"


@pytest.fixture(scope="module")
def opened() -> Iterator[NotebookPage]:
    with open_notebook(CELLS) as notebook:
        assert notebook.errors() == []
        yield notebook


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


def said(widget: Locator) -> Locator:
    """The sentences that are seen."""
    return widget.locator(".nano-said")


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


def test_all_three_are_there_without_errors_and_nothing_was_fetched(notebook: NotebookPage) -> None:
    expect(notebook.widgets).to_have_count(3)
    assert notebook.errors() == []
    assert notebook.console == []
    assert notebook.outside == []


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
    cell = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    slider = widget.get_by_label("layers", exact=True)
    slider.focus()
    before = notebook.page.evaluate(cell)
    for key in ("ArrowRight", "ArrowUp", "j", "d", "d"):  # j and d d are JupyterLab's: next cell, delete cell
        notebook.page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuetext", "14")
    assert notebook.page.evaluate(cell) == before
    assert len(notebook.cells()) == len(CELLS)
    notebook.python_comes_to("explorer.n_layer", 14)
    assert table(widget) == numbers_in_python(notebook)
    slider.focus()
    notebook.page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "1")
    notebook.python_comes_to("explorer.n_layer", 1)
    assert len(table(widget)) == 2
    assert "through 1 layer," in widget.locator("canvas").first.get_attribute("aria-label")


def test_a_held_key_arrives_whole(notebook: NotebookPage, widget: Locator) -> None:
    widget.get_by_label("layers", exact=True).focus()
    for key in ["Home"] + ["ArrowRight"] * 20 + ["ArrowLeft"] * 5:
        notebook.page.keyboard.press(key)
    notebook.python_comes_to("explorer.n_layer", 16)
    expect(widget.get_by_label("layers", exact=True)).to_have_attribute("aria-valuetext", "16")


def test_the_slider_is_dragged_by_mouse(notebook: NotebookPage, widget: Locator) -> None:
    box = widget.get_by_label("layers", exact=True).bounding_box()
    middle = box["y"] + box["height"] / 2
    mouse = notebook.page.mouse
    mouse.move(box["x"] + 8 + (box["width"] - 16) * 11 / 23, middle)  # on the knob, which stands at 12
    mouse.down()
    mouse.move(box["x"] + 8 + (box["width"] - 16), middle, steps=4)
    expect(said(widget)).to_contain_text("goes from 1.0 to 68: it grows")
    mouse.up()
    notebook.python_comes_to("explorer.n_layer", 24)


def test_without_the_bypass_hardly_anything_reaches_layer_1(notebook: NotebookPage, widget: Locator) -> None:
    pictures = widget.evaluate(PICTURES)
    expect(widget.locator(".dep-sign")).to_have_text("arrives")
    widget.get_by_label("bypass").click()
    expect(said(widget)).to_contain_text("2.1e-5 reaches the input: layer 1 is hardly told what to change.")
    expect(widget.locator(".dep-sign")).to_have_text("fades")
    expect(widget).to_have_attribute("data-light", "fades")
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
    expect(widget.locator(".dep-sign")).to_have_text("swells")
    widget.get_by_label("bypass").focus()
    notebook.page.keyboard.press("Space")
    notebook.python_comes_to("explorer.residual", False)
    expect(widget.locator(".dep-sign")).to_have_text("arrives")
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


def test_python_turns_the_widget_and_both_views_follow(notebook: NotebookPage, widget: Locator) -> None:
    notebook.python("explorer.n_layer, explorer.residual, explorer.init = 24, False, 'he'")
    for index in (WIDGET, AGAIN):
        view = notebook.widget(index)
        expect(said(view)).to_contain_text("Between different inputs it is 0.24. ")
        expect(view.get_by_label("layers", exact=True)).to_have_value("24")
        expect(view.get_by_label("weights start as")).to_have_value("he")
        expect(view.get_by_label("bypass")).not_to_be_checked()
    view.get_by_label("weights start as").select_option("torch")
    expect(said(widget)).to_contain_text("whatever comes in, nearly the same comes out")


def test_every_control_has_a_name_and_shows_where_the_keyboard_is(
    notebook: NotebookPage, widget: Locator
) -> None:
    controls = widget.locator("input, select, button")
    assert controls.count() == 4
    notebook.page.keyboard.press("Tab")  # the keyboard's ring shows only after a key
    names = ("layers", "bypass", "norm before each layer", "weights start as")
    for control, name in zip(controls.all(), names, strict=True):
        expect(control).to_have_accessible_name(name)
        control.focus()
        assert control.evaluate("(c) => parseFloat(getComputedStyle(c).outlineWidth)") >= 2
    expect(widget.get_by_role("img")).to_have_count(2)


def test_a_change_is_read_aloud(widget: Locator) -> None:
    widget.get_by_label("bypass").click()
    expect(widget.locator("[aria-live=polite]")).to_contain_text("2.1e-5 reaches the input")


def test_both_themes_can_be_read(notebook: NotebookPage, widget: Locator) -> None:
    seen = {}
    notebook.python("explorer.residual = False")
    widget.get_by_text("The numbers of every layer").click()
    try:
        for theme in ("dark", "light"):
            drawn = int(widget.get_attribute("data-drawn"))
            if theme != notebook.theme:
                notebook.set_theme(theme)
                notebook.page.wait_for_function(
                    "(drawn) => document.querySelector('.nano-widget').dataset.drawn > drawn", arg=drawn
                )
            for parts in (
                "label",
                ".nano-said, .dep-sign",
                "th, td, summary",
                ".dep-key, .dep-hint, .dep-title",
            ):
                ratio = widget.evaluate(CONTRAST, parts)
                assert ratio >= 4.5, f"{parts}, {theme}: contrast {ratio:.2f}"
            seen[theme] = widget.locator("canvas").first.evaluate(PIXELS)
            notebook.screenshot(f"depth_{theme}", widget)
    finally:
        widget.get_by_text("The numbers of every layer").click()
        if notebook.theme != "light":
            notebook.set_theme("light")
    assert seen["dark"] != seen["light"], "the picture kept the other theme's ink"


@pytest.mark.parametrize(("window", "side_by_side"), [(1280, True), (1000, True), (800, False), (480, False)])
def test_nothing_sticks_out_or_overlaps(notebook: NotebookPage, window: int, side_by_side: bool) -> None:
    """Without JupyterLab's own side bar, so that a window of 800 pixels leaves the widget about 620."""
    widget, page = notebook.widget(WIDGET), notebook.page
    notebook.python("explorer.n_layer, explorer.residual, explorer.init = 24, False, 'small'")
    page.set_viewport_size({**VIEW, "width": window})
    notebook.command("application:toggle-left-area")
    try:
        expect(said(widget)).to_contain_text("less than 1e-12")
        notebook.settle()
        width = widget.evaluate("(root) => root.clientWidth")
        assert widget.evaluate(STICKS_OUT) <= 0, width
        assert widget.evaluate(OVERLAPS) == [], width
        left, right = (panel.bounding_box() for panel in widget.locator(".dep-panel").all())
        assert (left["y"] == right["y"]) == side_by_side, width
        assert widget.locator("canvas").first.evaluate("(c) => c.clientWidth") == int(left["width"])
    finally:
        notebook.command("application:toggle-left-area")
        page.set_viewport_size(VIEW)
        notebook.settle()


def test_the_pictures_follow_the_hand(notebook: NotebookPage, widget: Locator) -> None:
    chosen = """(root, i) => {
      const menu = root.querySelector("select");
      menu.selectedIndex = (menu.selectedIndex + 1) % menu.length;
      menu.dispatchEvent(new Event("change", {bubbles: true}));
    }"""
    inputs = {
        "layers": set_input("input[type=range]", [24, 1, 12]),
        "bypass": "(root) => root.querySelector('input[type=checkbox]').click()",
        "start": chosen,
    }
    # The better of two medians each: what else the machine does is not the widget's.
    times = {what: min(notebook.latency(act, widget) for _ in range(2)) for what, act in inputs.items()}
    # The last choice is told to Python a moment later, and must not come after what the next test sets.
    notebook.python_comes_to("explorer.init", widget.get_by_label("weights start as").input_value())
    print({what: f"{time:.0f} ms" for what, time in times.items()})
    assert max(times.values()) < SOON, times


def test_nothing_went_wrong_on_the_way(notebook: NotebookPage) -> None:
    """Last of this page, so that it looks back on all the others."""
    assert notebook.errors() == []
    assert notebook.console == []
    assert notebook.outside == []


def test_without_python_every_choice_still_answers() -> None:
    with open_notebook([SETUP]) as notebook:
        widget = notebook.widget()
        notebook.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        notebook.page.wait_for_timeout(500)
        widget.get_by_label("layers", exact=True).focus()
        notebook.page.keyboard.press("End")
        expect(said(widget)).to_contain_text("35 reaches the input")
        widget.get_by_label("bypass").click()
        expect(said(widget)).to_contain_text("4.0e-10 reaches the input")
        widget.get_by_label("weights start as").select_option("he")
        expect(said(widget)).to_contain_text("0.70 reaches the input")
