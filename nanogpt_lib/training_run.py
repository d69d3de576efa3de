"""Train: draw a batch, measure the loss, step downhill; at intervals, evaluate on both splits.

The loop knows any model that returns `(logits, loss)`. All that a run needs to go on exactly
where it stopped lives in a `TrainingRun`, so an interruption loses nothing.

Taught in: bigram (the loop by hand) and full_model.
"""

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import nn
from tqdm.auto import tqdm

from nanogpt_lib.checks import (
    one_of,
    plain,
    positive_int,
    problem,
    real_number,
    seed_number,
    settle,
    whole_number,
    yes_or_no,
)
from nanogpt_lib.data import get_batch
from nanogpt_lib.evaluation import estimate_loss, require_finite
from nanogpt_lib.kinds import ids, instance, not_negative, random_stream
from nanogpt_lib.muon import muon
from nanogpt_lib.optimizer import adamw, is_usual, rate_factor, require_own_parameters
from nanogpt_lib.process import interrupts_afterwards
from nanogpt_lib.promises import block_size_of, loss_of, module_of
from nanogpt_lib.rng import drawing_from

PRECISIONS = ("float32", "bfloat16")
OPTIMIZERS = ("adamw", "muon")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How to train: how much, how fast, and how often to evaluate.

    Args:    batch_size: blocks per step.   max_iters: steps.   learning_rate: AdamW's, at its height.
             eval_interval: steps between evaluations.   eval_iters: batches per evaluation and split.
             seed: what the command seeds the random stream with.
             train_chars: learn from that many characters at the start of the split; None is all.
             schedule, warmup_iters: how the rate moves, see `optimizer.rate_factor`.
             weight_decay: None is the reference's, see `optimizer.adamw`.
             precision: "float32", or "bfloat16" for the products of a step (weights stay float32).
             optimizer: "adamw", or "muon" for the matrices of the blocks, which then have their own
             muon_rate; see `muon.muon`.
    Raises:  ValueError: a count below 1, a rate that is not positive, another kind of value.
    Example:
        >>> TrainConfig(batch_size=16, max_iters=5000, learning_rate=1e-3).eval_interval
        100

    Source:  defaults of the reference's baseline.   Taught in: full_model.
    """

    batch_size: int
    max_iters: int
    learning_rate: float
    eval_interval: int = 100
    eval_iters: int = 200
    seed: int = 1337
    train_chars: int | None = None
    schedule: str = "constant"
    warmup_iters: int = 0
    weight_decay: float | None = None
    precision: str = "float32"
    optimizer: str = "adamw"
    muon_rate: float = 0.02

    def __post_init__(self) -> None:
        settle(self, positive_int, "batch_size", "max_iters", "eval_interval", "eval_iters")
        settle(self, seed_number, "seed")
        settle(self, whole_number, "warmup_iters")
        settle(self, real_number, "learning_rate", "muon_rate")
        if self.train_chars is not None:
            settle(self, positive_int, "train_chars")
        if self.weight_decay is not None:
            object.__setattr__(self, "weight_decay", not_negative("weight_decay", self.weight_decay))
        for name, usual in (("learning_rate", "1e-3"), ("muon_rate", "0.02")):
            if not getattr(self, name) > 0:
                raise problem(f"{name} > 0", f"{getattr(self, name)!r}", f"Begin with {usual}.")
        one_of("precision", self.precision, PRECISIONS)
        one_of("optimizer", self.optimizer, OPTIMIZERS)
        self.rate_factor(0)

    def optimizer_of(self, model: nn.Module) -> torch.optim.AdamW:
        """Return a new optimiser of this model's parameters, as this configuration describes it."""
        if self.optimizer == "muon":
            bfloat16 = self.precision == "bfloat16"
            return muon(model, self.learning_rate, self.muon_rate, self.weight_decay, bfloat16=bfloat16)
        return adamw(model, self.learning_rate, self.weight_decay)

    def rate_factor(self, step: int) -> float:
        """Return the factor of the learning rate at that step."""
        return rate_factor(step, self.max_iters, self.warmup_iters, self.schedule)


class Record(NamedTuple):
    """One evaluation: the losses before this step, in nats per character, and the seconds so far.

    Example:
        >>> print(Record(step=100, train_loss=2.65678, val_loss=2.66701, seconds=3.2))
        step 100: train loss 2.6568, val loss 2.6670

    Source:  printed as the reference does.   Taught in: full_model.
    """

    step: int
    train_loss: float
    val_loss: float
    seconds: float

    def __str__(self) -> str:
        return f"step {self.step}: train loss {self.train_loss:.4f}, val loss {self.val_loss:.4f}"


