"""What a job's sequence tells: where its atoms are, what is measured of them, and what a 1 is. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypedDict, cast

Place = tuple[float, ...]
_DIGITS: Final = 6  # places of traps are rounded so before Pulser numbers them


class _Layout(TypedDict, total=False):
    coordinates: list[list[float]]


class SequenceParts(TypedDict, total=False):
    """What is read of a sequence in abstract representation."""

    register: list[dict[str, float]]
    layout: _Layout | None
    measurement: str | None
    operations: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Written:
    """Reads a sequence when it is called; a value, so that results can go to other processes."""

    representation: str

    def __call__(self) -> SequenceParts:
        """The sequence as a value."""
        return written(self.representation)


@lru_cache(maxsize=16)
def written(representation: str) -> SequenceParts:
    """A sequence in abstract representation as a value; empty if it is none."""
    try:
        found = json.loads(representation)
    except ValueError:
        return {}
    return of_json(found)


def of_json(value: object) -> SequenceParts:
    """What JSON holds as a sequence; empty if it is none."""
    return cast("SequenceParts", value) if isinstance(value, dict) else {}


def places_um(sequence: SequenceParts, variables: Mapping[str, object]) -> dict[str, Place]:
    """Places (x and y, or x, y and z, in µm) of each atom; empty where the sequence does not tell.

    Args:
        sequence: Its abstract representation.

        variables: The job's; those of a mappable register say which trap each atom sits in.
    """
    register = sequence.get("register") or ()
    if all("x" in atom and "y" in atom for atom in register):
        return {str(atom["name"]): _place(atom) for atom in register}
    traps = _traps(sequence.get("layout") or {})
    mapped = variables.get("qubits")
    found = mapped.items() if isinstance(mapped, Mapping) else ()
    return {str(name): traps[trap] for name, trap in found if 0 <= trap < len(traps)}


def _place(atom: Mapping[str, float]) -> Place:
    return tuple(float(atom[axis]) for axis in "xyz" if axis in atom)


def _traps(layout: _Layout) -> list[Place]:
    """Places by number: Pulser counts along x first, then y, then z."""
    places = [tuple(map(float, place)) for place in layout.get("coordinates", ())]
    return sorted(places, key=lambda place: [round(each, _DIGITS) for each in place])


def basis_of(sequence: SequenceParts) -> str:
    """The basis in which a sequence is measured, by its abstract representation; empty if it does not say."""
    basis = sequence.get("measurement")
    return basis if isinstance(basis, str) else ""


# Names of Pulser, as its pages on conventions have them.
_STATES: Final = {
    "ground-rydberg": ("the Rydberg state |r⟩", "the ground state |g⟩"),
    "digital": ("the hyperfine state |h⟩", "the ground state |g⟩"),
    "XY": ("the spin state |1⟩ (d)", "the spin state |0⟩ (u)"),
}


def convention(basis: str) -> str:
    """What 1, 0 and ⟨σz⟩ mean in a basis; empty for one that is not known."""
    if basis not in _STATES:
        return ""
    one, zero = _STATES[basis]
    return f"{basis} basis: 1 is {one}, where ⟨σz⟩ = +1; 0 is {zero}"
