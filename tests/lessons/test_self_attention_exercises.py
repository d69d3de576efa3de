"""The exercises on self-attention, where no known mistake fits: what is said then must be true as well."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from helpers import said
from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.lessons import self_attention as ex

right = ex.head_forward.answer


# --- head_forward ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_the_right_output_of_a_head_is_torchs_own(seed: int) -> None:
    for x, W_q, W_k, W_v in ex.head_forward.inputs(seed):
        theirs = F.scaled_dot_product_attention(x @ W_q, x @ W_k, x @ W_v, is_causal=True, scale=1.0)
        torch.testing.assert_close(right(x, W_q, W_k, W_v), theirs, rtol=1e-4, atol=1e-5)


def test_a_leak_of_another_kind_is_told_with_its_positions() -> None:
    """Only position 0 sees the end: no triangle, so no mistake that is known."""

    def forward(x, W_q, W_k, W_v):
        visible = causal_mask(x.shape[1])
        visible[0, -1] = True
        scores = (x @ W_q @ (x @ W_k).mT).masked_fill(~visible, float("-inf"))
        return scores.softmax(-1) @ (x @ W_v)

    assert said(ex.head_forward, forward).startswith("Position 0 saw position 7, its future")


def test_weights_that_do_not_sum_to_1_are_told_with_their_row() -> None:
    message = said(ex.head_forward, lambda *inputs: 0.5 * right(*inputs))
    assert message.startswith("Row 0 of your weights sums to 0.5, not to 1")


def test_half_a_gradient_is_refused_although_the_output_is_right() -> None:
    """Outputs alone cannot tell: this answer would train to something else."""

    def forward(x, W_q, W_k, W_v):
        k = x @ W_k
        k = torch.cat([k[..., :1].detach(), k[..., 1:]], dim=-1)
        scores = (x @ W_q @ k.mT).masked_fill(~causal_mask(x.shape[1]), float("-inf"))
        return scores.softmax(-1) @ (x @ W_v)

    inputs = ex.head_forward.inputs(0)[1]
    torch.testing.assert_close(forward(*inputs), right(*inputs))
    assert said(ex.head_forward, forward).startswith("gradient of W_k: ")


def test_a_matrix_without_a_gradient_is_named_where_the_output_is_wrong_as_well() -> None:
    def forward(x, W_q, W_k, W_v):
        return right(x, W_q, W_k, W_v.detach().roll(1, 1))

    assert said(ex.head_forward, forward).startswith("W_v: the gradient is 0 at all 64 numbers")


def test_a_gradient_that_should_be_0_is_no_mistake() -> None:
    """With one position alone the weight is 1 whatever the scores, so W_q and W_k get nothing."""
    x, *matrices = ex.head_forward.inputs(0)[3]
    assert x.shape[1] == 1
    got = ex.head_forward.run(right, x, *matrices)
    assert not got["gradient of W_q"].any()
    assert got["gradient of W_v"].any()
    assert ex.head_forward.check(right).passed


def test_a_result_that_is_no_tensor_is_said_to_be_none() -> None:
    def forgot(x, W_q, W_k, W_v):
        out = right(x, W_q, W_k, W_v)
        out + 1

    assert "Is a `return` missing?" in said(ex.head_forward, forgot)
    both = said(ex.head_forward, lambda *inputs: (right(*inputs), 1))
    assert "Expected a tensor, got a tuple of length 2" in both


# --- look_back ------------------------------------------------------------------------------------


def by_hand(strength: float) -> Callable:
    return lambda T: (strength * torch.diag(torch.ones(T - 1), -1), torch.eye(T))


def test_nine_tenths_are_asked_for_up_to_32_positions() -> None:
    """A score s beside 31 zeros gets exp(s) / (exp(s) + 31)."""
    least = math.log(9 * 31)
    assert ex.look_back.check(by_hand(least + 0.001)).passed
    result = ex.look_back.check(by_hand(least - 0.001))
    assert result.mistake == "too weak"
    assert result.message.startswith("With T = 32, position 31 gives 0.9 of its weight to position 30.")


def test_the_factor_of_section_1_is_too_weak_from_8_positions_on() -> None:
    result = ex.look_back.check(by_hand(4.0))
    assert result.mistake == "too weak"
    assert "With T = 8, position 7 gives 0.886 of its weight" in result.message


def test_the_future_may_be_asked_for_as_long_as_the_mask_hides_it() -> None:
    """Judged is what a head does with the matrices: here every query prefers a key of its future."""

    def growing(T):
        distance = torch.arange(T)[:, None] - torch.arange(T)  # t - s
        return torch.where(distance < 0, 50.0, torch.where(distance == 1, 20.0, 0.0)), torch.eye(T)

    assert ex.look_back.check(growing).passed


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda T: torch.eye(T), "Expected 2 matrices, W_q and W_k, got one Tensor."),
        (
            lambda T: (torch.diag(torch.ones(T - 2), -1), torch.eye(T)),
            "With T = 8, W_q must be (8, head_size), one row a position; got shape (7, 7).",
        ),
        (lambda T: (torch.eye(T), torch.eye(T)[:, :2]), "the same head_size, else no query meets a key"),
        (lambda T: (torch.eye(T), "eye"), "W_k must be (8, head_size), one row a position; got no matrix."),
        (
            lambda T: (torch.eye(8), torch.eye(8)),
            "With T = 2, W_q must be (2, head_size), one row a position; got shape (8, 8).",
        ),
    ],
)
def test_what_is_no_pair_of_matrices_is_refused_in_words(answer: Callable, words: str) -> None:
    assert words in said(ex.look_back, answer)


def test_a_map_that_is_no_known_one_is_told_by_its_worst_row() -> None:
    def scattered(T):
        return 10 * torch.eye(T)[(7 * torch.arange(T) + 3) % T], torch.eye(T)

    message = said(ex.look_back, scattered)
    assert message.startswith("With T = 8, position ")
    assert "Right would be: With T = 8, position 7 gives 1 of its weight to position 6." in message


# --- two_orders -----------------------------------------------------------------------------------


def from_x(y_of: Callable) -> Callable:
    def answer(T, C):
        x = torch.randn(T, C)
        return x, y_of(x)

    return answer


def test_the_panel_tells_what_a_head_makes_of_both_orders() -> None:
    message = ex.two_orders.check(from_x(lambda x: x.roll(1, 0))).message
    assert "Your y holds the 8 rows of x in another order; 8 of them moved." in message
    assert "the outputs differ by nothing but rounding. With the causal mask they differ by " in message


def test_rows_that_occur_twice_may_move_as_well() -> None:
    """As the same character does that stands at two places of a text."""

    def answer(T, C):
        table = torch.randn(3, C)
        x = table[torch.arange(T) % 3]
        return x, x.roll(1, 0)

    assert ex.two_orders.check(answer).passed


def test_rows_that_come_too_often_are_counted_where_all_of_them_come() -> None:
    """Of a, b, a, b ... one b became an a: nothing is missing altogether, and yet it is no new order."""

    def answer(T, C):
        table = torch.randn(2, C)
        x = table[torch.arange(T) % 2]
        y = x.flip(0)
        y[y[:, 0].eq(table[1, 0]).nonzero()[0]] = table[0]
        return x, y

    result = ex.two_orders.check(answer)
    assert result.message.startswith(
        "Every row of y is a row of x, but 1 of the 8 rows of x found no place in y."
    )


def test_noise_on_a_new_order_is_not_called_a_shift_of_values() -> None:
    noisy = from_x(lambda x: x.flip(0) + 0.1 * torch.randn_like(x))
    assert ex.two_orders.run(noisy, 8, 4)["order"].value == "unrelated"
    result = ex.two_orders.check(noisy)
    assert result.message.startswith("0 of 8 rows of y are rows of x. So nothing says which row of y")


def test_numbers_of_any_size_can_be_moved() -> None:
    for size in (1e-3, 1.0, 1e4):
        assert ex.two_orders.check(lambda T, C, size=size: from_x_scaled(T, C, size)).passed, size


def from_x_scaled(T: int, C: int, size: float) -> tuple:
    x = size * torch.randn(T, C)
    return x, x.flip(0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda T, C: torch.randn(T, C), "Expected 2 inputs, x and y, got one Tensor."),
        (
            lambda T, C: (torch.randn(T, C), torch.randperm(T)),
            "With T = 8 and C = 4, y must be (T, C) = (8, 4); got shape (8,).",
        ),
        (lambda T, C: (torch.randn(T, C), "x"), "y must be (T, C) = (8, 4); got no tensor."),
        (
            lambda T, C: (torch.full((T, C), float("nan")), torch.zeros(T, C)),
            "32 of 32 numbers of x are not finite.",
        ),
    ],
)
def test_what_is_no_pair_of_inputs_is_refused_in_words(answer: Callable, words: str) -> None:
    assert words in said(ex.two_orders, answer)
