"""What a cut keeps, and how a loop that writes treats its text, its model and its chance.

The facts of notebook 11's exercises. What is drawn is random, so it is judged by its shares, over so
many draws that a right answer of any style passes.
"""

from collections.abc import Callable

import torch
from torch import nn

from nanogpt_lib.checks import problem
from nanogpt_lib.kit.measures.models import Broken, modes_after
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers
from nanogpt_lib.kit.panel import numbered

BLOCK, NEW = 4, 6  # places that the model has; tokens to write, so that any prompt outgrows them
BASE = (1.5, 0.7, 0.0, -0.7, -1.5)  # the model's logits, in another order after every context
DRAWS = 1000  # after each of two prompts
WITHIN = 0.08  # how far a share may be off its probability: five times what chance does


def nucleus(top_p: Callable, probs: torch.Tensor, p: float) -> dict[str, torch.Tensor]:
    """What a cut returns, and apart from it what is left, however small.

    Args:    top_p: the answer.   probs: (..., V), rows that sum to 1.   p: as for top_p.
    """
    result = top_p(probs, p)
    values = numbers(result)
    if values is None or isinstance(result, list | tuple):
        raise Refusal(f"Expected a tensor of shape {tuple(probs.shape)}, got {type(result).__name__}.")
    return {"probs": result, "kept": (values > 0).float()}


# --- generate -------------------------------------------------------------------------------------


class Writer(nn.Module):
    """A model that tells every context from every other, and notes how it was called."""

    def __init__(self, mode: str, breaks: bool = False) -> None:
        super().__init__()
        self.block_size, self.breaks = BLOCK, breaks
        self.base = nn.Parameter(torch.tensor(BASE))
        self.first, self.second = nn.Dropout(0.5), nn.Dropout(0.5)
        self.contexts: list[torch.Tensor] = []
        self.seen: list[tuple[bool, ...]] = []  # the modes of its parts at every call
        self.recorded = 0  # calls in which gradients were on
        self.train(mode != "evaluation")
        if mode == "one part off":
            self.first.eval()

    def forward(self, idx: torch.Tensor, targets: None = None) -> tuple[torch.Tensor, None]:
        T = idx.shape[1]
        if not 1 <= T <= BLOCK:
            raise problem(
                f"1 <= T <= block_size={BLOCK}", f"T={T}", "No model sees more than its block_size."
            )
        self.contexts.append(idx.clone())
        self.seen.append(self.modes())
        self.recorded += torch.is_grad_enabled()
        if self.breaks and len(self.seen) == 3:
            raise Broken("This call is broken.")
        return self.second(self.first(self.base[places(idx)])), None

    def modes(self) -> tuple[bool, ...]:
        return tuple(part.training for part in self.modules())


def places(idx: torch.Tensor) -> torch.Tensor:
    """Which number of BASE each token has at each place: (B, T) to (B, T, V)."""
    turned = (idx * torch.arange(1, idx.shape[1] + 1)).cumsum(dim=1)
    return (torch.arange(len(BASE)) - turned[..., None]) % len(BASE)


