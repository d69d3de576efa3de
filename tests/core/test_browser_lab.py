"""What a learner sees who opens the notebooks with `python -m nanogpt_lib.lab` for the first time."""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_path
from playwright.sync_api import Page, expect

from browser import SECONDS_TO_LOAD, new_context
from helpers import ROOT, new_environment
from labserver import opened_by_command

pytestmark = pytest.mark.browser
QUESTION = "Would you like to get notified about official Jupyter news?"
ASKED_BY = 5_000  # milliseconds; on a busy machine the question comes within one second of the notebook


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    return new_environment(tmp_path / "environment")


@contextmanager
def first_visit(
    environment: Path, python: Path | str | None = None, name: str = "00_start_here.ipynb"
) -> Iterator[Page]:
    """The page of somebody who has no settings yet, once its notebook is there."""
    home = {name: str(environment / "home") for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    paths = {"JUPYTER_PATH": os.pathsep.join(jupyter_path()), "PYTHONPATH": str(ROOT)}
    paths |= {"NANOGPT_WORK": str(environment / "work")}
    lab = f"--app-dir={sys.prefix}/share/jupyter/lab"
    settings = f"--LabApp.app_settings_dir={environment}"  # what an older `make` has left is not read
    python = python or next(environment.glob("bin/python"))
    with opened_by_command(python, lab, settings, env=home | paths) as address, new_context() as context:
        page = context.new_page()
        page.goto(address[0].replace("00_start_here.ipynb", name), timeout=SECONDS_TO_LOAD * 1000)
        expect(page.locator(".jp-Notebook")).to_be_visible(timeout=SECONDS_TO_LOAD * 1000)
        yield page


def test_nobody_is_asked_about_news_in_an_environment_with_the_file(environment: Path) -> None:
    """The question lies over the notebook, and comes back on each machine of a classroom."""
    shutil.copytree(ROOT / "etc", environment / "etc")
    with first_visit(environment) as page:
        page.wait_for_timeout(ASKED_BY)
        expect(page.get_by_text(QUESTION)).to_have_count(0)


@pytest.mark.every
def test_everybody_is_asked_in_an_environment_without_it(environment: Path) -> None:
    """So the test above measures what the file does, and not what JupyterLab does anyway."""
    with first_visit(environment) as page:
        expect(page.get_by_text(QUESTION)).to_be_visible(timeout=ASKED_BY)


def test_a_learner_runs_changes_and_saves_and_the_course_stays(environment: Path) -> None:
    """All of it in the learner's copy, where no output was before."""
    course = {path: path.read_bytes() for path in (ROOT / "notebooks").glob("*.ipynb")}
    mine = environment / "work" / "03_averaging_the_past.ipynb"
    with first_visit(environment, sys.executable, mine.name) as page:
        notebook = page.locator(".jp-Notebook")
        expect(notebook.locator(".jp-OutputArea-output")).to_have_count(0)
        idle = page.get_by_text("Python 3 (ipykernel) | Idle")
        expect(idle).to_be_visible(timeout=SECONDS_TO_LOAD * 1000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        expect(notebook.locator(".jp-OutputArea-output").first).to_be_visible(timeout=SECONDS_TO_LOAD * 1000)
        code = notebook.locator(".jp-CodeCell .cm-content").first
        code.click()
        page.keyboard.press("Control+Home")
        page.keyboard.type("my_number = 7\n")
        page.keyboard.press("Control+s")
        deadline = time.monotonic() + SECONDS_TO_LOAD
        while b"my_number = 7" not in mine.read_bytes():
            assert time.monotonic() < deadline, "nothing was saved"
            page.wait_for_timeout(100)
    assert b'"output_type"' in mine.read_bytes()
    assert {path: path.read_bytes() for path in course} == course
