"""Show a small table, axes to average over and a change to make: what a norm shares, erases and lets in.

`norm_explorer_state` is the whole mathematics; norm_explorer.js repeats it so that pixels follow at once, and
a test holds the two to each other.

Taught in: layernorm.
"""

from typing import ClassVar, NamedTuple

import numpy as np
import traitlets

from nanogpt_lib.checks import problem
from nanogpt_lib.kit.widget import Widget, html_table, html_text, number
from nanogpt_lib.style import visible_text

LINE = "to be or"  # two blocks of four characters, as in the notebook
FEATURES = ("vowel", "consonant", "place")
EPS = 1e-5
Z = (0.0, 1.0, 26.0)  # what the probes write: it is in none of the blocks
X = np.array(
    [[c in "aeiou", c not in "aeiou ", " abcdefghijklmnopqrstuvwxyz".index(c)] for c in LINE], dtype=float
).reshape(2, 4, 3)
CELLS = np.arange(X.size).reshape(X.shape)
AXES = {  # name: (what the menu says, the axes of (B, T, C) that are averaged over)
    "layer": ("layer: the features of one position", (2,)),
    "batch": ("batch: one feature in all positions", (0, 1)),
    "sequence": ("sequence: one block with all features", (1, 2)),
    "all": ("all: everything at once", (0, 1, 2)),
}
SHIFTS = tuple(range(-10, 11))
SCALES = tuple(half / 2 for half in range(-6, 7))
BINS = 21  # of each histogram; an odd number, so that 0 is in the middle of one
LIMITS = (5, 10, 20, 40, 80)  # where a histogram ends; after the norm always at 5, since √23 is the most
NOTHING, LITTLE = 1e-9, 0.005  # below the first it is rounding, below the second it would be written 0.00


def _named(position: int) -> str:
    """Return the character and its block in words."""
    return f"{'space' if LINE[position] == ' ' else LINE[position]} of block {position // 4}"


PARTS = {  # name: (in words, its cells)
    **{f"position {at}": (_named(at), CELLS.reshape(8, 3)[at].tolist()) for at in range(len(LINE))},
    **{name: (name, CELLS[:, :, at].ravel().tolist()) for at, name in enumerate(FEATURES)},
}
GROUPS = {
    "layer": [_named(at) for at in range(len(LINE))],
    "batch": list(FEATURES),
    "sequence": ["block 0", "block 1"],
    "all": [f"all {X.size} numbers"],
}


class NormState(NamedTuple):
    """Hold what follows from the axes and a change; each of G groups shares a mean and a variance.

    x (2, 4, 3): the table with the change.   normalised (2, 4, 3).   groups (2, 4, 3): each cell's group.
    statistics (G, 4): mean and variance before the norm, mean and variance after it.
    limits (2,), counts (2, 21): histograms of all numbers before and after, from minus to plus the limit.
    change (2, 4, 3): how far each normalised number is from that of the table without the change.
    time: how far the first position moves if the last of its block becomes z; batch: if the other block does.
    lights: of both, "leak", "closed", or "hidden" where only the change keeps a leak from showing.
    words: of time, of batch, and of the change, one sentence or two each.

    Taught in: layernorm.
    """

    x: np.ndarray
    normalised: np.ndarray
    groups: np.ndarray
    statistics: np.ndarray
    limits: np.ndarray
    counts: np.ndarray
    change: np.ndarray
    time: float
    batch: float
    lights: tuple[str, str]
    words: tuple[str, str, str]


