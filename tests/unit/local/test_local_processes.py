"""The engine of worker processes, with real ones."""

from __future__ import annotations

import json
import multiprocessing.connection
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import CancelledError
from multiprocessing import forkserver
from pathlib import Path

import pytest
from engine_work import work
from patience import PATIENCE_S

from runner.local.engines.base import WorkerDiedError
from runner.local.engines.process_engine import ProcessEngine
from runner.local.engines.worker_process import Worker


@pytest.fixture
def engine():
    """Two workers that do as they are told."""
    engine = ProcessEngine(2, work=work)
    yield engine
    engine.close()


def do(what="wait", **more):
    """A payload."""
    return json.dumps({"do": what, **more})


def test_workers_answer_from_other_processes_with_one_thread_each(engine):
    """Jobs are executed beside the server, and do not fight for cores."""
    answers = [json.loads(engine.submit(f"j{n}", 1, do()).result(PATIENCE_S)) for n in range(4)]

    assert os.getpid() not in {answer["pid"] for answer in answers}
    assert {"1"} == {answer["threads"] for answer in answers}


def test_crash_of_a_worker_fails_its_job_only(engine):
    """Jobs beside and behind a crashed one come to their end."""
    dies = engine.submit("dies", 1, do("die"))
    others = [engine.submit(f"j{n}", 1, do(for_s=0.05)) for n in range(6)]

    with pytest.raises(WorkerDiedError, match="exit code -9"):
        dies.result(PATIENCE_S)
    assert [other.exception(PATIENCE_S) for other in others] == [None] * 6


def test_exception_in_a_worker_is_the_error_of_its_job(engine):
    """What a job raises comes back, and its worker goes on."""
    fails = engine.submit("fails", 1, do("fail"))

    with pytest.raises(ValueError, match="no such pulse"):
        fails.result(PATIENCE_S)
    assert engine.submit("next", 1, do()).result(PATIENCE_S)


