"""What a model really keeps for its backward pass, to hold `nanogpt_lib.costs` to it."""

import torch

from nanogpt_lib.costs import training_memory
from nanogpt_lib.model import GPT, GPTConfig

STAYS = ("parameters", "gradients", "AdamW's moments")


def one_step(config: GPTConfig, batch_size: int, device: str = "cpu") -> tuple[GPT, torch.Tensor]:
    """A model and the loss of a full batch; on "meta" nothing is computed, only shapes and operations."""
    with torch.device(device):
        model = GPT(config)
        idx = torch.zeros(batch_size, config.block_size, dtype=torch.long)
    return model, model(idx, idx.clone())[1]


def kept_for_backward(config: GPTConfig, batch_size: int, device: str = "cpu") -> dict[tuple, list[int]]:
    """Bytes of all that the forward pass keeps for the backward pass, weights aside: by shape, each once."""
    found = {}
    with torch.device(device):
        model = GPT(config)
    own = {weights.untyped_storage()._cdata for weights in model.parameters()}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            found[storage._cdata] = (
                tensor,
                storage.nbytes(),
            )  # the tensor too, so that no address comes twice
        return tensor

    idx = torch.zeros(batch_size, config.block_size, dtype=torch.long, device=device)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(idx, idx.clone())
    sizes: dict[tuple, list[int]] = {}
    for tensor, size in found.values():
        sizes.setdefault(tuple(tensor.shape), []).append(size)
    return sizes


def kept_by_formula(config: GPTConfig, batch_size: int) -> int:
    """The same by `training_memory`; of the masks, half are the heads' own, made with the model."""
    memory = training_memory(config, batch_size)
    return sum(size for part, size in memory.items() if part not in STAYS) - memory["masks"] // 2
