"""What was bought for an experiment, or may have been, batch by batch; for the guard alone. Pure.

Each batch counts the larger of what the journal says was bought on it and what was read of it, on the cloud
or in the records; less what was certainly cancelled before it ran. A purchase without a clear answer counts
in full until its batch is shut and has been read since.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.domain import BatchStatus, JobStatus, OnUnknown
from runner.domain.qpu_time import is_emulator, unclear_settle_s
from runner.reconcile.model.entries import BUYING, RequestKind, State
from runner.reconcile.model.kinship import Kin, kin
from runner.reconcile.model.tags import Marks, read_marks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from runner.domain import DesiredExperiment, DesiredJob, ObservedBatch, ObservedJob, RecordedJob
    from runner.reconcile.model.entries import JournalEntry

    Amounts = tuple[tuple[str, int], ...]

# Of a purchase of an older version, that does not say it.
ANY_RERUN: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known of what was bought for an experiment.

    Args:
        batches: Its batches, of all recipes and reruns.

        recorded: Its jobs on record.

        rows: The journal's rows of the experiment at the target, as they are at this moment.

        rows_of_day: The journal's rows of all experiments, of this day of UTC.

        cancelled: How many jobs of each batch the cloud says are cancelled, of any experiment.

        settle_s: How far the cloud's views may lag behind (in s).

        shut_s: For how long each batch has been seen shut (in s); one that is not named, long since.

        ages_s: How long ago each row was written (in s), by its number; one that is not named, a moment ago.

        constants: Constants of devices behind digests that are not those of the file.
    """

    batches: tuple[ObservedBatch, ...] = ()
    recorded: tuple[RecordedJob, ...] = ()
    rows: tuple[JournalEntry, ...] = ()
    rows_of_day: tuple[JournalEntry, ...] = ()
    cancelled: Mapping[str, int] = field(default_factory=dict)
    settle_s: float = 0.0
    shut_s: Mapping[str, float] = field(default_factory=dict)
    ages_s: Mapping[int, float] = field(default_factory=dict)
    constants: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


class _Job(NamedTuple):
    """A remote job, as it was read or as it is on record."""

    key: str
    runs: int
    is_void: bool
    is_failed: bool
    missing_shots: int = 0
    is_vague: bool = False
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class KnownLot:
    """What is known of one batch; of none where nobody knows which one a purchase has made."""

    batch_id: str
    marks: Marks
    jobs: tuple[_Job, ...] = ()
    rows: Amounts = ()
    jobs_count: int = 0
    cancelled: int = 0
    is_other: bool = False

    def without_others(self) -> KnownLot:
        """What is left without jobs of other constants, or values of a slot: they are other points."""
        others = [job for job in self.jobs if job.is_other]
        keys = {job.key for job in others}
        return replace(
            self,
            jobs=tuple(job for job in self.jobs if not job.is_other),
            rows=tuple(each for each in self.rows if each[0] not in keys),
            jobs_count=max(0, self.jobs_count - len(others)),
            cancelled=max(0, self.cancelled - sum(job.is_void for job in others)),
        )

    @property
    def is_rest_cancelled(self) -> bool:
        """Whether there are jobs that were not read, and all of them are cancelled, as the cloud counts."""
        n_unread = self.jobs_count - len(self.jobs)
        return 0 < n_unread <= self.cancelled - sum(job.is_void for job in self.jobs)

    @property
    def n_unseen(self) -> int:
        """Jobs that the batch has and of which nothing else is known."""
        known = self.jobs_count if self.is_rest_cancelled else max(len(self.jobs), len(self.rows))
        return max(0, self.jobs_count - known)

    def bought(self, key: str | None = None, runs: int | None = None) -> tuple[int, int]:
        """Jobs and runs that were bought and not cancelled before they ran, of all that is meant."""
        read = [job for job in self.jobs if _is_meant(job.key, job.runs, key, runs)]
        rows = self._rows(key, runs)
        if self.is_rest_cancelled and len(rows) > len(read):
            rows = []  # what was not read of it is cancelled
        void = [job.runs for job in read if job.is_void]
        n_jobs = max(len(read), len(rows)) - len(void)
        return n_jobs, max(sum(job.runs for job in read), sum(rows)) - sum(void)

    def _rows(self, key: str | None, runs: int | None) -> list[int]:
        return [n for each, n in self.rows if _is_meant(each, n, key, runs)]

    def missing_shots(self, key: str) -> int:
        """Runs of a key that results on record do not count."""
        return sum(job.missing_shots for job in self.jobs if job.key == key)

    def n_vague(self, key: str, most: float) -> int:
        """Jobs of a key that did not fail, and of which nobody knows how many runs were bought.

        Args:
            most: Of one whose result counts more than that, it is known well enough.
        """
        vague = [job for job in self.jobs if job.key == key and job.is_vague and not job.is_failed]
        return sum(job.runs <= most for job in vague)

    def failed(self, key: str) -> list[int]:
        """Runs of each job of a key that failed; where they are forgotten, what is left of the journal's."""
        known = [job.runs for job in self.jobs if job.key == key and job.is_failed]
        if not any(job.is_vague for job in self.jobs if job.key == key and job.is_failed):
            return known
        left = sum(self._rows(key, None)) - sum(job.runs for job in self.jobs if job.key == key)
        return [*known, max(0, left)]


