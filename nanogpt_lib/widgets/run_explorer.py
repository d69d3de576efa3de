"""All recorded training runs in one table: overlay them, read them at equal cost, predict, and run your own.

`run_summaries` and `verdict` are the whole mathematics. Everything recorded is computed once, when the
widget is made; run_explorer.js only picks and reads off lines, so it answers at once, also without a kernel.

Taught in: experiments.
"""

import functools
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, stdev
from typing import ClassVar, NamedTuple

import torch
import traitlets

from nanogpt_lib.checks import one_of, problem
from nanogpt_lib.data import load_text
from nanogpt_lib.kinds import items_of, not_negative, path_of
from nanogpt_lib.kit.statistics import T95, half_width
from nanogpt_lib.kit.turns import DONE, UNWATCHED, Turns
from nanogpt_lib.kit.widget import html_table, html_text, number
from nanogpt_lib.kit.worker import Worker, error_in_words
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.recorded.experiments import experiments
from nanogpt_lib.recorded.runs import RUNS, RecordedRun, load_runs
from nanogpt_lib.widgets.own_run import FIELDS, MOST_SECONDS, OwnRun

VIEWS = {"compare": "Compare", "predict": "Predict the winner", "run": "Run your own"}
AXES = {"steps": "steps", "characters": "characters read", "seconds": "seconds of training"}
DRAW = "a draw"  # the answer that no variant wins
YOURS = "yours"
MOST_TICKED = 12
COLUMNS = [
    "experiment",
    "variant",
    "what differs",
    "seeds",
    "loss, whole split",
    "characters",
    "minutes",
    "parameters",
]
_SAME = ("eval_interval", "eval_iters", "seed", "attention")  # change when it is evaluated, or how fast it is


class RunSummary(NamedTuple):
    """All that is recorded of one variant; S evaluations of each seed, losses in nats per character.

    experiment, variant, differs: which one, and what sets it apart.   seeds: which seeds.
    steps: (S,) when it was evaluated.   per_step: characters read in a step.
    train, val, seconds: one list (S,) per seed; seconds since its start.
    ends: each seed's loss on the whole validation split.   characters: read in all.
    minutes: mean over the seeds.   parameters: how many numbers it learns.

    Taught in: experiments.
    """

    experiment: str
    variant: str
    differs: str
    seeds: list[int]
    steps: list[int]
    per_step: int
    train: list[list[float]]
    val: list[list[float]]
    seconds: list[list[float]]
    ends: list[float]
    characters: int
    minutes: float
    parameters: int

    @property
    def key(self) -> str:
        """Return the name by which it is ticked."""
        return self.variant if self.experiment == YOURS else f"{self.experiment}: {self.variant}"

    @property
    def loss(self) -> str:
        """Return the mean on the whole validation split, with the standard deviation of the seeds."""
        return _with_deviation(self.ends)


def _with_deviation(values: list[float]) -> str:
    return number(fmean(values)) + (f" ± {number(stdev(values))}" if len(values) > 1 else "")


def run_summaries(runs: list[RecordedRun]) -> list[RunSummary]:
    """Return one summary for each variant of an experiment.

    Args:    runs: those of one experiment, as `load_runs` gives them.
    Returns: the variants in the order in which they come.
    Raises:  ValueError: the seeds of a variant were not evaluated at the same steps.
    Example:
        >>> [(one.variant, one.differs, one.loss) for one in run_summaries(load_runs("depth"))][1]
        ('4 blocks', 'n_layer=4', '2.101 ± 0.003')

    Taught in: experiments.
    """
    variants = {run.variant: [other for other in runs if other.variant == run.variant] for run in runs}
    first = {name: same[0] for name, same in variants.items()}
    return [_summary(same, _differs(first, name)) for name, same in variants.items()]


def _summary(runs: list[RecordedRun], differs: str) -> RunSummary:
    first = runs[0]
    steps = [record.step for record in first.curve]
    for run in runs:
        if (found := [record.step for record in run.curve]) != steps:
            raise problem(
                f"all seeds of {run.variant!r} evaluated at the same {len(steps)} steps",
                f"seed {run.seed}: {len(found)} steps up to {found[-1]}",
                "Record them with the same settings.",
            )
    per_step = first.train.batch_size * first.model.block_size
    read = first.train.max_iters if first.experiment != YOURS else steps[-1]
    return RunSummary(
        experiment=first.experiment,
        variant=first.variant,
        differs=differs,
        seeds=[run.seed for run in runs],
        steps=steps,
        per_step=per_step,
        train=[[round(record.train_loss, 4) for record in run.curve] for run in runs],
        val=[[round(record.val_loss, 4) for record in run.curve] for run in runs],
        seconds=[[round(record.seconds, 1) for record in run.curve] for run in runs],
        ends=[run.val_loss for run in runs],
        characters=read * per_step,
        minutes=fmean(run.minutes for run in runs),
        parameters=_parameters(first.model),
    )


