"""Muon: step along all directions of a matrix alike, and by AdamW where a weight is no matrix of a block.

The gradient of a matrix has a few directions that are much longer than the rest. Muon keeps its running
mean, as AdamW does, then makes all directions of that mean equally long, and steps along the result: what is
seen rarely is learned as fast as what is seen often.

Taught in: faster_and_bigger.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from nanogpt_lib.checks import problem, yes_or_no
from nanogpt_lib.fused_attention import FusedAttention
from nanogpt_lib.kinds import floats, function, not_negative
from nanogpt_lib.messages import described
from nanogpt_lib.promises import module_of

# Each step is a X + b (X X^T) X + c (X X^T)^2 X: it leaves the directions of X as they are, and puts each of
# its lengths s in place of a s + b s^3 + c s^5. After all five, every length in [0.005, 1] is near 1.
POLYNOMIALS = (
    (4.0848, -6.8946, 2.9270),
    (3.9505, -6.3029, 2.6377),
    (3.7418, -5.5913, 2.3037),
    (2.8769, -3.1427, 1.2046),
    (2.8366, -3.0525, 1.2012),
)
MOMENTUM = 0.95


def orthogonalised(matrices: torch.Tensor, *, bfloat16: bool = False) -> torch.Tensor:
    """Return matrices with the same directions, all of them about equally long (a length of about 1).

    With the singular value decomposition X = U S V^T that is U V^T, which matrix products alone can reach.

    Args:    matrices: (..., rows, columns) float.
             bfloat16: compute in bfloat16, which is faster only on processors with units for it.
    Returns: a tensor like it. Its singular values lie near 1; rows of zeros stay zeros.
    Raises:  ValueError: fewer than two axes.
    Example:
        >>> turned = orthogonalised(torch.tensor([[3.0, 0.0], [0.0, 0.1]]))
        >>> [round(length, 1) for length in torch.linalg.svdvals(turned).tolist()]
        [1.0, 1.0]

    Source:  Jordan et al. (2024), Muon; the polynomials are by You (2025).   Taught in: faster_and_bigger.
    """
    *_, rows, columns = floats("matrices", matrices, ..., "rows", "columns")
    x = matrices.bfloat16() if yes_or_no("bfloat16", bfloat16) else matrices
    if x.numel() == 0:  # torch could not tell how many matrices there are
        return matrices
    x = x.reshape(-1, rows, columns)
    x = x.mT if rows > columns else x  # the product X X^T is then the smaller one
    x = x / (x.norm(dim=(-2, -1), keepdim=True) * 1.02 + 1e-7)  # so that no length is above 1
    for a, b, c in POLYNOMIALS:
        square = torch.bmm(x, x.mT)
        factor = torch.baddbmm(square, square, square, beta=b, alpha=c)  # b X X^T + c (X X^T)^2
        x = torch.baddbmm(x, factor, x, beta=a)
    turned = x.mT if rows > columns else x
    return turned.reshape(matrices.shape).to(matrices.dtype)


class Muon(torch.optim.AdamW):
    """Muon for groups of parameters with `orthogonal=True`, AdamW for the others.

    A matrix is moved by rate * sqrt(rows / columns), or by the rate alone where it is wide. In a group with
    `stacked=True` each matrix is several square ones on top of each other, such as queries, keys and values,
    and each of these is taken by itself. `betas[0]` is the momentum.

    Args:    groups: dictionaries with params and, for matrices, orthogonal=True.   lr: the rate of groups
             that do not say theirs.
    Raises:  ValueError: a parameter of an orthogonal group is no matrix.
    Example:
        >>> layer = nn.Linear(2, 3, bias=False)
        >>> optimizer = Muon([{"params": [layer.weight], "orthogonal": True}], lr=0.1)
        >>> layer(torch.ones(1, 2)).sum().backward()
        >>> _ = optimizer.step()

    Source:  Jordan et al. (2024); Nesterov's momentum.   Taught in: faster_and_bigger.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], lr: float) -> None:
        usual = {"orthogonal": False, "stacked": False, "bfloat16": False}
        settled = [usual | group for group in groups]
        super().__init__(settled, lr=not_negative("lr", lr), betas=(0.9, 0.95), weight_decay=0.0, fused=True)
        for group in self.param_groups:
            for parameter in group["params"]:
                if group["orthogonal"] and parameter.dim() != 2:
                    raise problem(
                        "matrices in an orthogonal group", described(parameter), "Use AdamW for it."
                    )

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Make one step with the gradients that are there. Returns what the closure gave, if there is one.

        Raises:  ValueError: the closure is no function.
        """
        loss = None
        if closure is not None:
            function("closure", closure)
            with torch.enable_grad():
                loss = closure()
        every = self.param_groups
        for group in every:
            if group["orthogonal"]:
                self._step_along_all_directions(group)
        self.param_groups = [group for group in every if not group["orthogonal"]]
        try:
            super().step()
        finally:
            self.param_groups = every
        return loss

    def _step_along_all_directions(self, group: dict[str, Any]) -> None:
        momentum, rate = group["betas"][0], group["lr"]
        alike: dict[
            torch.Size, list[tuple[torch.Tensor, torch.Tensor]]
        ] = {}  # one product for all of a shape
        for weight in group["params"]:
            if weight.grad is None:
                continue
            state = self.state[weight]
            if not state:  # under AdamW's names, so that torch saves and loads them as it does AdamW's
                state.update(step=torch.tensor(0.0), exp_avg=torch.zeros_like(weight))
            state["step"] += 1
            mean = state["exp_avg"]
            mean.lerp_(weight.grad, 1 - momentum)
            alike.setdefault(weight.shape, []).append((weight, weight.grad.lerp(mean, momentum)))
        for (rows, columns), pairs in alike.items():
            updates = torch.stack([update for _, update in pairs])
            if group["stacked"]:
                updates = updates.view(-1, columns, columns)
            turned = orthogonalised(updates, bfloat16=group["bfloat16"]).view(-1, rows, columns)
            length = rate if group["stacked"] else rate * max(1.0, rows / columns) ** 0.5
            for (weight, _), update in zip(pairs, turned, strict=True):
                weight.mul_(1 - rate * group["weight_decay"]).sub_(update, alpha=length)


def muon(
    model: nn.Module,
    learning_rate: float,
    muon_rate: float,
    weight_decay: float | None = None,
    *,
    bfloat16: bool = False,
) -> Muon:
    """Return Muon for the matrices of the model's blocks, with AdamW for its tables, its head and the rest.

    Args:    model: a GPT.   learning_rate: AdamW's.   muon_rate: of the matrices.
             weight_decay: for the matrices of the blocks alone; None is none.
             bfloat16: orthogonalise in bfloat16.
    Raises:  ValueError: the model has no blocks with matrices, or a rate is negative.
    Example:
        >>> from nanogpt_lib.model import GPT, GPTConfig
        >>> config = GPTConfig(vocab_size=5, block_size=4, n_embd=8, n_head=2, n_layer=3, attention="fused")
        >>> [len(group["params"]) for group in muon(GPT(config), 3e-3, 0.02).param_groups]
        [9, 3, 27]

    Source:  Jordan et al. (2024).   Taught in: faster_and_bigger.
    """
    fused = [part for part in module_of(model).modules() if isinstance(part, FusedAttention)]
    stacked = {id(part.qkv) for part in fused}
    blocks = getattr(model, "blocks", None)
    if not isinstance(blocks, nn.Module):
        raise problem("a model with blocks", described(model), "Pass a GPT, or train with adamw.")
    inside = [parameter for parameter in blocks.parameters() if parameter.dim() == 2]
    known = {id(parameter) for parameter in inside}
    kinds = {
        "orthogonal": True,
        "lr": not_negative("muon_rate", muon_rate),
        "betas": (MOMENTUM, MOMENTUM),
        "weight_decay": 0.0 if weight_decay is None else not_negative("weight_decay", weight_decay),
        "bfloat16": yes_or_no("bfloat16", bfloat16),
    }
    groups: list[dict[str, Any]] = [
        {"params": [one for one in inside if id(one) not in stacked], **kinds},
        {"params": [one for one in inside if id(one) in stacked], **kinds, "stacked": True},
        {"params": [one for one in model.parameters() if id(one) not in known]},
    ]
    return Muon([group for group in groups if group["params"]], lr=learning_rate)