def _is_meant(key: str, runs: int, meant: str | None, of_runs: int | None) -> bool:
    return meant in {None, key} and of_runs in {None, runs}


def known_lots(desired: DesiredExperiment, evidence: Evidence) -> list[KnownLot]:
    """Everything that was bought, batch by batch; purchases whose batch nobody knows each by itself."""
    batches = {batch.id: batch for batch in evidence.batches}
    by_claim = {read_marks(b.tags).claim: b.id for b in evidence.batches if not b.parent_id}
    rows: dict[str, list[JournalEntry]] = {}
    loose = []
    for row in evidence.rows:
        place = row.batch_id or by_claim.get(row.claim)
        if row.kind not in BUYING:
            continue
        if place is None:
            loose += [row] if _may_still_land(desired, row, evidence) else []
        else:
            rows.setdefault(place, []).append(row)
    rows = {each: _rows_that_count(desired, some, batches.get(each), evidence) for each, some in rows.items()}
    rows = {each: some for each, some in rows.items() if some}
    places = dict.fromkeys([*batches, *rows, *(record.batch_id for record in evidence.recorded)])
    return [
        *(_lot(desired, evidence, each, rows.get(each, ())) for each in places),
        *(KnownLot("", _row_marks(desired, row), rows=row.jobs) for row in loose),
    ]


def _rows_that_count(
    desired: DesiredExperiment, rows: Sequence[JournalEntry], batch: ObservedBatch | None, evidence: Evidence
) -> list[JournalEntry]:
    """Those rows of a batch that count beside what is read of it."""
    is_in_part = _is_in_part(rows, batch)
    return [row for row in rows if _counts_still(desired, row, batch, evidence, is_in_part=is_in_part)]


def _counts_still(
    desired: DesiredExperiment,
    row: JournalEntry,
    batch: ObservedBatch | None,
    evidence: Evidence,
    *,
    is_in_part: bool,
) -> bool:
    """Whether a row counts beside what is read of its batch: without a clear answer, until that is final.

    An answer that refuses jobs may hide that a part of them was taken.
    """
    if row.state is State.ACCEPTED:
        return True
    if row.state is State.NOT_DONE:
        return False
    if batch is None or (batch.open and batch.status.is_live):
        return batch is not None or row.state is not State.REJECTED
    unclear_s = unclear_settle_s(desired.device_type, evidence.settle_s, is_in_part=is_in_part)
    settles_s = evidence.settle_s if row.state.is_clear and not is_in_part else unclear_s
    return evidence.shut_s.get(batch.id, float("inf")) < settles_s


def _is_in_part(rows: Iterable[JournalEntry], batch: ObservedBatch | None) -> bool:
    """Whether some jobs are shown of what rows may have bought on a batch, and not all of them."""
    tried = [row for row in rows if row.state is not State.NOT_DONE]
    n_bought = sum(len(row.jobs) for row in tried if row.state is State.ACCEPTED)
    return batch is not None and n_bought < batch.jobs_count < sum(len(row.jobs) for row in tried)


def _may_still_land(desired: DesiredExperiment, row: JournalEntry, evidence: Evidence) -> bool:
    """Whether a purchase that no batch shows counts: unless the file wants it sent again after a while."""
    if not row.state.may_have_bought:
        return False
    said = desired.policy.on_unknown_submission
    again = said is OnUnknown.RESUBMIT or (said is None and is_emulator(desired.device_type))
    is_settled = evidence.ages_s.get(row.seq, 0.0) >= evidence.settle_s
    return not (row.kind is RequestKind.SUBMIT and row.state is not State.ACCEPTED and again and is_settled)


