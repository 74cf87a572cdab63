"""The planner: what is wanted and what is seen → what to do next, and why. A pure function.

The cascade of one submission: shut what may still change under us; respect the oldest claim; buy on our own
settled claim; otherwise claim. Everything else (recording, closing, cancelling) stands beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.domain import BatchMode, BatchStatus, JobStatus, OnUnknown, Submission, Surplus
from runner.reconcile import tags
from runner.reconcile.actions import (
    AddJobs,
    Adopt,
    CancelBatch,
    CancelJobs,
    Claim,
    CloseBatch,
    Cost,
    EndedJob,
    Fence,
    Health,
    Hold,
    Plan,
    RecordResults,
    Submit,
    Sync,
    WaitFor,
)
from runner.reconcile.estimate import is_emulator, qpu_seconds
from runner.reconcile.journal import Kind, State
from runner.reconcile.scene import Scene
from runner.reconcile.tally import effective_status, new_jobs, points

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from runner.domain import DesiredExperiment, ObservedBatch, ObservedJob
    from runner.reconcile.actions import Action, NewJob
    from runner.reconcile.journal import Entry
    from runner.reconcile.scene import Observation, Terms
    from runner.reconcile.tally import Point

_TRIES: Final = 6
_RECENT_S: Final = 600.0
_FIRST_PAUSE_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Step:
    """Actions towards a submission, and when to look again if there are none (in s)."""

    actions: tuple[Action, ...] = ()
    wait_s: float | None = None


def plan(desired: DesiredExperiment, seen: Observation, terms: Terms, now: datetime) -> Plan:
    """What one pass does for one experiment."""
    scene = Scene(desired, seen, terms, now)
    wanted = points(scene)
    step = _submission(scene, wanted)
    cancelled = (*_superseded(scene), *_twins(scene))
    actions = (
        *_records(scene),
        *_adoptions(scene),
        *cancelled,
        *_pruned(scene, wanted),
        *step.actions,
        *_closings(scene, wanted, {action.batch_id for action in cancelled}),
    )
    wait_for, look_again_s = _waiting(scene, wanted, step)
    return Plan(
        experiment=desired.name,
        actions=actions,
        jobs=tuple(point.tally for point in wanted),
        sync=_sync(scene, wanted, actions),
        health=_health(scene, wanted, actions),
        cost=_cost(desired, actions),
        wait_for=wait_for,
        look_again_s=look_again_s,
        notes=tuple(_notes(scene, wanted)),
    )


# Submission


def _submission(scene: Scene, wanted: Sequence[Point]) -> _Step:
    bought = new_jobs(scene.desired, (point for point in wanted if point.is_due(scene.now)))
    submission = tags.submission_tag(scene.desired, bought) if bought else ""
    fences = _unclear(scene)
    if fences:
        return _Step(fences)  # look again before deciding anything
    if any(scene.lags_behind(batch) for batch in scene.current):
        return _Step(wait_s=max(scene.terms.poll_s, 0.1))
    stale, rivals = _sorted_out(scene, submission)
    if not bought:
        return _Step(stale)
    step = _purchase(scene, submission, bought, rivals)
    return _Step((*stale, *step.actions), step.wait_s)


def _unclear(scene: Scene) -> tuple[Fence, ...]:
    """Fences around purchases without a clear answer: a late request must be refused."""
    reason = "a purchase on it had no clear answer; a late one must be refused"
    return tuple(
        Fence(batch_id=batch.id, holds_jobs=bool(batch.jobs_count), reason=reason)
        for batch in scene.current + scene.outdated
        if scene.accepts_jobs(batch) and scene.has_unclear_addition(batch)
    )


def _sorted_out(scene: Scene, submission: str) -> tuple[tuple[Fence, ...], tuple[ObservedBatch, ...]]:
    """Claims that are in the way, and those that stand; of ours only the oldest of all stands."""
    stale: list[Fence] = []
    standing: list[ObservedBatch] = []
    for claim in scene.claims:
        reason = _staleness(scene, claim, submission)
        if not reason and standing and scene.creation(claim):
            reason = f"an older claim stands: {standing[0].id}"
        if reason:
            stale.append(Fence(batch_id=claim.id, holds_jobs=False, reason=reason))
        else:
            standing.append(claim)
    return tuple(stale), tuple(standing)


def _staleness(scene: Scene, claim: ObservedBatch, submission: str) -> str:
    if scene.marks[claim.id].submission != submission:
        return "it claims work that is no longer wanted"
    if any(entry.state is not State.INTENDED for entry in scene.additions(claim)):
        return "a purchase on it came to nothing"
    if not scene.creation(claim) and scene.age_s(claim.created_at) > scene.terms.lease_s:
        return f"another machine's claim is older than its lease of {scene.terms.lease_s:g} s"
    return ""


def _purchase(
    scene: Scene, submission: str, bought: tuple[NewJob, ...], rivals: Sequence[ObservedBatch]
) -> _Step:
    held = _over_budget(scene, bought)
    if held:
        return _Step((held,))
    if rivals:
        return _on_claim(scene, rivals[0], bought)
    kept_open = [batch for batch in scene.current if scene.accepts_jobs(batch) and batch.jobs_count]
    if kept_open and scene.desired.policy.batch is BatchMode.OPEN:
        return _on_open_batch(scene, kept_open[0], bought)
    return _new_batch(scene, submission, bought)


def _on_claim(scene: Scene, winner: ObservedBatch, bought: tuple[NewJob, ...]) -> _Step:
    created = scene.creation(winner)
    if not created:
        lease_left_s = scene.terms.lease_s - scene.age_s(winner.created_at)
        return _Step(wait_s=max(0.1, min(lease_left_s, scene.terms.poll_s)))
    unsettled_s = scene.terms.settle_s - scene.age_s(created.at)
    if unsettled_s > 0:
        return _Step(wait_s=unsettled_s)
    return _Step((AddJobs(batch_id=winner.id, jobs=bought, reason=_reason(bought)),))


def _on_open_batch(scene: Scene, batch: ObservedBatch, bought: tuple[NewJob, ...]) -> _Step:
    if scene.creation(batch):
        return _Step((AddJobs(batch_id=batch.id, jobs=bought, reason=_reason(bought)),))
    idle_s = scene.age_s(batch.updated_at)
    if idle_s <= scene.terms.lease_s:
        return _Step(wait_s=max(0.1, min(scene.terms.lease_s - idle_s, scene.terms.poll_s)))
    reason = "another machine keeps it open and has not written to it for longer than its lease"
    return _Step((Fence(batch_id=batch.id, holds_jobs=True, reason=reason),))


def _new_batch(scene: Scene, submission: str, bought: tuple[NewJob, ...]) -> _Step:
    entries = [entry for entry in scene.seen.entries if entry.submission == submission]
    unclear = [e for e in entries if not e.state.is_clear and scene.age_s(e.at) < _RECENT_S]
    silences = sum(entry.state is State.UNKNOWN for entry in unclear)
    if silences >= _TRIES:
        return _Step((_silence(silences),))
    if unclear:
        # What was lost may only show in a while, and a cloud in trouble wants a pause.
        pause_s = max(scene.terms.settle_s, _FIRST_PAUSE_S * 2**silences)
        left_s = pause_s - scene.age_s(unclear[-1].at)
        if left_s > 0:
            return _Step(wait_s=left_s)
    refused = bool(entries) and (entries[-1].kind, entries[-1].state) == (Kind.CLAIM, State.REJECTED)
    if scene.desired.policy.submission is Submission.DIRECT or refused:
        return _direct(scene, submission, bought, entries)
    return _Step((Claim(submission=submission, jobs=bought, reason=_reason(bought)),))


def _silence(tries: int) -> Hold:
    return Hold(
        reason=f"{tries} requests within {_RECENT_S / 60:g} minutes got no clear answer",
        how="nothing was bought twice; see whether the cloud is in trouble, and apply again later",
    )


def _direct(scene: Scene, submission: str, bought: tuple[NewJob, ...], entries: Sequence[Entry]) -> _Step:
    landed = {marks.claim for marks in scene.marks.values()}
    lost = [e for e in entries if e.kind is Kind.SUBMIT and not e.state.is_clear and e.claim not in landed]
    since = lost[-1].at if lost else scene.terms.remembers_since
    unsettled_s = scene.terms.settle_s - scene.age_s(since) if since else 0.0
    if unsettled_s > 0:
        return _Step(wait_s=unsettled_s)
    if lost and _holds_lost(scene.desired):
        return _Step((_lost_submission(submission, lost[-1]),))
    return _Step((Submit(submission=submission, jobs=bought, reason=_reason(bought)),))


def _holds_lost(desired: DesiredExperiment) -> bool:
    said = desired.policy.on_unknown_submission
    return said is OnUnknown.HOLD or (said is None and not is_emulator(desired.device_type))


def _lost_submission(submission: str, entry: Entry) -> Hold:
    return Hold(
        reason=f"nobody knows whether the submission {submission} of {entry.at:%Y-%m-%d %H:%M:%S} UTC was "
        "accepted: no batch carries its tag",
        how="look for it in the cloud's portal; when it is not there, set `on_unknown_submission: resubmit`",
    )


def _over_budget(scene: Scene, bought: Sequence[NewJob]) -> Hold | None:
    budget = scene.desired.policy.budget_runs
    if budget is None:
        return None
    seen = {job.id: (job.status, job.runs) for batch in scene.seen.batches for job in batch.jobs}
    seen |= {job.id: (job.status, job.runs) for job in scene.seen.recorded}
    spent = sum(runs for status, runs in seen.values() if status is not JobStatus.CANCELED)
    asked = sum(job.runs for job in bought)
    if spent + asked <= budget:
        return None
    return Hold(
        reason=f"{asked} more runs would make {spent + asked}, above the budget of {budget} runs",
        how="raise `budget.runs` in the file, or ask for fewer runs",
    )


def _reason(bought: Sequence[NewJob]) -> str:
    again = sum(job.attempt > 1 for job in bought)
    runs = sum(job.runs for job in bought)
    said = f"{len(bought)} job{'s' if len(bought) > 1 else ''} with {runs} runs are wanted and not there"
    return said + (f", {again} of them for a failed attempt" if again else "")


# Beside the submission


def _records(scene: Scene) -> Iterable[RecordResults]:
    complete = {r.id for r in scene.seen.recorded if r.counts or r.status is not JobStatus.DONE}
    known = complete | scene.seen.unavailable
    for batch in scene.current + scene.outdated:
        if not scene.marks[batch.id].recipe:
            continue  # tagged by hand: nobody knows what it ran
        ended = [job for job in batch.jobs if job.id not in known and _has_ended(scene, batch, job)]
        if ended:
            jobs = tuple(EndedJob(id=j.id, key=j.key, attempt=_attempt(scene, j)) for j in ended)
            reason = f"{len(ended)} job{'s' if len(ended) > 1 else ''} ended"
            yield RecordResults(batch_id=batch.id, jobs=jobs, reason=reason)


def _has_ended(scene: Scene, batch: ObservedBatch, job: ObservedJob) -> bool:
    is_ours = job.status is JobStatus.CANCELED and scene.marks[batch.id].released
    return job.status.is_terminal and not is_ours


def _attempt(scene: Scene, job: ObservedJob) -> int:
    """One more than the failures of the same point in jobs that came before it."""
    earlier = {r.id for r in scene.recorded if r.key == job.key and r.status is JobStatus.ERROR}
    for other in (other for batch in scene.current for other in batch.jobs):
        if other.id == job.id:
            break
        if other.key == job.key and other.status is JobStatus.ERROR:
            earlier.add(other.id)
    return len(earlier - {job.id}) + 1


def _adoptions(scene: Scene) -> Iterable[Adopt]:
    for batch in scene.current + scene.outdated:
        created = scene.creation(batch)
        if created and not created.state.is_clear:
            reason = "we created it, and its creation was never confirmed to us"
            yield Adopt(batch_id=batch.id, claim=created.claim, reason=reason)


def _superseded(scene: Scene) -> Iterable[CancelBatch]:
    if scene.desired.policy.supersede is Surplus.KEEP or scene.terms.namespace is None:
        return
    for batch in scene.outdated:
        pending = _pending(batch)
        if pending:
            reason = f"the file has changed; {len(pending)} jobs of an older version are pending"
            yield CancelBatch(batch_id=batch.id, reason=reason, mark=tags.SUPERSEDED)


def _pruned(scene: Scene, wanted: Sequence[Point]) -> Iterable[CancelJobs]:
    if scene.desired.policy.prune is Surplus.KEEP or scene.terms.namespace is None:
        return
    spare: dict[str, float] = {point.job.key: point.tally.surplus for point in wanted}
    for batch in reversed(scene.current):
        surplus = []
        for job in reversed(_pending(batch)):
            left = spare.get(job.key, math.inf)  # a point that the file does not name is all spare
            if left >= job.runs:
                surplus.append(job.id)
                spare[job.key] = left - job.runs
        if surplus:
            reason = f"the file no longer asks for {len(surplus)} pending jobs"
            yield CancelJobs(batch_id=batch.id, job_ids=tuple(surplus), reason=reason)


def _pending(batch: ObservedBatch) -> list[ObservedJob]:
    return [j for j in batch.jobs if effective_status(batch.status, j.status) is JobStatus.PENDING]


def _twins(scene: Scene) -> Iterable[CancelBatch]:
    """Batches that bought the same work as an older one: cancelled while all of it is pending."""
    if scene.terms.namespace is None:
        return
    oldest: dict[str, str] = {}
    for batch in scene.current:
        submission = scene.marks[batch.id].submission
        if not submission or not batch.jobs or not batch.status.is_live:
            continue
        first = oldest.setdefault(submission, batch.id)
        if first != batch.id and len(_pending(batch)) == len(batch.jobs):
            reason = f"it bought the same work as {first}"
            yield CancelBatch(batch_id=batch.id, reason=reason, mark=tags.FENCED)


def _closings(scene: Scene, wanted: Sequence[Point], cancelled: set[str]) -> Iterable[CloseBatch]:
    for batch in scene.current + scene.outdated:
        if not scene.accepts_jobs(batch) or not batch.jobs_count or batch.id in cancelled:
            continue
        if scene.has_unclear_addition(batch):
            continue  # it is fenced instead
        reason = _closing_reason(scene, batch, wanted)
        if reason:
            yield CloseBatch(batch_id=batch.id, reason=reason)


def _closing_reason(scene: Scene, batch: ObservedBatch, wanted: Sequence[Point]) -> str:
    if batch in scene.outdated:
        return "the file has changed; nothing will be added to it"
    if scene.desired.policy.batch is BatchMode.CLOSED:
        return "all its jobs are added"
    if any(point.tally.active or point.tally.missing for point in wanted):
        return ""
    return "" if any(not job.status.is_terminal for job in batch.jobs) else "all wanted jobs are done"


# What people read


def _waiting(scene: Scene, wanted: Sequence[Point], step: _Step) -> tuple[WaitFor, float | None]:
    if step.wait_s is not None:
        return WaitFor.SUBMISSION, step.wait_s
    retries = [point.retry_at for point in wanted if point.tally.missing and point.retry_at]
    backoffs_s = [seconds for at in retries if (seconds := -scene.age_s(at)) > 0]
    polls_s = [scene.terms.poll_s] if any(point.tally.active for point in wanted) else []
    waits_s = backoffs_s + polls_s
    if not waits_s:
        return WaitFor.NOTHING, None
    return (WaitFor.BACKOFF if backoffs_s else WaitFor.JOBS), min(waits_s)


def _sync(scene: Scene, wanted: Sequence[Point], actions: Sequence[Action]) -> Sync:
    if any(batch.status is BatchStatus.UNKNOWN for batch in scene.seen.batches):
        return Sync.UNKNOWN
    changes = any(not isinstance(action, (RecordResults, Adopt)) for action in actions)
    incomplete = any(point.tally.missing or point.tally.failed for point in wanted)
    return Sync.OUT_OF_SYNC if changes or incomplete else Sync.SYNCED


def _health(scene: Scene, wanted: Sequence[Point], actions: Sequence[Action]) -> Health:
    tallies = [point.tally for point in wanted]
    if any(isinstance(action, Hold) for action in actions) or any(t.failed or t.declined for t in tallies):
        return Health.DEGRADED
    if any(batch.status is BatchStatus.UNKNOWN for batch in scene.current):
        return Health.UNKNOWN
    if not any(tally.done or tally.active for tally in tallies):
        return Health.MISSING
    if any(tally.active or tally.missing for tally in tallies):
        return Health.PROGRESSING
    return Health.HEALTHY


def _cost(desired: DesiredExperiment, actions: Sequence[Action]) -> Cost:
    bought = [job for a in actions if isinstance(a, (Claim, AddJobs, Submit)) for job in a.jobs]
    runs = sum(job.runs for job in bought)
    return Cost(jobs=len(bought), runs=runs, qpu_s=qpu_seconds(desired.device_type, runs))


def _notes(scene: Scene, wanted: Sequence[Point]) -> Iterable[str]:
    surplus = [tally.surplus for tally in (point.tally for point in wanted) if tally.surplus > 0]
    if surplus:
        some = "1 job has" if len(surplus) == 1 else f"{len(surplus)} jobs have"
        yield f"{some} {sum(surplus)} runs more than the file asks for"
    if scene.terms.namespace is None:
        yield "without a namespace nothing that holds jobs is cancelled; set `namespace` in runner.toml"
    for job_id in sorted(scene.seen.unavailable):
        yield f"job {job_id} is done, but its result cannot be had yet"
