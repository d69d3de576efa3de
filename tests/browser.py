"""Notebooks in a real browser: one Chromium and one JupyterLab for the whole test run, started when needed.

    import pytest
    from browser import NotebookPage, open_notebook, set_input

    pytestmark = pytest.mark.browser

    CELL = '''
    from nanogpt_lib.kit.quiz import Quiz
    Quiz(QUESTIONS)
    '''

    @pytest.fixture(scope="module")
    def notebook():  # one notebook for all tests of a file: its kernel takes 1 s, `import torch` 2 s more
        with open_notebook([CELL]) as notebook:
            yield notebook

    def test_the_slider_redraws(notebook):
        widget = notebook.widget(0)                  # a Playwright locator of the first .nano-widget, in view
        widget.get_by_label("temperature").focus()
        notebook.page.keyboard.press("ArrowRight")   # .page is Playwright's page
        assert notebook.errors() == [] and notebook.console == [] and notebook.outside == []
        notebook.python_comes_to("widget.temperature", 1.1)  # asks the kernel until it knows
        notebook.screenshot("slider", widget)        # screenshots/slider.png
        assert notebook.latency(set_input("input[type=range]", [1, 2, 3]), widget) < 100

`open_notebook(what, run=True, theme="light")` is a plain context manager: no fixture to import.
  what   the path of a notebook (a copy is opened, so the stored one never changes), or a list of code cells.
  run    run all cells first, and wait until the kernel is idle. A failed cell does not raise: see `errors()`.
  theme  "light" or "dark"; `set_theme` changes it later.
The copy lies in a folder from which `import nanogpt_lib` is this checkout's and where `../data` is found.
The kernel ends with the block, the browser and the server with the test run. JupyterLab stays open for the
next notebook: to load it takes five times as long as to open a notebook in it.

Where there is no Chromium, programs.py decides whether that is a failure.
"""

import atexit
import contextlib
import itertools
import json
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    sync_playwright,
)

import programs
from labserver import ROOT, lab_server

SCREENSHOTS = ROOT / "screenshots"
VIEW = {"width": 1280, "height": 1000}
TALLEST = 15_000  # pixels; Chromium draws no higher picture
SECONDS_TO_RUN = 600  # no notebook may hang the test run
SECONDS_TO_LOAD = 90  # once for each worker; on a quiet machine JupyterLab needs 3
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # no name resolves: whoever asks, fails
]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDGET = ".nano-widget"

# What JupyterLab itself writes to the console as an error although all is well: (part of the text, why).
KNOWN_NOISE: list[tuple[str, str]] = []

# (widget, test, milliseconds) of each measurement; conftest.py prints them at the end of the run.
MEDIANS: list[tuple[str, str, float]] = []

IDLE = """() => {
  const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
  return kernel?.status === "idle" && kernel?.connectionStatus === "connected";
}"""

