"""The loss at each position of a block, averaged over the batch."""

import functools
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F

from nanogpt_lib.checkpoint import CHECKPOINTS, load_checkpoint
from nanogpt_lib.evaluation import loss_by_position
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.texts import published


def all_shapes(seed: int) -> list[tuple]:
    """Return logits (B, T, V) and targets (B, T): all sizes different, all the same, each 1."""
    generator = torch.Generator().manual_seed(seed)
    B = int(torch.randint(2, 4, (), generator=generator))
    cases = []
    for B_, T, V in [(B, 4, 7), (5, 3, 6), (4, 4, 4), (1, 6, 5), (6, 1, 5)]:
        logits = 1.5 * torch.randn(B_, T, V, generator=generator)
        cases.append((logits, torch.randint(V, (B_, T), generator=generator)))
    return cases


@functools.cache
def of_the_shipped_model() -> torch.Tensor:
    """Return its loss at each position, over 32 blocks of the validation split: (T,)."""
    model = load_checkpoint(CHECKPOINTS / "shakespeare").model
    *_, val = published()
    return loss_by_position(model, val[: 32 * model.block_size + 1], batch_size=8)


def note(values: list) -> str:
    losses = of_the_shipped_model()
    first, last = losses[0], losses[-16:].mean()
    return f"On 32 blocks the shipped model pays {first:.2f} nats at its first position, with one character to go on, and {last:.2f} over the last 16 of {len(losses)}; the mean {losses.mean():.2f} hides that."


class Losses:
    """The sizes, and the learner's losses: their shape, and the one that is farthest off."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.B, self.T, self.V = case.inputs[0].shape
        self.sizes = f"B = {self.B}, T = {self.T}, V = {self.V}"

    @property
    def shape(self) -> str:
        return f"With {self.sizes} you return shape {tuple(self.case.got.shape)}"

    @property
    def count(self) -> int:
        return self.case.got.numel()

    @property
    def worst(self) -> str:
        mine, right = self.case.got, numbers(self.case.want)
        t = int((mine - right).abs().argmax())
        return f"With {self.sizes} you have {mine[t]:.4g} at position {t}, where the mean of the batch is {right[t]:.4g}"

    @property
    def refused(self) -> str:
        return f"torch refuses: {str(self.case.error).rstrip('.')}"


ex = Exercise(
    prompt="Write loss_per_position(logits, targets): logits is (B, T, V), targets is (B, T). Return (T,): the cross-entropy at each position, in nats, averaged over the batch.",
    hints=(
        "First the loss of every single prediction, (B, T), without any mean. Then average one dimension.",
        "cross_entropy(..., reduction='none') gives single losses, but wants the classes second: (B, V, T), or all predictions in a list: (B * T, V). Mind which way you shape the list back.",
        "F.cross_entropy(logits.transpose(1, 2), targets, reduction='none').mean(dim=0)",
    ),
    inputs=all_shapes,
    see=Losses,
    note=note,
    axes="T",
)


@ex.right
def loss_per_position(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    log_probs = logits.log_softmax(dim=-1)  # (B, T, V)
    losses = -log_probs.gather(-1, targets.unsqueeze(-1)).squeeze(-1)  # (B, T)
    return losses.mean(dim=0)  # over the batch: (T,)


@ex.also_right
def positions_by_loop(logits, y):
    return torch.stack([F.cross_entropy(logits[:, t], y[:, t]) for t in range(y.shape[1])])


@ex.also_right
def positions_by_list(logits, targets):
    B, T, V = logits.shape
    each = F.cross_entropy(logits.reshape(B * T, V), targets.reshape(-1), reduction="none")
    return each.view(B, T).double().mean(0)


@ex.also_right
def positions_by_one_hot(z, y):
    right = F.one_hot(y, z.shape[-1]).to(z)
    return (z.logsumexp(-1) - torch.einsum("btv,btv->bt", z, right)).sum(0) / len(z)


def each(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the loss of every single prediction, (B, T)."""
    return F.cross_entropy(logits.mT, targets, reduction="none")


def of_losses(result: Callable) -> Callable:
    """Return the answer that makes result(losses) of the single losses, (B, T)."""
    return lambda logits, targets: result(each(logits, targets))


ex.mistake(
    "averaged over the positions",
    "{shape}: one loss for each of the {B} rows. Average the other dimension, and the positions stay.",
    of_losses(lambda losses: losses.mean(1)),
)
ex.mistake(
    "one number for all",
    "{shape}: {got:.4g} is the loss that you know already, the mean over all positions. Here each position is to have its own.",
    of_losses(lambda losses: losses.mean()),
)
ex.mistake(
    "no mean at all",
    "{shape}: the single losses. Which dimension is to be averaged away?",
    each,
)
ex.mistake(
    "a sum in place of a mean",
    "{worst}. That is the sum: twice the batch, twice the loss.",
    of_losses(lambda losses: losses.sum(0)),
)
ex.mistake(
    "divided by T",
    "{worst}. You divided by the positions; how many were added up?",
    of_losses(lambda losses: losses.sum(0) / losses.shape[1]),
)
ex.mistake(
    "batch and positions are mixed",
    "{worst}. The single losses are right, but lie in rows of T, one sequence after the other; you cut them otherwise, so a position got its neighbour's.",
    of_losses(lambda losses: losses.reshape(losses.shape[::-1]).mean(1)),
    of_losses(lambda losses: losses.reshape(losses.shape[::-1]).T.reshape(losses.shape).mean(0)),
)
ex.mistake(
    "view in place of transpose",
    "{worst}. (B, T, V) was cut anew into (B, V, T): every number is in another place. To swap two dimensions, transpose.",
    lambda logits, targets: F.cross_entropy(logits.reshape(logits.mT.shape), targets, reduction="none").mean(
        0
    ),
)


