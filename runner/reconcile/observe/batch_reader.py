"""Reads batches with their jobs, and says of each what is missing. What is whole is kept, the rest is not."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from runner.domain import BatchStatus, JobStatus, ObservedBatch, own_sequence_key
from runner.errors import NotFoundError, WireFormatError
from runner.reconcile.memory import jobs_in
from runner.reconcile.model.repetitions import FIRST
from runner.reconcile.model.tags import read_marks
from runner.reconcile.observe.completeness import (
    amount_gaps,
    beyond_slots,
    gaps,
    job_gaps,
    n_expected,
    runs_gaps,
    undisputed,
)
from runner.reconcile.observe.forgotten_runs import runs_by_tag
from runner.reconcile.observe.job_sequences import is_shared, may_have_one, with_sequences
from runner.reconcile.observe.payloads import observed_batch, observed_jobs, parent_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from runner.cloud import Client, Payload
    from runner.domain import ObservedJob, RecordedJob
    from runner.reconcile.memory import CloudMemory
    from runner.reconcile.observe.completeness import Expected

T = TypeVar("T")
R = TypeVar("R")

_READERS: Final = 8
# What the answer for a single job may say beyond a list.
_TOLD_ALONE: Final = ("id", "status", "runs", "variables")
# Of what is missing of one batch.
_TOLD: Final = 2
_UNSHOWN: Final = "the cloud has accepted it, and shows it nowhere"
_IN_ALL: Final = "which slot or repetition a job is is told by all of them"


class BatchReading(NamedTuple):
    """A batch as it was read, and what is missing of it; empty where nothing is."""

    batch: ObservedBatch
    gap: str = ""


class BatchReader:
    """Reads batches; keeps the jobs of those that were seen whole until they change."""

    def __init__(self, client: Client, memory: CloudMemory) -> None:
        self._client, self._memory = client, memory
        self._complete: dict[str, tuple[object, tuple[ObservedJob, ...]]] = {}
        self._own_sequences: dict[str, str | None] = {}  # by the job's id; they never change
        self._sequence_keys: dict[str, str | None] = {}  # by the batch's id; they never change, either

    def read(
        self,
        payloads: Sequence[Payload],
        expected: Mapping[str, Expected],
        unshown: Collection[str] = (),
        recorded: Iterable[RecordedJob] = (),
    ) -> dict[str, BatchReading]:
        """Batches as they are, by their ids; only of those that have changed the jobs are fetched.

        Args:
            expected: What each must show.

            unshown: Ids of batches that only the journal knows of.

            recorded: Jobs on record, for those that repeat one of them.
        """
        repeated = {parent_of(payload) for payload in payloads}
        keys = {job.id: job.key for job in recorded} if any(repeated) else {}
        expected = {
            payload["id"]: replace(
                expected[payload["id"]],
                own_sequences=self._own_sequences,
                keys=keys,
                on_record=undisputed(payload, expected[payload["id"]].on_record),
            )
            for payload in payloads
        }
        unread = [
            p for p in payloads if self._must_fetch(p, expected[p["id"]], is_repeated=p["id"] in repeated)
        ]
        fetched = at_once(lambda p: self._listed(p["id"]), unread)
        jobs = {p["id"]: some for p, (some, _) in zip(unread, fetched, strict=True)}
        problems = {p["id"]: problem for p, (_, problem) in zip(unread, fetched, strict=True)}
        for payload in unread:
            batch_id = payload["id"]
            jobs[batch_id] = self._memory.hear_jobs(
                batch_id, self._single_jobs(jobs[batch_id], expected[batch_id])
            )
            expected[batch_id] = replace(expected[batch_id], unlisted=self._memory.unlisted(batch_id))
        readings: dict[str, BatchReading] = {}
        for payload in sorted(payloads, key=_after_parents):
            batch_id = payload["id"]
            if batch_id in unshown:
                readings[batch_id] = BatchReading(observed_batch(payload), _UNSHOWN)
                continue
            known = (jobs.get(batch_id), expected[batch_id], problems.get(batch_id, ""))
            readings[batch_id] = self._reading(payload, *known)
            if batch_id in repeated:
                keys |= {job.id: job.key for job in readings[batch_id].batch.jobs}
        return readings

    def _listed(self, batch_id: str) -> tuple[list[Payload], str]:
        """All jobs that are known of a batch once its list was asked for, and why that could not be read."""
        try:
            listed = self._client.get_batch_jobs(batch_id)
        except WireFormatError as error:
            return self._memory.hear_jobs(batch_id, ()), error.message
        return self._memory.jobs(batch_id, jobs_in({"jobs": listed})), ""

    def _must_fetch(self, payload: Payload, expected: Expected, *, is_repeated: bool) -> bool:
        if self._kept(payload, expected) is not None:
            return False
        if expected.lacks_result:
            return True  # the list that showed it as done may have been wrong
        if is_repeated and len(expected.on_record) < n_expected(payload, expected):
            return True  # what a later batch repeats of it is told by its jobs
        # What may have been bought is read back by its jobs: the count may lag behind them.
        count = max(n_expected(payload, expected), len(expected.tried))
        return _accounted_for(payload, expected.on_record.values()) < count

    def _kept(self, payload: Payload, expected: Expected) -> tuple[ObservedJob, ...] | None:
        """The jobs as they were read of the same version of the batch; None if it has changed."""
        version, jobs = self._complete.get(payload["id"], (None, None))
        return jobs if jobs is not None and version == _version(payload, expected) else None

    def _single_jobs(self, jobs: Iterable[Payload], expected: Expected) -> list[Payload]:
        """Jobs of which a list does not say all, each as the answer for it alone has it.

        Only that tells of a sequence of its own, which is asked for until it is known.
        """
        ids = [
            job["id"]
            for job in jobs
            if (may_have_one(job) and job["id"] not in self._own_sequences) or job.get("runs") is None
        ]
        answers = [answer for answer in at_once(self._job_or_none, ids) if answer]
        for answer in answers:
            sequence = answer.get("sequence")
            if sequence or expected.may_be_bare:
                self._own_sequences[answer["id"]] = sequence
        return [{name: job.get(name) for name in _TOLD_ALONE} for job in answers]

    def _job_or_none(self, job_id: str) -> Payload | None:
        try:
            answer = self._client.get_job(job_id)
        except NotFoundError:
            return None
        return answer if answer.get("id") == job_id else None

    def _reading(
        self, payload: Payload, jobs: Sequence[Payload] | None, expected: Expected, problem: str
    ) -> BatchReading:
        """A batch with its jobs, and what is missing of it.

        Args:
            jobs: As they were fetched; None where nobody had to.

            problem: Why their list could not be read; empty where it could.
        """
        try:
            batch = replace(observed_batch(payload), jobs_count=n_expected(payload, expected))
        except WireFormatError as error:
            return BatchReading(_unreadable(payload), str(error))
        if jobs is None:
            return BatchReading(replace(batch, jobs=self._kept(payload, expected) or ()))
        expected = replace(expected, own_sequences=self._own(payload, jobs, expected))
        read, unread = self._observed(payload, jobs, expected)
        missing = [*([problem] if problem else []), *gaps(payload, jobs, expected), *unread]
        known: list[RecordedJob | ObservedJob] = [*expected.on_record.values(), *read]
        once = {job.id: job for job in known}.values()
        lacking = [] if missing else [*amount_gaps(once, expected.amounts, expected.tried)]
        missing += lacking
        if read_marks(batch.tags).repetitions != FIRST:
            if not (expected.amounts or expected.is_steady):
                missing.append(f"{_IN_ALL}, and some may not be shown yet")
            missing += beyond_slots(read, read_marks(batch.tags).repetitions)
            read = () if missing else read
        if lacking:
            read = ()  # which job is which is not known
            for job in jobs:
                self._own_sequences.pop(job["id"], None)  # it may have been answered too early
        missing += runs_gaps(read, expected.on_record)
        if not (missing or expected.unlisted) and _counts_agree(payload, jobs):
            self._complete[batch.id] = (_version(payload, expected), read)
        return BatchReading(replace(batch, jobs=read), "; ".join(missing[:_TOLD]))

    def _own(self, payload: Payload, jobs: Sequence[Payload], expected: Expected) -> dict[str, str | None]:
        """The own sequence of each job that has one, or that may have neither it nor variables."""
        own = {job["id"]: self._own_sequences[job["id"]] for job in jobs if job["id"] in self._own_sequences}
        if any(own.values()):
            shared = expected.shared if expected.is_wanted else self._sequence_key(payload["id"])
            own = {job_id: None if is_shared(each, shared) else each for job_id, each in own.items()}
        return {job_id: each for job_id, each in own.items() if each or expected.may_be_bare}

    def _observed(
        self, payload: Payload, jobs: Sequence[Payload], expected: Expected
    ) -> tuple[tuple[ObservedJob, ...], list[str]]:
        """The jobs that can be read, and why others cannot."""
        device_type = payload.get("device_type")
        listed = [{**job, "device_type": device_type} for job in with_sequences(jobs, expected.own_sequences)]
        whole = [job for job in listed if not any(job_gaps(job, expected))]
        marks = read_marks(payload.get("tags") or ())
        if marks.repetitions != FIRST and len(whole) < len(jobs):
            return (), [f"{_IN_ALL}, and one cannot be read"]
        try:
            read = observed_jobs(whole, marks.repetitions, expected.keys)
        except WireFormatError as error:
            return (), [str(error)]
        told = runs_by_tag(expected.desired, marks, read)
        return tuple(job if job.runs else _with_runs(job, expected, told) for job in read), []

    def _sequence_key(self, batch_id: str) -> str | None:
        """Key of the sequence that a batch has for its jobs, as it says itself; None where it has none."""
        if batch_id not in self._sequence_keys:
            with suppress(NotFoundError, ValueError):
                sequence = self._client.get_batch(batch_id).get("sequence_builder")
                self._sequence_keys[batch_id] = own_sequence_key(sequence) if sequence else None
        return self._sequence_keys.get(batch_id)


def _after_parents(payload: Payload) -> tuple[bool, str]:
    """Where a batch stands so that those that it repeats come before it."""
    return bool(parent_of(payload)), str(payload.get("created_at"))


def at_once(read: Callable[[T], R], what: Sequence[T]) -> list[R]:
    """What is read for each, several at the same time, in order."""
    if len(what) <= 1:
        return [read(each) for each in what]
    with ThreadPoolExecutor(min(_READERS, len(what)), thread_name_prefix="observing") as pool:
        return list(pool.map(read, what))


def n_cancelled(payload: Payload) -> int:
    """How many jobs of a batch the cloud says are cancelled; 0 where it does not say."""
    counts = payload.get("jobs_count_per_status")
    said = counts.get(JobStatus.CANCELED, 0) if isinstance(counts, dict) else 0
    return said if isinstance(said, int) else 0


def _with_runs(job: ObservedJob, expected: Expected, told: Mapping[str, int]) -> ObservedJob:
    """A job that has ended, and of which the cloud has forgotten the runs; 0 where nothing else tells them.

    Args:
        told: What the tag of its batch tells of them, see `runs_by_tag`.
    """
    recorded = expected.on_record.get(job.id)
    bought = expected.runs.get(job.key, told.get(job.id, 0))
    return replace(job, runs=recorded.runs or bought if recorded else bought)


def _unreadable(payload: Payload) -> ObservedBatch:
    """A batch of which so little is known that nothing is done around it."""
    long_ago = datetime.fromtimestamp(0, UTC)
    tags = tuple(payload.get("tags") or ())
    return ObservedBatch(
        id=payload["id"],
        status=BatchStatus.UNKNOWN,
        open=False,
        created_at=long_ago,
        updated_at=long_ago,
        tags=tags,
    )


def _counts_agree(payload: Payload, jobs: Iterable[Payload]) -> bool:
    """Whether the jobs are as their batch says; what differs may change without a new version of it."""
    said = payload.get("jobs_count_per_status")
    counts = said if isinstance(said, dict) else {}
    listed = Counter(job.get("status") for job in jobs)
    return {status: n for status, n in counts.items() if n} == dict(listed)


def _accounted_for(payload: Payload, on_record: Collection[RecordedJob]) -> int:
    """How many jobs of a batch are on record, or need not be: those that we have cancelled ourselves.

    Where we have, none of them is counted twice, should one be on record as well.
    """
    marks = read_marks(payload.get("tags") or ())
    if not marks.cancelled_by_us:
        return len(on_record)
    ours = sum(job.status is JobStatus.CANCELED and marks.is_ours(job.id) for job in on_record)
    return max(0, n_cancelled(payload) - len(marks.declined)) + len(on_record) - ours


def _version(payload: Payload, expected: Expected) -> object:
    """What changes whenever a job of the batch does."""
    per_status = payload.get("jobs_count_per_status")
    if not per_status or not isinstance(per_status, dict):
        return object()  # equal to nothing: read it again
    repetitions = read_marks(payload.get("tags") or ()).repetitions
    counts = tuple(sorted(per_status.items()))
    return (payload.get("status"), payload.get("open"), counts, n_expected(payload, expected), repetitions)
