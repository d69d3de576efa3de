"""The statements on the full model, clause by clause, and right answers in more styles."""

import copy
import hashlib
import pickle

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load, load_file

from clauses import broken, right
from nanogpt_lib.lessons import full_model as ex
from nanogpt_lib.model import GPT

count_params, gpt_forward = ex.count_params.answer, ex.gpt_forward.answer
parameter_groups, safe_load = ex.parameter_groups.answer, ex.safe_load.answer


def sizes(config):
    return config.vocab_size, config.n_embd, config.block_size, config.n_layer


def off_by(delta):
    return lambda config: count_params(config) + delta(*sizes(config))


def forward(
    stream=lambda m, what, where: what + where,
    loss=F.cross_entropy,
    none=None,
    fits=lambda T, most: T <= most,
):
    """The forward, with something done otherwise."""

    def answer(model, idx, targets=None):
        T = idx.shape[1]
        if not fits(T, model.block_size):
            raise ValueError(f"T = {T} is above block_size = {model.block_size}")
        what, where = model.token_embedding_table(idx), model.position_embedding_table(torch.arange(T))
        logits = model.lm_head(model.ln_f(model.blocks(stream(model, what, where))))
        return logits, none if targets is None else loss(logits.flatten(0, 1), targets.flatten())

    return answer


def no_last_norm(model, idx, targets=None):
    return gpt_forward(without(model), idx, targets)


def without(model):
    other = copy.copy(model)
    other._modules = model._modules | {"ln_f": torch.nn.Identity()}
    return other


def probabilities(model, idx, targets=None):
    logits, loss = gpt_forward(model, idx, targets)
    return logits.softmax(-1), loss


def says_nothing(model, idx, targets=None):
    if idx.shape[1] > model.block_size:
        raise ValueError("this does not fit")
    return gpt_forward(model, idx, targets)


def grouped(decays=lambda name, p: p.dim() > 1, decay=lambda given: given, of=lambda name, p: p):
    def answer(model, weight_decay):
        named = list(model.named_parameters())
        return [
            {"params": [of(n, p) for n, p in named if decays(n, p)], "weight_decay": decay(weight_decay)},
            {"params": [of(n, p) for n, p in named if not decays(n, p)], "weight_decay": 0.0},
        ]

    return answer


def three_groups(model, weight_decay):
    matrices, others = parameter_groups(model, weight_decay)
    half = len(others["params"]) // 2
    return [matrices] + [
        others | {"params": part} for part in (others["params"][:half], others["params"][half:])
    ]


def loading(right=lambda found, sha256: found == sha256, parse=load, refused=ValueError):
    def answer(path, sha256):
        content = path.read_bytes()
        if not right(hashlib.sha256(content).hexdigest(), sha256):
            raise refused("another hash")
        return parse(content)

    return answer


def by_the_path(path, sha256):
    if hashlib.sha256(str(path).encode()).hexdigest() != sha256:
        raise ValueError("another hash")
    return load_file(path)


def by_ending(path, sha256):
    return safe_load(path, sha256) if path.name.endswith(".safetensors") else load(b"")


def unpickled(content):
    return pickle.loads(content) if content[:1] == b"\x80" else load(content)


