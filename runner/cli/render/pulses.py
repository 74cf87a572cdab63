"""What channels play, drawn in characters over time. Pure: values in, lines out."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.results.text_plots.signs import Signs
    from runner.sequences.samples import ChannelSamples

_ROWS: Final = 4
_MARGIN: Final = 9
_MOST_JUMPS: Final = 6
_MOST_STEPS: Final = 5
_LEAST_COLUMNS: Final = 8
_TINY: Final = 1e-9


def channel_lines(channel: ChannelSamples, *, width: int, signs: Signs) -> list[str]:
    """Amplitude, detuning, phase, pulses and EOM mode of a channel over time.

    Args:
        width: Columns that there are.
    """
    duration = len(channel.amplitude_rad_per_us)
    columns = max(min(width - _MARGIN, duration), _LEAST_COLUMNS)
    lines = [f"{channel.name}: {channel.channel_id}, {channel.basis}", *_targets(channel)]
    for title, curve in _curves(channel):
        lines += [f"  {title}", *curve_lines(curve, columns=columns, signs=signs)]
    lines.append(_margin("pulses") + _marks(channel.pulses_ns, duration, columns, (signs.pulse, signs.delay)))
    if channel.eom_ns:
        lines.append(_margin("EOM") + _marks(channel.eom_ns, duration, columns, (signs.eom, " ")))
    lines.append(" " * _MARGIN + time_axis(duration, columns))
    return [line.rstrip() for line in (*lines, *_phases(channel))]


def _curves(channel: ChannelSamples) -> Iterator[tuple[str, Sequence[float]]]:
    """Those that are not zero; a phase that jumps now and then is told in words."""
    if any(channel.amplitude_rad_per_us):
        yield "Ω (rad/µs)", channel.amplitude_rad_per_us
    if any(channel.detuning_rad_per_us):
        yield "δ (rad/µs)", channel.detuning_rad_per_us
    if len(phase_jumps(channel.phase_rad)) > _MOST_JUMPS:
        yield "φ (rad)", channel.phase_rad


def _phases(channel: ChannelSamples) -> list[str]:
    """The phase in words, unless it is always 0 or changes too often."""
    jumps = phase_jumps(channel.phase_rad)
    if len(jumps) > _MOST_JUMPS or not any(phase for _, phase in jumps):
        return []
    return ["  φ (rad): " + ", ".join(f"{short(phase)} from {start} ns" for start, phase in jumps)]


def _targets(channel: ChannelSamples) -> list[str]:
    if not channel.targets:
        return []
    said = "; ".join(f"{', '.join(names)} from {start} ns" for start, names in channel.targets)
    return [f"  on {said}"]


def curve_lines(values: Sequence[float], *, columns: int, signs: Signs) -> list[str]:
    """A curve as bars from zero, upwards and downwards; each column shows its value of most magnitude."""
    bars = _bars(values, columns)
    top, bottom = max(0.0, *bars), max(0.0, *(-bar for bar in bars))
    unit = _unit(top, bottom)
    above, below = (math.ceil(size / unit - _TINY) for size in (top, bottom))
    up = [_row(bars, row * unit, unit, signs.rising) for row in reversed(range(above))]
    down = [_row([-bar for bar in bars], row * unit, unit, signs.falling) for row in range(below)]
    labels = {-above: short(top), below: short(-bottom)} | {0: "0"}
    rows = [*up, signs.across * columns, *down]
    return [_margin(labels.get(number, "")) + row for number, row in enumerate(rows, start=-above)]


def _bars(values: Sequence[float], columns: int) -> list[float]:
    count = len(values)
    edges = [count * column // columns for column in range(columns + 1)]
    return [max(values[start : max(end, start + 1)], key=abs) for start, end in pairwise(edges)]


def _unit(top: float, bottom: float) -> float:
    """What one row stands for, when what is above and below zero share the rows."""
    if not bottom or not top:
        return (top or bottom) / _ROWS or 1.0
    above = min(max(round((_ROWS + 1) * top / (top + bottom)), 1), _ROWS)
    return max(top / above, bottom / (_ROWS + 1 - above))


def _row(bars: Iterable[float], start: float, unit: float, parts: str) -> str:
    """One row of bars.

    Args:
        start: Value at the end of the row that is nearer to the axis.

        parts: Of a cell, less to more.
    """
    row = ""
    for bar in bars:
        filled = min((bar - start) / unit, 1.0)
        is_seen = filled > 0 and (start > 0 or bar > _TINY)
        number = max(round(filled * len(parts)), 1 if start == 0 else 0) if is_seen else 0
        row += parts[number - 1] if number else " "
    return row


def _marks(intervals: Iterable[tuple[int, int]], duration: int, columns: int, yes_no: tuple[str, str]) -> str:
    """Where in time something is, with the sign for yes and the one for no."""
    yes, no = yes_no
    row = [no] * columns
    for start, end in intervals:
        first = start * columns // duration
        last = max(-(-end * columns // duration), first + 1)
        row[first:last] = yes * (min(last, columns) - first)
    return "".join(row)


def time_axis(duration_ns: int, columns: int) -> str:
    """Times below their columns, in round steps, and the end."""
    end = f"{duration_ns} ns"
    axis = "0"
    for time in _round_times(duration_ns):
        column, text = time * columns // duration_ns, str(time)
        if column > len(axis) and column + len(text) + 1 < columns - len(end):
            axis = axis.ljust(column) + text
    return axis.ljust(columns - len(end)) + (" " if len(axis) + len(end) >= columns else "") + end


def _round_times(duration_ns: int) -> Iterable[int]:
    """Times in steps of 1, 2 or 5 times a power of ten."""
    steps = (factor * 10**power for power in range(12) for factor in (1, 2, 5))
    step = next(step for step in steps if duration_ns <= _MOST_STEPS * step)
    return range(step, duration_ns, step)


def phase_jumps(phase_rad: Sequence[float]) -> list[tuple[int, float]]:
    """From when on (in ns) the phase has which value (in rad)."""
    jumps: list[tuple[int, float]] = []
    for time, phase in enumerate(phase_rad):
        if not jumps or abs(phase - jumps[-1][1]) > _TINY:
            jumps.append((time, phase))
    return jumps


def _margin(label: str) -> str:
    return label.rjust(_MARGIN - 2) + "  "


def short(number: float) -> str:
    """A number in few digits."""
    return f"{number:.4g}".replace("e+0", "e").replace("e-0", "e-") if number else "0"
