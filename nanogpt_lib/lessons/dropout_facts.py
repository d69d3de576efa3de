"""What a dropout drops and lets back, and how a model was treated while its loss was estimated.

The facts of notebook 09's exercises. Masks are random, so they are judged by their law, on tensors so
large that a right answer of any style passes.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.kit.measures.models import Broken, modes_after
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers

WITHIN = 0.01  # how far the mean of a 1 may be off 1; chance alone is five times nearer
SAME = 1e-5  # relative: one factor, up to rounding
LOOKS = 60  # further seeds, where all was kept or all was dropped
AXES = "BTC"


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- dropout --------------------------------------------------------------------------------------


def dropped(dropout: Callable, x: torch.Tensor, p: float, training: bool, seed: int) -> dict[str, Fact]:
    """What dropout does to x, one fact after the other, up to the first that is not right.

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
    y = call(x, _seeded(seed))
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
    again = call(learned, _seeded(seed))
    found["gradient"] = _gradient(learned, again, here)
    # where nothing is left, an answer may well be new zeros, through which nothing goes back
    if right == "nothing left" and found["gradient"].value == "none":
        found["gradient"] = Fact("the mask", found["gradient"].said)
    if found["gradient"].value != "the mask" or not random:
        return found
    other = call(before, _seeded(seed + 1))
    differ = int(((y == 0) != (other == 0)).sum())
    found["chance"] = Fact(differ > 0, f"two seeds gave masks that differ at {differ:,} places.")
    if not differ:
        return found
    differ = int(((y == 0) != (again == 0)).sum())
    found["seed"] = Fact(
        differ == 0, f"two generators with one seed gave masks that differ at {differ:,} places."
    )
    if not differ:
        found["alone"] = _law(before, call(before, None), p, f"{here} and generator=None")
    return found


def _law(x: torch.Tensor, y: torch.Tensor, p: float, here: str) -> Fact:
    """What became of the numbers: the share of zeros, the factor of the rest, and who shares a mask."""
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


def _one_draw(call: Callable, x: torch.Tensor, seed: int) -> Fact | None:
    """Whether one draw decides for all numbers together; other seeds tell."""
    empty = sum(not call(x, _seeded(seed + more)).any() for more in range(LOOKS))
    if empty in (0, LOOKS):
        return None
    said = f"With {LOOKS} seeds everything was 0 for {empty} of them, and nothing for the other"
    return Fact(("shared", AXES), f"{said} {LOOKS - empty}")


def _gradient(x: torch.Tensor, y: torch.Tensor, here: str) -> Fact:
    """What comes back to x, beside the mask of the same call."""
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


# --- estimate_loss --------------------------------------------------------------------------------

VOCABULARY, BATCH, BLOCK = 7, 3, 4


class Probe(nn.Module):
    """A small model with two dropouts that notes the modes of its parts at every call."""

    def __init__(self, mode: str, breaks: bool, seed: int) -> None:
        super().__init__()
        weights = 2 * torch.randn(VOCABULARY, VOCABULARY, generator=_seeded(seed))
        self.table = nn.Embedding.from_pretrained(weights, freeze=False)
        self.first, self.second = nn.Dropout(0.5), nn.Dropout(0.5)
        self.breaks, self.seen = breaks, []
        self.train(mode != "evaluation")
        if mode == "one part off":
            self.first.eval()

    def forward(self, idx: torch.Tensor, targets: torch.Tensor | None = None) -> tuple:
        self.seen.append(self.modes())
        if self.breaks:
            raise Broken("This batch is broken.")
        logits = self.second(self.first(self.table(idx)))
        loss = None if targets is None else F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return logits, loss

    def modes(self) -> tuple[bool, ...]:
        return tuple(part.training for part in self.modules())


class Draws:
    """one_batch(data, generator) for an answer; notes what was drawn from which split."""

    def __init__(self, splits: dict[str, torch.Tensor]) -> None:
        self.splits, self.drawn = splits, []

    def __call__(self, data: torch.Tensor, generator: torch.Generator | None = None) -> tuple:
        name = next((name for name, split in self.splits.items() if torch.equal(data, split)), "another text")
        start = torch.randint(len(data) - BLOCK, (BATCH, 1), generator=generator)
        at = start + torch.arange(BLOCK)
        self.drawn.append((name, data[at], data[at + 1]))
        return data[at], data[at + 1]


@contextmanager
def _gradients_as_before() -> Iterator[None]:
    """An answer that forgets to allow gradients again must not spoil the rest of the notebook."""
    before = torch.is_grad_enabled()
    try:
        yield
    finally:
        torch.set_grad_enabled(before)


def judged(estimate_loss: Callable, mode: str, breaks: bool, eval_iters: int, seed: int) -> dict[str, Fact]:
    """How the answer treats a model, one fact after the other, up to the first that is not right.

    Args:    estimate_loss: the answer.   mode: in which the model comes, one of MODES.
             breaks: whether the model raises.   eval_iters: batches a split.   seed: of model and draws.
    """
    data = torch.randint(VOCABULARY, (300,), generator=_seeded(seed))
    splits = {"train": data[:200].clone(), "val": data[200:].clone()}
    model, draws = Probe(mode, breaks, seed), Draws(splits)
    before = model.modes()

    def call(model: Probe, draws: Draws, more: int = 0) -> object:
        with _gradients_as_before(), torch.enable_grad():
            result = estimate_loss(model, splits, draws, eval_iters, _seeded(seed + more))
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
        ("after", lambda: modes_after(before, model.modes())),
        ("gradients", lambda: Fact(allowed[0], f"gradients allowed after the call: {int(allowed[0])} of 1.")),
    ):
        found[name] = fact()
        if found[name].value != RIGHT[name]:
            return found
    others = [
        _losses(call(Probe("evaluation", False, seed), Draws(splits), more), splits) for more in (0, 0, 1)
    ]
    first, again, other = (one["val"] for one in others)
    drawn = len({x.numpy().tobytes() for _, x, _ in draws.drawn})
    said = f"two seeds gave {first:.4f} and {other:.4f} on val, with {drawn} different batches."
    found["chance"] = Fact(first != other and drawn > 2, said)
    if found["chance"].value:
        found["seed"] = Fact(
            first == again, f"one seed, twice, gave {first:.4f} and {again:.4f} on the same val."
        )
    return found


RIGHT = {
    "draws": "as asked",
    "mode": "evaluation",
    "value": "the mean",
    "graph": True,
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
    """How the losses come from those of the batches, which a model without noise judges anew."""
    with torch.no_grad():
        each = [(name, quiet(x, y)[1].item()) for name, x, y in draws.drawn]
    by_split = {name: [loss for one, loss in each if one == name] for name in losses}
    n, all_of_them = len(each) // len(losses), [loss for _, loss in each]
    kinds = {
        "the mean": lambda name: sum(by_split[name]) / n,
        "the sum": lambda name: sum(by_split[name]),
        "the last": lambda name: by_split[name][-1],
        "the first": lambda name: by_split[name][0],
        "all splits": lambda name: sum(all_of_them) / len(all_of_them),
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
    listed = ", ".join(f"{loss:.3f}" for loss in by_split["val"])
    return Fact(kind, f"Your {n} batches of val had losses of {listed}; you returned {losses['val']:.3f}.")


def _graph(result: dict) -> Fact:
    kept = sum(bool(getattr(value, "requires_grad", False)) for value in result.values())
    return Fact(kept == 0, f"{kept} of the {len(result)} losses you returned still hold a graph.")
