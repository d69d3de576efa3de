"""A loss estimated without side effects: no noise, no gradients, every mode as it was."""

import numpy as np
import torch

from nanogpt_lib.checks import evaluating
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.draws import seeded
from nanogpt_lib.kit.measures.models import ALWAYS_TRAINING, LOST_BY_AN_EXCEPTION, MODES, ONE_MODE, SWALLOWED
from nanogpt_lib.lessons.dropout.evaluations import (
    as_the_whole,
    backwards,
    judging,
    names_in_words,
    stays,
    trains,
)
from nanogpt_lib.lessons.dropout.treatment import judged


def in_every_mode(seed: int) -> list[tuple]:
    """Return (mode, whether the model raises, eval_iters, seed), at the end with other names for the splits."""
    quiet = [(mode, False, 4 + number, seed) for number, mode in enumerate(MODES)]
    return [*quiet, ("training", True, 4, seed), ("training", False, 3, seed, ("old", "new", "other"))]


ex = Exercise(
    prompt="Write estimate_loss(model, splits, one_batch, eval_iters, generator): a dict with each split's mean loss over eval_iters batches one_batch(data, generator), judged without dropout and without gradients. Every part of the model ends in the mode it came in, also after an exception.",
    hints=(
        "Three things: note the modes, judge, put the modes back. The last must happen whatever comes.",
        "model.modules() gives every part, and part.training its mode. What stands under `finally:` runs after an exception too; `with torch.no_grad():` ends by itself.",
        "modes = [(part, part.training) for part in model.modules()]; under `try:` model.eval() and the means; under `finally:` part.training = mode for each.",
    ),
    inputs=in_every_mode,
    run=judged,
    note=lambda values: (
        f"{values[2]['after'].said} So it was with the model in training, in use, and after an exception."
    ),
)


@ex.right
def estimate_loss(
    model: torch.nn.Module, splits: dict, one_batch: object, eval_iters: int, generator: torch.Generator
) -> dict:
    modes = [(part, part.training) for part in model.modules()]  # each part has a mode of its own
    losses = {}
    try:
        model.eval()
        with torch.no_grad():
            for name, data in splits.items():
                batches = [one_batch(data, generator) for _ in range(eval_iters)]
                losses[name] = sum(model(x, y)[1].item() for x, y in batches) / eval_iters
    finally:  # after an exception as well
        for part, mode in modes:
            part.training = mode
    return losses


@ex.also_right
def judged_by_evaluating(model, splits, one_batch, n, generator):
    with evaluating(model):
        return {
            name: torch.stack([model(*one_batch(data, generator))[1] for _ in range(n)]).mean()
            for name, data in splits.items()
        }


@ex.also_right
@torch.no_grad()
def judged_batch_by_batch(model, splits, one_batch, eval_iters, generator):
    """Let all splits take turns."""
    modes = [part.training for part in model.modules()]
    total = dict.fromkeys(splits, 0.0)
    try:
        for part in model.modules():
            part.training = False
        for _ in range(eval_iters):
            for name in splits:
                _, loss = model(*one_batch(splits[name], generator=generator))
                total[name] += float(loss) / eval_iters
    finally:
        for part, mode in zip(model.modules(), modes, strict=True):
            part.training = mode
    return total


@ex.also_right
@torch.inference_mode()
def judged_all_at_once(model, splits, one_batch, eval_iters, generator):
    """Join batches of one size: the mean of their means is the mean of all."""
    trained = [part for part in model.modules() if part.training]
    losses = {}
    try:
        model.eval()
        for name, data in splits.items():
            x, y = zip(*(one_batch(data, generator) for _ in range(eval_iters)), strict=True)
            losses[name] = np.float64(model(torch.cat(x), torch.cat(y))[1])
        return losses
    finally:
        for part in trained:
            part.training = True


ex.mistake(
    "judged in training mode",
    "{mode} Its dropouts drop while you judge. torch.no_grad() does not stop that; which switch does?",
    judging(enter=stays, leave=stays),
    judging(enter=stays, leave=trains),
)
ex.mistake(
    "in training mode after the first split",
    "{mode} The first split was judged without noise, the next was not. Where do you switch back?",
    judging(between=trains),
    judging(between=trains, leave=stays),
)
ex.mistake(
    "the mode is not put back",
    "{after} The rest of the training would go on without dropout. Who puts the mode back?",
    judging(leave=stays),
)
ex.mistake(
    *ALWAYS_TRAINING,
    judging(leave=trains),
    judging(leave=trains, safe=False),
)
ex.mistake(
    *ONE_MODE,
    judging(leave=as_the_whole),
    judging(leave=as_the_whole, safe=False),
)
ex.mistake(
    *LOST_BY_AN_EXCEPTION,
    judging(safe=False),
)


