"""A wrong result is told by how it is related to the right one, if that is no accident."""

import math
from collections.abc import Callable

import pytest
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.relations import Pair, related
from nanogpt_lib.lessons import averaging_the_past, bigram, scaling

generator = torch.Generator().manual_seed(0)
SCALARS = [torch.tensor(value, dtype=torch.float64) for value in (2.14778, 0.734, 3.3019)]
TENSORS = [
    torch.rand(3, 4, 5, dtype=torch.float64, generator=generator) + 0.1,
    torch.rand(2, 4, 4, dtype=torch.float64, generator=generator) + 0.1,
]


def of(wants: list[torch.Tensor], make: Callable, sizes: tuple = (), axes: str = "") -> str:
    pairs: list[Pair] = [(make(want.clone()), want) for want in wants]
    return related(pairs, list(sizes) or [{} for _ in wants], axes, rtol=1e-4, atol=1e-6)


NUMBERS = {
    "the right result with the other sign": lambda w: -w,
    "1 minus the right result": lambda w: 1 - w,
    "the right result plus 1:": lambda w: w + 1,
    "the right result minus 1:": lambda w: w - 1,
    "100 times the right result": lambda w: 100 * w,
    "a hundredth of the right result": lambda w: w / 100,
    "in bits, where nats are asked for": lambda w: w / math.log(2),
    "that turns bits into nats": lambda w: w * math.log(2),
    "log10 was taken": lambda w: w / math.log(10),
    "exp of the right result": torch.exp,
    "the logarithm of the right result": torch.log,
    "minus the logarithm of the right result": lambda w: -w.log(),
    "1 divided by the right result": lambda w: 1 / w,
    "the square of the right result": lambda w: w * w,
    "the root of the right result": torch.sqrt,
    "rounded to whole numbers": torch.round,
    "cut to whole numbers": torch.floor,
    "rounded to 3 decimals": lambda w: (w * 1000).round() / 1000,
    "rounded to 1 decimal": lambda w: (w * 10).round() / 10,
    "rounded to 2 decimals": lambda w: (w * 100).round() / 100,
    "the right result times 3, on every input": lambda w: 3 * w,
    "the right result plus 0.25 on every input": lambda w: w + 0.25,
}


@pytest.mark.parametrize("words", NUMBERS)
@pytest.mark.parametrize("wants", [SCALARS, TENSORS], ids=["numbers", "tensors"])
def test_a_relation_of_numbers_is_named(words: str, wants: list) -> None:
    said = of(wants, NUMBERS[words])
    assert said.startswith("Yours is ")
    assert words in said
    assert "either" not in said


def only(dimension: int, place: int) -> Callable:
    def make(want):
        want.select(dimension, place).fill_(7.0)
        return want

    return make


def off_diagonal(want):
    return want + torch.eye(4, dtype=torch.float64)


PLACES = {
    "turned round along dimension 2 (C)": lambda w: w.flip(2),
    "shifted along dimension 1 (T): every value stands one place later": lambda w: w.roll(1, 1),
    "shifted along dimension 1 (T): every value stands one place earlier": lambda w: w.roll(-1, 1),
    "one place late along dimension 1 (T): only": lambda w: torch.cat([w[:, :1], w[:, :-1]], dim=1),
    "the first of the right result along dimension 1 (T), at every place": lambda w: w[:, :1].expand_as(w),
    "the last of the right result along dimension 0 (B), at every place": lambda w: w[-1:].expand_as(w),
    "in another order along dimension 1: look at which position stands where": lambda w: w[:, [2, 0, 3, 1]],
    "All that is wrong is at position 0, the first": only(1, 0),
    "All that is wrong is at position 3, the last": only(1, -1),
    "All that is wrong is at position 2; the others are right": only(1, 2),
    "All that is wrong is at channel 0, the first": only(2, 0),
}


@pytest.mark.parametrize("words", PLACES)
def test_a_relation_of_places_is_named(words: str) -> None:
    assert words in of(TENSORS, PLACES[words], axes="B, T, C")


def test_of_two_parts_each_is_told_to_be_the_other() -> None:
    pairs = [torch.rand(2, 4, dtype=torch.float64, generator=generator) for _ in range(2)]
    assert "with its two parts along dimension 0 exchanged" in of(pairs, lambda w: w.flip(0))


def test_an_infinite_result_is_no_sum_with_infinity() -> None:
    assert of(TENSORS, lambda w: w - math.inf) == ""


def test_of_a_half_either_neighbour_is_a_rounded_number() -> None:
    halves = [torch.tensor([0.125, 0.375, 0.625], dtype=torch.float64)]
    assert "rounded to 2 decimals" in of(halves, lambda w: torch.tensor([0.13, 0.37, 0.63]).double())


def test_swapped_axes_one_head_and_a_diagonal_are_named() -> None:
    square = [torch.rand(2, 3, 4, 4, dtype=torch.float64, generator=generator) for _ in range(2)]
    axes = "B, n_head, T, T"
    assert "with the dimensions 2 and 3 swapped" in of(square, lambda w: w.mT, axes=axes)
    assert "wrong is at head 1; the others are right" in of(square, only(1, 1), axes=axes)
    assert "wrong is on the diagonal" in of(square, off_diagonal, axes=axes)


