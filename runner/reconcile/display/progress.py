"""How far an apply has come, computed from the plans of its passes: numbers, a rate, time left. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from runner.reconcile.model.actions import AddJobs, Submit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from runner.reconcile.model.plan import Plan, PointProgress

# Over how long the rate is taken (in s); ends that came before it count while there are few after it.
_WINDOW_S: Final = 300.0
_FEW: Final = 5
# What was bought and has ended well on the cloud, whatever its result.
_MEASURED: Final = frozenset({"DONE", "PARTIAL", "NO_RESULT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Wanted jobs, each counted once.

    Args:
        wanted: Not bought yet, or not as many runs of them.

        running: At least one run of them is being measured.

        failed: No further attempt is made, or their results count fewer runs than wanted.

        cancelled: By a person.
    """

    wanted: int = 0
    pending: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def jobs(self) -> int:
        """All of them."""
        return self.ended + self.left

    @property
    def ended(self) -> int:
        """Those of which nothing more is expected."""
        return self.done + self.failed + self.cancelled

    @property
    def left(self) -> int:
        """Those that may still end."""
        return self.wanted + self.pending + self.running

    def __add__(self, other: Numbers) -> Numbers:
        return Numbers(
            wanted=self.wanted + other.wanted,
            pending=self.pending + other.pending,
            running=self.running + other.running,
            done=self.done + other.done,
            failed=self.failed + other.failed,
            cancelled=self.cancelled + other.cancelled,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One experiment.

    Args:
        changed_at: When its numbers were last seen to be others than before.

        batches: Ids of those with jobs under way.

        is_held: Whether a person must decide before it goes on.

        told: What the cloud says of its jobs under way.

        loop: Round and best so far, where a strategy asks for its jobs; as last known, where not all is seen.
    """

    numbers: Numbers
    changed_at: datetime
    batches: tuple[str, ...] = ()
    is_held: bool = False
    told: tuple[str, ...] = ()
    loop: str = ""


@dataclass(frozen=True, slots=True)
class _Ends:
    """How many jobs had ended at a moment."""

    at: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far everything has come.

    Args:
        parts: By the names of experiments, in the order in which they are applied.

        cached: Points that were measured before this apply began: nothing is bought for them.

        bought: Points that this apply has set out to buy.

        adopted: Points that it found bought, and whose jobs it took over while they were under way.

        began_at: When the first plans came.

        at: When the last ones came.
    """

    parts: Mapping[str, Part] = field(default_factory=dict)
    cached: frozenset[tuple[str, str]] = frozenset()
    bought: frozenset[tuple[str, str]] = frozenset()
    adopted: frozenset[tuple[str, str]] = frozenset()
    began_at: datetime | None = None
    at: datetime | None = None
    ends: tuple[_Ends, ...] = ()

    @property
    def numbers(self) -> Numbers:
        """Of all experiments together."""
        return sum((part.numbers for part in self.parts.values()), Numbers())

    @property
    def batches(self) -> tuple[str, ...]:
        """Ids of all batches with jobs under way, those of experiments first of which jobs are running."""
        parts = sorted(self.parts.values(), key=lambda part: not part.numbers.running)
        return tuple(batch for part in parts for batch in part.batches)

    @property
    def loops(self) -> tuple[str, ...]:
        """How each strategy stands; with the name of its experiment, where there are others."""
        known = {name: part.loop for name, part in self.parts.items() if part.loop}
        return tuple(text if len(self.parts) == 1 else f"{name}: {text}" for name, text in known.items())

    @property
    def told(self) -> tuple[str, ...]:
        """What the cloud says of jobs under way, each once."""
        return tuple(dict.fromkeys(text for part in self.parts.values() for text in part.told))


def progress_after(progress: Progress, plans: Sequence[Plan], now: datetime) -> Progress:
    """The progress after one more pass.

    Args:
        plans: Of all experiments, as they are about to be performed.
    """
    is_first = progress.began_at is None
    states = {(plan.experiment, job.key): job.status for plan in plans for job in plan.jobs}
    done = {point for point, status in states.items() if status in _MEASURED}
    active = {point for point, status in states.items() if status == "ACTIVE"}
    cached = frozenset(done) if is_first else progress.cached
    bought = progress.bought | {(plan.experiment, key) for plan in plans for key in _bought(plan)}
    found = (active if is_first else active | done) - cached - progress.bought
    seen = replace(
        progress,
        parts={plan.experiment: _part(plan, progress.parts.get(plan.experiment), now) for plan in plans},
        cached=cached,
        bought=bought,
        adopted=progress.adopted | found,
        began_at=progress.began_at or now,
        at=now,
    )
    return replace(seen, ends=_ends(progress.ends, seen.numbers.ended, now))


def _part(plan: Plan, before: Part | None, now: datetime) -> Part:
    numbers = _numbers(plan.jobs)
    is_same = before is not None and before.numbers == numbers
    return Part(
        numbers=numbers,
        changed_at=before.changed_at if before and is_same else now,
        batches=plan.under_way,
        is_held=bool(plan.holds),
        told=plan.told,
        loop=plan.strategy.brief if plan.strategy else before.loop if before else "",
    )


def _numbers(jobs: Iterable[PointProgress]) -> Numbers:
    counted = Counter("RUNNING" if t.status == "ACTIVE" and t.running else t.status for t in jobs)
    return Numbers(
        wanted=counted["WANTED"],
        pending=counted["ACTIVE"],
        running=counted["RUNNING"],
        done=counted["DONE"],
        failed=counted["FAILED"] + counted["DROPPED"] + counted["PARTIAL"] + counted["NO_RESULT"],
        cancelled=counted["CANCELED"],
    )


def _bought(plan: Plan) -> set[str]:
    """Keys of the points that a plan buys."""
    return {job.key for each in plan.actions if isinstance(each, AddJobs | Submit) for job in each.jobs}


def _ends(before: tuple[_Ends, ...], count: int, now: datetime) -> tuple[_Ends, ...]:
    """What the rate is taken from: each moment at which more had ended, as far back as is of interest."""
    known = before if before and before[-1].count == count else (*before, _Ends(now, count))
    old = sum((now - each.at).total_seconds() > _WINDOW_S for each in known)
    return known[max(0, min(old, len(known) - _FEW)) :]
