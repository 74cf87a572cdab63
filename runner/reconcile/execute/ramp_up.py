"""How fast purchases are made: slowly at first, so that a mistake costs one batch. Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import compress
from typing import TYPE_CHECKING

from runner.reconcile.model.actions import AddJobs, Claim, Submit
from runner.reconcile.model.plan import Cost, WaitFor

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from runner.reconcile.model.actions import Action
    from runner.reconcile.model.plan import Plan

FIRST = 1


def paced(plans: Sequence[Plan], allowance: int) -> list[Plan]:
    """The plans with no more purchases than allowed: the first ones; the others come in later passes.

    Args:
        allowance: How many batches may be bought in this pass.
    """
    kept = []
    for plan in plans:
        kept.append(plan if allowance > 0 else _kept(plan, [not _buys(each) for each in plan.actions]))
        allowance -= purchases(kept[-1].actions)
    return kept


def without_later_rounds(plan: Plan, wanted: Collection[str] | None) -> Plan:
    """The plan without what is bought, or claimed, for jobs that were not wanted before.

    Args:
        wanted: Keys of the jobs that were, as those of a strategy's rounds so far; None for any.
    """
    if wanted is None:
        return plan
    are_kept = [
        not isinstance(each, Claim | AddJobs | Submit) or all(job.key in wanted for job in each.jobs)
        for each in plan.actions
    ]
    if all(are_kept):
        return plan
    kept = _kept(plan, are_kept)
    return replace(kept, due=(), cost=Cost(), next_cost=Cost(), wait_for=WaitFor.NOTHING, look_again_s=0.0)


def _kept(plan: Plan, are_kept: Sequence[bool]) -> Plan:
    return replace(
        plan,
        actions=tuple(compress(plan.actions, are_kept)),
        differences=tuple(compress(plan.differences, are_kept)),
    )


def next_allowance(allowance: int, plans: Iterable[Plan], *, all_answered: bool) -> int:
    """How many batches the next pass may buy: twice as many once as many were accepted.

    Args:
        plans: What was performed.

        all_answered: Every purchase so far was accepted.
    """
    if not all_answered:
        return FIRST
    bought = sum(purchases(plan.actions) for plan in plans)
    return 2 * allowance if bought >= allowance else allowance


def purchases(actions: Iterable[Action]) -> int:
    """How many batches some actions buy."""
    return sum(map(_buys, actions))


def _buys(action: Action) -> bool:
    return isinstance(action, AddJobs | Submit)
