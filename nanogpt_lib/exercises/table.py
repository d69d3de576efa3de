"""`python -m nanogpt_lib.exercises.table [NAME ...]`: every known mistake of exercises, and its message.

Taught in: crew.
"""

import importlib
import pkgutil
import re
import sys
from collections import Counter
from collections.abc import Iterator

import nanogpt_lib.exercises
from nanogpt_lib.exercises.exercise import Exercise


def all_exercises() -> dict[str, Exercise]:
    """Every exercise there is, in the order of the notebooks, by its full name.

    Example:
        >>> all_exercises()["ex03.avg_tril"].name
        'avg_tril'

    Source:  own.   Taught in: crew.
    """
    names = [found.name for found in pkgutil.iter_modules(nanogpt_lib.exercises.__path__)]
    found = {}
    for name in sorted(filter(re.compile(r"ex\d\d").fullmatch, names)):
        module = importlib.import_module(f"nanogpt_lib.exercises.{name}")
        for key, value in vars(module).items():
            if isinstance(value, Exercise):
                found[f"{name}.{key}"] = value
    return found


def rows(exercises: dict[str, Exercise]) -> Iterator[tuple[str, str, str]]:
    """(exercise, known mistake, the message that a learner gets who makes it).

    Where the mistake goes unrecognised, or is taken for another, the message is empty.

    Args:    exercises: by name, as `all_exercises` gives them.
    """
    for name, exercise in exercises.items():
        for wrong in exercise.wrong:
            answers = wrong.functions[0]
            result = exercise.check(*(answers if isinstance(answers, tuple) else (answers,)))
            yield name, wrong.name, result.message if result.mistake == wrong.name else ""


def complaints(table: list[tuple[str, str, str]]) -> list[str]:
    """What is wrong with the table: a message that is empty, or one that two mistakes share.

    Example:
        >>> complaints([("ex", "a", "Row 0."), ("ex", "b", "Row 0."), ("ex", "c", "")])
        ["ex: 2 mistakes say 'Row 0.'", 'ex, c: no message of its own']

    Source:  own.   Taught in: crew.
    """
    said = Counter((name, message) for name, _, message in table if message)
    found = [
        f"{name}: {count} mistakes say {message!r}" for (name, message), count in said.items() if count > 1
    ]
    return found + [
        f"{name}, {wrong}: no message of its own" for name, wrong, message in table if not message
    ]


def main(names: list[str]) -> int:
    """Prints the table, and what is wrong with it; 1 if anything is.

    Args:    names: how the exercises' names begin, as "ex03"; none is all of them.
    """
    chosen = {
        name: exercise for name, exercise in all_exercises().items() if name.startswith(tuple(names or [""]))
    }
    table, before = [], ""
    for row in rows(chosen):
        name, wrong, message = row
        if name != before:
            print(f"\n{name}")
        print(f"  {wrong}\n      {message}")
        table.append(row)
        before = name
    bad = complaints(table)
    print(f"\n{len(table)} known mistakes in {len(chosen)} exercises; {len(bad)} complaints.")
    for complaint in bad:
        print(complaint)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
