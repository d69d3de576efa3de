"""Set how far a step goes: the learning rate over a training run, and which weights decay.

Taught in: full_model.
"""

import math
from typing import Any

import torch
from torch import nn

from nanogpt_lib.checks import one_of, positive_int, problem, whole_number
from nanogpt_lib.kinds import count, instance, not_negative
from nanogpt_lib.messages import described
from nanogpt_lib.promises import module_of

SCHEDULES = ("constant", "cosine", "trapezoid")
LOWEST = 0.1  # a cosine ends at this share of its height, so that the last steps still learn
LEVEL = 0.3  # a trapezoid stays on its height for this share of the steps, then goes straight down to 0


def rate_factor(step: int, max_iters: int, warmup_iters: int = 0, schedule: str = "constant") -> float:
    """Return the factor of the learning rate at this step: up a ramp, then level, down a cosine, or both.

    Args:    step: the step about to be made, counted from 0.   max_iters: steps in all.
             warmup_iters: steps of the ramp; 0 for none.
             schedule: "constant", "cosine", or "trapezoid", which is level first and then a straight line.
    Returns: a share in [0, 1]; a cosine comes down to a tenth, a trapezoid to 0, after the last step.
    Raises:  ValueError: an unknown schedule, or a ramp as long as the training run.
    Example:
        >>> [round(rate_factor(step, 10, warmup_iters=2, schedule="cosine"), 2) for step in (0, 1, 2, 6, 10)]
        [0.5, 1.0, 1.0, 0.55, 0.1]

    Source:  Goyal et al. (2017), section 2.2; Loshchilov and Hutter (2017), equation 5, without restarts;
             Zhai et al. (2022), section 3.1, for the straight line at the end.
             Taught in: full_model.
    """
    one_of("schedule", schedule, SCHEDULES)
    step, warmup_iters = count("step", step), whole_number("warmup_iters", warmup_iters)
    max_iters = positive_int("max_iters", max_iters)
    if not 0 <= warmup_iters < max_iters:
        raise problem(
            f"0 <= warmup_iters < max_iters={max_iters}", f"{warmup_iters}", "Warm up for a shorter time."
        )
    if step < warmup_iters:
        return (step + 1) / warmup_iters
    if schedule == "constant":
        return 1.0
    done = min(1.0, (step - warmup_iters) / (max_iters - warmup_iters))
    if schedule == "trapezoid":
        return min(1.0, (1 - done) / (1 - LEVEL))
    return LOWEST + (1 - LOWEST) * (1 + math.cos(math.pi * done)) / 2


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the model's parameters in two groups: matrices, which decay, and the rest, which does not.

    A gain, a shift or a bias has no directions to shrink, and pulling a norm's gain towards 0
    would switch its layer off.

    Args:    model: any module.   weight_decay: for the matrices, per step and unit of learning rate.
    Returns: two dictionaries, as optimisers take them; every parameter is in exactly one.
    Raises:  ValueError: weight_decay is negative, or no number.
    Example:
        >>> [len(group["params"]) for group in decay_groups(nn.Linear(2, 3), 0.1)]
        [1, 1]

    Source:  Loshchilov and Hutter (2019), algorithm 2.   Taught in: full_model.
    """
    weight_decay = not_negative("weight_decay", weight_decay)
    parameters = list(module_of(model).parameters())
    matrices = [parameter for parameter in parameters if parameter.dim() >= 2]
    others = [parameter for parameter in parameters if parameter.dim() < 2]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def adamw(model: nn.Module, learning_rate: float, weight_decay: float | None = None) -> torch.optim.AdamW:
    """Return AdamW over all parameters of the model.

    Args:    model: any module.   learning_rate: its step size.
             weight_decay: None lets everything decay by torch's 0.01, as the reference did;
             a number is for matrices alone, see `decay_groups`.
    Raises:  ValueError: weight_decay is negative, or one of the two is no number.
    Example:
        >>> adamw(nn.Linear(2, 3), 1e-3).defaults["weight_decay"]
        0.01

    Source:  Loshchilov and Hutter (2019).   Taught in: full_model.
    """
    learning_rate = not_negative("learning_rate", learning_rate)
    if not any(True for _ in module_of(model).parameters()):
        raise problem("a model that learns something", f"{described(model)} without weights", "Pass a GPT.")
    parameters = model.parameters() if weight_decay is None else decay_groups(model, weight_decay)
    return torch.optim.AdamW(parameters, lr=learning_rate)


def require_own_parameters(optimizer: torch.optim.Optimizer, model: nn.Module) -> None:
    """Refuse an optimiser that moves parameters which the model has lost, as when two were tied too late.

    Raises:  ValueError: as said; the model would not learn what the optimiser moves.
    Taught in: full_model.
    """
    instance("optimizer", optimizer, torch.optim.Optimizer, "Write adamw(model, learning_rate).")
    own = {id(parameter) for parameter in module_of(model).parameters()}
    if any(id(parameter) not in own for group in optimizer.param_groups for parameter in group["params"]):
        raise problem(
            "an optimiser of the model's own parameters",
            "one with parameters that the model no longer has",
            "Change the model first, and make its TrainingRun then.",
        )


def is_usual(optimizer: torch.optim.Optimizer, usual: torch.optim.AdamW) -> bool:
    """Tell whether this optimiser is like the usual one, whatever its steps have changed since.

    Args:    optimizer: any.   usual: a new one for the same model, from `TrainConfig.optimizer_of`.
    Raises:  ValueError: one of them is no optimiser.
    Example:
        >>> layer = nn.Linear(2, 3)
        >>> is_usual(torch.optim.SGD(layer.parameters(), lr=0.1), adamw(layer, 0.1))
        False

    Taught in: full_model.
    """
    for name, one in (("optimizer", optimizer), ("usual", usual)):
        instance(name, one, torch.optim.Optimizer, "Make one: adamw(model, 1e-3).")
    return type(optimizer) is type(usual) and _settled(optimizer) == _settled(usual)


def _settled(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Return the groups without the rate of the moment, and with ids in place of parameters."""
    return [
        {name: value for name, value in group.items() if name not in ("params", "lr", "initial_lr")}
        | {"params": [id(parameter) for parameter in group["params"]]}
        | {"height": group.get("initial_lr", group["lr"]), "betas": tuple(group["betas"])}
        for group in optimizer.param_groups
    ]


def readjust(optimizer: torch.optim.Optimizer, model: nn.Module, usual: torch.optim.AdamW) -> None:
    """Give an optimiser the rates and decays of another one; its running means stay.

    Args:    optimizer: AdamW or Muon, changed in place.   model: whose parameters both move.
             usual: a new one of the same kind, whose groups are taken over.
    Raises:  ValueError: it is of another kind, or not of this model's parameters.
    Example:
        >>> layer = nn.Linear(2, 3)
        >>> optimizer = adamw(layer, 0.1)
        >>> readjust(optimizer, layer, adamw(layer, 0.2, weight_decay=0.5))
        >>> [(group["lr"], group["weight_decay"]) for group in optimizer.param_groups]
        [(0.2, 0.5), (0.2, 0.0)]

    Taught in: full_model.
    """
    instance("usual", usual, torch.optim.AdamW, "Write adamw(model, learning_rate).")
    instance("optimizer", optimizer, type(usual), "Write adamw(model, learning_rate).")
    require_own_parameters(optimizer, model)
    optimizer.param_groups = usual.param_groups
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
