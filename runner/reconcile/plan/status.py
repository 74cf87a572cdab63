"""What a plan says of an experiment: in sync or not, healthy or not, its cost, what it waits for. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from runner.domain import JobStatus, Submission
from runner.domain.numerals import counted
from runner.domain.qpu_time import qpu_seconds
from runner.reconcile.model.actions import Adopt, Hold, RecordResults, RestoreTags
from runner.reconcile.model.plan import Cost, Health, Sync, WaitFor
from runner.reconcile.model.result_fetches import next_fetch_s
from runner.reconcile.plan import maintenance
from runner.reconcile.plan.counted_jobs import effective_status
from runner.reconcile.plan.limits import is_lost
from runner.reconcile.plan.past_purchases import remarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.domain import DesiredExperiment, ObservedBatch, ObservedJob, RecordedJob
    from runner.reconcile.model.actions import Action, NewJob
    from runner.reconcile.model.snapshot import Snapshot
    from runner.reconcile.plan.job_states import JobState
    from runner.reconcile.plan.submission import NextStep

_NAMED: Final = 5
# Of what a cloud says of jobs, so many texts are read, and of each so many characters.
_MOST_TEXTS: Final = 1000
_LONGEST_TEXT: Final = 400


def waiting(snapshot: Snapshot, wanted: Sequence[JobState], step: NextStep) -> tuple[WaitFor, float | None]:
    """What is waited for when there is nothing to do, and when to look again (in s)."""
    if step.wait_s is not None:
        return (step.limit.wait_for if step.limit else WaitFor.SUBMISSION), step.wait_s
    is_active = _is_active(snapshot)
    fetch_s = next_fetch_s(maintenance.awaited_fetches(snapshot), snapshot.now, snapshot.settings.poll_s)
    if step.limit and (is_active or step.limit.wait_for is not WaitFor.NOTHING):
        return (WaitFor.JOBS if is_active else step.limit.wait_for), snapshot.settings.poll_s
    if step.limit:
        return _still_to_record(snapshot, fetch_s)
    sight_s = _sight_s(snapshot)
    if sight_s is not None:
        return WaitFor.SIGHT, sight_s
    retries = [state.retry_at for state in wanted if state.progress.missing and state.retry_at]
    backoffs_s = [seconds for at in retries if (seconds := -snapshot.age_s(at)) > 0]
    fetches_s = [] if fetch_s is None else [fetch_s]
    waits_s = [*backoffs_s, *([snapshot.settings.poll_s] if is_active else []), *fetches_s]
    if not waits_s:
        return WaitFor.NOTHING, _ttl_left_s(snapshot)
    return _awaited(backoffs_s, is_active=is_active), min(waits_s)


def _still_to_record(snapshot: Snapshot, fetch_s: float | None) -> tuple[WaitFor, float | None]:
    """What is waited for, although nothing is bought any more, so that all that came back is on record."""
    if fetch_s is not None:
        return WaitFor.RESULTS, fetch_s
    sight_s = _sight_s(snapshot)
    return (WaitFor.NOTHING, None) if sight_s is None else (WaitFor.SIGHT, sight_s)


def _is_active(snapshot: Snapshot) -> bool:
    """Whether a job is under way of which it can be hoped that its end will be seen."""
    return any(
        not effective_status(batch.status, job.status).is_terminal and not snapshot.is_outrun(batch, job)
        for batch in snapshot.current
        if not is_lost(snapshot, batch)
        for job in batch.jobs
    )


def _awaited(backoffs_s: Sequence[float], *, is_active: bool) -> WaitFor:
    if backoffs_s:
        return WaitFor.BACKOFF
    return WaitFor.JOBS if is_active else WaitFor.RESULTS


def _sight_s(snapshot: Snapshot) -> float | None:
    """When to look again at batches that may not be seen as they are (in s); None where all are."""
    unsettled_s = [
        snapshot.settings.settle_s - snapshot.sighting(b).ended_s for b in _cancelled_lately(snapshot)
    ]
    if unsettled_s:
        return max(0.1, min(unsettled_s))
    return max(0.1, snapshot.settings.poll_s) if _is_seen_soon(snapshot) else None


def _is_seen_soon(snapshot: Snapshot) -> bool:
    """Whether a batch is not seen whole, and may be before a person must look at it."""
    return any(not is_lost(snapshot, batch) for batch in snapshot.gaps)


def _ttl_left_s(snapshot: Snapshot) -> float | None:
    """When another machine's open batch may be shut (in s), for it keeps a device; None without one."""
    ages_s = [snapshot.claim_age_s(claim) for claim in snapshot.claims if not snapshot.creation(claim)]
    ages_s += [
        snapshot.idle_s(batch) for batch in snapshot.outdated if maintenance.is_left_open(snapshot, batch)
    ]
    if not ages_s:
        return None
    return max(0.1, min(snapshot.settings.poll_s, snapshot.settings.claim_ttl_s - max(ages_s)))


