"""Towards a submission: the next step between what is wanted and what is bought. Pure.

The cascade: shut what may still change under us; respect the oldest claim; buy on our own settled claim;
otherwise claim. Only where the cloud or the file wants it so, buy at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from runner.domain import BatchMode, Submission
from runner.domain.numerals import counted
from runner.reconcile.model.actions import AddJobs, Claim, Fence, Hold, Submit
from runner.reconcile.model.entries import RequestKind, State
from runner.reconcile.model.plan import WaitFor
from runner.reconcile.model.repetitions import together
from runner.reconcile.model.tags import submission_tag
from runner.reconcile.plan.claims import hold_for_lost_claims, shuts_another, sorted_claims
from runner.reconcile.plan.daily_budget import over_day
from runner.reconcile.plan.job_states import new_jobs
from runner.reconcile.plan.limits import Limit, first_limit
from runner.reconcile.plan.lost_answers import (
    RECENT_S,
    fences_around_unclear,
    hold_for_lost,
    hold_for_silence,
    holds_lost,
    lost_submissions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.domain import ObservedBatch
    from runner.reconcile.model.actions import Action, NewJob
    from runner.reconcile.model.snapshot import Snapshot
    from runner.reconcile.plan.job_states import JobState

_TRIES: Final = 6
_FIRST_PAUSE_S: Final = 0.1
SHORTEST_WAIT_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class NextStep:
    """Actions towards a submission, and when to look again if there are none (in s).

    Args:
        limit: Why nothing is bought although something is missing.

        due: Everything that is bought from here, in this batch, in those after it, or once what it waits for
            is complete.

        bought: What this batch buys.

        note: What is waited for, in words.
    """

    actions: tuple[Action, ...] = ()
    wait_s: float | None = None
    limit: Limit | None = None
    due: tuple[NewJob, ...] = ()
    bought: tuple[NewJob, ...] = ()
    note: str = ""


def next_step(snapshot: Snapshot, wanted: Sequence[JobState]) -> NextStep:
    """What to do next towards buying the jobs that are due."""
    due = new_jobs(snapshot.desired, (state for state in wanted if state.is_due(snapshot.now)))
    kept = first_limit(snapshot, wanted, due)
    if snapshot.unknown:
        return NextStep(kept.holds if kept else (), limit=kept)
    bought = () if kept else _together(snapshot, due)
    submission = submission_tag(snapshot.desired, bought) if bought else ""
    for_today = over_day(snapshot, bought)
    fences = fences_around_unclear(snapshot)
    if fences:
        return NextStep(fences)  # look again before deciding anything
    stale, rivals = sorted_claims(snapshot, submission)
    if for_today:
        kept, stale = for_today, (*stale, *_given_up(snapshot, rivals))
    if kept:
        is_later = kept.wait_for is WaitFor.DEPENDENCY
        wait_s = max(snapshot.settings.poll_s, SHORTEST_WAIT_S) if kept.wait_for is WaitFor.SIGHT else None
        return NextStep((*stale, *kept.holds), wait_s, limit=kept, due=due if is_later else ())
    if not bought:
        return NextStep(stale)
    step = _purchase(snapshot, submission, bought, rivals)
    actions, wait_s = step.actions, step.wait_s
    buys = any(isinstance(each, AddJobs | Submit) for each in actions)
    # Jobs may have come to a claim of another machine since we looked, and what was shut may still show some.
    unsettled_s = max(
        snapshot.unsettled_s, snapshot.settings.settle_s if shuts_another(snapshot, stale) else 0.0
    )
    if buys and (unsettled_s > 0 or shuts_another(snapshot, stale)):
        actions = tuple(each for each in actions if not isinstance(each, AddJobs | Submit))
        wait_s = max(unsettled_s, SHORTEST_WAIT_S)
    is_held = any(isinstance(each, Hold) for each in actions)
    nothing: tuple[NewJob, ...] = ()
    due, bought = (nothing, nothing) if is_held else (due, bought)
    return NextStep((*stale, *actions), wait_s, due=due, bought=bought, note=step.note)


def _given_up(snapshot: Snapshot, claims: Sequence[ObservedBatch]) -> tuple[Fence, ...]:
    """Fences around claims of ours that are not bought on today; those of others are theirs to judge."""
    reason = "nothing is bought on it today"
    ours = (claim for claim in claims if snapshot.creation(claim))
    return tuple(Fence(batch_id=claim.id, holds_jobs=False, reason=reason) for claim in ours)


def _together(snapshot: Snapshot, due: tuple[NewJob, ...]) -> tuple[NewJob, ...]:
    """The first jobs that one batch can hold: all of one rerun; the others are for a later pass."""
    of_rerun = [job for job in due if job.rerun == due[0].rerun]
    alike = together(of_rerun, only_one=snapshot.desired.policy.batch is BatchMode.OPEN)
    if not alike:
        return ()
    most, kept_open = snapshot.desired.policy.max_jobs_per_batch, _kept_open(snapshot, alike[0])
    if kept_open is None:
        return alike[:most]
    if alike[0].slot:
        known = snapshot.values_in(kept_open)
        alike = tuple(takewhile(lambda job: job.values not in known, alike))
    return alike if most is None else alike[: most - kept_open.jobs_count]


def _kept_open(snapshot: Snapshot, job: NewJob) -> ObservedBatch | None:
    """The open batch that jobs like one are added to, if the policy keeps one that is not full."""
    if snapshot.desired.policy.batch is not BatchMode.OPEN:
        return None
    standing = (
        b for b in snapshot.current if snapshot.accepts_jobs(b) and b.jobs_count and not snapshot.is_full(b)
    )
    return next((b for b in standing if snapshot.takes_job(b, job)), None)


def _purchase(
    snapshot: Snapshot, submission: str, bought: tuple[NewJob, ...], rivals: Sequence[ObservedBatch]
) -> NextStep:
    if rivals:
        return _on_claim(snapshot, rivals[0], bought)
    kept_open = _kept_open(snapshot, bought[0])
    if kept_open:
        return _on_open_batch(snapshot, kept_open, bought)
    return _new_batch(snapshot, submission, bought)


def _on_claim(snapshot: Snapshot, winner: ObservedBatch, bought: tuple[NewJob, ...]) -> NextStep:
    created = snapshot.creation(winner)
    if not created:
        ttl_left_s = snapshot.settings.claim_ttl_s - snapshot.claim_age_s(winner)
        return NextStep(
            wait_s=max(SHORTEST_WAIT_S, min(ttl_left_s, snapshot.settings.poll_s)),
            note=f"waits for another machine's claim, {winner.id}, {max(ttl_left_s, 0):.0f} s at most",
        )
    unsettled_s = snapshot.settings.settle_s - snapshot.seconds_since(created)
    if unsettled_s > 0:
        return NextStep(wait_s=unsettled_s)
    return NextStep((AddJobs(batch_id=winner.id, jobs=bought, reason=_reason(bought)),))


def _on_open_batch(snapshot: Snapshot, batch: ObservedBatch, bought: tuple[NewJob, ...]) -> NextStep:
    if snapshot.creation(batch):
        return NextStep((AddJobs(batch_id=batch.id, jobs=bought, reason=_reason(bought)),))
    idle_s = snapshot.idle_s(batch)
    if idle_s <= snapshot.settings.claim_ttl_s:
        left_s = snapshot.settings.claim_ttl_s - idle_s
        return NextStep(
            wait_s=max(SHORTEST_WAIT_S, min(left_s, snapshot.settings.poll_s)),
            note=f"waits for another machine, which keeps {batch.id} open, {max(left_s, 0):.0f} s at most",
        )
    reason = "another machine keeps it open and has not written to it for longer than its lease"
    return NextStep((Fence(batch_id=batch.id, holds_jobs=True, reason=reason),))


def _new_batch(snapshot: Snapshot, submission: str, bought: tuple[NewJob, ...]) -> NextStep:
    entries = [entry for entry in snapshot.observed.entries if entry.submission == submission]
    unclear = [e for e in entries if not e.state.is_clear and snapshot.seconds_since(e) < RECENT_S]
    silences = sum(entry.state is State.UNKNOWN for entry in unclear)
    if silences >= _TRIES:
        return NextStep((hold_for_silence(silences),))
    if unclear:
        # What was lost may only show in a while, and a cloud in trouble wants a pause.
        pause_s = max(snapshot.settings.settle_s, _FIRST_PAUSE_S * 2**silences)
        left_s = pause_s - snapshot.seconds_since(unclear[-1])
        if left_s > 0:
            return NextStep(wait_s=left_s)
    refused = bool(entries) and (entries[-1].kind, entries[-1].state) == (RequestKind.CLAIM, State.REJECTED)
    # A lost submission that is held must not be claimed anew, either: the guard would stop the purchase.
    is_held = holds_lost(snapshot.desired) and bool(lost_submissions(snapshot, submission, bought))
    if snapshot.desired.policy.submission is Submission.DIRECT or refused or is_held:
        return _direct(snapshot, submission, bought)
    hold = hold_for_lost_claims(snapshot)
    if hold:
        return NextStep((hold,))
    return NextStep((Claim(submission=submission, jobs=bought, reason=_reason(bought)),))


def _direct(snapshot: Snapshot, submission: str, bought: tuple[NewJob, ...]) -> NextStep:
    lost = lost_submissions(snapshot, submission, bought)
    known_s = snapshot.seconds_since(lost[-1]) if lost else snapshot.observed.remembered_s
    unsettled_s = snapshot.settings.settle_s - known_s
    if unsettled_s > 0:
        return NextStep(wait_s=unsettled_s)
    if lost and holds_lost(snapshot.desired):
        return NextStep((hold_for_lost(lost[-1]),))
    return NextStep((Submit(submission=submission, jobs=bought, reason=_reason(bought)),))


def _reason(bought: Sequence[NewJob]) -> str:
    again, runs = sum(job.attempt > 1 for job in bought), sum(job.runs for job in bought)
    jobs, verb = counted(len(bought), "job"), "is" if len(bought) == 1 else "are"
    said = f"{jobs} with {counted(runs, 'run')} {verb} wanted and not there"
    return said + (f", {again} of them for a failed attempt" if again else "")
