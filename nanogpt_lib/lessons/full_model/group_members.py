"""Into which groups an answer sorts a model's parameters, and how each of them decays."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch

from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import Fact, Refusal, numbers
from nanogpt_lib.lessons.full_model.shared import drawn, in_words, until_wrong
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.optimizer import decay_groups

KINDS = (  # by how a name ends, the first that fits: one of them, and several
    ("embedding_table.weight", "table", "tables"),
    (("ln1.weight", "ln2.weight", "ln_f.weight"), "gain of a norm", "gains of norms"),
    (("ln1.bias", "ln2.bias", "ln_f.bias"), "shift of a norm", "shifts of norms"),
    ("bias", "bias", "biases"),
    ("", "matrix of another kind", "other matrices"),
)


def grouped(parameter_groups: Callable, config: GPTConfig, weight_decay: float, seed: int) -> dict:
    """Return into which groups the model's parameters went, up to the first fact that is not right.

    The decays are read from the real AdamW, so what a group leaves out gets what AdamW puts there.
    Keys with `_` are for messages: the names that are missing, twice, or decay otherwise than asked.
    """
    model = drawn(config, seed)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    groups = _checked(parameter_groups(model, weight_decay))
    return until_wrong(_facts(groups, model, before, weight_decay))


def _facts(
    groups: list[dict], model: GPT, before: dict[str, torch.Tensor], weight_decay: float
) -> Iterator[tuple[str, Any, bool]]:
    """Yield one fact about the groups after the other, and whether it is right."""
    name_of = {id(parameter): name for name, parameter in model.named_parameters()}
    members = [parameter for group in groups for parameter in group["params"]]
    strange = sum(id(parameter) not in name_of for parameter in members)
    said = f"{strange} of the {len(members)} tensors in your groups are not the model's own."
    yield "owner", Fact("copies" if strange else "the model's", said), not strange

    times = Counter(name_of[id(parameter)] for parameter in members)
    missing, twice = [name for name in before if not times[name]], [n for n in before if times[n] > 1]
    yield "_missing", missing, True
    yield "_twice", twice, True
    said = f"Of the model's {len(before)} tensors {_listed(missing)} in no group, and {_listed(twice)} there more than once."
    yield "once", Fact((tuple(missing), tuple(twice)), said), not missing and not twice

    wanted = _decays(decay_groups(model, weight_decay), name_of)
    got = _decays(torch.optim.AdamW([dict(group) for group in groups], lr=1e-3).param_groups, name_of)
    wrong = {name: got[name] for name in before if abs(got[name] - wanted[name]) > 1e-9}
    yield "_wrong", wrong, True
    yield "_wanted", wanted, True
    yield "decay", Fact(tuple(wrong.items()), _told(wrong, wanted)), True

    changed = [
        name
        for name, parameter in model.named_parameters()
        if not (torch.equal(parameter, before[name]) and parameter.requires_grad)
    ]
    said = f"{len(changed)} of the model's {len(before)} tensors are no longer what they were."
    yield "model", Fact(tuple(changed), said), not changed

    more = sorted({str(key) for group in groups for key in group} - {"params", "weight_decay"})
    said = f"Your groups hold {len(more)} more than 'params' and 'weight_decay': {', '.join(more)}."
    yield "keys", Fact("more" if more else "as asked", said), not more

    said = f"Your list holds {len(groups)} groups."
    yield "number", Fact("two" if len(groups) == 2 else "another", said), True


def _decays(groups: list[dict], name_of: dict[int, str]) -> dict[str, float]:
    """Return the decay of each tensor by its name."""
    for number, group in enumerate(groups):
        if (value := numbers(group["weight_decay"])) is None or value.numel() != 1:
            kind = type(group["weight_decay"]).__name__
            raise Refusal(f"The 'weight_decay' of group {number} is no number but a {kind}.")
    return {name_of[id(p)]: float(group["weight_decay"]) for group in groups for p in group["params"]}


def _checked(raw: object) -> list[dict]:
    """Return the groups with their parameters in lists, as AdamW would take them."""
    if isinstance(raw, torch.optim.Optimizer):
        kind = type(raw).__name__
        raise Refusal(f"Expected a list of 2 dictionaries, got {kind} made of them. Return the groups alone.")
    if not isinstance(raw, list | tuple) or not all(isinstance(group, dict) for group in raw):
        names = ", ".join(type(part).__name__ for part in raw) if isinstance(raw, list | tuple) else ""
        parts = f" of {names}" if names else ""
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
        pairs = [one for one in inside if isinstance(one, tuple) and len(one) == 2]
        if pairs:
            raise Refusal(
                f"Group {number} holds {len(pairs)} pairs, such as ({str(pairs[0][0])!r}, its tensor), where tensors belong."
            )
        odd = next((one for one in inside if not isinstance(one, torch.Tensor)), None)
        if odd is not None:
            raise Refusal(
                f"Group {number} holds a {type(odd).__name__} ({str(odd)[:40]!r}) where a tensor belongs."
            )
        groups.append({**group, "params": inside})
    return groups


def kinds(names: Iterable[str]) -> str:
    """Return how many of each kind of tensor there are, in words.

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


class Groups:
    """What is in no group or in more than one, and else what decays otherwise than asked."""

    def __init__(self, case: Case) -> None:
        self.case, self.weight_decay = case, case.inputs[1]

    @property
    def raised(self) -> str:
        return in_words(self.case.error)

    @property
    def off(self) -> str:
        facts = self.case.got
        if "decay" in facts:
            return facts["decay"].said
        counts = [
            f"{where}: {kinds(names)}, such as {names[0]}"
            for where, names in (("in no group", facts["_missing"]), ("in more than one", facts["_twice"]))
            if names
        ]
        counted = "; ".join(counts)
        return f"{counted[0].upper()}{counted[1:]}."
