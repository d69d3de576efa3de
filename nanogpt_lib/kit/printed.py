"""Cut what an answer prints, so that a notebook does not grow by a megabyte."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from nanogpt_lib.kit.panel import shell

MOST = 10_000  # characters, in one check
DISPLAYS = 20  # pictures and tables, in one check


class Paper:
    """How much room is left, and how much found none."""

    def __init__(self) -> None:
        self.room, self.cut, self.displays = MOST, 0, DISPLAYS
        self.begun = False  # a line that has no end yet

    def fit(self, text: str) -> str:
        """Return as much of the text as there is room for, and count the rest."""
        fits = text[: self.room]
        self.room -= len(fits)
        self.cut += len(text) - len(fits)
        self.begun = not fits.endswith("\n") if fits else self.begun
        return fits


class Short:
    """A stream that passes on as much as there is room for; in all else it is the stream itself."""

    def __init__(self, stream: TextIO, paper: Paper) -> None:
        self._stream, self._paper = stream, paper

    def write(self, text: str) -> int:
        """Write what there is room for; the length is that of the whole text, as print() wants it."""
        if not isinstance(text, str):
            return self._stream.write(text)  # which says what is wrong with it
        if fits := self._paper.fit(text):
            self._stream.write(fits)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write one after the other."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def short_prints() -> Iterator[None]:
    """Cut what is printed inside the block, in both streams together, and say at its end how much was cut.

    Example:
        >>> with short_prints():
        ...     for _ in range(1000):
        ...         print("0123456789" * 10)  # doctest: +ELLIPSIS
        0123...
        … 91,000 more characters were printed, and are left out here.
    """
    before, paper = (sys.stdout, sys.stderr), Paper()
    sys.stdout, sys.stderr = (Short(stream, paper) if stream else stream for stream in before)
    try:
        with _few_displays(paper):
            yield
    finally:
        sys.stdout, sys.stderr = before
        if paper.cut and sys.stdout:
            print(
                "\n" * paper.begun + f"… {paper.cut:,} more characters were printed, and are left out here."
            )


@contextmanager
def _few_displays(paper: Paper) -> Iterator[None]:
    """In a notebook, pass on a few of what is displayed, and count the rest."""
    if shell() is None:
        yield
        return
    publisher = shell().display_pub
    publish = publisher.publish

    def few(data: Any, *args: Any, **keywords: Any) -> None:
        if paper.displays:
            paper.displays -= 1
            publish(data, *args, **keywords)
        else:
            paper.cut += sum(len(str(form)) for form in data.values())

    publisher.publish = few
    try:
        yield
    finally:
        publisher.publish = publish
