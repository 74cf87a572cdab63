"""What is planned for an experiment in one pass, and how it stands, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.reconcile.model.actions import Action, Hold, NewJob

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from runner.strategies.standing import StrategyStanding


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
    SIGHT = "sight"
    RESULTS = "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointProgress:
    """How far one wanted job has come.

    Args:
        runs: Wanted.

        done: Runs measured. Of shots that are missing, and that the policy buys, only those there are.

        active: Runs that are pending or running.

        running: Those of them that are being measured at this moment.

        declined: Runs that a person has cancelled.

        missing: Runs that nobody has bought.

        failures: Attempts that failed.

        failed: No further attempt will be made.

        uncounted: Runs of those done that no result on record counts: it could not be had, cannot be right,
            or lacks shots.

        dropped: It failed for good, or a person cancelled it, and its strategy goes on without it.
    """

    key: str
    name: str
    runs: int
    done: int = 0
    active: int = 0
    running: int = 0
    declined: int = 0
    missing: int = 0
    failures: int = 0
    failed: bool = False
    uncounted: int = 0
    dropped: bool = False

    @property
    def falls_short(self) -> bool:
        """Whether fewer runs will be counted than wanted, although all are bought, or will be."""
        bought = self.done + self.active + self.missing
        return self.uncounted > 0 and bought - self.uncounted < self.runs

    @property
    def is_lost(self) -> bool:
        """Whether not all that is wanted will be measured, unless somebody does something about it."""
        return not self.dropped and bool(self.failed or self.declined or self.falls_short)

    @property
    def is_complete(self) -> bool:
        """Whether all that is wanted of it is measured, or it was dropped."""
        return self.status in {"DONE", "DROPPED"}

    @property
    def surplus(self) -> int:
        """Runs that are there, or under way, beyond what is wanted; negative while some are missing."""
        return self.done + self.active - self.runs

    @property
    def status(self) -> str:
        """One word for people."""
        if self.failed or self.dropped:
            return "DROPPED" if self.dropped else "FAILED"
        if self.active:
            return "ACTIVE"
        if self.missing:
            return "WANTED"
        if self.declined:
            return "CANCELED"
        if self.falls_short:
            return "PARTIAL" if self.uncounted < self.done else "NO_RESULT"
        return "DONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a plan would buy.

    Args:
        qpu_s: Estimated time on a QPU (in s); 0 on an emulator.
    """

    jobs: int = 0
    runs: int = 0
    qpu_s: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(jobs=self.jobs + other.jobs, runs=self.runs + other.runs, qpu_s=self.qpu_s + other.qpu_s)


def all_costs(costs: Iterable[Cost | None]) -> Cost | None:
    """All together; None where nothing bounds one of them."""
    bounds = list(costs)
    known = [each for each in bounds if each is not None]
    return sum(known, Cost()) if len(known) == len(bounds) else None


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

        next_cost: What the next submission costs, or one that is being made; it is part of the cost.

        until: When what is held goes on by itself; None where it does not.

        look_again_s: When there may be more to do (in s); None for never.

        under_way: Ids of the batches with jobs that are pending or running, oldest first.

        told: What the cloud says of jobs that are pending or running: why they wait, or what was lost.

        strategy: How the strategy stands that asks for the jobs; None without one, or where not all is seen.

        is_open_ended: Whether a strategy may ask for more jobs than these: it is not done, or not seen whole.
    """

    experiment: str
    actions: tuple[Action, ...]
    jobs: tuple[PointProgress, ...]
    sync: Sync
    health: Health
    differences: tuple[tuple[Difference, ...], ...] = ()
    due: tuple[NewJob, ...] = ()
    cost: Cost = field(default_factory=Cost)
    next_cost: Cost = field(default_factory=Cost)
    until: datetime | None = None
    wait_for: WaitFor = WaitFor.NOTHING
    look_again_s: float | None = None
    notes: tuple[str, ...] = ()
    under_way: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    strategy: StrategyStanding | None = None
    is_open_ended: bool = False

    @property
    def holds(self) -> tuple[Hold, ...]:
        """What a person must decide."""
        return tuple(action for action in self.actions if isinstance(action, Hold))

    @property
    def at_most(self) -> Cost | None:
        """What is bought in all as results come back, apart from retries; None where nothing bounds it."""
        stands = self.strategy
        if stands is None or stands.done or stands.halted or stands.left is None:
            return self.cost
        left = stands.left
        if left.jobs is None or left.runs is None or left.qpu_s is None:
            return None
        return Cost(jobs=left.jobs, runs=left.runs, qpu_s=left.qpu_s)

    @property
    def is_in_progress(self) -> bool:
        """Whether another pass may have something to do."""
        return any(not isinstance(a, Hold) for a in self.actions) or self.look_again_s is not None
