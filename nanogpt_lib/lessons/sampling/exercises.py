"""Sampling: temperature, top-k and top-p with their corners, and the loop that writes.

The first input of the first three is a single short row, so that a message can be checked by hand.
Each solution lends its name to its exercise.

Taught in: sampling.
"""

from collections.abc import Callable

import torch
from torch.nn.functional import one_hot

from nanogpt_lib.kit.diagnose import Observe, Run, rows_sum_to_1
from nanogpt_lib.kit.legacy import Case, Exercise, Wrong
from nanogpt_lib.kit.measures.models import MODES
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.lessons.sampling_facts import BLOCK, NEW, nucleus, written
from nanogpt_lib.sampling import next_token_probs

INF = float("inf")


def _sizes(seed: int) -> tuple[int, int, torch.Generator]:
    """B, V and a generator; B and V are never the same."""
    generator = torch.Generator().manual_seed(seed)
    B, more = (int(torch.randint(low, low + 3, (), generator=generator)) for low in (3, 4))
    return B, B + more, generator


def _bad(values: torch.Tensor) -> str:
    """How many values are no numbers."""
    return f"{int((~values.isfinite()).sum())} of {values.numel()} values are not finite"


def _raised(case: Case) -> str:
    return f"your function raised {type(case.error).__name__}: {str(case.error).splitlines()[0].rstrip('.')}"


# --- apply_temperature ----------------------------------------------------------------------------


