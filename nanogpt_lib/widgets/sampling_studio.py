"""Writing with a model, one character at a time, and every choice it made open to be looked at.

The kernel writes in turns with the notebook's cells (see turns.py), so that nothing blocks and Stop is at
once. Every choice travels with its character: looking at it later needs no kernel.

Taught in: sampling.
"""

import copy
import re
from functools import partial
from typing import ClassVar, NamedTuple

import torch
import traitlets
from torch import nn

from nanogpt_lib.checks import positive_int, problem, real_number, seed_number
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.kinds import instance, text_of
from nanogpt_lib.kit.turns import INTERRUPTED, UNWATCHED, Turns
from nanogpt_lib.kit.widget import html_table, html_text, number
from nanogpt_lib.kit.worker import Worker, error_in_words
from nanogpt_lib.process import one_thread
from nanogpt_lib.promises import block_size_of, scores_of
from nanogpt_lib.prompt import read_prompt
from nanogpt_lib.reader import Reader
from nanogpt_lib.sampling import next_token_probs
from nanogpt_lib.style import readable, visible_text

SHOWN = 12  # candidates a choice keeps; the character that was taken comes on top where it is none of them
FIRST = 60  # characters that are there before anybody asks
LONGEST = 1000
HIGHEST_SEED = 2**31 - 1
START_SHOWN = 200  # characters of a long prompt that are shown
LONGEST_PROMPT = 100_000  # characters of it that are kept, and that travel to the browser

_LONE_HALF = re.compile("[\ud800-\udfff]")  # half of a pair that UTF-16 writes; no text may hold it