def norm_explorer_state(
    axis: str, part: str = "position 0", *, shift: int = 0, scale: float = 1.0
) -> NormState:
    """Normalise the lesson's table over the axes, one part of it times scale plus shift.

    Args:    axis: "layer", "batch", "sequence" or "all".
             part: "position 0" to "position 7", "vowel", "consonant" or "place".
             shift: a whole number from −10 to 10.   scale: from −3 to 3 in halves.
    Raises:  ValueError: one of them is not among these.
    Example:
        >>> state = norm_explorer_state("batch")
        >>> round(state.time, 2), round(state.batch, 2)
        (0.5, 1.11)
        >>> norm_explorer_state("layer", shift=5, scale=3).words[2][-42:]
        'The norm erases the change, but for its ε.'

    Taught in: layernorm.
    """
    _known_axis(axis), _known_part(part), _known_shift(shift), _known_scale(scale)
    dims = AXES[axis][1]
    own = np.isin(CELLS, PARTS[part][1])
    future, neighbour = X.copy(), X.copy()
    future[0, 3], neighbour[1] = Z, Z
    # The change comes last, so that it is made in the z of the probes too: a column is shifted as a whole.
    x, future, neighbour = (np.where(own, scale * one + shift, one) for one in (X, future, neighbour))
    normalised = _normalise(x, dims)
    time, batch = (
        float(np.abs(_normalise(other, dims)[0, 0] - normalised[0, 0]).max()) for other in (future, neighbour)
    )
    groups = _groups(dims)
    change = np.abs(normalised - _normalise(X, dims))
    limits = np.array([next(limit for limit in LIMITS if limit >= np.abs(x).max()), LIMITS[0]])
    lights = _light(time, 1 in dims), _light(batch, 0 in dims)
    what = _what(PARTS[part][0], shift, scale)
    return NormState(
        x=x,
        normalised=normalised,
        groups=groups,
        statistics=np.array(
            [
                [one[groups == at].mean(), one[groups == at].var()]
                for at in range(groups.max() + 1)
                for one in (x, normalised)
            ]
        ).reshape(-1, 4),
        limits=limits,
        counts=np.stack(
            [_counted(one, limit) for one, limit in zip((x, normalised), limits.tolist(), strict=True)]
        ),
        change=change,
        time=time,
        batch=batch,
        lights=lights,
        words=(
            f"Time: if block 0 ended in z, its {LINE[0]} {_would(lights[0], time)} its future.",
            f"Batch: if block 1 were zzzz, the {_named(0)} {_would(lights[1], batch)} its neighbour.",
            _change_in_words(
                what, float(change[own].max()), float(change[~own].max()), same=bool((x == X).all())
            ),
        ),
    )


def _known(value: object, name: str, choices: tuple, said: str) -> object:
    if type(value) not in {type(choice) for choice in choices} or value not in choices:
        raise problem(f"{name} as one of {said}", f"{name}={value!r}", "Choose one of these.")
    return value


def _known_axis(axis: str) -> str:
    return _known(axis, "axis", tuple(AXES), str(list(AXES)))


def _known_part(part: str) -> str:
    return _known(part, "part", tuple(PARTS), str(list(PARTS)))


def _known_shift(shift: int) -> int:
    return _known(shift, "shift", SHIFTS, f"the whole numbers from {_plain(SHIFTS[0])} to {SHIFTS[-1]}")


def _known_scale(scale: float) -> float:
    return _known(scale, "scale", (*SCALES, 1), f"{_plain(SCALES[0])} to {SCALES[-1]:g} in halves")


def _normalise(x: np.ndarray, dims: tuple[int, ...]) -> np.ndarray:
    centred = x - x.mean(dims, keepdims=True)
    return centred / np.sqrt(np.square(centred).mean(dims, keepdims=True) + EPS)


def _groups(dims: tuple[int, ...]) -> np.ndarray:
    """Return the number of each cell's group: cells that differ only along dims share it."""
    kept = [1 if at in dims else size for at, size in enumerate(X.shape)]
    return np.broadcast_to(np.arange(np.prod(kept)).reshape(kept), X.shape)


def _counted(values: np.ndarray, limit: int) -> np.ndarray:
    bars = np.floor((values.ravel() + limit) / (2 * limit) * BINS).astype(int)
    return np.bincount(bars.clip(0, BINS - 1), minlength=BINS)


def _plain(value: float) -> str:
    return f"{abs(value):g}" if value >= 0 else f"−{abs(value):g}"


def _by(value: float, most: str = "") -> str:
    return f"by {most}{number(value, 2)}" if value >= LITTLE else f"by less than {LITTLE:g}"


def _light(moved: float, reaches: bool) -> str:
    return "leak" if moved >= NOTHING else "hidden" if reaches else "closed"


def _would(light: str, moved: float) -> str:
    return {
        "leak": f"would move {_by(moved)}: it sees",
        "hidden": "would not move, but only since your change hides it: it sees",
        "closed": "would not move: it does not see",
    }[light]


def _what(label: str, shift: int, scale: float) -> str:
    """Write the change, as in "t of block 0 times 3, plus 5"; nothing where there is none."""
    parts = [f"times {_plain(scale)}"] if scale != 1 else []
    parts += [f"{'plus' if shift > 0 else 'minus'} {abs(shift)}"] if shift else []
    return f"{label} {', '.join(parts)}" if parts else ""


