"""Registers of a written-out sequence: where the atoms are."""

from typing import Annotated

from pydantic import Field

from runner.spec.models.base import Choice, Real, Strict

MAX_ATOMS = 1000  # more than any device holds, and few enough to be quick

_SPACING = Field(gt=0, description="Distance between neighbours (in µm).", examples=[6.0])
_Position = Annotated[tuple[Real, ...], Field(strict=False, min_length=2, max_length=3)]
AtomName = Annotated[str, Field(min_length=1, max_length=40)]
_TrapNumber = Annotated[int, Field(ge=0)]
MAX_TRAPS = 10_000


class Square(Strict):
    """As many rows as columns."""

    side: int = Field(ge=1, le=31, description="Atoms along one side.", examples=[3])
    spacing_um: Real = _SPACING


class Rectangle(Strict):
    """Rows and columns at one distance."""

    rows: int = Field(ge=1, le=MAX_ATOMS, description="Number of rows.", examples=[2])
    columns: int = Field(ge=1, le=MAX_ATOMS, description="Number of columns.", examples=[4])
    spacing_um: Real = _SPACING


class Triangular(Strict):
    """A triangular lattice with horizontal rows."""

    rows: int = Field(ge=1, le=MAX_ATOMS, description="Number of rows.", examples=[3])
    atoms_per_row: int = Field(ge=1, le=MAX_ATOMS, description="Atoms in each row.", examples=[4])
    spacing_um: Real = _SPACING


class Hexagon(Strict):
    """Layers of hexagons around one atom."""

    layers: int = Field(ge=1, le=17, description="Layers around the central atom.", examples=[1])
    spacing_um: Real = _SPACING


class Chain(Strict):
    """Atoms on a straight line."""

    n_qubits: int = Field(ge=1, le=MAX_ATOMS, description="Number of atoms.", examples=[5])
    spacing_um: Real = _SPACING


class Ring(Strict):
    """Atoms on a circle."""

    n_qubits: int = Field(ge=2, le=MAX_ATOMS, description="Number of atoms.", examples=[6])
    spacing_um: Real = _SPACING


class RectangularLattice(Strict):
    """Rows and columns at distances of their own."""

    rows: int = Field(ge=1, le=MAX_ATOMS, description="Number of rows.", examples=[2])
    columns: int = Field(ge=1, le=MAX_ATOMS, description="Number of columns.", examples=[4])
    row_spacing_um: Real = Field(gt=0, description="Distance between rows (in µm).", examples=[6.0])
    column_spacing_um: Real = Field(gt=0, description="Distance between columns (in µm).", examples=[5.0])


class MaxConnectivity(Strict):
    """Atoms on a triangular lattice, as close together as they can be."""

    n_qubits: int = Field(ge=1, le=MAX_ATOMS, description="Number of atoms.", examples=[7])
    spacing_um: Real | None = Field(
        default=None,
        gt=0,
        description="Distance between neighbours (in µm); the least that the device allows if left out.",
        examples=[6.0],
    )


class Cuboid(Strict):
    """Rows, columns and layers at one distance."""

    rows: int = Field(ge=1, le=MAX_ATOMS, description="Number of rows.", examples=[2])
    columns: int = Field(ge=1, le=MAX_ATOMS, description="Number of columns.", examples=[2])
    layers: int = Field(ge=1, le=MAX_ATOMS, description="Number of layers.", examples=[3])
    spacing_um: Real = _SPACING


class Cube(Strict):
    """As many rows as columns and layers."""

    side: int = Field(ge=1, le=10, description="Atoms along one side.", examples=[2])
    spacing_um: Real = _SPACING


class Register(Choice):
    """Where the atoms are: one key that names the shape; its atoms are called q0, q1 and so on."""

    square: Square | None = Field(
        default=None, description="As many rows as columns.", examples=[{"side": 3, "spacing_um": 6.0}]
    )
    rectangle: Rectangle | None = Field(
        default=None,
        description="Rows and columns at one distance.",
        examples=[{"rows": 2, "columns": 4, "spacing_um": 6.0}],
    )
    triangular: Triangular | None = Field(
        default=None,
        description="A triangular lattice with horizontal rows.",
        examples=[{"rows": 3, "atoms_per_row": 4, "spacing_um": 6.0}],
    )
    hexagon: Hexagon | None = Field(
        default=None,
        description="Layers of hexagons around one atom.",
        examples=[{"layers": 1, "spacing_um": 6.0}],
    )
    chain: Chain | None = Field(
        default=None, description="Atoms on a straight line.", examples=[{"n_qubits": 5, "spacing_um": 6.0}]
    )
    ring: Ring | None = Field(
        default=None, description="Atoms on a circle.", examples=[{"n_qubits": 6, "spacing_um": 6.0}]
    )
    rectangular_lattice: RectangularLattice | None = Field(
        default=None,
        description="Rows and columns at distances of their own.",
        examples=[{"rows": 2, "columns": 4, "row_spacing_um": 6.0, "column_spacing_um": 5.0}],
    )
    max_connectivity: MaxConnectivity | None = Field(
        default=None,
        description="Atoms on a triangular lattice, as close together as they can be.",
        examples=[{"n_qubits": 7}],
    )
    cuboid: Cuboid | None = Field(
        default=None,
        description="Rows, columns and layers at one distance.",
        examples=[{"rows": 2, "columns": 2, "layers": 3, "spacing_um": 6.0}],
    )
    cubic: Cube | None = Field(
        default=None,
        description="As many rows as columns and layers.",
        examples=[{"side": 2, "spacing_um": 6.0}],
    )
    traps: Annotated[dict[AtomName, _TrapNumber], Field(min_length=1, max_length=MAX_ATOMS)] | None = Field(
        default=None,
        description="Trap of every atom in the layout, counted from 0, by the atom's name.",
        examples=[{"left": 3, "right": 8}],
    )
    mappable: (
        Annotated[tuple[AtomName, ...], Field(strict=False, min_length=1, max_length=MAX_ATOMS)] | None
    ) = Field(
        default=None,
        description="Names of atoms that each job puts into traps of the layout, under qubits.",
        examples=[["q0", "q1"]],
    )
    coordinates_um: (
        Annotated[
            dict[AtomName, _Position],
            Field(min_length=1, max_length=MAX_ATOMS),
        ]
        | None
    ) = Field(
        default=None,
        description="Position of every atom by its name: x and y, or x, y and z (in µm).",
        examples=[{"left": [-3.5, 0], "right": [3.5, 0]}],
    )
