"""What a person's wish to cancel an experiment means. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.domain import JobStatus
from runner.reconcile.model.actions import CancelBatch
from runner.reconcile.plan.counted_jobs import effective_status

if TYPE_CHECKING:
    from runner.domain import ObservedBatch
    from runner.reconcile.model.observation import Observation


def cancellations(observed: Observation) -> tuple[CancelBatch, ...]:
    """Every batch with something to cancel: pending jobs, or an open batch that waits for jobs.

    No mark says that we did it: what a person cancels is not bought again unasked.
    """
    return tuple(
        CancelBatch(batch_id=batch.id, reason=reason, mark="")
        for batch in observed.batches
        if (reason := _reason(batch))
    )


def _reason(batch: ObservedBatch) -> str:
    if not batch.status.is_live:
        return ""
    pending = sum(effective_status(batch.status, job.status) is JobStatus.PENDING for job in batch.jobs)
    if pending:
        return f"{pending} of its {batch.jobs_count} jobs are pending"
    return "it is open, and nothing has been added" if batch.open and not batch.jobs_count else ""
