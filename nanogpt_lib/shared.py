"""Train one model in several processes: each computes its rows of a batch, and all make the same step.

Every process holds the whole model and draws every batch as one process would. The loss is a mean over rows,
so the mean of the processes' gradients is the gradient of the whole batch: they make the run of one process,
up to rounding. Only dropout differs: each process draws its masks from a stream of its own, which follows
from the common stream and its rank. A run that goes on with as many processes as before draws the same masks.

Taught in: faster_and_bigger.
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from nanogpt_lib.kinds import ids, instance
from nanogpt_lib.optimizer import require_own_parameters
from nanogpt_lib.promises import block_size_of, loss_of, module_of, scored
from nanogpt_lib.ranks import Ranks
from nanogpt_lib.training_run import TrainingRun

_NO_DEVICE = 'Take Ranks().device("auto").'
_NO_RANKS = "Take Ranks.from_environment()."


class Shared(nn.Module):
    """A model that is called with whole batches, and of which each process computes its rows.

    Keep it until the backward pass is over: what averages the gradients goes with it.

    Args:    model: returns (logits, loss), and has a block_size; its weights stay its own.
             ranks: the processes, which are joined.
    Returns: calling it with (idx, targets) gives the logits of this process's rows, and the mean loss of all
             rows. Its backward pass leaves in every process the gradient of that mean.
    Raises:  ValueError: the rows cannot be shared evenly, or are no ids.
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
        self.ranks = instance("ranks", ranks, Ranks, _NO_RANKS)
        self.model = model if ranks.size == 1 else _averaging_gradients(model)

    def forward(self, idx: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        rows = self.ranks.rows(len(ids("idx", idx, "B", "T")))
        ids("targets", targets, "B", "T")
        with _own_draws(self.ranks.rank, wanted=self.training):
            answer = self.model(idx[rows], targets[rows])
        return scored(answer)[0], self.ranks.mean(loss_of(answer))


def shared(model: nn.Module, ranks: Ranks, device: torch.device) -> nn.Module:
    """Return the form of the model that these processes train together; alone on a CPU, the model itself.

    Args:    model: on the device, where its weights stay its own.   ranks: joined.   device: of this process.
    Raises:  ValueError: a value of another kind.
    Example:
        >>> layer = nn.ReLU()
        >>> shared(layer, Ranks(), torch.device("cpu")) is layer
        True

    Taught in: faster_and_bigger.
    """
    instance("device", device, torch.device, _NO_DEVICE), instance("ranks", ranks, Ranks, _NO_RANKS)
    return module_of(model) if ranks.size == 1 and device.type == "cpu" else Shared(model, ranks)


def move(run: TrainingRun, device: torch.device) -> None:
    """Move a run's model and its optimiser's state to the device where they are to be trained.

    A checkpoint of the run is the same wherever it was trained: its numbers come back on the CPU.

    Raises:  ValueError: it is no run, or no device.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> from nanogpt_lib.training_run import TrainConfig
        >>> run = TrainingRun(BigramLM(8), TrainConfig(batch_size=4, max_iters=3, learning_rate=1e-2))
        >>> move(run, torch.device("meta"))
        >>> next(run.model.parameters()).device
        device(type='meta')

    Taught in: faster_and_bigger.
    """
    instance("run", run, TrainingRun, "Make one: TrainingRun(model, config).")
    if instance("device", device, torch.device, _NO_DEVICE).type != "cpu":
        require_own_parameters(run.optimizer, run.model)
        names = {id(parameter): name for name, parameter in run.model.named_parameters()}
        kept = run.optimizer.state_dict()
        moved = dict(run.model.to(device).named_parameters())  # torch may make new ones
        for group in run.optimizer.param_groups:
            group["params"] = [moved[names[id(parameter)]] for parameter in group["params"]]
        run.optimizer.state.clear()
        run.optimizer.load_state_dict(kept)  # puts each number beside its weight


@contextmanager
def _own_draws(rank: int, *, wanted: bool) -> Iterator[None]:
    """Draw dropout from a stream that follows from the common one and the rank; the common one stays.

    A GPU's own stream is no part of a checkpoint; seeded like this, it is the same again after a resume.
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


def _averaging_gradients(model: nn.Module) -> nn.Module:
    """Return the model with a backward pass that averages gradients; masks, which are equal, are not sent."""
    known = inspect.signature(DistributedDataParallel).parameters
    name = "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"  # before 2.13
    options: dict[str, Any] = {name: False}
    return DistributedDataParallel(model, **options)
