"""Sums of products of named sizes: what is counted in Python as a formula, and evaluated in a browser.

Give a function that adds and multiplies sizes these in place of numbers, and it returns its own formula as a
list of terms. So the formula is written once, and a widget still answers where no kernel runs.
"""

from collections import Counter
from collections.abc import Mapping


class Polynomial:
    """A sum of terms, each a whole number times some sizes.

    Example:
        >>> C = Polynomial.of("C")
        >>> (C * (4 * C) + C - 2).terms()
        [[4, ['C', 'C']], [1, ['C']], [-2, []]]
    """

    def __init__(self, factors: Mapping[tuple[str, ...], int]) -> None:
        self._factors = {sizes: factor for sizes, factor in factors.items() if factor}

    @classmethod
    def of(cls, size: str) -> "Polynomial":
        """Return the size itself, by its name."""
        return cls({(size,): 1})

    def terms(self) -> list[list]:
        """Return [number, names of the sizes it is multiplied by] for each term."""
        return [[factor, list(sizes)] for sizes, factor in self._factors.items()]

    def __add__(self, other: "Polynomial | int") -> "Polynomial":
        found = Counter(self._factors)
        found.update(_polynomial(other)._factors)
        return Polynomial(found)

    def __mul__(self, other: "Polynomial | int") -> "Polynomial":
        found: Counter[tuple[str, ...]] = Counter()
        for sizes, factor in self._factors.items():
            for more, times in _polynomial(other)._factors.items():
                found[tuple(sorted(sizes + more))] += factor * times
        return Polynomial(found)

    def __sub__(self, other: "Polynomial | int") -> "Polynomial":
        return self + _polynomial(other) * -1

    __radd__ = __add__
    __rmul__ = __mul__


def _polynomial(value: Polynomial | int) -> Polynomial:
    return value if isinstance(value, Polynomial) else Polynomial({(): value})
