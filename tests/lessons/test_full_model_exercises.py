"""What the exercises of full_model measure, and what they say of answers that no known mistake explains."""

import io
import pickle
import tempfile
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load, load_file
from torch import nn

from helpers import said
from nanogpt_lib.files import sha256
from nanogpt_lib.lessons import full_model as ex
from nanogpt_lib.lessons.full_model import files_treated
from nanogpt_lib.lessons.full_model.count_params import LECTURE, MIDDLE
from nanogpt_lib.lessons.full_model.files_treated import loaded
from nanogpt_lib.lessons.full_model.forward_step_by_step import Parts, forwarded
from nanogpt_lib.lessons.full_model.group_members import grouped
from nanogpt_lib.lessons.full_model.parameter_terms import counted
from nanogpt_lib.lessons.full_model.shared import drawn
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.optimizer import decay_groups
from nanogpt_lib.presets import LADDER

SEEDS = range(10)
count, forward = ex.count_params.answer, ex.gpt_forward.answer
groups, safe_load = ex.parameter_groups.answer, ex.safe_load.answer
each_seed = pytest.mark.parametrize("seed", SEEDS)


# --- count_params ---------------------------------------------------------------------------------


def test_the_solution_counts_what_the_models_really_have() -> None:
    configs = [config for seed in (0, 1) for (config,) in ex.count_params.inputs(seed)]
    for config in dict.fromkeys(configs):
        assert count(config) == GPT(config, generator=torch.Generator()).parameter_count()
    assert (count(LECTURE), count(MIDDLE)) == (10_788_929, 816_705)
    assert {rung.model for rung in LADDER.values()} < set(configs)


@each_seed
def test_the_sizes_to_count_are_told_apart_by_every_term(seed: int) -> None:
    """Where two sizes agree, a mistake that takes one for the other does not show."""
    configs = [config for (config,) in ex.count_params.inputs(seed)]
    apart = [{c.vocab_size, c.block_size, c.n_embd, c.n_head, c.n_layer} for c in configs]
    assert sum(len(sizes) == 5 for sizes in apart) >= 4
    assert {config.n_head for config in configs} > {1}


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_model_that_is_built_is_refused_before_it_is_whole(device: str) -> None:
    made = []

    def builds(config):
        with torch.device(device):
            made.append(nn.Embedding(config.vocab_size, config.n_embd))
        return count(config)

    assert ex.count_params.check(builds).message.startswith("Your function built a model: it began with ")
    assert made == []
    assert nn.Linear(2, 3).weight.shape == (3, 2), "and afterwards anybody may build again"


def test_two_slips_at_once_are_told_by_the_terms_that_are_off() -> None:
    def slips(config):
        return count(config) - config.block_size * config.n_embd - config.vocab_size + 3 * config.n_embd

    message = said(ex.count_params, slips)
    assert message.startswith("For V = 65, T = 256, C = 384 with 6 heads and L = 6 you count 10,691,712. ")
    assert "your count is 2 V·C + 12 L·C² + 10 L·C + 5 C. That is too few T·C and V, too many C." in message


def test_a_count_that_is_made_of_something_else_is_told_beside_the_right_one() -> None:
    message = said(ex.count_params, lambda config: count(config) + config.n_embd**3)
    assert (
        "Right would be: For V = 65, T = 256, C = 384 with 6 heads and L = 6 you count 10,788,929." in message
    )
    assert said(ex.count_params, lambda config: [1, 2]) == "Expected one whole number, got list: [1, 2]."


def test_a_count_that_is_off_by_one_is_not_right() -> None:
    assert "you count 10,788,930" in said(ex.count_params, lambda config: count(config) + 1)
    assert counted(lambda config: count(config) + 0.5, MIDDLE)["count"].said.endswith("816,705.50.")


# --- gpt_forward ----------------------------------------------------------------------------------


@each_seed
@pytest.mark.parametrize("attention", ["heads", "fused"])
def test_the_solution_is_the_librarys_forward_on_the_same_weights(attention: str, seed: int) -> None:
    for idx, targets, block_size, _ in ex.gpt_forward.inputs(seed):
        sizes = {"vocab_size": 13, "block_size": block_size, "n_embd": 8, "n_head": 2, "n_layer": 2}
        library = drawn(GPTConfig(**sizes, attention=attention), seed)
        for given in (targets, None):
            mine, theirs = forward(Parts(library), idx, given), library(idx, given)
            torch.testing.assert_close(mine, theirs)


@each_seed
def test_the_ids_come_short_full_alone_and_one_at_a_time(seed: int) -> None:
    inputs = ex.gpt_forward.inputs(seed)
    assert inputs[0][0].shape[1] < inputs[0][2], "the first is short, and messages measure on it"
    assert {idx.shape[1] for idx, *_ in inputs} >= {1, inputs[0][2]}
    assert {len(idx) for idx, *_ in inputs} >= {1, 2, 3}
    for idx, targets, block_size, _ in inputs:
        assert idx.max() >= block_size, "so an id is no position"
        assert torch.equal(idx[:, 1:], targets[:, :-1]), "get_batch has shifted them"


