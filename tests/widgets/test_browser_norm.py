"""The norm explorer in a real browser: what it shows, mouse, keyboard, narrow windows, speed."""

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage, choose_next, press_key, set_input
from looks import (
    PIXELS,
    best_times,
    in_window,
    page_of,
    went_well,
)

pytestmark = pytest.mark.browser

SOON = 50  # milliseconds, of the median; a machine with nothing else to do takes 10 to 25
SETUP = """
from nanogpt_lib.kit.widget import number
from nanogpt_lib.widgets.norm_explorer import NormExplorer
explorer = NormExplorer()
explorer
"""
CELLS = [SETUP, "cold = NormExplorer('all', part='place', shift=-4, scale=-1.5); cold"]
WIDGET, COLD = range(2)
NONE_YET = "Change: none yet. Choose a position or a feature, then shift or scale it."


opened = page_of(CELLS)


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """The same page for every test, with every choice where it was at first."""
    opened.python(
        "explorer.axis, explorer.part, explorer.shift, explorer.scale = 'layer', 'position 0', 0, 1.0"
    )
    widget = opened.widgets.nth(WIDGET)
    expect(words(widget).nth(0)).to_contain_text("would not move")
    expect(words(widget).nth(2)).to_have_text(NONE_YET)
    cell(widget, 0).click()
    opened.page.mouse.move(2, 2)
    expect(said(widget)).to_contain_text("t of block 0, vowel: 0 ")
    return opened


@pytest.fixture
def widget(notebook: NotebookPage) -> Locator:
    return notebook.widget(WIDGET)


def words(widget: Locator) -> Locator:
    """The three sentences: of time, of the batch, of the change."""
    return widget.locator(".nano-light span:last-child, .nrm-change")


def said(widget: Locator) -> Locator:
    """The sentence about one cell."""
    return widget.locator(".nano-said")


def cell(widget: Locator, at: int, table: int = 0) -> Locator:
    return widget.locator(f"[data-at='{at}']").nth(table)


def outlined(widget: Locator, table: int = 0) -> list[int]:
    """The cells of the group that is shown, in one of the two tables."""
    cells = widget.locator("table").nth(table).locator("td.nrm-in")
    return [int(one.get_attribute("data-at")) for one in cells.all()]


def on_the_page(widget: Locator) -> list:
    tables = [widget.locator("table").nth(at).locator("td[data-at]").all_inner_texts() for at in (0, 1)]
    return [
        *tables,
        widget.locator(".nrm-groups tbody td").all_inner_texts(),
        words(widget).all_inner_texts(),
    ]


def in_python(notebook: NotebookPage, name: str) -> list:
    return eval(
        notebook.python(
            f"s = {name}.state()\n"
            "shown = [[number(v, 2) for v in table.ravel()] for table in (s.normalised, s.statistics)]\n"
            "before = [f'{v:g}'.replace('-', '−') for v in s.x.ravel()]\n"
            "print([before, *shown, list(s.words)])"
        )
    )


@pytest.mark.parametrize(("index", "name"), [(WIDGET, "explorer"), (COLD, "cold")])
def test_what_is_seen_is_what_python_computed(notebook: NotebookPage, index: int, name: str) -> None:
    assert on_the_page(notebook.widget(index)) == in_python(notebook, name)


@pytest.mark.parametrize(
    ("axis", "time", "batch"),
    [("layer", None, None), ("batch", "0.50", "1.11"), ("sequence", "0.95", None), ("all", "0.63", "1.29")],
)
def test_the_menu_of_axes_turns_the_lights(
    notebook: NotebookPage, widget: Locator, axis: str, time: str | None, batch: str | None
) -> None:
    widget.get_by_label("Average over").select_option(axis)
    notebook.python_comes_to("explorer.axis", axis)
    for at, moved in enumerate((time, batch)):
        light = widget.locator(".nano-light").nth(at)
        expect(light).to_have_attribute("data-light", "leak" if moved else "closed")
        expect(light.locator(".nano-sign")).to_have_text("✗" if moved else "✓")
        expect(light).to_contain_text(f"would move by {moved}: it sees" if moved else "would not move")
    assert on_the_page(widget) == in_python(notebook, "explorer")


@pytest.mark.parametrize(
    ("axis", "group"),
    [
        ("layer", [3, 4, 5]),
        ("batch", [2, 5, 8, 11, 14, 17, 20, 23]),
        ("sequence", list(range(12))),
        ("all", list(range(24))),
    ],
)
def test_a_cell_that_is_pointed_at_shows_which_others_share_its_mean(
    notebook: NotebookPage, widget: Locator, axis: str, group: list[int]
) -> None:
    notebook.python(f"explorer.axis = {axis!r}")
    for table in (0, 1):
        notebook.page.mouse.move(2, 2)
        expect(said(widget)).to_contain_text("t of block 0, vowel")
        pictures = [canvas.evaluate(PIXELS) for canvas in widget.locator("canvas").all()]
        cell(widget, 5, table).hover()  # o of block 0, place
        expect(said(widget)).to_contain_text(f"with {len(group) - 1} other numbers")
        assert outlined(widget, 0) == outlined(widget, 1) == group
        if axis in ("layer", "batch"):  # else the group is that of the cell before
            assert [c.evaluate(PIXELS) for c in widget.locator("canvas").all()] != pictures
    assert len(widget.locator(".nrm-groups tr.nrm-in").all()) == 1


