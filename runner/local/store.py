"""Batches, jobs and results in SQLite: every change of `runner.local.state` as one transaction.

Nothing is kept in memory that is not in the database, so that a process may be killed at any moment; what it
had answered is there when the next one opens the store.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from runner.local import links, reading, state, writing
from runner.local.database import Database
from runner.local.filters import Condition, Selection
from runner.local.records import BatchRecord, JobRecord, NewBatch, NewJob, Outcome, Page, Result, Started
from runner.local.refusals import WrongStateError
from runner.local.tables import microseconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from runner.local.control import Paused
    from runner.local.queues import DeviceQueue
    from runner.local.state import Job
    from runner.local.webhooks import Due

USER = "local"
LINK_LIFETIME = timedelta(minutes=15)
_TICK = timedelta(microseconds=1)


def utc_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


def random_id() -> str:
    """A random id, as PCS gives them."""
    return str(uuid.uuid4())


class Store:
    """The memory of one local cloud; safe to use from several threads.

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

    # -- questions -----------------------------------------------------------------------------------------

    def batch(self, batch_id: str) -> BatchRecord:
        """A batch with its sequence; UnknownThingError if there is none."""
        with self._database.reading() as connection:
            return reading.one_batch(connection, batch_id)

    def job(self, job_id: str) -> JobRecord:
        """A job with its own sequence; UnknownThingError if there is none."""
        with self._database.reading() as connection:
            return reading.one_job(connection, job_id)

    def batches(self, selection: Selection) -> Page[BatchRecord]:
        """The selected batches, without their sequences."""
        with self._database.reading() as connection:
            return reading.some_batches(connection, selection)

    def jobs(self, selection: Selection) -> Page[JobRecord]:
        """The selected jobs, without their sequences."""
        with self._database.reading() as connection:
            return reading.some_jobs(connection, selection)

    def jobs_of(self, batch_id: str, conditions: tuple[Condition, ...] = ()) -> tuple[JobRecord, ...]:
        """A batch's jobs in the order in which they were added, without their sequences."""
        return self.jobs(_of_batch(batch_id, conditions)).items

    def job_ids(self, batch_id: str) -> tuple[str, ...]:
        """Ids of a batch's jobs in the order in which they were added."""
        with self._database.reading() as connection:
            return reading.job_ids(connection, batch_id)

    def result_link(self, job_id: str, lifetime: timedelta = LINK_LIFETIME) -> str | None:
        """The secret part of an address of a job's result, good for a while; None without a result."""
        with self._database.reading() as connection:
            reading.one_job(connection, job_id)
            found = reading.secret_of(connection, job_id)
            return None if found is None else links.issued(*found, self._clock() + lifetime)

    def result(self, link: str) -> tuple[str, Result]:
        """The job and its result behind a link; UnknownThingError if it leads nowhere, or does so no more."""
        with self._database.reading() as connection:
            return reading.result_behind(connection, link, self._clock())

    def project_ids(self) -> tuple[str, ...]:
        """Projects that ever had a batch here."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT DISTINCT project_id FROM batches ORDER BY project_id")
            return tuple(project_id for (project_id,) in rows)

    def has_work(self) -> bool:
        """Whether any job waits or runs."""
        with self._database.reading() as connection:
            question = "SELECT EXISTS (SELECT 1 FROM jobs WHERE status IN ('PENDING', 'RUNNING'))"
            return bool(connection.execute(question).fetchone()[0])

    def queues(self, n: int) -> tuple[DeviceQueue, ...]:
        """What waits for each device, with at most n jobs of each."""
        with self._database.reading() as connection:
            return reading.queues(connection, n)

    def idle_longest(self) -> datetime | None:
        """Since when that open batch is idle which is idle for the longest time."""
        with self._database.reading() as connection:
            return reading.idle_longest(connection)

    def canceling_longest(self) -> datetime | None:
        """Since when that is CANCELING which is so for the longest time."""
        with self._database.reading() as connection:
            return reading.canceling_longest(connection)

    def due_webhooks(self) -> tuple[Due, ...]:
        """Webhooks of batches that have ended which are to be told now, the longest due first."""
        with self._database.reading() as connection:
            return reading.due_webhooks(connection, self._clock())

    # -- what clients ask for ------------------------------------------------------------------------------

    def create(self, new: NewBatch) -> BatchRecord:
        """Accept a batch. Creation times of batches grow strictly, whatever the clock does."""
        with self._database.writing() as connection:
            now = self._now(connection)
            batch = state.created(
                self._new_id(), new.device_type, is_open=new.open, n_jobs=len(new.jobs), now=now
            )
            record = BatchRecord(
                state=batch,
                project_id=new.project_id,
                user_id=USER,
                tags=new.tags,
                configuration=new.configuration,
                backend_configuration=new.backend_configuration,
                parent_id=new.parent_id,
                webhook=new.webhook,
                sequence=new.sequence,
            )
            writing.insert_batch(connection, record)
            writing.insert_jobs(connection, record, self._identified(new.jobs), now)
            return record

    def add_jobs(self, batch_id: str, jobs: Sequence[NewJob]) -> BatchRecord:
        """Accept more jobs of an open batch; WrongStateError, and no effect, if it is not open."""
        with self._database.writing() as connection:
            record = reading.one_batch(connection, batch_id)
            now = self._now(connection)
            writing.save_batch(connection, state.with_jobs(record.state, len(jobs), now))
            writing.insert_jobs(connection, record, self._identified(jobs), now)
            return reading.one_batch(connection, batch_id)

    def close_batch(self, batch_id: str) -> BatchRecord:
        """Let a batch take no more jobs; one that takes none already stays as it is."""
        with self._database.writing() as connection:
            record = reading.one_batch(connection, batch_id)
            writing.save_batch(connection, state.closed(record.state, self._now(connection)))
            return reading.one_batch(connection, batch_id)

    def cancel_batch(self, batch_id: str, *, is_slow: bool = False) -> BatchRecord:
        """Cancel a batch and its pending jobs; WrongStateError if it ended otherwise.

        Args:
            batch_id: The batch.

            is_slow: Whether all of them are CANCELING until `end_canceling`.
        """
        with self._database.writing() as connection:
            now = self._now(connection)
            before = reading.one_batch(connection, batch_id).state
            after = state.canceled(before, now, is_slow=is_slow)
            if after != before:
                writing.save_batch(connection, after)
                writing.cancel_waiting(connection, batch_id, now, is_slow=is_slow)
            return reading.one_batch(connection, batch_id)

    def cancel_job(self, job_id: str, *, is_slow: bool = False) -> JobRecord:
        """Cancel a pending job; WrongStateError if it runs or has ended."""
        with self._database.writing() as connection:
            self._cancel_one(connection, reading.one_job(connection, job_id).state, is_slow=is_slow)
            return reading.one_job(connection, job_id)

    def cancel_jobs(
        self, batch_id: str, conditions: tuple[Condition, ...], *, is_slow: bool = False
    ) -> tuple[tuple[JobRecord, ...], dict[str, str]]:
        """Cancel those jobs of a batch that fulfil the conditions and can be canceled.

        Returns:
            The jobs that are canceled now, and for every other one why it is not.
        """
        with self._database.writing() as connection:
            reading.one_batch(connection, batch_id)
            found = reading.some_jobs(connection, _of_batch(batch_id, conditions)).items
            errors = {}
            for job in found:
                try:
                    self._cancel_one(connection, job.state, is_slow=is_slow)
                except WrongStateError as error:
                    errors[job.state.id] = error.message
            return tuple(
                reading.one_job(connection, job.state.id) for job in found if job.state.id not in errors
            ), errors

    def set_tags(self, batch_id: str, tags: Sequence[str]) -> BatchRecord:
        """Replace the tags of a batch."""
        with self._database.writing() as connection:
            reading.one_batch(connection, batch_id)
            connection.execute(
                "UPDATE batches SET tags = ?, updated_at = ? WHERE id = ?",
                (json.dumps(list(tags)), microseconds(self._now(connection)), batch_id),
            )
            connection.execute("DELETE FROM tags WHERE batch_id = ?", (batch_id,))
            writing.insert_tags(connection, batch_id, tags)
            return reading.one_batch(connection, batch_id)

    # -- what happens by itself ----------------------------------------------------------------------------

    def start(self, job_ids: Iterable[str]) -> tuple[Started, ...]:
        """Note that jobs are given to the engine; a job that cannot start any more is left out."""
        with self._database.writing() as connection:
            now = self._now(connection)
            attempts = [writing.start_one(connection, job_id, now) for job_id in job_ids]
            return tuple(attempt for attempt in attempts if attempt is not None)

    def finish(self, outcomes: Iterable[Outcome]) -> tuple[str, ...]:
        """Keep how attempts ended; an attempt that no longer counts is dropped.

        Returns:
            Ids of the jobs whose end was taken.
        """
        with self._database.writing() as connection:
            now = self._now(connection)
            return tuple(each.job_id for each in outcomes if writing.finish_one(connection, each, now))

    def requeue_interrupted(self) -> tuple[str, ...]:
        """Let every job wait again that was running when the last process ended; gives their ids."""
        with self._database.writing() as connection:
            now = self._now(connection)
            rows = connection.execute("SELECT id FROM jobs WHERE status = 'RUNNING' ORDER BY seq").fetchall()
            for (job_id,) in rows:
                job = reading.one_job(connection, job_id).state
                batch = reading.one_batch(connection, job.batch_id).state
                writing.save(connection, *state.job_interrupted(batch, job, now))
            return tuple(job_id for (job_id,) in rows)

    def time_out_idle(self, patience: timedelta) -> tuple[str, ...]:
        """End every open batch that is idle for longer than patience; gives their ids."""
        with self._database.writing() as connection:
            now = self._now(connection)
            rows = connection.execute(
                "SELECT id FROM batches WHERE idle_since <= ? ORDER BY created_at",
                (microseconds(now - patience),),
            ).fetchall()
            for (batch_id,) in rows:
                batch = reading.one_batch(connection, batch_id).state
                writing.save_batch(connection, state.timed_out(batch, now, patience))
            return tuple(batch_id for (batch_id,) in rows)

    def end_canceling(self, patience: timedelta) -> None:
        """Let everything be CANCELED that is CANCELING for longer than patience."""
        with self._database.writing() as connection:
            writing.end_canceling(connection, self._now(connection), patience)

    def pause(self, paused: Paused) -> None:
        """Let everything that waits or runs be PAUSED if it is to be, and nothing else."""
        with self._database.reading() as connection:
            to_pause, to_resume = reading.pauses(connection, paused)
        if not to_pause and not to_resume:
            return
        with self._database.writing() as connection:
            now = self._now(connection)
            for ids, change in ((to_pause, state.paused), (to_resume, state.resumed)):
                for batch_id in ids:
                    batch = reading.one_batch(connection, batch_id).state
                    writing.save_batch(connection, change(batch, now))

    def webhook_tried(self, due: Due, wait_s: float | None) -> None:
        """Note that a webhook was told or given up (None), or is to be tried again after a while (in s)."""
        not_before = self._clock() + timedelta(seconds=wait_s or 0.0)
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE webhooks SET n_tries = ?, not_before = ?, is_over = ? WHERE batch_id = ?",
                (due.n_tries + 1, microseconds(not_before), wait_s is None, due.batch_id),
            )

    # ------------------------------------------------------------------------------------------------------

    def _now(self, connection: sqlite3.Connection) -> datetime:
        """The time of a transaction: never that of the newest batch, also when the clock stands or jumps."""
        now, newest = self._clock(), reading.newest_creation(connection)
        return now if newest is None else max(now, newest + _TICK)

    def _identified(self, jobs: Iterable[NewJob]) -> list[tuple[str, NewJob]]:
        return [(self._new_id(), job) for job in jobs]

    def _cancel_one(self, connection: sqlite3.Connection, job: Job, *, is_slow: bool) -> None:
        batch = reading.one_batch(connection, job.batch_id).state
        after = state.job_canceled(batch, job, self._now(connection), is_slow=is_slow)
        writing.save(connection, *after)


def _of_batch(batch_id: str, conditions: tuple[Condition, ...]) -> Selection:
    mine = Condition("batch_id", "=", (batch_id,))
    return Selection(conditions=(mine, *conditions), limit=None, is_ascending=True)
