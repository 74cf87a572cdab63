"""What keeps missing jobs from being bought, although the cloud would take them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.domain import JobStatus
from runner.domain.numerals import counted
from runner.domain.qpu_time import qpu_seconds
from runner.reconcile.model.actions import Hold
from runner.reconcile.model.plan import Cost, WaitFor
from runner.reconcile.model.tags import SHORT
from runner.reconcile.plan.counted_jobs import effective_status, is_under_way
from runner.reconcile.plan.proofs import doubts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from runner.domain import Budget, ObservedBatch, ObservedJob, RecordedJob
    from runner.reconcile.model.actions import NewJob
    from runner.reconcile.model.observation import Observation
    from runner.reconcile.model.snapshot import Snapshot
    from runner.reconcile.plan.job_states import JobState


# For how long a batch that is not seen whole is waited for before a person is asked (in s).
GAP_PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Why nothing is bought.

    Args:
        how: What a person can do about it; empty when nobody has to.

        wait_for: What ends it without a person.

        until: When it ends by itself, although nobody waits for it; None where it does not.
    """

    reason: str
    how: str = ""
    wait_for: WaitFor = WaitFor.NOTHING
    until: datetime | None = None

    @property
    def holds(self) -> tuple[Hold, ...]:
        """The action that asks a person, if one is asked."""
        return (Hold(reason=self.reason, how=self.how),) if self.how else ()


def first_limit(snapshot: Snapshot, wanted: Sequence[JobState], due: Sequence[NewJob]) -> Limit | None:
    """The first reason not to buy what is missing; None when it may be bought.

    Args:
        due: What would be bought now.
    """
    is_missing = any(state.progress.missing for state in wanted)
    return next(_reasons(snapshot, wanted, due) if is_missing else _blocked(snapshot), None)


def is_lost(snapshot: Snapshot, batch: ObservedBatch) -> bool:
    """Whether a batch has not been seen whole for so long that a person must look at it."""
    return bool(snapshot.gap(batch)) and snapshot.sighting(batch).gap_s >= GAP_PATIENCE_S


def _blocked(snapshot: Snapshot) -> Iterator[Limit]:
    """What a person must decide although nothing that is asked for is missing."""
    yield from _lost(snapshot)
    proposal = snapshot.observed.proposal
    if proposal and proposal.fault:
        how = "mend what is said, and apply again; what is bought stays bought"
        yield Limit(reason=proposal.fault, how=how)


def _lost(snapshot: Snapshot) -> Iterator[Limit]:
    """Batches that may never be seen whole, and of which something is under way, or a strategy's."""
    is_loop = snapshot.desired.strategy is not None  # what it asks for next hangs on all that it has
    lost = (b for b in snapshot.gaps if is_lost(snapshot, b) and (is_loop or is_under_way(b)))
    yield from (_incomplete(snapshot, batch) for batch in lost)


def _reasons(snapshot: Snapshot, wanted: Sequence[JobState], due: Sequence[NewJob]) -> Iterator[Limit]:
    policy = snapshot.desired.policy
    if snapshot.observed.refused:
        yield Limit(reason=snapshot.observed.refused.reason, how=snapshot.observed.refused.how)
    if snapshot.desired.forbidden:
        how = "choose a target that it may use; who may use which is said by [folders] in runner.toml"
        yield Limit(reason=snapshot.desired.forbidden, how=how)
    if policy.suspend:
        yield Limit(reason="it is suspended: nothing is bought")
    if snapshot.is_past_deadline:
        yield Limit(
            reason=f"its deadline, {policy.deadline:%Y-%m-%d %H:%M:%S %Z}, has passed",
            how="set a later `policy.deadline`, or ask for what is there",
        )
    yield from _vanished(snapshot)
    yield from (Limit(reason=each.reason, how=each.how) for each in doubts(snapshot))
    yield from _overruled(snapshot)
    yield from _half_seen(snapshot)
    yield from _unknown(snapshot)
    yield from _vague(wanted)
    yield from _dependent(snapshot)
    yield from _failed(snapshot, wanted)
    yield from _over_budget(snapshot, due)


def _vanished(snapshot: Snapshot) -> Iterator[Limit]:
    """What was bought at an emulator that does not know it any more: its store is gone, or another one."""
    gone = snapshot.observed.vanished
    if gone:
        some, them = counted(len(gone), "batch"), "it" if len(gone) == 1 else "them"
        yield Limit(
            reason=f"this machine has bought {some} there, as {gone[0]}, and the cloud does not know {them}:"
            " its store is gone, or it is another one",
            how="put the store back (`.runner/local-cloud` of the local cloud); or, to measure anew what is"
            " not on record, raise `rerun` or move the journal in `.runner/targets` away",
        )


def _unknown(snapshot: Snapshot) -> Iterator[Limit]:
    for batch in snapshot.unknown:
        yield Limit(
            reason=f"the batch {batch.id} has a status that this runner does not know",
            how="wait until it changes, or use a newer runner; nothing is changed on the cloud until then",
        )


def _vague(wanted: Sequence[JobState]) -> Iterator[Limit]:
    """Points that may be complete, as nobody knows how many runs were bought."""
    for state in wanted:
        if state.vague and state.progress.missing:
            name, counted = state.progress.name, state.progress.done
            yield Limit(
                reason=f"how many runs the job {state.vague[0]} of {name} had is forgotten by the cloud: "
                f"{counted} are counted, and {state.progress.missing} more may be missing",
                how=f"ask for {counted} runs to leave it so, or raise `rerun` to buy all of them anew",
            )


