"""`python -m tests.inputs`: run every row of the tables and print what the user sees; `--write` keeps it."""

import argparse
import contextlib
from tempfile import TemporaryDirectory

from tests.inputs import TABLES, rows
from tests.inputs.answers import seen
from tests.inputs.names import names


def filled(lines: list[str], answers: dict[str, str]) -> list[str]:
    """Return a table's lines with these answers below its calls, in place of those that are there."""
    kept = []
    for line in lines:
        if not line.startswith(" "):
            kept.append(line)
        if line in answers:
            kept += [f"    {part}" for part in answers[line].splitlines() or [""]]
    return kept


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(prog="python -m tests.inputs", description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep what was seen in the tables' files")
    tables = sorted({row.table for row in rows()})
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(tables)}; all by default")
    options = parser.parse_args()
    found: dict[str, dict[str, str]] = {}
    with TemporaryDirectory() as folder, contextlib.chdir(folder):  # for what a call writes
        for row in (row for row in rows() if row.table in (options.tables or tables)):
            found.setdefault(row.table, {})[row.call] = seen(row.call, names())
    for table, answers in found.items():
        path = TABLES / f"{table}.txt"
        text = "\n".join(filled(path.read_text(encoding="utf-8").splitlines(), answers)) + "\n"
        if options.write:
            path.write_text(text, encoding="utf-8", newline="\n")
        else:
            print(text)


if __name__ == "__main__":
    main()
