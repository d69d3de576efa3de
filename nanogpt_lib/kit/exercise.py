"""An exercise: what is asked, three hints, a solution, and the mistakes that it knows by name."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from nanogpt_lib.kit.attempt import is_unattempted, own_line
from nanogpt_lib.kit.diagnose import Invariant, Run, diagnose
from nanogpt_lib.kit.mistakes import Wrong, recognise
from nanogpt_lib.kit.outcome import Outcome, observe, undisturbed
from nanogpt_lib.kit.panel import NOT_YET, PASSED, UNATTEMPTED, Hint, Result, Source, numbered, show


def call(answer: Callable, *inputs: Any) -> Any:
    """How most exercises run an answer: one function, called with the inputs."""
    return answer(*inputs)


@dataclass
class Exercise:
    """One exercise of a notebook.

    Args:    name: as the notebook calls it.   prompt: what is asked, in a sentence or two.
             answer: a right function (a tuple where several are asked for).
             make_inputs: seed to a list of inputs, each a tuple; the most telling one first.
             wrong: the known mistakes.   hints: three, each saying more.
             run: run(*answers, *inputs) gives the value to compare: a tensor, a number, a `Fact`,
             or a dict of these.   invariants: what must hold besides; see `diagnose`.
             note: the values of a right answer to a sentence for the panel, or nothing.
             axes: the names of the result's dimensions, such as "B, T, C".
             shown: what `solution()` shows, where it is more than the answer itself.
             probe: said after a message that was measured on the first input.
             takes_value: a number is as good as a function; it is judged on the last input.
             rtol, atol: how far values may be off; honest answers differ in the last digits.
    """

    name: str
    prompt: str
    answer: Any
    make_inputs: Callable[[int], list[tuple]]
    wrong: tuple[Wrong, ...]
    hints: tuple[str, str, str]
    run: Callable = call
    invariants: tuple[Invariant, ...] = ()
    note: Callable[[list], str] | None = None
    axes: str = ""
    shown: tuple = ()
    probe: str = ""
    takes_value: bool = False
    rtol: float = 1e-4
    atol: float = 1e-6
    _level: int = field(default=0, init=False)
    _kept: dict = field(default_factory=dict, init=False)  # so that a second check is quick

    def __repr__(self) -> str:
        return f"{self.name}: {self.prompt} (check, hint, solution)"

    @property
    def _functions(self) -> tuple:
        return _tuple(self.answer)

    def check(self, *answers: Any, seed: int = 0) -> Result:
        """Judges the learner's function, and says which mistake it makes if it makes one.

        Args:    answers: the function (or functions, in the order of the prompt).
                 seed: of the random inputs; the same for every learner.
        Returns: a Result, which shows itself as the last line of a cell.
        Raises:  KeyboardInterrupt: the learner stopped the check, after a panel that says so.
        """
        try:
            with undisturbed():
                return self._judge(answers, seed)
        except KeyboardInterrupt as stop:
            line = own_line(stop)
            words = f" It was in {line[0]}, line {line[1]}." if line else ""
            show(Result(self.name, NOT_YET, f"The check was stopped.{words}", line[2] if line else ""))
            raise

    def _judge(self, answers: tuple, seed: int) -> Result:
        if refused := self._not_to_run(answers):
            return refused
        inputs, wants, done = self._prepared(seed)
        if not callable(answers[0]):
            value, inputs, wants = answers[0], inputs[-1:], wants[-1:]
            answers = (lambda *_: value,)
        outcomes = []
        for one in inputs:
            outcomes.append(observe(self.run, answers, one))
            if len(outcomes) == 1 and is_unattempted(answers, outcomes[0]):
                return self._unattempted()
        runs = [
            Run(one, outcome, want.value, self._said(one))
            for one, outcome, want in zip(inputs, outcomes, wants, strict=True)
        ]
        found = diagnose(
            runs,
            lambda one: observe(self.run, answers, one),
            self.invariants,
            axes=self.axes,
            rtol=self.rtol,
            atol=self.atol,
        )
        if not found:
            note = " " + self.note([run.outcome.value for run in runs]) if self.note else ""
            return Result(self.name, PASSED, f"Right on {numbered(len(runs), 'input')}.{note}")
        error = next((run.outcome.error for run in runs if run.outcome.error is not None), None)
        known = recognise(self.wrong, self.run, runs, wants, done, rtol=self.rtol, atol=self.atol)
        line = own_line(error) if error is not None else None
        code = f"{line[0]}, line {line[1]}: {line[2]}" if line else ""
        if known is None:
            return Result(self.name, NOT_YET, found, code)
        mistake, case = known
        where = f" {self.probe}" if self.probe and case.inputs is inputs[0] else ""
        return Result(self.name, NOT_YET, mistake.message(case) + where, code, mistake.name)

    def _prepared(self, seed: int) -> tuple[list[tuple], list[Outcome], dict]:
        """The inputs, what the solution makes of them, and what the mistakes do (filled as needed)."""
        if seed not in self._kept:
            inputs = self.make_inputs(seed)
            self._kept[seed] = inputs, [observe(self.run, self._functions, one) for one in inputs], {}
        return self._kept[seed]

    def _not_to_run(self, answers: tuple) -> Result | None:
        """The result for an answer that is no function, or not as many as asked for."""
        if any(answer is None or answer is ... for answer in answers):
            return self._unattempted()
        names = ", ".join(function.__name__ for function in self._functions)
        if len(answers) != len(self._functions):
            message = f"Expected check({names}), got {numbered(len(answers), 'answer')}."
        elif all(map(callable, answers)) or self._is_value(answers[0]):
            return None
        else:
            got = next(type(answer).__name__ for answer in answers if not callable(answer))
            message = (
                f"Expected a function, got {got}. Pass the function itself, without brackets: check({names})."
            )
        return Result(self.name, NOT_YET, message)

    def _is_value(self, answer: Any) -> bool:
        return self.takes_value and isinstance(answer, int | float | torch.Tensor)

    def _unattempted(self) -> Result:
        return Result(self.name, UNATTEMPTED, f"{self.prompt} Stuck? ex.{self.name}.hint() helps.")

    def _said(self, inputs: tuple) -> str:
        """Which input it was, where the learner's function sees the inputs as they are."""
        if self.run is not call:
            return ""
        names = inspect.signature(self._functions[0]).parameters
        return " for " + ", ".join(
            f"{name} of shape {tuple(value.shape)}" if hasattr(value, "shape") else f"{name}={value!r}"
            for name, value in zip(names, inputs, strict=False)
        )

    def hint(self, level: int | None = None) -> Hint:
        """The next hint, or the one asked for; after the third it points to solution().

        Args:    level: 1, 2 or 3; None is one more than the last time.
        """
        self._level = level if level in (1, 2, 3) else self._level + 1
        if self._level > len(self.hints):
            return Hint(self.name, 0, f"Those were all three. Next is ex.{self.name}.solution().")
        return Hint(self.name, self._level, self.hints[self._level - 1])

    def solution(self) -> Source:
        """The code of one right answer; there are others."""
        code: Any = self.shown or self.answer
        return Source(*_tuple(code))  # not self._functions: the answer may rest on more than itself


def _tuple(functions: Any) -> tuple:
    return functions if isinstance(functions, tuple) else (functions,)
