"""Averaging the past: as a loop, as a matrix product, as a softmax, and with a fading memory.

The first input of every exercise is the identity matrix (B = 1, C = T = 8): there the output is
the weights themselves, so a message can tell the learner their own weights.
Each solution lends its name to its exercise.

Taught in: averaging_the_past.
"""

import torch

from nanogpt_lib.averaging import average_loop, average_tril, causal_mask
from nanogpt_lib.kit.diagnose import no_future, weights_sum_to_1
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case, Wrong

SIDE = 8  # T of the first input


def _inputs(seed: int) -> list[tuple]:
    generator = torch.Generator().manual_seed(seed)
    B, T, C = (int(torch.randint(2, 7, (), generator=generator)) for _ in range(3))
    shapes = [(B, T, C), (1, T + 1, C), (B, 1, C), (1, 1, 1), (B + 1, T, 1)]
    drawn = [(torch.randn(shape, generator=generator),) for shape in shapes]
    return [(torch.eye(SIDE)[None],), *drawn]


def _weight(case: Case, t: int, s: int) -> str:
    return f"{case.got[0, t, s].item():.3g}"


def _row_sum(case: Case, t: int) -> str:
    return f"{case.got[0, t].sum().item():.3g}"


def _worst_row(case: Case) -> str:
    sums = case.got[0].sum(-1)
    t = int((sums - 1).abs().argmax())
    return f"Row {t} of your weights sums to {sums[t].item():.3g}"


def _future(case: Case, t: int) -> str:
    return f"{case.got[0, t, t + 1 :].sum().item():.3g}"


_NOTE = "No position sees its future, and the weights of every row sum to 1."
_PROBE = "(Measured with the identity matrix for x: there the output is the weights themselves.)"
_SHARED = {
    "make_inputs": _inputs,
    "invariants": (no_future, weights_sum_to_1),
    "note": lambda values: _NOTE,
    "axes": "B, T, C",
    "probe": _PROBE,
}


# --- avg_loop -------------------------------------------------------------------------------------


def avg_loop(x: torch.Tensor) -> torch.Tensor:
    B, T, C = x.shape
    out = torch.zeros(B, T, C)
    for b in range(B):
        for t in range(T):
            out[b, t] = x[b, : t + 1].mean(dim=0)  # rows 0 to t, so t + 1 of them
    return out


def _loop_over(first, last, combine):
    def averaged(x):
        return torch.stack([combine(x[:, first(t) : last(t, x.shape[1])]) for t in range(x.shape[1])], dim=1)

    return averaged


def _mean(part):
    return part.sum(dim=1) / max(part.shape[1], 1)  # nothing to average: 0


def _mean_or_nan(part):
    return part.mean(dim=1)


def _sum(part):
    return part.sum(dim=1)


_before_t = _loop_over(lambda t: 0, lambda t, T: t, _mean_or_nan)
_before_t_from_zero = _loop_over(lambda t: 0, lambda t, T: t, _mean)
_all_of_it = _loop_over(lambda t: 0, lambda t, T: T, _mean)
_from_t_on = _loop_over(lambda t: t, lambda t, T: T, _mean)
_sum_of_past = _loop_over(lambda t: 0, lambda t, T: t + 1, _sum)
_two_only = _loop_over(lambda t: max(t - 1, 0), lambda t, T: t + 1, _mean)


def _divided_by_T(x):
    return _sum_of_past(x) / x.shape[1]


def _divided_by_t(x):
    return _sum_of_past(x) / torch.arange(x.shape[1])[:, None]


def _over_channels_too(x):
    return torch.stack([x[:, : t + 1].mean(dim=(1, 2)) for t in range(x.shape[1])], dim=1)[..., None].expand(
        x.shape
    )


def _overwritten(x):
    for t in range(x.shape[1]):
        x[:, t] = x[:, : t + 1].mean(dim=1)
    return x


def _first_only(x):
    out = torch.zeros_like(x)
    out[0] = average_loop(x)[0]
    return out


def _whole(case: Case) -> str:
    return (
        f"Row 0 gives {_future(case, 0)} of its weight to positions after it: you averaged all {SIDE} "
        "positions. Position t may use x[b, :t + 1] only."
    )


