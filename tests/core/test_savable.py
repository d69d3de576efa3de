"""What was done to a model or its optimiser comes back from a checkpoint, or its save is refused by name."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from helpers import global_stream_untouched, modes, random_ids, same_bits, tiny_gpt, weights_of
from nanogpt_lib.card import CARD
from nanogpt_lib.checkpoint import load_checkpoint, save_checkpoint
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.model import GPT
from nanogpt_lib.optimizer import decay_groups
from nanogpt_lib.savable import require_savable, tied
from nanogpt_lib.training_run import Record, TrainConfig, TrainingRun, train
from tiers import some

TOKENIZER = CharTokenizer("\n abcdefghi")
TRAIN, VAL = random_ids(300), random_ids(100, seed=1)
CONFIG = TrainConfig(batch_size=4, max_iters=12, learning_rate=1e-2, eval_interval=6, eval_iters=2)


def a_run(model: GPT, optimizer: torch.optim.Optimizer | None = None) -> TrainingRun:
    return TrainingRun(model, CONFIG, torch.Generator().manual_seed(7), optimizer)


def run_to(run: TrainingRun, step: int) -> TrainingRun:
    for record in train(run, TRAIN, VAL):
        if record.step == step:
            break
    return run


def assert_saved_whole(make: Callable[[], TrainingRun], folder: Path) -> TrainingRun:
    """A run that is saved half way and resumed ends as one that was never stopped, to the last bit."""
    save_checkpoint(folder, run_to(make(), 6), TOKENIZER)
    whole, resumed = make(), load_checkpoint(folder).resume()
    for run in (whole, resumed):
        list(train(run, TRAIN, VAL))
    same_bits(weights_of(resumed.model), weights_of(whole.model))
    assert [r[:3] for r in resumed.curve] == [r[:3] for r in whole.curve]
    assert tied(resumed.model) == tied(whole.model)
    for one, other in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert (one.dtype, one.requires_grad) == (other.dtype, other.requires_grad)
    save_checkpoint(folder, resumed, TOKENIZER)  # and once more, from what was loaded
    same_bits(weights_of(load_checkpoint(folder).model), weights_of(whole.model))
    return resumed


# --- what comes back --------------------------------------------------------------------------------


def head_and_table(model: GPT) -> None:
    model.lm_head.weight = model.token_embedding_table.weight


def two_norms(model: GPT) -> None:
    model.blocks[1].ln1.weight = model.ln_f.weight = model.blocks[0].ln1.weight


def two_blocks(model: GPT) -> None:
    model.blocks[1] = model.blocks[0]


def a_frozen_table(model: GPT) -> None:
    model.token_embedding_table.weight.requires_grad_(False)


def a_frozen_block(model: GPT) -> None:
    model.blocks[0].requires_grad_(False)


def tied_and_frozen(model: GPT) -> None:
    head_and_table(model)
    a_frozen_block(model)
    a_frozen_table(model)


def another_type(dtype: torch.dtype) -> Callable[[GPT], None]:
    return lambda model: model.to(dtype)


def a_head_in_float64(model: GPT) -> None:
    model.blocks[0].ffwd.double()
    model.blocks[0].ffwd.register_forward_pre_hook(lambda _, inputs: (inputs[0].double(),))
    model.blocks[0].ffwd.register_forward_hook(lambda _, __, out: out.float())


CHANGES = {
    "nothing": lambda model: None,
    "tied head and table": head_and_table,
    "three tied norms": two_norms,
    "one block twice": two_blocks,
    "a frozen table": a_frozen_table,
    "a frozen block": a_frozen_block,
    "tied and frozen": tied_and_frozen,
    "float64": another_type(torch.float64),
    "bfloat16": another_type(torch.bfloat16),
}


@pytest.mark.parametrize("attention", some(["heads", "fused"]))
@pytest.mark.parametrize("change", CHANGES)
def test_tied_frozen_and_other_weights_come_back_and_go_on_to_the_last_bit(
    change: str, attention: str, tmp_path: Path
) -> None:
    """Tied ones failed at the save, after the training; frozen ones thawed; float64 came back as float32."""

    def make() -> TrainingRun:
        model = tiny_gpt(attention=attention, dropout=0.2)
        CHANGES[change](model)
        return a_run(model)

    resumed = assert_saved_whole(make, tmp_path)
    written = (tmp_path / CARD).read_text(encoding="utf-8")
    usual = change in ("nothing", "float64", "bfloat16")
    assert ('"format": 1' in written) == usual, "an older library must not pass over what it does not know"
    same_bits(weights_of(resumed.model), weights_of(load_checkpoint(tmp_path).model))


def test_weights_of_several_types_come_back_each_in_its_own(tmp_path: Path) -> None:
    model = tiny_gpt()
    a_head_in_float64(model)
    save_checkpoint(tmp_path, a_run(model), TOKENIZER)
    loaded = load_checkpoint(tmp_path).model
    types = {name: weights.dtype for name, weights in loaded.named_parameters()}
    assert types == {name: weights.dtype for name, weights in model.named_parameters()}
    assert set(types.values()) == {torch.float32, torch.float64}
    same_bits(weights_of(loaded), weights_of(model))


@pytest.mark.parametrize("default", [torch.float64, torch.bfloat16])
def test_the_default_type_of_the_moment_does_not_matter(default: torch.dtype, tmp_path: Path) -> None:
    run = run_to(a_run(tiny_gpt()), 6)
    save_checkpoint(tmp_path, run, TOKENIZER)
    torch.set_default_dtype(default)
    try:
        loaded = load_checkpoint(tmp_path).model
    finally:
        torch.set_default_dtype(torch.float32)
    assert {weights.dtype for weights in loaded.parameters()} == {torch.float32}
    same_bits(weights_of(loaded), weights_of(run.model))


OPTIMIZERS: dict[str, Callable[[GPT], torch.optim.Optimizer]] = {
    "betas and eps": lambda model: torch.optim.AdamW(
        model.parameters(), lr=0.02, betas=(0.8, 0.95), eps=1e-6
    ),
    "amsgrad": lambda model: torch.optim.AdamW(model.parameters(), lr=0.02, amsgrad=True),
    "maximize": lambda model: torch.optim.AdamW(model.parameters(), lr=1e-3, maximize=True),
    "a rate in a tensor": lambda model: torch.optim.AdamW(model.parameters(), lr=torch.tensor(0.02)),
    "numpy's numbers": lambda model: torch.optim.AdamW(
        model.parameters(),
        lr=np.float32(0.02),
        betas=(np.float64(0.8), np.float64(0.9)),
        eps=np.float32(1e-7),
    ),
    "two groups": lambda model: torch.optim.AdamW(decay_groups(model, 0.3), lr=0.02),
    "groups with rates": lambda model: torch.optim.AdamW(
        [{"params": model.blocks.parameters()}, {"params": model.lm_head.parameters(), "lr": 0.5}], lr=0.02
    ),
    "another order": lambda model: torch.optim.AdamW(list(model.parameters())[::-1], lr=0.02),
    "a part": lambda model: torch.optim.AdamW(model.lm_head.parameters(), lr=0.02),
    "a group of each": lambda model: torch.optim.AdamW(
        [{"params": [p], "lr": 0.01 + 0.001 * n} for n, p in enumerate(model.parameters())]
    ),
    "named parameters": lambda model: torch.optim.AdamW(model.named_parameters(), lr=0.02),
}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_an_adamw_of_ones_own_comes_back_whole(kind: str, tmp_path: Path) -> None:
    """One with groups of its own was saved, and then the file did not load."""

    def make() -> TrainingRun:
        model = tiny_gpt(dropout=0.2)
        return a_run(model, OPTIMIZERS[kind](model))

    assert_saved_whole(make, tmp_path)


# --- what is refused --------------------------------------------------------------------------------

OTHERS = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9),
    "Adagrad": lambda parameters: torch.optim.Adagrad(parameters),
    "Adam": lambda parameters: torch.optim.Adam(parameters),
    "RMSprop": lambda parameters: torch.optim.RMSprop(parameters),
    "its own class": lambda parameters: type("Mine", (torch.optim.AdamW,), {})(parameters),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_another_optimiser_is_refused_at_the_save_by_name_and_its_weights_can_be_kept(
    kind: str, tmp_path: Path
) -> None:
    """It was saved, and failed with KeyError 'betas' on the way on."""
    model = tiny_gpt()
    run = run_to(a_run(model, OTHERS[kind](model.parameters())), 6)
    with pytest.raises(ValueError, match=f"got {type(run.optimizer).__name__}. Save the weights alone"):
        save_checkpoint(tmp_path, run, TOKENIZER)
    assert list(tmp_path.iterdir()) == []
    save_checkpoint(tmp_path, run, TOKENIZER, resumable=False)
    same_bits(weights_of(load_checkpoint(tmp_path).model), weights_of(model))


def replaced(name: str, part: Callable[[], nn.Module]) -> Callable[[GPT], None]:
    return lambda model: model.set_submodule(name, part())


def with_(name: str, value: object) -> Callable[[GPT], None]:
    owner, _, last = name.rpartition(".")
    return lambda model: setattr(model.get_submodule(owner), last, value)


def shared_memory(model: GPT) -> None:
    model.lm_head.weight.data = model.token_embedding_table.weight.data


def a_part_of_the_memory(model: GPT) -> None:
    model.ln_f.weight.data = model.lm_head.weight.data[0]


def no_mask(model: GPT) -> None:
    model.blocks[1].sa.heads[0].mask.fill_(True)


def without_bias(model: GPT) -> None:
    model.lm_head.bias = None


def with_a_block_more(model: GPT) -> None:
    model.blocks.append(tiny_gpt().blocks[0])


def a_subclass(model: GPT) -> None:
    model.__class__ = type("Better", (GPT,), {})


REFUSED = {
    "another activation": (
        replaced("blocks.0.ffwd.net.1", nn.GELU),
        "blocks.0.ffwd.net.1 is a torch GELU, not a torch ReLU",
    ),
    "no last norm": (replaced("ln_f", nn.Identity), "ln_f is a torch Identity, not a nanogpt_lib LayerNorm"),
    "torch's norm": (
        replaced("ln_f", lambda: nn.LayerNorm(12)),
        "ln_f is a torch LayerNorm, not a nanogpt_lib LayerNorm",
    ),
    "a part added": (with_("extra", nn.Linear(2, 2)), "extra was added"),
    "a parameter added": (with_("blocks.0.gain", nn.Parameter(torch.ones(1))), "blocks.0.gain was added"),
    "a block more": (with_a_block_more, "blocks.2 was added"),
    "no bias": (without_bias, "lm_head.bias is missing"),
    "a wider head": (
        with_("lm_head.weight", nn.Parameter(torch.ones(5, 12))),
        r"lm_head.weight has shape \(5, 12\)",
    ),
    "another dropout": (with_("blocks.0.sa.dropout.p", 0.5), "blocks.0.sa.dropout.p is 0.5, not 0.0"),
    "another scale": (with_("blocks.1.sa.heads.2.scale", 0.1), "blocks.1.sa.heads.2.scale is 0.1, not 0.5"),
    "another eps": (with_("ln_f.eps", 0.1), "ln_f.eps is 0.1, not 1e-05"),
    "no stream": (with_("blocks.0.residual", False), "blocks.0.residual is False, not True"),
    "another forward": (
        with_("blocks.0.ffwd.forward", torch.relu),
        "blocks.0.ffwd.forward is a function of your own",
    ),
    "no mask": (no_mask, "blocks.1.sa.heads.0.mask is not the causal one"),
    "memory shared": (shared_memory, "lm_head.weight shares its memory with token_embedding_table.weight"),
    "memory shared in part": (a_part_of_the_memory, "shares its memory with"),
    "complex numbers": (
        with_("ln_f.bias", nn.Parameter(torch.zeros(12, dtype=torch.complex64))),
        "ln_f.bias is torch.complex64",
    ),
    "a head in another type": (
        lambda model: model.lm_head.double(),
        "got token_embedding_table.weight in float32 on cpu beside lm_head.weight in float64 on cpu. Convert",
    ),
    "a norm in another type": (
        lambda model: model.ln_f.bfloat16(),
        "beside ln_f.weight in bfloat16 on cpu. Convert the whole",
    ),
    "a block without numbers": (lambda model: model.blocks[1].to("meta"), "is on the device 'meta', without"),
    "a class of one's own": (a_subclass, "got a Better"),
}


@pytest.mark.parametrize("change", REFUSED)
def test_a_model_that_would_come_back_as_another_one_is_refused_by_name(change: str, tmp_path: Path) -> None:
    model = tiny_gpt()
    make, named = REFUSED[change]
    make(model)
    for resumable in (True, False):
        with pytest.raises(ValueError, match=named):
            save_checkpoint(tmp_path, a_run(model), TOKENIZER, resumable=resumable)
    assert list(tmp_path.iterdir()) == []


def test_weights_that_were_tied_after_the_run_was_made_are_refused_before_it_trains(tmp_path: Path) -> None:
    """The optimiser would move a head that the model no longer has."""
    run = a_run(tiny_gpt())
    head_and_table(run.model)
    with pytest.raises(ValueError, match="Change the model first, and make its TrainingRun then"):
        next(train(run, TRAIN, VAL))
    with pytest.raises(ValueError, match="Change the model first"):
        save_checkpoint(tmp_path, run, TOKENIZER)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_weights_that_are_no_numbers_are_refused_by_name_and_the_last_good_state_stays(
    value: float, tmp_path: Path
) -> None:
    run = run_to(a_run(tiny_gpt()), 6)
    save_checkpoint(tmp_path, run, TOKENIZER)
    good = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with torch.no_grad():
        run.model.blocks[1].ffwd.net[2].bias[3] = value
    for resumable in (True, False):
        with pytest.raises(
            ValueError, match=r"finite numbers in blocks.1.ffwd.net.2.bias, got NaN or infinity"
        ):
            save_checkpoint(tmp_path, run, TOKENIZER, resumable=resumable)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == good


def test_running_means_that_are_no_numbers_are_refused_by_name(tmp_path: Path) -> None:
    run = run_to(a_run(tiny_gpt()), 6)
    run.optimizer.state[run.model.lm_head.bias]["exp_avg_sq"][0] = math.inf
    with pytest.raises(ValueError, match="finite running means of lm_head.bias"):
        save_checkpoint(tmp_path, run, TOKENIZER)


@pytest.mark.parametrize("value", [3, 0.5, None, "fast", [1.0]])
def test_running_means_that_are_no_tensors_are_refused_by_name(value: object, tmp_path: Path) -> None:
    run = run_to(a_run(tiny_gpt()), 6)
    run.optimizer.state[run.model.lm_head.bias]["exp_avg"] = value
    with pytest.raises(
        ValueError, match="tensors as the running means of lm_head.bias, got .*Save the weights"
    ):
        save_checkpoint(tmp_path, run, TOKENIZER)
    save_checkpoint(tmp_path, run, TOKENIZER, resumable=False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"step": 2.5},
        {"step": "3"},
        {"seconds": math.nan},
        {"curve": [Record(0, math.nan, 1.0, 0.0)]},
        {"curve": [(0, 1.0, 1.0)]},
        {"curve": [Record(0, "1", 1.0, 0.0)]},
    ],
)
def test_a_run_with_a_number_that_is_none_is_refused(wrong: dict, tmp_path: Path) -> None:
    run = a_run(tiny_gpt())
    vars(run).update(wrong)
    with pytest.raises(ValueError, match="Expected"):
        save_checkpoint(tmp_path, run, TOKENIZER)
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_numpy_and_torch_are_saved_as_pythons(tmp_path: Path) -> None:
    config = TrainConfig(
        batch_size=np.int64(4),
        max_iters=torch.tensor(12),
        learning_rate=np.float32(0.01),
        seed=np.uint8(3),
        weight_decay=torch.tensor(0.5),
        warmup_iters=np.int16(2),
        train_chars=np.int32(100),
    )
    model = tiny_gpt(
        n_embd=np.int64(12), dropout=np.float32(0.25), scale=torch.tensor(0.5), residual=np.True_
    )
    run = TrainingRun(model, config, torch.Generator())
    run.step, run.seconds = np.int64(1), np.float64(2.5)
    run.curve = [Record(np.int64(0), np.float32(0.5), torch.tensor(0.25), 1)]
    save_checkpoint(tmp_path, run, TOKENIZER)
    loaded = load_checkpoint(tmp_path)
    assert (loaded.run.config, loaded.model.config) == (config, model.config)
    assert (loaded.run.step, loaded.run.seconds, loaded.run.curve) == (1, 2.5, [(0, 0.5, 0.25, 1)])


def test_a_look_at_a_run_changes_nothing_and_calls_no_hook() -> None:
    run = run_to(a_run(tiny_gpt(dropout=0.2)), 6)
    before, mode = weights_of(run.model), modes(run.model)
    run.model.register_forward_hook(lambda *_: pytest.fail("a hook of the model was called"))
    with global_stream_untouched():
        require_savable(run, TOKENIZER)
    same_bits(weights_of(run.model), before)
    assert modes(run.model) == mode


def groups_with(**settings: object) -> Callable[[TrainingRun], None]:
    return lambda run: run.optimizer.param_groups[0].update(settings)


def running_means_with_more(run: TrainingRun) -> None:
    run_to(run, 6)
    next(iter(run.optimizer.state.values()))["mine"] = torch.ones(1)


def running_means_too_few(run: TrainingRun) -> None:
    run_to(run, 6)
    run.optimizer.param_groups[0]["amsgrad"] = True


REFUSED_BY_A_LOAD: dict[str, Callable[[TrainingRun], object]] = {
    "name='decayed'": groups_with(name="decayed"),
    "lr_mult=2": groups_with(lr_mult=2),
    "max_lr=0.1": lambda run: torch.optim.lr_scheduler.OneCycleLR(run.optimizer, 0.1, total_steps=5),
    "lr=-1.0": groups_with(lr=-1.0),
    "betas=[0.9, 1.0]": groups_with(betas=(0.9, 1.0)),
    "maximize=1": groups_with(maximize=1),
    "eps=a whole number of about 400 digits": groups_with(eps=10**400),
    "mine (1,)": running_means_with_more,
    "exp_avg_sq": running_means_too_few,
    "another kind of step": lambda run: setattr(run, "step", -1),
    "another kind of seconds": lambda run: setattr(run, "seconds", -1.0),
}


@pytest.mark.parametrize("named", REFUSED_BY_A_LOAD)
def test_what_no_load_would_take_is_refused_at_the_save_and_the_last_good_state_stays(
    named: str, tmp_path: Path
) -> None:
    save_checkpoint(tmp_path, a_run(tiny_gpt()), TOKENIZER)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    run = a_run(tiny_gpt())
    REFUSED_BY_A_LOAD[named](run)
    with pytest.raises(
        ValueError, match=r"comes back from its checkpoint, got one that a load refuses"
    ) as told:
        save_checkpoint(tmp_path, run, TOKENIZER)
    assert named in str(told.value)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_rates_up_to_the_highest_number_come_back(tmp_path: Path) -> None:
    config = TrainConfig(batch_size=4, max_iters=2, learning_rate=1.7e308, weight_decay=1e302)
    save_checkpoint(tmp_path, TrainingRun(tiny_gpt(), config), TOKENIZER)
    assert load_checkpoint(tmp_path).resume().config == config
