"""Keep the keys and values of what was read, so that one more character costs one position and not all.

The keys and values of a position depend on it and on what came before it, never on what comes after. So a
GPT that writes can keep them: the next character brings its own query, and looks back at keys that are there.
`KeyValueCache` computes what `model.GPT` computes, from the same weights, in about twenty operations for each
block. It calls no module: for a single character, calling modules costs more than the products in them.

Taught in: faster_and_bigger.
"""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.attention import Head, MultiHeadAttention
from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.checks import positive_int, problem, shape, token_ids
from nanogpt_lib.fused_attention import FusedAttention
from nanogpt_lib.heads import Attention
from nanogpt_lib.kinds import count, instance, room, same_device
from nanogpt_lib.layers import Block, LayerNorm
from nanogpt_lib.model import GPT
from nanogpt_lib.modern import BareNorm, RMSNorm, RotaryEmbedding, SquaredReLU, turned
from nanogpt_lib.process import one_thread

Step = Callable[[torch.Tensor], torch.Tensor]
Preparation = Callable[[torch.Tensor, int], torch.Tensor]
ONE_THREAD = 2**20  # positions * numbers of the widest matrix; below it a second thread would wake too late


class KeyValueCache:
    """Read a text piece by piece, and give the logits that the GPT would give for all of it.

    The kept numbers belong to the weights that were there when they were computed. After another step of
    training they are out of date: make another cache, and read the text again.

    Args:    model: a GPT, in the mode of evaluation or not: nothing is dropped.
             batch_size: B, how many texts it reads side by side.
    Raises:  ValueError: it is no GPT, or batch_size is no positive whole number.
    Example:
        >>> from nanogpt_lib.model import GPTConfig
        >>> model = GPT(GPTConfig(vocab_size=65, block_size=8, n_embd=16, n_head=2, n_layer=2))
        >>> idx = torch.tensor([[1, 2, 3, 4]])
        >>> cache = KeyValueCache(model)
        >>> first, second = cache.read(idx[:, :3]), cache.read(idx[:, 3:])  # the second reads one position
        >>> torch.allclose(torch.cat([first, second], dim=1), model(idx)[0], atol=1e-6)
        True

    Source:  Shazeer (2019), section 2.4.   Taught in: faster_and_bigger.
    """

    def __init__(self, model: GPT, batch_size: int = 1) -> None:
        config = instance("model", model, GPT, "Write GPT(GPTConfig(vocab_size=65, ...)).").config
        B, H, S = positive_int("batch_size", batch_size), config.n_head, config.block_size
        room("a cache", B, config.n_embd, S)
        self.vocab_size, self.block_size, self.length = config.vocab_size, S, 0
        self._batch_size, self._widest = B, 4 * config.n_embd**2
        self._tokens = model.token_embedding_table.weight.detach()  # (V, C)
        self._positions = model.position_embedding_table.weight if config.position == "learned" else None
        self._pairs = model.pair_embedding_table.weight if config.pairs else None  # (V * V, C)
        self._share = model.smear.share if config.smear else None  # ()
        self._ids = torch.zeros(B, S, dtype=torch.long, device=self._tokens.device)  # what was read
        self._last_norm, self._lm_head = _norm(model.ln_f), _linear(model.lm_head)
        with torch.inference_mode():  # as in `read`, since torch notes nothing there for a backward pass
            empty = self._tokens.new_zeros(B, H, S, config.head_size)
            future = ~causal_mask(S, empty.device)
            mask = torch.zeros(S, S).to(empty).masked_fill_(future, float("-inf"))  # added to the scores
            self._blocks = [_CachedBlock(cast(Block, block), empty, mask) for block in model.blocks]

    def forget(self, length: int) -> None:
        """Keep only the first `length` positions of what was read. Raises ValueError if there are fewer."""
        if count("length", length) > self.length:
            raise problem(f"a length of at most {self.length}, what was read", f"{length}", "Read on first.")
        self.length = length

    def drop(self, oldest: int) -> None:
        """Leave out the `oldest` positions, and let all others move up to the front.

        With rotary positions a key can move: turned back by so many positions, it is as far from every query
        as before. What it took from the positions that are gone stays in it, so the logits are not those of a
        text that begins later. With a table of positions, every key would have to be computed anew.

        Args:    oldest: 0 up to as many as were read.
        Raises:  ValueError: there are fewer, or the model has a table of positions.
        """
        if count("oldest", oldest) > self.length:
            raise problem(f"at most {self.length} oldest, what was read", f"{oldest}", "Read on first.")
        if self._positions is not None:
            raise problem(
                'a model with position="rotary"',
                "one whose positions stand in a table",
                "Call forget(0) and read the text again from where it shall begin.",
            )
        left = self.length - oldest
        with torch.inference_mode():
            self._ids[:, :left] = self._ids[:, oldest : self.length].clone()
            for block in self._blocks:
                block.drop(oldest, self.length)
        self.length = left

    def read(self, idx: torch.Tensor, last: int | None = None) -> torch.Tensor:
        """Return the logits (B, T, V) of T more positions, and keep their keys and values.

        Args:    idx: (B, T) int64, what follows all that was read before.
                 last: for how many of the last positions to give logits; None is for all T. The last block
                 then leaves out what only the others would have needed.
        Raises:  ValueError: no ids, ids out of range, more than block_size positions in all, or a `last`
                 outside [1, T].
        """
        B, T = shape("idx", idx, self._batch_size, "T")
        if not 1 <= T <= self.block_size - self.length:
            raise problem(
                f"1 <= T <= {self.block_size - self.length}, the room that is left",
                f"T={T}",
                "Read at least one character at a time, and call forget(0) before another text.",
            )
        token_ids("idx", same_device("idx", idx, self._tokens), self.vocab_size)
        last = T if last is None else positive_int("last", last)
        if last > T:
            raise problem(f"last <= T={T}", f"last={last}", "Ask for no more positions than are read.")
        is_small = B * T * self._widest <= ONE_THREAD
        with torch.inference_mode(), one_thread() if is_small else nullcontext():
            x = self._embedded(idx)  # (B, T) -> (B, T, C)
            for block in self._blocks:
                x = block(x, self.length, last if block is self._blocks[-1] else T)
            logits: torch.Tensor = self._lm_head(self._last_norm(x))  # (B, last, C) -> (B, last, V)
        self.length += T
        return logits.clone()  # outside of that mode, so that it is a tensor like any other

    def _embedded(self, idx: torch.Tensor) -> torch.Tensor:
        """Look up the rows of new ids, as `GPT.scores` does."""
        before, after = self.length, self.length + idx.shape[1]
        self._ids[:, before:after] = idx
        if self._share is None or before == 0:
            x = self._rows(before, after)
            return x if self._share is None else x + self._share * F.pad(x, (0, 0, 1, 0))[:, :-1]
        x = self._rows(before - 1, after)
        return x[:, 1:] + self._share * x[:, :-1]

    def _rows(self, before: int, after: int) -> torch.Tensor:
        x = F.embedding(self._ids[:, before:after], self._tokens)
        if self._positions is not None:
            x = x + self._positions[before:after]
        if self._pairs is not None:
            seen = self._ids[:, max(0, before - 1) : after]  # with the one before, where there is one
            rows = F.embedding(seen[:, :-1] * self.vocab_size + seen[:, 1:], self._pairs)
            x = x + (rows if before else F.pad(rows, (0, 0, 1, 0)))
        return x if self._share is None else F.layer_norm(x, x.shape[-1:])


