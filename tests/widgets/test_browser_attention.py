"""The attention view and the averaging explorer in a real browser: mouse, keyboard, Python, speed."""

import json
import time

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage, press_key, set_input
from looks import PIXELS, drawn_anew, page_of, went_well

pytestmark = pytest.mark.browser

ATTACK = "<img src=x onerror=alert(1)>"
SETUP = f"""
import torch
from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.dot_product import attention_steps
from nanogpt_lib.widgets.attention_view import AttentionView
from nanogpt_lib.widgets.averaging_explorer import AveragingExplorer

def heads(n_layer, n_head, T, head_size=8):
    torch.manual_seed(0)
    q, k, v = torch.randn(3, n_layer, n_head, T, head_size)
    mask = causal_mask(T)
    steps = lambda *at: attention_steps(q[at], k[at], v[at], mask=mask)
    return [[steps(i, j) for j in range(n_head)] for i in range(n_layer)], q, k

def compute(text):
    if "?" in text:
        raise ValueError("Expected known characters, got '?'. Try <b>others</b>.")
    return heads(1, 1, len(text))[0]

stages, q, k = heads(2, 3, 9)
view = AttentionView("To be, or", stages, q=q, k=k)
big = AttentionView("x" * 64, heads(12, 16, 64)[0])
odd = AttentionView(["{ATTACK}", "a b", "c"], heads(1, 1, 3)[0])
asking = AttentionView("hello", compute=compute)
explorer = AveragingExplorer()
view
"""
RESET = """
for v in (view, big, odd):
    v.layer, v.head, v.stage = 0, 0, "weights"
    v.query, v.key = v._first_look()
explorer.mode, explorer.scores, explorer.x = "-inf", [[0.0] * 4] * 4, [2.0, 4.0, 9.0, 1.0]
asking.text = "hello"
"""
CELLS = [SETUP, "big", "odd", "asking", "explorer", "view"]
SMALL, BIG, ODD, ASKING, EXPLORER, AGAIN = range(6)

# Dispatched to the middle of a cell, in the page, so that only the widget's own time is measured.
HOVER = """(root, i) => {
  const map = root.querySelector(".attn-map");
  const box = map.getBoundingClientRect();
  const place = i % 2 ? 0.5 : 0.85;
  map.dispatchEvent(new PointerEvent("pointermove",
    {bubbles: true, clientX: box.x + place * box.width, clientY: box.y + place * box.height}));
}"""

opened = page_of(CELLS)


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """The same page for every test, with every choice where it was at first."""
    opened.page.mouse.move(1, 1)
    opened.python(RESET)
    expect(said(opened, SMALL)).to_contain_text('layer 0, head 0, weight: query "r" at 8')
    expect(opened.widget(EXPLORER).get_by_role("radio", name="−∞ before softmax")).to_be_checked()
    return opened


def said(notebook: NotebookPage, index: int) -> Locator:
    """The sentence under the text."""
    return notebook.widgets.nth(index).locator(".nano-said")


def point(notebook: NotebookPage, index: int, query: int, key: int, *, click: bool = False) -> None:
    """The mouse on a cell of a map with single characters."""
    root = notebook.widget(index)
    shape = json.loads(notebook.python(f"import json; print(json.dumps({VIEWS[index]}.shape))"))
    map_ = root.locator(".attn-map")
    map_.scroll_into_view_if_needed()
    box, T = map_.bounding_box(), shape["T"]
    left, top = 43, 40  # the margins of the map, for tokens of one character
    cell = (box["width"] - left - 5) / T
    place = {"x": left + (key + 0.5) * cell, "y": top + (query + 0.5) * cell}
    (map_.click if click else map_.hover)(position=place)


def python_has(notebook: NotebookPage, expression: str, value: str) -> None:
    """What is printed, once the page's last message has arrived (it sends a few a second)."""
    end = time.monotonic() + 5
    while (found := notebook.python(f"print({expression})").strip()) != value and time.monotonic() < end:
        notebook.page.wait_for_timeout(50)
    assert found == value


VIEWS = {SMALL: "view", BIG: "big"}


def test_pointing_tells_the_number_that_python_computed(notebook: NotebookPage) -> None:
    point(notebook, SMALL, query=4, key=1)
    value = notebook.python("print(f'{stages[0][0].weights[4, 1].item():.3f}')").strip()
    expect(said(notebook, SMALL)).to_have_text(
        f'layer 0, head 0, weight: query "e" at 4 → key "o" at 1: {value}'
    )


def test_pointing_lights_the_text_and_leaving_brings_back_what_was_kept(notebook: NotebookPage) -> None:
    root = notebook.widget(SMALL)
    before, pixels = said(notebook, SMALL).text_content(), root.locator(".attn-map").evaluate(PIXELS)
    point(notebook, SMALL, query=2, key=0)
    expect(root.locator(".strip-token.strip-blind")).to_have_count(6)  # the future of position 2
    expect(root.locator(".strip-token.strip-query")).to_have_text("␣")
    drawn_anew(root.locator(".attn-map"), pixels)
    notebook.page.mouse.move(1, 1)
    expect(said(notebook, SMALL)).to_have_text(before)
    assert root.locator(".attn-map").evaluate(PIXELS) == pixels
    python_has(notebook, "view.query", "8")  # looking is not choosing


