"""Record what an evaluation may remember, and what it costs: `python -m nanogpt_lib.recorded.evaluators`.

It measures the shipped model on all of the validation text, alone and mixed with counts, and beside it an old
compressor, where `pip install pyppmd` was called. It writes data/evaluators.json, and takes about a minute.

Taught in: faster_and_bigger.
"""

import json
import math
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from nanogpt_lib.starting import begin_command

if __name__ == "__main__":
    begin_command()  # before torch is imported

import torch

from nanogpt_lib.checkpoint import load_checkpoint
from nanogpt_lib.checks import problem, real_number
from nanogpt_lib.data import load_text, train_val_split
from nanogpt_lib.evaluation import chances, evaluate_split
from nanogpt_lib.files import DATA, work_folder, write_atomically
from nanogpt_lib.ngrams import NGramLM
from nanogpt_lib.process import answered, run_as_command
from nanogpt_lib.remembering import best_weight, growing_chances, mixed_loss
from nanogpt_lib.saved_json import read_json

BEFORE, ORDER, PIECE = 64, 8, 1_024
FILE = "evaluators.json"


class Row(NamedTuple):
    """One way to evaluate: what it is, what it has seen of the validation text, and its loss.

    Taught in: faster_and_bigger.
    """

    name: str
    remembers: str
    loss: float  # nats per character


def load_rows(path: Path = DATA / FILE) -> list[Row]:
    """Return the rows that were recorded.

    Raises:  ValueError: the file is missing or damaged; the command that makes it is named.
    Example:
        >>> [row.remembers for row in load_rows()][:2]
        ['up to 128 characters', '64 to 128 characters']

    Taught in: faster_and_bigger.
    """
    try:
        return [Row(str(name), str(seen), real_number("loss", loss)) for name, seen, loss in read_json(path)]
    except (OSError, ValueError, TypeError) as error:
        raise problem(
            f"recorded losses in data/{path.name}",
            f"{type(error).__name__}: {error}",
            "Fetch the file again, or make it: python -m nanogpt_lib.recorded.evaluators.",
        ) from error


def measure(folder: Path, text: str) -> list[Row]:
    """Return the rows for a model in a folder and a text.

    The weights of the mixtures are chosen on the last tenth of the training text, which the counts have not
    seen. The model has, so it gets too much weight; the validation text has no part in the choice.

    Args:    folder: with a checkpoint of a GPT.   text: its text.
    Raises:  ValueError: the checkpoint or the text is refused.
    Taught in: faster_and_bigger.
    """
    saved = load_checkpoint(folder)
    model, V, T = saved.model, saved.tokenizer.vocab_size, saved.model.config.block_size
    data = torch.tensor(saved.tokenizer.encode(text))
    train, val = train_val_split(data)
    cut = int(0.9 * len(train))
    alone = chances(model, val, BEFORE)
    frozen = NGramLM(train, ORDER, V).chances(val)[BEFORE - ORDER :]
    growing = growing_chances(data, len(train), ORDER, V)[BEFORE:]
    tried = chances(model, train[cut:], BEFORE)
    weights = (
        best_weight(tried, NGramLM(train[:cut], ORDER, V).chances(train[cut:])[BEFORE - ORDER :]),
        best_weight(tried, growing_chances(train, cut, ORDER, V)[BEFORE:]),
    )
    near, all_of_it = f"{BEFORE} to {T} characters", "all before the character"
    rows = [
        Row("the model, in blocks", f"up to {T} characters", evaluate_split(model, val)),
        Row("the model, in blocks that overlap", near, mixed_loss(alone, alone, 1.0)),
        Row(f"with a frozen {ORDER}-gram", near, mixed_loss(alone, frozen, weights[0])),
        Row(f"with an {ORDER}-gram that goes on counting", all_of_it, mixed_loss(alone, growing, weights[1])),
        Row(f"that {ORDER}-gram alone", all_of_it, mixed_loss(growing, growing, 1.0)),
    ]
    return rows + (_compressed(text) if find_spec("pyppmd") else [])


def _compressed(text: str) -> list[Row]:
    """Return what PPMd of order 6 adds to the compressed training text, for each validation character."""
    import pyppmd  # type: ignore[import-not-found,unused-ignore]  # only where it is measured

    def size(content: bytes) -> int:
        return len(pyppmd.compress(content, max_order=6, mem_size=64 << 20))

    content = text.encode("utf-8")
    cut = int(0.9 * len(text))
    train, val = content[:cut], content[cut:]
    nats = 8 * math.log(2) / len(val)
    pieces = [val[at : at + PIECE] for at in range(0, len(val), PIECE)]
    adaptive = size(content) - size(train)
    forgetful = sum(size(train + piece) - size(train) for piece in pieces)
    return [
        Row("PPMd, a compressor of files", "all before the character", adaptive * nats),
        Row("PPMd, set back", f"up to {PIECE:,} characters", forgetful * nats),
    ]


def main() -> int:
    """Run the command; return its exit status: 0 done, 2 bad input, 130 stopped by Ctrl-C.

    Taught in: faster_and_bigger.
    """

    def work() -> int:
        rows = measure(DATA / "checkpoints" / "shakespeare", load_text())
        for name, remembers, loss in rows:
            print(f"{loss:.4f}  {name}: {remembers}")
        told = [[name, remembers, round(loss, 4)] for name, remembers, loss in rows]
        write_atomically(work_folder() / FILE, (json.dumps(told, indent=1) + "\n").encode("utf-8"))
        if not find_spec("pyppmd"):
            print("without the compressor: pip install pyppmd", file=sys.stderr)
        return 0

    return answered(work)


if __name__ == "__main__":
    run_as_command(main)
