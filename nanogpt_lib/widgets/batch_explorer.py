"""Show a block where it lies in the text, and every (context, target) example that it holds.

Taught in: text_tokens_batches.
"""

from typing import ClassVar

import torch
import traitlets

from nanogpt_lib.checks import positive_int, problem, seed_number
from nanogpt_lib.data import CharTokenizer, get_batch
from nanogpt_lib.kinds import instance
from nanogpt_lib.kit.widget import Widget, html_table, html_text
from nanogpt_lib.style import visible_text

LONGEST_BLOCK = 32
MOST_BLOCKS = 64  # of a batch; a page of more rows takes seconds to draw
PASSAGE = 4_096  # characters that travel to the browser at a time; the whole text would be slow to send


def block_examples(
    text: str, tokenizer: CharTokenizer, offset: int, block_size: int
) -> list[tuple[str, str, int]]:
    """Return every example of one block: a context, the character after it, and that character's id.

    Args:    text: where the block lies.   tokenizer: gives the ids.
             offset: the block's first character.   block_size: T, and so many examples come out.
    Returns: T triples (context, target, id); the t-th context holds t + 1 characters.
    Raises:  ValueError: the block and the character after it do not lie inside the text.
    Example:
        >>> block_examples("hello", CharTokenizer("ehlo"), offset=1, block_size=3)
        [('e', 'l', 2), ('el', 'l', 2), ('ell', 'o', 3)]

    Taught in: text_tokens_batches.
    """
    positive_int("block_size", block_size)
    if not 0 <= offset < len(text) - block_size:
        raise problem(
            f"0 <= offset < {len(text) - block_size}, so that a target follows the block",
            f"offset={offset}",
            "Move the block, or take a smaller block_size.",
        )
    block = text[offset : offset + block_size + 1]
    return [(block[:t], block[t], tokenizer.encode(block[t])[0]) for t in range(1, block_size + 1)]


def draw_offsets(
    positions: torch.Tensor, block_size: int, batch_size: int, generator: torch.Generator
) -> list[int]:
    """Draw where the blocks of the next batch begin, as `get_batch` does.

    Args:    positions: (N,) int64, 0 to N - 1.   block_size: T.   batch_size: B.
             generator: the stream to draw from.
    Returns: B offsets, each with a block and one more character after it.
    Raises:  ValueError: there are no more than block_size positions.
    Example:
        >>> draw_offsets(torch.arange(100), 8, 4, torch.Generator().manual_seed(1337))
        [83, 37, 52, 56]

    Taught in: text_tokens_batches.
    """
    x, _ = get_batch(positions, block_size, batch_size, generator)  # of positions: x[b, 0] is the offset
    return x[:, 0].tolist()


