"""Beside the submission: what else a pass does for the batches there are. Pure."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from runner.domain import BatchMode, BatchStatus, JobStatus, RunsMode, Surplus
from runner.domain.numerals import counted
from runner.reconcile.model import tags
from runner.reconcile.model.actions import (
    Adopt,
    CancelBatch,
    CancelJobs,
    CloseBatch,
    EndedJob,
    RecordResults,
    RestoreTags,
)
from runner.reconcile.model.slots import Slots
from runner.reconcile.plan.counted_jobs import effective_status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.domain import ObservedBatch, ObservedJob
    from runner.reconcile.model.observation import Observation
    from runner.reconcile.model.result_fetches import FailedFetch
    from runner.reconcile.model.snapshot import Snapshot
    from runner.reconcile.plan.job_states import JobState


def records(snapshot: Snapshot) -> Iterable[RecordResults]:
    """Ends of jobs that are not on record yet."""
    without = {record.id for record in snapshot.observed.recorded if record.lacks_result}
    fetches = snapshot.observed.failed_fetches
    attempts: dict[str, int] = {}
    for batch in snapshot.current + snapshot.outdated:
        ended = [
            j
            for j in _unrecorded(snapshot, batch)
            if j.id not in fetches or not _waits(snapshot, fetches[j.id])
        ]
        if ended:
            attempts = attempts or _attempts(snapshot)
            jobs = tuple(EndedJob(id=j.id, key=j.key, attempt=attempts[j.id]) for j in ended)
            again = sum(job.id in without for job in ended)
            yield RecordResults(batch_id=batch.id, jobs=jobs, reason=_why_recorded(len(ended) - again, again))


def awaited_fetches(snapshot: Snapshot) -> Iterable[FailedFetch]:
    """What came so far of asking for the results that are still asked for."""
    for batch in snapshot.current + snapshot.outdated:
        for job in _unrecorded(snapshot, batch):
            if job.id in snapshot.observed.failed_fetches:
                yield snapshot.observed.failed_fetches[job.id]


def _unrecorded(snapshot: Snapshot, batch: ObservedBatch) -> Iterable[ObservedJob]:
    """Jobs of a batch that have ended, and whose end or result is not on record."""
    if not snapshot.marks[batch.id].recipe:
        return  # tagged by hand: nobody knows what it ran
    for job in batch.jobs:
        is_known = job.id in snapshot.on_record and not _is_disputed(snapshot, batch, job)
        if not is_known and _has_ended(snapshot, batch, job):
            yield job


def _is_disputed(snapshot: Snapshot, batch: ObservedBatch, job: ObservedJob) -> bool:
    """Whether a job is done that is on record as failed or cancelled: the record was a mistake."""
    if job.status is not JobStatus.DONE or snapshot.gap(batch):
        return False
    return job.id in snapshot.failed_on_record


def _why_recorded(ended: int, again: int) -> str:
    """Why jobs are recorded: they ended, or their results were not to be had before."""
    said = [f"{ended} job{'s' if ended > 1 else ''} ended"] if ended else []
    if again:
        said.append(f"{again} result{'s are' if again > 1 else ' is'} asked for again")
    return "; ".join(said)


def _waits(snapshot: Snapshot, fetch: FailedFetch) -> bool:
    """Whether a result that was asked for in vain is not asked for again now."""
    return fetch.again_s(snapshot.now, snapshot.settings.poll_s) != 0


def _has_ended(snapshot: Snapshot, batch: ObservedBatch, job: ObservedJob) -> bool:
    """Whether a job's end is known, and is not our own doing.

    Jobs are read after their batch: of a live one somebody may just have marked it, and cancelled the job; of
    one that has just ended, the mark may not be shown yet.
    """
    if job.status is not JobStatus.DONE and snapshot.gap(batch):
        return False  # what a record says of it cannot be undone
    if job.status is JobStatus.CANCELED:
        is_ours = snapshot.marks[batch.id].is_ours(job.id) or not snapshot.is_settled(batch)
        return batch.status.is_terminal and not is_ours
    return job.status.is_terminal


def _attempts(snapshot: Snapshot) -> dict[str, int]:
    """Which attempt at its point each job is: one more than the failures in jobs that came before it.

    Every recipe and every rerun begins anew.
    """
    failed: dict[tuple[str, int, str], set[str]] = {}
    for record in snapshot.observed.recorded:
        if record.status is JobStatus.ERROR:
            failed.setdefault((record.recipe, record.rerun, record.key), set()).add(record.id)
    attempts: dict[str, int] = {}
    for batch in snapshot.current + snapshot.outdated:
        marks = snapshot.marks[batch.id]
        for job in batch.jobs:
            of_point = failed.setdefault((marks.recipe, marks.rerun, job.key), set())
            attempts.setdefault(job.id, len(of_point) - (job.id in of_point) + 1)
            if job.status is JobStatus.ERROR:
                of_point.add(job.id)
    return attempts


def adoptions(snapshot: Snapshot) -> Iterable[Adopt]:
    """Batches of ours whose creation was never confirmed to us."""
    for batch in snapshot.current + snapshot.outdated:
        created = snapshot.creation(batch)
        if created and not created.state.is_clear:
            reason = "we created it, and its creation was never confirmed to us"
            yield Adopt(batch_id=batch.id, claim=created.claim, reason=reason)


def lost_tags(snapshot: Snapshot) -> Iterable[RestoreTags]:
    """Batches without a tag that we have put on them, for longer than views of them may lag.

    A change of tags replaces them all: one that arrives once more, or another machine's, takes away what
    was said since, as why their jobs are cancelled.
    """
    for batch in snapshot.current + snapshot.outdated:
        if snapshot.sighting(batch).lost_s > snapshot.settings.settle_s:
            yield RestoreTags(batch_id=batch.id, reason="tags that we have put on it are gone")


def superseded(snapshot: Snapshot) -> Iterable[CancelBatch]:
    """Batches of another recipe or rerun with pending work, where the policy cancels it."""
    if snapshot.desired.policy.supersede is Surplus.KEEP or snapshot.settings.namespace is None:
        return
    for batch in _replaceable(snapshot):
        if snapshot.may_undo(batch):
            reason = (
                f"the file has changed; {counted(len(_pending(batch)), 'pending job')} of an older version"
            )
            yield CancelBatch(batch_id=batch.id, reason=reason, mark=tags.SUPERSEDED)


def _replaceable(snapshot: Snapshot) -> Iterable[ObservedBatch]:
    """Batches of another recipe or rerun that are seen whole and have pending work."""
    for batch in snapshot.outdated:
        is_known = batch.status is not BatchStatus.UNKNOWN and not snapshot.is_disputed(batch)
        if _pending(batch) and is_known and not snapshot.gap(batch):
            yield batch


def left_alone(snapshot: Snapshot) -> Iterable[ObservedBatch]:
    """Batches of another version of the file that another clone may want still."""
    if snapshot.desired.policy.supersede is Surplus.CANCEL and snapshot.settings.namespace is not None:
        yield from (batch for batch in _replaceable(snapshot) if not snapshot.may_undo(batch))


def pruned(snapshot: Snapshot, wanted: Sequence[JobState], *, cancelled: set[str]) -> Iterable[CancelJobs]:
    """Pending jobs beyond what the file asks for, where the policy cancels them.

    Args:
        cancelled: Ids of batches that are cancelled in the same pass: their jobs are no surplus any more.
    """
    if snapshot.desired.policy.prune is Surplus.KEEP or snapshot.settings.namespace is None:
        return
    if snapshot.gaps:
        return  # what is not seen may be what is wanted
    kept = () if snapshot.is_past_deadline else wanted
    spare: dict[str, float] = {state.job.key: state.spare for state in kept}
    going = (job for batch in snapshot.current if batch.id in cancelled for job in _pending(batch))
    for job in going:
        spare[job.key] = spare.get(job.key, math.inf) - job.runs
    for batch in reversed(snapshot.current):
        if not snapshot.may_undo(batch) or batch.id in cancelled:
            continue
        surplus = []
        for job in (job for job in reversed(_pending(batch)) if not snapshot.is_disputed(batch, job)):
            # A point that the file does not name is all spare, and so is what it asks for otherwise now.
            left = math.inf if _is_otherwise(snapshot, batch, job) else spare.get(job.key, math.inf)
            if left >= job.runs:
                surplus.append(job.id)
                if left < math.inf:
                    spare[job.key] = left - job.runs
        if surplus:
            why = "its deadline has passed: it" if snapshot.is_past_deadline else "the file"
            reason = f"{why} no longer asks for {counted(len(surplus), 'pending job')}"
            yield CancelJobs(batch_id=batch.id, job_ids=tuple(surplus), reason=reason)


def _is_otherwise(snapshot: Snapshot, batch: ObservedBatch, job: ObservedJob) -> bool:
    """Whether the file asks for the point otherwise than the job was bought: nothing of it is kept."""
    wanted = snapshot.wanted.get(job.key)
    is_exact = snapshot.desired.policy.runs is RunsMode.EXACT
    return snapshot.is_outrun(batch, job) or (is_exact and wanted is not None and wanted.runs != job.runs)


def _pending(batch: ObservedBatch) -> list[ObservedJob]:
    return [j for j in batch.jobs if effective_status(batch.status, j.status) is JobStatus.PENDING]


def twins(snapshot: Snapshot) -> Iterable[CancelBatch]:
    """Batches that bought the same work as an older one: cancelled while all of it is pending.

    Not another clone's, which may ask for as much again, nor what a person has batched again, nor what was
    bought under another name: a request that arrives twice says the same name.
    """
    if snapshot.settings.namespace is None:
        return
    oldest: dict[tuple[str, str], str] = {}
    for batch in snapshot.current:
        marks = snapshot.marks[batch.id]
        is_whole = batch.jobs and batch.status.is_live and not snapshot.gap(batch)
        if not marks.submission or batch.parent_id or not is_whole:
            continue
        first = oldest.setdefault((marks.experiment, marks.submission), batch.id)
        if first != batch.id and len(_pending(batch)) == len(batch.jobs) and snapshot.may_undo(batch):
            reason = f"it bought the same work as {first}"
            yield CancelBatch(batch_id=batch.id, reason=reason, mark=tags.FENCED)


def repeated(snapshot: Snapshot) -> Iterable[CancelJobs]:
    """Pending jobs that came with a purchase of ours which arrived twice; nobody else buys on our batches."""
    if snapshot.settings.namespace is None:
        return
    for batch in snapshot.current + snapshot.outdated:
        tried = snapshot.tried(batch)
        # Around one without a clear answer the batch is shut first: it may come still.
        if (
            not tried
            or snapshot.gap(batch)
            or (snapshot.has_unclear_addition(batch) and snapshot.accepts_jobs(batch))
        ):
            continue
        asked = Counter(key for row in tried for key, _ in row.jobs)
        surplus = []
        kept = [job for job in batch.jobs if job.status not in {JobStatus.CANCELED, JobStatus.CANCELING}]
        for job in kept:
            asked[job.key] -= 1
            if asked[job.key] < 0 and effective_status(batch.status, job.status) is JobStatus.PENDING:
                surplus.append(job.id)
        if surplus:
            reason = f"a purchase arrived twice: {counted(len(surplus), 'job')} that nobody asked for"
            yield CancelJobs(batch_id=batch.id, job_ids=tuple(surplus), reason=reason)


def closings(
    snapshot: Snapshot, wanted: Sequence[JobState], *, cancelled: set[str], is_limited: bool
) -> Iterable[CloseBatch]:
    """Open batches that nothing will be added to; not those that are being cancelled.

    Args:
        is_limited: Nothing is bought although something is missing; a device is not kept for that.
    """
    for batch in snapshot.current + snapshot.outdated:
        if not snapshot.accepts_jobs(batch) or not batch.jobs_count or batch.id in cancelled:
            continue
        if snapshot.has_unclear_addition(batch):
            continue  # it is fenced instead
        reason = _closing_reason(snapshot, batch, wanted, is_limited=is_limited)
        if reason:
            yield CloseBatch(batch_id=batch.id, reason=reason)


def is_left_open(snapshot: Snapshot, batch: ObservedBatch) -> bool:
    """Whether a batch is open for a clone that does not descend from ours, until its writer is gone."""
    return snapshot.accepts_jobs(batch) and batch.jobs_count > 0 and not snapshot.may_undo(batch)


def _is_held(snapshot: Snapshot, batch: ObservedBatch) -> bool:
    """Whether a batch stays open for what a strategy asks for next, if that comes within its limit.

    Why a job of it was cancelled is known once it has ended, and nothing is asked for before.
    """
    strategy, proposal = snapshot.desired.strategy, snapshot.observed.proposal
    if strategy is None or strategy.think_limit_s is None or proposal is None:
        return False
    may_go_on = not (proposal.is_done or proposal.fault)
    is_unclear = any(
        job.status is JobStatus.CANCELED and job.id not in snapshot.ended_on_record for job in batch.jobs
    )
    return may_go_on and not is_unclear and snapshot.idle_s(batch) <= strategy.think_limit_s


def _goes_on_elsewhere(snapshot: Snapshot, batch: ObservedBatch) -> bool:
    """Whether a later batch has, or is to get, what its strategy asks for: a retry, or values it had."""
    later = snapshot.current[snapshot.current.index(batch) + 1 :]
    return snapshot.desired.strategy is not None and any(
        each.status.is_live and (each.jobs_count or snapshot.creation(each)) for each in later
    )


def _closing_reason(
    snapshot: Snapshot, batch: ObservedBatch, wanted: Sequence[JobState], *, is_limited: bool
) -> str:
    if batch in snapshot.outdated:
        is_kept = is_left_open(snapshot, batch) and snapshot.idle_s(batch) <= snapshot.settings.claim_ttl_s
        return "" if is_kept else "the file has changed; nothing will be added to it"
    places = snapshot.marks[batch.id].repetitions
    is_whole = isinstance(places, Slots) and places.is_listed
    if is_whole or snapshot.desired.policy.batch is BatchMode.CLOSED:
        return "all its jobs are added"
    if snapshot.is_of_another(batch):
        is_wanted = snapshot.is_shared(batch)
        return "" if is_wanted else "a strategy that went another way asked for its jobs"
    if snapshot.is_full(batch):
        return "it holds as many jobs as `max_jobs_per_batch` allows"
    if _goes_on_elsewhere(snapshot, batch):
        return "its strategy goes on in another batch, which may wait for its device"
    return _reason_now(snapshot, batch, wanted, is_limited=is_limited)


def _reason_now(
    snapshot: Snapshot, batch: ObservedBatch, wanted: Sequence[JobState], *, is_limited: bool
) -> str:
    """Why a batch that more could be added to is closed; empty where more may come."""
    if _is_held(snapshot, batch):
        return ""
    of_batch = (state for state in wanted if snapshot.is_place_of(batch, state.job))
    if any(state.progress.active or (state.progress.missing and not is_limited) for state in of_batch):
        return ""
    # What the file does not ask for any more is not waited for either.
    if any(not job.status.is_terminal and not snapshot.is_outrun(batch, job) for job in batch.jobs):
        return ""
    return "nothing is added to it for now" if is_limited else "all wanted jobs are done"


# What a person asks to cancel


def cancellations(observed: Observation) -> tuple[CancelBatch, ...]:
    """Every batch with something to cancel: pending jobs, or an open batch that waits for jobs.

    No mark says that we did it: what a person cancels is not bought again unasked.
    """
    return tuple(
        CancelBatch(batch_id=batch.id, reason=reason, mark="")
        for batch in observed.batches
        if (reason := _what_to_cancel(batch))
    )


def _what_to_cancel(batch: ObservedBatch) -> str:
    if not batch.status.is_live:
        return ""
    pending = sum(effective_status(batch.status, job.status) is JobStatus.PENDING for job in batch.jobs)
    if pending:
        return f"{pending} of its {batch.jobs_count} jobs are pending"
    return "it is open, and nothing has been added" if batch.open and not batch.jobs_count else ""
