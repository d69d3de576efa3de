"""A new kind of attention needs its class and its name, and everything that asks a layer of heads knows it.

The kind in this file is not part of the library. The code that needs a promise asks it for that promise.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from helpers import TINY, close, random_ids, same_bits, tiny_gpt, weights_of
from measured_costs import kept_by_formula, kept_for_backward, one_step
from nanogpt_lib.ablation import head_losses, without_heads
from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.checkpoint import load_checkpoint, save_checkpoint
from nanogpt_lib.checks import probability
from nanogpt_lib.costs import forward_flops, parameter_ledger, training_flops
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.dot_product import AttentionSteps, attention_steps
from nanogpt_lib.heads import Attention, AttentionCosts, HeadChoices, layers_of_heads, watch_output
from nanogpt_lib.layers import ATTENTION
from nanogpt_lib.model import GPT
from nanogpt_lib.modern import prepared
from nanogpt_lib.sampling import generate
from nanogpt_lib.trace import trace
from nanogpt_lib.training_run import TrainConfig, TrainingRun


class SharedKeys(Attention):
    """Heads with queries of their own, which share one key and one value (Shazeer, 2019)."""

    mask: torch.Tensor

    def __init__(self, n_embd: int, n_head: int, block_size: int, **choices: Unpack[HeadChoices]) -> None:
        super().__init__(n_embd, n_head, block_size)
        self.scale = choices.get("scale")
        self.prepared = prepared(
            self.head_size,
            block_size,
            rotary=choices.get("rotary", False),
            qk_norm=choices.get("qk_norm", False),
        )
        self.query = nn.Linear(n_embd, n_embd, bias=False)
        self.key_value = nn.Parameter(torch.randn(2 * self.head_size, n_embd) * n_embd**-0.5)
        self.proj = nn.Linear(n_embd, n_embd)
        self.looked_up = nn.Identity()  # where a hook sees keys and values
        dropout = probability("dropout", choices.get("dropout", 0.0))
        self.drop_weights, self.dropout = nn.Dropout(dropout), nn.Dropout(dropout)
        self.register_buffer("mask", causal_mask(block_size), persistent=False)

    def steps(self, q: torch.Tensor, kv: torch.Tensor, dropout: nn.Module | None = None) -> AttentionSteps:
        T = q.shape[1]
        q_BHTD = q.unflatten(-1, (self.n_head, self.head_size)).transpose(1, 2)
        k, v = kv[:, None].chunk(2, dim=-1)  # each (B, 1, T, head_size)
        q_BHTD, k = self.prepared(q_BHTD), self.prepared(k)
        return attention_steps(q_BHTD, k, v, scale=self.scale, mask=self.mask[:T, :T], dropout=dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kv = self.looked_up(nn.functional.linear(x, self.key_value))
        steps = self.steps(self.query(x), kv, self.drop_weights)
        return self.dropout(self.proj(steps.output.transpose(1, 2).flatten(2)))

    def watch_steps(self, hooks: ExitStack) -> Callable[[], list[AttentionSteps]]:
        parts = (self.query, self.looked_up, self.drop_weights)
        q, kv, weights = (watch_output(part, hooks) for part in parts)

        def steps() -> list[AttentionSteps]:
            seen = self.steps(q[0], kv[0])._replace(weights=weights[0])
            return [AttentionSteps(*(stage[:, head] for stage in seen)) for head in range(self.n_head)]

        return steps

    @classmethod
    def costs(cls, n_embd: int, n_head: int, block_size: int, *, dropout: float = 0.0) -> AttentionCosts:
        C, T, drops = n_embd, block_size, dropout > 0
        projected = C + 2 * C // n_head
        return AttentionCosts(
            parameters={"query, key, value": projected * C, "projection": C * C + C},
            flops={
                "query, key, value": 2 * C * projected,
                "scores": 2 * T * C,
                "weighted sum": 2 * T * C,
                "projection": 2 * C * C,
            },
            maps=n_head * (3 if drops else 1),
            widths=(3 + 1 + drops) * C,  # a broadcast key is kept once for every head
            masks=2 * T * T,
        )


KIND = "shared keys"
IDX, TARGETS = random_ids(2, 8), random_ids(2, 8, seed=1)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one line of registration."""
    monkeypatch.setitem(ATTENTION, KIND, SharedKeys)


def test_a_model_is_built_of_it_and_sees_no_future() -> None:
    model = tiny_gpt(attention=KIND, scale=0.3)
    assert [type(layer) for layer in layers_of_heads(model)] == [SharedKeys] * TINY.n_layer
    assert {layer.scale for layer in layers_of_heads(model)} == {0.3}
    changed = IDX.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % TINY.vocab_size
    before, after = model(IDX)[0], model(changed)[0]
    close(after[:, :5], before[:, :5], within=1e-6)
    assert not torch.equal(after[:, 5:], before[:, 5:])


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_trace_shows_the_weights_that_it_applied(dropout: float) -> None:
    model = tiny_gpt(attention=KIND, dropout=dropout)
    entering: list[torch.Tensor] = []
    hook = model.blocks[0].sa.proj.register_forward_pre_hook(lambda _, x: entering.extend(x))
    seen = trace(model, IDX)
    hook.remove()
    assert seen.weights.shape == (TINY.n_layer, TINY.n_head, 2, 8, 8)
    close(seen.weights.sum(-1), torch.ones(seen.weights.shape[:-1]), within=1e-6)
    joined = torch.cat([stages.output for stages in seen.stages[0]], dim=-1)
    close(joined, entering[0], within=1e-6)
    assert torch.equal(seen.logits, model.eval()(IDX)[0])


