"""How an answer is judged: what is said of each kind of mistake, and in which order."""

import _thread
import linecache
import random
import re
import threading

import numpy as np
import pytest
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case, Mistake
from nanogpt_lib.kit.panel import NOT_YET, PASSED, UNATTEMPTED, Result
from nanogpt_lib.lessons import averaging_the_past, bigram, text_tokens_batches

loop = averaging_the_past.avg_loop.answer


def said(function: object, exercise: Exercise = averaging_the_past.avg_loop) -> str:
    """What the learner is told of an answer that no known mistake explains."""
    result = exercise.check(function)
    assert result.status == "not yet", result
    assert result.mistake == "", result
    return result.message


def as_a_cell(source: str, number: int = 1) -> dict:
    """Runs source as a notebook's cell: a file that is not there, with its lines in linecache."""
    name = f"/tmp/ipykernel_1/{number}.py"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space = {"torch": torch}
    exec(compile(source, name, "exec"), space)
    return space


# --- one question after the other -----------------------------------------------------------------


def test_an_error_is_shown_with_the_learners_own_line() -> None:
    cell = as_a_cell(
        "def avg(x):\n    helper(x)\n\ndef helper(x):\n    return torch.zeros(2, 3) @ x[0, :1]\n"
    )
    result = averaging_the_past.avg_loop.check(cell["avg"])
    assert result.message.startswith(
        "Your function raised RuntimeError for x of shape (1, 8, 8): mat1 and mat2"
    )
    assert result.code == "helper, line 5: return torch.zeros(2, 3) @ x[0, :1]"
    assert result.code in repr(result)
    assert result.code in result._repr_html_()


def test_an_error_in_a_lambda_and_one_without_words_are_shown_too() -> None:
    assert "ZeroDivisionError" in said(lambda x: 1 / 0)

    def silent(x):
        raise KeyError

    assert said(silent) == "Your function raised KeyError for x of shape (1, 8, 8)."


def test_a_call_with_other_arguments_is_said_as_python_says_it() -> None:
    assert re.search(r"TypeError.* takes 0 positional arguments but 1 was given", said(lambda: 0))


def test_a_forgotten_return_is_not_taken_for_a_stub() -> None:
    def forgot(x):
        out = loop(x)
        out + 1

    assert said(forgot) == "Expected a tensor, got None. Is a `return` missing?"

    def forgot_the_pair(data, block_size, batch_size):
        text_tokens_batches.get_batch.answer(data, block_size, batch_size)

    assert "Is a `return` missing?" in said(forgot_the_pair, text_tokens_batches.get_batch)


def test_a_wrong_type_is_named() -> None:
    assert said(lambda x: list(loop(x))).startswith("Expected a tensor, got a list of length 1.")
    assert said(lambda x: "mean").startswith("Expected a tensor, got str: 'mean'.")


def test_a_wrong_shape_is_told_in_B_T_C() -> None:
    assert said(lambda x: loop(x)[0]) == (
        "Expected shape (B, T, C) = (1, 8, 8), got (8, 8) for x of shape (1, 8, 8). "
        "Yours is the first of right along dimension 0 alone, where right is the right result."
    )


def test_a_shape_that_is_wrong_on_one_input_only_is_found() -> None:
    """squeeze() is right until the batch, the time or the channels are one."""
    message = said(lambda x: loop(x) if x.shape[1] > 1 else loop(x).squeeze(1))
    assert re.match(
        r"Expected shape \(B, T, C\) = (\(\d, 1, \d\)), got \(\d, \d\) for x of shape \1", message
    )


def test_a_vector_where_one_number_is_wanted_is_named() -> None:
    message = said(lambda z, y: torch.nn.functional.cross_entropy(z.mT, y, reduction="none"), bigram.nll)
    assert message.startswith("Expected one number, got shape (4, 8)")


def test_one_number_in_brackets_is_one_number() -> None:
    assert bigram.nll.check(lambda z, y: bigram.nll.answer(z, y).reshape(1)).passed


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_mistake_in_one_number_is_told_whatever_shape_it_has(shape: tuple) -> None:
    """A message that formats the number must not raise where it came as (1,)."""
    result = bigram.nll.check(lambda z, y: -bigram.nll.answer(z, y).reshape(shape))
    assert result.mistake == "the minus is missing"
    assert result.message.startswith("Your loss is -")


