"""One row per widget: how it is made, what can be turned in it, and what it then shows.

    from widget_rows import EACH, Row, page_cells, shows, turn

The contract of all widgets (tests/widgets/test_browser_contract.py) and what is left of them without a kernel
(tests/widgets/test_browser_without_python.py) go through these rows, each on one page. That of the contract
holds every widget twice: `view(notebook, row, 1)` is the second view of the same widget.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, expect

from browser import NotebookPage
from nanogpt_lib.recorded.runs import load_runs
from nanogpt_lib.widgets.recipe_race import racers

SETUP = """
import torch
from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.data import CharTokenizer, get_batch, load_text, train_val_split
from nanogpt_lib.dot_product import attention_steps
from nanogpt_lib.kit.quiz import Choice, Question, Quiz
from nanogpt_lib.model import GPT, GPTConfig
from nanogpt_lib.ngrams import bigram_counts, smoothed
from nanogpt_lib.training_run import TrainConfig, TrainingRun, train
from nanogpt_lib.widgets.architecture_explorer import LECTURE, ArchitectureExplorer
from nanogpt_lib.widgets.attention_view import AttentionView
from nanogpt_lib.widgets.averaging_explorer import AveragingExplorer
from nanogpt_lib.widgets.batch_explorer import BatchExplorer
from nanogpt_lib.widgets.bigram_map import BigramMap
from nanogpt_lib.widgets.curve_explorer import CurveExplorer
from nanogpt_lib.widgets.depth_explorer import DepthExplorer
from nanogpt_lib.widgets.dropout_explorer import DropoutExplorer
from nanogpt_lib.widgets.head_grid import HeadGrid
from nanogpt_lib.widgets.ngram_explorer import NGramExplorer
from nanogpt_lib.widgets.norm_explorer import NormExplorer
from nanogpt_lib.widgets.recipe_race import RecipeRace
from nanogpt_lib.widgets.run_explorer import RunExplorer
from nanogpt_lib.widgets.sampling_studio import SamplingStudio
from nanogpt_lib.widgets.scaling_explorer import ScalingExplorer
from nanogpt_lib.widgets.training_dashboard import TrainingDashboard

torch.set_num_threads(1)
text = load_text()
tokenizer = CharTokenizer.from_text(text)
train_ids, val_ids = train_val_split(torch.tensor(tokenizer.encode(text[:40_000])))
counts = bigram_counts(train_ids, tokenizer.vocab_size)
config = GPTConfig(vocab_size=65, block_size=32, n_embd=16, n_head=4, n_layer=2)

def draw(seed=1337):
    return torch.Generator().manual_seed(seed)

def look(line):
    q, k, v = torch.randn(3, 4, 6, len(line), 8, generator=draw())
    mask = causal_mask(len(line))
    heads = lambda at: [attention_steps(q[at, j], k[at, j], v[at, j], mask=mask) for j in range(6)]
    return {"stages": [heads(at) for at in range(4)], "q": q, "k": k}

model = GPT(config, generator=draw())
batch = get_batch(val_ids, 4, 16, draw())
how = TrainConfig(batch_size=4, max_iters=400, learning_rate=1e-2, eval_interval=25, eval_iters=1,
                  schedule="cosine", warmup_iters=20)
run = TrainingRun(GPT(config, generator=draw()), how, draw())
levels = {"uniform": 4.17, "letters": 3.3, "pairs": 2.5, "best count": 1.9}

def train_to(step):
    for _ in train(run, train_ids, val_ids):
        if run.step >= step:
            break

train_to(100)
questions = [
    Question("Why does the loss start near `ln 65`?", [
        Choice("The text has 65 lines.", False, "65 counts the different characters, `vocab_size`."),
        Choice("All 65 characters are about equally likely.", True, "Then each costs `-ln(1/65)`."),
    ]),
    Question("Which of these look only back?", [
        Choice("`average_tril`", True, "Its weights are zero above the diagonal."),
        Choice("`x.mean(dim=1)`", False, "That is the mean of all positions, the future too."),
    ], several=True),
]
at_first = {}

def remember(widget):
    names = [name for name in widget.keys if name not in ("comm", "layout", "tabbable", "tooltip")]
    at_first[widget] = {name: getattr(widget, name) for name in names if name[0] != "_"}

def reset(widget):
    for name, value in at_first[widget].items():
        if getattr(widget, name) != value:
            setattr(widget, name, value)
