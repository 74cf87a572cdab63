"""The world in memory: the local cloud's own state machine, reached without sockets, in virtual time.

The client, its port's contract, the cloud's routes and its store are the real ones. What is made up is the
clock, the physics, and what may go wrong between a request and its answer.
"""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from runner.cloud import Answer, Client, Endpoints, NoAnswerError, Retrying
from runner.local.engines.base import NOTHING_WRONG
from runner.local.protocol.messages import Request
from runner.local.server.local_cloud import LocalCloud
from runner.local.store.store import Store
from runner.local.validation.sequence_facts import SequenceFacts, Variable

URL = "http://127.0.0.1:1"
SEQUENCE = json.dumps({"version": "1", "register": [{"name": "q0"}], "device": {"name": "AnalogDevice"}})


class VirtualClock:
    """A clock that moves when it is told to, or when somebody sleeps."""

    def __init__(self):
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self):
        """The time now."""
        return self.now

    def sleep(self, seconds):
        """Lets time pass."""
        self.now += timedelta(seconds=seconds)


class AnySequence:
    """Reads any text as a sequence with one integer variable `t`, unless it says that it has none."""

    def __init__(self, max_runs=None):
        self._facts = SequenceFacts(
            device="AnalogDevice", n_qubits=1, max_runs=max_runs, variables={"t": Variable(is_integer=True)}
        )

    def facts(self, sequence):
        """The same for all, but for the variable."""
        return replace(self._facts, variables={}) if '"variables": {}' in sequence else self._facts

    def durations_ns(self, builds):
        """A microsecond each; nothing to object."""
        return [1000] * len(builds)

    def device_specs(self):
        """One device."""
        return {"EMU_FREE": '{"name": "EMU_FREE"}'}


_PROJECT = "00000000-0000-4000-8000-000000000000"


class DiceEngine:
    """Ends each attempt at a random tick, well or badly."""

    def __init__(self, rng, *, failing=0.2, ending=0.5, capacity=8):
        self._rng, self.failing, self._ending, self._capacity = rng, failing, ending, capacity
        self._at_work = []

    def submit(self, job_id, attempt, payload):
        """Takes an attempt."""
        future = Future()
        self._at_work.append((future, json.loads(payload)["runs"]))
        return future

    def cancel(self, job_id):
        """A running job is not interrupted."""

    def capacity(self):
        """How many attempts at once."""
        return self._capacity

    def workers(self):
        """As many."""
        return self._capacity

    def condition(self):
        """Nothing is wrong."""
        return NOTHING_WRONG

    def tick(self):
        """Ends some of the attempts."""
        for item in list(self._at_work):
            if self._rng.random() < self._ending:
                self._at_work.remove(item)
                self._end(*item)

    def _end(self, future, runs):
        if self._rng.random() < self.failing:
            future.set_exception(RuntimeError("the atoms were lost"))
        else:
            future.set_result(json.dumps({"counter": {"0": runs}, "serialised_results": "{}"}))


class IdleEngine:
    """Nothing is started but by the test."""

    def capacity(self):
        """None."""
        return 0

    def workers(self):
        """None."""
        return 0

    def condition(self):
        """Nothing is wrong."""
        return NOTHING_WRONG


class MemoryCloud:
    """A cloud in memory, and how a client reaches it.

    Args:
        store: In place of the local cloud's own, in memory.

        sequences: Reads them, in place of one that takes any.

        first: Number of the first id: another cloud has other ones.
    """

    def __init__(
        self, clock, engine, *, max_runs=None, store=None, configuration=None, sequences=None, first=1
    ):
        numbers = count(first)
        self.clock, self.engine = clock, engine
        self._store = store or Store(
            ":memory:", clock=clock, new_id=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}"
        )
        self._cloud = LocalCloud(
            self._store,
            engine,
            sequences=sequences or AnySequence(max_runs),
            configuration=configuration,
        )

    def close(self):
        """Lets go of the store."""
        self._store.close()

    def step(self):
        """Lets the cloud do what happens by itself."""
        self._cloud.step()

    def answer(self, request):
        """The answer to a request of our client."""
        asked = Request(
            method=request.method,
            path=request.path,
            query=request.query,
            headers={name.lower(): value for name, value in request.headers.items()}
            | {"host": "127.0.0.1:1"},
            body=request.body or b"",
        )
        said = self._cloud.handle(asked)
        return Answer(said.status, dict(said.headers), said.body)

    def client(self, port=None, project_id=_PROJECT):
        """A client that reaches this cloud, through a port of the test's choice."""
        return Client(
            endpoints=Endpoints(core=URL, account=URL),
            project_id=project_id,
            port=port or CleanPort(self),
            retrying=Retrying(budget_s=0.0, jitter=lambda bound: bound),  # a lost request stays lost
        )

    def jobs(self):
        """All jobs there are, as the cloud tells them."""
        return list(self.client().get_jobs())


class CleanPort:
    """Nothing goes wrong."""

    def __init__(self, cloud):
        self._cloud = cloud

    def send(self, request):
        """The cloud's answer."""
        return self._cloud.answer(request)


class LossyPort:
    """Loses what the test says: `fate(request)` is called for each request and names what happens to it.

    `answered`; `lost before` and `lost after` the cloud has carried it out; or a function, which is given a
    function that carries the request out and which gives the answer, or raises.
    """

    def __init__(self, cloud, fate):
        self._cloud, self._fate = cloud, fate
        self.sent = []

    def send(self, request):
        """The answer, unless fate has it otherwise."""
        self.sent.append((request.method, request.path))
        fate = self._fate(request)
        if callable(fate):
            return fate(lambda: self._cloud.answer(request))
        if fate == "lost before":
            raise NoAnswerError("lost on its way")
        answer = self._cloud.answer(request)
        if fate == "lost after":
            raise NoAnswerError("the answer was lost")
        return answer
