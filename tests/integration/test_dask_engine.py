"""The engine over Dask: real schedulers, workers that are killed, and nothing lost or done twice."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import CancelledError
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from dask_processes import ENVIRONMENT, PATIENCE_S, Cluster, until
from pulser import Pulse, Register, Sequence
from pulser.devices import MockDevice

from runner.errors import LocalCloudError
from runner.local.engines.base import AttemptLostError, JobFailedError, payload
from runner.local.engines.emulation import emulate
from runner.local.rules.records import Started
from runner.local.server.launch import running

pytestmark = pytest.mark.long
distributed = pytest.importorskip("distributed", reason="the package distributed (extra [dask]) is missing")
# ruff: noqa: E402  (these need it)
from dask_work import work

from runner.local.engines.dask_cluster import joined
from runner.local.engines.dask_engine import DaskEngine
from runner.local.engines.dask_members import Silence
from runner.local.engines.dask_worker import STARTED, Work

RUNS = 40


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler with its own settings, and two workers; a test that kills one starts another."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.start_scheduler()
        cluster.start_worker()
        cluster.start_worker()
        yield cluster


@pytest.fixture
def engine(cluster):
    """An engine over the two workers, which do as they are told."""
    engine = told_engine(cluster.address)
    until(lambda: engine.capacity() == 4)
    yield engine
    engine.close()


def told_engine(address=None, **options):
    """An engine whose jobs do as their payloads say."""
    return DaskEngine(address, work=Work(work), **options)


def do(what="wait", **more):
    """A payload."""
    return json.dumps({"do": what, **more})


def answered(future):
    """What a job said."""
    return json.loads(future.result(PATIENCE_S))


def test_children_are_kept_from_job_to_job(engine):
    """Importing Pulser takes seconds: it is done once a worker, not once a job."""
    answers = [answered(future) for future in [engine.submit(f"kept{n}", 1, do()) for n in range(12)]]

    assert len({answer["pid"] for answer in answers}) <= 2


def test_job_that_kills_its_process_fails_alone(engine):
    """A crash is the job's error, not a loss; jobs beside and behind it come to their end."""
    dies, fails = engine.submit("dies", 1, do("die")), engine.submit("fails", 1, do("fail"))
    others = [engine.submit(f"beside{n}", 1, do(for_s=0.05)) for n in range(6)]

    assert [None] * 6 == [other.exception(PATIENCE_S) for other in others]
    with pytest.raises(JobFailedError, match="exit code -9"):
        dies.result(PATIENCE_S)
    with pytest.raises(JobFailedError, match="ValueError: no such pulse"):
        fails.result(PATIENCE_S)


def test_canceled_job_frees_its_worker(engine, tmp_path):
    """Two long jobs at work on two workers are stopped; the one behind them comes to its end."""
    markers = [tmp_path / f"begun{n}" for n in range(2)]
    stuck = [
        engine.submit(f"stuck{n}", 1, do(for_s=300, marker=str(marker))) for n, marker in enumerate(markers)
    ]
    behind = engine.submit("behind", 1, do())
    until(lambda: all(marker.exists() for marker in markers))

    for n in range(2):
        engine.cancel(f"stuck{n}")

    assert answered(behind)
    for future in stuck:
        with pytest.raises(CancelledError):
            future.result(PATIENCE_S)


def test_worker_that_died_costs_an_attempt_and_names_itself(cluster, engine, tmp_path):
    """Also where the scheduler's own settings would let the task begin again elsewhere."""
    lost = engine.submit("lost", 1, do("kill its worker, once", marker=str(tmp_path / "killed"), for_s=300))

    with pytest.raises(AttemptLostError, match=r"The worker tcp://127\.0\.0\.1:"):
        lost.result(PATIENCE_S)
    until(lambda: engine.capacity() == 2)
    assert answered(engine.submit("lost", 2, do()))  # the second worker was freed of what it had begun
    cluster.start_worker()
    until(lambda: engine.capacity() == 4)