def test_a_wrong_dtype_is_named() -> None:
    assert "got torch.int32" in said(lambda x: loop(x).int())
    assert "got torch.float16" in said(lambda x: loop(x).half())

    def short_ids(data, block_size, batch_size):
        x, y = text_tokens_batches.get_batch.answer(data, block_size, batch_size)
        return x.int(), y.int()

    assert "ids are int64; yours are torch.int32" in said(short_ids, text_tokens_batches.get_batch)


def test_a_changed_input_is_found_even_where_the_result_is_right() -> None:
    def overwrites(x):
        out = loop(x)
        x[0, 0, 0] = 7.0
        return out

    assert said(overwrites).startswith(
        "Your function changed its input for x of shape (1, 8, 8): "
        "the element at [0, 0, 0] was 1 and is now 7."
    )


def test_nan_is_counted_and_placed() -> None:
    def undefined(x):
        out = loop(x)
        out[0, -1, 0] = float("nan")
        return out

    assert said(undefined) == (
        "1 of 64 values for x of shape (1, 8, 8) are not finite; "
        "the first is NaN (not a number), at [0, 7, 0]. "
        "All that is wrong is at sequence 0, the first; the others are right."
    )


def test_a_leak_says_which_position_saw_which() -> None:
    def peeks(x):
        out = loop(x)
        if x.shape[1] > 5:
            out[:, 2] += 0.25 * x[:, 5]
        return out

    assert said(peeks).startswith(
        "Position 2 saw position 5, its future: "
        "adding 1 to position 5 moved your output at position 2 by 0.25"
    )


def test_rows_that_do_not_sum_to_1_are_named() -> None:
    def fades(x):
        out = loop(x)
        out[:, 1:2] *= 0.9
        return out

    assert said(fades).startswith("Row 1 of your weights sums to 0.9, not to 1")
    assert said(lambda n: bigram.normalise.answer(n) * 2, bigram.normalise).startswith(
        "Row 0 sums to 2, not to 1"
    )


def test_other_values_are_told_with_the_worst_element() -> None:
    def swaps(x):  # weights that sum to 1 and see no future, and are not the mean
        out = loop(x)
        out[:, -1] = x[:, -1]
        return out

    message = said(swaps)
    assert "8 of 64 values differ for x of shape (1, 8, 8)." in message
    assert "The worst is at [0, 7, 7]: expected 0.125, got 1." in message


def test_the_questions_come_in_the_order_that_helps() -> None:
    """Each answer makes every mistake of those after it as well; the first is told."""

    def bad(shape=False, dtype=False, changed=False, nan=False):
        def answer(x):
            out = x.flip(1) * 2  # sees the future, does not sum to 1, other values
            if changed:
                x += 1
            if nan:
                out = out / 0
            if dtype:
                out = out.nan_to_num().int()
            return out[:, :, None] if shape else out

        return answer

    assert said(bad(True, True, True, True)).startswith("Expected shape")
    assert said(bad(False, True, True, True)).startswith("Expected float32")
    assert said(bad(False, False, True, True)).startswith("Your function changed its input")
    assert "not finite" in said(bad(nan=True))
    assert said(bad()).startswith("Position 3 saw position 4")


# --- known mistakes -------------------------------------------------------------------------------


def _answered(*known: Mistake) -> Exercise:
    ex = Exercise(
        prompt="Write same(x).",
        hints=("one", "two", "three"),
        inputs=lambda seed: [(torch.tensor([0.0]),), (torch.tensor([1.0]),), (torch.tensor([2.0]),)],
    )

    @ex.right
    def same(x):
        return x

    ex.mistake(*known)
    return ex


def test_of_two_mistakes_the_one_that_explains_everything_is_told() -> None:
    """A mistake that shows on one input must not hide the one that shows on all."""
    rare = Mistake("rare", "1", lambda x: x + (x > 1.5))
    common = Mistake("common", "2", lambda x: x + x / 2)
    assert _answered(rare, common).check(lambda x: x + x / 2).mistake == "common"
    assert _answered(common, rare).check(lambda x: x + (x > 1.5)).mistake == "rare"


