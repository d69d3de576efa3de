"""Say in words on what kind of machine something was measured; its name is left out.

Taught in: faster_and_bigger.
"""

import os
import platform
import time
from typing import NamedTuple

import torch

from nanogpt_lib.bench.in_turn import quartiles
from nanogpt_lib.machine import bfloat16_gain

SIZE, TIMES = 512, 5  # of a square matrix; products of which the median counts


class Machine(NamedTuple):
    """What a reader needs to compare numbers from two machines; `float32` in 10^9 operations per second.

    Taught in: faster_and_bigger.
    """

    system: str
    python: str
    torch: str
    cores: int
    threads: int
    vectors: str
    float32: float
    bfloat16_gain: float
    load: float | None  # of the last minute; None where the system does not count it

    @property
    def words(self) -> str:
        """Return all of it as sentences.

        Example:
            >>> print(Machine("Linux x86_64", "3.13.0", "2.13.0", 2, 2, "AVX2", 60.0, 0.05, None).words)
            Linux x86_64, 2 cores, 2 threads of torch 2.13.0, Python 3.13.0, vector units AVX2. Products of
            matrices: 60 GFLOP/s in float32, in bfloat16 0.05 times as fast. Load at the beginning: not known.
        """
        load = "not known" if self.load is None else f"{self.load:.1f} processes"
        return (
            f"{self.system}, {self.cores} cores, {self.threads} threads of torch {self.torch}, "
            f"Python {self.python}, vector units {self.vectors}. Products of matrices: "
            f"{self.float32:.0f} GFLOP/s in float32, in bfloat16 {self.bfloat16_gain:.2f} times as fast. "
            f"Load at the beginning: {load}."
        )


def this_machine() -> Machine:
    """Return what this machine is, with the speed of a product measured now.

    Example:
        >>> this_machine().threads == torch.get_num_threads()
        True

    Taught in: faster_and_bigger.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None  # before anything is measured
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        torch=torch.__version__,
        cores=os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        vectors=torch.backends.cpu.get_cpu_capability(),
        float32=_gigaflops(),
        bfloat16_gain=bfloat16_gain(),
        load=load,
    )


def _gigaflops() -> float:
    matrix = torch.ones(SIZE, SIZE)
    times = []
    for _ in range(1 + TIMES):
        before = time.perf_counter()
        torch.mm(matrix, matrix)
        times.append(time.perf_counter() - before)
    return 2 * SIZE**3 / quartiles(times[1:]).median / 1e9
