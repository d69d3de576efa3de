"""How many parameters an answer counts, and of which terms its counts are made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.measures.draws import between
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers
from nanogpt_lib.model import GPTConfig

TERMS = ("V·C", "T·C", "L·C²", "L·C", "C", "V")  # what parts of a GPT have as many numbers as
RIGHT = [2, 1, 12, 10, 2, 1]  # how often each of them is in a GPT


def counted(count_params: Callable, config: GPTConfig) -> dict[str, Fact]:
    """Return how many parameters the answer counts, while nobody may build anything."""
    with nothing_built():
        raw = count_params(config)
    value = numbers(raw)
    if value is None or value.numel() != 1 or not value.isfinite():
        raise Refusal(f"Expected one whole number, got {type(raw).__name__}: {str(raw)[:40]}.")
    count = value.item()
    shown = f"{count:,.0f}" if count == round(count) else f"{count:,.2f}"
    sizes = f"V = {config.vocab_size}, T = {config.block_size}, C = {config.n_embd}"
    depth = f"with {config.n_head} heads and L = {config.n_layer}"
    return {"count": Fact(count, f"For {sizes} {depth} you count {shown}.")}


@contextmanager
def nothing_built() -> Iterator[None]:
    """Refuse every parameter that a module is given inside."""

    def refuse(module: nn.Module, name: str, parameter: object) -> None:
        kind, shape = type(module).__name__, tuple(getattr(parameter, "shape", ()))
        raise Refusal(f"Your function built a model: it began with {kind}'s {name}, of shape {shape}.")

    hook = register_module_parameter_registration_hook(refuse)
    try:
        yield
    finally:
        hook.remove()


def terms(config: GPTConfig) -> list[int]:
    """Return the values of TERMS."""
    V, T, C, L = config.vocab_size, config.block_size, config.n_embd, config.n_layer
    return [V * C, T * C, L * C * C, L * C, C, V]


def formula(counts: list[float], configs: list[GPTConfig]) -> list[int] | None:
    """Return how often each of TERMS is in the counts, if these are all that is in them.

    A count is linear in its terms, so a few counts give them away.

    Example:
        >>> from nanogpt_lib.model import GPT
        >>> sizes = [(11, 3, 2, 1), (7, 8, 6, 3), (13, 5, 4, 2), (29, 2, 10, 5), (17, 13, 3, 4)]
        >>> configs = [GPTConfig(vocab_size=V, block_size=T, n_embd=C, n_head=1, n_layer=L)
        ...            for V, T, C, L in [*sizes, (31, 9, 8, 1), (23, 6, 5, 6)]]
        >>> formula([GPT(config).parameter_count() for config in configs], configs) == RIGHT
        True
    """
    rows = torch.tensor([terms(config) for config in configs], dtype=torch.float64)
    column = torch.tensor(counts, dtype=torch.float64)
    scale = rows.amax(dim=0)
    times = (torch.linalg.lstsq(rows / scale, column[:, None]).solution[:, 0] / scale).round()
    return [int(n) for n in times] if torch.equal(rows @ times, column) else None


def compared(times: list[int]) -> str:
    """Return a formula in words, and which of its terms come too few or too many times.

    Example:
        >>> compared([2, 0, 12, 10, 3, -1])
        'On any sizes your count is 2 V·C + 12 L·C² + 10 L·C + 3 C − 1 V. That is too few T·C and V, too many C.'
    """
    pairs = list(zip(times, RIGHT, TERMS, strict=True))
    made = " + ".join(f"{n} {term}" for n, _, term in pairs if n).replace("+ -", "− ") or "0"
    few = [term for n, m, term in pairs if n < m]
    many = [term for n, m, term in pairs if n > m]
    counts = [f"too {how} {' and '.join(some)}" for how, some in (("few", few), ("many", many)) if some]
    return f"On any sizes your count is {made}. That is {', '.join(counts)}."


def random_config(generator: torch.Generator) -> GPTConfig:
    """Draw sizes that a count can tell apart."""
    n_head = between(2, 7, generator)
    return GPTConfig(
        vocab_size=between(20, 400, generator),
        block_size=between(401, 700, generator),  # never V, so that the two tables are told apart
        n_embd=n_head * between(5, 20, generator),
        n_head=n_head,
        n_layer=between(8, 15, generator),  # never n_head either
    )


def right_terms(observe: Observe, run: Run) -> str:
    """Say what the learner's counts are made of, found out on further sizes."""
    mine, right = run.outcome.value["count"], run.want["count"]
    if mine == right:
        return ""
    generator = torch.Generator().manual_seed(0)
    configs = [random_config(generator) for _ in range(10)]
    values = [observe((config,)).value for config in configs]
    if not all(isinstance(value, dict) for value in values):
        return ""
    made = formula([value["count"].value for value in values], configs)
    return f"{mine.said} {compared(made)} Go part by part." if made else ""
