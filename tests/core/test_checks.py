"""Bad input is named, told its value, and given a way out; facts of a notebook hold or stop it."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers import mixed_modes, modes
from nanogpt_lib import checks
from nanogpt_lib.messages import described


def test_a_problem_says_what_was_expected_what_arrived_and_what_to_do() -> None:
    error = checks.problem("a", "b", "Do c.")
    assert isinstance(error, ValueError)
    assert str(error) == "Expected a, got b. Do c."


@given(st.integers(min_value=1))
def test_a_positive_whole_number_passes_unchanged(value: int) -> None:
    assert checks.positive_int("n", value) is value


@pytest.mark.parametrize(
    "value", [0, -1, 1.0, 2.5, True, "1", None, np.int64(0), np.float32(2), np.True_, torch.tensor([2]), [2]]
)
def test_anything_else_is_no_positive_whole_number_and_is_named(value: object) -> None:
    with pytest.raises(ValueError, match="n_head") as caught:
        checks.positive_int("n_head", value)
    assert described(value) in str(caught.value)


WHOLE = [np.int64, np.int8, np.uint16, np.array, torch.tensor, lambda n: torch.tensor(n, dtype=torch.int16)]
REAL = [np.float64, np.float32, np.float16, np.longdouble, np.array, torch.tensor, Fraction]


@pytest.mark.parametrize("kind", WHOLE)
def test_whole_numbers_of_numpy_and_torch_become_pythons(kind: Callable[[int], object]) -> None:
    """Another kind of number trains well enough, and then cannot be written into a checkpoint."""
    for check in (checks.positive_int, checks.whole_number, checks.seed_number):
        assert type(check("n", kind(3))) is int
        assert check("n", kind(3)) == 3


@pytest.mark.parametrize("kind", [*REAL, *WHOLE, int, float])
def test_numbers_of_numpy_and_torch_become_pythons(kind: Callable[[float], object]) -> None:
    value = 1 if kind in (*WHOLE, int) else 0.5
    for check in (checks.real_number, checks.probability):
        assert type(check("x", kind(value))) is float
        assert check("x", kind(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        *(math.nan, math.inf, -math.inf, 10**400, True, "0.5", None, 1j, [0.5], np.float32("nan"), np.True_),
        *(torch.tensor(math.nan), torch.tensor([0.5]), torch.tensor(True), torch.zeros((), device="meta")),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_anything_else_is_no_number_and_is_named(value: object) -> None:
    for check in (checks.real_number, checks.probability):
        with pytest.raises(ValueError, match="scale") as caught:
            check("scale", value)
        assert described(value) in str(caught.value)


@pytest.mark.parametrize("value", [-(2**63) - 1, 2**64, 1.0, "1", None, True])
def test_a_seed_that_torch_would_not_take_is_refused_by_name(value: object) -> None:
    with pytest.raises(ValueError, match="seed"):
        checks.seed_number("seed", value)


@given(st.integers(-(2**63), 2**64 - 1))
def test_every_seed_that_torch_takes_passes(value: int) -> None:
    torch.Generator().manual_seed(checks.seed_number("seed", value))


@pytest.mark.parametrize("value", [True, np.True_, torch.tensor(True)])
def test_yes_and_no_become_pythons_bool(value: object) -> None:
    assert checks.yes_or_no("residual", value) is True


@pytest.mark.parametrize("value", ["no", 0, 1, None, torch.tensor([True])])
def test_what_only_counts_as_yes_or_no_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="residual to be True or False"):
        checks.yes_or_no("residual", value)


@given(st.floats(0, 1))
def test_a_probability_passes_unchanged(value: float) -> None:
    assert checks.probability("p", value) is value


@pytest.mark.parametrize("value", [-1e-9, 1 + 1e-9, math.nan, math.inf, 20])
def test_what_lies_outside_0_and_1_is_no_probability_and_is_named(value: float) -> None:
    with pytest.raises(ValueError, match="0 <= dropout <= 1") as caught:
        checks.probability("dropout", value)
    assert described(value) in str(caught.value)


@pytest.mark.parametrize("value", [["pre"], None, 3, {}])
def test_a_choice_that_is_no_text_is_refused_too(value: object) -> None:
    with pytest.raises(ValueError, match="norm to be one of"):
        checks.one_of("norm", value, {"pre": 1, "post": 2})


def test_a_choice_that_exists_passes_and_another_is_refused_with_those_that_there_are() -> None:
    assert checks.one_of("norm", "post", ("pre", "post")) == "post"
    with pytest.raises(ValueError, match="norm to be one of 'pre', 'post', got 'batch'. Choose one of them"):
        checks.one_of("norm", "batch", ("pre", "post"))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_a_shape_fits_its_own_sizes_and_letters(sizes: list[int]) -> None:
    tensor = torch.zeros(sizes)
    assert checks.shape("x", tensor, *sizes) == tuple(sizes)
    assert checks.shape("x", tensor, *"BTCV"[: len(sizes)]) == tuple(sizes)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.data())
def test_a_shape_of_another_size_or_rank_is_refused(sizes: list[int], data: st.DataObject) -> None:
    tensor, place = torch.zeros(sizes), data.draw(st.integers(0, len(sizes) - 1))
    other = [*sizes[:place], sizes[place] + 1, *sizes[place + 1 :]]
    for wanted in (other, sizes[1:], [*sizes, "B"]):
        with pytest.raises(ValueError, match="x of shape") as caught:
            checks.shape("x", tensor, *wanted)
        assert f"got shape {tuple(sizes)}" in str(caught.value)


@given(st.lists(st.integers(0, 9), max_size=6))
def test_ids_of_the_vocabulary_pass_unchanged(ids: list[int]) -> None:
    idx = torch.tensor(ids, dtype=torch.long)
    assert checks.token_ids("idx", idx, vocab_size=10) is idx


@pytest.mark.parametrize("wrong", [-1, 10, 2**40])
def test_the_first_id_out_of_range_is_named_with_its_place(wrong: int) -> None:
    idx = torch.zeros(2, 3, dtype=torch.long)
    idx[1, 0] = idx[1, 2] = wrong
    with pytest.raises(ValueError, match=rf"targets in \[0, 10\), got {wrong} at index \[1, 0\]"):
        checks.token_ids("targets", idx, vocab_size=10)


@pytest.mark.parametrize("dtype", [torch.int32, torch.float32, torch.bool])
def test_ids_of_another_type_are_refused_with_the_conversion(dtype: torch.dtype) -> None:
    with pytest.raises(ValueError, match=r"idx\.long\(\)") as caught:
        checks.token_ids("idx", torch.zeros(2, dtype=dtype), vocab_size=10)
    assert str(dtype) in str(caught.value)


@pytest.mark.parametrize("fails", [False, True])
def test_evaluating_brings_back_the_mode_of_every_module(fails: bool) -> None:
    """`model.train()` at the end would switch on what somebody had switched off."""
    model = nn.Sequential(nn.Dropout(0.5), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)))
    before = mixed_modes(model)
    try:
        with checks.evaluating(model) as same:
            assert same is model
            assert not any(modes(model))
            assert not torch.is_grad_enabled()
            if fails:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert modes(model) == before
    assert torch.is_grad_enabled()


def test_a_fact_that_holds_prints_its_band_and_not_its_digits(capsys: pytest.CaptureFixture) -> None:
    checks.expect("loss (nats)", 2.4837, near=2.48, within=0.03)
    checks.expect("characters", 1_115_394, near=1_115_394)
    expected = "✓ loss (nats): 2.48, within 0.03\n✓ characters: 1,115,394 exactly\n"
    assert capsys.readouterr().out == expected


@given(st.floats(-10, 10), st.floats(0.01, 1))
def test_a_fact_holds_inside_its_band_alone(near: float, within: float) -> None:
    checks.expect("x", near + 0.99 * within, near=near, within=within)
    checks.expect("x", near - 0.99 * within, near=near, within=within)
    for value in (near + 1.01 * within, near - 1.01 * within, math.nan):
        with pytest.raises(AssertionError, match="x: expected"):
            checks.expect("x", value, near=near, within=within)


def test_a_fact_that_fails_tells_the_value() -> None:
    with pytest.raises(AssertionError, match="expected 2.48 within 0.03, got 2.6"):
        checks.expect("loss", torch.tensor(2.6), near=2.48, within=0.03)
