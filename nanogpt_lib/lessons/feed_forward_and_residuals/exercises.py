"""A feed-forward layer, a block around its residual stream, and a start at which the stream stays calm.

Each solution lends its name to its exercise.

Taught in: feed_forward_and_residuals.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from nanogpt_lib.kit.diagnose import CHANGE, MOVED, Observe, Run
from nanogpt_lib.kit.legacy import Case, Exercise, Wrong
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.block_facts import laid_out, started, streamed


def _between(low: int, high: int, generator: torch.Generator) -> int:
    return int(torch.randint(low, high + 1, (), generator=generator))


def _output_off(case: Case) -> str:
    return f"off by up to {gap(case.got['output'], case.want['output']):.2g}"


def _right_already(run: Run) -> bool:
    """Whether the output is right up to rounding, so that looking for what is wrong with it is idle."""
    return gap(run.outcome.value["output"], run.want["output"]) <= MOVED


# --- feed_forward ---------------------------------------------------------------------------------


def feed_forward(n_embd: int) -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Linear(n_embd, 4 * n_embd),  # every hidden number is a detector
        torch.nn.ReLU(),  # the bend: without it, two layers are one
        torch.nn.Linear(4 * n_embd, n_embd),  # back to the width of the stream
    )


def _to_lay_out(seed: int) -> list[tuple]:
    """(x, seed of the weights): the layer is asked for as wide as x."""
    generator = torch.Generator().manual_seed(seed)
    B, T, C = (_between(2, 4, generator) for _ in range(3))
    shapes = [(B, T + 1, C + 4), (1, C, C), (B, 1, C + 1)]
    return [(torch.randn(shape, generator=generator), _between(0, 10**6, generator)) for shape in shapes]


def _positions_mixed(observe: Observe, run: Run) -> str:
    mixed = run.outcome.value.get("_mixes")
    return f"Your layer mixes positions: {mixed}. It must treat each alone." if mixed else ""


class _After(nn.Module):
    """A layer with something done to what it makes; `done` also gets what went in."""

    def __init__(self, net: nn.Module, done: Callable) -> None:
        super().__init__()
        self.net, self.done = net, done

    def forward(self, x):
        return self.done(self.net(x), x)


class _Bend(nn.Module):
    def __init__(self, bend: Callable) -> None:
        super().__init__()
        self.bend = bend

    def forward(self, x):
        return self.bend(x)


def _bent_by(bend: Callable) -> Callable:
    return lambda C: nn.Sequential(nn.Linear(C, 4 * C), _Bend(bend), nn.Linear(4 * C, C))


def _wide(width: Callable) -> Callable:
    return lambda C: nn.Sequential(nn.Linear(C, width(C)), nn.ReLU(), nn.Linear(width(C), C))


def _done_to(done: Callable) -> Callable:
    return lambda C: _After(feed_forward.answer(C), done)


def _biases(first: bool, second: bool) -> Callable:
    return lambda C: nn.Sequential(
        nn.Linear(C, 4 * C, bias=first), nn.ReLU(), nn.Linear(4 * C, C, bias=second)
    )


def _parameters(case: Case) -> str:
    return case.got["parameters"].said


def _middle(case: Case) -> int:
    """How wide the middle is, whichever way the matrix lies."""
    C = case.inputs[0].shape[2]
    matrix = next(shape for shape in case.got["_shapes"] if len(shape) == 2)
    return next((side for side in matrix if side != C), C)


def _zeros_in(case: Case) -> str:
    output = case.got["output"]
    return f"{int((output == 0).sum())} of {output.numel()} numbers of your output are 0, and none is below"


feed_forward = Exercise(
    name="feed_forward",
    prompt=(
        "Write feed_forward(n_embd): return a torch module that does relu(x W1 + b1) W2 + b2 for x "
        "(B, T, n_embd), four times as wide in the middle. The check copies its own numbers into it."
    ),
    answer=feed_forward,
    make_inputs=_to_lay_out,
    run=laid_out,
    invariants=(_positions_mixed,),
    note=lambda values: (
        f"{values[0]['parameters'].said} Four times as wide means about 8 times n_embd squared."
    ),
    axes="B, T, C",
    atol=1e-5,  # sums in another order
    hints=(
        "Three things in a row: wider, bend, back. Two of them have weights.",
        "torch.nn.Linear(size_in, size_out) brings its bias along; torch.nn.ReLU() is the bend.",
        "torch.nn.Sequential(Linear(n_embd, 4 * n_embd), ReLU(), Linear(4 * n_embd, n_embd)).",
    ),
    wrong=(
        Wrong(
            "there is no ReLU",
            lambda case: (
                "The mean of your outputs for x and for -x differs from your output for 0 by only "
                f"{gap((case.got['_mirrored'] + case.got['output']) / 2, case.got['_empty']):.1g}: nothing "
                "bends. Two linear layers in a row are no more than one."
            ),
            lambda C: nn.Sequential(nn.Linear(C, 4 * C), nn.Linear(4 * C, C)),
        ),
        Wrong(
            "the ReLU stands at the end",
            lambda case: (
                f"{_zeros_in(case)}: such a layer can only add to the stream, and never take away. And "
                "nothing bends between your two layers."
            ),
            lambda C: nn.Sequential(nn.Linear(C, 4 * C), nn.Linear(4 * C, C), nn.ReLU()),
        ),
        Wrong(
            "a second ReLU stands at the end",
            lambda case: (
                f"{_zeros_in(case)}: such a layer can only add to the stream. The bend in the middle is "
                "right, the last one is too many."
            ),
            _done_to(lambda out, x: F.relu(out)),
        ),
        Wrong(
            "a ReLU stands before the first layer",
            lambda case: (
                "Setting all negative numbers of x to 0 moves your output by "
                f"{gap(case.got['output'], case.got['_positive']):g}: half of the stream is never read. The "
                "bend belongs between the layers."
            ),
            lambda C: nn.Sequential(nn.ReLU(), nn.Linear(C, 4 * C), nn.Linear(4 * C, C)),
            lambda C: nn.Sequential(nn.ReLU(), nn.Linear(C, 4 * C), nn.ReLU(), nn.Linear(4 * C, C)),
        ),
        Wrong(
            "the bend is another",
            lambda case: (
                f"Your output is {_output_off(case)}: something bends in the middle, and it is no ReLU. "
                "ReLU keeps what is positive and makes 0 of the rest."
            ),
            *map(_bent_by, (F.gelu, torch.tanh, torch.sigmoid, F.leaky_relu, F.silu, torch.abs)),
            _bent_by(lambda x: x.softmax(dim=-1)),
        ),
        Wrong(
            "the positions compete",
            lambda case: (
                f"Your layer mixes positions: {case.got['_mixes']}. A softmax over dim 1 runs through time. "
                "Only attention moves things between positions."
            ),
            _bent_by(lambda x: x.softmax(dim=1)),
        ),
        Wrong(
            "the positions are averaged",
            lambda case: (
                f"Your layer mixes positions: {case.got['_mixes']}. A mean over dim 1 runs through time. "
                "Each position thinks alone."
            ),
            _done_to(lambda out, x: out - out.mean(dim=1, keepdim=True)),
            _done_to(lambda out, x: out.mean(dim=1, keepdim=True).expand_as(out)),
        ),
        Wrong(
            "the residual sum is inside",
            lambda case: (
                "Your output minus x is right, within "
                f"{gap(case.got['output'] - case.inputs[0], case.want['output']):.1g}: you added x here "
                "already. The block does that, and it would happen twice."
            ),
            _done_to(lambda out, x: x + out),
        ),
        Wrong(
            "the middle is not four times as wide",
            lambda case: f"{_parameters(case)} The middle is {_middle(case)} wide. How wide should it be?",
            *[_wide(lambda C, times=times: times * C) for times in (1, 2, 3, 8)],
            _wide(lambda C: max(1, C // 4)),
            _wide(lambda C: 4),
            _wide(lambda C: C + 4),
        ),
        Wrong(
            "there is one layer only",
            lambda case: (
                f"{_parameters(case)} One matrix cannot go out and come back: two layers are asked for."
            ),
            lambda C: nn.Sequential(nn.Linear(C, C), nn.ReLU()),
        ),
        Wrong(
            "it stays wide",
            lambda case: (
                f"{_parameters(case)} You went out to {_middle(case)} and stayed there. The "
                "result is to be added to the stream, so it must be as wide as the stream."
            ),
            lambda C: nn.Sequential(nn.Linear(C, 4 * C), nn.ReLU()),
        ),
        Wrong(
            "the second layer does not fit",
            lambda case: (
                f"{_parameters(case)} Your second layer takes {case.inputs[0].shape[2]} numbers, and the "
                f"first one gives {_middle(case)}."
            ),
            lambda C: nn.Sequential(nn.Linear(C, 4 * C), nn.ReLU(), nn.Linear(C, C)),
        ),
        Wrong(
            "there is a layer too many",
            lambda case: (
                f"{_parameters(case)} Two layers are asked for, one out and one back: the one in the "
                "middle has more weights than both together."
            ),
            lambda C: nn.Sequential(
                nn.Linear(C, 4 * C), nn.ReLU(), nn.Linear(4 * C, 4 * C), nn.ReLU(), nn.Linear(4 * C, C)
            ),
        ),
        Wrong(
            "a bias is forgotten",
            lambda case: (
                f"{_parameters(case)} A bias is missing: without b1 every detector has its threshold at 0, "
                "and without b2 the layer has nothing to say of its own."
            ),
            _biases(False, False),
            _biases(False, True),
            _biases(True, False),
        ),
    ),
)


# --- block ----------------------------------------------------------------------------------------


def block(
    x: torch.Tensor, sa: torch.nn.Module, ffwd: torch.nn.Module, ln1: torch.nn.Module, ln2: torch.nn.Module
) -> torch.Tensor:
    x = x + sa(ln1(x))  # communicate: a norm's copy is read, and the change is added to x itself
    x = x + ffwd(ln2(x))  # compute: on the stream that attention has written to
    return x


def _streams(seed: int) -> list[tuple]:
    """(x, n_head, seed of the weights); the spread of x is not 1, so that norms are seen at work."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for n_head, T in [(2, 5), (1, _between(3, 6, generator)), (3, 1)]:
        B, head_size = _between(1, 3, generator), _between(3, 5, generator)
        x = 2 * torch.randn(B, T, n_head * head_size, generator=generator)
        cases.append((x, n_head, _between(0, 10**6, generator)))
    return cases


