"""A wrong answer that equals a right one with a single slip in its code is told of that slip."""

from collections.abc import Callable

import pytest
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.slips import slips
from nanogpt_lib.lessons import (
    averaging_the_past,
    feed_forward_and_residuals,
    full_model,
    sampling,
    scaling,
    self_attention,
)

average, block = averaging_the_past.avg_softmax, feed_forward_and_residuals.block
head = self_attention.head_forward
count, cut, scores = full_model.count_params, sampling.top_k, scaling.scaled_scores


def softmax_twice(x):
    T = x.shape[1]
    hidden = torch.zeros(T, T).masked_fill(torch.ones(T, T).triu(1).bool(), -torch.inf)
    return hidden.softmax(-1).softmax(-1) @ x


def attention_twice(x, sa, ffwd, ln1, ln2):
    x = x + sa(ln1(x))
    return block.answer(x, sa, ffwd, ln1, ln2)


def subtracting(x, sa, ffwd, ln1, ln2):
    x = x - sa(ln1(x))
    return x - ffwd(ln2(x))


def attended(x, q, k, v, scores=lambda s: s, weights=lambda w: w):
    future = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
    of_all = scores((x @ q) @ (x @ k).mT).masked_fill(future, -torch.inf)
    return weights(of_all.softmax(-1)) @ (x @ v)


def square_table(config):
    T, C = config.block_size, config.n_embd
    return count.answer(config) - T * C + T * T


def only_the_kth(logits, k):
    last = logits.topk(min(k, logits.shape[-1])).values[..., -1:]
    return torch.where(logits == last, logits, -torch.inf)


TOLD = {
    "torch.softmax(scores, dim=-1) done twice": (average, softmax_twice),
    "x = x + sa(ln1(x)) done twice": (block, attention_twice),
    "with - in place of every +": (block, subtracting),
    ") ** 2 in place of ": (head, lambda x, q, k, v: attended(x, q, k, v, weights=torch.square)),
    ".relu() in place of ": (head, lambda x, q, k, v: attended(x, q, k, v, scores=torch.relu)),
    "with T in place of C once": (count, square_table),
    "logits != last_kept in place of logits < last_kept": (cut, only_the_kth),
    "with 4 where the root of W_q.shape[1] belongs": (scores, lambda x, q, k: (x @ q) @ (x @ k).mT / 4),
}


@pytest.mark.parametrize("words", TOLD)
def test_the_slip_is_told(words: str) -> None:
    exercise, answer = TOLD[words]
    result = exercise.check(answer)
    assert result.status == "not yet"
    assert result.mistake == ""
    assert words in result.message


NOT_TOLD: dict[str, tuple[Exercise, Callable]] = {
    "nearly twice": (average, lambda x: softmax_twice(x) + 0.01 * x),
    "another number": (count, lambda config: square_table(config) + 7),
    "a number that changes": (scores, lambda x, q, k: (x @ q) @ (x @ k).mT / (4 + len(x))),
}


@pytest.mark.parametrize("what", NOT_TOLD)
def test_what_only_looks_like_a_slip_is_not_told(what: str) -> None:
    exercise, answer = NOT_TOLD[what]
    assert "Yours" not in exercise.check(answer).message


def doubled(n: int) -> int:
    total = 1
    while total < n:
        total = total * 2
    return total


def test_a_loop_that_a_slip_could_make_endless_has_none() -> None:
    assert slips(doubled) == ()


def test_without_its_source_an_answer_has_no_slips() -> None:
    assert slips(torch.clone) == ()
    assert slips(lambda x: x) == ()