def _cancelled_lately(snapshot: Snapshot) -> list[ObservedBatch]:
    """Batches with cancelled jobs that have ended so lately that it may not be seen yet why."""
    on_record = snapshot.ended_on_record
    return [
        batch
        for batch in snapshot.current + snapshot.outdated
        if not batch.status.is_live and not snapshot.is_settled(batch)
        if any(
            job.status is JobStatus.CANCELED and not marks.is_ours(job.id) and job.id not in on_record
            for marks in (snapshot.marks[batch.id],)
            for job in batch.jobs
        )
    ]


def sync(snapshot: Snapshot, wanted: Sequence[JobState], actions: Sequence[Action]) -> Sync:
    """Whether the cloud holds what the file asks for."""
    if snapshot.unknown or snapshot.gaps:
        return Sync.UNKNOWN
    changes = any(not isinstance(action, (RecordResults, Adopt, RestoreTags)) for action in actions)
    jobs = [state.progress for state in wanted]
    incomplete = any(job.missing or (job.failed and not job.dropped) for job in jobs)
    return Sync.OUT_OF_SYNC if changes or incomplete else Sync.SYNCED


def health(snapshot: Snapshot, wanted: Sequence[JobState], actions: Sequence[Action]) -> Health:
    """How the experiment is."""
    jobs = [state.progress for state in wanted]
    if snapshot.desired.is_removed:
        return Health.PROGRESSING if any(map(is_pending, snapshot.outdated)) else Health.HEALTHY
    if snapshot.desired.policy.suspend:
        return Health.SUSPENDED
    if any(isinstance(action, Hold) for action in actions) or any(t.is_lost for t in jobs):
        return Health.DEGRADED
    if snapshot.unknown:
        return Health.UNKNOWN
    if not any(job.done or job.active for job in jobs):
        return Health.MISSING
    is_incomplete = any(job.active or job.missing for job in jobs)
    return Health.PROGRESSING if is_incomplete else Health.HEALTHY


def is_pending(batch: ObservedBatch) -> bool:
    """Whether jobs of a batch have not ended."""
    return batch.status.is_live and batch.jobs_count > 0


def cost(desired: DesiredExperiment, bought: Sequence[NewJob]) -> Cost:
    """What jobs cost."""
    runs = sum(job.runs for job in bought)
    return Cost(jobs=len(bought), runs=runs, qpu_s=qpu_seconds(desired.device_type, runs))


def _unevaluated(snapshot: Snapshot) -> Iterable[str]:
    """What is measured anew, because it was bought without an observable that the file asks for now."""
    done = {record.key for record in snapshot.recorded}
    lacking = {
        each
        for record in filter(snapshot.is_asked_for, snapshot.observed.recorded)
        if record.key not in done
        for each in snapshot.desired.observables.keys() - record.observables.keys()
    }
    if lacking:
        names = ", ".join(sorted(snapshot.desired.observables[each] for each in lacking))
        yield f"jobs on record were measured without {names}: new jobs evaluate it"


