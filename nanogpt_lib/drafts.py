"""Let a counted n-gram guess the next few characters, and the GPT judge all of them in one call.

Reading five positions in one call takes a GPT hardly longer than reading one. So a cheap model guesses some
characters, the GPT gives its probabilities for all their places at once, and a rule keeps or corrects each
guess so that the text has exactly the probabilities that the GPT alone would have given it. The guesses
decide how fast the text comes, never which text is likely.

Taught in: faster_and_bigger.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence

import torch

from nanogpt_lib.checks import positive_int, probability, problem, shape, token_ids, whole_number
from nanogpt_lib.kinds import ids, instance, items_of, room
from nanogpt_lib.ngrams import NGramLM

Shaping = Callable[[torch.Tensor], torch.Tensor]


def verified(
    probs: torch.Tensor, guesses: Sequence[int], guess_probs: torch.Tensor, luck: Sequence[float]
) -> list[int]:
    """Return the guesses that are kept, and one character more: 1 to k + 1 ids, distributed as by `probs`.

    A guess x is kept with probability min(1, p(x) / q(x)), where p is the model's and q the guesser's. At
    the first that is not kept, the character is drawn from what p has more than q. After k that are kept,
    one more is drawn from p.

    Args:    probs: (k + 1, V), the model's: row i is for the place of guess i, the last for the place after.
             guesses: k ids, each drawn from its row of guess_probs.   guess_probs: (k, V).
             luck: k + 1 independent numbers, uniform in [0, 1).
    Raises:  ValueError: shapes or numbers of ids that do not fit together, or an id outside [0, V).
    Example:
        >>> p, q = torch.tensor([[0.5, 0.5], [1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
        >>> verified(p, [1], q, luck=[0.4, 0.0]), verified(p, [1], q, luck=[0.6, 0.0])
        ([1, 0], [0])

    Source:  Leviathan et al. (2023), algorithm 1; Chen et al. (2023).   Taught in: faster_and_bigger.
    """
    k, V = shape("guess_probs", guess_probs, "k", "V")
    shape("probs", probs, k + 1, V)
    guesses = [whole_number("guess", guess) for guess in items_of("guesses", guesses)]
    luck = [probability("luck", number) for number in items_of("luck", luck)]
    if len(guesses) != k or len(luck) != k + 1:
        raise problem(
            f"{k} guesses, as guess_probs has rows, and {k + 1} numbers of luck",
            f"{len(guesses)} and {len(luck)}",
            "Draw one number for each guess, and one for the last character.",
        )
    p, q = probs.double(), guess_probs.double()
    chosen = token_ids("guesses", torch.tensor(guesses, dtype=torch.long), V)[:, None]  # (k, 1)
    p_chosen, q_chosen = (rows.gather(1, chosen).flatten().tolist() for rows in (p[:-1], q))
    for place in range(k):
        if luck[place] * q_chosen[place] >= p_chosen[place]:
            more = (p[place] - q[place]).clamp(min=0)
            return [*guesses[:place], _pick(more if more.any() else p[place], luck[-1])]  # none: rounding
    return [*guesses, _pick(p[-1], luck[-1])]


def _pick(weights: torch.Tensor, luck: float) -> int:
    """Return an id, drawn in proportion to the weights by a number from [0, 1)."""
    return _at(weights.cumsum(0).tolist(), luck)


def _at(sums: list[float], luck: float) -> int:
    """Return the first place whose sum is above this share of the whole."""
    return min(bisect_right(sums, luck * sums[-1]), bisect_right(sums, sums[-1] * (1 - 1e-15)))


class Drafts:
    """Guess from counts: the probabilities of an `NGramLM` for each context that it has seen, in one table.

    Args:    counted: the n-gram model; order 3 or 4 guesses well, and higher orders take much memory.
             at_once: k, how many characters to guess before the GPT judges them.
    Raises:  ValueError: no NGramLM, at_once below 1, or a table too large for the memory.
    Example:
        >>> drafts = Drafts(NGramLM(torch.tensor([0, 1, 0, 1, 0]), order=1, vocab_size=2), at_once=3)
        >>> drafts.probs(torch.tensor([0])).round(decimals=3)
        tensor([0.1900, 0.8100], dtype=torch.float64)

    Source:  Leviathan et al. (2023), section 4.1, where n-grams guess, too.   Taught in: faster_and_bigger.
    """

    def __init__(self, counted: NGramLM, at_once: int = 4) -> None:
        instance("counted", counted, NGramLM, "Count first: NGramLM(train_data, order=3, vocab_size=65).")
        self.at_once, self.vocab_size = positive_int("at_once", at_once), counted.vocab_size
        self.order = counted.order
        lower = torch.full((1, self.vocab_size), 1 / self.vocab_size, dtype=torch.float64)
        codes = torch.zeros(1, dtype=torch.long)
        self._places: list[dict[int, int]] = []  # for each length: a context's number to its row
        self._rows: list[torch.Tensor] = []  # for each length: (contexts, V)
        for length in range(self.order + 1):
            lower = self._mixed(counted.tables[length], length, codes, lower)
            codes = counted.tables[length][2]
            self._places.append({code: row for row, code in enumerate(codes.tolist())})
            self._rows.append(lower)

    def _mixed(
        self, table: tuple[torch.Tensor, ...], length: int, codes: torch.Tensor, lower: torch.Tensor
    ) -> torch.Tensor:
        """Return (contexts, V) probabilities: counts of this length, mixed with those of the next shorter."""
        pairs, pair_counts, contexts, totals, kinds = table
        V = self.vocab_size
        room("a table of drafts", len(contexts), V)
        counts = torch.zeros(len(contexts), V, dtype=torch.float64)
        counts[torch.searchsorted(contexts, pairs // V), pairs % V] = pair_counts.double()
        shorter = contexts % V ** max(length - 1, 0)  # without its first character; all have been seen
        weights = kinds[:, None]
        return (counts + weights * lower[torch.searchsorted(codes, shorter)]) / (totals[:, None] + weights)

    def probs(self, context: torch.Tensor) -> torch.Tensor:
        """Return (V,) float64 probabilities of what follows the longest end of `context` that was seen.

        They are those of `NGramLM.probs`. Raises ValueError for ids of another kind or vocabulary.
        """
        return self._row(self._find(self._checked(context)))

    def _checked(self, context: torch.Tensor) -> list[int]:
        found: list[int] = token_ids("context", ids("context", context), self.vocab_size).tolist()
        return found

    def _row(self, place: tuple[int, int]) -> torch.Tensor:
        return self._rows[place[0]][place[1]]

    def _find(self, context: Sequence[int]) -> tuple[int, int]:
        """Return the length of that end, and its row."""
        for length in range(min(self.order, len(context)), 0, -1):
            code = 0
            for id_ in context[-length:]:
                code = code * self.vocab_size + id_
            if code in self._places[length]:
                return length, self._places[length][code]
        return 0, 0


class Guesser:
    """Draw guesses from `Drafts` for one text, whose probabilities are all shaped in the same way.

    Args:    drafts: where the probabilities come from.
             shaping: what the settings make of logits, such as a lower temperature; the more the guesses are
             shaped like the text, the more of them are kept.
    Example:
        >>> drafts = Drafts(NGramLM(torch.tensor([0, 1, 0, 1, 0]), order=1, vocab_size=2))
        >>> guesser = Guesser(drafts, lambda logits: logits.softmax(-1))
        >>> guesser.guess(torch.tensor([0]), luck=[0.5, 0.1, 0.1])[0]
        [1, 0, 0]

    Taught in: faster_and_bigger.
    """

    def __init__(self, drafts: Drafts, shaping: Shaping) -> None:
        self.drafts, self.shaping = drafts, shaping
        self._shaped: dict[tuple[int, int], tuple[torch.Tensor, list[float]]] = {}

    def guess(self, context: torch.Tensor, luck: Sequence[float]) -> tuple[list[int], torch.Tensor]:
        """Return a guess for each number of luck, one after the other, and the rows they were drawn from.

        Args:    context: (T,) int64, the text so far.   luck: k numbers, uniform in [0, 1).
        Returns: k ids, and (k, V) float64.
        Raises:  ValueError: ids of another kind or vocabulary, or luck outside [0, 1].
        """
        luck = [probability("luck", number) for number in items_of("luck", luck)]
        text = self.drafts._checked(context)
        before, rows = len(text), torch.empty(len(luck), self.drafts.vocab_size, dtype=torch.float64)
        for number, row in zip(luck, rows, strict=True):
            place = self.drafts._find(text)
            if place not in self._shaped:
                shaped = self.shaping(self.drafts._row(place).log())
                self._shaped[place] = shaped, shaped.cumsum(0).tolist()
            row[:], sums = self._shaped[place]
            text.append(_at(sums, number))
        return text[before:], rows
