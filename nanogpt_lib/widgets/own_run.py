"""A learner's own training run, made piece by piece and ended by the clock.

`RunExplorer` makes it in turns with the notebook's cells, so nothing blocks and Stop is at once.

Taught in: experiments.
"""

import functools
import math

import torch

from nanogpt_lib.checks import positive_int, problem
from nanogpt_lib.data import CharTokenizer, train_val_split
from nanogpt_lib.evaluation import evaluate_split
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.process import one_thread
from nanogpt_lib.training_run import Record, TrainConfig, TrainingRun, advance

FIELDS = {
    "learning_rate": "0.001",
    "batch_size": "16",
    "block_size": "32",
    "n_head": "4",
    "n_embd": "64",
    "n_layer": "4",
    "dropout": "0",
    "seed": "1337",
    "seconds": "20",
}
_FRACTIONS = ("learning_rate", "dropout", "seconds")
MOST_SECONDS = 60
HIGHEST_SEED = 2**31 - 1
EVALUATED_ON = 25_600  # characters of each split, as many as most of the recorded runs were evaluated on
EVALUATIONS = 8  # after the first; fewer where an evaluation takes long
MOST_PARAMETERS, MOST_READ, MOST_SCORES = 1_000_000, 8_192, 20_000_000  # so that one step never takes long


