"""The grid of heads in a real browser: one query for all heads, ticks that the loss answers, both themes."""

import re

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage, press_key
from looks import BOXES_OVER_BOXES, PIXELS, drawn_anew, in_window, page_of, went_well

pytestmark = pytest.mark.browser

SETUP = """
import torch
from nanogpt_lib.ablation import head_losses, loss_without
from nanogpt_lib.data import CharTokenizer, get_batch, load_text, train_val_split
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.kit.widget import number
from nanogpt_lib.widgets.head_grid import HeadGrid

text = load_text()
tokenizer = CharTokenizer.from_text(text)
train_data, val_data = train_val_split(torch.tensor(tokenizer.encode(text)))

def gpt(n_layer, n_head, V=65):
    sizes = dict(vocab_size=V, block_size=64, n_embd=64, n_head=n_head, n_layer=n_layer)
    return GPT(GPTConfig(**sizes), generator=torch.Generator().manual_seed(1337))

def step(model, optimiser, generator):
    _, loss = model(*get_batch(train_data, 32, 16, generator))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

torch.set_num_threads(1)
small, large = gpt(1, 4), gpt(4, 4)
optimiser, generator = torch.optim.AdamW(small.parameters(), lr=3e-3), torch.Generator().manual_seed(1)
for _ in range(200):
    step(small, optimiser, generator)
x, y = get_batch(val_data, 32, 16, torch.Generator().manual_seed(0))
one = HeadGrid(small, tokenizer, "To be, or not", x, y)
one
"""
MANY = "many = HeadGrid(large, tokenizer, text[:64], x, y); many"
TAGS = """
own = CharTokenizer.from_text("<b>hi</b>")
ids = torch.tensor([own.encode("<b>hi</b>")])
tags = HeadGrid(gpt(1, 2, own.vocab_size), own, "<b>hi", ids[:, :-1], ids[:, 1:])
tags
"""
SIXTEEN = "sixteen = HeadGrid(gpt(1, 16), tokenizer, text[:64], x, y); sixteen"
FUSED = """
try:
    HeadGrid(GPT(GPTConfig(vocab_size=65, block_size=64, n_embd=64, n_head=4, n_layer=1, attention="fused")),
             tokenizer, "To be", x, y)
except ValueError as error:
    print(error)
"""
CELLS = [SETUP, MANY, TAGS, FUSED, "one", SIXTEEN]
ONE, MANY_HEADS, TAGGED, AGAIN, SIXTEEN_HEADS = range(5)
RESET = """
for grid, query in ((one, 12), (many, 63), (tags, 4)):
    grid.off, grid.layer, grid.query = [], 0, query
"""
UPPER_HALF = """(canvas) =>
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height / 2).data.join()"""
TICK = """(root, i) => root.querySelectorAll(".hgrid-title input")[i % 4].click()"""
HOVER = """(root, i) => {
  const map = root.querySelector(".hgrid-map");
  const box = map.getBoundingClientRect();
  const place = i % 2 ? 0.2 : 0.5;
  map.dispatchEvent(new PointerEvent("pointermove",
    {bubbles: true, clientX: box.x + place * box.width, clientY: box.y + place * box.height}));
}"""
# What may not lie over one another: boxes with text, and the maps.
PARTS = (
    ".strip-token, .hgrid-title label, .hgrid-state, .hgrid-map, .hgrid-most, .hgrid-caption, "
    ".hgrid-name, .hgrid-number, .nano-said, .hgrid-legend span, .nano-hint, .nano-button"
)

opened = page_of(CELLS)


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """The same page for every test, with every choice where it was at first."""
    opened.page.mouse.move(1, 1)
    opened.python(RESET)
    for index in (ONE, MANY_HEADS, TAGGED):
        expect(verdict(opened, index)).to_contain_text("Every head is on")
    expect(pointed(opened, ONE)).to_have_text('query "t" at 12: what each head reads')
    return opened


def verdict(notebook: NotebookPage, index: int) -> Locator:
    """What the loss says."""
    return notebook.widgets.nth(index).locator(".hgrid-verdict .nano-said")


