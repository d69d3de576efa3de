"""Two recipes race by their recorded runs: four changes to tick, one clock, and all recipes by their loss.

`racers` and `race_in_words` are the whole mathematics. Everything is computed once, when the widget is made;
recipe_race.js only picks and reads off lines, so it answers at once, and also where no kernel runs.

Taught in: faster_and_bigger.
"""

from pathlib import Path
from statistics import fmean, median
from typing import Any, ClassVar, NamedTuple

import traitlets

from nanogpt_lib.checks import one_of, probability, problem
from nanogpt_lib.kinds import items_of, path_of
from nanogpt_lib.kit.statistics import half_width
from nanogpt_lib.kit.widget import Widget, html_table, html_text, number
from nanogpt_lib.recorded.recipe import KINDS
from nanogpt_lib.recorded.runs import RUNS, RecordedRun, load_runs

AXES = {"seconds": "recorded seconds", "characters": "characters read"}
COLUMNS = ["recipe", "loss", "95 % interval", "time"]
_TOLD = {"rate": "the falling rate", "parts": "the new parts", "Muon": "Muon", "pairs": "the pairs"}
_CHANGES = {kind: ", ".join(steps) for kind, steps in KINDS.items()}
_CHANGES["Muon"] = "an optimiser for the matrices, in place of AdamW"


class Racer(NamedTuple):
    """The recorded runs of one recipe; S evaluations, losses on validation in nats per character.

    name: its variant.   seconds: (S,) since the start, the median of the seeds: a busy moment of the machine
    delays one of them.   characters: (S,) read so far.   mean, low, high: (S,) over the seeds.
    seeds, ends: each seed, and its loss on the whole validation split after the last step.

    Taught in: faster_and_bigger.
    """

    name: str
    seconds: list[float]
    characters: list[int]
    mean: list[float]
    low: list[float]
    high: list[float]
    seeds: list[int]
    ends: list[float]

    @property
    def kinds(self) -> list[str]:
        """Return the changes that are on."""
        return [kind for kind in self.name.split(", ") if kind in KINDS]


def recipe_name(kinds: list[str]) -> str:
    """Return the variant with these changes, as `race` in recorded/recipe.py names it.

    Example:
        >>> recipe_name(["rate", "pairs"]), recipe_name([])
        ('rate, pairs', 'nothing')

    Taught in: faster_and_bigger.
    """
    return ", ".join(kinds) or "nothing"


def racers(runs: list[RecordedRun]) -> list[Racer]:
    """Return one racer for each variant, the lowest loss first.

    Args:    runs: those of the experiment "race", as `load_runs` gives them.
    Raises:  ValueError: the seeds of a variant were not evaluated at the same steps.
    Example:
        >>> len(racers(load_runs("race")))
        16

    Taught in: faster_and_bigger.
    """
    variants = {run.variant: [other for other in runs if other.variant == run.variant] for run in runs}
    return sorted(map(_racer, variants.values()), key=lambda racer: fmean(racer.ends))


def _racer(runs: list[RecordedRun]) -> Racer:
    first, steps = runs[0], [record.step for record in runs[0].curve]
    for run in runs:
        if (found := [record.step for record in run.curve]) != steps:
            raise problem(
                f"all seeds of {run.variant!r} evaluated at the same {len(steps)} steps",
                f"seed {run.seed}: {len(found)} steps up to {found[-1]}",
                "Record them with the same settings.",
            )
    moments = list(zip(*(run.curve for run in runs), strict=True))  # each evaluation, with every seed
    losses = [[record.val_loss for record in moment] for moment in moments]
    return Racer(
        name=first.variant,
        seconds=[median(record.seconds for record in moment) for moment in moments],
        characters=[step * first.train.batch_size * first.model.block_size for step in steps],
        mean=list(map(fmean, losses)),
        low=list(map(min, losses)),
        high=list(map(max, losses)),
        seeds=[run.seed for run in runs],
        ends=[run.val_loss for run in runs],
    )


# --- in words -------------------------------------------------------------------------------------


