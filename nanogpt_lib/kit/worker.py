"""A widget whose work goes on between the notebook's cells, and what the browser says to it meanwhile."""

from functools import partial

from nanogpt_lib.kit.turns import Turns
from nanogpt_lib.kit.widget import Widget


class Worker(Widget):
    """The base of the widgets that work in turns with the cells, each with one `Turns` or several.

    A message {"do": NAME, ...} from the browser calls `_do_NAME` with it, between two turns. Two are heard in
    whatever thread they come: "seen" says that somebody watches, and "stop" need not wait for a turn to end.
    """

    _all_turns: tuple[Turns, ...] = ()

    def close(self) -> None:
        """Close the view, and end what it does: another run of its cell has taken its place."""
        for turns in self._all_turns:
            turns.stop()
        super().close()

    def _work_in(self, *turns: Turns) -> None:
        """Hear the browser from now on; call it when the widget is whole."""
        self._all_turns = turns
        self.on_msg(self._hear)

    def _hear(self, _: object, asked: dict, __: object) -> None:
        try:
            if asked["do"] == "seen":
                for turns in self._all_turns:
                    turns.seen()
            elif asked["do"] == "stop":
                self._do_stop(asked)
            else:
                self._all_turns[0].soon(partial(self._try, asked))
        except KeyboardInterrupt:  # the kernel's interrupt, while it was listening to the browser
            for turns in self._all_turns:
                turns.stop()

    def _try(self, asked: dict) -> None:
        """Do what was asked; what cannot be done is told in the browser."""
        try:
            getattr(self, f"_do_{asked['do']}")(asked)
        except ValueError as error:
            self._refused(asked, error)

    def _do_stop(self, asked: dict) -> None:
        """Do what the browser's Stop asks for, in whatever thread it is heard."""
        raise NotImplementedError(f"{type(self).__name__} needs a _do_stop()")

    def _refused(self, asked: dict, error: ValueError) -> None:
        """Tell the browser why what it asked for cannot be done."""
        raise NotImplementedError(f"{type(self).__name__} needs a _refused()")


def error_in_words(error: Exception) -> str:
    """Return an error's words; the library's own ones need no name in front.

    Example:
        >>> error_in_words(ValueError("Expected 1.")), error_in_words(OSError("disk full"))
        ('Expected 1.', 'OSError: disk full')
    """
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
