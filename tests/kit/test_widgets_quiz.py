"""The quiz without a browser: what it refuses, what it stores, how it counts."""

import itertools
from html.parser import HTMLParser

import pytest

from javascript import evaluate
from nanogpt_lib.kit.quiz import Choice, Question, Quiz, spans

A, B, C = (Choice(letter, letter == "a", f"Because of {letter}.") for letter in "abc")
A_TOO = Choice("also a", True, "Because of a, too.")
ONE = Question("Which letter is `a`?", [A, B, C])
MANY = Question("Which are right?", [A, B, A_TOO], several=True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("", True, "why"), "the text of a choice to be some text, got ''"),
        (("yes", True, " "), "`why` of the choice 'yes' to be some text"),
        (("yes", True, None), "`why` of the choice 'yes' to be some text, got None"),
        (
            ("yes", "because", "why"),
            "correct=True or correct=False in the choice 'yes', got correct='because'",
        ),
        (("a `b", True, "why"), "backticks in pairs around code, got 'a `b'"),
        (("a `` b", True, "why"), "backticks in pairs around code"),
        (("yes", True, "a ` b"), "`why` of the choice 'yes' with backticks in pairs"),
    ],
)
def test_a_choice_says_what_is_wrong_with_it(arguments: tuple, says: str) -> None:
    with pytest.raises(ValueError, match="^Expected ") as caught:
        Choice(*arguments)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("prompt", "choices", "several", "says"),
    [
        ("  ", [A, B], False, "the prompt of a question to be some text"),
        ("Q", [A], False, "2 to 5 choices in the question 'Q', got 1. Add choices."),
        (
            "Q",
            [A, *(Choice(str(at), False, "No.") for at in range(5))],
            False,
            "2 to 5 choices in the question",
        ),
        (
            "Q",
            [A, ("b", False, "No.")],
            False,
            "only Choice objects in the question 'Q', got ('b', False, 'No.'). Write Choice(text, correct",
        ),
        (
            "Q",
            [A, Choice(" a ", False, "No.")],
            False,
            "every choice once in the question 'Q', got 'a' twice",
        ),
        ("Q", [B, C], False, "exactly one correct choice in the question 'Q', got 0. Mark the right one."),
        ("Q", [B, C], True, "at least one correct choice in the question 'Q', got 0"),
        (
            "Q",
            [A, A_TOO],
            False,
            "exactly one correct choice in the question 'Q', got 2 ('a', 'also a'). Mark only",
        ),
    ],
)
def test_a_question_says_what_is_wrong_with_it(prompt: str, choices: list, several: bool, says: str) -> None:
    with pytest.raises(ValueError, match="^Expected ") as caught:
        Question(prompt, choices, several=several)
    assert says in str(caught.value)


@pytest.mark.parametrize("questions", [[], [ONE, "What?"]])
def test_a_quiz_holds_questions_and_nothing_else(questions: list) -> None:
    with pytest.raises(ValueError, match="one or more Question objects"):
        Quiz(questions)


def test_several_correct_choices_are_fine_when_announced() -> None:
    assert Question("Q", [A, A_TOO, B], several=True).is_right([0, 1])


def test_a_question_keeps_its_choices_when_the_list_changes() -> None:
    """The checks were made on what the list held; a later change would go around them."""
    choices = [A, B]
    question = Question("Q", choices)
    choices.clear()
    assert question.choices == (A, B)


def test_the_score_counts_a_question_only_when_exactly_the_right_choices_are_chosen() -> None:
    quiz = Quiz([ONE, MANY])
    scores = []
    for answers in ([[], []], [[1], [0]], [[0], [0]], [[0], [0, 1, 2]], [[0], [2, 0]]):
        quiz.answers = answers
        scores.append(quiz.score)
    assert scores == [0, 0, 1, 1, 2]
    assert repr(quiz) == "A quiz of 2 questions; 2 of 2 right."


def test_two_runs_store_the_same_output() -> None:
    """Otherwise every build would change the notebook, and nbval would find a difference that is none."""
    first, second = (Quiz([ONE, MANY])._repr_mimebundle_()[0] for _ in range(2))
    for kind in ("text/plain", "text/html"):
        assert first[kind] == second[kind]


class Seen(HTMLParser):
    """What a page would show: all of it, and what stays when every <details> is folded."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.folded = False
        self.summary = False
        self.all = self.unfolded = ""
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.folded |= tag == "details"
        self.summary = tag == "summary"

    def handle_endtag(self, tag: str) -> None:
        self.folded &= tag != "details"
        self.summary &= tag != "summary"

    def handle_data(self, data: str) -> None:
        self.all += data
        if not self.folded or self.summary:
            self.unfolded += data


def test_the_still_picture_shows_every_choice_and_folds_the_answer() -> None:
    seen = Seen(Quiz([ONE, MANY]).static_html())
    for question in (ONE, MANY):
        for choice in question.choices:
            assert choice.text in seen.unfolded
            assert choice.why in seen.all
            assert choice.why not in seen.unfolded
    assert "✓" not in seen.unfolded
    assert "✗" not in seen.unfolded
    assert seen.all.count("✓") == 3
    assert seen.all.count("✗") == 3
    assert seen.tags.count("details") == 2


def test_a_tag_in_a_text_is_shown_and_not_obeyed() -> None:
    evil = "<img src=x onerror=alert(1)>"
    seen = Seen(Quiz([Question(evil, [Choice(evil, True, evil), B])]).static_html())
    assert "img" not in seen.tags
    assert seen.all.count(evil) == 4  # prompt, choice, choice in the answer, reason


def test_backticks_become_code_in_the_still_picture() -> None:
    html = Quiz([Question("Is `a < b`?", [A, B])]).static_html()
    assert "Is <code>a &lt; b</code>?" in html
    assert "`" not in html


def test_python_and_the_browser_agree_on_what_is_right() -> None:
    """The kernel's score and the page's verdict come from two programs; all 8 + 8 answers are compared."""
    cases = [
        (question, list(chosen))
        for question in (ONE, MANY)
        for size in range(4)
        for chosen in itertools.combinations(range(3), size)
    ]
    items = [(Quiz([question]).items[0], chosen) for question, chosen in cases]
    expression = "items.map(([question, chosen]) => m.isRight(question, chosen))"
    verdicts = evaluate("kit/quiz", expression, items=items)
    assert verdicts == [question.is_right(chosen) for question, chosen in cases]


def test_python_and_the_browser_find_the_same_code_in_a_text() -> None:
    texts = ["plain", "`a`", "call `f(x)` and `g`.", "a < b & `c`"]
    found = evaluate("kit/quiz", "texts.map(m.spans)", texts=texts)
    assert found == [[list(piece) for piece in spans(text)] for text in texts]
