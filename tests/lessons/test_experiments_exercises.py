"""What the exercises of experiments measure, and what they say of answers that no known mistake explains."""

import math
from statistics import fmean

import pytest
import torch

from helpers import said
from nanogpt_lib.evaluation import loss_by_position
from nanogpt_lib.kit.statistics import T95, half_width
from nanogpt_lib.lessons import experiments as ex
from nanogpt_lib.lessons.experiments.claims import NOISE, REAL, simulated_claims
from nanogpt_lib.lessons.experiments.intervals import SIMULATED, kept, right_half
from nanogpt_lib.lessons.experiments.loss_per_position import of_the_shipped_model
from nanogpt_lib.lessons.experiments.shared import gaps_of, recorded_claims
from nanogpt_lib.model import GPT, GPTConfig

SEEDS = range(10)
each_seed = pytest.mark.parametrize("seed", SEEDS)


# --- mean_ci --------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", T95)
def test_the_table_holds_students_t_to_its_last_digit(degrees: int) -> None:
    """The area under the density, by Simpson's rule: a typing error in a digit shows."""

    def inside(limit: float, slices: int = 20_000) -> float:
        t = torch.linspace(0, limit, slices + 1, dtype=torch.float64)
        density = (1 + t**2 / degrees) ** (-(degrees + 1) / 2)
        weight = torch.ones_like(t)
        weight[1:-1:2], weight[2:-1:2] = 4, 2
        half = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)
        return (
            2 * math.exp(half) / (degrees * math.pi) ** 0.5 * (weight @ density).item() * limit / slices / 3
        )

    assert inside(T95[degrees] - 0.0006) < 0.95 < inside(T95[degrees] + 0.0006)


@pytest.mark.parametrize("n", range(2, 11))
def test_simulated_intervals_hold_the_truth_as_often_as_they_promise(n: int) -> None:
    """10,000 of them: off by 70 comes to three spreads, one seed in 700."""
    assert abs(kept(right_half, n) - 0.95 * SIMULATED) < 70


def test_with_three_values_1_96_standard_errors_hold_the_truth_81_times_in_100() -> None:
    """For two degrees of freedom the share is t / root of (2 + t squared)."""
    share = 1.96 / (2 + 1.96**2) ** 0.5
    assert round(share, 2) == 0.81
    assert abs(kept(lambda draws: 1.96 / T95[2] * right_half(draws), 3) / SIMULATED - share) < 0.012


def test_an_interval_that_is_no_pair_of_numbers_is_refused_with_what_came() -> None:
    assert said(ex.mean_ci, lambda values, t95: fmean(values)).startswith(
        "Expected two numbers, (mean, half-width), got float 2.08"
    )
    for raw in ("2.1 +- 0.1", (1, 2, 3), {"mean": 2}, (2.1, "0.1"), (torch.zeros(2), 1.0)):
        message = said(ex.mean_ci, lambda values, t95, raw=raw: raw)
        assert message.startswith("Expected two numbers, (mean, half-width), got"), raw


def test_values_that_were_sorted_in_place_are_told() -> None:
    def sorts(values, t95):
        answer = ex.mean_ci.answer(values, t95)
        values.sort()
        return answer

    assert "values[0] is another now" in said(ex.mean_ci, sorts)


def test_a_single_value_that_gives_something_odd_is_told_with_it() -> None:
    def odd(values, t95):
        return ex.mean_ci.answer(values, t95) if len(values) > 1 else "one run"

    assert "For the single loss 2.1041 you return one run." in said(ex.mean_ci, odd)


# --- sort_claims ----------------------------------------------------------------------------------


def test_the_recorded_claims_have_the_verdicts_that_the_notebook_tells() -> None:
    assert ex.sort_claims.answer(recorded_claims(), T95) == {
        "no scale, the right scale": REAL,
        "root of n_embd, of head_size": REAL,
        "1 head, 4 heads": REAL,
        "norm after, norm before": NOISE,
        "norm after, no norm": NOISE,
        "8 blocks, 4 blocks": REAL,
        "1 block without residual, with": NOISE,
        "dropout 0.5, 0.2": NOISE,
        "dropout 0, 0.2": REAL,
    }


def test_no_verdict_hangs_on_rounding() -> None:
    for claims in [recorded_claims(), *(simulated_claims((2, 3, 6), 60, seed)[0] for seed in SEEDS)]:
        for name, pair in claims.items():
            assert abs(abs(fmean(gaps_of(*pair))) / half_width(gaps_of(*pair)) - 1) > 0.015, name


def test_recorded_claims_catch_two_rules_that_many_trust() -> None:
    """Three seeds that agree are no proof; intervals that overlap are no refutation."""
    claims = recorded_claims()
    assert max(gaps_of(*claims["norm after, no norm"])) < 0
    one, four = claims["1 head, 4 heads"]
    assert abs(fmean(one) - fmean(four)) < half_width(one) + half_width(four)


def test_half_of_the_simulated_pairs_have_no_difference_and_the_rule_errs_on_about_5_in_100() -> None:
    """1,000 pairs: 5 % is 50, give or take 21 in three spreads; one without t would call about 180 real."""
    wrong = 0
    for seed in SEEDS:
        claims, without = simulated_claims((3,), 200, seed)
        assert (len(claims), len(without)) == (200, 100)
        verdicts = ex.sort_claims.answer(claims, T95)
        wrong += sum(verdicts[name] == REAL for name in without)
        assert sum(verdicts[name] == REAL for name in set(claims) - without) > 85
    assert 29 < wrong < 71


