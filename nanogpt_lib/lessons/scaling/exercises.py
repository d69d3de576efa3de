"""Scaling: measure the variance of dot products, scale scores, find a head that was not, name a temperature.

Each solution lends its name to its exercise.

Taught in: scaling.
"""

import math
import warnings
from collections.abc import Callable
from statistics import mean, stdev

import torch

from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.legacy import Case, Exercise, Wrong
from nanogpt_lib.kit.outcome import Fact, Refusal, alike, numbers

# --- var_dot --------------------------------------------------------------------------------------

PAIRS = 20_000  # what the exercise asks for
WITHIN = 0.05  # with that many the answer's own spread is 1.3 % at most, so an honest one stays inside
ALIKE = 0.1  # how near a known law is told; they are farther apart than that
LOOKS = 60  # further seeds, to tell one reason for a wide answer from another
LAWS: dict[str, Callable[[int], float]] = {  # what comes out for head_size n, by slip
    "head_size": lambda n: n,
    "the root": lambda n: n**0.5,
    "one": lambda n: 1,
    "the mean of products": lambda n: 1 / n,
    "with itself": lambda n: 2 * n,
    "even from 0": lambda n: 7 / 144 * n,  # each entry: variance 1/12, mean 1/2
    "even around 0": lambda n: n / 144,
    "even from -1": lambda n: n / 9,
    "the sum of squares": lambda n: PAIRS * n,
}


def var_dot(head_size: int, generator: torch.Generator) -> float:
    q = torch.randn(20_000, head_size, generator=generator)
    k = torch.randn(20_000, head_size, generator=generator)
    scores = (q * k).sum(dim=-1)  # (20000,): each query with its own key
    return scores.var().item()


def _dot_facts(var_dot: Callable, sizes: tuple[int, ...], seed: int) -> dict[str, Fact]:
    """What var_dot measures, one fact after the other, up to the first that is not right."""

    def measured(size: int, more: int = 0) -> float:
        raw = var_dot(size, torch.Generator().manual_seed(seed + more))
        value = numbers(raw)
        if value is None or value.numel() != 1:
            shape = "" if value is None else f" of shape {tuple(value.shape)}"
            raise Refusal(f"Expected one number, the variance, got {type(raw).__name__}{shape}.")
        return value.item()

    smallest, largest = sizes[0], sizes[-1]
    first = [measured(size) for size in sizes]
    said = f"Measured for head_size {_listed(sizes)}: {_listed(first)}."
    found = list(zip(sizes, first, strict=True))
    kind = _law(found)
    if kind != "not finite":  # further seeds: one may fit a law by luck
        found += [(largest, measured(largest, 1)), *((smallest, measured(smallest, k)) for k in (1, 2, 3))]
        kind = _law(found)
    if kind == "another":
        kind, said = _wide(measured, largest) or (kind, said)
    facts = {"variance": Fact(kind, said)}
    if kind != "head_size":
        return facts
    one, other = (value for size, value in found if size == largest)
    said = f"two seeds gave {_listed([one, other])} for head_size {largest}."
    facts["chance"] = Fact("drawn" if one != other else "counted out" if one == largest else "fixed", said)
    if one == other:
        return facts
    again = measured(smallest)
    said = f"the same seed gave {first[0]:.6g} and then {again:.6g} for head_size {smallest}."
    return facts | {"seed": Fact(first[0] == again, said)}


def _law(found: list[tuple[int, float]]) -> str:
    """The law that every (head_size, variance) follows, as far as chance allows."""
    if not all(math.isfinite(value) for _, value in found):
        return "not finite"
    for name, law in LAWS.items():
        within = WITHIN if name == "head_size" else ALIKE
        if all(abs(value / law(n) - 1) < within for n, value in found):
            return name
    if all(abs(value) < 0.1 * n**0.5 for n, value in found):
        return "nearly 0"
    if all(value > 10 * n for n, value in found):
        return "over the pairs"
    return "another"


