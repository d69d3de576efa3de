"""Saves that are killed, interrupted, without space, or made by two at once: no file is lost or torn."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers import python

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="forks, so that each try starts with torch imported"),
]

# What every program below begins with; argument 1 is a new folder.
SETUP = """
import errno, json, os, random, resource, signal, sys, time
from pathlib import Path
import torch
from nanogpt_lib.checkpoint import load_checkpoint, save_checkpoint
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.training_run import TrainConfig, TrainingRun

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
torch.set_num_threads(1)
folder = Path(sys.argv[1])
config = GPTConfig(vocab_size=3, block_size=4, n_embd=8, n_head=2, n_layer=1)
run = TrainingRun(GPT(config), TrainConfig(batch_size=2, max_iters=10**6, learning_rate=0.1))

def save(step):
    '''Save a model whose every weight is the number of the step.'''
    run.step = step
    with torch.no_grad():
        for weight in run.model.parameters():
            weight.fill_(step)
    save_checkpoint(folder, run, CharTokenizer("abc"), resumable=False)

def saved():
    '''The step in the folder, which every weight must agree with.'''
    loaded = load_checkpoint(folder)
    assert all((weight == loaded.run.step).all() for weight in loaded.model.parameters()), "two saves mixed"
    return loaded.run.step

def in_a_child(work):
    child = os.fork()
    if child:
        return child
    try:
        work()
    except KeyboardInterrupt:
        os._exit(2)
    except OSError as error:
        os._exit(3 if error.errno in (errno.ENOSPC, errno.EFBIG) else 1)
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)

def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def names():
    return sorted(path.name.partition("-")[0] for path in folder.iterdir())
"""

# A fault at every place of a save at which Python asks the system for something. After each, the folder must
# hold the save before or this one, and the next save must leave two files.
AT_EVERY_PLACE = """
FAULTS = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "interrupted": lambda: signal.raise_signal(signal.SIGINT),
    "full": lambda: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")),
}
ASKED = ("open", "tempfile.", "os.", "fcntl.", "pathlib.Path.glob")

NONE = 9

def faulty(n, fault):
    left = n
    def hook(event, arguments):
        nonlocal left
        if event.startswith(ASKED):
            left -= 1
            if left == 0:
                FAULTS[fault]()
    sys.addaudithook(hook)
    save(2 * n + 1)
    if left > 0:
        os._exit(NONE)

told = {fault: [] for fault in FAULTS}
for fault, ends in told.items():
    n, code = 0, None
    while code != NONE and n < 200:
        n += 1
        save(2 * n)
        code = ended(in_a_child(lambda: faulty(n, fault)))
        ends.append([code, saved() - 2 * n])
        left = names()
        save(0)
        assert saved() == 0 and names() == ["checkpoint.json", "weights"], (fault, n, left, names())
print(json.dumps(told))
"""

# The disk takes no more after so many bytes of a file.
OUT_OF_SPACE = """
def cramped(most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    save(2)

told = []
for most in (0, 1, 1000, 4095, 4096, 10**7):
    save(1)
    told.append([ended(in_a_child(lambda: cramped(most))), saved()])
    assert names() == ["checkpoint.json", "weights"], names()
print(json.dumps(told))
"""

# Two processes save again and again, and a third reads; argument 2 is how often, 3 whether one of the two is
# killed at any moment and begun anew.
TWO_WRITERS = """
times, kills = int(sys.argv[2]), sys.argv[3] == "kills"
luck = random.Random(1)

def writes(first):
    for step in range(first, first + times):
        save(step)

save(0)
children = [in_a_child(lambda: writes(1000)), in_a_child(lambda: writes(5000))]
seen, killed = set(), 0
while kills and killed < times:
    time.sleep(luck.uniform(0, 0.02))
    os.kill(children[1], signal.SIGKILL)
    ended(children[1])
    killed += 1
    seen.add(saved())
    children[1] = in_a_child(lambda: writes(5000))
while not all(os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) for child in children):
    seen.add(saved())
print(json.dumps([[ended(child) for child in children], len(seen), saved(), names()]))
"""


def told(program: str, *arguments: str | Path) -> Any:
    done = python("-c", SETUP + program, *arguments, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_fault_at_every_place_of_a_save_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    """The weights and the card are two files, so there are moments at which only one of them is new."""
    ends = told(AT_EVERY_PLACE, tmp_path / "run")
    # An error in making a folder that is there already is none, so the save goes on.
    for fault, codes in {"killed": {-9}, "interrupted": {2}, "full": {0, 3}}.items():
        *faults, last = ends[fault]
        assert last == [9, 1], "the save without a fault"
        assert {how for how, _ in faults} == codes, fault
        assert {step for _, step in faults} == {0, 1}, "both before and after the card is replaced"
        assert len(faults) > 12, "the save asks the system for more than this"


@pytest.mark.every
def test_a_disk_that_is_full_keeps_the_checkpoint_and_no_remains(tmp_path: Path) -> None:
    *short, last = told(OUT_OF_SPACE, tmp_path / "run")
    assert short == [[3, 1]] * len(short)
    assert last == [0, 2]


def assert_whole(ends: list, seen: int, step: int, names: list) -> None:
    assert ends == [0, 0]
    assert seen > 2, "nothing was read while they wrote"
    assert step >= 1000
    assert names == ["checkpoint.json", "weights"]


def test_two_processes_that_save_into_one_folder_leave_a_whole_checkpoint(tmp_path: Path) -> None:
    """Each removes the weights that it replaced; without turns, it also removed those of the other."""
    assert_whole(*told(TWO_WRITERS, tmp_path / "run", "10", "no kills"))


@pytest.mark.every
@pytest.mark.parametrize("kills", ["no kills", "kills"])
def test_two_hundred_saves_of_two_processes_leave_a_whole_checkpoint(kills: str, tmp_path: Path) -> None:
    assert_whole(*told(TWO_WRITERS, tmp_path / "run", "200", kills))
