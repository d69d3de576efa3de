"""What an answer makes of the losses of a few seeds, and how often intervals hold the truth."""

import functools
import warnings
from collections.abc import Callable

import numpy
import torch

from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers
from nanogpt_lib.kit.statistics import T95, half_width
from nanogpt_lib.lessons.experiments.shared import listed

SIMULATED = 10_000


@functools.cache
def _draws(n: int) -> torch.Tensor:
    return torch.randn(SIMULATED, n, generator=torch.Generator().manual_seed(12), dtype=torch.float64)


def right_half(draws: torch.Tensor) -> torch.Tensor:
    """Return `half_width` of each row: (N, n) to (N,)."""
    n = draws.shape[1]
    return T95[n - 1] * draws.std(dim=1) / n**0.5


def kept(half: Callable, n: int) -> int:
    """Return how many of 10,000 simulated intervals hold the true mean, which is 0.

    Args:    half: draws (10,000, n) to half-widths (10,000,).   n: values to each interval.
    Example:
        >>> 9400 < kept(right_half, 3) < 9600
        True
    """
    draws = _draws(n)
    return int((draws.mean(dim=1).abs() <= half(draws)).sum())


def estimated(mean_ci: Callable, values: list[float]) -> dict:
    """Return what mean_ci makes of the values: its two numbers, or for one value how it refuses."""
    if len(values) == 1:
        return {"one value": _of_one(mean_ci, values)}
    given = list(values)
    mean, half = _two_numbers(mean_ci(given, dict(T95)))
    moved = next((f"values[{i}] is another now" for i, v in enumerate(values) if given[i : i + 1] != [v]), "")
    return {"values": Fact(moved == "", moved or "values stay."), "mean": mean, "half-width": half}


def _two_numbers(raw: object) -> tuple[torch.Tensor, torch.Tensor]:
    parts = (
        list(raw)
        if isinstance(raw, tuple | list | torch.Tensor | numpy.ndarray) and numbers(raw) is not None
        else [raw]
    )
    found = [numbers(part) for part in parts]
    if len(found) != 2 or any(part is None or part.numel() != 1 for part in found):
        got = f"{type(raw).__name__} {str(raw)[:60]}"
        raise Refusal(f"Expected two numbers, (mean, half-width), got {got}.")
    return found[0].reshape(()), found[1].reshape(())


def _of_one(mean_ci: Callable, values: list[float]) -> Fact:
    """Return what mean_ci does with the loss of one run."""
    said = f"For the single loss {values[0]:.4f}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one value is our idea: torch's warning is no news
            raw = mean_ci(list(values), dict(T95))
    except NotImplementedError:
        raise
    except ValueError as error:
        words = str(error).strip()
        return Fact("refused" if words else "silent", f"{said} you raise ValueError({words!r}).")
    except Exception as error:
        return Fact("another error", f"{said} you raise {type(error).__name__}: {error}.")
    try:
        half = _two_numbers(raw)[1].item()
    except Refusal:
        return Fact("something else", f"{said} you return {str(raw)[:60]}.")
    kind = "NaN" if half != half else "zero" if half == 0 else "another number"
    return Fact(kind, f"{said} your half-width is {half:g}.")


class Interval:
    """The learner's interval, and how many simulated ones of its width hold the truth."""

    def __init__(self, case: Case) -> None:
        (self.values,) = case.inputs
        self.n = len(self.values)
        if self.n > 1:
            self.mean, self.half = (float(case.got[part]) for part in ("mean", "half-width"))
            self.mine = f"For the losses {listed(self.values)} you have {self.mean:.4f} ± {self.half:.4f}"
            self.thousandths = self.half * 1e6

    @property
    def caught(self) -> str:
        times = self.half / half_width(self.values)
        return self._caught_by(lambda draws: times * right_half(draws))

    @property
    def caught_by_range(self) -> str:
        return self._caught_by(lambda draws: draws.amax(1) - draws.amin(1))

    @property
    def caught_by_half_range(self) -> str:
        return self._caught_by(lambda draws: (draws.amax(1) - draws.amin(1)) / 2)

    def _caught_by(self, half: Callable) -> str:
        count = kept(half, self.n)
        return f"of {SIMULATED:,} simulated intervals of that width {count:,} contain the truth, and 9,500 should"
