"""What is asked of the store: batches, jobs, results, and what there is to do. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.local.protocol import result_links
from runner.local.store import queries
from runner.local.store.base import Memory

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from runner.local.protocol.filters import Condition, Selection
    from runner.local.rules.queue_policy import DeviceQueue
    from runner.local.rules.records import BatchRecord, JobRecord, Page, Result
    from runner.local.rules.webhook_policy import Due


class Lookups(Memory):
    """The questions; each sees all that was committed."""

    def batch(self, batch_id: str) -> BatchRecord:
        """A batch with its sequence; UnknownThingError if there is none."""
        with self._database.reading() as connection:
            return queries.one_batch(connection, batch_id)

    def job(self, job_id: str) -> JobRecord:
        """A job with its own sequence; UnknownThingError if there is none."""
        with self._database.reading() as connection:
            return queries.one_job(connection, job_id)

    def batches(self, selection: Selection) -> Page[BatchRecord]:
        """The selected batches, without their sequences."""
        with self._database.reading() as connection:
            return queries.some_batches(connection, selection)

    def jobs(self, selection: Selection) -> Page[JobRecord]:
        """The selected jobs, without their sequences."""
        with self._database.reading() as connection:
            return queries.some_jobs(connection, selection)

    def jobs_of(self, batch_id: str, conditions: tuple[Condition, ...] = ()) -> tuple[JobRecord, ...]:
        """A batch's jobs in the order in which they were added, without their sequences."""
        with self._database.reading() as connection:
            return queries.jobs_of(connection, batch_id, conditions)

    def job_ids(self, batch_id: str) -> tuple[str, ...]:
        """Ids of a batch's jobs in the order in which they were added."""
        with self._database.reading() as connection:
            return queries.job_ids(connection, batch_id)

    def result_link(self, job_id: str, lifetime: timedelta = result_links.LIFETIME) -> str | None:
        """The secret part of an address of a job's result, good for a while; None without a result."""
        with self._database.reading() as connection:
            queries.one_job(connection, job_id)
            found = queries.secret_of(connection, job_id)
            return None if found is None else result_links.issued(*found, self._clock() + lifetime)

    def result(self, link: str) -> tuple[str, Result]:
        """The job and its result behind a link; UnknownThingError if it leads nowhere, or does so no more."""
        with self._database.reading() as connection:
            return queries.result_behind(connection, link, self._clock())

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
        """What waits for each device, with at most n short and n long jobs of each project."""
        with self._database.reading() as connection:
            return queries.queues(connection, n)

    def idle_longest(self) -> datetime | None:
        """Since when that open batch is idle which is idle for the longest time."""
        with self._database.reading() as connection:
            return queries.idle_longest(connection)

    def canceling_longest(self) -> datetime | None:
        """Since when that is CANCELING which is so for the longest time."""
        with self._database.reading() as connection:
            return queries.canceling_longest(connection)

    def due_webhooks(self) -> tuple[Due, ...]:
        """Webhooks of batches that have ended which are to be told now, the longest due first."""
        with self._database.reading() as connection:
            return queries.due_webhooks(connection, self._clock())
