"""Only the k highest logits stay, and what ties with the last of them."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.sampling.shared import Kept, counted_from_the_front, raised, refused, rows, sizes

INF = torch.inf


def to_cut(seed: int) -> list[tuple]:
    """Return some (logits, k): a row to check by hand, one row, rows far apart, as many as V, more, one, and equals."""
    B, V, generator = sizes(seed)
    logits = partial(torch.randn, generator=generator)
    apart = 4.0 * torch.arange(B)[torch.randperm(B, generator=generator)]
    k, more = (int(torch.randint(2, 5, (), generator=generator)) for _ in range(2))
    equals = torch.randint(1, 4, (B, 4), generator=generator).float()  # some of three values are equal
    return [
        (torch.tensor([2.0, 1.0, 1.0, 1.0, 0.0]), 2),
        (logits(V), k),
        (logits(B, V) + apart[:, None], k),
        (logits(V, V), 3),
        (logits(B, V), 1),
        (logits(B, V), V),
        (logits(B, V), V + more),
        (equals, 2),
    ]


def left(values: torch.Tensor) -> torch.Tensor:
    """Return which are left: neither minus infinity nor no number."""
    return numbers(values) > -INF


def keeps_as_many(observe: Observe, run: Run) -> str:
    """Say in which row other ids are kept than should be, or what has changed that was kept."""
    got, logits = numbers(run.outcome.value), run.inputs[0]
    if (lost := got.isnan()).any():
        return f"{int(lost.sum())} of {got.numel()} values are NaN (not a number){run.said}."
    kept = Kept(left(got), left(run.want))
    if kept.row is not None:
        return f"In row {kept.row} you keep ids {kept.ids}; right would be {kept.right}{run.said}."
    moved = rows(left(run.want) & (got != logits))
    if not moved.any():
        return ""
    row, at = moved.nonzero()[0].tolist()
    now, was = (rows(numbers(values))[row, at] for values in (got, logits))
    return (
        f"What is kept stays as it was: in row {row} id {at} had {was:.4g} and now has {now:.4g}{run.said}."
    )


class Cut:
    """How many the learner keeps in the first row that is not right, and what the values are like."""

    def __init__(self, case: Case) -> None:
        logits, k = case.inputs
        self.V, self.given = logits.shape[-1], tuple(logits.shape)
        if case.error is not None:
            self.raised = raised(case)
            self.kept = f"With k = {k} {self.raised}"
            return
        self.shape, self.size = tuple(case.got.shape), case.got.numel()
        self.lowest, self.sum = case.got.min(), rows(case.got)[0].sum()
        self.zeros, self.ones = (int((case.got == value).sum()) for value in (0, 1))
        if self.shape == self.given:
            self.kept = f"With k = {k} {Kept(left(case.got), left(case.want)).said}"


ex = Exercise(
    prompt="Write top_k(logits, k): the logits (V,) or (B, V) with -inf in each row for all below its k-th highest. What ties with the k-th stays, and a k above V keeps all.",
    hints=(
        "You need one number for each row: the value of the last one that stays. Then compare.",
        "topk(k, dim=-1).values is in falling order; [..., -1:] keeps the axis. It takes no k above V.",
        "k = min(k, logits.shape[-1]); last_kept = logits.topk(k, dim=-1).values[..., -1:]; then logits.masked_fill(logits < last_kept, float('-inf')).",
    ),
    inputs=to_cut,
    holds=(keeps_as_many,),
    see=Cut,
    note=lambda values: (
        f"Of 2, 1, 1, 1, 0 with k = 2 you keep {int(left(values[0]).sum())}, and a k above V drops nothing."
    ),
    probe="(Measured on the logits 2, 1, 1, 1, 0.)",
)


@ex.right
def top_k(logits: torch.Tensor, k: int) -> torch.Tensor:
    k = min(k, logits.shape[-1])  # a limit that is never reached is no mistake
    last_kept = logits.topk(k, dim=-1).values[..., -1:]  # each row has its own
    return logits.masked_fill(logits < last_kept, float("-inf"))


@ex.also_right
def cut_by_sorting(x, k):
    least = x.sort(dim=-1, descending=True)[0].narrow(-1, min(k, x.size(-1)) - 1, 1)
    return torch.where(x >= least, x, torch.tensor(-torch.inf))


@ex.also_right
def cut_by_numpy(logits, k):
    x = logits.numpy().astype(np.float64)
    return np.where(x < np.sort(x, axis=-1)[..., [-min(k, x.shape[-1])]], -np.inf, x)


def both(middle: Callable) -> list[Callable]:
    """Return the slip by somebody who thought of a k above V, and by somebody who did not."""
    return [lambda logits, k: middle(logits, min(k, logits.shape[-1])), middle]


def below(threshold: Callable, value: float = -INF) -> Callable:
    """Return the answer that drops what is below threshold(logits, k), to a value."""
    return lambda logits, k: logits.masked_fill(logits < threshold(logits, k), value)


def at(places: Callable) -> Callable:
    """Return the answer that keeps what stands at places(logits, k)."""

    def top_k(logits, k):
        where = places(logits, k)
        return torch.full_like(logits, -INF).scatter(-1, where, logits.gather(-1, where))

    return top_k


def highest(logits, k):
    return logits.topk(k, dim=-1).values  # (..., k), in falling order


def kth(logits, k):
    return highest(logits, k)[..., -1:]


def lowest(logits, k):
    return logits.topk(k, dim=-1, largest=False)


def rising(logits):
    return logits.sort(dim=-1).values


def falling(logits):
    return logits.sort(dim=-1, descending=True).values


ex.mistake(
    "ties are cut",
    "{kept}, though another has the same logit as the last that stays. Which of equals went was an accident of sorting: compare values, not places.",
    *both(at(lambda logits, k: logits.topk(k, dim=-1).indices)),
    at(lambda logits, k: logits.argsort(dim=-1, descending=True, stable=True)[..., :k]),
    at(lambda logits, k: logits.argsort(dim=-1, stable=True)[..., -k:]),
)
ex.mistake(
    "a k above V",
    "With k = {k} and {V} characters {raised}. A limit that is never reached is no mistake: keep all.",
    below(kth),
    below(lambda logits, k: falling(logits)[..., k - 1, None]),
    below(lambda logits, k: rising(logits)[..., -k, None]),
)
ex.mistake(
    "what is dropped becomes 0",
    "With k = {k} {zeros} of your logits are 0. That is a logit like others, and no small one: the softmax gives it a share. Which logit gives probability 0?",
    *both(below(kth, 0.0)),
)
ex.mistake(
    "what is dropped becomes a large negative number",
    "With k = {k} your lowest logit is {lowest:.3g}. Mostly that will do, and other code cannot tell it from a logit. Minus infinity says never.",
    *[
        one
        for value in (-100.0, -1e3, -1e4, -1e9, -1e10, -1e20, torch.finfo().min)
        for one in both(below(kth, value))
    ],
)
ex.mistake(
    "the least are kept",
    "{kept}, and they are the wrong ones: the highest logit is gone.",
    *both(lambda logits, k: logits.masked_fill(logits > lowest(logits, k).values[..., -1:], -INF)),
    at(lambda logits, k: logits.argsort(dim=-1, stable=True)[..., :k]),
    *both(at(lambda logits, k: lowest(logits, k).indices)),
)
ex.mistake(
    "the k-th from below",
    "{kept}. The values were in rising order, so you counted k from below.",
    *both(below(lambda logits, k: rising(logits)[..., k - 1, None])),
)
ex.mistake(
    "one threshold for the whole batch",
    "{kept}: one threshold served all {given[0]} rows. Each row has its own.",
    *both(below(lambda logits, k: kth(logits.flatten(), k))),
    *both(below(lambda logits, k: kth(logits, k).min())),
    *both(below(lambda logits, k: kth(logits, k).max())),
    *both(below(lambda logits, k: kth(logits, k).flatten()[0])),
)
ex.mistake(
    "the threshold lost its axis",
    "With logits of shape {shape} {raised}. One threshold a row is asked for, of shape (B, 1), so that it meets its own row.",
    *both(below(lambda logits, k: highest(logits, k)[..., -1])),
    *both(below(lambda logits, k: highest(logits, k)[-1])),
    see=refused,
)
ex.mistake(
    "the wrong axis",
    "{kept}: you compared with the other rows. The vocabulary is the last axis.",
    below(lambda logits, k: logits.topk(min(k, logits.shape[0]), dim=0).values[-1:]),
    below(lambda logits, k: logits.topk(k, dim=0).values[-1:]),
)
ex.mistake(
    counted_from_the_front(
        "logits",
        *both(below(lambda logits, k: logits.topk(k, dim=1).values[:, -1:])),
        *both(below(lambda logits, k: highest(logits, k)[:, -1:])),
    )
)
ex.mistake(
    "the k-th itself is dropped",
    "{kept}. The k-th itself is to stay: look at your comparison.",
    *both(lambda logits, k: logits.masked_fill(logits <= kth(logits, k), -INF)),
)
ex.mistake(
    "one too many",
    "{kept}. Places are counted from 0: which one is the k-th?",
    below(lambda logits, k: kth(logits, min(k + 1, logits.shape[-1]))),
    below(lambda logits, k: falling(logits)[..., k : k + 1]),
    below(lambda logits, k: falling(logits)[..., k, None]),
)
ex.mistake(
    "only the k that are kept",
    "With k = {k} you return shape {shape}, and the logits have {given}. Without the others nobody knows whose logits these are.",
    *both(highest),
    *both(lambda logits, k: logits.topk(k, dim=-1).indices),
)
ex.mistake(
    "probabilities",
    "Your values sum to {sum:.3g} in row 0: the cut is there, and then a softmax. Here logits are asked for.",
    *both(lambda logits, k: below(kth)(logits, k).softmax(dim=-1)),
)
ex.mistake(
    "the mask itself",
    "{ones} of your {size} values are True, and logits are asked for. That says who stays; now put -inf where it is False.",
    *both(lambda logits, k: logits >= kth(logits, k)),
)
ex.mistake(
    "nothing is dropped",
    "{kept}. Where does the cut happen, and is its result returned?",
    lambda logits, k: logits,
)
ex.mistake(
    "one too few",
    "{kept}. Your k-th is the one before it: places are counted from 0, and [..., k - 1] or [..., -1:] is the k-th.",
    below(lambda logits, k: kth(logits, max(1, min(k, logits.shape[-1]) - 1))),
)
ex.mistake(
    "left in falling order",
    "{kept}, and your values stand in falling order. Whose are they? Each logit keeps its place.",
    lambda logits, k: falling(logits).masked_fill(torch.arange(logits.shape[-1]) >= k, -INF),
)
