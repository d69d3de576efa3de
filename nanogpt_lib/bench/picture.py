"""Draw what was measured: a bar for each form, whiskers to its quartiles, and a panel for each setting.

Taught in: faster_and_bigger.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from nanogpt_lib.bench.rows import Row
from nanogpt_lib.style import CATEGORIES, RC_PARAMS

LOOKS = {False: (CATEGORIES["blue"], ""), True: (CATEGORIES["orange"], "//")}  # the peer is hatched, too
BAR, AROUND = 0.26, 0.8  # inches, of a bar and of what stands around a panel


def drawn(rows: Sequence[Row], words: Mapping[str, str]) -> Figure:
    """Return the picture of these rows; forms that failed are left out.

    Args:    rows: of any settings.   words: each setting's name to what it is in words.
    Taught in: faster_and_bigger.
    """
    panels = _panels(rows)
    heights = [BAR * len(panel) + AROUND for panel in panels.values()]
    style: dict[Any, Any] = RC_PARAMS  # matplotlib lists every key in its types
    with matplotlib.rc_context(style):
        fig = Figure(figsize=(8.0, sum(heights)))
        axes = fig.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
        for ax, (name, panel) in zip(axes, panels.items(), strict=True):
            places = range(len(panel))
            speeds = [row.speed or 0.0 for row in panel]
            below = [speed - (row.low or 0.0) for speed, row in zip(speeds, panel, strict=True)]
            above = [(row.high or 0.0) - speed for speed, row in zip(speeds, panel, strict=True)]
            bars = ax.barh(places, speeds, xerr=(below, above), capsize=3, error_kw={"elinewidth": 1})
            for bar, row in zip(bars, panel, strict=True):
                colour, hatch = LOOKS[row.is_peer]
                bar.set(facecolor=colour, hatch=hatch, edgecolor="white")
            ax.set_yticks(places, [row.form for row in panel])
            ax.invert_yaxis()  # the first on top
            ax.xaxis.set_major_formatter("{x:,.0f}")
            ax.grid(axis="y", visible=False)
            ax.set_title(f"{name}: {words[name]}", fontsize=9, loc="left")
        axes[-1].set_xlabel("characters per second, median and quartiles")
    return fig


def _panels(rows: Sequence[Row]) -> dict[str, list[Row]]:
    panels: dict[str, list[Row]] = {}
    for row in rows:
        if row.speed:
            panels.setdefault(row.setting, []).append(row)
    return panels


def described(rows: Sequence[Row]) -> str:
    """Return in words what the picture shows, for those who do not see it.

    Taught in: faster_and_bigger.
    """
    told = [
        f"{name}: " + ", ".join(f"{row.form} {row.speed:,.0f}" for row in panel)
        for name, panel in _panels(rows).items()
    ]
    return "Bars of characters per second. " + "; ".join(told) + "."


def as_png(rows: Sequence[Row], words: Mapping[str, str]) -> bytes:
    """Return the picture as the content of a PNG file, which carries its description.

    Taught in: faster_and_bigger.
    """
    content = io.BytesIO()
    drawn(rows, words).savefig(content, format="png", metadata={"Description": described(rows)})
    return content.getvalue()
