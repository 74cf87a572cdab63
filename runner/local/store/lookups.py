"""What is asked of the store: batches, jobs, results, and what there is to do. Nothing is written."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from runner.domain import BatchStatus
from runner.local.protocol import result_links
from runner.local.protocol.queries import Comparison, Selection
from runner.local.rules.errors import UnknownThingError
from runner.local.rules.records import BatchRecord, JobRecord, Page, Result
from runner.local.rules.webhook_policy import Due
from runner.local.store.database import Database
from runner.local.store.queues import lines, queues
from runner.local.store.rows import BATCH_COLUMNS, JOB_COLUMNS, batch_record, job_record, microseconds, moment

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from runner.local.protocol.queries import Value
    from runner.local.rules.queue_policy import DeviceQueue, ProjectLine
    from runner.local.rules.state_machine import Batch, Job

_TICK = timedelta(microseconds=1)


def utc_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


def random_id() -> str:
    """A random id, as PCS gives them."""
    return str(uuid.uuid4())


class Lookups:
    """What can be asked of the memory of one local cloud.

    Args:
        path: File of the database, or `:memory:`.

        clock: Where the time comes from; an aware time in UTC.

        new_id: Where ids of batches and jobs come from.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        clock: Callable[[], datetime] = utc_now,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._database = Database(path)
        self._clock = clock
        self._new_id = new_id

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def now(self) -> datetime:
        """The time of the store's clock."""
        return self._clock()

    # What is there

    def batch(self, batch_id: str) -> BatchRecord:
        """A batch with its sequence; UnknownThingError if there is none."""
        row = self._database.row(f"SELECT {BATCH_COLUMNS}, sequence FROM batches WHERE id = ?", (batch_id,))
        if row is None:
            raise UnknownThingError(f"There is no batch {batch_id}.")
        return batch_record(row)

    def job(self, job_id: str) -> JobRecord:
        """A job with its own sequence; UnknownThingError if there is none."""
        row = self._database.row(f"SELECT {JOB_COLUMNS}, sequence FROM jobs WHERE id = ?", (job_id,))
        if row is None:
            raise UnknownThingError(f"There is no job {job_id}.")
        return job_record(row)

    def batches(self, selection: Selection) -> Page[BatchRecord]:
        """The selected batches without their sequences, newest first unless the selection says otherwise."""
        total, rows = self._selected("batches", BATCH_COLUMNS, "created_at", selection)
        return Page(tuple(map(batch_record, rows)), total, selection.offset)

    def jobs(self, selection: Selection) -> Page[JobRecord]:
        """The selected jobs without their sequences, newest first unless the selection says otherwise."""
        total, rows = self._selected("jobs", JOB_COLUMNS, "seq", selection)
        return Page(tuple(map(job_record, rows)), total, selection.offset)

    def jobs_of(self, batch_id: str, conditions: tuple[Comparison, ...] = ()) -> tuple[JobRecord, ...]:
        """A batch's jobs in the order in which they were added, without their sequences."""
        mine = Comparison("batch_id", "=", (batch_id,))
        return self.jobs(Selection(conditions=(mine, *conditions), limit=None, is_ascending=True)).items

    def job_ids(self, batch_id: str) -> tuple[str, ...]:
        """Ids of a batch's jobs in the order in which they were added."""
        return self._ids("SELECT id FROM jobs WHERE batch_id = ? ORDER BY seq", batch_id)

    def result_link(self, job_id: str, lifetime: timedelta = result_links.LIFETIME) -> str | None:
        """The secret part of an address of a job's result, good for a while; None without a result."""
        self.job(job_id)
        row = self._database.row(
            "SELECT link, seq FROM results JOIN jobs ON jobs.id = results.job_id WHERE job_id = ?", (job_id,)
        )
        return None if row is None else result_links.issued(row["link"], row["seq"], self._clock() + lifetime)

    def result(self, link: str) -> tuple[str, Result]:
        """The job and its result behind a link; UnknownThingError if it leads nowhere, or does so no more."""
        said = result_links.read(link)
        row = self._database.row(
            "SELECT job_id, link, counter, serialised FROM results JOIN jobs ON jobs.id = results.job_id"
            " WHERE jobs.seq = ?",
            (said and said.order,),
        )
        if said is None or row is None or not result_links.is_good(said, row["link"], self._clock()):
            raise UnknownThingError("There is no such result.")
        counter = json.loads(row["counter"])
        return row["job_id"], Result(counter=counter, serialised_results=row["serialised"])

    def project_ids(self) -> tuple[str, ...]:
        """Projects that ever had a batch here."""
        return self._ids("SELECT DISTINCT project_id FROM batches ORDER BY project_id")

    # What there is to do

    def has_work(self) -> bool:
        """Whether any job waits or runs."""
        found = "SELECT EXISTS (SELECT 1 FROM jobs WHERE status IN ('PENDING', 'RUNNING'))"
        return bool(self._database.value(found))

    def lines(self) -> tuple[ProjectLine, ...]:
        """How many jobs of each project wait and run, by device type."""
        return lines(self._database)

    def queues(self, n: int) -> tuple[DeviceQueue, ...]:
        """What waits for each device, with at most n short and n long jobs of each project."""
        with self._database.reading():
            return queues(self._database, n)

    def idle_longest(self) -> datetime | None:
        """Since when that open batch is idle which is idle for the longest time."""
        return self._moment("SELECT MIN(idle_since) FROM batches WHERE idle_since IS NOT NULL")

    def canceling_longest(self) -> datetime | None:
        """Since when that is CANCELING which is so for the longest time."""
        return self._moment(
            "SELECT MIN(since) FROM (SELECT updated_at AS since FROM batches WHERE status = 'CANCELING'"
            " UNION ALL SELECT jobs.updated_at FROM jobs JOIN batches ON batches.id = batch_id"
            " WHERE jobs.status = 'CANCELING' AND batches.status <> 'CANCELING')"
        )

    def due_webhooks(self) -> tuple[Due, ...]:
        """Webhooks of batches that have ended which are to be told now, the longest due first."""
        rows = self._database.rows(
            "SELECT batch_id, url, n_tries, status FROM webhooks JOIN batches ON batches.id = batch_id"
            " WHERE NOT is_over AND not_before <= ? ORDER BY not_before, batches.created_at",
            (microseconds(self._clock()),),
        )
        return tuple(
            Due(batch_id=row["batch_id"], url=row["url"], n_tries=row["n_tries"])
            for row in rows
            if BatchStatus(row["status"]).is_terminal
        )

    def _now(self) -> datetime:
        """The time of a transaction: never that of the newest batch, also when the clock stands or jumps."""
        now, newest = self._clock(), self._moment("SELECT MAX(created_at) FROM batches")
        return now if newest is None else max(now, newest + _TICK)

    def _moment(self, question: str) -> datetime | None:
        found = self._database.value(question)
        return None if found is None else moment(found)

    def _ids(self, question: str, *values: object) -> tuple[str, ...]:
        return tuple(found for (found,) in self._database.rows(question, values))

    def _pair(self, job_id: str) -> tuple[Batch, Job]:
        """A job and its batch, as transitions take them."""
        job = self.job(job_id).state
        return self.batch(job.batch_id).state, job

    def _selected(
        self, table: str, columns: str, order: str, selection: Selection
    ) -> tuple[int, list[sqlite3.Row]]:
        where = " AND ".join(["TRUE", *map(_clause, selection.conditions)])
        values = [_bound(value) for condition in selection.conditions for value in condition.values]
        direction = "ASC" if selection.is_ascending else "DESC"
        limit = -1 if selection.limit is None else selection.limit
        with self._database.reading():
            total = self._database.value(f"SELECT COUNT(*) FROM {table} WHERE {where}", values)
            rows = self._database.rows(
                f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {order} {direction} LIMIT ? OFFSET ?",
                [*values, limit, selection.offset],
            )
        return total, rows


def _clause(condition: Comparison) -> str:
    column, several = condition.column, f"IN ({marks(condition.values)})"
    if column == "tag":
        return f"id IN (SELECT batch_id FROM tags WHERE tag {several})"
    return f"{column} {several}" if condition.comparison == "=" else f"{column} {condition.comparison} ?"


def marks(values: Sequence[object]) -> str:
    """What stands for values in a statement."""
    return ", ".join("?" * len(values))


def _bound(value: Value) -> str | int:
    return microseconds(value) if isinstance(value, datetime) else value
