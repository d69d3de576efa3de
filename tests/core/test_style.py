"""Colours and settings that matplotlib knows, and characters that can be seen."""

import matplotlib
import matplotlib.lines
from matplotlib.colors import is_color_like, to_rgb

from nanogpt_lib import style


def test_the_eight_colours_are_colours_and_differ() -> None:
    assert len(style.CATEGORIES) == 8
    assert all(is_color_like(colour) for colour in style.CATEGORIES.values())
    assert len(set(map(to_rgb, style.CATEGORIES.values()))) == 8


def test_every_dash_is_a_line_style_and_they_differ() -> None:
    for dash in style.DASHES:
        matplotlib.lines.Line2D([], [], linestyle=dash)
    assert len(set(style.DASHES)) == len(style.DASHES)


def test_both_colour_maps_exist() -> None:
    assert {style.MAGNITUDE, style.SIGNED} <= set(matplotlib.colormaps)


def test_every_setting_is_one_that_matplotlib_accepts() -> None:
    with matplotlib.rc_context(style.RC_PARAMS):
        assert matplotlib.rcParams["figure.dpi"] == style.RC_PARAMS["figure.dpi"]


def test_every_character_gets_a_sign_that_can_be_seen() -> None:
    for code in (code for code in range(0x10000) if not 0xD800 <= code < 0xE000):  # surrogates are none
        shown = style.visible(chr(code))
        assert shown.isprintable(), f"U+{code:04X}"
        assert shown.strip() == shown != "", f"U+{code:04X}"


def test_the_characters_of_the_text_get_different_signs(text: str) -> None:
    kinds = set(text)
    assert len({style.visible(char) for char in kinds}) == len(kinds)