def _wide(measured: Callable, largest: int) -> tuple[str, str] | None:
    """Why an answer varies from seed to seed, with its range in words; None if it does not, or unknown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # head_size 1 is our idea, and torch's words on it no news
        few = [measured(largest, more) for more in range(6)]
        if max(few) - min(few) < WITHIN * abs(mean(few)):
            return None
        small, large = ([measured(size, more) for more in range(LOOKS)] for size in (1, largest))
    said = (
        f"With {LOOKS} different seeds head_size {largest} gave anything from {min(large):.3g} to "
        f"{max(large):.3g}."
    )
    if 0.6 < mean(large) < 1.6:
        return "one pair", said
    if not (0.7 < mean(large) / largest < 1.4 and all(map(math.isfinite, small))):
        return None
    # the squared length of one key varies much more among short keys; a mean of few draws hardly does
    lengths = stdev(small) / mean(small) > 3.3 * stdev(large) / mean(large)
    return "one for all" if lengths else "few", said


def _listed(values: list | tuple) -> str:
    shown = [f"{value:.3g}" for value in values]
    return ", ".join(shown[:-1]) + " and " + shown[-1]


def _dot_inputs(seed: int) -> list[tuple]:
    sizes = (8, 16, 32)
    if seed:
        generator = torch.Generator().manual_seed(seed)
        sizes = tuple(int(torch.randint(n - 2, n + 3, (), generator=generator)) for n in sizes)
    return [(sizes, 100 * seed)]


def _dots(of: Callable, pairs: int = 5_000, draw: Callable = torch.randn) -> Callable:
    """var_dot from what it makes of q and k, both (pairs, head_size); so many are enough to know a law."""

    def var_dot(head_size, generator):
        q, k = (draw(pairs, head_size, generator=generator) for _ in range(2))
        return of(q, k).item()

    return var_dot


def _dot(q, k):
    return (q * k).sum(-1)


def _variance(q, k):
    return _dot(q, k).var()


def _around_0(*size, generator):
    return torch.rand(*size, generator=generator) - 0.5


def _from_minus_1(*size, generator):
    return 2 * torch.rand(*size, generator=generator) - 1


def _one_key(head_size, generator):
    q = torch.randn(2_000, head_size, generator=generator)
    k = torch.randn(head_size, generator=generator)
    return (q @ k).var().item()


def _global_stream(head_size, generator):
    q, k = torch.randn(2, 20_000, head_size)
    return _variance(q, k).item()


def _seeded(head_size, generator):
    generator.manual_seed(1337)
    return var_dot.answer(head_size, generator)


def _found(case: Case) -> str:
    return case.got["variance"].said


var_dot = Exercise(
    name="var_dot",
    prompt=(
        "Write var_dot(head_size, generator): draw 20,000 queries and 20,000 keys with torch.randn(..., "
        "generator=generator), and return the variance of their 20,000 dot products."
    ),
    answer=var_dot,
    make_inputs=_dot_inputs,
    run=_dot_facts,
    note=lambda values: f"{values[0]['variance'].said} The same seed gives the same number again.",
    hints=(
        "Draw q and k, both (20000, head_size): row i of one belongs to row i of the other.",
        (
            "A dot product multiplies entry by entry and adds up along the row. That leaves 20,000 "
            "numbers, and it is their variance that is asked for."
        ),
        "scores = (q * k).sum(dim=-1); return scores.var().item()",
    ),
    wrong=(
        Wrong(
            "the spread instead of the variance",
            lambda case: f"{_found(case)} That is the spread, .std(). The variance is its square: .var().",
            _dots(lambda q, k: _dot(q, k).std()),
        ),
        Wrong(
            "the mean of the products instead of their sum",
            lambda case: (
                f"{_found(case)} That becomes smaller as the vectors become longer: you took the mean of "
                "the products in each row. A dot product is their sum."
            ),
            _dots(lambda q, k: (q * k).mean(-1).var()),
        ),
        Wrong(
            "nothing was added up",
            lambda case: (
                f"{_found(case)} About 1 whatever the size: so much varies a single entry, a single "
                "product q_i k_i, or a score that has been scaled already. A raw score adds up head_size "
                "products."
            ),
            _dots(lambda q, k: (q * k).var()),
            _dots(lambda q, k: q.var()),
            _dots(lambda q, k: (_dot(q, k) * q.shape[-1] ** -0.5).var()),
        ),
        Wrong(
            "the mean instead of the variance",
            lambda case: (
                f"{_found(case)} Those are means: dot products of random vectors are positive as often as "
                "negative. How far they lie from 0 is what the variance measures."
            ),
            _dots(lambda q, k: _dot(q, k).mean()),
            _dots(lambda q, k: (q * k).mean()),
        ),
        Wrong(
            "uniform instead of normal draws",
            lambda case: (
                f"{_found(case)} They grow as they should, but are too small: torch.rand draws evenly from "
                "0 to 1, and such entries do not have variance 1. torch.randn does."
            ),
            _dots(_variance, draw=torch.rand),
            _dots(_variance, draw=_around_0),
            _dots(_variance, draw=_from_minus_1),
        ),
        Wrong(
            "a vector with itself",
            lambda case: (
                f"{_found(case)} Twice as much as it should be: query and key are one vector here, and its "
                "product with itself is a squared length. Draw k anew."
            ),
            _dots(lambda q, k: _variance(q, q)),
        ),
        Wrong(
            "too few draws",
            lambda case: (
                f"{_found(case)} With so few draws chance decides: two measurements should agree within 5 "
                "%. Draw 20,000 pairs."
            ),
            _dots(_variance, pairs=30),
            _dots(_variance, pairs=200),
        ),
        Wrong(
            "one key for all queries",
            lambda case: (
                f"{_found(case)} More queries do not help here, since all of them met the same key, and "
                "its length decides. Draw a key for each query."
            ),
            _one_key,
        ),
        Wrong(
            "a single pair",
            lambda case: (
                f"{_found(case)} That is the variance among the entries of one pair. Draw 20,000 pairs; "
                "each gives one dot product, and it is these that vary."
            ),
            _dots(lambda q, k: (q * k).var(), pairs=1),
            _dots(lambda q, k: q.var(), pairs=1),
        ),
        Wrong(
            "the variance of one number",
            lambda case: (
                f"{_found(case)} One pair gives one dot product, and a single number does not vary: 0 / 0. "
                "Draw 20,000 pairs."
            ),
            _dots(lambda q, k: (_dot(q, k) - _dot(q, k)).sum() / 0, pairs=1),  # .var(), without its warning
        ),
        Wrong(
            "added up over the pairs",
            lambda case: (
                f"{_found(case)} That many come together when you add up along dim=0, over the pairs. A "
                "dot product runs along a row: dim=-1."
            ),
            _dots(lambda q, k: (q * k).sum(0).var()),
        ),
        Wrong(
            "the squares are not averaged",
            lambda case: (
                f"{_found(case)} That is the sum of the squares of all scores. A variance is their mean."
            ),
            _dots(lambda q, k: _dot(q, k).square().sum(), pairs=PAIRS),
        ),
        Wrong(
            "nothing was drawn",
            lambda case: (
                f"Right, but not measured: {case.got['chance'].said} What is drawn at random comes out a "
                "little different for each seed. Draw, do not round, and let the numbers say it."
            ),
            lambda head_size, generator: head_size,
        ),
        Wrong(
            "a seed set inside",
            lambda case: (
                f"Nearly: {case.got['chance'].said} A seed that is set inside the function, or a generator "
                "made there, undoes the one that you are given. Draw from that one."
            ),
            _seeded,
            lambda head_size, generator: var_dot.answer(head_size, torch.Generator().manual_seed(1)),
        ),
        Wrong(
            "the generator is not used",
            lambda case: (
                f"Nearly: {case.got['seed'].said} Whoever repeats your measurement must get the same "
                "number: pass generator=generator to every torch.randn."
            ),
            _global_stream,
        ),
    ),
)


# --- scaled_scores --------------------------------------------------------------------------------


def scaled_scores(x: torch.Tensor, W_q: torch.Tensor, W_k: torch.Tensor) -> torch.Tensor:
    q, k = x @ W_q, x @ W_k  # both (B, T, head_size)
    head_size = q.shape[-1]
    return q @ k.transpose(-2, -1) * head_size**-0.5  # (B, T, T)


def _head_inputs(seed: int) -> list[tuple]:
    """x (B, T, C) and two matrices (C, head_size); entries of q and k have variance 1.

    The sizes of each of the first inputs all differ, and so do their roots: one cannot pass for another.
    """
    generator = torch.Generator().manual_seed(seed)
    few = int(torch.randint(5, 7, (), generator=generator))
    cases = []
    for B, T, C, head_size in [
        (3, few, 32, 8),
        (2, 7, 48, 16),
        (4, 3, 20, 5),
        (2, few, 24, 24),
        (1, 1, 6, 3),
    ]:
        x = torch.randn(B, T, C, generator=generator)
        W_q, W_k = torch.randn(2, C, head_size, generator=generator) * C**-0.5
        cases.append((x, W_q, W_k))
    return cases


def _gradients_reach_both(observe: Observe, run: Run) -> str:
    """Says which matrix could not learn from scores that are right, if one could not."""
    if not alike(run.outcome.value, run.want, rtol=1e-4, atol=1e-6):
        return ""  # the numbers come first
    for place, name in ((1, "W_q"), (2, "W_k")):
        inputs = list(run.inputs)
        inputs[place] = inputs[place].clone().requires_grad_()
        with torch.enable_grad():
            value = observe(tuple(inputs)).value
        if not (isinstance(value, torch.Tensor) and value.requires_grad):
            return (
                f"The numbers are right, but no gradient goes back to {name}, so it could never learn. "
                "Leave out .detach(), .item(), .numpy() and torch.tensor(...)."
            )
    return ""


def _scores(by: Callable) -> Callable:
    """scaled_scores with another factor, from the sizes B, T, C and head_size."""

    def scaled_scores(x, W_q, W_k):
        return x @ W_q @ (x @ W_k).mT * by(*x.shape, W_q.shape[1])

    return scaled_scores


def _sizes(case: Case) -> str:
    x, W_q, _ = case.inputs
    return f"n_embd={x.shape[-1]} and head_size={W_q.shape[1]}"


def _times(case: Case) -> float:
    """How many times too large the scores are."""
    return (case.got.norm() / numbers(case.want).norm()).item()


def _size(case: Case) -> str:
    """The sizes, what the scores are, and how large against what they should be."""
    return f"With {_sizes(case)} your scores are {_times(case):.3g} times as large as they should be"


def _no_transpose(x, W_q, W_k):
    return x @ W_q @ (x @ W_k) * W_q.shape[1] ** -0.5


def _by_their_spread(x, W_q, W_k):
    scores = x @ W_q @ (x @ W_k).mT
    return scores / scores.std() if scores.numel() > 1 else scores


def _masked_scores(x, W_q, W_k):
    return scaled_scores.answer(x, W_q, W_k).masked_fill(~causal_mask(x.shape[1]), float("-inf"))


scaled_scores = Exercise(
    name="scaled_scores",
    prompt=(
        "Write scaled_scores(x, W_q, W_k): x is (B, T, C), W_q and W_k are (C, head_size). Return the "
        "scaled scores of every query with every key, (B, T, T): no mask, no softmax."
    ),
    answer=scaled_scores,
    make_inputs=_head_inputs,
    invariants=(_gradients_reach_both,),
    note=lambda values: (
        f"The first scores have a spread of {values[0].std().item():.2g}, and gradients reach W_q and W_k."
    ),
    axes="B, T, T",
    hints=(
        "Three steps: queries and keys, their dot products, one factor. The factor depends on one size only.",
        (
            "q = x @ W_q has shape (B, T, head_size). How many products are added up in one score? That "
            "is the number whose root matters."
        ),
        "q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5",
    ),
    wrong=(
        Wrong(
            "the root of n_embd",
            lambda case: (
                f"{_size(case)}: you scaled by the width of x. A score adds up the entries of q and k, and "
                "there are head_size of those. With a single head, both are the same, so it is easily "
                "missed."
            ),
            _scores(lambda B, T, C, head_size: C**-0.5),
        ),
        Wrong(
            "no scale",
            lambda case: f"{_size(case)}: these are the raw scores. The scale is missing.",
            _scores(lambda B, T, C, head_size: 1.0),
        ),
        Wrong(
            "head_size without the root",
            lambda case: (
                f"{_size(case)}: they were divided by head_size itself. Either the root is missing, or it "
                "was applied twice, once to q and once to k or to the scores."
            ),
            _scores(lambda B, T, C, head_size: 1 / head_size),
            _scores(lambda B, T, C, head_size: head_size**-0.5 * head_size**-0.5),
        ),
        Wrong(
            "multiplied by the root",
            lambda case: (
                f"{_size(case)}: you multiplied by the root. Scores are too large as they are; divide, or "
                "take the power -0.5."
            ),
            _scores(lambda B, T, C, head_size: head_size**0.5),
        ),
        Wrong(
            "the square instead of the root",
            lambda case: (
                f"{_size(case)}: you squared head_size. Its square is far from its root; the power you "
                "want is one half, not two."
            ),
            _scores(lambda B, T, C, head_size: head_size**2),
            _scores(lambda B, T, C, head_size: head_size**-2.0),
        ),
        Wrong(
            "the power without brackets",
            lambda case: (
                f"{_size(case)}: Python reads n ** -1 / 2 as (n ** -1) / 2, and n ** 1 / 2 as half of n. "
                "Write the power as 0.5, or in brackets."
            ),
            _scores(lambda B, T, C, head_size: head_size**-1 / 2),
            _scores(lambda B, T, C, head_size: 1 / (head_size**1 / 2)),
        ),
        Wrong(
            "the root of T",
            lambda case: (
                f"{_size(case)}: you took the root of T={case.inputs[0].shape[1]}, how many positions "
                "there are. A longer text does not make a score longer: it adds scores, not terms."
            ),
            _scores(lambda B, T, C, head_size: T**-0.5),
        ),
        Wrong(
            "the root of B",
            lambda case: (
                f"{_size(case)}: you took the root of B={case.inputs[0].shape[0]}; len(q) and q.shape[0] "
                "are the batch. Which dim of q holds what is added up?"
            ),
            _scores(lambda B, T, C, head_size: B**-0.5),
        ),
        Wrong(
            "divided by the measured spread",
            lambda case: (
                f"{_size(case)}: you divided by the spread of these very scores. The scale must not depend "
                "on the text, or no head could ever become more certain than another. Use the size alone."
            ),
            _by_their_spread,
        ),
        Wrong(
            "queries and keys are swapped",
            lambda case: (
                f"Row 0 of your scores reads {_row(case.got[0, 0])}; that is column 0 of the right ones. "
                "Rows are queries and columns are keys: q comes first."
            ),
            lambda x, W_q, W_k: scaled_scores.answer(x, W_q, W_k).mT,
        ),
        Wrong(
            "the keys are made with W_q",
            lambda case: (
                "Your scores are symmetric: [0, 0, 1] and [0, 1, 0] are both "
                f"{case.got[0, 0, 1].item():.3g}. One matrix made both queries and keys; the other was not "
                "used."
            ),
            lambda x, W_q, W_k: scaled_scores.answer(x, W_q, W_q),
            lambda x, W_q, W_k: scaled_scores.answer(x, W_k, W_k),
        ),
        Wrong(
            "x in place of queries and keys",
            lambda case: (
                f"Score [0, 0, 0] is {case.got[0, 0, 0].item():.3g}, a squared length: these are products "
                "of x with itself. First make queries and keys, x @ W_q and x @ W_k."
            ),
            lambda x, W_q, W_k: x @ x.mT * W_q.shape[1] ** -0.5,
            lambda x, W_q, W_k: x @ x.mT * x.shape[-1] ** -0.5,
            lambda x, W_q, W_k: x @ x.mT,
        ),
        Wrong(
            "the keys were not transposed",
            lambda case: (
                f"torch refuses: {str(case.error).rstrip('.')}. q and k are both {_q_shape(case)}. To pair "
                "every query with every key, k must stand on its side: its last two dims swapped."
            ),
            _no_transpose,
        ),
        Wrong(
            "the softmax is taken",
            lambda case: (
                f"Row 0 of your result sums to {case.got[0, 0].sum().item():.3g}: those are weights. "
                "Scores come before the softmax."
            ),
            lambda x, W_q, W_k: scaled_scores.answer(x, W_q, W_k).softmax(-1),
        ),
        Wrong(
            "the future is masked",
            lambda case: (
                f"{int(case.got.isinf().sum())} of {case.got.numel()} scores are minus infinity. The mask "
                "comes after scaling, and is not asked for here."
            ),
            _masked_scores,
        ),
    ),
)


def _row(values: torch.Tensor) -> str:
    return ", ".join(f"{value:.2f}" for value in values.tolist()[:3]) + ", ..."


def _q_shape(case: Case) -> tuple[int, ...]:
    x, W_q, _ = case.inputs
    return (*x.shape[:2], W_q.shape[1])


# --- unscaled_head --------------------------------------------------------------------------------


def unscaled_head(weights: torch.Tensor) -> int:
    entropy = torch.special.entr(weights).sum(dim=-1)  # (n_head, T); entr(0) is 0, where 0 * log(0) is NaN
    return entropy.mean(dim=-1).argmin().item()  # the sharpest: its scores were the largest


def _layers(seed: int) -> list[tuple]:
    """Weights of several heads, one of them from raw scores; then with a causal mask, whose zeros are exact.

    In each but the last, one head is scaled twice over, so it is flatter than the others. In the first,
    a head that is scaled has a single row as sharp as can be.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for n_head, T, head_size, masked in [
        (5, 8, 64, False),
        (4, 16, 32, True),
        (3, 12, 64, False),
        (6, 8, 64, True),
        (2, 10, 32, False),
    ]:
        first = {0: 3, 2: 0}.get(len(cases), 1)  # so that "always 0" is right once, and not at first
        raw = 0 if first == 0 else int(torch.randint(first, n_head, (), generator=generator))
        q, k = torch.randn(2, n_head, T, head_size, generator=generator)
        scale = torch.full((n_head, 1, 1), head_size**-0.5)
        scale[raw] = 1.0
        if n_head > 2:
            scale[raw - 1] = 1 / head_size
        scores = q @ k.mT * scale
        if not cases:
            scores[1, 3, 5] = 50.0
        if masked:
            scores = scores.masked_fill(~causal_mask(T), float("-inf"))
        cases.append((scores.softmax(-1),))
    return cases


