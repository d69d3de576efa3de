"""Refuse by name to save a run that would come back from its checkpoint as another one.

A checkpoint builds its model from the configuration, and its optimiser from the settings. What else was
done to them is either said in the file, as tied and frozen weights are, or it is a reason not to save.

Taught in: full_model.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from nanogpt_lib.attention import Head
from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.checks import evaluating, problem, yes_or_no
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.evaluation import LOWER, require_finite_weights
from nanogpt_lib.kinds import instance
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.muon import Muon
from nanogpt_lib.optimizer import require_own_parameters
from nanogpt_lib.training_run import TrainingRun

DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
UNUSUAL = ("tied", "frozen", "optimizer_parameters")  # what the card says of few runs
_PLAIN = (int, float, str, type(None))


def require_savable(run: TrainingRun, tokenizer: CharTokenizer, *, resumable: bool = True) -> GPT:
    """Return the run's model, known to come back from a checkpoint as it is.

    Args:    as `checkpoint.save_checkpoint`.
    Raises:  ValueError: the model is no GPT as its configuration builds it, has another vocabulary, or
             numbers that are not finite; or the run has another optimiser. The culprit is named.
    Taught in: full_model.
    """
    model = instance("run", run, TrainingRun, "Make one: TrainingRun(model, config).").model
    instance("tokenizer", tokenizer, CharTokenizer, "Build it with CharTokenizer.from_text(text).")
    if type(model) is not GPT or model.config.vocab_size != tokenizer.vocab_size:
        raise problem(
            "a run of a GPT, and the tokenizer that it was trained with",
            f"a {type(model).__name__} and a vocabulary of {tokenizer.vocab_size}",
            "Save a GPT with its own tokenizer.",
        )
    if changed := list(_changes(model)):
        raise problem(
            "a GPT as its configuration builds it",
            f"one that was changed: {'; '.join(changed[:3])}",
            "Undo this before you save: the model would come back without it.",
        )
    ids = torch.arange(min(model.block_size, tokenizer.vocab_size), device=next(model.parameters()).device)
    require_finite_weights(model)
    with evaluating(model):
        scores = model.scores(ids[None])  # not model(ids): a save must not call anybody's hooks
    if not torch.isfinite(scores).all():
        raise problem("a model that gives finite scores", "NaN or infinity", LOWER)
    if yes_or_no("resumable", resumable):
        _require_adamw(run)
    return model


def _require_adamw(run: TrainingRun) -> None:
    weights_alone = (
        "Save the weights alone, with resumable=False, or train with AdamW, as a run does by itself."
    )
    if type(run.optimizer) not in (torch.optim.AdamW, Muon):
        name = type(run.optimizer).__name__
        raise problem("AdamW or Muon, with which a checkpoint can go on", name, weights_alone)
    require_own_parameters(run.optimizer, run.model)
    for name, parameter in run.model.named_parameters():
        if not all(torch.isfinite(mean).all() for mean in run.optimizer.state.get(parameter, {}).values()):
            raise problem(f"finite running means of {name}", "NaN or infinity", LOWER)
    for group in groups_of(run.optimizer):
        for name, value in group.items():
            try:
                json.dumps(value, allow_nan=False)
            except (TypeError, ValueError):
                raise problem(f"numbers as the optimiser's {name}", f"{value!r}", weights_alone) from None


def groups_of(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Return the optimiser's groups as they are saved: numbers in place of parameters, and no names.

    Example:
        >>> groups_of(torch.optim.AdamW(nn.Linear(2, 3).parameters()))[0]["params"]
        [0, 1]

    Taught in: full_model.
    """
    groups = optimizer.state_dict()["param_groups"]
    return [{name: value for name, value in group.items() if name != "param_names"} for group in groups]


def unusual(run: TrainingRun, *, resumable: bool) -> dict[str, Any]:
    """Return what the card must say of this run and of few others: tied or frozen weights, own groups.

    Taught in: full_model.
    """
    said: dict[str, Any] = {
        "tied": tied(run.model),
        "frozen": [name for name, weights in run.model.named_parameters() if not weights.requires_grad],
    }
    if resumable:
        name_of = {id(parameter): name for name, parameter in run.model.named_parameters()}
        usual = run.config.optimizer_of(run.model)
        own, wanted = (
            [[name_of[id(parameter)] for parameter in group["params"]] for group in optimizer.param_groups]
            for optimizer in (run.optimizer, usual)
        )
        said["optimizer_parameters"] = own if own != wanted else []
    return {name: value for name, value in said.items() if value}


