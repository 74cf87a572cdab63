"""Places in a plane, to scale in cells that are twice as tall as wide. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from runner.results.plots.labels import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    Place = tuple[float, float]
    Cell = tuple[int, int]

FLAT: Final = 2  # coordinates of a place in a plane
_SLANT: Final = 0.4
_TALL: Final = 2.0
_ROWS: Final = 24
_LEAST_SCALE: Final = 5
_TINY: Final = 1e-9


def in_plane(place: tuple[float, ...]) -> Place:
    """Where a place is drawn: what is in front (z) is drawn further to the right and further up."""
    x, y, z = place if len(place) > FLAT else (*place, 0.0)
    return x + _SLANT * z, y + _SLANT * z


def um_per_column(places: Sequence[Place], *, width: int, between: int) -> float:
    """How much one column stands for (in µm): the drawing fits, and neighbours are apart if they can be.

    Args:
        width: Columns that there are.

        between: Columns from one of two neighbours to the other, at most.
    """
    columns, rows = (_span([place[axis] for place in places]) for axis in (0, 1))
    smallest, nearest = max(columns / max(width, 1), rows / _TALL / _ROWS), _nearest(places)
    if not nearest:
        return smallest or 1.0
    # A whole number of columns between neighbours, and of rows, keeps a lattice regular.
    apart = min(int(nearest / smallest + _TINY), between)
    return nearest / (apart - apart % 2 if apart > 1 else 1) if apart else smallest


def _span(values: Sequence[float]) -> float:
    return max(values) - min(values)


def _nearest(places: Sequence[Place]) -> float:
    """Least distance between two in the plane, as a row of a drawing has it; 0 for one place."""
    flat = sorted(set(places))
    near = [math.dist(one, other) for i, one in enumerate(flat) for other in flat[i + 1 : i + 1 + 2 * _ROWS]]
    return min(near, default=0.0)


def cells(places: Sequence[Place], um_per_column: float) -> list[Cell]:
    """Row, from the top, and column of each place."""
    left, top = min(place[0] for place in places), max(place[1] for place in places)
    return [
        (round((top - place[1]) / um_per_column / _TALL), round((place[0] - left) / um_per_column))
        for place in places
    ]


def scale(um_per_column: float, signs: str) -> str:
    """A length that is round.

    Args:
        signs: Its left end, middle and right end.
    """
    least = um_per_column * _LEAST_SCALE
    power = 10.0 ** math.floor(math.log10(least))
    length = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - _TINY))
    drawn = signs[0] + signs[1] * (round(length / um_per_column) - 1) + signs[-1]
    return f"{drawn} {short(length)} µm"
