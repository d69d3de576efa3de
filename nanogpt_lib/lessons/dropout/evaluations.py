"""Evaluations that do as the right one does but for one thing."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import Refusal


def each_its_own(model, before):
    for part, mode in before.items():
        part.training = mode


def as_the_whole(model, before):
    model.train(before[model])


def trains(model, before=None):
    model.train()


def stays(model, before=None):
    """Leave the model as it is."""


def judging(
    enter: Callable = lambda model: model.eval(),
    leave: Callable = each_its_own,
    safe: bool = True,
    of: Callable = lambda losses, so_far, n: sum(losses) / n,
    gradients: bool = False,
    draw: Callable = lambda one_batch, splits, name, generator: one_batch(splits[name], generator),
    batches: Callable = lambda n: n,
    between: Callable = stays,
) -> Callable:
    """Return the answer with one thing done in another way; `of` gets the losses of a split, and all so far."""

    def answer(model, splits, one_batch, eval_iters, generator):
        before, losses, so_far = {part: part.training for part in model.modules()}, {}, []
        failed = True
        enter(model)
        try:
            with torch.set_grad_enabled(gradients):
                for name in splits:
                    drawn = [draw(one_batch, splits, name, generator) for _ in range(batches(eval_iters))]
                    each = [model(x, y)[1] for x, y in drawn]
                    so_far += each
                    losses[name] = of(each, so_far, len(each))
                    between(model)
            failed = False
        finally:
            if safe or not failed:
                leave(model, before)
        return losses if gradients else {name: loss.item() for name, loss in losses.items()}

    return answer


def backwards(losses: list) -> float:
    """Return the mean of the losses, after a call of backward() on each."""
    for loss in losses:
        loss.backward()
    return sum(loss.item() for loss in losses) / len(losses)


def names_in_words(case: Case) -> dict:
    """Return the names of the splits, and what became of them."""
    names, error = case.inputs[4], case.error
    kind = type(error).__name__
    came = f"was stopped: {error}" if isinstance(error, Refusal) else f"raised {kind}: {error}"
    return {"count": len(names), "names": " and ".join(map(repr, names)), "came": came.rstrip(".")}
