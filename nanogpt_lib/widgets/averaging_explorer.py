"""Change scores and a mask: the weights follow, and which position sees its future.

`averaging_explorer_state` is the whole mathematics; averaging_explorer.js repeats it so that pixels follow
at once, and a test holds the two to each other.

Taught in: averaging_the_past.
"""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np
import torch
import traitlets

from nanogpt_lib.checks import problem
from nanogpt_lib.kinds import array_of
from nanogpt_lib.kit.widget import Widget, html_table, html_text, number

MODES = {
    "none": "no mask",
    "zero": "0 before the softmax",
    "after": "0 after the softmax",
    "-inf": "−∞ before the softmax",
}
FEWEST, MOST = 2, 8
LIMIT = 20.0  # beyond this a softmax over 8 numbers shows nothing new
DEFAULT_X = (2.0, 4.0, 9.0, 1.0, 7.0, 3.0, 8.0, 5.0)
_SHOWN = 0.0005  # what rounds to 0.000 is told as "less than 0.001"


class AveragingState(NamedTuple):
    """Hold what follows from scores, mask and x; T is the number of positions.

    masked (T, T): what the softmax sees.   weights (T, T).   row_sums (T,).   output (T,) = weights @ x.
    future (T,): the weight that each row gives to later positions.
    light: "leak", "short" (no leak, but rows that do not sum to 1) or "closed".   verdict: that in words.

    Taught in: averaging_the_past.
    """

    masked: np.ndarray
    weights: np.ndarray
    row_sums: np.ndarray
    output: np.ndarray
    future: np.ndarray
    light: str
    verdict: str


def averaging_explorer_state(
    scores: Sequence[Sequence[float]] | np.ndarray | torch.Tensor,
    mode: str,
    x: Sequence[float] | np.ndarray | torch.Tensor,
) -> AveragingState:
    """Compute weights, row sums, output and who sees the future, for one way of masking.

    Args:    scores: (T, T), T from 2 to 8, each from −20 to 20.   x: (T,) one number per position.
             mode: "none"; "zero" multiplies scores by the mask; "after" multiplies weights by it and does
             not normalise again; "-inf" puts minus infinity where the future is.
    Raises:  ValueError: a size, a score or the mode is not one of these.
    Example:
        >>> averaging_explorer_state([[0, 2], [0, 0]], "zero", [1, 3]).verdict
        'row 0 gives 0.500 to its future'
        >>> averaging_explorer_state([[0, 2], [0, 0]], "-inf", [1, 3]).output
        array([1., 2.])

    Taught in: averaging_the_past.
    """
    scores, x = _scores(scores), _numbers(x)
    if not isinstance(mode, str) or mode not in MODES:
        raise problem(f"one of the modes {list(MODES)}", f"mode={mode!r}", "Choose one of these.")
    T = len(scores)
    if len(x) != T:
        raise problem(f"one number of x for each of {T} positions", f"{len(x)} numbers", "Give x as many.")
    past = np.tri(T, dtype=bool)
    masked = {"zero": scores * past, "-inf": np.where(past, scores, -np.inf)}.get(mode, scores)
    powers = np.exp(masked - masked.max(axis=1, keepdims=True))
    weights = powers / powers.sum(axis=1, keepdims=True)
    if mode == "after":
        weights = weights * past
    future = np.where(past, 0.0, weights).sum(axis=1)
    row_sums = weights.sum(axis=1)
    light, verdict = _verdict(future, row_sums)
    return AveragingState(masked, weights, row_sums, weights @ x, future, light, verdict)


def _verdict(future: np.ndarray, row_sums: np.ndarray) -> tuple[str, str]:
    leaks = [
        f"row {row} gives {number(share) if share >= _SHOWN else 'less than 0.001'} to its future"
        for row, share in enumerate(future)
        if share > 0
    ]
    if leaks:
        return "leak", ", ".join(leaks)
    short = [
        f"row {row} sums to {number(total)}" for row, total in enumerate(row_sums) if 1 - total >= _SHOWN
    ]
    if short:
        return "short", f"no weight on the future, but the softmax counted it: {', '.join(short)}"
    return "closed", "no row sees its future"


def _scores(values: Sequence[Sequence[float]] | np.ndarray | torch.Tensor) -> np.ndarray:
    scores = array_of("scores, T rows of T each,", values)
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1] or not FEWEST <= len(scores) <= MOST:
        raise problem(
            f"scores of shape (T, T) with T from {FEWEST} to {MOST}",
            f"shape {scores.shape}",
            "Cut out a square: scores[:4, :4].",
        )
    if not (np.abs(scores) <= LIMIT).all():
        row, column = np.argwhere(~(np.abs(scores) <= LIMIT))[0].tolist()
        raise problem(
            f"scores from −{LIMIT:.0f} to {LIMIT:.0f}",
            f"{scores[row, column]} in row {row}, column {column}",
            "The mask puts minus infinity there for you: choose mode='-inf'.",
        )
    return scores