# JupyterLab puts cells that are out of view into the page bit by bit, when it has time.
ALL_THERE = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  return cells.length > 0 && cells.every((cell) => cell.isAttached && !cell.isPlaceholder());
}"""

# By its path in the server's folder; nobody else may be in the way.
OPEN = """async (path) => {
  const {commands, shell} = window.jupyterapp;
  const panel = await commands.execute("docmanager:open", {path, factory: "Notebook"});
  await panel.context.ready;
  shell.activateById(panel.id);
}"""

# Without the question whether to save; the kernel ends too.
CLOSE = """async () => {
  for (const panel of [...window.jupyterapp.shell.widgets("main")]) {
    await panel.sessionContext?.shutdown();
    panel.dispose();
  }
}"""

# All cells, or those of these numbers one after the other.
RUN = """(chosen) => {
  const {commands, shell} = window.jupyterapp;
  const one_by_one = async () => {
    for (const index of chosen) {
      shell.currentWidget.content.activeCellIndex = index;
      await commands.execute("notebook:run-cell");
    }
  };
  window.hasRun = false;
  const run = chosen ? one_by_one() : commands.execute("notebook:run-all-cells");
  run.finally(() => { window.hasRun = true; });
}"""

CELLS = """() => [...window.jupyterapp.shell.currentWidget.content.widgets].map((cell, index) => ({
  index,
  kind: cell.model.type,
  source: cell.model.sharedModel.source,
  execution_count: cell.model.executionCount ?? null,
  outputs: cell.model.outputs?.toJSON() ?? [],
  tags: cell.model.getMetadata("tags") ?? [],
}))"""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # as a traceback is coloured for a terminal

# JupyterLab asks every new kernel for its widgets; one that has not imported ipywidgets yet complains.
GREETING = re.compile(r"No such comm(?: target registered)?: \S+\s*$")

# What Python says while it answers a widget belongs to no cell, and JupyterLab shows it nowhere.
LISTEN = """() => {
  window.saidToWidgets = [];
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  kernel.iopubMessage.connect((_, {header, parent_header, content}) => {
    if (parent_header.msg_type !== "comm_msg") return;
    if (header.msg_type === "error") window.saidToWidgets.push(content.traceback.join("\\n"));
    if (header.msg_type === "stream" && content.name === "stderr") window.saidToWidgets.push(content.text);
  });
}"""

EXECUTE = """async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({code, store_history: false});
  let printed = "";
  future.onIOPub = (message) => { printed += message.content.name === "stdout" ? message.content.text : ""; };
  const {content} = await future.done;
  return [printed, content.status === "ok" ? null : `${content.ename}: ${content.evalue}`];
}"""

# To the end of the last cell; below it JupyterLab leaves as much room as the window is high.
HEIGHT = """() => {
  const cells = [...window.jupyterapp.shell.currentWidget.content.node.querySelectorAll(".jp-Cell")];
  const places = cells.map((cell) => cell.getBoundingClientRect());
  return Math.max(...places.map((place) => place.bottom)) - Math.min(...places.map((place) => place.top));
}"""

# Draws are counted in `data-drawn`; the clock is the page's, so that Playwright's own journeys do not count.
LATENCY = """async (root, {count, limit}) => {
  const act = %s;
  const frame = () => new Promise((done) => requestAnimationFrame(() => done(performance.now())));
  const times = [];
  for (let i = 0; i < count; i++) {
    await frame();
    await frame();
    const before = root.dataset.drawn;
    const start = performance.now();
    act(root, i);
    while (root.dataset.drawn === before) {
      await new Promise((done) => {
        const watch = new MutationObserver(() => { watch.disconnect(); clearTimeout(late); done(); });
        const late = setTimeout(() => { watch.disconnect(); done(); }, limit);
        watch.observe(root, {attributes: true, attributeFilter: ["data-drawn"]});
      });
      if (performance.now() - start >= limit) throw new Error(`input ${i} drew nothing within ${limit} ms`);
    }
    times.push(await frame() - start);
  }
  return times;
}"""


class NotebookPage:
    """A notebook that is open in JupyterLab, and what has been seen of it so far.

    page: Playwright's page.   theme: "light" or "dark".
    console: errors that the page reported.   outside: addresses asked for that are not on this machine.
    """

    def __init__(self, page: Page, theme: str) -> None:
        self.page = page
        self.theme = theme
        self.console: list[str] = []
        self.outside: list[str] = []
        self._listeners = {"console": self._heard, "pageerror": self._failed, "request": self._asked}
        for event, listener in self._listeners.items():
            page.on(event, listener)

    def leave(self) -> None:
        """Close the notebook, end its kernel, and hear no more of its page."""
        self.page.evaluate(CLOSE)
        self.page.set_viewport_size(VIEW)
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def _failed(self, error: Error) -> None:
        self.console.append(f"uncaught: {error}")

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part, _ in KNOWN_NOISE):
            self.console.append(f"{message.text} ({message.location.get('url', '')})")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and address.hostname != "127.0.0.1":
            self.outside.append(request.url)

    def command(self, name: str, **arguments: object) -> None:
        """One of JupyterLab's own commands, by its id."""
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)",
            [name, arguments],
        )

    def wait_idle(self) -> None:
        """Until the kernel is connected and has nothing to do."""
        self.page.wait_for_function(IDLE, timeout=SECONDS_TO_RUN * 1000)

    def run_all(self) -> None:
        """As the command of that name does; a cell that failed stops it, and `errors()` tells."""
        self._run(None)

    def run_cells(self, numbers: Sequence[int]) -> None:
        """One after the other, whatever became of the one before."""
        self._run(numbers)

    def _run(self, numbers: Sequence[int] | None) -> None:
        self.page.evaluate(RUN, numbers)
        self.page.wait_for_function("() => window.hasRun", timeout=SECONDS_TO_RUN * 1000)
        self.wait_idle()
        self.settle()

    def settle(self) -> None:
        """Until every cell is in the page, every widget has drawn itself once, and two frames have passed."""
        self.page.wait_for_function(ALL_THERE)
        with contextlib.suppress(Exception):  # a widget that never draws is for the test to complain about
            self.page.wait_for_function(
                f"() => [...document.querySelectorAll('{WIDGET}')].every((root) => root.dataset.drawn >= 1)",
                timeout=5_000,
            )
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def set_theme(self, theme: str) -> None:
        """Light or dark, as the user's own choice in the settings menu would."""
        self.command("apputils:change-theme", theme=THEMES[theme])
        light = json.dumps(str(theme == "light").lower())
        turned = f"() => document.body.dataset.jpThemeLight === {light}"
        self.page.wait_for_function(turned, timeout=60_000)  # a style sheet comes first
        self.theme = theme
        self.settle()

    def cells(self) -> list[dict]:
        """Every cell as the page has it: index, kind, source, tags, execution_count, outputs (nbformat)."""
        return self.page.evaluate(CELLS)

    def code_cells(self) -> list[dict]:
        """Those of the cells that hold code."""
        return [cell for cell in self.cells() if cell["kind"] == "code"]

    def python(self, code: str) -> str:
        """What the code prints in the notebook's kernel; an error in it raises here. No cell is added."""
        self.wait_idle()
        printed, problem = self.page.evaluate(EXECUTE, code)
        assert problem is None, problem
        return printed

    def python_comes_to(self, expression: str, value: object, seconds: float = 5) -> None:
        """Waits until the expression has this value in the kernel; a widget tells Python in its own time."""
        end = time.monotonic() + seconds
        while (printed := self.python(f"print(repr({expression}))").strip()) != repr(value):
            assert time.monotonic() < end, f"{expression} is {printed} in Python, not {value!r}"
            time.sleep(0.05)

    def stop_python(self) -> None:
        """The kernel ends, as when a computer was asleep for long; the page stays as it is."""
        self.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        self.page.wait_for_timeout(500)

    def active_cell(self) -> int:
        """The number of the cell that JupyterLab's own keys would work on."""
        return self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex")

    def python_is_told(self) -> None:
        """Until Python knows the last choice in the page: widgets tell it some times a second at most."""
        self.page.wait_for_timeout(200)
        for _ in range(2):  # one message may have waited until the one before it was answered
            self.python("")

    def errors(self) -> list[str]:
        """One text for each error: of a cell (unless meant to raise), in a widget, in its Python half.

        A widget whose JavaScript fails tells only the console: look at `console` too.
        """
        found = []
        for cell in self.cells():
            line = next(iter(cell["source"].splitlines()), "")
            found += [
                f"cell {cell['index']} ({line[:60]!r}): {output['ename']}: {output['evalue']}\n"
                + "\n".join(output["traceback"])
                for output in cell["outputs"]
                if output["output_type"] == "error" and "raises-exception" not in cell["tags"]
            ]
        inside = self.page.locator(".widget-output .jp-OutputArea-output[data-mime-type$='stderr']")
        found += [f"in a widget's output: {text}" for text in inside.all_text_contents()]
        answers = self.page.evaluate("() => window.saidToWidgets")
        found += [f"while Python answered a widget: {text}" for text in answers if not GREETING.match(text)]
        return [COLOUR.sub("", text) for text in found]

    @property
    def widgets(self) -> Locator:
        """All live widgets of this project."""
        return self.page.locator(WIDGET)

    def widget(self, index: int = 0) -> Locator:
        """One live widget of this project, scrolled into view."""
        root = self.widgets.nth(index)
        root.scroll_into_view_if_needed()
        return root

    def screenshot(self, name: str, locator: Locator | None = None) -> Path:
        """The picture's path: of one element, or of the whole notebook from top to bottom."""
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        if locator is not None:
            self._make_room(locator.bounding_box()["height"])
            locator.scroll_into_view_if_needed()
            locator.screenshot(path=path, animations="disabled")
        else:
            for _ in range(2):  # what was out of view has only an estimated height before it is shown
                self._make_room(self.page.evaluate(HEIGHT))
            panel = self.page.locator(".jp-NotebookPanel:visible")
            panel.locator(".jp-WindowedPanel-outer").evaluate("(panel) => { panel.scrollTop = 0; }")
            panel.screenshot(path=path, animations="disabled")
        self.page.set_viewport_size(VIEW)
        return path

    def _make_room(self, height: float) -> None:
        """A window in which this many pixels of a notebook can be seen at once."""
        around = 160  # JupyterLab's menus and bars
        self.page.set_viewport_size(
            {**VIEW, "height": int(min(max(height + around, VIEW["height"]), TALLEST))}
        )
        self.settle()

    def latency(self, action: str, root: Locator, count: int = 9, limit: int = 5_000) -> float:
        """Median milliseconds from an input to the widget's new picture, measured inside the page.

        From the moment the input event is dispatched until `data-drawn` of the root has changed and the next
        animation frame has begun.

        action: a JavaScript function (root, i) that dispatches the input; `set_input`, `press_key` and
                `choose_next` make one. Each call must change something: a widget need not redraw for the
                value it has.
        root:   the widget.   count: how many inputs.   limit: milliseconds after which an input is lost.
        """
        root.scroll_into_view_if_needed()
        median = statistics.median(root.evaluate(LATENCY % action, {"count": count, "limit": limit}))
        MEDIANS.append((root.get_attribute("data-widget"), os.environ["PYTEST_CURRENT_TEST"], median))
        return median


