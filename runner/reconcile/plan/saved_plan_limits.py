"""What a saved plan permits: every pass under it is cut down to what it names. Pure.

Buying takes several passes (claim, settle, add, close), so a saved plan cannot be a list of requests. What it
promises is its cost: each key's jobs and runs are bought at most once, whatever happens on the way. Nothing
is cancelled, closed or shut that it does not name, but for batches that were made while carrying it out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from runner.domain import JobStatus
from runner.reconcile.model.actions import AddJobs, CancelBatch, CancelJobs, Claim, CloseBatch, Fence, Submit
from runner.reconcile.model.entries import RequestKind, State
from runner.reconcile.model.plan import WaitFor
from runner.reconcile.model.tags import SHORT, read_marks
from runner.reconcile.plan import status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.reconcile.model.actions import Action, NewJob
    from runner.reconcile.model.observation import Observation
    from runner.reconcile.model.plan import Difference, Plan, PointProgress
    from runner.reconcile.model.saved_plan import SavedExperiment
    from runner.reconcile.model.snapshot import Snapshot

# Waits that lead to purchases, and to nothing when there are none.
_ENDLESS: Final = frozenset({WaitFor.BACKOFF, WaitFor.DEPENDENCY})


@dataclass(frozen=True, slots=True)
class Amounts:
    """Remote jobs, and their runs, by key."""

    jobs: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, some: Iterable[tuple[str, int]]) -> Amounts:
        """The sum of remote jobs, each as its key and runs."""
        total = cls()
        for key, runs in some:
            total.jobs[key] += 1
            total.runs[key] += runs
        return total

    def less(self, other: Amounts) -> Amounts:
        """What is left; never below zero."""
        return Amounts(self.jobs - other.jobs, self.runs - other.runs)

    def allows(self, job: NewJob) -> bool:
        """Whether the job fits in."""
        return self.jobs[job.key] >= 1 and self.runs[job.key] >= job.runs


def promised(saved: SavedExperiment) -> Amounts:
    """What the saved plan buys."""
    return Amounts.of((job.key, job.runs) for job in saved.due)


def spent(saved: SavedExperiment, observed: Observation) -> Amounts:
    """What was bought since the plan was saved, by whomever.

    What was accepted and cannot be seen yet counts as bought, as does a direct submission of which nobody
    knows whether it was accepted. What we have cancelled ourselves does not count.
    """
    known = saved.world.jobs.keys() | saved.world.recorded.keys()
    there = dict([*_recorded(saved, observed), *_observed(saved, observed)])
    bought = [amount for job_id, amount in there.items() if job_id not in known]
    return Amounts.of([*bought, *_unseen(saved, observed)])


def _recorded(saved: SavedExperiment, observed: Observation) -> Iterator[tuple[str, tuple[str, int]]]:
    reruns = _reruns(saved)
    for job in observed.recorded:
        if _is_of(saved, job.recipe) and reruns.get(job.key) == job.rerun:
            yield job.id, (job.key, job.runs)


def _observed(saved: SavedExperiment, observed: Observation) -> Iterator[tuple[str, tuple[str, int]]]:
    reruns = _reruns(saved)
    for batch in observed.batches:
        marks = read_marks(batch.tags)
        if _is_of(saved, marks.recipe):
            for job in batch.jobs:
                is_cancelled_by_us = marks.is_ours(job.id) and job.status is JobStatus.CANCELED
                if reruns.get(job.key) == marks.rerun and not is_cancelled_by_us:
                    yield job.id, (job.key, job.runs)


def _is_of(saved: SavedExperiment, recipe: str) -> bool:
    """Whether work was bought for what the plan is about."""
    return bool(saved.desired["recipe"][:SHORT] == recipe)


def _reruns(saved: SavedExperiment) -> dict[str, int]:
    """Rerun counter of each job that the plan is about, by its key."""
    return {job["key"]: job.get("rerun", 0) for job in saved.desired["jobs"].values()}


def _unseen(saved: SavedExperiment, observed: Observation) -> Iterator[tuple[str, int]]:
    """Purchases that only the journal knows of."""
    shown = {job.batch_id for job in observed.recorded} | {b.id for b in observed.batches if b.jobs_count}
    landed = {read_marks(batch.tags).claim for batch in observed.batches}
    for entry in observed.entries:
        if str(entry.seq) in saved.world.journal or entry.kind is RequestKind.CLAIM:
            continue
        hidden = entry.state is State.ACCEPTED and entry.batch_id not in shown
        lost = entry.kind is RequestKind.SUBMIT and not entry.state.is_clear and entry.claim not in landed
        if hidden or lost:
            yield from entry.jobs


def limited(snapshot: Snapshot, saved: SavedExperiment, planned: Plan) -> Plan:
    """A pass's plan, cut down to what a saved plan permits."""
    cut = permitted(planned, saved, spent(saved, snapshot.observed))
    bought = tuple(job for a in cut.actions if isinstance(a, (Claim, AddJobs, Submit)) for job in a.jobs)
    cost = status.cost(snapshot.desired, bought)
    # A submission that waits was cut when it was claimed; it is counted in full while nobody can tell.
    return replace(
        cut,
        due=bought,
        cost=cost,
        next_cost=cost if cut.wait_for is not WaitFor.SUBMISSION else cut.next_cost,
    )


