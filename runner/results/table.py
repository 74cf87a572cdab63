"""Wanted jobs beside what came back: one row a job of the file, its remote jobs added up. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runner.domain import JobStatus, merged_counts
from runner.results.statuses import ResultStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.domain import DesiredExperiment, RecordedJob


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One job of the file and what was measured of it.

    Args:
        runs: Wanted.

        measured: Runs behind `counts`.

        status: DONE when all wanted runs are measured, PARTIAL, ERROR, CANCELED, or MISSING.

        counts: Bitstring counts, added up over the remote jobs of this point.

        job_ids: The remote jobs, in the order in which they were recorded.
    """

    name: str
    key: str
    variables: Mapping[str, Any]
    runs: int
    measured: int
    status: ResultStatus
    counts: Mapping[str, int] = field(default_factory=dict)
    qubit_ids: tuple[str, ...] = ()
    job_ids: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def job_rows(desired: DesiredExperiment, recorded: Iterable[RecordedJob]) -> tuple[JobRow, ...]:
    """A row for each wanted job, in file order; counts are added up only within one recipe and rerun."""
    by_key = behind(desired, recorded)
    return tuple(
        JobRow(
            name=wanted.name,
            key=wanted.key,
            variables=wanted.variables,
            runs=wanted.runs,
            measured=measured_runs(by_key.get(wanted.key, [])),
            status=status_of(wanted.runs, by_key.get(wanted.key, [])),
            counts=merged_counts(job.counts for job in by_key.get(wanted.key, [])),
            qubit_ids=desired.qubit_ids,
            job_ids=tuple(job.id for job in by_key.get(wanted.key, [])),
            errors=tuple(error for job in by_key.get(wanted.key, []) for error in job.errors),
        )
        for wanted in desired.jobs
    )


def behind(desired: DesiredExperiment, recorded: Iterable[RecordedJob]) -> dict[str, list[RecordedJob]]:
    """The remote jobs that count for each wanted job, by its key, in the order they were recorded in."""
    reruns = desired.reruns
    by_key: dict[str, list[RecordedJob]] = {}
    for job in recorded:
        if desired.recipe.startswith(job.recipe) and reruns.get(job.key) == job.rerun:
            by_key.setdefault(job.key, []).append(job)
    return by_key


def measured_runs(jobs: Sequence[RecordedJob]) -> int:
    """Runs whose bitstrings are on record."""
    return sum(sum(job.counts.values()) for job in jobs if job.status is JobStatus.DONE)


def status_of(runs: int, jobs: Sequence[RecordedJob]) -> ResultStatus:
    """How far a job has come of which so many runs are wanted, by its remote jobs that ended."""
    measured = measured_runs(jobs)
    if measured >= runs:
        return ResultStatus.DONE
    if measured:
        return ResultStatus.PARTIAL
    ends = {job.status for job in jobs}
    for status in (JobStatus.ERROR, JobStatus.CANCELED):
        if status in ends:
            return ResultStatus(status)
    return ResultStatus.MISSING
