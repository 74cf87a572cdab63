"""Bitstring counts: how often each bitstring was measured; character i is qubit i of `qubit_ids`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def merged_counts(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The counts of several jobs that measured the same point, added up."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)


def most_frequent(counts: Mapping[str, int], n: int) -> list[tuple[str, int]]:
    """The n most frequent bitstrings, most frequent first, ties in the order of the bitstring."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:n]
