"""Which cells of a notebook a cell needs: those that bind the names it reads, and so on backwards.

Read from the source, without running it. A cell that only changes what another one made (trains a model, say)
is not needed: what depends on it can be shown without it.
"""

import ast
import builtins
import symtable
from collections.abc import Iterable, Iterator, Sequence

BUILT_IN = set(dir(builtins))


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for inner in table.get_children():
        yield from _tables(inner)


def _names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """The names that a statement reads, and those that it binds."""
    module = symtable.symtable(ast.unparse(statement), "cell", "exec")
    bound = {one.get_name() for one in module.get_symbols() if one.is_assigned() or one.is_imported()}
    read = {
        one.get_name()
        for table in _tables(module)
        for one in table.get_symbols()
        if one.is_referenced() and (table is module or one.is_global())
    }
    added_to = {node.target.id for node in ast.walk(statement) if _adds_to_a_name(node)}
    return (read | added_to) - BUILT_IN, bound


def _adds_to_a_name(node: ast.AST) -> bool:
    """Whether it is like `total += 1`, which reads the name that it binds."""
    return isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)


def reads_and_binds(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell reads and has not bound itself before, and the names that it binds."""
    lines = [line for line in source.splitlines() if not line.startswith(("%", "!"))]
    read, bound = set(), set()
    for statement in ast.parse("\n".join(lines)).body:
        reads, binds = _names(statement)
        read |= reads - bound
        bound |= binds
    return read, bound


def needed(sources: Sequence[str], wanted: Iterable[int]) -> list[int]:
    """Return the numbers of the wanted cells and of all that they need, in order.

    sources: of the code cells, from the first of the notebook on.   wanted: numbers in that list.
    """
    names = [reads_and_binds(source) for source in sources]
    found, open_ends = set(), list(wanted)
    while open_ends:
        cell = open_ends.pop()
        if cell in found:
            continue
        found.add(cell)
        for name in names[cell][0]:
            binders = [at for at in range(cell) if name in names[at][1]]
            open_ends += binders[-1:]
    return sorted(found)
