"""What must hold in every history, judged by what is really on the cloud."""

from __future__ import annotations

import json
import math
from collections import Counter

from builders import a_key
from schedules import MAX_RUNS

from runner.domain import JobStatus
from runner.reconcile.model.tags import read_marks


class Judge:
    """Watches a world, and writes down what must not be."""

    def __init__(self, world):
        self._world = world
        self.broken = []
        self.erased = {}  # tags that somebody has taken away, by the batch
        self.purchases = 0
        self._unclear = set()
        conditions = world.schedule.conditions
        self._added_up, self._exact = Counter(), {}
        for version in conditions.versions:
            for t, repetition, runs, rerun in version.wishes():
                point = (version.recipe, rerun, a_key(t, repetition or 1))
                if repetition is None:
                    self._added_up[point] = max(runs, self._added_up[point])
                else:
                    self._exact.setdefault(point, set()).add(runs)

    def accuse(self, what):
        """Something is not as it must be."""
        self.broken.append(f"{self._world.agenda.now_s:.1f} s: {what}")

    # While it happens

    def jobs_came(self, job_ids):
        """Jobs were bought: never more than wanted, more often than allowed, or above the budget."""
        if not job_ids or self._world.is_foreign(self._batch_of(job_ids[0])):
            return
        self.purchases += 1
        batch_id, most = self._batch_of(job_ids[0]), self._world.schedule.conditions.jobs_per_batch
        n_jobs = len(self._world.store.job_ids(batch_id))
        if most is not None and n_jobs > most:
            self.accuse(f"batch {batch_id} has {n_jobs} jobs, at most {most} may be")
        if (
            self._world.schedule.conditions.submission == "direct"
            and self._world.schedule.conditions.runners > 1
        ):
            return
        held, failed, spent = self._tallies()
        for point, sizes in held.items():
            if sum(sizes) > self._most(point):
                self.accuse(f"bought twice: {sum(sizes)} runs of {point}, wanted {self._most(point)}")
            if point not in self._added_up and len(set(sizes)) < len(sizes):
                self.accuse(f"bought twice: jobs of {sizes} runs for one repetition, {point}")
        for point, sizes in failed.items():
            n, limit = len(sizes), self._world.schedule.conditions.retry_limit
            of_added_up = (
                limit + math.ceil(self._added_up[point] / MAX_RUNS) if point in self._added_up else 0
            )
            most = of_added_up + (limit + 1) * len(self._exact.get(point, ()))
            if n > most:
                self.accuse(f"{n} attempts of {point} have failed, at most {most} may")
        budget = self._world.schedule.conditions.budget_runs
        if budget is not None and spent > budget:
            self.accuse(f"{spent} runs bought, the budget is {budget}")

    def change_asked(self, request, entries):
        """A change is about to be sent: it is ours to make, and what buys is written down before."""
        parts = request.path.split("/")
        if "batches" in parts[:-1] and self._world.is_foreign(parts[4]):
            self.accuse(f"{request.method} {request.path}: a batch of others")
        if request.method != "POST":
            return
        intended = [entry for entry in entries if entry.state == "intended"]
        if parts[-1] == "jobs":
            if parts[4] in self._unclear:
                self.accuse(f"a purchase on {parts[4]} is repeated, although the first had no clear answer")
            if not any(entry.kind == "add" and entry.batch_id == parts[4] for entry in intended):
                self.accuse(f"jobs are added to {parts[4]} without an intention in the journal")
            return
        body = _plain(request)
        marks = read_marks(body["tags"])
        kind = "submit" if body["jobs"] else "claim"
        if not any((entry.kind, entry.claim) == (kind, marks.claim) for entry in intended):
            self.accuse(f"a {kind} without an intention in the journal")

    def left_unclear(self, request):
        """A change had no clear answer."""
        parts = request.path.split("/")
        if request.method == "POST" and parts[-1] == "jobs":
            self._unclear.add(parts[4])

    # At the end

    def ended(self, crewman):
        """A runner says that it is done."""
        if crewman.is_held:
            if not self._may_hold():
                self.accuse(f"{crewman} asks a person: {crewman.is_held}")
            return
        if self.erased and self._world.schedule.conditions.runners > 1:
            return  # who has recorded what lost its tags, and who has not, need not agree
        held, failed, _ = self._tallies(with_erased=True)  # it may have recorded them before
        version = self._world.wanted
        for t, repetition, runs, rerun in version.wishes():
            point = (version.recipe, rerun, a_key(t, repetition or 1))
            there, lost = held.get(point, []), failed.get(point, [])
            if repetition is not None:
                there, lost = [n for n in there if n == runs], [n for n in lost if n == runs]
            is_failed = len(lost) > self._world.schedule.conditions.retry_limit
            if sum(there) < runs and not is_failed:
                self.accuse(f"{crewman} is done, but {there} of {runs} runs of {t}#{repetition} are there")

    def surplus(self):
        """Points of which more is held than wanted."""
        held, _, _ = self._tallies()
        return {point: sum(sizes) for point, sizes in held.items() if sum(sizes) > self._most(point)}

    def _most(self, point):
        """The most runs that may be held: added up, and of a repetition one job for each number asked for."""
        return self._added_up[point] + sum(self._exact.get(point, ()))

    def _may_hold(self):
        conditions = self._world.schedule.conditions
        return conditions.budget_runs is not None or conditions.submission == "direct"

    def recorded(self, crewman, records):
        """Every end of a job of ours is on record, with what was measured."""
        on_record = {job.id: job for job in records}
        for batch in self._world.ours():
            marks = read_marks(batch.tags)
            if batch.state.id in self.erased:
                continue
            for job in self._world.store.jobs_of(batch.state.id):
                status = job.state.status
                if not status.is_terminal or (status is JobStatus.CANCELED and marks.cancelled_by_us):
                    continue
                found = on_record.get(job.state.id)
                counts = {"0": job.runs} if status is JobStatus.DONE else {}
                if found is None or (found.status, dict(found.counts)) != (status, counts):
                    self.accuse(f"{crewman} has not recorded how job {job.state.id} ended")

    def world_ended(self):
        """Nothing of ours is left open, and nothing of others was touched."""
        for batch_id in self._world.disturbed():
            self.accuse(f"batch {batch_id} of others is not as it was")
        if any(crewman.is_held for crewman in self._world.crew):
            return
        for batch in self._world.ours():
            if batch.state.id not in self.erased and batch.state.status.is_live:
                self.accuse(f"batch {batch.state.id} of ours is left {batch.state.status}")

    def _tallies(self, *, with_erased=False):
        """Runs of each job that is held, and of each failed attempt, by point and repetition; runs spent."""
        held, failed, spent = {}, {}, 0
        for batch in self._world.ours():
            if batch.state.id in self.erased and not with_erased:
                continue
            marks, before = self._marks(batch), Counter()
            for job in self._world.store.jobs_of(batch.state.id):
                t = job.variables["t"]
                said = marks.repetitions
                repetition = range(said.first, said.last + 1)[before[t] % (said.last + 1 - said.first)]
                before[t] += 1
                point = (self._world.recipes.get(marks.recipe), marks.rerun, a_key(t, repetition))
                status = job.state.status
                is_gone = status is JobStatus.CANCELED and marks.cancelled_by_us
                spent += 0 if status is JobStatus.CANCELED else job.runs
                if status is JobStatus.ERROR:
                    failed.setdefault(point, []).append(job.runs)
                elif not is_gone:
                    held.setdefault(point, []).append(job.runs)
        return held, failed, spent

    def _batch_of(self, job_id):
        return self._world.store.job(job_id).state.batch_id

    def _marks(self, batch):
        return read_marks(self.erased.get(batch.state.id, ()) + batch.tags)


def _plain(request):
    """The body of a request; ours are too short to be compressed."""
    return json.loads(request.body)
