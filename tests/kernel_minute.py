"""A pytest plugin for nbval: at the end of each notebook, its kernel has computed for less than a minute.

The processor's time and not the clock's, so that it holds on a machine that is busy with something else too.
"""

from collections.abc import Iterator

import psutil
import pytest

import light  # noqa: F401

MOST_SECONDS = 60


class RunAllTakesLessThanAMinute(pytest.Item):
    """The last test of a notebook, while its kernel still lives; its parent is nbval's file."""

    def runtest(self) -> None:
        times = psutil.Process(self.parent.kernel.km.provisioner.pid).cpu_times()
        seconds = times.user + times.system + times.children_user + times.children_system
        self.user_properties.append(("seconds", seconds))
        assert seconds < MOST_SECONDS, f"{self.path.stem} computes for {seconds:.0f} s"

    def reportinfo(self) -> tuple:
        return self.path, None, f"{self.path.name}::{self.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo, style: None = None) -> str:
        return str(excinfo.value)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put it after the last cell of each notebook."""

    def with_last() -> Iterator[pytest.Item]:
        for item, after in zip(items, [*items[1:], None], strict=True):
            yield item
            is_last = after is None or after.parent is not item.parent
            if is_last and item.path.suffix == ".ipynb":
                yield RunAllTakesLessThanAMinute.from_parent(item.parent, name="takes less than a minute")

    items[:] = list(with_last())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long each took."""
    for report in terminalreporter.getreports("passed"):
        for what, seconds in getattr(report, "user_properties", []):
            if report.when == "call" and what == "seconds":
                terminalreporter.write_line(f"{seconds:5.1f} s of computing: {report.fspath}")
