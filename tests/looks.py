"""How the browser tests look at a widget: its colours, its boxes, its themes, its window, its speed.

    from looks import PIXELS, fits, in_theme, in_window, page_of, readable, went_well

    opened = page_of(CELLS)                  # a fixture of the whole file: these cells, run once, in one page

    with in_theme(notebook, "dark", widget):          # drawn anew in it; light again afterwards
        readable(widget)                              # every text that is visible, at 4.5 to 1 or more
    with in_window(notebook, 800):                    # 800 pixels wide, without JupyterLab's side bar
        fits(widget)                                  # nothing sticks out, no text lies over text
    went_well(notebook)                               # no error, no complaint, nothing fetched from outside

What is written in capitals is JavaScript for `evaluate` on a widget (PIXELS: on its canvas); a function in
small letters that returns nothing holds the widget to what it says, and fails with what it found.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest
from playwright.sync_api import Locator

from browser import VIEW, NotebookPage, open_notebook

# A canvas as one string, to be compared with another.
PIXELS = "(canvas) => canvas.toDataURL()"

# Each text that stands out by less than 4.5 to 1 from what is behind it; WCAG 2 relative luminance. Opacity
# does not count: what cannot be used now may be pale.
FAINT = """(root) => {
  const context = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
  const bright = (...colours) => {
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    const part = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  };
  const behind = (element) => {
    const colours = [];
    for (let at = element; at; at = at.parentElement) colours.unshift(getComputedStyle(at).backgroundColor);
    return colours;
  };
  const holdsText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const shown = [...root.querySelectorAll("*")].filter((one) => holdsText(one) && one.checkVisibility());
  if (!shown.length) throw new Error("there is no text");
  return shown.flatMap((one) => {
    const back = behind(one);
    const pair = [bright("white", ...back), bright("white", ...back, getComputedStyle(one).color)];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    return ratio < 4.5 ? [`${one.className}: ${one.textContent} (${ratio.toFixed(2)})`] : [];
  });
}"""

# The part of a box that can be seen: what a parent scrolls or cuts off is not there.
SEEN = """const seen = (element, box) => {
    let {left, top, right, bottom} = box;
    for (let at = element; at !== root; at = at.parentElement) {
      if (getComputedStyle(at).overflow === "visible") continue;
      const frame = at.getBoundingClientRect();
      [left, top] = [Math.max(left, frame.left), Math.max(top, frame.top)];
      [right, bottom] = [Math.min(right, frame.right), Math.min(bottom, frame.bottom)];
    }
    return {left, top, right, bottom};
  };"""

# What reaches beyond the widget's right edge, and by how many pixels.
STICKS_OUT = f"""(root) => {{
  {SEEN}
  const edge = root.getBoundingClientRect().right;
  return [...root.querySelectorAll("*:not(.nano-hidden, .nano-sentinel)")].flatMap((one) => {{
    if (!one.checkVisibility()) return [];
    const over = seen(one.parentElement, one.getBoundingClientRect()).right - edge;
    return over > 0 ? [`${{one.tagName}} ${{one.className}}: ${{over}}`] : [];
  }});
}}"""

# The lines of text that lie over another line of text; each is told with what it covers.
OVERLAPS = f"""(root) => {{
  {SEEN}
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const boxes = [];
  while (walker.nextNode()) {{
    const at = walker.currentNode;
    if (!at.data.trim() || at.parentElement.closest("select, .nano-hidden")) continue;
    if (!at.parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(at);
    for (const box of range.getClientRects()) boxes.push([at.data, seen(at.parentElement, box)]);
  }}
  const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4;
  return boxes.flatMap(([text, a], i) => boxes.slice(i + 1)
    .filter(([, b]) => over(a, b)).map(([other]) => `${{text}} | ${{other}}`));
}}"""

# The boxes of these parts that stick out, or lie over another that they do not contain.
BOXES_OVER_BOXES = """(root, parts) => {
  const shown = [...root.querySelectorAll(parts)].filter((one) => {
    const box = one.getBoundingClientRect();
    return one.checkVisibility({visibilityProperty: true}) && box.width * box.height > 0;
  });
  if (!shown.length) throw new Error(`nothing that is visible fits ${parts}`);
  const outer = root.getBoundingClientRect();
  const found = [];
  shown.forEach((one, at) => {
    const a = one.getBoundingClientRect();
    if (a.right > outer.right + 1 || a.bottom > outer.bottom + 1) found.push(`${one.className} sticks out`);
    for (const other of shown.slice(at + 1)) {
      if (one.contains(other)) continue;
      const b = other.getBoundingClientRect();
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && tall > 1) found.push(`${one.className} (${one.textContent}) over ${other.className}`);
    }
  });
  return found;
}"""

# Those of the controls that show no ring when the keyboard is on them; one that is chosen by its label has it
# there. (The width alone would not tell: it stays where the style is "none".)
RINGLESS = """(controls) => controls.filter((control) => {
  if (control.disabled) return false;
  control.focus();
  const ring = getComputedStyle(control.closest(".nano-choice label") ?? control);
  return ring.outlineStyle === "none" || parseFloat(ring.outlineWidth) < 2;
}).map((control) => control.outerHTML)"""

REDRAWN = "(pairs) => pairs.every(([root, drawn]) => root.dataset.drawn > drawn)"


def page_of(cells: Sequence[str]) -> Callable[[], Iterator[NotebookPage]]:
    """A fixture: the page on which these cells have run without an error, one for all tests of the file."""

    @pytest.fixture(scope="module")
    def opened() -> Iterator[NotebookPage]:
        with open_notebook(cells) as notebook:
            assert notebook.errors() == []
            yield notebook

    return opened


def went_well(notebook: NotebookPage) -> None:
    """No cell, widget or page has complained, and nothing was asked for that is not on this machine."""
    assert notebook.errors() == []
    assert notebook.console == []
    assert notebook.outside == []


# --- themes ---------------------------------------------------------------------------------------


def _turn(notebook: NotebookPage, theme: str, roots: Sequence[Locator]) -> None:
    """Into the theme, and on when these widgets have drawn themselves anew."""
    if theme == notebook.theme:
        return
    before = [[root.element_handle(), int(root.get_attribute("data-drawn"))] for root in roots]
    notebook.set_theme(theme)
    notebook.page.wait_for_function(REDRAWN, arg=before)


@contextlib.contextmanager
def in_theme(notebook: NotebookPage, theme: str, *roots: Locator) -> Iterator[None]:
    """The page in this theme, and light again afterwards; each time these widgets draw themselves anew."""
    try:
        _turn(notebook, theme, roots)
        yield
    finally:
        _turn(notebook, "light", roots)


def readable(root: Locator) -> None:
    """Every text that can be seen stands out by 4.5 to 1 or more."""
    assert root.evaluate(FAINT) == []


# --- windows --------------------------------------------------------------------------------------


@contextlib.contextmanager
def in_window(notebook: NotebookPage, width: int, *, side_bar: bool = False) -> Iterator[None]:
    """A window this wide, in pixels, and as it was afterwards.

    Without JupyterLab's own side bar, so that a window of 800 pixels leaves a widget about 620.
    """
    notebook.page.set_viewport_size({**VIEW, "width": width})
    if not side_bar:
        notebook.command("application:toggle-left-area")
    try:
        notebook.settle()
        yield
    finally:
        if not side_bar:
            notebook.command("application:toggle-left-area")
        notebook.page.set_viewport_size(VIEW)
        notebook.settle()


def fits(root: Locator) -> None:
    """Nothing reaches beyond the widget's right edge, and no text lies over text."""
    width = root.evaluate("(root) => root.clientWidth")
    assert root.evaluate(STICKS_OUT) == [], width
    assert root.evaluate(OVERLAPS) == [], width


