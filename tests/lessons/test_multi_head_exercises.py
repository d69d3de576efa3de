"""What the exercises of the lesson on several heads measure, and say where no known mistake explains."""

import re

import pytest
import torch
from torch import nn

from helpers import said
from nanogpt_lib.ablation import without_heads
from nanogpt_lib.attention import MultiHeadAttention
from nanogpt_lib.fused_attention import FusedAttention
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.models import built
from nanogpt_lib.lessons import multi_head as ex
from nanogpt_lib.lessons.multi_head.copied import copied
from nanogpt_lib.lessons.multi_head.cut_and_join import consequence
from nanogpt_lib.lessons.multi_head.switched_off import without, without_each

SEEDS = range(10)
split, merge = ex.split_heads.answer, ex.merge_heads.answer
each_seed = pytest.mark.parametrize("seed", SEEDS)


def some_x(seed: int) -> torch.Tensor:
    return torch.randn(2, 6, 8, generator=torch.Generator().manual_seed(seed))


def by_view(x: torch.Tensor, n_head: int) -> torch.Tensor:
    return x.reshape(len(x), n_head, x.shape[1], -1)


def back_by_view(heads: torch.Tensor) -> torch.Tensor:
    return heads.reshape(len(heads), heads.shape[2], -1)


# --- cut and join ---------------------------------------------------------------------------------


@each_seed
def test_the_right_cut_and_joint_give_what_fused_attention_gives(seed: int) -> None:
    leak, off = consequence(split, merge, some_x(seed), 4)
    assert leak == ""
    assert off < 1e-6


@each_seed
def test_two_straight_views_leak_nothing_and_are_wrong_all_the_same(seed: int) -> None:
    """The test that everyone writes, for a leak, passes here: only parity finds this mistake."""
    leak, off = consequence(by_view, back_by_view, some_x(seed), 4)
    assert leak == ""
    assert off > 0.1


@each_seed
def test_joining_without_transposing_back_leaks_the_future(seed: int) -> None:
    leak, _ = consequence(split, back_by_view, some_x(seed), 4)
    assert leak.startswith("adding 1 to position ")
    later, earlier = map(int, re.findall(r"position (\d+)", leak))
    assert earlier < later


def test_a_piece_in_another_place_is_told_by_its_index_with_what_follows() -> None:
    message = said(ex.split_heads, lambda x, n_head: split(x, n_head).flip(1))
    assert message.startswith(
        "Your [0, 0, 0], head 0 at position 0, holds x[0, 0, 3:6]; it should hold x[0, 0, 0:3] "
        "for x of shape (1, 4, 6), n_head=2. Attention is off by up to "
    )
    message = said(ex.merge_heads, lambda heads: merge(heads).flip(1))
    assert message.startswith(
        "Your [0, 0, 0:3] holds heads[0, 0, 3, 0:3]; it should hold heads[0, 0, 0, 0:3] "
        "for heads of shape (1, 2, 4, 3). In attention the future leaks: adding 1 to position "
    )


def test_an_answer_that_fails_inside_attention_is_still_told_its_place() -> None:
    """Only the exercise's own inputs are sure to suit it."""

    def float32_only(heads):
        if heads.dtype == torch.float64:
            raise TypeError
        return merge(heads).flip(1)

    message = said(ex.merge_heads, float32_only)
    assert "it should hold heads[0, 0, 0, 0:3] for heads of shape (1, 2, 4, 3)." in message


def test_a_view_is_recognised_as_a_reshape_is() -> None:
    """It fails on numbers that do not lie side by side, such as torch's kernel returns."""
    by_name = ex.merge_heads.check(lambda heads: heads.view(len(heads), heads.shape[2], -1))
    assert by_name.mistake == "does not transpose back"
    message = said(ex.merge_heads, lambda heads: 2 * heads.view(len(heads), heads.shape[2], -1))
    assert "In attention the future leaks" in message, "it was followed there as well"


def test_a_number_that_was_never_in_the_input_is_told() -> None:
    assert "which is nowhere in x; it should hold x[0, 0, 0:3]" in said(
        ex.split_heads, lambda x, n_head: 2 * split(x, n_head)
    )


@pytest.mark.parametrize("exercise", [ex.split_heads, ex.merge_heads], ids=["split", "merge"])
def test_an_answer_that_stops_gradients_is_refused(exercise: Exercise) -> None:
    message = said(exercise, lambda *inputs: exercise.answer(*inputs).detach())
    assert message.startswith("0 of 24 numbers get a gradient through your result")
    numpy = said(exercise, lambda first, *rest: exercise.answer(torch.tensor(first.numpy()), *rest))
    assert numpy.startswith("0 of 24 numbers")


def test_a_list_of_heads_is_told_from_a_tensor() -> None:
    result = ex.split_heads.check(lambda x, n_head: list(x.chunk(n_head, dim=-1)))
    assert result.mistake == "the heads stand before the batch"


# --- fill -----------------------------------------------------------------------------------------


