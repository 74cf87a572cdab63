"""Layouts of a written-out sequence: where the traps are that atoms can sit in."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from runner.spec.models.base import Choice, Real, Strict, by_kind
from runner.spec.models.registers import MAX_TRAPS

_SPACING = Field(gt=0, description="Distance between neighbouring traps (in µm).", examples=[5.0])
_ROWS = Field(ge=1, le=100, description="Number of rows.", examples=[5])
_COLUMNS = Field(ge=1, le=100, description="Number of columns.", examples=[5])


class SquareLattice(Strict):
    """Rows and columns of traps at one distance."""

    rows: int = _ROWS
    columns: int = _COLUMNS
    spacing_um: Real = _SPACING


class RectangularTraps(Strict):
    """Rows and columns of traps at distances of their own."""

    rows: int = _ROWS
    columns: int = _COLUMNS
    row_spacing_um: Real = Field(gt=0, description="Distance between rows (in µm).", examples=[6.0])
    column_spacing_um: Real = Field(gt=0, description="Distance between columns (in µm).", examples=[5.0])


class TriangularTraps(Strict):
    """Traps on a triangular lattice, in the shape of a hexagon."""

    n_traps: int = Field(ge=1, le=MAX_TRAPS, description="Number of traps.", examples=[61])
    spacing_um: Real = _SPACING


class Traps(Strict):
    """Traps, each at its place."""

    coordinates_um: Annotated[
        tuple[Annotated[tuple[Real, ...], Field(strict=False, min_length=2, max_length=3)], ...],
        Field(strict=False, min_length=1, max_length=MAX_TRAPS),
    ] = Field(
        description="Place of every trap: x and y, or x, y and z (in µm).",
        examples=[[[0, 0], [0, 5], [5, 0]]],
    )
    slug: str | None = Field(default=None, description="A name for the layout.", examples=["my traps"])


class LayoutOfTraps(Choice):
    """Where the traps are: one key that names the shape."""

    square_lattice: SquareLattice | None = Field(
        default=None,
        description="Rows and columns of traps at one distance.",
        examples=[{"rows": 5, "columns": 5, "spacing_um": 5.0}],
    )
    rectangular_lattice: RectangularTraps | None = Field(
        default=None,
        description="Rows and columns of traps at distances of their own.",
        examples=[{"rows": 5, "columns": 5, "row_spacing_um": 6.0, "column_spacing_um": 5.0}],
    )
    triangular_lattice: TriangularTraps | None = Field(
        default=None,
        description="Traps on a triangular lattice, in the shape of a hexagon.",
        examples=[{"n_traps": 61, "spacing_um": 5.0}],
    )
    traps: Traps | None = Field(
        default=None,
        description="Traps, each at its place.",
        examples=[{"coordinates_um": [[0, 0], [0, 5], [5, 0]]}],
    )
    calibrated: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None,
        description="A layout that the device is calibrated for, by its name.",
        examples=["TriangularLatticeLayout(61, 5.0µm)"],
    )


Layout = Annotated[
    Annotated[Literal["automatic"], Tag("<text>")] | Annotated[LayoutOfTraps, Tag("<mapping>")],
    by_kind("automatic, or a mapping that says where the traps are"),
]
