"""How a verb ends: the exit code for what an apply, a look of sync, or the results shown came to.

Errors are told and counted in `main`; the codes themselves are `Exit`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.cli.exit_codes import Exit
from runner.cli.output import say
from runner.domain.numerals import counted
from runner.project.views.requested_jobs import ended_for_good
from runner.reconcile import End, WaitFor
from runner.results import ResultStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.project.api import Declared
    from runner.reconcile import Outcome, Plan
    from runner.results.analysis.job_result import MeasuredJob

_HINT: Final = "`runner apply` goes on with what is missing"


def after_results(shown: Sequence[tuple[Declared, Iterable[MeasuredJob]]]) -> int:
    """What the exit code says of the jobs shown of some experiments; on stderr, what it means."""
    lacking = [
        (declared, job)
        for declared, results in shown
        for job in results
        if job.status is not ResultStatus.DONE
    ]
    if not lacking:
        return Exit.DONE
    ended = {declared.name: _ended(declared) for declared, _ in lacking}
    lost = [job for declared, job in lacking if job.name in ended[declared.name]]
    _say_lost(lost)
    if len(lacking) > len(lost):
        open_ = len(lacking) - len(lost)
        say(f"{counted(open_, 'job')} {_are(open_)} not complete; {_HINT}", style="yellow")
    return Exit.PATIENCE if len(lacking) > len(lost) else Exit.FAILED_JOBS


def say_elsewhere(declared: Declared) -> None:
    """Says how much of the same experiment was measured at other targets, which is not shown."""
    for target, count in declared.project.recorded.elsewhere(declared.experiment).items():
        jobs = "1 more job" if count == 1 else f"{count} more jobs"
        if target:
            say(f"{declared.name}: {jobs} measured at {target}; --target shows what was measured there")
        else:
            hint = "`runner plan` proves it, or says how to decide"
            say(f"{declared.name}: {jobs} on record without a word of where they were measured; {hint}")


def _say_lost(lost: Sequence[MeasuredJob]) -> None:
    """Says why nothing more comes of some jobs, and what can be done about it."""
    without = [job for job in lost if job.lacks_result]
    short = [
        job for job in lost if job not in without and any(each.missing_shots for each in job.remote_jobs)
    ]
    if without:
        are = "is" if len(without) == 1 else "are"
        hint = "`runner apply` asks for it again, and buys nothing"
        say(f"{counted(len(without), 'job')} {are} without a result that can be right; {hint}", style="red")
    if short:
        hint = "`policy.shortfall: buy` buys them"
        say(f"shots are missing in the results of {counted(len(short), 'job')}; {hint}", style="red")
    failed = len(lost) - len(without) - len(short)
    if failed:
        hint = "`runner rerun FILE --failed` sends failed ones again"
        say(f"{counted(failed, 'job')} failed for good or {_were(failed)} cancelled; {hint}", style="red")


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _ended(experiment: Declared) -> frozenset[str]:
    recorded = experiment.project.recorded.of(experiment.experiment)
    return ended_for_good(experiment.experiment.desired, [job for _, job in recorded])


def after_saved_plan(outcome: Outcome) -> Exit:
    """As `after_apply`; under a saved plan, which buys no retry, a failed job has failed for good."""
    code = after_apply(outcome)
    failed = any(job.failures and job.missing for plan in outcome.plans for job in plan.jobs)
    return Exit.FAILED_JOBS if code is Exit.DONE and failed and outcome.end is End.SETTLED else code


def after_apply(outcome: Outcome) -> Exit:
    """What the end of passes says to whoever called the command."""
    if any(plan.holds for plan in outcome.plans):
        return Exit.HELD
    if outcome.end is End.PATIENCE:
        return Exit.PATIENCE
    jobs = [job for plan in outcome.plans for job in plan.jobs]
    return Exit.FAILED_JOBS if any(job.is_lost for job in jobs) else Exit.DONE


def after_look(plans: Sequence[Plan], *, is_in_order: bool) -> Exit:
    """What the end of one look says to whoever called the command."""
    if not is_in_order:
        return Exit.ERROR
    if any(plan.holds for plan in plans):
        return Exit.HELD
    if any(_is_under_way(plan) for plan in plans):
        return Exit.PATIENCE
    failed = any(job.is_lost for plan in plans for job in plan.jobs)
    return Exit.FAILED_JOBS if failed else Exit.DONE


def _is_under_way(plan: Plan) -> bool:
    """Whether more is to come; a result that was asked for in vain is asked for again, but is told now."""
    if plan.actions:  # --timeout came first
        return True
    return plan.look_again_s is not None and plan.wait_for is not WaitFor.RESULTS