def set_input(selector: str, values: Sequence[object]) -> str:
    """For `latency`: put the values into an input inside the widget, one after the other and round again."""
    return f"""(root, i) => {{
      const input = root.querySelector({json.dumps(selector)});
      const values = {json.dumps(list(values))};
      input.value = values[i % values.length];
      input.dispatchEvent(new Event("input", {{bubbles: true}}));
    }}"""


def press_key(selector: str, keys: Sequence[str]) -> str:
    """For `latency`: keydown on an element inside the widget, one key after the other and round again."""
    return f"""(root, i) => {{
      const selector = {json.dumps(selector)};
      const element = root.matches(selector) ? root : root.querySelector(selector);
      const keys = {json.dumps(list(keys))};
      element.focus();
      element.dispatchEvent(new KeyboardEvent("keydown", {{key: keys[i % keys.length], bubbles: true}}));
    }}"""


def choose_next(at: int = 0) -> str:
    """For `latency`: the next choice of one of the menus inside the widget, and round again."""
    return f"""(root) => {{
      const menu = root.querySelectorAll("select")[{at}];
      menu.selectedIndex = (menu.selectedIndex + 1) % menu.length;
      menu.dispatchEvent(new Event("change", {{bubbles: true}}));
    }}"""


# --- one browser, one server ----------------------------------------------------------------------


