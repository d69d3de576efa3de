"""Open your notebooks in JupyterLab: `python -m nanogpt_lib.lab`. `make lab` does it, too.

They are your own copies, in the folder `work`: see `workplace`. What you have changed there stays.
"""

import os
import sys
from pathlib import Path

from nanogpt_lib.starting import begin_command

if __name__ == "__main__":
    begin_command()  # before torch is imported

from nanogpt_lib.data import TEXT_FILE, load_text
from nanogpt_lib.files import shown, work_folder
from nanogpt_lib.process import run_as_command
from nanogpt_lib.workplace import course, place, prepare

_OPTIONS = (
    "--log-level=WARN",
    "--KernelManager.transport_encryption=auto",  # others on a shared machine cannot listen in
    "--LabApp.news_url=None",  # nothing asks the network; nor the user: etc/jupyter, which is installed
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


def main(argv: list[str] | None = None) -> int:
    """Prepare the text and the learner's notebooks, then serve them until Ctrl-C.

    Args:    argv: options for JupyterLab, such as `--no-browser`; None is those of the process.
    Returns: the exit status: 0 done, 2 where the text or the folder could not be prepared.
    """
    try:
        print(f"{shown(work_folder() / TEXT_FILE)}: {len(load_text()):,} characters, exact by its SHA-256.")
        mine = place(Path.cwd())
        for sentence in prepare(course(), mine):
            print(sentence)
        print(f"Your notebooks are in {mine}.")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel `python3` is this Python's, not one at home
    from jupyterlab.labapp import LabApp  # takes seconds, so only after what may fail

    LabApp.launch_instance([*options(mine), *(sys.argv[1:] if argv is None else argv)])
    return 0


def options(mine: Path) -> list[str]:
    """Return what JupyterLab is told: where the learner's notebooks are, and to leave the network alone."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0  # as in a container; Lab wants to be told
    return [
        *_OPTIONS,
        *(["--allow-root"] if as_root else []),
        f"--ServerApp.root_dir={mine.parent}",
        f"--LabApp.default_url=/lab/tree/{mine.name}/00_start_here.ipynb",
    ]


if __name__ == "__main__":
    run_as_command(main)