def test_a_look_into_the_future_is_told_with_its_positions() -> None:
    def looks(model, idx, targets):
        x = model.token_embedding_table(idx) + model.position_embedding_table(torch.arange(idx.shape[1]))
        x = x + 0.1 * x.flip(1)
        logits = model.lm_head(model.ln_f(model.blocks(x)))
        return logits, None if targets is None else F.cross_entropy(logits.mT, targets)

    assert said(ex.gpt_forward, looks).startswith("Position 0 saw position 4, its future: another id at ")


def test_of_two_slips_the_earlier_one_is_told() -> None:
    def slips(model, idx, targets):
        """No positions; and it returns 0, sums, and asks nothing of T."""
        logits = model.lm_head(model.ln_f(model.blocks(model.token_embedding_table(idx))))
        return logits, 0 if targets is None else F.cross_entropy(logits.mT, targets, reduction="sum")

    assert ex.gpt_forward.check(slips).mistake == "the positions are left out"


def test_weights_that_the_loss_does_not_reach_are_counted() -> None:
    def cut(model, idx, targets):
        tables = model.token_embedding_table(idx) + model.position_embedding_table(torch.arange(idx.shape[1]))
        logits = model.lm_head(model.ln_f(model.blocks(tables.detach())))
        return logits, None if targets is None else F.cross_entropy(logits.mT, targets)

    assert "Your loss gives 26 of the 28 tensors of weights a gradient. Right would be: " in said(
        ex.gpt_forward, cut
    )


def test_another_number_that_holds_both_does_not_name_them() -> None:
    def numbered(model, idx, targets):
        if idx.shape[1] > model.block_size:
            raise ValueError(f"code {model.block_size}{idx.shape[1]}")
        return forward(model, idx, targets)

    assert ex.gpt_forward.check(numbered).mistake == "the ValueError does not say what was too long"


def test_an_error_of_the_learners_own_in_a_full_block_is_no_refusal() -> None:
    """Only a ValueError that names block_size says that the block was found too long."""

    def slips(model, idx, targets):
        if idx.shape[1] == model.block_size:
            raise ValueError("something else")
        return forward(model, idx, targets)

    assert said(ex.gpt_forward, slips) == "Your function raised ValueError: something else"


def test_whoever_calls_the_model_itself_is_told_to_call_its_parts() -> None:
    message = said(ex.gpt_forward, lambda model, idx, targets: model(idx, targets))
    assert message == "model(...) is what you are to write: call its 5 parts by name."


def test_other_logits_beside_a_loss_are_seen() -> None:
    def halves(model, idx, targets):
        logits, loss = forward(model, idx, targets)
        return logits if targets is None else logits / 2, loss

    inputs = ex.gpt_forward.inputs(0)[0]
    assert forwarded(halves, *inputs)["logits beside a loss"].value == "other numbers"
    assert not ex.gpt_forward.check(halves).passed


# --- parameter_groups -----------------------------------------------------------------------------


@each_seed
def test_the_solution_sorts_as_the_library_does(seed: int) -> None:
    for config, weight_decay, _ in ex.parameter_groups.inputs(seed):
        model = drawn(config, seed)
        for mine, theirs in zip(groups(model, weight_decay), decay_groups(model, weight_decay), strict=True):
            assert list(map(id, mine["params"])) == list(map(id, theirs["params"]))
            assert mine["weight_decay"] == theirs["weight_decay"]
    assert ex.parameter_groups.check(decay_groups).passed


def test_one_tensor_more_or_less_is_told_by_its_name() -> None:
    def once_more(model, weight_decay):
        first, second = groups(model, weight_decay)
        return [{**first, "params": [*first["params"], model.lm_head.weight]}, second]

    def once_less(model, weight_decay):
        first, second = groups(model, weight_decay)
        return [first, {**second, "params": second["params"][:-1]}]

    assert "0 are in no group, and 1 (lm_head.weight) is there more than once." in said(
        ex.parameter_groups, once_more
    )
    assert "1 (lm_head.bias) is in no group, and 0 are there more" in said(ex.parameter_groups, once_less)


def test_the_decay_is_read_from_the_real_optimiser() -> None:
    """AdamW's own decay is what a group gets that says nothing."""
    inputs = ex.parameter_groups.inputs(0)[0]
    silent = grouped(lambda model, _: [{"params": model.parameters()}], *inputs)
    assert set(silent["_wrong"].values()) == {torch.optim.AdamW([nn.Parameter()]).defaults["weight_decay"]}
    message = said(ex.parameter_groups, lambda model, decay: groups(model, None))
    assert message == "The 'weight_decay' of group 0 is no number but a NoneType."


