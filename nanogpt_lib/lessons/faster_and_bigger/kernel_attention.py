"""Plain causal attention replaced by torch's kernel, also for a few new queries at the end of many keys."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.faster_and_bigger.parity import Attended, compared, to_attend

ex = Exercise(
    prompt="Write kernel_attention(q, k, v, scale): causal attention by F.scaled_dot_product_attention, with scores multiplied by scale. q is (B, n_head, Tq, head_size), k and v are (B, n_head, Tk, head_size), and Tq <= Tk: the queries belong to the last Tq of the Tk positions, as with a cache. Return (B, n_head, Tq, head_size); gradients must come back to q, k and v.",
    hints=(
        "Try it with as many queries as keys first. Then ask for the last query alone: does the kernel give the last row of what it gave before?",
        "is_causal=True counts both from the front: with one query and five keys, that query sees key 0 alone. Query i stands at position Tk - Tq + i. Make a mask of your own: True where a key may be seen.",
        "mask = torch.ones(Tq, Tk, dtype=torch.bool).tril(Tk - Tq), then attn_mask=mask, scale=scale.",
    ),
    inputs=to_attend,
    run=compared,
    see=Attended,
    note="The same output and the same three gradients as plain attention, for a whole text and for a few new positions.",
    atol=1e-5,
)


@ex.right
def kernel_attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float) -> torch.Tensor:
    Tq, Tk = q.shape[-2], k.shape[-2]
    seen = torch.ones(Tq, Tk, dtype=torch.bool).tril(Tk - Tq)  # query i stands at position Tk - Tq + i
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen, scale=scale)


@ex.also_right
def kernel_with_filled_queries(q, k, v, scale):
    missing = k.shape[2] - q.shape[2]
    longer = F.pad(q, (0, 0, missing, 0))  # queries that nobody asks for, so that both begin at position 0
    return F.scaled_dot_product_attention(longer, k, v, is_causal=True, scale=scale)[:, :, missing:]


@ex.also_right
def kernel_query_by_query(q, k, v, scale):
    Tq, Tk = q.shape[2], k.shape[2]
    rows = []
    for i in range(Tq):
        end = Tk - Tq + i + 1
        rows.append(
            F.scaled_dot_product_attention(q[:, :, i : i + 1], k[:, :, :end], v[:, :, :end], scale=scale)
        )
    return torch.cat(rows, dim=2)


@ex.also_right
def kernel_with_an_added_mask(q, k, v, s):
    Tq, Tk = q.shape[2], k.shape[2]
    ahead = torch.arange(Tk) > torch.arange(Tk - Tq, Tk)[:, None]
    bias = torch.zeros(Tq, Tk).masked_fill(ahead, -torch.inf)
    return F.scaled_dot_product_attention(q * s, k, v, bias, scale=1.0)


def kernel(**changed: Callable) -> Callable:
    """Return an answer that is right but for these arguments, each made from Tq, Tk, head_size and scale."""

    def answer(q, k, v, scale):
        sizes = (q.shape[2], k.shape[2], q.shape[3], scale)
        arguments = {"attn_mask": seen(*sizes), "scale": scale}
        arguments |= {name: make(*sizes) for name, make in changed.items()}
        return F.scaled_dot_product_attention(q, k, v, **arguments)

    return answer


def seen(Tq: int, Tk: int, *_: object) -> torch.Tensor:
    return torch.ones(Tq, Tk, dtype=torch.bool).tril(Tk - Tq)


def none(*_: object) -> None:
    return None


ex.mistake(
    "the kernel's own mask is at the front",
    "{where}. is_causal=True takes query 0 for position 0. Here query 0 is position {first}: the queries are the last ones.",
    kernel(attn_mask=none, is_causal=lambda *_: True),
    kernel(attn_mask=lambda Tq, Tk, *_: torch.ones(Tq, Tk, dtype=torch.bool).tril()),
    see=lambda case: {
        "where": Attended(case).where,
        "first": case.inputs[1].shape[2] - case.inputs[0].shape[2],
    },
)
ex.mistake(
    "nothing is masked",
    "{where}: every query sees all keys, also those after its own position. The kernel masks nothing unless you ask.",
    kernel(attn_mask=none),
)
ex.mistake(
    "the mask is upside down",
    "{where}. In attn_mask True means: may be seen. You hid the past and showed the future.",
    kernel(attn_mask=lambda *sizes: ~seen(*sizes)),
)
ex.mistake(
    "a mask of zeros and ones is added",
    "{where}. A mask of floats is added to the scores: 0 and 1 hide nothing. Pass booleans, or minus infinity where nothing may be seen.",
    kernel(attn_mask=lambda *sizes: seen(*sizes).float()),
)
ex.mistake(
    "the scale is left to the kernel",
    "{where}. Without scale= the kernel takes head_size ** -0.5, and here scale is {scale:g}.",
    kernel(scale=none),
)
ex.mistake(
    "scaled twice",
    "{where}. You multiply the queries by scale = {scale:g}, and the kernel scales once more: by what you pass, or by head_size ** -0.5.",
    lambda q, k, v, scale: kernel(scale=none)(q * scale, k, v, scale),
    lambda q, k, v, scale: kernel()(q * scale, k, v, scale),
)
ex.mistake(
    "divided by the scale",
    "{where}. The kernel multiplies the scores by scale; you passed 1 / {scale:g}.",
    kernel(scale=lambda Tq, Tk, D, scale: 1 / scale),
)
ex.mistake(
    "queries and keys are swapped",
    "{came}. The order of the arguments is query, key, value.",
    lambda q, k, v, scale: F.scaled_dot_product_attention(k, q, v, is_causal=True, scale=scale),
    lambda q, k, v, scale: kernel()(k, q, v, scale),
    see=lambda case: {"came": Attended(case).where if case.error is None else Attended(case).raised},
)
ex.mistake(
    "heads and positions change places",
    "{came}. The kernel wants (B, n_head, T, head_size), as the tensors are: nothing has to be transposed.",
    lambda q, k, v, scale: F.scaled_dot_product_attention(
        q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), is_causal=True, scale=scale
    ).transpose(1, 2),
    see=lambda case: {"came": Attended(case).where if case.error is None else Attended(case).raised},
)
ex.mistake(
    "the gradient is cut",
    "The output is right, and the gradient of {lost} is 0 at all {lost_numbers} numbers: training could change nothing there. Drop no_grad and detach.",
    lambda q, k, v, scale: kernel_attention(q.detach(), k.detach(), v.detach(), scale),
    lambda q, k, v, scale: kernel_attention(q, k.detach(), v.detach(), scale),
    see=lambda case: {"lost": " and ".join(Attended(case).lost), "lost_numbers": Attended(case).lost_numbers},
)
ex.mistake(
    "dropout is on",
    "{where}. The kernel drops weights whenever dropout_p is above 0: it does not know whether you are training. Nothing was asked to be dropped.",
    kernel(dropout_p=lambda *_: 0.2),
    kernel(dropout_p=lambda *_: 0.5),
)
ex.mistake(
    "plain operations",
    "All numbers are right. {kernel} These are plain operations: each writes a whole map of Tq times Tk numbers into memory and reads it again, which the kernel spares.",
    lambda q, k, v, scale: (
        (q @ k.mT * scale).masked_fill(~seen(q.shape[2], k.shape[2]), -torch.inf).softmax(-1) @ v
    ),
)