def tied(model: nn.Module) -> dict[str, str]:
    """Return each parameter that is an earlier one once more, with the name of that one.

    Example:
        >>> pair = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        >>> pair[1].weight = pair[0].weight
        >>> tied(pair)
        {'1.weight': '0.weight'}

    Source:  Press and Wolf (2017) tie the head to the token table.   Taught in: full_model.
    """
    first: dict[int, str] = {}
    named = model.named_parameters(remove_duplicate=False)
    homes = {name: first.setdefault(id(parameter), name) for name, parameter in named}
    return {name: home for name, home in homes.items() if name != home}


@lru_cache(maxsize=4)  # each save asks for the same one, and 128 heads take a second
def plan(config: GPTConfig) -> GPT:
    """Return the GPT of this configuration in shapes without numbers; nothing is drawn, and no memory taken.

    It is shared: look at it, and leave it as it is.

    Example:
        >>> plan(GPTConfig(vocab_size=8, block_size=4, n_embd=8, n_head=2, n_layer=1)).lm_head.weight.shape
        torch.Size([8, 8])

    Taught in: full_model.
    """
    with torch.device("meta"):
        return GPT(config)


# --- what was changed in a model --------------------------------------------------------------------


def _changes(model: GPT) -> Iterator[str]:
    """Tell how the model differs from what its configuration builds; tied weights are no difference."""
    built = plan(model.config)
    parts, wanted = (dict(one.named_modules(remove_duplicate=False)) for one in (model, built))
    yield from _left_and_added(parts, wanted)
    for name in parts.keys() & wanted.keys():
        if type(parts[name]) is not type(wanted[name]):
            yield f"{name} is a {_kind(parts[name])}, not a {_kind(wanted[name])}"
        else:
            for change in _changed_settings(parts[name], wanted[name]):
                yield f"{name}.{change}".removeprefix(".")
    tensors, shapes = _tensors_of(model), _tensors_of(built)
    yield from _left_and_added(tensors, shapes)
    for name in tensors.keys() & shapes.keys():
        if tensors[name].shape != shapes[name].shape:
            yield f"{name} has shape {tuple(tensors[name].shape)}"
    yield from _strange_numbers(model)


def _left_and_added(have: dict[str, Any], want: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name} is missing" for name in want if name not in have)
    yield from (f"{name} was added" for name in have if name not in want)


def _changed_settings(part: nn.Module, wanted: nn.Module) -> Iterator[str]:
    if "forward" in vars(part):
        yield "forward is a function of your own"
    for name, value in vars(wanted).items():
        if name != "training" and not name.startswith("_") and isinstance(value, _PLAIN):
            found = getattr(part, name, None)
            if found != value:
                yield f"{name} is {found!r}, not {value!r}"


def _kind(part: nn.Module) -> str:
    return f"{type(part).__module__.partition('.')[0]} {type(part).__name__}"


def _tensors_of(model: nn.Module) -> dict[str, torch.Tensor]:
    buffers = dict(model.named_buffers(remove_duplicate=False))
    return dict(model.named_parameters(remove_duplicate=False)) | buffers


def _strange_numbers(model: GPT) -> Iterator[str]:
    """Tell of a type that is not kept, of memory that two weights share, and of masks with other values."""
    homes: dict[int, str] = {}
    for name, weights in model.named_parameters():
        if weights.dtype not in DTYPES:
            yield f"{name} is {weights.dtype}"
        home = homes.setdefault(weights.untyped_storage().data_ptr(), name)
        if home != name:
            yield f"{name} shares its memory with {home}, without being the same parameter"
    mask = causal_mask(model.block_size)
    for name, part in model.named_modules():
        if (
            isinstance(part, Head)
            and part.mask.shape == mask.shape
            and not torch.equal(part.mask.cpu(), mask)
        ):
            yield f"{name}.mask is not the causal one"
