"""Checkpoints that were damaged, made elsewhere, or made to do harm are refused by name, and quickly."""

import contextlib
import json
import math
import os
import pickle
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from helpers import random_ids, same_bits, tiny_gpt, weights_of
from nanogpt_lib import __version__
from nanogpt_lib.card import CARD
from nanogpt_lib.checkpoint import CHECKPOINTS, load_checkpoint, save_checkpoint
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.files import sha256
from nanogpt_lib.restored import memory
from nanogpt_lib.saved_json import MOST_BYTES
from nanogpt_lib.training_run import TrainConfig, TrainingRun, train

TOKENIZER = CharTokenizer("\n abcdefghi")
TRAIN, VAL = random_ids(300), random_ids(100, seed=1)
CONFIG = TrainConfig(batch_size=4, max_iters=12, learning_rate=1e-2, eval_interval=6, eval_iters=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A resumable checkpoint with tied weights and groups of its own, so that every field is there."""
    model = tiny_gpt()
    model.lm_head.weight = model.token_embedding_table.weight
    model.ln_f.weight.requires_grad_(False)
    optimizer = torch.optim.AdamW(list(model.parameters())[::-1], lr=0.01)
    run = TrainingRun(model, CONFIG, torch.Generator().manual_seed(7), optimizer)
    for record in train(run, TRAIN, VAL):
        if record.step == 6:
            break
    save_checkpoint(tmp_path / "saved", run, TOKENIZER)
    return tmp_path / "saved"


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Nothing may take long, or much memory: 2 GB more than now end the test with a MemoryError."""
    started = time.monotonic()
    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + 2 * 2**30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)
    assert time.monotonic() - started < 20


def card_of(folder: Path) -> dict:
    return json.loads((folder / CARD).read_text(encoding="utf-8"))


def write_card(folder: Path, card: dict) -> None:
    """With a hash that fits, as somebody with bad intentions would."""
    rest = {key: value for key, value in card.items() if key != "card_sha256"}
    card["card_sha256"] = sha256(json.dumps(rest, sort_keys=True).encode())
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")


def rewrite(folder: Path, **changes: object) -> None:
    """Change fields of the card; "model.n_layer" is a field in a field."""
    card = card_of(folder)
    for name, value in changes.items():
        room, _, field = name.rpartition(".")
        (card[room] if room else card)[field] = value
    write_card(folder, card)


def rewrite_weights(folder: Path, change: Callable[[dict], object]) -> None:
    path = folder / card_of(folder)["weights"]
    tensors = load_tensors(path.read_bytes())
    change(tensors)
    path.write_bytes(save_tensors(tensors))
    rewrite(folder, weights_sha256=sha256(path.read_bytes()))


def loads_or_is_refused(folder: Path, card: dict) -> None:
    """With this card; any error but a refusal in our words fails the test."""
    write_card(folder, card)
    with contextlib.suppress(Refusal):
        in_our_words(lambda: load_checkpoint(folder).resume())


class Refusal(Exception):
    pass


def in_our_words(call: Callable[[], object]) -> None:
    try:
        call()
    except ValueError as error:
        if str(error).startswith("Expected "):
            raise Refusal from error
        raise


def refusal(folder: Path) -> str:
    with pytest.raises(ValueError, match="^Expected ") as caught:
        load_checkpoint(folder)
    return str(caught.value)


def test_the_checkpoint_of_these_tests_loads_before_it_is_spoiled(folder: Path) -> None:
    rewrite(folder)
    rewrite_weights(folder, lambda tensors: None)
    assert load_checkpoint(folder).resume().step == 6


# --- the card ---------------------------------------------------------------------------------------

VALUES = [
    None,
    True,
    -1,
    0,
    10**30,
    10**400,
    1.5,
    "x",
    "",
    "../x",
    [],
    [[]],
    {},
    {"a": 1},
    [None],
    [1, 2],
    "\ud800",
]


@pytest.mark.parametrize("field", sorted(json.loads((CHECKPOINTS / "shakespeare" / CARD).read_text())))
def test_no_value_of_a_field_gives_anything_but_a_refusal_or_a_run(field: str, folder: Path) -> None:
    """Each of some odd values in each field of the card."""
    good = card_of(folder)
    for value in VALUES:
        loads_or_is_refused(folder, good | {field: value})


