"""The parts of newer GPTs: each against its formula, all together in every form of attention, and kept."""

from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers import TINY, close, copied, random_ids, same_bits, tiny_gpt
from nanogpt_lib.checkpoint import load_checkpoint, save_checkpoint
from nanogpt_lib.costs import parameter_ledger
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.layers import ATTENTION, FeedForward, LayerNorm
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.modern import BareNorm, PairEmbedding, RMSNorm, RotaryEmbedding, Smear, SquaredReLU
from nanogpt_lib.sampling import generate
from nanogpt_lib.trace import trace
from nanogpt_lib.training_run import TrainConfig, TrainingRun, train

MODERN = {
    "position": "rotary",
    "qk_norm": True,
    "norm_kind": "rms",
    "activation": "relu2",
    "pairs": True,
    "smear": True,
}
each_part = pytest.mark.parametrize("field", MODERN)
each_form = pytest.mark.parametrize("attention", ATTENTION)


def modern_gpt(**changes: object) -> GPT:
    """All parts at once, in float64, its table of pairs no longer at 0."""
    model = tiny_gpt(**MODERN | changes).double()
    if model.config.smear:
        model.smear.share.data.fill_(0.5)
    if model.config.pairs:
        torch.nn.init.normal_(model.pair_embedding_table.weight, generator=torch.Generator().manual_seed(4))
    return model


# --- each part ------------------------------------------------------------------------------------


@given(st.lists(st.floats(-9, 9).filter(lambda number: abs(number) > 1e-3), min_size=1, max_size=8))
def test_rms_norm_leaves_a_mean_square_of_1_and_every_ratio(numbers: list[float]) -> None:
    x = torch.tensor(numbers, dtype=torch.float64)
    normed = RMSNorm()(x)
    close(normed.square().mean(), torch.tensor(1.0, dtype=torch.float64), within=1e-6)
    close(normed * x[0], x * normed[0], within=1e-9)


def test_a_row_of_zeros_stays_finite() -> None:
    assert torch.equal(RMSNorm()(torch.zeros(2, 4)), torch.zeros(2, 4))


def test_a_bare_norm_is_a_layer_norm_before_it_has_learned() -> None:
    x = torch.randn(2, 3, 8)
    same_bits(BareNorm()(x), LayerNorm(8)(x).detach())
    assert not list(BareNorm().parameters())


def test_a_smear_adds_a_share_of_the_one_before_after_the_norm() -> None:
    smear, x = Smear(), torch.randn(2, 4, 8)
    normed = BareNorm()(x)
    same_bits(smear(x), normed)
    smear.share.data.fill_(0.25)
    same_bits(smear(x)[:, 0], normed[:, 0])
    close(smear(x)[:, 1:], normed[:, 1:] + 0.25 * normed[:, :-1], within=1e-6)


def test_squared_relu_is_zero_below_and_a_square_above() -> None:
    x = torch.linspace(-2, 2, 9, requires_grad=True)
    squared = SquaredReLU()(x)
    same_bits(squared, torch.where(x > 0, x * x, 0.0))
    squared.sum().backward()
    close(x.grad, torch.where(x > 0, 2 * x, 0.0).detach(), within=0)


