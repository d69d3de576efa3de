"""From a table of counts to probabilities: each row is divided by its own sum."""

import torch

from nanogpt_lib.kit.diagnose import rows_sum_to_1
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case


def tables(seed: int) -> list[tuple]:
    """Return tables of whole counts with no empty row, not symmetric; the first is small enough to read."""
    generator = torch.Generator().manual_seed(seed)
    tables = []
    for V in (4, 3, 9, 1, 65):
        table = torch.randint(0, 20, (V, V), generator=generator)
        table += torch.randint(1, 4, (V, 1), generator=generator) * (torch.arange(V) + 1)
        tables.append((table,))
    return tables


class Table:
    """The learner's table: what its rows and columns sum to, and its largest values."""

    def __init__(self, case: Case) -> None:
        self.row_sum, self.column_sum, self.sum = case.got.sum(1), case.got.sum(0), case.got.sum()
        self.worst_row = int((self.row_sum - 1).abs().argmax())
        self.worst_sum = self.row_sum[self.worst_row]
        self.largest, self.largest_in_row, self.counted = case.got.max(), case.got.amax(1), case.want.amax(1)
        self.zeros, self.all = int((case.got == 0).sum()), case.got.numel()


ex = Exercise(
    prompt="Write normalise(counts): from a (V, V) table of counts the probabilities; every row sums to 1.",
    hints=(
        "Row i holds what came after character i. Divide each row by its own sum.",
        "counts.sum(dim=1) has shape (V,), and broadcasting lays it along the columns. You need (V, 1).",
        "counts / counts.sum(dim=1, keepdim=True)",
    ),
    inputs=tables,
    see=Table,
    holds=(rows_sum_to_1,),
    note="Every row sums to 1.",
    axes="V, V",
)


@ex.right
def normalise(counts: torch.Tensor) -> torch.Tensor:
    return counts / counts.sum(dim=1, keepdim=True)  # (V, V) / (V, 1): each row by its own sum


@ex.also_right
def normalise_by_rows(table):
    return torch.stack([row.double() / row.sum() for row in table])


@ex.also_right
def normalise_by_einsum(n):
    return torch.einsum("ij,i->ij", n.float(), 1 / n.sum(1))


ex.mistake(
    "keepdim is missing",
    "Row {worst_row} sums to {worst_sum:.3g}, not to 1: without keepdim=True the sums are (V,), laid along the columns, so each column was divided by the sum of another row.",
    lambda counts: counts / counts.sum(dim=1),
)
ex.mistake(
    "the columns sum to 1",
    "Row {worst_row} sums to {worst_sum:.3g}, not to 1, but column 0 sums to {column_sum[0]:.3g}: dim=0 adds up the columns. What follows a character is in its row: dim=1.",
    lambda counts: counts / counts.sum(dim=0, keepdim=True),
)
ex.mistake(
    "the whole table sums to 1",
    "Row 0 sums to {row_sum[0]:.3g}, and the whole table to {sum:.3g}: these are the probabilities of pairs. Divide each row by its own sum, with dim=1.",
    lambda counts: counts / counts.sum(),
)
ex.mistake(
    "a softmax of the counts",
    "The largest probability of row 0 is {largest_in_row[0]:.3g}, where {counted[0]:.3g} was counted: a softmax takes exp of the counts. Here a share is a count divided by a sum.",
    lambda counts: counts.double().softmax(dim=1),
)
ex.mistake(
    "divides by the largest",
    "Row {worst_row} sums to {worst_sum:.3g}, not to 1, and its largest value is {largest:.3g}: you divided by the largest count of the row. Divide by the sum.",
    lambda counts: counts / counts.amax(dim=1, keepdim=True),
)
ex.mistake(
    "whole-number division",
    "{zeros} of {all} probabilities are 0: // drops what is after the point. Divide with /.",
    lambda counts: counts // counts.sum(dim=1, keepdim=True),
)
ex.mistake(
    "one was added to every count",
    "Row 0 gives id 0 a probability of {got[0][0]:.3g} instead of {want[0][0]:.3g}: you smoothed with 1. That comes later; here the counts speak alone.",
    lambda counts: normalise(counts + 1),
)
