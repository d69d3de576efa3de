"""The n-gram explorer without a browser: quick losses are the true ones, samples have their seed."""

import itertools

import pytest
import torch

from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.ngrams import NGramLM
from nanogpt_lib.widgets.ngram_explorer import NGramExplorer, losses_in_words, ngram_losses, shorter

SMALL = torch.tensor([0, 1, 2, 0, 1, 1, 0, 2, 2, 0, 1, 2, 0])
EVIL = "<img src=x onerror=alert(1)>\n"


@pytest.fixture
def widget() -> NGramExplorer:
    return NGramExplorer(SMALL, SMALL[:8], CharTokenizer("a\nb"), max_order=2, length=12)


@pytest.mark.parametrize("order", range(4))
def test_a_shorter_model_is_the_one_that_counts_less(order: int) -> None:
    own, short = NGramLM(SMALL, order, 3), shorter(NGramLM(SMALL, 3, 3), order)
    for context in itertools.product(range(3), repeat=3):
        ids = torch.tensor(context)
        torch.testing.assert_close(short.probs(ids), own.probs(ids), atol=0.0, rtol=0.0)
    assert short.loss(SMALL) == own.loss(SMALL)


def test_the_losses_of_one_pass_are_those_of_every_order_by_itself(splits: tuple) -> None:
    """On text that was counted and on text that was not; a slip in the bookkeeping moves them by percents."""
    train, val = splits[0][:30_000], splits[1][:20_000]
    model = NGramLM(train, 4, 65)
    for data in (train, val):
        wanted = [NGramLM(train, order, 65).loss(data) for order in range(5)]
        assert ngram_losses(model, data) == pytest.approx(wanted, abs=1e-12)


def test_making_a_widget_leaves_threads_and_the_global_stream_alone() -> None:
    threads, stream = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(2)
    try:
        NGramExplorer(SMALL, SMALL, CharTokenizer("abc"), max_order=1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(stream, torch.get_rng_state())


def test_a_sample_is_what_its_order_draws_with_its_seed(widget: NGramExplorer) -> None:
    widget.wanted = [1, 3, 1]
    generator = torch.Generator().manual_seed(1337 + 3 - 1)
    drawn = NGramLM(SMALL, 1, 3).sample(12, torch.tensor([1]), generator)  # id 1 is the newline
    assert widget.samples[1] == {"number": 3, "text": CharTokenizer("a\nb").decode(drawn[1:])}


def test_only_the_sample_that_was_asked_for_changes(widget: NGramExplorer) -> None:
    before = widget.samples
    widget.wanted = [1, 1, 2]
    assert widget.samples[:2] == before[:2]
    assert widget.samples[2]["number"] == 2
    assert widget.samples[2]["text"] != before[2]["text"]


def test_the_order_stays_inside_what_was_counted(widget: NGramExplorer) -> None:
    widget.order = 9
    assert widget.order == 2
    widget.order = -1
    assert widget.order == 0


@pytest.mark.parametrize(
    ("train", "val", "says"),
    [
        ([3.0, 2.0], [3.1, 2.2], "Validation loss is lowest at order 1: 2.200, the longest context counted"),
        (
            [3.0, 2.0, 1.0],
            [3.1, 2.2, 2.5],
            "training loss falls from 2.000 to 1.000, while validation loss rises",
        ),
        (
            [1.0, 1.2],
            [2.0, 2.0],
            "training loss rises from 1.000 to 1.200, while validation loss stays at 2.000",
        ),
    ],
)
def test_the_words_follow_the_numbers(train: list, val: list, says: str) -> None:
    assert says in losses_in_words(train, val)


def test_the_still_picture_holds_every_loss_and_the_chosen_sample(widget: NGramExplorer) -> None:
    widget.order = 2
    html = widget.static_html()
    for loss in (*widget.train_losses, *widget.val_losses):
        assert f"<td>{loss:.3f}</td>" in html
    assert f"<pre>{widget.samples[2]['text']}</pre>" in html
    assert "Written by order 2 (sample 1, seed 1337)" in html
    assert "ln 3 = 1.099" in html
    assert repr(widget) == (
        f"NGramExplorer: order 2 of 0 to 2, train loss {widget.train_losses[2]:.3f}, "
        f"validation loss {widget.val_losses[2]:.3f} (nats per character)"
    )


def test_two_widgets_of_the_same_text_store_the_same_output(widget: NGramExplorer) -> None:
    other = NGramExplorer(SMALL, SMALL[:8], CharTokenizer("a\nb"), max_order=2, length=12)
    for kind in ("text/plain", "text/html"):
        assert widget._repr_mimebundle_()[0][kind] == other._repr_mimebundle_()[0][kind]


def test_a_tag_in_a_sample_is_shown_and_not_obeyed() -> None:
    tokenizer = CharTokenizer.from_text(EVIL)
    ids = torch.tensor(tokenizer.encode(EVIL * 3))
    widget = NGramExplorer(ids, ids, tokenizer, max_order=5, length=200)
    widget.order = 5
    assert EVIL.strip() in widget.samples[5]["text"]  # order 5 knows little else
    html = widget.static_html()
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "<img" not in html


@pytest.mark.parametrize(
    ("train", "val", "vocabulary", "order", "says"),
    [
        (SMALL, SMALL, "abc", 9, "0 <= max_order <= 8, got max_order=9"),
        (SMALL, SMALL, "abc", True, "0 <= max_order <= 8, got max_order=True"),
        (SMALL, SMALL[:2], "abc", 2, "more than 2 ids to evaluate on, got 2"),
        (SMALL[:2], SMALL, "abc", 2, "0 <= order < 2, the number of ids"),
        (SMALL, SMALL, "ab", 1, r"every id of data in \[0, 2\)"),
        (SMALL, SMALL, "".join(map(chr, range(33, 333))), 8, "300 .* below 2 .* 63, got max_order=8"),
    ],
)
def test_bad_arguments_are_named(train, val, vocabulary: str, order: int, says: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected .*{says}"):
        NGramExplorer(train, val, CharTokenizer(vocabulary), max_order=order)


def test_an_order_that_was_never_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="0 <= order <= 1, got order=2"):
        shorter(NGramLM(SMALL, 1, 3), 2)