def prompts(seed: int) -> torch.Tensor:
    """Two prompts (2, 3) whose likeliest next tokens differ, also from those after their first tokens."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        idx = torch.randint(len(BASE), (2, 3), generator=generator)
        first, last = places(idx)[:, 0, 0], places(idx)[:, -1, 0]
        if last[0] != last[1] and (first != last).all():
            return idx


def written(
    generate: Callable, mode: str, breaks: bool, T: int, temperature: float, seed: int
) -> dict[str, Fact]:
    """How the answer writes, one fact after the other, up to the first that is not right.

    Args:    generate: the answer.   mode: in which the model comes, one of `dropout_facts.MODES`.
             breaks: whether the model raises in its third call.   T: tokens in the prompt.
             temperature: as for generate.   seed: of the prompt and of the generators.
    """
    idx = torch.randint(len(BASE), (2, T), generator=torch.Generator().manual_seed(seed))
    model, given = Writer(mode, breaks), idx.clone()
    before, allowed = model.modes(), []

    def call(model: Writer, idx: torch.Tensor, count: int, more: int = 0) -> torch.Tensor:
        with torch.enable_grad():  # and afterwards as before, whatever the answer sets
            generator = torch.Generator().manual_seed(seed + more)
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
        if not model.seen:
            raise Refusal("Your function made 0 calls of the model: model(idx) returns (logits, loss).")
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
    found["law"] = _law(drawn[0], many, temperature)
    if found["law"].value != "as asked" or temperature == 0:
        return found
    one, again, other = drawn
    differ = int((one != other).sum())
    found["chance"] = Fact(differ > 0, f"two seeds gave other tokens in {differ:,} of {len(one):,} draws.")
    if differ:
        differ = int((one != again).sum())
        said = f"two generators with one seed gave other tokens in {differ:,} of {len(one):,} draws."
        found["seed"] = Fact(differ == 0, said)
        if not differ:
            said = f"torch's global stream was used in {int(touched)} of 1 trials."
            found["global"] = Fact(not touched, said)
    return found


RIGHT = {
    "shape": "as asked",
    "prompt": "as it was",
    "contexts": "the last",
    "mode": "evaluation",
    "graph": True,
    "after": "as before",
    "gradients": True,
}


def _shape(text: torch.Tensor, T: int) -> Fact:
    if text.dtype != torch.int64:
        return Fact("dtype", f"Token ids are int64; yours are {text.dtype}.")
    if text.shape == (2, T + NEW):
        bad = int(((text < 0) | (text >= len(BASE))).sum())
        if bad:
            return Fact("outside", f"{bad} of your {text.numel()} ids are outside [0, {len(BASE)}).")
        return Fact("as asked", f"Shape (2, {T + NEW}), and every id in [0, {len(BASE)}).")
    widths = {NEW: "prompt missing", BLOCK: "cropped", BLOCK + 1: "cropped"}
    kind = widths.get(text.shape[-1], "another") if text.ndim == 2 else "another"
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
    """What the model saw, row by row: an answer may well treat one row after the other."""
    if not model.contexts:
        raise Refusal("Your function made 0 calls of the model: model(idx) returns (logits, loss).")

    def all_of(crop: Callable) -> set[tuple]:
        return {tuple(row.tolist()) for end in range(T, T + NEW) for row in crop(text[:, :end])}

    seen = {tuple(row.tolist()) for idx in model.contexts for row in idx}
    calls = len(model.contexts)
    widest = max(map(len, seen))
    missing = next(
        (
            (end, context)
            for end in range(T, T + NEW)
            if (context := tuple(text[0, max(0, end - BLOCK) : end].tolist())) not in seen
        ),
        None,
    )
    if all_of(lambda idx: idx[:, -BLOCK:]) <= seen:
        return Fact("the last", f"{calls} calls, each with the last {BLOCK} tokens at most.")
    if seen <= all_of(lambda idx: idx[:, :BLOCK]) and calls >= NEW:
        kind = (
            "only the prompt"
            if len({idx.shape[1] for idx in model.contexts}) == 1 and T < BLOCK
            else "the first"
        )
    elif widest == 1 and T > 1:
        kind = "one token"
    else:
        kind = "one look" if calls < NEW else "another"
    if missing is None:  # row 0 is right, another is not
        return Fact(
            kind, f"In {calls} calls the model saw {len(seen)} different contexts, not those asked for."
        )
    end, context = missing
    said = f"Token {end} of row 0 follows {list(context)}, its last {len(context)}; in your "
    said += numbered(calls, "call")
    last = model.contexts[-1][0].tolist()
    return Fact(kind, f"{said} the model never saw them, and at the end it saw {last}.")


def _during(model: Writer) -> Fact:
    noisy = sum(any(modes) for modes in model.seen)
    kind = "evaluation" if not noisy else "training"
    return Fact(kind, f"In {noisy} of your {len(model.seen)} calls the model was in training mode.")


def _recorded(model: Writer) -> Fact:
    said = f"In {model.recorded} of your {len(model.seen)} calls gradients were recorded."
    return Fact(model.recorded == 0, said)


def laws(idx: torch.Tensor, temperature: float) -> dict[str, torch.Tensor]:
    """By name, the probabilities (B, V) from which the next token may have been drawn."""
    first, last = (torch.tensor(BASE)[places(idx)][:, t] for t in (0, -1))

    def heated(logits: torch.Tensor) -> torch.Tensor:
        if temperature == 0:
            return nn.functional.one_hot(logits.argmax(dim=-1), len(BASE)).float()
        return (logits / temperature).softmax(dim=-1)

    return {
        "as asked": heated(last),
        "T is ignored": last.softmax(dim=-1),
        "T is upside down": (last * temperature).softmax(dim=-1),
        "greedy": nn.functional.one_hot(last.argmax(dim=-1), len(BASE)).float(),
        "the first position": heated(first),
        "row 0 for all": heated(last)[:1].expand(len(idx), -1),
        "even": torch.full((len(idx), len(BASE)), 1 / len(BASE)),
    }


def _law(drawn: torch.Tensor, many: torch.Tensor, temperature: float) -> Fact:
    """Which law the draws follow: two prompts, DRAWS rows of each."""
    known = laws(many[::DRAWS], temperature)
    likeliest = int(known["as asked"][0].argmax())
    one_hot = nn.functional.one_hot(drawn, len(BASE)).double()
    shares = one_hot.reshape(2, DRAWS, len(BASE)).mean(dim=1)
    if temperature > 0 and bool((drawn == drawn[0]).all()):
        both = f"{len(drawn):,} rows with two different prompts"
        return Fact(
            "one for all", f"With T = {temperature:g}, all of {both} got the same token, {int(drawn[0])}."
        )
    far = {name: (shares - law).abs().max().item() for name, law in known.items()}
    name = min(far, key=far.get)  # of two that are the same, the first
    said = (
        f"With T = {temperature:g}, of {DRAWS:,} draws after {many[0].tolist()} {shares[0, likeliest]:.1%} "
        f"were token {likeliest}, whose probability is {known['as asked'][0, likeliest]:.1%}"
    )
    second = int(known["as asked"][1].argmax())
    said += (
        f"; after {many[-1].tolist()} {shares[1, second]:.1%} were token {second}, whose probability is "
        f"{known['as asked'][1, second]:.1%}."
    )
    return Fact(name if far[name] < WITHIN else "another", said)
