"""What every exercise keeps to, now and later: found by looking, so a new one is held to it too."""

import contextlib
import copy
import inspect
import itertools
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import torch

from nanogpt_lib.data import load_text
from nanogpt_lib.kit import mistakes
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case, Mistake
from nanogpt_lib.kit.outcome import Fact
from nanogpt_lib.lessons.__main__ import all_exercises, complaints, rows
from nanogpt_lib.sampling import next_token_probs
from tiers import seeds

SEEDS = seeds(4)  # under eight, and for most under twenty, tried once, nothing else was found
EXERCISES = all_exercises()

each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


def answers(functions: object) -> tuple:
    return functions if isinstance(functions, tuple) else (functions,)


@each_exercise
def test_the_solution_passes_under_many_seeds(exercise: Exercise) -> None:
    for seed in SEEDS:
        result = exercise.check(*exercise.functions, seed=seed)
        assert result.passed, f"seed {seed}: {result}"


@each_exercise
def test_right_answers_in_another_style_pass_under_many_seeds(exercise: Exercise) -> None:
    """Loops, einsum, float64, other names: a check that wants one way of writing is no check."""
    assert len(exercise.others) >= 2, f"add right answers in two other styles: @ex.also_right, {exercise}"
    for style in exercise.others:
        for seed in SEEDS:
            result = exercise.check(*style, seed=seed)
            assert result.passed, f"{style}, seed {seed}: {result}"


def moved(value: torch.Tensor) -> torch.Tensor:
    if value.dtype == torch.bool:
        return ~value
    return value.nan_to_num(0.5) * 0.75 - 1.625 + 0.01 * torch.arange(value.numel()).reshape(value.shape)


OTHERS = {  # in what the result of another learner may differ
    "its numbers": moved,
    "their order": lambda value: value.flip(-1) if value.ndim else value,
    "one value everywhere": lambda value: value | True if value.dtype == torch.bool else value - torch.inf,
    "its size": lambda value: torch.cat([value, value[..., -1:]], dim=-1) if value.ndim else value,
}


def another(value: object, tensor: Callable, hidden: bool) -> object:
    """The same thing as another learner might have it; `hidden`: also what keys that start with `_` hold."""

    def part_of(key: object, part: object) -> object:
        return another(part, tensor, hidden) if hidden or not str(key).startswith("_") else part

    match value:
        case None:
            return 0.5
        case torch.Tensor():
            return tensor(value)
        case Fact():
            return Fact(value.value, value.said + " And so on.")
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + " and so on"
        case dict():
            return {key: part_of(key, part) for key, part in value.items()}
        case list() | tuple() | set():
            return type(value)(another(part, tensor, hidden) for part in value)
        case Exception():
            digits = re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), str(value))
            return OSError(f"other words, and {digits}")
    return value


def says_something_else(exercise: Exercise, mistake: Mistake, case: Case) -> Iterator[bool]:
    names = exercise._input_names()
    said = mistake.say(case, exercise.see, names)
    for tensor, hidden in itertools.product(OTHERS.values(), (True, False)):
        error = case.error and another(case.error, tensor, hidden)
        other = Case(case.inputs, another(case.got, tensor, hidden), case.want, error)
        with contextlib.suppress(Exception):  # a result of another form cannot be measured everywhere
            yield mistake.say(other, exercise.see, names) != said


def told_of(cases: list[Case], exercise: Exercise, mistake: Mistake, message: str) -> Case:
    """The one of the cases looked at that the message tells of."""
    names = exercise._input_names()
    return next(case for case in cases if message.startswith(mistake.say(case, exercise.see, names)))


@pytest.mark.slow
@each_exercise
def test_every_known_mistake_is_refused_with_its_own_message_under_many_seeds(
    exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake that is taken for another sends the learner looking in the wrong place.

    And its number must be theirs: a message that says the same of every other result is no measurement.
    """
    make, cases = mistakes.case_of, []
    monkeypatch.setattr(mistakes, "case_of", lambda run: cases.append(make(run)) or cases[-1])
    said = []
    for mistake in exercise.mistakes:
        for function, seed in itertools.product(mistake.functions, SEEDS):
            cases.clear()
            result = exercise.check(*answers(function), seed=seed)
            assert result.status == "not yet", f"{mistake.name}, seed {seed}: {result}"
            assert result.mistake == mistake.name, f"{mistake.name}, seed {seed}: {result}"
            assert re.search(r"\d", result.message), f"{mistake.name}: a number is missing: {result}"
            if seed == 0 and function is mistake.functions[0]:
                said.append((exercise.name, mistake.name, result.message))
                case = told_of(cases, exercise, mistake, result.message)
                assert any(says_something_else(exercise, mistake, case)), (
                    f"{mistake.name}: its message is the same for another result"
                )
    assert complaints(said) == []


@each_exercise
def test_a_stub_is_not_attempted_and_raises_nothing(exercise: Exercise) -> None:
    """Run All must come to the end on the first day."""

    def dots(*inputs):
        """To be written."""

    def raises(*inputs):
        raise NotImplementedError

    def to_be_finished(first, *rest):
        result = first * ...
        return result

    for stub in (dots, raises, to_be_finished, ..., None, lambda *inputs: ...):
        result = exercise.check(*[stub] * len(exercise.functions))
        assert result.status == "not attempted", f"{stub}: {result}"
        assert not result.passed


@each_exercise
def test_an_exercise_is_complete(exercise: Exercise) -> None:
    name = next(full for full, one in EXERCISES.items() if one is exercise)
    assert name.endswith(f".{exercise.name}"), "the notebook calls it by another name than its messages"
    assert len(exercise.mistakes) >= 3, "at least three known mistakes"
    assert len({wrong.name for wrong in exercise.mistakes}) == len(exercise.mistakes)
    assert len(set(exercise.hints)) == 3
    assert all(hint.strip() for hint in exercise.hints)
    called = ", ".join(inspect.signature(exercise.functions[0]).parameters)
    assert f"{exercise.functions[0].__name__}({called})" in exercise.prompt, "say how it is called"
    assert "def " in repr(exercise.solution())


@each_exercise
def test_the_solution_shown_runs_and_passes(exercise: Exercise) -> None:
    """What a learner copies out of the panel must be accepted."""
    space = {"torch": torch, "functools": __import__("functools"), "load_text": load_text}
    space["next_token_probs"] = next_token_probs  # as the notebook has it
    exec(compile(repr(exercise.solution()), "<pasted>", "exec"), space)
    pasted = [space[function.__name__] for function in exercise.functions]
    assert exercise.check(*pasted).passed


# --- the table ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_table_of_mistakes_prints_with_one_command() -> None:
    """Of one notebook; that none of the others has a complaint is seen above, mistake by mistake."""
    command = [sys.executable, "-m", "nanogpt_lib.lessons", "averaging_the_past"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    chosen = {
        name: exercise for name, exercise in EXERCISES.items() if name.startswith("averaging_the_past.")
    }
    for name, exercise in chosen.items():
        assert f"\n{name}\n" in done.stdout
        for mistake in exercise.mistakes:
            assert f"\n  {mistake.name}\n      " in done.stdout
    assert f"in {len(chosen)} exercises; 0 complaints." in done.stdout


def test_the_table_complains_of_a_mistake_that_is_taken_for_another() -> None:
    original = EXERCISES["averaging_the_past.avg_tril"]
    twin = Mistake("the same again", original.mistakes[0].message, *original.mistakes[0].functions)
    exercise = copy.copy(original)
    exercise.mistakes = [*original.mistakes, twin]
    assert complaints(list(rows({"ex": exercise}))) == ["ex, the same again: no message of its own"]
