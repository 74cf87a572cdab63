"""Where the atoms of a job are, and what is measured of them, read from its sequence. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    Place = tuple[float, ...]

_DIGITS: Final = 6  # places of traps are rounded so before Pulser numbers them


@dataclass(frozen=True, slots=True)
class Written:
    """Reads a sequence when somebody asks; a value, so that results can go to other processes."""

    representation: str

    def __call__(self) -> Mapping[str, Any]:
        """The sequence as a value."""
        return written(self.representation)


@lru_cache(maxsize=16)
def written(representation: str) -> Mapping[str, Any]:
    """A sequence in abstract representation as a value; empty if it is none."""
    try:
        found = json.loads(representation)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def places_um(sequence: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Place]:
    """Places (x and y, or x, y and z, in µm) of each atom; empty where the sequence does not tell.

    Args:
        sequence: Its abstract representation.

        variables: The job's; those of a mappable register say which trap each atom sits in.
    """
    register = sequence.get("register") or ()
    if all("x" in atom and "y" in atom for atom in register):
        return {str(atom["name"]): _place(atom) for atom in register}
    traps = _traps(sequence.get("layout") or {})
    mapped = variables.get("qubits") or {}
    return {str(name): traps[trap] for name, trap in mapped.items() if 0 <= trap < len(traps)}


def _place(atom: Mapping[str, Any]) -> Place:
    return tuple(float(atom[axis]) for axis in "xyz" if axis in atom)


def _traps(layout: Mapping[str, Any]) -> list[Place]:
    """Places by number: Pulser counts along x first, then y, then z."""
    places = [tuple(map(float, place)) for place in layout.get("coordinates", ())]
    return sorted(places, key=lambda place: [round(each, _DIGITS) for each in place])


def basis_of(sequence: Mapping[str, Any]) -> str:
    """The basis in which a sequence is measured, by its abstract representation; empty if it does not say."""
    basis = sequence.get("measurement")
    return basis if isinstance(basis, str) else ""
