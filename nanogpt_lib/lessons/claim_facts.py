"""A few seeds and what may be said of them: intervals, and claims that are real or within noise.

The facts of notebook 12's exercises.
"""

import functools
import warnings
from collections.abc import Callable
from statistics import fmean

import torch

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers
from nanogpt_lib.kit.statistics import T95, half_width
from nanogpt_lib.recorded.runs import load_run

REAL, NOISE, EQUAL = "real", "within noise", "equal"
SEEDS = (1337, 1338, 1339)
SIMULATED = 10_000
CLAIMS = {  # what is claimed to differ: (experiment, variant), the same twice
    "no scale, the right scale": (("scale", "none"), ("scale", "root of head_size")),
    "root of n_embd, of head_size": (("scale", "root of n_embd"), ("scale", "root of head_size")),
    "1 head, 4 heads": (("heads", "1 head"), ("heads", "4 heads")),
    "norm after, norm before": (("norm", "after"), ("norm", "before")),
    "norm after, no norm": (("norm", "after"), ("norm", "none")),
    "8 blocks, 4 blocks": (("depth", "8 blocks"), ("depth", "4 blocks")),
    "1 block without residual, with": (("depth without residual", "1 block"), ("depth", "1 block")),
    "dropout 0.5, 0.2": (("dropout", "p = 0.5"), ("dropout", "p = 0.2")),
    "dropout 0, 0.2": (("dropout", "p = 0"), ("dropout", "p = 0.2")),
}
CLOSE = 0.02  # a simulated pair whose verdict hangs on so little is drawn again: rounding must not decide


@functools.cache
def _draws(n: int) -> torch.Tensor:
    return torch.randn(SIMULATED, n, generator=torch.Generator().manual_seed(12), dtype=torch.float64)


def right_half(draws: torch.Tensor) -> torch.Tensor:
    """`half_width` of each row: (N, n) to (N,)."""
    n = draws.shape[1]
    return T95[n - 1] * draws.std(dim=1) / n**0.5


def kept(half: Callable, n: int) -> int:
    """How many of 10,000 simulated intervals hold the true mean, which is 0.

    Args:    half: draws (10,000, n) to half-widths (10,000,).   n: values to each interval.
    Example:
        >>> 9400 < kept(right_half, 3) < 9600
        True

    Taught in: experiments.
    """
    draws = _draws(n)
    return int((draws.mean(dim=1).abs() <= half(draws)).sum())


def listed(values: list[float], digits: int = 4, sign: str = "") -> str:
    """The numbers as one says them.

    Example:
        >>> listed([2.1, 2.2, -2.3], 1, "+")
        '+2.1, +2.2 and -2.3'
    """
    shown = [f"{value:{sign}.{digits}f}" for value in values]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)


# --- mean and interval ----------------------------------------------------------------------------


def estimated(mean_ci: Callable, values: list[float]) -> dict:
    """What mean_ci makes of the values: its two numbers, or for one value how it refuses."""
    if len(values) == 1:
        return {"one value": _of_one(mean_ci, values)}
    given = list(values)
    mean, half = _two_numbers(mean_ci(given, dict(T95)))
    moved = next((f"values[{i}] is another now" for i, v in enumerate(values) if given[i : i + 1] != [v]), "")
    return {"values": Fact(moved == "", moved or "values stay."), "mean": mean, "half-width": half}


def _two_numbers(raw: object) -> tuple[torch.Tensor, torch.Tensor]:
    parts = list(raw) if isinstance(raw, tuple | list | torch.Tensor) and numbers(raw) is not None else [raw]
    found = [numbers(part) for part in parts]
    if len(found) != 2 or any(part is None or part.numel() != 1 for part in found):
        got = f"{type(raw).__name__} {str(raw)[:60]}"
        raise Refusal(f"Expected two numbers, (mean, half-width), got {got}.")
    return found[0].reshape(()), found[1].reshape(())


def _of_one(mean_ci: Callable, values: list[float]) -> Fact:
    said = f"For the single loss {values[0]:.4f}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one value is our idea, and torch's words on it no news
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


# --- claims ---------------------------------------------------------------------------------------


@functools.cache
def recorded_claims() -> dict[str, tuple[list[float], list[float]]]:
    """Pairs of recorded variants, each with the validation losses of the seeds 1337, 1338 and 1339.

    With one seed, variants that draw equally many weights read the same batches; depths do not.

    Example:
        >>> a, b = recorded_claims()["1 head, 4 heads"]
        >>> [round(loss, 3) for loss in a]
        [2.067, 2.081, 2.082]

    Taught in: experiments.
    """
    return {
        name: tuple([load_run(*variant, seed).val_loss for seed in SEEDS] for variant in pair)
        for name, pair in CLAIMS.items()
    }


def simulated_claims(sizes: tuple[int, ...], pairs: int, seed: int) -> tuple[dict, set[str]]:
    """(claims, the names of those without a difference): half of them have none, the others a large one.

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
    """What is meant, in whatever spelling."""
    letters = "".join(filter(str.isalpha, given.lower())) if isinstance(given, str) else ""
    signs = {NOISE: ("noise",), EQUAL: ("equal", "same", "nodifference", "identical")}
    kinds = [kind for kind, known in signs.items() if any(word in letters for word in known)]
    kinds += [REAL] * (letters == "real")
    if len(kinds) != 1:
        raise Refusal(f"Expected {REAL!r} or {NOISE!r} for {name!r}, got {given!r}.")
    return kinds[0]


def sorted_claims(sort_claims: Callable, claims: dict, without: set[str]) -> dict:
    """The verdict on each claim; under `_counts` how many were called real among those with and without."""
    verdicts = sort_claims({name: (list(a), list(b)) for name, (a, b) in claims.items()}, dict(T95))
    if not isinstance(verdicts, dict) or set(verdicts) != set(claims):
        got = f"{len(verdicts)} names" if isinstance(verdicts, dict) else f"{verdicts!r:.60}"
        raise Refusal(f"Expected a dict with a verdict for each of the {len(claims)} claims, got {got}.")
    meant = {name: _label(name, verdicts[name]) for name in claims}
    real = {name for name, kind in meant.items() if kind == REAL}
    counts = len(real & without), len(without), len(real - without), len(claims) - len(without)
    return {"_counts": counts} | {name: Fact(kind, f"{kind}.") for name, kind in meant.items()}


def told(name: str, claims: dict) -> str:
    """The numbers of a claim, each seed with itself."""
    a, b = claims[name]
    gaps = [x - y for x, y in zip(a, b, strict=True)]
    return f"{name}: a = {listed(a)}, b = {listed(b)}; seed by seed a - b is {listed(gaps, 4, '+')}"


def first_wrong_claim(observe: Observe, run: Run) -> str:
    """The first verdict that is not right, with the numbers that it was given on; or nothing."""
    for name in run.inputs[0]:
        mine, right = run.outcome.value[name].value, run.want[name].value
        if mine != right:
            gaps = [x - y for x, y in zip(*run.inputs[0][name], strict=True)]
            return (
                f"You call this {mine}. {told(name, run.inputs[0])}: their mean is {fmean(gaps):+.4f}, and "
                f"its 95 % interval reaches {half_width(gaps):.4f} each way. Is 0 inside?"
            )
    return ""
