"""Registers of a written-out sequence, and layouts: where the atoms are, and where the traps."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from runner.spec.models.base import Choice, Real, Some, Strict, by_kind, key, optional

MAX_ATOMS = 1000  # more than any device holds, and few enough to be quick

_SPACING = key("Distance between neighbours (in µm).", 6.0, gt=0)
_Position = Annotated[tuple[Real, ...], Field(strict=False, min_length=2, max_length=3)]
AtomName = Annotated[str, Field(min_length=1, max_length=40)]
_TrapNumber = Annotated[int, Field(ge=0)]
MAX_TRAPS = 10_000


class Square(Strict):
    """As many rows as columns."""

    side: int = key("Atoms along one side.", 3, ge=1, le=31)
    spacing_um: Real = _SPACING


class Rectangle(Strict):
    """Rows and columns at one distance."""

    rows: int = key("Number of rows.", 2, ge=1, le=MAX_ATOMS)
    columns: int = key("Number of columns.", 4, ge=1, le=MAX_ATOMS)
    spacing_um: Real = _SPACING


class Triangular(Strict):
    """A triangular lattice with horizontal rows."""

    rows: int = key("Number of rows.", 3, ge=1, le=MAX_ATOMS)
    atoms_per_row: int = key("Atoms in each row.", 4, ge=1, le=MAX_ATOMS)
    spacing_um: Real = _SPACING


class Hexagon(Strict):
    """Layers of hexagons around one atom."""

    layers: int = key("Layers around the central atom.", 1, ge=1, le=17)
    spacing_um: Real = _SPACING


class Chain(Strict):
    """Atoms on a straight line."""

    n_qubits: int = key("Number of atoms.", 5, ge=1, le=MAX_ATOMS)
    spacing_um: Real = _SPACING


class Ring(Strict):
    """Atoms on a circle."""

    n_qubits: int = key("Number of atoms.", 6, ge=2, le=MAX_ATOMS)
    spacing_um: Real = _SPACING


class RectangularLattice(Strict):
    """Rows and columns at distances of their own."""

    rows: int = key("Number of rows.", 2, ge=1, le=MAX_ATOMS)
    columns: int = key("Number of columns.", 4, ge=1, le=MAX_ATOMS)
    row_spacing_um: Real = key("Distance between rows (in µm).", 6.0, gt=0)
    column_spacing_um: Real = key("Distance between columns (in µm).", 5.0, gt=0)


class MaxConnectivity(Strict):
    """Atoms on a triangular lattice, as close together as they can be."""

    n_qubits: int = key("Number of atoms.", 7, ge=1, le=MAX_ATOMS)
    spacing_um: Real | None = optional(
        "Distance between neighbours (in µm); the least that the device allows if left out.", 6.0, gt=0
    )


class Cuboid(Strict):
    """Rows, columns and layers at one distance."""

    rows: int = key("Number of rows.", 2, ge=1, le=MAX_ATOMS)
    columns: int = key("Number of columns.", 2, ge=1, le=MAX_ATOMS)
    layers: int = key("Number of layers.", 3, ge=1, le=MAX_ATOMS)
    spacing_um: Real = _SPACING


class Cube(Strict):
    """As many rows as columns and layers."""

    side: int = key("Atoms along one side.", 2, ge=1, le=10)
    spacing_um: Real = _SPACING


class Register(Choice):
    """Where the atoms are: one key that names the shape; its atoms are called q0, q1 and so on."""

    square: Square | None = optional("As many rows as columns.", {"side": 3, "spacing_um": 6.0})
    rectangle: Rectangle | None = optional(
        "Rows and columns at one distance.", {"rows": 2, "columns": 4, "spacing_um": 6.0}
    )
    triangular: Triangular | None = optional(
        "A triangular lattice with horizontal rows.", {"rows": 3, "atoms_per_row": 4, "spacing_um": 6.0}
    )
    hexagon: Hexagon | None = optional(
        "Layers of hexagons around one atom.", {"layers": 1, "spacing_um": 6.0}
    )
    chain: Chain | None = optional("Atoms on a straight line.", {"n_qubits": 5, "spacing_um": 6.0})
    ring: Ring | None = optional("Atoms on a circle.", {"n_qubits": 6, "spacing_um": 6.0})
    rectangular_lattice: RectangularLattice | None = optional(
        "Rows and columns at distances of their own.",
        {"rows": 2, "columns": 4, "row_spacing_um": 6.0, "column_spacing_um": 5.0},
    )
    max_connectivity: MaxConnectivity | None = optional(
        "Atoms on a triangular lattice, as close together as they can be.", {"n_qubits": 7}
    )
    cuboid: Cuboid | None = optional(
        "Rows, columns and layers at one distance.", {"rows": 2, "columns": 2, "layers": 3, "spacing_um": 6.0}
    )
    cubic: Cube | None = optional("As many rows as columns and layers.", {"side": 2, "spacing_um": 6.0})
    traps: Annotated[dict[AtomName, _TrapNumber], Field(min_length=1, max_length=MAX_ATOMS)] | None = (
        optional(
            "Trap of every atom in the layout, counted from 0, by the atom's name.", {"left": 3, "right": 8}
        )
    )
    mappable: Annotated[Some[AtomName], Field(max_length=MAX_ATOMS)] | None = optional(
        "Names of atoms that each job puts into traps of the layout, under qubits: all, or the first ones.",
        ["q0", "q1"],
    )
    coordinates_um: (
        Annotated[
            dict[AtomName, _Position],
            Field(min_length=1, max_length=MAX_ATOMS),
        ]
        | None
    ) = optional(
        "Position of every atom by its name: x and y, or x, y and z (in µm).",
        {"left": [-3.5, 0], "right": [3.5, 0]},
    )


_TRAP_SPACING = key("Distance between neighbouring traps (in µm).", 5.0, gt=0)
_ROWS = key("Number of rows.", 5, ge=1, le=100)
_COLUMNS = key("Number of columns.", 5, ge=1, le=100)


class SquareLattice(Strict):
    """Rows and columns of traps at one distance."""

    rows: int = _ROWS
    columns: int = _COLUMNS
    spacing_um: Real = _TRAP_SPACING


class RectangularTraps(Strict):
    """Rows and columns of traps at distances of their own."""

    rows: int = _ROWS
    columns: int = _COLUMNS
    row_spacing_um: Real = key("Distance between rows (in µm).", 6.0, gt=0)
    column_spacing_um: Real = key("Distance between columns (in µm).", 5.0, gt=0)


class TriangularTraps(Strict):
    """Traps on a triangular lattice, in the shape of a hexagon."""

    n_traps: int = key("Number of traps.", 61, ge=1, le=MAX_TRAPS)
    spacing_um: Real = _TRAP_SPACING


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
