"""What every layer of heads promises, whichever way it computes them.

Blocks, `trace`, `ablation` and `costs` ask for these promises and never for a class. So a new kind of
attention takes a file of its own with a subclass of `Attention`, one line in `layers.ATTENTION`, and tests.

Taught in: multi_head (the layer) and full_model (its costs).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple, TypedDict, Unpack

import torch
from torch import nn

from nanogpt_lib.checks import positive_int, problem
from nanogpt_lib.dot_product import AttentionSteps
from nanogpt_lib.kinds import instance
from nanogpt_lib.promises import module_of


def split_width(n_embd: int, n_head: int) -> int:
    """Return head_size, the equal share of the width that each head gets.

    Raises:  ValueError: n_embd cannot be split into n_head equal parts; proposes widths that can.
    Example:
        >>> split_width(64, 4)
        16

    Source:  Vaswani et al. (2017), section 3.2.2.   Taught in: multi_head.
    """
    n_embd, n_head = positive_int("n_embd", n_embd), positive_int("n_head", n_head)
    head_size, left = divmod(n_embd, n_head)
    if left:
        near = [width for width in (n_embd - left, n_embd - left + n_head) if width]
        raise problem(
            "n_embd to split into n_head equal heads",
            f"n_embd={n_embd}, n_head={n_head} ({n_embd} % {n_head} = {left})",
            f"Choose n_embd={' or '.join(map(str, near))}.",
        )
    return head_size


class HeadChoices(TypedDict, total=False):
    """What a head may be told besides its sizes; left out, it is as the lecture's heads are.

    dropout: share of the weights set to 0 in training, and of a layer's result; left out, it is 0.
    scale: what scores are multiplied by; None, or left out, is head_size ** -0.5.
    rotary, qk_norm: what happens to queries and keys before they meet, see `modern.prepared`.

    Taught in: multi_head.
    """

    dropout: float
    scale: float | None
    rotary: bool
    qk_norm: bool


class AttentionCosts(NamedTuple):
    """What one layer of heads costs; `costs` sums it over the blocks and the batch.

    parameters: the numbers that each part learns.
    flops: the operations of each part's products, per position of the batch.
    maps: floats kept for the backward pass per pair of query and key, of all heads together.
    widths: floats kept for the backward pass per position.
    masks: bytes of the masks and of what the backward pass keeps of them.

    Taught in: full_model.
    """

    parameters: dict[str, int]
    flops: dict[str, int]
    maps: int
    widths: int
    masks: int


class Attention(nn.Module, ABC):
    """A layer of heads, which mixes (B, T, C) into (B, T, C), and what others may ask of it.

    The heads' outputs lie side by side, equally wide, in what enters `proj`: this is where `ablation`
    switches one off.

    Args:    n_embd: C.   n_head: number of heads.   block_size: longest T.
             choices: dropout, scale, rotary and qk_norm, see `HeadChoices`.
    Raises:  ValueError: n_head does not divide n_embd.
    Taught in: multi_head.
    """

    proj: nn.Linear

    @abstractmethod
    def __init__(self, n_embd: int, n_head: int, block_size: int, **choices: Unpack[HeadChoices]) -> None:
        super().__init__()
        self.n_head = positive_int("n_head", n_head)
        self.head_size = split_width(n_embd, n_head)

    @abstractmethod
    def watch_steps(self, hooks: ExitStack) -> Callable[[], list[AttentionSteps]]:
        """Watch the next forward pass, in evaluation mode, by hooks that go when the stack closes.

        Returns: a function that gives, after that pass, the stages of each head as they were computed.
        Raises:  ValueError: a kernel hides the stages; the message says how to get a layer that shows them.
        """

    @classmethod
    @abstractmethod
    def costs(cls, n_embd: int, n_head: int, block_size: int, *, dropout: float = 0.0) -> AttentionCosts:
        """Return what one layer of these sizes costs, with every position of the block in use."""

    def head_weights(self) -> dict[str, torch.Tensor]:
        """Return views of the parameters that the layer itself holds, under the lecture's names for them.

        Without a name in the lecture they keep their own.
        """
        return {name: weights.detach() for name, weights in self.named_parameters(recurse=False)}


def layers_of_heads(model: nn.Module) -> list[Attention]:
    """Return the model's layers of heads, in the order in which it was built.

    Example:
        >>> layers_of_heads(nn.Linear(2, 2))
        []

    Taught in: multi_head.
    """
    return [part for part in module_of(model).modules() if isinstance(part, Attention)]


def watch_output(module: nn.Module, hooks: ExitStack) -> list[torch.Tensor]:
    """Return a list that receives the module's outputs, until the stack closes.

    Example:
        >>> layer = nn.Identity()
        >>> with ExitStack() as hooks:
        ...     seen = watch_output(layer, hooks)
        ...     _ = layer(torch.ones(2))
        >>> seen
        [tensor([1., 1.])]

    Taught in: self_attention.
    """
    instance("hooks", hooks, ExitStack, "Make one: with ExitStack() as hooks.")
    seen: list[torch.Tensor] = []
    hooks.callback(module_of(module).register_forward_hook(lambda _, __, out: seen.append(out)).remove)
    return seen
