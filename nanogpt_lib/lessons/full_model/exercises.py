"""A whole GPT: its parameters counted, its forward, the groups that decay, and a file that is not trusted.

Each solution lends its name to its exercise.

Taught in: full_model.
"""

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, load_file
from torch import nn

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.legacy import Case, Exercise, Wrong
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.lessons.file_facts import loaded
from nanogpt_lib.lessons.gpt_facts import (
    ATOL,
    RTOL,
    TERMS,
    VOCABULARY,
    counted,
    formula,
    forwarded,
    grouped,
    kinds,
)
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.presets import LADDER


def _between(low: int, high: int, generator: torch.Generator) -> int:
    return int(torch.randint(low, high + 1, (), generator=generator))


def _words(case: Case) -> str:
    """What the learner's function raised, on one line."""
    return f"{type(case.error).__name__}: {(str(case.error).splitlines() or [''])[0]}"


# --- count_params ---------------------------------------------------------------------------------


def count_params(config: object) -> int:
    V, C, T, L = config.vocab_size, config.n_embd, config.block_size, config.n_layer
    attention = 3 * C * C + (C * C + C)  # query, key and value have no bias; the projection has one
    feed_forward = (C * 4 * C + 4 * C) + (4 * C * C + C)
    norms = 2 * (C + C)  # two, each with gain and shift
    return V * C + T * C + L * (attention + feed_forward + norms) + 2 * C + (C * V + V)


LECTURE = GPTConfig(vocab_size=65, block_size=256, n_embd=384, n_head=6, n_layer=6)
MIDDLE = GPTConfig(vocab_size=65, block_size=64, n_embd=128, n_head=4, n_layer=4)


def _random_config(generator: torch.Generator) -> GPTConfig:
    n_head = _between(2, 7, generator)
    return GPTConfig(
        vocab_size=_between(20, 400, generator),
        block_size=_between(401, 700, generator),  # never V, so that the two tables are told apart
        n_embd=n_head * _between(5, 20, generator),
        n_head=n_head,
        n_layer=_between(8, 15, generator),  # never n_head either
    )


