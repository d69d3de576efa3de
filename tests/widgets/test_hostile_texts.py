"""Whatever a text holds, a widget shows it as text: nothing runs, turns the words around it, or swells."""

import json
import sys
import unicodedata

import pytest
import torch

from javascript import evaluate
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.kit.widget import Widget
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.ngrams import bigram_counts
from nanogpt_lib.style import isolated, quoted, readable, visible
from nanogpt_lib.trace import trace
from nanogpt_lib.training_run import TrainConfig, TrainingRun, train
from nanogpt_lib.widgets.attention_view import AttentionView
from nanogpt_lib.widgets.batch_explorer import BatchExplorer
from nanogpt_lib.widgets.bigram_map import BigramMap
from nanogpt_lib.widgets.head_grid import HeadGrid
from nanogpt_lib.widgets.ngram_explorer import NGramExplorer
from nanogpt_lib.widgets.sampling_studio import LONGEST_PROMPT, SamplingStudio
from nanogpt_lib.widgets.training_dashboard import Sample, TrainingDashboard

TEXTS = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;</pre>" * 3,
    "formulas": "$x^2$ \\(y\\) `ls` [a](javascript:b) **c**" * 4,
    "controls": "a\x00b\x07c\x1b[31md\x7fe\x85f\x9cg\r\nh\ti\u2028j" * 6,
    "right to left": "שלום عرب ١٢ abc\u202edef\u202c\u2067ghi\u2069 " * 5,
    "marks": "e\u0301a\u0323\u0301 \u0915\u094d\u0937 o\u20dd" * 12,
    "blank": "a\u200db\u200bc\ufeffd\u3164e\u2800f\u115fg\u00adh\u034fi\U000e0041" * 9,
    "one symbol": "a" * 150,
    "one blank symbol": "\u3164" * 150,
    "beyond 16 bits": "😀🏳️‍🌈𝒳𐎀" * 20,
}
RAISES_ITS_HEAD = ("<script", "<img src=x", "</pre>" + "<script")
TURNS = {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI"}


def a_model(V: int) -> GPT:
    return GPT(GPTConfig(vocab_size=V, block_size=8, n_embd=8, n_head=2, n_layer=1)).eval()


def widgets(text: str) -> dict[str, Widget]:
    """Every widget that shows a text of the learner's."""
    tokenizer = CharTokenizer.from_text(text)
    V, model = tokenizer.vocab_size, a_model(tokenizer.vocab_size)
    ids = torch.tensor(tokenizer.encode(text))

    def look(shown: str) -> list:
        return trace(model, torch.tensor([tokenizer.encode(shown)])).stages

    run = TrainingRun(model, TrainConfig(batch_size=2, max_iters=2, learning_rate=0.1))
    for _ in train(run, ids, ids):
        pass
    return {
        "batch": BatchExplorer(text, tokenizer),
        "studio": SamplingStudio(model, tokenizer, text[:20], length=30),
        "attention": AttentionView(text[:8], compute=look),
        "heads": HeadGrid(model, tokenizer, text[:8], ids[None, :8], ids[None, 1:9]),
        "n-grams": NGramExplorer(ids[:100], ids[100:], tokenizer, max_order=2),
        "pairs": BigramMap(bigram_counts(ids, V), tokenizer.vocabulary),
        "dashboard": TrainingDashboard(run, ids, ids, tokenizer, sample=Sample(prompt=text[:9], length=9)),
    }


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_is_shown_as_text_in_every_widget(text: str) -> None:
    for name, widget in widgets(text).items():
        still = widget.static_html()
        assert not [tag for tag in RAISES_ITS_HEAD if tag in still.lower()], name
        strange = {char for char in still if not (char.isprintable() or char in "\n\u2068\u2069")}
        assert not strange, f"{name} shows {strange!r} as it is"
        assert not [char for char in still if unicodedata.bidirectional(char) in TURNS], name
        assert still.count("\u2068") == still.count("\u2069"), name
        assert repr(widget).isprintable() or "\n" in repr(widget), name
        json.dumps(widget.get_state(), default=str).encode("utf-8")


def test_fifty_megabytes_on_one_line_stay_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """The prompt travelled whole, and once more with every key that was pressed in it."""
    line = "to be or not to be " * (50 * 2**20 // 19)
    tokenizer = CharTokenizer(" benort")
    model = a_model(7)
    ids = torch.tensor(tokenizer.encode(line[:200]))
    shown = {
        "batch": BatchExplorer(line, tokenizer),
        "studio": SamplingStudio(model, tokenizer, line, length=9),
        "dashboard": TrainingDashboard(
            TrainingRun(model, TrainConfig(batch_size=2, max_iters=2, learning_rate=0.1)),
            ids,
            ids,
            tokenizer,
            sample=Sample(prompt=line, length=9),
        ),
    }
    for name, widget in shown.items():
        assert len(json.dumps(widget.get_state(), default=str)) < 200_000, name
        assert len(widget.static_html()) < 10_000, name
        assert len(repr(widget)) < 1_000, name
    notes = shown["studio"].static_html()
    assert f"Of the {len(line):,} characters of the prompt, the last {LONGEST_PROMPT:,} are kept." in notes


def test_characters_look_the_same_from_python_and_from_the_browser() -> None:
    """Each has its own tables of Unicode; what Python's older one does not know yet is left out."""
    known = [
        code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cs")
    ]
    both = evaluate(
        "kit/browser/words",
        "known.map((code) => m.visible(String.fromCodePoint(code))).map((one) => [one, m.isolated(one)])",
        known=known,
    )
    for code, there in zip(known, both, strict=True):
        shown = visible(chr(code))
        assert [shown, isolated(shown)] == there, f"U+{code:04X}"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_both_write_the_same_words(text: str) -> None:
    there = evaluate(
        "kit/browser/words",
        "[m.readable(text), Array.from(text, (c) => m.isolated(m.visible(c)))]",
        text=text,
    )
    assert there == [readable(text), [quoted(char)[1:-1] for char in text]]


def test_letters_from_right_to_left_stay_within_their_quotation_marks() -> None:
    choice = {"id": 0, "char": "ש", "by": "draw", "rank": 1, "rows": [[0, "ש", 1, 1, 1, 1]]}
    said = evaluate("widgets/sampling_studio", "m.choiceInWords(choice, 4)", choice=choice)
    assert said.startswith('Character 5: "\u2068ש\u2069" was drawn')
