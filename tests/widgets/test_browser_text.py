"""The widgets of notebooks 01 and 02 in a real browser: what they show, mouse, keyboard, speed."""

import re

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage, press_key, set_input
from looks import PIXELS, drawn_anew, in_theme, in_window, page_of, went_well

pytestmark = pytest.mark.browser

SOON = 200  # milliseconds; a machine with nothing else to do takes 20 to 40, and twice that through Python
EVIL = "<img src=x onerror=alert(1)>"
SETUP = """
import torch
from nanogpt_lib.data import CharTokenizer, load_text, train_val_split
from nanogpt_lib.ngrams import bigram_counts, smoothed
from nanogpt_lib.widgets.batch_explorer import BatchExplorer
from nanogpt_lib.widgets.bigram_map import BigramMap
from nanogpt_lib.widgets.ngram_explorer import NGramExplorer

text = load_text()
tokenizer = CharTokenizer.from_text(text)
train_ids, val_ids = train_val_split(torch.tensor(tokenizer.encode(text)))
counts = bigram_counts(train_ids, tokenizer.vocab_size)
"""
BATCH = "batch = BatchExplorer(text, tokenizer); batch"
NGRAM = "ngram = NGramExplorer(train_ids, val_ids, tokenizer, max_order=3); ngram"
MAP = "bigram = BigramMap(counts, tokenizer.vocabulary, row='q'); bigram"
PAIR = """
learned = smoothed(counts, 1.0)
learned[tokenizer.id_of["q"]] = 1 / 65
both = BigramMap(counts, tokenizer.vocabulary, learned, alpha=0.0)
both
"""
TAGS = """
evil = "<img src=x onerror=alert(1)>" * 20
own = CharTokenizer.from_text(evil)
own_ids = torch.tensor(own.encode(evil))
evil_batch = BatchExplorer(evil, own, block_size=28)
evil_ngram = NGramExplorer(own_ids, own_ids, own, max_order=8)
evil_map = BigramMap(bigram_counts(own_ids, own.vocab_size), own.vocabulary)
display(evil_batch, evil_ngram, evil_map)
"""
HOVER = """(root, i) => {
  const canvas = root.querySelector("canvas");
  const box = canvas.getBoundingClientRect();
  const at = {clientX: box.left + 40 + 23 * i, clientY: box.top + 60 + 31 * i, bubbles: true};
  canvas.dispatchEvent(new PointerEvent("pointermove", at));
}"""


notebook = page_of([SETUP, BATCH, NGRAM, MAP, PAIR, TAGS])


@pytest.fixture
def batch(notebook: NotebookPage) -> Locator:
    notebook.python("batch.block_size, batch.offset = 8, 0")
    widget = notebook.widget(0)
    expect(widget.locator("tbody tr")).to_have_count(8)
    expect(widget.locator("tbody td").first).to_have_text("F")
    return widget


@pytest.fixture
def ngram(notebook: NotebookPage) -> Locator:
    notebook.python("ngram.order = 1")
    widget = notebook.widget(1)
    expect(said(widget)).to_contain_text("Order 1:")
    return widget


def said(widget: Locator) -> Locator:
    """The sentence that is seen."""
    return widget.locator(".nano-readout .nano-said")


def points_at(notebook: NotebookPage, widget: Locator, before: str, after: str, which: int = 0) -> dict:
    """Where a pair lies on the map, in pixels of its canvas."""
    y, x = (int(notebook.python(f"print(tokenizer.id_of[{char!r}])")) for char in (before, after))
    size = (
        widget.locator("canvas").nth(which).evaluate("(canvas) => [canvas.clientWidth, canvas.clientHeight]")
    )
    gutter = 22
    cell = (size[1] - gutter) / 65
    left = size[0] - 65 * cell  # the second map has no labels at its left
    return {"x": left + (x + 0.5) * cell, "y": gutter + (y + 0.5) * cell}


# --- batches --------------------------------------------------------------------------------------


def test_the_block_and_its_examples_are_those_of_the_text(notebook: NotebookPage, batch: Locator) -> None:
    rows = batch.locator("tbody tr").all_inner_texts()
    assert [row.split("\t") for row in rows] == [
        [str(t), "First␣Ci"[: t + 1], "irst␣Cit"[t], id_]
        for t, id_ in enumerate(["47", "56", "57", "58", "1", "15", "47", "58"])
    ]
    expect(said(batch)).to_have_text("t = 7: after “First␣Ci” comes “t”, id 58.")


