"""Batches, jobs and results in SQLite: every change of `runner.local.rules.state_machine` as one transaction.

Nothing is kept in memory that is not in the database, so that a process may be killed at any moment; what it
had answered is there when the next one opens the store.
"""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING

from runner.local.rules import state_machine
from runner.local.rules.errors import WrongStateError
from runner.local.rules.records import BatchFields, BatchRecord, JobRecord, NewBatch, NewJob, Outcome, Started
from runner.local.store.lookups import Lookups, marks, random_id, utc_now
from runner.local.store.rows import batch_row, job_row, microseconds, new_batch_row, new_job_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from runner.local.protocol.control import Pauses
    from runner.local.protocol.queries import Comparison
    from runner.local.rules.state_machine import Batch, Job
    from runner.local.rules.webhook_policy import Due

__all__ = ["Store", "random_id", "utc_now"]

USER = "local"


class Store(Lookups):
    """The memory of one local cloud; safe to use from several threads."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """One commit for several changes; nobody sees any of them before, and an exception undoes all."""
        with self._database.writing():
            yield

    # What clients ask for: each a transition; a refused one has no effect

    def create(self, new: NewBatch) -> BatchRecord:
        """Accept a batch. Creation times of batches grow strictly, whatever the clock does."""
        with self._database.writing():
            now = self._now()
            state = state_machine.created(
                self._new_id(), new.device_type, is_open=new.open, n_jobs=len(new.jobs), now=now
            )
            kept = {each.name: getattr(new, each.name) for each in fields(BatchFields)}
            record = BatchRecord(state=state, user_id=USER, **kept)
            self._database.insert("batches", [new_batch_row(record)])
            self._insert_tags(state.id, record.tags)
            if record.webhook is not None:
                self._database.execute(
                    "INSERT INTO webhooks VALUES (?, ?, 0, 0, 0)", (state.id, record.webhook)
                )
            self._insert_jobs(record, new.jobs, now)
            return record

    def add_jobs(self, batch_id: str, jobs: Sequence[NewJob]) -> BatchRecord:
        """Accept more jobs of an open batch; WrongStateError, and no effect, if it is not open."""
        with self._database.writing():
            record, now = self.batch(batch_id), self._now()
            self._save(state_machine.with_jobs(record.state, len(jobs), now))
            self._insert_jobs(record, jobs, now)
            return self.batch(batch_id)

    def close_batch(self, batch_id: str) -> BatchRecord:
        """Let a batch take no more jobs; one that takes none already stays as it is."""
        with self._database.writing():
            self._save(state_machine.closed(self.batch(batch_id).state, self._now()))
            return self.batch(batch_id)

    def cancel_batch(self, batch_id: str, *, is_slow: bool = False) -> BatchRecord:
        """Cancel a batch and its pending jobs; WrongStateError if it ended otherwise.

        Args:
            batch_id: The batch.

            is_slow: Whether all of them are CANCELING until `end_canceling`.
        """
        with self._database.writing():
            before, now = self.batch(batch_id).state, self._now()
            after = state_machine.canceled(before, now, is_slow=is_slow)
            if after != before:
                self._save(after)
                self._cancel_waiting(batch_id, now, is_slow=is_slow)
            return self.batch(batch_id)

    def cancel_job(self, job_id: str, *, is_slow: bool = False) -> JobRecord:
        """Cancel a pending job; WrongStateError if it runs or has ended."""
        with self._database.writing():
            self._cancel_one(self.job(job_id).state, is_slow=is_slow)
            return self.job(job_id)

    def cancel_jobs(
        self, batch_id: str, conditions: tuple[Comparison, ...], *, is_slow: bool = False
    ) -> tuple[tuple[JobRecord, ...], dict[str, str]]:
        """Cancel those jobs of a batch that fulfil the conditions and can be canceled.

        Returns:
            The jobs that are canceled now, and for every other one why it is not.
        """
        canceled, errors = [], {}
        with self._database.writing():
            self.batch(batch_id)
            for job in self.jobs_of(batch_id, conditions):
                try:
                    self._cancel_one(job.state, is_slow=is_slow)
                except WrongStateError as error:
                    errors[job.state.id] = error.message
                else:
                    canceled.append(self.job(job.state.id))
        return tuple(canceled), errors

    def set_tags(self, batch_id: str, tags: Sequence[str]) -> BatchRecord:
        """Replace the tags of a batch."""
        with self._database.writing():
            self.batch(batch_id)
            self._database.execute(
                "UPDATE batches SET tags = ?, updated_at = ? WHERE id = ?",
                (json.dumps(list(tags)), microseconds(self._now()), batch_id),
            )
            self._database.execute("DELETE FROM tags WHERE batch_id = ?", (batch_id,))
            self._insert_tags(batch_id, tags)
            return self.batch(batch_id)

    # What happens by itself

    def start(self, job_ids: Iterable[str]) -> tuple[Started, ...]:
        """Note that jobs are given to the engine; a job that cannot start any more is left out."""
        with self._database.writing():
            now = self._now()
            attempts = [self._start_one(job_id, now) for job_id in job_ids]
            return tuple(attempt for attempt in attempts if attempt is not None)

    def finish(self, outcomes: Iterable[Outcome]) -> tuple[str, ...]:
        """Keep how attempts ended; an attempt that no longer counts is dropped.

        Returns:
            Ids of the jobs whose end was taken.
        """
        with self._database.writing():
            now = self._now()
            return tuple(each.job_id for each in outcomes if self._finish_one(each, now))

    def requeue_interrupted(self) -> tuple[str, ...]:
        """Let every job wait again that was running when the last process ended; gives their ids."""
        with self._database.writing():
            now = self._now()
            job_ids = self._ids("SELECT id FROM jobs WHERE status = 'RUNNING' ORDER BY seq")
            for job_id in job_ids:
                self._save(*state_machine.job_interrupted(*self._pair(job_id), now))
            return job_ids

    def time_out_idle(self, patience: timedelta) -> tuple[str, ...]:
        """End every open batch that is idle for longer than patience; gives their ids."""
        with self._database.writing():
            now = self._now()
            idle = "SELECT id FROM batches WHERE idle_since <= ? ORDER BY created_at"
            batch_ids = self._ids(idle, microseconds(now - patience))
            for batch_id in batch_ids:
                self._save(state_machine.timed_out(self.batch(batch_id).state, now, patience))
            return batch_ids

    def end_canceling(self, patience: timedelta) -> None:
        """Let everything be CANCELED that is CANCELING for longer than patience."""
        with self._database.writing():
            now = self._now()
            until_us = microseconds(now - patience)
            batches = (
                "SELECT id FROM batches WHERE status = 'CANCELING' AND updated_at <= ? ORDER BY created_at"
            )
            for batch_id in self._ids(batches, until_us):
                self._save(state_machine.cancel_ended(self.batch(batch_id).state, now))
                self._cancel_waiting(batch_id, now)
            jobs = (
                "SELECT jobs.id FROM jobs JOIN batches ON batches.id = batch_id WHERE jobs.updated_at <= ?"
                " AND jobs.status = 'CANCELING' AND batches.status <> 'CANCELING' ORDER BY seq"
            )
            for job_id in self._ids(jobs, until_us):
                self._save(*state_machine.job_cancel_ended(*self._pair(job_id), now))

    def pause(self, paused: Pauses) -> None:
        """Let everything that waits or runs be PAUSED if it is to be, and nothing else."""
        devices, ids = sorted(paused.device_types), sorted(paused.batch_ids)
        is_meant = f"(device_type IN ({marks(devices)}) OR id IN ({marks(ids)}))"
        resume = f"SELECT id FROM batches WHERE status = 'PAUSED' AND NOT {is_meant} ORDER BY created_at"
        changes = [(batch_id, state_machine.resumed) for batch_id in self._ids(resume, *devices, *ids)]
        if devices or ids:  # otherwise every live batch would be looked at to find that it is not meant
            live = f"SELECT id FROM batches WHERE status IN ('PENDING', 'RUNNING') AND {is_meant}"
            changes += [(batch_id, state_machine.paused) for batch_id in self._ids(live, *devices, *ids)]
        if changes:
            with self._database.writing():
                now = self._now()
                for batch_id, change in changes:
                    self._save(change(self.batch(batch_id).state, now))

    def webhook_tried(self, due: Due, wait_s: float | None) -> None:
        """Note that a webhook was told or given up (None), or is to be tried again after a while (in s)."""
        not_before = self._clock() + timedelta(seconds=wait_s or 0.0)
        with self._database.writing():
            self._database.execute(
                "UPDATE webhooks SET n_tries = ?, not_before = ?, is_over = ? WHERE batch_id = ?",
                (due.n_tries + 1, microseconds(not_before), wait_s is None, due.batch_id),
            )

    def _insert_jobs(self, record: BatchRecord, jobs: Iterable[NewJob], now: datetime) -> None:
        identified = [(self._new_id(), job) for job in jobs]
        self._database.insert("jobs", new_job_rows(record, identified, now))

    def _insert_tags(self, batch_id: str, tags: Iterable[str]) -> None:
        self._database.insert("tags", [{"tag": tag, "batch_id": batch_id} for tag in tags])

    def _save(self, batch: Batch, job: Job | None = None) -> None:
        """What may have changed in the life of a batch, and of one of its jobs."""
        self._database.update("batches", batch_row(batch))
        if job is not None:
            self._database.update("jobs", job_row(job))

    def _cancel_one(self, job: Job, *, is_slow: bool) -> None:
        batch = self.batch(job.batch_id).state
        self._save(*state_machine.job_canceled(batch, job, self._now(), is_slow=is_slow))

    def _cancel_waiting(self, batch_id: str, now: datetime, *, is_slow: bool = False) -> None:
        """Let the jobs of a batch that was canceled be as `state_machine.canceled` counts them."""
        self._database.execute(
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

    def _start_one(self, job_id: str, now: datetime) -> Started | None:
        """The next attempt of a job; None if the job cannot start any more."""
        record = self.job(job_id)
        batch = self.batch(record.state.batch_id)
        try:
            after, job = state_machine.job_started(batch.state, record.state, now)
        except WrongStateError:  # canceled since the queue was read
            return None
        self._save(after, job)
        return Started(
            job_id=job_id,
            attempt=job.attempt,
            runs=record.runs,
            sequence=record.sequence or batch.sequence or "",
            project_id=record.project_id,
            is_long=record.is_long,
            variables=record.variables or {},
            device_type=batch.state.device_type,
            configuration=batch.configuration,
            backend_configuration=batch.backend_configuration,
        )

    def _finish_one(self, outcome: Outcome, now: datetime) -> bool:
        """Keep the end of an attempt, with its result; False if the attempt no longer counts."""
        batch, job = self._pair(outcome.job_id)
        ended = state_machine.job_lost if outcome.is_lost else state_machine.job_finished
        after = ended(batch, job, outcome.attempt, outcome.errors, now)
        if after is None:
            return False
        self._save(*after)
        result = outcome.result
        if result is not None:
            counter, link = json.dumps(dict(result.counter)), secrets.token_urlsafe(32)
            self._database.execute(
                "INSERT INTO results VALUES (?, ?, ?, ?, ?)",
                (job.id, link, outcome.attempt, counter, result.serialised_results),
            )
        return True
