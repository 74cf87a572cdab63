"""How far each wanted job has come: runs are a quantity of a point, added up over remote jobs. Pure.

Of a point that the file repeats, each repetition is a job of its own: one remote job of exactly its runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.domain import BatchStatus, JobStatus, RunsMode, Shortfall
from runner.reconcile.model.actions import NewJob
from runner.reconcile.model.plan import JobTally
from runner.reconcile.plan.job_states import CountedJob
from runner.reconcile.plan.retries import is_exhausted, is_retried, retry_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from runner.domain import (
        DesiredExperiment,
        DesiredJob,
        ObservedBatch,
        ObservedJob,
        Policy,
        RecordedJob,
    )
    from runner.reconcile.model.snapshot import Scene


@dataclass(frozen=True, slots=True)
class Point:
    """One wanted job, what there is of it, and when more may be bought.

    Args:
        spare: Runs of those that count for it beyond what is wanted; negative while some are missing.

        vague: Ids of its measured jobs of which nobody knows how many runs were bought.
    """

    job: DesiredJob
    tally: JobTally
    retry_at: datetime | None
    spare: int
    vague: tuple[str, ...] = ()

    def is_due(self, now: datetime) -> bool:
        """Whether runs are missing that may be bought now."""
        return self.tally.missing > 0 and (self.retry_at is None or self.retry_at <= now)


def points(scene: Scene) -> tuple[Point, ...]:
    """Every wanted job with what there is of it, in file order."""
    by_key: dict[str, list[CountedJob]] = {}
    for piece in pieces(scene):
        by_key.setdefault(piece.key, []).append(piece)
    policy = scene.desired.policy
    return tuple(_point(job, by_key.get(job.key, []), policy) for job in scene.desired.jobs)


def pieces(scene: Scene) -> tuple[CountedJob, ...]:
    """All remote jobs of the current recipe and of their job's rerun, each once, ours to count."""
    recorded = {record.id: _recorded_piece(record) for record in scene.recorded}
    observed = {
        job.id: _with_result(_piece(scene, batch, job), recorded.get(job.id))
        for batch in scene.current
        for job in batch.jobs
        if not scene.is_outrun(batch, job)
    }
    counted = (piece for piece in (recorded | observed).values() if not piece.is_released)
    return (*counted, *_skipped(scene))


def _skipped(scene: Scene) -> Iterable[CountedJob]:
    for entry, key, runs in scene.skips:
        yield CountedJob(f"skip {entry.seq}", key, JobStatus.CANCELED, runs, entry.at, is_skipped=True)


def _recorded_piece(record: RecordedJob) -> CountedJob:
    return CountedJob(
        record.id,
        record.key,
        record.status,
        record.least_runs,
        record.ended_at,
        record.errors,
        missing_shots=record.missing_shots,
        lacks_result=record.lacks_result,
        is_vague=record.status is JobStatus.DONE and not record.runs,
    )


def _with_result(observed: CountedJob, recorded: CountedJob | None) -> CountedJob:
    """A job as the cloud shows it, with what is known of its result."""
    if recorded is None or observed.status is not recorded.status:
        return observed
    known = replace(observed, missing_shots=recorded.missing_shots, lacks_result=recorded.lacks_result)
    return known if known.runs else replace(known, runs=recorded.runs, is_vague=recorded.is_vague)


def _piece(scene: Scene, batch: ObservedBatch, job: ObservedJob) -> CountedJob:
    status = effective_status(batch.status, job.status)
    is_released = status is JobStatus.CANCELED and scene.marks[batch.id].released
    # A job that never ran because its batch ended has no word of its own about it.
    errors = job.errors if status is job.status else (f"batch {batch.status}",)
    return CountedJob(job.id, job.key, status, job.runs, job.ended_at, errors, is_released)


