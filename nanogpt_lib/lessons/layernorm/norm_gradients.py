"""What a norm lets back: whether its inputs are as before, and the gradients that reach them."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.measures.gradients import gradients, numpy_refused
from nanogpt_lib.kit.outcome import Fact

NAMES = ("x", "gamma", "beta")


def normed(
    layer_norm: Callable, x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, eps: float
) -> dict:
    """Return the output, whether the inputs are as before, and what gradients reach them.

    No gradients where a row is constant: they are hundreds of times larger there, and rounding is too.
    """
    given = x, gamma, beta
    before = [one.clone() for one in given]
    found: dict = {"output": layer_norm(*given, eps)}
    changed = [name for name, was, now in zip(NAMES, before, given, strict=True) if not torch.equal(was, now)]
    said = f"{' and '.join(changed)} changed: {len(changed)} of 3 inputs."
    found["inputs"] = Fact(tuple(changed), said if changed else "x, gamma and beta are as before.")
    if changed or (x == x[..., :1]).all(dim=-1).any():
        return found
    tensors = [one.requires_grad_() for one in before]
    with numpy_refused():
        output = layer_norm(*tensors, eps)
    reached = gradients(output, tensors)
    for name, tensor, gradient in zip(NAMES, tensors, reached, strict=True):
        found[f"gradient of {name}"] = torch.zeros_like(tensor) if gradient is None else gradient
    return found


def gradients_arrive(observe: Observe, run: Run) -> str:
    """Return which input gets no gradient, in words, or nothing."""
    for name in NAMES:
        gradient = run.outcome.value.get(key := f"gradient of {name}")
        if gradient is not None and not gradient.any() and run.want[key].any():
            return f"The gradient of {name} is 0 at all {gradient.numel()} numbers, so nothing could be learned through it. Where is the way from the output back to it cut?"
    return ""