def race_in_words(yours: Racer, other: Racer) -> str:
    """Return what two racers differ in, which loss is lower and how sure that is, and what it costs in time.

    The seeds are compared each with itself: runs of one seed draw the same batches.
    Source:  Student (1908), paired by seed.   Taught in: faster_and_bigger.
    """
    if yours.name == other.name:
        return "Both racers have the same recipe. Tick a change, or take it away: then they differ."
    return f"{_differ(yours, other)} {_ends(yours, other)} {_takes(yours, other)}"


def _differ(yours: Racer, other: Racer) -> str:
    more = _listed([_TOLD[kind] for kind in yours.kinds if kind not in other.kinds])
    fewer = _listed([_TOLD[kind] for kind in other.kinds if kind not in yours.kinds])
    if more and fewer:
        return f"Your racer has {more}, but not {fewer.replace(' and ', ' or ')}."
    return f"Your racer adds {more}." if more else f"Your racer goes without {fewer}."


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def gap(yours: Racer, other: Racer) -> tuple[float, float]:
    """Return how much lower the loss of your racer ends, and half of the 95 % interval of that.

    Taught in: faster_and_bigger.
    """
    gaps = [b - a for a, b in zip(yours.ends, other.ends, strict=True)]
    return fmean(gaps), half_width(gaps)


def _ends(yours: Racer, other: Racer) -> str:
    lower, half = gap(yours, other)
    side, size = ("lower", lower) if lower >= 0 else ("higher", -lower)
    told = f"{number(size)} {side}"
    if size > half:
        return f"Its loss ends {told} (95 % interval: {number(size - half)} to {number(size + half)})."
    return (
        f"Its loss ends {told} on average, but the 95 % interval covers zero "
        f"({_signed(lower - half)} to {_signed(lower + half)}): "
        f"these {len(yours.seeds)} seeds do not tell which recipe is better."
    )


def _signed(lower: float) -> str:
    return f"{number(abs(lower))} {'lower' if lower >= 0 else 'higher'}"


def _takes(yours: Racer, other: Racer) -> str:
    times = number(yours.seconds[-1] / other.seconds[-1], 2)
    return "It takes as long." if times == "1.00" else f"It takes {times} times as long."


def _cells(racer: Racer, plain: Racer) -> list[str]:
    """Return the row of a racer in the table of all."""
    mean, half = fmean(racer.ends), half_width(racer.ends)
    times = number(racer.seconds[-1] / plain.seconds[-1], 2)
    return [racer.name, number(mean), f"{number(mean - half)} to {number(mean + half)}", f"× {times}"]


def _made(runs: list[RecordedRun]) -> str:
    """Return where the runs were made, and what of it holds elsewhere."""
    machines = ", ".join(dict.fromkeys(run.machine for run in runs))
    seeds = ", ".join(str(seed) for seed in dict.fromkeys(run.seed for run in runs))
    return (
        f"Recorded on {machines}; seeds {seeds}. Another machine takes other seconds; "
        "the ratios between recipes stay about the same."
    )


_HOW = (
    "A line is the mean of the seeds, and its band reaches from the lowest seed to the highest. Both are "
    "estimated on random batches of the validation split. The table and the sentence are measured on the "
    "whole validation split after the last step. Seconds count from the start of the run, evaluations "
    "included; a time in the table is that of the whole run, divided by that of “nothing”. The interval in "
    "the sentence is about the differences seed by seed. It can be clear of zero "
    "where the intervals in the table overlap: a seed that is unlucky for both recipes makes no difference "
    "between them."
)


# --- the widget -----------------------------------------------------------------------------------


def _ordered(name: str, kinds: object) -> list[str]:
    """Return these changes in the order of the recipe, each once."""
    chosen = [one_of("the change", kind, KINDS) for kind in items_of(name, kinds)]
    return [kind for kind in KINDS if kind in chosen]


