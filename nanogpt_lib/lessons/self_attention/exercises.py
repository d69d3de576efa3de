"""Self-attention: one head from its three matrices, a head set by hand, and two orders of one text.

The first input of head_forward has the identity for x and for W_v (B = 1, T = C = head_size = 8):
there the output is the weights themselves, so a message can tell the learner their own weights.
Each solution lends its name to its exercise.

Taught in: self_attention.
"""

from collections.abc import Callable
from dataclasses import replace

import torch

from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.kit.diagnose import Invariant, Observe, Run, no_future, weights_sum_to_1
from nanogpt_lib.kit.legacy import Case, Exercise, Wrong
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.attention_facts import aim_facts, order_facts

SIDE = 8  # T of the first input
_INF = float("-inf")


# --- head_forward ---------------------------------------------------------------------------------


def head_forward(x: torch.Tensor, W_q: torch.Tensor, W_k: torch.Tensor, W_v: torch.Tensor) -> torch.Tensor:
    q, k, v = x @ W_q, x @ W_k, x @ W_v  # each (B, T, head_size)
    scores = q @ k.transpose(-2, -1)  # (B, T, T): every query with every key
    T = x.shape[1]
    future = torch.tril(torch.ones(T, T)) == 0
    weights = scores.masked_fill(future, float("-inf")).softmax(dim=-1)
    return weights @ v


MATRICES = ("W_q", "W_k", "W_v")


def _with_gradients(head_forward: Callable, x: torch.Tensor, *matrices: torch.Tensor) -> dict:
    """The output, and what reaches each matrix when a sum of the output is differentiated."""
    matrices = tuple(matrix.requires_grad_() for matrix in matrices)
    output = head_forward(x, *matrices)
    gradients: list = [None] * 3
    if isinstance(output, torch.Tensor) and output.requires_grad:
        # Other numbers at every place: the gradient of a plain sum could cancel.
        factors = torch.arange(1.0, output.numel() + 1).cos().reshape(output.shape)
        gradients = list(torch.autograd.grad((output * factors).sum(), matrices, allow_unused=True))
        output = output.detach()
    found = {"output": output}
    for name, matrix, gradient in zip(MATRICES, matrices, gradients, strict=True):
        found[f"gradient of {name}"] = torch.zeros_like(matrix) if gradient is None else gradient
    return found


