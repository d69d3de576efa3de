"""The architecture explorer without a browser: the same arithmetic in both languages, and what it refuses."""

import itertools
import re
from dataclasses import replace

import pytest

from javascript import evaluate
from nanogpt_lib.costs import parameter_ledger, training_flops, training_memory
from nanogpt_lib.layers import ATTENTION, NORMS
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.presets import PRESETS
from nanogpt_lib.widgets.architecture_explorer import (
    CHOICES,
    LECTURE,
    SETTINGS,
    SIZES,
    STOPS,
    ArchitectureExplorer,
    ArchitectureState,
    architecture_explorer_state,
    architecture_in_words,
    comparison_in_words,
    factor,
    notes_in_words,
    share,
    short,
)

EXACT = 2**53  # up to here JavaScript's numbers are whole
MIXED = {  # enough of each slider to tell one from another, and its ends
    "n_layer": [1, 6, 48],
    "n_head": [1, 3, 24],
    "n_embd": [16, 384, 1536],
    "block_size": [8, 1024],
    "vocab_size": [65, 50257],
    "batch_size": [1, 512],
    "attention": list(ATTENTION),
    "dropout": [0.0, 0.2],
}


def settings_of(**values: list) -> list[dict]:
    """Every combination."""
    return [dict(zip(values, some, strict=True)) for some in itertools.product(*values.values())]


def built(setting: dict, norm: str = "pre") -> GPTConfig:
    return GPTConfig(**{name: value for name, value in setting.items() if name != "batch_size"}, norm=norm)


def state_of(setting: dict, norm: str = "pre") -> ArchitectureState:
    return architecture_explorer_state(built(setting, norm), setting["batch_size"])


def splits(setting: dict) -> bool:
    return setting["n_embd"] % setting["n_head"] == 0


def asked(expression: str, **values: object) -> object:
    """The value of an expression over the script's functions."""
    return evaluate("widgets/architecture_explorer", expression, **values)


# --- the state ------------------------------------------------------------------------------------


def test_the_state_is_what_the_library_counts() -> None:
    state = architecture_explorer_state(LECTURE, 64)
    assert state.parameters == parameter_ledger(LECTURE)
    assert state.flops == training_flops(LECTURE, 64)
    assert state.memory == training_memory(LECTURE, 64)
    assert state.a_character * 64 * 256 == sum(state.flops.values())
    assert state.rule == 6 * (10_788_929 - 65 * 384 - 256 * 384)


@pytest.mark.parametrize("norm", NORMS)
def test_what_lies_in_the_blocks_is_what_the_blocks_hold(norm: str) -> None:
    config = replace(LECTURE, n_embd=12, block_size=8, norm=norm)
    blocks = GPT(config).blocks
    found = architecture_explorer_state(config, 1).in_blocks
    assert found == sum(weights.numel() for weights in blocks.parameters())


# --- the same in JavaScript -----------------------------------------------------------------------


@pytest.mark.parametrize("norm", NORMS)
def test_javascript_counts_and_says_what_python_does(norm: str) -> None:
    """Over a grid with the ends of every slider; order of the parts, sentences and all."""
    settings = [setting for setting in settings_of(**MIXED) if splits(setting)]
    assert len(settings) > 300
    kept = settings[7]
    theirs = asked(
        "settings.map((one) => { const state = m.costsOf(one, costs); return {"
        "  ...state, lists: [state.parameters, state.flops, state.memory].map(Object.entries),"
        "  said: [m.words(state), ...m.notes(state), m.compared(state, m.costsOf(kept, costs), one, kept)]"
        "}})",
        settings=settings,
        kept=kept,
        costs=ArchitectureExplorer(replace(LECTURE, norm=norm)).layout_of["costs"],
    )
    before = state_of(kept, norm)
    for setting, their in zip(settings, theirs, strict=True):
        state = state_of(setting, norm)
        assert their["lists"] == [[list(entry) for entry in parts.items()] for parts in state[:3]], setting
        assert {name: their[name] for name in state._fields} == {
            name: getattr(state, name) for name in state._fields
        }
        changed = {
            name: tuple("0" if one == 0 else str(one) for one in (kept[name], setting[name]))
            for name in SETTINGS
            if kept[name] != setting[name]
        }
        ours = [
            architecture_in_words(state),
            *notes_in_words(state),
            comparison_in_words(state, before, changed),
        ]
        assert their["said"] == ours, setting


def test_the_largest_model_of_the_sliders_is_counted_exactly() -> None:
    largest = {name: max(stops) for name, stops in STOPS.items()}
    state = state_of(largest | {"attention": "heads", "dropout": 0.2})
    assert max(sum(part.values()) for part in state[:3]) < EXACT


