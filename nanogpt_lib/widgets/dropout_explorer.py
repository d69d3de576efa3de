"""Choose a share to drop and draw masks: attention weights and the sums of their rows follow.

`dropout_explorer_state` is the whole mathematics, over the averages of notebook 03. Every choice is computed
once, when the widget is made; dropout_explorer.js only picks, so it answers at once, and also where no kernel
runs.

Taught in: dropout.
"""

from typing import ClassVar, NamedTuple

import numpy as np
import torch
import traitlets

from nanogpt_lib.checks import problem
from nanogpt_lib.kit.widget import html_table, html_text, number
from nanogpt_lib.process import one_thread
from nanogpt_lib.style import visible_text
from nanogpt_lib.widgets.explorer import Explorer

SHARES = tuple(tenth / 10 for tenth in range(11))
MASKS = 12  # how many single masks "Draw again" goes through
REPEATS = 20_000  # as in the notebook
LINE = "to be or"
T = len(LINE)
FUTURE, DROPPED = -2.0, -1.0  # what stands for these in what the browser gets; a weight is never negative


class DropoutState(NamedTuple):
    """Hold what dropout with one p makes of a triangle of averages: by one mask, and over 20,000 masks.

    weights, kept (8, 8): what this mask leaves, and whether it kept the place.   sums (8,): of its rows.
    means, deviations, zeros (8,): of each row's sum over all masks the mean and the standard deviation, and
    the share of masks that leave nothing of the row.

    Taught in: dropout.
    """

    weights: np.ndarray
    kept: np.ndarray
    sums: np.ndarray
    means: np.ndarray
    deviations: np.ndarray
    zeros: np.ndarray


def dropout_explorer_state(p: float, mask: int = 0) -> DropoutState:
    """Compute the averages of notebook 03 after dropout, for one p and one mask.

    A mask is drawn as by hand in notebook 09, from a generator with the seed mask + 1. So a larger p drops
    more, and never brings back what a smaller p has dropped.
    Args:    p: share to drop: 0, 0.1, 0.2 and so on to 1.   mask: 0 to 11.
    Raises:  ValueError: p or mask is something else.
    Example:
        >>> state = dropout_explorer_state(0.2)
        >>> state.deviations[[0, 7]].round(2).tolist(), round(float(state.zeros[0]), 2)
        ([0.5, 0.18], 0.2)

    Taught in: dropout.
    """
    _known_share(p), _known_mask(mask)
    with one_thread():
        return _one_mask(_uniform(mask + 1), p, _repeated(_uniform(1, REPEATS), p))


def _known_share(p: float) -> float:
    if type(p) not in (int, float) or p not in SHARES:
        raise problem(f"p as one of {list(SHARES)}", f"p={p!r}", "Choose one of these.")
    return float(p)


def _known_mask(mask: int) -> int:
    if type(mask) is not int or not 0 <= mask < MASKS:
        raise problem(f"0 <= mask < {MASKS}", f"mask={mask!r}", "Choose a whole number of these.")
    return mask


def _uniform(seed: int, *times: int) -> torch.Tensor:
    """Draw (..., 8, 8) numbers between 0 and 1; a place is kept where they are at least p.

    Not by `Dropout`: torch draws its masks, which differ between machines, and stored outputs would change.
    """
    return torch.rand(*times, T, T, generator=torch.Generator().manual_seed(seed))


def _kept(uniform: torch.Tensor, p: float) -> torch.Tensor:
    return (uniform >= p) & torch.ones(T, T, dtype=torch.bool).tril()


def _sums(kept: torch.Tensor, p: float) -> np.ndarray:
    """Return the sum of each row, from counts: whole numbers come out alike on every processor."""
    counts = kept.sum(dim=-1).double() / torch.arange(1, T + 1)
    return (counts if p == 1 else counts / (1 - p)).numpy()  # at p = 1 nothing is kept and nothing raised


