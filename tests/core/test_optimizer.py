"""The learning rate over a training, and which weights decay."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers import tiny_gpt
from nanogpt_lib.optimizer import adamw, decay_groups, rate_factor


def test_without_ramp_and_schedule_the_rate_stays_as_it_is() -> None:
    assert {rate_factor(step, 50) for step in range(50)} == {1.0}


@given(st.integers(2, 500), st.data())
def test_the_rate_climbs_in_equal_steps_and_then_only_falls(max_iters: int, data: st.DataObject) -> None:
    warmup = data.draw(st.integers(1, max_iters - 1))
    rates = [rate_factor(step, max_iters, warmup, "cosine") for step in range(max_iters)]
    assert rates[:warmup] == [(step + 1) / warmup for step in range(warmup)]
    assert rates[warmup] == 1.0
    assert all(later < earlier for earlier, later in zip(rates[warmup:], rates[warmup + 1 :], strict=False))


def test_the_cosine_is_torchs_own() -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.1)
    for step in range(20):
        assert rate_factor(step, 20, schedule="cosine") == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step(), theirs.step()


def test_beyond_its_last_step_a_cosine_stays_low() -> None:
    """A resumed run may be asked for more steps than its schedule was made for."""
    assert rate_factor(99, 20, schedule="cosine") == pytest.approx(0.1)


@pytest.mark.parametrize("warmup_iters", [-1, 20, 21])
def test_a_ramp_that_does_not_fit_is_refused(warmup_iters: int) -> None:
    with pytest.raises(ValueError, match=f"warmup_iters < max_iters=20, got {warmup_iters}"):
        rate_factor(0, 20, warmup_iters)


def test_every_parameter_is_in_one_group_and_only_matrices_decay() -> None:
    model = tiny_gpt()
    decaying, others = decay_groups(model, 0.1)
    assert (decaying["weight_decay"], others["weight_decay"]) == (0.1, 0.0)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    held = [names[id(p)] for group in (decaying, others) for p in group["params"]]
    assert sorted(held) == sorted(names.values())
    spared = {names[id(p)] for p in others["params"]}
    assert spared == {name for name in names.values() if "ln" in name or name.endswith("bias")}


def test_without_a_decay_of_its_own_adamw_is_the_references() -> None:
    ours, theirs = adamw(nn.Linear(3, 2), 1e-3), torch.optim.AdamW(nn.Linear(3, 2).parameters(), lr=1e-3)
    assert ours.defaults == theirs.defaults
    assert len(ours.param_groups) == 1


def test_a_negative_decay_is_refused() -> None:
    with pytest.raises(ValueError, match=r"weight_decay >= 0, got weight_decay=-0\.1"):
        adamw(nn.Linear(3, 2), 1e-3, weight_decay=-0.1)
