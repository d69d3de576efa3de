"""The tiers: what each option chooses, and that every test of milliseconds waits for a quiet machine."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest

import tiers

BROWSER_TESTS = sorted(Path(__file__).parent.rglob("test_browser_*.py"))
CLOCKS = {"latency", "best_times"}  # what measures the time from an input to its picture


def chosen(*options: str) -> list[str]:
    """Which tests are run with these options, of one for each marker."""
    markers = ["none", "slow", "browser", "every", "timed"]
    items = [SimpleNamespace(name=one, get_closest_marker={one: one}.get) for one in markers]
    left = []
    tiers.deselect(
        SimpleNamespace(
            getoption=lambda name: name in options,
            hook=SimpleNamespace(pytest_deselected=lambda items: left.extend(items)),
        ),
        items,
    )
    assert sorted(item.name for item in [*items, *left]) == sorted(markers)
    return [item.name for item in items]


def test_each_option_chooses_its_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "_every", False)
    assert chosen() == ["none", "slow", "browser"]
    assert chosen("--timed") == ["timed"]
    monkeypatch.setattr(tiers, "_every", True)
    assert chosen("--every") == ["none", "slow", "browser", "every"]
    assert chosen("--every", "--timed") == ["timed"]


def test_few_cases_lie_between_the_first_and_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "_every", False)
    assert tiers.some(range(25), 3) == [0, 12, 24]
    assert tiers.some("abcd") == ["a"]
    assert tiers.some("ab", 3) == ["a", "b"]
    assert tiers.seeds(4) == [0]


def test_with_the_option_all_cases_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "_every", True)
    assert tiers.some("abcd", 2) == ["a", "b", "c", "d"]
    assert tiers.seeds(4) == [0, 1, 2, 3]


def names(node: ast.AST) -> set[str]:
    """Every name and attribute in a piece of code."""
    named = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return named | {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}


@pytest.mark.parametrize("path", BROWSER_TESTS, ids=lambda path: path.stem)
def test_what_measures_milliseconds_is_marked_so(path: Path) -> None:
    """Beside another program it would fail for no fault of the widget."""
    functions = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if hasattr(node, "name")]
    unmarked = [
        function.name
        for function in functions
        if names(function) & CLOCKS and not any("timed" in names(mark) for mark in function.decorator_list)
    ]
    assert not unmarked, f"{path.name}: put @pytest.mark.timed above {unmarked}"
