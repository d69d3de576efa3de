"""What the exercises of the lesson on sampling measure, and say where no known mistake explains."""

import pytest
import torch
import torch.nn.functional as F

from helpers import said
from nanogpt_lib.lessons import sampling as ex
from nanogpt_lib.lessons.sampling.laws import DRAWS, WITHIN, laws
from nanogpt_lib.lessons.sampling.writer import BLOCK, Writer, prompts
from nanogpt_lib.lessons.sampling.written import NEW, written
from nanogpt_lib.sampling import generate, next_token_probs

SEEDS = range(10)
each_seed = pytest.mark.parametrize("seed", SEEDS)


# --- each solution beside the library's next_token_probs --------------------------------------------


@each_seed
def test_a_temperature_does_what_the_library_does(seed: int) -> None:
    for logits, temperature in ex.apply_temperature.inputs(seed):
        torch.testing.assert_close(
            ex.apply_temperature.answer(logits, temperature), next_token_probs(logits, temperature)
        )


@each_seed
def test_a_cut_to_k_does_what_the_library_does(seed: int) -> None:
    for logits, k in ex.top_k.inputs(seed):
        torch.testing.assert_close(
            ex.top_k.answer(logits, k).softmax(dim=-1), next_token_probs(logits, top_k=k)
        )


@each_seed
def test_a_cut_to_p_does_what_the_library_does(seed: int) -> None:
    for probs, p in ex.top_p.inputs(seed):
        torch.testing.assert_close(ex.top_p.answer(probs, p), next_token_probs(probs.log(), top_p=p))


@each_seed
@pytest.mark.parametrize("temperature", [0.0, 0.6, 2.0])
def test_the_loop_writes_what_the_library_writes(temperature: float, seed: int) -> None:
    texts = [
        write(
            Writer("one part off"),
            prompts(seed),
            10,
            temperature=temperature,
            generator=torch.Generator().manual_seed(seed),
        )
        for write in (ex.generate.answer, generate)
    ]
    assert torch.equal(*texts)


# --- the inputs hold the corners --------------------------------------------------------------------


@each_seed
def test_temperature_is_asked_for_at_the_corners(seed: int) -> None:
    inputs = ex.apply_temperature.inputs(seed)
    assert {logits.ndim for logits, _ in inputs} == {1, 2}
    greedy = [logits for logits, temperature in inputs if temperature == 0]
    tops = [logits.topk(2, dim=-1).values.diff(dim=-1) for logits in greedy]
    assert any((gap == 0).any() for gap in tops), "two logits share the top"
    assert any(((-0.03 < gap) & (gap < 0)).any() for gap in tops), "and elsewhere they are close"
    assert max(float((logits / t).max()) for logits, t in inputs if t) > 88, "exp runs over in 32 bits"


@each_seed
def test_k_is_asked_for_at_the_corners(seed: int) -> None:
    inputs = ex.top_k.inputs(seed)
    assert {logits.shape[-1] - k < 0 for logits, k in inputs} == {True, False}
    assert 1 in {k for _, k in inputs}
    kept = [(ex.top_k.answer(logits, k) > -torch.inf).sum(-1) for logits, k in inputs]
    assert kept[0] == 4, "2, 1, 1, 1, 0 with k = 2, as in section 3"
    assert any((more > k).any() for more, (_, k) in zip(kept, inputs, strict=True))


@each_seed
def test_p_is_reached_exactly_once_and_elsewhere_rounding_decides_nothing(seed: int) -> None:
    near = []
    for probs, p in ex.top_p.inputs(seed):
        sums = probs.sort(dim=-1, descending=True).values.cumsum(dim=-1)
        if p < 1:
            near.append((sums - p).abs().min().item())
    assert near[1] == 0, "0.5 + 0.25 is 0.75, without rounding"
    assert min(near[:1] + near[2:]) > 1e-3


@each_seed
def test_in_a_steep_row_a_rounded_sum_is_1_before_its_end(seed: int) -> None:
    steep = [probs for probs, p in ex.top_p.inputs(seed) if p == 1 and probs.ndim == 1]
    assert steep[0].max() == 1
    assert (steep[0] > 0).all()


# --- what is said of mistakes that nobody thought of ------------------------------------------------


def test_a_temperature_that_turns_the_order_is_told_so() -> None:
    def upside_down(logits, temperature):
        sign = -1 if temperature else 1
        return next_token_probs(sign * logits, temperature)

    assert said(ex.apply_temperature, upside_down).startswith(
        "In row 0 your likeliest is id 2, and the highest logit has id 0 for logits of shape (3,)"
    )


def test_a_cut_that_keeps_others_names_their_ids() -> None:
    def first_places(logits, k):
        return logits.masked_fill(torch.arange(logits.shape[-1]) >= k, -torch.inf)

    assert said(ex.top_k, first_places).startswith(
        "In row 0 you keep ids [0, 1]; right would be [0, 1, 2, 3] for logits of shape (5,), k=2"
    )


