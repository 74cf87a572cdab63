"""Execute: do what a plan says, in order, and nothing else.

What is not idempotent goes through the journal: first the intention, then the request, then what became of
it. A process that dies between two lines leaves a row that the next planner reads.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from runner.domain import BatchStatus
from runner.domain.numerals import counted
from runner.errors import (
    CloudRejectedError,
    CloudUnavailableError,
    ConflictError,
    InvalidPayloadError,
    JobCreationError,
    UnknownOutcomeError,
)
from runner.reconcile.execute import guard, lots
from runner.reconcile.execute.audit import written_down
from runner.reconcile.execute.endings import Endings
from runner.reconcile.execute.result_records import ResultRecords
from runner.reconcile.memory import jobs_in
from runner.reconcile.model import tags
from runner.reconcile.model.actions import (
    AddJobs,
    Adopt,
    CancelBatch,
    CancelJobs,
    Claim,
    CloseBatch,
    Fence,
    Hold,
    RecordResults,
    RestoreTags,
    Submit,
)
from runner.reconcile.model.entries import BUYING, RequestKind, State
from runner.reconcile.model.repetitions import are_told_apart, spanned
from runner.reconcile.model.slots import Slots
from runner.reconcile.plan.daily_budget import day_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.cloud import Payload
    from runner.domain import DesiredExperiment, ObservedBatch
    from runner.reconcile.context import Context
    from runner.reconcile.model.actions import Action, NewJob
    from runner.reconcile.model.entries import Intention
    from runner.reconcile.model.observation import TargetSettings
    from runner.reconcile.model.snapshot import Planned, Snapshot


# How often in a row batches may be found shut before it is told as an error.
_CONFLICTS: Final = 3
# Of what speaks against one purchase.
_TOLD: Final = 3


class Executor:
    """Performs plans; usable from several threads, each with another experiment.

    Attributes:
        results: Puts on record what came back.
    """

    def __init__(self, context: Context, settings: TargetSettings) -> None:
        self._context, self._settings = context, settings
        self._memory = context.memory
        self._purchase = threading.Lock()
        self._client = context.client
        self._journal = context.journal
        self._records = context.records
        self._namespace = context.namespace
        self._before_action = context.before_action
        self._endings = Endings(context)
        self.results = ResultRecords(context)
        self._verbs: dict[type[Action], Callable[[Snapshot, Any], None]] = {
            Claim: self._claim,
            AddJobs: self._add_jobs,
            Submit: self._submit,
            Adopt: self._adopt,
            Fence: self._endings.fence,
            CloseBatch: self._endings.close,
            CancelJobs: self._endings.cancel_jobs,
            CancelBatch: self._endings.cancel_batch,
            RestoreTags: self._endings.restore_tags,
            RecordResults: self._record,
        }

    def execute(self, planned: Planned) -> None:
        """Performs the actions of a plan in order; a Hold is for people.

        Raises:
            CloudError: An action failed; those before it are done, those after it are not.
        """
        snapshot, plan = planned
        for action in plan.actions:
            verb = self._verbs.get(type(action))
            if verb:
                self._before_action()
                with written_down(self._journal, plan.experiment, action):
                    verb(snapshot, action)

    # Submission

    def _claim(self, snapshot: Snapshot, action: Claim) -> None:
        try:
            self._create(RequestKind.CLAIM, snapshot, action)
        except InvalidPayloadError:
            return  # it may not take batches without jobs: the planner then buys at once

    def _submit(self, snapshot: Snapshot, action: Submit) -> None:
        self._remember_recipe(snapshot)
        self._create(RequestKind.SUBMIT, snapshot, action)

    def _create(self, kind: RequestKind, snapshot: Snapshot, action: Claim | Submit) -> None:
        desired, submission, claim = snapshot.desired, action.submission, secrets.token_hex(8)
        jobs = action.jobs if kind is RequestKind.SUBMIT else ()
        rerun, recipe = action.jobs[0].rerun, desired.recipe[: tags.SHORT]
        repetitions = spanned(action.jobs, recipe)
        marks = replace(
            tags.marks_for(self._namespace, desired, rerun=rerun, repetitions=repetitions),
            submission=submission,
            claim=claim,
            commit=snapshot.commit,
            constants=desired.constants,
            observables=frozenset(desired.observables),
        )
        payload = {
            "device_type": desired.device_type,
            "sequence_builder": desired.sequence or None,
            "jobs": _job_payloads(desired, jobs),
            "open": kind is RequestKind.CLAIM,
            "tags": tags.batch_tags(marks, desired.tags),
            **({"backend_configuration": desired.configuration} if desired.configuration else {}),
        }
        row = self._row(snapshot, rerun, jobs)
        row |= {"submission": submission, "claim": claim, "repetitions": str(repetitions)}
        row["observables"] = " ".join(sorted(marks.observables))
        seq = self._intend(snapshot, kind, row)
        if seq is None:
            return
        answer = self._send_journalled(seq, lambda: self._client.send_batch(payload))
        if answer is None:
            return
        self._memory.hear(answer)
        is_told = isinstance(answer.get("id"), str)
        ids = [job["id"] for job in jobs_in(answer)]
        self._journal.settle(seq, State.ACCEPTED if is_told else State.UNKNOWN, answer.get("id"), ids)

    def _add_jobs(self, snapshot: Snapshot, action: AddJobs) -> None:
        self._remember_recipe(snapshot)
        batch = snapshot.batch(action.batch_id)
        marks = tags.read_marks(batch.tags if batch else ())
        places = marks.repetitions
        if isinstance(places, Slots) and batch and batch.jobs_count:
            marks = replace(marks, repetitions=self._extend(snapshot, action, places, batch))
        elif not are_told_apart(action.jobs, places):
            self._give_up(snapshot, action)
        row = self._row(snapshot, marks.rerun, action.jobs)
        row |= {"submission": marks.submission, "claim": marks.claim, "batch_id": action.batch_id}
        row |= {"repetitions": str(marks.repetitions), "observables": " ".join(sorted(marks.observables))}
        seq = self._intend(snapshot, RequestKind.ADD, row)
        if seq is None:
            if batch and not batch.jobs_count:
                self._shut_claim(snapshot, action)
            return
        payloads = _job_payloads(snapshot.desired, action.jobs)
        before = self._memory.job_ids(action.batch_id) | {job.id for job in (batch.jobs if batch else ())}
        try:
            answer = self._send_journalled(seq, lambda: self._client.add_jobs(action.batch_id, payloads))
        except ConflictError as error:
            # Another runner has shut the batch, most likely: then the next pass decides.
            if self._memory.count_conflict(snapshot.desired.name) > _CONFLICTS:
                self._context.sleep(self._settings.settle_s)  # that it is shut may show so late
                self._explain_refusal(snapshot, action, error)
            return
        except CloudRejectedError as error:
            self._explain_refusal(snapshot, action, error)
            return
        if answer is not None:
            self._memory.hear({"id": action.batch_id, **answer})
            self._memory.forget_conflicts(snapshot.desired.name)
            ids = [job["id"] for job in jobs_in(answer) if job["id"] not in before]
            self._journal.settle(seq, State.ACCEPTED, job_ids=ids)

    def _extend(self, snapshot: Snapshot, action: AddJobs, places: Slots, batch: ObservedBatch) -> Slots:
        """Says on an open batch of a strategy which slots it gets, before it gets them."""
        extended = places.with_more(batch.jobs_count, action.jobs, snapshot.values_in(batch))
        if extended is None:
            self._give_up(snapshot, action)
        if len(extended.labels) > len(places.labels):
            said = [str(extended) if tag == str(places) else tag for tag in batch.tags]
            self._client.set_batch_tags(batch.id, said)
            self._memory.mark(batch.id, str(extended), instead_of=str(places))
        return extended

    def _row(self, snapshot: Snapshot, rerun: int, jobs: tuple[NewJob, ...]) -> Intention:
        """What is written of a request; whose batch it is about comes to it."""
        return {
            "experiment": snapshot.desired.name,
            "submission": "",
            "claim": "",
            "target": self._context.site.target,
            "recipe": snapshot.desired.recipe[: tags.SHORT],
            "rerun": rerun,
            "jobs": tuple((job.key, job.runs) for job in jobs),
        }

    def _intend(self, snapshot: Snapshot, kind: RequestKind, row: Intention) -> int | None:
        """Writes down what is about to be sent; None for a purchase that the guard does not let through.

        One at a time, so that what one experiment is about to buy counts for the next.
        """
        with self._purchase:
            if kind in BUYING:
                request = guard.Purchase(recipe=row["recipe"], rerun=row["rerun"], jobs=row["jobs"])
                refusal = self._refusal(snapshot, request)
                if refusal:
                    self._memory.refuse(snapshot.desired, refusal)
                    return None
            return self._journal.intend(kind, **row)

    def _refusal(self, snapshot: Snapshot, request: guard.Purchase) -> Hold | None:
        """Why a purchase must not be made, as a person is told it."""
        known = self._memory.refusal(snapshot.desired)
        if known:
            return known
        evidence = self._evidence(snapshot)
        objections = guard.objections(snapshot.desired, request, evidence, self._settings.per_day)
        if not objections:
            return None
        place = self._context.keep_report("purchase", guard.report(snapshot.desired, request, evidence))
        return Hold(
            reason=f"a purchase was stopped before it was sent: {'; '.join(objections[:_TOLD])}",
            how="nothing was bought; the counts that it was judged by are in "
            f"{place or 'no report'}; look at the batches in the cloud's portal, then apply again",
        )

    def _evidence(self, snapshot: Snapshot) -> lots.Evidence:
        observed, name = snapshot.observed, snapshot.desired.name
        rows = {row.seq: row for row in (*observed.entries, *self._journal.entries(name))}
        shut_s = {batch_id: sighting.shut_s for batch_id, sighting in observed.sightings.items()}
        return lots.Evidence(
            batches=observed.batches,
            recorded=(*observed.recorded, *observed.unproved),
            rows=tuple(row for row in rows.values() if not row.target or self._context.site.has(row.target)),
            rows_of_day=self._journal.since(day_of(self._context.now())),
            cancelled=observed.cancelled,
            settle_s=self._settings.settle_s,
            shut_s=shut_s,
            ages_s=observed.ages_s,
            constants=observed.constants,
        )

    def _shut_claim(self, snapshot: Snapshot, action: AddJobs) -> None:
        """Shuts the claim of a purchase that is not made."""
        fence = Fence(batch_id=action.batch_id, holds_jobs=False, reason=action.reason)
        self._endings.fence(snapshot, fence)

    def _give_up(self, snapshot: Snapshot, action: AddJobs) -> NoReturn:
        """Shuts a claim whose tag would tell the wrong repetitions: what is permitted has changed since."""
        self._shut_claim(snapshot, action)
        raise JobCreationError(
            f"the claim {action.batch_id} was made for other repetitions, and is shut",
            hint="nothing was bought; apply again",
        )

    def _send_journalled(self, seq: int, send: Callable[[], Payload]) -> Payload | None:
        """The answer to a request that must not be sent twice; None when nobody knows, or it was refused.

        An unknown outcome is no error: the next pass looks, and decides.
        """
        try:
            return send()
        except UnknownOutcomeError:
            self._journal.settle(seq, State.UNKNOWN)
            return None
        except InvalidPayloadError:
            self._journal.settle(seq, State.REJECTED)
            raise
        except (CloudRejectedError, CloudUnavailableError):
            self._journal.settle(seq, State.NOT_DONE)
            raise

    def _explain_refusal(self, snapshot: Snapshot, action: AddJobs, error: CloudRejectedError) -> None:
        """A refused purchase is an error, unless somebody has shut the batch: then the next pass decides.

        Its claim is shut; should a part of the jobs have been taken all the same, it is cancelled as ours.
        """
        if not _takes_jobs(self._client.get_batch(action.batch_id)):
            return
        batch = snapshot.batch(action.batch_id)
        if not (batch and batch.jobs_count):
            self._shut_claim(snapshot, action)
        raise JobCreationError(
            f"the cloud refused {counted(len(action.jobs), 'job')}: {error}",
            status=error.status,
            code=error.code,
            hint=error.hint or self._what_was_taken(action),
        ) from error

    def _what_was_taken(self, action: AddJobs) -> str:
        """What came of a refused purchase: a part of it may have been taken, as the batch's end tells."""
        taken = len(self._memory.job_ids(action.batch_id))
        if taken:
            jobs = counted(taken, "job")
            return f"the batch {action.batch_id} has {jobs}: apply again looks what became of them"
        return "nothing is on its claim; mend what the answer names, and apply again"

    def _adopt(self, snapshot: Snapshot, action: Adopt) -> None:
        for entry in snapshot.observed.entries:
            if entry.claim == action.claim and entry.kind is not RequestKind.ADD:
                self._journal.settle(entry.seq, State.ACCEPTED, action.batch_id)

    def _remember_recipe(self, snapshot: Snapshot) -> None:
        """Writes down what is run, before it is bought; a claim buys nothing yet."""
        recipe = snapshot.desired.recipe[: tags.SHORT]
        self._records.write_manifest(snapshot.desired.name, recipe, snapshot.manifest)

    # Records

    def _record(self, snapshot: Snapshot, action: RecordResults) -> None:
        batch = snapshot.batch(action.batch_id)
        if batch is not None:
            self.results.add(snapshot.name_of(batch), snapshot.desired, batch, action)


def _takes_jobs(batch: Payload) -> bool:
    """Whether a batch may get more jobs: one that has ended may say for ever that it is open."""
    return bool(batch.get("open")) and BatchStatus(str(batch.get("status"))).is_live


def _job_payloads(desired: DesiredExperiment, jobs: tuple[NewJob, ...]) -> list[Payload]:
    """Jobs as they are sent; the sequences are the file's, so that no plan has to carry them."""
    own = {job.key: job.sequence for job in desired.jobs}
    return [_job_payload(job, own.get(job.key)) for job in jobs]


def _job_payload(job: NewJob, sequence: str | None) -> Payload:
    if sequence is not None:
        return {"runs": job.runs, "sequence": sequence}
    return {"runs": job.runs, "variables": dict(job.variables)} if job.variables else {"runs": job.runs}
