"""Recorded trainings: what a notebook shows and is too long to train while one waits.

`python -m nanogpt_lib.runs NAME` trains an experiment's variants, each with several seeds, and
writes one small JSON file a run into data/runs/, with all that it takes to repeat it.

Taught in: notebooks/05, 06, 07, 09 and 12.
"""

import argparse
import json
import os
import platform
import re
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from nanogpt_lib import __version__
from nanogpt_lib.checks import problem
from nanogpt_lib.data import CharTokenizer, load_text, train_val_split
from nanogpt_lib.evaluation import evaluate_split
from nanogpt_lib.files import DATA, sha256, write_atomically
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.presets import Preset, preset
from nanogpt_lib.training import Record, TrainConfig, TrainingRun, train

RUNS = DATA / "runs"
SEEDS = (1337, 1338, 1339)
_BLOCKS = {"1 block": 1, "4 blocks": 4, "8 blocks": 8}


@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """One training as it was recorded; losses in nats per character.

    Args:    experiment, variant, seed: which one.   model, train: its settings.
             curve: its judgements, estimated on random batches.
             val_loss: measured on the whole validation split after the last step.
             minutes, machine, versions, text_sha256: where it was made and from what.
    Source:  own.   Taught in: notebooks/12.
    """

    experiment: str
    variant: str
    seed: int
    model: GPTConfig
    train: TrainConfig
    curve: list[Record]
    val_loss: float
    minutes: float
    machine: str
    versions: dict[str, str]
    text_sha256: str

    @property
    def file_name(self) -> str:
        """Its file in data/runs/."""
        slug = re.sub(r"\W+", "-", f"{self.experiment} {self.variant}".lower()).strip("-")
        return f"{slug}-{self.seed}.json"


def experiments() -> dict[str, dict[str, Preset]]:
    """The settings of every experiment: name to variant to preset, without the seed.

    Returns: each variant differs from the others of its experiment in one field.
    Example:
        >>> sorted(experiments()["heads"])
        ['1 head', '4 heads']

    Source:  own.   Taught in: notebooks/12.
    """
    model, config = preset("reference-baseline")
    model, short = replace(model, scale=None), replace(config, max_iters=1_000, eval_iters=50)
    small = replace(config, max_iters=3_000, eval_iters=50, train_chars=20_000)
    scales = {"root of head_size": 16**-0.5, "root of n_embd": 64**-0.5, "head_size": 1 / 16, "none": 1.0}
    return {
        "scale": _each(model, short, "scale", scales),
        "heads": _each(model, short, "n_head", {"1 head": 1, "4 heads": 4}),
        "depth": _each(model, short, "n_layer", _BLOCKS),
        "depth without residual": _each(replace(model, residual=False), short, "n_layer", _BLOCKS),
        "norm": _each(model, short, "norm", {"before": "pre", "after": "post", "none": "none"}),
        "dropout": _each(model, small, "dropout", {"p = 0": 0.0, "p = 0.2": 0.2, "p = 0.5": 0.5}),
    }


def _each(model: GPTConfig, config: TrainConfig, field: str, values: dict[str, object]) -> dict[str, Preset]:
    """One variant a value of the field, which belongs to the model or to the training."""
    if field in GPTConfig.__dataclass_fields__:
        return {name: Preset(replace(model, **{field: value}), config) for name, value in values.items()}
    return {name: Preset(model, replace(config, **{field: value})) for name, value in values.items()}


def load_runs(experiment: str, folder: Path = RUNS) -> list[RecordedRun]:
    """The recorded runs of an experiment, by variant in the order of `experiments`, then by seed.

    Args:    experiment: its name.   folder: where the files lie.
    Raises:  ValueError: no such experiment, a file is missing or damaged; the command is named.
    Example:
        >>> [run.seed for run in load_runs("heads") if run.variant == "4 heads"]
        [1337, 1338, 1339]

    Source:  own.   Taught in: notebooks/05.
    """
    return [_load(experiment, name, seed, folder) for name in _variants(experiment) for seed in SEEDS]


