"""Ask whether a GPT is as it was built, and notice when something in it has changed.

`cache` takes a GPT's weights and computes by itself, so whatever else happens in the model, it does not see:
a hook that looks on or changes a number, a part that was replaced, a training step in between.

Taught in: faster_and_bigger.
"""

from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import Any, TypeGuard

import torch
from torch import nn
from torch.nn.modules import module as torch_modules

from nanogpt_lib.attention import Head, MultiHeadAttention
from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.fused_attention import FusedAttention
from nanogpt_lib.heads import layers_of_heads
from nanogpt_lib.kinds import instance
from nanogpt_lib.model import GPT, GPTConfig

DTYPES = (torch.float32, torch.float64)  # with fewer digits, another order of sums is another text
SETTINGS = (
    "block_size",
    "config",
    "residual",
    "norm",
    "scale",
    "eps",
    "max_norm",
)  # what it reads
SAMPLED = 16  # one number in so many, of a bias or along a matrix's diagonal


def is_plain(model: object) -> TypeGuard[GPT]:
    """Tell whether this is a GPT as the library builds it, and nobody looks on or changes what it computes.

    Not plain are: a subclass, a model with another part in it, attention of a kind that `cache` does not
    know, a hook, a mask that was changed, weights of several kinds, and weights with fewer than 32 bits.

    Example:
        >>> model = GPT(GPTConfig(vocab_size=65, block_size=8, n_embd=16, n_head=2, n_layer=2))
        >>> is_plain(model)
        True
        >>> model.lm_head = nn.Sequential(model.lm_head, nn.Tanh())
        >>> is_plain(model)
        False

    Taught in: faster_and_bigger.
    """
    if type(model) is not GPT or model.block_size != model.config.block_size:
        return False
    parts, weights = list(model.modules()), list(model.parameters())
    kinds = {(weight.dtype, weight.device) for weight in weights}
    return (
        [type(part) for part in parts] == _kinds_of_parts(model.config)
        and len(kinds) == 1
        and weights[0].dtype in DTYPES
        and not any(weight.is_meta or weight.is_inference() for weight in weights)
        and all(isinstance(layer, MultiHeadAttention | FusedAttention) for layer in layers_of_heads(model))
        and not any(_hooks(parts))
        and not any({"forward", "scores", "steps"} & vars(part).keys() for part in parts)
        and _all_causal([part.mask for part in parts if isinstance(part, Head)])
    )


@lru_cache(maxsize=16)
def _kinds_of_parts(config: GPTConfig) -> list[type[nn.Module]]:
    """Return the class of each part of a new GPT of this form, however small."""
    small = replace(config, vocab_size=1, block_size=1, n_embd=2 * config.n_head)
    return [type(part) for part in GPT(small, generator=torch.Generator()).modules()]


def _hooks(parts: list[nn.Module]) -> list[dict[int, Any]]:
    """Return the dicts of forward hooks: each part's own, and torch's for all modules."""
    own = [hooks for part in parts for hooks in (part._forward_hooks, part._forward_pre_hooks)]
    return [*own, torch_modules._global_forward_hooks, torch_modules._global_forward_pre_hooks]


def _all_causal(masks: list[torch.Tensor]) -> bool:
    if not masks:
        return True
    right = causal_mask(len(masks[0]), masks[0].device)
    return all(torch.equal(mask, right) for mask in masks)


class Untouched:
    """Remember a plain GPT, and tell later whether it still is the same.

    torch counts the changes of a tensor. A fused optimiser does not count its own, and neither does anybody
    who writes through `.data`; so some numbers of each tensor are compared, too. A step of training changes
    all of them. What escapes is a hand that writes a few single numbers through `.data`.

    Args:    model: a GPT.
    Example:
        >>> model = GPT(GPTConfig(vocab_size=65, block_size=8, n_embd=16, n_head=2, n_layer=2))
        >>> before = Untouched(model)
        >>> _ = nn.init.zeros_(model.lm_head.bias)
        >>> before.holds(), Untouched(model).holds()
        (False, True)

    Taught in: faster_and_bigger.
    """

    def __init__(self, model: GPT) -> None:
        parts = list(instance("model", model, GPT, "Only a GPT has a cache.").modules())
        self._hooks = _hooks(parts)
        self._attributes = [vars(part) for part in parts]
        self._settings = [(owner, name) for owner in self._attributes for name in SETTINGS if name in owner]
        self._owners: list[Any] = [
            owned for part in parts for owned in (part._modules, part._parameters, part._buffers) if owned
        ]
        self._tensors = [*model.parameters(), *model.buffers()]
        self._samples = [_sample(weight.detach()) for weight in model.parameters()]
        is_here = all(sample.device.type == "cpu" for sample in self._samples)
        self._arrays = [sample.numpy() for sample in self._samples] if is_here else []
        self._kept = self._owned()  # so that no new object can take the place of an old one in memory
        self._before = self._now()

    def holds(self) -> bool:
        """Tell whether the model is as it was, and nobody looks on."""
        return not any(self._hooks) and self._now() == self._before

    def _owned(self) -> list[object]:
        return list(chain.from_iterable(map(dict.values, self._owners)))

    def _now(self) -> tuple[list[Any], ...]:
        """Return what differs after a part was replaced, a setting changed, or a tensor was written to."""
        return (
            list(map(id, self._owned())),
            list(map(len, self._attributes)),
            [owner.get(name) for owner, name in self._settings],
            [tensor._version for tensor in self._tensors],
            [tensor.data_ptr() for tensor in self._tensors],
            [array.item(-1) for array in self._arrays] or torch.cat(self._samples).tolist(),
        )


def _sample(weight: torch.Tensor) -> torch.Tensor:
    """Return a view of some of the numbers: (few,)."""
    return (weight.diagonal() if weight.dim() == 2 else weight)[::SAMPLED]
