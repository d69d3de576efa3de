"""Loops that write as the right one does but for one thing."""

from collections.abc import Callable

import torch

from nanogpt_lib.sampling import next_token_probs


def draw(probs, generator):
    return torch.multinomial(probs, num_samples=1, generator=generator)


def each_its_own(model, before):
    for part, mode in before.items():
        part.training = mode


def stays(model, before=None):
    """Leave the model as it is."""


def trains(model, before=None):
    model.train()


def as_the_whole(model, before):
    model.train(before[model])


def writing(
    crop: Callable = lambda idx, size: idx[:, -size:],
    at: Callable = lambda logits: logits[:, -1],
    probs: Callable = next_token_probs,
    draw: Callable = draw,
    join: Callable = lambda idx, token: torch.cat([idx, token], dim=1),
    result: Callable = lambda idx, start: idx,
    cuts: bool = False,
    enter: Callable = lambda model: model.eval(),
    leave: Callable = each_its_own,
    safe: bool = True,
    gradients: bool = False,
) -> Callable:
    """Return the answer with one thing done in another way."""

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
