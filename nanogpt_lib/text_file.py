"""Read a text file of your own as UTF-8, or say which encoding it seems to be in and how to convert it.

A text in another encoding often decodes without an error, and is then half invisible characters: a model
would learn those, and nobody would know why it writes nonsense.

Taught in: text_tokens_batches.
"""

from pathlib import Path

from nanogpt_lib.checks import problem
from nanogpt_lib.kinds import path_of

_MARKS = {  # what a file in another encoding may begin with; the longer ones first, since they begin alike
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_LAYOUT = "\t\n\v\f\r\x1a\x1b"  # control characters that texts have: DOS ended its files with \x1a
_MARK = "\ufeff"


def read_text_file(path: str | Path) -> str:
    """Return the file's text, without a byte-order mark at its start and with "\\n" line ends.

    Args:    path: a file in UTF-8.
    Raises:  ValueError: it is not there, or in another encoding, or has NULs, or a byte-order mark in its
             middle; the message says how to convert it.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "mine.txt").write_bytes(b"to be\\r\\nor not")
        ...     read_text_file(Path(folder, "mine.txt"))
        'to be\\nor not'

    Taught in: text_tokens_batches.
    """
    path = path_of("path", path)
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "is no file" if path.exists() else "is not there"
        raise problem(
            "the path of a text file",
            f"{str(path)!r}, which {found}",
            f"Give the full path, or one that starts at {Path.cwd().name!r}, where this runs.",
        )
    content = path.read_bytes()
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            raise _in_another(path, encoding, "it begins with that encoding's mark")
    try:
        text = content.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError as error:
        found = f"byte 0x{content[error.start]:02x} at offset {error.start}, which no UTF-8 text has there"
        raise problem(
            f"{path.name!r} in UTF-8",
            found,
            "Save it again with the encoding UTF-8; if it comes from an older Windows, run in Python: "
            + _conversion(path, "cp1252"),
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _require_clean(path, text, content)
    return text


def _require_clean(path: Path, text: str, content: bytes) -> None:
    if "\0" in text:
        if encoding := _wide(content):
            raise _in_another(path, encoding, "NULs stand between its characters")
        raise problem(
            f"{path.name!r} without NUL characters",
            f"{text.count(chr(0)):,}, the first at character {text.index(chr(0))}",
            f"Something padded it. Take them out, in Python: {_without(path, chr(0))}",
        )
    for mark in (_MARK, "\ufffe"):
        if mark in text:
            raise problem(
                f"{path.name!r} without a byte-order mark in its middle",
                f"one (U+{ord(mark):04X}) at character {text.index(mark)}",
                f"It was joined from several files. Take the marks out, in Python: {_without(path, mark)}",
            )
    controls = sum(ord(char) < 32 and char not in _LAYOUT for char in text)
    if controls > 0.05 * len(text):
        raise problem(
            f"{path.name!r} to be a text",
            f"{controls:,} control characters among {len(text):,}",
            "It may be in UTF-16, or no text at all: save it again as plain text with the encoding UTF-8.",
        )


def _wide(content: bytes) -> str | None:
    """Return the encoding of two or four bytes per character that puts NULs where they are, if any."""
    for width, name in ((4, "utf-32"), (2, "utf-16")):
        places = [content[place:40_000:width] for place in range(width)]
        empty = [place.count(0) / max(1, len(place)) for place in places]
        first, last = (empty[:2], empty[2:]) if width == 4 else (empty[:1], empty[1:])
        if width == 4 and max(min(first), min(last)) < 0.95:  # no character needs more than two of the four
            continue
        if abs(min(first) - min(last)) > 0.05:
            return f"{name}-{'be' if min(first) > min(last) else 'le'}"
    return None


def _in_another(path: Path, encoding: str, sign: str) -> ValueError:
    return problem(
        f"{path.name!r} in UTF-8",
        f"a text in {encoding.upper()} ({sign})",
        f"Convert it, in Python: {_conversion(path, encoding)}",
    )


def _conversion(path: Path, encoding: str) -> str:
    read = f"p.read_text(encoding={encoding!r})"
    return f"from pathlib import Path; p = Path({str(path)!r}); p.write_text({read}, encoding='utf-8')"


def _without(path: Path, char: str) -> str:
    read = f"p.read_text(encoding='utf-8').replace({char!a}, '')"
    return f"from pathlib import Path; p = Path({str(path)!r}); p.write_text({read}, encoding='utf-8')"
