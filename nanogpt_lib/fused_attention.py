"""Many heads as one matrix product: with torch's own kernel, or with plain products.

Both hold the numbers of a list of heads, and each of the three loads the others' weights.

Taught in: multi_head (`FusedAttention`) and faster_and_bigger (`DirectAttention`).
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Unpack, cast

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.attention import Head, MultiHeadAttention, names_of_matrices
from nanogpt_lib.checks import positive_int, problem
from nanogpt_lib.dot_product import AttentionSteps
from nanogpt_lib.heads import Attention, AttentionCosts, HeadChoices
from nanogpt_lib.kinds import floats


class FusedAttention(Attention):
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

    def __init__(self, n_embd: int, n_head: int, block_size: int, **choices: Unpack[HeadChoices]) -> None:
        super().__init__(n_embd, n_head, block_size)
        # A list of heads draws the numbers, so that one seed gives the same model in both forms.
        listed = MultiHeadAttention(n_embd, n_head, block_size, **choices)
        head = cast(Head, listed.heads[0])
        self.prepared, self.scale = head.prepared, head.scale  # the same for all heads
        self.n_embd = positive_int("n_embd", n_embd)
        self.block_size = positive_int("block_size", block_size)
        matrices = [listed.get_parameter(name).detach() for name in names_of_matrices(self.n_head)]
        self.qkv = nn.Parameter(torch.cat(matrices))  # (3 * C, C): all queries, all keys, all values
        self.proj = listed.proj
        self.dropout = listed.dropout
        self.register_load_state_dict_pre_hook(_take_heads)  # type: ignore[no-untyped-call]  # as torch left it

    def head_weights(self) -> dict[str, torch.Tensor]:
        """Return views of the fused matrix under a head list's names, in the order of its draws."""
        matrices = self.qkv.detach().chunk(3 * self.n_head)
        views = dict(zip(names_of_matrices(self.n_head), matrices, strict=True))
        order = [
            f"heads.{head}.{part}.weight" for head in range(self.n_head) for part in ("key", "query", "value")
        ]
        return {name: views[name] for name in order}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, T, C = floats("x", x, "B", "T", self.n_embd, like=self.qkv)
        if self.block_size < T:
            raise problem(
                f"T <= block_size={self.block_size}", f"T={T}", "Keep the last block_size positions."
            )
        qkv_BTHD = F.linear(x, self.qkv).view(B, T, 3 * self.n_head, C // self.n_head)
        q_BHTD, k_BHTD, v_BHTD = qkv_BTHD.transpose(1, 2).chunk(3, dim=1)
        out_BHTD = self._attend(self.prepared(q_BHTD), self.prepared(k_BHTD), v_BHTD)
        mixed: torch.Tensor = self.dropout(self.proj(out_BHTD.transpose(1, 2).reshape(B, T, C)))
        return mixed

    def _attend(self, q_BHTD: torch.Tensor, k_BHTD: torch.Tensor, v_BHTD: torch.Tensor) -> torch.Tensor:
        """Return what the heads bring, (B, n_head, T, head_size), from their queries, keys and values."""
        p = self.dropout.p if self.training else 0.0
        return F.scaled_dot_product_attention(
            q_BHTD, k_BHTD, v_BHTD, is_causal=True, scale=self.scale, dropout_p=p
        )

    def watch_steps(self, hooks: ExitStack) -> Callable[[], list[AttentionSteps]]:
        """Refuse: the weights never leave torch's kernel. Raises ValueError, which says the way out."""
        raise problem(
            'a model with attention="heads"',
            'attention="fused", whose weights never leave the kernel',
            "Build GPT(dataclasses.replace(model.config, attention='heads')), then load this model's "
            "weights into it: observable.load_state_dict(model.state_dict()).",
        )

    @classmethod
    def costs(cls, n_embd: int, n_head: int, block_size: int, *, dropout: float = 0.0) -> AttentionCosts:
        """Return the costs of a list of heads, but for what is kept: no mask, and no map without dropout.

        With dropout torch takes the long way on a CPU; without it the kernel keeps one number for each row of
        a map, to make the map anew.
        """
        listed = MultiHeadAttention.costs(n_embd, n_head, block_size, dropout=dropout)
        if dropout > 0:
            return listed._replace(masks=0)
        return listed._replace(masks=0, maps=0, widths=listed.widths + n_head)


class DirectAttention(FusedAttention):
    """The fused matrix with two plain products in place of torch's kernel: the fast one in bfloat16 on a CPU.

    There torch's kernel takes its backward pass in steps that the processor's bfloat16 units do not help;
    in float32 the kernel is the faster one. Numbers and weights are those of `FusedAttention`.

    Args:    as `MultiHeadAttention`.
    Returns: calling it with x (B, T, C) gives (B, T, C).
    Raises:  ValueError: n_head does not divide n_embd; x has another width or is too long.
    Example:
        >>> DirectAttention(n_embd=32, n_head=4, block_size=8)(torch.zeros(2, 8, 32)).shape
        torch.Size([2, 8, 32])

    Source:  Vaswani et al. (2017), equation 1.   Taught in: faster_and_bigger.
    """

    def _attend(self, q_BHTD: torch.Tensor, k_BHTD: torch.Tensor, v_BHTD: torch.Tensor) -> torch.Tensor:
        T = q_BHTD.shape[2]
        scores_BHTT = (q_BHTD * self.scale) @ k_BHTD.transpose(2, 3)
        future_TT = scores_BHTT.new_full((T, T), float("-inf")).triu(
            1
        )  # added: one step, where filling is two
        weights_BHTT = (scores_BHTT + future_TT).softmax(dim=-1)
        if self.training and self.dropout.p > 0:
            weights_BHTT = F.dropout(weights_BHTT, self.dropout.p)
        return weights_BHTT @ v_BHTD

    @classmethod
    def costs(cls, n_embd: int, n_head: int, block_size: int, *, dropout: float = 0.0) -> AttentionCosts:
        """Return the costs of a list of heads, but for the masks: this one is made anew each time."""
        return MultiHeadAttention.costs(n_embd, n_head, block_size, dropout=dropout)._replace(masks=0)


def _take_heads(module: FusedAttention, state: dict[str, torch.Tensor], prefix: str, *_: object) -> None:
    """Join a head list's matrices, if all are there, into one before FusedAttention loads."""
    names = [prefix + name for name in names_of_matrices(module.n_head)]
    if all(name in state for name in names):
        state[f"{prefix}qkv"] = torch.cat([state.pop(name) for name in names])
