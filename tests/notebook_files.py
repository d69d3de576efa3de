"""Where the notebooks are, and how to read them."""

import ast
import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace

import jupytext
import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
TEXTS = sorted((FOLDER / "source").glob("*.md"))
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    """A notebook as it is stored."""
    return nbformat.read(path, as_version=4)


def defined_in(stem: str, *wanted: str, **given: object) -> SimpleNamespace:
    """The functions and classes that a notebook defines, as they stand in its text; each must be there once.

    stem: of the notebook's file.   wanted: their names.   given: what the notebook has imported for them.
    """
    path = FOLDER / "source" / f"{stem}.md"
    cells = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    nodes = [node for source in cells if "%" not in source[:2] for node in ast.parse(source).body]
    found = [node for node in nodes if getattr(node, "name", None) in wanted]
    assert sorted(node.name for node in found) == sorted(wanted), f"{path.name} no longer defines them all"
    names = dict(given)
    exec(compile(ast.Module(found, []), path.name, "exec"), names)
    return SimpleNamespace(**{name: names[name] for name in wanted})


def _load_builder() -> ModuleType:
    """notebooks/build.py, by its path: `build` is also the name of a package and of a folder."""
    spec = importlib.util.spec_from_file_location("notebooks_build", FOLDER / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


builder = _load_builder()
