"""How a model was treated while its loss was estimated."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.kit.measures.draws import seeded
from nanogpt_lib.kit.measures.models import Broken, modes_after
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers

VOCABULARY, BATCH, BLOCK = 7, 3, 4


class Probe(nn.Module):
    """A small model with two dropouts that notes the modes of its parts at every call."""

    def __init__(self, mode: str, breaks: bool, seed: int) -> None:
        super().__init__()
        weights = 2 * torch.randn(VOCABULARY, VOCABULARY, generator=seeded(seed))
        self.table = nn.Embedding.from_pretrained(weights, freeze=False)
        self.first, self.second = nn.Dropout(0.5), nn.Dropout(0.5)
        self.start = weights.clone()
        self.breaks, self.seen = breaks, []
        self.recorded = 0  # calls in which a graph was built for gradients
        self.train(mode != "evaluation")
        if mode == "one part off":
            self.first.eval()

    def forward(self, idx: torch.Tensor, targets: torch.Tensor | None = None) -> tuple:
        self.seen.append(self.modes())
        if self.breaks:
            raise Broken("This batch is broken.")
        logits = self.second(self.first(self.table(idx)))
        self.recorded += logits.requires_grad
        loss = None if targets is None else F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return logits, loss

    def modes(self) -> tuple[bool, ...]:
        return tuple(part.training for part in self.modules())


class Draws:
    """one_batch(data, generator) for an answer; notes what was drawn from which split."""

    def __init__(self, splits: dict[str, torch.Tensor]) -> None:
        self.splits, self.drawn = splits, []
        self.generators: list[torch.Generator | None] = []  # one for each draw

    def __call__(self, data: torch.Tensor, generator: torch.Generator | None = None) -> tuple:
        name = next((name for name, split in self.splits.items() if torch.equal(data, split)), "another text")
        start = torch.randint(len(data) - BLOCK, (BATCH, 1), generator=generator)
        at = start + torch.arange(BLOCK)
        self.generators.append(generator)
        self.drawn.append((name, data[at], data[at + 1]))
        return data[at], data[at + 1]


@contextmanager
def _gradients_as_before() -> Iterator[None]:
    """Restore the permission for gradients: an answer that forgets to must not spoil the notebook."""
    before = torch.is_grad_enabled()
    try:
        yield
    finally:
        torch.set_grad_enabled(before)


def judged(
    estimate_loss: Callable,
    mode: str,
    breaks: bool,
    eval_iters: int,
    seed: int,
    names: tuple[str, ...] = ("train", "val"),
) -> dict[str, Fact]:
    """Return how the answer treats a model, one fact after the other, up to the first that is not right.

    Args:    estimate_loss: the answer.   mode: in which the model comes, one of MODES.
             breaks: whether the model raises.   eval_iters: batches per split.   seed: of model and draws.
             names: of the splits, two or three.
    """
    data = torch.randint(VOCABULARY, (300,), generator=seeded(seed))
    texts = data.split([200, 100] if len(names) == 2 else 100)
    splits = {name: text.clone() for name, text in zip(names, texts, strict=True)}
    model, draws = Probe(mode, breaks, seed), Draws(splits)
    before = model.modes()

    def call(model: Probe, draws: Draws, more: int = 0) -> object:
        with _gradients_as_before(), torch.enable_grad():
            result = estimate_loss(model, splits, draws, eval_iters, seeded(seed + more))
            allowed.append(torch.is_grad_enabled())
        return result

    allowed: list[bool] = []
    found: dict[str, Fact] = {}
    if breaks:
        try:
            call(model, draws)
        except Broken as error:
            found["error"] = Fact("arrived", f"{error} That was in call {len(model.seen)}.")
        else:
            if not model.seen:
                raise Refusal("Your function made 0 calls of the model: model(x, y) returns (logits, loss).")
            words = f"in call {len(model.seen)} the model raised, and nothing of it arrived."
            return {"error": Fact("swallowed", words)}
        return found | {"after": modes_after(before, model.modes())}
    result = call(model, draws)
    losses = _losses(result, splits)
    for name, fact in (
        ("draws", lambda: _counted(draws, eval_iters)),
        ("mode", lambda: _during(model)),
        ("value", lambda: _value(losses, draws, Probe("evaluation", False, seed))),
        ("graph", lambda: _graph(result)),
        ("recorded", lambda: _recorded(model)),
        ("after", lambda: modes_after(before, model.modes())),
        ("gradients", lambda: Fact(allowed[0], f"gradients allowed after the call: {int(allowed[0])} of 1.")),
    ):
        found[name] = fact()
        if found[name].value != RIGHT[name]:
            return found
    others = [
        _losses(call(Probe("evaluation", False, seed), Draws(splits), more), splits) for more in (0, 0, 1)
    ]
    first, again, other = (one[names[-1]] for one in others)
    drawn = len({x.numpy().tobytes() for _, x, _ in draws.drawn})
    said = f"two seeds gave {first:.4f} and {other:.4f} on {names[-1]}, with {drawn} different batches."
    found["chance"] = Fact(first != other and drawn > 2, said)
    if found["chance"].value:
        found["seed"] = Fact(
            first == again, f"one seed, twice, gave {first:.4f} and {again:.4f} on the same {names[-1]}."
        )
        given = sum(one is draws.generators[0] for one in draws.generators)
        said = f"{given} of your {len(draws.generators)} batches came from the generator of the first."
        found["stream"] = Fact(given == len(draws.generators), said)
    return found


RIGHT = {
    "draws": "as asked",
    "mode": "evaluation",
    "value": "the mean",
    "graph": True,
    "recorded": "nothing",
    "after": "as before",
    "gradients": True,
}


def _losses(result: object, splits: dict) -> dict[str, float]:
    if not isinstance(result, dict) or set(result) != set(splits):
        got = f"the names {list(result)}" if isinstance(result, dict) else f"one {type(result).__name__}"
        raise Refusal(f"Expected a dict with one loss for each of {list(splits)}, got {got}.")
    values = {name: numbers(result[name]) for name in splits}
    for name, value in values.items():
        if value is None or value.numel() != 1:
            kind = type(result[name]).__name__
            shape = "" if value is None else f" of shape {tuple(value.shape)}"
            raise Refusal(f"Expected one number as the loss of {name!r}, got a {kind}{shape}.")
    return {name: value.item() for name, value in values.items()}


def _counted(draws: Draws, eval_iters: int) -> Fact:
    counts = Counter(name for name, _, _ in draws.drawn)
    want = dict.fromkeys(draws.splits, eval_iters)
    if counts == want:
        kind = "as asked"
    elif set(counts.values()) == {1} and set(counts) == set(want):
        kind = "one each"
    elif len(counts) == 1 and eval_iters > 1:
        kind = f"only {next(iter(counts))}"
    else:
        kind = "another"
    listed = " and ".join(f"{counts[name]} from {name}" for name in want)
    return Fact(kind, f"Asked for {eval_iters} batches of each split, you drew {listed}.")


def _during(model: Probe) -> Fact:
    noisy = sum(any(modes) for modes in model.seen)
    kind = "evaluation" if not noisy else "training" if noisy == len(model.seen) else "some in training"
    return Fact(kind, f"{noisy} of your {len(model.seen)} batches were judged in training mode.")


def _value(losses: dict[str, float], draws: Draws, quiet: Probe) -> Fact:
    """Return how the losses come from those of the batches, which a model without noise judges anew."""
    with torch.no_grad():
        each = [(name, quiet(x, y)[1].item()) for name, x, y in draws.drawn]
    by_split = {name: [loss for one, loss in each if one == name] for name in losses}
    n, all_of_them = len(each) // len(losses), [loss for _, loss in each]
    kinds = {
        "the mean": lambda name: sum(by_split[name]) / n,
        "the sum": lambda name: sum(by_split[name]),
        "the last": lambda name: by_split[name][-1],
        "the first": lambda name: by_split[name][0],
        "the median": lambda name: sorted(by_split[name])[(n - 1) // 2],
        "the upper median": lambda name: sorted(by_split[name])[n // 2],
        "the largest": lambda name: max(by_split[name]),
        "the smallest": lambda name: min(by_split[name]),
        "all splits": lambda name: sum(all_of_them) / len(all_of_them),
        "exchanged": lambda name: sum(by_split[dict(zip(losses, [*losses][::-1], strict=True))[name]]) / n,
        "x for the targets": lambda name: (
            sum(quiet(x, x)[1].item() for one, x, _ in draws.drawn if one == name) / n
        ),
        "so far": lambda name: sum(so_far := all_of_them[: n * (1 + list(losses).index(name))]) / len(so_far),
        "the sum so far, over n": lambda name: sum(all_of_them[: n * (1 + list(losses).index(name))]) / n,
    }
    kind = next(
        (
            kind
            for kind, of in kinds.items()
            if all(abs(losses[name] - of(name)) < 1e-4 * abs(of(name)) for name in losses)
        ),
        "another",
    )
    last = list(losses)[-1]
    listed = ", ".join(f"{loss:.3f}" for loss in by_split[last])
    return Fact(kind, f"Your {n} batches of {last} had losses of {listed}; you returned {losses[last]:.3f}.")


def _graph(result: dict) -> Fact:
    kept = sum(bool(getattr(value, "requires_grad", False)) for value in result.values())
    return Fact(kept == 0, f"{kept} of the {len(result)} losses you returned still hold a graph.")


def _recorded(model: Probe) -> Fact:
    """Return whether anything was done for gradients while the model was evaluated."""
    weights = list(model.parameters())
    left = sum(weight.grad is not None for weight in weights)
    frozen = sum(not weight.requires_grad for weight in weights)
    if left:
        return Fact("backward", f"{left} of the model's {len(weights)} weights came back with a gradient.")
    if model.recorded:
        said = f"In {model.recorded} of your {len(model.seen)} batches a graph was built for gradients."
        return Fact("a graph", said)
    moved = int((model.table.weight != model.start).sum())
    if moved:
        return Fact(
            "changed", f"{moved} of the model's {model.start.numel()} numbers are others after your call."
        )
    said = f"{frozen} of the model's {len(weights)} weights can no longer learn: requires_grad is off."
    return Fact("frozen" if frozen else "nothing", said)