def _variants(experiment: str) -> dict[str, Preset]:
    known = experiments()
    if experiment not in known:
        raise problem(f"one of {', '.join(known)}", repr(experiment), "Choose a name from that list.")
    return known[experiment]


def _load(experiment: str, variant: str, seed: int, folder: Path) -> RecordedRun:
    blank = dict.fromkeys(RecordedRun.__dataclass_fields__)
    path = (
        folder / RecordedRun(**blank | {"experiment": experiment, "variant": variant, "seed": seed}).file_name
    )
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        fields["model"], fields["train"] = GPTConfig(**fields["model"]), TrainConfig(**fields["train"])
        fields["curve"] = [Record(*row) for row in fields["curve"]]
        return RecordedRun(**fields)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise problem(
            f"a recorded run in data/runs/{path.name}",
            f"{type(error).__name__}",
            f"Fetch the file again, or make it: python -m nanogpt_lib.runs {experiment}.",
        ) from error


def record(experiment: str, variant: str, seed: int, machine: str, text: str) -> RecordedRun:
    """Trains one variant with one seed, from the start to the end.

    Args:    experiment, variant, seed: which.   machine: where, in words.   text: to learn from.
    Raises:  ValueError: no such experiment or variant.
    Source:  own.   Taught in: notebooks/12.
    """
    model_config, train_config = _variants(experiment)[variant]
    train_config = replace(train_config, seed=seed)
    tokenizer = CharTokenizer.from_text(text)
    train_data, val_data = train_val_split(torch.tensor(tokenizer.encode(text)))
    generator = torch.Generator().manual_seed(seed)
    run = TrainingRun(GPT(model_config, generator), train_config, generator)
    for judged in train(run, train_data, val_data):
        print(f"{experiment}, {variant}, seed {seed}, {judged}", flush=True)
    if not run.is_done:
        raise KeyboardInterrupt  # an unfinished run is never recorded as a finished one
    return RecordedRun(
        experiment=experiment,
        variant=variant,
        seed=seed,
        model=model_config,
        train=train_config,
        curve=[
            Record(j.step, round(j.train_loss, 5), round(j.val_loss, 5), round(j.seconds, 1))
            for j in run.curve
        ],
        val_loss=round(evaluate_split(run.model, val_data), 5),
        minutes=round(run.seconds / 60, 2),
        machine=machine,
        versions={
            "python": platform.python_version(),
            "torch": torch.__version__,
            "nanogpt_lib": __version__,
        },
        text_sha256=sha256(text.encode("utf-8")),
    )


def save(run: RecordedRun, folder: Path = RUNS) -> Path:
    """Writes the run's JSON file, at once or not at all, and returns its path.

    Source:  own.   Taught in: notebooks/12.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fields = asdict(run) | {"curve": [list(row) for row in run.curve]}
    write_atomically(folder / run.file_name, (json.dumps(fields) + "\n").encode("utf-8"))
    return folder / run.file_name


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0 done, 2 bad input, 130 stopped by Ctrl-C.

    Source:  own.   Taught in: notebooks/12.
    """
    here = f"{os.cpu_count()} cores, {platform.machine()}"
    parser = argparse.ArgumentParser(prog="python -m nanogpt_lib.runs", description=__doc__.split("\n\n")[1])
    parser.add_argument("names", nargs="*", metavar="NAME", help="experiments; without one, they are listed")
    parser.add_argument("--machine", default=here, help=f"where this runs, in words (default: {here})")
    options = parser.parse_args(argv)
    try:
        for name in options.names or experiments():
            for variant in _variants(name):
                for seed in SEEDS:
                    if options.names:
                        save(record(name, variant, seed, options.machine, load_text()))
                    else:
                        run = _load(name, variant, seed, RUNS)
                        print(f"{name}, {variant}, seed {seed}: {run.minutes} minutes on {run.machine}")
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the run under way was not recorded", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
