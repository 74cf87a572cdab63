"""Heatmaps and registers in characters. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from runner.domain.numerals import counted
from runner.results.plots.curves import evenly
from runner.results.plots.labels import short
from runner.results.plots.picture import Hole
from runner.results.plots.style import CIVIDIS, DIVERGING, GREY
from runner.results.text_plots.canvas import Canvas, Piece, flowing, shade, spelt

if TYPE_CHECKING:
    from runner.results.plots.picture import Atom, Heatmap, Measured, Places, Reading
    from runner.results.text_plots.canvas import Line, Signs

_MOST_ROWS: Final = 30
_WIDEST_CELL: Final = 8
_NUMBER: Final = 6  # columns of a cell in which a number has room
_TALL: Final = 2.0  # how much taller than wide a cell is
_APART: Final = 8  # columns between neighbours, with names and values
_BRIGHT: Final = 0.55
_DARK: Final = 0.2  # of a scale with two ends, at each of them
_MOST_PLACE_ROWS: Final = 24
_LEAST_BAR: Final = 5


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


def _cell(cell: Reading | Hole, shown: Measured, size: int, signs: Signs, *, has_color: bool) -> Piece:
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
    um_per_column = _um_per_column(body.atoms, width - _APART)
    cells = _cells(body.atoms, um_per_column)
    canvas = Canvas()
    for (row, column), atom in cells.items():
        share = None if atom.reading is None else _share(atom.reading.value, body.shown)
        sign = signs.nothing if share is None else _pick(signs.discs, share)
        canvas.put(row, column, sign, _of_atom(share, body.shown) if has_color and share is not None else "")
    unnamed = sum(not _said(canvas, cell, atom, signs) for cell, atom in cells.items())
    notes = [_bar(um_per_column, signs)]
    if len(cells) < len(body.atoms):
        notes.append(f"{counted(len(body.atoms) - len(cells), 'atom')} behind others")
    if unnamed:
        notes.append(f"no room for {unnamed} of {len(body.atoms)} values")
    scale = _scale(body, signs.discs, width, (signs, has_color))
    return [*canvas.lines(), (), (Piece("; ".join(notes)),), *scale]


def _said(canvas: Canvas, cell: tuple[int, int], atom: Atom, signs: Signs) -> bool:
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


def _um_per_column(atoms: tuple[Atom, ...], width: int) -> float:
    """The scale (in µm): the drawing fits, and neighbours are a whole number of rows apart if they can."""
    wide, high = (_span([getattr(atom, axis) for atom in atoms]) for axis in ("x_um", "y_um"))
    smallest = max(wide / max(width, 1), high / _TALL / _MOST_PLACE_ROWS)
    places = sorted({(atom.x_um, atom.y_um) for atom in atoms})
    near = [math.dist(one, other) for i, one in enumerate(places) for other in places[i + 1 :]]
    if not near:
        return 1.0
    between = min(int(min(near) / smallest + 1e-9), _APART) if smallest else _APART
    return min(near) / (between - between % 2 if between > 1 else 1) if between else smallest


def _span(values: list[float]) -> float:
    return max(values) - min(values)


def _cells(atoms: tuple[Atom, ...], um_per_column: float) -> dict[tuple[int, int], Atom]:
    left, top = min(atom.x_um for atom in atoms), max(atom.y_um for atom in atoms)
    return {
        (
            round((top - atom.y_um) / um_per_column / _TALL),
            1 + round((atom.x_um - left) / um_per_column),
        ): atom
        for atom in atoms
    }


def _bar(um_per_column: float, signs: Signs) -> str:
    """A scale of a round length."""
    least = um_per_column * _LEAST_BAR
    power = 10.0 ** math.floor(math.log10(least))
    length = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
    middle = signs.across * (round(length / um_per_column) - 1)
    return spelt(f"{signs.up}{middle}{signs.up} {short(length)} µm", signs)