def test_outputs_agree_to_a_millionth_after_copying() -> None:
    for seed in SEEDS:
        for inputs in ex.copy_weights.inputs(seed):
            found = copied(ex.copy_weights.answer, *inputs)
            assert gap(found["output"], found["_right"]) < 1e-6
            assert gap(found["output"], found["_before"]) > 0.1, "before, they held different numbers"


def test_what_the_exercise_forbids_is_what_the_library_does() -> None:
    """The message says that a hook makes qkv in the library."""

    def load(listed, fused):
        fused.load_state_dict(listed.state_dict())
        return fused

    assert ex.copy_weights.check(load).mistake == "leaves it to load_state_dict"
    x = some_x(0)
    listed, fused = (
        built(kind, 8, 4, 6, seed) for seed, kind in enumerate((MultiHeadAttention, FusedAttention))
    )
    assert gap(load(listed, fused)(x), listed(x)) < 1e-6


def test_what_comes_back_must_be_the_fused_one() -> None:
    message = said(ex.copy_weights, lambda listed, fused: listed)
    assert message == "Expected fused back, got MultiHeadAttention."

    def forgets(listed, fused):
        ex.copy_weights.answer(listed, fused)

    assert said(ex.copy_weights, forgets) == "Expected fused back, got None. Is a `return` missing?"


def test_a_matrix_of_another_shape_is_told_before_it_is_used() -> None:
    def pile_of_queries(listed, fused):
        fused.qkv = nn.Parameter(torch.cat([head.query.weight for head in listed.heads]))
        return fused

    message = said(ex.copy_weights, pile_of_queries)
    assert message.startswith("fused.qkv has shape (6, 6); (3 * C, C) is (18, 6).")


def test_a_learner_who_spoils_listed_is_told() -> None:
    def spoils(listed, fused):
        fused = ex.copy_weights.answer(listed, fused)
        listed.proj.bias.data += 1
        return fused

    assert said(ex.copy_weights, spoils).startswith("1 of the 11 weights of listed have changed.")


# --- switch off -----------------------------------------------------------------------------------


def test_a_head_switched_off_here_is_one_switched_off_by_the_library() -> None:
    for seed in SEEDS:
        for x, n_head, of_weights in ex.ablate.inputs(seed):
            found = without_each(ex.ablate.answer, x, n_head, of_weights)
            attention = built(MultiHeadAttention, x.shape[2], n_head, x.shape[1], of_weights)
            for head in range(n_head):
                with without_heads(attention, [(0, head)]):
                    assert gap(found[without(head)], attention(x)) < 1e-5


def test_the_heads_and_the_bias_add_up_to_the_whole() -> None:
    x, n_head, of_weights = ex.ablate.inputs(0)[0]
    found = without_each(ex.ablate.answer, x, n_head, of_weights)
    whole = found["_bias"] + sum(found["_full"] - found[without(head)] for head in range(n_head))
    assert gap(whole, found["_full"]) < 1e-5


def test_a_layer_left_changed_is_told_with_the_head() -> None:
    """By what the layer then does, so that a head in another's place is found as well."""

    class Silent(nn.Module):
        def forward(self, x):
            return x.new_zeros(*x.shape[:2], 2)

    def replaced(attention, x, head):
        out = ex.ablate.answer(attention, x, head)
        if head == 1:
            attention.heads[0] = Silent()
        return out

    found = without_each(replaced, *ex.ablate.inputs(0)[0])
    assert found["attention"].value == "changed"
    assert found["attention"].said.startswith("After ablate(attention, x, 1), attention(x) is off by ")


def test_an_input_that_was_changed_is_told() -> None:
    def halves(attention, x, head):
        out = ex.ablate.answer(attention, x, head)
        x[..., 0] = 0
        return out

    assert said(ex.ablate, halves).startswith("Your function changed its input")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda qkv: 0.5 * qkv,
            "fused.qkv[0:2] holds 0.5 times head 0's query weights; it should hold head 0's",
        ),
        (lambda qkv: 0 * qkv, "fused.qkv[0:2] holds zeros; it should hold head 0's query weights"),
        (lambda qkv: qkv.flip(1), "holds head 0's query weights, the last column first; it should"),
        (lambda qkv: qkv.flip(0), "value weights, the last row first; it should hold head 0's query weights"),
    ],
)
def test_the_first_piece_that_is_off_is_told_with_what_lies_there(make, words: str) -> None:
    @torch.no_grad()
    def otherwise(listed, fused):
        ex.copy_weights.answer(listed, fused).qkv.copy_(make(fused.qkv.clone()))
        return fused

    assert words in said(ex.copy_weights, otherwise)


def test_a_projection_that_is_off_is_told_where_qkv_is_right() -> None:
    @torch.no_grad()
    def turned(listed, fused):
        ex.copy_weights.answer(listed, fused).proj.weight.copy_(listed.proj.weight.T)
        return fused

    assert said(ex.copy_weights, turned).startswith("qkv is right, and fused.proj.weight differs")
