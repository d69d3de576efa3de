"""From text to batches: encode and decode, draw a batch, the first loss, and a split that leaks.

Each solution lends its name to its exercise.

Taught in: text_tokens_batches.
"""

import functools
from collections.abc import Callable

import torch

from nanogpt_lib.data import load_text
from nanogpt_lib.kit.legacy import Case, Exercise, Wrong
from nanogpt_lib.lessons.facts import batch_facts, tokenizer_facts
from nanogpt_lib.lessons.texts import passage, published

# --- encode_decode --------------------------------------------------------------------------------


@functools.cache
def vocabulary() -> list[str]:
    return sorted(set(load_text()))


@functools.cache
def id_of() -> dict[str, int]:
    return {char: id_ for id_, char in enumerate(vocabulary())}


def encode(text: str) -> list[int]:
    for char in text:
        if char not in id_of():
            raise ValueError(f"{char!r} is not in the vocabulary")
    return [id_of()[char] for char in text]


def decode(ids: list[int]) -> str:
    return "".join([vocabulary()[id_] for id_ in ids])


UNKNOWN = "éñ€中"  # none of these is in the text


def _texts(seed: int) -> list[tuple]:
    """A passage that holds every character; for the first seed the whole text besides."""
    text, known, *_ = published()
    generator = torch.Generator().manual_seed(seed)
    start = int(torch.randint(len(text) - 2000, (), generator=generator))
    unknown = UNKNOWN[seed % len(UNKNOWN)]
    cases = [("hii there", known, unknown), (known + text[start : start + 2000], known, unknown)]
    return cases if seed else [*cases, (text, known, unknown)]


def _coded_by(chars: Callable[[], list[str]], first: int = 0) -> tuple[Callable, Callable]:
    """encode and decode by the place of each character in a list of one's own."""
    places = functools.cache(lambda: {char: id_ for id_, char in enumerate(chars(), first)})

    def encode(text):
        return [places()[char] for char in text]

    def decode(ids):
        return "".join([chars()[id_ - first] for id_ in ids])

    return encode, decode


_as_met = functools.cache(lambda: list(dict.fromkeys(load_text())))
_unsorted = functools.cache(lambda: list(set(load_text())))


def _without_a_word(text):
    try:
        return [id_of()[char] for char in text]
    except KeyError:
        raise ValueError("unknown character") from None


def _at_unknown(case: Case) -> str:
    return case.got["unknown"].said


encode_decode = Exercise(
    name="encode_decode",
    prompt=(
        "Write encode(text), a list of ids, and decode(ids), the text again. Sort the vocabulary; "
        "a character that is not in it raises an error that names it."
    ),
    answer=(encode, decode),
    shown=(vocabulary, id_of, encode, decode),
    make_inputs=_texts,
    run=tokenizer_facts,
    note=lambda values: "Every character comes back, and an unknown one is named.",
    hints=(
        (
            "Two maps: from a character to its id, and from an id to its character. Both come from one "
            "sorted list."
        ),
        (
            "sorted(set(text)) is the vocabulary. {char: id_ for id_, char in enumerate(vocabulary)} is the "
            "first map."
        ),
        (
            "encode: [id_of[char] for char in text], which raises KeyError with the character. decode: "
            '"".join of '
            "vocabulary[id_] for each id."
        ),
    ),
    wrong=(
        Wrong(
            "the vocabulary is not sorted",
            lambda case: (
                f"Your vocabulary is in another order: {case.got['order'].said} A set has no order that "
                "lasts until tomorrow: use sorted(set(text))."
            ),
            _coded_by(_as_met),
            _coded_by(_unsorted),
        ),
        Wrong(
            "code points for ids",
            lambda case: (
                f"These are code points, from ord: {case.got['range'].said} Count your own vocabulary."
            ),
            (lambda text: [ord(char) for char in text], lambda ids: "".join(map(chr, ids))),
        ),
        Wrong(
            "ids begin at 1",
            lambda case: f"Ids begin at 0, and yours at 1: {case.got['order'].said}",
            _coded_by(vocabulary, first=1),
        ),
        Wrong(
            "decode returns a list",
            lambda case: f"Expected a text: {case.got['type'].said}",
            (encode, lambda ids: [vocabulary()[id_] for id_ in ids]),
        ),
        Wrong(
            "an unknown character gets another's id",
            lambda case: (
                f"{_at_unknown(case)} That id belongs to another character, and nobody will notice: "
                "id_of[char] raises an error, id_of.get(char, 0) does not."
            ),
            (lambda text: [id_of().get(char, 0) for char in text], decode),
        ),
        Wrong(
            "an unknown character is left out",
            lambda case: f"{_at_unknown(case)} It vanished without a word. Raise an error that names it.",
            (lambda text: [id_of()[char] for char in text if char in id_of()], decode),
        ),
        Wrong(
            "an unknown character becomes -1",
            lambda case: (
                f"{_at_unknown(case)} str.find gives -1 for what is not there, and as an index -1 is the "
                "last character. Use str.index, or a dict."
            ),
            (lambda text: [id_of().get(char, -1) for char in text], decode),
        ),
        Wrong(
            "the error does not name the character",
            lambda case: f"{_at_unknown(case)} Put it into the message: {{char!r}}.",
            (_without_a_word, decode),
        ),
    ),
)


