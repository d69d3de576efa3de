"""How much of the validation text has been trained on, when windows are split at random."""

from collections.abc import Callable

import numpy as np
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.outcome import numbers

SAME = 1e-6  # two shares nearer than this are one


def windows(seed: int) -> list[tuple]:
    """Return first a split that shuffles all windows of a text and keeps a tenth; then sparser ones."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for length, block_size, count in [(1200, 16, 1184), (400, 4, 90), (300, 8, 30), (200, 1, 90), (90, 3, 7)]:
        starts = torch.randperm(length - block_size, generator=generator)[:count]
        cut = int(0.7 * count) if seed or cases else int(0.9 * count)
        cases.append((starts[:cut], starts[cut:], block_size))
    return [*cases, (torch.tensor([0, 5, 9, 30]), torch.tensor([5, 20, 31]), 4)]  # a start is in both


def covered(starts: torch.Tensor, T: int) -> list[int]:
    """Return the positions that windows of T cover, one window after the other."""
    return (starts[:, None] + torch.arange(T)).flatten().tolist()


def for_each_window(train: torch.Tensor, val: torch.Tensor, T: int) -> float:
    """Return the share where a position counts once for each window that it lies in, as section 4 counts."""
    seen, places = set(covered(train, T)), covered(val, T)
    return sum(place in seen for place in places) / len(places)


def either_count(answer: Callable, train: torch.Tensor, val: torch.Tensor, T: int) -> object:
    """Return the answer's share; where a position counts once for each window, what it is counted once."""
    got = answer(train, val, T)
    value = numbers(got)
    if value is None or value.numel() != 1 or abs(value.item() - for_each_window(train, val, T)) > SAME:
        return got
    return leak(train, val, T)


ex = Exercise(
    prompt="Write leak(train_starts, val_starts, block_size): a window covers the positions start to start + block_size - 1. Return which share of the positions in validation windows lies in a training window as well.",
    hints=(
        "Two sets of positions: those in any training window, and those in any validation window.",
        "A window that starts at s covers s + 0, s + 1, ..., s + block_size - 1. Python's sets drop doubles, and & gives what both hold.",
        "seen = {int(s) + i for s in train_starts for i in range(block_size)}, the same for val_starts; then len(both) / len(those of val).",
    ),
    inputs=windows,
    run=either_count,
    see=lambda case: {
        "compared": f"Expected {case.want:.4f} with block_size={case.inputs[2]}, got {case.got:.4f}",
        "starts": len(case.inputs[1]),
    },
    note=lambda values: (
        f"Split at random by windows, {values[0]:.1%} of the validation positions were trained on."
    ),
)


@ex.right
def leak(train_starts: torch.Tensor, val_starts: torch.Tensor, block_size: int) -> float:
    seen = {int(s) + i for s in train_starts for i in range(block_size)}
    held_back = {int(s) + i for s in val_starts for i in range(block_size)}
    return len(held_back & seen) / len(held_back)


@ex.also_right
def leak_by_mask(a, b, T):
    size = int(max(a.max(), b.max())) + T
    seen, held = torch.zeros(size, dtype=torch.bool), torch.zeros(size, dtype=torch.bool)
    for i in range(T):
        seen[a + i] = True
        held[b + i] = True
    return (seen & held).sum() / held.sum()


@ex.also_right
def leak_by_numpy(a, b, T):
    held = np.unique((b.numpy()[:, None] + np.arange(T)).ravel())
    return np.isin(held, a.numpy()[:, None] + np.arange(T)).mean()


ex.also_right(for_each_window)


def shared(of: Callable) -> Callable:
    """Return the answer that divides what both splits hold by what `of` makes of the two sets."""

    def share(train, val, T):
        seen, held_back = set(covered(train, T)), set(covered(val, T))
        return len(seen & held_back) / len(of(seen, held_back))

    return share


ex.mistake(
    "tensors in a set",
    "{compared}: nothing was found in both. Either you put tensors into a set, where each is another object even if its number is the same: int(start) + i; or your window has no positions.",
    lambda train, val, T: 0.0,
)
ex.mistake(
    "compares the starts alone",
    "{compared}: no window is in both splits, and yet they overlap. Compare all positions that the windows cover, not where they start.",
    lambda train, val, T: leak(train, val, 1),
)


@ex.mistake(
    "looks at the first position of each window",
    "{compared}: you asked for the {starts} starts only. A validation window has block_size positions.",
)
def _(train, val, T):
    starts = set(val.tolist())
    return len(starts.intersection(covered(train, T))) / len(starts)


ex.mistake(
    "the share of the training positions",
    "{compared}: you divided by the training positions. Divide by those of val.",
    shared(lambda seen, held_back: seen),
)
ex.mistake(
    "the share of all positions",
    "{compared}: you divided by the positions of both. Divide by those of val.",
    shared(lambda seen, held_back: seen | held_back),
)


@ex.mistake(
    "counts windows instead of positions",
    "{compared}: you counted windows with any overlap. One shared position does not make a whole window known: count positions.",
)
def _(train, val, T):
    seen = set(covered(train, T))
    return sum(not seen.isdisjoint(covered(one[None], T)) for one in val) / len(val)


ex.mistake(
    "counted in two ways",
    "{compared}: above the line each position counts once, and below it once for each window. Count both alike, with sets.",
    lambda train, val, T: len(set(covered(train, T)) & set(covered(val, T))) / (len(val) * T),
)
ex.mistake(
    "the window is one too long",
    "{compared}: your windows hold block_size + 1 positions.",
    lambda train, val, T: leak(train, val, T + 1),
    lambda train, val, T: for_each_window(train, val, T + 1),
)
ex.mistake(
    "the window is one too short",
    "{compared}: your windows hold block_size - 1 positions.",
    lambda train, val, T: leak(train, val, max(T - 1, 1)),  # an empty window says nothing
    lambda train, val, T: for_each_window(train, val, max(T - 1, 1)),
)
ex.mistake(
    "the share that does not leak",
    "{compared}: that is the share which is in no training window. 1 minus it.",
    lambda *split: 1 - leak(*split),
    lambda *split: 1 - for_each_window(*split),
)
ex.mistake(
    "a percentage",
    "{compared}: that is a percentage. A share lies between 0 and 1.",
    lambda *split: 100 * leak(*split),
    lambda *split: 100 * for_each_window(*split),
)
ex.mistake(
    "only windows that are known as a whole",
    "{compared}: you counted windows that lie in the training positions as a whole. One position that was read has leaked already: count positions.",
    lambda train, val, T: sum(set(covered(one[None], T)) <= set(covered(train, T)) for one in val) / len(val),
)
ex.mistake(
    "everything from the first window to the last",
    "{compared}: you took all positions from the first training window to the last as read. Between two windows there are gaps.",
    lambda train, val, T: (
        sum(int(train.min()) <= at < int(train.max()) + T for at in set(covered(val, T)))
        / len(set(covered(val, T)))
    ),
)
