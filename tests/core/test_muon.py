"""Muon: equal lengths in all directions, steps that learn, and runs that go on exactly."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers import close, random_ids, same_bits, tiny_gpt
from nanogpt_lib.checkpoint import load_checkpoint, save_checkpoint
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.go_on import go_on_with
from nanogpt_lib.muon import Muon, muon, orthogonalised
from nanogpt_lib.training_run import TrainConfig, TrainingRun, train

SETTING = TrainConfig(
    batch_size=4,
    max_iters=8,
    learning_rate=3e-3,
    eval_interval=4,
    eval_iters=1,
    optimizer="muon",
    schedule="trapezoid",
    weight_decay=0.1,
)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99), st.sampled_from([1e-3, 1.0, 1e3]))
def test_all_lengths_come_near_1_and_directions_stay(rows: int, columns: int, seed: int, size: float) -> None:
    draws = torch.Generator().manual_seed(seed)
    matrix = size * torch.randn(rows, columns, generator=draws, dtype=torch.float64)
    u, lengths, v = torch.linalg.svd(matrix, full_matrices=False)
    turned = u.mT @ orthogonalised(matrix) @ v.mT
    long_enough = lengths / lengths.norm() > 0.01  # the shortest ones are still on their way
    found = turned.diagonal()[long_enough]
    assert ((found > 0.6) & (found < 1.25)).all(), found
    close(turned - turned.diagonal().diag(), torch.zeros_like(turned), within=1e-6)


def test_several_matrices_are_turned_as_each_alone() -> None:
    matrices = torch.randn(3, 2, 4, 6)
    each = torch.stack([torch.stack([orthogonalised(one) for one in row]) for row in matrices])
    close(orthogonalised(matrices), each, within=1e-5)


def test_rows_of_zeros_stay_and_bfloat16_is_near() -> None:
    assert torch.equal(orthogonalised(torch.zeros(3, 5)), torch.zeros(3, 5))
    matrix = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
    close(orthogonalised(matrix, bfloat16=True), orthogonalised(matrix), within=0.05)


@pytest.mark.parametrize(("shape", "stretch"), [((6, 2), 3**0.5), ((2, 6), 1.0), ((4, 4), 1.0)])
def test_a_step_is_as_long_as_the_rate_in_every_direction(shape: tuple[int, int], stretch: float) -> None:
    """Whatever the gradient's own length: a thousand times more gives the same step."""
    moved = []
    for size in (1.0, 1000.0):
        weight = nn.Parameter(torch.zeros(shape))
        optimizer = Muon([{"params": [weight], "orthogonal": True}], lr=0.1)
        weight.grad = size * torch.randn(shape, generator=torch.Generator().manual_seed(3))
        optimizer.step()
        moved.append(weight.detach())
    close(moved[0], moved[1], within=1e-5)
    lengths = torch.linalg.svdvals(moved[0])
    assert ((lengths > 0.06 * stretch) & (lengths < 0.125 * stretch)).all(), lengths


def test_stacked_matrices_move_as_each_alone_and_decay_pulls_to_zero() -> None:
    gradient = torch.randn(12, 4, generator=torch.Generator().manual_seed(3))
    stacked = nn.Parameter(torch.ones(12, 4))
    alone = [nn.Parameter(torch.ones(4, 4)) for _ in range(3)]
    for weights, gradients, kind in (
        ([stacked], [gradient], {"stacked": True}),
        (alone, gradient.chunk(3), {}),
    ):
        optimizer = Muon([{"params": weights, "orthogonal": True, "weight_decay": 0.5, **kind}], lr=0.1)
        for weight, one in zip(weights, gradients, strict=True):
            weight.grad = one
        optimizer.step()
    close(stacked, torch.cat(alone), within=1e-6)
    idle = nn.Parameter(torch.ones(2, 2))
    idle.grad = torch.zeros(2, 2)
    Muon([{"params": [idle], "orthogonal": True, "weight_decay": 0.5}], lr=0.1).step()
    close(idle, torch.full((2, 2), 0.95), within=1e-6)


