"""Draw from one random stream at a time: torch's global one, or a generator of your own.

torch draws the initial weights of a layer and the masks of dropout from its global stream
and takes no generator there. `drawing_from` lends the global stream a generator's state for
the length of a `with` block, so that `generator=` can mean the same thing everywhere.

The lesson on seeds is text_tokens_batches.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nanogpt_lib.checks import problem
from nanogpt_lib.kinds import random_stream


@contextmanager
def drawing_from(generator: torch.Generator | None) -> Iterator[None]:
    """Draw everything random inside the block from `generator`; outside, nothing has changed.

    With None the block draws from the global stream, as without it. Afterwards the generator
    stands where the block left it, and the global stream where it stood before.

    Args:    generator: a CPU generator, or None.
    Raises:  ValueError: no generator, or one of another device.
    Example:
        >>> mine = torch.Generator().manual_seed(7)
        >>> with drawing_from(mine):
        ...     inside = torch.rand(3)
        >>> bool((inside == torch.rand(3, generator=torch.Generator().manual_seed(7))).all())
        True
    """
    generator = random_stream(generator)
    if generator is None:
        yield
        return
    if generator.device.type != "cpu":
        raise problem(
            "a generator on the CPU", f"one on {generator.device}", "Make it with torch.Generator()."
        )
    before = torch.get_rng_state()
    torch.set_rng_state(generator.get_state())
    try:
        yield
    finally:
        generator.set_state(torch.get_rng_state())
        torch.set_rng_state(before)
