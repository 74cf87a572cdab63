"""The store of the simulation answers like the real one, route by route."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from itertools import count

import pytest
from fakes import SEQUENCE, AnySequence, IdleEngine, VirtualClock
from quick_store import QuickStore

from runner.local.protocol.configuration import Configuration
from runner.local.protocol.messages import Request
from runner.local.rules.records import Outcome, Result
from runner.local.server.local_cloud import LocalCloud
from runner.local.store.store import Store

PROJECT = "00000000-0000-4000-8000-000000000000"


class Pair:
    """The same cloud over both stores; what is asked of it is asked of both."""

    def __init__(self, *, canceling_s):
        self.clock = VirtualClock()
        configuration = Configuration.model_validate({"life_cycle": {"canceling_s": canceling_s}})
        numbers = count(1)
        self.real = Store(
            ":memory:", clock=self.clock, new_id=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}"
        )
        self.quick = QuickStore(self.clock)
        self.clouds = [
            LocalCloud(store, IdleEngine(), sequences=AnySequence(100), configuration=configuration)
            for store in (self.real, self.quick)
        ]

    def ask(self, method, path, body=None, query=()):
        """What both answer; one of them where they are equal."""
        asked = Request(
            method=method,
            path=path,
            query=query,
            headers={"host": "127.0.0.1:1"},
            body=b"" if body is None else json.dumps(body).encode(),
        )
        real, quick = ((said.status, json.loads(said.body)) for said in self._answers(asked))
        return real, quick

    def _answers(self, asked):
        return [cloud.handle(asked) for cloud in self.clouds]


def a_random_request(rng, ids, jobs):
    """Something that a reconciler might ask."""
    batch = rng.choice([*ids, "nothing"])
    job = rng.choice([*jobs, "nothing"])
    payload = {"runs": rng.choice([10, 200]), "variables": {"t": 1}}
    new = {
        "project_id": PROJECT,
        "device_type": "EMU_FREE",
        "sequence_builder": SEQUENCE,
        "jobs": [payload] * rng.randint(0, 2),
        "open": rng.random() < 0.7,
        "tags": rng.sample(["a", "b", "c"], 2),
    }
    return rng.choice(
        [
            ("POST", "/api/v1/batches", new, ()),
            ("POST", f"/api/v2/batches/{batch}/jobs", [payload], ()),
            ("PATCH", f"/api/v2/batches/{batch}/complete", None, ()),
            ("PATCH", f"/api/v2/batches/{batch}/cancel", None, ()),
            ("PATCH", f"/api/v1/batches/{batch}/tags", ["a", "fenced"], ()),
            ("PATCH", f"/api/v2/jobs/{job}/cancel", None, ()),
            ("GET", f"/api/v2/batches/{batch}", None, ()),
            ("GET", "/api/v1/batches", None, (("tag", "a"), ("offset", "1"), ("limit", "3"))),
            ("GET", "/api/v2/jobs", None, (("batch_id", batch), ("order_by", "creation_order"))),
            ("GET", f"/api/v2/jobs/{job}", None, ()),
        ]
    )


def by_itself(rng, pair, jobs):
    """Time passes, a job starts, ends or waits no more, in both."""
    pair.clock.sleep(rng.choice([0, 1, 30]))
    for store in (pair.real, pair.quick):
        store.time_out_idle(timedelta(seconds=60))
        store.end_canceling(timedelta(seconds=20))
    for job_id in rng.sample(jobs, min(2, len(jobs))):
        started = bool(pair.real.start([job_id]))
        assert started == pair.quick.start(job_id)
    for job_id in rng.sample(jobs, min(1, len(jobs))):
        failed = rng.random() < 0.3
        result = None if failed else Result(counter={"0": 10})
        outcome = Outcome(job_id=job_id, attempt=1, result=result, errors=("lost",) if failed else ())
        pair.real.finish([outcome])
        pair.quick.finish(outcome)


@pytest.mark.parametrize("seed", range(20))
def test_the_quick_store_answers_like_the_real_one(seed):
    """Whatever is asked, and whatever happens by itself meanwhile: status and body are the same."""
    rng, pair = random.Random(seed), Pair(canceling_s=20 * (seed % 2))
    ids, jobs, differences = [], [], []
    for _ in range(200):
        method, path, body, query = a_random_request(rng, ids, jobs)
        real, quick = pair.ask(method, path, body, query)
        if real != quick:
            differences.append((method, path, real, quick))
        if method == "POST" and real[0] == 200:
            ids.append(real[1]["data"]["id"])
            jobs += [job["id"] for job in real[1]["data"]["jobs"] if job["id"] not in jobs]
        by_itself(rng, pair, jobs)
    pair.real.close()

    assert [] == differences
    assert len(ids) > 2