class _CachedBlock:
    """One block: the steps of its modules, and the keys and values of what was read."""

    def __init__(self, block: Block, empty: torch.Tensor, mask: torch.Tensor) -> None:
        self.norm, self.residual = block.norm, block.residual
        self.norms = _norm(block.ln1), _norm(block.ln2)
        self.qkv, self.proj = _queries_keys_values(block.sa), _linear(block.sa.proj)
        self.scales = _scales(block.sa).to(empty)[:, None, None]  # (H, 1, 1)
        self.parts = _parts_before_meeting(block.sa)
        self.prepare = [_preparation(part) for part in self.parts]
        self.wide, self.narrow = _linear(block.ffwd.net[0]), _linear(block.ffwd.net[2])
        self.is_squared = isinstance(block.ffwd.net[1], SquaredReLU)
        self.values = torch.zeros_like(empty)  # (B, H, S, D)
        self.keys = torch.zeros_like(empty.transpose(2, 3), memory_format=torch.contiguous_format)
        self.flat_keys, self.flat_values = self.keys.flatten(0, 1), self.values.flatten(0, 1)
        self.mask = mask

    def __call__(self, x: torch.Tensor, before: int, last: int) -> torch.Tensor:
        """Read T positions after `before` others: (B, T, C) -> (B, last, C), for the last of them."""
        change = self.attend(self.norms[0](x) if self.norm == "pre" else x, before, last)
        x = self.add(x if last == x.shape[1] else x[:, -last:], change, self.norms[0])
        hidden = self.wide(self.norms[1](x) if self.norm == "pre" else x).relu_()
        return self.add(x, self.narrow(hidden.square_() if self.is_squared else hidden), self.norms[1])

    def attend(self, x: torch.Tensor, before: int, last: int) -> torch.Tensor:
        """Keep the keys and values of x, and let its last positions look at all that were kept."""
        B, T, C = x.shape
        _, H, _, D = self.values.shape
        after = before + T
        qk, v = self.qkv(x).view(B, T, 3, H, D).transpose(1, 3).split([2, 1], dim=2)  # (B, H, 2 or 1, T, D)
        for step in self.prepare:
            qk = step(qk, before)
        self.keys[..., before:after] = qk[:, :, 1].transpose(2, 3)  # upright, as q @ keys wants them
        self.values[:, :, before:after] = v[:, :, 0]
        q = qk[:, :, 0, -last:] * self.scales
        scores = torch.bmm(q.reshape(B * H, last, D), self.flat_keys[..., :after])  # (B * H, last, after)
        if last > 1:  # a single newest position may look at all that is there
            scores += self.mask[after - last : after, :after]
        out = torch.bmm(scores.softmax(dim=-1), self.flat_values[:, :after])  # (B * H, last, D)
        return self.proj(out.view(B, H, last, D).transpose(1, 2).reshape(B, last, C))

    def drop(self, oldest: int, length: int) -> None:
        """Move all but the oldest keys and values to the front, and turn the keys back as far."""
        left, kept = length - oldest, self.keys[..., oldest:length].transpose(2, 3)
        for turn in (part for part in self.parts if isinstance(part, RotaryEmbedding)):
            back = turn.turns[oldest] * turn.turns.new_tensor([1.0, -1.0])  # as far, for all keys alike
            kept = turned(kept, back.expand(left, -1, -1))
        self.keys[..., :left] = kept.transpose(2, 3)
        self.values[:, :, :left] = self.values[:, :, oldest:length].clone()

    def add(self, x: torch.Tensor, change: torch.Tensor, norm: Step) -> torch.Tensor:
        """Add what a part made to the stream, as `layers.Block` does."""
        x = x + change if self.residual else change
        return norm(x) if self.norm == "post" else x


