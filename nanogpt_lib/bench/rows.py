"""Turn times into rows: characters per second, and how many times as fast as another form.

Taught in: faster_and_bigger.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from nanogpt_lib.bench.forms import BASE, Form
from nanogpt_lib.bench.hardware import Machine
from nanogpt_lib.bench.in_turn import Measured, quartiles
from nanogpt_lib.bench.settings import Setting


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was measured of one form at one setting; speeds in characters per second.

    `low` and `high` are the speeds of the slower and of the faster quarter. Numbers are None for a form that
    failed, ratios also where the other form is missing, and `megabytes` where memory was not measured.

    Taught in: faster_and_bigger.
    """

    setting: str
    form: str
    precision: str
    is_peer: bool
    pieces: int = 0
    milliseconds: float | None = None
    speed: float | None = None
    low: float | None = None
    high: float | None = None
    times_base: float | None = None
    times_peer: float | None = None
    megabytes: float | None = None
    failed: str | None = None


def rows_of(
    name: str,
    setting: Setting,
    forms: Mapping[str, Form],
    measured: Measured,
    megabytes: Mapping[str, float | None],
) -> list[Row]:
    """Return one row for each form, in the order of the forms.

    Args:    name, setting: where it was measured.   forms: name to form.   measured: their times.
             megabytes: name to memory.
    Example:
        >>> from nanogpt_lib.bench.settings import SETTINGS
        >>> forms, times = {"heads": Form(), "fused": Form()}, {"heads": [0.5] * 3, "fused": [0.25] * 3}
        >>> rows = rows_of("A", SETTINGS["A"], forms, Measured(times, {}), {})
        >>> [(row.speed, row.times_base, row.times_peer) for row in rows]
        [(1024.0, 1.0, None), (2048.0, 2.0, None)]

    Taught in: faster_and_bigger.
    """
    cut = {form: quartiles(times) for form, times in measured.seconds.items()}
    speeds = {form: setting.characters / times.median for form, times in cut.items()}
    base = speeds.get(BASE)
    peer = max((speeds[form] for form in speeds if forms[form].is_peer), default=None)
    rows = []
    for form, how in forms.items():
        row = {"setting": name, "form": form, "precision": how.precision, "is_peer": how.is_peer}
        if form in cut:
            speed, times = speeds[form], cut[form]
            row |= {
                "pieces": len(measured.seconds[form]),
                "milliseconds": 1000 * times.median,
                "speed": speed,
                "low": setting.characters / times.high,
                "high": setting.characters / times.low,
                "times_base": speed / base if base else None,
                "times_peer": speed / peer if peer else None,
                "megabytes": megabytes.get(form),
            }
        rows.append(Row(**row, failed=measured.failed.get(form)))  # type: ignore[arg-type]
    return rows


def fastest(rows: Sequence[Row], precision: str | None = None) -> Row | None:
    """Return the library's own fastest form among these rows, in one precision or in any; None if all failed.

    Taught in: faster_and_bigger.
    """
    own = [row for row in rows if not row.is_peer and precision in (None, row.precision)]
    return max((row for row in own if row.speed), key=lambda row: row.speed or 0.0, default=None)


def table(setting: Setting, rows: Sequence[Row]) -> str:
    """Return the rows of one setting as lines of text, with its sizes above and the fastest form below.

    Taught in: faster_and_bigger.
    """
    head = [
        "",
        f"ms per {setting.piece}",
        "characters/s",
        "half of them within",
        f"x {BASE}",
        "x peer",
        "MB",
        f"{setting.piece}s",
    ]
    lines = [head, *(_cells(row) for row in rows if not row.failed)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    told = [f"{rows[0].setting}: {setting.words}"]
    told += [
        "  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]) for first, *others in lines
    ]
    told += [f"{row.form}: failed, {row.failed}" for row in rows if row.failed]
    told += [f"fastest {_in(precision)}: {_praised(fastest(rows, precision))}" for precision in _asked(rows)]
    return "\n".join(told)


def _asked(rows: Sequence[Row]) -> list[str | None]:
    """Return in which precisions a fastest form is told: in float32, and in any where there are others."""
    return ["float32", None] if any(row.precision != "float32" for row in rows) else ["float32"]


def _in(precision: str | None) -> str:
    return f"in {precision}" if precision else "in any precision"


def _praised(row: Row | None) -> str:
    if row is None:
        return "none, since all failed"
    peer = f", {row.times_peer:.2f} times the fastest peer" if row.times_peer else ""
    base = f", {row.times_base:.2f} times {BASE}" if row.times_base else ""
    return f"{row.form}{base}{peer}"


def _cells(row: Row) -> list[str]:
    return [
        row.form,
        f"{row.milliseconds:.1f}",
        f"{row.speed:,.0f}",
        f"{row.low:,.0f} to {row.high:,.0f}",
        "-" if row.times_base is None else f"{row.times_base:.2f}",
        "-" if row.times_peer is None else f"{row.times_peer:.2f}",
        "-" if row.megabytes is None else f"{row.megabytes:,.0f}",
        str(row.pieces),
    ]


def as_json(machine: Machine, settings: Mapping[str, Setting], rows: Sequence[Row], seconds: float) -> bytes:
    """Return all that was measured as the content of a JSON file.

    Taught in: faster_and_bigger.
    """
    content = {
        "machine": machine.words,
        "measured_on": machine._asdict(),
        "seconds_per_form": seconds,
        "settings": {name: setting.words for name, setting in settings.items()},
        "rows": [asdict(row) for row in rows],
    }
    return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()
