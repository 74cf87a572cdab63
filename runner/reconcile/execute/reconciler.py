"""Passes: observe, plan, execute, and again, until nothing is left to do or the caller's patience ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from runner.domain import Surplus
from runner.errors import CloudRejectedError, CloudUnavailableError
from runner.reconcile.execute.executor import Executor
from runner.reconcile.execute.lost_manifests import LostManifests
from runner.reconcile.execute.parallel import execute_all
from runner.reconcile.execute.ramp_up import FIRST, next_allowance, paced, purchases, without_later_rounds
from runner.reconcile.model.actions import AddJobs, Claim, Hold, RecordResults, Submit
from runner.reconcile.model.plan import Cost, Plan, WaitFor
from runner.reconcile.model.snapshot import Planned, Snapshot
from runner.reconcile.observe.observer import Observer
from runner.reconcile.observe.ownership import removed_experiment
from runner.reconcile.plan.daily_budget import day_of
from runner.reconcile.plan.dependencies import dependencies, in_order
from runner.reconcile.plan.maintenance import cancellations
from runner.reconcile.plan.planner import plan
from runner.reconcile.plan.strategy import unfolded

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from runner.domain import DesiredExperiment, ObservedBatch
    from runner.reconcile.context import Context
    from runner.reconcile.model.actions import Action, CancelBatch
    from runner.reconcile.model.observation import Observation, TargetSettings

SHORTEST_S: Final = 0.05
# At most so long (in s) between two looks, also while a retry waits: the cloud on this machine ends when
# nothing is asked of it for twice as long.
LONGEST_S: Final = 15.0
# How long the cloud may be out of reach before waiting for it is given up.
OUTAGE_S: Final = 600.0
# How often the same actions may be planned in a row before somebody is told that they have no effect.
MAX_REPEATED_PLANS: Final = 20
# By how much this machine's clock may run otherwise than its seconds before it is told (in s).
_JUMP_S: Final = 30.0


class End(StrEnum):
    """Why passes ended."""

    SETTLED = "settled"
    SUBMITTED = "submitted"
    PATIENCE = "patience"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on.

    Args:
        timeout_s: Most time spent (in s); None for no limit.

        until_done: False ends as soon as everything is submitted; of a strategy, once it has bought a round.
    """

    timeout_s: float | None = None
    until_done: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How passes ended, and the last plan of each experiment."""

    end: End
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Whom to tell what happens.

    Args:
        on_plans: Told the plans of each pass, before they are executed.

        on_outage: Told that the cloud is out of reach, each time it is.

        on_looked: Told what each pass has seen, and what it is about to do.
    """

    on_plans: Callable[[Sequence[Plan]], None] = lambda _: None
    on_outage: Callable[[CloudUnavailableError], None] = lambda _: None
    on_looked: Callable[[Sequence[Planned]], None] = lambda _: None


