"""The statements on several heads, clause by clause, and right answers in more styles."""

import copy

import torch

from clauses import broken, right
from nanogpt_lib.lessons import multi_head as ex

split_heads, merge_heads = ex.split_heads.answer, ex.merge_heads.answer
copy_weights, ablate = ex.copy_weights.answer, ex.ablate.answer


@torch.no_grad()
def copied(listed, fused, parts=("query", "key", "value"), weight=True, bias=True):
    pile = [getattr(head, part).weight for part in parts for head in listed.heads]
    fused.qkv.copy_(torch.cat(pile))
    if weight:
        fused.proj.weight.copy_(listed.proj.weight)
    if bias:
        fused.proj.bias.copy_(listed.proj.bias)
    return fused


def ablated(silence):
    """The answer that does silence(outputs of the heads, head) before the projection."""

    def answer(attention, x, head):
        outputs = [one(x) for one in attention.heads]
        return attention.proj(torch.cat(silence(outputs, head), dim=-1))

    return answer


def put(instead):
    return lambda outputs, head: [instead(out) if h == head else out for h, out in enumerate(outputs)]


@torch.no_grad()
def for_good(attention, x, head):
    attention.heads[head].value.weight.zero_()
    return attention(x)


def writes_into_x(attention, x, head):
    result = ablate(attention, x, head)
    x.zero_()
    return result


