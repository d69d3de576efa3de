"""The batch explorer without a browser: its examples, its batches, its still picture."""

import re

import pytest
import torch

from nanogpt_lib.data import CharTokenizer, get_batch
from nanogpt_lib.widgets.batch_explorer import (
    LONGEST_BLOCK,
    PASSAGE,
    BatchExplorer,
    block_examples,
    draw_offsets,
    passage_start,
)

EVIL = "<img src=x onerror=alert(1)>"


def explorer(text: str, **arguments: object) -> BatchExplorer:
    return BatchExplorer(text, CharTokenizer.from_text(text), **arguments)


def test_the_examples_of_a_block_are_those_of_get_batch(ids: torch.Tensor, text: str, tokenizer) -> None:
    """Two ways to one batch: the widget cuts text, training cuts ids. All 4 × 8 examples are compared."""
    x, y = get_batch(ids, 8, 4, torch.Generator().manual_seed(1337))
    offsets = draw_offsets(torch.arange(len(text)), 8, 4, torch.Generator().manual_seed(1337))
    for b, offset in enumerate(offsets):
        for t, (context, target, id_) in enumerate(block_examples(text, tokenizer, offset, 8)):
            assert tokenizer.encode(context) == x[b, : t + 1].tolist()
            assert (tokenizer.decode([id_]), id_) == (target, y[b, t].item())


def test_batch_n_of_the_widget_is_the_nth_of_its_seed(text: str, tokenizer) -> None:
    widget = BatchExplorer(text, tokenizer, block_size=5, batch_size=3, seed=7)
    generator = torch.Generator().manual_seed(7)
    positions = torch.arange(len(text))
    wanted = [get_batch(positions, 5, 3, generator)[0][:, 0].tolist() for _ in range(4)]
    got = [[row["offset"] for row in widget.batch]]
    widget.draws += 1
    got.append([row["offset"] for row in widget.batch])
    widget.draws += 2  # two clicks that arrive together are still two draws
    got.append([row["offset"] for row in widget.batch])
    assert got == [wanted[0], wanted[1], wanted[3]]


def test_a_widget_leaves_the_global_stream_alone() -> None:
    before = torch.get_rng_state()
    explorer("to be or not to be").draws += 1
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("offset", [0, 1, 2_000, 2_048, 5_000, 1_115_394 - 9])
def test_the_passage_holds_the_longest_block_that_fits_wherever_it_is(text: str, offset: int) -> None:
    start = passage_start(len(text), offset)
    assert 0 <= start <= offset
    assert offset + LONGEST_BLOCK < start + PASSAGE or start + PASSAGE == len(text)


def test_the_browser_always_has_the_text_around_the_block(text: str, tokenizer) -> None:
    """A step that left the passage unsent would leave the widget without anything to show."""
    widget = BatchExplorer(text, tokenizer)
    sent = []
    widget.observe(lambda change: sent.append(change["new"]["start"]), "passage")
    last = len(text) - 9
    for offset in (0, 100, 2_900, 4_000, 1_000_000, last - 40, last, 0):
        widget.offset = offset
        start, passage = widget.passage["start"], widget.passage["text"]
        assert passage == text[start : start + PASSAGE]
        assert start <= max(0, offset - 200)
        assert start + len(passage) >= min(len(text), offset + 200)
    assert len(sent) == 4  # a near step sends nothing: 100 and 2,900 at the beginning, `last` at the end


def test_every_place_that_the_sliders_reach_is_inside_the_text() -> None:
    widget = explorer("to be or not to be")
    widget.offset = 10_000
    assert widget.offset == 18 - 8 - 1
    widget.block_size = 40
    assert (widget.block_size, widget.offset) == (17, 0)
    assert {row["offset"] for row in widget.batch} == {0}
    widget.block_size, widget.offset = 0, -5
    assert (widget.block_size, widget.offset) == (1, 0)


def test_at_the_end_of_the_text_the_rows_of_a_batch_stay_whole() -> None:
    """A row drawn for a short block may begin where a longer one does not fit: B × T would be a lie."""
    widget = explorer("abcdefghij" * 4, block_size=1, batch_size=64)
    assert max(row["offset"] for row in widget.batch) > 40 - 9
    widget.block_size = 8
    assert all(len(row["text"]) > 8 for row in widget.batch)
    assert all(row["text"][0] == "abcdefghij"[row["offset"] % 10] for row in widget.batch)


def test_the_still_picture_holds_every_example_of_the_block_and_of_the_batch() -> None:
    html = explorer("to be\nor not to be", block_size=6, batch_size=2).static_html()
    cells = re.findall(r"<td>(.*?)</td>", html)
    assert cells[:3] == ["t", "o", "5"]
    assert cells[15:18] == ["to␣be⏎", "o", "5"]
    assert "The block at offset 0 of 18 holds 6 examples" in html
    assert "Batch 1 of seed 1337: 2 × 6 = 12 examples" in html


def test_the_same_arguments_store_the_same_output() -> None:
    first, second = (explorer("to be or not to be")._repr_mimebundle_()[0] for _ in range(2))
    for kind in ("text/plain", "text/html"):
        assert first[kind] == second[kind]


def test_a_tag_in_the_text_is_shown_and_not_obeyed() -> None:
    html = explorer(EVIL, block_size=len(EVIL) - 1, batch_size=1).static_html()
    assert "&lt;img␣src=x␣onerror=alert(1)" in html
    assert "<img" not in html


@pytest.mark.parametrize(
    ("text", "vocabulary", "arguments", "says"),
    [
        (torch.tensor([1, 2]), "ab", {}, r"a text \(str\), got Tensor.*tokenizer\.decode"),
        ("a", "ab", {}, "at least 2 characters, got 1"),
        ("abca", "ab", {}, "the 2 characters of the vocabulary, got 'c' at position 2"),
        ("abab", "ab", {"block_size": 4}, "1 <= block_size <= 3, got block_size=4"),
        ("abab", "ab", {"block_size": 0}, "block_size >= 1, got block_size=0"),
        ("abab" * 99, "ab", {"block_size": 33}, "1 <= block_size <= 32, got block_size=33"),
        ("abab", "ab", {"block_size": 2, "batch_size": 0}, "batch_size >= 1, got batch_size=0"),
    ],
)
def test_bad_arguments_are_named(text: object, vocabulary: str, arguments: dict, says: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected .*{says}"):
        BatchExplorer(text, CharTokenizer(vocabulary), **arguments)


@pytest.mark.parametrize("offset", [-1, 3])
def test_a_block_without_a_last_target_is_refused(offset: int) -> None:
    with pytest.raises(ValueError, match="0 <= offset < 3, so that a target follows the block"):
        block_examples("hello", CharTokenizer("ehlo"), offset, 2)
