"""A training run to watch, stop and go on with: its curves, its pace, and what it writes on the way.

The kernel trains in turns between its cells (see turns.py) and tells the browser after each; the browser
only draws. Between two turns the run is whole, so stopping loses nothing.

Taught in: full_model.
"""

import copy
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple
from weakref import WeakSet

import torch
import traitlets

from nanogpt_lib.card import CARD, kept_in
from nanogpt_lib.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nanogpt_lib.checks import positive_int, problem, real_number, seed_number, token_ids
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.files import require_writable, write_atomically
from nanogpt_lib.kinds import ids as row_of_ids
from nanogpt_lib.kinds import instance, mapping, path_of
from nanogpt_lib.kit.turns import DONE, INTERRUPTED, STOPPED, UNWATCHED, Turns
from nanogpt_lib.kit.widget import html_table, html_text, number
from nanogpt_lib.kit.worker import Worker, error_in_words
from nanogpt_lib.model import GPT
from nanogpt_lib.process import one_thread
from nanogpt_lib.promises import scores_of
from nanogpt_lib.prompt import read_prompt
from nanogpt_lib.sampling import stream
from nanogpt_lib.savable import require_savable
from nanogpt_lib.saved_json import read_json
from nanogpt_lib.style import readable
from nanogpt_lib.training_run import Record, TrainingRun, advance, learned_from

START_SHOWN = 200  # characters of a long prompt that are shown
SAMPLES = "samples.json"  # beside the checkpoint: what was written after each evaluation
ROWS = 20  # of a still table at most
LONGEST = 10_000  # characters of a sample
TEXTS = 5  # in a still picture at most
POINTS = 120  # of the curve of the rate


class Sample(NamedTuple):
    """What is written after each evaluation, always with the same luck, so that only the model differs.

    prompt: where it begins.   length: how many characters.   seed, temperature: as in `sampling.stream`.
    The dashboard that gets it refuses what it cannot write.

    Taught in: full_model.
    """

    prompt: str = "\n"
    length: int = 100
    seed: int = 1337
    temperature: float = 1.0


class Progress(NamedTuple):
    """How far a run is. rate: the learning rate of the next step, or of the last where all are made.

    read: characters in all batches so far.   per_second: of them; None before the first step.
    seconds: spent in steps and evaluations.   to_go: about how many are left; None before the first step.

    Taught in: full_model.
    """

    step: int
    of: int
    read: int
    per_second: float | None
    seconds: float
    to_go: float | None
    rate: float


def progress_of(run: TrainingRun) -> Progress:
    """Return how far the run is, how fast it has been, and about how long the rest will take.

    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> from nanogpt_lib.training_run import TrainConfig
        >>> config = TrainConfig(batch_size=4, max_iters=20, learning_rate=0.5)
        >>> run = TrainingRun(BigramLM(3), config, step=10, seconds=2.0)
        >>> progress_of(run)
        Progress(step=10, of=20, read=40, per_second=20.0, seconds=2.0, to_go=2.0, rate=0.5)

    Taught in: full_model.
    """
    step, of = run.step, run.config.max_iters
    read = step * run.config.batch_size * run.model.block_size
    begun = step > 0 and run.seconds > 0
    return Progress(
        step=step,
        of=of,
        read=read,
        per_second=read / run.seconds if begun else None,
        seconds=run.seconds,
        to_go=(of - step) * run.seconds / step if begun else None,
        rate=_rate(run, min(step, of - 1)),
    )


def rate_curve(run: TrainingRun) -> list[tuple[int, float]]:
    """Return the learning rate over all steps, at so many of them that a line through them shows its course.

    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> from nanogpt_lib.training_run import TrainConfig
        >>> config = TrainConfig(batch_size=4, max_iters=3, learning_rate=0.5, warmup_iters=2)
        >>> rate_curve(TrainingRun(BigramLM(3), config))
        [(0, 0.25), (1, 0.5), (2, 0.5)]

    Taught in: full_model.
    """
    last, ramp = run.config.max_iters - 1, run.config.warmup_iters
    steps = {round(at * last / POINTS) for at in range(POINTS + 1)} | {max(0, ramp - 1), min(ramp, last)}
    return [(step, _rate(run, step)) for step in sorted(steps)]


