"""What an answer does, found out as facts, where its own values are random or a matter of taste.

Each function runs the answer and gives one `Fact` after the other, up to the first that is not
right: what comes after could only repeat the complaint.
"""

import math
from collections import Counter
from collections.abc import Callable

import torch

from nanogpt_lib.kit.outcome import Fact, Refusal, numbers, seed_everything
from nanogpt_lib.ngrams import bigram_counts, smoothed

DRAWS = 25  # for each legal start: that one never comes by chance is one in 10 ** 9
NEAR_ENOUGH = 0.002  # nats: how far above the lowest loss an alpha may be


def tokenizer_facts(
    encode: Callable, decode: Callable, text: str, known: str, unknown: str
) -> dict[str, Fact]:
    """What encode and decode do, one fact after the other, up to the first that is not right."""
    raw = encode(text)
    flat = None if isinstance(raw, str) else numbers(raw)
    if flat is None or flat.shape != (len(text),):
        got = f"{type(raw).__name__}" + ("" if flat is None else f" of shape {tuple(flat.shape)}")
        raise Refusal(
            f"encode must return one whole number for each of the {len(text):,} characters, in a list; "
            f"got {got}."
        )
    facts = {}
    back = decode(raw)
    kind = type(back).__name__
    facts["type"] = Fact(
        kind,
        f"decode returned a {kind}"
        + ("." if isinstance(back, str) else f" of {_length(back)} parts: join them with ''.join(parts)."),
    )
    if not isinstance(back, str):
        return facts
    wrong = next((i for i, (a, b) in enumerate(zip(text, back, strict=False)) if a != b), None)
    if wrong is None and len(back) != len(text):
        said = f"the text has {len(text):,} characters, and {len(back):,} came back."
    elif wrong is not None:
        said = f"character {wrong:,} was {text[wrong]!r} and came back as {back[wrong]!r}."
    else:
        said = f"all {len(text):,} characters came back."
    facts["round trip"] = Fact(back == text, said)
    if back != text:
        return facts
    ids, right = flat.long().tolist(), [known.index(char) for char in text[: len(known)]]
    low, high = min(ids), max(ids)
    inside = low >= 0 and high < len(known)
    facts["range"] = Fact(
        "inside" if inside else "code points" if ids[0] == ord(text[0]) else "outside",
        f"your ids run from {low} to {high}; with {len(known)} characters every id is in [0, {len(known)}).",
    )
    odd = next((i for i, id_ in enumerate(right) if ids[i] != id_), None)
    facts["order"] = Fact(
        odd is None,
        f"the vocabulary is sorted, so {text[odd or 0]!r} has id {right[odd or 0]}; you gave "
        f"{ids[odd or 0]}.",
    )
    if not inside or odd is not None:
        return facts
    facts["unknown"] = _at_an_unknown(encode, unknown)
    return facts


def _at_an_unknown(encode: Callable, unknown: str) -> Fact:
    try:
        ids = encode("to" + unknown)
    except Exception as error:  # any kind will do, as long as it names the character
        if isinstance(error, NotImplementedError):
            raise
        if unknown in str(error):
            return Fact("named", f"{unknown!r} at place 2 raises an error that names it.")
        words = f"{type(error).__name__}: {error}"
        return Fact("unnamed", f"{unknown!r} at place 2 raised {words!r}, which does not say which one.")
    flat = numbers(ids)
    if flat is None or flat.ndim != 1 or len(flat) not in (2, 3):
        return Fact("not ids", f"{unknown!r} at place 2 of 3 raised nothing; encode returned {ids!r}.")
    became = [int(id_) for id_ in flat[2:]]
    value = "left out" if not became else "-1" if became == [-1] else "another's id"
    return Fact(value, f"{unknown!r} at place 2 of 3 raised nothing and became {became}.")


def _length(thing: object) -> int:
    return len(thing) if hasattr(thing, "__len__") else 1


def batch_facts(get_batch: Callable, data: torch.Tensor, block_size: int, batch_size: int) -> dict[str, Fact]:
    """What get_batch draws, one fact after the other, up to the first that is not right."""
    legal = len(data) - block_size
    calls = DRAWS * legal // batch_size
    batches = [_one_batch(get_batch, data, block_size, batch_size) for _ in range(calls)]
    facts = {}
    wanted = (batch_size, block_size)
    for x, y in batches:
        shapes = tuple(x.shape), tuple(y.shape)
        if shapes != (wanted, wanted):
            break
    kind = {
        (wanted, wanted): "as asked",
        (wanted[::-1], wanted[::-1]): "swapped",
        ((block_size,), (block_size,)): "one row",
    }.get(shapes, "another")
    said = f"For block_size={block_size}, batch_size={batch_size} x has shape {shapes[0]} and y {shapes[1]}"
    facts["shapes"] = Fact(kind, f"{said}; (B, T) is {wanted}.")
    types = {x.dtype for x, _ in batches} | {y.dtype for _, y in batches}
    facts["dtype"] = Fact(types == {torch.int64}, f"ids are int64; yours are {', '.join(map(str, types))}.")
    if kind != "as asked" or types != {torch.int64}:
        return facts
    x, y = (torch.stack([batch[side] for batch in batches]) for side in (0, 1))  # (calls, B, T)
    place = torch.full((int(max(data.max(), x.max(), y.max())) + 1,), -1)
    place[data] = torch.arange(len(data))
    x, y = place[x.clamp(min=0)], place[y.clamp(min=0)]
    outside = int((x < 0).sum() + (y < 0).sum())
    facts["inside"] = Fact(
        outside == 0, f"{outside} of {2 * x.numel()} ids are not in the data that you got."
    )
    if outside:
        return facts
    breaks = int((x.diff(dim=2) != 1).sum())
    facts["in a row"] = Fact(
        breaks == 0, f"{breaks} of {x[..., 1:].numel()} neighbours in x are not neighbours in the data."
    )
    if breaks:
        return facts
    shift, share = _most_common((y - x).flatten())
    facts["shift"] = Fact(
        shift if share == 1 else "mixed",
        f"y is {shift} characters after x at {share:.0%} of the places; it must be 1 everywhere.",
    )
    starts = x[..., 0]  # (calls, B)
    copies = int((starts == starts[:, :1]).all(dim=1).sum())
    copied = batch_size > 1 and copies == calls
    facts["rows"] = Fact(copied, f"in {copies} of {calls} batches all {batch_size} rows are the same.")
    again = int((starts == starts[:1]).all(dim=1).sum())
    facts["calls"] = Fact(again == calls, f"{again} of {calls} calls gave the same batch.")
    if (shift, share) != (1, 1) or copied or again == calls:
        return facts
    facts["starts"] = _reached(starts, legal, block_size)
    if facts["starts"].value == "all":
        facts["seed"] = _repeats(get_batch, data, block_size, batch_size)
    return facts