@dataclass
class TrainingRun:
    """A training run with all that it needs to go on: model, optimiser, step, curve, random stream.

    Args:    model: returns (logits, loss), and has a block_size.   config: how to train.
             generator: where batches and dropout are drawn from; None is torch's global stream.
             optimizer: None is the one that the config describes.
    Raises:  ValueError: the rate of a group of the optimiser is no number.
    Taught in: full_model.
    """

    model: nn.Module
    config: TrainConfig
    generator: torch.Generator | None = None
    optimizer: torch.optim.Optimizer = None  # type: ignore[assignment]  # __post_init__ replaces None
    step: int = 0
    seconds: float = 0.0
    curve: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        module_of(self.model), random_stream(self.generator)
        instance("config", self.config, TrainConfig, "Write TrainConfig(batch_size=16, ...).")
        if self.optimizer is None:
            self.optimizer = self.config.optimizer_of(self.model)
        instance("optimizer", self.optimizer, torch.optim.Optimizer, "Write adamw(model, learning_rate).")
        for group in self.optimizer.param_groups:
            group.update({name: plain(value) for name, value in group.items() if name != "params"})
            group["lr"] = real_number("lr", group["lr"])
            group.setdefault("initial_lr", group["lr"])  # the name under which torch's schedulers keep it too

    @property
    def block_size(self) -> int:
        """Return the model's longest context."""
        return block_size_of(self.model)

    @property
    def has_usual_optimizer(self) -> bool:
        """Tell whether the optimiser is the one that the config describes."""
        return is_usual(self.optimizer, self.config.optimizer_of(self.model))

    @property
    def is_done(self) -> bool:
        """Tell whether all steps have been made."""
        return self.step >= self.config.max_iters

    @property
    def is_due(self) -> bool:
        """Tell whether an evaluation is due before this step: every eval_interval, and before the last."""
        last = self.step == self.config.max_iters - 1
        evaluated = bool(self.curve) and self.curve[-1].step == self.step
        return (self.step % self.config.eval_interval == 0 or last) and not evaluated


def train(
    run: TrainingRun, train_data: torch.Tensor, val_data: torch.Tensor, *, progress: bool = False
) -> Iterator[Record]:
    """Train, and yield a record of each evaluation, which comes before the step of its number.

    Ctrl-C, or a notebook's Stop, takes effect between two steps: the iteration ends with a warning,
    `run` keeps model and curve, and `train(run, ...)` again goes on as if nothing had happened.

    Args:    run: what to train; changed in place.   train_data, val_data: (N,) int64 ids.
             progress: show a bar.
    Returns: an iterator of Record; a step is made only when the next record is asked for.
    Raises:  ValueError: a split is too short for a block; the loss of a step, or after the last one, is no
             finite number.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> config = TrainConfig(batch_size=4, max_iters=3, learning_rate=1e-2, eval_iters=1)
        >>> run = TrainingRun(BigramLM(8), config)
        >>> [record.step for record in train(run, torch.arange(8), torch.arange(8))]
        [0, 2]

    Source:  order of draws as the reference's script.   Taught in: full_model.
    """
    instance("run", run, TrainingRun, "Make one: TrainingRun(model, config).")
    progress = yes_or_no("progress", progress)
    with tqdm(total=run.config.max_iters, initial=run.step, disable=not progress, unit="step") as bar:
        try:
            while not run.is_done:
                if record := advance(run, train_data, val_data):
                    yield record
                bar.update(run.step - bar.n)
        except KeyboardInterrupt:
            warnings.warn(
                f"Stopped before step {run.step}: model and curve are kept; train(run, ...) goes on from it.",
                stacklevel=2,
            )


def advance(run: TrainingRun, train_data: torch.Tensor, val_data: torch.Tensor) -> Record | None:
    """Do the next piece of a training run: the evaluation that is due, or else one step.

    Between two calls the run is whole: it can be saved, left, or continued by `train`.

    Args:    as `train`.
    Returns: the record of an evaluation, or None after a step.
    Raises:  ValueError: all steps have been made, or as `train`.
             KeyboardInterrupt: interrupted; a step was ended first, an evaluation is still due.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> run = TrainingRun(BigramLM(8), TrainConfig(batch_size=4, max_iters=2, learning_rate=1e-2))
        >>> [advance(run, torch.arange(8), torch.arange(8)) is None for _ in range(3)]
        [False, True, False]

    Taught in: full_model.
    """
    if instance("run", run, TrainingRun, "Make one: TrainingRun(model, config).").is_done:
        raise problem(f"fewer than {run.config.max_iters} steps", "all of them", "Train a new run.")
    train_data, val_data = ids("train_data", train_data), ids("val_data", val_data)
    train_data = train_data[: run.config.train_chars]
    started = time.perf_counter()
    if run.is_due:
        require_own_parameters(run.optimizer, run.model)
        losses = _evaluate(run, train_data, val_data)
        run.seconds += time.perf_counter() - started
        run.curve.append(Record(run.step, losses["train"], losses["val"], run.seconds))
        return run.curve[-1]
    with interrupts_afterwards(), drawing_from(run.generator):
        _one_step(run, train_data)
        run.seconds += time.perf_counter() - started
    return None


def _one_step(run: TrainingRun, train_data: torch.Tensor) -> None:
    x, y = get_batch(train_data, run.block_size, run.config.batch_size)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=run.config.precision == "bfloat16"):
        loss = loss_of(run.model(x, y))
    if not torch.isfinite(loss):
        raise problem(
            "a finite loss",
            f"{loss.item()} at step {run.step}",
            "Lower the learning rate and start again."
            if run.step
            else "No step has been made yet, so look at the model: its weights and its scale.",
        )
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    for group in run.optimizer.param_groups:
        group["lr"] = group["initial_lr"] * run.config.rate_factor(run.step)
    run.optimizer.step()
    run.step += 1
    if run.is_done:  # no later loss will show what this step did
        require_finite(run.model, x, y)


def _evaluate(run: TrainingRun, train_data: torch.Tensor, val_data: torch.Tensor) -> dict[str, float]:
    """Return both losses; an evaluation that is cut short leaves the random stream as it found it."""
    with drawing_from(run.generator):
        before = torch.get_rng_state()
        try:
            splits = {"train": train_data, "val": val_data}
            return estimate_loss(run.model, splits, run.config.batch_size, run.config.eval_iters)
        except BaseException:
            torch.set_rng_state(before)
            raise