def _rate(run: TrainingRun, step: int) -> float:
    return run.optimizer.param_groups[0]["initial_lr"] * run.config.rate_factor(step)


def evaluation_in_words(record: Record, baselines: Mapping[str, float]) -> str:
    """Return one evaluation: both losses, and which baselines the validation loss lies below.

    Example:
        >>> print(evaluation_in_words(Record(50, 2.7, 2.8, 0.0), {"letters": 3.35, "pairs": 2.48}))
        Step 50: training 2.700, validation 2.800. Below letters (3.35), not below pairs (2.48).

    Taught in: full_model.
    """
    told = f"Step {record.step:,}: training {_loss(record.train_loss)}, validation {_loss(record.val_loss)}."
    below = [name for name, loss in baselines.items() if record.val_loss < loss]
    above = [name for name in baselines if name not in below]
    named = [
        f"{word} {_listed([f'{name} ({number(baselines[name], 2)})' for name in names], joint)}"
        for word, names, joint in (("below", below, "and"), ("not below", above, "or"))
        if names
    ]
    if not named:
        return told
    sentence = ", ".join(named)
    return f"{told} {sentence[0].upper()}{sentence[1:]}."


def _listed(names: list[str], joint: str) -> str:
    return f" {joint} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _drawn(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _loss(value: float) -> str:
    return "not a number" if math.isnan(value) else number(value)


