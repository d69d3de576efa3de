"""Dropout with its corners: in training and in use, nothing dropped, everything dropped."""

from collections.abc import Callable

import numpy as np
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.draws import between, seeded
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.lessons.dropout.dropped_otherwise import (
    by_factor,
    dropping,
    exactly,
    in_pairs,
    in_place,
    plain,
    shrunk,
)
from nanogpt_lib.lessons.dropout.masks import dropped


def to_drop(seed: int) -> list[tuple]:
    """Return (x, p, training, seed); so many numbers that chance moves the mean of a 1 by 0.2 %."""
    generator = seeded(seed)
    B, C = (between(low, low + 4, generator) for low in (24, 100))
    other = between(25, 30, generator) / 100

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


def error_as_result(case: Case) -> dict:
    """Return what was raised in place of the result, where something was."""
    if case.error is None:
        return {}
    return {"result": f"With p = {case.inputs[1]:g} your function raised {type(case.error).__name__}."}


ex = Exercise(
    prompt="Write dropout(x, p, training, generator): in training each number of x is 0 with probability p and raised by 1 / (1 - p) otherwise; in use x comes back as it is. p = 0 and p = 1 are allowed. x itself stays as it is, and the gradient comes back through the same mask.",
    hints=(
        "First the cases in which nothing is drawn: which are they, and what comes back in each?",
        "A mask has one draw for every number: x.shape says how many. Draw with the generator you are given.",
        "kept = torch.rand(x.shape, generator=generator) >= p, then x * kept / (1 - p), but not at p = 1.",
    ),
    inputs=to_drop,
    run=dropped,
    see=error_as_result,
    note=lambda values: (
        f"{values[0]['result'].said} The gradient has the same mask, and p = 1 gives zeros, no NaN."
    ),
)


@ex.right
def dropout(
    x: torch.Tensor, p: float, training: bool, generator: torch.Generator | None = None
) -> torch.Tensor:
    if not training or p == 0:
        return x
    if p == 1:
        return x * 0  # 1 / (1 - p) has no value here
    kept = torch.rand(x.shape, generator=generator) >= p  # one draw for each number
    return x * kept / (1 - p)


@ex.also_right
def dropout_by_bernoulli(x, p, training, generator=None):
    if training:
        kept = torch.empty_like(x).bernoulli_(1 - p, generator=generator)
        x = x * kept.div_(max(1 - p, 1e-9))
    return x


@ex.also_right
def dropout_by_where(x, rate, train, rng):
    if not (train and rate):
        return x.clone()
    gone = torch.rand(x.numel(), generator=rng, dtype=torch.float64).view_as(x) < rate
    return torch.where(gone, torch.zeros(()), x / (1 - rate)) if rate < 1 else torch.zeros_like(x)


@ex.also_right
def dropout_by_numpy(x, p, training, generator):
    rng = np.random.default_rng(int(torch.randint(2**40, (), generator=generator)))
    kept = torch.from_numpy(rng.random(x.shape) >= p * training)
    return x.masked_fill(~kept, 0) / (1 - p * training if p * training < 1 else 1)


def other_mode(mode: Callable) -> list[Callable]:
    """Return answers that drop in another mode: mode(training)."""
    drops = dropout, dropping(plain, corners=False), dropping(by_factor, corners=False)
    return [
        lambda x, p, training, generator, drop=drop: drop(x, p, mode(training), generator) for drop in drops
    ]


