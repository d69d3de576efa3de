"""A mistake known by name, and how an answer is recognised as one."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nanogpt_lib.kit.diagnose import Run
from nanogpt_lib.kit.outcome import Outcome, numbers, observe, same


@dataclass(frozen=True)
class Case:
    """What a mistake's message may measure: one input on which the mistake shows.

    Args:    inputs: what the answer was run on.   got: the learner's result there.
             want: the right one.   error: what the learner's function raised, or None.
    """

    inputs: tuple
    got: Any
    want: Any
    error: Exception | None


class Wrong:
    """A mistake known by name: an answer makes it if it does just what one of the functions does.

    Args:    name: in a few words.   message: says what went wrong, with a number of the learner's own.
             functions: the mistake in one or several styles (a tuple of functions where an
             exercise asks for several).   sign: what else must hold on the case, for mistakes
             that come to the same values.
    """

    def __init__(
        self,
        name: str,
        message: Callable[[Case], str],
        *functions: Any,
        sign: Callable[[Case], bool] = lambda case: True,
    ) -> None:
        self.name, self.message, self.functions, self.sign = name, message, functions, sign


def recognise(
    wrong: tuple[Wrong, ...],
    run: Callable,
    runs: list[Run],
    wants: list[Outcome],
    done: dict,
    *,
    rtol: float,
    atol: float,
) -> tuple[Wrong, Case] | None:
    """The known mistake that the answer makes, with the first input on which it shows; or None.

    The answer must do as the mistake does on every input where that is not right as well. Of
    several, the one that explains all that the answer does, then the one that shows most often.

    Args:    wrong: the known mistakes.   run: how to run one.   runs: the learner's answer on
             every input.   wants: the solution on the same ones.   done: what the mistakes do on
             these inputs, as far as it is known; filled here.   rtol, atol: as for values.
    """
    best, best_rank = None, (False, 0)
    for mistake in wrong:
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
                if telling and (everywhere, len(telling)) > best_rank:
                    case = _case(telling[0])
                    if mistake.sign(case):
                        best, best_rank = (mistake, case), (everywhere, len(telling))
                if best_rank[0]:
                    return best  # another that explains everything would have to be the same
    return best


def _quietly(run: Callable, function: Any, inputs: tuple) -> Outcome:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mistake of ours is no news to the learner
        return observe(run, function if isinstance(function, tuple) else (function,), inputs)


def _case(run: Run) -> Case:
    got = numbers(run.outcome.value)  # an array or a list is measured as a tensor is
    return Case(run.inputs, run.outcome.value if got is None else got, run.want, run.outcome.error)