def test_worker_of_this_machine_that_died_costs_an_attempt(tmp_path):
    """Where the cluster is our own, Dask repeats nothing, and another worker takes the place of the dead."""
    with contextlib.closing(told_engine(workers=1)) as engine:
        lost = engine.submit("lost", 1, do("kill its worker, once", marker=str(tmp_path / "killed")))

        with pytest.raises(AttemptLostError, match=r"The worker tcp://127\.0\.0\.1:"):
            lost.result(PATIENCE_S)
        until(lambda: is_served(engine))
        assert answered(engine.submit("lost", 2, do()))


def is_served(engine):
    """Whether the engine has workers, and takes none that has died for one that is there."""
    return engine.capacity() and all(responds(each) for each in engine._members)


def responds(member):
    """Whether somebody listens at a worker's address."""
    parts = urlsplit(member.address)
    with contextlib.suppress(OSError), socket.create_connection((parts.hostname, parts.port), 5):
        return True
    return False


def test_scheduler_with_another_version_is_refused(cluster):
    """Before anything is sent, and it is said what differs."""
    with pytest.raises(LocalCloudError, match=r"python 3\.\d+ in place of 2\.7"):
        joined(cluster.address, {"python": "2.7"})


def test_worker_of_another_version_gets_no_job_and_is_named(tmp_path):
    """It is there first and idle, which used to get it every job; retries went to it as well."""
    with Cluster(tmp_path) as cluster:
        cluster.start_scheduler()
        cluster.start_worker(preload="import dask_other_versions")
        with contextlib.closing(told_engine(cluster.address)) as engine:
            until(lambda: engine.condition().left_out)
            alone = engine.capacity(), engine.condition()
            cluster.start_worker()
            until(lambda: engine.capacity() == 2)
            answers = [answered(future) for future in [engine.submit(f"j{n}", 1, do()) for n in range(4)]]

    ((worker, why),) = alone[1].left_out.items()
    assert (0, "it has numpy 0.1 in place of") == (alone[0], why[:28])
    assert f"has no workers that may get jobs ({worker}: it has numpy" in alone[1].complaints[0]
    assert 1 == len({answer["pid"] for answer in answers})


def test_worker_without_the_emulator_of_a_job_gets_others_only(tmp_path):
    """Its jobs wait by name, and are not tried; any other job runs there."""
    with Cluster(tmp_path) as cluster:
        cluster.start_scheduler()
        cluster.start_worker(preload="import dask_other_versions as d; d.say(numpy=None, emu_mps='0.1')")
        with contextlib.closing(told_engine(cluster.address)) as engine:
            until(engine.capacity)
            lacking = dict(engine.condition().lacking)
            lost = engine.submit("lost", 1, do(emulator="EMU_MPS"))
            done = answered(engine.submit("done", 1, do(emulator="EMU_FREE")))

    assert "no worker of the Dask cluster has emu-mps " == lacking["EMU_MPS"][:42]
    assert done["pid"]
    with pytest.raises(AttemptLostError, match="found no worker: no worker of the Dask cluster has emu-mps"):
        lost.result(PATIENCE_S)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("miss a package", "ModuleNotFoundError: No module named 'emu_none'"),
        ("meet a full disk", "OSError: .*No space left on device"),
    ],
)
def test_what_a_worker_lacks_is_not_the_fault_of_a_job(tmp_path, what, why):
    """The attempt is lost, the worker is left out for a while, and the next one is made elsewhere."""
    with Cluster(tmp_path) as cluster:
        cluster.start_scheduler()
        cluster.start_worker()
        with contextlib.closing(told_engine(cluster.address)) as engine:
            until(lambda: engine.capacity() == 2)
            with pytest.raises(AttemptLostError, match=why):
                engine.submit("lost", 1, do(what)).result(PATIENCE_S)
            assert 0 == engine.capacity()
            cluster.start_worker()
            until(lambda: engine.capacity() == 2)
            assert answered(engine.submit("lost", 2, do()))


