"""Every notebook in a real JupyterLab: as it is opened, and with its widgets alive.

What nbval cannot see: that a widget draws itself, that nothing is fetched from outside, that what is stored
for readers without a kernel is really shown. The pictures land in screenshots/, to be looked at.

Of most notebooks only those cells are run that the widgets need, since nbval runs them all; one is run whole,
as a reader would, and with `--every` all of them are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

import notebook_files
from browser import NotebookPage, open_notebook
from slices import needed
from tiers import some

pytestmark = pytest.mark.browser

FOLDER = notebook_files.FOLDER
PICTURED = set(some(notebook_files.NOTEBOOKS))  # from top to bottom, for people to look at
WHOLE = set(some(notebook_files.NOTEBOOKS, 0)) | {FOLDER / "04_self_attention.ipynb"}
STILL = "data-widget-still"  # what the widgets' base writes around a stored picture

# A widget is as alive on a model that was hardly trained. nbval trains it to the end, and checks what it is
# then expected to have learned.
A_FEW_STEPS = """
from nanogpt_lib import checks
from nanogpt_lib.training_run import TrainingRun
TrainingRun.is_done = property(lambda run: run.step >= min(3, run.config.max_iters))
checks.expect = lambda *args, **keywords: None
"""


@dataclass(frozen=True)
class Visit:
    """One notebook: what was there before anything ran, and the page after the run.

    path, notebook: its file and its page.   stored: its code cells, as the file has them.
    counts_before, outputs_before: their execution counts and how many outputs were shown.
    empty_before: the outputs in which nothing could be seen, as HTML.
    live_before, stills_before: how many widgets were alive, and how many shown as a still picture.
    ran: the numbers of the code cells that were run.
    """

    path: Path
    notebook: NotebookPage
    stored: list
    counts_before: list[int | None]
    outputs_before: int
    empty_before: list[str]
    live_before: int
    stills_before: int
    ran: list[int]

    @property
    def stills(self) -> int:
        """How many widgets the file keeps as still pictures."""
        return sum(stills_in(cell) for cell in self.stored)


def stills_in(cell: notebook_files.NotebookNode) -> int:
    """How many widgets a cell's stored outputs show."""
    return sum(STILL in output.get("data", {}).get("text/html", "") for output in cell.outputs)


def to_run(path: Path, stored: list) -> list[int]:
    """The numbers of the code cells to run: all, or what the widgets need."""
    if path in WHOLE:
        return list(range(len(stored)))
    return needed([cell.source for cell in stored], [at for at, cell in enumerate(stored) if stills_in(cell)])


@pytest.fixture(scope="module", params=notebook_files.NOTEBOOKS, ids=lambda path: path.stem)
def visit(request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Opens a notebook, looks, runs its cells; the tests of one notebook share it."""
    path = request.param
    with open_notebook(path, run=False) as notebook:
        outputs = notebook.page.locator(".jp-CodeCell .jp-OutputArea-output")
        textless = outputs.filter(has_not_text=re.compile(r"\S"))
        empty = textless.filter(has_not=notebook.page.locator("img, svg"))
        stored = [cell for cell in notebook_files.read(path).cells if cell.cell_type == "code"]
        before = Visit(
            path=path,
            notebook=notebook,
            stored=stored,
            counts_before=[cell["execution_count"] for cell in notebook.code_cells()],
            outputs_before=outputs.count(),
            empty_before=empty.evaluate_all("(outputs) => outputs.map((output) => output.outerHTML)"),
            live_before=notebook.widgets.count(),
            stills_before=outputs.get_by_text("A still picture. Run this cell").count(),
            ran=to_run(path, stored),
        )
        if path in WHOLE:
            notebook.run_all()
        else:
            notebook.python(A_FEW_STEPS)
            numbers = [cell["index"] for cell in notebook.code_cells()]
            notebook.run_cells([numbers[at] for at in before.ran])
        yield before


def test_a_notebook_that_was_only_opened_shows_its_stored_outputs(visit: Visit) -> None:
    """Widgets as still pictures too: what a reader meets before the first run, and on the web."""
    assert visit.counts_before == [cell.execution_count for cell in visit.stored]
    assert visit.outputs_before == sum(len(cell.outputs) for cell in visit.stored) > 0
    assert visit.empty_before == []
    assert (visit.live_before, visit.stills_before) == (0, visit.stills)


def test_the_run_reaches_its_last_cell_without_an_error(visit: Visit) -> None:
    """In the kernel that JupyterLab starts, and with its widgets' messages between the cells."""
    assert visit.notebook.errors() == []
    cells = visit.notebook.code_cells()
    ran = [cells[at]["execution_count"] for at in visit.ran if cells[at]["source"]]
    assert ran == list(range(1, len(ran) + 1))


def test_every_widget_is_alive_drawn_and_named(visit: Visit) -> None:
    """A widget whose script fails leaves an empty cell and no error that Python would know of."""
    assert visit.notebook.widgets.count() == visit.stills
    for widget in visit.notebook.widgets.all():
        name = widget.get_attribute("data-widget")
        widget.scroll_into_view_if_needed()
        assert widget.is_visible(), name
        expect(widget, f"{name} is drawn").not_to_have_attribute("data-drawn", "0")  # waits
        assert (widget.get_attribute("aria-label") or "").strip(), name


def test_nothing_is_fetched_from_outside_and_nothing_complains(visit: Visit) -> None:
    """Also after every widget was scrolled into view once; the pictures are for people to look at."""
    if visit.path in PICTURED:
        visit.notebook.screenshot(visit.path.stem)
    for at, widget in enumerate(visit.notebook.widgets.all(), 1):
        visit.notebook.screenshot(f"{visit.path.stem}_{at}_{widget.get_attribute('data-widget')}", widget)
    assert visit.notebook.outside == []
    assert visit.notebook.console == []