def test_a_mistake_is_measured_on_an_input_where_it_shows() -> None:
    cases: list[Case] = []
    twice = Mistake("twice", "", lambda x: 2 * x, see=cases.append)
    _answered(twice).check(lambda x: 2 * x)
    assert cases[0].inputs[0].item() == 1.0, "on 0 twice is right"


def test_a_mistake_that_raises_is_known_by_its_error() -> None:
    halves = Mistake("halves", "{error}", lambda x: x.view(2, -1))
    result = _answered(halves).check(lambda mine: mine.view(2, -1))
    assert result.mistake == "halves"
    assert "[2, -1]" in result.message
    assert "mine.view(2, -1)" in result.code
    assert _answered(halves).check(lambda mine: mine.view(1, 2)).mistake == "", "another error of that type"


def test_a_mistake_made_besides_another_is_not_taken_for_it() -> None:
    assert averaging_the_past.avg_tril.check(lambda x: x.cumsum(1) + 1).mistake == ""


def test_a_message_is_filled_from_what_is_seen_the_result_and_the_inputs_by_name() -> None:
    ex = _answered(Mistake("twice", "{half:.1f} of {got[0]:.0f} for x = {x[0]:.0f}.", lambda x: 2 * x))
    ex.see = lambda case: {"half": case.got[0] / 2}
    assert ex.check(lambda x: x + x).message == "1.0 of 2 for x = 1."
    with pytest.raises(AttributeError, match="third"):
        Mistake("twice", "{third}").say(Case((), 1.0, 1.0, None))


def test_a_page_adds_styles_functions_and_what_a_solution_rests_on() -> None:
    ex = _answered(Mistake("none", "", lambda x: x + 1))

    @ex.mistake("none")
    def again(x):
        return x + 2

    assert ex.also_right(torch.clone) is torch.clone
    assert ex.others == [(torch.clone,)]
    assert ex.mistakes[0].functions[1] is again
    assert repr(ex.solution()) == "def same(x):\n    return x", "the decorator is not the learner's"


# --- stubs ----------------------------------------------------------------------------------------

STUBS = [
    "def f(x):\n    ...\n",
    "def f(x):\n    pass\n",
    'def f(x):\n    """Write me."""\n',
    "def f(x):\n    raise NotImplementedError\n",
    'def f(x):\n    raise NotImplementedError("your turn")\n',
    "def f(x):\n    B, T, C = x.shape\n    ...\n",
    "def f(x):\n    out = ...  # your code\n    return out\n",
    "def f(x):\n    weights = ...\n    return weights @ x\n",
    "def f(x):\n    weights = torch.ones(3, 3) / ...\n    return weights @ x\n",
    "def f(x):\n    return ...\n",
]


@pytest.mark.parametrize("source", STUBS)
def test_a_stub_is_known_with_its_source_and_without(source: str) -> None:
    assert averaging_the_past.avg_tril.check(as_a_cell(source)["f"]).status == "not attempted"
    if "B, T" not in source and "torch" not in source and "weights" not in source and '"' not in source:
        space: dict = {}
        exec(source, space)
        assert averaging_the_past.avg_tril.check(space["f"]).status == "not attempted"


ATTEMPTS = [
    "def f(x):\n    return x[..., 0] @ torch.ones(3)\n",  # an index, no gap
    "def f(x):\n    ...\n    return torch.ones(3, 3) @ x[0, :2]\n",  # filled, and left standing
    "def f(x):\n    B, T, C = x.shape\n",
    'def f(x):\n    """The mean of the past."""\n    x.mean(1)\n',  # its return is missing
]


@pytest.mark.parametrize("source", ATTEMPTS)
def test_an_attempt_is_not_called_a_stub(source: str) -> None:
    assert averaging_the_past.avg_tril.check(as_a_cell(source)["f"]).status == "not yet"


def test_torch_lacking_a_kernel_is_an_error_and_no_stub() -> None:
    source = 'def f(x):\n    return kernel(x)\n\ndef kernel(x):\n    raise error("no such kernel")\n'
    cell = as_a_cell(source)
    cell["error"] = NotImplementedError
    assert averaging_the_past.avg_tril.check(cell["f"]).status == "not yet"


