"""How far each wanted job has come: runs are a quantity of a point, added up over remote jobs. Pure.

Of a point that the file repeats, each repetition is a job of its own: one remote job of exactly its runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from runner.domain import BatchStatus, JobStatus, RunsMode, Shortfall
from runner.reconcile.model.actions import NewJob
from runner.reconcile.model.plan import JobTally

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
        Retry,
    )
    from runner.reconcile.model.snapshot import Scene


# How an error of a program begins that does not go away by itself: an emulator's, as it tells it.
_LASTING: Final = re.compile(
    r"(ValueError|TypeError|NotImplementedError|KeyError|IndexError|AttributeError|ZeroDivisionError)\b"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One remote job of a point, as it counts.

    Args:
        errors: What is said of its failure.

        is_released: We have cancelled it ourselves: it counts as if it had never been.

        is_skipped: A person has decided that it is not to be bought; then it is no remote job.

        missing_shots: Runs that its result does not count.

        lacks_result: Its result could not be had, or cannot be right.

        is_vague: How many runs were bought is forgotten: those are told that its result counts.
    """

    job_id: str
    key: str
    status: JobStatus
    runs: int
    ended_at: datetime | None
    errors: tuple[str, ...] = ()
    is_released: bool = False
    is_skipped: bool = False
    missing_shots: int = 0
    lacks_result: bool = False
    is_vague: bool = False


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
    by_key: dict[str, list[Piece]] = {}
    for piece in pieces(scene):
        by_key.setdefault(piece.key, []).append(piece)
    policy = scene.desired.policy
    return tuple(_point(job, by_key.get(job.key, []), policy) for job in scene.desired.jobs)


def pieces(scene: Scene) -> tuple[Piece, ...]:
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


def _skipped(scene: Scene) -> Iterable[Piece]:
    for entry, key, runs in scene.skips:
        yield Piece(f"skip {entry.seq}", key, JobStatus.CANCELED, runs, entry.at, is_skipped=True)


def _recorded_piece(record: RecordedJob) -> Piece:
    return Piece(
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


def _with_result(observed: Piece, recorded: Piece | None) -> Piece:
    """A job as the cloud shows it, with what is known of its result."""
    if recorded is None or observed.status is not recorded.status:
        return observed
    known = replace(observed, missing_shots=recorded.missing_shots, lacks_result=recorded.lacks_result)
    return known if known.runs else replace(known, runs=recorded.runs, is_vague=recorded.is_vague)


def _piece(scene: Scene, batch: ObservedBatch, job: ObservedJob) -> Piece:
    status = effective_status(batch.status, job.status)
    is_released = status is JobStatus.CANCELED and scene.marks[batch.id].released
    # A job that never ran because its batch ended has no word of its own about it.
    errors = job.errors if status is job.status else (f"batch {batch.status}",)
    return Piece(job.id, job.key, status, job.runs, job.ended_at, errors, is_released)


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


def _point(job: DesiredJob, of_job: Sequence[Piece], policy: Policy) -> Point:
    ended = [p for p in of_job if p.status is JobStatus.DONE]
    short = sum(piece.missing_shots for piece in ended)
    bought_anew = short if _tops_up(job, policy) else 0
    done = _runs(ended) - bought_anew
    active = _runs(p for p in of_job if not p.status.is_terminal)
    failures = [p for p in of_job if _is_retried(p, policy.retry)]
    lost = [p for p in of_job if p.status is JobStatus.ERROR and p not in failures]
    declined = [p for p in of_job if p.status is JobStatus.CANCELED and p not in failures]
    wanted = _missing(job, of_job, done + active + _runs(declined), policy)
    failed = wanted > 0 and (bool(lost) or len(failures) > policy.retry.limit)
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
    return Point(job, tally, _retry_at(failures, policy), _runs(counted) - job.runs, vague)


def _is_held(piece: Piece) -> bool:
    return piece.status is JobStatus.DONE or not piece.status.is_terminal


def _tops_up(job: DesiredJob, policy: Policy) -> bool:
    """Whether missing shots are bought; not where a job is to have exactly the runs of the file."""
    return policy.shortfall is Shortfall.BUY and policy.runs is RunsMode.TOP_UP and job.repetition is None


def _is_retried(piece: Piece, retry: Retry) -> bool:
    """Whether a job is a failure that is sent again, as often as the policy allows.

    An emulator that refuses what it is given refuses it each time; `retry.errors` may say otherwise.
    """
    if piece.status not in retry.on or piece.is_skipped:
        return False
    if piece.status is not JobStatus.ERROR:
        return True
    if not retry.errors:
        return not any(map(_LASTING.match, piece.errors))
    return any(re.search(pattern, text) for pattern in retry.errors for text in piece.errors)


def _runs(some: Iterable[Piece]) -> int:
    return sum(piece.runs for piece in some)


def _missing(job: DesiredJob, of_job: Sequence[Piece], held: int, policy: Policy) -> int:
    if policy.runs is RunsMode.TOP_UP:
        return max(0, job.runs - held)
    counted = [p for p in of_job if p.status is not JobStatus.ERROR and p.status not in policy.retry.on]
    return 0 if any(piece.runs == job.runs for piece in counted) else job.runs


def _retry_at(failures: Sequence[Piece], policy: Policy) -> datetime | None:
    ends = [piece.ended_at for piece in failures if piece.ended_at is not None]
    return max(ends) + timedelta(seconds=policy.retry.backoff_s) if ends else None


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