def pointed(notebook: NotebookPage, index: int) -> Locator:
    """What is said about the query, or about the weight under the pointer."""
    return notebook.widgets.nth(index).locator("> .nano-readout .nano-said")


def box(notebook: NotebookPage, index: int, head: int) -> Locator:
    return notebook.widget(index).get_by_label(f"head {head}", exact=True)


def at_cell(root: Locator, head: int, T: int, query: int, key: int) -> dict:
    """Where a weight lies on a head's canvas: 18 pixels of labels at its left, 3 above."""
    width = root.locator(".hgrid-map").nth(head).bounding_box()["width"]
    cell = (width - 22) / T
    return {"x": 18 + (key + 0.5) * cell, "y": 3 + (query + 0.5) * cell}


def test_a_tick_taken_away_tells_at_once_what_the_library_measures(notebook: NotebookPage) -> None:
    root = notebook.widget(ONE)
    base, without, rise = notebook.python(
        "losses = head_losses(small, x, y); a, b = losses.base, losses.base + losses.rise[0, 2]\n"
        "print(number(a), number(b), number(float(number(b)) - float(number(a))))"
    ).split()
    assert float(rise) > 0
    expect(root.locator(".hgrid-base")).to_have_text(base)
    box(notebook, ONE, 2).click()
    expect(verdict(notebook, ONE)).to_have_text(
        f"Without head 2 the loss rises by {rise} nats, from {base} to {without}."
    )
    expect(root.locator(".hgrid-now")).to_have_text(without)
    expect(root.locator(".hgrid-difference")).to_have_text(f"+{rise}")
    expect(root.locator(".hgrid-card.hgrid-off")).to_have_count(1)
    expect(root.get_by_text("off", exact=True).nth(2)).to_be_visible()
    expect(box(notebook, AGAIN, 2)).not_to_be_checked()  # the second view of the same widget
    notebook.python_comes_to("one.off", [[0, 2]])
    root.get_by_role("button", name="All heads on").click()
    expect(verdict(notebook, ONE)).to_have_text(f"Every head is on: the loss is {base} nats per character.")
    expect(box(notebook, ONE, 2)).to_be_checked()
    expect(root.get_by_role("button", name="All heads on")).to_be_disabled()


def test_bars_are_as_long_as_the_losses_they_stand_for(notebook: NotebookPage) -> None:
    root = notebook.widget(ONE)
    for head in (0, 3):
        box(notebook, ONE, head).click()
    expect(verdict(notebook, ONE)).to_contain_text("Without heads 0 and 3 the loss rises")
    wide = {
        name: root.locator(f".hgrid-{name}").nth(at).bounding_box()["width"]
        for name, at in (("bar", 0), ("change", 0))
    }
    base, now = (float(root.locator(f".hgrid-{name}").text_content()) for name in ("base", "now"))
    assert wide["change"] / wide["bar"] == pytest.approx((now - base) / base, abs=0.01)


def test_one_query_for_all_heads_by_click_on_the_text(notebook: NotebookPage) -> None:
    root = notebook.widget(ONE)
    maps = root.locator(".hgrid-map")
    before = [maps.nth(head).evaluate(PIXELS) for head in range(4)]
    root.locator(".strip-token").nth(4).click()
    notebook.page.mouse.move(1, 1)
    expect(pointed(notebook, ONE)).to_have_text('query "e" at 4: what each head reads')
    notebook.python_comes_to("one.query", 4)
    for head in range(4):
        drawn_anew(maps.nth(head), before[head])
        weights = notebook.python(
            f"row = torch.tensor(one.row({head})); print(row.argmax().item(), number(row.max().item()))"
        )
        at, weight = weights.split()
        label = maps.nth(head).get_attribute("aria-label")
        assert label.startswith(f'Weights of head {head}. Query "e" at 4 reads most: ')
        assert label.endswith(f'" at {at}, {weight}')
        expect(root.locator(".hgrid-most").nth(head)).to_contain_text(f"at {at}, {weight}")
    expect(pointed(notebook, AGAIN)).to_have_text('query "e" at 4: what each head reads')


