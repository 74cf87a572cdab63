"""Which pending jobs may start: a decision over a snapshot of the queues, one queue a device type.

Emulators (`EMU_…`) run jobs of all batches at once, in the order in which they were added. Any other device
is one machine: it serves one batch at a time in the order of their creation, one job after the other, and a
batch that was started keeps it until it is terminal, also while it is open with nothing to run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A pending job of a live batch.

    Args:
        order: Grows with every job that was added to the cloud.
    """

    job_id: str
    batch_id: str
    batch_created_at: datetime
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceQueue:
    """What waits for one device type.

    Args:
        n_running: Jobs that run on it now, of whatever batch.

        holder: The live batch that was started on it; only asked of a device that is one machine.

        waiting: Pending jobs; those that cannot be among the next ones may be left out.
    """

    device_type: str
    n_running: int = 0
    holder: str | None = None
    waiting: tuple[Waiting, ...] = ()


def is_exclusive(device_type: str) -> bool:
    """Whether the device serves one batch at a time."""
    return not device_type.startswith("EMU_")


def without(
    queues: Iterable[DeviceQueue], device_types: Container[str], batch_ids: Container[str]
) -> tuple[DeviceQueue, ...]:
    """The queues without these devices, and without what waits in these batches."""
    return tuple(
        replace(queue, waiting=tuple(each for each in queue.waiting if each.batch_id not in batch_ids))
        for queue in queues
        if queue.device_type not in device_types
    )


def startable(queues: Iterable[DeviceQueue], free: int) -> tuple[str, ...]:
    """Ids of the jobs that start now, in the order in which they were added.

    Args:
        queues: One for each device type.

        free: How many more jobs the engine takes.
    """
    candidates = [waiting for queue in queues for waiting in _next(queue)]
    candidates.sort(key=lambda waiting: waiting.order)
    return tuple(waiting.job_id for waiting in candidates[: max(free, 0)])


def _next(queue: DeviceQueue) -> tuple[Waiting, ...]:
    if not is_exclusive(queue.device_type):
        return queue.waiting
    if queue.n_running:
        return ()
    mine = [each for each in queue.waiting if queue.holder in (None, each.batch_id)]
    return tuple(sorted(mine, key=lambda each: (each.batch_created_at, each.order))[:1])
