"""Guesses change how fast a text comes, never its probabilities: shown by adding up all that can happen."""

import itertools
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_untouched import CHANGES, looks_on

from helpers import close, random_ids, tiny_gpt
from nanogpt_lib.drafts import Drafts, Guesser, verified
from nanogpt_lib.model import GPT
from nanogpt_lib.ngrams import NGramLM
from nanogpt_lib.sampling import generate, next_token_probs, stream

Law = dict[tuple[int, ...], float]
PARTS = 8  # every probability below is so many eighths, so that a grid of luck hits each case exactly


def rows(seed: int, *shape: int, V: int = 3) -> torch.Tensor:
    """Probabilities in eighths, none of the rows alike, some of them 0."""
    drawn = torch.randint(V, (*shape, PARTS), generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.one_hot(drawn, V).double().mean(dim=-2)


def law_of_a_round(p: Callable[[tuple], torch.Tensor], q: Callable[[tuple], torch.Tensor], k: int) -> Law:
    """The probability of each result of `verified`, with every guess that q can make, and all luck."""
    law: Law = {}
    V = len(p(()))
    for guesses in itertools.product(range(V), repeat=k):
        heads = [guesses[:place] for place in range(k + 1)]
        chance = 1.0
        for head, guess in zip(heads[:k], guesses, strict=True):
            chance *= q(head)[guess].item()
        if chance == 0:
            continue
        probs, guess_probs = torch.stack([p(head) for head in heads]), torch.stack([q(h) for h in heads[:k]])
        # Whether a guess is kept changes at p / q alone; the last number of luck goes through a fine grid.
        edges = [
            sorted({0.0, 1.0, *_edge(probs[place], guess_probs[place], guesses[place])}) for place in range(k)
        ]
        for spans in itertools.product(*(itertools.pairwise(edge) for edge in edges)):
            luck, weight = [sum(span) / 2 for span in spans], chance
            for low, high in spans:
                weight *= high - low
            for share in range(GRID):
                got = tuple(verified(probs, guesses, guess_probs, [*luck, (share + 0.5) / GRID]))
                law[got] = law.get(got, 0.0) + weight / GRID
    return law


GRID = 840  # divisible by all of 1 to 8: what p has more than q is so many eighths of at most 8 eighths


def _edge(p: torch.Tensor, q: torch.Tensor, guess: int) -> list[float]:
    return [min(1.0, (p[guess] / q[guess]).item())]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("k", [1, 2])
def test_a_round_has_exactly_the_models_probabilities(seed: int, k: int) -> None:
    """A wrong rule, such as drawing anew from p after a refusal, is off by hundredths."""

    def p(head: tuple) -> torch.Tensor:
        return rows(1000 * seed + 100 + sum(id_ + 1 for id_ in head), 1)[0]

    def q(head: tuple) -> torch.Tensor:
        return rows(1000 * seed + 500 + sum(id_ + 1 for id_ in head), 1)[0]

    law = law_of_a_round(p, q, k)
    for text in itertools.product(range(3), repeat=k + 1):
        expected, got = 1.0, 0.0
        for place, id_ in enumerate(text):
            expected *= p(text[:place])[id_].item()
        for result, chance in law.items():  # a shorter result goes on as the model does
            if result == text[: len(result)]:
                for place in range(len(result), k + 1):
                    chance *= p(text[:place])[text[place]].item()
                got += chance
        assert abs(got - expected) < 1e-9, f"{text}: {got} instead of {expected}"


def test_a_guesser_like_the_model_is_always_kept_and_one_that_never_fits_never() -> None:
    p = torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]])
    for luck in (0.0, 0.5, 1 - 2**-53):
        assert len(verified(p, [1], p[:1], [luck, 0.3])) == 2
        assert len(verified(p, [2], torch.tensor([[0.0, 0.0, 1.0]]), [luck, 0.3])) == 1


def test_an_id_of_probability_0_never_comes_whatever_the_luck() -> None:
    p = torch.tensor([[0.0, 0.5, 0.5, 0.0]])
    luck = [0.0, 0.5, 1 - 2**-53]
    assert [verified(p, [], torch.zeros(0, 4), [number]) for number in luck] == [[1], [2], [2]]


def test_what_does_not_fit_together_is_refused() -> None:
    p = rows(1, 3)
    with pytest.raises(ValueError, match=r"probs of shape \(3, 3\), got shape \(2, 3\)"):
        verified(p[:2], [0, 1], p[:2], [0.1, 0.1, 0.1])
    with pytest.raises(
        ValueError, match="2 guesses, as guess_probs has rows, and 3 numbers of luck, got 1 and 3"
    ):
        verified(p, [0], p[:2], [0.1, 0.1, 0.1])


# --- the table ------------------------------------------------------------------------------------


