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

from helpers import offline
from labserver import opened_by_command
from nanogpt_lib import lab


def test_a_folder_that_cannot_be_written_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.setenv("NANOGPT_WORK", str(tmp_path / "file" / "work"))
    assert lab.main([]) == 2
    assert "a folder for your notebooks that can be written" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_serves_the_notebooks_asks_no_network(tmp_path: Path) -> None:
    paths = {"HOME": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path), **offline(tmp_path / "log")}
    paths |= {"JUPYTER_CONFIG_DIR": str(tmp_path), "NANOGPT_WORK": str(tmp_path / "work")}
    with opened_by_command(sys.executable, env=paths) as found:
        address = found[0].partition("/lab")[0]

        def asked(path: str) -> str:
            """What the server answers; it says its address a moment before it listens."""
            for _ in range(100):
                with suppress(URLError), urlopen(f"{address}/{path}?token={found[2]}", timeout=30) as answer:
                    return answer.read().decode("utf-8")
                time.sleep(0.1)
            raise TimeoutError(f"nothing at {address}")

        assert found[1] == "work/00_start_here.ipynb"
        assert json.loads(asked("api/contents/work/00_start_here.ipynb"))["type"] == "notebook"
        page = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', asked("lab"), re.DOTALL)
        assert json.loads(page[1])["news"] == {"disabled": True}
        assert not (tmp_path / "log").exists(), (tmp_path / "log").read_text(encoding="utf-8")
