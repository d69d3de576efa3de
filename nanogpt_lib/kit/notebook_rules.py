"""What every notebook keeps to. Each rule is a pure function: a notebook in, a list of complaints out.

An empty list is a pass. A complaint names the cell by its first line and says what to do.
"""

import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from nbformat import NotebookNode

from nanogpt_lib.kit.notebook_text import (
    NOT_A_MEASUREMENT,
    backs,
    code_cells,
    markdown_cells,
    numbers,
    output_text,
    title,
    without_addresses,
    without_code,
    without_tables,
    words,
)

BANNED = {  # house style: one concept, one name; these are what other projects say
    "block_size": (
        "seq_len",
        "sequence_len",
        "sequence_length",
        "context_length",
        "context_len",
        "n_ctx",
        "max_len",
    ),
    "n_embd": ("d_model", "emb_dim", "embed_dim"),
    "head_size": ("head_dim", "d_head", "d_k"),
    "n_head": ("num_heads", "n_heads"),
    "n_layer": ("num_layers", "n_layers"),
    "scores": ("attn_logits",),
    "weights": ("wei",),
}

# --- rhythm ---------------------------------------------------------------------------------------

MOST_WORDS, MOST_WORDS_AT_THE_ENDS = 120, 200
MEDIAN_LINES, NINTH_TENTH_LINES, MOST_LINES = (3, 8), 18, 25
MOST_CODE_IN_A_ROW = 3
MARKDOWN_PER_CODE = (0.8, 2.0)


def lines(cell: NotebookNode) -> int:
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def ends(notebook: NotebookNode) -> list[str]:
    """The first cell promises (a question, and how many minutes); the last is the receipt, or leads on."""
    first, last, complaints = notebook.cells[0], notebook.cells[-1], []
    if first.cell_type != "markdown" or "minutes" not in first.source or "?" not in first.source:
        complaints.append("the first cell is the promise: markdown with a question and the minutes it takes")
    leads_on = re.search(r"\]\(\d\d_\w+\.ipynb", last.source)
    if last.cell_type != "markdown" or not (re.search(r"(?i)\breceipt\b", last.source) or leads_on):
        complaints.append(
            "the last cell is the receipt: markdown with what was measured, or the link to the next"
        )
    return complaints


