"""Read a prompt as a model does: the ids that it sees, and in words what it does not see.

Taught in: sampling.
"""

from collections import Counter
from typing import NamedTuple

from nanogpt_lib.checks import positive_int
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.kinds import instance, text_of
from nanogpt_lib.style import quoted

NAMED = 8  # different unknown characters that are named


class Reading(NamedTuple):
    """What a model makes of a prompt.

    text: the prompt without what was left out; "" where it begins from another character.
    ids: what the model sees, at least one and at most block_size.   notes: sentences for the reader.

    Taught in: sampling.
    """

    text: str
    ids: list[int]
    notes: list[str]


def read_prompt(prompt: str, tokenizer: CharTokenizer, block_size: int) -> Reading:
    """Answer any prompt: what the model sees of it, and in words what it does not.

    Characters outside the vocabulary are left out and named. Where nothing is left, the text begins from a
    newline, or where the vocabulary has none, from its first character.

    Args:    prompt: any text.   tokenizer: gives the ids.   block_size: the longest context.
    Raises:  ValueError: an argument of another kind; no text is refused.
    Example:
        >>> read_prompt("b😀", CharTokenizer("ab"), block_size=4)
        Reading(text='b', ids=[1], notes=['Left out, because this model has no such character: "😀".'])

    Taught in: sampling.
    """
    text_of("prompt", prompt)
    instance("tokenizer", tokenizer, CharTokenizer, "Write CharTokenizer.from_text(text).")
    block_size = positive_int("block_size", block_size)
    unknown = Counter(char for char in prompt if char not in tokenizer.id_of)
    text = "".join(char for char in prompt if char in tokenizer.id_of) if unknown else prompt
    notes = []
    if unknown:
        named = [
            quoted(char) + (f" ({times:,} times)" if times > 1 else "")
            for char, times in list(unknown.items())[:NAMED]
        ]
        more = len(unknown) - NAMED
        ending = f" and {more:,} other{'s' if more > 1 else ''}" if more > 0 else ""
        kind = "such character" if len(unknown) == 1 else "such characters"
        notes.append(f"Left out, because this model has no {kind}: {', '.join(named)}{ending}.")
    if not text:
        first = "\n" if "\n" in tokenizer.id_of else tokenizer.vocabulary[0]
        begins = "a newline" if first == "\n" else quoted(first)
        why = "Nothing is left of the prompt" if prompt else "The prompt is empty"
        return Reading("", [tokenizer.id_of[first]], [*notes, f"{why}: the text begins from {begins}."])
    if len(text) > block_size:
        last = "character" if block_size == 1 else f"{block_size:,} characters"
        notes.append(f"The model sees only the last {last} of the {len(text):,} in the prompt.")
    return Reading(text, [tokenizer.id_of[char] for char in text[-block_size:]], notes)
