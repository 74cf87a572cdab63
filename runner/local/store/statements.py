"""What is put into the store's tables, inside a transaction of `runner.local.store.store`."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from runner.domain import JobStatus
from runner.local.rules import state_machine
from runner.local.rules.errors import WrongStateError
from runner.local.rules.records import BatchRecord, NewJob, Outcome, Started
from runner.local.store import queries
from runner.local.store.tables import batch_row, job_row, json_column, microseconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from runner.local.rules.state_machine import Batch, Job

_BATCH_FIELDS = (
    "id, project_id, user_id, device_type, status, open, created_at, updated_at, started_at, ended_at,"
    " idle_since, pending, running, done, error, canceled, canceling, parent_id, tags, configuration,"
    " backend_configuration, sequence"
)
# By name: in a store that was upgraded the columns stand in another order.
_NEW_BATCH = f"INSERT INTO batches ({_BATCH_FIELDS}) VALUES (:{_BATCH_FIELDS.replace(', ', ', :')})"  # noqa: S608  (constants)
_JOB_FIELDS = (
    "id, batch_id, project_id, user_id, device_type, status, attempt, runs, created_at, updated_at,"
    " started_at, ended_at, has_errors, errors, parent_id, variables, is_long, sequence"
)
_NEW_JOB = f"INSERT INTO jobs ({_JOB_FIELDS}) VALUES (:{_JOB_FIELDS.replace(', ', ', :')})"  # noqa: S608  (constants)
_SAVE_BATCH = (
    "UPDATE batches SET status = :status, open = :open, updated_at = :updated_at, started_at = :started_at,"
    " ended_at = :ended_at, idle_since = :idle_since, pending = :pending, running = :running, done = :done,"
    " error = :error, canceled = :canceled, canceling = :canceling WHERE id = :id"
)
_SAVE_JOB = (
    "UPDATE jobs SET status = :status, attempt = :attempt, updated_at = :updated_at,"
    " started_at = :started_at, ended_at = :ended_at, has_errors = :has_errors, errors = :errors"
    " WHERE id = :id"
)


def insert_jobs(
    connection: sqlite3.Connection, record: BatchRecord, jobs: Iterable[tuple[str, NewJob]], now: datetime
) -> None:
    """New jobs of a batch, each with its id, in their order."""
    shared = {
        "project_id": record.project_id,
        "user_id": record.user_id,
        "device_type": record.state.device_type,
        "created_at": microseconds(now),
    }
    rows = [shared | _pending_job(record.state.id, job_id, now) | _submitted(new) for job_id, new in jobs]
    connection.executemany(_NEW_JOB, rows)


def _pending_job(batch_id: str, job_id: str, now: datetime) -> dict[str, object]:
    job = state_machine.Job(id=job_id, batch_id=batch_id, status=JobStatus.PENDING, updated_at=now)
    return job_row(job) | {"batch_id": batch_id}


def _submitted(new: NewJob) -> dict[str, object]:
    return {
        "runs": new.runs,
        "parent_id": new.parent_id,
        "variables": json_column(new.variables),
        "sequence": new.sequence,
        "is_long": int(new.is_long),
    }


def insert_batch(connection: sqlite3.Connection, record: BatchRecord) -> None:
    """A new batch with its tags."""
    fixed = {
        "project_id": record.project_id,
        "user_id": record.user_id,
        "device_type": record.state.device_type,
        "created_at": microseconds(record.state.created_at),
        "parent_id": record.parent_id,
        "tags": json.dumps(record.tags),
        "configuration": json_column(record.configuration),
        "backend_configuration": record.backend_configuration,
        "sequence": record.sequence,
    }
    connection.execute(_NEW_BATCH, batch_row(record.state) | fixed)
    insert_tags(connection, record.state.id, record.tags)
    if record.webhook is not None:
        connection.execute("INSERT INTO webhooks VALUES (?, ?, 0, 0, 0)", (record.state.id, record.webhook))


def insert_tags(connection: sqlite3.Connection, batch_id: str, tags: Iterable[str]) -> None:
    """Tags of a batch, beside those it has."""
    connection.executemany("INSERT INTO tags VALUES (?, ?)", [(tag, batch_id) for tag in tags])


def save_batch(connection: sqlite3.Connection, batch: Batch) -> None:
    """What may have changed in the life of a batch."""
    connection.execute(_SAVE_BATCH, batch_row(batch))


def cancel_waiting(
    connection: sqlite3.Connection, batch_id: str, now: datetime, *, is_slow: bool = False
) -> None:
    """The jobs of a batch that was canceled, as `state_machine.canceled` counts them."""
    connection.execute(
        "UPDATE jobs SET status = :status, updated_at = :now, ended_at = :ended_at"
        " WHERE batch_id = :id AND (status = 'PENDING' OR (status = 'CANCELING' AND NOT :is_slow))",
        {
            "status": "CANCELING" if is_slow else "CANCELED",
            "now": microseconds(now),
            "ended_at": None if is_slow else microseconds(now),
            "id": batch_id,
            "is_slow": is_slow,
        },
    )


def end_canceling(connection: sqlite3.Connection, now: datetime, patience: timedelta) -> None:
    """Everything that is CANCELING for longer than patience: batches with their jobs, then single jobs."""
    until = (microseconds(now - patience),)
    batches = connection.execute(
        "SELECT id FROM batches WHERE status = 'CANCELING' AND updated_at <= ? ORDER BY created_at", until
    ).fetchall()
    for (batch_id,) in batches:
        save_batch(connection, state_machine.cancel_ended(queries.one_batch(connection, batch_id).state, now))
        cancel_waiting(connection, batch_id, now)
    jobs = connection.execute(
        "SELECT jobs.id FROM jobs JOIN batches ON batches.id = batch_id WHERE jobs.status = 'CANCELING'"
        " AND batches.status <> 'CANCELING' AND jobs.updated_at <= ? ORDER BY seq",
        until,
    ).fetchall()
    for (job_id,) in jobs:
        job = queries.one_job(connection, job_id).state
        batch = queries.one_batch(connection, job.batch_id).state
        save(connection, *state_machine.job_cancel_ended(batch, job, now))


def save(connection: sqlite3.Connection, batch: Batch, job: Job) -> None:
    """What may have changed in the life of a batch and one of its jobs."""
    save_batch(connection, batch)
    connection.execute(_SAVE_JOB, job_row(job))


def start_one(connection: sqlite3.Connection, job_id: str, now: datetime) -> Started | None:
    """The next attempt of a job; None if the job cannot start any more."""
    record = queries.one_job(connection, job_id)
    batch = queries.one_batch(connection, record.state.batch_id)
    try:
        after_batch, job = state_machine.job_started(batch.state, record.state, now)
    except WrongStateError:  # canceled since the queue was read
        return None
    save(connection, after_batch, job)
    sequence = record.sequence or batch.sequence or ""
    return Started(
        job_id=job_id,
        attempt=job.attempt,
        runs=record.runs,
        sequence=sequence,
        project_id=record.project_id,
        is_long=record.is_long,
        variables=record.variables or {},
        device_type=batch.state.device_type,
        configuration=batch.configuration,
        backend_configuration=batch.backend_configuration,
    )


def finish_one(connection: sqlite3.Connection, outcome: Outcome, now: datetime) -> bool:
    """The end of an attempt, with its result; False if the attempt no longer counts."""
    job = queries.one_job(connection, outcome.job_id).state
    batch = queries.one_batch(connection, job.batch_id).state
    ended = state_machine.job_lost if outcome.is_lost else state_machine.job_finished
    after = ended(batch, job, outcome.attempt, outcome.errors, now)
    if after is None:
        return False
    save(connection, *after)
    if outcome.result is not None:
        connection.execute(
            "INSERT INTO results VALUES (?, ?, ?, ?, ?)",
            (
                job.id,
                secrets.token_urlsafe(32),
                outcome.attempt,
                json.dumps(dict(outcome.result.counter)),
                outcome.result.serialised_results,
            ),
        )
    return True
