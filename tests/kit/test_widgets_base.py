"""What every widget inherits: one module without imports, a still picture, text that stays text."""

import re
import subprocess
import sys
from pathlib import Path

import anywidget
import pytest
import traitlets

from nanogpt_lib.kit import widget as base
from nanogpt_lib.kit.widget import Widget, html_table, html_text, number

ATTACK = "<img src=x onerror=alert(1)>"


class Toy(Widget):
    """A widget with the files of a real one."""

    name = "averaging_explorer"
    label = traitlets.Unicode("").tag(sync=True)

    def static_html(self) -> str:
        return f"<p>{html_text(self.label)}</p>"

    def __repr__(self) -> str:
        return f"Toy {self.label!r}"


def test_each_widget_carries_its_own_files_as_text() -> None:
    toy = Toy(label="a")
    state = toy.get_state()
    assert state["_esm"] == (base.STATIC / "averaging_explorer.js").read_text(encoding="utf-8")
    assert state["_css"] == (base.STATIC / "averaging_explorer.css").read_text(encoding="utf-8")
    assert state["label"] == "a"


@pytest.mark.parametrize("path", sorted(base.STATIC.glob("*.css")), ids=lambda path: path.stem)
def test_the_shared_rules_of_one_widget_leave_all_others_alone(path: Path) -> None:
    """A widget shown later once brought its copy of the shared rules, which overruled the first one's own.

    Shared classes stand in a block that is bound to the widget, or behind its name.
    """
    sheet = re.sub(r"(?s)/\*.*?\*/", "", path.read_text(encoding="utf-8"))
    bound, free = [], []
    block = f":where([data-widget={path.stem}]) {{"
    for part in re.split(r"(?m)^(?=\S)", sheet):
        (bound if part.startswith(block) else free).append(part)
    assert ".nano-widget {" in bound[0]
    shared = set(re.findall(r"\.(?:nano|cur)-[\w-]+", "".join(bound)))
    selectors = [one.strip() for one in re.findall(r"(?m)^ *([^{}@;]+?)(?:,| \{)$", "".join(free))]
    loose = [one for one in selectors if re.fullmatch(r"\.[\w-]+", one) and one in shared]
    assert not loose, "begin a rule about a shared class with the widget's name"


def test_nothing_is_read_before_a_widget_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file must not keep the whole library from being imported."""

    class Lost(Toy):
        name = "no_such_widget"

    monkeypatch.setattr(base, "STATIC", Path("nowhere"))
    with pytest.raises(FileNotFoundError, match="no_such_widget"):
        Lost()


def test_what_is_shown_has_a_live_view_and_a_still_picture() -> None:
    toy = Toy(label=ATTACK)
    data, _ = toy._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == toy.model_id
    assert data["text/plain"] == f"Toy {ATTACK!r}"
    assert "&lt;img src=x onerror=alert(1)&gt;" in data["text/html"]
    assert "<img" not in data["text/html"]
    assert "Run this cell" in data["text/html"]
    assert toy.model_id not in data["text/html"] + data["text/plain"]


def test_two_widgets_of_one_state_are_stored_alike() -> None:
    """Stored outputs are compared exactly, so nothing of an address or a counter may be in them."""
    one, two = Toy(label="a")._repr_mimebundle_()[0], Toy(label="a")._repr_mimebundle_()[0]
    view = "application/vnd.jupyter.widget-view+json"
    assert {**one, view: None} == {**two, view: None}
    assert one[view] != two[view]


def test_a_long_description_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some releases of what is below end it after 110 characters, in the middle of a number."""

    def cut(self: Widget, **_: object) -> tuple[dict, dict]:
        return {"text/plain": f"{self!r:.110}…"}, {}

    monkeypatch.setattr(anywidget.AnyWidget, "_repr_mimebundle_", cut)
    assert Toy(label="x" * 300)._repr_mimebundle_()[0]["text/plain"] == f"Toy {'x' * 300!r}"


@pytest.mark.parametrize(
    ("value", "digits", "says"),
    [
        (0.125, 2, "0.13"),
        (0.125 - 1e-7, 2, "0.13"),
        (0.125 + 1e-7, 2, "0.13"),
        (-0.125, 2, "−0.13"),
        (-0.0, 3, "0.000"),
        (-0.0004, 3, "0.000"),
        (1 / 3, 3, "0.333"),
        (float("-inf"), 3, "−∞"),
        (float("inf"), 3, "∞"),
        (7.0, 0, "7"),
    ],
)
def test_numbers_round_alike_on_every_processor(value: float, digits: int, says: str) -> None:
    assert number(value, digits) == says


def test_a_number_that_is_none_says_so() -> None:
    assert number(float("nan")) == "nan"


def test_a_table_shows_every_text_as_text() -> None:
    html = html_table([[ATTACK, 1]], head=[ATTACK, "b"], side=[ATTACK], caption=ATTACK)
    assert "<img" not in html
    assert html.count("&lt;img") == 4
    assert html.count("<td>") == 2
    assert html.count("<th ") == 4  # a corner, two heads, one side


def test_importing_the_widgets_starts_nothing_and_brings_no_pictures() -> None:
    program = "import sys, nanogpt_lib.widgets; print(sorted({'anywidget', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