class Settings(NamedTuple):
    """What `next_token_probs` takes, in its order; None is off.

    Taught in: sampling.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def words(self) -> str:
        """Return them as the widget says it."""
        k = "off" if self.top_k is None else str(self.top_k)
        p = "off" if self.top_p is None else number(self.top_p, 2)
        return f"temperature {number(self.temperature, 2)}, top-k {k}, top-p {p}"


class Stages(NamedTuple):
    """Probabilities (V,) on their way: the model's own, then after each of the three filters.

    Taught in: sampling.
    """

    model: torch.Tensor
    temperature: torch.Tensor
    top_k: torch.Tensor
    top_p: torch.Tensor


def filter_stages(
    logits: torch.Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Stages:
    """Return what each filter makes of the probabilities: `next_token_probs` with one setting more each.

    Args:    logits: (V,) float.   temperature, top_k, top_p: as in `next_token_probs`.
    Returns: four tensors (V,); the last is what the character is drawn from.
    Raises:  ValueError: a setting out of range, or logits without a finite highest.
    Example:
        >>> stages = filter_stages(torch.tensor([2.0, 1.0, 0.0]), temperature=0.5, top_k=2)
        >>> stages.model, stages.top_k
        (tensor([0.6652, 0.2447, 0.0900]), tensor([0.8808, 0.1192, 0.0000]))

    Taught in: sampling.
    """
    return Stages(
        next_token_probs(logits),
        next_token_probs(logits, temperature),
        next_token_probs(logits, temperature, top_k),
        next_token_probs(logits, temperature, top_k, top_p),
    )


def choice_of(
    logits: torch.Tensor, token: int, settings: Settings, tokenizer: CharTokenizer, by: str = "draw"
) -> dict:
    """Return one choice as the browser gets it: what was taken, and the likeliest candidates at every stage.

    Args:    logits: (V,) float.   token: the id that was taken.   settings: the filters.
             tokenizer: gives ids their characters.   by: "draw" or "you", who took it.
    Returns: a dict of `id`, `char`, `by`, `settings`, `rank` (1 is the likeliest for the model), `left` (how
             many characters each stage leaves), `rows` ([id, char, four probabilities], the likeliest
             first) and `rest` (what all others hold at each stage).
    Example:
        >>> choice = choice_of(torch.tensor([0.0, 2.0]), 0, Settings(top_k=1), CharTokenizer("ab"), by="you")
        >>> choice["rank"], choice["left"], choice["rows"][0]
        (2, [2, 2, 1, 1], [1, 'b', 0.880797, 0.880797, 1.0, 1.0])
    """
    stages = torch.stack(filter_stages(logits, *settings))  # (4, V)
    order = logits.argsort(descending=True, stable=True).tolist()
    rank = order.index(token) + 1
    shown = order[:SHOWN] if rank <= SHOWN else [*order[: SHOWN - 1], token]
    columns = stages.T.tolist()
    others = stages.index_fill(1, torch.tensor(shown), 0.0).sum(dim=1)  # exactly 0 where none is left
    return {
        "id": token,
        "char": tokenizer.vocabulary[token],
        "by": by,
        "settings": list(settings),
        "rank": rank,
        "left": (stages > 0).sum(dim=1).tolist(),
        "rows": [
            [id_, tokenizer.vocabulary[id_], *(round(value, 6) for value in columns[id_])] for id_ in shown
        ],
        "rest": [round(value, 6) for value in others.tolist()],
    }


class Page:
    """A text that is being written, with each choice in it, and the luck of each place.

    The luck of place n hangs on the seed and n alone. So one seed writes one text, the text is that of
    `sampling.generate`, and another character at one place leaves the later places their luck.

    Args:    model: returns (logits, loss), and has a block_size; left in its mode.
             tokenizer: its characters.   prompt: any text, see `read_prompt`.
             seed: 0 to 2,147,483,647; torch's global stream is not touched.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> page = Page(BigramLM(3), CharTokenizer("ab\\n"), "a", seed=1)
        >>> len(page.write(5, Settings())), len(page.text)
        (5, 5)
    """

    def __init__(self, model: nn.Module, tokenizer: CharTokenizer, prompt: str, seed: int) -> None:
        self._model, self._tokenizer, self.seed = model, tokenizer, seed
        self._device, self._reader = next(model.parameters()).device, Reader(model)
        self._generator = torch.Generator().manual_seed(seed)
        self._luck = [self._generator.get_state()]  # before each draw
        self._logits: list[torch.Tensor] = []  # (V,) each
        self.reading = read_prompt(prompt[-LONGEST_PROMPT:], tokenizer, model.block_size)
        if len(prompt) > LONGEST_PROMPT:
            kept = f"Of the {len(prompt):,} characters of the prompt, the last {LONGEST_PROMPT:,} are kept."
            self.reading = self.reading._replace(notes=[kept, *self.reading.notes])
        self.choices: list[dict] = []

    @property
    def text(self) -> str:
        """Return what was written, without the prompt."""
        return "".join(choice["char"] for choice in self.choices)

    def write(self, count: int, settings: Settings) -> list[dict]:
        """Write so many characters more, and return the choices that they were."""
        before = len(self.choices)
        self._generator.set_state(self._luck[before])
        for _ in range(count):
            ids = [*self.reading.ids, *(choice["id"] for choice in self.choices[-self._model.block_size :])]
            context = torch.tensor([ids[-self._model.block_size :]], device=self._device)
            with one_thread():
                logits = self._reader.next_logits(context)[0].float().cpu()  # (V,)
            probs = next_token_probs(logits, *settings)
            token = torch.multinomial(probs, num_samples=1, generator=self._generator).item()
            self._logits.append(logits)
            self._luck.append(self._generator.get_state())
            self.choices.append(choice_of(logits, token, settings, self._tokenizer))
        return self.choices[before:]

    def keep(self, count: int) -> None:
        """Forget what comes after the first `count` characters."""
        del self.choices[count:], self._logits[count:], self._luck[count + 1 :]

    def put(self, place: int, token: int) -> None:
        """Put another character at a place that was written; what followed it is forgotten."""
        if not 0 <= place < len(self.choices):
            raise problem(
                f"a place below {len(self.choices)}", f"{place}", "Click a character that is there."
            )
        self.keep(place + 1)
        settings = Settings(*self.choices[place]["settings"])
        self.choices[place] = choice_of(self._logits[place], token, settings, self._tokenizer, by="you")

    def look(self, place: int, settings: Settings) -> dict:
        """Return the choice at a place as other settings would show it; the text stays."""
        taken = self.choices[place]
        return choice_of(self._logits[place], taken["id"], settings, self._tokenizer, taken["by"])

    def packed(self) -> dict:
        """Return all of it as the browser gets it."""
        text = self.reading.text
        return {
            "start": text[-START_SHOWN:],
            "hidden": max(0, len(text) - START_SHOWN),
            "notes": self.reading.notes,
            "seed": self.seed,
            "choices": list(self.choices),
        }


class Writing(NamedTuple):
    """A page under way: who asked for it, its length in the end, how it is written, and is it a new one."""

    run: str
    length: int
    settings: Settings
    is_new: bool


class SamplingStudio(Worker):
    """A model that writes: its settings, the text as it comes, and behind each character its choice.

    The first characters are there at once, the others when the reader presses a button. The model is
    copied: training it further does not change what is shown here.

    Args:    model: a GPT or any other that returns (logits, loss) and has a block_size.
             tokenizer: its characters.   prompt: any text at all, see `read_prompt`.
             temperature, top_k, top_p: as in `next_token_probs`.   seed: 0 to 2,147,483,647.
             length: how many characters to write, 1 to 1,000.
    Raises:  ValueError: a setting out of range, logits that are not finite, another size of vocabulary.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> model = BigramLM(3)
        >>> _ = torch.nn.init.zeros_(model.token_embedding_table.weight)
        >>> SamplingStudio(model, CharTokenizer("ab\\n"), prompt="a", length=5)
        SamplingStudio: 5 of 5 characters after 'a' (temperature 1.00, top-k off, top-p off, seed 1337):
        '\\nbbaa'

    Taught in: sampling.
    """

    name: ClassVar[str] = "sampling_studio"

    prompt = traitlets.Unicode().tag(sync=True)
    seed = traitlets.Int().tag(sync=True)
    length = traitlets.Int().tag(sync=True)
    vocab_size = traitlets.Int().tag(sync=True)
    compare = traitlets.Bool(False).tag(sync=True)
    settings = traitlets.List().tag(sync=True)  # [temperature, top_k, top_p] of the left page, of the right
    chosen = traitlets.Int(0).tag(sync=True)  # the place whose choice the left page shows
    pages = traitlets.List().tag(
        sync=True
    )  # Page.packed() of both; the right one is {} before it is asked for

    def __init__(
        self,
        model: nn.Module,
        tokenizer: CharTokenizer,
        prompt: str = "ROMEO:\n",
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 1337,
        length: int = 200,
    ) -> None:
        block_size_of(model), text_of("prompt", prompt)
        instance("tokenizer", tokenizer, CharTokenizer, "Write CharTokenizer.from_text(text).")
        temperature, length = real_number("temperature", temperature), positive_int("length", length)
        seed = seed_number("seed", seed)
        self._model, self._tokenizer = copy.deepcopy(model), tokenizer
        left = Settings(temperature, top_k, top_p)
        right = left._replace(temperature=0.5 if temperature >= 0.75 else 1.0)
        super().__init__(
            prompt=prompt,
            seed=seed,
            length=length,
            vocab_size=tokenizer.vocab_size,
            settings=[list(left), list(right)],
        )
        self._pages: list[Page | None] = [Page(self._model, tokenizer, _sendable(prompt), seed), None]
        self._check_vocabulary()
        self._pages[0].write(min(length, FIRST), left)
        self._publish()
        self._writings: list[Writing | None] = [None, None]
        self._told = [0, 0]  # characters of each page that the browser has
        self._turns = [
            Turns(*(partial(act, column) for act in (self._piece, self._tell, self._ended)))
            for column in (0, 1)
        ]
        self._work_in(*self._turns)

    def _check_vocabulary(self) -> None:
        page = self._pages[0]
        context = torch.tensor([page.reading.ids[-1:]], device=next(self._model.parameters()).device)
        V = scores_of(self._model, context).shape[-1]
        if self._tokenizer.vocab_size != V:
            raise problem(
                f"a tokenizer of {V} characters, as the model has",
                f"{self._tokenizer.vocab_size}",
                "Take the one that the model was trained with.",
            )

    @property
    def text(self) -> str:
        """Return what stands on the left page after the prompt."""
        return self._pages[0].text

    # --- what the browser may set

    @traitlets.validate("prompt")
    def _kept(self, proposal: dict) -> str:
        return _sendable(proposal["value"][-LONGEST_PROMPT:])

    @traitlets.validate("settings")
    def _possible(self, proposal: dict) -> list[list]:
        for one in proposal["value"]:
            next_token_probs(torch.zeros(1), *one)  # refuses what is out of range
        return proposal["value"]

    @traitlets.validate("seed")
    def _known_seed(self, proposal: dict) -> int:
        if not 0 <= proposal["value"] <= HIGHEST_SEED:
            raise problem(
                f"a seed from 0 to {HIGHEST_SEED:,}", f"seed={proposal['value']}", "Choose a smaller one."
            )
        return proposal["value"]

    @traitlets.validate("length")
    def _short_enough(self, proposal: dict) -> int:
        if positive_int("length", proposal["value"]) > LONGEST:
            raise problem(f"a length of 1 to {LONGEST:,}", f"{proposal['value']}", "Write a shorter text.")
        return proposal["value"]

    # --- what the browser asks

    def _do_start(self, asked: dict) -> None:
        """Write on a new page."""
        self._turns[asked["column"]].stop()
        prompt = _sendable(asked["prompt"])
        self._pages[asked["column"]] = Page(self._model, self._tokenizer, prompt, int(asked["seed"]))
        self._write(asked, 0)

    def _do_more(self, asked: dict) -> None:
        """Go on after the characters that the browser has."""
        self._turns[asked["column"]].stop()
        self._pages[asked["column"]].keep(asked["at"])
        self._write(asked, asked["at"])

    def _do_instead(self, asked: dict) -> None:
        """Put another character at one place, and go on from it."""
        self._turns[asked["column"]].stop()
        self._pages[asked["column"]].put(asked["at"], asked["id"])
        self._write(asked, asked["at"])

    def _do_stop(self, asked: dict) -> None:
        self._turns[asked["column"]].soon(partial(self._rest, asked))

    def _do_look(self, asked: dict) -> None:
        """Show one choice as other settings would have it."""
        page, at = self._pages[asked["column"]], asked["at"]
        there = page is not None and at < len(page.choices)
        look = {"look": at, "choice": page.look(at, Settings(*asked["settings"]))} if there else {}
        self.send({"column": asked["column"], **look})

    def _do_pages(self, _: dict) -> None:
        """Send all that was written, to a view that was opened meanwhile."""
        self._publish()

    def _refused(self, asked: dict, error: ValueError) -> None:
        self.send({"column": asked["column"], "run": asked.get("run"), "error": str(error)})

    # --- writing, in turns with the cells

    def _write(self, asked: dict, told: int) -> None:
        column, settings = asked["column"], Settings(*asked["settings"])
        self._writings[column] = Writing(asked["run"], asked["length"], settings, asked["do"] == "start")
        self._told[column] = told
        self._turns[column].start()

    def _piece(self, column: int) -> bool:
        page, writing = self._pages[column], self._writings[column]
        if len(page.choices) >= writing.length:
            return False
        page.write(1, writing.settings)
        return True

    def _rest(self, asked: dict) -> None:
        """Stop writing: what the browser shows is the text."""
        column, page = asked["column"], self._pages[asked["column"]]
        if page is not None:
            page.keep(asked["at"])
            self._told[column] = asked["at"]
        if self._turns[column].is_running:
            self._turns[column].stop()
        else:
            self._publish()
            self.send({"column": column})

    def _ended(self, column: int, why: str | Exception) -> None:
        self._publish()
        words = error_in_words(why) if isinstance(why, Exception) else _ENDED.get(why)
        self._tell(column, done=True, error=words)

    def _tell(self, column: int, **more: object) -> None:
        """Send what was written since the last report."""
        page, writing, at = self._pages[column], self._writings[column], self._told[column]
        self._told[column] = len(page.choices)
        new = page.packed() if writing.is_new and at == 0 else {}
        told = {"column": column, "run": writing.run, "wanted": writing.length, "done": False}
        self.send({**new, **told, "from": at, "choices": page.choices[at:], **more})

    def _publish(self) -> None:
        """Send both pages to every view, also to those that are opened later."""
        self.pages = [{} if page is None else page.packed() for page in self._pages]

    # --- without a browser

    def __repr__(self) -> str:
        page = self._pages[0]
        settings = Settings(*page.choices[-1]["settings"] if page.choices else self.settings[0])
        start = page.reading.text
        start = repr(start) if len(start) <= 40 else f"…{start[-40:]!r}"
        return (
            f"SamplingStudio: {len(page.choices)} of {self.length} characters after {start} "
            f"({settings.words()}, seed {page.seed}): {page.text!r}"
        )

    def static_html(self) -> str:
        """Return the text of each page, and the choice behind one character of the left one."""
        parts = []
        pages = self._pages if self.compare else self._pages[:1]
        for page in pages:
            if page is None or not page.choices:
                continue
            settings = Settings(*page.choices[-1]["settings"])
            start = page.reading.text
            start = f"…{start[-START_SHOWN:]}" if len(start) > START_SHOWN else start
            notes = "".join(f"<p>{html_text(note)}</p>" for note in page.reading.notes)
            parts.append(
                f"<p><b>{len(page.choices)} characters</b> with {settings.words()}, seed {page.seed}.</p>"
                f"{notes}<pre><b>{html_text(readable(start))}</b>{html_text(readable(page.text))}</pre>"
            )
        choices = self._pages[0].choices
        if choices:
            at = min(max(self.chosen, 0), len(choices) - 1)
            parts.append(_choice_table(choices[at], at))
        return "".join(parts)


_ENDED = {
    INTERRUPTED: "Stopped by the kernel's interrupt: press Go on.",
    UNWATCHED: "Stopped, since no browser was watching: press Go on.",
}


def cell_text(value: float) -> str:
    """Return a probability in a cell: what a filter has taken out has no number.

    Example:
        >>> cell_text(0.25), cell_text(0.0001), cell_text(0.0)
        ('0.250', '<0.001', 'out')
    """
    if value <= 0:
        return "out"
    return number(value) if value >= 0.0005 else "<0.001"


def _choice_table(choice: dict, at: int) -> str:
    settings = Settings(*choice["settings"])
    by = "drawn" if choice["by"] == "draw" else "chosen by you"
    shown = [row for row in choice["rows"] if row[0] == choice["id"] or row[2] >= 0.0005]
    return html_table(
        [[cell_text(value) for value in row[2:]] for row in shown],
        head=["the model", "after temperature", "after top-k", "after top-p"],
        side=[f"{visible_text(row[1])}{f' ({by})' if row[0] == choice['id'] else ''}" for row in shown],
        caption=f"Character {at + 1} of the text: probabilities before and after each filter "
        f"({settings.words()})",
    )


def _sendable(prompt: str) -> str:
    return _LONE_HALF.sub("\ufffd", prompt)
