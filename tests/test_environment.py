"""Three files say what to install; they must say the same.

pyproject.toml holds the ranges, constraints.txt one version inside each, environment.yml the ranges again
under conda-forge's names.
"""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT_TEXT = (ROOT / "environment.yml").read_text(encoding="utf-8")
ENVIRONMENT = yaml.safe_load(ENVIRONMENT_TEXT)
LEFT_OUT = re.findall(r"(?m)^# left out: (\S+), \w.+$", ENVIRONMENT_TEXT)  # each with its reason

PIP_NAME = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}  # where conda-forge says it differently
CONDA_ONLY = {"pip", "notebook"}  # to install the rest, and what Binder's own front end needs


def ranges(requirements: list[str]) -> dict[str, SpecifierSet]:
    """Name to range; two entries for one name are a mistake."""
    parsed = [Requirement(text) for text in requirements]
    names = [canonicalize_name(PIP_NAME.get(r.name, r.name)) for r in parsed]
    assert len(set(names)) == len(names), f"named twice: {sorted(n for n in names if names.count(n) > 1)}"
    return dict(zip(names, (r.specifier for r in parsed), strict=True))


RUN = ranges(PROJECT["dependencies"])
DEV = ranges(PROJECT["optional-dependencies"]["dev"])
PYTHON, *PACKAGES = [entry for entry in ENVIRONMENT["dependencies"] if isinstance(entry, str)]
CONDA = ranges(PACKAGES)
CONDA_PIP = ENVIRONMENT["dependencies"][-1]["pip"]
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)


def test_the_environment_has_the_four_parts_that_conda_and_binder_read() -> None:
    assert list(ENVIRONMENT) == ["name", "channels", "dependencies"]
    assert ENVIRONMENT["channels"] == ["conda-forge", "nodefaults"]
    assert list(ENVIRONMENT["dependencies"][-1]) == ["pip"], "the pip part must be the last entry"
    assert all(isinstance(entry, str) for entry in ENVIRONMENT["dependencies"][:-1])


def test_the_environment_installs_this_library_last_and_with_its_dependencies() -> None:
    assert CONDA_PIP[-1] == "-e .", "an option before the folder is not valid in conda's pip part"


def test_no_folder_hides_the_environment_from_binder() -> None:
    assert not any((ROOT / name).exists() for name in ("binder", ".binder")), (
        "Binder would read only that folder"
    )


@pytest.mark.parametrize("name", sorted(RUN))
def test_every_dependency_is_in_the_environment_with_the_same_range(name: str) -> None:
    listed = CONDA | ranges(CONDA_PIP[:-1])
    assert name in listed, f"add {name}{RUN[name]} to environment.yml"
    assert listed[name] == RUN[name], f"environment.yml says {listed[name]}, pyproject.toml says {RUN[name]}"


@pytest.mark.parametrize("name", sorted((CONDA | ranges(CONDA_PIP[:-1])).keys() - CONDA_ONLY))
def test_everything_in_the_environment_is_a_dependency_with_the_same_range(name: str) -> None:
    listed, wanted = CONDA | ranges(CONDA_PIP[:-1]), RUN | DEV
    assert name in wanted, f"{name} is in environment.yml only: add it to pyproject.toml, or drop it"
    assert listed[name] == wanted[name], f"environment.yml: {listed[name]}, pyproject.toml: {wanted[name]}"


@pytest.mark.parametrize("name", sorted(DEV))
def test_every_tool_is_in_the_environment_or_is_said_to_be_left_out(name: str) -> None:
    listed = CONDA | ranges(CONDA_PIP[:-1])
    assert (name in listed) != (name in LEFT_OUT), (
        f"environment.yml should either hold {name} or say `# left out: {name}, which …`"
    )


def test_only_tools_are_left_out() -> None:
    assert set(LEFT_OUT) <= set(DEV), "a dependency of the library cannot be left out"
    assert len(set(LEFT_OUT)) == ENVIRONMENT_TEXT.count("left out:"), (
        "a line without a reason, or a name twice"
    )


def test_nothing_is_asked_of_conda_and_of_pip() -> None:
    assert not set(CONDA) & set(ranges(CONDA_PIP[:-1]))


def test_the_environment_names_one_python_that_the_project_takes() -> None:
    """Binder overlooks a range, and would begin with a Python of its own choice."""
    named = re.fullmatch(r"python=(3\.\d+)", PYTHON)
    assert named, f"the first entry is {PYTHON!r}; write python=3.N"
    assert SpecifierSet(PROJECT["requires-python"]).contains(named[1])


@pytest.mark.parametrize("name", sorted(RUN | DEV))
def test_every_dependency_is_pinned_inside_its_range(name: str) -> None:
    assert name in PINS, f"add {name}=={{version}} to constraints.txt"
    assert (RUN | DEV)[name].contains(PINS[name]), f"{PINS[name]} is outside {(RUN | DEV)[name]}"


def test_every_pin_is_a_plain_name_and_version() -> None:
    """A local version (+cpu), an address or a path would hold on one machine only."""
    strange = [f"{n}=={v}" for n, v in PINS.items() if not re.fullmatch(r"[a-z0-9.-]+==[\w.]+", f"{n}=={v}")]
    assert not strange, f"write NAME==VERSION: {strange}"
    graphics = [name for name in PINS if re.match(r"nvidia|cuda|triton", name)]
    assert not graphics, f"the course runs without a graphics card; remove {graphics}"
    assert list(PINS) == sorted(PINS), "keep the names sorted: a change then shows as one line"
