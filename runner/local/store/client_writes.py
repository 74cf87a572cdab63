"""What clients ask the store to do: each a transition of `state_machine`, in one transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.local.rules import state_machine
from runner.local.rules.errors import WrongStateError
from runner.local.rules.records import BatchRecord, JobRecord, NewBatch, NewJob
from runner.local.store import queries, statements
from runner.local.store.base import Memory
from runner.local.store.tables import microseconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from runner.local.protocol.filters import Condition
    from runner.local.rules.state_machine import Job

USER = "local"


class Orders(Memory):
    """The orders; a refused one has no effect."""

    def create(self, new: NewBatch) -> BatchRecord:
        """Accept a batch. Creation times of batches grow strictly, whatever the clock does."""
        with self._database.writing() as connection:
            now = self._now(connection)
            batch = state_machine.created(
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
            statements.insert_batch(connection, record)
            statements.insert_jobs(connection, record, self._identified(new.jobs), now)
            return record

    def add_jobs(self, batch_id: str, jobs: Sequence[NewJob]) -> BatchRecord:
        """Accept more jobs of an open batch; WrongStateError, and no effect, if it is not open."""
        with self._database.writing() as connection:
            record = queries.one_batch(connection, batch_id)
            now = self._now(connection)
            statements.save_batch(connection, state_machine.with_jobs(record.state, len(jobs), now))
            statements.insert_jobs(connection, record, self._identified(jobs), now)
            return queries.one_batch(connection, batch_id)

    def close_batch(self, batch_id: str) -> BatchRecord:
        """Let a batch take no more jobs; one that takes none already stays as it is."""
        with self._database.writing() as connection:
            record = queries.one_batch(connection, batch_id)
            statements.save_batch(connection, state_machine.closed(record.state, self._now(connection)))
            return queries.one_batch(connection, batch_id)

    def cancel_batch(self, batch_id: str, *, is_slow: bool = False) -> BatchRecord:
        """Cancel a batch and its pending jobs; WrongStateError if it ended otherwise.

        Args:
            batch_id: The batch.

            is_slow: Whether all of them are CANCELING until `end_canceling`.
        """
        with self._database.writing() as connection:
            now = self._now(connection)
            before = queries.one_batch(connection, batch_id).state
            after = state_machine.canceled(before, now, is_slow=is_slow)
            if after != before:
                statements.save_batch(connection, after)
                statements.cancel_waiting(connection, batch_id, now, is_slow=is_slow)
            return queries.one_batch(connection, batch_id)

    def cancel_job(self, job_id: str, *, is_slow: bool = False) -> JobRecord:
        """Cancel a pending job; WrongStateError if it runs or has ended."""
        with self._database.writing() as connection:
            self._cancel_one(connection, queries.one_job(connection, job_id).state, is_slow=is_slow)
            return queries.one_job(connection, job_id)

    def cancel_jobs(
        self, batch_id: str, conditions: tuple[Condition, ...], *, is_slow: bool = False
    ) -> tuple[tuple[JobRecord, ...], dict[str, str]]:
        """Cancel those jobs of a batch that fulfil the conditions and can be canceled.

        Returns:
            The jobs that are canceled now, and for every other one why it is not.
        """
        with self._database.writing() as connection:
            queries.one_batch(connection, batch_id)
            found = queries.jobs_of(connection, batch_id, conditions)
            errors = {}
            for job in found:
                try:
                    self._cancel_one(connection, job.state, is_slow=is_slow)
                except WrongStateError as error:
                    errors[job.state.id] = error.message
            return tuple(
                queries.one_job(connection, job.state.id) for job in found if job.state.id not in errors
            ), errors

    def set_tags(self, batch_id: str, tags: Sequence[str]) -> BatchRecord:
        """Replace the tags of a batch."""
        with self._database.writing() as connection:
            queries.one_batch(connection, batch_id)
            connection.execute(
                "UPDATE batches SET tags = ?, updated_at = ? WHERE id = ?",
                (json.dumps(list(tags)), microseconds(self._now(connection)), batch_id),
            )
            connection.execute("DELETE FROM tags WHERE batch_id = ?", (batch_id,))
            statements.insert_tags(connection, batch_id, tags)
            return queries.one_batch(connection, batch_id)

    def _identified(self, jobs: Iterable[NewJob]) -> list[tuple[str, NewJob]]:
        return [(self._new_id(), job) for job in jobs]

    def _cancel_one(self, connection: sqlite3.Connection, job: Job, *, is_slow: bool) -> None:
        batch = queries.one_batch(connection, job.batch_id).state
        after = state_machine.job_canceled(batch, job, self._now(connection), is_slow=is_slow)
        statements.save(connection, *after)
