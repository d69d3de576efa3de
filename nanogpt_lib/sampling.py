"""Go from logits to text: first the probabilities, which are a pure function, then the drawing.

Taught in: sampling.
"""

from collections.abc import Iterator
from functools import partial
from sys import float_info
from typing import Any

import torch
from torch import nn

from nanogpt_lib.checks import plain, problem
from nanogpt_lib.drafts import Drafts, Guesser, Shaping, verified
from nanogpt_lib.kinds import count, floats, ids, instance, random_stream, room
from nanogpt_lib.messages import described
from nanogpt_lib.reader import Reader


def next_token_probs(
    logits: torch.Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> torch.Tensor:
    """Return probabilities of what comes next, after temperature, then top-k, then top-p.

    Args:    logits: (..., V) float.
             temperature: below 1 sharpens, above 1 flattens; 0 is greedy: all on the first highest.
             top_k: keep the k likeliest, and what ties with the last of them; more than V keeps all.
             top_p: keep the fewest likeliest that together reach p; the first is always kept.
    Returns: (..., V); every row sums to 1.
    Raises:  ValueError: temperature < 0, top_k < 1, top_p outside (0, 1], or a row of logits whose
             highest is no finite number; an argument of another kind.
    Example:
        >>> next_token_probs(torch.tensor([2.0, 1.0, 0.0]), top_k=2)
        tensor([0.7311, 0.2689, 0.0000])
        >>> next_token_probs(torch.tensor([2.0, 1.0, 0.0]), temperature=0.0)
        tensor([1., 0., 0.])

    Source:  top-k: Fan et al. (2018); top-p: Holtzman et al. (2020).   Taught in: sampling.
    """
    temperature, top_k, top_p = _settled(temperature, top_k, top_p)
    if floats("logits", logits, ..., "V")[-1] == 0 or logits.is_meta:
        raise problem("logits of at least one character", described(logits), "Pass logits[:, -1].")
    highest = logits.amax(dim=-1, keepdim=True)  # a NaN, where there is one
    if not bool((highest - highest == 0).all()):  # NaN where it is infinite; quicker than isfinite
        raise problem(
            "logits whose highest is a finite number",
            f"{highest[~highest.isfinite()][0].item()}",
            "The training diverged; load an earlier save.",
        )
    if temperature == 0:
        return nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
    # Lowered by their highest first: a tiny temperature then makes -inf, and never inf - inf.
    logits = (logits - highest) / max(temperature, torch.finfo(logits.dtype).tiny)
    if top_k is not None:
        last_kept = logits.topk(min(top_k, logits.shape[-1]), dim=-1).values[..., -1:]
        logits = logits.masked_fill(logits < last_kept, float("-inf"))
    probs = logits.softmax(dim=-1)
    if top_p is not None and top_p < 1:  # at 1 a rounded sum would drop what is very unlikely
        ordered, order = probs.sort(dim=-1, descending=True, stable=True)
        before = ordered.cumsum(dim=-1) - ordered  # what the likelier ones hold together
        enough = before >= top_p
        enough[..., 0] = False  # a top_p so small that it is 0 beside these floats keeps the first, too
        dropped = enough.scatter(-1, order, enough)  # back in the vocabulary's order
        probs = probs.masked_fill(dropped, 0.0)
        probs = probs / probs.sum(dim=-1, keepdim=True)
    return probs


def stream(
    model: nn.Module,
    idx: torch.Tensor,
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
    cache: str = "recompute",
    drafts: Drafts | None = None,
) -> Iterator[torch.Tensor]:
    """Draw one token at a time and hand each over at once.

    The model sees the last block_size tokens of the context. A GPT keeps the keys and values of what it has
    read, where nobody looks on by a hook; the numbers are the same, up to rounding. Between two tokens the
    model is in the mode in which it came, so training may go on beside a stream.

    Args:    model: returns (logits, loss), and has a block_size.   idx: (B, T) int64, T >= 1.
             max_new_tokens: how many to draw, 0 or more.   temperature, top_k, top_p: as in
             next_token_probs.   generator: what draws; None is torch's global stream.
             cache: "recompute", "half", "slide" or "off", see `reader.Reader`.
             drafts: guesses that the model judges several at a time, for one text alone; another text under
             the same seed, of the same probabilities.
    Returns: an iterator of (B, 1) int64, on idx's device.
    Raises:  ValueError: an empty context, a setting out of range, or drafts for a batch or of another
             vocabulary; at the call, not later.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> start = torch.zeros(1, 1, dtype=torch.long)
        >>> len(list(stream(BigramLM(5), start, max_new_tokens=3)))
        3

    Taught in: sampling.
    """
    temperature, top_k, top_p = _settled(temperature, top_k, top_p)
    max_new_tokens, generator = count("max_new_tokens", max_new_tokens), random_stream(generator)
    if ids("idx", idx, "B", "T").numel() == 0:
        raise problem(
            "a context of at least one token",
            f"{idx.shape[1]} tokens" if len(idx) else "an empty batch",
            "Start from a newline: torch.zeros((1, 1), dtype=torch.long).",
        )
    reader = Reader(model, cache)
    settings = partial(next_token_probs, temperature=temperature, top_k=top_k, top_p=top_p)

    def draw(context: torch.Tensor) -> Iterator[torch.Tensor]:
        for _ in range(max_new_tokens):
            context = context[:, reader.begin(context.shape[1]) :]
            logits = reader.next_logits(context)  # (B, V)
            probs = settings(logits)  # (B, V)
            token = torch.multinomial(probs, num_samples=1, generator=generator)  # (B, 1)
            context = torch.cat([context, token], dim=1)
            yield token

    if drafts is None:
        return draw(idx)
    return _drafted(reader, idx, max_new_tokens, _guesser(drafts, model, idx, settings), generator)


def _guesser(drafts: Drafts, model: nn.Module, idx: torch.Tensor, shaping: Shaping) -> Guesser:
    instance("drafts", drafts, Drafts, "Make them: Drafts(NGramLM(train_data, order=3, vocab_size=65)).")
    if idx.is_meta:
        raise problem("idx with its ids in memory", described(idx), "Move it to the model's device.")
    if len(idx) != 1:
        raise problem("one text for drafts", f"a batch of {len(idx)}", "Write one text at a time.")
    vocab_size = getattr(getattr(model, "config", None), "vocab_size", drafts.vocab_size)
    if drafts.vocab_size != vocab_size:
        raise problem(
            f"drafts of {vocab_size} characters, as the model has",
            f"{drafts.vocab_size}",
            "Count the text that the model was trained on, with its tokenizer.",
        )
    return Guesser(drafts, shaping)


def _drafted(
    reader: Reader, context: torch.Tensor, count: int, guesser: Guesser, generator: torch.Generator | None
) -> Iterator[torch.Tensor]:
    """Draw one token at a time, several for each call of the model where guesses are kept."""
    at = context.device if generator is None else generator.device
    while count > 0:
        context = context[:, reader.begin(context.shape[1]) :]
        k = min(guesser.drafts.at_once, reader.room(context), count - 1)
        luck = torch.rand(2 * k + 1, dtype=torch.float64, generator=generator, device=at).tolist()
        guesses, guess_probs = guesser.guess(context[0], luck[:k])
        longer = torch.cat([context, context.new_tensor([guesses])], dim=1)  # (1, T + k)
        probs = guesser.shaping(reader.last_logits(longer, k + 1)[0])  # (k + 1, V)
        for id_ in verified(probs.cpu(), guesses, guess_probs, luck[k:]):
            token = context.new_tensor([[id_]])
            context, count = torch.cat([context, token], dim=1), count - 1
            yield token
            if not reader.is_current():  # the model has changed: what follows was drawn with the old weights
                break


def generate(model: nn.Module, idx: torch.Tensor, max_new_tokens: int, **settings: Any) -> torch.Tensor:
    """Return the context and what the model writes after it.

    Args:    as `stream`.
    Returns: (B, T + max_new_tokens) int64; the first T columns are idx.
    Raises:  ValueError: an empty context, or a setting out of range.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> start = torch.zeros(1, 1, dtype=torch.long)
        >>> generate(BigramLM(5), start, max_new_tokens=3).shape
        torch.Size([1, 4])

    Taught in: sampling.
    """
    room("a text", len(ids("idx", idx, "B", "T")), count("max_new_tokens", max_new_tokens))
    return torch.cat([idx, *stream(model, idx, max_new_tokens, **settings)], dim=1)


def _settled(temperature: object, top_k: object, top_p: object) -> tuple[float, int | None, float | None]:
    """Return the three settings as Python's own numbers, known to be in range."""
    heat: Any = plain(temperature)
    if not isinstance(heat, int | float) or isinstance(heat, bool) or not 0 <= heat <= float_info.max:
        raise problem(
            "a finite temperature >= 0",
            described(temperature),
            "Take 1 for the model's own probabilities, 0 for greedy.",
        )
    kept: Any = plain(top_k)
    share: Any = plain(top_p)
    if kept is not None and (not isinstance(kept, int) or isinstance(kept, bool) or kept < 1):
        raise problem("top_k a whole number >= 1, or None", described(top_k), "Take None to keep all.")
    if share is not None and (
        not isinstance(share, int | float) or isinstance(share, bool) or not 0 < share <= 1
    ):
        raise problem("0 < top_p <= 1, or None", described(top_p), "Take None to keep all.")
    return float(heat), None if kept is None else int(kept), None if share is None else float(share)
