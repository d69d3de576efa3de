"""A number of layers to choose, a bypass to take away, a start of the weights: spread and gradient follow.

`depth_explorer_state` is the whole mathematics, of the thin layers of notebook 07. Every choice is computed
once, when the widget is made; depth_explorer.js only picks, so it answers at once, and also where no kernel
runs.

Taught in: feed_forward_and_residuals.
"""

from itertools import product
from typing import ClassVar, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
import traitlets
from torch import nn

from nanogpt_lib.checks import one_of, problem, seed_number
from nanogpt_lib.kit.widget import html_table, html_text
from nanogpt_lib.layers import LayerNorm
from nanogpt_lib.process import one_thread
from nanogpt_lib.rng import drawing_from
from nanogpt_lib.widgets.explorer import Explorer

DEEPEST = 24
WIDTH, INPUTS = 64, 64  # as in the notebook, so that both tell the same numbers
LEAST = 1e-12  # what is smaller is shown as nothing more than that: double precision could not tell it
INITS = {  # name: (what the menu says, the power of the number of layers that the weights are multiplied by)
    "torch": ("torch's default", 0.0),
    "small": ("torch's default × 1/√layers", -0.5),
    "gpt2": ("GPT-2's writers: 0.02 × 1/√layers", -0.5),
    "he": ("He's", 0.0),
}
SIGNS = {"fades": "fades", "arrives": "arrives", "swells": "swells"}
SERIES = ("spread", "between inputs", "gradient")


class DepthState(NamedTuple):
    """What is found at the input (place 0) and after each of the layers, before any training.

    All three are (n_layer + 1,), and end at 1e-12 below.   spread: standard deviation of all numbers there.
    between: of what differs from one input to the next; the rest of the spread is the same for every input.
    gradient: length of the gradient that arrives there, if it was 1 long at the output.

    Taught in: feed_forward_and_residuals.
    """

    spread: np.ndarray
    between: np.ndarray
    gradient: np.ndarray


def depth_explorer_state(
    n_layer: int, residual: bool = True, init: str = "torch", *, norm: bool = False, seed: int = 1337
) -> DepthState:
    """Return spread and gradient after each layer of a stack of thin ReLU layers that nobody has trained.

    Args:    n_layer: 1 to 24.   residual: False takes the bypass away: each layer replaces what comes in.
             init: "torch" for the default weights, "small" for those times 1/root of n_layer, "gpt2" for
             GPT-2's writers (normal, 0.02 times 1/root of n_layer, no bias), "he" for He's.
             norm: whether each layer reads through a LayerNorm.   seed: of the weights; 1337 as in the
             notebook.
    Raises:  ValueError: one of these is something else.
    Example:
        >>> left = {residual: depth_explorer_state(12, residual).gradient[0] for residual in (False, True)}
        >>> brief(left[False]), brief(left[True])
        ('2.1e-5', '3.3')

    Taught in: feed_forward_and_residuals.
    """
    _known_depth(n_layer), _known_switch("residual", residual), _known_init(init), _known_switch("norm", norm)
    with one_thread():
        return _measured(*_drawn(seed)[init], init, residual, norm)[n_layer - 1]


def _known_depth(n_layer: int) -> int:
    if type(n_layer) is not int or not 1 <= n_layer <= DEEPEST:
        raise problem(f"1 <= n_layer <= {DEEPEST}", f"n_layer={n_layer!r}", "Choose a whole number of these.")
    return n_layer


def _known_switch(name: str, value: bool) -> bool:
    if type(value) is not bool:
        raise problem(f"{name} as True or False", f"{name}={value!r}", "Choose one of these.")
    return value


def _known_init(init: str) -> str:
    return one_of("init", init, list(INITS))  # a list: also what cannot be hashed is told as a mistake


