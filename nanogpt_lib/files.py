"""Say where files lie; write files that are whole or not there, one process at a time."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path

from filelock import FileLock

from nanogpt_lib.messages import problem

_PACKAGE = Path(str(resources.files("nanogpt_lib")))
_CARRIED = _PACKAGE / "course_data"  # setup.py puts it into a wheel; a checkout has data/ beside the package
# What comes with the library. To write, use `work_folder()`.
DATA = _CARRIED if _CARRIED.is_dir() else _PACKAGE.parent / "data"
_STALE_SECONDS = 600
_LONGEST_SAVE_SECONDS = 120


def work_folder() -> Path:
    """Return the folder for what the library makes: data/ in a checkout, else the user's cache folder.

    Nothing is written into an installed package: others may share it, and an update would remove what
    lies there.

    Example:
        >>> work_folder().name
        'data'
    """
    if DATA != _CARRIED:
        return DATA
    import pooch  # only where it is needed: its import takes longer than the text does

    return Path(pooch.os_cache("nanogpt_lib"))


def shown(path: Path) -> str:
    """Return the path as a message names it: short if it lies beside or below `DATA`, else whole.

    Example:
        >>> shown(DATA / "runs"), shown(Path("elsewhere", "runs"))
        ('data/runs', 'elsewhere/runs')
    """
    root = DATA.parent
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def sha256(content: bytes) -> str:
    """Return the SHA-256 of the bytes, as 64 hexadecimal digits.

    Example:
        >>> sha256(b"To be")[:12]
        '1bd754493b2d'

    Source:  FIPS 180-4, by way of hashlib.
    """
    return hashlib.sha256(content).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write the file so that a reader sees the old content or the new, never a part.

    The content goes to a temporary sibling, is flushed to the disk, and takes the name in one
    step. What a killed writer left behind is removed by a later call.

    Args:    path: where to put it; its folder must exist.   content: all of it.
    Raises:  OSError: the folder is read-only or the disk is full; the old file is untouched.
    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_atomically(Path(folder, "note.txt"), b"whole")
        ...     [(file.name, file.read_bytes()) for file in Path(folder).iterdir()]
        [('note.txt', b'whole')]

    Source:  os.replace is atomic within one file system.
    """
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(FileNotFoundError):  # another process may be clearing up too
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                left.unlink()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)  # mkstemp makes files that only their owner may read
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def require_writable(name: str, folder: Path) -> Path:
    """Return the same folder, known to be one that can be written into, or made where it is to lie.

    Args:    name: what to call it in the message.   folder: it need not exist, and is not made.
    Raises:  ValueError: it cannot be written into, or there is a file of that name.
    Example:
        >>> with tempfile.TemporaryDirectory() as name:
        ...     require_writable("a folder", Path(name, "deep", "down")).name
        'down'
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return folder
    except OSError as error:
        raise problem(
            f"{name} that can be written", f"{str(folder)!r} ({error.strerror})", "Give another folder."
        ) from error


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Let one process at a time into the block; another that writes to this folder waits until it has ended.

    A writer that was killed is not waited for. The lock is a file in the folder, so it holds also between
    the machines of a shared drive, and it goes with the block.

    Args:    folder: it must exist.
    Raises:  TimeoutError: another process has been writing for two minutes.
             OSError: the folder cannot be written to.
    Example:
        >>> with tempfile.TemporaryDirectory() as name, one_writer(Path(name)):
        ...     [file.name for file in Path(name).iterdir()]
        ['.checkpoint.lock']

    Source:  flock, by way of filelock, which tells a lock that was removed meanwhile.
    """
    lock = folder / ".checkpoint.lock"
    with FileLock(lock, timeout=_LONGEST_SAVE_SECONDS, poll_interval=0.01):
        try:
            yield
        finally:
            with suppress(PermissionError):  # Windows keeps an open file; there the lock removes it
                lock.unlink(missing_ok=True)
