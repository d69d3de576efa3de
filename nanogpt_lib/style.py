"""Colours and settings that every picture shares.

The categories are the eight colours of Okabe and Ito, which people with the common forms of
colour blindness can tell apart; magnitudes use cividis, signed values a centred map.
"""

import re
import unicodedata

from nanogpt_lib.kinds import text_of

CATEGORIES = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "red": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}
MAGNITUDE = "cividis"
SIGNED = "RdBu_r"

# A second channel beside the colour: a line is also known by its dash.
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))

RC_PARAMS = {
    "figure.figsize": (7.0, 3.6),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.alpha": 0.3,
    "font.size": 10.0,
    "font.family": "DejaVu Sans",
}


_SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"}
_BLANK = "\u115f\u1160\u2800\u3164\uffa0\U0001d159"  # letters and signs by their category, drawn as nothing
# Every block of letters that are written from right to left.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def visible(char: str) -> str:
    """Return the character as a label can show it: what has no ink of its own gets a sign or its number.

    Space and newline have signs; a control character and a mark that only changes the one before it have
    their number. A label of several characters keeps its spaces.

    Raises:  ValueError: it is no text.
    Example:
        >>> visible(" "), visible("\\n"), visible("a"), visible("\\u200b"), visible("\\u0301")
        ('␣', '⏎', 'a', 'U+200B', 'U+0301')
    """
    return _SIGNS.get(text_of("char", char)) or "".join(map(_inked, char))


def visible_text(token: str) -> str:
    """Return a token with every character visible: `visible`, one character at a time.

    Raises:  ValueError: it is no text.
    Example:
        >>> visible_text("a b")
        'a␣b'
    """
    return "".join(map(visible, text_of("token", token)))


def readable(text: str) -> str:
    """Return the text as it is read, line by line: spaces and newlines stay, everything else is visible.

    Raises:  ValueError: it is no text.
    Example:
        >>> readable("to be\\x07")
        'to beU+0007'
    """
    return "".join(char if char in " \n" else visible(char) for char in text_of("text", text))


def quoted(token: str) -> str:
    """Return the token in quotation marks, visible and isolated, as a sentence names it.

    Raises:  ValueError: it is no text.
    Example:
        >>> quoted("a b")
        '"a␣b"'
    """
    return f'"{isolated(visible_text(token))}"'


def isolated(words: str) -> str:
    """Return the words as a sentence can hold them: letters from right to left do not turn what is around.

    Raises:  ValueError: it is no text.
    Example:
        >>> isolated("a"), isolated("\\u05d0") == "\\u2068\\u05d0\\u2069"
        ('a', True)

    Source:  the Unicode bidirectional algorithm, UAX 9: first strong isolate, and its end.
    """
    return f"\u2068{words}\u2069" if _RIGHT_TO_LEFT.search(text_of("words", words)) else words


def _inked(char: str) -> str:
    has_ink = char.isprintable() and char not in _BLANK and not unicodedata.category(char).startswith("M")
    return char if has_ink else f"U+{ord(char):04X}"
