"""Checkpoints: whole or not there, refused when damaged, and exact to go on from."""

import ast
import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from helpers import (
    ROOT,
    global_stream_untouched,
    interrupted,
    killed,
    modes,
    random_ids,
    same_bits,
    tiny_gpt,
    weights_of,
)
from nanogpt_lib import checkpoint as checkpoint_module
from nanogpt_lib.bigram import BigramLM
from nanogpt_lib.card import CARD, FIELDS
from nanogpt_lib.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.files import sha256
from nanogpt_lib.sampling import generate
from nanogpt_lib.training_run import TrainConfig, TrainingRun, train

TOKENIZER = CharTokenizer("\n abcdefghé")  # 11 characters, one of them not ASCII
TEXT = "abc é\n"
TRAIN, VAL = random_ids(300), random_ids(100, seed=1)
CONFIG = TrainConfig(batch_size=4, max_iters=12, learning_rate=1e-2, eval_interval=6, eval_iters=3)
NUMBERS = ("weights", "moments", "random")  # the parts of `everything` that are tensors
both_streams = pytest.mark.parametrize("stream", ["global", "own generator"])
both_forms = pytest.mark.parametrize("attention", ["heads", "fused"])


def a_run(stream: str = "own generator", **changes: object) -> TrainingRun:
    generator = torch.Generator().manual_seed(7) if stream == "own generator" else None
    run = TrainingRun(tiny_gpt(**{"dropout": 0.2} | changes), CONFIG, generator)
    torch.manual_seed(7 if generator is None else 99)
    return run


