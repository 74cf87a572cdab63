"""What a cloud has promised its clients: what it answered, and what of that must be found in its database."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from itertools import pairwise

TERMINAL = {"DONE", "ERROR", "CANCELED"}
_COUNTS = ("pending", "running", "done", "error", "canceled", "canceling")


@dataclass
class Promise:
    """A batch as its only client knows it.

    Args:
        body: What was sent to create it; its tag is unique.

        jobs: Its jobs in their order, each as it was sent, with the id that was answered.

        doubt: The request without an answer, if there is one: its verb, and what it would have changed.
    """

    body: dict
    id: str | None = None
    jobs: list[dict] = field(default_factory=list)
    is_open: bool = False
    is_canceled: bool = False
    tags: list[str] = field(default_factory=list)
    canceled_jobs: set[str] = field(default_factory=set)
    ended: dict[str, str] = field(default_factory=dict)
    counters: dict[str, dict] = field(default_factory=dict)
    doubt: tuple[str, object] | None = None

    def accept(self, answer):
        """Take what a creation answered."""
        self.id = answer["id"]
        self.is_open = self.body["open"]
        self.tags = self.body["tags"]
        self.take_jobs(self.body["jobs"], answer["jobs"])

    def take_jobs(self, sent, answered):
        """Take jobs that were accepted: the last ones of those answered."""
        last = answered[len(answered) - len(sent) :]
        self.jobs += [job | {"id": there["id"]} for job, there in zip(sent, last, strict=True)]

    def see(self, job):
        """Take the status of a job that was read; what has ended stays as it ended."""
        assert self.ended.get(job["id"], job["status"]) == job["status"], job
        if job["status"] in TERMINAL:
            self.ended[job["id"]] = job["status"]
        assert job["id"] not in self.canceled_jobs or job["status"] == "CANCELED", job


def settle(promise, found, jobs):
    """Hold a batch as a kill left it against its promise, and let what was in doubt be as it is found.

    Args:
        promise: What was promised; of an unanswered creation, all of it or nothing.

        found: The batch as the cloud has it now.

        jobs: Its jobs, in their order.
    """
    verb, change = promise.doubt or (None, None)
    promise.doubt = None
    if verb == "create":
        promise.accept(found | {"jobs": jobs})
    if verb == "add" and len(jobs) == len(promise.jobs) + len(change):
        promise.take_jobs(change, jobs)
    if verb == "tag" and found["tags"] == change:
        promise.tags = change
    if verb == "close" and not found["open"]:
        promise.is_open = False
    if verb == "cancel" and found["status"] == "CANCELED":
        promise.is_canceled, promise.is_open = True, False
    hold(promise, found, jobs)


def hold(promise, found, jobs):
    """Everything that was promised of a batch is there, and nothing else is."""
    fields = ("id", "open", "tags", "device_type", "sequence_builder")
    expected = {name: promise.body.get(name) for name in fields}
    expected |= {"id": promise.id, "open": promise.is_open, "tags": promise.tags}
    assert expected == {name: found[name] for name in fields}
    assert not promise.is_canceled or found["status"] == "CANCELED", found
    shown = [{name: job[name] for name in ("runs", "variables", "id")} for job in jobs]
    assert promise.jobs == shown
    for job in jobs:
        promise.see(job)


def rows_of(path):
    """Jobs by their ids, batches and results of a database, each as a dict."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        assert "ok" == connection.execute("PRAGMA integrity_check").fetchone()[0]
        if not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
            return {}, [], []  # the first server did not live to see it
        jobs = {row["id"]: dict(row) for row in connection.execute("SELECT * FROM jobs ORDER BY seq")}
        batches = [dict(row) for row in connection.execute("SELECT * FROM batches")]
        results = [dict(row) for row in connection.execute("SELECT job_id, attempt, counter FROM results")]
    finally:
        connection.close()
    return jobs, batches, results


def broken_in(jobs, batches, results):
    """What is wrong in a database at one moment: wrong counts, results of no end or of two."""
    held = {(row["job_id"], row["attempt"]) for row in results}
    done = {(job["id"], job["attempt"]) for job in jobs.values() if job["status"] == "DONE"}
    if held != done or len(results) != len(done):
        yield f"results {held ^ done} belong to no end, or ends have no result"
    for batch in batches:
        mine = [job["status"].lower() for job in jobs.values() if job["batch_id"] == batch["id"]]
        if {name: batch[name] for name in _COUNTS} != {name: mine.count(name) for name in _COUNTS}:
            yield f"batch {batch['id']} does not count its jobs"
    yield from _at_once(jobs)


def _at_once(jobs):
    """Jobs of the one machine that ran at the same time."""
    machine = [job for job in jobs.values() if job["device_type"] == "FRESNEL" and job["status"] == "DONE"]
    machine.sort(key=lambda job: job["started_at"])
    for job, following in pairwise(machine):
        if job["ended_at"] > following["started_at"]:
            yield f"{job['id']} and {following['id']} ran at once on one machine"


def broken_since(before, now):
    """What one life of a server did to jobs that it must not do: forget, repeat, or start them twice."""
    for job_id, job in before.items():
        if job_id not in now:
            yield f"job {job_id} is forgotten"
        elif job["status"] in TERMINAL and now[job_id] != job:
            yield f"job {job_id} had ended, and was changed: {job} → {now[job_id]}"
    known = [job_id for job_id in now if job_id in before]
    if known != list(before) or known != list(now)[: len(known)]:
        yield "the order of jobs has changed"
    for job_id, job in now.items():
        earlier = before.get(job_id, {"attempt": 0, "status": None})
        started = job["attempt"] - earlier["attempt"]
        if started not in _starts(earlier["status"], job["status"]):
            yield f"job {job_id} was started {started} times: {earlier} → {job}"


def _starts(before, now):
    """How often a job may have been started in one life of a server, by its statuses at both ends."""
    if before in TERMINAL or now == "PENDING":
        return {0}
    if now == "CANCELED":  # while it waited; perhaps it had been interrupted by an earlier kill
        return {0}
    if now == "RUNNING" and before == "RUNNING":  # killed before it came to its jobs, or run again
        return {0, 1}
    return {1}
