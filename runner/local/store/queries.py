"""What is asked of the store's tables: statements in, records out."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from runner.domain import BatchStatus
from runner.local.protocol import result_links
from runner.local.protocol.filters import Condition, Selection
from runner.local.rules.device_types import DEVICE_TYPES
from runner.local.rules.errors import UnknownThingError
from runner.local.rules.queue_policy import DeviceQueue, Waiting, is_exclusive
from runner.local.rules.records import BatchRecord, JobRecord, Page, Result
from runner.local.rules.webhook_policy import Due
from runner.local.store.tables import (
    BATCH_COLUMNS,
    JOB_COLUMNS,
    batch_record,
    job_record,
    microseconds,
    moment,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from runner.local.protocol.control import Paused
    from runner.local.protocol.query_params import Value

_WAITING = (
    "SELECT jobs.seq, jobs.id, jobs.batch_id, jobs.project_id, jobs.is_long,"
    " batches.created_at"
    " FROM jobs JOIN batches ON batches.id = jobs.batch_id"
    " WHERE jobs.status = 'PENDING' AND batches.status <> 'PAUSED'"
)


def one_batch(connection: sqlite3.Connection, batch_id: str) -> BatchRecord:
    """A batch with its sequence.

    Raises:
        UnknownThingError: There is no such batch.
    """
    row = connection.execute(
        f"SELECT {BATCH_COLUMNS}, sequence FROM batches WHERE id = ?",  # noqa: S608  (constant columns)
        (batch_id,),
    ).fetchone()
    if row is None:
        raise UnknownThingError(f"There is no batch {batch_id}.")
    return batch_record(row)


def one_job(connection: sqlite3.Connection, job_id: str) -> JobRecord:
    """A job with its own sequence.

    Raises:
        UnknownThingError: There is no such job.
    """
    row = connection.execute(
        f"SELECT {JOB_COLUMNS}, sequence FROM jobs WHERE id = ?",  # noqa: S608  (constant columns)
        (job_id,),
    ).fetchone()
    if row is None:
        raise UnknownThingError(f"There is no job {job_id}.")
    return job_record(row)


def some_batches(connection: sqlite3.Connection, selection: Selection) -> Page[BatchRecord]:
    """Batches without their sequences, newest first unless the selection says otherwise."""
    total, rows = _selected(connection, ("batches", BATCH_COLUMNS, "created_at"), selection)
    return Page(tuple(map(batch_record, rows)), total, selection.offset)


def some_jobs(connection: sqlite3.Connection, selection: Selection) -> Page[JobRecord]:
    """Jobs without their sequences, newest first unless the selection says otherwise."""
    total, rows = _selected(connection, ("jobs", JOB_COLUMNS, "seq"), selection)
    return Page(tuple(map(job_record, rows)), total, selection.offset)


def jobs_of(
    connection: sqlite3.Connection, batch_id: str, conditions: tuple[Condition, ...] = ()
) -> tuple[JobRecord, ...]:
    """Those jobs of a batch that fulfil the conditions, in the order in which they were added."""
    mine = Condition("batch_id", "=", (batch_id,))
    selection = Selection(conditions=(mine, *conditions), limit=None, is_ascending=True)
    return some_jobs(connection, selection).items


def job_ids(connection: sqlite3.Connection, batch_id: str) -> tuple[str, ...]:
    """Ids of a batch's jobs in the order in which they were added."""
    rows = connection.execute("SELECT id FROM jobs WHERE batch_id = ? ORDER BY seq", (batch_id,))
    return tuple(job_id for (job_id,) in rows)


def secret_of(connection: sqlite3.Connection, job_id: str) -> tuple[str, int] | None:
    """What the address of a job's result is made from: its secret and the job's number; None without one."""
    row = connection.execute(
        "SELECT link, seq FROM results JOIN jobs ON jobs.id = results.job_id WHERE job_id = ?", (job_id,)
    ).fetchone()
    return None if row is None else (row["link"], row["seq"])


