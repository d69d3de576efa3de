"""What get_batch draws from data in which every id occurs once, one fact after the other."""

import math
from collections import Counter
from collections.abc import Callable, Iterator

import numpy
import torch

from nanogpt_lib.kit.outcome import Fact, Refusal, seed_everything
from nanogpt_lib.lessons.text_tokens_batches.shared import length

DRAWS = 25  # for each legal start: that one never comes by chance is one in 10 ** 9


def draws(get_batch: Callable, data: torch.Tensor, block_size: int, batch_size: int) -> dict[str, Fact]:
    """Return what get_batch draws, one fact after the other, up to the first that is not right.

    Args:    get_batch: the answer.   data: (N,) ids, each of them once, so that an id tells where
             it was drawn from.   block_size, batch_size: T and B.
    Raises:  Refusal: an answer that is no pair of tensors.
    """
    return dict(_facts(get_batch, data, block_size, batch_size))


def _facts(get_batch: Callable, data: torch.Tensor, T: int, B: int) -> Iterator[tuple[str, Fact]]:
    legal = len(data) - T
    batches = [_batch(get_batch, data, T, B) for _ in range(DRAWS * legal // B)]
    shapes, types = _shapes(batches, T, B), _types(batches)
    yield "shapes", shapes
    yield "dtype", types
    if shapes.value != "as asked" or not types.value:
        return
    x, y = (_places(torch.stack(side), data) for side in zip(*batches, strict=True))  # (calls, B, T)
    outside = int((x < 0).sum() + (y < 0).sum())
    yield "inside", Fact(outside == 0, f"{outside} of {2 * x.numel()} ids are not in the data that you got.")
    if outside:
        return
    breaks = int((x.diff(dim=2) != 1).sum())
    said = f"{breaks} of {x[..., 1:].numel()} neighbours in x are not neighbours in the data."
    many = "one by one" if 2 * breaks > x[..., 1:].numel() else "some"
    yield "in a row", Fact(many if breaks else "yes", said)
    if breaks:
        return
    shift, starts = _shift(y - x), x[..., 0]  # starts: (calls, B)
    calls = len(starts)
    copies, again = _alike(starts, starts[:, :1]), _alike(starts, starts[:1])
    together = _rows(starts, legal, copies)
    yield "shift", shift
    yield "rows", together
    yield "calls", Fact(again == calls, f"{again} of {calls} calls gave the same batch.")
    if shift.value != 1 or together.value != "each its own" or again == calls:
        return
    reached = _reached(starts, legal, T)
    yield "starts", reached
    if reached.value == "all":
        yield "twice", _twice(starts, legal)
        yield "seed", _repeats(get_batch, data, T, B)


def _batch(get_batch: Callable, data: torch.Tensor, T: int, B: int) -> tuple:
    batch = get_batch(data, T, B)
    if isinstance(batch, torch.Tensor | numpy.ndarray) and len(batch) == 2:
        batch = tuple(batch)
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        parts = f" of length {len(batch)}" if isinstance(batch, tuple | list) else ""
        raise Refusal(f"Expected two tensors, x and y, got one {type(batch).__name__}{parts}.")
    batch = [torch.from_numpy(side) if isinstance(side, numpy.ndarray) else side for side in batch]
    for side in batch:
        if not isinstance(side, torch.Tensor):
            raise Refusal(
                f"Expected x and y as tensors, got a {type(side).__name__} of length {length(side)}. Join the rows with torch.stack(rows)."
            )
    return tuple(batch)


def _shapes(batches: list[tuple], T: int, B: int) -> Fact:
    """Return which shapes the batches have: those of the first that has not the right ones."""
    wanted = (B, T)
    all_shapes = [(tuple(x.shape), tuple(y.shape)) for x, y in batches]
    of_x, of_y = next((shapes for shapes in all_shapes if shapes != (wanted, wanted)), (wanted, wanted))
    kind = {
        (wanted, wanted): "as asked",
        ((T, B), (T, B)): "swapped",
        ((T,), (T,)): "one row",
    }.get((of_x, of_y), "another")
    said = f"For block_size={T}, batch_size={B} x has shape {of_x} and y {of_y}; (B, T) is {wanted}."
    return Fact(kind, said)


def _types(batches: list[tuple]) -> Fact:
    types = {x.dtype for x, _ in batches} | {y.dtype for _, y in batches}
    return Fact(types == {torch.int64}, f"ids are int64; yours are {', '.join(map(str, types))}.")


def _places(ids: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
    """Return where in the data each id stands, -1 where it stands nowhere."""
    place = torch.full((int(max(data.max(), ids.max())) + 1,), -1)
    place[data] = torch.arange(len(data))
    return place[ids.clamp(min=0)]


def _alike(starts: torch.Tensor, other: torch.Tensor) -> int:
    """Return how many of the calls drew the same starts as another."""
    return int((starts == other).all(dim=1).sum())


def _shift(steps: torch.Tensor) -> Fact:
    """Return how far y is after x: the most frequent step, where it is not the only one."""
    step, count = Counter(steps.flatten().tolist()).most_common(1)[0]
    said = f"y is {step} characters after x at {count / steps.numel():.0%} of the places; it must be 1 everywhere."
    return Fact(step if count == steps.numel() else "mixed", said)


def _rows(starts: torch.Tensor, legal: int, copies: int) -> Fact:
    """Return whether each row has a start of its own: not another row's, nor one at a fixed distance from it."""
    calls, B = starts.shape
    steps = (starts[:, :, None] - starts[:, None]) % legal  # (calls, B, B): from every row to every other
    fixed = int((steps == steps[:1]).all(dim=0).sum()) - B
    if not fixed:
        return Fact("each its own", f"In {copies} of {calls} batches all {B} rows are the same.")
    if copies == calls:
        return Fact("alike", f"In {copies} of {calls} batches all {B} rows are the same.")
    said = f"In all {calls} batches some of the {B} rows stood at the same distance from each other: {fixed // 2} pairs of rows did."
    return Fact("in step", said)


def _reached(starts: torch.Tensor, legal: int, T: int) -> Fact:
    """Return which of the legal starts were drawn; with so many draws each of them is."""
    met = set(starts.flatten().tolist())
    missing = [start for start in range(legal) if start not in met]
    if not missing:
        value = "all"
    elif missing == [legal - 1]:
        value = "all but the last"
    elif missing == [0]:
        value = "all but the first"
    elif all(start % T == 0 for start in met):
        value = "whole blocks"
    else:
        value = "some"
    said = (
        f"{starts.numel()} draws met the starts {min(met)} to {max(met)}; {legal} are legal, 0 to {legal - 1}"
    )
    return Fact(value, f"{said}, and {len(missing)} of them never came.")


def _twice(starts: torch.Tensor, legal: int) -> Fact:
    """Return whether a place may come twice in a batch; not where chance alone may never have done so."""
    calls, B = starts.shape
    apart = int((starts.sort(dim=1).values.diff(dim=1) != 0).all(dim=1).sum())
    by_chance = math.prod((legal - drawn) / legal for drawn in range(B)) ** calls
    never = apart == calls and by_chance < 1e-9
    said = (
        f"In {apart} of {calls} batches no start came twice, though there are only {legal} to draw {B} from."
    )
    return Fact(not never, said)


def _repeats(get_batch: Callable, data: torch.Tensor, T: int, B: int) -> Fact:
    """Return whether the same seed gives the same batches again."""
    drawn = []
    for others in (7, 8):
        seed_everything(others)
        torch.manual_seed(7)  # the same for torch alone
        drawn.append(torch.stack([_batch(get_batch, data, T, B)[0] for _ in range(8)]))
    differ = int((drawn[0] != drawn[1]).any(dim=(1, 2)).sum())
    return Fact(differ == 0, f"After the same seed, {differ} of 8 batches came out otherwise than before.")
