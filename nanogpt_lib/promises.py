"""Hold a model to what every model of the library promises: a block_size, and (logits, loss) when called."""

import torch
from torch import nn

from nanogpt_lib.checks import positive_int, problem
from nanogpt_lib.kinds import instance
from nanogpt_lib.messages import described


def module_of(model: object) -> nn.Module:
    """Return the same model, known to be a module of torch.

    Raises:  ValueError: it is something else, such as the class instead of an object.
    Example:
        >>> module_of(nn.ReLU())
        ReLU()
    """
    return instance("model", model, nn.Module, "Build the model first, as GPT(config).")


def block_size_of(model: object) -> int:
    """Return the longest context of a model that says it.

    Raises:  ValueError: it is no module, or has no block_size.
    Example:
        >>> layer = nn.ReLU()
        >>> layer.block_size = 8
        >>> block_size_of(layer)
        8
    """
    if not hasattr(module_of(model), "block_size"):
        raise problem(
            "a model with a block_size, its longest context",
            f"{described(model)} without one",
            "Pass a GPT or a BigramLM, or set model.block_size.",
        )
    return positive_int("block_size", model.block_size)  # type: ignore[attr-defined]  # asked for above


def scored(answer: object) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return what a model gave, known to be a pair (logits, loss); the loss may be None.

    Raises:  ValueError: it is something else, as of a model that returns its logits alone.
    Example:
        >>> scored((torch.zeros(1, 1, 3), None))[0].shape
        torch.Size([1, 1, 3])
    """
    if isinstance(answer, tuple) and len(answer) == 2:
        return answer
    raise problem(
        "a model that returns (logits, loss)",
        described(answer),
        "Return both; the loss is None where there are no targets.",
    )


def loss_of(answer: object) -> torch.Tensor:
    """Return the loss that a model gave beside its logits.

    Raises:  ValueError: there is none, or it is not one number.
    Example:
        >>> loss_of((torch.zeros(1, 1, 3), torch.tensor(1.5)))
        tensor(1.5000)
    """
    loss = scored(answer)[1]
    if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
        raise problem("a model whose loss is one number", described(loss), "Call it with targets.")
    return loss
