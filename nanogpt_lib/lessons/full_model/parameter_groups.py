"""A model's parameters in two groups: those that decay and those that do not."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.draws import between
from nanogpt_lib.lessons.full_model.group_members import Groups, grouped
from nanogpt_lib.lessons.full_model.grouped_otherwise import matrix, sorting, vector
from nanogpt_lib.lessons.full_model.shared import VOCABULARY
from nanogpt_lib.model import GPTConfig


def to_sort(seed: int) -> list[tuple]:
    """Return (config, weight_decay, seed of the weights), for both kinds of attention."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for attention, weight_decay in (("heads", 0.1), ("fused", between(2, 9, generator) / 100)):
        block_size, n_layer = between(3, 6, generator), between(2, 3, generator)
        sizes = {"vocab_size": VOCABULARY, "block_size": block_size, "n_embd": 8, "n_head": 2}
        cases.append((GPTConfig(**sizes, n_layer=n_layer, attention=attention), weight_decay, seed))
    return cases


ex = Exercise(
    prompt="Write parameter_groups(model, weight_decay): return a list of two dictionaries for AdamW, with 'params' and 'weight_decay'. Matrices decay, tables included; gains, shifts and biases do not.",
    hints=(
        "What do gains, shifts and biases have in common that no matrix and no table has?",
        "model.parameters() gives every tensor once, and parameter.dim() the number of its axes.",
        "matrices: those with dim() >= 2, others: those with dim() < 2; then [{'params': matrices, 'weight_decay': weight_decay}, {'params': others, 'weight_decay': 0.0}].",
    ),
    inputs=to_sort,
    run=grouped,
    see=Groups,
    note=lambda values: (
        f"{values[0]['decay'].said} {len(values[0]['_wanted'])} tensors, each in exactly one group."
    ),
)


@ex.right
def parameter_groups(model: torch.nn.Module, weight_decay: float) -> list:
    matrices = [parameter for parameter in model.parameters() if parameter.dim() >= 2]
    others = [parameter for parameter in model.parameters() if parameter.dim() < 2]  # gains, shifts, biases
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


@ex.also_right
def groups_by_module(model, weight_decay):
    decays, stays = [], []
    for module in model.modules():
        for name, p in module.named_parameters(recurse=False):
            kind = isinstance(module, torch.nn.Linear | torch.nn.Embedding) or name == "qkv"
            (decays if kind and not name.endswith("bias") else stays).append(p)
    return [{"params": stays, "weight_decay": 0}, {"params": decays, "weight_decay": weight_decay}]


@ex.also_right
def groups_by_name(model, decay):
    def matters(name):
        return name.endswith("weight") and "ln" not in name or name.endswith("qkv")  # noqa: RUF021

    named = dict(model.named_parameters())
    return (
        {"params": (p for name, p in named.items() if matters(name)), "weight_decay": decay},
        {"params": [p for name, p in named.items() if not matters(name)], "weight_decay": 0.0},
    )


@ex.also_right
def groups_in_one_pass(model, weight_decay):
    groups = [{"params": [], "weight_decay": weight_decay * decays} for decays in (0.0, 1.0)]
    for p in model.parameters():
        groups[p.ndim > 1]["params"].append(p)
    return groups


def changed(change: Callable) -> Callable:
    """Return the answer that gives change(groups) in place of the right groups."""
    return lambda model, weight_decay: change(parameter_groups(model, weight_decay))


