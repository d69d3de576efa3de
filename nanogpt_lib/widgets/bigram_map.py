"""Show which character follows which: the whole table as a map, one row as bars, and what a row writes.

Taught in: bigram.
"""

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import ClassVar

import torch
import traitlets

from nanogpt_lib.checks import problem, real_number, seed_number, shape
from nanogpt_lib.kinds import floats
from nanogpt_lib.kit.widget import Widget, html_table, html_text, number
from nanogpt_lib.messages import described
from nanogpt_lib.ngrams import smoothed
from nanogpt_lib.style import quoted, visible

LARGEST_VOCABULARY = 512  # the table has V * V cells
TOP = 12  # bars shown of a row
_UNSEEN = (255, 255, 255)  # not grey: the middle of cividis is
_CIVIDIS = ((0, 34, 78), (53, 69, 108), (102, 105, 112), (148, 142, 119), (200, 184, 102), (254, 232, 56))


def unseen_pairs(counts: torch.Tensor) -> int:
    """Count the pairs, of V * V, that never occur.

    Args:    counts: (V, V) int64.
    Example:
        >>> unseen_pairs(torch.tensor([[0, 2], [1, 0]]))
        2

    Taught in: bigram.
    """
    return int((counts == 0).sum())


def next_characters(probs: torch.Tensor, vocabulary: str, top: int = TOP) -> list[tuple[str, float]]:
    """Return the likeliest next characters of one row; equally likely ones keep the vocabulary's order.

    Args:    probs: (V,), one row of the table.   vocabulary: V characters.   top: how many at most.
    Returns: at most `top` pairs (character, probability).
    Example:
        >>> next_characters(torch.tensor([0.25, 0.5, 0.25]), "abc", top=2)
        [('b', 0.5), ('a', 0.25)]

    Taught in: bigram.
    """
    order = probs.sort(descending=True, stable=True).indices[:top].tolist()
    return [(vocabulary[id_], probs[id_].item()) for id_ in order]


def largest_difference(counted: torch.Tensor, learned: torch.Tensor) -> tuple[int, int]:
    """Find the pair whose two probabilities differ most.

    Args:    counted, learned: (V, V), rows are distributions.
    Returns: (row, column), the first of them where several differ equally.
    Example:
        >>> largest_difference(torch.eye(2), torch.tensor([[0.9, 0.1], [0.3, 0.7]]))
        (1, 0)

    Taught in: bigram.
    """
    place = int((counted - learned).abs().flatten().argmax())
    return divmod(place, counted.shape[1])


def pair_in_words(before: str, after: str, seen: int, of: int, prob: float, alpha: float) -> str:
    """Write one cell of the table as a sentence.

    Args:    before, after: the two characters.   seen: how often the pair occurs.
             of: how often anything follows the first.   prob: P(after | before).   alpha: of `smoothed`.
    Example:
        >>> pair_in_words("q", "u", 411, 411, 0.8655, alpha=1.0)
        'after "q": "u", seen 411 of 411 times, probability 0.866 (alpha = 1)'

    Taught in: bigram.
    """
    times = f"seen {seen:,} of {of:,} times" if seen else f"never seen (0 of {of:,} times)"
    shown = number(prob) if prob == 0 or prob >= 0.0005 else "below 0.001"
    with_alpha = f" (alpha = {alpha:g})" if alpha else ""
    return f"after {quoted(before)}: {quoted(after)}, {times}, probability {shown}{with_alpha}"


class BigramMap(Widget):
    """Show the V x V table as a map to point at, one row of it as bars, and a sample that starts there.

    Args:    counts: (V, V) int64, row = the character before; from `bigram_counts`.
             vocabulary: its V characters in order, `tokenizer.vocabulary`.
             probs_learned: (V, V) float, rows sum to 1, to stand beside the counted one; or None.
             alpha: imagined sightings of every pair, as in `smoothed`.
             row: the character to begin with; None is the commonest.   seed: of the samples.
    Raises:  ValueError: shapes disagree, counts are negative, rows of probs_learned do not sum to 1.
    Example:
        >>> BigramMap(torch.tensor([[0, 3], [2, 1]]), "ab", row="b")
        BigramMap: 2 characters, 1 of 4 pairs never seen, alpha = 1; after "b" comes most often "a"

    Taught in: bigram.
    """

    name: ClassVar[str] = "bigram_map"

    vocabulary = traitlets.Unicode().tag(sync=True)
    alpha = traitlets.Float().tag(sync=True)
    seed = traitlets.Int().tag(sync=True)
    row = traitlets.Int(0).tag(sync=True)
    counts_bytes = traitlets.Bytes().tag(sync=True)  # (V, V) float32: exact up to 16 million
    counted_bytes = traitlets.Bytes().tag(sync=True)  # (V, V) float32
    learned_bytes = traitlets.Bytes().tag(sync=True)  # (V, V) float32, or empty

    def __init__(
        self,
        counts: torch.Tensor,
        vocabulary: str,
        probs_learned: torch.Tensor | None = None,
        *,
        alpha: float = 1.0,
        row: str | None = None,
        seed: int = 1337,
    ) -> None:
        V = _known_table(counts, vocabulary)
        alpha, seed = real_number("alpha", alpha), seed_number("seed", seed)
        self.counts, self.counted = counts, smoothed(counts, alpha)
        self.learned = None if probs_learned is None else _distributions(probs_learned, V)
        if row is not None and (not isinstance(row, str) or len(row) != 1 or row not in vocabulary):
            raise problem(
                "row as one character of the vocabulary",
                f"row={described(row)}",
                "Choose one of `vocabulary`.",
            )
        super().__init__(
            vocabulary=vocabulary,
            alpha=float(alpha),
            seed=seed,
            row=int(counts.sum(1).argmax()) if row is None else vocabulary.index(row),
            counts_bytes=_as_bytes(counts),
            counted_bytes=_as_bytes(self.counted),
            learned_bytes=b"" if self.learned is None else _as_bytes(self.learned),
        )

    @traitlets.validate("row")
    def _known_row(self, proposal: dict) -> int:
        return max(0, min(proposal["value"], len(self.vocabulary) - 1))

    def static_html(self) -> str:
        """Return the counted map as a picture, and the chosen row as a table.

        The learned table is left out: its last digits may change with the processor.
        """
        V, before = len(self.vocabulary), self.vocabulary[self.row]
        of = int(self.counts[self.row].sum())
        rows = [
            (visible(after), f"{int(self.counts[self.row, self.vocabulary.index(after)]):,}", number(prob))
            for after, prob in next_characters(self.counted[self.row], self.vocabulary)
        ]
        words = f"{unseen_pairs(self.counts):,} of {V * V:,} pairs are never seen (white)"
        return (
            f"<p>Which character follows which: a row is the character before, a column the one after. "
            f"The lighter, the likelier (square root of the probability). {words}.</p>"
            f'<img alt="{html_text(f"Map of {V} × {V} pairs of characters; {words}.")}" '
            f'width="{6 * V}" height="{6 * V}" style="image-rendering: pixelated" '
            f'src="data:image/png;base64,{base64.b64encode(map_png(self.counts, self.counted)).decode()}">'
            + html_table(
                rows,
                head=["next", "seen", "probability"],
                caption=f"After {quoted(before)}, which was seen {of:,} times (alpha = {self.alpha:g})",
            )
        )

    def __repr__(self) -> str:
        V = len(self.vocabulary)
        after = next_characters(self.counted[self.row], self.vocabulary, top=1)[0][0]
        beside = "" if self.learned is None else ", beside a learned table"
        return (
            f"BigramMap: {V} characters, {unseen_pairs(self.counts):,} of {V * V:,} pairs never seen, "
            f"alpha = {self.alpha:g}{beside}; "
            f"after {quoted(self.vocabulary[self.row])} comes most often {quoted(after)}"
        )


