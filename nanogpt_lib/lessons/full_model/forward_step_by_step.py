"""What a forward makes of a GPT's parts: its logits, its loss, its gradients, and a text that is too long."""

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.outcome import Fact, Refusal, alike, numbers
from nanogpt_lib.lessons.full_model.shared import VOCABULARY, drawn, first_line, until_wrong
from nanogpt_lib.model import GPT, GPTConfig

RTOL, ATOL = 1e-4, 1e-5  # how far an honest answer may be off: sums in another order


class Parts(nn.Module):
    """The parts of a GPT under their names, and no code yet that calls them."""

    def __init__(self, model: GPT) -> None:
        super().__init__()
        self.config, self.block_size = model.config, model.block_size
        for name, part in model.named_children():
            setattr(self, name, part)

    def forward(self, *inputs: object) -> None:
        many = len(list(self.children()))
        raise Refusal(f"model(...) is what you are to write: call its {many} parts by name.")


@functools.lru_cache(maxsize=64)
def _small(block_size: int, seed: int) -> GPT:
    dims = {"vocab_size": VOCABULARY, "block_size": block_size, "n_embd": 8, "n_head": 2, "n_layer": 2}
    return drawn(GPTConfig(**dims, attention="fused"), seed)  # the quicker one


def forwarded(
    gpt_forward: Callable, idx: torch.Tensor, targets: torch.Tensor, block_size: int, seed: int
) -> dict:
    """Return what the forward makes of the parts, one thing after the other, up to the first that is not right.

    Args:    gpt_forward: the answer.   idx, targets: (B, T), T up to block_size.
             block_size: of the model.   seed: of its weights.
    Returns: logits without targets; whether the loss is None; logits beside a loss; the loss; which
             parameters get a gradient; what comes of a T that is too long. `_leak` is for messages.
    """
    library = _small(block_size, seed)
    model = Parts(library)
    with torch.no_grad():
        right, right_loss = library(idx, targets)
    return until_wrong(_steps(gpt_forward, model, idx, targets, right, right_loss))


def _steps(
    gpt_forward: Callable,
    model: Parts,
    idx: torch.Tensor,
    targets: torch.Tensor,
    right: torch.Tensor,
    right_loss: torch.Tensor,
) -> Iterator[tuple[str, Any, bool]]:
    """Yield what comes of each step, and whether that is right."""
    logits, none = _without_targets(gpt_forward, model, idx)
    yield "logits", logits.detach(), True
    if not _near(logits, right):
        yield "_leak", _leak(gpt_forward, model, idx, logits), False
    yield "loss without targets", _no_loss(none), none is None
    logits, loss = _pair(gpt_forward(model, idx, targets))
    beside = _beside(logits, right)
    yield "logits beside a loss", beside, beside.value == "the same"
    plain = loss.detach() if isinstance(loss, torch.Tensor) else loss
    yield "loss", plain, loss is not None and _near(loss, right_loss)
    gradients = _gradients(model, loss)
    yield "gradients", gradients, gradients.value == "all"
    too_long = _too_long(gpt_forward, model, idx, None)
    yield "too long", too_long, too_long.value == "named"
    yield "too long with targets", _too_long(gpt_forward, model, idx, targets), True


def _without_targets(gpt_forward: Callable, model: Parts, idx: torch.Tensor) -> tuple:
    block_size = model.block_size
    try:
        return _pair(gpt_forward(model, idx, None))
    except ValueError as error:
        if idx.shape[1] == block_size and _names_both(error, block_size, block_size):
            sizes = f"T = {block_size} and block_size = {block_size}"
            raise Refusal(f"For {sizes} your function raised ValueError: so many do fit.") from error
        raise


def _no_loss(none: object) -> Fact:
    """Return what stands for the loss where there are no targets."""
    value = numbers(none)
    said = f"{value.sum():g}" if value is not None else "None" if none is None else f"a {type(none).__name__}"
    kind = "None" if none is None else "a number" if value is not None else "another"
    return Fact(kind, f"With targets=None your loss is {said}.")


def _names_both(error: Exception, *sizes: int) -> bool:
    return all(re.search(rf"(?<!\d){n}(?!\d)", str(error)) for n in sizes)


