"""The widgets' own files: scripts that parse and pass their tests, no way in for markup, nothing fetched."""

import random
import re
import string
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from javascript import WIDGETS, as_modules, evaluate, node
from nanogpt_lib.kit.widget import SHARED, module_text, number
from nanogpt_lib.style import SIGNED, visible

SCRIPTS = sorted(WIDGETS.glob("*.js"))
SHEETS = sorted(WIDGETS.glob("*.css"))
NAMES = [path.stem for path in SCRIPTS if path.stem not in SHARED]

FORBIDDEN = {
    "text that becomes markup": r"innerHTML|outerHTML|AdjacentHTML|FromHTML|Fragment\(|DOMParser|srcdoc",
    "text that becomes code": r"\beval\b|\bnew Function\b|document\.write|setTimeout\(\s*[\"'`]|javascript:",
    "an address": r"(?i)\b(?:https?|wss?|ftp|data|blob):/?/?\w|[\"'`(]//\w|@import|url\(",
    "a request": r"\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|EventSource|\bimport\s*\(",
}


def forbidden(text: str) -> list[str]:
    """One line for each thing in a file that no widget may do."""
    return [
        f"line {text[: match.start()].count(chr(10)) + 1} holds {what}: {match[0]!r}"
        for what, pattern in FORBIDDEN.items()
        for match in re.finditer(pattern, text)
    ]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return as_modules(tmp_path_factory.mktemp("js"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_script_parses(path: Path, modules: Path) -> None:
    done = node("--check", f"nanogpt_lib/widgets/{path.name}", cwd=modules)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_what_the_browser_gets_is_one_module_without_imports(name: str, modules: Path) -> None:
    """A widget that defines a name which common.js has too would show nothing at all, in the browser only."""
    text = module_text(name)
    assert not re.search(r"(?m)^\s*import\b", text)
    assert text.count("export default") == 1
    (modules / f"{name}-whole.js").write_text(text, encoding="utf-8")
    done = node("--check", f"{name}-whole.js", cwd=modules)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", [*SCRIPTS, *SHEETS], ids=lambda path: path.name)
def test_no_file_makes_markup_or_code_from_text_or_fetches(path: Path) -> None:
    found = forbidden(path.read_text(encoding="utf-8"))
    assert not found, f"{path.name}: {found}; use make(tag, {{text}}) from common.js"


@pytest.mark.parametrize(
    "line",
    [
        "el.innerHTML = label;",
        "eval(text)",
        "document.write(x)",
        'import("./other.js")',
        'const cdn = "https://cdn.example.org/d3.js";',
        "background: url(picture.png);",
        '@import "x.css";',
        "fetch(path)",
    ],
)
def test_the_search_for_forbidden_lines_finds(line: str) -> None:
    assert forbidden(f"const fine = 1;\n{line}\n")


def test_the_scripts_own_tests_pass(modules: Path) -> None:
    done = node("--test", "tests/widgets/js/", cwd=modules)
    if (
        "Could not find" in done.stdout + done.stderr or "Cannot find module" in done.stderr
    ):  # newer node: a pattern
        done = node("--test", "tests/widgets/js/*.test.mjs", cwd=modules)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(?m)^\W*pass (\d+)$", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) >= len(list(Path(modules / "tests/widgets/js").glob("*.test.mjs")))


def test_colours_are_those_of_the_pictures(modules: Path) -> None:
    """So that a map in a widget and one in a figure can be read with one colour bar.

    Of 255 steps six may differ, since the scripts hold 33 samples of the map; no eye sees that.
    """
    places = np.linspace(0, 1, 256)
    for expression, name, within in (
        ("places.map((place) => m.cividis(place))", "cividis", 6),
        ("places.map((place) => m.signed(2 * place - 1, 1))", SIGNED, 3),
    ):
        ours = np.array(evaluate(modules, "common", expression, places=places.tolist()))
        theirs = 255 * matplotlib.colormaps[name](places)[:, :3]
        assert np.abs(ours - theirs).max() <= within, name


def test_characters_are_made_visible_alike_in_both_languages(modules: Path) -> None:
    chars = [*string.printable, "é", "\u00a0", "\u200b", "\u2028", "漢", "😀", "\u0000", "\u00ad"]
    assert evaluate(modules, "common", "chars.map(m.visible)", chars=chars) == list(map(visible, chars))


def test_numbers_are_written_alike_in_both_languages(modules: Path) -> None:
    """A still picture that says 0.12 beside a live one that says 0.13 would be a claim against itself."""
    draw = random.Random(0)
    values = [draw.uniform(-3, 3) for _ in range(300)]
    values += [0.125, -0.125, 0.0005, -0.0004, 0.375, 2.5, -0.0, 1 / 3, 0.9995, 0.625 - 1e-7]
    for digits in (0, 1, 2, 3):
        expression = f"values.map((value) => m.fixed(value, {digits}))"
        assert evaluate(modules, "common", expression, values=values) == [number(v, digits) for v in values]
