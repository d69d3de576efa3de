"""A head that is switched off is out of the real forward, and nothing else is."""

from collections.abc import Iterable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers import (
    TINY,
    close,
    copied,
    global_stream_untouched,
    interrupted,
    mixed_modes,
    modes,
    random_ids,
    same_bits,
    tiny_gpt,
    weights_of,
)
from nanogpt_lib.ablation import head_losses, loss_without, without_heads
from nanogpt_lib.attention import CrossAttention, Head, MultiHeadAttention
from nanogpt_lib.fused_attention import FusedAttention
from nanogpt_lib.layers import ATTENTION
from nanogpt_lib.model import GPT
from nanogpt_lib.trace import trace

SIZE = TINY.head_size
PAIRS = [(layer, head) for layer in range(TINY.n_layer) for head in range(TINY.n_head)]

every_kind = pytest.mark.parametrize("attention", ATTENTION)
some_heads = st.sets(st.sampled_from(PAIRS))


def hooks_of(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


def columns(head: int) -> slice:
    """Where a head's output stands in what enters the projection."""
    return slice(head * SIZE, (head + 1) * SIZE)


def with_zero_columns(model: GPT, heads: Iterable[tuple[int, int]]) -> GPT:
    """The same model, but its projections do not listen to these heads."""
    deaf = copied(weights_of(model), tiny_gpt(attention=model.config.attention, seed=2))
    with torch.no_grad():
        for layer, head in heads:
            deaf.blocks[layer].sa.proj.weight[:, columns(head)] = 0.0
    return deaf


def entering_the_projections(model: GPT, idx: torch.Tensor) -> list[torch.Tensor]:
    """What reaches each projection's product: read by hooks that run after those already there."""
    seen: list[torch.Tensor] = []
    hooks = [
        block.sa.proj.register_forward_pre_hook(lambda _, x: seen.append(x[0])) for block in model.blocks
    ]
    model(idx)
    for hook in hooks:
        hook.remove()
    return seen


@every_kind
@given(heads=some_heads, T=st.integers(1, TINY.block_size))
def test_switching_off_is_a_projection_whose_columns_for_the_head_are_zero(
    attention: str, heads: set, T: int
) -> None:
    """Catches the wrong slice, the wrong layer, and zeros put anywhere but before the projection."""
    model, idx = tiny_gpt(attention=attention), random_ids(2, T)
    with without_heads(model, heads) as same:
        logits, _ = same(idx)
    assert same is model
    close(logits, with_zero_columns(model, heads)(idx)[0], within=1e-6)
    assert bool(heads) != torch.equal(logits, model(idx)[0]), "a head off makes a difference, none off none"


@every_kind
def test_zeros_stand_where_the_head_wrote_and_the_other_heads_write_what_they_wrote(attention: str) -> None:
    model, idx = tiny_gpt(attention=attention), random_ids(2, 8)
    whole = entering_the_projections(model, idx)[0]
    with without_heads(model, [(0, 1)]):
        without = entering_the_projections(model, idx)[0]
    assert not without[..., columns(1)].any()
    for head in (0, 2):
        same_bits(without[..., columns(head)], whole[..., columns(head)])
        assert whole[..., columns(head)].any()


def test_a_layer_below_is_left_alone_and_a_layer_above_hears_of_it() -> None:
    model, idx = tiny_gpt(), random_ids(2, 8)
    whole = trace(model, idx)
    with without_heads(model, [(1, 0)]):
        without = trace(model, idx)
    same_bits(without.stream[1], whole.stream[1])
    same_bits(without.weights, whole.weights)  # the heads themselves compute on, also the one switched off
    assert not torch.equal(without.stream[2], whole.stream[2])


@every_kind
def test_without_any_head_a_layer_adds_its_projections_bias_and_no_more(attention: str) -> None:
    model, idx = tiny_gpt(attention=attention), random_ids(2, 8)
    seen: list[torch.Tensor] = []
    model.blocks[1].sa.register_forward_hook(lambda _, __, out: seen.append(out))
    with without_heads(model, [(1, head) for head in range(TINY.n_head)]):
        model(idx)
    same_bits(seen[0], model.blocks[1].sa.proj.bias.expand(2, 8, TINY.n_embd))


@given(heads=some_heads)
def test_fused_attention_gives_what_a_list_of_heads_gives(heads: set) -> None:
    listed, idx, targets = tiny_gpt(), random_ids(2, 8), random_ids(2, 8, seed=1)
    fused = copied(weights_of(listed), tiny_gpt(attention="fused", seed=2))
    with without_heads(listed, heads), without_heads(fused, heads):
        close(fused(idx)[0], listed(idx)[0], within=1e-5)
    expected = loss_without(listed, idx, targets, heads)
    assert loss_without(fused, idx, targets, heads) == pytest.approx(expected, abs=1e-5)


def test_a_head_whose_numbers_have_gone_astray_is_off_too() -> None:
    """Zero times NaN is NaN: a mask that multiplies would let it through."""
    model, idx = tiny_gpt(), random_ids(1, 4)
    with torch.no_grad():
        model.blocks[0].sa.heads[2].value.weight.fill_(torch.nan)
    with without_heads(model, [(0, 2)]):
        logits, _ = model(idx)
    assert logits.isfinite().all()
    assert model(idx)[0].isnan().all()


def test_layers_are_counted_as_trace_counts_them() -> None:
    """The traced output of head (layer, head) is what stands in that slice; off, it is zeros."""
    model, idx = tiny_gpt(), random_ids(1, 8)
    seen = trace(model, idx)
    for layer, entered in enumerate(entering_the_projections(model, idx)):
        for head in range(TINY.n_head):
            same_bits(entered[..., columns(head)], seen.stages[layer][head].output)
            with without_heads(model, [(layer, head)]):
                off = entering_the_projections(model, idx)
            assert not off[layer][..., columns(head)].any()


@pytest.mark.parametrize("kind", [MultiHeadAttention, FusedAttention])
def test_any_module_that_holds_heads_will_do(kind: type[nn.Module]) -> None:
    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.look = kind(8, 2, 4)
            self.across = CrossAttention(8, 8, 4)  # one head without a projection: not counted

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.look(x)

    model, x = Small(), torch.randn(1, 4, 8, generator=torch.Generator().manual_seed(0))
    for whole, holder in ((model, model), (nn.Sequential(model), model), (model.look, model)):
        with without_heads(whole, [(0, 0), (0, 1)]):
            same_bits(holder(x), x + model.look.proj.bias)


def test_the_same_head_twice_is_that_head_once() -> None:
    model, idx = tiny_gpt(), random_ids(1, 8)
    with without_heads(model, [(0, 1)]):
        once = model(idx)[0]
    with without_heads(model, iter([(0, 1), (0, 1)])):
        twice = model(idx)[0]
    same_bits(twice, once)


def test_one_inside_another_switches_off_both() -> None:
    model, idx = tiny_gpt(), random_ids(1, 8)
    with without_heads(model, [(0, 1), (0, 2)]):
        together = model(idx)[0]
    with without_heads(model, [(0, 1)]):
        with without_heads(model, [(0, 2)]):
            same_bits(model(idx)[0], together)
        alone = model(idx)[0]
    assert not torch.equal(alone, together)


def test_the_gradient_passes_by_the_head_and_reaches_the_others() -> None:
    model, idx, targets = tiny_gpt(), random_ids(2, 8), random_ids(2, 8, seed=1)
    with without_heads(model, [(0, 1)]):
        assert torch.is_grad_enabled()
        model(idx, targets)[1].backward()
    for head in range(TINY.n_head):
        reached = model.blocks[0].sa.heads[head].value.weight.grad.any()
        assert bool(reached) == (head != 1)


@every_kind
def test_afterwards_everything_is_as_before(attention: str) -> None:
    model, idx = tiny_gpt(attention=attention, dropout=0.5), random_ids(2, 8)
    weights, before = weights_of(model), mixed_modes(model)
    with global_stream_untouched():
        head_losses(model, idx, idx)
    with without_heads(model, PAIRS):
        assert modes(model) == before, "the mode is the caller's"
    assert modes(model) == before
    assert hooks_of(model) == 0
    assert torch.is_grad_enabled()
    assert all(parameter.grad is None for parameter in model.parameters())
    same_bits(weights_of(model), weights)


@pytest.mark.parametrize("how", ["error", "Ctrl-C"])
def test_an_error_or_a_stop_switches_the_heads_on_again(how: str) -> None:
    model, idx = tiny_gpt(dropout=0.5), random_ids(1, 4)
    if how == "error":
        idx[0, 0] = TINY.vocab_size
    else:
        interrupted(model, [1, 2, 3])
    hooks, before = hooks_of(model), mixed_modes(model)
    with pytest.raises((ValueError, KeyboardInterrupt)), without_heads(model, PAIRS):
        model(idx)
    with pytest.raises((ValueError, KeyboardInterrupt)):
        loss_without(model, idx, idx, PAIRS)
    with pytest.raises((ValueError, KeyboardInterrupt)):
        head_losses(model, idx, idx)
    assert hooks_of(model) == hooks
    assert modes(model) == before


@every_kind
def test_the_rise_is_the_loss_without_a_head_less_the_loss_with_all(attention: str) -> None:
    model, idx, targets = tiny_gpt(attention=attention), random_ids(4, 8), random_ids(4, 8, seed=1)
    losses = head_losses(model, idx, targets)
    assert losses.base == pytest.approx(model(idx, targets)[1].item(), abs=1e-6)
    assert list(losses.rise) == PAIRS
    for pair, rise in losses.rise.items():
        without = with_zero_columns(model, [pair])(idx, targets)[1].item()
        assert rise == pytest.approx(without - losses.base, abs=1e-6)
        assert rise != 0.0
    assert len(set(losses.rise.values())) == len(PAIRS)


def test_dropout_is_off_while_losses_are_measured() -> None:
    model, idx = tiny_gpt(dropout=0.5).train(), random_ids(4, 8)
    calm = copied(weights_of(model), tiny_gpt(seed=2))
    assert head_losses(model, idx, idx) == head_losses(calm, idx, idx)


def test_a_head_that_the_projection_ignores_is_not_missed() -> None:
    model = with_zero_columns(tiny_gpt(), [(1, 2)])
    rise = head_losses(model, random_ids(4, 8), random_ids(4, 8, seed=1)).rise
    assert rise[1, 2] == pytest.approx(0.0, abs=1e-6)
    assert all(abs(value) > 1e-5 for pair, value in rise.items() if pair != (1, 2))


@pytest.mark.parametrize(
    ("heads", "says"),
    [
        ([(2, 0)], r"a layer from 0 to 1, got \(layer, head\) = \(2, 0\)"),
        ([(-1, 0)], r"a layer from 0 to 1, got \(layer, head\) = \(-1, 0\)"),
        ([(0, 1), (1, 3)], r"a head of layer 1 from 0 to 2, got \(layer, head\) = \(1, 3\)"),
        ([(0, -1)], r"a head of layer 0 from 0 to 2, got \(layer, head\) = \(0, -1\)"),
        ((0, 1), r"heads as pairs \(layer, head\) of whole numbers, got 0\. Write a list of pairs"),
        ([(0, 1, 2)], r"got \(0, 1, 2\)\. Write a list of pairs"),
        ([(0, 1.0)], r"got \(0, 1\.0\)\. Write a list of pairs"),
        ([(0, True)], r"got \(0, True\)\. Write a list of pairs"),
    ],
)
@every_kind
def test_a_head_that_does_not_exist_is_told_with_those_that_do(
    attention: str, heads: object, says: str
) -> None:
    model = tiny_gpt(attention=attention)
    with pytest.raises(ValueError, match=says), without_heads(model, heads):
        pytest.fail("the block ran")
    assert hooks_of(model) == 0


@pytest.mark.parametrize("model", [nn.Linear(2, 2), Head(8, 4, 4)], ids=["Linear", "Head"])
def test_a_model_without_heads_side_by_side_is_refused(model: nn.Module) -> None:
    says = f"MultiHeadAttention or FusedAttention, got {type(model).__name__}"
    with pytest.raises(ValueError, match=says), without_heads(model, []):
        pytest.fail("the block ran")
    with pytest.raises(ValueError, match=says):
        head_losses(model, random_ids(1, 2), random_ids(1, 2))
