"""Lines with error bars in characters. Pure."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from runner.results.plots.labels import short, ticks
from runner.results.plots.picture import LineLook
from runner.results.plots.style import GREY, LINES
from runner.results.text_plots.canvas import Canvas, Piece, flowing
from runner.results.text_plots.signs import spelt

if TYPE_CHECKING:
    from runner.results.plots.picture import CurveLine as Drawn
    from runner.results.plots.picture import Curves
    from runner.results.text_plots.canvas import Line
    from runner.results.text_plots.signs import Signs

_ROWS: Final = 16
_Y_TICKS: Final = 6
_COLUMNS_A_TICK: Final = 7
_FLAT: Final = 0.05


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values are on the canvas.

    Args:
        margin: Columns on the left, for the numbers.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    margin: int
    columns: int

    def column(self, x: float) -> int:
        return self.margin + round(_share(x, self.x) * (self.columns - 1))

    def row(self, y: float) -> int:
        return round((1 - _share(y, self.y)) * (_ROWS - 1))


def _share(value: float, between: tuple[float, float]) -> float:
    low, high = between
    return (value - low) / (high - low) if high > low else 0.5


def curve_lines(body: Curves, *, width: int, signs: Signs) -> list[Line]:
    """The curves with their axes and what each line is.

    Args:
        width: Columns that there are.
    """
    if not any(reading for line in body.lines for _, reading in line.points):
        return [(Piece("no results yet", GREY),)]
    y = _range(body)
    numbers = {value: spelt(short(value), signs) for value in ticks(*y, _Y_TICKS)}
    margin = max(map(len, numbers.values())) + 2
    xs = [x for line in body.lines for x, _ in line.points]
    # Room on the right for the end of the last number.
    frame = _Frame((min(xs), max(xs)), y, margin, max(width - margin - 2, 2))
    canvas = Canvas()
    _axes(canvas, frame, numbers, signs)
    for number, line in enumerate(body.lines):
        _trace(canvas, frame, line, LINES[number % len(LINES)], signs.trace)
    for number, line in enumerate(body.lines):
        _points(
            canvas,
            frame,
            line,
            (signs.marks[number % len(signs.marks)], signs.error, LINES[number % len(LINES)]),
        )
    across = spelt(body.x.label, signs)
    canvas.put(_ROWS + 2, max(margin, margin + (frame.columns - len(across)) // 2), across)
    name = textwrap.wrap(spelt(body.y.quantity.label, signs), width)
    return [*((Piece(line),) for line in name), *canvas.lines(), *_legend(body, width, signs)]


def _range(body: Curves) -> tuple[float, float]:
    """From the lowest end of an error bar to the highest, with some room."""
    ends = [
        end
        for line in body.lines
        for _, reading in line.points
        if reading
        for end in (reading.low, reading.high)
    ]
    room = _FLAT * (max(ends) - min(ends)) or _FLAT * (body.y.high - body.y.low)
    return max(min(ends) - room, min(body.y.low, *ends)), min(max(ends) + room, max(body.y.high, *ends))


def _axes(canvas: Canvas, frame: _Frame, numbers: dict[float, str], signs: Signs) -> None:
    edge = frame.margin - 1
    for row in range(_ROWS):
        canvas.put(row, edge, signs.up, GREY)
    for value, said in numbers.items():
        canvas.put(frame.row(value), edge - 1 - len(said), f"{said} {signs.tick}", GREY)
    canvas.put(_ROWS, edge, signs.corner + signs.across * frame.columns, GREY)
    for value in ticks(*frame.x, max(frame.columns // _COLUMNS_A_TICK, 2)):
        said = spelt(short(value), signs)
        start = max(frame.column(value) - len(said) // 2, 0)
        if canvas.is_free(_ROWS + 1, start - 1, len(said) + 2):
            canvas.put(_ROWS + 1, start, said, GREY)


def _trace(canvas: Canvas, frame: _Frame, line: Drawn, color: str, sign: str) -> None:
    """What joins neighbours, so that the eye finds them; nothing across a gap."""
    for x, y in line.fit:
        canvas.put(frame.row(y), frame.column(x), sign, color)
    if line.fit or line.look is LineLook.DOTS:
        return
    for (x1, one), (x2, other) in pairwise(line.points):
        if one is None or other is None:
            continue
        first, last = frame.column(x1), frame.column(x2)
        for column in range(first + 1, last):
            share = 0.0 if line.look is LineLook.STEPS else (column - first) / (last - first)
            canvas.put(frame.row(one.value + share * (other.value - one.value)), column, sign, color)


def _points(canvas: Canvas, frame: _Frame, line: Drawn, look: tuple[str, str, str]) -> None:
    mark, error, color = look
    if line.look is LineLook.STEPS:
        return
    there = [(x, reading) for x, reading in line.points if reading]
    for x, reading in there:
        for row in range(frame.row(reading.high), frame.row(reading.low) + 1):
            canvas.put(row, frame.column(x), error, color)
    for x, reading in there:
        canvas.put(frame.row(reading.value), frame.column(x), mark, color)


def _mark(number: int, line: Drawn, signs: Signs) -> str:
    """What the points of a line are drawn as, or what joins them."""
    return signs.trace if line.look is LineLook.STEPS else signs.marks[number % len(signs.marks)]


def _legend(body: Curves, width: int, signs: Signs) -> list[Line]:
    """Which mark is which line, as many in a row as have room."""
    if len(body.lines) == 1:
        return []
    entries = [
        Piece(f"{_mark(number, line, signs)} {spelt(line.label, signs)}", LINES[number % len(LINES)])
        for number, line in enumerate(body.lines)
    ]
    return [(), *flowing(entries, width)]
