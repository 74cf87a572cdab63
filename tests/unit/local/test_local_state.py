"""The life of a batch and of its jobs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runner.domain import BatchStatus, JobStatus
from runner.local.rules import state_machine
from runner.local.rules.errors import WrongStateError
from runner.local.rules.state_machine import Batch, Counts, Job

T0 = datetime(2026, 3, 1, tzinfo=UTC)
T1 = T0 + timedelta(seconds=10)
PATIENCE = timedelta(seconds=300)


def a_batch(**fields):
    """A pending closed batch with two pending jobs."""
    plain = {
        "id": "b",
        "device_type": "EMU_FREE",
        "status": BatchStatus.PENDING,
        "open": False,
        "created_at": T0,
        "updated_at": T0,
        "counts": Counts(pending=2),
    }
    return Batch(**(plain | fields))


def a_job(**fields):
    """A pending job."""
    return Job(**({"id": "j", "batch_id": "b", "status": JobStatus.PENDING, "updated_at": T0} | fields))


RUNNING = a_batch(status=BatchStatus.RUNNING, started_at=T0, counts=Counts(running=1))
RUNNING_JOB = a_job(status=JobStatus.RUNNING, attempt=1, started_at=T0)
LOST_JOB = replace(RUNNING_JOB, status=JobStatus.PENDING, started_at=None, updated_at=T1)
OPEN_IDLE = a_batch(open=True, counts=Counts(), idle_since=T0)


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        pytest.param(
            state_machine.created("b", "EMU_FREE", is_open=False, n_jobs=2, now=T0),
            a_batch(),
            id="closed, with jobs",
        ),
        pytest.param(
            state_machine.created("b", "EMU_FREE", is_open=True, n_jobs=2, now=T0),
            a_batch(open=True),
            id="open, with jobs",
        ),
        pytest.param(
            state_machine.created("b", "EMU_FREE", is_open=True, n_jobs=0, now=T0),
            OPEN_IDLE,
            id="open, without jobs: idle from the beginning",
        ),
        pytest.param(
            state_machine.with_jobs(OPEN_IDLE, 3, T1),
            a_batch(open=True, counts=Counts(pending=3), updated_at=T1),
            id="jobs end the idleness",
        ),
        pytest.param(
            state_machine.closed(a_batch(open=True), T1),
            a_batch(updated_at=T1),
            id="closing keeps pending jobs",
        ),
        pytest.param(
            state_machine.closed(replace(RUNNING, open=True, counts=Counts(done=2)), T1),
            replace(RUNNING, status=BatchStatus.DONE, counts=Counts(done=2), updated_at=T1, ended_at=T1),
            id="closing after the last job is the end",
        ),
        pytest.param(state_machine.closed(a_batch(), T1), a_batch(), id="closing twice changes nothing"),
        pytest.param(
            state_machine.closed(a_batch(status=BatchStatus.TIMED_OUT), T1),
            a_batch(status=BatchStatus.TIMED_OUT),
            id="closing what has ended changes nothing",
        ),
        pytest.param(
            state_machine.canceled(a_batch(open=True), T1),
            a_batch(status=BatchStatus.CANCELED, counts=Counts(canceled=2), updated_at=T1, ended_at=T1),
            id="canceling cancels what waits, and closes",
        ),
        pytest.param(
            state_machine.canceled(replace(RUNNING, counts=Counts(pending=1, running=1)), T1),
            replace(
                RUNNING,
                status=BatchStatus.CANCELED,
                counts=Counts(running=1, canceled=1),
                updated_at=T1,
                ended_at=T1,
            ),
            id="canceling lets run what runs",
        ),
        pytest.param(
            state_machine.canceled(a_batch(status=BatchStatus.CANCELED), T1),
            a_batch(status=BatchStatus.CANCELED),
            id="canceling twice changes nothing",
        ),
        pytest.param(
            state_machine.timed_out(OPEN_IDLE, T0 + PATIENCE, PATIENCE),
            replace(
                OPEN_IDLE,
                status=BatchStatus.TIMED_OUT,
                open=False,
                idle_since=None,
                updated_at=T0 + PATIENCE,
                ended_at=T0 + PATIENCE,
            ),
            id="idle for too long",
        ),
        pytest.param(
            state_machine.timed_out(OPEN_IDLE, T0 + PATIENCE - timedelta(microseconds=1), PATIENCE),
            OPEN_IDLE,
            id="idle for nearly too long",
        ),
        pytest.param(
            state_machine.timed_out(a_batch(open=True), T0 + 9 * PATIENCE, PATIENCE),
            a_batch(open=True),
            id="busy for long",
        ),
    ],
)
def test_transition_of_a_batch_gives_the_whole_next_batch(batch, expected):
    """A transition changes what follows from it and nothing else."""
    assert expected == batch


@pytest.mark.parametrize("status", [s for s in BatchStatus if not s.is_live])
def test_batch_that_is_not_live_takes_no_jobs(status):
    """Whatever ended a batch, a late request to add jobs to it is refused."""
    with pytest.raises(WrongStateError, match="not open"):
        state_machine.with_jobs(a_batch(status=status, open=True), 1, T1)


def test_closed_batch_takes_no_jobs():
    """A closed batch refuses jobs although it still runs."""
    with pytest.raises(WrongStateError, match="not open"):
        state_machine.with_jobs(a_batch(status=BatchStatus.RUNNING), 1, T1)


@pytest.mark.parametrize("status", [BatchStatus.DONE, BatchStatus.TIMED_OUT, BatchStatus.ERROR])
def test_batch_that_ended_is_not_canceled(status):
    """A batch that came to another end keeps that end."""
    with pytest.raises(WrongStateError, match=status):
        state_machine.canceled(a_batch(status=status), T1)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        pytest.param(
            state_machine.job_started(a_batch(), a_job(), T1),
            (
                a_batch(
                    status=BatchStatus.RUNNING,
                    counts=Counts(pending=1, running=1),
                    started_at=T1,
                    updated_at=T1,
                ),
                a_job(status=JobStatus.RUNNING, attempt=1, started_at=T1, updated_at=T1),
            ),
            id="the first job starts its batch",
        ),
        pytest.param(
            state_machine.job_finished(RUNNING, RUNNING_JOB, 1, (), T1),
            (
                replace(RUNNING, status=BatchStatus.DONE, counts=Counts(done=1), updated_at=T1, ended_at=T1),
                replace(RUNNING_JOB, status=JobStatus.DONE, updated_at=T1, ended_at=T1),
            ),
            id="the last job ends its closed batch",
        ),
        pytest.param(
            state_machine.job_finished(RUNNING, RUNNING_JOB, 1, ("no",), T1),
            (
                replace(RUNNING, status=BatchStatus.DONE, counts=Counts(error=1), updated_at=T1, ended_at=T1),
                replace(RUNNING_JOB, status=JobStatus.ERROR, errors=("no",), updated_at=T1, ended_at=T1),
            ),
            id="a batch of failed jobs is done",
        ),
        pytest.param(
            state_machine.job_finished(replace(RUNNING, open=True), RUNNING_JOB, 1, (), T1),
            (
                replace(RUNNING, open=True, counts=Counts(done=1), updated_at=T1, idle_since=T1),
                replace(RUNNING_JOB, status=JobStatus.DONE, updated_at=T1, ended_at=T1),
            ),
            id="an open batch idles after its last job",
        ),
        pytest.param(
            state_machine.job_finished(replace(RUNNING, status=BatchStatus.CANCELED), RUNNING_JOB, 1, (), T1),
            (
                replace(RUNNING, status=BatchStatus.CANCELED, counts=Counts(done=1), updated_at=T1),
                replace(RUNNING_JOB, status=JobStatus.DONE, updated_at=T1, ended_at=T1),
            ),
            id="a job that outlived the cancel of its batch is done, the batch stays canceled",
        ),
        pytest.param(
            state_machine.job_canceled(a_batch(), a_job(), T1),
            (
                a_batch(counts=Counts(pending=1, canceled=1), updated_at=T1),
                a_job(status=JobStatus.CANCELED, updated_at=T1, ended_at=T1),
            ),
            id="a pending job is canceled",
        ),
        pytest.param(
            state_machine.job_canceled(a_batch(), a_job(status=JobStatus.CANCELED), T1),
            (a_batch(), a_job(status=JobStatus.CANCELED)),
            id="canceling a job twice changes nothing",
        ),
        pytest.param(
            state_machine.job_interrupted(RUNNING, RUNNING_JOB, T1),
            (
                replace(RUNNING, counts=Counts(pending=1), updated_at=T1),
                replace(RUNNING_JOB, status=JobStatus.PENDING, started_at=None, updated_at=T1),
            ),
            id="an interrupted job waits again and keeps the number of its attempt",
        ),
        pytest.param(
            state_machine.job_interrupted(replace(RUNNING, status=BatchStatus.CANCELED), RUNNING_JOB, T1),
            (
                replace(RUNNING, status=BatchStatus.CANCELED, counts=Counts(canceled=1), updated_at=T1),
                replace(RUNNING_JOB, status=JobStatus.CANCELED, started_at=None, updated_at=T1, ended_at=T1),
            ),
            id="an interrupted job of a canceled batch is canceled",
        ),
        pytest.param(
            state_machine.job_lost(RUNNING, RUNNING_JOB, 1, ("first",), T1),
            (
                replace(RUNNING, counts=Counts(pending=1), updated_at=T1),
                replace(LOST_JOB, errors=("first",)),
            ),
            id="a job whose attempt was lost waits again, and remembers the loss",
        ),
        pytest.param(
            state_machine.job_lost(RUNNING, replace(RUNNING_JOB, attempt=9, errors=("1", "2")), 9, (), T1),
            (
                replace(RUNNING, counts=Counts(pending=1), updated_at=T1),
                replace(LOST_JOB, attempt=9, errors=("1", "2")),
            ),
            id="a loss that is not held against the job may happen any number of times",
        ),
        pytest.param(
            state_machine.job_lost(replace(RUNNING, status=BatchStatus.CANCELED), RUNNING_JOB, 1, (), T1),
            (
                replace(RUNNING, status=BatchStatus.CANCELED, counts=Counts(canceled=1), updated_at=T1),
                replace(LOST_JOB, status=JobStatus.CANCELED, ended_at=T1),
            ),
            id="a lost job of a canceled batch is canceled",
        ),
        pytest.param(
            state_machine.job_finished(RUNNING, replace(RUNNING_JOB, errors=("1",)), 1, (), T1),
            (
                replace(RUNNING, status=BatchStatus.DONE, counts=Counts(done=1), updated_at=T1, ended_at=T1),
                replace(RUNNING_JOB, status=JobStatus.DONE, updated_at=T1, ended_at=T1),
            ),
            id="a job that is done has no errors, whatever was lost before",
        ),
    ],
)
def test_transition_of_a_job_gives_its_batch_and_itself(pair, expected):
    """A job and its batch change together."""
    assert expected == pair


@pytest.mark.parametrize(
    ("job", "attempt"),
    [(RUNNING_JOB, 0), (RUNNING_JOB, 2), (replace(RUNNING_JOB, status=JobStatus.PENDING), 1)],
)
def test_result_of_another_attempt_does_not_count(job, attempt):
    """Only the attempt that is running now can end a job."""
    assert state_machine.job_finished(RUNNING, job, attempt, (), T1) is None
    assert state_machine.job_lost(RUNNING, job, attempt, ("lost",), T1) is None


@pytest.mark.parametrize("status", [JobStatus.RUNNING, JobStatus.DONE, JobStatus.ERROR])
def test_job_that_has_started_is_not_canceled(status):
    """A job that runs or has ended is not canceled any more."""
    with pytest.raises(WrongStateError, match=status):
        state_machine.job_canceled(RUNNING, a_job(status=status), T1)


@pytest.mark.parametrize(
    ("batch", "job"), [(a_batch(), RUNNING_JOB), (a_batch(status=BatchStatus.CANCELED), a_job())]
)
def test_job_that_cannot_start_is_refused(batch, job):
    """Neither a job that runs already nor a job of a batch that ended is started."""
    with pytest.raises(WrongStateError, match="does not start"):
        state_machine.job_started(batch, job, T1)


def test_counts_are_written_without_the_empty_statuses():
    """The wire has only statuses that some job is in."""
    counts = Counts(pending=1, done=3)

    assert (counts.by_status(), counts.unfinished, counts.total) == ({"PENDING": 1, "DONE": 3}, 1, 4)
