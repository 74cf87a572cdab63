"""One experiment at one moment, and the questions that a planner asks of it. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.domain import BatchStatus, JobStatus, job_key
from runner.domain.numerals import counted
from runner.domain.qpu_time import unclear_settle_s
from runner.reconcile.model.entries import BUYING, RequestKind, State
from runner.reconcile.model.kinship import Kin, kin
from runner.reconcile.model.observation import Observation, Sighting, TargetSettings
from runner.reconcile.model.repetitions import Repetitions
from runner.reconcile.model.slots import Slots
from runner.reconcile.model.tags import SHORT, Marks, read_marks, work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain import DesiredExperiment, DesiredJob, ObservedBatch, ObservedJob, RecordedJob
    from runner.reconcile.model.actions import NewJob
    from runner.reconcile.model.entries import JournalEntry
    from runner.reconcile.model.plan import Plan
    from runner.reconcile.model.saved_plan import SavedExperiment

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
# A batch of which nothing else is said has long been seen whole.
_WELL: Final = Sighting()


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One experiment at one moment, as far as it is known: a value that grows from the file to the plan.

    Args:
        manifest: What is remembered of the experiment once it is bought.

        commit: The commit that its file is of; empty where it is of none, so that no other clone's work is
            cancelled for it.

        is_applied: False for an experiment that another one waits for: it is observed and left alone.

        promise: The only things that a saved plan permits; None where no plan was saved.

        now: By the cloud's clock, when observing began.

        others: Former names whose strategy went another way, see `runner.domain.slot_jobs.BoughtSlots`.
    """

    desired: DesiredExperiment
    manifest: Mapping[str, object] = field(default_factory=dict)
    commit: str = ""
    is_applied: bool = True
    promise: SavedExperiment | None = None
    observed: Observation = field(default_factory=Observation)
    settings: TargetSettings = field(default_factory=TargetSettings)
    now: datetime = _LONG_AGO
    others: Mapping[str, int] = field(default_factory=dict)

    def batch(self, batch_id: str) -> ObservedBatch | None:
        """The batch as it was seen."""
        return next((batch for batch in self.observed.batches if batch.id == batch_id), None)

    @cached_property
    def marks(self) -> dict[str, Marks]:
        """Marks of each batch, by its id."""
        return {batch.id: read_marks(batch.tags) for batch in self.observed.batches}

    @cached_property
    def current(self) -> tuple[ObservedBatch, ...]:
        """Batches of the recipe, constants and of a rerun that the file asks for, oldest first."""
        return tuple(b for b in self._by_age if self._is_current(b))

    @cached_property
    def outdated(self) -> tuple[ObservedBatch, ...]:
        """Batches of another recipe or rerun, or with other constants of the device, oldest first."""
        return tuple(b for b in self._by_age if not self._is_current(b))

    @cached_property
    def claims(self) -> tuple[ObservedBatch, ...]:
        """Live open batches without jobs, oldest first: the first one wins."""
        return tuple(
            b for b in self._by_age if self.accepts_jobs(b) and not b.jobs_count and not self.purchases(b)
        )

    @cached_property
    def unknown(self) -> tuple[ObservedBatch, ...]:
        """Batches of what the file asks for in a status never seen before: nothing is written around them."""
        return tuple(b for b in self.current if b.status is BatchStatus.UNKNOWN)

    @property
    def is_past_deadline(self) -> bool:
        """Whether the file asks for nothing more."""
        deadline = self.desired.policy.deadline
        return deadline is not None and deadline <= self.now

    @cached_property
    def recorded(self) -> tuple[RecordedJob, ...]:
        """Jobs on record of the recipe that the file asks for, each as its job is asked for now."""
        counted = filter(self._counts, self.observed.recorded)
        return tuple(r.fitted(len(self.desired.qubit_ids_of(self.wanted[r.key]))) for r in counted)

    @cached_property
    def ended_on_record(self) -> frozenset[str]:
        """Ids of all jobs whose end is on record, with a result or without."""
        return frozenset(record.id for record in self.observed.recorded)

    @cached_property
    def failed_on_record(self) -> frozenset[str]:
        """Ids of those that are on record as ended otherwise than done."""
        known = self.observed.recorded
        return frozenset(record.id for record in known if record.status is not JobStatus.DONE)

    @cached_property
    def _recorded_in(self) -> Mapping[str, list[RecordedJob]]:
        """The jobs of each batch that are on record."""
        found = defaultdict(list)
        for record in self.observed.recorded:
            found[record.batch_id].append(record)
        return found

    @cached_property
    def on_record(self) -> frozenset[str]:
        """Ids of all jobs of which nothing more is to be had."""
        return frozenset(record.id for record in self.observed.recorded if not record.lacks_result)

    def _counts(self, record: RecordedJob) -> bool:
        is_evaluated = self.desired.takes_evaluations(record.observables)
        is_same = self.kin(record.key, record.constants) is Kin.SAME
        return self.is_asked_for(record) and is_evaluated and is_same

    def is_asked_for(self, record: RecordedJob) -> bool:
        """Whether the file asks for what a job on record measured, whatever its device was like."""
        job = self.wanted.get(record.key) if record.recipe == self.desired.recipe[:SHORT] else None
        return job is not None and job.counts_record(record)

    def kin(self, key: str, constants: str) -> Kin:
        """How a job with some constants of its device stands to what the file asks for."""
        return kin(self.desired, self.wanted.get(key), constants, self.observed.constants)

    @cached_property
    def kinds(self) -> dict[str, Kin]:
        """The same of each batch, by its id and by the sequence that its jobs share."""
        known = self.observed.constants
        return {
            batch.id: kin(self.desired, None, batch.constants, known, batch.observables)
            for batch in self.observed.batches
        }

    def is_disputed(self, batch: ObservedBatch, job: ObservedJob | None = None) -> bool:
        """Whether a person must decide if a batch, or a job of it, is what the file asks for."""
        if not self.is_of_file(batch):
            return False
        is_own = job is not None and job.constants
        return (self.kin(job.key, job.constants) if job and is_own else self.kinds[batch.id]).is_open

    @cached_property
    def wanted(self) -> dict[str, DesiredJob]:
        """Each wanted job, by its key."""
        return {job.key: job for job in self.desired.jobs}

    @cached_property
    def wanted_reruns(self) -> frozenset[int]:
        """Rerun counters of all wanted jobs; a batch has one of them."""
        return self.desired.rerun_counters

    def is_outrun(self, batch: ObservedBatch, job: ObservedJob) -> bool:
        """Whether the job was bought when its file asked for it otherwise than now.

        By another rerun counter, with other constants of its device, or, of a repetition, with other runs,
        or, of a slot, with other values, or after others under a former name.
        """
        wanted = self.wanted.get(job.key)
        if wanted is not None and job.constants and self.kin(job.key, job.constants) is not Kin.SAME:
            return True
        marks, values = self.marks[batch.id], job.variables
        return wanted is not None and not wanted.counts(
            rerun=marks.rerun, runs=job.runs, variables=values, under=marks.experiment
        )

    @cached_property
    def _by_age(self) -> list[ObservedBatch]:
        return sorted(self.observed.batches, key=lambda b: (b.created_at, b.id))

    def _is_current(self, batch: ObservedBatch) -> bool:
        return self.is_of_file(batch) and self.kinds[batch.id] is Kin.SAME

    def is_of_file(self, batch: ObservedBatch) -> bool:
        """Whether a batch is of the recipe and of a rerun that the file asks for, whatever its device."""
        marks = self.marks[batch.id]
        return marks.recipe == self.desired.recipe[:SHORT] and marks.rerun in self.wanted_reruns

    @staticmethod
    def accepts_jobs(batch: ObservedBatch) -> bool:
        """Whether the cloud would take more jobs; a status never seen before says nothing of it."""
        return batch.open and batch.status.is_live and batch.status is not BatchStatus.UNKNOWN

    def takes(self, batch: ObservedBatch, *, rerun: int, repetition: int) -> bool:
        """Whether more jobs of a rerun, and of a repetition of their points, may be added to a batch."""
        marks = self.marks[batch.id]
        return (marks.rerun, marks.repetitions) == (rerun, Repetitions(repetition, repetition))

    def takes_job(self, batch: ObservedBatch, job: NewJob) -> bool:
        """Whether a job may be added to a batch, so that its tag tells which one it is."""
        places = self.marks[batch.id].repetitions
        if self.is_of_another(batch):
            return False
        if isinstance(places, Slots):
            more = places.with_more(batch.jobs_count, [job], self.values_in(batch))
            return self.marks[batch.id].rerun == job.rerun and more is not None
        return self.takes(batch, rerun=job.rerun, repetition=job.repetition)

    def is_of_another(self, batch: ObservedBatch) -> bool:
        """Whether a batch was bought under a former name whose strategy went another way."""
        return self.marks[batch.id].experiment in self.others

    def is_shared(self, batch: ObservedBatch) -> bool:
        """Whether a batch was bought under a former name that may be another experiment's."""
        return self.marks[batch.id].experiment in self.observed.shared_names

    def name_of(self, batch: ObservedBatch) -> str:
        """The name that jobs of a batch are put on record under.

        Of a strategy it is the one that they were bought under: it tells whose slots they are, also where a
        look that has not seen all of them cannot.
        """
        bought = self.marks[batch.id].experiment if self.desired.strategy else ""
        return bought or self.desired.name

    def values_in(self, batch: ObservedBatch) -> frozenset[str]:
        """Values of all jobs of a batch, shown or on record, see `NewJob.values`."""
        jobs = (*self._recorded_in.get(batch.id, ()), *batch.jobs)
        return frozenset(job_key(job.variables) for job in jobs)

    def is_place_of(self, batch: ObservedBatch, job: DesiredJob) -> bool:
        """Whether a batch that is kept open is where a job is bought."""
        places = self.marks[batch.id].repetitions
        if isinstance(places, Slots):
            return job.slot in places.labels
        return self.takes(batch, rerun=job.rerun, repetition=job.repetition or 1)

    def is_full(self, batch: ObservedBatch) -> bool:
        """Whether the file allows no more jobs in the batch."""
        most = self.desired.policy.max_jobs_per_batch
        return most is not None and batch.jobs_count >= most

    @cached_property
    def _creations(self) -> dict[str, JournalEntry]:
        return {
            e.claim: e for e in self.observed.entries if e.kind in {RequestKind.CLAIM, RequestKind.SUBMIT}
        }

    @cached_property
    def skips(self) -> tuple[tuple[JournalEntry, str, int], ...]:
        """Decisions not to buy jobs that the file asks for at present, with the key and runs of each job."""
        decided = [entry for entry in self.observed.entries if entry.kind is RequestKind.SKIP]
        return tuple((e, key, n) for e in decided for key, n in e.jobs if self._is_skipped(e, key, n))

    def _is_skipped(self, entry: JournalEntry, key: str, runs: int) -> bool:
        job = self.wanted.get(key)
        if job is None or entry.submission != work(self.desired, job.rerun):
            return False
        return job.counts(rerun=job.rerun, runs=runs)

    def creation(self, batch: ObservedBatch) -> JournalEntry | None:
        """The journal's row of the batch's creation; None when another machine or a person created it."""
        return None if batch.parent_id else self._creations.get(self.marks[batch.id].claim)

    def additions(self, batch: ObservedBatch) -> tuple[JournalEntry, ...]:
        """The journal's rows of what was added to the batch, oldest first."""
        return tuple(e for e in self._rows.get(batch.id, ()) if e.kind is RequestKind.ADD)

    @cached_property
    def _rows(self) -> dict[str | None, list[JournalEntry]]:
        """The journal's rows of what was bought on each batch, or may have been, oldest first."""
        rows: dict[str | None, list[JournalEntry]] = {}
        for entry in self.observed.entries:
            if entry.kind in BUYING:
                rows.setdefault(entry.batch_id, []).append(entry)
        return rows

    def purchases(self, batch: ObservedBatch) -> tuple[JournalEntry, ...]:
        """The journal's rows of what was bought on the batch with a clear answer, oldest first."""
        return tuple(e for e in self._rows.get(batch.id, ()) if e.state is State.ACCEPTED)

    def tried(self, batch: ObservedBatch) -> tuple[JournalEntry, ...]:
        """The journal's rows of what was bought on the batch, or may have been, in whole or in part."""
        known = self._rows.get(batch.id, ())
        return tuple(e for e in known if e.state.may_have_bought or e.state is State.REJECTED)

    def has_unclear_addition(self, batch: ObservedBatch) -> bool:
        """Whether a purchase on this batch may still land, or has landed in part, as a refused one may."""
        return any(not e.state.is_clear or e.state is State.REJECTED for e in self.additions(batch))

    def sighting(self, batch: ObservedBatch) -> Sighting:
        """How well a batch is seen."""
        return self.observed.sightings.get(batch.id, _WELL)

    @cached_property
    def gaps(self) -> tuple[ObservedBatch, ...]:
        """Batches of what the file asks for that are not seen whole: nothing is bought or cancelled then."""
        return tuple(b for b in self.current if self.gap(b))

    @property
    def gaps_said(self) -> str:
        """The first of these, what is missing of it, and how many more there are; empty without one."""
        if not self.gaps:
            return ""
        first, *others = self.gaps
        more = f"; {len(others)} more are not" if len(others) > 1 else "; 1 more is not" if others else ""
        return f"the batch {first.id} is not seen whole: {self.gap(first)}{more}"

    def gap(self, batch: ObservedBatch) -> str:
        """What is missing of a batch, in words; empty where it is seen whole."""
        n_bought = sum(len(row.jobs) for row in self.purchases(batch))
        hidden = f"{counted(n_bought, 'job')} accepted, and {batch.jobs_count} shown"
        return self.sighting(batch).gap or (hidden if n_bought > batch.jobs_count else "")

    @property
    def has_budget(self) -> bool:
        """Whether the file has a budget."""
        budget = self.desired.policy.budget
        return (budget.runs, budget.jobs, budget.qpu_s) != (None, None, None)

    @cached_property
    def unsettled_s(self) -> float:
        """For how long (in s) a purchase may still come to light on a batch that was shut a moment ago.

        What this machine alone has bought on a batch, with clear answers, is known without. A budget is one
        for all versions of a file, so that with one those of other recipes count, too.
        """
        counted = self.current + (self.outdated if self.has_budget else ())
        unsure = (b for b in counted if not self.accepts_jobs(b) and not self._is_known_by_heart(b))
        left_s = (self._settles_s(batch) - self.sighting(batch).shut_s for batch in unsure)
        return max(left_s, default=0.0)

    def _settles_s(self, batch: ObservedBatch) -> float:
        """How long (in s) a batch that is shut must have been seen so before its jobs are taken to be all."""
        is_in_part = self._is_in_part(batch)
        if all(row.state.is_clear for row in self.additions(batch)) and not is_in_part:
            return self.settings.settle_s
        settle_s = self.settings.settle_s
        return unclear_settle_s(self.desired.device_type, settle_s, is_in_part=is_in_part)

    def _is_in_part(self, batch: ObservedBatch) -> bool:
        """Whether some of the jobs that may have been bought on a batch are shown, and not all of them."""
        n_bought = sum(len(row.jobs) for row in self.purchases(batch))
        return n_bought < batch.jobs_count < sum(len(row.jobs) for row in self.tried(batch))

    def _is_known_by_heart(self, batch: ObservedBatch) -> bool:
        n_tried = sum(len(row.jobs) for row in self.tried(batch))
        if batch.jobs_count and len(self._recorded_in.get(batch.id, ())) >= max(batch.jobs_count, n_tried):
            return True
        return self.creation(batch) is not None and not self.has_unclear_addition(batch)

    def is_settled(self, batch: ObservedBatch) -> bool:
        """Whether a batch has been seen ended for as long as views of it may lag."""
        return self.sighting(batch).ended_s >= self.settings.settle_s

    def may_undo(self, batch: ObservedBatch) -> bool:
        """Whether what is pending in a batch is ours to cancel.

        Bought by this machine, or for a commit that the present one descends from: what another clone wants
        that is neither may be wanted still. So may what a strategy asked for that went another way, where
        another experiment has the same former name: it may go on with it.
        """
        if self.is_of_another(batch) and self.is_shared(batch):
            return False
        is_older = bool(self.commit) and self.marks[batch.id].commit in self.observed.ancestors
        return self.creation(batch) is not None or is_older

    @cached_property
    def overruled(self) -> tuple[ObservedBatch, ...]:
        """Batches in which another machine has cancelled work for a commit that this checkout does not have.

        To buy it again would be undone again, without end.
        """
        known = self.observed.ancestors | {""}
        return tuple(b for b in self.current if self.marks[b.id].cancelled_for not in known)

    def seconds_since(self, entry: JournalEntry) -> float:
        """How long ago a row of the journal was last written (in s)."""
        age_s = self.observed.ages_s.get(entry.seq)
        return self.age_s(entry.at) if age_s is None else age_s

    def claim_age_s(self, claim: ObservedBatch) -> float:
        """How long ago another machine's claim was made (in s): as we have seen it, or as its cloud says."""
        return min(self.sighting(claim).seen_s, self.age_s(claim.created_at))

    def idle_s(self, batch: ObservedBatch) -> float:
        """For how long nothing has been written to a batch (in s)."""
        return min(self.sighting(batch).same_s, self.age_s(batch.updated_at))

    def age_s(self, moment: datetime) -> float:
        """How long ago something was (in s)."""
        return (self.now - moment).total_seconds()


class Planned(NamedTuple):
    """An experiment at one moment, and what is done about it."""

    snapshot: Snapshot
    plan: Plan
