"""Wrong kinds of values, and calls with one of them in the place of a right one."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache

from .names import names

VALUES = (
    *(
        "None",
        '"0.5"',
        '""',
        '"to be"',
        '"to be " * 99',
        "'\\0'",
        "True",
        "nan",
        "inf",
        "-inf",
        "-5",
        "0",
        "1",
        "0.5",
        "1.5",
        "1j",
    ),
    *(
        "2**70",
        "-(2**70)",
        "np.int64(2)",
        "np.float32(0.5)",
        "np.array([1, 2])",
        "np.zeros((2, 3))",
        "np.bool_(True)",
    ),
    *(
        "torch.tensor(2)",
        "torch.tensor(0.5)",
        "torch.tensor(True)",
        "[]",
        "[1, 2]",
        "[0.5]",
        '["a", "b"]',
        "()",
        "{}",
        "{1, 2}",
    ),
    *('b"to be"', "object()", "print", "int", "...", "range(3)", "Path('nowhere')", "nn.Linear(2, 2)"),
    *(
        "torch.zeros(0)",
        "torch.zeros(2, 3)",
        "torch.zeros(1, 4, 8)",
        "torch.zeros(0, 4, 8)",
        "torch.zeros(1, 0, 8)",
    ),
    *("torch.zeros(1, 4, 8, dtype=torch.float64)", "torch.zeros(1, 4, 8, dtype=torch.complex64)"),
    *(
        "torch.zeros(1, 4, 8, device='meta')",
        "torch.zeros(1, 4, 8).to_sparse()",
        "torch.full((1, 4, 8), nan)",
    ),
    *(
        "torch.zeros(1, 4, dtype=torch.long)",
        "torch.zeros(9, dtype=torch.long)",
        "torch.zeros(9, dtype=torch.int32)",
    ),
    *("torch.zeros(1, 4, dtype=torch.long, device='meta')", "torch.zeros(9, dtype=torch.long).to_sparse()"),
    *(
        "torch.full((1, 4), -1)",
        "torch.full((9,), 2**40)",
        "torch.zeros(1, 4, dtype=torch.bool)",
        "torch.zeros(4, 4) > 0",
    ),
    *(
        "text",
        "tokenizer",
        "ids",
        "config",
        "settings",
        "gpt",
        "bigram",
        "run",
        "torch.Generator",
        "GPT",
        "CharTokenizer",
    ),
)

# A function may be given where one is asked for; what it then does wrong is its own affair.
CALLED = ("dropout", "compute", "closure", "work", "stopped")
CALLABLE = ("print", "int", "nn.Linear(2, 2)", "gpt", "bigram", "torch.Generator", "GPT", "CharTokenizer")


def variants(call: str) -> Iterator[str]:
    """Yield the call with each wrong value in each place: of its arguments, and of those left out."""
    for place in places(call):
        for value in VALUES:
            if not (place in CALLED and value in CALLABLE):
                yield _with(call, place, value)


def places(call: str) -> list[int | str]:
    """Return where a value can stand: the call's arguments, and those that it leaves out."""
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call), f"{call} is no call"
    return [*range(len(tree.args)), *(keyword.arg for keyword in tree.keywords), *_more(tree)]


@cache
def _shared() -> dict[str, object]:
    """Return a namespace in which nothing is called but what makes a layer or a model."""
    return names()


def _more(tree: ast.Call) -> list[str]:
    """Name the parameters that a call leaves at their defaults."""
    try:
        parameters = inspect.signature(eval(ast.unparse(tree.func), _shared())).parameters
    except (TypeError, ValueError):
        return []
    known = list(parameters)[len(tree.args) :]
    given = {keyword.arg for keyword in tree.keywords}
    return [
        name
        for name in known
        if name not in given
        and parameters[name].kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        and parameters[name].default is not inspect.Parameter.empty
    ]


def _with(call: str, place: int | str, value: str) -> str:
    tree = ast.parse(call, mode="eval").body
    put = ast.parse(value, mode="eval").body
    if isinstance(place, int):
        tree.args[place] = put
    elif known := [keyword for keyword in tree.keywords if keyword.arg == place]:
        known[0].value = put
    else:
        tree.keywords.append(ast.keyword(arg=place, value=put))
    return ast.unparse(tree)
