"""Wanted jobs beside what came back: one row a job of the file, its remote jobs added up. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runner.domain import JobStatus, merged_counts

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
    status: str
    counts: Mapping[str, int] = field(default_factory=dict)
    qubit_ids: tuple[str, ...] = ()
    job_ids: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def job_rows(desired: DesiredExperiment, recorded: Iterable[RecordedJob]) -> tuple[JobRow, ...]:
    """A row for each wanted job, in file order; counts are added up only within one recipe and rerun."""
    reruns = desired.reruns
    by_key: dict[str, list[RecordedJob]] = {}
    for job in recorded:
        if desired.recipe.startswith(job.recipe) and reruns.get(job.key) == job.rerun:
            by_key.setdefault(job.key, []).append(job)
    return tuple(
        JobRow(
            name=wanted.name,
            key=wanted.key,
            variables=wanted.variables,
            runs=wanted.runs,
            measured=_measured(by_key.get(wanted.key, [])),
            status=_status(wanted.runs, by_key.get(wanted.key, [])),
            counts=merged_counts(job.counts for job in by_key.get(wanted.key, [])),
            qubit_ids=desired.qubit_ids,
            job_ids=tuple(job.id for job in by_key.get(wanted.key, [])),
            errors=tuple(error for job in by_key.get(wanted.key, []) for error in job.errors),
        )
        for wanted in desired.jobs
    )


def _measured(jobs: Sequence[RecordedJob]) -> int:
    return sum(sum(job.counts.values()) for job in jobs if job.status is JobStatus.DONE)


def _status(runs: int, jobs: Sequence[RecordedJob]) -> str:
    measured = _measured(jobs)
    if measured >= runs:
        return "DONE"
    if measured:
        return "PARTIAL"
    ends = {job.status for job in jobs}
    for status in (JobStatus.ERROR, JobStatus.CANCELED):
        if status in ends:
            return status
    return "MISSING"
