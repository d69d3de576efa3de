"""LayerNorm: the norm itself, one that leaked and is repaired, and where norms stand in a stack of blocks.

The first input of the first two is the table of section 1, so a message can tell what became of its `b`.
Each solution lends its name to its exercise.

Taught in: layernorm.
"""

from collections.abc import Callable

import numpy
import torch

from nanogpt_lib.kit.diagnose import Observe, Run
from nanogpt_lib.kit.legacy import Case, Exercise, Wrong
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.norm_facts import NAMES, leaks, normed, stacked

LINE, PLACES = "to be or", " abcdefghijklmnopqrstuvwxyz"
_B = (0, LINE.index("b"))  # where b stands in the table


def _table() -> torch.Tensor:
    """(2, 4, 3): whether a vowel, whether a consonant, the place in the alphabet; a space has none."""
    rows = [[c in "aeiou", c not in "aeiou ", PLACES.index(c)] for c in LINE]
    return torch.tensor(rows).float().view(2, 4, 3)


def _xs(seed: int) -> tuple[list[tuple[torch.Tensor, float]], torch.Generator]:
    """(x, eps), beginning with the table: all sizes different, all the same, each 1, and constant rows."""
    generator = torch.Generator().manual_seed(seed)
    B, more, wider = (int(torch.randint(2, 4, (), generator=generator)) for _ in range(3))
    T, C = B + more, B + more + wider
    cases = [(_table(), 1e-5)]
    for shape, spread, eps in [
        ((B, T, C), 1.0, 1e-5),
        ((B + 1, T, C), 0.4, 0.1),  # here it shows where eps stands
        ((1, T, C), 1.5, 1e-3),
        ((B, 1, C), 1.0, 1e-5),
        ((T, T, T), 1.0, 1e-5),  # a mean of a wrong shape raises nothing here
    ]:
        x = torch.randn(shape, generator=generator) * spread + torch.randn(shape[-1], generator=generator)
        cases.append((x, eps))
    # whole numbers, eight of them: by any way to a mean it has no rounding, which eps would magnify
    constant = torch.randint(-9, 10, (B, T, 1), generator=generator).float().repeat(1, 1, 8)
    return [*cases, (constant, 1e-5)], generator


def _out(case: Case) -> torch.Tensor:
    return numbers(case.got["output"])


def _row(values: torch.Tensor) -> str:
    return f"({', '.join(f'{float(value):.3g}' for value in values)})"


def _b(case: Case) -> str:
    """What became of b, where the table was the input."""
    return f"b, which is {_row(case.inputs[0][_B])}, becomes {_row(_out(case)[_B])}"


def _worst(case: Case) -> str:
    """The value that is farthest off, of the learner's and as it should be."""
    got, want = _out(case), numbers(case.want["output"])
    place = numpy.unravel_index(int((got - want).abs().argmax()), got.shape)
    return f"At {[int(i) for i in place]} you have {got[place]:.3g}, and it should be {want[place]:.3g}"


def _at_eps(case: Case) -> str:
    return f"{_worst(case)}, with eps = {case.inputs[-1]:g}"


def _normal(
    x: torch.Tensor, eps: float, mean: tuple = (-1,), variance: tuple | None = None, correction: int = 0
) -> torch.Tensor:
    """Normalised over any axes; another set of them for the variance, if given."""
    centred = x - x.mean(mean, keepdim=True)
    around = centred.square().mean(variance or mean, keepdim=True)
    if correction:
        around = x.var(mean, correction=correction, keepdim=True)
    return centred / (around + eps).sqrt()


# --- layer_norm -----------------------------------------------------------------------------------


def layer_norm(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, eps: float) -> torch.Tensor:
    centred = x - x.mean(dim=-1, keepdim=True)  # each position's own mean, (B, T, 1)
    variance = centred.square().mean(dim=-1, keepdim=True)  # divided by C, not by C - 1
    return gamma * centred / (variance + eps).sqrt() + beta


def _norm_inputs(seed: int) -> list[tuple]:
    (table, *others), generator = _xs(seed)
    cases = [(table[0], torch.ones(3), torch.zeros(3), table[1])]
    for x, eps in others:
        gain, shift = torch.randn(2, x.shape[-1], generator=generator).clone().unbind()
        cases.append((x, 1 + 0.5 * gain, shift, eps))
    return cases


