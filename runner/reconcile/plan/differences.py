"""What caused an action, field by field: how the world is, and how it is wanted. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from runner.reconcile.model.actions import (
    AddJobs,
    Adopt,
    CancelBatch,
    CancelJobs,
    Claim,
    CloseBatch,
    Fence,
    Hold,
    RecordResults,
    RestoreTags,
    Submit,
)
from runner.reconcile.model.entries import State
from runner.reconcile.model.plan import Difference
from runner.reconcile.model.tags import SHORT
from runner.reconcile.plan.past_purchases import changes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from runner.domain import ObservedBatch, ObservedJob
    from runner.reconcile.model.actions import Action
    from runner.reconcile.model.plan import PointProgress
    from runner.reconcile.model.snapshot import Snapshot
    from runner.reconcile.plan.job_states import JobState

    Differences = tuple[Difference, ...]


def differences(action: Action, snapshot: Snapshot, wanted: Sequence[JobState]) -> Differences:
    """What caused an action."""
    match action:
        case Claim() | AddJobs() | Submit() | Hold():
            return _of_jobs(wanted, _keys(action, wanted))
        case CancelJobs():
            return _of_surplus(action, snapshot, wanted)
        case CancelBatch():
            return _of_batch(action, snapshot)
        case RecordResults():
            on_record = {r.id for r in snapshot.observed.recorded if r.batch_id == action.batch_id}
            after = on_record | {job.id for job in action.jobs}
            return (Difference("recorded", len(on_record), len(after)),)
        case Adopt():
            states = [entry.state for entry in snapshot.observed.entries if entry.claim == action.claim]
            return (Difference("creation", states[0] if states else State.UNKNOWN, State.ACCEPTED),)
        case RestoreTags() | Fence() | CloseBatch():
            is_tag = isinstance(action, RestoreTags)
            return (Difference("tags" if is_tag else "open", have=not is_tag, want=is_tag),)


def _keys(action: Claim | AddJobs | Submit | Hold, wanted: Sequence[JobState]) -> set[str]:
    """Jobs that are bought, or that are held back."""
    if isinstance(action, Hold):
        return {state.job.key for state in wanted if state.progress.missing}
    return {job.key for job in action.jobs}


def _of_jobs(wanted: Sequence[JobState], keys: Collection[str]) -> Differences:
    return tuple(
        Difference(f"jobs.{job.name}.runs", job.done + job.active + job.declined, job.runs)
        for job in (state.progress for state in wanted)
        if job.key in keys
    )


def _of_surplus(action: CancelJobs, snapshot: Snapshot, wanted: Sequence[JobState]) -> Differences:
    """Runs that are there or under way, against those that the file asks for."""
    ids = set(action.job_ids)
    pending = [(batch, job) for batch in snapshot.current for job in batch.jobs if job.id in ids]
    jobs = {state.job.key: state.progress for state in wanted}
    spare: Counter[str] = Counter()
    outrun: dict[str, Difference] = {}
    for batch, job in pending:
        if snapshot.is_outrun(batch, job):
            outrun[job.key] = _of_outrun(snapshot, batch, job)
        else:
            spare[job.key] += job.runs
    return (*outrun.values(), *_of_spare(spare, jobs))


def _of_outrun(snapshot: Snapshot, batch: ObservedBatch, job: ObservedJob) -> Difference:
    wanted, rerun = snapshot.wanted[job.key], snapshot.marks[batch.id].rerun
    name = snapshot.marks[batch.id].experiment
    if name in wanted.strangers:
        return Difference(f"jobs.{wanted.name}.experiment", name, snapshot.desired.name)
    if rerun != wanted.rerun:
        return Difference(f"jobs.{wanted.name}.rerun", rerun, wanted.rerun)
    if wanted.slot and job.runs == wanted.runs:
        return Difference(f"jobs.{wanted.name}.variables", job.variables, wanted.variables)
    return Difference(f"jobs.{wanted.name}.runs", job.runs, wanted.runs)


def _of_spare(spare: Mapping[str, int], jobs: Mapping[str, PointProgress]) -> Differences:
    return tuple(
        Difference(f"jobs.{job.name}.runs", job.done + job.active, job.done + job.active - runs)
        if (job := jobs.get(key))
        else Difference(f"jobs.{key}.runs", runs, 0)
        for key, runs in spare.items()
    )


def _of_batch(action: CancelBatch, snapshot: Snapshot) -> Differences:
    marks, desired = snapshot.marks[action.batch_id], snapshot.desired
    changed = []
    if marks.recipe != desired.recipe[:SHORT]:
        changed.append(Difference("recipe", marks.recipe, desired.recipe[:SHORT]))
    if marks.rerun not in snapshot.wanted_reruns and not desired.is_removed:
        changed.append(Difference("rerun", marks.rerun, _either(snapshot.wanted_reruns)))
    if marks.recipe != desired.recipe[:SHORT] and not desired.is_removed:
        changed += changes(desired, snapshot.observed.bought.get(marks.recipe, {}))
    lacking = sorted(desired.observables.keys() - marks.observables)
    if marks.recipe == desired.recipe[:SHORT] and lacking:
        names = ", ".join(desired.observables[each] for each in lacking)
        changed.append(Difference("emulation.observables", None, names))
    same = sum(each.submission == marks.submission for each in snapshot.marks.values())
    return tuple(changed) or (Difference("batches of the same work", same, 1),)


def _either(numbers: Collection[int]) -> int | str:
    """One number, or several in words."""
    return next(iter(numbers)) if len(numbers) == 1 else " or ".join(map(str, sorted(numbers)))
