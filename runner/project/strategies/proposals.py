"""What the strategies of a repository ask for next: results are scored, rounds proposed, jobs built."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from runner.domain.numerals import counted
from runner.domain.slot_jobs import SlotJob, with_slots
from runner.errors import RunnerError
from runner.project import late_imports
from runner.project.experiments.proposer import differences, proposer
from runner.project.strategies.functions import StrategyFunctions
from runner.reconcile.model.proposal import Proposal, ProposedPoint
from runner.results import Results, gathered
from runner.results.analysis.estimates import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from runner.domain import DesiredExperiment, RecordedJob
    from runner.domain.strategies import Strategy, Trial
    from runner.reconcile.model.proposal import SlotResult
    from runner.results import JobResult
    from runner.results.analysis.estimates import Estimate
    from runner.strategies.rounds import Ask, Done, Halted, MakeEngine, Undecided
    from runner.strategies.standing import ConfirmedScore, StrategyStanding

    Slots = Mapping[int, SlotResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is asked of a strategy.

    Args:
        history: What earlier strategies measured, if it counts that.

        engine: What proposes, if it is not the kind's own.
    """

    desired: DesiredExperiment
    strategy: Strategy
    slots: Slots
    history: tuple[Trial, ...] = ()
    engine: MakeEngine | None = None

    @property
    def bought(self) -> dict[int, Mapping[str, object]]:
        """Values of each slot."""
        return {slot: result.variables for slot, result in self.slots.items()}

    @property
    def pending(self) -> list[int]:
        """Slots that have not ended."""
        return [slot for slot, result in self.slots.items() if result.is_pending]

    @property
    def unrecorded(self) -> list[int]:
        """Those of them that are done and not on record."""
        return [slot for slot, result in self.slots.items() if result.is_unrecorded]

    def winners(self, trials: Mapping[int, Trial]) -> tuple[int, ...]:
        """The slots that fresh jobs confirm, the best first."""
        most = self.strategy.confirm.best if self.strategy.confirm else 0
        known = late_imports.best(self.strategy, trials, engine=self.engine)[:most]
        return tuple(trial.slot for trial in known)


