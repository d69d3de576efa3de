"""What the exercises share in which one tensor is normalised: the table of section 1, and its `b`."""

import torch

from nanogpt_lib.kit.measures.draws import between, seeded
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import numbers

LINE, PLACES = "to be or", " abcdefghijklmnopqrstuvwxyz"
B = (0, LINE.index("b"))  # where b stands in the table


def table() -> torch.Tensor:
    """Return (2, 4, 3): whether a vowel, whether a consonant, the place in the alphabet; a space has none."""
    rows = [[c in "aeiou", c not in "aeiou ", PLACES.index(c)] for c in LINE]
    return torch.tensor(rows).float().view(2, 4, 3)


def table_first(seed: int) -> tuple[list[tuple[torch.Tensor, float]], torch.Generator]:
    """Return (x, eps), beginning with the table: all sizes different, all the same, each 1, constant rows.

    And the generator that drew them, which may draw more.
    """
    generator = seeded(seed)
    B, more, wider = (between(2, 3, generator) for _ in range(3))
    T, C = B + more, B + more + wider
    cases = [(table(), 1e-5)]
    for shape, times, eps in [
        ((B, T, C), 1.0, 1e-5),
        ((B + 1, T, C), 0.4, 0.1),  # here it shows where eps stands
        ((1, T, C), 1.5, 1e-3),
        ((B, 1, C), 1.0, 1e-5),
        ((T, T, T), 1.0, 1e-5),  # a mean of a wrong shape raises nothing here
    ]:
        x = torch.randn(shape, generator=generator) * times + torch.randn(shape[-1], generator=generator)
        cases.append((x, eps))
    # whole numbers, eight of them: by any way to a mean it has no rounding, which eps would magnify
    constant = torch.randint(-9, 10, (B, T, 1), generator=generator).float().repeat(1, 1, 8)
    return [*cases, (constant, 1e-5)], generator


def row(values: torch.Tensor) -> str:
    """Return a row of numbers in words."""
    return f"({', '.join(f'{float(value):.3g}' for value in values)})"


class Normalised:
    """What became of x, and of b, where x was the table."""

    def __init__(self, case: Case) -> None:
        self.x, self.eps, self.output = case.inputs[0], case.inputs[-1], numbers(case.got["output"])
        self.want = numbers(case.want["output"])

    @property
    def b(self) -> str:
        return f"b, which is {row(self.x[B])}, becomes {row(self.output[B])}"


def centred(x: torch.Tensor) -> torch.Tensor:
    """Return each row minus its mean."""
    return x - x.mean(-1, keepdim=True)


def mean_square(x: torch.Tensor) -> torch.Tensor:
    """Return the mean of the squares of each row."""
    return x.square().mean(-1, keepdim=True)


def normal(x: torch.Tensor, eps: float, mean: tuple = (-1,), variance: tuple | None = None) -> torch.Tensor:
    """Return x normalised over any axes; over another set of them for the variance, if given."""
    apart = x - x.mean(mean, keepdim=True)
    return apart / (apart.square().mean(variance or mean, keepdim=True) + eps).sqrt()


def unbiased(x: torch.Tensor, eps: float) -> torch.Tensor:
    """Return x normalised with the unbiased variance."""
    return centred(x) / (x.var(-1, correction=1, keepdim=True) + eps).sqrt()
