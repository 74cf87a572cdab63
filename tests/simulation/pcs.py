"""A simulated cloud: what the reference says of Pasqal's batches and jobs, in plain objects and virtual time.

It knows nothing of the product. Here is the truth, and what happens by itself; how it is shown, and asked
for, stands in `pcs_http`. What the reference leaves open is a `pcs_nature.Nature`.
"""

from __future__ import annotations

import json

LIVE = ("PENDING", "RUNNING", "PAUSED")
ENDS = ("DONE", "ERROR", "CANCELED")
_AGAIN_S = 2.0
_MOST_RUNS = 1_000_000


class RefusedError(Exception):
    """The cloud says no.

    Args:
        status: HTTP status.

        why: Its message.
    """

    def __init__(self, status, why):
        super().__init__(why)
        self.status, self.why = status, why


class Kept:
    """A batch or job with everything that it ever was."""

    __slots__ = ("job_ids", "serial", "versions")

    def __init__(self, serial, at_s, fields):
        self.serial, self.versions, self.job_ids = serial, [(at_s, fields)], []

    @property
    def now(self):
        """How it is."""
        return self.versions[-1][1]

    def as_of(self, at_s):
        """How it was; None before it was there."""
        for since_s, fields in reversed(self.versions):
            if since_s <= at_s:
                return fields
        return None

    def first(self):
        """How it began."""
        return self.versions[0][1]

    def change(self, at_s, **fields):
        """From now on it is otherwise."""
        self.versions.append((at_s, self.now | fields))


