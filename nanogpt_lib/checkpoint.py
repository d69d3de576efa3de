"""Save and load checkpoints that hold data only, are whole or not there, and name what is wrong.

A checkpoint is a folder: `checkpoint.json` for a person to read, and one safetensors file with
every number. Neither can run code, as a pickle can. The JSON names the weights by their
hash and is written last, so a killed save leaves the checkpoint before it.

Taught in: full_model.
"""

import json
import platform
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from nanogpt_lib import __version__
from nanogpt_lib.card import (
    CARD,
    FORMAT,
    UNUSUAL_FORMAT,
    WEIGHTS,
    card_hash,
    read_card,
    require_curve,
    require_values,
)
from nanogpt_lib.checks import plain, problem, real_number, whole_number
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.files import DATA, one_writer, sha256, write_atomically
from nanogpt_lib.kinds import instance, path_of, text_of
from nanogpt_lib.model import GPT
from nanogpt_lib.process import interrupts_afterwards
from nanogpt_lib.restored import AGAIN, memory, restored
from nanogpt_lib.savable import groups_of, require_savable, tied, unusual
from nanogpt_lib.saved_json import parse_json, saved_settings
from nanogpt_lib.training_run import TrainingRun

CHECKPOINTS = DATA / "checkpoints"  # the trained models that come with the project
# What a save writes, whole or as the unfinished file that a killed one leaves.
_OURS = re.compile(rf"{WEIGHTS.pattern}|\.(weights-|{re.escape(CARD)}\.).*\.tmp")


@dataclass
class Checkpoint:
    """What a checkpoint holds: a run with its model, the tokenizer of its ids, and the text's hash.

    Taught in: full_model.
    """

    run: TrainingRun
    tokenizer: CharTokenizer
    text_sha256: str | None
    random_state: torch.Tensor | None
    rebuild: Callable[[], TrainingRun] | None = None

    @property
    def model(self) -> GPT:
        """Return the model that was saved."""
        assert isinstance(self.run.model, GPT), "load_checkpoint builds a GPT"
        return self.run.model

    def resume(self) -> TrainingRun:
        """Return a new run as it was saved, ready to go on exactly: its random stream stands as at the save.

        Each call returns another run, and none knows what became of an earlier one. A run that drew from
        torch's global stream sets that stream; one with a generator of its own gets a new generator. The
        model comes in training mode.

        Raises:  ValueError: the checkpoint was saved for use, without optimiser and stream.
        Taught in: full_model.
        """
        if self.random_state is None or self.rebuild is None:
            raise problem(
                "a resumable checkpoint", "one saved with resumable=False", "Use its model, or train anew."
            )
        run = self.rebuild()
        if run.generator is None:
            torch.set_rng_state(self.random_state)
        return run


def save_checkpoint(
    folder: str | Path,
    run: TrainingRun,
    tokenizer: CharTokenizer,
    *,
    text: str | None = None,
    resumable: bool = True,
) -> None:
    """Write the run into the folder, in place of the checkpoint there, at once or not at all.

    Args:    folder: made if needed.   run: a training run of a GPT with AdamW.   tokenizer: its ids.
             text: what it learns from, remembered by its hash.
             resumable: keep optimiser and random stream too, which takes three times the space.
    Raises:  ValueError: the run would not come back as it is, see `savable.require_savable`; or its step,
             time or curve has a number that is none. The checkpoint there is untouched.
             OSError: the folder cannot be written; the checkpoint there is untouched.
    Source:  tensors as safetensors, https://huggingface.co/docs/safetensors.
             Taught in: full_model.
    """
    model = require_savable(run, tokenizer, resumable=resumable)
    beside = unusual(run, resumable=resumable)
    tensors = _tensors(run, resumable)
    content = save_tensors(tensors)
    card = {
        "format": UNUSUAL_FORMAT if beside else FORMAT,
        "model": saved_settings(model.config),
        "train": saved_settings(run.config),
        "vocabulary": tokenizer.vocabulary,
        "text_sha256": None if text is None else sha256(text_of("text", text).encode("utf-8")),
        "step": whole_number("step", run.step),
        "seconds": real_number("seconds", run.seconds),
        "curve": [[plain(value) for value in record] for record in run.curve],
        "optimizer_groups": groups_of(run.optimizer) if resumable or run.has_usual_optimizer else [],
        "own_generator": run.generator is not None,
        "versions": installed_versions(),
        "weights": f"weights-{sha256(content)[:12]}.safetensors",
        "weights_sha256": sha256(content),
        **beside,
    }
    require_curve(card["curve"])
    card["card_sha256"] = card_hash(card)
    _rehearse(card, tensors)
    folder = path_of("folder", folder)
    folder.mkdir(parents=True, exist_ok=True)
    with one_writer(folder), interrupts_afterwards():
        try:
            write_atomically(folder / card["weights"], content)
            write_atomically(folder / CARD, (json.dumps(card, indent=1) + "\n").encode("utf-8"))
        finally:
            _remove_unnamed(folder)


