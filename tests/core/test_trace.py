"""What is shown of a forward pass is what that pass computed."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers import (
    TINY,
    close,
    global_stream_untouched,
    interrupted,
    mixed_modes,
    modes,
    random_ids,
    tiny_gpt,
)
from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.model import GPT
from nanogpt_lib.trace import trace


def hooks_of(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


@given(st.integers(1, 3), st.integers(1, TINY.block_size), st.integers(0, 99))
def test_the_shapes_tell_layers_heads_batch_and_time(B: int, T: int, seed: int) -> None:
    seen = trace(tiny_gpt(), random_ids(B, T, seed=seed))
    assert seen.weights.shape == (TINY.n_layer, TINY.n_head, B, T, T)
    assert seen.logits.shape == (B, T, TINY.vocab_size)
    assert [stream.shape for stream in seen.stream] == [(B, T, TINY.n_embd)] * (TINY.n_layer + 1)
    close(seen.weights.sum(-1), torch.ones(seen.weights.shape[:-1]), within=1e-6)
    assert not seen.weights[..., ~causal_mask(T)].any()


@pytest.mark.parametrize("scale", [None, 0.1])
def test_the_traced_weights_are_those_that_were_applied(scale: float | None) -> None:
    """Applied by hand to values and projection, layer by layer, they give the stream and the logits."""
    model, idx = tiny_gpt(dropout=0.5, scale=scale), random_ids(2, 8)
    seen = trace(model, idx)
    model.eval()
    x = model.token_embedding_table(idx) + model.position_embedding_table(torch.arange(8))
    for layer, block in enumerate(model.blocks):
        close(seen.stream[layer], x, within=1e-5)
        inside = block.ln1(x)
        joined = torch.cat(
            [seen.weights[layer, place] @ head.value(inside) for place, head in enumerate(block.sa.heads)],
            dim=-1,
        )
        x = x + block.sa.proj(joined)
        x = x + block.ffwd(block.ln2(x))
    close(seen.stream[-1], x, within=1e-5)
    close(seen.logits, model.lm_head(model.ln_f(x)), within=1e-5)
    assert torch.equal(seen.logits, model(idx)[0])


@pytest.mark.parametrize("scale", [None, 0.1])
def test_the_traced_stages_are_those_of_torchs_kernel(scale: float | None) -> None:
    model, idx = tiny_gpt(scale=scale), random_ids(2, 8)
    seen = trace(model, idx)
    for layer, block in enumerate(model.blocks):
        inside = block.ln1(seen.stream[layer])
        for head, stages in zip(block.sa.heads, seen.stages[layer], strict=True):
            q, k, v = head.query(inside), head.key(inside), head.value(inside)
            close(stages.scores, q @ k.transpose(1, 2), within=1e-5)
            close(stages.scaled, stages.scores * (0.5 if scale is None else scale), within=1e-6)
            assert bool((stages.masked[:, ~causal_mask(8)] == -torch.inf).all())
            eye = torch.eye(8).expand(2, 8, 8)  # what comes out of the kernel for these values is its weights
            close(
                stages.weights,
                F.scaled_dot_product_attention(q, k, eye, is_causal=True, scale=scale),
                within=1e-5,
            )
            close(
                stages.output,
                F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale),
                within=1e-5,
            )


def test_the_weights_are_read_off_and_not_computed_again() -> None:
    """A head that really does something else must be shown doing it."""
    model, idx = tiny_gpt(), random_ids(1, 4)
    odd = torch.tensor([[0.25, 0.75, 0.0, 0.0]] * 4)
    model.blocks[1].sa.heads[2].dropout.register_forward_hook(lambda *_: odd.expand(1, 4, 4))
    seen = trace(model, idx)
    assert torch.equal(seen.stages[1][2].weights, odd.expand(1, 4, 4))
    assert torch.equal(seen.logits, model(idx)[0])


def test_tracing_draws_nothing_and_leaves_no_hook_and_no_mode_behind() -> None:
    model = tiny_gpt(dropout=0.5)
    before = mixed_modes(model)
    with global_stream_untouched():
        seen = trace(model, random_ids(1, 4))
    assert modes(model) == before
    assert hooks_of(model) == 0
    assert not seen.logits.requires_grad
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("how", ["error", "Ctrl-C"])
def test_an_error_or_a_stop_leaves_no_hook_and_no_mode_behind_either(how: str) -> None:
    model, idx = tiny_gpt(dropout=0.5), random_ids(1, 4)
    if how == "error":
        idx[0, 0] = TINY.vocab_size
    else:
        interrupted(model, [1])
    hooks, before = hooks_of(model), mixed_modes(model)
    with pytest.raises((ValueError, KeyboardInterrupt)):
        trace(model, idx)
    assert modes(model) == before
    assert hooks_of(model) == hooks


def test_two_traces_do_not_mix() -> None:
    model = tiny_gpt()
    first = trace(model, random_ids(1, 4))
    kept = first.weights.clone()
    trace(model, random_ids(1, 4, seed=1))
    assert torch.equal(first.weights, kept)
    assert len(first.stream) == TINY.n_layer + 1


def test_fused_attention_is_refused_and_the_way_out_that_the_message_names_works() -> None:
    model, idx = tiny_gpt(attention="fused", scale=0.3), random_ids(2, 8)
    with pytest.raises(ValueError, match='attention="fused"') as caught:
        trace(model, idx)
    assert "GPT(dataclasses.replace(model.config, attention='heads'))" in str(caught.value)
    assert "observable.load_state_dict(model.state_dict())" in str(caught.value)
    observable = GPT(replace(model.config, attention="heads"))
    observable.load_state_dict(model.state_dict())
    close(trace(observable, idx).logits, model(idx)[0].detach(), within=1e-5)
