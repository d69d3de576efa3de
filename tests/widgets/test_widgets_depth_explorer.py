"""The depth explorer without a browser: its numbers, in Python and in JavaScript, and what it refuses."""

import json
import re
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from javascript import evaluate
from nanogpt_lib.layers import LayerNorm
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.rng import drawing_from
from nanogpt_lib.widgets.depth_explorer import (
    DEEPEST,
    INITS,
    LEAST,
    DepthExplorer,
    _drawn,
    brief,
    depth_explorer_state,
    depth_in_words,
    light,
)
from notebook_files import defined_in


@pytest.fixture(scope="module")
def explorer() -> DepthExplorer:
    """One for all tests that only look: it computes for about a second."""
    return DepthExplorer()


@pytest.fixture(scope="module")
def lesson() -> SimpleNamespace:
    """The stack, the measure and the starts that notebook 07 defines, as they stand there."""
    wanted = ("Stack", "gradient_left", "he_start", "small_start")
    return defined_in("07_feed_forward_and_residuals", *wanted, torch=torch, nn=nn, F=F)


def notebook_stack(lesson: SimpleNamespace, depth: int, bypass: bool, init: str) -> nn.Module:
    """A stack as the notebook draws it."""
    start: Callable = {"torch": lambda stack: stack, "small": lesson.small_start, "he": lesson.he_start}[init]
    with drawing_from(torch.Generator().manual_seed(1337)):
        return start(lesson.Stack(depth, bypass))


# --- the numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("bypass", [False, True])
@pytest.mark.parametrize(
    ("init", "depth"), [("torch", 1), ("torch", 12), ("torch", 24), ("small", 7), ("small", 24), ("he", 24)]
)
def test_the_gradient_is_the_one_that_the_notebook_measures(
    lesson: SimpleNamespace, init: str, depth: int, bypass: bool
) -> None:
    """A learner sees both on one page; another seed, order of draws or definition would tell two stories."""
    expected = lesson.gradient_left(notebook_stack(lesson, depth, bypass, init))
    found = depth_explorer_state(depth, bypass, init).gradient
    assert found[0] == pytest.approx(max(expected, LEAST), rel=1e-3, abs=0)
    assert found[-1] == 1
    assert found.shape == (depth + 1,)


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("bypass", [False, True])
def test_each_depth_is_what_a_stack_of_its_own_would_be(
    lesson: SimpleNamespace, bypass: bool, norm: bool
) -> None:
    """All depths are computed in one pass; a row that slipped would show the wrong layer's numbers."""
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(64, 64, generator=draw).double().requires_grad_()
    arriving = torch.randn(64, 64, generator=draw).double()
    stack = notebook_stack(lesson, 5, bypass, "small").double()
    read = LayerNorm(64).double() if norm else nn.Identity()
    passed = [x]
    for layer in stack.layers:
        change = F.relu(layer(read(passed[-1])))
        passed.append(passed[-1] + change if bypass else change)
    gradients = torch.autograd.grad(passed[-1], passed, arriving)
    state = depth_explorer_state(5, bypass, "small", norm=norm)
    numbers = [place.detach().numpy() for place in passed]
    np.testing.assert_allclose(state.spread, [place.std(ddof=1) for place in numbers], rtol=1e-5)
    between = [np.sqrt(place.var(axis=0, ddof=1).mean()) for place in numbers]
    np.testing.assert_allclose(state.between, between, rtol=1e-5)
    lengths = [(gradient.norm() / arriving.norm()).item() for gradient in gradients]
    np.testing.assert_allclose(state.gradient, lengths, rtol=1e-5)


def test_gpt2s_writers_start_as_those_of_the_library() -> None:
    """Twelve blocks add 24 times, as 24 of these layers do."""
    config = GPTConfig(vocab_size=5, block_size=4, n_embd=64, n_head=4, n_layer=12, init="gpt2")
    model = GPT(config, generator=torch.Generator().manual_seed(1))
    theirs = torch.stack([block.sa.proj.weight for block in model.blocks]).std().item()
    weights, biases = _drawn(1337)["gpt2"]
    assert weights.std().item() * DEEPEST ** INITS["gpt2"][1] == pytest.approx(theirs, rel=0.02)
    assert not biases.any()


