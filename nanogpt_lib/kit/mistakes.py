"""A mistake known by name, what its message may measure, and how an answer is recognised as one."""

import string
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nanogpt_lib.kit.diagnose import Run
from nanogpt_lib.kit.outcome import Fact, Outcome, numbers, observe, same
from nanogpt_lib.kit.plain import words_of


@dataclass(frozen=True)
class Case:
    """What a message may measure: one input on which the mistake shows.

    Args:    inputs: what the answer was run on.   got: the learner's result there.
             want: the right one.   error: what the learner's function raised, or None.
    """

    inputs: tuple
    got: Any
    want: Any
    error: BaseException | None


See = Callable[[Case], Any]  # what an exercise's messages may measure: an object with named fields


class Mistake:
    """A mistake known by name: an answer makes it if it does just what one of the functions does.

    Args:    name: in a few words.
             message: what went wrong, with a number of the learner's own. A template: `{name}` is a
             field of `see`, a part of the result, an input by its name, or `got`, `want`, `error`.
             functions: the mistake in one or several styles (a tuple of functions where an
             exercise asks for several).
             see: the fields of this message, in place of those of the exercise.
             when: what else must hold on the case, for mistakes that come to the same values.
    """

    def __init__(
        self,
        name: str,
        message: str,
        *functions: Any,
        see: See | None = None,
        when: Callable[[Case], bool] = lambda case: True,
    ) -> None:
        self.name, self.message, self.functions, self.see, self.when = name, message, functions, see, when

    def __repr__(self) -> str:
        return f"Mistake({self.name!r})"

    def say(self, case: Case, see: See | None = None, names: tuple[str, ...] = ()) -> str:
        """Return the message for one case.

        Args:    case: where the mistake shows.   see: the fields of the exercise.
                 names: what the inputs are called.
        Example:
            >>> twice = Mistake("twice", "You gave {got:.3g} for {x}.")
            >>> twice.say(Case((2,), 4.0, 2.0, None), names=("x",))
            'You gave 4 for 2.'
        """
        return string.Formatter().vformat(self.message, (), _Fields(case, self.see or see, names))


class _Fields(Mapping):
    """The fields of a message, each looked up only when a template asks for it."""

    def __init__(self, case: Case, see: See | None, names: tuple[str, ...]) -> None:
        self._seen = see(case) if see is not None else None
        self._case, self._inputs = case, dict(zip(names, case.inputs, strict=False))

    def __getitem__(self, name: str) -> Any:
        if isinstance(self._seen, Mapping) and name in self._seen:
            return _told(self._seen[name])
        if hasattr(self._seen, name):
            return getattr(self._seen, name)
        if isinstance(self._case.got, Mapping) and name in self._case.got:
            return _told(self._case.got[name])
        if name in self._inputs:
            return self._inputs[name]
        return words_of(self._case.error) if name == "error" else getattr(self._case, name)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def _told(value: Any) -> Any:
    return value.said if isinstance(value, Fact) else value


def recognise(
    mistakes: list[Mistake],
    run: Callable,
    runs: list[Run],
    wants: list[Outcome],
    done: dict,
    *,
    rtol: float,
    atol: float,
) -> tuple[Mistake, Case] | None:
    """Return the known mistake that the answer makes, with the first input on which it shows; or None.

    The answer must do as the mistake does on every input where that is not right as well, and so
    on half of the inputs on which it is wrong itself: else the mistake explains too little. Of
    several, the one that explains all that the answer does, then the one that shows most often.

    Args:    mistakes: the known ones.   run: how to run one.   runs: the learner's answer on
             every input.   wants: the solution on the same ones.   done: what the mistakes do on
             these inputs, as far as it is known; filled here.   rtol, atol: as for values.
    """
    best, best_rank = None, (False, 0)
    wrong = sum(
        not same(one.outcome, want, rtol=rtol, atol=atol) for one, want in zip(runs, wants, strict=True)
    )
    for mistake in mistakes:
        for function in mistake.functions:
            telling, everywhere = [], True
            for one, want in zip(runs, wants, strict=True):
                key = (id(function), id(one.inputs))  # both live as long as the exercise
                if key not in done:
                    done[key] = _quietly(run, function, one.inputs)
                theirs = done[key]
                does_so = same(one.outcome, theirs, rtol=rtol, atol=atol)
                everywhere = everywhere and does_so
                if not same(theirs, want, rtol=rtol, atol=atol):
                    if not does_so:
                        break
                    telling.append(one)
            else:
                if 2 * len(telling) >= wrong and (everywhere, len(telling)) > best_rank:
                    case = case_of(telling[0])
                    if mistake.when(case):
                        best, best_rank = (mistake, case), (everywhere, len(telling))
                if best_rank[0]:
                    return best  # another that explains everything would have to be the same
    return best


def _quietly(run: Callable, function: Any, inputs: tuple) -> Outcome:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mistake of ours is no news to the learner
        return observe(run, function if isinstance(function, tuple) else (function,), inputs)


def case_of(run: Run) -> Case:
    """Return what a message may measure of one run: an array or a list as a tensor, (1,) as a number."""
    got, want = numbers(run.outcome.value), numbers(run.want)
    if got is None:
        return Case(run.inputs, run.outcome.value, run.want, run.outcome.error)
    one_number = want is not None and not want.ndim and got.numel() == 1
    return Case(run.inputs, got.reshape(()) if one_number else got, run.want, run.outcome.error)
