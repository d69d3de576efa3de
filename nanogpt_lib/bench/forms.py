"""Make the forms that the library has ready to work: one training step, or one text, per call.

Taught in: faster_and_bigger.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from nanogpt_lib.bench import peer
from nanogpt_lib.bench.settings import Setting
from nanogpt_lib.checkpoint import CHECKPOINTS, load_checkpoint
from nanogpt_lib.drafts import Drafts
from nanogpt_lib.model import GPT
from nanogpt_lib.ngrams import NGramLM
from nanogpt_lib.presets import preset
from nanogpt_lib.process import one_thread
from nanogpt_lib.sampling import generate
from nanogpt_lib.training_run import TrainConfig, TrainingRun, advance

Piece = Callable[[], object]
BASE = "heads"  # the form that the others are compared with
ORDER = 3  # of the n-grams that guess
COMPILES = 2  # steps: how many torch.compile takes until all is compiled, in half a minute or more
WITHOUT_END = 10**9  # steps: more than any measurement makes


class Form(NamedTuple):
    """One way to compute: fields of GPTConfig and of TrainConfig, or settings of `sampling.generate`.

    With `is_alone` torch uses one thread: where products are small, waiting for a second one can take longer
    than what it does, and on a machine that is busy with other things much longer.

    Taught in: faster_and_bigger.
    """

    model: Mapping[str, Any] = {}
    train: Mapping[str, Any] = {}
    write: Mapping[str, Any] = {}
    has_drafts: bool = False
    is_compiled: bool = False
    is_peer: bool = False
    is_alone: bool = False

    @property
    def precision(self) -> str:
        """Return in which numbers the products are computed."""
        return str(self.train.get("precision", "float32"))


_FUSED, _DIRECT = {"attention": "fused"}, {"attention": "direct"}
_BFLOAT16 = {"precision": "bfloat16"}
_PARTS = ("position", "qk_norm", "norm_kind", "activation", "pairs", "smear")
_NEWER = {part: getattr(preset("fast").model, part) for part in _PARTS}

TRAINING = {
    BASE: Form(),
    "fused": Form(_FUSED),
    "direct": Form(_DIRECT),
    "fused, newer parts": Form(_FUSED | _NEWER),
    "fused, Muon": Form(_FUSED, {"optimizer": "muon"}),
    "fused, bfloat16": Form(_FUSED, _BFLOAT16),
    "direct, bfloat16": Form(_DIRECT, _BFLOAT16),
    "fused, one thread": Form(_FUSED, is_alone=True),
    "direct, bfloat16, one thread": Form(_DIRECT, _BFLOAT16, is_alone=True),
}
COMPILED = {"fused, compiled": Form(_FUSED, is_compiled=True)}
WRITING = {
    BASE: Form(write={"cache": "off"}),
    "fused": Form(_FUSED, write={"cache": "off"}),
    "cache": Form(_FUSED),
}
DRAFTS = {"cache and drafts": Form(_FUSED, has_drafts=True)}
PEERS = {  # our cache chooses by itself how many threads it uses
    "GPT2LMHeadModel": Form(is_peer=True),
    "GPT2LMHeadModel, one thread": Form(is_peer=True, is_alone=True),
}
PEERS_TRAINING = PEERS | {"GPT2LMHeadModel, bfloat16": Form(train=_BFLOAT16, is_peer=True)}


def forms_of(setting: Setting, *, compiled: bool = False) -> dict[str, Form]:
    """Return the forms to measure at a setting, by name; the peer is among them where it is installed.

    Drafts are for a trained model alone: what an untrained one writes is noise, which nobody can guess.

    Args:    setting: what is done.   compiled: with the form that torch.compile makes of a training step.
    Example:
        >>> from nanogpt_lib.bench.settings import SETTINGS
        >>> list(forms_of(SETTINGS["127"]))[:3]
        ['heads', 'fused', 'cache']

    Taught in: faster_and_bigger.
    """
    if setting.trains:
        own = TRAINING | (COMPILED if compiled else {})
        return own | (PEERS_TRAINING if peer.is_installed() else {})
    own = WRITING | (DRAFTS if setting.checkpoint else {})
    return own | (PEERS if peer.is_installed() else {})


def made_ready(setting: Setting, form: Form, ids: torch.Tensor) -> Piece:
    """Return a function that does one piece of work at each call.

    A training step is the one of `training_run`, with all that comes with it: the batch is drawn, the ids
    and the loss are checked.

    Args:    setting: what to do, and at which size.   form: how.   ids: (N,) int64, the text to learn from.
    Raises:  ValueError: a form that does not fit the setting's sizes.
    Example:
        >>> from nanogpt_lib.bench.settings import SETTINGS
        >>> made_ready(SETTINGS["127"], WRITING["cache"], torch.arange(65))().shape
        torch.Size([1, 128])

    Taught in: faster_and_bigger.
    """
    if form.is_peer:
        piece = (peer.training if setting.trains else peer.writing)(setting, form.precision, ids)
    else:
        piece = (_training if setting.trains else _writing)(setting, form, ids)
    return _alone(piece) if form.is_alone else piece


def _alone(piece: Piece) -> Piece:
    def work() -> object:
        with one_thread():
            return piece()

    return work


def _training(setting: Setting, form: Form, ids: torch.Tensor) -> Piece:
    model = GPT(replace(setting.model, **form.model))
    config = TrainConfig(
        batch_size=setting.batch_size,
        max_iters=WITHOUT_END,
        eval_interval=WITHOUT_END,
        learning_rate=1e-3,
        **form.train,
    )
    run = TrainingRun(model, config, step=1)  # the evaluation before step 0 is not measured
    computing: Any = torch.compile(model) if form.is_compiled else model

    def step() -> object:
        return advance(run, ids, ids, computing)

    for _ in range(COMPILES if form.is_compiled else 0):
        step()
    return step


def _writing(setting: Setting, form: Form, ids: torch.Tensor) -> Piece:
    model = GPT(replace(setting.model, **form.model)).eval()
    if setting.checkpoint:
        trained = load_checkpoint(CHECKPOINTS / setting.checkpoint).model
        model.load_lecture_state_dict(trained.lecture_state_dict())
    settings = dict(form.write)
    if form.has_drafts:
        settings["drafts"] = Drafts(NGramLM(ids, order=ORDER, vocab_size=setting.model.vocab_size))
    newline = torch.zeros(1, 1, dtype=torch.long)
    return lambda: generate(model, newline, setting.characters, **settings)
