"""Train one model in several processes: each computes its rows of every batch, and all make the same step.

`torchrun` starts the processes and tells each its number, the rank. Each holds the whole model and draws every
batch as one process would, so the mean of their gradients is the gradient of the whole batch: W processes
make the run of one, up to rounding. Only dropout differs: each rank draws its masks from a stream of its own.

| what you have | what to do | command |
|---|---|---|
| a model that one processor trains in minutes | nothing: torch uses all cores | `python -m nanogpt_lib.train ...` |
| a GPU that the model fits into | compute there | `... --device cuda --precision bfloat16` |
| several GPUs in one machine | a copy of the model on each | `torchrun --standalone --nproc-per-node=4 -m \
nanogpt_lib.train ... --device cuda` |
| several machines | the same command on each, and one address | `torchrun --nnodes=2 --nproc-per-node=4 \
--rdzv-backend=c10d --rdzv-endpoint=HOST:29500 -m nanogpt_lib.train ... --device cuda` |
| a model whose weights, gradients and AdamW's means (16 bytes per weight) do not fit into one GPU | split them \
among the GPUs: `torch.distributed.fsdp.fully_shard` | not in this library, whose models take megabytes |

Taught in: faster_and_bigger.
"""

import inspect
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from nanogpt_lib.checks import one_of, problem
from nanogpt_lib.process import LATER
from nanogpt_lib.promises import block_size_of, loss_of, scored
from nanogpt_lib.training_run import TrainingRun

DEVICES = ("cpu", "cuda", "auto")
TORCHRUN = "torchrun --standalone --nproc-per-node=2 -m nanogpt_lib.train --preset NAME"
_NUMBERS = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
_ADDRESS = ("MASTER_ADDR", "MASTER_PORT")
_LONGEST_WAIT = timedelta(minutes=10)  # for the slowest of them, which may be saving


@dataclass
class Ranks:
    """The processes that train together, as one of them sees them; by default it is alone.

    Args:    rank: the number of this process, from 0; the first alone prints and saves.
             size: how many there are.   place, here: the same two, counted on this machine.
    Example:
        >>> Ranks().is_first, Ranks(rank=1, size=4).rows(8)
        (True, slice(2, 4, None))

    Source:  Li et al. (2020), PyTorch Distributed.   Taught in: faster_and_bigger.
    """

    rank: int = 0
    size: int = 1
    place: int = 0
    here: int = 1
    _stop: bool = field(default=False, init=False)  # this process was interrupted
    _agreed: bool = field(default=False, init=False)  # all know that one was

    @classmethod
    def from_environment(cls) -> "Ranks":
        """Return what torchrun told this process; without torchrun it is alone.

        Raises:  ValueError: a part of it is missing, or no such number.
        """
        if not {"RANK", "WORLD_SIZE"} & os.environ.keys():
            return cls()
        if missing := [name for name in (*_NUMBERS, *_ADDRESS) if not os.environ.get(name)]:
            raise problem(
                f"{', '.join(_NUMBERS + _ADDRESS)} in the environment, or none of them",
                f"it without {', '.join(missing)}",
                f"Let torchrun set them: {TORCHRUN}.",
            )
        told = [os.environ[name] for name in _NUMBERS]
        rank, size, place, here = (int(number) if number.isdecimal() else -1 for number in told)
        if not (0 <= rank < size and 0 <= place < here <= size):
            raise problem(
                "0 <= RANK < WORLD_SIZE and 0 <= LOCAL_RANK < LOCAL_WORLD_SIZE <= WORLD_SIZE",
                ", ".join(f"{name}={number}" for name, number in zip(_NUMBERS, told, strict=True)),
                f"Let torchrun set them: {TORCHRUN}.",
            )
        return cls(rank, size, place, here)

    @property
    def is_first(self) -> bool:
        """Tell whether this process is the one that prints and saves."""
        return self.rank == 0

    def device(self, wish: str) -> torch.device:
        """Return where this process computes: on the CPU, or on a GPU that it has for itself.

        Args:    wish: "cpu", "cuda", or "auto" for a GPU where there is one.
        Raises:  ValueError: there is no GPU, or fewer than processes; or another wish.
        """
        gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if one_of("device", wish, DEVICES) == "cpu" or (wish == "auto" and not gpus):
            return torch.device("cpu")
        if not gpus:
            raise problem(
                "a GPU that torch can use",
                f"none, with torch {torch.__version__}",
                "Take --device cpu; or install a torch that is built for the CUDA of your GPU.",
            )
        if self.here > gpus:
            raise problem(
                f"a GPU for each of the {self.here} processes here",
                f"{gpus}",
                f"Start fewer: torchrun --nproc-per-node={gpus}.",
            )
        return torch.device("cuda", self.place)

    def rows(self, batch_size: int) -> slice:
        """Return which rows of a batch this process computes.

        Raises:  ValueError: they cannot be shared evenly.
        """
        each, rest = divmod(batch_size, self.size)
        if rest or not each:
            fitting = [f"{count * self.size}" for count in (each, each + 1) if count]
            raise problem(
                f"a batch_size that {self.size} processes share evenly",
                f"{batch_size}",
                f"Choose batch_size={' or '.join(fitting)}, or another number of processes.",
            )
        return slice(self.rank * each, (self.rank + 1) * each)

    @contextmanager
    def joined(self, device: torch.device) -> Iterator[None]:
        """Connect the processes for the length of the block; alone, do nothing.

        In the block an interrupt, or SIGTERM, is not answered by the process that hears of it: with the
        next loss that they compute, all learn of it, and all stop between the same two steps.

        Raises:  ConnectionError: they do not find each other.
        """
        if self.size == 1:
            yield
            return
        if device.type == "cuda":
            torch.cuda.set_device(device)
        try:
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_LONGEST_WAIT)
        except (RuntimeError, ValueError) as error:
            told = problem(
                f"{self.size} processes that meet at MASTER_ADDR:MASTER_PORT",
                f"{':'.join(os.environ[name] for name in _ADDRESS)}, where torch says {_first_line(error)!r}",
                f"Start all of them at once, with a port that is free; torchrun finds one: {TORCHRUN}.",
            )
            raise ConnectionError(str(told)) from error
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            dist.destroy_process_group()

    def shared(self, model: nn.Module, device: torch.device) -> nn.Module:
        """Return the model in the form that all processes train together; alone on a CPU, as it is."""
        return model if self.size == 1 and device.type == "cpu" else Shared(model, self)

    def mean(self, loss: torch.Tensor) -> torch.Tensor:
        """Return the mean of all processes' losses; its gradient is that of this process's own loss.

        Raises:  KeyboardInterrupt: one of the processes was interrupted, and all of them know.
        """
        if self.size == 1:
            return loss
        told = torch.stack([loss.detach().reshape(()), loss.new_tensor(float(self._stop))])
        dist.all_reduce(told)
        if told[1] > 0 and not self._agreed:
            self._agreed = True
            signal.raise_signal(signal.SIGINT)
        mean: torch.Tensor = _WithValue.apply(loss, told[0].reshape(loss.shape) / self.size)
        return mean

    def told(self, error: Exception) -> str:
        """Return what this process says of an error; nothing, where the first process says the same."""
        if self.size > 1 and isinstance(error, RuntimeError) and _is_loss_of_contact(error):
            error = problem(
                f"all {self.size} processes to stay until the end",
                f"the end of another one, seen by process {self.rank}",
                "What it said stands above, or it was killed, as for want of memory; the run ends here.",
            )
        elif self.size > 1 and not self.is_first:
            same = isinstance(error, ValueError) and self.here == self.size  # one machine, one set of files
            return "" if same else f"{error} (in process {self.rank})"
        return str(error)

    def _hear(self, number: int, _: object) -> object:
        if self._agreed and number == signal.SIGINT:
            for later in (signal.SIGINT, signal.SIGTERM):
                signal.signal(later, signal.SIG_IGN)
            raise KeyboardInterrupt
        self._stop = True
        return LATER


