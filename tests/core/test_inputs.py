"""Whatever is typed, the user gets the value or a message with its three parts; see tests/inputs."""

import ast
import inspect
import io
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import ROOT
from inputs import Row, rows
from inputs.answers import finished, is_refused, seen
from inputs.names import core, names, public
from inputs.wrong import places, variants

ROWS = list(rows())
CALLS = [row for row in ROWS if not row.call.startswith("$")]
TAKEN = [row.call for row in CALLS if not is_refused(row.seen)]
# `costs` calls the first, a class is made by loading, and the others are commands.
NOT_CALLED = (".costs", "Checkpoint", "main", "run_as_command")
# These check what others are given, or take what only the library passes; `train` and `lab` are commands.
INSIDE = {
    *("messages", "checks", "kinds", "promises", "files", "rebuild", "train", "lab", "workplace"),
    *("restored", "savable", "saved_json", "card"),  # save_checkpoint and load_checkpoint have rows
    *("threads", "starting", "arguments"),  # the commands call them, and Jupyter the first
}


@pytest.fixture(autouse=True)
def _aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a call writes goes into a folder of its own."""
    monkeypatch.chdir(tmp_path)


@contextmanager
def quiet() -> Iterator[None]:
    """Let a call print and warn where nobody reads it."""
    nowhere = io.StringIO()
    with warnings.catch_warnings(action="ignore"), redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def raw_error(call: str) -> str:
    """What a user would see that is no message of ours; empty where the call is taken or refused."""
    try:
        with quiet():
            finished(eval(call, names()))
    except ValueError as error:
        return "" if is_refused(str(error)) else f"{call}\n    ValueError: {error}"
    except AssertionError as error:
        return "" if call.startswith("expect(") else f"{call}\n    AssertionError: {error}"
    except Exception as error:
        return f"{call}\n    {type(error).__name__}: {error}"
    finally:
        plt.close("all")
    return ""


def in_tiers(row: Row) -> object:
    """Widgets and commands take longer than a tensor does."""
    marks = () if row.table == "core" else (pytest.mark.slow,)
    return pytest.param(row, marks=marks, id=row.call[:60])


@pytest.mark.parametrize("row", list(map(in_tiers, ROWS)))
def test_a_row_of_the_table_shows_what_the_user_sees(row: Row) -> None:
    with quiet():
        answer = seen(row.call, names())
    plt.close("all")
    assert answer == row.seen, "if it is right now: python -m tests.inputs --write"


def test_no_row_of_the_table_is_a_raw_error() -> None:
    wrong = [row.call for row in CALLS if row.seen.startswith(("raw ", "Traceback")) or not row.seen]
    assert not wrong


@cache
def each(call: str) -> st.SearchStrategy[str]:
    """One of the call's variants, which are made only where the call is tried."""
    return st.sampled_from(list(variants(call)))


@settings(max_examples=60)
@given(st.sampled_from([call for call in TAKEN if list(places(call))]).flatmap(each))
def test_a_wrong_kind_of_value_is_taken_or_refused_by_name(call: str) -> None:
    assert not raw_error(call)


@pytest.mark.every
@pytest.mark.parametrize("call", TAKEN)
def test_every_wrong_kind_of_value_in_every_place_is_taken_or_refused_by_name(call: str) -> None:
    found = list(filter(None, map(raw_error, variants(call))))
    assert not found, "\n".join(found)


def is_abstract(function: object) -> bool:
    """Whether a class or a method is only there for others to fill in."""
    return inspect.isabstract(function) or getattr(function, "__isabstractmethod__", False)


@cache
def with_rows() -> set[int]:
    """Return which functions the table calls, by identity."""
    space = names()
    return {id(function) for row in CALLS for function in called(row.call, space)}


def called(row: str, space: dict[str, object]) -> Iterator[object]:
    """Every function, class and method that a row calls."""
    for node in ast.walk(ast.parse(row, mode="eval")):
        if isinstance(node, ast.Call):
            function = eval(ast.unparse(node.func), space)
            yield getattr(function, "__func__", function)
            if not inspect.isroutine(function) and not inspect.isclass(function):
                yield type(function).forward  # a layer or a model


@pytest.mark.parametrize("module", sorted(set(core()) - INSIDE))
def test_every_public_function_of_the_core_has_a_row(module: str) -> None:
    missing = [
        name
        for name, function in public(core()[module])
        if id(function) not in with_rows() and not name.endswith(NOT_CALLED) and not is_abstract(function)
    ]
    assert not missing, (
        f"add rows for {missing} to tests/inputs/core.txt, then: python -m tests.inputs --write"
    )


@pytest.mark.slow
@pytest.mark.every
def test_one_command_prints_the_table() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.inputs", "commands"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    commands = [row for row in ROWS if row.table == "commands"]
    assert commands
    assert all(f"{row.call}\n    {row.seen}\n" in done.stdout for row in commands)