def test_what_is_no_matrix_of_a_block_is_moved_by_adamw() -> None:
    """The same numbers as torch's own, with the betas that Muon names."""
    models = [tiny_gpt(attention="fused") for _ in range(2)]
    optimizer = muon(models[0], 3e-3, 0.02)
    others = [one for group in optimizer.param_groups if not group["orthogonal"] for one in group["params"]]
    names = {id(one): name for name, one in models[0].named_parameters()}
    rest = {names[id(one)] for one in others}
    matrices = {name for name, one in models[0].named_parameters() if name not in rest}
    assert all(name.startswith("blocks.") and name.endswith(("weight", "qkv")) for name in matrices)
    assert len(matrices) == 2 * 4
    adam = torch.optim.AdamW(
        [models[1].get_parameter(name) for name in rest], lr=3e-3, betas=(0.9, 0.95), weight_decay=0.0
    )
    for model, one in zip(models, (optimizer, adam), strict=True):
        model(random_ids(2, 8), random_ids(2, 8, seed=1))[1].backward()
        one.step()
    for name in rest:
        close(models[0].get_parameter(name), models[1].get_parameter(name), within=1e-6)
    assert not torch.equal(models[0].blocks[0].sa.qkv, models[1].blocks[0].sa.qkv)


@pytest.mark.parametrize("attention", ["heads", "fused"])
def test_a_run_with_muon_learns_is_kept_and_goes_on_exactly(attention: str, tmp_path: Path) -> None:
    tokenizer, data = CharTokenizer.from_text("abcdefghijk"), torch.arange(400) % 11
    torch.manual_seed(1)
    run = TrainingRun(tiny_gpt(attention=attention), SETTING)
    curve = train(run, data, data)
    first = next(curve)
    next(curve)
    save_checkpoint(tmp_path, run, tokenizer)
    last = list(curve)[-1]
    assert last.train_loss < first.train_loss - 0.3
    again = load_checkpoint(tmp_path).resume()
    assert type(again.optimizer) is Muon
    list(train(again, data, data))
    same_bits(again.model.state_dict(), run.model.state_dict())


def test_a_run_takes_another_rate_for_the_matrices_and_keeps_their_means() -> None:
    data = torch.arange(400) % 11
    run = TrainingRun(tiny_gpt(attention="fused"), SETTING)
    next(train(run, data, data))
    list(zip(train(run, data, data), range(1), strict=False))
    before = run.optimizer.state[run.model.blocks[0].sa.qkv]["exp_avg"].clone()
    go_on_with(run, muon_rate=0.5, learning_rate=0.25, weight_decay=0.125)
    heights = {
        (group["orthogonal"], group["initial_lr"], group["weight_decay"])
        for group in run.optimizer.param_groups
    }
    assert heights == {(True, 0.5, 0.125), (False, 0.25, 0.0)}
    same_bits(run.optimizer.state[run.model.blocks[0].sa.qkv]["exp_avg"], before)
    with pytest.raises(ValueError, match="the optimiser muon that this run began with"):
        go_on_with(run, optimizer="adamw", muon_rate=None)


def test_a_trapezoid_is_level_and_then_straight_down() -> None:
    factors = [SETTING.rate_factor(step) for step in range(8)]
    assert factors[:3] == [1.0, 1.0, 1.0]
    falls = [round(a - b, 9) for a, b in itertools.pairwise(factors[3:])]
    assert len(set(falls)) == 1
    assert 0 < factors[-1] < 0.25


def test_what_muon_cannot_move_is_refused() -> None:
    with pytest.raises(ValueError, match="matrices in an orthogonal group"):
        Muon([{"params": [nn.Parameter(torch.zeros(3))], "orthogonal": True}], lr=0.1)
    with pytest.raises(ValueError, match="closure to be a function, got 0.5"):
        Muon([{"params": [nn.Parameter(torch.zeros(3))]}], lr=0.1).step(0.5)
    with pytest.raises(ValueError, match="a model with blocks"):
        muon(nn.Linear(2, 2), 1e-3, 0.02)
    with pytest.raises(ValueError, match="muon_rate > 0"):
        replace(SETTING, muon_rate=0.0)
    with pytest.raises(ValueError, match="no muon_rate with optimizer='adamw', got 0.1"):
        TrainConfig(batch_size=1, max_iters=1, learning_rate=0.1, muon_rate=0.1)
