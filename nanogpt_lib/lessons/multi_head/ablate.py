"""Switch one head off, and leave the others as they are."""

import copy
import re
from collections.abc import Callable

import torch
import torch.nn.functional as F

from nanogpt_lib.averaging import average_tril
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.lessons.multi_head.shared import layers
from nanogpt_lib.lessons.multi_head.switched_off import Without, taken_for, without_each

ex = Exercise(
    prompt="Write ablate(attention, x, head): the output (B, T, C) of a MultiHeadAttention with one head switched off. Zeros enter attention.proj where that head's output would; all else stays as it is, attention itself too.",
    hints=(
        "Run the heads yourself, one by one, as MultiHeadAttention does. Where is a head still by itself?",
        "outputs = [one(x) for one in attention.heads] is a list with (B, T, head_size) for each head. Silence one of them, and keep its place.",
        "outputs[head] = torch.zeros_like(outputs[head]), then attention.proj(torch.cat(outputs, dim=-1)).",
    ),
    inputs=layers,
    run=without_each,
    see=Without,
    atol=1e-5,  # sums in another order differ by about 1e-6, also where they nearly cancel
    note=lambda values: (
        f"On the first input, switching off one head after the other changes a loss by {', '.join(f'{rise:+.3f}' for rise in values[0]['loss'].tolist())} nats."
    ),
    axes="B, T, C",
)


@ex.right
def ablate(attention: torch.nn.Module, x: torch.Tensor, head: int) -> torch.Tensor:
    outputs = [one(x) for one in attention.heads]  # n_head times (B, T, head_size)
    outputs[head] = torch.zeros_like(outputs[head])
    return attention.proj(torch.cat(outputs, dim=-1))


@ex.also_right
def without_by_subtracting(layer, x, h):
    columns = layer.proj.weight.chunk(len(layer.heads), dim=1)[h]
    return layer(x) - layer.heads[h](x) @ columns.T


@ex.also_right
def without_on_a_copy(layer, x, h):
    other = copy.deepcopy(layer)
    other.heads[h].value.weight.data.zero_()
    return other(x)


@ex.also_right
def without_by_a_hook(layer, x, h):
    hook = layer.heads[h].register_forward_hook(lambda head, inputs, out: torch.zeros_like(out))
    try:
        return layer(x)
    finally:
        hook.remove()


def joined(attention, x):
    return torch.cat([one(x) for one in attention.heads], dim=-1)


def channels_of(head, attention):
    size = attention.heads[0].head_size
    return slice(head * size, (head + 1) * size)


@ex.mistake(
    "rows of the projection for columns",
    "Your output{place} is at most {from_bias:g} away from the bias, and in the other channels all heads still speak. A row of proj.weight makes one channel that goes out; what comes in from one head is not in a row.",
)
def _(attention, x, head):
    weight = attention.proj.weight.clone()
    weight[channels_of(head, attention)] = 0
    return F.linear(joined(attention, x), weight, attention.proj.bias)


@ex.mistake(
    "zeros in the projection's output",
    "Your output{place} is {largest_there:g} everywhere, and the other channels are as with all heads. After the projection each channel is a mixture of all heads: silence the head before it.",
)
def _(attention, x, head):
    out = attention(x).clone()
    out[..., channels_of(head, attention)] = 0
    return out


def zeros_at(index: Callable) -> Callable:
    """Return the answer with zeros elsewhere in what enters the projection: at index(head, n_head, head_size)."""

    def ablate(attention, x, head):
        inputs = joined(attention, x)
        inputs[index(head, len(attention.heads), attention.heads[0].head_size)] = 0
        return attention.proj(inputs)

    return ablate


ex.mistake(
    "another head is switched off",
    "Asked for head {asked}, you switched off head {other}: off by up to {off:.2g}. Heads are counted from 0, from the front.",
    lambda attention, x, head: ablate(attention, x, head - 1),
    lambda attention, x, head: ablate(attention, x, (head + 1) % len(attention.heads)),
    lambda attention, x, head: ablate(attention, x, -1 - head),
    zeros_at(lambda head, n_head, size: (..., slice((head - 1) * size, head * size))),
    zeros_at(lambda head, n_head, size: (..., slice((head + 1) * size, (head + 2) * size))),
    see=taken_for,
)
ex.mistake(
    "every n-th channel is switched off",
    "{off}: with a step of {n_head} you took channels of every head. Joined, the channels of one head lie side by side.",
    zeros_at(lambda head, n_head, size: (..., slice(head, None, n_head))),
)
ex.mistake(
    "positions are switched off, not channels",
    "{off}: at some positions you silenced all heads, and at the others none. The second axis is time; channels are the last.",
    zeros_at(lambda head, n_head, size: (slice(None), slice(head * size, (head + 1) * size))),
)


@ex.mistake(
    "the other heads are made louder",
    "What your output adds to the bias is {times:.3g} times what it should be. Dropout makes up for what it drops; here the others stay as they are.",
)
def _(attention, x, head):
    n_head, bias = len(attention.heads), attention.proj.bias
    return (ablate(attention, x, head) - bias) * n_head / (n_head - 1) + bias


@ex.mistake("the other heads are made louder")
def _(attention, x, head):
    return ablate(attention, x, head) * (1 + 1 / (len(attention.heads) - 1))


