"""Parts that newer GPTs have in place of older ones. Each is switched on alone, by a field of `GPTConfig`.

| field | part | in place of |
|---|---|---|
| `position="rotary"` | `RotaryEmbedding`: queries and keys turn with their position | a table of positions |
| `qk_norm=True` | `BareNorm` of every query and key | their length as it comes |
| `norm_kind="rms"` | `RMSNorm`: the length alone, and nothing to learn | `LayerNorm` |
| `norm_kind="bare"` | `BareNorm`: a `LayerNorm` with nothing to learn | `LayerNorm` |
| `activation="relu2"` | `SquaredReLU` | ReLU |
| `pairs=True` | `PairEmbedding`: one more row, for this character and the one before it | – |
| `smear=True` | `Smear`: a share of what stands one position before | – |

Taught in: faster_and_bigger.
"""

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.checks import positive_int, problem, shape, token_ids, yes_or_no
from nanogpt_lib.kinds import floats, not_negative, room, same_device


class RMSNorm(nn.Module):
    """Divide each position's features by their root mean square; the mean stays, and nothing is learned.

    Returns: calling it with x (..., C) gives (..., C).
    Example:
        >>> RMSNorm()(torch.tensor([3.0, 4.0, 0.0, 0.0]))
        tensor([1.2000, 1.6000, 0.0000, 0.0000])

    Source:  Zhang and Sennrich (2019), equation 4, without the gain.   Taught in: faster_and_bigger.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        *_, C = floats("x", x, ..., "C")
        return F.rms_norm(x, (C,))


class BareNorm(nn.Module):
    """Shift each position's features to mean 0 and scale them to variance 1; nothing is learned.

    Returns: calling it with x (..., C) gives (..., C).
    Example:
        >>> BareNorm()(torch.tensor([1.0, 0.0, 0.0, 0.0]))
        tensor([ 1.7320, -0.5773, -0.5773, -0.5773])

    Source:  Xu et al. (2019), section 3, LayerNorm-simple.   Taught in: faster_and_bigger.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        *_, C = floats("x", x, ..., "C")
        return F.layer_norm(x, (C,))


