"""Let threads that wait for work sleep, in every notebook's kernel and in every command of this library.

OpenMP, with which torch shares its work among the cores, lets such a thread spin instead: it keeps its core
busy with nothing. On a machine that also does something else, one step can then take a hundred times as
long. The choice is an environment variable, and it is read once, when torch is imported.
"""

import os


def wait_asleep() -> None:
    """Let OpenMP's threads wait asleep, unless the user has chosen how. Comes before the import of torch.

    Example:
        >>> wait_asleep()
        >>> os.environ["OMP_WAIT_POLICY"] in ("passive", "active")
        True

    Source:  the OpenMP specification, OMP_WAIT_POLICY.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def load_ipython_extension(shell: object) -> None:
    """Do so in a notebook's kernel, whoever started it: etc/ipython, which is installed, names this file."""
    wait_asleep()
