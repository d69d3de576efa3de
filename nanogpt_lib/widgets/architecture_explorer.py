"""Sliders for a GPT's sizes: what it learns, what a training step computes, what it has to keep.

`architecture_explorer_state` is the whole mathematics, three sums of costs.py. The browser gets the same
sums as lists of terms, so it answers at once, and also where no kernel runs.

Taught in: full_model.
"""

from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

import traitlets

from nanogpt_lib.checks import one_of, positive_int, probability, problem
from nanogpt_lib.costs import parameter_ledger, training_flops, training_memory
from nanogpt_lib.kit.widget import Widget, html_table, html_text, number
from nanogpt_lib.layers import ATTENTION
from nanogpt_lib.messages import described
from nanogpt_lib.model import GPTConfig
from nanogpt_lib.presets import PRESETS
from nanogpt_lib.widgets.polynomial import Polynomial

SIZES = ("n_layer", "n_head", "n_embd", "block_size", "vocab_size", "batch_size")
SETTINGS = (*SIZES, "attention", "dropout")
LARGEST = 10**9  # of a size
DROPPED = 0.2  # what the box for dropout sets
STOPS = {
    "n_layer": [1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48],
    "n_head": [1, 2, 3, 4, 6, 8, 12, 16, 24],
    "n_embd": [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536],
    "block_size": [8, 16, 32, 64, 128, 256, 512, 1024],
    "vocab_size": [65, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 50257],
    "batch_size": [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
}
LECTURE = GPTConfig(vocab_size=65, block_size=256, n_embd=384, n_head=6, n_layer=6)
GPT2_SMALL = GPTConfig(vocab_size=50_257, block_size=1024, n_embd=768, n_head=12, n_layer=12)


def _trained(name: str) -> tuple[GPTConfig, int]:
    model, train = PRESETS[name]
    return model, train.batch_size


CHOICES = {  # what the button says: (the model, lines in a batch, what to know of it)
    "baseline": (*_trained("reference-baseline"), "The first rung of the reference's ladder."),
    "longer": (
        *_trained("reference-longer"),
        "The same model as the baseline: only its training is longer, by more steps, not by dearer ones.",
    ),
    "wider": (
        *_trained("reference-wider"),
        "No wider than the baseline, in spite of its name: longer block_size, more heads, and dropout.",
    ),
    "deep": (*_trained("reference-deep"), "The ladder's last rung: 8 blocks, and again a longer block_size."),
    "ours": (
        *_trained("shakespeare"),
        "The model that comes with the project. Part of its training was in bfloat16; here all is float32.",
    ),
    "the lecture's": (
        *(LECTURE, 64),
        "As in Karpathy's lecture (2023), which trains it with dropout: tick that box to see what changes.",
    ),
    "GPT-2 small": (
        *(GPT2_SMALL, 512),
        (
            "GPT-2 itself has 124,439,808 parameters. It uses one table at both ends (weight tying), which "
            "saves the 38,647,633 of this head, and has 27,648 biases for query, key and value that this one "
            "does without. The batch is that of Radford et al. (2019)."
        ),
    ),
}


class ArchitectureState(NamedTuple):
    """What one setting costs, part by part: whole numbers in the order in which they are shown.

    parameters: numbers learned.   flops: operations of a training step.   memory: bytes kept in it.
    in_blocks: how many of the parameters lie in the blocks.   a_character: operations for each character.
    rule: 6 for each parameter outside the two tables, the rule of thumb for `a_character`.

    Source:  Kaplan et al. (2020) for the rule.   Taught in: full_model.
    """

    parameters: dict[str, int]
    flops: dict[str, int]
    memory: dict[str, int]
    in_blocks: int
    a_character: int
    rule: int


def architecture_explorer_state(config: GPTConfig, batch_size: int) -> ArchitectureState:
    """Return what a model of these sizes costs, from costs.py.

    Args:    config: the sizes.   batch_size: lines in a batch, each block_size long.
    Raises:  ValueError: config is no GPTConfig, or batch_size no positive whole number.
    Example:
        >>> state = architecture_explorer_state(LECTURE, batch_size=64)
        >>> share(state.in_blocks, sum(state.parameters.values())), short(state.a_character, "FLOP")
        ('98.6 %', '70.9 MFLOP')
        >>> short(state.memory["attention maps"], "B")
        '604 MB'

    Taught in: full_model.
    """
    _known_config(config)
    parameters, flops = parameter_ledger(config), training_flops(config, batch_size)
    return ArchitectureState(
        parameters,
        flops,
        training_memory(config, batch_size),
        in_blocks=_in_blocks(config, parameters),
        a_character=sum(flops.values()) // (batch_size * config.block_size),
        rule=_by_rule(parameters),
    )


def _in_blocks(config: GPTConfig, parameters: dict[str, Any]) -> Any:
    last_norm = 2 * config.n_embd if config.norm == "pre" else 0
    return sum(parameters.values()) - _in_tables(parameters) - parameters["head"] - last_norm


def _by_rule(parameters: dict[str, Any]) -> Any:
    return 6 * (sum(parameters.values()) - _in_tables(parameters))


def _in_tables(parameters: dict[str, Any]) -> Any:
    return parameters["token table"] + parameters["position table"]


def cost_terms(config: GPTConfig, attention: str, dropout: float) -> dict[str, Any]:
    """Return the terms of everything that `architecture_explorer_state` counts, whatever the sizes are.

    Args:    config: what is no size and stays, such as its norm.   attention, dropout: as in GPTConfig.
    Returns: parameters, flops and memory by part, in_blocks and rule; see `Polynomial.terms`.
    Example:
        >>> cost_terms(LECTURE, "heads", 0.0)["parameters"]["token table"]
        [[1, ['n_embd', 'vocab_size']]]
    """
    *sizes, batch = SIZES
    some = asdict(config) | {"attention": attention, "dropout": dropout}
    symbols: Any = SimpleNamespace(**some | {size: Polynomial.of(size) for size in sizes})
    parameters = parameter_ledger(symbols)
    lists: dict[str, Any] = {"parameters": parameters}
    for name, count in (("flops", training_flops), ("memory", training_memory)):
        one, two = count(symbols, 1), count(symbols, 2)
        more = Polynomial.of(batch) - 1  # both grow with each line of the batch by the same
        lists[name] = {part: more * (two[part] - value) + value for part, value in one.items()}
    terms = {
        name: {part: (0 * more + value).terms() for part, value in parts.items()}
        for name, parts in lists.items()
    }
    derived = {"in_blocks": _in_blocks(symbols, parameters), "rule": _by_rule(parameters)}
    return terms | {name: value.terms() for name, value in derived.items()}


def _known_config(config: GPTConfig) -> GPTConfig:
    if not isinstance(config, GPTConfig):
        raise problem("config as a GPTConfig", repr(config), "Import it from nanogpt_lib.model.")
    return config


# --- in words; architecture_explorer.js writes the same ones --------------------------------------


def short(value: int, unit: str) -> str:
    """Return a size in three digits, with the unit in its thousands.

    Example:
        >>> short(603_979_776, "B"), short(1_999_999, "FLOP"), short(999, "B")
        ('604 MB', '2.00 MFLOP', '999 B')
    """
    if value < 1000:
        return f"{value} {unit}"
    at, shown = 0, float(value)
    while shown >= 999.5 and at < 6:
        at, shown = at + 1, shown / 1000
    return f"{number(shown, _decimals(shown))} {' kMGTPE'[at]}{unit}"


def _decimals(value: float) -> int:
    """Return how many decimals make three digits of it."""
    return 2 if value < 9.995 else 1 if value < 99.95 else 0


def share(part: int, whole: int) -> str:
    """Return a share in percent; what is more than nothing never as nothing.

    Example:
        >>> share(1, 3), share(0, 3), share(1, 5000)
        ('33.3 %', '0.0 %', '<0.1 %')
    """
    return "<0.1 %" if 0 < 100 * part / whole < 0.05 else f"{number(100 * part / whole, 1)} %"


def factor(now: int, before: int) -> str:
    """Return how many times as much, or which part of it, now is.

    Example:
        >>> factor(8, 2), factor(2, 8), factor(3, 3), factor(5, 0), factor(0, 5), factor(10**9, 3)
        ('× 4.00', '÷ 4.00', 'the same', 'new', 'gone', '× 3.3e8')
    """
    if now == before:
        return "the same"
    if not now or not before:
        return "new" if now else "gone"
    ratio = max(now, before) / min(now, before)
    text = number(ratio, _decimals(ratio))
    if ratio > 99_999:
        text = f"{1.000001 * ratio:.1e}".replace("e+0", "e").replace("e+", "e")
    elif "." not in text:
        text = f"{int(text):,}"
    return f"{'×' if now > before else '÷'} {text}"


def architecture_in_words(state: ArchitectureState) -> str:
    """Return the three totals in a sentence.

    Example:
        >>> architecture_in_words(architecture_explorer_state(LECTURE, 64))
        '10,788,929 parameters to learn; 1.16 TFLOP to compute and 2.65 GB to keep in a training step.'

    Taught in: full_model.
    """
    numbers, flops, memory = (sum(part.values()) for part in state[:3])
    return (
        f"{numbers:,} parameters to learn; "
        f"{short(flops, 'FLOP')} to compute and {short(memory, 'B')} to keep in a training step."
    )


def notes_in_words(state: ArchitectureState) -> list[str]:
    """Return what is said below each of the three lists.

    Taught in: full_model.
    """
    numbers, kept = sum(state.parameters.values()), sum(state.memory.values())
    stays = share(sum(state.memory[part] for part in ("parameters", "gradients", "AdamW's moments")), kept)
    a_character, rule = short(state.a_character, "FLOP"), short(state.rule, "FLOP")
    return [
        f"In the blocks: {share(state.in_blocks, numbers)}.",
        f"{a_character} for each character; by the rule of 6 for each parameter outside the tables, {rule}.",
        f"{stays} follows from the parameters alone; the rest grows with the batch or with block_size.",
    ]


def comparison_in_words(
    now: ArchitectureState, before: ArchitectureState, changed: dict[str, tuple[object, object]]
) -> str:
    """Tell by how much each total differs from a setting that was kept, and in what the settings differ.

    Args:    now, before: both states.   changed: setting to (before, now), those alone that differ.
    Example:
        >>> wide, narrow = (replace(LECTURE, n_embd=C) for C in (768, 384))
        >>> states = [architecture_explorer_state(config, 64) for config in (wide, narrow)]
        >>> comparison_in_words(*states, {"n_embd": (384, 768)})[:85]
        'Since the one you kept: n_embd 384 → 768. Parameters × 3.97, those in the blocks × 4.'

    Taught in: full_model.
    """
    if not changed:
        return "This is the one you kept."
    settings = ", ".join(f"{name} {old} → {new}" for name, (old, new) in changed.items())
    numbers, flops, memory = (
        factor(sum(one.values()), sum(other.values())) for one, other in zip(now[:3], before[:3], strict=True)
    )
    return (
        f"Since the one you kept: {settings}. Parameters {numbers}, those in the blocks "
        f"{factor(now.in_blocks, before.in_blocks)}; a step computes {flops}, for each character "
        f"{factor(now.a_character, before.a_character)}; memory {memory}."
    )


# --- the widget -----------------------------------------------------------------------------------


def _settings(config: GPTConfig, batch_size: int) -> dict[str, Any]:
    return {name: batch_size if name == "batch_size" else getattr(config, name) for name in SETTINGS}


class ArchitectureExplorer(Widget):
    """Sliders and presets for a GPT's sizes: parameters, operations and memory by part, and a comparison.

    Args:    config: where the sliders stand at first; None is the reference's baseline. Its norm stays.
             batch_size: lines in a batch; None is 16, as in the baseline.
    Raises:  ValueError: config is no GPTConfig, or batch_size no positive whole number.
    Example:
        >>> explorer = ArchitectureExplorer(LECTURE, batch_size=64)
        >>> explorer
        ArchitectureExplorer: n_layer 6, n_head 6, n_embd 384, block_size 256, vocab_size 65, batch_size 64,
        attention heads, dropout 0: 10,788,929 parameters to learn; 1.16 TFLOP to compute and 2.65 GB to keep
        in a training step.
        >>> explorer.keep()
        >>> explorer.n_embd = 768
        >>> factor(explorer.state().in_blocks, explorer.kept_state().in_blocks)
        '× 4.00'

    Taught in: full_model.
    """

    name: ClassVar[str] = "architecture_explorer"

    n_layer = traitlets.Int().tag(sync=True)
    n_head = traitlets.Int().tag(sync=True)
    n_embd = traitlets.Int().tag(sync=True)
    block_size = traitlets.Int().tag(sync=True)
    vocab_size = traitlets.Int().tag(sync=True)
    batch_size = traitlets.Int().tag(sync=True)
    attention = traitlets.Unicode().tag(sync=True)
    dropout = traitlets.Float().tag(sync=True)
    pinned = traitlets.Dict().tag(sync=True)  # the settings that were kept to compare; empty without
    layout_of = traitlets.Dict().tag(sync=True)  # what never changes

    def __init__(self, config: GPTConfig | None = None, batch_size: int | None = None) -> None:
        baseline, lines, _ = CHOICES["baseline"]
        self._base = baseline if config is None else _known_config(config)
        lines = lines if batch_size is None else positive_int("batch_size", batch_size)
        for name, size in _settings(self._base, lines).items():
            if isinstance(size, int) and size > LARGEST:
                raise problem(
                    f"sizes of at most {LARGEST:,}",
                    f"{name}={described(size)}",
                    "No computer has room for it.",
                )
        super().__init__(
            **_settings(self._base, lines),
            layout_of={
                "stops": STOPS,
                "attentions": list(ATTENTION),
                "costs": {
                    attention: [cost_terms(self._base, attention, dropout) for dropout in (0.0, DROPPED)]
                    for attention in ATTENTION
                },
                "dropped": DROPPED,
                "presets": [[words, _settings(*at), note] for words, (*at, note) in CHOICES.items()],
            },
        )

    def config(self) -> GPTConfig:
        """Return the sizes that are set, ready for `GPT`.

        Raises:  ValueError: n_head does not divide n_embd, as the sliders allow; it says what would.
        """
        return self._config_of(self.settings())

    def settings(self) -> dict[str, Any]:
        """Return what is set now, by name: the sizes, batch_size, attention, dropout."""
        return {name: getattr(self, name) for name in SETTINGS}

    def state(self) -> ArchitectureState:
        """Return what the widget shows now. Raises ValueError as `config` does."""
        return architecture_explorer_state(self.config(), self.batch_size)

    def keep(self) -> None:
        """Keep this setting to compare the next ones with, as the button does. Raises as `config` does."""
        self.config()
        self.pinned = self.settings()

    def kept_state(self) -> ArchitectureState | None:
        """Return what the kept setting costs; None where none is kept."""
        if not self.pinned:
            return None
        return architecture_explorer_state(self._config_of(self.pinned), self.pinned["batch_size"])

    def _config_of(self, settings: dict[str, Any]) -> GPTConfig:
        return replace(self._base, **{name: settings[name] for name in SETTINGS if name != "batch_size"})

    @traitlets.validate(*SIZES)
    def _size(self, proposal: dict) -> int:
        return positive_int(proposal["trait"].name, proposal["value"])

    @traitlets.validate("attention")
    def _attention(self, proposal: dict) -> str:
        return one_of("attention", proposal["value"], list(ATTENTION))

    @traitlets.validate("dropout")
    def _dropout(self, proposal: dict) -> float:
        return probability("dropout", proposal["value"])

    @traitlets.validate("pinned")
    def _pinned(self, proposal: dict) -> dict:
        kept = proposal["value"]
        if kept and set(kept) != set(SETTINGS):
            raise problem(f"{', '.join(SETTINGS)} to be kept, or nothing", repr(kept), "Use keep().")
        if kept:
            self._config_of(kept), positive_int("batch_size", kept["batch_size"])
        return kept

    def _said(self) -> str:
        """Return all that is shown, in sentences; where no such model can be built, why."""
        try:
            state = self.state()
        except ValueError as error:
            return str(error)
        words, kept = architecture_in_words(state), self.kept_state()
        if kept is None:
            return words
        now = self.settings()
        changed = {
            name: (self.pinned[name], now[name]) for name in SETTINGS if self.pinned[name] != now[name]
        }
        changed = {name: tuple(map(_plain, pair)) for name, pair in changed.items()}
        return f"{words} {comparison_in_words(state, kept, changed)}"

    def _chosen(self) -> str:
        return ", ".join(f"{name} {_plain(value)}" for name, value in self.settings().items())

    def __repr__(self) -> str:
        return f"ArchitectureExplorer: {self._chosen()}: {self._said()}"

    def static_html(self) -> str:
        """Return the three lists as tables; where no such model can be built, why."""
        said = f"<p><b>{html_text(self._chosen())}.</b> {html_text(self._said())}</p>"
        try:
            state = self.state()
        except ValueError:
            return said
        kept = self.kept_state()
        tables = []
        for at, (title, (write, note)) in enumerate(zip(_TITLES, _writers(state), strict=True)):
            parts = state[at]
            total = sum(parts.values())
            rows = [[write(value), share(value, total)] for value in [*parts.values(), total]]
            if kept is not None:
                before = [*kept[at].values(), sum(kept[at].values())]
                rows = [
                    [*row, factor(value, old)]
                    for row, value, old in zip(rows, [*parts.values(), total], before, strict=True)
                ]
            head = ["how many", "share", *(["against the kept one"] if kept else [])]
            tables.append(html_table(rows, head=head, side=[*parts, "all"], caption=title))
            tables.append(f"<p>{html_text(note)}</p>")
        return said + "".join(tables)


_TITLES = ("Parameters to learn", "Operations of a training step", "Memory of a training step, in float32")


def _writers(state: ArchitectureState) -> list[tuple[Any, str]]:
    """Return how each list writes its values, and the sentence below it."""
    writers = (
        lambda value: f"{value:,}",
        lambda value: short(value, "FLOP"),
        lambda value: short(value, "B"),
    )
    return list(zip(writers, notes_in_words(state), strict=True))


def _plain(value: object) -> str:
    """Return a setting as it is written: 0.2, but 0 without decimals."""
    return f"{value:g}" if isinstance(value, float) else str(value)
