"""Measures of an error that an answer raised."""

from nanogpt_lib.kit.mistakes import Case


def raised(case: Case) -> dict[str, str]:
    """Return the kind of the error, and its first words, without a full stop.

    Example:
        >>> raised(Case((), None, None, ValueError("No such head: 7.")))
        {'kind': 'ValueError', 'words': 'No such head'}
    """
    return {"kind": type(case.error).__name__, "words": str(case.error).partition(":")[0].rstrip(".")}
