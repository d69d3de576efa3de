"""The forward of a whole GPT, from its parts."""

import torch
import torch.nn.functional as F

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.draws import between
from nanogpt_lib.lessons.full_model.forward_altered import (
    Forward,
    altered,
    around_each,
    raises,
    right_logits,
    top,
    when_long,
)
from nanogpt_lib.lessons.full_model.forward_loss import LOSS_MISTAKES
from nanogpt_lib.lessons.full_model.forward_step_by_step import ATOL, RTOL, forwarded, future_unseen
from nanogpt_lib.lessons.full_model.shared import VOCABULARY


def to_pass_forward(seed: int) -> list[tuple]:
    """Return (idx, targets, block_size, seed of the weights): short, one sequence, full, one character."""
    generator = torch.Generator().manual_seed(seed)
    block_size = between(6, 9, generator)
    cases = []
    for B, T in [(3, 5), (1, 4), (2, block_size), (4, 1)]:
        row = torch.randint(VOCABULARY, (B, T + 1), generator=generator)
        row[:, 0] = VOCABULARY - 1  # an id for which there is no position
        cases.append((row[:, :-1].clone(), row[:, 1:].clone(), block_size, seed))
    zeros = torch.zeros(2, 5, dtype=torch.int64)  # 0 is an id like others
    return [
        *cases,
        (zeros.index_fill(1, torch.tensor(0), VOCABULARY - 1)[:, :4], zeros[:, 1:], block_size, seed),
    ]


ex = Exercise(
    prompt="Write gpt_forward(model, idx, targets): return (logits, loss) from the model's parts; loss is None exactly when targets is None, and gradients come back from it to all weights. A T above model.block_size raises a ValueError that names both.",
    hints=(
        "First ask whether T fits. Then five steps, as in section 1: tables, blocks, norm, head, loss.",
        "Positions 0 to T - 1: torch.arange(T), not the whole table. F.cross_entropy wants the questions in a row: logits (B * T, V) beside targets (B * T).",
        "x = model.token_embedding_table(idx) + model.position_embedding_table(torch.arange(T)); then logits = model.lm_head(model.ln_f(model.blocks(x))) and cross_entropy(logits.flatten(0, 1), targets.flatten()).",
    ),
    inputs=to_pass_forward,
    run=forwarded,
    see=Forward,
    holds=(future_unseen,),
    rtol=RTOL,
    atol=ATOL,
    axes="B, T, V",
    note=lambda values: (
        f"Logits and loss are the library's on T from 1 to block_size. {values[0]['gradients'].said} A T too long is named."
    ),
)


@ex.right
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


@ex.also_right
def forward_by_slices(m, ids, y=None):
    """No lookup of positions, one block after the other, the loss from probabilities in float64."""
    _, T = ids.shape
    if m.block_size < T:
        raise ValueError(f"T={T}, but block_size={m.block_size}")
    x = m.token_embedding_table.weight[ids] + m.position_embedding_table.weight[:T]
    for block in m.blocks:
        x = block(x)
    logits = F.linear(m.ln_f(x), m.lm_head.weight, m.lm_head.bias)
    if y is not None:
        return logits, -logits.double().log_softmax(-1).gather(2, y[..., None]).mean()
    return logits, None


@ex.also_right
def forward_by_transpose(model, idx, targets):
    B, T = idx.size()
    most = model.position_embedding_table.num_embeddings
    if T > most:
        raise ValueError("T = %d is longer than block_size = %d" % (T, most))  # noqa: UP031
    where = torch.arange(T).expand(B, T)
    x = sum([model.position_embedding_table(where), model.token_embedding_table(idx)])
    scores = model.lm_head(model.ln_f(model.blocks(x)))
    return [scores, F.cross_entropy(scores.mT, targets) if targets is not None else None]