@functools.cache
def _parameters(config: GPTConfig) -> int:
    with torch.device("meta"):  # no memory, no random numbers
        return GPT(config).parameter_count()


def _differs(variants: dict[str, RecordedRun], name: str) -> str:
    """Return the settings that set a variant apart: its factor, or what differs from the first."""
    chosen = experiments()[variants[name].experiment]
    settings = {one: asdict(run.model) | asdict(run.train) for one, run in variants.items()}
    mine, base = settings[name], next(iter(settings.values()))
    if chosen.factor:
        fields = [chosen.factor, *chosen.along]
    elif len(variants) == 1:
        fields = ["block_size", "n_embd", "n_head", "n_layer", "batch_size", "max_iters", "learning_rate"]
    else:
        fields = [field for field in mine if mine[field] != base[field]]
    told = [f"{field}={_setting(mine[field])}" for field in fields if field not in _SAME]
    return ", ".join(told) or "the others begin from it"


def _setting(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)


# --- who wins -------------------------------------------------------------------------------------


def gaps_between(
    worse: list[float], better: list[float], worse_seeds: list[int], better_seeds: list[int]
) -> list[float]:
    """Return how much higher one variant's losses lie than another's, each seed with itself."""
    other = dict(zip(better_seeds, better, strict=True))
    pairs = zip(worse_seeds, worse, strict=True)
    return [loss - other[seed] for seed, loss in pairs if seed in other]


def gap_in_words(gaps: list[float], apart: float) -> str:
    """Tell whether a difference is more than noise, and why: as `sort_claims` in the exercises decides it.

    Args:    gaps: difference seed by seed, empty or one where it cannot be told.   apart: that of the means.
    Example:
        >>> gap_in_words([0.0318, 0.0196, 0.0223], 0.0246)
        '0.025 apart; seed by seed that varies by 0.006, so luck alone makes up to 0.016: more than noise'
        >>> gap_in_words([0.01], 0.01)
        '0.010 apart; fewer than two seeds in common, so nobody knows what is luck'

    Source:  Student (1908), paired by seed.   Taught in: experiments.
    """
    if len(gaps) < 2:
        return f"{number(apart)} apart; fewer than two seeds in common, so nobody knows what is luck"
    if not any(gaps):
        return "the very same losses with every seed"
    half = half_width(gaps)
    told = "more than noise" if abs(fmean(gaps)) > half else "within the noise"
    return (
        f"{number(apart)} apart; seed by seed that varies by {number(stdev(gaps))}, "
        f"so luck alone makes up to {number(half)}: {told}"
    )


class Verdict(NamedTuple):
    """Who wins among variants: the lowest loss on the whole validation split, if that is not luck.

    order: the variants, lowest first.   words: for all but the first, how far behind, and is it noise.
    drawn: the first, and those whose distance to it is within the noise.   known: whether seeds tell.

    Taught in: experiments.
    """

    order: list[str]
    words: list[str]
    drawn: list[str]
    known: bool

    @property
    def answer(self) -> str:
        """Return the right guess: a variant, or that it is a draw."""
        return self.order[0] if len(self.drawn) == 1 else DRAW

    def in_words(self) -> str:
        """Return one or two sentences."""
        first = self.order[0]
        if len(self.drawn) > 1:
            *names, last = self.drawn[1:]
            others = f"{', '.join(names)} and {last} lie" if names else f"{last} lies"
            return (
                f"There is no winner: a draw. {first} is lowest, but {others} so near that luck could do it. "
                "That does not make them equal: these seeds cannot tell."
            )
        if not self.known:
            return f"{first} is lowest; {self.order[1]} is {self.words[0]}: a second seed might disagree."
        return f"The winner is {first}; {self.order[1]} is {self.words[0]}."


