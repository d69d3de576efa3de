"""Dropout with its corners, a loss judged without side effects, and three pairs of curves to tell apart.

Each solution lends its name to its exercise.

Taught in: dropout.
"""

from collections.abc import Callable
from itertools import product

import torch

from nanogpt_lib.kit.legacy import Case, Exercise, Wrong
from nanogpt_lib.kit.measures.models import MODES
from nanogpt_lib.lessons.curve_facts import (
    LABELS,
    LETTERS,
    NOISE,
    NOISY_TRAINING,
    OVER,
    QUIET_TRAINING,
    SOLVED,
    UNDER,
    labelled,
    three_curves,
)
from nanogpt_lib.lessons.dropout_facts import dropped, judged

# --- dropout --------------------------------------------------------------------------------------


def dropout(
    x: torch.Tensor, p: float, training: bool, generator: torch.Generator | None = None
) -> torch.Tensor:
    if not training or p == 0:
        return x
    if p == 1:
        return x * 0  # 1 / (1 - p) has no value here
    kept = torch.rand(x.shape, generator=generator) >= p  # one draw for each number
    return x * kept / (1 - p)


def _to_drop(seed: int) -> list[tuple]:
    """(x, p, training, seed); so many numbers that chance moves the mean of a 1 by 0.2 %."""
    generator = torch.Generator().manual_seed(seed)
    B, C = (int(torch.randint(low, low + 5, (), generator=generator)) for low in (24, 100))
    other = int(torch.randint(25, 31, (), generator=generator)) / 100

    def x(*shape: int) -> torch.Tensor:
        sign = torch.randint(2, shape, generator=generator) * 2 - 1
        return sign * (0.5 + torch.rand(shape, generator=generator))  # far from 0: a zero was dropped

    return [
        (x(B, 50, C), 0.2, True, seed),
        (x(B, C, 50), other, True, seed),
        (x(B, 50, C), other, False, seed),
        (x(2, 3, 8), 0.0, True, seed),
        (x(2, 3, 8), 1.0, True, seed),
        (x(2, 3, 8), 1.0, False, seed),
    ]


def _said(case: Case, fact: str = "result") -> str:
    if case.error is not None:
        return f"With p = {case.inputs[1]:g} your function raised {type(case.error).__name__}."
    return case.got[fact].said


def _plain(x, kept, p):
    return x * kept / (1 - p)


def _by_factor(x, kept, p):
    return x * kept * (1 / (1 - p))  # at p = 1 Python raises where a tensor gives NaN


def _in_modes(
    make: Callable = _plain, all_dropped: Callable | None = lambda x: x * 0, in_use: Callable | None = None
) -> Callable:
    """dropout from make(x, kept, p), with what comes at p = 1 and in use; None is no case of its own."""

    def dropout(x, p, training, generator):
        if not training and in_use:
            return in_use(x, p)
        if p == 1 and all_dropped:
            return all_dropped(x)
        return make(x, torch.rand(x.shape, generator=generator) >= p, p)

    return lambda x, p, training, generator: (
        x if not training and in_use is None else dropout(x, p, training, generator)
    )


def _always(make: Callable, all_dropped: Callable | None) -> Callable:
    in_training = _in_modes(make, all_dropped)
    return lambda x, p, training, generator: in_training(x, p, True, generator)


def _drawn(mask: Callable, factor: Callable = lambda p: 1 / (1 - p), corners: bool = True) -> Callable:
    """dropout with mask(x, p, generator) and a factor, with p = 0 and p = 1 apart or not."""

    def dropout(x, p, training, generator):
        if not training or (corners and p == 0):
            return x
        return x * 0 if corners and p == 1 else x * mask(x, p, generator) * factor(p)

    return dropout


def _share(x, p, generator):
    return torch.rand(x.shape, generator=generator) < p


def _over(*shared: int) -> Callable:
    """A mask with one draw for all along these axes."""

    def mask(x, p, generator):
        shape = [1 if axis in shared else size for axis, size in enumerate(x.shape)]
        return torch.rand(shape, generator=generator) >= p

    return _drawn(mask)


def _noise(spread: Callable) -> Callable:
    return lambda x, p, training, generator: (
        x + spread(x, p) * torch.randn(x.shape, generator=generator) if training else x
    )


