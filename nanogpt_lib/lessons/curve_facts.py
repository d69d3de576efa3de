"""Three pairs of curves to be labelled, and what a label misses.

The facts of notebook 09's last exercise.
"""

import functools
from collections.abc import Callable

from nanogpt_lib.kit.outcome import Fact, Refusal
from nanogpt_lib.recorded.runs import load_run

UNDER, OVER, NOISE = "under-fit", "over-fit", "dropout noise"
LABELS = (UNDER, OVER, NOISE)
LETTERS = 3.309  # nats: the loss of the letter frequencies alone, as section 6 has it

# Section 6's model with p = 0.2 and its seed, judged every fifty steps on 100 batches each:
# the training split with dropout on, the validation split with dropout off.
NOISY_TRAINING = (2.740, 2.572, 2.518, 2.472, 2.426, 2.379)
QUIET_VALIDATION = (2.729, 2.556, 2.489, 2.436, 2.391, 2.339)
QUIET_TRAINING = 2.329  # the last of the first, with dropout off


@functools.cache
def three_curves() -> dict[str, tuple[list[int], list[float], list[float]]]:
    """The three pairs of curves to be labelled: name to (steps, training losses, validation losses).

    Example:
        >>> list(three_curves())
        ['A', 'B', 'C']

    Taught in: dropout.
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


SOLVED = {"A": NOISE, "B": UNDER, "C": OVER}


def _told(name: str) -> str:
    """The numbers of a pair that matter."""
    steps, training, validation = three_curves()[name]
    best = min(range(len(steps)), key=validation.__getitem__)
    below = sum(v < t for t, v in zip(training, validation, strict=True))
    return (
        f"Its training loss goes from {training[0]:.2f} to {training[-1]:.2f}, validation from "
        f"{validation[0]:.2f} to {validation[-1]:.2f}: lowest at step {steps[best]} with "
        f"{validation[best]:.2f}, and below training at {below} of {len(steps)} judgements"
    )


def _label(name: str, given: object) -> str:
    """What is meant, in whatever spelling."""
    letters = "".join(filter(str.isalpha, given.lower())) if isinstance(given, str) else ""
    kinds = [label for label, word in ((UNDER, "under"), (OVER, "over"), (NOISE, "noise")) if word in letters]
    if len(kinds) != 1:
        raise Refusal(f"Expected one of {', '.join(map(repr, LABELS))} for {name}, got {given!r}.")
    return kinds[0]


def labelled(labels: Callable, curves: dict) -> dict[str, Fact]:
    """The labels in their order, up to the first that is not right."""
    given = labels(curves)
    if isinstance(given, list | tuple) and len(given) == len(SOLVED):
        given = dict(zip(SOLVED, given, strict=True))
    if not isinstance(given, dict) or set(given) != set(SOLVED):
        got = f"the names {list(given)}" if isinstance(given, dict) else f"{given!r:.60}"
        raise Refusal(f"Expected a dict with a label for each of {list(SOLVED)}, got {got}.")
    meant = {name: _label(name, given[name]) for name in SOLVED}
    found = {}
    for name, right in SOLVED.items():
        found[name] = Fact(meant[name], f"You called {name} {meant[name]}. {_told(name)}.")
        if meant[name] != right:
            break
    return found
