"""A wrong answer is told what it gives instead of the right result, and never by accident."""

from collections.abc import Callable

import pytest
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons import (
    averaging_the_past,
    bigram,
    experiments,
    feed_forward_and_residuals,
    full_model,
    layernorm,
    multi_head,
    sampling,
    scaling,
    self_attention,
)

nll, normalise, train_step = bigram.nll, bigram.normalise, bigram.train_step
average, decayed = averaging_the_past.avg_tril, averaging_the_past.decayed_average
head, scores, sharpest = self_attention.head_forward, scaling.scaled_scores, scaling.unscaled_head
ablate, block, stack = multi_head.ablate, feed_forward_and_residuals.block, layernorm.stack
norm, gpt = layernorm.layer_norm, full_model.gpt_forward
per_position, mean_ci, plan = experiments.loss_per_position, experiments.mean_ci, experiments.plan
split, merge = multi_head.split_heads, multi_head.merge_heads
cut, heated = sampling.top_k, sampling.apply_temperature
losses = lambda logits, y: -logits.log_softmax(-1).gather(-1, y[..., None])[..., 0]  # noqa: E731


def said(exercise: Exercise, answer: Callable) -> str:
    result = exercise.check(answer)
    assert result.status == "not yet"
    assert result.mistake == ""
    return result.message


def hooked(model, part: str, make: Callable):
    model.get_submodule(part).register_forward_hook(lambda layer, given, out: make(out))
    return model


def turned_round(model):
    model.blocks = torch.nn.Sequential(*reversed(list(model.blocks)))
    return model


