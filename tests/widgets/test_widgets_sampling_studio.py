"""The sampling studio without a browser: filters, an answer for any prompt, one text per seed."""

import asyncio
import json
import re

import pytest
import torch

from helpers import in_a_kernel, until
from javascript import evaluate
from nanogpt_lib.bigram import BigramLM
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.kit import turns as turns_module
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.prompt import read_prompt
from nanogpt_lib.sampling import generate, next_token_probs
from nanogpt_lib.widgets.sampling_studio import (
    FIRST,
    SHOWN,
    Page,
    SamplingStudio,
    Settings,
    cell_text,
    choice_of,
    filter_stages,
)

VOCABULARY = "\n !,.:abcdefghijklmnopqrstuvwxyzEMOR"
TOKENIZER = CharTokenizer(VOCABULARY)
V = len(VOCABULARY)
BLOCK = 16
SETTINGS = [
    Settings(),
    Settings(0.0),
    Settings(0.5, 5),
    Settings(1.7, None, 0.8),
    Settings(0.8, 10, 0.6),
    Settings(1.0, 200, 1.0),
]


@pytest.fixture(scope="module")
def gpt() -> GPT:
    config = GPTConfig(vocab_size=V, block_size=BLOCK, n_embd=16, n_head=2, n_layer=1, dropout=0.3)
    model = GPT(config, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)  # so that its choices are no longer nearly even
    return model


@pytest.fixture
def studio(gpt: GPT) -> SamplingStudio:
    return SamplingStudio(gpt, TOKENIZER, length=30)


@pytest.fixture(autouse=True)
def _one_character_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "TURN_SECONDS", 0)
    monkeypatch.setattr(turns_module, "REST_SECONDS", 0)


