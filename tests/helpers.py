"""Small models, bit-wise comparison and subprocesses, used by several test files."""

import asyncio
import itertools
import os
import signal
import site
import subprocess
import sys
import venv
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.model import GPT, GPTConfig

ROOT = Path(__file__).parents[1]
TINY = GPTConfig(vocab_size=11, block_size=8, n_embd=12, n_head=3, n_layer=2)


def tiny_gpt(seed: int = 1, **changes: object) -> GPT:
    """A GPT that computes in a millisecond, always the same for the same seed."""
    return GPT(replace(TINY, **changes), generator=torch.Generator().manual_seed(seed))


def random_ids(*shape: int, vocab_size: int = TINY.vocab_size, seed: int = 0) -> torch.Tensor:
    return torch.randint(vocab_size, shape, generator=torch.Generator().manual_seed(seed))


def close(got: object, expected: object, within: float) -> None:
    """Both, and the greatest difference, are told where they are further apart than `within`."""
    torch.testing.assert_close(got, expected, atol=within, rtol=0.0)


def same_bits(got: object, expected: object) -> None:
    """No difference at all, in tensors, numbers, or collections of them."""
    torch.testing.assert_close(got, expected, atol=0.0, rtol=0.0)


def weights_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of the weights that later training leaves alone."""
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def copied(source: Mapping[str, torch.Tensor], target: nn.Module) -> nn.Module:
    """The module with these weights, all of them."""
    target.load_state_dict(source)
    return target


def said(exercise: Exercise, function: object) -> str:
    """What the learner is told of an answer that no known mistake explains."""
    result = exercise.check(function)
    assert result.status == "not yet", result
    assert result.mistake == "", result
    return result.message


@contextmanager
def global_stream_untouched() -> Iterator[None]:
    before = torch.get_rng_state()
    yield
    assert torch.equal(before, torch.get_rng_state()), "the block drew from torch's global stream"


def modes(model: nn.Module) -> list[bool]:
    """Whether each module is in training mode."""
    return [module.training for module in model.modules()]


def mixed_modes(model: nn.Module) -> list[bool]:
    """Leaves every other module in evaluation mode, and returns who is in which."""
    for place, module in enumerate(model.modules()):
        module.training = place % 2 == 0
    return modes(model)


def interrupted(model: nn.Module, at_calls: Iterable[int]) -> nn.Module:
    """The model, which is told to stop, as by Ctrl-C, during the calls of these numbers (from 1)."""
    calls, at_calls = itertools.count(1), set(at_calls)

    def stop(*_: object) -> None:
        if next(calls) in at_calls:
            signal.raise_signal(signal.SIGINT)

    model.register_forward_hook(stop)
    return model


def one_thread() -> dict[str, str]:
    """The environment for a subprocess that leaves the other core alone."""
    return os.environ | {"OMP_NUM_THREADS": "1"}


def offline(log: Path) -> dict[str, str]:
    """What cuts the network of a Python, and of those that it starts; who is asked is noted in the log."""
    paths = [str(ROOT / "tests" / "offline"), str(ROOT)]
    return {"PYTHONPATH": os.pathsep.join(paths), "NETWORK_LOG": str(log)}


def python(*arguments: str | Path, timeout: float = 120) -> subprocess.CompletedProcess:
    """Runs this Python in the root of the checkout; its output is text."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=one_thread(), capture_output=True, text=True, timeout=timeout
    )


def new_environment(folder: Path) -> Path:
    """A new environment of Python, in which everything of this one can be imported."""
    venv.create(folder, with_pip=False)
    (packages,) = folder.rglob("site-packages")
    (packages / "everything.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    return folder


def killed(program: str, *arguments: str | Path) -> None:
    """Runs a program that must end by killing itself, as a power cut or `kill -9` would."""
    done = python("-c", program, *arguments)
    assert done.returncode == -signal.SIGKILL, f"not killed, but ended with {done.returncode}: {done.stderr}"


def in_a_kernel(cell: Callable[[], Awaitable[object]]) -> object:
    """Run it as a notebook would: the loop goes on between what it awaits."""
    return asyncio.run(asyncio.wait_for(cell(), timeout=60))


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop go on until this is so."""
    while not condition():
        await asyncio.sleep(0)