class Reconciler:
    """Brings a target to what some experiments ask for."""

    def __init__(self, context: Context, settings: TargetSettings, watch: Watch | None = None) -> None:
        self._context = context
        self._settings = settings
        self._watch = watch or Watch()
        self._observer = Observer(
            context, settle_s=settings.settle_s, sees_removed=settings.removed is not None
        )
        self._executor = Executor(context, self._settings)
        self._lost = LostManifests(context)
        self._allowance = FIRST
        self._is_recording = self._is_listed = False
        # Keys of what each experiment wanted when it bought first.
        self._wanted: dict[str, frozenset[str]] = {}
        self._began, self._began_s = context.clock(), context.memory.now_s()

    def look(self, snapshots: Sequence[Snapshot]) -> list[Planned]:
        """What is there and what would be done for each experiment that is applied; changes nothing.

        Args:
            snapshots: Of each experiment, what its file asks for.
        """
        self._is_listed, self._is_recording = self._is_recording, False
        seen = self._observer.observe([each.desired for each in snapshots], is_listed=self._is_listed)
        # What is seen is as old as the first request for it: a claim settles by lists that are younger.
        age_s = self._context.memory.now_s() - self._observer.began_s
        now = self._context.now() - timedelta(seconds=age_s)
        by_name = {each.desired.name: each for each in snapshots}
        for name in sorted(seen.keys() - by_name.keys()):
            pending = self._settings.removed or Surplus.KEEP
            by_name[name] = Snapshot(desired=removed_experiment(name, pending))
        observed = [self._observed(each, seen[name], now) for name, each in by_name.items()]
        planned = _planned(observed, (Cost(), ""))
        if self._settings.per_day and any(each.plan.next_cost.jobs or each.plan.holds for each in planned):
            planned = _planned(observed, self._observer.spent_since(day_of(now)))
        return planned

    def _observed(self, snapshot: Snapshot, seen: Observation, now: datetime) -> Snapshot:
        """An experiment with what is seen of it, and what this process knows beside."""
        known = replace(
            seen,
            failed_fetches=dict(self._executor.results.failed),
            remarks=(*seen.remarks, *self._remarks()),
        )
        looked_at = replace(snapshot, observed=known, settings=self._settings, now=now)
        asking = unfolded(looked_at, self._context.propose)
        refused = self._context.memory.refusal(asking.desired)
        return replace(asking, observed=replace(asking.observed, refused=refused))

    def removed(self, wanted: Sequence[DesiredExperiment]) -> tuple[ObservedBatch, ...]:
        """Batches of ours that count for none of all experiments there are, oldest first."""
        return self._observer.strays(wanted)

    def cancel(self, snapshots: Sequence[Snapshot]) -> list[CancelBatch]:
        """Cancels what is pending of some experiments, as a person asked; answers what was cancelled.

        Raises:
            CloudUnavailableError: A batch is not seen whole; all others were cancelled without it.
        """
        cancelled: list[CancelBatch] = []
        looked_at = self._look_again(snapshots, _unseen)
        for snapshot, planned in looked_at:
            actions = cancellations(snapshot.observed)
            self._executor.execute(Planned(snapshot, replace(planned, actions=actions)))
            cancelled += actions
        known = {action.batch_id for action in cancelled}
        unseen = [(each, batch) for each, _ in looked_at for batch in _unseen(each) if batch.id not in known]
        for snapshot, batch in unseen:
            raise CloudUnavailableError(
                f"the batch {batch.id} is not seen whole, and was not cancelled: {snapshot.gap(batch)}",
                hint="cancel again in a minute, or cancel it in the cloud's portal; what else was pending of "
                "these experiments is cancelled",
            )
        return cancelled

    def look_whole(self, snapshots: Sequence[Snapshot]) -> list[Planned]:
        """As `look`, and again until all there is is seen whole, two settle windows at most."""
        return self._look_again(snapshots, lambda each: each.gaps)

    def _look_again(
        self, snapshots: Sequence[Snapshot], lacks: Callable[[Snapshot], Collection[ObservedBatch]]
    ) -> list[Planned]:
        """Looks until no experiment lacks anything: which jobs a batch has may take two looks to tell.

        Lists that lag have shown it all after a settle window; another one is left for slow answers.
        """
        now_s, settle_s = self._context.memory.now_s, self._settings.settle_s
        until_s = now_s() + 2 * settle_s
        while True:
            looked_at = self.look(snapshots)
            if now_s() >= until_s or not any(lacks(each.snapshot) for each in looked_at):
                return looked_at
            self._context.sleep(max(SHORTEST_S, min(self._settings.poll_s, settle_s / 4)))

    def _remarks(self) -> tuple[str, ...]:
        """What people should know beside: of the target, and of a clock that was set meanwhile."""
        known = (self._context.remark,) if self._context.remark else ()
        jump_s = (self._context.clock() - self._began).total_seconds() - (
            self._context.memory.now_s() - self._began_s
        )
        if abs(jump_s) < _JUMP_S:
            return known
        way = "forward" if jump_s > 0 else "back"
        told = f"this machine's clock was set {way} by {abs(jump_s):.0f} s: waits and limits do not go by it"
        return (*known, told)

    def one_pass(self, snapshots: Sequence[Snapshot], *, is_one_round: bool = False) -> list[Plan]:
        """One turn: look, and execute; answers what was planned.

        Args:
            is_one_round: Whether nothing is bought that was not wanted yet when this process bought first.
        """
        began = self._context.clock()
        looked_at = self.look(snapshots)
        plans = [each.plan for each in looked_at]
        if is_one_round:
            plans = [without_later_rounds(each, self._wanted.get(each.experiment)) for each in plans]
        plans = paced(plans, self._allowance)
        self._watch.on_plans(plans)
        self._watch.on_looked(looked_at)
        self._mend_records(looked_at)
        for each in looked_at:
            self._lost.restore(each)
        allowance, self._allowance = self._allowance, FIRST  # should anything be refused
        slowly = [Planned(each.snapshot, planned) for each, planned in zip(looked_at, plans, strict=True)]
        for planned in slowly:
            if purchases(planned.plan.actions):
                keys = frozenset(job.key for job in planned.snapshot.desired.jobs)
                self._wanted.setdefault(planned.plan.experiment, keys)
        execute_all(slowly, self._executor.execute, workers=self._context.workers)
        plans = [self._stopped(each) for each in slowly]
        bought = any(purchases(planned.actions) for planned in plans)
        answered = not bought or self._all_answered(snapshots, began)
        self._allowance = next_allowance(allowance, plans, all_answered=answered)
        # A loop goes on with what was just recorded: nothing has changed on the cloud by that. Once alone:
        # while results that can't be had are asked for again and again, others may have gone on.
        is_loop = any(each.desired.strategy for each in snapshots) and not self._is_listed
        self._is_recording = is_loop and {type(each) for each in _actions(plans)} == {RecordResults}
        return plans

    def _mend_records(self, planned: Sequence[Planned]) -> None:
        """Writes down what is proved of jobs on record, and takes back what is refuted.

        A manifest or a batch may not prove it for ever.
        """
        for observed in (each.snapshot.observed for each in planned):
            for name, jobs in observed.completed.items():
                self._context.records.complete(name, jobs)
            for name, jobs in observed.refuted.items():
                self._context.records.withdraw(name, jobs)

    def _stopped(self, planned: Planned) -> Plan:
        """The plan of an experiment for which the guard has let nothing through: a person must decide."""
        hold, plan = self._context.memory.refusal(planned.snapshot.desired), planned.plan
        if hold is None or hold in plan.actions:
            return plan
        kept = [
            a
            for a in zip(plan.actions, plan.differences, strict=True)
            if not isinstance(a[0], (Claim, AddJobs, Submit))
        ]
        return replace(
            plan,
            actions=(*(action for action, _ in kept), hold),
            differences=(*(cause for _, cause in kept), ()),
            due=(),
            cost=Cost(),
            next_cost=Cost(),
        )

    def _all_answered(self, snapshots: Sequence[Snapshot], since: datetime) -> bool:
        """Whether the cloud has said clearly what became of each purchase since a moment."""
        entries = (e for each in snapshots for e in self._context.journal.entries(each.desired.name))
        return all(entry.state.is_clear or entry.at < since for entry in entries)

    def run(self, snapshots: Sequence[Snapshot], patience: Patience) -> Outcome:
        """Turns until nothing is left to do, or patience ends.

        Raises:
            CloudError: The cloud refused something, was out of reach for too long, or does not do what it
                is asked to.
        """
        clock_s = self._context.memory.now_s
        started_s, progress = clock_s(), _Progress(clock_s())
        while True:
            try:
                plans = self.one_pass(snapshots, is_one_round=not patience.until_done)
                progress = progress.after(plans, clock_s())
                end, wait_s = continuation(plans, patience)
                wait_s = max(wait_s, progress.pause_s(self._settings.poll_s))
            except CloudUnavailableError as error:
                if clock_s() - progress.at_s > OUTAGE_S:
                    raise
                self._watch.on_outage(error)
                end, wait_s = None, self._settings.poll_s
            if end is not None:
                return Outcome(end=end, plans=progress.plans)
            left_s = _left_s(patience, clock_s() - started_s)
            if left_s <= 0:
                return Outcome(end=End.PATIENCE, plans=progress.plans)
            if wait_s:
                self._context.sleep(min(max(wait_s, SHORTEST_S), LONGEST_S, left_s))


