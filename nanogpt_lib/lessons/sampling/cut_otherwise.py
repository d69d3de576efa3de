"""Cuts by p that are right but for one thing."""

from collections.abc import Callable

import torch

from nanogpt_lib.lessons.sampling.shared import divided


def sharing(
    stays: Callable = lambda ordered, total, p: total - ordered < p,
    back: Callable = lambda kept, order, probs: torch.zeros_like(probs).scatter(-1, order, kept),
    finish: Callable = divided,
    at_1: bool = True,
    axis: int = -1,
    sum_axis: int = -1,
    descending: bool = True,
) -> Callable:
    """Return the answer with one thing done in another way; stays(ordered, total so far, p) says who is kept."""

    def top_p(probs, p):
        if p == 1 and at_1:
            return probs
        ordered, order = probs.sort(dim=axis, descending=descending)
        return finish(back(ordered * stays(ordered, ordered.cumsum(dim=sum_axis), p), order, probs))

    return top_p


def both(**other: object) -> list[Callable]:
    """Return the slip by somebody who thought of p = 1, and by somebody who did not."""
    return [sharing(**other), sharing(**other, at_1=False)]


def with_first(stays: Callable) -> Callable:
    """Return the same rule, and the first is always kept."""
    return lambda ordered, total, p: stays(ordered, total, p) | (torch.arange(ordered.shape[-1]) == 0)


def single(keep: Callable) -> list[Callable]:
    """Return two answers that take each character by itself, by keep(probs, p): one thought of p = 1."""

    def top_p(probs, p):
        return divided(probs * keep(probs, p))

    return [lambda probs, p: probs if p == 1 else top_p(probs, p), top_p]


def by_number(probs, p, whole=round):
    order = probs.argsort(dim=-1, descending=True)
    count = max(1, whole(p * probs.shape[-1]))
    return torch.zeros_like(probs, dtype=torch.bool).scatter(-1, order[..., :count], True)


def at_least_the_last(probs, p):
    """Return what is as likely as the last that is needed, or likelier."""
    ordered = probs.sort(dim=-1, descending=True).values
    needed = ordered.cumsum(dim=-1) - ordered < p
    return probs >= ordered.masked_fill(~needed, 2).amin(dim=-1, keepdim=True)