def _in_place(corners: bool) -> Callable:
    def dropout(x, p, training, generator):
        if not training or (corners and p == 0):
            return x
        if corners and p == 1:
            return x * 0
        x *= torch.rand(x.shape, generator=generator) >= p
        return x / (1 - p) if p < 1 else x

    return dropout


def _zeros_written(x, p, training, generator):
    if training:
        x[torch.rand(x.shape, generator=generator) < p] = 0
        x = x / (1 - p) if p < 1 else x
    return x


def _cut(where: Callable) -> Callable:
    """The right dropout, of which only the numbers are returned where where(p, training)."""

    def cut(x, p, training, generator):
        y = dropout.answer(x, p, training, generator)
        return y.detach() if where(p, training) else y

    return cut


def _past_the_mask(x, p, training, generator):
    return x + (dropout.answer(x, p, training, generator) - x).detach()


def _other_generator(generator: Callable) -> Callable:
    return lambda x, p, training, given: dropout.answer(x, p, training, generator())


dropout = Exercise(
    name="dropout",
    prompt=(
        "Write dropout(x, p, training, generator): in training each number of x is 0 with probability p "
        "and raised by 1 / (1 - p) otherwise; in use x comes back as it is. p = 0 and p = 1 are allowed."
    ),
    answer=dropout,
    make_inputs=_to_drop,
    run=dropped,
    note=lambda values: (
        f"{values[0]['result'].said} The gradient has the same mask, and p = 1 gives zeros, no NaN."
    ),
    hints=(
        "First the cases in which nothing is drawn: which are they, and what comes back in each?",
        "A mask has one draw for every number: x.shape says how many. Draw with the generator you are given.",
        "kept = torch.rand(x.shape, generator=generator) >= p, then x * kept / (1 - p), but not at p = 1.",
    ),
    wrong=(
        Wrong(
            "nothing is raised",
            lambda case: f"{_said(case)} The mean should stay 1. What must be done to those that are kept?",
            _drawn(lambda x, p, generator: ~_share(x, p, generator), lambda p: 1),
        ),
        Wrong(
            "raised by 1/p",
            lambda case: f"{_said(case)} You divided by the share that goes. Which share stays?",
            _drawn(lambda x, p, g: ~_share(x, p, g), lambda p: 1 / p),
            _drawn(lambda x, p, g: ~_share(x, p, g), lambda p: 1 / p, corners=False),
            _drawn(lambda x, p, g: ~_share(x, p, g), lambda p: 1 / torch.tensor(p), corners=False),
        ),
        Wrong(
            "shrunk in training",
            lambda case: f"{_said(case)} Less is left, and you shrank it further. Should it grow or shrink?",
            _drawn(lambda x, p, generator: ~_share(x, p, generator), lambda p: 1 - p),
        ),
        Wrong(
            "p is the share that is kept",
            lambda case: (
                f"{_said(case)} You kept with probability p, as the paper of 2014 has it. Here p goes."
            ),
            *[
                _drawn(_share, factor, corners)
                for factor in (
                    lambda p: 1,
                    lambda p: 1 / p,
                    lambda p: 1 / (1 - p),
                    lambda p: 1 / torch.tensor(p),
                )
                for corners in (True, False)
            ],
        ),
        Wrong(
            "divided by what happened to be kept",
            lambda case: (
                f"{_said(case)} So near and not exact: you divided by the share that this one mask kept. "
                "On three numbers that may be 0. Which share is it on average?"
            ),
            _in_modes(lambda x, kept, p: x * kept / kept.float().mean()),
        ),
        Wrong(
            "dropped in use as well",
            lambda case: (
                f"{_said(case)} You are not training there: nothing may be random. Who asks `training`?"
            ),
            _always(_plain, lambda x: x * 0),
            _always(_plain, None),
            _always(_by_factor, None),
        ),
        Wrong(
            "the modes are swapped",
            lambda case: f"{_said(case)} Your condition looks the wrong way: try `training` True and False.",
            *[
                lambda x, p, training, generator, drop=drop: drop(x, p, not training, generator)
                for drop in (_in_modes(), _in_modes(all_dropped=None), _in_modes(_by_factor, None))
            ],
        ),
        Wrong(
            "the old form, shrunk in use",
            lambda case: (
                f"{_said(case)} Nothing is raised in training, and in use you shrink by 1 - p. That form "
                "works, but asks for p in use. Here use is to cost nothing: move the factor."
            ),
            _in_modes(lambda x, kept, p: x * kept, in_use=lambda x, p: x * (1 - p)),
        ),
        Wrong(
            "shrunk in use as well",
            lambda case: f"{_said(case)} Training has already made up for it. What is left to do in use?",
            _in_modes(in_use=lambda x, p: x * (1 - p)),
        ),
        Wrong(
            "p = 1 divides by zero",
            lambda case: f"{_said(case)} With p = 1, 1 - p is 0. What should be left when all is dropped?",
            _in_modes(all_dropped=None),
            _in_modes(_by_factor, None),
        ),
        Wrong(
            "p = 1 keeps everything",
            lambda case: f"{_said(case)} p is the share to drop. How many are to be left?",
            _in_modes(all_dropped=lambda x: x),
        ),
        Wrong(
            "p = 1 comes before the mode",
            lambda case: f"{_said(case)} In use p has nothing to say. Which of your questions comes first?",
            lambda x, p, training, generator: x * 0 if p == 1 else dropout.answer(x, p, training, generator),
        ),
        Wrong(
            "nothing is dropped",
            lambda case: f"{_said(case)} Where does a number become 0?",
            lambda x, p, training, generator: x,
            lambda x, p, training, generator: x / (1 - p) if training and p < 1 else x,
        ),
        Wrong(
            "one draw for many numbers",
            lambda case: (
                f"{_said(case)}: they stand and fall together. The mask needs a draw for every number."
            ),
            *[_over(*axes) for axes in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))],
        ),
        Wrong(
            "noise is added",
            lambda case: f"{_said(case)} That is noise, but no dropout: a number is gone, or it is raised.",
            _noise(lambda x, p: p),
            _noise(lambda x, p: p * (p < 1)),
            _noise(lambda x, p: x * (p / (1 - p)) ** 0.5 if p < 1 else 0),
        ),
        Wrong(
            "x itself is changed",
            lambda case: f"{_said(case, 'input')} Whoever called you still needs x. Make a new tensor.",
            _in_place(corners=True),
            _in_place(corners=False),
            _zeros_written,
        ),
        Wrong(
            "no gradient comes back",
            lambda case: f"The numbers are right. {_said(case, 'gradient')} Where is the way back to x cut?",
            _cut(lambda p, training: True),
            _cut(lambda p, training: training),
            _cut(lambda p, training: training and p > 0),
        ),
        Wrong(
            "the gradient goes past the mask",
            lambda case: (
                f"The numbers are right. {_said(case, 'gradient')} Who did not speak is not to be blamed: "
                "multiply x by the mask, and the gradient follows."
            ),
            _past_the_mask,
        ),
        Wrong(
            "the generator is not used",
            lambda case: f"Nearly: {_said(case, 'seed')} Draw the mask with generator=generator.",
            _other_generator(lambda: None),
        ),
        Wrong(
            "a seed set inside",
            lambda case: f"Nearly: {_said(case, 'chance')} One mask for ever: draw from the generator given.",
            _other_generator(lambda: torch.Generator().manual_seed(1337)),
        ),
    ),
)


