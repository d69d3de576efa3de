"""Put back what an answer leaves behind: switches of torch, numpy and Python, and functions that it replaced.

Otherwise whoever writes torch.set_grad_enabled(False) in one cell is refused a right answer in the next.
"""

import builtins
import gc
import math
import operator
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy
import torch
import torch.nn.functional as F
from torch._tensor_str import get_printoptions  # torch has no public way to read them

from nanogpt_lib.process import one_thread

GONE = object()
PLACES = (torch, torch.nn, F, torch.linalg, torch.Tensor, torch.nn.Module, numpy, math, random, builtins)


def _working_folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # somebody removed it
        return None


def _put_folder(before: str | None) -> None:
    if before is not None:
        os.chdir(before)


def _put_environment(before: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)


def _put_device(before: torch.device) -> None:
    torch.set_default_device(None)  # as it is where nobody ever chose one; a chosen one slows torch
    if torch.get_default_device() != before:
        torch.set_default_device(before)


def _put_search_path(before: list[str]) -> None:
    sys.path[:] = before


def _deterministic() -> tuple[bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


Switch = tuple[Callable[[], Any], Callable[[Any], Any]]  # how to read it, how to put it
SWITCHES: tuple[Switch, ...] = (
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_default_device, _put_device),
    (torch.get_num_threads, torch.set_num_threads),
    (_deterministic, lambda before: torch.use_deterministic_algorithms(before[0], warn_only=before[1])),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (lambda: torch.is_autocast_enabled("cpu"), lambda before: torch.set_autocast_enabled("cpu", before)),
    (get_printoptions, lambda before: torch.set_printoptions(**before)),
    (numpy.geterr, lambda before: numpy.seterr(**before)),
    (numpy.get_printoptions, lambda before: numpy.set_printoptions(**before)),
    (_working_folder, _put_folder),
    (lambda: list(sys.path), _put_search_path),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (sys.gettrace, sys.settrace),
    (sys.getprofile, sys.setprofile),
    (gc.isenabled, lambda before: gc.enable() if before else gc.disable()),
)
STREAMS: tuple[Switch, ...] = (
    (torch.get_rng_state, torch.set_rng_state),
    (random.getstate, random.setstate),
    (numpy.random.get_state, numpy.random.set_state),
)


@contextmanager
def undisturbed() -> Iterator[Callable[[], None]]:
    """Leave everything as it was, whatever is drawn, switched or replaced inside the block.

    Inside, torch uses one thread: on sizes this small, two spend their time waiting for each other.

    Returns: what puts replaced functions back at once, between one run of an answer and the next.
    Example:
        >>> with undisturbed():
        ...     torch.set_default_dtype(torch.float64)
        ...     torch.softmax = torch.sigmoid
        >>> torch.get_default_dtype(), torch.softmax is torch.sigmoid
        (torch.float32, False)
    """
    streams = [read() for read, _ in STREAMS]
    environment = dict(os.environ)
    places = [dict(vars(place)) for place in PLACES]
    put_functions = partial(_put_functions, places)
    try:
        with one_thread(), warnings.catch_warnings(), switches_kept():
            yield put_functions
    finally:
        put_functions()
        if os.environ != environment:
            _put_environment(environment)
        for (_, put), before in zip(STREAMS, streams, strict=True):
            put(before)


@contextmanager
def switches_kept() -> Iterator[None]:
    """Put every switch back as it was before the block."""
    before = [read() for read, _ in SWITCHES]
    try:
        yield
    finally:
        for (read, put), setting in zip(SWITCHES, before, strict=True):
            if read() != setting:
                put(setting)


def _put_functions(places: list[dict[str, Any]]) -> None:
    """Put back what was replaced or removed; what is new stays, unless it hides what a class inherits."""
    for place, before in zip(PLACES, places, strict=True):
        now = vars(place)
        if len(now) == len(before) and all(map(operator.is_, now.values(), before.values())):
            continue
        for name in [name for name in before if now.get(name, GONE) is not before[name]]:
            setattr(place, name, before[name])
        if isinstance(place, type):
            for name in [name for name in now if name not in before and hasattr(place.__base__, name)]:
                delattr(place, name)