class SquaredReLU(nn.Module):
    """Return the square of what is positive, and 0 for the rest.

    Example:
        >>> SquaredReLU()(torch.tensor([-1.0, 0.5, 2.0]))
        tensor([0.0000, 0.2500, 4.0000])

    Source:  So et al. (2021), section 3.2.   Taught in: faster_and_bigger.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        floats("x", x, ...)
        return F.relu(x).square()


def even(head_size: int) -> int:
    """Return the same head_size, known to fall into pairs of features.

    Raises:  ValueError: it is odd.
    Example:
        >>> even(16)
        16

    Taught in: faster_and_bigger.
    """
    if positive_int("head_size", head_size) % 2:
        raise problem(
            "an even head_size, for pairs of features to turn",
            f"head_size={head_size}",
            'Choose n_embd and n_head so that n_embd / n_head is even, or position="learned".',
        )
    return head_size


def turned(x: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """Turn each pair of features, as a point in the plane: as complex numbers, that is one product.

    Args:    x: (..., T, D) float, D even.   turns: (T, D / 2, 2), cosine and sine of each angle.
    Returns: a tensor like x.
    Raises:  ValueError: x is no float tensor, or the two do not fit together.
    Example:
        >>> quarter = torch.tensor([[[0.0, 1.0]]])  # cosine and sine of 90 degrees
        >>> turned(torch.tensor([[3.0, 0.0]]), quarter)
        tensor([[0., 3.]])

    Source:  Su et al. (2021), equation 12.   Taught in: faster_and_bigger.
    """
    T, half, _ = floats("turns", turns, "T", "D / 2", 2)
    floats("x", x, ..., T, 2 * half)
    wide = x if x.dtype == torch.float64 else x.float()  # there are no complex numbers in bfloat16
    points = torch.view_as_complex(wide.contiguous().unflatten(-1, (half, 2)))
    product = points * torch.view_as_complex(turns.to(wide.dtype).contiguous())
    return torch.view_as_real(product).flatten(-2).to(x.dtype)


class RotaryEmbedding(nn.Module):
    """Turn queries and keys by angles that grow with their position.

    Features 2 i and 2 i + 1 are the two coordinates of one point, which is turned by
    position * base ** (-2 i / head_size). The product of a turned query and a turned key then knows how far
    apart the two stand, and not where.

    Args:    head_size: an even width.   block_size: longest T.   base: the slowest pair turns once in about
             2 pi * base positions.
    Returns: calling it with x (..., T, head_size) gives the same shape; lengths stay as they are.
    Raises:  ValueError: an odd head_size; x of another width or with more than block_size positions.
    Example:
        >>> RotaryEmbedding(head_size=2, block_size=3)(torch.tensor([[1.0, 0.0]] * 3))
        tensor([[ 1.0000,  0.0000],
                [ 0.5403,  0.8415],
                [-0.4161,  0.9093]])

    Source:  Su et al. (2021), equation 34.   Taught in: faster_and_bigger.
    """

    turns: torch.Tensor

    def __init__(self, head_size: int, block_size: int, base: float = 10_000.0) -> None:
        super().__init__()
        self.head_size = positive_int("head_size", head_size)
        T = positive_int("block_size", block_size)
        even(self.head_size)
        room("a table of angles", T, self.head_size)
        if not_negative("base", base) <= 1:
            raise problem("base > 1", f"base={base}", "Take 10,000, as the paper does.")
        speeds = base ** (-torch.arange(0, self.head_size, 2) / self.head_size)
        angles = torch.outer(torch.arange(T), speeds)  # (T, head_size / 2)
        self.register_buffer("turns", torch.stack((angles.cos(), angles.sin()), dim=-1), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        *_, T, _ = floats("x", x, ..., "T", self.head_size)
        if len(self.turns) < T:
            raise problem(
                f"T <= block_size={len(self.turns)}", f"T={T}", "Keep the last block_size positions."
            )
        return turned(same_device("x", x, self.turns), self.turns[:T])


def prepared(head_size: int, block_size: int, *, rotary: bool, qk_norm: bool) -> nn.Module:
    """Return what happens to every query and key before they meet: nothing, the norm, the turn, or both.

    Args:    head_size, block_size: as `RotaryEmbedding`.   rotary, qk_norm: which of the two.
    Returns: a module without anything to learn, (..., T, head_size) -> (..., T, head_size).
    Raises:  ValueError: as `RotaryEmbedding`.
    Example:
        >>> prepared(4, 8, rotary=False, qk_norm=False)
        Identity()

    Source:  Dehghani et al. (2023), section 2, for the norm; Su et al. (2021) for the turn.
             Taught in: faster_and_bigger.
    """
    parts: list[nn.Module] = [BareNorm()] if yes_or_no("qk_norm", qk_norm) else []
    parts += [RotaryEmbedding(head_size, block_size)] if yes_or_no("rotary", rotary) else []
    return nn.Sequential(*parts) if parts else nn.Identity()


class PairEmbedding(nn.Module):
    """Look up a row for each character together with the one before it: the bigram's table inside a GPT.

    All rows begin at 0, so that a model with it begins as one without it. The first position has no
    character before it, and gets zeros.

    Args:    vocab_size: V.   n_embd: C.
    Returns: calling it with idx (B, T) gives (B, T, C).
    Raises:  ValueError: a table of V * V rows does not fit.
    Example:
        >>> PairEmbedding(vocab_size=65, n_embd=8)(torch.tensor([[1, 2, 3]])).shape
        torch.Size([1, 3, 8])

    Taught in: faster_and_bigger.
    """

    def __init__(self, vocab_size: int, n_embd: int) -> None:
        super().__init__()
        self.vocab_size, C = positive_int("vocab_size", vocab_size), positive_int("n_embd", n_embd)
        room("a table of pairs", self.vocab_size, self.vocab_size, C)
        self.weight = nn.Parameter(torch.zeros(self.vocab_size**2, C))

    def forward(self, idx: torch.Tensor) -> torch.Tensor:
        shape("idx", idx, "B", "T")
        token_ids("idx", same_device("idx", idx, self.weight), self.vocab_size)
        pairs = idx[:, :-1] * self.vocab_size + idx[:, 1:]  # (B, T - 1)
        return F.pad(F.embedding(pairs, self.weight), (0, 0, 1, 0))  # (B, T, C)


class Smear(nn.Module):
    """Normalise the embeddings, and add to each a share of the one before it; the share is learned.

    The first block then meets every character together with what came before it, without a head that has to
    look there. The share begins at 0.

    Returns: calling it with x (B, T, C) gives (B, T, C).
    Example:
        >>> Smear()(torch.tensor([[[1.0, -1.0], [5.0, 3.0]]])).detach().round()
        tensor([[[ 1., -1.],
                 [ 1., -1.]]])

    Taught in: faster_and_bigger.
    """

    def __init__(self) -> None:
        super().__init__()
        self.share = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        *_, C = floats("x", x, "B", "T", "C", like=self.share)
        x = F.layer_norm(x, (C,))
        before = F.pad(x, (0, 0, 1, 0))[:, :-1]  # the first position has nothing before it
        return x + self.share * before
