"""A text file in another encoding is refused by name, with a command that converts it."""

import contextlib
import gzip
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanogpt_lib.data import CharTokenizer, load_text

SAID = "To be, or not to be:\nthat is the question.\n" * 30
GREEK = "Ἄνδρα μοι ἔννεπε, Μοῦσα,\nπολύτροπον\n" * 30
RUSSIAN = "Быть или не быть, вот в чём вопрос.\n" * 30
CHINESE = "生存还是毁灭，这是一个值得考虑的问题。\n" * 30
TEXTS = {"English": SAID, "Greek": GREEK, "Russian": RUSSIAN, "mixed": SAID + CHINESE}


def own(folder: Path, content: bytes) -> Path:
    path = folder / "it's mine.txt"
    path.write_bytes(content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ValueError, match="^Expected ") as caught:
        load_text(path)
    return str(caught.value)


def follow(said: str) -> None:
    """Do what the message says."""
    _, _, command = said.partition("from pathlib import Path; ")
    exec("from pathlib import Path; " + command, {})  # our own message


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-32"])
@pytest.mark.parametrize("language", TEXTS)
def test_a_wide_encoding_is_named_and_its_command_converts(
    language: str, encoding: str, tmp_path: Path
) -> None:
    """Without a mark they were taken as they came, and half of the symbols were NULs."""
    path = own(tmp_path, TEXTS[language].encode(encoding))
    said = refusal(path)
    if "a text in UTF" not in said:  # an UTF-16 that is not even valid UTF-8
        assert language != "English"
        assert "which no UTF-8 text has there" in said
        return
    assert f"a text in {encoding.upper()}" in said
    follow(said)
    assert load_text(path) == TEXTS[language]


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-32-be"])
def test_the_mark_of_the_other_order_is_known_too(mark: str, encoding: str, tmp_path: Path) -> None:
    path = own(tmp_path, (mark + SAID).encode(encoding))
    follow(refusal(path))
    assert load_text(path) == SAID


@pytest.mark.parametrize(
    "content",
    [SAID.encode() + b"\0" * 200, b"\0" * 7 + SAID.encode(), SAID.encode().replace(b" ", b" \0", 1)],
    ids=["after", "before", "one within"],
)
def test_nuls_that_pad_a_text_are_counted_and_the_command_takes_them_out(
    content: bytes, tmp_path: Path
) -> None:
    path = own(tmp_path, content)
    said = refusal(path)
    assert (
        f"without NUL characters, got {content.count(0)}, the first at character {content.index(0)}" in said
    )
    follow(said)
    assert load_text(path) == SAID


def test_a_mark_in_the_middle_is_named_with_its_place_and_the_command_takes_it_out(tmp_path: Path) -> None:
    """As when files of Windows are joined; a mark at the very start is left out as before."""
    path = own(tmp_path, SAID.encode("utf-8-sig") * 3)
    said = refusal(path)
    assert f"one (U+FEFF) at character {len(SAID)}" in said
    follow(said)
    assert load_text(path) == SAID * 3
    assert load_text(own(tmp_path, SAID.encode("utf-8-sig"))) == SAID
    assert "U+FEFF) at character 0" in refusal(own(tmp_path, b"\xef\xbb\xbf" + SAID.encode("utf-8-sig")))


def test_an_old_windows_text_is_refused_and_the_command_converts_it(tmp_path: Path) -> None:
    text = "Œuvres complètes: être, ou ne pas être.\n" * 10
    path = own(tmp_path, text.encode("cp1252"))
    said = refusal(path)
    assert "byte 0x8c at offset 0" in said
    follow(said)
    assert load_text(path) == text


@pytest.mark.parametrize("content", [bytes(range(1, 32)) * 20, "\u0411\u0442\u044c".encode("utf-16-le") * 40])
def test_what_is_no_text_is_refused(content: bytes, tmp_path: Path) -> None:
    assert "control characters among" in refusal(own(tmp_path, content))


