"""Every notebook in a real JupyterLab: as it is opened, and after Run All.

What nbval cannot see: that a widget draws itself, that nothing is fetched from outside, that what is stored
for readers without a kernel is really shown. The pictures land in screenshots/, to be looked at.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

import notebook_files
from browser import NotebookPage, open_notebook

pytestmark = pytest.mark.browser

MOST_SECONDS = 60
STILL = "data-widget-still"  # what base.py writes around a widget's stored picture


@dataclass(frozen=True)
class Visit:
    """One notebook: what was there before anything ran, and the page after Run All."""

    path: Path
    load: float  # the machine's load average
    stored: list  # the notebook's code cells, as the file has them
    counts_before: list[int | None]  # execution counts
    outputs_before: int  # how many were shown
    empty_before: list[str]  # those in which nothing could be seen, as HTML
    live_before: int  # widgets that were alive
    stills_before: int  # widgets shown as a still picture
    notebook: NotebookPage

    @property
    def stills(self) -> int:
        """How many widgets the file keeps as still pictures."""
        outputs = [output for cell in self.stored for output in cell.outputs]
        return sum(STILL in output.get("data", {}).get("text/html", "") for output in outputs)


# Where tests run on two cores at once, those of one notebook stay together: they share its page. The last
# notebooks take longest, and come first, so that no core waits for the other at the end.
EACH = [
    pytest.param(path, id=path.stem, marks=pytest.mark.xdist_group(path.stem))
    for path in reversed(notebook_files.NOTEBOOKS)
]


@pytest.fixture(scope="module", params=EACH)
def visit(request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Opens a notebook, looks, runs all cells; the tests of one notebook share it."""
    path = request.param
    with open_notebook(path, run=False) as notebook:
        outputs = notebook.page.locator(".jp-CodeCell .jp-OutputArea-output")
        textless = outputs.filter(has_not_text=re.compile(r"\S"))
        empty = textless.filter(has_not=notebook.page.locator("img, svg"))
        before = Visit(
            path=path,
            load=os.getloadavg()[0],
            stored=[cell for cell in notebook_files.read(path).cells if cell.cell_type == "code"],
            counts_before=[cell["execution_count"] for cell in notebook.cells() if cell["kind"] == "code"],
            outputs_before=outputs.count(),
            empty_before=empty.evaluate_all("(outputs) => outputs.map((output) => output.outerHTML)"),
            live_before=notebook.widgets.count(),
            stills_before=outputs.get_by_text("A still picture. Run this cell").count(),
            notebook=notebook,
        )
        notebook.run_all()
        yield before


def test_a_notebook_that_was_only_opened_shows_its_stored_outputs(visit: Visit) -> None:
    """Widgets as still pictures too: what a reader meets before the first run, and on the web."""
    assert visit.counts_before == [cell.execution_count for cell in visit.stored]
    assert visit.outputs_before == sum(len(cell.outputs) for cell in visit.stored) > 0
    assert visit.empty_before == []
    assert (visit.live_before, visit.stills_before) == (0, visit.stills)


def test_run_all_reaches_the_last_cell_without_an_error(visit: Visit) -> None:
    print(f"{visit.path.stem}: {visit.notebook.seconds:.1f} s, load {visit.load:.1f}")
    assert visit.notebook.errors() == []
    cells = [cell for cell in visit.notebook.cells() if cell["kind"] == "code" and cell["source"]]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


def test_run_all_takes_less_than_a_minute(visit: Visit) -> None:
    """On a machine that is about its own business: torch waits for itself when others use the cores."""
    if visit.load > 2 * os.cpu_count() and visit.notebook.seconds >= MOST_SECONDS:
        pytest.skip(f"took {visit.notebook.seconds:.0f} s, but the machine was busy: load {visit.load:.1f}")
    assert visit.notebook.seconds < MOST_SECONDS


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
    """Also after everything was scrolled into view once; the pictures are for people to look at."""
    visit.notebook.screenshot(visit.path.stem)
    for at, widget in enumerate(visit.notebook.widgets.all(), 1):
        visit.notebook.screenshot(f"{visit.path.stem}_{at}_{widget.get_attribute('data-widget')}", widget)
    assert visit.notebook.outside == []
    assert visit.notebook.console == []
