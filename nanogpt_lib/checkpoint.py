"""Save and load checkpoints that hold data only, are whole or not there, and name what is wrong.

A checkpoint is a folder: `checkpoint.json` for a person to read, and one safetensors file with
every number. Neither can run code, as a pickle can. The JSON names the weights by their
hash and is written last, so a killed save leaves the checkpoint before it.

Taught in: full_model.
"""

import json
import platform
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from nanogpt_lib import __version__
from nanogpt_lib.checks import problem
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.files import DATA, one_writer, sha256, write_atomically
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.training_run import Record, TrainConfig, TrainingRun

FORMAT = 1
CHECKPOINTS = DATA / "checkpoints"  # the trained models that come with the project
CARD = "checkpoint.json"
_AGAIN = "Save the checkpoint again, or fetch it anew."
_FIELDS = (
    "format",
    "model",
    "train",
    "vocabulary",
    "text_sha256",
    "step",
    "seconds",
    "curve",
    "optimizer_groups",
    "own_generator",
    "versions",
    "weights",
    "weights_sha256",
    "card_sha256",
)


@dataclass
class Checkpoint:
    """What a checkpoint holds: a run with its model, the tokenizer of its ids, and the text's hash.

    Taught in: full_model.
    """

    run: TrainingRun
    tokenizer: CharTokenizer
    text_sha256: str | None
    random_state: torch.Tensor | None

    @property
    def model(self) -> GPT:
        """Return the model that was saved."""
        assert isinstance(self.run.model, GPT), "load_checkpoint builds a GPT"
        return self.run.model

    def resume(self) -> TrainingRun:
        """Return the run, ready to go on exactly: its random stream stands where it stood at the save.

        A run that drew from torch's global stream sets that stream; one with a generator of its
        own gets a new generator. The model comes in training mode.

        Raises:  ValueError: the checkpoint was saved for use, without optimiser and stream.
        Taught in: full_model.
        """
        if self.random_state is None:
            raise problem(
                "a resumable checkpoint", "one saved with resumable=False", "Use its model, or train anew."
            )
        if self.run.generator is None:
            torch.set_rng_state(self.random_state)
        else:
            self.run.generator.set_state(self.random_state)
        self.run.model.train()
        return self.run


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
    Raises:  ValueError: the model is no GPT, or the tokenizer has another vocabulary size.
             OSError: the folder cannot be written; the checkpoint there is untouched.
    Source:  tensors as safetensors, https://huggingface.co/docs/safetensors.
             Taught in: full_model.
    """
    if not isinstance(run.model, GPT) or run.model.config.vocab_size != tokenizer.vocab_size:
        raise problem(
            "a run of a GPT, and the tokenizer that it was trained with",
            f"a {type(run.model).__name__} and a vocabulary of {tokenizer.vocab_size}",
            "Save a GPT with its own tokenizer.",
        )
    content = save_tensors(_tensors(run, resumable))
    card = {
        "format": FORMAT,
        "model": asdict(run.model.config),
        "train": asdict(run.config),
        "vocabulary": tokenizer.vocabulary,
        "text_sha256": None if text is None else sha256(text.encode("utf-8")),
        "step": run.step,
        "seconds": run.seconds,
        "curve": [list(record) for record in run.curve],
        "optimizer_groups": run.optimizer.state_dict()["param_groups"],
        "own_generator": run.generator is not None,
        "versions": installed_versions(),
        "weights": f"weights-{sha256(content)[:12]}.safetensors",
        "weights_sha256": sha256(content),
    }
    card["card_sha256"] = _card_hash(card)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with one_writer(folder):
        try:
            write_atomically(folder / card["weights"], content)
            write_atomically(folder / CARD, (json.dumps(card, indent=1) + "\n").encode("utf-8"))
        finally:
            _remove_unnamed(folder)


def _remove_unnamed(folder: Path) -> None:
    """Remove the weights that the card does not name, and what a save that was killed or failed has left."""
    with suppress(ValueError):  # no card, or a damaged one: it cannot say which weights are in use
        named = _read_card(folder)["weights"]
        for pattern in ("weights-*.safetensors", ".weights-*.tmp", f".{CARD}.*.tmp"):
            for old in folder.glob(pattern):
                if old.name != named:
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
    folder = Path(folder)
    card, tensors = _read(folder)
    known = CharTokenizer(card["vocabulary"])
    if tokenizer is not None and tokenizer.vocabulary != known.vocabulary:
        odd = sorted(set(tokenizer.vocabulary) ^ set(known.vocabulary))
        raise problem(
            f"a checkpoint for this vocabulary of {tokenizer.vocab_size} characters",
            f"one for {known.vocab_size} characters, which differ in {odd[:5] if odd else 'their order'}",
            "Train on the text of this tokenizer, or use the checkpoint's own: checkpoint.tokenizer.",
        )
    model = GPT(GPTConfig(**card["model"]), generator=torch.Generator())  # leaves the global stream alone
    _load_weights(model, _under("model", tensors))
    run = TrainingRun(
        model.eval(),
        TrainConfig(**card["train"]),
        generator=torch.Generator() if card["own_generator"] else None,
        step=card["step"],
        seconds=card["seconds"],
        curve=[Record(*record) for record in card["curve"]],
    )
    if "random" in tensors:
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in _under("optimizer", tensors).items():
            index, key = name.split("/")
            state.setdefault(int(index), {})[key] = tensor
        run.optimizer.load_state_dict({"state": state, "param_groups": card["optimizer_groups"]})
    return Checkpoint(run, known, card["text_sha256"], tensors.get("random"))


def _tensors(run: TrainingRun, resumable: bool) -> dict[str, torch.Tensor]:
    """Return all tensors to save, under `model/`, `optimizer/` and `random`."""
    tensors = {f"model/{name}": tensor for name, tensor in run.model.state_dict().items()}
    if resumable:
        for index, state in run.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{index}/{key}": tensor for key, tensor in state.items()}
        tensors["random"] = torch.get_rng_state() if run.generator is None else run.generator.get_state()
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _under(room: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the tensors whose names begin with that, without it."""
    return {
        name.removeprefix(f"{room}/"): tensor
        for name, tensor in tensors.items()
        if name.startswith(f"{room}/")
    }


