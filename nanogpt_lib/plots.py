"""Draw pictures: arrays in, `(fig, ax)` out. Nothing here knows a model, and nothing calls show."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle

from nanogpt_lib.checks import problem, real_number, yes_or_no
from nanogpt_lib.kinds import array_of, items_of, mapping, text_of
from nanogpt_lib.messages import described
from nanogpt_lib.style import CATEGORIES, DASHES, MAGNITUDE, RC_PARAMS, SIGNED, visible

_COLOURS = [colour for name, colour in CATEGORIES.items() if name not in ("yellow", "black")]


def bars(
    labels: Sequence[str],
    values: Sequence[float],
    *,
    title: str,
    ylabel: str,
    line: tuple[str, float] | None = None,
) -> tuple[Figure, Axes]:
    """Draw one bar per label, in the order given; spaces and newlines among the labels become visible.

    Args:    labels, values: equally many.   line: a name and a height to draw across.
    Raises:  ValueError: not as many values as labels, or something else than numbers and texts.
    """
    heights, labels = _numbers("values", values, 1), _labels("labels", labels)
    if len(labels) != len(heights):
        raise problem("as many values as labels", f"{len(heights)} and {len(labels)}", "Pair them up.")
    with _styled():
        fig, ax = plt.subplots()
        ax.bar(range(len(heights)), heights, color=CATEGORIES["blue"])
        ax.set_xticks(range(len(labels)), labels)
        ax.grid(axis="x", visible=False)
        ax.set(title=text_of("title", title), ylabel=text_of("ylabel", ylabel))
        if line is not None:
            _across(ax, dict([_pair("line", line)]))
    return fig, ax


def curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    title: str,
    xlabel: str,
    ylabel: str = "loss (nats per character)",
    across: Mapping[str, float] | None = None,
    marker: str | None = None,
) -> tuple[Figure, Axes]:
    """Draw lines that differ in colour and in dash, and levels to compare them with.

    Args:    lines: name to (x, y).   across: name to the height of a level, drawn across.
             marker: matplotlib's sign for a point, or None.
    Raises:  ValueError: a line with more x than y, or the other way round.
    """
    with _styled():
        fig, ax = plt.subplots()
        lines = mapping("lines", lines, 'Pass {"name": (x, y)}.')
        for place, (name, line) in enumerate(lines.items()):
            x, y = (_numbers(f"the line {name!r}", part, 1) for part in _pair(f"the line {name!r}", line))
            if len(x) != len(y):
                raise problem(f"as many y as x for {name!r}", f"{len(y)} and {len(x)}", "Pair them up.")
            colour = _COLOURS[place % len(_COLOURS)]
            dash = DASHES[place % len(DASHES)]
            ax.plot(x, y, label=name, marker=_marker(marker), color=colour, linestyle=dash)
        _name_axes(ax, title, xlabel, ylabel)
        _across(ax, {} if across is None else across)
        if len(lines) > 1:
            ax.legend(frameon=False)
    return fig, ax


def heatmap(
    values: np.ndarray,
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    x_labels: Sequence[str] | None = None,
    y_labels: Sequence[str] | None = None,
    limits: tuple[float, float] | None = None,
    signed: bool = False,
    numbers: bool = False,
) -> tuple[Figure, Axes]:
    """Draw a matrix as colours: rows down, columns across.

    Args:    values: (rows, columns).   x_labels: one per column.   y_labels: one per row.
             limits: the values at the two ends of the colour bar; give the same to maps that are
             to be compared.   signed: a map centred on 0 with symmetric limits.
             numbers: write each value into its cell.
    Raises:  ValueError: values is no matrix.
    Source:  cividis: Nuñez et al. (2018).
    """
    values, signed, numbers = (
        _numbers("values", values, 2),
        yes_or_no("signed", signed),
        yes_or_no("numbers", numbers),
    )
    reach = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    if limits is None:
        limits = (-reach, reach) if signed else (min(0.0, float(values.min())), reach)
    low, high = _limits(limits)
    with _styled({"axes.grid": False}):
        fig, ax = plt.subplots(figsize=(5.2, 4.2))
        image = ax.imshow(values, cmap=SIGNED if signed else MAGNITUDE, vmin=low, vmax=high)
        fig.colorbar(image, ax=ax, shrink=0.85)
        _name_axes(ax, title, xlabel, ylabel)
        if x_labels is not None:
            x_labels = _labels("x_labels", x_labels)
            ax.set_xticks(range(len(x_labels)), x_labels, fontsize=8)
        if y_labels is not None:
            y_labels = _labels("y_labels", y_labels)
            ax.set_yticks(range(len(y_labels)), y_labels, fontsize=8)
        if numbers:
            for (row, column), value in np.ndenumerate(values):
                red, green, blue, _ = image.cmap(image.norm(value))
                ink = "black" if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "white"
                ax.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=8)
    return fig, ax


def _numbers(name: str, values: object, dimensions: int) -> np.ndarray:
    """Return the values as an array of floats; raise ValueError where they are none."""
    array = array_of(name, values)
    if array.ndim != dimensions or not array.size:
        what = "a matrix" if dimensions == 2 else "a row"
        raise problem(f"{name} as {what}", f"shape {array.shape}", "Choose one batch and one head first.")
    return array


def _labels(name: str, labels: object) -> list[str]:
    """Return the labels with spaces and newlines visible; a text is a row of characters."""
    return [visible(label) for label in (labels if isinstance(labels, str) else items_of(name, labels))]


def _pair(name: str, value: object) -> tuple[Any, Any]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise problem(f"{name} as a pair", described(value), "Write two values between brackets: (a, b).")
    return value[0], value[1]


def _limits(limits: object) -> tuple[float, float]:
    low, high = (real_number("limits", limit) for limit in _pair("limits", limits))
    if not low <= high:
        raise problem("limits (low, high) with low <= high", f"({low}, {high})", "Swap the two.")
    return low, high


def _marker(marker: object) -> str | None:
    if marker is None or (isinstance(marker, str) and marker in MarkerStyle.markers):
        return marker
    raise problem("marker as one of matplotlib's signs, or None", described(marker), 'Take "o" or ".".')


def _name_axes(ax: Axes, title: object, xlabel: object, ylabel: object) -> None:
    ax.set(title=text_of("title", title), xlabel=text_of("xlabel", xlabel), ylabel=text_of("ylabel", ylabel))


@contextmanager
def _styled(more: Mapping[str, object] | None = None) -> Iterator[None]:
    """Use our settings for one picture.

    The backend starts before: inside, its switch to interactive mode would be undone with the settings,
    and a notebook would show only its first picture.
    """
    if not plt.get_fignums():
        plt.switch_backend(plt.get_backend())
    settings: dict[Any, Any] = RC_PARAMS | dict(more or {})  # matplotlib lists every key in its types
    with plt.rc_context(settings):
        yield


def _across(ax: Axes, levels: Mapping[str, float]) -> None:
    """Draw dotted levels, each with its name and height at the right end."""
    for name, height in mapping("across", levels, 'Pass {"name": height}.').items():
        height = real_number(text_of("the name of a level", name), height)
        ax.axhline(height, color=CATEGORIES["black"], linestyle=":", linewidth=1)
        ax.annotate(
            f"{name} {height:.2f}",
            xy=(1.0, height),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8,
        )