def apply_temperature(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    if temperature == 0:
        first = logits.argmax(dim=-1, keepdim=True)  # of equals the first
        return torch.zeros_like(logits).scatter(-1, first, 1.0)
    return (logits / temperature).softmax(dim=-1)


def _to_heat(seed: int) -> list[tuple]:
    """(logits, temperature): cold, hot, as it is, greedy, with equals at the top, and very sure."""
    B, V, generator = _sizes(seed)

    def logits(*shape: int) -> torch.Tensor:
        return 1.5 * torch.randn(shape, generator=generator)

    def warm(low: float) -> float:
        return round(low + float(torch.rand((), generator=generator)), 2)

    top = torch.randperm(V, generator=generator)[:2]
    greedy, equals = logits(B, V), logits(B, V)
    greedy[0, top] = greedy[0].max() + torch.tensor([1.0, 1.02])  # close, and not the same
    equals[0, top] = equals[0].max() + 1
    return [
        (torch.tensor([2.0, 1.0, 0.0]), 0.5),
        (logits(V), warm(1.5)),
        (logits(B, V), round(warm(0.9) / 2, 2)),
        (logits(V, V), warm(1.2)),
        (logits(B, V), 1.0),
        (greedy, 0.0),
        (equals, 0.0),
        (60 * logits(B, V), 0.5),
    ]


def _order_kept(observe: Observe, run: Run) -> str:
    got, want = numbers(run.outcome.value), run.want
    likeliest, right = got.argmax(dim=-1).flatten(), want.argmax(dim=-1).flatten()
    if torch.equal(likeliest, right):
        return ""
    row = int((likeliest != right).nonzero()[0])
    return (
        f"In row {row} your likeliest is id {int(likeliest[row])}, and the highest logit has id "
        f"{int(right[row])}{run.said}. No temperature changes who is first."
    )


def _at(case: Case) -> str:
    return f"At T = {case.inputs[1]:g}"


def _top(case: Case) -> str:
    """The largest value of the learner's first row, and of the plain softmax there."""
    logits = case.inputs[0].reshape(-1, case.inputs[0].shape[-1])[0]
    mine = case.got.reshape(-1, case.got.shape[-1])[0].max().item()
    return f"{_at(case)} your likeliest has {mine:.3g}; at T = 1 it has {logits.softmax(-1).max().item():.3g}"


def _sum_of(case: Case) -> str:
    """The row whose sum is farthest from 1."""
    sums = case.got.sum(-1).flatten()
    row = int((sums - 1).abs().argmax())
    return f"{_at(case)} your row {row} sums to {sums[row]:.3g}, not to 1"


def _greedy(logits: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(logits).scatter(-1, logits.argmax(dim=-1, keepdim=True), 1.0)


def _heating(middle: Callable, at_0: Callable | None = _greedy) -> Callable:
    """apply_temperature from middle(logits, T), with what comes at T = 0; None is no case of its own."""
    return lambda logits, T: at_0(logits) if T == 0 and at_0 else middle(logits, T)


def _both_ways(middle: Callable) -> list[Callable]:
    """The slip by somebody who thought of T = 0, and by somebody who did not."""
    return [_heating(middle), _heating(middle, None)]


def _renormalised(values: torch.Tensor) -> torch.Tensor:
    return values / values.sum(dim=-1, keepdim=True)


def _softly(logits, T):
    return (logits / T).softmax(dim=-1)


def _at_no_T(at_0: Callable) -> Callable:
    return _heating(_softly, at_0)


def _flat_softmax(logits, T):
    return (logits / T).flatten().softmax(0).view_as(logits)


def _one_for_all(logits):
    first = torch.zeros(logits.numel())
    first[logits.argmax()] = 1.0
    return first.view_as(logits)


def _last_of_equals(logits):
    return _greedy(logits.flip(-1)).flip(-1)


def _equals_alike(logits):
    return (logits == logits.amax(dim=-1, keepdim=True)).float()


def _small_instead(small: float) -> Callable:
    return lambda logits, T: _softly(logits, max(T, small))


apply_temperature = Exercise(
    name="apply_temperature",
    prompt=(
        "Write apply_temperature(logits, temperature): the probabilities of logits (V,) or (B, V) at any "
        "temperature >= 0. At 0 all goes to the highest logit, and of equals to the first."
    ),
    answer=apply_temperature,
    make_inputs=_to_heat,
    invariants=(rows_sum_to_1, _order_kept),
    note=lambda values: (
        f"On (2, 1, 0) the likeliest has {values[0].max().item():.3f} at T = 0.5. T = 0 is greedy, T = 1 the "
        "plain softmax, and nowhere did another come first."
    ),
    probe="(Measured on the logits 2, 1, 0.)",
    hints=(
        "One temperature cannot be divided by. What should come out there, and in which row goes what?",
        "Divide the logits, before the softmax over the last axis. argmax(dim=-1) gives the first of equals.",
        (
            "At 0: torch.zeros_like(logits).scatter(-1, logits.argmax(dim=-1, keepdim=True), 1.0). "
            "Otherwise (logits / temperature).softmax(dim=-1)."
        ),
    ),
    wrong=(
        Wrong(
            "the temperature changes nothing",
            lambda case: (
                f"{_top(case)}: nothing changed. Did you divide the probabilities? What all are divided by, "
                "the new sum divides out again. Cool or heat before there are probabilities."
            ),
            *_both_ways(lambda logits, T: _renormalised(logits.softmax(dim=-1) / T)),
            *_both_ways(lambda logits, T: logits.softmax(dim=-1)),
        ),
        Wrong(
            "the probabilities are divided, and left so",
            lambda case: (
                f"{_sum_of(case)}. You divided probabilities by T, so their sum is divided too. Cool or heat "
                "what comes before them."
            ),
            *_both_ways(lambda logits, T: logits.softmax(dim=-1) / T),
        ),
        Wrong(
            "the logits are multiplied",
            lambda case: (
                f"{_top(case)}. Cold should give more to the first and heat less; yours goes the other way."
            ),
            *_both_ways(lambda logits, T: (logits * T).softmax(dim=-1)),
            *_both_ways(lambda logits, T: _renormalised(logits.softmax(dim=-1) ** T)),
        ),
        Wrong(
            "softmax along the wrong axis",
            lambda case: (
                f"{_sum_of(case)}: your columns sum to 1 instead, so a character competes with itself in "
                "other rows. Which axis is the vocabulary?"
            ),
            *_both_ways(lambda logits, T: (logits / T).softmax(dim=0)),
        ),
        Wrong(
            "softmax over the whole batch",
            lambda case: f"{_sum_of(case)}: all rows share one sum. Every row is a choice of its own.",
            *_both_ways(_flat_softmax),
        ),
        Wrong(
            "the axis is counted from the front",
            lambda case: (
                f"With logits of shape {tuple(case.inputs[0].shape)} {_raised(case)}. (V,) and (B, V) are "
                "both asked for; counted from the end, the vocabulary has one number in both."
            ),
            *_both_ways(lambda logits, T: (logits / T).softmax(dim=1)),
        ),
        Wrong(
            "T = 0 divides by zero",
            lambda case: (
                (
                    f"{_at(case)} {_raised(case)}."
                    if case.error
                    else f"{_at(case)} {_bad(case.got)}: a division by zero gives infinities, and their "
                    "difference is no number."
                )
                + " What should come out there? Give it a line of its own."
            ),
            _softly,
            lambda logits, T: (logits * (1 / T)).softmax(dim=-1),
            lambda logits, T: _renormalised(logits.softmax(dim=-1) ** (1 / T)),
            lambda logits, T: ((logits - logits.amax(dim=-1, keepdim=True)) / T).softmax(dim=-1),
        ),
        Wrong(
            "T = 0 is taken as off",
            lambda case: (
                f"{_at(case)} your likeliest has {case.got[0].max().item():.3g}: that is the plain softmax, "
                "which is T = 1. The colder, the surer; what is the end of that?"
            ),
            _at_no_T(lambda logits: logits.softmax(dim=-1)),
        ),
        Wrong(
            "T = 0 gives an id",
            lambda case: (
                f"{_at(case)} you return shape {tuple(case.got.shape)}, and the logits have "
                f"{tuple(case.inputs[0].shape)}: an id says which one, and probabilities are asked for, all "
                "but one of them 0."
            ),
            _at_no_T(lambda logits: logits.argmax(dim=-1)),
            _at_no_T(lambda logits: logits.argmax(dim=-1, keepdim=True)),
        ),
        Wrong(
            "at T = 0 equals share",
            lambda case: (
                f"{_at(case)} two logits of row 0 are equally high, and you give each "
                f"{case.got[0].max().item():.3g}. That is where ever smaller T lead, and a fair choice; "
                "here, as in the library, all goes to the first."
            ),
            _at_no_T(lambda logits: _renormalised(_equals_alike(logits))),
            *[_small_instead(10.0**-digits) for digits in (3, 4, 5, 6, 7, 8, 9, 10, 12)],
        ),
        Wrong(
            "a small T in place of 0",
            lambda case: (
                f"{_at(case)} your likeliest has {case.got.amax(-1).min().item():.4g} in one of the rows, "
                "and should have 1: a T that is only small leaves something to logits that are close."
            ),
            _small_instead(0.1),
            _small_instead(0.01),
        ),
        Wrong(
            "at T = 0 each of equals gets 1",
            lambda case: f"{_sum_of(case)}: two logits are equally high. Of equals, the first alone.",
            _at_no_T(_equals_alike),
        ),
        Wrong(
            "at T = 0 the last of equals",
            lambda case: (
                f"{_at(case)} two logits of row 0 are equally high, and you chose id "
                f"{int(case.got[0].argmax())}, the later one. The first is asked for."
            ),
            _at_no_T(_last_of_equals),
        ),
        Wrong(
            "at T = 0 one for the whole batch",
            lambda case: (
                (
                    f"{_at(case)} {_raised(case)}"
                    if case.error
                    else _sum_of(case)
                    if case.got.shape == case.inputs[0].shape
                    else f"{_at(case)} you return shape {tuple(case.got.shape)}"
                )
                + f": your argmax found one place in all {len(case.inputs[0])} rows. Each row has a highest "
                "of its own; name the axis."
            ),
            _at_no_T(lambda logits: one_hot(logits.argmax(), logits.shape[-1]).float()),
            _at_no_T(_one_for_all),
        ),
        Wrong(
            "always greedy",
            lambda case: f"{_top(case)}. All on the first is T = 0 only.",
            lambda logits, T: _greedy(logits),
        ),
        Wrong(
            "no softmax",
            lambda case: (
                f"{_sum_of(case)}: these are logits at that temperature. What makes them probabilities?"
            ),
            *_both_ways(lambda logits, T: logits / T),
        ),
        Wrong(
            "softmax twice",
            lambda case: (
                f"{_top(case)}, and T below 1 should sharpen. How many softmaxes are there in yours?"
            ),
            *_both_ways(lambda logits, T: _softly(logits, T).softmax(dim=-1)),
        ),
        Wrong(
            "the temperature comes after the softmax",
            lambda case: (
                f"{_top(case)}. You heated probabilities and made a softmax of them; what lies between 0 and "
                "1 comes out nearly even."
            ),
            *_both_ways(lambda logits, T: (logits.softmax(dim=-1) / T).softmax(dim=-1)),
        ),
        Wrong(
            "log-probabilities",
            lambda case: (
                f"{_at(case)} your largest value is {case.got.max().item():.3g}, and no probability is below "
                "0. You took their logarithms."
            ),
            *_both_ways(lambda logits, T: (logits / T).log_softmax(dim=-1)),
        ),
        Wrong(
            "the power is not divided by its sum",
            lambda case: f"{_sum_of(case)}. The power 1 / T is right; what is missing after it?",
            *_both_ways(lambda logits, T: logits.softmax(dim=-1) ** (1 / T)),
        ),
        Wrong(
            "exp runs over",
            lambda case: (
                f"With logits up to {case.inputs[0].max().item():.0f} {_bad(case.got)}: exp of more than 88 "
                "is infinite in 32 bits. The softmax of torch lowers all by the highest first."
            ),
            *_both_ways(lambda logits, T: _renormalised((logits / T).exp())),
        ),
    ),
)


# --- top_k ----------------------------------------------------------------------------------------


def top_k(logits: torch.Tensor, k: int) -> torch.Tensor:
    k = min(k, logits.shape[-1])  # a limit that is never reached is no mistake
    last_kept = logits.topk(k, dim=-1).values[..., -1:]  # each row has its own
    return logits.masked_fill(logits < last_kept, float("-inf"))


def _to_cut(seed: int) -> list[tuple]:
    """(logits, k): equals at the k-th place, one row, rows far apart, as many as V, more, and one."""
    B, V, generator = _sizes(seed)

    def logits(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    apart = 4.0 * torch.arange(B)[torch.randperm(B, generator=generator)]
    k, more = (int(torch.randint(2, 5, (), generator=generator)) for _ in range(2))
    equals = torch.randint(1, 4, (B, 4), generator=generator).float()  # some of three values are equal
    return [
        (torch.tensor([2.0, 1.0, 1.0, 1.0, 0.0]), 2),
        (logits(V), k),
        (logits(B, V) + apart[:, None], k),
        (logits(V, V), 3),
        (logits(B, V), 1),
        (logits(B, V), V),
        (logits(B, V), V + more),
        (equals, 2),
    ]


def _left(values: torch.Tensor) -> torch.Tensor:
    """Which are left: neither minus infinity nor no number."""
    return numbers(values) > -INF


def _as_many(observe: Observe, run: Run) -> str:
    got, logits = numbers(run.outcome.value), run.inputs[0]
    if (lost := got.isnan()).any():
        return f"{int(lost.sum())} of {got.numel()} values are NaN (not a number){run.said}."
    mine, right = (_left(values).reshape(-1, logits.shape[-1]) for values in (got, run.want))
    off = (mine != right).any(dim=-1)
    if off.any():
        row = int(off.nonzero()[0])
        return f"In row {row} you keep ids {_ids(mine[row])}; right would be {_ids(right[row])}{run.said}."
    moved = right & (got != logits).view_as(right)
    if not moved.any():
        return ""
    row, at = moved.nonzero()[0].tolist()
    now, was = (numbers(values).reshape(moved.shape)[row, at].item() for values in (got, logits))
    return (
        f"What is kept stays as it was: in row {row} id {at} had {was:.4g} and now has {now:.4g}{run.said}."
    )


def _ids(kept: torch.Tensor) -> list[int]:
    return kept.nonzero()[:, 0].tolist()


def _count(case: Case) -> str:
    """How many are kept in the first row that is not right."""
    logits, k = case.inputs
    mine, right = (_left(values).reshape(-1, logits.shape[-1]) for values in (case.got, case.want))
    off = (mine != right).any(dim=-1).nonzero()
    row = int(off[0]) if len(off) else 0
    where = f" in row {row}" if logits.ndim > 1 else ""
    return f"With k = {k} you keep {int(mine[row].sum())} of {logits.shape[-1]}{where}"


def _cutting(middle: Callable, safe: bool = True) -> Callable:
    """top_k from middle(logits, k), with k above V taken care of or not."""
    return lambda logits, k: middle(logits, min(k, logits.shape[-1]) if safe else k)


def _cut_both_ways(*middles: Callable) -> list[Callable]:
    return [_cutting(middle, safe) for middle in middles for safe in (True, False)]


def _kept_at(logits: torch.Tensor, at: torch.Tensor, elsewhere: float = -INF) -> torch.Tensor:
    return torch.full_like(logits, elsewhere).scatter(-1, at, logits.gather(-1, at))


def _kth(logits: torch.Tensor, k: int) -> torch.Tensor:
    return logits.topk(k, dim=-1).values[..., -1:]


def _dropped_to(value: float) -> list[Callable]:
    return _cut_both_ways(lambda logits, k: logits.masked_fill(logits < _kth(logits, k), value))


def _one_more(logits, k):
    ordered = logits.sort(dim=-1, descending=True).values
    return logits.masked_fill(logits < ordered[..., min(k, logits.shape[-1] - 1)][..., None], -INF)


def _index_k(logits, k):
    ordered = logits.sort(dim=-1, descending=True).values
    return logits.masked_fill(logits < ordered[..., k : k + 1], -INF)


top_k = Exercise(
    name="top_k",
    prompt=(
        "Write top_k(logits, k): the logits (V,) or (B, V) with -inf in each row for all below its k-th "
        "highest. What ties with the k-th stays, and a k above V keeps all."
    ),
    answer=top_k,
    make_inputs=_to_cut,
    invariants=(_as_many,),
    note=lambda values: (
        f"Of 2, 1, 1, 1, 0 with k = 2 you keep {int(_left(values[0]).sum())}, and a k above V drops nothing."
    ),
    probe="(Measured on the logits 2, 1, 1, 1, 0.)",
    hints=(
        "You need one number for each row: the value of the last one that stays. Then compare.",
        "topk(k, dim=-1).values is in falling order; [..., -1:] keeps the axis. It takes no k above V.",
        (
            "k = min(k, logits.shape[-1]); last_kept = logits.topk(k, dim=-1).values[..., -1:]; then "
            "logits.masked_fill(logits < last_kept, float('-inf'))."
        ),
    ),
    wrong=(
        Wrong(
            "ties are cut",
            lambda case: (
                f"{_count(case)}, though another has the same logit as the last that stays. Which of equals "
                "went was an accident of sorting: compare values, not places."
            ),
            *_cut_both_ways(
                lambda logits, k: _kept_at(logits, logits.topk(k, dim=-1).indices),
                lambda logits, k: _kept_at(
                    logits, logits.argsort(dim=-1, descending=True, stable=True)[..., :k]
                ),
                lambda logits, k: _kept_at(logits, logits.argsort(dim=-1, stable=True)[..., -k:]),
            ),
        ),
        Wrong(
            "a k above V",
            lambda case: (
                f"With k = {case.inputs[1]} and {case.inputs[0].shape[-1]} characters {_raised(case)}. A "
                "limit that is never reached is no mistake: keep all."
            ),
            _cutting(lambda logits, k: logits.masked_fill(logits < _kth(logits, k), -INF), safe=False),
            lambda logits, k: logits.masked_fill(
                logits < logits.sort(dim=-1, descending=True).values[..., k - 1, None], -INF
            ),
            lambda logits, k: logits.masked_fill(logits < logits.sort(dim=-1).values[..., -k, None], -INF),
        ),
        Wrong(
            "what is dropped becomes 0",
            lambda case: (
                f"With k = {case.inputs[1]} {int((case.got == 0).sum())} of your logits are 0. That is a "
                "logit like others, and no small one: the softmax gives it a share. Which logit gives "
                "probability 0?"
            ),
            *_dropped_to(0.0),
        ),
        Wrong(
            "what is dropped becomes a large negative number",
            lambda case: (
                f"With k = {case.inputs[1]} your lowest logit is {case.got.min().item():.3g}. Mostly that "
                "will do, and other code cannot tell it from a logit. Minus infinity says never."
            ),
            *[cut for value in (-1e4, -1e9, -1e10, -1e20) for cut in _dropped_to(value)],
            *_dropped_to(torch.finfo(torch.float32).min),
        ),
        Wrong(
            "the least are kept",
            lambda case: f"{_count(case)}, and they are the wrong ones: the highest logit is gone.",
            *_cut_both_ways(
                lambda logits, k: logits.masked_fill(
                    logits > logits.topk(k, dim=-1, largest=False).values[..., -1:], -INF
                ),
                lambda logits, k: _kept_at(logits, logits.argsort(dim=-1, stable=True)[..., :k]),
                lambda logits, k: _kept_at(logits, logits.topk(k, dim=-1, largest=False).indices),
            ),
        ),
        Wrong(
            "the k-th from below",
            lambda case: f"{_count(case)}. The values were in rising order, so you counted k from below.",
            lambda logits, k: logits.masked_fill(
                logits < logits.sort(dim=-1).values[..., min(k, logits.shape[-1]) - 1, None], -INF
            ),
            lambda logits, k: logits.masked_fill(logits < logits.sort(dim=-1).values[..., k - 1, None], -INF),
        ),
        Wrong(
            "one threshold for the whole batch",
            lambda case: (
                f"{_count(case)}: one threshold served all {case.inputs[0].shape[0]} rows. Each row has "
                "its own."
            ),
            *_cut_both_ways(
                lambda logits, k: logits.masked_fill(logits < _kth(logits.flatten(), k), -INF),
                lambda logits, k: logits.masked_fill(logits < _kth(logits, k).min(), -INF),
                lambda logits, k: logits.masked_fill(logits < _kth(logits, k).max(), -INF),
                lambda logits, k: logits.masked_fill(logits < _kth(logits, k).flatten()[0], -INF),
            ),
        ),
        Wrong(
            "the threshold lost its axis",
            lambda case: (
                f"With logits of shape {tuple(case.inputs[0].shape)} {_raised(case)}. One threshold a row is "
                "asked for, of shape (B, 1), so that it meets its own row."
            ),
            *_cut_both_ways(
                lambda logits, k: logits.masked_fill(logits < logits.topk(k, dim=-1).values[..., -1], -INF),
                lambda logits, k: logits.masked_fill(logits < logits.topk(k, dim=-1).values[-1], -INF),
                lambda logits, k: logits.masked_fill(
                    logits < logits.topk(k, dim=-1).values.min(-1).values, -INF
                ),
            ),
        ),
        Wrong(
            "the wrong axis",
            lambda case: (
                (_count(case) if case.error is None else f"With k = {case.inputs[1]} {_raised(case)}")
                + ": you compared with the other rows. The vocabulary is the last axis."
            ),
            lambda logits, k: logits.masked_fill(
                logits < logits.topk(min(k, logits.shape[0]), dim=0).values[-1:], -INF
            ),
            lambda logits, k: logits.masked_fill(logits < logits.topk(k, dim=0).values[-1:], -INF),
        ),
        Wrong(
            "the axis is counted from the front",
            lambda case: (
                f"With logits of shape {tuple(case.inputs[0].shape)} {_raised(case)}. (V,) and (B, V) are "
                "both asked for; counted from the end, the vocabulary has one number in both."
            ),
            *_cut_both_ways(
                lambda logits, k: logits.masked_fill(logits < logits.topk(k, dim=1).values[:, -1:], -INF),
                lambda logits, k: logits.masked_fill(logits < logits.topk(k, dim=-1).values[:, -1:], -INF),
                lambda logits, k: logits.masked_fill(
                    logits < logits.topk(k, dim=-1).values[:, -1, None], -INF
                ),
                lambda logits, k: logits.masked_fill(logits < logits.topk(k, dim=-1).values[:, [-1]], -INF),
            ),
        ),
        Wrong(
            "the k-th itself is dropped",
            lambda case: f"{_count(case)}. The k-th itself is to stay: look at your comparison.",
            *_cut_both_ways(lambda logits, k: logits.masked_fill(logits <= _kth(logits, k), -INF)),
        ),
        Wrong(
            "one too many",
            lambda case: f"{_count(case)}. Places are counted from 0: which one is the k-th?",
            _one_more,
            _index_k,
            lambda logits, k: logits.masked_fill(logits < _kth(logits, min(k + 1, logits.shape[-1])), -INF),
            lambda logits, k: logits.masked_fill(
                logits < logits.sort(dim=-1, descending=True).values[..., k, None], -INF
            ),
        ),
        Wrong(
            "only the k that are kept",
            lambda case: (
                f"With k = {case.inputs[1]} you return shape {tuple(case.got.shape)}, and the logits have "
                f"{tuple(case.inputs[0].shape)}. Without the others nobody knows whose logits these are."
            ),
            *_cut_both_ways(
                lambda logits, k: logits.topk(k, dim=-1).values,
                lambda logits, k: logits.topk(k, dim=-1).indices,
            ),
        ),
        Wrong(
            "probabilities",
            lambda case: (
                f"Your values sum to {case.got.reshape(-1, case.got.shape[-1])[0].sum().item():.3g} in row "
                "0: the cut is there, and then a softmax. Here logits are asked for."
            ),
            *_cut_both_ways(
                lambda logits, k: logits.masked_fill(logits < _kth(logits, k), -INF).softmax(dim=-1)
            ),
        ),
        Wrong(
            "the mask itself",
            lambda case: (
                f"{int(case.got.sum())} of your {case.got.numel()} values are True, and logits are asked "
                "for. That says who stays; now put -inf where it is False."
            ),
            *_cut_both_ways(lambda logits, k: logits >= _kth(logits, k)),
        ),
        Wrong(
            "nothing is dropped",
            lambda case: f"{_count(case)}. Where does the cut happen, and is its result returned?",
            lambda logits, k: logits,
        ),
    ),
)


# --- top_p ----------------------------------------------------------------------------------------


def top_p(probs: torch.Tensor, p: float) -> torch.Tensor:
    if p == 1:  # a rounded sum would drop what is very unlikely
        return probs
    ordered, order = probs.sort(dim=-1, descending=True)
    before = ordered.cumsum(dim=-1) - ordered  # what the likelier ones hold together
    kept = torch.zeros_like(probs).scatter(-1, order, ordered * (before < p))  # back in the old order
    return kept / kept.sum(dim=-1, keepdim=True)


def _to_share(seed: int) -> list[tuple]:
    """(probs, p): by hand, p reached exactly, one row, rows, a p that the first holds alone, and p = 1."""
    B, V, generator = _sizes(seed)
    four = torch.tensor([0.25, 0.0625, 0.5, 0.1875])
    exact = torch.tensor([[0.0625, 0.5, 0.1875, 0.25], [0.125, 0.03125, 0.75, 0.09375]])

    def probs(*shape: int) -> torch.Tensor:
        sharpness = torch.linspace(0.7, 2.5, shape[0])[:, None] if len(shape) > 1 else 1.5
        return (sharpness * torch.randn(shape, generator=generator)).softmax(dim=-1)

    def safe(probs: torch.Tensor, low: float, high: float) -> float:
        """A p that no sum comes near, so that rounding decides nothing."""
        sums = probs.sort(dim=-1, descending=True).values.cumsum(dim=-1).flatten()
        choices = torch.linspace(low, high, 60)
        return round(choices[(choices[:, None] - sums).abs().amin(dim=1).argmax()].item(), 4)

    one, rows, square, few = probs(V), probs(B, V), probs(V, V), probs(B, V)
    steep = torch.tensor([20.0, 0.0, -5.0])[torch.randperm(3, generator=generator)].softmax(dim=-1)
    return [
        (four, 0.6),
        (exact, 0.75),
        (one, safe(one, 0.6, 0.9)),
        (rows, safe(rows, 0.6, 0.9)),
        (square, safe(square, 0.5, 0.9)),
        (few, 0.03),
        (steep, 1.0),
        (probs(B, V), 1.0),
    ]


def _as_large(observe: Observe, run: Run) -> str:
    probs, p = run.inputs
    mine, right = (value["kept"].reshape(-1, probs.shape[-1]) > 0 for value in (run.outcome.value, run.want))
    off = (mine != right).any(dim=-1)
    if not off.any():
        return ""
    row = int(off.nonzero()[0])
    return (
        f"In row {row} with p = {p:g} you keep ids {_ids(mine[row])}; right would be {_ids(right[row])}. The "
        f"row is {[round(one, 3) for one in probs.reshape(mine.shape)[row].tolist()]}."
    )


def _sums(observe: Observe, run: Run) -> str:
    sums = numbers(run.outcome.value["probs"]).sum(-1).flatten()
    row = int((sums - 1).abs().argmax())
    return f"Row {row} sums to {sums[row]:.3g}, not to 1." if (sums[row] - 1).abs() > 1e-5 else ""


def _held(case: Case) -> str:
    """How many are kept in the first row that is not right, and what these held before."""
    probs, p = case.inputs
    mine, right = (value["kept"].reshape(-1, probs.shape[-1]) > 0 for value in (case.got, case.want))
    off = (mine != right).any(dim=-1).nonzero()
    row = int(off[0]) if len(off) else 0
    held = probs.reshape(mine.shape)[row][mine[row]].sum().item()
    where = f" in row {row}" if probs.ndim > 1 else ""
    return (
        f"With p = {p:g} you keep {int(mine[row].sum())} of {probs.shape[-1]}{where}, which held {held:.3g}"
    )


def _total(case: Case) -> str:
    """The row whose sum is farthest from 1."""
    sums = numbers(case.got["probs"]).sum(-1).flatten()
    row = int((sums - 1).abs().argmax())
    return f"With p = {case.inputs[1]:g} your row {row} sums to {sums[row]:.3g}, not to 1"


def _places(case: Case) -> str:
    """Where the largest value is, and where it was."""
    probs = case.inputs[0].reshape(-1, case.inputs[0].shape[-1])[0]
    mine = numbers(case.got["probs"]).reshape(-1, probs.shape[-1])[0]
    return (
        f"The likeliest has id {int(probs.argmax())}, and your largest value stands at {int(mine.argmax())}"
    )


def _sharing(
    stays: Callable = lambda ordered, total, p: total - ordered < p,
    back: Callable = lambda kept, order, probs: torch.zeros_like(probs).scatter(-1, order, kept),
    finish: Callable = _renormalised,
    at_1: bool = True,
    axis: int = -1,
    sum_axis: int = -1,
    descending: bool = True,
) -> Callable:
    """top_p with one thing done in another way; stays(ordered, total so far, p) says who is kept."""

    def top_p(probs, p):
        if p == 1 and at_1:
            return probs
        ordered, order = probs.sort(dim=axis, descending=descending)
        return finish(back(ordered * stays(ordered, ordered.cumsum(dim=sum_axis), p), order, probs))

    return top_p


def _share_both_ways(**other: object) -> list[Callable]:
    """The slip by somebody who thought of p = 1, and by somebody who did not."""
    return [_sharing(**other), _sharing(**other, at_1=False)]


def _with_first(stays: Callable) -> Callable:
    """The same, and the first is always kept."""

    def kept(ordered, total, p):
        mask = stays(ordered, total, p)
        first = torch.zeros_like(mask)
        first[..., 0] = True
        return mask | first

    return kept


def _single(keep: Callable) -> list[Callable]:
    """Each character judged alone, by keep(probs, p)."""

    def top_p(probs, p):
        return _renormalised(probs * keep(probs, p))

    return [lambda probs, p: probs if p == 1 else top_p(probs, p), top_p]


def _by_number(probs, p):
    order = probs.argsort(dim=-1, descending=True)
    count = max(1, round(p * probs.shape[-1]))
    return torch.zeros_like(probs, dtype=torch.bool).scatter(-1, order[..., :count], True)


def _scattered_over_rows(kept, order, probs):
    return torch.zeros_like(probs).scatter(0, order, kept)


def _within_total(ordered, total, p):
    return total <= p


def _below_total(ordered, total, p):
    return total < p


top_p = Exercise(
    name="top_p",
    prompt=(
        "Write top_p(probs, p): in each row of probs (V,) or (B, V) only the fewest likeliest that together "
        "reach p, divided by their sum, at their old places. The likeliest always stays; p = 1 keeps all."
    ),
    answer=top_p,
    make_inputs=_to_share,
    run=nucleus,
    invariants=(_as_large, _sums),
    note=lambda values: (
        f"Of 0.25, 0.0625, 0.5, 0.1875 with p = 0.6 you keep {int(values[0]['kept'].sum())}; with p = 1 all "
        f"{int(values[6]['kept'].sum())} of a row whose first already rounds to 1."
    ),
    probe="(Measured on 0.25, 0.0625, 0.5, 0.1875.)",
    hints=(
        "Go down from the likeliest and add up. Who stays is decided by what the likelier ones hold already.",
        (
            "sort gives the values and the order; cumsum - values is what stands before each. scatter brings "
            "values back to the places in order. And p = 1: what does a rounded sum do there?"
        ),
        (
            "ordered, order = probs.sort(dim=-1, descending=True); before = ordered.cumsum(dim=-1) - "
            "ordered; zeros.scatter(-1, order, ordered * (before < p)); divide by its sum. "
            "p = 1 first, by itself."
        ),
    ),
    wrong=(
        Wrong(
            "the one that crosses p is dropped",
            lambda case: (
                f"{_held(case)}. That does not reach p. The one that crosses it belongs in; and where the "
                "first alone crosses, yours would keep nothing. What stands before it decides."
            ),
            *_share_both_ways(stays=_within_total),
            *_share_both_ways(stays=_below_total),
        ),
        Wrong(
            "the one that crosses p is dropped, the first kept",
            lambda case: (
                f"{_held(case)}. That does not reach p. You saved the first; the one that crosses p belongs "
                "in everywhere, not only there."
            ),
            *_share_both_ways(stays=_with_first(_within_total)),
            *_share_both_ways(stays=_with_first(_below_total)),
        ),
        Wrong(
            "one more than needed",
            lambda case: f"{_held(case)}; without the last of them p was reached already.",
            *_share_both_ways(stays=lambda ordered, total, p: total - ordered <= p),
            *_share_both_ways(stays=lambda ordered, total, p: total - ordered - ordered.roll(1, -1) < p),
        ),
        Wrong(
            "p = 1 drops by rounding",
            lambda case: (
                f"{_held(case)}, rounded. In 32 bits the first is 1 already, so nothing more seemed to be "
                "needed. p = 1 is no limit: ask for it first."
            ),
            _sharing(at_1=False),
        ),
        Wrong(
            "not divided by the sum",
            lambda case: f"{_total(case)}. What was cut away is missing: share it out.",
            *_share_both_ways(finish=lambda kept: kept),
        ),
        Wrong(
            "divided by the sum of the whole batch",
            lambda case: f"{_total(case)}: all rows together do. Each row is a choice of its own.",
            *_share_both_ways(finish=lambda kept: kept / kept.sum()),
        ),
        Wrong(
            "a softmax in place of the division",
            lambda case: (
                f"{_held(case)}: a softmax gives something to a 0 as well. To make a sum 1, divide by it."
            ),
            *_share_both_ways(finish=lambda kept: kept.softmax(dim=-1)),
        ),
        Wrong(
            "left in falling order",
            lambda case: f"{_places(case)}: your values are still sorted. Whose are they?",
            *_share_both_ways(back=lambda kept, order, probs: kept),
        ),
        Wrong(
            "brought back the wrong way",
            lambda case: (
                f"{_places(case)}. Place i of the sorted row belongs to id order[i]: you read there, and "
                "must write there."
            ),
            *_share_both_ways(back=lambda kept, order, probs: kept.gather(-1, order)),
        ),
        Wrong(
            "the mask is not brought back",
            lambda case: (
                f"{_held(case)}. Your mask belongs to the sorted row, and you laid it on the row as it was."
            ),
            *_share_both_ways(back=lambda kept, order, probs: probs * (kept > 0)),
        ),
        Wrong(
            "sorted in rising order",
            lambda case: f"{_held(case)}. You added up from the least likely. Who comes first?",
            *_share_both_ways(descending=False),
        ),
        Wrong(
            "added up without sorting",
            lambda case: (
                f"{_held(case)}. You added up in the vocabulary's order, which is not the falling one."
            ),
            *_single(lambda probs, p: probs.cumsum(dim=-1) - probs < p),
            *_single(lambda probs, p: probs.cumsum(dim=-1) <= p),
        ),
        Wrong(
            "each judged alone",
            lambda case: (
                f"{_held(case)}. You compare each single probability with a limit. p is a share that several "
                "hold together."
            ),
            *_single(lambda probs, p: probs > 1 - p),
            *_single(lambda probs, p: probs >= p),
            *_single(lambda probs, p: probs < p),
            *_single(lambda probs, p: probs >= p * probs.amax(dim=-1, keepdim=True)),
            *_single(lambda probs, p: probs >= (1 - p) * probs.amax(dim=-1, keepdim=True)),
        ),
        Wrong(
            "p as a share of the vocabulary",
            lambda case: f"{_held(case)}. p is a share of the probability, not of the number of characters.",
            *_single(_by_number),
        ),
        Wrong(
            "added up over the batch",
            lambda case: f"{_held(case)}: the sum ran down the batch. The vocabulary is the last axis.",
            *_share_both_ways(sum_axis=0),
            *_share_both_ways(axis=0, sum_axis=0, back=_scattered_over_rows),
        ),
        Wrong(
            "the axis is counted from the front",
            lambda case: (
                f"With probabilities of shape {tuple(case.inputs[0].shape)} {_raised(case)}. (V,) and (B, V) "
                "are both asked for; counted from the end, the vocabulary has one number in both."
            ),
            *_share_both_ways(axis=1),
            *_share_both_ways(sum_axis=1),
        ),
        Wrong(
            "the sum lost its axis",
            lambda case: (
                f"With probabilities of shape {tuple(case.inputs[0].shape)} {_raised(case)}. One sum a row "
                "is asked for, of shape (B, 1), so that it meets its own row."
            ),
            *_share_both_ways(finish=lambda kept: kept / kept.sum(dim=-1)),
        ),
        Wrong(
            "the mask itself",
            lambda case: (
                f"{int(numbers(case.got['probs']).sum())} of your {case.got['probs'].numel()} values are "
                "True, and probabilities are asked for. What do those who stay have, and what the others?"
            ),
            *_share_both_ways(finish=lambda kept: kept > 0),
        ),
        Wrong(
            "nothing is cut",
            lambda case: f"{_held(case)}. Where does the cut happen, and is its result returned?",
            lambda probs, p: probs,
        ),
        Wrong(
            "only the likeliest",
            lambda case: f"{_held(case)}. That is greedy, whatever p is.",
            *_single(lambda probs, p: _greedy(probs) > 0),
        ),
    ),
)


# --- generate -------------------------------------------------------------------------------------


def generate(
    model: torch.nn.Module,
    idx: torch.Tensor,
    max_new_tokens: int,
    temperature: float,
    generator: torch.Generator,
) -> torch.Tensor:
    modes = [(part, part.training) for part in model.modules()]  # each part has a mode of its own
    try:
        model.eval()
        with torch.no_grad():
            for _ in range(max_new_tokens):
                logits, _ = model(idx[:, -model.block_size :])  # it sees no more than that
                probs = next_token_probs(logits[:, -1], temperature)  # (B, V)
                token = torch.multinomial(probs, num_samples=1, generator=generator)  # (B, 1)
                idx = torch.cat([idx, token], dim=1)
    finally:  # after an exception as well
        for part, mode in modes:
            part.training = mode
    return idx


def _to_write(seed: int) -> list[tuple]:
    """(mode, whether the model raises, T, temperature, seed)."""
    return [
        (MODES[0], False, 3, 0.6, seed),
        (MODES[1], False, 6, 2.0, seed),
        (MODES[2], False, 3, 1.0, seed),
        (MODES[1], False, 3, 0.0, seed),
        (MODES[0], True, 3, 1.0, seed),
    ]


def _said(case: Case, fact: str) -> str:
    return case.got[fact].said


def _each_its_own(model, before):
    for part, mode in before.items():
        part.training = mode


def _stays(model, before=None):
    """The model is left as it is."""


def _trains(model, before=None):
    model.train()


def _as_the_whole(model, before):
    model.train(before[model])


def _one_draw(probs, generator):
    return torch.multinomial(probs, num_samples=1, generator=generator)


def _appended(idx, token):
    return torch.cat([idx, token], dim=1)


def _writing(
    crop: Callable = lambda idx, size: idx[:, -size:],
    at: Callable = lambda logits: logits[:, -1],
    probs: Callable = next_token_probs,
    draw: Callable = _one_draw,
    join: Callable = _appended,
    result: Callable = lambda idx, start: idx,
    cuts: bool = False,
    enter: Callable = lambda model: model.eval(),
    leave: Callable = _each_its_own,
    safe: bool = True,
    gradients: bool = False,
) -> Callable:
    """generate with one thing done in another way."""

    def generate(model, idx, max_new_tokens, temperature, generator):
        before, start = {part: part.training for part in model.modules()}, idx
        failed = True
        enter(model)
        try:
            with torch.set_grad_enabled(gradients):
                for _ in range(max_new_tokens):
                    seen = crop(idx, model.block_size)
                    idx = seen if cuts else idx
                    token = draw(probs(at(model(seen)[0]), temperature), generator)
                    idx = join(idx, token)
            failed = False
        finally:
            if safe or not failed:
                leave(model, before)
        return result(idx, start)

    return generate


def _one_look(model, idx, max_new_tokens, temperature, generator):
    return _writing(
        draw=lambda probs, generator: torch.multinomial(probs, max_new_tokens, True, generator=generator)
    )(model, idx, 1, temperature, generator)


def _deaf(model, idx, max_new_tokens, temperature, generator):
    new = [generate.answer(model, idx, 1, temperature, generator)[:, -1:] for _ in range(max_new_tokens)]
    return torch.cat([idx, *new], dim=1)


def _swallows(model, idx, max_new_tokens, temperature, generator):
    try:
        return generate.answer(model, idx, max_new_tokens, temperature, generator)
    except RuntimeError:
        return idx


def _no_gradients_for_ever(model, idx, max_new_tokens, temperature, generator):
    torch.set_grad_enabled(False)
    return generate.answer(model, idx, max_new_tokens, temperature, generator)


def _by_hand(logits, temperature):
    return (logits / temperature).softmax(dim=-1)


def _by_hand_in_python(logits, temperature):
    return (logits * (1 / temperature)).softmax(dim=-1)


def _given(generator: Callable) -> Callable:
    """The right loop with another generator; None is the global stream."""
    return lambda model, idx, max_new_tokens, temperature, given: generate.answer(
        model, idx, max_new_tokens, temperature, generator(given)
    )


def _global_set_by(given):
    torch.manual_seed(given.initial_seed())


def _global_seed_inside(given):
    torch.manual_seed(1337)


def _shows(name: str, fact: str, said: str, *functions: Callable) -> Wrong:
    """A mistake that one fact tells of, and what to say of it."""
    return Wrong(name, lambda case: f"{_said(case, fact)} {said}", *functions)


generate = Exercise(
    name="generate",
    prompt=(
        "Write generate(model, idx, max_new_tokens, temperature, generator): idx (B, T) and behind it as "
        "many drawn tokens as asked. The model sees the last model.block_size at most, in evaluation mode "
        "and without gradients; afterwards, also after an exception, each part has its old mode."
    ),
    answer=generate,
    make_inputs=_to_write,
    run=written,
    note=lambda values: (
        f"{values[0]['law'].said} One seed writes one text, and torch's own stream is untouched."
    ),
    hints=(
        "Look, draw, append. Around that loop: what must be switched off, and put back whatever happens?",
        (
            "idx[:, -model.block_size:] is what the model sees, logits[:, -1] what it says of the next; "
            "next_token_probs(..., temperature) knows T = 0. torch.multinomial draws for every row."
        ),
        (
            "modes = [(part, part.training) for part in model.modules()]; under `try:` model.eval() and the "
            "loop under torch.no_grad(), with torch.multinomial(probs, num_samples=1, generator=generator); "
            "under `finally:` part.training = mode for each."
        ),
    ),
    wrong=(
        _shows(
            "the prompt is missing",
            "shape",
            "That is what was written, without what it follows.",
            _writing(result=lambda idx, start: idx[:, start.shape[1] :]),
        ),
        _shows(
            "the crop cuts the text",
            "shape",
            "Each round threw away the beginning. Crop what the model sees, and keep the text.",
            _writing(cuts=True),
        ),
        _shows(
            "new tokens are put in front",
            "prompt",
            "What comes next stands behind: look at the order in your cat.",
            _writing(join=lambda idx, token: torch.cat([token, idx], dim=1)),
        ),
        Wrong(
            "no crop",
            lambda case: (
                f"The prompt grew to block_size = {BLOCK} and beyond, and {_raised(case)}. What of a "
                "long text may the model see?"
            ),
            _writing(crop=lambda idx, size: idx),
        ),
        _shows(
            "cropped at the wrong end",
            "contexts",
            "That window never moves again: it is the beginning of the text. Which end does the next token "
            "follow?",
            _writing(crop=lambda idx, size: idx[:, :size]),
        ),
        _shows(
            "the model sees one token",
            "contexts",
            "A bigram needs no more; this model has places for all of them.",
            _writing(crop=lambda idx, size: idx[:, -1:]),
        ),
        _shows(
            "all drawn at one look",
            "contexts",
            f"{NEW} tokens need {NEW} looks: each follows what was drawn before it.",
            _one_look,
        ),
        _shows(
            "what was written is not looked at",
            "contexts",
            "Every token was drawn after the prompt alone. What should the next look see?",
            _deaf,
        ),
        _shows(
            "dropout is left on",
            "mode",
            "Its dropouts spoil what it says, and no_grad does not stop them. Which switch does?",
            *[_writing(enter=_stays, leave=leave) for leave in (_stays, _trains)],
            _writing(enter=_trains),
        ),
        _shows(
            "gradients are recorded",
            "graph",
            "Nobody will ask for them, and they cost time and memory. Which block forbids them?",
            _writing(gradients=True),
        ),
        _shows(
            "the mode is not put back",
            "after",
            "A training that goes on would go on without dropout. Who puts the mode back?",
            _writing(leave=_stays),
        ),
        _shows(
            "always ends in training mode",
            "after",
            "model.train() at the end is right only for a model that came in training mode.",
            _writing(leave=_trains),
            _writing(leave=_trains, safe=False),
        ),
        _shows(
            "one mode for all parts",
            "after",
            "Somebody had switched off one part on purpose. model.training is the mode of the whole; each of "
            "model.modules() has its own.",
            _writing(leave=_as_the_whole),
            _writing(leave=_as_the_whole, safe=False),
        ),
        Wrong(
            "the mode is lost after an exception",
            lambda case: (
                f"{_said(case, 'error')} {_said(case, 'after')} An exception jumps over the lines that "
                "follow. Which block of Python runs all the same?"
            ),
            _writing(safe=False),
        ),
        Wrong(
            "the exception is swallowed",
            lambda case: (
                f"One thing is hidden: {_said(case, 'error')} Put the mode back, and let the error pass."
            ),
            _swallows,
        ),
        Wrong(
            "gradients stay forbidden",
            lambda case: (
                f"Nearly: {_said(case, 'gradients')} The next loss.backward() would fail. "
                "`with torch.no_grad():` ends by itself."
            ),
            _no_gradients_for_ever,
        ),
        _shows(
            "the likeliest instead of a draw",
            "law",
            "The likeliest, always: that is greedy, and right at T = 0 only. Who draws?",
            _writing(draw=lambda probs, generator: probs.argmax(dim=-1, keepdim=True)),
        ),
        _shows(
            "the temperature is not used",
            "law",
            "That is the share at T = 1. Where does the temperature come in?",
            _writing(probs=lambda logits, temperature: next_token_probs(logits)),
        ),
        _shows(
            "the logits are multiplied by the temperature",
            "law",
            "Cold should sharpen and heat flatten; yours goes the other way.",
            _writing(probs=lambda logits, temperature: (logits * temperature).softmax(dim=-1)),
        ),
        Wrong(
            "T = 0 divides by zero",
            lambda case: (
                f"With T = {case.inputs[3]:g} {_raised(case)}. Greedy needs a case of its own; "
                "next_token_probs has it, and so has your first exercise."
            ),
            _writing(probs=_by_hand),
            _writing(probs=_by_hand_in_python),
        ),
        _shows(
            "the logits of the first position",
            "law",
            "The model speaks at every position. Which one speaks of what comes next?",
            _writing(at=lambda logits: logits[:, 0]),
        ),
        _shows(
            "one draw for the whole batch",
            "law",
            "Each row is a text of its own, and draws for itself.",
            _writing(draw=lambda probs, generator: _one_draw(probs[:1], generator).expand(len(probs), 1)),
            _writing(draw=lambda probs, generator: _one_draw(probs, generator)[:1].expand(len(probs), 1)),
        ),
        _shows(
            "one row speaks for the whole batch",
            "law",
            "The rows have different prompts, and you drew for all of them from the first one's "
            "probabilities.",
            _writing(draw=lambda probs, generator: _one_draw(probs[:1].expand(len(probs), -1), generator)),
        ),
        Wrong(
            "only one row",
            lambda case: (
                f"With 2 rows {_raised(case)}. One number for a batch of draws: keep the tensor (B, 1), "
                "and append that."
            ),
            _writing(
                join=lambda idx, token: torch.cat([idx, torch.tensor([[token.item()]])], dim=1),
            ),
        ),
        Wrong(
            "the generator is not used",
            lambda case: f"Nearly: {_said(case, 'seed')} Draw with generator=generator.",
            _given(lambda given: None),
        ),
        Wrong(
            "a seed set inside",
            lambda case: f"Nearly: {_said(case, 'chance')} One text for ever: draw from the generator given.",
            _given(_global_seed_inside),
            _given(lambda given: given.manual_seed(1337)),
            _given(lambda given: torch.Generator().manual_seed(1337)),
        ),
        Wrong(
            "the global stream is set anew",
            lambda case: (
                f"Nearly: {_said(case, 'global')} Whoever draws after you gets other numbers than without "
                "you. Hand the generator to multinomial."
            ),
            _given(_global_set_by),
        ),
    ),
)
