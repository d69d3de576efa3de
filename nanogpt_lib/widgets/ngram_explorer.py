"""Show how far counting alone gets: the loss of every order, and what each order writes.

Taught in: text_tokens_batches.
"""

import copy
import math
from typing import ClassVar

import torch
import traitlets

from nanogpt_lib.checks import positive_int, problem, seed_number
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.kinds import ids, instance
from nanogpt_lib.kit.widget import Widget, html_table, html_text, number
from nanogpt_lib.ngrams import NGramLM
from nanogpt_lib.process import one_thread
from nanogpt_lib.style import readable

HIGHEST_ORDER = 8
LONGEST = 10_000  # characters of a sample


def shorter(model: NGramLM, order: int) -> NGramLM:
    """Return the same counts, used only up to a shorter context; nothing is counted again.

    Args:    model: counted up to its own order.   order: 0 to model.order.
    Returns: a model equal to `NGramLM(data, order, vocab_size)` of the same data.
    Raises:  ValueError: the model never counted contexts of that length.
    Example:
        >>> model = NGramLM(torch.tensor([0, 1, 0, 1, 1]), order=2, vocab_size=2)
        >>> shorter(model, 0).probs(torch.tensor([0])).round(decimals=3)
        tensor([0.4290, 0.5710], dtype=torch.float64)

    Taught in: text_tokens_batches.
    """
    if not 0 <= order <= model.order:
        raise problem(f"0 <= order <= {model.order}", f"order={order}", "Count longer contexts first.")
    short = copy.copy(model)  # the tables are shared; those of longer contexts are not looked at
    short.order = order
    return short