def _overruled(snapshot: Snapshot) -> Iterator[Limit]:
    for batch in snapshot.overruled:
        commit = snapshot.marks[batch.id].cancelled_for
        yield Limit(
            reason=f"another machine has cancelled jobs of {batch.id} for the commit {commit[:SHORT]}, "
            "which this checkout does not have",
            how="pull, and apply again; or raise `rerun` to buy them all the same",
        )


def _half_seen(snapshot: Snapshot) -> Iterator[Limit]:
    """Batches that are not seen whole: a job that is not seen would be bought again."""
    yield from (_incomplete(snapshot, batch) for batch in _uncounted(snapshot))


def _incomplete(snapshot: Snapshot, batch: ObservedBatch) -> Limit:
    reason = f"the batch {batch.id} is not seen whole: {snapshot.gap(batch)}"
    if not is_lost(snapshot, batch):
        reason = f"{reason}; seen so for {snapshot.sighting(batch).gap_s:.0f} s"
        return Limit(reason=reason, wait_for=WaitFor.SIGHT)
    how = (
        "look at the batch in the cloud's portal, then apply again; if it is gone for good, a higher `rerun` "
        "asks for its jobs anew"
    )
    return Limit(reason=reason, how=how)


def _uncounted(snapshot: Snapshot) -> tuple[ObservedBatch, ...]:
    """Batches that are not seen whole, as far as it matters: a budget counts those of all recipes."""
    others = [b for b in snapshot.outdated if snapshot.gap(b) and b not in snapshot.gaps]
    return (*snapshot.gaps, *others) if snapshot.has_budget else snapshot.gaps


def _dependent(snapshot: Snapshot) -> Iterator[Limit]:
    unmet = [each for each in snapshot.observed.dependencies if not each.is_complete]
    names = ", ".join(each.name for each in unmet)
    if unmet and all(each.is_under_way for each in unmet):
        yield Limit(reason=f"it waits until {names} is complete", wait_for=WaitFor.DEPENDENCY)
    elif unmet:
        yield Limit(
            reason=f"it depends on {names}, which is not complete",
            how=f"see `runner status` of {names}, and apply it first or together with this one",
        )


def _failed(snapshot: Snapshot, wanted: Sequence[JobState]) -> Iterator[Limit]:
    most, failed = snapshot.desired.policy.max_failed, sum(state.progress.failures for state in wanted)
    if most is not None and failed >= most:
        yield Limit(
            reason=f"{counted(failed, 'failed job')}, and `max_failed` is {most}",
            how="`runner status` shows their errors; mend the cause, then raise `policy.max_failed`",
        )


def _over_budget(snapshot: Snapshot, due: Sequence[NewJob]) -> Iterator[Limit]:
    device_type, budget = snapshot.desired.device_type, snapshot.desired.policy.budget
    unknown = _forgotten(snapshot.observed) if (budget.runs, budget.qpu_s) != (None, None) else []
    if due and unknown:
        yield Limit(
            reason=f"the cloud has forgotten how many runs the job {unknown[0]} had, so that its budget of "
            f"runs cannot be counted",
            how="limit `policy.budget.jobs` in place of runs and QPU time",
        )
    asked = sum(job.runs for job in due)
    more = Cost(jobs=len(due), runs=asked, qpu_s=qpu_seconds(device_type, asked))
    for key, unit, each, total, most in beyond(ever_bought(snapshot.observed, device_type), more, budget):
        yield Limit(
            reason=f"{each:.0f} more {unit} would make {total:.0f}, above the budget of {most:.0f}",
            how=f"raise `policy.budget.{key}`, or `{key}` of [caps] in runner.toml; or ask for less",
        )


def beyond(spent: Cost, more: Cost, budget: Budget) -> Iterator[tuple[str, str, float, float, float]]:
    """Limits of a budget that a purchase would go beyond: key, unit, the purchase, the sum, the limit."""
    limits = (
        ("runs", "runs", spent.runs, more.runs, budget.runs),
        ("jobs", "jobs", spent.jobs, more.jobs, budget.jobs),
        ("qpu_s", "s of QPU time", spent.qpu_s, more.qpu_s, budget.qpu_s),
    )
    for key, unit, before, asked, most in limits:
        if most is not None and asked and before + asked > most:
            yield key, unit, asked, before + asked, most


def ever_bought(observed: Observation, device_type: str) -> Cost:
    """What was ever bought for an experiment, of all recipes and reruns; not what was cancelled."""
    jobs = {
        job.id: (effective_status(batch.status, job.status), job.runs)
        for batch in observed.batches
        for job in batch.jobs
    }
    for job in observed.recorded:
        jobs[job.id] = (job.status, max(job.least_runs, jobs.get(job.id, (job.status, 0))[1]))
    bought = [runs for status, runs in jobs.values() if status is not JobStatus.CANCELED]
    return Cost(jobs=len(bought), runs=sum(bought), qpu_s=qpu_seconds(device_type, sum(bought)))


def _forgotten(observed: Observation) -> list[str]:
    """Ids of jobs that ran and of which nobody knows with how many runs."""
    ran = {JobStatus.DONE, JobStatus.ERROR}
    jobs: list[ObservedJob | RecordedJob] = [
        *(job for b in observed.batches for job in b.jobs),
        *observed.recorded,
    ]
    known = {job.id for job in jobs if job.runs}
    return [job.id for job in jobs if job.status in ran and job.id not in known]
