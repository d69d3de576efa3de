"""What the learner sees: a small panel, and the same words as plain text.

A sign and a word stand beside every colour. The colours are JupyterLab's own, so that they
follow its light and dark themes; elsewhere they fall back to ones that read on both.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

PASSED, UNATTEMPTED, NOT_YET = "passed", "not attempted", "not yet"
LOOKS = {  # sign, word, colour: Okabe and Ito's green, grey and vermilion
    PASSED: ("✓", "Passed", "var(--jp-success-color1, #009e73)"),
    UNATTEMPTED: ("○", "Not attempted yet", "var(--jp-ui-font-color2, #808080)"),
    NOT_YET: ("✗", "Not yet", "var(--jp-warn-color1, #d55e00)"),
    "hint": ("→", "Hint", "var(--jp-info-color1, #0072b2)"),
}
BOX = (
    "max-width:46em;margin:.3em 0;padding:.5em .9em;border-left:.35em solid {colour};"
    "background:var(--jp-layout-color2, rgba(128,128,128,.12));color:var(--jp-ui-font-color1, inherit);"
    "font-family:var(--jp-ui-font-family, sans-serif);line-height:1.45"
)
CODE = (
    "margin:.4em 0 0;padding:.3em .6em;white-space:pre-wrap;background:var(--jp-layout-color1, transparent);"
    "color:inherit;font-family:var(--jp-code-font-family, monospace)"
)


def panel(look: str, title: str, message: str, code: str = "") -> str:
    """Return the HTML of one panel; everything in it is escaped.

    Args:    look: a key of `LOOKS`.   title: what it is about.   message: a few sentences.
             code: a line of the learner's, or nothing.
    Example:
        >>> "5 &lt; 6" in panel("passed", "avg_loop", "5 < 6")
        True
    """
    sign, word, colour = LOOKS[look]
    return (
        f'<div role="status" style="{BOX.format(colour=colour)}">'
        f'<strong><span aria-hidden="true">{sign}</span> {word}</strong> · {escape(title)}'
        f"<div>{escape(message)}</div>"
        + (f'<pre style="{CODE}">{escape(code)}</pre>' if code else "")
        + "</div>"
    )


@dataclass(frozen=True)
class Result:
    """How a check ended; shows itself as the last line of a cell.

    Args:    name: of the exercise.   status: "passed", "not attempted" or "not yet".
             message: what was found.   code: the learner's line that raised, or nothing.
             mistake: the known mistake that it was recognised as, or nothing.
    Example:
        >>> Result("avg_loop", "passed", "Right on 6 inputs.")
        ✓ Passed · avg_loop: Right on 6 inputs.
    """

    name: str
    status: str
    message: str
    code: str = ""
    mistake: str = ""

    @property
    def passed(self) -> bool:
        """True if and only if the answer is right."""
        return self.status == PASSED

    def __repr__(self) -> str:
        sign, word, _ = LOOKS[self.status]
        code = "".join(f"\n    {line}" for line in self.code.splitlines())
        return f"{sign} {word} · {self.name}: {self.message}{code}"

    def _repr_html_(self) -> str:
        return panel(self.status, self.name, self.message, self.code)


@dataclass(frozen=True)
class Hint:
    """One of the three hints of an exercise; shows itself as the last line of a cell."""

    name: str
    level: int
    message: str

    @property
    def _title(self) -> str:
        return f"{self.name}, {self.level} of 3" if self.level else self.name

    def __repr__(self) -> str:
        return f"→ Hint · {self._title}: {self.message}"

    def _repr_html_(self) -> str:
        return panel("hint", self._title, self.message)


class Source:
    """The source of functions: a notebook colours it by its theme, elsewhere it is plain text.

    Args:    functions: as defined in a file.
    Example:
        >>> Source(numbered)
        def numbered(n: int, thing: str) -> str:
        ...
    """

    def __init__(self, *functions: Callable) -> None:
        self.text = "\n\n".join(map(_source_of, functions))

    def __repr__(self) -> str:
        return self.text.rstrip()

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}```"


def _source_of(function: Callable) -> str:
    """The source without the lines that make a function part of an exercise."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("@ex."))


def numbered(n: int, thing: str) -> str:
    """Return the number and its noun, in the singular or the plural.

    Example:
        >>> numbered(1, "input"), numbered(2, "input")
        ('1 input', '2 inputs')
    """
    return f"{n} {thing}" + ("" if n == 1 else "s")


def show(result: Result) -> None:
    """Show a result now, for a cell that will not reach its last line."""
    if shell() is None:
        print(result)
        return
    from IPython.display import display

    display(result)  # type: ignore[no-untyped-call]  # IPython has no annotations there


def shell() -> Any:
    """Return IPython's shell, as in a notebook; None where there is none, and then nothing is imported."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