def result_behind(connection: sqlite3.Connection, address: str, now: datetime) -> tuple[str, Result]:
    """The job and its result that an address leads to.

    Raises:
        UnknownThingError: The address leads nowhere, or does so no more.
    """
    link = result_links.read(address)
    row = connection.execute(
        "SELECT job_id, link, counter, serialised FROM results JOIN jobs ON jobs.id = results.job_id"
        " WHERE jobs.seq = ?",
        (None if link is None else link.order,),
    ).fetchone()
    if link is None or row is None or not result_links.is_good(link, row["link"], now):
        raise UnknownThingError("There is no such result.")
    counter = json.loads(row["counter"])
    return row["job_id"], Result(counter=counter, serialised_results=row["serialised"])


def canceling_longest(connection: sqlite3.Connection) -> datetime | None:
    """Since when that is CANCELING which is so for the longest time."""
    (oldest,) = connection.execute(
        "SELECT MIN(since) FROM (SELECT updated_at AS since FROM batches WHERE status = 'CANCELING'"
        " UNION ALL SELECT jobs.updated_at FROM jobs JOIN batches ON batches.id = batch_id"
        " WHERE jobs.status = 'CANCELING' AND batches.status <> 'CANCELING')"
    ).fetchone()
    return None if oldest is None else moment(oldest)


