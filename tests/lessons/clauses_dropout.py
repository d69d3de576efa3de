"""The statements on dropout, clause by clause, and right answers in more styles."""

import numpy as np
import torch

from clauses import broken, right
from nanogpt_lib.lessons import dropout as ex

dropout, estimate_loss = ex.dropout.answer, ex.estimate_loss.answer
RIGHT_LABELS = ex.labels.answer({})


def dropping(drop=lambda x, kept, p: x * kept / (1 - p), at_1=lambda x: 0 * x, in_use=lambda x, p: x):
    """A dropout with drop(x, kept, p) in training."""

    def answer(x, p, training, generator=None):
        if not training:
            return in_use(x, p)
        return at_1(x) if p == 1 else drop(x, torch.rand(x.shape, generator=generator) >= p, p)

    return answer


def exactly(x, p, training, generator=None):
    """As many as the share says, at random places."""
    if not training:
        return x
    mask = torch.ones(x.numel())
    mask[torch.randperm(x.numel(), generator=generator)[: round(p * x.numel())]] = 0
    return x * mask.view_as(x) / (1 - p) if p < 1 else 0 * x


def in_place(x, p, training, generator=None):
    if training and p:
        x *= torch.rand(x.shape, generator=generator) >= p
        return x / (1 - p) if p < 1 else x
    return x


def evaluated(
    gradients=False,
    loss=lambda loss: loss.item(),
    finish=lambda losses, n: sum(losses) / n,
    names=list,
    put_back=True,
):
    """An estimate_loss that does one thing otherwise."""

    def answer(model, splits, one_batch, eval_iters, generator):
        modes = [(part, part.training) for part in model.modules()]
        found = {}
        model.eval()
        try:
            with torch.set_grad_enabled(gradients):
                for name in names(splits):
                    batches = [one_batch(splits[name], generator) for _ in range(eval_iters)]
                    found[name] = finish([loss(model(*batch)[1]) for batch in batches], eval_iters)
        finally:
            for part, mode in modes if put_back else ():
                part.training = mode
        return found

    return answer


def backward(loss):
    loss.backward()
    return loss.item()


def in_training(model, splits, one_batch, n, generator):
    with torch.no_grad():
        return {
            name: sum(model(*one_batch(data, generator))[1].item() for _ in range(n)) / n
            for name, data in splits.items()
        }


unsafe = evaluated(put_back=False)


def only_on_success(model, *rest):
    modes = [(part, part.training) for part in model.modules()]
    found = unsafe(model, *rest)
    for part, mode in modes:
        part.training = mode
    return found


def one_mode(model, *rest):
    mode = model.training
    try:
        return unsafe(model, *rest)
    finally:
        model.train(mode)


def labelled(**changes):
    return lambda curves: RIGHT_LABELS | changes


