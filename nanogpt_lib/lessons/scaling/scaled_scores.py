"""The scores of every query with every key, scaled by the root of head_size."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import alike


def heads(seed: int) -> list[tuple]:
    """Return some (x, W_q, W_k), (B, T, C) and twice (C, head_size); entries of q and k have variance 1.

    The sizes of each of the first inputs all differ, and so do their roots: one cannot pass for another.
    """
    generator = torch.Generator().manual_seed(seed)
    few = int(torch.randint(5, 7, (), generator=generator))
    inputs = []
    for B, T, C, head_size in [
        (3, few, 32, 8),
        (2, 7, 48, 16),
        (4, 3, 20, 5),
        (2, few, 24, 24),
        (1, 1, 6, 3),
    ]:
        x = torch.randn(B, T, C, generator=generator)
        W_q, W_k = torch.randn(2, C, head_size, generator=generator) * C**-0.5
        inputs.append((x, W_q, W_k))
    return inputs


def gradients_reach_both(observe: Observe, run: Run) -> str:
    """Say which matrix could not learn from scores that are right, if one could not."""
    if not alike(run.outcome.value, run.want, rtol=1e-4, atol=1e-6):
        return ""  # the numbers come first
    for place, name in ((1, "W_q"), (2, "W_k")):
        inputs = list(run.inputs)
        inputs[place] = inputs[place].clone().requires_grad_()
        with torch.enable_grad():
            value = observe(tuple(inputs)).value
        if not (isinstance(value, torch.Tensor) and value.requires_grad):
            return f"The numbers are right, but no gradient goes back to {name}, so it could never learn. Leave out .detach(), .item(), .numpy() and torch.tensor(...)."
    return ""


class Scores:
    """The sizes, and how large the learner's scores are against the right ones."""

    def __init__(self, case: Case) -> None:
        (self.B, self.T, n_embd), head_size = case.inputs[0].shape, case.inputs[1].shape[1]
        self.got, times = case.got, case.got.norm() / case.want.double().norm()
        self.large = (
            f"With {n_embd=} and {head_size=} your scores are {times:.3g} times as large as they should be"
        )


ex = Exercise(
    prompt="Write scaled_scores(x, W_q, W_k): x is (B, T, C), W_q and W_k are (C, head_size). Return the scaled scores of every query with every key, (B, T, T): no mask, no softmax. Gradients must come back to W_q and W_k.",
    hints=(
        "Three steps: queries and keys, their dot products, one factor. The factor depends on one size only.",
        "q = x @ W_q has shape (B, T, head_size). How many products are added up in one score? That is the number whose root matters.",
        "q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5",
    ),
    inputs=heads,
    see=Scores,
    holds=(gradients_reach_both,),
    note=lambda values: (
        f"The first scores have a spread of {values[0].std():.2g}, and gradients reach W_q and W_k."
    ),
    axes="B, T, T",
)


@ex.right
def scaled_scores(x: torch.Tensor, W_q: torch.Tensor, W_k: torch.Tensor) -> torch.Tensor:
    q, k = x @ W_q, x @ W_k  # both (B, T, head_size)
    head_size = q.shape[-1]
    return q @ k.transpose(-2, -1) * head_size**-0.5  # (B, T, T)


@ex.also_right
def scores_by_einsum(x, a, b):
    return torch.einsum("bth,bsh->bts", x.double() @ a.double(), x.double() @ b.double()) / a.shape[1] ** 0.5


@ex.also_right
def scores_scaled_on_both_sides(x, W_q, W_k):
    half = W_q.size(-1) ** -0.25
    return (half * F.linear(x, W_q.T)) @ (half * F.linear(x, W_k.T)).mT


@ex.also_right
def scores_by_joined_matrices(x, W_q, W_k):
    return torch.stack([one @ (W_q @ W_k.T) @ one.T / np.sqrt(W_k.shape[1]) for one in x])


def multiplied_by(factor: Callable) -> Callable:
    """Return the answer with another factor, made from the sizes B, T, C and head_size."""
    return lambda x, W_q, W_k: x @ W_q @ (x @ W_k).mT * factor(*x.shape, W_q.shape[1])


