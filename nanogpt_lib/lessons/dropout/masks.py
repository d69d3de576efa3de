"""What a dropout drops and lets back.

Masks are random, so they are judged by their law, on tensors so large that a right answer of any style passes.
"""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.measures.draws import seeded
from nanogpt_lib.kit.measures.gradients import numpy_refused
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers

WITHIN = 0.01  # how far the mean of a 1 may be off 1; chance alone is five times nearer
SAME = 1e-5  # relative: one factor, up to rounding
STEADY = 0.2  # of the variance of a count that chance makes; by chance it is never so small
TOGETHER = 1.5  # times that variance: where numbers fall together there is more of it
UNEVEN = 0.05  # how far the shares of two halves may be apart; by chance they are ten times nearer
LOOKS = 60  # further seeds, where all was kept or all was dropped
AXES = "BTC"


def dropped(dropout: Callable, x: torch.Tensor, p: float, training: bool, seed: int) -> dict[str, Fact]:
    """Return what dropout does to x, one fact after the other, up to the first that is not right.

    Args:    dropout: the answer.   x: (B, T, C), no number of it near 0.   p, training: as for dropout.
             seed: of the generators that it is given.
    """

    def call(given: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        y = dropout(given, p, training, generator)
        if not isinstance(y, torch.Tensor) or y.shape != given.shape:
            shape = f" of shape {tuple(y.shape)}" if hasattr(y, "shape") else ""
            raise Refusal(f"Expected a tensor of shape {tuple(given.shape)}, got {type(y).__name__}{shape}.")
        return y

    here = f"With p = {p:g} in {'training' if training else 'use'}"
    before = x.clone()
    y = call(x, seeded(seed))
    moved = int((x != before).sum())  # NaN differs from everything
    found = {"input": Fact(moved == 0, f"{here}, {moved:,} of {x.numel():,} numbers of x itself changed.")}
    if moved:
        return found
    random = training and 0 < p < 1
    right = ("p", "1/(1-p)") if random else "nothing left" if training and p == 1 else "as it was"
    found["result"] = _law(before, y, p, here)
    if random and found["result"].value in ("as it was", "nothing left", "only scaled"):
        found["result"] = _one_draw(call, before[:1], seed) or found["result"]
    if found["result"].value != right:
        return found
    learned = before.clone().requires_grad_()
    with numpy_refused():
        again = call(learned, seeded(seed))
    found["gradient"] = _gradient(learned, again, here)
    # where nothing is left, an answer may well be new zeros, through which nothing goes back
    if right == "nothing left" and found["gradient"].value == "none":
        found["gradient"] = Fact("the mask", found["gradient"].said)
    if found["gradient"].value != "the mask" or not random:
        return found
    other = call(before, seeded(seed + 1))
    differ = int(((y == 0) != (other == 0)).sum())
    found["chance"] = Fact(differ > 0, f"two seeds gave masks that differ at {differ:,} places.")
    if not differ:
        return found
    found["count"] = _count(before, [y, other, call(before, seeded(seed + 2))], p)
    if found["count"].value != "by chance":
        return found
    differ = int(((y == 0) != (again == 0)).sum())
    found["seed"] = Fact(
        differ == 0, f"two generators with one seed gave masks that differ at {differ:,} places."
    )
    if not differ:
        stream = seeded(seed)
        one, two = call(before, stream), call(before, stream)
        differ = int(((one == 0) != (two == 0)).sum())
        said = f"one generator, used for two calls, gave masks that differ at {differ:,} places."
        found["stream"] = Fact(differ > 0, said)
        found["alone"] = _law(before, call(before, None), p, f"{here} and generator=None")
    return found


def _law(x: torch.Tensor, y: torch.Tensor, p: float, here: str) -> Fact:
    """Return what became of the numbers: the share of zeros, the factor of the rest, and who shares a mask."""
    ratio = numbers(y) / numbers(x)
    total, bad = ratio.numel(), int((~ratio.isfinite()).sum())
    if bad:
        return Fact("not finite", f"{here}, {bad:,} of {total:,} numbers are not finite.")
    zero = ratio == 0
    share, kept = zero.double().mean().item(), ratio[~zero]
    if not kept.numel():
        return Fact("nothing left", f"{here}, all {total:,} numbers are 0.")
    if (ratio == 1).all():
        return Fact("as it was", f"{here}, all {total:,} numbers come out as they went in.")
    factor = kept.median().item()
    if (kept - factor).abs().max() > SAME * abs(factor):
        low, high = kept.min().item(), kept.max().item()
        said = f"{here}, {share:.1%} of the numbers are 0, and the others {low:.3g} to {high:.3g} times"
        return Fact("varied", f"{said} what they were.")
    said = (
        f"{here}, {share:.1%} of the numbers are 0, and the others {factor:.4g} times what they were: "
        f"on average 1 becomes {ratio.mean():.3f}."
    )
    if not zero.any():
        return Fact("only scaled", said)
    shared = "".join(name for axis, name in enumerate(AXES) if (zero == zero.narrow(axis, 0, 1)).all())
    if shared:
        draws = total
        for name in shared:
            draws //= ratio.shape[AXES.index(name)]
        said = f"{here}, {int(zero.sum()):,} numbers are 0, by {draws:,} draws for {total:,} numbers"
        return Fact(("shared", shared), said)
    if p in (0, 1):
        return Fact("dropped", said)
    shares = {"p": p, "1-p": 1 - p}
    which = next((name for name, one in shares.items() if abs(share - one) < WITHIN * (1 - one)), "another")
    factors = {
        "1/(1-p)": 1 / (1 - p),
        "1": 1.0,
        "1/p": 1 / p,
        "1-p": 1 - p,
        "p": p,
        "twice": (1 - p) ** -2,
        "1/kept": 1 / (1 - share),
    }
    times = next((name for name, one in factors.items() if abs(factor / one - 1) < SAME), "another")
    return Fact((which, times), said)


def _count(x: torch.Tensor, results: list[torch.Tensor], p: float) -> Fact:
    """Return whether the number of zeros is a matter of chance: in all, by sign, in every sequence, along every axis."""
    zeros = [result == 0 for result in results]
    all_of_them = {int(zero.sum()) for zero in zeros}
    if len(all_of_them) == 1:
        said = f"In {len(zeros)} calls exactly {all_of_them.pop():,} of {zeros[0].numel():,} numbers were 0 each time."
        return Fact("exact", said)
    above, below = (zeros[0][sign].double().mean().item() for sign in (x > 0, x < 0))
    if abs(above - below) > UNEVEN:
        return Fact("by sign", f"{above:.1%} of the numbers above 0 are 0, and {below:.1%} of those below.")
    for axes, what in (
        (2, "row of features"),
        (1, "column of positions"),
        (0, "row through the batch"),
        ((1, 2), "sequence"),
    ):
        counts = zeros[0].sum(dim=axes).double().flatten()
        size = zeros[0].numel() / len(counts)
        ratio = counts.var() / (size * p * (1 - p))
        if ratio < STEADY or (ratio > TOGETHER and isinstance(axes, int)):
            said = (
                f"Of the {size:.0f} numbers of every {what} {counts.min():.0f} to {counts.max():.0f} were 0."
            )
            return Fact("exact" if ratio < STEADY else "together", said)
    return Fact(
        "by chance", f"In {len(zeros)} calls {min(all_of_them):,} to {max(all_of_them):,} numbers were 0."
    )


def _one_draw(call: Callable, x: torch.Tensor, seed: int) -> Fact | None:
    """Return whether one draw decides for all numbers together; other seeds tell."""
    empty = sum(not call(x, seeded(seed + more)).any() for more in range(LOOKS))
    if empty in (0, LOOKS):
        return None
    said = f"With {LOOKS} seeds everything was 0 for {empty} of them, and nothing for the other"
    return Fact(("shared", AXES), f"{said} {LOOKS - empty}")


def _gradient(x: torch.Tensor, y: torch.Tensor, here: str) -> Fact:
    """Return what comes back to x, beside the mask of the same call."""
    sent = 1.5 + torch.arange(x.numel()).cos().reshape(x.shape)
    back = None
    if y.requires_grad:
        (back,) = torch.autograd.grad((y * sent).sum(), x, allow_unused=True)
    if back is None:
        return Fact("none", f"{here}, 0 of {x.numel():,} numbers get a gradient.")
    mask = numbers(y) / numbers(x)
    got = numbers(back) / numbers(sent)
    off = int((~torch.isclose(got, mask, rtol=1e-4, atol=1e-6)).sum())
    stray = int(((mask == 0) & (got != 0)).sum())
    said = f"{here}, the gradient differs from the mask at {off:,} of {x.numel():,} numbers"
    kind = "the mask" if not off else "past the mask" if (got - 1).abs().max() < 1e-4 else "another"
    return Fact(kind, f"{said}: {stray:,} that were dropped get one.")
