"""What must hold in every history of the reference's world, judged by the cloud's truth alone."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass

from pcs import LIVE
from reference_schedules import MAX_RUNS

# After so many faults a history is not played on: more of them say nothing new.
_ENOUGH = 4
# How often a clone must have looked at what came twice before it should have cancelled it.
_CHANCES, _SOON_S = 2, 3.0
# Lists of jobs that say that something is over which is not.
_LIES = {"other status", "failed"}
# Tags by which a clone says that it cancels something itself.
RELEASED = {"fenced", "superseded", "pruned"}


@dataclass(frozen=True, slots=True)
class _Lack:
    """What is missing of a point: runs of each job that would have to be bought, beside those of its jobs."""

    owner: tuple
    point: tuple
    sizes: list
    left: list
    is_given_up: bool

    def __str__(self):
        return f"{self.sizes} of {sum(self.left)} more runs of {self.point} are there"


class EnoughError(BaseException):
    """Enough is broken."""


class Judge:
    """Watches a world, and writes down what must not be.

    Attributes:
        most_runs: Of a job that adds runs to a point.
    """

    most_runs = MAX_RUNS

    def __init__(self, world):
        self._world = world
        self.broken = []
        self.purchases = 0
        self._versions = set()  # project, file and version that anybody has had
        self._added_up, self._exact = {}, {}
        for clone, has in enumerate(world.has):
            for file, version in enumerate(has):
                self.saw(clone, file, version)

    def accuse(self, what):
        """Something is not as it must be.

        Raises:
            EnoughError: So are several things.
        """
        self.broken.append(f"{self._world.agenda.now_s:.1f} s: {what}")
        if len(self.broken) >= _ENOUGH:
            raise EnoughError

    def saw(self, clone, file, version):
        """A clone asks for a version of a file from now on."""
        project = self._world.project_of(clone)
        if (project, file, version) in self._versions:
            return
        self._versions.add((project, file, version))
        is_exact = self._world.conditions.runs_mode == "exact"
        for point, repetition, runs in self._wanted(project, file, version):
            if repetition is None and not is_exact:
                self._added_up[point] = max(runs, self._added_up.get(point, 0))
            else:
                self._exact.setdefault(point, set()).add((repetition or 1, runs))

    def _wanted(self, project, file, version):
        """Point, repetition and runs of each job that a version asks for."""
        each = self._world.conditions.files[file]
        recipe = "own" if each.kind == "own" else each.versions[version].recipe
        for t, repetition, runs, rerun in self._world.wishes(file, version):
            yield (project, f"exp{file}", recipe, rerun, t), repetition, runs

    # While it happens

    def jobs_came(self, batch_id, job_ids):
        """Jobs were bought: never more than wanted, more often than allowed, or above the budget."""
        if self._world.is_foreign(batch_id):
            self.accuse(f"jobs were added to batch {batch_id} of others")
            return
        self.purchases += 1
        conditions = self._world.conditions
        n_jobs = len(self._world.pcs.batches[batch_id].job_ids)
        if not self._world.duplicates and conditions.jobs_per_batch and n_jobs > conditions.jobs_per_batch:
            self.accuse(f"batch {batch_id} has {n_jobs} jobs, at most {conditions.jobs_per_batch} may be")
        held, failed, spent = self._tallies()
        for point, runs in self._declined(held).items():
            if runs > self._most(point):
                self.accuse(f"bought against a person: {runs} runs of {point} with those that were cancelled")
        for point, jobs in held.items():
            runs, most = _runs(self._own(jobs)), self._most(point)
            if runs > most:
                self.accuse(f"bought twice: {runs} runs of {point}, wanted {most}")
        for point, jobs in failed.items():
            most = self._most_failures(point)
            if len(self._own(jobs)) > most:
                self.accuse(f"bought too often: {len(jobs)} attempts of {point} failed, at most {most} may")
        for owner, jobs in spent.items():
            self._judge_budget(owner, self._own(jobs))

    def _declined(self, held):
        """Runs of points of which a person has cancelled some, with those: they are not bought again."""
        declined = {}
        for batch in self._world.ours():
            for job in self._world.pcs.jobs_of(batch["id"]):
                if job["id"] in self._world.by_person and self._is_seen_declined(job):
                    declined.setdefault(self.point_of(batch, job), []).append(job)
        return {point: _runs(self._own(jobs + held.get(point, []))) for point, jobs in declined.items()}

    def _is_seen_declined(self, job):
        """Whether a cancelled job can be told from those that clones cancel: it was seen before they did.

        Around a purchase that was refused a batch is fenced without a look at what has come of it.
        """
        pcs, shown_s = (
            self._world.pcs,
            max(self._world.conditions.settle_s, self._world.schedule.nature.most_s),
        )
        batch = pcs.batches[job["batch_id"]]
        if not RELEASED & set(batch.now["tags"]):
            return True
        released_s = next(at_s for at_s, was in batch.versions if RELEASED & set(was["tags"]))
        ended = (at_s for at_s, was in pcs.jobs[job["id"]].versions if was["status"] == "CANCELED")
        return "fenced" not in batch.now["tags"] and next(ended, math.inf) + shown_s + _SOON_S < released_s

    def _judge_budget(self, owner, jobs):
        file = self._file(owner)
        if file.budget_runs is not None and _runs(jobs) > file.budget_runs:
            self.accuse(f"over budget: {_runs(jobs)} runs bought for {owner}, at most {file.budget_runs}")
        if file.budget_jobs is not None and len(jobs) > file.budget_jobs:
            self.accuse(f"over budget: {len(jobs)} jobs bought for {owner}, at most {file.budget_jobs}")

    def _own(self, jobs):
        """Without what came twice because somebody between has sent it twice."""
        return [job for job in jobs if job["id"] not in self._world.duplicates]

    def _file(self, owner):
        return self._world.conditions.files[int(owner[1].removeprefix("exp"))]

    def _most(self, point):
        """The most runs that may be held: added up, and of a repetition one job for each number asked for."""
        return self._added_up.get(point, 0) + sum(runs for _, runs in self._exact.get(point, ()))

    def _most_failures(self, point):
        limit = self._world.conditions.retry_limit
        versions = len({version for _, _, version in self._versions})
        of_added_up = (
            limit + versions * math.ceil(self._added_up[point] / MAX_RUNS) if point in self._added_up else 0
        )
        return of_added_up + (limit + 1) * len(self._exact.get(point, ()))

    def change_asked(self, crewman, request):
        """A change is about to be sent: it is ours to make."""
        parts = request.path.split("/")
        project = crewman.project
        batch = self._world.pcs.batches.get(parts[4]) if "batches" in parts and len(parts) > 4 else None
        job = self._world.pcs.jobs.get(parts[4]) if "jobs" in parts[:4] and len(parts) > 4 else None
        batch_id = batch.now["id"] if batch else job.now["batch_id"] if job else None
        if batch_id is None:
            return
        if self._world.is_foreign(batch_id):
            self.accuse(f"not ours: {request.method} {request.path}: a batch of others")
        elif self._world.pcs.batches[batch_id].now["project_id"] != project:
            self.accuse(f"not ours: {request.method} {request.path}: a batch of another project")
        elif request.path.rpartition("/")[2] == "cancel":
            self._judge_cancel(crewman, self._world.pcs.batches[batch_id].now)

    def _judge_cancel(self, crewman, batch):
        """What another clone wants is cancelled only for a commit that descends from the one it is of."""
        said = dict(tag.split(":", 1) for tag in reversed(batch["first_tags"]) if ":" in tag)
        is_undone = bool({"superseded", "pruned"} & set(batch["tags"]))
        is_newer = "commit" in said and crewman.descends_from(said["commit"])
        if is_undone and not is_newer and self._world.made_by.get(said.get("claim")) != crewman.number:
            self.accuse(f"not ours: {crewman} cancels what another clone wants in batch {batch['id']}")

    # At the end

    def held(self, crewman, holds):
        """A clone asks a person once nothing goes wrong: what was bought since then is no reason."""
        world, cloud = self._world, self._world.schedule.nature
        if world.schedule.is_beyond or cloud.forgets_runs or cloud.hiding:
            return
        if any(self._is_overruled(crewman, batch) for batch in world.ours(crewman.project)):
            return
        recent = [b["id"] for b in world.ours(crewman.project) if b["created_s"] > world.calm_s]
        for hold in holds:
            if any(batch_id in hold for batch_id in recent):
                self.accuse(f"unjustified hold: {crewman} asks a person: {hold}")

    def ended(self, crewman, holds):
        """A clone says that it is done, or asks a person."""
        lacking = list(self._lacking(crewman))
        unmet = [each for each in lacking if not each.is_given_up]
        if holds and not self._may_hold(crewman, lacking, unmet):
            self.accuse(f"unjustified hold: {crewman} asks a person: {'; '.join(holds)}")
        lag = self._world.schedule.nature.lags.get("tags")
        # Where tags show later than the settle window, our own cancellation may look like a person's.
        is_tagged = lag is None or lag.most_s <= self._world.conditions.settle_s
        if not holds and is_tagged:
            for each in unmet:
                self.accuse(f"no progress: {crewman} is done, but {each}")

    def _lacking(self, crewman):
        """What a clone's files ask for and is not there."""
        held, failed = {}, {}
        numbered = list(self._numbered(crewman))
        ended = {"CANCELED", "CANCELING"}
        declined = self._refused_by_people(each for each in numbered if each[1]["status"] in ended)
        for key, job in numbered:
            if job["status"] == "ERROR":
                failed.setdefault(key, []).append(job["runs"])
            elif job["status"] not in ended:
                held.setdefault(key, []).append(job["runs"])
        limit = self._world.conditions.retry_limit
        for (owner, *key), (repetition, runs) in self._asked(crewman).items():
            sizes, failures = held.get(tuple(key), []), failed.get(tuple(key), [])
            sizes = sizes + [self._declines(size, runs) for size in declined.get(tuple(key), ())]
            if self._is_counted(repetition):
                left = [] if runs in sizes else [runs]
            else:
                left = [min(self.most_runs, runs - n) for n in range(sum(sizes), runs, self.most_runs)]
            n_failed = len(failures) if repetition is None else failures.count(runs)
            if left:
                yield _Lack(owner, key, sizes, left, n_failed > limit)

    def _declines(self, size, runs):
        """Runs of a job that a person has cancelled; forgotten, as many as one job may have by the file."""
        return max(size, min(self.most_runs, runs)) if self._world.schedule.nature.forgets_runs else size

    def _asked(self, crewman):
        """Repetition and runs of each job that a clone's files ask for, by owner, point and number."""
        project = self._world.project_of(crewman.number)
        return {
            ((project, f"exp{file}"), point, repetition or 1): (repetition, runs)
            for file, version in enumerate(self._world.has[crewman.number])
            for point, repetition, runs in self._wanted(project, file, version)
        }

    def _is_counted(self, repetition):
        """Whether one job of exactly the runs is asked for; else runs add up."""
        return repetition is not None or self._world.conditions.runs_mode == "exact"

    def _may_hold(self, crewman, lacking, unmet):
        """Whether there is something that a person must decide."""
        conditions, cloud = self._world.conditions, self._world.schedule.nature
        is_blind = conditions.submission == "direct" or not cloud.takes_empty or cloud.purge != "nothing"
        is_misled = cloud.forgets_runs or cloud.hiding or self._was_told_wrong(crewman)
        if is_blind or is_misled or self._world.duplicates:
            return True
        if any(self._is_overruled(crewman, batch) for batch in self._world.ours(crewman.project)):
            return True
        return any(self._is_over_budget(owner, lacking) for owner in {each.owner for each in unmet + lacking})

    @staticmethod
    def _is_overruled(crewman, batch):
        """Whether work was cancelled for a commit that a clone does not have: it has to pull first."""
        made_for = [tag.split(":", 1)[1] for tag in batch["tags"] if tag.startswith("cancelled-for:")]
        return any(not crewman.descends_from(commit) for commit in made_for)

    def _is_over_budget(self, owner, lacking):
        """Whether all that an experiment lacks cannot be bought: what has failed has been spent."""
        file, spent = self._file(owner), self._own(self._tallies()[2].get(owner, ()))
        more = [runs for each in lacking if each.owner == owner for runs in each.left]
        is_over = file.budget_runs is not None and _runs(spent) + sum(more) > file.budget_runs
        return is_over or (file.budget_jobs is not None and len(spent) + len(more) > file.budget_jobs)

    def recorded(self, crewman, records):
        """Each record says what was measured, and all that the clone's files ask for is on record."""
        cloud = self._world.schedule.nature
        is_late = "results" in cloud.lags and cloud.lags["results"].most_s > self._world.conditions.settle_s
        is_lost = self._world.conditions.submission == "direct" and crewman.is_held
        if cloud.purge != "nothing" or cloud.hiding or is_late or is_lost:
            return
        # A record without a result is one that is asked for again, as long as somebody wants it.
        on_record = {j.id: j for j in records if j.counts or str(j.status) != "DONE"}
        numbered = list(self._numbered(crewman))
        ended = [(key, job) for key, job in numbered if job["status"] in {"DONE", "ERROR"}]
        there = self._refused_by_people(numbered)
        for key, job in ended:
            counts = self._world.counts_of(job) if job["status"] == "DONE" else {}
            found = on_record.get(job["id"])
            if found is None:
                continue
            said = (str(found.status), dict(found.counts))
            if said != (job["status"], counts):
                self.accuse(f"not recorded: {crewman} has {said} of job {job['id']}, it is {counts}")
            if job["status"] == "DONE":
                there.setdefault(key, []).append(job["runs"])
        undone = [j.id for j in records if j.id not in on_record and self._is_cancelled(j.id)]
        for job_id in undone if not self._world.schedule.is_beyond else ():
            self.accuse(f"not recorded: {crewman} says that job {job_id} is done, which was cancelled")
        wrongly = [j.id for j in records if str(j.status) == "CANCELED" and j.id not in self._world.by_person]
        for job_id in wrongly if not self._world.schedule.is_beyond else ():
            self.accuse(f"not recorded: {crewman} says that a person has cancelled job {job_id}")
        asked = {tuple(key): wish for (_, *key), wish in self._asked(crewman).items()}
        for key, job in ended:
            is_owed = key in asked and self._is_owed(job, *asked[key], there.get(key, ()))
            # Of what shows later than it was told to, an end may come to light after the last look.
            is_seen = not (self._world.schedule.is_beyond or self._is_unmarked(job))
            if job["id"] not in on_record and is_owed and is_seen:
                self.accuse(f"not recorded: {crewman} has nothing of job {job['id']}")

    def _is_cancelled(self, job_id):
        return self._world.pcs.jobs[job_id].now["status"] == "CANCELED"

    def _refused_by_people(self, numbered):
        """Runs that a person has cancelled, by their keys: they count as there."""
        declined = {}
        for key, job in numbered:
            if job["id"] in self._world.by_person:
                declined.setdefault(key, []).append(job["runs"])
        return declined

    def _is_unmarked(self, job):
        """Whether it came twice, and a person has taken the tags of its batch: then nothing tells of it."""
        batch = self._world.pcs.batches[job["batch_id"]].now
        return job["id"] in self._world.duplicates and not batch["tags"]

    def _is_owed(self, job, repetition, runs, there):
        """Whether a file asks for a job that has ended: without it, not all is there that it asks for."""
        if self._is_counted(repetition):
            return job["runs"] == runs and runs not in there
        return sum(there) < runs

    def _numbered(self, crewman):
        """All jobs of ours in a clone's project, each with its point and the number of its repetition."""
        for batch in self._world.ours(self._world.project_of(crewman.number)):
            places = Counter()
            for job in self._world.pcs.jobs_of(batch["id"]):
                point = self.point_of(batch, job)
                yield (point, _repetition(batch, places[point])), job
                places[point] += 1

    def world_ended(self):
        """Nothing of ours is left open, and nothing of others was touched."""
        for job_id, clone in self._world.duplicates.items():
            self._judge_duplicate(self._world.pcs.jobs[job_id].now, self._world.crew[clone])
        for batch_id in self._world.disturbed():
            self.accuse(f"not ours: batch {batch_id} of others is not as it was")
        if any(crewman.is_held for crewman in self._world.crew):
            return
        for batch in self._world.ours():
            if batch["status"] in LIVE and not self._is_excused(batch):
                self.accuse(f"left behind: batch {batch['id']} of ours is {batch['status']}")

    def _is_excused(self, batch):
        """Whether a live batch is left to others: a person has paused it, or no clone could see it."""
        if batch["status"] == "PAUSED" and not batch["open"]:
            return True
        shown_s = batch["created_s"] + self._world.schedule.nature.most_s
        looks = [each for each in self._world.crew if each.project == batch["project_id"]]
        return not any(each.began_s > shown_s for each in looks)

    def _was_told_wrong(self, crewman):
        events = self._world.schedule.events
        return any(getattr(each, "kind", "") in _LIES and each.clone == crewman.number for each in events)

    def _judge_duplicate(self, job, crewman):
        """What came twice is cancelled while it waits, where something tells that it was not asked for."""
        conditions, cloud = self._world.conditions, self._world.schedule.nature
        since_s, until_s = self._shows_s(job), job["started_s"] or 0.0
        n_chances = sum(since_s < at_s < until_s for at_s in crewman.looked_at_s)
        # Of one that no list has, or that a list has said to be over, nobody can know better.
        is_shown = not (cloud.hiding or cloud.strange or self._was_told_wrong(crewman))
        is_known = conditions.submission == "claim" and not crewman.has_forgotten and is_shown
        is_theirs = job["project_id"] == crewman.project
        if is_known and n_chances >= _CHANCES and is_theirs and self._is_surplus(job):
            self.accuse(f"left to run: job {job['id']} came twice, and {crewman} has left it")

    def _shows_s(self, job):
        """From when on every look at the cloud shows a job."""
        shown_s = max(self._world.conditions.settle_s, self._world.schedule.nature.most_s)
        return job["created_s"] + shown_s + _SOON_S

    def _is_surplus(self, job):
        """Whether more of its point is left in its batch than was asked for, whoever cancelled some.

        A request that was refused may be taken when it comes for the second time: then that is no surplus.
        """
        batch = self._world.pcs.batches[job["batch_id"]].now
        point = self.point_of(batch, job)
        of_point = [
            each for each in self._world.pcs.jobs_of(batch["id"]) if self.point_of(batch, each) == point
        ]
        left = [each for each in of_point if each["status"] not in {"CANCELED", "CANCELING"}]
        n_first = len(self._own(of_point))
        return len(left) > max(n_first, len(of_point) - n_first)

    # Counting

    @staticmethod
    def point_of(batch, job):
        """What a job measures: project, experiment, recipe, rerun and point."""
        said = dict(reversed([tag.split(":", 1) for tag in batch["first_tags"] if ":" in tag]))
        own = json.loads(job["sequence"])["own"] if job["sequence"] else None
        recipe = "own" if own is not None else json.loads(batch["sequence_builder"])["recipe"]
        t = own if own is not None else (job["variables"] or {}).get("t", 0)
        return batch["project_id"], said.get("exp"), recipe, int(said.get("rerun", 0)), t

    def _tallies(self):
        """Jobs that are held, failed attempts, both by point, and jobs that cost something by their owner."""
        held, failed, spent = {}, {}, {}
        for batch in self._world.ours():
            owner = _owner(batch)
            for job in self._world.pcs.jobs_of(batch["id"]):
                point = self.point_of(batch, job)
                if job["status"] not in {"CANCELED", "CANCELING"}:
                    spent.setdefault(owner, []).append(job)
                    (failed if job["status"] == "ERROR" else held).setdefault(point, []).append(job)
        return held, failed, spent


def _owner(batch):
    exp = next((tag.removeprefix("exp:") for tag in batch["first_tags"] if tag.startswith("exp:")), None)
    return None if exp is None else (batch["project_id"], exp)


def _repetition(batch, place):
    """Which repetition of its point a job of a batch is, by the place among those of the point."""
    said = next(
        (tag.removeprefix("repeat:") for tag in batch["first_tags"] if tag.startswith("repeat:")), "1"
    )
    first, last = (int(number) for number in (said.split("-") * 2)[:2])
    return first + place % (last - first + 1)


def _runs(jobs):
    return sum(job["runs"] for job in jobs)