@pytest.mark.every
@pytest.mark.parametrize("room", ["model", "train", "versions"])
def test_no_value_in_the_settings_gives_anything_but_a_refusal_or_a_run(room: str, folder: Path) -> None:
    good = card_of(folder)
    for field in good[room]:
        for value in VALUES:
            loads_or_is_refused(folder, good | {room: good[room] | {field: value}})


@pytest.mark.every
@pytest.mark.parametrize("field", ["tied", "frozen", "optimizer_parameters", "optimizer_groups", "curve"])
def test_no_value_in_a_list_of_the_card_gives_anything_but_a_refusal_or_a_run(
    field: str, folder: Path
) -> None:
    good = card_of(folder)
    inner = [change for value in VALUES for change in ([value], [[value]], {"lm_head.weight": value})]
    inner += [{"nothing": "lm_head.weight"}, {"lm_head.weight": "lm_head.weight"}]
    for change in inner:
        loads_or_is_refused(folder, good | {field: change})


@pytest.mark.every
@pytest.mark.parametrize(
    "name", ["lr", "initial_lr", "betas", "eps", "weight_decay", "params", "amsgrad", "new"]
)
def test_no_value_in_a_group_of_the_optimiser_gives_anything_but_a_refusal_or_a_run(
    name: str, folder: Path
) -> None:
    good = card_of(folder)
    for value in [*VALUES, [0.9], [0.9, 1.0], [0.9, "x"], [-1, 0.5]]:
        group = good["optimizer_groups"][0] | {name: value}
        loads_or_is_refused(folder, good | {"optimizer_groups": [group]})


OUTSIDE = ["../x", "/etc/hostname", "..\\x", "C:\\x", "weights-000000000000.safetensors/../../x", ""]
OUTSIDE += [".", CARD, "weights-0.safetensors", "weights-000000000000.safetensors\n", "\0"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_out_of_the_folder_is_refused_before_it_is_opened(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(folder, weights=name)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was opened"))
    assert "the name of a weights file in this folder" in refusal(folder)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"[" * 200_000 + b"]" * 200_000, "lists within lists"),
        (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "lists within lists"),
        (b" " * (MOST_BYTES + 1), "are the most"),
        (b'{"format": 1, "format": 1}', "the key 'format' twice"),
        (b'{"format": NaN}', "NaN, which is no number"),
        (b'{"format": -Infinity}', "which is no number"),
        (b'{"format": ' + b"9" * 5000 + b"}", "damaged file"),
        (b"\xff\xfe{\0}\0", "damaged file"),
        (b"\xef\xbb\xbf{}", "damaged file"),
        (pickle.dumps({"format": 1}), "damaged file"),
        (b"", "damaged file"),
        (b"\0" * 100, "damaged file"),
    ],
    ids=range(12),
)
def test_a_card_that_is_no_card_is_refused_by_name(content: bytes, named: str, folder: Path) -> None:
    (folder / CARD).write_bytes(content)
    assert named in refusal(folder)


def test_a_card_that_is_a_pipe_is_not_waited_for(folder: Path) -> None:
    (folder / CARD).unlink()
    os.mkfifo(folder / CARD)
    assert "without one" in refusal(folder)


@pytest.mark.parametrize(
    ("vocabulary", "named"),
    [
        ("\n abcdefghh", "'h' more than once"),
        ("\n abcdefgh", "a vocabulary of 11, as the model has, got 10"),
        ("\n abcdefgh\ud800", "half of a character"),
        (list("\n abcdefghi"), "another kind of vocabulary"),
        (["ab", *"\n cdefghijk"], "another kind of vocabulary"),
        ("ab" * 1_000_000, "more than once"),
    ],
    ids=["doubled", "short", "half", "list", "words", "long"],
)
def test_a_vocabulary_that_is_none_is_refused(vocabulary: object, named: str, folder: Path) -> None:
    rewrite(folder, vocabulary=vocabulary)
    assert named in refusal(folder)


