"""The grid of heads without a browser: true losses, true maps, and sentences that say what happened."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers import TINY, copied, global_stream_untouched, random_ids, same_bits, tiny_gpt, weights_of
from nanogpt_lib.ablation import head_losses, loss_without, without_heads
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.kit.widget import number
from nanogpt_lib.model import GPT
from nanogpt_lib.trace import trace
from nanogpt_lib.widgets.head_grid import HeadGrid, effect_of, off_key, off_of, signed_number

TOKENIZER = CharTokenizer("\n <>=abcdef")
TEXT = "a bed"
IDX, TARGETS = random_ids(4, 8), random_ids(4, 8, seed=1)


def grid(text: str = TEXT, model: GPT | None = None, **changes: object) -> HeadGrid:
    return HeadGrid(tiny_gpt(**changes) if model is None else model, TOKENIZER, text, IDX, TARGETS)


def choices(n_layer: int, n_head: int) -> list[list[tuple[int, int]]]:
    """Every set of heads."""
    pairs = list(itertools.product(range(n_layer), range(n_head)))
    return [list(some) for many in range(len(pairs) + 1) for some in itertools.combinations(pairs, many)]


def test_every_choice_in_one_layer_of_four_heads_is_measured_before_it_is_asked_for() -> None:
    made = grid(n_layer=1, n_head=4)
    model = tiny_gpt(n_layer=1, n_head=4)
    expected = {off_key(off): loss_without(model, IDX, TARGETS, off) for off in choices(1, 4)}
    assert len(expected) == 16
    assert made.losses == expected


def test_in_more_layers_each_head_alone_is_measured_and_the_rest_on_demand() -> None:
    made, model = grid(n_layer=4, n_head=4), tiny_gpt(n_layer=4, n_head=4)
    rise = head_losses(model, IDX, TARGETS).rise
    assert set(made.losses) == {"", *(off_key([pair]) for pair in rise)}
    for pair, difference in rise.items():
        assert made.losses[off_key([pair])] - made.losses[""] == pytest.approx(difference, abs=1e-9)
    made.off = [(0, 1), (2, 3)]
    assert made.losses["0.1 2.3"] == loss_without(model, IDX, TARGETS, [(0, 1), (2, 3)])
    assert made.effect().now == float(number(made.losses["0.1 2.3"]))
    assert len(made.losses) == 18


def test_of_very_many_heads_only_what_is_shown_is_measured() -> None:
    made = grid(n_layer=6, n_head=6)
    assert list(made.losses) == [""]
    made.layer = 5
    made.static_html()
    assert set(made.losses) == {"", *(f"5.{head}" for head in range(6))}


def test_the_maps_are_those_of_the_real_forward_with_every_head_on() -> None:
    """In the order in which the script reads them: layer, head, query, key."""
    made, model = grid(), tiny_gpt()
    made.off = [(0, 0)]
    seen = trace(model, torch.tensor([TOKENIZER.encode(TEXT)])).weights[:, :, 0].numpy()
    numbers = np.frombuffer(made.data, dtype=np.float32).reshape(seen.shape)
    np.testing.assert_array_equal(numbers, seen)
    made.layer, made.query = 1, 3
    assert made.row(2) == seen[1, 2, 3].tolist()


def test_what_is_shown_stays_true_while_the_model_learns_on() -> None:
    model = tiny_gpt()
    before = weights_of(model)
    made = grid(model=model)
    idx, targets = IDX.clone(), TARGETS.clone()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    made.off = [(0, 0), (1, 1)]
    then = copied(before, tiny_gpt(seed=2))
    assert made.losses["0.0 1.1"] == loss_without(then, idx, targets, [(0, 0), (1, 1)])
    assert made.losses["0.0 1.1"] != loss_without(model, idx, targets, [(0, 0), (1, 1)])


def test_a_batch_that_is_changed_afterwards_changes_nothing() -> None:
    idx, targets = IDX.clone(), TARGETS.clone()
    made = HeadGrid(tiny_gpt(), TOKENIZER, TEXT, idx, targets)
    idx.zero_(), targets.zero_()
    made.off = [(0, 0), (1, 1)]
    assert made.losses["0.0 1.1"] == loss_without(tiny_gpt(), IDX, TARGETS, [(0, 0), (1, 1)])


def test_making_and_asking_leave_model_threads_and_random_stream_alone() -> None:
    model = tiny_gpt(dropout=0.5).train()
    before, threads = weights_of(model), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with global_stream_untouched():
            made = grid(model=model)
            made.off = [(0, 0), (1, 1)]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert all(module.training for module in model.modules())
    same_bits(weights_of(model), before)


@pytest.mark.parametrize(
    ("losses", "off", "sizes", "says"),
    [
        ({"": 2.31}, [], (1, 4), "Every head is on: the loss is 2.310 nats per character."),
        (
            {"": 2.31, "0.2": 2.62},
            [(0, 2)],
            (1, 4),
            "Without head 2 the loss rises by 0.310 nats, from 2.310 to 2.620.",
        ),
        (
            {"": 2.31, "1.2": 2.306},
            [(1, 2)],
            (2, 4),
            (
                "Without head 2 of layer 1 the loss falls by 0.004 nats, from 2.310 to 2.306: "
                "on this batch the model does better without it."
            ),
        ),
        ({"": 2.31, "0.2": 2.3104}, [(0, 2)], (1, 4), "Without head 2 the loss stays at 2.310 nats."),
        (
            {"": 2.0, "0.0": 2.1, "0.3": 1.99, "0.0 0.3": 1.9},
            [(0, 3), (0, 0)],
            (1, 4),
            (
                "Without heads 0 and 3 the loss falls by 0.100 nats, from 2.000 to 1.900: on this batch the "
                "model does better without them. One at a time, their differences add up to +0.090."
            ),
        ),
        (
            {"": 2.0, "0.0 0.1 1.2": 2.5},
            [(1, 2), (0, 1), (0, 0)],
            (2, 3),
            (
                "Without heads 0 and 1 of layer 0 and head 2 of layer 1 the loss rises by 0.500 nats, "
                "from 2.000 to 2.500."
            ),
        ),
        (
            {"": 2.0, "0.0 0.1 0.2": 3.0},
            [(0, 0), (0, 1), (0, 2)],
            (1, 3),
            (
                "Without all 3 heads the loss rises by 1.000 nats, from 2.000 to 3.000. "
                "Now no character sees another: each prediction comes from one character and its place."
            ),
        ),
        (
            {"": 2.0, "0.0 0.1 2.0 2.1": 3.0},
            [(0, 0), (0, 1), (2, 0), (2, 1)],
            (3, 2),
            (
                "Without both heads of layer 0 and both heads of layer 2 the loss rises by 1.000 nats, "
                "from 2.000 to 3.000. Layers 0 and 2 now move nothing between characters."
            ),
        ),
        (
            {"": 2.0, "1.0": 3.0},
            [(1, 0)],
            (2, 1),
            (
                "Without head 0 of layer 1 the loss rises by 1.000 nats, from 2.000 to 3.000. "
                "Layer 1 now moves nothing between characters."
            ),
        ),
    ],
)
def test_the_sentence_says_which_heads_and_which_way(
    losses: dict, off: list, sizes: tuple, says: str
) -> None:
    assert effect_of(losses, off, *sizes).words == says


def test_whoever_subtracts_the_numbers_that_are_shown_finds_the_difference_that_is_shown() -> None:
    """2.3104 and 2.6196 lie 0.3092 apart, but 0.310 is what one finds between 2.310 and 2.620."""
    effect = effect_of({"": 2.3104, "0.0": 2.6196}, [(0, 0)], 1, 2)
    assert (effect.base, effect.now, number(effect.difference)) == (2.31, 2.62, "0.310")
    assert "by 0.310 nats, from 2.310 to 2.620" in effect.words


def test_with_every_head_off_changing_the_past_leaves_the_prediction() -> None:
    """What the sentence claims, measured: only the last character and its place count."""
    model, idx = tiny_gpt(), random_ids(1, 8)
    other = idx.clone()
    other[0, :-1] = (other[0, :-1] + 1) % TINY.vocab_size
    with without_heads(model, choices(2, 3)[-1]):
        same_bits(model(other)[0][0, -1], model(idx)[0][0, -1])
    assert not torch.equal(model(other)[0][0, -1], model(idx)[0][0, -1])


def test_the_browser_gets_every_effect_as_soon_as_its_loss_is_known() -> None:
    """The panel shows what stands there: an effect left out would keep it waiting for ever."""
    made = grid()
    made.off = [(0, 1), (1, 0), (1, 2)]
    assert set(made.effects) == set(made.losses)
    assert off_key(made.off) in made.effects
    n_layer, n_head = made.shape["n_layer"], made.shape["n_head"]
    for key, told in made.effects.items():
        effect = effect_of(made.losses, off_of(key), n_layer, n_head)
        assert told == effect._asdict() | {"signed": signed_number(effect.difference) if key else ""}


def test_differences_have_their_sign() -> None:
    values = [0.0, -0.0, 0.0004, -0.0004, 0.0005, -0.0005, 0.31, -1.5]
    says = ["0.000", "0.000", "0.000", "0.000", "+0.001", "−0.001", "+0.310", "−1.500"]
    assert list(map(signed_number, values)) == says


def test_heads_are_kept_in_order_and_once() -> None:
    made = grid()
    made.off = [(1, 0), (0, 2), (1, 0)]
    assert made.off == [[0, 2], [1, 0]]
    assert "Without head 2 of layer 0 and head 0 of layer 1 the loss" in repr(made)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("off", [(0, 3)], "a head of layer 0 from 0 to 2"),
        ("off", [(2, 0)], "a layer from 0 to 1"),
        ("off", [0, 1], "heads as pairs"),
        ("layer", 2, "layer from 0 to 1, got layer=2"),
        ("layer", -1, "layer from 0 to 1, got layer=-1"),
        ("query", 5, "query from 0 to 4, got query=5"),
    ],
)
def test_a_choice_that_is_not_there_is_refused_and_the_old_one_stays(
    name: str, value: object, says: str
) -> None:
    made = grid()
    before = getattr(made, name)
    with pytest.raises(ValueError, match=f"^Expected {says}"):
        setattr(made, name, value)
    assert getattr(made, name) == before


def test_a_fused_model_is_refused_and_the_way_that_the_message_names_works() -> None:
    fused = tiny_gpt(attention="fused")
    with pytest.raises(ValueError, match='attention="fused".*observable.load_state_dict'):
        grid(model=fused)
    observable = GPT(replace(fused.config, attention="heads"))
    observable.load_state_dict(fused.state_dict())
    assert grid(model=observable).losses[""] == pytest.approx(loss_without(fused, IDX, TARGETS), abs=1e-5)


@pytest.mark.parametrize(
    ("text", "block_size", "says"),
    [
        ("", 8, "a text of 1 to 8 characters, got 0 characters"),
        ("abcdefabc", 8, r"a text of 1 to 8 characters, got 9 characters\. Show a part: text\[:8\]"),
        ("a" * 65, 80, "a text of 1 to 64 characters, got 65 characters"),
        ("a?", 8, r"characters among the 11 of the vocabulary, got '\?'"),
    ],
)
def test_a_text_that_cannot_be_read_is_told_with_its_remedy(text: str, block_size: int, says: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected {says}"):
        grid(text, block_size=block_size)


def test_a_batch_that_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match=r"targets of shape \(4, 8\)"):
        HeadGrid(tiny_gpt(), TOKENIZER, TEXT, IDX, TARGETS[:2])


def test_a_model_that_has_gone_astray_is_refused() -> None:
    model = tiny_gpt()
    with torch.no_grad():
        model.lm_head.bias.fill_(torch.nan)
    with pytest.raises(ValueError, match="loss on the batch is a finite number, got nan"):
        grid(model=model)


def test_the_still_picture_has_a_row_a_head_with_the_numbers_of_the_library() -> None:
    made, model = grid(), tiny_gpt()
    made.layer, made.query, made.off = 1, 4, [(1, 2)]
    html = made.static_html()
    weights = trace(model, torch.tensor([TOKENIZER.encode(TEXT)])).weights[1, :, 0, 4]
    base = float(number(loss_without(model, IDX, TARGETS)))
    assert html.count("<tr>") == 4
    for head in range(3):
        without = number(loss_without(model, IDX, TARGETS, [(1, head)]))
        best = int(weights[head].argmax())
        row = [
            "off" if head == 2 else "on",
            f"{'a␣bed'[best]} at {best}",
            number(float(weights[head, best])),
            without,
            signed_number(float(without) - base),
        ]
        assert f'<th scope="row">head {head}</th>' + "".join(f"<td>{cell}</td>" for cell in row) in html
    assert "heads of layer 1" in html
    assert "4 × 8 characters" in html
    assert made.effect().words in html


def test_what_is_stored_tells_the_state_and_shows_markup_as_text() -> None:
    made = grid("<a \n>")
    assert repr(made) == (
        "HeadGrid of '<a␣⏎>' (2 layers, 3 heads each), query '>' at 4. "
        f"Every head is on: the loss is {number(made.losses[''])} nats per character."
    )
    html = made._repr_mimebundle_()[0]["text/html"]
    assert "<code>&lt;a␣⏎&gt;</code>" in html
    assert "<a" not in html