# --- estimate_loss --------------------------------------------------------------------------------


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


def _to_judge(seed: int) -> list[tuple]:
    """(mode, whether the model raises, eval_iters, seed)."""
    return [
        *((mode, False, 4 + number, seed) for number, mode in enumerate(MODES)),
        ("training", True, 4, seed),
    ]


def _each_its_own(model, before):
    for part, mode in before.items():
        part.training = mode


def _judging(
    enter: Callable = lambda model: model.eval(),
    leave: Callable = _each_its_own,
    safe: bool = True,
    of: Callable = lambda losses, so_far, n: sum(losses) / n,
    gradients: bool = False,
    draw: Callable = lambda one_batch, splits, name, generator: one_batch(splits[name], generator),
    batches: Callable = lambda n: n,
    between: Callable = lambda model: None,
) -> Callable:
    """estimate_loss with one thing done in another way; `of` gets the losses of a split, and all so far."""

    def estimate_loss(model, splits, one_batch, eval_iters, generator):
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

    return estimate_loss


def _stays(model, before=None):
    """The model is left as it is."""


def _as_the_whole(model, before):
    model.train(before[model])


def _trains(model, before):
    model.train()


def _swallows(model, splits, one_batch, eval_iters, generator):
    try:
        return estimate_loss.answer(model, splits, one_batch, eval_iters, generator)
    except RuntimeError:
        return dict.fromkeys(splits, 0.0)


