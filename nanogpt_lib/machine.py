"""Ask this processor what it multiplies fast, and choose the form of a training run by the answer.

Some processors have units for products in bfloat16 and are ten times faster with them; on others the same
products are twenty times slower than in float32. Nobody can know this from afar, so it is measured.

Taught in: faster_and_bigger.
"""

import time
from dataclasses import replace
from functools import cache

import torch

from nanogpt_lib.checks import real_number
from nanogpt_lib.kinds import instance
from nanogpt_lib.model import GPTConfig
from nanogpt_lib.train_config import TrainConfig

BOTH = (torch.float32, torch.bfloat16)
WORTH_IT = 1.5  # times faster the bare product has to be, since the rest of a step does not gain


@cache
def bfloat16_gain() -> float:
    """Return how many times faster a product of a training step's size is in bfloat16 than in float32.

    It takes some hundredths of a second, and is measured once in a process: the shortest of several tries,
    taken in turn, so that other work beside it disturbs little.

    Example:
        >>> bfloat16_gain() > 0
        True

    Taught in: faster_and_bigger.
    """
    pairs = {dtype: (torch.ones(1024, 192, dtype=dtype), torch.ones(192, 768, dtype=dtype)) for dtype in BOTH}
    shortest = dict.fromkeys(BOTH, float("inf"))
    for _ in range(20):
        for dtype, (x, weight) in pairs.items():
            begun = time.perf_counter()
            x @ weight
            shortest[dtype] = min(shortest[dtype], time.perf_counter() - begun)
    return shortest[torch.float32] / shortest[torch.bfloat16]


def suited(model: GPTConfig, train: TrainConfig, gain: float) -> tuple[GPTConfig, TrainConfig]:
    """Return the same setting in the form that is fastest on a processor with this gain.

    Args:    model, train: any setting; its attention and precision are chosen anew.
             gain: how many times faster its products are in bfloat16, from `bfloat16_gain`.
    Raises:  ValueError: one of them is of another kind.
    Example:
        >>> model = GPTConfig(vocab_size=65, block_size=8, n_embd=8, n_head=2, n_layer=1)
        >>> train = TrainConfig(batch_size=1, max_iters=1, learning_rate=0.1)
        >>> [suited(model, train, gain)[1].precision for gain in (0.05, 10)]
        ['float32', 'bfloat16']

    Taught in: faster_and_bigger.
    """
    instance("model", model, GPTConfig, "Take the settings of a preset.")
    instance("train", train, TrainConfig, "Take the settings of a preset.")
    is_fast = real_number("gain", gain) > WORTH_IT
    attention, precision = ("direct", "bfloat16") if is_fast else ("fused", "float32")
    return replace(model, attention=attention), replace(train, precision=precision)
