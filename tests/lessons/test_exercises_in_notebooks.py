"""Notebooks with their exercises: begun by nobody, they say so; with our solutions filled in, they pass."""

import re
from pathlib import Path

import pytest
from nbformat import NotebookNode

from nanogpt_lib.kit.pages import exercises_of
from notebook_files import NOTEBOOKS, read

CHECK = re.compile(r"^ex\.(\w+)\.check\((.*)\)$", re.MULTILINE)
STUB = re.compile(r"^def my_\w+\(.*\):\n    \.\.\.$", re.MULTILINE)

FILLED_IN = """
answers = ex.{name}.answer
result = ex.{name}.check(*(answers if isinstance(answers, tuple) else (answers,)))
assert result.passed, repr(result)
"""


def exercise_cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that check an exercise, by its name."""
    return {match[1]: cell for cell in notebook.cells if (match := CHECK.search(cell.source))}


WITH_EXERCISES = [path for path in NOTEBOOKS if exercise_cells(read(path))]
each = pytest.mark.parametrize("path", WITH_EXERCISES, ids=lambda path: path.stem)


@each
def test_a_notebook_asks_every_exercise_of_its_file_with_one_stub_for_each_function(path: Path) -> None:
    written = exercises_of(f"nanogpt_lib.lessons.{path.stem[3:]}")
    cells = exercise_cells(read(path))
    assert set(cells) == set(written)
    for name, cell in cells.items():
        functions = (
            written[name].answer if isinstance(written[name].answer, tuple) else (written[name].answer,)
        )
        stubs = re.findall(r"^def (my_\w+)", cell.source, re.MULTILINE)
        assert len(STUB.findall(cell.source)) == len(stubs) == len(functions)
        assert CHECK.search(cell.source)[2] == ", ".join(stubs)


@each
def test_an_exercise_that_nobody_began_says_so(path: Path) -> None:
    for name, cell in exercise_cells(read(path)).items():
        (shown,) = cell.outputs
        assert shown.data["text/plain"].startswith(f"○ Not attempted yet · {name}")


@each
def test_the_exercise_cells_of_a_notebook_with_all_solutions_filled_in_pass_every_check(path: Path) -> None:
    """Alone, so that none needs a name from elsewhere; nbval runs them after the rest, as stubs."""
    together: dict[str, object] = {}
    for name, cell in exercise_cells(read(path)).items():
        filled_in = CHECK.sub("", STUB.sub("", cell.source)) + FILLED_IN.format(name=name)
        exec(compile(filled_in, f"{path.stem}: {name}", "exec"), together)