def _linear(layer: nn.Module) -> Step:
    assert isinstance(layer, nn.Linear), f"a linear layer, not {layer}"
    return partial(F.linear, weight=layer.weight, bias=layer.bias)


def _norm(layer: nn.Module) -> Step:
    if isinstance(layer, LayerNorm):
        width = layer.weight.shape
        return partial(
            F.layer_norm, normalized_shape=width, weight=layer.weight, bias=layer.bias, eps=layer.eps
        )
    if isinstance(layer, RMSNorm):
        return _root_mean_square
    if isinstance(layer, BareNorm):
        return _bare
    assert isinstance(layer, nn.Identity), f"a norm or none, not {layer}"
    return _same


def _root_mean_square(x: torch.Tensor, _: int = 0) -> torch.Tensor:
    return F.rms_norm(x, x.shape[-1:])


def _bare(x: torch.Tensor, _: int = 0) -> torch.Tensor:
    return F.layer_norm(x, x.shape[-1:])


def _same(x: torch.Tensor) -> torch.Tensor:
    return x


def _heads(layer: Attention) -> list[Head]:
    assert isinstance(layer, MultiHeadAttention), f"a list of heads, not {layer}"
    return [cast(Head, head) for head in layer.heads]


def _queries_keys_values(layer: Attention) -> Step:
    """Return one product (..., C) -> (..., 3 * C): all queries, all keys, all values."""
    if isinstance(layer, FusedAttention):
        return partial(F.linear, weight=layer.qkv)
    parts = [[head.query, head.key, head.value] for head in _heads(layer)]
    weights = [part.weight.detach() for kind in zip(*parts, strict=True) for part in kind]
    return partial(F.linear, weight=torch.cat(weights))


def _scales(layer: Attention) -> torch.Tensor:
    """Return what each head's scores are multiplied by: (H,)."""
    if isinstance(layer, FusedAttention):
        return torch.full((layer.n_head,), layer.scale, dtype=torch.float64)
    return torch.tensor([head.scale for head in _heads(layer)], dtype=torch.float64)


def _parts_before_meeting(layer: Attention) -> list[nn.Module]:
    """Return what `modern.prepared` made for the queries and keys; it is the same for all heads."""
    prepared = layer.prepared if isinstance(layer, FusedAttention) else _heads(layer)[0].prepared
    return list(prepared) if isinstance(prepared, nn.Sequential) else []


def _preparation(part: nn.Module) -> Preparation:
    """Return a step on queries and keys (..., T, D) whose first position is the one given."""
    if isinstance(part, BareNorm):
        return _bare
    assert isinstance(part, RotaryEmbedding), f"a norm or a turn, not {part}"
    turns = part.turns
    return lambda x, before: turned(x, turns[before : before + x.shape[-2]])
