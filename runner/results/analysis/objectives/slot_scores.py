"""Results of a strategy with the score of each slot, and how it stands by them. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from runner.domain.strategies import Trial, confirmed_slot, is_confirming
from runner.results.analysis.estimates import UNKNOWN
from runner.results.analysis.job_result import SlotFigures
from runner.results.analysis.objectives.scores import named_values, score
from runner.strategies.standing import ConfirmedScore, rounds_bought, standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.domain.strategies import Strategy
    from runner.results.analysis.estimates import Estimate
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.objectives.scores import Answers
    from runner.strategies.rounds import MakeEngine
    from runner.strategies.standing import RoundStanding, StrategyStanding

_NONE: Final[Answers] = MappingProxyType({})
J = TypeVar("J", bound="MeasuredJob")


def scored(
    strategy: Strategy,
    jobs: Sequence[J],
    answers: Answers = _NONE,
    *,
    fault: str = "",
    engine: MakeEngine | None = None,
) -> tuple[list[J], StrategyStanding]:
    """Jobs with their figures, and how the strategy stands by what is on record.

    Args:
        answers: What functions in Python gave; scores that need others are NaN.

        fault: Why there are none.

        engine: Makes what proposes, in place of that of the kind.
    """
    objectives = {job.slot: _objective(strategy.objective, job, answers) for job in jobs if job.slot}
    slots = {int(job.slot): job for job in jobs if job.slot and not is_confirming(job.slot)}
    values = {slot: dict(job.variables) for slot, job in slots.items()}
    trials = {
        slot: _trial(strategy, slot, job, objectives[job.slot])
        for slot, job in slots.items()
        if job.remote_jobs and (job.counts is None or _can_run(strategy.objective, job, answers))
    }
    rounds = _numbers(rounds_bought(strategy, trials, values, engine=engine))
    running = _running(strategy, {slot: objectives[job.slot] for slot, job in slots.items()})
    figures = {
        job.slot: SlotFigures(
            slot=confirmed_slot(job.slot),
            round=None if is_confirming(job.slot) else rounds.get(int(job.slot)),
            objective=objectives[job.slot],
            best=UNKNOWN if is_confirming(job.slot) else running[int(job.slot)],
            values=_values(strategy.objective, job, answers),
        )
        for job in jobs
        if job.slot
    }
    fresh: dict[int, list[Estimate]] = {}
    for job in jobs:
        if job.slot and is_confirming(job.slot):
            fresh.setdefault(confirmed_slot(job.slot), []).append(objectives[job.slot])
    confirmed = [each for slot, some in fresh.items() for each in confirmed_score(slot, some)]
    stands = standing(strategy, trials, values, engine=engine)
    stands = replace(stands, confirmed=tuple(confirmed), fault=fault)
    return [replace(job, figures=figures.get(job.slot)) for job in jobs], stands


def confirmed_score(slot: int, some: Iterable[Estimate]) -> Iterable[ConfirmedScore]:
    """What some jobs at the same point come to: their mean, and its error; nothing where nothing is measured.

    The error is that of the counts. Where it is not known of a job, it is that by which the jobs differ.
    """
    known = [each for each in some if not math.isnan(each.value)]
    if not known:
        return
    count = len(known)
    mean = math.fsum(each.value for each in known) / count
    error: float | None = math.sqrt(math.fsum(each.error**2 for each in known)) / count
    if error is None or math.isnan(error):
        spread = math.fsum((each.value - mean) ** 2 for each in known)
        error = math.sqrt(spread / (count * (count - 1))) if count > 1 else None
    yield ConfirmedScore(slot=slot, jobs=count, value=mean, error=error)


def _objective(objective: Mapping[str, Any], job: MeasuredJob, answers: Answers) -> Estimate:
    if job.counts is None or not _can_run(objective, job, answers):
        return UNKNOWN
    return score(objective, job, answers=answers) or UNKNOWN


def _values(objective: Mapping[str, Any], job: MeasuredJob, answers: Answers) -> dict[str, Estimate]:
    let = {name: said for name, said in objective["let"].items() if _was_run(said, job, answers)}
    known = named_values({**objective, "let": let}, job, answers=answers) if job.counts else {}
    return {name: known.get(name, UNKNOWN) for name in objective["let"]}


def _can_run(objective: Mapping[str, Any], job: MeasuredJob, answers: Answers) -> bool:
    return all(_was_run(said, job, answers) for said in objective["let"].values())


def _was_run(said: Any, job: MeasuredJob, answers: Answers) -> bool:
    """Whether a quantity needs no function in Python that was not run."""
    match said:
        case {"python": {"function": name}} | {"python": str(name)}:
            return (name, job.key) in answers
    return True


def _trial(strategy: Strategy, slot: int, job: MeasuredJob, objective: Estimate) -> Trial:
    is_measured = job.counts is not None
    return strategy.trial(slot, job.variables, objective.value, objective.error, is_measured=is_measured)


def _numbers(rounds: Iterable[RoundStanding]) -> dict[int, int]:
    """The round of each slot."""
    return {slot: each.round for each in rounds for slot in range(each.first, each.last + 1)}


def _running(strategy: Strategy, objectives: Mapping[int, Estimate]) -> dict[int, Estimate]:
    """The best objective up to each slot."""
    found: dict[int, Estimate] = {}
    best = UNKNOWN
    for slot, each in sorted(objectives.items()):
        is_first = math.isnan(best.value)
        is_better = each.value > best.value if strategy.is_maximized else each.value < best.value
        if is_first or is_better:
            best = each
        found[slot] = best
    return found
