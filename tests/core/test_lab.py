"""`python -m nanogpt_lib.lab`: the notebooks open, and what a learner wrote in them stays."""

import json
import re
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from helpers import ROOT, offline
from labserver import opened_by_command
from nanogpt_lib import lab


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two notebooks, as an installed package carries them."""
    folder = tmp_path / "carried"
    folder.mkdir()
    for name in ("00_start_here.ipynb", "01_text.ipynb"):
        (folder / name).write_text("as it came", encoding="utf-8")
    monkeypatch.setattr(lab, "_CARRIED", folder)
    return folder


def test_a_checkout_serves_its_own_notebooks_and_writes_nothing(tmp_path: Path) -> None:
    assert lab.prepared_root(tmp_path) == ROOT
    assert not list(tmp_path.iterdir())


def test_an_installed_library_copies_its_notebooks_and_keeps_those_of_the_learner(
    carried: Path, tmp_path: Path
) -> None:
    """An update that wrote over them would take a learner's answers away."""
    here = tmp_path / "here"
    here.mkdir()
    assert lab.prepared_root(here) == here
    mine = here / "notebooks"
    assert {path.name for path in mine.iterdir()} == {path.name for path in carried.iterdir()}
    (mine / "00_start_here.ipynb").write_text("with my answers", encoding="utf-8")
    (mine / "01_text.ipynb").unlink()
    lab.prepared_root(here)
    assert (mine / "00_start_here.ipynb").read_text(encoding="utf-8") == "with my answers"
    assert (mine / "01_text.ipynb").read_text(encoding="utf-8") == "as it came"


def test_a_folder_that_cannot_be_written_to_is_named(
    carried: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notebooks").write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert lab.main([]) == 2
    assert "notebooks" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_serves_the_notebooks_asks_no_network(tmp_path: Path) -> None:
    paths = {"HOME": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path), **offline(tmp_path / "log")}
    paths |= {"JUPYTER_CONFIG_DIR": str(tmp_path)}
    with opened_by_command(sys.executable, env=paths) as found:
        address = found[0].partition("/lab")[0]

        def asked(path: str) -> str:
            """What the server answers; it says its address a moment before it listens."""
            for _ in range(100):
                with suppress(URLError), urlopen(f"{address}/{path}?token={found[2]}", timeout=30) as answer:
                    return answer.read().decode("utf-8")
                time.sleep(0.1)
            raise TimeoutError(f"nothing at {address}")

        assert found[1] == "notebooks/00_start_here.ipynb"
        assert json.loads(asked("api/contents/notebooks/00_start_here.ipynb"))["type"] == "notebook"
        page = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', asked("lab"), re.DOTALL)
        assert json.loads(page[1])["news"] == {"disabled": True}
        assert not (tmp_path / "log").exists(), (tmp_path / "log").read_text(encoding="utf-8")
