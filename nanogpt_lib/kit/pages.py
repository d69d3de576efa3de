"""Collect the exercises of a lesson: one page for each, named after it."""

import importlib
import pkgutil

from nanogpt_lib.kit.exercise import Exercise


def exercises_of(package: str) -> dict[str, Exercise]:
    """Return the exercises that the pages of a lesson define, by name, in alphabetical order.

    A page is a file of the lesson's folder whose variable `ex` is an exercise; the exercise has
    the name of the file.

    Args:    package: the lesson's full name, as `__name__` in its `__init__.py`.
    Example:
        >>> sorted(exercises_of("nanogpt_lib.lessons.averaging_the_past"))
        ['avg_loop', 'avg_softmax', 'avg_tril', 'decayed_average']
    """
    found: dict[str, Exercise] = {}
    for page in pkgutil.iter_modules(importlib.import_module(package).__path__):
        module = importlib.import_module(f"{package}.{page.name}")
        if isinstance(getattr(module, "ex", None), Exercise):
            found[page.name] = module.ex
    return found
