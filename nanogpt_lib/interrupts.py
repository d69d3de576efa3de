"""Ctrl-C, or a notebook's Stop, between two steps and never within one.

Taught in: crew.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


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

    Source:  own.   Taught in: crew.
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