@ex.mistake(*SWALLOWED)
def _(model, splits, *rest):
    try:
        return estimate_loss(model, splits, *rest)
    except RuntimeError:
        return dict.fromkeys(splits, 0.0)


ex.mistake(
    "the graph is kept",
    "{graph} Each keeps all its batches in memory, and a curve of them fills it. Return numbers, under torch.no_grad().",
    judging(gradients=True),
)


ex.mistake(
    "gradients are recorded",
    "{recorded} Nobody will ask for them, and they cost time and memory. Which block forbids them?",
    judging(gradients=True, of=lambda losses, so_far, n: sum(loss.item() for loss in losses) / n),
)
ex.mistake(
    "backward is called",
    "{recorded} backward() computes gradients, and they are added to those of the next step. To evaluate, read the loss and leave it.",
    judging(gradients=True, of=lambda losses, so_far, n: backwards(losses)),
)


@ex.mistake(
    "gradients stay forbidden",
    "Nearly: {gradients} The next loss.backward() would fail. `with torch.no_grad():` ends by itself.",
)
def _(*inputs):
    torch.set_grad_enabled(False)
    return estimate_loss(*inputs)


ex.mistake(
    "the sum instead of the mean",
    "{value} That is their sum: it grows with eval_iters. Divide.",
    judging(of=lambda losses, so_far, n: sum(losses)),
)
ex.mistake(
    "only one of the batches counts",
    "{value} That is a single one of them; the others were judged and forgotten. Where do you collect them?",
    judging(of=lambda losses, so_far, n: losses[-1]),
    judging(of=lambda losses, so_far, n: losses[0]),
)
ex.mistake(
    "the first split counts again",
    "{value} The losses of the split before are in it as well. Where does the collection begin anew?",
    judging(of=lambda losses, so_far, n: sum(so_far) / len(so_far)),
    judging(of=lambda losses, so_far, n: sum(so_far) / n),
)
ex.mistake(
    "one batch instead of eval_iters",
    "{draws} One batch is mostly chance: what is eval_iters for?",
    judging(batches=lambda n: 1),
)
ex.mistake(
    "one split for all",
    "{draws} Each loss must come from its own text: what does the loop hand to one_batch?",
    *(
        judging(draw=lambda one_batch, splits, name, given, which=which: one_batch(which(splits), given))
        for which in (
            lambda splits: next(iter(splits.values())),
            lambda splits: splits["train"],
            lambda splits: list(splits.values())[-1],
            lambda splits: splits["val"],
        )
    ),
)
ex.mistake(
    "the names of the splits are written out",
    "Given {count} splits, {names}, your function {came}. Take the names that splits has: for name, data in splits.items().",
    lambda model, splits, *rest: estimate_loss(model, {n: splits[n] for n in ("train", "val")}, *rest),
    lambda model, splits, *rest: estimate_loss(
        model, {n: splits[n] for n in ("train", "val") if n in splits}, *rest
    ),
    lambda *inputs: dict(zip(("train", "val"), estimate_loss(*inputs).values(), strict=False)),
    see=names_in_words,
)
ex.mistake(
    "the generator is not used",
    "Nearly: {seed} Then two models are judged on other batches: pass the generator to one_batch.",
    judging(draw=lambda one_batch, splits, name, given: one_batch(splits[name], None)),
)
ex.mistake(
    "a generator of its own",
    "Nearly: {stream} You made generators from the seed of the one given, so draws repeat themselves. Hand on the one that you got.",
    lambda model, splits, one_batch, n, given: {
        name: estimate_loss(model, {name: splits[name]}, one_batch, n, seeded(given.initial_seed()))[name]
        for name in splits
    },
)
ex.mistake(
    "a seed set inside",
    "Nearly: {chance} The same batches for ever: draw from the generator given.",
    judging(draw=lambda one_batch, splits, name, given: one_batch(splits[name], given.manual_seed(1337))),
)
ex.mistake(
    "the median instead of the mean",
    "{value} That is the median, or the largest, or the smallest of them. The mean adds all of them up and divides.",
    judging(of=lambda losses, so_far, n: torch.stack(losses).median()),
    judging(of=lambda losses, so_far, n: -(-torch.stack(losses)).median()),
    judging(of=lambda losses, so_far, n: torch.stack(losses).max()),
    judging(of=lambda losses, so_far, n: torch.stack(losses).min()),
)
ex.mistake(
    "x in place of the targets",
    "{value} You gave the model x as its own targets. one_batch draws both: x, y.",
    judging(draw=lambda one_batch, splits, name, given: (one_batch(splits[name], given)[0],) * 2),
)
ex.mistake(
    "the losses of two splits are exchanged",
    "{value} That is the mean of another split. Which name belongs to which loss?",
    lambda model, splits, *rest: dict(
        zip(splits, [*estimate_loss(model, splits, *rest).values()][::-1], strict=True)
    ),
)
