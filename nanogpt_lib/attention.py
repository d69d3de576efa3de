"""Attention as layers: one head, a head across two sequences, and many heads as a list to look into.

Taught in: self_attention (one head, cross-attention), multi_head (several heads).
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Unpack, cast

import torch
from torch import nn

from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.checks import positive_int, probability, problem, real_number
from nanogpt_lib.dot_product import AttentionSteps, attention_steps
from nanogpt_lib.heads import Attention, AttentionCosts, HeadChoices, watch_output
from nanogpt_lib.heads import split_width as split_width  # the lesson multi_head imports it from here
from nanogpt_lib.kinds import floats, room
from nanogpt_lib.modern import prepared


class Head(nn.Module):
    """One head of causal self-attention.

    Args:    n_embd: C, width of the input.   head_size: width of query, key and value.
             block_size: longest T.   dropout: share of the weights set to 0 in training.
             scale: what scores are multiplied by; None is head_size ** -0.5.
             rotary, qk_norm: what happens to queries and keys before they meet, see `modern.prepared`.
    Returns: calling it with x (B, T, C) gives (B, T, head_size).
    Raises:  ValueError: x has another width, or more than block_size positions.
    Example:
        >>> Head(n_embd=32, head_size=16, block_size=8)(torch.zeros(4, 8, 32)).shape
        torch.Size([4, 8, 16])

    Source:  Vaswani et al. (2017), section 3.2.1.   Taught in: self_attention.
    """

    mask: torch.Tensor

    def __init__(
        self,
        n_embd: int,
        head_size: int,
        block_size: int,
        *,
        dropout: float = 0.0,
        scale: float | None = None,
        rotary: bool = False,
        qk_norm: bool = False,
    ) -> None:
        super().__init__()
        self.n_embd = n_embd = positive_int("n_embd", n_embd)
        self.head_size = head_size = positive_int("head_size", head_size)
        room("a matrix", n_embd, head_size)
        self.scale = head_size**-0.5 if scale is None else real_number("scale", scale)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)
        self.register_buffer("mask", causal_mask(block_size), persistent=False)
        self.prepared = prepared(head_size, block_size, rotary=rotary, qk_norm=qk_norm)
        self.dropout = nn.Dropout(probability("dropout", dropout))  # opened up in the lesson dropout

    def steps(self, x: torch.Tensor) -> AttentionSteps:
        """Return all five stages; `forward` returns the last. Raises ValueError as `forward` does."""
        _, T, _ = floats("x", x, "B", "T", self.n_embd, like=self.key.weight)
        mask = _crop(self.mask, T)
        q, k, v = self.query(x), self.key(x), self.value(x)  # (B, T, C) -> (B, T, head_size)
        q, k = self.prepared(q), self.prepared(k)
        return attention_steps(q, k, v, scale=self.scale, mask=mask, dropout=self.dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.steps(x).output

    def watch_steps(self, hooks: ExitStack) -> Callable[[], AttentionSteps]:
        """Watch the next forward pass, as `heads.Attention.watch_steps` does, for this head alone."""
        parts = (self.prepared, self.value, self.dropout, self)
        q_and_k, v, weights, output = (watch_output(part, hooks) for part in parts)

        def steps() -> AttentionSteps:
            q, k = q_and_k
            mask = _crop(self.mask, q.shape[-2])
            computed = attention_steps(q, k, v[0], scale=self.scale, mask=mask)
            # In evaluation mode dropout hands on the weights that it is given.
            return computed._replace(weights=weights[0], output=output[0])

        return steps


def _crop(mask: torch.Tensor, T: int) -> torch.Tensor:
    """Return the first T rows and columns of a (block_size, block_size) mask."""
    if len(mask) < T:
        raise problem(f"T <= block_size={len(mask)}", f"T={T}", "Keep the last block_size positions.")
    return mask[:T, :T]


class CrossAttention(nn.Module):
    """One head whose queries come from one sequence, its keys and values from another.

    The sequences may differ in length and width. There is no mask: the other sequence is known
    as a whole, as a source text is to a translator.

    Args:    n_embd: width of the asking sequence.   context_embd: width of the answering one.
             head_size: width of query, key and value.   scale: None is head_size ** -0.5.
    Returns: calling it with x (B, T, n_embd) and context (B, S, context_embd) gives
             (B, T, head_size); the weights on the way are (B, T, S).
    Raises:  ValueError: a sequence of another width.
    Example:
        >>> attend = CrossAttention(n_embd=8, context_embd=6, head_size=4)
        >>> attend(torch.zeros(2, 3, 8), torch.zeros(2, 5, 6)).shape
        torch.Size([2, 3, 4])

    Source:  Bahdanau et al. (2015); Vaswani et al. (2017), section 3.2.3.   Taught in: self_attention.
    """

    def __init__(self, n_embd: int, context_embd: int, head_size: int, scale: float | None = None) -> None:
        super().__init__()
        n_embd, context_embd = positive_int("n_embd", n_embd), positive_int("context_embd", context_embd)
        head_size = positive_int("head_size", head_size)
        room("a matrix", max(n_embd, context_embd), head_size)
        self.scale = head_size**-0.5 if scale is None else real_number("scale", scale)
        self.key = nn.Linear(context_embd, head_size, bias=False)
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(context_embd, head_size, bias=False)

    def steps(self, x: torch.Tensor, context: torch.Tensor) -> AttentionSteps:
        """Return all five stages; `forward` returns the last. Raises ValueError as `forward` does."""
        B, _, _ = floats("x", x, "B", "T", self.query.in_features, like=self.query.weight)
        floats("context", context, B, "S", self.key.in_features, like=self.key.weight)
        return attention_steps(self.query(x), self.key(context), self.value(context), scale=self.scale)

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        return self.steps(x, context).output


class MultiHeadAttention(Attention):
    """Several heads side by side, joined and mixed by a projection: written as a list of heads.

    Args:    n_embd: C.   n_head: number of heads, which divides n_embd.   block_size: longest T.
             choices: dropout (on the weights and on the result), scale, rotary and qk_norm, as `Head`.
    Returns: calling it with x (B, T, C) gives (B, T, C).
    Raises:  ValueError: n_head does not divide n_embd; x has another width or is too long.
    Example:
        >>> MultiHeadAttention(n_embd=32, n_head=4, block_size=8)(torch.zeros(2, 8, 32)).shape
        torch.Size([2, 8, 32])

    Source:  Vaswani et al. (2017), section 3.2.2.   Taught in: multi_head.
    """

    def __init__(self, n_embd: int, n_head: int, block_size: int, **choices: Unpack[HeadChoices]) -> None:
        super().__init__(n_embd, n_head, block_size)
        self.heads = nn.ModuleList(
            Head(n_embd, self.head_size, block_size, **choices) for _ in range(self.n_head)
        )
        C = self.n_head * self.head_size
        self.proj = nn.Linear(C, C)
        self.dropout = nn.Dropout(choices.get("dropout", 0.0))
        self.register_load_state_dict_pre_hook(_take_fused)  # type: ignore[no-untyped-call]  # as torch left it

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs = [head(x) for head in self.heads]  # n_head times (B, T, head_size)
        mixed: torch.Tensor = self.dropout(self.proj(torch.cat(outputs, dim=-1)))
        return mixed

    def watch_steps(self, hooks: ExitStack) -> Callable[[], list[AttentionSteps]]:
        """Watch each head; their stages are computed one by one, so all of them can be seen."""
        heads = cast(Iterable[Head], self.heads)  # a ModuleList forgets what it holds
        watched = [head.watch_steps(hooks) for head in heads]
        return lambda: [steps() for steps in watched]

    @classmethod
    def costs(cls, n_embd: int, n_head: int, block_size: int, *, dropout: float = 0.0) -> AttentionCosts:
        """Return what one layer costs: more heads are thinner heads, so only maps and masks grow."""
        C, T, drops = n_embd, block_size, dropout > 0
        return AttentionCosts(
            parameters={"query, key, value": 3 * C * C, "projection": C * C + C},  # only one has a bias
            flops={
                "query, key, value": 2 * C * 3 * C,
                "scores": 2 * T * C,  # n_head products over head_size, which is C together
                "weighted sum": 2 * T * C,
                "projection": 2 * C * C,
            },
            maps=n_head * (3 if drops else 1),  # dropout keeps its own numbers, and the map after them
            widths=(3 + 1 + drops) * C,  # queries, keys and values, the joined heads, what dropout keeps
            masks=2 * n_head * T * T,  # each head's own, and its opposite, one byte per pair
        )


def names_of_matrices(n_head: int) -> list[str]:
    """Return the names of a head list's matrices, in the order in which the fused matrix stacks them.

    Raises:  ValueError: n_head is no whole number of at least 1, or so many names would fill the memory.
    Example:
        >>> names_of_matrices(1)
        ['heads.0.query.weight', 'heads.0.key.weight', 'heads.0.value.weight']

    Taught in: multi_head.
    """
    room("a list of names", 3, positive_int("n_head", n_head))
    heads = range(int(n_head))
    return [f"heads.{head}.{part}.weight" for part in ("query", "key", "value") for head in heads]


def _take_fused(module: MultiHeadAttention, state: dict[str, torch.Tensor], prefix: str, *_: object) -> None:
    """Cut a fused matrix, if there is one, into a head list's matrices before MultiHeadAttention loads."""
    names = [prefix + name for name in names_of_matrices(module.n_head)]
    if f"{prefix}qkv" in state:
        state.update(zip(names, state.pop(f"{prefix}qkv").chunk(len(names)), strict=True))
