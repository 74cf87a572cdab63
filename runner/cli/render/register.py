"""A register drawn in characters, to scale as far as cells allow. Pure: values in, lines out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from runner.cli.render.glyphs import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.cli.render.glyphs import Glyphs
    from runner.sequences.samples import Atom

    Cell = tuple[int, int]
    Place = tuple[float, float]

_ROWS: Final = 24
_TALL: Final = 2.0  # how much taller than wide a cell is
_GAP: Final = 3
_LEAST_BAR: Final = 5
_FLAT: Final = 2
_SLANT: Final = 0.4
_TINY: Final = 1e-9


def register_lines(
    atoms: Sequence[Atom], traps_um: Sequence[tuple[float, ...]], *, width: int, glyphs: Glyphs
) -> list[str]:
    """Atoms with their names, traps that are left empty, a scale, and what the signs mean.

    Args:
        atoms: At least one.

        traps_um: Places of traps (in µm).

        width: Columns that there are.
    """
    places = [_in_plane(place) for place in (*(atom.position_um for atom in atoms), *traps_um)]
    longest = max(len(atom.name) for atom in atoms)
    um_per_column = _scale(places, width=width - longest - 2, least=_even(longest + _GAP))
    cells = _cells(places, um_per_column)
    signs: dict[Cell, str] = dict.fromkeys(cells[len(atoms) :], glyphs.trap)
    signs |= {cell: _sign(atom, glyphs) for atom, cell in zip(atoms, cells, strict=False)}
    own = dict(zip(cells[: len(atoms)], (atom.name for atom in atoms), strict=True))
    named = {cell: name for cell, name in own.items() if _has_room(cell, name, signs)}
    hidden, unnamed = len(atoms) - len(own), len(own) - len(named)
    notes = [*_legend(set(signs.values()), glyphs), *_notes(atoms, hidden=hidden, unnamed=unnamed)]
    return [*_rows(signs, named), "", "; ".join([_bar(um_per_column, glyphs), *notes])]


def _in_plane(place: tuple[float, ...]) -> Place:
    """Where a place is drawn: what is in front (z) is drawn further to the right and further up."""
    x, y, z = place if len(place) > _FLAT else (*place, 0.0)
    return x + _SLANT * z, y + _SLANT * z


def _even(columns: int) -> int:
    """So many, or one more: half as many rows are as long."""
    return columns + columns % 2


def _scale(places: Sequence[Place], *, width: int, least: int) -> float:
    """How much one column stands for (in µm): the drawing fits, and names if they can."""
    columns, rows = (_span(places, axis) for axis in (0, 1))
    smallest, nearest = max(columns / max(width, 1), rows / _TALL / _ROWS), _nearest(places)
    if not nearest:
        return smallest or 1.0
    # A whole number of columns between neighbours, and of rows, keeps a lattice regular.
    between = min(int(nearest / smallest + _TINY), least)
    return nearest / (between - between % 2 if between > 1 else 1) if between else smallest


def _span(places: Sequence[Place], axis: int) -> float:
    values = [place[axis] for place in places]
    return max(values) - min(values)


def _nearest(places: Sequence[Place]) -> float:
    """Least distance between two in the plane, as a row of a drawing has it; 0 for one place."""
    flat = sorted(set(places))
    near = [math.dist(one, other) for i, one in enumerate(flat) for other in flat[i + 1 : i + 1 + 2 * _ROWS]]
    return min(near, default=0.0)


def _cells(places: Sequence[Place], um_per_column: float) -> list[Cell]:
    """Row, from the top, and column of each place."""
    left, top = min(place[0] for place in places), max(place[1] for place in places)
    return [
        (round((top - place[1]) / um_per_column / _TALL), round((place[0] - left) / um_per_column))
        for place in places
    ]


def _sign(atom: Atom, glyphs: Glyphs) -> str:
    return glyphs.masked if atom.is_masked else glyphs.detuned if atom.is_detuned else glyphs.atom


def _has_room(cell: Cell, name: str, signs: Iterable[Cell]) -> bool:
    """Whether a name can stand behind a sign without touching the next one."""
    row, column = cell
    taken = {other[1] for other in signs if other[0] == row}
    return not any(each in taken for each in range(column + 1, column + len(name) + 2))


def _rows(signs: Mapping[Cell, str], named: Mapping[Cell, str]) -> list[str]:
    lines = [""] * (1 + max(row for row, _ in signs))
    for (row, column), sign in sorted(signs.items()):
        lines[row] = lines[row].ljust(column) + sign + named.get((row, column), "")
    return lines


def _bar(um_per_column: float, glyphs: Glyphs) -> str:
    """A scale of a round length."""
    least = um_per_column * _LEAST_BAR
    power = 10.0 ** math.floor(math.log10(least))
    length = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
    middle = glyphs.bar[1] * (round(length / um_per_column) - 1)
    return f"{glyphs.bar[0]}{middle}{glyphs.bar[-1]} {short(length)} µm"


def _legend(signs: set[str], glyphs: Glyphs) -> list[str]:
    meanings = (
        (glyphs.masked, "masked by the SLM"),
        (glyphs.detuned, "detuned by a DMM"),
        (glyphs.trap, "empty trap"),
    )
    return [f"{sign} {meaning}" for sign, meaning in meanings if sign in signs]


def _notes(atoms: Sequence[Atom], *, hidden: int, unnamed: int) -> list[str]:
    notes = {
        "z leads to the upper right": len(atoms[0].position_um) > _FLAT,
        f"{hidden} of {len(atoms)} atoms behind others": hidden,
        f"no room for {unnamed} of {len(atoms)} names": unnamed,
    }
    return [note for note, is_so in notes.items() if is_so]
