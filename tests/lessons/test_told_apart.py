"""No learner is told of a mistake that another known mistake looks just like."""

import copy
import itertools
from collections.abc import Iterator

import pytest
import torch

from nanogpt_lib.kit.diagnose import Run
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Mistake, case_of
from nanogpt_lib.kit.outcome import Outcome, observe, same
from nanogpt_lib.kit.undisturbed import undisturbed
from nanogpt_lib.lessons.__main__ import all_exercises
from tiers import some

EXERCISES = all_exercises()
Made = tuple[Mistake, list[Outcome]]  # a mistake, and what one of its functions does on every input


def made(exercise: Exercise) -> tuple[list[tuple], list[Outcome], list[Made]]:
    """The inputs, the right outcomes, and the outcomes of every function of every mistake."""
    with undisturbed():
        inputs, wants, _ = exercise._prepared(seed=0)
        found = []
        for mistake in exercise.mistakes:
            for function in mistake.functions:
                answers = function if isinstance(function, tuple) else (function,)
                found.append((mistake, [observe(exercise.run, answers, one) for one in inputs]))
    return inputs, wants, found


def agreeing(exercise: Exercise) -> Iterator[str]:
    """Pairs of mistakes that nothing tells apart: the same on every input, and `when` holds for either."""
    inputs, wants, functions = made(exercise)

    def alike(first: Outcome, second: Outcome) -> bool:
        return same(first, second, rtol=exercise.rtol, atol=exercise.atol)

    def told(mistake: Mistake, outcomes: list[Outcome]) -> bool:
        """Whether `when` lets this mistake be told of these outcomes."""
        rows = zip(inputs, outcomes, wants, strict=True)
        case = next(case_of(Run(one, got, want.value, "")) for one, got, want in rows if not alike(got, want))
        return bool(mistake.when(case))

    for (one, firsts), (other, seconds) in itertools.combinations(functions, 2):
        if one is other or not all(map(alike, firsts, seconds)):
            continue
        may_be_either = told(other, firsts) or told(one, seconds)
        if may_be_either and not all("ither " in mistake.message for mistake in (one, other)):
            yield f"{one.name!r} and {other.name!r}"


@pytest.mark.slow
@pytest.mark.parametrize("name", some(list(EXERCISES), 15))
@pytest.mark.filterwarnings("ignore")
def test_no_two_known_mistakes_agree_on_all_inputs(name: str) -> None:
    """Where two causes do the same everywhere, the message names one of them to somebody who made the other.

    An input more tells them apart, or a `when`, or both messages say "either … or …".
    """
    assert sorted(set(agreeing(EXERCISES[name]))) == []


def _doubling(*known: Mistake) -> Exercise:
    exercise = Exercise("Write same(x).", ("1", "2", "3"), lambda seed: [(torch.tensor(2.0),)])
    exercise.right(torch.clone)
    exercise.mistake(*known)
    return exercise


def test_an_agreeing_pair_is_found_unless_something_tells_the_two_apart() -> None:
    twice = Mistake("twice", "{got}", lambda x: 2 * x)
    squared = Mistake("squared", "{got}", lambda x: x * x)
    assert list(agreeing(_doubling(twice, squared))) == ["'twice' and 'squared'"]
    more = _doubling(twice, squared)
    more.inputs = lambda seed: [(torch.tensor(2.0),), (torch.tensor(3.0),)]
    assert list(agreeing(more)) == []
    either = [copy.copy(mistake) for mistake in (twice, squared)]
    for mistake in either:
        mistake.message = "{got} is either twice x or its square."
    assert list(agreeing(_doubling(*either))) == []