def test_a_click_is_kept_and_python_and_the_second_view_know(notebook: NotebookPage) -> None:
    point(notebook, SMALL, query=5, key=3, click=True)
    notebook.page.mouse.move(1, 1)
    expect(said(notebook, SMALL)).to_contain_text('query "," at 5 → key "b" at 3')
    expect(said(notebook, AGAIN)).to_contain_text('query "," at 5 → key "b" at 3')
    python_has(notebook, "view.query, view.key", "5 3")


def test_arrow_keys_move_on_the_map_and_not_in_the_notebook(notebook: NotebookPage) -> None:
    notebook.widget(SMALL).locator(".attn-map").focus()
    cell = notebook.active_cell()
    for key in ("ArrowUp", "ArrowUp", "Home", "ArrowRight", "ArrowRight"):
        notebook.page.keyboard.press(key)
    expect(said(notebook, SMALL)).to_contain_text('query "␣" at 6 → key "␣" at 2')
    notebook.page.keyboard.press("a")  # in JupyterLab's command mode: a new cell above
    assert notebook.active_cell() == cell
    assert len(notebook.cells()) == len(CELLS)
    python_has(notebook, "view.query, view.key", "6 2")


def test_everything_can_be_reached_and_turned_by_keyboard_alone(notebook: NotebookPage) -> None:
    page, root = notebook.page, notebook.widget(SMALL)
    focused = "() => document.activeElement.className || document.activeElement.value"
    root.get_by_role("radio", name="weights").focus()
    page.keyboard.press("ArrowLeft")
    expect(said(notebook, SMALL)).to_contain_text("masked score")
    seen = []
    for _ in range(5):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(focused))
        ring = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert ring == "solid", f"no focus ring on {seen[-1]}"
        if "strip-text" in seen[-1]:
            page.keyboard.press("Home")
            expect(said(notebook, SMALL)).to_contain_text('query "T" at 0')
        if "attn-heads" in seen[-1]:
            page.keyboard.press("ArrowDown")
            page.keyboard.press("ArrowRight")
    assert seen == ["0", "0", "strip-text", "attn-map", "attn-heads"]  # layer, head, text, map, heads
    expect(said(notebook, SMALL)).to_contain_text("layer 1, head 1, masked score: ")
    python_has(notebook, "view.stage, view.layer, view.head, view.query", "masked 1 1 0")


def test_minus_infinity_is_said_and_drawn_as_no_colour(notebook: NotebookPage) -> None:
    root = notebook.widget(SMALL)
    root.get_by_role("radio", name="masked").check()
    point(notebook, SMALL, query=1, key=7)
    expect(said(notebook, SMALL)).to_have_text(
        'layer 0, head 0, masked score: query "o" at 1 → key "o" at 7: −∞'
    )
    expect(root.get_by_text("−∞: may not be seen")).to_be_visible()
    root.get_by_role("radio", name="weights").check()
    expect(root.get_by_text("−∞: may not be seen")).to_be_hidden()


def test_the_bars_sum_to_the_score_of_the_map(notebook: NotebookPage) -> None:
    root = notebook.widget(SMALL)
    root.get_by_role("radio", name="scores").check()
    point(notebook, SMALL, query=3, key=2)
    score = said(notebook, SMALL).text_content().rpartition(" ")[2]
    expect(root.get_by_text("dimension by dimension")).to_contain_text(f"they sum to {score}, most from")


def test_python_turns_the_widget(notebook: NotebookPage) -> None:
    notebook.python("view.layer, view.head, view.stage, view.query, view.key = 1, 2, 'output', 0, 0")
    expect(said(notebook, SMALL)).to_contain_text('layer 1, head 2, output: query "T" at 0, dimension 0')
    root = notebook.widget(SMALL)
    expect(root.get_by_label("Layer", exact=True)).to_have_value("1")
    expect(root.get_by_label("Head", exact=True)).to_have_value("2")
    expect(root.get_by_role("radio", name="output")).to_be_checked()


def test_a_thumbnail_is_chosen_by_a_click(notebook: NotebookPage) -> None:
    heads = notebook.widget(BIG).locator(".attn-heads")
    heads.scroll_into_view_if_needed()
    box = heads.bounding_box()
    heads.click(position={"x": box["width"] - 10, "y": box["height"] - 10})
    expect(said(notebook, BIG)).to_contain_text("layer 11, head 15, weight: ")
    python_has(notebook, "big.layer, big.head", "11 15")


def test_markup_in_tokens_is_shown_as_text(notebook: NotebookPage) -> None:
    root = notebook.widget(ODD)
    expect(root.locator(".strip-token").first).to_have_text("<img␣src=x␣onerror=alert(1)>")
    assert root.locator("img").count() == 0
    expect(said(notebook, ODD)).to_contain_text('query "c" at 2')