def with_head(instead: Callable) -> Callable:
    """Return the answer with something else in the head's place: instead(its output, attention.heads[head], x)."""

    def ablate(attention, x, head):
        outputs = [one(x) for one in attention.heads]
        outputs[head] = instead(outputs[head], attention.heads[head], x)
        return attention.proj(torch.cat(outputs, dim=-1))

    return ablate


@ex.mistake(
    "the head's weights became equal",
    "{off}: equal scores are not silence. The head still passes on the mean of its past. Silence what comes out of it.",
    with_head(lambda out, head, x: average_tril(head.value(x))),
)
@torch.no_grad()
def _(attention, x, head):
    attention.heads[head].query.weight.zero_()
    return attention(x)


ex.mistake(
    "the head's mean is left",
    "{off}: the head still says its mean over time, at every position, and that knows the future. Zeros belong there.",
    with_head(lambda out, head, x: out.mean(dim=1, keepdim=True).expand_as(out)),
)
ex.mistake(
    "the bias is gone",
    "Without head {head}, channel {channel} of your output is off by {channel_off:.3g} everywhere: that is the bias. It belongs to the projection and not to a head, so it stays.",
    lambda attention, x, head: ablate(attention, x, head) - attention.proj.bias,
)
ex.mistake(
    "all the other heads are switched off",
    "{off}: this is head {head} alone. Keep the others, and silence this one.",
    lambda attention, x, head: attention(x) - ablate(attention, x, head) + attention.proj.bias,
)
ex.mistake(
    "what the head adds",
    "{off}: you returned what head {head} adds to the output. Return the output without it.",
    lambda attention, x, head: attention(x) - ablate(attention, x, head),
)
ex.mistake(
    "nothing is switched off",
    "Without head {head} your output differs from attention(x) by {from_full:g}. Did your zeros reach the projection?",
    lambda attention, x, head: attention(x),
)


@ex.mistake(
    "a slice of x is switched off",
    "{off}: you hid x{place} from every head. A head reads all {n_embd} channels; only what the heads say is divided among them.",
)
def _(attention, x, head):
    x = x.clone()
    x[..., channels_of(head, attention)] = 0
    return attention(x)


def widths(case: Case) -> dict[str, int]:
    """Return what reached the projection, and what it takes, as torch's complaint has it: (12x4 and 6x6)."""
    (_, came), (takes, _) = re.findall(r"(\d+)x(\d+)", str(case.error))
    return {"came": int(came), "takes": int(takes)}


@ex.mistake(
    "the head's place is gone",
    "The heads that are left bring {came} channels, and the projection takes {takes}. Keep the silent head's place, so that the others keep theirs.",
    see=widths,
    when=lambda case: widths(case)["came"] < widths(case)["takes"],
)
def _(attention, x, head):
    kept = [one(x) for h, one in enumerate(attention.heads) if h != head]
    return attention.proj(torch.cat(kept, dim=-1))


@ex.mistake(
    "the projection is left out",
    "{off}, and its {place} is {largest_there:g}: these are the heads side by side. The layer ends with attention.proj.",
)
def _(attention, x, head):
    out = joined(attention, x)
    out[..., channels_of(head, attention)] = 0
    return out


def columns_in_place(attention, x, head):
    attention.proj.weight[:, channels_of(head, attention)] = 0
    return attention(x)


@ex.mistake(
    "writes into the layer's weights",
    "torch raised {raised}: you wrote into one of the layer's own weights, which gradients follow. Leave all {n_head} heads and the projection alone: change what the head says, or a clone.",
    columns_in_place,
    see=lambda case: {"raised": type(case.error).__name__, "n_head": case.inputs[1]},
)
def _(attention, x, head):
    attention.heads[head].value.weight.zero_()
    return attention(x)


ex.mistake(
    "the head is switched off for good",
    "{attention} The output is right, but you have changed the layer. Change what the head says, or work on a copy.",
    torch.no_grad()(columns_in_place),
)
ex.mistake(
    "something else in the head's place",
    "{off}: where the head's output was, something else speaks: such as another head, the mean of the others, a part of x, a constant, or noise. Zeros belong there.",
    with_head(lambda out, head, x: x[..., : out.shape[-1]]),
    with_head(lambda out, head, x: torch.ones_like(out)),
    with_head(lambda out, head, x: torch.randn_like(out)),
    with_head(lambda out, head, x: -out),
)


@ex.mistake("something else in the head's place")
def _(attention, x, head):
    outputs = [one(x) for one in attention.heads]
    others = [out for h, out in enumerate(outputs) if h != head]
    outputs[head] = sum(others) / max(1, len(others))
    return attention.proj(torch.cat(outputs, dim=-1))


@ex.mistake("something else in the head's place")
def _(attention, x, head):
    outputs = [one(x) for one in attention.heads]
    outputs[head] = outputs[(head + 1) % len(outputs)]
    return attention.proj(torch.cat(outputs, dim=-1))


@ex.mistake("something else in the head's place")
def _(attention, x, head):
    outputs = [one(x) for one in attention.heads]
    outputs[head] = x[..., channels_of(head, attention)]
    return attention.proj(torch.cat(outputs, dim=-1))


@ex.mistake(
    "the other heads move up",
    "{off}: you left the head out, and those behind it moved into its place, where proj has columns for another. Keep its place, with zeros.",
)
def _(attention, x, head):
    outputs = [one(x) for h, one in enumerate(attention.heads) if h != head]
    nothing = torch.zeros_like(attention.heads[head](x))
    return attention.proj(torch.cat([*outputs, nothing], dim=-1))
