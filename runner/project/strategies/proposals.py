"""What the strategies of a repository ask for next: results are scored, rounds proposed, jobs built."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from runner.domain.numerals import counted
from runner.domain.slot_jobs import with_recorded_slots
from runner.domain.strategies import Trial
from runner.project import late_imports
from runner.reconcile.model.proposal import Proposal, ProposedPoint
from runner.results.gather import gathered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.domain import DesiredExperiment
    from runner.domain.strategies import Strategy
    from runner.reconcile.model.proposal import SlotResult
    from runner.results.analysis.estimates import Estimate
    from runner.results.api import JobResult
    from runner.strategies.rounds import Ask


class Score(NamedTuple):
    """The objective of a slot; without a value where it has none.

    Args:
        error: One standard error of it.
    """

    value: float | None
    error: float


@dataclass(frozen=True)
class Proposals:
    """Proposes what strategies ask for; remembers the last answer for each experiment, and every score."""

    _last: dict[str, tuple[object, Proposal]] = field(default_factory=dict)
    _scores: dict[tuple[str, str, tuple[str, ...]], Score] = field(default_factory=dict)

    def __call__(self, desired: DesiredExperiment, slots: Mapping[int, SlotResult]) -> Proposal:
        """What the strategy of an experiment asks for next, by what came of its slots."""
        asked = (desired.strategy, desired.sequence, dict(slots))
        known = self._last.get(desired.name)
        if known is None or known[0] != asked:
            known = self._last[desired.name] = (asked, self._proposed(desired, slots))
        return known[1]

    def trials(self, desired: DesiredExperiment, slots: Mapping[int, SlotResult]) -> dict[int, Trial]:
        """The slots that have ended, as engines see them."""
        strategy = desired.strategy
        if strategy is None:
            return {}
        scores = self._scored(desired, strategy, slots)
        sign = -1 if strategy.is_maximized else 1
        return {
            slot: Trial(
                slot,
                strategy.space.units(result.variables),
                None if scores[slot].value is None else sign * (scores[slot].value or 0.0),
                scores[slot].error,
            )
            for slot, result in slots.items()
            if not result.is_pending
        }

    def _scored(
        self, desired: DesiredExperiment, strategy: Strategy, slots: Mapping[int, SlotResult]
    ) -> dict[int, Score]:
        """The score of each slot that has ended; only of what is new the counts are looked at."""
        ids = {
            slot: (desired.name, strategy.digest, tuple(job.id for job in result.remote))
            for slot, result in slots.items()
            if not result.is_pending
        }
        if any(each not in self._scores for each in ids.values()):
            recorded = [job for result in slots.values() for job in result.remote]
            results = gathered(with_recorded_slots(desired, recorded), recorded)
            by_name = {job.name: job for job in results}
            for slot, each in ids.items():
                if each not in self._scores:
                    self._scores[each] = _score(strategy, by_name.get(f"slot {slot}"))
        return {slot: self._scores[each] for slot, each in ids.items()}

    def _proposed(self, desired: DesiredExperiment, slots: Mapping[int, SlotResult]) -> Proposal:
        strategy = desired.strategy
        if strategy is None:
            return Proposal()
        trials = self.trials(desired, slots)
        pending = [slot for slot, result in slots.items() if result.is_pending]
        step = late_imports.next_round(strategy, trials, pending)
        bound = late_imports.bound(strategy, trials, pending)
        said = _standing(strategy, trials)
        if isinstance(step, late_imports.Ask):
            return _asked(desired, strategy, step, f"{said}{_left(bound.rounds, bound.jobs, bound.runs)}")
        if isinstance(step, late_imports.Done):
            winners = late_imports.best(strategy, trials)[: strategy.confirm.best if strategy.confirm else 0]
            confirmed = tuple(trial.slot for trial in winners)
            text = f"the strategy is done: {step.reason}; {said}"
            return Proposal(confirmed=confirmed, said=text, is_done=True)
        return Proposal(said=f"{step.reason}; {said}{_left(bound.rounds, bound.jobs, bound.runs)}")


def _score(strategy: Strategy, job: JobResult | None) -> Score:
    found: Estimate | None = late_imports.score(strategy.objective, job) if job else None
    if found is None or math.isnan(found.value):
        return Score(None, 0.0)
    return Score(found.value, 0.0 if math.isnan(found.error) else found.error)


def _asked(desired: DesiredExperiment, strategy: Strategy, step: Ask, said: str) -> Proposal:
    values = {slot: strategy.space.variables(units) for slot, units in step.points.items()}
    built = late_imports.build_results(desired.sequence, values.values())
    points = {}
    for (slot, variables), one in zip(values.items(), built, strict=True):
        if one.fault is not None:
            fault = f"slot {slot} cannot be built with {_shown(variables)}: {one.fault}"
            return Proposal(said=said, fault=fault)
        points[slot] = ProposedPoint(variables=variables, duration_ns=one.duration_ns)
    name = f"round {step.round}" if step.round else "the first points"
    return Proposal(points=points, said=f"{name}, {counted(len(points), 'job')}; {said}")


def _shown(variables: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in variables.items())


def _standing(strategy: Strategy, trials: Mapping[int, Trial]) -> str:
    """The best so far, in words."""
    winners = late_imports.best(strategy, trials)
    if not winners:
        return "nothing is measured yet"
    loss = winners[0].loss or 0.0
    value = -loss if strategy.is_maximized else loss
    return f"best so far {value:.4g} ± {winners[0].error:.1g}, slot {winners[0].slot}"


def _left(*numbers: int | None) -> str:
    """How much is left at most, in words; nothing where nothing bounds it."""
    said: Iterable[str] = (
        counted(number, unit)
        for number, unit in zip(numbers, ("round", "job", "run"), strict=True)
        if number is not None
    )
    text = ", ".join(said)
    return f"; at most {text} more" if text else ""