@given(st.integers(0, 7), st.integers(0, 7), st.integers(0, 8), st.integers(0, 99))
def test_turned_queries_and_keys_know_only_how_far_apart_they_stand(
    i: int, j: int, further: int, seed: int
) -> None:
    q, k = torch.randn(2, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    turn = RotaryEmbedding(6, block_size=16)
    turned_q, turned_k = turn(q.expand(16, 6)), turn(k.expand(16, 6))
    here, there = turned_q[i] @ turned_k[j], turned_q[i + further] @ turned_k[j + further]
    close(here, there, within=1e-6)  # the table of angles is in float32


def test_turning_keeps_lengths_and_leaves_the_first_position_alone() -> None:
    x = torch.randn(2, 3, 5, 8)
    turned = RotaryEmbedding(8, block_size=5)(x)
    close(turned.norm(dim=-1), x.norm(dim=-1), within=1e-5)
    same_bits(turned[..., 0, :], x[..., 0, :])
    assert not torch.allclose(turned[..., 1, :], x[..., 1, :])


def test_the_angles_are_those_of_the_paper() -> None:
    """Position 3, head_size 4: the pairs (0, 1) and (2, 3) are turned by 3 and by 3 / 100."""
    turned = RotaryEmbedding(4, block_size=4)(torch.tensor([[1.0, 0.0, 1.0, 0.0]]).expand(4, 4))
    angles = torch.tensor([3.0, 0.03])
    close(turned[3], torch.stack((angles.cos(), angles.sin()), dim=-1).flatten(), within=1e-6)


def test_turning_is_the_same_in_every_layout_and_near_in_bfloat16() -> None:
    x, turn = torch.randn(2, 5, 3, 8).transpose(1, 2), RotaryEmbedding(8, block_size=5)
    same_bits(turn(x), turn(x.contiguous()))
    close(turn(x.bfloat16()).float(), turn(x), within=0.05)
    close(turn.double()(x.double()).float(), turn(x), within=1e-5)


def test_a_pair_is_looked_up_by_both_its_characters_in_their_order() -> None:
    table = PairEmbedding(vocab_size=5, n_embd=1)
    table.weight.data = torch.arange(25.0)[:, None]
    idx = torch.tensor([[3, 1, 1, 4]])
    assert table(idx).flatten().tolist() == [0, 3 * 5 + 1, 1 * 5 + 1, 1 * 5 + 4]


def test_the_table_of_pairs_begins_at_zero_so_that_nothing_is_changed_yet() -> None:
    idx = random_ids(2, 8)
    plain = tiny_gpt()
    with_pairs = tiny_gpt(pairs=True)
    same_bits(with_pairs(idx)[0], plain(idx)[0])


# --- in the model ---------------------------------------------------------------------------------


@each_part
def test_each_part_is_switched_on_by_its_field_alone(field: str) -> None:
    idx, plain = random_ids(2, 8), tiny_gpt()
    changed = tiny_gpt(**{field: MODERN[field]})
    if field == "pairs":
        torch.nn.init.normal_(changed.pair_embedding_table.weight)
    assert not torch.allclose(plain(idx)[0], changed(idx)[0])
    assert asdict(changed.config) == asdict(TINY) | {field: MODERN[field]}


@each_form
@given(st.sets(st.sampled_from(sorted(MODERN))), st.integers(1, 8))
def test_every_form_of_attention_gives_the_same_numbers_with_any_of_the_parts(
    attention: str, chosen: set[str], T: int
) -> None:
    parts = {name: MODERN[name] for name in chosen}
    plain = tiny_gpt(**parts).double()
    other = copied(plain.state_dict(), tiny_gpt(**parts, attention=attention).double())
    idx, targets = random_ids(3, T), random_ids(3, T, seed=1)
    losses = [model(idx, targets)[1] for model in (plain, other)]
    close(plain(idx)[0], other(idx)[0], within=1e-10)
    for loss in losses:
        loss.backward()
    for name, gradient in plain.lm_head.named_parameters():
        close(other.lm_head.get_parameter(name).grad, gradient.grad, within=1e-10)
    close(other.token_embedding_table.weight.grad, plain.token_embedding_table.weight.grad, within=1e-10)


@each_form
def test_nobody_sees_ahead(attention: str) -> None:
    model = modern_gpt(attention=attention)
    idx = random_ids(1, 8)
    changed = idx.clone()
    changed[0, 5] = (idx[0, 5] + 1) % TINY.vocab_size
    before, after = model(idx)[0], model(changed)[0]
    close(before[:, :5], after[:, :5], within=1e-12)
    assert not torch.allclose(before[:, 5], after[:, 5])


def test_with_rotary_positions_a_text_moved_along_is_scored_alike() -> None:
    """No table of positions: what two places make of each other depends on their distance alone."""
    model = modern_gpt(pairs=False)
    idx = random_ids(1, 4)
    assert "position_embedding_table" not in dict(model.named_modules())
    first, last = model.blocks[0].sa, torch.randn(1, 4, 12, dtype=torch.float64)
    padded = torch.cat((torch.zeros(1, 4, 12, dtype=torch.float64), last), dim=1)
    steps = first.heads[0].steps
    close(steps(padded).scores[:, 4:, 4:], steps(last).scores, within=1e-6)
    assert model(idx)[0].shape == (1, 4, TINY.vocab_size)


def test_normalised_queries_and_keys_bound_every_score() -> None:
    model = modern_gpt()
    seen = trace(model, random_ids(2, 8))
    head_size = TINY.head_size
    for head in (head for layer in seen.stages for head in layer):
        assert head.scores.abs().max() <= head_size + 1e-6  # two vectors of length sqrt(head_size)


def test_what_is_traced_is_what_the_heads_saw_after_norm_and_turn() -> None:
    model, idx = modern_gpt(), random_ids(2, 8)
    seen = trace(model, idx)
    head = model.blocks[0].sa.heads[0]
    computed = head.steps(model.blocks[0].ln1(seen.stream[0]))
    for name, stage in computed._asdict().items():
        close(getattr(seen.stages[0][0], name), stage, within=1e-12)


def test_zero_lets_every_block_begin_as_the_identity_and_every_character_alike() -> None:
    model = tiny_gpt(init="zero")
    idx = random_ids(2, 8)
    seen = trace(model, idx)
    for stream in seen.stream[1:]:
        same_bits(stream, seen.stream[0])
    same_bits(model(idx)[0], torch.zeros(2, 8, TINY.vocab_size))


def test_an_odd_head_size_cannot_be_turned() -> None:
    with pytest.raises(ValueError, match="an even head_size.*head_size=3"):
        GPTConfig(vocab_size=5, block_size=4, n_embd=6, n_head=2, n_layer=1, position="rotary")


def test_the_ledger_counts_every_number_of_a_modern_model() -> None:
    for parts in ({}, {"norm_kind": "bare"}, *({name: value} for name, value in MODERN.items()), MODERN):
        model = tiny_gpt(**parts)
        assert sum(parameter_ledger(model.config).values()) == model.parameter_count(), parts


def test_a_modern_run_is_kept_and_goes_on_exactly(tmp_path: Path) -> None:
    tokenizer = CharTokenizer.from_text("abcdefghijk")
    data = random_ids(200)
    config = TrainConfig(batch_size=2, max_iters=6, learning_rate=1e-2, eval_interval=3, eval_iters=1)
    torch.manual_seed(1)
    run = TrainingRun(tiny_gpt(**MODERN, attention="fused", init="zero"), config)
    curve = train(run, data, data)
    next(curve), next(curve)
    save_checkpoint(tmp_path, run, tokenizer)
    list(curve)
    again = load_checkpoint(tmp_path).resume()
    list(train(again, data, data))
    same_bits(again.model.state_dict(), run.model.state_dict())
    assert load_checkpoint(tmp_path).model.config == run.model.config


def test_a_modern_model_writes() -> None:
    assert generate(modern_gpt(), random_ids(1, 3), 12).shape == (1, 15)


def test_an_unknown_activation_is_refused() -> None:
    with pytest.raises(ValueError, match="activation to be one of 'relu', 'relu2', got 'tanh'"):
        FeedForward(4, activation="tanh")