def test_verdicts_in_words_that_are_not_known_are_refused() -> None:
    for word in (True, "not real", "significant", "real, not noise?"):
        message = said(ex.sort_claims, lambda claims, t95, word=word: dict.fromkeys(claims, word))
        if word != "real, not noise?":
            assert message == f"Expected 'real' or 'within noise' for 'pair 1', got {word!r}."
    assert said(ex.sort_claims, lambda claims, t95: {"pair 1": "real"}) == (
        "Expected a dict with a verdict for each of the 200 claims, got 1 names."
    )


def test_a_verdict_that_no_known_mistake_explains_is_told_with_its_numbers() -> None:
    def stubborn(claims, t95):
        verdicts = ex.sort_claims.answer(claims, t95)
        return verdicts | {next(iter(claims)): "real"}

    message = said(ex.sort_claims, stubborn)
    assert message.startswith("You call this real. pair 1: a = ")
    assert message.endswith("each way. Is 0 inside?")


# --- plan -----------------------------------------------------------------------------------------


@each_seed
def test_a_plan_keeps_both_budgets_and_leaves_no_room_for_more(seed: int) -> None:
    for variants, characters, minutes in ex.plan.inputs(seed):
        steps, seeds = ex.plan.answer(variants, characters, minutes)
        one_seed = 0.0
        for name, (batch_size, block_size, seconds) in variants.items():
            assert 0 <= characters - steps[name] * batch_size * block_size < batch_size * block_size
            one_seed += steps[name] * seconds
        if minutes * 60 == seeds * one_seed:
            assert all(seconds / 60 * 256 == round(seconds / 60 * 256) for _, _, seconds in variants.values())
            assert minutes / (one_seed / 60) == minutes / 60 / (one_seed / 3600) == seeds, "exact in any unit"
        else:
            rest = minutes * 60 / one_seed - seeds
            assert 0.01 < rest < 0.99, "an honest way to divide could round it over"


@each_seed
def test_plans_hold_budgets_that_come_out_even_and_that_allow_no_seed(seed: int) -> None:
    inputs = ex.plan.inputs(seed)
    assert any(chars % (B * T) == 0 for v, chars, _ in inputs for B, T, _ in v.values())
    assert 0 in [ex.plan.answer(*one)[1] for one in inputs]
    needed = [sum(c // (B * T) * seconds for B, T, seconds in v.values()) for v, c, _ in inputs]
    assert any(60 * minutes % one == 0 for (*_, minutes), one in zip(inputs, needed, strict=True))


def test_a_plan_of_another_shape_is_refused() -> None:
    assert said(ex.plan, lambda v, c, m: dict.fromkeys(v, 1)).startswith(
        "Expected (steps, seeds), a dict and a whole number, got dict"
    )
    assert said(ex.plan, lambda v, c, m: ({"second rung": 1}, 3)).startswith(
        "Expected steps as a dict with ['second rung', 'third rung'], got {"
    )


def test_a_plan_that_no_known_mistake_explains_is_told_which_number_is_off() -> None:
    def fewer(variants, characters, minutes):
        steps, seeds = ex.plan.answer(variants, characters, minutes)
        return {name: n - 1 for name, n in steps.items()}, seeds

    assert said(ex.plan, fewer) == (
        "steps of second rung: Expected 1960, got 1959. "
        "Yours is the right result minus 1: look where the counting begins and ends."
    )


# --- loss_per_position ----------------------------------------------------------------------------


@each_seed
def test_the_solution_is_torchs_own_and_its_mean_is_the_loss(seed: int) -> None:
    for logits, targets in ex.loss_per_position.inputs(seed):
        mine = ex.loss_per_position.answer(logits, targets)
        each = torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
        torch.testing.assert_close(mine, each.mean(0))
        whole = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        torch.testing.assert_close(mine.mean(), whole)


def test_the_solution_is_what_the_library_measures_over_a_split() -> None:
    torch.manual_seed(1)
    model = GPT(GPTConfig(vocab_size=9, block_size=6, n_embd=8, n_head=2, n_layer=1)).eval()
    data = torch.randint(9, (5 * 6 + 1,))
    logits, _ = model(data[:-1].view(5, 6))
    mine = ex.loss_per_position.answer(logits, data[1:].view(5, 6))
    torch.testing.assert_close(mine, loss_by_position(model, data, batch_size=2).float())


def test_the_shipped_model_pays_more_at_its_first_position_than_at_its_last() -> None:
    losses = of_the_shipped_model()
    assert losses.shape == (128,)
    assert losses[0] > losses[-16:].mean() + 1


def test_losses_that_no_known_mistake_explains_are_told_by_position() -> None:
    def but_the_last(logits, targets):
        losses = ex.loss_per_position.answer(logits, targets)
        return torch.cat([losses[:-1], losses[-1:] + 1])

    assert said(ex.loss_per_position, but_the_last).startswith("1 of 4 values differ for logits of shape")
