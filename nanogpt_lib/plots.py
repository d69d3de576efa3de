"""Draw pictures: arrays in, `(fig, ax)` out. Nothing here knows a model, and nothing calls show."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nanogpt_lib.checks import problem
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
    Raises:  ValueError: not as many values as labels.
    """
    if len(labels) != len(values):
        raise problem("as many values as labels", f"{len(values)} and {len(labels)}", "Pair them up.")
    with _styled():
        fig, ax = plt.subplots()
        ax.bar(range(len(values)), np.asarray(values, dtype=float), color=CATEGORIES["blue"])
        ax.set_xticks(range(len(labels)), [visible(label) for label in labels])
        ax.grid(axis="x", visible=False)
        ax.set(title=title, ylabel=ylabel)
        if line:
            _across(ax, {line[0]: line[1]})
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
        for place, (name, (x, y)) in enumerate(lines.items()):
            if len(x) != len(y):
                raise problem(f"as many y as x for {name!r}", f"{len(y)} and {len(x)}", "Pair them up.")
            colour = _COLOURS[place % len(_COLOURS)]
            dash = DASHES[place % len(DASHES)]
            ax.plot(x, y, label=name, marker=marker, color=colour, linestyle=dash)
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
        _across(ax, across or {})
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
    values = np.asarray(values, dtype=float)
    if values.ndim != 2:
        raise problem("a matrix", f"shape {values.shape}", "Choose one batch and one head first.")
    reach = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    low, high = limits or ((-reach, reach) if signed else (min(0.0, float(values.min())), reach))
    with _styled({"axes.grid": False}):
        fig, ax = plt.subplots(figsize=(5.2, 4.2))
        image = ax.imshow(values, cmap=SIGNED if signed else MAGNITUDE, vmin=low, vmax=high)
        fig.colorbar(image, ax=ax, shrink=0.85)
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
        if x_labels is not None:
            ax.set_xticks(range(len(x_labels)), [visible(label) for label in x_labels], fontsize=8)
        if y_labels is not None:
            ax.set_yticks(range(len(y_labels)), [visible(label) for label in y_labels], fontsize=8)
        if numbers:
            for (row, column), value in np.ndenumerate(values):
                red, green, blue, _ = image.cmap(image.norm(value))
                ink = "black" if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "white"
                ax.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=8)
    return fig, ax


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
    for name, height in levels.items():
        ax.axhline(height, color=CATEGORIES["black"], linestyle=":", linewidth=1)
        ax.annotate(
            f"{name} {height:.2f}",
            xy=(1.0, height),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8,
        )
