"""A start at which the stream stays calm, however many blocks write to it."""

import copy
from collections.abc import Callable

import numpy as np
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.draws import between, seeded
from nanogpt_lib.kit.measures.errors import raised
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.lessons.feed_forward_and_residuals.loudness import started


def stacks(seed: int) -> list[tuple]:
    """Return (n_layer, seed of the weights)."""
    generator = seeded(seed)
    return [(n_layer, between(0, 10**6, generator)) for n_layer in (12, 5)]


def scaling(case: Case) -> dict:
    """Return by what factors the writers were scaled, how loud they are together, and what else changed."""
    n_layer, got = case.inputs[0], case.got
    factors = got["_factors"]["sa.proj.weight"]
    return {
        "n_layer": n_layer,
        "loudness": f"{n_layer} blocks together added a spread of {got['_before']:.2f} before, and add {got['_after']:.2f} now, where 1 was asked for",
        "factor": factors[0],
        "last_factor": factors[-1],
        "counted": round(factors[0] ** -2) if factors[0] else 0,
        "feed_forward": got["_factors"]["ffwd.net.2.weight"][0],
        "changed": len(got["_changed"]),
    }


ex = Exercise(
    prompt="Write scale_writers(blocks): multiply the weights of all writers, in place, by one positive factor. Each writer writes changes of spread 1; all that the blocks add to the stream together shall have about spread 1, however many they are. A block's writers are block.sa.proj.weight and block.ffwd.net[2].weight. Return blocks.",
    hints=(
        "Variances of independent changes add up. How many changes do the blocks add, all together?",
        "N changes of variance 1 have variance N together. Which factor on each makes 1 of it?",
        "The factor is (2 * len(blocks)) ** -0.5. Write under torch.no_grad(), with *=.",
    ),
    inputs=stacks,
    run=started,
    see=scaling,
    note=lambda values: (
        f"What twelve blocks add to the stream had a spread of {values[0]['_before']:.2f}; now it is {values[0]['_after']:.2f}."
    ),
)


@ex.right
def scale_writers(blocks: list) -> list:
    factor = (2 * len(blocks)) ** -0.5  # each block adds to the stream twice
    with torch.no_grad():  # we write the numbers ourselves, no gradient does
        for block in blocks:
            block.sa.proj.weight *= factor
            block.ffwd.net[2].weight *= factor
    return blocks


@ex.also_right
def writers_by_data(blocks):
    for b in blocks:
        for part in (b.sa.proj, b.ffwd.net[-2]):
            part.weight.data /= np.sqrt(2 * len(blocks))
    return tuple(blocks)


@ex.also_right
def writers_by_name(blocks):
    n = sum(
        name.endswith(("proj.weight", "net.2.weight")) for b in blocks for name, _ in b.named_parameters()
    )
    for b in blocks:
        for layer in (b.sa.proj, b.ffwd.net[2]):
            layer.weight = torch.nn.Parameter(layer.weight.detach() * n**-0.5)
    return torch.nn.Sequential(*blocks)


def both(block) -> list:
    return [block.sa.proj.weight, block.ffwd.net[2].weight]


def right_factor(n_layer: int, place: int = 0) -> float:
    return (2 * n_layer) ** -0.5


def scaled(factor: Callable, weights: Callable = both) -> Callable:
    """Return the answer with another factor, factor(how many blocks, which one), or other weights."""

    @torch.no_grad()
    def answer(blocks):
        for place, block in enumerate(blocks):
            for weight in weights(block):
                weight *= factor(len(blocks), place)
        return blocks

    return answer


def drawn(std: Callable) -> Callable:
    """Return the answer that draws the writers anew, from std(weight) times the factor that was asked for."""

    @torch.no_grad()
    def answer(blocks):
        for block in blocks:
            for weight in both(block):
                weight.normal_(std=std(weight) * right_factor(len(blocks)))
        return blocks

    return answer


ex.mistake(
    "the sign is turned",
    "Your factor is {factor:.3g}: every change comes with the other sign now. As large as asked for, and no longer what was learned: the factor is positive.",
    scaled(lambda n, place: -right_factor(n)),
)


ex.mistake(
    "the writers are drawn anew",
    "{loudness}, but the writers are other numbers than before, and no multiple of them. Multiply what is there.",
    drawn(lambda weight: float(weight.std())),
)


ex.mistake(
    "a block is counted as one writer",
    "{loudness}. Your factor is {factor:.3g}, one over the root of {n_layer}. How often does one block add to the stream?",
    scaled(lambda n, place: n**-0.5),
)
ex.mistake(
    "the root is missing",
    "{loudness}. Your factor is {factor:.3g}: divided by a number of changes, as if spreads added up. What adds up are variances. Either a root is missing, or the right factor was applied twice.",
    scaled(lambda n, place: 1 / (2 * n)),
    scaled(lambda n, place: 1 / n),
)
ex.mistake(
    "the factor is upside down",
    "{loudness}. Your factor is {factor:.3g}, above 1: the writers got louder. Divide.",
    scaled(lambda n, place: (2 * n) ** 0.5),
    scaled(lambda n, place: n**0.5),
)


