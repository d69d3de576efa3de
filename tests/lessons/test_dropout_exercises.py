"""What the exercises on dropout measure, besides their known mistakes."""

from itertools import product

import pytest

from nanogpt_lib.lessons import dropout as ex
from nanogpt_lib.lessons.dropout.labels import LABELS, SOLVED

FIRST_WRONG = [
    (*before, wrong, *after)
    for before in ((), ("dropout noise",), ("dropout noise", "under-fit"))
    for wrong in LABELS
    if wrong != list(SOLVED.values())[len(before)]
    for after in product(LABELS, repeat=2 - len(before))
]


@pytest.mark.parametrize("labels", FIRST_WRONG, ids=", ".join)
def test_the_first_wrong_label_is_told_whatever_the_later_ones_are(labels: tuple) -> None:
    """A complaint about a later pair would hide the first one, which is the easiest to see."""
    name, wrong = next((n, label) for n, label in zip(SOLVED, labels, strict=True) if label != SOLVED[n])
    result = ex.labels.check(lambda curves: dict(zip(SOLVED, labels, strict=True)))
    assert result.mistake == f"{name} is taken for {wrong}"
    assert result.message.startswith(f"You called {name} {wrong}. ")
