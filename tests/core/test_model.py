"""The whole GPT: its contracts, its causality, its weights under the lecture's names."""

import math
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers import TINY, close, global_stream_untouched, random_ids, same_bits, tiny_gpt, weights_of
from lecture import LectureGPT
from nanogpt_lib.layers import ATTENTION, LayerNorm
from nanogpt_lib.model import GPT, INITS, GPTConfig

every_kind = pytest.mark.parametrize("attention", ATTENTION)
both_forms = pytest.mark.parametrize("attention", ["heads", "fused"])  # these hold the lecture's weights
both_inits = pytest.mark.parametrize("init", INITS)


def lecture_gpt(scale: float = TINY.head_size**-0.5) -> LectureGPT:
    """The lecture's model in the sizes of TINY; its weights are its own."""
    sizes = ("vocab_size", "block_size", "n_embd", "n_head", "n_layer", "dropout")
    return LectureGPT(*(getattr(TINY, name) for name in sizes), scale)


# --- the contract ---------------------------------------------------------------------------------


@every_kind
@given(st.integers(1, 3), st.integers(1, TINY.block_size), st.booleans())
def test_logits_keep_their_shape_and_the_loss_is_there_exactly_with_targets(
    attention: str, B: int, T: int, has_targets: bool
) -> None:
    """The lecture's script flattens the logits as soon as there are targets."""
    model, idx, targets = tiny_gpt(attention=attention), random_ids(B, T), random_ids(B, T, seed=1)
    logits, loss = model(idx, targets if has_targets else None)
    assert logits.shape == (B, T, TINY.vocab_size)
    assert (loss is not None) == has_targets
    if has_targets:
        expected = F.cross_entropy(logits.transpose(1, 2), targets)  # torch wants the classes second
        close(loss, expected, within=1e-6)


@every_kind
def test_before_training_the_loss_is_within_2_percent_of_the_logarithm_of_v(attention: str) -> None:
    config = replace(TINY, vocab_size=65, n_embd=24, init="gpt2", attention=attention)
    model = GPT(config, torch.Generator().manual_seed(1))
    loss = model(random_ids(64, 8, vocab_size=65), random_ids(64, 8, vocab_size=65, seed=1))[1]
    assert math.isclose(loss.item(), math.log(65), rel_tol=0.02)


@every_kind
@given(st.integers(1, TINY.block_size - 1), st.integers(0, 99))
def test_changing_the_future_leaves_the_logits_of_the_past_unchanged(
    attention: str, place: int, seed: int
) -> None:
    """One leak in any layer, and the loss would fall for the wrong reason."""
    model, idx = tiny_gpt(attention=attention), random_ids(2, TINY.block_size, seed=seed)
    changed = idx.clone()
    changed[:, place:] = (changed[:, place:] + 1) % TINY.vocab_size
    before, after = model(idx)[0], model(changed)[0]
    close(after[:, :place], before[:, :place], within=1e-6)
    assert (after[:, place:] - before[:, place:]).abs().amax(-1).min() > 1e-3


def test_the_same_character_at_another_position_gives_other_logits() -> None:
    """Without positions attention sees a bag of characters: all eight rows would be the same."""
    logits = tiny_gpt()(torch.full((1, 8), 3))[0][0]
    assert len(logits.unique(dim=0)) == 8


def test_the_rows_of_a_batch_do_not_see_each_other() -> None:
    model, idx = tiny_gpt(), random_ids(3, 8)
    close(model(idx)[0][1:2], model(idx[1:2])[0], within=1e-6)


@every_kind
def test_one_batch_can_be_learnt_by_heart(attention: str) -> None:
    """Where gradients do not arrive, the loss stays near ln V = 2.4."""
    model = tiny_gpt(n_embd=24, attention=attention)
    idx = torch.stack([torch.arange(9) + row for row in range(3)]) * 3 % TINY.vocab_size
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(60):
        loss = model(idx[:, :-1], idx[:, 1:])[1]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


@every_kind
def test_every_weight_takes_part(attention: str) -> None:
    model = tiny_gpt(attention=attention)
    model(random_ids(4, 8), random_ids(4, 8, seed=1))[1].backward()
    idle = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert idle == []


