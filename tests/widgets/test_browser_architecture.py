"""The architecture explorer in a real browser: mouse, keyboard, Python, themes, narrow windows, speed."""

import re

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage, set_input
from looks import (
    best_times,
    fits,
    hold_knob,
    in_window,
    page_of,
    said,
    went_well,
)

pytestmark = pytest.mark.browser

LATE = 200  # milliseconds, of the median, that no machine may take
SETUP = """
from nanogpt_lib.model import GPTConfig
from nanogpt_lib.widgets.architecture_explorer import LECTURE, ArchitectureExplorer
explorer = ArchitectureExplorer(LECTURE, batch_size=64)
explorer
"""
OWN = """
config = GPTConfig(vocab_size=70, block_size=20, n_embd=30, n_head=5, n_layer=7, norm="post")
own = ArchitectureExplorer(config, batch_size=3)
own
"""
CELLS = [SETUP, OWN]
WIDGET, OWN_ONE = range(2)
START = "explorer.set_trait('pinned', {}); [explorer.set_trait(*one) for one in start.items()]"
SLIDERS = ["n_layer", "n_head", "n_embd (C)", "block_size (T)", "vocab_size (V)", "batch_size (B)"]
PRESETS = ["baseline", "longer", "wider", "deep", "ours", "the lecture's", "GPT-2 small"]
LISTS = ["Parameters to learn:", "Operations of a training step:", "Memory of a training step:"]
ROWS = """(list) => [...list.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility()).map((row) =>
  [...row.querySelectorAll("th > span, td")].filter((cell) => cell.checkVisibility())
    .map((cell) => cell.textContent))"""

opened = page_of(CELLS)


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """The same page for every test, with every choice where it was at first."""
    opened.python(
        "start = dict(n_layer=6, n_head=6, n_embd=384, block_size=256, vocab_size=65, batch_size=64, "
        f"attention='heads', dropout=0.0); {START}"
    )
    expect(said(opened.widgets.nth(WIDGET))).to_have_text(
        "10,788,929 parameters to learn; 1.16 TFLOP to compute and 2.65 GB to keep in a training step."
    )
    return opened


@pytest.fixture
def widget(notebook: NotebookPage) -> Locator:
    return notebook.widget(WIDGET)


def slider(widget: Locator, name: str) -> Locator:
    return widget.get_by_label(name, exact=True)


def tables(widget: Locator) -> list[list[list[str]]]:
    """The visible cells of the three lists, without their heads."""
    return [widget.get_by_role("region", name=name).evaluate(ROWS) for name in LISTS]


def tables_in_python(notebook: NotebookPage, name: str = "explorer") -> list[list[list[str]]]:
    """What they should show, asked of Python: the still picture's tables, which it also writes."""
    html = notebook.python(f"print({name}.static_html(), end='')")
    found = []
    for table in re.findall(r"<tbody>(.*?)</tbody>", html):
        rows = re.findall(
            r'<th scope="row">(.*?)</th>(.*?)</tr>', table.replace("&#x27;", "'").replace("&lt;", "<")
        )
        found.append([[part, *re.findall("<td>(.*?)</td>", cells)] for part, cells in rows if part != "all"])
    return found


def all_said_in_python(notebook: NotebookPage, name: str = "explorer") -> str:
    return notebook.python(f"print({name}._said(), end='')")


@pytest.mark.parametrize(("index", "name"), [(WIDGET, "explorer"), (OWN_ONE, "own")])
def test_what_is_seen_is_what_python_counts(notebook: NotebookPage, index: int, name: str) -> None:
    widget = notebook.widget(index)
    expect(said(widget)).to_have_text(all_said_in_python(notebook, name))
    found = tables(widget)
    assert found == tables_in_python(notebook, name)
    assert [len(rows) for rows in found] == [7, 6, 7]
    expect(widget.get_by_role("columnheader", name="share")).to_have_count(3)


def test_the_slider_is_turned_by_keyboard_and_the_notebook_stays(
    notebook: NotebookPage, widget: Locator
) -> None:
    width = slider(widget, "n_embd (C)")
    width.focus()
    before = notebook.active_cell()
    for key in ("ArrowRight", "ArrowUp", "j", "d", "d"):  # j and d d are JupyterLab's: next cell, delete cell
        notebook.page.keyboard.press(key)
    expect(width).to_have_attribute("aria-valuetext", "768")
    assert notebook.active_cell() == before
    assert len(notebook.cells()) == len(CELLS)
    notebook.python_comes_to("explorer.n_embd", 768)
    assert tables(widget) == tables_in_python(notebook)


