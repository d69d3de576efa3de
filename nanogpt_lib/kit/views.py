"""Let go of the widgets that a cell has shown, when the cell runs again and shows new ones.

IPython keeps every shown value in `Out`, and ipywidgets keeps every widget that was not closed. So a cell
that ran twenty times left twenty widgets in memory, each with its model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython import get_ipython

if TYPE_CHECKING:
    from ipywidgets import Widget

# By cell: its latest run, and the widgets that were made or shown in it.
_cells: dict[str, tuple[str, list[Widget]]] = {}


def belongs_to_this_cell(widget: Widget) -> None:
    """Note that the running cell has made or shown the widget; close those that only its last run has.

    A widget that another cell shows stays open. Outside a notebook's cell nothing is noted.
    """
    shell = get_ipython()
    asked = shell.kernel.get_parent() if hasattr(shell, "kernel") else {}
    if asked.get("header", {}).get("msg_type") != "execute_request":
        return
    run = asked["header"]["msg_id"]
    cell = asked["metadata"].get("cellId") or asked["content"]["code"]  # not every front end names its cells
    last, before = _cells.get(cell, (run, []))
    now = before if last == run else []
    if widget not in now:
        now.append(widget)
    _cells[cell] = (run, now)
    if last != run:
        kept = [one for _, widgets in _cells.values() for one in widgets]
        for old in before:
            if old not in kept:
                old.close()
                _forget(shell, old)


def _forget(shell: Any, widget: Widget) -> None:
    """Take the widget out of IPython's memory of results: `Out[3]`, `_3`, `_`, `__` and `___`."""
    results, hook = shell.user_ns["Out"], shell.displayhook
    numbers = [number for number, value in results.items() if value is widget]
    for number in numbers:
        del results[number]
    for name in ("_", "__", "___", *(f"_{number}" for number in numbers)):
        for names in (shell.user_ns, shell.user_ns_hidden, vars(hook)):
            if names.get(name) is widget:
                names[name] = ""
