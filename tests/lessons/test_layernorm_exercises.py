"""What the exercises of notebook 08 measure, and what they say of answers that no known mistake explains."""

import pytest
import torch
import torch.nn.functional as F

from helpers import said
from nanogpt_lib.layers import Block
from nanogpt_lib.lessons import layernorm as ex
from nanogpt_lib.lessons.layernorm.norm_gradients import normed
from nanogpt_lib.lessons.layernorm.repaired import leaks
from nanogpt_lib.lessons.layernorm.stack_calls import parts, stacked

SEEDS = range(10)
EPS = 1e-5
norm, repaired, stack = ex.layer_norm.answer, ex.repaired.answer, ex.stack.answer
each_seed = pytest.mark.parametrize("seed", SEEDS)


def some_x(seed: int) -> torch.Tensor:
    return torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(seed))


def over(*dims: int):
    def normalise(x, eps):
        centred = x - x.mean(dims, keepdim=True)
        return centred / (centred.square().mean(dims, keepdim=True) + eps).sqrt()

    return normalise


# --- layer_norm -----------------------------------------------------------------------------------


@each_seed
def test_the_solution_is_torchs_own_to_one_part_in_a_million(seed: int) -> None:
    for x, gamma, beta, eps in ex.layer_norm.inputs(seed):
        torch.testing.assert_close(
            norm(x, gamma, beta, eps), F.layer_norm(x, gamma.shape, gamma, beta, eps), rtol=1e-6, atol=1e-6
        )


@each_seed
def test_the_inputs_tell_where_eps_stands_and_hold_constant_rows(seed: int) -> None:
    """At the usual eps, inside or outside the root differ by less than rounding."""
    inputs = ex.layer_norm.inputs(seed)
    assert (inputs[0][0][0, 2] == 0).all(), "the space of the table"
    assert (inputs[-1][0].var(-1) == 0).all()
    apart = [
        (x.var(-1, correction=0).add(eps).sqrt() / (x.std(-1, correction=0) + eps) - 1).abs().max()
        for x, _, _, eps in inputs[1:-1]
    ]
    assert max(apart) > 0.03


def test_an_answer_that_stops_gradients_is_told_where() -> None:
    def cut(x, gamma, beta, eps):
        return norm(x, gamma.detach(), beta, eps)

    assert said(ex.layer_norm, cut).startswith("The gradient of gamma is 0 at all ")
    assert said(ex.layer_norm, lambda *inputs: norm(*inputs).detach()).startswith("The gradient of x is 0")


def test_an_input_that_was_written_into_is_named_and_no_gradient_is_asked() -> None:
    def doubles_beta(x, gamma, beta, eps):
        beta *= 2
        return norm(x, gamma, beta, eps)

    found = normed(doubles_beta, some_x(0), torch.ones(6), torch.ones(6), EPS)
    assert found["inputs"].said == "beta changed: 1 of 3 inputs."
    assert set(found) == {"output", "inputs"}


# --- repaired -------------------------------------------------------------------------------------


@each_seed
@pytest.mark.parametrize(
    ("dims", "time", "batch"),
    [
        ((2,), False, False),
        ((1,), True, False),
        ((0,), False, True),
        ((0, 1), True, True),
        ((1, 2), True, False),
        ((0, 2), False, True),
        ((0, 1, 2), True, True),
    ],
    ids=str,
)
def test_a_leak_is_found_where_the_axes_say_and_nowhere_else(
    dims: tuple, time: bool, batch: bool, seed: int
) -> None:
    found = leaks(over(*dims), some_x(seed), EPS)
    assert (found["time"].value, found["batch"].value) == (time, batch)


def test_a_leak_that_no_known_mistake_explains_is_told_with_its_number() -> None:
    def little(x, eps):
        return repaired(x, eps) + 0.01 * x.mean(1, keepdim=True)

    message = said(ex.repaired, little)
    assert message.startswith("New numbers at position ")
    assert "sequence 1" not in message
    assert said(ex.repaired, lambda x, eps: repaired(x, eps) * 1.01).count("values differ") == 1


def test_a_leak_of_a_few_thousandths_is_still_seen() -> None:
    found = leaks(lambda x, eps: repaired(x, eps) + 0.001 * x.mean(0, keepdim=True), some_x(0), EPS)
    assert found["batch"].said.startswith("New numbers in sequence 1 move sequence 0 by up to 0.00")


# --- stack ----------------------------------------------------------------------------------------


@each_seed
def test_the_solution_is_what_the_librarys_blocks_compute(seed: int) -> None:
    x = some_x(seed)
    blocks, ln_f = parts(C=6, block_size=5, n_layer=3, seed=seed)
    stream = x
    for ln1, sa, ln2, ffwd in blocks:
        one = Block(6, n_head=2, block_size=5)
        one.ln1, one.sa, one.ln2, one.ffwd = ln1, sa, ln2, ffwd
        stream = one(stream)
    torch.testing.assert_close(stack(x, blocks, ln_f), ln_f(stream))


def test_the_calls_are_recorded_in_their_order() -> None:
    calls = stacked(stack, some_x(0), 1, 0)["calls"]
    assert calls.value == ("ln1 of block 0", "sa of block 0", "ln2 of block 0", "ffwd of block 0", "ln_f")
    assert calls.said.startswith("Your 5 calls: ln1 of block 0, sa of block 0,")


def test_a_call_too_many_is_told_though_the_output_is_right() -> None:
    def twice(x, blocks, ln_f):
        ln_f(x)
        return stack(x, blocks, ln_f)

    assert said(ex.stack, twice).startswith("Call 1 of your 10 went to ln_f. Your 10 calls: ln_f, ln1 of ")


def test_weights_that_cannot_learn_are_told_by_their_number() -> None:
    def cut(x, blocks, ln_f):
        return ln_f(stack(x, blocks, lambda stream: stream).detach())

    assert "2 of the 24 weights and shifts get a gradient. Right would be: 24 of the 24" in said(
        ex.stack, cut
    )


def test_a_stack_that_calls_nothing_is_told_so() -> None:
    """There is no last call to name: asking for it raised an IndexError out of the check."""
    assert said(ex.stack, lambda x, blocks, ln_f: 2 * x).startswith("You made 0 calls. ")
