"""Where a head looks that was set by hand: many matrices are right, so they are told by what they do."""

from collections.abc import Callable

import torch

from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers

ENOUGH = 0.9  # of its weight a position gives to the one before
SAME = 1e-6  # two numbers nearer than this count as one


def aim(look_back: Callable, T: int) -> dict[str, Fact]:
    """Return where a head with these matrices looks, when x says nothing but the position."""
    made = look_back(T)
    if not isinstance(made, tuple | list) or len(made) != 2:
        raise Refusal(f"Expected 2 matrices, W_q and W_k, got one {type(made).__name__}.")
    W_q, W_k = map(numbers, made)
    for name, matrix in (("W_q", W_q), ("W_k", W_k)):
        if matrix is None or matrix.ndim != 2 or len(matrix) != T:
            got = "no matrix" if matrix is None else f"shape {tuple(matrix.shape)}"
            raise Refusal(f"With T = {T}, {name} must be ({T}, head_size), one row a position; got {got}.")
    if W_q.shape != W_k.shape:
        shapes = f"{tuple(W_q.shape)} and {tuple(W_k.shape)}"
        raise Refusal(f"W_q and W_k must have the same head_size, else no query meets a key; got {shapes}.")
    scores = W_q @ W_k.T  # x is the identity, so these are q @ k.T
    if bad := int((~scores.isfinite()).sum()):
        return {"aim": Fact("not finite", f"With T = {T}, {bad} of {T * T} scores are NaN or infinite.")}
    weights = scores.masked_fill(~causal_mask(T), float("-inf")).softmax(dim=-1)
    return {"aim": Fact(_kind(scores, weights), _worst_row(weights))}


def _kind(scores: torch.Tensor, weights: torch.Tensor) -> str:
    """Return what the map of weights amounts to, in a word or two."""
    T = len(weights)
    short = [t for t in range(1, T) if not weights[t, t - 1] >= ENOUGH]
    if not short:
        return "one back"
    asks, looks = _favourite(scores), _favourite(weights)
    if looks[1:] == list(range(T - 1)):
        return "weak"
    if asks[:-1] == list(range(1, T)):
        return "ahead"
    if looks == list(range(T)):
        return "itself"
    before = torch.ones(T, T, dtype=torch.bool).tril(-1)
    if T > 2 and (scores - scores[1, 0] * before).abs().max() < SAME:
        return "the whole past"
    back = scores.diagonal(-1)
    if (scores - torch.diag(back, -1)).abs().max() < SAME and back.max() < 0:
        return "turned away"
    if T > 2 and looks[2:] == list(range(T - 2)):
        return "two back"
    if T > 2 and looks == [0] * T:
        return "the first"
    if (weights.amax(1) * torch.arange(1, T + 1) - 1).abs().max() < SAME:
        return "all alike"
    if T > 2 and short in ([1], [T - 1]):
        return "all but row 1" if short == [1] else "all but the last"
    return "another"


def _favourite(rows: torch.Tensor) -> list[int]:
    """Return the key that each row prefers to all others; -1 where several are equal."""
    best, at = rows.max(dim=1)
    alone = (rows > best[:, None] - SAME).sum(1) == 1
    return torch.where(alone, at, -1).tolist()


def _worst_row(weights: torch.Tensor) -> str:
    T, back = len(weights), weights.diagonal(-1)
    t = int(back.argmin()) + 1
    most = int(weights[t].argmax())
    said = f"With T = {T}, position {t} gives {back[t - 1].item():.3g} of its weight to position {t - 1}"
    return said + ("." if most == t - 1 else f", and {weights[t, most].item():.3g} to position {most}.")
