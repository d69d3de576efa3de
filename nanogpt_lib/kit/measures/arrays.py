"""Measures of arrays."""

from nanogpt_lib.kit.outcome import as_numbers


def gap(a: object, b: object) -> float:
    """Return how far two arrays are apart, where they are farthest apart.

    Example:
        >>> gap([1.0, 2.0], [1.0, 2.5])
        0.5
    """
    return (as_numbers(a) - as_numbers(b)).abs().max().item()
