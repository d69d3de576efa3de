"""What the calls of the tables are made of: the library's public names, and small things to pass to them."""

import importlib
import inspect
import math
import pkgutil
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import nn

import nanogpt_lib
import nanogpt_lib.widgets
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.quiz import Choice, Question, Quiz
from nanogpt_lib.kit.widget import Widget


@cache
def core() -> dict[str, ModuleType]:
    """Return the library's own files, by name."""
    found = pkgutil.iter_modules(nanogpt_lib.__path__)
    return {
        each.name: importlib.import_module(f"nanogpt_lib.{each.name}") for each in found if not each.ispkg
    }


def public(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Yield what a file defines for others: its functions, its classes and their methods."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            yield name, value
        elif inspect.isclass(value) and not issubclass(
            value, tuple | BaseException
        ):  # a record checks nothing
            yield name, value
            for method, function in vars(value).items():
                function = getattr(function, "__func__", function)
                if inspect.isfunction(function) and not method.startswith("_"):
                    yield f"{name}.{method}", function


def written(content: bytes) -> Path:
    """Return the path of a file with this content, in the folder where the call runs."""
    path = Path("mine.txt")
    path.write_bytes(content)
    return path


def _exercise() -> Exercise:
    exercise = Exercise("Write double(x).", ("Two.", "Times.", "2 * x"), lambda seed: [(seed + 1.0,)])

    @exercise.right
    def double(x: float) -> float:
        return 2 * x

    return exercise


@cache
def _interactive() -> dict[str, object]:
    """Return the widgets and the kit, by the names that a notebook imports."""
    files = pkgutil.iter_modules(nanogpt_lib.widgets.__path__)
    modules = [
        importlib.import_module(f"nanogpt_lib.widgets.{file.name}") for file in files if not file.ispkg
    ]
    found = {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Widget) and value.__module__ == module.__name__
    }
    return found | {"Choice": Choice, "Question": Question, "Quiz": Quiz, "Exercise": Exercise}


@cache
def _stages() -> object:
    """Return what attention computes for some ids; it is only looked at, so all calls share it."""
    torch.manual_seed(0)
    found = core()["model"]
    config = found.GPTConfig(vocab_size=16, block_size=4, n_embd=8, n_head=2, n_layer=2)
    return core()["trace"].trace(found.GPT(config).eval(), torch.arange(4)[None]).stages


def names() -> dict[str, object]:
    """Return the namespace of one call; what it holds is made anew, so that no call disturbs the next."""
    _stages()
    torch.manual_seed(0)
    found = {name: value for module in core().values() for name, value in public(module) if "." not in name}
    text = "to be or not to be, that is the question:\n" * 2
    tokenizer = found["CharTokenizer"].from_text(text)
    ids = torch.tensor(tokenizer.encode(text))
    config = found["GPTConfig"](vocab_size=tokenizer.vocab_size, block_size=4, n_embd=8, n_head=2, n_layer=2)
    settings = found["TrainConfig"](batch_size=2, max_iters=2, learning_rate=1e-3, eval_iters=1)
    gpt = found["GPT"](config).eval()
    return (
        found
        | _interactive()
        | {
            "text": text,
            "tokenizer": tokenizer,
            "ids": ids,
            "idx": ids[None, :4],
            "targets": ids[None, 1:5],
            "config": config,
            "settings": settings,
            "gpt": gpt,
            "bigram": found["BigramLM"](tokenizer.vocab_size),
            "run": found["TrainingRun"](gpt, settings),
            "counts": found["bigram_counts"](ids, tokenizer.vocab_size),
            "vocabulary": tokenizer.vocabulary,
            "stages": _stages(),
            "right": Choice("2", True, "Count."),
            "wrong": Choice("3", False, "Count again."),
            "question": Question("1 + 1?", [Choice("2", True, "Count."), Choice("3", False, "Count.")]),
            "exercise": _exercise(),
            "logits": torch.tensor([[2.0, 1.0, 0.0]]),
            "scores": torch.zeros(1, 4, tokenizer.vocab_size),
            "x": torch.ones(1, 4, 8),
            "SHIPPED": core()["checkpoint"].CHECKPOINTS / "shakespeare",
            "written": written,
            "Path": Path,
            "ExitStack": ExitStack,
            "torch": torch,
            "nn": nn,
            "np": np,
            "nan": math.nan,
            "inf": math.inf,
        }
    )
