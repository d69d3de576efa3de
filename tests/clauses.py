"""Clauses of a statement, each with an answer that breaks it alone; and right answers in more styles."""

import re
from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

import pytest

from nanogpt_lib.kit.pages import exercises_of
from tiers import some


class Answer(NamedTuple):
    """What somebody hands in who has read the statement alone: one function, or as many as are asked for."""

    exercise: str
    words: str  # the clause that it breaks, or the style in which it is right
    functions: tuple
    mistake: str  # that it is told of; nothing where only its numbers can be told


def broken(exercise: str, clause: str, mistake: str, *functions: Callable) -> Answer:
    """An answer that breaks this clause, and the known mistake that it is told of."""
    return Answer(exercise, clause, functions, mistake)


def right(exercise: str, style: str, *functions: Callable) -> Answer:
    """A right answer in this style."""
    return Answer(exercise, style, functions, "")


def each(answers: list[Answer]) -> pytest.MarkDecorator:
    """Parametrizes a test with a few of these answers; with `--every`, with all of them."""
    rows = [
        pytest.param(one, id=f"{one.exercise}: {one.words}", marks=pytest.mark.slow)
        for one in some(answers, max(1, len(answers) // 12))
    ]
    return pytest.mark.parametrize("answer", rows)


def check_refused(lesson: ModuleType, answer: Answer) -> None:
    """Refused, under the name of its own mistake and under no other; a known one has a number to show."""
    result = getattr(lesson, answer.exercise).check(*answer.functions)
    assert result.status == "not yet", result
    assert result.mistake == answer.mistake, result
    assert not result.mistake or re.search(r"\d", result.message), result


def check_passed(lesson: ModuleType, answer: Answer) -> None:
    """Right, whatever it is written in."""
    result = getattr(lesson, answer.exercise).check(*answer.functions)
    assert result.passed, result


def without_a_clause(lesson: ModuleType, answers: list[Answer]) -> set[str]:
    """The exercises of a lesson of which no clause is tried."""
    return set(exercises_of(lesson.__name__)) - {answer.exercise for answer in answers}
