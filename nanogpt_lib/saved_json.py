"""Read JSON files without trusting them: a file may be damaged, of another version, or made to do harm.

It serves checkpoints and recorded training runs, whose lesson is experiments.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from nanogpt_lib import __version__
from nanogpt_lib.checks import problem

Config = TypeVar("Config")

# Fields of GPTConfig and TrainConfig that the first checkpoints of format 1 do not have.
CAME_LATER = ("norm_kind", "activation", "position", "qk_norm", "pairs", "smear", "optimizer", "muon_rate")

MOST_BYTES = 32 * 2**20  # of a file of settings and curves; the longest of our own take some kilobytes


def read_json(path: Path) -> Any:
    """Return what the file says.

    Raises:  ValueError: it is no JSON, is too large or too deep, has a key twice, or a number that is none.
             OSError: it cannot be read.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "card").write_text('{"step": 3}')
        ...     read_json(Path(folder, "card"))
        {'step': 3}
    """
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path.stat().st_size:,} bytes, where {MOST_BYTES:,} are the most")
    return parse_json(path.read_text(encoding="utf-8"))


def parse_json(text: str) -> Any:
    """Return what the text says.

    Raises:  ValueError: it is no JSON, is too deep, has a key twice, or a number that is none.
    Example:
        >>> parse_json('{"step": 3}')
        {'step': 3}
    """
    try:
        return json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("lists within lists without end") from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text}, which is no number")


def saved_settings(config: Any) -> dict[str, Any]:
    """Return a configuration's fields as a file says them, for `settings` to read.

    A field that came later is left out while it has its default, so that older versions read the file too.

    Args:    config: a GPTConfig or a TrainConfig.
    Example:
        >>> from nanogpt_lib.training_run import TrainConfig
        >>> saved_settings(TrainConfig(batch_size=4, max_iters=9, learning_rate=0.1))["eval_iters"]
        200
    """
    defaults = {field.name: field.default for field in fields(config)}
    return {
        name: value
        for name, value in asdict(config).items()
        if name not in CAME_LATER or value != defaults[name]
    }


def settings(kind: type[Config], values: object, versions: object) -> Config:
    """Return a configuration from what a file says of its fields; what it leaves out has its default.

    Args:    kind: a dataclass.   values: name to value.   versions: what the file says that it was made with.
    Raises:  ValueError: a field that this version does not know, one too few, or a value that it refuses.
    Example:
        >>> from nanogpt_lib.training_run import TrainConfig
        >>> settings(TrainConfig, {"batch_size": 4, "max_iters": 9, "learning_rate": 0.1}, {}).eval_iters
        200
    """
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    if not isinstance(values, dict):
        raise problem(f"the fields of {kind.__name__}", f"{str(values)[:40]!r}", "Fetch the file anew.")
    if unknown := [name for name in values if name not in known]:
        raise made_elsewhere(f"the fields of {kind.__name__}", ", ".join(unknown), versions)
    if missing := [name for name, field in known.items() if name not in values and field.default is MISSING]:
        raise problem(
            f"the fields of {kind.__name__}", f"none called {', '.join(missing)}", "Fetch the file anew."
        )
    return kind(**values)


def made_elsewhere(expected: str, arrived: str, versions: object) -> ValueError:
    """Return the error to raise where a file says what this version of the library does not know.

    Example:
        >>> print(made_elsewhere("format 1", "format 9", {"nanogpt_lib": "9.0"}))
        Expected format 1, got format 9. It was made with nanogpt_lib 9.0, and this is ...
    """
    told = versions.get("nanogpt_lib") if isinstance(versions, Mapping) else None
    if told == __version__:  # this very version writes no such file
        return problem(expected, arrived, "It was changed since it was made: fetch the file anew.")
    made_with = f"nanogpt_lib {told}" if isinstance(told, str) and len(told) < 40 else "an unknown version"
    return problem(
        expected, arrived, f"It was made with {made_with}, and this is {__version__}: install that version."
    )