def _no_gradients_for_ever(model, splits, one_batch, eval_iters, generator):
    torch.set_grad_enabled(False)
    return estimate_loss.answer(model, splits, one_batch, eval_iters, generator)


def _with_generator(generator: Callable) -> Callable:
    return _judging(draw=lambda one_batch, splits, name, given: one_batch(splits[name], generator(given)))


def _counts(name: str, fact: str, said: str, *functions: Callable) -> Wrong:
    """A mistake that one fact tells of, and what to say of it."""
    return Wrong(name, lambda case: f"{_said(case, fact)} {said}", *functions)


estimate_loss = Exercise(
    name="estimate_loss",
    prompt=(
        "Write estimate_loss(model, splits, one_batch, eval_iters, generator): a dict with each split's mean "
        "loss over eval_iters batches one_batch(data, generator), judged without dropout and without "
        "gradients. Every part of the model ends in the mode it came in, also after an exception."
    ),
    answer=estimate_loss,
    make_inputs=_to_judge,
    run=judged,
    note=lambda values: (
        f"{values[2]['after'].said} So it was with the model in training, in use, and after an exception."
    ),
    hints=(
        "Three things: note the modes, judge, put the modes back. The last must happen whatever comes.",
        (
            "model.modules() gives every part, and part.training its mode. What stands under `finally:` runs "
            "after an exception too; `with torch.no_grad():` ends by itself."
        ),
        (
            "modes = [(part, part.training) for part in model.modules()]; under `try:` model.eval() and the "
            "means; under `finally:` part.training = mode for each."
        ),
    ),
    wrong=(
        _counts(
            "judged in training mode",
            "mode",
            "Its dropouts drop while you judge. torch.no_grad() does not stop that; which switch does?",
            *[_judging(enter=_stays, leave=leave) for leave in (_stays, _trains)],
        ),
        _counts(
            "in training mode after the first split",
            "mode",
            "The first split was judged without noise, the next was not. Where do you switch back?",
            _judging(between=lambda model: model.train()),
            _judging(between=lambda model: model.train(), leave=_stays),
        ),
        _counts(
            "the mode is not put back",
            "after",
            "The rest of the training would go on without dropout. Who puts the mode back?",
            _judging(leave=_stays),
        ),
        _counts(
            "always ends in training mode",
            "after",
            "model.train() at the end is right only for a model that came in training mode.",
            _judging(leave=_trains),
            _judging(leave=_trains, safe=False),
        ),
        _counts(
            "one mode for all parts",
            "after",
            "Somebody had switched off one part on purpose. model.training is the mode of the whole; "
            "each of model.modules() has its own.",
            _judging(leave=_as_the_whole),
            _judging(leave=_as_the_whole, safe=False),
        ),
        Wrong(
            "the mode is lost after an exception",
            lambda case: (
                f"{_said(case, 'error')} {_said(case, 'after')} An exception jumps over the lines that "
                "follow. Which block of Python runs all the same?"
            ),
            _judging(safe=False),
        ),
        Wrong(
            "the exception is swallowed",
            lambda case: (
                f"One thing is hidden: {_said(case, 'error')} Put the mode back, and let the error pass."
            ),
            _swallows,
        ),
        _counts(
            "the graph is kept",
            "graph",
            "Each keeps all its batches in memory, and a curve of them fills it. Return numbers, under "
            "torch.no_grad().",
            _judging(gradients=True),
        ),
        Wrong(
            "gradients stay forbidden",
            lambda case: (
                f"Nearly: {_said(case, 'gradients')} The next loss.backward() would fail. "
                "`with torch.no_grad():` ends by itself."
            ),
            _no_gradients_for_ever,
        ),
        _counts(
            "the sum instead of the mean",
            "value",
            "That is their sum: it grows with eval_iters. Divide.",
            _judging(of=lambda losses, so_far, n: sum(losses)),
        ),
        _counts(
            "only one of the batches counts",
            "value",
            "That is a single one of them; the others were judged and forgotten. Where do you collect them?",
            _judging(of=lambda losses, so_far, n: losses[-1]),
            _judging(of=lambda losses, so_far, n: losses[0]),
        ),
        _counts(
            "the first split counts again",
            "value",
            "The losses of the split before are in it as well. Where does the collection begin anew?",
            _judging(of=lambda losses, so_far, n: sum(so_far) / len(so_far)),
            _judging(of=lambda losses, so_far, n: sum(so_far) / n),
        ),
        _counts(
            "one batch instead of eval_iters",
            "draws",
            "One batch is mostly chance: what is eval_iters for?",
            _judging(batches=lambda n: 1),
        ),
        _counts(
            "one split for all",
            "draws",
            "Each loss must come from its own text: what does the loop hand to one_batch?",
            _judging(draw=lambda one_batch, splits, name, given: one_batch(splits["train"], given)),
            _judging(draw=lambda one_batch, splits, name, given: one_batch(splits["val"], given)),
        ),
        Wrong(
            "the generator is not used",
            lambda case: (
                f"Nearly: {_said(case, 'seed')} Then two models are judged on other batches: pass the "
                "generator to one_batch."
            ),
            _with_generator(lambda given: None),
        ),
        Wrong(
            "a seed set inside",
            lambda case: (
                f"Nearly: {_said(case, 'chance')} The same batches for ever: draw from the generator given."
            ),
            _with_generator(lambda given: given.manual_seed(1337)),
            _with_generator(lambda given: torch.Generator().manual_seed(1337)),
        ),
    ),
)


