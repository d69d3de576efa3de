"""The statements on bigrams, clause by clause, and right answers in more styles."""

import numpy as np
import torch
import torch.nn.functional as F

from clauses import broken, right
from nanogpt_lib.lessons import bigram as ex

normalise, nll = ex.normalise.answer, ex.nll.answer
train_step, best_alpha = ex.train_step.answer, ex.best_alpha.answer


def stepping(*moves):
    """A train_step that makes these moves with (model, optimizer, loss)."""

    def step(model, optimizer, x, y):
        _, loss = model(x, y)
        for move in moves:
            move(model, optimizer, loss)
        return loss.item()

    return step


def clear(model, optimizer, loss):
    optimizer.zero_grad()


def back(model, optimizer, loss):
    loss.backward(retain_graph=True)


def go(model, optimizer, loss):
    optimizer.step()


@torch.no_grad()
def by_hand(model, optimizer, loss):
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter -= group["lr"] * parameter.grad


def late(model, optimizer, x, y):
    train_step(model, optimizer, x, y)
    with torch.no_grad():
        return model(x, y)[1]


def of_alphas(choose, alphas=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)):
    """The best_alpha that makes choose(losses on data, alphas)."""

    def best(counts, data):
        losses = []
        for alpha in alphas:
            p = (counts + alpha) / (counts + alpha).sum(1, keepdim=True)
            losses.append(-p[data[:-1], data[1:]].log().mean().item())
        return choose(losses, alphas)

    return best


def on_the_counts(counts, data):
    def loss(alpha):
        p = (counts + alpha) / (counts + alpha).sum(1, keepdim=True)
        return -(counts * p.log()).sum().item()

    return min((0.001, 0.01, 0.1, 1.0), key=loss)


BROKEN = [
    broken(
        "best_alpha",
        "the probabilities of a row sum to 1",
        "the columns are divided by their sums",
        lambda counts, data: min(
            (10 ** (k / 20) for k in range(-60, 41)),
            key=lambda a: -((counts + a) / (counts + a).sum(0))[data[:-1], data[1:]].log().mean(),
        ),
    ),
    broken("normalise", "every row sums to 1", "keepdim is missing", lambda n: n / n.sum(1)),
    broken("normalise", "the rows, not the columns", "the columns sum to 1", lambda n: n / n.sum(0)),
    broken("normalise", "probabilities", "a softmax of the counts", lambda n: n.float().softmax(1)),
    broken("normalise", "of the counts alone", "one was added to every count", lambda n: normalise(n + 1)),
    broken("normalise", "(V, V)", "", lambda n: normalise(n).flatten()),
    broken("nll", "the mean", "sum instead of mean", lambda z, y: nll(z, y) * y.numel()),
    broken("nll", "minus", "the minus is missing", lambda z, y: -nll(z, y)),
    broken("nll", "of each target", "all V characters count", lambda z, y: -z.log_softmax(-1).mean()),
    broken("nll", "of all of them, not of the last position", "", lambda z, y: nll(z[:, -1:], y[:, -1:])),
    broken("nll", "in nats", "bits for nats", lambda z, y: nll(z, y) / np.log(2)),
    broken(
        "nll", "p is the softmax of the logits", "softmax taken twice", lambda z, y: nll(z.softmax(-1), y)
    ),
    broken("nll", "along V", "softmax over time", lambda z, y: F.nll_loss(z.log_softmax(1).mT, y)),
    broken("train_step", "one step", "two steps in one", stepping(clear, back, go, go)),
    broken(
        "train_step",
        "of the optimizer, whatever it is",
        "the step is made by hand",
        stepping(clear, back, by_hand),
    ),
    broken("train_step", "with one gradient", "backward twice", stepping(clear, back, back, go)),
    broken(
        "train_step", "with this batch's gradient alone", "gradients are never cleared", stepping(back, go)
    ),
    broken("train_step", "a step is made at all", "no step", stepping(clear, back)),
    broken(
        "train_step",
        "on the batch's own targets",
        "the targets are x",
        lambda m, o, x, y: train_step(m, o, x, x),
    ),
    broken("train_step", "the loss as it was before the step", "the loss after the step", late),
    broken("train_step", "return the loss", "", lambda *given: train_step(*given) and None),
    broken("best_alpha", "above 0", "no smoothing", lambda counts, data: 0),
    broken("best_alpha", "a number", "a number that is not above 0", lambda counts, data: float("nan")),
    broken(
        "best_alpha",
        "the lowest loss",
        "the highest loss instead of the lowest",
        of_alphas(lambda losses, alphas: alphas[losses.index(max(losses))]),
    ),
    broken("best_alpha", "on data", "chosen on the training text", on_the_counts),
    broken(
        "best_alpha",
        "the alpha, not its loss",
        "the loss instead of alpha",
        of_alphas(lambda losses, alphas: min(losses), [1.15**k for k in range(-40, 18)]),
    ),
    broken(
        "best_alpha",
        "the alpha, not its place",
        "",
        of_alphas(lambda losses, alphas: losses.index(min(losses))),
    ),
    broken("best_alpha", "for these counts", "always 1", lambda counts, data: 1),
    broken(
        "best_alpha",
        "for these counts, whatever they are",
        "far too large each time",
        lambda counts, data: 30.0,
    ),
]

RIGHT = [
    right("normalise", "an array", lambda n: n.numpy() / n.numpy().sum(1, keepdims=True)),
    right("normalise", "F.normalize", lambda n: F.normalize(n.double(), p=1, dim=1)),
    right("normalise", "in place on a copy", lambda n: n.float().clone().div_(n.sum(1, keepdim=True))),
    right("normalise", "by transposes", lambda n: (n.T / n.sum(1)).T),
    right("nll", "a float", lambda z, y: nll(z, y).item()),
    right(
        "nll",
        "one_hot and logsumexp",
        lambda z, y: (z.logsumexp(-1) - (z * F.one_hot(y, z.shape[-1])).sum(-1)).mean(),
    ),
    right("nll", "an array of one number", lambda z, y: np.array([nll(z, y)])),
    right(
        "nll",
        "by numpy",
        lambda z, y: -np.log(np.take_along_axis(z.softmax(-1).numpy(), y.numpy()[..., None], -1)).mean(),
    ),
    right("train_step", "the model's own zero_grad", stepping(lambda m, o, loss: m.zero_grad(), back, go)),
    right("train_step", "the loss as a tensor", lambda m, o, x, y: torch.tensor(train_step(m, o, x, y))),
    right("train_step", "an array", lambda m, o, x, y: np.float32(train_step(m, o, x, y))),
    right(
        "best_alpha",
        "a fine grid",
        of_alphas(
            lambda losses, alphas: alphas[losses.index(min(losses))], [1.15**k for k in range(-40, 18)]
        ),
    ),
    right("best_alpha", "an array", lambda *given: np.array([best_alpha(*given)])),
    right("best_alpha", "a tensor", lambda *given: torch.tensor(best_alpha(*given))),
]
