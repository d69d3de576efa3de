"""The wheel: it carries what the course needs, works where no checkout is, and stays as it was installed."""

import email
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from jupyter_client import KernelManager
from packaging.requirements import Requirement

import nanogpt_lib
from helpers import ROOT, new_environment, one_thread
from nanogpt_lib.data import TEXT_SHA256
from nanogpt_lib.files import DATA, shown, work_folder

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "nanogpt_lib", "data", "etc", "notebooks")
LAB_SETTINGS = "etc/jupyter/labconfig/default_setting_overrides.d/nanogpt_lib.json"
MADE_HERE = ("__pycache__", "tinyshakespeare.txt", "unfinished", ".ipynb_checkpoints")
PIP = (sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check")


def run(*command: str | Path, cwd: Path, **settings: str) -> str:
    """Run a command that must succeed, and return what it printed."""
    environment = one_thread() | {"PYTHONDONTWRITEBYTECODE": "1"} | settings
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="asks GNU's OpenMP, which torch has on Linux")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, with what a used one holds.

    Setuptools leaves build/ behind, and what is left there from an older version would be packed into the
    next wheel.
    """
    source = tmp_path_factory.mktemp("wheel") / "source"
    source.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns(*MADE_HERE))
        else:
            shutil.copy(ROOT / name, source)
    (source / "data" / "tinyshakespeare.txt").write_text("made in the checkout")
    (source / "data" / "unfinished").mkdir()
    (source / "data" / "unfinished" / "checkpoint.json").write_text("made in the checkout")
    return source


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    """Build the wheel as `python -m build` does: first the source archive, then from that the wheel."""
    folder = source.parent
    archive = "import setuptools.build_meta as backend; print(backend.build_sdist('..'))"
    name = run(sys.executable, "-c", archive, cwd=source).splitlines()[-1]
    run(
        *PIP, "wheel", "--no-deps", "--no-build-isolation", f"--wheel-dir={folder}", folder / name, cwd=folder
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pip unpacked the wheel into."""
    target = tmp_path_factory.mktemp("installed")
    run(*PIP, "install", "--no-deps", "--no-compile", f"--target={target}", wheel, cwd=target)
    return target


def python(*arguments: str, installed: Path, folder: Path) -> str:
    """Run Python in an empty folder, with the installed package and not the checkout."""
    (folder / "empty").mkdir()
    paths = {"PYTHONPATH": str(installed), "XDG_CACHE_HOME": str(folder / "cache")}
    return run(sys.executable, *arguments, cwd=folder / "empty", **paths)


def files(folder: Path) -> dict[str, int]:
    """The files below a folder, with the time of their last change."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_wheel_carries_the_code_and_the_data_and_nothing_that_a_checkout_made(wheel: Path) -> None:
    """A module or a run that was not packed is missed only by whoever installs the wheel."""
    package = {name for name in files(ROOT / "nanogpt_lib") if "__pycache__" not in name}
    carried_data = ("corrections.json", "evaluators.json", "runs/", "checkpoints/")
    kept = (name for name in files(DATA) if name.startswith(carried_data))
    notebooks = (f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb"))
    data = {f"nanogpt_lib/course_data/{name}" for name in (*kept, *notebooks)}
    with zipfile.ZipFile(wheel) as packed:
        beside = (".dist-info/", ".data/")
        carried = {name for name in packed.namelist() if not any(part in name for part in beside)}
    assert {name for name in carried if "/course_data/" in name} == data
    code = {name.removeprefix("nanogpt_lib/") for name in carried - data}
    assert {name for name in package if name.endswith((".py", "py.typed"))} <= code <= package


def test_the_metadata_says_what_pyproject_says(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
        said = email.message_from_bytes(packed.read(name))
    assert said["Version"] == nanogpt_lib.__version__
    assert said["License-Expression"] == "MIT"
    assert said["Description-Content-Type"] == "text/markdown"
    assert said.get_payload().startswith("# Build a GPT")
    assert said.get_all("Project-URL")
    assert "Typing :: Typed" in said.get_all("Classifier")
    needed = {str(Requirement(text)) for text in said.get_all("Requires-Dist") if "extra ==" not in text}
    assert needed == {str(Requirement(text)) for text in PROJECT["dependencies"]}


def test_an_installed_package_gives_the_text_the_model_and_the_runs(installed: Path, tmp_path: Path) -> None:
    """In an empty folder, without the checkout; nothing is written beside the installed files."""
    program = """