def test_arrow_keys_move_the_block_and_the_notebook_stays(notebook: NotebookPage, batch: Locator) -> None:
    batch.get_by_label("offset").focus()
    before = notebook.active_cell()
    for key in ("ArrowRight", "ArrowUp", "j", "d", "d"):  # j and d d are JupyterLab's: next cell, delete cell
        notebook.page.keyboard.press(key)
    expect(said(batch)).to_have_text("t = 7: after “rst␣Citi” comes “z”, id 64.")
    assert notebook.active_cell() == before
    assert len(notebook.cells()) == 6
    notebook.python_comes_to("batch.offset", 2)


def test_a_far_offset_shows_the_text_that_lies_there(notebook: NotebookPage, batch: Locator) -> None:
    batch.get_by_label("offset").focus()
    notebook.page.keyboard.press("End")
    wanted = notebook.python("print(text[-9:-1].replace(' ', '␣').replace('\\n', '⏎'), end='')")
    expect(batch.locator("tbody td.nano-context").last).to_have_text(wanted)
    expect(batch.locator(".nano-after")).to_have_text(" the text ends")


def test_block_size_sets_the_count_of_examples_in_block_and_batch(
    notebook: NotebookPage, batch: Locator
) -> None:
    batch.get_by_label("block_size").focus()
    notebook.page.keyboard.press("End")
    expect(batch.locator("tbody tr")).to_have_count(32)
    expect(batch.locator(".nano-counted")).to_contain_text("4 × 32 = 128 examples")
    notebook.page.keyboard.press("Home")
    expect(batch.locator("tbody tr")).to_have_count(1)
    expect(batch.locator(".nano-counted")).to_contain_text("4 × 1 = 4 examples")


def test_a_batch_is_drawn_by_python_and_its_rows_lead_to_their_blocks(
    notebook: NotebookPage, batch: Locator
) -> None:
    number = int(notebook.python("print(batch.draws)"))
    batch.get_by_role("button", name="Draw a batch of 4").click()
    expect(batch.locator(".nano-counted")).to_contain_text(f"Batch {number + 1}: 4 × 8 = 32 examples")
    offset, block = notebook.python(
        "b = batch.batch[2]['offset']; print(b, text[b : b + 8].replace(' ', '␣').replace('\\n', '⏎'))"
    ).split()
    row = batch.locator(".nano-row").nth(2)
    expect(row).to_contain_text(block)
    row.focus()
    notebook.page.keyboard.press("Enter")
    expect(row).to_have_attribute("aria-pressed", "true")
    expect(batch.locator("tbody td.nano-context").last).to_have_text(block)
    notebook.python_comes_to("batch.offset", int(offset))


def test_a_click_into_the_text_moves_the_block_there(notebook: NotebookPage, batch: Locator) -> None:
    batch.locator(".nano-after [data-at='14']").click()  # the newline after "First Citizen:"
    expect(batch.locator("tbody td.nano-context").last).to_have_text("⏎Before␣")


def test_the_block_follows_python(notebook: NotebookPage, batch: Locator) -> None:
    notebook.python("batch.offset = 500_000")
    wanted = notebook.python("print(text[500_000:500_008].replace(' ', '␣').replace('\\n', '⏎'), end='')")
    expect(batch.locator("tbody td.nano-context").last).to_have_text(wanted)


@pytest.mark.timed
def test_the_block_answers_at_once_near_by_and_soon_far_away(notebook: NotebookPage, batch: Locator) -> None:
    near = notebook.latency(set_input("input[type=range]", [100, 101, 102]), batch)
    far = notebook.latency(set_input("input[type=range]", [900_000, 100_000, 500_000]), batch)
    print(f"near {near:.0f} ms, far {far:.0f} ms")
    assert near < SOON
    assert far < 2 * SOON


# --- n-grams --------------------------------------------------------------------------------------


def test_the_order_slider_tells_both_losses_and_shows_its_sample(
    notebook: NotebookPage, ngram: Locator
) -> None:
    ngram.get_by_label("order", exact=True).focus()
    notebook.page.keyboard.press("End")
    expect(said(ngram)).to_have_text("Order 3: train loss 1.502, validation loss 1.774 nats per character.")
    assert ngram.locator(".nano-sample").inner_text() == notebook.python(
        "print(ngram.samples[3]['text'], end='')"
    )
    notebook.python_comes_to("ngram.order", 3)


def test_the_picture_of_the_losses_is_told_in_words(ngram: Locator) -> None:
    label = ngram.locator("canvas").get_attribute("aria-label")
    assert "Order 1: train 2.452, validation 2.486." in label
    assert "Uniform guessing: 4.174." in label


