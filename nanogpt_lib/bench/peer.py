"""Train and write with GPT2LMHeadModel of transformers at the same sizes, as one of its users would.

GELU and the biases of queries, keys and values are its own; its head shares the table of characters.

Taught in: faster_and_bigger.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch
import torch.nn.functional as F

from nanogpt_lib.bench.settings import Setting
from nanogpt_lib.data import get_batch


def is_installed() -> bool:
    """Tell whether transformers can be imported; its import takes seconds, so this only looks for it."""
    return find_spec("transformers") is not None


def built(setting: Setting) -> Any:
    """Return a new GPT2LMHeadModel of the setting's sizes, without dropout.

    Raises:  ImportError: transformers is not installed.
    Source:  Wolf et al. (2020), transformers.   Taught in: faster_and_bigger.
    """
    from transformers import GPT2Config, GPT2LMHeadModel  # only where it is measured

    sizes = setting.model
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=sizes.vocab_size,
            n_positions=sizes.block_size,
            n_embd=sizes.n_embd,
            n_head=sizes.n_head,  # heads of a block
            n_layer=sizes.n_layer,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=None,
            eos_token_id=None,
        )
    )


def training(setting: Setting, precision: str, ids: torch.Tensor) -> Callable[[], object]:
    """Return a function that makes one step with torch's AdamW, and looks at nothing.

    Args:    setting: its sizes.   precision: "float32", or "bfloat16" for the products.
             ids: (N,) int64, the text to learn from.
    Raises:  ImportError: transformers is not installed.
    Taught in: faster_and_bigger.
    """
    model = built(setting).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def step() -> None:
        x, y = get_batch(ids, setting.model.block_size, setting.batch_size)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            logits = model(x).logits  # (B, T, V)
            loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def writing(setting: Setting, precision: str, ids: torch.Tensor) -> Callable[[], object]:
    """Return a function that writes one text with its cache, drawn from all characters.

    Args:    setting: its sizes.   precision, ids: not used here, as weights are float32 and new.
    Raises:  ImportError: transformers is not installed.
    Taught in: faster_and_bigger.
    """
    model = built(setting).eval()
    newline = torch.zeros(1, 1, dtype=torch.long)
    seen = torch.ones_like(newline)
    settings = {"max_new_tokens": setting.characters, "do_sample": True, "top_k": 0, "use_cache": True}
    return lambda: model.generate(newline, attention_mask=seen, **settings)
