"""Open the notebooks in JupyterLab: `python -m nanogpt_lib.lab`. `make lab` does it, too.

In a checkout these are the notebooks of the checkout. A library that was installed without one carries
copies: they are put into the folder `notebooks` below the folder that you are in, and what is there
already stays.
"""

import os
import sys
from pathlib import Path

from nanogpt_lib.starting import begin_command

if __name__ == "__main__":
    begin_command()  # before torch is imported

from nanogpt_lib.data import TEXT_FILE, load_text
from nanogpt_lib.files import DATA, shown, work_folder, write_atomically
from nanogpt_lib.process import run_as_command

_CARRIED = DATA / "notebooks"
_OPTIONS = (
    "--log-level=WARN",
    "--KernelManager.transport_encryption=auto",  # others on a shared machine cannot listen in
    "--LabApp.news_url=None",  # nothing asks the network; nor the user: etc/jupyter, which is installed
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


def main(argv: list[str] | None = None) -> int:
    """Prepare the text and the notebooks, then serve them until Ctrl-C.

    Args:    argv: options for JupyterLab, such as `--no-browser`; None is those of the process.
    Returns: the exit status: 0 done, 2 where the text or the folder could not be prepared.
    """
    try:
        print(f"{shown(work_folder() / TEXT_FILE)}: {len(load_text()):,} characters, exact by its SHA-256.")
        root = prepared_root(Path.cwd())
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel `python3` is this Python's, not one at home
    from jupyterlab.labapp import LabApp  # takes seconds, so only after what may fail

    LabApp.launch_instance([*options(root), *(sys.argv[1:] if argv is None else argv)])
    return 0


def prepared_root(here: Path) -> Path:
    """Return the folder to serve, in which `notebooks` lies; copy the notebooks to here where need be.

    Args:    here: the user's folder, written to only if the library was installed without a checkout.
    Raises:  OSError: the folder cannot be written to.
    """
    if not _CARRIED.is_dir():
        return DATA.parent
    mine = here / "notebooks"
    mine.mkdir(exist_ok=True)
    for notebook in sorted(_CARRIED.glob("*.ipynb")):
        if not (mine / notebook.name).exists():
            write_atomically(mine / notebook.name, notebook.read_bytes())
    print(f"The notebooks are in {mine}. To get one back as it was, move yours away and call this again.")
    return here


def options(root: Path) -> list[str]:
    """Return what JupyterLab is told: where the notebooks are, and nothing that asks the network."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0  # as in a container; Lab wants to be told
    return [
        *_OPTIONS,
        *(["--allow-root"] if as_root else []),
        f"--ServerApp.root_dir={root}",
        "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
    ]


if __name__ == "__main__":
    run_as_command(main)
