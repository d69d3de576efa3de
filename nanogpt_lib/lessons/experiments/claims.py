"""Claims that are real or within noise: simulated ones, and what an answer calls them."""

from collections.abc import Callable
from statistics import fmean

import torch

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.outcome import Fact, Refusal
from nanogpt_lib.kit.statistics import T95, half_width
from nanogpt_lib.lessons.experiments.shared import gaps_of, listed

REAL, NOISE, EQUAL = "real", "within noise", "equal"
CLOSE = 0.02  # a simulated pair whose verdict hangs on so little is drawn again: rounding must not decide


def simulated_claims(sizes: tuple[int, ...], pairs: int, seed: int) -> tuple[dict, set[str]]:
    """Return (claims, the names of those without a difference): half have none, the others a large one.

    What a seed brings, good or bad luck with its batches, comes to both of a pair.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    claims, without = {}, set()
    while len(claims) < pairs:
        n = sizes[len(claims) % len(sizes)]
        luck, own = 0.02 * normal(n), 0.01 * normal(2, n)
        differ = len(claims) // len(sizes) % 2
        gap = (0.05 + 0.05 * torch.rand((), generator=generator)) * normal(1).sign() * differ
        a, b = 2.1 + luck + own + torch.stack([gap, 0 * gap])
        limit = half_width((a - b).tolist())
        if abs((a - b).mean().abs() / limit - 1) < CLOSE:
            continue
        name = f"pair {len(claims) + 1}"
        claims[name] = a.tolist(), b.tolist()
        if not differ:
            without.add(name)
    return claims, without


def _label(name: str, given: object) -> str:
    """Return the verdict; equality is a verdict that nobody asked for."""
    if given in (REAL, NOISE):
        return str(given)
    if isinstance(given, str) and given.lower() in (EQUAL, "the same", "no difference", "identical"):
        return EQUAL
    raise Refusal(f"Expected {REAL!r} or {NOISE!r} for {name!r}, got {given!r}.")


def sorted_claims(sort_claims: Callable, claims: dict, without: set[str]) -> dict:
    """Return the verdict on each claim; under `_counts` how many of those without and with a difference are real."""
    verdicts = sort_claims({name: (list(a), list(b)) for name, (a, b) in claims.items()}, dict(T95))
    if not isinstance(verdicts, dict) or set(verdicts) != set(claims):
        got = f"{len(verdicts)} names" if isinstance(verdicts, dict) else f"{verdicts!r:.60}"
        raise Refusal(f"Expected a dict with a verdict for each of the {len(claims)} claims, got {got}.")
    meant = {name: _label(name, verdicts[name]) for name in claims}
    real = {name for name, kind in meant.items() if kind == REAL}
    counts = len(real & without), len(without), len(real - without), len(claims) - len(without)
    return {"_counts": counts} | {name: Fact(kind, f"{kind}.") for name, kind in meant.items()}


def first_wrong_claim(observe: Observe, run: Run) -> str:
    """Return the first verdict that is not right, with the numbers that it was given on; or nothing."""
    for name, (a, b) in run.inputs[0].items():
        mine = run.outcome.value[name].value
        if mine != run.want[name].value:
            gaps = gaps_of(a, b)
            told = f"{name}: a = {listed(a)}, b = {listed(b)}; seed by seed a - b is {listed(gaps, 4, '+')}"
            interval = f"their mean is {fmean(gaps):+.4f}, and its 95 % interval reaches {half_width(gaps):.4f} each way"
            return f"You call this {mine}. {told}: {interval}. Is 0 inside?"
    return ""
