"""Twenty thousand jobs from eight clients at the same time: every one is there, once, and in its place."""

from __future__ import annotations

import contextlib
import re
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import commands
import pytest
from kill_clients import Wire
from patience import PATIENCE_S
from pulser import Pulse, Register, Sequence
from pulser.devices import AnalogDevice

N_CLIENTS = 8
N_BATCHES = 200
N_JOBS = 100
FIRST_LINE = re.compile(r"the local cloud answers at (http://127\.0\.0\.1:\d+)\n")
# Nothing starts, so that everything stays pending.
PAUSED = '[life_cycle]\npaused_devices = ["EMU_FREE"]\n'


@pytest.fixture
def url(tmp_path):
    """A server on which nothing starts."""
    (tmp_path / "lab.toml").write_text(PAUSED, encoding="utf-8")
    process = commands.start(tmp_path, "local", "serve", "--store", "store", "--config", "lab.toml")
    try:
        yield FIRST_LINE.fullmatch(process.stdout.readline()).group(1)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


@pytest.fixture
def wire(url):
    """One client."""
    with contextlib.closing(Wire(url)) as wire:
        yield wire


def a_text():
    """One atom under a pulse without variables: Pulser reads it once."""
    sequence = Sequence(Register({"q0": (0.0, 0.0)}), AnalogDevice)
    sequence.declare_channel("global", "rydberg_global")
    sequence.add(Pulse.ConstantPulse(100, 1.0, 0.0, 0.0), "global")
    return sequence.to_abstract_repr()


def in_parallel(url, act, inputs):
    """What an act gives for each input, in their order; each client has a connection of its own."""
    connections = threading.local()
    opened = []

    def one(value):
        if not hasattr(connections, "wire"):
            connections.wire = Wire(url)
            opened.append(connections.wire)
        return act(connections.wire, value)

    with ThreadPoolExecutor(N_CLIENTS) as pool:
        found = list(pool.map(one, inputs))
    for wire in opened:
        wire.close()
    return found


def submitted(wire, body, number):
    """A batch as it was answered; every second one gets half of its jobs after its status."""
    jobs = [{"runs": 1 + n} for n in range(N_JOBS)]
    first = N_JOBS // 2 if number % 2 else N_JOBS
    fields = {"tags": [f"n{number}"], "open": bool(number % 2), "jobs": jobs[:first]}
    batch = wire.data("POST", "/api/v1/batches", body | fields)
    said = wire.data("GET", f"/api/v1/batches/{batch['id']}/status")
    assert {"PENDING": first} == said["jobs_count_per_status"]
    return wire.data("POST", f"/api/v2/batches/{batch['id']}/jobs", jobs[first:]) if number % 2 else batch


def page(wire, path, offset):
    """One page of a list, and how many things the list has."""
    status, envelope = wire.ask("GET", f"{path}&offset={offset}&limit=100")
    assert 200 == status, envelope
    return envelope["data"], envelope["pagination"]["total"]


@pytest.mark.long
def test_everything_that_eight_clients_submit_is_there_once(url, wire):
    """Batches and jobs fill their lists without gaps or doubles, newest first, and nothing is refused."""
    body = {"project_id": "p", "device_type": "EMU_FREE", "sequence_builder": a_text()}
    batches = in_parallel(url, lambda wire, number: submitted(wire, body, number), range(N_BATCHES))
    created = {batch["id"]: [job["id"] for job in batch["jobs"]] for batch in batches}

    in_list = in_parallel(
        url, lambda wire, offset: page(wire, "/api/v1/batches?project_id=p", offset), range(0, 300, 100)
    )
    listed = [batch for items, _ in in_list for batch in items]
    assert [N_BATCHES] * 3 == [total for _, total in in_list]
    assert sorted(created) == sorted(batch["id"] for batch in listed)
    times = [batch["created_at"] for batch in listed]
    assert sorted(set(times), reverse=True) == times
    assert {N_JOBS} == {batch["jobs_count"] for batch in listed}

    path = "/api/v2/jobs?project_id=p&order_by=creation_order&order_by_direction=ASC"
    n_all = N_BATCHES * N_JOBS
    jobs_in_list = in_parallel(url, lambda wire, offset: page(wire, path, offset), range(0, n_all, 100))
    assert {n_all} == {total for _, total in jobs_in_list}
    by_batch = {batch_id: [] for batch_id in created}
    for items, _ in jobs_in_list:
        for job in items:
            by_batch[job["batch_id"]].append((job["id"], job["runs"], job["status"]))
    assert by_batch == {
        batch_id: [(job_id, 1 + n, "PENDING") for n, job_id in enumerate(ids)]
        for batch_id, ids in created.items()
    }

    statuses = in_parallel(
        url, lambda wire, batch_id: wire.data("GET", f"/api/v1/batches/{batch_id}/status"), created
    )
    assert [{"PENDING": N_JOBS}] * N_BATCHES == [each["jobs_count_per_status"] for each in statuses]
    assert n_all == wire.total("/api/v2/jobs?status=PENDING&limit=1")
    newest = wire.data("GET", "/api/v2/jobs?limit=1")
    assert [max(job["creation_order"] for batch in batches for job in batch["jobs"])] == [
        job["creation_order"] for job in newest
    ]
