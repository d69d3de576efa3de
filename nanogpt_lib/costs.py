"""Count what a GPT costs before anyone has built it: numbers to learn, products to compute, bytes to keep.

Each function is a sum over the parts of `model.GPT`, as plain arithmetic of its sizes; a layer of heads says
its own costs. The tests compare the sums with the model itself, with torch's own counter of operations and
with what its backward pass really keeps.

Taught in: full_model.
"""

from nanogpt_lib.checks import positive_int, problem
from nanogpt_lib.heads import AttentionCosts
from nanogpt_lib.layers import ATTENTION
from nanogpt_lib.messages import described
from nanogpt_lib.model import GPTConfig

FLOAT, ID = 4, 8  # bytes of a float32 and of an int64; a mask takes one per place


def parameter_ledger(config: GPTConfig) -> dict[str, int]:
    """Count the numbers that each part learns; the sum is `GPT(config).parameter_count()`.

    Args:    config: the sizes. The number of heads does not change it: more heads are thinner heads.
    Returns: part to number: both tables, the layers of all blocks together, and the head.
    Raises:  ValueError: config is no GPTConfig.
    Example:
        >>> lecture = GPTConfig(vocab_size=65, block_size=256, n_embd=384, n_head=6, n_layer=6)
        >>> ledger = parameter_ledger(lecture)
        >>> f"{sum(ledger.values()):,}", f"{ledger['feed-forward']:,}"
        ('10,788,929', '7,089,408')

    Source:  counted from Vaswani et al. (2017), section 3.   Taught in: full_model.
    """
    V, C, T, L = _sizes(config)
    attention = _attention(config).parameters
    norms = {"pre": 2 * L + 1, "post": 2 * L, "none": 0}[config.norm]  # "pre" has one more at the end
    if config.norm_kind != "layer":
        norms = 0  # which learn nothing
    return {
        "token table": V * C,
        "position table": T * C if config.position == "learned" else 0,
        **({"pair table": V * V * C} if config.pairs else {}),
        **({"smear": 1} if config.smear else {}),
        **{part: L * numbers for part, numbers in attention.items()},
        "feed-forward": L * (C * 4 * C + 4 * C + 4 * C * C + C),
        "norms": norms * 2 * C,  # gain and shift
        "head": C * V + V,
    }


def forward_flops(config: GPTConfig, batch_size: int) -> dict[str, int]:
    """Count the operations of the matrix products in one forward pass over a full batch, part by part.

    A multiplication with its addition counts 2. As is the custom, the count leaves out what works on each
    number alone: softmax, norms, ReLU, biases, sums. The tables are looked up, not multiplied. Scores are
    counted for all T * T pairs, since all are computed, also those that the mask then hides.

    Args:    config: the sizes; T is its block_size.   batch_size: B.
    Returns: part to number of operations.
    Raises:  ValueError: batch_size is no positive whole number.
    Example:
        >>> lecture = GPTConfig(vocab_size=65, block_size=256, n_embd=384, n_head=6, n_layer=6)
        >>> f"{sum(forward_flops(lecture, batch_size=64).values()):,}"
        '387,364,945,920'

    Source:  counted with the conventions of Kaplan et al. (2020), section 2.1.
             Taught in: full_model.
    """
    V, C, T, L = _sizes(config)
    places = positive_int("batch_size", batch_size) * T
    attention = _attention(config).flops
    return {
        **{part: L * places * flops for part, flops in attention.items()},
        "feed-forward": L * 2 * places * (C * 4 * C + 4 * C * C),
        "head": 2 * places * C * V,
    }