def _no_identity(observe: Observe, run: Run) -> str:
    moved = gap(run.outcome.value["_silent"], run.inputs[0])
    if moved <= MOVED:
        return ""
    return (
        f"With both parts silent your block moves x by up to {moved:.2g}. Where nobody has anything to add, "
        "x must come out as it went in."
    )


def _future_seen(observe: Observe, run: Run) -> str:
    """Edits the last position alone: each look ahead that a block could have sees it."""
    x, *rest = run.inputs
    last = x.shape[1] - 1
    if not last or _right_already(run):
        return ""
    changed = x.clone()
    changed[:, last] += torch.arange(x.shape[2]).cos() * CHANGE  # a norm would not see a plain shift
    before = numbers(run.outcome.value["output"])
    after = numbers((observe((changed, *rest)).value or {}).get("output"))
    if after is None or after.shape != before.shape:
        return ""
    moved = (after - before).abs()[:, :last].amax(dim=(0, 2))
    if moved.max() <= MOVED:
        return ""
    earlier = int((moved > MOVED).nonzero()[0])
    return (
        f"Position {earlier} saw position {last}, its future: editing position {last} moved your output at "
        f"position {earlier} by {moved[earlier]:.2g}."
    )


def _moved_in_silence(case: Case) -> str:
    moved = gap(case.got["_silent"], case.inputs[0])
    return f"With both parts silent your block still moves x by up to {moved:.2g}"


