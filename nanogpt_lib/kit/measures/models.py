"""Measures of layers and models, and what they need: weights to look at, and modes."""

from collections.abc import Callable

import torch
from torch import nn

from nanogpt_lib.kit.outcome import Fact

MODES = ("training", "evaluation", "one part off")  # in which a model comes

# Name and message of what answers do to the mode of a model that they should leave as it came.
ALWAYS_TRAINING = (
    "always ends in training mode",
    "{after} model.train() at the end is right only for a model that came in training mode.",
)
ONE_MODE = (
    "one mode for all parts",
    (
        "{after} Somebody had switched off one part on purpose. model.training is the mode of the whole; "
        "each of model.modules() has its own."
    ),
)
LOST_BY_AN_EXCEPTION = (
    "the mode is lost after an exception",
    "{error} {after} An exception jumps over the lines that follow. Which block of Python runs all the same?",
)
SWALLOWED = (
    "the exception is swallowed",
    "One thing is hidden: {error} Put the mode back, and let the error pass.",
)


class Broken(RuntimeError):
    """What a model raises when it is told to."""


def built(
    kind: Callable[[int, int, int], nn.Module], C: int, n_head: int, block_size: int, seed: int
) -> nn.Module:
    """Return an attention layer with weights so large that its heads prefer some positions to others.

    Args:    kind: the class of the layer.   C: its width.   n_head, block_size: its other sizes.
             seed: of the weights.
    """
    generator = torch.Generator().manual_seed(seed)
    attention = kind(C, n_head, block_size)
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * C**-0.5)
    return attention


def modes_after(before: tuple[bool, ...], after: tuple[bool, ...]) -> Fact:
    """Return whether every part of a model is in the mode in which it came.

    Args:    before, after: for every part, whether it is in training mode.
    Example:
        >>> modes_after((True, True), (False, False)).value
        'evaluation'
    """
    kind = "as before" if after == before else "training" if all(after) else "another"
    kind = "evaluation" if kind == "another" and not any(after) else kind
    said = f"{sum(before)} of the model's {len(before)} parts came in training mode, and {sum(after)} left"
    return Fact(kind, f"{said} in it.")
