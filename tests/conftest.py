"""What several test files share: the text in its four forms, and settings that keep every run the same."""

import signal
import sys

import pytest
import torch
from hypothesis import settings

import light  # noqa: F401
import tiers
from nanogpt_lib.data import CharTokenizer, load_text, train_val_split

pytest.register_assert_rewrite("looks")  # so that what it holds widgets to says what it found

# Models this small gain nothing from a second thread, and lose much where two programs share the cores.
torch.set_num_threads(1)

# Started in the background of a shell, they would ignore Ctrl-C, and the tests of a stop would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run: a test that fails does so for a change in the code, not by luck.
settings.register_profile("steady", derandomize=True, deadline=None, max_examples=40)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Each test draws the same numbers, alone or among others."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def text() -> str:
    """The published text."""
    return load_text()


@pytest.fixture(scope="session")
def tokenizer(text: str) -> CharTokenizer:
    """The tokenizer of the published text."""
    return CharTokenizer.from_text(text)


@pytest.fixture(scope="session")
def ids(text: str, tokenizer: CharTokenizer) -> torch.Tensor:
    """The published text as ids, (1115394,) int64."""
    return torch.tensor(tokenizer.encode(text))


@pytest.fixture(scope="session")
def splits(ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Its first nine tenths and its last."""
    return train_val_split(ids)


def pytest_addoption(parser: pytest.Parser) -> None:
    tiers.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    tiers.configure(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    tiers.deselect(config, items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How soon the widgets answered, where the browser tests ran."""
    browser = sys.modules.get("browser")
    for widget, test, median in getattr(browser, "MEDIANS", []):
        name = test.split("::")[-1].removesuffix(" (call)")
        terminalreporter.write_line(f"{widget}: {median:.0f} ms from input to picture (median), {name}")
