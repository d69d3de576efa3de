"""Show what every head looks at: scores, scaled, masked, weights and output, and the text lit by the weights.

`pack_stages` checks the arrays and puts them into one run of bytes; the widget sends those once, and
every picture after that is drawn in the browser without asking Python.

Taught in: start_here (a first look), self_attention to looking_inside.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
import traitlets

from nanogpt_lib.checks import problem
from nanogpt_lib.dot_product import AttentionSteps
from nanogpt_lib.kinds import array_of, function, items_of
from nanogpt_lib.kit.widget import Widget, html_table, html_text, number
from nanogpt_lib.messages import described
from nanogpt_lib.style import visible_text

STAGES = AttentionSteps._fields  # scores, scaled, masked, weights, output
MOST_TOKENS = 64
MOST_LAYERS = 12
MOST_HEADS = 16
_TABLE_TOKENS = 12  # up to here the still picture is the whole map

Stages = Sequence[Sequence[AttentionSteps]] | torch.Tensor | np.ndarray


class Packed(NamedTuple):
    """Hold checked arrays as float32, one after another: parts[name] is (n_layer, n_head, T, columns)."""

    tokens: list[str]
    parts: dict[str, np.ndarray]

    @property
    def data(self) -> bytes:
        """Return all parts one after the other, as the browser reads them."""
        return b"".join(part.tobytes() for part in self.parts.values())

    @property
    def shape(self) -> dict[str, Any]:
        """Return how to read `data`."""
        n_layer, n_head, T, _ = self.parts["weights"].shape
        columns = [[name, part.shape[-1]] for name, part in self.parts.items()]
        return {"n_layer": n_layer, "n_head": n_head, "T": T, "parts": columns}


def pack_stages(
    tokens: str | Sequence[str],
    stages: Stages,
    *,
    q: torch.Tensor | np.ndarray | None = None,
    k: torch.Tensor | np.ndarray | None = None,
) -> Packed:
    """Check everything that an `AttentionView` shows, and return it as float32.

    Args:    tokens: one text, or one text per position; T of them.
             stages: stages[layer][head], each an `AttentionSteps` of one text, (T, T) or (1, T, T); or
             weights alone, (n_layer, n_head, T, T).
             q, k: (n_layer, n_head, T, head_size) queries and keys, for the bars that sum to a score.
    Returns: the tokens as a list, and the arrays by name.
    Raises:  ValueError: sizes disagree, too many to read, NaN, or weights that are no weights.
    Example:
        >>> pack_stages("hi", torch.tensor([[[[1.0, 0.0], [0.5, 0.5]]]])).shape
        {'n_layer': 1, 'n_head': 1, 'T': 2, 'parts': [['weights', 2]]}
    """
    tokens = _tokens(tokens)
    if not 1 <= len(tokens) <= MOST_TOKENS:
        raise problem(
            f"1 to {MOST_TOKENS} tokens",
            f"{len(tokens)} tokens",
            f"Show a part of the text, for example text[:{MOST_TOKENS}], with the stages of that part.",
        )
    if isinstance(stages, torch.Tensor | np.ndarray):
        parts = {"weights": _four_dimensions("weights", stages)}
    else:
        parts = _parts_of_steps(getattr(stages, "stages", stages))  # a Trace will do, too
    if (q is None) != (k is None):
        raise problem(
            "q and k together", "only one of them", "Pass both, or neither: a product needs two factors."
        )
    if q is not None:
        parts |= {"q": _four_dimensions("q", q), "k": _four_dimensions("k", k)}
    _check_sizes(tokens, parts)
    _check_values(parts)
    return Packed(tokens, parts)


def _tokens(tokens: str | Sequence[str]) -> list[str]:
    """Return one text per position; numbers, such as ids, are shown as they are written."""
    return [str(token) for token in (tokens if isinstance(tokens, str) else items_of("tokens", tokens))]


def _array(values: torch.Tensor | np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array_of("stages", values), dtype=np.float32)


def _four_dimensions(name: str, values: torch.Tensor | np.ndarray) -> np.ndarray:
    found = _array(values)
    if found.ndim == 5 and found.shape[2] == 1:  # Trace.weights of one text: (n_layer, n_head, 1, T, T)
        found = found[:, :, 0]
    if found.ndim != 4:
        last = "T" if name == "weights" else "head_size"
        raise problem(
            f"{name} of shape (n_layer, n_head, T, {last})",
            f"shape {tuple(found.shape)}",
            "One head alone is values[None, None]; of a batch show one text.",
        )
    return np.ascontiguousarray(found)


def _parts_of_steps(stages: Sequence[Sequence[AttentionSteps]]) -> dict[str, np.ndarray]:
    """Return the five stages, each with all layers and heads in one array."""
    if isinstance(stages, AttentionSteps) or (
        isinstance(stages, list | tuple) and stages and isinstance(stages[0], AttentionSteps)
    ):
        raise problem(
            "stages[layer][head], a list over layers of lists over heads",
            "one AttentionSteps, or a flat list of them",
            "Wrap what you have: [[steps]] is one layer with one head.",
        )
    if not all(isinstance(layer, list | tuple) for layer in items_of("stages", stages)):
        raise problem(
            "stages[layer][head], lists of lists", described(stages), "Pass trace(model, idx).stages."
        )
    heads = {len(layer) for layer in stages}
    if len(heads) != 1 or 0 in heads:
        raise problem(
            "as many heads in every layer, at least one",
            f"layers with {[len(layer) for layer in stages]} heads",
            "Pass trace(model, idx).stages as it is.",
        )
    parts = {}
    for name in STAGES:
        grid = [[_one_text(name, getattr(steps, name)) for steps in layer] for layer in stages]
        shapes = {found.shape for layer in grid for found in layer}
        if len(shapes) > 1:
            raise problem(
                f"{name} of one shape in every head",
                f"shapes {sorted(shapes)}",
                "Pass the stages of one forward pass.",
            )
        parts[name] = np.ascontiguousarray(np.stack([np.stack(layer) for layer in grid]))
    return parts


def _one_text(name: str, values: torch.Tensor) -> np.ndarray:
    found = _array(values)
    if found.ndim == 3 and found.shape[0] == 1:
        found = found[0]
    if found.ndim != 2:
        raise problem(
            f"{name} of one text, (T, T) or (1, T, T)",
            f"shape {tuple(found.shape)}",
            "Of a batch show one text: trace(model, idx[:1]).",
        )
    return found


def _check_sizes(tokens: list[str], parts: dict[str, np.ndarray]) -> None:
    n_layer, n_head, T, _ = parts["weights"].shape
    if len(tokens) != T:
        raise problem(
            f"as many tokens as positions in the arrays, T={T}",
            f"{len(tokens)} tokens",
            "Pass the very text that went through the model.",
        )
    if n_layer > MOST_LAYERS or n_head > MOST_HEADS:
        raise problem(
            f"at most {MOST_LAYERS} layers of {MOST_HEADS} heads",
            f"{n_layer} layers of {n_head} heads",
            "Pass some of the layers, for example stages[:4].",
        )
    for name, part in parts.items():
        square = name in STAGES and name != "output"
        if part.shape[:3] != (n_layer, n_head, T) or (square and part.shape[3] != T):
            raise problem(
                f"{name} of shape ({n_layer}, {n_head}, {T}, {T if square else 'head_size'})",
                f"shape {tuple(part.shape)}",
                "All arrays must come from one forward pass of one text.",
            )
    if "q" in parts and parts["q"].shape != parts["k"].shape:
        raise problem(
            "q and k of one shape",
            f"q {parts['q'].shape}, k {parts['k'].shape}",
            "Project queries and keys to one head_size.",
        )


def _check_values(parts: dict[str, np.ndarray]) -> None:
    for name, part in parts.items():
        bad = ~np.isfinite(part)
        if name == "masked":
            bad &= part != -np.inf
        if bad.any():
            layer, head, query, column = np.argwhere(bad)[0].tolist()
            raise problem(
                f"numbers in {name}" + (", or minus infinity" if name == "masked" else ""),
                f"{part[layer, head, query, column]} in layer {layer}, head {head}, query {query}",
                "Weights are NaN where a row has every key masked: let each position see itself.",
            )
    weights = parts["weights"]
    if weights.min() < 0 or weights.max() > 1 + 1e-5:
        raise problem(
            "weights between 0 and 1",
            f"values from {weights.min():.3g} to {weights.max():.3g}",
            "These look like scores: apply softmax(dim=-1) first.",
        )
    if "q" in parts and "scores" in parts:
        sums = parts["q"] @ parts["k"].swapaxes(-1, -2)
        apart = float(np.abs(sums - parts["scores"]).max())
        if apart > 1e-3 * max(1.0, float(np.abs(sums).max())):
            raise problem(
                "q and k whose products are the scores",
                f"a difference of {apart:.3g}",
                "Take q and k from the forward pass that gave the stages, before any scale.",
            )


class AttentionView(Widget):
    """Show attention as a map to look into: stage, layer, head and query by mouse, keys or from Python.

    Args:    tokens, stages, q, k: as for `pack_stages`.
             compute: a function from a text to its stages, or to a dict with "stages", "q" and "k"; with
             it the widget has a text box, and `tokens` is the text to begin with (`stages` may then be
             left out).
    Raises:  ValueError: as `pack_stages`; or a trait is set to a layer, head or position that is not there.
    Example:
        >>> view = AttentionView("hi", torch.tensor([[[[1.0, 0.0], [0.25, 0.75]]]]))
        >>> view
        AttentionView of 'hi' (1 layer, 1 head), weights of layer 0, head 0,
        query 'i' at 1: 'h' 0.250, 'i' 0.750
        >>> view.query = 0
        >>> view.row()
        [1.0, 0.0]

    Taught in: self_attention.
    """

    name: ClassVar[str] = "attention_view"

    tokens = traitlets.List(traitlets.Unicode()).tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)
    shape = traitlets.Dict().tag(sync=True)
    stage = traitlets.Unicode("weights").tag(sync=True)
    layer = traitlets.Int(0).tag(sync=True)
    head = traitlets.Int(0).tag(sync=True)
    query = traitlets.Int(0).tag(sync=True)
    key = traitlets.Int(0).tag(sync=True)
    asks = traitlets.Bool(False).tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)
    complaint = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        tokens: str | Sequence[str],
        stages: Stages | None = None,
        *,
        q: torch.Tensor | np.ndarray | None = None,
        k: torch.Tensor | np.ndarray | None = None,
        compute: Callable[[str], Stages | dict[str, Any]] | None = None,
    ) -> None:
        if stages is None and compute is None:
            raise problem(
                "stages, or a function compute(text) that makes them",
                "neither",
                "Pass trace(model, idx).stages.",
            )
        self._compute = None if compute is None else function("compute", compute)
        text = "".join(_tokens(tokens))
        given = {"stages": stages, "q": q, "k": k} if stages is not None else self._computed(text)
        self._packed = pack_stages(tokens, **given)
        query, key = self._first_look()
        super().__init__(
            tokens=self._packed.tokens,
            data=self._packed.data,
            shape=self._packed.shape,
            query=query,
            key=key,
            asks=compute is not None,
            text=text,
        )
        self.observe(self._new_text, "text")

    def show(
        self,
        tokens: str | Sequence[str],
        stages: Stages,
        *,
        q: torch.Tensor | np.ndarray | None = None,
        k: torch.Tensor | np.ndarray | None = None,
    ) -> None:
        """Show another text, or the same one after training; layer, head and stage stay where they can."""
        self._packed = pack_stages(tokens, stages, q=q, k=k)
        n_layer, n_head, *_ = self._packed.parts["weights"].shape
        with self.hold_sync():
            self.layer = min(self.layer, n_layer - 1)
            self.head = min(self.head, n_head - 1)
            self.stage = self.stage if self.stage in self._packed.parts else "weights"
            self.query, self.key = self._first_look()
            self.tokens, self.shape = self._packed.tokens, self._packed.shape
            self.data = self._packed.data
            self.complaint = ""

    def row(self) -> list[float]:
        """Return the chosen row of numbers: of the chosen stage, layer, head and query."""
        return self._packed.parts[self.stage][self.layer, self.head, self.query].tolist()

    def _first_look(self) -> tuple[int, int]:
        """Return the last position, which may see all others, and the key that it weighs most."""
        query = len(self._packed.tokens) - 1
        return query, int(self._packed.parts["weights"][self.layer, self.head, query].argmax())

    def _computed(self, text: str) -> dict[str, Any]:
        found = self._compute(text)
        return found if isinstance(found, dict) else {"stages": found}

    def _new_text(self, change: dict) -> None:
        if self._compute is None or not change["new"]:
            return
        try:
            self.show(change["new"], **self._computed(change["new"]))
        except (
            ValueError
        ) as error:  # what the learner typed does not fit: said in the widget, the old map stays
            self.complaint = str(error)

    @traitlets.validate("layer", "head", "query", "key")
    def _inside(self, proposal: dict) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        n_layer, n_head, T, _ = self._packed.parts["weights"].shape
        count = {"layer": n_layer, "head": n_head}.get(name, T)
        if not 0 <= value < count:
            raise problem(f"{name} from 0 to {count - 1}", f"{name}={value}", f"There are {count} of them.")
        return value

    @traitlets.validate("stage")
    def _known(self, proposal: dict) -> str:
        there = [stage for stage in STAGES if stage in self._packed.parts]
        if proposal["value"] not in there:
            raise problem(
                f"one of the stages {there}",
                f"stage={proposal['value']!r}",
                "Only weights were given: pass trace(model, idx).stages for all five."
                if there == ["weights"]
                else "Choose one of these.",
            )
        return proposal["value"]

    def _chosen(self) -> str:
        token = visible_text(self.tokens[self.query])
        return f"{self.stage} of layer {self.layer}, head {self.head}, query {token!r} at {self.query}"

    def __repr__(self) -> str:
        n_layer, n_head, *_ = self._packed.parts["weights"].shape
        text = "".join(map(visible_text, self.tokens))
        row = self.row()
        best = sorted(range(len(row)), key=lambda at: -round(row[at], 4))[:3]
        names = range(len(row)) if self.stage == "output" else list(map(visible_text, self.tokens))
        values = ", ".join(f"{names[at]!r} {number(row[at])}" for at in sorted(best))
        more = "" if len(row) <= 3 else " (the three largest)"
        return (
            f"AttentionView of {text!r} ({_count(n_layer, 'layer')}, {_count(n_head, 'head')}), "
            f"{self._chosen()}: {values}{more}"
        )

    def static_html(self) -> str:
        """Return the chosen row, or the whole map of a short text, as a table."""
        part = self._packed.parts[self.stage][self.layer, self.head]
        names = [visible_text(token) for token in self.tokens]
        text = "".join(names)
        heads = " × ".join(map(str, self._packed.parts["weights"].shape[:2]))
        intro = (
            f"<p><b>Attention</b> in <code>{html_text(text)}</code>, {heads} heads (layers × heads). Shown: "
            f"{html_text(self._chosen())}. Query down, key across.</p>"
        )
        columns = names if self.stage != "output" else [str(at) for at in range(part.shape[1])]
        if max(part.shape) <= _TABLE_TOKENS:
            rows = [[number(value, 2) for value in row] for row in part]
            return intro + html_table(rows, head=columns, side=names)
        row = part[self.query]
        best = sorted(range(len(row)), key=lambda at: -round(float(row[at]), 4))[:8]
        return intro + html_table(
            [[at, columns[at], number(float(row[at]), 2)] for at in sorted(best)],
            head=["dimension" if self.stage == "output" else "key at", "", self.stage],
            caption=f"The {len(best)} largest of {len(row)}",
        )


def _count(many: int, what: str) -> str:
    return f"{many} {what}" if many == 1 else f"{many} {what}s"
