"""Keep the learner's own copies of the notebooks, apart from those of the course.

    python -m nanogpt_lib.workplace       make what is missing, and say what has been renewed
    python -m nanogpt_lib.workplace 03    begin that notebook again; yours is kept under another name

The copies lie in the folder `work`, without outputs, so that no answer is seen before it is asked for.
Whatever a learner does to them, the course's files stay as they are. However the course is renewed, what a
learner has changed stays, too.
"""

import json
import os
import sys
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path

from nanogpt_lib.starting import begin_command

if __name__ == "__main__":
    begin_command()  # before torch is imported

from nanogpt_lib.checks import problem
from nanogpt_lib.files import DATA, one_writer, require_writable, sha256, write_atomically
from nanogpt_lib.process import answered, run_as_command
from nanogpt_lib.saved_json import read_json

_CARRIED = DATA / "notebooks"  # in an installed library; a checkout has them beside its data
_ORIGINS = ".origins.json"  # which version of each lesson the learner's copy began from


def course() -> Path:
    """Return the folder with the notebooks of the course.

    Example:
        >>> course().name
        'notebooks'
    """
    return _CARRIED if _CARRIED.is_dir() else DATA.parent / "notebooks"


def place(here: Path) -> Path:
    """Return the learner's folder: `work` in the checkout, or below `here` where that cannot be written to.

    The variable NANOGPT_WORK names another one, for a classroom that keeps its learners' files elsewhere.

    Args:    here: the folder that the learner is in.
    Example:
        >>> place(Path("anywhere")).is_absolute()
        True
    """
    if named := os.environ.get("NANOGPT_WORK"):
        return Path(named).absolute()
    in_checkout = not _CARRIED.is_dir() and os.access(DATA.parent, os.W_OK)
    return (DATA.parent if in_checkout else here.absolute()) / "work"


def without_outputs(notebook: bytes) -> bytes:
    """Return the notebook as it is before anything has run.

    Args:    notebook: the content of an .ipynb file.
    Raises:  ValueError: it is no notebook.
    Example:
        >>> ran = {"cells": [{"cell_type": "code", "execution_count": 1, "outputs": ["2"]}]}
        >>> json.loads(without_outputs(json.dumps(ran).encode()))["cells"][0]["outputs"]
        []
    """
    try:
        told = json.loads(notebook)
        for cell in told["cells"]:
            if cell["cell_type"] == "code":
                cell.update(execution_count=None, outputs=[])
    except (ValueError, TypeError, KeyError) as error:
        raise problem(
            "a notebook", f"{type(error).__name__}: {error}", "Fetch the course's file again."
        ) from error
    return (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def prepare(lessons: Path, work: Path) -> list[str]:
    """Copy the notebooks that the learner has not got, and return a sentence for each that was renewed.

    A copy that nobody has touched follows the course. One that was changed, or only run, stays; the renewed
    lesson is put beside it.

    Args:    lessons: the folder with the course's notebooks.   work: the learner's folder, made if need be.
    Raises:  ValueError: the folder cannot be written to, or a notebook of the course is damaged.
    """
    require_writable("a folder for your notebooks", work).mkdir(parents=True, exist_ok=True)
    said = []
    with one_writer(work):
        origins = _origins(work)
        for lesson in sorted(lessons.glob("*.ipynb")):
            fresh, mine = without_outputs(lesson.read_bytes()), work / lesson.name
            now = sha256(mine.read_bytes()) if mine.exists() else None
            begun_from = origins.get(lesson.name)
            if now is None or now == begun_from != sha256(fresh):
                write_atomically(mine, fresh)
            elif sha256(fresh) not in (now, begun_from):
                renewed = _beside(mine, f"renewed-{date.today()}", fresh)
                said.append(
                    f"{mine.name} has been renewed: yours is kept, and {renewed.name} lies beside it."
                )
            origins[lesson.name] = sha256(fresh)
        _keep_origins(work, origins)
    return said


def reset(name: str, lessons: Path, work: Path) -> Path | None:
    """Begin one notebook again, and return where the learner's old one is kept; None where there was none.

    Args:    name: a notebook's number or name, such as "03" or "03_averaging_the_past".
             lessons, work: as in `prepare`.
    Raises:  ValueError: there is no such notebook, or the folder cannot be written to.
    """
    known = {path.stem: path for path in sorted(lessons.glob("*.ipynb"))}
    wanted = Path(name).name.removesuffix(".ipynb")
    chosen = [stem for stem in known if stem == wanted or stem.partition("_")[0] == wanted.zfill(2)]
    if len(chosen) != 1:
        raise problem(f"one of {', '.join(known)}", name, "Give its number, such as 03.")
    lesson, mine = known[chosen[0]], work / known[chosen[0]].name
    fresh = without_outputs(lesson.read_bytes())
    require_writable("a folder for your notebooks", work).mkdir(parents=True, exist_ok=True)
    with one_writer(work):
        kept = _beside(mine, str(date.today()), mine.read_bytes()) if mine.exists() else None
        write_atomically(mine, fresh)
        _keep_origins(work, _origins(work) | {lesson.name: sha256(fresh)})
    return kept


def _origins(work: Path) -> dict[str, str]:
    """Return what each copy began from; nothing where the list is missing or damaged: all copies stay."""
    try:
        told = read_json(work / _ORIGINS)
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in told.items()} if isinstance(told, dict) else {}


def _keep_origins(work: Path, origins: dict[str, str]) -> None:
    write_atomically(work / _ORIGINS, (json.dumps(origins, indent=1) + "\n").encode("utf-8"))


def _beside(mine: Path, why: str, content: bytes) -> Path:
    """Write the content beside the learner's notebook, under a name that is free or holds just that."""
    for path in _names(mine, why):
        if not path.exists():
            write_atomically(path, content)
            return path
        if path.read_bytes() == content:
            return path
    raise AssertionError("the names never end")


def _names(mine: Path, why: str) -> Iterator[Path]:
    yield mine.with_name(f"{mine.stem}-{why}.ipynb")
    for number in count(2):
        yield mine.with_name(f"{mine.stem}-{why}-{number}.ipynb")


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status: 0 done, 2 bad input.

    Args:    argv: numbers or names of notebooks to begin again; None is those of the process.
    """
    names = sys.argv[1:] if argv is None else argv

    def work() -> int:
        mine = place(Path.cwd())
        for name in names:
            kept = reset(name, course(), mine)
            print(f"{name} begins again{f'; yours is kept as {kept.name}' if kept else ''}.")
        for sentence in prepare(course(), mine):
            print(sentence)
        print(f"Your notebooks are in {mine}.")
        return 0

    return answered(work)


if __name__ == "__main__":
    run_as_command(main)