def _drawn(seed: int) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Return weights (24, C, C) and biases (24, C) of each start, drawn in the order of the notebook."""
    with drawing_from(torch.Generator().manual_seed(seed)):
        layers = [nn.Linear(WIDTH, WIDTH) for _ in range(DEEPEST)]
        torch_start = torch.stack([layer.weight.detach().clone() for layer in layers])
        biases = torch.stack([layer.bias.detach().clone() for layer in layers])
        for layer in layers:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        he_start = torch.stack([layer.weight.detach() for layer in layers])
        gpt2_start = 0.02 * torch.randn(DEEPEST, WIDTH, WIDTH)
    none = torch.zeros_like(biases)
    return {
        "torch": (torch_start, biases),
        "small": (torch_start, biases),
        "gpt2": (gpt2_start, none),
        "he": (he_start, none),
    }


def _measured(
    weights: torch.Tensor, biases: torch.Tensor, init: str, residual: bool, norm: bool
) -> list[DepthState]:
    """Return the states of 1 to 24 layers, from one pass forwards and one backwards.

    All depths start together, and after layer n the stack of n layers stops: its row is the first that is
    left. In double precision, so that every processor finds the same digits.
    """
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(INPUTS, WIDTH, generator=draw).double()
    arriving = torch.randn(INPUTS, WIDTH, generator=draw).double()
    factors = torch.arange(1, DEEPEST + 1).double().pow(INITS[init][1])[:, None, None]  # one per depth
    read = LayerNorm(WIDTH).double() if norm else nn.Identity()
    passed = [x.expand(DEEPEST, -1, -1).clone().requires_grad_()]  # passed[n]: depths max(n, 1) to 24
    for at, (weight, bias) in enumerate(zip(weights.double(), biases.double(), strict=True)):
        x = passed[-1][min(at, 1) :]
        change = F.relu(factors[at:] * F.linear(read(x), weight, bias))
        passed.append(x + change if residual else change)
    goal = sum((layer[0] * arriving).sum() for layer in passed[1:])  # each stack's output is its own row 0
    gradients = torch.autograd.grad(goal, passed)
    found = []  # one tensor per place, (3, depths that come so far)
    for stream, gradient in zip(passed, gradients, strict=True):
        stream = stream.detach()
        spread = stream.flatten(1).std(dim=1)
        between = stream.var(dim=1).mean(dim=1).sqrt()
        left = gradient.flatten(1).norm(dim=1) / arriving.norm()
        found.append(torch.stack([spread, between, left]).clamp_min(LEAST).float())
    return [
        DepthState(*np.array([found[at][:, depth - max(at, 1)].numpy() for at in range(depth + 1)]).T)
        for depth in range(1, DEEPEST + 1)
    ]


def brief(value: float) -> str:
    """Return a positive number in two digits; what is too small to be told is "<1e-12".

    Example:
        >>> brief(0.4142), brief(35.1), brief(0.0000183), brief(220_000), brief(0.0)
        ('0.41', '35', '1.8e-5', '2.2e5', '<1e-12')
    """
    if _too_small(value):
        return "<1e-12"
    digits, power = f"{float(value) * 1.000001:.1e}".split("e")  # halves go up, as in depth_explorer.js
    if -3 <= int(power) <= 3:
        return f"{float(f'{digits}e{power}'):.{max(0, 1 - int(power))}f}"
    return f"{digits}e{int(power)}"


def _too_small(value: float) -> bool:
    return float(value) <= 1.000001 * LEAST


def light(state: DepthState) -> str:
    """Tell whether at most a tenth of the gradient arrives ("fades"), or tenfold ("swells"), or neither.

    Example:
        >>> light(depth_explorer_state(12)), light(depth_explorer_state(12, residual=False))
        ('arrives', 'fades')

    Taught in: feed_forward_and_residuals.
    """
    return "fades" if state.gradient[0] < 0.1 else "swells" if state.gradient[0] > 10 else "arrives"


def depth_in_words(state: DepthState) -> str:
    """Return what the pictures show, forwards and backwards, with its numbers.

    Example:
        >>> depth_in_words(depth_explorer_state(12, residual=False))[-64:]
        '2.1e-5 reaches the input: layer 1 is hardly told what to change.'

    Taught in: feed_forward_and_residuals.
    """
    ends, differs, left = float(state.spread[-1]), float(state.between[-1]), state.gradient[0]
    size = "it shrinks" if ends < 0.3 else "it keeps its size" if ends < 3 else "it grows"
    lost = differs < 0.01 * ends or _too_small(differs)
    alike = ": whatever comes in, nearly the same comes out" if lost else ""
    told = {
        "fades": "layer 1 is hardly told what to change",
        "arrives": "layer 1 is told what to change",
        "swells": "it grows on its way back",
    }[light(state)]
    words = (
        f"Forwards, the spread goes from {brief(state.spread[0])} to {brief(ends)}: {size}. "
        f"Between different inputs it is {brief(differs)}{alike}. "
        f"Backwards, of a gradient 1 long at the output, {brief(left)} reaches the input: {told}."
    )
    return words.replace("<", "less than ")


class DepthExplorer(Explorer):
    """A slider for the number of layers, a bypass to take away, starts to choose: spread and gradient.

    All 384 choices are computed when it is made, in about a second.

    Args:    n_layer, residual, init, norm, seed: as `depth_explorer_state`.
    Raises:  ValueError: one of them is something else.
    Example:
        >>> explorer = DepthExplorer(12, residual=False)
        >>> explorer
        DepthExplorer: 12 layers, no bypass, torch's default, no norm: spread 1.0 to 0.045, between inputs
        1.1e-5; gradient that reaches the input 2.1e-5
        >>> explorer.residual = True
        >>> brief(explorer.state().gradient[0])
        '3.3'

    Taught in: feed_forward_and_residuals.
    """

    name: ClassVar[str] = "depth_explorer"
    CHOSEN = ("init", "residual", "norm", "n_layer")

    n_layer = traitlets.Int(12).tag(sync=True)
    residual = traitlets.Bool(True).tag(sync=True)
    init = traitlets.Unicode("torch").tag(sync=True)
    norm = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        n_layer: int = 12,
        residual: bool = True,
        init: str = "torch",
        *,
        norm: bool = False,
        seed: int = 1337,
    ) -> None:
        _known_depth(n_layer), _known_switch("residual", residual)
        _known_init(init), _known_switch("norm", norm)
        states: dict[tuple[str, bool, bool, int], DepthState] = {}
        seed = seed_number("seed", seed)
        with one_thread():
            starts = _drawn(seed)
            for start, bypass, normed in product(INITS, (False, True), (False, True)):
                stacks = _measured(*starts[start], start, bypass, normed)
                states |= {(start, bypass, normed, at): state for at, state in enumerate(stacks, 1)}
        super().__init__(
            states,
            {"n_layer": n_layer, "residual": residual, "init": init, "norm": norm},
            layout={
                "deepest": DEEPEST,
                "inits": [[name, label] for name, (label, _) in INITS.items()],
                "series": list(SERIES),
                "width": WIDTH,
                "inputs": INPUTS,
                "seed": seed,
                "signs": SIGNS,
            },
            pack=tuple,
            say=lambda _, state: [light(state), depth_in_words(state)],
        )

    @traitlets.validate("n_layer")
    def _depth(self, proposal: dict) -> int:
        return _known_depth(proposal["value"])

    @traitlets.validate("init")
    def _init(self, proposal: dict) -> str:
        return _known_init(proposal["value"])

    def _chosen(self) -> str:
        """Return the choice in words."""
        layers = "1 layer" if self.n_layer == 1 else f"{self.n_layer} layers"
        return (
            f"{layers}, {'with' if self.residual else 'no'} bypass, {INITS[self.init][0]}, "
            f"{'with' if self.norm else 'no'} norm"
        )

    def __repr__(self) -> str:
        state = self.state()
        return (
            f"DepthExplorer: {self._chosen()}: spread {brief(state.spread[0])} to {brief(state.spread[-1])}, "
            f"between inputs {brief(state.between[-1])}; gradient that reaches the input "
            f"{brief(state.gradient[0])}"
        )

    def static_html(self) -> str:
        """Return what is found after each layer, as a table."""
        state = self.state()
        return f"<p><b>{html_text(self._chosen())}.</b> {html_text(depth_in_words(state))}</p>" + html_table(
            [[brief(value) for value in place] for place in zip(*state, strict=True)],
            head=list(SERIES),
            side=["input", *(f"after layer {at}" for at in range(1, self.n_layer + 1))],
            caption=f"{INPUTS} random inputs of {WIDTH} numbers; the gradient is 1 long at the output",
        )
