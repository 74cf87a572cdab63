"""What on record counts for each wanted job, and how far that has come. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from runner.domain import JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.domain import DesiredExperiment, RecordedJob


def behind(desired: DesiredExperiment, recorded: Iterable[RecordedJob]) -> dict[str, list[RecordedJob]]:
    """What counts for each wanted job, by its key; in the order of the records.

    Of a repetition, that is one remote job that is done, and the failed ones.
    """
    by_key: dict[str, list[RecordedJob]] = {job.key: [] for job in desired.jobs}
    wanted = {job.key: job for job in desired.jobs}
    for record in recorded:
        job = wanted.get(record.key) if desired.recipe.startswith(record.recipe) else None
        if job is None or not job.counts_record(record):
            continue
        if not desired.takes_constants(record.constants, job):
            continue
        if not desired.takes_evaluations(record.observables):
            continue
        if job.repetition is None or not _is_second(record, by_key[job.key]):
            by_key[job.key].append(record.fitted(len(desired.qubit_ids_of(job))))
    return by_key


def _is_second(record: RecordedJob, before: Sequence[RecordedJob]) -> bool:
    """Whether a repetition is measured already: two machines that raced may have bought it twice."""
    return record.status is JobStatus.DONE and any(job.status is JobStatus.DONE for job in before)


def measured_runs(jobs: Sequence[RecordedJob]) -> int:
    """Runs whose bitstrings are on record."""
    return sum(sum(job.counts.values()) for job in jobs if job.status is JobStatus.DONE)


def status_of(runs: int, jobs: Sequence[RecordedJob]) -> ResultStatus:
    """How far a job has come of which so many runs are wanted, by its remote jobs that ended."""
    measured = measured_runs(jobs)
    if measured >= runs:
        return ResultStatus.DONE
    if measured:
        return ResultStatus.PARTIAL
    ends = {job.status for job in jobs}
    if JobStatus.DONE in ends:
        return ResultStatus.NO_RESULT
    if JobStatus.ERROR in ends:
        return ResultStatus.ERROR
    return ResultStatus.CANCELED if JobStatus.CANCELED in ends else ResultStatus.MISSING


class ResultStatus(StrEnum):
    """What is known of a job of a file; only records are asked, no cloud."""

    DONE = "DONE"
    """All wanted runs are measured."""
    PARTIAL = "PARTIAL"
    """Some are."""
    ERROR = "ERROR"
    """None is, and a remote job of it failed."""
    NO_RESULT = "NO_RESULT"
    """None is, and a remote job of it is done: its result could not be had, or cannot be right."""
    CANCELED = "CANCELED"
    """None is, and its remote jobs were cancelled."""
    MISSING = "MISSING"
    """Nothing of it is on record: it was not bought yet, or has not ended."""


def each_once(jobs: Iterable[RecordedJob]) -> tuple[RecordedJob, ...]:
    """Each job once: with its result, else as it stands last."""
    known: dict[str, RecordedJob] = {}
    for job in jobs:
        before = known.get(job.id)
        if before is None or before.lacks_result or not job.lacks_result:
            known[job.id] = job
    return tuple(known.values())


def contradiction(one: RecordedJob, other: RecordedJob) -> str:
    """What two records of a job say differently; empty where they are copies.

    One may lack the result that the other has, may have been made under another name, or before it was
    proved where the job was measured.
    """
    lacks_result = one.lacks_result or other.lacks_result
    for field in ("batch_id", "recipe", "key", "rerun", "status", "variables"):
        if getattr(one, field) != getattr(other, field):
            return field
    if not lacks_result and one.counts != other.counts:
        return "counts"
    for field in ("runs", "qubit_ids", "target", "constants"):
        if _both(getattr(one, field), getattr(other, field)):
            return field
    return ""


def _both(one: object, other: object) -> bool:
    """Whether both say something, and not the same."""
    return bool(one and other) and one != other
