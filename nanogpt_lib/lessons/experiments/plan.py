"""How many steps and seeds two budgets allow: the characters of a run, and the time for all of them."""

import math
from collections.abc import Callable

import numpy
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.draws import between
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import Refusal
from nanogpt_lib.lessons.experiments.planned_otherwise import fitting, making, same_steps
from nanogpt_lib.lessons.experiments.shared import listed


def budgets(seed: int) -> list[tuple]:
    """Return (variants, characters, minutes); how many seeds fit never hangs on rounding, and once fit exactly."""
    generator = torch.Generator().manual_seed(seed)
    cases = [({"second rung": (16, 32, 0.02), "third rung": (32, 128, 0.17)}, 1_003_854, 10)]
    for count, rounds in ((3, 3.2), (2, 5.7), (4, 0.6), (3, 11.6)):
        variants = {
            f"variant {i + 1}": (
                2 ** between(2, 6, generator),
                2 ** between(3, 8, generator),
                between(100, 300, generator) / 1000,
            )
            for i in range(count)
        }
        characters = between(400_000, 900_000, generator) * 2 + 1  # odd: no budget comes out even
        total = sum(characters // (B * T) * seconds for B, T, seconds in variants.values())
        cases.append((variants, characters, round(rounds * total / 60, 2)))
    few = {"one": (64, 256, 1.0), "two": (32, 128, 1.0)}  # 2 steps and 9, and nearly 3 and 10
    even = {"one": (16, 32, 0.05), "two": (8, 32, 0.03)}
    exact = {
        "one": (16, 32, 15 / 32),
        "two": (8, 32, 15 / 64),
    }  # a quarter of an hour a seed, to the last bit
    return [*cases, (even, 512_000, 9), (even, 512_000, 300), (few, 40_000, 2.25), (exact, 491_520, 45)]


def planned(plan: Callable, variants: dict, characters: int, minutes: float) -> dict:
    """Return the steps of each variant and the seeds, in whatever form the answer gives them."""
    raw = plan(dict(variants), characters, minutes)
    if not isinstance(raw, tuple | list) or len(raw) != 2:
        kind = type(raw).__name__
        raise Refusal(f"Expected (steps, seeds), a dict and a whole number, got {kind} {raw!r:.60}.")
    steps, seeds = raw
    if isinstance(steps, tuple | list) and len(steps) == len(variants):
        steps = dict(zip(variants, steps, strict=True))
    if not isinstance(steps, dict) or set(steps) != set(variants):
        raise Refusal(f"Expected steps as a dict with {list(variants)}, got {steps!r:.60}.")
    return {f"steps of {name}": steps[name] for name in variants} | {"seeds": seeds}


class Plan:
    """What the variant reads whose steps are most wrong, and how long the runs of one seed take."""

    def __init__(self, case: Case) -> None:
        variants, characters, minutes = case.inputs
        mine, right = (
            {name: float(part[f"steps of {name}"]) for name in variants} for part in (case.got, case.want)
        )
        worst = max(variants, key=lambda name: abs(mine[name] / right[name] - 1))
        B, T, _ = variants[worst]
        times = [right[name] * seconds / 60 for name, (_, _, seconds) in variants.items()]
        self.reads = f"{worst} makes {mine[worst]:,.10g} steps in your plan, with batches of {B} times {T}: that reads {mine[worst] * B * T:,.10g} characters of {characters:,}"
        self.takes = f"Seeds that you plan in {minutes:g} minutes: {float(case.got['seeds']):,.6g}. The runs of one seed take {listed(times, 2)} minutes"


ex = Exercise(
    prompt="Write plan(variants, characters, minutes): variants is {name: (batch_size, block_size, seconds a step)}. Return (steps, seeds): a dict with how many whole steps each variant may make without reading more than that many characters a run, and how many seeds can be finished for all variants.",
    hints=(
        "How many characters does one step read? A batch is batch_size rows of block_size characters.",
        "A step that goes past the budget is not made: whole numbers only, downwards. And a seed is only worth something if every variant was trained with it: how long do they take together?",
        "steps = characters // (batch_size * block_size); seeds = minutes * 60 // (sum of steps * seconds).",
    ),
    inputs=budgets,
    run=planned,
    see=Plan,
    note=lambda values: (
        f"Both rungs read the same text, in {values[0]['steps of second rung']:,} and {values[0]['steps of third rung']:,} steps: at equal steps the third would have read eight times as much. "
        f"{int(values[0]['seeds'])} seeds each, and an interval can be told."
    ),
    rtol=0.0,
)


@ex.right
def plan(variants: dict, characters: int, minutes: float) -> tuple:
    steps, one_seed = {}, 0.0
    for name, (batch_size, block_size, seconds) in variants.items():
        steps[name] = characters // (batch_size * block_size)  # a step reads that many
        one_seed += steps[name] * seconds  # every variant is trained once with each seed
    return steps, int(minutes * 60 // one_seed)


@ex.also_right
def plan_by_counting(variants, characters, minutes):
    steps = []
    for batch_size, block_size, _ in variants.values():
        steps.append(0)
        while (steps[-1] + 1) * batch_size * block_size <= characters:
            steps[-1] += 1
    seeds, left = -1, 60 * minutes
    while left >= 0:
        left -= sum(n * seconds for n, (_, _, seconds) in zip(steps, variants.values(), strict=True))
        seeds += 1
    return steps, seeds


@ex.also_right
def plan_by_floor(variants, budget, minutes):
    steps = {name: numpy.floor(budget / B / T) for name, (B, T, _) in variants.items()}
    needs = numpy.dot(list(steps.values()), [seconds / 60 for _, _, seconds in variants.values()])
    return [steps, torch.tensor(minutes / needs).floor()]


ex.mistake(
    "block_size is forgotten",
    "{reads}. A row of a batch is not one character.",
    making(lambda B, T, characters, count: characters // B),
)
ex.mistake(
    "batch_size is forgotten",
    "{reads}. A step reads all rows of its batch.",
    making(lambda B, T, characters, count: characters // T),
)
ex.mistake(
    "neither is counted",
    "{reads}. A step is not a character.",
    making(lambda B, T, characters, count: characters),
)
ex.mistake(
    "past the budget",
    "{reads}. The last step goes past the budget. What is not whole is left out.",
    making(lambda B, T, characters, count: -(-characters // (B * T))),
    making(lambda B, T, characters, count: characters // (B * T) + 1),
    making(lambda B, T, characters, count: round(characters / (B * T))),
)
ex.mistake(
    "steps that are not whole",
    "{reads}. No training makes a part of a step.",
    making(lambda B, T, characters, count: characters / (B * T)),
)
ex.mistake(
    "equal steps in place of equal characters",
    "{reads}. All your variants make as many steps as one of them; but their steps are not equally large, and who reads more text learns more. What is to be equal?",
    same_steps(lambda steps: steps[0]),
    same_steps(lambda steps: steps[-1]),
    same_steps(min),
    same_steps(max),
    same_steps(lambda steps: sum(steps) // len(steps)),
)
ex.mistake(
    "the budget is shared out",
    "{reads}. You gave each variant a part of the characters. The budget is for each run.",
    making(lambda B, T, characters, count: characters // count // (B * T)),
)
ex.mistake(
    "block_size + 1",
    "{reads}. You count the target after the last character as read. A row of T characters is T predictions; so the library counts as well.",
    making(lambda B, T, characters, count: characters // (B * (T + 1))),
)
ex.mistake(
    "one variant for all",
    "{takes}. You counted only one of them. A seed is worth something when every variant was trained with it.",
    fitting(lambda minutes, times: int(minutes * 60 // times[0])),
    fitting(lambda minutes, times: int(minutes * 60 // times[-1])),
    fitting(lambda minutes, times: int(minutes * 60 // max(times))),
    fitting(lambda minutes, times: int(minutes * 60 // min(times))),
)
ex.mistake(
    "runs in place of seeds",
    "{takes}. That many single runs fit. How many runs does one seed need?",
    fitting(lambda minutes, times: int(minutes * 60 // (sum(times) / len(times)))),
    fitting(lambda minutes, times: int(minutes * 60 // sum(times)) * len(times)),
)
ex.mistake(
    "minutes in place of seconds",
    "{takes}. The clock of the steps counts seconds, and yours counts minutes.",
    fitting(lambda minutes, times: int(minutes // sum(times))),
)


@ex.mistake(
    "the steps are forgotten",
    "{takes}. You added up the seconds of one step of each. A run has more than one.",
)
def _(variants, characters, minutes):
    return plan(variants, characters, minutes)[0], int(
        minutes * 60 // sum(seconds for _, _, seconds in variants.values())
    )


@ex.mistake(
    "the time of parts of steps",
    "{takes}. You counted the time of parts of steps, which are not made. Multiply by the whole steps.",
)
def _(variants, characters, minutes):
    one_seed = sum(characters / (B * T) * seconds for B, T, seconds in variants.values())
    return plan(variants, characters, minutes)[0], int(minutes * 60 // one_seed)


ex.mistake(
    "a seed that is not finished",
    "{takes}. For the last of them the time does not suffice, and a half-trained model says nothing.",
    fitting(lambda minutes, times: math.ceil(minutes * 60 / sum(times))),
    fitting(lambda minutes, times: round(minutes * 60 / sum(times))),
    fitting(lambda minutes, times: int(minutes * 60 // sum(times)) + 1),
)
ex.mistake(
    "seeds that are not whole",
    "{takes}. What does a part of a seed tell? Only whole ones count.",
    fitting(lambda minutes, times: minutes * 60 / sum(times)),
)
ex.mistake(
    "the same number of seeds each time",
    "{takes}. Your number of seeds is the same for every budget. Let the minutes decide.",
    *(fitting(lambda minutes, times, seeds=seeds: seeds) for seeds in (0, 1, 2, 3, 4, 5, 10)),
)
ex.mistake(
    "at least one seed",
    "{takes}. Together that is more than there is: the honest answer is 0, before you begin.",
    fitting(lambda minutes, times: max(1, int(minutes * 60 // sum(times)))),
)
ex.mistake(
    "the minutes are shared out",
    "{takes}. You gave each variant an equal part of the time, so the quick ones wait for the slowest. Train seed by seed, and only the sum counts.",
    fitting(lambda minutes, times: int(minutes * 60 / len(times) // max(times))),
)
ex.mistake(
    "a seed that fits exactly is left out",
    "{takes}. The last seed ends with the last second, and it is finished. Round down, and take nothing off.",
    fitting(lambda minutes, times: math.ceil(minutes * 60 / sum(times)) - 1),
)