# --- other versions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("room", ["model", "train"])
def test_a_setting_of_a_newer_version_is_named_with_both_versions(room: str, folder: Path) -> None:
    """It raised a TypeError."""
    rewrite(folder, **{f"{room}.rope": True, "versions.nanogpt_lib": "7.0"})
    said = refusal(folder)
    assert "rope" in said
    assert f"It was made with nanogpt_lib 7.0, and this is {__version__}: install that version." in said


def test_a_field_of_a_newer_version_is_named_and_not_passed_over(folder: Path) -> None:
    rewrite(folder, **{"low_rank": [1], "versions.nanogpt_lib": "7.0"})
    assert "low_rank. It was made with nanogpt_lib 7.0" in refusal(folder)


@pytest.mark.parametrize("number", [0, 3, 99, "1", None, 10**400])
def test_a_newer_format_is_named_with_its_version(number: object, folder: Path) -> None:
    rewrite(folder, **{"format": number, "versions.nanogpt_lib": "7.0"})
    assert "got format" in refusal(folder)
    assert "made with nanogpt_lib 7.0" in refusal(folder)


def test_a_card_from_before_some_settings_loads_with_their_defaults(tmp_path: Path) -> None:
    """Fields were added to format 1; what is missing had its default then."""
    run = TrainingRun(tiny_gpt(), CONFIG, torch.Generator().manual_seed(7))
    list(zip(range(2), train(run, TRAIN, VAL), strict=False))
    save_checkpoint(tmp_path, run, TOKENIZER)
    card = card_of(tmp_path)
    for room, late in {
        "model": ("residual", "norm", "init"),
        "train": ("schedule", "precision", "warmup_iters"),
    }.items():
        for name in late:
            del card[room][name]
    del card["optimizer_groups"][0]["initial_lr"]
    write_card(tmp_path, card)
    loaded = load_checkpoint(tmp_path)
    assert (loaded.model.config, loaded.run.config) == (run.model.config, run.config)
    resumed = loaded.resume()
    for one in (run, resumed):
        list(train(one, TRAIN, VAL))
    same_bits(weights_of(resumed.model), weights_of(run.model))


@pytest.mark.parametrize(("room", "name"), [("model", "n_head"), ("train", "learning_rate")])
def test_a_setting_that_is_missing_is_named(room: str, name: str, folder: Path) -> None:
    card = card_of(folder)
    del card[room][name]
    write_card(folder, card)
    assert f"none called {name}" in refusal(folder)


def test_the_shipped_checkpoint_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    shipped = CHECKPOINTS / "shakespeare"
    loaded = load_checkpoint(shipped)
    save_checkpoint(tmp_path, loaded.run, loaded.tokenizer, resumable=False)
    before, after = card_of(shipped), card_of(tmp_path)
    for card in (before, after):
        for changing in ("versions", "card_sha256", "text_sha256", "optimizer_groups"):
            del card[changing]
    assert after == before
    name = before["weights"]
    assert (tmp_path / name).read_bytes() == (shipped / name).read_bytes()


# --- the weights ------------------------------------------------------------------------------------


def put(name: str, tensor: torch.Tensor) -> Callable[[dict], object]:
    return lambda tensors: tensors.update({name: tensor})


def fill(name: str, value: float) -> Callable[[dict], object]:
    return lambda tensors: tensors[name].fill_(value)


def drop(name: str) -> Callable[[dict], object]:
    return lambda tensors: tensors.pop(name)


