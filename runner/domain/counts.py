"""Bitstring counts: how often each bitstring was measured; character i is qubit i of `qubit_ids`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# Reserved by Pulser: the variable that says which qubits of a mappable register are built, and where.
_QUBITS: Final = "qubits"


def built_qubits(qubit_ids: tuple[str, ...], variables: Mapping[str, object]) -> tuple[str, ...]:
    """Order of the qubits in a job's bitstrings: of a mappable register those that the job puts into traps.

    Args:
        qubit_ids: Of the whole register.

        variables: The job's.
    """
    placed = variables.get(_QUBITS)
    if not isinstance(placed, Mapping):
        return qubit_ids
    return tuple(each for each in qubit_ids if each in placed)


def merged_counts(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The counts of several jobs that measured the same point, added up."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)


def most_frequent(counts: Mapping[str, int], n: int) -> list[tuple[str, int]]:
    """The n most frequent bitstrings, most frequent first, ties in the order of the bitstring."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:n]
