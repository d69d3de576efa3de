"""The base of the explorers that have computed every choice before anybody asks.

The browser gets all numbers and all sentences when the widget is made, and only picks: so it answers at once,
and also where no kernel runs.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import traitlets

from nanogpt_lib.kit.widget import Widget


class Explorer(Widget):
    """A widget over a table of states, one of each choice.

    Args:    states: by choice, in the order in which the browser counts them; a choice is the values of the
             traits in `CHOSEN`.   chosen: their first values.   layout: how `numbers` is to be read, and what
             never changes.   pack: the arrays of one state.   say: what is said about a choice and its state.
    """

    CHOSEN: ClassVar[tuple[str, ...]]

    layout_of = traitlets.Dict().tag(sync=True)  # how `numbers` is to be read, and what never changes
    numbers = traitlets.Bytes().tag(sync=True)  # float32: the arrays of each state, one after another
    words = traitlets.List().tag(sync=True)  # what is said about each, in the same order

    def __init__(
        self,
        states: Mapping[tuple, Any],
        chosen: Mapping[str, object],
        *,
        layout: dict[str, Any],
        pack: Callable[[Any], tuple],
        say: Callable[[tuple, Any], object],
    ) -> None:
        self._states = dict(states)
        arrays = [np.asarray(part, np.float32).ravel() for state in states.values() for part in pack(state)]
        super().__init__(
            **chosen,
            layout_of=layout,
            numbers=np.concatenate(arrays).tobytes(),
            words=[say(choice, state) for choice, state in states.items()],
        )

    def state(self) -> Any:
        """Return what the widget shows now, as arrays."""
        return self._states[tuple(getattr(self, name) for name in self.CHOSEN)]