ex.mistake(
    "everything decays",
    "{off} Everything decays. A gain of 1 that is pulled towards 0 turns its layer down.",
    sorting(lambda name, p: True),
)
ex.mistake(
    "nothing decays",
    "{off} Nothing decays. Does your condition hold for any matrix?",
    sorting(lambda name, p: False),
)
ex.mistake(
    "the groups are swapped",
    "{off} Vectors decay and matrices do not: the two are swapped.",
    sorting(vector),
)
ex.mistake(
    "by the name: whatever is called weight",
    "{off} The name says little: a norm calls its gain weight as well. What tells a gain from a matrix?",
    sorting(lambda name, p: name.endswith("weight")),
)
ex.mistake(
    "by the name: a matrix is called otherwise",
    "{off} This model keeps query, key and value in one matrix that is not called weight, and is in no Linear. What has every matrix, whatever its name?",
    sorting(
        lambda name, p: name.endswith("weight") and "ln" not in name,
        lambda name, p: name.endswith("bias") or "ln" in name,
    ),
    sorting(lambda name, p: name.endswith("weight") and "ln" not in name),
)
ex.mistake(
    "only norms are spared",
    "{off} The norms are spared, and biases decay. A bias has no directions either.",
    sorting(lambda name, p: "ln" not in name),
)
ex.mistake(
    "the shifts of norms decay",
    "{off} Of the norms you spare only one half. A norm has a gain and a shift.",
    sorting(lambda name, p: matrix(name, p) or ("ln" in name and name.endswith("bias"))),
)
ex.mistake(
    "the tables do not decay",
    "{off} Some spare the embedding tables; it is a choice. Here every matrix decays, and a table is one.",
    sorting(lambda name, p: matrix(name, p) and "embedding" not in name),
)
ex.mistake(
    "one table does not decay",
    "{off} One of the two tables is spared, the other is not. Here every matrix decays.",
    sorting(lambda name, p: matrix(name, p) and "position" not in name),
    sorting(lambda name, p: matrix(name, p) and "token" not in name),
)
ex.mistake(
    "the head does not decay",
    "{off} The head's matrix is spared. Here every matrix decays.",
    sorting(lambda name, p: matrix(name, p) and "lm_head" not in name),
)
ex.mistake(
    "a number of your own",
    "{off} You wrote a decay of your own into the group. Take the weight_decay that is given.",
    lambda model, weight_decay: parameter_groups(model, 0.1),
)
ex.mistake(
    "a group without its decay",
    "{off} Either a group says nothing, and 0.01 is what AdamW puts there, or you wrote 0.01. Say it in each group: the decay given, or 0.",
    changed(lambda groups: [groups[0], {"params": groups[1]["params"]}]),
    changed(lambda groups: [{"params": group["params"]} for group in groups]),
    changed(lambda groups: [{"params": groups[0]["params"]}, groups[1]]),
    changed(lambda groups: [{"params": group["params"], "lr": group["weight_decay"]} for group in groups]),
)
ex.mistake(
    "a group is forgotten",
    "{off} What is in no group is never trained. Not to decay is not the same as not to learn.",
    changed(lambda groups: groups[:1]),
    changed(lambda groups: groups[1:]),
)
ex.mistake(
    "the gains are forgotten",
    "{off} They would stay 1 for ever. Your second group asks for biases, and a gain is none.",
    sorting(matrix, lambda name, p: name.endswith("bias")),
)
ex.mistake(
    "the biases are forgotten",
    "{off} They would never learn. Your second group asks for norms only.",
    sorting(matrix, lambda name, p: "ln" in name),
)
ex.mistake(
    "the head is forgotten",
    "{off} The head would never learn. Do you go through the parts one by one?",
    sorting(matrix, vector, among=lambda name: "lm_head" not in name),
    sorting(lambda name, p: matrix(name, p) and "lm_head" not in name, vector),
)
ex.mistake(
    "the tables are forgotten",
    "{off} They would never learn. An embedding is no Linear, and it has a matrix.",
    sorting(lambda name, p: matrix(name, p) and "embedding" not in name, vector),
)
ex.mistake(
    "only the blocks",
    "{off} Those in the blocks are there. What stands before and after them?",
    sorting(matrix, vector, among=lambda name: name.startswith("blocks")),
)
ex.mistake(
    "the biases are there twice",
    "{off} Two of your conditions hold for them. One question, and its opposite, sorts everything once.",
    sorting(lambda name, p: matrix(name, p) or name.endswith("bias"), vector),
)
ex.mistake(
    "the gains are there twice",
    "{off} They are called weight, and they are no matrices: both of your conditions hold for them.",
    sorting(lambda name, p: name.endswith("weight"), vector),
)
ex.mistake(
    "everything is in the second group too",
    "{off} Your second group takes all. It is for what is not in the first.",
    sorting(matrix, lambda name, p: True),
)
ex.mistake(
    "vectors are in both groups",
    "{off} Your first group takes all. It is for what is not in the second.",
    sorting(lambda name, p: True, vector),
)
ex.mistake(
    "copies are handed over",
    "{owner} Who trains copies (.data, .detach(), clone()) leaves the model as it is. Hand over the parameters themselves.",
    changed(lambda groups: [{**group, "params": [p.data for p in group["params"]]} for group in groups]),
)
ex.mistake(
    "names instead of parameters",
    "{error} named_parameters() gives name and tensor: hand over the tensor.",
    lambda model, weight_decay: [{"params": [name for name, p in model.named_parameters()]}],
)
ex.mistake(
    "pairs instead of parameters",
    "{error} named_parameters() gives name and tensor together: hand over the tensor alone.",
    sorting(matrix, of=lambda name, p: (name, p)),
    sorting(matrix, of=lambda name, p: (name, p) if matrix(name, p) else p),
    sorting(matrix, of=lambda name, p: (name, p) if vector(name, p) else p),
)
ex.mistake(
    "another number of groups",
    "Each tensor decays as it should. {number} Two are asked for: all that decay alike belong together.",
    changed(lambda groups: [{**group, "params": [p]} for group in groups for p in group["params"]]),
)
ex.mistake(
    "`in` between tensors",
    "With weight_decay={weight_decay:g} torch raised {raised}. `p in some_list` compares the numbers in p with all others. Ask p itself what it is: it goes into one or the other.",
    changed(lambda groups: [p for group in groups for p in group["params"] if p not in groups[0]["params"]]),
    changed(lambda groups: [p for group in groups for p in group["params"] if p not in groups[1]["params"]]),
)
ex.mistake(
    "the optimiser instead of its groups",
    "{error}",
    lambda model, weight_decay: torch.optim.AdamW(parameter_groups(model, weight_decay)),
)
ex.mistake(
    "two lists instead of two dictionaries",
    "{error} AdamW wants to know what is in each, and how it decays: 'params' and 'weight_decay'.",
    changed(lambda groups: [group["params"] for group in groups]),
)
ex.mistake(
    "one group only",
    "{off} There is one group, and everything in it decays. Two are asked for: what decays, and what does not.",
    lambda model, weight_decay: [{"params": list(model.parameters()), "weight_decay": weight_decay}],
)
