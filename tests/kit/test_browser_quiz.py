"""The quiz in a real browser: with the mouse, with the keyboard alone, in both themes."""

import time

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage
from looks import page_of, went_well

pytestmark = pytest.mark.browser

CELL = """
from nanogpt_lib.kit.quiz import Choice, Question, Quiz

quiz = Quiz([
    Question("Why does the loss start near `ln 65`?", [
        Choice("The text has 65 lines.", False, "65 counts the different characters, `vocab_size`."),
        Choice("All 65 characters are about equally likely.", True, "Then each costs `-ln(1/65)`."),
        Choice("By chance.", False, "Another seed gives <b>nearly</b> the same loss."),
    ]),
    Question("Which of these look only back?", [
        Choice("`average_tril`", True, "Its weights are zero above the diagonal."),
        Choice("`average_softmax`", True, "The future got weight zero."),
        Choice("`x.mean(dim=1)`", False, "That is the mean of all positions, the future too."),
    ], several=True),
])
quiz
"""

opened = page_of([CELL, "quiz"])  # the second cell is a second view of the same quiz


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """The same page for every test, with a new quiz in it."""
    opened.run_all()
    return opened


def reasons(quiz: Locator) -> list[str]:
    """The explanations on show."""
    return quiz.locator(".nano-quiz-why:visible").all_inner_texts()


def focused(notebook: NotebookPage) -> str:
    """What the keyboard is on, as its accessible label."""
    return notebook.page.evaluate(
        "() => document.activeElement.ariaLabel ?? document.activeElement.labels?.[0]?.innerText ?? ''"
    )


def tab_into(notebook: NotebookPage, quiz: Locator) -> None:
    """From the notebook's first cell into the quiz, with the Tab key alone."""
    notebook.page.locator(".jp-Cell").first.focus()
    for _ in range(40):
        notebook.page.keyboard.press("Tab")
        if quiz.evaluate("(root) => root.contains(document.activeElement)"):
            return
    raise AssertionError("40 times Tab did not lead into the quiz")


def test_each_wrong_answer_shows_its_own_reason_and_the_right_one_too(notebook: NotebookPage) -> None:
    quiz = notebook.widget(0)
    check = quiz.get_by_role("button", name="Check question 1")
    said = {}
    for answer in ("The text has 65 lines.", "By chance.", "All 65 characters are about equally likely."):
        quiz.get_by_label(answer).check()
        check.click()
        said[answer] = reasons(quiz)
    assert said == {
        "The text has 65 lines.": ["✗ Not quite. 65 counts the different characters, vocab_size."],
        "By chance.": ["✗ Not quite. Another seed gives <b>nearly</b> the same loss."],
        "All 65 characters are about equally likely.": ["✓ Right. Then each costs -ln(1/65)."],
    }
    expect(quiz.locator(".nano-said")).to_have_text("1 of 2 right")
    expect(quiz.locator("[aria-live=polite]")).to_have_text("Right. Then each costs -ln(1/65). 1 of 2 right.")
    assert quiz.locator(".nano-quiz-why code:visible").all_inner_texts() == ["-ln(1/65)"]
    notebook.python_comes_to("(quiz.score, quiz.answers)", (1, [[1], []]))


def test_with_several_right_answers_each_tick_is_judged_and_the_whole_too(notebook: NotebookPage) -> None:
    quiz = notebook.widget(0)
    whole = quiz.locator("form").nth(1).locator(".nano-quiz-whole")
    for label in ("average_tril", "x.mean(dim=1)"):
        quiz.get_by_label(label).check()
    quiz.get_by_role("button", name="Check question 2").click()
    assert reasons(quiz) == [
        "✓ Right. Its weights are zero above the diagonal.",
        "✗ Not quite. That is the mean of all positions, the future too.",
    ]
    expect(whole).to_have_text("✗ Not quite: one tick does not belong, and something is still missing.")
    quiz.get_by_label("x.mean(dim=1)").uncheck()
    quiz.get_by_label("average_softmax").check()
    quiz.get_by_role("button", name="Check question 2").click()
    expect(whole).to_have_text("✓ Right: these and no others.")
    expect(quiz.locator(".nano-said")).to_have_text("1 of 2 right")


