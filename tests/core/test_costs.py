"""What a GPT costs, held to the model itself, to torch's counter, and to what its backward pass keeps."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from helpers import TINY
from measured_costs import kept_by_formula, kept_for_backward, one_step
from nanogpt_lib.costs import forward_flops, parameter_ledger, training_flops, training_memory
from nanogpt_lib.layers import ATTENTION, NORMS
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.presets import LADDER

LECTURE = GPTConfig(vocab_size=65, block_size=256, n_embd=384, n_head=6, n_layer=6)
batch_sizes = st.integers(1, 4)


@st.composite
def configs(draw: st.DrawFn, **fixed: object) -> GPTConfig:
    """Small models of every kind."""
    n_head = draw(st.integers(1, 4))
    sizes = {
        "vocab_size": draw(st.integers(1, 20)),
        "block_size": draw(st.integers(1, 9)),
        "n_embd": n_head * draw(st.integers(1, 6)),
        "n_head": n_head,
        "n_layer": draw(st.integers(1, 3)),
        "dropout": draw(st.sampled_from([0.0, 0.2])),
        "attention": draw(st.sampled_from(sorted(ATTENTION))),
        "residual": draw(st.booleans()),
        "norm": draw(st.sampled_from(NORMS)),
    }
    return GPTConfig(**sizes | fixed)


# --- numbers --------------------------------------------------------------------------------------


@given(configs())
def test_the_ledger_sums_to_the_models_own_count(config: GPTConfig) -> None:
    assert sum(parameter_ledger(config).values()) == GPT(config).parameter_count()


@given(configs())
def test_each_part_of_the_ledger_is_that_part_of_the_model(config: GPTConfig) -> None:
    """A sum may be right although two parts have exchanged some numbers."""
    owners = {
        "token_embedding_table": "token table",
        "position_embedding_table": "position table",
        "query": "query, key, value",
        "key": "query, key, value",
        "value": "query, key, value",
        "proj": "projection",
        "ffwd": "feed-forward",
        "ln1": "norms",
        "ln2": "norms",
        "ln_f": "norms",
        "lm_head": "head",
    }
    found = dict.fromkeys(parameter_ledger(config), 0)
    for name, weights in GPT(config).lecture_state_dict().items():
        (part,) = {owners[word] for word in name.split(".") if word in owners}
        found[part] += weights.numel()
    assert found == parameter_ledger(config)


def test_the_lectures_model_has_10_788_929_numbers() -> None:
    assert sum(parameter_ledger(LECTURE).values()) == 10_788_929


def test_gpt2_small_differs_by_its_tied_head_and_three_biases() -> None:
    """Its published weights hold 124,439,808 numbers: one table for both ends, and biases in attention."""
    gpt2 = GPTConfig(vocab_size=50_257, block_size=1024, n_embd=768, n_head=12, n_layer=12)
    ledger = parameter_ledger(gpt2)
    assert ledger["head"] == 38_647_633
    assert sum(ledger.values()) - ledger["head"] + 12 * 3 * 768 == 124_439_808


# --- products -------------------------------------------------------------------------------------


@settings(max_examples=12)  # torch's counter is slow, and the formula knows five sizes and the batch alone
@given(configs(attention="heads"), batch_sizes)
def test_forward_and_step_are_what_torchs_counter_finds(config: GPTConfig, batch_size: int) -> None:
    """Exactly: torch counts the same products, also those of the backward pass."""
    with FlopCounterMode(display=False) as forward:
        _, loss = one_step(config, batch_size)
    with FlopCounterMode(display=False) as backward:
        loss.backward()
    counted = forward.get_total_flops()
    assert sum(forward_flops(config, batch_size).values()) == counted
    assert sum(training_flops(config, batch_size).values()) == counted + backward.get_total_flops()


@pytest.mark.parametrize("config", dict.fromkeys([*(rung.model for rung in LADDER.values()), LECTURE]))
def test_large_models_agree_with_the_counter_too(config: GPTConfig) -> None:
    with FlopCounterMode(display=False) as counter:
        one_step(config, 16, "meta")
    assert sum(forward_flops(config, 16).values()) == counter.get_total_flops()


def test_each_part_of_the_forward_pass_is_what_the_counter_finds_in_it() -> None:
    with FlopCounterMode(display=False) as counter:
        one_step(TINY, 2)
    counts = counter.get_flop_counts()
    found = {name: sum(operations.values()) for name, operations in counts.items()}
    blocks = range(TINY.n_layer)
    flops = forward_flops(TINY, 2)
    assert flops["head"] == found["GPT.lm_head"]
    assert flops["projection"] == sum(found[f"GPT.blocks.{at}.sa.proj"] for at in blocks)
    assert flops["feed-forward"] == sum(found[f"GPT.blocks.{at}.ffwd"] for at in blocks)
    heads = [f"GPT.blocks.{at}.sa.heads.{head}" for at in blocks for head in range(TINY.n_head)]
    products = [found[f"{head}.{name}"] for head in heads for name in ("query", "key", "value")]
    assert flops["query, key, value"] == sum(products)
    assert flops["scores"] + flops["weighted sum"] == sum(found[head] for head in heads) - sum(products)
    assert flops["scores"] == flops["weighted sum"]


@given(configs(attention="heads"), batch_sizes)
def test_both_forms_of_attention_make_the_same_products(config: GPTConfig, batch_size: int) -> None:
    other = replace(config, attention="fused")
    assert forward_flops(config, batch_size) == forward_flops(other, batch_size)


def test_six_a_character_for_each_number_outside_the_tables_is_near() -> None:
    """The rule of Kaplan et al. leaves out what attention needs, here a tenth."""
    ledger = parameter_ledger(LECTURE)
    flops = training_flops(LECTURE, 64)
    rule = 6 * (sum(ledger.values()) - ledger["token table"] - ledger["position table"]) * 64 * 256
    of_attention = flops["scores"] + flops["weighted sum"]
    assert sum(flops.values()) - of_attention == pytest.approx(rule, rel=0.003)
    assert 0.09 < of_attention / sum(flops.values()) < 0.11


# --- bytes ----------------------------------------------------------------------------------------


@given(configs(), batch_sizes)
def test_memory_is_to_the_byte_what_the_backward_pass_keeps(config: GPTConfig, batch_size: int) -> None:
    """But for fused attention with dropout, where torch may copy queries, keys and values once more.

    The same with plain products over one line, head or position, where torch keeps what it need not copy.
    """
    kept = sum(map(sum, kept_for_backward(config, batch_size).values()))
    said = kept_by_formula(config, batch_size)
    may_copy = config.attention == "fused" and config.dropout
    if may_copy or (config.attention == "direct" and 1 in (batch_size, config.n_head, config.block_size)):
        assert said <= kept <= said + 4 * 3 * config.n_layer * batch_size * config.block_size * config.n_embd
    else:
        assert kept == said


@pytest.mark.parametrize("attention", sorted(ATTENTION))
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_memory_of_an_ordinary_model_is_right_to_the_byte(attention: str, dropout: float) -> None:
    config = replace(TINY, attention=attention, dropout=dropout)
    assert sum(map(sum, kept_for_backward(config, 5).values())) == kept_by_formula(config, 5)


def test_the_attention_maps_of_the_lectures_model_take_604_mb() -> None:
    kept = kept_for_backward(LECTURE, 64, "meta")
    maps = kept[64, 256, 256]
    assert len(maps) == 6 * 6
    assert sum(maps) == training_memory(LECTURE, 64)["attention maps"] == 64 * 6 * 6 * 256 * 256 * 4
    assert sum(map(sum, kept.values())) == kept_by_formula(LECTURE, 64)


def test_dropout_keeps_three_maps_for_one_and_fused_attention_none() -> None:
    maps = {
        (attention, p): training_memory(replace(TINY, attention=attention, dropout=p), 2)["attention maps"]
        for attention in ("heads", "fused")
        for p in (0.0, 0.2)
    }
    one = 2 * TINY.n_layer * TINY.n_head * TINY.block_size**2 * 4
    assert maps == {("heads", 0.0): one, ("heads", 0.2): 3 * one, ("fused", 0.0): 0, ("fused", 0.2): 3 * one}


@given(configs(), batch_sizes)
def test_weights_gradients_moments_and_masks_take_what_torch_gives_them(
    config: GPTConfig, batch_size: int
) -> None:
    model, loss = one_step(config, batch_size)
    optimizer = torch.optim.AdamW(model.parameters())
    loss.backward()
    optimizer.step()
    moments = [state[name] for state in optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
    memory = training_memory(config, batch_size)
    assert memory["parameters"] == sum(weights.nbytes for weights in model.parameters())
    assert memory["gradients"] == sum(weights.grad.nbytes for weights in model.parameters())
    assert memory["AdamW's moments"] == sum(moment.nbytes for moment in moments)
    assert memory["masks"] == 2 * sum(mask.nbytes for mask in model.buffers())


# --- the boundary ---------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [forward_flops, training_flops, training_memory])
def test_a_batch_of_nothing_is_refused(count: object) -> None:
    for batch_size in (0, 2.0, True):
        with pytest.raises(ValueError, match="^Expected a whole number batch_size >= 1, got .* Choose"):
            count(TINY, batch_size)
