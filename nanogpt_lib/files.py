"""Write files that are whole or not there: beside their place, then moved into it."""

import hashlib
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
_STALE_SECONDS = 600


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
