"""Ask two things of the process that a computation runs in: one thread, and no interrupt within a step."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


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

    Raises:  KeyboardInterrupt: after the block, where an interrupt came during it.
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
    if held:
        raise KeyboardInterrupt
