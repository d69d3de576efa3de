"""Attention as layers: one head, a head across two sequences, many heads in two forms.

`MultiHeadAttention` is a list of heads, to be read and looked into; `FusedAttention` holds the
same numbers in one matrix and uses torch's kernel.

Taught in: self_attention (one head, cross-attention), multi_head (several heads).
"""

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.checks import positive_int, probability, problem, shape
from nanogpt_lib.dot_product import AttentionSteps, attention_steps


class Head(nn.Module):
    """One head of causal self-attention.

    Args:    n_embd: C, width of the input.   head_size: width of query, key and value.
             block_size: longest T.   dropout: share of the weights set to 0 in training.
             scale: what scores are multiplied by; None is head_size ** -0.5.
    Returns: calling it with x (B, T, C) gives (B, T, head_size).
    Raises:  ValueError: x has another width, or more than block_size positions.
    Example:
        >>> Head(n_embd=32, head_size=16, block_size=8)(torch.zeros(4, 8, 32)).shape
        torch.Size([4, 8, 16])

    Source:  Vaswani et al. (2017), section 3.2.1.   Taught in: self_attention.
    """

    def __init__(
        self, n_embd: int, head_size: int, block_size: int, dropout: float = 0.0, scale: float | None = None
    ) -> None:
        super().__init__()
        self.n_embd, self.head_size = positive_int("n_embd", n_embd), positive_int("head_size", head_size)
        self.scale = head_size**-0.5 if scale is None else scale
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)
        self.register_buffer("mask", causal_mask(block_size), persistent=False)
        self.dropout = nn.Dropout(probability("dropout", dropout))  # opened up in notebooks/09

    def steps(self, x: torch.Tensor) -> AttentionSteps:
        """All five stages; `forward` returns the last. Raises ValueError as `forward` does."""
        _, T, _ = shape("x", x, "B", "T", self.n_embd)
        mask = _crop(self.mask, T)
        q, k, v = self.query(x), self.key(x), self.value(x)  # (B, T, C) -> (B, T, head_size)
        return attention_steps(q, k, v, scale=self.scale, mask=mask, dropout=self.dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.steps(x).output


def _crop(mask: torch.Tensor, T: int) -> torch.Tensor:
    """The first T rows and columns of a (block_size, block_size) mask."""
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
        self.scale = positive_int("head_size", head_size) ** -0.5 if scale is None else scale
        self.key = nn.Linear(positive_int("context_embd", context_embd), head_size, bias=False)
        self.query = nn.Linear(positive_int("n_embd", n_embd), head_size, bias=False)
        self.value = nn.Linear(context_embd, head_size, bias=False)

    def steps(self, x: torch.Tensor, context: torch.Tensor) -> AttentionSteps:
        """All five stages; `forward` returns the last. Raises ValueError as `forward` does."""
        B, _, _ = shape("x", x, "B", "T", self.query.in_features)
        shape("context", context, B, "S", self.key.in_features)
        return attention_steps(self.query(x), self.key(context), self.value(context), scale=self.scale)

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        return self.steps(x, context).output


def split_width(n_embd: int, n_head: int) -> int:
    """head_size, the equal share of the width that each head gets.

    Raises:  ValueError: n_embd cannot be split into n_head equal parts; proposes widths that can.
    Example:
        >>> split_width(64, 4)
        16

    Source:  Vaswani et al. (2017), section 3.2.2.   Taught in: multi_head.
    """
    head_size, left = divmod(positive_int("n_embd", n_embd), positive_int("n_head", n_head))
    if left:
        near = [width for width in (n_embd - left, n_embd - left + n_head) if width]
        raise problem(
            "n_embd to split into n_head equal heads",
            f"n_embd={n_embd}, n_head={n_head} ({n_embd} % {n_head} = {left})",
            f"Choose n_embd={' or '.join(map(str, near))}.",
        )
    return head_size


class MultiHeadAttention(nn.Module):
    """Several heads side by side, joined and mixed by a projection: written as a list of heads.

    Args:    n_embd: C.   n_head: number of heads, which divides n_embd.   block_size: longest T.
             dropout: on the weights and on the result.   scale: None is head_size ** -0.5.
    Returns: calling it with x (B, T, C) gives (B, T, C).
    Raises:  ValueError: n_head does not divide n_embd; x has another width or is too long.
    Example:
        >>> MultiHeadAttention(n_embd=32, n_head=4, block_size=8)(torch.zeros(2, 8, 32)).shape
        torch.Size([2, 8, 32])

    Source:  Vaswani et al. (2017), section 3.2.2.   Taught in: multi_head.
    """

    def __init__(
        self, n_embd: int, n_head: int, block_size: int, dropout: float = 0.0, scale: float | None = None
    ) -> None:
        super().__init__()
        head_size = split_width(n_embd, n_head)
        self.heads = nn.ModuleList(Head(n_embd, head_size, block_size, dropout, scale) for _ in range(n_head))
        self.proj = nn.Linear(n_embd, n_embd)
        self.dropout = nn.Dropout(dropout)
        self.register_load_state_dict_pre_hook(_take_fused)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        joined = torch.cat(
            [head(x) for head in self.heads], dim=-1
        )  # n_head x (B, T, head_size) -> (B, T, C)
        return self.dropout(self.proj(joined))


class FusedAttention(nn.Module):
    """The same heads as one matrix product and torch's own kernel: same numbers, fewer steps.

    Built from one seed it holds the numbers of `MultiHeadAttention`, and each loads the other's
    weights. Its intermediate stages cannot be observed, and its dropout draws other masks.

    Args:    as `MultiHeadAttention`.
    Returns: calling it with x (B, T, C) gives (B, T, C).
    Raises:  ValueError: n_head does not divide n_embd; x has another width or is too long.
    Example:
        >>> FusedAttention(n_embd=32, n_head=4, block_size=8)(torch.zeros(2, 8, 32)).shape
        torch.Size([2, 8, 32])

    Source:  Vaswani et al. (2017), section 3.2.2; Dao et al. (2022).   Taught in: multi_head.
    """

    def __init__(
        self, n_embd: int, n_head: int, block_size: int, dropout: float = 0.0, scale: float | None = None
    ) -> None:
        super().__init__()
        listed = MultiHeadAttention(n_embd, n_head, block_size, dropout, scale)  # draws in its order
        self.n_embd, self.n_head, self.block_size = n_embd, n_head, block_size
        self.scale = listed.heads[0].scale
        matrices = [listed.get_parameter(name).detach() for name in _names(n_head)]
        self.qkv = nn.Parameter(torch.cat(matrices))  # (3 * C, C): all queries, all keys, all values
        self.proj, self.dropout = listed.proj, listed.dropout
        self.register_load_state_dict_pre_hook(_take_heads)

    def head_weights(self) -> dict[str, torch.Tensor]:
        """Views of the fused matrix under a head list's names, in the order a head list draws them."""
        views = dict(zip(_names(self.n_head), self.qkv.detach().chunk(3 * self.n_head), strict=True))
        order = [
            f"heads.{head}.{part}.weight" for head in range(self.n_head) for part in ("key", "query", "value")
        ]
        return {name: views[name] for name in order}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, T, C = shape("x", x, "B", "T", self.n_embd)
        if self.block_size < T:
            raise problem(
                f"T <= block_size={self.block_size}", f"T={T}", "Keep the last block_size positions."
            )
        qkv_BTHD = F.linear(x, self.qkv).view(B, T, 3 * self.n_head, C // self.n_head)
        q_BHTD, k_BHTD, v_BHTD = qkv_BTHD.transpose(1, 2).chunk(3, dim=1)
        p = self.dropout.p if self.training else 0.0
        out_BHTD = F.scaled_dot_product_attention(
            q_BHTD, k_BHTD, v_BHTD, is_causal=True, scale=self.scale, dropout_p=p
        )
        return self.dropout(self.proj(out_BHTD.transpose(1, 2).reshape(B, T, C)))


def _names(n_head: int) -> list[str]:
    """Names of a head list's matrices, in the order in which the fused matrix stacks them."""
    return [f"heads.{head}.{part}.weight" for part in ("query", "key", "value") for head in range(n_head)]


def _take_heads(module: FusedAttention, state: dict, prefix: str, *_: object) -> None:
    """Before FusedAttention loads: a head list's matrices, if all are there, become one."""
    names = [prefix + name for name in _names(module.n_head)]
    if all(name in state for name in names):
        state[f"{prefix}qkv"] = torch.cat([state.pop(name) for name in names])


def _take_fused(module: MultiHeadAttention, state: dict, prefix: str, *_: object) -> None:
    """Before MultiHeadAttention loads: a fused matrix, if there, becomes a head list's matrices."""
    names = [prefix + name for name in _names(len(module.heads))]
    if f"{prefix}qkv" in state:
        state.update(zip(names, state.pop(f"{prefix}qkv").chunk(len(names)), strict=True))
