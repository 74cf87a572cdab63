"""Layouts of a written-out sequence: where the traps are that atoms can sit in."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from runner.spec.models.base import Choice, Real, Strict, by_kind, key, optional
from runner.spec.models.registers import MAX_TRAPS

_SPACING = key("Distance between neighbouring traps (in µm).", 5.0, gt=0)
_ROWS = key("Number of rows.", 5, ge=1, le=100)
_COLUMNS = key("Number of columns.", 5, ge=1, le=100)


class SquareLattice(Strict):
    """Rows and columns of traps at one distance."""

    rows: int = _ROWS
    columns: int = _COLUMNS
    spacing_um: Real = _SPACING


class RectangularTraps(Strict):
    """Rows and columns of traps at distances of their own."""

    rows: int = _ROWS
    columns: int = _COLUMNS
    row_spacing_um: Real = key("Distance between rows (in µm).", 6.0, gt=0)
    column_spacing_um: Real = key("Distance between columns (in µm).", 5.0, gt=0)


class TriangularTraps(Strict):
    """Traps on a triangular lattice, in the shape of a hexagon."""

    n_traps: int = key("Number of traps.", 61, ge=1, le=MAX_TRAPS)
    spacing_um: Real = _SPACING


class Traps(Strict):
    """Traps, each at its place."""

    coordinates_um: Annotated[
        tuple[Annotated[tuple[Real, ...], Field(strict=False, min_length=2, max_length=3)], ...],
        Field(strict=False, min_length=1, max_length=MAX_TRAPS),
    ] = key("Place of every trap: x and y, or x, y and z (in µm).", [[0, 0], [0, 5], [5, 0]])
    slug: str | None = optional("A name for the layout.", "my traps")


class LayoutOfTraps(Choice):
    """Where the traps are: one key that names the shape."""

    square_lattice: SquareLattice | None = optional(
        "Rows and columns of traps at one distance.", {"rows": 5, "columns": 5, "spacing_um": 5.0}
    )
    rectangular_lattice: RectangularTraps | None = optional(
        "Rows and columns of traps at distances of their own.",
        {"rows": 5, "columns": 5, "row_spacing_um": 6.0, "column_spacing_um": 5.0},
    )
    triangular_lattice: TriangularTraps | None = optional(
        "Traps on a triangular lattice, in the shape of a hexagon.", {"n_traps": 61, "spacing_um": 5.0}
    )
    traps: Traps | None = optional("Traps, each at its place.", {"coordinates_um": [[0, 0], [0, 5], [5, 0]]})
    calibrated: Annotated[str, Field(min_length=1, max_length=200)] | None = optional(
        "A layout that the device is calibrated for, by its name.", "TriangularLatticeLayout(61, 5.0µm)"
    )


Layout = Annotated[
    Annotated[Literal["automatic"], Tag("<text>")] | Annotated[LayoutOfTraps, Tag("<mapping>")],
    by_kind("automatic, or a mapping that says where the traps are"),
]
