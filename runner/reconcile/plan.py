"""The planner: what is wanted and what is seen → what to do next, and why. A pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.domain import Surplus
from runner.reconcile import upkeep, verdict
from runner.reconcile.differences import differences
from runner.reconcile.plans import Plan
from runner.reconcile.scene import Scene
from runner.reconcile.submission import next_step
from runner.reconcile.tally import is_under_way, points

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from runner.domain import DesiredExperiment
    from runner.reconcile.actions import Action
    from runner.reconcile.scene import Observation, Terms
    from runner.reconcile.submission import Step
    from runner.reconcile.tally import Point


def plan(desired: DesiredExperiment, seen: Observation, terms: Terms, now: datetime) -> Plan:
    """What one pass does for one experiment.

    Args:
        now: With a time zone; the only time there is for the planner.
    """
    scene = Scene(desired, seen, terms, now)
    wanted = points(scene)
    step = next_step(scene, wanted)
    actions = (
        *upkeep.records(scene),
        *upkeep.adoptions(scene),
        *_changes(scene, wanted, step),
    )
    wait_for, look_again_s = verdict.waiting(scene, wanted, step)
    return Plan(
        experiment=desired.name,
        actions=actions,
        jobs=tuple(point.tally for point in wanted),
        sync=verdict.sync(scene, wanted, actions),
        health=verdict.health(scene, wanted, actions),
        differences=tuple(differences(action, scene, wanted) for action in actions),
        due=step.due,
        cost=verdict.cost(desired, step.due),
        next_cost=verdict.cost(desired, step.bought),
        until=step.restraint.until if step.restraint else None,
        wait_for=wait_for,
        look_again_s=look_again_s,
        notes=tuple(verdict.notes(scene, wanted, step)),
        under_way=tuple(batch.id for batch in scene.current if is_under_way(batch)),
        told=verdict.told(scene),
    )


def _changes(scene: Scene, wanted: Sequence[Point], step: Step) -> Iterable[Action]:
    """What is changed on the cloud; nothing around a batch whose status nobody knows."""
    if scene.desired.is_removed and scene.desired.policy.supersede is Surplus.KEEP:
        return  # a clone of another branch may still describe it
    if scene.unknown:
        yield from step.actions
        return
    cancelled = (*upkeep.superseded(scene), *upkeep.twins(scene))
    yield from cancelled
    ids = {action.batch_id for action in cancelled}
    yield from upkeep.repeated(scene)
    yield from upkeep.pruned(scene, wanted, cancelled=ids)
    yield from step.actions
    yield from upkeep.closings(scene, wanted, cancelled=ids, restrained=step.restraint is not None)