import json, os
import nanogpt_lib
from nanogpt_lib.checkpoint import CHECKPOINTS, load_checkpoint
from nanogpt_lib.data import load_text
from nanogpt_lib.files import sha256, work_folder
from nanogpt_lib.recorded.runs import load_runs
from nanogpt_lib.widgets.run_explorer import RunExplorer
widget = RunExplorer(["scale"])
told = {
    "file": nanogpt_lib.__file__,
    "text": sha256(load_text().encode()),
    "kept in": str(work_folder()),
    "loss": load_checkpoint(CHECKPOINTS / "shakespeare").run.curve[-1].val_loss,
    "runs": [run.variant for run in load_runs("scale")],
    "script and style": [len(str(widget._esm)), len(str(widget._css))],
}
os.environ["XDG_CACHE_HOME"] = nanogpt_lib.__file__  # a file, so no folder can be made in it
told["text in memory"] = len(load_text())
print(json.dumps(told))
"""
    before = files(installed)
    told = json.loads(python("-c", program, installed=installed, folder=tmp_path))
    assert Path(told["file"]) == installed / "nanogpt_lib" / "__init__.py"
    assert told["text"] == TEXT_SHA256
    assert told["text in memory"] == 1_115_394, "where the cache cannot be written, the text must still come"
    assert told["loss"] < 1.6
    assert len(told["runs"]) == 12
    assert min(told["script and style"]) > 1000, "a widget without its files stays empty in the browser"
    assert files(installed) == before, "the installed package was written into"
    assert not list((tmp_path / "empty").iterdir())
    kept = Path(told["kept in"], "tinyshakespeare.txt")
    assert kept.is_relative_to(tmp_path / "cache")
    assert kept.stat().st_size == 1_115_394


def test_the_command_says_where_an_installed_package_keeps_the_text(installed: Path, tmp_path: Path) -> None:
    said = python("-m", "nanogpt_lib.data", installed=installed, folder=tmp_path)
    assert said.startswith(str(tmp_path / "cache" / "nanogpt_lib" / "tinyshakespeare.txt"))


def test_a_checkout_keeps_what_it_makes_in_its_data_folder() -> None:
    assert work_folder() == DATA == ROOT / "data"
    assert shown(DATA / "runs") == "data/runs"


# --- what is installed beside the package: it reaches a kernel that VS Code, a hub or plain Lab starts -----


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    return new_environment(tmp_path / "environment")


def rounds_before_sleep(environment: Path, **settings: str) -> int:
    """How often a thread that waits spins before it sleeps, in a fresh kernel of the environment.

    GNU's OpenMP says so as torch is imported. The kernel starts as from a desk, without the variables that
    `make` sets.
    """
    said = environment / "said"
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "GOMP_"))}
    manager = KernelManager()
    (program,) = environment.glob("bin/python")
    manager.kernel_spec.argv[0] = str(program)
    with said.open("w") as file:
        told = clean | {"OMP_DISPLAY_ENV": "verbose", "PYTHONPATH": str(ROOT)} | settings
        manager.start_kernel(env=told, stderr=file)
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            client.execute_interactive("import torch", timeout=60)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    (rounds,) = set(re.findall(r"GOMP_SPINCOUNT = '(\w+)'", said.read_text(encoding="utf-8")))
    return int(rounds)


@on_linux
def test_threads_wait_asleep_in_a_kernel_that_anything_started(installed: Path, environment: Path) -> None:
    """One other busy process made a step of 40 ms take 4,700 ms where threads spin as they do by default."""
    shutil.copytree(installed / "etc", environment / "etc")
    assert rounds_before_sleep(environment) == 0
    assert rounds_before_sleep(environment, OMP_WAIT_POLICY="active") > 0, "the user's choice is kept"


@on_linux
@pytest.mark.every
def test_threads_spin_in_an_environment_without_the_file(environment: Path) -> None:
    """So the test above measures what the file does, and not what torch does anyway."""
    assert rounds_before_sleep(environment) > 0


def test_a_checkout_that_is_installed_in_place_reaches_the_kernels_too(source: Path) -> None:
    """An editable install leaves out what goes beside the package, unless it is told that there is some."""
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "etc").rglob("*.json")}
    build = "import setuptools.build_meta as backend; print(backend.build_editable('..'))"
    name = run(sys.executable, "-c", build, cwd=source).splitlines()[-1]
    with zipfile.ZipFile(source.parent / name) as packed:
        beside = {one.partition(".data/data/")[2] for one in packed.namelist()}
    assert {"etc/ipython/ipython_kernel_config.json", LAB_SETTINGS} <= wanted <= beside