def test_pointing_at_a_map_lights_the_row_in_all_and_leaving_brings_back_what_was_kept(
    notebook: NotebookPage,
) -> None:
    root = notebook.widget(ONE)
    maps = root.locator(".hgrid-map")
    before = [maps.nth(head).evaluate(PIXELS) for head in range(4)]
    maps.nth(1).hover(position=at_cell(root, 1, 13, query=8, key=3))
    weight = notebook.python("one.query = 8; print(number(one.row(1)[3])); one.query = 12").strip()
    expect(pointed(notebook, ONE)).to_have_text(f'head 1: query "r" at 8 → key "b" at 3: {weight}')
    expect(root.locator(".strip-query")).to_have_text("r")
    for head in range(4):
        drawn_anew(maps.nth(head), before[head])
    notebook.page.mouse.move(1, 1)
    expect(pointed(notebook, ONE)).to_have_text('query "t" at 12: what each head reads')
    assert [maps.nth(head).evaluate(PIXELS) for head in range(4)] == before
    maps.nth(3).click(position=at_cell(root, 3, 13, query=2, key=9))
    expect(root.locator(".strip-query")).to_have_text("␣")
    notebook.python_comes_to("one.query", 2)
    maps.nth(3).hover(position=at_cell(root, 3, 13, query=2, key=10))
    expect(pointed(notebook, ONE)).to_have_text(
        'head 3: query "␣" at 2 → key "n" at 10: 0.000 (its future, which the mask hides)'
    )


def test_everything_can_be_done_by_keyboard_and_the_notebook_stays(notebook: NotebookPage) -> None:
    page, root = notebook.page, notebook.widget(MANY_HEADS)
    root.get_by_label("Layer", exact=True).focus()
    cell = notebook.active_cell()
    page.keyboard.press("ArrowDown")
    expect(pointed(notebook, MANY_HEADS)).to_contain_text("what each head of layer 1 reads")
    page.keyboard.press("Tab")  # the button "All heads on" is not there to be used yet
    expect(root.get_by_role("listbox")).to_be_focused()
    for key in ("Home", "ArrowRight", "ArrowRight", "a"):  # in Lab's command mode a is a new cell
        page.keyboard.press(key)
    expect(pointed(notebook, MANY_HEADS)).to_contain_text('query "r" at 2')
    for head in range(4):
        page.keyboard.press("Tab")
        expect(box(notebook, MANY_HEADS, head)).to_be_focused()
        assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
        if head in (1, 3):
            page.keyboard.press("Space")
    expect(verdict(notebook, MANY_HEADS)).to_contain_text("Without heads 1 and 3 of layer 1 the loss ")
    assert notebook.active_cell() == cell
    assert len(notebook.cells()) == len(CELLS)
    notebook.python_comes_to("(many.off, many.layer, many.query)", ([[1, 1], [1, 3]], 1, 2))


def test_a_loss_that_was_not_measured_before_is_asked_of_python(notebook: NotebookPage) -> None:
    root = notebook.widget(MANY_HEADS)
    box(notebook, MANY_HEADS, 0).click()
    root.get_by_label("Layer", exact=True).select_option("2")
    expect(box(notebook, MANY_HEADS, 0)).to_be_checked()  # head 0 of layer 0 is off, not that of layer 2
    box(notebook, MANY_HEADS, 3).click()
    expect(verdict(notebook, MANY_HEADS)).to_contain_text("Without head 0 of layer 0 and head 3 of layer 2")
    loss = notebook.python("print(number(loss_without(large, x, y, [(0, 0), (2, 3)])))").strip()
    expect(root.locator(".hgrid-now")).to_have_text(loss)
    root.get_by_label("Layer", exact=True).select_option("0")
    expect(box(notebook, MANY_HEADS, 0)).not_to_be_checked()
    expect(box(notebook, MANY_HEADS, 3)).to_be_checked()