BROKEN = [
    broken(
        "safe_load",
        "all digits in their order",
        "the order of the digits does not count",
        lambda path, sha256: (
            ex.safe_load.answer(path, right)
            if sorted(right := hashlib.sha256(path.read_bytes()).hexdigest()) == sorted(sha256)
            else ex.safe_load.answer(path, sha256)
        ),
    ),
    broken(
        "gpt_forward",
        "None exactly when targets is None",
        "targets that are all 0 are taken for none",
        lambda model, idx, y=None: ex.gpt_forward.answer(model, idx, None if y is None or not y.any() else y),
    ),
    broken(
        "count_params",
        "by arithmetic alone",
        "the model is built",
        lambda config: GPT(config).parameter_count(),
    ),
    broken(
        "count_params", "of the token table", "one table for both ends", off_by(lambda V, C, T, L: -V * C)
    ),
    broken(
        "count_params",
        "of the position table",
        "the position table is forgotten",
        off_by(lambda V, C, T, L: -T * C),
    ),
    broken(
        "count_params",
        "of both biases that write to the stream",
        "one norm a block",
        off_by(lambda V, C, T, L: -2 * L * C),
    ),
    broken("count_params", "of the head", "the head's bias is forgotten", off_by(lambda V, C, T, L: -V)),
    broken(
        "count_params", "of the last norm", "the last norm is forgotten", off_by(lambda V, C, T, L: -2 * C)
    ),
    broken(
        "count_params", "parameters, not bytes", "bytes are counted", lambda config: 4 * count_params(config)
    ),
    broken("count_params", "of n_layer blocks", "", off_by(lambda V, C, T, L: -(12 * C * C + 10 * C))),
    broken("gpt_forward", "from the model's parts", "the last norm is left out", no_last_norm),
    broken(
        "gpt_forward",
        "where a character stands",
        "the positions are left out",
        forward(lambda m, what, where: what),
    ),
    broken("gpt_forward", "the logits", "probabilities instead of logits", probabilities),
    broken(
        "gpt_forward",
        "the loss",
        "the sum instead of the mean",
        forward(loss=lambda z, y: F.cross_entropy(z, y, reduction="sum")),
    ),
    broken("gpt_forward", "loss is None", "a number instead of None", forward(none=0.0)),
    broken("gpt_forward", "(logits, loss)", "the logits alone", lambda m, i, t=None: gpt_forward(m, i, t)[0]),
    broken(
        "gpt_forward",
        "exactly when targets is None",
        "the targets have no loss",
        lambda m, i, t=None: gpt_forward(m, i),
    ),
    broken(
        "gpt_forward",
        "gradients come back",
        "the loss cannot teach",
        forward(loss=lambda z, y: F.cross_entropy(z, y).detach()),
    ),
    broken(
        "gpt_forward",
        "a T above block_size",
        "a full block is refused",
        forward(fits=lambda T, most: T < most),
    ),
    broken("gpt_forward", "raises", "too long a text is left to torch", forward(fits=lambda T, most: True)),
    broken(
        "gpt_forward",
        "a ValueError that names both",
        "the ValueError does not say what was too long",
        says_nothing,
    ),
    broken("parameter_groups", "matrices decay", "nothing decays", grouped(lambda name, p: False)),
    broken(
        "parameter_groups",
        "tables included",
        "the tables do not decay",
        grouped(lambda name, p: p.dim() > 1 and "table" not in name),
    ),
    broken(
        "parameter_groups",
        "gains, shifts and biases do not",
        "everything decays",
        grouped(lambda name, p: True),
    ),
    broken(
        "parameter_groups",
        "gains",
        "by the name: whatever is called weight",
        grouped(lambda name, p: name.endswith("weight")),
    ),
    broken(
        "parameter_groups",
        "the weight_decay that is given",
        "a number of your own",
        grouped(decay=lambda given: 0.1),
    ),
    broken(
        "parameter_groups",
        "each of them in a group",
        "a group is forgotten",
        lambda *given: parameter_groups(*given)[:1],
    ),
    broken(
        "parameter_groups",
        "each of them once",
        "everything is in the second group too",
        lambda m, d: [parameter_groups(m, d)[0], {"params": list(m.parameters()), "weight_decay": 0.0}],
    ),
    broken(
        "parameter_groups",
        "'params', not pairs",
        "pairs instead of parameters",
        grouped(of=lambda name, p: (name, p)),
    ),
    broken("parameter_groups", "two dictionaries", "another number of groups", three_groups),
    broken("safe_load", "of its bytes", "the path is hashed", by_the_path),
    broken(
        "safe_load", "the one given", "the hash is not compared", loading(right=lambda found, sha256: True)
    ),
    broken(
        "safe_load",
        "the one given, and no other",
        "the comparison is upside down",
        loading(right=lambda found, sha256: found != sha256),
    ),
    broken(
        "safe_load",
        "all of it",
        "only the beginning of the hash counts",
        loading(right=lambda found, sha256: found[:16] == sha256[:16]),
    ),
    broken("safe_load", "a ValueError", "another error than a ValueError", loading(refused=RuntimeError)),
    broken(
        "safe_load",
        "before anything is parsed",
        "the hash is compared after the loading",
        lambda path, sha256: (load_file(path), safe_load(path, sha256))[1],
    ),
    broken("safe_load", "a pickle is refused", "the code in a pickle runs", loading(parse=unpickled)),
    broken("safe_load", "whatever the file is called", "the ending of the name decides", by_ending),
    broken(
        "safe_load",
        "the tensors, all of them",
        "only one tensor",
        loading(parse=lambda content: dict(list(load(content).items())[:1])),
    ),
    broken("safe_load", "as a dict", "", loading(parse=lambda content: list(load(content).values()))),
]

RIGHT = [
    right("count_params", "a numpy number", lambda config: np.int64(count_params(config))),
    right("count_params", "a float", lambda config: float(count_params(config))),
    right("gpt_forward", "a list", lambda m, i, t=None: list(gpt_forward(m, i, t))),
    right(
        "gpt_forward",
        "cross_entropy with the classes second",
        forward(loss=lambda z, y: -z.log_softmax(-1)[torch.arange(len(y)), y].mean()),
    ),
    right("parameter_groups", "the second group first", lambda *given: parameter_groups(*given)[::-1]),
    right(
        "parameter_groups",
        "a tuple, with generators",
        lambda m, d: tuple(
            {"params": iter(group["params"]), "weight_decay": group["weight_decay"]}
            for group in parameter_groups(m, d)
        ),
    ),
    right("safe_load", "load_file", lambda path, sha256: load_file(path) if safe_load(path, sha256) else {}),
    right(
        "safe_load", "file_digest and a str", lambda path, sha256: safe_load(type(path)(str(path)), sha256)
    ),
]
