"""The loss: how surprised a model is, on average, by the characters that really came."""

import torch
import torch.nn.functional as F

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case


def half_learned(seed: int) -> list[tuple]:
    """Return logits that make the right character likely, so that a mistake costs something."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for B, T, V in [(4, 8, 65), (2, 3, 5), (1, 4, 7), (3, 1, 6), (1, 1, 4)]:
        targets = torch.randint(V, (B, T), generator=generator)
        logits = torch.randn(B, T, V, generator=generator)
        logits.scatter_add_(2, targets[..., None], torch.full((B, T, 1), 3.0))
        cases.append((logits, targets))
    return cases


class Loss:
    """The learner's loss, the sizes, and the least that cross-entropy can say to probabilities."""

    def __init__(self, case: Case) -> None:
        self.loss = f"Your loss is {case.got:.4g} instead of {case.want:.4g}"
        self.B, self.T, self.V = case.inputs[0].shape
        self.characters = self.B * self.T
        self.floor = F.cross_entropy(torch.eye(self.V)[:1], torch.tensor([0]))  # one is 1, the others 0


ex = Exercise(
    prompt="Write nll(logits, targets): logits (B, T, V), targets (B, T). Return the mean of -log p of each target, in nats, where p is the softmax of the logits.",
    hints=(
        "Three steps: logits to log-probabilities, pick one for each target, then minus their mean.",
        "log_softmax over the last axis, V. To pick: gather along V with targets[..., None]; or make the logits (B * T, V) and let F.cross_entropy do all of it.",
        "F.cross_entropy(logits.view(B * T, V), targets.view(B * T)): it takes the softmax itself.",
    ),
    inputs=half_learned,
    see=Loss,
    note="The same as F.cross_entropy.",
    rtol=1e-5,
)


@ex.right
def nll(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    log_probs = logits.log_softmax(dim=-1)  # (B, T, V)
    of_targets = log_probs.gather(-1, targets[..., None])  # (B, T, 1): one a character
    return -of_targets.mean()


@ex.also_right
def nll_by_cross_entropy(logits, y):
    return F.cross_entropy(logits.transpose(1, 2), y)


@ex.also_right
def nll_by_loops(z, y):
    total = 0.0
    for b in range(z.shape[0]):
        for t in range(z.shape[1]):
            scores = z[b, t].double()
            total += (scores.logsumexp(0) - scores[y[b, t]]).item()
    return total / y.numel()


@ex.also_right
def nll_by_one_hot(z, y):
    asked = F.one_hot(y, z.shape[-1]).double()
    return -torch.einsum("btv,btv->", asked, z.double().log_softmax(-1)) / y.numel()


def probs(logits, targets, dim=-1):
    """Return the probability of each target, (B, T, 1)."""
    return logits.softmax(dim=dim).gather(-1, targets[..., None])


ex.mistake(
    "softmax taken twice",
    "{loss}: the softmax was taken twice. F.cross_entropy takes raw logits; with probabilities in it, {V} characters can never cost less than {floor:.3f}.",
    lambda logits, targets: nll(logits.softmax(-1), targets),
)
ex.mistake(
    "view(B, V, T) for a transpose",
    "{loss}: view(B, V, T) does not swap axes, it reads the same numbers in other rows, so scores and targets no longer belong together. Use transpose(1, 2), or view(B * T, V).",
    lambda logits, targets: nll(logits.reshape(logits.mT.shape).mT, targets),
)
ex.mistake(
    "softmax over time",
    "{loss}: the softmax ran over axis 1, time. It belongs over the V scores of one place: dim=-1.",
    lambda logits, targets: -probs(logits, targets, dim=1).log().mean(),
)
ex.mistake(
    "softmax over the batch",
    "{loss}: the softmax ran over axis 0, the batch. It belongs over the V scores of one place: dim=-1.",
    lambda logits, targets: -probs(logits, targets, dim=0).log().mean(),
)
ex.mistake(
    "sum instead of mean",
    "{loss}: that is the sum over {characters} characters. Take the mean, so that batches of any size compare.",
    lambda logits, targets: nll(logits, targets) * targets.numel(),
)
ex.mistake(
    "divides by B alone",
    "{loss}: that is the sum over time, {T} characters, averaged over the batch. Average over both.",
    lambda logits, targets: nll(logits, targets) * targets.shape[1],
)
ex.mistake(
    "bits for nats",
    "{loss}: that is in bits. For nats take log, not log2.",
    lambda logits, targets: -probs(logits, targets).log2().mean(),
)
ex.mistake(
    "the minus is missing",
    "{loss}: a loss is at least 0. The logarithm of a probability is negative: -log p.",
    lambda logits, targets: -nll(logits, targets),
)
ex.mistake(
    "the log is missing",
    "{loss}: that is minus the mean probability. The loss is the mean of -log p.",
    lambda logits, targets: -probs(logits, targets).mean(),
)
ex.mistake(
    "the mean before the log",
    "{loss}: you took the mean first. Take each -log p, then the mean.",
    lambda logits, targets: -probs(logits, targets).mean().log(),
)
ex.mistake(
    "no softmax",
    "{loss}: that is minus the mean of the raw logits. A logit becomes a log-probability by log_softmax.",
    lambda logits, targets: -logits.gather(-1, targets[..., None]).mean(),
)
ex.mistake(
    "all V characters count",
    "{loss}: you averaged over all {V} characters. Only the target's log-probability counts: pick it with gather.",
    lambda logits, targets: -logits.log_softmax(-1).mean(),
)
ex.mistake(
    "shifted a second time",
    "{loss}: you compared the scores at one place with the target of the next. They are shifted already: targets[b, t] belongs to logits[b, t].",
    lambda logits, targets: nll(logits[:, :-1], targets[:, 1:]),
)
ex.mistake(
    "the entropy of the prediction",
    "{loss}: the targets do not come into it. That is how undecided your probabilities are; the loss asks for the one character that came.",
    lambda logits, targets: torch.special.entr(logits.softmax(-1)).sum(-1).mean(),
)
ex.mistake(
    "the likeliest instead of the target",
    "{loss}: that is the surprise at the character with the highest logit. Pick the target, whatever the model thought of it.",
    lambda logits, targets: -logits.log_softmax(-1).amax(-1).mean(),
)
ex.mistake(
    "every place with the targets of all places",
    "{loss}: [:, :, targets] picks all {characters} targets at every place. One belongs to each: gather with targets[..., None].",
    lambda logits, targets: -logits.log_softmax(-1)[:, :, targets].mean(),
)
ex.mistake(
    "a sigmoid instead of the softmax",
    "{loss}: a sigmoid looks at one score alone. The probabilities of the {V} characters must sum to 1: softmax.",
    lambda logits, targets: -logits.sigmoid().gather(-1, targets[..., None]).log().mean(),
)
