"""What happens in the store by itself: jobs start and end, batches time out, pauses begin and end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from runner.local.rules import state_machine
from runner.local.store import queries, statements
from runner.local.store.base import Memory
from runner.local.store.tables import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.local.protocol.control import Paused
    from runner.local.rules.records import Outcome, Started
    from runner.local.rules.webhook_policy import Due


class Events(Memory):
    """The events; each is one transaction."""

    def start(self, job_ids: Iterable[str]) -> tuple[Started, ...]:
        """Note that jobs are given to the engine; a job that cannot start any more is left out."""
        with self._database.writing() as connection:
            now = self._now(connection)
            attempts = [statements.start_one(connection, job_id, now) for job_id in job_ids]
            return tuple(attempt for attempt in attempts if attempt is not None)

    def finish(self, outcomes: Iterable[Outcome]) -> tuple[str, ...]:
        """Keep how attempts ended; an attempt that no longer counts is dropped.

        Returns:
            Ids of the jobs whose end was taken.
        """
        with self._database.writing() as connection:
            now = self._now(connection)
            return tuple(each.job_id for each in outcomes if statements.finish_one(connection, each, now))

    def requeue_interrupted(self) -> tuple[str, ...]:
        """Let every job wait again that was running when the last process ended; gives their ids."""
        with self._database.writing() as connection:
            now = self._now(connection)
            rows = connection.execute("SELECT id FROM jobs WHERE status = 'RUNNING' ORDER BY seq").fetchall()
            for (job_id,) in rows:
                job = queries.one_job(connection, job_id).state
                batch = queries.one_batch(connection, job.batch_id).state
                statements.save(connection, *state_machine.job_interrupted(batch, job, now))
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
                batch = queries.one_batch(connection, batch_id).state
                statements.save_batch(connection, state_machine.timed_out(batch, now, patience))
            return tuple(batch_id for (batch_id,) in rows)

    def end_canceling(self, patience: timedelta) -> None:
        """Let everything be CANCELED that is CANCELING for longer than patience."""
        with self._database.writing() as connection:
            statements.end_canceling(connection, self._now(connection), patience)

    def pause(self, paused: Paused) -> None:
        """Let everything that waits or runs be PAUSED if it is to be, and nothing else."""
        with self._database.reading() as connection:
            to_pause, to_resume = queries.pauses(connection, paused)
        if not to_pause and not to_resume:
            return
        with self._database.writing() as connection:
            now = self._now(connection)
            for ids, change in ((to_pause, state_machine.paused), (to_resume, state_machine.resumed)):
                for batch_id in ids:
                    batch = queries.one_batch(connection, batch_id).state
                    statements.save_batch(connection, change(batch, now))

    def webhook_tried(self, due: Due, wait_s: float | None) -> None:
        """Note that a webhook was told or given up (None), or is to be tried again after a while (in s)."""
        not_before = self._clock() + timedelta(seconds=wait_s or 0.0)
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE webhooks SET n_tries = ?, not_before = ?, is_over = ? WHERE batch_id = ?",
                (due.n_tries + 1, microseconds(not_before), wait_s is None, due.batch_id),
            )
