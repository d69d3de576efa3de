"""What every widget shares: its files, and the still picture that stays where no kernel runs.

A widget NAME is three files: NAME.py, NAME.js, NAME.css. The browser gets one JavaScript module and one style
sheet, which `make widgets` bundles into `STATIC`.
"""

import math
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import anywidget
from traitlets import TraitError

from nanogpt_lib.checks import problem
from nanogpt_lib.kit.views import belongs_to_this_cell
from nanogpt_lib.messages import described

STATIC = Path(__file__).resolve().parents[1] / "static"
_NUDGE = 1e-6
_STILL = "A still picture. Run this cell in JupyterLab to bring it to life."


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
    and `fixed` in words.js writes the same ones.

    Example:
        >>> number(-1.5, 1), number(-0.0001), number(float("-inf"))
        ('−1.5', '0.000', '−∞')
    """
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{abs(value) + _NUDGE:.{digits}f}"
    return f"−{text}" if value < 0 and text.strip("0.") else text


def amount(value: float, digits: int = 3) -> str:
    """Write a number as `number` does, but never what is more than nothing as nothing.

    Example:
        >>> amount(0.25), amount(0.0002), amount(0.0)
        ('0.250', '<0.001', '0.000')
    """
    text = number(value, digits)
    return f"<{10**-digits:.{digits}f}" if value > 0 and not text.strip("0.") else text


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
        return (STATIC / f"{self.name}.js").read_text(encoding="utf-8")

    @property
    def _css(self) -> str:
        return (STATIC / f"{self.name}.css").read_text(encoding="utf-8")

    def __init__(self, **kwargs: Any) -> None:
        # The kernel would send each value back to the page that it came from, where it could undo a newer one
        # that is still on its way: of a held key, the last presses were lost.
        for trait in self.traits(sync=True).values():
            if issubclass(trait.this_class, Widget):
                trait.tag(echo_update=False)
        try:
            super().__init__(**kwargs)
        except TraitError as error:  # a setting of another kind
            wrong = next((name for name in kwargs if f"'{name}' trait" in str(error)), "settings")
            raise problem(
                f"another kind of {wrong}", described(kwargs.get(wrong)), f"See help({type(self).__name__})."
            ) from error
        belongs_to_this_cell(self)

    def close(self) -> None:
        """Close the view; shown again, the widget opens a new one."""
        super().close()
        self.__dict__.pop(
            "_repr_mimebundle_", None
        )  # ipywidgets hides it, so that what is closed is not shown
        self.layout.close()

    def static_html(self) -> str:
        """The current state as HTML that needs no script."""
        raise NotImplementedError(f"{type(self).__name__} needs a static_html()")

    def __repr__(self) -> str:
        raise NotImplementedError(f"{type(self).__name__} needs a __repr__() that tells its state")

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """The live view, and beside it what GitHub, a notebook not yet run and nbval can show."""
        belongs_to_this_cell(self)
        if self.comm is None:  # it was closed when its cell ran again, and somebody has kept it
            self.layout.open()
            self.open()
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        still = f'<div data-widget-still="{self.name}">{self.static_html()}<p><em>{_STILL}</em></p></div>'
        return {**data, "text/plain": repr(self), "text/html": still}, metadata
