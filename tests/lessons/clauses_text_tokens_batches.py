"""The statements on text, tokens and batches, clause by clause, and right answers in more styles."""

import math
from collections import Counter

import numpy as np
import torch

from clauses import broken, right
from nanogpt_lib.data import load_text
from nanogpt_lib.lessons import text_tokens_batches as ex

encode, decode = ex.encode_decode.answer
get_batch, unigram_loss, leak = ex.get_batch.answer, ex.unigram_loss.answer, ex.leak.answer
VOCABULARY = sorted(set(load_text()))
ID_OF = {char: id_ for id_, char in enumerate(VOCABULARY)}


def coded(vocabulary: list[str]) -> tuple:
    ids = {char: id_ for id_, char in enumerate(vocabulary)}
    return lambda text: [ids[c] for c in text], lambda ids: "".join(vocabulary[i] for i in ids)


def refuses_what_is_not_ascii(text):
    for char in text:
        if ord(char) > 127:
            raise ValueError(f"unknown: {char}")
    return [ID_OF.get(char, 0) for char in text]


def drawn(starts_of):
    def get_batch(data, T, B):
        starts = starts_of(data, T, B)
        return torch.stack([data[s : s + T] for s in starts]), torch.stack(
            [data[s + 1 : s + T + 1] for s in starts]
        )

    return get_batch


def rows_that_follow(data, T, B):
    legal = len(data) - T
    return (torch.randint(legal, (1,)) + T * torch.arange(B)) % legal


def positions(starts, T):
    return {int(s) + i for s in starts for i in range(T)}


BROKEN = [
    broken(
        "get_batch",
        "drawn with torch.randint, from torch's own stream",
        "the seed does not repeat it",
        lambda data, T, B: ex.get_batch.mistakes[-1].functions[-1](data, T, B),
    ),
    broken(
        "get_batch",
        "each row drawn for itself",
        "no start is drawn twice",
        lambda data, T, B: (
            (
                at := torch.stack([torch.randperm(len(data) - T) for _ in range(B)]).flatten()[:B, None]
                + torch.arange(T)
            )
            is not None
            and (data[at], data[at + 1])
        ),
    ),
    broken(
        "leak",
        "positions are numbers",
        "tensors in a set",
        lambda train, val, T: len(set(train) & set(val)) / len(val),
    ),
    broken("encode_decode", "sort the vocabulary", "the vocabulary is not sorted", *coded(VOCABULARY[::-1])),
    broken(
        "encode_decode",
        "capitals are characters of their own",
        "",
        lambda text: [ID_OF[c] for c in text.lower()],
        decode,
    ),
    broken("encode_decode", "a list of ids", "", lambda text: " ".join(str(ID_OF[c]) for c in text), decode),
    broken(
        "encode_decode",
        "the text again",
        "decode returns a list",
        encode,
        lambda ids: [VOCABULARY[i] for i in ids],
    ),
    broken(
        "encode_decode",
        "a character that is not in it raises an error, an ASCII one as well",
        "an unknown character gets another's id",
        refuses_what_is_not_ascii,
        decode,
    ),
    broken(
        "encode_decode",
        "the error names it",
        "the error does not name the character",
        lambda text: [ID_OF[c] if c in ID_OF else int("not in the vocabulary") for c in text],
        decode,
    ),
    broken("get_batch", "x and y", "", lambda data, T, B: get_batch(data, T, B)[0]),
    broken(
        "get_batch",
        "both (B, T)",
        "B and T are swapped",
        lambda *given: tuple(s.T for s in get_batch(*given)),
    ),
    broken(
        "get_batch",
        "from random places",
        "every call gives the same batch",
        drawn(lambda data, T, B: torch.arange(B) % (len(data) - T)),
    ),
    broken(
        "get_batch",
        "each row from a place of its own",
        "one start for the whole batch",
        drawn(rows_that_follow),
    ),
    broken(
        "get_batch",
        "the last place too",
        "the last start is never drawn",
        drawn(lambda data, T, B: torch.randint(0, len(data) - T - 1, (B,))),
    ),
    broken(
        "get_batch",
        "of data",
        "draws from another text",
        lambda data, T, B: get_batch(torch.arange(90), T, B),
    ),
    broken(
        "get_batch",
        "one character later, not earlier",
        "",
        lambda data, T, B: get_batch(data, T, B)[::-1],
    ),
    broken(
        "get_batch",
        "drawn with torch.randint: a seed repeats it",
        "the seed does not repeat it",
        drawn(lambda data, T, B: np.random.default_rng().integers(0, len(data) - T, B)),
    ),
    broken(
        "unigram_loss", "count train", "counts the data that it judges", lambda t, d, V: unigram_loss(d, d, V)
    ),
    broken(
        "unigram_loss",
        "how often, and nothing added",
        "the counts are smoothed",
        lambda t, d, V: -((torch.bincount(t, minlength=V) + 1) / (len(t) + V))[d].log().mean(),
    ),
    broken("unigram_loss", "of data", "the entropy of train", lambda t, d, V: unigram_loss(t, t, V)),
    broken("unigram_loss", "the mean", "sum instead of mean", lambda t, d, V: unigram_loss(t, d, V) * len(d)),
    broken("unigram_loss", "in nats", "bits for nats", lambda t, d, V: unigram_loss(t, d, V) / math.log(2)),
    broken(
        "unigram_loss", "vocab_size is given", "", lambda t, d, V: unigram_loss(t, d, V) + math.log(65 / V)
    ),
    broken(
        "leak",
        "start to start + block_size - 1",
        "the window is one too long",
        lambda a, b, T: len(positions(a, T + 1) & positions(b, T + 1)) / len(positions(b, T + 1)),
    ),
    broken(
        "leak",
        "of positions, not of windows",
        "counts windows instead of positions",
        lambda a, b, T: np.mean([not positions(a, T).isdisjoint(range(s, s + T)) for s in b.tolist()]),
    ),
    broken(
        "leak",
        "in validation windows",
        "the share of the training positions",
        lambda a, b, T: len(positions(a, T) & positions(b, T)) / len(positions(a, T)),
    ),
    broken(
        "leak",
        "above and below the line alike",
        "counted in two ways",
        lambda a, b, T: len(positions(a, T) & positions(b, T)) / (len(b) * T),
    ),
    broken(
        "leak", "lies in a training window", "the share that does not leak", lambda a, b, T: 1 - leak(a, b, T)
    ),
    broken("leak", "a share", "a percentage", lambda a, b, T: 100 * leak(a, b, T)),
]


