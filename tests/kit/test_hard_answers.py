"""Whatever an answer does, it is answered in words, it can be stopped, and it leaves nothing behind."""

import _thread
import contextlib
import functools
import gc
import inspect
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch

from nanogpt_lib.kit import printed
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons import averaging_the_past, bigram, experiments, scaling, text_tokens_batches

average = averaging_the_past.avg_tril
right = average.answer


def message(answer: Callable, exercise: Exercise = average) -> str:
    result = exercise.check(answer)
    assert result.status == "not yet", result
    assert len(repr(result)) + len(result._repr_html_()) < 5000
    return result.message


# --- results of every kind ------------------------------------------------------------------------

BRACKETS = {
    "a tensor (1,)": lambda value: torch.tensor([float(value)]),
    "a list": lambda value: [float(value)],
    "a list of a tensor with a gradient": lambda value: [torch.tensor(float(value), requires_grad=True)],
    "an array (1,)": lambda value: np.array([float(value)]),
    "a numpy scalar": lambda value: np.float64(value),
}


@pytest.mark.parametrize("kind", BRACKETS.values(), ids=BRACKETS)
@pytest.mark.parametrize(
    "exercise",
    [text_tokens_batches.unigram_loss, bigram.nll, scaling.temperature_of, experiments.mean_ci],
    ids=lambda exercise: exercise.name,
)
def test_one_number_is_right_in_whatever_brackets_it_comes(exercise: Exercise, kind: Callable) -> None:
    """The note of a right answer formats its number, and used to raise where it came as (1,)."""

    def answer(*inputs):
        value = exercise.answer(*inputs)
        return tuple(map(kind, value)) if isinstance(value, tuple) else kind(value)

    assert exercise.check(answer).passed


@pytest.mark.parametrize(
    "kind",
    [torch.Tensor.to_sparse, lambda y: y.clone().requires_grad_(), torch.Tensor.double, torch.Tensor.numpy],
)
def test_a_right_result_passes_in_whatever_form_it_comes(kind: Callable) -> None:
    assert average.check(lambda x: kind(right(x))).passed


class Refuses:
    """An object that raises whatever it is asked."""

    def __array__(self, *_: object) -> None:
        raise RuntimeError("no array")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    def __repr__(self) -> str:
        raise RuntimeError("no words")


def emptied(tensor: torch.Tensor) -> torch.Tensor:
    tensor.untyped_storage().resize_(0)
    return tensor


itself: list = []
itself.append(itself)
twice_itself: list = [0]
for _ in range(80):
    twice_itself = [twice_itself, twice_itself]

RESULTS = {
    "meta": (lambda x: right(x).to("meta"), 'a tensor on the device "meta"'),
    "nested": (
        lambda x: torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)]),
        "a nested tensor",
    ),
    "complex": (lambda x: right(x) + 0j, "complex numbers. Take the real part: .real"),
    "quantized": (
        lambda x: torch.quantize_per_tensor(right(x), 0.1, 0, torch.qint8),
        "Expected float32 or float64, got torch.qint8",
    ),
    "emptied": (lambda x: emptied(right(x).clone()), "a tensor whose memory was given back"),
    "an object": (lambda x: Refuses(), "got Refuses: '(nothing can be shown: its __str__ raised Runtime"),
    "a generator": (lambda x: (row for row in right(x)), "Write return where you wrote yield"),
    "a function": (lambda x: right, "a function. Call it, with brackets"),
    "a class": (lambda x: torch.Tensor, "a class. Return what it computes"),
    "a module": (lambda x: torch.nn.Linear(2, 2), "a module. Call it"),
    "itself": (lambda x: itself, "got a list of length 1"),
    "twice itself": (lambda x: twice_itself, "Expected 64 numbers, got a list of 18,446,744"),
    "text": (lambda x: np.array(["1", "2"]), "Expected a tensor, got ndarray: "),
    "dates": (lambda x: np.array(["2020-01-01"], dtype="M8"), "Expected a tensor, got ndarray: "),
}


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.filterwarnings("ignore")
def test_a_result_of_another_kind_is_named(name: str) -> None:
    answer, words = RESULTS[name]
    assert words in message(answer)


