"""Measure the most memory that a form takes, in a process of its own.

The system keeps one number for each process: the most memory that it ever held. So each form needs a fresh
process. A server that has imported torch, and has computed nothing, makes one for each in some milliseconds.
There the form works at a tiny size first, so that what torch and the system take once does not count.

Taught in: faster_and_bigger.
"""

import multiprocessing
import signal
import sys
from multiprocessing.connection import Connection

import numpy as np
import torch

from nanogpt_lib.bench.forms import Form, made_ready
from nanogpt_lib.bench.settings import CHARACTERS, Setting
from nanogpt_lib.model import GPTConfig

TINY = GPTConfig(vocab_size=CHARACTERS, block_size=8, n_embd=8, n_head=2, n_layer=1)
IMPORTS = (__name__, "torch._dynamo", "transformers.models.gpt2.modeling_gpt2")  # the last where it is there
UNIT = 1 if sys.platform == "darwin" else 1024  # bytes, in which the system counts


def peak_megabytes(setting: Setting, form: Form, ids: torch.Tensor) -> float | None:
    """Return the most memory that two training steps or one text take, beyond Python itself, in 10^6 bytes.

    Args:    setting, form, ids: as `forms.made_ready`.
    Returns: None where it is not measured: on a system that cannot copy a process, such as Windows; for a
             form that is compiled, since the compiler takes more than the work; for a form that fails.
    Taught in: faster_and_bigger.
    """
    if form.is_compiled or "forkserver" not in multiprocessing.get_all_start_methods():
        return None
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*IMPORTS])
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_tell_peak, args=(sender, setting, form, ids.numpy()))
    child.start()
    sender.close()
    with receiver:
        try:
            peak: int = receiver.recv()
        except EOFError:  # the child has ended without a number: the form fails, which its times tell too
            return None
        finally:  # its work is done, or was interrupted
            child.kill()
            child.join()
    return peak / 1e6


def _tell_peak(sender: Connection, setting: Setting, form: Form, ids: np.ndarray) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it too, and the parent ends it
    try:
        data = torch.from_numpy(ids)
        _work(Setting(setting.trains, 1, TINY), form, data)
        before = _most_bytes()
        _work(setting, form, data)
        sender.send(_most_bytes() - before)
    except Exception:  # of any kind: told where the form is timed
        sender.close()


def _work(setting: Setting, form: Form, ids: torch.Tensor) -> None:
    piece = made_ready(setting, form, ids)
    for _ in range(2 if setting.trains else 1):  # the second step has the optimiser's moments, too
        piece()


def _most_bytes() -> int:
    import resource  # Windows has none

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
