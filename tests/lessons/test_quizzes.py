"""The questions at the end of each notebook: on facts that the notebook measured."""

import importlib
import re

import nbformat
import pytest

from nanogpt_lib.kit.notebook_text import backs, code_cells, numbers, output_text
from notebook_files import NOTEBOOKS

WITH_QUIZ = [path for path in NOTEBOOKS if path.stem != "00_start_here"]


def said(questions: tuple) -> list[str]:
    """Every sentence of a quiz."""
    return [
        text for q in questions for text in (q.prompt, *(part for c in q.choices for part in (c.text, c.why)))
    ]


@pytest.mark.parametrize("path", WITH_QUIZ, ids=lambda path: path.stem)
def test_a_quiz_has_three_to_eight_questions_and_its_notebook_shows_it(path) -> None:
    questions = importlib.import_module(f"nanogpt_lib.lessons.{path.stem[3:]}.quiz").QUESTIONS
    assert 3 <= len(questions) <= 8
    sources = "\n".join(cell.source for cell in code_cells(nbformat.read(path, as_version=4)))
    assert "Quiz(quiz.QUESTIONS)" in sources


@pytest.mark.parametrize("path", WITH_QUIZ, ids=lambda path: path.stem)
def test_every_decimal_in_a_quiz_is_in_an_output_of_its_notebook(path) -> None:
    questions = importlib.import_module(f"nanogpt_lib.lessons.{path.stem[3:]}.quiz").QUESTIONS
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [
        cell for cell in notebook.cells if "Quiz(" not in cell.source
    ]  # it does not back itself
    shown = [value for _, value in numbers(output_text(notebook))]
    for sentence in said(questions):
        for written, value in numbers(re.sub(r"`[^`]*`", " ", sentence)):
            if "." in written or "," in written:
                assert any(backs(known, value) for known in shown), (
                    f"{written} in {sentence!r}: no cell shows it"
                )


@pytest.mark.parametrize("path", WITH_QUIZ, ids=lambda path: path.stem)
def test_the_place_of_the_right_answer_gives_nothing_away(path) -> None:
    questions = importlib.import_module(f"nanogpt_lib.lessons.{path.stem[3:]}.quiz").QUESTIONS
    places = [[choice.correct for choice in question.choices].index(True) for question in questions]
    assert len(set(places)) > 1, f"the right answer always stands at place {places[0]}"
