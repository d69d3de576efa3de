"""The bigram map without a browser: its facts, its still picture, what it refuses."""

import base64
import re
import zlib

import pytest
import torch

from javascript import evaluate
from nanogpt_lib.ngrams import bigram_counts, smoothed
from nanogpt_lib.widgets.bigram_map import (
    BigramMap,
    largest_difference,
    map_png,
    next_characters,
    pair_in_words,
    unseen_pairs,
)

COUNTS = torch.tensor([[0, 3, 1], [2, 0, 0], [4, 1, 5]])


@pytest.fixture(scope="module")
def counts(splits: tuple) -> torch.Tensor:
    return bigram_counts(splits[0], 65)


def test_most_pairs_are_never_seen(counts: torch.Tensor) -> None:
    """The number that notebook 02 states, counted here pair by pair."""
    seen = {(a, b) for a, row in enumerate(counts.tolist()) for b, count in enumerate(row) if count}
    assert unseen_pairs(counts) == 65 * 65 - len(seen) == 2845


def test_after_q_comes_u(counts: torch.Tensor, tokenizer) -> None:
    row = tokenizer.id_of["q"]
    (char, prob), *_ = next_characters(smoothed(counts, 0.0)[row], tokenizer.vocabulary)
    assert (char, prob) == ("u", 1.0)
    widget = BigramMap(counts, tokenizer.vocabulary, row="q")
    assert repr(widget).endswith('2,845 of 4,225 pairs never seen, alpha = 1; after "q" comes most often "u"')


def test_next_characters_are_sorted_and_equals_keep_their_order() -> None:
    assert next_characters(torch.tensor([0.25, 0.25, 0.5]), "abc", top=9) == [
        ("c", 0.5),
        ("a", 0.25),
        ("b", 0.25),
    ]


def test_the_largest_difference_is_found_in_both_directions() -> None:
    table = torch.full((3, 3), 1 / 3)
    for place, change in (((0, 2), 0.2), ((2, 1), -0.2)):
        other = table.clone()
        other[place] += change
        assert largest_difference(table, other) == place


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("q", "u", 1500, 1500, 1.0, 0.0), 'after "q": "u", seen 1,500 of 1,500 times, probability 1.000'),
        ((" ", "\n", 1, 9, 0.0278, 1.0), 'after "␣": "⏎", seen 1 of 9 times, probability 0.028 (alpha = 1)'),
        (
            ("a", "b", 0, 9, 0.0002, 0.1),
            '"b", never seen (0 of 9 times), probability below 0.001 (alpha = 0.1)',
        ),
        (("a", "b", 0, 9, 0.0, 0.0), '"b", never seen (0 of 9 times), probability 0.000'),
    ],
)
def test_a_pair_is_told_in_words(arguments: tuple, says: str) -> None:
    assert pair_in_words(*arguments).endswith(says)


def pixels(png: bytes) -> list[list[tuple[int, ...]]]:
    """The colours of a small palette PNG, read back with zlib's own decompressor."""
    chunks = {}
    at = 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + content) == int.from_bytes(png[at + 8 + size : at + 12 + size], "big")
        chunks[kind], at = content, at + 12 + size
    width, height = (int.from_bytes(chunks[b"IHDR"][i : i + 4], "big") for i in (0, 4))
    lines, palette = zlib.decompress(chunks[b"IDAT"]), chunks[b"PLTE"]
    rows = [lines[y * (width + 1) + 1 : (y + 1) * (width + 1)] for y in range(height)]
    return [[tuple(palette[3 * entry : 3 * entry + 3]) for entry in row] for row in rows]


def test_in_the_still_picture_white_means_unseen_and_lighter_means_likelier() -> None:
    colours = pixels(map_png(COUNTS, smoothed(COUNTS, 1.0)))
    for y, row in enumerate(COUNTS.tolist()):
        for x, count in enumerate(row):
            assert (colours[y][x] == (255, 255, 255)) == (count == 0)
    light = [sum(colours[2][x]) for x in range(3)]
    assert light[1] < light[0] < light[2]  # seen 1, 4 and 5 times


def test_a_picture_larger_than_one_zlib_block_can_be_read_back() -> None:
    counts = torch.ones(300, 300, dtype=torch.long)
    assert (
        pixels(map_png(counts, counts / 300)) == [[pixels(map_png(counts, counts / 300))[0][0]] * 300] * 300
    )