def _entropies(weights: torch.Tensor) -> torch.Tensor:
    return torch.special.entr(weights).sum(-1)  # (n_head, T)


def _plogp(weights: torch.Tensor) -> torch.Tensor:
    return -_entropies(weights).mean(-1)


def _of_each(case: Case) -> str:
    """The mean entropy of every head, and of the largest that there could be."""
    entropies = _entropies(case.inputs[0]).mean(-1).tolist()
    T = case.inputs[0].shape[-1]
    shown = ", ".join(f"{value:.2f}" for value in entropies)
    return f"the mean entropies of heads 0 to {len(entropies) - 1} are {shown} (ln {T} = {math.log(T):.2f})"


def _answered(case: Case) -> str:
    return f"You answered {int(case.got)}"


unscaled_head = Exercise(
    name="unscaled_head",
    prompt=(
        "Write unscaled_head(weights): weights is (n_head, T, T), and the scores of exactly one head were "
        "not scaled before the softmax. Return the index of that head."
    ),
    answer=unscaled_head,
    make_inputs=_layers,
    note=lambda values: (
        f"It was heads {_listed([float(value) for value in values])} of five layers, two of them with a "
        "causal mask."
    ),
    hints=(
        "What do raw scores do to a softmax? Look at section 2, and measure it for each head.",
        (
            "The entropy of a row is minus the sum of p log p; average it over the rows of each head. "
            "Beware of p = 0 under a causal mask: torch.special.entr(p) gives -p log p, and 0 there."
        ),
        "torch.special.entr(weights).sum(dim=-1).mean(dim=-1).argmin().item()",
    ),
    wrong=(
        Wrong(
            "the flattest head",
            lambda case: (
                f"{_answered(case)}, and {_of_each(case)}. Yours is the most even of all: its scores are "
                "small. Raw scores are large. If you meant the sharpest, is a minus sign missing?"
            ),
            lambda weights: _entropies(weights).mean(-1).argmax().item(),
            lambda weights: (math.log(weights.shape[-1]) - _entropies(weights).mean(-1)).argmin().item(),
        ),
        Wrong(
            "counts from 1",
            lambda case: (
                f"{_answered(case)}; there are {len(case.inputs[0])} heads, and the first has index 0."
            ),
            lambda weights: unscaled_head.answer(weights) + 1,
        ),
        Wrong(
            "the first head below ln T",
            lambda case: (
                f"{_answered(case)}, and {_of_each(case)}. Every head is below ln T, which is the most "
                "that there can be. Compare the heads with each other."
            ),
            lambda weights: 0,
        ),
        Wrong(
            "0 * log(0)",
            lambda case: (
                f"{_answered(case)}, where {int((case.inputs[0] == 0).sum())} weights are exactly 0, "
                "hidden by a mask: log(0) is minus infinity, 0 times that is NaN, and so is the entropy "
                "of every head. Let p = 0 count 0."
            ),
            lambda weights: (-weights * weights.log()).sum(-1).mean(-1).argmin().item(),
        ),
        Wrong(
            "the minus sign comes last",
            lambda case: (
                f"{_answered(case)}, and an index is not negative here. Python reads -(p * log "
                "p).sum().argmin() as minus the index. Put the minus inside, before argmin sees the "
                "numbers."
            ),
            lambda weights: -_plogp(weights).argmin().item(),
            lambda weights: -(weights * weights.log()).sum(-1).mean(-1).argmin().item(),
        ),
        Wrong(
            "judges by the sharpest row",
            lambda case: (
                f"{_answered(case)}, and {_of_each(case)}. One of its {case.inputs[0].shape[1]} rows is "
                "very sharp, and that may well be meant. Judge a head by all of its rows: take the mean."
            ),
            lambda weights: _entropies(weights).amin(-1).argmin().item(),
            lambda weights: weights.amax(dim=(1, 2)).argmax().item(),
        ),
        Wrong(
            "a row instead of a head",
            lambda case: (
                f"{_answered(case)}; there are {len(case.inputs[0])} heads. You averaged over the heads, "
                "dim 0, which leaves one number for each row. Keep dim 0, and average over the rows."
            ),
            lambda weights: _entropies(weights).mean(0).argmin().item(),
            lambda weights: torch.special.entr(weights).sum(0).mean(-1).argmin().item(),
        ),
        Wrong(
            "an index into all rows",
            lambda case: (
                f"{_answered(case)}, but there are {len(case.inputs[0])} heads: argmin of a (n_head, T) "
                f"tensor counts through all its {case.inputs[0][..., 0].numel()} rows. Average over the "
                "rows first."
            ),
            lambda weights: _entropies(weights).argmin().item(),
        ),
        Wrong(
            "all entropies instead of one index",
            lambda case: (
                f"You returned {case.got.numel()} numbers, from {case.got.min().item():.3g} to "
                f"{case.got.max().item():.3g}. Those are entropies; average the rows of each head, and "
                f"return which of the {len(case.inputs[0])} heads stands out."
            ),
            lambda weights: _entropies(weights).mean(-1),
            lambda weights: (-weights * weights.log()).sum(-1).mean(-1),
            _entropies,
            lambda weights: (-weights * weights.log()).sum(-1),
        ),
        Wrong(
            "the entropy instead of the index",
            lambda case: (
                f"You answered {float(case.got):.3g}: that is the smallest mean entropy. Asked for is "
                f"which of the {len(case.inputs[0])} heads has it."
            ),
            lambda weights: _entropies(weights).mean(-1).min().item(),
        ),
    ),
)


