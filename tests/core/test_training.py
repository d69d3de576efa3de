"""Training: the lecture's numbers to the last bit, and interruptions that lose nothing."""

import itertools
import math
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers import (
    TINY,
    global_stream_untouched,
    interrupted,
    mixed_modes,
    modes,
    random_ids,
    same_bits,
    tiny_gpt,
    weights_of,
)
from lecture import LectureGPT, lecture_training
from nanogpt_lib.bigram import BigramLM
from nanogpt_lib.go_on import go_on_with
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.optimizer import rate_factor
from nanogpt_lib.training_run import Record, TrainConfig, TrainingRun, train

TRAIN, VAL = random_ids(300), random_ids(100, seed=1)
CONFIG = TrainConfig(batch_size=4, max_iters=12, learning_rate=1e-2, eval_interval=6, eval_iters=3)
STREAMS = ("global", "own generator")
both_streams = pytest.mark.parametrize("stream", STREAMS)


def a_run(stream: str, model: nn.Module | None = None, config: TrainConfig = CONFIG) -> TrainingRun:
    """A run with dropout, which always begins in the same way."""
    generator = torch.Generator().manual_seed(7) if stream == "own generator" else None
    run = TrainingRun(model or tiny_gpt(dropout=0.2), config, generator)
    torch.manual_seed(7 if generator is None else 99)
    return run


def losses(run: TrainingRun) -> list[tuple[int, float, float]]:
    return [(record.step, record.train_loss, record.val_loss) for record in run.curve]


def finish(run: TrainingRun) -> TrainingRun:
    for _ in train(run, TRAIN, VAL):
        pass
    assert run.is_done
    return run


# --- the numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_a_training_is_the_lectures_to_the_last_bit(dropout: float) -> None:
    """Forty steps with judgements between: one draw more, or in another order, and all numbers part."""
    how = {"batch_size": 4, "max_iters": 40, "eval_interval": 15, "eval_iters": 2, "learning_rate": 5e-3}
    torch.manual_seed(1337)
    theirs = LectureGPT(11, 8, 12, 3, 2, dropout, scale=12**-0.5)
    rows = lecture_training(theirs, {"train": TRAIN, "val": VAL}, block_size=8, **how)
    torch.manual_seed(1337)
    sizes = GPTConfig(
        vocab_size=11, block_size=8, n_embd=12, n_head=3, n_layer=2, dropout=dropout, scale=12**-0.5
    )
    run = finish(TrainingRun(GPT(sizes), TrainConfig(**how)))
    assert [step for step, *_ in rows] == [0, 15, 30, 39]
    assert losses(run) == rows
    same_bits(dict(run.model.named_parameters()), dict(theirs.named_parameters()))


def test_training_learns() -> None:
    """The data repeats 0, 1, ... 10, so that the next character is always certain."""
    data = torch.arange(300) % 11
    config = TrainConfig(batch_size=8, max_iters=80, learning_rate=1e-2, eval_interval=79, eval_iters=2)
    run = TrainingRun(tiny_gpt(), config)
    first, last = train(run, data, data)
    assert first.val_loss > 2
    assert last.val_loss < 0.3


@given(st.integers(1, 40), st.integers(1, 40))
def test_every_interval_and_the_last_step_are_judged(max_iters: int, eval_interval: int) -> None:
    config = TrainConfig(
        batch_size=1, max_iters=max_iters, learning_rate=1e-2, eval_interval=eval_interval, eval_iters=1
    )
    run = TrainingRun(BigramLM(11), config)
    records = list(train(run, TRAIN, VAL))
    wanted = [step for step in range(max_iters) if step % eval_interval == 0 or step == max_iters - 1]
    assert [record.step for record in records] == wanted
    assert run.curve == records
    assert run.step == max_iters


def test_learning_from_the_first_characters_is_learning_from_a_shorter_text() -> None:
    config = replace(CONFIG, train_chars=60)
    part = finish(a_run("own generator", config=config))
    whole = a_run("own generator", config=CONFIG)
    list(train(whole, TRAIN[:60], VAL))
    assert losses(part) == losses(whole) != losses(finish(a_run("own generator")))


def test_a_judgement_is_made_before_its_step() -> None:
    run = a_run("global")
    before = weights_of(run.model)
    record = next(train(run, TRAIN, VAL))
    assert (record.step, run.step) == (0, 0)
    same_bits(weights_of(run.model), before)


