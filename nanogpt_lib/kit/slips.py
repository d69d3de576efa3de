"""Make one slip in the code of a right answer: another sign, another dim, a step left out or done twice.

`cause.py` asks which of these does just what a wrong answer does.
"""

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from nanogpt_lib.kit.mistaken import IN_ITS_PLACE, OPERATORS

Slip = tuple[str, Callable]  # what is otherwise, in words, and the answer that is so
Place = tuple[ast.AST, str, int | None]  # a node, the name of its field, and the place in a list
Change = tuple[str, list[tuple[Place, Any]]]  # the words, and what is put where

RIGHT = "the right result"
SHORT = 48  # characters of code that are shown


@functools.cache
def slips(right: Callable) -> tuple[Slip, ...]:
    """Return answers that differ from the right one in one place of its code, each with its words.

    Args:    right: the right answer; of one without its source, or with a `while` in it,
             there are none.
    Example:
        >>> from nanogpt_lib.lessons.bigram import normalise
        >>> table = normalise.inputs(0)[0][0]
        >>> wrong = dict(slips(normalise.answer))["the right result with dim=0 in place of dim=1"]
        >>> wrong(table).sum(0)
        tensor([1., 1., 1., 1.])
    """
    tree = _tree_of(right)
    return () if tree is None else tuple(_made(tree, right))


def _tree_of(right: Callable) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(right))).body[0]
    except (OSError, TypeError, SyntaxError):  # no source, or a part of a line
        return None
    if not isinstance(tree, ast.FunctionDef) or right.__closure__:
        return None
    if any(isinstance(node, ast.While) for node in ast.walk(tree)):
        return None  # with one slip in it, it may go on for ever
    tree.decorator_list, tree.returns = [], None
    for arg in tree.args.args:
        arg.annotation = None
    return tree


def _made(tree: ast.FunctionDef, right: Callable) -> Iterator[Slip]:
    seen = {ast.unparse(tree)}
    for words, puts in list(_changes(tree)):
        before = [(place, _at(place)) for place, _ in puts]
        for place, new in puts:
            _put(place, new)
        code = ast.unparse(tree)
        for place, old in before:
            _put(place, old)
        if code not in seen:
            seen.add(code)
            scope: dict[str, Any] = {}
            try:
                exec(
                    compile(code, "<slip>", "exec"), right.__globals__, scope
                )  # our own code, one place changed
            except SyntaxError:
                continue
            yield words, scope[tree.name]


def _at(place: Place) -> Any:
    node, field, i = place
    return getattr(node, field) if i is None else list(getattr(node, field))


def _put(place: Place, new: Any) -> None:
    node, field, i = place
    if i is None or isinstance(new, list):
        setattr(node, field, new)
    else:
        getattr(node, field)[i] = new


def _changes(tree: ast.FunctionDef) -> Iterator[Change]:
    """All slips, those that learners make most first."""
    places = list(_places(tree))
    names = [
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    names = list(dict.fromkeys([*(arg.arg for arg in tree.args.args), *names]))
    singles = [(_words(node, new), (place, new)) for place, node in places for new in _others(node)]
    together: dict[str, list] = {}
    for words, put in singles:
        together.setdefault(words, []).append(put)
    for words, puts in together.items():
        yield f"{RIGHT} {words}", puts
        if len(puts) > 1:
            for one in puts:
                yield f"{RIGHT} {words} once", [one]
    yield from _all_signs(places)
    yield from _statements(tree)
    yield from _steps(tree)
    for place, node in places:
        if isinstance(node, ast.Name) and node.id in names:
            for name in names:
                if name != node.id:
                    yield (
                        f"{RIGHT} with {name} in place of {node.id} once",
                        [(place, ast.Name(name, ast.Load()))],
                    )
    for place, node in places:
        for new in _changed_values(node):
            yield f"{RIGHT} {_words(node, new)}", [(place, new)]


def _places(tree: ast.AST) -> Iterator[tuple[Place, ast.AST]]:
    """Every expression of the code, and where it stands."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(parent, ast.arguments | ast.FunctionDef) and field in ("args", "defaults"):
                continue
            for i, node in enumerate(value) if isinstance(value, list) else ((None, value),):
                if isinstance(node, ast.expr | ast.keyword) and not isinstance(
                    getattr(node, "ctx", None), ast.Store | ast.Del
                ):
                    yield (parent, field, i), node


def _others(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in place of an expression."""
    match node:
        case ast.BinOp(left, op, right):
            for other in OPERATORS.get(type(op), ()):
                yield ast.BinOp(left, other(), right)
            if isinstance(op, ast.Sub | ast.Div | ast.FloorDiv | ast.MatMult | ast.Pow):
                yield ast.BinOp(right, op, left)
            if isinstance(op, ast.Div | ast.Mult):
                for power in (2, 0.5):
                    yield ast.BinOp(left, op, ast.BinOp(right, ast.Pow(), ast.Constant(power)))
            if isinstance(op, ast.FloorDiv):
                yield ast.BinOp(ast.UnaryOp(ast.USub(), left), op, ast.UnaryOp(ast.USub(), right))
            yield from (left, right)
        case ast.UnaryOp(ast.USub(), value):
            yield value
        case ast.Compare(left, [op], [right]):
            for other in OPERATORS.get(type(op), ()):
                yield ast.Compare(left, [other()], [right])
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            for near in (value + 1, value - 1, 2 * value):
                yield ast.Constant(near)
        case ast.Constant(float(value)):
            for number in (2 * value, value / 2, -value, 1.0 + value):
                yield ast.Constant(number)
        case ast.keyword(arg, value) if arg in ("dim", "axis"):
            for dim in (0, 1, 2, -1, -2):
                if str(dim) != ast.unparse(value):
                    yield ast.keyword(arg, ast.Constant(dim))
        case ast.Call():
            yield from _changed_calls(node)
        case ast.Slice(lower, upper, step):
            if lower is not None:
                yield ast.Slice(None, upper, step)
                yield ast.Slice(_plus(lower, 1), upper, step)
                yield ast.Slice(_plus(lower, -1), upper, step)
            if upper is not None:
                yield ast.Slice(lower, None, step)
                yield ast.Slice(lower, _plus(upper, 1), step)
                yield ast.Slice(lower, _plus(upper, -1), step)


def _changed_values(node: ast.expr) -> Iterator[ast.AST]:
    """Something made of what a call or a product gives: its square, what is positive of it, its half."""
    if not isinstance(node, ast.Call) and not (
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
    ):
        return
    yield ast.BinOp(node, ast.Pow(), ast.Constant(2))
    yield ast.Call(ast.Attribute(node, "relu", ast.Load()), [], [])
    yield ast.BinOp(node, ast.Div(), ast.Constant(2))


def _changed_calls(node: ast.Call) -> Iterator[ast.AST]:
    """A call left out, done twice, given less, or of a function that is easily taken for it."""
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    for other in IN_ITS_PLACE.get(name, "").split():
        new = (
            ast.Attribute(called.value, other, ast.Load())
            if isinstance(called, ast.Attribute)
            else ast.Name(other, ast.Load())
        )
        yield ast.Call(new, node.args, node.keywords)
    if isinstance(called, ast.Attribute):
        yield called.value
        yield ast.Call(ast.Attribute(node, name, ast.Load()), node.args, node.keywords)
    if node.args:
        yield node.args[0]
        yield ast.Call(called, [node, *node.args[1:]], node.keywords)
    for i in range(len(node.keywords)):
        yield ast.Call(called, node.args, node.keywords[:i] + node.keywords[i + 1 :])


def _words(old: ast.AST, new: ast.AST) -> str:
    """What is otherwise: of a call only its name, where that is all."""
    if isinstance(old, ast.Call):
        if isinstance(new, ast.Call) and new.args == old.args and new.keywords == old.keywords:
            return f"with {_code(new.func)} in place of {_code(old.func)}"
        if isinstance(new, ast.Call) and old in (
            new.func.value if isinstance(new.func, ast.Attribute) else None,
            *new.args[:1],
        ):
            return f"with {_code(old)} done twice"
        if new in old.args or (isinstance(old.func, ast.Attribute) and new is old.func.value):
            return f"with {_code(new)} alone in place of {_code(old)}"
    mine, right = _code(new), _code(old)
    if mine == right:  # what differs is behind the part that is shown
        mine, right = ast.unparse(new), ast.unparse(old)
    return f"with {mine} in place of {right}"


def _plus(node: ast.expr, by: int) -> ast.BinOp:
    return ast.BinOp(node, ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))


