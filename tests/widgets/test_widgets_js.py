"""The widgets' own files: sources that pass their tests, bundles that are fresh, no way in for markup."""

import random
import re
import string
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from javascript import PACKAGE, ROOT, evaluate, node
from nanogpt_lib.kit.widget import STATIC, number
from nanogpt_lib.style import SIGNED, visible

SOURCES = sorted(
    path for path in PACKAGE.rglob("*.[jc]*s") if path.suffix in (".js", ".css") and path.parent != STATIC
)
BUNDLES = sorted(STATIC.iterdir())
TESTS = sorted((ROOT / "tests").rglob("*.test.mjs"))

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


def test_the_bundles_are_those_of_the_sources(tmp_path: Path) -> None:
    """A source changed without `make widgets` would show the old widget, and every other test would pass."""
    done = node("nanogpt_lib/build.mjs", str(tmp_path))
    assert done.returncode == 0, f"run `make widgets` once: it fetches the tools\n{done.stderr}"
    assert not done.stderr
    built = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    stored = {path.name: path.read_text(encoding="utf-8") for path in BUNDLES}
    stale = sorted(name for name in built | stored if built.get(name) != stored.get(name))
    assert not stale, "run `make widgets` and commit what it writes"


def test_the_sources_keep_the_style() -> None:
    done = node("node_modules/@biomejs/biome/bin/biome", "ci", "--error-on-warnings", "--colors=off")
    assert done.returncode == 0, f"run `make format`\n{done.stdout[:3000]}\n{done.stderr[:3000]}"


@pytest.mark.parametrize(
    "path", [path for path in BUNDLES if path.suffix == ".js"], ids=lambda path: path.name
)
def test_what_the_browser_gets_is_one_module_without_imports(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?m)^\s*import\b", text)
    assert re.search(r"\bas default\b", text)


@pytest.mark.parametrize("path", [*SOURCES, *BUNDLES], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_makes_markup_or_code_from_text_or_fetches(path: Path) -> None:
    found = forbidden(path.read_text(encoding="utf-8"))
    assert not found, f"{path.name}: {found}; use make(tag, {{text}}) from elements.js"


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


def test_the_scripts_own_tests_pass() -> None:
    done = node("--test", *map(str, TESTS))
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(?m)^\W*pass (\d+)$", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) >= len(TESTS) > 15


def test_colours_are_those_of_the_pictures() -> None:
    """So that a map in a widget and one in a figure can be read with one colour bar.

    Of 255 steps six may differ, since the scripts hold 33 samples of the map; no eye sees that.
    """
    places = np.linspace(0, 1, 256)
    for expression, name, within in (
        ("places.map((place) => m.cividis(place))", "cividis", 6),
        ("places.map((place) => m.signed(2 * place - 1, 1))", SIGNED, 3),
    ):
        ours = np.array(evaluate("widgets/pictures/colours", expression, places=places.tolist()))
        theirs = 255 * matplotlib.colormaps[name](places)[:, :3]
        assert np.abs(ours - theirs).max() <= within, name


def test_characters_are_made_visible_alike_in_both_languages() -> None:
    chars = [*string.printable, "é", "\u00a0", "\u200b", "\u2028", "漢", "😀", "\u0000", "\u00ad"]
    assert evaluate("kit/browser/words", "chars.map(m.visible)", chars=chars) == list(map(visible, chars))


def test_numbers_are_written_alike_in_both_languages() -> None:
    """A still picture that says 0.12 beside a live one that says 0.13 would be a claim against itself."""
    draw = random.Random(0)
    values = [draw.uniform(-3, 3) for _ in range(300)]
    values += [0.125, -0.125, 0.0005, -0.0004, 0.375, 2.5, -0.0, 1 / 3, 0.9995, 0.625 - 1e-7]
    for digits in (0, 1, 2, 3):
        expression = f"values.map((value) => m.fixed(value, {digits}))"
        found = evaluate("kit/browser/words", expression, values=values)
        assert found == [number(value, digits) for value in values]