def test_a_typed_text_is_looked_at_and_a_mistake_is_told(notebook: NotebookPage) -> None:
    root = notebook.widget(ASKING)
    box = root.get_by_label("Text", exact=True)
    box.fill("world")  # as long as the one before: no choice changes, only the text
    expect(root.locator(".strip-token").first).to_have_text("w")
    expect(root.get_by_text('Where "d" at 4 looks')).to_be_visible()
    box.fill("hey you")
    expect(root.locator(".strip-token")).to_have_count(7)
    expect(box).to_be_focused()
    box.fill("hey?")
    expect(root.get_by_role("alert")).to_have_text("Expected known characters, got '?'. Try <b>others</b>.")
    expect(root.locator(".strip-token")).to_have_count(7)
    box.press("End")
    box.press("Backspace")
    expect(root.get_by_role("alert")).to_be_hidden()
    expect(root.locator(".strip-token")).to_have_count(3)


def test_two_views_have_radio_buttons_of_their_own(notebook: NotebookPage) -> None:
    """They once shared a name, so that choosing in one cleared the other."""
    for index in (SMALL, BIG, ODD, ASKING, EXPLORER):
        assert notebook.widget(index).locator("input[type=radio]:checked").count() == 1, f"widget {index}"


@pytest.mark.timed
def test_pictures_follow_the_hand(notebook: NotebookPage) -> None:
    """Within six frames, on a machine that does other things too; usually two."""
    small, big, explorer = (notebook.widget(index) for index in (SMALL, BIG, EXPLORER))
    times = {
        "point": notebook.latency(HOVER, small),
        "point, 64 characters": notebook.latency(HOVER, big),
        "key": notebook.latency(press_key(".attn-map", ["ArrowUp", "ArrowDown"]), big),
        "head": notebook.latency(press_key(".attn-heads", ["ArrowDown", "ArrowUp"]), big),
        "score": notebook.latency(set_input("input[type=number]", [1, 2, 3]), explorer),
    }
    for root in (small, big):
        root.locator(".attn-map").dispatch_event("pointerleave")
    assert max(times.values()) < 100, times


def test_a_score_changes_the_weights_at_once_and_python_hears(notebook: NotebookPage) -> None:
    root = notebook.widget(EXPLORER)
    root.get_by_label("score of query 1, key 0").fill("2")
    row = root.get_by_role("table", name="Weights").get_by_role("row").nth(2)
    expect(row).to_have_text("10.8810.1190.0000.000")  # the row's name, then softmax of 2 and 0
    expect(root.get_by_role("status")).to_contain_text("no row sees its future")
    python_has(
        notebook,
        "explorer.scores[1][0], explorer.state().weights[1].round(3)",
        "2.0 [0.881 0.119 0.    0.   ]",
    )


def test_the_light_names_who_sees_the_future(notebook: NotebookPage) -> None:
    root = notebook.widget(EXPLORER)
    light = root.get_by_role("status")
    root.get_by_role("radio", name="0 before softmax").check()
    expect(light).to_contain_text("✗")
    expect(light).to_contain_text("row 0 gives 0.750 to its future, row 1 gives 0.500 to its future, row 2")
    expect(root.locator(".avg-leak")).to_have_count(6)
    root.get_by_role("radio", name="0 after softmax").check()
    expect(light).to_contain_text("the softmax counted it: row 0 sums to 0.250")
    expect(root.locator(".avg-short")).to_have_count(3)
    root.get_by_role("radio", name="−∞ before softmax").check()
    expect(light).to_contain_text("✓")
    expect(root.locator(".avg-leak, .avg-short")).to_have_count(0)


def test_scores_are_typed_and_turned_by_keyboard(notebook: NotebookPage) -> None:
    page, root = notebook.page, notebook.widget(EXPLORER)
    first, second = (root.get_by_label(f"score of query 0, key {key}") for key in (0, 1))
    first.focus()
    page.keyboard.press("ArrowUp")
    expect(first).to_have_value("0.5")
    page.keyboard.press("Control+ArrowRight")
    expect(second).to_be_focused()
    page.keyboard.type("-1.25")
    expect(second).to_have_value("-1.25")
    python_has(notebook, "explorer.scores[0]", "[0.5, -1.25, 0.0, 0.0]")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")  # empty is no number: the old one counts until there is a new one
    python_has(notebook, "explorer.scores[0][1]", "-1.25")
    page.keyboard.press("Tab")
    expect(second).to_have_value("-1.25")
    assert len(notebook.cells()) == len(CELLS)


def test_another_number_of_positions_from_either_side(notebook: NotebookPage) -> None:
    root = notebook.widget(EXPLORER)
    root.get_by_label("Positions", exact=True).select_option("8")
    expect(root.locator("input[aria-label^=score]")).to_have_count(64)
    python_has(notebook, "len(explorer.scores), explorer.x[4]", "8 7.0")
    notebook.python("explorer.scores = [[1.0, 2.0], [3.0, 4.0]]")
    expect(root.locator("input[aria-label^=score]")).to_have_count(4)
    expect(root.get_by_label("Positions", exact=True)).to_have_value("2")


def test_nothing_was_complained_of_and_nothing_asked_for(notebook: NotebookPage) -> None:
    """Last, so that it looks back on all the others."""
    went_well(notebook)
