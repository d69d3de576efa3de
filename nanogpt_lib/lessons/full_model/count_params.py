"""How many parameters a GPT has, by arithmetic alone."""

from collections.abc import Callable
from dataclasses import replace

import numpy
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.lessons.full_model.parameter_terms import counted, random_config, right_terms
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.presets import LADDER

LECTURE = GPTConfig(vocab_size=65, block_size=256, n_embd=384, n_head=6, n_layer=6)
MIDDLE = GPTConfig(vocab_size=65, block_size=64, n_embd=128, n_head=4, n_layer=4)


def to_count(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    configs = [LECTURE, MIDDLE, *(rung.model for rung in LADDER.values())]
    configs += [random_config(generator) for _ in range(4)]
    return [(config,) for config in [*configs, replace(configs[-1], n_head=1, attention="fused")]]


class Count:
    """The sizes and the learner's count, by how much it is off, and how many times the right one it is."""

    def __init__(self, case: Case) -> None:
        if case.error is None:
            mine, right = case.got["count"], case.want["count"].value
            off = mine.value - right
            self.miscount = f"{mine.said[:-1]}, {abs(off):,.0f} too {'many' if off > 0 else 'few'}"
            self.times = mine.value / right


ex = Exercise(
    prompt="Write count_params(config): how many parameters the GPT of this GPTConfig has, by arithmetic alone, from vocab_size, n_embd, block_size and n_layer.",
    hints=(
        "Go through the model from the bottom to the top, and through one block from left to right.",
        "nn.Embedding(n, C) has n * C, nn.Linear(a, b) has a * b + b, or a * b without a bias, and LayerNorm(C) has 2 * C. Only query, key and value are without a bias.",
        "Tables V * C and T * C; in each of the L blocks 3 * C * C, then C * C + C, then the two Linears C to 4 * C and back, then two norms; at the end one norm, and the head with C * V + V.",
    ),
    inputs=to_count,
    run=counted,
    see=Count,
    holds=(right_terms,),
    note=lambda values: (
        f"{values[0]['count'].value:,.0f} for the lecture's model, {values[1]['count'].value:,.0f} for the middle one, and nothing was built."
    ),
)


@ex.right
def count_params(config: object) -> int:
    V, C, T, L = config.vocab_size, config.n_embd, config.block_size, config.n_layer
    attention = 3 * C * C + (C * C + C)  # query, key and value have no bias; the projection has one
    feed_forward = (C * 4 * C + 4 * C) + (4 * C * C + C)
    norms = 2 * (C + C)  # two, each with gain and shift
    return V * C + T * C + L * (attention + feed_forward + norms) + 2 * C + (C * V + V)


@ex.also_right
def params_part_by_part(c):
    def linear(size_in, size_out, bias=True):
        return (size_in + bias) * size_out

    C, norm = c.n_embd, 2 * c.n_embd
    head = 3 * linear(C, C // c.n_head, bias=False)
    block = c.n_head * head + linear(C, C) + linear(C, 4 * C) + linear(4 * C, C) + 2 * norm
    return (c.vocab_size + c.block_size) * C + c.n_layer * block + norm + linear(C, c.vocab_size)


@ex.also_right
def params_by_a_product(config):
    V, C, T, L = config.vocab_size, config.n_embd, config.block_size, config.n_layer
    return numpy.dot([2, 1, 12, 10, 2, 1], [V * C, T * C, L * C**2, L * C, C, V])


@ex.also_right
def params_as_a_tensor(config):
    names = ("vocab_size", "n_embd", "block_size", "n_layer")
    V, C, T, L = (torch.tensor(getattr(config, name)) for name in names)
    return C * (2 * V + T + 2) + V + L * C * (12 * C + 10)


def off_by(delta: Callable) -> Callable:
    """Return the answer that counts delta(V, C, T, L, H) too many; H is the number of heads."""

    def off(config):
        sizes = (config.vocab_size, config.n_embd, config.block_size, config.n_layer, config.n_head)
        return count_params(config) + delta(*sizes)

    return off


ex.mistake(
    "the model is built",
    "{error} A model of many billions would not fit. Count without it.",
    lambda config: sum(parameter.numel() for parameter in GPT(config).parameters()),
    lambda config: GPT(config, generator=torch.Generator()).parameter_count(),
)
ex.mistake(
    "the position table is forgotten",
    "{miscount}: T · C. A row of C numbers for each position: where are they kept?",
    off_by(lambda V, C, T, L, H: -T * C),
)
ex.mistake(
    "a row of positions for every character",
    "{miscount}: V · C stands where T · C should. The position table has a row for each position. How many positions are there?",
    off_by(lambda V, C, T, L, H: (V - T) * C),
)
ex.mistake(
    "one table for both ends",
    "{miscount}: V · C. Either the token table or the head's matrix is missing, or you took both for one. Ours does not tie its ends: characters come in by one matrix and are scored by another.",
    off_by(lambda V, C, T, L, H: -V * C),
)
ex.mistake(
    "the head is forgotten",
    "{miscount}: V · C + V. Either that is the whole head, a matrix and a bias, or the token table and the head's bias. The two matrices share nothing.",
    off_by(lambda V, C, T, L, H: -(V * C + V)),
)
ex.mistake(
    "the head's bias is forgotten",
    "{miscount}: V. Who adds one number to the score of each character?",
    off_by(lambda V, C, T, L, H: -V),
)
ex.mistake(
    "the head's bias is C wide",
    "{miscount}: C stands where V should. A bias is as wide as what comes out. What comes out of the head?",
    off_by(lambda V, C, T, L, H: C - V),
)
ex.mistake(
    "a vector is forgotten in each block",
    "{miscount}: L · C, one vector of C numbers in each block. A Linear that writes to the stream has a bias, either the projection or the way back in the feed-forward layer; and a norm has a gain and a shift. Which of them is missing?",
    off_by(lambda V, C, T, L, H: -L * C),
)
ex.mistake(
    "query, key and value have a bias",
    "{miscount}: 3 · L · C. You gave query, key and value a bias each. Look at how a Head makes them, in notebook 04.",
    off_by(lambda V, C, T, L, H: 3 * L * C),
)
ex.mistake(
    "the last norm is forgotten",
    "{miscount}: 2 · C. A gain and a shift, once in the whole model. What stands between the blocks and the head?",
    off_by(lambda V, C, T, L, H: -2 * C),
)
ex.mistake(
    "one norm a block",
    "{miscount}: 2 · L · C. Either that is one of the two norms of a block, each with a gain and a shift, or both biases of what writes to the stream: the projection's, and that of the way back in the feed-forward layer.",
    off_by(lambda V, C, T, L, H: -2 * L * C),
)
ex.mistake(
    "the last norm in every block",
    "{miscount}: 2 · C for each block but one. That is a third norm in each block. The last one stands once, after all of them.",
    off_by(lambda V, C, T, L, H: 2 * C * (L - 1)),
)
ex.mistake(
    "norms without a shift",
    "{miscount}: C for each norm, and there are 2 · L + 1. A norm stretches and moves: gain and shift, C numbers each.",
    off_by(lambda V, C, T, L, H: -(2 * L + 1) * C),
)
ex.mistake(
    "the norms are forgotten",
    "{miscount}: 2 · C for each norm, and there are 2 · L + 1. What has a gain and a shift, and stands before every part?",
    off_by(lambda V, C, T, L, H: -(2 * L + 1) * 2 * C),
)
ex.mistake(
    "four vectors are forgotten in each block",
    "{miscount}: 4 · L · C. Either the wide bias of the feed-forward layer, which is 4 · C, or the two norms of a block.",
    off_by(lambda V, C, T, L, H: -4 * L * C),
)
ex.mistake(
    "the feed-forward layer without biases",
    "{miscount}: 5 · L · C. Either both biases of the feed-forward layer are missing, 4 · C and C wide, or two norms or its wide bias together with another vector of C.",
    off_by(lambda V, C, T, L, H: -5 * L * C),
)
ex.mistake(
    "only matrices are counted",
    "{miscount}: all gains, shifts and biases. They are few, and they are learned: which layers have numbers that are no matrix?",
    off_by(lambda V, C, T, L, H: -(10 * L + 2) * C - V),
)
ex.mistake(
    "the feed-forward layer goes only out",
    "{miscount}: 4 · L · C², or a little more with biases. Out to 4 · C takes one matrix. What brings it back to C?",
    off_by(lambda V, C, T, L, H: -L * (4 * C * C + C)),
    off_by(lambda V, C, T, L, H: -L * 4 * C * C),
    off_by(lambda V, C, T, L, H: -L * (4 * C * C + 5 * C)),
)
ex.mistake(
    "the middle is not four times as wide",
    "{miscount}: the feed-forward layers are too thin. From C to C and back you have two square matrices. How wide is the middle?",
    off_by(lambda V, C, T, L, H: -L * (6 * C * C + 3 * C)),
)
ex.mistake(
    "the projection is forgotten",
    "{miscount}: L · (C² + C). The heads are joined, and then? One Linear in each block is missing.",
    off_by(lambda V, C, T, L, H: -L * (C * C + C)),
)
ex.mistake(
    "one matrix for query, key and value",
    "{miscount}: 2 · L · C². You counted one of three. Asking, offering and telling have a matrix each.",
    off_by(lambda V, C, T, L, H: -2 * L * C * C),
)
ex.mistake(
    "multiplied by the number of heads",
    "{miscount}: 3 · L · C² once more for each further head. A head is only C / n_head wide. How many numbers have all heads of a block together?",
    off_by(lambda V, C, T, L, H: 3 * L * C * C * (H - 1)),
)
ex.mistake(
    "one head is counted",
    "{miscount}: the query, key and value of all heads but one. A head maps C numbers to C / n_head. How many heads are there?",
    off_by(lambda V, C, T, L, H: -3 * L * C * (C - C // H)),
)
ex.mistake(
    "one block is counted",
    "{miscount}: all blocks but one. What does config.n_layer say?",
    off_by(lambda V, C, T, L, H: -(L - 1) * (12 * C * C + 10 * C)),
)
ex.mistake(
    "the blocks share their numbers with the ends",
    "{miscount}: everything, L times. The tables, the last norm and the head stand once in the model. Where does your bracket close?",
    off_by(lambda V, C, T, L, H: (L - 1) * (2 * V * C + T * C + 2 * C + V)),
    off_by(lambda V, C, T, L, H: (L - 1) * (V * C + T * C)),
)
ex.mistake(
    "the masks are counted",
    "{miscount}: T² for each mask. A mask is made once and never learned. It is no parameter.",
    off_by(lambda V, C, T, L, H: L * H * T * T),
    off_by(lambda V, C, T, L, H: L * T * T),
)
ex.mistake(
    "bytes are counted",
    "{miscount}: {times:g} times as many. Those are bytes. How many numbers are they?",
    lambda config: 4 * count_params(config),
    lambda config: 2 * count_params(config),
)
