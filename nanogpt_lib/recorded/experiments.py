"""Name the training runs that are recorded, and what each set of them compares.

Taught in: experiments.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from nanogpt_lib.checks import one_of
from nanogpt_lib.machine import suited
from nanogpt_lib.model import GPTConfig
from nanogpt_lib.presets import Preset, preset
from nanogpt_lib.recorded.recipe import at_equal_time, race, recipe
from nanogpt_lib.training_run import TrainConfig

SEEDS = (1337, 1338, 1339)
_BLOCKS = {"1 block": 1, "4 blocks": 4, "8 blocks": 8}
_DROPPED = {"p = 0": 0.0, "p = 0.2": 0.2, "p = 0.5": 0.5}
_RATES = {"3e-4": 3e-4, "1e-3": 1e-3, "4e-3": 4e-3, "1e-2": 1e-2}


class Experiment(NamedTuple):
    """Settings to compare: variant to preset, without the seed, and the seeds to train each with.

    `factor` is the one field in which the variants differ; None where several change at once.
    Fields in `along` follow the factor, so that every variant reads the same number of characters.
    With `keep` the trained models come with the project, in data/checkpoints/.

    Taught in: experiments.
    """

    variants: dict[str, Preset]
    factor: str | None
    seeds: tuple[int, ...] = SEEDS
    keep: bool = False
    along: tuple[str, ...] = ()


def experiments() -> dict[str, Experiment]:
    """Return every experiment by its name: one factor at a time, the ladder, the recipe, the shipped model.

    Example:
        >>> list(experiments()["heads"].variants), experiments()["heads"].factor
        (['1 head', '2 heads', '4 heads', '8 heads'], 'n_head')

    Taught in: experiments.
    """
    model, config = preset("reference-baseline")
    model = replace(model, scale=None)
    short = replace(config, max_iters=1_000, eval_iters=50)
    small = replace(short, max_iters=3_000, train_chars=20_000)
    scales = {"root of head_size": 16**-0.5, "root of n_embd": 64**-0.5, "head_size": 1 / 16, "none": 1.0}
    return {
        "scale": _vary(model, short, "scale", scales),
        "heads": _vary(model, short, "n_head", {f"{n} head{'s' * (n > 1)}": n for n in (1, 2, 4, 8)}),
        "depth": _vary(model, short, "n_layer", _BLOCKS),
        "depth without residual": _vary(replace(model, residual=False), short, "n_layer", _BLOCKS),
        "norm": _vary(model, short, "norm", {"before": "pre", "after": "post", "none": "none"}),
        "dropout": _vary(model, small, "dropout", _DROPPED),
        "learning rate": _vary(model, short, "learning_rate", _RATES),
        "learning rate, longer": _vary(
            model,
            replace(short, max_iters=3_000),
            "learning_rate",
            {name: _RATES[name] for name in ("1e-3", "4e-3")},
        ),
        "batch size": _batch_sizes(model, short),
        "block size": _block_sizes(model, short),
        "width": _vary(model, short, "n_embd", {f"width {C}": C for C in (32, 64, 128)}),
        "dropout, all the text": _vary(model, short, "dropout", _DROPPED),
        "third rung": Experiment(_third_rung(), None),
        "ladder": Experiment(_ladder(), None, seeds=(1337,)),
        "recipe": Experiment(recipe(), None),
        "recipe, equal time": Experiment(at_equal_time(), None),
        "race": Experiment(race(), None),
        "fast": Experiment({"fast": _with_amx("fast")}, None),
        "best": Experiment({"best in ten minutes": _with_amx("best-in-ten-minutes")}, None, seeds=(1337,)),
        "shipped": Experiment({"shakespeare": preset("shakespeare")}, None, seeds=(1337,), keep=True),
    }


def experiment_called(name: str) -> Experiment:
    """Return the experiment of that name.

    Raises:  ValueError: there is none; it lists those that there are.
    Example:
        >>> experiment_called("norm").seeds
        (1337, 1338, 1339)

    Taught in: experiments.
    """
    known = experiments()
    return known[one_of("the experiment", name, known)]


def _with_amx(name: str) -> Preset:
    """Return a preset as a processor that is fast at bfloat16 makes it: the runs are recorded on one."""
    return Preset(*suited(*preset(name), gain=2.0))


def _vary(model: GPTConfig, config: TrainConfig, factor: str, values: Mapping[str, Any]) -> Experiment:
    """Make one variant per value of a field, which belongs to the model or to the training run."""
    if factor in GPTConfig.__dataclass_fields__:
        variants = {name: Preset(replace(model, **{factor: value}), config) for name, value in values.items()}
    else:
        variants = {name: Preset(model, replace(config, **{factor: value})) for name, value in values.items()}
    return Experiment(variants, factor)


def _batch_sizes(model: GPTConfig, config: TrainConfig) -> Experiment:
    """Use more windows per step and fewer steps: as many characters read, and as many evaluations."""
    variants = {}
    for batch_size in (8, 16, 32, 64):
        steps = config.batch_size * config.max_iters // batch_size
        changed = replace(config, batch_size=batch_size, max_iters=steps, eval_interval=steps // 10)
        variants[f"batch {batch_size}"] = Preset(model, changed)
    return Experiment(variants, "batch_size", along=("max_iters", "eval_interval"))


def _block_sizes(model: GPTConfig, config: TrainConfig) -> Experiment:
    """Use longer windows and fewer of them: each variant reads as many characters per step."""
    read = config.batch_size * model.block_size
    variants = {
        f"block {block_size}": Preset(
            replace(model, block_size=block_size), replace(config, batch_size=read // block_size)
        )
        for block_size in (8, 16, 32, 64, 128)
    }
    return Experiment(variants, "block_size", along=("batch_size",))


def _third_rung() -> dict[str, Preset]:
    """Make the reference's changes from its second rung to its third: each alone, and all at once."""
    model, config = preset("reference-longer")
    config = replace(config, max_iters=500, eval_iters=50, eval_interval=50)
    wider, trained = preset("reference-wider")
    return {
        "second rung": Preset(model, config),
        "learning rate 5e-3": Preset(model, replace(config, learning_rate=trained.learning_rate)),
        "batch 32": Preset(model, replace(config, batch_size=trained.batch_size)),
        "block 128": Preset(replace(model, block_size=wider.block_size), config),
        "8 heads": Preset(replace(model, n_head=wider.n_head), config),
        "dropout 0.2": Preset(replace(model, dropout=wider.dropout), config),
        "third rung": Preset(wider, replace(trained, max_iters=500, eval_iters=50, eval_interval=50)),
    }


def _ladder() -> dict[str, Preset]:
    """Take the reference's rungs that two cores can climb; the third is evaluated on 50 batches, not 400."""
    wider = preset("reference-wider")
    return {
        "baseline": preset("reference-baseline"),
        "longer": preset("reference-longer"),
        "wider": wider._replace(train=replace(wider.train, eval_iters=50)),
    }