def test_a_head_of_it_can_be_switched_off() -> None:
    model = tiny_gpt(attention=KIND)
    losses = head_losses(model, IDX, TARGETS)
    assert list(losses.rise) == [(layer, head) for layer in range(2) for head in range(3)]
    assert all(losses.rise.values())
    with without_heads(model, [(1, head) for head in range(3)]):
        logits, _ = model(IDX)
    with torch.no_grad():
        model.blocks[1].sa.proj.weight.zero_()
    close(logits, model(IDX)[0], within=1e-6)
    with pytest.raises(ValueError, match="a head of layer 1 from 0 to 2"), without_heads(model, [(1, 3)]):
        pytest.fail("the block ran")


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_its_costs_are_those_that_it_says(dropout: float) -> None:
    """Held to the model, to torch's counter and to what the backward pass keeps, as all kinds are."""
    config = replace(TINY, attention=KIND, dropout=dropout)
    with FlopCounterMode(display=False) as forward:
        model, loss = one_step(config, 5)
    with FlopCounterMode(display=False) as backward:
        loss.backward()
    assert sum(parameter_ledger(config).values()) == model.parameter_count()
    assert sum(forward_flops(config, 5).values()) == forward.get_total_flops()
    both = forward.get_total_flops() + backward.get_total_flops()
    assert sum(training_flops(config, 5).values()) == both
    assert sum(map(sum, kept_for_backward(config, 5).values())) == kept_by_formula(config, 5)


def test_its_weights_go_by_their_own_names_where_the_lecture_has_none() -> None:
    """A fused matrix is shown as the lecture's weights; a parameter unknown to the lecture as it is."""
    one, other = tiny_gpt(1, attention=KIND, init="gpt2"), tiny_gpt(2, attention=KIND)
    state = one.lecture_state_dict()
    assert list(state) == list(one.state_dict())
    other.load_lecture_state_dict(state)
    same_bits(other(IDX)[0], one(IDX)[0])
    del state["blocks.1.sa.key_value"]
    with pytest.raises(ValueError, match=r"blocks\.1\.sa\.key_value is missing"):
        other.load_lecture_state_dict(state)


def test_it_may_give_the_lectures_name_to_a_weight_that_it_keeps_in_another_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def head_weights(self: SharedKeys) -> dict[str, torch.Tensor]:
        key, value = self.key_value.detach().chunk(2)
        return {"key.weight": key, "value.weight": value}

    monkeypatch.setattr(SharedKeys, "head_weights", head_weights)
    model = tiny_gpt(attention=KIND)
    state = model.lecture_state_dict()
    assert "blocks.1.sa.key_value" not in state
    state["blocks.1.sa.value.weight"].zero_()  # a view: the model's own numbers
    assert not model.blocks[1].sa.key_value[TINY.head_size :].any()


def test_gpt2_weights_reach_its_own_parameters() -> None:
    model = tiny_gpt(attention=KIND, init="gpt2", n_embd=96)
    assert model.blocks[0].sa.key_value.std().item() == pytest.approx(0.02, rel=0.12)


def test_a_checkpoint_keeps_it(tmp_path: Path) -> None:
    tokenizer = CharTokenizer("abcdefghijk")
    run = TrainingRun(
        tiny_gpt(attention=KIND),
        TrainConfig(batch_size=2, max_iters=1, learning_rate=1e-3),
        torch.Generator(),
    )
    save_checkpoint(tmp_path, run, tokenizer)
    loaded = load_checkpoint(tmp_path).model
    assert isinstance(loaded.blocks[0].sa, SharedKeys)
    same_bits(weights_of(loaded), weights_of(run.model))


@pytest.mark.parametrize("missing", ["__init__", "watch_steps", "costs"])
def test_a_kind_that_leaves_a_promise_out_is_refused_when_it_is_built(missing: str) -> None:
    """And not when a reader looks into it, an hour of training later."""
    promises = {name: vars(SharedKeys)[name] for name in ("__init__", "watch_steps", "costs")}
    del promises[missing]
    partial = type("Partial", (Attention,), promises)
    with pytest.raises(TypeError, match=f"Partial.*{missing}"):
        partial(8, 2, 4)


def test_a_width_that_cannot_be_shared_is_refused_for_every_kind() -> None:
    with pytest.raises(ValueError, match="n_embd=8, n_head=3.*Choose n_embd=6 or 9"):
        SharedKeys(8, 3, 4)


def test_a_model_without_heads_has_no_layer_of_them() -> None:
    assert layers_of_heads(nn.Linear(2, 2)) == []
    assert isinstance(tiny_gpt(), GPT)


def test_it_writes_as_without_a_cache_which_does_not_know_it() -> None:
    model, idx = tiny_gpt(attention=KIND, position="rotary", qk_norm=True), random_ids(1, 3)
    texts = []
    for cache in ("recompute", "off"):
        torch.manual_seed(3)
        texts.append(generate(model, idx, 12, cache=cache))
    same_bits(texts[0], texts[1])
