"""Build a run from what a checkpoint's files say, once all of it has been compared with its settings.

A file can be damaged, or made to do harm: nothing is built before the numbers in the card have been found
again in the shapes of the weights, so that no file can ask for more memory than it takes itself.

Taught in: full_model.
"""

import os
from collections.abc import Callable, Iterator
from sys import float_info
from typing import Any

import torch

from nanogpt_lib.checks import problem
from nanogpt_lib.messages import described
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.muon import Muon
from nanogpt_lib.savable import DTYPES, plan
from nanogpt_lib.saved_json import settings
from nanogpt_lib.training_run import Record, TrainConfig, TrainingRun

AGAIN = "Save the checkpoint again, or fetch it anew."
MANY_HEADS = 10_000  # of all blocks together; more must each have weights of their own
Tensors = dict[str, torch.Tensor]


def restored(card: dict[str, Any], tensors: Tensors) -> TrainingRun:
    """Return a new run, as it was saved; its model is in training mode; torch's global stream stays as it is.

    Args:    card: what the JSON says, its own fields already looked at.   tensors: what the other file holds.
    Raises:  ValueError: the two do not fit together, or hold what no run has; the culprit is named.
    Taught in: full_model.
    """
    config = settings(GPTConfig, card["model"], card["versions"])
    train_config = settings(TrainConfig, card["train"], card["versions"])
    if config.vocab_size != len(card["vocabulary"]):
        raise problem(
            f"a vocabulary of {config.vocab_size}, as the model has", f"{len(card['vocabulary'])}", AGAIN
        )
    model = _model(config, card, under("model", tensors))
    run = TrainingRun(
        model,
        train_config,
        generator=torch.Generator() if card["own_generator"] else None,
        optimizer=_optimizer(model, train_config, card),
        step=card["step"],
        seconds=card["seconds"],
        curve=[Record(*record) for record in card["curve"]],
    )
    moments = under("optimizer", tensors)
    if "random" in tensors:
        _put_back_optimizer(run.optimizer, card["optimizer_groups"], moments)
        stream = _stream(tensors["random"])
        if run.generator is not None:
            run.generator = stream
        moments = {}
    rest = [name for name in tensors if name != "random" and not name.startswith(("model/", "optimizer/"))]
    if left := rest + list(moments):
        raise problem("weights, an optimiser's state and a random stream", f"{left[0]} as well", AGAIN)
    return run


def under(room: str, tensors: Tensors) -> Tensors:
    """Return the tensors whose names begin with that, without it.

    Example:
        >>> under("model", {"model/a": torch.tensor(1), "random": torch.tensor(2)})
        {'a': tensor(1)}

    Taught in: full_model.
    """
    begin = f"{room}/"
    return {name.removeprefix(begin): tensor for name, tensor in tensors.items() if name.startswith(begin)}


def memory() -> int:
    """Return the bytes of this machine's memory, or 8 GiB where it does not say.

    Example:
        >>> memory() > 2**20
        True

    Taught in: full_model.
    """
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return 8 * 2**30


# --- the model --------------------------------------------------------------------------------------


def _model(config: GPTConfig, card: dict[str, Any], weights: Tensors) -> GPT:
    _require_room(config, weights)
    homes = _homes(dict(plan(config).named_parameters()), card)
    _require_weights({n: w for n, w in plan(config).state_dict().items() if n not in homes}, weights)
    model = GPT(config, generator=torch.Generator())  # leaves the global stream alone
    known = dict(model.named_parameters())
    for name, home in homes.items():
        owner, _, last = name.rpartition(".")
        setattr(model.get_submodule(owner), last, known[home])
    for name in card.get("frozen", []):
        known[name].requires_grad_(False)
    weights = weights | {name: weights[home] for name, home in homes.items()}
    for name, parameter in model.named_parameters():
        parameter.data = parameter.data.to(weights[name].dtype)
    model.load_state_dict(weights)
    return model


def _require_room(config: GPTConfig, weights: Tensors) -> None:
    """Refuse sizes that the weights do not have, before a model of these sizes is built."""
    tables = {"token": config.vocab_size}
    tables |= {"position": config.block_size} if config.position == "learned" else {}
    tables |= {"pair": config.vocab_size**2} if config.pairs else {}
    for table, rows in tables.items():
        name = f"{table}_embedding_table.weight"
        found = tuple(weights[name].shape) if name in weights else "no such tensor"
        if found != (rows, config.n_embd):
            raise problem(f"{name} of shape {(rows, config.n_embd)}", f"{found}", AGAIN)
    heads = config.n_layer * config.n_head
    if config.n_layer > len(weights) or heads > max(MANY_HEADS, len(weights)):
        raise problem(
            f"weights of n_layer={config.n_layer} blocks with n_head={config.n_head} heads",
            f"{len(weights)} tensors in all",
            AGAIN,
        )
    if heads * config.block_size**2 > memory():
        raise problem(
            f"masks that fit into the {memory():,} bytes of memory here",
            f"block_size={config.block_size} for {heads} heads",
            "Load it on a larger machine.",
        )