@pytest.mark.seconds(15)
def test_stopped_worker_is_named_and_its_jobs_are_given_to_others(tmp_path):
    """First its job says how long nothing was heard; then it is lost, and what comes late is refused."""
    with Cluster(tmp_path) as cluster:
        cluster.start_scheduler()
        stopped = cluster.start_worker()
        silence = Silence(silent_s=2.0, given_up_s=6.0, answer_s=2.0)
        with contextlib.closing(told_engine(cluster.address, patience=silence)) as engine:
            until(lambda: engine.capacity() == 2)
            marker, go_on = tmp_path / "begun", tmp_path / "go on"
            held = engine.submit("held", 1, do("wait for", marker=str(marker), file=str(go_on)))
            until(marker.exists)
            stopped.send_signal(signal.SIGSTOP)
            remark = until(lambda: engine.condition().remarks.get("held"))
            with pytest.raises(AttemptLostError, match="nothing was heard of the worker tcp://"):
                held.result(PATIENCE_S)
            complaint = until(lambda: engine.condition().complaints)[0]
            stopped.send_signal(signal.SIGCONT)
            go_on.touch()
            until(lambda: engine.capacity() == 2)
            assert answered(engine.submit("held", 2, do()))

    assert re.match(
        r"Nothing was heard of the worker tcp://\S+ for \d+ s, which has had the job for \d+ s", remark
    )
    assert "has no workers that may get jobs" in complaint


@pytest.mark.seconds(15)
def test_stopped_scheduler_is_told_and_lets_go(tmp_path):
    """The server neither hangs with it nor keeps silent, and goes on with it when it is there again."""
    with Cluster(tmp_path) as cluster:
        scheduler = cluster.start_scheduler()
        cluster.start_worker()
        silence = Silence(silent_s=2.0, given_up_s=4.0, answer_s=2.0)
        with contextlib.closing(told_engine(cluster.address, patience=silence)) as engine:
            until(lambda: engine.capacity() == 2)
            held = engine.submit("held", 1, do(for_s=300))
            scheduler.send_signal(signal.SIGSTOP)
            complaint = until(lambda: engine.condition().complaints)[0]
            with pytest.raises(AttemptLostError):
                held.result(PATIENCE_S)
            during = engine.capacity()
            scheduler.send_signal(signal.SIGCONT)
            until(lambda: engine.capacity() == 2)
            assert answered(engine.submit("held", 2, do()))

    assert ("the Dask scheduler at ", 0) == (complaint[:22], during)


def test_cluster_without_workers_is_told(tmp_path):
    """At the start, in the log, and of each job that waits; later as well, when the last one is gone."""
    with Cluster(tmp_path) as cluster:
        cluster.start_scheduler()
        with Server(tmp_path / "store", "--engine", "dask", "--scheduler", cluster.address) as server:
            batch = server.sweep(1)
            waits = f"the Dask cluster at {cluster.address} has no workers; jobs wait for them"
            until(lambda: waits in server.ask("GET", "/health").get("complaints", []))
            errors = server.jobs(batch)[0]["errors"]
            worker = cluster.start_worker()
            server.until_done(batch)
            after = server.jobs(batch)[0]["errors"]
            worker.kill()
            worker.wait()
            until(lambda: waits in server.ask("GET", "/health").get("complaints", []))
            log = (server.store / "server.log").read_text()

    assert ([f"The job waits: {waits}."], []) == (errors, after)
    assert 2 == log.count(f"{waits}\n") - log.count(f"it is over: {waits}\n")


# -- over HTTP ---------------------------------------------------------------------------------------------


