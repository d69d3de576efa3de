"""The attention view without a browser: what it packs, what it says, what it refuses."""

import numpy as np
import pytest
import torch

from helpers import random_ids, tiny_gpt
from javascript import evaluate
from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.dot_product import AttentionSteps, attention_steps
from nanogpt_lib.trace import trace
from nanogpt_lib.widgets.attention_view import STAGES, AttentionView, pack_stages

ATTACK = "<img src=x onerror=alert(1)>"
TEXT = "To be"


def steps(T: int = 5, n_layer: int = 2, n_head: int = 3, head_size: int = 4) -> tuple:
    """(stages, q, k) of random heads, as a model would give them."""
    q, k, v = torch.randn(3, n_layer, n_head, T, head_size)
    mask = causal_mask(T)
    made = [
        [attention_steps(q[layer, head], k[layer, head], v[layer, head], mask=mask) for head in range(n_head)]
        for layer in range(n_layer)
    ]
    return made, q, k


def weights(T: int = 5) -> torch.Tensor:
    return torch.randn(1, 1, T, T).masked_fill(~causal_mask(T), float("-inf")).softmax(-1)


def test_packed_bytes_are_read_again_by_the_script_number_by_number() -> None:
    """A wrong order of layers and heads would show a true picture of the wrong head."""
    stages, q, k = steps()
    packed = pack_stages(TEXT, stages, q=q, k=k)
    numbers = np.frombuffer(packed.data, dtype=np.float32)
    expression = (
        "(() => { const pack = m.unpack(Float32Array.from(numbers, Number), shape);"
        "return places.map(([name, layer, head]) => [...pack.parts[name].at(layer, head)]) })()"
    )
    places = [[name, layer, head] for name in (*STAGES, "q", "k") for layer in range(2) for head in range(3)]
    values = {"numbers": list(map(str, numbers.tolist())), "shape": packed.shape, "places": places}
    values["numbers"] = [text.replace("inf", "Infinity") for text in values["numbers"]]
    found = evaluate("widgets/attention_view", expression, **values)
    for (name, layer, head), got in zip(places, found, strict=True):
        source = {"q": q, "k": k}.get(name)
        expected = getattr(stages[layer][head], name) if source is None else source[layer, head]
        np.testing.assert_array_equal(np.array(got, dtype=np.float32), expected.flatten().numpy())


def test_the_real_forward_can_be_shown_as_it_was_traced() -> None:
    model, idx = tiny_gpt(), random_ids(1, 6)
    seen = trace(model, idx)
    for given in (seen, seen.stages):
        packed = pack_stages("abcdef", given)
        assert list(packed.parts) == list(STAGES)
        np.testing.assert_array_equal(packed.parts["weights"], seen.weights[:, :, 0].numpy())
    np.testing.assert_array_equal(pack_stages("abcdef", seen.weights).parts["weights"], seen.weights[:, :, 0])


def test_weights_alone_have_one_stage() -> None:
    view = AttentionView(TEXT, weights().numpy())
    assert view.shape == {"n_layer": 1, "n_head": 1, "T": 5, "parts": [["weights", 5]]}
    with pytest.raises(ValueError, match="Only weights were given"):
        view.stage = "scores"


def test_the_view_begins_where_there_is_most_to_see() -> None:
    """At the last position, which may see all the others, and at the key that it weighs most."""
    given = torch.eye(4)[None, None].clone()
    given[0, 0, 3] = torch.tensor([0.1, 0.6, 0.2, 0.1])
    view = AttentionView("cats", given)
    assert (view.query, view.key) == (3, 1)
    assert repr(view) == (
        "AttentionView of 'cats' (1 layer, 1 head), weights of layer 0, head 0, query 's' at 3: "
        "'c' 0.100, 'a' 0.600, 't' 0.200 (the three largest)"
    )


