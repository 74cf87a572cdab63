"""Which pending jobs may start: a decision over a snapshot of the queues, one queue a device type.

Emulators (`EMU_…`) run jobs of all batches at once, in the order in which they were added. Any other device
is one machine: it serves one batch at a time in the order of their creation, one job after the other, and a
batch that was started keeps it until it is terminal, also while it is open with nothing to run.

These orders hold within a project. Between projects it is a matter of turns: that one is served next of which
fewest jobs run, and among equals the one that was served longest ago. Long jobs do not get every worker: what
is behind them goes before them, while as many run as may.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A pending job of a live batch.

    Args:
        order: Grows with every job that was added to the cloud.

        is_long: Whether it will keep a worker for long.
    """

    job_id: str
    batch_id: str
    batch_created_at: datetime
    order: int
    project_id: str = ""
    is_long: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectLine:
    """How many jobs of a project wait for a device type, and run on it."""

    project_id: str
    device_type: str
    pending: int
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What projects have had; one that is not named has had nothing.

    Args:
        running: How many of their jobs run now.

        turns: The number of the last job of each that was started; it grows from start to start.
    """

    running: Mapping[str, int] = field(default_factory=dict)
    turns: Mapping[str, int] = field(default_factory=dict)

    def with_start(self, project_id: str) -> Shares:
        """The shares after one more job of a project was started."""
        return Shares(
            running={**self.running, project_id: self.running.get(project_id, 0) + 1},
            turns={**self.turns, project_id: max(self.turns.values(), default=0) + 1},
        )

    def rank(self, waiting: Waiting) -> tuple[int, int, int]:
        """Whose job is the next one: that with the lowest rank."""
        project_id = waiting.project_id
        return self.running.get(project_id, 0), self.turns.get(project_id, 0), waiting.order


NOTHING_SHARED = Shares()


def is_exclusive(device_type: str) -> bool:
    """Whether the device serves one batch at a time."""
    return not device_type.startswith("EMU_")


def without(
    queues: Iterable[DeviceQueue],
    device_types: Container[str],
    batch_ids: Container[str],
    job_ids: Container[str] = (),
) -> tuple[DeviceQueue, ...]:
    """The queues without these devices, without what waits in these batches, and without these jobs."""
    return tuple(
        replace(
            queue,
            waiting=tuple(
                each
                for each in queue.waiting
                if each.batch_id not in batch_ids and each.job_id not in job_ids
            ),
        )
        for queue in queues
        if queue.device_type not in device_types
    )


@dataclass(frozen=True, slots=True)
class FreeWorkers:
    """How many more jobs may be started.

    Args:
        free: In all.

        free_for_long: Of them, long ones.
    """

    free: int
    free_for_long: int

    def has(self, waiting: Waiting) -> bool:
        """Whether there is room for this one."""
        return self.free > 0 and (self.free_for_long > 0 or not waiting.is_long)

    def without(self, waiting: Waiting) -> FreeWorkers:
        """The room that this one leaves."""
        return FreeWorkers(self.free - 1, self.free_for_long - waiting.is_long)


def startable(
    queues: Iterable[DeviceQueue], room: FreeWorkers, shares: Shares = NOTHING_SHARED
) -> tuple[Waiting, ...]:
    """The jobs that start now, one after the other.

    Args:
        queues: One for each device type.

        room: How many more jobs the engine takes.

        shares: What projects have had so far.
    """
    lines = [line for queue in queues for line in _lines(queue)]
    started: list[Waiting] = []
    while ready := [line for line in lines if line.jobs and room.has(line.jobs[0])]:
        line = min(ready, key=lambda line: shares.rank(line.jobs[0]))
        first, *behind = line.jobs
        started.append(first)
        shares, room = shares.with_start(first.project_id), room.without(first)
        lines = [_after(each, line, behind) for each in lines]
    return tuple(started)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """What waits of one project for one device, long or short, in its order."""

    device_type: str
    jobs: Sequence[Waiting]


def _after(line: _Line, served: _Line, behind: Sequence[Waiting]) -> _Line:
    """A line after the first job of a line was started: a machine takes no other one beside it."""
    if is_exclusive(served.device_type):
        return replace(line, jobs=()) if line.device_type == served.device_type else line
    return replace(line, jobs=behind) if line is served else line


def _lines(queue: DeviceQueue) -> Iterator[_Line]:
    jobs_of: dict[tuple[str, bool], list[Waiting]] = {}
    for each in _in_order(queue):
        # Of a machine the next job is the next one, however long it is.
        is_apart = each.is_long and not is_exclusive(queue.device_type)
        jobs_of.setdefault((each.project_id, is_apart), []).append(each)
    for jobs in jobs_of.values():
        yield _Line(device_type=queue.device_type, jobs=jobs)


def _in_order(queue: DeviceQueue) -> list[Waiting]:
    if not is_exclusive(queue.device_type):
        return sorted(queue.waiting, key=lambda each: each.order)
    if queue.n_running:
        return []
    mine = [each for each in queue.waiting if queue.holder in {None, each.batch_id}]
    return sorted(mine, key=lambda each: (each.batch_created_at, each.order))
