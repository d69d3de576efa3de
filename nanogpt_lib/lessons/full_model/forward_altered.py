"""Forwards that differ from the right one in one thing, and what the messages about them measure."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.lessons.full_model.shared import in_words


class Forward:
    """What is off in the learner's forward, on which ids."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.ids = f"ids of shape {tuple(case.inputs[0].shape)}"
        self.questions = case.inputs[1].numel()

    @property
    def raised(self) -> str:
        return f"On {self.ids}, with block_size {self.case.inputs[2]}, torch raised {self.error}"

    @property
    def error(self) -> str:
        return in_words(self.case.error)

    @property
    def reached(self) -> str:
        """How many weights get a gradient, within a sentence."""
        said = self.case.got["gradients"].said
        return said[0].lower() + said[1:]

    @property
    def logits_off(self) -> str:
        """How far the logits are off, or what torch raised before there were any."""
        if self.case.error is not None:
            return self.raised
        return f"Your logits are off by up to {gap(self.case.got['logits'], self.case.want['logits']):.2g}"

    @property
    def loss_off(self) -> str:
        mine, right = (float(facts["loss"]) for facts in (self.case.got, self.case.want))
        shape = tuple(self.case.inputs[0].shape)
        return f"The logits are right, and on {shape} ids your loss is {mine:.4f}, not {right:.4f}"


def positions_of(m: nn.Module, idx: torch.Tensor) -> torch.Tensor:
    """Return a row of the position table for each character, (T, C)."""
    return m.position_embedding_table(torch.arange(idx.shape[1]))


def top(m: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Return the logits that blocks, norm and head make of a stream."""
    return m.lm_head(m.ln_f(m.blocks(x)))


def around_each(blocks: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Return the stream with one more sum around each block, which has its own sums inside."""
    for block in blocks:
        x = x + block(x)
    return x


def right_logits(m: nn.Module, idx: torch.Tensor) -> torch.Tensor:
    """Return the logits for ids that fit."""
    return top(m, m.token_embedding_table(idx) + positions_of(m, idx))


def mean_loss(logits: torch.Tensor, targets: torch.Tensor, idx: torch.Tensor) -> torch.Tensor:
    """Return the mean over all questions."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def altered(
    positions: Callable = positions_of,
    logits: Callable = lambda m, what, where: top(m, what + where),
    loss: Callable = mean_loss,
    beside: Callable = lambda logits: logits,
    no_loss: object = None,
    limit: bool = True,
) -> Callable:
    """Return the right forward with one part of it altered.

    Args:    positions: positions(model, idx) gives rows of the position table.
             logits: logits(model, what, where) gives logits from the two rows of each character.
             loss: loss(logits, targets, idx).   beside: what of the logits is returned beside a loss.
             no_loss: what is returned where there are no targets.   limit: whether a T too long is refused.
    """

    def forward(m, idx, targets):
        if limit and idx.shape[1] > m.block_size:
            raise ValueError(f"{idx.shape[1]} {m.block_size}")
        made = logits(m, m.token_embedding_table(idx), positions(m, idx))
        if targets is None:
            return made, no_loss
        return beside(made), loss(made, targets, idx)

    return forward


def when_long(what: Callable) -> Callable:
    """Return a right forward that does what(model, idx, targets) where T is too long."""

    def forward(m, idx, targets):
        return (what if idx.shape[1] > m.block_size else altered())(m, idx, targets)

    return forward


def raises(kind: type[Exception], words: Callable, spare: int = 0) -> Callable:
    """Return a right forward that raises words(T, block_size) where T and `spare` more do not fit."""

    def forward(m, idx, targets):
        T, block_size = idx.shape[1], m.block_size
        if T + spare > block_size:
            raise kind(words(T, block_size))
        return altered()(m, idx, targets)

    return forward
