"""The world of a schedule: the cloud with its jobs, its people, its troubles, and what others have on it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

from agenda import Agenda
from builders import a_wanted_job, an_experiment
from fakes import SEQUENCE, IdleEngine, MemoryCloud, VirtualClock
from invariants import Judge
from quick_store import QuickStore
from schedules import CALM_S, MAX_RUNS, Deed

from runner.cloud import Answer, NoAnswerError
from runner.domain import (
    BatchMode,
    Budget,
    JobStatus,
    OnUnknown,
    Policy,
    Retry,
    Submission,
    Surplus,
    recipe_digest,
)
from runner.local.protocol.configuration import Configuration
from runner.local.rules.records import NewBatch, NewJob, Outcome, Result

NAMESPACE = "lab"
OURS = (f"runner:{NAMESPACE}", "exp:exp")
_TICK_S = 4.0
PROJECT = "00000000-0000-4000-8000-000000000000"


def sequence(recipe):
    """The sequence of a recipe."""
    return json.dumps(json.loads(SEQUENCE) | {"register": [{"name": f"q{recipe}"}]})


SEQUENCES = tuple(sequence(recipe) for recipe in (0, 1))
DIGESTS = tuple(recipe_digest(device_type="EMU_FREE", sequence=each) for each in SEQUENCES)


def experiment(version, conditions):
    """What a version of the file asks for."""
    return an_experiment(
        *(a_wanted_job(t, runs, rerun, repetition) for t, repetition, runs, rerun in version.wishes()),
        sequence=SEQUENCES[version.recipe],
        recipe=DIGESTS[version.recipe],
        max_runs=MAX_RUNS,
        emulated=True,
        policy=Policy(
            batch=BatchMode(conditions.batch),
            retry=Retry(limit=conditions.retry_limit, backoff_s=0.0),
            prune=Surplus(conditions.surplus),
            supersede=Surplus(conditions.surplus),
            submission=Submission(conditions.submission),
            on_unknown_submission=OnUnknown.HOLD,
            budget=Budget(runs=conditions.budget_runs),
            max_jobs_per_batch=conditions.jobs_per_batch,
        ),
    )


@dataclass(frozen=True, slots=True)
class Trouble:
    """What every request meets for a while: `outage` or `too many`."""

    kind: str
    until_s: float


class World:
    """One history, while it happens."""

    def __init__(self, schedule, settle_s=None):
        self.schedule = schedule
        self.settle_s = schedule.conditions.lag_s if settle_s is None else settle_s
        conditions = schedule.conditions
        self.clock = VirtualClock()
        self.agenda = Agenda(self.clock)
        self.store = QuickStore(self.clock)
        configuration = {"life_cycle": {"canceling_s": conditions.canceling_s}}
        self.cloud = MemoryCloud(
            self.clock,
            IdleEngine(),
            max_runs=MAX_RUNS,
            store=self.store,
            configuration=Configuration.model_validate(configuration),
        )
        self.trouble = Trouble("none", 0.0)
        self.edits, self.crew, self.told = 0, [], []
        self.recipes = {digest[:16]: number for number, digest in enumerate(DIGESTS)}
        self._visible_at_s = {}
        self._foreign = _furnish(self.store)
        self.judge = Judge(self)
        self.store.on_jobs = self._jobs_came
        for event in schedule.events:
            if isinstance(event, Deed):
                self.agenda.after(event.at_s, lambda event=event: self._do(event))
        self.agenda.after(_TICK_S, self._tick)

    @property
    def is_calm(self):
        """Whether nothing goes wrong any more."""
        return self.agenda.now_s >= CALM_S

    @property
    def wanted(self):
        """What the file asks for now."""
        return self.schedule.conditions.versions[self.edits]

    def tell(self, what):
        """Writes down what happens, for people."""
        self.told.append(f"{self.agenda.now_s:7.1f} s  {what}")

    def happened(self):
        """How much happened, as numbers by their names."""
        ended = Counter(
            job.state.status for batch in self.ours() for job in self.store.jobs_of(batch.state.id)
        )
        return Counter(
            purchases=self.judge.purchases,
            crashes=sum(crewman.crashes for crewman in self.crew),
            faults=sum(crewman.faults for crewman in self.crew),
            batches=len(self.ours()),
            failures=ended[JobStatus.ERROR],
        )

    def is_foreign(self, batch_id):
        """Whether a batch was there before us, and is none of ours."""
        return batch_id in self._foreign

    def disturbed(self):
        """Batches of others that are not as they were."""
        return [
            batch_id
            for batch_id, before in self._foreign.items()
            if before != (self.store.batch(batch_id), self.store.jobs_of(batch_id))
        ]

    def ours(self):
        """All batches that are not others'."""
        return [record for record in self.store.all_batches() if record.state.id not in self._foreign]

    def is_at_work(self):
        """Whether a job of ours may still change by itself."""
        live = (JobStatus.PENDING, JobStatus.RUNNING, JobStatus.CANCELING)
        return any(
            job.state.status in live for batch in self.ours() for job in self.store.jobs_of(batch.state.id)
        )

    # What a request meets

    def met(self, request):
        """Raises or answers what a request meets in times of trouble; None when there is none."""
        if self.agenda.now_s >= min(self.trouble.until_s, CALM_S):
            return None
        if self.trouble.kind == "too many":
            return Answer(429, {"Retry-After": "1"}, b"{}")
        raise NoAnswerError("the network is down")

    def shown(self, answer):
        """A list without the batches that it does not show yet."""
        if not self.schedule.conditions.lag_s:
            return answer
        said = json.loads(answer.body)
        kept = [each for each in said["data"] if self._is_visible(each["id"])]
        return Answer(answer.status, answer.headers, json.dumps(said | {"data": kept}).encode())

    def _is_visible(self, batch_id):
        if batch_id not in self._visible_at_s:
            born = self.store.batch(batch_id).state.created_at
            lag_s = self.schedule.luck("lag", batch_id).uniform(0, self.schedule.conditions.lag_s)
            self._visible_at_s[batch_id] = born + timedelta(seconds=lag_s)
        return self.clock.now >= self._visible_at_s[batch_id] or self.is_foreign(batch_id)

    # What happens by itself

    def _jobs_came(self, job_ids):
        self.judge.jobs_came(job_ids)
        for job_id in job_ids:
            luck = self.schedule.luck("job", job_id)
            queue_s, work_s = luck.choice([0.5, 2.0, 6.0, 12.0]), luck.choice([0.5, 3.0, 8.0])
            fixed_s = self.schedule.conditions.queue_s
            queue_s = queue_s if fixed_s is None else fixed_s
            is_lost = luck.random() < self.schedule.conditions.failing
            self.agenda.after(queue_s, lambda job=job_id, s=work_s, lost=is_lost: self._start(job, s, lost))

    def _start(self, job_id, work_s, is_lost):
        if self.store.start(job_id):
            self.agenda.after(work_s, lambda: self._finish(job_id, is_lost=is_lost))
        elif self.store.job(job_id).state.status is JobStatus.PENDING:
            self.agenda.after(2.0, lambda: self._start(job_id, work_s, is_lost))

    def _finish(self, job_id, *, is_lost):
        runs = self.store.job(job_id).runs
        errors = ("the atoms were lost",) if is_lost else ()
        result = None if is_lost else Result(counter={"0": runs})
        self.store.finish(Outcome(job_id=job_id, attempt=1, errors=errors, result=result))

    def _tick(self):
        self.store.time_out_idle(timedelta(seconds=self.schedule.conditions.idle_patience_s))
        self.store.end_canceling(timedelta(seconds=self.schedule.conditions.canceling_s))
        self.agenda.after(_TICK_S, self._tick)

    # What people do

    def _do(self, deed):
        self.tell(deed.kind)
        match deed.kind:
            case "edit":
                self.edits += 1
            case "outage" | "too many":
                self.trouble = Trouble(deed.kind, self.agenda.now_s + deed.lasts_s)
            case "pause":
                self._pause(deed.lasts_s)
            case "cancel job":
                self._cancel_job(deed.which)
            case _:
                self._handle_batch(deed)

    def _pause(self, lasts_s):
        paused = [record.state.id for record in self.ours() if record.state.status.is_live]
        for batch_id in paused:
            self.store.pause(batch_id, is_paused=True)
            self.agenda.after(lasts_s, lambda batch_id=batch_id: self.store.pause(batch_id, is_paused=False))

    def _cancel_job(self, which):
        waiting = [
            job.state.id
            for batch in self.ours()
            for job in self.store.jobs_of(batch.state.id)
            if job.state.status is JobStatus.PENDING and batch.state.status.is_live
        ]
        if waiting:
            self.store.cancel_job(waiting[which % len(waiting)])

    def _handle_batch(self, deed):
        live = [record for record in self.ours() if record.state.status.is_live]
        if not live:
            return
        record = live[deed.which % len(live)]
        if deed.kind == "cancel batch":
            self.store.cancel_batch(record.state.id)
            return
        gone = ("claim:",) if deed.kind == "erase claim" else ("",)
        if not gone[0]:
            self.judge.erased.setdefault(record.state.id, record.tags)
        self.store.set_tags(record.state.id, [tag for tag in record.tags if not tag.startswith(gone)])


def _furnish(store):
    """Puts on the cloud what others have there; how it is then, by its id."""
    job = NewJob(runs=100, variables={"t": 1})
    base = NewBatch(project_id=PROJECT, device_type="EMU_FREE", sequence=SEQUENCES[0], jobs=(job,))
    recipe = f"recipe:{DIGESTS[0][:16]}"
    others = ("runner:other", "exp:exp", recipe, "submission:0123456789abcdef", "claim:x")
    theirs = [
        replace(base, open=True),
        replace(base, tags=("calibration", "exp:exp", recipe)),
        replace(base, open=True, tags=others),
        replace(base, tags=others),
        replace(base, open=True, tags=("runner:lab", "exp:neighbour", recipe)),
    ]
    ids = [store.create(each).state.id for each in theirs]
    return {batch_id: (store.batch(batch_id), store.jobs_of(batch_id)) for batch_id in ids}
