"""Rules on how a notebook was made: from its text, run from top to bottom, every excuse with its reason.

As in `notebook_rules`, each rule takes a notebook and returns a list of complaints.
"""

import re

from nbformat import NotebookNode

from nanogpt_lib.kit.notebook_text import code_cells, tags, title

EXCUSES = {"nbval-ignore-output", "nbval-skip", "raises-exception", "skip-execution"}
EXCUSE_COMMENT = re.compile(r"#\s*(?:NBVAL_\w+|PYTEST_VALIDATE_IGNORE_OUTPUT)")


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
