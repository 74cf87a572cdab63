"""The planner: what is wanted and what is seen → what to do next, and why. A pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.domain import Surplus
from runner.reconcile.model.actions import Hold
from runner.reconcile.model.plan import Plan
from runner.reconcile.plan import maintenance, status
from runner.reconcile.plan.counted_jobs import is_under_way
from runner.reconcile.plan.differences import differences
from runner.reconcile.plan.job_states import job_states
from runner.reconcile.plan.saved_plan_limits import limited
from runner.reconcile.plan.submission import next_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.reconcile.model.actions import Action
    from runner.reconcile.model.snapshot import Snapshot
    from runner.reconcile.plan.job_states import JobState
    from runner.reconcile.plan.submission import NextStep


def plan(snapshot: Snapshot) -> Plan:
    """What one pass does for one experiment; no more than is promised, where a plan was saved."""
    made = _plan(snapshot)
    return made if snapshot.promise is None else limited(snapshot, snapshot.promise, made)


def _plan(snapshot: Snapshot) -> Plan:
    wanted = job_states(snapshot)
    step = next_step(snapshot, wanted)
    actions = (
        *maintenance.records(snapshot),
        *maintenance.adoptions(snapshot),
        *maintenance.lost_tags(snapshot),
        *_changes(snapshot, wanted, step),
    )
    wait_for, look_again_s = status.waiting(snapshot, wanted, step)
    return Plan(
        experiment=snapshot.desired.name,
        actions=actions,
        jobs=tuple(state.progress for state in wanted),
        sync=status.sync(snapshot, wanted, actions),
        health=status.health(snapshot, wanted, actions),
        differences=tuple(differences(action, snapshot, wanted) for action in actions),
        due=step.due,
        cost=status.cost(snapshot.desired, step.due),
        next_cost=status.cost(snapshot.desired, step.bought),
        until=step.limit.until if step.limit else None,
        wait_for=wait_for,
        look_again_s=look_again_s,
        notes=(
            *status.notes(snapshot, wanted, step),
            *([snapshot.gaps_said] if snapshot.gaps and step.limit is None else ()),
        ),
        under_way=tuple(batch.id for batch in snapshot.current if is_under_way(batch)),
        told=status.told(snapshot),
        strategy=snapshot.observed.proposal.standing if snapshot.observed.proposal else None,
        is_open_ended=_is_open_ended(snapshot, actions, look_again_s),
    )


def _is_open_ended(snapshot: Snapshot, actions: Sequence[Action], look_again_s: float | None) -> bool:
    """Whether a strategy may ask for more: it is not done, or what is to be recorded may be confirmed."""
    if snapshot.desired.strategy is None:
        return False
    proposal, goes_on = snapshot.observed.proposal, any(not isinstance(each, Hold) for each in actions)
    return proposal is None or not proposal.is_done or goes_on or look_again_s is not None


def _changes(snapshot: Snapshot, wanted: Sequence[JobState], step: NextStep) -> Iterable[Action]:
    """What is changed on the cloud; nothing around a batch whose status nobody knows."""
    if snapshot.desired.is_removed and snapshot.desired.policy.supersede is Surplus.KEEP:
        return  # a clone of another branch may still describe it
    if snapshot.unknown:
        yield from step.actions
        return
    cancelled = (*maintenance.superseded(snapshot), *maintenance.twins(snapshot))
    yield from cancelled
    ids = {action.batch_id for action in cancelled}
    yield from maintenance.repeated(snapshot)
    yield from maintenance.pruned(snapshot, wanted, cancelled=ids)
    yield from step.actions
    yield from maintenance.closings(snapshot, wanted, cancelled=ids, is_limited=step.limit is not None)
