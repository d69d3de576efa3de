"""What an answer counts of a whole GPT, what it computes with its parts, and into which groups it sorts it.

The facts of notebook 10's exercises but the last.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from nanogpt_lib.kit.outcome import Fact, Refusal, alike, numbers
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.optimizer import decay_groups

RTOL, ATOL = 1e-4, 1e-5  # how far an honest answer may be off: sums in another order
VOCABULARY = 13  # of the small models: more than any block_size here, so an id is no position


def _drawn(config: GPTConfig, seed: int) -> GPT:
    """A GPT none of whose numbers is where it starts: a gain of 1 or a shift of 0 would go unnoticed."""
    generator = torch.Generator().manual_seed(seed)
    model = GPT(config, generator=generator)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.5 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


# --- counting -------------------------------------------------------------------------------------

TERMS = ("V·C", "T·C", "L·C²", "L·C", "C", "V")  # what parts of a GPT have as many numbers as


def counted(count_params: Callable, config: GPTConfig) -> dict[str, Fact]:
    """How many parameters the answer counts, while nobody may build anything."""
    with _nothing_built():
        raw = count_params(config)
    value = numbers(raw)
    if value is None or value.numel() != 1 or not value.isfinite():
        raise Refusal(f"Expected one whole number, got {type(raw).__name__}: {str(raw)[:40]}.")
    count = value.item()
    shown = f"{count:,.0f}" if count == round(count) else f"{count:,.2f}"
    return {"count": Fact(count, f"For {sizes(config)} you count {shown}.")}


def sizes(config: GPTConfig) -> str:
    """The sizes that a count hangs on, and the number of heads, on which it does not."""
    return (
        f"V = {config.vocab_size}, T = {config.block_size}, C = {config.n_embd} with {config.n_head} heads "
        f"and L = {config.n_layer}"
    )


@contextmanager
def _nothing_built() -> Iterator[None]:
    def refuse(module: nn.Module, name: str, parameter: object) -> None:
        kind, shape = type(module).__name__, tuple(getattr(parameter, "shape", ()))
        raise Refusal(f"Your function built a model: it began with {kind}'s {name}, of shape {shape}.")

    hook = register_module_parameter_registration_hook(refuse)
    try:
        yield
    finally:
        hook.remove()


def terms(config: GPTConfig) -> list[int]:
    """The values of TERMS."""
    V, T, C, L = config.vocab_size, config.block_size, config.n_embd, config.n_layer
    return [V * C, T * C, L * C * C, L * C, C, V]


def formula(counts: list[float], configs: list[GPTConfig]) -> list[int] | None:
    """How often each of TERMS is in the counts, if these are all that is in them.

    Example:
        >>> sizes = [(11, 3, 2, 1), (7, 8, 6, 3), (13, 5, 4, 2), (29, 2, 10, 5), (17, 13, 3, 4)]
        >>> configs = [GPTConfig(vocab_size=V, block_size=T, n_embd=C, n_head=1, n_layer=L)
        ...            for V, T, C, L in [*sizes, (31, 9, 8, 1), (23, 6, 5, 6)]]
        >>> formula([GPT(config).parameter_count() for config in configs], configs)
        [2, 1, 12, 10, 2, 1]

    Source:  linear in its terms, so a few counts give them away.
    """
    rows = torch.tensor([terms(config) for config in configs], dtype=torch.float64)
    column = torch.tensor(counts, dtype=torch.float64)
    scale = rows.amax(dim=0)
    times = (torch.linalg.lstsq(rows / scale, column[:, None]).solution[:, 0] / scale).round()
    return [int(n) for n in times] if torch.equal(rows @ times, column) else None


# --- the forward ----------------------------------------------------------------------------------


class Parts(nn.Module):
    """The parts of a GPT under their names, with nobody yet who calls them."""

    def __init__(self, model: GPT) -> None:
        super().__init__()
        self.config, self.block_size = model.config, model.block_size
        for name, part in model.named_children():
            setattr(self, name, part)

    def forward(self, *inputs: object) -> None:
        raise Refusal(
            f"model(...) is what you are to write: call its {len(list(self.children()))} parts by name."
        )


@functools.lru_cache(maxsize=64)
def _small(block_size: int, seed: int) -> GPT:
    dims = {"vocab_size": VOCABULARY, "block_size": block_size, "n_embd": 8, "n_head": 2, "n_layer": 2}
    return _drawn(GPTConfig(**dims, attention="fused"), seed)  # the quicker one


def forwarded(
    gpt_forward: Callable, idx: torch.Tensor, targets: torch.Tensor, block_size: int, seed: int
) -> dict:
    """What the forward makes of the parts, one thing after the other, up to the first that is not right.

    Args:    gpt_forward: the answer.   idx, targets: (B, T), T up to block_size.
             block_size: of the model.   seed: of its weights.
    Returns: logits without targets; whether the loss is None; logits beside a loss; the loss; which
             parameters get a gradient; what comes of a T that is too long. `_leak` is for messages.
    """
    library = _small(block_size, seed)
    model = Parts(library)
    with torch.no_grad():
        right, right_loss = library(idx, targets)
    try:
        logits, none = _pair(gpt_forward(model, idx, None))
    except ValueError as error:
        if idx.shape[1] == block_size and _names_both(error, block_size, block_size):
            raise Refusal(
                f"For T = {block_size} and block_size = {block_size} your function raised ValueError: "
                "so many do fit."
            ) from error
        raise
    found: dict = {"logits": logits.detach()}
    if not _near(logits, right):
        return found | {"_leak": _leak(gpt_forward, model, idx, logits)}
    value = numbers(none)
    said = f"{value.sum():g}" if value is not None else "None" if none is None else f"a {type(none).__name__}"
    kind = "None" if none is None else "a number" if value is not None else "another"
    found["loss without targets"] = Fact(kind, f"With targets=None your loss is {said}.")
    if none is not None:
        return found
    logits, loss = _pair(gpt_forward(model, idx, targets))
    found["logits beside a loss"] = _beside(logits, right)
    if found["logits beside a loss"].value != "the same":
        return found
    found["loss"] = loss.detach() if isinstance(loss, torch.Tensor) else loss
    if loss is None or not _near(loss, right_loss):
        return found
    found["gradients"] = _gradients(model, loss)
    if found["gradients"].value == "all":
        found["too long"] = _too_long(gpt_forward, model, idx)
    return found


def _names_both(error: ValueError, *sizes: int) -> bool:
    return all(re.search(rf"(?<!\d){n}(?!\d)", str(error)) for n in sizes)


def _near(got: object, want: torch.Tensor) -> bool:
    return alike(got, want, rtol=RTOL, atol=ATOL)


def _pair(result: object) -> tuple:
    if not isinstance(result, tuple | list) or len(result) != 2:
        shape = f" of shape {tuple(result.shape)}" if hasattr(result, "shape") else ""
        many = f"{len(result)} things" if isinstance(result, tuple | list) else f"one {type(result).__name__}"
        raise Refusal(f"Expected 2 things back, (logits, loss), got {many}{shape}.")
    logits, loss = result
    if not isinstance(logits, torch.Tensor):
        kind = type(logits).__name__
        raise Refusal(f"Expected 2 things back, the logits as a tensor first, got a {kind} first.")
    return logits, loss


def _leak(gpt_forward: Callable, model: Parts, idx: torch.Tensor, before: torch.Tensor) -> str:
    """Which position moved when the last id was another, in words; or nothing."""
    last = idx.shape[1] - 1
    if not last or before.shape[:2] != idx.shape:
        return ""
    other = idx.clone()
    other[:, last] = (other[:, last] + 1) % VOCABULARY
    after, _ = _pair(gpt_forward(model, other, None))
    if after.shape != before.shape:
        return ""
    moved = (numbers(after) - numbers(before)).abs()[:, :last].amax(dim=(0, 2))
    if not moved.max() > ATOL:
        return ""
    first = int((moved > ATOL).nonzero()[0])
    return (
        f"Position {first} saw position {last}, its future: another id at position {last} moved your logits "
        f"at position {first} by up to {moved[first]:.2g}."
    )


def _beside(logits: torch.Tensor, right: torch.Tensor) -> Fact:
    """With targets the logits are to be what they are without."""
    B, T, V = right.shape
    shape = tuple(logits.shape)
    if shape == tuple(right.shape):
        off = (numbers(logits) - numbers(right)).abs().max().item()
        kind = "the same" if _near(logits, right) else "other numbers"
        return Fact(kind, f"With targets your logits are off by up to {off:.2g}.")
    kind = "flat" if shape == (B * T, V) else "another shape"
    return Fact(kind, f"With targets your logits have shape {shape}, and {(B, T, V)} without.")


def _gradients(model: Parts, loss: object) -> Fact:
    parameters = list(model.parameters())
    reached = 0
    if isinstance(loss, torch.Tensor) and loss.requires_grad:
        back = torch.autograd.grad(loss.sum(), parameters, allow_unused=True)
        reached = sum(gradient is not None for gradient in back)
    kind = "all" if reached == len(parameters) else "none" if not reached else "some"
    return Fact(kind, f"Your loss gives {reached} of the {len(parameters)} tensors of weights a gradient.")


def _too_long(gpt_forward: Callable, model: Parts, idx: torch.Tensor) -> Fact:
    """What comes of one character more than there are positions."""
    block_size = model.block_size
    T = block_size + 1
    row = idx[:1].repeat(1, T)[:, :T]
    here = f"For T = {T} and block_size = {block_size} your function"
    try:
        logits, _ = _pair(gpt_forward(model, row, None))
    except ValueError as error:
        kind = "named" if _names_both(error, T, block_size) else "unnamed"
        return Fact(kind, f"{here} raised ValueError: {str(error)!r}.")
    except Refusal:
        raise
    except Exception as error:  # whatever torch said: it is not said to someone who gave too long a text
        words = (str(error).splitlines() or [""])[0]
        return Fact(type(error).__name__, f"{here} raised {type(error).__name__}: {words!r}.")
    kind = "cropped" if logits.shape[1] == block_size else "returned"
    return Fact(kind, f"{here} raised nothing and returned logits of shape {tuple(logits.shape)}.")


# --- the groups -----------------------------------------------------------------------------------

KINDS = (  # by how a name ends, the first that fits: one of them, and several
    ("embedding_table.weight", "table", "tables"),
    (("ln1.weight", "ln2.weight", "ln_f.weight"), "gain of a norm", "gains of norms"),
    (("ln1.bias", "ln2.bias", "ln_f.bias"), "shift of a norm", "shifts of norms"),
    ("bias", "bias", "biases"),
    ("", "matrix of another kind", "other matrices"),
)


def grouped(parameter_groups: Callable, config: GPTConfig, weight_decay: float, seed: int) -> dict:
    """Into which groups the model's parameters went, up to the first fact that is not right.

    The decays are read from the real AdamW, so what a group leaves out gets what AdamW puts there.
    Keys with `_` are for messages: the names that are missing, twice, or decay otherwise than asked.
    """
    model = _drawn(config, seed)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    groups = _checked(parameter_groups(model, weight_decay))
    name_of = {id(parameter): name for name, parameter in model.named_parameters()}
    members = [parameter for group in groups for parameter in group["params"]]
    found: dict = {}
    strange = sum(id(parameter) not in name_of for parameter in members)
    said = f"{strange} of the {len(members)} tensors in your groups are not the model's own."
    found["owner"] = Fact("the model's" if not strange else "copies", said)
    if strange:
        return found
    times = Counter(name_of[id(parameter)] for parameter in members)
    missing, twice = [name for name in before if not times[name]], [n for n in before if times[n] > 1]
    found["_missing"], found["_twice"] = missing, twice
    said = (
        f"Of the model's {len(before)} tensors {_listed(missing)} in no group, and {_listed(twice)} there "
        "more than once."
    )
    found["once"] = Fact((tuple(missing), tuple(twice)), said)
    if missing or twice:
        return found
    wanted = _decays(decay_groups(model, weight_decay), name_of)
    got = _decays(torch.optim.AdamW(groups, lr=1e-3).param_groups, name_of)
    wrong = {name: got[name] for name in before if abs(got[name] - wanted[name]) > 1e-9}
    found["_wrong"], found["_wanted"] = wrong, wanted
    found["decay"] = Fact(tuple(wrong.items()), _told(wrong, wanted))
    changed = [
        name
        for name, parameter in model.named_parameters()
        if not (torch.equal(parameter, before[name]) and parameter.requires_grad)
    ]
    said = f"{len(changed)} of the model's {len(before)} tensors are no longer what they were."
    found["model"] = Fact(tuple(changed), said)
    return found


def _decays(groups: list[dict], name_of: dict[int, str]) -> dict[str, float]:
    for number, group in enumerate(groups):
        if (value := numbers(group["weight_decay"])) is None or value.numel() != 1:
            kind = type(group["weight_decay"]).__name__
            raise Refusal(f"The 'weight_decay' of group {number} is no number but a {kind}.")
    return {name_of[id(p)]: float(group["weight_decay"]) for group in groups for p in group["params"]}


def _checked(raw: object) -> list[dict]:
    """The groups with their parameters in lists, as AdamW would take them."""
    if isinstance(raw, torch.optim.Optimizer):
        kind = type(raw).__name__
        raise Refusal(f"Expected a list of 2 dictionaries, got {kind} made of them. Return the groups alone.")
    if not isinstance(raw, list | tuple) or not all(isinstance(group, dict) for group in raw):
        parts = (
            f" of {', '.join(type(part).__name__ for part in raw)}" if isinstance(raw, list | tuple) else ""
        )
        raise Refusal(f"Expected a list of 2 dictionaries, got a {type(raw).__name__}{parts}.")
    groups = []
    for number, group in enumerate(raw):
        if "params" not in group:
            raise Refusal(f"Group {number} has no 'params', only {', '.join(map(repr, group)) or 'nothing'}.")
        inside = group["params"]
        if isinstance(inside, set | frozenset | dict):
            kind = type(inside).__name__
            raise Refusal(f"The 'params' of group {number} are a {kind}; AdamW needs an order: make a list.")
        inside = [inside] if isinstance(inside, torch.Tensor) else list(inside)
        inside = [one[1] if isinstance(one, tuple) and len(one) == 2 else one for one in inside]
        odd = next((one for one in inside if not isinstance(one, torch.Tensor)), None)
        if odd is not None:
            raise Refusal(
                f"Group {number} holds a {type(odd).__name__} ({str(odd)[:40]!r}) where a tensor belongs."
            )
        groups.append({**group, "params": inside})
    return groups


def kinds(names: Iterator[str] | list[str] | dict) -> str:
    """How many of each kind of tensor, in words.

    Example:
        >>> kinds(["blocks.0.ln1.weight", "ln_f.weight", "lm_head.bias"])
        '2 gains of norms, 1 bias'
    """
    counts = Counter(next(kinds for end, *kinds in KINDS if name.endswith(end))[1] for name in names)
    single = {many: one for _, one, many in KINDS}
    return ", ".join(f"{n} {single[many] if n == 1 else many}" for many, n in counts.items())


def _listed(names: list[str]) -> str:
    if not names:
        return "0 are"
    return f"{len(names)} ({names[0]}{', …' if len(names) > 1 else ''}) {'is' if len(names) == 1 else 'are'}"


def _told(wrong: dict[str, float], wanted: dict[str, float]) -> str:
    if not wrong:
        return f"All {len(wanted)} tensors have the decay that they should have."
    name = next(iter(wrong))
    return (
        f"{len(wrong)} of {len(wanted)} tensors decay otherwise ({kinds(wrong)}): {name} has {wrong[name]:g}."
    )
