"""The sampling studio in a real browser: text that streams and stops, choices that open."""

import re

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage, press_key
from looks import BOXES_OVER_BOXES, in_theme, page_of, readable, went_well

pytestmark = pytest.mark.browser

SETUP = """
import time
import torch
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.sampling import generate
from nanogpt_lib.kit.widget import number
from nanogpt_lib.widgets.sampling_studio import SamplingStudio

torch.set_num_threads(1)
tokenizer = CharTokenizer("\\n !,.:<>abcdefghijklmnopqrstuvwxyzEMOR")
config = GPTConfig(vocab_size=38, block_size=32, n_embd=32, n_head=2, n_layer=2)
model = GPT(config, generator=torch.Generator().manual_seed(3))
with torch.no_grad():
    for parameter in model.parameters():
        parameter.mul_(1.6)

class Slow(torch.nn.Module):
    block_size = 32
    def __init__(self):
        super().__init__()
        self.inner = model
    def forward(self, idx):
        time.sleep(0.03)
        return self.inner(idx)

def library(prompt, count, seed=1337, **settings):
    start = torch.tensor([tokenizer.encode(prompt)])
    written = generate(model, start, count, generator=torch.Generator().manual_seed(seed), **settings)
    return tokenizer.decode(written[0, len(prompt):].tolist())

studio = SamplingStudio(model, tokenizer, temperature=0.9, top_k=20, top_p=0.9, length=40)
studio
"""
CELLS = [SETUP, "slow = SamplingStudio(Slow(), tokenizer, prompt='<b>R', length=3); slow", "studio"]
STUDIO, SLOW, AGAIN = range(3)
PATIENCE = 20_000  # milliseconds: on a machine with other work a text takes its time
CLICK_WRITE = """(root, i) => root.querySelector(".studio-write").click()"""
CLICK_TOKEN = """(root, i) => root.querySelectorAll(".studio-token")[(7 * i + 3) % 40].click()"""
TEXT = """(root) => [...root.querySelectorAll(".studio-page:not([hidden]) .studio-list")]
  .map((list) => list.textContent.replaceAll("⏎\\n", "\\n"))"""
RESET = """
studio.prompt, studio.seed, studio.length, studio.compare = "ROMEO:\\n", 1337, 40, False
studio.settings = [[0.9, 20, 0.9], [0.5, 20, 0.9]]
"""
# What may not lie over one another: boxes with text.
PARTS = (
    "label, input, textarea, .nano-value, button, .studio-cell b, .studio-count, .studio-number, "
    ".studio-char, .nano-said, .nano-hint, .studio-paper, .studio-notes p, .studio-stale"
)

opened = page_of(CELLS)


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """The same page for every test, with the same 40 characters written anew."""
    opened.python(RESET)
    root = opened.widget(STUDIO)
    expect(root.get_by_label("Prompt")).to_have_value("ROMEO:\n")
    expect(root.get_by_label("Length")).to_have_value("40")
    expect(root.locator(".studio-page").nth(1)).to_be_hidden()
    press(opened, STUDIO, "Write")
    written(opened, 40)
    return opened


def press(notebook: NotebookPage, index: int, name: str) -> None:
    notebook.widget(index).get_by_role("button", name=name, exact=True).click(
        force=True  # what can do nothing now is dimmed, and may still be pressed
    )


def status(notebook: NotebookPage, index: int) -> Locator:
    return notebook.widgets.nth(index).locator(".studio-status .nano-said")


def written(notebook: NotebookPage, count: int) -> None:
    expect(notebook.widgets.nth(STUDIO)).not_to_have_class(re.compile("studio-running"), timeout=PATIENCE)
    expect(status(notebook, STUDIO)).to_have_text(f"{count} of {count} characters.")


def text(notebook: NotebookPage, index: int) -> list[str]:
    """What stands on each page that is open."""
    return notebook.widgets.nth(index).evaluate(TEXT)


def token(notebook: NotebookPage, place: int, page: int = 0) -> Locator:
    return notebook.widget(STUDIO).locator(".studio-list").nth(page).locator(".studio-token").nth(place)


def said(notebook: NotebookPage, index: int = STUDIO, page: int = 0) -> Locator:
    """The sentence about the choice."""
    return notebook.widgets.nth(index).locator(".studio-page").nth(page).locator(".nano-said")


def rows(notebook: NotebookPage) -> Locator:
    return notebook.widget(STUDIO).locator(".studio-page").first.locator("button.studio-row:visible")


def test_what_streams_in_is_what_the_library_generates(notebook: NotebookPage) -> None:
    wanted = notebook.python("print(library('ROMEO:\\n', 40, temperature=0.9, top_k=20, top_p=0.9), end='')")
    assert text(notebook, STUDIO) == [wanted]
    assert text(notebook, AGAIN) == [wanted], "the second view of the same widget"
    notebook.python_comes_to("studio.text", wanted)
    went_well(notebook)


