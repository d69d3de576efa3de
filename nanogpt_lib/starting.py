"""Let Ctrl-C end a command without a traceback while it imports torch, which takes seconds."""

import signal


def end_at_interrupts() -> None:
    """Let an interrupt end this process at once, as of any program; `run_as_command` listens later.

    Where interrupts are ignored they stay ignored.

    Example:
        >>> before = signal.getsignal(signal.SIGINT)
        >>> end_at_interrupts()
        >>> signal.signal(signal.SIGINT, before) is signal.SIG_DFL
        True
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
