"""What the strategies of a repository ask for next: results are scored, rounds proposed, jobs built."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from runner.domain.numerals import counted
from runner.domain.slot_jobs import SlotJob, with_slots
from runner.domain.strategies import Trial
from runner.errors import RunnerError
from runner.project import late_imports
from runner.project.experiments.proposer import differences, proposer
from runner.project.strategies.functions import StrategyFunctions
from runner.reconcile.model.proposal import Proposal, ProposedPoint
from runner.results import Results, gathered
from runner.results.analysis.estimates import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from runner.domain import DesiredExperiment, RecordedJob
    from runner.domain.strategies import Strategy
    from runner.reconcile.model.proposal import SlotResult
    from runner.results.analysis.estimates import Estimate
    from runner.strategies.rounds import Ask, Done, MakeEngine, Undecided
    from runner.strategies.standing import ConfirmedScore, StrategyStanding

    Slots = Mapping[int, SlotResult]


@dataclass(frozen=True)
class Proposals:
    """Proposes what strategies ask for; remembers the last answer for each experiment, and every score.

    Args:
        manifest: Gives what is on record of a recipe of an experiment; None for nothing.

        functions: Those in Python.
    """

    manifest: Callable[[str, str], Mapping[str, object] | None] = lambda name, recipe: None  # noqa: ARG005
    functions: StrategyFunctions = field(default_factory=StrategyFunctions)
    _last: dict[str, tuple[object, Proposal]] = field(default_factory=dict)
    _scores: dict[tuple[str, str, tuple[str, ...]], Estimate] = field(default_factory=dict)
    # By name, digest and round: how far what was bought is from what is proposed here.
    _apart: dict[tuple[str, str, int], str] = field(default_factory=dict)

    def __call__(self, desired: DesiredExperiment, slots: Slots) -> Proposal:
        """What the strategy of an experiment asks for next, by what came of its slots."""
        asked = (desired.strategy, desired.sequence, dict(slots))
        known = self._last.get(desired.name)
        if known is None or known[0] != asked:
            known = self._last[desired.name] = (asked, self._proposed(desired, slots))
        return known[1]

    def scored(self, desired: DesiredExperiment, results: Results) -> Results:
        """Results with the score of each slot, and how the strategy stands by them; of no strategy as is."""
        strategy = desired.strategy
        if strategy is None:
            return results
        known = self.functions.answered(strategy, results)
        fault = _said(known.fault) if known.fault else ""
        jobs, stands = late_imports.scored(
            strategy, results, known.answers, fault=fault, engine=self._engine(strategy)
        )
        return Results(results.experiment, jobs, stands)

    def _engine(self, strategy: Strategy) -> MakeEngine | None:
        """What proposes, if it is not the kind's own."""
        if strategy.python is None:
            return None
        return partial(late_imports.PythonEngine, call=partial(self.functions.returned, strategy.python))

    def trials(self, desired: DesiredExperiment, slots: Slots) -> dict[int, Trial]:
        """The slots that have ended, as engines see them.

        Raises:
            RunnerError: A function in Python does not score them.
        """
        strategy = desired.strategy
        if strategy is None:
            return {}
        ended = {slot: result for slot, result in slots.items() if not result.is_pending}
        fresh = {label: jobs for each in slots.values() for label, jobs in each.fresh.items()}
        self._score(desired, strategy, {str(slot): each.remote for slot, each in ended.items()} | fresh)
        return {
            slot: _trial(strategy, slot, result, self._scores.get(_key(desired, strategy, result.remote)))
            for slot, result in ended.items()
        }

    def _confirmed(
        self, desired: DesiredExperiment, strategy: Strategy, slots: Slots
    ) -> Iterator[ConfirmedScore]:
        for slot, result in slots.items():
            some = [self._scores[_key(desired, strategy, jobs)] for jobs in result.fresh.values() if jobs]
            yield from late_imports.confirmed_score(slot, some)

    def _score(
        self,
        desired: DesiredExperiment,
        strategy: Strategy,
        remote: Mapping[str, tuple[RecordedJob, ...]],
    ) -> None:
        """Score what is new among some jobs, by their labels; nothing else is looked at."""
        new = {
            label: jobs
            for label, jobs in remote.items()
            if jobs and _key(desired, strategy, jobs) not in self._scores
        }
        if not new:
            return
        asked = [SlotJob(label=label, variables=jobs[0].variables) for label, jobs in new.items()]
        results = gathered(with_slots(desired, asked), [job for jobs in new.values() for job in jobs])
        known = self.functions.answered(strategy, results)
        if known.fault:
            raise known.fault
        for (_, jobs), job in zip(new.items(), results, strict=True):
            found = late_imports.score(strategy.objective, job, answers=known.answers)
            self._scores[_key(desired, strategy, jobs)] = found or UNKNOWN

    def bound(self, desired: DesiredExperiment, slots: Slots) -> Proposal:
        """How a strategy stands, and how much it asks for at most; proposes nothing."""
        strategy = desired.strategy
        if strategy is None:
            return Proposal()
        try:
            stands = self._standing(desired, strategy, slots, self.trials(desired, slots))
        except RunnerError as error:
            stands = self._unscored(desired, strategy, slots, _said(error))
        return Proposal(said=f"the strategy asks by what comes back: {stands}", standing=stands)

    def _unscored(
        self, desired: DesiredExperiment, strategy: Strategy, slots: Slots, fault: str
    ) -> StrategyStanding:
        """How it stands where nothing can be scored."""
        bought = {slot: result.variables for slot, result in slots.items()}
        left = late_imports.left_of(strategy, late_imports.bound(strategy, {}, bought), desired.device_type)
        return replace(late_imports.standing(strategy, {}, bought), fault=fault, left=left)

    def _standing(
        self,
        desired: DesiredExperiment,
        strategy: Strategy,
        slots: Slots,
        trials: Mapping[int, Trial],
        step: Ask | Done | Undecided | None = None,
    ) -> StrategyStanding:
        bought = {slot: result.variables for slot, result in slots.items()}
        pending = [slot for slot, result in slots.items() if result.is_pending]
        engine = self._engine(strategy)
        stands = late_imports.standing(strategy, trials, bought, step, engine=engine)
        winners = self._winners(strategy, trials) if stands.done else ()
        fresh = {slot: len(slots[slot].fresh) for slot in winners} if stands.done else None
        known = late_imports.bound(strategy, trials, pending, engine=engine)
        return replace(
            stands,
            confirmed=tuple(self._confirmed(desired, strategy, slots)),
            left=late_imports.left_of(strategy, known, desired.device_type, fresh),
        )

    def _difference(
        self,
        desired: DesiredExperiment,
        strategy: Strategy,
        slots: Slots,
        trials: Mapping[int, Trial],
        stands: StrategyStanding,
    ) -> str:
        """How far the last round that was bought is from what is proposed here; looked at once."""
        if not stands.rounds:
            return ""
        last = stands.rounds[-1].round
        key = desired.name, strategy.digest, last
        if key not in self._apart:
            bought = {slot: result.variables for slot, result in slots.items()}
            said = ""
            with suppress(RunnerError):  # it cannot be proposed here
                engine = self._engine(strategy)
                said = late_imports.reproposed(strategy, trials, bought, last, engine=engine)
            known = self.manifest(desired.name, strategy.short) if said else None
            where = differences(proposer(strategy.kind), (known or {}).get("versions"))
            self._apart[key] = "; ".join(filter(None, (said, where)))
        return self._apart[key]

    def _winners(self, strategy: Strategy, trials: Mapping[int, Trial]) -> tuple[int, ...]:
        """The slots that fresh jobs confirm, the best first."""
        most = strategy.confirm.best if strategy.confirm else 0
        winners = late_imports.best(strategy, trials, engine=self._engine(strategy))[:most]
        return tuple(trial.slot for trial in winners)

    def _proposed(self, desired: DesiredExperiment, slots: Slots) -> Proposal:
        strategy = desired.strategy
        if strategy is None:
            return Proposal()
        try:
            trials = self.trials(desired, slots)
            if not slots:
                self.functions.try_out(desired)
        except RunnerError as error:
            stands = self._unscored(desired, strategy, slots, error.message)
            return Proposal(said="; ".join(stands.facts), fault=_said(error), standing=stands)
        pending = [slot for slot, result in slots.items() if result.is_pending]
        try:
            step = late_imports.next_round(strategy, trials, pending, engine=self._engine(strategy))
        except RunnerError as error:
            stands = self._standing(desired, strategy, slots, trials)
            return Proposal(said="; ".join(stands.facts), fault=_said(error), standing=stands)
        stands = self._standing(desired, strategy, slots, trials, step)
        stands = replace(stands, differs=self._difference(desired, strategy, slots, trials, stands))
        if isinstance(step, late_imports.Ask):
            self._apart[desired.name, strategy.digest, step.round] = ""
            return _asked(desired, strategy, step, stands)
        if isinstance(step, late_imports.Done):
            return Proposal(
                confirmed=self._winners(strategy, trials),
                said=f"the strategy is {stands}",
                is_done=True,
                standing=stands,
            )
        said = "; ".join(filter(None, (step.reason, *stands.facts)))
        return Proposal(said=said, standing=stands)