def _gradients_arrive(observe: Observe, run: Run) -> str:
    for name in NAMES:
        gradient = run.outcome.value.get(key := f"gradient of {name}")
        if gradient is not None and not gradient.any() and run.want[key].any():
            return (
                f"The gradient of {name} is 0 at all {gradient.numel()} numbers, so nothing could be learned "
                "through it. Where is the way from the output back to it cut?"
            )
    return ""


def _rows_away(case: Case) -> str:
    """How far a row's own mean is from 0, where gamma is 1 and beta 0."""
    mean = _out(case).mean(dim=-1)
    return f"{_b(case)}, and your rows have means of up to {mean.abs().max():.3g}, not 0"


def _over(name: str, dims: tuple, said: str) -> Wrong:
    """The mistake of normalising over these axes."""

    def over(x, gamma, beta, eps):
        return gamma * _normal(x, eps, dims) + beta

    return Wrong(f"over {name}", lambda case: f"{_rows_away(case)}. {said}", over)


def _styled(normal: Callable) -> Callable:
    """layer_norm with another middle: normal(x, centred, variance, eps)."""

    def layer_norm(x, gamma, beta, eps):
        centred = x - x.mean(-1, keepdim=True)
        return gamma * normal(x, centred, centred.square().mean(-1, keepdim=True), eps) + beta

    return layer_norm


def _ends(name: str, said: str, finish: Callable) -> Wrong:
    """The mistake of ending with finish(normalised x, gamma, beta)."""

    def ends(x, gamma, beta, eps):
        return finish(_normal(x, eps), gamma, beta)

    return Wrong(name, lambda case: f"{_worst(case)}: {said}.", ends)


def _std(x, correction=0):
    return x.std(-1, keepdim=True, correction=correction)


def _lost_axis(*kept: bool) -> Callable:
    """layer_norm without keepdim in the mean, in the variance, or in both."""

    def layer_norm(x, gamma, beta, eps):
        mean, variance = x.mean(-1, keepdim=kept[0]), x.var(-1, correction=0, keepdim=kept[1])
        return gamma * (x - mean) / (variance + eps).sqrt() + beta

    return layer_norm


def _in_place(x, gamma, beta, eps):
    x -= x.mean(-1, keepdim=True)
    x /= (x.square().mean(-1, keepdim=True) + eps).sqrt()
    return gamma * x + beta


def _centred_in_place(x, gamma, beta, eps):
    x -= x.mean(-1, keepdim=True)
    return gamma * x / (x.square().mean(-1, keepdim=True) + eps).sqrt() + beta


def _nan(case: Case) -> str:
    """How many values are not numbers, and the first row with one."""
    bad = ~_out(case).isfinite()
    row = bad.nonzero()[0].tolist()[:2]
    return f"{int(bad.sum())} of {bad.numel()} values are not finite, the first in row {row}"


def _gradient_off(case: Case) -> str:
    key = "gradient of x"
    return f"{gap(case.got[key], case.want[key]) / numbers(case.want[key]).abs().max():.0%}"


