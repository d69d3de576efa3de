"""One head, a head across two sequences, and many heads in two forms, against torch's own layers."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers import close, copied, same_bits, weights_of
from nanogpt_lib.attention import CrossAttention, Head, MultiHeadAttention, split_width
from nanogpt_lib.averaging import causal_mask
from nanogpt_lib.fused_attention import DirectAttention, FusedAttention

both_forms = pytest.mark.parametrize("form", [MultiHeadAttention, FusedAttention, DirectAttention])
scales = pytest.mark.parametrize("scale", [None, 1.0, 0.125])


def pair(scale: float | None = None, dropout: float = 0.0) -> tuple[MultiHeadAttention, FusedAttention]:
    """Both forms from one seed: C = 12, three heads, eight positions."""
    built = []
    for form in (MultiHeadAttention, FusedAttention):
        torch.manual_seed(3)
        built.append(form(12, 3, 8, dropout=dropout, scale=scale))
    return tuple(built)


# --- one head -------------------------------------------------------------------------------------


@scales
@given(st.integers(1, 3), st.integers(1, 8), st.integers(0, 99))
def test_a_head_is_torchs_kernel_on_its_own_projections(
    scale: float | None, B: int, T: int, seed: int
) -> None:
    torch.manual_seed(seed)
    head, x = Head(6, 4, block_size=8, scale=scale), torch.randn(B, T, 6)
    q, k, v = (F.linear(x, part.weight) for part in (head.query, head.key, head.value))
    close(head(x), F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale), within=1e-5)


def test_a_head_without_a_scale_divides_by_the_root_of_its_own_size() -> None:
    """Not of n_embd, the reference's slip: here the two differ by a factor of 2."""
    head, x = Head(16, 4, block_size=8), torch.randn(2, 8, 16)
    assert head.scale == 0.5
    for scale, is_equal in ((0.5, True), (0.25, False)):
        other = copied(head.state_dict(), Head(16, 4, block_size=8, scale=scale))
        assert torch.equal(head(x), other(x)) == is_equal


def test_the_stages_of_a_head_are_those_of_its_forward() -> None:
    head, x = Head(6, 4, block_size=8, scale=0.3), torch.randn(2, 7, 6)
    steps = head.steps(x)
    assert torch.equal(steps.output, head(x))
    close(steps.scaled, 0.3 * head.query(x) @ head.key(x).transpose(1, 2), within=1e-6)
    assert torch.equal(steps.masked == float("-inf"), ~causal_mask(7).expand(2, 7, 7))


def test_a_head_draws_key_query_and_value_in_that_order_and_has_no_bias() -> None:
    """The reference's order; another would change every number of its log."""
    torch.manual_seed(3)
    head = Head(6, 4, block_size=8)
    torch.manual_seed(3)
    wanted = {f"{name}.weight": nn.Linear(6, 4, bias=False).weight for name in ("key", "query", "value")}
    same_bits(dict(head.named_parameters()), wanted)
    assert list(head.state_dict()) == list(wanted), "a mask does not belong among the weights"


@given(st.integers(2, 8), st.data())
def test_changing_the_future_leaves_the_past_of_every_layer_unchanged(T: int, data: st.DataObject) -> None:
    torch.manual_seed(0)
    x, place = torch.randn(2, T, 12), data.draw(st.integers(1, T - 1))
    changed = x.clone()
    changed[:, place:] += 1 + torch.rand(2, T - place, 12)
    for layer in (Head(12, 4, 8), *pair()):
        before, after = layer(x), layer(changed)
        close(before[:, :place], after[:, :place], within=1e-6)
        assert (before[:, place:] - after[:, place:]).abs().max() > 1e-3


def test_dropout_of_a_head_acts_on_its_weights() -> None:
    """With every weight dropped nothing is left to sum."""
    head, x = Head(6, 4, block_size=8, dropout=1.0), torch.randn(2, 3, 6)
    assert not head(x).any()
    assert head.eval()(x).all()


# --- a head across two sequences ------------------------------------------------------------------


@scales
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 99))
def test_cross_attention_is_torchs_kernel_without_a_mask(
    scale: float | None, T: int, S: int, seed: int
) -> None:
    torch.manual_seed(seed)
    attend = CrossAttention(n_embd=6, context_embd=5, head_size=4, scale=scale)
    x, context = torch.randn(2, T, 6), torch.randn(2, S, 5)
    q, k, v = F.linear(x, attend.query.weight), attend.key(context), attend.value(context)
    close(attend(x, context), F.scaled_dot_product_attention(q, k, v, scale=scale), within=1e-5)


