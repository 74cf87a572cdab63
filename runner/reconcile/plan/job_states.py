"""How far each wanted job has come: runs are a quantity of a point, added up over remote jobs. Pure.

Of a point that the file repeats, each repetition is a job of its own: one remote job of exactly its runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.domain import JobStatus, RunsMode, Shortfall
from runner.domain.strategies import is_confirming
from runner.reconcile.model.actions import NewJob
from runner.reconcile.model.plan import PointProgress
from runner.reconcile.plan.counted_jobs import counted_jobs
from runner.reconcile.plan.retries import is_exhausted, is_retried, retry_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from runner.domain import DesiredExperiment, DesiredJob, Policy
    from runner.reconcile.model.snapshot import Snapshot
    from runner.reconcile.plan.counted_jobs import CountedJob


@dataclass(frozen=True, slots=True)
class JobState:
    """One wanted job, what there is of it, and when more may be bought.

    Args:
        spare: Runs of those that count for it beyond what is wanted; negative while some are missing.

        vague: Ids of its measured jobs of which nobody knows how many runs were bought.
    """

    job: DesiredJob
    progress: PointProgress
    retry_at: datetime | None
    spare: int
    vague: tuple[str, ...] = ()

    def is_due(self, now: datetime) -> bool:
        """Whether runs are missing that may be bought now."""
        return self.progress.missing > 0 and (self.retry_at is None or self.retry_at <= now)


def job_states(snapshot: Snapshot) -> tuple[JobState, ...]:
    """Every wanted job with what there is of it, in file order."""
    by_key: dict[str, list[CountedJob]] = {}
    for remote in counted_jobs(snapshot):
        by_key.setdefault(remote.key, []).append(remote)
    desired = snapshot.desired
    return tuple(_job_state(desired, job, by_key.get(job.key, [])) for job in desired.jobs)


def _job_state(desired: DesiredExperiment, job: DesiredJob, of_job: Sequence[CountedJob]) -> JobState:
    policy = desired.policy
    ended = [p for p in of_job if p.status is JobStatus.DONE]
    short = sum(remote.missing_shots for remote in ended)
    bought_anew = short if _tops_up(job, policy) else 0
    done = _runs(ended) - bought_anew
    active = _runs(p for p in of_job if not p.status.is_terminal)
    failures = [p for p in of_job if is_retried(p, policy.retry)]
    lost = [p for p in of_job if p.status is JobStatus.ERROR and p not in failures]
    declined = [p for p in of_job if p.status is JobStatus.CANCELED and p not in failures]
    wanted = _missing(job, of_job, done + active + _runs(declined), policy)
    failed = wanted > 0 and (bool(lost) or is_exhausted(failures, policy.retry))
    is_over = failed or (bool(declined) and not wanted)
    progress = PointProgress(
        key=job.key,
        name=job.name,
        runs=job.runs,
        done=done,
        active=active,
        running=_runs(p for p in of_job if p.status is JobStatus.RUNNING),
        declined=_runs(declined),
        missing=0 if failed else wanted,
        failures=len(failures) + len(lost),
        failed=failed,
        uncounted=short - bought_anew + _runs(p for p in ended if p.lacks_result),
        dropped=is_over and not (ended or active) and _may_be_dropped(desired, job),
    )
    held = [p for p in of_job if p.status is not JobStatus.CANCELING and _is_held(p)]
    # Exact runs are those of one job; jobs of other runs count for nothing.
    counted = held if policy.runs is RunsMode.TOP_UP else [p for p in held if p.runs == job.runs]
    vague = tuple(remote.job_id for remote in ended if remote.is_vague and remote.runs < job.runs)
    return JobState(job, progress, retry_at(failures, policy), _runs(counted) - job.runs, vague)


def _may_be_dropped(desired: DesiredExperiment, job: DesiredJob) -> bool:
    """Whether a strategy goes on without a job; one that confirms is wanted as it is."""
    return desired.strategy is not None and desired.strategy.drops_failed and not is_confirming(job.slot)


def _is_held(remote: CountedJob) -> bool:
    return remote.status is JobStatus.DONE or not remote.status.is_terminal


def _tops_up(job: DesiredJob, policy: Policy) -> bool:
    """Whether missing shots are bought; not where a job is to have exactly the runs of the file."""
    return policy.shortfall is Shortfall.BUY and policy.runs is RunsMode.TOP_UP and job.repetition is None


def _runs(some: Iterable[CountedJob]) -> int:
    return sum(remote.runs for remote in some)


def _missing(job: DesiredJob, of_job: Sequence[CountedJob], held: int, policy: Policy) -> int:
    if policy.runs is RunsMode.TOP_UP:
        return max(0, job.runs - held)
    counted = [p for p in of_job if p.status is not JobStatus.ERROR and p.status not in policy.retry.on]
    return 0 if any(remote.runs == job.runs for remote in counted) else job.runs


def new_jobs(desired: DesiredExperiment, due: Iterable[JobState]) -> tuple[NewJob, ...]:
    """The remote jobs that buy what is missing, in file order, none above the device's `max_runs`.

    A repetition is one job, whatever the device takes: a file that asks for more is refused.
    """
    return tuple(_new_job(point, runs) for point in due for runs in _runs_to_buy(point, desired.max_runs))


def _runs_to_buy(point: JobState, max_runs: int | None) -> list[int]:
    return split_runs(point.progress.missing, max_runs if point.job.repetition is None else None)


def _new_job(point: JobState, runs: int) -> NewJob:
    job = point.job
    return NewJob(
        key=job.key,
        name=job.name,
        runs=runs,
        attempt=point.progress.failures + 1,
        variables=job.variables,
        rerun=job.rerun,
        repetition=job.repetition or 1,
        point=job.point,
        slot=job.slot,
    )


def split_runs(runs: int, max_runs: int | None) -> list[int]:
    """Runs of each remote job: as few jobs as the device allows, full ones first."""
    if max_runs is None:
        return [runs]
    full, rest = divmod(runs, max_runs)
    return [max_runs] * full + ([rest] if rest else [])