@both_streams
def test_the_same_seed_trains_the_same_model_and_judges_it_the_same(stream: str) -> None:
    one, two = finish(a_run(stream)), finish(a_run(stream))
    assert losses(one) == losses(two)
    same_bits(weights_of(one.model), weights_of(two.model))


def test_a_generator_trains_as_the_global_stream_does_and_leaves_it_alone() -> None:
    run = a_run("own generator")
    with global_stream_untouched():
        finish(run)
    other = finish(a_run("global"))
    assert losses(run) == losses(other)
    same_bits(weights_of(run.model), weights_of(other.model))


def test_training_leaves_the_mode_of_every_module_as_it_is() -> None:
    run = a_run("global")
    before = mixed_modes(run.model)
    finish(run)
    assert modes(run.model) == before


def test_a_loss_that_is_no_number_ends_the_run_before_it_spoils_the_weights() -> None:
    run = a_run("global")
    with torch.no_grad():
        run.model.lm_head.bias[0] = math.inf
    before = weights_of(run.model)
    steps = train(run, TRAIN, VAL)
    next(steps)
    with pytest.raises(ValueError, match="finite loss, got nan at step 0. No step has been made"):
        next(steps)
    same_bits(weights_of(run.model), before)
    assert run.step == 0


def test_another_optimizer_is_used_where_one_is_given() -> None:
    model = tiny_gpt()
    before = weights_of(model)
    finish(TrainingRun(model, CONFIG, optimizer=torch.optim.SGD(model.parameters(), lr=0.0)))
    same_bits(weights_of(model), before)
    default = TrainingRun(model, CONFIG).optimizer
    assert type(default) is torch.optim.AdamW
    assert [group["lr"] for group in default.param_groups] == [1e-2]


def test_a_schedule_moves_the_rate_of_every_step_also_after_a_resume() -> None:
    config = replace(CONFIG, schedule="cosine", warmup_iters=3)
    run, seen = a_run("own generator", config=config), []
    run.optimizer.register_step_post_hook(lambda optimizer, *_: seen.append(optimizer.param_groups[0]["lr"]))
    next(train(run, TRAIN, VAL))  # left before its first step, and begun again
    finish(run)
    assert seen == [1e-2 * rate_factor(step, 12, 3, "cosine") for step in range(12)]
    assert seen[0] < seen[2] == 1e-2 > seen[-1]


def test_decay_of_the_matrices_alone_reaches_the_optimizer() -> None:
    groups = TrainingRun(tiny_gpt(), replace(CONFIG, weight_decay=0.3)).optimizer.param_groups
    assert [group["weight_decay"] for group in groups] == [0.3, 0.0]


def test_products_in_bfloat16_change_the_loss_a_little_and_no_weights_type() -> None:
    exact = finish(a_run("own generator"))
    rough = finish(a_run("own generator", config=replace(CONFIG, precision="bfloat16")))
    assert {weights.dtype for weights in rough.model.parameters()} == {torch.float32}
    gap = abs(exact.curve[-1].val_loss - rough.curve[-1].val_loss)
    assert 0 < gap < 0.1, gap


def test_only_the_training_counts_as_time_and_not_what_is_done_with_a_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept, clock = 0.0, time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: clock() + slept)
    run = a_run("global")
    for _ in train(run, TRAIN, VAL):
        slept += 1000
    seconds = [record.seconds for record in run.curve]
    assert 0 < seconds[0] < seconds[1] < seconds[2] < run.seconds < 1000


def test_a_bar_shows_the_steps_where_it_is_asked_for(capsys: pytest.CaptureFixture) -> None:
    list(train(a_run("global"), TRAIN, VAL))
    assert capsys.readouterr().err == ""
    list(train(a_run("global"), TRAIN, VAL, progress=True))
    assert "12/12" in capsys.readouterr().err


# --- interruptions --------------------------------------------------------------------------------