layer_norm = Exercise(
    name="layer_norm",
    prompt=(
        "Write layer_norm(x, gamma, beta, eps): each position of x (B, T, C) normalised over its own C "
        "features, with the biased variance and eps in the root; then times gamma (C,), plus beta (C,)."
    ),
    answer=layer_norm,
    make_inputs=_norm_inputs,
    run=normed,
    invariants=(_gradients_arrive,),
    note=lambda values: (
        "It is what torch's own F.layer_norm gives, constant rows stay finite, and x, gamma and beta get "
        "their gradients."
    ),
    axes="B, T, C",
    probe="(Measured on the table of section 1, with gamma 1 and beta 0.)",
    hints=(
        "One position at a time: its mean, its variance, a root. Then gain and shift, which all share.",
        "keepdim=True keeps (B, T, 1), so that each row meets its own mean. The squares are divided by C.",
        (
            "centred = x - x.mean(dim=-1, keepdim=True); variance = centred.square().mean(dim=-1, "
            "keepdim=True); then gamma * centred / (variance + eps).sqrt() + beta."
        ),
    ),
    wrong=(
        Wrong(
            "the unbiased variance",
            lambda case: (
                f"{_b(case)}: too small by the root of C / (C - 1). torch's var and std divide by C - 1 "
                "unless told otherwise, as in section 2."
            ),
            lambda x, gamma, beta, eps: gamma * _normal(x, eps, correction=1) + beta,
        ),
        Wrong(
            "torch's std, with eps added to it",
            lambda case: (
                f"{_b(case)}. Two slips in one: std divides by C - 1 unless told otherwise, and eps was "
                "added to the root, not to the variance inside it."
            ),
            _styled(lambda x, centred, variance, eps: centred / (_std(x, 1) + eps)),
        ),
        Wrong(
            "eps outside the root",
            lambda case: f"{_at_eps(case)}. You added eps to the spread; it belongs to the variance.",
            _styled(lambda x, centred, variance, eps: centred / (variance.sqrt() + eps)),
            _styled(lambda x, centred, variance, eps: centred / (_std(x) + eps)),
        ),
        Wrong(
            "no eps",
            lambda case: (
                f"{_nan(case)}, whose features are all the same: 0 divided by 0. What should stand beside "
                "the variance?"
            ),
            _styled(lambda x, centred, variance, eps: centred / variance.sqrt()),
            _styled(lambda x, centred, variance, eps: centred / _std(x)),
            _styled(lambda x, centred, variance, eps: centred / _std(x, 1)),
        ),
        Wrong(
            "an eps of its own",
            lambda case: (
                f"{_at_eps(case)}: you took 1e-5 or another number of your own. Take the eps that is given."
            ),
            lambda x, gamma, beta, eps: gamma * _normal(x, 1e-5) + beta,
            lambda x, gamma, beta, eps: gamma * _normal(x, 1e-6) + beta,
            lambda x, gamma, beta, eps: gamma * _normal(x, 1e-8) + beta,
        ),
        _over("time", (1,), "It is each feature's mean over time that is 0: dim=1 is time."),
        _over("the batch", (0,), "It is the mean of the two sequences that is 0: dim=0 is the batch."),
        _over("time and features", (1, 2), "The mean of each whole block is 0. A position stands alone."),
        _over("batch and time", (0, 1), "This is a batch norm: each feature, over all positions."),
        _over("everything", (0, 1, 2), "One mean and one variance served all positions of all sequences."),
        Wrong(
            "keepdim is missing",
            lambda case: (
                f"torch raised {type(case.error).__name__}: {case.error}. A mean over the last axis has lost "
                "that axis, so it cannot find its row. What keeps the axis, with size 1?"
            ),
            _lost_axis(False, False),
            _lost_axis(False, True),
            _lost_axis(True, False),
        ),
        Wrong(
            "the mean is not subtracted",
            lambda case: (
                f"{_rows_away(case)}. You divided by the spread, and the mean is still in. Both are to go: "
                "shift first, then scale."
            ),
            _styled(lambda x, centred, variance, eps: x / (variance + eps).sqrt()),
        ),
        Wrong(
            "the mean square of x, nothing subtracted",
            lambda case: (
                f"{_rows_away(case)}. This is RMSNorm, which many newer models use: no mean. A layer "
                "norm takes it away first."
            ),
            _styled(lambda x, centred, variance, eps: x / (x.square().mean(-1, keepdim=True) + eps).sqrt()),
        ),
        Wrong(
            "the variance is not centred",
            lambda case: f"{_b(case)}: your variance squares x itself, and not the distances from the mean.",
            _styled(
                lambda x, centred, variance, eps: centred / (x.square().mean(-1, keepdim=True) + eps).sqrt()
            ),
        ),
        Wrong(
            "no root",
            lambda case: (
                f"{_b(case)}: you divided by the variance, which is a square. Distances are divided by "
                "their spread."
            ),
            _styled(lambda x, centred, variance, eps: centred / (variance + eps)),
        ),
        _ends(
            "gamma and beta are not used",
            "the row is normalised, and then gain and shift are missing",
            lambda normal, gamma, beta: normal,
        ),
        _ends(
            "gamma is not used",
            "beta has been added, and nothing was multiplied",
            lambda normal, gamma, beta: normal + beta,
        ),
        _ends(
            "beta is not used",
            "gamma has been multiplied, and nothing was added",
            lambda normal, gamma, beta: gamma * normal,
        ),
        _ends(
            "beta is multiplied by gamma too",
            "you added beta first, and then gamma stretched it. Stretch, then move",
            lambda normal, gamma, beta: gamma * (normal + beta),
        ),
        Wrong(
            "gamma and beta are swapped",
            lambda case: (
                f"{_b(case)}, the same in all features: you multiplied by beta, which is 0, and added "
                "gamma, which is 1."
            ),
            lambda x, gamma, beta, eps: beta * _normal(x, eps) + gamma,
        ),
        Wrong(
            "mean and variance are detached",
            lambda case: (
                f"The output is right, and the gradient of x is off by {_gradient_off(case)} of its largest "
                "value: x moves its mean and its variance too, and that way back is cut. Do without detach, "
                ".data and no_grad."
            ),
            lambda x, gamma, beta, eps: (
                gamma
                * (x - x.mean(-1, keepdim=True).detach())
                / (x.var(-1, correction=0, keepdim=True).detach() + eps).sqrt()
                + beta
            ),
            _styled(lambda x, centred, variance, eps: centred / (variance.detach() + eps).sqrt()),
        ),
        Wrong(
            "writes into x",
            lambda case: (
                f"{case.got['inputs'].said} x -= ... writes into the tensor that was given, and a block "
                "still needs it for its sum. Make a new one: x - ..."
            ),
            _in_place,
            _centred_in_place,
        ),
    ),
)


