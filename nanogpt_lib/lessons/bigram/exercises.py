"""The bigram: from counts to probabilities, its loss, one step of training, and how much to smooth.

Each solution lends its name to its exercise.

Taught in: bigram.
"""

import functools
from collections.abc import Callable

import torch
import torch.nn.functional as F

from nanogpt_lib.bigram import BigramLM
from nanogpt_lib.kit.diagnose import rows_sum_to_1
from nanogpt_lib.kit.legacy import Case, Exercise, Wrong
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.facts import lowest_loss, pair_loss, smoothing_facts
from nanogpt_lib.lessons.texts import passage, published
from nanogpt_lib.ngrams import bigram_counts

# --- normalise ------------------------------------------------------------------------------------


def normalise(counts: torch.Tensor) -> torch.Tensor:
    return counts / counts.sum(dim=1, keepdim=True)  # (V, V) / (V, 1): each row by its own sum


def _counts(seed: int) -> list[tuple]:
    """Tables of whole counts with no empty row, not symmetric; the first is small enough to read."""
    generator = torch.Generator().manual_seed(seed)
    tables = []
    for V in (4, 3, 9, 1, 65):
        table = torch.randint(0, 20, (V, V), generator=generator)
        table += torch.randint(1, 4, (V, 1), generator=generator) * (torch.arange(V) + 1)
        tables.append((table,))
    return tables


def _row(case: Case, row: int = 0) -> str:
    return f"{case.got[row].sum().item():.3g}"


def _worst(case: Case) -> str:
    """The row of the result that is farthest from a sum of 1."""
    sums = case.got.sum(-1)
    row = int((sums - 1).abs().argmax())
    return f"Row {row} sums to {sums[row].item():.3g}, not to 1"


normalise = Exercise(
    name="normalise",
    prompt="Write normalise(counts): from a (V, V) table of counts the probabilities; every row sums to 1.",
    answer=normalise,
    make_inputs=_counts,
    invariants=(rows_sum_to_1,),
    note=lambda values: "Every row sums to 1.",
    axes="V, V",
    hints=(
        "Row i holds what came after character i. Divide each row by its own sum.",
        "counts.sum(dim=1) has shape (V,), and broadcasting lays it along the columns. You need (V, 1).",
        "counts / counts.sum(dim=1, keepdim=True)",
    ),
    wrong=(
        Wrong(
            "keepdim is missing",
            lambda case: (
                f"{_worst(case)}: without keepdim=True the sums are (V,), laid along the columns, so each "
                "column was divided by the sum of another row."
            ),
            lambda counts: counts / counts.sum(dim=1),
        ),
        Wrong(
            "the columns sum to 1",
            lambda case: (
                f"{_worst(case)}, but column 0 sums to {case.got[:, 0].sum().item():.3g}: dim=0 adds up the "
                "columns. What follows a character is in its row: dim=1."
            ),
            lambda counts: counts / counts.sum(dim=0, keepdim=True),
        ),
        Wrong(
            "the whole table sums to 1",
            lambda case: (
                f"Row 0 sums to {_row(case)}, and the whole table to {case.got.sum().item():.3g}: these are "
                "the probabilities of pairs. Divide each row by its own sum, with dim=1."
            ),
            lambda counts: counts / counts.sum(),
        ),
        Wrong(
            "a softmax of the counts",
            lambda case: (
                f"The largest probability of row 0 is {case.got[0].max().item():.3g}, where "
                f"{case.want[0].max().item():.3g} was counted: a softmax takes exp of the counts. "
                "Here a share is a count divided by a sum."
            ),
            lambda counts: counts.double().softmax(dim=1),
        ),
        Wrong(
            "divides by the largest",
            lambda case: (
                f"{_worst(case)}, and its largest value is {case.got.max().item():.3g}: you divided by the "
                "largest count of the row. Divide by the sum."
            ),
            lambda counts: counts / counts.max(dim=1, keepdim=True).values,
        ),
        Wrong(
            "whole-number division",
            lambda case: (
                f"{int((case.got == 0).sum())} of {case.got.numel()} probabilities are 0: // drops what "
                "is after "
                "the point. Divide with /."
            ),
            lambda counts: counts // counts.sum(dim=1, keepdim=True),
            lambda counts: (counts / counts.sum(dim=1, keepdim=True)).long(),
        ),
        Wrong(
            "one was added to every count",
            lambda case: (
                f"Row 0 gives id 0 a probability of {case.got[0, 0].item():.3g} instead of "
                f"{case.want[0, 0].item():.3g}: you "
                "smoothed with 1. That comes later; here the counts speak alone."
            ),
            lambda counts: (counts + 1) / (counts + 1).sum(dim=1, keepdim=True),
        ),
    ),
)


