"""The life of a batch and of its jobs: pure transitions with the time passed in.

    batch   PENDING ──► RUNNING ──► DONE        closed, and every job terminal
               │           ├──────► TIMED_OUT   open, and nothing to run for too long
               └───────────┴──────► CANCELED   at once, or by way of CANCELING
    job     PENDING ──► RUNNING ──► DONE | ERROR
               └──────────────────► CANCELED   at once, or by way of CANCELING

A running job waits again when its attempt was lost: with the server, or with the machine that executed it.
A batch that waits or runs may be PAUSED meanwhile: nothing of it starts before it is resumed.

A transition sees one batch and at most one of its jobs. A batch knows its jobs by their number in each status
only, so that the cost of a transition does not depend on how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from runner.domain import BatchStatus, JobStatus
from runner.local.rules.errors import WrongStateError

# Of what is said of lost attempts, so much is kept.
_MOST_TOLD = 10

if TYPE_CHECKING:
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many jobs of a batch are in each status."""

    pending: int = 0
    running: int = 0
    done: int = 0
    error: int = 0
    canceled: int = 0
    canceling: int = 0

    @property
    def unfinished(self) -> int:
        """Jobs that still wait or run, or are about to be canceled."""
        return self.pending + self.running + self.canceling

    @property
    def total(self) -> int:
        """All jobs."""
        return self.unfinished + self.done + self.error + self.canceled

    def moved(self, source: JobStatus, target: JobStatus, n: int = 1) -> Counts:
        """The counts after n jobs went from one status to another."""
        here, there = source.value.lower(), target.value.lower()
        changed = {here: getattr(self, here) - n}
        changed[there] = changed.get(there, getattr(self, there)) + n
        return replace(self, **changed)

    def by_status(self) -> dict[str, int]:
        """Jobs per status as on the wire; statuses without jobs are left out."""
        everything = {status.value: getattr(self, status.value.lower(), 0) for status in JobStatus}
        return {status: n for status, n in everything.items() if n}


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What changes in the life of a batch.

    Args:
        started_at: When its first job started.

        ended_at: When it became terminal.

        idle_since: Since when it is open with nothing left to run; None while it is closed or busy.
    """

    id: str
    device_type: str
    status: BatchStatus
    open: bool
    created_at: datetime
    updated_at: datetime
    counts: Counts = field(default_factory=Counts)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    idle_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What changes in the life of a job.

    Args:
        attempt: How often it was started; a result of an earlier attempt is not taken.

        errors: Why it failed; until it has ended, how earlier attempts were lost.
    """

    id: str
    batch_id: str
    status: JobStatus
    updated_at: datetime
    attempt: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    errors: tuple[str, ...] = ()


def created(batch_id: str, device_type: str, *, is_open: bool, n_jobs: int, now: datetime) -> Batch:
    """A new batch with its jobs pending."""
    batch = Batch(
        id=batch_id,
        device_type=device_type,
        status=BatchStatus.PENDING,
        open=is_open,
        counts=Counts(pending=n_jobs),
        created_at=now,
        updated_at=now,
    )
    return _settled(batch, now)


def with_jobs(batch: Batch, n_jobs: int, now: datetime) -> Batch:
    """The batch after jobs were added to it.

    Raises:
        WrongStateError: The batch is closed or terminal; this is the fence that clients rely on.
    """
    if not batch.open or not batch.status.is_live:
        raise WrongStateError(f"The batch is not open (its status is {batch.status}); it takes no more jobs.")
    counts = replace(batch.counts, pending=batch.counts.pending + n_jobs)
    return _settled(replace(batch, counts=counts), now)


def closed(batch: Batch, now: datetime) -> Batch:
    """The batch without its openness; one that is not open is given back unchanged."""
    return _settled(replace(batch, open=False), now) if batch.open else batch


def canceled(batch: Batch, now: datetime, *, is_slow: bool = False) -> Batch:
    """The batch after a cancel: its pending jobs are canceled, a running one goes on to its end.

    A batch that is canceled already is given back unchanged, so that the call can be repeated.

    Args:
        batch: The batch.

        now: The time.

        is_slow: Whether it is only CANCELING for now, with its jobs, until `cancel_ended`.

    Raises:
        WrongStateError: The batch ended otherwise.
    """
    if batch.status in (BatchStatus.CANCELED, BatchStatus.CANCELING):
        return batch
    if batch.status.is_terminal:
        raise WrongStateError(f"The batch is {batch.status}; it cannot be canceled any more.")
    counts = batch.counts.moved(JobStatus.PENDING, JobStatus.CANCELING, batch.counts.pending)
    batch = replace(batch, status=BatchStatus.CANCELING, open=False, counts=counts)
    return _settled(batch, now) if is_slow else cancel_ended(batch, now)


def cancel_ended(batch: Batch, now: datetime) -> Batch:
    """The batch as CANCELED, and its CANCELING jobs with it."""
    counts = batch.counts.moved(JobStatus.CANCELING, JobStatus.CANCELED, batch.counts.canceling)
    return _ended(replace(batch, counts=counts), BatchStatus.CANCELED, now)