class Server:
    """A local cloud in a process and a session of its own, which end with the block."""

    def __init__(self, store, *options):
        self.store = store
        self._options = options

    def __enter__(self):
        self.store.mkdir()
        with (self.store / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "runner.local", "--store", str(self.store), *self._options],
                env=ENVIRONMENT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.url = until(lambda: self.process.poll() is None and running(self.store)).url
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        finally:
            if session_of(self.process.pid):
                os.killpg(self.process.pid, signal.SIGKILL)

    def ask(self, method, path, body=None):
        """The `data` of an answer, or all of one without an envelope."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            said = json.loads(answer.read())
        assert answer.status == 200, said
        return said.get("data", said)

    def sweep(self, n_jobs):
        """Submit a sweep of jobs; gives the batch."""
        jobs = [{"runs": RUNS, "variables": {"detuning": float(n)}} for n in range(n_jobs)]
        body = {"project_id": "p", "device_type": "EMU_FREE", "sequence_builder": SEQUENCE, "jobs": jobs}
        return self.ask("POST", "/api/v1/batches", body)

    def until_done(self, batch, n=None):
        """Wait until so many jobs are done; without a number, all of them."""
        n = n or len(batch["jobs"])
        path = f"/api/v1/batches/{batch['id']}/status"
        until(lambda: self.ask("GET", path)["jobs_count_per_status"].get("DONE", 0) >= n)

    def jobs(self, batch):
        """A batch's jobs in their order."""
        return self.ask("GET", f"/api/v2/jobs?batch_id={batch['id']}&order_by_direction=ASC")

    def counter(self, job):
        """The counts that the cloud has of a job."""
        link = self.ask("GET", f"/api/v1/jobs/{job['id']}/results_link")["results_link"]
        return self.ask("GET", urlsplit(link).path)["counter"]

    def attempts(self):
        """For every job how often it was started, and which of its attempts each of its results is of."""
        query = (
            "SELECT jobs.attempt, group_concat(results.attempt) FROM jobs"
            " LEFT JOIN results ON results.job_id = jobs.id GROUP BY jobs.id"
        )
        with contextlib.closing(sqlite3.connect(self.store / "cloud.db")) as connection:
            return connection.execute(query).fetchall()


def a_sequence():
    """Six atoms under a slow pulse: some tenths of a second of emulation."""
    sequence = Sequence(Register.triangular_lattice(2, 3, spacing=6.0, prefix="q"), MockDevice)
    sequence.declare_channel("global", "rydberg_global")
    detuning = sequence.declare_variable("detuning")
    sequence.add(Pulse.ConstantPulse(3000, 6.0, detuning, 0.0), "global")
    return sequence.to_abstract_repr()


SEQUENCE = a_sequence()


def undisturbed(job):
    """The counts of a job that is emulated here and now."""
    started = Started(job_id=job["id"], attempt=1, runs=RUNS, sequence=SEQUENCE, variables=job["variables"])
    return json.loads(emulate(payload(started)))["counter"]


def session_of(pid):
    """What is alive in a session."""
    listed = subprocess.run(["ps", "-o", "stat=", "-s", str(pid)], capture_output=True, check=False)
    return [word for word in listed.stdout.split() if not word.startswith(b"Z")]


def assert_done_once(server, batch):
    """Every job is done, has no errors, one result, and the counts of an undisturbed run."""
    done = server.jobs(batch)
    assert [job["id"] for job in batch["jobs"]] == [job["id"] for job in done]
    assert [("DONE", None)] * len(done) == [(job["status"], job.get("errors") or None) for job in done]
    assert [undisturbed(job) for job in done] == [server.counter(job) for job in done]
    attempts = server.attempts()
    assert [(n, str(n)) for n, _ in attempts] == attempts


