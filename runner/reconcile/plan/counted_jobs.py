"""Remote jobs of the points that a file asks for, as they count. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.domain import BatchStatus, JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from runner.domain import ObservedBatch, ObservedJob, RecordedJob
    from runner.reconcile.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class CountedJob:
    """One remote job of a point, as it counts.

    Args:
        errors: What is said of its failure.

        is_cancelled_by_us: We have cancelled it ourselves: it counts as if it had never been.

        is_skipped: A person has decided that it is not to be bought; then it is no remote job.

        missing_shots: Runs that its result does not count.

        lacks_result: Its result could not be had, or cannot be right.

        is_vague: How many runs were bought is forgotten: those are told that its result counts.
    """

    job_id: str
    key: str
    status: JobStatus
    runs: int
    ended_at: datetime | None
    errors: tuple[str, ...] = ()
    is_cancelled_by_us: bool = False
    is_skipped: bool = False
    missing_shots: int = 0
    lacks_result: bool = False
    is_vague: bool = False


def counted_jobs(snapshot: Snapshot) -> tuple[CountedJob, ...]:
    """All remote jobs of the current recipe and of their job's rerun, each once, ours to count."""
    recorded = {record.id: _recorded_job(record) for record in snapshot.recorded}
    observed = {
        job.id: _with_result(_observed_job(snapshot, batch, job), recorded.get(job.id))
        for batch in snapshot.current
        for job in batch.jobs
        if not snapshot.is_outrun(batch, job)
    }
    counted = (remote for remote in (recorded | observed).values() if not remote.is_cancelled_by_us)
    return (*(_with_asked_runs(snapshot, remote) for remote in counted), *_skipped(snapshot))


def _with_asked_runs(snapshot: Snapshot, remote: CountedJob) -> CountedJob:
    """A job; cancelled with runs that nobody knows, it declines as many as one job may have by the file."""
    wanted, most = snapshot.wanted.get(remote.key), snapshot.desired.max_runs
    if wanted is None or remote.runs or remote.status is not JobStatus.CANCELED:
        return remote
    return replace(remote, runs=wanted.runs if most is None else min(wanted.runs, most))


def _skipped(snapshot: Snapshot) -> Iterable[CountedJob]:
    for entry, key, runs in snapshot.skips:
        yield CountedJob(f"skip {entry.seq}", key, JobStatus.CANCELED, runs, entry.at, is_skipped=True)


def _recorded_job(record: RecordedJob) -> CountedJob:
    return CountedJob(
        record.id,
        record.key,
        record.status,
        record.least_runs,
        record.ended_at,
        record.errors,
        missing_shots=record.missing_shots,
        lacks_result=record.lacks_result,
        is_vague=record.status is JobStatus.DONE and not record.runs,
    )


def _with_result(observed: CountedJob, recorded: CountedJob | None) -> CountedJob:
    """A job as the cloud shows it, with what is known of its result."""
    if recorded is None or observed.status is not recorded.status:
        return observed
    known = replace(observed, missing_shots=recorded.missing_shots, lacks_result=recorded.lacks_result)
    return known if known.runs else replace(known, runs=recorded.runs, is_vague=recorded.is_vague)


def _observed_job(snapshot: Snapshot, batch: ObservedBatch, job: ObservedJob) -> CountedJob:
    status = effective_status(batch.status, job.status)
    is_cancelled_by_us = status is JobStatus.CANCELED and snapshot.marks[batch.id].is_ours(job.id)
    # A job that never ran because its batch ended has no word of its own about it.
    errors = job.errors if status is job.status else (f"batch {batch.status}",)
    return CountedJob(job.id, job.key, status, job.runs, job.ended_at, errors, is_cancelled_by_us)


def effective_status(batch: BatchStatus, job: JobStatus) -> JobStatus:
    """What a job's status means beside its batch's: a pending job of a batch that has ended never runs."""
    if job is not JobStatus.PENDING:
        return job
    if batch in {BatchStatus.CANCELED, BatchStatus.CANCELING}:
        return JobStatus.CANCELED
    if batch in {BatchStatus.ERROR, BatchStatus.TIMED_OUT}:
        return JobStatus.ERROR
    return job


def is_under_way(batch: ObservedBatch) -> bool:
    """Whether any job of a batch is pending or running."""
    return any(not effective_status(batch.status, job.status).is_terminal for job in batch.jobs)
