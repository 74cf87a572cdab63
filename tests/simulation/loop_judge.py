"""What must hold of closed loops in the reference's world, judged by the cloud's truth alone.

What a job was meant for stands in its value: `1000 * code + slot`, and a fraction that is the proposal's own.
"""

from __future__ import annotations

from loop_schedules import CODES, CONFIRM_RUNS, RUNS
from reference_judge import Judge

A_CODE = 1000
_OVER = {"CANCELED", "CANCELING"}


def meant_by(value):
    """Code and slot that a value was proposed for."""
    return divmod(int(value), A_CODE)


def is_void(job):
    """Whether a job was cancelled before it ran."""
    return job["status"] in _OVER and job["started_s"] is None


class LoopJudge(Judge):
    """Watches a world of loops, and writes down what must not be."""

    most_runs = CONFIRM_RUNS

    def __init__(self, world):
        self._bought = {}  # value of each slot, as it was bought first
        self._proposed = {}  # all values that were ever proposed for a slot
        self._confirmed = set()  # slots that were ever said to be the winner
        super().__init__(world)

    def saw(self, clone, file, version):
        """A clone asks for a version of a file from now on."""
        self._versions.add((self._world.project_of(clone), file, version))

    def _seen(self, owner, code):
        """The loop of an experiment, and its versions of a code that anybody has had."""
        loop = self._file(owner)
        number = int(owner[1].removeprefix("exp"))
        had = {(file, version) for project, file, version in self._versions if project == owner[0]}
        return loop, [
            each for n, each in enumerate(loop.versions) if (number, n) in had and each.code == code
        ]

    def _most(self, point):
        *owner, code, label = point
        loop, versions = self._seen(tuple(owner), code)
        if label.endswith("x"):
            is_said = (*owner, code, int(label[:-1])) in self._confirmed
            return is_said * CONFIRM_RUNS * max((each.repeat for each in versions), default=0)
        return RUNS * any(int(label) < loop.rounds(each)[-1].stop for each in versions)

    def _most_failures(self, point):
        runs = CONFIRM_RUNS if point[-1].endswith("x") else RUNS
        return (self._world.conditions.retry_limit + 1) * (self._most(point) // runs)

    @staticmethod
    def point_of(batch, job):
        """What a job is: project, experiment, code, and the slot, that of one that confirms it with an x."""
        said = dict(reversed([tag.split(":", 1) for tag in batch["first_tags"] if ":" in tag]))
        code, slot = meant_by(job["variables"]["t"])
        label = f"{slot}x" if job["runs"] == CONFIRM_RUNS else str(slot)
        return batch["project_id"], said.get("exp"), code, label

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

    def _judge_job(self, batch, job):
        *owner, code, label = self.point_of(batch, job)
        value, point = job["variables"]["t"], (*owner, code, int(label.removesuffix("x")))
        if job["runs"] not in {RUNS, CONFIRM_RUNS}:
            self.accuse(f"bought otherwise: {job['runs']} runs of slot {point}")
        if self._is_free(tuple(owner), code, point[-1], job):
            if value not in self._proposed.get(point, ()):
                self.accuse(f"bought unasked: {value} for slot {point}")
            self._bought[point] = value
            self._judge_round(tuple(owner), code, point[-1])
        elif self._bought[point] != value:
            self.accuse(f"bought otherwise: {value} for slot {point}, which had {self._bought[point]}")

    def _is_free(self, owner, code, slot, new):
        """Whether a slot has no values yet: what was cancelled before it ran never was."""
        jobs = self._jobs_by_slot(owner, code, kinds=("", "x")).get(slot, ())
        return all(job["id"] == new["id"] or is_void(job) for job in jobs)

    def _judge_round(self, owner, code, slot):
        """A round is bought once every job of those before it has ended."""
        if any(self._was_told_wrong(crewman) for crewman in self._world.crew):
            return
        loop, versions = self._seen(owner, code)
        rounds = max((loop.rounds(each) for each in versions), key=len, default=[])
        before = [each for some in rounds if slot >= some.stop for each in some]
        jobs = self._jobs_by_slot(owner, code)
        early = [each for each in before if not self._has_ended(jobs.get(each, []))]
        if early:
            self.accuse(f"bought too early: slot {slot} of {owner}, while slot {early[0]} has not ended")

    def _jobs_by_slot(self, owner, code, kinds=("",)):
        """All first and further attempts at each slot, and what confirms it where the kind x is meant."""
        found = {}
        for batch in self._world.ours(owner[0]):
            for job in self._world.pcs.jobs_of(batch["id"]):
                point = self.point_of(batch, job)
                slot = point[3].removesuffix("x")
                if point[:3] == (*owner, code) and point[3].removeprefix(slot) in kinds:
                    found.setdefault(int(slot), []).append(job)
        return found

    def _has_ended(self, jobs):
        if any(job["status"] == "DONE" or job["id"] in self._world.by_person for job in jobs):
            return True
        n_failed = sum(job["status"] == "ERROR" for job in jobs)
        return n_failed > self._world.conditions.retry_limit

    def replayed(self, crewman, file, code, slots):
        """An engine was told slots: values, whether each is pending, and what was measured, by ids of jobs.

        Of the latter, that of each slot itself, and that of what confirms it.
        """
        owner = (crewman.project, f"exp{file}")
        jobs = self._jobs_by_slot(owner, code)
        fresh_jobs = self._jobs_by_slot(owner, code, kinds=("x",))
        for slot, (value, is_pending, measured, fresh) in slots.items():
            confirming = {job["id"]: job for job in fresh_jobs.get(slot, ())}
            self._judge_counts(crewman, slot, fresh, confirming)
            there = {job["id"]: job for job in jobs.get(slot, ())}
            bought = self._bought.get((*owner, code, slot))
            never_ran = {job["variables"]["t"] for job in there.values() if is_void(job)}
            # What another clone has just bought in its place may not be shown yet.
            is_there = any(not is_void(job) and self._must_show(job) for job in there.values())
            if value != bought and (is_there or value not in never_ran):
                self.accuse(f"replayed otherwise: {crewman} has {value} of slot {slot}, it had {bought}")
            self._judge_counts(crewman, slot, measured, there)
            if not is_pending and not measured and self._is_underway(crewman, there.values()):
                self.accuse(f"replayed otherwise: {crewman} has nothing of slot {slot}, which goes on")

    def _must_show(self, job):
        return self._shows_s(job) < self._world.agenda.now_s

    def _judge_counts(self, crewman, slot, measured, there):
        for job_id, counts in measured.items():
            right = self._world.counts_of(there[job_id]) if job_id in there else None
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
        for file, version in enumerate(self._world.has[crewman.number]):
            loop = self._world.conditions.files[file]
            if not holds and crewman.winners.get((file, loop.versions[version].code)) is None:
                self.accuse(f"no progress: {crewman} has ended, and the loop exp{file} has not")

    def _asked(self, crewman):
        project, asked = self._world.project_of(crewman.number), {}
        for file, number in enumerate(self._world.has[crewman.number]):
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

    def _numbered(self, project):
        for batch in self._world.ours(project):
            for job in self._world.pcs.jobs_of(batch["id"]):
                yield (self.point_of(batch, job), 1), job

    def listed(self, crewman, file, code, results):
        """What a clone's records say of each slot: ids of jobs by its number, `12x` for what confirms one."""
        for label, job_ids in results.items():
            for job_id in job_ids:
                job = self._world.pcs.jobs[job_id].now
                point = self.point_of(self._world.pcs.batches[job["batch_id"]].now, job)
                if point[1:] != (f"exp{file}", code, label):
                    self.accuse(f"not recorded: {crewman} has job {job_id} as slot {label}, it is {point}")
