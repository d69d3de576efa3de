"""What every widget shares: its files, and the still picture that stays where no kernel runs.

A widget NAME is three files: NAME.py, NAME.js, NAME.css. The browser gets one JavaScript module
without any import, so `module_text` puts common.js in front of NAME.js, and the other files of
`SHARED` where NAME.js imports from them; `style_text` does the same with their CSS.
"""

import math
import re
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import anywidget

HERE = Path(__file__).resolve().parents[1] / "widgets"
SHARED = ("common", "curves")  # what widgets may import from; each may import from those before it
_SHARED_IMPORT = re.compile(rf'(?m)^import \{{[^}}]*\}} from "\./({"|".join(SHARED)})\.js";\n')
_ANY_IMPORT = re.compile(r"(?m)^\s*import\b.*|\bimport\s*\(.*")
_NUDGE = 1e-6
_ROOT_RULE = re.compile(r"(?m)^ *\.nano-widget\b")  # how the rules of the shared files begin
_INNER_RULE = re.compile(r"(?m)^( *)(\.nano-(?!widget\b))")
_STILL = "A still picture. Run this cell in JupyterLab to bring it to life."


def module_text(name: str, folder: Path = HERE) -> str:
    """The one JavaScript module that a browser gets for a widget: what it shares with others, then its own.

    Args:    name: the stem of its files.   folder: where they lie.
    Raises:  ValueError: the widget imports something that is not shared, which no browser could find.
    Example:
        >>> "export default" in module_text("attention_view")
        True
    """
    scripts = [_read(folder / f"{shared}.js") for shared in _shared(name, folder)]
    own = _SHARED_IMPORT.sub("", _read(folder / f"{name}.js"))
    if found := _ANY_IMPORT.search(own):
        raise ValueError(
            f"Expected {name}.js to import only {{...}} from {', '.join(f'./{one}.js' for one in SHARED)}, "
            f"got {found[0].strip()!r}. Write what it needs into one of these, or into the file itself."
        )
    return "\n".join([*(_SHARED_IMPORT.sub("", script) for script in scripts), own])


def style_text(name: str, folder: Path = HERE) -> str:
    """The CSS that a browser gets for a widget: what it shares with others, then its own.

    Each copy of a shared file is bound to its widget: a copy that came later, with another widget, would
    otherwise overrule the rules that this one's own file made of it.

    Example:
        >>> ".nano-widget" in style_text("attention_view")
        True
    """
    shared = "\n".join(_read(folder / f"{one}.css") for one in _shared(name, folder))
    shared = _ROOT_RULE.sub(rf'\g<0>:where([data-widget="{name}"])', shared)
    shared = _INNER_RULE.sub(rf'\1:where([data-widget="{name}"]) \2', shared)
    return f"{shared}\n{_read(folder / f'{name}.css')}"


def _shared(name: str, folder: Path) -> list[str]:
    """The shared files that a widget is made with: common always, the others where it imports from them."""
    found = set(_SHARED_IMPORT.findall(_read(folder / f"{name}.js")))
    return [one for one in SHARED if one == "common" or one in found]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def html_text(text: object) -> str:
    """Text as it may stand in HTML: a tag in it is shown, never obeyed.

    Example:
        >>> html_text("<b>")
        '&lt;b&gt;'
    """
    return escape(str(text), quote=True)


def number(value: float, digits: int = 3) -> str:
    """A number as the widgets write it: fixed decimals, a true minus sign, no negative zero.

    Halves go away from zero, and so does what lies a millionth below: 1/8 has two digits on every processor,
    and `fixed` in common.js writes the same ones.

    Example:
        >>> number(-1.5, 1), number(-0.0001), number(float("-inf"))
        ('−1.5', '0.000', '−∞')
    """
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{abs(value) + _NUDGE:.{digits}f}"
    return f"−{text}" if value < 0 and text.strip("0.") else text


def html_table(
    rows: list[list[object]],
    *,
    head: list[object] | None = None,
    side: list[object] | None = None,
    caption: str = "",
) -> str:
    """A plain HTML table; every cell, label and caption is shown as text.

    Args:    rows: the cells.   head: column labels.   side: one label a row.   caption: a title above.
    Example:
        >>> html_table([["0.5"]], head=["a"])
        '<table><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td>0.5</td></tr></tbody></table>'
    """
    parts = ["<table>"]
    if caption:
        parts.append(f"<caption>{html_text(caption)}</caption>")
    if head is not None:
        corner = [""] if side is not None else []
        labels = "".join(f'<th scope="col">{html_text(label)}</th>' for label in [*corner, *head])
        parts.append(f"<thead><tr>{labels}</tr></thead>")
    parts.append("<tbody>")
    for at, row in enumerate(rows):
        label = "" if side is None else f'<th scope="row">{html_text(side[at])}</th>'
        parts.append(f"<tr>{label}" + "".join(f"<td>{html_text(cell)}</td>" for cell in row) + "</tr>")
    return "".join([*parts, "</tbody></table>"])


class Widget(anywidget.AnyWidget):
    """The base of every widget. A subclass sets `name`, and writes `static_html` and `__repr__`.

    `static_html()` is the current state as plain HTML (tables, text; learner's text through
    `html_text`); `__repr__` is one true sentence with values and without addresses. Both are stored in
    notebooks and compared exactly, so numbers in them are rounded to what does not change.
    """

    name: ClassVar[str]

    # Properties, so that nothing is read before a widget is made; anywidget makes traits of both.
    @property
    def _esm(self) -> str:
        return module_text(self.name)

    @property
    def _css(self) -> str:
        return style_text(self.name)

    def __init__(self, **kwargs: Any) -> None:
        # The kernel would send each value back to the page that it came from, where it could undo a newer one
        # that is still on its way: of a held key, the last presses were lost.
        for trait in self.traits(sync=True).values():
            if issubclass(trait.this_class, Widget):
                trait.tag(echo_update=False)
        super().__init__(**kwargs)

    def static_html(self) -> str:
        """The current state as HTML that needs no script."""
        raise NotImplementedError(f"{type(self).__name__} needs a static_html()")

    def __repr__(self) -> str:
        raise NotImplementedError(f"{type(self).__name__} needs a __repr__() that tells its state")

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """The live view, and beside it what GitHub, a notebook not yet run and nbval can show."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        still = f'<div data-widget-still="{self.name}">{self.static_html()}<p><em>{_STILL}</em></p></div>'
        return {**data, "text/plain": repr(self), "text/html": still}, metadata
