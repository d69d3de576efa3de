"""Hold a model to what every model of the library promises: a block_size, and (logits, loss) when called."""

import torch
from torch import nn

from nanogpt_lib.checks import evaluating, positive_int, problem
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


def scores_of(model: nn.Module, idx: torch.Tensor) -> torch.Tensor:
    """Return the model's logits in evaluation mode, or refuse it by the layers that do not fit together.

    A GPT is asked for its scores alone, since a look must not call anybody's hooks.

    Args:    model: returns (logits, loss).   idx: (B, T) int64.
    Raises:  ValueError: layers with different types of numbers, or on different devices; a model without
             numbers, on the device "meta"; or as calling the model does.
    Example:
        >>> from nanogpt_lib.bigram import BigramLM
        >>> scores_of(BigramLM(3), torch.tensor([[0, 1]])).shape
        torch.Size([1, 2, 3])
    """
    kinds: dict[str, str] = {}
    for name, weights in module_of(model).named_parameters():
        kinds.setdefault(f"{str(weights.dtype)[6:]} on {weights.device}", name)
        if weights.is_meta:
            raise problem("a model with numbers", f"{name} on the device 'meta'", "Build it on the cpu.")
    try:
        with evaluating(model):
            look = getattr(model, "scores", None)
            return look(idx) if callable(look) else scored(model(idx))[0]
    except (RuntimeError, ValueError) as error:
        if len(kinds) == 1:
            raise
        told = " beside ".join(f"{name} in {kind}" for kind, name in kinds.items())
        raise problem("layers that fit together", told, "Convert the whole model: model.float().") from error


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