ex.mistake(
    "the root of n_embd",
    "{large}: you scaled by the width of x. A score adds up the entries of q and k, and there are head_size of those. With a single head, both are the same, so it is easily missed.",
    multiplied_by(lambda B, T, C, head_size: C**-0.5),
)
ex.mistake(
    "no scale",
    "{large}: these are the raw scores. The scale is missing.",
    multiplied_by(lambda B, T, C, head_size: 1.0),
)
ex.mistake(
    "head_size without the root",
    "{large}: they were divided by head_size itself. Either the root is missing, or it was applied twice, once to q and once to k or to the scores.",
    multiplied_by(lambda B, T, C, head_size: 1 / head_size),
)
ex.mistake(
    "multiplied by the root",
    "{large}: you multiplied by the root. Scores are too large as they are; divide, or take the power -0.5.",
    multiplied_by(lambda B, T, C, head_size: head_size**0.5),
)
ex.mistake(
    "the square instead of the root",
    "{large}: you squared head_size. Its square is far from its root; the power you want is one half, not two.",
    multiplied_by(lambda B, T, C, head_size: head_size**2),
    multiplied_by(lambda B, T, C, head_size: head_size**-2.0),
)
ex.mistake(
    "the power without brackets",
    "{large}: Python reads n ** -1 / 2 as (n ** -1) / 2, and n ** 1 / 2 as half of n. Write the power as 0.5, or in brackets.",
    multiplied_by(lambda B, T, C, head_size: head_size**-1 / 2),
    multiplied_by(lambda B, T, C, head_size: 1 / (head_size**1 / 2)),
)
ex.mistake(
    "the root of T",
    "{large}: you took the root of T={T}, how many positions there are. A longer text does not make a score longer: it adds scores, not terms.",
    multiplied_by(lambda B, T, C, head_size: T**-0.5),
)
ex.mistake(
    "the root of B",
    "{large}: you took the root of B={B}; len(q) and q.shape[0] are the batch. Which dim of q holds what is added up?",
    multiplied_by(lambda B, T, C, head_size: B**-0.5),
)


@ex.mistake(
    "divided by the measured spread",
    "{large}: you divided by the spread of these very scores. The scale must not depend on the text, or no head could ever become more certain than another. Use the size alone.",
)
def _(x, W_q, W_k):
    scores = x @ W_q @ (x @ W_k).mT
    return scores / scores.std() if scores.numel() > 1 else scores


@ex.mistake("divided by the measured spread")
def _(x, W_q, W_k):
    scores = x @ W_q @ (x @ W_k).mT
    return scores / scores.std() if scores.numel() > 1 else torch.nan * scores


ex.mistake(
    "queries and keys are swapped",
    "Row 0 of your scores reads {got[0][0][0]:.2f}, {got[0][0][1]:.2f}, {got[0][0][2]:.2f}, ...; that is column 0 of the right ones. Rows are queries and columns are keys: q comes first.",
    lambda x, W_q, W_k: scaled_scores(x, W_k, W_q),
)
ex.mistake(
    "the keys are made with W_q",
    "Your scores are symmetric: [0, 0, 1] and [0, 1, 0] are both {got[0][0][1]:.3g}. One matrix made both queries and keys; the other was not used.",
    lambda x, W_q, W_k: scaled_scores(x, W_q, W_q),
    lambda x, W_q, W_k: scaled_scores(x, W_k, W_k),
)
ex.mistake(
    "x in place of queries and keys",
    "Score [0, 0, 0] is {got[0][0][0]:.3g}, a squared length: these are products of x with itself. First make queries and keys, x @ W_q and x @ W_k.",
    lambda x, W_q, W_k: x @ x.mT * W_q.shape[1] ** -0.5,
    lambda x, W_q, W_k: x @ x.mT * x.shape[-1] ** -0.5,
    lambda x, W_q, W_k: x @ x.mT,
)
ex.mistake(
    "the keys were not transposed",
    "torch refuses: {refusal}. q and k are both {shape_of_q}. To pair every query with every key, k must stand on its side: its last two dims swapped.",
    lambda x, W_q, W_k: x @ W_q @ (x @ W_k) * W_q.shape[1] ** -0.5,
    see=lambda case: {
        "refusal": str(case.error).rstrip("."),
        "shape_of_q": tuple((case.inputs[0] @ case.inputs[1]).shape),
    },
)
ex.mistake(
    "the softmax is taken",
    "Row 0 of your result sums to {row_sum:.3g}: those are weights. Scores come before the softmax.",
    lambda x, W_q, W_k: scaled_scores(x, W_q, W_k).softmax(-1),
    see=lambda case: {"row_sum": case.got[0, 0].sum()},
)
ex.mistake(
    "the future is masked",
    "{hidden} of {all} scores are minus infinity. The mask comes after scaling, and is not asked for here.",
    lambda x, W_q, W_k: scaled_scores(x, W_q, W_k).masked_fill(~causal_mask(x.shape[1]), float("-inf")),
    see=lambda case: {"hidden": int(case.got.isinf().sum()), "all": case.got.numel()},
)
ex.mistake(
    "queries and keys are brought to length 1",
    "{large}: each is a cosine, from -1 to 1. How long a query is says how much it wants; divide by the root of the size alone.",
    lambda x, W_q, W_k: F.normalize(x @ W_q, dim=-1) @ F.normalize(x @ W_k, dim=-1).mT,
)
