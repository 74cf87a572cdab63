"""The world of a schedule of the reference: the simulated cloud, its people, and what others have on it.

Nothing here knows the product: what is asked for are a file's versions, what there is are the cloud's
objects.
"""

from __future__ import annotations

import json
from collections import Counter

from agenda import Agenda
from pcs import ENDS, LIVE, Pcs
from pcs_http import START, PcsHttp, body_of, counts_of
from reference_judge import RELEASED, Judge
from reference_schedules import MAX_RUNS, Deed, Edit, Jump, Move

NAMESPACE = "lab"
PROJECTS = ("00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b")
FOREIGN_PROJECT = "00000000-0000-4000-8000-00000000000f"
_FLOOD = 105


class Time:
    """Virtual time, as the agenda moves it."""

    def __init__(self):
        self.now = START


def descends(commit, other):
    """Whether a commit descends from another one, or is it."""
    (branch, *has), (known, *had) = commit.split("-"), other.split("-")
    return branch == known and all(int(old) <= int(new) for old, new in zip(had, has, strict=True))


def sequence(recipe, kind="variables", own=None):
    """The text of a sequence: as much of it as a cloud looks at."""
    variables = {"t": {"type": "int"}} if kind == "variables" else {}
    marks = {"recipe": recipe} if own is None else {"own": own}
    device = {"name": "AnalogDevice"}
    text = {"version": "1", "register": [{"name": "q0"}], "device": device, "variables": variables}
    return json.dumps(text | marks)


_CANCELLED = {"CANCELING", "CANCELED"}