def _called(case: Case) -> str:
    return f"You called {', '.join(case.got['_calls'])}"


def _times(case: Case, name: str) -> int:
    return case.got["_calls"].count(name)


def _restarted(x, sa, ffwd, ln1, ln2):
    return x + ffwd(ln2(x + sa(ln1(x))))


def _post_norm(x, sa, ffwd, ln1, ln2):
    x = ln1(x + sa(x))
    return ln2(x + ffwd(x))


def _post_and_pre(x, sa, ffwd, ln1, ln2):
    x = ln1(x + sa(ln1(x)))
    return ln2(x + ffwd(ln2(x)))


def _copies_added(x, sa, ffwd, ln1, ln2):
    x = ln1(x)
    x = x + sa(x)
    x = ln2(x)
    return x + ffwd(x)


def _first_copy_added(x, sa, ffwd, ln1, ln2):
    x = ln1(x)
    x = x + sa(x)
    return x + ffwd(ln2(x))


def _second_copy_added(x, sa, ffwd, ln1, ln2):
    x = ln2(x + sa(ln1(x)))
    return x + ffwd(x)


def _one_way_round_attention(x, sa, ffwd, ln1, ln2):
    return ffwd(ln2(x + sa(ln1(x))))


def _one_way_round_the_layer(x, sa, ffwd, ln1, ln2):
    x = sa(ln1(x))
    return x + ffwd(ln2(x))


