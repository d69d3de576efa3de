"""What one input is to another: the same rows in another order, or something else."""

from collections.abc import Callable

import torch

from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.dot_product import attention_steps
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers

SAME = 1e-6  # two numbers nearer than this count as one


def relation(two_orders: Callable, T: int, C: int) -> dict[str, Fact]:
    """Return what y is to x, and what a head without a mask makes of both."""
    made = two_orders(T, C)
    if not isinstance(made, tuple | list) or len(made) != 2:
        raise Refusal(f"Expected 2 inputs, x and y, got one {type(made).__name__}.")
    x, y = map(numbers, made)
    for name, one in (("x", x), ("y", y)):
        if one is None or one.shape != (T, C):
            got = "no tensor" if one is None else f"shape {tuple(one.shape)}"
            raise Refusal(f"With T = {T} and C = {C}, {name} must be (T, C) = ({T}, {C}); got {got}.")
        if bad := int((~one.isfinite()).sum()):
            raise Refusal(f"{bad} of {one.numel()} numbers of {name} are not finite.")
    kind, said = _relation(x, y)
    return {"order": Fact(kind, said + (_proof(x, y) if kind == "another order" else ""))}


def _relation(x: torch.Tensor, y: torch.Tensor) -> tuple[str, str]:
    """Return in a word or two what y is to x, and a sentence with the number that shows it."""
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
    """Return how many rows of x have no row of y for their own; each row of y serves once."""
    free, lonely = list(y), 0
    for row in x:
        at = next((i for i, other in enumerate(free) if (row - other).abs().max() < SAME), None)
        if at is None:
            lonely += 1
        else:
            free.pop(at)
    return lonely


def _proof(x: torch.Tensor, y: torch.Tensor) -> str:
    """Put both inputs through one head, without a mask and with one, and say what they differ by."""
    generator = torch.Generator().manual_seed(1337)
    matrices = torch.randn(3, x.shape[1], 4, generator=generator).double()
    order = ((y[:, None] - x).abs().amax(-1) < SAME).double().argmax(1)  # y is x[order]

    def apart(mask):
        of_x, of_y = (attention_steps(*(one @ matrices), mask=mask).output for one in (x, y))
        return (of_y - of_x[order]).abs().max().item()

    blind = "nothing but rounding" if apart(None) < 1e-9 else f"{apart(None):.2g}"
    return f" A head without a mask gives each row what it got before: the outputs differ by {blind}. With the causal mask they differ by {apart(causal_mask(len(x))):.3g}."