def test_every_query_weighs_the_whole_other_sequence() -> None:
    attend = CrossAttention(n_embd=6, context_embd=5, head_size=4)
    x, context = torch.randn(2, 3, 6), torch.randn(2, 7, 5)
    steps = attend.steps(x, context)
    assert steps.weights.shape == (2, 3, 7)
    assert bool((steps.weights > 0).all())
    close(steps.weights.sum(-1), torch.ones(2, 3), within=1e-6)
    assert torch.equal(steps.output, attend(x, context))


@pytest.mark.parametrize(
    ("x", "context", "named"),
    [
        ((2, 3, 5), (2, 7, 5), r"x of shape \(B, T, 6\)"),
        ((2, 3, 6), (2, 7, 6), r"context of shape \(2, S, 5\)"),
        ((2, 3, 6), (1, 7, 5), r"context of shape \(2, S, 5\)"),
    ],
)
def test_a_sequence_of_another_width_or_batch_is_refused(x: tuple, context: tuple, named: str) -> None:
    attend = CrossAttention(n_embd=6, context_embd=5, head_size=4)
    with pytest.raises(ValueError, match=named):
        attend(torch.zeros(x), torch.zeros(context))


# --- many heads -----------------------------------------------------------------------------------


@both_forms
def test_many_heads_are_torchs_multihead_attention_with_the_same_weights(form: type) -> None:
    torch.manual_seed(3)
    ours, x = form(12, 3, block_size=8), torch.randn(2, 7, 12)
    theirs = nn.MultiheadAttention(12, 3, bias=True, batch_first=True)
    listed = copied(ours.state_dict(), MultiHeadAttention(12, 3, block_size=8))
    stacked = [
        torch.cat([getattr(head, part).weight for head in listed.heads]) for part in ("query", "key", "value")
    ]
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat(stacked))
        theirs.in_proj_bias.zero_()
        theirs.out_proj.load_state_dict(ours.proj.state_dict())
    expected, _ = theirs(x, x, x, attn_mask=~causal_mask(7), need_weights=False)
    close(ours(x), expected, within=1e-5)


def test_many_heads_are_single_heads_joined_and_mixed() -> None:
    listed, _ = pair()
    x = torch.randn(2, 7, 12)
    expected = listed.proj(torch.cat([head(x) for head in listed.heads], dim=-1))
    same_bits(listed(x), expected)


@scales
def test_both_forms_from_one_seed_hold_the_same_numbers(scale: float | None) -> None:
    listed, fused = pair(scale)
    same_bits(fused.head_weights() | {f"proj.{name}": t for name, t in fused.proj.state_dict().items()},
              dict(listed.state_dict()))  # fmt: skip
    assert list(fused.head_weights()) == [name for name in listed.state_dict() if "heads" in name]


def test_both_forms_leave_the_random_stream_at_the_same_place() -> None:
    after = []
    for form in (MultiHeadAttention, FusedAttention):
        torch.manual_seed(3)
        form(12, 3, 8)
        after.append(torch.rand(1))
    same_bits(*after)


@scales
@given(st.integers(1, 8), st.integers(0, 99))
def test_both_forms_from_one_seed_compute_the_same(scale: float | None, T: int, seed: int) -> None:
    listed, fused = pair(scale)
    x = torch.randn(2, T, 12, generator=torch.Generator().manual_seed(seed))
    close(fused(x), listed(x), within=1e-5)


@pytest.mark.parametrize("direction", ["heads to fused", "fused to heads"])
def test_each_form_loads_the_weights_of_the_other(direction: str) -> None:
    listed, fused = pair(scale=0.3)
    torch.manual_seed(4)
    source, target = (listed, FusedAttention(12, 3, 8, scale=0.3))
    if direction == "fused to heads":
        source, target = fused, MultiHeadAttention(12, 3, 8, scale=0.3)
    state = source.state_dict()
    names, x = list(state), torch.randn(2, 8, 12)
    assert (target(x) - source(x)).abs().max() > 0.01, "already equal before loading"
    assert str(target.load_state_dict(state)) == "<All keys matched successfully>"
    close(target(x), source(x), within=1e-6)
    assert list(state) == names, "loading changed the dictionary that it was given"


