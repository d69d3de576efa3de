"""Whatever is typed, the user gets the value or a message with its three parts; see tests/inputs."""

import contextlib
import io
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from inputs import rows
from inputs.answers import is_refused, seen
from inputs.names import names

ROWS = list(rows())
CALLS = [row for row in ROWS if not row.call.startswith("$")]
TAKEN = [row.call for row in CALLS if not is_refused(row.seen)]


@pytest.fixture(autouse=True)
def _quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What a call writes goes into a folder of its own, and its pictures are closed."""
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings(action="ignore"), contextlib.redirect_stderr(io.StringIO()):
        yield
    plt.close("all")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.call[:60])
def test_a_row_of_the_table_shows_what_the_user_sees(row) -> None:
    assert seen(row.call, names()) == row.seen, "see the difference after: python -m tests.inputs --write"
