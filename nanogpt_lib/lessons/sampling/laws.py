"""Which law drawn tokens follow, judged by their shares, over so many draws that a right answer of any style passes."""

import torch
from torch.nn.functional import one_hot

from nanogpt_lib.kit.outcome import Fact
from nanogpt_lib.lessons.sampling.writer import BASE, places

DRAWS = 1000  # after each of two prompts
WITHIN = 0.08  # how far a share may be off its probability: five times what chance does


def laws(idx: torch.Tensor, temperature: float) -> dict[str, torch.Tensor]:
    """Return by name the probabilities (B, V) from which the next token may have been drawn."""
    first, last = (torch.tensor(BASE)[places(idx)][:, t] for t in (0, -1))

    def greedy(logits: torch.Tensor) -> torch.Tensor:
        return one_hot(logits.argmax(dim=-1), len(BASE)).float()

    def heated(logits: torch.Tensor) -> torch.Tensor:
        return greedy(logits) if temperature == 0 else (logits / temperature).softmax(dim=-1)

    return {
        "as asked": heated(last),
        "T is ignored": last.softmax(dim=-1),
        "T is upside down": (last * temperature).softmax(dim=-1),
        "greedy": greedy(last),
        "the first position": heated(first),
        "row 0 for all": heated(last)[:1].expand(len(idx), -1),
        "even": torch.full((len(idx), len(BASE)), 1 / len(BASE)),
    }


def law_of(drawn: torch.Tensor, many: torch.Tensor, temperature: float) -> Fact:
    """Return which law the draws follow: two prompts, DRAWS rows of each."""
    if temperature > 0 and bool((drawn == drawn[0]).all()):
        both = f"{len(drawn):,} rows with two different prompts"
        said = f"With T = {temperature:g}, all of {both} got the same token, {int(drawn[0])}."
        return Fact("one for all", said)
    known = laws(many[::DRAWS], temperature)
    shares = one_hot(drawn, len(BASE)).double().reshape(2, DRAWS, len(BASE)).mean(dim=1)
    far = {name: (shares - law).abs().max().item() for name, law in known.items()}
    name = min(far, key=far.get)  # of two that are the same, the first
    said = []
    for prompt, share, right in zip(many[::DRAWS].tolist(), shares, known["as asked"], strict=True):
        token = int(right.argmax())
        told = f"were token {token}, whose probability is {right[token]:.1%}"
        said.append(f"after {prompt} {share[token]:.1%} {told}")
    draws = f"With T = {temperature:g}, of {DRAWS:,} draws {'; '.join(said)}."
    return Fact(name if far[name] < WITHIN else "another", draws)