_DIVIDED_BY_T = Wrong(
    "divides by T",
    lambda case: (
        f"Row 0 of your weights sums to {_row_sum(case, 0)}: you divided every sum by T = {SIDE}. "
        "Row t adds up t + 1 positions, so divide it by t + 1."
    ),
    _divided_by_T,
)
_NOT_DIVIDED = Wrong(
    "adds up without dividing",
    lambda case: (
        f"Row {SIDE - 1} of your weights sums to {_row_sum(case, SIDE - 1)}, not to 1: you added up the past "
        "and did not divide by how many there are."
    ),
    _sum_of_past,
)

avg_loop = Exercise(
    name="avg_loop",
    prompt="Write avg_loop(x): x is (B, T, C), and row t of the result is the mean of rows 0 to t.",
    answer=avg_loop,
    hints=(
        "Two loops: one over the batch (b), one over time (t). Inside, look at one short piece of x.",
        "The past of position t, itself included, is x[b, :t + 1]: a slice stops before its end.",
        "out[b, t] = x[b, :t + 1].mean(dim=0): dim=0 is time here, so C numbers remain.",
    ),
    wrong=(
        Wrong(
            "leaves out position t itself",
            lambda case: (
                f"Row 1 of your weights gives itself {_weight(case, 1, 1)}; it should be 0.5. x[b, :t] stops "
                "before t: take x[b, :t + 1]."
            ),
            _before_t,
            _before_t_from_zero,
        ),
        Wrong("averages the whole sequence", _whole, _all_of_it),
        Wrong(
            "averages the future",
            lambda case: (
                f"Row 0 gives {_future(case, 0)} of its weight to positions after it: x[b, t:] is the "
                "future. The past is x[b, :t + 1]."
            ),
            _from_t_on,
        ),
        _NOT_DIVIDED,
        _DIVIDED_BY_T,
        Wrong(
            "divides by t",
            lambda case: (
                f"Row 1 of your weights sums to {_row_sum(case, 1)}, not to 1: you divided by t. Rows 0 to t "
                "are t + 1 rows."
            ),
            _divided_by_t,
        ),
        Wrong(
            "averages the channels as well",
            lambda case: (
                f"At position 0 all channels hold {_weight(case, 0, 0)}: mean() without dim averaged the "
                "channels too. Take mean(dim=0) of x[b, :t + 1]."
            ),
            _over_channels_too,
        ),
        Wrong(
            "writes its means into x",
            lambda case: (
                f"Row 2 gives position 0 the weight {_weight(case, 2, 0)}, not 0.333: you wrote the "
                "means into "
                "x, so later rows averaged averages. Write into a new tensor, torch.zeros_like(x)."
            ),
            _overwritten,
        ),
        Wrong(
            "fills the first sequence only",
            lambda case: (
                f"Sequence 1 of the batch has {int((case.got[1] == 0).sum())} zeros in its result: only "
                "sequence 0 was filled. Loop over b too."
            ),
            _first_only,
        ),
        Wrong(
            "looks back one step only",
            lambda case: (
                f"Row 2 gives position 0 the weight {_weight(case, 2, 0)}, not 0.333: you averaged positions "
                "t - 1 and t. The slice starts at 0."
            ),
            _two_only,
        ),
    ),
    **_SHARED,
)


# --- avg_tril -------------------------------------------------------------------------------------


def avg_tril(x: torch.Tensor) -> torch.Tensor:
    T = x.shape[1]
    weights = torch.tril(torch.ones(T, T))
    weights = weights / weights.sum(dim=1, keepdim=True)  # every row sums to 1
    return weights @ x  # (T, T) @ (B, T, C) -> (B, T, C)


def _with(weights_of):
    """The answer f(x) that multiplies by weights made from T."""
    return lambda x: weights_of(x.shape[1]).to(x.dtype) @ x


def _tril(T, diagonal=0):
    return torch.ones(T, T).tril(diagonal)


def _normalised(weights):
    return weights / weights.sum(dim=1, keepdim=True)


def _zero_row(weights):
    return weights / weights.sum(dim=1, keepdim=True).clamp(min=1)


