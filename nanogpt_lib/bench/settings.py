"""Name the sizes to measure at: five to train, three to write a text.

Taught in: faster_and_bigger.
"""

from typing import NamedTuple

from nanogpt_lib.checks import one_of
from nanogpt_lib.model import GPTConfig

CHARACTERS = 65  # different ones in tiny Shakespeare


class Setting(NamedTuple):
    """What is done, and at which size.

    `checkpoint` names the trained model of data/checkpoints that writes; without one, the weights are new.

    Taught in: faster_and_bigger.
    """

    trains: bool
    batch_size: int
    model: GPTConfig
    checkpoint: str | None = None

    @property
    def characters(self) -> int:
        """Return how many characters one piece of work is: those of a batch, or of a text.

        A text begins with one character, and fills a block with the others.
        """
        return self.batch_size * self.model.block_size if self.trains else self.model.block_size - 1

    @property
    def piece(self) -> str:
        """Return what one piece of work is called."""
        return "step" if self.trains else "text"

    @property
    def words(self) -> str:
        """Return the setting in words.

        Example:
            >>> SETTINGS["A"].words
            'train on 16 blocks of 32 characters per step; width 64, 4 heads, 4 layers'
            >>> SETTINGS["shipped"].words
            'write 127 characters; block 128, width 192, 6 heads, 4 layers, trained'
        """
        sizes = f"width {self.model.n_embd}, {self.model.n_head} heads, {self.model.n_layer} layers"
        block = self.model.block_size
        if self.trains:
            return f"train on {self.batch_size} blocks of {block} characters per step; {sizes}"
        trained = ", trained" if self.checkpoint else ""
        return f"write {self.characters} characters; block {block}, {sizes}{trained}"


def _sizes(block_size: int, n_embd: int, n_head: int, n_layer: int) -> GPTConfig:
    return GPTConfig(
        vocab_size=CHARACTERS, block_size=block_size, n_embd=n_embd, n_head=n_head, n_layer=n_layer
    )


SETTINGS = {
    "A": Setting(True, 16, _sizes(32, n_embd=64, n_head=4, n_layer=4)),
    "B": Setting(True, 32, _sizes(128, n_embd=64, n_head=8, n_layer=4)),
    "C": Setting(True, 64, _sizes(256, n_embd=64, n_head=16, n_layer=8)),
    "D": Setting(True, 32, _sizes(128, n_embd=192, n_head=6, n_layer=4)),
    "large": Setting(True, 64, _sizes(256, n_embd=384, n_head=6, n_layer=6)),
    "127": Setting(False, 1, _sizes(128, n_embd=64, n_head=8, n_layer=4)),
    "255": Setting(False, 1, _sizes(256, n_embd=128, n_head=8, n_layer=4)),
    "shipped": Setting(False, 1, _sizes(128, n_embd=192, n_head=6, n_layer=4), "shakespeare"),
}
LONG = ("C", "large")  # a step takes seconds, so these are measured only where they are asked for


def setting_called(name: str) -> Setting:
    """Return the setting of that name.

    Raises:  ValueError: there is none; it lists those that there are.
    Example:
        >>> setting_called("127").characters
        127

    Taught in: faster_and_bigger.
    """
    return SETTINGS[one_of("the setting", name, SETTINGS)]
