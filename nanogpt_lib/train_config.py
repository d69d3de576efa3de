"""Say how to train: how many steps of which size, with which optimiser, and how often to evaluate.

Taught in: full_model.
"""

from dataclasses import dataclass

import torch
from torch import nn

from nanogpt_lib.checks import one_of, positive_int, problem, real_number, seed_number, settle, whole_number
from nanogpt_lib.kinds import not_negative
from nanogpt_lib.muon import muon
from nanogpt_lib.optimizer import adamw, rate_factor

PRECISIONS = ("float32", "bfloat16")
OPTIMIZERS = ("adamw", "muon")
MUON_RATE = 0.02  # of the matrices, where the configuration says none


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
             optimizer: "adamw", or "muon" for the matrices of the blocks, which then have a rate of their
             own, muon_rate; None is 0.02.
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
    muon_rate: float | None = None

    def __post_init__(self) -> None:
        settle(self, positive_int, "batch_size", "max_iters", "eval_interval", "eval_iters")
        settle(self, seed_number, "seed")
        settle(self, whole_number, "warmup_iters")
        settle(self, real_number, "learning_rate")
        if self.train_chars is not None:
            settle(self, positive_int, "train_chars")
        if self.weight_decay is not None:
            object.__setattr__(self, "weight_decay", not_negative("weight_decay", self.weight_decay))
        if not self.learning_rate > 0:
            raise problem("learning_rate > 0", f"{self.learning_rate!r}", "Begin with 1e-3.")
        one_of("precision", self.precision, PRECISIONS)
        one_of("optimizer", self.optimizer, OPTIMIZERS)
        if self.muon_rate is not None:
            self._settle_muon_rate()
        self.rate_factor(0)

    def optimizer_of(self, model: nn.Module) -> torch.optim.AdamW:
        """Return a new optimiser of this model's parameters, as this configuration describes it."""
        if self.optimizer == "muon":
            bfloat16 = self.precision == "bfloat16"
            rate = MUON_RATE if self.muon_rate is None else self.muon_rate
            return muon(model, self.learning_rate, rate, self.weight_decay, bfloat16=bfloat16)
        return adamw(model, self.learning_rate, self.weight_decay)

    def _settle_muon_rate(self) -> None:
        settle(self, real_number, "muon_rate")
        if self.optimizer != "muon":
            raise problem(
                f"no muon_rate with optimizer={self.optimizer!r}",
                f"{self.muon_rate!r}",
                'Leave it out, or choose optimizer="muon".',
            )
        if not self.muon_rate > 0:  # type: ignore[operator]  # a number, as the caller saw
            raise problem("muon_rate > 0", f"{self.muon_rate!r}", f"Begin with {MUON_RATE}.")

    def rate_factor(self, step: int) -> float:
        """Return the factor of the learning rate at that step."""
        return rate_factor(step, self.max_iters, self.warmup_iters, self.schedule)
