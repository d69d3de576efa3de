"""The recipe race in a real browser: it starts, pauses and arrives; recipes are ticked, pinned and taken."""

import re

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage
from looks import PIXELS, drawn_anew, page_of, went_well

pytestmark = pytest.mark.browser

SETUP = """
from nanogpt_lib.widgets.recipe_race import RecipeRace, race_in_words
race = RecipeRace(["rate", "Muon"])
race
"""
LATE = 15_000  # milliseconds; the whole race takes 8,000

opened = page_of([SETUP])


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """The same page for every test, with every choice where it was at first."""
    opened.python("race.ticks, race.against, race.axis, race.share = ['rate', 'Muon'], [], 'seconds', 1.0")
    expect(opened.widgets.first.get_by_role("radio", name="rate, Muon", exact=True)).to_be_checked()
    expect(opened.widgets.first.get_by_label("time")).to_have_value("200")
    return opened


@pytest.fixture
def widget(notebook: NotebookPage) -> Locator:
    return notebook.widget()


def press(widget: Locator, name: str) -> None:
    widget.get_by_role("button", name=name).click()


def place(widget: Locator) -> int:
    """The place of the slider."""
    return int(widget.get_by_label("time").input_value())


def is_beyond(widget: Locator, rests: int) -> None:
    """Wait until the race, which runs, has left this place behind, and is not over."""
    clock = widget.get_by_label("time").element_handle()
    between = "([clock, rests]) => Number(clock.value) > rests && Number(clock.value) < 200"
    widget.page.wait_for_function(between, arg=[clock, rests])


def sentence(widget: Locator) -> Locator:
    """What is said about the two recipes."""
    return widget.locator(".race-told .nano-said")


# --- the race -------------------------------------------------------------------------------------


def test_from_the_end_it_starts_anew_runs_and_pauses_where_python_knows(
    notebook: NotebookPage, widget: Locator
) -> None:
    press(widget, "Start")
    expect(widget.get_by_role("button", name="Pause")).to_be_visible()
    is_beyond(widget, 10)
    before = place(widget)
    press(widget, "Pause")
    expect(widget.get_by_role("button", name="Start")).to_be_visible()
    rests = place(widget)
    assert before <= rests < 200
    widget.page.wait_for_timeout(300)
    assert place(widget) == rests
    notebook.python_comes_to("round(200 * race.share)", rests)
    press(widget, "Start")  # goes on from there
    is_beyond(widget, rests)
    assert rests < place(widget) < 200
    press(widget, "Pause")


def test_it_stops_by_itself_when_both_have_arrived(notebook: NotebookPage, widget: Locator) -> None:
    notebook.python("race.share = 0.93")
    expect(widget.get_by_label("time")).to_have_value("186")
    press(widget, "Start")
    expect(widget.get_by_label("time")).to_have_value("200", timeout=LATE)
    expect(widget.get_by_role("button", name="Start")).to_be_visible()
    expect(widget.locator(".nano-said").first).to_contain_text("arrived after")
    notebook.python_comes_to("race.share", 1.0)


def test_the_slider_takes_over_from_the_race(notebook: NotebookPage, widget: Locator) -> None:
    press(widget, "Start")
    is_beyond(widget, 10)
    widget.get_by_label("time").press("Home")
    expect(widget.get_by_role("button", name="Start")).to_be_visible()
    widget.page.wait_for_timeout(200)
    assert place(widget) == 0
    notebook.python_comes_to("race.share", 0.0)


def test_the_curves_grow_with_the_time_and_are_drawn_over_either_axis(widget: Locator) -> None:
    canvas, clock = widget.locator("canvas[role=img]"), widget.get_by_label("time")
    pictures = [canvas.evaluate(PIXELS)]
    for act in (
        lambda: clock.press("Home"),
        lambda: clock.press("PageUp"),
        lambda: widget.get_by_label("characters read").check(),
    ):
        act()
        drawn_anew(canvas, pictures[-1])
        pictures.append(canvas.evaluate(PIXELS))
    assert len(set(pictures)) == 4
    expect(canvas).to_have_attribute("aria-label", re.compile("^Curves of validation loss. After "))


