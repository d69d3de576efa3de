"""From logits to text: the probabilities by their definition, the drawing by its counts."""

import copy
import itertools
import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from test_cache import FORMS, gpt
from torch import nn

from helpers import close, global_stream_untouched, interrupted, mixed_modes, modes, random_ids, tiny_gpt
from nanogpt_lib.bigram import BigramLM
from nanogpt_lib.cache import KeyValueCache
from nanogpt_lib.drafts import Drafts
from nanogpt_lib.ngrams import NGramLM
from nanogpt_lib.reader import Reader
from nanogpt_lib.sampling import generate, next_token_probs, stream
from tiers import some

finite = st.floats(-50, 50, width=32)
some_logits = st.lists(st.one_of(finite, st.just(-math.inf)), min_size=1, max_size=12).filter(
    lambda row: max(row) > -math.inf
)
temperatures = st.one_of(st.just(0.0), st.floats(1e-320, 1e6))
ks = st.one_of(st.none(), st.integers(1, 15))
ps = st.one_of(st.none(), st.floats(1e-6, 1))


def by_definition(logits: list[float], temperature: float, k: int | None, p: float | None) -> list[float]:
    """The probabilities in Python's own numbers, one rule after the other."""
    if temperature == 0:
        first = logits.index(max(logits))
        return [float(place == first) for place in range(len(logits))]
    shares = [math.exp(min((value - max(logits)) / temperature, 0)) for value in logits]
    if k is not None and k < len(logits):
        last = sorted(logits, reverse=True)[k - 1]
        shares = [share if value >= last else 0.0 for share, value in zip(shares, logits, strict=True)]
    shares = [share / sum(shares) for share in shares]
    if p is not None and p < 1:
        so_far, kept = 0.0, set()
        for place in sorted(range(len(shares)), key=lambda place: -shares[place]):  # stable: ties by place
            assume(abs(so_far - p) > 1e-5)  # too close to call in 32 bits
            if so_far < p:
                kept.add(place)
            so_far += shares[place]
        shares = [share if place in kept else 0.0 for place, share in enumerate(shares)]
    return [share / sum(shares) for share in shares]


# --- the probabilities ----------------------------------------------------------------------------


@given(some_logits, temperatures, ks, ps)
def test_probabilities_are_never_negative_and_sum_to_1(
    logits: list[float], temperature: float, k: int | None, p: float | None
) -> None:
    probs = next_token_probs(torch.tensor(logits), temperature, k, p)
    assert bool((probs >= 0).all())
    assert math.isclose(probs.sum().item(), 1, rel_tol=1e-5)


@given(st.lists(finite, min_size=1, max_size=12), st.floats(0.05, 20), ks, ps)
def test_probabilities_follow_the_definition(
    logits: list[float], temperature: float, k: int | None, p: float | None
) -> None:
    """Numbers in steps of 1/4, so that ties are ties in both precisions."""
    logits = [round(4 * value) / 4 for value in logits]
    expected = torch.tensor(by_definition(logits, temperature, k, p))
    close(next_token_probs(torch.tensor(logits), temperature, k, p), expected, within=1e-4)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 9), temperatures, ks, ps)
def test_every_row_is_treated_alone(
    B: int, T: int, V: int, temperature: float, k: int | None, p: float | None
) -> None:
    logits = torch.randn(B, T, V, generator=torch.Generator().manual_seed(1))
    probs = next_token_probs(logits, temperature, k, p)
    assert probs.shape == (B, T, V)
    for b, t in itertools.product(range(B), range(T)):
        close(probs[b, t], next_token_probs(logits[b, t], temperature, k, p), within=1e-6)


def test_temperature_1_and_no_limit_is_the_softmax() -> None:
    logits = torch.randn(5, 65)
    close(next_token_probs(logits), logits.softmax(-1), within=1e-6)


def test_temperature_0_puts_everything_on_the_first_highest() -> None:
    logits = torch.tensor([[1.0, 3.0, 3.0], [-math.inf, -2.0, -5.0]])
    assert next_token_probs(logits, temperature=0).tolist() == [[0, 1, 0], [0, 1, 0]]
    assert next_token_probs(logits, temperature=0).dtype == logits.dtype


@pytest.mark.parametrize("temperature", [1e-6, 1e-38, 1e-46, 5e-324])
def test_a_tiny_temperature_shares_among_the_highest_and_never_gives_nan(temperature: float) -> None:
    """1e-46 is 0 in 32 bits, and 0 / 0 is no probability."""
    probs = next_token_probs(torch.tensor([1.0, 3.0, 3.0, 100.0 / 34, -math.inf]), temperature)
    assert probs.tolist() == [0, 0.5, 0.5, 0, 0]


def test_a_high_temperature_comes_to_equal_shares() -> None:
    close(next_token_probs(torch.randn(5), temperature=1e9), torch.full((5,), 0.2), within=1e-6)


