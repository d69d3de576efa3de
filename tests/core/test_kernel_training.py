"""A training in a real kernel, without a browser: interrupted and killed at any moment, it loses no file."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager
from traitlets.config import Config

from helpers import ROOT, one_thread
from nanogpt_lib.checkpoint import load_checkpoint
from tiers import some

pytestmark = pytest.mark.slow

SECONDS = 120  # no kernel may hang the test run

SETUP = """
import os, warnings
import torch
from nanogpt_lib import checkpoint
from nanogpt_lib.checkpoint import load_checkpoint, save_checkpoint
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.training_run import TrainConfig, TrainingRun, train
from nanogpt_lib.widgets import training_dashboard
from nanogpt_lib.widgets.training_dashboard import Sample, TrainingDashboard

folder = {folder!r}
draw = lambda: torch.Generator().manual_seed(1)
tokenizer = CharTokenizer("\\n abcdefgh.")
ids = torch.randint(11, (600,), generator=draw())
config = GPTConfig(vocab_size=11, block_size=8, n_embd=24, n_head=3, n_layer=2, dropout=0.1)

def a_run(steps, every):
    how = TrainConfig(batch_size=4, max_iters=steps, learning_rate=1e-2, eval_interval=every, eval_iters=2)
    return TrainingRun(GPT(config, generator=draw()), how, draw())

def finished(run):
    for _ in train(run, ids, ids):
        pass
    return run

def equal(one, other):
    pairs = zip(one.model.parameters(), other.model.parameters())
    curves = [[tuple(record[:3]) for record in run.curve] for run in (one, other)]
    return all(torch.equal(a, b) for a, b in pairs) and curves[0] == curves[1]
"""

# Saves a growing run again and again, in children that are killed at any moment; argument 1 is the folder,
# 2 what SETUP says, 3 how often.
KILLS = """
import json, os, random, signal, sys, time

exec(sys.argv[2])
run, luck, told = a_run(100_000, 1), random.Random(1), []
while len(told) < int(sys.argv[3]):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if os.path.exists(os.path.join(folder, "checkpoint.json")):
            run = load_checkpoint(folder).resume()
        for _ in train(run, ids, ids):
            save_checkpoint(folder, run, tokenizer)
            os.write(writer, b"%d " % run.step)
    os.close(writer)
    said = os.read(reader, 100)  # one save is there
    time.sleep(luck.uniform(0.0, 0.04))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    said += os.read(reader, 1 << 20)
    os.close(reader)
    told.append([int(said.split()[-1]), load_checkpoint(folder).run.step])
