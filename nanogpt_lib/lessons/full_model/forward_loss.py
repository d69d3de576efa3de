"""Mistakes in the loss of a forward: where there is one, what it asks, and what may be learned from it."""

from collections.abc import Callable

import torch.nn.functional as F

from nanogpt_lib.kit.mistakes import Mistake
from nanogpt_lib.lessons.full_model.forward_altered import altered, mean_loss, right_logits


def unasked(flat: Callable) -> Callable:
    """Return a forward that takes flat(targets) without having asked whether there are targets."""
    return lambda m, idx, targets: F.cross_entropy(right_logits(m, idx).flatten(0, 1), flat(targets))


LOSS_MISTAKES = (
    Mistake(
        "a number instead of None",
        "{loss without targets} Nothing was asked: return None there.",
        altered(no_loss=0),
    ),
    Mistake(
        "the logits alone",
        "{case.error} Without targets too: (logits, None).",
        lambda m, idx, targets: right_logits(m, idx),
    ),
    Mistake(
        "the loss comes first",
        "{case.error} Which of the two comes first?",
        lambda m, idx, targets: (None, right_logits(m, idx)),
    ),
    Mistake(
        "asks whether targets are true",
        "{raised}. `if targets` asks {questions} numbers at once whether they are true. Ask whether targets is None.",
        lambda m, idx, targets: (right_logits(m, idx), 0.0 if targets else None),
    ),
    Mistake(
        "a loss is asked for without targets",
        "With targets=None and {ids}, Python raised {error}. There is nothing to compare with: ask first whether targets is None.",
        unasked(lambda targets: targets.flatten()),
        unasked(lambda targets: targets.view(-1)),
        unasked(lambda targets: targets.reshape(-1)),
        unasked(lambda targets: targets),
    ),
    Mistake(
        "the targets have no loss",
        "You gave {got[loss]} as the loss of {questions} targets. Is None right when there are targets?",
        lambda m, idx, targets: (right_logits(m, idx), None),
    ),
    Mistake(
        "targets that are all 0 are taken for none",
        "You gave {got[loss]} as the loss of {questions} targets that are all id 0. That is a character like others: ask whether targets is None, and not whether there is something in it.",
        altered(loss=lambda logits, targets, idx: mean_loss(logits, targets, idx) if targets.any() else None),
    ),
    Mistake(
        "the logits are flat beside a loss",
        "{logits beside a loss} Flatten for the loss, and return what you had before: whoever calls you expects (B, T, V).",
        altered(beside=lambda logits: logits.flatten(0, 1)),
    ),
    Mistake(
        "probabilities beside a loss",
        "{logits beside a loss} Beside a loss you return the softmax of the logits. Return the same as without targets.",
        altered(beside=lambda logits: logits.softmax(dim=-1)),
    ),
    Mistake(
        "only the last position beside a loss",
        "{logits beside a loss} Beside a loss you return the last position alone. Return all of them: whoever calls you expects (B, T, V).",
        altered(beside=lambda logits: logits[:, -1:]),
        altered(beside=lambda logits: logits[:, -1]),
    ),
    Mistake(
        "the loss stands before the logits",
        "{logits beside a loss} Where the logits belong you return one number, as a loss is. The logits come first: (logits, loss).",
        lambda m, idx, targets: altered()(m, idx, targets)[:: 1 if targets is None else -1],
    ),
    Mistake(
        "the loss gets three axes",
        "{raised}. cross_entropy takes the second axis for the characters, and yours is time. Put all questions in a row.",
        altered(loss=lambda logits, targets, idx: F.cross_entropy(logits, targets)),
    ),
    Mistake(
        "a view that scrambles",
        "{loss_off}: reshape to (B, V, T) cuts the numbers anew, so scores belong to other characters. Flatten B and T, or swap axes with transpose.",
        altered(loss=lambda logits, targets, idx: F.cross_entropy(logits.reshape(logits.mT.shape), targets)),
    ),
    Mistake(
        "softmax before cross_entropy",
        "{loss_off}: you gave cross_entropy probabilities, and it takes the softmax itself.",
        altered(loss=lambda logits, targets, idx: mean_loss(logits.softmax(dim=-1), targets, idx)),
    ),
    Mistake(
        "the sum instead of the mean",
        "{loss_off}: the surprises are added up. It is the mean over all questions.",
        altered(loss=lambda logits, targets, idx: mean_loss(logits, targets, idx) * targets.numel()),
        altered(loss=lambda logits, targets, idx: mean_loss(logits, targets, idx) * targets.shape[1]),
        altered(loss=lambda logits, targets, idx: mean_loss(logits, targets, idx) * targets.shape[0]),
    ),
    Mistake(
        "shifted a second time",
        "{loss_off}: the targets are shifted already, by get_batch. You shifted once more.",
        altered(loss=lambda logits, targets, idx: mean_loss(logits[:, :-1], targets[:, 1:], idx)),
    ),
    Mistake(
        "the targets are the ids",
        "{loss_off}: you asked for the characters that the model has just read. What is targets for?",
        altered(loss=lambda logits, targets, idx: mean_loss(logits, idx, idx)),
    ),
    Mistake(
        "one question a line is left out",
        "{loss_off}: the last position was not asked. You shifted idx, and its last target is only in targets.",
        altered(loss=lambda logits, targets, idx: mean_loss(logits[:, :-1], targets[:, :-1], idx)),
    ),
    Mistake(
        "only the last question counts",
        "{loss_off}: only the last position was asked. Every position has a target of its own.",
        altered(loss=lambda logits, targets, idx: mean_loss(logits[:, -1:], targets[:, -1:], idx)),
    ),
    Mistake(
        "the loss cannot teach",
        "The numbers are right, and {reached} Where is the way back cut: item(), detach(), no_grad?",
        altered(loss=lambda logits, targets, idx: mean_loss(logits, targets, idx).detach()),
    ),
)