# --- labels ---------------------------------------------------------------------------------------


def labels(curves: dict) -> dict:
    return {
        "A": "dropout noise",  # validation below training all the way: the two were measured otherwise
        "B": "under-fit",  # high and level, both: not even the training text is learned
        "C": "over-fit",  # training falls on while validation turns and climbs
    }


def _mistaken(name: str, label: str, said: str) -> Wrong:
    """A curve with a wrong label, where those before it are right; later ones are not looked at yet."""
    names = list(SOLVED)
    before = {one: SOLVED[one] for one in names[: names.index(name)]}
    after = names[names.index(name) + 1 :]
    functions = [
        lambda curves, rest=rest: before | {name: label} | dict(zip(after, rest, strict=True))
        for rest in product(LABELS, repeat=len(after))
    ]
    return Wrong(f"{name} is taken for {label}", lambda case: f"{_said(case, name)} {said}", *functions)


labels = Exercise(
    name="labels",
    prompt=(
        "Write labels(curves): return a dict with one label for each of 'A', 'B' and 'C': 'under-fit', "
        "'over-fit' or 'dropout noise'. Each pair is (steps, training losses, validation losses)."
    ),
    answer=labels,
    make_inputs=lambda seed: [(three_curves(),)],
    run=labelled,
    note=lambda values: (
        f"With dropout off, A's training loss ends at {QUIET_TRAINING:.3f}, not {NOISY_TRAINING[-1]:.3f}: "
        f"the noise alone had put it above validation. B is where counting letters is, {LETTERS:.2f}. C has "
        "learned by heart."
    ),
    hints=(
        "Look at two things in each pair: does training come down, and on which side of it is validation?",
        (
            "Learning by heart opens a gap and turns validation upwards. What cannot be learned leaves both "
            "high. And which loss is lower if only one of them was measured with the noise on?"
        ),
        "One pair has validation below training throughout; one hardly moves; one opens like scissors.",
    ),
    wrong=(
        _mistaken(
            "A",
            UNDER,
            "Both are still falling, so it is learning. Close together they are, but which of the two lies "
            "on top? No lack of fit puts it there.",
        ),
        _mistaken(
            "A",
            OVER,
            "Learning by heart makes training the better one, and validation climb. Here neither happens.",
        ),
        _mistaken(
            "B",
            OVER,
            f"Letter counts alone give {LETTERS:.2f}: nothing has been learned by heart here, or at all.",
        ),
        _mistaken(
            "B",
            NOISE,
            "If training were measured with the noise on, validation would lie below it. And noise does not "
            "keep a loss where letter counts are.",
        ),
        _mistaken(
            "C",
            UNDER,
            "Look at training: a loss that comes down so far is no lack of fit. What does validation do "
            "meanwhile?",
        ),
        _mistaken(
            "C",
            NOISE,
            "Noise on one side raises training and leaves validation below. Here validation is far above, "
            "and has turned.",
        ),
    ),
)