def _unseen(snapshot: Snapshot) -> list[ObservedBatch]:
    """Batches that go on and are not seen whole."""
    return [each for each in snapshot.observed.batches if each.status.is_live and snapshot.gap(each)]


def _planned(snapshots: Sequence[Snapshot], bought: tuple[Cost, str]) -> list[Planned]:
    """What would be done for each experiment that is applied.

    Args:
        bought: What was bought today, and what of it cannot be counted; what each is about to buy comes to it
            for those after it.
    """
    today, gap = bought
    by_name = {each.desired.name: each for each in snapshots}
    applied = [each.desired.name for each in snapshots if each.is_applied]
    planned: dict[str, Planned] = {}
    plans: dict[str, Plan] = {}
    for desired in in_order(each.desired for each in snapshots):
        snapshot = by_name[desired.name]
        known = dependencies(desired, plans, frozenset(applied)) if desired.policy.depends_on else ()
        observed = replace(snapshot.observed, dependencies=known, today=today, today_gap=gap)
        snapshot = replace(snapshot, observed=observed)
        plans[desired.name] = plan(snapshot)
        planned[desired.name] = Planned(snapshot, plans[desired.name])
        today += plans[desired.name].next_cost if snapshot.is_applied else Cost()
    return [planned[name] for name in applied]


