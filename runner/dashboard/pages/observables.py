"""What the counts of a job come to, and what its emulator evaluated, as numbers with errors. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from runner.results.analysis.counts import Counts
from runner.results.analysis.estimates import Estimate
from runner.results.analysis.evaluated import evaluated
from runner.results.analysis.observables import expectation, occupation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.domain import RecordedJob


def mean_occupation(counts: Mapping[str, int]) -> Estimate | None:
    """The share of atoms that were measured as 1, with its error; None where nothing was measured."""
    counts = Counts(counts)
    return expectation(counts, lambda bits: bits.count("1") / len(bits), (0.0, 1.0)) if counts else None


def observables(
    records: Sequence[RecordedJob], qubit_ids: tuple[str, ...], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The occupation of all atoms and of each, and the mean over atoms of what was evaluated, at the end.

    Args:
        names: What each evaluated observable is called, by its id.
    """
    counts = Counts.added(record.counts for record in records)
    mean = mean_occupation(counts)
    if mean is None:
        return []
    single = occupation(counts, qubit_ids)
    of_qubits = [
        _row("occupation", qubit, Estimate(float(value), float(error), between=(0.0, 1.0)))
        for qubit, value, error in zip(qubit_ids, single.value, single.error, strict=False)
    ]
    found = evaluated(records, names).items()
    ends = [_row(name, "evaluated, at the end", Estimate(*each.mean_at())) for name, each in found]
    return [_row("occupation", "all qubits", mean), *of_qubits, *ends]


def _row(name: str, of: str, estimate: Estimate) -> dict[str, Any]:
    value, error = (None if math.isnan(each) else each for each in (estimate.value, estimate.error))
    return {"name": name, "of": of, "value": value, "error": error, "text": str(estimate)}