# --- get_batch ------------------------------------------------------------------------------------


def get_batch(data: torch.Tensor, block_size: int, batch_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    starts = torch.randint(len(data) - block_size, (batch_size,))  # the last start leaves one for y
    x = torch.stack([data[s : s + block_size] for s in starts])
    y = torch.stack([data[s + 1 : s + block_size + 1] for s in starts])
    return x, y


def _batch_inputs(seed: int) -> list[tuple]:
    """Data in which every id occurs once, so that an id tells where it was drawn from."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for block_size, batch_size in [(4, 8), (3, 5), (1, 4), (2, 1)]:
        legal = int(torch.randint(block_size + 3, block_size + 6, (), generator=generator))
        cases.append((torch.randperm(block_size + legal, generator=generator) + 100, block_size, batch_size))
    return cases


def _batch(starts_of: Callable, shift: int = 1) -> Callable:
    """get_batch from a rule for its starts, with slices."""

    def get_batch(data, block_size, batch_size):
        starts = [int(start) for start in starts_of(data, block_size, batch_size)]
        x = [data[s : s + block_size] for s in starts]
        y = [data[s + shift : s + shift + block_size] for s in starts]
        return torch.stack(x), torch.stack(y)

    return get_batch


def _batch_by_index(starts_of: Callable) -> Callable:
    """The same with one matrix of places."""

    def get_batch(data, block_size, batch_size):
        places = starts_of(data, block_size, batch_size)[:, None] + torch.arange(block_size)
        return data[places], data[places + 1]

    return get_batch


def _anywhere(data, block_size, batch_size):
    return torch.randint(len(data) - block_size, (batch_size,))


def _past_the_end(data, block_size, batch_size):
    return torch.randint(len(data), (batch_size,))


def _one_too_far(data, block_size, batch_size):
    return torch.randint(len(data) - block_size + 1, (batch_size,))


def _seeded_inside(data, block_size, batch_size):
    torch.manual_seed(1337)
    return _anywhere(data, block_size, batch_size)


_own_stream = torch.Generator()


def _own_starts(data, block_size, batch_size):
    return torch.randint(len(data) - block_size, (batch_size,), generator=_own_stream)


def _two_draws(data, block_size, batch_size):
    first, second = _anywhere(data, block_size, batch_size), _anywhere(data, block_size, batch_size)
    steps = torch.arange(block_size)
    return data[first[:, None] + steps], data[second[:, None] + steps + 1]


def _scattered(data, block_size, batch_size):
    places = torch.randint(len(data) - 1, (batch_size, block_size))
    return data[places], data[places + 1]


def _of_another_text(data, block_size, batch_size):
    return _batch(_anywhere)(torch.arange(len(data)), block_size, batch_size)


def _sentence(said: str) -> str:
    return said[0].upper() + said[1:]


def _shapes(case: Case) -> str:
    return case.got["shapes"].said


get_batch = Exercise(
    name="get_batch",
    prompt=(
        "Write get_batch(data, block_size, batch_size): x and y, both (B, T), from random places of data; "
        "y is x one character later. Draw with torch.randint."
    ),
    answer=get_batch,
    make_inputs=_batch_inputs,
    run=batch_facts,
    note=lambda values: "y is one character after x, every legal start is reached, and a seed repeats.",
    hints=(
        "First draw batch_size random starts. Each row of x is data[start : start + block_size].",
        (
            "y is the same slice one further, so the last start must leave room for one more character. "
            "torch.randint(n, size) never gives n itself."
        ),
        (
            "starts = torch.randint(len(data) - block_size, (batch_size,)); torch.stack the slices "
            "data[s : s + block_size] for x and data[s + 1 : s + block_size + 1] for y."
        ),
    ),
    wrong=(
        Wrong(
            "y is x",
            lambda case: (
                f"{case.got['shift'].said} To copy what it sees is all that a model would learn from this. "
                "y starts at start + 1."
            ),
            _batch(_anywhere, shift=0),
        ),
        Wrong(
            "y is the next block",
            lambda case: (
                f"{case.got['shift'].said} You gave the whole block after x; but each character of y answers "
                "the one at its own place in x."
            ),
            lambda data, T, B: _batch(lambda data, T, B: torch.randint(len(data) - 2 * T, (B,)), shift=T)(
                data, T, B
            ),
        ),
        Wrong(
            "y is drawn anew",
            lambda case: f"{case.got['shift'].said} x and y need the same starts: draw once, use twice.",
            _two_draws,
        ),
        Wrong(
            "a start can be too late",
            lambda case: (
                f"A start near the end leaves fewer than {case.inputs[1] + 1} characters for x and y: "
                f"{case.error or _shapes(case)}. With len(data) = {len(case.inputs[0])} and "
                f"block_size = {case.inputs[1]}, use torch.randint(len(data) - block_size, ...)."
            ),
            _batch(_past_the_end),
            _batch(_one_too_far),
            _batch_by_index(_past_the_end),
            _batch_by_index(_one_too_far),
        ),
        Wrong(
            "the last start is never drawn",
            lambda case: (
                f"{_sentence(case.got['starts'].said)} The last one is left out: randint never gives "
                "its upper "
                "bound, so len(data) - block_size is enough."
            ),
            _batch(lambda data, T, B: torch.randint(len(data) - T - 1, (B,))),
        ),
        Wrong(
            "the first start is never drawn",
            lambda case: f"{_sentence(case.got['starts'].said)} The data begins at 0: randint(0, ...).",
            _batch(lambda data, T, B: torch.randint(1, len(data) - T, (B,))),
        ),
        Wrong(
            "starts only at whole blocks",
            lambda case: (
                f"{_sentence(case.got['starts'].said)} Yours are all multiples of {case.inputs[1]}; a "
                "block may "
                "start at any character."
            ),
            _batch(lambda data, T, B: torch.randint((len(data) - 1) // T, (B,)) * T),
        ),
        Wrong(
            "all rows are the same",
            lambda case: f"{_sentence(case.got['rows'].said)} Draw one start a row: size (batch_size,).",
            _batch(lambda data, T, B: _anywhere(data, T, 1).expand(B)),
        ),
        Wrong(
            "every call gives the same batch",
            lambda case: (
                f"{_sentence(case.got['calls'].said)} A seed set inside the function undoes the chance: "
                "set it "
                "once, outside."
            ),
            _batch(_seeded_inside),
            _batch(lambda data, T, B: torch.arange(B) % (len(data) - T)),
        ),
        Wrong(
            "characters drawn one by one",
            lambda case: (
                f"{_sentence(case.got['in a row'].said)} Draw a start for each row, and take block_size "
                "characters from there."
            ),
            _scattered,
        ),
        Wrong(
            "B and T are swapped",
            lambda case: f"{_shapes(case)} The first axis is the batch, the second is time.",
            lambda data, T, B: tuple(side.T for side in _batch(_anywhere)(data, T, B)),
            lambda data, T, B: _batch(_anywhere)(data, B, T),
        ),
        Wrong(
            "draws from another text",
            lambda case: (
                f"{_sentence(case.got['inside'].said)} Use the argument data, not a variable from "
                "outside: it "
                "will be the training split or the validation split."
            ),
            _of_another_text,
        ),
        Wrong(
            "the seed does not repeat it",
            lambda case: (
                f"{_sentence(case.got['seed'].said)} Draw with torch.randint from torch's own stream, which "
                "torch.manual_seed sets."
            ),
            _batch(_own_starts),
        ),
    ),
)


# --- unigram_loss ---------------------------------------------------------------------------------


def unigram_loss(train: torch.Tensor, data: torch.Tensor, vocab_size: int) -> float:
    counts = torch.bincount(train, minlength=vocab_size)
    probs = counts / counts.sum()
    return -probs[data].log().mean().item()  # how surprised, on average, by each character of data


def _splits(seed: int) -> list[tuple]:
    """The two splits of the real text for the first seed; for others pieces of them."""
    _, known, train, val = published()
    if seed:
        generator = torch.Generator().manual_seed(seed)
        train, val = passage(train, 200_000, generator), passage(val, 20_000, generator)
        val = val[torch.bincount(train, minlength=len(known))[val] > 0]  # nothing that train has not
    return [(train, val, len(known)), (train, train, len(known))]


def _probs(ids, V):
    return torch.bincount(ids, minlength=V).double() / len(ids)


def _loss(of: Callable) -> Callable:
    """A loss from the probabilities of what really came."""
    return lambda train, data, V: of(_probs(train, V)[data]).item()


def _number(case: Case) -> str:
    return f"{float(case.got):.4g}"


unigram_loss = Exercise(
    name="unigram_loss",
    prompt=(
        "Write unigram_loss(train, data, vocab_size): count how often each id occurs in train, and return "
        "the mean surprise at the ids of data, in nats (-log p, natural logarithm)."
    ),
    answer=unigram_loss,
    make_inputs=_splits,
    rtol=0.0,
    atol=1e-3,
    note=lambda values: f"{values[1]:.3f} on what was counted, {values[0]:.3f} on what was held back.",
    hints=(
        (
            "Counts divided by their sum are probabilities. Each character of data costs -log of its "
            "probability."
        ),
        (
            "torch.bincount(train, minlength=vocab_size) counts. probs[data] looks up one probability a "
            "character."
        ),
        "probs = counts / counts.sum(); return -probs[data].log().mean().item()",
    ),
    wrong=(
        Wrong(
            "counts the data that it judges",
            lambda case: (
                f"{_number(case)} is too good: you counted data itself. The probabilities come from train, "
                "else the model has seen the answers."
            ),
            lambda train, data, V: -_probs(data, V)[data].log().mean().item(),
        ),
        Wrong(
            "bits for nats",
            lambda case: (
                f"{_number(case)} is in bits: {float(case.got):.4g} × ln 2 = "
                f"{float(case.got) * 0.6931472:.4g}. "
                "For nats take log, not log2."
            ),
            _loss(lambda p: -p.log2().mean()),
        ),
        Wrong(
            "log to base 10",
            lambda case: f"{_number(case)} comes from log10. Nats are the natural logarithm: log.",
            _loss(lambda p: -p.log10().mean()),
        ),
        Wrong(
            "sum instead of mean",
            lambda case: (
                f"{_number(case)} is the sum over {len(case.inputs[1]):,} characters. Divide by how "
                "many there "
                "are, so that texts of any length compare: mean()."
            ),
            _loss(lambda p: -p.log().sum()),
        ),
        Wrong(
            "the minus is missing",
            lambda case: (
                f"{_number(case)} is below 0. The logarithm of a probability is negative; surprise is -log p."
            ),
            _loss(lambda p: p.log().mean()),
        ),
        Wrong(
            "the mean before the log",
            lambda case: (
                f"{_number(case)} is -log of the mean probability. Take the logarithm of each probability "
                "first, then the mean."
            ),
            _loss(lambda p: -p.mean().log()),
        ),
        Wrong(
            "perplexity",
            lambda case: (
                f"{_number(case)} is the perplexity, exp of the loss. Its logarithm is "
                f"{float(case.got.log()):.4g}."
            ),
            _loss(lambda p: (-p.log().mean()).exp()),
        ),
        Wrong(
            "all characters equally likely",
            lambda case: (
                f"{_number(case)} is ln {case.inputs[2]}, as if nothing had been counted. Use the "
                "counts of train."
            ),
            lambda train, data, V: float(torch.tensor(float(V)).log()),
        ),
        Wrong(
            "the mean over the vocabulary",
            lambda case: (
                f"{_number(case)} weighs all {case.inputs[2]} characters alike. Look up probs[data], so that "
                "frequent ones count more often."
            ),
            lambda train, data, V: -_probs(train, V).log().mean().item(),
            lambda train, data, V: -_probs(train, V)[_probs(train, V) > 0].log().mean().item(),
        ),
    ),
)


# --- leak -----------------------------------------------------------------------------------------


def leak(train_starts: torch.Tensor, val_starts: torch.Tensor, block_size: int) -> float:
    seen = {int(s) + i for s in train_starts for i in range(block_size)}
    held_back = {int(s) + i for s in val_starts for i in range(block_size)}
    return len(held_back & seen) / len(held_back)


def _windows(seed: int) -> list[tuple]:
    """First a split that shuffles all windows of a text and keeps a tenth; then sparser ones."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for length, block_size, windows in [
        (1200, 16, 1184),
        (400, 4, 90),
        (300, 8, 30),
        (200, 1, 90),
        (90, 3, 7),
    ]:
        starts = torch.randperm(length - block_size, generator=generator)[:windows]
        cut = int(0.7 * windows) if seed or len(cases) else int(0.9 * windows)
        cases.append((starts[:cut], starts[cut:], block_size))
    return cases