def _layer_first(x, sa, ffwd, ln1, ln2):
    x = x + ffwd(ln2(x))
    return x + sa(ln1(x))


def _layer_first_norms_in_order(x, sa, ffwd, ln1, ln2):
    x = x + ffwd(ln1(x))
    return x + sa(ln2(x))


def _with_norms(first: Callable, second: Callable) -> Callable:
    """The block with other norms: each is (ln1, ln2, x) to what the part reads."""

    def block(x, sa, ffwd, ln1, ln2):
        x = x + sa(first(ln1, ln2, x))
        return x + ffwd(second(ln1, ln2, x))

    return block


_by_1, _by_2, _bare = (
    (lambda ln1, ln2, x: ln1(x)),
    (lambda ln1, ln2, x: ln2(x)),
    (lambda ln1, ln2, x: x),
)


def _changes_normed(x, sa, ffwd, ln1, ln2):
    x = x + ln1(sa(x))
    return x + ln2(ffwd(x))


def _in_place(x, sa, ffwd, ln1, ln2):
    x += sa(ln1(x))
    x += ffwd(ln2(x))
    return x


def _first_in_place(x, sa, ffwd, ln1, ln2):
    x += sa(ln1(x))
    return x + ffwd(ln2(x))


def _second_in_place(x, sa, ffwd, ln1, ln2):
    x = x + sa(ln1(x))
    x += ffwd(ln2(x))
    return x


def _in_place_on_a_copy(x, sa, ffwd, ln1, ln2):
    return _in_place(x.clone(), sa, ffwd, ln1, ln2)


