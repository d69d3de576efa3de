"""Where a head looks that was set by hand, and whether two inputs differ in their order alone.

The facts of notebook 04's exercises: many answers are right, so each is judged by what it does.
"""

from collections.abc import Callable

import torch

from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.dot_product import attention_steps
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers

ENOUGH = 0.9  # of its weight a position gives to the one before
SAME = 1e-6  # two numbers nearer than this count as one


def aim_facts(look_back: Callable, T: int) -> dict[str, Fact]:
    """Where a head with these matrices looks, when x says nothing but the position."""
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
    return {"aim": Fact(_aim(scores, weights), _looked(weights))}


def _favourite(rows: torch.Tensor) -> list[int]:
    """The key each row prefers to all others; -1 where several are equal."""
    best, at = rows.max(dim=1)
    alone = (rows > best[:, None] - SAME).sum(1) == 1
    return torch.where(alone, at, -1).tolist()


def _aim(scores: torch.Tensor, weights: torch.Tensor) -> str:
    """What the map of weights amounts to, in a word or two."""
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
    if T > 2 and looks[2:] == list(range(T - 2)):
        return "two back"
    if T > 2 and looks == [0] * T:
        return "the first"
    if (weights.amax(1) * torch.arange(1, T + 1) - 1).abs().max() < SAME:
        return "all alike"
    if T > 2 and short in ([1], [T - 1]):
        return "all but row 1" if short == [1] else "all but the last"
    return "another"


def _looked(weights: torch.Tensor) -> str:
    T, back = len(weights), weights.diagonal(-1)
    t = int(back.argmin()) + 1
    most = int(weights[t].argmax())
    said = f"With T = {T}, position {t} gives {back[t - 1].item():.3g} of its weight to position {t - 1}"
    return said + ("." if most == t - 1 else f", and {weights[t, most].item():.3g} to position {most}.")


def order_facts(two_orders: Callable, T: int, C: int) -> dict[str, Fact]:
    """What y is to x, and what a head without a mask makes of both."""
    made = two_orders(T, C)
    if not isinstance(made, tuple | list) or len(made) != 2:
        raise Refusal(f"Expected 2 inputs, x and y, got one {type(made).__name__}.")
    x, y = map(numbers, made)
    for name, one in (("x", x), ("y", y)):
        if one is None or one.shape not in ((T, C), (1, T, C)):
            got = "no tensor" if one is None else f"shape {tuple(one.shape)}"
            raise Refusal(f"With T = {T} and C = {C}, {name} must be (T, C) = ({T}, {C}); got {got}.")
        if not one.isfinite().all():
            raise Refusal(
                f"{int((~one.isfinite()).sum())} of {one.numel()} numbers of {name} are not finite."
            )
    x, y = x.reshape(T, C), y.reshape(T, C)
    relation, said = _relation(x, y)
    return {"order": Fact(relation, said + (_proof(x, y) if relation == "another order" else ""))}


def _relation(x: torch.Tensor, y: torch.Tensor) -> tuple[str, str]:
    """In a word or two what y is to x, and a sentence with the number that shows it."""
    T, moved = len(x), int((x - y).abs().amax(1).gt(SAME).sum())
    twins = (y[:, None] - x).abs().amax(-1) < SAME  # (T, T): which row of y is which row of x
    shared, gone = int(twins.any(1).sum()), _left_out(x, y)
    if not moved:
        alike = int((x - x[:1]).abs().amax(1).lt(SAME).sum())
        if alike == T:
            return "rows alike", f"All {T} rows of x are the same, and y equals x."
        return "the same", f"Your x and y differ at {moved} of {T} positions."
    if not gone:
        return "another order", f"Your y holds the {T} rows of x in another order; {moved} of them moved."
    if shared == T:
        return (
            "repeated",
            f"Every row of y is a row of x, but {gone} of the {T} rows of x found no place in y.",
        )
    few = f"{shared} of {T} rows of y are rows of x"
    if not _left_out(x.T, y.T):
        return "channels", f"{few}, though all {x.shape[1]} columns are there."
    if (x.sort(0).values - y.sort(0).values).abs().max() < SAME:
        return "each channel alone", f"{few}, though every column holds its numbers in another order."
    if (x.flatten().sort().values - y.flatten().sort().values).abs().max() < SAME:
        return "scattered", f"{few}, though all {x.numel()} numbers are there."
    if shared:
        return "partly", f"{few}, so {T - shared} came from elsewhere."
    if (x.sum(0) - y.sum(0)).abs().max() < 1e-4:
        return "added afterwards", f"{few}, though their sums agree."
    if (y - x).std() < 1e-5 * y.abs().max() or (y / x).std() < 1e-5 * (y / x).abs().max():
        return "other values", f"{few}: the same number was added to all of x, or multiplied by it."
    return "unrelated", f"{few}."


def _left_out(x: torch.Tensor, y: torch.Tensor) -> int:
    """How many rows of x have no row of y for their own; each row of y serves once."""
    free, lonely = list(y), 0
    for row in x:
        at = next((i for i, other in enumerate(free) if (row - other).abs().max() < SAME), None)
        if at is None:
            lonely += 1
        else:
            free.pop(at)
    return lonely


def _proof(x: torch.Tensor, y: torch.Tensor) -> str:
    """Both inputs through one head without a mask, and with one: what they differ by, row for row."""
    generator = torch.Generator().manual_seed(1337)
    matrices = torch.randn(3, x.shape[1], 4, generator=generator).double()
    order = ((y[:, None] - x).abs().amax(-1) < SAME).double().argmax(1)  # y is x[order]

    def apart(mask):
        of_x, of_y = (attention_steps(*(one @ matrices), mask=mask).output for one in (x, y))
        return (of_y - of_x[order]).abs().max().item()

    blind = "nothing but rounding" if apart(None) < 1e-9 else f"{apart(None):.2g}"
    return (
        f" A head without a mask gives each row what it got before: the outputs differ by {blind}. "
        f"With the causal mask they differ by {apart(causal_mask(len(x))):.3g}."
    )