def ngram_losses(model: NGramLM, data: torch.Tensor) -> list[float]:
    """Compute the loss of every order from 0 to the model's, in one pass from short contexts to long.

    Each different (order + 1)-gram of the data is evaluated once and weighted by how often it
    occurs, and the lower order's answers are kept: about ten times quicker than one by one.

    Args:    model: counted on the training data.   data: (N,) int64 ids to evaluate on.
    Returns: order + 1 losses in nats per character, each equal to `NGramLM.loss` of that order.
    Raises:  ValueError: there are no more ids than the longest context.
    Example:
        >>> ids = torch.tensor([0, 1, 0, 1, 1, 0, 1])
        >>> [round(loss, 4) for loss in ngram_losses(NGramLM(ids, order=2, vocab_size=2), ids)]
        [0.6834, 0.3855, 0.341]

    Taught in: text_tokens_batches.
    """
    if len(data) <= model.order:
        raise problem(f"more than {model.order} ids to evaluate on", f"{len(data)}", "Take a longer text.")
    V, losses = model.vocab_size, []
    shorter_grams, probs = None, torch.full((1,), 1 / model.vocab_size, dtype=torch.float64)
    for length in range(model.order + 1):
        grams = model._codes(data, length + 1).sort().values
        grams, times = grams.unique_consecutive(return_counts=True)  # on sorted ones quicker than unique
        if shorter_grams is not None:  # each gram without its first character is one of those before
            probs = probs[torch.searchsorted(shorter_grams, grams % V**length)]
        probs = model._mix(length, grams // V, grams % V, probs)
        losses.append(-((times * probs.log()).sum() / times.sum()).item())
        shorter_grams = grams
    return losses


def losses_in_words(train_losses: list[float], val_losses: list[float]) -> str:
    """Say what the bars show: the best order by validation loss, and what happens beyond it.

    Args:    train_losses, val_losses: one loss per order, from order 0 on.
    Example:
        >>> losses_in_words([3.0, 2.0, 1.0], [3.1, 2.2, 2.5])
        'Validation loss is lowest at order 1: 2.200. From there to order 2 training loss falls from 2.000 to
        1.000, while validation loss rises from 2.200 to 2.500.'

    Taught in: text_tokens_batches.
    """
    best = min(range(len(val_losses)), key=val_losses.__getitem__)
    last = len(val_losses) - 1
    said = f"Validation loss is lowest at order {best}: {number(val_losses[best])}"
    if best == last:
        return f"{said}, the longest context counted here."
    return (
        f"{said}. From there to order {last} training loss {_way(train_losses[best], train_losses[last])}, "
        f"while validation loss {_way(val_losses[best], val_losses[last])}."
    )


def _way(before: float, after: float) -> str:
    """Say how a number moved, by the digits that are shown."""
    if number(before) == number(after):
        return f"stays at {number(before)}"
    return f"{'falls' if after < before else 'rises'} from {number(before)} to {number(after)}"


class NGramExplorer(Widget):
    """Show a slider over the orders of a counted model: both losses as bars, and a sample of its writing.

    Everything is counted when it is made: about two seconds for the whole of tiny Shakespeare.

    Args:    train_ids: (N,) int64, to count.   val_ids: (M,) int64, to evaluate on.
             tokenizer: gives V and turns samples into text.   max_order: the longest context, 0 to 8.
             seed: sample n of each order is drawn with seed + n - 1.   length: characters per sample.
    Raises:  ValueError: max_order is out of range, or there are too few ids for it.
    Example:
        >>> ids = torch.tensor([0, 1, 0, 1, 1, 0, 1])
        >>> NGramExplorer(ids, ids, CharTokenizer("ab"), max_order=1)
        NGramExplorer: order 1 of 0 to 1, train loss 0.385, validation loss 0.385 (nats per character)

    Taught in: text_tokens_batches.
    """

    name: ClassVar[str] = "ngram_explorer"

    order = traitlets.Int(0).tag(sync=True)
    max_order = traitlets.Int().tag(sync=True)
    vocab_size = traitlets.Int().tag(sync=True)
    train_losses = traitlets.List().tag(sync=True)
    val_losses = traitlets.List().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    wanted = traitlets.List().tag(sync=True)  # the number of the sample to show, one per order
    samples = traitlets.List().tag(sync=True)  # [{"number": int, "text": str}], one per order
    seed = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        train_ids: torch.Tensor,
        val_ids: torch.Tensor,
        tokenizer: CharTokenizer,
        max_order: int = 6,
        *,
        seed: int = 1337,
        length: int = 200,
    ) -> None:
        if (
            isinstance(max_order, bool)
            or not isinstance(max_order, int)
            or not 0 <= max_order <= HIGHEST_ORDER
        ):
            raise problem(
                f"a whole number 0 <= max_order <= {HIGHEST_ORDER}",
                f"max_order={max_order!r}",
                "Choose a shorter context.",
            )
        instance("tokenizer", tokenizer, CharTokenizer, "Write CharTokenizer.from_text(text).")
        train_ids, val_ids = ids("train_ids", train_ids), ids("val_ids", val_ids)
        seed = seed_number("seed", seed)
        if positive_int("length", length) > LONGEST:
            raise problem(f"samples of at most {LONGEST:,} characters", f"length={length:,}", "Take fewer.")
        V = tokenizer.vocab_size
        if V ** (max_order + 1) >= 2**63:  # NGramLM writes a context as one int64 number in base V
            raise problem(
                f"{V} ** (max_order + 1) below 2 ** 63", f"max_order={max_order}", "Choose a shorter context."
            )
        self._tokenizer, self._length = tokenizer, positive_int("length", length)
        with one_thread():
            self._model = NGramLM(train_ids, max_order, V)
            train_losses, val_losses = (ngram_losses(self._model, ids) for ids in (train_ids, val_ids))
        super().__init__(
            order=min(1, max_order),
            max_order=max_order,
            vocab_size=V,
            train_losses=train_losses,
            val_losses=val_losses,
            words=losses_in_words(train_losses, val_losses),
            wanted=[1] * (max_order + 1),
            seed=seed,
        )
        self.samples = [{"number": 1, "text": self._write(order, 1)} for order in range(max_order + 1)]
        self.observe(self._answer, "wanted")

    @traitlets.validate("order")
    def _known_order(self, proposal: dict) -> int:
        return max(0, min(proposal["value"], self.max_order))

    def _write(self, order: int, count: int) -> str:
        """Return sample number `count` of an order; it starts after a newline where the text has any."""
        start = torch.tensor([self._tokenizer.id_of.get("\n", 0)])
        generator = torch.Generator().manual_seed(self.seed + count - 1)
        drawn = shorter(self._model, order).sample(self._length, start, generator)
        return self._tokenizer.decode(drawn[1:])

    def _answer(self, change: dict) -> None:
        """Write the samples that are wanted and not there, which the browser asks for one at a time."""
        self.samples = [
            have if have["number"] == wanted else {"number": wanted, "text": self._write(order, wanted)}
            for order, (wanted, have) in enumerate(zip(change["new"], self.samples, strict=True))
        ]

    def static_html(self) -> str:
        """Return the losses of every order as a table, what they say, and the sample."""
        sample = self.samples[self.order]
        return (
            html_table(
                [
                    [number(train), number(val)]
                    for train, val in zip(self.train_losses, self.val_losses, strict=True)
                ],
                head=["train loss", "validation loss"],
                side=[f"order {order}" for order in range(self.max_order + 1)],
                caption="Loss in nats per character, by the number of characters that are looked at",
            )
            + f"<p>{html_text(self.words)} Uniform guessing: ln {self.vocab_size} = "
            f"{number(math.log(self.vocab_size))}.</p>"
            f"<p>Written by order {self.order} (sample {sample['number']}, seed {self.seed}):</p>"
            f"<pre>{html_text(readable(sample['text']))}</pre>"
        )

    def __repr__(self) -> str:
        return (
            f"NGramExplorer: order {self.order} of 0 to {self.max_order}, "
            f"train loss {number(self.train_losses[self.order])}, "
            f"validation loss {number(self.val_losses[self.order])} (nats per character)"
        )
