"""The lecture's model and training loop, said again with torch's own modules: what ours is held to.

Written independently of the library, and shares no code with it; names of weights and the order of random
draws are those that tests/core/reference_values.json describes.
"""

import torch
import torch.nn.functional as F
from torch import nn


class LectureHead(nn.Module):
    def __init__(self, n_embd: int, head_size: int, block_size: int, dropout: float, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)
        self.register_buffer("tril", torch.tril(torch.ones(block_size, block_size)))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        T = x.shape[1]
        scores = self.query(x) @ self.key(x).transpose(-2, -1) * self.scale
        weights = F.softmax(scores.masked_fill(self.tril[:T, :T] == 0, float("-inf")), dim=-1)
        return self.dropout(weights) @ self.value(x)


class LectureHeads(nn.Module):
    def __init__(self, n_embd: int, n_head: int, block_size: int, dropout: float, scale: float) -> None:
        super().__init__()
        sizes = (n_embd, n_embd // n_head, block_size, dropout, scale)
        self.heads = nn.ModuleList([LectureHead(*sizes) for _ in range(n_head)])
        self.proj = nn.Linear(n_embd, n_embd)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dropout(self.proj(torch.cat([head(x) for head in self.heads], dim=-1)))


class LectureFeedForward(nn.Module):
    def __init__(self, n_embd: int, dropout: float) -> None:
        super().__init__()
        wide, back = nn.Linear(n_embd, 4 * n_embd), nn.Linear(4 * n_embd, n_embd)
        self.net = nn.Sequential(wide, nn.ReLU(), back, nn.Dropout(dropout))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)


class LectureBlock(nn.Module):
    def __init__(self, n_embd: int, n_head: int, block_size: int, dropout: float, scale: float) -> None:
        super().__init__()
        self.sa = LectureHeads(n_embd, n_head, block_size, dropout, scale)
        self.ffwd = LectureFeedForward(n_embd, dropout)
        self.ln1, self.ln2 = nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.sa(self.ln1(x))
        return x + self.ffwd(self.ln2(x))


class LectureGPT(nn.Module):
    """Called with (B, T) ids it gives logits; with targets too, also the loss."""

    def __init__(
        self,
        vocab_size: int,
        block_size: int,
        n_embd: int,
        n_head: int,
        n_layer: int,
        dropout: float,
        scale: float,
    ) -> None:
        super().__init__()
        self.token_embedding_table = nn.Embedding(vocab_size, n_embd)
        self.position_embedding_table = nn.Embedding(block_size, n_embd)
        sizes = (n_embd, n_head, block_size, dropout, scale)
        self.blocks = nn.Sequential(*[LectureBlock(*sizes) for _ in range(n_layer)])
        self.ln_f = nn.LayerNorm(n_embd)
        self.lm_head = nn.Linear(n_embd, vocab_size)

    def forward(self, idx: torch.Tensor, targets: torch.Tensor | None = None) -> tuple:
        B, T = idx.shape
        x = self.token_embedding_table(idx) + self.position_embedding_table(torch.arange(T))
        logits = self.lm_head(self.ln_f(self.blocks(x)))
        if targets is None:
            return logits, None
        return logits, F.cross_entropy(logits.view(B * T, -1), targets.view(B * T))


def lecture_batch(data: torch.Tensor, block_size: int, batch_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    ix = torch.randint(len(data) - block_size, (batch_size,))
    x = torch.stack([data[i : i + block_size] for i in ix])
    return x, torch.stack([data[i + 1 : i + block_size + 1] for i in ix])


def lecture_training(
    model: LectureGPT,
    data: dict[str, torch.Tensor],
    *,
    block_size: int,
    batch_size: int,
    max_iters: int,
    eval_interval: int,
    eval_iters: int,
    learning_rate: float,
) -> list[tuple[int, float, float]]:
    """Trains in place, drawing from the global stream; returns (step, train loss, val loss) rows."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    rows = []
    for step in range(max_iters):
        if step % eval_interval == 0 or step == max_iters - 1:
            model.eval()
            means = []
            for split in ("train", "val"):
                losses = torch.zeros(eval_iters)
                for k in range(eval_iters):
                    with torch.no_grad():
                        losses[k] = model(*lecture_batch(data[split], block_size, batch_size))[1].item()
                means.append(losses.mean().item())
            model.train()
            rows.append((step, *means))
        _, loss = model(*lecture_batch(data["train"], block_size, batch_size))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return rows