def _near(got: object, want: torch.Tensor) -> bool:
    return alike(got, want, rtol=RTOL, atol=ATOL)


def _pair(result: object) -> tuple:
    if not isinstance(result, tuple | list) or len(result) != 2:
        shape = f" of shape {tuple(result.shape)}" if hasattr(result, "shape") else ""
        many = f"{len(result)} things" if isinstance(result, tuple | list) else f"one {type(result).__name__}"
        raise Refusal(f"Expected 2 things back, (logits, loss), got {many}{shape}.")
    logits, loss = result
    if not isinstance(logits, torch.Tensor):
        kind = type(logits).__name__
        raise Refusal(f"Expected 2 things back, the logits as a tensor first, got a {kind} first.")
    return logits, loss


def _leak(gpt_forward: Callable, model: Parts, idx: torch.Tensor, before: torch.Tensor) -> str:
    """Return which position moved when the last id was another, in words; or nothing."""
    last = idx.shape[1] - 1
    if not last or before.shape[:2] != idx.shape:
        return ""
    other = idx.clone()
    other[:, last] = (other[:, last] + 1) % VOCABULARY
    after, _ = _pair(gpt_forward(model, other, None))
    if after.shape != before.shape:
        return ""
    moved = (numbers(after) - numbers(before)).abs()[:, :last].amax(dim=(0, 2))
    if not moved.max() > ATOL:
        return ""
    first = int((moved > ATOL).nonzero()[0])
    return f"Position {first} saw position {last}, its future: another id at position {last} moved your logits at position {first} by up to {moved[first]:.2g}."


def _beside(logits: torch.Tensor, right: torch.Tensor) -> Fact:
    """Return whether the logits with targets are what they are without."""
    B, T, V = right.shape
    shape = tuple(logits.shape)
    if shape == tuple(right.shape):
        off = (numbers(logits) - numbers(right)).abs().max().item()
        kind = "the same" if _near(logits, right) else "other numbers"
        kind = "probabilities" if _near(logits, right.softmax(dim=-1)) else kind
        return Fact(kind, f"With targets your logits are off by up to {off:.2g}.")
    kinds = {(B, V): "the last", (B, 1, V): "the last", (): "one number", (B * T, V): "flat"}
    kind = kinds.get(shape, "another shape")
    return Fact(kind, f"With targets your logits have shape {shape}, and {(B, T, V)} without.")


def _gradients(model: Parts, loss: object) -> Fact:
    """Return whether the loss gives every weight a gradient."""
    parameters = list(model.parameters())
    reached = 0
    if isinstance(loss, torch.Tensor) and loss.requires_grad:
        back = torch.autograd.grad(loss.sum(), parameters, allow_unused=True)
        reached = sum(gradient is not None for gradient in back)
    kind = "all" if reached == len(parameters) else "none" if not reached else "some"
    return Fact(kind, f"Your loss gives {reached} of the {len(parameters)} tensors of weights a gradient.")


def _too_long(gpt_forward: Callable, model: Parts, idx: torch.Tensor, targets: torch.Tensor | None) -> Fact:
    """Return what comes of one character more than there are positions."""
    block_size = model.block_size
    T = block_size + 1
    row, asked = (None if ids is None else ids[:1].repeat(1, T)[:, :T] for ids in (idx, targets))
    here = f"For T = {T} and block_size = {block_size}{'' if targets is None else ', with targets,'} your function"
    try:
        logits, _ = _pair(gpt_forward(model, row, asked))
    except ValueError as error:
        kind = "named" if _names_both(error, T, block_size) else "unnamed"
        return Fact(kind, f"{here} raised ValueError: {str(error)!r}.")
    except Refusal:
        raise
    except Exception as error:  # torch's own words, which do not say that the text was too long
        kind = type(error).__name__
        named = " that names both" if _names_both(error, T, block_size) else ""
        return Fact(kind + named, f"{here} raised {kind}: {first_line(error)!r}.")
    kind = "cropped" if logits.shape[1] == block_size else "returned"
    return Fact(kind, f"{here} raised nothing and returned logits of shape {tuple(logits.shape)}.")


def future_unseen(observe: Observe, run: Run) -> str:
    """Say which position saw its future, if one did."""
    return run.outcome.value.get("_leak", "")
