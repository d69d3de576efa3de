"""Every exercise by clauses: an answer that breaks one is refused, and a right one passes in any style.

The answers of a lesson lie in clauses_LESSON.py beside this file.
"""

import re
from importlib import import_module

import pytest

from clauses import Answer
from nanogpt_lib.lessons.__main__ import all_exercises
from tiers import some

EXERCISES = all_exercises()  # by "lesson.exercise"
LESSONS = dict.fromkeys(name.split(".")[0] for name in EXERCISES)
ANSWERS = {lesson: import_module(f"clauses_{lesson}") for lesson in LESSONS}


def each(kind: str) -> pytest.MarkDecorator:
    """Parametrizes a test with a few answers of this kind of each lesson; with `--every`, with all."""
    rows = [
        pytest.param(lesson, one, id=f"{one.exercise}: {one.words}", marks=pytest.mark.slow)
        for lesson, answers in ANSWERS.items()
        for one in some(getattr(answers, kind), max(1, len(getattr(answers, kind)) // 12))
    ]
    return pytest.mark.parametrize(("lesson", "answer"), rows)


@each("BROKEN")
def test_an_answer_that_breaks_one_clause_is_refused_by_name(lesson: str, answer: Answer) -> None:
    """Under the name of its own mistake and under no other; a known one has a number to show."""
    result = EXERCISES[f"{lesson}.{answer.exercise}"].check(*answer.functions)
    assert result.status == "not yet", result
    assert result.mistake == answer.mistake, result
    assert not result.mistake or re.search(r"\d", result.message), result


@each("RIGHT")
def test_a_right_answer_passes_in_this_style_too(lesson: str, answer: Answer) -> None:
    result = EXERCISES[f"{lesson}.{answer.exercise}"].check(*answer.functions)
    assert result.passed, result


def test_every_exercise_has_its_clauses() -> None:
    tried = {f"{lesson}.{one.exercise}" for lesson, answers in ANSWERS.items() for one in answers.BROKEN}
    assert tried == set(EXERCISES)
