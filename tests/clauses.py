"""Clauses of a statement, each with an answer that breaks it alone; and right answers in more styles."""

from collections.abc import Callable
from typing import NamedTuple


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
