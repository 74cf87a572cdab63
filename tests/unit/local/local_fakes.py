"""What stands in for the clock, the ids, the physics and the engine; small enough to be seen through."""

from __future__ import annotations

import json
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from itertools import count

from runner.local.engines.base import NOTHING_WRONG
from runner.local.protocol.messages import Request
from runner.local.validation.emulator_options import UnreadableConfigurationError
from runner.local.validation.sequence_facts import SequenceFacts, UnreadableSequenceError, Variable

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOST = {"host": "127.0.0.1:4321"}


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self):
        self.now = START

    def __call__(self):
        """The time."""
        return self.now

    def advance(self, **duration):
        """Let time pass; takes what a timedelta takes."""
        self.now += timedelta(**duration)


def counted_ids():
    """Ids in the form of PCS's that can be told apart by eye."""
    numbers = count(1)
    return lambda: f"00000000-0000-4000-8000-{next(numbers):012d}"


def a_sequence(**facts):
    """Text that FakeSequences reads: the facts themselves."""
    return json.dumps({"device": "EMU_FREE", "n_qubits": 2, "variables": {"a": "float"}} | facts)


class FakeSequences:
    """Reads the texts of `a_sequence`; refuses to build with a negative value of `a`."""

    def facts(self, sequence):
        """What the text says."""
        try:
            said = json.loads(sequence)
        except ValueError as error:
            raise UnreadableSequenceError("This is no sequence.") from error
        said.pop("duration_ns", None)
        said["variables"] = {
            name: Variable(is_integer=kind == "int", size=2 if kind == "pair" else 1)
            for name, kind in said["variables"].items()
        }
        if "bases" in said:
            said["bases"] = frozenset(said["bases"])
        return SequenceFacts(**said)

    def durations_ns(self, builds):
        """What the texts say, or a microsecond; an error where the value is out of range."""
        return [self._duration_ns(*each) for each in builds]

    def _duration_ns(self, sequence, variables):
        value = variables.get("a", 0)
        if not isinstance(value, list) and value < 0:
            return UnreadableSequenceError("The amplitude is negative.")
        return json.loads(sequence).get("duration_ns", 1000)

    def configuration(self, text):
        """The JSON, if there are observables in it."""
        said = json.loads(text)
        if "observables" not in said:
            raise UnreadableConfigurationError("There are no observables.")
        return said

    def device_specs(self):
        """One device."""
        return {"EMU_FREE": '{"name": "EMU_FREE"}'}


class FakeEngine:
    """Keeps what it is given until a test says how it ended."""

    def __init__(self, capacity=4):
        self.room = capacity
        self.state = NOTHING_WRONG
        self.submitted = []
        self.futures = {}
        self.canceled = []

    def submit(self, job_id, attempt, payload):
        """Remember the attempt."""
        self.submitted.append((job_id, attempt, json.loads(payload)))
        self.futures[job_id, attempt] = Future()
        return self.futures[job_id, attempt]

    def cancel(self, job_id):
        """Remember that it was asked."""
        self.canceled.append(job_id)

    def capacity(self):
        """As it was built."""
        return self.room

    def workers(self):
        """As many."""
        return self.room

    def condition(self):
        """As a test says."""
        return self.state

    def finish(self, job_id, counter=None, *, attempt=1):
        """End an attempt well."""
        answer = {"counter": counter or {"00": 1}, "serialised_results": "{}"}
        self.futures[job_id, attempt].set_result(json.dumps(answer))

    def fail(self, job_id, error, *, attempt=1):
        """End an attempt badly."""
        self.futures[job_id, attempt].set_exception(error)


class Asker:
    """Asks a cloud as a client would, and unpacks what it answers."""

    def __init__(self, cloud):
        self.cloud = cloud

    def raw(self, method, path, body=None, query=(), headers=None):
        """The answer as it is."""
        plain = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.cloud.handle(
            Request(method=method, path=path, query=tuple(query), headers=headers or HOST, body=plain)
        )

    def __call__(self, method, path, body=None, query=()):
        """Status and JSON body."""
        answer = self.raw(method, path, body, query)
        return answer.status, json.loads(answer.body)

    def data(self, method, path, body=None, query=()):
        """The `data` of an answer that is a success."""
        status, envelope = self(method, path, body, query)
        assert (status, envelope["status"]) == (200, "success"), envelope
        return envelope["data"]

    def create(self, n_jobs=1, **fields):
        """A batch with n jobs, as its creation answers it."""
        body = {
            "project_id": "11111111-0000-4000-8000-000000000000",
            "sequence_builder": a_sequence(),
            "device_type": "EMU_FREE",
            "jobs": [{"runs": 10, "variables": {"a": number}} for number in range(n_jobs)],
        }
        return self.data("POST", "/api/v1/batches", body | fields)