# Calls of the model: a judgement makes 6 (three batches of two splits), a step makes 1. So calls 1-6 judge
# step 0, 7-12 are the steps 0-5, 13-18 judge step 6, 19-23 are the steps 6-10, 24-29 judge step 11, the last.
PLACES = {  # which call, and before which step the run has stopped then
    "in the first judgement": (1, 0),
    "in the first step": (7, 1),
    "in a step": (9, 3),
    "in the step before a judgement": (12, 6),
    "at the start of a judgement": (13, 6),
    "between the splits of a judgement": (16, 6),
    "at the end of a judgement": (18, 6),
    "in a step after a judgement": (19, 7),
    "in the last judgement": (29, 11),
    "in the last step": (30, 12),
}


@both_streams
@pytest.mark.parametrize("place", PLACES)
def test_ctrl_c_loses_nothing_and_the_run_goes_on_exactly(place: str, stream: str) -> None:
    """A real SIGINT, with dropout: what was half done is ended or not counted, and no draw is lost."""
    call, step = PLACES[place]
    run = a_run(stream, interrupted(tiny_gpt(dropout=0.2), [call]))
    with pytest.warns(UserWarning, match=rf"Stopped before step {step}: model and curve are kept") as told:
        kept = list(train(run, TRAIN, VAL))
    assert told[0].filename == __file__, "the warning should show the caller's line"
    assert run.step == step
    assert run.curve == kept
    assert all(modes(run.model))
    finish(run)
    whole = finish(a_run(stream))
    assert losses(run) == losses(whole)
    same_bits(weights_of(run.model), weights_of(whole.model))


@both_streams
def test_many_interruptions_lose_nothing_either(stream: str) -> None:
    run = a_run(stream, interrupted(tiny_gpt(dropout=0.2), range(3, 60, 4)))
    stops = 0
    while not run.is_done and stops < 40:
        with warnings.catch_warnings(record=True, action="always") as told:
            list(train(run, TRAIN, VAL))
        stops += len(told)
    assert stops > 5
    whole = finish(a_run(stream))
    assert losses(run) == losses(whole)
    same_bits(weights_of(run.model), weights_of(whole.model))


@both_streams
def test_a_loop_that_is_left_and_begun_again_goes_on_exactly(stream: str) -> None:
    run = a_run(stream)
    for record in train(run, TRAIN, VAL):
        if record.step == 6:
            break
    finish(run)
    whole = finish(a_run(stream))
    assert losses(run) == losses(whole)
    same_bits(weights_of(run.model), weights_of(whole.model))


@contextmanager
def on_sigint(handler: object) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_handler_of_interrupts_is_what_it_was_between_steps_and_afterwards() -> None:
    def handler(*_: object) -> None:
        raise AssertionError("called")

    with on_sigint(handler):
        for _ in train(a_run("global"), TRAIN, VAL):
            assert signal.getsignal(signal.SIGINT) is handler
        assert signal.getsignal(signal.SIGINT) is handler


def test_where_interrupts_are_ignored_they_do_not_stop_the_run() -> None:
    """As in the background of a shell script, where Ctrl-C is meant for somebody else."""
    run = a_run("global", interrupted(tiny_gpt(dropout=0.2), [3, 9]))
    with on_sigint(signal.SIG_IGN):
        finish(run)
    assert losses(run) == losses(finish(a_run("global")))


def test_a_run_in_another_thread_trains_as_in_the_main_one() -> None:
    """Only the main thread may set a handler; a widget's button may run in another."""
    run = a_run("own generator")
    thread = threading.Thread(target=finish, args=[run])
    thread.start(), thread.join(timeout=60)
    assert losses(run) == losses(finish(a_run("own generator")))


def test_an_error_inside_a_step_still_gives_the_handler_back() -> None:
    run = a_run("global")
    run.model.lm_head.bias.data[0] = math.inf
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="finite loss"):
        finish(run)
    assert signal.getsignal(signal.SIGINT) is before


# --- configuration and records --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *itertools.product(("batch_size", "max_iters", "eval_interval", "eval_iters"), (0, -1, 2.5)),
        *itertools.product(["learning_rate"], (0.0, -1e-3, math.nan)),
        *itertools.product(["warmup_iters"], (-1, 12)),
        ("schedule", "linear"),
        ("precision", "float16"),
    ],
)
def test_settings_that_cannot_be_trained_with_are_refused_and_named(name: str, value: float) -> None:
    settings = {"batch_size": 4, "max_iters": 10, "learning_rate": 1e-3} | {name: value}
    with pytest.raises(ValueError, match=f"{name}.*got .*{value}"):
        TrainConfig(**settings)


