"""Whether all of a batch is seen, and what of it is not. Pure.

The list of batches, the jobs of a batch and its counts are several views of one thing, and each may lag, be
short or be wrong. What is incomplete decides no purchase.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from runner.domain import BatchStatus, JobStatus, ObservedJob
from runner.domain.json_values import shown
from runner.domain.numerals import counted
from runner.reconcile.model.slots import Slots
from runner.reconcile.observe.job_sequences import may_have_one
from runner.reconcile.observe.payloads import jobs_count
from runner.reconcile.plan.counted_jobs import effective_status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from runner.cloud import Payload
    from runner.domain import DesiredExperiment, ObservedBatch, RecordedJob
    from runner.reconcile.model.repetitions import Places

    Amounts = Collection[tuple[str, int]]


_ENDS: Final = (JobStatus.DONE, JobStatus.ERROR, JobStatus.CANCELED)
# Of one job, as far as JSON carries whole numbers.
_RUNS: Final = range(1, 2**53)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a batch must show before it is complete.

    Args:
        job_ids: Jobs that answers have told of, or that are in the journal.

        unlisted: Its jobs that the last list does not have: what is known of them may long be over.

        is_listed: Whether a list must have them by now.

        amounts: Key and runs of each job that was bought on it, as the journal has it.

        tried: The same of all that was asked for on it: what was refused may have been taken in part.

        runs: Runs of each of them, by its key, as far as the journal tells.

        desired: The experiment that asks for its recipe; None where none does.

        on_record: Its jobs of which nothing more is to be learnt, by their ids.

        own_sequences: Own sequence of each job that was asked for it; None for a job that has none.

        may_be_bare: Whether a job may have neither variables nor a sequence of its own.

        is_wanted: Whether it is of a recipe that a file asks for.

        lacks_result: Whether a job of it is on record as done, and its result is not.

        shared: Key of the sequence that its jobs share, see `runner.domain.own_sequence_key`; None where its
            experiment has a job with a sequence of its own.

        keys: Of jobs of other batches that its jobs may repeat, by their ids.

        is_settled: Whether the batch has been seen ended for as long as views of it may lag.

        is_steady: Whether it has been seen with the same number of jobs for as long as that.
    """

    job_ids: frozenset[str] = frozenset()
    unlisted: frozenset[str] = frozenset()
    is_listed: bool = True
    amounts: tuple[tuple[str, int], ...] = ()
    tried: tuple[tuple[str, int], ...] = ()
    runs: Mapping[str, int] = field(default_factory=dict)
    desired: DesiredExperiment | None = None
    on_record: Mapping[str, RecordedJob] = field(default_factory=dict)
    own_sequences: Mapping[str, str | None] = field(default_factory=dict)
    may_be_bare: bool = True
    is_wanted: bool = False
    lacks_result: bool = False
    shared: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    is_settled: bool = True
    is_steady: bool = True


def n_expected(payload: Payload, expected: Expected) -> int:
    """How many jobs a batch has at least."""
    return max(jobs_count(payload), len(expected.amounts), len(expected.job_ids))


def gaps(payload: Payload, jobs: Sequence[Payload], expected: Expected) -> Iterator[str]:
    """What is missing of a batch; nothing where it is complete.

    Args:
        jobs: All jobs that are shown or were told.
    """
    seen = {job["id"] for job in jobs} | expected.on_record.keys()
    unseen = expected.job_ids - seen
    if expected.is_listed:
        going = {job["id"] for job in jobs if not _has_ended(job)}
        unseen |= going & (expected.unlisted - expected.on_record.keys())
    if unseen:
        yield f"its job {min(unseen)} was accepted and is not listed"
    elif len(seen) < jobs_count(payload):
        yield f"it has {counted(jobs_count(payload), 'job')}, and {len(seen)} are listed"
    elif len(seen) < len(expected.amounts):
        yield f"{counted(len(expected.amounts), 'job')} bought on it, and {len(seen)} are listed"
    astray = [job["id"] for job in jobs if job.get("batch_id") not in {None, payload["id"]}]
    if astray:
        yield f"the job {astray[0]} is listed with it, and is another batch's"
    unrecorded = [job for job in jobs if job["id"] not in expected.on_record]
    for job in unrecorded:
        yield from job_gaps(job, expected)
    yield from _contradictions(payload, unrecorded, expected)


def beyond_slots(jobs: Iterable[ObservedJob], places: Places) -> Iterator[str]:
    """Jobs of a batch of a strategy that its tag does not tell of, and that no request brought twice."""
    if isinstance(places, Slots):
        astray = [job.id for job in jobs if job.key not in places.keys]
        if astray:
            yield f"its tag tells of {counted(len(places.labels), 'job')}, and {astray[0]} is none of them"