def batch_in_numpy(data, T, B):
    at = torch.randint(0, len(data) - T, (B, 1)).numpy() + np.arange(T)
    return np.stack([data.numpy()[at], data.numpy()[at + 1]])


def leak_as_in_section_4(train, val, T):
    """With a mask of what was read, and every position of every window."""
    read = torch.zeros(int(max(train.max(), val.max())) + T, dtype=torch.bool)
    read[(train[:, None] + torch.arange(T)).flatten()] = True
    return read[val[:, None] + torch.arange(T)].float().mean()


def counted(train, data):
    """How often each id is in data, and its share of train."""
    seen = Counter(train.tolist())
    return [(n, seen[id_] / len(train)) for id_, n in Counter(data.tolist()).items()]


RIGHT = [
    right(
        "encode_decode",
        "arrays of numpy",
        lambda text: np.array([VOCABULARY.index(c) for c in text]),
        lambda ids: "".join(np.array(VOCABULARY)[ids]),
    ),
    right("encode_decode", "a KeyError of the dict", lambda text: list(map(ID_OF.__getitem__, text)), decode),
    right("get_batch", "arrays in one array", batch_in_numpy),
    right("get_batch", "one tensor for both", lambda *given: torch.stack(get_batch(*given))),
    right(
        "get_batch",
        "starts in a loop",
        drawn(lambda d, T, B: [int(torch.randint(len(d) - T, ())) for _ in range(B)]),
    ),
    right(
        "unigram_loss",
        "a Counter",
        lambda t, d, V: -sum(n * math.log(share) for n, share in counted(t, d)) / len(d),
    ),
    right(
        "unigram_loss", "by numpy", lambda t, d, V: -np.log(np.bincount(t, minlength=V)[d] / len(t)).mean()
    ),
    right("leak", "each position of each window, as section 4 counts", leak_as_in_section_4),
    right("leak", "sets", lambda a, b, T: len(positions(a, T) & positions(b, T)) / len(positions(b, T))),
    right("leak", "a tensor", lambda *split: torch.tensor(leak(*split))),
]