@ex.mistake(
    "the targets lie in another order than the logits",
    "{worst}. Position by position, sequence by sequence: flatten logits and targets the same way round.",
)
def _(logits, targets):
    B, T, V = logits.shape
    chosen = logits.log_softmax(-1).view(-1, V)[torch.arange(B * T), targets.T.reshape(-1)]
    return -chosen.view(B, T).mean(0)


ex.mistake(
    "the classes are not second",
    "{refused}. cross_entropy looks for its classes in dimension 1, and logits with {sizes} have them last.",
    lambda logits, targets: F.cross_entropy(logits, targets, reduction="none").mean(0),
)
ex.mistake(
    "only one of the two is flat",
    "{refused}. With {sizes} the logits became a list, and the targets did not.",
    lambda logits, targets: F.cross_entropy(logits.flatten(0, 1), targets, reduction="none").mean(0),
)
ex.mistake(
    "softmax twice",
    "{worst}. cross_entropy takes a softmax itself; of probabilities it makes nearly even ones. Give it the logits.",
    lambda logits, targets: each(logits.softmax(-1), targets).mean(0),
)
ex.mistake(
    "a position is lost",
    "You return {count} losses for {T} positions. The targets stand one further already, in the same place as their logits: nothing is to be cut off.",
    lambda logits, targets: each(logits[:, :-1], targets[:, 1:]).mean(0),
    lambda logits, targets: each(logits[:, 1:], targets[:, :-1]).mean(0),
)
ex.mistake(
    "the targets are shifted again",
    "{worst}. The targets stand one further already: targets[:, t] belongs to logits[:, t].",
    lambda logits, targets: each(logits, targets.roll(-1, 1)).mean(0),
    lambda logits, targets: each(logits, targets.roll(1, 1)).mean(0),
)
ex.mistake(
    "the perplexity",
    "{worst}. That is exp of a loss, a perplexity; asked for are nats.",
    of_losses(lambda losses: losses.mean(0).exp()),
    of_losses(lambda losses: losses.exp().mean(0)),
)
ex.mistake(
    "bits",
    "{worst}. That is 1.443 times as much: bits. Asked for are nats.",
    of_losses(lambda losses: losses.mean(0) / math.log(2)),
)
ex.mistake(
    "the mean so far",
    "{worst}. Yours is the mean of all positions up to there; each is to stand alone.",
    of_losses(lambda losses: losses.mean(0).cumsum(0) / torch.arange(1, losses.shape[1] + 1)),
)
ex.mistake(
    "the log comes last",
    "{worst}. You averaged probabilities and took the log of that. The log comes first, or a single bad guess counts for too little.",
    of_losses(lambda losses: -(-losses).exp().mean(0).log()),
)
ex.mistake(
    "the sign",
    "{worst}. A log-probability is never above 0, and a loss never below. The minus?",
    of_losses(lambda losses: -losses.mean(0)),
)
ex.mistake(
    "no log",
    "{worst}. That is a mean probability, or what is missing to 1. Where is the log?",
    of_losses(lambda losses: (-losses).exp().mean(0)),
    of_losses(lambda losses: 1 - (-losses).exp().mean(0)),
)
ex.mistake(
    "no softmax",
    "{worst}. That is the target's raw score; it says nothing without all the others.",
    lambda logits, targets: -logits.gather(-1, targets[..., None])[..., 0].mean(0),
)
ex.mistake(
    "softmax along another dimension",
    "{worst}. The probabilities of the {V} characters at one place should sum to 1: softmax along the last dimension.",
    lambda logits, targets: -logits.log_softmax(0).gather(-1, targets[..., None])[..., 0].mean(0),
    lambda logits, targets: -logits.log_softmax(1).gather(-1, targets[..., None])[..., 0].mean(0),
)
ex.mistake(
    "how often it is right",
    "{worst}. That is the share of positions where the highest logit is right. A loss asks how likely the right one was: -log p.",
    lambda logits, targets: (logits.argmax(-1) == targets).float().mean(0),
    lambda logits, targets: (logits.argmax(-1) != targets).float().mean(0),
)
ex.mistake(
    "the entropy of the prediction",
    "{worst}. The targets do not come into it: yours is the entropy, how unsure the model is. The loss is -log p of what really came.",
    lambda logits, targets: torch.special.entr(logits.softmax(-1)).sum(-1).mean(0),
)
