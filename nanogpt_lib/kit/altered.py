"""Alter a right answer as a learner might: other arguments go in, or something else is made of its result.

Each alteration comes with the words for what it gives; `cause.py` asks which of them an answer equals.
"""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch

from nanogpt_lib.kit.changes import ALONG, LISTS, NUMBERS, OUTPUTS, PARTS, TENSORS, WHOLE, Change

Altered = tuple[str, Callable]  # what it gives, in words, and the answer that gives it
Named = list[tuple[int, str, Any]]  # place, name and value of each argument

RIGHT = "the right result"
MANY = 64  # parts, when each is computed alone


def alterations(
    right: Callable, names: tuple[str, ...], args: tuple, *, few: bool = False
) -> Iterator[list[Altered]]:
    """Yield alterations of a right answer, group by group; the simplest come first.

    Args:    right: the right answer.   names: of its arguments.   args: what it was called with once.
             few: only those that can do without what one call returns, as each costs a whole run.
    Example:
        >>> first = next(alterations(lambda x, y: x - y, ("x", "y"), (3.0, 1.0)))
        >>> [(words, answer(3.0, 1.0)) for words, answer in first]
        [('x itself, unchanged', 3.0), ('y itself, unchanged', 1.0)]
    """
    named: Named = list(zip(range(len(args)), names, args, strict=False))
    yield [(f"{name} itself, unchanged", _made_of(i)) for i, name, arg in named if _is_value(arg)]
    yield list(_exchanged(right, named))
    yield list(_reversed(right, named))
    yield list(_of_some_alone(right, named))
    if few:
        return
    yield list(_left_out(right, named))
    yield list(_of_the_result(right, right_value(right, args)))
    yield list(_for_other_arguments(right, named))
    yield list(_beside(right, named))
    yield list(_done_twice(right, named))
    yield list(_of_an_argument(named))
    yield list(_of_parts(right))


def right_value(right: Callable, args: tuple) -> Any:
    """Return what the right answer gives; None where it raises an error."""
    try:
        return right(*args)
    except Exception:  # what is not to be had is not altered
        return None


def _is_value(arg: Any) -> bool:
    return isinstance(arg, torch.Tensor | int | float) and not isinstance(arg, bool)


def _made_of(i: int, make: Callable = lambda x: x) -> Callable:
    return lambda *args: make(args[i])


def _with(right: Callable, i: int, make: Callable[[Any], Any]) -> Callable:
    """The right answer, with something made of its argument i."""
    return lambda *args: right(*(make(arg) if at == i else arg for at, arg in enumerate(args)))


def _placed(right: Callable, order: dict[int, int]) -> Callable:
    """The right answer, with the arguments of other places; order is place to place."""
    return lambda *args: right(*(args[order.get(at, at)] for at in range(len(args))))


def _exchanged(right: Callable, named: Named) -> Iterator[Altered]:
    for (i, one, a), (j, other, b) in itertools.combinations(named, 2):
        if not _are_of_one_kind(a, b):
            continue
        yield f"{RIGHT} with {one} and {other} exchanged: look which goes where", _placed(right, {i: j, j: i})
        for (to, gone), (source, used) in (((j, other), (i, one)), ((i, one), (j, other))):
            yield (
                f"{RIGHT} with {used} used in place of {gone} too: {gone} is not used",
                _placed(right, {to: source}),
            )