@ex.mistake(
    "nothing was scaled",
    "{loudness}: the writers are {factor:.3g} times what they were. w = w * factor makes a new tensor, and the block keeps its own: change it in place.",
)
def _(blocks):
    for block in blocks:
        weight = block.sa.proj.weight
        weight = weight * 0.5  # a new tensor, which nobody keeps
    return blocks


ex.mistake(
    "only attention's writers are scaled",
    "{loudness}. The writers of the feed-forward layers are {feed_forward:.3g} times what they were. Each block has two.",
    scaled(right_factor, lambda block: both(block)[:1]),
)
ex.mistake(
    "only the feed-forward layers' writers are scaled",
    "{loudness}. The writers of attention are {factor:.3g} times what they were. Each block has two.",
    scaled(right_factor, lambda block: both(block)[1:]),
)
ex.mistake(
    "the readers are scaled",
    "{changed} matrices that read the stream have changed, such as {_changed[0]}. What a part writes passes its last matrix: scale that one.",
    scaled(right_factor, lambda block: [block.sa.qkv, block.ffwd.net[0].weight]),
    scaled(right_factor, lambda block: [block.sa.proj.weight, block.ffwd.net[0].weight]),
    scaled(right_factor, lambda block: [block.ffwd.net[0].weight]),
)
ex.mistake(
    "everything is scaled",
    "{loudness}. Besides the writers, {changed} other parameters have changed, such as {_changed[0]}. Readers and norms stay as they are.",
    scaled(right_factor, lambda block: list(block.parameters())),
    scaled(right_factor, lambda block: [weight for weight in block.parameters() if weight.ndim == 2]),
    scaled(right_factor, lambda block: [*both(block), block.ffwd.net[0].weight]),
)
ex.mistake(
    "the biases are scaled as well",
    "Besides the weights, {changed} biases have changed, such as {_changed[0]}. Only the weights of the writers are to be multiplied: block.sa.proj.weight and block.ffwd.net[2].weight.",
    scaled(right_factor, lambda block: [*block.sa.proj.parameters(), *block.ffwd.net[2].parameters()]),
    scaled(right_factor, lambda block: [*both(block), block.sa.proj.bias]),
    scaled(right_factor, lambda block: [*both(block), block.ffwd.net[2].bias]),
)
ex.mistake(
    "nothing is returned",
    "The writers are right. {returned} Is a `return` missing?",
    lambda blocks: scaled(right_factor)(blocks) and None,
)
ex.mistake(
    "copies are scaled",
    "{returned} Yours are copies, and the blocks that you were given are as loud as before. Multiply in place.",
    lambda blocks: scaled(right_factor)(copy.deepcopy(blocks)),
)
ex.mistake(
    "the factor of twelve blocks, everywhere",
    "{loudness}. Your factor is {factor:.3g} here too; it is right for 12 blocks. Count the blocks that you got.",
    scaled(lambda n, place: 24**-0.5),
)
ex.mistake(
    "another number of writers",
    "{loudness}. Your factor is {factor:.3g}, one over the root of {counted}. {n_layer} blocks have two writers each, and no other writes.",
    *(
        scaled(lambda n, place, of=of: of(n) ** -0.5)
        for of in (lambda n: 4 * n, lambda n: 3 * n, lambda n: 6 * n)
    ),
    *(scaled(lambda n, place, more=more: (2 * n + more) ** -0.5) for more in (1, -1, 2)),
    *(scaled(lambda n, place, more=more: (n + more) ** -0.5) for more in (1, -1)),
)
ex.mistake(
    "a fixed factor",
    "{loudness}. Your factor is {factor:.3g} for any number of blocks. Count the blocks that you got.",
    *(scaled(lambda n, place, factor=factor: factor) for factor in (0.01, 0.02, 0.1, 0.25, 0.5, 2**-0.5)),
)
ex.mistake(
    "each block has a factor of its own",
    "{loudness}. Your first block's factor is {factor:.3g}, the last one's {last_factor:.3g}. One factor for all is asked for.",
    scaled(lambda n, place: (2 * (place + 1)) ** -0.5),
)


ex.mistake(
    "the weights are drawn anew, and small",
    "{loudness}. You started the writers from 0.02, as the library does. Here they are there already: multiply what you got.",
    drawn(lambda weight: 0.02),
)


@ex.mistake(
    "a gradient is recorded",
    "For {inputs[0]} blocks torch raised {kind}: {words}. These weights are to be trained, so torch wants to follow every change. This one is ours: torch.no_grad().",
    see=raised,
)
def _(blocks):
    for block in blocks:
        block.sa.proj.weight *= 0.5


@ex.mistake(
    "a parameter is replaced by a tensor",
    "For {inputs[0]} blocks torch raised {kind}: {words}. The name of a parameter takes no plain tensor. Change the numbers where they are.",
    see=raised,
)
def _(blocks):
    for block in blocks:
        block.sa.proj.weight = block.sa.proj.weight * 0.5
