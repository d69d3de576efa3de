"""Three tiers of tests: `make check`, `make test` and `make test-all`.

`make check` leaves out what is marked `slow` or `browser`; `make test` runs both. `make test-all` gives
pytest the option `--every`: it adds what is marked `every`, and `some` of the cases become all of them.
What is marked `timed` asserts milliseconds: it runs only with the option `--timed`, in `make test-all`, where
nothing runs beside it.
"""

from collections.abc import Sequence

import pytest

_every = False  # set before any test file is read, since decorators ask for it too


def add_options(parser: pytest.Parser) -> None:
    """Teach pytest the two options."""
    group = parser.getgroup("tiers")
    group.addoption("--every", action="store_true", help="every seed, every recorded run, every repetition")
    group.addoption("--timed", action="store_true", help="the tests that assert milliseconds, and no others")


def configure(config: pytest.Config) -> None:
    """Remember what the options say."""
    global _every
    _every = config.getoption("--every")


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep those of the collected tests that the options ask for."""

    def is_wanted(item: pytest.Item) -> bool:
        is_timed = item.get_closest_marker("timed") is not None
        return is_timed == config.getoption("--timed") and (_every or not item.get_closest_marker("every"))

    config.hook.pytest_deselected(items=[item for item in items if not is_wanted(item)])
    items[:] = filter(is_wanted, items)


def some(cases: Sequence, few: int = 1) -> list:
    """Return `few` of the cases, from the first to the last at equal distances; with `--every`, all."""
    if _every or few >= len(cases):
        return list(cases)
    return [cases[at * (len(cases) - 1) // max(few - 1, 1)] for at in range(few)]


def seeds(many: int) -> list[int]:
    """Return the seeds to try: 0 alone, or so many with `--every`."""
    return some(range(many))
