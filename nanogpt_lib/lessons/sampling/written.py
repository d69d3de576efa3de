"""How a loop that writes treats its text, its model and its chance."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.measures.models import MODES, Broken, modes_after
from nanogpt_lib.kit.outcome import Fact, Refusal
from nanogpt_lib.kit.panel import numbered
from nanogpt_lib.lessons.sampling.laws import DRAWS, law_of
from nanogpt_lib.lessons.sampling.writer import BASE, BLOCK, Writer, prompts

NEW = 6  # tokens to write, so that any prompt outgrows the model's places
RIGHT = {
    "shape": "as asked",
    "prompt": "as it was",
    "contexts": "the last",
    "mode": "evaluation",
    "graph": True,
    "after": "as before",
    "gradients": True,
}


def to_write(seed: int) -> list[tuple]:
    """Return some (mode, whether the model raises, T, temperature, seed)."""
    return [
        (MODES[0], False, 3, 0.6, seed),
        (MODES[1], False, 6, 2.0, seed),
        (MODES[2], False, 3, 1.0, seed),
        (MODES[1], False, 3, 0.0, seed),
        (MODES[0], True, 3, 1.0, seed),
    ]


def written(
    generate: Callable, mode: str, breaks: bool, T: int, temperature: float, seed: int
) -> dict[str, Fact]:
    """Return how the answer writes, one fact after the other, up to the first that is not right.

    Args:    generate: the answer.   mode: in which the model comes, one of `measures.models.MODES`.
             breaks: whether the model raises in its third call.   T: tokens in the prompt.
             temperature: as for generate.   seed: of the prompt and of the generators.
    """
    idx = torch.randint(len(BASE), (2, T), generator=torch.Generator().manual_seed(seed))
    model, given = Writer(mode, breaks), idx.clone()
    before, allowed = model.modes(), []

    def call(
        model: Writer, idx: torch.Tensor, count: int, more: int = 0, stream: torch.Generator | None = None
    ) -> torch.Tensor:
        with torch.enable_grad():  # and afterwards as before, whatever the answer sets
            generator = stream or torch.Generator().manual_seed(seed + more)
            result = generate(model, idx, count, temperature, generator)
            allowed.append(torch.is_grad_enabled())
        if not isinstance(result, torch.Tensor):
            raise Refusal(
                f"Expected a tensor of token ids, (B, T + max_new_tokens), got {type(result).__name__}."
            )
        return result

    if breaks:
        try:
            call(model, idx, NEW)
        except Broken as error:
            found = {"error": Fact("arrived", f"{error} That was in call {len(model.seen)}.")}
            return found | {"after": modes_after(before, model.modes())}
        _refuse_without_calls(model)
        said = f"in call {len(model.seen)} the model raised, and nothing of it arrived."
        return {"error": Fact("swallowed", said)}
    text = call(model, idx, NEW)
    found = {}
    for name, fact in (
        ("shape", lambda: _shape(text, T)),
        ("prompt", lambda: _prompt(text, idx, given)),
        ("contexts", lambda: _contexts(model, text, T)),
        ("mode", lambda: _during(model)),
        ("graph", lambda: _recorded(model)),
        ("after", lambda: modes_after(before, model.modes())),
        ("gradients", lambda: Fact(allowed[0], f"gradients allowed after the call: {int(allowed[0])} of 1.")),
    ):
        found[name] = fact()
        if found[name].value != RIGHT[name]:
            return found
    many = prompts(seed).repeat_interleave(DRAWS, dim=0)
    global_stream = torch.get_rng_state()
    drawn = [call(Writer("evaluation"), many, 1, more)[:, -1] for more in (0, 0, 1)]
    touched = not torch.equal(global_stream, torch.get_rng_state())
    found["law"] = law_of(drawn[0], many, temperature)
    if found["law"].value != "as asked" or temperature == 0:
        return found
    found |= _chance(*drawn, touched)
    stream = torch.Generator().manual_seed(seed)
    one, two = (call(Writer("evaluation"), many[::20], 1, stream=stream)[:, -1] for _ in range(2))
    differ = int((one != two).sum())
    said = f"one generator, used for two texts, gave other tokens in {differ:,} of {len(one):,} draws."
    return found | {"stream": Fact(differ > 0, said)}


def _refuse_without_calls(model: Writer) -> None:
    if not model.seen:
        raise Refusal("Your function made 0 calls of the model: model(idx) returns (logits, loss).")


def _shape(text: torch.Tensor, T: int) -> Fact:
    if text.dtype != torch.int64:
        return Fact("dtype", f"Token ids are int64; yours are {text.dtype}.")
    if text.shape == (2, T + NEW):
        bad = int(((text < 0) | (text >= len(BASE))).sum())
        if bad:
            return Fact("outside", f"{bad} of your {text.numel()} ids are outside [0, {len(BASE)}).")
        return Fact("as asked", f"Shape (2, {T + NEW}), and every id in [0, {len(BASE)}).")
    widths = {NEW: "prompt missing", BLOCK: "cropped", BLOCK + 1: "cropped"}
    widths |= {T + NEW - 1: "one too few", T + NEW + 1: "one too many"}
    kind = widths.get(text.shape[-1], "another") if text.ndim == 2 else "another"
    if text.shape in ((T + NEW,), (1, T + NEW)):
        kind = "one row"
    said = f"For a prompt of shape (2, {T}) and {NEW} new tokens you returned shape {tuple(text.shape)}"
    return Fact(kind, f"{said}; (B, T + max_new_tokens) is (2, {T + NEW}).")


def _prompt(text: torch.Tensor, idx: torch.Tensor, given: torch.Tensor) -> Fact:
    T = given.shape[1]
    if not torch.equal(idx, given):
        return Fact("changed", f"{int((idx != given).sum())} of the {idx.numel()} ids of idx itself changed.")
    kind = "as it was" if torch.equal(text[:, :T], given) else "another"
    if kind == "another" and torch.equal(text[:, -T:], given):
        kind = "at the end"
    said = f"The prompt's first row is {given[0].tolist()}; your first {T} columns there are"
    return Fact(kind, f"{said} {text[0, :T].tolist()}, and your last {T} are {text[0, -T:].tolist()}.")


def _contexts(model: Writer, text: torch.Tensor, T: int) -> Fact:
    """Return what the model saw, row by row: an answer may well treat one row after the other."""
    _refuse_without_calls(model)
    ends = range(T, T + NEW)

    def all_of(crop: Callable) -> set[tuple]:
        return {tuple(row.tolist()) for end in ends for row in crop(text[:, :end])}

    seen = {tuple(row.tolist()) for idx in model.contexts for row in idx}
    calls = len(model.contexts)
    if all_of(lambda idx: idx[:, -BLOCK:]) <= seen:
        return Fact("the last", f"{calls} calls, each with the last {BLOCK} tokens at most.")
    if seen <= all_of(lambda idx: idx[:, :BLOCK]) and calls >= NEW:
        never_longer = len({idx.shape[1] for idx in model.contexts}) == 1 and T < BLOCK
        kind = "only the prompt" if never_longer else "the first"
    elif max(map(len, seen)) == 1 and T > 1:
        kind = "one token"
    else:
        kind = "one look" if calls < NEW else "another"
    asked = {end: tuple(text[0, max(0, end - BLOCK) : end].tolist()) for end in ends}
    missing = next((end for end in ends if asked[end] not in seen), None)
    if missing is None:  # row 0 is right, another is not
        said = f"In {calls} calls the model saw {len(seen)} different contexts, not those asked for."
        return Fact(kind, said)
    context, last = list(asked[missing]), model.contexts[-1][0].tolist()
    said = f"Token {missing} of row 0 follows {context}, its last {len(context)}; in your {numbered(calls, 'call')}"
    return Fact(kind, f"{said} the model never saw them, and at the end it saw {last}.")


def _during(model: Writer) -> Fact:
    noisy = sum(any(modes) for modes in model.seen)
    kind = "evaluation" if not noisy else "training"
    return Fact(kind, f"In {noisy} of your {len(model.seen)} calls the model was in training mode.")


def _recorded(model: Writer) -> Fact:
    said = f"In {model.recorded} of your {len(model.seen)} calls gradients were recorded."
    return Fact(model.recorded == 0, said)


def _chance(one: torch.Tensor, again: torch.Tensor, other: torch.Tensor, touched: bool) -> dict[str, Fact]:
    """Return whether two seeds differ, whether one seed gives one text, and whether the global stream is left alone.

    Args:    one, again: what was drawn with the same seed.   other: with another.   touched: the global stream.
    """
    differ = int((one != other).sum())
    said = f"two seeds gave other tokens in {differ:,} of {len(one):,} draws."
    found = {"chance": Fact(differ > 0, said)}
    if not differ:
        return found
    differ = int((one != again).sum())
    said = f"two generators with one seed gave other tokens in {differ:,} of {len(one):,} draws."
    found["seed"] = Fact(differ == 0, said)
    if not differ:
        said = f"torch's global stream was used in {int(touched)} of 1 trials."
        found["global"] = Fact(not touched, said)
    return found
