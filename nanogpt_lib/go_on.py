"""Change how a training run goes on: another rate or decay, more steps, another schedule.

Taught in: full_model.
"""

from dataclasses import fields, replace
from typing import Any

from nanogpt_lib.checks import one_of, problem
from nanogpt_lib.kinds import instance
from nanogpt_lib.optimizer import readjust
from nanogpt_lib.training_run import TrainConfig, TrainingRun


def go_on_with(run: TrainingRun, **changes: Any) -> None:
    """Change how a run goes on; what it has learned stays, the optimiser's running means too.

    Args:    run: changed in place, or left as it is where this is refused.   changes: fields of its config.
    Raises:  ValueError: no field of its config; another seed, which would come too late; fewer steps than
             have been made; or another rate or decay for an optimiser that was not made from the config.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> from nanogpt_lib.training_run import TrainConfig
        >>> run = TrainingRun(BigramLM(8), TrainConfig(batch_size=4, max_iters=3, learning_rate=1e-2))
        >>> go_on_with(run, learning_rate=0.5)
        >>> run.optimizer.param_groups[0]["lr"]
        0.5

    Taught in: full_model.
    """
    instance("run", run, TrainingRun, "Make one: TrainingRun(model, config).")
    for name in changes:
        one_of("the field", name, [field.name for field in fields(TrainConfig)])
    old, new = run.config, replace(run.config, **changes)
    if new.seed != old.seed:
        raise problem(
            f"the seed {old.seed} that this run began with",
            f"{new.seed}",
            "Its random stream goes on where it stopped; begin a new run for another seed.",
        )
    if new.max_iters < run.step:
        raise problem(f"max_iters >= {run.step}, the steps already made", f"{new.max_iters}", "Ask for more.")
    if new.optimizer != old.optimizer:
        raise problem(
            f"the optimiser {old.optimizer} that this run began with",
            f"{new.optimizer}",
            "What it remembers of the gradients is of no use to another; begin a new run.",
        )
    if _moves(old) != _moves(new):
        if not run.has_usual_optimizer:
            raise problem(
                "an optimiser as the config describes it",
                f"{type(run.optimizer).__name__} with settings of your own",
                "Change the rate and the decay in its param_groups.",
            )
        readjust(run.optimizer, run.model, new.optimizer_of(run.model))
    run.config = new


def _moves(config: TrainConfig) -> tuple[object, ...]:
    """Return what the groups of the optimiser are made from."""
    return config.learning_rate, config.weight_decay, config.muon_rate, config.precision
