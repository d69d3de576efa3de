"""An exercise: what is asked, three hints, a solution, and the mistakes that it knows by name."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from nanogpt_lib.checks import plain, seed_number
from nanogpt_lib.kit.attempt import is_theirs, is_unattempted, own_line
from nanogpt_lib.kit.cause import Cause
from nanogpt_lib.kit.diagnose import Invariant, Run, diagnose
from nanogpt_lib.kit.mistakes import Mistake, See, case_of, recognise
from nanogpt_lib.kit.outcome import Outcome, is_too_large, observe
from nanogpt_lib.kit.panel import NOT_YET, PASSED, UNATTEMPTED, Hint, Result, Source, numbered, show
from nanogpt_lib.kit.printed import short_prints
from nanogpt_lib.kit.relations import RELATED
from nanogpt_lib.kit.stop import Stop, stoppable
from nanogpt_lib.kit.undisturbed import switches_kept, undisturbed


def call(answer: Callable, *inputs: Any) -> Any:
    """Run an answer as most exercises do: one function, called with the inputs."""
    return answer(*inputs)


@dataclass(eq=False)
class Exercise:
    """What is asked, three hints, a solution, and the mistakes that it knows by name.

    A page of a lesson makes one, and then adds to it with decorators:

        @ex.right         the right answer, which `solution()` shows; one for each function that is asked for
        @ex.shown         what the right answer rests on, which `solution()` shows as well
        @ex.also_right    another right answer, as somebody else would write it; the tests check it
        @ex.mistake(...)  a known mistake: its name and its message, and below it what makes it

    Args:    prompt: what is asked, in a sentence or two.   hints: three, each saying more.
             inputs: seed to a list of inputs, each a tuple; the most telling one first.
             see: what the messages may measure: takes a `Case`, gives an object with named fields.
             holds: what must hold besides; see `diagnose`.
             run: run(*answers, *inputs) gives the value to compare: a tensor, a number, a `Fact`,
             or a dict of these.
             note: said with "Right on 6 inputs."; a sentence, or the values of a right answer to one.
             axes: the names of the result's dimensions, such as "B, T, C".
             probe: said after a message that was measured on the first input.
             takes_value: a number is as good as a function; it is judged on the last input.
             name: of the exercise, where it is not that of the one function that is asked for.
             rtol, atol: how far values may be off; honest answers differ in the last digits.
    Example:
        >>> ex = Exercise("Write double(x).", ("Two.", "Times.", "2 * x"), lambda seed: [(seed + 1.0,)])
        >>> @ex.right
        ... def double(x):
        ...     return 2 * x
        >>> @ex.mistake("squares", "For {x:.0f} you gave {got:.0f}, which is its square.")
        ... def _(x):
        ...     return x**2
        >>> ex.check(lambda x: x * x, seed=4).message
        'For 5 you gave 25, which is its square.'
    """

    prompt: str
    hints: tuple[str, str, str]
    inputs: Callable[[int], list[tuple]]
    see: See | None = None
    holds: tuple[Invariant, ...] = ()
    run: Callable = call
    note: str | Callable[[list], str] = ""
    axes: str = ""
    probe: str = ""
    takes_value: bool = False
    name: str = ""
    rtol: float = 1e-4
    atol: float = 1e-6
    functions: list[Callable] = field(default_factory=list, init=False)  # the right answer
    others: list[tuple] = field(default_factory=list, init=False)  # right answers in other styles
    mistakes: list[Mistake] = field(default_factory=list, init=False)
    _shown: list[Callable] = field(default_factory=list, init=False)
    _level: int = field(default=0, init=False)
    _kept: dict[int, tuple[list[tuple], list[Outcome], dict]] = field(
        default_factory=dict, init=False
    )  # so that a second check is quick

    def __repr__(self) -> str:
        return f"{self.name}: {self.prompt} (check, hint, solution)"

    # --- what a page calls ------------------------------------------------------------------------

    def right(self, function: Callable) -> Callable:
        """Take a function as the right answer, or as the next of several that are asked for."""
        self.functions.append(function)
        self.name = self.name or function.__name__
        return self.shown(function)

    def shown(self, function: Callable) -> Callable:
        """Take a function that the right answer rests on, so that `solution()` shows it too."""
        self._shown.append(function)
        return function

    def also_right(self, *functions: Callable) -> Callable:
        """Take another right answer: one function, or as many as are asked for."""
        self.others.append(functions)
        return functions[0]

    def mistake(self, *parts: Any, **keywords: Any) -> Callable:
        """Take known mistakes: shared ones as they are, or a new one by its name and message.

        Args:    parts: some `Mistake`s; or a name, a message, and functions that make the mistake;
                 or the name of a mistake that is there already, which gets one more function.
                 keywords: `see` and `when`, as for `Mistake`.
        Returns: a decorator that adds the function below it to the mistake, the last of several.
        """
        if isinstance(parts[0], Mistake):
            self.mistakes.extend(parts)
            mistake = parts[-1]
        elif len(parts) > 1:
            mistake = Mistake(*parts, **keywords)
            self.mistakes.append(mistake)
        else:
            mistake = next(known for known in self.mistakes if known.name == parts[0])

        def add(function: Callable) -> Callable:
            mistake.functions = (*mistake.functions, function)
            return function

        return add

    @property
    def answer(self) -> Any:
        """The right answer: a function, or a tuple of them where several are asked for."""
        return self.functions[0] if len(self.functions) == 1 else tuple(self.functions)

    # --- what a learner calls ---------------------------------------------------------------------

    def check(self, *answers: Any, seed: int = 0) -> Result:
        """Check the learner's function, and say which mistake it makes if it makes one.

        Args:    answers: the function (or functions, in the order of the prompt).
                 seed: of the random inputs; the same for every learner.
        Returns: a Result, which shows itself as the last line of a cell.
        Raises:  ValueError: seed is no seed.
                 KeyboardInterrupt: the learner stopped the check, after a panel that says so.
        """
        try:
            seed = seed_number("seed", seed)
            with stoppable(is_theirs, observe.__code__) as stop, short_prints(), undisturbed() as put_back:
                return self._judge(answers, seed, stop, put_back)
        except KeyboardInterrupt as stop:
            line = own_line(stop)
            words = f" It was in {line[0]}, line {line[1]}." if line else ""
            show(Result(self.name, NOT_YET, f"The check was stopped.{words}", line[2] if line else ""))
            raise KeyboardInterrupt from None

    def _judge(self, answers: tuple, seed: int, stop: Stop, put_back: Callable[[], None]) -> Result:
        if refused := self._not_to_run(answers):
            return refused
        inputs, wants, done = self._prepared(seed)
        if not callable(answers[0]):
            value, inputs, wants = answers[0], inputs[-1:], wants[-1:]
            answers = (lambda *_: value,)

        def theirs(one: tuple) -> Outcome:
            with switches_kept():
                outcome = observe(self.run, answers, one)
            put_back()
            stop.heed()
            return outcome

        runs: list[Run] = []
        for one, want in zip(inputs, wants, strict=True):
            outcome = theirs(one)
            if not runs and is_unattempted(answers, outcome):
                return self._unattempted()
            if want.changed:
                outcome = replace(outcome, changed="")  # that is what is asked for
            runs.append(Run(one, outcome, want.value, self._said(one)))
            if is_too_large(outcome.value):
                break  # so would the others be
        found = diagnose(
            runs,
            theirs,
            self.holds,
            axes=self.axes,
            rtol=self.rtol,
            atol=self.atol,
            names=self._input_names(),
            solve=lambda one: observe(self.run, tuple(self.functions), one),
        )
        if not found:
            note = self.note([case_of(run).got for run in runs]) if callable(self.note) else self.note
            return Result(self.name, PASSED, f"Right on {numbered(len(runs), 'input')}. {note}".rstrip())
        error = next((run.outcome.error for run in runs if run.outcome.error is not None), None)
        known = recognise(
            self.mistakes, self.run, runs, wants[: len(runs)], done, rtol=self.rtol, atol=self.atol
        )
        if isinstance(error, TypeError) and known is None:
            found += self._how_it_is_called(answers)
        line = own_line(error) if error is not None else None
        code = f"{line[0]}, line {line[1]}: {line[2]}" if line else ""
        if known is None:
            return Result(self.name, NOT_YET, self._with_its_cause(found, runs), code)
        mistake, case = known
        where = f" {self.probe}" if self.probe and case.inputs is inputs[0] else ""
        said = mistake.say(case, self.see, self._input_names())
        return Result(self.name, NOT_YET, said + where, code, mistake.name)

    def _with_its_cause(self, found: str, runs: list[Run]) -> str:
        """What was found, and behind it what was done instead, where that is not said yet."""
        if len(self.functions) != 1 or RELATED in found:
            return found
        instead = Cause(self.run, self.functions[0], self.axes, self.rtol, self.atol).of(runs)
        return found if instead in found else f"{found} {instead}"

    def _prepared(self, seed: int) -> tuple[list[tuple], list[Outcome], dict]:
        """The inputs, what the solution makes of them, and what the mistakes do (filled as needed)."""
        if seed not in self._kept:
            inputs = self.inputs(seed)
            self._kept[seed] = inputs, [observe(self.run, tuple(self.functions), one) for one in inputs], {}
        return self._kept[seed]

    def _not_to_run(self, answers: tuple) -> Result | None:
        """The result for an answer that is no function, or not as many as asked for."""
        if any(answer is None or answer is ... for answer in answers):
            return self._unattempted()
        names = ", ".join(function.__name__ for function in self.functions)
        if len(answers) != len(self.functions):
            message = f"Expected check({names}), got {numbered(len(answers), 'answer')}."
        elif all(map(callable, answers)) or self._is_value(answers[0]):
            return None
        else:
            got = next(type(answer).__name__ for answer in answers if not callable(answer))
            message = (
                f"Expected a function, got {got}. Pass the function itself, without brackets: check({names})."
            )
        return Result(self.name, NOT_YET, message)

    def _how_it_is_called(self, answers: tuple) -> str:
        """What a function is called with, where one takes another number of inputs; else nothing."""
        for answer, right in zip(answers, self.functions, strict=True):
            parameters = inspect.signature(right).parameters.values()
            needed = [one for one in parameters if one.default is one.empty]
            try:
                inspect.signature(answer).bind(*needed)
            except TypeError:
                names = ", ".join(inspect.signature(right).parameters)
                return f". It is called as {right.__name__}({names}), with {numbered(len(needed), 'input')}."
            except ValueError:  # some built-in functions have no signature
                continue
        return ""

    def _is_value(self, answer: Any) -> bool:
        return self.takes_value and isinstance(answer, int | float | torch.Tensor)

    def _unattempted(self) -> Result:
        return Result(self.name, UNATTEMPTED, f"{self.prompt} Stuck? ex.{self.name}.hint() helps.")

    def _said(self, inputs: tuple) -> str:
        """Which input it was, where the learner's function sees the inputs as they are."""
        if self.run is not call:
            return ""
        names = self._input_names()
        return " for " + ", ".join(
            f"{name} of shape {tuple(value.shape)}" if hasattr(value, "shape") else f"{name}={value!r}"
            for name, value in zip(names, inputs, strict=False)
        )

    def _input_names(self) -> tuple[str, ...]:
        """What the inputs are called, where the learner's function sees them as they are."""
        return tuple(inspect.signature(self.functions[0]).parameters) if self.run is call else ()

    def hint(self, level: int | None = None) -> Hint:
        """Return the next hint, or the one asked for; after the third it points to solution().

        Args:    level: 1, 2 or 3; None is one more than the last time.
        """
        asked = plain(level)
        self._level = asked if isinstance(asked, int) and asked in (1, 2, 3) else self._level + 1
        if self._level > len(self.hints):
            return Hint(self.name, 0, f"Those were all three. Next is ex.{self.name}.solution().")
        return Hint(self.name, self._level, self.hints[self._level - 1])

    def solution(self) -> Source:
        """Return the code of one right answer; there are others."""
        return Source(*self._shown)
