"""Know the processes that train one model together: their numbers, devices, and what they tell each other.

`torchrun` starts them, and tells each its number, the rank, in environment variables. With every loss that
they compute they also agree whether to go on, so that all stop between the same two steps.

| when you have | do this | command (TRAIN is `-m nanogpt_lib.train` with your options) |
|---|---|---|
| a model that a processor trains in minutes | nothing: torch uses all cores | `python TRAIN` |
| one GPU | compute there | `python TRAIN --device cuda --precision bfloat16` |
| several GPUs in one machine | a copy of the model on each | `torchrun --standalone \
--nproc-per-node=4 TRAIN --device cuda` |
| several machines, each with the text and the checkpoint | the same, on all at once | `torchrun --nnodes=2 \
--nproc-per-node=4 --rdzv-backend=c10d --rdzv-endpoint=HOST:29500 TRAIN --device cuda` |
| a model that fills more than one GPU: 16 bytes per weight with its gradient and running means | keep a \
part of each weight on each GPU: `torch.distributed.fsdp.fully_shard` | none here: these models are small |

Taught in: faster_and_bigger.
"""

import io
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from nanogpt_lib.checks import one_of, positive_int, problem, settle
from nanogpt_lib.kinds import count
from nanogpt_lib.process import LATER

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
    Raises:  ValueError: numbers that no process can have.
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

    def __post_init__(self) -> None:
        settle(self, count, "rank", "place")
        settle(self, positive_int, "size", "here")
        if not (self.rank < self.size and self.place < self.here <= self.size):
            raise problem(
                "rank < size, and place < here <= size",
                f"rank={self.rank}, size={self.size}, place={self.place}, here={self.here}",
                f"Let torchrun count them: {TORCHRUN}.",
            )

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
        told = {name: os.environ[name] for name in _NUMBERS}
        if strange := [f"{name}={number!r}" for name, number in told.items() if not number.isdecimal()]:
            raise problem(
                "whole numbers in the environment", strange[0], f"Let torchrun set them: {TORCHRUN}."
            )
        rank, size, place, here = map(int, told.values())
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
        each, rest = divmod(positive_int("batch_size", batch_size), self.size)
        if rest or not each:
            fitting = [f"{rows * self.size}" for rows in (each, each + 1) if rows]
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

    def meet(self) -> None:
        """Wait here for the others, such as for the first, which is saving.

        Raises:  RuntimeError: one of them has ended.
        """
        if self.size > 1:
            dist.barrier()

    def from_first(self, number: float) -> float:
        """Return the number that the first process has, so that all of them decide by the same one."""
        if self.size == 1:
            return number
        said: list[float] = [number]
        dist.broadcast_object_list(said, src=0)
        return said[0]

    def require_same(self, what: str, mine: str) -> None:
        """Refuse to train where the processes, on several machines say, did not begin with the same.

        Args:    what: to call it in the message.   mine: what this process has, or a hash of it.
        Raises:  ValueError: they differ.
        """
        if self.size == 1:
            return
        found: list[str] = [""] * self.size
        dist.all_gather_object(found, mine)
        if differing := [str(rank) for rank, other in enumerate(found) if other != found[0]]:
            raise problem(
                f"the same {what} in all {self.size} processes",
                f"another in {', '.join(differing)} than in 0",
                "Give all of them the same files and options.",
            )

    @contextmanager
    def first_speaks(self) -> Iterator[None]:
        """Let what the block writes come from the first process alone, where all would write the same."""
        if self.is_first:
            yield
            return
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield

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
        mean: torch.Tensor = _WithValue.apply(  # type: ignore[no-untyped-call]
            loss, told[0].reshape(loss.shape) / self.size
        )
        return mean

    def told(self, error: Exception) -> str:
        """Return what this process says of an error; nothing, where the first process says the same."""
        if self.size > 1 and isinstance(error, RuntimeError) and _is_loss_of_contact(error):
            error = problem(
                f"all {self.size} processes to stay until the end",
                f"no answer from another one (in process {self.rank})",
                "It said why above, or it was killed, as for want of memory; this ends the run.",
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


class _WithValue(torch.autograd.Function):
    """A loss with another value and its own gradient."""

    @staticmethod
    def forward(ctx: Any, loss: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        return value

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradients[0], None


def _is_loss_of_contact(error: RuntimeError) -> bool:
    return isinstance(error, dist.DistError) or "gloo" in str(error)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
