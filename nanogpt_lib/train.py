"""Train a named setting from the command line: `python -m nanogpt_lib.train --preset NAME`.

It prints one row per evaluation, and can save, resume and write a sample. Every field of the
setting can be overridden by an option of its name.

Taught in: experiments.
"""

import argparse
import sys
import warnings
from contextlib import ExitStack, suppress
from dataclasses import fields, replace
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from nanogpt_lib.starting import begin_command

if __name__ == "__main__":
    begin_command()  # before torch is imported

import torch

from nanogpt_lib.arguments import joined_arguments, number_argument, path_argument
from nanogpt_lib.card import CARD, kept_in, read_card
from nanogpt_lib.checkpoint import load_checkpoint, save_checkpoint
from nanogpt_lib.checks import problem
from nanogpt_lib.data import CharTokenizer, load_text, train_val_split
from nanogpt_lib.files import require_writable, sha256
from nanogpt_lib.go_on import go_on_with
from nanogpt_lib.kinds import count
from nanogpt_lib.machine import bfloat16_gain, suited
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.presets import PRESETS, SUITED, preset
from nanogpt_lib.process import run_as_command
from nanogpt_lib.ranks import DEVICES, Ranks
from nanogpt_lib.sampling import stream
from nanogpt_lib.shared import move, shared
from nanogpt_lib.training_run import TrainConfig, TrainingRun, train


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Args:    argv: its arguments; None is those of the process.
    Returns: its exit status: 0 done, 2 bad input, 130 stopped by Ctrl-C.
    Taught in: experiments.
    """
    begun_to_save = False
    ranks, together = Ranks(), ExitStack()
    try:
        ranks = Ranks.from_environment()
        with ranks.first_speaks():
            options = _parser().parse_args(joined_arguments(sys.argv[1:] if argv is None else argv))
        device = ranks.device(options.device)
        together.enter_context(ranks.joined(device))
        _require_free(options)
        count("sample", options.sample)
        if options.out and ranks.is_first:
            require_writable("an --out folder", options.out)  # before anything is trained
        text = load_text(options.text)
        run, tokenizer = _resumed(options, text) if options.resume else _begun(options, text, ranks)
        begun = f"{getattr(run.model, 'config', '')} {run.config} {run.step}"
        ranks.require_same("text, options and step", sha256(f"{begun} {text}".encode()))
        if options.device == "auto" and ranks.is_first:
            print(f"computing on {device}", file=sys.stderr)
        move(run, device)
        data = torch.tensor(tokenizer.encode(text), device=device)
        splits = train_val_split(data, block_size=run.block_size)
        if run.is_done and ranks.is_first:
            print(_finished(run), file=sys.stderr)

        def keep() -> None:
            nonlocal begun_to_save
            if options.out:
                begun_to_save = True
            if options.out and ranks.is_first:
                save_checkpoint(options.out, run, tokenizer, text=text)

        with warnings.catch_warnings(action="ignore", category=UserWarning):  # said below, with the way on
            model, progress = shared(run.model, ranks, device), ranks.is_first and sys.stderr.isatty()
            for record in train(run, *splits, progress=progress, model=model):
                try:
                    if ranks.is_first:
                        print(record, flush=True)
                finally:  # also where nobody reads the row, or the disk of its file is full
                    keep()
        keep()
        ranks.meet()  # the first has saved
        together.close()  # from here on the first is alone
        if not ranks.is_first:
            return 0 if run.is_done else 130
        if not run.is_done:
            kept = (
                f"go on with --resume {options.out}" if options.out else "nothing was kept: give --out FOLDER"
            )
            print(f"stopped before step {run.step}; {kept}", file=sys.stderr)
            return 130
        took = f"{run.seconds:.1f} seconds" if run.seconds < 60 else f"{run.seconds / 60:.1f} minutes"
        print(f"{run.step} steps in {took}", file=sys.stderr)
        _write(run, tokenizer, options.sample)
    except BrokenPipeError:  # nobody reads any more; `run_as_command` ends the process
        raise
    except (ValueError, RuntimeError, OSError) as error:
        if told := ranks.told(error):
            print(f"error: {told}", file=sys.stderr)
        if told and begun_to_save:
            diverged = "Lower the learning rate" in told
            _tell_what_is_kept(options.out, _lower_rate(run) if diverged else "")
        return 2
    except KeyboardInterrupt:  # while loading, saving or writing; in a training run it is answered above
        if ranks.is_first:
            print("stopped", file=sys.stderr)
        if ranks.is_first and begun_to_save:
            _tell_what_is_kept(options.out)
        return 130
    finally:
        together.close()
    return 0


def _tell_what_is_kept(folder: Path, option: str = "") -> None:
    with suppress(ValueError, OSError):  # no save came to its end
        step = read_card(folder)["step"]
        print(f"step {step} is kept: go on from it with --resume {folder}{option}", file=sys.stderr)


def _lower_rate(run: TrainingRun) -> str:
    """Return the option of a rate with which a run that diverged can go on."""
    return f" --learning-rate {min(run.config.learning_rate / 10, 1e-3):g}"


def _finished(run: TrainingRun) -> str:
    """Say that no step is left, and how to make more."""
    made = run.config.max_iters
    return f"this run is finished, all {made} steps are made; for more, raise --max-iters, as to {2 * made}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nanogpt_lib.train", description=__doc__.split("\n\n")[1])
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--preset", choices=PRESETS, help="the setting to begin from")
    start.add_argument(
        "--resume", type=path_argument, metavar="FOLDER", help="a checkpoint to go on from, exactly"
    )
    parser.add_argument(
        "--text", type=path_argument, help="a text file of your own (default: tiny Shakespeare)"
    )
    parser.add_argument(
        "--out", type=path_argument, metavar="FOLDER", help="keep a checkpoint here, renewed at every row"
    )
    parser.add_argument("--force", action="store_true", help="replace another checkpoint that lies in --out")
    parser.add_argument(
        "--sample", type=number_argument(int), default=0, metavar="N", help="write N characters at the end"
    )
    parser.add_argument(
        "--device", default="cpu", help=f"where to compute: {', '.join(DEVICES)} (a GPU where there is one)"
    )
    for config in (GPTConfig, TrainConfig):
        group = parser.add_argument_group(f"override a field of {config.__name__}")
        for field in fields(config):
            if field.name != "vocab_size":  # the text decides
                group.add_argument(f"--{field.name.replace('_', '-')}", **_argument(field.type))
    return parser


def _argument(kind: object) -> dict[str, Any]:
    """Return how argparse reads a field of this type; None, where allowed, is only the default."""
    known: type = next(one for one in get_args(kind) or (kind,) if one is not NoneType)
    if known is bool:
        return {"action": argparse.BooleanOptionalAction}
    return {
        "type": number_argument(known) if known in (int, float) else known,
        "metavar": known.__name__.upper(),
    }


def _overrides(options: argparse.Namespace, config: type[GPTConfig | TrainConfig]) -> dict[str, Any]:
    given = {field.name: getattr(options, field.name, None) for field in fields(config)}
    return {name: value for name, value in given.items() if value is not None}


def _require_free(options: argparse.Namespace) -> None:
    """Refuse to write over a checkpoint that this run does not go on from."""
    folder, own = options.out, options.resume
    if folder is None or options.force or not (kept := kept_in(folder)):
        return
    if own is None or folder.resolve() != own.resolve():
        is_whole = (folder / CARD).exists()
        go_on = f"go on from it with --resume {folder} --out {folder}" if is_whole else f"put its {CARD} back"
        raise problem(
            "an --out folder without a checkpoint",
            f"{str(folder)!r}, which holds {kept}",
            f"Give another folder; or {go_on}; or replace it with --force.",
        )


def _begun(options: argparse.Namespace, text: str, ranks: Ranks) -> tuple[TrainingRun, CharTokenizer]:
    tokenizer = CharTokenizer.from_text(text)
    model_config, config = preset(options.preset)
    if options.preset in SUITED:
        gain = ranks.from_first(bfloat16_gain())
        model_config, config = suited(model_config, config, gain)
    model_config = replace(model_config, vocab_size=tokenizer.vocab_size, **_overrides(options, GPTConfig))
    config = replace(config, **_overrides(options, TrainConfig))
    if options.preset in SUITED and ranks.is_first:
        print(
            f"products in bfloat16 take {1 / gain:.2g} of the time of those in float32 here: "
            f"training with precision {config.precision}, attention {model_config.attention}",
            file=sys.stderr,
        )
    torch.manual_seed(config.seed)
    return TrainingRun(GPT(model_config), config), tokenizer


def _resumed(options: argparse.Namespace, text: str) -> tuple[TrainingRun, CharTokenizer]:
    checkpoint = load_checkpoint(options.resume, CharTokenizer.from_text(text))
    if checkpoint.text_sha256 not in (None, sha256(text.encode("utf-8"))):
        raise problem(
            "the text that this checkpoint was trained on", "another one", "Give the same --text as before."
        )
    if _overrides(options, GPTConfig):
        raise problem(
            "no option of the model beside --resume",
            ", ".join(_overrides(options, GPTConfig)),
            "The checkpoint fixes the model; begin a new run to change it.",
        )
    run = checkpoint.resume()
    go_on_with(run, **_overrides(options, TrainConfig))
    return run, checkpoint.tokenizer


def _write(run: TrainingRun, tokenizer: CharTokenizer, length: int) -> None:
    """Print a sample of the trained model, character by character, beginning after a newline."""
    if length:
        start = torch.tensor(
            [tokenizer.encode("\n" if "\n" in tokenizer.vocabulary else tokenizer.vocabulary[0])],
            device=next(run.model.parameters()).device,
        )
        for token in stream(run.model, start, length):
            print(tokenizer.decode(token[0]), end="", flush=True)
        print()


if __name__ == "__main__":
    run_as_command(main)
