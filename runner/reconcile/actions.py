"""What a pass may do, as data: every action with its reason in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be bought.

    Args:
        rerun: Counter that it is bought by; the same for all jobs of a batch.
    """

    key: str
    name: str
    runs: int
    attempt: int
    variables: Mapping[str, Any] = field(default_factory=dict)
    rerun: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedJob:
    """A job whose end is to be recorded."""

    id: str
    key: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Create an open batch without jobs; it costs nothing and leads to buying `jobs`."""

    submission: str
    jobs: tuple[NewJob, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddJobs:
    """Buy: add all jobs to our open batch with one POST."""

    batch_id: str
    jobs: tuple[NewJob, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Buy at once: create a closed batch with all its jobs with one POST."""

    submission: str
    jobs: tuple[NewJob, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Take a batch as ours whose creation was never confirmed to us."""

    batch_id: str
    claim: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """Shut a batch so that a request that is still under way is refused."""

    batch_id: str
    holds_jobs: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseBatch:
    """Add nothing more to an open batch."""

    batch_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJobs:
    """Cancel pending jobs that the file no longer asks for."""

    batch_id: str
    job_ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelBatch:
    """Cancel the pending jobs of a batch that the file no longer asks for.

    Args:
        mark: Tag that says why, put on the batch first; empty when a person asked.
    """

    batch_id: str
    reason: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordResults:
    """Write down how jobs ended."""

    batch_id: str
    jobs: tuple[EndedJob, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Do nothing until a person has decided."""

    reason: str
    how: str


Action = (
    Claim | AddJobs | Submit | Adopt | Fence | CloseBatch | CancelJobs | CancelBatch | RecordResults | Hold
)


class Sync(StrEnum):
    """Whether the cloud holds what the file asks for."""

    SYNCED = "Synced"
    OUT_OF_SYNC = "OutOfSync"
    UNKNOWN = "Unknown"


class Health(StrEnum):
    """How the experiment is."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    SUSPENDED = "Suspended"
    MISSING = "Missing"
    DEGRADED = "Degraded"
    UNKNOWN = "Unknown"


class WaitFor(StrEnum):
    """What a plan without further actions is waiting for."""

    NOTHING = "nothing"
    JOBS = "jobs"
    BACKOFF = "backoff"
    DEPENDENCY = "dependency"
    SUBMISSION = "submission"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTally:
    """How far one wanted job has come.

    Args:
        runs: Wanted.

        done: Runs measured.

        active: Runs that are pending or running.

        declined: Runs that a person has cancelled.

        missing: Runs that nobody has bought.

        failures: Attempts that failed.

        failed: No further attempt will be made.
    """

    key: str
    name: str
    runs: int
    done: int = 0
    active: int = 0
    declined: int = 0
    missing: int = 0
    failures: int = 0
    failed: bool = False

    @property
    def surplus(self) -> int:
        """Runs that are there, or under way, beyond what is wanted; negative while some are missing."""
        return self.done + self.active - self.runs

    @property
    def status(self) -> str:
        """One word for people."""
        if self.failed:
            return "FAILED"
        if self.active:
            return "ACTIVE"
        if self.missing:
            return "WANTED"
        return "CANCELED" if self.declined else "DONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a plan would buy.

    Args:
        qpu_s: Estimated time on a QPU (in s); 0 on an emulator.
    """

    jobs: int = 0
    runs: int = 0
    qpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which the world is not as it is wanted.

    Args:
        subject: The field, as a path with dots.
    """

    subject: str
    have: object
    want: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one pass would do for one experiment.

    Args:
        differences: What caused each of the actions, in their order.

        due: Everything that is bought from here: by these actions or, of a split sweep, by those after them.

        cost: What that costs.

        look_again_s: When there may be more to do (in s); None for never.
    """

    experiment: str
    actions: tuple[Action, ...]
    jobs: tuple[JobTally, ...]
    sync: Sync
    health: Health
    differences: tuple[tuple[Difference, ...], ...] = ()
    due: tuple[NewJob, ...] = ()
    cost: Cost = field(default_factory=Cost)
    wait_for: WaitFor = WaitFor.NOTHING
    look_again_s: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def holds(self) -> tuple[Hold, ...]:
        """What a person must decide."""
        return tuple(action for action in self.actions if isinstance(action, Hold))

    @property
    def is_in_progress(self) -> bool:
        """Whether another pass may have something to do."""
        return any(not isinstance(a, Hold) for a in self.actions) or self.look_again_s is not None
