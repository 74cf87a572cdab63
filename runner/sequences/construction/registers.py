"""Registers: the file's shape → a Pulser `Register`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pulser import Register, Register3D
from pulser.register import RegisterLayout
from pulser.register.mappable_reg import MappableRegister
from pulser.register.special_layouts import (
    RectangularLatticeLayout,
    SquareLatticeLayout,
    TriangularLatticeLayout,
)

from runner.domain.suggestions import suggestion
from runner.spec.models import registers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulser.register.base_register import BaseRegister

    from runner.sequences.pulser_api.device_limits import AnyDevice
    from runner.spec.models.registers import LayoutOfTraps

    AnyRegister = BaseRegister | MappableRegister

_PREFIX = "q"
_PLANE = 2


def built_register(
    shape: registers.Register, layout: RegisterLayout | None, device: AnyDevice
) -> AnyRegister:
    """The register that a file describes; atoms of a shape are called q0, q1 and so on.

    Args:
        layout: Traps that the atoms sit in, if the file names them.

        device: What the atoms are for.

    Raises:
        ValueError: When Pulser does not take it.
    """
    if shape.traps is not None:
        return _needed(layout).define_register(*shape.traps.values(), qubit_ids=list(shape.traps))
    if shape.mappable is not None:
        return MappableRegister(_needed(layout), *shape.mappable)
    register = _free_register(shape, device)
    if layout is None:
        return register
    places = [place.as_array() for place in register.qubits.values()]
    return layout.define_register(*layout.get_traps_from_coordinates(*places), qubit_ids=register.qubit_ids)


def _needed(layout: RegisterLayout | None) -> RegisterLayout:
    if layout is None:
        raise ValueError("traps are counted in a layout: say which, as in layout: {square_lattice: …}")
    return layout


def _free_register(shape: registers.Register, device: AnyDevice) -> BaseRegister:
    if shape.coordinates_um is not None:
        positions = dict(shape.coordinates_um)
        if len({len(position) for position in positions.values()}) > 1:
            raise ValueError("some atoms have two coordinates and others three")
        flat = len(next(iter(positions.values()))) == _PLANE
        return Register(positions) if flat else Register3D(positions)
    if shape.max_connectivity is not None:
        asked = shape.max_connectivity
        return Register.max_connectivity(asked.n_qubits, device, asked.spacing_um, prefix=_PREFIX)
    return _BUILDERS[type(shape.value)](shape.value)


def built_layout(layout: LayoutOfTraps, device: AnyDevice) -> RegisterLayout:
    """The layout that a file describes.

    Raises:
        ValueError: When there is no such layout.
    """
    match layout.value:
        case registers.SquareLattice() as it:
            return SquareLatticeLayout(it.rows, it.columns, it.spacing_um)
        case registers.RectangularTraps() as it:
            return RectangularLatticeLayout(it.rows, it.columns, it.column_spacing_um, it.row_spacing_um)
        case registers.TriangularTraps() as it:
            return TriangularLatticeLayout(it.n_traps, it.spacing_um)
        case registers.Traps() as it:
            return RegisterLayout([list(place) for place in it.coordinates_um], slug=it.slug)
    known = getattr(device, "calibrated_register_layouts", {})
    if layout.value not in known:
        hint = suggestion(layout.value, known, kind="layouts")
        raise ValueError(f"{device.name} is not calibrated for a layout {layout.value}; {hint}")
    found: RegisterLayout = known[layout.value]
    return found


def ring_register(n_qubits: int, *, spacing_um: float) -> Register:
    """Atoms on a circle around the origin, the first one on the x axis.

    Args:
        n_qubits: Number of atoms.

        spacing_um: Distance between neighbours (in µm), along the chord.
    """
    radius = spacing_um / (2 * np.sin(np.pi / n_qubits))
    angles = 2 * np.pi * np.arange(n_qubits) / n_qubits
    # A nanometre is far below any trap's precision, and free of the last digits of a cosine.
    coordinates = np.round(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), 3) + 0.0
    return Register.from_coordinates(coordinates, center=False, prefix=_PREFIX)


_BUILDERS: Mapping[type, Callable[[Any], BaseRegister]] = {
    registers.Square: lambda it: Register.square(it.side, it.spacing_um, prefix=_PREFIX),
    registers.Rectangle: lambda it: Register.rectangle(it.rows, it.columns, it.spacing_um, prefix=_PREFIX),
    registers.Triangular: lambda it: Register.triangular_lattice(
        it.rows, it.atoms_per_row, it.spacing_um, prefix=_PREFIX
    ),
    registers.RectangularLattice: lambda it: Register.rectangular_lattice(
        it.rows, it.columns, it.row_spacing_um, it.column_spacing_um, prefix=_PREFIX
    ),
    registers.Cuboid: lambda it: Register3D.cuboid(
        it.rows, it.columns, it.layers, it.spacing_um, prefix=_PREFIX
    ),
    registers.Cube: lambda it: Register3D.cubic(it.side, it.spacing_um, prefix=_PREFIX),
    registers.Hexagon: lambda it: Register.hexagon(it.layers, it.spacing_um, prefix=_PREFIX),
    registers.Chain: lambda it: Register.rectangle(1, it.n_qubits, it.spacing_um, prefix=_PREFIX),
    registers.Ring: lambda it: ring_register(it.n_qubits, spacing_um=it.spacing_um),
}