class Pcs:
    """The truth of one cloud.

    Args:
        nature: What the reference leaves open.

        agenda: Has `now_s`, and `after(seconds, what)` that calls a function in a while.

        luck: Gives a random.Random for anything: the same one whenever it is asked for the same.
    """

    def __init__(self, nature, agenda, luck):
        self.nature, self.agenda, self.luck = nature, agenda, luck
        self.batches, self.jobs = {}, {}
        self.max_runs = _MOST_RUNS
        self.on_jobs = lambda batch_id, job_ids: None
        self.calm_s = 0.0
        self._owner = {}  # which batch has a device, if it runs one at a time
        self._last_add = {}

    @property
    def now_s(self):
        """The time."""
        return self.agenda.now_s

    @property
    def is_calm(self):
        """Whether nothing goes wrong any more."""
        return self.now_s >= self.calm_s

    def jobs_of(self, batch_id):
        """The jobs of a batch as they are, in the order they were added."""
        return [self.jobs[job_id].now for job_id in self.batches[batch_id].job_ids]

    # What is asked for

    def create(self, body, *, user="us", is_idle=False):
        """A new batch.

        Args:
            is_idle: Whether nothing of it ever runs.
        """
        jobs, is_open = body.get("jobs") or [], bool(body.get("open"))
        if not jobs and not (is_open and (self.nature.takes_empty or is_idle)):
            raise RefusedError(422, "a batch needs jobs")
        serial = len(self.batches) + 1
        fields = {
            "id": f"b{serial:04d}",
            "project_id": body["project_id"],
            "user_id": user,
            "open": is_open,
            "status": "PENDING",
            "device_type": body.get("device_type") or "EMU_FREE",
            "sequence_builder": body.get("sequence_builder"),
            "tags": list(body.get("tags") or []),
            "first_tags": list(body.get("tags") or []),
            "created_s": self.now_s,
            "started_s": None,
            "ended_s": None,
            "backend_configuration": body.get("backend_configuration"),
            "configuration": body.get("configuration"),
            "parent_id": body.get("parent_id"),
            "is_idle": is_idle,
        }
        self._check(fields, jobs)
        if not is_idle and jobs:
            self._charge()
        batch = self.batches[fields["id"]] = Kept(serial, self.now_s, fields)
        self._take(batch, jobs)
        self._watch_idling(batch)
        return batch

    def add(self, batch_id, jobs):
        """More jobs in an open batch."""
        batch = self._batch(batch_id)
        if not batch.now["open"] or batch.now["status"] not in LIVE:
            raise RefusedError(409, "the batch takes no jobs")
        if not jobs:
            raise RefusedError(422, "no jobs")
        self._check(batch.now, jobs)
        before, self._last_add[batch_id] = self._last_add.get(batch_id), (self.now_s, jobs)
        if before and self.nature.equal_add == "refused" and before[1] == jobs and before[0] > self.now_s - 1:
            raise RefusedError(409, "these jobs have just been added")
        try:
            self._charge()
        except RefusedError:
            if self.nature.takes_part:
                self._take(batch, jobs[: (len(jobs) + 1) // 2])
            raise
        self._take(batch, jobs)
        return batch

    def close(self, batch_id):
        """No more jobs."""
        batch = self._batch(batch_id)
        if not batch.now["open"] or batch.now["status"] not in LIVE:
            self._repeated("the batch is closed")
            return batch
        batch.change(self.now_s, open=False)
        self._end_if_due(batch)
        return batch

    def cancel(self, batch_id):
        """Cancels a batch, and its jobs that wait."""
        batch = self._batch(batch_id)
        if batch.now["status"] not in LIVE:
            self._repeated("the batch has ended")
            return batch
        for job_id in batch.job_ids:
            if self.jobs[job_id].now["status"] in {"PENDING", self.nature.strange}:
                self._cancel_job(self.jobs[job_id])
        self._shut(batch, "CANCELED")
        return batch

    def cancel_job(self, job_id):
        """Cancels a job that waits."""
        job = self._job(job_id)
        if job.now["status"] not in {"PENDING", self.nature.strange}:
            self._repeated(f"the job is {job.now['status']}")
            return job
        self._cancel_job(job)
        self._end_if_due(self.batches[job.now["batch_id"]])
        return job

    def set_tags(self, batch_id, tags):
        """Other tags."""
        batch = self._batch(batch_id)
        batch.change(self.now_s, tags=list(tags))
        return batch

    def rebatch(self, batch_id, job_ids):
        """A closed batch once more, or some of its jobs."""
        batch = self._batch(batch_id)
        if batch.now["open"]:
            raise RefusedError(409, "the batch is open")
        chosen = [self.jobs[job_id].now for job_id in batch.job_ids if job_id in job_ids]
        fields = ("runs", "variables", "sequence")
        jobs = [{name: job[name] for name in fields} | {"parent_id": job["id"]} for job in chosen]
        parent = {name: batch.now[name] for name in ("project_id", "device_type", "sequence_builder", "tags")}
        return self.create(parent | {"jobs": jobs, "parent_id": batch_id})

    # What happens by itself

    def pause(self, batch_id, *, is_paused):
        """A person, or the cloud, pauses a live batch or lets it go on."""
        batch = self._batch(batch_id)
        status = batch.now["status"]
        if is_paused and status in {"PENDING", "RUNNING"}:
            batch.change(self.now_s, status="PAUSED")
        elif not is_paused and status == "PAUSED":
            batch.change(self.now_s, status="RUNNING" if batch.now["started_s"] is not None else "PENDING")
            self._end_if_due(batch)

    def _start(self, job):
        fields, batch = job.now, self.batches[job.now["batch_id"]]
        if fields["status"] not in {"PENDING", self.nature.strange}:
            return
        if not self._may_start(batch, fields["id"]):
            self.agenda.after(_AGAIN_S, lambda: self._start(job))
            return
        if self.nature.strange and fields["status"] == "PENDING":
            job.change(self.now_s, status=self.nature.strange)
            self.agenda.after(_AGAIN_S, lambda: self._start(job))
            return
        job.change(self.now_s, status="RUNNING", started_s=self.now_s)
        if batch.now["status"] == "PENDING":
            batch.change(self.now_s, status="RUNNING", started_s=self.now_s)
        luck = self.luck("work", fields["id"])
        self.agenda.after(luck.choice([0.2, 0.5, 3.0, 8.0]), lambda: self._finish(job, luck))

    def _may_start(self, batch, job_id):
        """Whether it is the turn of a job: on a machine, of the first of its batch, whose turn it is."""
        if batch.now["status"] not in {"PENDING", "RUNNING"}:
            return False
        if not self.nature.is_one_by_one:
            return True
        device = batch.now["device_type"]
        owner = self.batches.get(self._owner.get(device))
        if owner not in (None, batch) and owner.now["status"] in LIVE:
            return False
        self._owner[device] = batch.now["id"]
        waits = [each for each in batch.job_ids if self.jobs[each].now["status"] not in ENDS]
        return waits[0] == job_id

    def _finish(self, job, luck):
        is_lost = luck.random() < self.nature.failing
        errors = ["the atoms were lost"] if is_lost else []
        job.change(self.now_s, status="ERROR" if is_lost else "DONE", ended_s=self.now_s, errors=errors)
        self._end_if_due(self.batches[job.now["batch_id"]])
        self._watch_idling(self.batches[job.now["batch_id"]])

    def _end_if_due(self, batch):
        statuses = [job["status"] for job in self.jobs_of(batch.now["id"])]
        is_over = not batch.now["open"] and all(status in ENDS for status in statuses)
        if batch.now["status"] in {"PENDING", "RUNNING"} and is_over:
            is_bad = self.nature.is_error_batch and "ERROR" in statuses
            batch.change(self.now_s, status="ERROR" if is_bad else "DONE", ended_s=self.now_s)

    def _watch_idling(self, batch):
        """An open batch with nothing left to run ends after a while, unless more came."""
        if not batch.now["open"] or batch.now["is_idle"] or not self._is_idle(batch):
            return
        n_jobs = len(batch.job_ids)

        def look():
            if len(batch.job_ids) == n_jobs and batch.now["open"] and self._is_idle(batch):
                if batch.now["status"] == "PAUSED":
                    self.agenda.after(self.nature.idle_patience_s, look)
                elif batch.now["status"] in LIVE:
                    self._shut(batch, "TIMED_OUT")

        self.agenda.after(self.nature.idle_patience_s, look)

    def _is_idle(self, batch):
        return all(job["status"] in ENDS for job in self.jobs_of(batch.now["id"]))

    # Parts

    def _batch(self, batch_id):
        if batch_id not in self.batches:
            raise RefusedError(404, f"no batch {batch_id}")
        return self.batches[batch_id]

    def _job(self, job_id):
        if job_id not in self.jobs:
            raise RefusedError(404, f"no job {job_id}")
        return self.jobs[job_id]

    def _repeated(self, why):
        if self.nature.repeat == "refused":
            raise RefusedError(409, why)

    def _charge(self):
        luck = self.luck("credits", self.now_s)
        if not self.is_calm and luck.random() < self.nature.refusing:
            raise RefusedError(422, "not enough credits")

    def _check(self, batch, jobs):
        for job in jobs:
            runs, variables, sequence = (job.get(name) for name in ("runs", "variables", "sequence"))
            if type(runs) is not int or not 0 < runs <= self.max_runs:
                raise RefusedError(422, f"runs: {runs}")
            if sequence and variables:
                raise RefusedError(422, "a job has variables or a sequence, not both")
            text = sequence or batch["sequence_builder"]
            if not text:
                raise RefusedError(422, "a sequence is missing")
            declared = set() if sequence else set(json.loads(text).get("variables") or {})
            if set(variables or {}) != declared:
                raise RefusedError(422, f"variables are {declared}, not {variables}")

    def _take(self, batch, jobs):
        ids = []
        for job in jobs:
            serial = len(self.jobs) + 1
            fields = {
                "id": f"j{serial:05d}",
                "batch_id": batch.now["id"],
                "project_id": batch.now["project_id"],
                "status": "PENDING",
                "runs": job["runs"],
                "variables": job.get("variables") or None,
                "sequence": job.get("sequence"),
                "created_s": self.now_s,
                "started_s": None,
                "ended_s": None,
                "errors": [],
                "parent_id": job.get("parent_id"),
            }
            kept = self.jobs[fields["id"]] = Kept(serial, self.now_s, fields)
            batch.job_ids.append(fields["id"])
            ids.append(fields["id"])
            if not batch.now["is_idle"]:
                self.agenda.after(self._queue_s(fields["id"]), lambda kept=kept: self._start(kept))
        if ids:
            self.on_jobs(batch.now["id"], ids)

    def _queue_s(self, job_id):
        fixed_s = self.nature.queue_s
        return self.luck("queue", job_id).choice([0.1, 0.5, 2.0, 6.0, 12.0]) if fixed_s is None else fixed_s

    def _cancel_job(self, job):
        self._in_steps(job, "CANCELED", {"ended_s": self.now_s})

    def _shut(self, batch, status):
        is_open = batch.now["open"] and self.nature.stays_open
        self._in_steps(batch, status, {"open": is_open, "ended_s": self.now_s})

    def _in_steps(self, kept, status, fields):
        wait_s = self.nature.canceling_s if status == "CANCELED" else 0.0
        if not wait_s:
            kept.change(self.now_s, status=status, **fields)
            return
        kept.change(self.now_s, **fields, status="CANCELING")
        self.agenda.after(wait_s, lambda: self._end_canceling(kept, status))

    def _end_canceling(self, kept, status):
        kept.change(self.now_s, status=status)
        if "batch_id" in kept.now:
            self._end_if_due(self.batches[kept.now["batch_id"]])
            self._watch_idling(self.batches[kept.now["batch_id"]])
