"""A block: two sums around the residual stream, each part reading a norm's copy."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.diagnose import CHANGE, MOVED, Observe, Run
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.arrays import gap
from nanogpt_lib.kit.measures.draws import between, seeded
from nanogpt_lib.kit.mistakes import Case
from nanogpt_lib.kit.outcome import numbers
from nanogpt_lib.layers import Block
from nanogpt_lib.lessons.feed_forward_and_residuals.stream import streamed


def streams(seed: int) -> list[tuple]:
    """Return (x, n_head, seed of the weights); x does not have variance 1, so that norms are seen at work."""
    generator = seeded(seed)
    cases = []
    for n_head, T in [(2, 5), (1, between(3, 6, generator)), (3, 1)]:
        B, head_size = between(1, 3, generator), between(3, 5, generator)
        x = 2 * torch.randn(B, T, n_head * head_size, generator=generator)
        cases.append((x, n_head, between(0, 10**6, generator)))
    return cases


def no_identity(observe: Observe, run: Run) -> str:
    moved = gap(run.outcome.value["_silent"], run.inputs[0])
    if moved <= MOVED:
        return ""
    return f"With both parts silent your block moves x by up to {moved:.2g}. Where nobody has anything to add, x must come out as it went in."


def future_seen(observe: Observe, run: Run) -> str:
    """Edit the last position alone: each look ahead that a block could have sees it."""
    x, *rest = run.inputs
    last = x.shape[1] - 1
    if not last or gap(run.outcome.value["output"], run.want["output"]) <= MOVED:
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
    return f"Position {earlier} saw position {last}, its future: editing position {last} moved your output at position {earlier} by {moved[earlier]:.2g}."


def with_silent_parts(case: Case) -> dict:
    """Return how far the output is off, what is left where parts are silent, and what was called."""
    x, got = case.inputs[0], case.got
    return {
        "off": gap(got["output"], case.want["output"]),
        "silent": numbers(got["_silent"]).abs().max(),
        "moved": f"With both parts silent your block still moves x by up to {gap(got['_silent'], x):.2g}",
        "no_ffwd": numbers(got["_no_ffwd"]).abs().max(),
        "heard": gap(got["_no_ffwd"], x),
        "apart": numbers(got["_no_sa"]).flatten(0, 1).std(0, correction=0).max(),
        "called": f"You called {', '.join(got['_calls'])}",
        "ln1": got["_calls"].count("ln1"),
        "ln2": got["_calls"].count("ln2"),
        "norms": got["_calls"].count("ln1") + got["_calls"].count("ln2"),
    }


ex = Exercise(
    prompt="Write block(x, sa, ffwd, ln1, ln2): one block around its residual stream x (B, T, C). First attention sa reads ln1's copy of the stream and adds its change, then ffwd reads ln2's copy and adds its own. All four are given, ready to be called; x itself stays as it is, and gradients must come back through the block.",
    hints=(
        "Two lines, one for each part. What is added to, and what is read: which of them is the stream?",
        "A part reads norm(x); its change is added to x, not to norm(x). The second part reads the new x.",
        "x = x + sa(ln1(x)), and the same again with the other two.",
    ),
    inputs=streams,
    run=streamed,
    see=with_silent_parts,
    holds=(no_identity, future_seen),
    note="With both parts silent it hands x on, to the last bit, and a gradient comes back on the same way.",
    axes="B, T, C",
    atol=1e-5,
)


@ex.right
def block(
    x: torch.Tensor, sa: torch.nn.Module, ffwd: torch.nn.Module, ln1: torch.nn.Module, ln2: torch.nn.Module
) -> torch.Tensor:
    x = x + sa(ln1(x))  # communicate: a norm's copy is read, and the change is added to x itself
    x = x + ffwd(ln2(x))  # compute: on the stream that attention has written to
    return x


@ex.also_right
def block_of_the_library(x, sa, ffwd, ln1, ln2):
    one = Block(x.shape[2], n_head=1, block_size=x.shape[1])
    one.sa, one.ffwd, one.ln1, one.ln2 = sa, ffwd, ln1, ln2
    return one(x)


@ex.also_right
def block_by_loop(x, sa, ffwd, ln1, ln2):
    for part, norm in [(sa, ln1), (ffwd, ln2)]:
        x = torch.add(part(norm(x)), x)
    return x


@ex.also_right
def block_by_two_changes(stream, sa, ffwd, ln1, ln2):
    heard = sa(ln1(stream))
    thought = ffwd(ln2(stream + heard))
    return (stream.double() + heard + thought).float()


def in_two_steps(first: Callable, second: Callable) -> Callable:
    """Return the block of two steps, each step(x, part, norm); the ones that follow are such steps."""
    return lambda x, sa, ffwd, ln1, ln2: second(first(x, sa, ln1), ffwd, ln2)


def adds(x, part, norm):
    return x + part(norm(x))


def replaces(x, part, norm):
    return part(norm(x))


def adds_to_the_copy(x, part, norm):
    copy = norm(x)
    return copy + part(copy)


def reads_x_itself(x, part, norm):
    return x + part(x)


def adds_in_place(x, part, norm):
    x += part(norm(x))
    return x


ex.mistake(
    "there is no way round",
    "With both parts silent your block returns {silent:g} everywhere: x is gone. Each part replaces what came in. It should add.",
    in_two_steps(replaces, replaces),
)
ex.mistake(
    "only attention has a way round",
    "With a silent feed-forward layer your block returns {no_ffwd:g} everywhere: all that was in the stream is lost there. The second part should add, too.",
    in_two_steps(adds, replaces),
)
ex.mistake(
    "only the feed-forward layer has a way round",
    "With silent attention your outputs for all positions differ by {apart:.1g}: nothing of x is left. The first part should add, too.",
    in_two_steps(replaces, adds),
)
ex.mistake(
    "one way round both parts",
    "With a silent feed-forward layer what attention found moves your output by {heard:g}. One sum goes round both parts here; each should have its own.",
    lambda x, sa, ffwd, ln1, ln2: x + ffwd(ln2(sa(ln1(x)))),
)
ex.mistake(
    "the second sum starts from the old x",
    "With a silent feed-forward layer what attention found moves your output by {heard:g}. The layer reads the new stream, but its change is added to the x from before.",
    lambda x, sa, ffwd, ln1, ln2: x + ffwd(ln2(x + sa(ln1(x)))),
)
ex.mistake(
    "both parts read the same x",
    "Your block is right with either part silent, and with both speaking it is off by up to {off:.2g}. The feed-forward layer should read what attention has just written.",
    lambda x, sa, ffwd, ln1, ln2: x + sa(ln1(x)) + ffwd(ln2(x)),
)
ex.mistake(
    "the norms stand in the stream",
    "{moved}: a norm stands behind each sum, and all that passes by must go through it. That is the block of 2017; here a norm stands before a part.",
    in_two_steps(*[lambda x, part, norm: norm(x + part(x))] * 2),
    in_two_steps(*[lambda x, part, norm: norm(x + part(norm(x)))] * 2),
)
ex.mistake(
    "the change is added to a norm's copy",
    "{moved}: you add to what a norm made of x, so x itself is lost. A part reads the copy; its change goes to the stream.",
    in_two_steps(adds_to_the_copy, adds_to_the_copy),
    in_two_steps(adds_to_the_copy, adds),
    in_two_steps(adds, adds_to_the_copy),
)
ex.mistake(
    "the norms come after the parts",
    "{moved}, for a norm makes something of nothing. You brought to size what the parts say; bring to size what they read.",
    in_two_steps(*[lambda x, part, norm: x + norm(part(x))] * 2),
)
ex.mistake(
    "one norm serves both parts",
    "{called}: ln1 {ln1} times, ln2 {ln2} times. They have learned different things. Your output is off by up to {off:.2g}.",
    lambda x, sa, ffwd, ln1, ln2: block(x, sa, ffwd, ln1, ln1),
    lambda x, sa, ffwd, ln1, ln2: block(x, sa, ffwd, ln2, ln2),
)
ex.mistake(
    "the norms are swapped",
    "{called}. Each is called, and your output is off by up to {off:.2g}: which norm belongs to which part?",
    lambda x, sa, ffwd, ln1, ln2: block(x, sa, ffwd, ln2, ln1),
)
ex.mistake(
    "the feed-forward layer comes first",
    "{called}, and your output is off by up to {off:.2g}. First communicate, then compute: else each position thinks over what it has not heard yet.",
    lambda x, sa, ffwd, ln1, ln2: block(x, ffwd, sa, ln2, ln1),
    lambda x, sa, ffwd, ln1, ln2: block(x, ffwd, sa, ln1, ln2),
)
ex.mistake(
    "a part reads the stream as it is",
    "{called}: {norms} of 2 norms had something to do, and your output is off by up to {off:.2g}. Each part reads a norm's copy.",
    in_two_steps(reads_x_itself, reads_x_itself),
    in_two_steps(adds, reads_x_itself),
    in_two_steps(reads_x_itself, adds),
)
ex.mistake(
    "x is changed in place",
    "{x} The output is right, but += writes into the x that you were given. Whoever called the block still needs it: x = x + ... makes a new tensor.",
    in_two_steps(adds_in_place, adds_in_place),
)
ex.mistake(
    "the stream is overwritten",
    "The output is right within {off:.1g}, but it cannot be trained. {gradient} A norm still needs the numbers that += wrote over.",
    in_two_steps(adds, adds_in_place),
)
ex.mistake(
    "the mean in place of the sum",
    "{moved}: you halve each sum, so what was in the stream fades from part to part. Add, and leave it at that.",
    in_two_steps(*[lambda x, part, norm: (x + part(norm(x))) / 2] * 2),
)
ex.mistake(
    "multiplied in place of added",
    "With both parts silent your block returns {silent:g} everywhere: a product with nothing is nothing. Add what a part says.",
    in_two_steps(*[lambda x, part, norm: x * part(norm(x))] * 2),
    in_two_steps(adds, lambda x, part, norm: x * part(norm(x))),
    in_two_steps(lambda x, part, norm: x * part(norm(x)), adds),
)
ex.mistake(
    "the feed-forward layer reads attention's change alone",
    "Your output is off by up to {off:.2g}: the second part reads what attention has just said, and not the stream to which it was added.",
    lambda x, sa, ffwd, ln1, ln2: x + sa(ln1(x)) + ffwd(ln2(sa(ln1(x)))),
)
