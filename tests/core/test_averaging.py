"""Three ways to average the past, one result."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers import close
from nanogpt_lib.averaging import average_loop, average_softmax, average_tril, causal_mask

each_way = pytest.mark.parametrize("average", [average_loop, average_tril, average_softmax])
sizes = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 4), st.integers(0, 99))


def drawn(B: int, T: int, C: int, seed: int) -> torch.Tensor:
    return torch.randn(B, T, C, generator=torch.Generator().manual_seed(seed))


@each_way
@given(sizes)
def test_each_row_is_the_mean_of_itself_and_all_before_it(average: Callable, size: tuple) -> None:
    x = drawn(*size)
    T = x.shape[1]
    close(average(x), x.cumsum(dim=1) / torch.arange(1, T + 1)[:, None], within=1e-5)


@each_way
@given(sizes, st.data())
def test_changing_a_row_leaves_the_rows_before_it_unchanged(
    average: Callable, size: tuple, data: st.DataObject
) -> None:
    x = drawn(*size)
    place = data.draw(st.integers(0, x.shape[1] - 1))
    changed = x.clone()
    changed[:, place:] += 100
    before, after = average(x), average(changed)
    assert torch.equal(before[:, :place], after[:, :place])
    assert not torch.isclose(before[:, place:], after[:, place:]).any()


@each_way
def test_what_is_averaged_must_have_batch_time_and_channel(average: Callable) -> None:
    with pytest.raises(ValueError, match=r"x of shape \(B, T, C\), got shape \(8, 2\)"):
        average(torch.zeros(8, 2))


@each_way
def test_the_input_and_its_type_are_left_as_they_are(average: Callable) -> None:
    x = torch.randn(2, 3, 4, dtype=torch.float64)
    kept = x.clone()
    assert average(x).dtype == torch.float64
    assert torch.equal(x, kept)


@given(st.integers(1, 40))
def test_a_query_sees_itself_and_the_past_alone(T: int) -> None:
    mask = causal_mask(T)
    assert mask.dtype == torch.bool
    assert mask.tolist() == [[key <= query for key in range(T)] for query in range(T)]


@pytest.mark.parametrize("T", [0, -1, 2.0])
def test_a_mask_needs_a_size(T: object) -> None:
    with pytest.raises(ValueError, match="whole number T >= 1"):
        causal_mask(T)
