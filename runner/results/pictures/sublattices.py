"""The two sublattices of a register: neighbours have opposite signs. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NEAR: Final = 1.05  # what is so much further than the closest pair is a neighbour still


def signs(qubit_ids: Sequence[str], positions_um: Mapping[str, tuple[float, ...]]) -> tuple[int, ...]:
    """+1 or -1 for each qubit, +1 for the first: neighbours differ.

    Neighbours are those as close as the closest pair. Parts of a register that have no neighbours in
    common each begin with +1. Where nobody knows the places, signs alternate in the order of the qubits.

    Raises:
        UsageError: Neighbours form a ring of odd length, as in a triangle: there are no two sublattices.
    """
    if not all(qubit in positions_um for qubit in qubit_ids):
        return tuple(1 - 2 * (place % 2) for place in range(len(qubit_ids)))
    near = _neighbours([positions_um[qubit] for qubit in qubit_ids])
    found: dict[int, int] = {}
    for first in range(len(qubit_ids)):
        _spread(first, near, found)
    if any(found[one] == found[other] for one, others in near.items() for other in others):
        raise UsageError(
            "there is no staggered magnetization: neighbours of this register form rings of odd length"
        )
    return tuple(found[place] for place in range(len(qubit_ids)))


def _neighbours(places: Sequence[tuple[float, ...]]) -> dict[int, list[int]]:
    apart = {
        (one, other): math.dist(places[one], places[other])
        for one in range(len(places))
        for other in range(one)
    }
    reach = _NEAR * min(apart.values(), default=0.0)
    near: dict[int, list[int]] = {place: [] for place in range(len(places))}
    for (one, other), distance in apart.items():
        if distance <= reach:
            near[one].append(other)
            near[other].append(one)
    return near


def _spread(first: int, near: Mapping[int, Sequence[int]], found: dict[int, int]) -> None:
    """Gives signs to all that hang together with a place."""
    waiting = [first] if first not in found else []
    found.setdefault(first, 1)
    while waiting:
        here = waiting.pop()
        for other in near[here]:
            if other not in found:
                found[other] = -found[here]
                waiting.append(other)
