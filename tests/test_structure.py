"""The library's shape: one concept a file, imports only upward, nothing at import, a lesson for every part.

Read from the source (ast), so that a file is judged also where it cannot be imported.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import nanogpt_lib
from nanogpt_lib.kit.notebook_rules import BANNED
from nanogpt_lib.lessons import LESSONS

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "nanogpt_lib"
FILES = sorted(PACKAGE.rglob("*.py"))
MAP = re.findall(r"(?m)^\| `(\w+)` \|", nanogpt_lib.__doc__)  # the files, in teaching order
# These serve every lesson.
NOT_TAUGHT = {
    "messages",
    "checks",
    "kinds",
    "promises",
    "rng",
    "threads",
    "starting",
    "process",
    "arguments",
    "style",
    "files",
    "rebuild",
    "plots",
    "saved_json",
    "card",
    "lab",
    "workplace",
}
SCREENS = {"plots", "train", "lab", "bench"}  # these may draw and print
CORE = [path for path in FILES if path.parent == PACKAGE and path.stem != "__init__"]
TAUGHT = [path for path in CORE if path.stem not in NOT_TAUGHT]
FOR_SCREENS = {"matplotlib", "IPython", "ipywidgets", "anywidget", "notebook", "jupyterlab"}
MANY_LINES = 300  # more than this, and a file probably holds more than one concept
LONG = {  # these hold more, and wait to be split; a new name here needs a reason beside it
    "widgets/architecture_explorer.py",
    "widgets/attention_view.py",
    "widgets/head_grid.py",
    "widgets/norm_explorer.py",
    "widgets/run_explorer.py",
    "widgets/sampling_studio.py",
    "widgets/training_dashboard.py",
}
LESSON = re.compile(rf"Taught in:\s.*?\b(?:{'|'.join(LESSONS)})\b", re.DOTALL)

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
each_taught_file = pytest.mark.parametrize("path", TAUGHT, ids=lambda path: path.stem)
each_core_file = pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)


def at(path: Path, line: int | None = None) -> str:
    """A place, as an editor takes it."""
    name = path.relative_to(ROOT).as_posix()
    return f"{name}:{line}" if line else name


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def part(path: Path) -> str:
    """The entry of the map that a file belongs to: its own name, or its folder's."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """(module, line) of every import in a file, also inside functions; relative ones are spelt out."""
    package = ["nanogpt_lib", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            if module == "nanogpt_lib":  # from nanogpt_lib import data: the names are the modules
                yield from ((f"nanogpt_lib.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield module, node.lineno


def public(module: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """What a file defines for others."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def raises_value_error(function: ast.FunctionDef) -> bool:
    """Whether the body itself raises one, by name or through `checks.problem`, which makes one."""
    raised = [node.exc for node in ast.walk(function) if isinstance(node, ast.Raise)]
    called = [exc.func if isinstance(exc, ast.Call) else exc for exc in raised]
    return any(isinstance(name, ast.Name) and name.id in ("ValueError", "problem") for name in called)


@each_file
def test_every_file_is_on_the_map(path: Path) -> None:
    known = path == PACKAGE / "__init__.py" or part(path) in MAP
    assert known, f"add `{part(path)}` to the map in nanogpt_lib/__init__.py, below what it imports"


def test_everything_on_the_map_is_there() -> None:
    missing = set(MAP) - {part(path) for path in FILES}
    assert not missing, f"nanogpt_lib/__init__.py names files that do not exist: {sorted(missing)}"


@each_file
def test_imports_go_only_upward(path: Path) -> None:
    """So that a reader who follows the map has met everything that a file uses."""
    above = MAP[: MAP.index(part(path)) + 1] if part(path) in MAP else []  # a folder's files may share
    for module, line in imports(path):
        root, _, rest = module.partition(".")
        used = rest.partition(".")[0]
        if root == "nanogpt_lib" and used not in ("", "__version__"):
            assert used in above, f"{at(path, line)} imports {module}, which is not above it on the map"


@each_file
def test_a_file_has_at_most_300_lines_or_is_listed(path: Path) -> None:
    """A file holds one concept. The length alone does not tell, but so many lines are a reason to look."""
    name = path.relative_to(PACKAGE).as_posix()
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if name in LONG:
        assert lines > MANY_LINES, f"{at(path)} has only {lines} lines now: take it off the list LONG"
    else:
        assert lines <= MANY_LINES, f"{at(path)} has {lines} lines: which concept in it wants its own file?"


def test_every_long_file_on_the_list_exists() -> None:
    gone = [name for name in LONG if not (PACKAGE / name).is_file()]
    assert not gone, f"take these off the list LONG, since they do not exist: {gone}"


@pytest.mark.parametrize(
    "path", [path for path in CORE if path.stem not in SCREENS], ids=lambda path: path.stem
)
def test_no_core_file_knows_a_screen(path: Path) -> None:
    for module, line in imports(path):
        known = module.partition(".")[0] in FOR_SCREENS
        assert not known, f"{at(path, line)} imports {module}: return arrays, and let plots or widgets draw"


@each_taught_file
def test_every_public_name_says_where_it_is_taught(path: Path) -> None:
    silent = [node.name for node in public(tree(path)) if not LESSON.search(ast.get_docstring(node) or "")]
    assert not silent, f"{at(path)}: end these docstrings with `Taught in:` and a lesson's name: {silent}"


@each_core_file
def test_every_value_error_is_announced(path: Path) -> None:
    """In the function's docstring; a method's may be in its class's."""
    silent = []
    for node in public(tree(path)):
        methods = node.body if isinstance(node, ast.ClassDef) else [node]
        for function in (item for item in methods if isinstance(item, ast.FunctionDef)):
            said = (ast.get_docstring(node) or "") + (ast.get_docstring(function) or "")
            if raises_value_error(function) and "Raises" not in said:
                silent.append(f"{node.name}.{function.name}" if function is not node else node.name)
    assert not silent, f"{at(path)}: add `Raises:` to the docstring of {silent}"


@each_file
def test_nothing_is_defined_under_another_projects_name(path: Path) -> None:
    """One concept, one name; calling torch's `num_heads=` is fine, having one is not."""
    ours = {word: name for name, others in BANNED.items() for word in others}
    for node in ast.walk(tree(path)):
        match node:
            case ast.arg(arg=name) | ast.FunctionDef(name=name):
                pass
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                pass
            case _:
                continue
        assert name not in ours, f"{at(path, node.lineno)} defines {name}, which is called {ours[name]} here"


@pytest.mark.slow
def test_importing_everything_changes_nothing_and_prints_nothing() -> None:
    """A file that drew a number or set a default on import would change every notebook's results."""
    program = """
import importlib, pkgutil, random
import numpy, torch

def state():
    return {
        "torch's random stream": torch.get_rng_state().tolist(),
        "numpy's random stream": str(numpy.random.get_state()),
        "Python's random stream": random.getstate(),
        "the default dtype": torch.get_default_dtype(),
        "whether gradients are on": torch.is_grad_enabled(),
        "the number of threads": torch.get_num_threads(),
        "determinism": torch.are_deterministic_algorithms_enabled(),
    }

import nanogpt_lib
before = state()
for found in pkgutil.walk_packages(nanogpt_lib.__path__, "nanogpt_lib."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
        changed = [what for what, now in state().items() if now != before[what]]
        assert not changed, f"importing {found.name} changed {changed}"
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "", "an import printed"


# --- every tracked file ---------------------------------------------------------------------------

TELLTALES = {  # what would tie a file to one machine
    "an absolute path": r"(?<![\w.:~/$}-])/(?:home|root|work|tmp|Users)/",
    "a package registry's address": r"\b(?:pypi\.org|pythonhosted\.org|conda\.anaconda\.org)\b",
}
MAY_NAME_PATHS = {"nbval-sanitize.cfg", "notebooks/build.py"}  # they look for them


def tracked_files() -> list[str]:
    """The files of the checkout, new ones included; paths from the root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert listed.returncode == 0, listed.stderr
    return sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def ties(text: str) -> list[str]:
    """One line for each thing in a text that ties it to one machine."""
    return [
        f"line {number} holds {what}: {match[0]}"
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in TELLTALES.items()
        if (match := re.search(pattern, line))
    ]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout: nothing is about to be committed")
def test_no_file_is_tied_to_one_machine() -> None:
    names = tracked_files()
    assert {"README.md", "Makefile", "nanogpt_lib/model.py"} <= set(names)
    found = []
    for name in names:
        if not name.startswith("tests/") and name not in MAY_NAME_PATHS:
            text = (ROOT / name).read_bytes().decode("utf-8", errors="replace")
            found += [f"{name}, {tie}" for tie in ties(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line", ["see /home/me/a.txt", "in /tmp/x", "pip install -i https://pypi.org/simple"]
)
def test_the_search_for_ties_to_one_machine_finds(line: str) -> None:
    assert len(ties(f"fine\n{line}\n")) == 1