@given(st.integers(0, 3), st.integers(2, 5), st.integers(0, 9), st.lists(st.integers(0, 4), max_size=6))
def test_the_table_holds_the_probabilities_of_the_counted_model(
    order: int, V: int, seed: int, context: list[int]
) -> None:
    counted = NGramLM(random_ids(30, vocab_size=V, seed=seed), order=order, vocab_size=V)
    context = [id_ % V for id_ in context]
    expected = counted.probs(torch.tensor(context, dtype=torch.long))
    close(Drafts(counted).probs(torch.tensor(context, dtype=torch.long)), expected, within=1e-12)


def test_guesses_follow_their_rows_and_their_luck() -> None:
    drafts = Drafts(NGramLM(random_ids(200, vocab_size=4), order=2, vocab_size=4))
    guesser = Guesser(drafts, lambda logits: next_token_probs(logits, temperature=0.5))
    ids, guess_probs = guesser.guess(torch.tensor([1, 2, 3]), [0.0, 0.4, 0.999])
    text = [1, 2, 3, *ids]
    for place, number in enumerate([0.0, 0.4, 0.999]):
        row = next_token_probs(drafts.probs(torch.tensor(text[: 3 + place])).log(), temperature=0.5)
        close(guess_probs[place], row, within=1e-12)
        assert row.cumsum(0)[ids[place]] > number
        assert ids[place] == 0 or row.cumsum(0)[ids[place] - 1] <= number


# --- in a stream ----------------------------------------------------------------------------------


def drafts_of(V: int = 11, at_once: int = 3) -> Drafts:
    return Drafts(NGramLM(random_ids(300, vocab_size=V), order=2, vocab_size=V), at_once)


def test_greedy_writing_is_the_same_with_and_without() -> None:
    for seed in range(5):
        model, start = tiny_gpt(seed), random_ids(1, 2, seed=seed)
        assert torch.equal(
            generate(model, start, 20, temperature=0, drafts=drafts_of()),
            generate(model, start, 20, temperature=0),
        )


@pytest.mark.every
@pytest.mark.parametrize("settings", [{}, {"temperature": 0.7, "top_k": 3}, {"top_p": 0.6}], ids=str)
def test_two_thousand_texts_have_the_models_probabilities(settings: dict) -> None:
    """Each pair of first characters within 4.5 standard deviations; the exact law is tested above."""
    model, start, n = tiny_gpt(vocab_size=3, n_embd=6, init="torch"), torch.tensor([[1]]), 2000
    model.lm_head.weight.data.mul_(4)
    drafts, generator = drafts_of(3, 2), torch.Generator().manual_seed(1)
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(n):
        text = tuple(
            generate(model, start, 2, drafts=drafts, generator=generator, **settings)[0, 1:].tolist()
        )
        counts[text] = counts.get(text, 0) + 1
    for text in itertools.product(range(3), repeat=2):
        whole = torch.tensor([[1, *text]])
        p = next_token_probs(model(whole)[0][0], **settings)
        share = (p[0, text[0]] * p[1, text[1]]).item()
        assert abs(counts.get(text, 0) - n * share) <= 4.5 * (n * share * (1 - share)) ** 0.5, (text, share)


@pytest.mark.parametrize("cache", ["recompute", "half", "off"])
def test_so_many_tokens_come_as_were_asked_for(cache: str) -> None:
    for n in (0, 1, 2, 7, 25):
        written = generate(tiny_gpt(), random_ids(1, 5), n, drafts=drafts_of(), cache=cache)
        assert written.shape == (1, 5 + n)
        assert written.dtype == torch.long


def test_one_seed_writes_one_text_and_nothing_else_is_drawn_from() -> None:
    before = torch.get_rng_state()
    one, two = (
        generate(
            tiny_gpt(), random_ids(1, 1), 20, drafts=drafts_of(), generator=torch.Generator().manual_seed(3)
        )
        for _ in range(2)
    )
    assert torch.equal(one, two)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("change", [*CHANGES, looks_on])
def test_guesses_judged_by_old_weights_are_thrown_away(change: Callable[[GPT], object]) -> None:
    """After the change the model writes only 7: kept guesses of the old weights would show other ids."""
    model = tiny_gpt()
    tokens = stream(model, random_ids(1, 1), 7, drafts=drafts_of(at_once=6), generator=torch.Generator())
    next(tokens)
    change(model)
    with torch.no_grad():
        model.lm_head.weight.zero_()
        model.lm_head.bias.copy_(torch.eye(11)[7] * 1e4)
    assert [token.item() for token in tokens] == [7] * 6


def test_drafts_that_do_not_fit_are_refused_at_the_call() -> None:
    model = tiny_gpt()
    for drafts, idx, named in (
        (drafts_of(5), random_ids(1, 2), "drafts of 11 characters, as the model has, got 5"),
        (drafts_of(), random_ids(2, 2), "one text for drafts, got a batch of 2"),
        (NGramLM(random_ids(30), 1, 11), random_ids(1, 2), "drafts to be a Drafts, got a NGramLM"),
    ):
        with pytest.raises(ValueError, match=named):
            stream(model, idx, 3, drafts=drafts)
    with pytest.raises(ValueError, match="counted to be a NGramLM"):
        Drafts(None)
    with pytest.raises(ValueError, match="at_once >= 1"):
        drafts_of(at_once=0)
