"""The run explorer in a real browser: table, marker, guesses, and a training that leaves the kernel free."""

import re

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage, choose_next, set_input
from looks import (
    PIXELS,
    best_times,
    drawn_anew,
    fits,
    in_theme,
    in_window,
    page_of,
    readable,
    ringed,
    unfolded,
    went_well,
)

pytestmark = pytest.mark.browser

LATE = 200  # milliseconds, of the median, that no machine may take
PATIENCE = 60_000  # milliseconds for a training of a few seconds, and its measuring, on such a machine
SETUP = """
from nanogpt_lib.widgets import run_explorer
from nanogpt_lib.widgets.run_explorer import RunExplorer
run_explorer.load_text = lambda: "to be or not to be, that is the <b>question</b>.\\n" * 80
NAMES = ["scale", "depth", "norm", "dropout", "shipped"]
TICKED = ["depth: 1 block", "depth: 8 blocks", "dropout: p = 0.2"]
runs = RunExplorer(NAMES, ticked=TICKED)
runs
"""
CELLS = [
    SETUP,
    "guess = RunExplorer(NAMES, view='predict', question='norm'); guess",
    "own = RunExplorer(NAMES, view='run', axis='seconds', ticked=['depth: 1 block']); own",
]
RUNS, GUESS, OWN = range(3)
SMALL = {"block_size": "8", "n_embd": "16", "n_layer": "1", "seconds": "2"}

NEXT_AXIS = """(root, i) => {
  const choice = root.querySelectorAll(".run-reader [type=radio]")[(i + 1) % 3];
  choice.checked = true;
  choice.dispatchEvent(new Event("change"));
}"""

opened = page_of(CELLS)


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """The same page for every test, with every choice where it was at first."""
    opened.python(
        "runs.view, runs.axis, runs.at, runs.training = 'compare', 'steps', None, False\n"
        "runs.ticked, own.view = TICKED, 'run'\n"
        "runs.only, runs.search, runs.sort = '', '', [-1, False]\n"
        "guess.tried, guess.guess, guess.question = {}, '', 'norm'"
    )
    expect(said(opened.widgets.nth(RUNS))).to_contain_text("At 999 steps the lowest is depth: 8 blocks")
    expect(opened.widgets.nth(RUNS).locator(".run-count")).to_have_text("14 of 14 shown, 3 ticked.")
    expect(opened.widgets.nth(GUESS).locator(".run-score")).to_have_text("4 experiments to try")
    return opened


@pytest.fixture
def widget(notebook: NotebookPage) -> Locator:
    return notebook.widget(RUNS)


def said(root: Locator, section: str = ".run-reader") -> Locator:
    return root.locator(f"{section} .nano-said")


def column(root: Locator, number: int) -> list[str]:
    """A column of the table of all runs as it is shown; the box to tick is number 0."""
    return root.locator(f".run-table tbody tr > :nth-child({number + 1})").all_text_contents()


def ranking(root: Locator) -> list[list[str]]:
    return [row.locator("th, td").all_text_contents() for row in root.locator(".run-rank tbody tr").all()]


# --- compare --------------------------------------------------------------------------------------


def test_the_table_holds_every_run_as_python_does(notebook: NotebookPage, widget: Locator) -> None:
    cells = [
        row.locator("th, td").all_text_contents()[1:] for row in widget.locator(".run-table tbody tr").all()
    ]
    assert cells == eval(notebook.python("print([row['cells'] for row in runs.rows])"))


def test_a_head_sorts_by_mouse_and_by_keyboard_and_says_how(notebook: NotebookPage, widget: Locator) -> None:
    first = column(widget, 5)
    losses = widget.get_by_role("columnheader", name="loss, whole split")
    losses.get_by_role("button").click()
    expect(losses).to_have_attribute("aria-sort", "ascending")
    assert [text.split()[0] for text in column(widget, 5)] == sorted(text.split()[0] for text in first)
    losses.get_by_role("button").focus()
    notebook.page.keyboard.press("Enter")
    expect(losses).to_have_attribute("aria-sort", "descending")
    assert column(widget, 5)[0].startswith("3.173 ± ")
    notebook.python_comes_to("runs.sort", [4, True])
    notebook.page.keyboard.press("Enter")
    expect(losses).to_have_attribute("aria-sort", "none")
    assert column(widget, 5) == first
    widget.get_by_role("columnheader", name="parameters").get_by_role("button").click()
    numbers = [int(text.replace(",", "")) for text in column(widget, 8)]
    assert numbers == sorted(numbers)


