"""`python -m nanogpt_lib.lessons [NAME ...]`: every known mistake of exercises, and its message."""

import importlib.util
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator

from nanogpt_lib.starting import begin_command

if __name__ == "__main__":
    begin_command()  # before torch is imported

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.pages import exercises_of
from nanogpt_lib.lessons import LESSONS
from nanogpt_lib.process import run_as_command


def all_exercises() -> dict[str, Exercise]:
    """Return every exercise there is, by its full name, in the order of the lessons.

    Example:
        >>> all_exercises()["averaging_the_past.avg_tril"].name
        'avg_tril'
    """
    found = {}
    for lesson in LESSONS:
        package = f"nanogpt_lib.lessons.{lesson}"
        if importlib.util.find_spec(package) is not None:
            for name, exercise in exercises_of(package).items():
                found[f"{lesson}.{name}"] = exercise
    return found


def rows(exercises: dict[str, Exercise]) -> Iterator[tuple[str, str, str]]:
    """(exercise, known mistake, the message that a learner gets who makes it).

    Where the mistake goes unrecognised, or is taken for another, the message is empty.

    Args:    exercises: by name, as `all_exercises` gives them.
    """
    for name, exercise in exercises.items():
        for wrong in exercise.mistakes:
            answers = wrong.functions[0]
            result = exercise.check(*(answers if isinstance(answers, tuple) else (answers,)))
            yield name, wrong.name, result.message if result.mistake == wrong.name else ""


def complaints(table: list[tuple[str, str, str]]) -> list[str]:
    """What is wrong with the table: a message that is empty, or one that two mistakes share.

    Example:
        >>> complaints([("ex", "a", "Row 0."), ("ex", "b", "Row 0."), ("ex", "c", "")])
        ["ex: 2 mistakes say 'Row 0.'", 'ex, c: no message of its own']
    """
    said = Counter((name, message) for name, _, message in table if message)
    found = [
        f"{name}: {count} mistakes say {message!r}" for (name, message), count in said.items() if count > 1
    ]
    return found + [
        f"{name}, {wrong}: no message of its own" for name, wrong, message in table if not message
    ]


def main(argv: list[str] | None = None) -> int:
    """Print the table, and what is wrong with it; return 1 if anything is, 2 if a name fits nothing.

    Args:    argv: how the exercises' names begin, as "averaging_the_past"; none is all of them.
    """
    parser = ArgumentParser(
        prog="python -m nanogpt_lib.lessons", description="Print every known mistake, and its message."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="how exercises' names begin; none is all")
    names, known = parser.parse_args(argv).names, all_exercises()
    for name in names:
        if not any(each.startswith(name) for each in known):
            lessons = sorted({each.split(".")[0] for each in known})
            print(f"error: Expected how an exercise's name begins, got {name!r}. ", end="", file=sys.stderr)
            print(f"Lessons with exercises: {', '.join(lessons)}.", file=sys.stderr)
            return 2
    chosen = {name: known[name] for name in known if name.startswith(tuple(names or [""]))}
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
    run_as_command(main)
