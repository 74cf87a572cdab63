"""Observables by name, read off the results of jobs that measured the same point. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.results import analysis
from runner.results.analysis.counts import Counts
from runner.results.analysis.names import UnknownQuantityError, listed, split_name
from runner.results.analysis.vocabulary import OBSERVABLES, OCCUPATION, named_observable
from runner.results.matrix_files import matrix_in
from runner.results.plots.labels import AxisQuantity
from runner.results.plots.picture import Measured, MeasuredValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.results.analysis.estimates import Estimate
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.named_observable import NamedObservable


@dataclass(frozen=True, slots=True)
class Observable:
    """What is read off jobs, by its name."""

    named: NamedObservable

    @property
    def measured(self) -> Measured:
        """What stands along its axis."""
        named = self.named
        return Measured(quantity=AxisQuantity(named.label), low=named.low, high=named.high)

    def read(self, jobs: Sequence[MeasuredJob]) -> MeasuredValue | None:
        """Its value over all runs of jobs that measured the same point; None when there are none."""
        counts = _counts(jobs)
        if self.named.evaluated:
            found = self.named.evaluated(jobs)
        else:
            found = self.named.estimate(jobs[0], counts) if counts else None
        return reading(found) if found else None

    def tally(self, jobs: Sequence[MeasuredJob]) -> tuple[float, float] | None:
        """Hits and runs of jobs that measured the same point, as if each run were a hit or none.

        Where a run may be something between, as the mean over several qubits is, they are those of a
        binomial with the same mean and spread among the runs.

        Raises:
            UsageError: It is no mean over runs.
        """
        if self.named.statistic or self.named.evaluated:
            raise UsageError(f"{self.named.name} is no mean over runs, and cannot be fitted")
        counts = _counts(jobs)
        fn = self.named.of(jobs[0]) if counts else None
        if not counts or not fn:
            return None
        low, high = self.measured.low, self.measured.high
        mean, variance = analysis.observables.mean_and_variance(counts, fn)
        share, variance = (mean - low) / (high - low), variance / (high - low) ** 2
        is_either = not variance > 0 or all(fn(bits) in {low, high} for bits in counts)
        runs = counts.total if is_either else share * (1 - share) / variance * (counts.total - 1)
        return share * runs, float(runs)


def _counts(jobs: Sequence[MeasuredJob]) -> Counts | None:
    same = [job.counts for job in jobs if job.counts and job.qubit_ids == jobs[0].qubit_ids]
    return Counts.added(same) if same else None


def reading(estimate: Estimate) -> MeasuredValue | None:
    """An estimate as a plain value; None when nothing was measured."""
    if math.isnan(estimate.value):
        return None
    if math.isnan(estimate.error):
        return MeasuredValue(estimate.value)
    return MeasuredValue(estimate.value, estimate.error, (estimate.low, estimate.high), estimate.said)


def observable(name: str, jobs: Sequence[MeasuredJob]) -> Observable:
    """The observable of this name; that of a qubit is its occupation.

    Raises:
        UsageError: There is no such thing; says what there is.
    """
    qubits = tuple(dict.fromkeys(qubit for job in jobs for qubit in job.qubit_ids))
    base, index = (OCCUPATION, name) if name in qubits else split_name(name)
    if base not in OBSERVABLES:
        near = get_close_matches(name, (*OBSERVABLES, *qubits), n=1)
        known = f"observables are: {', '.join(OBSERVABLES)}, or a qubit: {listed(qubits, 12)}"
        raise UsageError(
            f"there is no observable {name!r}" + (f"; did you mean {near[0]}?" if near else ""), hint=known
        )
    try:
        return Observable(named_observable(base, index, jobs, matrix_in))
    except UnknownQuantityError as error:
        raise UsageError(error.message, hint=error.hint) from error