class _Lab:
    """The running pair: the folder that is served, its address and the browser.

    idle: pages in which JupyterLab is open and no notebook.
    """

    def __init__(self, folder: Path, url: str, browser: Browser) -> None:
        self.folder = folder
        self.url = url
        self.browser = browser
        self.context = browser.new_context(viewport=VIEW)  # shared: JupyterLab's files are fetched once
        self.context.set_default_timeout(15_000)
        self.count = itertools.count(1)
        self.idle: list[Page] = []

    def page(self) -> Page:
        """A page with JupyterLab and no notebook in it."""
        if self.idle:
            return self.idle.pop()
        page = self.context.new_page()
        page.goto(f"{self.url}lab?reset", timeout=SECONDS_TO_LOAD * 1000)
        page.wait_for_function("() => window.jupyterapp?.restored", timeout=SECONDS_TO_LOAD * 1000)
        page.evaluate("() => window.jupyterapp.restored.then(() => null)")
        return page


_running: list[_Lab] = []
_stack = contextlib.ExitStack()


def _lab() -> _Lab:
    if not _running:
        program = programs.chromium() or programs.without("Chromium")
        folder = Path(_stack.enter_context(tempfile.TemporaryDirectory(prefix="nanogpt-notebooks-")))
        (folder / "notebooks").mkdir()
        (folder / "data").symlink_to(ROOT / "data")
        url = _stack.enter_context(lab_server(folder))
        driver = _stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        _stack.callback(browser.close)
        _running.append(_Lab(folder, url, browser))
        atexit.register(close_all)  # after the folders were made, so that it comes before their own clean-up
    return _running[0]


@contextlib.contextmanager
def new_context() -> Iterator[BrowserContext]:
    """A browser that has never been anywhere: nothing is stored. It shares the process of the others."""
    context = _lab().browser.new_context()
    try:
        yield context
    finally:
        context.close()


def close_all() -> None:
    """End the browser and the server; the next `open_notebook` would start new ones."""
    _running.clear()
    _stack.close()


def _copy(what: Path | str | Sequence[str], lab: _Lab) -> str:
    """The name of the copy, in the served folder."""
    number = next(lab.count)
    if isinstance(what, str | Path):
        path = Path(what)
        name = f"{path.stem}-{number}.ipynb"
        shutil.copyfile(path, lab.folder / "notebooks" / name)
        return name
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source.strip("\n")) for source in what],
        metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    )
    name = f"cells-{number}.ipynb"
    nbformat.write(notebook, lab.folder / "notebooks" / name)
    return name


@contextlib.contextmanager
def open_notebook(
    what: Path | str | Sequence[str], *, run: bool = True, theme: str = "light"
) -> Iterator[NotebookPage]:
    """A notebook in JupyterLab; see the top of this file."""
    lab = _lab()
    name = _copy(what, lab)
    page = lab.page()
    notebook = NotebookPage(page, theme)
    try:
        page.evaluate(OPEN, f"notebooks/{name}")
        notebook.wait_idle()
        page.evaluate(LISTEN)
        notebook.set_theme(theme)  # and settles
        if run:
            notebook.run_all()
        yield notebook
    except BaseException:
        with contextlib.suppress(Exception):  # whatever went wrong, the kernel must not stay
            page.evaluate(CLOSE)
        page.close()
        raise
    notebook.leave()
    lab.idle.append(page)