def test_each_layer_has_its_own_maps(notebook: NotebookPage) -> None:
    root = notebook.widget(MANY_HEADS)
    first = root.locator(".hgrid-map").first.evaluate(UPPER_HALF)  # above the framed row and the bars
    root.get_by_label("Layer", exact=True).select_option("3")
    expect(pointed(notebook, MANY_HEADS)).to_contain_text("layer 3")
    notebook.python_comes_to("many.layer", 3)
    assert root.locator(".hgrid-map").first.evaluate(UPPER_HALF) != first
    weight = notebook.python("print(number(max(many.row(2))))").strip()
    expect(root.locator(".hgrid-most").nth(2)).to_contain_text(f", {weight}")


def test_python_turns_the_widget(notebook: NotebookPage) -> None:
    notebook.python("many.layer, many.query, many.off = 1, 5, [(1, 0), (1, 1), (1, 2), (1, 3)]")
    expect(verdict(notebook, MANY_HEADS)).to_contain_text("Without all 4 heads of layer 1 the loss ")
    expect(verdict(notebook, MANY_HEADS)).to_contain_text("Layer 1 now moves nothing between characters.")
    root = notebook.widget(MANY_HEADS)
    expect(root.get_by_label("Layer", exact=True)).to_have_value("1")
    expect(root.locator(".hgrid-card.hgrid-off")).to_have_count(4)
    expect(pointed(notebook, MANY_HEADS)).to_contain_text('query "␣" at 5')


def test_markup_in_a_text_is_shown_as_text(notebook: NotebookPage) -> None:
    root = notebook.widget(TAGGED)
    expect(root.locator(".strip-token").first).to_have_text("<")
    assert root.locator("b").count() == 0


def test_a_fused_model_is_told_how_to_switch(notebook: NotebookPage) -> None:
    printed = notebook.cells()[CELLS.index(FUSED)]["outputs"][0]["text"]
    assert "observable.load_state_dict(model.state_dict())" in printed


@pytest.mark.parametrize(("width", "columns"), [(1280, 4), (960, 2), (760, 1)])
def test_a_window_has_room_for_everything(notebook: NotebookPage, width: int, columns: int) -> None:
    root = notebook.widget(ONE)
    notebook.python("one.off = many.off = [(0, 0), (0, 1), (0, 2), (0, 3)]")
    with in_window(notebook, width, side_bar=True):
        tracks = re.compile(rf"^\S+( \S+){{{columns - 1}}}$")
        expect(root.locator(".hgrid-cards")).to_have_css("grid-template-columns", tracks)
        for index in (ONE, MANY_HEADS, TAGGED, SIXTEEN_HEADS):
            assert notebook.widget(index).evaluate(BOXES_OVER_BOXES, PARTS) == []


@pytest.mark.timed
def test_pictures_follow_the_hand(notebook: NotebookPage) -> None:
    """Within three frames, usually two: the losses of one layer are there before anybody asks.

    What another program has disturbed is measured again, twice at most.
    """
    one, many = notebook.widget(ONE), notebook.widget(MANY_HEADS)
    keys = press_key(".strip-text", ["ArrowLeft", "ArrowRight"])
    for action, root in ((TICK, one), (HOVER, one), (keys, many)):
        # An even count: every input differs from the one before, also from the last of an earlier round.
        assert any(notebook.latency(action, root, count=10) < 50 for _ in range(3)), action
    one.locator(".hgrid-map").first.dispatch_event("pointerleave")


@pytest.mark.timed
def test_python_answers_a_tick_soon(notebook: NotebookPage) -> None:
    """Seven choices that nobody has measured; a picture that still waits for Python does not count."""
    many = notebook.widget(MANY_HEADS)
    medians = []
    for head in range(3):  # what another program has disturbed is measured again, twice at most
        notebook.python(f"many.off = [(3, {head})]")
        expect(verdict(notebook, MANY_HEADS)).to_contain_text(f"Without head {head} of layer 3 the loss")
        known = int(notebook.python("print(len(many.losses))"))
        medians.append(notebook.latency(TICK, many, count=7))
        assert int(notebook.python("print(len(many.losses))")) == known + 7
        if medians[-1] < 150:
            break
    assert min(medians) < 150, medians


def test_nothing_was_complained_of_and_nothing_asked_for(notebook: NotebookPage) -> None:
    """Last, so that it looks back on all the others."""
    went_well(notebook)
