"""A checkout that nobody may write into, as a teacher hands it out: the notebooks run from it."""

import ctypes
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers import ROOT, one_thread

pytestmark = [
    pytest.mark.every,
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights in another way"),
]
READ = (".ipynb_checkpoints", "__pycache__", "tinyshakespeare.txt", "unfinished")  # what a used checkout made
WITHOUT = [1, 2]  # root's CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: with them it writes everywhere
PROGRAM = """
import os, sys
import nbformat
from nbclient import NotebookClient
import nanogpt_lib
folder, name = os.path.split(sys.argv[1])
assert nanogpt_lib.__file__.startswith(os.path.dirname(folder)), nanogpt_lib.__file__
try:
    open(os.path.join(folder, "mine"), "w").close()
except PermissionError:
    print("read-only")
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(
    notebook, timeout=300, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": folder}}
).execute()
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
            print(f"{output.ename}: {output.evalue} in\\n{cell.source}")
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy that has the text still to make, and that nobody may write into."""
    copy = tmp_path_factory.mktemp("read-only") / "checkout"
    copy.mkdir()
    for name in ("nanogpt_lib", "data", "notebooks"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns(*READ))
    everything = [copy, *copy.rglob("*")]
    for path in everything:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    yield copy
    for path in everything:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


def as_anybody() -> None:
    """Give up what lets root write where nobody may; runs in the child, before it becomes Python."""
    if os.geteuid() == 0 and sys.platform == "linux":
        drop = 24  # PR_CAPBSET_DROP
        for right in WITHOUT:
            ctypes.CDLL(None).prctl(drop, right, 0, 0, 0)


def run(checkout: Path, name: str, home: Path) -> list[str]:
    """Run a notebook of the checkout in a process without root's rights; return the errors of its cells."""
    homes = (
        "HOME",
        "IPYTHONDIR",
        "MPLCONFIGDIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTER_CONFIG_DIR",
        "XDG_CACHE_HOME",
    )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(checkout / "notebooks" / name)],
        env=one_thread() | dict.fromkeys(homes, str(home)) | {"PYTHONPATH": str(checkout)},
        cwd=home,
        preexec_fn=as_anybody,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    first, *errors = done.stdout.splitlines() or [""]
    if first != "read-only":
        pytest.skip("this user may write everywhere")
    return errors


@pytest.mark.parametrize("name", ["00_start_here.ipynb", "10_full_model.ipynb"])
def test_a_notebook_runs_from_a_checkout_that_nobody_may_write_into(
    name: str, checkout: Path, tmp_path: Path
) -> None:
    """The first makes the text, which then stays in memory; the other one saves what it trains."""
    before = sorted(checkout.rglob("*"))
    assert not run(checkout, name, tmp_path)
    assert sorted(checkout.rglob("*")) == before