def permitted(planned: Plan, saved: SavedExperiment, bought: Amounts) -> Plan:
    """The plan with only those actions that the saved one permits, and notes of what was left out.

    Args:
        bought: What was bought since the plan was saved, see `spent`.
    """
    left = promised(saved).less(bought)
    kept: list[Action] = []
    causes: list[tuple[Difference, ...]] = []
    notes = [*_unbought(planned.jobs, left)]
    for action, cause in zip(planned.actions, planned.differences, strict=True):
        allowed = _allowed(action, saved, left)
        if allowed:
            kept.append(allowed)
            causes.append(cause)
        elif not isinstance(action, (Claim, AddJobs, Submit)):
            notes.append(f"not in the saved plan, so left out: {_said(action)}")
    over = planned.wait_for in _ENDLESS and not _awaits(planned.jobs, left)
    wait_for, look_again_s = (WaitFor.NOTHING, None) if over else (planned.wait_for, planned.look_again_s)
    return replace(
        planned,
        actions=tuple(kept),
        differences=tuple(causes),
        notes=(*planned.notes, *notes),
        wait_for=wait_for,
        look_again_s=look_again_s,
    )


def _awaits(jobs: Iterable[PointProgress], left: Amounts) -> bool:
    """Whether jobs are under way, or may still be bought."""
    return any(job.active or (job.missing and left.jobs[job.key]) for job in jobs)


def _allowed(action: Action, saved: SavedExperiment, left: Amounts) -> Action | None:
    """The action, or as much of it as is permitted; None for nothing."""
    match action:
        case Claim() | AddJobs() | Submit():
            return _affordable(action, left)
        case CancelJobs():
            named = {job_id for each in saved.actions for job_id in each.job_ids}
            job_ids = tuple(job_id for job_id in action.job_ids if job_id in named)
            return replace(action, job_ids=job_ids) if job_ids else None
        case CancelBatch():
            return action if action.batch_id in _named(saved, "CancelBatch") else None
        case Fence() | CloseBatch():
            is_new = action.batch_id not in saved.world.batches
            return action if is_new or action.batch_id in _named(saved) else None
    return action  # it records, adopts or tags, which costs nothing, or asks a person


def _affordable(action: Claim | AddJobs | Submit, left: Amounts) -> Action | None:
    jobs, ended = [], set()  # points whose chain of repetitions has ended: a later one would be miscounted
    for job in action.jobs:
        if left.allows(job) and job.point not in ended:
            left = left.less(Amounts.of([(job.key, job.runs)]))
            jobs.append(job)
        elif job.point:
            ended.add(job.point)
    if len(jobs) == len(action.jobs):
        return action
    reason = f"{len(jobs)} of the {len(action.jobs)} jobs that are wanted are in the saved plan"
    return replace(action, jobs=tuple(jobs), reason=reason) if jobs else None


def _named(saved: SavedExperiment, *kinds: str) -> set[str | None]:
    """Batches that actions of some kinds name; of any kind when none is said."""
    return {action.batch_id for action in saved.actions if not kinds or action.action in kinds}


def _unbought(jobs: Iterable[PointProgress], left: Amounts) -> Iterator[str]:
    for job in jobs:
        beyond = job.missing - left.runs[job.key]
        if beyond > 0:
            why = "the retry of a failed job is" if job.failures else "they are"
            yield f"{job.name}: {beyond} runs are missing and not bought: {why} not in the saved plan"


def _said(action: Action) -> str:
    return f"{type(action).__name__} {getattr(action, 'batch_id', '')}: {action.reason}"
