"""Train and record an experiment from the command line: `python -m nanogpt_lib.recorded NAME`.

It trains the experiment's variants, each with its seeds, and writes one small JSON file per run
into data/runs/, or into your cache folder where the library was installed without a checkout.
Stopped, it keeps what it has; called again, it goes on from there. Without a name it lists what
is recorded, and how long each took.

Taught in: experiments.
"""

import argparse
import os
import platform
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path

from nanogpt_lib.starting import begin_command

if __name__ == "__main__":
    begin_command()  # before torch is imported

import torch

from nanogpt_lib.checkpoint import installed_versions, load_checkpoint, save_checkpoint
from nanogpt_lib.checks import one_of
from nanogpt_lib.data import CharTokenizer, load_text, train_val_split
from nanogpt_lib.evaluation import evaluate_split
from nanogpt_lib.files import sha256, shown, work_folder
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.process import answered, run_as_command
from nanogpt_lib.recorded.experiments import experiment_called, experiments
from nanogpt_lib.recorded.runs import RUNS, RecordedRun, load_run, run_file, save_run
from nanogpt_lib.training_run import Record, TrainConfig, TrainingRun, train


def record(
    experiment: str, variant: str, seed: int, machine: str, text: str, unfinished: Path
) -> RecordedRun:
    """Train one variant with one seed to its end, from the start or from where it was stopped.

    Args:    experiment, variant, seed: which.   machine: where, in words.   text: to learn from.
             unfinished: the folder in which a checkpoint waits between two sessions.
    Raises:  ValueError: no such experiment or variant.
             KeyboardInterrupt: stopped; an unfinished run is never recorded as a finished one.
    Taught in: experiments.
    """
    chosen = experiment_called(experiment).variants
    model_config, train_config = chosen[one_of("the variant", variant, chosen)]
    train_config = replace(train_config, seed=seed)
    tokenizer = CharTokenizer.from_text(text)
    train_data, val_data = train_val_split(torch.tensor(tokenizer.encode(text)))
    folder = unfinished / run_file(experiment, variant, seed).stem
    run = _begun(folder, model_config, train_config, sha256(text.encode("utf-8")))
    for evaluated in train(run, train_data, val_data):
        print(f"{experiment}, {variant}, seed {seed}, {evaluated}", flush=True)
        save_checkpoint(folder, run, tokenizer, text=text)
    save_checkpoint(folder, run, tokenizer, text=text)
    if not run.is_done:
        raise KeyboardInterrupt
    return RecordedRun(
        experiment=experiment,
        variant=variant,
        seed=seed,
        model=model_config,
        train=train_config,
        curve=[
            Record(r.step, round(r.train_loss, 5), round(r.val_loss, 5), round(r.seconds, 1))
            for r in run.curve
        ],
        val_loss=round(evaluate_split(run.model, val_data), 5),
        minutes=round(run.seconds / 60, 2),
        machine=machine,
        versions=installed_versions(),
        text_sha256=sha256(text.encode("utf-8")),
    )


def _begun(folder: Path, model_config: GPTConfig, train_config: TrainConfig, text: str) -> TrainingRun:
    """Return the run that waits in the folder if it has these settings and this text, a new one otherwise."""
    if (folder / "checkpoint.json").exists():
        waiting = load_checkpoint(folder)
        found = (waiting.model.config, waiting.run.config, waiting.text_sha256)
        if found == (model_config, train_config, text):
            print(f"going on from step {waiting.run.step}", flush=True)
            return waiting.resume()
        print("what waited here has other settings; beginning anew", flush=True)
    generator = torch.Generator().manual_seed(train_config.seed)
    return TrainingRun(GPT(model_config, generator), train_config, generator)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status: 0 done, 2 bad input, 130 stopped by Ctrl-C.

    Taught in: experiments.
    """
    here = f"{os.cpu_count()} cores, {platform.machine()}"
    parser = argparse.ArgumentParser(
        prog="python -m nanogpt_lib.recorded", description=__doc__.split("\n\n")[1]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="experiments; without one, they are listed")
    parser.add_argument("--machine", default=here, help=f"where this runs, in words (default: {here})")
    options = parser.parse_args(argv)

    def work() -> int:
        asked = {name: experiment_called(name) for name in options.names or experiments()}
        for name, chosen in asked.items():
            for variant, seed in product(chosen.variants, chosen.seeds):
                if options.names:
                    _record_and_compare(name, variant, seed, options.machine)
                else:
                    print(_listed(name, variant, seed))
        return 0

    return answered(work, lambda: "stopped; call the same command again to go on")


def _listed(name: str, variant: str, seed: int) -> str:
    if not run_file(name, variant, seed, RUNS).exists():
        return f"{name}, {variant}, seed {seed}: not recorded yet"
    run = load_run(name, variant, seed, RUNS)
    return f"{name}, {variant}, seed {seed}: {run.minutes} minutes on {run.machine}"


def _record_and_compare(name: str, variant: str, seed: int, machine: str) -> None:
    """Record a run, and say by how much its loss differs from the one that was recorded before."""
    shipped = run_file(name, variant, seed, RUNS)
    before = load_run(name, variant, seed, RUNS).val_loss if shipped.exists() else None
    own = work_folder()
    unfinished = own / "unfinished"  # where a stopped training run waits; not under version control
    run = record(name, variant, seed, machine, load_text(), unfinished)
    path = save_run(run, own / "runs")
    if experiment_called(name).keep:
        trained = load_checkpoint(unfinished / path.stem)
        save_checkpoint(
            own / "checkpoints" / variant, trained.run, trained.tokenizer, text=load_text(), resumable=False
        )
    shutil.rmtree(unfinished / path.stem)
    now = f"{name}, {variant}, seed {seed}: validation loss {run.val_loss:.4f} in {run.minutes} minutes"
    print(now if before is None else f"{now}; before it was {before:.4f}", flush=True)
    if path != shipped:
        print(f"kept in {shown(path)}; the recording that came with the library is unchanged", flush=True)


if __name__ == "__main__":
    run_as_command(main)
