"""Ask three things of a process: one thread, no interrupt within a step, and an orderly end of a command."""

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import torch

from nanogpt_lib.kinds import function

# What a handler of interrupts returns that has taken note, and wants no KeyboardInterrupt now.
LATER = object()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread inside the block, and as many as before afterwards, also after an exception.

    Example:
        >>> before = torch.get_num_threads()
        >>> with one_thread():
        ...     torch.get_num_threads()
        1
        >>> torch.get_num_threads() == before
        True
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def interrupts_afterwards() -> Iterator[None]:
    """Hold an interrupt back until the block has ended, so that nothing in it is left half done.

    Where interrupts are ignored they stay ignored, and in another thread than the main one, which is
    never interrupted, the block runs as it is.

    Raises:  KeyboardInterrupt: after the block, where an interrupt came during it; unless who listens to
             interrupts answers `LATER`.
    Example:
        >>> done = []
        >>> try:
        ...     with interrupts_afterwards():
        ...         signal.raise_signal(signal.SIGINT)
        ...         done.append("to the end")
        ... except KeyboardInterrupt:
        ...     print(done)
        ['to the end']
    """
    ignored = signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None)  # as in a shell's background
    if ignored or threading.current_thread() is not threading.main_thread():
        yield
        return
    held = []
    handler = signal.signal(signal.SIGINT, lambda *_: held.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    # Who listens to interrupts hears of this one too.
    if held and not (callable(handler) and handler(signal.SIGINT, None) is LATER):
        raise KeyboardInterrupt


def answered(work: Callable[[], int], stopped: Callable[[], str] = lambda: "stopped") -> int:
    """Do the work of a command, and say in one line why it ended early, if it did.

    Args:    work: returns the exit status.   stopped: what to say after Ctrl-C.
    Returns: the status of the work; 2 where it was refused or a file was missing, 130 after Ctrl-C.
    Raises:  BrokenPipeError: nobody reads any more; `run_as_command` ends the process.
             ValueError: work or stopped is no function.
    Example:
        >>> answered(lambda: 0)
        0
    """
    function("work", work), function("stopped", stopped)
    try:
        return work()
    except BrokenPipeError:
        raise
    except (ValueError, RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(stopped(), file=sys.stderr)
        return 130


def run_as_command(main: Callable[[], int]) -> NoReturn:
    """Run a command as this process, and end the process with the status that it returns.

    The first Ctrl-C is heard; later ones pass, so that what the first one began, such as a save, comes to
    its end and Python leaves in peace. A character that the output cannot encode is written as an escape
    such as \\u00e9. Where nobody reads the output any more, as after `| head -1`, the command ends quietly
    with 141, the status that a shell gives to it.

    Args:    main: returns the exit status.
    Raises:  SystemExit: always; it is the last that the process does, so the interrupts stay as they are.
    """

    def hear(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) in (signal.default_int_handler, signal.SIG_DFL):
        signal.signal(signal.SIGINT, hear)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by who started it, as by `>&-`: nobody hears, and that is no fault
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # till the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = main()
        sys.stdout.flush()
        if signal.getsignal(signal.SIGINT) is hear:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python tries once more
        status = 141
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