def test_a_click_in_the_picture_moves_the_clock(notebook: NotebookPage, widget: Locator) -> None:
    canvas = widget.locator("canvas[role=img]")
    wide = canvas.bounding_box()["width"]
    canvas.click(position={"x": 42 + (wide - 56) / 2, "y": 100})
    assert place(widget) in (99, 100, 101)
    notebook.python_comes_to("round(200 * race.share)", place(widget))
    expect(widget.get_by_label("time")).to_be_focused()


def test_with_reduced_motion_nothing_moves_by_itself_and_the_slider_stays(widget: Locator) -> None:
    press(widget, "Start")
    widget.page.emulate_media(reduced_motion="reduce")
    try:
        expect(widget.get_by_role("button", name=re.compile("Start|Pause"))).to_have_count(0)
        rests = place(widget)
        widget.page.wait_for_timeout(300)
        assert place(widget) == rests
        widget.get_by_label("time").press("End")
        expect(widget.locator(".nano-said").first).to_contain_text("arrived after")
    finally:
        widget.page.emulate_media(reduced_motion="no-preference")
    expect(widget.get_by_role("button", name="Start")).to_be_visible()


# --- the recipes ----------------------------------------------------------------------------------


def test_a_click_in_a_row_takes_its_recipe(notebook: NotebookPage, widget: Locator) -> None:
    row = widget.get_by_role("row").filter(
        has=widget.page.get_by_role("radio", name="parts, pairs", exact=True)
    )
    row.get_by_role("cell").last.click()
    for kind, on in (("rate", False), ("parts", True), ("Muon", False), ("pairs", True)):
        expect(widget.get_by_role("checkbox", name=kind)).to_be_checked(checked=on)
    notebook.python_comes_to("race.ticks", ["parts", "pairs"])
    words = notebook.python("print(race_in_words(*race.state()))").strip()
    expect(sentence(widget)).to_have_text(words)
    assert words.startswith("Your racer adds the new parts and the pairs.")


def test_arrow_keys_go_through_the_recipes(notebook: NotebookPage, widget: Locator) -> None:
    names = widget.locator("tbody label").all_inner_texts()
    at = names.index("rate, Muon")
    widget.get_by_role("radio", name="rate, Muon", exact=True).press("ArrowDown")
    below = names[(at + 1) % len(names)]
    expect(widget.get_by_role("radio", name=below, exact=True)).to_be_checked()
    notebook.python_comes_to("race.state()[0].name", below)


def test_a_recipe_is_pinned_and_taken_back(notebook: NotebookPage, widget: Locator) -> None:
    other = widget.get_by_role("row").filter(has_text="(the other racer)")
    expect(other.get_by_role("radio")).to_have_accessible_name("nothing")
    press(widget, "Race against this one")
    expect(sentence(widget)).to_contain_text("Both racers have the same recipe.")
    expect(other.get_by_role("radio")).to_have_accessible_name("rate, Muon")
    widget.get_by_role("checkbox", name="pairs").check()
    expect(sentence(widget)).to_contain_text("Your racer adds the pairs.")
    notebook.python_comes_to("(race.ticks, race.against)", (["rate", "Muon", "pairs"], ["rate", "Muon"]))
    press(widget, "Race against nothing")
    expect(sentence(widget)).to_contain_text("Your racer adds the falling rate, Muon and the pairs.")
    expect(other.get_by_role("radio")).to_have_accessible_name("nothing")
    notebook.python_comes_to("race.against", [])


def test_nothing_went_wrong_on_the_way(notebook: NotebookPage) -> None:
    """Last of this page, so that it looks back on all the others."""
    went_well(notebook)
