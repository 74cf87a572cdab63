"""Registers: the file's shape → a Pulser `Register`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pulser import Register

from runner.spec import registers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PREFIX = "q"


def built_register(shape: registers.Register) -> Register:
    """The register that a file describes; atoms of a shape are called q0, q1 and so on.

    Raises:
        ValueError: When Pulser does not take it.
    """
    if shape.coordinates_um is not None:
        return Register(dict(shape.coordinates_um))
    return _BUILDERS[type(shape.value)](shape.value)


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


_BUILDERS: Mapping[type, Callable[[Any], Register]] = {
    registers.Square: lambda it: Register.square(it.side, it.spacing_um, prefix=_PREFIX),
    registers.Rectangle: lambda it: Register.rectangle(it.rows, it.columns, it.spacing_um, prefix=_PREFIX),
    registers.Triangular: lambda it: Register.triangular_lattice(
        it.rows, it.atoms_per_row, it.spacing_um, prefix=_PREFIX
    ),
    registers.Hexagon: lambda it: Register.hexagon(it.layers, it.spacing_um, prefix=_PREFIX),
    registers.Chain: lambda it: Register.rectangle(1, it.n_qubits, it.spacing_um, prefix=_PREFIX),
    registers.Ring: lambda it: ring_register(it.n_qubits, spacing_um=it.spacing_um),
}
