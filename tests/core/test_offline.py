"""After the set-up, everything works with the network cut, and nothing even asks. Lab: test_lab.py."""

import subprocess
import sys
from pathlib import Path

import pytest

from helpers import ROOT, offline, one_thread
from tiers import some

pytestmark = pytest.mark.slow

TRAIN = ("--preset", "reference-baseline", "--max-iters", "1", "--eval-iters", "1", "--sample", "9")


def run(log: Path, *command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=one_thread() | offline(log),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def test_a_program_that_asks_another_machine_is_found(tmp_path: Path) -> None:
    program = "import urllib.request; urllib.request.urlopen('http://192.0.2.1/')"  # kept free for examples
    done = run(tmp_path / "log", "-c", program)
    assert "the network is cut" in done.stderr
    assert "192.0.2.1" in (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command",
    some(
        [
            pytest.param(("-m", "nanogpt_lib.train", *TRAIN), id="train"),
            pytest.param(("-m", "nanogpt_lib.data"), id="data"),
            pytest.param(("-m", "nanogpt_lib.recorded"), id="recorded"),
            pytest.param(("-m", "nanogpt_lib.bench", "--settings", "A", "--seconds", "0.01"), id="bench"),
        ]
    ),
)
def test_no_command_asks_another_machine(command: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path / "log", *command)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "log").exists(), (tmp_path / "log").read_text(encoding="utf-8")