def passage_start(length: int, offset: int) -> int:
    """Return where the passage that is sent to the browser begins, with the block in its middle.

    Example:
        >>> passage_start(1_000_000, 10), passage_start(1_000_000, 500_000), passage_start(50, 40)
        (0, 497952, 0)
    """
    return max(0, min(offset - PASSAGE // 2, length - PASSAGE))


class BatchExplorer(Widget):
    """Show sliders for offset and block_size, the block's examples as a table, and batches at random.

    Args:    text: what to look at; give the training text to see what training sees.
             tokenizer: knows every character of it.   block_size: T, 1 to 32.   batch_size: B.
             seed: of the batches; they are those that `get_batch` draws with this seed.
    Raises:  ValueError: no text, one shorter than a block, or a character without an id.
    Example:
        >>> BatchExplorer("to be or not to be", CharTokenizer.from_text("to be or not"), batch_size=2)
        BatchExplorer: 18 characters, offset 0, block_size 8; batch 1 holds 2 × 8 = 16 examples

    Taught in: text_tokens_batches.
    """

    name: ClassVar[str] = "batch_explorer"

    length = traitlets.Int().tag(sync=True)
    vocabulary = traitlets.Unicode().tag(sync=True)
    longest_block = traitlets.Int().tag(sync=True)
    offset = traitlets.Int(0).tag(sync=True)
    block_size = traitlets.Int(8).tag(sync=True)
    passage = traitlets.Dict().tag(sync=True)  # {"start": int, "text": str}
    batch = traitlets.List().tag(sync=True)  # [{"offset": int, "text": str}], text: the longest block and one
    batch_number = traitlets.Int(0).tag(sync=True)
    draws = traitlets.Int(1).tag(sync=True)  # how many batches are wanted; the browser raises it
    seed = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        text: str,
        tokenizer: CharTokenizer,
        block_size: int = 8,
        batch_size: int = 4,
        *,
        seed: int = 1337,
    ) -> None:
        _known(text, tokenizer)
        longest = min(LONGEST_BLOCK, len(text) - 1)
        block_size = positive_int("block_size", block_size)
        if block_size > longest:
            raise problem(
                f"1 <= block_size <= {longest}", f"block_size={block_size}", "Choose a smaller one."
            )
        self._text, self._tokenizer = text, tokenizer
        self._batch_size = positive_int("batch_size", batch_size)
        if self._batch_size > MOST_BLOCKS:
            raise problem(
                f"at most {MOST_BLOCKS} blocks in a batch to look at",
                f"batch_size={batch_size}",
                "Take fewer.",
            )
        self._positions = torch.arange(len(text))
        self._generator = torch.Generator().manual_seed(seed_number("seed", seed))
        super().__init__(
            length=len(text),
            vocabulary=tokenizer.vocabulary,
            longest_block=longest,
            block_size=block_size,
            seed=seed,
        )
        self._move()
        self._draw()
        self.observe(self._move, "offset")
        self.observe(self._draw, "draws")
        self.observe(self._fit, "block_size")

    @traitlets.validate("block_size")
    def _fitting_block_size(self, proposal: dict) -> int:
        return max(1, min(proposal["value"], self.longest_block))

    @traitlets.validate("offset")
    def _fitting_offset(self, proposal: dict) -> int:
        return max(0, min(proposal["value"], self.length - self.block_size - 1))

    def _fit(self, change: dict | None = None) -> None:
        """Let a longer block begin earlier near the text's end, and the batch's blocks, too."""
        last = self.length - self.block_size - 1
        self.offset = min(self.offset, last)
        rows = [min(offset, last) for offset in self._drawn]
        self.batch = [
            {"offset": offset, "text": self._text[offset : offset + self.longest_block + 1]}
            for offset in rows
        ]

    def _move(self, change: dict | None = None) -> None:
        """Send another passage where the block comes near the edge of the one that was sent."""
        start = self.passage.get("start", 0)
        end = start + len(self.passage.get("text", ""))
        left = start if start == 0 else start + PASSAGE // 4
        right = end if end == self.length else end - PASSAGE // 4
        if not (left <= self.offset and self.offset + LONGEST_BLOCK < right) or not self.passage:
            start = passage_start(self.length, self.offset)
            text = self._text[start : start + PASSAGE]
            if self.passage != {"start": start, "text": text}:
                self.passage = {"start": start, "text": text}

    def _draw(self, change: dict | None = None) -> None:
        """Draw until there are as many as are wanted, so that batch n is always the n-th of its seed."""
        for _ in range(self.batch_number, self.draws):
            self._drawn = draw_offsets(self._positions, self.block_size, self._batch_size, self._generator)
        self._fit()
        self.batch_number = max(self.batch_number, self.draws)

    def static_html(self) -> str:
        """Return the block's examples and the batch as two tables."""
        examples = block_examples(self._text, self._tokenizer, self.offset, self.block_size)
        T, B = self.block_size, len(self.batch)
        return (
            html_table(
                [[visible_text(context), visible_text(target), id_] for context, target, id_ in examples],
                head=["context", "target", "id of the target"],
                side=[f"t = {t}" for t in range(T)],
                caption=f"The block at offset {self.offset:,} of {self.length:,} holds {T} examples",
            )
            + html_table(
                [[f"{row['offset']:,}", *_x_and_y(row["text"], T)] for row in self.batch],
                head=["offset", "x", "y"],
                side=[f"b = {b}" for b in range(B)],
                caption=f"Batch {self.batch_number} of seed {self.seed}: {B} × {T} = {B * T} examples",
            )
            + f"<p>{html_text('␣ is a space, ⏎ a newline.')}</p>"
        )

    def __repr__(self) -> str:
        B, T = len(self.batch), self.block_size
        return (
            f"BatchExplorer: {self.length:,} characters, offset {self.offset:,}, block_size {T}; "
            f"batch {self.batch_number} holds {B} × {T} = {B * T} examples"
        )


def _x_and_y(block: str, T: int) -> tuple[str, str]:
    """Return a row of the batch: T characters, and the same moved on by one character."""
    return visible_text(block[:-1][:T]), visible_text(block[1 : T + 1])


def _known(text: str, tokenizer: CharTokenizer) -> None:
    instance("tokenizer", tokenizer, CharTokenizer, "Write CharTokenizer.from_text(text).")
    if not isinstance(text, str):
        raise problem(
            "a text (str)", type(text).__name__, "For ids, tokenizer.decode(ids) gives the text back."
        )
    if len(text) < 2:
        raise problem("a text of at least 2 characters", f"{len(text)}", "Load one with load_text().")
    if unknown := set(text) - set(tokenizer.vocabulary):
        char = min(unknown, key=text.index)
        raise problem(
            f"a text of the {tokenizer.vocab_size} characters of the vocabulary",
            f"{char!r} at position {text.index(char)}",
            "Make the tokenizer from this very text: CharTokenizer.from_text(text).",
        )
