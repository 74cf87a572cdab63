"""Wanted jobs beside what came back: one row a job of the file, its remote jobs added up. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runner.domain import JobStatus, merged_counts
from runner.results.records.statuses import ResultStatus

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
            measured=measured_runs(by_key[wanted.key]),
            status=status_of(wanted.runs, by_key[wanted.key]),
            counts=merged_counts(job.counts for job in by_key[wanted.key]),
            qubit_ids=desired.qubit_ids_of(wanted),
            job_ids=tuple(job.id for job in by_key[wanted.key]),
            errors=tuple(problem for job in by_key[wanted.key] for problem in job.problems),
        )
        for wanted in desired.jobs
    )


def behind(desired: DesiredExperiment, recorded: Iterable[RecordedJob]) -> dict[str, list[RecordedJob]]:
    """What counts for each wanted job, by its key; in the order of the records.

    Of a repetition, that is one remote job that is done, and the failed ones.
    """
    by_key: dict[str, list[RecordedJob]] = {job.key: [] for job in desired.jobs}
    wanted = {job.key: job for job in desired.jobs}
    for record in recorded:
        job = wanted.get(record.key) if desired.recipe.startswith(record.recipe) else None
        if job is None or not job.counts(rerun=record.rerun, runs=record.runs, counted=record.least_runs):
            continue
        if not desired.takes_constants(record.constants, job):
            continue
        if job.repetition is None or not _is_second(record, by_key[job.key]):
            by_key[job.key].append(record.fitted(len(desired.qubit_ids_of(job))))
    return by_key


def _is_second(record: RecordedJob, before: Sequence[RecordedJob]) -> bool:
    """Whether a repetition is measured already: two machines that raced may have bought it twice."""
    return record.status is JobStatus.DONE and any(job.status is JobStatus.DONE for job in before)


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
    if JobStatus.DONE in ends:
        return ResultStatus.NO_RESULT
    if JobStatus.ERROR in ends:
        return ResultStatus.ERROR
    return ResultStatus.CANCELED if JobStatus.CANCELED in ends else ResultStatus.MISSING