def stopped(run: TrainingRun, call: int = 9) -> TrainingRun:
    """The run as Ctrl-C leaves it during this call of its model; 9 is in the step 2.

    Calls 1-6 judge step 0, 7-12 are steps, 13-18 judge step 6, 19-23 are steps, 24-29 judge step 11.
    """
    interrupted(run.model, [call])
    with pytest.warns(UserWarning, match="Stopped before step"):
        list(train(run, TRAIN, VAL))
    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A resumable checkpoint with moments in its optimiser and a curve."""
    run = a_run()
    for record in train(run, TRAIN, VAL):
        if record.step == 6:
            break
    save_checkpoint(tmp_path / "saved", run, TOKENIZER, text=TEXT)
    return tmp_path / "saved"


def everything(checkpoint: Checkpoint) -> dict[str, object]:
    """All that a checkpoint says, to be compared."""
    run = checkpoint.run
    moments = run.optimizer.state_dict()
    return {
        "weights": weights_of(run.model),
        "model": vars(run.model.config),
        "train": vars(run.config),
        "step": [run.step, run.seconds],
        "curve": [list(record) for record in run.curve],
        "moments": moments["state"],
        "groups": [{k: v for k, v in group.items() if v is not None} for group in moments["param_groups"]],
        "tokenizer": checkpoint.tokenizer.vocabulary,
        "text": checkpoint.text_sha256,
        "random": checkpoint.random_state,
        "own generator": run.generator is not None,
    }


def card_of(folder: Path) -> dict:
    return json.loads((folder / CARD).read_text(encoding="utf-8"))


def rewrite(folder: Path, change: Callable[[dict], None]) -> None:
    """Changes the JSON and gives it a fitting hash, as a program with another idea of the format would."""
    card = card_of(folder)
    change(card)
    rest = {key: value for key, value in card.items() if key != "card_sha256"}
    if "card_sha256" in card:
        card["card_sha256"] = sha256(json.dumps(rest, sort_keys=True).encode())
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")


def rewrite_weights(folder: Path, change: Callable[[dict], None]) -> None:
    """Changes the tensors, with all hashes made to fit."""
    path = folder / card_of(folder)["weights"]
    tensors = load_tensors(path.read_bytes())
    change(tensors)
    path.write_bytes(save_tensors(tensors))
    rewrite(folder, lambda card: card.update(weights_sha256=sha256(path.read_bytes())))


# --- what goes in comes out -----------------------------------------------------------------------


@both_forms
@pytest.mark.parametrize("resumable", [True, False])
def test_a_checkpoint_holds_what_was_saved(attention: str, resumable: bool, tmp_path: Path) -> None:
    run = a_run(attention=attention, scale=0.3, init="gpt2")
    for record in train(run, TRAIN, VAL):
        if record.step == 6:
            break
    save_checkpoint(tmp_path, run, TOKENIZER, text=TEXT, resumable=resumable)
    loaded = load_checkpoint(tmp_path)
    saved = Checkpoint(
        run, TOKENIZER, sha256(TEXT.encode()), run.generator.get_state() if resumable else None
    )
    got, wanted = everything(loaded), everything(saved)
    if not resumable:
        assert got.pop("moments") == {}
        del wanted["moments"]
    for part in got:
        if part in NUMBERS:
            same_bits(got[part], wanted[part])
        else:
            assert json.dumps(got[part]) == json.dumps(wanted[part]), part
    idx = random_ids(2, 8)
    assert torch.equal(loaded.model(idx)[0], run.model.eval()(idx)[0])


def test_the_loaded_model_rests_and_the_resumed_one_trains(folder: Path) -> None:
    """A resumed run in evaluation mode would go on without dropout, and nobody would see it."""
    checkpoint = load_checkpoint(folder)
    assert not any(modes(checkpoint.model))
    assert all(modes(checkpoint.resume().model))


@both_streams
def test_loading_leaves_the_global_stream_alone(stream: str, tmp_path: Path) -> None:
    save_checkpoint(tmp_path, stopped(a_run(stream)), TOKENIZER)
    with global_stream_untouched():
        load_checkpoint(tmp_path)


@both_streams
def test_saving_leaves_the_run_and_the_global_stream_alone(stream: str, tmp_path: Path) -> None:
    run = stopped(a_run(stream))
    before = weights_of(run.model)
    with global_stream_untouched():
        save_checkpoint(tmp_path, run, TOKENIZER)
    same_bits(weights_of(run.model), before)
    assert all(modes(run.model))


def test_a_checkpoint_for_use_is_a_third_of_the_size_and_writes_the_same_text(tmp_path: Path) -> None:
    run = stopped(a_run(n_embd=48))
    for name, resumable in (("whole", True), ("light", False)):
        save_checkpoint(tmp_path / name, run, TOKENIZER, resumable=resumable)
    whole, light = (
        next((tmp_path / name).glob("*.safetensors")).stat().st_size for name in ("whole", "light")
    )
    assert light < 0.4 * whole
    start = torch.zeros(1, 1, dtype=torch.long)
    said = [
        generate(
            load_checkpoint(tmp_path / name).model, start, 20, generator=torch.Generator().manual_seed(1)
        )
        for name in ("whole", "light")
    ]
    assert torch.equal(*said)


def test_a_checkpoint_for_use_cannot_be_gone_on_from_and_says_so(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, stopped(a_run()), TOKENIZER, resumable=False)
    with pytest.raises(ValueError, match="resumable=False"):
        load_checkpoint(tmp_path).resume()


def test_a_later_save_takes_the_place_of_the_earlier_one(folder: Path) -> None:
    run = load_checkpoint(folder).resume()
    for _ in train(run, TRAIN, VAL):
        pass
    save_checkpoint(folder, run, TOKENIZER, text=TEXT)
    assert load_checkpoint(folder).run.step == 12
    assert len(list(folder.iterdir())) == 2


# --- going on -------------------------------------------------------------------------------------


def assert_resumes_as(whole: TrainingRun, folder: Path, step: int) -> None:
    torch.manual_seed(4711)  # whatever else was drawn meanwhile
    resumed = load_checkpoint(folder).resume()
    assert resumed.step == step
    for _ in train(resumed, TRAIN, VAL):
        pass
    assert [record[:3] for record in resumed.curve] == [record[:3] for record in whole.curve]
    same_bits(weights_of(resumed.model), weights_of(whole.model))


@both_streams
@both_forms
@pytest.mark.parametrize("step", [0, 6, 11])
def test_a_run_saved_at_a_judgement_goes_on_to_the_last_bit(
    step: int, attention: str, stream: str, tmp_path: Path
) -> None:
    """With dropout and moments; a stream that stood elsewhere would part the two at the next batch."""
    whole = a_run(stream, attention=attention)
    for record in train(whole, TRAIN, VAL):
        if record.step == step:
            save_checkpoint(tmp_path, whole, TOKENIZER)
    assert_resumes_as(whole, tmp_path, step)


@both_streams
@both_forms
@pytest.mark.parametrize(("call", "step"), [(3, 0), (9, 3), (15, 6), (26, 11), (30, 12)])
def test_a_run_saved_after_ctrl_c_goes_on_to_the_last_bit(
    call: int, step: int, attention: str, stream: str, tmp_path: Path
) -> None:
    """In a step, and in the middle of a judgement, whose draws must be made again."""
    save_checkpoint(tmp_path, stopped(a_run(stream, attention=attention), call), TOKENIZER)
    whole = a_run(stream, attention=attention)
    list(train(whole, TRAIN, VAL))
    assert_resumes_as(whole, tmp_path, step)


def test_a_run_from_the_global_stream_sets_it_and_another_gets_a_generator(tmp_path: Path) -> None:
    for stream in ("global", "own generator"):
        run = stopped(a_run(stream))
        state = run.generator.get_state() if run.generator else torch.get_rng_state()
        save_checkpoint(tmp_path, run, TOKENIZER)
        torch.manual_seed(4711)
        elsewhere = torch.get_rng_state()
        checkpoint = load_checkpoint(tmp_path)
        resumed = checkpoint.resume()
        if stream == "global":
            assert resumed.generator is None
            assert torch.equal(torch.get_rng_state(), state)
        else:
            for run in (
                checkpoint.run,
                resumed,
            ):  # the first is there to be looked at, and may be trained too
                assert torch.equal(run.generator.get_state(), state)
            assert torch.equal(torch.get_rng_state(), elsewhere)


# --- damage ---------------------------------------------------------------------------------------


def refused_or_unchanged(folder: Path, original: dict[str, object]) -> bool:
    """Whether the checkpoint was refused; where it was not, it must say exactly what it said."""
    try:
        loaded = load_checkpoint(folder)
    except ValueError:
        return True
    got = everything(loaded)
    assert got.keys() == original.keys()
    for part, value in original.items():
        if part in NUMBERS:
            same_bits(got[part], value)
        else:
            assert repr(got[part]) == repr(value), f"{part} loads silently with another value"
    return False


@settings(max_examples=300)
@given(
    place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), file=st.sampled_from(["card", "weights"])
)
def test_no_flipped_bit_loads_silently_with_other_numbers(
    damaged: tuple[Path, dict], file: str, place: float, bit: int
) -> None:
    """A flip in the weights is always refused; in the JSON it may be harmless, as 1e-5 that became 1E-5."""
    folder, original = damaged
    path = folder / CARD if file == "card" else folder / card_of(folder)["weights"]
    good = path.read_bytes()
    bad = bytearray(good)
    bad[int(place * len(bad))] ^= 1 << bit
    path.write_bytes(bad)
    try:
        was_refused = refused_or_unchanged(folder, original)
    finally:
        path.write_bytes(good)
    assert was_refused or file == "card"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A small checkpoint, and what it says."""
    folder = tmp_path_factory.mktemp("damaged")
    run = a_run(n_embd=3, n_layer=1)
    next(train(run, TRAIN, VAL))
    save_checkpoint(folder, run, TOKENIZER, text=TEXT)
    return folder, everything(load_checkpoint(folder))