ex.mistake(
    "the positions are left out",
    "{logits_off}. Nobody says where a character stands: which of the model's five parts have you not called?",
    altered(logits=lambda m, what, where: m.lm_head(m.ln_f(m.blocks(what)))),
)
ex.mistake(
    "the positions come after the blocks",
    "{logits_off}: the positions are added when the blocks have already read the stream. Who needed them?",
    altered(logits=lambda m, what, where: m.lm_head(m.ln_f(m.blocks(what) + where))),
    altered(logits=lambda m, what, where: m.lm_head(m.ln_f(m.blocks(what)) + where)),
)
ex.mistake(
    "the whole position table",
    "{logits_off}. You took all rows of the position table. Take as many as there are characters.",
    altered(positions=lambda m, idx: m.position_embedding_table.weight),
)
ex.mistake(
    "the positions are looked up by character",
    "{logits_off}. You gave the position table the ids. It asks where, not what: give it 0, 1, 2, ...",
    altered(positions=lambda m, idx: m.position_embedding_table(idx)),
    altered(positions=lambda m, idx: m.position_embedding_table(idx.clamp(max=m.block_size - 1))),
    altered(positions=lambda m, idx: m.position_embedding_table(idx % m.block_size)),
)
ex.mistake(
    "one position for all",
    "{logits_off}: every character got the same row of the position table. Each has a place of its own.",
    altered(positions=lambda m, idx: m.position_embedding_table(torch.zeros_like(idx))),
    altered(positions=lambda m, idx: m.position_embedding_table(torch.tensor(idx.shape[1] - 1))),
)
ex.mistake(
    "as many positions as sequences",
    "{logits_off}. You counted positions along the batch. idx is (B, T): which of the two is time?",
    altered(positions=lambda m, idx: m.position_embedding_table(torch.arange(len(idx)))),
    altered(positions=lambda m, idx: m.position_embedding_table(torch.arange(len(idx)))[:, None]),
)
ex.mistake(
    "positions counted from 1",
    "{logits_off}. Your first character stands at position 1. Where does torch begin to count?",
    altered(positions=lambda m, idx: m.position_embedding_table(torch.arange(1, idx.shape[1] + 1))),
    altered(
        positions=lambda m, idx: m.position_embedding_table(torch.arange(1, idx.shape[1] + 1) % m.block_size)
    ),
)
ex.mistake(
    "the last rows of the position table",
    "{logits_off}. A text shorter than block_size got the last rows of the table. The first character stands at position 0, however short the text.",
    altered(positions=lambda m, idx: m.position_embedding_table.weight[-idx.shape[1] :]),
)
ex.mistake(
    "what times where",
    "{logits_off}: the two rows are multiplied. They are added.",
    altered(logits=lambda m, what, where: m.lm_head(m.ln_f(m.blocks(what * where)))),
)
ex.mistake(
    "the blocks are left out",
    "{logits_off}: norm and head read the embeddings themselves, so no position has heard of another.",
    altered(logits=lambda m, what, where: m.lm_head(m.ln_f(what + where))),
)
ex.mistake(
    "only one block",
    "{logits_off}: one of the two blocks was not called. model.blocks(x) calls them in a row.",
    altered(logits=lambda m, what, where: m.lm_head(m.ln_f(m.blocks[0](what + where)))),
    altered(logits=lambda m, what, where: m.lm_head(m.ln_f(m.blocks[-1](what + where)))),
)
ex.mistake(
    "the stream is added once more",
    "{logits_off}: x + block(x), or x + blocks(x), adds what each block has kept anyway. The sums are inside the blocks.",
    altered(logits=lambda m, what, where: m.lm_head(m.ln_f(what + where + m.blocks(what + where)))),
    altered(logits=lambda m, what, where: m.lm_head(m.ln_f(around_each(m.blocks, what + where)))),
)
ex.mistake(
    "the last norm is left out",
    "{logits_off}: the head reads the stream as the blocks left it. Which part have you not called?",
    altered(logits=lambda m, what, where: m.lm_head(m.blocks(what + where))),
)
ex.mistake(
    "the last norm comes first",
    "{logits_off}: ln_f was called before the blocks. It is to calm what they leave.",
    altered(logits=lambda m, what, where: m.lm_head(m.blocks(m.ln_f(what + where)))),
)
ex.mistake(
    "probabilities instead of logits",
    "Each row of your logits sums to {row_sum:.3g}: those are probabilities. Return the scores as the head makes them; cross_entropy takes the softmax.",
    altered(logits=lambda m, what, where: top(m, what + where).softmax(dim=-1)),
    see=lambda case: {"row_sum": case.got["logits"][0, 0].sum()},
)
ex.mistake(
    "only the last position",
    "Your logits have shape {shape}: only the last position answers. In training all of them do; who draws text takes the last one afterwards.",
    altered(logits=lambda m, what, where: top(m, what + where)[:, -1]),
    altered(logits=lambda m, what, where: top(m, what + where)[:, -1:]),
    see=lambda case: {"shape": tuple(case.got["logits"].shape)},
)
ex.mistake(*LOSS_MISTAKES)
ex.mistake(
    "too long a text is cropped",
    "{too long} Whoever asked for all of it never learns that some was dropped. Raise a ValueError; who wants to crop, crops outside.",
    when_long(lambda m, idx, targets: (right_logits(m, idx[:, -m.block_size :]), None)),
)
ex.mistake(
    "too long a text is left to torch",
    "{too long} True, and of little help: it says nothing of block_size. Ask before you look up, and raise a ValueError that names both.",
    when_long(lambda m, idx, targets: right_logits(m, idx)),
    when_long(lambda m, idx, targets: m.token_embedding_table(idx) + m.position_embedding_table.weight),
)
ex.mistake(
    "T is asked for in one of two cases only",
    "{too long with targets} Without targets yours raises a ValueError; with them it should, too. Ask before anything else.",
    lambda m, idx, targets: (gpt_forward if targets is None else altered(limit=False))(m, idx, targets),
)
ex.mistake(
    "a full block is refused",
    "{case.error} Is it T above block_size, or T from block_size on?",
    raises(ValueError, lambda T, block_size: f"{T} {block_size}", spare=1),
)
ex.mistake(
    "an assert instead of a ValueError",
    "{too long} python -O leaves asserts out. Raise a ValueError.",
    raises(AssertionError, lambda T, block_size: "too long"),
    raises(AssertionError, lambda T, block_size: f"{T} {block_size}"),
)
ex.mistake(
    "another error than a ValueError",
    "{too long} Refused, but whoever expects a ValueError does not catch it.",
    *(raises(kind, lambda T, block_size: f"{T} {block_size}") for kind in (TypeError, KeyError, Exception)),
)
ex.mistake(
    "the ValueError does not say what was too long",
    "Nearly. {too long} Name both numbers in it, T and block_size.",
    raises(ValueError, lambda T, block_size: "the text is too long"),
    raises(ValueError, lambda T, block_size: f"at most {block_size}"),
)