PACKED = random.Random(0).randbytes(5_000)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4\n" + SAID.encode(), "a PDF file"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + PACKED, "a PDF file"),
        (rb"{\rtf1\ansi " + SAID.encode() + b"}", "an RTF file"),
        (b"PK\x03\x04" + PACKED, "a ZIP file, as .docx"),
        (b"\xd0\xcf\x11\xe0" + PACKED, "an older Word"),
        (gzip.compress(SAID.encode(), mtime=0), "packed with gzip"),
    ],
    ids=["PDF in ASCII", "PDF", "RTF", "docx", "doc", "gzip"],
)
def test_a_document_is_refused_by_its_kind_with_what_to_do(content: bytes, kind: str, tmp_path: Path) -> None:
    """A PDF or RTF in ASCII was taken, and the model learned its commands."""
    said = refusal(own(tmp_path, content))
    assert kind in said
    assert "plain text with the encoding UTF-8" in said
    assert "cp1252" not in said


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + PACKED, b"\xff\xd8\xff\xe0" + PACKED, PACKED])
def test_bytes_that_are_no_text_are_not_to_be_converted_from_an_older_windows(
    content: bytes, tmp_path: Path
) -> None:
    said = refusal(own(tmp_path, content))
    assert "control characters. It may be in UTF-16, or no text at all" in said
    assert "cp1252" not in said


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_in_utf_7_is_named_and_its_command_converts(language: str, tmp_path: Path) -> None:
    path = own(tmp_path, TEXTS[language].encode("utf-7"))
    if TEXTS[language].isascii():
        assert load_text(path) == TEXTS[language]
        return
    said = refusal(path)
    assert "a text in UTF-7" in said
    follow(said)
    assert load_text(path) == TEXTS[language]


@pytest.mark.parametrize("said", ["1 + 1 = 2; a+b+c; x += 1; C++\n", "+-+-+-", "+49 30 1234, +44 20 7946\n"])
def test_plus_signs_are_no_utf_7(said: str, tmp_path: Path) -> None:
    assert load_text(own(tmp_path, (said * 9).encode())) == said * 9


@pytest.mark.parametrize(
    "begin", ["<!DOCTYPE html>\n<html>", "\n<HTML lang=en>", "<?xml version='1.0'?>\n<html>"]
)
def test_a_web_page_is_taken_with_a_word_about_its_tags(begin: str, tmp_path: Path) -> None:
    """It is a text, and somebody may want a model that writes HTML; most want the words alone."""
    path = own(tmp_path, (begin + SAID).encode())
    with pytest.warns(UserWarning, match=r"is a web page: the model learns its tags, too\. For its words"):
        assert load_text(path) == begin + SAID


def test_a_text_that_speaks_of_html_is_a_text(tmp_path: Path) -> None:
    assert load_text(own(tmp_path, (SAID + "<html>").encode())) == SAID + "<html>"


@pytest.mark.parametrize("content", [" " * 50, "\n" * 50, " \t\r\n\v\f" * 20, "\u00a0\u2003" * 20])
def test_white_space_alone_is_refused(content: str, tmp_path: Path) -> None:
    assert "white space alone" in refusal(own(tmp_path, content.encode()))


@given(st.text(min_size=12, max_size=60))
def test_every_other_text_is_taken_as_it_is_or_refused_in_words(said: str) -> None:
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(ValueError):
        patch.setattr(Path, "is_file", lambda _: True)
        patch.setattr(Path, "read_bytes", lambda _: said.encode())
        read = load_text("mine.txt")
        assert read == said.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        assert "\0" not in read
        assert "\ufeff" not in read


@pytest.mark.parametrize(
    "said", ["a" * 40, "𐍈🙂" * 20, "e\u0301" * 20, "\u202eabc\u202c" * 10, "<b>&amp;</b>" * 5]
)
def test_one_symbol_and_strange_ones_are_texts(said: str, tmp_path: Path) -> None:
    assert load_text(own(tmp_path, said.encode())) == said


@pytest.mark.parametrize(
    ("vocabulary", "named"),
    [
        (["a", "b"], r"got \['a', 'b'\]"),
        (["ab", "c"], r"got \['ab', 'c'\]"),
        (None, "got None"),
        (b"ab", "got b'ab'"),
        (3, "got 3"),
        ("ab\ud800", r"half of a character \(U\+D800\)"),
        ("\udfff", "half of a character"),
        ("ab" * 1_000_000, "'a' more than once"),
    ],
    ids=range(8),
)
def test_a_vocabulary_that_is_none_is_refused_at_once(vocabulary: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        CharTokenizer(vocabulary)
