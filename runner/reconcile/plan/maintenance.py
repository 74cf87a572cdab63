"""Beside the submission: what else a pass does for the batches there are. Pure."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from runner.domain import BatchMode, BatchStatus, JobStatus, RunsMode, Surplus
from runner.domain.numerals import counted
from runner.reconcile.model import tags
from runner.reconcile.model.actions import Adopt, CancelBatch, CancelJobs, CloseBatch, EndedJob, RecordResults
from runner.reconcile.plan.counted_jobs import effective_status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.domain import ObservedBatch, ObservedJob
    from runner.reconcile.model.result_fetches import FailedFetch
    from runner.reconcile.model.snapshot import Scene
    from runner.reconcile.plan.job_states import JobState


def records(scene: Scene) -> Iterable[RecordResults]:
    """Ends of jobs that are not on record yet."""
    without = {record.id for record in scene.seen.recorded if record.lacks_result}
    fetches = scene.seen.failed_fetches
    attempts: dict[str, int] = {}
    for batch in scene.current + scene.outdated:
        ended = [
            j for j in _unrecorded(scene, batch) if j.id not in fetches or not _waits(scene, fetches[j.id])
        ]
        if ended:
            attempts = attempts or _attempts(scene)
            jobs = tuple(EndedJob(id=j.id, key=j.key, attempt=attempts[j.id]) for j in ended)
            again = sum(job.id in without for job in ended)
            yield RecordResults(batch_id=batch.id, jobs=jobs, reason=_why_recorded(len(ended) - again, again))


def awaited_fetches(scene: Scene) -> Iterable[FailedFetch]:
    """What came so far of asking for the results that are still asked for."""
    for batch in scene.current + scene.outdated:
        for job in _unrecorded(scene, batch):
            if job.id in scene.seen.failed_fetches:
                yield scene.seen.failed_fetches[job.id]


def _unrecorded(scene: Scene, batch: ObservedBatch) -> Iterable[ObservedJob]:
    """Jobs of a batch that have ended, and whose end or result is not on record."""
    if not scene.marks[batch.id].recipe:
        return  # tagged by hand: nobody knows what it ran
    for job in batch.jobs:
        is_known = job.id in scene.on_record and not _is_disputed(scene, batch, job)
        if not is_known and _has_ended(scene, batch, job):
            yield job


def _is_disputed(scene: Scene, batch: ObservedBatch, job: ObservedJob) -> bool:
    """Whether a job is done that is on record as failed or cancelled: the record was a mistake."""
    if job.status is not JobStatus.DONE or scene.gap(batch):
        return False
    return any(r.id == job.id and r.status is not JobStatus.DONE for r in scene.seen.recorded)


def _why_recorded(ended: int, again: int) -> str:
    """Why jobs are recorded: they ended, or their results were not to be had before."""
    said = [f"{ended} job{'s' if ended > 1 else ''} ended"] if ended else []
    if again:
        said.append(f"{again} result{'s are' if again > 1 else ' is'} asked for again")
    return "; ".join(said)


def _waits(scene: Scene, fetch: FailedFetch) -> bool:
    """Whether a result that was asked for in vain is not asked for again now."""
    return fetch.again_s(scene.now, scene.settings.poll_s) != 0


def _has_ended(scene: Scene, batch: ObservedBatch, job: ObservedJob) -> bool:
    """Whether a job's end is known, and is not our own doing.

    Jobs are read after their batch: of a live one somebody may just have marked it, and cancelled the job; of
    one that has just ended, the mark may not be shown yet.
    """
    if job.status is not JobStatus.DONE and scene.gap(batch):
        return False  # what a record says of it cannot be undone
    if job.status is JobStatus.CANCELED:
        is_ours = scene.marks[batch.id].cancelled_by_us or not scene.is_settled(batch)
        return batch.status.is_terminal and not is_ours
    return job.status.is_terminal


def _attempts(scene: Scene) -> dict[str, int]:
    """Which attempt at its point each job is: one more than the failures in jobs that came before it.

    Every recipe and every rerun begins anew.
    """
    failed: dict[tuple[str, int, str], set[str]] = {}
    for record in scene.seen.recorded:
        if record.status is JobStatus.ERROR:
            failed.setdefault((record.recipe, record.rerun, record.key), set()).add(record.id)
    attempts: dict[str, int] = {}
    for batch in scene.current + scene.outdated:
        marks = scene.marks[batch.id]
        for job in batch.jobs:
            of_point = failed.setdefault((marks.recipe, marks.rerun, job.key), set())
            attempts.setdefault(job.id, len(of_point) - (job.id in of_point) + 1)
            if job.status is JobStatus.ERROR:
                of_point.add(job.id)
    return attempts


def adoptions(scene: Scene) -> Iterable[Adopt]:
    """Batches of ours whose creation was never confirmed to us."""
    for batch in scene.current + scene.outdated:
        created = scene.creation(batch)
        if created and not created.state.is_clear:
            reason = "we created it, and its creation was never confirmed to us"
            yield Adopt(batch_id=batch.id, claim=created.claim, reason=reason)


def superseded(scene: Scene) -> Iterable[CancelBatch]:
    """Batches of another recipe or rerun with pending work, where the policy cancels it."""
    if scene.desired.policy.supersede is Surplus.KEEP or scene.settings.namespace is None:
        return
    for batch in _replaceable(scene):
        if scene.may_undo(batch):
            reason = (
                f"the file has changed; {counted(len(_pending(batch)), 'pending job')} of an older version"
            )
            yield CancelBatch(batch_id=batch.id, reason=reason, mark=tags.SUPERSEDED)


def _replaceable(scene: Scene) -> Iterable[ObservedBatch]:
    """Batches of another recipe or rerun that are seen whole and have pending work."""
    for batch in scene.outdated:
        is_known = batch.status is not BatchStatus.UNKNOWN and not scene.is_disputed(batch)
        if _pending(batch) and is_known and not scene.gap(batch):
            yield batch


def left_alone(scene: Scene) -> Iterable[ObservedBatch]:
    """Batches of another version of the file that another clone may want still."""
    if scene.desired.policy.supersede is Surplus.CANCEL and scene.settings.namespace is not None:
        yield from (batch for batch in _replaceable(scene) if not scene.may_undo(batch))


def pruned(scene: Scene, wanted: Sequence[JobState], *, cancelled: set[str]) -> Iterable[CancelJobs]:
    """Pending jobs beyond what the file asks for, where the policy cancels them.

    Args:
        cancelled: Ids of batches that are cancelled in the same pass: their jobs are no surplus any more.
    """
    if scene.desired.policy.prune is Surplus.KEEP or scene.settings.namespace is None:
        return
    if scene.gaps:
        return  # what is not seen may be what is wanted
    kept = () if scene.is_past_deadline else wanted
    spare: dict[str, float] = {state.job.key: state.spare for state in kept}
    going = (job for batch in scene.current if batch.id in cancelled for job in _pending(batch))
    for job in going:
        spare[job.key] = spare.get(job.key, math.inf) - job.runs
    for batch in reversed(scene.current):
        if not scene.may_undo(batch) or batch.id in cancelled:
            continue
        surplus = []
        for job in (job for job in reversed(_pending(batch)) if not scene.is_disputed(batch, job)):
            # A point that the file does not name is all spare, and so is what it asks for otherwise now.
            left = math.inf if _is_otherwise(scene, batch, job) else spare.get(job.key, math.inf)
            if left >= job.runs:
                surplus.append(job.id)
                if left < math.inf:
                    spare[job.key] = left - job.runs
        if surplus:
            why = "its deadline has passed: it" if scene.is_past_deadline else "the file"
            reason = f"{why} no longer asks for {counted(len(surplus), 'pending job')}"
            yield CancelJobs(batch_id=batch.id, job_ids=tuple(surplus), reason=reason)


def _is_otherwise(scene: Scene, batch: ObservedBatch, job: ObservedJob) -> bool:
    """Whether the file asks for the point otherwise than the job was bought: nothing of it is kept."""
    wanted = scene.wanted.get(job.key)
    is_exact = scene.desired.policy.runs is RunsMode.EXACT
    return scene.is_outrun(batch, job) or (is_exact and wanted is not None and wanted.runs != job.runs)


def _pending(batch: ObservedBatch) -> list[ObservedJob]:
    return [j for j in batch.jobs if effective_status(batch.status, j.status) is JobStatus.PENDING]


def twins(scene: Scene) -> Iterable[CancelBatch]:
    """Batches that bought the same work as an older one: cancelled while all of it is pending.

    Not another clone's, which may ask for as much again.
    """
    if scene.settings.namespace is None:
        return
    oldest: dict[str, str] = {}
    for batch in scene.current:
        submission = scene.marks[batch.id].submission
        if not submission or not batch.jobs or not batch.status.is_live or scene.gap(batch):
            continue
        first = oldest.setdefault(submission, batch.id)
        if first != batch.id and len(_pending(batch)) == len(batch.jobs) and scene.may_undo(batch):
            reason = f"it bought the same work as {first}"
            yield CancelBatch(batch_id=batch.id, reason=reason, mark=tags.FENCED)


def repeated(scene: Scene) -> Iterable[CancelJobs]:
    """Pending jobs that came with a purchase of ours which arrived twice; nobody else buys on our batches."""
    if scene.settings.namespace is None:
        return
    for batch in scene.current + scene.outdated:
        tried = scene.tried(batch)
        # Around one without a clear answer the batch is shut first: it may come still.
        if not tried or scene.gap(batch) or (scene.has_unclear_addition(batch) and scene.accepts_jobs(batch)):
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
    scene: Scene, wanted: Sequence[JobState], *, cancelled: set[str], is_limited: bool
) -> Iterable[CloseBatch]:
    """Open batches that nothing will be added to; not those that are being cancelled.

    Args:
        is_limited: Nothing is bought although something is missing; a device is not kept for that.
    """
    for batch in scene.current + scene.outdated:
        if not scene.accepts_jobs(batch) or not batch.jobs_count or batch.id in cancelled:
            continue
        if scene.has_unclear_addition(batch):
            continue  # it is fenced instead
        reason = _closing_reason(scene, batch, wanted, is_limited=is_limited)
        if reason:
            yield CloseBatch(batch_id=batch.id, reason=reason)


def is_left_open(scene: Scene, batch: ObservedBatch) -> bool:
    """Whether a batch is open for a clone that does not descend from ours, until its writer is gone."""
    return scene.accepts_jobs(batch) and batch.jobs_count > 0 and not scene.may_undo(batch)


def _closing_reason(
    scene: Scene, batch: ObservedBatch, wanted: Sequence[JobState], *, is_limited: bool
) -> str:
    if batch in scene.outdated:
        is_kept = is_left_open(scene, batch) and scene.idle_s(batch) <= scene.settings.lease_s
        return "" if is_kept else "the file has changed; nothing will be added to it"
    if scene.desired.policy.batch is BatchMode.CLOSED:
        return "all its jobs are added"
    if scene.is_full(batch):
        return "it holds as many jobs as `max_jobs_per_batch` allows"
    of_batch = (p for p in wanted if scene.takes(batch, rerun=p.job.rerun, repetition=p.job.repetition or 1))
    if any(state.progress.active or (state.progress.missing and not is_limited) for state in of_batch):
        return ""
    # What the file does not ask for any more is not waited for either.
    if any(not job.status.is_terminal and not scene.is_outrun(batch, job) for job in batch.jobs):
        return ""
    return "nothing is added to it for now" if is_limited else "all wanted jobs are done"