# --- check, as it is called -----------------------------------------------------------------------


def test_a_result_passed_instead_of_the_function_is_explained() -> None:
    message = averaging_the_past.avg_loop.check(torch.zeros(1, 2, 3)).message
    assert message == (
        "Expected a function, got Tensor. Pass the function itself, without brackets: check(avg_loop)."
    )


def test_half_of_a_pair_is_asked_for_the_other() -> None:
    message = text_tokens_batches.encode_decode.check(text_tokens_batches.encode_decode.answer[0]).message
    assert message == "Expected check(encode, decode), got 1 answer."


def test_checking_disturbs_no_random_stream_and_no_global_state() -> None:
    """Whether a learner checked once or five times, the next cell must draw the same numbers."""

    def draws(data, block_size, batch_size):
        random.random(), np.random.rand()  # noqa: NPY002
        return text_tokens_batches.get_batch.answer(data, block_size, batch_size)

    def three() -> tuple:
        return torch.rand(1).item(), random.random(), np.random.rand()  # noqa: NPY002

    for seed in (torch.manual_seed, random.seed, np.random.seed):
        seed(3)
    expected = three()
    for seed in (torch.manual_seed, random.seed, np.random.seed):
        seed(3)
    assert text_tokens_batches.get_batch.check(draws).passed
    assert three() == expected


def test_a_learner_sees_the_same_numbers_every_time() -> None:
    def noisy(x):
        return loop(x) + torch.rand(x.shape)

    first = averaging_the_past.avg_loop.check(noisy)
    torch.manual_seed(5)
    assert averaging_the_past.avg_loop.check(noisy).message == first.message


def test_an_endless_loop_can_be_stopped(capsys: pytest.CaptureFixture) -> None:
    cell = as_a_cell("def endless(x):\n    while True:\n        x = x\n")
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        averaging_the_past.avg_loop.check(cell["endless"])
    timer.join()
    shown = capsys.readouterr().out
    assert shown.startswith("✗ Not yet · avg_loop: The check was stopped. It was in endless, line ")


# --- what is shown --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [PASSED, UNATTEMPTED, NOT_YET])
def test_a_panel_says_in_words_what_its_colour_says(status: str) -> None:
    word = {PASSED: "✓ Passed", UNATTEMPTED: "○ Not attempted yet", NOT_YET: "✗ Not yet"}[status]
    result = Result("avg_loop", status, "Some words.")
    assert repr(result) == f"{word} · avg_loop: Some words."
    html = result._repr_html_()
    assert re.sub(r"<[^>]*>", "", html) == f"{word} · avg_loopSome words."
    assert 'role="status"' in html
    assert result.passed == (status == PASSED)


def test_what_a_learner_wrote_cannot_become_markup() -> None:
    cell = as_a_cell("def f(x):\n    raise ValueError('<b>&</b>')\n")
    result = averaging_the_past.avg_loop.check(cell["f"])
    assert "<b>" in result.message
    assert "<b>" not in result._repr_html_()
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in result._repr_html_()


def test_an_error_of_many_lines_stays_one_line() -> None:
    def long_winded(x):
        raise ValueError("first\nsecond")

    assert "\n" not in averaging_the_past.avg_loop.check(long_winded).message


def test_hints_come_one_by_one_and_then_point_to_the_solution() -> None:
    exercise = _answered(Mistake("none", "", lambda x: x + 1))
    assert [exercise.hint().message for _ in range(3)] == ["one", "two", "three"]
    assert (
        exercise.hint().message
        == exercise.hint().message
        == "Those were all three. Next is ex.same.solution()."
    )
    assert exercise.hint(2).message == "two"
    assert exercise.hint().message == "three"
    assert repr(exercise.hint(1)) == "→ Hint · same, 1 of 3: one"
    assert "1 of 3" in exercise.hint(1)._repr_html_()


def test_a_solution_is_coloured_by_the_notebook_and_plain_elsewhere() -> None:
    source = averaging_the_past.avg_tril.solution()
    assert repr(source).startswith("def avg_tril(x: torch.Tensor) -> torch.Tensor:\n    T = x.shape[1]\n")
    assert source._repr_markdown_() == f"```python\n{source!r}\n```"
