"""Three pairs of curves to tell apart: under-fit, over-fit, or only measured otherwise."""

import functools
from collections.abc import Callable

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.outcome import Fact, Refusal
from nanogpt_lib.recorded.runs import load_run

UNDER, OVER, NOISE = LABELS = ("under-fit", "over-fit", "dropout noise")
SOLVED = {"A": NOISE, "B": UNDER, "C": OVER}
LETTERS = 3.309  # nats: the loss of the letter frequencies alone, as section 6 has it

# Section 6's model with p = 0.2 and its seed, evaluated every fifty steps on 100 batches each:
# the training split with dropout on, the validation split with dropout off.
NOISY_TRAINING = (2.740, 2.572, 2.518, 2.472, 2.426, 2.379)
QUIET_VALIDATION = (2.729, 2.556, 2.489, 2.436, 2.391, 2.339)
QUIET_TRAINING = 2.329  # the last of the first, with dropout off


@functools.cache
def three_curves() -> dict[str, tuple[list[int], list[float], list[float]]]:
    """Return the three pairs of curves to be labelled: name to (steps, training losses, validation losses).

    Example:
        >>> list(three_curves())
        ['A', 'B', 'C']
    """
    curves = {"A": (list(range(50, 301, 50)), list(NOISY_TRAINING), list(QUIET_VALIDATION))}
    for name, run in (
        ("B", load_run("depth without residual", "8 blocks", 1337)),
        ("C", load_run("dropout", "p = 0", 1338)),
    ):
        records = run.curve[1:]  # the first is from before the training
        curves[name] = (
            [record.step for record in records],
            [record.train_loss for record in records],
            [record.val_loss for record in records],
        )
    return curves


def _told(name: str) -> str:
    """Return the numbers of a pair that matter, in words."""
    steps, training, validation = three_curves()[name]
    best = min(range(len(steps)), key=validation.__getitem__)
    below = sum(v < t for t, v in zip(training, validation, strict=True))
    return f"Its training loss goes from {training[0]:.2f} to {training[-1]:.2f}, validation from {validation[0]:.2f} to {validation[-1]:.2f}: lowest at step {steps[best]} with {validation[best]:.2f}, and below training at {below} of {len(steps)} judgements"


def labelled(labels: Callable, curves: dict) -> dict[str, Fact]:
    """Return the labels in their order, up to the first that is not right."""
    given = labels(curves)
    if not isinstance(given, dict) or set(given) != set(SOLVED):
        got = f"the names {list(given)}" if isinstance(given, dict) else f"{given!r:.60}"
        raise Refusal(f"Expected a dict with a label for each of {list(SOLVED)}, got {got}.")
    found = {}
    for name, label in given.items():
        if label not in LABELS:
            raise Refusal(f"Expected one of {', '.join(map(repr, LABELS))} for {name}, got {label!r}.")
    for name, right in SOLVED.items():
        found[name] = Fact(given[name], f"You called {name} {given[name]}. {_told(name)}.")
        if given[name] != right:
            break
    return found


ex = Exercise(
    prompt="Write labels(curves): return a dict with one label for each of 'A', 'B' and 'C': 'under-fit', 'over-fit' or 'dropout noise'. Each pair is (steps, training losses, validation losses).",
    hints=(
        "Look at two things in each pair: does training come down, and on which side of it is validation?",
        "Learning by heart opens a gap and turns validation upwards. What cannot be learned leaves both high. And which loss is lower if only one of them was measured with the noise on?",
        "One pair has validation below training throughout; one hardly moves; one opens like scissors.",
    ),
    inputs=lambda seed: [(three_curves(),)],
    run=labelled,
    see=lambda case: {"letters": LETTERS},
    note=f"With dropout off, A's training loss ends at {QUIET_TRAINING:.3f}, not {NOISY_TRAINING[-1]:.3f}: the noise alone had put it above validation. B is where counting letters is, {LETTERS:.2f}. C has learned by heart.",
)


@ex.right
def labels(curves: dict) -> dict:
    return {
        "A": "dropout noise",  # validation below training all the way: the two were measured otherwise
        "B": "under-fit",  # high and level, both: not even the training text is learned
        "C": "over-fit",  # training falls on while validation turns and climbs
    }


@ex.also_right
def labels_by_a_rule(curves):
    def label(steps, training, validation):
        if all(v < t for t, v in zip(training, validation, strict=True)):
            return "dropout noise"
        return "over-fit" if validation[-1] > min(validation) + 0.1 else "under-fit"

    return {name: label(*curve) for name, curve in curves.items()}


ex.also_right(lambda curves: dict(zip(curves, (NOISE, UNDER, OVER), strict=True)))


def taken(name: str, label: str) -> Callable:
    """Return the answer that takes one pair for something else."""
    return lambda curves: SOLVED | {name: label}


ex.mistake(
    "A is taken for under-fit",
    "{A} Both are still falling, so it is learning. Close together they are, but which of the two lies on top? No lack of fit puts it there.",
    taken("A", UNDER),
)
ex.mistake(
    "A is taken for over-fit",
    "{A} Learning by heart makes training the better one, and validation climb. Here neither happens.",
    taken("A", OVER),
)
ex.mistake(
    "B is taken for over-fit",
    "{B} Letter counts alone give {letters:.2f}: nothing has been learned by heart here, or at all.",
    taken("B", OVER),
)
ex.mistake(
    "B is taken for dropout noise",
    "{B} If training were measured with the noise on, validation would lie below it. And noise does not keep a loss where letter counts are.",
    taken("B", NOISE),
)
ex.mistake(
    "C is taken for under-fit",
    "{C} Look at training: a loss that comes down so far is no lack of fit. What does validation do meanwhile?",
    taken("C", UNDER),
)
ex.mistake(
    "C is taken for dropout noise",
    "{C} Noise on one side raises training and leaves validation below. Here validation is far above, and has turned.",
    taken("C", NOISE),
)
