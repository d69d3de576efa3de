"""Measure how fast this machine trains and writes, form by form: `python -m nanogpt_lib.bench`.

All forms of a setting work in turn, some seconds each. One table per setting tells characters per second
(the median, and the two values between which half of them lie), how many times as fast as the list of heads
and as the fastest peer that is, and the most memory that it took beyond Python itself. The peer is
GPT2LMHeadModel of transformers, where it is installed.

Taught in: faster_and_bigger.
"""

import argparse
import shutil
import sys
from functools import partial
from pathlib import Path

from nanogpt_lib.starting import begin_command

if __name__ == "__main__":
    begin_command()  # before torch is imported

import torch

from nanogpt_lib.arguments import joined_arguments, number_argument, path_argument
from nanogpt_lib.bench.forms import forms_of, made_ready
from nanogpt_lib.bench.hardware import this_machine
from nanogpt_lib.bench.in_turn import in_turn
from nanogpt_lib.bench.memory import peak_megabytes
from nanogpt_lib.bench.peer import is_installed
from nanogpt_lib.bench.picture import as_png
from nanogpt_lib.bench.rows import Row, as_json, rows_of, table
from nanogpt_lib.bench.settings import LONG, SETTINGS, Setting, setting_called
from nanogpt_lib.checks import problem
from nanogpt_lib.data import CharTokenizer, load_text, train_val_split
from nanogpt_lib.files import require_writable, write_atomically
from nanogpt_lib.process import answered, run_as_command

COMPILERS = ("c++", "g++", "clang++", "cl")
INSTALL = "pip install -e '.[bench]', which adds transformers"
SECONDS = 1.5


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status: 0 done, 1 a form failed, 2 bad input, 130 stopped by Ctrl-C.

    Taught in: faster_and_bigger.
    """
    options = _parser().parse_args(joined_arguments(sys.argv[1:] if argv is None else argv))
    kept = f"; what was measured so far is in {options.out}" if options.out else ""
    return answered(lambda: _measure_all(options), lambda: f"stopped{kept}")


def _measure_all(options: argparse.Namespace) -> int:
    names = [*SETTINGS] if options.all else options.settings
    settings = {name: setting_called(name) for name in names}
    _require_possible(options)
    data = _ids()
    machine = this_machine()
    if not is_installed():
        print(f"without a peer: for one, {INSTALL}", file=sys.stderr)
    print(machine.words, flush=True)
    rows: list[Row] = []
    for name, setting in settings.items():
        rows += _measured(name, setting, options, data)
        if options.out:
            _keep(options.out, rows, settings, as_json(machine, settings, rows, options.seconds))
    return 1 if any(row.failed for row in rows) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nanogpt_lib.bench", description=__doc__.split("\n\n")[1])
    usual = [name for name in SETTINGS if name not in LONG]
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--settings",
        nargs="+",
        default=usual,
        metavar="NAME",
        help=f"of {', '.join(SETTINGS)} (default: all but {' and '.join(LONG)}, whose steps take seconds)",
    )
    which.add_argument("--all", action="store_true", help="all settings")
    parser.add_argument(
        "--seconds",
        type=number_argument(float),
        default=SECONDS,
        help=f"for each form at each setting (default: {SECONDS})",
    )
    parser.add_argument("--compile", action="store_true", help="also a training step made by torch.compile")
    parser.add_argument(
        "--out", type=path_argument, metavar="FOLDER", help="write bench.json and bench.png there"
    )
    return parser


def _require_possible(options: argparse.Namespace) -> None:
    """Refuse what cannot be done before anything is measured."""
    if not 0 < options.seconds < float("inf"):
        raise problem("seconds > 0", f"{options.seconds:g}", f"Take {SECONDS} for a first look.")
    if options.compile and not any(map(shutil.which, COMPILERS)):
        raise problem(
            "a C++ compiler for --compile",
            "none on the path",
            f"Install one ({COMPILERS[1]} or {COMPILERS[2]}), or leave --compile out.",
        )
    if options.out:
        require_writable("an --out folder", options.out)


def _ids() -> torch.Tensor:
    """Return the ids of the text that the forms learn from."""
    text = load_text()
    ids, _ = train_val_split(torch.tensor(CharTokenizer.from_text(text).encode(text)))
    return ids


def _measured(name: str, setting: Setting, options: argparse.Namespace, data: torch.Tensor) -> list[Row]:
    """Measure all forms at one setting, and print the table."""
    forms = forms_of(setting, compiled=options.compile)
    print(f"measuring {len(forms)} forms at {name}", file=sys.stderr, flush=True)
    megabytes = {form: peak_megabytes(setting, how, data) for form, how in forms.items()}

    ready = {form: partial(made_ready, setting, how, data) for form, how in forms.items()}
    measured = in_turn(ready, options.seconds)
    rows = rows_of(name, setting, forms, measured, megabytes)
    print(f"\n{table(setting, rows)}", flush=True)
    return rows


def _keep(folder: Path, rows: list[Row], settings: dict[str, Setting], content: bytes) -> None:
    """Write what was measured so far: an interrupt loses only the setting that it hits."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "bench.json", content)
    if any(row.speed for row in rows):
        words = {name: setting.words for name, setting in settings.items()}
        write_atomically(folder / "bench.png", as_png(rows, words))


if __name__ == "__main__":
    run_as_command(main)
