"""Let an interrupt win over code that catches everything, as a bare `except:` in an endless loop does."""

import _thread
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import CodeType, FrameType
from typing import Any

from nanogpt_lib.kit.panel import shell


class Again(KeyboardInterrupt):
    """Raised to ask for the next interrupt in the very moment in which this one leaves the handler.

    A call in the handler would come too early: Python would hear the next one before the handler has ended.
    """

    __init__ = _thread.interrupt_main  # takes no self, as all that is written in C


class Stop:
    """Whether the learner asked for the check to stop, and how that is made to last.

    An interrupt raises KeyboardInterrupt, once, where the code happens to be; if that is in a `try` with a
    bare `except:`, nothing has happened. So here every interrupt within the learner's code asks for the next
    one. Python hears it at their next call or turn of a loop, and again, until their code is left.

    Args:    is_theirs: whether a frame runs the learner's code.   edge: where their code was called from.
    """

    def __init__(self, is_theirs: Callable[[FrameType], bool], edge: CodeType) -> None:
        self.asked = False
        self._is_theirs, self._edge = is_theirs, edge
        self._echo = False  # the next interrupt is one that was asked for here

    def heed(self) -> None:
        """Raise what the learner's code may have swallowed on its way out.

        Raises:  KeyboardInterrupt: where an interrupt came.
        """
        if self.asked:
            raise KeyboardInterrupt

    def __call__(self, _: int, frame: FrameType | None) -> None:
        echo, self._echo = self._echo, self._within(frame)
        if self._echo:
            self.asked = True
            raise Again
        if not echo:
            raise KeyboardInterrupt
        # else their code has been left, and what it was left by is on its way

    def _within(self, frame: FrameType | None) -> bool:
        """Whether the learner's code is at work, or was when it called what is."""
        theirs = False
        while frame is not None:
            if frame.f_code is self._edge:
                return theirs
            theirs = theirs or self._is_theirs(frame)
            frame = frame.f_back
        return False  # the edge was never crossed: what is below is the cell that asked for the check


@contextmanager
def stoppable(is_theirs: Callable[[FrameType], bool], edge: CodeType) -> Iterator[Stop]:
    """Let every interrupt inside the block be a `Stop`; in another thread than the main one nothing changes.

    In a notebook quit() raises nothing: it has the kernel end a little later. Inside the block it raises.

    Args:    is_theirs, edge: as for `Stop`.
    """
    stop = Stop(is_theirs, edge)
    with _no_way_out():
        yield from _heard(stop)


@contextmanager
def _no_way_out() -> Iterator[None]:
    """Let os._exit() raise SystemExit, and in a notebook quit() and exit() too, as they do elsewhere."""
    with ExitStack() as put_back:
        put_back.enter_context(_replaced(os, "_exit", partial(_leave, os._exit, os.getpid())))
        if shell() is not None:
            put_back.enter_context(_replaced(shell(), "ask_exit", sys.exit))
        yield


@contextmanager
def _replaced(place: Any, name: str, other: Any) -> Iterator[None]:
    before = getattr(place, name)
    setattr(place, name, other)
    try:
        yield
    finally:
        setattr(place, name, before)


def _leave(really: Callable[[int], None], here: int, status: int) -> None:
    """Raise SystemExit; a process that was forked off inside the block, such as a worker's, really ends."""
    if os.getpid() != here:
        really(status)
    sys.exit(status)


def _heard(stop: Stop) -> Iterator[Stop]:
    ignored = signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None)  # as in a shell's background
    if ignored or threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