# --- temperature_of -------------------------------------------------------------------------------


def temperature_of(scale: float, head_size: int) -> float:
    return head_size**-0.5 / scale  # a larger scale is a lower temperature


def _scales(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    drawn = [
        (round(0.05 + torch.rand((), generator=generator).item(), 3), int(n))
        for n in torch.randint(5, 100, (3,), generator=generator)
    ]
    return [(1.0, 16), (16**-0.5, 16), (64**-0.5, 16), (16**-1.0, 16), *drawn, (2.0, 1)]


def _asked(case: Case) -> str:
    scale, head_size = case.inputs
    return f"For scale={scale:.3g} and head_size={head_size} you answered {float(case.got):.3g}"


def _spreads(case: Case) -> str:
    """A check that the learner can do: both sides as spreads of what enters the softmax."""
    scale, head_size = case.inputs
    return (
        f"{_asked(case)}. Scores of random vectors have a spread of {head_size**0.5:.3g}; times scale that "
        f"is {scale * head_size**0.5:.3g}. Properly scaled scores have a spread of 1; divided by your "
        f"temperature that is {1 / float(case.got):.3g}. The two must be equal"
    )


temperature_of = Exercise(
    name="temperature_of",
    prompt=(
        "Write temperature_of(scale, head_size): the temperature at which properly scaled scores give the "
        "same weights as raw scores times scale. So softmax(scores * scale) must be softmax(scores * "
        "head_size ** -0.5 / temperature), and the right scale has temperature 1."
    ),
    answer=temperature_of,
    make_inputs=_scales,
    note=lambda values: (
        "With head_size 16 no scale is temperature {:.3g}, the right one {:.3g}, the root of n_embd = 64 is "
        "{:.3g}, and head_size itself {:.3g}.".format(*map(float, values))
    ),
    hints=(
        "Both softmaxes are equal if what enters them is equal. Write that down as an equation.",
        (
            "scores * scale = scores * head_size ** -0.5 / temperature. The scores drop out; solve for "
            "temperature."
        ),
        "temperature = head_size ** -0.5 / scale",
    ),
    wrong=(
        Wrong(
            "upside down",
            lambda case: (
                f"{_spreads(case)}: yours is the inverse. Larger scores are a lower temperature, as a "
                "softmax divides by it."
            ),
            lambda scale, head_size: scale * head_size**0.5,
        ),
        Wrong(
            "the proper scale is forgotten",
            lambda case: (
                f"{_spreads(case)}: 1 / scale is the temperature for raw scores. Here the scores have been "
                "scaled already, by head_size ** -0.5."
            ),
            lambda scale, head_size: 1 / scale,
        ),
        Wrong(
            "the root is forgotten",
            lambda case: f"{_spreads(case)}. Look at head_size: is a root missing?",
            lambda scale, head_size: 1 / (scale * head_size),
        ),
        Wrong(
            "the root of both",
            lambda case: f"{_spreads(case)}. Only head_size stands under the root; scale does not.",
            lambda scale, head_size: (scale * head_size) ** -0.5,
        ),
        Wrong(
            "the root on the wrong side",
            lambda case: (
                f"{_spreads(case)}. You multiplied by the root of head_size where properly scaled scores "
                "are divided by it."
            ),
            lambda scale, head_size: head_size**0.5 / scale,
        ),
        Wrong(
            "the proper scale alone",
            lambda case: f"{_spreads(case)}. Your answer does not depend on scale.",
            lambda scale, head_size: head_size**-0.5,
            lambda scale, head_size: head_size**0.5,
        ),
        Wrong(
            "scale itself",
            lambda case: f"{_spreads(case)}. A softmax divides by a temperature, and multiplies by a scale.",
            lambda scale, head_size: scale,
        ),
        Wrong(
            "the power without brackets",
            lambda case: (
                f"{_spreads(case)}. Python reads n ** -1 / 2 as (n ** -1) / 2, and n ** 1 / 2 as half of "
                "n: write 0.5."
            ),
            lambda scale, head_size: head_size**-1 / 2 / scale,
            lambda scale, head_size: 1 / (scale * (head_size**1 / 2)),
        ),
        Wrong(
            "always 1",
            lambda case: f"{_spreads(case)}. Only the right scale has temperature 1.",
            lambda scale, head_size: 1.0,
        ),
    ),
)