def test_python_sets_and_reads_every_choice() -> None:
    stages, *_ = steps()
    view = AttentionView(TEXT, stages)
    view.layer, view.head, view.query, view.stage = 1, 2, 3, "masked"
    assert view.row() == stages[1][2].masked[3].tolist()
    assert view.row()[4] == float("-inf")
    assert "masked of layer 1, head 2, query 'b' at 3" in repr(view)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("layer", 2, "layer from 0 to 1, got layer=2"),
        ("head", -1, "head from 0 to 2, got head=-1"),
        ("query", 5, "query from 0 to 4, got query=5"),
        ("key", 5, "key from 0 to 4, got key=5"),
        ("stage", "softmax", "one of the stages .*, got stage='softmax'"),
    ],
)
def test_a_choice_that_is_not_there_is_refused_and_the_old_one_stays(
    name: str, value: object, says: str
) -> None:
    view = AttentionView(TEXT, steps()[0])
    before = getattr(view, name)
    with pytest.raises(ValueError, match=f"^Expected {says}"):
        setattr(view, name, value)
    assert getattr(view, name) == before


def changed(name: str, place: tuple, value: float) -> list[list[AttentionSteps]]:
    """Five good stages with one bad number."""
    stages, *_ = steps()
    bad = getattr(stages[1][2], name).clone()
    bad[place] = value
    stages[1][2] = stages[1][2]._replace(**{name: bad})
    return stages


