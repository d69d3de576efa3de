"""A file is whole or not there, whatever happens to the one who writes it."""

import os
import time
from pathlib import Path

import pytest

from helpers import killed
from nanogpt_lib.files import sha256, write_atomically

# The writer kills itself at one place of `write_atomically`; argument 1 is the path.
KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
from nanogpt_lib import files

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def half_a_file(handle, mode):
    os.write(handle, b"ne")
    die()

files.os.PLACE = half_a_file if "PLACE" == "fdopen" else die
files.write_atomically(Path(sys.argv[1]), b"new" * 100_000)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_hash_is_the_published_one_of_a_known_message() -> None:
    """The first example of FIPS 180-4."""
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("before", [None, b"the old content, which is longer"])
def test_the_whole_content_is_written_and_nothing_else_stays(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "note.txt"
    if before:
        path.write_bytes(before)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["note.txt"]


@pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")
def test_others_may_read_what_was_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / "note.txt", b"new")
    assert (tmp_path / "note.txt").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("place", ["fsync", "chmod", "replace"])
def test_a_writer_that_fails_leaves_the_old_file_and_no_other(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "note.txt"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, place, full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["note.txt"]


@pytest.mark.parametrize("place", ["fdopen", "fsync", "replace"])
def test_a_killed_writer_leaves_the_old_file_whole(place: str, tmp_path: Path) -> None:
    """`open(path, "wb")` would leave a part of the new one under the final name."""
    path = tmp_path / "note.txt"
    path.write_bytes(b"old")
    killed(KILLED_WRITER.replace("PLACE", place), path)
    assert path.read_bytes() == b"old"
    assert len(names(tmp_path)) == 2, "the kill came too late to be a test"


def test_what_a_killed_writer_left_is_removed_later(tmp_path: Path) -> None:
    left = tmp_path / ".note.txt.abcd.tmp"
    left.write_bytes(b"ne")
    os.utime(left, (time.time() - 3600,) * 2)
    write_atomically(tmp_path / "note.txt", b"new")
    assert names(tmp_path) == ["note.txt"]


def test_what_another_writer_is_just_writing_is_left_alone(tmp_path: Path) -> None:
    fresh, others = tmp_path / ".note.txt.abcd.tmp", tmp_path / ".other.txt.abcd.tmp"
    for path in (fresh, others):
        path.write_bytes(b"ne")
    os.utime(others, (time.time() - 3600,) * 2)
    write_atomically(tmp_path / "note.txt", b"new")
    assert names(tmp_path) == [".note.txt.abcd.tmp", ".other.txt.abcd.tmp", "note.txt"]


def test_a_leftover_that_vanishes_meanwhile_does_no_harm(tmp_path: Path) -> None:
    """Two programs that clear up at once; a link to nothing is listed and cannot be looked at."""
    (tmp_path / ".note.txt.abcd.tmp").symlink_to(tmp_path / "gone")
    write_atomically(tmp_path / "note.txt", b"new")
    assert (tmp_path / "note.txt").read_bytes() == b"new"


def test_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "no folder" / "note.txt", b"new")
