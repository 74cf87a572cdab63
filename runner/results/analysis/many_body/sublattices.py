"""The two sublattices of a register: atoms that interact most have opposite signs. Pure.

Two atoms have a bond unless a third one is bound to both of them far more strongly: in a square the sides are
bonds and the diagonals are not, in a rectangle both kinds of sides are, and a triangle has three of them.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Final

from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.results.analysis.job_result import MeasuredJob

    Place = tuple[float, ...]
    Bond = tuple[int, int]

# The interaction falls off with the sixth power of the distance: what is so much further is half as strong.
_FAR_WEAKER: Final = 2 ** (1 / 6)
# Bonds of one register may differ so much in length: the weakest is no weaker than the diagonal of a square.
_UNEQUAL: Final = 2**0.5
_DIGITS: Final = 6  # of places (in µm) that are compared


def signs_of(job: MeasuredJob) -> tuple[int, ...]:
    """+1, -1 or 0 for each qubit of a job, as its file names the sublattices, else as its atoms lie.

    Raises:
        UsageError: There are no two sublattices, or the places of the atoms are not known.
    """
    if job.sublattices:
        return named_signs(job.qubit_ids, job.sublattices)
    return _signs(job.qubit_ids, tuple(job.positions_um.items()))


@lru_cache(maxsize=16)
def _signs(qubit_ids: tuple[str, ...], positions_um: tuple[tuple[str, Place], ...]) -> tuple[int, ...]:
    return signs(qubit_ids, dict(positions_um))


def signs(qubit_ids: Sequence[str], positions_um: Mapping[str, Place]) -> tuple[int, ...]:
    """+1 or -1 for each qubit: those that have a bond differ.

    The larger sublattice has +1; of two equal ones the one whose atom is furthest to the left, and of
    several such atoms the lowest. Names and order of the qubits mean nothing.

    Raises:
        UsageError: There are no two sublattices, or the places of the atoms are not known.
    """
    if not all(qubit in positions_um for qubit in qubit_ids):
        raise _refusal("the sequence does not tell where the atoms are")
    places = [positions_um[qubit] for qubit in qubit_ids]
    bonds = _bonds(places)
    lengths = [math.dist(places[one], places[other]) for one, other in bonds]
    if bonds and max(lengths) > _UNEQUAL * min(lengths):
        raise _refusal("this register is no lattice: neighbours are at very different distances")
    found = _alternating(len(places), bonds)
    if any(found[one] == found[other] for one, other in bonds):
        raise _refusal("neighbours of this register form rings of odd length")
    return tuple(_orientation(found, places) * sign for sign in found)


def named_signs(qubit_ids: Sequence[str], sublattices: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """+1 for each qubit of the first sublattice, -1 for each of the second, 0 for what is in neither.

    Raises:
        UsageError: None of the qubits is in any of them.
    """
    plus, minus = map(frozenset, sublattices)
    found = tuple((qubit in plus) - (qubit in minus) for qubit in qubit_ids)
    if not any(found):
        raise UsageError("there is no staggered magnetization: `spec.sublattices` names other atoms")
    return found


def _refusal(why: str) -> UsageError:
    return UsageError(
        f"there is no staggered magnetization: {why}", hint="`spec.sublattices` of the file can name them"
    )


def _bonds(places: Sequence[Place]) -> list[Bond]:
    """Pairs without an atom between them: one that is far closer to both than they are to each other."""
    apart = [[math.dist(one, other) for other in places] for one in places]
    return [
        (one, other)
        for one, other in combinations(range(len(places)), 2)
        if not any(
            max(to_one, to_other) * _FAR_WEAKER < apart[one][other]
            for to_one, to_other in zip(apart[one], apart[other], strict=True)
        )
    ]


def _alternating(count: int, bonds: Sequence[Bond]) -> list[int]:
    """A sign for each place, from bond to bond; the bonds hang together, whatever the places."""
    near: dict[int, list[int]] = {place: [] for place in range(count)}
    for one, other in bonds:
        near[one].append(other)
        near[other].append(one)
    found, waiting = {0: 1}, [0] if count else []
    while waiting:
        here = waiting.pop()
        fresh = [other for other in near[here] if other not in found]
        found |= dict.fromkeys(fresh, -found[here])
        waiting += fresh
    return [found[place] for place in range(count)]


def _orientation(found: Sequence[int], places: Sequence[Place]) -> int:
    """What the signs are multiplied with, so that they follow the rule."""
    if (more := sum(found)) != 0:
        return 1 if more > 0 else -1
    left_to_right = sorted(range(len(places)), key=lambda at: [round(axis, _DIGITS) for axis in places[at]])
    return found[left_to_right[0]] if left_to_right else 1
