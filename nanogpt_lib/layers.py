"""What a block is made of besides attention: feed-forward layer, residual sum, LayerNorm, dropout.

Taught in: feed_forward_and_residuals (feed-forward and residuals), layernorm (LayerNorm), dropout (dropout).
"""

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.attention import MultiHeadAttention
from nanogpt_lib.checks import one_of, positive_int, probability, yes_or_no
from nanogpt_lib.fused_attention import DirectAttention, FusedAttention
from nanogpt_lib.heads import Attention
from nanogpt_lib.kinds import floats, not_negative, random_stream, room
from nanogpt_lib.modern import BareNorm, RMSNorm, SquaredReLU

ATTENTION: dict[str, type[Attention]] = {
    "heads": MultiHeadAttention,
    "fused": FusedAttention,
    "direct": DirectAttention,
}
NORMS = ("pre", "post", "none")
NORM_KINDS = ("layer", "rms", "bare")
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "relu2": SquaredReLU}


def dropout(x: torch.Tensor, p: float, generator: torch.Generator | None = None) -> torch.Tensor:
    """Set each number to 0 with probability p, and raise the rest so that the mean stays.

    Args:    x: float tensor of any shape.   p: share to drop, in [0, 1].
             generator: where the mask is drawn from; None is torch's global stream.
    Returns: a tensor like x; the gradient passes through the same mask.
    Raises:  ValueError: p outside [0, 1].
    Example:
        >>> dropout(torch.ones(6), 0.5, torch.Generator().manual_seed(0)).unique()
        tensor([0., 2.])

    Source:  Srivastava et al. (2014), in the inverted form; draws as torch does on a CPU.
             Taught in: dropout.
    """
    floats("x", x, ...)
    p, generator = probability("p", p), random_stream(generator)
    if p in (0.0, 1.0):  # nothing to draw, and 1 / (1 - p) may have no value
        return x if p == 0.0 else x * 0.0
    kept = torch.empty_like(x).bernoulli_(1 - p, generator=generator)
    return x * kept.div_(1 - p)


def layer_norm(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    """Shift each position's features to mean 0, scale them to variance 1, then stretch and move them.

    Args:    x: (..., C).   weight: (C,), the gain gamma.   bias: (C,), the shift beta.
             eps: added to the variance inside the root, so that a constant input stays finite.
    Returns: (..., C); each position is normalised alone, so nothing leaks through time or batch.
    Raises:  ValueError: weight or bias is not as wide as x, or eps is negative or no number.
    Example:
        >>> x = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
        >>> layer_norm(x, torch.ones(4), torch.zeros(4))
        tensor([[ 1.7320, -0.5773, -0.5773, -0.5773]])

    Source:  Ba, Kiros and Hinton (2016), equation 4: the biased variance, as torch has it.
             Taught in: layernorm.
    """
    *_, C = floats("x", x, ..., "C")
    floats("weight", weight, C, like=x)
    floats("bias", bias, C, like=x)
    eps = not_negative("eps", eps)
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)  # divided by C, not by C - 1
    return weight * centred / (variance + eps).sqrt() + bias


