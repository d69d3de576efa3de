"""The loop that writes: look, draw, append, and leave the model as it was."""

import torch

from nanogpt_lib.checks import evaluating
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.kit.measures.models import ALWAYS_TRAINING, LOST_BY_AN_EXCEPTION, ONE_MODE, SWALLOWED
from nanogpt_lib.lessons.sampling.loops import as_the_whole, draw, stays, trains, writing
from nanogpt_lib.lessons.sampling.shared import raised
from nanogpt_lib.lessons.sampling.writer import BLOCK
from nanogpt_lib.lessons.sampling.written import NEW, to_write, written
from nanogpt_lib.sampling import next_token_probs

ex = Exercise(
    prompt="Write generate(model, idx, max_new_tokens, temperature, generator): idx (B, T) and behind it as many drawn tokens as asked. The model sees the last model.block_size at most, in evaluation mode and without gradients; afterwards, also after an exception, each part has its old mode.",
    hints=(
        "Look, draw, append. Around that loop: what must be switched off, and put back whatever happens?",
        "idx[:, -model.block_size:] is what the model sees, logits[:, -1] what it says of the next; next_token_probs(..., temperature) knows T = 0. torch.multinomial draws for every row.",
        "modes = [(part, part.training) for part in model.modules()]; under `try:` model.eval() and the loop under torch.no_grad(), with torch.multinomial(probs, num_samples=1, generator=generator); under `finally:` part.training = mode for each.",
    ),
    inputs=to_write,
    run=written,
    see=lambda case: {"block_size": BLOCK, "new": NEW, "T": case.inputs[3], "raised": raised(case)},
    note=lambda values: (
        f"{values[0]['law'].said} One seed writes one text, and torch's own stream is untouched."
    ),
)


@ex.right
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


@ex.also_right
def written_by_evaluating(model, idx, n, T, g):
    with evaluating(model):
        for _ in range(n):
            logits = model(idx[:, -model.block_size :])[0][:, -1, :]
            idx = torch.hstack([idx, torch.multinomial(next_token_probs(logits, T), 1, generator=g)])
    return idx


@ex.also_right
def written_in_a_list(model, idx, max_new_tokens, temperature, generator):
    """Luck by thresholds: how many of the sums does one number from 0 to 1 exceed?"""
    modes, tokens = {m: m.training for m in model.modules()}, list(idx.unbind(dim=1))
    model.eval()
    try:
        while len(tokens) < idx.shape[1] + max_new_tokens:
            with torch.inference_mode():
                logits, _ = model(torch.stack(tokens[-model.block_size :], dim=1))
            if temperature:
                sums = (logits[:, -1] / temperature).softmax(-1).cumsum(-1)
                luck = torch.rand(len(idx), 1, generator=generator)
                tokens.append((sums[:, :-1] < luck).sum(dim=-1))
            else:
                tokens.append(logits[:, -1].argmax(-1))
    finally:
        for m, mode in modes.items():
            m.training = mode
    return torch.stack(tokens, dim=1)


ex.mistake(
    "the prompt is missing",
    "{shape} That is what was written, without what it follows.",
    writing(result=lambda idx, start: idx[:, start.shape[1] :]),
)
ex.mistake(
    "the crop cuts the text",
    "{shape} Each round threw away the beginning. Crop what the model sees, and keep the text.",
    writing(cuts=True),
)
ex.mistake(
    "new tokens are put in front",
    "{prompt} What comes next stands behind: look at the order in your cat.",
    writing(join=lambda idx, token: torch.cat([token, idx], dim=1)),
)
ex.mistake(
    "no crop",
    "The prompt grew to block_size = {block_size} and beyond, and {raised}. What of a long text may the model see?",
    writing(crop=lambda idx, size: idx),
)
ex.mistake(
    "cropped at the wrong end",
    "{contexts} That window never moves again: it is the beginning of the text. Which end does the next token follow?",
    writing(crop=lambda idx, size: idx[:, :size]),
)
ex.mistake(
    "the model sees one token",
    "{contexts} A bigram needs no more; this model has places for all of them.",
    writing(crop=lambda idx, size: idx[:, -1:]),
)


@ex.mistake(
    "all drawn at one look",
    "{contexts} {new} tokens need {new} looks: each follows what was drawn before it.",
)
def _(model, idx, count, T, generator):
    at_once = writing(
        draw=lambda probs, generator: torch.multinomial(probs, count, True, generator=generator)
    )
    return at_once(model, idx, 1, T, generator)


@ex.mistake(
    "what was written is not looked at",
    "{contexts} Every token was drawn after the prompt alone. What should the next look see?",
)
def _(model, idx, max_new_tokens, temperature, generator):
    new = [generate(model, idx, 1, temperature, generator)[:, -1:] for _ in range(max_new_tokens)]
    return torch.cat([idx, *new], dim=1)