BROKEN = [
    broken(
        "split_heads",
        "side by side",
        "deals the channels out in turn",
        lambda x, n: x.unflatten(2, (-1, n)).permute(0, 3, 1, 2),
    ),
    broken(
        "split_heads",
        "(B, n_head, T, head_size)",
        "the transpose is missing",
        lambda x, n: x.unflatten(2, (n, -1)),
    ),
    broken(
        "split_heads",
        "cut the channels",
        "views straight into the final shape",
        lambda x, n: x.reshape(len(x), n, x.shape[1], -1),
    ),
    broken("split_heads", "the first piece is head 0's", "", lambda x, n: split_heads(x, n).flip(1)),
    broken("split_heads", "of every position, in order", "", lambda x, n: split_heads(x, n).flip(2)),
    broken("split_heads", "of every sequence", "", lambda x, n: split_heads(x[:1].expand_as(x), n)),
    broken(
        "split_heads",
        "n_head pieces",
        "n_head and head_size are swapped",
        lambda x, n: split_heads(x, x.shape[2] // n),
    ),
    broken("split_heads", "gradients come back", "", lambda x, n: split_heads(x.detach(), n)),
    broken(
        "split_heads",
        "gradients come back: no numpy",
        "",
        lambda x, n: torch.from_numpy(split_heads(x, n).detach().numpy()),
    ),
    broken(
        "merge_heads",
        "undo split_heads",
        "does not transpose back",
        lambda h: h.reshape(len(h), h.shape[2], -1),
    ),
    broken("merge_heads", "(B, T, C)", "not joined", lambda h: h.transpose(1, 2)),
    broken("merge_heads", "the channels of head 0 first", "", lambda h: merge_heads(h.flip(1))),
    broken(
        "merge_heads",
        "the channels of a head together",
        "takes the channels in turn",
        lambda h: h.permute(0, 2, 3, 1).flatten(2),
    ),
    broken("merge_heads", "all channels", "adds the heads up", lambda h: h.sum(1)),
    broken("merge_heads", "gradients come back", "", lambda h: merge_heads(h.detach())),
    broken(
        "copy_weights",
        "queries on top, then keys, then values",
        "another order than q, k, v",
        lambda a, b: copied(a, b, ("key", "query", "value")),
    ),
    broken("copy_weights", "the numbers of listed", "nothing was copied", lambda listed, fused: fused),
    broken(
        "copy_weights",
        "both have a proj",
        "the projection is forgotten",
        lambda a, b: copied(a, b, weight=False, bias=False),
    ),
    broken(
        "copy_weights",
        "the bias of the proj",
        "the projection's bias is forgotten",
        lambda a, b: copied(a, b, bias=False),
    ),
    broken("copy_weights", "the weight of the proj", "", lambda a, b: copied(a, b, weight=False)),
    broken(
        "copy_weights",
        "fill fused, not listed",
        "the wrong way round",
        lambda a, b: a.load_state_dict(b.state_dict()) and b,
    ),
    broken("copy_weights", "return fused", "", lambda a, b: copied(a, b) and None),
    broken("copy_weights", "fill fused itself", "a copy is filled", lambda a, b: copied(a, copy.deepcopy(b))),
    broken(
        "copy_weights",
        "by hand",
        "leaves it to load_state_dict",
        lambda a, b: b.load_state_dict(a.state_dict()) and b,
    ),
    broken("ablate", "one head", "nothing is switched off", lambda attention, x, head: attention(x)),
    broken(
        "ablate",
        "this one",
        "another head is switched off",
        lambda attention, x, head: ablate(attention, x, -1 - head),
    ),
    broken(
        "ablate",
        "zeros",
        "the head's mean is left",
        ablated(put(lambda out: out.mean(1, keepdim=True).expand_as(out))),
    ),
    broken(
        "ablate",
        "zeros, not minus the output",
        "something else in the head's place",
        ablated(put(lambda out: -out)),
    ),
    broken(
        "ablate",
        "where that head's output would enter",
        "the head's place is gone",
        ablated(lambda outs, h: outs[:h] + outs[h + 1 :]),
    ),
    broken(
        "ablate",
        "before the projection",
        "zeros in the projection's output",
        lambda a, x, h: torch.cat(
            [0 * part if n == h else part for n, part in enumerate(a(x).chunk(len(a.heads), -1))], -1
        ),
    ),
    broken(
        "ablate",
        "all else stays: the bias",
        "the bias is gone",
        lambda a, x, h: ablate(a, x, h) - a.proj.bias,
    ),
    broken(
        "ablate",
        "all else stays: the other heads",
        "all the other heads are switched off",
        ablated(lambda outs, h: [out if n == h else 0 * out for n, out in enumerate(outs)]),
    ),
    broken("ablate", "attention itself stays", "the head is switched off for good", for_good),
    broken("ablate", "x stays as it is", "", writes_into_x),
]


def split_by_loops(x, n):
    B, T, C = x.shape
    heads = x.new_zeros(B, n, T, C // n)
    for c in range(C):
        heads[:, c // (C // n), :, c % (C // n)] = x[:, :, c]
    return heads


def ablated_by_einsum(attention, x, head):
    weight = attention.proj.weight.unflatten(1, (len(attention.heads), -1))
    heads = torch.stack([one(x) for one in attention.heads])
    kept = [h for h in range(len(heads)) if h != head]
    return torch.einsum("hbtd,chd->btc", heads[kept], weight[:, kept]) + attention.proj.bias


RIGHT = [
    right("split_heads", "by loops", split_by_loops),
    right(
        "split_heads",
        "einops by hand, in float64",
        lambda x, n: x.double().reshape(*x.shape[:2], n, -1).permute(0, 2, 1, 3),
    ),
    right("merge_heads", "by loops", lambda h: torch.cat([h[:, i] for i in range(h.shape[1])], 2)),
    right("merge_heads", "swapaxes, in float64", lambda h: h.double().swapaxes(1, 2).flatten(2)),
    right("copy_weights", "a clone of each", lambda a, b: copied(copy.deepcopy(a), b)),
    right("copy_weights", "row by row", lambda a, b: ex.copy_weights.others[1][0](a, b)),
    right("ablate", "einsum", ablated_by_einsum),
    right("ablate", "an array", lambda a, x, h: ablate(a, x, h).detach().numpy()),
    right("ablate", "in float64", lambda a, x, h: ablate(a, x, h).double()),
]
