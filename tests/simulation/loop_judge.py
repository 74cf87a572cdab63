"""What must hold of closed loops in the reference's world, judged by the cloud's truth alone.

What a job was meant for stands in its value: `1000 * code + slot`, and a fraction that is the proposal's own.

Names that no file of a clone has are former names of its loops. Of a slot what was bought under the own name
counts first; then, of each former name, the one that was bought under last before the others, what has the
same values or is the first: up to the first slot that has other values there.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from loop_schedules import CODES, CONFIRM_RUNS, RUNS
from pcs_http import body_of
from reference_judge import Judge

A_CODE = 1000
_OVER = {"CANCELED", "CANCELING"}


def meant_by(value):
    """Code and slot that a value was proposed for."""
    return divmod(int(value), A_CODE)


def is_void(job):
    """Whether a job was cancelled before it ran."""
    return job["status"] in _OVER and job["started_s"] is None


def value_of(job):
    """What a job was bought with."""
    return job["variables"]["t"]


def slot_of(label):
    """The number of a slot, of its label or of that of what confirms it."""
    return int(label.removesuffix("x"))


class SeenLoop(NamedTuple):
    """A loop as somebody sees it: project and name, which strategy and rerun, and the names of all files."""

    project: str
    name: str
    code: int
    names: frozenset[str]

    def point(self, label):
        """As `point_of` has it."""
        return self.project, self.name, self.code, label


class LoopJudge(Judge):
    """Watches a world of loops, and writes down what must not be."""

    most_runs = CONFIRM_RUNS

    def __init__(self, world):
        self._bought = {}  # value of each slot, as it was bought first
        self._proposed = {}  # all values that were ever proposed for a slot
        self._confirmed = set()  # slots that were ever said to be the winner
        self._on_record = {}  # ids of jobs, by the number of the clone
        self._buyers = {}  # names of all files of whoever buys, by the batch, or by the tag of its claim
        super().__init__(world)

    def saw(self, clone, file, version):
        """A clone asks for a version of a file from now on."""
        if self._world.conditions.files[file].versions[version].is_there:
            self._versions.add((self._world.project_of(clone), file, version))

    def _seen(self, owner, code):
        """The loop of an experiment, and its versions of a code that anybody has had, under any name."""
        loops = self._world.conditions.files
        here = range(len(loops)) if self._world.is_renaming else [int(owner[1].removeprefix("exp"))]
        had = [loops[n].versions[v] for project, n, v in self._versions if project == owner[0] and n in here]
        return self._file(owner), [each for each in had if each.code == code]

    def _most(self, point):
        *owner, code, label = point
        loop, versions = self._seen(tuple(owner), code)
        if label.endswith("x"):
            is_said = any(
                (each[0], each[2:]) == (owner[0], (code, slot_of(label)))
                and (self._world.is_renaming or each[1] == owner[1])
                for each in self._confirmed
            )
            return is_said * CONFIRM_RUNS * max((each.repeat for each in versions), default=0)
        return RUNS * any(int(label) < loop.rounds(each)[-1].stop for each in versions)

    def _most_failures(self, point):
        runs = CONFIRM_RUNS if point[-1].endswith("x") else RUNS
        return (self._world.conditions.retry_limit + 1) * (self._most(point) // runs)

    @staticmethod
    def point_of(batch, job):
        """What a job is: project, experiment, code, and the slot, that of one that confirms it with an x."""
        said = dict(reversed([tag.split(":", 1) for tag in batch["first_tags"] if ":" in tag]))
        code, slot = meant_by(value_of(job))
        label = f"{slot}x" if job["runs"] == CONFIRM_RUNS else str(slot)
        return batch["project_id"], said.get("exp"), code, label

    # Names

    def change_asked(self, crewman, request):
        """A change is about to be sent: it is ours to make; which files whoever buys has is kept in mind."""
        super().change_asked(crewman, request)
        parts = request.path.split("/")
        if request.method == "POST" and parts[-1] == "jobs":
            self._buyers[parts[4]] = crewman.names
        elif request.method == "POST" and parts[-1] == "batches":
            tags = body_of(request.headers, request.body)["tags"]
            self._buyers |= dict.fromkeys(filter(_is_claim, tags), crewman.names)

    def _buyer(self, batch):
        """Names of the files of whoever has bought on a batch last."""
        known = [self._buyers.get(each) for each in (batch["id"], *filter(_is_claim, batch["first_tags"]))]
        return next((each for each in known if each is not None), self._all_names())

    def _all_names(self):
        return frozenset(f"exp{n}" for n in range(len(self._world.conditions.files)))

    def _loops_for(self, batch, code):
        """Whose slots are bought on a batch: those of its name, or of whoever goes on with what had it."""
        names, (project, name) = self._buyer(batch), self._owner_of(batch)
        heirs = [name] if name in names else sorted(names)
        return [SeenLoop(project, each, code, names) for each in heirs]

    @staticmethod
    def _owner_of(batch):
        said = dict(reversed([tag.split(":", 1) for tag in batch["first_tags"] if ":" in tag]))
        return batch["project_id"], said.get("exp")

    def _by_name(self, loop):
        """All jobs of a loop, by the names that they were bought under and their labels; its own come first.

        Of former names the one that was bought under last comes first.
        """
        found, latest_s = {}, {}
        for batch in self._world.ours(loop.project):
            for job in self._world.pcs.jobs_of(batch["id"]):
                _, name, code, label = self.point_of(batch, job)
                if code == loop.code and (name == loop.name or name not in loop.names):
                    found.setdefault(name, {}).setdefault(label, []).append(job)
                    latest_s[name] = max(job["created_s"], latest_s.get(name, 0.0))
        order = sorted(found, key=lambda name: (name == loop.name, latest_s[name]), reverse=True)
        return {name: found[name] for name in order}

    def _jobs_of(self, loop, without=(), until=math.inf):
        """All jobs that count for a loop, those of its own name first, by their labels.

        Args:
            without: Ids of jobs that are left out.

            until: The slot from which on other values under a former name make no difference.
        """
        found = {}
        for jobs in self._by_name(loop).values():
            kept = {label: [j for j in some if j["id"] not in without] for label, some in jobs.items()}
            others = (slot_of(label) for label, some in kept.items() if _differ(found.get(label, ()), some))
            fork = min((slot for slot in others if slot < until), default=math.inf)
            for label, some in kept.items():
                if slot_of(label) < fork:
                    found.setdefault(label, []).extend(some)
        return found

    # While it happens

    def asked(self, crewman, file, code, values, confirmed):
        """An engine has proposed values of slots, or said which slots are to be confirmed."""
        owner = (crewman.project, f"exp{file}")
        for slot, value in values.items():
            self._proposed.setdefault((*owner, code, slot), set()).add(value)
        self._confirmed.update((*owner, code, slot) for slot in confirmed)

    def jobs_came(self, batch_id, job_ids):
        """Jobs were bought: as they were asked for, or as they were bought before, once all before ended."""
        super().jobs_came(batch_id, job_ids)
        if self._world.is_foreign(batch_id):
            return
        batch = self._world.pcs.batches[batch_id].now
        for job in (self._world.pcs.jobs[job_id].now for job_id in job_ids):
            self._judge_job(batch, job)
            if self._world.is_renaming and job["id"] not in self._world.duplicates:
                self._judge_names(batch, job, job_ids)

    def _judge_job(self, batch, job):
        *owner, code, label = self.point_of(batch, job)
        value, slot, point = value_of(job), slot_of(label), (*owner, code, slot_of(label))
        if job["runs"] not in {RUNS, CONFIRM_RUNS}:
            self.accuse(f"bought otherwise: {job['runs']} runs of slot {point}")
        loops = self._loops_for(batch, code)
        free = [loop for loop in loops if not self._held(loop, slot, without={job["id"]})]
        had = {value_of(each) for loop in loops for each in self._held(loop, slot, without={job["id"]})[:1]}
        if value in had:
            return
        if not free:
            self.accuse(f"bought otherwise: {value} for slot {point}, which had {_listed(had)}")
            return
        if not any(value in self._asked_for(loop, slot, job) for loop in free):
            self.accuse(f"bought unasked: {value} for slot {point}")
        self._bought[point] = value
        self._judge_round(free[0], slot)

    def _asked_for(self, loop, slot, new):
        """Values that were proposed for a slot, under its own name or by whoever tried to buy it before."""
        tried = self._jobs_of(loop, without={new["id"]}).get(str(slot), ())
        return self._proposed.get((*loop[:3], slot), set()) | {value_of(job) for job in tried}

    def _held(self, loop, slot, without=()):
        """The jobs of a slot, and those that confirm it: what was cancelled before it ran never was."""
        jobs = self._jobs_of(loop, without)
        return [j for label in (f"{slot}", f"{slot}x") for j in jobs.get(label, ()) if not is_void(j)]

    def _judge_names(self, batch, job, job_ids):
        """What was bought under one name is not bought under another one that goes on with it."""
        *_, code, label = point = self.point_of(batch, job)
        most = CONFIRM_RUNS * self._most(point) // CONFIRM_RUNS if label.endswith("x") else RUNS
        for loop in self._loops_for(batch, code):
            there = self._own(self._jobs_of(loop, without=set(job_ids)).get(label, ()))
            held = [each for each in there if not is_void(each) and each["status"] != "ERROR"]
            if sum(each["runs"] for each in (*held, job)) > most:
                self.accuse(f"bought twice: slot {label} of {loop}, which has {_said(held)}")
            failed = [each for each in there if each["status"] == "ERROR"]
            if len(failed) > self._world.conditions.retry_limit * max(1, most // job["runs"]):
                self.accuse(f"bought too often: slot {label} of {loop}, after {_said(failed)} have failed")
            declined = [each for each in there if each["id"] in self._world.by_person]
            if most == RUNS and any(map(self._is_seen_declined, declined)):
                self.accuse(f"bought against a person: slot {label} of {loop}, after {_said(declined)}")
        self._judge_late(batch, job, label)

    def _judge_late(self, batch, job, label):
        """A purchase comes late, when its file has another name: what it buys is not bought there already."""
        project, name, code, _ = self.point_of(batch, job)
        # Where another clone has not heard of the name, its purchases are not late.
        for crewman in self._world.crew if len(self._world.crew) == 1 else ():
            heirs = () if name in crewman.names or crewman.project != project else sorted(crewman.names)
            for loop in (SeenLoop(project, each, code, crewman.names) for each in heirs):
                there = self._own(self._jobs_of(loop, until=slot_of(label)).get(label, ()))
                again = [each for each in there if self._was_bought_after(each, name)]
                if job in there and not label.endswith("x") and again:
                    self.accuse(f"bought twice: slot {label} of {loop}, {_said([job])} comes late")

    def _was_bought_after(self, job, name):
        """Whether a job is held that was bought by somebody who had no file of a name any more."""
        batch = self._world.pcs.batches[job["batch_id"]].now
        is_held = not is_void(job) and job["status"] != "ERROR"
        return is_held and name not in self._buyer(batch) and self._owner_of(batch)[1] != name

    def _judge_round(self, loop, slot):
        """A round is bought once every job of those before it has ended."""
        if any(self._was_told_wrong(crewman) for crewman in self._world.crew):
            return
        file, versions = self._seen(loop[:2], loop.code)
        rounds = max((file.rounds(each) for each in versions), key=len, default=[])
        before = [each for some in rounds if slot >= some.stop for each in some]
        jobs = self._jobs_of(loop)
        early = [each for each in before if not self._has_ended(jobs.get(str(each), []))]
        if early:
            self.accuse(f"bought too early: slot {slot} of {loop[:2]}, while slot {early[0]} has not ended")

    def _has_ended(self, jobs):
        if any(job["status"] == "DONE" or job["id"] in self._world.by_person for job in jobs):
            return True
        n_failed = sum(job["status"] == "ERROR" for job in jobs)
        return n_failed > self._world.conditions.retry_limit

    def replayed(self, crewman, file, code, slots):
        """An engine was told slots: values, whether each is pending, and what was measured, by ids of jobs.

        Of the latter, that of each slot itself, and that of what confirms it.
        """
        loop = SeenLoop(crewman.project, f"exp{file}", code, crewman.names)
        jobs, by_name = self._jobs_of(loop), self._by_name(loop)
        for slot, (value, is_pending, measured, fresh) in slots.items():
            there = jobs.get(str(slot), [])
            bought, right = self._values(loop, slot, there)
            is_vague = len(by_name) > 1 and not self._is_shown(by_name, slot)
            if is_vague:
                # Where a former name went another way may not be shown yet.
                there = [job for some in by_name.values() for job in some.get(str(slot), ())]
                right |= {value_of(job) for job in there}
            if value not in right:
                self.accuse(f"replayed otherwise: {crewman} has {value} of slot {slot}, it had {bought}")
            self._judge_counts(crewman, slot, measured, [job for job in there if value_of(job) == value])
            labelled = by_name.values() if is_vague else [jobs]
            confirming = [job for some in labelled for job in some.get(f"{slot}x", ())]
            self._judge_counts(crewman, slot, fresh, [job for job in confirming if value_of(job) == value])
            if not is_pending and not measured and self._is_underway(crewman, there):
                self.accuse(f"replayed otherwise: {crewman} has nothing of slot {slot}, which goes on")

    def _values(self, loop, slot, there):
        """The value that a slot was bought with, and those that a clone may have of it, as far as it sees."""
        held = [job for job in there if not is_void(job)]
        bought = value_of(held[0]) if held else self._bought.get(loop.point(slot))
        # What another clone has just bought in its place may not be shown yet.
        never_ran = {value_of(job) for job in there if is_void(job)}
        return bought, {bought} - {None} | (never_ran if not any(map(self._must_show, held)) else set())

    def _is_shown(self, by_name, slot):
        """Whether a clone must see all that decides which jobs count for a slot."""
        jobs = [
            job
            for some in by_name.values()
            for label, jobs in some.items()
            for job in jobs
            if slot_of(label) <= slot
        ]
        return all(self._must_show(job, self._changed_s(job) if is_void(job) else None) for job in jobs)

    def _changed_s(self, job):
        return self._world.pcs.jobs[job["id"]].versions[-1][0]

    def _must_show(self, job, since_s=None):
        later_s = 0.0 if since_s is None else since_s - job["created_s"]
        return self._shows_s(job) + later_s < self._world.agenda.now_s

    def _judge_counts(self, crewman, slot, measured, there):
        known = {job["id"]: job for job in there}
        for job_id, counts in measured.items():
            right = self._world.counts_of(known[job_id]) if job_id in known else None
            if counts != right:
                self.accuse(f"replayed otherwise: slot {slot} measured {right}, {crewman} has {counts}")

    def _is_underway(self, crewman, jobs):
        return not self._was_told_wrong(crewman) and not self._has_ended(jobs)

    # At the end

    def n_rounds(self):
        """How many rounds were bought, of all loops."""
        return len({self._round_of(*point) for point in self._bought})

    def _round_of(self, project, exp, code, slot):
        first, ask = self._file((project, exp)).shapes[code // CODES]
        return project, exp, code, max(0, (slot - first + ask - 1) // ask)

    def ended(self, crewman, holds):
        """A clone says that it is done, or asks a person."""
        super().ended(crewman, holds)
        for file, version in self._world.files_of(crewman.number).items():
            loop = self._world.conditions.files[file]
            if not holds and crewman.winners.get((file, loop.versions[version].code)) is None:
                self.accuse(f"no progress: {crewman} has ended, and the loop exp{file} has not")

    def _asked(self, crewman):
        project, asked = self._world.project_of(crewman.number), {}
        for file, number in self._world.files_of(crewman.number).items():
            loop, owner = self._world.conditions.files[file], (project, f"exp{file}")
            version = loop.versions[number]
            for slot in (slot for some in loop.rounds(version) for slot in some):
                asked[owner, (*owner, version.code, str(slot)), 1] = (1, RUNS)
            winners = crewman.winners.get((file, version.code)) or ()
            for slot in winners if version.repeat else ():
                point = (*owner, version.code, f"{slot}x")
                asked[owner, point, 1] = (None, CONFIRM_RUNS * version.repeat)
        return asked

    def _is_counted(self, repetition):
        return repetition is not None

    def _numbered(self, crewman):
        """All jobs of ours, each at its place of a loop for which it counts, else at that of its own name."""
        project, found = self._world.project_of(crewman.number), set()
        jobs = [
            (self.point_of(batch, job), job)
            for batch in self._world.ours(project)
            for job in self._world.pcs.jobs_of(batch["id"])
        ]
        for name, code in {(name, point[2]) for name in crewman.names for point, _ in jobs}:
            loop = SeenLoop(project, name, code, crewman.names)
            for label, some in self._jobs_of(loop).items():
                found.update(job["id"] for job in some)
                yield from (((loop.point(label), 1), job) for job in some)
        yield from (((point, 1), job) for point, job in jobs if job["id"] not in found)

    def recorded(self, crewman, records):
        """As of any file; and what was measured under a name that no file has any more is on record, too."""
        super().recorded(crewman, records)
        cloud, known = self._world.schedule.nature, {each.id for each in records}
        self._on_record[crewman.number] = known
        is_unseen = cloud.purge != "nothing" or cloud.hiding or self._world.schedule.is_beyond
        for batch in self._world.ours(crewman.project) if self._world.is_renaming and not is_unseen else ():
            for job in self._world.pcs.jobs_of(batch["id"]):
                is_former = self._owner_of(batch)[1] not in crewman.names and batch["tags"]
                if job["status"] == "DONE" and is_former and job["id"] not in known:
                    self.accuse(f"not recorded: {crewman} has nothing of job {job['id']} of a former name")

    def listed(self, crewman, file, code, results):
        """What a clone's records say of each slot: ids of jobs by its number, `12x` for what confirms one.

        They know nothing but what is on record: which name went another way is not told by a part of it.
        """
        for label, job_ids in results.items():
            for job_id in job_ids:
                job = self._world.pcs.jobs[job_id].now
                batch = self._world.pcs.batches[job["batch_id"]].now
                loop = SeenLoop(batch["project_id"], f"exp{file}", code, crewman.names)
                some = (
                    [self._jobs_of(loop)]
                    if self._is_on_record(crewman, loop)
                    else self._by_name(loop).values()
                )
                if job_id not in {each["id"] for labelled in some for each in labelled.get(label, ())}:
                    point = self.point_of(batch, job)
                    self.accuse(f"not recorded: {crewman} has job {job_id} as slot {label}, it is {point}")

    def _is_on_record(self, crewman, loop):
        """Whether all that a loop has bought, under any of its names, is on record."""
        known = self._on_record[crewman.number]
        every = [
            job for labelled in self._by_name(loop).values() for jobs in labelled.values() for job in jobs
        ]
        return all(job["id"] in known or is_void(job) for job in every)


def _differ(one, other):
    """Whether a slot has other values here than there, of what was not cancelled before it ran."""
    here, there = ({value_of(job) for job in jobs if not is_void(job)} for jobs in (one, other))
    return bool(here and there and here.isdisjoint(there))


def _is_claim(tag):
    return tag.startswith("claim:")


def _listed(values):
    return ", ".join(map(str, sorted(values)))


def _said(jobs):
    return ", ".join(job["id"] for job in jobs)
