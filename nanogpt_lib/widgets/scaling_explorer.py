"""A head_size and a divisor to choose: how scores spread, how the softmax decides, what gradient is left.

`scaling_explorer_state` is the whole mathematics. Every choice is computed once, when the widget is made;
scaling_explorer.js only picks, so it answers at once, and also where no kernel runs.

Taught in: scaling.
"""

import math
from typing import ClassVar, NamedTuple

import numpy as np
import torch
import traitlets

from nanogpt_lib.checks import one_of, problem, seed_number
from nanogpt_lib.dot_product import attention_steps
from nanogpt_lib.kit.widget import amount, html_table, html_text, number
from nanogpt_lib.process import one_thread
from nanogpt_lib.widgets.explorer import Explorer

SIZES = tuple(2**power for power in range(9))
QUERIES, KEYS = 4_000, 8  # as in the notebook, so that both tell the same numbers
EXAMPLES = 16  # the first queries, which are shown one by one
N_HEAD = 4  # n_embd is 4 * head_size
LIMIT, BIN = 32, 0.5  # the histogram shows scores from -32 to 32, in bars around the multiples of a half
BINS = int(2 * LIMIT / BIN) + 1
_LN, _FREE = math.log(KEYS), 1 - 1 / KEYS  # entropy and sensitivity when all keys share equally
DIVISORS = {  # name: (what the menu says, numbers in n_embd for one in head_size or 1, to which power)
    "none": ("1 (no scaling)", 1, 0.0),
    "root of head_size": ("root of head_size", 1, 0.5),
    "root of n_embd": (f"root of n_embd ({N_HEAD} heads)", N_HEAD, 0.5),
    "head_size": ("head_size", 1, 1.0),
    "head_size squared": ("head_size squared", 1, 2.0),
}
MEASURES = (  # field of ScalingState, its name in a table's head, on the screen, where its bar ends
    ("largest", "largest weight", f"largest weight, at least {number(1 / KEYS)}", 1.0),
    ("entropy", "entropy", f"entropy in nats, at most ln\u00a0{KEYS}\u00a0=\u00a0{number(_LN)}", _LN),
    ("sensitivity", "sum of p(1 − p)", f"sum of p(1 − p), at most {number(_FREE)}", _FREE),
    ("gradient_median", "gradient, median", "gradient at the query, median", 0.3),
    ("gradient_mean", "gradient, mean", "gradient at the query, mean", 0.3),
)
SIGNS = {"sharp": "> 1", "level": "≈ 1", "even": "< 1"}


class ScalingState(NamedTuple):
    """What follows from a head_size and a divisor, over 4,000 queries with 8 keys each.

    divisor: the number itself.   counts (129,): scores in each bar of the histogram, -32 to 32.
    outside: the share of scores beyond it.   spread: standard deviation of the scores that enter the softmax.
    largest, entropy, sensitivity: means over the queries; sensitivity is the sum of p(1 - p) over the keys.
    gradient_mean, gradient_median: norm of the gradient at the query, of the weight of key 0.
    scores, weights (16, 8): of the first queries.   row_measures (16, 4): their largest weight, entropy,
    sensitivity and gradient.

    Taught in: scaling.
    """

    divisor: float
    counts: np.ndarray
    outside: float
    spread: float
    largest: float
    entropy: float
    sensitivity: float
    gradient_mean: float
    gradient_median: float
    scores: np.ndarray
    weights: np.ndarray
    row_measures: np.ndarray


def scaling_explorer_state(head_size: int, divisor: str, *, seed: int = 1) -> ScalingState:
    """Return scores, weights and gradients of random queries and keys, for one head_size and one divisor.

    Args:    head_size: a power of two from 1 to 256.   seed: of the random numbers; 1 as in notebook 05.
             divisor: "none", "root of head_size", "root of n_embd" (with 4 heads), "head_size" or
             "head_size squared".
    Raises:  ValueError: head_size or divisor is not one of these.
    Example:
        >>> state = scaling_explorer_state(64, "root of head_size")
        >>> state.divisor, round(state.spread, 2), round(state.largest, 2)
        (8.0, 1.01, 0.36)

    Taught in: scaling.
    """
    _known_size(head_size), _known_divisor(divisor)
    with one_thread():
        return _measured(*_drawn(head_size, seed), divisor)


