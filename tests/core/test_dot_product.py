"""Attention as a formula, stage by stage, against torch's own."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from helpers import close
from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.dot_product import attention_steps

sizes = st.fixed_dictionaries(
    {
        "Tq": st.integers(1, 6),
        "Tk": st.integers(1, 6),
        "head_size": st.integers(1, 5),
        "v_size": st.integers(1, 5),
    }
)
scales = st.one_of(st.none(), st.floats(0.1, 3))
seeds = st.integers(0, 999)


def drawn(seed: int, Tq: int, Tk: int, head_size: int, v_size: int) -> tuple[torch.Tensor, ...]:
    random = torch.Generator().manual_seed(seed)
    shapes = ((2, 3, Tq, head_size), (2, 3, Tk, head_size), (2, 3, Tk, v_size))
    return tuple(torch.randn(shape, generator=random) for shape in shapes)


def some_mask(seed: int, Tq: int, Tk: int) -> torch.Tensor:
    """Blocked at random, but every query sees one key at least."""
    random = torch.Generator().manual_seed(seed)
    mask = torch.rand(Tq, Tk, generator=random) < 0.4
    mask[torch.arange(Tq), torch.randint(Tk, (Tq,), generator=random)] = True
    return mask


@given(sizes, scales, seeds, st.booleans())
def test_the_output_is_that_of_torchs_kernel(
    size: dict, scale: float | None, seed: int, is_masked: bool
) -> None:
    q, k, v = drawn(seed, **size)
    mask = some_mask(seed, size["Tq"], size["Tk"]) if is_masked else None
    ours = attention_steps(q, k, v, scale=scale, mask=mask).output
    close(ours, F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale), within=1e-5)


@given(sizes, scales, seeds)
def test_each_stage_follows_from_the_one_before(size: dict, scale: float | None, seed: int) -> None:
    q, k, v = drawn(seed, **size)
    mask = some_mask(seed, size["Tq"], size["Tk"])
    steps = attention_steps(q, k, v, scale=scale, mask=mask)
    close(steps.scores, torch.einsum("bhqd,bhkd->bhqk", q, k), within=1e-5)
    close(steps.scaled, steps.scores * (size["head_size"] ** -0.5 if scale is None else scale), within=1e-5)
    assert torch.equal(steps.masked == float("-inf"), ~mask.expand_as(steps.masked))
    assert torch.equal(steps.masked[mask.expand_as(steps.masked)], steps.scaled[mask.expand_as(steps.masked)])
    close(steps.weights, steps.masked.softmax(-1), within=1e-6)
    close(steps.output, steps.weights @ v, within=1e-5)


@given(sizes, seeds)
def test_weights_are_shares_and_none_goes_to_a_blocked_key(size: dict, seed: int) -> None:
    q, k, v = drawn(seed, **size)
    mask = some_mask(seed, size["Tq"], size["Tk"])
    weights = attention_steps(q, k, v, mask=mask).weights
    assert bool((weights >= 0).all())
    close(weights.sum(-1), torch.ones(2, 3, size["Tq"]), within=1e-6)
    assert bool((weights[(~mask).expand_as(weights)] == 0).all())


@given(st.integers(2, 7), seeds, st.data())
def test_changing_the_future_leaves_the_past_unchanged(T: int, seed: int, data: st.DataObject) -> None:
    q, k, v = drawn(seed, T, T, 4, 4)
    place = data.draw(st.integers(1, T - 1))
    changed = [tensor.clone() for tensor in (q, k, v)]
    for tensor in changed:
        tensor[..., place:, :] += 10 * torch.rand_like(tensor[..., place:, :])
    before = attention_steps(q, k, v, mask=causal_mask(T)).output
    after = attention_steps(*changed, mask=causal_mask(T)).output
    assert torch.equal(before[..., :place, :], after[..., :place, :])
    assert not torch.equal(before[..., place:, :], after[..., place:, :])


def test_without_a_scale_it_is_one_over_the_root_of_head_size() -> None:
    q, k, v = drawn(0, 3, 3, 4, 4)
    assert torch.equal(attention_steps(q, k, v).scaled, attention_steps(q, k, v, scale=0.5).scaled)


def test_equal_scores_average_what_may_be_seen() -> None:
    v = torch.randn(1, 5, 3)
    output = attention_steps(torch.zeros(1, 5, 2), torch.randn(1, 5, 2), v, mask=causal_mask(5)).output
    close(output, v.cumsum(1) / torch.arange(1, 6)[:, None], within=1e-6)


def test_dropout_acts_on_the_way_to_the_output_and_not_on_the_weights_told() -> None:
    q, k, v = drawn(0, 3, 3, 4, 4)
    steps = attention_steps(q, k, v, dropout=lambda weights: weights * 2)
    plain = attention_steps(q, k, v)
    assert torch.equal(steps.weights, plain.weights)
    close(steps.output, 2 * plain.output, within=1e-6)


@pytest.mark.parametrize("row", [0, 2])
def test_a_query_that_may_see_nothing_is_refused_and_named(row: int) -> None:
    """Its row would be NaN, and one NaN spreads through the whole model."""
    q, k, v = drawn(0, 3, 3, 4, 4)
    mask = causal_mask(3)
    mask[row] = False
    with pytest.raises(ValueError, match=f"row {row} all False"):
        attention_steps(q, k, v, mask=mask)


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (5, 5), (2, 4, 5)])
def test_a_mask_of_another_size_is_refused(shape: tuple) -> None:
    q, k, v = drawn(0, 4, 5, 4, 4)
    with pytest.raises(ValueError, match=r"mask of shape \(4, 5\)"):
        attention_steps(q, k, v, mask=torch.ones(shape, dtype=torch.bool))


@pytest.mark.parametrize(("k_shape", "v_shape"), [((4, 3), (4, 2)), ((4, 2), (5, 2))])
def test_sizes_that_do_not_fit_are_refused_and_told(k_shape: tuple, v_shape: tuple) -> None:
    with pytest.raises(ValueError, match="one row of v for every row of k") as caught:
        attention_steps(torch.zeros(3, 2), torch.zeros(k_shape), torch.zeros(v_shape))
    assert f"q (3, 2), k {k_shape}, v {v_shape}" in str(caught.value)
