"""What an answer in place of plain attention gives, forward and backward, and whether torch's kernel made it."""

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from nanogpt_lib.kit.measures.gradients import gradients, numpy_refused
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import Fact, Refusal

KERNEL = torch.nn.functional.scaled_dot_product_attention
PARTS = ("q", "k", "v")


class _Calls(TorchFunctionMode):
    """Count the calls of torch's kernel, by whatever name it was imported."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        if func is KERNEL:
            self.count += 1
            _refuse_what_crashes(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _refuse_what_crashes(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> None:
    """Refuse another number of keys than of values: torch's kernel reads beyond its memory, and Python ends."""
    if key.shape[-2] != value.shape[-2]:
        sizes = f"{key.shape[-2]} keys and {value.shape[-2]} values"
        raise Refusal(f"The kernel got {sizes}: each key has one value. Its arguments are query, key, value.")


def to_attend(seed: int) -> list[tuple]:
    """Return some (q, k, v, scale): a whole text, one new position, a few new ones, and a text of one."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for B, H, Tq, Tk, D, scale in (
        (1, 1, 3, 3, 2, 2.0),
        (2, 3, 6, 6, 4, 0.3),
        (1, 2, 1, 5, 4, 0.5),
        (2, 2, 3, 7, 8, 0.9),
        (1, 2, 1, 1, 4, 1.5),
    ):
        q = torch.randn(B, H, Tq, D, generator=generator)
        k, v = torch.randn(2, B, H, Tk, D, generator=generator).clone().unbind()
        cases.append((q, k, v, scale))
    return cases


def compared(
    attend: Callable, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float
) -> dict[str, object]:
    """Return the output, what comes back to q, k and v, and how often the kernel was called."""
    tensors = tuple(tensor.requires_grad_() for tensor in (q, k, v))
    with _Calls() as calls, numpy_refused():
        output = attend(*tensors, scale)
    if not isinstance(output, torch.Tensor):
        raise Refusal(f"Expected a tensor of shape {tuple(q.shape)}, got {type(output).__name__}.")
    found: dict[str, object] = {"output": output.detach()}
    for name, tensor, gradient in zip(PARTS, tensors, gradients(output, tensors), strict=True):
        found[f"gradient of {name}"] = torch.zeros_like(tensor) if gradient is None else gradient
    said = f"You called torch's kernel {calls.count} times."
    return found | {"kernel": Fact(calls.count > 0, said)}


class Attended:
    """The learner's output at the first place where it is off, and how far the gradients are off."""

    def __init__(self, case: Case) -> None:
        q, k, *_ = case.inputs
        self.Tq, self.Tk, self.scale = q.shape[2], k.shape[2], case.inputs[3]
        if case.error is not None:
            self.raised = f"{type(case.error).__name__}: {str(case.error).splitlines()[0]}"
            return
        got, want = case.got["output"], case.want["output"]
        self.shape = tuple(got.shape)
        self.kernel = case.got["kernel"].said
        if got.shape != want.shape:
            return
        self.off = (got - want).abs().max()
        self.nan = int(got.isnan().sum())
        row = int(((got - want).abs().amax(dim=(0, 1, 3)).nan_to_num(9.0) > 1e-4).float().argmax())
        mine, right = ([round(number, 2) for number in x[0, 0, row].tolist()] for x in (got, want))
        self.where = f"With {self.Tq} queries and {self.Tk} keys your row {row} is {mine}, and plain attention gives {right}"
        names = [name for name in PARTS if case.want[f"gradient of {name}"].any()]
        self.lost = [name for name in names if not case.got[f"gradient of {name}"].any()]
        self.lost_numbers = sum(case.got[f"gradient of {name}"].numel() for name in self.lost)
