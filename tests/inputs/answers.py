"""Run one input, and say in a line or a few what the user sees of it."""

import contextlib
import importlib
import io
import itertools
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch

HOUSE = re.compile(r"Expected .+, got .*\. .+", re.DOTALL)
FEW = 3  # items of an iterator, or of a list, that are looked at


def seen(call: str, names: Mapping[str, object]) -> str:
    """Return what the user sees of a call, or of a command that begins with a dollar sign."""
    return _seen(call, names).replace(Path.cwd().name, "FOLDER")


def _seen(call: str, names: Mapping[str, object]) -> str:
    if call.startswith("$"):
        return commanded(call.removeprefix("$"))
    try:
        return told(finished(eval(call, dict(names))))
    except ValueError as error:
        return str(error)
    except Exception as error:  # this is what the tables are to find
        return f"raw {type(error).__name__}: {error}"


def is_refused(answer: str) -> bool:
    """Tell whether an answer is a message with its three parts."""
    return HOUSE.fullmatch(answer) is not None


def finished(value: object) -> object:
    """Return what really comes: a context is entered and left, an iterator is asked for its first items."""
    if isinstance(value, AbstractContextManager) and not isinstance(value, io.IOBase):
        with value as entered:
            return entered
    return list(itertools.islice(value, FEW)) if isinstance(value, Iterator) else value


def told(value: object) -> str:
    """Say what a value is: a small one as it is written, a large one by its kind and its size."""
    match value:
        case torch.Tensor():
            return f"tensor {tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
        case float() | np.floating():
            return f"{value:.3g}"
        case None | bool() | int() | str() | bytes():
            text = repr(value)
            return text if len(text) <= 60 else f"{text[:40]}… ({len(value)} characters)"
        case dict():
            return "{" + ", ".join(f"{told(key)}: {told(item)}" for key, item in _few(value.items())) + "}"
        case list() | tuple():
            inside = ", ".join(told(item) for item in _few(value))
            return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
        case type():
            return value.__name__
        case _:
            return f"a {type(value).__name__}"


def _few(items: object) -> list:
    return list(itertools.islice(items, FEW))


def commanded(line: str) -> str:
    """Run `python -m MODULE ARGUMENTS` within this process; return its exit status and its last line."""
    _, _, module, *arguments = shlex.split(line)
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        sys.argv = [module, *arguments]
        try:
            status = main_of(module)(arguments)
        except SystemExit as end:
            status = end.code
        finally:
            sys.argv = before
    # argparse shortens its usage to the width of the window; its last line is the same in all of them.
    lines = [line for line in (err.getvalue() or out.getvalue()).splitlines() if line.strip()]
    return f"exit {status}: {lines[-1].strip() if lines else ''}"


def main_of(module: str) -> Callable[[list[str]], int]:
    """Return what `python -m` runs: the main function of a file, or of a package's `__main__`."""
    found = importlib.import_module(module)
    return getattr(found, "main", None) or importlib.import_module(f"{module}.__main__").main