class Dropout(nn.Module):
    """`dropout` in training, nothing in evaluation.

    Args:    p: share to drop, in [0, 1].
    Returns: calling it with any tensor gives one of the same shape.
    Raises:  ValueError: p outside [0, 1].
    Example:
        >>> Dropout(0.5).eval()(torch.ones(3))
        tensor([1., 1., 1.])

    Source:  Srivastava et al. (2014).   Taught in: dropout.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = probability("p", p)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return dropout(x, self.p) if self.training else x


class LayerNorm(nn.Module):
    """`layer_norm` with a gain and a shift that are learned.

    It calls torch's kernel, which makes one pass where the formula makes six; a test compares
    the two.

    Args:    n_embd: C, the width.   eps: added to the variance inside the root.
    Returns: calling it with x (..., C) gives (..., C).
    Raises:  ValueError: n_embd is no positive whole number, or eps is negative or no number.
    Example:
        >>> LayerNorm(4)(torch.tensor([1.0, 0.0, 0.0, 0.0])).detach()
        tensor([ 1.7320, -0.5773, -0.5773, -0.5773])

    Source:  Ba, Kiros and Hinton (2016), equation 4.   Taught in: layernorm.
    """

    def __init__(self, n_embd: int, eps: float = 1e-5) -> None:
        super().__init__()
        C = positive_int("n_embd", n_embd)
        room("a gain", C)
        self.weight = nn.Parameter(torch.ones(C))
        self.bias = nn.Parameter(torch.zeros(C))
        self.eps = not_negative("eps", eps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        floats("x", x, ..., len(self.weight), like=self.weight)
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


def norm_layer(kind: str, n_embd: int) -> nn.Module:
    """Return a norm of that kind, for features of that width.

    Args:    kind: "layer", "rms" or "bare".   n_embd: C.
    Raises:  ValueError: an unknown kind.
    Example:
        >>> norm_layer("rms", 8)
        RMSNorm()

    Taught in: layernorm.
    """
    if one_of("norm_kind", kind, NORM_KINDS) == "layer":
        return LayerNorm(n_embd)
    return RMSNorm() if kind == "rms" else BareNorm()


class FeedForward(nn.Module):
    """A layer that works at each position alone on what attention brought there: four times wider, and back.

    Args:    n_embd: C.   dropout: share of the result dropped in training.
             activation: "relu", or "relu2" for its square.
    Returns: calling it with x (..., C) gives (..., C).
    Raises:  ValueError: n_embd is no positive whole number, dropout lies outside [0, 1], or an unknown
             activation.
    Example:
        >>> FeedForward(n_embd=8)(torch.zeros(2, 3, 8)).shape
        torch.Size([2, 3, 8])

    Source:  Vaswani et al. (2017), equation 2.   Taught in: feed_forward_and_residuals.
    """

    def __init__(self, n_embd: int, dropout: float = 0.0, activation: str = "relu") -> None:
        super().__init__()
        C = positive_int("n_embd", n_embd)
        room("a matrix", 4 * C, C)
        self.net = nn.Sequential(
            nn.Linear(C, 4 * C),
            ACTIVATIONS[one_of("activation", activation, ACTIVATIONS)](),
            nn.Linear(4 * C, C),
            Dropout(dropout),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.net.get_parameter("0.weight")  # (4 C, C)
        floats("x", x, ..., weight.shape[1], like=weight)
        out: torch.Tensor = self.net(x)
        return out


class Block(nn.Module):
    """Communicate, then compute: attention and feed-forward, each added to a stream that passes by.

    Args:    n_embd: C.   n_head: number of heads.   block_size: longest T.   dropout: in both parts.
             attention: "heads" for the list of heads, "fused" for one product.
             scale: what scores are multiplied by; None is head_size ** -0.5.
             residual: False takes the stream away: each part sees only what the one before it made.
             norm: "pre" before each part, "post" after each sum, or "none".
             norm_kind: "layer", "rms" or "bare", see `norm_layer`.   activation: as `FeedForward`.
             rotary, qk_norm: what happens to queries and keys before they meet, see `modern.prepared`.
    Returns: calling it with x (B, T, C) gives (B, T, C).
    Raises:  ValueError: an unknown attention or norm, or sizes that do not fit.
    Example:
        >>> Block(n_embd=8, n_head=2, block_size=4)(torch.zeros(1, 4, 8)).shape
        torch.Size([1, 4, 8])

    Source:  Vaswani et al. (2017), section 3.1, which is "post"; "pre" as Xiong et al. (2020).
             Taught in: feed_forward_and_residuals, layernorm.
    """

    def __init__(
        self,
        n_embd: int,
        n_head: int,
        block_size: int,
        *,
        dropout: float = 0.0,
        attention: str = "heads",
        scale: float | None = None,
        residual: bool = True,
        norm: str = "pre",
        norm_kind: str = "layer",
        activation: str = "relu",
        rotary: bool = False,
        qk_norm: bool = False,
    ) -> None:
        super().__init__()
        self.residual = yes_or_no("residual", residual)
        self.norm = one_of("norm", norm, NORMS)
        kind = ATTENTION[one_of("attention", attention, ATTENTION)]
        self.sa = kind(
            n_embd, n_head, block_size, dropout=dropout, scale=scale, rotary=rotary, qk_norm=qk_norm
        )
        self.ffwd = FeedForward(n_embd, dropout, activation)
        self.ln1 = nn.Identity() if norm == "none" else norm_layer(norm_kind, n_embd)
        self.ln2 = nn.Identity() if norm == "none" else norm_layer(norm_kind, n_embd)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for part, norm in ((self.sa, self.ln1), (self.ffwd, self.ln2)):
            change = part(x if self.norm == "post" else norm(x))
            x = x + change if self.residual else change
            x = norm(x) if self.norm == "post" else x
        return x
