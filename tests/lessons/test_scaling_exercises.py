"""What the exercises of the lesson on scaling measure, and what they refuse."""

import pytest

from nanogpt_lib.lessons import scaling as ex

SEEDS = range(4)


@pytest.mark.parametrize("lost", [1, 2], ids=["W_q", "W_k"])
def test_scores_that_are_right_and_let_no_gradient_back_are_refused(lost: int) -> None:
    """Wrong numbers are told first: about them a gradient says nothing."""
    exercise, name = ex.scaled_scores, ("x", "W_q", "W_k")[lost]

    def cut(*inputs):
        return exercise.answer(*(one.detach() if i == lost else one for i, one in enumerate(inputs)))

    assert f"no gradient goes back to {name}," in exercise.check(cut).message
    assert "values differ" in exercise.check(lambda *inputs: 1.5 * cut(*inputs)).message


def test_the_variance_of_a_dot_product_is_judged_to_5_percent() -> None:
    """Facts are compared with the solution's own, so a solution that misses would let everything miss."""
    exercise = ex.var_dot
    for seed in SEEDS:
        facts = exercise.run(exercise.answer, *exercise.inputs(seed)[0])
        assert {name: fact.value for name, fact in facts.items()} == {
            "variance": "head_size",
            "chance": "drawn",
            "digits": "all of them",
            "seed": True,
        }
    assert not exercise.check(lambda *inputs: 1.08 * exercise.answer(*inputs)).passed