def _repeated(uniform: torch.Tensor, p: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sums = _sums(_kept(uniform, p), p)
    return sums.mean(axis=0), sums.std(axis=0, ddof=1), (sums == 0).mean(axis=0)


def _one_mask(uniform: torch.Tensor, p: float, repeated: tuple) -> DropoutState:
    kept = _kept(uniform, p)
    weights = torch.ones(T, T).tril() / torch.arange(1, T + 1)[:, None]
    left = weights * kept if p == 1 else weights * kept / (1 - p)
    return DropoutState(left.numpy(), kept.numpy(), _sums(kept, p), *repeated)


def _percent(share: float) -> str:
    """Write a share as people say it; what is more than nothing never looks like nothing.

    A tenth of a percent is told only below 1 %, where it matters.
    """
    if 0 < share < 0.0005:
        return "<0.1 %"
    return f"{number(100 * share, 1 if 0 < share < 0.0095 else 0)} %"


def dropout_in_words(state: DropoutState, p: float) -> str:
    """Say what this mask does, and what the row sums do over many masks.

    Example:
        >>> state = dropout_explorer_state(0.2)
        >>> dropout_in_words(state, 0.2)[-58:]
        'row 7: the more weights, the better the holes average out.'

    Taught in: dropout.
    """
    places = T * (T + 1) // 2
    if p == 0:
        return f"With p = 0 nothing is dropped: all {places} weights stay, and every row sums to 1."
    if p == 1:
        return (
            "With p = 1 everything is dropped: every row sums to 0, in every draw. 1 / (1 − p) has no value "
            "here, so this corner is treated apart."
        )
    empty = int((state.sums == 0).sum())
    vanished = "no row is all zero" if not empty else f"{empty} row{'s are' if empty > 1 else ' is'} all zero"
    return (
        f"This draw keeps {int(state.kept.sum())} of {places} weights, each raised to {_plain(1 / (1 - p))} "
        f"times its size; {vanished}. Over {REPEATS:,} draws each row sums to about 1 on average, with a "
        f"standard deviation of {number(state.deviations[0], 2)} in row 0 (all zero in "
        f"{_percent(state.zeros[0])} of draws) and {number(state.deviations[-1], 2)} in row {T - 1}: the "
        "more weights, the better the holes average out."
    )


def _plain(value: float) -> str:
    """Write a factor in at most two decimals: 1.25, 2, 3.33."""
    return number(value, 2).rstrip("0").rstrip(".")


class DropoutExplorer(Explorer):
    """Show a slider for p and a button that draws another mask: the weights and the sums of the rows follow.

    All 132 choices are computed when it is made, in less than a second.

    Args:    p, mask: as `dropout_explorer_state`; "Draw again" shows the next mask.
    Raises:  ValueError: p or mask is something else.
    Example:
        >>> explorer = DropoutExplorer(p=0.5)
        >>> explorer.state().deviations[0].round(1)
        np.float64(1.0)

    Taught in: dropout.
    """

    name: ClassVar[str] = "dropout_explorer"
    CHOSEN = ("p", "mask")

    p = traitlets.Float(0.2).tag(sync=True)
    mask = traitlets.Int(0).tag(sync=True)

    def __init__(self, p: float = 0.2, *, mask: int = 0) -> None:
        _known_share(p), _known_mask(mask)
        states: dict[tuple[float, int], DropoutState] = {}
        with one_thread():
            many, single = _uniform(1, REPEATS), [_uniform(at + 1) for at in range(MASKS)]
            for share in SHARES:
                repeated = _repeated(many, share)
                states |= {
                    (share, at): _one_mask(uniform, share, repeated) for at, uniform in enumerate(single)
                }
        super().__init__(
            states,
            {"p": float(p), "mask": mask},
            layout={
                "shares": list(SHARES),
                "masks": MASKS,
                "repeats": REPEATS,
                "line": [visible_text(token) for token in LINE],
                "kept": ["no value" if share == 1 else _plain(1 / (1 - share)) for share in SHARES],
                "zeros": [[_percent(zero) for zero in states[share, 0].zeros] for share in SHARES],
            },
            pack=_packed,
            say=lambda choice, state: dropout_in_words(state, choice[0]),
        )

    @traitlets.validate("p")
    def _share(self, proposal: dict) -> float:
        return _known_share(proposal["value"])

    @traitlets.validate("mask")
    def _mask(self, proposal: dict) -> int:
        return _known_mask(proposal["value"])

    def __repr__(self) -> str:
        state = self.state()
        return (
            f"DropoutExplorer: p = {_plain(self.p)}, mask {self.mask}: row sums "
            f"{', '.join(number(value, 2) for value in state.sums)}; standard deviation over {REPEATS:,} "
            f"draws {number(state.deviations[0], 2)} in row 0, "
            f"{number(state.deviations[-1], 2)} in row {T - 1}"
        )

    def static_html(self) -> str:
        """Return the weights after this mask, the sums of their rows, and what many masks do to the sums."""
        state = self.state()
        shown = [
            [number(state.weights[t, s], 2) if state.kept[t, s] else "×" if s <= t else "" for s in range(T)]
            for t in range(T)
        ]
        side = [f"row {t}: {visible_text(token)}" for t, token in enumerate(LINE)]
        return (
            f"<p><b>p = {_plain(self.p)}, draw {self.mask + 1}.</b> "
            f"{html_text(dropout_in_words(state, self.p))}</p>"
            + html_table(
                [[*row, number(total, 2)] for row, total in zip(shown, state.sums, strict=True)],
                head=[*map(visible_text, LINE), "sum"],
                side=side,
                caption="Attention weights after dropout; × was dropped, what is empty is the future",
            )
            + html_table(
                [
                    [number(mean, 2), number(deviation, 2), _percent(zero)]
                    for mean, deviation, zero in zip(state.means, state.deviations, state.zeros, strict=True)
                ],
                head=["mean of the sum", "its standard deviation", "all zero"],
                side=side,
                caption=f"Over {REPEATS:,} draws",
            )
        )


def _packed(state: DropoutState) -> tuple:
    """Return the parts of one state in the order in which `unpack` in dropout_explorer.js reads them."""
    cells = np.where(state.kept, state.weights, DROPPED)
    cells[np.triu_indices(T, 1)] = FUTURE
    return cells, state.sums, state.means, state.deviations
