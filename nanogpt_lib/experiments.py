"""Which trainings are recorded, and what each set of them compares.

Taught in: notebooks/12.
"""

from dataclasses import replace
from typing import NamedTuple

from nanogpt_lib.checks import one_of
from nanogpt_lib.model import GPTConfig
from nanogpt_lib.presets import Preset, preset
from nanogpt_lib.training import TrainConfig

SEEDS = (1337, 1338, 1339)
_BLOCKS = {"1 block": 1, "4 blocks": 4, "8 blocks": 8}


class Experiment(NamedTuple):
    """Settings to compare: variant to preset, without the seed, and the seeds to train each with.

    `factor` is the one field in which the variants differ; None where several change at once.
    With `keep` the trained models come with the project, in data/checkpoints/.

    Source:  own.   Taught in: notebooks/12.
    """

    variants: dict[str, Preset]
    factor: str | None
    seeds: tuple[int, ...] = SEEDS
    keep: bool = False


def experiments() -> dict[str, Experiment]:
    """Every experiment by its name: one factor at a time, then the model that comes with the project.

    Example:
        >>> list(experiments()["heads"].variants), experiments()["heads"].factor
        (['1 head', '4 heads'], 'n_head')

    Source:  own.   Taught in: notebooks/12.
    """
    model, config = preset("reference-baseline")
    model, short = replace(model, scale=None), replace(config, max_iters=1_000, eval_iters=50)
    small = replace(short, max_iters=3_000, train_chars=20_000)
    scales = {"root of head_size": 16**-0.5, "root of n_embd": 64**-0.5, "head_size": 1 / 16, "none": 1.0}
    return {
        "scale": _vary(model, short, "scale", scales),
        "heads": _vary(model, short, "n_head", {"1 head": 1, "4 heads": 4}),
        "depth": _vary(model, short, "n_layer", _BLOCKS),
        "depth without residual": _vary(replace(model, residual=False), short, "n_layer", _BLOCKS),
        "norm": _vary(model, short, "norm", {"before": "pre", "after": "post", "none": "none"}),
        "dropout": _vary(model, small, "dropout", {"p = 0": 0.0, "p = 0.2": 0.2, "p = 0.5": 0.5}),
        "shipped": Experiment({"shakespeare": preset("shakespeare")}, None, seeds=(1337,), keep=True),
    }


def experiment_called(name: str) -> Experiment:
    """The experiment of that name.

    Raises:  ValueError: there is none; it lists those that there are.
    Example:
        >>> experiment_called("norm").seeds
        (1337, 1338, 1339)

    Source:  own.   Taught in: notebooks/12.
    """
    known = experiments()
    return known[one_of("the experiment", name, known)]


def _vary(model: GPTConfig, config: TrainConfig, factor: str, values: dict[str, object]) -> Experiment:
    """One variant a value of a field, which belongs to the model or to the training."""
    if factor in GPTConfig.__dataclass_fields__:
        variants = {name: Preset(replace(model, **{factor: value}), config) for name, value in values.items()}
    else:
        variants = {name: Preset(model, replace(config, **{factor: value})) for name, value in values.items()}
    return Experiment(variants, factor)