def _require_weights(wanted: Tensors, weights: Tensors) -> None:
    wrong = [f"{name} is missing" for name in wanted if name not in weights]
    wrong += [f"{name} is left over" for name in weights if name not in wanted]
    both = [name for name in wanted if name in weights]
    wrong += [
        f"{name} has shape {tuple(weights[name].shape)} instead of {tuple(wanted[name].shape)}"
        for name in both
        if weights[name].shape != wanted[name].shape
    ]
    wrong += [f"{name} is {weights[name].dtype}" for name in both if weights[name].dtype not in DTYPES]
    wrong += [f"{name} holds NaN or infinity" for name in both if not torch.isfinite(weights[name]).all()]
    if wrong:
        told = "; ".join(wrong[:5]) + (f"; and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        raise problem(f"the {len(wanted)} weights of the configuration", told, AGAIN)


def _homes(known: Tensors, card: dict[str, Any]) -> dict[str, str]:
    """Return which weights are tied to which; refuse those, and frozen ones, that the model does not have."""
    homes: dict[str, str] = card.get("tied", {})
    for name, home in homes.items():
        if not {name, home} <= known.keys() or home in homes or known[name].shape != known[home].shape:
            raise problem("tied weights that the model has", f"{name} tied to {home}", AGAIN)
    for name in card.get("frozen", []):
        if name not in known:
            raise problem("frozen weights that the model has", f"{name}", AGAIN)
    return homes


# --- the optimiser ----------------------------------------------------------------------------------


def _optimizer(model: GPT, config: TrainConfig, card: dict[str, Any]) -> torch.optim.AdamW:
    """Return an AdamW that has its parameters in the groups of the card, or in the usual ones."""
    if "optimizer_parameters" not in card:
        return config.optimizer_of(model)
    known, grouped = dict(model.named_parameters()), card["optimizer_parameters"]
    names = [name for group in grouped for name in group]
    if not set(names) <= known.keys() or len(set(names)) < len(names) or not all(grouped):
        raise problem("groups of the model's parameters", f"{str(grouped)[:60]}", AGAIN)
    groups = [{"params": [known[name] for name in group]} for group in grouped]
    kind = Muon if config.optimizer == "muon" else torch.optim.AdamW
    return kind(groups, lr=config.learning_rate)


def _put_back_optimizer(optimizer: torch.optim.Optimizer, groups: Any, moments: Tensors) -> None:
    places = [group["params"] for group in optimizer.state_dict()["param_groups"]]
    if not isinstance(groups, list):
        raise problem("groups of AdamW's settings", described(groups), AGAIN)
    if wrong := [told for group in groups for told in _wrong_settings(group)]:
        raise problem("groups of AdamW's settings", "; ".join(wrong[:3]), AGAIN)
    if [group["params"] for group in groups] != places:
        raise problem(f"{len(places)} groups of the optimiser's parameters", f"{len(groups)} others", AGAIN)
    state: dict[int, Tensors] = {}
    for group, own in zip(groups, optimizer.param_groups, strict=True):
        for place, parameter in zip(group["params"], own["params"], strict=True):
            if found := under(str(place), moments):
                _require_moments(place, found, parameter, group)
                state[place] = {name: tensor.clone() for name, tensor in found.items()}  # steps change it
    known = {f"{place}/{name}" for place, found in state.items() for name in found}
    if left := [name for name in moments if name not in known]:
        raise problem("the optimiser's state of parameters that it has", f"{left[0]} as well", AGAIN)
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    for group in optimizer.param_groups:  # older versions did not save it
        group.setdefault("initial_lr", group["lr"])


def _require_moments(place: int, found: Tensors, parameter: torch.Tensor, group: dict[str, Any]) -> None:
    means = ["exp_avg"]
    if not group.get("orthogonal", False):  # Muon keeps one mean for these
        means += ["exp_avg_sq", *(["max_exp_avg_sq"] if group.get("amsgrad", False) else [])]
    fits = (
        found.keys() == {"step", *means} and found["step"].shape == () and found["step"].is_floating_point()
    )
    for name in means:
        fits = fits and (found[name].shape, found[name].dtype) == (parameter.shape, parameter.dtype)
    finite = fits and all(torch.isfinite(tensor).all() for tensor in found.values())
    if not finite or any((tensor < 0).any() for name, tensor in found.items() if name != "exp_avg"):
        raise problem(
            f"finite running means like parameter {place}, those of squares not negative",
            f"{', '.join(f'{name} {tuple(tensor.shape)}' for name, tensor in found.items())}",
            AGAIN,
        )


def _wrong_settings(group: Any) -> Iterator[str]:
    if not isinstance(group, dict):
        yield described(group)
        return
    yield from (
        f"no {name}" for name in ("params", "lr", "betas", "eps", "weight_decay") if name not in group
    )
    for name, value in group.items():
        if not _FITS.get(name, _is_flag)(value):
            yield f"{name[:20]}={described(value)}"


def _is_rate(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= float_info.max


def _are_betas(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_is_rate(beta) and beta < 1 for beta in value)


def _is_flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)


_FITS: dict[str, Callable[[Any], bool]] = {
    "params": lambda places: isinstance(places, list),
    "betas": _are_betas,
    **dict.fromkeys(("lr", "initial_lr", "eps", "weight_decay"), _is_rate),
}


def _stream(state: torch.Tensor) -> torch.Generator:
    try:
        return torch.Generator().set_state(state)
    except (RuntimeError, TypeError) as error:
        raise problem("the state of a random stream", f"what torch refuses ({error})", AGAIN) from error
