"""One step of attention for one new position, with the keys and values of those before it kept."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.faster_and_bigger.writing import BLOCK, Steps, to_step, written

ex = Exercise(
    prompt=f"Write kv_step(x, cache, W_q, W_k, W_v): one causal head for one new position x (B, C). cache holds keys and values, each (B, block_size, head_size), and length, how many places are in use. Put the new key and value into the next place, count it in length, and return the output (B, head_size), with the scale head_size ** -0.5. A full cache must raise a ValueError that says so, and stay as it was. (The check uses block_size = {BLOCK}.)",
    hints=(
        "The new position brings one query, one key and one value. Which keys may its query meet? No mask is needed: the future is not there yet.",
        "Look at length before you write anything. Then write key and value at place `length`, count, and slice the first `length` places. A row of scores for each text: (B, 1, head_size) @ (B, head_size, length).",
        'keys = cache["keys"][:, :n + 1]; weights = ((x @ W_q)[:, None] @ keys.mT * head_size ** -0.5).softmax(-1); the output is (weights @ values)[:, 0].',
    ),
    inputs=to_step,
    run=written,
    see=Steps,
    note="Equal to the whole head at every t, also after a reset, and a full cache says so. A step computes one key and one value, however long the text is.",
    atol=1e-5,
)


@ex.right
def kv_step(
    x: torch.Tensor, cache: dict, W_q: torch.Tensor, W_k: torch.Tensor, W_v: torch.Tensor
) -> torch.Tensor:
    n, block_size = cache["length"], cache["keys"].shape[1]
    if n == block_size:
        raise ValueError(f"The cache is full: {n} of {block_size} places. Reset it, or drop the oldest.")
    cache["keys"][:, n], cache["values"][:, n] = x @ W_k, x @ W_v
    cache["length"] = n + 1
    keys, values = cache["keys"][:, : n + 1], cache["values"][:, : n + 1]  # (B, n + 1, head_size)
    scores = (x @ W_q)[:, None] @ keys.mT * W_q.shape[1] ** -0.5  # (B, 1, n + 1)
    return (scores.softmax(dim=-1) @ values)[:, 0]


@ex.also_right
def step_by_concatenation(x, cache, W_q, W_k, W_v):
    n = cache["length"]
    if n >= cache["keys"].shape[1]:
        raise ValueError("no place left")
    for name, matrix in (("keys", W_k), ("values", W_v)):
        parts = (cache[name][:, :n], (x @ matrix)[:, None], cache[name][:, n + 1 :])
        cache[name] = torch.cat(parts, dim=1)
    cache["length"] += 1
    q, k, v = (x @ W_q)[:, None], cache["keys"][:, : n + 1], cache["values"][:, : n + 1]
    return torch.nn.functional.scaled_dot_product_attention(q, k, v).squeeze(1)


@ex.also_right
def step_with_a_mask(x, cache, wq, wk, wv):
    keys, values, n = cache["keys"], cache["values"], cache["length"]
    if n + 1 > keys.shape[1]:
        raise ValueError(f"{n} positions are all that fit")
    keys[:, n : n + 1], values[:, n : n + 1] = (x @ wk).unsqueeze(1), (x @ wv).unsqueeze(1)
    scores = torch.einsum("bd,bsd->bs", x @ wq, keys) / wq.shape[1] ** 0.5
    scores[:, n + 1 :] = -torch.inf
    cache["length"] = n + 1
    return torch.einsum("bs,bsd->bd", scores.softmax(1), values)


def step(
    place: Callable = lambda n: n,
    seen: Callable = lambda n: slice(0, n + 1),
    counted: int = 1,
    parts: Callable = lambda x, W_q, W_k, W_v: (x @ W_q, x @ W_k, x @ W_v),
    scaled: Callable = lambda scores, D: scores * D**-0.5,
    weighted: Callable = lambda scores: scores.softmax(-1),
    check: Callable = lambda n, S: n >= S,
    refuse: Callable = lambda: ValueError("full"),
    write_first: bool = False,
) -> Callable:
    """Return kv_step with one of its parts changed."""

    def kv_step(x, cache, W_q, W_k, W_v):
        n = cache["length"]
        if check(n, cache["keys"].shape[1]):
            if write_first:
                cache["keys"][:, -1] = x @ W_k
            raise refuse()
        q, k, v = parts(x, W_q, W_k, W_v)
        cache["keys"][:, place(n)], cache["values"][:, place(n)] = k, v
        cache["length"] = n + counted
        keys, values = cache["keys"][:, seen(n)], cache["values"][:, seen(n)]
        return (weighted(scaled(q[:, None] @ keys.mT, W_q.shape[1])) @ values)[:, 0]

    return kv_step


ex.mistake(
    "the new position does not see itself",
    "{where}. You look at the places before the new one, and leave out its own: at t = 0 there is then nobody to look at. Write first, then look at length + 1 places.",
    step(seen=lambda n: slice(0, n)),
)
ex.mistake(
    "looks at empty places",
    "{where}. You look at all places of the cache. Those that nobody has written hold zeros: a score of 0 is a real score, and takes weight.",
    step(seen=lambda n: slice(None)),
)
ex.mistake(
    "looks at itself alone",
    "{where}: that is the new position's own value. Its query should meet all the keys that were kept.",
    step(seen=lambda n: slice(n, n + 1)),
)
ex.mistake(
    "length is not counted",
    "After {T} steps cache['length'] is {left}: each step wrote over the place of the one before.",
    step(counted=0, check=lambda n, S: False),
    step(counted=0),
)
ex.mistake(
    "the scale is missing",
    "{where}. Your scores are larger by the root of head_size: multiply them by head_size ** -0.5, as the whole head does.",
    step(scaled=lambda scores, D: scores),
)
ex.mistake(
    "divided by head_size",
    "{where}. You divide the scores by head_size itself, and its root is asked for.",
    step(scaled=lambda scores, D: scores / D),
)
ex.mistake(
    "queries and keys are swapped",
    "{where}. You keep x @ W_q and ask with x @ W_k. A query is used once and forgotten; the key is what later positions look for.",
    step(parts=lambda x, W_q, W_k, W_v: (x @ W_k, x @ W_q, x @ W_v)),
)
ex.mistake(
    "values in place of keys",
    "{where}. Keys and values come from two matrices: W_k for what is looked for, W_v for what is handed over.",
    step(parts=lambda x, W_q, W_k, W_v: (x @ W_q, x @ W_v, x @ W_v)),
    step(parts=lambda x, W_q, W_k, W_v: (x @ W_q, x @ W_k, x @ W_k)),
    step(parts=lambda x, W_q, W_k, W_v: (x @ W_q, x @ W_v, x @ W_k)),
)
ex.mistake(
    "a plain average",
    "{where}. You average the kept values. The query should decide how much each of them counts.",
    step(scaled=lambda scores, D: 0 * scores),
)
ex.mistake(
    "softmax along the batch",
    "{where}. Your weights sum to 1 over the texts of the batch. Each text has a row of its own; its places are the last axis.",
    step(weighted=lambda scores: scores.softmax(0)),
)
ex.mistake(
    "no softmax",
    "{where}. Scores are no weights: a softmax over the kept places makes them positive, with sum 1.",
    step(weighted=lambda scores: scores),
)
ex.mistake(
    "kept from the end",
    "{where}. You fill the cache from its last place backwards, and look at the first ones. Place `length` is the next one.",
    step(place=lambda n: -1 - n),
)
ex.mistake(
    "the oldest is written over",
    "{full} The new position took the place of an old one. A text whose first positions vanish silently is no longer the same text: raise a ValueError.",
    step(check=lambda n, S: False, place=lambda n: n % BLOCK, seen=lambda n: slice(0, min(n + 1, BLOCK))),
    step(check=lambda n, S: False, place=lambda n: min(n, BLOCK - 1), seen=lambda n: slice(0, n + 1)),
)
ex.mistake(
    "full one place too early",
    "{full} There was still a place: a cache of {places} holds {places} positions.",
    step(check=lambda n, S: n + 1 >= S),
    see=lambda case: {"full": case.got["full"].said if case.got else case.error, "places": BLOCK},
)
ex.mistake(
    "an error without words",
    "{full} Say in it that the cache is full, and what to do.",
    step(refuse=ValueError),
)
ex.mistake(
    "another error when it is full",
    "{full} Whoever calls you waits for a ValueError with words: look at length first, and say that the cache is full.",
    step(check=lambda n, S: False),
    step(refuse=lambda: IndexError("full")),
    step(refuse=lambda: AssertionError("full")),
)
ex.mistake(
    "written before it is refused",
    "{full} Look at length before you write, so that a refused step leaves the kept positions as they were.",
    step(write_first=True),
)
