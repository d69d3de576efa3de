"""How a cached head writes two texts, one position at a time, and what it does when its cache is full."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers

BATCH, BLOCK = 2, 5  # texts side by side, and places in the cache
FULL = "a ValueError with words, and the cache as it was"


def to_step(seed: int) -> list[tuple]:
    """Return some (first text, second text, W_q, W_k, W_v), texts (B, T, C) of at most BLOCK positions."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for first, second, C, head_size in ((4, 2, 6, 3), (5, 5, 4, 4), (1, 3, 3, 2)):
        texts = [torch.randn(BATCH, T, C, generator=generator) for T in (first, second)]
        matrices = 0.8 * torch.randn(3, C, head_size, generator=generator)
        cases.append((*texts, *matrices.clone().unbind()))
    return cases


def written(
    kv_step: Callable, first: torch.Tensor, second: torch.Tensor, *matrices: torch.Tensor
) -> dict[str, object]:
    """Return what the answer gives for two texts, what it keeps of the first, and what it does when it is full.

    Args:    kv_step: the answer.   first, second: (B, T, C); the second is written after a reset.
             matrices: W_q, W_k, W_v.
    """
    head_size = matrices[0].shape[1]
    cache = {"keys": torch.zeros(BATCH, BLOCK, head_size), "values": torch.zeros(BATCH, BLOCK, head_size)}
    cache["length"] = 0  # type: ignore[assignment]

    def steps(text: torch.Tensor) -> torch.Tensor:
        return torch.stack([_row(kv_step(x, cache, *matrices), head_size) for x in text.unbind(1)], dim=1)

    found: dict[str, object] = {"output": steps(first)}
    found["length"] = cache["length"]
    for name in ("keys", "values"):
        found[name] = _kept(cache, name, first.shape[1])
    cache["length"] = 0  # type: ignore[assignment]  # a reset: what lies behind is out of date
    return found | {"second": steps(second), "full": _when_full(kv_step, cache, second[:, :1], matrices)}


def _row(result: object, head_size: int) -> torch.Tensor:
    row = numbers(result)
    if row is None or row.shape != (BATCH, head_size):
        shape = f"shape {tuple(row.shape)}" if row is not None else type(result).__name__
        raise Refusal(f"Expected a row for each text, shape ({BATCH}, {head_size}), got {shape}.")
    return row


def _kept(cache: dict, name: str, T: int) -> torch.Tensor:
    held = numbers(cache[name])
    if held is None or held.ndim != 3 or held.shape[1] < T:
        raise Refusal(f"After {T} steps cache[{name!r}] no longer holds {T} rows for each text.")
    return held[:, :T]


def _when_full(kv_step: Callable, cache: dict, x: torch.Tensor, matrices: tuple[torch.Tensor, ...]) -> Fact:
    """Fill the cache to its last place, ask for one more, and tell what came."""
    number = int(cache["length"])
    try:
        for number in range(int(cache["length"]), BLOCK):
            kv_step(x[:, 0] + number, cache, *matrices)
    except ValueError as error:
        return Fact(
            "too early", f"With {number} of {BLOCK} places in use you raised ValueError{_words(error)}"
        )
    before = {name: torch.as_tensor(value).clone() for name, value in cache.items()}
    try:
        kv_step(x[:, 0], cache, *matrices)
    except Exception as error:
        said = f"With {BLOCK} of {BLOCK} places in use you raised {type(error).__name__}{_words(error)}"
        if not isinstance(error, ValueError):
            return Fact("another error", said)
        if not str(error).strip():
            return Fact("no words", said)
        same = all(torch.equal(torch.as_tensor(cache[name]), value) for name, value in before.items())
        return Fact(FULL, said) if same else Fact("written first", f"{said} But the cache has changed.")
    said = f"With {BLOCK} of {BLOCK} places in use you raised nothing, and length is {cache['length']}."
    return Fact("no error", said)


def _words(error: Exception) -> str:
    """Return what stands behind an error's name in a sentence, and the full stop."""
    words = str(error).strip().rstrip(".")
    return f": {words}." if words else "."


class Steps:
    """The learner's first outputs, and how far they are from the whole."""

    def __init__(self, case: Case) -> None:
        self.given, self.wanted = case.got["output"], case.want["output"]
        self.off = (self.given - self.wanted).abs().amax(dim=(0, 2))  # (T,)
        self.T = self.given.shape[1]
        first = int((self.off > 1e-4).float().argmax())
        row = [round(number, 2) for number in self.given[0, first].tolist()]
        right = [round(number, 2) for number in self.wanted[0, first].tolist()]
        self.where = f"At t = {first} your first row is {row}, and the whole head gives {right}"
        self.left = case.got["length"]
        second = (case.got["second"] - case.want["second"]).abs().amax(dim=(0, 2))
        self.second_off = second.max()
