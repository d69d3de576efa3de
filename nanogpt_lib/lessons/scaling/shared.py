"""What several exercises of this lesson say in the same way."""

from collections.abc import Iterable


def listed(values: Iterable[float]) -> str:
    """Return numbers as one reads them out.

    Example:
        >>> listed([8, 16.04, 32])
        '8, 16 and 32'
    """
    *first, last = (f"{value:.3g}" for value in values)
    return ", ".join(first) + " and " + last