BIAS, MEAN, SQUARES = "model/ln_f.bias", "optimizer/0/exp_avg", "optimizer/0/exp_avg_sq"
SPOILED: dict[str, tuple[Callable[[dict], object], str]] = {
    "a missing tensor": (drop(BIAS), "ln_f.bias is missing"),
    "no table": (drop("model/token_embedding_table.weight"), "no such tensor"),
    "no weights": (lambda tensors: tensors.clear(), "no such tensor"),
    "one more": (put("model/more", torch.ones(1)), "more is left over"),
    "another room": (put("other", torch.ones(1)), "other as well"),
    "a tied one twice": (put("model/lm_head.weight", torch.ones(11, 12)), "lm_head.weight is left over"),
    "a larger one": (put(BIAS, torch.ones(13)), "shape (13,) instead of (12,)"),
    "NaN": (fill(BIAS, math.nan), "ln_f.bias holds NaN"),
    "infinity": (fill("model/blocks.0.ln1.weight", math.inf), "blocks.0.ln1.weight holds NaN or infinity"),
    "whole numbers": (put(BIAS, torch.ones(12, dtype=torch.int64)), "torch.int64"),
    "yes and no": (put(BIAS, torch.ones(12, dtype=torch.bool)), "torch.bool"),
    "a running mean less": (drop(MEAN), "running means"),
    "a running mean more": (put("optimizer/0/x", torch.ones(1)), "running means"),
    "a running mean's shape": (put(MEAN, torch.ones(3)), "running means"),
    "a running mean's type": (put(MEAN, torch.ones(11, dtype=torch.float64)), "running means"),
    "a running mean of NaN": (fill(MEAN, math.nan), "running means"),
    "squares below 0": (fill(SQUARES, -1), "running means"),
    "a step of NaN": (fill("optimizer/0/step", math.nan), "running means"),
    "a parameter too many": (put("optimizer/99/exp_avg", torch.ones(1)), "optimiser's state"),
    "a parameter called x": (put("optimizer/x/exp_avg", torch.ones(1)), "optimiser's state"),
    "no parameter": (put("optimizer/", torch.ones(1)), "optimiser's state"),
    "a short stream": (put("random", torch.ones(3, dtype=torch.uint8)), "random stream"),
    "a stream of floats": (put("random", torch.ones(5056)), "random stream"),
    "a stream of ones": (put("random", torch.full((5056,), 255, dtype=torch.uint8)), "random stream"),
    "no stream": (drop("random"), "as well"),
}


@pytest.mark.parametrize("spoil", SPOILED)
def test_spoiled_weights_are_refused_by_name(spoil: str, folder: Path) -> None:
    change, named = SPOILED[spoil]
    rewrite_weights(folder, change)
    assert named in refusal(folder)


class Surprise:
    def __reduce__(self) -> tuple:
        return pytest.fail, ("the file was run",)


@pytest.mark.parametrize(
    "kind", ["pickle", "torch", "zeros", "a long header", "a header past the end", "json"]
)
def test_what_is_no_safetensors_file_is_refused_and_never_run(
    kind: str, folder: Path, tmp_path: Path
) -> None:
    torch.save({"weights": Surprise()}, tmp_path / "torch")
    contents = {
        "pickle": pickle.dumps(Surprise()),
        "torch": (tmp_path / "torch").read_bytes(),
        "zeros": b"\0" * 64,
        "a long header": (2**63).to_bytes(8, "little") + b"{}",
        "a header past the end": (10).to_bytes(8, "little")
        + b'{"a":{"dtype":"F32","shape":[99],"data_offsets":[0,396]}}',
        "json": b'{"a": 1}',
    }
    path = folder / card_of(folder)["weights"]
    path.write_bytes(contents[kind])
    rewrite(folder, weights_sha256=sha256(contents[kind]))
    assert "safetensors format" in refusal(folder)


@pytest.mark.parametrize(
    ("shape", "dtype"), [([2**62, 4], "F32"), ([1], "F9"), ([-1], "F32"), ([0], "F32"), ([2], "F8_E4M3")]
)
def test_a_header_that_promises_what_is_not_there_is_refused(shape: list, dtype: str, folder: Path) -> None:
    header = json.dumps({"model/x": {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]}}).encode()
    content = len(header).to_bytes(8, "little") + header
    path = folder / card_of(folder)["weights"]
    path.write_bytes(content)
    rewrite(folder, weights_sha256=sha256(content))
    refusal(folder)


HUGE = 10**12