block = Exercise(
    name="block",
    prompt=(
        "Write block(x, sa, ffwd, ln1, ln2): one block around its residual stream x (B, T, C). First "
        "attention sa reads ln1's copy of the stream and adds its change, then ffwd reads ln2's copy and "
        "adds its own. All four are given, ready to be called."
    ),
    answer=block,
    make_inputs=_streams,
    run=streamed,
    invariants=(_no_identity, _future_seen),
    note=lambda values: (
        "With both parts silent it hands x on, to the last bit, and a gradient comes back on the same way."
    ),
    axes="B, T, C",
    atol=1e-5,
    hints=(
        "Two lines, one for each part. What is added to, and what is read: which of them is the stream?",
        "A part reads norm(x); its change is added to x, not to norm(x). The second part reads the new x.",
        "x = x + sa(ln1(x)), and the same again with the other two.",
    ),
    wrong=(
        Wrong(
            "there is no way round",
            lambda case: (
                "With both parts silent your block returns "
                f"{numbers(case.got['_silent']).abs().max():g} everywhere: x is gone. Each part replaces "
                "what came in. It should add."
            ),
            lambda x, sa, ffwd, ln1, ln2: ffwd(ln2(sa(ln1(x)))),
        ),
        Wrong(
            "only attention has a way round",
            lambda case: (
                "With a silent feed-forward layer your block returns "
                f"{numbers(case.got['_no_ffwd']).abs().max():g} everywhere: all that was in the stream is "
                "lost there. The second part should add, too."
            ),
            _one_way_round_attention,
        ),
        Wrong(
            "only the feed-forward layer has a way round",
            lambda case: (
                "With silent attention your outputs for all positions differ by "
                f"{numbers(case.got['_no_sa']).flatten(0, 1).std(0, correction=0).max():.1g}: nothing of x "
                "is left. The first part should add, too."
            ),
            _one_way_round_the_layer,
        ),
        Wrong(
            "one way round both parts",
            lambda case: (
                "With a silent feed-forward layer what attention found moves your output by "
                f"{gap(case.got['_no_ffwd'], case.inputs[0]):g}. One sum goes round both parts here; each "
                "should have its own."
            ),
            lambda x, sa, ffwd, ln1, ln2: x + ffwd(ln2(sa(ln1(x)))),
        ),
        Wrong(
            "the second sum starts from the old x",
            lambda case: (
                "With a silent feed-forward layer what attention found moves your output by "
                f"{gap(case.got['_no_ffwd'], case.inputs[0]):g}. The layer reads the new stream, but its "
                "change is added to the x from before."
            ),
            _restarted,
        ),
        Wrong(
            "both parts read the same x",
            lambda case: (
                "Your block is right with either part silent, and with both speaking "
                f"it is {_output_off(case)}. The feed-forward layer should read what attention has just "
                "written."
            ),
            lambda x, sa, ffwd, ln1, ln2: x + sa(ln1(x)) + ffwd(ln2(x)),
        ),
        Wrong(
            "the norms stand in the stream",
            lambda case: (
                f"{_moved_in_silence(case)}: a norm stands behind each sum, and all that passes by must go "
                "through it. That is the block of 2017; here a norm stands before a part."
            ),
            _post_norm,
            _post_and_pre,
        ),
        Wrong(
            "the change is added to a norm's copy",
            lambda case: (
                f"{_moved_in_silence(case)}: you add to what a norm made of x, so x itself is lost. A part "
                "reads the copy; its change goes to the stream."
            ),
            _copies_added,
            _first_copy_added,
            _second_copy_added,
        ),
        Wrong(
            "the norms come after the parts",
            lambda case: (
                f"{_moved_in_silence(case)}, for a norm makes something of nothing. You brought to size "
                "what the parts say; bring to size what they read."
            ),
            _changes_normed,
        ),
        Wrong(
            "one norm serves both parts",
            lambda case: (
                f"{_called(case)}: ln1 {_times(case, 'ln1')} times, ln2 {_times(case, 'ln2')} times. They "
                f"have learned different things. Your output is {_output_off(case)}."
            ),
            _with_norms(_by_1, _by_1),
            _with_norms(_by_2, _by_2),
        ),
        Wrong(
            "the norms are swapped",
            lambda case: (
                f"{_called(case)}. Each is called, and your output is {_output_off(case)}: which norm "
                "belongs to which part?"
            ),
            _with_norms(_by_2, _by_1),
        ),
        Wrong(
            "the feed-forward layer comes first",
            lambda case: (
                f"{_called(case)}, and your output is {_output_off(case)}. First communicate, then compute: "
                "else each position thinks over what it has not heard yet."
            ),
            _layer_first,
            _layer_first_norms_in_order,
        ),
        Wrong(
            "a part reads the stream as it is",
            lambda case: (
                f"{_called(case)}: {_times(case, 'ln1') + _times(case, 'ln2')} of 2 norms had something to "
                f"do, and your output is {_output_off(case)}. Each part reads a norm's copy."
            ),
            _with_norms(_bare, _bare),
            _with_norms(_by_1, _bare),
            _with_norms(_bare, _by_2),
        ),
        Wrong(
            "x is changed in place",
            lambda case: (
                f"{case.got['x'].said} The output is right, but += writes into the x that you were given. "
                "Whoever called the block still needs it: x = x + ... makes a new tensor."
            ),
            _in_place,
            _first_in_place,
        ),
        Wrong(
            "the stream is overwritten",
            lambda case: (
                f"The output is right within {gap(case.got['output'], case.want['output']):.1g}, but it "
                f"cannot be trained. {case.got['gradient'].said} A norm still needs the numbers that += "
                "wrote over."
            ),
            _second_in_place,
            _in_place_on_a_copy,
        ),
    ),
)