def test_checking_without_a_choice_asks_for_one(notebook: NotebookPage) -> None:
    quiz = notebook.widget(0)
    quiz.get_by_role("button", name="Check question 1").click()
    expect(quiz.locator("form").first).to_contain_text("Choose an answer first.")
    expect(quiz.locator("[aria-live=polite]")).to_have_text("Choose an answer first.")
    assert reasons(quiz) == []


def test_the_keyboard_alone_answers_a_whole_quiz(notebook: NotebookPage) -> None:
    quiz, press = notebook.widget(0), notebook.page.keyboard.press
    tab_into(notebook, quiz)
    assert focused(notebook) == "The text has 65 lines."
    press("Space")
    press("ArrowDown")
    press("ArrowDown")
    press("Tab")
    assert focused(notebook) == "Check question 1"
    press("Space")
    assert reasons(quiz) == ["✗ Not quite. Another seed gives <b>nearly</b> the same loss."]
    press("Shift+Tab")
    press("ArrowUp")
    press("Enter")  # in a form, as everywhere on the web: the same as its button
    assert reasons(quiz) == ["✓ Right. Then each costs -ln(1/65)."]
    press("Tab")
    press("Tab")
    press("Space")
    press("Tab")
    press("Space")
    press("Tab")
    press("Tab")
    assert focused(notebook) == "Check question 2"
    press("Space")
    expect(quiz.locator("form").nth(1).locator(".nano-quiz-whole")).to_have_text(
        "✓ Right: these and no others."
    )
    expect(quiz.locator(".nano-said")).to_have_text("2 of 2 right")
    notebook.python_comes_to("quiz.score", 2)


def test_the_notebooks_shortcuts_do_not_fire_inside_the_quiz(notebook: NotebookPage) -> None:
    """In JupyterLab `b` adds a cell, `d d` deletes one, `m` turns one into text, the arrows leave it."""
    quiz = notebook.widget(0)
    before = [(cell["kind"], cell["source"]) for cell in notebook.cells()]
    tab_into(notebook, quiz)
    chosen = notebook.active_cell()
    for key in ("b", "d", "d", "m", "ArrowDown", "ArrowDown", "ArrowUp", "j"):
        notebook.page.keyboard.press(key)
    assert [(cell["kind"], cell["source"]) for cell in notebook.cells()] == before
    assert notebook.active_cell() == chosen


def test_two_views_of_one_quiz_show_the_same_answer(notebook: NotebookPage) -> None:
    """JupyterLab makes a new view when an output is moved or shown again; answers must not be lost in it."""
    first, second = notebook.widget(0), notebook.widgets.nth(1)
    second.get_by_label("average_tril").check()  # being chosen there, not yet checked
    first.get_by_label("By chance.").check()
    first.get_by_role("button", name="Check question 1").click()
    expect(second.get_by_label("By chance.")).to_be_checked()
    expect(second.get_by_label("average_tril")).to_be_checked()
    assert (
        reasons(second) == reasons(first) == ["✗ Not quite. Another seed gives <b>nearly</b> the same loss."]
    )


def test_a_reason_belongs_to_its_choice_for_a_screen_reader(notebook: NotebookPage) -> None:
    quiz = notebook.widget(0)
    chosen = quiz.get_by_role("radio", name="By chance.")
    chosen.check()
    quiz.get_by_role("button", name="Check question 1").click()
    expect(chosen).to_have_accessible_description(
        "Not quite. Another seed gives <b>nearly</b> the same loss."
    )
    expect(quiz.get_by_role("group", name="1. Why does the loss start near ln 65?")).to_be_visible()
    expect(quiz).to_have_attribute("aria-label", "Quiz with 2 questions")


@pytest.mark.timed
def test_a_check_is_answered_at_once(notebook: NotebookPage) -> None:
    """Drawn in the page, so well within a blink; a journey to the kernel and back took 50 ms and more."""
    click = """(root, i) => {
      const form = root.querySelector("form");
      form.querySelectorAll("input")[i % 3].checked = true;
      form.requestSubmit();
    }"""
    milliseconds = notebook.latency(click, notebook.widget(0))
    print(f"{milliseconds:.0f} ms")
    assert milliseconds < 100


def test_nothing_was_asked_from_outside_and_nothing_complained(notebook: NotebookPage) -> None:
    time.sleep(0.3)
    went_well(notebook)