def test_a_cut_that_moves_what_it_keeps_is_told_one_logit() -> None:
    message = said(ex.top_k, lambda logits, k: ex.top_k.answer(logits, k) + 1)
    assert message.startswith("What is kept stays as it was: in row 0 id 0 had 2 and now has 3")


def test_a_cut_in_place_is_told_which_element_changed() -> None:
    def in_place(logits, k):
        cut = ex.top_k.answer(logits, k)
        logits.copy_(cut)
        return cut

    assert "the element at [4] was 0 and is now -inf" in said(ex.top_k, in_place)


def test_not_a_number_among_logits_is_told() -> None:
    def lost(logits, k):
        return ex.top_k.answer(logits, k).nan_to_num(neginf=torch.nan)

    assert said(ex.top_k, lost).startswith("1 of 5 values are NaN (not a number) for logits of shape (5,)")


def test_a_nucleus_that_is_another_is_told_with_its_row() -> None:
    def three(probs, p):
        return F.normalize(probs * (probs >= probs.topk(3, dim=-1).values[..., -1:]), p=1, dim=-1)

    assert said(ex.top_p, three) == (
        "In row 0 with p = 0.6 you keep ids [0, 2, 3]; right would be [0, 2]. The row is "
        "[0.25, 0.062, 0.5, 0.188]."
    )


def test_a_nucleus_that_was_divided_by_another_number_is_told_its_sum() -> None:
    message = said(ex.top_p, lambda probs, p: ex.top_p.answer(probs, p) / 2)
    assert message.startswith("Row 0 sums to 0.5, not to 1. Yours is the right result times 0.5")


def test_a_loop_that_sees_too_little_is_told_what_it_saw() -> None:
    class Short:
        def __init__(self, model):
            self.model, self.block_size = model, BLOCK - 1

        def __getattr__(self, name):
            return getattr(self.model, name)

        def __call__(self, idx):
            return self.model(idx)

    def short(model, *rest):
        return ex.generate.answer(Short(model), *rest)

    message = said(ex.generate, short)
    assert message.startswith("Token 4 of row 0 follows ")
    assert ", its last 4; in your 6 calls the model never saw them, and at the end it saw " in message


def test_a_law_that_nobody_knows_is_told_by_its_shares() -> None:
    def squared(model, idx, count, temperature, generator):
        return ex.generate.answer(model, idx, count, temperature**2, generator)

    assert said(ex.generate, squared).startswith(f"With T = 0.6, of {DRAWS:,} draws after ")


def test_a_loop_that_never_asks_the_model_is_told_so() -> None:
    def even(model, idx, count, temperature, generator):
        return torch.cat([idx, torch.randint(5, (len(idx), count), generator=generator)], dim=1)

    assert "made 0 calls of the model" in said(ex.generate, even)


# --- what is measured -------------------------------------------------------------------------------


@each_seed
@pytest.mark.parametrize("temperature", [0.6, 2.0])
def test_the_laws_are_so_far_apart_that_chance_takes_none_for_another(temperature: float, seed: int) -> None:
    known = laws(prompts(seed), temperature)
    right = known.pop("as asked")
    assert min((right - law).abs().max() for law in known.values()) > 2 * WITHIN
    chance = (right * (1 - right) / DRAWS).sqrt().max()
    assert chance * 5 < WITHIN, "a right answer is off by more than that once in a million draws"


@each_seed
def test_every_context_gives_logits_of_its_own(seed: int) -> None:
    """Changing any one token of a context must show, or a loop that does not see it would pass."""
    model = Writer("evaluation")
    idx = torch.randint(5, (1, BLOCK), generator=torch.Generator().manual_seed(seed))
    before = model(idx)[0][0, -1]
    for place in range(BLOCK):
        other = idx.clone()
        other[0, place] = (other[0, place] + 1) % 5
        assert not torch.equal(model(other)[0][0, -1], before), place


def test_the_prompts_outgrow_the_models_places() -> None:
    lengths = {T for _, _, T, _, _ in ex.generate.inputs(0)}
    assert min(lengths) < BLOCK < max(lengths)
    assert min(lengths) + NEW > BLOCK


def test_one_row_after_the_other_is_a_right_loop_too() -> None:
    def by_row(model, idx, count, temperature, generator):
        rows = [ex.generate.answer(model, row[None], count, temperature, generator) for row in idx]
        return torch.cat(rows)

    found = written(by_row, "training", breaks=False, T=3, temperature=0.6, seed=0)
    right = written(ex.generate.answer, "training", breaks=False, T=3, temperature=0.6, seed=0)
    assert found == right
    assert list(found)[-1] == "stream"


def test_an_answer_that_forbids_gradients_does_not_spoil_the_notebook() -> None:
    def for_ever(model, *rest):
        torch.set_grad_enabled(False)
        return ex.generate.answer(model, *rest)

    assert not ex.generate.check(for_ever).passed
    assert torch.is_grad_enabled()
