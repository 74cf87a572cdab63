"""Numbers, moments and states in words. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from typing import TYPE_CHECKING, Final

from runner.domain.numerals import grouped
from runner.results.records.counted_jobs import ResultStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.results import MeasuredJobs

_MINUTE_S: Final = 60.0
# A sign beside each word: some readers see no colours, and printers may have none.
SIGNS: Final = {
    ResultStatus.DONE: "✓",
    ResultStatus.PARTIAL: "◐",
    ResultStatus.ERROR: "✗",
    ResultStatus.NO_RESULT: "✗",
    ResultStatus.CANCELED: "⊘",
    ResultStatus.MISSING: "○",
}
_SAID: Final = {
    ResultStatus.PARTIAL: "with fewer runs than wanted",
    ResultStatus.ERROR: "failed",
    ResultStatus.CANCELED: "cancelled",
    ResultStatus.MISSING: "not measured yet",
    ResultStatus.NO_RESULT: "without a result that can be right",
}


def moment(when: datetime | None) -> str:
    """A moment to the second, in UTC; empty for none."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if when else ""


def number(value: object) -> str:
    """A number as people write it: at most six digits of a float; anything else as it is."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def spent(runs: int, qpu_s: float) -> str:
    """What was bought."""
    return f"{grouped(runs, 'run')}, " + (
        f"about {qpu_s / _MINUTE_S:,.1f} min of QPU time" if qpu_s else "no QPU time"
    )


def extent(results: MeasuredJobs[MeasuredJob]) -> str:
    """Whether all, some or none of the results are there."""
    if results.is_complete:
        return "Complete"
    # What a strategy has asked for so far may all be there, and still be a part.
    return "Partial results" if any(job.counts for job in results if job.is_wanted) else "No results yet"


def progress(jobs: Sequence[MeasuredJob]) -> str:
    """How far some jobs have come, in a line."""
    asked = [job for job in jobs if job.is_wanted]
    found = Counter(job.status for job in asked)
    measured, wanted = (sum(job.runs.measured for job in asked), sum(job.runs.wanted for job in asked))
    if found.total() == found[ResultStatus.DONE]:
        all_of = "all " if found.total() > 1 else ""
        return f"{all_of}{grouped(found.total(), 'job')}, {grouped(measured, 'run')}"
    others = [f"{found[status]:,} {words}" for status, words in _SAID.items() if found[status]]
    done = f"{found[ResultStatus.DONE]:,} of {grouped(found.total(), 'job')} complete"
    return f"{', '.join([done, *others])}; {measured:,} of {grouped(wanted, 'run')}"
