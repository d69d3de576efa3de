"""The commands as processes: streams that cannot show a character, pipes that close, and many Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import tiers
from helpers import ROOT, one_thread
from nanogpt_lib import data, train
from nanogpt_lib.bench import __main__ as bench
from nanogpt_lib.lessons import __main__ as lessons
from nanogpt_lib.recorded import __main__ as recorded

pytestmark = pytest.mark.slow  # most start a Python with torch
PACKAGE = ROOT / "nanogpt_lib"
BEGINS = """
if __name__ == "__main__":
    begin_command()  # before torch is imported
"""
COMMANDS = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
]
QUICK = [
    "--preset",
    "reference-baseline",
    "--n-layer",
    "1",
    "--n-embd",
    "8",
    "--n-head",
    "1",
    "--block-size",
    "8",
    "--eval-iters",
    "1",
]


def command(*arguments: str | Path, encoding: str = "utf-8", **keywords: object) -> subprocess.Popen:
    """Start a command of the library in the root of the checkout."""
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        env=one_thread() | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **keywords,
    )


def test_a_sample_for_an_output_that_cannot_encode_it_is_written_with_escapes(tmp_path: Path) -> None:
    """It used to be a training run that ended with "'ascii' codec can't encode" and no sample."""
    (tmp_path / "own.txt").write_text("é" * 500, encoding="utf-8")
    run = [*QUICK, "--max-iters", "1", "--text", tmp_path / "own.txt", "--sample", "3"]
    done = command("nanogpt_lib.train", *run, encoding="ascii")
    out, err = done.communicate(timeout=120)
    assert (done.returncode, out.splitlines()[-1]) == (0, r"\xe9\xe9\xe9"), err


def test_a_closed_pipe_ends_the_command_quietly() -> None:
    done = command("nanogpt_lib.train", *QUICK, "--max-iters", "200", "--eval-interval", "1")
    assert done.stdout.readline().startswith("step 0")
    done.stdout.close()
    with done.stderr:
        assert (done.stderr.read(), done.wait(timeout=120)) == ("", 141)


@pytest.mark.parametrize("wait", tiers.some([0.0, 0.002, 0.01, 0.05, 0.2]))
def test_five_interrupts_in_a_row_keep_the_checkpoint_and_end_without_a_traceback(
    wait: float, tmp_path: Path
) -> None:
    """The second one used to cut the save short, and a later one the end of torch."""
    run = [*QUICK, "--max-iters", "100000", "--eval-interval", "50", "--out", tmp_path / "kept"]
    done = command("nanogpt_lib.train", *run)
    assert [done.stdout.readline()[:7] for _ in range(2)] == ["step 0:", "step 50"]  # by now one is kept
    for _ in range(5):
        if done.poll() is None:
            os.kill(done.pid, signal.SIGINT)
        time.sleep(wait)
    _, err = done.communicate(timeout=120)
    assert done.returncode == 130, err
    assert "Traceback" not in err
    assert (tmp_path / "kept" / "checkpoint.json").exists()


def test_these_are_the_commands_of_the_library() -> None:
    names = ["bench", "data", "lab", "lessons", "recorded", "recorded.evaluators", "train", "workplace"]
    assert [f"nanogpt_lib.{name}" for name in names] == COMMANDS


@pytest.mark.parametrize("module", COMMANDS)
def test_every_command_begins_before_torch_is_imported_and_ends_in_one_way(module: str) -> None:
    """Two of five let Ctrl-C, pressed in the seconds in which torch is imported, print its traceback."""
    path = ROOT / Path(*module.split("."))
    text = (path / "__main__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
    before, _, after = text.partition(BEGINS)
    assert after.endswith('\n\nif __name__ == "__main__":\n    run_as_command(main)\n')
    loaded = f"import sys\n{before}\nsys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, timeout=60).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such exit status")
@pytest.mark.parametrize("module", tiers.some(COMMANDS, 2))
def test_an_interrupt_while_torch_is_imported_ends_without_a_traceback(module: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", module, "--help"],
        cwd=ROOT,
        env=one_thread() | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as done:
        assert any("torch." in line for line in done.stderr)
        os.kill(done.pid, signal.SIGINT)
        assert "Traceback" not in done.stderr.read()
        assert done.wait(timeout=60) == -signal.SIGINT


def status_of(main: Callable[[list[str]], int], arguments: Sequence[str]) -> int:
    """The exit status that a command asks for; argparse asks by SystemExit."""
    try:
        return main(list(arguments))
    except SystemExit as ended:
        return ended.code


@pytest.mark.parametrize("option", [("--out", os.devnull), ("--sample", "-5"), ("--seed", "9" * 23)])
def test_an_option_is_looked_at_before_anything_is_trained(
    option: tuple[str, str], capsys: pytest.CaptureFixture
) -> None:
    """That such a status ends the process, without a traceback, is seen in test_train.py."""
    assert status_of(train.main, [*QUICK, *option]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "main",
    [lessons.main, recorded.main, data.main, bench.main],
    ids=["lessons", "recorded", "data", "bench"],
)
def test_every_command_refuses_what_it_does_not_know(
    main: Callable[[list[str]], int], capsys: pytest.CaptureFixture
) -> None:
    assert status_of(main, ["nix"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error:" in err


ONE_STEP = [sys.executable, "-m", "nanogpt_lib.train", *QUICK, "--max-iters", "1", "--out"]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Windows has no >&-")
@pytest.mark.parametrize("closed", tiers.some([">&- 2>&-", ">&-", "2>&-"]))
def test_a_command_whose_streams_are_closed_does_its_work(closed: str, tmp_path: Path) -> None:
    """It used to end with "'NoneType' object has no attribute" before or after all the work."""
    words = [*ONE_STEP, str(tmp_path / "o")]
    shell = ["sh", "-c", f'"$@" {closed}', "sh", *words]
    done = subprocess.run(shell, cwd=ROOT, env=one_thread(), capture_output=True, text=True, timeout=120)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert (tmp_path / "o" / "checkpoint.json").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_row_that_cannot_be_written_is_kept_all_the_same(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        words = [*ONE_STEP, str(tmp_path)]
        done = subprocess.run(
            words, cwd=ROOT, env=one_thread(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=120
        )
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert f"step 0 is kept: go on from it with --resume {tmp_path}" in done.stderr