def clock(seconds: float | None) -> str:
    """Return seconds as a clock shows them.

    Example:
        >>> clock(7.2), clock(754), clock(3700), clock(None)
        ('0:07', '12:34', '1:01:40', '–')
    """
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class TrainingDashboard(Worker):
    """A live training run: curves against the baselines, pace, rate, and a sample after each evaluation.

    Nothing trains before the learner presses Train. The other cells of the notebook can run meanwhile:
    each waits for the end of a step, and the training run for the end of the cell. The run is changed in
    place, as by `train`, and a cell that looks at it, or trains it, finds it between two steps.

    Args:    run: a training run, new or on its way.   train_data, val_data: (N,) int64 ids.
             tokenizer: the characters of the ids.   baselines: name to loss, drawn as levels.
             sample: what is written after each evaluation; None for nothing.
             folder: where the run is saved at every evaluation and at Stop; if it holds this run already,
             further on than it is here, the dashboard goes on from there.
    Raises:  ValueError: the folder holds another run, or one that cannot be saved; a split is too short.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> from nanogpt_lib.training_run import TrainConfig
        >>> run = TrainingRun(BigramLM(3), TrainConfig(batch_size=4, max_iters=20, learning_rate=0.5))
        >>> ids = torch.tensor([0, 1, 2] * 9)
        >>> TrainingDashboard(run, ids, ids, CharTokenizer("ab\\n"), baselines={"uniform": 1.1})
        TrainingDashboard: not trained yet, 0 of 20 steps

    Taught in: full_model.
    """

    name: ClassVar[str] = "training_dashboard"

    layout_of = traitlets.Dict().tag(sync=True)  # what never changes
    curve = traitlets.List().tag(sync=True)  # [step, training, validation, words] of each evaluation
    samples = traitlets.List().tag(sync=True)  # [step, text]
    now = traitlets.Dict().tag(sync=True)  # the state, and what there is to say about it

    def __init__(
        self,
        run: TrainingRun,
        train_data: torch.Tensor,
        val_data: torch.Tensor,
        tokenizer: CharTokenizer,
        baselines: Mapping[str, float] | None = None,
        sample: Sample | None = Sample(),  # noqa: B008 (it never changes)
        folder: str | Path | None = None,
    ) -> None:
        self.run = instance("run", run, TrainingRun, "Make one: TrainingRun(model, config).")
        instance("tokenizer", tokenizer, CharTokenizer, "Write CharTokenizer.from_text(text).")
        train_data, val_data = row_of_ids("train_data", train_data), row_of_ids("val_data", val_data)
        self.error: Exception | None = None
        self._data, self._tokenizer = (train_data, val_data), tokenizer
        baselines = {} if baselines is None else mapping("baselines", baselines, "Pass {name: loss}.")
        self._baselines = {
            name: real_number(f"baselines[{name!r}]", loss) for name, loss in baselines.items()
        }
        self._sample = (
            None if sample is None else instance("sample", sample, Sample, "Write Sample(length=200).")
        )
        self._folder = None if folder is None else path_of("folder", folder)
        self._texts: dict[int, str] = {}
        self._writing: tuple[int, list[str], Iterator[torch.Tensor]] | None = None
        self._saved: int | None = None  # the step of the newest save
        self._serial = 0
        self._begun = False
        self._check()
        self._stop_others()
        notes = list(self._reading.notes) if self._sample else []
        if run.generator is None:
            notes.append(
                "This run draws from torch's global random stream: a cell that draws meanwhile changes how "
                "it goes on. Give the run a generator of its own, and nothing does."
            )
        self._start = _state_of(run)
        self._message = self._found()
        instead = "Call train(run, ...) instead."
        self._turns = Turns(self._piece, self._tell, self._ended, instead=instead)
        if run.step and self._sample and run.step not in self._texts:
            self._write_all()  # of a run that comes trained: what it writes now
        super().__init__(
            layout_of={
                "steps": run.config.max_iters,
                "from": self._start["step"],
                "baselines": [[name, loss] for name, loss in self._baselines.items()],
                "rates": [list(point) for point in rate_curve(run)],
                "prompt": self._reading.text[-START_SHOWN:] if self._sample else "",
                "samples": self._sample is not None,
                "notes": notes,
                "folder": "" if self._folder is None else self._folder.name,
            },
            **self._told(),
        )
        self._work_in(self._turns)
        _ALL.add(self)

    def _check(self) -> None:
        run, T = self.run, self.run.model.block_size
        for name, ids in zip(("train_data", "val_data"), self._data, strict=True):
            if len(ids) <= T:
                raise problem(
                    f"{name} of at least {T + 1} ids, a block and the one after it",
                    f"{len(ids)}",
                    "Take more.",
                )
        learned_from(run, self._data[0])
        self._check_vocabulary()
        if self._sample:
            if positive_int("length", self._sample.length) > LONGEST:
                raise problem(
                    f"a sample of at most {LONGEST:,} characters",
                    f"length={self._sample.length:,}",
                    "It is written after each evaluation: a few hundred show how far the model is.",
                )
            seed_number("seed", self._sample.seed)
            self._reading = read_prompt(self._sample.prompt, self._tokenizer, T)
            self._sample_tokens()
        if self._folder is not None and not isinstance(run.model, GPT):
            raise problem(
                "a GPT, which can be saved",
                f"a {type(run.model).__name__}",
                "Leave folder= out, or train a GPT.",
            )
        if self._folder is not None:  # before hours of training, and not after them
            require_savable(run, self._tokenizer)
            require_writable("a folder", self._folder)

    def _check_vocabulary(self) -> None:
        """Refuse ids or a model of other characters than the tokenizer's."""
        model, V = self.run.model, self._tokenizer.vocab_size
        for name, ids in zip(("train_data", "val_data"), self._data, strict=True):
            token_ids(name, ids, V)
        ids = self._data[0][None, : model.block_size]
        is_known = isinstance(model, GPT) and model.config.vocab_size != V
        found = model.config.vocab_size if is_known else scores_of(model, ids).shape[-1]
        if found != V:
            raise problem(
                f"a model of the {V} characters of the tokenizer",
                f"one of {found}",
                "Pass the tokenizer of the text that the model learns.",
            )

    # --- one piece of work

    def _piece(self) -> bool:
        """Make an evaluation, a step, a character or a save; tell whether there is more to do."""
        run = self.run
        if self._writing is not None:
            self._write()
        elif run.curve and run.curve[-1].step == run.step and not self._is_kept(run.step):
            if self._sample and run.step not in self._texts:
                self._begin_to_write()
            else:
                self._save()
        elif run.is_done:
            return False
        else:
            self._advance()
        return True

    def _advance(self) -> None:
        due = self.run.is_due  # an evaluation can be cut short, and is then made again; a step cannot
        hook = self.run.model.register_forward_pre_hook(self._turns.check) if due else None
        try:
            advance(self.run, *self._data)
        finally:
            if hook is not None:
                hook.remove()

    def _is_kept(self, step: int) -> bool:
        """Tell whether this evaluation has its sample and its save."""
        written = self._sample is None or step in self._texts
        return written and (self._folder is None or self._saved == step)

    def _begin_to_write(self) -> None:
        self._writing = (self.run.step, [], self._sample_tokens())

    def _sample_tokens(self) -> Iterator[torch.Tensor]:
        ids = torch.tensor([self._reading.ids], device=next(self.run.model.parameters()).device)
        return stream(
            self.run.model,
            ids,
            self._sample.length,
            temperature=self._sample.temperature,
            generator=torch.Generator().manual_seed(int(self._sample.seed)),
        )

    def _write(self) -> None:
        """Write one more character; what was begun is thrown away where somebody has trained on meanwhile."""
        step, chars, tokens = self._writing
        with one_thread():
            token = next(tokens, None) if step == self.run.step else None
        if token is not None:
            chars.append(self._tokenizer.decode(token[0].tolist()))
            return
        self._writing = None
        if step == self.run.step:
            self._texts[step] = "".join(chars)

    def _write_all(self) -> None:
        self._begin_to_write()
        while self._writing is not None:
            self._write()

    # --- the folder

    def _found(self) -> str:
        """Go on from what the folder holds, where that is further; say so."""
        saved, run = self._saved_run(), self.run
        if saved is None or saved.run.step <= run.step:
            return ""
        _put(run, _state_of(saved.resume()))
        self._saved = run.step
        self._texts = self._read_samples()
        return f"Goes on from step {run.step:,}, as it was saved in {self._folder.name}."

    def _saved_run(self) -> Checkpoint | None:
        """Return what the folder holds; refused where it is another run, which must not be written over."""
        if self._folder is None or not (kept := kept_in(self._folder)):
            return None
        if not (self._folder / CARD).exists():
            raise problem(
                f"a folder that is empty or holds a checkpoint, {self._folder.name!r}",
                f"one that holds {kept}",
                f"Put its {CARD} back, or give another folder.",
            )
        saved = load_checkpoint(self._folder, self._tokenizer)
        there, here = (
            {**vars(run.model.config), **vars(run.config), "generator": run.generator is not None}
            for run in (saved.run, self.run)
        )
        if odd := [f"{name}={there.get(name)!r}" for name in here if there.get(name) != here[name]]:
            raise problem(
                f"a folder that is empty or holds this run, {self._folder.name!r}",
                f"one that holds a run with {', '.join(odd)}",
                "Give another folder, or the settings of the run that lies there.",
            )
        return saved

    def _read_samples(self) -> dict[int, str]:
        path = self._folder / SAMPLES
        if not path.exists():
            return {}
        try:
            pairs = read_json(path)
            return {int(step): str(text) for step, text in pairs if step <= self.run.step}
        except (ValueError, TypeError) as error:
            raise problem(
                f"{SAMPLES} with pairs of step and text", f"a damaged file ({error})", "Remove this file."
            ) from error

    def _save(self) -> None:
        """Save, the samples first: a checkpoint that lies there is never without those of its own steps."""
        if self._folder is None:
            return
        if self._saved is None:
            self._saved_run()
        self._folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(sorted(self._texts.items()), ensure_ascii=False, indent=0)
        write_atomically(self._folder / SAMPLES, content.encode("utf-8"))
        save_checkpoint(self._folder, self.run, self._tokenizer)
        self._saved = self.run.step

    # --- what the browser asks

    def _do_train(self, _: dict) -> None:
        self.train()
        self._tell()

    def _do_stop(self, _: dict) -> None:
        self.stop()

    def _do_again(self, _: dict) -> None:
        self.start_again()
        self._tell()

    def _refused(self, _: dict, error: ValueError) -> None:
        self._message = str(error)
        self._tell()

    def _stop_others(self) -> None:
        """Stop older dashboards: a run, and a folder, belong to the newest of those that train them."""
        for other in list(_ALL):
            shared = other.run is self.run or (self._folder is not None and other._folder == self._folder)
            if shared and other is not self:
                other.stop()

    def train(self) -> None:
        """Train, as the button does: it begins as soon as the cell that runs has ended.

        Raises:  ValueError: there is no kernel.
        """
        if self._turns.is_running or (self.run.is_done and self._is_kept(self.run.step)):
            return
        self._stop_others()
        self._turns.start()
        self._message, self.error, self._begun = "", None, True

    def stop(self) -> None:
        """Stop, as the button does, after the step that is being made."""
        if self._turns.is_running:
            self._turns.stop()

    def start_again(self) -> None:
        """Put the run back to where it was when the dashboard got it; a save lies there until the next one.

        Raises:  ValueError: it trains at this moment.
        """
        if self._turns.is_running:
            raise problem("a training run at rest", "one that runs", "Stop it first.")
        _put(self.run, self._start)
        self._texts, self._writing, self._saved, self.error, self._begun = {}, None, None, None, False
        self._message = f"Back at step {self.run.step:,}: press Train."

    # --- what the browser is told

    def _ended(self, why: str | Exception) -> None:
        step = f"step {self.run.step:,}"
        if isinstance(why, Exception):
            self.error, self._writing = why, None
            self._message = f"It stopped before {step} with this message: {error_in_words(why)}"
        else:
            lost = "Nothing is lost: Continue goes on from exactly here."
            self._message = {
                STOPPED: f"Stopped before {step}. {lost}",
                INTERRUPTED: f"Stopped before {step} by the kernel's interrupt. {lost}",
                UNWATCHED: f"Stopped before {step}, since no browser was watching. {lost}",
                DONE: f"All {self.run.step:,} steps are made.",
            }[why]
        if self._saved != self.run.step:
            try:
                self._save()
            except Exception as error:  # told in the widget, whatever it is: nothing else would show it
                told = error_in_words(error)
                self._message += "" if told in self._message else f" It could not be saved: {told}"
        self._tell()

    @property
    def state(self) -> str:
        """Return "new", "training", "stopped", "failed" or "done"."""
        if self._turns.is_running:
            return "training"
        if self.error is not None:
            return "failed"
        if self.run.is_done:
            return "done"
        return "stopped" if self._begun or self.run.step or self.run.curve else "new"

    def _tell(self) -> None:
        """Tell the browser all that has changed, in one message."""
        with self.hold_sync():
            for name, value in self._told().items():
                setattr(self, name, value)

    def _told(self) -> dict[str, object]:
        self._serial += 1
        run = self.run
        return {
            "curve": [
                [r.step, _drawn(r.train_loss), _drawn(r.val_loss), evaluation_in_words(r, self._baselines)]
                for r in run.curve
            ],
            "samples": sorted([step, text] for step, text in self._texts.items()),
            "now": {
                "serial": self._serial,
                "state": self.state,
                "step": run.step,
                "rate": progress_of(run).rate,
                "words": self._words(),
                "facts": self._facts(),
            },
        }

    def _words(self) -> str:
        of = f"{self.run.step:,} of {self.run.config.max_iters:,} steps"
        if self.state == "training":
            return f"Training: {of}."
        if self._message:
            return self._message
        told = {"new": "Not trained yet: press Train.", "done": f"All {of.split(' of ')[1]} are made."}
        return told.get(self.state, f"Stopped at {of}: Continue goes on from here.")

    def _facts(self) -> list[list[str]]:
        p = progress_of(self.run)
        share = p.read / len(learned_from(self.run, self._data[0]))
        speed = "–" if p.per_second is None else f"{float(f'{p.per_second:.2g}'):,.0f}"
        return [
            ["step", f"{p.step:,} of {p.of:,}"],
            ["learning rate", f"{p.rate:.3g}"],
            ["characters read", f"{p.read:,}" + (f" ({share:.2f} × the text)" if p.read else "")],
            ["characters per second", speed],
            ["time so far", clock(p.seconds)],
            [
                "time to go",
                clock(p.to_go) if p.to_go is None or self.run.is_done else f"about {clock(p.to_go)}",
            ],
        ]

    # --- without a browser

    def __repr__(self) -> str:
        of = f"{self.run.step:,} of {self.run.config.max_iters:,} steps"
        if self.state == "new":
            return f"TrainingDashboard: not trained yet, {of}"
        told = f"TrainingDashboard: {self.state}, {of}"
        if not self.run.curve:
            return told
        last = self.run.curve[-1]
        losses = f"training {_loss(last.train_loss)}, validation {_loss(last.val_loss)}"
        return f"{told}; at step {last.step:,}: {losses}"

    def static_html(self) -> str:
        """Return the state, the baselines, the evaluations, and what the model wrote after some of them."""
        curve, texts = _spread(self.run.curve, ROWS), _spread(sorted(self._texts.items()), TEXTS)
        parts = [f"<p><b>{html_text(self._words())}</b></p>"]
        if self._baselines:
            levels = ", ".join(f"{name} {number(loss, 2)}" for name, loss in self._baselines.items())
            parts.append(f"<p>Levels to beat, in nats per character: {html_text(levels)}.</p>")
        if curve:
            parts.append(f"<p>{html_text(evaluation_in_words(curve[-1], self._baselines))}</p>")
            parts.append(
                html_table(
                    [[_loss(record.train_loss), _loss(record.val_loss)] for record in curve],
                    head=["training", "validation"],
                    side=[f"step {record.step:,}" for record in curve],
                    caption="Losses in nats per character, estimated before these steps",
                )
            )
        start = html_text(readable(self._reading.text[-START_SHOWN:])) if self._sample else ""
        for step, text in texts:
            parts.append(
                f"<p>At step {step:,} it wrote:</p><pre><b>{start}</b>{html_text(readable(text))}</pre>"
            )
        return "".join(parts)


_ALL: WeakSet[TrainingDashboard] = WeakSet()


def _spread(items: list, most: int) -> list:
    """Return at most so many of them, evenly spaced, the first and the last among them."""
    if len(items) <= most:
        return items
    return [items[round(at * (len(items) - 1) / (most - 1))] for at in range(most)]


def _state_of(run: TrainingRun) -> dict[str, object]:
    """Return a copy of all that a training run changes."""
    stream_state = torch.get_rng_state() if run.generator is None else run.generator.get_state()
    return {
        "model": copy.deepcopy(run.model.state_dict()),
        "optimizer": copy.deepcopy(run.optimizer.state_dict()),
        "stream": stream_state,
        "step": run.step,
        "seconds": run.seconds,
        "curve": list(run.curve),
    }


def _put(run: TrainingRun, state: dict[str, object]) -> None:
    """Put such a state into the run, whose objects stay the same."""
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
    if run.generator is None:
        torch.set_rng_state(state["stream"])
    else:
        run.generator.set_state(state["stream"])
    run.step, run.seconds, run.curve = state["step"], state["seconds"], list(state["curve"])
