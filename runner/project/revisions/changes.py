"""What one revision changes of another, experiment by experiment. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.domain import JobStatus
from runner.domain.json_values import plain, plain_differences
from runner.reconcile import Difference
from runner.reconcile.model.actions import CancelBatch, CancelJobs
from runner.reconcile.model.plan import Cost, all_costs
from runner.reconcile.plan.limits import ever_bought

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.domain import DesiredExperiment, DesiredJob
    from runner.errors import Problem
    from runner.reconcile import Observation, Planned


class ChangeKind(StrEnum):
    """What becomes of an experiment."""

    ADDED = "added"
    CHANGED = "changed"
    RENAMED = "renamed"
    REMOVED = "removed"
    INVALID = "invalid"
    NOT_PLANNED = "not planned"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentChange:
    """What becomes of one experiment.

    Args:
        name: Its name; the path of a file that cannot be read.

        former: What it was called before, if it was renamed.

        added: Jobs that are wanted now and were not.

        removed: The reverse.

        resized: Jobs that are wanted with other runs than before: `t_ns=100: 50 → 80 runs`.

        jobs: How many jobs are wanted now.

        done: How many of them are measured.

        cost: What is bought.

        at_most: What is bought in all as results come back, which is more where a strategy asks for its jobs;
            None where nothing bounds it.

        cancels: Pending jobs that are cancelled.

        left: What is left of each limit of the budget after it; none without limits.

        differences: What has changed of it beside its jobs.

        problems: Why it is invalid.
    """

    name: str
    kind: ChangeKind
    former: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    resized: tuple[str, ...] = ()
    jobs: int = 0
    done: int = 0
    cost: Cost = field(default_factory=Cost)
    at_most: Cost | None = field(default_factory=Cost)
    cancels: int = 0
    left: Mapping[str, float] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to say of it."""
        return self.kind is not ChangeKind.UNCHANGED

    @property
    def has_effect(self) -> bool:
        """Whether something is bought, now or as results come back, or cancelled."""
        return bool(self.cost.jobs or self.cancels or self.at_most is None or self.at_most.jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one revision changes of another.

    Args:
        experiments: By name.

        notes: What holds for all of them.

        asked_cloud: Whether what is done was asked of the cloud, and not only of the records.
    """

    experiments: tuple[ExperimentChange, ...]
    notes: tuple[str, ...] = ()
    asked_cloud: bool = True

    @property
    def shown(self) -> tuple[ExperimentChange, ...]:
        """Those that there is anything to say of."""
        return tuple(each for each in self.experiments if each.is_shown)

    def count(self, kind: ChangeKind) -> int:
        """How many there are of a kind."""
        return sum(each.kind is kind for each in self.experiments)

    @property
    def cost(self) -> Cost:
        """What those that change buy, all together."""
        return sum((each.cost for each in self.shown), Cost())

    @property
    def at_most(self) -> Cost | None:
        """What they buy in all as results come back; None where nothing bounds it."""
        return all_costs(each.at_most for each in self.shown)

    @property
    def is_invalid(self) -> bool:
        """Whether a file cannot be used."""
        return self.count(ChangeKind.INVALID) > 0

    @property
    def has_effect(self) -> bool:
        """Whether anything is bought or cancelled."""
        return any(each.has_effect for each in self.shown)


def renames(
    before: Mapping[str, DesiredExperiment], after: Mapping[str, DesiredExperiment], gone: Iterable[str]
) -> dict[str, str]:
    """Former names by the new ones: the same recipe under a name that is new, and gone under the old one."""
    left, found = sorted(gone), {}
    for name in sorted(after.keys() - before.keys()):
        former = next((old for old in left if before[old].recipe == after[name].recipe), None)
        if former is not None:
            left.remove(former)
            found[name] = former
    return found


def changed_experiment(
    planned: Planned, before: DesiredExperiment | None, warnings: Iterable[str] = ()
) -> ExperimentChange:
    """What becomes of an experiment that is wanted.

    Args:
        before: As it was wanted, perhaps under another name; None if it was not.

        warnings: What is odd in it and was not before.
    """
    after, plan = planned.snapshot.desired, planned.plan
    kept = _kept(before, after) if before else {}
    # No file says which jobs a strategy asks for.
    listed = after.jobs if after.strategy is None else ()
    added = tuple(job.name for job in listed if job.key not in kept)
    removed = tuple(job.name for job in before.jobs if job.key not in kept) if before else ()
    resized = tuple(f"{n.name}: {o.runs} → {n.runs} runs" for o, n in kept.values() if o.runs != n.runs)
    found = differences(before, after) if before else ()
    return ExperimentChange(
        name=after.name,
        kind=_kind(before, after, is_other=bool(added or removed or resized or found)),
        former=before.name if before and before.name != after.name else "",
        added=added,
        removed=removed,
        resized=resized,
        jobs=len(after.jobs),
        done=sum(job.status == "DONE" for job in plan.jobs),
        cost=plan.cost,
        at_most=plan.at_most,
        cancels=cancelled_jobs(planned),
        left=budget_left(after, planned.snapshot.observed, plan.cost),
        differences=found,
        warnings=(*warnings, *warnings_of(planned)),
    )


def removed_experiment(before: DesiredExperiment, planned: Planned | None) -> ExperimentChange:
    """What becomes of an experiment that no file describes any more.

    Args:
        planned: What is there of it and is done with it; None if there is nothing.
    """
    return ExperimentChange(
        name=before.name,
        kind=ChangeKind.REMOVED,
        removed=tuple(job.name for job in before.jobs),
        cancels=cancelled_jobs(planned) if planned else 0,
        warnings=tuple(warnings_of(planned)) if planned else (),
    )


def _kind(before: DesiredExperiment | None, after: DesiredExperiment, *, is_other: bool) -> ChangeKind:
    if before is None:
        return ChangeKind.ADDED
    if before.name != after.name:
        return ChangeKind.RENAMED
    return ChangeKind.CHANGED if is_other else ChangeKind.UNCHANGED


def _kept(before: DesiredExperiment, after: DesiredExperiment) -> dict[str, tuple[DesiredJob, DesiredJob]]:
    """Jobs of which what was bought counts on, by their keys: as they were wanted, and as they are.

    Runs add up, but for those of a repetition; the first one is the job of a point that was not repeated.
    """
    if before.recipe != after.recipe or not after.takes_evaluations(before.observables):
        return {}
    known = {job.key: job for job in before.jobs}
    some = ((known[job.key], job) for job in after.jobs if job.key in known)
    return {job.key: (old, job) for old, job in some if job.counts(rerun=old.rerun, runs=old.runs)}


def differences(before: DesiredExperiment, after: DesiredExperiment) -> tuple[Difference, ...]:
    """What has changed of an experiment beside its jobs: how it is played and evaluated, policy and tags."""
    found: list[tuple[str, object, object]] = []
    for subject, one, other in (
        ("device_type", before.device_type, after.device_type),
        ("sequence", _as_data(before.sequence), _as_data(after.sequence)),
        ("emulation", _as_data(before.emulation), _as_data(after.emulation)),
        ("emulation.observables", _by_name(before.observables), _by_name(after.observables)),
        ("strategy", _strategy(before), _strategy(after)),
        ("policy", plain(before.policy), plain(after.policy)),
        ("tags", list(before.tags), list(after.tags)),
    ):
        found += plain_differences(subject, one, other)
    return tuple(Difference(*each) for each in found)


def _strategy(desired: DesiredExperiment) -> dict[str, object]:
    """A strategy as its file has it, with what does not count for its digest."""
    found = desired.strategy
    if found is None:
        return {}
    known: dict[str, object] = json.loads(found.text)
    return known | {
        "stop": plain(found.stop),
        "confirm": plain(found.confirm),
        "think_limit_s": found.think_limit_s,
    }


def _as_data(sequence: str) -> object:
    """A sequence without its name and the version of Pulser that wrote it."""
    data = json.loads(sequence) if sequence else {}
    return {name: value for name, value in data.items() if name not in {"name", "pulser_version"}}


def _by_name(observables: Mapping[str, str]) -> dict[str, str]:
    """Ids of observables by what these are called: of one that is evaluated at other times, it is another."""
    return {name: observable for observable, name in observables.items()}


def budget_left(desired: DesiredExperiment, seen: Observation, cost: Cost) -> dict[str, float]:
    """What is left of each limit of a budget after a purchase; below 0 where it is not enough."""
    budget, spent = desired.policy.budget, ever_bought(seen, desired.device_type) + cost
    limits = {
        "jobs": (budget.jobs, spent.jobs),
        "runs": (budget.runs, spent.runs),
        "qpu_s": (budget.qpu_s, spent.qpu_s),
    }
    return {name: limit - used for name, (limit, used) in limits.items() if limit is not None}


def cancelled_jobs(planned: Planned) -> int:
    """How many pending jobs a plan cancels."""
    return sum(pending for pending, _ in _cancellations(planned))


def _cancellations(planned: Planned) -> list[tuple[int, int]]:
    """Of each batch of which something is cancelled, how many pending jobs are, and how many jobs run on."""
    batches = {batch.id: batch for batch in planned.snapshot.observed.batches}
    found = []
    for action in planned.plan.actions:
        if not isinstance(action, (CancelBatch, CancelJobs)) or action.batch_id not in batches:
            continue
        jobs = batches[action.batch_id].jobs
        pending = [job.id for job in jobs if job.status is JobStatus.PENDING]
        running = sum(job.status is JobStatus.RUNNING for job in jobs)
        some = len(action.job_ids) if isinstance(action, CancelJobs) else len(pending)
        found.append((some, running))
    return found


def warnings_of(planned: Planned) -> Iterable[str]:
    """What a reviewer should know of a plan: its notes, what is cancelled, what a person must decide."""
    yield from planned.plan.notes
    found = _cancellations(planned)
    if found:
        pending, running = (sum(column) for column in zip(*found, strict=True))
        on = f"; {running} running go on" if running else ""
        jobs = "pending job that is" if pending == 1 else "pending jobs that are"
        yield f"cancels {pending} {jobs} no longer asked for{on}"
    for hold in planned.plan.holds:
        yield f"held: {hold.reason} ({hold.how})"