@dataclass(frozen=True)
class Proposals:
    """Proposes what strategies ask for; remembers the last answer for each experiment, and every score.

    Args:
        manifest: Gives what is on record of a recipe of an experiment; None for nothing.

        functions: Those in Python.

        earlier: What earlier strategies of an experiment measured, if its own counts that as history.
    """

    manifest: Callable[[str, str], Mapping[str, object] | None] = lambda name, recipe: None  # noqa: ARG005
    functions: StrategyFunctions = field(default_factory=StrategyFunctions)
    earlier: Callable[[DesiredExperiment], tuple[JobResult, ...]] = lambda desired: ()  # noqa: ARG005
    _last: dict[str, tuple[object, Proposal]] = field(default_factory=dict)
    _scores: dict[tuple[str, str, tuple[str, ...]], Estimate] = field(default_factory=dict)
    # By name, digest and round: how far what was bought is from what is proposed here.
    _apart: dict[tuple[str, str, int], str] = field(default_factory=dict)

    def __call__(self, desired: DesiredExperiment, slots: Slots) -> Proposal:
        """What the strategy of an experiment asks for next, by what came of its slots."""
        earlier = self.earlier(desired)
        asked = (desired.strategy, desired.sequence, dict(slots), [job.remote_jobs for job in earlier])
        known = self._last.get(desired.name)
        if known is None or known[0] != asked:
            known = self._last[desired.name] = (asked, self._proposed(desired, slots, earlier))
        return known[1]

    def without_code(self, desired: DesiredExperiment, slots: Slots) -> Proposal:
        """The same where no code is run: of a strategy with functions in Python, the bound."""
        strategy = desired.strategy
        needs_code = strategy is not None and (strategy.python is not None or strategy.scorers)
        return self.bound(desired, slots) if needs_code else self(desired, slots)

    def scored(self, desired: DesiredExperiment, results: Results) -> Results:
        """Results with the score of each slot, and how the strategy stands by them; of no strategy as is."""
        strategy = desired.strategy
        if strategy is None:
            return results
        known, fault = self.functions.answered(strategy, results), ""
        history: tuple[Trial, ...] = ()
        try:
            history = self._history(desired, strategy, self.earlier(desired))
        except RunnerError as error:
            fault = _said(error)
        fault = _said(known.fault) if known.fault else fault
        engine = self._engine(strategy, history)
        jobs, stands = late_imports.scored(strategy, results, known.answers, fault=fault, engine=engine)
        return Results(results.experiment, jobs, replace(stands, earlier=len(history)))

    def _engine(self, strategy: Strategy, history: tuple[Trial, ...]) -> MakeEngine | None:
        """What proposes, if it is not the kind's own, or knows more from the beginning."""
        make = None
        if strategy.python is not None:
            make = partial(late_imports.PythonEngine, call=partial(self.functions.returned, strategy.python))
        return late_imports.continued(strategy, history, make) if history else make

    def _history(
        self, desired: DesiredExperiment, strategy: Strategy, earlier: Sequence[JobResult]
    ) -> tuple[Trial, ...]:
        """What earlier strategies measured, scored anew, under numbers of slots below 1."""
        self._score(desired, strategy, {job.key: job for job in earlier})
        scores = [self._scores[_key(desired, strategy, job.remote_jobs)] for job in earlier]
        first = 1 - len(earlier)
        return tuple(
            _trial(strategy, first + place, job.variables, score)
            for place, (job, score) in enumerate(zip(earlier, scores, strict=True))
        )

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
        self._score_slots(desired, strategy, {str(slot): each.remote for slot, each in ended.items()} | fresh)
        scores = {
            slot: self._scores.get(_key(desired, strategy, each.remote)) for slot, each in ended.items()
        }
        return {slot: _trial(strategy, slot, ended[slot].variables, each) for slot, each in scores.items()}

    def _confirmed(self, asked: _Asked) -> Iterator[ConfirmedScore]:
        for slot, result in asked.slots.items():
            remote = [jobs for jobs in result.fresh.values() if jobs]
            some = [self._scores[_key(asked.desired, asked.strategy, jobs)] for jobs in remote]
            yield from late_imports.confirmed_score(slot, some)

    def _score_slots(
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
        self._score(desired, strategy, dict(zip(new, results, strict=True)), new)

    def _score(
        self,
        desired: DesiredExperiment,
        strategy: Strategy,
        jobs: Mapping[str, JobResult],
        remote: Mapping[str, tuple[RecordedJob, ...]] | None = None,
    ) -> None:
        """Score what is new among some jobs.

        Args:
            remote: What was measured of each; by default what the jobs say.
        """
        keys = {
            label: _key(desired, strategy, remote[label] if remote else job.remote_jobs)
            for label, job in jobs.items()
        }
        new = {label: job for label, job in jobs.items() if keys[label] not in self._scores}
        known = self.functions.answered(strategy, new.values())
        if known.fault:
            raise known.fault
        for label, job in new.items():
            found = late_imports.score(strategy.objective, job, answers=known.answers)
            self._scores[keys[label]] = found or UNKNOWN

    def bound(self, desired: DesiredExperiment, slots: Slots) -> Proposal:
        """How a strategy stands, and how much it asks for at most; proposes nothing."""
        strategy = desired.strategy
        if strategy is None:
            return Proposal()
        asked = _Asked(desired=desired, strategy=strategy, slots=slots)
        try:
            trials = self.trials(desired, slots)
            history = self._history(desired, strategy, self.earlier(desired))
            engine = self._engine(strategy, history)
            stands = self._standing(replace(asked, history=history, engine=engine), trials)
        except RunnerError as error:
            stands = _unscored(asked, _said(error))
        return Proposal(said=f"the strategy asks by what comes back: {stands}", standing=stands)

    def _standing(
        self, asked: _Asked, trials: Mapping[int, Trial], step: Ask | Done | Undecided | Halted | None = None
    ) -> StrategyStanding:
        strategy, engine = asked.strategy, asked.engine
        stands = late_imports.standing(strategy, trials, asked.bought, step, engine=engine)
        winners = asked.winners(trials) if stands.done else ()
        fresh = {slot: len(asked.slots[slot].fresh) for slot in winners} if stands.done else None
        known = late_imports.bound(strategy, trials, asked.pending, engine=engine)
        return replace(
            stands,
            confirmed=tuple(self._confirmed(asked)),
            left=late_imports.left_of(strategy, known, asked.desired.device_type, fresh),
            earlier=len(asked.history),
        )

    def _difference(self, asked: _Asked, trials: Mapping[int, Trial], stands: StrategyStanding) -> str:
        """How far the last round that was bought is from what is proposed here; looked at once."""
        if not stands.rounds:
            return ""
        strategy, last = asked.strategy, stands.rounds[-1].round
        key = asked.desired.name, strategy.digest, last
        if key not in self._apart:
            said = ""
            with suppress(RunnerError):  # it cannot be proposed here
                said = late_imports.reproposed(strategy, trials, asked.bought, last, engine=asked.engine)
            known = self.manifest(asked.desired.name, strategy.short) if said else None
            where = differences(proposer(strategy.kind), (known or {}).get("versions"))
            self._apart[key] = "; ".join(filter(None, (said, where)))
        return self._apart[key]

    def _proposed(self, desired: DesiredExperiment, slots: Slots, earlier: Sequence[JobResult]) -> Proposal:
        strategy = desired.strategy
        if strategy is None:
            return Proposal()
        asked = _Asked(desired=desired, strategy=strategy, slots=slots)
        try:
            trials = self.trials(desired, slots)
            history = self._history(desired, strategy, earlier)
            if not slots:
                self.functions.try_out(desired)
        except RunnerError as error:
            stands = _unscored(asked, error.message)
            return Proposal(said="; ".join(stands.facts), fault=_said(error), standing=stands)
        asked = replace(asked, history=history, engine=self._engine(strategy, history))
        try:
            step = late_imports.next_round(
                strategy, trials, asked.pending, unrecorded=asked.unrecorded, engine=asked.engine
            )
        except RunnerError as error:
            stands = self._standing(asked, trials)
            return Proposal(said="; ".join(stands.facts), fault=_said(error), standing=stands)
        stands = self._standing(asked, trials, step)
        stands = replace(stands, differs=self._difference(asked, trials, stands))
        if isinstance(step, late_imports.Ask):
            self._apart[desired.name, strategy.digest, step.round] = ""
            return _asked(desired, strategy, step, stands)
        if isinstance(step, late_imports.Done):
            said = f"the strategy is {stands}"
            return Proposal(confirmed=asked.winners(trials), said=said, is_done=True, standing=stands)
        fault = step.reason if isinstance(step, late_imports.Halted) else ""
        said = "; ".join(filter(None, ("" if fault else step.reason, *stands.facts)))
        return Proposal(said=said, fault=fault, standing=stands)


def _unscored(asked: _Asked, fault: str) -> StrategyStanding:
    """How a strategy stands where nothing can be scored."""
    strategy, bought = asked.strategy, asked.bought
    known = late_imports.bound(strategy, {}, bought)
    left = late_imports.left_of(strategy, known, asked.desired.device_type)
    return replace(late_imports.standing(strategy, {}, bought), fault=fault, left=left)


def _said(error: RunnerError) -> str:
    return "; ".join(filter(None, (error.message, error.hint)))


def _key(
    desired: DesiredExperiment, strategy: Strategy, remote: Iterable[RecordedJob]
) -> tuple[str, str, tuple[str, ...]]:
    return desired.name, strategy.digest, tuple(job.id for job in remote)


def _trial(strategy: Strategy, slot: int, variables: Mapping[str, object], found: Estimate | None) -> Trial:
    score = found or UNKNOWN
    return strategy.trial(slot, variables, score.value, score.error, is_measured=found is not None)


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