@contextlib.contextmanager
def unfolded(root: Locator) -> Iterator[None]:
    """The widget with every fold open, and as it was afterwards."""
    opened = root.locator("details:not([open])").all()
    handles = [fold.element_handle() for fold in opened]
    try:
        for fold in handles:
            fold.evaluate("(fold) => { fold.open = true; }")
        yield
    finally:
        for fold in handles:
            fold.evaluate("(fold) => { fold.open = false; }")


# --- hands ----------------------------------------------------------------------------------------


def ringed(controls: Locator) -> None:
    """Each of them that can be used shows a ring where the keyboard is."""
    controls.page.keyboard.press("Tab")  # the keyboard's ring shows only after a key
    assert controls.evaluate_all(RINGLESS) == []


def hold_knob(slider: Locator, start: float, end: float) -> None:
    """Takes the knob at one share of the slider's way and drags it to another; the mouse stays down."""
    box, mouse = slider.bounding_box(), slider.page.mouse
    middle = box["y"] + box["height"] / 2
    mouse.move(box["x"] + 8 + (box["width"] - 16) * start, middle)
    mouse.down()
    mouse.move(box["x"] + 8 + (box["width"] - 16) * end, middle, steps=4)


def best_times(notebook: NotebookPage, root: Locator, inputs: Mapping[str, str]) -> dict[str, float]:
    """Milliseconds from each input to its picture, as `NotebookPage.latency` measures them; also printed.

    The better of two medians each: what else the machine does is not the widget's.
    """
    times = {what: min(notebook.latency(act, root) for _ in range(2)) for what, act in inputs.items()}
    print({what: f"{time:.0f} ms" for what, time in times.items()})
    notebook.python_is_told()  # or the last choice would come after what the next test sets
    return times


def drawn_anew(picture: Locator, before: str) -> None:
    """Wait until a canvas shows another picture than before: it comes a frame later than the words."""
    picture.page.wait_for_function(
        "([canvas, before]) => canvas.toDataURL() !== before",
        arg=[picture.element_handle(), before],
        timeout=10_000,
    )


def said(widget: Locator) -> Locator:
    """The sentences of a widget that are seen."""
    return widget.locator(".nano-said")
