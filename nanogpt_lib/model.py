"""The whole GPT: embeddings, a stack of blocks, a last norm, and scores for the next character.

Taught in: full_model.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from nanogpt_lib.bigram import lm_loss
from nanogpt_lib.checks import (
    one_of,
    positive_int,
    probability,
    problem,
    real_number,
    settle,
    shape,
    token_ids,
    yes_or_no,
)
from nanogpt_lib.heads import Attention, split_width
from nanogpt_lib.kinds import floats, instance, mapping, room, same_device
from nanogpt_lib.layers import ACTIVATIONS, ATTENTION, NORM_KINDS, NORMS, Block, norm_layer
from nanogpt_lib.messages import described
from nanogpt_lib.modern import PairEmbedding, Smear, even
from nanogpt_lib.rng import drawing_from

WRITERS = ("sa.proj.weight", "ffwd.net.2.weight")  # of each block, into the stream
INITS = ("torch", "gpt2", "zero")
POSITIONS = ("learned", "rotary")
CHOICES: dict[str, Iterable[str]] = {
    "attention": ATTENTION,
    "init": INITS,
    "norm": NORMS,
    "norm_kind": NORM_KINDS,
    "activation": ACTIVATIONS,
    "position": POSITIONS,
}


@dataclass(frozen=True, kw_only=True)
class GPTConfig:
    """The sizes and choices that make one GPT and no other.

    Args:    vocab_size: V.   block_size: longest context.   n_embd: C, the width.
             n_head: heads in a block.   n_layer: blocks.   dropout: share dropped in training.
             attention: "heads" (observable), "fused" (fast) or "direct" (fast in bfloat16): the same numbers.
             scale: what scores are multiplied by; None is head_size ** -0.5.
             init: "torch" for each layer's default, "gpt2" for normal numbers of standard deviation 0.02,
             "zero" for what writes to the stream or scores to begin at 0.
             residual: False takes away the stream that passes by.
             norm: "pre", with a last norm after the blocks; "post" or "none", without one.
             norm_kind, activation, position, qk_norm, pairs, smear: newer parts, see `modern`.
    Raises:  ValueError: a size below 1, n_head not dividing n_embd, a number that is none, an unknown choice.
    Example:
        >>> GPTConfig(vocab_size=65, block_size=32, n_embd=64, n_head=4, n_layer=4).head_size
        16

    Source:  the names of the field.   Taught in: full_model.
    """

    vocab_size: int
    block_size: int
    n_embd: int
    n_head: int
    n_layer: int
    dropout: float = 0.0
    attention: str = "heads"
    scale: float | None = None
    init: str = "torch"
    residual: bool = True
    norm: str = "pre"
    norm_kind: str = "layer"
    activation: str = "relu"
    position: str = "learned"
    qk_norm: bool = False
    pairs: bool = False
    smear: bool = False

    def __post_init__(self) -> None:
        settle(self, positive_int, "vocab_size", "block_size", "n_embd", "n_head", "n_layer")
        settle(self, probability, "dropout")
        settle(self, yes_or_no, "residual", "qk_norm", "pairs", "smear")
        if self.scale is not None:
            settle(self, real_number, "scale")
        split_width(self.n_embd, self.n_head)
        for name, known in CHOICES.items():
            one_of(name, getattr(self, name), known)
        if self.position == "rotary":
            even(self.head_size)

    @property
    def head_size(self) -> int:
        """Return the width of one head, n_embd / n_head."""
        return self.n_embd // self.n_head


class GPT(nn.Module):
    """A decoder-only transformer over characters.

    Args:    config: its sizes.   generator: where the weights are drawn from; None is torch's
             global stream, in the order token table, position table, blocks, last norm, head.
    Returns: calling it with idx (B, T) gives (logits (B, T, V), loss); the loss is in nats per
             character, and None exactly when targets is None.
    Raises:  ValueError: T is 0 or longer than block_size; ids out of range; targets of another shape.
    Example:
        >>> model = GPT(GPTConfig(vocab_size=65, block_size=32, n_embd=64, n_head=4, n_layer=4))
        >>> logits, loss = model(torch.tensor([[1, 2, 3]]))
        >>> logits.shape, loss, f"{model.parameter_count():,}"
        (torch.Size([1, 3, 65]), None, '209,729')

    Source:  Radford et al. (2018, 2019); names as in Karpathy's lecture (2023).
             Taught in: full_model.
    """

    def __init__(self, config: GPTConfig, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = instance("config", config, GPTConfig, "Write GPT(GPTConfig(vocab_size=65, ...)).")
        self.block_size = config.block_size
        C, V = config.n_embd, config.vocab_size
        room("a model", V + config.block_size + 12 * config.n_layer * C, C)
        if config.attention == "heads":
            room("a mask", config.block_size, config.block_size)
        with drawing_from(generator):
            self.token_embedding_table = nn.Embedding(V, C)
            if config.position == "learned":
                self.position_embedding_table = nn.Embedding(config.block_size, C)
            if config.pairs:
                self.pair_embedding_table = PairEmbedding(V, C)
            if config.smear:
                self.smear = Smear()
            self.blocks = nn.Sequential(*(self._block() for _ in range(config.n_layer)))
            self.ln_f = norm_layer(config.norm_kind, C) if config.norm == "pre" else nn.Identity()
            self.lm_head = nn.Linear(C, V)
            if config.init == "gpt2":
                self._init_gpt2()
            elif config.init == "zero":
                self._init_zero()

    def _block(self) -> Block:
        config = self.config
        return Block(
            config.n_embd,
            config.n_head,
            config.block_size,
            dropout=config.dropout,
            attention=config.attention,
            scale=config.scale,
            residual=config.residual,
            norm=config.norm,
            norm_kind=config.norm_kind,
            activation=config.activation,
            rotary=config.position == "rotary",
            qk_norm=config.qk_norm,
        )

    def _init_gpt2(self) -> None:
        """Draw small normal weights, smaller ones for what writes to the stream, and set biases to 0."""
        writer = 0.02 * (2 * self.config.n_layer) ** -0.5  # each block adds to the stream twice
        for name, weights in self.lecture_state_dict().items():
            if weights.dim() == 2:
                weights.normal_(std=writer if name.endswith(WRITERS) else 0.02)
            elif name.endswith("bias"):
                weights.zero_()

    def _init_zero(self) -> None:
        """Let every block begin as the identity, and every character as equally likely."""
        for name, weights in self.lecture_state_dict().items():
            if name.startswith("lm_head") or name.endswith(("bias", *WRITERS)):
                weights.zero_()

    def forward(
        self, idx: torch.Tensor, targets: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        logits = self.scores(idx)
        return logits, None if targets is None else lm_loss(logits, targets)

    def scores(self, idx: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, T, V) alone. Raises ValueError as calling the model does."""
        _, T = shape("idx", idx, "B", "T")
        if not 1 <= T <= self.block_size:
            raise problem(
                f"1 <= T <= block_size={self.block_size}",
                f"T={T}",
                "Start from at least one character, and keep the last block_size: idx[:, -block_size:].",
            )
        token_ids("idx", same_device("idx", idx, self.lm_head.weight), self.config.vocab_size)
        x = self.token_embedding_table(idx)  # (B, T) -> (B, T, C)
        if self.config.position == "learned":
            x = x + self.position_embedding_table.weight[:T]  # (T, C)
        if self.config.pairs:
            x = x + self.pair_embedding_table(idx)
        if self.config.smear:
            x = self.smear(x)
        x = self.ln_f(self.blocks(x))
        floats("x", x, "B", "T", "C", like=self.lm_head.weight)
        logits: torch.Tensor = self.lm_head(x)  # (B, T, C) -> (B, T, V)
        return logits

    def parameter_count(self) -> int:
        """Return how many numbers it learns."""
        return sum(parameter.numel() for parameter in self.parameters())

    def lecture_state_dict(self) -> dict[str, torch.Tensor]:
        """Return views of the weights, under the names and in the order of the lecture's script."""
        state: dict[str, torch.Tensor] = {}
        for name, weights in self.state_dict().items():
            owner, _, last = name.rpartition(".")
            part = self.get_submodule(owner)
            views = part.head_weights() if isinstance(part, Attention) else {last: weights}
            state.update({f"{owner}.{view_name}": view for view_name, view in views.items()})
        return state

    def load_lecture_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        """Load weights saved by the lecture's script; its masks (`tril`) are ignored.

        Args:    state: that script's `model.state_dict()`.
        Raises:  ValueError: a weight is missing, left over, or of another shape; each is named.
        Source:  Karpathy (2023), gpt.py.   Taught in: full_model.
        """
        mapping("state", state, "Pass what that script's model.state_dict() gave.")
        weights = {name: tensor for name, tensor in state.items() if not str(name).endswith(".tril")}
        wanted = {name: tuple(tensor.shape) for name, tensor in self.lecture_state_dict().items()}
        wrong = [f"{name} is missing" for name in wanted if name not in weights]
        wrong += [f"{name} is left over" for name in weights if name not in wanted]
        wrong += [
            f"{name} has shape {tuple(tensor.shape)} instead of {wanted[name]}"
            for name, tensor in weights.items()
            if name in wanted and isinstance(tensor, torch.Tensor) and tuple(tensor.shape) != wanted[name]
        ]
        wrong += [
            f"{name} is {described(tensor)}"
            for name, tensor in weights.items()
            if name in wanted and not isinstance(tensor, torch.Tensor)
        ]
        if wrong:
            raise problem(
                f"the {len(wanted)} weights of this configuration",
                "; ".join(wrong),
                "Build the GPT with the sizes that the weights were saved with.",
            )
        self.load_state_dict(weights)