def _card_hash(card: dict[str, Any]) -> str:
    rest = {key: value for key, value in card.items() if key != "card_sha256"}
    return sha256(json.dumps(rest, sort_keys=True).encode("utf-8"))


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Return the card and its tensors; read both again if another process has saved in between."""
    card = _read_card(folder)
    try:
        return card, _read_tensors(folder / card["weights"], card["weights_sha256"])
    except (ValueError, FileNotFoundError):
        if _read_card(folder) == card:
            raise
    return _read(folder)


def _read_card(folder: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise problem(
            f"a folder with {CARD}", f"{folder.name!r} without one", "Give the folder, not a file in it."
        ) from None
    except ValueError as error:
        raise problem(f"{CARD} to be JSON", f"a damaged file ({error})", _AGAIN) from error
    missing = [name for name in _FIELDS if name not in card] if isinstance(card, dict) else list(_FIELDS)
    if missing:
        raise problem(f"{CARD} with its {len(_FIELDS)} fields", f"none called {', '.join(missing)}", _AGAIN)
    if card["format"] != FORMAT:
        raise problem(
            f"checkpoint format {FORMAT}", f"format {card['format']}", "Use the library version it names."
        )
    if card["card_sha256"] != _card_hash(card):
        raise problem(f"{CARD} as it was saved", "one that was changed since (its hash differs)", _AGAIN)
    return card


def _read_tensors(path: Path, expected: str) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise problem(f"the weights in {path.name}", "no such file beside the JSON", _AGAIN)
    content = path.read_bytes()
    if sha256(content) != expected:
        raise problem(
            f"{path.name} with SHA-256 {expected[:12]}…", f"{sha256(content)[:12]}…, a changed file", _AGAIN
        )
    try:
        return load_tensors(content)
    except SafetensorError as error:
        raise problem(f"{path.name} in the safetensors format", str(error), _AGAIN) from error


def _load_weights(model: GPT, weights: dict[str, torch.Tensor]) -> None:
    wanted = model.state_dict()
    wrong = [f"{name} is missing" for name in wanted if name not in weights]
    wrong += [f"{name} is left over" for name in weights if name not in wanted]
    wrong += [name for name in wanted if name in weights and weights[name].shape != wanted[name].shape]
    if wrong:
        raise problem(f"the {len(wanted)} weights of the configuration", "; ".join(wrong), _AGAIN)
    model.load_state_dict(weights)