def _one_batch(get_batch: Callable, data: torch.Tensor, block_size: int, batch_size: int) -> tuple:
    batch = get_batch(data, block_size, batch_size)
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        length = f" of length {len(batch)}" if isinstance(batch, tuple | list) else ""
        raise Refusal(f"Expected two tensors, x and y, got one {type(batch).__name__}{length}.")
    for side in batch:
        if not isinstance(side, torch.Tensor):
            raise Refusal(
                f"Expected x and y as tensors, got a {type(side).__name__} of length {_length(side)}. "
                "Join the rows with torch.stack(rows)."
            )
    return tuple(batch)


def _most_common(values: torch.Tensor) -> tuple[int, float]:
    value, count = Counter(values.tolist()).most_common(1)[0]
    return value, count / values.numel()


def _reached(starts: torch.Tensor, legal: int, block_size: int) -> Fact:
    """Which of the legal starts were drawn; with so many draws each of them is."""
    met = set(starts.flatten().tolist())
    missing = [start for start in range(legal) if start not in met]
    if not missing:
        value = "all"
    elif missing in ([legal - 1], [0]):
        value = "all but the last" if missing[0] else "all but the first"
    elif all(start % block_size == 0 for start in met):
        value = "whole blocks"
    else:
        value = "some"
    said = (
        f"{starts.numel()} draws met the starts {min(met)} to {max(met)}; {legal} are legal, 0 to {legal - 1}"
    )
    return Fact(value, f"{said}, and {len(missing)} of them never came.")


def _repeats(get_batch: Callable, data: torch.Tensor, block_size: int, batch_size: int) -> Fact:
    drawn = []
    for _ in range(2):
        seed_everything(7)
        drawn.append(torch.stack([get_batch(data, block_size, batch_size)[0] for _ in range(8)]))
    differ = int((drawn[0] != drawn[1]).any(dim=(1, 2)).sum())
    return Fact(differ == 0, f"after the same seed, {differ} of 8 batches came out otherwise than before.")


def smoothing_facts(
    best_alpha: Callable, counts: torch.Tensor, data: torch.Tensor, lowest: tuple[float, float]
) -> dict[str, Fact]:
    """How good the chosen alpha is, beside `lowest`: the lowest loss and its alpha."""
    raw = best_alpha(counts, data)
    number = numbers(raw)
    if number is None or number.numel() != 1:
        raise Refusal(f"Expected one number alpha, got {type(raw).__name__}: {str(raw)[:60]!r}.")
    alpha, (least, best) = number.item(), lowest
    beside = f"the lowest is {least:.4f}, at alpha = {best:.2g}."
    if not 0 < alpha < math.inf:
        return {"alpha": Fact("not above 0", f"alpha = {alpha:.3g} gives no finite loss; {beside}")}
    loss = pair_loss(counts, bigram_counts(data, len(counts)), alpha)
    if loss <= least + NEAR_ENOUGH:
        value = "near enough"
    elif abs(alpha - least) < NEAR_ENOUGH:
        value = "the loss"
    elif alpha == 1:
        value = "one"
    else:
        far = "" if 1 / 20 < alpha / best < 20 else "far "
        value = far + ("too small" if alpha < best else "too large")
    return {"alpha": Fact(value, f"alpha = {alpha:.3g} gives a loss of {loss:.4f}; {beside}")}


def pair_loss(counts: torch.Tensor, pairs: torch.Tensor, alpha: float) -> float:
    """The bigram loss on a text whose pairs were counted once: the same for every alpha, so quick."""
    return -(pairs * smoothed(counts, alpha).log()).sum().item() / pairs.sum().item()


def lowest_loss(counts: torch.Tensor, data: torch.Tensor) -> tuple[float, float]:
    """(the lowest loss on data, its alpha), by a fine search."""
    pairs = bigram_counts(data, len(counts))
    alphas = [10 ** (k / 30) for k in range(-100, 31)]
    return min((pair_loss(counts, pairs, alpha), alpha) for alpha in alphas)