def test_a_click_on_a_bar_chooses_its_order_and_marks_it(ngram: Locator) -> None:
    canvas = ngram.locator("canvas")
    before = canvas.evaluate(PIXELS)
    width = canvas.evaluate("(canvas) => canvas.clientWidth")
    canvas.click(position={"x": 46 + (width - 56) * 2.5 / 4, "y": 150})
    expect(said(ngram)).to_contain_text("Order 2: train loss 1.906")
    expect(ngram.get_by_label("order", exact=True)).to_have_value("2")
    drawn_anew(canvas, before)


def test_another_sample_is_written_by_python_with_the_next_seed(
    notebook: NotebookPage, ngram: Locator
) -> None:
    number = int(notebook.python("print(ngram.wanted[1])"))
    old = ngram.locator(".nano-sample").inner_text()
    ngram.get_by_role("button", name="Another sample").click()
    expect(ngram.locator(".nano-written")).to_have_text(
        f"Written by order 1, sample {number + 1} (Python, seed {1337 + number})"
    )
    expect(ngram.locator(".nano-sample")).not_to_have_text(old)


@pytest.mark.timed
def test_the_order_answers_at_once(notebook: NotebookPage, ngram: Locator) -> None:
    assert notebook.latency(set_input("input[type=range]", [0, 1, 2, 3]), ngram) < SOON


# --- the map --------------------------------------------------------------------------------------


def test_pointing_names_the_pair_and_its_numbers(notebook: NotebookPage) -> None:
    widget = notebook.widget(2)
    seen, of = notebook.python(
        "r = counts[tokenizer.id_of['t']]; print(f\"{r[tokenizer.id_of['h']]:,} {r.sum():,}\")"
    ).split()
    widget.locator("canvas").hover(position=points_at(notebook, widget, "t", "h"))
    expect(said(widget)).to_have_text(
        f'after "t": "h", seen {seen} of {of} times, probability 0.341 (alpha = 1)'
    )
    widget.locator("canvas").hover(position=points_at(notebook, widget, "a", "Z"))
    expect(said(widget)).to_contain_text('after "a": "Z", never seen (0 of ')
    expect(widget).to_contain_text("never seen: 2,845 of 4,225 pairs")


def test_the_keyboard_alone_reads_the_map_and_shows_a_row(notebook: NotebookPage) -> None:
    widget, press = notebook.widget(2), notebook.page.keyboard.press
    widget.locator("canvas").focus()
    press("q")  # a letter leads to its row, there to what comes most often
    expect(said(widget)).to_contain_text('after "q": "u"')
    press("ArrowUp")
    expect(said(widget)).to_contain_text('after "p": "u"')
    press("Enter")
    expect(widget.locator(".nano-head").first).to_contain_text('After "p"')
    expect(widget.get_by_label("row: the character before")).to_have_value(
        notebook.python("print(tokenizer.id_of['p'], end='')")
    )
    notebook.python_comes_to("tokenizer.vocabulary[bigram.row]", "p")
    press("Home")
    expect(widget.locator("[aria-live=polite]")).to_contain_text('after "p": "newline"')


def test_the_bars_are_the_likeliest_twelve_of_the_row(notebook: NotebookPage) -> None:
    widget = notebook.widget(2)
    widget.get_by_label("row: the character before").select_option(label="␣ space")
    wanted = notebook.python(
        "from nanogpt_lib.widgets.bigram_map import next_characters\n"
        "row = next_characters(bigram.counted[1], tokenizer.vocabulary)\n"
        "for char, prob in row: print(char, f'{prob:.3f}')"
    ).split()
    expect(widget.locator(".nano-bar-row").first).to_contain_text(wanted[1])
    rows = widget.locator(".nano-bar-row").all_inner_texts()
    assert " ".join(rows).split() == wanted
    assert len(rows) == 12
    widget.get_by_label("row: the character before").select_option(label="q")
    expect(widget.locator(".nano-bar-row").first).not_to_contain_text("unseen")
    expect(widget.locator(".nano-bar-row").nth(1)).to_contain_text("unseen 0.002")


def test_the_sample_starts_at_the_row_and_another_differs(notebook: NotebookPage) -> None:
    widget = notebook.widget(2)
    widget.get_by_label("row: the character before").select_option(label="q")
    expect(widget.locator(".nano-sample")).to_have_text(re.compile("^q"))
    first = widget.locator(".nano-sample").inner_text()
    assert len(first) == 161
    widget.get_by_role("button", name="Another sample").click()
    expect(widget.locator(".nano-sample")).not_to_have_text(first)
    expect(widget).to_contain_text("drawn in your browser, seed 1338")


