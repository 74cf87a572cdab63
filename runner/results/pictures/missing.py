"""What has to be said of jobs of which not all came back. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.results.statuses import ResultStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.results.job_result import JobResult

_NAMED: Final = 3
_NO_RESULT: Final = "without a result that can be right"
_SAID: Final = {
    ResultStatus.MISSING: "no results yet",
    ResultStatus.ERROR: "failed",
    ResultStatus.CANCELED: "cancelled",
    ResultStatus.PARTIAL: "fewer runs than wanted",
}


def missing(jobs: Sequence[JobResult]) -> tuple[str, ...]:
    """A sentence for each way in which jobs are incomplete; none when all of them are there."""
    found = []
    for said in (*_SAID.values(), _NO_RESULT):
        names = [job.name for job in jobs if _said(job) == said]
        if names:
            found.append(f"{said}: {_listed(names, len(jobs))}")
    return tuple(found)


def _said(job: JobResult) -> str | None:
    """In which way a job is incomplete; None if it is not."""
    if job.status is ResultStatus.ERROR and job.lacks_result:
        return _NO_RESULT
    return _SAID.get(job.status)


def _listed(names: Sequence[str], of: int) -> str:
    if of == 1:
        return names[0]
    if len(names) == of:
        return f"all {of} jobs"
    some = "; ".join(names[:_NAMED]) + ("; …" if len(names) > _NAMED else "")
    return f"{len(names)} of {of} jobs ({some})"