def own_settings(fields: dict[str, object], vocab_size: int) -> tuple[GPTConfig, TrainConfig, float]:
    """Return what was typed into the fields, as the library's settings and the seconds to train.

    Attention is the fused one: the same numbers, sooner.

    Args:    fields: one entry for each of FIELDS, a text or a number.   vocab_size: V.
    Returns: model, training (how often to evaluate is for the clock to say), seconds.
    Raises:  ValueError: in the words of GPTConfig and TrainConfig; or more than a laptop does in a minute.
    Example:
        >>> model, training, seconds = own_settings(FIELDS | {"n_head": "2"}, vocab_size=65)
        >>> model.n_head, training.learning_rate, seconds
        (2, 0.001, 20.0)

    Taught in: experiments.
    """
    values = {name: _typed(name, fields[name]) for name in FIELDS}
    if not 1 <= values["seconds"] <= MOST_SECONDS:
        raise problem(
            f"1 to {MOST_SECONDS} seconds", f"seconds={fields['seconds']!r}", "Twenty show the most."
        )
    seed = values["seed"]
    if not isinstance(seed, int) or not 0 <= seed <= HIGHEST_SEED:
        raise problem(f"a seed from 0 to {HIGHEST_SEED:,}", f"seed={seed!r}", "Any will do, 1337 too.")
    sizes = {name: values[name] for name in ("block_size", "n_embd", "n_head", "n_layer", "dropout")}
    model = GPTConfig(vocab_size=vocab_size, attention="fused", **sizes)
    B, T, C = positive_int("batch_size", values["batch_size"]), model.block_size, model.n_embd
    training = TrainConfig(
        batch_size=B,
        max_iters=HIGHEST_SEED,
        learning_rate=values["learning_rate"],
        eval_iters=max(1, EVALUATED_ON // (B * T)),
        seed=seed,
    )
    for found, most, what, remedy in (
        (12 * model.n_layer * C**2 + (2 * vocab_size + T) * C, MOST_PARAMETERS, "parameters", "n_embd"),
        (B * T, MOST_READ, "characters per step (batch_size * block_size)", "batch_size"),
        (model.n_layer * B * model.n_head * T**2, MOST_SCORES, "attention scores per step", "block_size"),
    ):
        if found > most:
            raise problem(
                f"at most {most:,} {what}, for a laptop", f"{found:,}", f"Choose a smaller {remedy}."
            )
    return model, training, values["seconds"]


def _typed(name: str, value: object) -> object:
    """Return the number that was typed; a count that is none stays text, for the library to refuse."""
    try:
        return float(value) if name in _FRACTIONS else int(value)
    except (ValueError, OverflowError):
        if name not in _FRACTIONS:
            return value
        raise problem(f"a number for {name}", f"{value!r}", "Write it like 0.001 or 1e-3.") from None


class _ByTheClock(TrainingRun):
    """A training run that lasts for some seconds, evaluations included, instead of some steps."""

    budget = math.inf  # seconds
    is_stopped = False

    @property
    def _is_evaluated(self) -> bool:
        return bool(self.curve) and self.curve[-1].step == self.step

    @property
    def _is_over(self) -> bool:
        """Tell whether only the last evaluation is left, for which some time is kept."""
        evaluating = self.curve[0].seconds if self.curve else 0.0
        return self.step > 0 and (self.is_stopped or self.seconds + evaluating >= self.budget)

    @property
    def is_done(self) -> bool:
        """Tell whether the time is up, or was cut short, and the last step is evaluated."""
        return self._is_over and self._is_evaluated

    @property
    def is_due(self) -> bool:
        """Tell whether to evaluate now: before the first step, at equal times, and at the end."""
        if self._is_evaluated:
            return False
        if not self.curve or self._is_over:
            return True
        between = max(self.budget / EVALUATIONS, 4 * self.curve[0].seconds)
        return self.seconds - self.curve[-1].seconds >= between


@functools.lru_cache(maxsize=1)
def _prepared(text: str) -> tuple[int, torch.Tensor, torch.Tensor]:
    """Return the size of the vocabulary, and both splits; kept, since it takes about a second."""
    tokenizer = CharTokenizer.from_text(text)
    return tokenizer.vocab_size, *train_val_split(torch.tensor(tokenizer.encode(text)))


class OwnRun:
    """One training run that goes on piece by piece, and is then measured on the whole validation split.

    Args:    fields: what was typed, see FIELDS.   text: to learn from.
    Raises:  ValueError: a setting that the library refuses; while training, a loss that is not finite.
    Example:
        >>> text = "to be or not to be, that is the question. " * 20
        >>> run = OwnRun(FIELDS | {"block_size": 4, "n_embd": 8, "n_layer": 1, "seconds": 1}, text)
        >>> while run.go_on():
        ...     pass
        >>> run.val_loss < run.curve[0].val_loss
        True

    Taught in: experiments.
    """

    def __init__(self, fields: dict[str, object], text: str) -> None:
        vocab_size, self._train_data, self._val_data = _prepared(text)
        self.model_config, self.train_config, budget = own_settings(fields, vocab_size)
        generator = torch.Generator().manual_seed(self.train_config.seed)
        self._run = _ByTheClock(GPT(self.model_config, generator), self.train_config, generator)
        self._run.budget = budget
        self._measured, self._total = 0, 0.0  # blocks of the validation split so far, and their loss
        self.phase = "training"
        self.val_loss: float | None = None

    @property
    def curve(self) -> list[Record]:
        """Return the evaluations so far."""
        return self._run.curve

    @property
    def step(self) -> int:
        """Return the steps so far."""
        return self._run.step

    @property
    def seconds(self) -> float:
        """Return the seconds of training, evaluations included, without what the kernel did in between."""
        return self._run.seconds

    @property
    def budget(self) -> float:
        """Return the seconds that it was given."""
        return self._run.budget

    @property
    def was_stopped(self) -> bool:
        """Tell whether it was ended before its time."""
        return self._run.is_stopped

    def stop(self) -> None:
        """Make no further step; what was learned so far is evaluated and measured."""
        self._run.is_stopped = True

    def go_on(self) -> bool:
        """Make one step or evaluation, or measure one part; tell whether there is more to do."""
        with one_thread():
            (self._train if self.phase == "training" else self._measure)()
        return self.phase != "done"

    def _train(self) -> None:
        record = advance(self._run, self._train_data, self._val_data)
        if record and not math.isfinite(record.train_loss + record.val_loss):
            remedy = "Lower the learning rate and start again."
            raise problem("a finite loss", f"{record.val_loss} at step {record.step}", remedy)
        if self._run.is_done:
            self.phase = "measuring"

    def _measure(self) -> None:
        T = self.model_config.block_size
        blocks = (len(self._val_data) - 1) // T
        upto = min(blocks, self._measured + max(1, MOST_READ // T))
        loss = evaluate_split(self._run.model, self._val_data[self._measured * T : upto * T + 1])
        self._total += loss * (upto - self._measured)
        self._measured = upto
        if self._measured == blocks:
            self.val_loss, self.phase = self._total / blocks, "done"