@pytest.mark.parametrize(
    ("tokens", "given", "says"),
    [
        ("To", steps()[0], "as many tokens as positions in the arrays, T=5, got 2 tokens"),
        ("", weights(), "1 to 64 tokens, got 0 tokens"),
        ("x" * 65, weights(65), r"1 to 64 tokens, got 65 tokens.*text\[:64\]"),
        (TEXT, weights()[0], r"weights of shape \(n_layer, n_head, T, T\), got shape \(1, 5, 5\)"),
        (TEXT, torch.rand(1, 1, 5, 4), r"weights of shape \(1, 1, 5, 5\), got shape \(1, 1, 5, 4\)"),
        (TEXT, torch.rand(1, 1, 2, 5, 5), "one text"),
        (TEXT, torch.rand(13, 1, 5, 5), "at most 12 layers of 16 heads, got 13 layers of 1 heads"),
        (TEXT, torch.randn(1, 1, 5, 5), "weights between 0 and 1.*softmax"),
        (TEXT, steps()[0][0][0], r"stages\[layer\]\[head\]"),
        (TEXT, steps()[0][0], r"stages\[layer\]\[head\].*flat"),
        (TEXT, [], "as many heads in every layer, at least one"),
        (TEXT, [steps()[0][0], steps()[0][1][:2]], r"layers with \[3, 2\] heads"),
        (TEXT, [[steps(5)[0][0][0], steps(4)[0][0][0]]], "of one shape in every head"),
        (
            TEXT,
            changed("weights", (0, 0), float("nan")),
            "numbers in weights, got nan in layer 1, head 2, query 0",
        ),
        (
            TEXT,
            changed("scores", (3, 1), float("-inf")),
            "numbers in scores, got -inf in layer 1, head 2, query 3",
        ),
        (TEXT, changed("masked", (2, 0), float("inf")), "numbers in masked, or minus infinity, got inf"),
    ],
)
def test_bad_arrays_are_told_with_their_remedy(tokens: str, given: object, says: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected .*{says}"):
        AttentionView(tokens, given)


def test_a_batch_of_two_texts_is_refused_with_the_way_to_one() -> None:
    seen = trace(tiny_gpt(), random_ids(2, 6))
    with pytest.raises(ValueError, match=r"scores of one text.*got shape \(2, 6, 6\).*idx\[:1\]"):
        AttentionView("abcdef", seen)


def test_queries_and_keys_must_be_those_that_gave_the_scores() -> None:
    stages, q, k = steps()
    pack_stages(TEXT, stages, q=q, k=k)
    with pytest.raises(ValueError, match="whose products are the scores"):
        pack_stages(TEXT, stages, q=q / 2, k=k)
    with pytest.raises(ValueError, match="q and k together"):
        pack_stages(TEXT, stages, q=q)
    with pytest.raises(ValueError, match="q and k of one shape"):
        pack_stages(TEXT, weights(), q=q[:1, :1], k=k[:1, :1, :, :3])
    with pytest.raises(ValueError, match=r"q of shape \(1, 1, 5, head_size\)"):
        pack_stages(TEXT, weights(), q=q, k=k)


def test_rows_that_do_not_sum_to_one_may_be_looked_at() -> None:
    """A learner's mistake is what the view is for; the sentence under the map names the sum."""
    assert AttentionView(TEXT, weights() * 0.4).row()[0] <= 0.4


def test_tokens_are_text_wherever_they_are_shown() -> None:
    view = AttentionView([ATTACK, "a b", "\n"], weights(3))
    html = view._repr_mimebundle_()[0]["text/html"]
    assert "<img" not in html
    assert html.count("&lt;img␣src=x␣onerror=alert(1)&gt;") == 3  # in the text, above and beside the table
    assert "a␣b" in html
    assert "⏎" in repr(view)


@pytest.mark.parametrize("stage", STAGES)
def test_the_still_picture_of_a_short_text_is_the_whole_map(stage: str) -> None:
    stages, *_ = steps()
    view = AttentionView(TEXT, stages)
    view.stage = stage
    html = view.static_html()
    part = getattr(stages[0][0], stage)
    assert html.count("<td>") == part.numel()
    assert (f"<td>{float(part[4, 0]):.2f}</td>").replace("-", "−") in html
    assert ("−∞" in html) == (stage == "masked")


def test_the_still_picture_of_a_long_text_lists_the_heaviest_keys() -> None:
    view = AttentionView("x" * 40, weights(40))
    best = sorted(range(40), key=lambda at: -view.row()[at])[:8]
    html = view.static_html()
    assert html.count("<tr>") == 9
    for at in best:
        assert f"<td>{at}</td>" in html


def test_what_is_stored_does_not_depend_on_the_last_bits() -> None:
    """Another processor adds in another order; the stored output must not notice."""
    given = torch.full((1, 1, 8, 8), 0.125)
    outputs = set()
    for nudge in (-3e-8, 0.0, 3e-8):
        view = AttentionView("abcdefgh", given + nudge)
        outputs.add((repr(view), view.static_html()))
    assert len(outputs) == 1


def test_another_text_keeps_the_layer_and_head_where_it_can() -> None:
    view = AttentionView(TEXT, steps()[0])
    view.layer, view.head, view.stage = 1, 2, "scaled"
    view.show("hi", steps(T=2)[0])
    assert (view.layer, view.head, view.stage, view.query, view.tokens) == (1, 2, "scaled", 1, ["h", "i"])
    view.show("hey", weights(3))
    assert (view.layer, view.head, view.stage, view.query) == (0, 0, "weights", 2)


def test_a_longer_text_may_follow_a_shorter_one_and_the_other_way_round() -> None:
    view = AttentionView("hi", weights(2))
    view.show("hello", weights(5))
    assert view.query == 4
    view.show("h", weights(1))
    assert (view.query, view.key) == (0, 0)


def test_a_typed_text_is_computed_and_a_mistake_is_told_in_the_widget() -> None:
    def compute(text: str) -> torch.Tensor:
        if "?" in text:
            raise ValueError("Expected a character of the vocabulary, got '?'.")
        return weights(len(text))

    view = AttentionView("hi", compute=compute)
    view.text = "hello"
    assert (view.tokens, view.complaint) == (list("hello"), "")
    view.text = "he?"
    assert (view.tokens, view.complaint) == (
        list("hello"),
        "Expected a character of the vocabulary, got '?'.",
    )
    view.text = "hey"
    assert (view.tokens, view.complaint) == (list("hey"), "")


def test_a_typed_text_gets_its_bars_where_the_function_gives_queries_and_keys() -> None:
    def compute(text: str) -> dict:
        stages, q, k = steps(T=len(text), n_layer=1, n_head=1, head_size=4)
        return {"stages": stages, "q": q, "k": k}

    view = AttentionView("hi", compute=compute)
    for text in ("hi", "hello"):
        view.text = text
        parts = view._packed.parts
        assert parts["q"].shape == parts["k"].shape == (1, 1, len(text), 4)
        assert ["q", 4] in view.shape["parts"]
        bars = parts["q"][0, 0, view.query] * parts["k"][0, 0, view.key]
        assert bars.sum() == pytest.approx(parts["scores"][0, 0, view.query, view.key], abs=1e-5)


def test_neither_stages_nor_a_function_is_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        AttentionView("hi")


def test_the_largest_view_is_allowed_and_as_large_as_its_numbers() -> None:
    """12 layers of 16 heads over 64 characters, as float32: 16 MB with nothing beside."""
    stages, *_ = steps(T=64, n_layer=12, n_head=16, head_size=64)
    packed = pack_stages("x" * 64, stages)
    assert len(packed.data) == 4 * 12 * 16 * 64 * (4 * 64 + 64)
