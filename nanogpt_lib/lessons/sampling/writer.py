"""A model that tells every context from every other, and notes how it was called."""

import torch
from torch import nn

from nanogpt_lib.checks import problem
from nanogpt_lib.kit.measures.models import Broken

BLOCK = 4  # places that the model has
BASE = (1.5, 0.7, 0.0, -0.7, -1.5)  # the model's logits, in another order after every context


class Writer(nn.Module):
    """A model that tells every context from every other, and notes how it was called.

    Args:    mode: in which it comes, one of `measures.models.MODES`.   breaks: whether it raises in its third call.
    """

    def __init__(self, mode: str, breaks: bool = False) -> None:
        super().__init__()
        self.block_size, self.breaks = BLOCK, breaks
        self.base = nn.Parameter(torch.tensor(BASE))
        self.first, self.second = nn.Dropout(0.5), nn.Dropout(0.5)
        self.contexts: list[torch.Tensor] = []
        self.seen: list[tuple[bool, ...]] = []  # the modes of its parts at every call
        self.recorded = 0  # calls in which gradients were on
        self.train(mode != "evaluation")
        if mode == "one part off":
            self.first.eval()

    def forward(self, idx: torch.Tensor, targets: None = None) -> tuple[torch.Tensor, None]:
        T = idx.shape[1]
        if not 1 <= T <= BLOCK:
            raise problem(
                f"1 <= T <= block_size={BLOCK}", f"T={T}", "No model sees more than its block_size."
            )
        self.contexts.append(idx.clone())
        self.seen.append(self.modes())
        self.recorded += torch.is_grad_enabled()
        if self.breaks and len(self.seen) == 3:
            raise Broken("This call is broken.")
        return self.second(self.first(self.base[places(idx)])), None

    def modes(self) -> tuple[bool, ...]:
        return tuple(part.training for part in self.modules())


def places(idx: torch.Tensor) -> torch.Tensor:
    """Return which number of BASE each token has at each place: (B, T) to (B, T, V)."""
    turned = (idx * torch.arange(1, idx.shape[1] + 1)).cumsum(dim=1)
    return (torch.arange(len(BASE)) - turned[..., None]) % len(BASE)


def prompts(seed: int) -> torch.Tensor:
    """Return two prompts (2, 3) whose likeliest next tokens differ, also from those after their first tokens."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        idx = torch.randint(len(BASE), (2, 3), generator=generator)
        first, last = places(idx)[:, 0, 0], places(idx)[:, -1, 0]
        if last[0] != last[1] and (first != last).all():
            return idx