# --- repaired -------------------------------------------------------------------------------------


def repaired(x: torch.Tensor, eps: float) -> torch.Tensor:
    mean = x.mean(dim=-1, keepdim=True)  # was dim=(0, 1): other sequences and other positions
    centred = x - mean
    variance = centred.square().mean(dim=-1, keepdim=True)  # was dim=1: other positions
    return centred / (variance + eps).sqrt()


def _leak(observe: Observe, run: Run) -> str:
    facts = [run.outcome.value.get(key) for key in ("time", "batch")]
    return " ".join(fact.said for fact in facts if fact and fact.value)


def _dims(mean: tuple, variance: tuple | None = None) -> Callable:
    return lambda x, eps: _normal(x, eps, mean, variance)


def _steps(x: torch.Tensor) -> torch.Tensor:
    return torch.arange(1.0, x.shape[1] + 1)[:, None]


def _past(x, eps):
    mean, square = x.cumsum(1) / _steps(x), x.square().cumsum(1) / _steps(x)
    return (x - mean) / ((square - mean.square()).clamp(min=0) + eps).sqrt()


def _past_of_all(x, eps):
    mean, square = (y.mean(-1, keepdim=True).cumsum(1) / _steps(x) for y in (x, x.square()))
    return (x - mean) / ((square - mean.square()).clamp(min=0) + eps).sqrt()


def _future(x, eps):
    return _past(x.flip(1), eps).flip(1)


def _one_ahead(x, eps):
    rows = []
    for t in range(x.shape[1]):
        seen = x[:, : t + 2]
        rows.append((x[:, t] - seen.mean(1)) / (seen.var(1, correction=0) + eps).sqrt())
    return torch.stack(rows, 1)


def _lets_in(name: str, said: str, *functions: Callable) -> Wrong:
    """A mistake that leaks: told by what moves, and `said`."""

    def message(case: Case) -> str:
        facts = case.got["time"], case.got["batch"]
        return " ".join([*(fact.said for fact in facts if fact.value), said])

    return Wrong(name, message, *functions)


def _keeps_out(name: str, said: Callable[[Case], str], *functions: Callable) -> Wrong:
    """A mistake that leaks nothing."""
    return Wrong(name, lambda case: f"Nothing leaks, and {said(case)}", *functions)