"""


@dataclass(frozen=True)
class Row:
    """What the contract asks of one widget.

    name: of the widget and of its variable.   make: the expression that makes it.
    controls: the name of each control but the folds, in the order of the Tab key, with every fold open.
    main: a selector of its main control.   keys: are pressed there, in quick succession.
    first, says: what it said before them and says after them, somewhere in `said`; `aloud`, in other words.
    asks, value: the expression in Python that follows, and its value then; "" where the page alone chooses.
    picture: a selector of its main picture.   drawn: whether that is a canvas.
    fullest: Python that makes it say as much as it can.   theirs: (Python, what both views then say).
    """

    name: str
    make: str
    controls: Sequence[str | re.Pattern[str]]
    main: str
    keys: Sequence[str]
    first: str | re.Pattern[str]
    says: str
    asks: str
    value: object
    picture: str
    drawn: bool = True
    said: str = ".nano-said"
    aloud: str = ""
    fullest: str = ""
    theirs: tuple[str, str] | None = None


SLIDER = "input[type=range]"


def there_and_back(there: int, back: int) -> list[str]:
    """Return the keys that lead to the slider's place `there - back`, past it and back again."""
    return ["Home", *["ArrowRight"] * there, *["ArrowLeft"] * back]


ROWS = [
    Row(
        name="attention_view",
        make='AttentionView("O Romeo, Romeo! wherefore art thou", compute=look)',
        controls=[
            *("scores", "scaled", "masked", "weights", "output", "Layer", "Head", "Text"),
            "The text: choose a query with the arrow keys",
            re.compile("^masked of layer 0, head 0: query down, key across"),
            re.compile("^The weights of 4 × 6 heads, layer down and head across"),
        ],
        main=".attn-map",
        keys=["Home", *["ArrowUp"] * 20, *["ArrowRight"] * 20],
        first='query "u" at 33 → key ',
        says='query "o" at 13 → key "e" at 20',
        asks="(attention_view.query, attention_view.key)",
        value=(13, 20),
        picture=".attn-map",
        fullest="attention_view.stage = 'masked'",
    ),
    Row(
        name="averaging_explorer",
        make="AveragingExplorer()",
        controls=[
            *("none", "0 before softmax", "0 after softmax", "−∞ before softmax"),
            *("Positions", "All scores 0", "Random scores"),
            *(f"score of query {query}, key {key}" for query in range(4) for key in range(4)),
            *(f"x of position {position}" for position in range(4)),
        ],
        main="input[type=radio]:checked",
        keys=["ArrowDown"] * 6,
        first="no row sees its future",
        says="row 0 gives 0.750 to its future",
        asks="averaging_explorer.mode",
        value="zero",
        picture="table",
        drawn=False,
        said=".nano-light",
        fullest="averaging_explorer.mode = 'none'",
    ),
    Row(
        name="batch_explorer",
        make="BatchExplorer(text, tokenizer, block_size=8)",
        controls=[
            *("offset", "block_size", "examples of the block", "Draw a batch of 4"),
            *(re.compile(f"^b = {example} x .* y ") for example in range(4)),
        ],
        main=SLIDER,
        keys=there_and_back(9, 2),
        first="after “First␣Ci” comes “t”",
        says="after “itizen:⏎” comes “B”",
        asks="batch_explorer.offset",
        value=7,
        picture="table",
        drawn=False,
        aloud="the longest context is itizen:⏎, its target B",
        fullest="batch_explorer.block_size = 32",
    ),
    Row(
        name="bigram_map",
        make='BigramMap(counts, tokenizer.vocabulary, smoothed(counts, 2.0), row="t")',
        controls=[
            *("row: the character before", "Another sample"),
            re.compile("^Counted table, 65 by 65"),
            "Show it",
            *("written by the counted table", "written by the learned table"),
        ],
        main="select",
        keys=["Home", *["ArrowDown"] * 9, *["ArrowUp"] * 2],
        first='After "t"',
        says='After "-"',
        asks="bigram_map.vocabulary[bigram_map.row]",
        value="-",
        picture="canvas",
        said=".nano-head",
    ),
    Row(
        name="ngram_explorer",
        make="NGramExplorer(train_ids, val_ids, tokenizer, max_order=4)",
        controls=["order", "Another sample", "sample"],
        main=SLIDER,
        keys=there_and_back(4, 1),
        first="Order 1: train loss",
        says="Order 3: train loss",
        asks="ngram_explorer.order",
        value=3,
        picture="canvas",
    ),
    Row(
        name="scaling_explorer",
        make="ScalingExplorer()",
        controls=["head_size", "scores divided by", "Draw again"],
        main=SLIDER,
        keys=there_and_back(7, 3),
        first="Divided by 8, the scores",
        says="Divided by 4, the scores",
        asks="scaling_explorer.head_size",
        value=16,
        picture="canvas",
        fullest="scaling_explorer.head_size, scaling_explorer.divisor = 256, 'none'",
    ),
    Row(
        name="head_grid",
        make='HeadGrid(model, tokenizer, "to be or not to be", *batch)',
        controls=[
            *("Layer", "All heads on", "The text: choose a query with the arrow keys"),
            *(f"head {head}" for head in range(4)),
        ],
        main=".strip-text",
        keys=there_and_back(9, 4),
        first='query "e" at 17: what each head',
        says='query "␣" at 5: what each head',
        asks="head_grid.query",
        value=5,
        picture=".hgrid-map",
        aloud='query "space" at 5. Most weight, head 0',
        fullest="head_grid.off = [(0, 0), (0, 1), (0, 2), (0, 3)]",
    ),
    Row(
        name="depth_explorer",
        make="DepthExplorer()",
        controls=[
            *("layers", "bypass", "norm before each layer", "weights start as"),
        ],
        main=SLIDER,
        keys=there_and_back(20, 5),
        first="goes from 1.0 to 4.6: it grows",
        says="goes from 1.0 to 12: it grows",
        asks="depth_explorer.n_layer",
        value=16,
        picture="canvas",
        fullest="depth_explorer.n_layer, depth_explorer.residual, depth_explorer.init = 24, False, 'small'",
    ),
    Row(
        name="norm_explorer",
        make="NormExplorer()",
        controls=["Average over", "Change", "scale", "shift", "Undo the change", "0"],
        main=SLIDER,
        keys=there_and_back(6, 2),
        first="Change: none yet.",
        says="t of block 0 times −1. After",
        asks="norm_explorer.scale",
        value=-1.0,
        picture="canvas",
        said=".nrm-change",
        fullest="norm_explorer.axis, norm_explorer.part = 'all', 'place'\n"
        "norm_explorer.shift, norm_explorer.scale = -10, -3.0",
    ),
    Row(
        name="dropout_explorer",
        make="DropoutExplorer()",
        controls=["p, the share to drop", "Draw again"],
        main=SLIDER,
        keys=there_and_back(9, 5),
        first="each raised to 1.25 times",
        says="each raised to 1.67 times",
        asks="dropout_explorer.p",
        value=0.4,
        picture=".dro-weights",
        drawn=False,
        fullest="dropout_explorer.p = 0.9",
    ),
    Row(
        name="curve_explorer",
        make='CurveExplorer("dropout")',
        controls=[
            *("p = 0", "p = 0.2", "p = 0.5", "training", "validation", "read at step"),
        ],
        main=SLIDER,
        keys=there_and_back(9, 2),
        first="Step 2999. ",
        says="Step 700. ",
        asks="curve_explorer.step",
        value=700,
        picture=".cur-picture canvas",
    ),
    Row(
        name="training_dashboard",
        make="TrainingDashboard(run, train_ids, val_ids, tokenizer, levels)",
        controls=[
            *("Continue", "Start again …", "evaluation", "What the model wrote"),
        ],
        main=SLIDER,
        keys=there_and_back(3, 2),
        first=re.compile(r"Step 1\d\d: "),
        says="Step 25: ",
        asks="",
        value=None,
        picture="canvas",
        theirs=("train_to(run.step + 25); training_dashboard._tell()", "Step 125: "),
    ),
    Row(
        name="architecture_explorer",
        make="ArchitectureExplorer(LECTURE, batch_size=64)",
        controls=[
            *("baseline", "longer", "wider", "deep", "ours", "the lecture's", "GPT-2 small"),
            *("n_layer", "n_head", "n_embd (C)", "block_size (T)", "vocab_size (V)", "batch_size (B)"),
            *("heads", "fused", "direct", "dropout", "Keep this one to compare", "Forget the kept one"),
        ],
        main=SLIDER,
        keys=there_and_back(9, 2),
        first="10,788,929 parameters to learn",
        says="28,522,049 parameters to learn",
        asks="architecture_explorer.n_layer",
        value=16,
        picture=".arc-lists",
        drawn=False,
        fullest="architecture_explorer.n_layer = architecture_explorer.batch_size = 1\n"
        "architecture_explorer.keep(); architecture_explorer.n_layer = architecture_explorer.batch_size = 64",
    ),
    Row(
        name="sampling_studio",
        make='SamplingStudio(model, tokenizer, prompt="ROMEO:\\n", temperature=0.8)',
        controls=[
            *("Prompt", "Seed", "Length", "Write", "Stop", "Go on", "Compare two settings"),
            *("temperature", "top-k", "top-p"),
            re.compile("^Page A: what was written"),
            re.compile("Take this one instead|This one was taken"),
        ],
        main=".studio-list",
        keys=there_and_back(9, 4),
        first="Character 1: ",
        says="Character 6: ",
        asks="sampling_studio.chosen",
        value=5,
        picture=".studio-page",
        drawn=False,
    ),
    Row(
        name="run_explorer",
        make='RunExplorer(["depth", "norm", "dropout"], ticked=["depth: 1 block", "depth: 8 blocks", '
        '"dropout: p = 0.2"])',
        controls=[
            *("Compare", "Predict the winner", "Run your own", "experiment", "find"),
            *("Tick all shown", "Untick all", "experiment", "variant", "what differs", "seeds"),
            *("loss, whole split", "characters", "minutes", "parameters"),
            *("depth: 1 block", "depth: 4 blocks", "depth: 8 blocks"),
            *("norm: before", "norm: after", "norm: none"),
            *("dropout: p = 0", "dropout: p = 0.2", "dropout: p = 0.5"),
            *("steps", "characters read", "seconds of training", "training loss too (dashed)", "read at"),
            "Last common place",
        ],
        main=f".run-reader {SLIDER}",
        keys=there_and_back(5, 3),
        first="At 999 steps the lowest is",
        says="At 40 steps the lowest is",
        asks="run_explorer.at",
        value=40.0,
        picture=".cur-picture canvas",
        said=".run-reader .nano-said",
    ),
    Row(
        name="recipe_race",
        make='RecipeRace(["rate", "Muon"])',
        controls=[
            *("rate", "parts", "Muon", "pairs", "Race against this one", "Race against nothing"),
            *("Start", "time", "seconds of training", "characters read"),
            *(racer.name for racer in racers(load_runs("race"))),
        ],
        main=SLIDER,
        keys=there_and_back(9, 9),
        first=re.compile(r"^After .* s: yours .*, arrived after .* s"),
        says="After 0.0 s: yours 4.",
        asks="recipe_race.share",
        value=0.0,
        picture=".cur-picture canvas",
        fullest="recipe_race.ticks, recipe_race.against = ['rate', 'pairs'], ['parts', 'Muon']\n"
        "recipe_race.share = 0.5",
    ),
    Row(
        name="quiz",
        make="Quiz(questions)",
        controls=[
            *("The text has 65 lines.", "All 65 characters are about equally likely.", "Check question 1"),
            *("average_tril", "x.mean(dim=1)", "Check question 2"),
        ],
        main="input[type=radio]",
        keys=[*["ArrowDown"] * 5, "Enter"],
        first="0 of 2 right",
        says="1 of 2 right",
        asks="quiz.answers",
        value=[[1], []],
        picture="form",
        drawn=False,
        fullest="quiz.answers = [[0], [0, 1]]",
    ),
]
VIEWS = 2  # of each widget on a page, where nothing else is said
PATIENCE = 15_000  # milliseconds: on a machine with other work a page of this size takes its time
EACH = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def page_cells(views: int = VIEWS) -> list[str]:
    """Return the cells of a page that holds so many views of every widget, in the order of the rows."""
    return [SETUP] + [
        f"{row.name} = {row.make}\nremember({row.name})\ndisplay({', '.join([row.name] * views)})"
        for row in ROWS
    ]


def view(notebook: NotebookPage, row: Row, number: int = 0, views: int = VIEWS) -> Locator:
    """Return one of the views of a row's widget, scrolled into view."""
    return notebook.widget(views * ROWS.index(row) + number)


def shows(root: Locator, row: Row, text: str | re.Pattern[str]) -> None:
    """Wait until the widget says so."""
    expect(root.locator(row.said).filter(has_text=text).first).to_be_visible(timeout=PATIENCE)


def turn(root: Locator, row: Row) -> None:
    """Press the row's keys on the widget's main control, as fast as a key that is held."""
    root.locator(row.main).first.focus()
    for key in row.keys:
        root.page.keyboard.press(key)