class RecipeRace(Widget):
    """Four changes to tick, two recipes on one clock, and all sixteen of them by their loss.

    Args:    ticks: the changes that your racer has: "rate", "parts", "Muon", "pairs".
             against: those of the other one; none by default.   axis: "seconds" or "characters".
             share: how far the race has gone, from 0 to 1 of the slower racer's time.
             folder: where the recorded runs lie.
    Raises:  ValueError: no such change, axis or share; or a recorded run is missing.
    Example:
        >>> RecipeRace(["rate", "Muon"])
        RecipeRace: rate, Muon 1... against nothing 1... Your racer adds the falling rate and Muon. Its loss
        ends 0... lower ... It takes ... times as long.

    Taught in: faster_and_bigger.
    """

    name: ClassVar[str] = "recipe_race"

    ticks = traitlets.List(traitlets.Unicode()).tag(sync=True)
    against = traitlets.List(traitlets.Unicode()).tag(sync=True)
    axis = traitlets.Unicode("seconds").tag(sync=True)
    share = traitlets.Float(1.0).tag(sync=True)
    layout_of = traitlets.Dict().tag(sync=True)  # names and sentences that never change
    racers = traitlets.List().tag(
        sync=True
    )  # of each recipe what is drawn and its row, the lowest loss first
    words = traitlets.List().tag(sync=True)  # what is said of your racer (row) against the other one (column)

    def __init__(
        self,
        ticks: list[str] | None = None,
        *,
        against: list[str] | None = None,
        axis: str = "seconds",
        share: float = 1.0,
        folder: Path = RUNS,
    ) -> None:
        runs = load_runs("race", path_of("folder", folder))
        ranked = racers(runs)
        self._racers = {racer.name: racer for racer in ranked}
        super().__init__(
            ticks=_ordered("ticks", () if ticks is None else ticks),
            against=_ordered("against", () if against is None else against),
            axis=axis,
            share=probability("share", share),
            layout_of={
                "kinds": [list(pair) for pair in _CHANGES.items()],
                "axes": [list(pair) for pair in AXES.items()],
                "columns": COLUMNS,
                "made": _made(runs),
                "how": _HOW,
            },
            racers=[self._sent(racer) for racer in ranked],
            words=[[race_in_words(yours, other) for other in ranked] for yours in ranked],
        )

    def _sent(self, racer: Racer) -> dict[str, Any]:
        """Return a racer as the browser gets it."""
        curves = {name: [round(loss, 4) for loss in getattr(racer, name)] for name in ("mean", "low", "high")}
        return curves | {
            "kinds": racer.kinds,
            "seconds": [round(seconds, 2) for seconds in racer.seconds],
            "characters": racer.characters,
            "cells": _cells(racer, self._racers["nothing"]),
        }

    def state(self) -> tuple[Racer, Racer]:
        """Return your racer and the other one."""
        return self._racers[recipe_name(self.ticks)], self._racers[recipe_name(self.against)]

    @traitlets.validate("ticks", "against")
    def _kinds(self, proposal: dict) -> list[str]:
        return _ordered(proposal["trait"].name, proposal["value"])

    @traitlets.validate("axis")
    def _axis(self, proposal: dict) -> str:
        return one_of("axis", proposal["value"], AXES)

    @traitlets.validate("share")
    def _share(self, proposal: dict) -> float:
        return probability("share", proposal["value"])

    def __repr__(self) -> str:
        told = [f"{racer.name} {number(fmean(racer.ends))}" for racer in self.state()]
        return f"RecipeRace: {' against '.join(told)}. {race_in_words(*self.state())}"

    def static_html(self) -> str:
        """Return the sentence about the two racers, and all recipes as a table, the lowest loss first."""
        yours, other = self.state()
        rows = [_cells(racer, self._racers["nothing"]) for racer in self._racers.values()]
        roles = {other.name: "the other", yours.name: "yours"} if yours != other else {yours.name: "both"}
        return (
            f"<p><b>{html_text(yours.name)} against {html_text(other.name)}.</b> "
            f"{html_text(race_in_words(yours, other))}</p>"
            + html_table(
                [[*cells, roles.get(name, "")] for name, *cells in rows],
                head=[*COLUMNS[1:], "racer"],
                side=[name for name, *_ in rows],
                caption="All recipes: loss in nats per character on the whole validation split, mean of the "
                "seeds, and the time against that of nothing",
            )
            + f"<p>{html_text(self.layout_of['made'])}</p>"
        )
