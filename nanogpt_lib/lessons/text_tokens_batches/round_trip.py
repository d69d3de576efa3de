"""What becomes of a text that is encoded and decoded, one fact after the other."""

from collections.abc import Callable, Iterator

from nanogpt_lib.kit.outcome import Fact, Refusal, numbers
from nanogpt_lib.lessons.text_tokens_batches.shared import length


def round_trip(encode: Callable, decode: Callable, text: str, known: str, unknown: str) -> dict[str, Fact]:
    """Return what encode and decode do, one fact after the other, up to the first that is not right.

    Args:    encode, decode: the answer.   text: what to encode.   known: the vocabulary.
             unknown: a character that is not in it.
    Raises:  Refusal: encode gives no list with one whole number per character.
    """
    return dict(_facts(encode, decode, text, known, unknown))


def _facts(
    encode: Callable, decode: Callable, text: str, known: str, unknown: str
) -> Iterator[tuple[str, Fact]]:
    encoded = encode(text)
    ids = _ids(encoded, text)
    back = decode(encoded)
    yield "type", _type(back)
    if not isinstance(back, str):
        return
    yield "round trip", Fact(_kind(text, back), _what_came_back(text, back))
    if back != text:
        return
    low, high, V = min(ids), max(ids), len(known)
    inside = low >= 0 and high < V
    kind = "inside" if inside else "code points" if ids[0] == ord(text[0]) else "outside"
    said = f"your ids run from {low} to {high}; with {V} characters every id is in [0, {V})."
    yield "range", Fact(kind, said)
    right = [known.index(char) for char in text[:V]]
    odd = next((i for i, id_ in enumerate(right) if ids[i] != id_), None)
    at = odd or 0
    said = f"the vocabulary is sorted, so {text[at]!r} has id {right[at]}; you gave {ids[at]}."
    yield "order", Fact(odd is None, said)
    if inside and odd is None:
        yield "unknown", _at_an_unknown(encode, unknown)


def _ids(encoded: object, text: str) -> list[int]:
    flat = None if isinstance(encoded, str) else numbers(encoded)
    if flat is None or flat.shape != (len(text),):
        got = type(encoded).__name__ + ("" if flat is None else f" of shape {tuple(flat.shape)}")
        raise Refusal(
            f"encode must return one whole number for each of the {len(text):,} characters, in a list; got {got}."
        )
    return flat.long().tolist()


def _type(back: object) -> Fact:
    kind = type(back).__name__
    advice = "" if isinstance(back, str) else f" of {length(back)} parts: join them with ''.join(parts)"
    return Fact(kind, f"decode returned a {kind}{advice}.")


def _kind(text: str, back: str) -> str:
    """Return what decode made of a text."""
    step = (len(back) - 1) // max(1, len(text) - 1)  # from one character to the next, if something is between
    if back == text:
        return "as it was"
    if back == text[::-1]:
        return "back to front"
    return "with something between" if step > 1 and back[::step] == text else "another"


def _what_came_back(text: str, back: str) -> str:
    wrong = next((i for i, (a, b) in enumerate(zip(text, back, strict=False)) if a != b), None)
    if wrong is not None:
        return f"character {wrong:,} was {text[wrong]!r} and came back as {back[wrong]!r}."
    if len(back) != len(text):
        return f"the text has {len(text):,} characters, and {len(back):,} came back."
    return f"all {len(text):,} characters came back."


def _at_an_unknown(encode: Callable, unknown: str) -> Fact:
    try:
        ids = encode("to" + unknown)
    except NotImplementedError:
        raise
    except Exception as error:  # any kind will do, as long as it names the character
        if unknown in str(error):
            return Fact("named", f"{unknown!r} at place 2 raises an error that names it.")
        words = f"{type(error).__name__}: {error}"
        return Fact("unnamed", f"{unknown!r} at place 2 raised {words!r}, which does not say which one.")
    flat = numbers(ids)
    if flat is None or flat.ndim != 1 or len(flat) not in (2, 3):
        return Fact("not ids", f"{unknown!r} at place 2 of 3 raised nothing; encode returned {ids!r}.")
    became = [int(id_) for id_ in flat[2:]]
    value = "left out" if not became else "-1" if became == [-1] else "another's id"
    return Fact(value, f"{unknown!r} at place 2 of 3 raised nothing and became {became}.")
