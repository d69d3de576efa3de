"""Recorded training runs over one another: variants to tick, training and validation, a step to read them at.

`curve_explorer_state` is the whole mathematics. Everything is computed once, when the widget is made;
curve_explorer.js only picks, so it answers at once, and also where no kernel runs.

Taught in: dropout and experiments.
"""

from statistics import mean, stdev
from typing import ClassVar, NamedTuple

import traitlets

from nanogpt_lib.checks import one_of, problem
from nanogpt_lib.kit.widget import Widget, html_table, html_text, number
from nanogpt_lib.recorded.runs import RecordedRun, load_runs

SPLITS = {"train": "training", "val": "validation"}


class CurveState(NamedTuple):
    """The curves of one variant, in nats per character; S evaluations of each of its runs.

    variant, seeds: which runs.   steps: (S,) when they were evaluated.
    train, val: a list of (S,) losses, one per seed.   train_mean, val_mean: (S,) means over the seeds.
    best: for each seed the place, in steps, of its lowest validation loss.   lowest: their mean loss.
    ends: for each seed the loss after the last step, measured on the whole validation split.

    Taught in: dropout.
    """

    variant: str
    seeds: list[int]
    steps: list[int]
    train: list[list[float]]
    val: list[list[float]]
    train_mean: list[float]
    val_mean: list[float]
    best: list[int]
    lowest: float
    ends: list[float]


def curve_explorer_state(runs: list[RecordedRun]) -> list[CurveState]:
    """Return the curves of each variant, their means over the seeds, and each run's lowest validation loss.

    Args:    runs: recorded runs that were evaluated at the same steps, as `load_runs` gives them.
    Returns: one state per variant, in the order in which the variants come.
    Raises:  ValueError: there is no run, or not all were evaluated at the same steps.
    Example:
        >>> states = curve_explorer_state(load_runs("dropout"))
        >>> {state.variant: round(state.lowest, 3) for state in states}
        {'p = 0': 2.409, 'p = 0.2': 2.375, 'p = 0.5': 2.403}

    Taught in: dropout.
    """
    if not runs:
        raise problem("at least one recorded run", "none", "Choose an experiment that was recorded.")
    steps = [record.step for record in runs[0].curve]
    for run in runs:
        if (found := [record.step for record in run.curve]) != steps:
            raise problem(
                f"all runs evaluated at the same {len(steps)} steps",
                f"{run.variant!r}, seed {run.seed}: {len(found)} steps up to {found[-1]}",
                "Compare runs of one length.",
            )
    return [
        _gathered([run for run in runs if run.variant == variant], steps)
        for variant in dict.fromkeys(run.variant for run in runs)
    ]


def _gathered(runs: list[RecordedRun], steps: list[int]) -> CurveState:
    train = [[record.train_loss for record in run.curve] for run in runs]
    val = [[record.val_loss for record in run.curve] for run in runs]
    return CurveState(
        variant=runs[0].variant,
        seeds=[run.seed for run in runs],
        steps=steps,
        train=train,
        val=val,
        train_mean=[mean(losses) for losses in zip(*train, strict=True)],
        val_mean=[mean(losses) for losses in zip(*val, strict=True)],
        best=[losses.index(min(losses)) for losses in val],
        lowest=mean(min(losses) for losses in val),
        ends=[run.val_loss for run in runs],
    )


def curve_in_words(state: CurveState, at: int) -> str:
    """Return one variant at one evaluation: the gap, and how far validation lies above its lowest.

    Args:    at: the place in `state.steps`.
    Example:
        >>> states = curve_explorer_state(load_runs("dropout"))
        >>> print(curve_in_words(states[0], -1))
        p = 0: gap 2.279, validation 0.761 above its lowest, which is behind it.

    Taught in: dropout.
    """
    at = range(len(state.steps))[at]
    where = (
        "which is still to come"
        if min(state.best) > at
        else "which is behind it"
        if max(state.best) < at
        else "reached about here"
    )
    gap, above = state.val_mean[at] - state.train_mean[at], state.val_mean[at] - state.lowest
    told = "at its lowest" if set(state.best) == {at} else f"{number(above)} above its lowest, {where}"
    return f"{state.variant}: gap {number(gap)}, validation {told}."


def _columns(state: CurveState, at: int) -> list[str]:
    """Return training, validation and gap at this place."""
    train, val = state.train_mean[at], state.val_mean[at]
    return [number(train), number(val), number(val - train)]


def _lasting(state: CurveState) -> list[str]:
    """Return what does not depend on the step: lowest validation, when, and the loss at the end."""
    spread = f" ± {number(stdev(state.ends))}" if len(state.ends) > 1 else ""
    when = ", ".join(str(state.steps[at]) for at in sorted(state.best))
    return [number(state.lowest), when, f"{number(mean(state.ends))}{spread}"]


