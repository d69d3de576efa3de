"""Read and write recorded training runs, which take too long to wait for in a notebook.

Each is one small JSON file in data/runs/ with all that it takes to repeat it; `record` makes them.

Taught in: scaling, multi_head, feed_forward_and_residuals, layernorm, dropout and experiments.
"""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from nanogpt_lib.checks import problem, real_number, whole_number
from nanogpt_lib.files import DATA, write_atomically
from nanogpt_lib.model import GPTConfig
from nanogpt_lib.recorded.experiments import experiment_called
from nanogpt_lib.saved_json import read_json, saved_settings, settings
from nanogpt_lib.training_run import Record, TrainConfig

RUNS = DATA / "runs"


@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """One training run as it was recorded; losses in nats per character.

    Args:    experiment, variant, seed: which one.   model, train: its settings.
             curve: its evaluations, estimated on random batches.
             val_loss: measured on the whole validation split after the last step.
             minutes, machine, versions, text_sha256: where it was made and from what.
    Taught in: experiments.
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


def run_file(experiment: str, variant: str, seed: int, folder: Path = RUNS) -> Path:
    """Return where a run is recorded.

    Example:
        >>> run_file("heads", "4 heads", 1337).name
        'heads-4-heads-1337.json'

    Taught in: experiments.
    """
    slug = re.sub(r"\W+", "-", f"{experiment} {variant}".lower()).strip("-")
    return folder / f"{slug}-{seed}.json"


def load_runs(experiment: str, folder: Path = RUNS) -> list[RecordedRun]:
    """Return the recorded runs of an experiment, by variant in the order of `experiments()`, then by seed.

    Args:    experiment: its name.   folder: where the files lie.
    Raises:  ValueError: no such experiment, a file is missing or damaged; the command is named.
    Example:
        >>> [run.seed for run in load_runs("heads") if run.variant == "4 heads"]
        [1337, 1338, 1339]

    Taught in: scaling.
    """
    chosen = experiment_called(experiment)
    return [load_run(experiment, name, seed, folder) for name in chosen.variants for seed in chosen.seeds]


def load_run(experiment: str, variant: str, seed: int, folder: Path = RUNS) -> RecordedRun:
    """Return one recorded run.

    Args:    experiment, variant, seed: which.   folder: where the files lie.
    Raises:  ValueError: the file is missing or damaged; the command that makes it is named.
    Taught in: experiments.
    """
    path = run_file(experiment, variant, seed, folder)
    try:
        fields = read_json(path)
        made_with = fields["versions"]
        fields["model"] = settings(GPTConfig, fields["model"], made_with)
        fields["train"] = settings(TrainConfig, fields["train"], made_with)
        fields["curve"] = [_record(row) for row in fields["curve"]]
        for name in ("val_loss", "minutes"):
            fields[name] = real_number(name, fields[name])
        return settings(RecordedRun, fields, made_with)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise problem(
            f"a recorded run in data/runs/{path.name}",
            f"{type(error).__name__}: {error}",
            f"Fetch the file again, or make it: python -m nanogpt_lib.recorded {experiment!r}.",
        ) from error


def _record(row: list[float]) -> Record:
    step, train_loss, val_loss, seconds = row
    for number in (train_loss, val_loss, seconds):
        real_number("a number of the curve", number)
    return Record(whole_number("step", step), train_loss, val_loss, seconds)


def save_run(run: RecordedRun, folder: Path = RUNS) -> Path:
    """Write the run's JSON file, at once or not at all, and return its path.

    Raises:  ValueError: a loss is no finite number, which JSON has no word for.
    Taught in: experiments.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = run_file(run.experiment, run.variant, run.seed, folder)
    fields = asdict(run) | {
        "model": saved_settings(run.model),
        "train": saved_settings(run.train),
        "curve": [list(row) for row in run.curve],
    }
    write_atomically(path, (json.dumps(fields, allow_nan=False) + "\n").encode("utf-8"))
    return path
