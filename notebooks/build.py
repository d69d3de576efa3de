"""Make notebooks/NAME.ipynb from notebooks/source/NAME.md: run it, clean it, then replace the old one.

    python notebooks/build.py                  all of them
    python notebooks/build.py 02_bigram        one
    python notebooks/build.py --no-run         without running: no outputs, to look at the layout

The text is what people write; the notebook is made. Two builds of one text differ in nothing.
"""

import argparse
import hashlib
import os
import re
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

NOTEBOOKS = Path(__file__).resolve().parent
ROOT = NOTEBOOKS.parent
SOURCE = NOTEBOOKS / "source"

KEPT = ("tags", "reason", "slideshow", "jupyter", "editable", "deletable")  # of a cell's metadata
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},  # else jupytext rewrites each fence
}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
SECONDS_A_CELL = 300

# What tells where or when an output was made; the home directory and the checkout's path are added later.
MACHINE_FACTS = {
    "an absolute path": r"(?<![\w.:~/-])/(?:home|root|tmp|Users|work|workspace|opt|mnt|var|private)/\w",
    "a memory address": r"\b0x[0-9a-f]{8,16}\b",
    "a time of day": r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d",
}


class BuildError(Exception):
    """A notebook cannot be built; the message names the cell and says what to do."""


def read_text(path: Path) -> NotebookNode:
    """The notebook that a text describes: no outputs, ids made from content, only the metadata we keep."""
    notebook = jupytext.read(path, fmt="md:myst")
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = f"{digest}-{seen[digest]}"
        cell.metadata = NotebookNode({key: cell.metadata[key] for key in KEPT if key in cell.metadata})
    return notebook


def run(notebook: NotebookNode, name: str) -> None:
    """Run every cell in a new kernel, in the notebook's folder, and keep what it shows."""
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")  # this Python's kernel, not one installed at home
    started: list[int] = []
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        record_timing=False,
        coalesce_streams=True,  # two prints are one output, however the kernel happened to cut them
        on_cell_start=lambda cell, cell_index: started.append(cell_index),
        config=Config({"KernelManager": {"transport_encryption": "auto"}}),  # else each kernel warns
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    try:
        client.execute()
    except CellControlSignal as error:  # the cell raised, or took too long
        cell = notebook.cells[started[-1]]
        what = (
            f"raised {error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else str(error)
        )
        raise BuildError(
            f"{where(notebook, cell, name)} {what}\n\n{cell.source}\n\n"
            f"Mend it in notebooks/source/{name}.md, or tag it raises-exception if it is meant to raise."
        ) from None
    except DeadKernelError:
        raise BuildError(f"{where(notebook, notebook.cells[started[-1]], name)} ended the kernel") from None
    refuse_hidden_errors(notebook, name)


def refuse_hidden_errors(notebook: NotebookNode, name: str) -> None:
    """An error in a slider's callback is kept inside its Output widget, and nothing else would tell."""
    models = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for model in models.values():
        for output in model["state"].get("outputs", ()):
            if output["output_type"] == "error":
                raise BuildError(f"{name}: a widget's callback raised {output['ename']}: {output['evalue']}")


def clean(notebook: NotebookNode) -> None:
    """Drop what differs between two runs and what only a live kernel can draw."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = NotebookNode({key: cell.metadata[key] for key in KEPT if key in cell.metadata})
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            if "data" in output:
                output.data.pop(WIDGET_VIEW, None)
            if "traceback" in output:
                output.traceback = [without_folders(line) for line in output.traceback]
        cell.outputs = [o for o in cell.outputs if o.get("data") != {}]


def without_folders(text: str) -> str:
    """A traceback's paths, from the checkout on."""
    folders = [f"{ROOT}/"]
    if ROOT.is_relative_to(Path.home()):
        folders.append(f"~/{ROOT.relative_to(Path.home())}/")  # how IPython shortens it
    for folder in folders:
        text = text.replace(folder, "")
    return text


def machine_facts(notebook: NotebookNode, name: str) -> list[str]:
    """One line for each output that tells where or when it was made."""
    patterns = dict(MACHINE_FACTS)
    for what, folder in {"the home directory": Path.home(), "the checkout's path": ROOT}.items():
        if len(folder.parts) > 1:
            patterns[what] = rf"(?<![\w.:~/-]){re.escape(str(folder))}(?![\w-])"
    found = []
    for cell in notebook.cells:
        shown = "\n".join(text_of(output) for output in cell.get("outputs", []))
        for what, pattern in patterns.items():
            if match := re.search(pattern, shown):
                line = next(part for part in shown.splitlines() if match[0] in part)
                found.append(f"{where(notebook, cell, name)} shows {what}: {line.strip()[:120]}")
                break
    return found


def text_of(output: NotebookNode) -> str:
    """Everything in an output that is text; pictures are left out."""
    data = output.get("data", {})
    parts = [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", [])]
    parts += [str(value) for kind, value in data.items() if not kind.startswith("image/") or "svg" in kind]
    return "\n".join(parts)


def where(notebook: NotebookNode, cell: NotebookNode, name: str) -> str:
    """A cell, as someone who has the notebook open would find it."""
    line = next((line for line in cell.source.splitlines() if line.strip()), "")
    return f"{name}, cell {notebook.cells.index(cell)} ({line.strip()[:60]!r})"


def write(notebook: NotebookNode, path: Path) -> None:
    """Replace the file in one step: a build that is killed leaves the old notebook whole."""
    part = path.with_suffix(".part")
    part.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    os.replace(part, path)


def build(name: str, execute: bool = True) -> NotebookNode:
    """Text to checked notebook, in memory."""
    notebook = read_text(SOURCE / f"{name}.md")
    if execute:
        run(notebook, name)
    clean(notebook)
    nbformat.validate(notebook)
    if facts := machine_facts(notebook, name):
        raise BuildError("\n".join([*facts, "Print something that is the same on every machine."]))
    return notebook


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the notebooks from their texts.")
    parser.add_argument("names", nargs="*", help="such as 02_bigram; all of them when none is given")
    parser.add_argument(
        "--no-run", action="store_true", help="do not run the cells: a notebook without outputs"
    )
    options = parser.parse_args()
    known = sorted(path.stem for path in SOURCE.glob("*.md"))
    names = [Path(name).stem for name in options.names] or known
    if unknown := [name for name in names if name not in known]:
        sys.exit(
            f"notebooks/source/ has no text for {', '.join(unknown)}; it has {', '.join(known) or 'none yet'}"
        )
    for name in names:
        start = time.perf_counter()
        try:
            notebook = build(name, execute=not options.no_run)
        except BuildError as error:
            sys.exit(f"\n{error}\n\nnotebooks/{name}.ipynb is as it was.")
        write(notebook, NOTEBOOKS / f"{name}.ipynb")
        print(f"{name}: {len(notebook.cells)} cells, {time.perf_counter() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
