"""The reader gives the model's own logits for any context, whatever was read before or has changed since."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_untouched import CHANGES, MEDDLING
from torch import nn

from helpers import close, random_ids, same_bits, tiny_gpt
from nanogpt_lib.bigram import BigramLM
from nanogpt_lib.cache import KeyValueCache
from nanogpt_lib.model import GPT
from nanogpt_lib.reader import CACHES, Reader


def right(model: nn.Module, seen: torch.Tensor) -> torch.Tensor:
    """The logits of the model itself, as it is."""
    with torch.no_grad():
        return model(seen)[0][:, -1]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many positions each call of a cache read."""
    sizes: list[int] = []
    original = KeyValueCache.read

    def noted(self: KeyValueCache, idx: torch.Tensor, last: int | None = None) -> torch.Tensor:
        sizes.append(idx.shape[1])
        return original(self, idx, last)

    monkeypatch.setattr(KeyValueCache, "read", noted)
    return sizes


@given(st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=12), min_size=1, max_size=6))
def test_contexts_in_any_order_get_the_models_own_logits(contexts: list[list[int]]) -> None:
    """Two characters, so that the contexts often begin alike, and cropped ones are alike in other places."""
    model = tiny_gpt().double()
    reader = Reader(model)
    for context in contexts:
        idx = torch.tensor([context])
        close(reader.next_logits(idx), right(model, idx[:, -8:]), within=1e-12)


def test_only_what_is_new_is_read(read: list[int]) -> None:
    reader, idx = Reader(tiny_gpt()), random_ids(2, 8)
    for length in (3, 4, 6, 6, 5):
        reader.next_logits(idx[:, :length])
    other = idx[:, :5].clone()
    other[1, 3] += 1
    reader.next_logits(other % 11)
    assert read == [3, 1, 2, 1, 1, 2]


def test_half_forgets_the_older_half_once_in_half_a_block(read: list[int]) -> None:
    model = tiny_gpt().double()
    reader, idx = Reader(model, "half"), random_ids(1, 20)
    for length, begin in ((7, 0), (8, 0), (9, 4), (10, 4), (12, 4), (13, 8), (14, 8), (20, 12)):
        assert reader.begin(length) == begin
        close(reader.next_logits(idx[:, :length]), right(model, idx[:, begin:length]), within=1e-12)
    assert read == [7, 1, 5, 1, 2, 5, 1, 8]


def test_off_reads_all_each_time_by_the_model_itself(read: list[int]) -> None:
    model = tiny_gpt()
    reader, idx = Reader(model, "off"), random_ids(1, 10)
    for length in (3, 4, 10):
        same_bits(reader.next_logits(idx[:, :length]), right(model, idx[:, :length][:, -8:]))
    assert read == []


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_the_logits_are_those_of_the_model_as_it_is(change: Callable[[GPT], object]) -> None:
    model, idx = tiny_gpt(), random_ids(1, 5)
    reader = Reader(model)
    reader.next_logits(idx[:, :4])
    change(model)
    close(reader.next_logits(idx), right(model, idx), within=1e-5)


@pytest.mark.parametrize("meddle", MEDDLING[:7])
def test_where_somebody_meddles_the_model_itself_is_asked(
    meddle: Callable[[GPT], object], read: list[int]
) -> None:
    model, idx = tiny_gpt(), random_ids(1, 5)
    reader = Reader(model)
    reader.next_logits(idx[:, :4])
    meddle(model)
    same_bits(reader.next_logits(idx), right(model, idx))
    assert read == [4]


def test_a_hook_that_comes_sees_each_call_and_once_gone_the_cache_is_back(read: list[int]) -> None:
    model, idx, seen = tiny_gpt(), random_ids(1, 8), []
    reader = Reader(model)
    reader.next_logits(idx[:, :3])
    handle = model.blocks[0].register_forward_hook(lambda *_: seen.append(None))
    reader.next_logits(idx[:, :4]), reader.next_logits(idx[:, :5])
    handle.remove()
    reader.next_logits(idx[:, :6]), reader.next_logits(idx[:, :7])
    assert len(seen) == 2
    assert read == [3, 6, 1]


def test_under_autocast_the_model_itself_is_asked(read: list[int]) -> None:
    model, idx = tiny_gpt(), random_ids(1, 4)
    with torch.autocast("cpu", torch.bfloat16):
        same_bits(Reader(model).next_logits(idx), right(model, idx))
    assert read == []