def test_what_the_notebook_says_of_depth_holds_here(explorer: DepthExplorer) -> None:
    def at(init: str, residual: bool, norm: bool = False, depth: int = 24) -> float:
        return explorer._states[init, residual, norm, depth].gradient[0]

    assert at("torch", False, depth=12) == pytest.approx(1 / 50_000, rel=0.1)
    assert at("torch", True) == pytest.approx(35, abs=1)
    assert at("small", True) == pytest.approx(1.1, abs=0.1)
    assert at("he", False) == pytest.approx(1, abs=0.5)
    assert at("small", False, depth=12) < 1e-11  # the answer to the prediction beside the widget
    # With norms the gradient is there, without the bypass and many times larger: section 8 finds the same.
    assert at("torch", False, norm=True) > 5 * at("torch", True, norm=True) > 5


def test_no_number_is_smaller_than_what_can_be_told(explorer: DepthExplorer) -> None:
    """Differences of numbers near 1 end near 1e-16; shown as they are, they would be rounding errors."""
    for state in explorer._states.values():
        assert np.isfinite(state).all()
        assert np.min(state) >= np.float32(LEAST)
    assert np.min(explorer._states["small", False, False, 24]) == np.float32(LEAST)


def test_the_task_beside_the_widget_has_the_answer_that_is_folded_there(explorer: DepthExplorer) -> None:
    """Without the bypass two things let the gradient through 24 layers; both are told apart by the spread."""
    for init in INITS:
        for norm in (False, True):
            state = explorer._states[init, False, norm, 24]
            assert (state.gradient[0] > 0.1) == (norm or init == "he")
            share = state.between[-1] / state.spread[-1]
            if norm:
                assert share > 0.9
            elif init == "he":
                assert 0.01 < share < 0.5


def test_another_seed_gives_other_weights_of_the_same_kind() -> None:
    one, two = (depth_explorer_state(24, False, "he", seed=seed) for seed in (1, 2))
    assert np.abs(one.gradient[:-1] - two.gradient[:-1]).max() > 0.01
    np.testing.assert_allclose(one.spread[:2], two.spread[:2], rtol=0.05)


def test_what_is_made_leaves_the_global_random_stream_alone() -> None:
    before = torch.get_rng_state()
    depth_explorer_state(3)
    assert torch.equal(before, torch.get_rng_state())


# --- in words -------------------------------------------------------------------------------------


def test_the_words_hold_for_every_choice(explorer: DepthExplorer) -> None:
    """Each number in them is found anew; a word for a size must fit that size."""
    seen = set()
    for state in explorer._states.values():
        words = depth_in_words(state).replace("less than ", "<")
        said = re.match(
            r"Forwards, the spread goes from (\S+) to (\S+): (.*?)\. Between different inputs it is (\S+?)"
            r"(: whatever .* comes out)?\. Backwards, .* output, (\S+) reaches the input: (.*)\.$",
            words,
        ).groups()
        first, last, size, between, alike, left, told = said
        numbers = (state.spread[0], state.spread[-1], state.between[-1], state.gradient[0])
        for text, value in zip((first, last, between, left), numbers, strict=True):
            assert float(text.strip("<")) == pytest.approx(value, rel=0.051)
        ends = state.spread[-1]
        assert size == ("it shrinks" if ends < 0.3 else "it grows" if ends >= 3 else "it keeps its size")
        assert bool(alike) == (state.between[-1] < 0.01 * ends or between == "<1e-12")
        assert ("hardly" in told) == (light(state) == "fades") == (state.gradient[0] < 0.1)
        assert ("grows" in told) == (light(state) == "swells") == (state.gradient[0] > 10)
        seen.add((size, bool(alike), told))
    assert len(seen) >= 6


def test_layer_1_gets_a_far_smaller_change_than_the_last_where_the_words_say_so(
    lesson: SimpleNamespace,
) -> None:
    """The gradient at the weights, not only at the stream: 24 plain layers, the first against the last."""
    stack = notebook_stack(lesson, 24, False, "torch")
    lesson.gradient_left(stack)
    first, last = (stack.layers[at].weight.grad.norm() for at in (0, -1))
    assert "hardly" in depth_in_words(depth_explorer_state(24, False))
    assert first < 1e-6 * last


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (1.0, "1.0"),
        (0.4142, "0.41"),
        (0.996, "1.0"),
        (35.1, "35"),
        (99.6, "100"),
        (4567, "4600"),
        (12_345, "1.2e4"),
        (0.00123, "0.0012"),
        (0.0000183, "1.8e-5"),
        (0.25, "0.25"),
        (0.125, "0.13"),
        (1e-12, "<1e-12"),
        (1.1e-12, "1.1e-12"),
        (0.0, "<1e-12"),
    ],
)
def test_numbers_have_two_digits_and_what_is_too_small_says_so(value: float, says: str) -> None:
    assert brief(value) == says