def amount_gaps(
    read: Iterable[ObservedJob | RecordedJob], bought: Amounts, tried: Amounts = ()
) -> Iterator[str]:
    """Where a batch that is seen whole does not hold what was bought on it: then it cannot be counted.

    Args:
        read: Each job of the batch, once.

        bought: Key and runs of each job that was bought on it.

        tried: The same of those that may have been.
    """
    jobs = list(read)
    lacking = Counter(key for key, _ in bought) - Counter(job.key for job in jobs)
    for job in jobs:
        sizes = {runs for key, runs in (*bought, *tried) if key == job.key}
        if isinstance(job, ObservedJob) and job.runs and sizes and job.runs not in sizes:
            yield f"its job {job.id} is listed with {job.runs} runs, and {max(sizes)} were bought"
    if lacking:
        yield f"{sum(lacking.values())} of the jobs that were bought on it are not among those that it has"


def runs_gaps(read: Iterable[ObservedJob], on_record: Collection[str]) -> Iterator[str]:
    """Measured jobs of which the number of runs is not known before their results are on record."""
    for job in read:
        if job.status is JobStatus.DONE and not job.runs and job.id not in on_record:
            yield f"its job {job.id} does not say its runs, and its result is not on record yet"


def undisputed(payload: Payload, on_record: Mapping[str, RecordedJob]) -> dict[str, RecordedJob]:
    """Records of a batch without those of failed or cancelled jobs that it does not count as such.

    They were written by a list that was wrong, and are looked at again.
    """
    said = payload.get("jobs_count_per_status")
    counts = said if isinstance(said, dict) else {}
    recorded = Counter(record.status for record in on_record.values())
    disputed = {
        status
        for status in (JobStatus.ERROR, JobStatus.CANCELED)
        if counts and type(counts.get(status, 0)) is int and counts.get(status, 0) < recorded[status]
    }
    return {job_id: record for job_id, record in on_record.items() if record.status not in disputed}


def refuted(recorded: Iterable[RecordedJob], seen_whole: Iterable[ObservedBatch]) -> tuple[RecordedJob, ...]:
    """Jobs on record as done, without a result, that have ended otherwise: by a list that was wrong."""
    undone = {job.id for batch in seen_whole for job in batch.jobs if _is_undone(batch, job)}
    return tuple(record for record in recorded if record.lacks_result and record.id in undone)


def _is_undone(batch: ObservedBatch, job: ObservedJob) -> bool:
    return effective_status(batch.status, job.status) in {JobStatus.ERROR, JobStatus.CANCELED}


def job_gaps(job: Payload, expected: Expected) -> Iterator[str]:
    """What is missing of a job, or is of another type than it must be."""
    runs, variables, status = job.get("runs"), job.get("variables"), job.get("status")
    if not isinstance(status, str):
        yield f"its job {job['id']} has {shown(status)} as its status"
    # Of a job that has ended a cloud may have forgotten them, see `runs_gaps`.
    is_void = runs is None and JobStatus(str(status)).is_terminal
    if not is_void and (type(runs) is not int or runs not in _RUNS):
        yield f"its job {job['id']} has {shown(runs)} as its runs"
    if not isinstance(variables, (dict, type(None))):
        yield f"its job {job['id']} has {shown(variables)} as its variables"
    elif may_have_one(job) and job["id"] not in expected.own_sequences:
        yield f"its job {job['id']} shows neither variables nor a sequence of its own"


def _contradictions(payload: Payload, jobs: Sequence[Payload], expected: Expected) -> Iterator[str]:
    """Where the jobs are behind what their batch says of them; read later, they can only be ahead."""
    count, said = payload.get("jobs_count"), payload.get("jobs_count_per_status")
    if count is not None and (type(count) is not int or count < 0):
        yield f"it has {shown(count)} as its number of jobs"
    counts = said if isinstance(said, dict) else {}
    listed = Counter(str(job.get("status")) for job in jobs)
    recorded = Counter(str(job.status) for job in expected.on_record.values())
    for status in _ENDS:
        ended = counts.get(status)
        if type(ended) is int and ended > listed[status] + recorded[status]:
            yield f"{ended} of its jobs are said to be {status}, and {listed[status]} are listed so"
    for status in (JobStatus.ERROR, JobStatus.CANCELED):
        # What follows from them cannot be undone, so that both views must say them.
        count, n_listed = counts.get(status, 0), listed[status] + recorded[status]
        if counts and type(count) is int and count < n_listed:
            yield f"{n_listed} of its jobs are listed as {status}, and it counts {count}"
    left = [job for job in jobs if not _has_ended(job)]
    batch = BatchStatus(str(payload.get("status")))
    is_told = batch is not BatchStatus.DONE and (expected.is_settled or bool(counts.get(JobStatus.PENDING)))
    if left and batch.is_terminal and not is_told:
        yield f"it is {batch}, and its job {left[0]['id']} is listed as {shown(left[0].get('status'))}"


def _has_ended(job: Payload) -> bool:
    return JobStatus(str(job.get("status"))).is_terminal
