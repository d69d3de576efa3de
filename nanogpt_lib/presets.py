"""Named settings: the four rungs of the reference, the model that comes with the project, and two fast ones.

The rungs keep the reference's slip of scaling by the root of n_embd where that of head_size is
meant, because they exist to reproduce its log; the lesson scaling measures what the slip costs.

Taught in: experiments.
"""

from dataclasses import replace
from typing import NamedTuple

from nanogpt_lib.checks import problem
from nanogpt_lib.messages import described
from nanogpt_lib.model import GPTConfig
from nanogpt_lib.training_run import TrainConfig


class Preset(NamedTuple):
    """One named setting: what to build and how to train it.

    Taught in: experiments.
    """

    model: GPTConfig
    train: TrainConfig


_BASELINE = Preset(
    GPTConfig(vocab_size=65, block_size=32, n_embd=64, n_head=4, n_layer=4, scale=64**-0.5),
    TrainConfig(batch_size=16, max_iters=5_000, learning_rate=1e-3),
)
_LONGER = Preset(
    _BASELINE.model, replace(_BASELINE.train, max_iters=10_000, learning_rate=4e-3, eval_iters=400)
)
_WIDER = Preset(
    replace(_LONGER.model, block_size=128, n_head=8, dropout=0.2),
    replace(_LONGER.train, batch_size=32, eval_interval=200, learning_rate=5e-3),
)
_DEEP = Preset(
    replace(_WIDER.model, block_size=256, n_head=16, n_layer=8),
    replace(_WIDER.train, batch_size=64, max_iters=20_000, eval_interval=1_000, eval_iters=2_000),
)

LADDER = {
    "reference-baseline": _BASELINE,
    "reference-longer": _LONGER,
    "reference-wider": _WIDER,
    "reference-deep": _DEEP,
}

_SHAKESPEARE = Preset(
    GPTConfig(vocab_size=65, block_size=128, n_embd=192, n_head=6, n_layer=4, init="gpt2"),
    TrainConfig(
        batch_size=32,
        max_iters=2_500,
        learning_rate=2e-3,
        eval_interval=250,
        eval_iters=20,
        schedule="cosine",
        warmup_iters=100,
        weight_decay=0.1,
        precision="bfloat16",
    ),
)

# A small GPT with newer parts, for minutes of training.
_FAST = Preset(
    GPTConfig(
        vocab_size=65,
        block_size=128,
        n_embd=192,
        n_head=6,
        n_layer=4,
        attention="fused",
        init="zero",
        norm_kind="bare",
        activation="relu2",
        position="rotary",
        qk_norm=True,
        scale=0.35,  # queries and keys of one length cannot make a score large by themselves
        pairs=True,
        smear=True,
    ),
    TrainConfig(
        batch_size=8,
        max_iters=2_200,
        learning_rate=3e-3,
        eval_interval=1_000,
        eval_iters=20,
        schedule="trapezoid",
        optimizer="muon",
        muon_rate=0.015,
    ),
)

# The same with a longer context and more steps. It sees the text five times, so its matrices are held small.
_BEST = Preset(
    replace(_FAST.model, block_size=256, scale=None),
    replace(_FAST.train, batch_size=4, max_iters=5_500, weight_decay=0.1),
)

PRESETS = LADDER | {"shakespeare": _SHAKESPEARE, "fast": _FAST, "best-in-ten-minutes": _BEST}
SUITED = (
    "fast",
    "best-in-ten-minutes",
)  # these take the attention and the precision that are fastest on the machine at hand


def preset(name: str) -> Preset:
    """Return the settings of that name.

    Args:    name: one of PRESETS.
    Raises:  ValueError: there is none of that name; it lists those that there are.
    Example:
        >>> preset("reference-baseline").model.n_embd
        64

    Source:  the reference notebook's four runs (2023); the others are ours.   Taught in: experiments.
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise problem(f"one of {', '.join(PRESETS)}", described(name), "Choose a name from that list.")
    return PRESETS[name]