avg_tril = Exercise(
    name="avg_tril",
    prompt="Write avg_tril(x): the same means as avg_loop, as one product of a (T, T) matrix with x.",
    answer=avg_tril,
    hints=(
        (
            "A row of the product is a sum of rows of x. So row t of the matrix says how much of each row "
            "to take."
        ),
        (
            "torch.tril(torch.ones(T, T)) has ones where looking is allowed. Its rows sum to 1, 2, 3, ...: "
            "make each sum to 1."
        ),
        "weights = weights / weights.sum(dim=1, keepdim=True), then weights @ x.",
    ),
    wrong=(
        _NOT_DIVIDED,
        _DIVIDED_BY_T,
        Wrong(
            "keepdim is missing",
            lambda case: (
                f"Row {SIDE - 1} of your weights sums to {_row_sum(case, SIDE - 1)}, not to 1: without "
                "keepdim=True the sums are a row, and each column was divided by the sum of another row."
            ),
            _with(lambda T: _tril(T) / _tril(T).sum(dim=1)),
        ),
        Wrong(
            "normalises the columns",
            lambda case: (
                f"Row 0 of your weights sums to {_row_sum(case, 0)}, not to 1: dim=0 makes the columns sum "
                "to 1. The past of a position is a row: dim=1."
            ),
            _with(lambda T: _tril(T) / _tril(T).sum(dim=0, keepdim=True)),
        ),
        Wrong(
            "looks forward",
            lambda case: (
                f"Row 0 gives {_future(case, 0)} of its weight to positions after it: the ones are above the "
                "diagonal. Take tril, the lower triangle."
            ),
            _with(lambda T: _normalised(torch.ones(T, T).triu())),
        ),
        Wrong(
            "leaves out position t itself",
            lambda case: (
                f"Row 1 of your weights gives itself {_weight(case, 1, 1)}; it should be 0.5. The diagonal "
                "belongs to the past: torch.tril(ones), without diagonal=-1."
            ),
            _with(lambda T: _normalised(_tril(T, -1))),
            _with(lambda T: _zero_row(_tril(T, -1))),
        ),
        Wrong(
            "sees one position too far",
            lambda case: (
                f"Row 0 gives {_future(case, 0)} of its weight to position 1, its future: diagonal=1 keeps "
                "one place too many. Leave it at 0."
            ),
            _with(lambda T: _normalised(_tril(T, 1))),
        ),
        Wrong(
            "no triangle",
            lambda case: (
                f"Row 0 gives {_future(case, 0)} of its weight to positions after it: every one of the "
                f"{SIDE} positions counts. Cut the matrix with torch.tril before you divide."
            ),
            _all_of_it,
        ),
        Wrong(
            "the weights are transposed",
            lambda case: (
                f"Row {SIDE - 1} of your weights sums to {_row_sum(case, SIDE - 1)}, and row 0 gives "
                f"{_future(case, 0)} to its future: the right weights stand on their side. "
                "Multiply by weights, not by weights.T."
            ),
            _with(lambda T: _normalised(_tril(T)).T),
        ),
    ),
    **_SHARED,
)


# --- avg_softmax ----------------------------------------------------------------------------------