def training_flops(config: GPTConfig, batch_size: int) -> dict[str, int]:
    """Count the operations of one training step, part by part: three times those of the forward pass.

    Each product A @ B needs two more in the backward pass: one for the gradient of A, one for that of B.
    Together that is about 6 per character for each number outside the tables, the rule of Kaplan et al., and
    what attention's scores and weighted sum need on top. Fused attention computes its scores once more in
    the backward pass, which is not counted.

    Args, Returns and Raises:  as `forward_flops`.
    Example:
        >>> lecture = GPTConfig(vocab_size=65, block_size=256, n_embd=384, n_head=6, n_layer=6)
        >>> per_character = sum(training_flops(lecture, batch_size=64).values()) / (64 * 256)
        >>> f"{per_character / 1e6:.1f} million, by the rule {6 * 10_665_665 / 1e6:.1f}"
        '70.9 million, by the rule 64.0'

    Source:  Kaplan et al. (2020), section 2.1: C = 6 N.   Taught in: full_model.
    """
    return {part: 3 * flops for part, flops in forward_flops(config, batch_size).items()}


def training_memory(config: GPTConfig, batch_size: int) -> dict[str, int]:
    """Count the bytes that a training step has to keep, part by part, in float32 on a CPU.

    The forward pass keeps whatever the backward pass will ask for: one map of weights per head, and three
    with dropout, which keeps its own numbers and the map after them. Fused attention keeps none, but with
    dropout torch takes the long way on a CPU. The count leaves out what lives only for a moment (scores
    before the softmax, gradients on their way), and what torch, Python and AdamW's counters take besides.

    Args:    config: the sizes; T is its block_size, dropout below 1.   batch_size: B.
    Returns: part to bytes; the first three stay from step to step, the rest is made anew.
    Raises:  ValueError: batch_size is no positive whole number.
    Example:
        >>> lecture = GPTConfig(vocab_size=65, block_size=256, n_embd=384, n_head=6, n_layer=6)
        >>> {part: f"{size / 1e6:,.0f} MB" for part, size in training_memory(lecture, 64).items()}
        {'parameters': '43 MB', 'gradients': '43 MB', "AdamW's moments": '86 MB', 'attention maps': '604 MB',
        'masks': '5 MB', 'activations': '1,864 MB', 'loss': '5 MB'}

    Source:  AdamW's two moments as Loshchilov and Hutter (2019).   Taught in: full_model.
    """
    V, C, T, L = _sizes(config)
    places = positive_int("batch_size", batch_size) * T
    attention = _attention(config)

    # Per position, and as wide as the stream: in a block 4 for the hidden layer and 1 for what the dropout
    # after it keeps; and what goes into each norm and comes out of it.
    feed_forward = L * (4 + (config.dropout > 0))
    stream = {"pre": 4 * L + 2, "post": 4 * L + 1, "none": 2 * L + 1}[config.norm]
    singles = {"pre": 4 * L + 2, "post": 4 * L, "none": 0}[config.norm]  # each norm's mean and scale
    widths = L * attention.widths + (feed_forward + stream) * C + singles

    numbers = sum(parameter_ledger(config).values())
    return {
        "parameters": FLOAT * numbers,
        "gradients": FLOAT * numbers,
        "AdamW's moments": 2 * FLOAT * numbers,
        "attention maps": FLOAT * L * attention.maps * places * T,
        "masks": L * attention.masks,
        "activations": FLOAT * places * widths,
        "loss": FLOAT * (places * V + 1) + 2 * ID * places,  # log probabilities, one sum; ids and targets
    }


def _sizes(config: GPTConfig) -> tuple[int, int, int, int]:
    """Return the vocabulary's size, the width, the longest context and the number of blocks."""
    if not all(hasattr(config, field) for field in GPTConfig.__dataclass_fields__):
        raise problem("config as a GPTConfig", described(config), "Write GPTConfig(vocab_size=65, ...).")
    return config.vocab_size, config.n_embd, config.block_size, config.n_layer


def _attention(config: GPTConfig) -> AttentionCosts:
    """Return what one layer of this model's heads costs, by the kind of attention itself."""
    kind = ATTENTION[config.attention]
    return kind.costs(config.n_embd, config.n_head, config.block_size, dropout=config.dropout)