repaired = Exercise(
    name="repaired",
    prompt=(
        "Repair the leaking norm of the task as repaired(x, eps): x is (B, T, C), and every row of C "
        "numbers gets mean 0 and variance 1 by itself. No row may move when another gets new numbers."
    ),
    answer=repaired,
    make_inputs=lambda seed: _xs(seed)[0],
    run=leaks,
    invariants=(_leak,),
    note=lambda values: "New numbers later in time, or in another sequence, move no row: nothing leaks.",
    axes="B, T, C",
    probe="(Measured on the table of section 1.)",
    hints=(
        "Two lines look at other rows. For each mean ask: whose numbers does it add up?",
        "x.mean(dim=...) adds up along the axes that it names. Which axis holds one row's own features?",
        "Take dim=-1 in both lines, the mean's and the variance's.",
    ),
    wrong=(
        _lets_in("both leaks are still there", "Neither line has been repaired.", _dims((0, 1), (1,))),
        _lets_in(
            "only the mean is repaired",
            "The mean is each row's own now. What does the variance add up?",
            _dims((-1,), (1,)),
            _dims((-1,), (0, 1)),
        ),
        _lets_in(
            "only the variance is repaired",
            "The variance stays within the row now, and the mean does not.",
            _dims((0, 1), (-1,)),
            _dims((1,), (-1,)),
            _dims((0,), (-1,)),
        ),
        _lets_in("over time", "Other sequences stay out, the future does not: dim=1 is time.", _dims((1,))),
        _lets_in("over the batch", "Time is shut out, neighbours are not: dim=0 is the batch.", _dims((0,))),
        _lets_in("over batch and time", "Both lines agree now: on a batch norm.", _dims((0, 1))),
        _lets_in(
            "over time and features",
            "The features are right, but all rows of a block share one mean.",
            _dims((1, 2)),
        ),
        _lets_in(
            "over batch and features",
            "The features are right, but rows at the same position share one mean.",
            _dims((0, 2)),
        ),
        _lets_in("over everything", "One mean of all numbers lets all of them in.", _dims((0, 1, 2))),
        _lets_in(
            "the window reaches into the future",
            "Your running mean does not end at its own position.",
            _future,
            _one_ahead,
        ),
        _keeps_out(
            "over the past of each feature",
            lambda case: (
                f"row [0, 0] has become {_row(_out(case)[0, 0])}: the first position has no past to differ "
                "from. Each row is to be normalised by itself."
            ),
            _past,
        ),
        _keeps_out(
            "over the past and the features",
            lambda case: (
                f"row [0, 1] has a mean of {_out(case)[0, 1].mean():.3g}, not 0: the rows before it still "
                "count. Each row is to be normalised by itself."
            ),
            _past_of_all,
        ),
        _keeps_out(
            "only scaled",
            lambda case: f"{_b(case)}: its mean is {_out(case)[_B].mean():.3g}, not 0. The shift is missing.",
            lambda x, eps: x / (x.square().mean(-1, keepdim=True) + eps).sqrt(),
            lambda x, eps: x / (x.var(-1, correction=0, keepdim=True) + eps).sqrt(),
        ),
        _keeps_out(
            "only shifted",
            lambda case: (
                f"{_b(case)}: its variance is {_out(case)[_B].var(correction=0):.3g}, not 1. The scale is "
                "missing."
            ),
            lambda x, eps: x - x.mean(-1, keepdim=True),
        ),
        _keeps_out(
            "nothing is normalised",
            lambda case: f"nothing happens: {_b(case)}.",
            lambda x, eps: x.clone(),
        ),
        _keeps_out(
            "the unbiased variance",
            lambda case: f"{_b(case)}: its squares were divided by C - 1, not by C.",
            lambda x, eps: _normal(x, eps, correction=1),
        ),
    ),
)


# --- stack ----------------------------------------------------------------------------------------


def stack(x: torch.Tensor, blocks: list, ln_f: torch.nn.Module) -> torch.Tensor:
    for ln1, sa, ln2, ffwd in blocks:
        x = x + sa(ln1(x))
        x = x + ffwd(ln2(x))
    return ln_f(x)


def _to_stack(seed: int) -> list[tuple]:
    """(x, n_layer, seed of the weights)."""
    generator = torch.Generator().manual_seed(seed)
    return [
        (torch.randn(B, T, 6, generator=generator), n_layer, seed + 10 * n_layer)
        for B, T, n_layer in [(2, 4, 2), (1, 5, 1), (3, 3, 4)]
    ]


def _off(case: Case) -> str:
    return f"Your output is off by up to {gap(case.got['output'], case.want['output']):.2g}"


def _call(case: Case) -> str:
    """The first call that is not the one that should have been made."""
    mine, right = (list(facts["calls"].value) for facts in (case.got, case.want))
    number = next((n for n, (a, b) in enumerate(zip(mine, right)) if a != b), min(len(mine), len(right)))  # noqa: B905
    if number == len(mine):
        return f"You made {len(mine)} calls, and the last went to {mine[-1]}"
    return f"Call {number + 1} of your {len(mine)} went to {mine[number]}"


