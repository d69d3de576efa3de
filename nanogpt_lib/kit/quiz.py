"""Questions to choose an answer to, each answer with the reason why it is right or not.

The reasons are what teaches: a wrong choice says which mistake it is, and may be tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import traitlets

from nanogpt_lib.checks import problem
from nanogpt_lib.kinds import items_of
from nanogpt_lib.kit.widget import Widget, html_text
from nanogpt_lib.messages import described

FEWEST, MOST = 2, 5  # choices in a question


@dataclass(frozen=True)
class Choice:
    """One answer that can be chosen, and what is said to somebody who chose it.

    Args:    text: the answer; `code` may stand between backticks.   correct: whether it is right.
             why: the explanation, for the right answer as well as for a wrong one.
    Raises:  ValueError: text or why is blank, a backtick has no partner, or correct is no bool.
    Example:
        >>> Choice("65", True, "Every character is equally likely.").correct
        True
    """

    text: str
    correct: bool
    why: str

    def __post_init__(self) -> None:
        _check_text("the text of a choice", self.text)
        _check_text(f"`why` of the choice {self.text!r}", self.why)
        if not isinstance(self.correct, bool):
            raise problem(
                f"correct=True or correct=False in the choice {self.text!r}",
                f"correct={self.correct!r}",
                "Write Choice(text, correct, why), in this order.",
            )


@dataclass(frozen=True)
class Question:
    """A question with its choices, shown in the order given.

    Args:    prompt: the question; `code` may stand between backticks.   choices: 2 to 5 of them.
             several: False: exactly one choice is correct (radio buttons);
             True: one or more are, and all of them must be ticked (boxes).
    Raises:  ValueError: a blank prompt, too few or too many choices, two with the same text, or another
             number of correct ones than `several` says.
    Example:
        >>> Question("Is 1 + 1 = 2?", [Choice("yes", True, "Count."), Choice("no", False, "Count.")]).several
        False
    """

    prompt: str
    choices: Sequence[Choice]
    several: bool = False

    def __post_init__(self) -> None:
        _check_text("the prompt of a question", self.prompt)
        object.__setattr__(
            self, "choices", tuple(items_of("choices", self.choices))
        )  # a list could be changed after the checks
        where = f"in the question {self.prompt!r}"
        for choice in self.choices:
            if not isinstance(choice, Choice):
                raise problem(
                    f"only Choice objects {where}", described(choice), "Write Choice(text, correct, why)."
                )
        if not FEWEST <= len(self.choices) <= MOST:
            raise problem(
                f"{FEWEST} to {MOST} choices {where}",
                str(len(self.choices)),
                "Add choices." if len(self.choices) < FEWEST else "Keep those that people really believe.",
            )
        texts = [choice.text.strip() for choice in self.choices]
        if doubled := next((text for text in texts if texts.count(text) > 1), None):
            raise problem(f"every choice once {where}", f"{doubled!r} twice", "Remove or reword one.")
        right = [choice.text for choice in self.choices if choice.correct]
        if not right or (len(right) > 1 and not self.several):
            raise problem(
                f"{'at least' if self.several else 'exactly'} one correct choice {where}",
                f"{len(right)}" + (f" ({', '.join(map(repr, right))})" if right else ""),
                "Mark the right one." if not right else "Mark only one, or pass several=True.",
            )

    def is_right(self, chosen: Sequence[int]) -> bool:
        """Whether exactly the correct choices are chosen.

        Args:    chosen: indices of choices.
        Example:
            >>> question = Question("1 + 1?", [Choice("2", True, "Count."), Choice("3", False, "Count.")])
            >>> question.is_right([0]), question.is_right([1]), question.is_right([])
            (True, False, False)
        """
        places = items_of("chosen", chosen)
        right = {at for at, choice in enumerate(self.choices) if choice.correct}
        return all(isinstance(place, int) for place in places) and set(places) == right


class Quiz(Widget):
    """Questions under each other, with a button to check each and a line that counts the right ones.

    Args:    questions: one or more `Question`.
    Raises:  ValueError: there is none, or something else is among them.
    Example:
        >>> Quiz([Question("1 + 1?", [Choice("2", True, "Count."), Choice("3", False, "Count.")])])
        A quiz of 1 question; 0 of 1 right.
    """

    name = "quiz"
    items = traitlets.List(traitlets.Dict()).tag(sync=True)  # the questions, as the browser gets them
    answers = traitlets.List(traitlets.List(traitlets.Int())).tag(
        sync=True
    )  # what was checked last; [] = nothing

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = tuple(items_of("questions", questions))
        if not self.questions or not all(isinstance(question, Question) for question in self.questions):
            arrived = next(
                (described(item) for item in self.questions if not isinstance(item, Question)), "none"
            )
            raise problem(
                "one or more Question objects", arrived, "Write Quiz([Question(prompt, choices), ...])."
            )
        super().__init__(
            items=[_as_dict(question) for question in self.questions], answers=[[] for _ in self.questions]
        )

    @property
    def score(self) -> int:
        """How many questions were right when they were last checked."""
        pairs = zip(self.questions, self.answers, strict=True)
        return sum(question.is_right(chosen) for question, chosen in pairs)

    def static_html(self) -> str:
        """Every question with its choices; the answer is folded, with the reasons."""
        return f"<ol>{''.join(map(_question_html, self.questions))}</ol>"

    def __repr__(self) -> str:
        count = len(self.questions)
        return f"A quiz of {count} question{'s' * (count > 1)}; {self.score} of {count} right."


def spans(text: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it stood between backticks.

    Example:
        >>> spans("call `f(x)` once")
        [('call ', False), ('f(x)', True), (' once', False)]
    """
    return [(piece, at % 2 == 1) for at, piece in enumerate(text.split("`")) if piece]


def _check_text(what: str, text: str) -> None:
    if not isinstance(text, str) or not text.strip():
        raise problem(f"{what} to be some text", repr(text), "Say it in a short sentence.")
    if text.count("`") % 2 or "``" in text:
        raise problem(
            f"{what} with backticks in pairs around code", repr(text), "Write `code`, or no backtick."
        )


def _as_dict(question: Question) -> dict[str, Any]:
    choices = [{"text": c.text, "correct": c.correct, "why": c.why} for c in question.choices]
    return {"prompt": question.prompt, "several": question.several, "choices": choices}


def _text_html(text: str) -> str:
    pieces = ((html_text(piece), is_code) for piece, is_code in spans(text))
    return "".join(f"<code>{piece}</code>" if is_code else piece for piece, is_code in pieces)


def _question_html(question: Question) -> str:
    choices = "".join(f"<li>{_text_html(choice.text)}</li>" for choice in question.choices)
    reasons = "".join(
        f"<li>{'✓' if choice.correct else '✗'} {_text_html(choice.text)} "
        f"<strong>{'Right.' if choice.correct else 'Not quite.'}</strong> {_text_html(choice.why)}</li>"
        for choice in question.choices
    )
    more = " (one or more are right)" if question.several else ""
    return (
        f"<li><p>{_text_html(question.prompt)}{more}</p><ul>{choices}</ul>"
        f"<details><summary>Show the answer</summary><ul>{reasons}</ul></details></li>"
    )