@both_forms
def test_a_missing_weight_is_named_whatever_form_it_comes_in(form: type) -> None:
    listed, fused = pair()
    for source, lost in ((listed, "heads.1.query.weight"), (fused, "qkv"), (fused, "proj.bias")):
        state = weights_of(source)
        del state[lost]
        wanted = lost if form is type(source) or lost == "proj.bias" else "Missing key"
        with pytest.raises(RuntimeError, match=wanted):
            form(12, 3, 8).load_state_dict(state)


def test_gradients_of_both_forms_are_equal() -> None:
    listed, fused = pair()
    x = torch.randn(2, 8, 12)
    inputs = [x.clone().requires_grad_() for _ in range(2)]
    for layer, own in zip((listed, fused), inputs, strict=True):
        layer(own).square().sum().backward()
    close(inputs[1].grad, inputs[0].grad, within=1e-5)
    parts = [getattr(head, part).weight.grad for part in ("query", "key", "value") for head in listed.heads]
    close(fused.qkv.grad, torch.cat(parts), within=1e-5)
    close(fused.proj.weight.grad, listed.proj.weight.grad, within=1e-5)


@both_forms
def test_dropout_acts_in_training_alone(form: type) -> None:
    layer, x = form(12, 3, 8, dropout=0.5), torch.randn(2, 8, 12)
    assert not torch.equal(layer(x), layer(x))
    assert torch.equal(layer.eval()(x), layer(x))


@both_forms
def test_dropout_acts_on_the_result_too(form: type) -> None:
    """Alone here, because everything else rests: some numbers are gone, and the others are doubled."""
    layer, x = form(12, 3, 8, dropout=0.5).eval(), torch.randn(2, 8, 12)
    whole = layer(x)
    layer.dropout.train()
    part = layer(x)
    close(part[part != 0], 2 * whole[part != 0], within=1e-5)
    assert 50 < int((part == 0).sum()) < 142  # 96 of 192, and 46 are 6.6 spreads


def test_fused_dropout_acts_on_the_weights_too_and_keeps_the_mean() -> None:
    """The kernel is given the share; without the projection's own dropout, which is switched off here.
    The mean of 2,000 draws has a spread of about 1/45 of one draw's; five of those are never reached."""
    _, fused = pair(dropout=0.5)
    x = torch.randn(1, 4, 12)
    whole = fused.eval()(x)
    fused.train()
    fused.dropout.eval()
    draws = torch.stack([fused(x) for _ in range(2_000)]).detach()
    assert (draws.std(0)[:, 1:] > 0.01).all()
    assert ((draws.mean(0) - whole).abs() < 5 * draws.std(0) / 2_000**0.5 + 1e-6).all()


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [MultiHeadAttention, FusedAttention])
@pytest.mark.parametrize(("n_embd", "n_head", "remedy"), [(30, 4, "n_embd=28 or 32"), (3, 4, "n_embd=4")])
def test_a_width_that_cannot_be_shared_is_refused_with_widths_that_can(
    form: type, n_embd: int, n_head: int, remedy: str
) -> None:
    with pytest.raises(ValueError, match=f"n_embd={n_embd}, n_head={n_head}.*Choose {remedy}"):
        form(n_embd, n_head, 8)


@given(st.integers(1, 64), st.integers(1, 16))
def test_the_widths_proposed_can_be_split(n_embd: int, n_head: int) -> None:
    try:
        assert split_width(n_embd, n_head) * n_head == n_embd
    except ValueError as error:
        proposed = str(error).split("n_embd=")[-1].removesuffix(".").split(" or ")
        assert proposed
        assert all(int(width) % n_head == 0 and int(width) > 0 for width in proposed)


@pytest.mark.parametrize("layer", [Head(12, 4, 8), *pair()], ids=lambda layer: type(layer).__name__)
@pytest.mark.parametrize(
    ("shape", "named"),
    [((2, 9, 12), "T <= block_size=8, got T=9"), ((2, 8, 11), r"\(B, T, 12\)"), ((8, 12), r"\(B, T, 12\)")],
)
def test_too_long_or_otherwise_shaped_input_is_refused(layer: nn.Module, shape: tuple, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        layer(torch.zeros(shape))


@pytest.mark.parametrize("dropout", [-0.1, 1.1])
@both_forms
def test_a_dropout_that_is_no_share_is_refused(form: type, dropout: float) -> None:
    with pytest.raises(ValueError, match="0 <= dropout <= 1"):
        form(12, 3, 8, dropout=dropout)
