"""A batch: pieces of a text from random places, and the same pieces one character later."""

from collections.abc import Callable

import numpy as np
import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.text_tokens_batches.draws import draws


def each_id_once(seed: int) -> list[tuple]:
    """Return data in which every id occurs once, so that an id tells where it was drawn from."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for block_size, batch_size in [(4, 8), (3, 5), (1, 4), (2, 1)]:
        legal = int(torch.randint(block_size + 3, block_size + 6, (), generator=generator))
        cases.append((torch.randperm(block_size + legal, generator=generator) + 100, block_size, batch_size))
    return cases


ex = Exercise(
    prompt="Write get_batch(data, block_size, batch_size): x and y, both (B, T), from random places of data; y is x one character later. Draw with torch.randint.",
    hints=(
        "First draw batch_size random starts. Each row of x is data[start : start + block_size].",
        "y is the same slice one further, so the last start must leave room for one more character. torch.randint(n, size) never gives n itself.",
        "starts = torch.randint(len(data) - block_size, (batch_size,)); torch.stack the slices data[s : s + block_size] for x and data[s + 1 : s + block_size + 1] for y.",
    ),
    inputs=each_id_once,
    run=draws,
    note="y is one character after x, every legal start is reached, and a seed repeats.",
)


@ex.right
def get_batch(data: torch.Tensor, block_size: int, batch_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    starts = torch.randint(len(data) - block_size, (batch_size,))  # the last start leaves one for y
    x = torch.stack([data[s : s + block_size] for s in starts])
    y = torch.stack([data[s + 1 : s + block_size + 1] for s in starts])
    return x, y


@ex.also_right
def batch_by_index(split, T, B):
    at = torch.randint(0, len(split) - T, (B, 1)) + torch.arange(T)
    return split[at], split[at + 1]


@ex.also_right
def batch_by_rows(d, t, b):
    starts = torch.randint(0, len(d) - t, (b,)).numpy()
    rows = torch.stack([d[i : i + t + 1] for i in starts])
    return [rows[:, :-1], rows[:, 1:]]


@ex.also_right
def batch_by_unfold(data, block_size, batch_size):
    windows = data.unfold(0, block_size + 1, 1)
    chosen = windows[torch.randint(high=len(windows), size=(batch_size,))]
    return chosen[:, :-1], chosen[:, 1:]


def sliced(starts_of: Callable, shift: int = 1) -> Callable:
    """Return the get_batch that makes starts by a rule, and slices there; y begins `shift` later."""

    def get_batch(data, T, B):
        starts = starts_of(data, T, B).tolist()
        x = [data[s : s + T] for s in starts]
        y = [data[s + shift : s + shift + T] for s in starts]
        return torch.stack(x), torch.stack(y)

    return get_batch


def indexed(data: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return data[places], data[places + 1]


def wrapped(data: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return data[places % len(data)], data[(places + 1) % len(data)]


def anywhere(data, T, B):
    return torch.randint(len(data) - T, (B,))


ex.mistake(
    "y is x",
    "{shift} To copy what it sees is all that a model would learn from this. y starts at start + 1.",
    sliced(anywhere, shift=0),
)
ex.mistake(
    "y is the next block",
    "{shift} You gave the whole block after x; but each character of y answers the one at its own place in x.",
    lambda data, T, B: sliced(lambda *_: torch.randint(len(data) - 2 * T, (B,)), shift=T)(data, T, B),
)
ex.mistake(
    "y is drawn anew",
    "{shift} x and y need the same starts: draw once, use twice.",
    lambda data, T, B: (get_batch(data, T, B)[0], get_batch(data, T, B)[1]),
)
ex.mistake(
    "a start can be too late",
    "A start near the end leaves fewer than {needed} characters for x and y: {what_came}. With len(data) = {N} and block_size = {inputs[1]}, use torch.randint(len(data) - block_size, ...).",
    sliced(lambda data, T, B: torch.randint(len(data), (B,))),
    lambda data, T, B: indexed(data, torch.randint(len(data), (B, 1)) + torch.arange(T)),
    see=lambda case: {
        "needed": case.inputs[1] + 1,
        "what_came": case.error or case.got["shapes"].said,
        "N": len(case.inputs[0]),
    },
)
ex.mistake(
    "the last start is never drawn",
    "{starts} The last one is left out: randint never gives its upper bound, so len(data) - block_size is enough.",
    sliced(lambda data, T, B: torch.randint(len(data) - T - 1, (B,))),
)
ex.mistake(
    "the first start is never drawn",
    "{starts} The data begins at 0: randint(0, ...).",
    sliced(lambda data, T, B: torch.randint(1, len(data) - T, (B,))),
)
ex.mistake(
    "starts only at whole blocks",
    "{starts} Yours are all multiples of {inputs[1]}; a block may start at any character.",
    sliced(lambda data, T, B: torch.randint((len(data) - 1) // T, (B,)) * T),
)
ex.mistake(
    "all rows are the same",
    "{rows} Draw one start a row: size (batch_size,).",
    sliced(lambda data, T, B: anywhere(data, T, 1).expand(B)),
)


ex.mistake(
    "one start for the whole batch",
    "{rows} You drew fewer starts than rows, and set the others beside them. Each row is to come from a place of its own: draw batch_size starts.",
    *(
        sliced(
            lambda data, T, B, step=step: (anywhere(data, T, 1) + step(T) * torch.arange(B)) % (len(data) - T)
        )
        for step in (lambda T: 1, lambda T: T)
    ),
    sliced(lambda data, T, B: anywhere(data, T, B // 2 + 1).repeat(2)[:B]),
)


@ex.mistake(
    "every call gives the same batch",
    "{calls} Either nothing is drawn, or a seed set inside the function undoes the chance: set it once, outside.",
)
@sliced
def _(data, T, B):
    torch.manual_seed(1337)
    return anywhere(data, T, B)


ex.mistake(
    "characters drawn one by one",
    "{in a row} Draw a start for each row, and take block_size characters from there.",
    lambda data, T, B: indexed(data, torch.randint(len(data) - 1, (B, T))),
)
ex.mistake(
    "begins again where the data ends",
    "{in a row} A block that runs past the end went on at the beginning, which is another place of the text. The last start must leave room: torch.randint(len(data) - block_size, ...).",
    lambda data, T, B: wrapped(data, torch.randint(len(data), (B, 1)) + torch.arange(T)),
)
ex.mistake(
    "B and T are swapped",
    "{shapes} The first axis is the batch, the second is time.",
    lambda data, T, B: get_batch(data, B, T),
)
ex.mistake(
    "draws from another text",
    "{inside} Use the argument data, not a variable from outside: it will be the training split or the validation split.",
    lambda data, T, B: get_batch(torch.arange(len(data)), T, B),
)

ex.mistake(
    "no start is drawn twice",
    "{twice} torch.randperm deals the places out, so one row tells where the next is not. torch.randint draws each row for itself.",
    sliced(lambda data, T, B: torch.cat([torch.randperm(len(data) - T) for _ in range(B)])[:B]),
)

own_stream = torch.Generator()
ex.mistake(
    "the seed does not repeat it",
    "{seed} Draw with torch.randint from torch's own stream, which torch.manual_seed sets.",
    sliced(lambda data, T, B: torch.randint(len(data) - T, (B,), generator=own_stream)),
    sliced(lambda data, T, B: torch.from_numpy(np.random.randint(0, len(data) - T, B))),  # noqa: NPY002
)