CUTS = {
    "empty": lambda content: b"",
    "without its last two bytes": lambda content: content[:-2],
    "half": lambda content: content[: len(content) // 2],
    "grown": lambda content: content + b"x",
}


@pytest.mark.parametrize("file", ["card", "weights"])
@pytest.mark.parametrize("cut", CUTS)
def test_a_file_cut_short_or_grown_is_refused(folder: Path, cut: str, file: str) -> None:
    path = folder / CARD if file == "card" else folder / card_of(folder)["weights"]
    path.write_bytes(CUTS[cut](path.read_bytes()))
    with pytest.raises(ValueError, match="Save the checkpoint again"):
        load_checkpoint(folder)


def test_a_folder_without_a_checkpoint_is_refused_by_name(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(ValueError, match=f"{path.name}' without one"):
            load_checkpoint(path)


def test_the_file_instead_of_its_folder_is_refused_with_the_way_out(folder: Path) -> None:
    with pytest.raises(ValueError, match="Give the folder, not a file in it"):
        load_checkpoint(folder / CARD)


def test_missing_weights_are_refused_by_name(folder: Path) -> None:
    name = card_of(folder)["weights"]
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"{name}.*no such file"):
        load_checkpoint(folder)


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field_is_named(folder: Path, field: str) -> None:
    rewrite(folder, lambda card: card.pop(field))
    with pytest.raises(ValueError, match=rf"none called {field}\."):
        load_checkpoint(folder)


def test_the_fields_checked_are_the_fields_written(folder: Path) -> None:
    assert sorted(card_of(folder)) == sorted(FIELDS)


@pytest.mark.parametrize("content", ["[]", "3", "null"])
def test_json_of_another_kind_is_refused(folder: Path, content: str) -> None:
    (folder / CARD).write_text(content)
    with pytest.raises(ValueError, match=f"{CARD} with its"):
        load_checkpoint(folder)


def test_another_format_is_refused_by_its_number(folder: Path) -> None:
    rewrite(folder, lambda card: card.update(format=2))
    with pytest.raises(ValueError, match="checkpoint format 1, got format 2"):
        load_checkpoint(folder)


def test_missing_and_left_over_weights_are_named(folder: Path) -> None:
    def change(tensors: dict) -> None:
        tensors["model/extra.weight"] = tensors.pop("model/ln_f.weight")

    rewrite_weights(folder, change)
    with pytest.raises(ValueError, match="ln_f.weight is missing; extra.weight is left over"):
        load_checkpoint(folder)


def test_weights_of_another_shape_are_named(folder: Path) -> None:
    rewrite_weights(folder, lambda tensors: tensors.update({"model/lm_head.bias": torch.zeros(3)}))
    with pytest.raises(ValueError, match="lm_head.bias"):
        load_checkpoint(folder)


def test_weights_in_another_file_format_are_refused(folder: Path) -> None:
    path = folder / card_of(folder)["weights"]
    path.write_bytes(b"not tensors")
    rewrite(folder, lambda card: card.update(weights_sha256=sha256(b"not tensors")))
    with pytest.raises(ValueError, match="safetensors format"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("vocabulary", "named"),
    [("\n abcdefghü", "for 11 characters, which differ in ['é', 'ü']"), ("é\n abcdefgh", "their order")],
)
def test_another_vocabulary_is_refused_with_the_characters_that_differ(
    folder: Path, vocabulary: str, named: str
) -> None:
    """The same size would load, and write nonsense."""
    assert load_checkpoint(folder, CharTokenizer(TOKENIZER.vocabulary)).run.step == 6
    with pytest.raises(ValueError, match="for this vocabulary of 11 characters") as caught:
        load_checkpoint(folder, CharTokenizer(vocabulary))
    assert named in str(caught.value)


# --- saving ---------------------------------------------------------------------------------------


# Saves a new run over the checkpoint in argument 1, and kills itself at one place of it.
KILLED_SAVE = """
import os, signal, sys
from nanogpt_lib import checkpoint, files
from pathlib import Path

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def write_then_die(path, content):
    if path.name.startswith("FILE"):
        files.os.replace = die
    write(path, content)

loaded = checkpoint.load_checkpoint(sys.argv[1])
loaded.run.step = 7
write, checkpoint.write_atomically = checkpoint.write_atomically, write_then_die
if "FILE" == "old":
    Path.unlink = die
checkpoint.save_checkpoint(sys.argv[1], loaded.run, loaded.tokenizer, resumable=False)
"""


@pytest.mark.every  # a fault at every place of a save is in test_faults.py
@pytest.mark.parametrize(("file", "step"), [("weights", 6), (CARD, 6), ("old", 7)])
def test_a_killed_save_leaves_a_whole_checkpoint(file: str, step: int, folder: Path) -> None:
    """Killed before the weights have their name, between them and the JSON, and before the old ones go."""
    before = everything(load_checkpoint(folder))
    killed(KILLED_SAVE.replace("FILE", file), folder)
    assert len(list(folder.iterdir())) > 2, "the kill came too late to be a test"
    assert load_checkpoint(folder).run.step == step
    assert step == 7 or not refused_or_unchanged(folder, before)
    save_checkpoint(folder, stopped(a_run()), TOKENIZER)
    assert load_checkpoint(folder).run.step == 3
    assert len(list(folder.glob("*.safetensors"))) == 1


def test_an_interrupt_in_the_first_save_comes_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It used to leave the weights without the JSON that names them."""
    write = checkpoint_module.write_atomically

    def interrupted(path: Path, content: bytes) -> None:
        write(path, content)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(checkpoint_module, "write_atomically", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(tmp_path, a_run(), TOKENIZER)
    assert load_checkpoint(tmp_path).run.step == 0
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_written_keeps_its_checkpoint(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before, run = everything(load_checkpoint(folder)), a_run()
    monkeypatch.setattr(checkpoint_module, "write_atomically", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(folder, run, TOKENIZER)
    assert not refused_or_unchanged(folder, before)


def test_a_model_that_is_no_gpt_is_refused(tmp_path: Path) -> None:
    config = TrainConfig(batch_size=1, max_iters=1, learning_rate=1)
    with pytest.raises(ValueError, match="a BigramLM and a vocabulary of 11"):
        save_checkpoint(tmp_path, TrainingRun(BigramLM(11), config), TOKENIZER)


def test_a_tokenizer_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a GPT and a vocabulary of 3"):
        save_checkpoint(tmp_path, a_run(), CharTokenizer("abc"))
    assert list(tmp_path.iterdir()) == []


# --- no code inside -------------------------------------------------------------------------------


def test_a_checkpoint_is_json_and_named_numbers_and_nothing_else(folder: Path) -> None:
    card = card_of(folder)
    assert {path.name for path in folder.iterdir()} == {CARD, card["weights"]}
    content = (folder / card["weights"]).read_bytes()
    header = int.from_bytes(content[:8], "little")
    names = json.loads(content[8 : 8 + header])
    assert {name.split("/")[0] for name in names} <= {"model", "optimizer", "random", "__metadata__"}
    assert 8 + header + max(entry["data_offsets"][1] for entry in names.values()) == len(content)


@pytest.mark.parametrize("path", sorted((ROOT / "nanogpt_lib").glob("*.py")), ids=lambda path: path.stem)
def test_no_file_of_the_library_reads_or_writes_pickles(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not imported & {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not [
        name for name in called if re.fullmatch(r"torch\.(load|save)|torch\.package.*|\w+\.load_pickle", name)
    ]