def test_death_of_an_idle_worker_costs_nothing(engine):
    """A worker that is killed while nobody works is replaced before the next job."""
    pid = json.loads(engine.submit("first", 1, do()).result(PATIENCE_S))["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: is_gone(pid))

    answers = [json.loads(engine.submit(f"j{n}", 1, do()).result(PATIENCE_S)) for n in range(4)]

    assert pid not in {answer["pid"] for answer in answers}


class Unreadable:
    """Work that no worker can read: each dies before it is ready."""

    def __reduce__(self):
        return os._exit, (3,)


def test_workers_that_do_not_start_end_their_jobs():
    """A job is not tried for ever when no worker lives long enough to take it."""
    engine = ProcessEngine(2, work=Unreadable())
    try:
        jobs = [engine.submit(f"j{n}", 1, do()) for n in range(3)]
        errors = [str(job.exception(PATIENCE_S)) for job in jobs]
    finally:
        engine.close()

    assert ["The worker processes do not stay alive."] * 3 == errors


def test_worker_that_died_before_it_was_asked_is_replaced():
    """A worker that ends while nobody works is not the end of the next job."""
    worker = Worker(work)
    worker.prepare()
    first = json.loads(worker.answer(do()))["pid"]
    worker.kill()
    multiprocessing.connection.wait([worker._connection], PATIENCE_S)

    worker.prepare()
    second = json.loads(worker.answer(do()))["pid"]
    worker.kill()
    code = worker.bury()

    assert first != second
    assert (-signal.SIGKILL) == code


def test_error_that_cannot_be_sent_is_told_in_words(engine):
    """An exception of a kind that does not survive being sent ends its job, and no more."""
    fails = engine.submit("fails", 1, do("fail oddly"))

    with pytest.raises(RuntimeError, match="OddError: no such pulse"):
        fails.result(PATIENCE_S)
    assert engine.submit("next", 1, do()).result(PATIENCE_S)


def test_long_answers_and_questions_come_through_whole(engine):
    """A job may be larger than a pipe holds, in both directions, and others go on beside it."""
    text = "µ" * 3_000_000

    answers = [engine.submit(f"j{n}", 1, do(text=text)) for n in range(3)]

    assert [len(text)] * 3 == [len(json.loads(each.result(PATIENCE_S))["text"]) for each in answers]


def test_canceled_job_stops_and_frees_its_worker(engine):
    """A cancel kills the worker at once, and the job behind gets another one."""
    stuck = [engine.submit(f"stuck{n}", 1, do(for_s=300)) for n in range(2)]
    behind = engine.submit("behind", 1, do())

    for n in range(2):
        engine.cancel(f"stuck{n}")

    assert behind.result(PATIENCE_S)
    for future in stuck:
        with pytest.raises(CancelledError):
            future.result(PATIENCE_S)


def test_cancel_of_nobody_does_nothing(engine):
    """A job that is not at work cannot be stopped."""
    assert engine.cancel("nobody") is None
    assert engine.submit("somebody", 1, do()).result(PATIENCE_S)


def test_closing_ends_jobs_and_refuses_new_ones(engine):
    """Nothing is at work after a close, and nobody waits for it for ever."""
    stuck = engine.submit("stuck", 1, do(for_s=300))
    waiting = threading.Timer(0.5, engine.close)
    waiting.start()

    with pytest.raises(WorkerDiedError):
        stuck.result(PATIENCE_S)
    waiting.join()
    with pytest.raises(WorkerDiedError):
        engine.submit("late", 1, do()).result(PATIENCE_S)


def test_capacity_is_the_number_of_workers():
    """There is one job a worker; without a number there is a worker for every core."""
    assert (3, os.cpu_count()) == (ProcessEngine(3).capacity(), ProcessEngine().capacity())


def until(is_so):
    """Wait for something."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.01)


def is_gone(pid):
    """Whether a process has ended."""
    return subprocess.run(["ps", "-p", str(pid)], capture_output=True, check=False).returncode != 0


def test_death_of_the_process_that_workers_come_from_costs_nothing(engine):
    """Workers go on, can still be killed, and new ones come from another one."""
    stays = engine.submit("stays", 1, do(for_s=0.5))
    stuck = engine.submit("stuck", 1, do(for_s=300))
    until(lambda: all(attempt.worker for attempt in list(engine._at_work.values())))
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)

    stayed = stays.exception(PATIENCE_S)
    dead = engine.submit("dies", 1, do("die")).exception(PATIENCE_S)
    replaced = engine.submit("next", 1, do()).exception(PATIENCE_S)
    engine.cancel("stuck")
    freed = [engine.submit(f"j{n}", 1, do()).exception(PATIENCE_S) for n in range(4)]

    assert (None, WorkerDiedError, None, True) == (stayed, type(dead), replaced, stuck.cancelled())
    assert [None] * 4 == freed


def test_short_jobs_may_queue_behind_the_workers(engine):
    """While jobs take no time the engine takes more of them than it has workers; after a long one no more."""
    at_rest = engine.capacity()
    deadline = time.monotonic() + PATIENCE_S
    while engine.capacity() == at_rest:
        assert time.monotonic() < deadline, "no job was short, however busy the machine"
        engine.submit("short", 1, do()).result(PATIENCE_S)
    busy = engine.capacity()
    engine.submit("long", 1, do(for_s=0.05)).result(PATIENCE_S)

    assert (2, 8, 2) == (at_rest, busy, engine.capacity())


def test_workers_do_not_outlive_their_server(tmp_path):
    """A worker in the middle of a long job dies with a server that was killed."""
    script = textwrap.dedent(
        """
        import json, sys, time
        sys.path.insert(0, sys.argv[1])
        from engine_work import work
        from runner.local.engines.process_engine import ProcessEngine
        engine = ProcessEngine(2, work=work)
        print(json.loads(engine.submit("j", 1, json.dumps({"do": "wait"})).result())["pid"], flush=True)
        for n in range(2):
            engine.submit(f"j{n}", 1, json.dumps({"do": "wait", "for_s": 300}))
        time.sleep(300)
        """
    )
    server = subprocess.Popen(
        [sys.executable, "-c", script, str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with server:
        assert server.stdout.readline().strip().isdigit()
        time.sleep(0.2)  # until the long jobs are at work; the test holds if they are not yet
        server.kill()

    deadline = time.monotonic() + PATIENCE_S
    while session_of(server.pid):
        assert time.monotonic() < deadline, "a worker lives on"
        time.sleep(0.01)


def session_of(pid):
    """What is alive in a session."""
    listed = subprocess.run(["ps", "-o", "stat=", "-s", str(pid)], capture_output=True, check=False)
    return [word for word in listed.stdout.split() if not word.startswith(b"Z")]


def test_a_worker_that_is_not_there_yet_is_not_waited_for(monkeypatch):
    """The import takes seconds; whoever ends a server does not wait for it."""
    may_start = threading.Event()
    starts = threading.Event()

    def start(worker):
        with worker._awaited():
            starts.set()
            assert may_start.wait(PATIENCE_S)

    monkeypatch.setattr(Worker, "start", start)
    engine = ProcessEngine(1, work=work)
    engine.start()
    assert starts.wait(PATIENCE_S)
    (thread,) = (each for each in threading.enumerate() if each.name == "worker-0")

    engine.close()

    assert thread.is_alive()
    may_start.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_what_workers_are_forked_from_ends_with_the_server_while_it_imports():
    """A server that is ended at once leaves no process behind that goes on importing."""
    importing = """
        import sys, time
        class Slow:
            def find_spec(self, name, path=None, target=None):
                if name == "runner.local.engines.emulation":
                    print("importing", flush=True)
                    time.sleep(3_600)
        sys.meta_path.insert(0, Slow())
        import runner.local.engines.worker_template
    """
    server = f"""
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", {textwrap.dedent(importing)!r}])
        sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(server)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"importing\n"

        process.stdin.close()

        assert process.stdout.read() == b""  # whoever had it open is gone
