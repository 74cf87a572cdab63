"""What is missing of the results that are shown, in words on stderr."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.cli.output import say
from runner.domain.numerals import counted
from runner.project.views.requested_jobs import ended_for_good
from runner.results import Results, ResultStatus
from runner.results.analysis.results import is_dropped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.project.api import Declared
    from runner.results.analysis.job_result import MeasuredJob
    from runner.strategies.standing import StrategyStanding

_UNFINISHED: Final = ("is not complete", "are not complete", "`runner apply` goes on with what is missing")
_WITHOUT: Final = (
    "is without a result that can be right",
    "are without a result that can be right",
    "`runner apply` asks for it again, and buys nothing",
)
_FAILED: Final = (
    "failed for good or was cancelled",
    "failed for good or were cancelled",
    "`runner rerun FILE --failed` sends failed ones again",
)


@dataclass(frozen=True, slots=True)
class MissingResults:
    """Jobs that are not complete.

    Args:
        unfinished: How many jobs `apply` may still complete.

        lost: Those of which nothing more comes by itself.

        loops: Experiments whose strategy is not done, and goes on.

        halted: Those whose strategy buys nothing more before a person has decided, or is not scored here.
    """

    unfinished: int
    lost: tuple[MeasuredJob, ...]
    loops: tuple[str, ...] = ()
    halted: tuple[str, ...] = ()


def shortfall(shown: Sequence[tuple[Declared, Iterable[MeasuredJob]]]) -> MissingResults:
    """What is missing of the jobs shown of some experiments."""
    lacking = [
        (declared, job)
        for declared, results in shown
        for job in results
        if not (job.status is ResultStatus.DONE or is_dropped(job, _strategy_of(results)))
    ]
    ended = {declared.name: _ended(declared) for declared, _ in lacking}
    lost = tuple(job for declared, job in lacking if job.name in ended[declared.name])
    stands = [
        (declared.name, strategy)
        for declared, results in shown
        if (strategy := _strategy_of(results)) and not strategy.done
    ]
    loops = tuple(name for name, strategy in stands if not (strategy.halted or strategy.fault))
    halted = tuple(name for name, strategy in stands if strategy.halted or strategy.fault)
    return MissingResults(len(lacking) - len(lost), lost, loops, halted)


def _strategy_of(results: Iterable[MeasuredJob]) -> StrategyStanding | None:
    return results.strategy if isinstance(results, Results) else None


def _ended(experiment: Declared) -> frozenset[str]:
    recorded = experiment.project.recorded.of(experiment.experiment)
    return ended_for_good(experiment.experiment.desired, recorded)


def say_shortfall(found: MissingResults) -> None:
    """Says why jobs are missing, and what can be done about it."""
    without = [job for job in found.lost if job.lacks_result]
    others = [job for job in found.lost if not job.lacks_result]
    short = sum(any(each.missing_shots for each in job.remote_jobs) for job in others)
    _say(len(without), _WITHOUT, "red")
    if short:
        hint = "`policy.shortfall: buy` buys them"
        say(f"shots are missing in the results of {counted(short, 'job')}; {hint}", style="red")
    _say(len(others) - short, _FAILED, "red")
    _say(found.unfinished, _UNFINISHED, "yellow")
    for name in found.loops:
        say(f"{name}: the strategy is not done; `runner apply` goes on", style="yellow")
    for name in found.halted:
        say(f"{name}: the strategy is held; `runner status` says why, and what to do", style="red")


def _say(count: int, words: tuple[str, str, str], style: str) -> None:
    one, several, hint = words
    if count:
        say(f"{counted(count, 'job')} {one if count == 1 else several}; {hint}", style=style)


def say_elsewhere(declared: Declared) -> None:
    """Says how much of the same experiment was measured at other targets, which is not shown."""
    for target, count in declared.project.recorded.elsewhere(declared.experiment).items():
        jobs = "1 more job" if count == 1 else f"{count} more jobs"
        if target:
            say(f"{declared.name}: {jobs} measured at {target}; --target shows what was measured there")
        else:
            hint = "`runner plan` proves it, or says how to decide"
            say(f"{declared.name}: {jobs} on record without a word of where they were measured; {hint}")