def _positions(starts, block_size, steps=None):
    return set((starts[:, None] + torch.arange(steps or block_size)).flatten().tolist())


def _share(shared: set, of: set) -> float:
    return len(shared) / len(of)


def _of_train(train, val, T):
    seen, held_back = _positions(train, T), _positions(val, T)
    return _share(seen & held_back, seen)


def _of_both(train, val, T):
    seen, held_back = _positions(train, T), _positions(val, T)
    return _share(seen & held_back, seen | held_back)


def _same_starts(train, val, T):
    return _share(_positions(train, 1) & _positions(val, 1), _positions(val, 1))


def _starts_only(train, val, T):
    return _share(_positions(train, T) & _positions(val, 1), _positions(val, 1))


def _any_overlap(train, val, T):
    seen = _positions(train, T)
    return sum(bool(_positions(one[None], T) & seen) for one in val) / len(val)


def _counted_again(train, val, T):
    seen = _positions(train, T)
    places = (val[:, None] + torch.arange(T)).flatten().tolist()
    return sum(place in seen for place in places) / len(places)


def _window_of(extra: int) -> Callable:
    def share(train, val, T):
        seen, held_back = _positions(train, T, T + extra), _positions(val, T, T + extra)
        return _share(seen & held_back, held_back) if held_back else 0.0

    return share


