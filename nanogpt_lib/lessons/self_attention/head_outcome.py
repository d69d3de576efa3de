"""What comes out of a head and what reaches its matrices on the way back; what must hold of both."""

from collections.abc import Callable
from dataclasses import replace

import torch

from nanogpt_lib.kit.diagnose import Invariant, Observe, Run, no_future, weights_sum_to_1
from nanogpt_lib.kit.measures.gradients import numpy_refused
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import numbers

MATRICES = ("W_q", "W_k", "W_v")


def with_gradients(head_forward: Callable, x: torch.Tensor, *matrices: torch.Tensor) -> dict:
    """Return the output, and what reaches each matrix when a sum of the output is differentiated."""
    matrices = tuple(matrix.requires_grad_() for matrix in matrices)
    with numpy_refused():
        output = head_forward(x, *matrices)
    gradients: list = [None] * 3
    if isinstance(output, torch.Tensor) and output.requires_grad:
        # Other numbers at every place: the gradient of a plain sum could cancel.
        factors = torch.arange(1.0, output.numel() + 1).cos().reshape(output.shape)
        gradients = list(torch.autograd.grad((output * factors).sum(), matrices, allow_unused=True))
        output = output.detach()
    found = {"output": output}
    for name, matrix, gradient in zip(MATRICES, matrices, gradients, strict=True):
        found[f"gradient of {name}"] = torch.zeros_like(matrix) if gradient is None else gradient
    return found


def cut(got: dict, want: dict) -> str:
    """Return the names of the matrices that should get a gradient, and get none: "W_q, W_k and W_v"."""
    gradients = [(name, f"gradient of {name}") for name in MATRICES]
    names = [name for name, gradient in gradients if not got[gradient].any() and want[gradient].any()]
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


class Head:
    """The learner's weights on the first input, and which matrices get no gradient."""

    def __init__(self, case: Case) -> None:
        output = numbers(case.got["output"])
        self.weight, self.wanted = output[0], numbers(case.want["output"])[0]
        self.row_sum, self.nan = self.weight.sum(-1), self.weight.isnan().sum(-1)
        self.future, self.shape = self.weight[0, 1:].sum(), tuple(output.shape)
        self.cut = cut(case.got, case.want)
        gradient = case.got["gradient of W_v"]
        self.zeros, self.all = int((gradient == 0).sum()), gradient.numel()


class Shapes:
    """The shapes, or the error where there is none."""

    def __init__(self, case: Case) -> None:
        self.x_shape, self.T = tuple(case.inputs[0].shape), case.inputs[0].shape[1]
        if case.error is not None:
            self.what_came = f"{type(case.error).__name__}: {str(case.error).splitlines()[0]}"
        else:
            self.what_came = f"your result has shape {tuple(numbers(case.got['output']).shape)}"


def _of_output(invariant: Invariant) -> Invariant:
    """Return an invariant of the output alone, to be asked of answers whose gradients are found as well."""

    def alone(outcome):
        return replace(outcome, value=outcome.value["output"] if outcome.value else None)

    def asked(observe: Observe, run: Run) -> str:
        return invariant(lambda inputs: alone(observe(inputs)), replace(run, outcome=alone(run.outcome)))

    return asked


output_sees_no_future = _of_output(no_future)


def rows_of_weights_sum_to_1(observe: Observe, run: Run) -> str:
    """Say which row does not: with ones for x and a W_v that keeps them, every output is that sum."""
    x, W_q, W_k, W_v = run.inputs
    keep = torch.full_like(W_v, 1 / W_v.shape[0])
    return _of_output(weights_sum_to_1)(observe, replace(run, inputs=(x, W_q, W_k, keep)))


def gradients_arrive(observe: Observe, run: Run) -> str:
    """Say which matrices get no gradient, though they should."""
    names = cut(run.outcome.value, run.want)
    if not names:
        return ""
    return f"{names}: the gradient is 0 at all {run.inputs[1].numel()} numbers, so training could change nothing there. Where is the way from the output back to it cut?"
