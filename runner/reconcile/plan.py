"""The planner: what is wanted and what is seen → what to do next, and why. A pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.reconcile import upkeep, verdict
from runner.reconcile.actions import Plan
from runner.reconcile.scene import Scene
from runner.reconcile.submission import next_step
from runner.reconcile.tally import points

if TYPE_CHECKING:
    from datetime import datetime

    from runner.domain import DesiredExperiment
    from runner.reconcile.scene import Observation, Terms


def plan(desired: DesiredExperiment, seen: Observation, terms: Terms, now: datetime) -> Plan:
    """What one pass does for one experiment.

    Args:
        now: With a time zone; the only time there is for the planner.
    """
    scene = Scene(desired, seen, terms, now)
    wanted = points(scene)
    step = next_step(scene, wanted)
    cancelled = (*upkeep.superseded(scene), *upkeep.twins(scene))
    actions = (
        *upkeep.records(scene),
        *upkeep.adoptions(scene),
        *cancelled,
        *upkeep.pruned(scene, wanted),
        *step.actions,
        *upkeep.closings(scene, wanted, {action.batch_id for action in cancelled}),
    )
    wait_for, look_again_s = verdict.waiting(scene, wanted, step)
    return Plan(
        experiment=desired.name,
        actions=actions,
        jobs=tuple(point.tally for point in wanted),
        sync=verdict.sync(scene, wanted, actions),
        health=verdict.health(scene, wanted, actions),
        cost=verdict.cost(desired, actions),
        wait_for=wait_for,
        look_again_s=look_again_s,
        notes=tuple(verdict.notes(scene, wanted)),
    )
