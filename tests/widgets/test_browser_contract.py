"""What every widget promises, in a real browser: one row per widget, one page for all of them.

Hands: a held key arrives whole, every control is named, a change is read aloud, a second view follows.
Looks: both themes, the page's ink, windows of three widths, 600 pixels of height at 900 of width.
What is particular to a widget is in its own test_browser_*.py.
"""

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage
from looks import PIXELS, fits, in_theme, in_window, page_of, readable, ringed, unfolded, went_well
from widget_rows import EACH, PATIENCE, ROWS, Row, page_cells, shows, turn, view

pytestmark = pytest.mark.browser

LOW = 600  # pixels in which the controls and the main picture can be seen, at this width:
WIDE = 900

# A picture has words, or a table beside it that a screen reader is sent to.
UNNAMED = "canvas:not([aria-label], [aria-hidden=true]):visible"
CONTROLS = ":is(input, select, textarea, button, [tabindex='0']):not([tabindex='-1']):visible"
FOLDS = "summary:visible"  # their text is their name

opened = page_of(page_cells())


@pytest.fixture
def root(opened: NotebookPage, row: Row) -> Locator:
    """The row's widget as it was at first, and nothing under the mouse."""
    opened.page.mouse.move(1, 1)
    opened.python(f"reset({row.name})")
    root = view(opened, row)
    take_back(root, row)
    shows(root, row, row.first)
    return root


def take_back(root: Locator, row: Row) -> None:
    """Undo what the page alone chooses, so that Python's `reset` does not reach it."""
    if not row.asks:
        root.locator(row.main).first.press("End")


# Each of these is turned once for all rows: pytest sorts the tests by it.


@pytest.fixture(scope="module")
def theme(opened: NotebookPage, request: pytest.FixtureRequest) -> Iterator[str]:
    with in_theme(opened, request.param):
        yield request.param


@pytest.fixture(scope="module")
def window(opened: NotebookPage, request: pytest.FixtureRequest) -> Iterator[int]:
    with in_window(opened, request.param):
        yield request.param


@pytest.fixture
def full(root: Locator, row: Row, opened: NotebookPage) -> Iterator[Locator]:
    """The widget with every fold open, saying as much as it can."""
    if row.fullest:
        opened.settle()
        before = [root.element_handle(), int(root.get_attribute("data-drawn"))]
        opened.python(row.fullest)
        opened.page.wait_for_function("([root, drawn]) => root.dataset.drawn > drawn", arg=before)
    # A head that stays while its table scrolls lies over rows, and is meant to.
    root.evaluate("(root) => root.querySelectorAll('*').forEach((one) => { one.scrollTop = 0; })")
    with unfolded(root):
        opened.settle()
        yield root


# --- hands ----------------------------------------------------------------------------------------


@EACH
def test_a_held_key_arrives_whole_is_read_aloud_and_a_second_view_follows(
    opened: NotebookPage, root: Locator, row: Row
) -> None:
    """An echo from the kernel once undid the newest presses; thirty a second is what a held key sends."""
    second = view(opened, row, 1)
    aloud = root.locator("[aria-live=polite], [role=status]").filter(has_text=row.aloud or row.says)
    expect(aloud).to_have_count(0)
    turn(root, row)
    shows(root, row, row.says)
    expect(aloud.first).to_be_attached(timeout=PATIENCE)
    if row.asks:
        opened.python_comes_to(row.asks, row.value)
        for one in (root, second):
            shows(one, row, row.says)
    take_back(root, row)
    code, says = row.theirs or (f"reset({row.name})", row.first)
    opened.python(code)
    for one in (root, second):
        shows(one, row, says)


# --- looks ----------------------------------------------------------------------------------------


def named(root: Locator, row: Row) -> None:
    """Every control has its name, in the order of the Tab key, and shows where the keyboard is."""
    controls = root.locator(CONTROLS)
    expect(controls).to_have_count(len(row.controls))
    for control, name in zip(controls.all(), row.controls, strict=True):
        expect(control).to_have_accessible_name(name)
    expect(root.locator(UNNAMED)).to_have_count(0)
    ringed(root.locator(f"{CONTROLS}, {FOLDS}"))


@EACH
@pytest.mark.parametrize("theme", ["dark"], indirect=True)
def test_every_text_can_be_read_in_the_dark(
    opened: NotebookPage, theme: str, full: Locator, row: Row
) -> None:
    opened.screenshot(f"{row.name}_{theme}", full)
    readable(full)


@EACH
@pytest.mark.parametrize("window", [1280], indirect=True)
def test_every_text_can_be_read_nothing_overlaps_and_every_control_is_named(
    opened: NotebookPage, window: int, full: Locator, row: Row
) -> None:
    fits(full)
    opened.screenshot(f"{row.name}_{opened.theme}", full)
    readable(full)
    named(full, row)


@EACH
@pytest.mark.parametrize("window", [900, 480], indirect=True)
def test_nothing_sticks_out_or_overlaps_in_a_narrower_window(window: int, full: Locator, row: Row) -> None:
    fits(full)


@pytest.mark.parametrize("row", [row for row in ROWS if row.drawn], ids=lambda row: row.name)
@pytest.mark.parametrize("window", [1280], indirect=True)  # narrower, a table may have no room for words
def test_the_picture_follows_the_ink_of_the_page(window: int, root: Locator, row: Row) -> None:
    """JupyterLab's change of theme would not tell: it also moves the page, which draws everything anew."""
    picture, inks = root.locator(row.picture).first, ["--nano-text", "--nano-muted"]
    before = picture.evaluate(PIXELS)
    paint = "(root, [inks, colour]) => inks.forEach((ink) => root.style.setProperty(ink, colour))"
    root.evaluate(paint, [inks, "rgb(0, 90, 0)"])
    try:
        root.page.wait_for_function(
            "([canvas, before]) => canvas.toDataURL() !== before",
            arg=[picture.element_handle(), before],
            timeout=3_000,
        )
    finally:
        root.evaluate(paint, [inks, ""])


def height(root: Locator, parts: Sequence[str]) -> float:
    """Pixels from the widget's top to the bottom of the lowest of these parts."""
    boxes = [part.bounding_box() for selector in parts for part in root.locator(selector).all()]
    return max(box["y"] + box["height"] for box in boxes if box) - root.bounding_box()["y"]


@EACH
@pytest.mark.parametrize("window", [1280], indirect=True)
def test_controls_and_picture_fit_a_laptop(window: int, root: Locator, row: Row) -> None:
    """JupyterLab on a screen of 1366 × 768 leaves this much: so nobody scrolls to and fro between the two."""
    root.evaluate("(root, width) => { root.style.width = `${width}px`; }", WIDE)
    try:
        tall = height(root, [CONTROLS, f"{row.picture}:visible"])
    finally:
        root.evaluate("(root) => { root.style.width = ''; }")
    assert tall <= LOW


def test_nothing_went_wrong_on_the_way(opened: NotebookPage) -> None:
    """Last of this page, so that it looks back on all the others."""
    expect(opened.widgets).to_have_count(2 * len(ROWS))
    went_well(opened)
