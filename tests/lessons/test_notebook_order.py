"""Learners run cells twice, and a notebook again: nothing fails for it, also with the network cut."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from helpers import offline, one_thread
from notebook_files import FOLDER, NOTEBOOKS, read

pytestmark = pytest.mark.slow

Order = Callable[[list[NotebookNode]], list[NotebookNode]]
LIGHT = FOLDER / "03_averaging_the_past.ipynb"


def cells_twice(cells: list[NotebookNode]) -> list[NotebookNode]:
    return [again for cell in cells for again in (cell, copy.deepcopy(cell))]


def whole_twice(cells: list[NotebookNode]) -> list[NotebookNode]:
    return [*cells, *copy.deepcopy(cells)]


def unannounced_errors(notebook: NotebookNode, cells: list[NotebookNode], log: Path) -> list[str]:
    """Run these cells in one kernel, and return what failed and was not announced by its tag.

    The log notes what asks another machine.
    """
    notebook.cells = cells
    for at, cell in enumerate(cells):
        cell.id, cell.outputs = f"cell-{at}", []
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(FOLDER)}},
    ).execute(env=one_thread() | offline(log))
    return [
        f"{output.ename}: {output.evalue} in\n{cell.source}"
        for cell in cells
        for output in cell.outputs
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", [])
    ]


def refuse_errors(path: Path, order: Order, folder: Path) -> None:
    notebook = read(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    errors = unannounced_errors(notebook, order(code), folder / "log")
    assert not errors, "\n\n".join(errors)
    assert not (folder / "log").exists(), (folder / "log").read_text(encoding="utf-8")


def test_each_cell_of_a_light_notebook_runs_twice(tmp_path: Path) -> None:
    refuse_errors(LIGHT, cells_twice, tmp_path)


@pytest.mark.every
@pytest.mark.parametrize("order", [cells_twice, whole_twice])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_runs_twice(path: Path, order: Order, tmp_path: Path) -> None:
    refuse_errors(path, order, tmp_path)


def test_an_error_in_a_second_run_is_found(tmp_path: Path) -> None:
    """As where a cell overwrites what it needs."""
    notebook = read(LIGHT)
    (first, *_) = (cell for cell in notebook.cells if cell.cell_type == "code")
    first.source = "steps = globals().get('steps', 0) + 1\nassert steps == 1"
    assert unannounced_errors(notebook, cells_twice([first]), tmp_path / "log")
