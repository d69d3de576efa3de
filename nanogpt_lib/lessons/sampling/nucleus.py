"""What a cut by p keeps, row by row, and what that held before."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import Refusal, numbers
from nanogpt_lib.lessons.sampling.shared import Kept, rows, sum_off


def nucleus(top_p: Callable, probs: torch.Tensor, p: float) -> dict[str, torch.Tensor]:
    """Return what a cut returns, and apart from it what is left, however small."""
    result = top_p(probs, p)
    values = numbers(result)
    if values is None or isinstance(result, list | tuple):
        raise Refusal(f"Expected a tensor of shape {tuple(probs.shape)}, got {type(result).__name__}.")
    if (probs.diff() == 0).any():  # of equals, it is all the same which of them stay
        result, values = (
            one.sort(dim=-1, descending=True).values for one in (torch.as_tensor(result), values)
        )
    return {"probs": result, "kept": (values > 0).float()}


def keeps_as_many(observe: Observe, run: Run) -> str:
    """Say in which row other ids are kept than should be."""
    probs, p = run.inputs
    kept = Kept(run.outcome.value["kept"] > 0, run.want["kept"] > 0)
    if kept.row is None:
        return ""
    row = [round(one, 3) for one in rows(probs)[kept.row].tolist()]
    return f"In row {kept.row} with p = {p:g} you keep ids {kept.ids}; right would be {kept.right}. The row is {row}."


def sums_to_1(observe: Observe, run: Run) -> str:
    """Say which row does not sum to 1."""
    sums = numbers(run.outcome.value["probs"]).sum(-1).flatten()
    row = int((sums - 1).abs().argmax())
    return f"Row {row} sums to {sums[row]:.3g}, not to 1." if (sums[row] - 1).abs() > 1e-5 else ""


class Nucleus:
    """What the learner keeps in the first row that is not right, what that held, and where the values stand."""

    def __init__(self, case: Case) -> None:
        probs, p = case.inputs
        values, kept = numbers(case.got["probs"]), Kept(case.got["kept"] > 0, case.want["kept"] > 0)
        held = rows(probs)[kept.row or 0][kept.mask].sum()
        self.kept = f"With p = {p:g} {kept.said}, which held {held:.3g}"
        self.sum_off = f"With p = {p:g} {sum_off(values)}"
        self.likeliest, self.largest = int(rows(probs)[0].argmax()), int(rows(values)[0].argmax())
        self.ones, self.size = int((values == 1).sum()), values.numel()
