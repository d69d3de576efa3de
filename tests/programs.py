"""Programs outside Python that tests need: a Chromium and node.

A test that needs one that is missing fails where all of them are expected: where the variable CI is set, and,
for node, also where there is a Chromium. Elsewhere, on a laptop say, it is skipped.
"""

import os
import shutil
from typing import NoReturn

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WITHOUT_BROWSER = os.environ.get("BROWSER") == "no"  # as in: make test BROWSER=no


def chromium() -> str | None:
    """Where the browser is."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def node() -> str | None:
    """Where Node.js is."""
    return shutil.which("node")


def without(program: str) -> NoReturn:
    """Fail, or skip the test, for want of this program."""
    missing = f"no {program} here: install it to check the widgets (Debian: apt-get install chromium nodejs)"
    if os.environ.get("CI") or (chromium() and not WITHOUT_BROWSER):
        pytest.fail(missing)
    pytest.skip(missing)
