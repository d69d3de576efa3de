"""The smallest language model: one table, in which a character's row scores what follows it.

Taught in: bigram.
"""

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.checks import positive_int, problem, shape, token_ids
from nanogpt_lib.kinds import floats, room, same_device


def lm_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean surprise at the characters that really came.

    Args:    logits: (B, T, V) float, unnormalised: the softmax is taken here, so take none before.
             targets: (B, T) int64, ids in [0, V).
    Returns: () float, mean negative log-likelihood, nats per character.
    Raises:  ValueError: shapes disagree, or an id is out of range (names the first one).
    Example:
        >>> round(float(lm_loss(torch.zeros(1, 2, 65), torch.tensor([[0, 64]]))), 4)
        4.1744

    Source:  Shannon (1948), cross-entropy.   Taught in: bigram.
    """
    B, T, V = floats("logits", logits, "B", "T", "V")
    if shape("targets", targets, ...) != (B, T):
        raise problem(
            f"targets of shape ({B}, {T}), as the logits have",
            f"{tuple(targets.shape)}",
            "Draw both with get_batch.",
        )
    token_ids("targets", same_device("targets", targets, logits), V)
    return F.cross_entropy(logits.reshape(B * T, V), targets.reshape(B * T))


class BigramLM(nn.Module):
    """A table of logits: row = the character now, column = the one that follows.

    Args:    vocab_size: V.
    Returns: calling it with idx (B, T) gives (logits (B, T, V), loss); the loss is in nats per
             character, and None exactly when targets is None.
    Raises:  ValueError: ids out of range, or targets of another shape.
    Example:
        >>> model = BigramLM(vocab_size=65)
        >>> logits, loss = model(torch.tensor([[0, 1, 2]]))
        >>> logits.shape, loss
        (torch.Size([1, 3, 65]), None)

    Source:  Karpathy (2023), the lecture's first model.   Taught in: bigram.
    """

    block_size = 1  # how much context a prediction looks at

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        V = positive_int("vocab_size", vocab_size)
        room("a table", V, V)
        self.token_embedding_table = nn.Embedding(V, V)

    def forward(
        self, idx: torch.Tensor, targets: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        shape("idx", idx, "B", "T")
        same_device("idx", idx, self.token_embedding_table.weight)
        token_ids("idx", idx, self.token_embedding_table.num_embeddings)
        logits = self.token_embedding_table(idx)  # (B, T) -> (B, T, V)
        return logits, None if targets is None else lm_loss(logits, targets)