@pytest.mark.parametrize(
    "sizes",
    [
        {"n_layer": HUGE},
        {"n_layer": 100_000},
        {"block_size": HUGE},
        {"vocab_size": HUGE},
        {"n_embd": 12 * HUGE},
        {"n_embd": HUGE, "n_head": HUGE},
        {"n_head": HUGE},
        {"n_embd": 2**70, "n_head": 1},
    ],
    ids=str,
)
def test_sizes_beyond_all_memory_are_refused_before_anything_is_built(sizes: dict, folder: Path) -> None:
    rewrite(folder, **{f"model.{name}": value for name, value in sizes.items()})
    refusal(folder)


def test_more_blocks_than_there_are_tensors_are_not_even_planned(folder: Path) -> None:
    rewrite(folder, **{"model.n_layer": 3_000, "model.n_head": 1})
    assert "weights of n_layer=3000 blocks" in refusal(folder)


def test_masks_beyond_all_memory_are_refused_before_they_are_made(tmp_path: Path) -> None:
    """A position table of 4 MB promises a block of a million, and a mask of that by itself is a terabyte."""
    T = 1_000_000
    save_checkpoint(
        tmp_path, TrainingRun(tiny_gpt(n_embd=1, n_head=1, n_layer=1), CONFIG), TOKENIZER, resumable=False
    )
    rewrite_weights(
        tmp_path, lambda t: t.update({"model/position_embedding_table.weight": torch.zeros(T, 1)})
    )
    rewrite(tmp_path, **{"model.block_size": T})
    assert "masks that fit into" in refusal(tmp_path)


def test_many_heads_without_weights_are_refused_before_they_are_made(tmp_path: Path) -> None:
    C = 200_000
    save_checkpoint(
        tmp_path, TrainingRun(tiny_gpt(n_embd=1, n_head=1, n_layer=1), CONFIG), TOKENIZER, resumable=False
    )

    def widen(tensors: dict) -> None:
        tensors["model/token_embedding_table.weight"] = torch.zeros(11, C)
        tensors["model/position_embedding_table.weight"] = torch.zeros(8, C)

    rewrite_weights(tmp_path, widen)
    rewrite(tmp_path, **{"model.n_embd": C, "model.n_head": C})
    assert "heads, got" in refusal(tmp_path)


def test_a_file_larger_than_the_memory_is_refused_unread(folder: Path) -> None:
    """A sparse file, which takes no room on the disk."""
    path = folder / card_of(folder)["weights"]
    with path.open("wb") as file:
        file.truncate(2 * memory())
    assert "weights that fit into" in refusal(folder)


def test_other_files_in_the_folder_are_left_alone(folder: Path) -> None:
    """A save removed whatever was called weights-….safetensors."""
    mine = folder / "weights-before-lunch.safetensors"
    mine.write_bytes(b"mine")
    run = load_checkpoint(folder).resume()
    list(train(run, TRAIN, VAL))
    save_checkpoint(folder, run, TOKENIZER)
    assert mine.read_bytes() == b"mine"
    assert len(list(folder.iterdir())) == 3


# --- resumed twice ----------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", ["global", "own generator"])
def test_each_resume_is_a_new_run_as_it_was_saved(stream: str, tmp_path: Path) -> None:
    """The second was the first once more, its stream set back and its weights those of later."""
    generator = torch.Generator().manual_seed(7) if stream == "own generator" else None
    torch.manual_seed(7)
    run = TrainingRun(tiny_gpt(dropout=0.2), CONFIG, generator)
    for record in train(run, TRAIN, VAL):
        if record.step == 6:
            break
    save_checkpoint(tmp_path, run, TOKENIZER)
    checkpoint = load_checkpoint(tmp_path)
    saved = weights_of(checkpoint.model)
    ends = []
    for _ in range(3):
        resumed = checkpoint.resume()
        assert (resumed.step, len(resumed.curve)) == (6, 2)
        same_bits(weights_of(resumed.model), saved)
        list(train(resumed, TRAIN, VAL))
        ends.append((weights_of(resumed.model), [r[:3] for r in resumed.curve]))
        list(train(checkpoint.run, TRAIN, VAL)) if checkpoint.run.step < 12 else None
    same_bits(ends[0], ends[1])
    same_bits(ends[0], ends[2])
    assert resumed.model is not checkpoint.model
