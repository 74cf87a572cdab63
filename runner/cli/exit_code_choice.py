"""The exit code for what an apply, a look of sync, a plan, or the results shown came to.

Errors are told and counted in `main`; the codes themselves are `Exit`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.cli.exit_codes import Exit
from runner.cli.render.shortfall import say_shortfall, shortfall
from runner.reconcile import End, WaitFor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.project.api import Declared
    from runner.reconcile import Outcome, Plan
    from runner.results.analysis.job_result import MeasuredJob

# What may hold at the end of a verb; the first that does is its exit code.
_CODES: Final = {
    "is_wrong": Exit.ERROR,
    "is_held": Exit.HELD,
    "is_unfinished": Exit.PATIENCE,
    "has_lost_jobs": Exit.FAILED_JOBS,
    "has_changes": Exit.CHANGES,
}


def _first(**claims: bool) -> Exit:
    return next((code for claim, code in _CODES.items() if claims.get(claim)), Exit.DONE)


def after_results(shown: Sequence[tuple[Declared, Iterable[MeasuredJob]]]) -> Exit:
    """What the exit code says of the jobs shown of some experiments; on stderr, what it means."""
    found = shortfall(shown)
    say_shortfall(found)
    return _first(
        is_held=bool(found.halted),
        is_unfinished=found.unfinished > 0 or bool(found.loops),
        has_lost_jobs=bool(found.lost),
    )


def after_apply(outcome: Outcome, *, is_promised: bool = False) -> Exit:
    """What the end of passes says to the caller of the command.

    Args:
        is_promised: Whether it was a saved plan, which buys no retry: a failed job has failed for good.
    """
    jobs = [job for plan in outcome.plans for job in plan.jobs]
    has_failed = any(job.failures and job.missing for job in jobs) and outcome.end is End.SETTLED
    return _first(
        is_held=any(plan.holds for plan in outcome.plans),
        is_unfinished=outcome.end is End.PATIENCE,
        has_lost_jobs=(is_promised and has_failed) or any(job.is_lost for job in jobs),
    )


def after_look(plans: Sequence[Plan], *, is_in_order: bool) -> Exit:
    """What the end of one look says to the caller of the command."""
    return _first(
        is_wrong=not is_in_order,
        is_held=any(plan.holds for plan in plans),
        is_unfinished=any(map(_is_under_way, plans)),
        has_lost_jobs=any(job.is_lost for plan in plans for job in plan.jobs),
    )


def after_plan(*, is_detailed: bool, has_changes: bool, is_invalid: bool = False) -> Exit:
    """What a plan says; that it changes something only where that was asked for."""
    return _first(is_wrong=is_invalid, has_changes=is_detailed and has_changes)


def after_check(*, is_in_order: bool) -> Exit:
    """What a check of files says."""
    return _first(is_wrong=not is_in_order)


def _is_under_way(plan: Plan) -> bool:
    """Whether more is to come; a result that was asked for in vain is asked for again, but is told now."""
    if plan.actions:  # --timeout came first
        return True
    return plan.look_again_s is not None and plan.wait_for is not WaitFor.RESULTS