def test_the_still_picture_holds_the_map_and_the_chosen_row() -> None:
    widget = BigramMap(COUNTS, "a\n ", row=" ", alpha=0.0)
    html = widget.static_html()
    (encoded,) = re.findall(r"base64,([^\"]+)\"", html)
    assert base64.b64decode(encoded) == map_png(COUNTS, smoothed(COUNTS, 0.0))
    assert re.findall(r"<td>(.*?)</td>", html) == ["␣", "5", "0.500", "a", "4", "0.400", "⏎", "1", "0.100"]
    assert "3 of 9 pairs are never seen" in html
    assert "After &quot;␣&quot;, which was seen 10 times (alpha = 0)" in html
    assert "<script" not in html


def test_the_learned_numbers_stay_out_of_what_is_compared() -> None:
    """They come from training, whose last digits may differ between processors."""
    tables = [torch.rand(3, 3, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2)]
    stored = [BigramMap(COUNTS, "abc", table / table.sum(1, keepdim=True)) for table in tables]
    assert stored[0].static_html() == stored[1].static_html()
    assert repr(stored[0]) == repr(stored[1])
    assert "beside a learned table" in repr(stored[0])


def test_a_tag_in_the_vocabulary_is_shown_and_not_obeyed() -> None:
    html = BigramMap(torch.ones(2, 2, dtype=torch.long), "<&").static_html()
    assert "After &quot;&lt;&quot;" in html
    assert "<td>&lt;</td>" in html
    assert "<td>&amp;</td>" in html


def test_a_model_with_gradients_can_be_shown() -> None:
    table = torch.zeros(3, 3, requires_grad=True)
    assert BigramMap(COUNTS, "abc", table.softmax(-1)).learned.tolist() == [[pytest.approx(1 / 3)] * 3] * 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((COUNTS, "ab"), r"counts of shape \(2, 2\), got shape \(3, 3\)"),
        ((COUNTS, ["a", "b", "c"]), "the vocabulary as one str, got list"),
        ((COUNTS.float(), "abc"), "counts as whole numbers >= 0, got dtype torch.float32"),
        ((-COUNTS, "abc"), "counts as whole numbers >= 0, got -5 among them"),
        ((COUNTS, "abc", torch.zeros(3, 3)), "sum to 1, got 0.000 in row 0.*softmax"),
        ((COUNTS, "abc", torch.eye(2)), r"probs_learned of shape \(3, 3\)"),
        ((torch.zeros(600, 600).long(), "".join(map(chr, range(600)))), "1 to 512 characters, got 600"),
    ],
)
def test_bad_arguments_are_named(arguments: tuple, says: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected .*{says}"):
        BigramMap(*arguments)


@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        ({"row": "z"}, "row as one character of the vocabulary, got row='z'"),
        ({"row": ""}, "row as one character of the vocabulary, got row=''"),
        ({"alpha": -1.0}, "alpha > 0"),
    ],
)
def test_bad_settings_are_named(keywords: dict, says: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected .*{says}"):
        BigramMap(COUNTS, "abc", **keywords)


def test_the_browser_and_python_say_the_same_about_every_pair(counts: torch.Tensor, tokenizer) -> None:
    """The live sentence and the stored one come from two programs: all 4,225 sentences are compared."""
    probs, vocabulary = (
        [round(prob, 6) for prob in smoothed(counts, 1.0).flatten().tolist()],
        tokenizer.vocabulary,
    )
    seen, totals = counts.flatten().tolist(), counts.sum(1).tolist()
    places = [divmod(at, 65) for at in range(65 * 65)]
    wanted = [
        pair_in_words(vocabulary[y], vocabulary[x], seen[at], totals[y], probs[at], 1.0)
        for at, (y, x) in enumerate(places)
    ]
    expression = """probs.map((prob, at) => {
      const [y, x] = [Math.floor(at / 65), at % 65];
      const pair = { before: vocabulary[y], after: vocabulary[x], seen: seen[at], of: totals[y] };
      return m.pairInWords({ ...pair, prob, alpha: 1 });
    })"""
    values = {"probs": probs, "vocabulary": vocabulary, "seen": seen, "totals": totals}
    assert evaluate("widgets/bigram_map", expression, **values) == wanted
