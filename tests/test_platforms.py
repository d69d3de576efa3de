"""What a learner runs works on Windows and macOS too: it assumes no slash, no UTF-8, no fork, no make.

These machines are not at hand, so the source is read for what is known to break there.
"""

import re
import subprocess
from collections import Counter
from pathlib import Path

import jupytext
import pytest

from helpers import ROOT
from nanogpt_lib.recorded.experiments import experiments
from nanogpt_lib.recorded.runs import run_file
from platforms import breaks_elsewhere

PROGRAMS = sorted([*(ROOT / "nanogpt_lib").rglob("*.py"), ROOT / "notebooks" / "build.py", ROOT / "setup.py"])
NOTEBOOKS = sorted((ROOT / "notebooks" / "source").glob("*.md"))
ALLOWED = {  # file: what is allowed there, each with its reason
    "nanogpt_lib/bench/hardware.py": ["os.getloadavg"],  # asked only where there is one
    "nanogpt_lib/bench/memory.py": ["resource"],  # imported in the child that a forkserver makes
    "nanogpt_lib/kit/widget.py": ["open() without an encoding"] * 2,  # a widget is opened, and its layout
    "nanogpt_lib/lab.py": ["os.geteuid"],  # asked only where there is one
    "nanogpt_lib/restored.py": ["os.sysconf"] * 2,  # a usual size is taken where there is none
    "notebooks/build.py": ["the place '~/'"],  # looked for in what cells printed
}
WINDOWS_REFUSES = re.compile(r'[<>:"\\|?*\x00-\x1f]|[ .]$')
WINDOWS_KEEPS = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}
LONGEST = 120  # of the 260 characters that a path may have on Windows, the rest is the user's


def tracked() -> dict[str, str]:
    """Every file of the repository, with its mode."""
    listed = subprocess.run(
        ["git", "ls-files", "--stage", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout
    return {entry.partition("\t")[2]: entry.partition(" ")[0] for entry in listed.split("\0") if entry}


@pytest.mark.parametrize(
    "source",
    [
        "import fcntl",
        "from resource import getrusage",
        "import os\nos.fork()",
        "from os import rename",
        "import signal\nsignal.signal(signal.SIGALRM, f)",
        "run('ls', shell=True)",
        "Popen(command, preexec_fn=f)",
        "open(path)",
        "open(path, 'w')",
        "path.open()",
        "path.read_text()",
        "path.write_text('b')",
        "NamedTemporaryFile('w')",
        "subprocess.run(command, text=True)",
        "path.rename(other)",
        "path.symlink_to(other)",
        "place = '/tmp/here'",
        "place = '~/here'",
        "now.strftime('%-d %B')",
    ],
)
def test_what_breaks_elsewhere_is_found(source: str) -> None:
    assert list(breaks_elsewhere(source))


@pytest.mark.parametrize(
    "source",
    [
        "open(path, 'rb')",
        "path.open(mode='wb')",
        "path.read_text(encoding='utf-8')",
        "TemporaryFile()",
        "os.replace(name, path)",
        "print('a/b', 'from ~3 to 4')",
        "run(command, text=True, encoding='utf-8')",
    ],
)
def test_what_works_everywhere_is_let_pass(source: str) -> None:
    assert not list(breaks_elsewhere(source))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_programs_work_on_every_system(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    found = [(line, what) for line, what in breaks_elsewhere(path.read_text(encoding="utf-8"))]
    left = Counter(what for _, what in found) - Counter(ALLOWED.get(name, []))
    assert not left, f"{name} does not work on every system: {[one for one in found if one[1] in left]}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_cells_work_on_every_system(path: Path) -> None:
    cells = [cell.source for cell in jupytext.read(path, fmt="md:myst").cells if cell.cell_type == "code"]
    found = [(what, source) for source in cells for _, what in breaks_elsewhere(source)]
    assert not found, f"{path.name}: {found}"


def test_every_file_of_the_repository_can_be_checked_out_on_windows_and_macos() -> None:
    """A link becomes a text there, and of two names that differ in capitals only one file is left."""
    files = tracked()
    assert "README.md" in files
    assert not [name for name, mode in files.items() if mode == "120000"], "links"
    assert not [name for name in files if not fits_windows(name)]
    assert not [name for name, n in Counter(map(str.casefold, files)).items() if n > 1], (
        "differ in capitals only"
    )


def test_every_recording_has_a_name_that_windows_takes() -> None:
    names = [
        run_file(name, variant, seed).name
        for name, one in experiments().items()
        for variant in one.variants
        for seed in one.seeds
    ]
    assert names
    assert not [name for name in names if not fits_windows(name)]
    assert len(set(map(str.casefold, names))) == len(names)


def fits_windows(name: str) -> bool:
    parts = name.split("/")
    kept = any(part.partition(".")[0].casefold() in WINDOWS_KEEPS for part in parts)
    return not kept and len(name) <= LONGEST and not any(WINDOWS_REFUSES.search(part) for part in parts)


@pytest.mark.parametrize("name", ["a:b.py", "aux.py", "what?.md", "end.", "x" * 130])
def test_a_name_that_windows_refuses_is_found(name: str) -> None:
    assert not fits_windows(name)