print(json.dumps(told))
"""


class Kernel:
    """A kernel, and the little of a notebook that these tests need."""

    def __init__(self) -> None:
        config = Config({"KernelManager": {"transport_encryption": "auto"}})
        self.manager = KernelManager(kernel_name="python3", config=config)
        env = one_thread() | {"PYTHONPATH": str(ROOT), "JUPYTER_PREFER_ENV_PATH": "1"}
        self.manager.start_kernel(env=env, cwd=str(ROOT))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=SECONDS)

    def begin(self, code: str) -> str:
        """Sends the cell and does not wait for it."""
        return self.client.execute(code, store_history=False)

    def wait(self, cell: str) -> tuple[str, str]:
        """What the cell printed, and the name of its error."""
        printed, failed = "", ""
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") != cell:
                continue
            content = message["content"]
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                printed += content["text"]
            if message["msg_type"] == "error":
                failed = f"{content['ename']}: {content['evalue']}"
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return printed, failed

    def run(self, code: str) -> str:
        printed, failed = self.wait(self.begin(code))
        assert not failed, failed
        return printed.strip()


@contextmanager
def a_kernel(folder: Path) -> Iterator[Kernel]:
    kernel = Kernel()
    try:
        kernel.run(SETUP.replace("{folder!r}", repr(str(folder))))
        yield kernel
    finally:
        kernel.client.stop_channels()
        kernel.manager.shutdown_kernel(now=True)


def test_a_kernels_interrupt_at_any_moment_leaves_a_whole_run_and_a_whole_folder(tmp_path: Path) -> None:
    """First in the dashboard, which trains between the cells; then in a cell of the learner's own."""
    luck = random.Random(2)
    with a_kernel(tmp_path) as kernel:
        kernel.run(
            "run = a_run(240, 20)\n"
            "live, short = folder + '/live', Sample(length=9)\n"
            "one = TrainingDashboard(run, ids, ids, tokenizer, folder=live, sample=short)"
        )
        for _ in some(range(6)):
            kernel.run("one.train()")
            time.sleep(luck.uniform(0.0, 0.25))
            kernel.manager.interrupt_kernel()
            time.sleep(0.1)
            state, step, words = json.loads(
                kernel.run("import json; print(json.dumps([one.state, run.step, one.now['words']]))")
            )
            assert state == "done" or (state == "stopped" and "by the kernel's interrupt" in words), words
            assert load_checkpoint(tmp_path / "live").run.step == step
        assert kernel.run("print(equal(finished(run), finished(a_run(240, 20))))") == "True"

        kernel.run("mine = a_run(120, 1)")
        loop = (
            "for record in train(mine, ids, ids):\n    save_checkpoint(folder + '/mine', mine, tokenizer)\n"
        )
        cut = 0
        for _ in some(range(5)):
            cell = kernel.begin(loop)
            time.sleep(luck.uniform(0.02, 0.3))
            kernel.manager.interrupt_kernel()
            _, failed = kernel.wait(cell)
            assert failed in ("", "KeyboardInterrupt: ")
            cut += bool(failed)  # in the learner's own line, which saves
            step = int(kernel.run("print(mine.step)"))
            if (tmp_path / "mine" / "checkpoint.json").exists():
                assert step - load_checkpoint(tmp_path / "mine").run.step <= 1 + cut
        assert kernel.run("print(equal(finished(mine), finished(a_run(120, 1))))") == "True"


@pytest.mark.every  # what a kill can break is tried below without a kernel, and in test_checkpoint.py
def test_a_kernel_that_is_killed_while_it_trains_leaves_its_last_save(tmp_path: Path) -> None:
    """An evaluation, and so a save, before every step; the log says which saves were begun and ended."""
    log = tmp_path / "log"
    cell = f"""
real, log = training_dashboard.save_checkpoint, os.open({str(log)!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def save(folder, run, tokenizer):
    os.write(log, b"begun %d\\n" % run.step)
    real(folder, run, tokenizer)
    os.write(log, b"ended %d\\n" % run.step)

training_dashboard.save_checkpoint = save
run = a_run(100_000, 1)
one = TrainingDashboard(run, ids, ids, tokenizer, folder=folder + "/live", sample=None)
one.train()
print(run.step)
"""
    with a_kernel(tmp_path) as kernel:
        assert kernel.run(cell) == "0"
        while not log.exists() or "ended 3\n" not in log.read_text():
            time.sleep(0.01)
        time.sleep(random.Random(3).uniform(0.0, 0.3))
        kernel.manager.signal_kernel(signal.SIGKILL)
        while kernel.manager.is_alive():
            time.sleep(0.01)
    lines = [line.split() for line in log.read_text().splitlines()]
    ended = [int(step) for what, step in lines if what == "ended"]
    found = load_checkpoint(tmp_path / "live").run.step
    assert found in (ended[-1], int(lines[-1][1])), "at most the save under way is missing"


@pytest.mark.every  # a kill at every place of a save is in test_faults.py
def test_kills_while_saving_never_lose_a_file(tmp_path: Path) -> None:
    """In forked children, since a kernel takes seconds to start."""
    kills = 25
    program = [sys.executable, "-W", "ignore", "-c", KILLS, str(tmp_path)]
    setup = SETUP.replace("{folder!r}", repr(str(tmp_path)))
    done = subprocess.run(
        [*program, setup, str(kills)],
        cwd=ROOT,
        env=one_thread(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told) == kills
    for known, found in told:
        assert found - known in (0, 1), "a save that was ended is there, or the one after it"
    found = [found for _, found in told]
    assert found == sorted(found)
    assert found[-1] >= kills - 1
    assert len(list(tmp_path.glob("*.safetensors"))) <= 2, (
        "what a kill left behind is cleared by the next save"
    )