def verdict(summaries: list[RunSummary]) -> Verdict:
    """Tell who wins an experiment, or that nobody does.

    Args:    summaries: two variants or more, as `run_summaries` gives them.
    Example:
        >>> found = verdict(run_summaries(load_runs("depth")))
        >>> found.order, found.answer
        (['8 blocks', '4 blocks', '1 block'], '8 blocks')

    Taught in: experiments.
    """
    ranked = sorted(summaries, key=lambda one: fmean(one.ends))
    first, *others = ranked
    gaps = [gaps_between(one.ends, first.ends, one.seeds, first.seeds) for one in others]
    apart = [fmean(one.ends) - fmean(first.ends) for one in others]
    known = all(len(one) > 1 for one in gaps)
    near = [
        one.variant
        for one, gap in zip(others, gaps, strict=True)
        if len(gap) > 1 and fmean(gap) <= half_width(gap)
    ]
    return Verdict(
        order=[one.variant for one in ranked],
        words=[gap_in_words(gap, distance) for gap, distance in zip(gaps, apart, strict=True)],
        drawn=[first.variant, *near],
        known=known,
    )


# --- reading curves at equal cost -----------------------------------------------------------------


def places(one: RunSummary, axis: str) -> list[list[float]]:
    """Return where a variant was evaluated on this axis, a list for each seed."""
    if axis == "seconds":
        return one.seconds
    return [[step * (one.per_step if axis == "characters" else 1) for step in one.steps]] * len(one.seeds)


def read_at(one: RunSummary, axis: str, at: float) -> list[float] | None:
    """Return each seed's validation loss at a place, on the straight line between two evaluations.

    Args:    axis: "steps", "characters" or "seconds".   at: where, in these units.
    Returns: one loss per seed; None where a seed has ended, or was not evaluated yet.
    Example:
        >>> read_at(run_summaries(load_runs("depth"))[0], "steps", 1_000) is None
        True

    Taught in: experiments.
    """
    found = []
    for where, losses in zip(places(one, axis), one.val, strict=True):
        if not where[0] <= at <= where[-1]:
            return None
        right = next(place for place, x in enumerate(where) if x >= at)
        left = max(0, right - 1)
        share = (at - where[left]) / (where[right] - where[left]) if where[right] > where[left] else 0.0
        found.append(losses[left] + share * (losses[right] - losses[left]))
    return found


def common_end(summaries: list[RunSummary], axis: str) -> float:
    """Return the last place at which all of these can be read."""
    return min((where[-1] for one in summaries for where in places(one, axis)), default=0.0)


def place_in_words(axis: str, at: float) -> str:
    """Return a place as the widget says it.

    Example:
        >>> place_in_words("characters", 511488.0), place_in_words("seconds", 12.34)
        ('511,488 characters', '12.3 seconds')

    Taught in: experiments.
    """
    return f"{at:.1f} seconds" if axis == "seconds" else f"{at:,.0f} {axis}"


def same_setting_took(runs: list[RecordedRun]) -> str:
    """Say how differently long the same training run took; nothing where none was recorded twice."""
    times: dict[tuple, list[float]] = {}
    for run in runs:
        times.setdefault((run.model, run.train), []).append(run.minutes)
    again = max(times.values(), key=lambda minutes: max(minutes) / min(minutes))
    if len(again) < 2:
        return ""
    return (
        f" The very same training run, recorded {len(again)} times, took {number(min(again), 1)} to "
        f"{number(max(again), 1)} minutes: it was not always alone on its machine."
    )


# --- the widget -----------------------------------------------------------------------------------