def _row_marks(desired: DesiredExperiment, row: JournalEntry) -> Marks:
    """What a row says of what it bought; one of an older version, that says nothing, holds machines alone."""
    if row.recipe or is_emulator(desired.device_type):
        return Marks(recipe=row.recipe or "?", rerun=ANY_RERUN if row.rerun is None else row.rerun)
    return Marks(rerun=ANY_RERUN)


def _lot(
    desired: DesiredExperiment, evidence: Evidence, batch_id: str, rows: Sequence[JournalEntry]
) -> KnownLot:
    batch = next((each for each in evidence.batches if each.id == batch_id), None)
    records = [record for record in evidence.recorded if record.batch_id == batch_id]
    jobs = batch.jobs if batch else ()
    done = {job.id for job in jobs if job.status is JobStatus.DONE}
    # A record of a failure or a cancellation may have been a mistake; a job that is done stays so.
    trusted = [record for record in records if record.status is JobStatus.DONE or record.id not in done]
    read = {job.id: _read_job(batch, job, desired) for job in jobs} if batch else {}
    on_record = {record.id: _recorded_job(record, read.get(record.id), desired) for record in trusted}
    keys = {job.key: job for job in desired.jobs}
    name = read_marks(batch.tags).experiment if batch else ""
    named = [(each, name) for each in jobs] + [(each, name or each.experiment) for each in records]
    others = {
        *(j.id for j in jobs if _is_other(desired, keys.get(j.key), j.constants, None, evidence)),
        *(r.id for r in records if _is_other(desired, keys.get(r.key), r.constants, r.observables, evidence)),
        *(each.id for each, under in named if _is_elsewhere(desired, keys.get(each.key), each, under)),
    }
    if batch:
        marks = read_marks(batch.tags)
    elif records:
        marks = Marks(recipe=records[0].recipe, rerun=records[0].rerun)
    else:
        marks = _row_marks(desired, rows[0])
    return KnownLot(
        batch_id,
        marks,
        jobs=tuple(job._replace(is_other=each in others) for each, job in (read | on_record).items()),
        rows=tuple(each for row in rows for each in row.jobs),
        jobs_count=batch.jobs_count if batch else 0,
        cancelled=evidence.cancelled.get(batch_id, 0),
        is_other=batch is not None and _is_other(desired, None, batch.constants, batch.observables, evidence),
    )


def _is_other(
    desired: DesiredExperiment,
    job: DesiredJob | None,
    have: str,
    observables: Collection[str] | None,
    evidence: Evidence,
) -> bool:
    """Whether it was measured with other constants of the device, or without an observable."""
    return kin(desired, job, have, evidence.constants, observables) is Kin.OTHER


def _is_elsewhere(
    desired: DesiredExperiment, job: DesiredJob | None, there: ObservedJob | RecordedJob, name: str
) -> bool:
    """Whether a strategy under a former name was elsewhere in a slot: then that is another point."""
    if job is None or not job.slot or name in {"", desired.name}:
        return False
    return job.is_elsewhere(name, there.variables)


def _recorded_job(record: RecordedJob, read: _Job | None, desired: DesiredExperiment) -> _Job:
    job = _job(record, record.status, desired)._replace(missing_shots=record.missing_shots)
    if job.is_vague and read and not read.is_vague:
        return job._replace(runs=read.runs, is_vague=False)
    return job._replace(runs=record.least_runs)


def _read_job(batch: ObservedBatch, job: ObservedJob, desired: DesiredExperiment) -> _Job:
    """A job that is pending in a batch that has ended never runs."""
    status = job.status
    if status is JobStatus.PENDING and batch.status in {BatchStatus.CANCELED, BatchStatus.CANCELING}:
        status = JobStatus.CANCELED
    elif status is JobStatus.PENDING and batch.status in {BatchStatus.ERROR, BatchStatus.TIMED_OUT}:
        status = JobStatus.ERROR
    return _job(job, status, desired)


def _job(job: ObservedJob | RecordedJob, status: JobStatus, desired: DesiredExperiment) -> _Job:
    is_void = status is JobStatus.CANCELED and job.started_at is None
    is_failed = status is JobStatus.ERROR or (status in desired.policy.retry.on and not is_void)
    is_vague = status.is_terminal and not is_void and not job.runs
    return _Job(job.key, job.runs, is_void, is_failed, is_vague=is_vague)