ex.mistake(
    "dropout is left on",
    "{mode} Its dropouts spoil what it says, and no_grad does not stop them. Which switch does?",
    writing(enter=stays, leave=stays),
    writing(enter=stays, leave=trains),
    writing(enter=trains),
)
ex.mistake(
    "gradients are recorded",
    "{graph} Nobody will ask for them, and they cost time and memory. Which block forbids them?",
    writing(gradients=True),
)
ex.mistake(
    "the mode is not put back",
    "{after} A training that goes on would go on without dropout. Who puts the mode back?",
    writing(leave=stays),
)
ex.mistake(
    *ALWAYS_TRAINING,
    writing(leave=trains),
    writing(leave=trains, safe=False),
)
ex.mistake(
    *ONE_MODE,
    writing(leave=as_the_whole),
    writing(leave=as_the_whole, safe=False),
)
ex.mistake(
    *LOST_BY_AN_EXCEPTION,
    writing(safe=False),
)


@ex.mistake(*SWALLOWED)
def _(model, idx, *rest):
    try:
        return generate(model, idx, *rest)
    except RuntimeError:
        return idx


@ex.mistake(
    "gradients stay forbidden",
    "Nearly: {gradients} The next loss.backward() would fail. `with torch.no_grad():` ends by itself.",
)
def _(*given):
    torch.set_grad_enabled(False)
    return generate(*given)


ex.mistake(
    "the likeliest instead of a draw",
    "{law} The likeliest, always: that is greedy, and right at T = 0 only. Who draws?",
    writing(draw=lambda probs, generator: probs.argmax(dim=-1, keepdim=True)),
)
ex.mistake(
    "the temperature is not used",
    "{law} That is the share at T = 1. Either the temperature is not used, or the probabilities are divided by it, and the draw divides it out again.",
    writing(probs=lambda logits, T: next_token_probs(logits)),
    writing(probs=lambda logits, T: next_token_probs(logits, float(T > 0))),
)
ex.mistake(
    "the logits are multiplied by the temperature",
    "{law} Cold should sharpen and heat flatten; yours goes the other way.",
    writing(probs=lambda logits, T: (logits * T).softmax(dim=-1)),
    writing(probs=lambda logits, T: next_token_probs(logits, 1 / T if T else 0)),
)
ex.mistake(
    "T = 0 divides by zero",
    "With T = {T:g} {raised}. Greedy needs a case of its own; next_token_probs has it, and so has your first exercise.",
    writing(probs=lambda logits, T: (logits / T).softmax(dim=-1)),
    writing(probs=lambda logits, T: (logits * (1 / T)).softmax(dim=-1)),
)
ex.mistake(
    "the logits of the first position",
    "{law} The model speaks at every position. Which one speaks of what comes next?",
    writing(at=lambda logits: logits[:, 0]),
)
ex.mistake(
    "all positions speak together",
    "{law} You averaged the logits of all positions. Only the last one speaks of what comes next.",
    writing(at=lambda logits: logits.mean(dim=1)),
)
ex.mistake(
    "a token too few, or too many",
    "{shape} Either the loop makes another number of turns than max_new_tokens, or a token is cut off at the end.",
    *(lambda model, idx, n, *rest, more=more: generate(model, idx, n + more, *rest) for more in (-1, 1)),
)
ex.mistake(
    "only one row is returned",
    "{shape} That is one text of the batch. Return all rows.",
    writing(result=lambda idx, start: idx[0]),
    writing(result=lambda idx, start: idx[:1]),
)
ex.mistake(
    "one draw for the whole batch",
    "{law} Each row is a text of its own, and draws for itself.",
    writing(draw=lambda probs, generator: draw(probs[:1], generator).expand(len(probs), 1)),
)
ex.mistake(
    "one row speaks for the whole batch",
    "{law} The rows have different prompts, and you drew for all of them from the first one's probabilities.",
    writing(draw=lambda probs, generator: draw(probs[:1].expand(len(probs), -1), generator)),
)
ex.mistake(
    "only one row",
    "With 2 rows {raised}. One number for a batch of draws: keep the tensor (B, 1), and append that.",
    writing(join=lambda idx, token: torch.cat([idx, torch.tensor([[token.item()]])], dim=1)),
)
ex.mistake(
    "the generator is not used",
    "Nearly: {seed} Draw with generator=generator.",
    lambda *given: generate(*given[:-1], None),
)
ex.mistake(
    "a generator of its own",
    "Nearly: {stream} You made one from the seed of the one given, so nothing goes on. Draw from that one itself.",
    lambda *given: generate(*given[:-1], torch.Generator().manual_seed(given[-1].initial_seed())),
)
ex.mistake(
    "a seed set inside",
    "Nearly: {chance} One text for ever: draw from the generator given.",
    lambda *given: generate(*given[:-1], torch.Generator().manual_seed(1337)),
)


@ex.mistake(
    "the global stream is set anew",
    "Nearly: {global} Whoever draws after you gets other numbers than without you. Hand the generator to multinomial.",
)
def _(*given):
    torch.manual_seed(given[-1].initial_seed())
    return generate(*given[:-1], None)