# --- the same in JavaScript -----------------------------------------------------------------------


def test_javascript_picks_out_of_the_list_what_python_put_there(explorer: DepthExplorer) -> None:
    theirs = evaluate(
        "widgets/depth_explorer",
        "layout.inits.flatMap(([init]) => [false, true].flatMap((residual) => "
        "[false, true].flatMap((norm) => Array.from({length: layout.deepest}, (_, at) => {"
        "  const choice = {init, residual, norm, n_layer: at + 1};"
        "  const state = m.unpack(new Float32Array(numbers), layout, choice);"
        "  const rows = [state.spread, state.between, state.gradient];"
        "  return {choice: state.choice, rows, said: rows.map((row) => row.map(m.brief))};"
        "}))))",
        layout=explorer.layout_of,
        numbers=np.frombuffer(explorer.numbers, dtype=np.float32).tolist(),
    )
    for at, (state, their) in enumerate(zip(explorer._states.values(), theirs, strict=True)):
        assert their["choice"] == at
        assert explorer.words[at] == [light(state), depth_in_words(state)]
        np.testing.assert_array_equal(np.array(their["rows"], dtype=np.float32), np.array(state))
        assert their["said"] == [[brief(value) for value in row] for row in state]


# --- the widget -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ({"n_layer": 0}, "Expected 1 <= n_layer <= 24, got n_layer=0."),
        ({"n_layer": 25}, "Expected 1 <= n_layer <= 24, got n_layer=25."),
        ({"n_layer": 2.0}, "Expected 1 <= n_layer <= 24, got n_layer=2.0."),
        ({"n_layer": True}, "Expected 1 <= n_layer <= 24, got n_layer=True."),
        ({"residual": 1}, "Expected residual as True or False, got residual=1."),
        ({"norm": "pre"}, "Expected norm as True or False, got norm='pre'."),
        ({"init": "xavier"}, "Expected init to be one of 'torch', 'small', 'gpt2', 'he', got 'xavier'."),
        ({"init": ["he"]}, "Expected init to be one of 'torch', 'small', 'gpt2', 'he', got ['he']."),
    ],
)
def test_bad_input_is_told_with_its_remedy(choice: dict, says: str) -> None:
    for make in (depth_explorer_state, DepthExplorer):
        with pytest.raises(ValueError, match=rf"^{re.escape(says)} Choose .*\.$"):
            make(**{"n_layer": 3} | choice)


def test_traits_refuse_what_the_constructor_refuses_and_keep_what_was(explorer: DepthExplorer) -> None:
    for name, value in (("n_layer", 25), ("init", "xavier")):
        with pytest.raises(ValueError, match="^Expected "):
            setattr(explorer, name, value)
    assert (explorer.n_layer, explorer.init) == (12, "torch")


def test_the_state_follows_the_choice() -> None:
    explorer = DepthExplorer(3, False, "he", seed=2)
    for n_layer, residual, init, norm in ((3, False, "he", False), (24, True, "gpt2", True)):
        explorer.n_layer, explorer.residual = n_layer, residual
        explorer.init, explorer.norm = init, norm
        expected = depth_explorer_state(n_layer, residual, init, norm=norm, seed=2)
        for found, wanted in zip(explorer.state(), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_the_still_picture_shows_every_layer() -> None:
    explorer = DepthExplorer(12, residual=False)
    html, state = explorer.static_html(), explorer.state()
    assert depth_in_words(state) in html
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', html)
    assert [name for name, _ in rows] == ["input", *(f"after layer {at}" for at in range(1, 13))]
    for (_, cells), numbers in zip(rows, zip(*state, strict=True), strict=True):
        assert re.findall("<td>(.*?)</td>", cells) == [brief(number) for number in numbers]
    assert repr(explorer) == (
        "DepthExplorer: 12 layers, no bypass, torch's default, no norm: spread 1.0 to 0.045, between inputs "
        "1.1e-5; gradient that reaches the input 2.1e-5"
    )


def test_nothing_stored_is_near_the_edge_of_its_rounding(explorer: DepthExplorer) -> None:
    """Stored outputs are compared exactly; a millionth is more than processors differ by."""
    for residual in (True, False):
        for value in np.concatenate(explorer._states["torch", residual, False, 12]).astype(float):
            assert brief(value * (1 - 5e-6)) == brief(value * (1 + 5e-6)), (
                f"{value} may be written in two ways"
            )


def test_little_is_sent_to_the_page(explorer: DepthExplorer) -> None:
    assert len(explorer.numbers) + len(json.dumps(explorer.words)) < 160_000
