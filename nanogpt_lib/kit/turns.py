"""Work between a notebook's cells: a little at a time, on the kernel's own thread, until done or stopped.

A training run that held the kernel would keep every cell waiting. One in a thread beside it would draw
from torch's random stream while a cell does. So the work takes turns with the cells, and it is never in
the middle of a step when a cell runs.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Callable

from nanogpt_lib.checks import problem

TURN_SECONDS = 0.04
REST_SECONDS = 0.002  # between two turns, in which the kernel reads its messages
UNSEEN = 150  # reports that may go without an answer: some seconds of work

STOPPED, INTERRUPTED, DONE, UNWATCHED = "stopped", "interrupted", "done", "unwatched"


class Cut(BaseException):
    """Ends a piece of work that leaves everything as it found it."""


class Turns:
    """Pieces of work, made in turns on the thread of the kernel's cells.

    A kernel interrupt ends all that runs, between two pieces; so does a browser that no longer answers.

    Args:    piece: makes one piece; says whether there is more.   report: called after every turn.
             ended: called at the end with one of "stopped", "interrupted", "done" and "unwatched", or with
             the exception that a piece raised; it may start the turns again.
             instead: what to do where there is no kernel.
    Example:
        >>> def count(upto):
        ...     numbers = iter(range(upto))
        ...     turns = Turns(lambda: next(numbers, None) is not None, lambda: None, print)
        ...     turns.start()
        ...     return turns
        >>> async def notebook():
        ...     turns = count(3)
        ...     while turns.is_running:
        ...         await asyncio.sleep(0.01)
        >>> asyncio.run(notebook())
        done
    """

    def __init__(
        self,
        piece: Callable[[], bool],
        report: Callable[[], None],
        ended: Callable[[str | Exception], None],
        *,
        instead: str = "Run this cell in a notebook.",
    ) -> None:
        self._piece, self._report, self._ended, self._instead = piece, report, ended, instead
        self._wish: str | None = None
        self._unseen = 0
        self._next: asyncio.Handle | None = None
        self._inside = False
        self.is_running = False
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        if not _in_main_thread():
            self._loop = None  # cells, and their random stream, live on the main one

    def start(self) -> None:
        """Begins, or goes on, as soon as the cell that runs now has ended.

        Raises:  ValueError: there is no kernel, which would give the turns.
        """
        if self._loop is None:
            raise problem("a notebook's kernel", "plain Python", self._instead)
        self.is_running, self._wish, self._unseen = True, None, 0
        if self not in _running:
            _running.append(self)
            self._next = self._loop.call_soon_threadsafe(self._turn)

    def stop(self) -> None:
        """Ends it: at once between two turns, and otherwise, also from another thread, after this piece."""
        self._wish = self._wish or STOPPED
        if self.is_running and (self._inside or not _in_main_thread()):
            self._loop.call_soon_threadsafe(self._settle)
        else:
            self._settle()

    def soon(self, call: Callable[[], None]) -> None:
        """Calls between two turns, from whatever thread this is asked; where there is no kernel, at once."""
        if self._loop is None:
            call()
        else:
            self._loop.call_soon_threadsafe(call)

    def seen(self) -> None:
        """Somebody watches."""
        self._unseen = 0

    def check(self, *_: object) -> None:
        """Raises `Cut` when it is to end; for pieces that can be cut short and made again."""
        if self._wish:
            raise Cut

    def _settle(self) -> None:
        if self.is_running and self._wish:
            self._end(self._wish)

    def _turn(self) -> None:
        """One turn: pieces until its time is up. A signal only notes a wish, so that nothing is torn."""
        if not self.is_running:
            return
        before = _listen()
        try:
            why = self._pieces(time.monotonic() + TURN_SECONDS)
            self._unseen += 1
            if not why and self._unseen > UNSEEN:
                why = UNWATCHED
            if why:
                self._end(why)
            else:
                self._report()
                self._next = self._loop.call_later(REST_SECONDS, self._turn)
        finally:
            _unlisten(before)

    def _pieces(self, end: float) -> str | Exception | None:
        """Pieces until that time; returns why it was the last turn, or None."""
        self._inside = True
        try:
            while not self._wish:
                if not self._piece():
                    return DONE
                if time.monotonic() > end:
                    break
        except Cut:
            pass
        except KeyboardInterrupt:  # held back until a step had ended
            _interrupt()
        except Exception as error:
            return error
        finally:
            self._inside = False
        return self._wish

    def _end(self, why: str | Exception) -> None:
        self.is_running = False
        _running.remove(self)
        if self._next is not None:
            self._next.cancel()
        self._ended(why)


# --- the kernel's interrupts ----------------------------------------------------------------------

_running: list[Turns] = []
_IDLE = (signal.SIG_IGN, None)  # between two cells a kernel ignores interrupts


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _interrupt(*_: object) -> None:
    for turns in list(_running):
        turns._wish = INTERRUPTED
        turns._loop.call_soon_threadsafe(turns._settle)


def _listen() -> object:
    """Interrupts are noted from here on; returns who listened before."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, _interrupt)
    return before


def _unlisten(before: object) -> None:
    """Gives the interrupts back, unless nobody wanted them and something still runs."""
    if before is _interrupt:
        before = signal.SIG_IGN
    if before not in _IDLE or not _running:
        signal.signal(signal.SIGINT, before)
