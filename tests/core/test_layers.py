"""Feed-forward, LayerNorm, dropout and the block, against torch's own and against their laws."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers import close, copied, global_stream_untouched, same_bits
from nanogpt_lib.layers import ATTENTION, NORMS, Block, Dropout, FeedForward, LayerNorm, dropout, layer_norm

shares = st.floats(0, 1)
shapes = st.lists(st.integers(1, 6), min_size=1, max_size=3)


# --- dropout --------------------------------------------------------------------------------------


@given(shapes, shares, st.integers(0, 999))
def test_dropout_is_torchs_to_the_last_bit_and_draws_as_much(shape: list[int], p: float, seed: int) -> None:
    """So that the recorded trainings hold, whichever of the two a reader puts in."""
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    drawn = []
    for drop in (dropout, lambda x, p: F.dropout(x, p, training=True), lambda x, p: Dropout(p)(x)):
        torch.manual_seed(seed)
        drawn.append([drop(x, p), torch.get_rng_state()])
    same_bits(drawn[0], drawn[1])
    same_bits(drawn[2], drawn[1])


def test_the_share_dropped_and_the_mean_are_as_promised() -> None:
    """Of 100,000 the share is off by less than five spreads, the chance of more being 1 in 1.7 million."""
    p, n = 0.3, 100_000
    dropped = dropout(torch.ones(n), p)
    spread = math.sqrt(p * (1 - p) / n)
    assert abs((dropped == 0).float().mean() - p) < 5 * spread
    assert abs(dropped.mean() - 1) < 5 * spread / (1 - p)
    close(dropped[dropped > 0].unique(), torch.tensor([1 / 0.7]), within=1e-6)


def test_the_gradient_passes_through_the_mask_of_the_forward() -> None:
    x = torch.randn(1000, requires_grad=True)
    out = dropout(x, 0.4)
    out.sum().backward()
    assert torch.equal(out == 0, x.grad == 0)
    close(x.grad[x.grad != 0].unique(), torch.tensor([1 / 0.6]), within=1e-6)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_all_or_nothing_needs_no_draw(p: float) -> None:
    x = torch.randn(5)
    with global_stream_untouched():
        assert torch.equal(dropout(x, p), x * (1 - p))


def test_a_generator_of_its_own_leaves_the_global_stream_alone_and_draws_as_it() -> None:
    x = torch.randn(50)
    with global_stream_untouched():
        mine = dropout(x, 0.5, torch.Generator().manual_seed(9))
    torch.manual_seed(9)
    assert torch.equal(mine, dropout(x, 0.5))


def test_in_evaluation_dropout_does_nothing() -> None:
    x = torch.randn(5)
    with global_stream_untouched():
        assert Dropout(0.9).eval()(x) is x


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_a_share_outside_0_and_1_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="0 <= p <= 1"):
        dropout(torch.ones(3), p)
    with pytest.raises(ValueError, match="0 <= p <= 1"):
        Dropout(p)


# --- LayerNorm ------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 4), max_size=2), st.integers(1, 9), st.floats(1e-6, 1), st.integers(0, 999))
def test_layer_norm_is_torchs(lead: list[int], C: int, eps: float, seed: int) -> None:
    torch.manual_seed(seed)
    x, weight, bias = 3 * torch.randn(*lead, C) + 5, torch.randn(C), torch.randn(C)
    close(layer_norm(x, weight, bias, eps), F.layer_norm(x, (C,), weight, bias, eps), within=2e-5)


def test_layer_norm_is_torchs_to_a_millionth_on_what_a_model_sees() -> None:
    x, weight, bias = torch.randn(4, 8, 64), torch.randn(64), torch.randn(64)
    close(layer_norm(x, weight, bias), F.layer_norm(x, (64,), weight, bias), within=2e-6)
    wide = x.double()
    expected = F.layer_norm(wide, (64,), weight.double(), bias.double())
    close(layer_norm(wide, weight.double(), bias.double()), expected, within=1e-12)


def test_the_layer_is_torchs_and_the_formula() -> None:
    ours, theirs, x = LayerNorm(64), nn.LayerNorm(64), torch.randn(4, 8, 64)
    nn.init.normal_(theirs.weight), nn.init.normal_(theirs.bias)
    copied(theirs.state_dict(), ours)
    same_bits(ours(x), theirs(x))
    close(ours(x), layer_norm(x, ours.weight, ours.bias), within=2e-6)
    assert ours.eps == theirs.eps == 1e-5


def test_a_new_layer_norm_gives_every_position_mean_0_and_variance_1() -> None:
    out = LayerNorm(64)(7 * torch.randn(4, 8, 64) + 3).detach()
    close(out.mean(-1), torch.zeros(4, 8), within=1e-5)
    close(out.var(-1, correction=0), torch.ones(4, 8), within=1e-4)


def test_each_position_is_normalised_alone() -> None:
    x = torch.randn(2, 5, 8)
    changed = x.clone()
    changed[1, 3] += torch.randn(8)
    before, after = (layer_norm(value, torch.ones(8), torch.zeros(8)) for value in (x, changed))
    same = (before == after).all(-1)
    assert not same[1, 3]
    assert int(same.sum()) == 9


def test_a_constant_input_stays_finite() -> None:
    assert torch.equal(layer_norm(torch.full((2, 8), 3.0), torch.ones(8), torch.zeros(8)), torch.zeros(2, 8))


@pytest.mark.parametrize(("weight", "bias", "named"), [(7, 8, "weight"), (8, 7, "bias"), (1, 8, "weight")])
def test_a_gain_or_shift_of_another_width_is_refused(weight: int, bias: int, named: str) -> None:
    """One of width 1 would be stretched over all features without a word."""
    with pytest.raises(ValueError, match=rf"{named} of shape \(8\)"):
        layer_norm(torch.zeros(2, 8), torch.ones(weight), torch.zeros(bias))


# --- feed-forward and block -----------------------------------------------------------------------


def test_feed_forward_is_two_maps_and_a_relu_between() -> None:
    layer, x = FeedForward(6), torch.randn(2, 3, 6)
    first, second = layer.net[0], layer.net[2]
    assert first.weight.shape == (24, 6)
    hidden = (x @ first.weight.T + first.bias).clamp(min=0)
    close(layer(x), hidden @ second.weight.T + second.bias, within=1e-5)


def test_feed_forward_treats_every_position_alone() -> None:
    layer, x = FeedForward(6), torch.randn(2, 5, 6)
    one_by_one = torch.stack([torch.stack([layer(x[b, t]) for t in range(5)]) for b in range(2)])
    close(layer(x), one_by_one, within=1e-6)


def test_feed_forward_drops_of_its_result_in_training_alone() -> None:
    layer, x = FeedForward(6, dropout=0.5), torch.randn(50, 6)
    whole = layer.eval()(x)
    part = layer.train()(x)
    close(part[part != 0], 2 * whole[part != 0], within=1e-5)
    assert 100 < int((part == 0).sum()) < 200  # 150 of 300, and 50 are 5.8 spreads


@pytest.mark.parametrize("attention", ATTENTION)
def test_a_block_adds_attention_and_then_feed_forward_to_its_stream(attention: str) -> None:
    block, x = Block(12, 3, 8, attention=attention), torch.randn(2, 8, 12)
    middle = x + block.sa(F.layer_norm(x, (12,), block.ln1.weight, block.ln1.bias))
    expected = middle + block.ffwd(F.layer_norm(middle, (12,), block.ln2.weight, block.ln2.bias))
    close(block(x), expected, within=1e-6)
    assert type(block.sa) is ATTENTION[attention]


@pytest.mark.parametrize("attention", ATTENTION)
def test_a_block_that_writes_nothing_lets_its_stream_pass_unchanged(attention: str) -> None:
    """Only a residual connection can: without one the block would give zeros."""
    block, x = Block(12, 3, 8, attention=attention), torch.randn(2, 8, 12)
    for writer in (block.sa.proj, block.ffwd.net[2]):
        nn.init.zeros_(writer.weight), nn.init.zeros_(writer.bias)
    assert torch.equal(block(x), x)


def test_a_block_uses_a_norm_of_its_own_for_each_part() -> None:
    """One shared norm would compute, and cost one more hour of search."""
    block, x = Block(12, 3, 8), torch.randn(2, 8, 12)
    before = block(x)
    nn.init.constant_(block.ln2.weight, 2.0)
    block.sa.register_forward_hook(lambda _, args, __: seen.append(args[0]))
    seen: list[torch.Tensor] = []
    assert not torch.equal(block(x), before)
    close(seen[0], F.layer_norm(x, (12,)), within=1e-6)


@pytest.mark.parametrize("attention", ["heads", "fused"])
def test_a_block_hands_dropout_and_scale_on_to_its_parts(attention: str) -> None:
    block = Block(12, 3, 8, dropout=0.25, attention=attention, scale=0.3)
    drops = [module.p for module in block.modules() if isinstance(module, nn.Dropout | Dropout)]
    assert set(drops) == {0.25}
    assert len(drops) == (5 if attention == "heads" else 2)
    scale = block.sa.heads[2].scale if attention == "heads" else block.sa.scale
    assert scale == 0.3


@pytest.mark.parametrize("attention", ATTENTION)
def test_norm_after_each_sum_is_the_transformer_of_2017(attention: str) -> None:
    block, x = Block(12, 3, 8, attention=attention, norm="post"), torch.randn(2, 8, 12)
    nn.init.normal_(block.ln1.weight), nn.init.normal_(block.ln2.bias)
    middle = F.layer_norm(x + block.sa(x), (12,), block.ln1.weight, block.ln1.bias)
    expected = F.layer_norm(middle + block.ffwd(middle), (12,), block.ln2.weight, block.ln2.bias)
    close(block(x), expected, within=1e-6)


def test_without_a_norm_a_block_holds_no_gain_and_adds_plain_sums() -> None:
    block, x = Block(12, 3, 8, norm="none"), torch.randn(2, 8, 12)
    assert not [name for name, _ in block.named_parameters() if name.startswith("ln")]
    middle = x + block.sa(x)
    close(block(x), middle + block.ffwd(middle), within=1e-6)


@pytest.mark.parametrize("norm", NORMS)
def test_without_a_residual_connection_a_block_that_writes_nothing_ends_the_stream(norm: str) -> None:
    block, x = Block(12, 3, 8, residual=False, norm=norm), torch.randn(2, 8, 12)
    for writer in (block.sa.proj, block.ffwd.net[2]):
        nn.init.zeros_(writer.weight), nn.init.zeros_(writer.bias)
    assert torch.equal(block(x), torch.zeros_like(x))


def test_without_a_residual_connection_each_part_sees_the_last_one_alone() -> None:
    block, x = Block(12, 3, 8, residual=False), torch.randn(2, 8, 12)
    expected = block.ffwd(block.ln2(block.sa(block.ln1(x))))
    assert torch.equal(block(x), expected)


def test_an_unknown_norm_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="norm to be one of 'pre', 'post', 'none', got 'batch'"):
        Block(12, 3, 8, norm="batch")


def test_an_unknown_attention_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="attention to be one of 'heads', 'fused'.*, got 'flash'"):
        Block(12, 3, 8, attention="flash")


@pytest.mark.parametrize("make", [FeedForward, LayerNorm])
def test_a_width_that_is_no_positive_whole_number_is_refused(make: type) -> None:
    with pytest.raises(ValueError, match="n_embd"):
        make(0)


@pytest.mark.parametrize("eps", [-1e-5, math.nan, math.inf, "x", None])
def test_an_eps_that_is_none_is_refused(eps: object) -> None:
    """A negative one gives NaN wherever the variance is small."""
    for use in (LayerNorm, lambda n, eps: layer_norm(torch.ones(n), torch.ones(n), torch.ones(n), eps)):
        with pytest.raises(ValueError, match="eps"):
            use(4, eps)


@pytest.mark.parametrize("p", [math.nan, math.inf, -0.1, "0.5", None, True])
def test_a_share_to_drop_that_is_none_is_refused(p: object) -> None:
    for use in (Dropout, lambda p: dropout(torch.ones(3), p)):
        with pytest.raises(ValueError, match="0 <= p <= 1"):
            use(p)


@pytest.mark.parametrize("kind", [np.int8, np.int64, torch.tensor])
def test_sizes_of_numpy_and_torch_do_not_overflow(kind: object) -> None:
    """Four times 100 does not fit into an int8."""
    assert FeedForward(kind(100)).net[0].out_features == 400
