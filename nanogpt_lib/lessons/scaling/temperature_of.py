"""A scale by the name of the temperature that does the same."""

import numpy as np
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case


def scales(seed: int) -> list[tuple]:
    """Return (scale, head_size): four that the note tells, three drawn, and a head of size 1."""
    generator = torch.Generator().manual_seed(seed)
    drawn = [
        (round(0.05 + torch.rand((), generator=generator).item(), 3), int(n))
        for n in torch.randint(5, 100, (3,), generator=generator)
    ]
    return [(1.0, 16), (16**-0.5, 16), (64**-0.5, 16), (16**-1.0, 16), *drawn, (2.0, 1)]


def both_sides(case: Case) -> dict[str, str]:
    """Return a check that the learner can do: both sides as standard deviations of what enters the softmax."""
    scale, head_size = case.inputs
    answer, raw = float(case.got), head_size**0.5
    return {
        "sides": f"For {scale=:.3g} and {head_size=} you answered {answer:.3g}. Scores of random vectors have a spread of {raw:.3g}; times scale that is {scale * raw:.3g}. Properly scaled scores have a spread of 1; divided by your temperature that is {1 / answer:.3g}. The two must be equal"
    }


ex = Exercise(
    prompt="Write temperature_of(scale, head_size): the temperature at which properly scaled scores give the same weights as raw scores times scale. So softmax(scores * scale) must be softmax(scores * head_size ** -0.5 / temperature), and the right scale has temperature 1.",
    hints=(
        "Both softmaxes are equal if what enters them is equal. Write that down as an equation.",
        "scores * scale = scores * head_size ** -0.5 / temperature. The scores drop out; solve for temperature.",
        "temperature = head_size ** -0.5 / scale",
    ),
    inputs=scales,
    see=both_sides,
    note=lambda values: (
        "With head_size 16 no scale is temperature {:.3g}, the right one {:.3g}, the root of n_embd = 64 is {:.3g}, and head_size itself {:.3g}.".format(
            *map(float, values)
        )
    ),
)


@ex.right
def temperature_of(scale: float, head_size: int) -> float:
    return head_size**-0.5 / scale  # a larger scale is a lower temperature


@ex.also_right
def temperature_by_roots(scale, n):
    return torch.tensor([1 / (scale * np.sqrt(n))])


@ex.also_right
def temperature_by_logs(s, head_size):
    return torch.exp(-torch.tensor(float(head_size)).log() / 2 - torch.tensor(s).log())


ex.mistake(
    "upside down",
    "{sides}: yours is the inverse. Larger scores are a lower temperature, as a softmax divides by it.",
    lambda scale, n: scale * n**0.5,
)
ex.mistake(
    "the proper scale is forgotten",
    "{sides}: 1 / scale is the temperature for raw scores. Here the scores have been scaled already, by head_size ** -0.5.",
    lambda scale, n: 1 / scale,
)
ex.mistake(
    "the root is forgotten",
    "{sides}. Look at head_size: is a root missing?",
    lambda scale, n: 1 / (scale * n),
)
ex.mistake(
    "the root of both",
    "{sides}. Only head_size stands under the root; scale does not.",
    lambda scale, n: (scale * n) ** -0.5,
)
ex.mistake(
    "the root on the wrong side",
    "{sides}. You multiplied by the root of head_size where properly scaled scores are divided by it.",
    lambda scale, n: n**0.5 / scale,
)
ex.mistake(
    "the proper scale alone",
    "{sides}. Your answer does not depend on scale.",
    lambda scale, n: n**-0.5,
    lambda scale, n: n**0.5,
)
ex.mistake(
    "scale itself",
    "{sides}. A softmax divides by a temperature, and multiplies by a scale.",
    lambda scale, n: scale,
)
ex.mistake(
    "the power without brackets",
    "{sides}. Python reads n ** -1 / 2 as (n ** -1) / 2, and n ** 1 / 2 as half of n: write 0.5.",
    lambda scale, n: n**-1 / 2 / scale,
    lambda scale, n: 1 / (scale * (n**1 / 2)),
)
ex.mistake("always 1", "{sides}. Only the right scale has temperature 1.", lambda scale, n: 1.0)
ex.mistake(
    "subtracted in place of divided",
    "{sides}. You took the difference of two scales. How many times as large is one as the other?",
    lambda scale, n: n**-0.5 - scale,
    lambda scale, n: scale - n**-0.5,
    lambda scale, n: n**0.5 - scale,
)
