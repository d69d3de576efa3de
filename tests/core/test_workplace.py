"""The learner's own copies: they are made, they stay, and the course stays as it is."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from helpers import ROOT
from nanogpt_lib import workplace
from nanogpt_lib.workplace import main, place, prepare, reset, without_outputs


def written(path: Path, source: str, output: str = "42") -> bytes:
    """A notebook with one cell that has run."""
    cell = {"cell_type": "code", "execution_count": 3, "metadata": {}, "outputs": [output], "source": source}
    told = {"cells": [{"cell_type": "markdown", "source": "# Title"}, cell], "nbformat": 4}
    path.write_text(json.dumps(told), encoding="utf-8")
    return path.read_bytes()


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    written(folder / "00_start.ipynb", "0")
    written(folder / "03_past.ipynb", "3")
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


def sources(path: Path) -> list[str]:
    return [cell["source"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def listed(work: Path) -> list[str]:
    return sorted(path.name for path in work.glob("*.ipynb"))


def test_the_copies_have_the_same_cells_and_no_outputs(lessons: Path, work: Path) -> None:
    assert prepare(lessons, work) == []
    assert listed(work) == ["00_start.ipynb", "03_past.ipynb"]
    assert sources(work / "03_past.ipynb") == ["# Title", "3"]
    code = json.loads((work / "03_past.ipynb").read_text(encoding="utf-8"))["cells"][1]
    assert (code["outputs"], code["execution_count"]) == ([], None)


def test_what_a_learner_changed_ran_or_deleted_is_not_taken_back(lessons: Path, work: Path) -> None:
    prepare(lessons, work)
    mine = written(work / "03_past.ipynb", "my answer")
    (work / "00_start.ipynb").unlink()
    (work / "my notes.ipynb").write_text("mine", encoding="utf-8")
    assert prepare(lessons, work) == []
    assert (work / "03_past.ipynb").read_bytes() == mine
    assert sources(work / "00_start.ipynb") == ["# Title", "0"], "it can be had again by deleting it"
    assert (work / "my notes.ipynb").read_text(encoding="utf-8") == "mine"


def test_a_renewed_lesson_lies_beside_the_learners_and_is_said_once(lessons: Path, work: Path) -> None:
    prepare(lessons, work)
    mine = written(work / "03_past.ipynb", "my answer")
    written(lessons / "03_past.ipynb", "3, renewed")
    written(lessons / "00_start.ipynb", "0, renewed")
    (said,) = prepare(lessons, work)
    assert said.startswith("03_past.ipynb has been renewed: yours is kept, and 03_past-renewed-")
    assert (work / "03_past.ipynb").read_bytes() == mine
    beside = next(work.glob("03_past-renewed-*.ipynb"))
    assert sources(beside) == ["# Title", "3, renewed"]
    assert sources(work / "00_start.ipynb") == ["# Title", "0, renewed"], (
        "an untouched copy follows the course"
    )
    assert prepare(lessons, work) == []
    written(lessons / "03_past.ipynb", "3, renewed twice in a day")
    (said,) = prepare(lessons, work)
    assert said.endswith("-2.ipynb lies beside it.")
    assert sources(beside) == ["# Title", "3, renewed"]


def test_a_new_output_alone_is_no_renewal(lessons: Path, work: Path) -> None:
    prepare(lessons, work)
    written(work / "03_past.ipynb", "my answer")
    written(lessons / "03_past.ipynb", "3", output="43")
    assert prepare(lessons, work) == []


@pytest.mark.parametrize("damage", ["", "[1]", None])
def test_without_the_list_of_origins_every_copy_stays(lessons: Path, work: Path, damage: str | None) -> None:
    prepare(lessons, work)
    mine = written(work / "03_past.ipynb", "my answer")
    origins = work / ".origins.json"
    origins.unlink() if damage is None else origins.write_text(damage, encoding="utf-8")
    (said,) = prepare(lessons, work)
    assert said.startswith("03_past.ipynb has been renewed"), "it may have been: nobody knows"
    assert (work / "03_past.ipynb").read_bytes() == mine


@pytest.mark.parametrize("name", ["3", "03", "03_past", "03_past.ipynb", "work/03_past.ipynb"])
def test_a_notebook_begins_again_and_the_old_one_is_kept(lessons: Path, work: Path, name: str) -> None:
    prepare(lessons, work)
    mine = written(work / "03_past.ipynb", "my answer")
    kept = reset(name, lessons, work)
    assert kept is not None
    assert kept.read_bytes() == mine
    assert sources(work / "03_past.ipynb") == ["# Title", "3"]
    second = written(work / "03_past.ipynb", "another answer")
    again = reset(name, lessons, work)
    assert again not in (None, kept)
    assert (kept.read_bytes(), again.read_bytes()) == (mine, second)
    assert prepare(lessons, work) == []


def test_what_cannot_be_reset_is_refused_and_nothing_is_written(lessons: Path, work: Path) -> None:
    with pytest.raises(ValueError, match=r"one of 00_start, 03_past.*Give its number, such as 03"):
        reset("7", lessons, work)
    assert not work.exists()
    assert reset("0", lessons, work) is None, "there was none"


def test_a_damaged_notebook_of_the_course_takes_nothing_away(lessons: Path, work: Path) -> None:
    prepare(lessons, work)
    mine = written(work / "03_past.ipynb", "my answer")
    (lessons / "03_past.ipynb").write_text("half a notebo", encoding="utf-8")
    with pytest.raises(ValueError, match="Expected a notebook"):
        prepare(lessons, work)
    with pytest.raises(ValueError, match="Expected a notebook"):
        reset("03", lessons, work)
    assert (work / "03_past.ipynb").read_bytes() == mine


def test_a_folder_that_cannot_be_written_to_is_named(lessons: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    with pytest.raises(ValueError, match="a folder for your notebooks that can be written"):
        prepare(lessons, tmp_path / "file" / "work")


def test_the_folder_is_in_the_checkout_below_the_user_or_where_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NANOGPT_WORK", raising=False)
    assert place(tmp_path) == ROOT / "work"
    monkeypatch.setattr(workplace, "_CARRIED", tmp_path)
    assert place(tmp_path) == tmp_path / "work"
    monkeypatch.setenv("NANOGPT_WORK", str(tmp_path / "elsewhere"))
    assert place(tmp_path) == tmp_path / "elsewhere"


def test_git_does_not_see_the_folder() -> None:
    done = subprocess.run(["git", "check-ignore", "work/03_past.ipynb"], cwd=ROOT, capture_output=True)
    assert done.returncode == 0


def test_the_course_itself_can_be_copied_and_no_answer_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NANOGPT_WORK", str(tmp_path / "work"))
    before = {path.name: path.read_bytes() for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert main([]) == 0
    assert capsys.readouterr().out == f"Your notebooks are in {tmp_path / 'work'}.\n"
    assert set(listed(tmp_path / "work")) == set(before)
    for name, content in before.items():
        copy = (tmp_path / "work" / name).read_bytes()
        assert copy == without_outputs(content)
        assert b'"output_type"' not in copy
    assert main(["03", "99"]) == 2
    assert "03 begins again; yours is kept as 03_averaging_the_past-" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in (ROOT / "notebooks").glob("*.ipynb")} == before
    assert os.listdir(tmp_path) == ["work"]
