"""Show all heads of a layer side by side: one query for all, and a box at each head to switch it off.

`effect_of` says how the loss changes without the heads that are off. For a small model this is measured for
every choice before anybody asks, so a tick answers at once. The losses come from the model's own forward
pass, by `ablation`, and so do the maps, by `trace`.

Taught in: multi_head.
"""

import copy
import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import ClassVar, NamedTuple

import torch
import traitlets

from nanogpt_lib.ablation import loss_without, without_heads
from nanogpt_lib.checks import problem
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.kinds import ids, instance, text_of
from nanogpt_lib.kit.widget import Widget, html_table, html_text, number
from nanogpt_lib.model import GPT
from nanogpt_lib.process import one_thread
from nanogpt_lib.promises import scores_of
from nanogpt_lib.style import isolated, visible_text
from nanogpt_lib.trace import trace
from nanogpt_lib.widgets.attention_view import MOST_TOKENS, pack_stages

MOST_READ = 2**16  # characters of the batch; more than that takes seconds per tick
PRECOMPUTED = 32  # losses at most that are measured before anybody asks

Pairs = Sequence[Sequence[int]]


class Effect(NamedTuple):
    """Hold how the loss changes without some heads: nats per character, as shown, so to three decimals.

    base: with every head on.   now: without these heads.   difference: now - base.   words: a sentence.

    Taught in: multi_head.
    """

    base: float
    now: float
    difference: float
    words: str


def off_key(off: Pairs) -> str:
    """Return the name of a set of heads in the table of losses; "" is the empty set, every head on.

    Example:
        >>> off_key([(1, 0), (0, 2)])
        '0.2 1.0'
    """
    return " ".join(f"{layer}.{head}" for layer, head in sorted(map(tuple, off)))


def off_of(key: str) -> list[tuple[int, int]]:
    """Return the heads that a name from `off_key` stands for.

    Example:
        >>> off_of("0.2 1.0"), off_of("")
        ([(0, 2), (1, 0)], [])
    """
    pairs = (name.split(".") for name in key.split())
    return [(int(layer), int(head)) for layer, head in pairs]


def effect_of(losses: Mapping[str, float], off: Pairs, n_layer: int, n_head: int) -> Effect:
    """Compare the losses with and without some heads, and say in plain words what that means.

    The difference is that of the numbers as they are shown, so that nobody who subtracts finds another.

    Args:    losses: by `off_key`; that of no head off and that of `off` must be there.
             off: pairs (layer, head).   n_layer, n_head: how many there are.
    Example:
        >>> effect_of({"": 2.31, "0.2": 2.62}, [(0, 2)], n_layer=1, n_head=4).words
        'Without head 2 the loss rises by 0.310 nats, from 2.310 to 2.620.'

    Taught in: multi_head.
    """
    base, now = _shown(losses[""]), _shown(losses[off_key(off)])
    difference = now - base
    if not off:
        words = f"Every head is on: the loss is {number(base)} nats per character."
        return Effect(base, now, difference, words)
    way = f"from {number(base)} to {number(now)}"
    amount = f"by {number(abs(difference))} nats, {way}"
    if now == base:
        verdict = f"stays at {number(base)} nats"
    elif difference > 0:
        verdict = f"rises {amount}"
    else:
        verdict = (
            f"falls {amount}: on this batch the model does better without {'them' if len(off) > 1 else 'it'}"
        )
    words = f"Without {_names(off, n_layer, n_head)} the loss {verdict}."
    alone = [losses.get(off_key([pair])) for pair in off]
    if len(off) > 1 and None not in alone:
        together = sum(_shown(loss) - base for loss in alone)
        words += f" One at a time, their differences add up to {signed_number(together)}."
    return Effect(base, now, difference, words + _emptied(off, n_layer, n_head))


def signed_number(value: float) -> str:
    """Write a difference with a plus or a true minus, and 0.000 with neither.

    Example:
        >>> signed_number(0.31), signed_number(-0.0042), signed_number(0.0001)
        ('+0.310', '−0.004', '0.000')
    """
    text = number(value)
    return f"+{text}" if value > 0 and text != number(0.0) else text


def _shown(loss: float) -> float:
    return float(number(loss))


def _listed(parts: Sequence[object]) -> str:
    """Write parts as a list in words: 1; 1 and 2; 1, 2 and 3."""
    *first, last = map(str, parts)
    return f"{', '.join(first)} and {last}" if first else last


def _by_layer(off: Pairs) -> dict[int, list[int]]:
    heads: dict[int, list[int]] = {}
    for layer, head in sorted(map(tuple, off)):
        heads.setdefault(layer, []).append(head)
    return heads


