"""Records as rows of the store's tables, and rows as records."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from runner.domain import BatchStatus, JobStatus
from runner.local.rules.records import BatchRecord, JobRecord, NewJob
from runner.local.rules.state_machine import Batch, Counts, Job

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping

Row = dict[str, object]

BATCH_COLUMNS = (
    "id, project_id, user_id, device_type, status, open, created_at, updated_at, started_at, ended_at,"
    " idle_since, pending, running, done, error, canceled, canceling, parent_id, tags, configuration,"
    " backend_configuration,"
    " (SELECT url FROM webhooks WHERE webhooks.batch_id = batches.id) AS webhook"
)
JOB_COLUMNS = (
    'seq AS "order", id, batch_id, project_id, user_id, status, attempt, runs, created_at, updated_at,'
    " started_at, ended_at, errors, parent_id, variables, is_long, device_type"
)
_COUNTS = ("pending", "running", "done", "error", "canceled", "canceling")
_OF_BATCH = ("id", "device_type", "open", "created_at", "updated_at", "started_at", "ended_at", "idle_since")
_OF_JOB = ("id", "batch_id", "attempt", "updated_at", "started_at", "ended_at", "errors")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """A moment as it is stored (in µs)."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(stored_us: int) -> datetime:
    """A stored number (in µs) as a moment."""
    return _EPOCH + stored_us * _MICROSECOND


_LOADS: Mapping[str, Callable[[Any], object]] = {
    **dict.fromkeys(("created_at", "updated_at", "started_at", "ended_at", "idle_since"), moment),
    **dict.fromkeys(("tags", "errors"), lambda text: tuple(json.loads(text))),
    **dict.fromkeys(("configuration", "variables"), json.loads),
    **dict.fromkeys(("open", "is_long"), bool),
}


def _loaded(row: sqlite3.Row) -> dict[str, Any]:
    """The values of a row by the names of their columns."""
    return {
        name: _LOADS[name](value) if name in _LOADS and value is not None else value
        for name, value in zip(row.keys(), row, strict=True)
    }


def batch_record(row: sqlite3.Row) -> BatchRecord:
    """A batch from its row, with its sequence if that was asked for."""
    values = _loaded(row)
    counts = Counts(**{name: values.pop(name) for name in _COUNTS})
    status = BatchStatus(values.pop("status"))
    state = Batch(status=status, counts=counts, **{name: values.pop(name) for name in _OF_BATCH})
    return BatchRecord(state=state, **values)


def job_record(row: sqlite3.Row) -> JobRecord:
    """A job from its row, with its own sequence if that was asked for."""
    values = _loaded(row)
    status = JobStatus(values.pop("status"))
    state = Job(status=status, **{name: values.pop(name) for name in _OF_JOB})
    return JobRecord(state=state, **values)


def batch_row(batch: Batch) -> Row:
    """The columns of a batch's life."""
    return _row(batch, _NAMES[Batch]) | _row(batch.counts, _COUNTS)


def job_row(job: Job) -> Row:
    """The columns of a job's life."""
    return _row(job, _NAMES[Job]) | {"has_errors": int(bool(job.errors))}


def new_batch_row(record: BatchRecord) -> Row:
    """All columns of a batch."""
    return batch_row(record.state) | _row(record, _NAMES[BatchRecord])


def new_job_rows(record: BatchRecord, jobs: Iterable[tuple[str, NewJob]], now: datetime) -> Iterator[Row]:
    """All columns of new jobs of a batch, each with its id."""
    batch = record.state
    pending = job_row(Job(id="", batch_id=batch.id, status=JobStatus.PENDING, updated_at=now)) | {
        "project_id": record.project_id,
        "user_id": record.user_id,
        "device_type": batch.device_type,
        "created_at": microseconds(now),
    }
    for job_id, new in jobs:
        yield pending | {"id": job_id} | _row(new, _NAMES[NewJob])


# The fields that are columns of the same name.
_NAMES = {
    kind: tuple(each.name for each in fields(kind) if each.name not in {"counts", "state", "webhook"})
    for kind in (Batch, Job, BatchRecord, NewJob)
}
_STORES: Mapping[type, Callable[[Any], object]] = {
    datetime: microseconds,
    **dict.fromkeys((BatchStatus, JobStatus), str),
    **dict.fromkeys((tuple, dict), json.dumps),
    bool: int,
}


def _row(record: object, names: Iterable[str]) -> Row:
    values = ((name, getattr(record, name)) for name in names)
    return {name: _STORES[type(value)](value) if type(value) in _STORES else value for name, value in values}