def _spread(case: Case) -> str:
    return f"spread {_out(case).std():.2g}, where it should be {numbers(case.want['output']).std():.2g}"


def _order(observe: Observe, run: Run) -> str:
    mine, right = run.outcome.value["calls"], run.want["calls"]
    if mine == right:
        return ""
    return f"{_call(Case(run.inputs, run.outcome.value, run.want, None))}. {mine.said}"


def _through(block: Callable, last: bool = True) -> Callable:
    """stack with another block: block(x, ln1, sa, ln2, ffwd)."""

    def stack(x, blocks, ln_f):
        for parts in blocks:
            x = block(x, *parts)
        return ln_f(x) if last else x

    return stack


def _known(name: str, measure: Callable[[Case], str], said: str, *blocks: Callable) -> Wrong:
    """The mistake of such blocks, with the last norm and without."""
    functions = [_through(block, last) for block in blocks for last in (True, False)]
    return Wrong(name, lambda case: f"{measure(case)}{said}", *functions)


def _sum(x, part, norm=lambda x: x):
    return x + part(norm(x))


def _right(x, ln1, sa, ln2, ffwd):
    return _sum(_sum(x, sa, ln1), ffwd, ln2)


def _norm_once(x, ln1, sa, ln2, ffwd):
    h = ln1(x)
    x = x + sa(h)
    return x + ffwd(h)


def _adds_in_place(x, ln1, sa, ln2, ffwd):
    x += sa(ln1(x))
    x += ffwd(ln2(x))
    return x


def _last_in_every(x, blocks, ln_f):
    for parts in blocks:
        x = ln_f(_right(x, *parts))
    return x


def _returns_early(x, blocks, ln_f):
    for parts in blocks:
        x = _right(x, *parts)
        return ln_f(x)


def _from_the_beginning(x, blocks, ln_f):
    for parts in blocks:
        out = _right(x, *parts)
    return ln_f(out)


