"""How fast purchases are made: slowly at first, so that a mistake costs one batch. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runner.reconcile.model.actions import AddJobs, Submit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
        kept.append(plan if allowance > 0 else _without_purchases(plan))
        allowance -= purchases(kept[-1].actions)
    return kept


def _without_purchases(plan: Plan) -> Plan:
    places = [place for place, action in enumerate(plan.actions) if not _buys(action)]
    return replace(
        plan,
        actions=tuple(plan.actions[place] for place in places),
        differences=tuple(plan.differences[place] for place in places),
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