class RunExplorer(Worker):
    """Every recorded training run in a table, their curves together, a game of guessing, and your own.

    Args:    names: which experiments; None is all of them.
             view: what is open at first, "compare", "predict" or "run".
             ticked: the curves shown at first, as "heads: 4 heads"; None is those of the first experiment.
             axis: "steps", "characters" or "seconds".   at: where the curves are read; None is the last
             place that all of them reach.   question: the experiment to predict first.
             folder: where the records lie.
    Raises:  ValueError: no such experiment, curve or axis; or a record is missing.
    Example:
        >>> explorer = RunExplorer(["depth", "norm"], ticked=["depth: 1 block", "depth: 8 blocks"])
        >>> explorer
        RunExplorer: 6 variants of 2 experiments; at 999 steps depth: 8 blocks 2.071, depth: 1 block 2.210

    Taught in: experiments.
    """

    name: ClassVar[str] = "run_explorer"

    view = traitlets.Unicode("compare").tag(sync=True)
    ticked = traitlets.List(traitlets.Unicode()).tag(sync=True)
    axis = traitlets.Unicode("steps").tag(sync=True)
    at = traitlets.Float(None, allow_none=True).tag(sync=True)  # None: the last place that all reach
    training = traitlets.Bool(False).tag(sync=True)  # whether the training loss is drawn too
    only = traitlets.Unicode("").tag(sync=True)  # the experiment that the table is narrowed to
    search = traitlets.Unicode("").tag(sync=True)
    sort = traitlets.List([-1, False]).tag(sync=True)  # column and whether downwards; -1 as recorded
    question = traitlets.Unicode("").tag(sync=True)
    guess = traitlets.Unicode("").tag(sync=True)
    tried = traitlets.Dict().tag(sync=True)  # experiment to the guess that was revealed
    fields = traitlets.Dict().tag(sync=True)
    own = traitlets.List().tag(sync=True)  # rows of the learner's own runs
    now = traitlets.Dict().tag(sync=True)  # the learner's own run that is under way, in words and as a curve
    layout_of = traitlets.Dict().tag(sync=True)  # names and sentences that never change
    rows = traitlets.List().tag(sync=True)  # of each variant what is shown and drawn
    questions = traitlets.Dict().tag(sync=True)  # experiment to its verdict

    def __init__(
        self,
        names: list[str] | None = None,
        *,
        view: str = "compare",
        ticked: list[str] | None = None,
        axis: str = "steps",
        at: float | None = None,
        question: str | None = None,
        folder: Path = RUNS,
    ) -> None:
        names = list(experiments()) if names is None else items_of("names", names)
        if not names:
            raise problem("one or more experiments", "none", "Leave names out to see all of them.")
        folder = path_of("folder", folder)
        at = None if at is None else not_negative("at", at)
        runs = {name: load_runs(name, folder) for name in names}
        summaries = {name: run_summaries(runs[name]) for name in names}
        self._known = {one.key: one for each in summaries.values() for one in each}
        self._verdicts = {name: verdict(each) for name, each in summaries.items() if len(each) > 1}
        self._run: OwnRun | None = None  # under way
        self._reports = 0
        self._turns = Turns(lambda: self._run.go_on(), self._tell, self._ended)
        first = [one.key for one in summaries[names[0]][:MOST_TICKED]]
        super().__init__(
            view=view,
            ticked=first if ticked is None else ticked,
            axis=axis,
            at=at,
            question=next(iter(self._verdicts), "") if question is None else question,
            fields=dict(FIELDS),
            now=self._told(""),
            layout_of={
                "experiments": names,
                "views": [list(pair) for pair in VIEWS.items()],
                "axes": [list(pair) for pair in AXES.items()],
                "columns": COLUMNS,
                "t95": [T95[degrees] for degrees in sorted(T95)],
                "draw": DRAW,
                "yours": YOURS,
                "most": MOST_TICKED,
                "most_seconds": MOST_SECONDS,
                "hint": _HINT,
                "took": _TIMES + same_setting_took([run for each in runs.values() for run in each]),
            },
            rows=[_row(one) for one in self._known.values()],
            questions={name: self._question(name) for name in self._verdicts},
        )
        self._work_in(self._turns)

    def _question(self, name: str) -> dict:
        found = self._verdicts[name]
        return {
            "order": found.order,
            "words": found.words,
            "drawn": found.drawn,
            "answer": found.answer,
            "told": found.in_words(),
        }

    # --- what may be set

    @traitlets.validate("view")
    def _view(self, proposal: dict) -> str:
        return one_of("view", proposal["value"], VIEWS)

    @traitlets.validate("axis")
    def _axis(self, proposal: dict) -> str:
        return one_of("axis", proposal["value"], AXES)

    @traitlets.validate("ticked")
    def _ticked(self, proposal: dict) -> list[str]:
        known = [*self._known, *(row["key"] for row in self.own)]
        chosen = list(dict.fromkeys(one_of("a curve", key, known) for key in proposal["value"]))
        if len(chosen) > MOST_TICKED:
            raise problem(f"at most {MOST_TICKED} curves", f"{len(chosen)}", "Untick some.")
        return chosen

    @traitlets.validate("question")
    def _question_is_known(self, proposal: dict) -> str:
        value = proposal["value"]
        return one_of("question", value, self._verdicts) if value or self._verdicts else value

    @traitlets.validate("guess")
    def _guess(self, proposal: dict) -> str:
        known = [*self._verdicts[self.question].order, DRAW] if self._verdicts else []
        return proposal["value"] and one_of("guess", proposal["value"], known)

    @property
    def score(self) -> tuple[int, int]:
        """Return how many guesses were right, and how many were made."""
        right = [guess == self._verdicts[name].answer for name, guess in self.tried.items()]
        return sum(right), len(right)

    def shown(self) -> list[RunSummary]:
        """Return the ticked curves."""
        return [self._known[key] for key in self.ticked]

    # --- the learner's own run: in turns with the cells

    def _do_train(self, asked: dict) -> None:
        """Begin a new run, where none is under way."""
        if self._turns.is_running:
            return
        self._run = OwnRun(asked["fields"], load_text())
        self._turns.start()
        self._tell()

    def _do_stop(self, _: dict) -> None:
        if self._run is not None and not self._run.was_stopped:
            self._turns.stop()

    def _refused(self, _: dict, error: ValueError) -> None:
        self._give_up(str(error))

    def _ended(self, why: str | Exception) -> None:
        """End it; after Stop and a first interrupt, what was learned so far is still to be measured."""
        run = self._run
        if isinstance(why, Exception):
            self._give_up(error_in_words(why))
        elif why == DONE:
            self._add()
        elif why == UNWATCHED:
            self._give_up(f"Given up at step {run.step}, since no browser was watching.")
        elif run.was_stopped:
            self._give_up(f"Given up at step {run.step} by the kernel's interrupt.")
        else:
            run.stop()
            self._turns.start()
            self._tell()

    def _give_up(self, words: str) -> None:
        self._run = None
        self.now = self._told(words)

    def _tell(self) -> None:
        self.now = self._told(self._under_way())

    def _told(self, words: str) -> dict:
        """Return what the browser is told of the run under way; no two reports are equal."""
        self._reports += 1
        told = {"report": self._reports, "words": words, "is_running": self._run is not None}
        if self._run is None:
            return told
        run = self._run
        curve = [
            [one.step, round(one.train_loss, 4), round(one.val_loss, 4), round(one.seconds, 1)]
            for one in run.curve
        ]
        per_step = run.train_config.batch_size * run.model_config.block_size
        share = min(1.0, run.seconds / run.budget)
        return told | {"stopped": run.was_stopped, "share": share, "curve": curve, "per_step": per_step}

    def _under_way(self) -> str:
        run = self._run
        now = f"step {run.step}, {place_in_words('seconds', run.seconds)}"
        if run.curve:
            now += f", validation {number(run.curve[-1].val_loss)}"
        if run.phase == "measuring":
            return f"Measuring on the whole validation split ({now})."
        return f"{'Stopping' if run.was_stopped else 'Training'}: {now}."

    def _add(self) -> None:
        """Add the finished run as one more row, ticked."""
        run, self._run = self._run, None
        many = len(self.own) + 1
        recorded = RecordedRun(
            experiment=YOURS,
            variant=f"yours {many}",
            seed=run.train_config.seed,
            model=run.model_config,
            train=run.train_config,
            curve=run.curve,
            val_loss=run.val_loss,
            minutes=run.seconds / 60,
            machine="",
            versions={},
            text_sha256="",
        )
        one = _summary([recorded], _own_differs(recorded) + (" (stopped)" if run.was_stopped else ""))
        self._known[one.key] = one
        taken = place_in_words("seconds", one.seconds[0][-1])
        with self.hold_sync():
            self.own = [*self.own, _row(one)]
            self.ticked = [*self.ticked[: MOST_TICKED - 1], one.key]
            self.now = self._told(
                f"Done: {one.key} has loss {one.loss} on the whole validation split after {taken}, "
                f"{place_in_words('characters', one.characters)}. One seed: no standard deviation."
            )

    # --- without a browser

    def _reading(self) -> tuple[float, list[tuple[RunSummary, list[float]]], list[RunSummary]]:
        """Return where the ticked curves are read, what they say, lowest first, and which say nothing."""
        shown = self.shown()
        at = common_end(shown, self.axis) if self.at is None else self.at
        read = [(one, read_at(one, self.axis, at)) for one in shown]
        there = sorted(((one, losses) for one, losses in read if losses), key=lambda pair: fmean(pair[1]))
        return at, there, [one for one, losses in read if losses is None]

    def __repr__(self) -> str:
        many = len({one.experiment for one in self._known.values()})
        if self.view == "predict":
            right, tried = self.score
            return f"RunExplorer: who wins {self.question!r}? {right} of {tried} guesses right so far"
        at, there, away = self._reading()
        told = [f"{one.key} {number(fmean(losses))}" for one, losses in there]
        told += [f"{one.key} {_why_not(one, self.axis, at)[0]}" for one in away]
        return (
            f"RunExplorer: {len(self._known)} variants of {many} experiments; at "
            f"{place_in_words(self.axis, at)} {', '.join(told) or 'nothing ticked'}"
        )

    def static_html(self) -> str:
        """Return the question and, folded, its answer; or the reading of the ticked curves, and all runs."""
        if self.view == "predict" and self.question:
            return self._static_question()
        at, there, away = self._reading()
        rows = []
        for one, losses in there:
            best, lowest = there[0]
            gaps = gaps_between(losses, lowest, one.seeds, best.seeds)
            apart = fmean(losses) - fmean(lowest)
            rows.append([_with_deviation(losses), "lowest" if one is best else gap_in_words(gaps, apart)])
        where = place_in_words(self.axis, at)
        return (
            html_table(
                [*rows, *(_why_not(one, self.axis, at) for one in away)],
                head=["validation loss", "behind the lowest"],
                side=[one.key for one in [*(one for one, _ in there), *away]],
                caption=f"The ticked curves at {where}, means over the seeds, in nats per character",
            )
            + f"<p>{html_text(self.layout_of['took'])}</p>"
            + html_table(
                [row["cells"][1:] for row in [*self.rows, *self.own]],
                head=COLUMNS[1:],
                side=[row["cells"][0] for row in [*self.rows, *self.own]],
                caption="All runs; losses on the whole validation split, mean ± standard deviation",
            )
        )

    def _static_question(self) -> str:
        found = self._verdicts[self.question]
        of = {one.variant: one for one in self._known.values() if one.experiment == self.question}
        return (
            html_table(
                [[one.differs, f"{one.characters:,}", f"{one.parameters:,}"] for one in of.values()],
                head=["what differs", "characters read", "parameters"],
                side=list(of),
                caption=f"{self.question}: which has the lowest loss on the whole validation split?",
            )
            + f"<details><summary>Answer</summary><p>{html_text(found.in_words())}</p>"
            + html_table(
                [
                    [of[name].loss, words]
                    for name, words in zip(found.order, ["lowest", *found.words], strict=True)
                ],
                head=["loss, whole split", "behind the lowest"],
                side=found.order,
            )
            + "</details>"
        )


