"""What has to be said of the jobs of a picture, above all of those of which not all came back. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.results.analysis.results import conventions
from runner.results.records.counted_jobs import ResultStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.results.analysis.job_result import MeasuredJob

_NAMED: Final = 3
_SAID: Final = {
    ResultStatus.MISSING: "no results yet",
    ResultStatus.ERROR: "failed",
    ResultStatus.CANCELED: "cancelled",
    ResultStatus.PARTIAL: "fewer runs than wanted",
    ResultStatus.NO_RESULT: "without a result that can be right",
}


def said_below(jobs: Sequence[MeasuredJob]) -> tuple[str, ...]:
    """What stands below a picture of some jobs: which are incomplete, and what a 1 is."""
    return (*missing(jobs), *conventions(jobs))


def missing(jobs: Sequence[MeasuredJob]) -> tuple[str, ...]:
    """A sentence for each way in which jobs are incomplete; none when all of them are there."""
    found = []
    for status, said in _SAID.items():
        names = [job.name for job in jobs if job.status is status]
        if names:
            found.append(f"{said}: {_listed(names, len(jobs))}")
    return tuple(found)


def _listed(names: Sequence[str], of: int) -> str:
    if of == 1:
        return names[0]
    if len(names) == of:
        return f"all {of} jobs"
    some = "; ".join(names[:_NAMED]) + ("; …" if len(names) > _NAMED else "")
    return f"{len(names)} of {of} jobs ({some})"