def _all_signs(places: list[tuple[Place, ast.AST]]) -> Iterator[Change]:
    """The same operator changed wherever it stands."""
    for old, new, words in (
        (ast.Add, ast.Sub, "- in place of every +"),
        (ast.Sub, ast.Add, "+ in place of every -"),
    ):
        sums = [node for _, node in places if isinstance(node, ast.BinOp) and isinstance(node.op, old)]
        if len(sums) > 1:
            yield f"{RIGHT} with {words}", [((node, "op", None), new()) for node in sums]


def _statements(tree: ast.AST) -> Iterator[Change]:
    """Statements left out, done twice, in the other order; loops that leave out a turn, or end at once."""
    for parent in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(parent, field, None)
            if not isinstance(body, list):
                continue
            place = (parent, field, None)
            for i, one in enumerate(body):
                if isinstance(one, ast.Return | ast.FunctionDef):
                    continue
                words = _code(one).splitlines()[0]
                yield f"{RIGHT} without {words}", [(place, [*body[:i], *body[i + 1 :]] or [ast.Pass()])]
                yield f"{RIGHT} with {words} done twice", [(place, [*body[:i], one, *body[i:]])]
                if i + 1 < len(body) and not isinstance(body[i + 1], ast.Return):
                    later = _code(body[i + 1]).splitlines()[0]
                    yield (
                        f"{RIGHT} with {words} after {later}",
                        [(place, [*body[:i], body[i + 1], one, *body[i + 2 :]])],
                    )
                if isinstance(one, ast.For):
                    yield from _turns(one, body[-1])


def _turns(loop: ast.For, end: ast.stmt) -> Iterator[Change]:
    for part, words in (
        ("[:-1]", "without the last"),
        ("[1:]", "without the first"),
        ("[::-1]", "in reverse"),
        ("[:1]", "for the first alone"),
    ):
        new = ast.parse(f"list({ast.unparse(loop.iter)}){part}", mode="eval").body
        yield f"{RIGHT} with the loop over {_code(loop.iter)} {words}", [((loop, "iter", None), new)]
    if isinstance(end, ast.Return):
        yield (
            f"{RIGHT} with the return inside the loop over {_code(loop.iter)}",
            [((loop, "body", None), [*loop.body, end])],
        )


def _steps(tree: ast.AST) -> Iterator[Change]:
    """What is returned before the last step."""
    local = [
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    for end in ast.walk(tree):
        if isinstance(end, ast.Return) and end.value is not None:
            inner = [
                node for node in ast.walk(end.value) if isinstance(node, ast.expr) and node is not end.value
            ]
            for new in [*inner, *(ast.Name(name, ast.Load()) for name in dict.fromkeys(local))]:
                yield f"{_code(new)} alone: the steps behind it are missing", [((end, "value", None), new)]


def _code(node: ast.AST) -> str:
    code = ast.unparse(node)
    return code if len(code) <= SHORT else code[:SHORT] + "…"
