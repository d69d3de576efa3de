"""One step of training: the loss, clear the old gradients, compute new ones, change the parameters."""

from collections.abc import Callable

import torch

from nanogpt_lib.bigram import BigramLM
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import numbers

RATE, MOMENTUM = 2.0, 0.9


def two_batches(seed: int) -> list[tuple]:
    """Return tables of logits, each with two batches for one step after the other; then with momentum, and with a long gradient."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for V, B, T in [(5, 4, 8), (7, 1, 6), (3, 3, 1)]:
        ids = torch.randint(V, (2, B, T + 1), generator=generator)
        batches = [(pair[:, :-1], pair[:, 1:]) for pair in ids]
        cases.append((torch.randn(V, V, generator=generator), batches))
    sure = torch.tensor([[0.0, 9.0, 0.0]]).repeat(3, 1)  # always of id 1, so the gradient is long
    same = (torch.tensor([[0]]), torch.tensor([[2]]))
    return [*cases, (*cases[0], MOMENTUM), (sure, [same, same])]


class Watched(torch.optim.SGD):
    """Gradient descent, with momentum or plain, that writes down when it steps."""

    def __init__(self, params, momentum: float, calls: list[str]) -> None:
        super().__init__(params, lr=RATE, momentum=momentum)
        self._calls = calls

    def step(self, closure=None):
        self._calls.append("step")
        return super().step(closure)


def two_steps(train_step: Callable, table: torch.Tensor, batches: list[tuple], momentum: float = 0.0) -> dict:
    """Return the losses and the tables after each of two steps; `_calls` in the order in which they came."""
    calls: list[str] = []
    model = BigramLM(len(table))
    weight = model.token_embedding_table.weight
    with torch.no_grad():
        weight.copy_(table)
    weight.register_hook(lambda grad: calls.append("backward"))
    optimizer = Watched(model.parameters(), momentum, calls)
    found: dict = {"_calls": calls}
    for number, (x, y) in enumerate(batches, 1):
        loss = train_step(model, optimizer, x, y)
        if isinstance(loss, torch.Tensor | float):
            loss = numbers(loss)
        found[f"table after step {number}"] = weight.detach().clone()
        found[f"loss of step {number}"] = loss
    return found


class Steps:
    """How far each step moved the table, as a length, and the loss that came back from the first."""

    def __init__(self, case: Case) -> None:
        self.moved_1, self.moved_2 = lengths(case.inputs[0], case.got)
        self.wanted_1, self.wanted_2 = lengths(case.inputs[0], case.want)
        self.moved = self.moved_1 + self.moved_2
        self.loss, self.wanted_loss = (float(found["loss of step 1"]) for found in (case.got, case.want))


def lengths(start: torch.Tensor, found: dict) -> tuple[float, float]:
    first, second = found["table after step 1"], found["table after step 2"]
    return (first - start).norm().item(), (second - first).norm().item()


ex = Exercise(
    prompt="Write train_step(model, optimizer, x, y): one step of training on one batch. Return the loss as it was before the step.",
    hints=(
        "Four moves: the loss of this batch, clear the old gradients, compute new ones, change the parameters.",
        "loss.backward() adds to the gradients that are there. So optimizer.zero_grad() comes before it, and optimizer.step() after it.",
        "_, loss = model(x, y); optimizer.zero_grad(); loss.backward(); optimizer.step(); return loss.item()",
    ),
    inputs=two_batches,
    run=two_steps,
    see=Steps,
    note="Two steps with two batches moved the table as they should, and gradients were cleared.",
)


@ex.right
def train_step(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor
) -> float:
    _, loss = model(x, y)
    optimizer.zero_grad()  # else this step's gradient is added to the last one's
    loss.backward()
    optimizer.step()
    return loss.item()


@ex.also_right
def step_cleared_by_hand(m, opt, xb, yb):
    _, cost = m(xb, yb)
    for parameter in m.parameters():
        parameter.grad = None
    cost.backward()
    opt.step()
    return cost


@ex.also_right
def step_cleared_afterwards(model, optimizer, x, y):
    loss = model(x, y)[1]
    loss.backward()
    optimizer.step()
    model.zero_grad()
    return loss.detach().double()


MOVES = {
    "zero_grad": lambda optimizer, loss: optimizer.zero_grad(),
    "backward": lambda optimizer, loss: loss.backward(),
    "keep": lambda optimizer, loss: loss.backward(retain_graph=True),
    "uphill": lambda optimizer, loss: (-loss).backward(),
    "step": lambda optimizer, loss: optimizer.step(),
}


def stepper(*moves: str) -> Callable:
    """Return the train_step that makes these moves, one after the other."""

    def train_step(model, optimizer, x, y):
        loss = model(x, y)[1]
        for move in moves:
            MOVES[move](optimizer, loss)
        return loss.item()

    return train_step


def begins_with(*calls: str) -> Callable[[Case], bool]:
    """Return whether the answer made these calls first, in this order."""
    return lambda case: tuple(case.got["_calls"][: len(calls)]) == calls


ex.mistake(
    "gradients are never cleared",
    "Step 2 moved the table by {moved_2:.3g} instead of {wanted_2:.3g}: the gradient of step 1 was still there and was added. Call optimizer.zero_grad() before loss.backward().",
    stepper("backward", "step"),
)
ex.mistake(
    "the step comes before backward",
    "Step 1 moved the table by {moved_1:.3g}: when optimizer.step() ran, there was no gradient yet. First loss.backward(), then optimizer.step().",
    stepper("zero_grad", "step", "backward"),
    stepper("step", "zero_grad", "backward"),
    when=begins_with("step", "backward"),
)
ex.mistake(
    "gradients are cleared between backward and step",
    "After 2 steps the table has moved by {moved:.3g}: zero_grad() threw the gradient away before step() could use it. Clear before loss.backward().",
    stepper("backward", "zero_grad", "step"),
    when=begins_with("backward", "step"),
)
ex.mistake(
    "no step",
    "After 2 steps the table has moved by {moved:.3g}: the gradient is there, and nobody used it. Call optimizer.step() after loss.backward().",
    stepper("zero_grad", "backward"),
    when=lambda case: set(case.got["_calls"]) == {"backward"},
)
ex.mistake(
    "no backward",
    "After 2 steps the table has moved by {moved:.3g}: no gradient was ever computed. Call loss.backward() before optimizer.step().",
    stepper("zero_grad", "step"),
    when=lambda case: "backward" not in case.got["_calls"],
)
ex.mistake(
    "two steps in one",
    "Step 1 moved the table by {moved_1:.3g} instead of {wanted_1:.3g}: optimizer.step() ran twice for one gradient.",
    stepper("zero_grad", "backward", "step", "step"),
    when=begins_with("backward", "step", "step"),
)
ex.mistake(
    "backward twice",
    "Step 1 moved the table by {moved_1:.3g} instead of {wanted_1:.3g}: backward() ran twice, and gradients are added up.",
    stepper("zero_grad", "keep", "backward", "step"),
    when=begins_with("backward", "backward", "step"),
)
ex.mistake(
    "uphill",
    "Step 1 moved the table by {moved_1:.3g}, but the wrong way: the loss goes up. Call backward() on the loss itself, not on -loss.",
    stepper("zero_grad", "uphill", "step"),
)


@ex.mistake(
    "the loss after the step",
    "You returned {loss:.4g}; before the step the loss was {wanted_loss:.4g}. Return the loss that you called backward() on.",
)
def _(model, optimizer, x, y):
    train_step(model, optimizer, x, y)
    return model(x, y)[1].item()


@ex.mistake(
    "the step is made by hand",
    "With an optimizer that keeps momentum step 2 moved the table by {moved_2:.3g} instead of {wanted_2:.3g}: you changed the weights yourself. How a step is made is the optimizer's own business: call optimizer.step().",
)
def _(model, optimizer, x, y):
    loss = model(x, y)[1]
    optimizer.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= RATE * parameter.grad
    return loss.item()


@ex.mistake(
    "the gradient is cut to a length",
    "Step 1 moved the table by {moved_1:.3g} instead of {wanted_1:.3g}: you clipped the gradient. That is for later; here the optimizer takes it as it is.",
)
def _(model, optimizer, x, y):
    _, loss = model(x, y)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


ex.mistake(
    "the targets are x",
    "Your loss is {loss:.4g} instead of {wanted_loss:.4g}: that is the loss of guessing x from x. The targets are y: model(x, y).",
    lambda model, optimizer, x, y: train_step(model, optimizer, x, x),
)


@ex.mistake(
    "two whole steps",
    "Step 1 moved the table by {moved_1:.3g} instead of {wanted_1:.3g}: you made two steps, each with a gradient of its own. One is asked for.",
    when=begins_with("backward", "step", "backward", "step"),
)
def _(model, optimizer, x, y):
    train_step(model, optimizer, x, y)
    return train_step(model, optimizer, x, y)


@ex.mistake("two whole steps")
def _(model, optimizer, x, y):
    loss = train_step(model, optimizer, x, y)
    train_step(model, optimizer, x, y)
    return loss
