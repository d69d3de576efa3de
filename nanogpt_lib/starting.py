"""Begin a command: before it imports torch, which takes seconds and reads the environment once."""

import signal

from nanogpt_lib.threads import wait_asleep


def begin_command() -> None:
    """Let torch's threads wait asleep, and Ctrl-C end this process at once, without a traceback.

    `run_as_command` listens to Ctrl-C later. Where interrupts are ignored they stay ignored.

    Example:
        >>> before = signal.getsignal(signal.SIGINT)
        >>> begin_command()
        >>> signal.signal(signal.SIGINT, before) is signal.SIG_DFL
        True
    """
    wait_asleep()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
