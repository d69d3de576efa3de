"""What a computation asks of the process that it runs in: one thread, and no interrupt within a step."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside the block torch uses one thread; afterwards as many as before, also after an exception.

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
    """Holds an interrupt back until the block has ended, so that nothing in it is left half done.

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
