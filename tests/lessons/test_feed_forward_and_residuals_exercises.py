"""What the exercises of notebook 07 measure, and what they say of answers that no known mistake explains."""

import pytest
import torch
from torch import nn

from helpers import said
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.layers import Block, FeedForward
from nanogpt_lib.lessons import feed_forward_and_residuals as ex
from nanogpt_lib.lessons.feed_forward_and_residuals.layer_outputs import laid_out
from nanogpt_lib.lessons.feed_forward_and_residuals.loudness import calm_stack, copied, started
from nanogpt_lib.lessons.feed_forward_and_residuals.stream import block_parts, streamed

SEEDS = range(10)


# --- a feed-forward layer -------------------------------------------------------------------------


def test_the_librarys_layer_passes_and_is_what_the_formula_says() -> None:
    assert ex.feed_forward.check(FeedForward).passed
    for seed in SEEDS:
        for inputs in ex.feed_forward.inputs(seed):
            mine, theirs = (laid_out(make, *inputs) for make in (ex.feed_forward.answer, FeedForward))
            assert gap(mine["output"], theirs["output"]) < 1e-6


def test_what_is_no_module_is_refused_with_its_type() -> None:
    assert said(ex.feed_forward, lambda C: nn.ReLU) == "Expected a torch module for n_embd=8, got type."

    def forgets(n_embd):
        ex.feed_forward.answer(n_embd)

    assert said(ex.feed_forward, forgets).endswith("got NoneType. Is a `return` missing?")


def test_a_layer_with_something_extra_is_told_its_parameters() -> None:
    message = said(ex.feed_forward, lambda C: nn.Sequential(nn.LayerNorm(C), FeedForward(C)))
    assert message.startswith("With n_embd = 8 your layer has 568 parameters (")
    assert "Right would be: With n_embd = 8 your layer has 552 parameters" in message


def test_a_layer_that_looks_at_its_neighbour_is_told_which_one() -> None:
    class Looks(FeedForward):
        def forward(self, x):
            return self.net(x + 0.5 * x.roll(1, dims=1))

    assert said(ex.feed_forward, Looks).startswith(
        "Your layer mixes positions: adding 1 to position 0 moved position 1 by "
    )


def test_a_layer_that_cannot_learn_is_refused() -> None:
    class Frozen(FeedForward):
        def forward(self, x):
            return self.net(x).detach()

    assert said(ex.feed_forward, Frozen).startswith("0 of the layer's 4 parameters get a gradient.")


# --- a block --------------------------------------------------------------------------------------


def test_the_block_is_the_librarys_to_the_last_bit() -> None:
    for seed in SEEDS:
        for x, n_head, of_weights in ex.block.inputs(seed):
            parts = block_parts(x, n_head, of_weights)
            theirs = Block(x.shape[2], n_head, x.shape[1])
            for name, part in parts.items():
                setattr(theirs, name, part)
            found = streamed(ex.block.answer, x, n_head, of_weights)
            assert torch.equal(found["output"], theirs(x))
            assert torch.equal(found["_silent"], x)


def test_a_block_that_moves_x_in_silence_is_told_by_how_much() -> None:
    message = said(
        ex.block,
        lambda x, *parts: 1.5 * ex.block.answer(x, *parts),
    )
    assert message.startswith("With both parts silent your block moves x by up to ")


def test_a_block_that_sees_the_future_is_told_the_positions() -> None:
    """Silent parts say 0 at every position, so identity alone would not find this."""

    def looks_ahead(x, sa, ffwd, ln1, ln2):
        x = x + sa(ln1(x)).flip(1)
        return x + ffwd(ln2(x))

    assert said(ex.block, looks_ahead).startswith("Position 0 saw position 4, its future: ")


def test_names_of_the_arguments_are_the_learners_own() -> None:
    assert ex.block.check(lambda a, b, c, d, e: ex.block.answer(a, b, c, d, e)).passed


def test_a_block_that_stops_the_gradient_is_refused() -> None:
    def stops(x, *parts):
        return ex.block.answer(x.detach(), *parts)

    assert "The gradient reaches 0 of the " in said(ex.block, stops)


# --- a start --------------------------------------------------------------------------------------


def test_twelve_blocks_add_about_five_before_and_about_one_after() -> None:
    for seed in SEEDS:
        found = started(
            ex.scale_writers.answer,
            *ex.scale_writers.inputs(seed)[0],
        )
        assert 4.5 < found["_before"] < 6
        assert 0.9 <= found["_after"] <= 1.1


def test_a_stack_is_the_same_for_each_answer() -> None:
    """It is made once and copied; a copy that shared its numbers would hand one answer's on to the next."""
    made, x, _ = calm_stack(3, 1)
    before = {name: value.clone() for name, value in made.state_dict().items()}
    for function in (
        ex.scale_writers.answer,
        ex.scale_writers.mistakes[7].functions[0],
    ):
        started(function, 3, 1)
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())
    other = copied(made[0])
    assert gap(other(x), made[0](x)) == 0
    other.ffwd.net[2] = nn.Identity()
    assert isinstance(made[0].ffwd.net[2], nn.Linear)


@pytest.mark.parametrize("times", [0.9, 1.1])
def test_a_factor_that_is_10_percent_off_is_refused_with_the_number(times: float) -> None:
    def nearly(blocks):
        for block in ex.scale_writers.answer(blocks):
            block.sa.proj.weight.data *= times

    message = said(ex.scale_writers, nearly)
    assert f"With 12 blocks, the writers of attention start {times * 24**-0.5:.3g} times as large" in message
    assert "0.204 times" in message