def _names(off: Pairs, n_layer: int, n_head: int) -> str:
    """Return the heads in words, with the number of their layer where there are several layers."""
    parts = []
    for layer, heads in _by_layer(off).items():
        name = f"head{'s' if len(heads) > 1 else ''} {_listed(heads)}"
        if len(heads) == n_head > 1:
            name = "both heads" if n_head == 2 else f"all {n_head} heads"
        parts.append(name if n_layer == 1 else f"{name} of layer {layer}")
    return _listed(parts)


def _emptied(off: Pairs, n_layer: int, n_head: int) -> str:
    """Say what is lost where a layer has no head left."""
    empty = [layer for layer, heads in _by_layer(off).items() if len(heads) == n_head]
    if len(empty) == n_layer:
        return " Now no character sees another: each prediction comes from one character and its place."
    if not empty:
        return ""
    layers = f"Layers {_listed(empty)} now move" if len(empty) > 1 else f"Layer {empty[0]} now moves"
    return f" {layers} nothing between characters."


class HeadGrid(Widget):
    """Show a layer's heads as small maps with one query for all, and boxes that switch heads off.

    The model is copied: training it further does not change what is shown here.

    Args:    model: a GPT with attention="heads".   tokenizer: turns the text into ids.
             text: what the heads read, at most block_size and 64 characters.
             idx, targets: (B, T) int64, the fixed batch on which the loss is measured, as from
             `get_batch`; a batch of 16 blocks answers at once, one of a thousand does not.
    Raises:  ValueError: attention="fused" (the message says how to switch), a text too long or with
             unknown characters, no finite loss; a trait is set to a head or position that is not there.
    Example:
        >>> from nanogpt_lib.model import GPTConfig
        >>> model = GPT(GPTConfig(vocab_size=3, block_size=4, n_embd=8, n_head=2, n_layer=1))
        >>> for parameter in model.parameters():
        ...     _ = torch.nn.init.zeros_(parameter)
        >>> idx, targets = torch.tensor([[0, 1, 2]]), torch.tensor([[1, 2, 0]])
        >>> grid = HeadGrid(model, CharTokenizer("abc"), "cab", idx, targets)
        >>> grid.off = [(0, 1)]
        >>> grid
        HeadGrid of 'cab' (1 layer, 2 heads), query 'b' at 2.
        Without head 1 the loss stays at 1.099 nats.

    Source:  switching off as Michel et al. (2019).   Taught in: multi_head.
    """

    name: ClassVar[str] = "head_grid"

    tokens = traitlets.List(traitlets.Unicode()).tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)  # the weights, (n_layer, n_head, T, T) float32
    shape = traitlets.Dict().tag(sync=True)
    batch = traitlets.Dict().tag(sync=True)
    layer = traitlets.Int(0).tag(sync=True)
    query = traitlets.Int(0).tag(sync=True)
    off = traitlets.List().tag(sync=True)  # [layer, head] pairs, sorted
    losses = traitlets.Dict()  # by off_key
    effects = traitlets.Dict().tag(sync=True)  # by off_key; the browser asks for others by setting `off`

    def __init__(
        self, model: GPT, tokenizer: CharTokenizer, text: str, idx: torch.Tensor, targets: torch.Tensor
    ) -> None:
        instance("model", model, GPT, "Build one: GPT(config).")
        instance("tokenizer", tokenizer, CharTokenizer, "Write CharTokenizer.from_text(text).")
        text_of("text", text), ids("idx", idx, "B", "T"), ids("targets", targets, "B", "T")
        most = min(model.block_size, MOST_TOKENS)
        if not 1 <= len(text) <= most:
            raise problem(
                f"a text of 1 to {most} characters", f"{len(text)} characters", f"Show a part: text[:{most}]."
            )
        if tokenizer.vocab_size != model.config.vocab_size:
            raise problem(
                f"a tokenizer of {model.config.vocab_size} characters, as the model has",
                f"{tokenizer.vocab_size}",
                "Take the one that the model was trained with.",
            )
        if not 1 <= idx.numel() <= MOST_READ:
            raise problem(
                f"a batch of 1 to {MOST_READ:,} characters",
                f"{idx.numel():,}",
                "Sixteen blocks answer at once.",
            )
        scores_of(model, idx[:1])
        self._model = copy.deepcopy(model)
        self._batch = idx.clone(), targets.clone()
        with one_thread():
            seen = trace(self._model, torch.tensor([tokenizer.encode(text)], device=idx.device))
            losses = self._first_losses()
        packed = pack_stages(text, seen.weights)
        self._weights = packed.parts["weights"]
        n_layer, n_head, T, _ = self._weights.shape
        super().__init__(
            tokens=packed.tokens,
            data=packed.data,
            shape={"n_layer": n_layer, "n_head": n_head, "T": T},
            batch={"B": idx.shape[0], "T": idx.shape[1], "V": tokenizer.vocab_size},
            query=T - 1,
            losses=losses,
        )

    def _first_losses(self) -> dict[str, float]:
        """Measure what the ticks of a small model will ask for, so that the answers are there already."""
        losses = {"": loss_without(self._model, *self._batch)}
        if not math.isfinite(losses[""]):
            raise problem(
                "a model whose loss on the batch is a finite number", f"{losses['']}", "Train it again."
            )
        n_layer, n_head = self._model.config.n_layer, self._model.config.n_head
        for most in (n_head, 1):  # all choices within one layer; where these are many, each head alone
            sizes = range(1, most + 1)
            if n_layer * sum(math.comb(n_head, size) for size in sizes) < PRECOMPUTED:
                subsets = [heads for size in sizes for heads in combinations(range(n_head), size)]
                offs = [[(layer, head) for head in heads] for layer in range(n_layer) for heads in subsets]
                return losses | {off_key(off): loss_without(self._model, *self._batch, off) for off in offs}
        return losses

    def effect(self) -> Effect:
        """Return how the loss changes without the heads that are off now."""
        self._measure([self.off])
        return effect_of(self.losses, self.off, self.shape["n_layer"], self.shape["n_head"])

    def row(self, head: int) -> list[float]:
        """Return what one head of the chosen layer reads at the chosen query: one weight per position."""
        return self._weights[self.layer, head, self.query].tolist()

    def _measure(self, offs: Sequence[Pairs]) -> None:
        """Measure the losses that are not there yet."""
        asked = [off for off in offs if off_key(off) not in self.losses]
        if asked:
            with one_thread():
                found = {off_key(off): loss_without(self._model, *self._batch, off) for off in asked}
            self.losses = {**self.losses, **found}

    @traitlets.validate("off")
    def _existing(self, proposal: dict) -> list[list[int]]:
        with without_heads(self._model, proposal["value"]):  # refuses a head that is not there
            return [list(pair) for pair in sorted({tuple(pair) for pair in proposal["value"]})]

    @traitlets.observe("losses")
    def _tell(self, _: dict) -> None:
        """Tell the browser what each new loss means."""
        n_layer, n_head = self.shape["n_layer"], self.shape["n_head"]
        new = {}
        for key in self.losses.keys() - self.effects.keys():
            effect = effect_of(self.losses, off_of(key), n_layer, n_head)
            new[key] = effect._asdict() | {"signed": signed_number(effect.difference) if key else ""}
        self.effects = {**self.effects, **new}

    @traitlets.observe("off")
    def _answer(self, _: dict) -> None:
        self._measure([self.off])

    @traitlets.validate("layer", "query")
    def _inside(self, proposal: dict) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        count = self.shape["n_layer" if name == "layer" else "T"]
        if not 0 <= value < count:
            raise problem(f"{name} from 0 to {count - 1}", f"{name}={value}", f"There are {count} of them.")
        return value

    def _chosen(self) -> str:
        return f"query {visible_text(self.tokens[self.query])!r} at {self.query}"

    def __repr__(self) -> str:
        text = "".join(map(visible_text, self.tokens))
        n_layer, n_head = self.shape["n_layer"], self.shape["n_head"]
        sizes = f"{_count(n_layer, 'layer')}, {_count(n_head, 'head')}" + (" each" if n_layer > 1 else "")
        return f"HeadGrid of {text!r} ({sizes}), {self._chosen()}. {self.effect().words}"

    def static_html(self) -> str:
        """Return what each head of the chosen layer reads most, and the loss without it, as a table."""
        n_head = self.shape["n_head"]
        alone = [[[self.layer, head]] for head in range(n_head)]
        self._measure(alone)
        rows = []
        for head in range(n_head):
            row = self.row(head)
            best = max(range(len(row)), key=lambda at: round(row[at], 4))
            effect = effect_of(self.losses, alone[head], self.shape["n_layer"], n_head)
            rows.append(
                [
                    "off" if [self.layer, head] in self.off else "on",
                    f"{isolated(visible_text(self.tokens[best]))} at {best}",
                    number(row[best]),
                    number(effect.now),
                    signed_number(effect.difference),
                ]
            )
        text = html_text("".join(map(visible_text, self.tokens)))
        B, T = self.batch["B"], self.batch["T"]
        return (
            f"<p><b>The heads of layer {self.layer}</b> in <code>{text}</code>, {html_text(self._chosen())}. "
            f"Losses in nats per character on a fixed batch of {B} × {T} characters. "
            f"{html_text(self.effect().words)}</p>"
            + html_table(
                rows,
                head=["", "reads most", "weight", "loss without it", "difference"],
                side=[f"head {head}" for head in range(n_head)],
            )
        )


def _count(many: int, what: str) -> str:
    return f"{many} {what}" if many == 1 else f"{many} {what}s"