def _numbers(x: Sequence[float] | np.ndarray | torch.Tensor) -> np.ndarray:
    x = array_of("x", x)
    if x.ndim != 1 or not np.isfinite(x).all():
        raise problem(
            "x as a list of finite numbers",
            f"shape {x.shape}" + (f": {x.tolist()}" if x.size <= MOST else ""),
            "Give one per position.",
        )
    return x


class AveragingExplorer(Widget):
    """Show scores to change by hand, a mask to choose, and the weights, row sums and output that follow.

    Args:    scores: (T, T), T from 2 to 8, kept to two decimals; None is 4 × 4 zeros, plain averaging.
             x: (T,) the numbers that are averaged; None gives some.   mode: as `averaging_explorer_state`.
    Raises:  ValueError: as `averaging_explorer_state`.
    Example:
        >>> explorer = AveragingExplorer()
        >>> explorer
        AveragingExplorer of 4 positions, mask '−∞ before the softmax': no row sees its future.
        >>> explorer.mode = "none"
        >>> explorer.state().row_sums
        array([1., 1., 1., 1.])

    Taught in: averaging_the_past.
    """

    name: ClassVar[str] = "averaging_explorer"

    scores = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    x = traitlets.List(traitlets.Float()).tag(sync=True)
    mode = traitlets.Unicode("-inf").tag(sync=True)

    def __init__(
        self,
        scores: Sequence[Sequence[float]] | np.ndarray | torch.Tensor | None = None,
        *,
        x: Sequence[float] | np.ndarray | torch.Tensor | None = None,
        mode: str = "-inf",
    ) -> None:
        scores = _scores(np.zeros((4, 4)) if scores is None else scores)
        x = _numbers(DEFAULT_X[: len(scores)] if x is None else x)
        averaging_explorer_state(scores, mode, x)  # refuses what does not fit together
        # Two decimals, so that what stands in a field is what the weights beside it were computed from.
        super().__init__(scores=scores.round(2).tolist(), x=x.tolist(), mode=mode)

    def state(self) -> AveragingState:
        """Return what the widget shows now, as arrays."""
        return averaging_explorer_state(self.scores, self.mode, self._fitting_x())

    def _fitting_x(self) -> list[float]:
        """Return x with one number per position, also when scores of another size have just arrived."""
        T = len(self.scores)
        return [*self.x[:T], *DEFAULT_X[len(self.x) : T]]

    @traitlets.validate("scores")
    def _square(self, proposal: dict) -> list[list[float]]:
        return _scores(proposal["value"]).tolist()

    @traitlets.validate("x")
    def _finite(self, proposal: dict) -> list[float]:
        return _numbers(proposal["value"]).tolist()

    @traitlets.validate("mode")
    def _known(self, proposal: dict) -> str:
        if proposal["value"] not in MODES:
            raise problem(f"one of the modes {list(MODES)}", f"mode={proposal['value']!r}", "Choose one.")
        return proposal["value"]

    @traitlets.observe("scores")
    def _resize_x(self, _: dict) -> None:
        if self.x and len(self.x) != len(self.scores):
            self.x = self._fitting_x()

    def __repr__(self) -> str:
        return (
            f"AveragingExplorer of {len(self.scores)} positions, mask {MODES[self.mode]!r}: "
            f"{self.state().verdict}."
        )

    def static_html(self) -> str:
        """Return what the softmax sees, and what comes out, as two tables."""
        state, T = self.state(), len(self.scores)
        positions = [str(at) for at in range(T)]
        seen = [[number(value, 2) for value in row] for row in state.masked]
        x = self._fitting_x()
        out = [
            [
                *map(number, [*state.weights[at], state.row_sums[at]]),
                number(x[at], 2),
                number(state.output[at], 2),
            ]
            for at in range(T)
        ]
        side = [f"query {at}" for at in positions]
        return (
            f"<p><b>Mask: {html_text(MODES[self.mode])}</b>: {html_text(state.verdict)}.</p>"
            + html_table(seen, head=positions, side=side, caption="What the softmax sees; key across")
            + html_table(
                out,
                head=[*positions, "row sum", "x", "output"],
                side=side,
                caption="Weights, and what they give",
            )
        )