class Ear:
    """Stands in for the browser: asks the studio and keeps what it hears, as the wire would carry it."""

    def __init__(self, studio: SamplingStudio) -> None:
        self.studio, self.heard = studio, []
        studio.send = lambda told: self.heard.append(json.loads(json.dumps(told)))

    def ask(self, do: str, column: int = 0, settings: Settings = SETTINGS[0], **asked: object) -> dict:
        """Ask, and return what was heard last: outside a kernel every answer comes at once."""
        asked = {"length": 30, "run": "r1", **asked}
        self.studio._hear(None, {"do": do, "column": column, "settings": list(settings), **asked}, [])
        return self.heard[-1] if self.heard else {}

    async def rest(self) -> list[dict]:
        """Watch until nothing is written any more, and return all that was heard since the last time."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        while any(turns.is_running for turns in self.studio._turns):
            self.ask("seen")
            await asyncio.sleep(0)
        heard, self.heard = self.heard, []
        return heard


def written(gpt: GPT, *asked: dict, length: int = 30) -> tuple[SamplingStudio, list[dict]]:
    """A studio in a kernel that was asked these things, one after another, and all that it said."""

    async def cell() -> tuple[SamplingStudio, list[dict]]:
        studio = SamplingStudio(gpt, TOKENIZER, length=length)
        ear, heard = Ear(studio), []
        for one in asked:
            ear.ask(**one)
            heard += await ear.rest()
        return studio, heard

    return in_a_kernel(cell)


# --- the filters


@pytest.mark.parametrize("settings", SETTINGS, ids=Settings.words)
def test_the_last_stage_is_what_the_library_draws_from(settings: Settings) -> None:
    logits = torch.randn(V, generator=torch.Generator().manual_seed(5)) * 3
    stages = filter_stages(logits, *settings)
    torch.testing.assert_close(stages.top_p, next_token_probs(logits, *settings), atol=1e-6, rtol=0)
    for stage in stages:
        assert stage.sum().item() == pytest.approx(1.0, abs=1e-5)


def test_each_stage_does_one_thing_by_numbers_that_can_be_checked_by_hand() -> None:
    stages = filter_stages(torch.tensor([0.4, 0.3, 0.2, 0.1]).log(), temperature=0.5, top_k=3, top_p=0.6)
    close = {"atol": 1e-6, "rtol": 0}
    torch.testing.assert_close(stages.model, torch.tensor([0.4, 0.3, 0.2, 0.1]), **close)
    torch.testing.assert_close(stages.temperature, torch.tensor([16.0, 9, 4, 1]) / 30, **close)
    torch.testing.assert_close(stages.top_k, torch.tensor([16.0, 9, 4, 0]) / 29, **close)
    torch.testing.assert_close(stages.top_p, torch.tensor([16.0, 9, 0, 0]) / 25, **close)


def test_a_choice_shows_the_likeliest_and_always_what_was_taken() -> None:
    logits = torch.arange(V).float() / 4
    choice = choice_of(logits, 0, Settings(2.0, 20, 0.9), TOKENIZER)
    assert [row[0] for row in choice["rows"]] == [*range(V - 1, V - SHOWN, -1), 0]
    assert (choice["rank"], choice["rows"][-1][1]) == (V, "\n")
    stages = filter_stages(logits, 2.0, 20, 0.9)
    assert choice["left"] == [V, V, 20, int((stages.top_p > 0).sum())]
    for place, stage in enumerate(stages):
        assert choice["rest"][place] + sum(row[2 + place] for row in choice["rows"]) == pytest.approx(
            1, abs=1e-4
        )
        assert choice["rows"][0][2 + place] == pytest.approx(stage[V - 1].item(), abs=1e-6)


# --- any prompt at all


@pytest.mark.parametrize(
    ("prompt", "ids", "notes"),
    [
        ("ab", [6, 7], []),
        ("", [0], ["The prompt is empty: the text begins from a newline."]),
        ("aéb", [6, 7], ['Left out, because this model has no such character: "é".']),
        (
            "é\té",
            [0],
            [
                'Left out, because this model has no such characters: "é" (2 times), "⇥".',
                "Nothing is left of the prompt: the text begins from a newline.",
            ],
        ),
        (
            "👍🏽❤️",
            [0],
            [
                'Left out, because this model has no such characters: "👍", "🏽", "❤", "U+FE0F".',
                "Nothing is left of the prompt: the text begins from a newline.",
            ],
        ),
        (
            "z" * 99_990 + "ba" * 5,
            [31] * (BLOCK - 10) + [7, 6] * 5,
            [f"The model sees only the last {BLOCK} characters of the 100,000 in the prompt."],
        ),
    ],
    ids=["plain", "empty", "unknown", "nothing left", "emoji", "100,000"],
)
def test_any_prompt_gets_an_answer_that_says_what_the_model_sees(
    gpt: GPT, prompt: str, ids: list, notes: list
) -> None:
    reading = read_prompt(prompt, TOKENIZER, BLOCK)
    assert (reading.ids, reading.notes) == (ids, notes)
    studio = SamplingStudio(gpt, TOKENIZER, prompt=prompt, length=3)
    assert len(studio.text) == 3
    assert len(json.dumps(studio.pages)) < 10_000, "a long prompt must not travel with every page"
    assert all(note.replace('"', "&quot;") in studio.static_html() for note in notes)


def test_many_unknown_characters_are_counted_and_not_all_named() -> None:
    (note,) = read_prompt("a" + "".join(map(chr, range(0x4E00, 0x4E14))), TOKENIZER, BLOCK).notes
    assert note.endswith("and 12 others.")
    assert note.count('"') == 2 * 8


def test_a_vocabulary_without_newline_begins_from_its_first_character() -> None:
    assert read_prompt("", CharTokenizer("xy"), 4) == (
        "",
        [0],
        ['The prompt is empty: the text begins from "x".'],
    )


def test_half_a_character_from_a_broken_paste_can_still_be_stored_and_sent(gpt: GPT) -> None:
    studio = SamplingStudio(gpt, TOKENIZER, prompt="a\ud83d", length=2)
    assert studio.prompt.encode("utf-8").decode() == "a\ufffd"
    _, heard = written(gpt, {"do": "start", "prompt": "\ud83d", "seed": 1})
    assert "\ufffd" in heard[0]["notes"][0]


# --- one seed, one text


@pytest.mark.parametrize("settings", SETTINGS, ids=Settings.words)
def test_the_text_is_that_of_the_librarys_generate(gpt: GPT, settings: Settings) -> None:
    """Longer than a block, so that cropping counts too; with dropout in the model, which must be off."""
    page = Page(gpt, TOKENIZER, "ROME", seed=11)
    for _ in range(6):
        page.write(5, settings)
    start = torch.tensor([TOKENIZER.encode("ROME")])
    names = dict(zip(Settings._fields, settings, strict=True))
    wanted = generate(gpt, start, 30, generator=torch.Generator().manual_seed(11), **names)
    assert page.text == TOKENIZER.decode(wanted[0, 4:].tolist())


def test_a_seed_gives_the_same_text_again_and_another_seed_another(gpt: GPT) -> None:
    def text(seed: int) -> str:
        return SamplingStudio(gpt, TOKENIZER, seed=seed, length=40).text

    assert text(1) == text(1) != text(2)


def test_the_global_stream_the_threads_and_the_model_stay_as_they_were(gpt: GPT) -> None:
    gpt.train()
    threads, stream = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(2)
    try:
        first = SamplingStudio(gpt, TOKENIZER, length=10).text
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(stream, torch.get_rng_state())
    assert all(module.training for module in gpt.modules())
    torch.rand(7)
    assert SamplingStudio(gpt, TOKENIZER, length=10).text == first


def test_another_character_is_put_in_and_the_luck_of_what_follows_is_the_old_one(gpt: GPT) -> None:
    page = Page(gpt, TOKENIZER, "RO", seed=4)
    page.write(20, Settings())
    before, other = page.text, TOKENIZER.id_of["z"]
    same = page.choices[9]["id"]
    page.put(9, other)
    assert (page.text, page.choices[9]["by"]) == (before[:9] + "z", "you")
    page.write(10, Settings())
    assert page.text[:10] == before[:9] + "z"
    page.put(9, same)
    page.write(10, Settings())
    assert page.text == before


def test_a_bigrams_text_after_another_choice_goes_on_from_that_choice() -> None:
    """A table in which each letter has one follower: whatever is put in, the alphabet goes on from it."""
    model = BigramLM(3)
    with torch.no_grad():
        model.token_embedding_table.weight.copy_(torch.eye(3).roll(1, dims=1) * 50)
    page = Page(model, CharTokenizer("abc"), "a", seed=1)
    page.write(6, Settings())
    assert page.text == "bcabca"
    page.put(1, 0)
    page.write(3, Settings())
    assert page.text == "babca"


# --- what the browser asks


def test_a_text_comes_bit_by_bit_between_the_cells_and_the_last_bit_says_so(gpt: GPT) -> None:
    async def cell() -> tuple[SamplingStudio, list[dict], list[int]]:
        studio = SamplingStudio(gpt, TOKENIZER, length=30)
        ear, lengths = Ear(studio), []
        ear.ask("start", prompt="RO", seed=9)
        assert ear.heard == [], "nothing is written while a cell runs"
        while not ear.heard or not ear.heard[-1]["done"]:
            await asyncio.sleep(0)
            lengths.append(len(studio.text))
        return studio, ear.heard, lengths

    studio, heard, lengths = in_a_kernel(cell)
    assert set(range(1, 31)) <= set(lengths), "a cell could run after each character"
    assert [told["done"] for told in heard] == [False] * (len(heard) - 1) + [True]
    assert [told["from"] for told in heard] == list(range(31))
    assert (heard[0]["start"], heard[0]["seed"], heard[0]["wanted"]) == ("RO", 9, 30)
    text = "".join(choice["char"] for told in heard for choice in told["choices"])
    whole = Page(studio._model, TOKENIZER, "RO", seed=9)
    whole.write(30, Settings())
    assert text == whole.text == studio.text
    assert [choice["char"] for choice in studio.pages[0]["choices"]] == list(text)


def test_stopping_keeps_what_the_browser_shows_and_going_on_continues_the_same_text(gpt: GPT) -> None:
    async def cell() -> None:
        studio = SamplingStudio(gpt, TOKENIZER, length=30)
        ear, whole = Ear(studio), studio.text
        assert len(whole) == 30
        ear.ask("stop", at=5)  # as where Python was ahead, and had ended
        await ear.rest()
        assert studio.text == whole[:5]
        assert "5 of 30 characters" in repr(studio)
        ear.ask("more", at=5)
        await until(lambda: len(studio.text) == 9)
        ear.ask("stop", at=8)
        heard = await ear.rest()
        assert studio.text == whole[:8]
        assert (heard[-1]["from"], heard[-1]["choices"], heard[-1]["done"]) == (8, [], True)
        ear.ask("more", at=8)
        await ear.rest()
        assert studio.text == whole

    in_a_kernel(cell)


def test_the_kernels_interrupt_and_a_browser_that_is_gone_end_it_and_what_was_written_stays(
    gpt: GPT, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cell() -> None:
        studio = SamplingStudio(gpt, TOKENIZER, length=30)
        ear, whole = Ear(studio), studio.text
        for column in (0, 1):
            ear.ask("start", column, prompt="ROMEO:\n", seed=1337)
        await until(lambda: studio._pages[1] is not None and len(studio._pages[1].text) == 4)
        turns_module._interrupt()
        heard = await ear.rest()
        assert not any(told["choices"] for told in heard[-2:])
        assert {told["error"] for told in heard[-2:]} == {"Stopped by the kernel's interrupt: press Go on."}
        assert [page["choices"][3]["char"] for page in studio.pages] == [whole[3]] * 2
        monkeypatch.setattr(turns_module, "UNSEEN", 3)
        have = len(studio.text)
        ear.ask("more", at=have)
        await until(lambda: ear.heard and ear.heard[-1]["done"])
        assert ear.heard[-1]["error"] == "Stopped, since no browser was watching: press Go on."
        assert studio.text == whole[: have + 4]

    in_a_kernel(cell)


def test_write_pressed_again_begins_anew_and_ends_the_writing_before(gpt: GPT) -> None:
    async def cell() -> None:
        studio = SamplingStudio(gpt, TOKENIZER, length=30)
        ear = Ear(studio)
        ear.ask("start", prompt="RO", seed=9, run="old")
        await until(lambda: len(ear.heard) == 3)
        ear.ask("start", prompt="ME", seed=9, run="new")
        heard = await ear.rest()
        ends = [told["run"] for told in heard if told["done"]]
        assert ends == ["old", "new"]
        whole = Page(gpt, TOKENIZER, "ME", seed=9)
        whole.write(30, Settings())
        assert studio.text == whole.text

    in_a_kernel(cell)


def test_a_view_that_was_opened_late_can_ask_for_all_that_was_written(gpt: GPT) -> None:
    async def cell() -> None:
        studio = SamplingStudio(gpt, TOKENIZER, length=30)
        ear = Ear(studio)
        ear.ask("start", prompt="RO", seed=9)
        await until(lambda: len(ear.heard) == 7)
        assert len(studio.pages[0]["choices"]) == 30, "the page before it"
        ear.ask("pages")
        await asyncio.sleep(0)
        assert 7 <= len(studio.pages[0]["choices"]) < 30
        await ear.rest()

    in_a_kernel(cell)


def test_another_character_is_put_in_and_the_text_goes_on_from_it(gpt: GPT) -> None:
    other = TOKENIZER.id_of["z"]
    studio, heard = written(gpt, {"do": "instead", "at": 29, "id": other})
    assert [told["from"] for told in heard] == [29]
    assert "start" not in heard[0]
    assert studio.text.endswith("z")
    before = studio.text
    studio, heard = written(gpt, {"do": "instead", "at": 9, "id": other})
    assert [told["from"] for told in heard] == [9, *range(11, 31)]
    assert studio.text[:10] == before[:9] + "z"
    assert len(studio.text) == 30


def test_two_pages_have_their_own_settings_and_the_same_luck(gpt: GPT) -> None:
    page = {"do": "start", "prompt": "RO", "seed": 9}
    half = [{**page, "column": column, "settings": Settings(0.5)} for column in (0, 1)]
    studio, _ = written(gpt, *half)
    left, right = studio._pages
    assert left.text == right.text
    assert left.choices[0]["settings"] == [0.5, None, None]
    studio, _ = written(gpt, *half, {**page, "column": 1, "settings": Settings(0.0)})
    left, right = studio._pages
    assert {choice["rank"] for choice in right.choices} == {1}
    assert left.choices[0]["settings"] == [0.5, None, None]


def test_looking_at_a_choice_under_other_settings_changes_no_text(studio: SamplingStudio) -> None:
    before = studio.text
    answer = Ear(studio).ask("look", at=4, settings=Settings(0.3, 2))
    assert answer["choice"]["left"][2:] == [2, 2]
    assert answer["choice"]["char"] == before[4]
    assert studio.text == before


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"do": "instead", "at": 99, "id": 1}, "Expected a place below 30, got 99."),
        ({"do": "start", "prompt": "a", "seed": 1, "settings": Settings(-1.0)}, "a finite temperature >= 0"),
    ],
)
def test_what_cannot_be_done_is_told_to_the_browser(gpt: GPT, asked: dict, says: str) -> None:
    _, heard = written(gpt, asked)
    assert says in heard[-1]["error"]


def test_outside_a_notebook_write_says_that_it_needs_one(studio: SamplingStudio) -> None:
    said = Ear(studio).ask("start", prompt="a", seed=1)["error"]
    assert said == "Expected a notebook's kernel, got plain Python. Run this cell in a notebook."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"temperature": -1.0}, "a finite temperature >= 0"),
        ({"top_k": 0}, "top_k a whole number >= 1"),
        ({"top_p": 1.5}, "0 < top_p <= 1"),
        ({"seed": -1}, "a seed from 0 to 2,147,483,647"),
        ({"length": 0}, "a whole number length >= 1"),
        ({"length": 1001}, "a length of 1 to 1,000"),
        ({"tokenizer": CharTokenizer("abc\n")}, f"a tokenizer of {V} characters"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_setting_out_of_range_is_refused_in_words(gpt: GPT, arguments: dict, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        SamplingStudio(**{"model": gpt, "tokenizer": TOKENIZER, **arguments})


def test_a_setting_out_of_range_is_refused_later_too_and_the_old_one_stays(studio: SamplingStudio) -> None:
    before = studio.settings
    with pytest.raises(ValueError, match="0 < top_p <= 1"):
        studio.settings = [[1.0, None, 2.0], before[1]]
    assert studio.settings == before


# --- without a browser


def test_the_still_picture_holds_the_text_the_settings_and_the_choice_behind_one_character(gpt: GPT) -> None:
    studio = SamplingStudio(gpt, TOKENIZER, temperature=0.8, top_k=5, length=200)
    studio.chosen = 3
    html = studio.static_html()
    assert len(studio.text) == FIRST
    assert f"<pre><b>ROMEO:\n</b>{studio.text}</pre>" in html
    assert "temperature 0.80, top-k 5, top-p off, seed 1337" in html
    assert "Character 4 of the text" in html
    choice = studio.pages[0]["choices"][3]
    top = choice["rows"][0]
    assert "".join(f"<td>{value:.3f}</td>" for value in top[2:]) in html
    assert "<td>out</td>" in html
    other = SamplingStudio(gpt, TOKENIZER, temperature=0.8, top_k=5, length=200)
    other.chosen = 3
    assert other._repr_mimebundle_()[0]["text/html"] == studio._repr_mimebundle_()[0]["text/html"]
    assert repr(studio) == (
        "SamplingStudio: 60 of 200 characters after 'ROMEO:\\n' (temperature 0.80, top-k 5, top-p off, "
        f"seed 1337): {studio.text!r}"
    )


def test_a_tag_in_a_prompt_or_text_is_shown_and_not_obeyed() -> None:
    tokenizer = CharTokenizer("<b>\n")
    model = BigramLM(4)
    with torch.no_grad():  # "<", "b" and ">" follow one another
        model.token_embedding_table.weight.copy_(torch.eye(4).roll(1, dims=1) * 50)
    studio = SamplingStudio(model, tokenizer, prompt="<b><img>", length=40)
    html = studio.static_html()
    assert "<b>" in studio.text
    assert "&gt;\n&lt;b" in html
    assert studio.text not in html
    assert "&lt;b&gt;&lt;" in html
    assert "<img" not in html


# --- the browser's own half


def test_the_browser_replaces_a_text_from_where_the_answer_begins() -> None:
    page = {"start": "RO", "hidden": 0, "notes": [], "seed": 1, "choices": ["a", "b", "c"]}
    more = evaluate("widgets/sampling_studio", "m.applied(page, {from: 1, choices: ['x']})", page=page)
    assert more == {**page, "choices": ["a", "x"]}
    fresh = {**page, "start": "", "notes": ["empty"], "seed": 2, "from": 0, "choices": ["z"]}
    started = evaluate("widgets/sampling_studio", "m.applied(page, fresh)", page=page, fresh=fresh)
    assert started == {key: value for key, value in fresh.items() if key != "from"}


def test_the_browser_says_settings_as_python_does() -> None:
    said = evaluate("widgets/sampling_studio", "all.map(m.settingsInWords)", all=[list(s) for s in SETTINGS])
    assert said == [settings.words() for settings in SETTINGS]


def test_the_browser_tells_a_choice_in_words() -> None:
    logits = torch.tensor([0.5, 0.3, 0.2]).log()
    choices = [
        choice_of(logits, 0, Settings(), CharTokenizer("a b")),
        choice_of(logits, 2, Settings(top_k=1), CharTokenizer("a b"), by="you"),
    ]
    said = evaluate("widgets/sampling_studio", "all.map((one) => m.choiceInWords(one, 4))", all=choices)
    assert said[0] == 'Character 5: "a" was drawn with probability 0.500. It is the model\'s favourite.'
    assert said[1] == (
        'Character 5: "b" was chosen by you; the filters had taken it out. It is number 3 of the '
        "model's list."
    )


def test_the_browser_writes_a_probability_as_python_does() -> None:
    values = [0.0, 1e-6, 0.00049, 0.0005, 0.0625, 0.999, 1.0]
    said = evaluate("widgets/sampling_studio", "values.map(m.cellText)", values=values)
    assert said == [cell_text(value) for value in values]


def test_the_browser_takes_only_whole_numbers_within_their_limits() -> None:
    texts = ["12", " 7 ", "0", "1000", "1001", "-3", "1.5", "", "1e3", "seven"]
    found = evaluate(
        "widgets/sampling_studio", "texts.map((text) => m.wholeNumber(text, 1, 1000))", texts=texts
    )
    assert found == [12, 7, None, 1000, None, None, None, None, None, None]
