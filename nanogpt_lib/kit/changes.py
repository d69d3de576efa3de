"""What a learner may have made of an argument or of a result instead: in words, and as a function."""

import math
from collections.abc import Callable
from typing import Any

import torch

Change = tuple[str, Callable[..., Any]]  # "2 * {}", and what does that; some take a dimension too

TENSORS: tuple[Change, ...] = (
    ("-{}", torch.neg),
    ("2 * {}", lambda x: 2 * x),
    ("{} / 2", lambda x: x / 2),
    ("1 / {}", torch.reciprocal),
    ("1 - {}", lambda x: 1 - x),
    ("{}.abs()", torch.abs),
    ("{}.exp()", torch.exp),
    ("{}.log()", torch.log),
    ("{}.square()", torch.square),
    ("{}.sqrt()", torch.sqrt),
    ("{} + 1", lambda x: x + 1),
    ("{}.softmax(-1)", lambda x: x.softmax(-1)),
    ("{}.log_softmax(-1)", lambda x: x.log_softmax(-1)),
    ("{0} / {0}.shape[-1] ** 0.5", lambda x: x / x.shape[-1] ** 0.5),
    ("{0} * {0}.shape[-1] ** 0.5", lambda x: x * x.shape[-1] ** 0.5),
    ("{0} - {0}.mean(-1, keepdim=True)", lambda x: x - x.mean(-1, keepdim=True)),
    ("torch.zeros_like({})", torch.zeros_like),
    ("torch.ones_like({})", torch.ones_like),
    ("{}.mT", lambda x: x.mT),
)
NUMBERS: tuple[Change, ...] = (
    ("1 - {}", lambda v: 1 - v),
    ("-{}", lambda v: -v),
    ("1 / {}", lambda v: 1 / v),
    ("{} ** 2", lambda v: v**2),
    ("{} ** 0.5", lambda v: v**0.5),
    ("exp(-{})", lambda v: math.exp(-v)),
    ("{} + 1", lambda v: v + 1),
    ("{} - 1", lambda v: v - 1),
    ("2 * {}", lambda v: 2 * v),
    ("{} / 2", lambda v: v / 2),
    ("{} // 2", lambda v: v // 2),
    ("60 * {}", lambda v: 60 * v),
    ("{} / 60", lambda v: v / 60),
    ("0", lambda v: 0 * v),
    ("1", lambda v: v**0),
)
LISTS: tuple[Change, ...] = (
    ("{}[::-1]", lambda v: v[::-1]),
    ("{}[:1]", lambda v: v[:1]),
    ("{}[-1:]", lambda v: v[-1:]),
    ("{}[1:]", lambda v: v[1:]),
    ("{}[:-1]", lambda v: v[:-1]),
)
ALONG: tuple[Change, ...] = (  # {} is what they are taken of, {d} a dimension
    ("{}.softmax({d})", lambda x, d: x.softmax(d)),
    ("{}.log_softmax({d})", lambda x, d: x.log_softmax(d)),
    ("{}.cumsum({d})", lambda x, d: x.cumsum(d)),
    ("{}.cummax({d}).values", lambda x, d: x.cummax(d).values),
    ("{}.diff(dim={d})", lambda x, d: x.diff(dim=d)),
    ("{}.sort({d}).values", lambda x, d: x.sort(d).values),
    ("{}.sort({d}, descending=True).values", lambda x, d: x.sort(d, descending=True).values),
    ("{}.flip({d})", lambda x, d: x.flip(d)),
    ("{}.sum({d})", lambda x, d: x.sum(d)),
    ("{}.mean({d})", lambda x, d: x.mean(d)),
    ("{}.max({d}).values", lambda x, d: x.amax(d)),
    ("{}.argmax({d})", lambda x, d: x.argmax(d)),
    ("{}.std({d})", lambda x, d: x.std(d)),
    ("{}.logsumexp({d})", lambda x, d: x.logsumexp(d)),
    ("{}.mean({d}), at every place", lambda x, d: x.mean(d, keepdim=True).expand_as(x)),
    ("{0} - {0}.mean({d}, keepdim=True)", lambda x, d: x - x.mean(d, keepdim=True)),
    ("{0} / {0}.sum({d}, keepdim=True)", lambda x, d: x / x.sum(d, keepdim=True)),
    ("{0} / {0}.norm(dim={d}, keepdim=True)", lambda x, d: x / x.norm(dim=d, keepdim=True)),
    ("{} without its first along dimension {d}", lambda x, d: x.narrow(d, 1, x.shape[d] - 1)),
    ("{} without its last along dimension {d}", lambda x, d: x.narrow(d, 0, x.shape[d] - 1)),
    ("the first of {} along dimension {d} alone", lambda x, d: x.select(d, 0)),
    ("the last of {} along dimension {d} alone", lambda x, d: x.select(d, -1)),
)
WHOLE: tuple[Change, ...] = (
    ("{}.mean()", lambda x: x.mean()),
    ("{}.sum()", lambda x: x.sum()),
    ("{}.max()", lambda x: x.max()),
    ("{}.relu()", lambda x: x.relu()),
    ("{}.logsumexp(-1).mean()", lambda x: x.logsumexp(-1).mean()),
    ("{}.tanh()", lambda x: x.tanh()),
    ("{}.sigmoid()", lambda x: x.sigmoid()),
    ("{}.tril()", lambda x: x.tril()),
    ("{}.triu()", lambda x: x.triu()),
    ("{}.tril(-1)", lambda x: x.tril(-1)),
)
PARTS: tuple[Change, ...] = (  # of one value for each part
    ("the median of {}", lambda parts: parts.median(0).values),
    ("the median of {}", lambda parts: -(-parts).median(0).values),  # the upper one of an even number
    ("the largest of {}", lambda parts: parts.amax(0)),
    ("the smallest of {}", lambda parts: parts.amin(0)),
    ("the sum of {}", lambda parts: parts.sum(0)),
    ("the standard deviation of {}", lambda parts: parts.std(0)),
    ("the mean of exp(-loss) over {}: the log is missing", lambda parts: (-parts).exp().mean(0)),
    ("minus the mean of exp(-loss) over {}: the log is missing", lambda parts: -(-parts).exp().mean(0)),
    ("1 minus the mean of exp(-loss) over {}: the log is missing", lambda p: 1 - (-p).exp().mean(0)),
)
OUTPUTS: tuple[Change, ...] = (  # of a layer that is given
    ("-{}", torch.neg),
    ("2 * {}", lambda x: 2 * x),
    ("{}.relu()", torch.relu),
    ("{}.flip(0)", lambda x: x.flip(0)),
    ("{}.flip(-1)", lambda x: x.flip(-1)),
    ("{}.roll(1, -2)", lambda x: x.roll(1, -2)),
    ("{}.roll(-1, -2)", lambda x: x.roll(-1, -2)),
    ("{0} * {0}.shape[-1] ** 0.5", lambda x: x * x.shape[-1] ** 0.5),
    ("{0} / {0}.shape[-1] ** 0.5", lambda x: x / x.shape[-1] ** 0.5),
)