def test_killed_worker_loses_nothing_and_repeats_nothing(cluster, tmp_path):
    """A worker that dies at work costs attempts, which are made again; each job has one result in the end."""
    with Server(tmp_path / "store", "--engine", "dask", "--scheduler", cluster.address) as server:
        witness = distributed.Client(cluster.address, set_as_default=False)
        until(lambda: len(witness.nthreads()) == 2)
        pids = witness.run(os.getpid)
        killed = []

        def kill_a_worker(event):
            if not killed:
                killed.append(event[1]["worker"])
                os.kill(pids[event[1]["worker"]], signal.SIGKILL)

        witness.subscribe_topic(STARTED, kill_a_worker)
        batch = server.sweep(12)
        server.until_done(batch)
        witness.close()

        assert_done_once(server, batch)
        assert {1, 2} == {n for n, _ in server.attempts()}
    cluster.start_worker()


@pytest.mark.seconds(10)
@pytest.mark.long
def test_lost_scheduler_loses_nothing(tmp_path):
    """Jobs wait while there is no scheduler, and go on when it is back; the log says both."""
    (tmp_path / "cluster").mkdir()
    with Cluster(tmp_path / "cluster") as cluster:
        first = cluster.start_scheduler()
        cluster.start_worker()
        with Server(tmp_path / "store", "--engine", "dask", "--scheduler", cluster.address) as server:
            batch = server.sweep(6)
            server.until_done(batch, 2)
            first.kill()
            first.wait()
            until(lambda: "is gone" in (server.store / "server.log").read_text())
            cluster.start_scheduler()
            cluster.start_worker()
            server.until_done(batch)

            assert_done_once(server, batch)
            assert "is back" in (server.store / "server.log").read_text()


def test_cluster_of_this_machine_ends_with_the_server(tmp_path):
    """Without an address the server has workers of its own, and a terminal's Ctrl-C ends all of them."""
    with Server(tmp_path / "store", "--engine", "dask", "--workers", "2") as server:
        batch = server.sweep(4)
        server.until_done(batch)
        assert_done_once(server, batch)

        os.killpg(server.process.pid, signal.SIGINT)
        assert 0 == server.process.wait(PATIENCE_S)
        until(lambda: not session_of(server.process.pid))
        assert "Traceback" not in (server.store / "server.log").read_text()


def test_scheduler_that_is_not_there_is_told(tmp_path):
    """With its address and what to do; nothing is served."""
    done = serve(tmp_path, "--scheduler", "tcp://127.0.0.1:9")

    assert (1, "") == (done.returncode, done.stdout)
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.seconds(20)
def test_scheduler_that_says_nothing_is_told(tmp_path):
    """One that was stopped takes connections, and answers none of them; Dask waits for it without end."""
    with Cluster(tmp_path) as cluster:
        cluster.start_scheduler().send_signal(signal.SIGSTOP)
        done = serve(tmp_path, "--scheduler", cluster.address)

    assert (1, "") == (done.returncode, done.stdout)
    assert f"No Dask scheduler answers at {cluster.address}" in done.stderr


def test_port_of_something_else_is_told(tmp_path):
    """What answers there in another language is no scheduler."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_nonsense, args=[listener], daemon=True).start()
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        done = serve(tmp_path, "--scheduler", address)

    assert (1, "") == (done.returncode, done.stdout)
    assert f"No Dask scheduler answers at {address}" in done.stderr


def answer_nonsense(listener):
    """Greet each connection in another language, until the listener is closed."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_missing_package_is_told(tmp_path):
    """With the extra that has it."""
    done = serve(tmp_path, before="sys.modules['distributed'] = None;")

    assert (1, "") == (done.returncode, done.stdout)
    assert "pip install 'pulser-runner[dask]'" in done.stderr
    assert "Traceback" not in done.stderr


def serve(folder, *words, before=""):
    """Run `runner local serve --engine dask …` to its end."""
    script = f"import sys; {before} from runner.cli import main; sys.exit(main())"
    options = ["--store", str(folder / "store"), "--engine", "dask", *words]
    return subprocess.run(
        [sys.executable, "-c", script, "local", "serve", *options],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