def _why_not(one: RunSummary, axis: str, at: float) -> list[str]:
    """Return what stands in place of a loss and of the words beside it."""
    end = common_end([one], axis)
    return ["ended", f"ended at {place_in_words(axis, end)}"] if at > end else ["not evaluated yet", ""]


_HINT = (
    "Thin lines are single seeds, thick ones their mean. Curves are evaluated on random batches, in "
    "evaluation mode, and read on the straight line between two evaluations; the table was measured on the "
    "whole validation split after the last step. Noise is decided as in the exercises: seed by seed, at 95 %."
)
_TIMES = "Seconds are those of the machine at the time, evaluations included."


def _row(one: RunSummary) -> dict:
    """Return a variant as the browser gets it."""
    spent = number(one.minutes, 2)
    counts = [str(len(one.seeds)), one.loss, f"{one.characters:,}", spent, f"{one.parameters:,}"]
    ranks = [len(one.seeds), round(fmean(one.ends), 6), one.characters, round(one.minutes, 3), one.parameters]
    return {
        "key": one.key,
        "experiment": one.experiment,
        "variant": one.variant,
        "cells": [one.experiment, one.variant, one.differs, *counts],
        "ranks": ranks,  # what the last columns are sorted by
        "seeds": one.seeds,
        "steps": one.steps,
        "per_step": one.per_step,
        "train": one.train,
        "val": one.val,
        "seconds": one.seconds,
    }


def _own_differs(run: RecordedRun) -> str:
    """Return in which of the fields a run of one's own is not as they were at first."""
    settings = asdict(run.model) | asdict(run.train)
    told = [
        f"{field}={_setting(settings[field])}"
        for field, first in FIELDS.items()
        if field not in ("seconds", "seed") and float(settings[field]) != float(first)
    ]
    return ", ".join([*told, f"seed={run.seed}"])
