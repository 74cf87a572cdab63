"""A server that is killed in the middle of its work loses nothing and repeats nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from patience import PATIENCE_S
from pulser import Pulse, Register, Sequence
from pulser.devices import MockDevice

from runner.local.engines.base import payload
from runner.local.engines.emulation import emulate
from runner.local.rules.records import Started
from runner.local.server.launch import ensure_running, running

RUNS = 40


def a_sequence():
    """Six atoms in a ring under a slow sweep: some tenths of a second of emulation."""
    sequence = Sequence(Register.triangular_lattice(2, 3, spacing=6.0, prefix="q"), MockDevice)
    sequence.declare_channel("global", "rydberg_global")
    detuning = sequence.declare_variable("detuning")
    sequence.add(Pulse.ConstantPulse(3000, 6.0, detuning, 0.0), "global")
    return sequence.to_abstract_repr()


@pytest.fixture
def folder(tmp_path):
    """A store whose server is ended."""
    yield tmp_path / "store"
    server = running(tmp_path / "store")
    if server is not None:
        kill(server.pid, signal.SIGTERM)


def kill(pid, number):
    """End a process and wait for its end."""
    os.kill(pid, number)
    until(lambda: not is_there(pid))


def is_there(pid):
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ask(url, method, path, body=None):
    """The `data` of an answer, or all of one without an envelope."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        said = json.loads(answer.read())
    finally:
        connection.close()
    assert answer.status == 200, said
    return said.get("data", said)


@pytest.mark.long
def test_killed_server_ends_every_job_once_with_the_same_counts(folder):
    """Every job that was accepted before two kills is done once, with the counts of an undisturbed run."""
    sequence = a_sequence()
    url = ensure_running(folder).url
    jobs = [{"runs": RUNS, "variables": {"detuning": float(n)}} for n in range(24)]
    body = {"project_id": "p", "device_type": "EMU_FREE", "sequence_builder": sequence, "jobs": jobs}
    batch = ask(url, "POST", "/api/v1/batches", body)
    status = f"/api/v1/batches/{batch['id']}/status"

    for n_done in (4, 12):
        until_done(url, status, n_done)
        killed = running(folder).pid
        kill(killed, signal.SIGKILL)
        until(lambda gone=killed: not workers_of(gone))
        before = ensure_running(folder)
        url = before.url
        assert killed != before.pid
    until_done(url, status, len(jobs))

    done = ask(url, "GET", f"/api/v2/jobs?batch_id={batch['id']}&order_by_direction=ASC")
    assert [job["id"] for job in batch["jobs"]] == [job["id"] for job in done]
    assert ["DONE"] * len(jobs) == [job["status"] for job in done]
    assert [undisturbed(job, sequence) for job in done] == [counter(url, job) for job in done]


def until(condition):
    """Wait for a condition, not for a time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def until_done(url, status, n):
    """Wait until so many jobs are done."""
    until(lambda: ask(url, "GET", status)["jobs_count_per_status"].get("DONE", 0) >= n)


def workers_of(pid):
    """What is alive of a server's session."""
    listed = subprocess.run(["ps", "-o", "stat=", "-s", str(pid)], capture_output=True, check=False)
    return [word for word in listed.stdout.split() if not word.startswith(b"Z")]


def undisturbed(job, sequence):
    """The counts of a job that is emulated here and now."""
    started = Started(job_id=job["id"], attempt=1, runs=RUNS, sequence=sequence, variables=job["variables"])
    return json.loads(emulate(payload(started)))["counter"]


def counter(url, job):
    """The counts that the cloud has of a job."""
    link = ask(url, "GET", f"/api/v1/jobs/{job['id']}/results_link")["results_link"]
    return ask(url, "GET", urlsplit(link).path)["counter"]