class Shared(nn.Module):
    """A model that is called with whole batches, and of which each process computes its rows.

    Args:    model: returns (logits, loss), and has a block_size; its weights stay its own.
             ranks: the processes, which are joined.
    Returns: calling it with (idx, targets) gives the logits of this process's rows, and the mean loss of all
             rows. Its backward pass leaves in every process the gradient of that mean.
    Raises:  ValueError: the rows cannot be shared evenly.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> ids = torch.zeros(2, 3, dtype=torch.long)
        >>> Shared(BigramLM(5), Ranks())(ids, ids)[0].shape
        torch.Size([2, 3, 5])

    Source:  Li et al. (2020), PyTorch Distributed.   Taught in: faster_and_bigger.
    """

    def __init__(self, model: nn.Module, ranks: Ranks) -> None:
        super().__init__()
        self.block_size = block_size_of(model)
        self.ranks = ranks
        self.model = model if ranks.size == 1 else DistributedDataParallel(model, **_without_buffers())

    def forward(self, idx: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        rows = self.ranks.rows(len(idx))
        with _own_draws(self.ranks.rank, wanted=self.training):
            answer = self.model(idx[rows], targets[rows])
        return scored(answer)[0], self.ranks.mean(loss_of(answer))


def move(run: TrainingRun, device: torch.device) -> None:
    """Move a run's model and its optimiser's state to the device where they are to be trained.

    A checkpoint of the run is the same wherever it was trained: its numbers come back on the CPU.

    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> from nanogpt_lib.training_run import TrainConfig
        >>> run = TrainingRun(BigramLM(8), TrainConfig(batch_size=4, max_iters=3, learning_rate=1e-2))
        >>> move(run, torch.device("meta"))
        >>> next(run.model.parameters()).device
        device(type='meta')

    Taught in: faster_and_bigger.
    """
    if device.type != "cpu":
        run.model.to(device)
        run.optimizer.load_state_dict(run.optimizer.state_dict())  # puts each number beside its weight


class _WithValue(torch.autograd.Function):
    """A loss with another value and its own gradient."""

    @staticmethod
    def forward(ctx: Any, loss: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        return value

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradients[0], None


@contextmanager
def _own_draws(rank: int, *, wanted: bool) -> Iterator[None]:
    """Draw dropout from a stream that follows from the common one and the rank; the common one stays as it was.

    A GPU's own stream is no part of a checkpoint; seeded so, it is the same again after a resume.
    """
    if not wanted:
        yield
        return
    common = torch.get_rng_state()
    torch.manual_seed(int(torch.randint(2**62, ())) + rank)  # the GPU's stream, too
    try:
        yield
    finally:
        torch.set_rng_state(common)


def _without_buffers() -> dict[str, bool]:
    """Return the option that keeps masks, the same everywhere, from being sent; torch 2.13 renamed it."""
    known = inspect.signature(DistributedDataParallel).parameters
    return {"forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers": False}


def _is_loss_of_contact(error: RuntimeError) -> bool:
    return isinstance(error, dist.DistError) or "gloo" in str(error)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
