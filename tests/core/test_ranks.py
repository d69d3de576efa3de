"""Several processes train one model: their numbers, their device, and the run that they make."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from helpers import ROOT, close, one_thread, random_ids, same_bits, tiny_gpt, weights_of
from nanogpt_lib.checkpoint import load_checkpoint
from nanogpt_lib.optimizer import require_own_parameters
from nanogpt_lib.process import LATER, interrupts_afterwards
from nanogpt_lib.ranks import Ranks
from nanogpt_lib.shared import Shared, move
from nanogpt_lib.train import main
from nanogpt_lib.training_run import TrainConfig, TrainingRun, train

SMALL = [
    "--preset=reference-baseline",
    *("--block-size=8", "--n-embd=12", "--n-head=3", "--n-layer=1"),
    *("--batch-size=4", "--eval-interval=4", "--eval-iters=2"),
]
TOLD = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"} | {
    "MASTER_ADDR": "localhost",
    "MASTER_PORT": "29500",
}


DROPPING = [*SMALL, "--dropout=0.2", "--max-iters=200", "--eval-interval=50"]


@pytest.fixture(scope="module")
def own_text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "mine.txt"
    path.write_text("the cat sat on the mat; the rat sat on the cat.\n" * 20, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def never_stopped(own_text: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What a run of two processes with dropout prints, and where it lies."""
    folder = tmp_path_factory.mktemp("whole")
    status, rows, err = two(*DROPPING, "--text", own_text, "--out", folder)
    assert status == 0, err
    return rows, folder