def _are_of_one_kind(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.shape == b.shape and a.dtype == b.dtype
    return (_is_value(a) and _is_value(b)) or (callable(a) and callable(b))


def _left_out(right: Callable, named: Named) -> Iterator[Altered]:
    """Layers that are left out, or whose results are changed: those that were given, and their parts."""
    for i, name, arg in named:
        if isinstance(arg, torch.nn.Module):
            for child, _ in arg.named_children():
                yield from _for_other_outputs(f"{name}.{child}", partial(_hooked, right, i, child))
        if callable(arg):
            yield from _for_other_outputs(name, partial(_wrapped, right, i))


def _reversed(right: Callable, named: Named) -> Iterator[Altered]:
    for i, name, arg in named:
        if isinstance(arg, torch.nn.Module):
            for child, part in arg.named_children():
                if isinstance(part, torch.nn.ModuleList | torch.nn.Sequential):
                    yield f"{RIGHT} with the last of {name}.{child} first", _last_first(right, i, child)


def _last_first(right: Callable, i: int, child: str) -> Callable:
    """The right answer, while the list of layers `child` in its argument i stands in reverse order."""

    def answer(*args: Any) -> Any:
        layers = getattr(args[i], child)
        last_first = list(reversed(list(layers)))
        is_chain = isinstance(layers, torch.nn.Sequential)
        setattr(
            args[i], child, torch.nn.Sequential(*last_first) if is_chain else torch.nn.ModuleList(last_first)
        )
        try:
            return right(*args)
        finally:
            setattr(args[i], child, layers)

    return answer


def _for_other_outputs(name: str, alter: Callable) -> Iterator[Altered]:
    yield f"{RIGHT} with {name} left out, so that its input goes on unchanged", alter(lambda out, x: x)
    yield f"{RIGHT} without what {name} gives", alter(lambda out, x: 0 * out)
    for words, make in OUTPUTS:
        said = words.format(f"{name}(…)")
        yield f"{RIGHT} for {said} in place of {name}(…)", alter(lambda out, x, make=make: make(out))


def _wrapped(right: Callable, i: int, alter: Callable) -> Callable:
    return _with(right, i, lambda layer: lambda x: alter(layer(x), x))


def _hooked(right: Callable, i: int, child: str, alter: Callable) -> Callable:
    """The right answer, while something else is made of what a part of its argument i gives."""

    def answer(*args: Any) -> Any:
        hook = (
            args[i].get_submodule(child).register_forward_hook(lambda layer, given, out: alter(out, given[0]))
        )
        try:
            return right(*args)
        finally:
            hook.remove()

    return answer


def _for_other_arguments(right: Callable, named: Named) -> Iterator[Altered]:
    for i, name, arg in named:
        for words, make in _changes_of(arg):
            said = f"{RIGHT} for {words.format(name)} in place of {name}"
            yield said, _with(right, i, make)


def _changes_of(arg: Any) -> tuple[Change, ...]:
    if isinstance(arg, torch.Tensor):
        moved = tuple(_moved(arg.ndim))
        if arg.is_floating_point():
            return (*TENSORS, *moved)
        counts = tuple((words, lambda x, make=make: make(x.float())) for words, make in TENSORS)
        return (*moved, *counts)  # whole numbers are ids, or counts
    if _is_value(arg):
        return NUMBERS
    return LISTS if isinstance(arg, list | tuple) else ()


def _moved(ndim: int) -> Iterator[Change]:
    for d in range(ndim):
        yield f"{{}}.flip({d})", partial(torch.flip, dims=(d,))
        yield f"{{}}.roll(1, {d})", partial(torch.roll, shifts=1, dims=d)
        yield f"{{}}.roll(-1, {d})", partial(torch.roll, shifts=-1, dims=d)


def _of_some_alone(right: Callable, named: Named) -> Iterator[Altered]:
    """The right result for a part of the batch or of the time, or with the two mixed up."""
    tensors = [(name, arg) for _, name, arg in named if isinstance(arg, torch.Tensor)]
    if not tensors or tensors[0][1].ndim < 2:
        return
    lead = tensors[0][1].shape[:2]
    together = [name for name, arg in tensors if arg.shape[:2] == lead]
    for d, before in enumerate(("", ":, ")):
        for part, make in (
            (":1", lambda x, d: x.narrow(d, 0, 1)),
            ("-1:", lambda x, d: x.narrow(d, x.shape[d] - 1, 1)),
            ("1:", lambda x, d: x.narrow(d, 1, x.shape[d] - 1)),
            (":-1", lambda x, d: x.narrow(d, 0, x.shape[d] - 1)),
        ):
            taken = " and ".join(f"{name}[{before}{part}]" for name in together)
            yield f"{RIGHT} for {taken} alone: the rest is not looked at", _on_all(right, partial(make, d=d))
        turn: Callable = partial(torch.flip, dims=(d,))
        yield (
            f"{RIGHT} counted from the other end of dimension {d}: look where it begins",
            _on_all(right, turn, turn),
        )
    swap: Callable = partial(torch.transpose, dim0=0, dim1=1)
    yield f"{RIGHT} with the dimensions 0 and 1 taken for each other: look at dim", _on_all(right, swap, swap)
    for d in (0, 1) if [arg.ndim for _, arg in tensors] == [3] else ():
        swap = partial(torch.transpose, dim0=d, dim1=2)
        words = f"{RIGHT} with the dimensions {d} and 2 taken for each other: look at dim"
        yield words, _on_all(right, swap, swap)


def _on_all(right: Callable, make: Callable, after: Callable = lambda x: x) -> Callable:
    """The right answer with something made of every tensor that begins with the same two dimensions."""

    def answer(*args: Any) -> Any:
        lead = next(arg for arg in args if isinstance(arg, torch.Tensor)).shape[:2]
        together = (isinstance(arg, torch.Tensor) and arg.shape[:2] == lead for arg in args)
        return after(
            right(*(make(arg) if is_one else arg for arg, is_one in zip(args, together, strict=True)))
        )

    return answer


def _beside(right: Callable, named: Named) -> Iterator[Altered]:
    for i, name, arg in named:
        if isinstance(arg, torch.Tensor):
            for words, make in (
                (f"{RIGHT} plus {name}: {name} is added once too often", lambda y, x: y + x),
                (f"{RIGHT} minus {name}: {name} is missing in the sum", lambda y, x: y - x),
                (f"{name} minus {RIGHT}: look at the signs", lambda y, x: x - y),
                (f"{RIGHT} times {name}", lambda y, x: y * x),
            ):
                yield words, lambda *args, i=i, make=make: make(right(*args), args[i])


def _done_twice(right: Callable, named: Named) -> Iterator[Altered]:
    """The right result, put in once more in place of an argument of its shape."""
    for i, name, arg in named:
        if isinstance(arg, torch.Tensor) and arg.ndim:
            yield (
                f"{RIGHT}, with the whole done once more to it in place of {name}: once is enough",
                lambda *args, i=i: right(*args[:i], right(*args), *args[i + 1 :]),
            )


def _of_the_result(right: Callable, value: Any) -> Iterator[Altered]:
    if isinstance(value, torch.Tensor) and value.ndim:
        for words, make in _made(value.ndim, "right"):
            yield f"{words}, where right is {RIGHT}", lambda *args, make=make: make(right(*args))


def _of_an_argument(named: Named) -> Iterator[Altered]:
    for i, name, arg in named:
        if isinstance(arg, torch.Tensor) and arg.is_floating_point():
            for words, make in _made(arg.ndim, name):
                yield f"{words}: the other steps are missing", _made_of(i, make)


def _made(ndim: int, name: str) -> Iterator[Change]:
    for d in range(ndim):
        for words, make in ALONG:
            yield words.format(name, d=d), partial(make, d=d)
    for words, make in WHOLE:
        yield words.format(name), make


def _of_parts(right: Callable) -> Iterator[Altered]:
    """What else than their mean could be made of the values for each sequence, or each position alone."""
    for depth, of in ((1, "the results for each sequence alone"), (2, "the results for each position alone")):
        for words, make in PARTS:
            yield words.format(of), lambda *args, d=depth, make=make: make(_parts(right, args, d))


def _parts(right: Callable, args: tuple, depth: int) -> torch.Tensor:
    lead = next(arg for arg in args if isinstance(arg, torch.Tensor)).shape[:depth]
    if lead.numel() > MANY:
        raise ValueError("Only a few parts are computed one by one.")
    parts = []
    for at in itertools.product(*map(range, lead)):
        cut = tuple(slice(place, place + 1) for place in at)
        own = [
            arg[cut] if isinstance(arg, torch.Tensor) and arg.shape[:depth] == lead else arg for arg in args
        ]
        parts.append(torch.as_tensor(right(*own)))
    return torch.stack(parts)