def _said(error: RunnerError) -> str:
    return "; ".join(filter(None, (error.message, error.hint)))


def _key(
    desired: DesiredExperiment, strategy: Strategy, remote: Iterable[RecordedJob]
) -> tuple[str, str, tuple[str, ...]]:
    return desired.name, strategy.digest, tuple(job.id for job in remote)


def _trial(strategy: Strategy, slot: int, result: SlotResult, found: Estimate | None) -> Trial:
    units = strategy.space.units(result.variables)
    if found is None or math.isnan(found.value):
        return Trial(slot, units, None)
    loss = -found.value if strategy.is_maximized else found.value
    return Trial(slot, units, loss, 0.0 if math.isnan(found.error) else found.error)


def _asked(desired: DesiredExperiment, strategy: Strategy, step: Ask, stands: StrategyStanding) -> Proposal:
    values = {slot: strategy.space.variables(units) for slot, units in step.points.items()}
    built = late_imports.build_results(desired.sequence, values.values())
    name = f"round {step.round}" if step.round else "the first points"
    said = "; ".join((f"{name}, {counted(len(values), 'job')}", *stands.facts))
    points = {}
    for (slot, variables), one in zip(values.items(), built, strict=True):
        if one.fault is not None:
            fault = f"slot {slot} cannot be built with {_shown(variables)}: {one.fault}"
            return Proposal(said=said, fault=fault, standing=stands)
        points[slot] = ProposedPoint(variables=variables, duration_ns=one.duration_ns)
    return Proposal(points=points, said=said, standing=stands)


def _shown(variables: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in variables.items())