def _known_size(head_size: int) -> int:
    if type(head_size) is not int or head_size not in SIZES:
        raise problem(
            f"head_size as one of {list(SIZES)}", f"head_size={head_size!r}", "Choose one of these."
        )
    return head_size


def _known_divisor(divisor: str) -> str:
    return one_of("divisor", divisor, DIVISORS)


def _known_query(query: int) -> int:
    if type(query) is not int or not 0 <= query < EXAMPLES:
        raise problem(f"0 <= query < {EXAMPLES}", f"query={query!r}", "Choose one of the first queries.")
    return query


def _drawn(head_size: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return queries and keys in the order of the notebook's draws: (4000, 1, h) and (4000, 8, h)."""
    draw = torch.Generator().manual_seed(seed)
    q = torch.randn(QUERIES, 1, head_size, generator=draw)
    return q, torch.randn(QUERIES, KEYS, head_size, generator=draw)


def _measured(q: torch.Tensor, k: torch.Tensor, divisor: str) -> ScalingState:
    _, heads, power = DIVISORS[divisor]
    width = heads * q.shape[-1]
    scale = width**-power
    steps = attention_steps(q, k, k, scale=scale)  # with the keys as values, the output is their average
    scores, weights = steps.scaled[:, 0], steps.weights[:, 0]
    largest = weights.amax(-1)
    entropy = -(weights * weights.clamp_min(1e-30).log()).sum(-1)
    sensitivity = (weights * (1 - weights)).sum(-1)
    # The derivative of key 0's weight at the query: how far key 0 lies from the average key, times both.
    gradient = (scale * weights[:, :1] * (k[:, 0] - steps.output[:, 0])).norm(dim=-1)
    bars = (scores / BIN).round().long() + BINS // 2
    counts = torch.bincount(bars[(bars >= 0) & (bars < BINS)], minlength=BINS)
    return ScalingState(
        divisor=float(width**power),
        counts=counts.numpy(),
        outside=1 - int(counts.sum()) / scores.numel(),
        spread=scores.std().item(),
        largest=largest.mean().item(),
        entropy=entropy.mean().item(),
        sensitivity=sensitivity.mean().item(),
        gradient_mean=gradient.mean().item(),
        gradient_median=gradient.median().item(),
        scores=scores[:EXAMPLES].clone().numpy(),  # a copy, or it would hold the memory of all
        weights=weights[:EXAMPLES].clone().numpy(),
        row_measures=torch.stack([largest, entropy, sensitivity, gradient], dim=-1)[:EXAMPLES]
        .clone()
        .numpy(),
    )


def light(state: ScalingState) -> str:
    """Tell whether the spread is far above 1 ("sharp"), near it ("level") or far below ("even").

    Example:
        >>> light(scaling_explorer_state(4, "head_size"))
        'even'

    Taught in: scaling.
    """
    return "sharp" if state.spread > 1.25 else "level" if state.spread > 0.8 else "even"


def scaling_in_words(state: ScalingState) -> str:
    """Return what the pictures show, in three sentences with their numbers.

    Example:
        >>> scaling_in_words(scaling_explorer_state(64, "none"))[:75]
        'Divided by 1, the scores have a spread of 8.054: by chance some stand out, '

    Taught in: scaling.
    """
    said = {
        "sharp": "by chance some stand out, and the softmax favours them",
        "level": "undecided, yet not indifferent",
        "even": "the weights are drawn towards equal shares",
    }[light(state)]
    words = (
        f"Divided by {_plain(state.divisor)}, the scores have a spread of {amount(state.spread)}: {said}. "
        f"On average the largest of {KEYS} weights is {amount(state.largest)} "
        f"(equal shares: {number(1 / KEYS)}). "
        f"The typical (median) gradient at the query is {amount(state.gradient_median)}."
    )
    return words.replace("<", "below ")


def _plain(value: float) -> str:
    """Return a divisor: 8, 65,536 or 2.828."""
    return f"{value:,.0f}" if value == int(value) else number(value)


class ScalingExplorer(Explorer):
    """A slider for head_size, a menu of divisors: the histogram of scores, weights, entropy and gradients.

    All 45 choices are computed when it is made, in about a second.

    Args:    head_size, divisor, seed: as `scaling_explorer_state`.
             query: which of the first 16 queries is the example; "Draw again" shows the next.
    Raises:  ValueError: head_size, divisor or query is none of these.
    Example:
        >>> explorer = ScalingExplorer(64, "none")
        >>> explorer
        ScalingExplorer: head_size 64, scores divided by 1, spread 8.054, largest of 8 weights 0.875,
        entropy 0.318 of 2.079, sum of p(1 − p) 0.177
        >>> explorer.divisor = "root of head_size"
        >>> round(explorer.state().spread, 2)
        1.01

    Taught in: scaling.
    """

    name: ClassVar[str] = "scaling_explorer"
    CHOSEN = ("head_size", "divisor")

    head_size = traitlets.Int(64).tag(sync=True)
    divisor = traitlets.Unicode("root of head_size").tag(sync=True)
    query = traitlets.Int(0).tag(sync=True)

    def __init__(
        self, head_size: int = 64, divisor: str = "root of head_size", *, query: int = 0, seed: int = 1
    ) -> None:
        _known_size(head_size), _known_divisor(divisor), _known_query(query)
        states: dict[tuple[int, str], ScalingState] = {}
        seed = seed_number("seed", seed)
        with one_thread():
            for size in SIZES:
                q, k = _drawn(size, seed)
                states |= {(size, name): _measured(q, k, name) for name in DIVISORS}
        super().__init__(
            states,
            {"head_size": head_size, "divisor": divisor, "query": query},
            layout={
                "sizes": list(SIZES),
                "divisors": [[name, label] for name, (label, _, _) in DIVISORS.items()],
                "measures": [list(measure[2:]) for measure in MEASURES],
                "queries": QUERIES,
                "keys": KEYS,
                "examples": EXAMPLES,
                "bins": BINS,
                "limit": LIMIT,
                "seed": seed,
                "signs": SIGNS,
            },
            pack=_packed,
            say=lambda _, state: [light(state), scaling_in_words(state)],
        )

    @traitlets.validate("head_size")
    def _size(self, proposal: dict) -> int:
        return _known_size(proposal["value"])

    @traitlets.validate("divisor")
    def _divisor(self, proposal: dict) -> str:
        return _known_divisor(proposal["value"])

    @traitlets.validate("query")
    def _query(self, proposal: dict) -> int:
        return _known_query(proposal["value"])

    def __repr__(self) -> str:
        state = self.state()
        return (
            f"ScalingExplorer: head_size {self.head_size}, scores divided by {_plain(state.divisor)}, "
            f"spread {amount(state.spread)}, largest of {KEYS} weights {amount(state.largest)}, "
            f"entropy {amount(state.entropy)} of {number(_LN)}, "
            f"sum of p(1 − p) {amount(state.sensitivity)}"
        )

    def static_html(self) -> str:
        """Return every divisor for this head_size, and the weights of the example, as two tables."""
        state, query = self.state(), self.query
        rows = []
        for name in DIVISORS:
            other = self._states[self.head_size, name]
            measured = [amount(getattr(other, field)) for field, *_ in MEASURES]
            rows.append([_plain(other.divisor), amount(other.spread), *measured])
        labels = [f"→ {label}" if name == self.divisor else label for name, (label, _, _) in DIVISORS.items()]
        example = [
            [number(score) for score in state.scores[query]],
            [amount(weight) for weight in state.weights[query]],
        ]
        return (
            f"<p><b>head_size {self.head_size}, divided by: {html_text(DIVISORS[self.divisor][0])}.</b> "
            f"{html_text(scaling_in_words(state))}</p>"
            + html_table(
                rows,
                head=["divisor", "spread", *(measure[1] for measure in MEASURES)],
                side=labels,
                caption=f"head_size {self.head_size}: {QUERIES:,} random queries with {KEYS} keys each, and "
                f"the gradient at the query; equal shares have an entropy of {number(_LN)}",
            )
            + html_table(
                example,
                head=[f"key {key}" for key in range(KEYS)],
                side=["score", "weight"],
                caption=f"Query {query}: entropy {amount(state.row_measures[query, 1])}",
            )
        )


def _packed(state: ScalingState) -> tuple:
    """Return the parts of one state in the order in which `unpack` in scaling_explorer.js reads them."""
    summary = [state.divisor, state.outside, state.spread, *(getattr(state, name) for name, *_ in MEASURES)]
    return summary, state.counts, state.scores, state.weights, state.row_measures