@dataclass(frozen=True, slots=True)
class _Progress:
    """The last pass that the cloud answered, and how often the same actions were planned in a row."""

    at_s: float
    plans: tuple[Plan, ...] = ()
    repeated: int = 0

    def after(self, plans: Sequence[Plan], now_s: float) -> _Progress:
        repeated = self.repeated + 1 if _actions(plans) and _actions(plans) == _actions(self.plans) else 0
        if repeated > MAX_REPEATED_PLANS:
            undone = next(iter(_actions(plans)))
            raise CloudRejectedError(
                f"the cloud does not do what it is asked to: {undone}",
                hint="nothing is lost; look at the batch in the cloud's portal, then apply again",
            )
        return _Progress(now_s, tuple(plans), repeated)

    def pause_s(self, poll_s: float) -> float:
        return poll_s if self.repeated else 0.0


def _actions(plans: Sequence[Plan]) -> list[Action]:
    return [action for each in plans for action in each.actions if not isinstance(action, Hold)]


def continuation(plans: Sequence[Plan], patience: Patience) -> tuple[End | None, float]:
    """Whether passes end after these plans, and how long to wait before the next (in s)."""
    if _actions(plans):
        return None, 0.0
    pauses_s = [each.look_again_s for each in plans if each.look_again_s is not None]
    if not pauses_s:
        return End.SETTLED, 0.0
    is_submitted = all(each.wait_for not in {WaitFor.SUBMISSION, WaitFor.SIGHT} for each in plans)
    if not patience.until_done and is_submitted:
        return End.SUBMITTED, 0.0
    return None, min(pauses_s)


def _left_s(patience: Patience, spent_s: float) -> float:
    return float("inf") if patience.timeout_s is None else patience.timeout_s - spent_s