def test_the_slider_is_dragged_by_mouse(notebook: NotebookPage, widget: Locator) -> None:
    hold_knob(slider(widget, "batch_size (B)"), 6 / 9, 1)  # it stands at 64, the seventh of ten
    expect(said(widget)).to_contain_text("10,788,929 parameters to learn; 9.30 TFLOP to compute and 20.0 GB")
    notebook.page.mouse.up()
    notebook.python_comes_to("explorer.batch_size", 512)


@pytest.mark.parametrize("at", range(len(PRESETS)), ids=PRESETS)
def test_one_click_sets_a_ready_made_setting(notebook: NotebookPage, widget: Locator, at: int) -> None:
    other = widget.get_by_role("button", name=PRESETS[at - 1], exact=True)
    other.click()
    pick = widget.get_by_role("button", name=PRESETS[at], exact=True)
    pick.click()
    expect(pick).to_have_attribute("aria-pressed", "true")
    expect(widget.locator(".arc-known")).to_contain_text(f"{PRESETS[at]}: ")
    expected = notebook.python(f"print(explorer.layout_of['presets'][{at}][1], end='')")
    notebook.python_comes_to("explorer.settings()", eval(expected))
    expect(said(widget)).to_have_text(all_said_in_python(notebook))
    assert tables(widget) == tables_in_python(notebook)


def test_gpt2_small_says_why_its_number_is_another(widget: Locator) -> None:
    widget.get_by_role("button", name="GPT-2 small").click()
    expect(said(widget)).to_contain_text("163,059,793 parameters to learn")
    expect(widget.locator(".arc-known")).to_contain_text("124,439,808 parameters")
    expect(widget.locator(".arc-known")).to_contain_text("weight tying")


def test_a_setting_of_ones_own_has_no_ready_made_name(widget: Locator) -> None:
    expect(widget.locator("[aria-pressed=true]")).to_have_count(1)
    slider(widget, "n_layer").press("ArrowRight")
    expect(widget.locator("[aria-pressed=true]")).to_have_count(0)
    expect(widget.locator(".arc-known")).to_have_text("A setting of your own.")


def test_dropout_and_fused_attention_change_the_maps_alone(notebook: NotebookPage, widget: Locator) -> None:
    def maps() -> list[str]:
        return tables(widget)[2][3][:2]

    assert maps() == ["attention maps", "604 MB"]
    widget.get_by_label("dropout").click()
    expect(widget).to_contain_text("1.81 GB")
    notebook.python_comes_to("explorer.dropout", 0.2)
    assert maps() == ["attention maps", "1.81 GB"]
    widget.get_by_label("dropout").click()
    widget.get_by_label("fused").click()
    notebook.python_comes_to("explorer.attention", "fused")
    assert maps() == ["attention maps", "0 B"]
    assert tables(widget) == tables_in_python(notebook)


def test_a_width_that_cannot_be_split_is_refused_with_its_remedy(
    notebook: NotebookPage, widget: Locator
) -> None:
    slider(widget, "n_head").focus()
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.keyboard.press("End")
    slider(widget, "n_embd (C)").focus()
    notebook.page.keyboard.press("Home")
    notebook.python_comes_to("(explorer.n_head, explorer.n_embd)", (24, 16))
    expect(said(widget)).to_have_text(
        "Expected n_embd to split into n_head equal heads, got n_embd=16, n_head=24 (16 % 24 = 16). "
        "Choose n_embd=24."
    )
    assert said(widget).inner_text() == all_said_in_python(notebook)
    expect(widget.locator(".arc-lists")).not_to_be_visible()
    expect(widget.get_by_role("button", name="Keep this one to compare")).to_be_disabled()
    assert widget.locator(".arc-mend button:visible").all_inner_texts() == ["n_embd = 24"]
    widget.get_by_role("button", name="n_embd = 24").focus()
    notebook.page.keyboard.press("Enter")
    notebook.python_comes_to("explorer.n_embd", 24)
    expect(slider(widget, "n_embd (C)")).to_be_focused()
    expect(slider(widget, "n_embd (C)")).to_have_attribute("aria-valuetext", "24")
    expect(widget.locator(".arc-lists")).to_be_visible()
    assert tables(widget) == tables_in_python(notebook)


