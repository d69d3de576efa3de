"""What the exercises of the lesson on speed measure, and say where no known mistake explains."""

import pytest
import torch
import torch.nn.functional as F

from helpers import close, said
from nanogpt_lib.dot_product import attention_steps
from nanogpt_lib.lessons import faster_and_bigger as ex
from nanogpt_lib.lessons import notebook_of
from nanogpt_lib.lessons.faster_and_bigger.directions import GONE, NEAR
from nanogpt_lib.lessons.faster_and_bigger.parity import compared
from nanogpt_lib.lessons.faster_and_bigger.savings import times
from nanogpt_lib.lessons.faster_and_bigger.writing import BLOCK, written
from nanogpt_lib.muon import orthogonalised

SEEDS = range(6)
each_seed = pytest.mark.parametrize("seed", SEEDS)


def test_the_lesson_has_its_number_though_two_before_it_are_not_written_yet() -> None:
    assert notebook_of("faster_and_bigger") == "15_faster_and_bigger"
    assert notebook_of("experiments") == "12_experiments"


# --- each solution beside the library ---------------------------------------------------------------


@each_seed
def test_a_step_with_a_cache_is_a_row_of_the_whole_head(seed: int) -> None:
    for first, second, W_q, W_k, W_v in ex.kv_step.inputs(seed):
        found = written(ex.kv_step.answer, first, second, W_q, W_k, W_v)
        for name, text in (("output", first), ("second", second)):
            mask = torch.ones(text.shape[1], text.shape[1]).tril() > 0
            whole = attention_steps(text @ W_q, text @ W_k, text @ W_v, mask=mask).output
            close(found[name], whole.double(), within=1e-5)


@each_seed
def test_the_kernel_gives_the_last_rows_of_plain_attention(seed: int) -> None:
    for q, k, v, scale in ex.kernel_attention.inputs(seed):
        Tq, Tk = q.shape[2], k.shape[2]
        mask = torch.ones(Tq, Tk).tril(Tk - Tq) > 0
        plain = attention_steps(q, k, v, scale=scale, mask=mask).output
        close(ex.kernel_attention.answer(q, k, v, scale), plain, within=1e-5)


@each_seed
def test_the_librarys_orthogonalised_update_is_a_right_answer(seed: int) -> None:
    assert ex.orthogonalise.check(orthogonalised, seed=seed).passed


@each_seed
def test_the_chosen_saving_is_the_best_of_all(seed: int) -> None:
    for shares, faster in ex.next_saving.inputs(seed):
        part, gain = ex.next_saving.answer(shares, faster)
        assert gain == pytest.approx(max(1.0, *(times(shares, faster, each) for each in faster)))
        assert (part is None) == all(factor <= 1 for factor in faster.values())


# --- the inputs hold the corners --------------------------------------------------------------------


@each_seed
def test_a_cache_is_filled_to_its_last_place_and_used_twice(seed: int) -> None:
    lengths = [(first.shape[1], second.shape[1]) for first, second, *_ in ex.kv_step.inputs(seed)]
    assert (BLOCK, BLOCK) in lengths
    assert min(lengths)[0] == 1


@each_seed
def test_queries_are_all_some_or_one_of_the_positions(seed: int) -> None:
    sizes = [(q.shape[2], k.shape[2]) for q, k, *_ in ex.kernel_attention.inputs(seed)]
    assert any(Tq == Tk > 1 for Tq, Tk in sizes)
    assert any(1 < Tq < Tk for Tq, Tk in sizes)
    assert any(1 == Tq < Tk for Tq, Tk in sizes)


@each_seed
def test_updates_are_wide_tall_square_with_a_row_of_zeros_and_all_zeros(seed: int) -> None:
    updates = [update for (update,) in ex.orthogonalise.inputs(seed)]
    shapes = {(rows > columns) - (rows < columns) for rows, columns in (u.shape for u in updates)}
    assert shapes == {-1, 0, 1}
    assert any(not u.any() for u in updates)
    assert any(u.any() and not u.any(dim=1).all() for u in updates)
    for update in updates:
        lengths = torch.linalg.svdvals(update)
        told = lengths[lengths > 1e-4]
        assert not len(told) or told.min() > 1e-3 * told.max(), "rounding decides nothing"
    assert GONE < NEAR[0] < 1 < NEAR[1]


@each_seed
def test_the_best_saving_is_neither_always_the_largest_share_nor_the_largest_factor(seed: int) -> None:
    best, largest, fastest = set(), set(), set()
    for at, (shares, faster) in enumerate(ex.next_saving.inputs(seed)):
        best.add((at, ex.next_saving.answer(shares, faster)[0]))
        largest.add((at, max(faster, key=shares.get)))
        fastest.add((at, max(faster, key=faster.get)))
    assert best - largest
    assert best - fastest


# --- what is said of mistakes that nobody thought of ------------------------------------------------


def test_a_row_of_another_shape_is_told() -> None:
    def upright(x, cache, *matrices):
        return ex.kv_step.answer(x, cache, *matrices).T

    assert said(ex.kv_step, upright) == "Expected a row for each text, shape (2, 3), got shape (3, 2)."


def test_a_cache_that_lost_its_rows_is_told() -> None:
    def shrinking(x, cache, *matrices):
        out = ex.kv_step.answer(x, cache, *matrices)
        if cache["length"] == 4:
            cache["keys"] = cache["keys"][:, 2:]
        return out

    assert said(ex.kv_step, shrinking) == (
        "After 4 steps cache['keys'] no longer holds 4 rows for each text."
    )


def test_what_would_end_python_is_refused_with_its_sizes() -> None:
    """torch's kernel reads beyond its memory where there are more values than keys."""

    def swapped(q, k, v, scale):
        return F.scaled_dot_product_attention(k, q, v, scale=scale)

    message = ex.kernel_attention.check(swapped).message
    assert "query, key" in message, message


def test_the_kernel_is_found_under_any_name() -> None:
    q, k, v, scale = ex.kernel_attention.inputs(0)[0]
    kernel = F.scaled_dot_product_attention
    found = compared(lambda q, k, v, s: kernel(q, k, v, is_causal=True, scale=s), q, k, v, scale)
    assert found["kernel"].value is True
    assert compared(lambda q, k, v, s: q * k.mean() * v.mean(), q, k, v, scale)["kernel"].value is False


def test_an_update_of_another_shape_is_told() -> None:
    assert said(ex.orthogonalise, lambda update: update[:1]) == (
        "Expected a matrix like the update, shape (3, 3), got shape (1, 3)."
    )


def test_a_part_that_is_not_there_is_told() -> None:
    message = said(ex.next_saving, lambda shares, faster: ("sleep", 2.0))
    assert message.startswith("Expected one of attention, feed-forward, optimiser, or None, and a number")


def test_a_choice_that_nobody_knows_is_told_by_what_it_gives() -> None:
    def second(shares, faster):
        part = sorted(faster)[-1]
        return part, times(shares, faster, part)

    message = said(ex.next_saving, second)
    assert "the whole step is then 1.22 times as fast. The best choice gives 1.25 times." in message