def _head_inputs(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    B, T, C, head_size = (int(torch.randint(2, 7, (), generator=generator)) for _ in range(4))
    shapes = [
        (B, T, C, head_size),
        (1, SIDE + 1, C, C + 1),
        (B, 1, C, head_size),
        (B + 1, T, C, C),  # square matrices: one that lies on its side raises nothing here
        (B, T, T + 1, T),  # as many positions as channels in a key
    ]
    drawn = []
    for B, T, C, head_size in shapes:
        x = torch.randn(B, T, C, generator=generator)
        matrices = torch.randn(3, C, head_size, generator=generator) * 0.6  # scores of a few units
        drawn.append((x, *matrices.clone().unbind()))
    by_eye = torch.randn(2, SIDE, SIDE, generator=generator) * 0.6
    return [(torch.eye(SIDE)[None], *by_eye.clone().unbind(), torch.eye(SIDE)), *drawn]


def _of_output(invariant: Invariant) -> Invariant:
    """An invariant of the output alone, asked of answers whose gradients are looked at as well."""

    def alone(outcome):
        return replace(outcome, value=outcome.value["output"] if outcome.value else None)

    def asked(observe: Observe, run: Run) -> str:
        return invariant(lambda inputs: alone(observe(inputs)), replace(run, outcome=alone(run.outcome)))

    return asked


def _sums(observe: Observe, run: Run) -> str:
    """Rows of weights sum to 1: with ones for x and a W_v that keeps them, every output is that sum."""
    x, W_q, W_k, W_v = run.inputs
    keep = torch.full_like(W_v, 1 / W_v.shape[0])
    return _of_output(weights_sum_to_1)(observe, replace(run, inputs=(x, W_q, W_k, keep)))


def _cut(got: dict, want: dict) -> list[str]:
    """The matrices that should get a gradient, and get none."""
    names = [f"gradient of {name}" for name in MATRICES]
    cut = [name for name in names if not got[name].any() and want[name].any()]
    return [name.removeprefix("gradient of ") for name in cut]


def _gradients_arrive(observe: Observe, run: Run) -> str:
    cut = _cut(run.outcome.value, run.want)
    if not cut:
        return ""
    return (
        f"{_listed(cut)}: the gradient is 0 at all {run.inputs[1].numel()} numbers, so training could change "
        "nothing there. Where is the way from the output back to it cut?"
    )


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _out(case: Case) -> torch.Tensor:
    return numbers(case.got["output"])


def _weight(case: Case, t: int, s: int) -> str:
    return f"{_out(case)[0, t, s].item():.3g}"


def _wanted(case: Case, t: int, s: int) -> str:
    return f"{numbers(case.want['output'])[0, t, s].item():.3g}"


def _row_sum(case: Case, t: int) -> str:
    return f"{_out(case)[0, t].sum().item():.3g}"


def _future(case: Case, t: int) -> str:
    return f"{_out(case)[0, t, t + 1 :].sum().item():.3g}"


def _nan(case: Case, t: int) -> str:
    return f"{int(_out(case)[0, t].isnan().sum())} of {SIDE} values of row {t} are NaN"


def _unused(case: Case, name: str) -> str:
    """Says that a matrix changes nothing, as its gradient tells."""
    gradient = case.got[f"gradient of {name}"]
    zeros = int((gradient == 0).sum())
    return f"{name} changes nothing: its gradient is 0 at {zeros} of {gradient.numel()} numbers"


def _what_came(case: Case) -> str:
    """The shape of the result, or the error, where there is none."""
    if case.error is not None:
        return f"{type(case.error).__name__}: {str(case.error).splitlines()[0]}"
    return f"your result has shape {tuple(_out(case).shape)}"


def _head(
    scores_of: Callable = lambda q, k: q @ k.transpose(-2, -1),
    weights_of: Callable = lambda scores: _hide(scores).softmax(dim=-1),
    output_of: Callable = lambda weights, v, **others: weights @ v,
    made: Callable = lambda x, W: x @ W,
) -> Callable:
    """head_forward with one of its four steps done otherwise."""

    def forward(x, W_q, W_k, W_v):
        q, k, v = made(x, W_q), made(x, W_k), made(x, W_v)
        return output_of(weights_of(scores_of(q, k)), v, x=x, q=q, k=k)

    return forward


def _hide(scores, fill=_INF, visible=None):
    """The scores with everything filled that may not be seen."""
    return scores.masked_fill(~(causal_mask(scores.shape[-1]) if visible is None else visible), fill)


def _seen_by(visible: Callable) -> Callable:
    """head_forward with another triangle, which is made from T."""
    return _head(weights_of=lambda scores: _hide(scores, visible=visible(scores.shape[-1])).softmax(dim=-1))


def _filled(fill: float) -> Callable:
    return _head(weights_of=lambda scores: _hide(scores, fill).softmax(dim=-1))


def _averaged(name: str) -> Callable:
    """head_forward that averages something else than the values: "x", "q" or "k"."""
    return _head(output_of=lambda weights, v, **others: weights @ others[name])


def _detached(*names: str) -> Callable:
    """head_forward that cuts the way back to some of its matrices."""

    def forward(x, *matrices):
        return _head()(x, *(m.detach() if n in names else m for n, m in zip(MATRICES, matrices, strict=True)))

    return forward


def _one_matrix(which: int) -> Callable:
    """head_forward whose queries and keys come from one matrix."""
    return lambda x, W_q, W_k, W_v: _head()(x, (W_q, W_k)[which], (W_q, W_k)[which], W_v)


def _eight(T):
    return causal_mask(SIDE)  # as the T of the notebook says


head_forward = Exercise(
    name="head_forward",
    prompt=(
        "Write head_forward(x, W_q, W_k, W_v): one head of causal self-attention, without a scale. x is "
        "(B, T, C), each matrix (C, head_size), and q = x @ W_q. Return the output, (B, T, head_size)."
    ),
    answer=head_forward,
    make_inputs=_head_inputs,
    run=_with_gradients,
    invariants=(_of_output(no_future), _sums, _gradients_arrive),
    note=lambda values: (
        "No position sees its future, and W_q, W_k and W_v all get their gradients. It is what torch's own "
        "F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0) gives."
    ),
    axes="B, T, head_size",
    probe=(
        "(Measured with the identity matrix for x and for W_v: there the output is the weights themselves.)"
    ),
    atol=1e-5,
    hints=(
        "Five lines, in the order of section 2: q, k and v; scores; mask; softmax; output.",
        (
            "scores = q @ k.transpose(-2, -1) is (B, T, T), since every query meets every key. Take T from "
            "x: x.shape[1]."
        ),
        (
            'weights = scores.masked_fill(torch.tril(torch.ones(T, T)) == 0, float("-inf")).softmax(dim=-1), '
            "and the output is weights @ v."
        ),
    ),
    wrong=(
        Wrong(
            "no mask",
            lambda case: (
                f"Row 0 gives {_future(case, 0)} of its weight to positions after it: nothing hides the "
                "future. Fill the scores of later positions with -inf before the softmax."
            ),
            _head(weights_of=lambda scores: scores.softmax(dim=-1)),
        ),
        Wrong(
            "the mask is a number like any other",
            lambda case: (
                f"Row 0 gives {_future(case, 0)} of its weight to its future: 0 (or nearly 0, or -1) is a "
                'score like any other. Fill with float("-inf").'
            ),
            _filled(0.0),
            _filled(1e-10),
            _filled(-1e-10),
            _filled(-1.0),
        ),
        Wrong(
            "masks after the softmax",
            lambda case: (
                f"Row 0 of your weights sums to {_row_sum(case, 0)}, not to 1: you masked after the softmax, "
                "so what the future had was lost. Mask the scores."
            ),
            _head(weights_of=lambda scores: scores.softmax(dim=-1).tril()),
        ),
        Wrong(
            "no softmax",
            lambda case: (
                f"Row {SIDE - 1} of your weights sums to {_row_sum(case, SIDE - 1)}, and position 0 counts "
                f"{_weight(case, SIDE - 1, 0)} in it: these are the scores. The softmax makes weights of "
                "them."
            ),
            _head(weights_of=lambda scores: scores.tril()),
        ),
        Wrong(
            "softmax over the queries",
            lambda case: (
                f"Row 0 of your weights sums to {_row_sum(case, 0)} and row {SIDE - 1} to "
                f"{_row_sum(case, SIDE - 1)}: dim=1 (or -2) makes the columns sum to 1. A row is shared "
                "among keys: dim=-1."
            ),
            _head(weights_of=lambda scores: _hide(scores).softmax(dim=-2)),
        ),
        Wrong(
            "softmax over the batch",
            lambda case: (
                f"{_nan(case, 0)}: scores are (B, T, T) now, so dim=0 is the batch, where a hidden place "
                "meets nothing but -inf. Take dim=-1."
            ),
            _head(weights_of=lambda scores: _hide(scores).softmax(dim=0)),
        ),
        Wrong(
            "query and key are swapped",
            lambda case: (
                f"Row {SIDE - 1} gives position 0 the weight {_weight(case, SIDE - 1, 0)}, not "
                f"{_wanted(case, SIDE - 1, 0)}: your rows are keys and your columns queries. A row belongs "
                "to the one that asks: q @ k.transpose(-2, -1)."
            ),
            _head(scores_of=lambda q, k: k @ q.transpose(-2, -1)),
        ),
        Wrong(
            "the keys are not transposed",
            lambda case: (
                f"Row {SIDE - 1} gives position 0 the weight {_weight(case, SIDE - 1, 0)}, not "
                f"{_wanted(case, SIDE - 1, 0)}: q @ k pairs the channels of a query with positions. Every "
                "query meets every key in q @ k.transpose(-2, -1)."
            ),
            _head(scores_of=lambda q, k: q @ k),
        ),
        Wrong(
            "turns the batch as well",
            lambda case: (
                f"For x of shape {tuple(case.inputs[0].shape)}: {_what_came(case)}. In section 1 k was (T, "
                "C); with a batch in front, k.T turns all three axes. Swap the last two alone: "
                "k.transpose(-2, -1)."
            ),
            _head(scores_of=lambda q, k: q @ k.permute(2, 1, 0)),
            _head(scores_of=lambda q, k: q @ k.t()),
        ),
        Wrong(
            "averages x instead of the values",
            lambda case: (
                f"{_unused(case, 'W_v')}. You averaged x itself; what a position hands over is its value, "
                "x @ W_v."
            ),
            _averaged("x"),
        ),
        Wrong(
            "averages the keys instead of the values",
            lambda case: (
                f"{_unused(case, 'W_v')}. You averaged the keys; a key is for being found, and what is "
                "handed over is the value, x @ W_v."
            ),
            _averaged("k"),
        ),
        Wrong(
            "averages the queries instead of the values",
            lambda case: (
                f"{_unused(case, 'W_v')}. You averaged the queries; a query asks, and what is handed over is "
                "the value, x @ W_v."
            ),
            _averaged("q"),
        ),
        Wrong(
            "returns the weights",
            lambda case: (
                f"{_unused(case, 'W_v')}. You returned the weights, (B, T, T) = {tuple(_out(case).shape)}; "
                "one step is left, the weighted sum of the values."
            ),
            _head(output_of=lambda weights, v, **others: weights),
        ),
        Wrong(
            "hides position t itself",
            lambda case: (
                f"{_nan(case, 0)}: position 0 may not even see itself, and a softmax over nothing but -inf "
                "is 0 / 0. Keep the diagonal."
            ),
            _seen_by(lambda T: causal_mask(T).tril(-1)),
        ),
        Wrong(
            "hides what may be seen",
            lambda case: (
                f"{_nan(case, SIDE - 1)}: you filled the past and left the future, and the last row has "
                "none. causal_mask is True where a key may be seen; fill where it is not: ~mask, or tril == "
                "0."
            ),
            _seen_by(lambda T: ~causal_mask(T)),
        ),
        Wrong(
            "the triangle is upside down",
            lambda case: (
                f"Row 0 gives {_future(case, 0)} of its weight to its future, and row {SIDE - 1} all of it "
                f"to itself ({_weight(case, SIDE - 1, SIDE - 1)}): you hid the past. Keep tril, not triu."
            ),
            _seen_by(lambda T: causal_mask(T).T),
        ),
        Wrong(
            "sees one position too far",
            lambda case: (
                f"Row 0 gives {_weight(case, 0, 1)} of its weight to position 1, its future: the triangle is "
                "one step too large. Its edge is the diagonal itself."
            ),
            _seen_by(lambda T: torch.ones(T, T).tril(1).bool()),
        ),
        Wrong(
            "the scores are scaled",
            lambda case: (
                f"Row {SIDE - 1} gives position 0 the weight {_weight(case, SIDE - 1, 0)}, not "
                f"{_wanted(case, SIDE - 1, 0)}: you divided the scores by a root. That is right in notebook "
                "05; here they stay as they are (for torch's function: scale=1.0)."
            ),
            _head(scores_of=lambda q, k: q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5),
            lambda x, W_q, W_k, W_v: _head(
                scores_of=lambda q, k: q @ k.transpose(-2, -1) * x.shape[-1] ** -0.5
            )(x, W_q, W_k, W_v),
        ),
        Wrong(
            "the matrices lie on their side",
            lambda case: (
                f"Row {SIDE - 1} gives position 0 the weight {_weight(case, SIDE - 1, 0)}, not "
                f"{_wanted(case, SIDE - 1, 0)}: you multiplied by W_q.T. nn.Linear keeps its matrix so; here "
                "each is (C, head_size): x @ W_q."
            ),
            _head(made=lambda x, W: x @ W.T),
        ),
        Wrong(
            "one matrix for queries and keys",
            lambda case: (
                f"{_listed(_cut(case.got, case.want))} never acts (its gradient is 0), and row {SIDE - 1} "
                f"gives itself {_weight(case, SIDE - 1, SIDE - 1)}, not {_wanted(case, SIDE - 1, SIDE - 1)}: "
                "queries and keys came from one matrix. q = x @ W_q, and k = x @ W_k."
            ),
            _one_matrix(0),
            _one_matrix(1),
        ),
        Wrong(
            "the way back is cut",
            lambda case: (
                f"The output is right, but the gradient of {_listed(_cut(case.got, case.want))} is 0, so "
                "training could change nothing there: .detach(), .data or torch.no_grad() cut the way back. "
                "Leave them out."
            ),
            _detached("W_q", "W_k", "W_v"),
            _detached("W_q", "W_k"),
            _detached("W_q"),
            _detached("W_k"),
            _detached("W_v"),
        ),
        Wrong(
            "T of the notebook",
            lambda case: (
                f"x has {case.inputs[0].shape[1]} positions here, and your mask is for {SIDE}: "
                f"{_what_came(case)}. T of the notebook is a number from another cell: take T = x.shape[1] "
                "inside the function."
            ),
            _seen_by(_eight),
            _head(weights_of=lambda scores: (scores + _hide(torch.zeros(SIDE, SIDE))).softmax(dim=-1)),
        ),
    ),
)


# --- look_back ------------------------------------------------------------------------------------


def look_back(T: int) -> tuple[torch.Tensor, torch.Tensor]:
    W_k = torch.eye(T)  # position s answers with a one at place s
    W_q = 10 * torch.diag(torch.ones(T - 1), -1)  # position t asks for a one at place t - 1
    return W_q, W_k


LONGEST = 32


def _lengths(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    short = int(torch.randint(3, 7, (), generator=generator))
    long = int(torch.randint(10, 15, (), generator=generator))
    return [(SIDE,), (2,), (short,), (long,), (LONGEST,)]


def _by_hand(q_of: Callable, k_of: Callable = torch.eye) -> Callable:
    return lambda T: (q_of(T), k_of(T))


def _asks(step: int, strength: float = 10.0) -> Callable:
    """W_q with which position t asks for position t + step, where there is one."""
    return lambda T: strength * (torch.arange(T)[:, None] + step == torch.arange(T)).float()


def _without_row(row: int) -> Callable:
    def q_of(T):
        W_q = _asks(-1)(T)
        W_q[row] = 0
        return W_q

    return q_of


def _aimed(case: Case) -> str:
    return case.got["aim"].said


look_back = Exercise(
    name="look_back",
    prompt=(
        "Write look_back(T): two matrices W_q and W_k, each (T, head_size), with which every position but 0 "
        "gives at least 0.9 of its weight to the one before it. x is torch.eye(T), position t being a one at "
        "place t; the mask is causal, there is no scale, and T goes up to 32."
    ),
    answer=look_back,
    make_inputs=_lengths,
    run=aim_facts,
    note=lambda values: values[-1]["aim"].said,
    hints=(
        (
            "With x = torch.eye(T), row t of W_k is the key of position t, and row t of W_q its query. So "
            "you write queries and keys down directly."
        ),
        (
            "Let W_k be torch.eye(T): position s is found by a one at place s. Which place must the query of "
            "position t have its one at? And how large must it be, beside up to 31 scores of 0?"
        ),
        (
            "torch.diag(torch.ones(T - 1), -1) has its ones one step below the diagonal: row t at place t - "
            "1. Multiply by 10, since exp(10) outweighs 31 times exp(0) by far."
        ),
    ),
    wrong=(
        Wrong(
            "looks at itself",
            lambda case: (
                f"{_aimed(case)} Query and key of a position agree, so it finds itself. The query of "
                "position t must agree with the key of t - 1."
            ),
            _by_hand(_asks(0)),
            _by_hand(torch.eye),
        ),
        Wrong(
            "asks for the position after it",
            lambda case: (
                f"{_aimed(case)} Position t asks for t + 1, which the mask hides, so its weight goes "
                "elsewhere. The query of t must agree with the key of t - 1; or did W_q and W_k change "
                "places?"
            ),
            _by_hand(_asks(1)),
            _by_hand(lambda T: 10 * torch.eye(T).roll(1, 1)),
            lambda T: (torch.eye(T), _asks(-1)(T)),
            lambda T: (torch.eye(T), 10 * torch.eye(T).roll(-1, 1)),
        ),
        Wrong(
            "too weak",
            lambda case: (
                f"{_aimed(case)} The place is right, but 0.9 is asked for. A score of 0 still counts exp(0) "
                "= 1, and there are many of them: make the right score larger."
            ),
            *(_by_hand(_asks(-1, strength)) for strength in (1.0, 2.5, 4.0, 4.25, 5.0)),
        ),
        Wrong(
            "looks two back",
            lambda case: f"{_aimed(case)} That is two steps back; one is asked for, t - 1.",
            _by_hand(_asks(-2)),
        ),
        Wrong(
            "always looks at position 0",
            lambda case: (
                f"{_aimed(case)} All queries find the key of position 0. Each position needs a query of its "
                "own, which agrees with the key of t - 1."
            ),
            _by_hand(lambda T: 10 * torch.eye(T)[:1].repeat(T, 1)),
        ),
        Wrong(
            "all scores are alike",
            lambda case: (
                f"{_aimed(case)} No key scores higher than another, so the softmax shares equally. Keys must "
                "differ, and a query must agree with one of them."
            ),
            _by_hand(lambda T: torch.ones(T, T)),
            _by_hand(lambda T: torch.zeros(T, T)),
            _by_hand(lambda T: torch.ones(T, T), lambda T: torch.ones(T, T)),
        ),
        Wrong(
            "row 1 is left out",
            lambda case: (
                f"{_aimed(case)} All other positions are right: only position 1 does not look back. It has a "
                "position before it, too."
            ),
            _by_hand(_without_row(1)),
        ),
        Wrong(
            "the last row is left out",
            lambda case: (
                f"{_aimed(case)} All other positions are right: only the last one does not look back. The "
                "last row is T - 1, where range(1, T) ends."
            ),
            _by_hand(_without_row(-1)),
        ),
        Wrong(
            "infinitely strong",
            lambda case: (
                f"{_aimed(case)} Infinity times 0 is not a number. A large finite factor is enough: "
                "the softmax makes of it as good as 1."
            ),
            _by_hand(lambda T: float("inf") * torch.eye(T).roll(-1, 1)),
            _by_hand(lambda T: torch.diag(torch.full((T - 1,), float("inf")), -1)),
        ),
    ),
)


# --- two_orders -----------------------------------------------------------------------------------


def two_orders(T: int, C: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(T, C)
    y = x.flip(0)  # the last position first: the same vectors, elsewhere
    return x, y


def _sizes(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    T, C = (int(torch.randint(6, 10, (), generator=generator)) for _ in range(2))
    return [(SIDE, 4), (T, C), (C + 1, T)]


def _from(y_of: Callable, x_of: Callable = torch.randn) -> Callable:
    """two_orders that makes y from x."""

    def two_orders(T, C):
        x = x_of(T, C)
        return x, y_of(x)

    return two_orders


def _one_replaced(x):
    return torch.cat([torch.zeros_like(x[:1]), x[1:]])


def _drawn_again(x):
    return x[torch.randint(len(x), (len(x),))]


def _each_alone(x):
    return torch.stack([column.roll(step) for step, column in enumerate(x.T)], dim=1)


def _with_places(T, C):
    tokens, places = torch.randn(T, C), torch.randn(T, C)
    return tokens + places, tokens.flip(0) + places


def _related(case: Case) -> str:
    return case.got["order"].said


two_orders = Exercise(
    name="two_orders",
    prompt=(
        "Write two_orders(T, C): two inputs x and y, each (T, C), which prove that a head without a mask is "
        "blind to order. They differ, and yet the head gives every row of y what it gave that row in x."
    ),
    answer=two_orders,
    make_inputs=_sizes,
    run=order_facts,
    note=lambda values: values[0]["order"].said,
    hints=(
        "Two texts with the same characters in another order: what is the same, and what is elsewhere?",
        (
            "A position is a row of x. Begin with T different rows, such as torch.randn(T, C), and let y "
            "hold the same rows at other places."
        ),
        "x[order] picks rows: order can be torch.randperm(T), or another list of 0 to T - 1 out of order.",
    ),
    wrong=(
        Wrong(
            "twice the same",
            lambda case: (
                f"{_related(case)} Of two equal inputs one expects equal outputs: that proves nothing. Move "
                "the rows."
            ),
            _from(lambda x: x.clone()),
        ),
        Wrong(
            "all rows are alike",
            lambda case: (
                f"{_related(case)} You may have moved them, but nobody can see it. Begin with rows that "
                "differ."
            ),
            _from(lambda x: x.flip(0), torch.ones),
            _from(lambda x: x.flip(0), lambda T, C: torch.randn(C).repeat(T, 1)),
        ),
        Wrong(
            "no row in common",
            lambda case: (
                f"{_related(case)} So nothing says which row of y to compare with which row of x. Do not "
                "draw y anew, and do not change its numbers: move the rows of x."
            ),
            lambda T, C: (torch.randn(T, C), torch.randn(T, C)),
        ),
        Wrong(
            "other values",
            lambda case: (
                f"{_related(case)} The rows stayed where they were and got other values. Order means the "
                "same rows at other places."
            ),
            _from(lambda x: 2 * x),
            _from(lambda x: -x),
            _from(lambda x: x + 1),
        ),
        Wrong(
            "the channels are shuffled",
            lambda case: (
                f"{_related(case)} You moved the channels inside each row, dim 1. A position is a row: move "
                "along dim 0."
            ),
            _from(lambda x: x.flip(1)),
            _from(lambda x: x.roll(1, 1)),
        ),
        Wrong(
            "each channel is shuffled on its own",
            lambda case: (
                f"{_related(case)} That tears the rows apart: a position moves with all its channels. Use "
                "one order for whole rows, x[order]."
            ),
            _from(_each_alone),
            _from(lambda x: x.sort(0).values),
        ),
        Wrong(
            "the numbers are scattered",
            lambda case: (
                f"{_related(case)} You moved single numbers, across rows and channels. A position moves with "
                "all its channels: x[order]."
            ),
            _from(lambda x: x.flatten().roll(1).reshape(x.shape)),
            _from(lambda x: x.flip(0, 1)),
            _from(lambda x: x.T.reshape(x.shape)),
        ),
        Wrong(
            "rows are drawn with repetition",
            lambda case: (
                f"{_related(case)} torch.randint may draw a row twice and leave another out. An order has "
                "each once: torch.randperm(T)."
            ),
            _from(_drawn_again),
        ),
        Wrong(
            "one row is replaced",
            lambda case: f"{_related(case)} Another character is another text. Keep all rows, and move them.",
            _from(_one_replaced),
        ),
        Wrong(
            "position embeddings are included",
            lambda case: (
                f"{_related(case)} That happens when the places are added after the shuffling: then the same "
                "character elsewhere is another input, and the head is not blind any more. Leave the places "
                "out."
            ),
            _with_places,
        ),
    ),
)
