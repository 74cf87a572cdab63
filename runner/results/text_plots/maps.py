"""Heatmaps and registers in characters. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.domain.numerals import counted
from runner.results.plots.curves import evenly
from runner.results.plots.labels import short
from runner.results.plots.picture import Hole
from runner.results.plots.plane import FLAT, cells, in_plane, scale, um_per_column
from runner.results.plots.style import CIVIDIS, DIVERGING, GREY
from runner.results.text_plots.canvas import Canvas, Piece, flowing, shade
from runner.results.text_plots.signs import spelt

if TYPE_CHECKING:
    from runner.results.plots.picture import DrawnAtom, Heatmap, Measured, MeasuredValue, Places
    from runner.results.text_plots.canvas import Line
    from runner.results.text_plots.signs import Signs

_MOST_ROWS: Final = 30
_WIDEST_CELL: Final = 8
_NUMBER: Final = 6  # columns of a cell in which a number has room
_APART: Final = 8  # columns between neighbours, with names and values
_BRIGHT: Final = 0.55
_DARK: Final = 0.2  # of a scale with two ends, at each of them


def heatmap_lines(body: Heatmap, *, width: int, signs: Signs, has_color: bool) -> list[Line]:
    """A row for each value of y, the greatest on top; numbers where they have room.

    Args:
        width: Columns that there are.
    """
    numbers = [spelt(short(value), signs) for value in body.ys]
    margin = max(map(len, numbers)) + 1
    columns = evenly(range(len(body.xs)), max(width - margin, 1))
    rows = evenly(range(len(body.ys)), _MOST_ROWS)
    size = max(1, min((width - margin) // len(columns), _WIDEST_CELL))
    drawn: list[Line] = [(Piece(spelt(body.y.label, signs)),)]
    for row in reversed(rows):
        cells = [
            _cell(body.rows[row][column], body.shown, size, signs, has_color=has_color) for column in columns
        ]
        drawn.append((Piece(numbers[row].rjust(margin - 1) + " ", GREY), *cells))
    drawn += [_below([body.xs[column] for column in columns], margin, size, signs)]
    drawn += [
        (Piece(" " * margin + spelt(body.x.label, signs)),),
        (),
        *_scale(body, signs.shades, width, (signs, has_color)),
    ]
    left_out = len(columns) < len(body.xs) or len(rows) < len(body.ys)
    said = f"{len(columns)} of {len(body.xs)} columns and {len(rows)} of {len(body.ys)} rows have room"
    return [*drawn, *([(Piece(said),)] if left_out else [])]


def _cell(cell: MeasuredValue | Hole, shown: Measured, size: int, signs: Signs, *, has_color: bool) -> Piece:
    """A cell with a gap behind it, if that has room."""
    inner = size - (size > 1)
    gap = " " * (size - inner)
    if isinstance(cell, Hole):
        sign = signs.hatch if cell is Hole.MISSING else " "
        return Piece(sign * inner + gap, GREY)
    share = _share(cell.value, shown)
    number = spelt(_two(cell.value), signs) if size >= _NUMBER else ""
    if has_color:
        is_bright = _DARK < share < 1 - _DARK if shown.is_signed else share > _BRIGHT
        ink = "#000000" if is_bright else "#ffffff"
        return Piece(number.center(inner) + gap, ink, _color(share, shown))
    sign = _pick(signs.shades, share)
    return Piece((f"{sign}{number}".ljust(inner) if number else sign * inner) + gap)


def _two(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _below(xs: list[float], margin: int, size: int, signs: Signs) -> Line:
    """Values of x below their columns, as many as have room."""
    canvas = Canvas()
    for place, value in enumerate(xs):
        said = spelt(short(value), signs)
        start = margin + place * size
        if canvas.is_free(0, start - 1, len(said) + 1):
            canvas.put(0, start, said, GREY)
    return canvas.lines()[0]


def _scale(body: Heatmap | Places, steps: str, width: int, look: tuple[Signs, bool]) -> list[Line]:
    """What shades and discs mean."""
    signs, has_color = look
    shown, entries = body.shown, []
    for number, sign in enumerate(steps):
        share = number / (len(steps) - 1)
        said = spelt(short(shown.low + share * (shown.high - shown.low)), signs)
        color = _color(share, shown) if has_color else ""
        mark = signs.full * 2 if has_color and steps == signs.shades else sign
        entries.append(Piece(f"{mark} {said}", color))
    return [(Piece(spelt(f"{shown.quantity.label}:", signs)),), *flowing(entries, width)]


def _share(value: float, shown: Measured) -> float:
    return (value - shown.low) / (shown.high - shown.low)


def _color(share: float, shown: Measured) -> str:
    return shade(share, DIVERGING if shown.is_signed else CIVIDIS)


def _of_atom(share: float, shown: Measured) -> str:
    """On a dark ground the darkest blue would not be seen."""
    return _color(share if shown.is_signed else 0.35 + 0.65 * share, shown)


def _pick(steps: str, share: float) -> str:
    return steps[min(max(round(share * (len(steps) - 1)), 0), len(steps) - 1)]


def place_lines(body: Places, *, width: int, signs: Signs, has_color: bool) -> list[Line]:
    """Atoms to scale as far as cells allow, each with its value, and its name below.

    Args:
        width: Columns that there are.
    """
    places = [in_plane(atom.position_um) for atom in body.atoms]
    um = um_per_column(places, width=width - _APART, between=_APART)
    there = ((row, column + 1) for row, column in cells(places, um))
    drawn = dict(zip(there, body.atoms, strict=True))
    canvas = Canvas()
    for (row, column), atom in drawn.items():
        share = None if atom.reading is None else _share(atom.reading.value, body.shown)
        sign = signs.nothing if share is None else _pick(signs.discs, share)
        canvas.put(row, column, sign, _of_atom(share, body.shown) if has_color and share is not None else "")
    unnamed = sum(not _said(canvas, cell, atom, signs) for cell, atom in drawn.items())
    notes = [spelt(scale(um, signs.scale), signs)]
    if any(len(atom.position_um) > FLAT for atom in body.atoms):
        notes.append("z leads to the upper right")
    if len(drawn) < len(body.atoms):
        notes.append(f"{counted(len(body.atoms) - len(drawn), 'atom')} behind others")
    if body.blockade:
        notes.append(spelt(body.blockade.radius_said, signs))
    if unnamed:
        notes.append(f"no room for {unnamed} of {len(body.atoms)} values")
    meanings = _scale(body, signs.discs, width, (signs, has_color))
    return [*canvas.lines(), (), (Piece("; ".join(notes)),), *meanings]


def _said(canvas: Canvas, cell: tuple[int, int], atom: DrawnAtom, signs: Signs) -> bool:
    """Puts value and name beside an atom; says whether they had room."""
    row, column = cell
    value = "" if atom.reading is None else spelt(_two(atom.reading.value), signs)
    name = spelt(atom.name, signs)
    if not canvas.is_free(row, column + 1, len(value) + 2) or not canvas.is_free(
        row + 1, column - 1, len(name) + 2
    ):
        return False
    canvas.put(row, column + 1, value)
    canvas.put(row + 1, column, name, GREY)
    return True
