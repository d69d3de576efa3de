"""Probabilities at a temperature that are right but for one thing."""

from collections.abc import Callable

from nanogpt_lib.lessons.sampling.shared import greedy


def both(middle: Callable) -> list[Callable]:
    """Return the slip by somebody who thought of T = 0, and by somebody who did not."""
    return [lambda logits, T: middle(logits, T) if T else greedy(logits), middle]


def softly(logits, T):
    return (logits / T).softmax(dim=-1)


def at_0(middle: Callable) -> Callable:
    """Return the answer that is right at any T but 0."""
    return lambda logits, T: softly(logits, T) if T else middle(logits)


def limited(low: float, high: float) -> Callable:
    """Return the answer that keeps T between two limits, but for T = 0."""
    return lambda logits, T: softly(logits, min(max(T, low), high)) if T else greedy(logits)
