"""Give a model's logits for what comes next, and compute nothing twice where that can be avoided.

Taught in: faster_and_bigger.
"""

from typing import cast

import torch
from torch import nn

from nanogpt_lib.cache import KeyValueCache
from nanogpt_lib.checks import evaluating, one_of, problem, whole_number
from nanogpt_lib.kinds import count, ids
from nanogpt_lib.model import GPT
from nanogpt_lib.promises import block_size_of, scored
from nanogpt_lib.untouched import Untouched, is_plain

CACHES = ("recompute", "half", "slide", "off")

PARTS = {"half": 2, "slide": 8}  # into how many parts a block falls, of which the oldest is forgotten


def _cannot_slide() -> ValueError:
    return problem(
        'for cache="slide" a GPT with position="rotary", in 32 or 64 bits, without hooks or other parts',
        "another model",
        'Take cache="half", which every model can.',
    )


class Reader:
    """Read a growing text with a model, of which each call gives the logits for what comes next.

    A plain GPT is read with a `KeyValueCache`: only what is new costs something. Any other model, and one
    with a hook, reads all that it sees each time. The numbers are the same, up to rounding.

    At each call it looks whether the model is still the same. After another step of training, or with a hook
    that has come or gone, it begins again, so that the logits are those of the model as it is.

    Args:    model: returns (logits, loss), and has a block_size.
             cache: what happens where the text becomes longer than block_size. "recompute": the model sees
             the last block_size characters, each in a new place each time, so all must be read again.
             "half": it forgets the older half and reads the newer one again, once in block_size / 2
             characters. "slide": it forgets the oldest eighth and keeps the keys of all others, for which
             it needs position="rotary"; they still hold what they took from the characters that are
             forgotten, so the numbers are others. "off": as "recompute", and also the shorter text is read
             again each time.
    Raises:  ValueError: no model with a block_size, an unknown word, or "slide" for a model that cannot.
    Example:
        >>> from nanogpt_lib.model import GPT, GPTConfig
        >>> model = GPT(GPTConfig(vocab_size=65, block_size=8, n_embd=16, n_head=2, n_layer=2))
        >>> reader = Reader(model)
        >>> reader.next_logits(torch.tensor([[1, 2, 3]])).shape  # reads three positions
        torch.Size([1, 65])
        >>> reader.next_logits(torch.tensor([[1, 2, 3, 4]])).shape  # reads one
        torch.Size([1, 65])

    Taught in: faster_and_bigger.
    """

    def __init__(self, model: nn.Module, cache: str = "recompute") -> None:
        self._model, self._block_size = model, block_size_of(model)
        self._is_on = one_of("cache", cache, CACHES) != "off"
        self._hop = max(1, self._block_size // PARTS.get(cache, self._block_size))
        self._slides = cache == "slide"
        self._untouched: Untouched | None = None
        self._cache: KeyValueCache | None = None
        self._held = torch.empty(0, 0, dtype=torch.long)  # what the cache has read
        if self._slides and not (is_plain(model) and model.config.position == "rotary"):
            raise _cannot_slide()

    def begin(self, length: int) -> int:
        """Return the place in a text of this length from which on the model sees it.

        Example:
            >>> from nanogpt_lib.bigram import BigramLM
            >>> Reader(BigramLM(5)).begin(10)
            9
        """
        over = max(0, count("length", length) - self._block_size)
        return -(-over // self._hop) * self._hop  # rounded up to whole hops

    def room(self, context: torch.Tensor) -> int:
        """Return how many more positions can be read at once with what was read; 0 where all is read again.

        Example:
            >>> from nanogpt_lib.bigram import BigramLM
            >>> Reader(BigramLM(5)).room(torch.zeros(1, 1, dtype=torch.long))
            0
        """
        seen = self._seen(context)
        return 0 if self._ready(seen) is None else self._block_size - seen.shape[1]

    def is_current(self) -> bool:
        """Tell whether the last logits came from a cache, and the model is still as it was then."""
        return self._untouched is not None and self._untouched.holds()

    def next_logits(self, context: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, V) for what follows a context (B, T) of any length T >= 1."""
        return self.last_logits(context, 1)[:, -1]

    def last_logits(self, context: torch.Tensor, last: int) -> torch.Tensor:
        """Return the logits (B, last, V) of the last positions that the model sees of a context (B, T).

        Raises ValueError for a context without a character or of another kind, and for a `last` below 1 or
        above what the model sees.
        """
        seen = self._seen(context)
        if not 1 <= whole_number("last", last) <= seen.shape[1]:
            raise problem(
                f"1 <= last <= {seen.shape[1]}, what the model sees", f"{last}", "Take 1 for what comes next."
            )
        cache = self._ready(seen)
        if cache is None and self._slides:
            raise _cannot_slide()
        if cache is None:
            with evaluating(self._model):
                logits, _ = scored(self._model(seen))  # (B, T) -> (B, T, V)
            return logits[:, -last:]
        if self._slides and self._has_moved_on(seen):
            cache.drop(self._hop)
            self._held = self._held[:, self._hop :]
        cache.forget(self._shared(seen[:, : seen.shape[1] - last]))
        logits = cache.read(seen[:, cache.length :], last)
        self._held = seen.clone()  # the caller may write into its own
        return logits

    def _seen(self, context: torch.Tensor) -> torch.Tensor:
        """Return what the model sees of a context."""
        ids("context", context, "B", "T")
        return context[:, self.begin(context.shape[1]) :]

    def _ready(self, seen: torch.Tensor) -> KeyValueCache | None:
        """Return a cache for this batch and for the model as it is, or None where there can be none."""
        if not self._is_on or seen.is_meta or torch.is_autocast_enabled(seen.device.type):
            return None
        model = self._model
        if self._untouched is None or not self._untouched.holds():
            self._untouched, self._cache = None, None
            if not is_plain(model):
                return None
            self._untouched = Untouched(model)
        if self._cache is None or len(seen) != len(self._held):
            self._cache, self._held = KeyValueCache(cast(GPT, model), len(seen)), seen[:, :0]
        return self._cache

    def _has_moved_on(self, seen: torch.Tensor) -> bool:
        """Tell whether this is the full block that the cache has read, without its oldest part."""
        rest = self._held[:, self._hop :]
        is_full = self._held.shape[1] == self._block_size and rest.shape[1] < seen.shape[1]
        return is_full and torch.equal(rest, seen[:, : rest.shape[1]])

    def _shared(self, seen: torch.Tensor) -> int:
        """Return how many of these positions (B, T) the cache has read, up to the first that differs."""
        shared = min(self._held.shape[1], seen.shape[1])
        held, seen = self._held[:, :shared], seen[:, :shared]
        if torch.equal(held, seen):
            return shared
        return int((held == seen).all(dim=0).cumprod(dim=0).sum())
