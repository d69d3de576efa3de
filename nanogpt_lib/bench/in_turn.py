"""Let all forms do a little, in turn, again and again, so that a busy moment of the machine hits all alike.

Taught in: faster_and_bigger.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from nanogpt_lib.checks import problem, real_number

Piece = Callable[[], object]
VISITS = 10  # in which a form's seconds are spent
FEWEST = 3  # pieces of work, however long one takes


class Measured(NamedTuple):
    """What came of it: the seconds of each piece of work by form, and what went wrong in the others.

    Taught in: faster_and_bigger.
    """

    seconds: dict[str, list[float]]
    failed: dict[str, str]


class Quartiles(NamedTuple):
    """The three values that cut sorted numbers into four equal parts.

    Taught in: faster_and_bigger.
    """

    low: float
    median: float
    high: float


def in_turn(
    forms: Mapping[str, Callable[[], Piece]],
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> Measured:
    """Visit the forms in turn until each has worked for so many seconds, and time each piece of work.

    The first visit of each warms it up, and is not counted, unless a single piece takes longer than all of
    its seconds: of that, only a small share is warming up. A form that fails is left out from then on, and
    the others go on: one that this machine cannot compute shall not take the measurements of the others.

    Args:    forms: name to a function that makes the form ready, and returns its piece of work.
             seconds: for each form; at least three pieces are done.   clock: what tells the time.
    Raises:  ValueError: seconds is not above 0.
    Example:
        >>> measured = in_turn({"nothing": lambda: lambda: None}, seconds=0.001)
        >>> len(measured.seconds["nothing"]) >= 3, measured.failed
        (True, {})

    Taught in: faster_and_bigger.
    """
    if not real_number("seconds", seconds) > 0:
        raise problem("seconds > 0", f"{seconds!r}", "Take 2 for a first look, more for steadier medians.")
    found = Measured({}, {})
    pieces: dict[str, Piece] = {}
    waiting = list(forms)
    while waiting:
        for name in waiting:
            try:
                is_warm = name in pieces
                if not is_warm:
                    pieces[name] = forms[name]()
                times = _visit(pieces[name], seconds / VISITS, clock)
                if is_warm or times[0] > seconds:
                    found.seconds.setdefault(name, []).extend(times)
            except Exception as error:  # of any kind: it is told in the table
                found.seconds.pop(name, None)
                found.failed[name] = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        waiting = [name for name in forms if name not in found.failed and not _is_done(found, name, seconds)]
    return found


def _is_done(found: Measured, name: str, seconds: float) -> bool:
    times = found.seconds.get(name, [])
    return len(times) >= FEWEST and sum(times) >= seconds


def _visit(piece: Piece, seconds: float, clock: Callable[[], float]) -> list[float]:
    """Work for so many seconds, or for one piece if that takes longer; return the seconds of each."""
    times: list[float] = []
    before = clock()
    while sum(times) < seconds:
        piece()
        now = clock()
        times.append(now - before)
        before = now
    return times


def quartiles(times: list[float]) -> Quartiles:
    """Return the median, and the values below and above which a quarter lies.

    Raises:  ValueError: fewer than two times.
    Example:
        >>> quartiles([5.0, 1.0, 2.0, 4.0, 3.0])
        Quartiles(low=2.0, median=3.0, high=4.0)

    Source:  linear between neighbours, as numpy's default.   Taught in: faster_and_bigger.
    """
    if len(times) < 2:
        raise problem("at least two times", f"{len(times)}", "Measure for longer.")
    return Quartiles(*statistics.quantiles(times, n=4, method="inclusive"))