def map_png(counts: torch.Tensor, probs: torch.Tensor) -> bytes:
    """Return the map as a PNG of one pixel per pair, not compressed: the same table gives the same bytes.

    Args:    counts: (V, V), 0 is drawn white.   probs: (V, V) in [0, 1], drawn by its square root.
    Returns: the file's bytes; row 0 is on top.
    Example:
        >>> map_png(torch.ones(2, 2), torch.full((2, 2), 0.5))[:4]
        b'\\x89PNG'

    Source:  the PNG specification (ISO/IEC 15948).
    """
    shades = 1 + (probs.double().sqrt() * 63).round().long().clamp(0, 63)  # entry 0 is for the unseen
    pixels = torch.where(counts > 0, shades, 0).to(torch.uint8)
    lines = b"".join(b"\0" + bytes(line) for line in pixels.tolist())
    palette = [_UNSEEN, *(_shade(at / 63) for at in range(64))]
    height, width = pixels.shape

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", bytes(part for colour in palette for part in colour))
        + chunk(b"IDAT", _stored(lines))
        + chunk(b"IEND", b"")
    )


def _stored(content: bytes) -> bytes:
    """Return a zlib stream of stored blocks: what `zlib.compress` writes depends on who built zlib."""
    out = b"\x78\x01"
    for at in range(0, len(content), 65_535):
        block = content[at : at + 65_535]
        last = at + 65_535 >= len(content)
        out += struct.pack("<BHH", last, len(block), 65_535 - len(block)) + block
    return out + struct.pack(">I", zlib.adler32(content))


def _shade(place: float) -> tuple[int, ...]:
    """Return cividis at 0..1, with straight lines between six of its colours."""
    at = place * (len(_CIVIDIS) - 1)
    left = min(int(at), len(_CIVIDIS) - 2)
    ends = zip(_CIVIDIS[left], _CIVIDIS[left + 1], strict=True)
    return tuple(round(low + (at - left) * (high - low)) for low, high in ends)


def _as_bytes(table: torch.Tensor) -> bytes:
    return table.detach().float().contiguous().cpu().numpy().tobytes()


def _known_table(counts: torch.Tensor, vocabulary: Sequence[str]) -> int:
    if not isinstance(vocabulary, str):
        raise problem(
            "the vocabulary as one str", type(vocabulary).__name__, "Pass tokenizer.vocabulary, in its order."
        )
    V = len(vocabulary)
    if not 0 < V <= LARGEST_VOCABULARY:
        raise problem(
            f"1 to {LARGEST_VOCABULARY} characters",
            f"{V}",
            "Build the tokenizer from a text with fewer kinds of characters.",
        )
    shape("counts", counts, V, V)
    if counts.is_floating_point() or bool((counts < 0).any()):
        raise problem(
            "counts as whole numbers >= 0",
            f"dtype {counts.dtype}" if counts.is_floating_point() else f"{int(counts.min())} among them",
            "Pass bigram_counts(ids, V); probabilities belong to probs_learned.",
        )
    return V


def _distributions(probs: torch.Tensor, V: int) -> torch.Tensor:
    floats("probs_learned", probs, V, V)
    probs = probs.detach().cpu().double()
    sums = probs.sum(1)
    if bool((probs < 0).any()) or not torch.allclose(sums, torch.ones_like(sums), atol=1e-3):
        worst = int((sums - 1).abs().argmax())
        raise problem(
            "rows of probs_learned that sum to 1",
            f"{number(sums[worst].item())} in row {worst}, least entry {number(probs.min().item())}",
            "For a table of logits, pass table.softmax(dim=-1).",
        )
    return probs