@pytest.mark.parametrize(
    ("power", "words"),
    [(1, "times 8"), (-1, "divided by 8"), (0.5, "times the root of 8"), (-0.5, "divided by the root of 8")],
)
@pytest.mark.parametrize("wants", [SCALARS, TENSORS], ids=["numbers", "tensors"])
def test_a_factor_that_is_a_size_is_named_by_it(power: float, words: str, wants: list) -> None:
    sizes = [{"x.shape[0]": n, "x.shape[1]": 5} for n in (8, 3, 6)][: len(wants)]
    pairs = [(want * size["x.shape[0]"] ** power, want) for want, size in zip(wants, sizes, strict=True)]
    said = related(pairs, sizes, "", rtol=1e-4, atol=1e-6)
    assert f"the right result {words}, which is x.shape[0]" in said


def test_a_relation_must_hold_on_every_input() -> None:
    pairs = [(-want if at else 1 - want, want) for at, want in enumerate(SCALARS)]
    assert related(pairs, [{}] * 3, "", rtol=1e-4, atol=1e-6) == ""


def test_of_two_that_explain_both_are_told_and_of_more_none() -> None:
    half = [torch.tensor(2.0, dtype=torch.float64)]
    said = of(half, lambda w: w / 4)  # 1 / 2
    assert said.startswith("Yours is 1 divided by the right result")
    said = of([torch.tensor(1.0, dtype=torch.float64)], lambda w: w - 1)  # also 1 - w, and log(w)
    assert said == ""
    two = of([torch.tensor(4.0, dtype=torch.float64)], lambda w: w * 4 - 11)  # 5 = 4 + 1
    assert two.startswith("Yours is the right result plus 1")
    both = of([torch.tensor(-1.0, dtype=torch.float64)], lambda w: -w)  # 1 = -w = w² = |w|
    assert both == ""
    either = of([torch.tensor(-0.7, dtype=torch.float64)], lambda w: -w)  # the sign, or abs()
    assert either.startswith("Yours is either the right result with the other sign")
    assert ", or the right result without its sign" in either


def test_numbers_that_have_nothing_to_do_with_it_get_no_relation() -> None:
    for seed in range(20):
        other = torch.Generator().manual_seed(100 + seed)
        pairs = [(torch.rand(want.shape, dtype=torch.float64, generator=other), want) for want in TENSORS]
        assert related(pairs, [{"n": 7}, {"n": 9}], "B, T, C", rtol=1e-4, atol=1e-6) == ""
        pairs = [(torch.rand((), dtype=torch.float64, generator=other), want) for want in SCALARS]
        assert related(pairs, [{"n": n} for n in (7, 8, 9)], "", rtol=1e-4, atol=1e-6) == ""


# --- in a check -----------------------------------------------------------------------------------


def said(answer: Callable, exercise: Exercise) -> str:
    result = exercise.check(answer)
    assert result.status == "not yet"
    assert result.mistake == ""
    return result.message


def test_the_relation_stands_behind_the_learners_own_number() -> None:
    assert said(lambda z, y: 1 - bigram.nll.answer(z, y), bigram.nll) == (
        "Expected 2.14778, got -1.14778 for logits of shape (4, 8, 65), targets of shape (4, 8). "
        "Yours is 1 minus the right result: the share of all the rest."
    )
    message = said(lambda *inputs: 7 * scaling.scaled_scores.answer(*inputs), scaling.scaled_scores)
    assert "Yours is the right result times 7, on every input and at every place: look for" in message


def test_a_leak_between_the_sequences_of_a_batch_is_named() -> None:
    average = averaging_the_past.avg_tril

    def mixes(x):
        out = average.answer(x).clone()
        if len(x) > 1:
            out[0] = (out[0] + out[1]) / 2
        return out

    assert said(mixes, average) == (
        "Sequence 0 saw sequence 1, its neighbour in the batch: adding 1 to sequence 1 moved your result for "
        "sequence 0 by 0.5. Each is computed as if it were alone: look for a dim that takes in the batch. "
        "All that is wrong is at sequence 0, the first; the others are right."
    )


def test_rows_of_a_table_are_no_sequences_of_a_batch() -> None:
    def both_ways(counts):
        return bigram.normalise.answer(counts + counts.T)

    assert "Sequence" not in said(both_ways, bigram.normalise)


def test_a_leak_between_sequences_of_ids_is_named_unless_the_right_answer_has_it() -> None:
    ids = torch.tensor([[1, 2, 3], [4, 5, 7]])
    ex = Exercise("Write doubled(ids).", ("1", "2", "3"), lambda seed: [(ids,)])
    ex.right(lambda ids: 2 * ids)
    mixes = lambda ids: ids + ids.flip(0)  # noqa: E731
    assert said(mixes, ex).startswith(
        "Sequence 0 saw sequence 1, its neighbour in the batch: shifting the ids"
    )
    ex.functions[0] = lambda ids: ids + ids.flip(0) + 3
    ex._kept.clear()
    assert "Sequence" not in said(mixes, ex)
