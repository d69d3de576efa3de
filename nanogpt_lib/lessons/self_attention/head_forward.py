"""One head of causal self-attention from its three matrices.

The first input has the identity for x and for W_v (B = 1, T = C = head_size = 8): there the output
is the weights themselves, so a message can tell the learner their own weights.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.self_attention.head_outcome import (
    Head,
    Shapes,
    gradients_arrive,
    output_sees_no_future,
    rows_of_weights_sum_to_1,
    with_gradients,
)

SIDE = 8  # T of the first input, and of the notebook


def identity_first(seed: int) -> list[tuple]:
    """Return the identity for x and W_v with drawn W_q and W_k, then all of them drawn, in several shapes."""
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


ex = Exercise(
    prompt="Write head_forward(x, W_q, W_k, W_v): one head of causal self-attention, without a scale. x is (B, T, C), each matrix (C, head_size), and q = x @ W_q. Return the output, (B, T, head_size); gradients must come back to all three matrices.",
    hints=(
        "Five lines, in the order of section 2: q, k and v; scores; mask; softmax; output.",
        "scores = q @ k.transpose(-2, -1) is (B, T, T), since every query meets every key. Take T from x: x.shape[1].",
        'weights = scores.masked_fill(torch.tril(torch.ones(T, T)) == 0, float("-inf")).softmax(dim=-1), and the output is weights @ v.',
    ),
    inputs=identity_first,
    run=with_gradients,
    see=Head,
    holds=(output_sees_no_future, rows_of_weights_sum_to_1, gradients_arrive),
    note="No position sees its future, and W_q, W_k and W_v all get their gradients. It is what torch's own F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0) gives.",
    axes="B, T, head_size",
    probe="(Measured with the identity matrix for x and for W_v: there the output is the weights themselves.)",
    atol=1e-5,
)


@ex.right
def head_forward(x: torch.Tensor, W_q: torch.Tensor, W_k: torch.Tensor, W_v: torch.Tensor) -> torch.Tensor:
    q, k, v = x @ W_q, x @ W_k, x @ W_v  # each (B, T, head_size)
    scores = q @ k.transpose(-2, -1)  # (B, T, T): every query with every key
    T = x.shape[1]
    future = torch.tril(torch.ones(T, T)) == 0
    weights = scores.masked_fill(future, float("-inf")).softmax(dim=-1)
    return weights @ v


@ex.also_right
def head_by_torch(x, a, b, c):
    return F.scaled_dot_product_attention(x @ a, x @ b, x @ c, is_causal=True, scale=1.0)


@ex.also_right
def head_by_loops(x, W_q, W_k, W_v):
    rows = []
    for sequence in x:
        q, k, v = sequence @ W_q, sequence @ W_k, sequence @ W_v
        row = [torch.softmax(k[: t + 1] @ q[t], 0) @ v[: t + 1] for t in range(len(sequence))]
        rows.append(torch.stack(row))
    return torch.stack(rows)


@ex.also_right
def head_by_einsum(inputs, wq, wk, wv):
    q, k, v = (torch.einsum("btc,ch->bth", inputs.double(), w.double()) for w in (wq, wk, wv))
    scores = torch.einsum("bth,bsh->bts", q, k)
    scores = scores + torch.full(scores.shape[1:], float("-inf")).triu(1)
    return torch.einsum("bts,bsh->bth", F.softmax(scores, 2), v)


@ex.also_right
def head_by_large_negative(x, W_q, W_k, W_v):
    q, k, v = (x @ torch.cat([W_q, W_k, W_v], 1)).chunk(3, dim=-1)
    ahead = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
    return torch.bmm(torch.softmax(q.bmm(k.mT).masked_fill(ahead, -1e9), -1), v)


def hide(scores: torch.Tensor, visible: Callable = causal_mask, fill: float = float("-inf")) -> torch.Tensor:
    """Return the scores with everything filled that may not be seen; `visible` is made from T."""
    return scores.masked_fill(~visible(scores.shape[-1]), fill)


def head(
    scores_of: Callable = lambda q, k: q @ k.mT,
    weights_of: Callable = lambda scores: hide(scores).softmax(dim=-1),
    output_of: Callable = lambda weights, x, q, k, v: weights @ v,
) -> Callable:
    """Return the head_forward that does one of its three steps otherwise."""

    def forward(x, W_q, W_k, W_v):
        q, k, v = x @ W_q, x @ W_k, x @ W_v
        return output_of(weights_of(scores_of(q, k)), x, q, k, v)

    return forward


def seen_by(visible: Callable, fill: float = float("-inf")) -> Callable:
    """Return the head_forward with another triangle, or another number in it."""
    return head(weights_of=lambda scores: hide(scores, visible, fill).softmax(dim=-1))


ex.mistake(
    "no mask",
    "Row 0 gives {future:.3g} of its weight to positions after it: nothing hides the future. Fill the scores of later positions with -inf before the softmax.",
    head(weights_of=lambda scores: scores.softmax(dim=-1)),
)
ex.mistake(
    "the mask is a number like any other",
    'Row 0 gives {future:.3g} of its weight to its future: 0 (or nearly 0, or -1) is a score like any other. Fill with float("-inf").',
    seen_by(causal_mask, fill=0.0),
    seen_by(causal_mask, fill=-1.0),
)
ex.mistake(
    "masks after the softmax",
    "Row 0 of your weights sums to {row_sum[0]:.3g}, not to 1: you masked after the softmax, so what the future had was lost. Mask the scores.",
    head(weights_of=lambda scores: scores.softmax(dim=-1).tril()),
)
ex.mistake(
    "no softmax",
    "Row 7 of your weights sums to {row_sum[7]:.3g}, and position 0 counts {weight[7][0]:.3g} in it: these are the scores. The softmax makes weights of them.",
    head(weights_of=torch.tril),
)
ex.mistake(
    "softmax over the queries",
    "Row 0 of your weights sums to {row_sum[0]:.3g} and row 7 to {row_sum[7]:.3g}: dim=1 (or -2) makes the columns sum to 1. A row is shared among keys: dim=-1.",
    head(weights_of=lambda scores: hide(scores).softmax(dim=-2)),
)
ex.mistake(
    "softmax over the batch",
    "{nan[0]} of 8 values of row 0 are NaN: scores are (B, T, T) now, so dim=0 is the batch, where a hidden place meets nothing but -inf. Take dim=-1.",
    head(weights_of=lambda scores: hide(scores).softmax(dim=0)),
)
ex.mistake(
    "query and key are swapped",
    "Row 7 gives position 0 the weight {weight[7][0]:.3g}, not {wanted[7][0]:.3g}: your rows are keys and your columns queries. A row belongs to the one that asks: q @ k.transpose(-2, -1).",
    lambda x, W_q, W_k, W_v: head_forward(x, W_k, W_q, W_v),
)
ex.mistake(
    "the keys are not transposed",
    "Row 7 gives position 0 the weight {weight[7][0]:.3g}, not {wanted[7][0]:.3g}: q @ k pairs the channels of a query with positions. Every query meets every key in q @ k.transpose(-2, -1).",
    head(scores_of=lambda q, k: q @ k),
)
ex.mistake(
    "turns the batch as well",
    "For x of shape {x_shape}: {what_came}. In section 1 k was (T, C); with a batch in front, k.T turns all three axes. Swap the last two alone: k.transpose(-2, -1).",
    head(scores_of=lambda q, k: q @ k.permute(2, 1, 0)),
    head(scores_of=lambda q, k: q @ k.t()),
    see=Shapes,
)
ex.mistake(
    "averages x instead of the values",
    "W_v changes nothing: its gradient is 0 at {zeros} of {all} numbers. You averaged x itself; what a position hands over is its value, x @ W_v.",
    head(output_of=lambda weights, x, q, k, v: weights @ x),
)
ex.mistake(
    "averages the keys instead of the values",
    "W_v changes nothing: its gradient is 0 at {zeros} of {all} numbers. You averaged the keys; a key is for being found, and what is handed over is the value, x @ W_v.",
    head(output_of=lambda weights, x, q, k, v: weights @ k),
)
ex.mistake(
    "averages the queries instead of the values",
    "W_v changes nothing: its gradient is 0 at {zeros} of {all} numbers. You averaged the queries; a query asks, and what is handed over is the value, x @ W_v.",
    head(output_of=lambda weights, x, q, k, v: weights @ q),
)
ex.mistake(
    "returns the weights",
    "W_v changes nothing: its gradient is 0 at {zeros} of {all} numbers. You returned the weights, (B, T, T) = {shape}; one step is left, the weighted sum of the values.",
    head(output_of=lambda weights, x, q, k, v: weights),
)
ex.mistake(
    "hides position t itself",
    "{nan[0]} of 8 values of row 0 are NaN: position 0 may not even see itself, and a softmax over nothing but -inf is 0 / 0. Keep the diagonal.",
    seen_by(lambda T: causal_mask(T).tril(-1)),
)
ex.mistake(
    "hides what may be seen",
    "{nan[7]} of 8 values of row 7 are NaN: you filled the past and left the future, and the last row has none. causal_mask is True where a key may be seen; fill where it is not: ~mask, or tril == 0.",
    seen_by(lambda T: ~causal_mask(T)),
)
ex.mistake(
    "the triangle is upside down",
    "Row 0 gives {future:.3g} of its weight to its future, and row 7 all of it to itself ({weight[7][7]:.3g}): you hid the past. Keep tril, not triu.",
    seen_by(lambda T: causal_mask(T).T),
)
ex.mistake(
    "sees one position too far",
    "Row 0 gives {weight[0][1]:.3g} of its weight to position 1, its future: the triangle is one step too large. Its edge is the diagonal itself.",
    seen_by(lambda T: torch.ones(T, T).tril(1).bool()),
)
ex.mistake(
    "the scores are scaled",
    "Row 7 gives position 0 the weight {weight[7][0]:.3g}, not {wanted[7][0]:.3g}: you divided the scores by a root. That is right in notebook 05; here they stay as they are (for torch's function: scale=1.0).",
    lambda x, W_q, W_k, W_v: head_forward(x, W_q * W_q.shape[1] ** -0.5, W_k, W_v),
    lambda x, W_q, W_k, W_v: head_forward(x, W_q * W_q.shape[0] ** -0.5, W_k, W_v),
)
ex.mistake(
    "the matrices lie on their side",
    "Row 7 gives position 0 the weight {weight[7][0]:.3g}, not {wanted[7][0]:.3g}: you multiplied by W_q.T. nn.Linear keeps its matrix so; here each is (C, head_size): x @ W_q.",
    lambda x, W_q, W_k, W_v: head_forward(x, W_q.T, W_k.T, W_v.T),
)
ex.mistake(
    "one matrix for queries and keys",
    "{cut} never acts (its gradient is 0), and row 7 gives itself {weight[7][7]:.3g}, not {wanted[7][7]:.3g}: queries and keys came from one matrix. q = x @ W_q, and k = x @ W_k.",
    lambda x, W_q, W_k, W_v: head_forward(x, W_q, W_q, W_v),
    lambda x, W_q, W_k, W_v: head_forward(x, W_k, W_k, W_v),
)
ex.mistake(
    "the way back is cut",
    "The output is right, but the gradient of {cut} is 0, so training could change nothing there: .detach(), .data or torch.no_grad() cut the way back. Leave them out.",
    lambda x, W_q, W_k, W_v: head_forward(x, W_q.detach(), W_k.detach(), W_v.detach()),
    lambda x, W_q, W_k, W_v: head_forward(x, W_q.detach(), W_k.detach(), W_v),
    lambda x, W_q, W_k, W_v: head_forward(x, W_q.detach(), W_k, W_v),
    lambda x, W_q, W_k, W_v: head_forward(x, W_q, W_k.detach(), W_v),
    lambda x, W_q, W_k, W_v: head_forward(x, W_q, W_k, W_v.detach()),
)
ex.mistake(
    "T of the notebook",
    "x has {T} positions here, and your mask is for 8: {what_came}. T of the notebook is a number from another cell: take T = x.shape[1] inside the function.",
    seen_by(lambda T: causal_mask(SIDE)),
    see=Shapes,
)
ex.mistake(
    "the value is added once more",
    "Row 0 of your weights sums to {row_sum[0]:.3g}, not to 1: to the weighted mean you added x, or the position's own value. The sum with x comes later, and outside of the head.",
    head(output_of=lambda weights, x, q, k, v: weights @ v + v),
)
ex.mistake(
    "position 0 hears nobody",
    "Row 0 of your weights sums to {row_sum[0]:.3g}, not to 1: the position itself was hidden, and the NaN of row 0 replaced. Keep the diagonal.",
    head(
        weights_of=lambda scores: hide(scores, lambda T: causal_mask(T).tril(-1)).softmax(-1).nan_to_num(0.0)
    ),
    head(
        weights_of=lambda scores: hide(scores, lambda T: causal_mask(T).tril(-1), -1e9).softmax(-1).tril(-1)
    ),
)