def test_a_model_that_was_changed_on_the_way_is_told() -> None:
    def shrinks(model, weight_decay):
        with torch.no_grad():
            model.lm_head.weight *= 0.9
        return groups(model, weight_decay)

    def freezes(model, weight_decay):
        model.lm_head.bias.requires_grad_(False)
        return groups(model, weight_decay)

    for function in (shrinks, freezes):
        message = said(ex.parameter_groups, function)
        assert message.startswith("1 of the model's 54 tensors are no longer what they were.")


@pytest.mark.parametrize(
    ("wrap", "words"),
    [
        (set, "The 'params' of group 0 are a set; AdamW needs an order: make a list."),
        (lambda params: [params], "Group 0 holds a list ("),
    ],
    ids=["set", "nested"],
)
def test_what_adamw_would_not_take_is_named(wrap: object, words: str) -> None:
    def wrapped(model, weight_decay):
        return [{**group, "params": wrap(group["params"])} for group in groups(model, weight_decay)]

    assert said(ex.parameter_groups, wrapped).startswith(words)
    no_params = said(ex.parameter_groups, lambda model, decay: [{"parameters": list(model.parameters())}])
    assert no_params == "Group 0 has no 'params', only 'parameters'."


# --- safe_load ------------------------------------------------------------------------------------


def test_the_programs_among_the_files_run_if_they_are_trusted() -> None:
    """Else nobody could be caught: a trap that does not shut proves nothing."""
    contents, _ = files_treated.made_files(0)
    programs = [content for name, content in contents.items() if name.startswith("program")]
    assert len(programs) == 2
    for content, open_it in zip(programs, (torch.load, pickle.load), strict=True):
        files_treated.RAN.clear()
        open_it(io.BytesIO(content), **({"weights_only": False} if open_it is torch.load else {}))
        assert files_treated.RAN == ["called while loading"]
    files_treated.RAN.clear()


@each_seed
def test_a_changed_byte_parses_as_before_and_changes_a_number(seed: int) -> None:
    contents, tensors = files_treated.made_files(seed)
    whole, flipped = load(contents["whole"]), load(contents["flipped"])
    assert all(torch.equal(whole[name], tensor) for name, tensor in tensors.items())
    assert sum(not torch.equal(whole[name], flipped[name]) for name in tensors) == 1
    assert len(contents["whole"]) > max(files_treated.BEGINNINGS)


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert loaded(safe_load, 0)["garbage"].value == "refused"
    assert not list(tmp_path.iterdir())


def test_the_answer_may_not_tell_programs_by_their_name() -> None:
    def by_name(path, expected):
        if path.suffix != ".safetensors":
            raise ValueError("not by name")
        content = path.read_bytes()
        if sha256(content) != expected:
            raise ValueError("another hash")
        return (
            torch.load(io.BytesIO(content), weights_only=False) if content[:1] in b"P\x80" else load(content)
        )

    result = ex.safe_load.check(by_name)
    assert result.mistake == "the code in a pickle runs"
    assert "It ran 2 times." in result.message


def test_a_good_file_that_comes_back_changed_is_told_by_the_tensor() -> None:
    def rounds(path, sha256):
        return {name: tensor.float() for name, tensor in safe_load(path, sha256).items()}

    def adds(path, sha256):
        return {**safe_load(path, sha256), "path": path}

    assert said(ex.safe_load, rounds).startswith("3 of the 4 tensors of a good file come back changed: ")
    assert "you return 4, and besides path." in said(ex.safe_load, adds)


def test_an_error_of_the_learners_own_is_shown_as_theirs() -> None:
    def slips(path, sha256):
        content = path.read_bytes()
        if content.hexdigest() != sha256:
            raise ValueError
        return load_file(path)

    result = ex.safe_load.check(slips)
    assert (
        result.message == "Your function raised AttributeError: 'bytes' object has no attribute 'hexdigest'"
    )
    assert "content.hexdigest()" in result.code


def test_a_hash_that_is_never_equal_is_told_as_the_error_it_raises() -> None:
    """The hash object itself, not its digits: no other hash would be accepted either."""
    import hashlib

    def never(path, sha256):
        if hashlib.sha256(path.read_bytes()) != sha256:
            raise ValueError("wrong hash")
        return load_file(path)

    assert said(ex.safe_load, never) == "Your function raised ValueError: wrong hash"


def test_the_notebooks_hash_function_is_the_solutions() -> None:
    contents, tensors = files_treated.made_files(3)
    with tempfile.TemporaryDirectory() as box:
        path = Path(box, "model.safetensors")
        path.write_bytes(contents["whole"])
        assert set(safe_load(path, sha256(contents["whole"]))) == set(tensors)
        with pytest.raises(ValueError, match="Expected a file with SHA-256 000000000000…, got "):
            safe_load(path, "0" * 64)