def test_of_the_k_likeliest_all_that_tie_with_the_last_are_kept() -> None:
    logits = torch.tensor([2.0, 1.0, 1.0, 0.0, 1.0])
    assert (next_token_probs(logits, top_k=2) > 0).tolist() == [True, True, True, False, True]
    assert (next_token_probs(logits, top_k=1) > 0).tolist() == [True, False, False, False, False]


@pytest.mark.parametrize("k", [5, 6, 10**9])
def test_more_than_there_are_keeps_all(k: int) -> None:
    logits = torch.randn(2, 5)
    assert torch.equal(next_token_probs(logits, top_k=k), next_token_probs(logits))


@pytest.mark.parametrize(
    ("p", "kept"), [(1e-9, 1), (0.49, 1), (0.51, 2), (0.79, 2), (0.81, 3), (0.94, 3), (0.96, 4), (1.0, 4)]
)
def test_the_fewest_are_kept_that_together_reach_p(p: float, kept: int) -> None:
    """0.5, 0.3, 0.15, 0.05, in another order; the first is always kept."""
    probs = next_token_probs(torch.tensor([0.15, 0.5, 0.05, 0.3]).log(), top_p=p)
    order = [1, 3, 0, 2]
    wanted = torch.tensor([0.15, 0.5, 0.05, 0.3])
    wanted[order[kept:]] = 0
    close(probs, wanted / wanted.sum(), within=1e-6)


def test_p_of_1_keeps_also_what_is_very_unlikely() -> None:
    """In 32 bits the likely ones already sum to 1; a plain comparison would drop the rest."""
    probs = next_token_probs(torch.tensor([20.0, 0.0, -5.0]), top_p=1.0)
    assert bool((probs > 0).all())


def test_of_equally_likely_ones_those_first_in_the_vocabulary_are_kept() -> None:
    assert next_token_probs(torch.zeros(4), top_p=0.5).tolist() == [0.5, 0.5, 0, 0]


def test_p_acts_on_what_temperature_and_k_left() -> None:
    """0.5, 0.3, 0.2 -> the first two, as 0.625 and 0.375 -> 0.6 is reached by the first alone."""
    logits = torch.tensor([0.5, 0.3, 0.2]).log()
    assert next_token_probs(logits, top_p=0.6).count_nonzero() == 2
    assert next_token_probs(logits, top_k=2, top_p=0.6).count_nonzero() == 1
    assert next_token_probs(logits, temperature=0.5, top_p=0.6).count_nonzero() == 1


def test_the_logits_are_left_as_they_are() -> None:
    logits = torch.randn(5)
    kept = logits.clone()
    next_token_probs(logits, 0.5, 2, 0.9)
    assert torch.equal(logits, kept)


REFUSED = [
    ({"temperature": -0.1}, "finite temperature >= 0, got -0.1"),
    ({"temperature": math.nan}, "temperature >= 0, got nan"),
    ({"temperature": math.inf}, "temperature >= 0, got inf"),
    ({"top_k": 0}, "top_k a whole number >= 1, or None, got 0"),
    ({"top_k": 1.5}, "got 1.5"),
    ({"top_k": 2.0}, "got 2.0"),
    ({"top_k": math.inf}, "got inf"),
    ({"top_p": 0.0}, "0 < top_p <= 1, or None, got 0.0"),
    ({"top_p": 1.1}, "got 1.1"),
    ({"top_p": math.nan}, "got nan"),
]


@pytest.mark.parametrize(("setting", "named"), REFUSED)
def test_a_setting_out_of_range_is_refused_at_the_call(setting: dict, named: str) -> None:
    """Not with the first token, which may be drawn much later and elsewhere."""
    start = torch.zeros(1, 1, dtype=torch.long)
    for call in (
        lambda: next_token_probs(torch.zeros(3), **setting),
        lambda: stream(BigramLM(3), start, 1, **setting),
        lambda: generate(BigramLM(3), start, 1, **setting),
    ):
        with pytest.raises(ValueError, match=named):
            call()


@pytest.mark.parametrize("bad", [[0.0, math.nan], [0.0, math.inf], [-math.inf, -math.inf]])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_logits_of_a_diverged_model_are_refused(bad: list[float], temperature: float) -> None:
    with pytest.raises(ValueError, match="highest is a finite number.*diverged"):
        next_token_probs(torch.tensor([[0.0, 1.0], bad]), temperature)


# --- the drawing ----------------------------------------------------------------------------------