def _change_in_words(what: str, own: float, rest: float, *, same: bool) -> str:
    if not what:
        return "Change: none yet. Choose a position or a feature, then shift or scale it."
    if same:
        return f"Change: {what}. That leaves every number of the table as it was."
    if max(own, rest) < NOTHING:
        return f"Change: {what}. After the norm every number is as it was: the norm erases the change."
    own_moves, rest_moves = (
        "stays as it was" if far < NOTHING else f"moves {_by(far, 'up to ')}" for far in (own, rest)
    )
    erased = "" if max(own, rest) >= LITTLE else " The norm erases the change, but for its ε."
    return f"Change: {what}. After the norm it {own_moves}, the rest {rest_moves}.{erased}"


class NormExplorer(Widget):
    """Show a table to normalise over any axes: which share a mean, what a change does, what leaks in.

    Args:    axis, part, shift, scale: as `norm_explorer_state`.
    Raises:  ValueError: as `norm_explorer_state`.
    Example:
        >>> explorer = NormExplorer()
        >>> explorer
        NormExplorer: axis layer, 8 means and variances, t moves by 0.00 with its future,
        0.00 with its neighbour
        >>> explorer.axis = "batch"
        >>> round(explorer.state().batch, 2)
        1.11

    Taught in: layernorm.
    """

    name: ClassVar[str] = "norm_explorer"

    axis = traitlets.Unicode("layer").tag(sync=True)
    part = traitlets.Unicode("position 0").tag(sync=True)
    shift = traitlets.Int(0).tag(sync=True)
    scale = traitlets.Float(1.0).tag(sync=True)
    layout_of = traitlets.Dict().tag(sync=True)  # the table and what its parts are called, which never change

    def __init__(
        self, axis: str = "layer", *, part: str = "position 0", shift: int = 0, scale: float = 1.0
    ) -> None:
        norm_explorer_state(axis, part, shift=shift, scale=scale)  # refuses what it does not know
        super().__init__(
            axis=axis,
            part=part,
            shift=shift,
            scale=scale,
            layout_of={
                "x": X.ravel().tolist(),
                "z": list(Z),
                "shape": list(X.shape),
                "line": [visible_text(char) for char in LINE],
                "features": list(FEATURES),
                "axes": [[name, label, list(dims)] for name, (label, dims) in AXES.items()],
                "parts": [[name, label, cells] for name, (label, cells) in PARTS.items()],
                "groups": GROUPS,
                "shifts": [SHIFTS[0], SHIFTS[-1]],
                "scales": [SCALES[0], SCALES[-1]],
                "bins": BINS,
                "limits": list(LIMITS),
                "eps": EPS,
                "nothing": NOTHING,
                "little": LITTLE,
            },
        )

    def state(self) -> NormState:
        """Return what the widget shows now, as arrays."""
        return norm_explorer_state(self.axis, self.part, shift=self.shift, scale=self.scale)

    @traitlets.validate("axis")
    def _axis(self, proposal: dict) -> str:
        return _known_axis(proposal["value"])

    @traitlets.validate("part")
    def _part(self, proposal: dict) -> str:
        return _known_part(proposal["value"])

    @traitlets.validate("shift")
    def _shift(self, proposal: dict) -> int:
        return _known_shift(proposal["value"])

    @traitlets.validate("scale")
    def _scale(self, proposal: dict) -> float:
        return _known_scale(proposal["value"])

    def __repr__(self) -> str:
        state = self.state()
        what = _what(PARTS[self.part][0], self.shift, self.scale)
        several = "means and variances" if len(state.statistics) > 1 else "mean and variance"
        return (
            f"NormExplorer: axis {self.axis}, {len(state.statistics)} {several}{what and f', {what}'}, "
            f"{LINE[0]} moves by {number(state.time, 2)} with its future, {number(state.batch, 2)} with its "
            "neighbour"
        )

    def static_html(self) -> str:
        """Return the table before and after, and the mean and variance of every group."""
        state = self.state()
        before, after = (one.reshape(8, 3) for one in (state.x, state.normalised))
        side = [f"block {at // 4}: {visible_text(char)}" for at, char in enumerate(LINE)]
        return (
            f"<p><b>{html_text(AXES[self.axis][0])}.</b> {html_text(' '.join(state.words))}</p>"
            + html_table(
                [
                    [*map(_plain, before[at].tolist()), *(number(value, 2) for value in after[at])]
                    for at in range(8)
                ],
                head=[*FEATURES, *(f"{name}, normalised" for name in FEATURES)],
                side=side,
                caption="The table, and what the norm makes of it",
            )
            + html_table(
                [[number(value, 2) for value in row] for row in state.statistics],
                head=["mean", "variance", "mean after", "variance after"],
                side=GROUPS[self.axis],
                caption="What is averaged together",
            )
        )
