"""Tell whether the learner has begun, and where in their own code it went wrong."""

import ast
import inspect
import linecache
import sysconfig
import textwrap
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from nanogpt_lib.kit.outcome import Outcome

NOT_THEIRS = (str(Path(__file__).parents[1]), sysconfig.get_path("stdlib"), "<frozen")
INSTALLED = ("site-packages", "dist-packages")


def own_line(error: BaseException) -> tuple[str, int, str] | None:
    """Return the learner's line in which the error arose: (function, line number, source), or None.

    It is the deepest frame outside this library, Python and what is installed; so a mistake that
    torch noticed is shown where the learner called torch. Works in a notebook's cells too.

    Args:    error: as it was caught, with its traceback.
    Example:
        >>> try:
        ...     int("two")
        ... except ValueError as error:
        ...     own_line(error)[:2]
        ('<module>', 2)
    """
    frames: list[tuple[FrameType, int]] = list(traceback.walk_tb(error.__traceback__))
    for frame, number in reversed(frames):
        if is_theirs(frame):
            line = linecache.getline(frame.f_code.co_filename, number).strip()
            return frame.f_code.co_name, number, line
    return None


def is_theirs(frame: FrameType) -> bool:
    """Return whether a frame runs code that is neither this library's, nor Python's, nor installed."""
    file = frame.f_code.co_filename
    return not file.startswith(NOT_THEIRS) and not any(folder in file for folder in INSTALLED)


def is_unattempted(answers: tuple, outcome: Outcome) -> bool:
    """Return whether nothing, or not everything, has been filled in yet.

    A function that returns None without any `...` in it has been attempted: its `return` is missing.

    Args:    answers: the learner's functions.   outcome: of running them on one input.
    Example:
        >>> is_unattempted((lambda x: None, ...), Outcome(nothing=True))
        True
    """
    if outcome.dots or any(answer is None or answer is ... for answer in answers):
        return True
    if isinstance(outcome.error, NotImplementedError):
        line = own_line(outcome.error)  # torch raises NotImplementedError too, for a kernel it lacks
        return line is None or not line[2] or "NotImplementedError" in line[2]
    gaps = [_gaps(answer) for answer in answers]
    if outcome.nothing:
        return any(alone or within for alone, within in gaps)
    return outcome.error is not None and any(within for _, within in gaps)


def _gaps(answer: Any) -> tuple[bool, bool]:
    """(a `...` or nothing at all stands as a statement, a `...` stands for a value still to come)."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(answer)))
    except (OSError, TypeError, SyntaxError):  # no source: typed at a prompt, or a part of a line
        return _does_nothing(answer), False
    nodes = list(ast.walk(tree))
    # x[..., 0] is an index and no gap
    indices = {id(part) for node in nodes if isinstance(node, ast.Subscript) for part in ast.walk(node.slice)}
    gaps = {id(n) for n in nodes if isinstance(n, ast.Constant) and n.value is ... and id(n) not in indices}
    alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)} & gaps
    body = getattr(tree.body[0], "body", None) if tree.body else None
    empty = isinstance(body, list) and all(
        isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in body
    )
    return bool(alone) or empty, bool(gaps - alone)


def _does_nothing(answer: Callable) -> bool:
    code = getattr(answer, "__code__", None)
    return code is not None and not code.co_names and not code.co_freevars and code.co_consts in ((None,), ())
