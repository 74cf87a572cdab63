"""`Counts`: how often each bitstring was measured, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from runner import domain
from runner.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterable, Iterator, ValuesView


class Counts(Mapping[str, int]):
    """Bitstring counts: an immutable mapping of bitstrings to how often each was measured.

    Character i of a bitstring is qubit i; what 1 is, the measured basis says: the Rydberg state, |h⟩ in the
    digital basis, the spin state |1⟩ in XY.
    Bitstrings come in lexical order, and only those that were measured are there; any other counts 0 times
    in `probability`.

    Args:
        counts: Bitstrings of one length; those that were measured 0 times are left out.

    Raises:
        RecordError: The bitstrings are of several lengths, hold other characters than 0 and 1, or a count
            is negative.
    """

    __slots__ = ("_counts", "_hash", "_total")

    def __init__(self, counts: Mapping[str, int]) -> None:
        there = dict(sorted(counts.items()))
        if 0 in there.values() or not set(map(type, there.values())) <= {int}:
            there = {bitstring: int(count) for bitstring, count in there.items() if count}
        _check(there)
        self._counts = MappingProxyType(there)
        self._total = sum(there.values())
        self._hash: int | None = None

    @classmethod
    def added(cls, counts: Iterable[Mapping[str, int]]) -> Counts:
        """The counts of several jobs that measured the same point, added up."""
        return cls(domain.merged_counts(counts))

    @property
    def total(self) -> int:
        """How many runs were counted."""
        return self._total

    @property
    def n_qubits(self) -> int:
        """Length of every bitstring; 0 when nothing was counted."""
        return len(next(iter(self._counts), ""))

    @property
    def probabilities(self) -> dict[str, float]:
        """Share of each measured bitstring; they add up to 1."""
        return {bitstring: count / self._total for bitstring, count in self._counts.items()}

    def probability(self, bitstring: str) -> float:
        """Share of one bitstring, 0 if it was not measured; NaN when nothing was."""
        return self._counts.get(bitstring, 0) / self._total if self._total else float("nan")

    def most_frequent(self, n: int) -> list[tuple[str, int]]:
        """The n most frequent bitstrings, most frequent first, ties in the order of the bitstring."""
        return domain.most_frequent(self._counts, n)

    def __add__(self, other: Mapping[str, int]) -> Counts:
        return Counts.added((self, other))

    def __getitem__(self, bitstring: str) -> int:
        return self._counts[bitstring]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def values(self) -> ValuesView[int]:
        """The counts, in the order of the bitstrings; quicker than looking each of them up."""
        return self._counts.values()

    def items(self) -> ItemsView[str, int]:
        """Bitstrings and counts; quicker than looking each of them up."""
        return self._counts.items()

    def __len__(self) -> int:
        return len(self._counts)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(self._counts.items()))
        return self._hash

    def __repr__(self) -> str:
        return f"Counts({dict(self._counts)})"

    def __reduce__(self) -> tuple[type[Counts], tuple[dict[str, int]]]:
        return Counts, (dict(self._counts),)


def _check(counts: Mapping[str, int]) -> None:
    if len(set(map(len, counts))) > 1:
        raise RecordError("the bitstrings of one job are of several lengths")
    if "" in counts or "".join(counts).strip("01") or min(counts.values(), default=0) < 0:
        raise RecordError(f"these are no counts of bitstrings: {dict(list(counts.items())[:3])}")