def test_new_settings_and_another_seed_are_those_of_the_next_text(notebook: NotebookPage) -> None:
    root = notebook.widget(STUDIO)
    root.get_by_label("Seed").fill("7")
    root.get_by_label("Length").fill("30")
    root.get_by_label("temperature").first.fill("1.5")
    root.get_by_label("top-k").first.fill("38")
    root.get_by_label("top-p").first.fill("1")
    expect(root.locator(".studio-stale").first).to_have_text(
        "This was written with temperature 0.90, top-k 20, top-p 0.90, seed 1337. Press Write to write anew."
    )
    press(notebook, STUDIO, "Write")
    written(notebook, 30)
    wanted = notebook.python("print(library('ROMEO:\\n', 30, seed=7, temperature=1.5), end='')")
    assert text(notebook, STUDIO) == [wanted]
    expect(root.locator(".studio-stale").first).to_have_text("")
    root.get_by_label("Seed").fill("-3")
    expect(status(notebook, STUDIO)).to_have_text(
        "The seed is a whole number from 0 to 2,147,483,647; it stays 7."
    )
    root.get_by_label("Seed").fill("7")
    written(notebook, 30)


def test_a_click_on_a_character_shows_the_choice_that_it_was(notebook: NotebookPage) -> None:
    for place in (0, 18, 39):
        token(notebook, place).click()
        row = notebook.python(
            f"choice = studio.pages[0]['choices'][{place}]\n"
            "row = next(row for row in choice['rows'] if row[0] == choice['id'])\n"
            "print(*map(number, row[2:]), choice['left'])"
        )
        *numbers, _ = row.split(maxsplit=4)
        taken = notebook.widget(STUDIO).locator(".studio-taken:visible").first
        assert taken.locator(".studio-number").all_text_contents() == numbers
        expect(said(notebook)).to_contain_text(f"Character {place + 1}: ")
        expect(said(notebook)).to_contain_text(f"was drawn with probability {numbers[-1]}")
    widths = taken.locator(".studio-bar").evaluate_all(
        "(bars) => bars.map((bar) => parseFloat(bar.style.width))"
    )
    shares = [width / float(value) for width, value in zip(widths, numbers, strict=True) if float(value)]
    assert shares == pytest.approx([shares[0]] * len(shares), rel=0.05), "bars are in proportion"
    notebook.python_comes_to("studio.chosen", 39)


def test_a_click_on_a_bar_takes_that_character_and_goes_on_from_there(notebook: NotebookPage) -> None:
    before = text(notebook, STUDIO)[0]
    token(notebook, 10).click()
    expect(said(notebook)).to_contain_text("Character 11: ")
    other = rows(notebook).nth(11)
    char = notebook.python("print(studio.pages[0]['choices'][10]['rows'][11][1], end='')")
    other.click()
    expect(said(notebook)).to_contain_text("was chosen by you")
    written(notebook, 40)
    now = text(notebook, STUDIO)[0]
    assert now[:11] == before[:10] + char
    assert len(now) == 40
    assert now != before
    notebook.python_comes_to("studio.text", now)
    expect(token(notebook, 10)).to_have_class(re.compile("studio-yours"))


def test_a_moved_slider_shows_the_same_choice_anew_and_leaves_the_text(notebook: NotebookPage) -> None:
    before = text(notebook, STUDIO)
    token(notebook, 20).click()
    root = notebook.widget(STUDIO)
    root.get_by_label("top-k").first.fill("2")
    expect(said(notebook)).to_contain_text("The same choice with temperature 0.90, top-k 2, top-p 0.90")
    expect(root.locator(".studio-count").nth(2)).to_have_text("2 of 38 left")
    assert text(notebook, STUDIO) == before
    root.get_by_label("top-k").first.fill("20")
    expect(said(notebook)).to_contain_text("was drawn with")


def test_stop_is_at_once_and_going_on_ends_with_the_same_text(notebook: NotebookPage) -> None:
    root = notebook.widget(SLOW)
    root.get_by_label("Length").fill("60")
    press(notebook, SLOW, "Write")  # the first 3 were there before
    expect(status(notebook, SLOW)).to_have_text(re.compile(r"^writing, ([4-9]|1\d) of 60"))
    press(notebook, SLOW, "Stop")
    expect(status(notebook, SLOW)).to_have_text(re.compile(r"^\d+ of 60 characters"))
    stopped = text(notebook, SLOW)[0]
    assert 0 < len(stopped) < 60
    notebook.python_comes_to("slow.text", stopped)
    assert text(notebook, SLOW) == [stopped], "nothing may come after Stop"
    press(notebook, SLOW, "Go on")
    expect(status(notebook, SLOW)).to_have_text("60 of 60 characters.", timeout=PATIENCE)
    wanted = notebook.python("print(library('<b>R', 60), end='')")
    assert text(notebook, SLOW) == [wanted]
    assert wanted.startswith(stopped)
    press(notebook, SLOW, "Go on")
    expect(status(notebook, SLOW)).to_have_text("The text has its 60 characters: raise the length to go on.")
    expect(root.locator(".studio-start").first).to_have_text("<b>R")
    assert root.locator(".studio-paper b").count() == 0, "a tag in a prompt is text"