def _rehearse(card: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    """Load, before anything is written, what would be written: a save that no load takes is lost work."""
    try:
        read = parse_json(json.dumps(card))
        require_values(read)
        restored(read, tensors)
    except ValueError as error:
        raise problem(
            "a run that comes back from its checkpoint",
            f"one that a load refuses ({str(error).removesuffix(AGAIN).strip()})",
            "Take this out of the run; or save its weights alone, with resumable=False.",
        ) from error


def _remove_unnamed(folder: Path) -> None:
    """Remove the weights that the card does not name, and what a save that was killed or failed has left."""
    with suppress(ValueError):  # no card, or a damaged one: it cannot say which weights are in use
        named = read_card(folder)["weights"]
        for old in folder.iterdir():
            if old.name != named and _OURS.fullmatch(old.name):  # no other file is ours to remove
                old.unlink(missing_ok=True)


def installed_versions() -> dict[str, str]:
    """Return the versions that a result depends on: Python, torch and this library.

    Example:
        >>> list(installed_versions())
        ['python', 'torch', 'nanogpt_lib']

    Taught in: full_model.
    """
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "nanogpt_lib": __version__,
    }


def load_checkpoint(folder: str | Path, tokenizer: CharTokenizer | None = None) -> Checkpoint:
    """Read a checkpoint back, after every byte of it has been checked.

    Args:    folder: what `save_checkpoint` wrote.   tokenizer: refuse a checkpoint with another vocabulary.
    Returns: the checkpoint; its model is in evaluation mode. The random stream is not touched.
    Raises:  ValueError: the folder, the JSON or the weights are missing, changed, of another
             format or vocabulary, or a weight is missing or left over; the culprit is named.
    Taught in: full_model.
    """
    folder = path_of("folder", folder)
    card, tensors = _read(folder)
    known = CharTokenizer(card["vocabulary"])
    remedy = "Pass the tokenizer that you train with, or None."
    tokenizer = instance("tokenizer", known if tokenizer is None else tokenizer, CharTokenizer, remedy)
    if tokenizer.vocabulary != known.vocabulary:
        odd = sorted(set(tokenizer.vocabulary) ^ set(known.vocabulary))
        raise problem(
            f"a checkpoint for this vocabulary of {tokenizer.vocab_size} characters",
            f"one for {known.vocab_size} characters, which differ in {odd[:5] if odd else 'their order'}",
            "Train on the text of this tokenizer, or use the checkpoint's own: checkpoint.tokenizer.",
        )
    rebuild = partial(restored, card, tensors)
    run = rebuild()
    run.model.eval()
    return Checkpoint(run, known, card["text_sha256"], tensors.get("random"), rebuild)


def _tensors(run: TrainingRun, resumable: bool) -> dict[str, torch.Tensor]:
    """Return all tensors to save, under `model/`, `optimizer/` and `random`."""
    copies = tied(run.model)
    weights = run.model.state_dict().items()
    tensors = {f"model/{name}": tensor for name, tensor in weights if name not in copies}
    if resumable:
        for index, state in run.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{index}/{key}": tensor for key, tensor in state.items()}
        tensors["random"] = torch.get_rng_state() if run.generator is None else run.generator.get_state()
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Return the card and its tensors; read both again if another process has saved in between."""
    card = read_card(folder)
    try:
        return card, _read_tensors(folder / card["weights"], card["weights_sha256"])
    except (ValueError, FileNotFoundError):
        if read_card(folder) == card:
            raise
    return _read(folder)


def _read_tensors(path: Path, expected: str) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise problem(f"the weights in {path.name}", "no such file beside the JSON", AGAIN)
    if path.stat().st_size > memory():
        raise problem(
            f"weights that fit into the {memory():,} bytes of memory here",
            f"{path.stat().st_size:,} bytes in {path.name}",
            "Load it on a larger machine.",
        )
    content = path.read_bytes()
    if sha256(content) != expected:
        raise problem(
            f"{path.name} with SHA-256 {expected[:12]}…", f"{sha256(content)[:12]}…, a changed file", AGAIN
        )
    try:
        return load_tensors(content)
    except (SafetensorError, KeyError) as error:  # a KeyError: a type of numbers that torch does not have
        raise problem(f"{path.name} in the safetensors format", str(error), AGAIN) from error
