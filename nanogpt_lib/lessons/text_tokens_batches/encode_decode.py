"""From characters to ids and back: two maps that come from one sorted list."""

import functools
from collections.abc import Callable

import torch

from nanogpt_lib.data import load_text
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.text_tokens_batches.round_trip import round_trip
from nanogpt_lib.lessons.texts import published

UNKNOWN = "éñ€中"  # none of these is in the text
PLAIN = "@7_#"  # nor these, which are ASCII


def texts(seed: int) -> list[tuple]:
    """Return a passage that holds every character; for the first seed the whole text besides."""
    text, known, *_ = published()
    generator = torch.Generator().manual_seed(seed)
    start = int(torch.randint(len(text) - 2000, (), generator=generator))
    unknown = UNKNOWN[seed % len(UNKNOWN)]
    cases = [
        ("hii there", known, unknown),
        (known + text[start : start + 2000], known, PLAIN[seed % len(PLAIN)]),
    ]
    return cases if seed else [*cases, (text, known, unknown)]


ex = Exercise(
    name="encode_decode",
    prompt="Write encode(text), a list of ids, and decode(ids), the text again. Sort the vocabulary; a character that is not in it raises an error that names it.",
    hints=(
        "Two maps: from a character to its id, and from an id to its character. Both come from one sorted list.",
        "sorted(set(text)) is the vocabulary. {char: id_ for id_, char in enumerate(vocabulary)} is the first map.",
        'encode: [id_of[char] for char in text], which raises KeyError with the character. decode: "".join of vocabulary[id_] for each id.',
    ),
    inputs=texts,
    run=round_trip,
    note="Every character comes back, and an unknown one is named.",
)


@ex.shown
@functools.cache
def vocabulary() -> list[str]:
    return sorted(set(load_text()))


@ex.shown
@functools.cache
def id_of() -> dict[str, int]:
    return {char: id_ for id_, char in enumerate(vocabulary())}


@ex.right
def encode(text: str) -> list[int]:
    for char in text:
        if char not in id_of():
            raise ValueError(f"{char!r} is not in the vocabulary")
    return [id_of()[char] for char in text]


@ex.right
def decode(ids: list[int]) -> str:
    return "".join([vocabulary()[id_] for id_ in ids])


def encode_by_index(s):
    characters = "".join(vocabulary())
    out = []
    for c in s:
        if c not in characters:
            raise KeyError(f"no such character: {c}")
        out.append(characters.index(c))
    return out


def encode_as_tensor(s):
    stoi = dict(zip(vocabulary(), range(len(vocabulary())), strict=True))
    return torch.tensor([stoi[c] for c in s])


ex.also_right(encode_by_index, lambda ids: "".join(vocabulary()[i] for i in ids))
ex.also_right(encode_as_tensor, lambda ids: "".join(map(vocabulary().__getitem__, ids.tolist())))


def coded_by(characters: Callable[[], list[str]], first: int = 0) -> tuple[Callable, Callable]:
    """Return encode and decode by the place of each character in another list."""

    def encode(text):
        places = {char: id_ for id_, char in enumerate(characters(), first)}
        return [places[char] for char in text]

    def decode(ids):
        chars = characters()
        return "".join([chars[id_ - first] for id_ in ids])

    return encode, decode


@functools.cache
def as_met() -> list[str]:
    """Return the characters in the order in which the text brings them."""
    return list(dict.fromkeys(load_text()))


ex.mistake(
    "the vocabulary is not sorted",
    "Your vocabulary is in another order: {order} A set has no order that lasts until tomorrow: use sorted(set(text)).",
    coded_by(as_met),
)
ex.mistake(
    "code points for ids",
    "These are code points, from ord: {range} Count your own vocabulary.",
    (lambda text: [ord(char) for char in text], lambda ids: "".join(map(chr, ids))),
)
ex.mistake(
    "ids begin at 1",
    "Ids begin at 0, and yours at 1: {order}",
    coded_by(vocabulary, first=1),
)
ex.mistake(
    "decode returns a list",
    "Expected a text: {type}",
    (encode, lambda ids: [vocabulary()[id_] for id_ in ids]),
)
ex.mistake(
    "an unknown character gets another's id",
    "{unknown} That id belongs to another character, and nobody will notice: id_of[char] raises an error, id_of.get(char, 0) does not.",
    (lambda text: [id_of().get(char, 0) for char in text], decode),
    (lambda text: [id_of()[char] if ord(char) > 127 else id_of().get(char, 0) for char in text], decode),
)
ex.mistake(
    "an unknown character is left out",
    "{unknown} It vanished without a word. Raise an error that names it.",
    (lambda text: [id_of()[char] for char in text if char in id_of()], decode),
)
ex.mistake(
    "an unknown character becomes -1",
    "{unknown} str.find gives -1 for what is not there, and as an index -1 is the last character. Use str.index, or a dict.",
    (lambda text: [id_of().get(char, -1) for char in text], decode),
)


def encode_without_a_word(text):
    try:
        return [id_of()[char] for char in text]
    except KeyError:
        raise ValueError("unknown character") from None


ex.mistake(
    "the error does not name the character",
    "{unknown} Put it into the message: {{char!r}}.",
    (encode_without_a_word, decode),
)


def of_its_own(text):
    """Encode with the vocabulary of the text that came."""
    places = {char: id_ for id_, char in enumerate(sorted(set(text)))}
    return [places[char] for char in text]


ex.mistake(
    "the vocabulary of what comes in",
    "{round trip} You made the vocabulary of the string that was handed in, so an id means another character each time. Make it once, of the whole text.",
    (of_its_own, decode),
)
ex.mistake(
    "something stands between the characters",
    '{round trip} decode puts something between two characters. Nothing belongs there: "".join(...).',
    *(
        (encode, lambda ids, by=by: by.join(map(decode, zip(ids, strict=True))))
        for by in (" ", ", ", "\n", ",")
    ),
)
ex.mistake(
    "back to front",
    "{round trip} The characters come in the opposite order. Which of your functions turns it round?",
    (encode, lambda ids: decode(ids)[::-1]),
    (lambda text: encode(text)[::-1], decode),
)
