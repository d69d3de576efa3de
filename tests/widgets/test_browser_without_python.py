"""What the widgets still do when the kernel is gone: all of them on one page.

What was sent to the browser answers on; what only Python can do says that it does not answer, and changes
nothing. (Asleep for long, or on a page that is kept open, a notebook is left without its kernel.)
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from browser import open_notebook
from widget_rows import EACH, ROWS, Row, page_cells, shows, turn, view

pytestmark = pytest.mark.browser

LATE = 10_000  # milliseconds; the most patient widget waits for 6,000
SILENT = "Python does not answer: run this cell again."


@pytest.fixture(scope="module")
def alone() -> Callable[[str], Locator]:
    """A function from a widget's name to its only view, on a page whose kernel has ended."""
    with open_notebook(page_cells(views=1)) as notebook:
        assert notebook.errors() == []
        notebook.stop_python()
        yield lambda name: view(notebook, next(row for row in ROWS if row.name == name), views=1)


def said(root: Locator) -> Locator:
    """The sentences that are seen."""
    return root.locator(".nano-said")


def press(root: Locator, name: str) -> None:
    # What can do nothing now is dimmed, and may still be pressed.
    root.get_by_role("button", name=name, exact=True).click(force=True)


@EACH
def test_without_python_the_main_control_still_answers(alone: Callable[[str], Locator], row: Row) -> None:
    root = alone(row.name)
    turn(root, row)
    shows(root, row, row.says)


# --- every choice ---------------------------------------------------------------------------------


def test_scaling_divides_by_another_number_and_shows_another_example(alone: Callable[[str], Locator]) -> None:
    widget = alone("scaling_explorer")
    widget.get_by_label("head_size", exact=True).press("End")
    widget.get_by_label("scores divided by").select_option("none")
    expect(said(widget)).to_contain_text("Divided by 1, the scores have a")
    expect(said(widget)).to_contain_text("15.973")
    press(widget, "Draw again")
    expect(widget).to_contain_text("One example: query 1 and its 8 keys")


def test_depth_takes_the_bypass_away_and_starts_otherwise(alone: Callable[[str], Locator]) -> None:
    widget = alone("depth_explorer")
    widget.get_by_label("layers", exact=True).press("End")
    expect(said(widget)).to_contain_text("35 reaches the input")
    widget.get_by_label("bypass").click()
    expect(said(widget)).to_contain_text("4.0e-10 reaches the input")
    widget.get_by_label("weights start as").select_option("he")
    expect(said(widget)).to_contain_text("0.70 reaches the input")


def test_norm_averages_over_other_axes(alone: Callable[[str], Locator]) -> None:
    widget = alone("norm_explorer")
    widget.get_by_label("Average over").select_option("all")
    widget.get_by_label("scale").press("Home")
    expect(widget.locator(".nrm-change")).to_contain_text("t of block 0 times −3. After")
    expect(widget.locator(".nano-light").nth(1)).to_contain_text("it sees its neighbour")


def test_dropout_draws_again(alone: Callable[[str], Locator]) -> None:
    widget = alone("dropout_explorer")
    widget.get_by_label("p, the share to drop").press("End")
    expect(said(widget)).to_contain_text("With p = 1 everything is dropped")
    press(widget, "Draw again")
    expect(widget).to_contain_text("draw 2 of 12")


def test_curves_are_ticked_and_read(alone: Callable[[str], Locator]) -> None:
    widget = alone("curve_explorer")
    widget.get_by_label("p = 0", exact=True).uncheck()
    widget.get_by_label("read at step").press("End")
    widget.get_by_label("read at step").press("ArrowLeft")
    expect(said(widget)).to_contain_text("Step 2900. p = 0.2: gap ")


def test_an_architecture_is_picked_kept_and_compared(alone: Callable[[str], Locator]) -> None:
    widget = alone("architecture_explorer")
    press(widget, "GPT-2 small")
    expect(said(widget)).to_contain_text("163,059,793 parameters to learn")
    press(widget, "Keep this one to compare")
    widget.get_by_label("batch_size (B)", exact=True).press("Home")
    expect(said(widget)).to_contain_text("batch_size 512 → 1. Parameters the same")


