"""What waits and why: our batches by device type in their order, open batches, and what the devices are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.dashboard.pages.figures import moment
from runner.domain import JobStatus
from runner.domain.json_values import plain
from runner.project.cache.device_specs import age_said
from runner.reconcile.plan.counted_jobs import effective_status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.dashboard.sight import Sight
    from runner.domain import ObservedBatch
    from runner.reconcile import Snapshot


def queue(sight: Sight) -> dict[str, Any]:
    """What the page of the queue shows."""
    batches = sorted(_batches(sight), key=lambda each: (each["device_type"], each["created_at"]))
    return {
        "batches": batches,
        "waits": [*_waits(sight)],
        "devices": [{**each, "age": age_said(float(str(each["age_s"])))} for each in sight.devices],
        "device_changes": [plain(each) for each in sight.device_changes],
        "load": plain(sight.load),
    }


def _batches(sight: Sight) -> Iterator[dict[str, Any]]:
    """Batches of ours that are not over, the oldest first."""
    for name, planned in sight.planned.items():
        snapshot = planned.snapshot
        for batch in snapshot.observed.batches:
            if not batch.status.is_live:
                continue
            states = [effective_status(batch.status, job.status) for job in batch.jobs]
            yield {
                "id": batch.id,
                "experiment": name,
                "device_type": snapshot.desired.device_type,
                "status": str(batch.status),
                "pending": states.count(JobStatus.PENDING),
                "running": states.count(JobStatus.RUNNING),
                "ended": sum(state.is_terminal for state in states),
                "created_at": moment(batch.created_at),
                "open": batch.open,
                "idle_s": round(snapshot.idle_s(batch), 1) if batch.open else None,
                "held_by": _holder(snapshot, batch) if batch.open else "",
            }


def _holder(snapshot: Snapshot, batch: ObservedBatch) -> str:
    """Whose an open batch is: it keeps its device."""
    return "this checkout" if snapshot.creation(batch) else "another machine"


def _waits(sight: Sight) -> Iterator[dict[str, Any]]:
    """Why nothing is bought, or what is waited for, in words, of each experiment that is not at its end."""
    for name, planned in sorted(sight.planned.items()):
        plan = planned.plan
        reasons = [*(hold.reason for hold in plan.holds), *plan.told, *plan.notes]
        if plan.look_again_s is None and not plan.holds:
            continue
        yield {"experiment": name, "waits_for": str(plan.wait_for), "reasons": reasons}
