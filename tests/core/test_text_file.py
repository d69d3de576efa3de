"""A text file in another encoding is refused by name, with a command that converts it."""

import contextlib
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
