"""Name the changes that turn the lecture's GPT into the preset `fast`, for runs that compare them.

All on a small model, so that a run takes less than a minute: first one change on top of the other, then
the four kinds of change in every combination.

Taught in: faster_and_bigger.
"""

from dataclasses import replace
from itertools import product
from typing import Any

from nanogpt_lib.model import GPTConfig
from nanogpt_lib.presets import Preset
from nanogpt_lib.training_run import TrainConfig

Change = dict[str, Any]  # fields of GPTConfig and TrainConfig, and their new values

_PLAIN = Preset(
    GPTConfig(vocab_size=65, block_size=64, n_embd=64, n_head=4, n_layer=4, attention="fused"),
    TrainConfig(batch_size=16, max_iters=1_000, learning_rate=4e-3, eval_interval=100, eval_iters=20),
)

# What each row adds to the row above.
STEPS: dict[str, Change] = {
    "plain": {},
    "a rate that falls": {"schedule": "trapezoid"},
    "writers from zero": {"init": "zero"},
    "rotary positions": {"position": "rotary"},
    "queries and keys of one length": {"qk_norm": True},
    "squared ReLU": {"activation": "relu2"},
    "a norm without weights": {"norm_kind": "bare"},
    "Muon": {"optimizer": "muon", "muon_rate": 0.02},
    "character pairs": {"pairs": True},
    "a look at the last character": {"smear": True},
}

# What was tried on top of the last row, each alone.
TRIED: dict[str, Change] = {
    "and dropout 0.1": {"dropout": 0.1},
    "and weight decay 0.5": {"weight_decay": 0.5},
    "and twice the rate of Muon": {"muon_rate": 0.04},
    "and scores twice as large": {"scale": 0.5},
}

# The four kinds of change that the race turns on and off.
KINDS: dict[str, tuple[str, ...]] = {
    "rate": ("a rate that falls",),
    "parts": (
        "writers from zero",
        "rotary positions",
        "queries and keys of one length",
        "squared ReLU",
        "a norm without weights",
    ),
    "Muon": ("Muon",),
    "pairs": ("character pairs", "a look at the last character"),
}

# Milliseconds of a step of each combination, all timed in turn on one thread of the recordings' machine.
STEP_MILLISECONDS = {
    "nothing": 25.4,
    "pairs": 28.2,
    "Muon": 27.9,
    "Muon, pairs": 29.5,
    "parts": 32.0,
    "parts, pairs": 34.4,
    "parts, Muon": 34.9,
    "parts, Muon, pairs": 36.3,
    "rate": 25.3,
    "rate, pairs": 28.0,
    "rate, Muon": 27.4,
    "rate, Muon, pairs": 29.3,
    "rate, parts": 31.7,
    "rate, parts, pairs": 34.9,
    "rate, parts, Muon": 35.1,
    "rate, parts, Muon, pairs": 36.2,
}

# How many steps take as long as the plain model's 1,000, by steps timed in turn on the recordings' machine.
STEPS_IN_THAT_TIME = {
    "nothing": 1_000,
    "rate": 1_000,
    "rate, parts": 800,
    "rate, parts, Muon": 720,
    "rate, parts, Muon, pairs": 700,
}


def changed(start: Preset, *changes: Change) -> Preset:
    """Return the preset with some fields of its model and of its training run changed.

    Example:
        >>> changed(_PLAIN, {"init": "zero"}, {"schedule": "trapezoid"}).train.schedule
        'trapezoid'

    Taught in: faster_and_bigger.
    """
    model, train = start
    for change in changes:
        of_model = {name: value for name, value in change.items() if name in GPTConfig.__dataclass_fields__}
        model = replace(model, **of_model)
        train = replace(train, **{name: change[name] for name in change.keys() - of_model.keys()})
    return Preset(model, train)


def recipe() -> dict[str, Preset]:
    """Return the rows of the recipe: each with one change more than the last, then what was tried on top.

    Example:
        >>> list(recipe())[:3]
        ['plain', 'a rate that falls', 'writers from zero']

    Taught in: faster_and_bigger.
    """
    rows, so_far = {}, _PLAIN
    for name, change in STEPS.items():
        rows[name] = so_far = changed(so_far, change)
    return rows | {name: changed(so_far, change) for name, change in TRIED.items()}


def race() -> dict[str, Preset]:
    """Return every combination of the four kinds of change, named by those that are on.

    Example:
        >>> list(race())[:4], list(race())[-1]
        (['nothing', 'pairs', 'Muon', 'Muon, pairs'], 'rate, parts, Muon, pairs')

    Taught in: faster_and_bigger.
    """
    combinations = {}
    for ticks in product((False, True), repeat=len(KINDS)):
        on = [kind for kind, tick in zip(KINDS, ticks, strict=True) if tick]
        changes = [STEPS[step] for kind in on for step in KINDS[kind]]
        combinations[", ".join(on) or "nothing"] = changed(_PLAIN, *changes)
    return combinations


def at_equal_time() -> dict[str, Preset]:
    """Return the four kinds of change, one on top of the other, each with steps that fit into the same time.

    Example:
        >>> [preset.train.max_iters for preset in at_equal_time().values()]
        [1000, 1000, 800, 720, 700]

    Taught in: faster_and_bigger.
    """
    combinations = race()
    return {
        name: changed(combinations[name], {"max_iters": steps, "eval_interval": steps // 10})
        for name, steps in STEPS_IN_THAT_TIME.items()
    }