stack = Exercise(
    name="stack",
    prompt=(
        "Write stack(x, blocks, ln_f): x (B, T, C) goes through every block, with a norm before each part, "
        "and through the last norm. A block is a tuple (ln1, sa, ln2, ffwd) of layers to call."
    ),
    answer=stack,
    make_inputs=_to_stack,
    run=stacked,
    invariants=(_order,),
    atol=1e-5,
    note=lambda values: (
        f"On the first input your {len(values[0]['calls'].value)} calls came in the right order, ln_f last, "
        "and all weights get their gradients."
    ),
    axes="B, T, C",
    hints=(
        "A block is two sums. What is added comes from a part, and the part reads through its own norm.",
        "x + part(norm(x)), twice in every block. What does the second one start from? What ends it all?",
        "In the loop x = x + sa(ln1(x)), then x = x + ffwd(ln2(x)); after the loop return ln_f(x).",
    ),
    wrong=(
        _known(
            "the norm after the sum",
            _call,
            ", before any norm: this is post-norm, as in 2017. Here each part is to read normalised numbers.",
            lambda x, ln1, sa, ln2, ffwd: ln2(_sum(ln1(_sum(x, sa)), ffwd)),
        ),
        _known(
            "the norm after the part, before the sum",
            _call,
            ", before any norm: you normalised what a part writes. Normalise what it reads.",
            lambda x, ln1, sa, ln2, ffwd: _sum(_sum(x, lambda x: ln1(sa(x))), lambda x: ln2(ffwd(x))),
        ),
        Wrong(
            "no last norm",
            lambda case: (
                f"{_call(case)}, so the stream leaves as it has grown: {_spread(case)}. Which layer has not "
                "been called?"
            ),
            _through(_right, last=False),
        ),
        Wrong(
            "the last norm in every block",
            lambda case: (
                f"{_call(case)}, where another block was still to come: that puts a norm across the stream. "
                "ln_f comes once."
            ),
            _last_in_every,
            lambda x, blocks, ln_f: ln_f(_last_in_every(x, blocks, ln_f)),
        ),
        Wrong(
            "the last norm comes first",
            lambda case: (
                f"{_call(case)}. The head at the top is to get normalised numbers, so ln_f comes last."
            ),
            lambda x, blocks, ln_f: _through(_right, last=False)(ln_f(x), blocks, ln_f),
        ),
        _known(
            "no norm before the feed-forward layer",
            _call,
            ", which read the stream as it was. Attention has its norm; this part needs one too.",
            lambda x, ln1, sa, ln2, ffwd: _sum(_sum(x, sa, ln1), ffwd),
        ),
        _known(
            "no norm before attention",
            _call,
            ", which read the stream as it was. The other part has its norm; this one needs one too.",
            lambda x, ln1, sa, ln2, ffwd: _sum(_sum(x, sa), ffwd, ln2),
        ),
        _known(
            "no norm in the blocks",
            _call,
            ", and no norm of a block is among them. Each part reads through a norm of its own.",
            lambda x, ln1, sa, ln2, ffwd: _sum(_sum(x, sa), ffwd),
        ),
        _known(
            "one norm for both parts",
            _call,
            ", the same norm as for the block's other part. A block has two, with gains of their own.",
            lambda x, ln1, sa, ln2, ffwd: _sum(_sum(x, sa, ln1), ffwd, ln1),
            lambda x, ln1, sa, ln2, ffwd: _sum(_sum(x, sa, ln2), ffwd, ln2),
        ),
        _known(
            "the two norms are swapped",
            _call,
            ". It runs all the same, but ln1 stands before attention.",
            lambda x, ln1, sa, ln2, ffwd: _sum(_sum(x, sa, ln2), ffwd, ln1),
        ),
        _known(
            "both parts read the first norm's result",
            _call,
            ": it read the old ln1(x), without what attention had just added. Normalise anew after the sum.",
            _norm_once,
        ),
        _known(
            "the stream itself is normalised",
            _off,
            ". What passes by is normalised as well: x = ln1(x) replaces the stream. Only what a part reads "
            "goes through a norm.",
            lambda x, ln1, sa, ln2, ffwd: _sum(ln2(_sum(ln1(x), sa)), ffwd),
        ),
        _known(
            "the sums are missing",
            _off,
            ": each part replaces the stream. It should add to what passes by, as in notebook 07.",
            lambda x, ln1, sa, ln2, ffwd: ffwd(ln2(sa(ln1(x)))),
        ),
        _known(
            "one sum is missing",
            _off,
            ": one of the parts adds to the stream, and the other replaces it.",
            lambda x, ln1, sa, ln2, ffwd: _sum(sa(ln1(x)), ffwd, ln2),
            lambda x, ln1, sa, ln2, ffwd: ffwd(ln2(_sum(x, sa, ln1))),
        ),
        _known(
            "the parts side by side",
            _off,
            ": both parts of a block read the same x. The second is to read what the first has added to.",
            lambda x, ln1, sa, ln2, ffwd: x + sa(ln1(x)) + ffwd(ln2(x)),
        ),
        _known(
            "the second sum starts from the old stream",
            _off,
            ": the feed-forward part read what attention had added, and then the sum left it out.",
            lambda x, ln1, sa, ln2, ffwd: x + ffwd(ln2(_sum(x, sa, ln1))),
        ),
        _known(
            "feed-forward before attention",
            _call,
            ". First communicate, then compute.",
            lambda x, ln1, sa, ln2, ffwd: _sum(_sum(x, ffwd, ln2), sa, ln1),
            lambda x, ln1, sa, ln2, ffwd: _sum(_sum(x, ffwd, ln1), sa, ln2),
        ),
        Wrong(
            "ends after the first block",
            lambda case: (
                f"{_call(case)}, with blocks still to come. Is the last norm, or the return, inside the loop?"
            ),
            _returns_early,
        ),
        Wrong(
            "every block starts from the beginning",
            lambda case: (
                f"{_off(case)}: all blocks were called, and only the last one counts. Does each receive what "
                "the one before it made?"
            ),
            _from_the_beginning,
        ),
        Wrong(
            "adds into x in place",
            lambda case: (
                f"{case.got['x'].said} x += ... writes into the tensor that was given. Make a new one: "
                "x = x + ..."
            ),
            _through(_adds_in_place),
        ),
        Wrong(
            "adds in place on a copy",
            lambda case: (
                f"On the way back torch raised {type(case.error).__name__}, for x of shape "
                f"{tuple(case.inputs[0].shape)}: a norm keeps what it has read, and += has written over it. "
                "Make a new tensor: x = x + ..."
            ),
            lambda x, blocks, ln_f: _through(_adds_in_place)(x.clone(), blocks, ln_f),
        ),
    ),
)