# --- scale_writers --------------------------------------------------------------------------------


def scale_writers(blocks: list) -> list:
    factor = (2 * len(blocks)) ** -0.5  # each block adds to the stream twice
    with torch.no_grad():  # we write the numbers ourselves, no gradient does
        for block in blocks:
            block.sa.proj.weight *= factor
            block.ffwd.net[2].weight *= factor
    return blocks


def _stacks(seed: int) -> list[tuple]:
    """(n_layer, seed of the weights)."""
    generator = torch.Generator().manual_seed(seed)
    return [(n_layer, _between(0, 10**6, generator)) for n_layer in (12, 5)]


def _scaled(factor: Callable, writers: Callable | None = None) -> Callable:
    """scale_writers with another factor (of the number of blocks, the block's own) or other weights."""

    @torch.no_grad()
    def scale_writers(blocks):
        for place, one in enumerate(blocks):
            for weight in (writers or _both)(one):
                weight *= factor(len(blocks), place)
        return blocks

    return scale_writers


def _both(block):
    return block.sa.proj.weight, block.ffwd.net[2].weight


def _right_factor(n_layer, place):
    return (2 * n_layer) ** -0.5


def _not_in_place(blocks):
    for one in blocks:
        weight = one.sa.proj.weight
        weight = weight * 0.5  # a new tensor, which nobody keeps
    return blocks


@torch.no_grad()
def _as_in_the_library(blocks):
    for one in blocks:
        for weight in _both(one):
            weight.normal_(std=0.02 * _right_factor(len(blocks), 0))
    return blocks


def _with_gradients(blocks):
    for one in blocks:
        one.sa.proj.weight *= 0.5


def _with_gradients_by_method(blocks):
    for one in blocks:
        one.sa.proj.weight.mul_(0.5)


def _by_assignment(blocks):
    for one in blocks:
        one.sa.proj.weight = one.sa.proj.weight * 0.5


@torch.no_grad()
def _by_assignment_without_gradients(blocks):
    _by_assignment(blocks)


def _loudness(case: Case) -> str:
    return (
        f"{case.inputs[0]} blocks together added a spread of {case.got['_before']:.2f} before, and add "
        f"{case.got['_after']:.2f} now, where 1 was asked for"
    )


def _factor(case: Case, writer: str = "sa.proj.weight") -> str:
    return f"{case.got['_factors'][writer][0]:.3g}"