def test_another_batch_and_a_context_that_was_written_to_are_read_anew() -> None:
    model = tiny_gpt().double()
    reader, idx = Reader(model), random_ids(3, 4)
    for rows in (3, 1, 2):
        close(reader.next_logits(idx[:rows]), right(model, idx[:rows]), within=1e-12)
    idx[:, 0] = 10 - idx[:, 0]
    close(reader.next_logits(idx[:2]), right(model, idx[:2]), within=1e-12)


def test_a_refused_context_leaves_the_reader_usable() -> None:
    model, idx = tiny_gpt().double(), random_ids(1, 6)
    reader = Reader(model)
    reader.next_logits(idx[:, :4])
    wrong = idx.clone()
    wrong[0, 5] = 11
    with pytest.raises(ValueError, match=r"every id of idx in \[0, 11\)"):
        reader.next_logits(wrong)
    close(reader.next_logits(idx), right(model, idx), within=1e-12)


def test_room_is_what_is_left_of_the_block_or_none_without_a_cache() -> None:
    reader = Reader(tiny_gpt())
    assert [reader.room(random_ids(1, length)) for length in (1, 5, 8, 9)] == [7, 3, 0, 0]
    assert Reader(tiny_gpt(), "half").room(random_ids(1, 9)) == 3
    assert Reader(BigramLM(11)).room(random_ids(1, 1)) == 0
    assert not Reader(BigramLM(11)).is_current()


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(ValueError, match="'recompute', 'half', 'slide', 'off', got 'jump'"):
        Reader(tiny_gpt(), "jump")
    assert CACHES[0] == "recompute"


# --- sliding --------------------------------------------------------------------------------------


def test_sliding_reads_each_character_once_and_forgets_an_eighth_at_a_time(read: list[int]) -> None:
    model = tiny_gpt(position="rotary", block_size=16)
    reader, idx = Reader(model, "slide"), random_ids(1, 30)
    assert [reader.begin(length) for length in (16, 17, 18, 19, 30)] == [0, 2, 2, 4, 14]
    for length in range(10, 31):
        reader.next_logits(idx[:, reader.begin(length) : length])
    assert read == [10, *[1] * 20]


@pytest.mark.parametrize("form", [{}, {"attention": "fused", "qk_norm": True}, {"pairs": True}], ids=str)
def test_with_one_block_sliding_and_reading_again_are_the_same(form: dict) -> None:
    """The keys of the first block depend on their own character alone, so a turned key must be exact."""
    model = tiny_gpt(position="rotary", n_layer=1, **form).double()
    idx = random_ids(2, 40)
    slide, half = Reader(model, "slide"), Reader(model, "off")
    for length in range(1, 41):
        seen = idx[:, slide.begin(length) : length]
        expected = half.next_logits(seen)
        if form.get("pairs") and length > 8:
            continue  # a first character that is read again has no pair
        close(slide.next_logits(seen), expected, within=1e-7)  # the table of angles has 32 bits


def test_with_more_blocks_a_kept_key_remembers_what_is_forgotten() -> None:
    """Where the blocks above are the same function of less, the numbers differ: that is what slide says."""
    model = tiny_gpt(position="rotary", n_layer=3).double()
    idx = random_ids(1, 9)
    slide = Reader(model, "slide")
    for length in range(1, 10):
        got = slide.next_logits(idx[:, slide.begin(length) : length])
    assert 1e-6 < (got - right(model, idx[:, 1:])).abs().max() < 1


def test_only_a_model_that_can_slide_is_let_to() -> None:
    looked_at = tiny_gpt(position="rotary")
    reader = Reader(looked_at, "slide")
    looked_at.register_forward_hook(lambda *_: None)
    for call in (
        lambda: Reader(tiny_gpt(), "slide"),
        lambda: Reader(BigramLM(5), "slide"),
        lambda: Reader(looked_at, "slide"),
        lambda: reader.next_logits(random_ids(1, 2)),
    ):
        with pytest.raises(ValueError, match='for cache="slide" a GPT with position="rotary"'):
            call()
    with pytest.raises(ValueError, match='position="rotary", got one whose positions stand in a'):
        KeyValueCache(tiny_gpt()).drop(0)
    with pytest.raises(ValueError, match="at most 0 oldest"):
        KeyValueCache(tiny_gpt(position="rotary")).drop(1)
