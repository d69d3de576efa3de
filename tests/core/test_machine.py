"""What the processor multiplies fast decides the form of a training run."""

import pytest
import torch

from nanogpt_lib import machine
from nanogpt_lib.machine import bfloat16_gain, suited
from nanogpt_lib.presets import PRESETS


@pytest.mark.parametrize(
    ("gain", "attention", "precision"),
    [(6.04, "direct", "bfloat16"), (1.2, "fused", "float32"), (0.05, "fused", "float32")],
)
def test_the_faster_form_is_chosen(gain: float, attention: str, precision: str) -> None:
    model, train = suited(*PRESETS["reference-baseline"], gain)
    assert (model.attention, train.precision) == (attention, precision)


def test_nothing_else_of_a_setting_is_changed() -> None:
    model, train = suited(*PRESETS["reference-deep"], gain=6.0)
    before = vars(PRESETS["reference-deep"].model), vars(PRESETS["reference-deep"].train)
    for old, new, chosen in zip(before, (vars(model), vars(train)), ("attention", "precision"), strict=True):
        assert {name for name in old if old[name] != new[name]} <= {chosen}


def test_the_gain_is_measured_once() -> None:
    bfloat16_gain.cache_clear()
    gain = bfloat16_gain()
    assert gain > 0
    assert bfloat16_gain() == gain
    assert bfloat16_gain.cache_info().misses == 1


def test_the_gain_is_of_bfloat16_over_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that lets each product in bfloat16 take a quarter of one in float32."""
    now = [0.0]
    real = torch.Tensor.__matmul__

    def timed(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        now[0] += 1.0 if x.dtype == torch.bfloat16 else 4.0
        return real(x, weight)

    monkeypatch.setattr(torch.Tensor, "__matmul__", timed)
    monkeypatch.setattr(machine.time, "perf_counter", lambda: now[0])
    assert bfloat16_gain.__wrapped__() == 4.0