def paused(batch: Batch, now: datetime) -> Batch:
    """The batch as PAUSED if it waits or runs, else unchanged; a running job goes on to its end."""
    if batch.status not in (BatchStatus.PENDING, BatchStatus.RUNNING):
        return batch
    return replace(batch, status=BatchStatus.PAUSED, updated_at=now)


def resumed(batch: Batch, now: datetime) -> Batch:
    """The batch as it was before it was paused; one that is not is given back unchanged."""
    if batch.status is not BatchStatus.PAUSED:
        return batch
    status = BatchStatus.PENDING if batch.started_at is None else BatchStatus.RUNNING
    return replace(batch, status=status, updated_at=now)


def timed_out(batch: Batch, now: datetime, patience: timedelta) -> Batch:
    """The batch as TIMED_OUT when it was open and idle for too long, else unchanged."""
    if not batch.status.is_live or batch.idle_since is None or now - batch.idle_since < patience:
        return batch
    return _ended(batch, BatchStatus.TIMED_OUT, now)


def job_canceled(batch: Batch, job: Job, now: datetime, *, is_slow: bool = False) -> tuple[Batch, Job]:
    """Batch and job after the job was canceled; a canceled job is given back unchanged.

    Args:
        batch: The job's batch.

        job: The job.

        now: The time.

        is_slow: Whether it is only CANCELING for now, until `job_cancel_ended`.

    Raises:
        WrongStateError: The job runs or has ended.
    """
    if job.status in (JobStatus.CANCELED, JobStatus.CANCELING):
        return batch, job
    if job.status is not JobStatus.PENDING:
        raise WrongStateError(f"The job is {job.status}; only a pending job can be canceled.")
    if is_slow:
        return _moved(batch, job, JobStatus.CANCELING, now)
    return job_cancel_ended(batch, job, now)


def job_cancel_ended(batch: Batch, job: Job, now: datetime) -> tuple[Batch, Job]:
    """Batch and job after the job became CANCELED."""
    return _moved(batch, replace(job, ended_at=now), JobStatus.CANCELED, now)


def job_started(batch: Batch, job: Job, now: datetime) -> tuple[Batch, Job]:
    """Batch and job after the job was given to the engine, for its next attempt.

    Raises:
        WrongStateError: The job does not wait, or its batch does not run any more.
    """
    is_waiting = job.status is JobStatus.PENDING and batch.status is not BatchStatus.PAUSED
    if not is_waiting or not batch.status.is_live:
        raise WrongStateError(f"A {job.status} job of a {batch.status} batch does not start.")
    batch = replace(batch, status=BatchStatus.RUNNING, started_at=batch.started_at or now)
    job = replace(job, attempt=job.attempt + 1, started_at=now)
    return _moved(batch, job, JobStatus.RUNNING, now)


def job_finished(
    batch: Batch, job: Job, attempt: int, errors: tuple[str, ...], now: datetime
) -> tuple[Batch, Job] | None:
    """Batch and job after an attempt came to its end; None when that attempt no longer counts.

    Args:
        batch: The job's batch; it may have been canceled meanwhile.

        job: The job.

        attempt: The attempt that ended.

        errors: Why it failed; empty when it succeeded.

        now: The time.
    """
    if job.status is not JobStatus.RUNNING or job.attempt != attempt:
        return None
    status = JobStatus.ERROR if errors else JobStatus.DONE
    return _moved(batch, replace(job, errors=errors, ended_at=now), status, now)


def job_interrupted(batch: Batch, job: Job, now: datetime) -> tuple[Batch, Job]:
    """Batch and job after the server died while the job was running: it waits again.

    In a batch that was canceled meanwhile it is canceled like every job that waits there.
    """
    job = replace(job, started_at=None)
    if batch.status.is_live:
        return _moved(batch, job, JobStatus.PENDING, now)
    return _moved(batch, replace(job, ended_at=now), JobStatus.CANCELED, now)


def job_lost(
    batch: Batch, job: Job, attempt: int, errors: tuple[str, ...], now: datetime
) -> tuple[Batch, Job] | None:
    """Batch and job after an attempt was lost, which says nothing of the job: it waits again.

    Args:
        batch: The job's batch; it may have been canceled meanwhile.

        job: The job.

        attempt: The attempt that was lost; None is given back if it no longer counts.

        errors: What was lost with it; empty when that is of no interest.

        now: The time.
    """
    if job.status is not JobStatus.RUNNING or job.attempt != attempt:
        return None
    return job_interrupted(batch, replace(job, errors=(job.errors + errors)[-_MOST_TOLD:]), now)


def _moved(batch: Batch, job: Job, status: JobStatus, now: datetime) -> tuple[Batch, Job]:
    counts = batch.counts.moved(job.status, status)
    return _settled(replace(batch, counts=counts), now), replace(job, status=status, updated_at=now)


def _settled(batch: Batch, now: datetime) -> Batch:
    """The batch with what follows from its openness and its counts."""
    batch = replace(batch, updated_at=now)
    is_idle = batch.status.is_live and not batch.counts.unfinished
    if is_idle and not batch.open:
        return _ended(batch, BatchStatus.DONE, now)
    return replace(batch, idle_since=(batch.idle_since or now) if is_idle else None)


def _ended(batch: Batch, status: BatchStatus, now: datetime) -> Batch:
    return replace(batch, status=status, open=False, updated_at=now, ended_at=now, idle_since=None)
