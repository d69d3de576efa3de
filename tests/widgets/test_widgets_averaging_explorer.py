"""The averaging explorer without a browser: its mathematics in Python and in JavaScript, what it refuses."""

import numpy as np
import pytest
import torch

from javascript import evaluate
from nanogpt_lib.averaging import average_softmax, causal_mask
from nanogpt_lib.widgets.averaging_explorer import (
    DEFAULT_X,
    MODES,
    AveragingExplorer,
    averaging_explorer_state,
)


def random_case(T: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.uniform(-4, 4, (T, T)), draw.uniform(-9, 9, T)


def test_equal_scores_under_minus_infinity_are_the_average_of_the_library() -> None:
    x = torch.tensor(DEFAULT_X[:5], dtype=torch.float64)
    ours = averaging_explorer_state(np.zeros((5, 5)), "-inf", x).output
    theirs = average_softmax(x[None, :, None])[0, :, 0].numpy()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("T", [2, 5, 8])
def test_every_mode_is_what_torch_gives(T: int) -> None:
    scores, x = random_case(T, seed=T)
    values, past = torch.tensor(scores), causal_mask(T)
    expected = {
        "none": values.softmax(-1),
        "zero": (values * past).softmax(-1),
        "after": values.softmax(-1) * past,
        "-inf": values.masked_fill(~past, float("-inf")).softmax(-1),
    }
    assert list(expected) == list(MODES)
    for mode, weights in expected.items():
        state = averaging_explorer_state(scores, mode, x)
        np.testing.assert_allclose(state.weights, weights.numpy(), rtol=0, atol=1e-12, err_msg=mode)
        np.testing.assert_allclose(state.row_sums, weights.sum(-1).numpy(), rtol=0, atol=1e-12)
        np.testing.assert_allclose(state.output, (weights @ torch.tensor(x)).numpy(), rtol=0, atol=1e-11)
        np.testing.assert_allclose(state.future, (weights * ~past).sum(-1).numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("mode", ["-inf", "none", "zero"])
def test_the_light_agrees_with_what_changing_the_future_does(mode: str) -> None:
    """Measured, not derived: the last position's number changes, and earlier outputs move or stay."""
    scores, x = random_case(4, seed=1)
    before = averaging_explorer_state(scores, mode, x)
    after = averaging_explorer_state(scores, mode, [*x[:3], x[3] + 100])
    moved = np.abs(after.output - before.output)[:3].max() > 1e-9
    assert before.light == ("leak" if moved else "closed")


def test_masking_after_the_softmax_is_no_clean_bill() -> None:
    """No weight goes to the future, yet a score of the future changes the past's output: the light tells."""
    scores, x = random_case(4, seed=2)
    changed = scores.copy()
    changed[0, 3] += 5
    before, after = (averaging_explorer_state(s, "after", x) for s in (scores, changed))
    assert before.future.max() == 0
    assert abs(before.output[0] - after.output[0]) > 1e-3
    assert before.light == "short"
    assert "the softmax counted it: row 0 sums to" in before.verdict


@pytest.mark.parametrize(
    ("scores", "mode", "says"),
    [
        ([[0, 0], [0, 0]], "-inf", "no row sees its future"),
        ([[0, 9], [0, 0]], "zero", "row 0 gives 0.500 to its future"),
        ([[0, 9], [0, 0]], "after", "row 0 sums to 0.000"),
        ([[20, -20], [0, 0]], "none", "row 0 gives less than 0.001 to its future"),
        ([[0] * 3] * 3, "none", "row 0 gives 0.667 to its future, row 1 gives 0.333 to its future"),
    ],
)
def test_the_verdict_says_which_row_gives_how_much(scores: list, mode: str, says: str) -> None:
    assert says in averaging_explorer_state(scores, mode, DEFAULT_X[: len(scores)]).verdict


def test_javascript_gives_the_same_numbers_and_the_same_words() -> None:
    """The picture is drawn by one, the stored output by the other; they must never tell two things."""
    cases = []
    for T in range(2, 9):
        for seed in range(3):
            scores, x = random_case(T, seed=10 * T + seed)
            scores = scores if seed else np.zeros((T, T))  # ties, and sums that are exact
            cases += [[np.round(scores, 2).tolist(), mode, np.round(x, 2).tolist()] for mode in MODES]
    cases.append([[[20, -20], [-20, 20]], "none", [1, 2]])
    theirs = evaluate("widgets/averaging_explorer", "cases.map((case_) => m.explore(...case_))", cases=cases)
    for case, their in zip(cases, theirs, strict=True):
        ours = averaging_explorer_state(*case)
        assert (ours.light, ours.verdict) == (their["light"], their["verdict"])
        masked = [[float(value) for value in row] for row in their["masked"]]
        np.testing.assert_array_equal(ours.masked, masked)
        for field in ("weights", "row_sums", "output", "future"):
            np.testing.assert_allclose(getattr(ours, field), their[field], rtol=0, atol=1e-12, err_msg=field)


@pytest.mark.parametrize(
    ("scores", "mode", "x", "says"),
    [
        ([[0]], "none", [1], r"scores of shape \(T, T\) with T from 2 to 8, got shape \(1, 1\)"),
        (np.zeros((9, 9)), "none", np.zeros(9), r"got shape \(9, 9\)"),
        ([[0, 1], [0]], "none", [1, 2], "rows that differ in length"),
        ([[0, 1, 2], [0, 1, 2]], "none", [1, 2], r"got shape \(2, 3\)"),
        ([[0, float("-inf")], [0, 0]], "none", [1, 2], "got -inf in row 0, column 1.*choose mode='-inf'"),
        ([[0, 0], [0, float("nan")]], "none", [1, 2], "got nan in row 1, column 1"),
        ([[0, 0], [0, 21]], "none", [1, 2], "from −20 to 20, got 21.0 in row 1, column 1"),
        ([[0, 0], [0, 0]], "inf", [1, 2], "one of the modes .*, got mode='inf'"),
        ([[0, 0], [0, 0]], "none", [1, 2, 3], "for each of 2 positions, got 3 numbers"),
        ([[0, 0], [0, 0]], "none", [1, float("nan")], "finite numbers"),
        ([[0, 0], [0, 0]], "none", [[1, 2]], r"got shape \(1, 2\)"),
    ],
)
def test_bad_input_is_told_with_its_remedy(scores: object, mode: str, x: object, says: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected .*{says}"):
        averaging_explorer_state(scores, mode, x)
    with pytest.raises(ValueError, match=f"^Expected .*{says}"):
        AveragingExplorer(scores, mode=mode, x=x)


def test_traits_refuse_what_the_function_refuses_and_keep_what_was() -> None:
    explorer = AveragingExplorer()
    for name, value in (("mode", "both"), ("scores", [[1.0]]), ("x", [float("nan")] * 4)):
        with pytest.raises(ValueError, match="^Expected "):
            setattr(explorer, name, value)
    assert explorer.mode == "-inf"
    assert explorer.scores == np.zeros((4, 4)).tolist()


def test_x_follows_the_number_of_positions() -> None:
    explorer = AveragingExplorer(x=[5, 6, 7, 8])
    explorer.scores = np.zeros((6, 6)).tolist()
    assert explorer.x == [5, 6, 7, 8, DEFAULT_X[4], DEFAULT_X[5]]
    explorer.scores = np.zeros((2, 2)).tolist()
    assert explorer.x == [5, 6]
    assert explorer.state().output.tolist() == [5, 5.5]


def test_a_tensor_of_scores_is_welcome() -> None:
    scores = torch.tensor([[0.5, 1.0], [2.0, 3.0]], requires_grad=True)
    assert AveragingExplorer(scores).scores == [[0.5, 1.0], [2.0, 3.0]]


def test_the_still_picture_holds_every_number_and_the_verdict() -> None:
    explorer = AveragingExplorer([[0, 2], [1, 0.25]], mode="zero", x=[1, 3])
    html = explorer.static_html()
    state = explorer.state()
    for value in (*state.weights.flatten(), *state.row_sums):
        assert f"<td>{value:.3f}</td>" in html
    assert "<td>0.25</td>" in html
    assert state.verdict in html
    assert repr(explorer) == (
        "AveragingExplorer of 2 positions, mask '0 before the softmax': row 0 gives 0.500 to its future."
    )