def test_two_settings_side_by_side_each_write_their_own_text(notebook: NotebookPage) -> None:
    root = notebook.widget(STUDIO)
    root.get_by_label("Compare two settings").check()
    expect(root).not_to_have_class(re.compile("studio-running"), timeout=PATIENCE)
    expect(status(notebook, STUDIO)).to_have_text("Page A: 40 of 40 characters; Page B: 40 of 40 characters.")
    left, right = text(notebook, STUDIO)
    assert left != right
    assert right == notebook.python(
        "print(library('ROMEO:\\n', 40, temperature=0.5, top_k=20, top_p=0.9), end='')"
    )
    token(notebook, 5, page=1).click()
    expect(said(notebook, page=1)).to_contain_text("Character 6: ")
    boxes = [notebook.widget(STUDIO).locator(".studio-page").nth(page).bounding_box() for page in (0, 1)]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    notebook.python_comes_to("studio.compare", True)


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("", "The prompt is empty: the text begins from a newline."),
        ("Où?", 'Left out, because this model has no such characters: "ù", "?".'),
        ("👍🏽🎭", "Nothing is left of the prompt: the text begins from a newline."),
        ("ab" * 50_000, "The model sees only the last 32 characters of the 100,000 in the prompt."),
    ],
    ids=["empty", "unknown", "emoji", "100,000"],
)
def test_any_prompt_gets_a_sensible_answer(notebook: NotebookPage, prompt: str, says: str) -> None:
    root = notebook.widget(STUDIO)
    root.get_by_label("Prompt").fill(prompt)
    press(notebook, STUDIO, "Write")
    expect(root.locator(".studio-page").first.get_by_role("note")).to_contain_text(says)
    written(notebook, 40)
    expect(root.locator(".studio-stale").first).to_have_text("")
    if len(prompt) > 1000:
        expect(root.locator(".studio-start").first).to_contain_text("… (99,800 more before this) ab")
    went_well(notebook)


def test_everything_can_be_done_by_keyboard_and_the_notebook_stays(notebook: NotebookPage) -> None:
    page, before = notebook.page, text(notebook, STUDIO)[0]
    notebook.widget(STUDIO).get_by_role("listbox").first.focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "a"):  # in Lab's command mode a is a new cell
        page.keyboard.press(key)
    expect(said(notebook)).to_contain_text("Character 3: ")
    page.keyboard.press("Enter")
    for key in ("ArrowDown", "ArrowDown", "End", "ArrowUp"):
        page.keyboard.press(key)
    label = page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    assert re.search(r": the model .*, after temperature .*, after top-k .*, after top-p .*\. ", label)
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(said(notebook)).to_contain_text("Character 3: ")
    expect(said(notebook)).to_contain_text("was chosen by you")
    written(notebook, 40)
    assert text(notebook, STUDIO)[0][:2] == before[:2]
    assert text(notebook, STUDIO)[0] != before
    page.keyboard.press("Escape")
    expect(notebook.widget(STUDIO).get_by_role("listbox").first).to_be_focused()
    assert len(notebook.cells()) == len(CELLS)
    live = notebook.widget(STUDIO).locator(".studio-status [aria-live=polite]")
    expect(live).to_contain_text(text(notebook, STUDIO)[0][:20].strip().split("\n")[0])


@pytest.mark.timed
def test_a_choice_opens_within_50_ms_and_a_text_begins_within_150_ms(notebook: NotebookPage) -> None:
    root = notebook.widget(STUDIO)
    assert notebook.latency(CLICK_TOKEN, root) < 50
    assert notebook.latency(press_key(".studio-list", ["ArrowLeft"]), root) < 50
    root.get_by_label("Length").fill("1")  # else the rest of one text comes into the next one's time
    notebook.python_comes_to("studio.length", 1)
    assert notebook.latency(CLICK_WRITE, root) < 150


def test_with_one_page_and_with_two_nothing_lies_over_anything(notebook: NotebookPage) -> None:
    root = notebook.widget(STUDIO)
    token(notebook, 12).click()
    rows(notebook).nth(1).click()
    written(notebook, 40)
    assert root.evaluate(BOXES_OVER_BOXES, PARTS) == []
    root.get_by_label("Prompt").fill("Où est 👍 ROMEO")
    root.get_by_label("Compare two settings").check()
    press(notebook, STUDIO, "Write")
    expect(root).not_to_have_class(re.compile("studio-running"), timeout=PATIENCE)
    expect(status(notebook, STUDIO)).to_have_text("Page A: 40 of 40 characters; Page B: 40 of 40 characters.")
    assert root.evaluate(BOXES_OVER_BOXES, PARTS) == []
    for theme in ("dark", "light"):
        with in_theme(notebook, theme):
            readable(root)
            notebook.screenshot(f"sampling-studio-two-{theme}", root)
