"""Read a text file of your own as UTF-8, or say which encoding it seems to be in and how to convert it.

A text in another encoding often decodes without an error, and is then half invisible characters: a model
would learn those, and nobody would know why it writes nonsense.

Taught in: text_tokens_batches.
"""

import re
import warnings
from pathlib import Path

from nanogpt_lib.checks import problem
from nanogpt_lib.kinds import path_of

_MARKS = {  # what a file in another encoding may begin with; the longer ones first, since they begin alike
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_DOCUMENTS = {  # files that hold a text, and are none: (how they begin, what they are)
    b"%PDF-": "a PDF file",
    b"{\\rtf": "an RTF file",
    b"PK\x03\x04": "a ZIP file, as .docx, .odt and .epub are",
    b"\xd0\xcf\x11\xe0": "a file of an older Word",
    b"\x1f\x8b": "a file packed with gzip",
}
_PAGE = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_LAYOUT = "\t\n\v\f\r\x1a\x1b"  # control characters that texts have: DOS ended its files with \x1a
_MARK = "\ufeff"
_LOOKED_AT = 1_000_000  # bytes of a file that is not UTF-8
_MANY_CONTROLS = 0.05  # a greater share of all characters, and it is no text; in packed bytes it is 0.1
_NO_TEXT = "It may be in UTF-16, or no text at all: save it again as plain text with the encoding UTF-8."


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
    _require_text(path, content)
    try:
        text = content.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError as error:
        raise _undecodable(path, content, error.start) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _require_clean(path, text, content)
    if _PAGE.match(text):  # it is a text, and somebody may want to learn HTML
        warnings.warn(
            f"{path.name!r} is a web page: the model learns its tags, too. For its words alone, open it in a "
            "browser and save it from there as plain text.",
            stacklevel=4,
        )
    return text


def _require_text(path: Path, content: bytes) -> None:
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            raise _in_another(path, encoding, "it begins with that encoding's mark")
    if _is_utf_7(content):
        raise _in_another(path, "utf-7", "letters such as é stand there as +AOk-")
    for begin, kind in _DOCUMENTS.items():
        if content.startswith(begin):
            raise problem(
                f"{path.name!r} to be a plain text",
                kind,
                "Open it in the program that it is for, and save or copy its text into a file of plain text "
                "with the encoding UTF-8.",
            )


def _is_utf_7(content: bytes) -> bool:
    """Tell whether every plus sign begins a run of letters in UTF-7, and whether there are some of them."""
    if content.count(b"+") < 3 or not content.isascii():
        return False
    try:
        letters = [char for char in content.decode("utf-7") if not char.isascii()]
    except UnicodeDecodeError:  # as of 1 + 1
        return False
    return len(letters) >= 3 and all(char.isprintable() or char == _MARK for char in letters)


def _undecodable(path: Path, content: bytes, at: int) -> ValueError:
    """Return what to say of a file that is not UTF-8: how to convert it, if it can be a text at all."""
    found = f"byte 0x{content[at]:02x} at offset {at}, which no UTF-8 text has there"
    controls = sum(byte < 32 and chr(byte) not in _LAYOUT for byte in content[:_LOOKED_AT])
    if controls > _MANY_CONTROLS * len(content[:_LOOKED_AT]):
        return problem(f"{path.name!r} in UTF-8", f"{found}, and {controls:,} control characters", _NO_TEXT)
    return problem(
        f"{path.name!r} in UTF-8",
        found,
        "Save it again with the encoding UTF-8; if it comes from an older Windows, run in Python: "
        + _conversion(path, "cp1252"),
    )


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
    if controls > _MANY_CONTROLS * len(text):
        raise problem(
            f"{path.name!r} to be a text", f"{controls:,} control characters among {len(text):,}", _NO_TEXT
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
