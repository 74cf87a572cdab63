"""The planner: what is wanted and what is seen → what to do next, and why. A pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.domain import Surplus
from runner.reconcile.model.plan import Plan
from runner.reconcile.model.snapshot import Scene
from runner.reconcile.plan import maintenance, status
from runner.reconcile.plan.counted_jobs import is_under_way
from runner.reconcile.plan.differences import differences
from runner.reconcile.plan.job_states import job_states
from runner.reconcile.plan.submission import next_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from runner.domain import DesiredExperiment
    from runner.reconcile.model.actions import Action
    from runner.reconcile.model.snapshot import Observation, TargetSettings
    from runner.reconcile.plan.job_states import JobState
    from runner.reconcile.plan.submission import Step


def plan(desired: DesiredExperiment, seen: Observation, settings: TargetSettings, now: datetime) -> Plan:
    """What one pass does for one experiment.

    Args:
        now: With a time zone; the only time there is for the planner.
    """
    scene = Scene(desired, seen, settings, now)
    wanted = job_states(scene)
    step = next_step(scene, wanted)
    actions = (
        *maintenance.records(scene),
        *maintenance.adoptions(scene),
        *_changes(scene, wanted, step),
    )
    wait_for, look_again_s = status.waiting(scene, wanted, step)
    return Plan(
        experiment=desired.name,
        actions=actions,
        jobs=tuple(state.progress for state in wanted),
        sync=status.sync(scene, wanted, actions),
        health=status.health(scene, wanted, actions),
        differences=tuple(differences(action, scene, wanted) for action in actions),
        due=step.due,
        cost=status.cost(desired, step.due),
        next_cost=status.cost(desired, step.bought),
        until=step.limit.until if step.limit else None,
        wait_for=wait_for,
        look_again_s=look_again_s,
        notes=tuple(status.notes(scene, wanted, step)),
        under_way=tuple(batch.id for batch in scene.current if is_under_way(batch)),
        told=status.told(scene),
    )


def _changes(scene: Scene, wanted: Sequence[JobState], step: Step) -> Iterable[Action]:
    """What is changed on the cloud; nothing around a batch whose status nobody knows."""
    if scene.desired.is_removed and scene.desired.policy.supersede is Surplus.KEEP:
        return  # a clone of another branch may still describe it
    if scene.unknown:
        yield from step.actions
        return
    cancelled = (*maintenance.superseded(scene), *maintenance.twins(scene))
    yield from cancelled
    ids = {action.batch_id for action in cancelled}
    yield from maintenance.repeated(scene)
    yield from maintenance.pruned(scene, wanted, cancelled=ids)
    yield from step.actions
    yield from maintenance.closings(scene, wanted, cancelled=ids, is_limited=step.limit is not None)