def test_the_table_is_narrowed_by_experiment_and_by_text(notebook: NotebookPage, widget: Locator) -> None:
    widget.get_by_label("find").fill("BLOCK 8")
    assert column(widget, 2) == ["8 blocks", "shakespeare"]  # block_size=128 stands beside the other
    expect(widget.locator(".run-count")).to_have_text("2 of 14 shown, 3 ticked.")
    widget.locator(".run-compare").get_by_label("experiment").select_option("depth")
    assert column(widget, 2) == ["8 blocks"]
    widget.get_by_label("find").fill("<img>")
    assert column(widget, 2) == []
    widget.get_by_label("find").fill("")
    assert column(widget, 2) == ["1 block", "4 blocks", "8 blocks"]
    notebook.python_comes_to("(runs.only, runs.search)", ("depth", ""))
    widget.get_by_role("button", name="Untick all").click()
    widget.get_by_role("button", name="Tick all shown").click()
    notebook.python_comes_to("runs.ticked", ["depth: 1 block", "depth: 4 blocks", "depth: 8 blocks"])


def test_a_run_is_ticked_by_box_row_and_keyboard_and_drawn(notebook: NotebookPage, widget: Locator) -> None:
    picture = widget.locator(".cur-picture canvas")
    before = picture.evaluate(PIXELS)
    widget.get_by_role("checkbox", name="norm: none").focus()
    notebook.page.keyboard.press("Space")
    notebook.python_comes_to("runs.ticked[-1]", "norm: none")
    expect(widget.locator(".run-rank")).to_contain_text("norm: none")
    drawn_anew(picture, before)
    widget.get_by_role("rowheader", name="root of n_embd").click()
    notebook.python_comes_to("runs.ticked[-1]", "scale: root of n_embd")
    expect(widget.locator(".run-count")).to_have_text("14 of 14 shown, 5 ticked.")
    widget.get_by_role("button", name="Tick all shown").click()
    expect(widget.locator(".run-count")).to_have_text(
        "12 curves at most: 12 are ticked. 14 of 14 shown, 12 ticked."
    )
    widget.get_by_role("button", name="Untick all").click()
    expect(said(widget)).to_have_text("Tick a run to see its curve.")
    expect(picture).to_have_attribute("aria-label", "An empty picture.")


def test_one_click_reads_at_equal_steps_characters_or_time_as_python_does(
    notebook: NotebookPage, widget: Locator
) -> None:
    for axis, label in (
        ("characters", "characters read"),
        ("seconds", "seconds of training"),
        ("steps", "steps"),
    ):
        widget.locator(".run-reader").get_by_label(label, exact=True).check()
        notebook.python_comes_to("runs.axis", axis)
        where = notebook.python("print(run_explorer.place_in_words(runs.axis, runs._reading()[0]), end='')")
        expect(said(widget)).to_contain_text(f"At {where} the lowest is ")
        html = notebook.python("print(runs.static_html())")
        for key, loss, words in ranking(widget):
            assert f'<th scope="row">{key}</th><td>{loss}</td><td>{words}</td>' in html
        assert len(ranking(widget)) == 3
        assert ranking(widget)[0][2] == "lowest"


