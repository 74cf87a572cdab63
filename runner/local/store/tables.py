"""The tables of the store, and how values become rows and rows become values.

Times are stored as integers (in µs since 1970, UTC): they sort, and nothing is rounded.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from runner.domain import BatchStatus, JobStatus
from runner.local.rules.records import BatchRecord, JobRecord
from runner.local.rules.state_machine import Batch, Counts, Job

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

VERSION = 3

_WEBHOOKS = """
CREATE TABLE webhooks (
    batch_id TEXT PRIMARY KEY REFERENCES batches (id), url TEXT NOT NULL, n_tries INTEGER NOT NULL,
    not_before INTEGER NOT NULL, is_over INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhooks_to_tell ON webhooks (not_before) WHERE NOT is_over;
"""

# What waits, by project: the first of each is found without looking at the others.
_WAITING = """
CREATE INDEX jobs_waiting ON jobs (device_type, project_id, is_long, seq) WHERE status = 'PENDING';
CREATE INDEX batches_waiting ON batches (device_type, project_id, created_at)
    WHERE status = 'PENDING' AND pending > 0;
"""

# The sequence stands last in its row: a list that does not ask for it never reads its pages.
SCHEMA = (
    """
CREATE TABLE batches (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL, device_type TEXT NOT NULL,
    status TEXT NOT NULL, open INTEGER NOT NULL,
    created_at INTEGER NOT NULL UNIQUE, updated_at INTEGER NOT NULL,
    started_at INTEGER, ended_at INTEGER, idle_since INTEGER,
    pending INTEGER NOT NULL, running INTEGER NOT NULL, done INTEGER NOT NULL, error INTEGER NOT NULL,
    canceled INTEGER NOT NULL, canceling INTEGER NOT NULL,
    parent_id TEXT, tags TEXT NOT NULL, configuration TEXT, backend_configuration TEXT, sequence TEXT
) STRICT;
CREATE INDEX batches_by_device ON batches (device_type, status, created_at);
CREATE INDEX batches_by_status ON batches (status, created_at);
CREATE INDEX batches_idle ON batches (idle_since) WHERE idle_since IS NOT NULL;

CREATE TABLE tags (
    tag TEXT NOT NULL, batch_id TEXT NOT NULL REFERENCES batches (id), PRIMARY KEY (tag, batch_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_batch ON tags (batch_id);

CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    batch_id TEXT NOT NULL REFERENCES batches (id), project_id TEXT NOT NULL, user_id TEXT NOT NULL,
    device_type TEXT NOT NULL, status TEXT NOT NULL, attempt INTEGER NOT NULL, runs INTEGER NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER,
    has_errors INTEGER NOT NULL, errors TEXT NOT NULL, parent_id TEXT, variables TEXT,
    is_long INTEGER NOT NULL DEFAULT 0, sequence TEXT
) STRICT;
CREATE INDEX jobs_by_batch ON jobs (batch_id, status, seq);
CREATE INDEX jobs_by_device ON jobs (device_type, status, seq);
CREATE INDEX jobs_by_status ON jobs (status, seq);

CREATE TABLE results (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id), link TEXT NOT NULL UNIQUE,
    attempt INTEGER NOT NULL, counter TEXT NOT NULL, serialised TEXT
) STRICT;
"""
    + _WEBHOOKS
    + _WAITING
)

_LONG = "ALTER TABLE jobs ADD COLUMN is_long INTEGER NOT NULL DEFAULT 0;" + _WAITING

# What a store of an earlier format has to be given, by its format.
UPGRADES = {
    1: "ALTER TABLE batches ADD COLUMN canceling INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE batches ADD COLUMN backend_configuration TEXT;" + _WEBHOOKS + _LONG,
    2: _LONG,
}

BATCH_COLUMNS = (
    "id, project_id, user_id, device_type, status, open, created_at, updated_at, started_at, ended_at,"
    " idle_since, pending, running, done, error, canceled, canceling, parent_id, tags, configuration,"
    " backend_configuration,"
    " (SELECT url FROM webhooks WHERE webhooks.batch_id = batches.id) AS webhook"
)
JOB_COLUMNS = (
    "seq, id, batch_id, project_id, user_id, status, attempt, runs, created_at, updated_at, started_at,"
    " ended_at, errors, parent_id, variables, is_long, device_type"
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """A moment as it is stored (in µs)."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(stored_us: int) -> datetime:
    """A stored number (in µs) as a moment."""
    return _EPOCH + stored_us * _MICROSECOND


def batch_row(batch: Batch) -> dict[str, Any]:
    """The columns of a batch that change in its life, and its id."""
    return {
        "id": batch.id,
        "status": batch.status.value,
        "open": int(batch.open),
        "updated_at": microseconds(batch.updated_at),
        "started_at": _stored(batch.started_at),
        "ended_at": _stored(batch.ended_at),
        "idle_since": _stored(batch.idle_since),
        "pending": batch.counts.pending,
        "running": batch.counts.running,
        "done": batch.counts.done,
        "error": batch.counts.error,
        "canceled": batch.counts.canceled,
        "canceling": batch.counts.canceling,
    }


def job_row(job: Job) -> dict[str, Any]:
    """The columns of a job that change in its life, and its id."""
    return {
        "id": job.id,
        "status": job.status.value,
        "attempt": job.attempt,
        "updated_at": microseconds(job.updated_at),
        "started_at": _stored(job.started_at),
        "ended_at": _stored(job.ended_at),
        "has_errors": int(bool(job.errors)),
        "errors": json.dumps(job.errors),
    }


def batch_record(row: sqlite3.Row) -> BatchRecord:
    """A batch from its row, with its sequence if that was asked for."""
    counts = ("pending", "running", "done", "error", "canceled", "canceling")
    state = Batch(
        id=row["id"],
        device_type=row["device_type"],
        status=BatchStatus(row["status"]),
        open=bool(row["open"]),
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
        counts=Counts(**{key: row[key] for key in counts}),
        started_at=_loaded(row["started_at"]),
        ended_at=_loaded(row["ended_at"]),
        idle_since=_loaded(row["idle_since"]),
    )
    return BatchRecord(
        state=state,
        project_id=row["project_id"],
        user_id=row["user_id"],
        tags=tuple(json.loads(row["tags"])),
        configuration=_value(row["configuration"]),
        backend_configuration=row["backend_configuration"],
        parent_id=row["parent_id"],
        webhook=row["webhook"],
        sequence=_sequence(row),
    )


def job_record(row: sqlite3.Row) -> JobRecord:
    """A job from its row, with its own sequence if that was asked for."""
    state = Job(
        id=row["id"],
        batch_id=row["batch_id"],
        status=JobStatus(row["status"]),
        attempt=row["attempt"],
        updated_at=moment(row["updated_at"]),
        started_at=_loaded(row["started_at"]),
        ended_at=_loaded(row["ended_at"]),
        errors=tuple(json.loads(row["errors"])),
    )
    return JobRecord(
        state=state,
        project_id=row["project_id"],
        user_id=row["user_id"],
        created_at=moment(row["created_at"]),
        order=row["seq"],
        runs=row["runs"],
        variables=_value(row["variables"]),
        parent_id=row["parent_id"],
        sequence=_sequence(row),
        is_long=bool(row["is_long"]),
        device_type=row["device_type"],
    )


def json_column(value: Mapping[str, Any] | None) -> str | None:
    """A JSON object as it is stored."""
    return None if value is None else json.dumps(value)


def _value(stored: str | None) -> dict[str, Any] | None:
    if stored is None:
        return None
    value: dict[str, Any] = json.loads(stored)
    return value


def _sequence(row: sqlite3.Row) -> str | None:
    return row["sequence"] if "sequence" in row.keys() else None  # noqa: SIM118  (a Row is no mapping)


def _stored(moment_: datetime | None) -> int | None:
    return None if moment_ is None else microseconds(moment_)


def _loaded(stored_us: int | None) -> datetime | None:
    return None if stored_us is None else moment(stored_us)
