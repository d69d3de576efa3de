"""A feed-forward layer: out to four times the width, a bend, and back."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.draws import between, seeded
from nanogpt_lib.layers import FeedForward
from nanogpt_lib.lessons.feed_forward_and_residuals.layer_outputs import laid_out


def to_lay_out(seed: int) -> list[tuple]:
    """Return (x, seed of the weights): the layer is asked for as wide as x."""
    generator = seeded(seed)
    B, T, C = (between(2, 4, generator) for _ in range(3))
    shapes = [(B, T + 1, C + 4), (1, C, C), (B, 1, C + 1)]
    cases = [(torch.randn(shape, generator=generator), between(0, 10**6, generator)) for shape in shapes]
    return [
        *cases,
        (10 * torch.randn(2, 3, 5, generator=generator), seed),
    ]  # so large that a limit would show


def positions_mixed(observe: Observe, run: Run) -> str:
    mixed = run.outcome.value.get("_mixes")
    return f"Your layer mixes positions: {mixed}. It must treat each alone." if mixed else ""


ex = Exercise(
    prompt="Write feed_forward(n_embd): return a torch module that does relu(x W1 + b1) W2 + b2 for x (B, T, n_embd), four times as wide in the middle, with gradients for all of its parameters. The check copies its own numbers into it.",
    hints=(
        "Three things in a row: wider, bend, back. Two of them have weights.",
        "torch.nn.Linear(size_in, size_out) brings its bias along; torch.nn.ReLU() is the bend.",
        "torch.nn.Sequential(Linear(n_embd, 4 * n_embd), ReLU(), Linear(4 * n_embd, n_embd)).",
    ),
    inputs=to_lay_out,
    run=laid_out,
    holds=(positions_mixed,),
    note=lambda values: (
        f"{values[0]['parameters'].said} Four times as wide means about 8 times n_embd squared."
    ),
    axes="B, T, C",
    atol=1e-5,  # sums in another order
)


@ex.right
def feed_forward(n_embd: int) -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Linear(n_embd, 4 * n_embd),  # every hidden number is a detector
        torch.nn.ReLU(),  # the bend: without it, two layers are one
        torch.nn.Linear(4 * n_embd, n_embd),  # back to the width of the stream
    )


@ex.also_right
class LayerByHand(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.W1 = torch.nn.Parameter(torch.randn(c, 4 * c))
        self.b1 = torch.nn.Parameter(torch.zeros(1, 4 * c))
        self.W2 = torch.nn.Parameter(torch.randn(4 * c, c))
        self.b2 = torch.nn.Parameter(torch.zeros(1, c))

    def forward(self, x):
        return (x @ self.W1 + self.b1).clamp(min=0) @ self.W2 + self.b2


@ex.also_right
class LayerSecondFirst(torch.nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.back, self.out = torch.nn.Linear(n_embd * 4, n_embd), torch.nn.Linear(n_embd, n_embd * 4)

    def forward(self, x):
        return self.back(F.relu(self.out(x)))


@ex.also_right
def layer_of_the_library(c):
    return FeedForward(c)


class Using(nn.Module):
    """A layer that computes what compute(net, x) says."""

    def __init__(self, net: nn.Module, compute: Callable) -> None:
        super().__init__()
        self.net, self.compute = net, compute

    def forward(self, x):
        return self.compute(self.net, x)


def bent_by(bend: Callable) -> Callable:
    """Return the answer with another bend in the middle."""
    return lambda C: Using(feed_forward(C), lambda net, x: net[2](bend(net[0](x))))


def then(done: Callable) -> Callable:
    """Return the answer with something done to what it makes: done(output, x)."""
    return lambda C: Using(feed_forward(C), lambda net, x: done(net(x), x))


def wide(width: Callable) -> Callable:
    """Return the answer with another width in the middle."""
    return lambda C: nn.Sequential(nn.Linear(C, width(C)), nn.ReLU(), nn.Linear(width(C), C))


def biases(first: bool, second: bool) -> Callable:
    """Return the answer with a bias in the first layer, the second, or none."""
    return lambda C: nn.Sequential(
        nn.Linear(C, 4 * C, bias=first), nn.ReLU(), nn.Linear(4 * C, C, bias=second)
    )


ex.mistake(
    "there is no ReLU",
    "The mean of your outputs for x and for -x differs from your output for 0 by only {_bend:.1g}: nothing bends. Two linear layers in a row are no more than one.",
    lambda C: nn.Sequential(nn.Linear(C, 4 * C), nn.Linear(4 * C, C)),
)
ex.mistake(
    "the ReLU stands at the end",
    "{_zeros} of {_numbers} numbers of your output are 0, and none is below: such a layer can only add to the stream, and never take away. And nothing bends between your two layers.",
    lambda C: nn.Sequential(nn.Linear(C, 4 * C), nn.Linear(4 * C, C), nn.ReLU()),
)
ex.mistake(
    "a second ReLU stands at the end",
    "{_zeros} of {_numbers} numbers of your output are 0, and none is below: such a layer can only add to the stream. The bend in the middle is right, the last one is too many.",
    then(lambda out, x: F.relu(out)),
)
ex.mistake(
    "a ReLU stands before the first layer",
    "Setting all negative numbers of x to 0 moves your output by {_by_negatives:g}: half of the stream is never read. The bend belongs between the layers.",
    lambda C: nn.Sequential(nn.ReLU(), nn.Linear(C, 4 * C), nn.Linear(4 * C, C)),
    lambda C: nn.Sequential(nn.ReLU(), *feed_forward(C)),
)
ex.mistake(
    "the bend is another",
    "Your output is off by up to {_off:.2g}: something bends in the middle, and it is no ReLU. ReLU keeps what is positive and makes 0 of the rest.",
    *map(bent_by, (F.gelu, torch.tanh, torch.sigmoid, F.leaky_relu, F.silu, torch.abs, F.relu6)),
    bent_by(lambda x: x.softmax(dim=-1)),
    *map(bent_by, (F.elu, F.softplus, torch.square, lambda x: F.relu(x) ** 2, lambda x: -F.relu(x))),
    *(bent_by(lambda x, slope=slope: F.leaky_relu(x, slope)) for slope in (0.05, 0.1, 0.2, 0.3)),
    *map(bent_by, (F.mish, F.hardswish, F.hardtanh, F.selu, F.celu, F.softsign, lambda x: x.clamp(max=0))),
    bent_by(lambda x: F.relu(F.layer_norm(x, x.shape[-1:]))),
)
ex.mistake(
    "the positions compete",
    "Your layer mixes positions: {_mixes}. A softmax over dim 1 runs through time. Only attention moves things between positions.",
    bent_by(lambda x: x.softmax(dim=1)),
)
ex.mistake(
    "the positions are averaged",
    "Your layer mixes positions: {_mixes}. A mean over dim 1 runs through time. Each position thinks alone.",
    then(lambda out, x: out - out.mean(dim=1, keepdim=True)),
    then(lambda out, x: out.mean(dim=1, keepdim=True).expand_as(out)),
)
ex.mistake(
    "the residual sum is inside",
    "Your output minus x is right, within {_off_without_x:.1g}: you added x here already. The block does that, and it would happen twice.",
    then(lambda out, x: x + out),
)
ex.mistake(
    "the middle is not four times as wide",
    "{parameters} The middle is {_middle} wide. How wide should it be?",
    *[wide(lambda C, times=times: times * C) for times in (1, 2, 3, 8)],
    wide(lambda C: max(1, C // 4)),
    wide(lambda C: 4),
    wide(lambda C: C + 4),
)
ex.mistake(
    "there is one layer only",
    "{parameters} One matrix cannot go out and come back: two layers are asked for.",
    lambda C: nn.Sequential(nn.Linear(C, C), nn.ReLU()),
)
ex.mistake(
    "it stays wide",
    "{parameters} You went out to {_middle} and stayed there. The result is to be added to the stream, so it must be as wide as the stream.",
    lambda C: nn.Sequential(nn.Linear(C, 4 * C), nn.ReLU()),
)
ex.mistake(
    "the second layer does not fit",
    "{parameters} Your second layer takes {_C} numbers, and the first one gives {_middle}.",
    lambda C: nn.Sequential(nn.Linear(C, 4 * C), nn.ReLU(), nn.Linear(C, C)),
)
ex.mistake(
    "there is a layer too many",
    "{parameters} Two layers are asked for, one out and one back: the one in the middle has more weights than both together.",
    lambda C: nn.Sequential(
        nn.Linear(C, 4 * C), nn.ReLU(), nn.Linear(4 * C, 4 * C), nn.ReLU(), nn.Linear(4 * C, C)
    ),
)
ex.mistake(
    "a bias is forgotten",
    "{parameters} A bias is missing: without b1 every detector has its threshold at 0, and without b2 the layer has nothing to say of its own.",
    *[biases(*which) for which in ((False, False), (False, True), (True, False))],
)
ex.mistake(
    "a dropout is inside",
    "{in training} The formula knows neither chance nor modes: either a dropout is inside, or something else that depends on the mode. Leave it out; dropout comes in notebook 09.",
    lambda C: FeedForward(C, dropout=0.2),
    lambda C: nn.Sequential(*feed_forward(C), nn.Dropout(0.5)),
    lambda C: nn.Sequential(nn.Dropout(0.5), *feed_forward(C)),
)