def test_ten_thousand_draws_come_as_often_as_their_probabilities_say() -> None:
    """Each within 4.5 spreads of its mean: over all three, a right sampler fails with 1 seed in 50,000."""
    model, n = BigramLM(5), 10_000
    shares = torch.tensor([0.05, 0.4, 0.1, 0.3, 0.15])
    model.load_state_dict({"token_embedding_table.weight": shares.log().expand(5, 5)})
    start = torch.zeros(n, 1, dtype=torch.long)
    settings = {"temperature": 0.8, "top_k": 4, "top_p": 0.85}
    probs = next_token_probs(shares.log(), **settings)
    assert (probs > 0).tolist() == [False, True, False, True, True]
    drawn = generate(model, start, 1, **settings, generator=torch.Generator().manual_seed(1))[:, 1]
    counts = torch.bincount(drawn, minlength=5)
    assert bool(((counts - n * probs).abs() <= 4.5 * (n * probs * (1 - probs)).sqrt()).all())


def test_the_same_seed_writes_the_same_text_and_another_seed_another() -> None:
    model, start = tiny_gpt(), random_ids(1, 3)
    with global_stream_untouched():
        first, again, other = (
            generate(model, start, 20, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
        )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_without_a_generator_the_global_stream_draws() -> None:
    model, start = tiny_gpt(), random_ids(1, 3)
    mine = generate(model, start, 20, generator=torch.Generator().manual_seed(5))
    torch.manual_seed(5)
    assert torch.equal(generate(model, start, 20), mine)


@given(st.integers(1, 3), st.integers(1, 12), st.integers(0, 6))
def test_what_was_given_is_kept_and_so_much_is_written_after_it(B: int, T: int, n: int) -> None:
    start = random_ids(B, T)
    kept = start.clone()
    written = generate(tiny_gpt(), start, n, generator=torch.Generator().manual_seed(1))
    assert written.shape == (B, T + n)
    assert written.dtype == torch.long
    assert torch.equal(written[:, :T], kept)
    assert torch.equal(start, kept)


def test_a_stream_hands_over_one_by_one_what_generate_joins() -> None:
    model, start = tiny_gpt(), random_ids(2, 3)
    settings = {"temperature": 0.9, "top_k": 5, "top_p": 0.9}
    tokens = list(stream(model, start, 12, **settings, generator=torch.Generator().manual_seed(1)))
    assert {token.shape for token in tokens} == {(2, 1)}
    whole = generate(model, start, 12, **settings, generator=torch.Generator().manual_seed(1))
    assert torch.equal(torch.cat([start, *tokens], dim=1), whole)


def test_each_token_is_drawn_only_when_it_is_asked_for() -> None:
    model, seen = tiny_gpt(), []
    model.register_forward_hook(lambda *_: seen.append(None))
    tokens = stream(model, random_ids(1, 3), 5)
    assert len(seen) == 0
    next(tokens), next(tokens)
    assert len(seen) == 2


def test_of_a_long_context_the_model_sees_the_last_block_alone() -> None:
    model, widths = tiny_gpt(), []
    model.register_forward_pre_hook(lambda _, args: widths.append(args[0].shape[1]))
    start = random_ids(1, 20)
    long = generate(model, start, 10, generator=torch.Generator().manual_seed(1))
    short = generate(model, start[:, -8:], 10, generator=torch.Generator().manual_seed(1))
    assert torch.equal(long[:, 20:], short[:, 8:])
    assert set(widths) == {8}
    widths.clear()
    generate(model, start[:, :6], 4)
    assert widths == [6, 7, 8, 8]


def test_greedy_writing_follows_the_highest_logit() -> None:
    model, start = tiny_gpt(), random_ids(2, 3)
    idx = start
    for _ in range(10):
        best = model(idx[:, -8:])[0][:, -1].argmax(-1, keepdim=True)
        idx = torch.cat([idx, best], dim=1)
    assert torch.equal(generate(model, start, 10, temperature=0), idx)


def test_dropout_rests_while_a_token_is_drawn() -> None:
    start = random_ids(1, 3)
    texts = [
        generate(tiny_gpt(dropout=dropout), start, 20, generator=torch.Generator().manual_seed(1))
        for dropout in (0.0, 0.9)
    ]
    assert torch.equal(*texts)


@pytest.mark.parametrize("end", ["to the end", "closed early", "left early"])
def test_between_two_tokens_every_module_is_in_the_mode_in_which_it_came(end: str) -> None:
    model = tiny_gpt(dropout=0.5)
    before = mixed_modes(model)
    tokens = stream(model, random_ids(1, 3), 4)
    for _ in tokens:
        assert modes(model) == before
        assert torch.is_grad_enabled()
        if end == "closed early":
            tokens.close()
        if end == "left early":
            break
    del tokens
    assert modes(model) == before


def fail(*_: object) -> None:
    raise RuntimeError("on purpose")


@pytest.mark.parametrize(
    "spoil", [lambda model: model.register_forward_hook(fail), lambda m: interrupted(m, [2])]
)
def test_every_mode_comes_back_after_an_error_or_a_stop(spoil: Callable[[nn.Module], object]) -> None:
    model = tiny_gpt(dropout=0.5)
    spoil(model)
    before = mixed_modes(model)
    with pytest.raises((RuntimeError, KeyboardInterrupt)):
        generate(model, random_ids(1, 3), 4)
    assert modes(model) == before
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("shape", "n", "named"), [((1, 0), 3, "0 tokens"), ((1, 2), -1, "max_new_tokens=-1")]
)
def test_an_empty_context_or_a_negative_length_is_refused_at_the_call(
    shape: tuple, n: int, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        stream(tiny_gpt(), torch.zeros(shape, dtype=torch.long), n)


def test_a_context_without_a_batch_is_refused() -> None:
    with pytest.raises(ValueError, match=r"idx of shape \(B, T\), got shape \(3,\)"):
        stream(tiny_gpt(), random_ids(3), 1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("top_p", [1e-9, 1e-60, 5e-324])
def test_the_first_is_kept_however_small_p_is(top_p: float, dtype: torch.dtype) -> None:
    """All were dropped where p is 0 in these floats, and the probabilities were NaN."""
    probs = next_token_probs(torch.tensor([[1.0, 3.0, 2.0], [5.0, 0.0, 0.0]], dtype=dtype), top_p=top_p)
    assert probs.tolist() == [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]


def test_a_temperature_that_no_float_can_be_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"a finite temperature >= 0, got a whole number of about 400 digits"
    ):
        next_token_probs(torch.ones(3), temperature=10**400)


# --- with a cache, as without ---------------------------------------------------------------------

SETTINGS = [{}, {"temperature": 0.8, "top_k": 5}, {"top_p": 0.9}, {"temperature": 0}]


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_cache_changes_no_character_under_one_seed(form: dict, dtype: torch.dtype) -> None:
    """Before the text is cropped and after, alone and in a batch; a wrong number would show."""
    for seed in some(range(16), few=2):
        model = gpt(seed, **form).to(dtype)
        start = random_ids(1 + seed % 3, 1 + seed, seed=seed)
        for cache in ("recompute", "half"):
            texts = [
                generate(
                    watched,
                    start,
                    14,
                    cache=cache,
                    generator=torch.Generator().manual_seed(seed),
                    **SETTINGS[seed % len(SETTINGS)],
                )
                for watched in (model, looked_at(model))
            ]
            assert torch.equal(*texts)


def looked_at(model: nn.Module) -> nn.Module:
    """A copy with a hook that only looks on, so that the model itself reads all each time."""
    copied = copy.deepcopy(model)
    copied.register_forward_hook(lambda *_: None)
    return copied


@pytest.mark.parametrize("drafts", [None, Drafts(NGramLM(random_ids(99), order=1, vocab_size=11))])
def test_the_default_cache_is_used_and_off_turns_it_off(
    drafts: Drafts | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> torch.Tensor:
        raise RuntimeError("read by a cache")

    monkeypatch.setattr(KeyValueCache, "read", read)
    model, start = tiny_gpt(), random_ids(1, 3)
    assert generate(model, start, 5, cache="off", drafts=drafts).shape == (1, 8)
    with pytest.raises(RuntimeError, match="read by a cache"):
        generate(model, start, 5, drafts=drafts)


@pytest.mark.parametrize("fused", [False, True])
def test_training_beside_a_stream_counts_from_the_next_token_on(fused: bool) -> None:
    """A cache out of date was the danger: torch does not count what its fused optimisers write."""
    texts = []
    for cache in ("recompute", "off"):
        model = tiny_gpt()
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=fused)
        generator, text = torch.Generator().manual_seed(1), []
        for token in stream(model, random_ids(1, 1), 20, generator=generator, cache=cache):
            text.append(token.item())
            optimizer.zero_grad()
            model(random_ids(4, 8, seed=len(text)), random_ids(4, 8))[1].backward()
            optimizer.step()
        texts.append(text)
    assert texts[0] == texts[1]


def test_the_tokens_of_a_stream_can_take_part_in_a_training_step() -> None:
    model = tiny_gpt()
    idx = torch.cat(list(stream(model, random_ids(2, 1), 5)), dim=1)
    model(idx, idx)[1].backward()
    assert all(weight.grad is not None for weight in model.parameters())


def test_a_very_long_text_is_no_slower_at_its_end() -> None:
    """What the model does not see any more is not carried along."""
    sizes = []
    generate_ids, original = random_ids(1, 30), Reader.next_logits

    def noted(self: Reader, context: torch.Tensor) -> torch.Tensor:
        sizes.append(context.shape[1])
        return original(self, context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reader, "next_logits", noted)
        for cache in ("recompute", "half", "off"):
            generate(tiny_gpt(), generate_ids, 20, cache=cache)
    assert max(sizes) <= 8