def test_javascript_refuses_what_the_library_refuses_in_its_words() -> None:
    pairs = [[C, n_head] for C in [*STOPS["n_embd"], 2, 65] for n_head in [*STOPS["n_head"], 5, 7]]
    theirs = asked("pairs.map(([n_embd, n_head]) => m.refusal({n_embd, n_head}))", pairs=pairs)
    refused = 0
    for (C, n_head), their in zip(pairs, theirs, strict=True):
        try:
            GPTConfig(vocab_size=65, block_size=8, n_embd=C, n_head=n_head, n_layer=1)
            said = ""
        except ValueError as error:
            said = str(error)
            refused += 1
        assert their == said
    assert refused > 50


def test_sizes_shares_and_factors_are_written_alike() -> None:
    values = [0, 1, 5, 999, 1000, 9_994, 9_995, 9_996, 99_949, 99_950, 999_499, 999_500, 1_005_000, 2_675_000]
    values += [603_979_776, 10**12 - 1, 3 * 10**15, 7 * 10**18]
    assert asked("values.map((value) => m.short(value, 'B'))", values=values) == [
        short(value, "B") for value in values
    ]
    pairs = [[a, b] for a in values[:14] for b in values[:14]]
    assert asked("pairs.map(([a, b]) => m.factor(a, b))", pairs=pairs) == [factor(*pair) for pair in pairs]
    parts = [[a, b] for a, b in pairs if a <= b and b]
    assert asked("parts.map(([a, b]) => m.share(a, b))", parts=parts) == [share(*pair) for pair in parts]


# --- stops and presets ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", SIZES)
def test_stops_rise_and_hold_what_the_presets_need(name: str) -> None:
    """A preset between two stops would add one, and the slider would have other stops from then on."""
    assert sorted(set(STOPS[name])) == STOPS[name]
    needed = {words: config for words, (config, _, _) in CHOICES.items() if name != "batch_size"}
    for words, config in needed.items():
        assert getattr(config, name) in STOPS[name], words
    if name == "batch_size":
        assert {many for _, many, _ in CHOICES.values()} <= set(STOPS[name])


def test_the_ladder_and_the_shipped_model_are_those_of_the_presets() -> None:
    named = {"ours": "shakespeare"} | {
        rung: f"reference-{rung}" for rung in ("baseline", "longer", "wider", "deep")
    }
    for words, name in named.items():
        assert CHOICES[words][:2] == (PRESETS[name].model, PRESETS[name].train.batch_size)
    assert CHOICES["baseline"][:2] == CHOICES["longer"][:2]
    assert CHOICES["wider"][0].n_embd == CHOICES["baseline"][0].n_embd


def test_what_is_said_of_gpt2_small_adds_up() -> None:
    config, batch_size, note = CHOICES["GPT-2 small"]
    published, head, biases = (int(text.replace(",", "")) for text in re.findall(r"\d[\d,]{4,}\d", note))
    ledger = parameter_ledger(config)
    assert ledger["head"] == head
    assert 3 * config.n_embd * config.n_layer == biases
    assert sum(ledger.values()) - head + biases == published
    assert batch_size == 512


def test_what_notebook_10_says_of_doubling_and_of_1_gb_holds() -> None:
    """The folded answers beside the widget."""

    def changed(batch_size: int = 64, **sizes: object) -> ArchitectureState:
        return architecture_explorer_state(replace(LECTURE, **sizes), batch_size)

    start = changed()
    doubled = {
        "n_embd": changed(n_embd=768),
        "n_layer": changed(n_layer=12),
        "block_size": changed(block_size=512),
        "n_head": changed(n_head=12),
        "batch_size": changed(batch_size=128),
    }

    def at_least(times: float, of: str) -> list[str]:
        def value(state: ArchitectureState) -> int:
            return state.in_blocks if of == "in_blocks" else state.memory[of]

        return [name for name, state in doubled.items() if value(state) >= times * value(start)]

    assert at_least(3.9, "in_blocks") == ["n_embd"]
    assert at_least(4, "attention maps") == ["block_size"]
    same = [
        name for name, state in doubled.items() if state[:2] == start[:2] and state.memory != start.memory
    ]
    assert same == ["n_head"]
    sizes = {
        name: short(sum(state.memory.values()), "B")
        for name, state in {
            "batch_size 16": changed(batch_size=16),
            "block_size 64": changed(block_size=64),
            "fused": changed(attention="fused"),
        }.items()
    }
    assert sizes == {"batch_size 16": "795 MB", "block_size 64": "677 MB", "fused": "2.04 GB"}
    for larger in (changed(batch_size=32), changed(block_size=128), changed(n_head=1)):
        assert sum(larger.memory.values()) > 10**9


# --- the widget -----------------------------------------------------------------------------------