_exact_leak = _window_of(0)


def _leaky_numbers(case: Case) -> str:
    return f"Expected {float(case.want):.4f} with block_size={case.inputs[2]}, got {float(case.got):.4f}"


leak = Exercise(
    name="leak",
    prompt=(
        "Write leak(train_starts, val_starts, block_size): a window covers the positions start to "
        "start + block_size - 1. Return which share of the positions in validation windows lies in a "
        "training window as well."
    ),
    answer=leak,
    make_inputs=_windows,
    note=lambda values: (
        f"Split at random by windows, {values[0]:.1%} of the validation positions were trained on."
    ),
    hints=(
        "Two sets of positions: those in any training window, and those in any validation window.",
        (
            "A window that starts at s covers s + 0, s + 1, ..., s + block_size - 1. Python's sets drop "
            "doubles, "
            "and & gives what both hold."
        ),
        (
            "seen = {int(s) + i for s in train_starts for i in range(block_size)}, the same for val_starts; "
            "then len(both) / len(those of val)."
        ),
    ),
    wrong=(
        Wrong(
            "compares the starts alone",
            lambda case: (
                f"{_leaky_numbers(case)}: no window is in both splits, and yet they overlap. Compare all "
                "positions that the windows cover, not where they start."
            ),
            _same_starts,
        ),
        Wrong(
            "looks at the first position of each window",
            lambda case: (
                f"{_leaky_numbers(case)}: you asked for the {len(case.inputs[1])} starts only. A validation "
                "window has block_size positions."
            ),
            _starts_only,
        ),
        Wrong(
            "the share of the training positions",
            lambda case: (
                f"{_leaky_numbers(case)}: you divided by the training positions. Divide by those of val."
            ),
            _of_train,
        ),
        Wrong(
            "the share of all positions",
            lambda case: (
                f"{_leaky_numbers(case)}: you divided by the positions of both. Divide by those of val."
            ),
            _of_both,
        ),
        Wrong(
            "counts windows instead of positions",
            lambda case: (
                f"{_leaky_numbers(case)}: you counted windows with any overlap. One shared position does not "
                "make a whole window known: count positions."
            ),
            _any_overlap,
        ),
        Wrong(
            "counts a position once for each window",
            lambda case: (
                f"{_leaky_numbers(case)}: a position that lies in several windows was counted several times. "
                "Put the positions into a set."
            ),
            _counted_again,
        ),
        Wrong(
            "the window is one too long",
            lambda case: f"{_leaky_numbers(case)}: your windows hold block_size + 1 positions.",
            _window_of(1),
        ),
        Wrong(
            "the window is one too short",
            lambda case: f"{_leaky_numbers(case)}: your windows hold block_size - 1 positions.",
            _window_of(-1),
        ),
        Wrong(
            "the share that does not leak",
            lambda case: (
                f"{_leaky_numbers(case)}: that is the share which is in no training window. 1 minus it."
            ),
            lambda train, val, T: 1 - _exact_leak(train, val, T),
        ),
        Wrong(
            "a percentage",
            lambda case: f"{_leaky_numbers(case)}: that is a percentage. A share lies between 0 and 1.",
            lambda train, val, T: 100 * _exact_leak(train, val, T),
        ),
    ),
)