def test_a_coroutine_is_named_and_closed() -> None:
    async def answer(x):
        return right(x)

    assert "Write def instead of async def" in message(answer)


HUGE = {
    "400 MB": lambda x: torch.zeros(10_000, 10_000),
    "a stride of 0": lambda x: torch.zeros(1).expand(10**6, 10**6),
    "a long list": lambda x: [0.0] * 20_000_000,
    "a range": lambda x: range(10**12),
}


@pytest.mark.parametrize("answer", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("exercise", [average, bigram.nll], ids=["a tensor", "a number"])
def test_a_huge_result_is_answered_by_its_size(answer: Callable, exercise: Exercise) -> None:
    """400 MB were converted, compared and counted for every known mistake: 34 seconds."""
    start = time.process_time()
    assert message(lambda *inputs: answer(inputs[0]), exercise).startswith("Expected ")
    assert time.process_time() - start < 3  # a second on a quiet machine


# --- errors of every kind -------------------------------------------------------------------------


class OfTheirOwn(BaseException):
    pass


class WithoutWords(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def raising(error: BaseException) -> Callable:
    def answer(x):
        raise error

    return answer


def without_end(x):
    return without_end(x)


ERRORS = {
    "os._exit": (
        lambda x: os._exit(0),
        "Your function raised SystemExit for x of shape (1, 8, 8): return the",
    ),
    "sys.exit": (
        lambda x: sys.exit(),
        "Your function raised SystemExit for x of shape (1, 8, 8): return the",
    ),
    "GeneratorExit": (raising(GeneratorExit()), "Your function raised GeneratorExit"),
    "their own": (
        raising(OfTheirOwn("mine")),
        "Your function raised OfTheirOwn for x of shape (1, 8, 8): mine",
    ),
    "no words": (raising(WithoutWords()), "WithoutWords for x of shape (1, 8, 8): (nothing can be shown"),
    "a megabyte": (raising(ValueError("no" * 500_000)), "Your function raised ValueError"),
    "recursion": (without_end, "Your function raised RecursionError"),
    "a group": (raising(ExceptionGroup("several", [ValueError()])), "ExceptionGroup"),
    "too many": (lambda x, y: x, "It is called as avg_tril(x), with 1 input."),
    "too few": (lambda: 0, "It is called as avg_tril(x), with 1 input."),
    "by name only": (lambda *, x: x, "It is called as avg_tril(x), with 1 input."),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_of_any_kind_is_told(name: str) -> None:
    answer, words = ERRORS[name]
    assert words in message(answer)


def test_an_error_after_the_answer_has_returned_is_not_called_its_own() -> None:
    space: dict = {}
    library = inspect.getfile(Exercise)
    exec(compile("def run(answer, x):\n    return answer(x).mean()\n", library, "exec"), space)
    ex = Exercise(
        "Write same(x).", ("1", "2", "3"), lambda seed: [(torch.ones(2),)], run=space["run"], name="same"
    )
    ex.right(torch.clone)
    assert ex.check(lambda x: x.tolist()).message == (
        "Your function returned list, and what is done with it raised AttributeError: "
        "'list' object has no attribute 'mean'"
    )


# --- answers of every kind ------------------------------------------------------------------------


class Averager(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return right(x)


ANSWERS = {
    "a module": Averager(),
    "a method": Averager().forward,
    "a partial": functools.partial(lambda scale, x: scale * right(x), 1),
    "a class": type("Made", (), {"__new__": lambda cls, x: right(x)}),
    "with more that has a default": lambda x, more=None: right(x),
    "with any number": lambda *inputs: right(*inputs),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_whatever_can_be_called_can_be_right(answer: Callable) -> None:
    assert average.check(answer).passed


INPUTS = {
    "resize_": (lambda x: x.resize_(1), "it had shape (1, 8, 8) and now has (1,)"),
    "set_": (lambda x: x.set_(), "it had shape (1, 8, 8) and now has (0,)"),
    "data": (
        lambda x: setattr(x, "data", x.double()),
        "it had dtype torch.float32 and now has torch.float64",
    ),
    "storage": (lambda x: x.untyped_storage().resize_(0), "a tensor whose memory was given back"),
}


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_that_is_taken_apart_is_named(name: str) -> None:
    take_apart, words = INPUTS[name]

    def answer(x):
        result = right(x).clone()
        take_apart(x)
        return result

    assert words in message(answer)


@pytest.mark.parametrize(
    ("given", "change", "words"),
    [
        ([1, 2], lambda given: given.append(3), "it had length 2 and now has 3"),
        ({"a": 1}, lambda given: given.update(a=2), "1 is now 2"),
        ({"a": 1}, lambda given: given.update(b=given.pop("a")), "it had the keys ['a'] and now has ['b']"),
        (np.zeros(2), lambda given: given.fill(1), "the element at [0] was 0 and is now 1"),
        ([torch.zeros(2)], lambda given: given[0].add_(1), "the element at [0] was 0 and is now 1"),
        ([torch.zeros(2)], lambda given: given.__setitem__(0, None), "a Tensor became a NoneType"),
        (torch.nn.Linear(1, 1), lambda given: given.bias.data.fill_(9), "and is now 9"),
    ],
)
def test_a_changed_list_dict_array_or_module_is_named(given: object, change: Callable, words: str) -> None:
    ex = Exercise("Write one(given).", ("1", "2", "3"), lambda seed: [(given,)])
    ex.right(lambda given: 1.0)
    ex.name = "one"
    assert words in message(lambda given: (change(given), 1.0)[1], ex)
    ex.functions[0] = lambda given: (change(given), 1.0)[1]
    ex._kept.clear()
    assert ex.check(ex.functions[0]).passed, "where the right answer changes it, that is what is asked for"


def test_what_is_kept_from_call_to_call_is_found() -> None:
    def grows(x, seen=[]):  # noqa: B006
        seen.append(x)
        return right(x) * (1 if len(seen) <= len(average.inputs(0)) else 2)

    words = message(grows)
    assert words.startswith("Called again with the same input for x of shape (1, 8, 8), your function gave ")
    assert "another result (1, then 2): something is left from the calls before" in words


# --- what is left behind --------------------------------------------------------------------------

LEFT = {
    "gradients": (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled),
    "dtype": (lambda: torch.set_default_dtype(torch.float64), torch.get_default_dtype),
    "device": (lambda: torch.set_default_device("meta"), torch.get_default_device),
    "threads": (lambda: torch.set_num_threads(3), torch.get_num_threads),
    "deterministic": (
        lambda: torch.use_deterministic_algorithms(True),
        torch.are_deterministic_algorithms_enabled,
    ),
    "anomalies": (lambda: torch.autograd.set_detect_anomaly(True), torch.is_anomaly_enabled),
    "autocast": (lambda: torch.set_autocast_enabled("cpu", True), lambda: torch.is_autocast_enabled("cpu")),
    "torch's printing": (lambda: torch.set_printoptions(precision=1), lambda: str(torch.tensor(0.123456))),
    "numpy's errors": (lambda: np.seterr(all="raise"), np.geterr),
    "numpy's printing": (lambda: np.set_printoptions(precision=1), np.get_printoptions),
    "warnings": (lambda: warnings.simplefilter("error"), lambda: list(warnings.filters)),
    "the folder": (lambda: os.chdir("/"), os.getcwd),
    "the environment": (lambda: os.environ.update(LEFT="behind"), lambda: dict(os.environ)),
    "the path": (lambda: sys.path.append("/nowhere"), lambda: list(sys.path)),
    "stdout": (lambda: setattr(sys, "stdout", None), lambda: sys.stdout),
    "stderr": (lambda: setattr(sys, "stderr", None), lambda: sys.stderr),
    "recursion": (lambda: sys.setrecursionlimit(5000), sys.getrecursionlimit),
    "profile": (lambda: sys.setprofile(lambda *_: None), sys.getprofile),
    "garbage": (gc.disable, gc.isenabled),
    "interrupts": (
        lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        lambda: signal.getsignal(signal.SIGINT),
    ),
    "random": (lambda: random.seed(5), random.getstate),
    "torch.softmax": (lambda: setattr(torch, "softmax", torch.sigmoid), lambda: torch.softmax),
    "Tensor.softmax": (
        lambda: setattr(torch.Tensor, "softmax", torch.Tensor.sin),
        lambda: torch.Tensor.softmax is torch.Tensor.sin,
    ),
    "Tensor.abs": (lambda: setattr(torch.Tensor, "abs", lambda x: None), lambda: torch.Tensor.abs),
    "torch.ones": (lambda: delattr(torch, "ones"), lambda: torch.ones),
    "print": (lambda: setattr(__import__("builtins"), "print", None), lambda: print),
}


@pytest.mark.parametrize("name", LEFT)
@pytest.mark.parametrize("is_right", [True, False])
def test_nothing_is_left_behind(name: str, is_right: bool) -> None:
    leave, look = LEFT[name]

    def answer(x):
        result = right(x) if is_right else right(x).flip(2)
        leave()
        return result

    before = look()
    assert average.check(answer).passed == is_right
    assert look() == before
    assert average.check(right).passed


# --- printing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("times", [1, 1000])
def test_prints_are_cut_with_a_line_that_says_so(
    stream: str, times: int, capsys: pytest.CaptureFixture
) -> None:
    def answer(x):
        for _ in range(times):
            print("x" * (1_500_000 // times), file=getattr(sys, stream), flush=True)
        return right(x)

    assert average.check(answer).passed
    out, err = capsys.readouterr()
    assert len(out) + len(err) < printed.MOST + 100
    assert out.splitlines()[-1].endswith(" more characters were printed, and are left out here.")


def test_few_prints_come_whole(capsys: pytest.CaptureFixture) -> None:
    assert bigram.nll.check(lambda *inputs: (print("here"), bigram.nll.answer(*inputs))[1]).passed
    out = capsys.readouterr().out
    assert set(out.splitlines()) == {"here"}


# --- the stop -------------------------------------------------------------------------------------


def swallows(x):
    while True:
        try:
            while True:
                x = x
        except:  # noqa: E722
            pass


def suppresses(x):
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(0.2)


def goes_on_in_the_end(x):
    while True:
        try:
            time.sleep(0.2)
        finally:
            continue  # noqa: B012


def returns_all_the_same(x):
    try:
        while True:
            x = x
    except BaseException:
        return right(x)


def tries_again(x):
    try:
        while True:
            x = x
    except BaseException:
        return tries_again(x)


def raises_something_else(x):
    try:
        while True:
            x = x
    except BaseException:
        raise ValueError from None


@pytest.mark.parametrize(
    "answer",
    [
        swallows,
        suppresses,
        goes_on_in_the_end,
        returns_all_the_same,
        tries_again,
        raises_something_else,
    ],
)
def test_the_stop_wins_over_whatever_catches_it(answer: Callable, capsys: pytest.CaptureFixture) -> None:
    """A bare `except:` swallowed the one interrupt that there was, and the kernel had to be killed."""
    before = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(0.1, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        average.check(answer)
    timer.join()
    assert "The check was stopped." in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is before
    assert sys.gettrace() is None or "coverage" in sys.modules or "pydevd" in sys.modules
    assert average.check(right).passed


def test_a_process_forked_off_by_an_answer_really_ends() -> None:
    def forks(x):
        if (child := os.fork()) == 0:
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        return average.answer(x)

    really = os._exit
    assert average.check(forks).passed
    assert os._exit is really