def test_a_record_reads_as_the_reference_printed_it() -> None:
    assert str(Record(100, 2.65678, 2.66701, 3.2)) == "step 100: train loss 2.6568, val loss 2.6670"


def test_a_split_too_short_for_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match=f"at least {TINY.block_size + 1} ids.*got 8"):
        next(train(a_run("global"), TRAIN, VAL[:8]))


@pytest.mark.parametrize("name", [field.name for field in fields(TrainConfig)])
@pytest.mark.parametrize("value", [math.nan, -math.inf, "x", None, [], 1j, torch.ones(2), True, -1], ids=str)
def test_a_value_of_another_kind_is_refused_by_the_name_of_its_field(name: str, value: object) -> None:
    optional = name in ("train_chars", "weight_decay", "muon_rate") and value is None
    negative = name == "seed" and type(value) is int  # torch takes a negative seed
    if not optional and not negative:
        with pytest.raises(ValueError, match=name):
            replace(CONFIG, **{name: value})


@pytest.mark.parametrize("name", ["learning_rate", "weight_decay", "seed"])
def test_a_number_beyond_all_bounds_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(CONFIG, **{name: 10**400})


def test_the_last_step_is_looked_at_too() -> None:
    """No later loss would show what it did."""
    run = TrainingRun(tiny_gpt(), replace(CONFIG, learning_rate=1e30, max_iters=1), torch.Generator())
    with global_stream_untouched(), pytest.raises(ValueError, match="a model with a finite loss, got nan"):
        list(train(run, TRAIN, VAL))


@pytest.mark.parametrize("rate", [np.float32(0.01), np.float64(0.01), torch.tensor(0.01), np.array(0.01)])
def test_a_rate_of_numpy_or_torch_trains_as_the_number_that_it_is(rate: object) -> None:
    configs = [replace(CONFIG, learning_rate=one) for one in (rate, float(rate))]
    one, two = (TrainingRun(tiny_gpt(), config, torch.Generator()) for config in configs)
    finish(one), finish(two)
    assert losses(one) == losses(two)
    assert type(one.config.learning_rate) is float


@pytest.mark.parametrize("rate", [np.float32(0.01), torch.tensor(0.01)])
def test_an_optimiser_of_ones_own_holds_pythons_numbers_too(rate: object) -> None:
    model = tiny_gpt()
    run = TrainingRun(model, CONFIG, optimizer=torch.optim.AdamW(model.parameters(), lr=rate))
    group = run.optimizer.param_groups[0]
    assert type(group["lr"]) is type(group["initial_lr"]) is float


def test_what_is_changed_on_the_way_takes_effect_or_leaves_the_run_as_it_was() -> None:
    run = TrainingRun(tiny_gpt(), CONFIG, torch.Generator())
    for record in train(run, TRAIN, VAL):
        if record.step == 6:
            break
    for wrong, named in (
        ({"seed": 5}, "the seed 1337 that this run began with, got 5"),
        ({"max_iters": 5}, "max_iters >= 6, the steps already made"),
        ({"learning_rate": -1}, "learning_rate > 0"),
        ({"weight_decay": math.nan}, "weight_decay"),
    ):
        with pytest.raises(ValueError, match=named):
            go_on_with(run, **wrong)
        assert run.config == CONFIG
    go_on_with(run, weight_decay=0.5, learning_rate=0.02, max_iters=20)
    groups = [(group["weight_decay"], group["initial_lr"]) for group in run.optimizer.param_groups]
    assert groups == [(0.5, 0.02), (0.0, 0.02)]
    assert run.has_usual_optimizer
    assert all(run.optimizer.state[p]["step"] == 6 for p in run.model.parameters())
    finish(run)


def test_the_rate_of_an_optimiser_of_ones_own_is_not_written_over() -> None:
    model = tiny_gpt()
    run = TrainingRun(model, CONFIG, optimizer=torch.optim.AdamW(model.parameters(), lr=0.5))
    for change in ({"learning_rate": 0.1}, {"weight_decay": 0.1}):
        with pytest.raises(
            ValueError, match="an optimiser as the config describes it, got AdamW with settings of your own"
        ):
            go_on_with(run, **change)
    go_on_with(run, max_iters=99)
    assert run.optimizer.param_groups[0]["lr"] == 0.5