def avg_softmax(x: torch.Tensor) -> torch.Tensor:
    T = x.shape[1]
    scores = torch.zeros(T, T)
    future = torch.tril(torch.ones(T, T)) == 0
    scores = scores.masked_fill(future, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ x  # (T, T) @ (B, T, C) -> (B, T, C)


def _masked(T, fill, visible=None):
    return torch.zeros(T, T).masked_fill(~(causal_mask(T) if visible is None else visible), fill)


def _softmaxed(fill, dim=-1, visible=lambda T: causal_mask(T)):
    return _with(lambda T: _masked(T, fill, visible(T)).softmax(dim=dim))


_INF = float("-inf")

avg_softmax = Exercise(
    name="avg_softmax",
    prompt="Write avg_softmax(x): the same means once more, from scores of 0, a mask and a softmax.",
    answer=avg_softmax,
    hints=(
        (
            "Begin with scores of zero, (T, T). A softmax of equal scores gives equal weights. Which "
            "score gives "
            "the weight 0?"
        ),
        "exp(-inf) is 0. So put -inf where the future is, and take the softmax after that, along each row.",
        (
            'scores.masked_fill(torch.tril(torch.ones(T, T)) == 0, float("-inf")), then '
            "torch.softmax(scores, "
            "dim=-1), then weights @ x."
        ),
    ),
    wrong=(
        Wrong(
            "masks after the softmax",
            lambda case: (
                f"Row 3 of your weights sums to {_row_sum(case, 3)}, not to 1: you masked after the softmax, "
                "so the weights were never renormalised. Mask the scores first."
            ),
            _with(lambda T: torch.zeros(T, T).softmax(dim=-1).tril()),
        ),
        Wrong(
            "the mask changes nothing",
            lambda case: (
                f"Row 0 gives {_future(case, 0)} of its weight to its future, as if there were no mask: 0 "
                "(or nearly 0, such as 1e-10) is a score like any other, and masked_fill returns a new "
                "tensor. "
                'Keep its result, and fill with float("-inf").'
            ),
            _softmaxed(0.0),
            _softmaxed(1e-10),
            _softmaxed(-1e-10),
        ),
        Wrong(
            "masks with -1",
            lambda case: (
                f"Row 0 still gives {_future(case, 0)} of its weight to its future: exp(-1) is 0.37, not 0. "
                'Fill with float("-inf").'
            ),
            _softmaxed(-1.0),
        ),
        Wrong(
            "softmax over the wrong dim",
            lambda case: (
                f"Row 0 of your weights sums to {_row_sum(case, 0)} and row {SIDE - 1} to "
                f"{_row_sum(case, SIDE - 1)}: dim=0 (or -2) makes the columns sum to 1. Take dim=-1."
            ),
            _softmaxed(_INF, dim=-2),
        ),
        Wrong(
            "hides position t itself",
            lambda case: (
                f"{int(case.got[0, 0].isnan().sum())} of {SIDE} values of row 0 are NaN: position 0 may not "
                "even see itself, and a softmax over nothing but -inf is 0 / 0. Keep the diagonal: tril == 0."
            ),
            _softmaxed(_INF, visible=lambda T: causal_mask(T).tril(-1)),
        ),
        Wrong(
            "masks the past",
            lambda case: (
                f"Row 0 gives {_future(case, 0)} of its weight to its future: you hid the past. Fill where "
                "tril == 0, not where it is 1."
            ),
            _softmaxed(_INF, visible=lambda T: causal_mask(T).T),
        ),
        Wrong(
            "masks the past and position t",
            lambda case: (
                f"{int(case.got[0, -1].isnan().sum())} of {SIDE} values of row {SIDE - 1} are NaN: you hid "
                "everything but the future, and the last row has none. Fill where tril == 0, not where "
                "it is 1."
            ),
            _softmaxed(_INF, visible=lambda T: ~causal_mask(T)),
        ),
        Wrong(
            "no softmax",
            lambda case: (
                f"{int((~case.got.isfinite()).sum())} of {case.got.numel()} values are not finite: the "
                "scores, "
                "with their -inf, were multiplied with x. Take the softmax first."
            ),
            _with(lambda T: _masked(T, _INF)),
        ),
        Wrong(
            "the weights are transposed",
            avg_tril.wrong[-1].message,
            *avg_tril.wrong[-1].functions,
        ),
    ),
    **_SHARED,
)


# --- decayed_average ------------------------------------------------------------------------------


def decayed_average(x: torch.Tensor, decay: float) -> torch.Tensor:
    T = x.shape[1]
    ago = torch.arange(T)[:, None] - torch.arange(T)  # (T, T): how long ago, negative in the future
    weights = torch.tril(decay ** ago.clamp(min=0).float())  # 0 ** 0 is 1: decay 0 keeps the present
    weights = weights / weights.sum(dim=1, keepdim=True)
    return weights @ x


def _decayed_inputs(seed: int) -> list[tuple]:
    eye, *drawn = _inputs(seed)
    decays = (0.5, 0.9, 1.0, 0.0, 0.7, 0.3)
    return [(*one, decay) for one, decay in zip([eye, *drawn], decays, strict=True)] + [
        (*drawn[0], 0.0),
        (*drawn[1], 1.0),
        (*drawn[4], 0.8),
    ]


def _ago(T):
    return torch.arange(T)[:, None] - torch.arange(T)


def _faded(T, decay):
    return (decay ** _ago(T).clamp(min=0).float()).tril()


def _with_decay(weights_of):
    return lambda x, decay: weights_of(x.shape[1], decay).to(x.dtype) @ x


def _from_logs(T, decay):
    scores = _ago(T) * torch.tensor(decay).log()
    return scores.masked_fill(~causal_mask(T), _INF).softmax(dim=-1)


def _moving(x, decay):
    out = [x[:, 0]]
    for t in range(1, x.shape[1]):
        out.append(decay * out[-1] + (1 - decay) * x[:, t])
    return torch.stack(out, dim=1)


def _oldest_most(T, decay):
    return _normalised((decay ** torch.arange(T).float()).expand(T, T).tril())


decayed_average = Exercise(
    name="decayed_average",
    prompt=(
        "Write decayed_average(x, decay): a mean of the past in which a position s steps back counts "
        "decay ** s, and the weights of every row sum to 1."
    ),
    answer=decayed_average,
    make_inputs=_decayed_inputs,
    invariants=(no_future, weights_sum_to_1),
    note=lambda values: "Decay 1 gives the plain mean, decay 0 gives x back, and every row sums to 1.",
    axes="B, T, C",
    probe=_PROBE,
    hints=(
        "As avg_tril, but the ones become powers of decay: 1 on the diagonal, decay beside it, and so on.",
        (
            "How long ago is t - s: torch.arange(T)[:, None] - torch.arange(T). Keep the lower triangle, "
            "and divide each row by its sum."
        ),
        (
            "weights = torch.tril(decay ** ago.clamp(min=0).float()): clamp keeps 0 from a negative power; "
            "then as in avg_tril."
        ),
    ),
    wrong=(
        Wrong(
            "the rows are not normalised",
            lambda case: (
                f"Row {SIDE - 1} of your weights sums to {_row_sum(case, SIDE - 1)} with decay 0.5, not "
                "to 1: "
                "divide each row by its sum."
            ),
            _with_decay(_faded),
        ),
        Wrong(
            "divides by t + 1",
            lambda case: (
                f"Row {SIDE - 1} of your weights sums to {_row_sum(case, SIDE - 1)} with decay 0.5: you "
                "divided "
                "by how many there are. With a decay they do not count 1 each: divide by the sum of weights."
            ),
            _with_decay(lambda T, decay: _faded(T, decay) / torch.arange(1, T + 1)[:, None]),
        ),
        Wrong(
            "the oldest counts most",
            lambda case: (
                f"Row 1 gives position 0 the weight {_weight(case, 1, 0)} and itself {_weight(case, 1, 1)}: "
                "the powers run the wrong way. The present has decay ** 0 = 1."
            ),
            _with_decay(_oldest_most),
        ),
        Wrong(
            "fades on both sides",
            lambda case: (
                f"Row 0 gives {_future(case, 0)} of its weight to positions after it: abs(t - s) fades into "
                "the future as well. Keep the lower triangle."
            ),
            _with_decay(lambda T, decay: _normalised(decay ** _ago(T).abs().float())),
        ),
        Wrong(
            "NaN at decay 0",
            lambda case: (
                f"With decay 0, {int(case.got.isnan().sum())} of {case.got.numel()} values are NaN. The "
                "present "
                "must keep its weight 0 ** 0 = 1: count the steps back from 0, and do not go through log(0)."
            ),
            _with_decay(_from_logs),
            _with_decay(lambda T, decay: _normalised((decay ** (_ago(T).clamp(min=0) + 1.0)).tril())),
        ),
        Wrong(
            "a moving average",
            lambda case: (
                f"Row 1 gives position 0 the weight {_weight(case, 1, 0)}, not 0.333, with decay 0.5: "
                "decay * before + (1 - decay) * now is another average: position 0 counts too much in it."
            ),
            _moving,
        ),
        Wrong(
            "keepdim is missing",
            lambda case: (
                f"{_worst_row(case)} with decay 0.5: without "
                "keepdim=True each column was divided by the sum of another row."
            ),
            _with_decay(lambda T, decay: _faded(T, decay) / _faded(T, decay).sum(dim=1)),
        ),
        Wrong(
            "normalises the columns",
            lambda case: (
                f"Row 0 of your weights sums to {_row_sum(case, 0)} with decay 0.5: dim=0 makes the columns "
                "sum to 1. The past of a position is a row: dim=1."
            ),
            _with_decay(lambda T, decay: _faded(T, decay) / _faded(T, decay).sum(dim=0)),
        ),
        Wrong(
            "decay does nothing",
            lambda case: (
                f"With decay 0.5, row 1 gives position 0 the weight {_weight(case, 1, 0)}, as much as "
                "itself: "
                "this is the plain mean. It should be 0.333."
            ),
            lambda x, decay: average_tril(x),
        ),
    ),
)