scale_writers = Exercise(
    name="scale_writers",
    prompt=(
        "Write scale_writers(blocks): multiply the weights of all writers, in place, by one factor. Each "
        "writer writes changes of spread 1; all that the blocks add to the stream together shall have "
        "about spread 1, however many they are. A block's writers are block.sa.proj.weight and "
        "block.ffwd.net[2].weight. Return blocks."
    ),
    answer=scale_writers,
    make_inputs=_stacks,
    run=started,
    note=lambda values: (
        f"What twelve blocks add to the stream had a spread of {values[0]['_before']:.2f}; now it is "
        f"{values[0]['_after']:.2f}."
    ),
    hints=(
        "Variances of independent changes add up. How many changes do the blocks add, all together?",
        "N changes of variance 1 have variance N together. Which factor on each makes 1 of it?",
        "The factor is (2 * len(blocks)) ** -0.5. Write under torch.no_grad(), with *=.",
    ),
    wrong=(
        Wrong(
            "a block is counted as one writer",
            lambda case: (
                f"{_loudness(case)}. Your factor is {_factor(case)}, one over the root of {case.inputs[0]}. "
                "How often does one block add to the stream?"
            ),
            _scaled(lambda n, place: n**-0.5),
        ),
        Wrong(
            "the root is missing",
            lambda case: (
                f"{_loudness(case)}. Your factor is {_factor(case)}: divided by a number of changes, as if "
                "spreads added up. What adds up are variances."
            ),
            _scaled(lambda n, place: 1 / (2 * n)),
            _scaled(lambda n, place: 1 / n),
        ),
        Wrong(
            "the factor is upside down",
            lambda case: (
                f"{_loudness(case)}. Your factor is {_factor(case)}, above 1: the writers got louder. Divide."
            ),
            _scaled(lambda n, place: (2 * n) ** 0.5),
            _scaled(lambda n, place: n**0.5),
        ),
        Wrong(
            "nothing was scaled",
            lambda case: (
                f"{_loudness(case)}: the writers are {_factor(case)} times what they were. "
                "w = w * factor makes a new tensor, and the block keeps its own: change it in place."
            ),
            lambda blocks: blocks,
            _not_in_place,
        ),
        Wrong(
            "only attention's writers are scaled",
            lambda case: (
                f"{_loudness(case)}. The writers of the feed-forward layers are "
                f"{_factor(case, 'ffwd.net.2.weight')} times what they were. Each block has two."
            ),
            _scaled(_right_factor, lambda one: [one.sa.proj.weight]),
        ),
        Wrong(
            "only the feed-forward layers' writers are scaled",
            lambda case: (
                f"{_loudness(case)}. The writers of attention are {_factor(case)} times what they were. "
                "Each block has two."
            ),
            _scaled(_right_factor, lambda one: [one.ffwd.net[2].weight]),
        ),
        Wrong(
            "the readers are scaled",
            lambda case: (
                f"{len(case.got['_changed'])} matrices that read the stream have changed, such as "
                f"{case.got['_changed'][0]}. What a part writes passes its last matrix: scale that one."
            ),
            _scaled(_right_factor, lambda one: [one.sa.qkv, one.ffwd.net[0].weight]),
            _scaled(_right_factor, lambda one: [one.sa.proj.weight, one.ffwd.net[0].weight]),
            _scaled(_right_factor, lambda one: [one.ffwd.net[0].weight]),
        ),
        Wrong(
            "everything is scaled",
            lambda case: (
                f"{_loudness(case)}. Besides the writers, {len(case.got['_changed'])} other parameters have "
                f"changed, such as {case.got['_changed'][0]}. Readers and norms stay as they are."
            ),
            _scaled(_right_factor, lambda one: list(one.parameters())),
            _scaled(_right_factor, lambda one: [weight for weight in one.parameters() if weight.ndim == 2]),
            _scaled(_right_factor, lambda one: [*_both(one), one.ffwd.net[0].weight]),
        ),
        Wrong(
            "the factor of twelve blocks, everywhere",
            lambda case: (
                f"{_loudness(case)}. Your factor is {_factor(case)} here too; it is right for 12 blocks. "
                "Count the blocks that you got."
            ),
            _scaled(lambda n, place: 24**-0.5),
        ),
        Wrong(
            "each block has a factor of its own",
            lambda case: (
                f"{_loudness(case)}. Your first block's factor is {_factor(case)}, the last one's "
                f"{case.got['_factors']['sa.proj.weight'][-1]:.3g}. One factor for all is asked for."
            ),
            _scaled(lambda n, place: (2 * (place + 1)) ** -0.5),
            _scaled(lambda n, place: (place + 1) ** -0.5),
        ),
        Wrong(
            "the weights are drawn anew, and small",
            lambda case: (
                f"{_loudness(case)}. You started the writers from 0.02, as the library does. Here they are "
                "there already: multiply what you got."
            ),
            _as_in_the_library,
        ),
        Wrong(
            "a gradient is recorded",
            lambda case: (
                f"torch raised {type(case.error).__name__} for {case.inputs[0]} blocks: these weights are "
                "to be trained, so torch wants to follow every change. This one is ours: torch.no_grad()."
            ),
            _with_gradients,
            _with_gradients_by_method,
        ),
        Wrong(
            "a parameter is replaced by a tensor",
            lambda case: (
                f"torch raised {type(case.error).__name__} for {case.inputs[0]} blocks: the name of a "
                "parameter takes no plain tensor. Change the numbers where they are."
            ),
            _by_assignment,
            _by_assignment_without_gradients,
        ),
    ),
)