class World:
    """One history, while it happens."""

    judge_class = Judge

    def __init__(self, schedule):
        self.schedule, self.conditions = schedule, schedule.conditions
        self.time = Time()
        self.agenda = Agenda(self.time)
        self.pcs = Pcs(schedule.nature, self.agenda, schedule.luck)
        self.calm_s = self.conditions.calm_s
        self.pcs.calm_s, self.pcs.max_runs = self.calm_s, MAX_RUNS
        self.http = PcsHttp(self.pcs, (*PROJECTS, FOREIGN_PROJECT))
        self.crew, self.told = [], []
        self.has = [list(clone.has) for clone in self.conditions.clones]
        self.works_in = [clone.project for clone in self.conditions.clones]
        self.off_s = [0.0] * len(self.conditions.clones)
        self.trouble, self.trouble_until_s = "none", 0.0
        self.duplicating, self.duplicates = None, {}  # whose request is sent twice, and who sent which job
        self.by_person, self.made_by = set(), {}
        self.rounds = {}
        self._foreign, self._is_imitated = set(), False
        _furnish(self)
        self.judge = self.judge_class(self)
        self.pcs.on_jobs = self._jobs_came
        for event in schedule.events:
            if isinstance(event, Edit | Jump | Move | Deed):
                self.agenda.after(event.at_s, lambda event=event: self._do(event))

    @property
    def is_calm(self):
        """Whether nothing goes wrong any more."""
        return self.agenda.now_s >= self.calm_s

    def tell(self, what):
        """Writes down what happens, for people."""
        self.told.append(f"{self.agenda.now_s:7.1f} s  {what}")

    def project_of(self, clone):
        """The project that a clone works in."""
        return PROJECTS[self.works_in[clone]]

    def commit_of(self, clone):
        """The commit that a clone has checked out; empty where its files are of none."""
        branch = {"none": "", "line": "main", "branches": f"of{clone}"}[self.conditions.lineage]
        return branch and "-".join([branch, *map(str, self.has[clone])])

    def wishes(self, file, version):
        """Point, repetition, runs and rerun of each job that a version of a file asks for."""
        is_exact = self.conditions.runs_mode == "exact"
        for t, repetition, runs, rerun in self.conditions.files[file].versions[version].wishes():
            yield t, repetition, min(runs, MAX_RUNS) if is_exact else runs, rerun

    def counts_of(self, job):
        """What a job has measured."""
        return counts_of(job, self.schedule.luck("result", job["id"]))

    def ours(self, project=None):
        """All batches that are not others', of one project or of all."""
        ours = [each.now for each in self.pcs.batches.values() if each.now["id"] not in self._foreign]
        return [batch for batch in ours if project in (None, batch["project_id"])]

    def about_to_create(self, clone, request):
        """The first of ours to make a batch is imitated by others."""
        tags = body_of(request.headers, request.body)["tags"]
        self.made_by |= {tag.removeprefix("claim:"): clone for tag in tags if tag.startswith("claim:")}
        if not self._is_imitated:
            self._is_imitated = True
            _imitate(self, body_of(request.headers, request.body))

    def leave_alone(self, batch_id):
        """A batch is none of ours."""
        self._foreign.add(batch_id)

    def is_foreign(self, batch_id):
        """Whether a batch is none of ours."""
        return batch_id in self._foreign

    def disturbed(self):
        """Batches of others that are not as they were."""
        for batch_id in sorted(self._foreign):
            batch = self.pcs.batches[batch_id]
            jobs = [self.pcs.jobs[job_id] for job_id in batch.job_ids]
            if len(batch.versions) > 1 or any(len(job.versions) > 1 for job in jobs) or len(jobs) > 1:
                yield batch_id

    def is_at_work(self):
        """Whether a job of ours may still change by itself."""
        return any(
            job["status"] not in ENDS for batch in self.ours() for job in self.pcs.jobs_of(batch["id"])
        )

    def happened(self):
        """How much happened, as numbers by their names."""
        jobs = [job for batch in self.ours() for job in self.pcs.jobs_of(batch["id"])]
        return Counter(
            purchases=self.judge.purchases,
            duplicates=len(self.duplicates),
            crashes=sum(crewman.crashes for crewman in self.crew),
            faults=sum(crewman.faults for crewman in self.crew),
            batches=len(self.ours()),
            jobs=len(jobs),
            failures=sum(job["status"] == "ERROR" for job in jobs),
            stops=sum(crewman.is_stopped for crewman in self.crew),
            holds=sum(bool(crewman.is_held) for crewman in self.crew),
        )

    # What happens

    def _jobs_came(self, batch_id, job_ids):
        if self.duplicating is not None:
            self.duplicates |= dict.fromkeys(job_ids, self.duplicating)
        self.judge.jobs_came(batch_id, job_ids)

    def _do(self, event):
        self.tell(f"{event}")
        match event:
            case Edit():
                self.has[event.clone][event.file] = event.version
                self.judge.saw(event.clone, event.file, event.version)
            case Move():
                self._move(event)
            case Jump(clone=-1):
                self.http.date_off_s = event.off_s
            case Jump():
                self.off_s[event.clone] = event.off_s
            case Deed(kind="outage" | "too many"):
                self.trouble, self.trouble_until_s = event.kind, self.agenda.now_s + event.lasts_s
            case Deed():
                self._do_deed(event)

    def _do_deed(self, deed):
        match deed.kind:
            case "flood":
                self._flood()
            case "pause":
                self._pause(deed.lasts_s)
            case "erase tags":
                self._erase_tags(deed.which)
            case "cancel job":
                self._cancel_job(deed.which)
            case "cancel batch":
                self._cancel_batch(deed.which)
            case "batch again":
                self._batch_again(deed.which)

    def _move(self, event):
        self.works_in[event.clone] = event.project
        for file, version in enumerate(self.has[event.clone]):
            self.judge.saw(event.clone, file, version)

    def _pause(self, lasts_s):
        for batch in self.ours():
            if batch["status"] in {"PENDING", "RUNNING"}:
                self.pcs.pause(batch["id"], is_paused=True)
                self.agenda.after(lasts_s, lambda each=batch["id"]: self.pcs.pause(each, is_paused=False))

    def _erase_tags(self, which):
        """A person takes the tags of a closed batch with jobs, which say nothing but what is in it."""
        closed = [batch for batch in self.ours() if not batch["open"]]
        tagged = [batch for batch in closed if batch["tags"] and not RELEASED & set(batch["tags"])]
        bought = [batch["id"] for batch in tagged if self.pcs.jobs_of(batch["id"])]
        if bought:
            self.pcs.set_tags(bought[which % len(bought)], [])

    def _cancel_job(self, which):
        live = [batch["id"] for batch in self.ours() if batch["status"] in LIVE]
        waiting = [j["id"] for each in live for j in self.pcs.jobs_of(each) if j["status"] == "PENDING"]
        if waiting:
            self.by_person.add(waiting[which % len(waiting)])
            self.pcs.cancel_job(waiting[which % len(waiting)])

    def _cancel_batch(self, which):
        live = [batch["id"] for batch in self.ours() if batch["status"] in LIVE]
        if live:
            batch_id = live[which % len(live)]
            before = {job["id"]: job["status"] for job in self.pcs.jobs_of(batch_id)}
            self.pcs.cancel(batch_id)
            after = (job["id"] for job in self.pcs.jobs_of(batch_id) if job["status"] in _CANCELLED)
            self.by_person.update(job_id for job_id in after if before[job_id] not in _CANCELLED)

    def _batch_again(self, which):
        """A person has one job of a closed batch measured once more: nobody's file asked for that."""
        closed = [batch["id"] for batch in self.ours() if not batch["open"]]
        ended = [j for each in closed for j in self.pcs.jobs_of(each) if j["status"] in {"DONE", "ERROR"}]
        if ended:
            job, self.duplicating = ended[which % len(ended)], 0
            self.pcs.rebatch(job["batch_id"], {job["id"]})
            self.duplicating = None

    def _flood(self):
        """A neighbour in the same namespace buys more than a page of batches."""
        tags = [f"runner:{NAMESPACE}", "exp:neighbour", "recipe:0123456789abcdef"]
        for _ in range(_FLOOD):
            _foreign_batch(self, {"project_id": PROJECTS[0], "tags": tags})