def code_sizes(notebook: NotebookNode) -> list[str]:
    """One idea a cell."""
    complaints = [
        f"{title(notebook, cell)} has {lines(cell)} lines, more than {MOST_LINES}: split it, or import it"
        for cell in code_cells(notebook)
        if lines(cell) > MOST_LINES
    ]
    sizes = sorted(lines(cell) for cell in code_cells(notebook))
    if not sizes:
        return complaints
    low, high = MEDIAN_LINES
    if not low <= (median := statistics.median(sizes)) <= high:
        complaints.append(f"the median code cell has {median:g} lines, not {low} to {high}: {sizes}")
    if (ninth := sizes[-(-9 * len(sizes) // 10) - 1]) > NINTH_TENTH_LINES:
        complaints.append(
            f"a tenth of the code cells have {ninth} lines or more, over {NINTH_TENTH_LINES}: {sizes}"
        )
    return complaints


def prose_sizes(notebook: NotebookNode) -> list[str]:
    """No wall of text; the promise and the receipt may be longer."""
    complaints = []
    for cell in markdown_cells(notebook):
        at_an_end = cell is notebook.cells[0] or cell is notebook.cells[-1]
        most = MOST_WORDS_AT_THE_ENDS if at_an_end else MOST_WORDS
        if (count := words(cell.source)) > most:
            complaints.append(f"{title(notebook, cell)} has {count} words, more than {most}: cut, or split")
    return complaints


def alternation(notebook: NotebookNode) -> list[str]:
    """Prose and code take turns."""
    complaints, row = [], 0
    for cell in notebook.cells:
        row = row + 1 if cell.cell_type == "code" else 0
        if row == MOST_CODE_IN_A_ROW + 1:
            complaints.append(
                f"{title(notebook, cell)} is code number {row} in a row: say why in a sentence before"
            )
    low, high = MARKDOWN_PER_CODE
    ratio = len(markdown_cells(notebook)) / max(1, len(code_cells(notebook)))
    if not low <= ratio <= high:
        complaints.append(f"{ratio:.2f} markdown cells a code cell, not {low} to {high}")
    return complaints


def predictions(notebook: NotebookNode, least: int = 5) -> list[str]:
    """The reader commits to an answer before the number: **Predict, and the answer folded in <details>."""
    asked = [cell for cell in markdown_cells(notebook) if "**Predict" in cell.source]
    complaints = [
        f"{title(notebook, cell)} asks for a prediction and folds no answer: add <details>"
        for cell in asked
        if "<details>" not in cell.source
    ]
    if len(asked) - len(complaints) < least:
        complaints.append(f"{len(asked) - len(complaints)} predictions with an answer, fewer than {least}")
    return complaints


# --- numbers --------------------------------------------------------------------------------------


def claims(notebook: NotebookNode) -> str:
    """The rows of tables headed `claim | ... | source`: numbers from elsewhere, with where they are from.

    The last cell's table is no claims table: a receipt does not vouch for itself.
    """
    rows = []
    for cell in markdown_cells(notebook):
        if cell is notebook.cells[-1]:
            continue
        inside = False
        for line in cell.source.splitlines():
            columns = [column.strip().lower() for column in line.strip().strip("|").split("|")]
            if not line.strip().startswith("|"):
                inside = False
            elif columns[0] in ("claim", "claims") and columns[-1] in ("source", "sources"):
                inside = True
            elif inside and columns[-1]:
                rows.append(line)
    return "\n".join(rows)


def decimals(notebook: NotebookNode) -> list[str]:
    """Every decimal and every 1,000 in the prose is shown by a cell, with as many digits or more."""
    # A list: in a set 0.03 and 0.030 are one, and the digits that were shown would be lost.
    backing = [value for _, value in numbers(output_text(notebook) + "\n" + claims(notebook))]
    complaints = []
    for cell in markdown_cells(notebook):
        prose = NOT_A_MEASUREMENT.sub(" ", without_addresses(without_code(cell.source)))
        for written, said in numbers(prose):
            if not re.search(r"\.|,", written):
                continue
            if not any(backs(shown, said) for shown in backing):
                complaints.append(
                    f"{title(notebook, cell)} says {written}, which no output shows: print it, correct it, "
                    "give it a row in a table headed `claim | ... | source`, or (a setting) write it as code"
                )
    return complaints


def pictures(notebook: NotebookNode) -> list[str]:
    """Prose that describes a picture follows a cell that shows one."""
    complaints = []
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == "markdown" and "The picture:" in cell.source:
            shown = [kind for output in before.get("outputs", []) for kind in output.get("data", {})]
            if "image/png" not in shown:
                complaints.append(
                    f"{title(notebook, cell)} describes a picture that the cell before does not show"
                )
    return complaints


# --- words and links ------------------------------------------------------------------------------


def banned_words(notebook: NotebookNode) -> list[str]:
    """One concept, one name; another project's name appears only in a table (the crosswalk) or in code."""
    ours = {word: name for name, others in BANNED.items() for word in others}
    return [
        f"{title(notebook, cell)} says {word!r}: our name is {ours[word]!r}"
        for cell in markdown_cells(notebook)
        for word in sorted(set(re.findall(r"\w+", without_tables(without_code(cell.source)))) & set(ours))
    ]


AFTER = re.compile(r"\s*[→»]?")
LINK = re.compile(r"\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
OTHER_LINKS = (
    re.compile(r"!\[[^\]]*\]\((?P<target>[^)\s]+)"),  # a picture, also one inside a link
    re.compile(r"(?m)^\[[^\]]+\]:\s*(?P<target>\S+)"),
    re.compile(r"<(?:a|img)\b[^>]*?\b(?:href|src)=[\"'](?P<target>[^\"']+)[\"']"),
)


def links(notebook: NotebookNode, folder: Path) -> list[str]:
    """Every relative link leads to a file."""
    complaints = []
    for cell in markdown_cells(notebook):
        prose = without_code(cell.source)
        targets = {match["target"] for pattern in (LINK, *OTHER_LINKS) for match in pattern.finditer(prose)}
        for target in sorted(targets):
            path = unquote(target.partition("#")[0])
            if not path or re.match(r"[a-z]+:", path):
                continue
            if path.startswith("/") or not (folder / path).exists():
                complaints.append(
                    f"{title(notebook, cell)} links to {path}, which is not there: correct it "
                    "(links are relative to the notebook's folder)"
                )
    return complaints


def neighbours(notebook: NotebookNode, name: str, names: list[str]) -> list[str]:
    """The first or the last cell leads to the notebook before and the one after, by those words."""
    place = names.index(name)
    wanted = {
        "previous": names[place - 1] if place else None,
        "next": names[place + 1] if place + 1 < len(names) else None,
    }
    found: dict[str, set[str]] = {"previous": set(), "next": set()}
    for cell in (notebook.cells[0], notebook.cells[-1]):
        if cell.cell_type != "markdown":
            continue
        for line in without_code(cell.source).splitlines():
            for way, target in _ways(line):
                found[way].add(target)
    complaints = []
    for way, wished in wanted.items():
        if strays := found[way] - {wished}:
            complaints.append(
                f"the {way} link leads to {sorted(strays)}: it should lead to {wished or 'nothing'}"
            )
        if wished and wished not in found[way]:
            complaints.append(
                f"no {way} link: add [{way}: ...]({wished}.ipynb) to the first or the last cell"
            )
    return complaints


def _ways(line: str) -> Iterator[tuple[str, str]]:
    """(previous or next, notebook) for each link that is called so, in its text or just before it."""
    end = 0
    for match in LINK.finditer(line):
        label = line[end : match.start()][-12:] + match["text"] + _after(line, match.end())
        end = match.end()
        if target := re.fullmatch(r"(?:\./)?(\d\d_\w+)\.ipynb(?:#.*)?", match["target"]):
            if re.search(r"(?i)\bprevious\b|←|«", label):
                yield "previous", target[1]
            elif re.search(r"(?i)\bnext\b|→|»", label):
                yield "next", target[1]


def _after(line: str, end: int) -> str:
    """The arrow that may follow a link."""
    found = AFTER.match(line, end)
    assert found is not None, "both parts of the expression may be empty"
    return found[0]