def _lost(snapshot: Snapshot) -> Iterable[str]:
    """What an emulator was asked to evaluate, and is not in the result of any job that measured the point."""
    had, done = set(), set()
    for record in snapshot.recorded:
        if record.counts:
            done.add(record.key)
            had |= {(record.key, each) for each, found in record.observables.items() if found.values}
    wanted = snapshot.desired.observables
    lost = [(key, each) for key in sorted(done) for each in wanted if (key, each) not in had]
    if lost:
        names = ", ".join(sorted({wanted[each] for _, each in lost}))
        jobs = counted(len({key for key, _ in lost}), "job")
        how = "`runner status` says why, `runner rerun` measures anew"
        yield f"{jobs} on record came back without {names}: {how}"


def notes(snapshot: Snapshot, wanted: Sequence[JobState], step: NextStep) -> Iterable[str]:
    """What people should know beside."""
    if snapshot.desired.is_removed:
        kept = sum(is_pending(batch) for batch in snapshot.outdated)
        some = f"; {kept} of its batches are not over, and `removed` in runner.toml says what of them"
        yield "no file describes it any more" + (some if kept else "")
    if step.limit and not step.limit.how:
        yield step.limit.reason
    if step.note:
        yield step.note
    if snapshot.observed.proposal and snapshot.observed.proposal.said:
        yield snapshot.observed.proposal.said
    yield from snapshot.observed.remarks
    yield from remarks(snapshot.desired, snapshot.observed.bought)
    yield from _unevaluated(snapshot)
    yield from _lost(snapshot)
    surplus = [job.surplus for job in (state.progress for state in wanted) if job.surplus > 0]
    if surplus:
        some = "1 job has" if len(surplus) == 1 else f"{len(surplus)} jobs have"
        yield f"{some} {sum(surplus)} runs more than the file asks for"
    alone = [batch.id for batch in maintenance.left_alone(snapshot)]
    if alone:
        yield (
            f"another version of the file has pending jobs in {', '.join(alone)}: left alone, for another "
            "machine has bought them, and for no commit that this one descends from"
        )
    if snapshot.settings.namespace is None:
        yield "without a namespace nothing that holds jobs is cancelled; set `namespace` in runner.toml"
    is_missing = any(state.progress.missing for state in wanted)
    is_direct = snapshot.desired.policy.submission is Submission.DIRECT
    if is_direct and is_missing and snapshot.observed.remembered_s < snapshot.settings.settle_s:
        yield (
            f"this machine's journal is new: for {snapshot.settings.settle_s:g} s nothing is bought with one "
            "POST, since what an earlier journal has sent may still show; `submission: claim` needs no such "
            "pause"
        )
    yield from _result_notes(snapshot)


def told(snapshot: Snapshot) -> tuple[str, ...]:
    """What the cloud says of jobs that wait or run, each text once and no more of it than people read."""
    texts = (
        text for batch in snapshot.current for job in batch.jobs if _waits_or_runs(job) for text in job.errors
    )
    some = dict.fromkeys(_readable(text) for text in islice(texts, _MOST_TEXTS))
    return tuple(some)[:_NAMED]


def _waits_or_runs(job: ObservedJob) -> bool:
    return job.status in {JobStatus.PENDING, JobStatus.RUNNING}


def _readable(text: str) -> str:
    return "".join(mark if mark.isprintable() else "\ufffd" for mark in text[:_LONGEST_TEXT])


def _result_notes(snapshot: Snapshot) -> Iterable[str]:
    """Which results on record are none, and which lack shots."""
    lacking = [record for record in snapshot.recorded if record.lacks_result]
    for record in lacking[:_NAMED]:
        why = record.errors[-1] if record.errors else "it could not be had"
        yield f"{_named(record)} is done, and has no result: {why}; apply asks for it again, and buys nothing"
    if len(lacking) > _NAMED:
        yield f"{len(lacking) - _NAMED} more jobs are done, and have no result"
    short = [record for record in snapshot.recorded if record.missing_shots]
    yield from (f"{_named(record)}: {record.problems[-1]}" for record in short[:_NAMED])
    if len(short) > _NAMED:
        yield f"shots are missing in the results of {len(short) - _NAMED} more jobs"


def _named(record: RecordedJob) -> str:
    return f"{record.name}, job {record.id}" if record.name else f"job {record.id}"