def test_the_marker_is_moved_by_keyboard_and_by_mouse(notebook: NotebookPage, widget: Locator) -> None:
    active = notebook.active_cell()
    slider = widget.get_by_label("read at", exact=True)
    slider.focus()
    for key in (
        "Home",
        "ArrowRight",
        "ArrowRight",
        "j",
        "d",
        "d",
    ):  # in Lab's command mode d d deletes a cell
        notebook.page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuetext", "40 steps")
    notebook.python_comes_to("runs.at", 40.0)
    assert notebook.active_cell() == active
    assert len(notebook.cells()) == len(CELLS)
    canvas = widget.locator(".cur-picture canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    mouse = notebook.page.mouse
    mouse.move(box["x"] + 42 + (box["width"] - 56) * 2000 / 2999, box["y"] + 100)
    mouse.down()
    mouse.up()
    notebook.python_comes_to("runs.at", 2000.0)
    expect(said(widget)).to_contain_text("At 2,000 steps the lowest is dropout: p = 0.2")
    assert [row[1:] for row in ranking(widget)[1:]] == [["ended", "ended at 999 steps"]] * 2
    widget.get_by_role("button", name="Last common place").click()
    expect(said(widget)).to_contain_text("At 999 steps ")
    notebook.python_comes_to("runs.at", None)


def test_the_training_loss_is_drawn_where_it_is_wanted(notebook: NotebookPage, widget: Locator) -> None:
    picture = widget.locator(".cur-picture canvas")
    before = picture.evaluate(PIXELS)
    widget.get_by_label("training loss too (dashed)").check()
    expect(picture).to_have_attribute("aria-label", re.compile("^Curves of validation and training loss"))
    drawn_anew(picture, before)
    notebook.python_comes_to("runs.training", True)


# --- predict --------------------------------------------------------------------------------------


def test_nothing_gives_the_answer_away_before_it_is_revealed(notebook: NotebookPage) -> None:
    root = notebook.widget(GUESS)
    assert re.search(r"\d\.\d{3}", root.inner_text()) is None
    for hidden in (".run-table", ".cur-picture", ".run-rank"):
        expect(root.locator(hidden)).to_be_hidden()


def test_a_draw_is_guessed_by_keyboard_and_the_score_is_kept(notebook: NotebookPage) -> None:
    root = notebook.widget(GUESS)
    root.get_by_label("before norm=pre").focus()
    notebook.page.keyboard.press("ArrowUp")  # round to the last
    expect(root.get_by_label("a draw")).to_be_checked()
    root.get_by_role("button", name="Reveal").focus()
    notebook.page.keyboard.press("Enter")
    expect(said(root, ".run-predict")).to_contain_text("Right. There is no winner: a draw.")
    expect(root.locator(".run-score")).to_have_text("Score: 1 of 1 (4 experiments)")
    notebook.python_comes_to("guess.tried", {"norm": "a draw"})
    expect(root.locator(".cur-picture")).to_be_visible()
    assert [row[0] for row in ranking(root)] == ["after", "none", "before"]
    expect(root.locator(".run-rank caption")).to_contain_text("On the whole validation split")
    root.get_by_role("button", name="Next experiment").click()
    notebook.python_comes_to("guess.question", "dropout")
    expect(root.locator(".cur-picture")).to_be_hidden()
    root.get_by_role("radio", name="p = 0.5").check()
    root.get_by_role("button", name="Reveal").click()
    expect(said(root, ".run-predict")).to_contain_text("Among the first, but not alone. There is no winner")
    expect(root.locator(".run-score")).to_have_text("Score: 1 of 2 (4 experiments)")
    notebook.python_comes_to("guess.score", (1, 2))


def test_a_wrong_guess_is_told_by_how_much_and_cannot_be_changed_afterwards(notebook: NotebookPage) -> None:
    root = notebook.widget(GUESS)
    root.locator(".run-predict").get_by_label("experiment").select_option("depth")
    root.get_by_role("button", name="Reveal").click(force=True)  # dimmed, and says why
    expect(said(root, ".run-predict")).to_have_text("Choose a variant, or the draw, first.")
    root.get_by_role("radio", name="4 blocks").check()
    root.get_by_role("button", name="Reveal").click()
    told = notebook.python("print(guess.questions['depth']['told'], end='')")
    expect(said(root, ".run-predict")).to_have_text(f"Not this time. {told}")
    assert "The winner is 8 blocks; 4 blocks is 0.035 apart" in told
    expect(root.get_by_role("radio", name="8 blocks")).to_be_disabled()
    expect(root.locator(".run-right")).to_contain_text("8 blocks")


# --- run your own ---------------------------------------------------------------------------------


def train(notebook: NotebookPage, **fields: str) -> Locator:
    root = notebook.widget(OWN)
    for name, value in {**SMALL, **fields}.items():
        root.locator(".run-fields").get_by_label(name, exact=True).fill(value)
    root.get_by_role("button", name="Train").click()
    return root


def test_a_training_is_drawn_while_it_runs_and_then_has_a_row(notebook: NotebookPage) -> None:
    root = train(notebook, learning_rate="0.01")
    expect(said(root, ".run-own")).to_have_text(re.compile(r"^Training: step \d+, .* validation "))
    expect(root.locator(".run-rank")).to_contain_text("training now")
    expect(said(root, ".run-own")).to_have_text(
        re.compile(r"^Done: yours 1 has loss \d\.\d{3} on the whole validation split after "),
        timeout=PATIENCE,
    )
    notebook.python_comes_to("[row['key'] for row in own.own]", ["yours 1"])
    expect(root.locator(".run-rank")).to_contain_text("yours 1")
    expect(said(root)).to_have_text(re.compile("yours 1[,:] "))  # lowest, or told of beside the lowest
    root.get_by_role("radio", name="Compare").check()
    root.locator(".run-compare").get_by_label("experiment").select_option("yours")
    assert column(root, 2) == ["yours 1"]
    loss = notebook.python("print(run_explorer.number(own._known['yours 1'].ends[0]), end='')")
    assert column(root, 5) == [loss]
    expect(root.get_by_role("checkbox", name="yours 1")).to_be_checked()
    root.get_by_role("radio", name="Run your own").check()
    went_well(notebook)


def test_stop_ends_it_and_the_kernel_is_free_all_the_while(notebook: NotebookPage) -> None:
    root = train(notebook, seconds="60")
    expect(said(root, ".run-own")).to_have_text(re.compile(r"^Training: step [1-9]"), timeout=PATIENCE)
    printed, failed = notebook.page.evaluate(
        """async (code) => {
          const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          const future = kernel.requestExecute({code, store_history: false});
          let printed = "";
          future.onIOPub = ({content}) => { printed += content.text ?? ""; };
          const {content} = await future.done;
          return [printed, content.status];
        }""",
        "print(6 * 7)",
    )
    assert (printed, failed) == ("42\n", "ok")
    expect(said(root, ".run-own")).to_have_text(re.compile(r"^Training: step [1-9]"))
    root.get_by_role("button", name="Stop").focus()
    notebook.page.keyboard.press("Enter")
    expect(said(root, ".run-own")).to_have_text(re.compile(r"^Done: yours \d"), timeout=PATIENCE)
    assert "stopped" in notebook.python("print(own.own[-1]['cells'][2])")


def test_a_bad_setting_is_refused_in_the_librarys_words(notebook: NotebookPage) -> None:
    many = int(notebook.python("print(len(own.own))"))
    root = train(notebook, n_head="3")
    expect(said(root, ".run-own")).to_have_text(
        "Expected n_embd to split into n_head equal heads, got n_embd=16, n_head=3 (16 % 3 = 1). "
        "Choose n_embd=15 or 18."
    )
    root.locator(".run-fields").get_by_label("n_head").fill("4")
    train(notebook, learning_rate="1e30")
    expect(said(root, ".run-own")).to_contain_text("Expected a finite loss, got ", timeout=PATIENCE)
    notebook.python_comes_to("len(own.own)", many)
    root.locator(".run-fields").get_by_label("learning_rate").fill("0.001")
    went_well(notebook)


# --- looks ----------------------------------------------------------------------------------------


def test_every_control_has_a_name_and_shows_where_the_keyboard_is(notebook: NotebookPage) -> None:
    """In the two views that the contract of all widgets does not see."""
    for index in (GUESS, OWN):
        controls = notebook.widget(index).locator("input:visible, select:visible, button:visible")
        for control in controls.all():
            expect(control).to_have_accessible_name(re.compile(r"\S"))
        ringed(controls)


def test_the_reading_is_read_aloud(widget: Locator) -> None:
    expect(widget.locator(".run-reader [aria-live=polite]")).to_contain_text("At 999 steps the lowest is ")
    label = widget.locator(".cur-picture canvas").get_attribute("aria-label")
    assert re.match(r"Curves of validation loss\. At 999 steps: depth: 8 blocks 2\.071 ± 0\.006; ", label)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_revealed_guess_and_a_run_of_ones_own_can_be_read(notebook: NotebookPage, theme: str) -> None:
    guess = notebook.widget(GUESS)
    guess.get_by_label("a draw").check()
    guess.get_by_role("button", name="Reveal").click()
    expect(guess.locator(".cur-picture")).to_be_visible()
    with in_theme(notebook, theme):
        for index in (GUESS, OWN):
            readable(notebook.widget(index))


@pytest.mark.parametrize("window", [1280, 480])
def test_a_guess_and_a_run_of_ones_own_fit_the_window(notebook: NotebookPage, window: int) -> None:
    with in_window(notebook, window):
        for index in (GUESS, OWN):
            root = notebook.widget(index)
            fits(root)
            with unfolded(root):
                fits(root)
        if window == 1280:
            table = notebook.widget(RUNS).locator(".run-scroll")
            assert table.evaluate("(one) => one.scrollWidth <= one.clientWidth"), "a column is out of sight"


@pytest.mark.timed
def test_the_widget_follows_the_hand(notebook: NotebookPage, widget: Locator) -> None:
    boxes = "(root, i) => root.querySelectorAll('.run-table input')[3 + i % 2].click()"
    times = best_times(
        notebook,
        widget,
        {
            "marker": set_input(".nano-slider input", [100, 500, 900]),
            "tick": boxes,
            "sort": "(root) => root.querySelectorAll('.run-sort')[4].click()",
            "find": set_input("input[type=text]", ["heads", "", "depth"]),
            "experiment": choose_next(),
            "axis": NEXT_AXIS,
        },
    )
    assert max(times.values()) < LATE, times
