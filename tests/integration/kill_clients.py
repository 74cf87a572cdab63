"""Clients that never stop asking, each with batches of its own, until the server is gone."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from random import Random
from urllib.parse import urlsplit

from patience import PATIENCE_S
from promises import Promise

N_STEPS = 8
_WEIGHTS = {"create": 4, "add": 3, "read": 4, "close": 2, "tag": 1, "cancel": 1, "cancel_job": 2}


class GoneError(Exception):
    """The server did not answer: it is dead."""


class Wire:
    """One connection that tells when a request has left.

    Args:
        url: Where the server is.

        on_sent: Called with the method of each request that has been sent and is not answered yet.
    """

    def __init__(self, url, on_sent=lambda _: None):
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
        self._on_sent = on_sent

    def ask(self, method, path, body=None):
        """Status and JSON of an answer; GoneError if there was none."""
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body))
            self._on_sent(method)
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, HTTPException) as error:
            raise GoneError from error

    def data(self, method, path, body=None):
        """The `data` of an answer that is a success."""
        status, envelope = self.ask(method, path, body)
        assert 200 == status, (method, path, envelope)
        return envelope["data"]

    def close(self):
        """Let go of the connection."""
        self._connection.close()

    def total(self, path):
        """How many things a list has."""
        return self.ask("GET", path)[1]["pagination"]["total"]

    def batch(self, batch_id):
        """A batch and its jobs, in their order."""
        listed = f"/api/v2/jobs?batch_id={batch_id}&order_by=creation_order&order_by_direction=ASC"
        return self.data("GET", f"/api/v2/batches/{batch_id}"), self.data("GET", listed)

    def counter(self, job_id):
        """The counts of a job that is done."""
        link = self.data("GET", f"/api/v1/jobs/{job_id}/results_link")["results_link"]
        return self.ask("GET", urlsplit(link).path)[1]["counter"]


class KillClient:
    """Does what its random numbers say, and remembers what it was promised.

    Args:
        name: Part of the tags of its batches.

        sequence: What it submits; one variable, `amplitude`.

        random: Where its choices come from.
    """

    def __init__(self, name, sequence, random: Random):
        self.promises: list[Promise] = []
        self._name, self._sequence, self._random = name, sequence, random
        self._n_batches = 0

    def work(self, wire, is_over):
        """Ask until the server is gone, or it is over: some steps that change things, then reading only."""
        try:
            for _ in range(N_STEPS):
                self._step(wire)
            while not is_over():
                self._read(wire, self._random.choice(self.promises))
        except GoneError:
            pass
        finally:
            wire.close()

    def settle(self, promise_is_there):
        """Forget creations that were not answered and did not happen."""
        self.promises = [promise for promise in self.promises if promise_is_there(promise)]

    def close_all(self, wire):
        """Close every batch that is open."""
        for promise in self.promises:
            if promise.is_open:
                self._close(wire, promise)

    def read_all(self, wire):
        """Read all jobs and results."""
        for promise in self.promises:
            self._read(wire, promise)

    def _step(self, wire):
        verb = self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        usable = [promise for promise in self.promises if verb != "add" or promise.is_open]
        if verb == "create" or not usable:
            self._create(wire)
        else:
            getattr(self, f"_{verb}")(wire, self._random.choice(usable))

    def _jobs(self, most):
        amplitudes = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        return [
            {"runs": self._random.randint(1, 40), "variables": {"amplitude": self._random.choice(amplitudes)}}
            for _ in range(self._random.randint(1, most))
        ]

    def _create(self, wire):
        is_open = self._random.random() < 0.5
        device_type = self._random.choices(["EMU_FREE", "FRESNEL"], [4, 1])[0]
        jobs = [] if is_open and self._random.random() < 0.3 else self._jobs(4)
        self.submit(wire, jobs, device_type=device_type, open=is_open)

    def submit(self, wire, jobs, **fields):
        """Create a batch; gives its promise."""
        tag = f"{self._name}-{self._n_batches}"
        self._n_batches += 1
        plain = {"project_id": "p", "device_type": "EMU_FREE", "sequence_builder": self._sequence}
        body = plain | {"open": False, "tags": [tag], "jobs": jobs} | fields
        promise = Promise(body, doubt=("create", None))
        self.promises.append(promise)
        promise.accept(wire.data("POST", "/api/v1/batches", body))
        promise.doubt = None
        return promise

    def _add(self, wire, promise):
        jobs = self._jobs(3)
        promise.doubt = ("add", jobs)
        promise.take_jobs(jobs, wire.data("POST", f"/api/v2/batches/{promise.id}/jobs", jobs)["jobs"])
        promise.doubt = None

    def _close(self, wire, promise):
        promise.doubt = ("close", None)
        wire.data("PATCH", f"/api/v2/batches/{promise.id}/complete")
        promise.is_open, promise.doubt = False, None

    def _tag(self, wire, promise):
        tags = [*promise.tags[:1], f"again-{self._random.random()}"]
        promise.doubt = ("tag", tags)
        wire.data("PATCH", f"/api/v1/batches/{promise.id}/tags", tags)
        promise.tags, promise.doubt = tags, None

    def _cancel(self, wire, promise):
        promise.doubt = ("cancel", None)
        status, answer = wire.ask("PATCH", f"/api/v2/batches/{promise.id}/cancel")
        assert status in (200, 409), answer  # it may be done
        if status == 200:
            promise.is_canceled, promise.is_open = True, False
        promise.doubt = None

    def _cancel_job(self, wire, promise):
        if not promise.jobs:
            return
        job_id = self._random.choice(promise.jobs)["id"]
        status, answer = wire.ask("PATCH", f"/api/v2/jobs/{job_id}/cancel")
        assert status in (200, 409), answer  # it may run, or be done
        if status == 200:
            promise.canceled_jobs.add(job_id)

    def _read(self, wire, promise):
        for job in wire.batch(promise.id)[1]:
            promise.see(job)
            if job["status"] == "DONE" and job["id"] not in promise.counters:
                promise.counters[job["id"]] = wire.counter(job["id"])
