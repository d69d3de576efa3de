"""The table of inputs: what is typed, and what the user sees.

The tables are the text files beside this one, a call in each row and below it, indented, what comes of it:

    causal_mask(3)
        tensor (3, 3) bool
    causal_mask("3")
        Expected a whole number T >= 1, got T='3'. Choose a positive T.

A row that begins with a dollar sign is a command, with its exit status and what it says.
`python -m tests.inputs` runs every row and prints it; with `--write` it keeps what it saw, for you to read in
the difference.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TABLES = Path(__file__).parent


class Row(NamedTuple):
    """One input, and what the user is expected to see."""

    table: str
    call: str
    seen: str


def rows() -> Iterator[Row]:
    """Yield every row of every table, in the order of the files."""
    for path in sorted(TABLES.glob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        calls = [at for at, line in enumerate(lines) if line and not line.startswith((" ", "#"))]
        for at, end in zip(calls, [*calls[1:], len(lines)], strict=True):
            seen = [line.strip() for line in lines[at + 1 : end] if line.startswith(" ")]
            yield Row(path.stem, lines[at], "\n".join(seen))