def _to_count(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    configs = [LECTURE, MIDDLE, *(rung.model for rung in LADDER.values())]
    configs += [_random_config(generator) for _ in range(4)]
    return [(config,) for config in [*configs, replace(configs[-1], n_head=1, attention="fused")]]


def _formula(observe: Observe, run: Run) -> str:
    """What the learner's counts are made of, found out on further sizes."""
    mine, right = run.outcome.value["count"], run.want["count"]
    if mine == right:
        return ""
    generator = torch.Generator().manual_seed(0)
    configs = [_random_config(generator) for _ in range(10)]
    values = [observe((config,)).value for config in configs]
    if not all(isinstance(value, dict) for value in values):
        return ""
    found = formula([value["count"].value for value in values], configs)
    if found is None:
        return ""
    wanted = formula([count_params.answer(config) for config in configs], configs)
    pairs = list(zip(found, wanted, TERMS, strict=True))
    made = " + ".join(f"{n} {term}" for n, _, term in pairs if n).replace("+ -", "− ") or "0"
    few = [term for n, m, term in pairs if n < m]
    many = [term for n, m, term in pairs if n > m]
    counts = [f"too {how} {' and '.join(some)}" for how, some in (("few", few), ("many", many)) if some]
    return f"{mine.said} On any sizes your count is {made}. That is {', '.join(counts)}. Go part by part."


def _miscount(case: Case) -> str:
    """The sizes, the count, and by how much it is off."""
    count, right = (facts["count"] for facts in (case.got, case.want))
    off = count.value - right.value
    return f"{count.said[:-1]}, {abs(off):,.0f} too {'many' if off > 0 else 'few'}"


def _off_by(name: str, how_much: str, asked: str, *deltas: Callable) -> Wrong:
    """The mistake of counting delta(V, C, T, L, n_head) too many."""

    def function(delta: Callable) -> Callable:
        def off(config):
            return count_params.answer(config) + delta(
                config.vocab_size, config.n_embd, config.block_size, config.n_layer, config.n_head
            )

        return off

    return Wrong(name, lambda case: f"{_miscount(case)}: {how_much}. {asked}", *map(function, deltas))


def _block(C: int) -> int:
    return 12 * C * C + 10 * C


count_params = Exercise(
    name="count_params",
    prompt=(
        "Write count_params(config): how many parameters the GPT of this GPTConfig has, by arithmetic alone, "
        "from vocab_size, n_embd, block_size and n_layer."
    ),
    answer=count_params,
    make_inputs=_to_count,
    run=counted,
    invariants=(_formula,),
    note=lambda values: (
        f"{values[0]['count'].value:,.0f} for the lecture's model, {values[1]['count'].value:,.0f} for the "
        "middle one, and nothing was built."
    ),
    hints=(
        "Go through the model from the bottom to the top, and through one block from left to right.",
        (
            "nn.Embedding(n, C) has n * C, nn.Linear(a, b) has a * b + b, or a * b without a bias, and "
            "LayerNorm(C) has 2 * C. Only query, key and value are without a bias."
        ),
        (
            "Tables V * C and T * C; in each of the L blocks 3 * C * C, then C * C + C, then the two Linears "
            "C to 4 * C and back, then two norms; at the end one norm, and the head with C * V + V."
        ),
    ),
    wrong=(
        Wrong(
            "the model is built",
            lambda case: f"{case.error} A model of many billions would not fit. Count without it.",
            lambda config: sum(parameter.numel() for parameter in GPT(config).parameters()),
            lambda config: GPT(config, generator=torch.Generator()).parameter_count(),
        ),
        _off_by(
            "the position table is forgotten",
            "T · C",
            "A row of C numbers for each position: where are they kept?",
            lambda V, C, T, L, H: -T * C,
        ),
        _off_by(
            "a row of positions for every character",
            "V · C stands where T · C should",
            "The position table has a row for each position. How many positions are there?",
            lambda V, C, T, L, H: (V - T) * C,
        ),
        _off_by(
            "one table for both ends",
            "V · C",
            "You counted one table with a row for each character. Ours does not tie its ends: characters "
            "come in by one matrix and are scored by another.",
            lambda V, C, T, L, H: -V * C,
        ),
        _off_by(
            "the head is forgotten",
            "V · C + V",
            "That is the whole head: a matrix and a bias. It shares nothing with the token table.",
            lambda V, C, T, L, H: -(V * C + V),
        ),
        _off_by(
            "the head's bias is forgotten",
            "V",
            "Who adds one number to the score of each character?",
            lambda V, C, T, L, H: -V,
        ),
        _off_by(
            "the head's bias is C wide",
            "C stands where V should",
            "A bias is as wide as what comes out. What comes out of the head?",
            lambda V, C, T, L, H: C - V,
        ),
        _off_by(
            "a vector is forgotten in each block",
            "L · C, one vector of C numbers in each block",
            "A Linear that writes to the stream has a bias: the projection, and the way back in the "
            "feed-forward layer. Have you both?",
            lambda V, C, T, L, H: -L * C,
        ),
        _off_by(
            "query, key and value have a bias",
            "3 · L · C",
            "You gave query, key and value a bias each. Look at how a Head makes them, in notebook 04.",
            lambda V, C, T, L, H: 3 * L * C,
        ),
        _off_by(
            "the last norm is forgotten",
            "2 · C",
            "A gain and a shift, once in the whole model. What stands between the blocks and the head?",
            lambda V, C, T, L, H: -2 * C,
        ),
        _off_by(
            "one norm a block",
            "2 · L · C",
            "A norm has a gain and a shift, 2 · C. How many norms does one block have?",
            lambda V, C, T, L, H: -2 * L * C,
        ),
        _off_by(
            "the last norm in every block",
            "2 · C for each block but one",
            "That is a third norm in each block. The last one stands once, after all of them.",
            lambda V, C, T, L, H: 2 * C * (L - 1),
        ),
        _off_by(
            "norms without a shift",
            "C for each norm, and there are 2 · L + 1",
            "A norm stretches and moves: gain and shift, C numbers each.",
            lambda V, C, T, L, H: -(2 * L + 1) * C,
        ),
        _off_by(
            "the norms are forgotten",
            "2 · C for each norm, and there are 2 · L + 1",
            "What has a gain and a shift, and stands before every part?",
            lambda V, C, T, L, H: -(2 * L + 1) * 2 * C,
        ),
        _off_by(
            "four vectors are forgotten in each block",
            "4 · L · C",
            "Either the wide bias of the feed-forward layer, which is 4 · C, or the two norms of a block.",
            lambda V, C, T, L, H: -4 * L * C,
        ),
        _off_by(
            "the feed-forward layer without biases",
            "5 · L · C",
            "Both Linears of the feed-forward layer have a bias. How wide is each?",
            lambda V, C, T, L, H: -5 * L * C,
        ),
        _off_by(
            "only matrices are counted",
            "all gains, shifts and biases",
            "They are few, and they are learned: which layers have numbers that are no matrix?",
            lambda V, C, T, L, H: -(10 * L + 2) * C - V,
        ),
        _off_by(
            "the feed-forward layer goes only out",
            "4 · L · C², and its bias",
            "Out to 4 · C takes one matrix. What brings it back to C?",
            lambda V, C, T, L, H: -L * (4 * C * C + C),
            lambda V, C, T, L, H: -L * 4 * C * C,
            lambda V, C, T, L, H: -L * (4 * C * C + 5 * C),
        ),
        _off_by(
            "the middle is not four times as wide",
            "the feed-forward layers are too thin",
            "From C to C and back you have two square matrices. How wide is the middle?",
            lambda V, C, T, L, H: -L * (6 * C * C + 3 * C),
        ),
        _off_by(
            "the projection is forgotten",
            "L · (C² + C)",
            "The heads are joined, and then? One Linear in each block is missing.",
            lambda V, C, T, L, H: -L * (C * C + C),
        ),
        _off_by(
            "one matrix for query, key and value",
            "2 · L · C²",
            "You counted one of three. Asking, offering and telling have a matrix each.",
            lambda V, C, T, L, H: -2 * L * C * C,
        ),
        _off_by(
            "multiplied by the number of heads",
            "3 · L · C² once more for each further head",
            "A head is only C / n_head wide. How many numbers have all heads of a block together?",
            lambda V, C, T, L, H: 3 * L * C * C * (H - 1),
        ),
        _off_by(
            "one head is counted",
            "the query, key and value of all heads but one",
            "A head maps C numbers to C / n_head. How many heads are there?",
            lambda V, C, T, L, H: -3 * L * C * (C - C // H),
        ),
        _off_by(
            "one block is counted",
            "all blocks but one",
            "What does config.n_layer say?",
            lambda V, C, T, L, H: -(L - 1) * _block(C),
        ),
        _off_by(
            "the blocks share their numbers with the ends",
            "everything, L times",
            "The tables, the last norm and the head stand once in the model. Where does your bracket close?",
            lambda V, C, T, L, H: (L - 1) * (2 * V * C + T * C + 2 * C + V),
            lambda V, C, T, L, H: (L - 1) * (V * C + T * C),
        ),
        _off_by(
            "the masks are counted",
            "T² for each mask",
            "A mask is made once and never learned. It is no parameter.",
            lambda V, C, T, L, H: L * H * T * T,
            lambda V, C, T, L, H: L * T * T,
        ),
        Wrong(
            "bytes are counted",
            lambda case: (
                f"{_miscount(case)}: {case.got['count'].value / case.want['count'].value:g} times as many. "
                "Those are bytes. How many numbers are they?"
            ),
            lambda config: 4 * count_params.answer(config),
            lambda config: 2 * count_params.answer(config),
        ),
    ),
)


# --- gpt_forward ----------------------------------------------------------------------------------


def gpt_forward(model: torch.nn.Module, idx: torch.Tensor, targets: torch.Tensor | None = None) -> tuple:
    T, block_size = idx.shape[1], model.block_size
    if T > block_size:
        raise ValueError(f"{T} characters do not fit into block_size={block_size}: keep the last ones.")
    positions = torch.arange(T, device=idx.device)  # only as many as there are characters
    x = model.token_embedding_table(idx) + model.position_embedding_table(positions)
    logits = model.lm_head(model.ln_f(model.blocks(x)))  # (B, T, V)
    if targets is None:
        return logits, None
    return logits, torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


def _to_pass_forward(seed: int) -> list[tuple]:
    """(idx, targets, block_size, seed of the weights): short, one sequence, full, one character."""
    generator = torch.Generator().manual_seed(seed)
    block_size = _between(6, 9, generator)
    cases = []
    for B, T in [(3, 5), (1, 4), (2, block_size), (4, 1)]:
        row = torch.randint(VOCABULARY, (B, T + 1), generator=generator)
        row[:, 0] = VOCABULARY - 1  # an id for which there is no position
        cases.append((row[:, :-1].clone(), row[:, 1:].clone(), block_size, seed))
    return cases


def _future_seen(observe: Observe, run: Run) -> str:
    return run.outcome.value.get("_leak", "")


def _stream(model: nn.Module, idx: torch.Tensor) -> torch.Tensor:
    return model.token_embedding_table(idx) + _where(model, idx)


def _where(model: nn.Module, idx: torch.Tensor) -> torch.Tensor:
    return model.position_embedding_table(torch.arange(idx.shape[1]))


def _top(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return model.lm_head(model.ln_f(model.blocks(x)))


def _mean(logits: torch.Tensor, targets: torch.Tensor, idx: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def _asking(forward: Callable) -> Callable:
    """The forward with the right question before it: one mistake at a time."""

    def asking(model, idx, targets):
        if idx.shape[1] > model.block_size:
            raise ValueError(f"{idx.shape[1]} {model.block_size}")
        return forward(model, idx, targets)

    return asking


def _by_logits(logits: Callable) -> Callable:
    """A forward whose logits are logits(model, idx)."""

    def forward(model, idx, targets):
        made = logits(model, idx)
        return made, None if targets is None else _mean(made, targets, idx)

    return _asking(forward)


def _by_start(start: Callable) -> Callable:
    """A forward whose stream begins as start(model, idx)."""
    return _by_logits(lambda model, idx: _top(model, start(model, idx)))


def _by_positions(positions: Callable) -> Callable:
    """A forward with positions(model, idx) for the position table's rows."""
    return _by_start(lambda model, idx: model.token_embedding_table(idx) + positions(model, idx))


def _by_loss(loss: Callable, no_loss: object = None, also: Callable = lambda logits: logits) -> Callable:
    """A forward with loss(logits, targets, idx), another thing than None, or other logits beside a loss."""

    def forward(model, idx, targets):
        logits = _top(model, _stream(model, idx))
        if targets is None:
            return logits, no_loss
        return also(logits), loss(logits, targets, idx)

    return _asking(forward)


def _when_long(what: Callable) -> Callable:
    """A right forward that does what(model, idx, targets) where T is too long."""

    def forward(model, idx, targets):
        long = idx.shape[1] > model.block_size
        return what(model, idx, targets) if long else _by_loss(_mean)(model, idx, targets)

    return forward


def _raises(kind: type, words: Callable) -> Callable:
    def what(model, idx, targets):
        raise kind(words(idx.shape[1], model.block_size))

    return _when_long(what)


def _refuses_full(model, idx, targets):
    if idx.shape[1] >= model.block_size:
        raise ValueError(f"{idx.shape[1]} {model.block_size}")
    return _by_loss(_mean)(model, idx, targets)


def _cropped(model, idx, targets):
    return _top(model, _stream(model, idx[:, -model.block_size :])), None


def _no_grad(model, idx, targets):
    with torch.no_grad():
        return _by_loss(_mean)(model, idx, targets)


def _logits_alone(model, idx, targets):
    logits, loss = _by_loss(_mean)(model, idx, targets)
    return logits if loss is None else (logits, loss)


def _asks_truth(model, idx, targets):
    logits = _top(model, _stream(model, idx))
    return (logits, _mean(logits, targets, idx)) if targets else (logits, None)


def _always_a_loss(flat: Callable) -> Callable:
    def forward(model, idx, targets):
        logits = _top(model, _stream(model, idx)).flatten(0, 1)
        return logits, F.cross_entropy(logits, flat(targets))

    return _asking(forward)


def _scrambled(logits: torch.Tensor, targets: torch.Tensor, idx: torch.Tensor) -> torch.Tensor:
    B, T, V = logits.shape
    return F.cross_entropy(logits.reshape(B, V, T), targets)


def _logits_off(case: Case) -> str:
    return f"Your logits are off by up to {gap(case.got['logits'], case.want['logits']):.2g}"


def _loss_off(case: Case) -> str:
    got, want = (float(facts["loss"]) for facts in (case.got, case.want))
    shape = tuple(case.inputs[0].shape)
    return f"The logits are right, and on {shape} ids your loss is {got:.4f}, not {want:.4f}"


def _shape(case: Case) -> str:
    return f"ids of shape {tuple(case.inputs[0].shape)}"


def _raised(case: Case) -> str:
    return f"On {_shape(case)}, with block_size {case.inputs[2]}, torch raised {_words(case)}"


def _either(value: Callable) -> Callable:
    """What to measure where torch raised on some inputs and gave wrong numbers on others."""
    return lambda case: _raised(case) if case.error is not None else value(case)


def _known(name: str, measure: Callable[[Case], str], said: str, *functions: Callable) -> Wrong:
    return Wrong(name, lambda case: f"{measure(case)}{said}", *functions)


def _fact(key: str) -> Callable[[Case], str]:
    return lambda case: case.got[key].said


gpt_forward = Exercise(
    name="gpt_forward",
    prompt=(
        "Write gpt_forward(model, idx, targets): return (logits, loss) from the model's parts; loss is None "
        "exactly when targets is None. A T above model.block_size raises a ValueError that names both."
    ),
    answer=gpt_forward,
    make_inputs=_to_pass_forward,
    run=forwarded,
    invariants=(_future_seen,),
    rtol=RTOL,
    atol=ATOL,
    axes="B, T, V",
    note=lambda values: (
        f"Logits and loss are the library's on T from 1 to block_size. {values[0]['gradients'].said} "
        "A T too long is named."
    ),
    hints=(
        "First ask whether T fits. Then five steps, as in section 1: tables, blocks, norm, head, loss.",
        (
            "Positions 0 to T - 1: torch.arange(T), not the whole table. F.cross_entropy wants the "
            "questions in a row: logits (B * T, V) beside targets (B * T)."
        ),
        (
            "x = model.token_embedding_table(idx) + model.position_embedding_table(torch.arange(T)); then "
            "logits = model.lm_head(model.ln_f(model.blocks(x))) and cross_entropy(logits.flatten(0, 1), "
            "targets.flatten())."
        ),
    ),
    wrong=(
        _known(
            "the positions are left out",
            _logits_off,
            ". Nobody says where a character stands: which of the model's five parts have you not called?",
            _by_start(lambda model, idx: model.token_embedding_table(idx)),
        ),
        _known(
            "the positions come after the blocks",
            _logits_off,
            ": the positions are added when the blocks have already read the stream. Who needed them?",
            _by_logits(
                lambda model, idx: model.lm_head(
                    model.ln_f(model.blocks(model.token_embedding_table(idx)) + _where(model, idx))
                )
            ),
            _by_logits(
                lambda model, idx: model.lm_head(
                    model.ln_f(model.blocks(model.token_embedding_table(idx))) + _where(model, idx)
                )
            ),
        ),
        _known(
            "the whole position table",
            _either(_logits_off),
            ". You took all rows of the position table. Take as many as there are characters.",
            _by_positions(lambda model, idx: model.position_embedding_table.weight),
            _by_positions(lambda model, idx: model.position_embedding_table(torch.arange(model.block_size))),
        ),
        _known(
            "the positions are looked up by character",
            _either(_logits_off),
            ". You gave the position table the ids. It asks where, not what: give it 0, 1, 2, ...",
            _by_positions(lambda model, idx: model.position_embedding_table(idx)),
        ),
        _known(
            "one position for all",
            _logits_off,
            ": every character got the same row of the position table. Each has a place of its own.",
            _by_positions(lambda model, idx: model.position_embedding_table(torch.tensor([0]))),
            _by_positions(lambda model, idx: model.position_embedding_table(torch.zeros_like(idx))),
            _by_positions(lambda model, idx: model.position_embedding_table(torch.tensor(idx.shape[1] - 1))),
        ),
        _known(
            "as many positions as sequences",
            _either(_logits_off),
            ". You counted positions along the batch. idx is (B, T): which of the two is time?",
            _by_positions(lambda model, idx: model.position_embedding_table(torch.arange(idx.shape[0]))),
            _by_positions(lambda model, idx: model.position_embedding_table(torch.arange(len(idx)))[:, None]),
        ),
        _known(
            "positions counted from 1",
            _either(_logits_off),
            ". Your first character stands at position 1. Where does torch begin to count?",
            _by_positions(
                lambda model, idx: model.position_embedding_table(torch.arange(1, idx.shape[1] + 1))
            ),
        ),
        _known(
            "what times where",
            _logits_off,
            ": the two rows are multiplied. They are added.",
            _by_start(lambda model, idx: model.token_embedding_table(idx) * _where(model, idx)),
        ),
        _known(
            "the blocks are left out",
            _logits_off,
            ": norm and head read the embeddings themselves, so no position has heard of another.",
            _by_logits(lambda model, idx: model.lm_head(model.ln_f(_stream(model, idx)))),
        ),
        _known(
            "only one block",
            _logits_off,
            ": one of the two blocks was not called. model.blocks(x) calls them in a row.",
            _by_logits(lambda model, idx: model.lm_head(model.ln_f(model.blocks[0](_stream(model, idx))))),
            _by_logits(lambda model, idx: model.lm_head(model.ln_f(model.blocks[-1](_stream(model, idx))))),
        ),
        _known(
            "the stream is added once more",
            _logits_off,
            ": x + blocks(x) adds what each block has kept anyway. The sums are inside the blocks.",
            _by_logits(
                lambda model, idx: model.lm_head(
                    model.ln_f(_stream(model, idx) + model.blocks(_stream(model, idx)))
                )
            ),
        ),
        _known(
            "the last norm is left out",
            _logits_off,
            ": the head reads the stream as the blocks left it. Which part have you not called?",
            _by_logits(lambda model, idx: model.lm_head(model.blocks(_stream(model, idx)))),
        ),
        _known(
            "the last norm comes first",
            _logits_off,
            ": ln_f was called before the blocks. It is to calm what they leave.",
            _by_logits(lambda model, idx: model.lm_head(model.blocks(model.ln_f(_stream(model, idx))))),
        ),
        Wrong(
            "probabilities instead of logits",
            lambda case: (
                f"Each row of your logits sums to {float(case.got['logits'][0, 0].sum()):.3g}: those are "
                "probabilities. Return the scores as the head makes them; cross_entropy takes the softmax."
            ),
            _by_logits(lambda model, idx: _top(model, _stream(model, idx)).softmax(dim=-1)),
        ),
        Wrong(
            "only the last position",
            lambda case: (
                f"Your logits have shape {tuple(case.got['logits'].shape)}: only the last position answers. "
                "In training all of them do; who draws text takes the last one afterwards."
            ),
            _by_logits(lambda model, idx: _top(model, _stream(model, idx))[:, -1]),
            _by_logits(lambda model, idx: _top(model, _stream(model, idx))[:, -1:]),
        ),
        Wrong(
            "a number instead of None",
            lambda case: f"{_fact('loss without targets')(case)} Nothing was asked: return None there.",
            _by_loss(_mean, no_loss=0),
            _by_loss(_mean, no_loss=0.0),
            _by_loss(_mean, no_loss=torch.zeros(())),
        ),
        Wrong(
            "the logits alone",
            lambda case: f"{case.error} Without targets too: (logits, None).",
            _logits_alone,
        ),
        Wrong(
            "the loss comes first",
            lambda case: f"{case.error} Which of the two comes first?",
            lambda model, idx, targets: _by_loss(_mean)(model, idx, targets)[::-1],
        ),
        Wrong(
            "asks whether targets are true",
            lambda case: (
                f"{_raised(case)}. `if targets` asks {case.inputs[1].numel()} numbers at once whether they "
                "are true. Ask whether targets is None."
            ),
            _asks_truth,
        ),
        Wrong(
            "a loss is asked for without targets",
            lambda case: (
                f"With targets=None and {_shape(case)}, Python raised {_words(case)}. There is nothing to "
                "compare with: ask first whether targets is None."
            ),
            *[
                _always_a_loss(flat)
                for flat in (
                    lambda targets: targets.flatten(),
                    lambda targets: targets.view(-1),
                    lambda targets: targets.reshape(-1),
                    lambda targets: targets,
                )
            ],
        ),
        Wrong(
            "the targets have no loss",
            lambda case: (
                f"You gave {case.got['loss']} as the loss of {case.inputs[1].numel()} targets. Is None right "
                "when there are targets?"
            ),
            lambda model, idx, targets: (_top(model, _stream(model, idx)), None),
        ),
        Wrong(
            "the logits are flat beside a loss",
            lambda case: (
                f"{_fact('logits beside a loss')(case)} Flatten for the loss, and return what you had "
                "before: whoever calls you expects (B, T, V)."
            ),
            _by_loss(_mean, also=lambda logits: logits.flatten(0, 1)),
        ),
        Wrong(
            "the loss gets three axes",
            lambda case: (
                f"{_raised(case)}. cross_entropy takes the second axis for the characters, and yours is "
                "time. Put all questions in a row."
            ),
            _by_loss(lambda logits, targets, idx: F.cross_entropy(logits, targets)),
        ),
        _known(
            "a view that scrambles",
            _loss_off,
            ": reshape to (B, V, T) cuts the numbers anew, so scores belong to other characters. Flatten B "
            "and T, or swap axes with transpose.",
            _by_loss(_scrambled),
        ),
        _known(
            "softmax before cross_entropy",
            _loss_off,
            ": you gave cross_entropy probabilities, and it takes the softmax itself.",
            _by_loss(lambda logits, targets, idx: _mean(logits.softmax(dim=-1), targets, idx)),
        ),
        _known(
            "the sum instead of the mean",
            _loss_off,
            ": the surprises are added up. It is the mean over all questions.",
            _by_loss(
                lambda logits, targets, idx: F.cross_entropy(
                    logits.flatten(0, 1), targets.flatten(), reduction="sum"
                )
            ),
            _by_loss(lambda logits, targets, idx: _mean(logits, targets, idx) * targets.shape[1]),
            _by_loss(lambda logits, targets, idx: _mean(logits, targets, idx) * targets.shape[0]),
        ),
        _known(
            "shifted a second time",
            _loss_off,
            ": the targets are shifted already, by get_batch. You shifted once more.",
            _by_loss(lambda logits, targets, idx: _mean(logits[:, :-1], targets[:, 1:], idx)),
        ),
        _known(
            "the targets are the ids",
            _loss_off,
            ": you asked for the characters that the model has just read. What is targets for?",
            _by_loss(lambda logits, targets, idx: _mean(logits, idx, idx)),
        ),
        _known(
            "one question a line is left out",
            _loss_off,
            ": the last position was not asked. You shifted idx, and its last target is only in targets.",
            _by_loss(lambda logits, targets, idx: _mean(logits[:, :-1], idx[:, 1:], idx)),
            _by_loss(lambda logits, targets, idx: _mean(logits[:, :-1], targets[:, :-1], idx)),
        ),
        _known(
            "only the last question counts",
            _loss_off,
            ": only the last position was asked. Every position has a target of its own.",
            _by_loss(lambda logits, targets, idx: F.cross_entropy(logits[:, -1], targets[:, -1])),
        ),
        Wrong(
            "the loss cannot teach",
            lambda case: (
                f"The numbers are right, and {_fact('gradients')(case)[0].lower()}"
                f"{_fact('gradients')(case)[1:]} Where is the way back cut: item(), detach(), no_grad?"
            ),
            _by_loss(lambda logits, targets, idx: _mean(logits, targets, idx).item()),
            _by_loss(lambda logits, targets, idx: _mean(logits, targets, idx).detach()),
            _no_grad,
        ),
        Wrong(
            "too long a text is cropped",
            lambda case: (
                f"{_fact('too long')(case)} Whoever asked for all of it never learns that some was dropped. "
                "Raise a ValueError; who wants to crop, crops outside."
            ),
            _when_long(_cropped),
        ),
        Wrong(
            "too long a text is left to torch",
            lambda case: (
                f"{_fact('too long')(case)} True, and of little help: it says nothing of block_size. Ask "
                "before you look up, and raise a ValueError that names both."
            ),
            _when_long(lambda model, idx, targets: (_top(model, _stream(model, idx)), None)),
            _when_long(
                lambda model, idx, targets: (
                    model.token_embedding_table(idx) + model.position_embedding_table.weight[: idx.shape[1]]
                )
            ),
        ),
        Wrong(
            "a full block is refused",
            lambda case: f"{case.error} Is it T above block_size, or T from block_size on?",
            _refuses_full,
        ),
        Wrong(
            "an assert instead of a ValueError",
            lambda case: f"{_fact('too long')(case)} python -O leaves asserts out. Raise a ValueError.",
            _raises(AssertionError, lambda T, block_size: "too long"),
        ),
        Wrong(
            "the ValueError does not say what was too long",
            lambda case: f"Nearly. {_fact('too long')(case)} Name both numbers in it, T and block_size.",
            _raises(ValueError, lambda T, block_size: "the text is too long"),
            _raises(ValueError, lambda T, block_size: f"at most {block_size}"),
        ),
    ),
)


# --- parameter_groups -----------------------------------------------------------------------------


def parameter_groups(model: torch.nn.Module, weight_decay: float) -> list:
    matrices = [parameter for parameter in model.parameters() if parameter.dim() >= 2]
    others = [parameter for parameter in model.parameters() if parameter.dim() < 2]  # gains, shifts, biases
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def _to_sort(seed: int) -> list[tuple]:
    """(config, weight_decay, seed of the weights)."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for attention, weight_decay in (("heads", 0.1), ("fused", _between(2, 9, generator) / 100)):
        config = GPTConfig(
            vocab_size=VOCABULARY,
            block_size=_between(3, 6, generator),
            n_embd=8,
            n_head=2,
            n_layer=_between(2, 3, generator),
            attention=attention,
        )
        cases.append((config, weight_decay, seed))
    return cases


Sorted = Callable[[str, torch.Tensor], bool]


def _sorting(decays: Sorted, stays: Sorted | None = None) -> Callable:
    """Groups of what decays(name, parameter) and of what stays(name, parameter); None is all else."""

    def parameter_groups(model, weight_decay):
        named = list(model.named_parameters())
        other = stays or (lambda name, parameter: not decays(name, parameter))
        return [
            {"params": [p for name, p in named if decays(name, p)], "weight_decay": weight_decay},
            {"params": [p for name, p in named if other(name, p)], "weight_decay": 0.0},
        ]

    return parameter_groups


def _changed_groups(change: Callable) -> Callable:
    """The right groups, changed by change(groups, model)."""
    return lambda model, weight_decay: change(parameter_groups.answer(model, weight_decay), model)


def _is_matrix(name: str, parameter: torch.Tensor) -> bool:
    return parameter.dim() >= 2


def _is_vector(name: str, parameter: torch.Tensor) -> bool:
    return parameter.dim() < 2


def _by_in(model: nn.Module, weight_decay: float, first: int) -> list:
    """Matrices first and then what is not in them, or vectors first."""
    one = [p for p in model.parameters() if min(p.dim(), 2) == first]
    other = [p for p in model.parameters() if p not in one]
    return [{"params": one, "weight_decay": weight_decay}, {"params": other, "weight_decay": 0.0}]


def _wrong_decays(case: Case) -> str:
    return case.got["decay"].said


def _not_once(case: Case) -> str:
    facts = case.got
    counts = []
    if facts["_missing"]:
        counts.append(f"in no group: {kinds(facts['_missing'])}, such as {facts['_missing'][0]}")
    if facts["_twice"]:
        counts.append(f"in more than one: {kinds(facts['_twice'])}, such as {facts['_twice'][0]}")
    counted = "; ".join(counts)
    return counted[0].upper() + counted[1:]


parameter_groups = Exercise(
    name="parameter_groups",
    prompt=(
        "Write parameter_groups(model, weight_decay): return a list of two dictionaries for AdamW, with "
        "'params' and 'weight_decay'. Matrices decay, tables included; gains, shifts and biases do not."
    ),
    answer=parameter_groups,
    make_inputs=_to_sort,
    run=grouped,
    note=lambda values: (
        f"{values[0]['decay'].said} {len(values[0]['_wanted'])} tensors, each in exactly one group."
    ),
    hints=(
        "What do gains, shifts and biases have in common that no matrix and no table has?",
        "model.parameters() gives every tensor once, and parameter.dim() the number of its axes.",
        (
            "matrices: those with dim() >= 2, others: those with dim() < 2; then [{'params': matrices, "
            "'weight_decay': weight_decay}, {'params': others, 'weight_decay': 0.0}]."
        ),
    ),
    wrong=(
        _known(
            "everything decays",
            _wrong_decays,
            " Everything decays. A gain of 1 that is pulled towards 0 turns its layer down.",
            _sorting(lambda name, p: True),
        ),
        _known(
            "nothing decays",
            _wrong_decays,
            " Nothing decays. Does your condition hold for any matrix?",
            _sorting(lambda name, p: False),
        ),
        _known(
            "the groups are swapped",
            _wrong_decays,
            " Vectors decay and matrices do not: the two are swapped.",
            _sorting(_is_vector),
        ),
        _known(
            "by the name: whatever is called weight",
            _wrong_decays,
            " The name says little: a norm calls its gain weight as well. What tells a gain from a matrix?",
            _sorting(lambda name, p: name.endswith("weight")),
        ),
        _known(
            "by the name: a matrix is called otherwise",
            lambda case: _wrong_decays(case) if "decay" in case.got else f"{_not_once(case)}.",
            " This model keeps query, key and value in one matrix that is not called weight, and is "
            "in no Linear. What has every matrix, whatever its name?",
            _sorting(
                lambda name, p: name.endswith("weight") and "ln" not in name,
                lambda name, p: name.endswith("bias") or "ln" in name,
            ),
            _sorting(lambda name, p: name.endswith("weight") and "ln" not in name),
        ),
        _known(
            "only norms are spared",
            _wrong_decays,
            " The norms are spared, and biases decay. A bias has no directions either.",
            _sorting(lambda name, p: "ln" not in name),
        ),
        _known(
            "the shifts of norms decay",
            _wrong_decays,
            " Of the norms you spare only one half. A norm has a gain and a shift.",
            _sorting(lambda name, p: _is_matrix(name, p) or ("ln" in name and name.endswith("bias"))),
        ),
        _known(
            "the tables do not decay",
            _wrong_decays,
            " Some spare the embedding tables; it is a choice. Here every matrix decays, and a table is one.",
            _sorting(lambda name, p: _is_matrix(name, p) and "embedding" not in name),
        ),
        _known(
            "one table does not decay",
            _wrong_decays,
            " One of the two tables is spared, the other is not. Here every matrix decays.",
            _sorting(lambda name, p: _is_matrix(name, p) and "position" not in name),
            _sorting(lambda name, p: _is_matrix(name, p) and "token" not in name),
        ),
        _known(
            "the head does not decay",
            _wrong_decays,
            " The head's matrix is spared. Here every matrix decays.",
            _sorting(lambda name, p: _is_matrix(name, p) and "lm_head" not in name),
        ),
        _known(
            "a number of your own",
            _wrong_decays,
            " You wrote a decay of your own into the group. Take the weight_decay that is given.",
            lambda model, weight_decay: parameter_groups.answer(model, 0.1),
        ),
        _known(
            "a group without its decay",
            _wrong_decays,
            " AdamW takes this for a group that says nothing. Say it in each group: the decay given, or 0.",
            _changed_groups(lambda groups, model: [groups[0], {"params": groups[1]["params"]}]),
            _changed_groups(lambda groups, model: [{"params": group["params"]} for group in groups]),
            _changed_groups(lambda groups, model: [{"params": groups[0]["params"]}, groups[1]]),
        ),
        _known(
            "a group is forgotten",
            _not_once,
            ". What is in no group is never trained. Not to decay is not the same as not to learn.",
            _changed_groups(lambda groups, model: groups[:1]),
            _changed_groups(lambda groups, model: groups[1:]),
            _sorting(_is_matrix, lambda name, p: False),
        ),
        _known(
            "the gains are forgotten",
            _not_once,
            ". They would stay 1 for ever. Your second group asks for biases, and a gain is none.",
            _sorting(_is_matrix, lambda name, p: name.endswith("bias")),
        ),
        _known(
            "the biases are forgotten",
            _not_once,
            ". They would never learn. Your second group asks for norms only.",
            _sorting(_is_matrix, lambda name, p: "ln" in name),
        ),
        _known(
            "the head is forgotten",
            _not_once,
            ". The head would never learn. Do you go through the parts one by one?",
            _sorting(
                lambda name, p: _is_matrix(name, p) and "lm_head" not in name,
                lambda name, p: _is_vector(name, p) and "lm_head" not in name,
            ),
            _sorting(lambda name, p: _is_matrix(name, p) and "lm_head" not in name, _is_vector),
        ),
        _known(
            "the tables are forgotten",
            _not_once,
            ". They would never learn. An embedding is no Linear, and it has a matrix.",
            _sorting(lambda name, p: _is_matrix(name, p) and "embedding" not in name, _is_vector),
        ),
        _known(
            "only the blocks",
            _not_once,
            ". Those in the blocks are there. What stands before and after them?",
            _sorting(
                lambda name, p: _is_matrix(name, p) and name.startswith("blocks"),
                lambda name, p: _is_vector(name, p) and name.startswith("blocks"),
            ),
        ),
        _known(
            "the biases are there twice",
            _not_once,
            ". Two of your conditions hold for them. One question, and its opposite, sorts everything once.",
            _changed_groups(
                lambda groups, model: [
                    groups[0],
                    {
                        "params": groups[1]["params"]
                        + [p for name, p in model.named_parameters() if name.endswith("bias")],
                        "weight_decay": 0.0,
                    },
                ]
            ),
        ),
        _known(
            "the gains are there twice",
            _not_once,
            ". They are called weight, and they are no matrices: both of your conditions hold for them.",
            _sorting(lambda name, p: name.endswith("weight"), _is_vector),
        ),
        _known(
            "everything is in the second group too",
            _not_once,
            ". Your second group takes all. It is for what is not in the first.",
            _sorting(_is_matrix, lambda name, p: True),
        ),
        _known(
            "vectors are in both groups",
            _not_once,
            ". Your first group takes all. It is for what is not in the second.",
            _sorting(lambda name, p: True, _is_vector),
        ),
        Wrong(
            "copies are handed over",
            lambda case: (
                f"{case.got['owner'].said} Who trains copies (.data, .detach(), clone()) leaves the model as "
                "it is. Hand over the parameters themselves."
            ),
            _changed_groups(
                lambda groups, model: [
                    {**group, "params": [p.data for p in group["params"]]} for group in groups
                ]
            ),
        ),
        Wrong(
            "names instead of parameters",
            lambda case: f"{case.error} named_parameters() gives name and tensor: hand over the tensor.",
            lambda model, weight_decay: [
                {"params": [n for n, p in model.named_parameters() if p.dim() > 1], "weight_decay": 0.1},
                {"params": [n for n, p in model.named_parameters() if p.dim() < 2], "weight_decay": 0.0},
            ],
        ),
        Wrong(
            "`in` between tensors",
            lambda case: (
                f"With weight_decay={case.inputs[1]:g} torch raised {_words(case)}. `p in some_list` compares"
                " the numbers in p with all others. Ask p itself what it is: it goes into one or the other."
            ),
            lambda model, weight_decay: _by_in(model, weight_decay, 2),
            lambda model, weight_decay: _by_in(model, weight_decay, 1),
        ),
        Wrong(
            "the optimiser instead of its groups",
            lambda case: f"{case.error}",
            lambda model, weight_decay: torch.optim.AdamW(parameter_groups.answer(model, weight_decay)),
        ),
        Wrong(
            "two lists instead of two dictionaries",
            lambda case: (
                f"{case.error} AdamW wants to know what is in each, and how it decays: 'params' and "
                "'weight_decay'."
            ),
            lambda model, weight_decay: [
                [p for p in model.parameters() if p.dim() >= 2],
                [p for p in model.parameters() if p.dim() < 2],
            ],
        ),
    ),
)


# --- safe_load ------------------------------------------------------------------------------------


def safe_load(path: object, sha256: str) -> dict:
    import hashlib

    from safetensors.torch import load

    content = path.read_bytes()  # read once: what is parsed is what was hashed
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"Expected a file with SHA-256 {sha256[:12]}…, got {found[:12]}….")
    return load(content)  # safetensors only: no pickle is ever opened


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _no() -> None:
    raise ValueError("wrong hash")


def _hashed(
    parse: Callable = load_file,
    accepted: Callable = lambda path, sha256: _digest(path.read_bytes()) == sha256,
    refuse: Callable = _no,
) -> Callable:
    """safe_load with another parser, another comparison, or another way to refuse."""

    def safe_load(path, sha256):
        return parse(path) if accepted(path, sha256) else refuse()

    return safe_load


def _trusting(path):
    return torch.load(path, weights_only=False)


def _unpickled(path):
    return pickle.loads(path.read_bytes())


def _falls_back(other: Callable) -> Callable:
    def parse(path):
        try:
            return load_file(path)
        except SafetensorError:
            return other(path)

    return parse


def _anything(path, sha256):
    return True


def _hash_afterwards(path, sha256):
    tensors = load_file(path)
    if _digest(path.read_bytes()) != sha256:
        raise ValueError("wrong hash")
    return tensors


def _asserts(kind: type) -> Callable:
    def refuse():
        raise kind("wrong hash")

    return refuse


def _first_tensor(path):
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in list(file.keys())[:1]}


def _names_only(path):
    with safe_open(path, framework="pt") as file:
        return list(file.keys())


def _not(what: Callable) -> Callable:
    """accepted(path, sha256) by a hash of something else."""
    return lambda path, sha256: what(path) == sha256


safe_load = Exercise(
    name="safe_load",
    prompt=(
        "Write safe_load(path, sha256): return a safetensors file's tensors as a dict, if the SHA-256 of its "
        "bytes is the one given. Another hash raises a ValueError before anything is parsed; a pickle is "
        "refused, whatever is in it."
    ),
    answer=safe_load,
    make_inputs=lambda seed: [(seed,), (seed + 1,)],
    run=loaded,
    note=lambda values: (
        f"{len(values[0])} questions about it, and {values[0]['flipped'].said[0].lower()}"
        f"{values[0]['flipped'].said[1:]}"
    ),
    hints=(
        "Bytes first: read them, hash them, compare. Only then may anybody look at what they mean.",
        (
            "path.read_bytes() and hashlib.sha256(content).hexdigest(), 64 digits. safetensors.torch.load "
            "takes bytes, load_file a path; both refuse a pickle."
        ),
        (
            "content = path.read_bytes(); if hashlib.sha256(content).hexdigest() != sha256, raise "
            "ValueError(...); return safetensors.torch.load(content)."
        ),
    ),
    wrong=(
        _known(
            "the code in a pickle runs",
            _fact("code"),
            " Ours only counts; another's could have done anything that you may do. A right hash says that "
            "the file is the one meant, not that it is harmless. Which format has no calls in it?",
            _hashed(_trusting, _anything),
            _hashed(_trusting),
            _hashed(_unpickled),
            _hashed(_falls_back(_trusting), _anything),
            _hashed(_falls_back(_unpickled)),
        ),
        _known(
            "a harmless pickle is let in",
            _fact("harmless pickle"),
            " weights_only=True, torch's default, keeps a list of what a pickle may call, and such lists "
            "have had holes. Open no pickle at all: which loader knows only safetensors?",
            _hashed(lambda path: torch.load(path, weights_only=True)),
            _hashed(lambda path: torch.load(path, weights_only=True), _anything),
            _hashed(_falls_back(lambda path: torch.load(path, weights_only=True))),
        ),
        _known(
            "a pickle gives nothing instead of an error",
            _fact("harmless pickle"),
            " Whoever called you goes on with nothing in hand. Let the parser's error through.",
            _hashed(_falls_back(lambda path: None)),
            _hashed(_falls_back(lambda path: {})),
        ),
        _known(
            "the hash is not compared",
            _fact("flipped"),
            " It parses as before, and one number is another. What is the argument sha256 for?",
            _hashed(accepted=_anything),
            _hashed(lambda path: load(path.read_bytes()), _anything),
        ),
        _known(
            "the path is hashed",
            _fact("tensors"),
            " You hashed the name of the file. A name stays the same when the content is changed.",
            _hashed(accepted=_not(lambda path: _digest(str(path).encode()))),
            _hashed(accepted=_not(lambda path: _digest(path.name.encode()))),
        ),
        _known(
            "another hash function",
            _fact("tensors"),
            " It would be accepted with a hash that is not SHA-256. Which function of hashlib do you call?",
            _hashed(accepted=_not(lambda path: hashlib.md5(path.read_bytes()).hexdigest())),
            _hashed(accepted=_not(lambda path: hashlib.sha1(path.read_bytes()).hexdigest())),
            _hashed(accepted=_not(lambda path: hashlib.sha512(path.read_bytes()).hexdigest())),
        ),
        _known(
            "bytes are compared with digits",
            _fact("tensors"),
            " digest() gives 32 bytes, and you were given 64 digits as text: they are never equal.",
            _hashed(accepted=_not(lambda path: hashlib.sha256(path.read_bytes()).digest())),
        ),
        _known(
            "only the beginning of the file is hashed",
            _fact("tensors"),
            " You hashed its first bytes. Where the file goes on, anything could be changed.",
            *[
                _hashed(accepted=_not(lambda path, size=size: _digest(path.read_bytes()[:size])))
                for size in (1024, 4096, 8192, 65_536)
            ],
        ),
        _known(
            "nothing is hashed",
            _fact("tensors"),
            " You hashed 0 bytes: does anybody read the file before hexdigest()?",
            _hashed(accepted=_not(lambda path: hashlib.sha256().hexdigest())),
        ),
        _known(
            "only the beginning of the hash counts",
            _fact("beginning"),
            " All 64 digits count; a file with the same first few is quickly found.",
            *[
                _hashed(accepted=lambda path, sha256, n=n: _digest(path.read_bytes())[:n] == sha256[:n])
                for n in (6, 8, 12, 16, 32)
            ],
        ),
        _known(
            "only the end of the hash counts",
            _fact("end"),
            " All 64 digits count, from the first on.",
            *[
                _hashed(accepted=lambda path, sha256, n=n: _digest(path.read_bytes())[-n:] == sha256[-n:])
                for n in (8, 12, 16, 32)
            ],
        ),
        _known(
            "a part of a hash will do",
            _fact("short"),
            " It proves as little as it is short. Compare for equality, not with startswith or in.",
            _hashed(accepted=lambda path, sha256: _digest(path.read_bytes()).startswith(sha256)),
            _hashed(accepted=lambda path, sha256: sha256 in _digest(path.read_bytes())),
        ),
        _known(
            "no hash is as good as the right one",
            _fact("empty"),
            " Who gives none has proved nothing. Compare always.",
            _hashed(accepted=lambda path, sha256: not sha256 or _digest(path.read_bytes()) == sha256),
        ),
        _known(
            "None instead of an error",
            _fact("flipped"),
            " Whoever called you goes on with nothing in hand, and fails far from here. Raise a ValueError.",
            _hashed(refuse=lambda: None),
        ),
        _known(
            "an empty dict instead of an error",
            _fact("flipped"),
            " Nothing was loaded, and nobody is told. Raise a ValueError.",
            _hashed(refuse=dict),
        ),
        _known(
            "an assert instead of a ValueError",
            _fact("flipped"),
            " python -O leaves asserts out, and then it is loaded. Raise a ValueError.",
            _hashed(refuse=_asserts(AssertionError)),
        ),
        _known(
            "another error than a ValueError",
            _fact("flipped"),
            " Refused, but whoever expects a ValueError does not catch it.",
            _hashed(refuse=_asserts(RuntimeError)),
            _hashed(refuse=_asserts(OSError)),
            _hashed(refuse=_asserts(Exception)),
        ),
        _known(
            "the hash is compared after the loading",
            _fact("garbage"),
            " That is the parser's error: it had the strange bytes in hand before you compared. First the "
            "hash, then the parser.",
            _hash_afterwards,
        ),
        _known(
            "only one tensor",
            _fact("tensors"),
            " What of the others? load_file(path) and load(content) return them all.",
            _hashed(_first_tensor),
        ),
        _known(
            "only the names",
            lambda case: str(case.error),
            " Those are names. Whose numbers are they?",
            _hashed(_names_only),
        ),
    ),
)
