"""Colours and settings that every picture shares.

The categories are the eight colours of Okabe and Ito, which people with the common forms of
colour blindness can tell apart; magnitudes use cividis, signed values a centred map.
"""

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


def visible(char: str) -> str:
    """Return the character as a label can show it: space and newline get a sign of their own.

    Raises:  ValueError: it is no text.
    Example:
        >>> visible(" "), visible("\\n"), visible("a")
        ('␣', '⏎', 'a')
    """
    signs = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"}
    if text_of("char", char) in signs:
        return signs[char]
    return char if char.isprintable() else " ".join(f"U+{ord(each):04X}" for each in char)


def visible_text(token: str) -> str:
    """Return a token with every character visible: `visible`, one character at a time.

    Raises:  ValueError: it is no text.
    Example:
        >>> visible_text("a b")
        'a␣b'
    """
    return "".join(map(visible, text_of("token", token)))
