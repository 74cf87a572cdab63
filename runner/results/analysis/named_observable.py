"""`NamedObservable`: what a name of the vocabulary means, and its values of a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.results import analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.estimates import Estimate
    from runner.results.analysis.job_result import MeasuredJob

    PerBitstring = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class NamedObservable:
    """What a name means.

    Args:
        name: As it heads a column.

        label: As it stands along an axis.

        low: Least value that it can have, of any job.

        high: Greatest value that it can have.

        of: Gives for a job what to average over its runs; None when the job has no such thing.

        statistic: Gives it for a job and counts where it is no mean over runs.

        influence: Gives for a job and counts what to average where it is no mean over runs: of each different
            bitstring its value and what a run more of it would change, times the runs.

        at_hand: Gives it for a job more quickly, if there is such a way.

        is_wide: Whether values are mostly in a small part of what is possible.

        evaluated: Gives it for jobs that measured the same point where it is not read off bitstrings.
    """

    name: str
    label: str
    low: float
    high: float
    of: Callable[[MeasuredJob], PerBitstring | None]
    statistic: Callable[[MeasuredJob, Counts], Estimate] | None = None
    influence: Callable[[MeasuredJob, Counts], list[float]] | None = None
    at_hand: Callable[[MeasuredJob], Estimate] | None = field(default=None, compare=False)
    is_wide: bool = False
    evaluated: Callable[[Sequence[MeasuredJob]], Estimate | None] | None = None

    def estimate(self, job: MeasuredJob, counts: Counts | None = None) -> Estimate | None:
        """Its value; None when the job has no such thing, NaN when nothing was measured.

        Args:
            counts: Those of all jobs that measured the same point; by default those of the job.
        """
        if self.evaluated:
            return self.evaluated([job])
        try:
            fn = self.of(job)
        except UsageError:
            return None
        if fn is None:
            return None
        if counts is None and self.at_hand:
            return self.at_hand(job)
        measured = job.counts if counts is None else counts
        if self.statistic and measured:
            return self.statistic(job, measured)
        return analysis.observables.expectation(measured, fn, (self.low, self.high))

    def influences(self, job: MeasuredJob, counts: Counts) -> list[float] | None:
        """What the value is the mean of over the runs: a number for each different bitstring.

        None where it is not read off bitstrings, or the job has no such thing.

        Raises:
            UsageError: The job has no such thing, for a reason.
        """
        if self.evaluated:
            return None
        if self.influence:
            return self.influence(job, counts)
        fn = self.of(job)
        return [float(fn(bits)) for bits in counts] if fn else None
