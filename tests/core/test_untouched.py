"""Is a GPT as it was built, and is a change noticed? Each case would give text from old numbers."""

from collections.abc import Callable

import pytest
import torch
from test_cache import FORMS
from torch import nn

from helpers import TINY, random_ids, tiny_gpt
from nanogpt_lib.bigram import BigramLM
from nanogpt_lib.layers import LayerNorm
from nanogpt_lib.model import GPT
from nanogpt_lib.untouched import Untouched, is_plain


class Mine(GPT):
    """A GPT that somebody may have changed."""


def looks_on(part: nn.Module) -> object:
    return part.register_forward_hook(lambda *_: None)


def opened(model: GPT) -> None:
    model.blocks[1].sa.heads[2].mask = torch.ones(8, 8, dtype=torch.bool)


def another_norm(model: GPT) -> None:
    model.blocks[0].ln1 = nn.Identity()


def own_forward(model: GPT) -> None:
    model.forward = lambda idx: (torch.zeros(*idx.shape, 11), None)


def parametrized(model: GPT) -> None:
    nn.utils.parametrizations.weight_norm(model.lm_head)


MEDDLING: list[Callable[[GPT], object]] = [
    looks_on,
    lambda model: looks_on(model.blocks[1].sa.heads[0].dropout),
    lambda model: model.blocks[0].register_forward_pre_hook(lambda *_: None),
    opened,
    another_norm,
    own_forward,
    parametrized,
    lambda model: setattr(model, "lm_head", nn.Sequential(model.lm_head)),
    lambda model: model.blocks[0].ffwd.net.__setitem__(1, nn.GELU()),
    lambda model: model.blocks.append(nn.Identity()),
    lambda model: model.ln_f.double(),
    lambda model: setattr(model, "block_size", 4),
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_new_gpt_of_every_form_is_plain(form: dict) -> None:
    state = torch.get_rng_state()
    assert is_plain(tiny_gpt(**form))
    assert is_plain(tiny_gpt(**form).double())
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("meddle", MEDDLING)
def test_a_model_in_which_somebody_meddles_is_not_plain(meddle: Callable[[GPT], object]) -> None:
    model = tiny_gpt()
    before = Untouched(model)
    assert before.holds()
    meddle(model)
    assert not is_plain(model)
    assert not before.holds()


@pytest.mark.parametrize(
    "model", [BigramLM(5), Mine(TINY), tiny_gpt().half(), tiny_gpt().bfloat16(), tiny_gpt().to("meta"), None]
)
def test_what_is_no_gpt_of_32_bits_is_not_plain(model: object) -> None:
    assert not is_plain(model)


def test_weights_without_a_count_of_changes_are_not_plain() -> None:
    with torch.inference_mode():
        assert not is_plain(tiny_gpt())


def test_hooks_for_all_modules_count_too() -> None:
    model = tiny_gpt()
    before = Untouched(model)
    handle = nn.modules.module.register_module_forward_hook(lambda *_: None)
    try:
        assert not before.holds()
        assert not is_plain(model)
    finally:
        handle.remove()
    assert before.holds()


def step(kind: Callable[..., torch.optim.Optimizer], **settings: object) -> Callable[[GPT], None]:
    def train(model: GPT) -> None:
        model(random_ids(2, 4), random_ids(2, 4))[1].backward()
        kind(list(model.parameters()), **settings).step()

    return train


CHANGES: list[Callable[[GPT], object]] = [
    step(torch.optim.AdamW, fused=True),  # which torch does not count as a change
    step(torch.optim.AdamW, foreach=True),
    step(torch.optim.SGD, lr=0.1),
    lambda model: model.load_state_dict(tiny_gpt(2).state_dict()),
    lambda model: model.load_state_dict(tiny_gpt(2).state_dict(), assign=True),
    lambda model: nn.init.zeros_(model.blocks[0].sa.heads[1].key.weight),
    lambda model: model.token_embedding_table.weight.data.mul_(2),
    lambda model: setattr(model.lm_head.bias, "data", torch.ones(11)),
    lambda model: model.double(),
    lambda model: model.blocks[1].sa.heads[0].mask.fill_(True),
    lambda model: setattr(model.blocks[0], "residual", False),
    lambda model: setattr(model.blocks[1].sa.heads[2], "scale", 1.0),
    lambda model: setattr(model.ln_f, "eps", 0.1),
    lambda model: setattr(model.blocks[0], "ln2", LayerNorm(12)),
    lambda model: setattr(model.lm_head, "weight", nn.Parameter(torch.ones(11, 12))),
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_noticed(change: Callable[[GPT], object]) -> None:
    model = tiny_gpt()
    before = Untouched(model)
    change(model)
    assert not before.holds()


@pytest.mark.parametrize("attention", ["heads", "fused"])
def test_reading_and_switching_modes_is_no_change(attention: str) -> None:
    model = tiny_gpt(attention=attention)
    before = Untouched(model)
    model.eval()(random_ids(1, 4), random_ids(1, 4))[1].backward()
    model.train().zero_grad()
    model.requires_grad_(False)
    handle = looks_on(model)
    handle.remove()
    assert before.holds()
