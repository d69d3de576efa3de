"""For pages that are still to be written in the new form: the old way to make an exercise."""

from typing import Any

from nanogpt_lib.kit import exercise
from nanogpt_lib.kit.mistakes import Case, Mistake

__all__ = ["Case", "Exercise", "Wrong"]


class Wrong(Mistake):
    def __init__(self, name: str, message: Any, *functions: Any, sign: Any = lambda case: True) -> None:
        super().__init__(name, "", *functions, when=sign)
        self.message = message

    def say(self, case: Case, *_: object) -> str:
        return self.message(case)


def Exercise(**old: Any) -> exercise.Exercise:
    renamed = {"make_inputs": "inputs", "invariants": "holds"}
    answer, wrong, shown = old.pop("answer"), old.pop("wrong"), old.pop("shown", ())
    new = exercise.Exercise(**{renamed.get(key, key): value for key, value in old.items()})
    for function in answer if isinstance(answer, tuple) else (answer,):
        new.right(function)
    new._shown = list(shown) or new._shown
    new.mistakes.extend(wrong)
    return new
