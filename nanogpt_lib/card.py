"""Read the card of a checkpoint, `checkpoint.json`, and believe nothing in it that no save would write.

It serves `checkpoint`, whose lesson is full_model.
"""

import json
import re
from pathlib import Path
from typing import Any

from nanogpt_lib.checks import problem, real_number, whole_number
from nanogpt_lib.files import sha256
from nanogpt_lib.restored import AGAIN
from nanogpt_lib.savable import UNUSUAL
from nanogpt_lib.saved_json import made_elsewhere, read_json

FORMAT = 1
UNUSUAL_FORMAT = 2  # with a field of `savable.UNUSUAL`, which a version that knows only 1 would pass over
CARD = "checkpoint.json"
WEIGHTS = re.compile(r"weights-[0-9a-f]{12}\.safetensors")
FIELDS = (
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


def card_hash(card: dict[str, Any]) -> str:
    """Return the SHA-256 of everything that the card says, but for this hash itself.

    Example:
        >>> card_hash({"step": 3}) == card_hash({"step": 3, "card_sha256": "0"})
        True
    """
    rest = {key: value for key, value in card.items() if key != "card_sha256"}
    return sha256(json.dumps(rest, sort_keys=True).encode("utf-8"))


def kept_in(folder: Path) -> str:
    """Return in words what of a checkpoint the folder holds, which a new run would remove; empty for nothing.

    Example:
        >>> kept_in(Path("nowhere"))
        ''
    """
    if (folder / CARD).exists():
        return "one"
    weights = sorted(file.name for file in folder.glob("weights-*") if WEIGHTS.fullmatch(file.name))
    return f"{weights[0]} without its {CARD}" if weights else ""


def read_card(folder: Path) -> dict[str, Any]:
    """Return the card of the checkpoint in this folder, after everything in it has been looked at.

    Raises:  ValueError: there is none; it is damaged, was changed since it was saved, or was made by a
             version that this one does not know; the message says which.
    """
    if not (folder / CARD).is_file():
        raise problem(
            f"a folder with {CARD}", f"{folder.name!r} without one", "Give the folder, not a file in it."
        )
    try:
        card: dict[str, Any] = read_json(folder / CARD)
    except ValueError as error:
        raise problem(f"{CARD} to be JSON", f"a damaged file ({error})", AGAIN) from error
    fields = card if isinstance(card, dict) else {}
    expected = UNUSUAL_FORMAT if any(name in fields for name in UNUSUAL) else FORMAT
    if "format" in fields and fields["format"] != expected:
        told = f"format {str(fields['format'])[:20]}"
        raise made_elsewhere(f"checkpoint format {expected}", told, fields.get("versions"))
    if missing := [name for name in FIELDS if name not in fields]:
        raise problem(f"{CARD} with its {len(FIELDS)} fields", f"none called {', '.join(missing)}", AGAIN)
    if card["card_sha256"] != card_hash(card):
        raise problem(f"{CARD} as it was saved", "one that was changed since (its hash differs)", AGAIN)
    if unknown := [name for name in card if name not in (*FIELDS, *UNUSUAL)]:
        raise made_elsewhere(f"the fields of {CARD}", ", ".join(unknown), card["versions"])
    require_values(card)
    return card


def require_values(card: dict[str, Any]) -> None:
    """Refuse a card whose fields hold what no load takes; the settings are looked at where they are used.

    Raises:  ValueError: as said.
    """
    kinds: dict[str, Any] = {
        "vocabulary": str,
        "text_sha256": str | None,
        "step": int,
        "seconds": int | float,
        "own_generator": bool,
        "weights": str,
        "weights_sha256": str,
        "tied": dict,
        "frozen": list,
        "optimizer_parameters": list,
    }
    wrong = [name for name, kind in kinds.items() if name in card and not isinstance(card[name], kind)]
    wrong += [name for name in ("step", "seconds") if name not in wrong and not 0 <= card[name] < 1e15]
    names = [*card.get("tied", {}).values()] if "tied" not in wrong else []
    names += card.get("frozen", []) if "frozen" not in wrong else []
    if not all(isinstance(name, str) for name in names):
        wrong.append("tied or frozen weights")
    groups = card.get("optimizer_parameters", [])
    if not all(isinstance(group, list) and all(isinstance(name, str) for name in group) for group in groups):
        wrong.append("optimizer_parameters")
    if wrong:
        raise problem(f"{CARD} as a save writes it", f"another kind of {wrong[0]}", AGAIN)
    if not WEIGHTS.fullmatch(card["weights"]):
        raise problem("the name of a weights file in this folder", f"{card['weights'][:60]!r}", AGAIN)
    require_curve(card["curve"])


def require_curve(curve: object) -> None:
    """Refuse what is no list of evaluations, each of a step, two losses and seconds.

    Raises:  ValueError: as said.
    """
    try:
        for step, *numbers in curve:  # type: ignore[attr-defined]
            whole_number("step", step)
            _, _, _ = (real_number("loss", number) for number in numbers)
    except (TypeError, ValueError) as error:
        raise problem("a curve of finite losses", f"another one ({error})", AGAIN) from error