def torchrun(*arguments: str | Path) -> subprocess.Popen:
    """Start two processes, with a thread each, that run this module or program."""
    agent = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    return subprocess.Popen(
        [*agent, *map(str, arguments)],
        cwd=ROOT,
        env=one_thread() | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def two(*arguments: str | Path) -> tuple[int, str, str]:
    """Let two processes train to the end; the exit status, and what they wrote."""
    with torchrun("-m", "nanogpt_lib.train", *arguments) as run:
        out, err = run.communicate(timeout=120)
    return run.returncode, out, err


def worker(run: subprocess.Popen, rank: int) -> psutil.Process:
    """The process of that rank."""
    return next(
        each
        for each in psutil.Process(run.pid).children()
        if "nanogpt_lib.train" in each.cmdline() and each.environ()["RANK"] == str(rank)
    )


def numbers(rows: str) -> list[list[float]]:
    return [list(map(float, re.findall(r"\d+\.?\d*", row))) for row in rows.splitlines()]


# --- their numbers --------------------------------------------------------------------------------


def test_without_torchrun_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address alone, as some clusters set it for everybody, makes no difference."""
    for name in TOLD:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MASTER_ADDR", "node7")
    assert Ranks.from_environment() == Ranks(rank=0, size=1)


def test_what_torchrun_tells_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TOLD.items():
        monkeypatch.setenv(name, value)
    assert Ranks.from_environment() == Ranks(rank=1, size=2, place=1, here=2)
    assert not Ranks.from_environment().is_first


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"WORLD_SIZE": ""}, "got it without WORLD_SIZE. Let torchrun set them: torchrun --standalone"),
        ({"RANK": "", "MASTER_PORT": ""}, "got it without RANK, MASTER_PORT"),
        ({"RANK": "one"}, "got RANK='one'"),
        ({"RANK": "-1"}, "got RANK='-1'"),
        ({"RANK": "2"}, "got rank=2, size=2"),
        ({"WORLD_SIZE": "0"}, "size >= 1, got size=0"),
        ({"LOCAL_RANK": "2"}, "place=2, here=2"),
        ({"LOCAL_WORLD_SIZE": "3"}, "here=3"),
    ],
)
def test_half_of_what_torchrun_tells_is_refused(
    change: dict[str, str],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    own_text: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    """A process that trained alone, and one that waited for the other for ever, would be the answers."""
    for name, value in (TOLD | change).items():
        monkeypatch.setenv(name, value)
    assert main([*SMALL, "--text", str(own_text)]) == 2
    out, err = capsys.readouterr()
    assert (out, named in err, err.startswith("error: Expected ")) == ("", True, True), err


def test_the_rows_of_all_ranks_are_the_batch() -> None:
    batch = torch.arange(12)
    for size in (1, 2, 3, 4, 6, 12):
        parts = [batch[Ranks(rank, size).rows(12)] for rank in range(size)]
        assert {len(part) for part in parts} == {12 // size}
        assert torch.cat(parts).tolist() == batch.tolist()


@pytest.mark.parametrize(("batch_size", "choose"), [(5, "4 or 8"), (3, "4"), (7, "4 or 8")])
def test_a_batch_that_cannot_be_shared_evenly_is_refused(batch_size: int, choose: str) -> None:
    with pytest.raises(ValueError, match=rf"got {batch_size}\. Choose batch_size={choose}, or another"):
        Ranks(0, 4).rows(batch_size)


# --- their device ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gpus", "ranks", "wish", "device"),
    [
        (0, Ranks(), "auto", "cpu"),
        (1, Ranks(), "cpu", "cpu"),
        (1, Ranks(), "auto", "cuda:0"),
        (2, Ranks(1, 2, 1, 2), "cuda", "cuda:1"),
        (2, Ranks(3, 4, 1, 2), "cuda", "cuda:1"),  # two machines
    ],
)
def test_each_process_gets_a_gpu_of_its_own_where_one_is_wanted(
    gpus: int, ranks: Ranks, wish: str, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    assert ranks.device(wish) == torch.device(device)


@pytest.mark.parametrize("rank", [0, 1])
def test_fewer_gpus_than_processes_are_refused_by_all_of_them(
    rank: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ValueError, match="a GPU for each of the 2 processes here, got 1. Start fewer"):
        Ranks(rank, 2, rank, 2).device("auto")


def test_a_gpu_that_is_not_there_is_refused_before_anything_is_trained(
    own_text: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main([*SMALL, "--text", str(own_text), "--device", "cuda"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error: Expected a GPU that torch can use, got none" in err


def test_a_run_moves_with_the_means_of_its_optimiser() -> None:
    """Means that stayed behind would fail a resumed run's first step on a GPU, for which "meta" stands."""
    config = TrainConfig(batch_size=4, max_iters=2, learning_rate=1e-2, eval_iters=1)
    run = TrainingRun(tiny_gpt(), config)
    data = random_ids(40)
    list(train(run, data, data))
    move(run, torch.device("meta"))
    require_own_parameters(run.optimizer, run.model)
    means = [state[name] for state in run.optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
    assert len(means) == 2 * len(list(run.model.parameters()))
    assert {tensor.device.type for tensor in [*run.model.parameters(), *run.model.buffers(), *means]} == {
        "meta"
    }
    assert run.optimizer.param_groups[0]["initial_lr"] == 1e-2


# --- dropout and interrupts -----------------------------------------------------------------------


def test_each_rank_drops_other_numbers_and_leaves_the_common_stream_as_it_was() -> None:
    """The same masks in every process would drop the same places of different rows: half of the noise."""
    batch, losses = random_ids(4, 8), {}
    for rank in (0, 1, 0):
        model = Shared(tiny_gpt(dropout=0.5), Ranks())
        model.ranks = Ranks(rank, 2)
        model.ranks.rows = lambda _: slice(None)  # the same rows
        model.ranks.mean = lambda loss: loss
        torch.manual_seed(5)
        before = torch.get_rng_state()
        losses.setdefault(rank, []).append(model(batch, batch)[1].item())
        same_bits(torch.get_rng_state(), before)
    assert losses[0][0] == losses[0][1] != losses[1][0]


@pytest.mark.parametrize("answer", [None, LATER])
def test_who_listens_to_interrupts_may_put_them_off(answer: object) -> None:
    heard = []

    def hear(*_: object) -> object:
        heard.append(True)
        return answer

    before = signal.signal(signal.SIGINT, hear)
    try:
        with interrupts_afterwards():
            signal.raise_signal(signal.SIGINT)
            assert not heard
        stopped = False
    except KeyboardInterrupt:
        stopped = True
    finally:
        signal.signal(signal.SIGINT, before)
    assert (heard, stopped) == ([True], answer is None)


def test_an_interrupted_rank_goes_on_until_all_of_them_know() -> None:
    """If it left at once, the others would wait for its next loss."""
    ranks = Ranks(0, 2)
    before = signal.signal(signal.SIGINT, ranks._hear)
    try:
        with interrupts_afterwards():
            signal.raise_signal(signal.SIGINT)
        ranks._agreed = True  # as `mean` finds
        with pytest.raises(KeyboardInterrupt), interrupts_afterwards():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN, "later ones pass"
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


# --- two processes --------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_processes_make_the_run_of_one(
    own_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Losses, weights, card and sample; printed once. One process then goes on from what the two saved."""
    options = [*SMALL, "--text", str(own_text), "--max-iters=9", "--sample=20", "--out"]
    assert main([*options, str(tmp_path / "one")]) == 0
    whole, _ = capsys.readouterr()
    status, out, err = two(*options, tmp_path / "two")
    assert status == 0, err
    assert err.count("9 steps in") == 1
    rows, sample = out[: whole.rindex("step 8")].count("step"), out.partition("\n")
    assert rows == 2
    assert sample[2].splitlines()[2:] == whole.partition("\n")[2].splitlines()[2:]
    one, other = (load_checkpoint(tmp_path / name) for name in ("one", "two"))
    assert [row.step for row in other.run.curve] == [0, 4, 8]
    for mine, theirs in zip(one.run.curve, other.run.curve, strict=True):
        assert theirs[:3] == pytest.approx(mine[:3], abs=1e-6)
    close(weights_of(other.model), weights_of(one.model), within=1e-5)
    same_bits(other.random_state, one.random_state)
    cards = [json.loads((tmp_path / name / "checkpoint.json").read_text("utf-8")) for name in ("one", "two")]
    of_the_run = {"seconds", "curve", "weights", "weights_sha256", "card_sha256"}
    assert cards[0].keys() == cards[1].keys()
    assert {k: v for k, v in cards[0].items() if k not in of_the_run} == {
        k: v for k, v in cards[1].items() if k not in of_the_run
    }
    go_on = ["--max-iters=13", "--text", str(own_text), "--resume"]
    assert [main([*go_on, str(tmp_path / name)]) for name in ("one", "two")] == [0, 0]
    mine, theirs = map(numbers, capsys.readouterr().out.split("step 12")[1:])
    assert mine[0] == pytest.approx(theirs[0], abs=1e-4)


# Computes in two processes what the test computes in one, and writes it; argument 1 is the folder.
GRADIENTS = """
import sys
from pathlib import Path
import torch
from helpers import random_ids, tiny_gpt
from nanogpt_lib.ranks import Ranks
from nanogpt_lib.shared import shared

ranks, cpu = Ranks.from_environment(), torch.device("cpu")
found = {}
with ranks.joined(cpu):
    found["said by the first"] = [torch.tensor(ranks.from_first(5.0 + ranks.rank))]
    for dtype in (torch.float32, torch.float64):
        for attention in ("heads", "fused"):
            model = tiny_gpt(attention=attention).to(dtype)
            together = shared(model, ranks, cpu)
            logits, loss = together(random_ids(6, 8), random_ids(6, 8, seed=1))
            loss.backward()
            name = f"{attention} {str(dtype)[6:]}"
            found[name] = [loss.detach(), logits.detach(), *(each.grad for each in model.parameters())]
    model = tiny_gpt()
    factor = float("nan") if ranks.rank else 1.0
    model.register_forward_hook(lambda _, __, answer: (answer[0], answer[1] * factor))
    loss = shared(model, ranks, cpu)(random_ids(2, 8), random_ids(2, 8))[1]
    found["a rank without a number"] = [loss.detach()]
torch.save(found, Path(sys.argv[1], f"{ranks.rank}.pt"))
"""


@pytest.mark.every
@pytest.mark.slow
def test_two_processes_have_the_gradients_and_losses_of_one_on_the_whole_batch(tmp_path: Path) -> None:
    program = tmp_path / "gradients.py"
    program.write_text(f"import sys\nsys.path.insert(0, {str(ROOT / 'tests')!r})\n{GRADIENTS}", "utf-8")
    with torchrun(program, tmp_path) as run:
        _, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    found = [torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1)]
    for name, within in {"float32": 1e-6, "float64": 1e-15}.items():
        for attention in ("heads", "fused"):
            model = tiny_gpt(attention=attention).to(getattr(torch, name))
            logits, loss = model(random_ids(6, 8), random_ids(6, 8, seed=1))
            loss.backward()
            (told, upper, *ours), (also_told, lower, *theirs) = (
                each[f"{attention} {name}"] for each in found
            )
            same_bits([told, *ours], [also_told, *theirs])
            close([told, torch.cat([upper, lower])], [loss.detach(), logits.detach()], within)
            close(ours, [each.grad for each in model.parameters()], within)
    assert all(each["a rank without a number"][0].isnan() for each in found)
    assert [float(each["said by the first"][0]) for each in found] == [5.0, 5.0]


@pytest.mark.every
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_ends_the_run_with_a_message_and_a_checkpoint(
    rank: int, own_text: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = [*SMALL, "--text", own_text, "--max-iters=1000000", "--out", out]
    with torchrun("-m", "nanogpt_lib.train", *options) as run:
        assert [run.stdout.readline()[:7] for _ in range(2)] == ["step 0:", "step 4:"]
        worker(run, rank).kill()
        _, err = run.communicate(timeout=60)
    assert run.returncode != 0
    said = re.findall(r"(?m)^(?:error|step).*$", err)
    assert len(said) == 2, err
    assert said[0].startswith(
        "error: Expected all 2 processes to stay until the end, got no answer from another one"
    )
    kept = int(
        re.fullmatch(rf"step (\d+) is kept: go on from it with --resume {re.escape(str(out))}", said[1])[1]
    )
    assert load_checkpoint(out).run.step >= kept
    step = load_checkpoint(out).run.step
    assert main(["--resume", str(out), "--text", str(own_text), f"--max-iters={step + 2}"]) == 0


@pytest.mark.every
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
@pytest.mark.parametrize("who", ["torchrun", "rank 0", "rank 1"])
def test_ctrl_c_stops_all_between_the_same_two_steps_and_loses_nothing(
    who: str, never_stopped: tuple[str, Path], own_text: Path, tmp_path: Path
) -> None:
    """With dropout, of which each rank draws its own; both then go on exactly, to the bit."""
    out, text = tmp_path / "part", ["--text", own_text]
    with torchrun("-m", "nanogpt_lib.train", *DROPPING, *text, "--out", out) as run:
        rows = run.stdout.readline()
        os.kill(run.pid if who == "torchrun" else worker(run, int(who[-1])).pid, signal.SIGINT)
        rest, err = run.communicate(timeout=60)
    assert len(re.findall(r"(?m)^stopped before step \d+; go on with --resume ", err)) == 1, err
    assert "error" not in re.sub(r"(?m)^.*torch.*$|error_file", "", err), err
    status, later, err = two("--resume", out, "--out", out, *text)
    assert status == 0, err
    told, folder = never_stopped
    assert rows + rest + later == told
    same_bits(weights_of(load_checkpoint(out).model), weights_of(load_checkpoint(folder).model))


@pytest.mark.every
@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--batch-size=5"], "error: Expected a batch_size that 2 processes share evenly, got 5."),
        (
            ["--learning-rate=1e30"],
            "error: Expected a finite loss, got nan at step 1. Lower the learning rate",
        ),
        (["--n-head=7"], "error: Expected n_embd to split into n_head equal heads"),
        (["--no-such-option"], "error: unrecognized arguments: --no-such-option"),
    ],
)
def test_an_error_of_all_is_told_once(options: list[str], told: str, own_text: Path) -> None:
    status, _, err = two(*SMALL, "--text", own_text, *options)
    assert status != 0
    assert err.count(told) == err.count("rror: Expected") + err.count("unrecognized") == 1, err


@pytest.mark.every
@pytest.mark.slow
def test_two_processes_go_on_from_what_one_saved(own_text: Path, tmp_path: Path) -> None:
    begun, part = tmp_path / "begun", tmp_path / "part"
    options = [*SMALL, "--text", str(own_text), "--precision=bfloat16"]
    assert main([*options, "--max-iters=5", "--out", str(begun)]) == 0
    shutil.copytree(begun, part)
    go_on = ["--text", str(own_text), "--max-iters=13"]
    assert main([*go_on, "--resume", str(begun), "--out", str(begun)]) == 0
    status, _, err = two(*go_on, "--resume", part, "--out", part)
    assert status == 0, err
    one, other = load_checkpoint(begun), load_checkpoint(part)
    assert other.run.step == 13
    for mine, theirs in zip(one.run.curve, other.run.curve, strict=True):
        assert theirs[:3] == pytest.approx(mine[:3], abs=1e-3)


@pytest.mark.every
@pytest.mark.slow
def test_processes_that_begin_with_other_texts_are_refused(own_text: Path, tmp_path: Path) -> None:
    """As on two machines; the mean of gradients for two texts would be trained without a word."""
    other = tmp_path / "other.txt"
    other.write_text(own_text.read_text("utf-8").replace("the cat", "a cat"), "utf-8")
    with socket.create_server(("localhost", 0)) as free:
        port = {"MASTER_PORT": str(free.getsockname()[1])}
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "nanogpt_lib.train", *SMALL, "--text", str(text)],
            cwd=ROOT,
            env=one_thread() | TOLD | port | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank, text in enumerate((own_text, other))
    ]
    said = [each.communicate(timeout=120)[1] for each in both]
    told = "Expected the same text, options and step in all 2 processes, got another in 1 than in 0."
    assert [each.returncode for each in both] == [2, 2]
    assert [told in text for text in said] == [True, False], said


@pytest.mark.every
@pytest.mark.slow
def test_a_port_that_is_taken_is_named(own_text: Path) -> None:
    """As where somebody sets the variables by hand, twice."""
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        told = TOLD | {"RANK": "0", "LOCAL_RANK": "0", "MASTER_PORT": str(port)}
        done = subprocess.run(
            [sys.executable, "-m", "nanogpt_lib.train", *SMALL, "--text", str(own_text)],
            cwd=ROOT,
            env=one_thread() | told,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 2
    assert (
        f"error: Expected 2 processes that meet at MASTER_ADDR:MASTER_PORT, got localhost:{port}"
        in done.stderr
    )
    assert "Traceback" not in done.stderr
