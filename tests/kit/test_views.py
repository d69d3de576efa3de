"""A cell that runs again lets go of the widgets that it showed before, and of no others."""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest
from jupyter_client import KernelManager

from helpers import ROOT, one_thread
from tiers import some

pytestmark = pytest.mark.slow

SETUP = """
import gc, json, torch
from ipywidgets.widgets.widget import _instances
from nanogpt_lib.data import CharTokenizer
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.kit.quiz import Quiz
from nanogpt_lib.training_run import TrainConfig, TrainingRun
from nanogpt_lib.trace import trace
from nanogpt_lib.widgets.attention_view import AttentionView
from nanogpt_lib.widgets.sampling_studio import SamplingStudio
from nanogpt_lib.widgets.training_dashboard import TrainingDashboard

tokenizer = CharTokenizer("\\n abcdefgh.")
ids = torch.randint(11, (400,), generator=torch.Generator().manual_seed(1))

def a_model():
    return GPT(GPTConfig(vocab_size=11, block_size=8, n_embd=8, n_head=2, n_layer=1))

def a_run():
    return TrainingRun(a_model(), TrainConfig(batch_size=2, max_iters=9000, learning_rate=0.1))

def alive():
    gc.collect()
    things = gc.get_objects()
    kinds = GPT, SamplingStudio, TrainingDashboard
    return [sum(issubclass(type(one), kind) for one in things) for kind in kinds]
"""


class Notebook:
    """A kernel that remembers results, as that of a page does."""

    def __init__(self, manager: KernelManager) -> None:
        self.client = manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str) -> str:
        said = []

        def hear(message: dict) -> None:
            said.append(str(message["content"].get("text") or message["content"].get("evalue") or ""))

        self.client.execute_interactive(code, timeout=60, output_hook=hear)
        return "".join(said)

    def value(self, expression: str) -> object:
        return json.loads(self.run(f"print(json.dumps({expression}))"))


@pytest.fixture(scope="module")
def manager() -> Iterator[KernelManager]:
    manager = KernelManager()
    manager.start_kernel(
        env=one_thread() | {"PYTHONPATH": str(ROOT)}, cwd=str(ROOT), stderr=subprocess.DEVNULL
    )
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def notebook(manager: KernelManager) -> Iterator[Notebook]:
    notebook = Notebook(manager)
    assert not notebook.run(SETUP)
    yield notebook
    notebook.client.stop_channels()


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        pytest.param("SamplingStudio(a_model(), tokenizer, 'ab', length=400)", [2, 1, 0], id="studio"),
        pytest.param("made = TrainingDashboard(a_run(), ids, ids, tokenizer)\nmade", [1, 0, 1], id="named"),
        pytest.param("made = TrainingDashboard(a_run(), ids, ids, tokenizer)", [1, 0, 1], id="not shown"),
        pytest.param(
            "made = SamplingStudio(a_model(), tokenizer, 'ab')\ndisplay(made)", [2, 1, 0], id="display"
        ),
    ],
)
def test_a_cell_that_ran_many_times_leaves_one_widget(cell: str, left: list[int], notebook: Notebook) -> None:
    """Of the studio's two models one is its own copy; `made` of an earlier test may hold one more."""
    notebook.run("made = None")
    before = notebook.value("alive()")
    registered = notebook.value("len(_instances)")
    for _ in some(range(20), 5):  # more than the tests allow to be left
        assert "Error" not in notebook.run(cell)
    now = notebook.value("alive()")
    grown = [after - first for after, first in zip(now, before, strict=True)]
    assert all(0 <= one <= most for one, most in zip(grown, left, strict=True)), (grown, left)
    assert notebook.value("len(_instances)") <= registered + 2, "the widget and its layout"


def test_a_widget_that_another_cell_shows_stays_open(notebook: Notebook) -> None:
    notebook.run("made = SamplingStudio(a_model(), tokenizer, 'ab')")
    notebook.run("first = made\nmade")
    notebook.run("made = SamplingStudio(a_model(), tokenizer, 'ab')")
    assert notebook.value("first.comm is not None")


def test_a_widget_that_somebody_has_kept_is_shown_again(notebook: Notebook) -> None:
    notebook.run("kept = []")
    for _ in range(2):
        notebook.run("kept.append(SamplingStudio(a_model(), tokenizer, 'ab'))\nkept[-1]")
    assert notebook.value("[one.comm is not None for one in kept]") == [False, True]
    notebook.run("kept[0]")
    assert notebook.value("[one.comm is not None for one in kept]") == [True, True]


def test_a_training_run_is_stopped_and_not_lost_when_its_cell_runs_again(notebook: Notebook) -> None:
    """Two views would otherwise make its steps by turns."""
    notebook.run("run = a_run()")
    notebook.run("views = []")
    cell = "view = TrainingDashboard(run, ids, ids, tokenizer)\nviews.append(view)\nview"
    notebook.run(cell)
    notebook.run("view._do_train({})")
    while notebook.value("run.step") == 0:
        time.sleep(0.05)
    notebook.run(cell)
    assert notebook.value("[one.state for one in views]") == ["stopped", "stopped"]