def _furnish(world):
    """Puts on the cloud what others have there before us."""
    for number, tags in enumerate((["calibration"], [])[: world.conditions.furnished]):
        _foreign_batch(world, {"project_id": PROJECTS[0], "tags": tags}, is_open=number == 1)


def _imitate(world, body):
    """Others have what we are about to make, too: under other names, or in a project that we see."""
    others = {"runner": "runner:other", "exp": "exp:neighbour"}
    for word in tuple(others)[: world.conditions.furnished // 2]:
        tags = [others.get(word) if tag.startswith(f"{word}:") else tag for tag in _without_claim(body)]
        _foreign_batch(world, body | {"tags": tags}, is_open=word == "runner")
    if world.conditions.foreign_project:
        for is_open in (False, True):
            elsewhere = {"project_id": FOREIGN_PROJECT, "tags": _without_claim(body)}
            _foreign_batch(world, body | elsewhere, is_open=is_open)


def _without_claim(body):
    return [tag for tag in body["tags"] if not tag.startswith("claim:")] + ["claim:theirs"]


def _foreign_batch(world, body, *, is_open=False):
    fresh = {"sequence_builder": body.get("sequence_builder") or sequence(0), "open": is_open}
    variables = {"t": 1} if json.loads(fresh["sequence_builder"])["variables"] else {}
    jobs = [] if is_open and body.get("jobs") == [] else [{"runs": 100, "variables": variables}]
    before, world.pcs.on_jobs = world.pcs.on_jobs, lambda *_: None
    batch = world.pcs.create(body | fresh | {"jobs": jobs}, user="them", is_idle=True)
    world.pcs.on_jobs = before
    world.leave_alone(batch.now["id"])