@pytest.mark.parametrize(
    ("idx", "targets", "named"),
    [
        (random_ids(2, 9), None, "1 <= T <= block_size=8, got T=9"),
        (random_ids(2, 0), None, "1 <= T <= block_size=8, got T=0"),
        (random_ids(8), None, r"idx of shape \(B, T\), got shape \(8,\)"),
        (torch.full((1, 3), 11), None, r"idx in \[0, 11\), got 11 at index \[0, 0\]"),
        (torch.zeros(1, 3), None, r"idx as torch\.long"),
        (random_ids(2, 8), random_ids(2, 7), r"targets of shape \(2, 8\)"),
        (random_ids(1, 2), torch.tensor([[0, 11]]), r"targets in \[0, 11\), got 11 at index \[0, 1\]"),
    ],
)
def test_input_that_does_not_fit_is_refused_and_named(
    idx: torch.Tensor, targets: torch.Tensor | None, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        tiny_gpt()(idx, targets)


# --- the configuration ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"vocab_size": 0}, "vocab_size >= 1"),
        ({"block_size": -1}, "block_size >= 1"),
        ({"n_layer": 0}, "n_layer >= 1"),
        ({"n_head": 2.0}, "n_head >= 1"),
        ({"n_embd": 13}, "n_embd=13, n_head=3.*Choose n_embd=12 or 15"),
        ({"dropout": 1.5}, "0 <= dropout <= 1"),
        ({"attention": "flash"}, "attention to be one of 'heads', 'fused'.*, got 'flash'"),
        ({"init": "xavier"}, "init to be one of 'torch', 'gpt2', 'zero', got 'xavier'"),
        ({"norm": "batch"}, "norm to be one of 'pre', 'post', 'none', got 'batch'"),
    ],
)
def test_a_configuration_that_cannot_be_built_is_refused(change: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        replace(TINY, **change)


def test_a_configuration_cannot_be_changed_under_a_model() -> None:
    with pytest.raises(AttributeError):
        TINY.n_layer = 3


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_the_number_of_parameters_is_the_sum_by_hand(
    V: int, T: int, share: int, n_head: int, n_layer: int
) -> None:
    C = share * n_head
    config = GPTConfig(vocab_size=V, block_size=T, n_embd=C, n_head=n_head, n_layer=n_layer)
    block = 3 * C * C + (C * C + C) + (4 * C * C + 4 * C) + (4 * C * C + C) + 4 * C
    expected = V * C + T * C + n_layer * block + 2 * C + (C * V + V)
    assert GPT(config).parameter_count() == expected
    assert GPT(replace(config, attention="fused")).parameter_count() == expected


@every_kind
@pytest.mark.parametrize("scale", [None, 0.125])
def test_attention_and_scale_reach_every_block(attention: str, scale: float | None) -> None:
    model = tiny_gpt(attention=attention, scale=scale)
    assert {type(block.sa) for block in model.blocks} == {ATTENTION[attention]}
    owners = [head for block in model.blocks for head in getattr(block.sa, "heads", [block.sa])]
    assert {owner.scale for owner in owners} == {0.5 if scale is None else scale}


@pytest.mark.parametrize(("norm", "norms"), [("pre", 5), ("post", 4), ("none", 0)])
def test_a_last_norm_follows_the_blocks_only_where_the_norm_comes_first(norm: str, norms: int) -> None:
    """After the last block of a "post" model a norm stands already; without norms there is none."""
    model = tiny_gpt(norm=norm, n_layer=2)
    assert sum(isinstance(module, LayerNorm) for module in model.modules()) == norms
    assert isinstance(model.ln_f, LayerNorm) == (norm == "pre")


def test_residual_and_norm_reach_every_block() -> None:
    model = tiny_gpt(residual=False, norm="post")
    assert {(block.residual, block.norm) for block in model.blocks} == {(False, "post")}


# --- initial weights ------------------------------------------------------------------------------


@every_kind
@both_inits
def test_a_generator_gives_the_weights_of_the_global_stream_and_leaves_it_alone(
    attention: str, init: str
) -> None:
    config = replace(TINY, attention=attention, init=init)
    generator = torch.Generator().manual_seed(5)
    with global_stream_untouched():
        mine = GPT(config, generator)
    torch.manual_seed(5)
    same_bits(weights_of(mine), weights_of(GPT(config)))
    assert torch.equal(generator.get_state(), torch.get_rng_state()), "the generator did not move on"


@both_inits
def test_both_forms_from_one_seed_are_the_same_model(init: str) -> None:
    heads, fused = tiny_gpt(attention="heads", init=init), tiny_gpt(attention="fused", init=init)
    same_bits(fused.lecture_state_dict(), dict(heads.state_dict()))
    assert list(fused.lecture_state_dict()) == list(heads.state_dict())
    idx, targets = random_ids(3, 8), random_ids(3, 8, seed=1)
    close(fused(idx)[0], heads(idx)[0], within=1e-5)
    for model in (heads, fused):
        model(idx, targets)[1].backward()
    close(fused.lm_head.weight.grad, heads.lm_head.weight.grad, within=1e-5)
    close(fused.token_embedding_table.weight.grad, heads.token_embedding_table.weight.grad, within=1e-5)


@pytest.mark.parametrize("source", ["heads", "fused"])
def test_each_form_loads_the_weights_of_the_other(source: str) -> None:
    one = tiny_gpt(seed=1, attention=source)
    other = tiny_gpt(seed=2, attention="fused" if source == "heads" else "heads")
    other.load_state_dict(one.state_dict())
    idx = random_ids(3, 8)
    close(other(idx)[0], one(idx)[0], within=1e-5)


@every_kind
def test_gpt2_weights_are_small_and_those_that_write_to_the_stream_shrink_with_depth(attention: str) -> None:
    model = tiny_gpt(n_embd=96, n_layer=4, vocab_size=65, init="gpt2", attention=attention)
    for name, weights in model.lecture_state_dict().items():
        if name.endswith("bias"):
            assert not weights.any(), name
        elif weights.dim() == 1:
            assert bool((weights == 1).all()), name  # the gains of the norms
        else:
            wanted = 0.02 / 8**0.5 if name.endswith(("proj.weight", "net.2.weight")) else 0.02
            assert math.isclose(weights.std().item(), wanted, rel_tol=0.12), (
                name
            )  # >= 768 numbers: 4.7 spreads


def test_torch_weights_are_those_of_torchs_layers() -> None:
    torch.manual_seed(5)
    ours = GPT(TINY)
    torch.manual_seed(5)
    same_bits(dict(ours.named_parameters()), dict(lecture_gpt().named_parameters()))


# --- the lecture's weights ------------------------------------------------------------------------


@both_forms
@pytest.mark.parametrize("scale", [TINY.head_size**-0.5, TINY.n_embd**-0.5])
def test_weights_saved_by_the_lectures_script_compute_the_same_here(attention: str, scale: float) -> None:
    theirs, idx = lecture_gpt(scale), random_ids(3, 8)
    state = theirs.state_dict()
    assert sum(name.endswith(".tril") for name in state) == TINY.n_head * TINY.n_layer
    names = list(state)
    ours = tiny_gpt(seed=1, attention=attention, scale=scale)
    assert (ours(idx)[0] - theirs(idx)[0]).abs().max() > 0.1, "already equal before loading"
    ours.load_lecture_state_dict(state)
    close(ours(idx)[0], theirs(idx)[0], within=1e-5)
    assert list(state) == names, "loading changed the dictionary that it was given"


@both_forms
def test_our_weights_load_into_the_lectures_script(attention: str) -> None:
    theirs, ours, idx = lecture_gpt(), tiny_gpt(seed=1, attention=attention), random_ids(3, 8)
    missing, left_over = theirs.load_state_dict(ours.lecture_state_dict(), strict=False)
    assert left_over == []
    assert all(name.endswith(".tril") for name in missing)
    close(theirs(idx)[0], ours(idx)[0], within=1e-5)


@both_forms
def test_what_is_missing_left_over_or_of_another_shape_is_named_and_nothing_is_loaded(attention: str) -> None:
    state = lecture_gpt().state_dict()
    del state["blocks.1.sa.heads.2.query.weight"]
    state["extra.weight"] = torch.zeros(1)
    state["lm_head.bias"] = torch.zeros(7)
    ours = tiny_gpt(seed=1, attention=attention)
    before = weights_of(ours)
    with pytest.raises(ValueError, match="weights of this configuration") as caught:
        ours.load_lecture_state_dict(state)
    for part in (
        "blocks.1.sa.heads.2.query.weight is missing",
        "extra.weight is left over",
        "lm_head.bias has shape (7,) instead of (11,)",
    ):
        assert part in str(caught.value)
    same_bits(weights_of(ours), before)


def test_the_sizes_of_a_configuration_are_all_that_a_copy_needs() -> None:
    model = tiny_gpt(attention="fused", dropout=0.1, scale=0.3, init="gpt2")
    twin = GPT(GPTConfig(**asdict(model.config)))
    twin.load_state_dict(model.state_dict())
    model.eval(), twin.eval()
    same_bits(twin(random_ids(2, 8)), model(random_ids(2, 8)))
    assert isinstance(twin, nn.Module)


@pytest.mark.parametrize("name", [field.name for field in fields(GPTConfig)])
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, "x", None, [], 1j, torch.ones(2), np.float32("nan")], ids=str
)
def test_a_value_of_another_kind_is_refused_by_the_name_of_its_field(name: str, value: object) -> None:
    """`--scale nan` was answered by the training, with "Lower the learning rate"."""
    if name == "scale" and value is None:
        return
    with pytest.raises(ValueError, match=name):
        replace(TINY, **{name: value})


@pytest.mark.parametrize(
    "name", [field.name for field in fields(GPTConfig) if not isinstance(field.default, str)]
)
@pytest.mark.parametrize("kind", [np.array, torch.tensor], ids=["numpy", "torch"])
def test_numbers_of_numpy_and_torch_become_pythons(name: str, kind: object) -> None:
    switches = dict.fromkeys(("residual", "qk_norm", "pairs", "smear"), False)
    value = ({"dropout": 0.25, "scale": 0.5, "n_head": 4, "n_embd": 24} | switches).get(name, 3)
    found = getattr(replace(TINY, **{name: kind(value)}), name)
    assert type(found) is type(value)
    assert found == value