def test_the_arrow_keys_go_from_cell_to_cell_and_the_notebook_stays(
    notebook: NotebookPage, widget: Locator
) -> None:
    cell(widget, 0).focus()
    before = notebook.active_cell()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "j", "d", "d"):
        notebook.page.keyboard.press(key)
    expect(cell(widget, 5)).to_be_focused()
    expect(said(widget)).to_contain_text("o of block 0, place: 15 becomes 1.41.")
    assert outlined(widget) == [3, 4, 5]
    notebook.page.keyboard.press("PageDown")
    notebook.page.keyboard.press("Home")
    expect(cell(widget, 21)).to_be_focused()
    assert outlined(widget) == [21, 22, 23]
    selected = widget.locator("[aria-selected=true]").all()
    assert [int(one.get_attribute("data-at")) for one in selected] == [21, 22, 23]
    assert widget.locator("td[tabindex='0']").count() == 1
    assert notebook.active_cell() == before
    assert len(notebook.cells()) == len(CELLS)


def test_layer_erases_a_change_of_a_position_and_batch_one_of_a_feature(
    notebook: NotebookPage, widget: Locator
) -> None:
    normalised = on_the_page(widget)[1]
    widget.get_by_label("shift").focus()
    for _ in range(5):
        notebook.page.keyboard.press("ArrowRight")
    widget.get_by_label("scale").focus()
    for _ in range(4):
        notebook.page.keyboard.press("ArrowUp")
    expect(words(widget).nth(2)).to_contain_text("Change: t of block 0 times 3, plus 5. After the norm it")
    expect(words(widget).nth(2)).to_contain_text("The norm erases the change, but for its ε.")
    notebook.python_comes_to("(explorer.shift, explorer.scale)", (5, 3.0))
    before, after, *_ = on_the_page(widget)
    assert before[:3] == ["5", "8", "65"]
    assert after == normalised
    widget.get_by_label("Change").select_option("vowel")
    expect(words(widget).nth(2)).to_contain_text(
        "vowel times 3, plus 5. After the norm it moves by up to 2.60"
    )
    assert on_the_page(widget)[1] != normalised
    assert widget.locator("table").nth(1).locator("td.nrm-moved").count() > 8
    widget.get_by_label("Average over").select_option("batch")
    expect(words(widget).nth(2)).to_contain_text("the rest stays as it was. The norm erases the change")
    assert widget.locator("table").nth(1).locator("td.nrm-moved").count() == 0
    assert on_the_page(widget) == in_python(notebook, "explorer")


def test_a_leak_that_only_the_change_hides_is_no_clean_bill(notebook: NotebookPage, widget: Locator) -> None:
    notebook.python("explorer.axis, explorer.part, explorer.scale = 'batch', 'place', 0.0")
    light = widget.locator(".nano-light").first
    expect(light).to_have_attribute("data-light", "hidden")
    expect(light.locator(".nano-sign")).to_have_text("!")
    expect(light).to_contain_text("would not move, but only since your change hides it: it sees its future")


def test_undo_takes_the_change_back(notebook: NotebookPage, widget: Locator) -> None:
    first = on_the_page(widget)
    notebook.python("explorer.shift, explorer.scale = -7, -2.5")
    expect(words(widget).nth(2)).to_contain_text("times −2.5, minus 7")
    widget.get_by_role("button", name="Undo the change").click()
    expect(words(widget).nth(2)).to_have_text(NONE_YET)
    notebook.python_comes_to("(explorer.shift, explorer.scale)", (0, 1.0))
    assert on_the_page(widget) == first


def test_a_screen_reader_finds_the_tables_and_the_pictures(widget: Locator) -> None:
    expect(widget.get_by_role("grid")).to_have_count(1)
    expect(widget.get_by_role("img")).to_have_count(2)
    expect(widget.get_by_role("rowheader", name="space of block 1")).to_have_count(3)


def test_a_change_is_read_aloud_with_the_lights(widget: Locator) -> None:
    widget.get_by_label("Average over").select_option("batch")
    aloud = widget.locator("[aria-live=polite]")
    expect(aloud).to_contain_text("would move by 0.50: it sees its future.")
    expect(aloud).to_contain_text("with 7 other numbers (outlined: vowel).")


@pytest.mark.parametrize(("window", "side_by_side"), [(800, True), (480, False)])
def test_the_panels_stand_side_by_side_where_there_is_room(
    notebook: NotebookPage, window: int, side_by_side: bool
) -> None:
    with in_window(notebook, window):
        widget = notebook.widget(WIDGET)
        left, right, _ = (panel.bounding_box() for panel in widget.locator(".nrm-panel").all())
        assert (left["y"] == right["y"]) == side_by_side


def test_nothing_jumps_while_a_slider_is_dragged_or_a_cell_pointed_at(
    notebook: NotebookPage, widget: Locator
) -> None:
    height = "(root) => root.clientHeight"
    heights = set()
    for axis in ("layer", "all", "sequence"):
        notebook.python(f"explorer.axis = {axis!r}")
        expect(widget.get_by_label("Average over")).to_have_value(axis)
        for at in (0, 23):
            cell(widget, at).hover()
            heights.add(widget.evaluate(height))
    for shift in ("-10", "0", "7"):
        widget.get_by_label("shift").fill(shift)
        heights.add(widget.evaluate(height))
    notebook.python_comes_to("explorer.shift", 7)  # or it would come after the next test's beginning
    assert len(heights) == 1, heights


@pytest.mark.timed
def test_the_pictures_follow_the_hand(notebook: NotebookPage, widget: Locator) -> None:
    inputs = {
        "part": choose_next(1),
        "scale": set_input("input[type=range]", [2, -1, 0.5]),
        "axis": choose_next(),
        "cell": press_key("[tabindex='0']", ["ArrowDown", "ArrowUp"]),
    }
    times = best_times(notebook, widget, inputs)
    assert max(times.values()) < SOON, times


def test_nothing_went_wrong_on_the_way(notebook: NotebookPage) -> None:
    """Last of this page, so that it looks back on all the others."""
    went_well(notebook)