# --- nll ------------------------------------------------------------------------------------------


def nll(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    log_probs = logits.log_softmax(dim=-1)  # (B, T, V)
    of_targets = log_probs.gather(-1, targets[..., None])  # (B, T, 1): one a character
    return -of_targets.mean()


def _scored(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for B, T, V in [(4, 8, 65), (2, 3, 5), (1, 4, 7), (3, 1, 6), (1, 1, 4)]:
        targets = torch.randint(V, (B, T), generator=generator)
        logits = torch.randn(B, T, V, generator=generator)
        # half learned: the right character is likely, so that a mistake costs something
        logits.scatter_add_(2, targets[..., None], torch.full((B, T, 1), 3.0))
        cases.append((logits, targets))
    return cases


def _loss(case: Case) -> str:
    return f"Your loss is {float(case.got):.4g} instead of {float(case.want):.4g}"


def _probs(logits, targets, dim=-1):
    return logits.softmax(dim=dim).gather(-1, targets[..., None])


nll = Exercise(
    name="nll",
    prompt=(
        "Write nll(logits, targets): logits (B, T, V), targets (B, T). Return the mean of -log p of each "
        "target, in nats, where p is the softmax of the logits."
    ),
    answer=nll,
    make_inputs=_scored,
    rtol=1e-5,
    note=lambda values: "The same as F.cross_entropy.",
    hints=(
        "Three steps: logits to log-probabilities, pick one for each target, then minus their mean.",
        (
            "log_softmax over the last axis, V. To pick: gather along V with targets[..., None]; or make "
            "the logits "
            "(B * T, V) and let F.cross_entropy do all of it."
        ),
        "F.cross_entropy(logits.view(B * T, V), targets.view(B * T)): it takes the softmax itself.",
    ),
    wrong=(
        Wrong(
            "softmax taken twice",
            lambda case: (
                f"{_loss(case)}: the softmax was taken twice. F.cross_entropy takes raw logits; with "
                f"probabilities in it, {case.inputs[0].shape[-1]} characters can never cost less than "
                f"{_floor(case.inputs[0].shape[-1]):.3f}."
            ),
            lambda logits, targets: F.cross_entropy(logits.softmax(-1).flatten(0, 1), targets.flatten()),
        ),
        Wrong(
            "view(B, V, T) for a transpose",
            lambda case: (
                f"{_loss(case)}: view(B, V, T) does not swap axes, it reads the same numbers in other "
                "rows, so "
                "scores and targets no longer belong together. Use transpose(1, 2), or view(B * T, V)."
            ),
            lambda logits, targets: F.cross_entropy(
                logits.reshape(logits.shape[0], logits.shape[2], logits.shape[1]), targets
            ),
        ),
        Wrong(
            "softmax over time",
            lambda case: (
                f"{_loss(case)}: the softmax ran over axis 1, time. It belongs over the V scores of one "
                "place: "
                "dim=-1."
            ),
            lambda logits, targets: -_probs(logits, targets, dim=1).log().mean(),
        ),
        Wrong(
            "softmax over the batch",
            lambda case: (
                f"{_loss(case)}: the softmax ran over axis 0, the batch. It belongs over the V scores of one "
                "place: dim=-1."
            ),
            lambda logits, targets: -_probs(logits, targets, dim=0).log().mean(),
        ),
        Wrong(
            "sum instead of mean",
            lambda case: (
                f"{_loss(case)}: that is the sum over {case.inputs[1].numel()} characters. Take the mean, so "
                "that batches of any size compare."
            ),
            lambda logits, targets: -_probs(logits, targets).log().sum(),
        ),
        Wrong(
            "divides by B alone",
            lambda case: (
                f"{_loss(case)}: that is the sum over time, {case.inputs[1].shape[1]} characters, "
                "averaged over "
                "the batch. Average over both."
            ),
            lambda logits, targets: -_probs(logits, targets).log().sum() / len(logits),
        ),
        Wrong(
            "bits for nats",
            lambda case: f"{_loss(case)}: that is in bits. For nats take log, not log2.",
            lambda logits, targets: -_probs(logits, targets).log2().mean(),
        ),
        Wrong(
            "the minus is missing",
            lambda case: (
                f"{_loss(case)}: a loss is at least 0. The logarithm of a probability is negative: -log p."
            ),
            lambda logits, targets: _probs(logits, targets).log().mean(),
        ),
        Wrong(
            "the log is missing",
            lambda case: (
                f"{_loss(case)}: that is minus the mean probability. The loss is the mean of -log p."
            ),
            lambda logits, targets: -_probs(logits, targets).mean(),
        ),
        Wrong(
            "the mean before the log",
            lambda case: f"{_loss(case)}: you took the mean first. Take each -log p, then the mean.",
            lambda logits, targets: -_probs(logits, targets).mean().log(),
        ),
        Wrong(
            "no softmax",
            lambda case: (
                f"{_loss(case)}: that is minus the mean of the raw logits. A logit becomes a "
                "log-probability by "
                "log_softmax."
            ),
            lambda logits, targets: -logits.gather(-1, targets[..., None]).mean(),
        ),
        Wrong(
            "all V characters count",
            lambda case: (
                f"{_loss(case)}: you averaged over all {case.inputs[0].shape[-1]} characters. Only the "
                "target's "
                "log-probability counts: pick it with gather."
            ),
            lambda logits, targets: -logits.log_softmax(-1).mean(),
        ),
    ),
)


def _floor(V: int) -> float:
    """The least that cross-entropy can say to probabilities: one is 1, the others 0."""
    return F.cross_entropy(torch.eye(V)[:1], torch.tensor([0])).item()


# --- train_step -----------------------------------------------------------------------------------


def train_step(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor
) -> float:
    _, loss = model(x, y)
    optimizer.zero_grad()  # else this step's gradient is added to the last one's
    loss.backward()
    optimizer.step()
    return loss.item()


class _Watched(torch.optim.SGD):
    """Plain gradient descent that writes down when it steps."""

    def __init__(self, params, lr: float, calls: list[str]) -> None:
        super().__init__(params, lr=lr)
        self._calls = calls

    def step(self, closure=None):
        self._calls.append("step")
        return super().step(closure)


def _two_steps(train_step: Callable, table: torch.Tensor, batches: list[tuple]) -> dict:
    """The losses and the tables after each of two steps; `_calls` in the order in which they came."""
    calls: list[str] = []
    model = BigramLM(len(table))
    weight = model.token_embedding_table.weight
    with torch.no_grad():
        weight.copy_(table)
    weight.register_hook(lambda grad: calls.append("backward"))
    optimizer = _Watched(model.parameters(), lr=2.0, calls=calls)
    found: dict = {"_calls": calls, "_start": table}
    for number, (x, y) in enumerate(batches, 1):
        loss = train_step(model, optimizer, x, y)
        if isinstance(loss, torch.Tensor | float):
            loss = numbers(loss)
        found[f"table after step {number}"] = weight.detach().clone()
        found[f"loss of step {number}"] = loss
    return found


def _step_inputs(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for V, B, T in [(5, 4, 8), (7, 1, 6), (3, 3, 1)]:
        ids = torch.randint(V, (2, B, T + 1), generator=generator)
        batches = [(pair[:, :-1], pair[:, 1:]) for pair in ids]
        cases.append((torch.randn(V, V, generator=generator), batches))
    return cases


def _moved(case: Case, number: int) -> float:
    """How far a step moved the table, as a length."""
    before = case.got["_start"] if number == 1 else case.got[f"table after step {number - 1}"]
    return (case.got[f"table after step {number}"] - before).norm().item()


def _should_move(case: Case, number: int) -> float:
    before = case.got["_start"] if number == 1 else case.want[f"table after step {number - 1}"]
    return (case.want[f"table after step {number}"] - before).norm().item()


def _still(case: Case) -> str:
    return f"After 2 steps the table has moved by {_moved(case, 1) + _moved(case, 2):.3g}"


def _order(*wanted: str) -> Callable[[Case], bool]:
    """Whether the first call did just this, in this order."""
    return lambda case: tuple(case.got["_calls"][: len(wanted)]) == wanted


def _stepper(*moves: Callable) -> Callable:
    """train_step from its moves, each taking (model, optimizer, loss)."""

    def train_step(model, optimizer, x, y):
        loss = model(x, y)[1]
        for move in moves:
            move(model, optimizer, loss)
        return loss.item()

    return train_step


def _zero(model, optimizer, loss):
    optimizer.zero_grad()


def _backward(model, optimizer, loss):
    loss.backward()


def _uphill(model, optimizer, loss):
    (-loss).backward()


def _step(model, optimizer, loss):
    optimizer.step()


def _loss_afterwards(model, optimizer, x, y):
    _stepper(_zero, _backward, _step)(model, optimizer, x, y)
    return model(x, y)[1].item()


def _targets_are_x(model, optimizer, x, y):
    return _stepper(_zero, _backward, _step)(model, optimizer, x, x)


train_step = Exercise(
    name="train_step",
    prompt=(
        "Write train_step(model, optimizer, x, y): one step of training on one batch. Return the loss as it "
        "was before the step."
    ),
    answer=train_step,
    make_inputs=_step_inputs,
    run=_two_steps,
    note=lambda values: (
        "Two steps with two batches moved the table as they should, and gradients were cleared."
    ),
    hints=(
        (
            "Four moves: the loss of this batch, clear the old gradients, compute new ones, change the "
            "parameters."
        ),
        (
            "loss.backward() adds to the gradients that are there. So optimizer.zero_grad() comes "
            "before it, and "
            "optimizer.step() after it."
        ),
        (
            "_, loss = model(x, y); optimizer.zero_grad(); loss.backward(); optimizer.step(); "
            "return loss.item()"
        ),
    ),
    wrong=(
        Wrong(
            "gradients are never cleared",
            lambda case: (
                f"Step 2 moved the table by {_moved(case, 2):.3g} instead of "
                f"{_should_move(case, 2):.3g}: the "
                "gradient of step 1 was still there and was added. Call optimizer.zero_grad() before "
                "loss.backward()."
            ),
            _stepper(_backward, _step),
        ),
        Wrong(
            "the step comes before backward",
            lambda case: (
                f"Step 1 moved the table by {_moved(case, 1):.3g}: when optimizer.step() ran, there was no "
                "gradient yet. First loss.backward(), then optimizer.step()."
            ),
            _stepper(_zero, _step, _backward),
            _stepper(_step, _backward),
            _stepper(_step, _zero, _backward),
            sign=_order("step", "backward"),
        ),
        Wrong(
            "gradients are cleared between backward and step",
            lambda case: (
                f"{_still(case)}: zero_grad() threw the gradient away before step() could use it. Clear "
                "before "
                "loss.backward()."
            ),
            _stepper(_backward, _zero, _step),
            sign=_order("backward", "step"),
        ),
        Wrong(
            "no step",
            lambda case: (
                f"{_still(case)}: the gradient is there, and nobody used it. Call optimizer.step() after "
                "loss.backward()."
            ),
            _stepper(_zero, _backward),
            sign=lambda case: set(case.got["_calls"]) == {"backward"},
        ),
        Wrong(
            "no backward",
            lambda case: (
                f"{_still(case)}: no gradient was ever computed. Call loss.backward() before "
                "optimizer.step()."
            ),
            _stepper(_zero, _step),
            _stepper(),
            sign=lambda case: "backward" not in case.got["_calls"],
        ),
        Wrong(
            "two steps in one",
            lambda case: (
                f"Step 1 moved the table by {_moved(case, 1):.3g} instead of {_should_move(case, 1):.3g}: "
                "optimizer.step() ran twice for one gradient."
            ),
            _stepper(_zero, _backward, _step, _step),
        ),
        Wrong(
            "uphill",
            lambda case: (
                f"Step 1 moved the table by {_moved(case, 1):.3g}, but the wrong way: the loss goes up. Call "
                "backward() on the loss itself, not on -loss."
            ),
            _stepper(_zero, _uphill, _step),
        ),
        Wrong(
            "the loss after the step",
            lambda case: (
                f"You returned {float(case.got['loss of step 1']):.4g}; before the step the loss was "
                f"{float(case.want['loss of step 1']):.4g}. Return the loss that you called backward() on."
            ),
            _loss_afterwards,
        ),
        Wrong(
            "the targets are x",
            lambda case: (
                f"Your loss is {float(case.got['loss of step 1']):.4g} instead of "
                f"{float(case.want['loss of step 1']):.4g}: that is the loss of guessing x from x. The "
                "targets "
                "are y: model(x, y)."
            ),
            _targets_are_x,
        ),
    ),
)


# --- best_alpha -----------------------------------------------------------------------------------


def best_alpha(counts: torch.Tensor, data: torch.Tensor) -> float:
    def loss(alpha: float) -> float:
        probs = (counts + alpha) / (counts + alpha).sum(dim=1, keepdim=True)
        return -probs[data[:-1], data[1:]].log().mean().item()

    candidates = [10 ** (k / 20) for k in range(-60, 21)]  # from 0.001 to 10, each 12% more
    return min(candidates, key=loss)


@functools.cache
def _whole_text() -> tuple:
    _, known, train, val = published()
    counts = bigram_counts(train, len(known))
    return counts, val, lowest_loss(counts, val)


def _alpha_inputs(seed: int) -> list[tuple]:
    """Counts of a short text, of a longer one, and at the end of all the training text."""
    _, known, train, val = published()
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for length in (3_000, 8_000):
        counts = bigram_counts(passage(train, length, generator), len(known))
        data = passage(val, 5_000, generator)
        cases.append((counts, data, lowest_loss(counts, data)))
    return [*cases, _whole_text()]


def _grid(counts: torch.Tensor, data: torch.Tensor) -> dict[float, float]:
    """alpha to loss, coarsely."""
    pairs = bigram_counts(data, len(counts))
    return {alpha: pair_loss(counts, pairs, alpha) for alpha in [10 ** (k / 10) for k in range(-40, 21)]}


def _best_for_train(counts, data):
    return min((pair_loss(counts, counts, alpha), alpha) for alpha in (1e-4, 1e-3, 1e-2, 1e-1, 1.0))[1]


def _worst_for_val(counts, data):
    losses = _grid(counts, data)
    return max(losses, key=losses.get)


def _the_loss_itself(counts, data):
    return min(_grid(counts, data).values())


best_alpha = Exercise(
    name="best_alpha",
    prompt=(
        "Write best_alpha(counts, data): the alpha > 0 that, added to every count, gives the lowest bigram "
        "loss on data. A number is fine too; it is judged on the whole text."
    ),
    answer=best_alpha,
    make_inputs=_alpha_inputs,
    run=smoothing_facts,
    takes_value=True,
    note=lambda values: values[-1]["alpha"].said,
    hints=(
        "Write the loss as a function of alpha. Then try many values and keep the best.",
        (
            "Try alphas that grow by a factor, such as 0.001 to 10 in steps of 12%: small ones differ "
            "as much as "
            "large ones. Judge them on data, not on the counts."
        ),
        (
            "loss(alpha): probs = (counts + alpha) / (counts + alpha).sum(dim=1, keepdim=True), then "
            "the mean of "
            "-log probs[data[:-1], data[1:]]; return min(candidates, key=loss)."
        ),
    ),
    wrong=(
        Wrong(
            "chosen on the training text",
            lambda case: (
                f"{case.got['alpha'].said} So small a value is best for the very counts that it came from. "
                "Choose on data, which was not counted."
            ),
            _best_for_train,
            lambda counts, data: 1e-9,
        ),
        Wrong(
            "no smoothing",
            lambda case: f"{case.got['alpha'].said} With nothing added, a pair never seen has probability 0.",
            lambda counts, data: 0.0,
        ),
        Wrong(
            "always 1",
            lambda case: (
                f"{case.got['alpha'].said} 1 is a good start for a long text; for a short one it drowns the "
                "counts. Search."
            ),
            lambda counts, data: 1.0,
        ),
        Wrong(
            "the highest loss instead of the lowest",
            lambda case: (
                f"{case.got['alpha'].said} So much drowns the counts: look for the lowest loss, min."
            ),
            _worst_for_val,
        ),
        Wrong(
            "the loss instead of alpha",
            lambda case: f"{case.got['alpha'].said} Return the alpha that belongs to the lowest loss.",
            _the_loss_itself,
        ),
    ),
)