def pauses(connection: sqlite3.Connection, paused: Paused) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Batches that have to be paused, and those that have to be resumed."""
    devices, ids = sorted(paused.device_types), sorted(paused.batch_ids)
    is_meant = f"(device_type IN ({_marks(devices)}) OR id IN ({_marks(ids)}))"

    def found(condition: str) -> tuple[str, ...]:
        statement = f"SELECT id FROM batches WHERE {condition} ORDER BY created_at"  # noqa: S608  (only marks)
        return tuple(batch_id for (batch_id,) in connection.execute(statement, [*devices, *ids]))

    # Without this word for it, every live batch would be looked at to find that it is not meant.
    to_pause = found(f"status IN ('PENDING', 'RUNNING') AND {is_meant}") if devices or ids else ()
    return to_pause, found(f"status = 'PAUSED' AND NOT {is_meant}")


def due_webhooks(connection: sqlite3.Connection, now: datetime) -> tuple[Due, ...]:
    """Webhooks of batches that have ended which are to be told now, the longest due first."""
    rows = connection.execute(
        "SELECT batch_id, url, n_tries, status FROM webhooks JOIN batches ON batches.id = batch_id"
        " WHERE NOT is_over AND not_before <= ? ORDER BY not_before, batches.created_at",
        (microseconds(now),),
    )
    return tuple(
        Due(batch_id=row["batch_id"], url=row["url"], n_tries=row["n_tries"])
        for row in rows
        if BatchStatus(row["status"]).is_terminal
    )


def queues(connection: sqlite3.Connection, n: int) -> tuple[DeviceQueue, ...]:
    """The queue of every device, with at most n short and n long waiting jobs of each project."""
    return tuple(_queue(connection, device_type, n) for device_type in DEVICE_TYPES)


def newest_creation(connection: sqlite3.Connection) -> datetime | None:
    """When the newest batch was created."""
    (newest,) = connection.execute("SELECT MAX(created_at) FROM batches").fetchone()
    return None if newest is None else moment(newest)


def idle_longest(connection: sqlite3.Connection) -> datetime | None:
    """Since when that open batch is idle which is idle for the longest time."""
    (oldest,) = connection.execute(
        "SELECT MIN(idle_since) FROM batches WHERE idle_since IS NOT NULL"
    ).fetchone()
    return None if oldest is None else moment(oldest)


def _queue(connection: sqlite3.Connection, device_type: str, n: int) -> DeviceQueue:
    if is_exclusive(device_type):
        return _exclusive_queue(connection, device_type)
    mine = "jobs.device_type = ? AND jobs.project_id = ? AND jobs.is_long = ?"
    statement = f"{_WAITING} AND {mine} ORDER BY jobs.seq LIMIT ?"
    rows = [
        row
        for project_id in _projects(connection, "jobs", "status = 'PENDING'", device_type)
        for is_long in (0, 1)
        for row in connection.execute(statement, (device_type, project_id, is_long, n))
    ]
    return DeviceQueue(device_type=device_type, waiting=tuple(map(_waiting, rows)))


def _projects(connection: sqlite3.Connection, table: str, condition: str, device_type: str) -> Iterator[str]:
    """Projects of which something waits for a device: one look into an index for each."""
    next_one = f"SELECT MIN(project_id) FROM {table} WHERE {condition} AND device_type = ?"  # noqa: S608  (constants)
    project_id = ""
    while True:
        found = connection.execute(f"{next_one} AND project_id > ?", (device_type, project_id))
        (project_id,) = found.fetchone()
        if project_id is None:
            return
        yield project_id


def _exclusive_queue(connection: sqlite3.Connection, device_type: str) -> DeviceQueue:
    (n_running,) = connection.execute(
        "SELECT COUNT(*) FROM jobs WHERE device_type = ? AND status = 'RUNNING'", (device_type,)
    ).fetchone()
    holder = connection.execute(
        "SELECT id FROM batches WHERE device_type = ? AND status = 'RUNNING' ORDER BY created_at LIMIT 1",
        (device_type,),
    ).fetchone()
    batch_ids = _first_batches(connection, device_type) if holder is None else [holder["id"]]
    statement = f"{_WAITING} AND jobs.batch_id = ? ORDER BY jobs.seq LIMIT 1"
    rows = [row for batch_id in batch_ids for row in connection.execute(statement, (batch_id,))]
    return DeviceQueue(
        device_type=device_type,
        n_running=n_running,
        holder=None if holder is None else holder["id"],
        waiting=tuple(map(_waiting, rows)),
    )


def _first_batches(connection: sqlite3.Connection, device_type: str) -> list[str]:
    """The oldest batch of each project that waits for a device."""
    condition = "status = 'PENDING' AND pending > 0"
    statement = (
        f"SELECT id FROM batches WHERE {condition} AND device_type = ? AND project_id = ?"  # noqa: S608  (a constant)
        " ORDER BY created_at LIMIT 1"
    )
    return [
        connection.execute(statement, (device_type, project_id)).fetchone()["id"]
        for project_id in _projects(connection, "batches", condition, device_type)
    ]


def _waiting(row: sqlite3.Row) -> Waiting:
    return Waiting(
        job_id=row["id"],
        batch_id=row["batch_id"],
        batch_created_at=moment(row["created_at"]),
        order=row["seq"],
        project_id=row["project_id"],
        is_long=bool(row["is_long"]),
    )


def _selected(
    connection: sqlite3.Connection, source: tuple[str, str, str], selection: Selection
) -> tuple[int, list[sqlite3.Row]]:
    table, columns, order = source
    where, values = _where(selection.conditions)
    # Table, columns and comparisons are constants of this room; every value is bound.
    (total,) = connection.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}", values).fetchone()  # noqa: S608
    direction = "ASC" if selection.is_ascending else "DESC"
    rows = connection.execute(
        f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {order} {direction} LIMIT ? OFFSET ?",  # noqa: S608
        [*values, -1 if selection.limit is None else selection.limit, selection.offset],
    )
    return total, rows.fetchall()


def _where(conditions: tuple[Condition, ...]) -> tuple[str, list[Any]]:
    clauses = ["TRUE"]
    values: list[Any] = []
    for condition in conditions:
        clauses.append(_clause(condition))
        values.extend(map(_bound, condition.values))
    return " AND ".join(clauses), values


def _clause(condition: Condition) -> str:
    marks = _marks(condition.values)
    if condition.column == "tag":
        return f"id IN (SELECT batch_id FROM tags WHERE tag IN ({marks}))"  # noqa: S608  (only marks)
    if condition.comparison == "=":
        return f"{condition.column} IN ({marks})"
    return f"{condition.column} {condition.comparison} ?"


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _bound(value: Value) -> str | int:
    return microseconds(value) if isinstance(value, datetime) else value
