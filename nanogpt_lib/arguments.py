"""Read what a command is given: paths and numbers, each refused with a message of our own."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from nanogpt_lib.checks import problem
from nanogpt_lib.kinds import path_of
from nanogpt_lib.messages import described


def path_argument(text: str) -> Path:
    """Return the path; an empty one, as of a variable that is not set, would be this folder.

    Raises:  argparse.ArgumentTypeError: it is empty, or can be no path.
    Example:
        >>> path_argument("out").name
        'out'
    """
    try:
        if text:
            return path_of("the argument", text)
        raise problem("the name of a file or folder", "an empty one", "Write . for this folder.")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def number_argument(kind: type[int] | type[float]) -> Callable[[str], float]:
    """Return how a number of this kind is read, with a message of our own for what is none.

    Example:
        >>> number_argument(float)("1e-3")
        0.001
    """

    def read(text: str) -> float:
        try:
            return kind(text)
        except ValueError:
            wanted, like = ("a whole number", "1337") if kind is int else ("a number", "0.001")
            told = problem(wanted, described(text), f"Write it in digits, such as {like}.")
            raise argparse.ArgumentTypeError(str(told)) from None

    return read


def joined_arguments(arguments: list[str]) -> list[str]:
    """Put a value such as -1e30 into one with its option; argparse would take it for another option.

    Example:
        >>> joined_arguments(["--seed", "-1e30", "--force"])
        ['--seed=-1e30', '--force']
    """
    joined: list[str] = []
    for argument in arguments:
        if re.match(r"-[^-h]", argument) and joined and re.fullmatch(r"--[\w-]+", joined[-1]):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined
