"""The guard before each request that buys: adds up what was bought, or may have been; knows no plan. Pure.

It shares no count with the planner, so that no single defect there buys anything twice. Each batch counts the
larger of what the journal says was bought on it and what was read of it, on the cloud or in the records; less
what was certainly cancelled before it ran. A purchase without a clear answer counts in full until its batch
is shut and has been read since. The most is what the file asks for, and as much again as failures, and shots
that are missing where the policy buys them, justify.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from runner.domain import BatchStatus, JobStatus, OnUnknown, RunsMode, Shortfall
from runner.domain.numerals import counted
from runner.domain.qpu_time import is_emulator, qpu_seconds, unclear_settle_s
from runner.reconcile.model.entries import BUYING, RequestKind, State
from runner.reconcile.model.kinship import Kin, kin
from runner.reconcile.model.plan import Cost
from runner.reconcile.model.tags import Marks, read_marks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from runner.domain import Budget, DesiredExperiment, DesiredJob, ObservedBatch, ObservedJob, RecordedJob
    from runner.reconcile.model.entries import JournalEntry

    Amounts = tuple[tuple[str, int], ...]

_RECIPE_CHARACTERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What a request is about to buy; the jobs are keys with their runs."""

    recipe: str
    rerun: int
    jobs: Amounts


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
class _Lot:
    """What is known of one batch; of none where nobody knows which one a purchase has made."""

    batch_id: str
    marks: Marks
    jobs: tuple[_Job, ...] = ()
    rows: Amounts = ()
    jobs_count: int = 0
    cancelled: int = 0
    is_other: bool = False

    def without_others(self) -> _Lot:
        """What is left without jobs that had other constants of their device: those are no such points."""
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


def objections(
    desired: DesiredExperiment, request: Purchase, evidence: Evidence, per_day: Budget | None
) -> tuple[str, ...]:
    """Why a request that buys must not be sent; empty when it may."""
    lots = _lots(desired, evidence)
    return (
        *_beyond_the_file(desired, request, lots),
        *_beyond_the_budget(desired, request, lots),
        *_beyond_the_day(desired, request, evidence, per_day),
    )


def report(desired: DesiredExperiment, request: Purchase, evidence: Evidence) -> str:
    """All that a request was judged by, for people."""
    asked = [f"  {job.name} ({job.key}): {job.runs} runs, rerun {job.rerun}" for job in desired.jobs]
    about = [f"  {key}: {runs} runs" for key, runs in request.jobs]
    known = [
        f"  {lot.batch_id or 'no batch'}: recipe {lot.marks.recipe or '?'}, rerun {lot.marks.rerun}, "
        f"{counted(lot.jobs_count, 'job')} by the cloud, journal {list(lot.rows)}, "
        f"read {list(map(tuple, lot.jobs))}"
        for lot in _lots(desired, evidence)
    ]
    return "\n".join(
        [
            f"experiment {desired.name}, recipe {desired.recipe[:_RECIPE_CHARACTERS]}; the file asks for",
            *asked,
            f"about to be bought, recipe {request.recipe}, rerun {request.rerun}",
            *about,
            "known or possibly bought (jobs read: key, runs, void, failed, missing shots, vague, other)",
            *(known or ["  nothing"]),
            "",
        ]
    )


# What the file asks for


def _beyond_the_file(desired: DesiredExperiment, request: Purchase, lots: Sequence[_Lot]) -> Iterator[str]:
    recipe = desired.recipe[:_RECIPE_CHARACTERS]
    if request.recipe != recipe:
        yield f"it would be bought for the recipe {request.recipe}, and the file's is {recipe}"
    alike = [
        lot for lot in lots if lot.marks.recipe in {"", recipe} and lot.marks.rerun in {_ANY, request.rerun}
    ]
    same = [lot.without_others() for lot in alike if not lot.is_other]
    for lot in same:
        if lot.n_unseen:
            yield f"{lot.n_unseen} jobs of the batch {lot.batch_id} are not seen, and may be the same"
    wanted = {job.key: job for job in desired.jobs}
    for key in dict(request.jobs):
        job = wanted.get(key)
        for lot in same:
            if job and lot.n_vague(key, job.runs):
                yield f"how many runs of {job.name} were bought in the batch {lot.batch_id} is not known"
        if job is None or job.rerun != request.rerun:
            yield f"the file does not ask for the job {key} with the rerun {request.rerun}"
        elif job.repetition is not None or desired.policy.runs is RunsMode.EXACT:
            yield from _beyond_one_job(desired, job, request, same)
        else:
            yield from _beyond_the_runs(desired, job, request, same)


def _beyond_the_runs(
    desired: DesiredExperiment, job: DesiredJob, request: Purchase, lots: Sequence[_Lot]
) -> Iterator[str]:
    """Runs add up over jobs."""
    bought = sum(lot.bought(job.key)[1] for lot in lots)
    asked = sum(runs for key, runs in request.jobs if key == job.key)
    failed = sorted((runs for lot in lots for runs in lot.failed(job.key)), reverse=True)
    short = sum(lot.missing_shots(job.key) for lot in lots)
    buys_short = desired.policy.shortfall is Shortfall.BUY
    most = job.runs + sum(failed[: desired.policy.retry.limit]) + (short if buys_short else 0)
    if bought + asked > most:
        yield f"{asked} more runs of {job.name} would make {bought + asked}, and {most} are justified"


def _beyond_one_job(
    desired: DesiredExperiment, job: DesiredJob, request: Purchase, lots: Sequence[_Lot]
) -> Iterator[str]:
    """One job of exactly the runs; those of others are none of it."""
    bought = sum(lot.bought(job.key, job.runs)[0] for lot in lots)
    asked = [runs for key, runs in request.jobs if key == job.key]
    failed = sum(runs == job.runs for lot in lots for runs in lot.failed(job.key))
    most = 1 + min(failed, desired.policy.retry.limit)
    if bought + len(asked) > most or set(asked) != {job.runs}:
        yield (
            f"jobs of {', '.join(map(str, asked))} runs for {job.name} would make {bought + len(asked)}, and "
            f"{most} of {job.runs} runs are justified"
        )


# Budgets


def _beyond_the_budget(desired: DesiredExperiment, request: Purchase, lots: Sequence[_Lot]) -> Iterator[str]:
    budget = desired.policy.budget
    if (budget.runs, budget.qpu_s) != (None, None) and any(job.is_vague for lot in lots for job in lot.jobs):
        yield "how many runs were bought is not known of all jobs, and the budget counts them"
    bought = [lot.bought() for lot in lots]
    n_jobs = sum(n for n, _ in bought) + sum(lot.n_unseen for lot in lots)
    n_runs = sum(n for _, n in bought)
    total = _with_request(desired, request, n_jobs, n_runs, on_device=n_runs)
    yield from _over("the budget", budget, total)


def _beyond_the_day(
    desired: DesiredExperiment, request: Purchase, evidence: Evidence, per_day: Budget | None
) -> Iterator[str]:
    """What this machine has bought today; others' purchases are the planner's to count."""
    if per_day is None:
        return
    n_jobs, n_runs = _spent(evidence.rows_of_day, evidence.cancelled)
    # Whether other experiments ran on a machine is not known here.
    own = (row for row in evidence.rows_of_day if row.experiment == desired.name)
    _, on_device = _spent(own, evidence.cancelled)
    total = _with_request(desired, request, n_jobs, n_runs, on_device=on_device)
    yield from _over("the day's budget", per_day, total)


def _spent(rows: Iterable[JournalEntry], cancelled: Mapping[str, int]) -> tuple[int, int]:
    """Jobs and runs that rows have bought, or may have; which were cancelled is not known: the largest."""
    by_batch: dict[str, list[int]] = {}
    for row in rows:
        if row.kind in BUYING and row.state.may_have_bought:
            by_batch.setdefault(row.batch_id or "", []).extend(runs for _, runs in row.jobs)
    left = [sorted(some)[: max(0, len(some) - cancelled.get(b, 0))] for b, some in by_batch.items()]
    return sum(map(len, left)), sum(map(sum, left))


def _with_request(
    desired: DesiredExperiment, request: Purchase, n_jobs: int, n_runs: int, *, on_device: int
) -> Cost:
    """What is bought in all, the request included.

    Args:
        on_device: Runs so far on the experiment's own device type.
    """
    asked = sum(runs for _, runs in request.jobs)
    qpu_s = qpu_seconds(desired.device_type, on_device + asked)
    return Cost(jobs=n_jobs + len(request.jobs), runs=n_runs + asked, qpu_s=qpu_s)


def _over(name: str, budget: Budget, total: Cost) -> Iterator[str]:
    """What would go beyond a budget."""
    for spent, most, unit in (
        (total.jobs, budget.jobs, "jobs"),
        (total.runs, budget.runs, "runs"),
        (total.qpu_s, budget.qpu_s, "s of QPU time"),
    ):
        if most is not None and spent > most:
            yield f"{spent:g} {unit} would be bought, and {name} is {most:g}"


# What was bought

_ANY = -1


def _lots(desired: DesiredExperiment, evidence: Evidence) -> list[_Lot]:
    """Everything that was bought, batch by batch; purchases whose batch nobody knows each by itself."""
    batches = {batch.id: batch for batch in evidence.batches}
    by_claim = {read_marks(batch.tags).claim: batch.id for batch in evidence.batches}
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
        *(_Lot("", _row_marks(desired, row), rows=row.jobs) for row in loose),
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
        return Marks(recipe=row.recipe or "?", rerun=_ANY if row.rerun is None else row.rerun)
    return Marks(rerun=_ANY)


def _lot(desired: DesiredExperiment, evidence: Evidence, batch_id: str, rows: Sequence[JournalEntry]) -> _Lot:
    batch = next((each for each in evidence.batches if each.id == batch_id), None)
    records = [record for record in evidence.recorded if record.batch_id == batch_id]
    jobs = batch.jobs if batch else ()
    done = {job.id for job in jobs if job.status is JobStatus.DONE}
    # A record of a failure or a cancellation may have been a mistake; a job that is done stays so.
    trusted = [record for record in records if record.status is JobStatus.DONE or record.id not in done]
    read = {job.id: _read_job(batch, job, desired) for job in jobs} if batch else {}
    on_record = {record.id: _recorded_job(record, read.get(record.id), desired) for record in trusted}
    keys = {job.key: job for job in desired.jobs}
    others = {
        *(j.id for j in jobs if _is_other(desired, keys.get(j.key), j.constants, None, evidence)),
        *(r.id for r in records if _is_other(desired, keys.get(r.key), r.constants, r.observables, evidence)),
    }
    if batch:
        marks = read_marks(batch.tags)
    elif records:
        marks = Marks(recipe=records[0].recipe, rerun=records[0].rerun)
    else:
        marks = _row_marks(desired, rows[0])
    return _Lot(
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