class CurveExplorer(Widget):
    """Recorded curves of an experiment: tick variants and losses, and read them and their gap at any step.

    Args:    experiment: its name, as `load_runs` knows it.   step: where to read; None is the last.
             variants, splits: what is ticked at first; None is all. Splits are "train" and "val".
    Raises:  ValueError: no such experiment, step, variant or split; or its files are missing.
    Example:
        >>> explorer = CurveExplorer("dropout", step=300, variants=["p = 0"])
        >>> explorer
        CurveExplorer: dropout at step 300: p = 0 training 2.286, validation 2.546, gap 0.260

    Taught in: dropout.
    """

    name: ClassVar[str] = "curve_explorer"

    step = traitlets.Int(0).tag(sync=True)
    variants = traitlets.List(traitlets.Unicode()).tag(sync=True)
    splits = traitlets.List(traitlets.Unicode()).tag(sync=True)
    layout_of = traitlets.Dict().tag(sync=True)  # names, steps and what never changes
    curves = traitlets.List().tag(sync=True)  # of each variant what is drawn, and the texts of each step

    def __init__(
        self,
        experiment: str = "dropout",
        *,
        step: int | None = None,
        variants: list[str] | None = None,
        splits: list[str] | None = None,
    ) -> None:
        runs = load_runs(experiment)
        self.experiment = experiment
        self._states = {state.variant: state for state in curve_explorer_state(runs)}
        self._steps = next(iter(self._states.values())).steps
        super().__init__(
            step=self._known_step(self._steps[-1] if step is None else step),
            variants=self._known_names("variants", self._states, variants),
            splits=self._known_names("splits", SPLITS, splits),
            layout_of={
                "experiment": experiment,
                "steps": self._steps,
                "variants": list(self._states),
                "splits": [list(pair) for pair in SPLITS.items()],
                "hint": _made(runs),
            },
            curves=[
                {
                    "train": state.train,
                    "val": state.val,
                    "train_mean": state.train_mean,
                    "val_mean": state.val_mean,
                    "best": state.best,
                    "columns": [_columns(state, at) for at in range(len(self._steps))],
                    "lasting": _lasting(state),
                    "words": [curve_in_words(state, at) for at in range(len(self._steps))],
                }
                for state in self._states.values()
            ],
        )

    def state(self) -> list[CurveState]:
        """Return the curves of the ticked variants."""
        return [self._states[name] for name in self.variants]

    def _known_step(self, step: int) -> int:
        if type(step) is not int or step not in self._steps:
            raise problem(
                f"a step with an evaluation: {self._steps}", f"step={step!r}", "Choose one of these."
            )
        return step

    def _known_names(self, what: str, known: dict, names: list[str] | None) -> list[str]:
        """Return the names in the order in which they are known, each once."""
        if names is None:
            return list(known)
        if not isinstance(names, list | tuple):
            raise problem(f"{what} as a list of names", f"{what}={names!r}", "Put the names into [ ].")
        chosen = [one_of(what[:-1], name, list(known)) for name in names]
        return [name for name in known if name in chosen]

    @traitlets.validate("step")
    def _step(self, proposal: dict) -> int:
        return self._known_step(proposal["value"])

    @traitlets.validate("variants")
    def _variants(self, proposal: dict) -> list[str]:
        return self._known_names("variants", self._states, proposal["value"])

    @traitlets.validate("splits")
    def _splits(self, proposal: dict) -> list[str]:
        return self._known_names("splits", SPLITS, proposal["value"])

    def __repr__(self) -> str:
        at = self._steps.index(self.step)
        told = [
            "{} training {}, validation {}, gap {}".format(state.variant, *_columns(state, at))
            for state in self.state()
        ]
        return (
            f"CurveExplorer: {self.experiment} at step {self.step}: {'; '.join(told) or 'no variant ticked'}"
        )

    def static_html(self) -> str:
        """Return what is read of each ticked variant, and its lowest validation loss, as a table."""
        at = self._steps.index(self.step)
        words = " ".join(curve_in_words(state, at) for state in self.state())
        return (
            f"<p><b>{html_text(self.experiment)}, step {self.step}.</b> {html_text(words)}</p>"
            + html_table(
                [[*_columns(state, at), *_lasting(state)] for state in self.state()],
                head=["training", "validation", "gap", "lowest validation", "at steps", "whole split, end"],
                side=[state.variant for state in self.state()],
                caption=f"Losses in nats per character at step {self.step}, means over the seeds",
            )
            + f"<p>{html_text(_made(load_runs(self.experiment)))}</p>"
        )


def _made(runs: list[RecordedRun]) -> str:
    """Return how the runs were made, in two sentences."""
    seeds, first = sorted({run.seed for run in runs}), runs[0]
    text = f"the first {first.train.train_chars:,} characters" if first.train.train_chars else "all"
    who = (
        f"One seed ({seeds[0]})."
        if len(seeds) == 1
        else f"{len(seeds)} seeds ({', '.join(map(str, seeds))}): thin lines; their mean is the thick one."
    )
    return (
        f"{who} Trained on {text} of the training split; evaluated on {first.train.eval_iters} random "
        "batches of it and of the validation split, in evaluation mode. The lowest validation is the mean of "
        "each seed's own lowest; the last column was measured on the whole validation split, after the "
        "last step."
    )
