"""What ends batches: closes, fences and cancels them, and says on each whose wish that is."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from runner.domain import JobStatus
from runner.errors import ConflictError, InvalidPayloadError, NotFoundError
from runner.reconcile.model import tags

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.cloud import Payload
    from runner.reconcile.context import Context
    from runner.reconcile.model.actions import CancelBatch, CancelJobs, CloseBatch, Fence, RestoreTags
    from runner.reconcile.model.snapshot import Snapshot

# What a change meets that has already happened, or that comes too late.
_TOO_LATE: Final = (ConflictError, InvalidPayloadError, NotFoundError)
_CANCELLED: Final = frozenset({JobStatus.CANCELED, JobStatus.CANCELING})


class Endings:
    """Ends batches of ours; what has already happened, or comes too late, is for the next pass to see."""

    def __init__(self, context: Context) -> None:
        self._client, self._memory = context.client, context.memory

    def fence(self, snapshot: Snapshot, action: Fence) -> None:
        """Lets nothing more come to a batch; what has jobs is closed, and a mere claim cancelled as ours."""
        if action.holds_jobs:
            self._shut(lambda: self._client.close_batch(action.batch_id))
            return
        self._mark(snapshot, action.batch_id, tags.FENCED)
        self._shut(lambda: self._client.cancel_batch(action.batch_id))

    def close(self, snapshot: Snapshot, action: CloseBatch) -> None:
        """Closes a batch: no more jobs come to it."""
        del snapshot
        self._shut(lambda: self._client.close_batch(action.batch_id))

    def cancel_batch(self, snapshot: Snapshot, action: CancelBatch) -> None:
        """Cancels what is pending of a batch, as ours or as a person's wish."""
        if action.mark:
            self._mark(snapshot, action.batch_id, action.mark)
        else:
            self._decline(snapshot, action.batch_id)
        self._shut(lambda: self._client.cancel_batch(action.batch_id))

    def cancel_jobs(self, snapshot: Snapshot, action: CancelJobs) -> None:
        """Cancels some pending jobs as ours."""
        self._mark(snapshot, action.batch_id, tags.PRUNED)
        for job_id in action.job_ids:
            with suppress(*_TOO_LATE):
                self._client.cancel_job(job_id)

    def restore_tags(self, snapshot: Snapshot, action: RestoreTags) -> None:
        """Puts our tags on a batch again, beside those that it has now."""
        batch = snapshot.batch(action.batch_id)
        if batch is not None:
            self._client.set_batch_tags(batch.id, batch.tags)
            self._remember(batch.id, self._memory.lost_tags(batch.id))

    def _mark(self, snapshot: Snapshot, batch_id: str, mark: str) -> None:
        """Says on the batch why it is cancelled, before it is: else it would look like a person's wish.

        What is cancelled before that was a person's, and stays so.
        """
        batch = snapshot.batch(batch_id)
        before = batch.tags if batch else ()
        marks = tags.read_marks(before)
        claims = {entry.claim for entry in snapshot.observed.entries}
        is_others = mark != tags.FENCED and marks.claim not in claims
        said = tags.cancelling_tags(mark, snapshot.commit if is_others else "")
        if batch and not marks.cancelled_by_us:
            said += tags.declined_tags(job.id for job in batch.jobs if job.status in _CANCELLED)
        if mark in before:
            self._remember(batch_id, said)
        else:
            self._say(batch_id, before, said)

    def _decline(self, snapshot: Snapshot, batch_id: str) -> None:
        """Says on a batch in which we have cancelled work that a person cancels what is left of it."""
        batch = snapshot.batch(batch_id)
        if batch and tags.read_marks(batch.tags).cancelled_by_us:
            pending = (job.id for job in batch.jobs if job.status is JobStatus.PENDING)
            self._say(batch_id, batch.tags, tags.declined_tags(pending))

    def _say(self, batch_id: str, before: Sequence[str], said: Sequence[str]) -> None:
        """Puts more tags on a batch."""
        self._client.set_batch_tags(batch_id, tags.joined_tags(before, said))
        self._remember(batch_id, said)

    def _remember(self, batch_id: str, said: Sequence[str]) -> None:
        for tag in said:
            self._memory.mark(batch_id, tag)

    def _shut(self, shut: Callable[[], Payload]) -> None:
        """Shuts a batch; what has already happened, or comes too late, is for the next pass to see."""
        with suppress(*_TOO_LATE):
            self._memory.hear(shut() | {"open": False})