BROKEN = [
    broken("labels", "in these words", "", labelled(B="underfit")),
    broken("labels", "a dict", "", lambda curves: list(RIGHT_LABELS.values())),
    broken(
        "dropout",
        "with probability p",
        "p is the share that is kept",
        dropping(lambda x, kept, p: x * ~kept / (1 - p)),
    ),
    broken(
        "dropout",
        "each number for itself",
        "one draw for many numbers",
        dropping(lambda x, kept, p: x * kept[:1] / (1 - p)),
    ),
    broken("dropout", "a probability, not a count", "exactly the share p is dropped", exactly),
    broken("dropout", "raised by 1 / (1 - p)", "nothing is raised", dropping(lambda x, kept, p: x * kept)),
    broken(
        "dropout",
        "by 1 / (1 - p), whatever came",
        "divided by what happened to be kept",
        dropping(lambda x, kept, p: x * kept / kept.float().mean()),
    ),
    broken(
        "dropout",
        "in training",
        "dropped in use as well",
        lambda x, p, training, g=None: dropout(x, p, True, g),
    ),
    broken(
        "dropout",
        "in use x comes back as it is",
        "shrunk in use as well",
        dropping(in_use=lambda x, p: x * (1 - p)),
    ),
    broken("dropout", "p = 1 is allowed", "p = 1 divides by zero", dropping(at_1=lambda x: x * 0 / 0)),
    broken("dropout", "p = 1 drops all", "p = 1 keeps everything", dropping(at_1=lambda x: x)),
    broken(
        "dropout",
        "from the generator",
        "the generator is not used",
        lambda x, p, training, g=None: dropout(x, p, training),
    ),
    broken("dropout", "x itself stays", "x itself is changed", in_place),
    broken(
        "dropout",
        "the gradient comes back",
        "no gradient comes back",
        lambda x, *rest: dropout(x.detach(), *rest),
    ),
    broken(
        "dropout",
        "through the same mask",
        "the gradient goes past the mask",
        lambda x, *rest: x + (dropout(x, *rest) - x).detach(),
    ),
    broken("estimate_loss", "without gradients", "gradients are recorded", evaluated(gradients=True)),
    broken(
        "estimate_loss",
        "without gradients: no backward",
        "backward is called",
        evaluated(gradients=True, loss=backward),
    ),
    broken(
        "estimate_loss",
        "without gradients: numbers come back",
        "the graph is kept",
        evaluated(gradients=True, loss=lambda loss: loss),
    ),
    broken("estimate_loss", "without dropout", "judged in training mode", in_training),
    broken(
        "estimate_loss",
        "the mean",
        "the sum instead of the mean",
        evaluated(finish=lambda losses, n: sum(losses)),
    ),
    broken(
        "estimate_loss",
        "the mean, not the median",
        "",
        evaluated(finish=lambda losses, n: float(np.median(losses))),
    ),
    broken(
        "estimate_loss",
        "over eval_iters batches",
        "one batch instead of eval_iters",
        lambda m, s, b, n, g: estimate_loss(m, s, b, 1, g),
    ),
    broken(
        "estimate_loss",
        "each split's",
        "one split for all",
        lambda m, s, b, n, g: estimate_loss(m, {name: s[next(iter(s))] for name in s}, b, n, g),
    ),
    broken(
        "estimate_loss",
        "of whatever splits there are",
        "the names of the splits are written out",
        evaluated(names=lambda splits: ["train", "val"]),
    ),
    broken("estimate_loss", "a dict", "", lambda *given: list(estimate_loss(*given).values())),
    broken(
        "estimate_loss",
        "with the generator",
        "the generator is not used",
        lambda m, s, b, n, g: estimate_loss(m, s, b, n, None),
    ),
    broken("estimate_loss", "the mode in which it came", "the mode is not put back", unsafe),
    broken("estimate_loss", "each part its own mode", "one mode for all parts", one_mode),
    broken(
        "estimate_loss", "also after an exception", "the mode is lost after an exception", only_on_success
    ),
    broken("labels", "A", "A is taken for over-fit", labelled(A="over-fit")),
    broken("labels", "B", "B is taken for over-fit", labelled(B="over-fit")),
    broken("labels", "C", "C is taken for under-fit", labelled(C="under-fit")),
    broken("labels", "one label for each", "", lambda curves: {"A": "dropout noise"}),
    broken("labels", "one of the three labels", "", labelled(C="bad luck")),
]


def by_a_mask_of_numpy(x, p, training, generator=None):
    if not training or p == 0:
        return x
    luck = torch.rand(x.shape, generator=generator).numpy()
    return x * torch.from_numpy(np.where(luck < p, 0.0, 1 / max(1 - p, 1e-6)))


RIGHT = [
    right("dropout", "a mask of numpy", by_a_mask_of_numpy),
    right("dropout", "in place on a clone", dropping(lambda x, kept, p: x.clone().mul_(kept).div_(1 - p))),
    right("dropout", "in float64", dropping(lambda x, kept, p: torch.where(kept, x.double() / (1 - p), 0.0))),
    right(
        "estimate_loss",
        "arrays",
        lambda *given: {name: np.float32(loss) for name, loss in estimate_loss(*given).items()},
    ),
    right(
        "estimate_loss",
        "means of tensors",
        evaluated(loss=lambda loss: loss, finish=lambda losses, n: torch.stack(losses).mean()),
    ),
    right("labels", "a dict in another order", lambda curves: dict(reversed(RIGHT_LABELS.items()))),
]
