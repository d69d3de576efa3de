"""The key-value cache against the model itself: the same logits, however the text is cut into pieces."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers import close, global_stream_untouched, random_ids, tiny_gpt
from nanogpt_lib.cache import KeyValueCache
from nanogpt_lib.model import GPT

FORMS = [
    {},
    {"attention": "fused"},
    {"norm": "post"},
    {"norm": "none"},
    {"residual": False},
    {"residual": False, "norm": "post", "attention": "fused"},
    {"scale": 0.3},
    {"scale": 2.0, "attention": "fused"},
    {"n_head": 1, "n_layer": 1},
    {"n_head": 12, "init": "gpt2"},
    {"dropout": 0.5},
    {"attention": "direct"},
    {"position": "rotary"},
    {"position": "rotary", "attention": "fused", "scale": 0.3},
    {"qk_norm": True, "scale": 0.3},
    {"norm_kind": "rms", "norm": "post"},
    {"activation": "relu2"},
    {"pairs": True},
    {"smear": True},
    {"smear": True, "pairs": True, "norm_kind": "bare", "position": "rotary"},
    {"position": "rotary", "qk_norm": True, "norm_kind": "rms", "activation": "relu2", "pairs": True},
    {"position": "rotary", "qk_norm": True, "pairs": True, "attention": "direct", "norm": "none"},
]


def gpt(seed: int = 1, **form: object) -> GPT:
    """A tiny GPT whose table of pairs, which begins at 0, says something."""
    model = tiny_gpt(seed, **form)
    if model.config.smear:
        model.smear.share.data.fill_(0.5)
    if model.config.pairs:
        table = model.pair_embedding_table.weight
        nn.init.normal_(table, generator=torch.Generator().manual_seed(seed))
    return model


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("B", [1, 3])
def test_pieces_give_the_logits_of_the_whole(form: dict, B: int) -> None:
    """In 64 bits a wrong position, mask, scale or norm is far above 1e-12."""
    model = gpt(**form).double().eval()
    idx = random_ids(B, 8)
    expected = model(idx)[0].detach()
    model.train()
    cache = KeyValueCache(model, B)
    pieces = [cache.read(idx[:, begin:end]) for begin, end in ((0, 3), (3, 4), (4, 7), (7, 8))]
    close(torch.cat(pieces, dim=1), expected, within=1e-12)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.data())
def test_any_cut_and_any_way_back_give_the_logits_of_the_whole(sizes: list[int], data: st.DataObject) -> None:
    """What was forgotten and read anew, with other characters, leaves no trace."""
    model, idx = tiny_gpt().double().eval(), torch.zeros(2, 0, dtype=torch.long)
    cache = KeyValueCache(model, 2)
    for seed, size in enumerate(sizes):
        cache.forget(
            data.draw(st.integers(max(0, min(cache.length, 8 - size) // 2), min(cache.length, 8 - size)))
        )
        piece = random_ids(2, size, seed=seed)
        idx = torch.cat([idx[:, : cache.length], piece], dim=1)
        last = data.draw(st.integers(1, size))
        close(cache.read(piece, last), model(idx)[0][:, -last:].detach(), within=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("attention", ["heads", "fused"])
def test_fewer_digits_give_the_same_logits_to_those_digits(dtype: torch.dtype, attention: str) -> None:
    model, idx = tiny_gpt(attention=attention).to(dtype), random_ids(2, 8)
    cache = KeyValueCache(model, 2)
    got = torch.cat([cache.read(idx[:, place : place + 1]) for place in range(8)], dim=1)
    assert got.dtype == dtype
    close(got, model(idx)[0].detach(), within=20 * torch.finfo(dtype).eps)


def test_the_logits_are_a_tensor_like_any_other() -> None:
    """A tensor made in torch's inference mode cannot take part in a backward pass."""
    logits = KeyValueCache(tiny_gpt()).read(random_ids(1, 2))
    weight = torch.ones(11, requires_grad=True)
    (logits * weight).sum().backward()
    assert not logits.is_inference()
    assert torch.is_grad_enabled()


def test_reading_draws_nothing_and_leaves_model_and_threads_as_they_were() -> None:
    model = tiny_gpt(dropout=0.5)
    threads = torch.get_num_threads()
    with global_stream_untouched():
        KeyValueCache(model).read(random_ids(1, 3))
    assert model.training
    assert torch.get_num_threads() == threads
    assert all(weight.grad is None for weight in model.parameters())


def test_what_cannot_be_read_is_refused_and_leaves_the_cache_as_it_was() -> None:
    cache = KeyValueCache(tiny_gpt())
    first = cache.read(random_ids(1, 5))
    for wrong, named in (
        (random_ids(1, 4), "1 <= T <= 3, the room that is left"),
        (random_ids(1, 0), "T=0"),
        (random_ids(2, 1), r"idx of shape \(1, T\)"),
        (torch.tensor([[11]]), r"every id of idx in \[0, 11\)"),
    ):
        with pytest.raises(ValueError, match=named):
            cache.read(wrong)
    with pytest.raises(ValueError, match="last <= T=1, got last=2"):
        cache.read(random_ids(1, 1), last=2)
    with pytest.raises(ValueError, match="a length of at most 5"):
        cache.forget(6)
    assert cache.length == 5
    cache.forget(0)
    assert torch.equal(cache.read(random_ids(1, 5)), first)


def test_one_position_costs_less_than_a_tenth_of_the_whole() -> None:
    """Counted in the operations of the products, so that a busy machine changes nothing."""
    from torch.utils.flop_counter import FlopCounterMode

    model = tiny_gpt(block_size=64, n_embd=48)
    cache, idx = KeyValueCache(model), random_ids(1, 64)
    with FlopCounterMode(display=False) as whole:
        cache.read(idx[:, :63])
    with FlopCounterMode(display=False) as one:
        cache.read(idx[:, 63:])
    assert 0 < one.get_total_flops() < 0.1 * whole.get_total_flops()
    assert math.isclose(one.get_total_flops() / whole.get_total_flops(), 1 / 63, rel_tol=0.2)
