"""Which experiment waits for which. Pure."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from runner.reconcile.model.observation import Dependency

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from runner.domain import DesiredExperiment
    from runner.reconcile.model.plan import Plan


def in_order(wanted: Iterable[DesiredExperiment]) -> list[DesiredExperiment]:
    """The experiments, each after those that it depends on; where they form a circle, as they come."""
    by_name = {each.name: each for each in wanted}
    behind = {name: [n for n in each.policy.depends_on if n in by_name] for name, each in by_name.items()}
    try:
        return [by_name[name] for name in TopologicalSorter(behind).static_order()]
    except CycleError:
        return list(by_name.values())


def dependencies(
    desired: DesiredExperiment, plans: Mapping[str, Plan], applied: Collection[str]
) -> tuple[Dependency, ...]:
    """What is known of the experiments that one depends on.

    Args:
        plans: Those made so far, by experiment.

        applied: Experiments that are being applied, and not only looked at.
    """
    return tuple(
        Dependency(
            name=name,
            is_complete=name in plans and is_complete(plans[name]),
            is_under_way=name in plans and is_under_way(plans[name], is_applied=name in applied),
        )
        for name in desired.policy.depends_on
    )


def is_complete(plan: Plan) -> bool:
    """Whether all that is wanted is measured; a strategy goes on without what it has dropped.

    While it may ask for more, that all jobs so far are measured says nothing: another round follows once they
    are on record, and of a round that is not seen whole no job is known.
    """
    return not plan.is_open_ended and all(
        job.dropped or (job.done >= job.runs and not job.falls_short) for job in plan.jobs
    )


def is_under_way(plan: Plan, *, is_applied: bool) -> bool:
    """Whether an experiment may become complete without anybody's doing."""
    if any(job.active for job in plan.jobs):
        return True
    return is_applied and not plan.holds and plan.is_in_progress