def test_it_starts_with_the_baseline_or_with_what_it_is_given() -> None:
    assert ArchitectureExplorer().settings() == {
        "n_layer": 4,
        "n_head": 4,
        "n_embd": 64,
        "block_size": 32,
        "vocab_size": 65,
        "batch_size": 16,
        "attention": "heads",
        "dropout": 0.0,
    }
    config = GPTConfig(
        vocab_size=70, block_size=20, n_embd=30, n_head=5, n_layer=7, norm="none", init="gpt2", dropout=0.1
    )
    explorer = ArchitectureExplorer(config, 3)
    assert explorer.config() == config
    assert explorer.state() == architecture_explorer_state(config, 3)
    assert explorer.layout_of["costs"]["heads"][0]["parameters"]["norms"] == []
    explorer.n_layer = 2
    assert explorer.config() == replace(config, n_layer=2)


def test_a_width_that_cannot_be_split_may_be_set_and_is_told_as_the_library_tells_it() -> None:
    explorer = ArchitectureExplorer()
    explorer.n_head = 3
    says = "Expected n_embd to split into n_head equal heads, got n_embd=64, n_head=3 (64 % 3 = 1)."
    for ask in (explorer.config, explorer.state, explorer.keep):
        with pytest.raises(ValueError, match=f"^{re.escape(says)} Choose n_embd=63 or 66.$"):
            ask()
    assert says in repr(explorer)
    assert says in explorer.static_html()
    assert "<table>" not in explorer.static_html()
    explorer.n_embd = 66
    assert explorer.config().head_size == 22


def test_what_was_kept_is_compared_with_what_is_shown() -> None:
    explorer = ArchitectureExplorer(LECTURE, 64)
    assert explorer.kept_state() is None
    assert "against" not in explorer.static_html()
    explorer.keep()
    assert repr(explorer).endswith(" This is the one you kept.")
    explorer.n_embd, explorer.dropout = 768, 0.2
    assert explorer.kept_state() == architecture_explorer_state(LECTURE, 64)
    now, before = explorer.state(), explorer.kept_state()
    assert now.in_blocks / before.in_blocks == pytest.approx(4, abs=0.01)
    assert "Since the one you kept: n_embd 384 → 768, dropout 0 → 0.2. Parameters × 3.97," in repr(explorer)
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', explorer.static_html())
    cells = {name: re.findall("<td>(.*?)</td>", row) for name, row in rows}
    assert cells["attention maps"][2] == "× 3.00"
    assert cells["feed-forward"][2] == "× 4.00"
    assert cells["token table"] == ["49,920", share(49_920, sum(now.parameters.values())), "× 2.00"]
    explorer.pinned = {}
    assert explorer.kept_state() is None


def test_the_still_picture_shows_every_part() -> None:
    html, state = (
        ArchitectureExplorer(LECTURE, 64).static_html(),
        architecture_explorer_state(LECTURE, 64),
    )
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', html)
    parts = [*state.parameters, "all", *state.flops, "all", *state.memory, "all"]
    assert [name.replace("&#x27;", "'") for name, _ in rows] == parts
    assert "10,788,929" in html
    assert "604 MB" in html
    for note in notes_in_words(state):
        assert note in html


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ({"config": {"n_embd": 64}}, "Expected config as a GPTConfig, got {'n_embd': 64}."),
        ({"batch_size": 0}, "Expected a whole number batch_size >= 1, got batch_size=0."),
        ({"batch_size": 2.0}, "Expected a whole number batch_size >= 1, got batch_size=2.0."),
    ],
)
def test_bad_input_is_told_with_its_remedy(choice: dict, says: str) -> None:
    for make in (architecture_explorer_state, ArchitectureExplorer):
        with pytest.raises(ValueError, match=f"^{re.escape(says)} [A-Z]"):
            make(**{"config": LECTURE, "batch_size": 4} | choice)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in SIZES for value in (0, -1, True)),
        ("attention", "flash"),
        ("dropout", 1.5),
        ("pinned", {"n_layer": 3}),
    ],
)
def test_traits_refuse_what_no_model_has_and_keep_what_was(name: str, value: object) -> None:
    explorer = ArchitectureExplorer()
    before = explorer.settings()
    with pytest.raises(ValueError, match="^Expected "):
        setattr(explorer, name, value)
    assert explorer.settings() == before
    assert explorer.pinned == {}


def test_what_cannot_be_built_cannot_be_kept_either() -> None:
    explorer = ArchitectureExplorer()
    with pytest.raises(ValueError, match="^Expected n_embd to split"):
        explorer.pinned = explorer.settings() | {"n_head": 3}
    with pytest.raises(ValueError, match="^Expected a whole number batch_size"):
        explorer.pinned = explorer.settings() | {"batch_size": 0}
    assert explorer.pinned == {}