def effective_status(batch: BatchStatus, job: JobStatus) -> JobStatus:
    """What a job's status means beside its batch's: a pending job of a batch that has ended never runs."""
    if job is not JobStatus.PENDING:
        return job
    if batch in {BatchStatus.CANCELED, BatchStatus.CANCELING}:
        return JobStatus.CANCELED
    if batch in {BatchStatus.ERROR, BatchStatus.TIMED_OUT}:
        return JobStatus.ERROR
    return job


def is_under_way(batch: ObservedBatch) -> bool:
    """Whether any job of a batch is pending or running."""
    return any(not effective_status(batch.status, job.status).is_terminal for job in batch.jobs)


def _point(job: DesiredJob, of_job: Sequence[CountedJob], policy: Policy) -> Point:
    ended = [p for p in of_job if p.status is JobStatus.DONE]
    short = sum(piece.missing_shots for piece in ended)
    bought_anew = short if _tops_up(job, policy) else 0
    done = _runs(ended) - bought_anew
    active = _runs(p for p in of_job if not p.status.is_terminal)
    failures = [p for p in of_job if is_retried(p, policy.retry)]
    lost = [p for p in of_job if p.status is JobStatus.ERROR and p not in failures]
    declined = [p for p in of_job if p.status is JobStatus.CANCELED and p not in failures]
    wanted = _missing(job, of_job, done + active + _runs(declined), policy)
    failed = wanted > 0 and (bool(lost) or is_exhausted(failures, policy.retry))
    tally = JobTally(
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
    )
    held = [p for p in of_job if p.status is not JobStatus.CANCELING and _is_held(p)]
    # Exact runs are those of one job; jobs of other runs count for nothing.
    counted = held if policy.runs is RunsMode.TOP_UP else [p for p in held if p.runs == job.runs]
    vague = tuple(piece.job_id for piece in ended if piece.is_vague and piece.runs < job.runs)
    return Point(job, tally, retry_at(failures, policy), _runs(counted) - job.runs, vague)


def _is_held(piece: CountedJob) -> bool:
    return piece.status is JobStatus.DONE or not piece.status.is_terminal


def _tops_up(job: DesiredJob, policy: Policy) -> bool:
    """Whether missing shots are bought; not where a job is to have exactly the runs of the file."""
    return policy.shortfall is Shortfall.BUY and policy.runs is RunsMode.TOP_UP and job.repetition is None


def _runs(some: Iterable[CountedJob]) -> int:
    return sum(piece.runs for piece in some)


def _missing(job: DesiredJob, of_job: Sequence[CountedJob], held: int, policy: Policy) -> int:
    if policy.runs is RunsMode.TOP_UP:
        return max(0, job.runs - held)
    counted = [p for p in of_job if p.status is not JobStatus.ERROR and p.status not in policy.retry.on]
    return 0 if any(piece.runs == job.runs for piece in counted) else job.runs


def new_jobs(desired: DesiredExperiment, due: Iterable[Point]) -> tuple[NewJob, ...]:
    """The remote jobs that buy what is missing, in file order, none above the device's `max_runs`.

    A repetition is one job, whatever the device takes: a file that asks for more is refused.
    """
    return tuple(_new_job(point, runs) for point in due for runs in _pieces_to_buy(point, desired.max_runs))


def _pieces_to_buy(point: Point, max_runs: int | None) -> list[int]:
    return split_runs(point.tally.missing, max_runs if point.job.repetition is None else None)


def _new_job(point: Point, runs: int) -> NewJob:
    job = point.job
    return NewJob(
        key=job.key,
        name=job.name,
        runs=runs,
        attempt=point.tally.failures + 1,
        variables=job.variables,
        rerun=job.rerun,
        repetition=job.repetition or 1,
        point=job.point,
    )


def split_runs(runs: int, max_runs: int | None) -> list[int]:
    """Runs of each remote job: as few jobs as the device allows, full ones first."""
    if max_runs is None:
        return [runs]
    full, rest = divmod(runs, max_runs)
    return [max_runs] * full + ([rest] if rest else [])