def test_two_widths_are_offered_where_two_are_near(notebook: NotebookPage, widget: Locator) -> None:
    notebook.python("explorer.n_head = 5")
    expect(said(widget)).to_contain_text("got n_embd=384, n_head=5 (384 % 5 = 4). Choose n_embd=380 or 385.")
    widget.get_by_role("button", name="n_embd = 385").click()
    notebook.python_comes_to("explorer.n_embd", 385)
    expect(slider(widget, "n_head")).to_have_attribute("aria-valuetext", "5")
    slider(widget, "n_embd (C)").press("ArrowRight")  # to the next of the usual stops
    notebook.python_comes_to("explorer.n_embd", 512)
    slider(widget, "n_embd (C)").press("ArrowLeft")  # and 385 is no stop any more
    notebook.python_comes_to("explorer.n_embd", 384)


def test_a_kept_setting_is_compared_and_forgotten(notebook: NotebookPage, widget: Locator) -> None:
    assert [len(row) for row in tables(widget)[0]] == [3] * 7
    widget.get_by_role("button", name="Keep this one to compare").click()
    expect(said(widget)).to_contain_text("This is the one you kept.")
    notebook.python_comes_to("explorer.pinned['n_embd']", 384)
    slider(widget, "n_embd (C)").focus()
    for _ in range(2):
        notebook.page.keyboard.press("ArrowRight")
    notebook.python_comes_to("explorer.n_embd", 768)
    expect(said(widget)).to_contain_text(
        "n_embd 384 → 768. Parameters × 3.97, those in the blocks × 4.00; a step computes"
    )
    expect(said(widget)).to_have_text(all_said_in_python(notebook))
    without_shares = [[row[:2] + row[3:] for row in rows] for rows in tables_in_python(notebook)]
    assert tables(widget) == without_shares  # beside each other the lists have no room for both columns
    expect(widget.locator(".arc-before:visible")).to_have_count(3)
    widget.get_by_role("button", name="Forget the kept one").press("Enter")
    expect(said(widget)).not_to_contain_text("kept")
    expect(widget.get_by_role("button", name="Keep this one to compare")).to_be_focused()
    notebook.python_comes_to("explorer.pinned", {})
    expect(widget.locator(".arc-before:visible")).to_have_count(0)


def test_the_bars_are_as_long_as_the_shares(widget: Locator) -> None:
    for name, rows in zip(LISTS, tables(widget), strict=True):
        bar = widget.get_by_role("region", name=name).locator(".arc-now")
        whole = bar.evaluate("(bar) => bar.clientWidth")
        widths = bar.locator("span").evaluate_all(
            "(all) => all.map((one) => one.getBoundingClientRect().width)"
        )
        shares = [float(row[2].strip("<% ")) for row in rows]
        assert [100 * width / whole for width in widths] == pytest.approx(shares, abs=0.4)


@pytest.mark.parametrize(("window", "columns"), [(1000, 3), (800, 2), (480, 1)])
def test_the_lists_stand_side_by_side_where_there_is_room(
    notebook: NotebookPage, window: int, columns: int
) -> None:
    """With the longest texts: GPT-2's note, a comparison that names everything."""
    notebook.python(
        "start.update(n_layer=1, n_head=1, n_embd=16, block_size=8, batch_size=1); explorer.keep()"
    )
    notebook.python(START.replace("explorer.set_trait('pinned', {}); ", "") + "; explorer.keep()")
    widget = notebook.widget(WIDGET)
    widget.get_by_role("button", name="GPT-2 small").click()
    with in_window(notebook, window):
        widget = notebook.widget(WIDGET)
        expect(said(widget)).to_contain_text("n_layer 1 → 12")
        fits(widget)
        tops = [box.bounding_box()["y"] for box in widget.locator(".arc-list").all()]
        assert tops.count(tops[0]) == columns


@pytest.mark.timed
def test_the_lists_follow_the_hand(notebook: NotebookPage, widget: Locator) -> None:
    inputs = {
        "n_layer": set_input("input[type=range]", [9, 0, 4]),
        "dropout": "(root) => root.querySelector('input[type=checkbox]').click()",
        "ready-made": "(root, i) => root.querySelectorAll('.arc-presets button')[[6, 0, 4][i % 3]].click()",
    }
    times = best_times(notebook, widget, inputs)
    assert max(times.values()) < LATE, times


def test_nothing_went_wrong_on_the_way(notebook: NotebookPage) -> None:
    """Last of this page, so that it looks back on all the others."""
    went_well(notebook)
