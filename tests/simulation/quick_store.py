"""The local cloud's store without SQLite: the same transitions over dictionaries, some ten times cheaper.

`test_quick_store` holds it against the real one: through the cloud's own routes both give the same answers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

from runner.domain import BatchStatus, JobStatus
from runner.local.rules import state_machine
from runner.local.rules.errors import UnknownThingError, WrongStateError
from runner.local.rules.records import BatchRecord, JobRecord, Page

_TICK = timedelta(microseconds=1)


class QuickStore:
    """Batches, jobs and results, with those methods of `runner.local.store.store.Store` that calls use.

    Args:
        clock: Where the time comes from.

    Attributes:
        on_jobs: Told the ids of jobs that were added.
    """

    def __init__(self, clock):
        self._clock, self.on_jobs = clock, lambda _: None
        self._numbers = count(1)
        self._records, self._jobs, self._results = {}, {}, {}
        self._newest = None

    def close(self):
        """Nothing to let go of."""

    def requeue_interrupted(self):
        """It does not outlive its process."""
        return ()

    def now(self):
        """The time of the clock."""
        return self._clock()

    # Questions

    def batch(self, batch_id):
        """A batch; UnknownThingError if there is none."""
        if batch_id not in self._records:
            raise UnknownThingError(f"There is no batch {batch_id}.")
        return self._records[batch_id]

    def job(self, job_id):
        """A job; UnknownThingError if there is none."""
        if job_id not in self._jobs:
            raise UnknownThingError(f"There is no job {job_id}.")
        return self._jobs[job_id]

    def batches(self, selection):
        """The selected batches, newest first unless the selection says otherwise."""
        return _page(self._records.values(), selection)

    def all_batches(self):
        """All batches, oldest first."""
        return list(self._records.values())

    def jobs(self, selection):
        """The selected jobs, newest first unless the selection says otherwise."""
        return _page(self._jobs.values(), selection)

    def jobs_of(self, batch_id, conditions=()):
        """A batch's jobs in the order in which they were added."""
        assert not conditions
        return tuple(job for job in self._jobs.values() if job.state.batch_id == batch_id)

    def job_ids(self, batch_id):
        """Ids of a batch's jobs in the order in which they were added."""
        return tuple(job.state.id for job in self.jobs_of(batch_id))

    def result_link(self, job_id, lifetime):
        """The end of an address of a job's result; None without a result."""
        self.job(job_id)
        return f"of-{job_id}" if job_id in self._results else None

    def result(self, link):
        """The job and its result behind a link."""
        job_id = link.removeprefix("of-")
        if job_id not in self._results:
            raise UnknownThingError("There is no such result.")
        return job_id, self._results[job_id]

    # What clients ask for

    def create(self, new):
        """Accepts a batch."""
        now = self._time()
        batch_id = self._new_id()
        batch = state_machine.created(
            batch_id, new.device_type, is_open=new.open, n_jobs=len(new.jobs), now=now
        )
        self._newest = now
        self._records[batch_id] = BatchRecord(
            state=batch,
            project_id=new.project_id,
            user_id="local",
            tags=new.tags,
            configuration=new.configuration,
            backend_configuration=new.backend_configuration,
            parent_id=new.parent_id,
            webhook=new.webhook,
            sequence=new.sequence,
        )
        self._insert(batch_id, new.jobs, now)
        return self._records[batch_id]

    def add_jobs(self, batch_id, jobs):
        """Accepts more jobs of an open batch."""
        now = self._time()
        self._save(state_machine.with_jobs(self.batch(batch_id).state, len(jobs), now))
        self._insert(batch_id, jobs, now)
        return self._records[batch_id]

    def close_batch(self, batch_id):
        """Lets a batch take no more jobs."""
        self._save(state_machine.closed(self.batch(batch_id).state, self._time()))
        return self._records[batch_id]

    def cancel_batch(self, batch_id, *, is_slow=False):
        """Cancels a batch and its pending jobs."""
        before, now = self.batch(batch_id).state, self._time()
        after = state_machine.canceled(before, now, is_slow=is_slow)
        if after != before:
            self._save(after)
            self._cancel_waiting(batch_id, now, is_slow=is_slow)
        return self._records[batch_id]

    def cancel_job(self, job_id, *, is_slow=False):
        """Cancels a pending job."""
        job = self.job(job_id).state
        self._save(
            *state_machine.job_canceled(self.batch(job.batch_id).state, job, self._time(), is_slow=is_slow)
        )
        return self._jobs[job_id]

    def set_tags(self, batch_id, tags):
        """Replaces the tags of a batch."""
        record, now = self.batch(batch_id), self._time()
        self._records[batch_id] = replace(
            record, tags=tuple(tags), state=replace(record.state, updated_at=now)
        )
        return self._records[batch_id]

    # What happens by itself

    def start(self, job_id):
        """Starts a job; False if it cannot start any more."""
        job = self.job(job_id).state
        try:
            self._save(*state_machine.job_started(self.batch(job.batch_id).state, job, self._time()))
        except WrongStateError:
            return False
        return True

    def finish(self, outcome):
        """Ends an attempt, with its result or its errors."""
        job = self.job(outcome.job_id).state
        batch = self.batch(job.batch_id).state
        after = state_machine.job_finished(batch, job, outcome.attempt, outcome.errors, self._time())
        if after is None:
            return
        self._save(*after)
        if outcome.result is not None:
            self._results[job.id] = outcome.result

    def time_out_idle(self, patience):
        """Ends every open batch that is idle for longer than patience."""
        now = self._time()
        for record in list(self._records.values()):
            after = state_machine.timed_out(record.state, now, patience)
            if after is not record.state:
                self._save(after)

    def end_canceling(self, patience):
        """Lets everything be CANCELED that is CANCELING for longer than patience."""
        now = self._time()
        for record in list(self._records.values()):
            batch = record.state
            if batch.status is BatchStatus.CANCELING and batch.updated_at <= now - patience:
                self._save(state_machine.cancel_ended(batch, now))
                self._cancel_waiting(batch.id, now)
        for job in [each.state for each in self._jobs.values()]:
            is_due = job.status is JobStatus.CANCELING and job.updated_at <= now - patience
            if is_due and self.batch(job.batch_id).state.status is not BatchStatus.CANCELING:
                self._save(*state_machine.job_cancel_ended(self.batch(job.batch_id).state, job, now))

    def pause(self, batch_id, *, is_paused):
        """Pauses or resumes a batch."""
        change = state_machine.paused if is_paused else state_machine.resumed
        self._save(change(self.batch(batch_id).state, self._time()))

    # ------------------------------------------------------------------------------------------------------

    def _time(self):
        now = self._clock()
        return now if self._newest is None else max(now, self._newest + _TICK)

    def _new_id(self):
        return f"00000000-0000-4000-8000-{next(self._numbers):012d}"

    def _save(self, batch, job=None):
        self._records[batch.id] = replace(self._records[batch.id], state=batch)
        if job is not None:
            self._jobs[job.id] = replace(self._jobs[job.id], state=job)

    def _insert(self, batch_id, jobs, now):
        owner, added = self._records[batch_id], []
        for new in jobs:
            job = state_machine.Job(
                id=self._new_id(), batch_id=batch_id, status=JobStatus.PENDING, updated_at=now
            )
            self._jobs[job.id] = JobRecord(
                state=job,
                project_id=owner.project_id,
                user_id=owner.user_id,
                created_at=now,
                order=len(self._jobs) + 1,
                runs=new.runs,
                variables=new.variables,
                parent_id=new.parent_id,
                sequence=new.sequence,
            )
            added.append(job.id)
        self.on_jobs(added)

    def _cancel_waiting(self, batch_id, now, *, is_slow=False):
        status = JobStatus.CANCELING if is_slow else JobStatus.CANCELED
        waiting = {JobStatus.PENDING} if is_slow else {JobStatus.PENDING, JobStatus.CANCELING}
        for job in self.jobs_of(batch_id):
            if job.state.status in waiting:
                after = replace(
                    job.state, status=status, updated_at=now, ended_at=job.state.ended_at if is_slow else now
                )
                self._jobs[job.state.id] = replace(job, state=after)


def _page(records, selection):
    chosen = [record for record in records if all(_fits(record, each) for each in selection.conditions)]
    if not selection.is_ascending:
        chosen.reverse()
    end = None if selection.limit is None else selection.offset + selection.limit
    return Page(tuple(chosen[selection.offset : end]), len(chosen), selection.offset)


def _fits(record, condition):
    match condition.column, condition.comparison:
        case "tag", "=":
            return any(value in record.tags for value in condition.values)
        case "batch_id", "=":
            return record.state.batch_id in condition.values
        case "project_id", "=":
            return record.project_id in condition.values
        case "id", "=":
            return record.state.id in condition.values
        case _:
            raise AssertionError(f"the quick store does not know the condition {condition}")
