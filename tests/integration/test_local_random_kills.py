"""A server that is killed at any moment, again and again, keeps every promise that it made.

More rounds: `RUNNER_KILL_SEEDS=20 pytest -m long tests/integration/test_local_random_kills.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from kill_clients import KillClient, Wire
from kill_moments import (
    Moment,
    alive_in_session,
    is_there,
    killed_early,
    schedule,
    session,
    signal_all,
)
from patience import PATIENCE_S
from promises import TERMINAL, broken_in, broken_since, hold, rows_of, settle
from pulser import Pulse, Register, Sequence
from pulser.devices import AnalogDevice

from runner.local.engines.base import payload
from runner.local.engines.emulation import emulate
from runner.local.rules.records import Started
from runner.local.server.launch import ensure_running, running

SEEDS = range(int(os.environ.get("RUNNER_KILL_SEEDS", "3")))
N_ROUNDS = 10
N_CLIENTS = 3
N_REPEATED = 20


@pytest.fixture(scope="module")
def sequence():
    """Two atoms under a short pulse."""
    parametrised = Sequence(Register.rectangle(1, 2, spacing=6.0, prefix="q"), AnalogDevice)
    parametrised.declare_channel("global", "rydberg_global")
    amplitude = parametrised.declare_variable("amplitude")
    parametrised.add(Pulse.ConstantPulse(200, amplitude, 0.0, 0.0), "global")
    return parametrised.to_abstract_repr()


@pytest.fixture
def folder(tmp_path):
    """A store whose server is ended."""
    yield tmp_path / "store"
    server = running(tmp_path / "store")
    if server is not None:
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: not alive_in_session(server.pid))


@pytest.mark.long
@pytest.mark.seconds(25)
@pytest.mark.parametrize("seed", SEEDS)
def test_killed_at_random_moments_it_keeps_every_promise(folder, tmp_path, sequence, seed):
    """What was answered is there, what was not is whole or absent, and no job is lost, repeated or run twice.

    The schedule of a failure is its seed's: it is printed as it happens.
    """
    clients = [KillClient(f"c{n}", sequence, Random(f"client {seed} {n}")) for n in range(N_CLIENTS)]
    jobs, killed = {}, []
    for number, kill in enumerate(schedule(seed, N_ROUNDS)):
        note(f"seed {seed}, round {number}: {kill}")
        killed.append(one_life(folder, kill, clients))
        jobs = kept_after(jobs, copied(folder, tmp_path / f"round-{number}"))
    killed.append(killed_at_work(folder, clients))
    jobs = kept_after(jobs, copied(folder, tmp_path / "at-work"))
    interrupted = [job["id"] for job in jobs.values() if job["status"] == "RUNNING"]

    let_all_end(folder, clients)
    until(lambda: not any(map(alive_in_session, killed)))

    jobs = kept_after(jobs, folder / "cloud.db")
    assert {job["status"] for job in jobs.values()} <= TERMINAL - {"ERROR"}
    assert interrupted
    assert all(jobs[job_id]["attempt"] > 1 for job_id in interrupted)
    assert_undisturbed(clients, jobs, sequence)


def one_life(folder, kill, clients):
    """Start the server, let clients work, kill it; gives its process."""
    if kill.event == "started":
        return killed_early(folder, kill.delay_s)
    server = ensure_running(folder)
    wire = Wire(server.url)
    settle_all(clients, wire)
    keep_all(clients, wire)
    moment, is_over = Moment(kill, wire), threading.Event()
    with ThreadPoolExecutor(len(clients)) as pool:
        wires = [Wire(server.url, moment.count_sent) for _ in clients]
        work = [
            pool.submit(client.work, each, is_over.is_set)
            for client, each in zip(clients, wires, strict=True)
        ]
        try:
            moment.wait()
        finally:
            is_over.set()
            os.kill(server.pid, signal.SIGKILL)
        wire.close()
    for each in work:
        each.result()
    until(lambda: not is_there(server.pid))
    return server.pid


def let_all_end(folder, clients):
    """Start the server for the last time, wait for all jobs, and read all results."""
    wire = Wire(ensure_running(folder).url)
    settle_all(clients, wire)
    for client in clients:
        client.close_all(wire)
    until(lambda: not wire.total("/api/v2/jobs?status=PENDING&status=RUNNING&limit=1"))
    keep_all(clients, wire)
    for client in clients:
        client.read_all(wire)
    wire.close()


def killed_at_work(folder, clients):
    """Start the server, kill it while jobs run whose workers stand still; gives its process."""
    server = ensure_running(folder)
    wire = Wire(server.url)
    settle_all(clients, wire)
    job = {"runs": 5, "variables": {"amplitude": 1.0}}
    first = clients[0].submit(wire, [job])
    until(lambda: wire.batch(first.id)[0]["status"] == "DONE")  # there are workers
    workers = [pid for pid in session(server.pid) if pid != server.pid]
    signal_all(workers, signal.SIGSTOP)
    second = clients[0].submit(wire, [job])
    running_jobs = "/api/v2/jobs?status=RUNNING&limit=1"
    until(
        lambda: (
            wire.batch(second.id)[1][0]["status"] == "RUNNING" or wire.total(running_jobs) >= os.cpu_count()
        )
    )
    wire.close()
    os.kill(server.pid, signal.SIGKILL)
    signal_all(workers, signal.SIGCONT)
    until(lambda: not is_there(server.pid))
    return server.pid


def kept_after(before, path):
    """The jobs of a database, in which nothing is broken, nor since it was looked at before."""
    jobs, batches, results = rows_of(path)
    assert [] == [*broken_in(jobs, batches, results), *broken_since(before, jobs)]
    return jobs


def settle_all(clients, wire):
    """Hold what is there after a kill against all promises, and forget what did not happen."""
    for client in clients:
        client.settle(lambda promise: settled(promise, wire))
    n_known = sum(len(client.promises) for client in clients)
    assert n_known == wire.total("/api/v1/batches?limit=1")


def settled(promise, wire):
    """Whether a batch is there; one whose creation was answered must be."""
    if promise.id is not None:
        settle(promise, *wire.batch(promise.id))
        return True
    found = wire.data("GET", f"/api/v1/batches?tag={promise.body['tags'][0]}")
    assert len(found) <= 1
    if found:
        batch, jobs = wire.batch(found[0]["id"])
        settle(promise, batch, jobs)
    return bool(found)


def keep_all(clients, wire):
    """Everything that was promised is there, and results that were read once are read again unchanged."""
    for client in clients:
        for promise in client.promises:
            hold(promise, *wire.batch(promise.id))
            assert promise.counters == {job_id: wire.counter(job_id) for job_id in promise.counters}


def assert_undisturbed(clients, jobs, sequence):
    """Results have the runs that were asked for, and of jobs that were run again they are the same."""
    promises = [promise for client in clients for promise in client.promises]
    asked = {job["id"]: job for promise in promises for job in promise.jobs}
    read = {job_id: counter for promise in promises for job_id, counter in promise.counters.items()}
    again = [job_id for job_id in read if jobs[job_id]["attempt"] > 1][:N_REPEATED]

    assert {job_id: asked[job_id]["runs"] for job_id in read} == {
        job_id: sum(counter.values()) for job_id, counter in read.items()
    }
    assert {job_id: undisturbed(asked[job_id], sequence) for job_id in again} == {
        job_id: read[job_id] for job_id in again
    }


def undisturbed(job, sequence):
    """The counts of a job that is emulated here and now."""
    asked = {name: job[name] for name in ("runs", "variables")}
    started = Started(job_id=job["id"], attempt=1, sequence=sequence, **asked)
    return json.loads(emulate(payload(started)))["counter"]


def copied(folder, aside):
    """The database that a dead server left, beside it: opening it would tidy it up."""
    aside.mkdir()
    for part in folder.glob("cloud.db*"):
        if not part.name.endswith("-shm"):
            shutil.copy(part, aside)
    return aside / "cloud.db"


def note(line):
    """Write a line that is shown if the test fails."""
    sys.stdout.write(f"{line}\n")


def until(condition):
    """Wait for a condition, not for a time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