def test_counted_and_learned_stand_side_by_side(notebook: NotebookPage) -> None:
    widget = notebook.widget(3)
    expect(widget).to_contain_text('Largest difference: after "q", "u": counted 1.000, learned 0.015.')
    left, right = (canvas.bounding_box() for canvas in widget.locator("canvas").all())
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] < right["x"]
    widget.get_by_role("button", name="Show it").click()
    expect(said(widget)).to_have_text(said(widget).inner_text())
    expect(said(widget)).to_contain_text('after "q": "u"')
    expect(said(widget)).to_contain_text("probability 1.000, learned 0.015")
    widget.locator("canvas").nth(1).hover(position=points_at(notebook, widget, "t", "h", which=1))
    expect(said(widget)).to_contain_text('after "t": "h"')


def test_another_sample_of_two_tables_unfolds_what_they_write(notebook: NotebookPage) -> None:
    """A button that seems to do nothing would be pressed no second time."""
    widget = notebook.widget(3)
    samples = widget.locator(".nano-sample")
    expect(samples.first).to_be_hidden()
    widget.get_by_role("button", name="Another sample").click()
    for at, name in enumerate(("counted", "learned")):
        expect(samples.nth(at)).to_be_visible()
        expect(samples.nth(at)).to_contain_text(name)
    widget.get_by_text("What both tables write").click()
    expect(samples.first).to_be_hidden()


def test_unseen_pairs_are_hatched_and_rare_ones_are_not(notebook: NotebookPage) -> None:
    """A rare pair has one dark blue; an unseen one has the theme's panel and a stripe across it."""
    widget = notebook.widget(2)
    colours = """([canvas, {x, y}]) => {
      const ratio = canvas.width / canvas.clientWidth;
      const box = [x - 3, y - 3, 6, 6].map((pixels) => pixels * ratio);
      const {data} = canvas.getContext("2d").getImageData(...box);
      const found = Array.from({length: data.length / 4}, (_, i) => data.slice(4 * i, 4 * i + 3).join());
      return new Set(found).size;
    }"""
    canvas = widget.locator("canvas")
    for theme in ("light", "dark"):
        with in_theme(notebook, theme, widget):
            widget.scroll_into_view_if_needed()
            kinds = {
                pair: notebook.page.evaluate(
                    colours, [canvas.element_handle(), points_at(notebook, widget, *pair)]
                )
                for pair in ("aZ", "bh")
            }
            assert kinds["aZ"] > 1, theme
            assert kinds["bh"] == 1, theme


@pytest.mark.timed
def test_the_map_answers_at_once(notebook: NotebookPage) -> None:
    hover = notebook.latency(HOVER, notebook.widget(2))
    key = notebook.latency(press_key("canvas", ["ArrowLeft", "ArrowUp", "ArrowRight"]), notebook.widget(3))
    print(f"hover {hover:.0f} ms, key {key:.0f} ms")
    assert hover < SOON
    assert key < SOON


def test_in_a_narrow_window_the_two_maps_stand_one_above_the_other(notebook: NotebookPage) -> None:
    """Side by side their cells would be two pixels wide, which nobody can point at."""
    widget = notebook.widget(3)
    with in_window(notebook, 760, side_bar=True):
        expect(widget.locator("canvas").nth(1)).to_have_js_property("clientWidth", 22 + 65 * 5)
        upper, lower = (canvas.bounding_box() for canvas in widget.locator("canvas").all())
        assert upper["y"] + upper["height"] <= lower["y"]
        widget.locator("canvas").nth(1).hover(position=points_at(notebook, widget, "t", "h", which=1))
        expect(said(widget)).to_contain_text('after "t": "h"')


# --- all of them ----------------------------------------------------------------------------------


def test_a_tag_in_the_text_is_shown_and_not_obeyed(notebook: NotebookPage) -> None:
    asked: list[str] = []
    notebook.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    evil_batch, evil_ngram, evil_map = (notebook.widget(index) for index in (4, 5, 6))
    expect(evil_batch.locator("tbody td.nano-context").last).to_have_text(EVIL.replace(" ", "␣"))
    evil_ngram.get_by_label("order", exact=True).focus()
    notebook.page.keyboard.press("End")
    expect(evil_ngram.locator(".nano-sample")).to_contain_text(EVIL)
    evil_map.get_by_label("row: the character before").select_option(label="<")
    expect(said(evil_map)).to_contain_text('after "<": "i"')
    assert notebook.page.locator(".nano-widget img").count() == 0
    assert asked == []


def test_nothing_went_wrong_on_the_way(notebook: NotebookPage) -> None:
    assert [line for line in notebook.console if "src=x" in line] == []
    went_well(notebook)