ex.mistake(
    "nothing is raised",
    "{result} The mean should stay 1. What must be done to those that are kept?",
    dropping(lambda x, kept, p: x * kept),
)
ex.mistake(
    "raised by 1/p",
    "{result} You divided by the share that goes. Which share stays?",
    dropping(lambda x, kept, p: x * kept * (1 / p)),
    dropping(lambda x, kept, p: x * kept * (1 / p), corners=False),
    dropping(lambda x, kept, p: x * kept / p, corners=False),
)
ex.mistake(
    "shrunk in training",
    "{result} Less is left, and you shrank it further. Should it grow or shrink?",
    dropping(lambda x, kept, p: x * kept * (1 - p)),
)
the_others = (
    lambda x, kept, p: x * ~kept,
    lambda x, kept, p: x * ~kept * (1 / p),
    lambda x, kept, p: x * ~kept * (1 / (1 - p)),
)
ex.mistake(
    "p is the share that is kept",
    "{result} You kept with probability p, as the paper of 2014 has it. Here p goes.",
    *[dropping(make, corners) for corners in (True, False) for make in the_others],
    dropping(lambda x, kept, p: x * ~kept / p, corners=False),
)
ex.mistake(
    "divided by what happened to be kept",
    "{result} So near and not exact: you divided by the share that this one mask kept. On three numbers that may be 0. Which share is it on average?",
    dropping(lambda x, kept, p: x * kept / kept.float().mean()),
)
ex.mistake(
    "dropped in use as well",
    "{result} You are not training there: nothing may be random. Who asks `training`?",
    *other_mode(lambda training: True),
)
ex.mistake(
    "the modes are swapped",
    "{result} Your condition looks the wrong way: try `training` True and False.",
    *other_mode(lambda training: not training),
)
ex.mistake(
    "the old form, shrunk in use",
    "{result} Nothing is raised in training, and in use you shrink by 1 - p. That form works, but asks for p in use. Here use is to cost nothing: move the factor.",
    dropping(lambda x, kept, p: x * kept, in_use=shrunk),
)
ex.mistake(
    "shrunk in use as well",
    "{result} Training has already made up for it. What is left to do in use?",
    dropping(plain, in_use=shrunk),
)
ex.mistake(
    "p = 1 divides by zero",
    "{result} With p = 1, 1 - p is 0. What should be left when all is dropped?",
    dropping(plain, corners=False),
    dropping(by_factor, corners=False),
)
ex.mistake(
    "p = 1 keeps everything",
    "{result} p is the share to drop. How many are to be left?",
    lambda x, p, training, generator: x if p == 1 else dropout(x, p, training, generator),
)
ex.mistake(
    "p = 1 comes before the mode",
    "{result} In use p has nothing to say. Which of your questions comes first?",
    lambda x, p, training, generator: x * 0 if p == 1 else dropout(x, p, training, generator),
)
ex.mistake(
    "nothing is dropped",
    "{result} Where does a number become 0?",
    lambda x, p, training, generator: x,
    lambda x, p, training, generator: x / (1 - p) if training and p < 1 else x,
)
ex.mistake(
    "one draw for many numbers",
    "{result}: they stand and fall together. The mask needs a draw for every number.",
    *[dropping(plain, shared=axes) for axes in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))],
)
ex.mistake(
    "exactly the share p is dropped",
    "{count} Chance decides for each number anew, so how many fall is a matter of chance, too. Draw for every number by itself, and count none.",
    *[dropping(plain, kept=exactly(axes)) for axes in ((0, 1, 2), (1, 2), (1,), (2,))],
)
ex.mistake(
    "numbers fall together",
    "{count} That is more than chance makes of single draws: some numbers share one. The mask needs a draw for every number.",
    *[dropping(plain, kept=in_pairs(axis)) for axis in range(3)],
)
ex.mistake(
    "a generator of its own",
    "Nearly: {stream} You made a generator from the seed of the one given, so nothing goes on. Draw from that one itself.",
    lambda x, p, training, g: dropout(x, p, training, g and seeded(g.initial_seed())),
    lambda x, p, training, g: dropout(x, p, training, g and seeded(g.initial_seed() + 1)),
)
ex.mistake(
    "noise is added",
    "{result} That is noise, but no dropout: a number is gone, or it is raised.",
    lambda x, p, training, g: x + p * torch.randn(x.shape, generator=g) * training,
    lambda x, p, training, g: x + p * (p < 1) * torch.randn(x.shape, generator=g) * training,
)
ex.mistake(
    "x itself is changed",
    "{input} Whoever called you still needs x. Make a new tensor.",
    dropping(in_place),
    dropping(in_place, corners=False),
)
ex.mistake(
    "no gradient comes back",
    "The numbers are right. {gradient} Where is the way back to x cut?",
    lambda x, p, training, generator: dropout(x.detach(), p, training, generator),
    lambda x, p, training, generator: dropout(x.detach() if training else x, p, training, generator),
    lambda x, p, training, generator: dropout(x.detach() if training and p else x, p, training, generator),
)
ex.mistake(
    "the gradient goes past the mask",
    "The numbers are right. {gradient} Who did not speak is not to be blamed: multiply x by the mask, and the gradient follows.",
    lambda x, p, training, generator: x + (dropout(x, p, training, generator) - x).detach(),
)
ex.mistake(
    "the generator is not used",
    "Nearly: {seed} Draw the mask with generator=generator.",
    lambda x, p, training, generator: dropout(x, p, training, None),
)
ex.mistake(
    "a seed set inside",
    "Nearly: {chance} One mask for ever: draw from the generator given.",
    lambda x, p, training, generator: dropout(x, p, training, seeded(1337)),
)


def normal(shape: list, p: float, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(shape, generator=generator) >= p


ex.mistake(
    "normal instead of even draws",
    "{result} torch.randn draws around 0, and half of its numbers are below: torch.rand draws evenly from 0 to 1, so the share p of them is below p.",
    *(
        dropping(make, corners=corners, kept=normal)
        for make in (plain, by_factor)
        for corners in (True, False)
    ),
    lambda x, p, training, g: (plain(x, normal(x.shape, p, g), p) if p < 1 else 0 * x) if training else x,
)