TOLD = {
    "x itself, unchanged.": (average, lambda x: x),
    "right result with W_k and W_v exchanged": (head, lambda x, q, k, v: head.answer(x, q, v, k)),
    "right result with x and y exchanged": (train_step, lambda m, o, x, y: train_step.answer(m, o, y, x)),
    "right result for 1 - decay in place of decay.": (decayed, lambda x, d: decayed.answer(x, 1 - d)),
    "right result for decay ** 2 in place of decay.": (decayed, lambda x, d: decayed.answer(x, d * d)),
    "right result for temperature ** 0.5 in place": (heated, lambda z, t: heated.answer(z, t**0.5)),
    "right result for 60 * minutes in place": (plan, lambda v, n, m: plan.answer(v, n, 60 * m)),
    "right result for x.softmax(-1) in place of x.": (scores, lambda x, *w: scores.answer(x.softmax(-1), *w)),
    "for -W_q in place of W_q, or the right": (head, lambda x, q, k, v: head.answer(x, -q, k, v)),
    "right result for 1 / gamma in place of": (norm, lambda x, g, b, e: norm.answer(x, 1 / g, b, e)),
    "right result for x.flip(1) in place of x": (head, lambda x, *w: head.answer(x.flip(1), *w)),
    "right result for 0 in place of head": (ablate, lambda a, x, h: ablate.answer(a, x, 0)),
    "for logits[:1] and targets[:1] alone": (nll, lambda z, y: nll.answer(z[:1], y[:1])),
    "for logits[:, -1:] and targets[:, -1:] alone": (nll, lambda z, y: nll.answer(z[:, -1:], y[:, -1:])),
    "dimensions 0 and 1 taken for each other": (
        average,
        lambda x: average.answer(x.mT.mT.transpose(0, 1)).transpose(0, 1),
    ),
    "right result plus x: x is added": (stack, lambda x, *rest: x + stack.answer(x, *rest)),
    "x minus the right result": (ablate, lambda a, x, h: x - ablate.answer(a, x, h)),
    "right result minus x: x is missing": (block, lambda x, *parts: block.answer(x, *parts) - x),
    "right result without what ffwd gives": (block, lambda x, sa, f, one, two: x + sa(one(x))),
    "model.position_embedding_table(…).flip(0) in place": (
        gpt,
        lambda m, *ids: gpt.answer(hooked(m, "position_embedding_table", lambda out: out.flip(0)), *ids),
    ),
    "right.cumsum(0), where right is": (per_position, lambda z, y: per_position.answer(z, y).cumsum(0)),
    "right.sort(0).values, where right": (per_position, lambda z, y: per_position.answer(z, y).sort().values),
    "for logits[:, 1:] and targets[:, 1:] alone": (per_position, lambda z, y: per_position.answer(z, y)[1:]),
    "right.tril(), where right is": (scores, lambda *given: scores.answer(*given).tril()),
    "x.cummax(1).values: the other": (average, lambda x: x.cummax(1).values),
    "logits.logsumexp(-1).mean(): the other": (nll, lambda z, y: z.logsumexp(-1).mean()),
    "the median of the results for each position": (nll, lambda z, y: losses(z, y).median()),
    "the largest of the results for each sequence": (per_position, lambda z, y: losses(z, y).amax(0)),
    "minus the mean of exp(-loss) over": (per_position, lambda z, y: -(-losses(z, y)).exp().mean(0)),
    "dimensions 1 and 2 taken for each other": (average, lambda x: average.answer(x.mT).mT),
    "with the whole done once more to it": (average, lambda x: average.answer(average.answer(x))),
    "with the last of model.blocks first": (gpt, lambda m, *ids: gpt.answer(turned_round(m), *ids)),
    "in the order B, T, head_size, n_head;": (split, lambda x, n: split.answer(x, n).permute(0, 2, 3, 1)),
    "in the order B, C, T;": (merge, lambda heads: merge.answer(heads).mT),
    "right once its mean is taken: mean() over": (nll, losses),
    "right result for counts.sqrt() in place of counts.": (
        normalise,
        lambda counts: normalise.answer(counts.sqrt()),
    ),
    "right result for counts.square() in place of": (normalise, lambda c: normalise.answer(c.square())),
    "right result for k // 2 in place of k.": (cut, lambda z, k: cut.answer(z, max(1, k // 2))),
    "only cut into another shape: (1, 5) in place of (5,)": (cut, lambda z, k: cut.answer(z, k)[None]),
    "right once its place is asked for: argmax()": (sharpest, lambda w: w.square().sum((1, 2))),
    "times 3, which is len(values)": (mean_ci, lambda v, t: (sum(v), mean_ci.answer(v, t)[1])),
    "the last place, weights.shape[0] - 1": (sharpest, lambda w: len(w) - 1),
    "counted from the other end": (sharpest, lambda w: len(w) - 1 - sharpest.answer(w)),
}


@pytest.mark.parametrize("words", TOLD)
def test_what_was_done_instead_is_told(words: str) -> None:
    message = said(*TOLD[words])
    assert "Yours is " in message
    assert words in message


NOT_TOLD = {
    "a little of x": (average, lambda x: average.answer(x) + 0.3 * x**2),
    "x on some inputs only": (average, lambda x: x if len(x) == 1 else average.answer(x) + x**2),
    "neither exchanged nor kept": (head, lambda x, q, k, v: head.answer(x, q, k + v, v)),
    "another power": (decayed, lambda x, d: decayed.answer(x, d**1.7)),
    "the first of some, the last of others": (
        nll,
        lambda z, y: (
            nll.answer(z[:1], y[:1]) if len(z) > 2 else nll.answer(z[-1:], y[-1:]) + 0.1 * len(z) ** 2
        ),
    ),
    "two things at once": (block, lambda x, sa, f, one, two: x + f(two(x + sa(x)))),
    "halfway to the median": (nll, lambda z, y: (losses(z, y).median() + nll.answer(z, y)) / 2),
    "cut with something left": (scores, lambda *given: scores.answer(*given).tril() + 0.01),
}


@pytest.mark.parametrize("what", NOT_TOLD)
def test_what_is_nearly_so_is_not_told(what: str) -> None:
    assert "Yours" not in said(*NOT_TOLD[what])


def test_an_accident_is_not_told() -> None:
    """Numbers that have nothing to do with it agree with none of some hundred alterations."""
    for seed in range(5):
        draw = torch.Generator().manual_seed(seed)
        values = {}

        def random(*given, draw=draw, values=values):
            key = tuple(float(x.sum()) for x in given)
            if key not in values:
                values[key] = torch.rand((), generator=draw)
            return values[key] * 3

        assert "Yours" not in said(nll, random)
        assert "Yours" not in said(
            per_position, lambda z, y, f=random: f(z, y) + torch.arange(z.shape[1]) ** 2
        )


def test_of_one_number_on_one_input_nothing_follows() -> None:
    ex = Exercise("Write less(x, y).", ("1", "2", "3"), lambda seed: [(0.53, 0.21)])
    ex.right(lambda x, y: x - 3 * y)
    assert "Yours" not in said(ex, lambda x, y: y - 3 * x)


def test_where_alone_it_is_wrong_is_told() -> None:
    cases = [(torch.arange(4.0), p) for p in (0.5, 0.0, 0.7, 0.0, 0.9)]
    ex = Exercise("Write raised(x, p).", ("1", "2", "3"), lambda seed: cases)
    ex.right(lambda x, p: x**2 + p)
    odd = torch.tensor([0.3, 0.1, 0.4, 0.15])
    assert said(ex, lambda x, p: x**2 + p + (p == 0) * odd).endswith(
        " It is wrong only where p is 0; the other 3 inputs are right."
    )
    assert "only where" not in said(ex, lambda x, p: x**2 + p + (p < 0.6) * odd)


def test_where_alone_it_is_wrong_stands_behind_a_broken_invariant() -> None:
    message = said(average, lambda x: torch.cat([0 * x[:, :1], average.answer(x)[:, 1:]], dim=1))
    assert "sums to 0, not to 1" in message
    assert message.endswith("All that is wrong is at position 0, the first; the others are right.")


def test_of_two_results_the_right_one_is_told() -> None:
    message = said(block, lambda x, *parts: (x, block.answer(x, *parts)))
    assert message.endswith("got a tuple of length 2. Its part 1 is right: return that one alone.")
    assert "stack" not in said(head, lambda x, *w: (x, x))


def test_the_cause_stands_behind_a_broken_invariant() -> None:
    message = said(normalise, lambda counts: torch.nn.functional.normalize(counts.float(), dim=1))
    assert message.startswith(
        "Row 0 sums to 1.69, not to 1 for counts of shape (4, 4). Yours is right / right.norm("
    )


def test_rows_with_a_number_of_their_own_are_told() -> None:
    rows = torch.arange(1.0, 4)[:, None]
    by_factor = lambda *given: scores.answer(*given) * (1 + torch.arange(given[0].shape[1]))[:, None]  # noqa: E731
    assert "a factor of its own for each " in said(scores, by_factor)
    assert "1 for the first, 2 for the next" in said(scores, by_factor)
    ex = Exercise(
        "Write rows(x).",
        ("1", "2", "3"),
        lambda seed: [(torch.rand(3, 5, generator=torch.Generator().manual_seed(s)),) for s in (1, 2)],
    )
    ex.right(lambda x: x.sin())
    assert "a summand of its own for each " in said(ex, lambda x: x.sin() + rows)
    assert "of its own" not in said(ex, lambda x: x.sin() + rows * x**2)


def test_what_holds_on_some_wrong_inputs_only_is_not_told() -> None:
    cases = [(torch.arange(1.0, n), torch.arange(1.0, n).sin()) for n in (5, 7, 9)]
    ex = Exercise("Write less(x, y).", ("1", "2", "3"), lambda seed: cases)
    ex.right(lambda x, y: x - 3 * y)
    assert "x and y exchanged" in said(ex, lambda x, y: y - 3 * x)
    assert "Yours" not in said(ex, lambda x, y: y - 3 * x + (len(x) > 4) * x**2)


def test_a_setting_on_which_it_is_right_as_well_is_not_told() -> None:
    cases = [(torch.arange(4.0) + n, p) for n, p in enumerate((0.5, 0.0, 0.7, 0.0, 0.0, 0.9))]
    ex = Exercise("Write raised(x, p).", ("1", "2", "3"), lambda seed: cases)
    ex.right(lambda x, p: x**2 + p)
    odd = torch.tensor([0.3, 0.1, 0.4, 0.15])
    assert "only where" not in said(ex, lambda x, p: x**2 + p + (p == 0 and x[0] > 1) * odd)
