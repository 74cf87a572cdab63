"""What waits for each device, as the store has it; which of it may start is for `queue_policy` to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.local.rules.device_types import DEVICE_TYPES
from runner.local.rules.queue_policy import DeviceQueue, ProjectLine, Waiting, is_exclusive
from runner.local.store.rows import moment

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from runner.local.store.database import Database

_WAITING_JOBS = (
    "SELECT jobs.seq, jobs.id, jobs.batch_id, jobs.project_id, jobs.is_long, batches.created_at"
    " FROM jobs JOIN batches ON batches.id = jobs.batch_id"
    " WHERE jobs.status = 'PENDING' AND batches.status <> 'PAUSED'"
)
_OF_EMULATOR = (
    f"{_WAITING_JOBS} AND jobs.device_type = ? AND jobs.project_id = ? AND jobs.is_long = ?"
    " ORDER BY jobs.seq LIMIT ?"
)
_FIRST_OF_BATCH = f"{_WAITING_JOBS} AND jobs.batch_id = ? ORDER BY jobs.seq LIMIT 1"
_WAITING_BATCHES = "FROM batches WHERE status = 'PENDING' AND pending > 0 AND device_type = ?"


# The counts of a batch are kept with it: none of its jobs is looked at.
_LINES = (
    "SELECT project_id, device_type, SUM(pending) AS pending, SUM(running) AS running FROM batches"
    " WHERE status IN ('PENDING', 'RUNNING', 'PAUSED') GROUP BY project_id, device_type"
    " HAVING SUM(pending) + SUM(running) > 0 ORDER BY project_id, device_type"
)


def lines(database: Database) -> tuple[ProjectLine, ...]:
    """How many jobs of each project wait and run, by device type; also where they are paused."""
    return tuple(
        ProjectLine(
            project_id=row["project_id"],
            device_type=row["device_type"],
            pending=row["pending"],
            running=row["running"],
        )
        for row in database.rows(_LINES)
    )


def queues(database: Database, n: int) -> tuple[DeviceQueue, ...]:
    """The queue of every device, with at most n short and n long waiting jobs of each project."""
    return tuple(
        _exclusive_queue(database, each) if is_exclusive(each) else _emulator_queue(database, each, n)
        for each in DEVICE_TYPES
    )


def _emulator_queue(database: Database, device_type: str, n: int) -> DeviceQueue:
    of_projects = "FROM jobs WHERE status = 'PENDING' AND device_type = ?"
    rows = [
        row
        for project_id in _projects(database, of_projects, device_type)
        for is_long in (0, 1)
        for row in database.rows(_OF_EMULATOR, (device_type, project_id, is_long, n))
    ]
    return DeviceQueue(device_type=device_type, waiting=tuple(map(_waiting, rows)))


def _exclusive_queue(database: Database, device_type: str) -> DeviceQueue:
    running = "device_type = ? AND status = 'RUNNING'"
    holder = database.value(
        f"SELECT id FROM batches WHERE {running} ORDER BY created_at LIMIT 1", (device_type,)
    )
    batch_ids = _first_batches(database, device_type) if holder is None else [holder]
    rows = [row for batch_id in batch_ids for row in database.rows(_FIRST_OF_BATCH, (batch_id,))]
    return DeviceQueue(
        device_type=device_type,
        n_running=database.value(f"SELECT COUNT(*) FROM jobs WHERE {running}", (device_type,)),
        holder=holder,
        waiting=tuple(map(_waiting, rows)),
    )


def _first_batches(database: Database, device_type: str) -> list[str]:
    """The oldest batch of each project that waits for a device."""
    oldest = f"SELECT id {_WAITING_BATCHES} AND project_id = ? ORDER BY created_at LIMIT 1"
    return [
        database.value(oldest, (device_type, project_id))
        for project_id in _projects(database, _WAITING_BATCHES, device_type)
    ]


def _projects(database: Database, waiting: str, device_type: str) -> Iterator[str]:
    """Projects of which something waits for a device: one look into an index for each."""
    question, project_id = f"SELECT MIN(project_id) {waiting} AND project_id > ?", ""
    while (project_id := database.value(question, (device_type, project_id))) is not None:
        yield project_id


def _waiting(row: sqlite3.Row) -> Waiting:
    return Waiting(
        job_id=row["id"],
        batch_id=row["batch_id"],
        batch_created_at=moment(row["created_at"]),
        order=row["seq"],
        project_id=row["project_id"],
        is_long=bool(row["is_long"]),
    )
