"""What the exercises of this lesson share: the recorded claims, and numbers as one says them."""

import functools

from nanogpt_lib.recorded.runs import load_run

SEEDS = (1337, 1338, 1339)
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


@functools.cache
def recorded_claims() -> dict[str, tuple[list[float], list[float]]]:
    """Return pairs of recorded variants, each with the validation losses of the seeds 1337, 1338 and 1339.

    With one seed, variants that draw equally many weights read the same batches; depths do not.

    Example:
        >>> a, b = recorded_claims()["1 head, 4 heads"]
        >>> [round(loss, 3) for loss in a]
        [2.067, 2.081, 2.082]
    """
    return {
        name: tuple([load_run(*variant, seed).val_loss for seed in SEEDS] for variant in pair)
        for name, pair in CLAIMS.items()
    }


def gaps_of(a: list[float], b: list[float]) -> list[float]:
    """Return a - b, each seed with itself.

    Example:
        >>> gaps_of([2.5, 2.0], [2.0, 2.0])
        [0.5, 0.0]
    """
    return [x - y for x, y in zip(a, b, strict=True)]


def listed(values: list[float], digits: int = 4, sign: str = "") -> str:
    """Return the numbers as one says them.

    Example:
        >>> listed([2.1, 2.2, -2.3], 1, "+")
        '+2.1, +2.2 and -2.3'
    """
    shown = [f"{value:{sign}.{digits}f}" for value in values]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)