def test_runs_are_found_ticked_read_and_guessed(alone: Callable[[str], Locator]) -> None:
    widget = alone("run_explorer")
    widget.get_by_label("find").fill("norm")
    expect(widget.locator(".run-table tbody tr")).to_have_count(3)
    widget.get_by_role("checkbox", name="norm: after").check()
    widget.locator(".run-reader").get_by_label("characters read").check()
    expect(said(widget.locator(".run-reader"))).to_contain_text("characters the lowest is depth: 8 blocks")
    widget.get_by_role("radio", name="Predict the winner").check()
    widget.locator(".run-predict").get_by_label("experiment").select_option("norm")
    widget.get_by_role("radio", name=re.compile("^after")).check()
    press(widget, "Reveal")
    expect(said(widget.locator(".run-predict"))).to_contain_text("Among the first, but not alone.")


def test_the_race_takes_other_recipes_and_runs(alone: Callable[[str], Locator]) -> None:
    widget = alone("recipe_race")
    widget.get_by_role("radio", name="pairs", exact=True).check()
    expect(said(widget)).to_contain_text(["After", "Your racer adds the pairs."])
    press(widget, "Race against this one")
    expect(said(widget)).to_contain_text(["After", "Both racers have the same recipe."])
    widget.get_by_role("checkbox", name="pairs").uncheck()
    expect(said(widget)).to_contain_text(["After", "Your racer goes without the pairs."])
    widget.get_by_label("time").press("Home")
    press(widget, "Start")
    expect(said(widget)).to_contain_text(["characters", "Your racer"])
    press(widget, "Pause")
    expect(widget.get_by_role("button", name="Start")).to_be_visible()


# --- what only Python can do ----------------------------------------------------------------------


def test_a_batch_that_was_not_drawn_is_not_counted(alone: Callable[[str], Locator]) -> None:
    """A number that rose although nothing was drawn would be a false claim on the screen."""
    widget = alone("batch_explorer")
    counted = widget.locator(".nano-counted").inner_text()
    press(widget, "Draw a batch of 4")
    expect(said(widget)).to_have_text(SILENT, timeout=LATE)
    assert widget.locator(".nano-counted").inner_text() == counted


def test_another_sample_is_not_written_and_the_losses_stay(alone: Callable[[str], Locator]) -> None:
    widget = alone("ngram_explorer")
    press(widget, "Another sample")
    expect(said(widget)).to_have_text(SILENT, timeout=LATE)
    widget.get_by_label("order", exact=True).press("Home")
    expect(said(widget)).to_contain_text("Order 0: train loss 3.")


def test_a_loss_that_was_measured_answers_and_another_is_not_made_up(alone: Callable[[str], Locator]) -> None:
    widget = alone("head_grid")
    verdict = widget.locator(".hgrid-verdict .nano-said")
    widget.get_by_label("head 1", exact=True).click()
    expect(verdict).to_contain_text("Without head 1 of layer 0 the loss ")
    widget.get_by_label("Layer", exact=True).select_option("1")
    widget.get_by_label("head 2", exact=True).click()
    expect(verdict).to_have_text("Python measures the loss without these heads …")
    expect(verdict).to_have_text(SILENT, timeout=LATE)
    widget.get_by_label("head 2", exact=True).click()
    expect(verdict).to_contain_text("Without head 1 of layer 0 the loss ")


def test_the_dashboard_keeps_its_curve_and_samples(alone: Callable[[str], Locator]) -> None:
    widget = alone("training_dashboard")
    expect(widget.locator(".dash-table tbody tr")).to_have_count(5)
    slider = widget.locator("input[type=range]")
    for key, step in (("Home", "Step 0: "), ("End", "Step 100: ")):
        slider.press(key)
        expect(said(widget).nth(1)).to_contain_text(step)
    written = widget.locator(".dash-paper").text_content()
    press(widget, "Continue")
    expect(said(widget).first).to_contain_text("Python has not answered", timeout=LATE)
    assert widget.locator(".dash-paper").text_content() == written


def test_a_text_stays_to_be_looked_at_and_is_not_gone_on_with(alone: Callable[[str], Locator]) -> None:
    widget = alone("sampling_studio")
    before = widget.locator(".studio-list").first.text_content()
    for name in ("Write", "Go on"):
        press(widget, name)
        expect(said(widget).first).to_contain_text("Python does not answer", timeout=LATE)
        press(widget, "Stop")
    widget.locator(".studio-token").nth(31).click()
    expect(said(widget).nth(1)).to_contain_text("Character 32: ")
    expect(widget.locator(".studio-taken:visible")).to_have_count(1)
    assert widget.locator(".studio-list").first.text_content() == before


def test_a_run_of_ones_own_is_not_begun(alone: Callable[[str], Locator]) -> None:
    widget = alone("run_explorer")
    widget.get_by_role("radio", name="Run your own").check()
    press(widget, "Train")
    expect(said(widget.locator(".run-own"))).to_contain_text("Python does not answer", timeout=3 * LATE)
